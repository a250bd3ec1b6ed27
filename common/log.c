// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where lines go; see log.h. This file holds the only mutable file-scope
 * state of the suite.
 *
 * A line is made whole first and leaves in one write, so that the lines of
 * two processes on one terminal do not mix; control characters in it are
 * replaced, because part of it may be what a peer chose.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

#define LINE_MAX_OCTETS 1024
#define LIMIT_LINES 5
#define LIMIT_SECONDS 10

/*
 * State of the process's log
 * @program:	word before each line; NULL until log_open()
 * @level:	least important level shown
 * @syslog:	lines go to syslog(3), not to stderr
 */
static struct {
	const char *program;
	enum log_level level;
	bool syslog;
} log_state = { NULL, LOG_LEVEL_INFO, false };

void log_open(const char *program, enum log_level level)
{
	log_state.program = program;
	log_state.level = level;
	if (log_state.syslog)
		log_to_syslog();
}

static const char *program_name(void)
{
	if (log_state.program)
		return log_state.program;
	return program_invocation_short_name;
}

void log_to_syslog(void)
{
	openlog(program_name(), LOG_PID | LOG_NDELAY, LOG_DAEMON);
	log_state.syslog = true;
}

/* A word for what is not ordinary. */
static const char *level_word(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERR:
		return "error: ";
	case LOG_LEVEL_WARN:
		return "warning: ";
	case LOG_LEVEL_INFO:
		break;
	case LOG_LEVEL_DEBUG:
		return "debug: ";
	}
	return "";
}

static void replace_controls(char *text)
{
	unsigned char c;

	for (; *text; text++) {
		c = (unsigned char)*text;
		if (c < ' ' || c == 0x7f)
			*text = '?';
	}
}

/* One write; there is nobody to tell when stderr does not take it. */
static void to_stderr(const char *prefix, const char *component,
		      const char *text)
{
	char line[2 * LINE_MAX_OCTETS];
	int len;

	len = snprintf(line, sizeof(line) - 1, "%s: %s%s%s%s", program_name(),
		       component ? component : "", component ? ": " : "",
		       prefix, text);
	if (len < 0)
		return;
	if ((size_t)len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	while (write(STDERR_FILENO, line, (size_t)len) < 0 && errno == EINTR)
		;
}

static void emit(enum log_level level, const char *component,
		 const char *prefix, char *text)
{
	int saved = errno;

	replace_controls(text);
	if (log_state.syslog)
		syslog((int)level, "%s%s%s", component ? component : "",
		       component ? ": " : "", text);
	else
		to_stderr(prefix, component, text);
	errno = saved;
}

void log_msg(enum log_level level, const char *component, const char *fmt, ...)
{
	char text[LINE_MAX_OCTETS];
	va_list args;

	if (level > log_state.level)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	emit(level, component, level_word(level), text);
}

/* Whether one more line may go out now; counts it either way. */
static bool limit_take(struct log_limit *limit, uint64_t now)
{
	if (now - limit->window >= LIMIT_SECONDS) {
		limit->window = now;
		limit->count = 0;
	}
	if (limit->count >= LIMIT_LINES) {
		if (limit->missed < UINT32_MAX)
			limit->missed++;
		return false;
	}
	limit->count++;
	return true;
}

void log_limited(struct log_limit *limit, enum log_level level,
		 const char *component, const char *fmt, ...)
{
	char text[LINE_MAX_OCTETS];
	va_list args;

	if (level > log_state.level)
		return;
	if (!limit_take(limit, clock_ns() / CLOCK_NS_PER_S))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (limit->missed)
		log_msg(level, component, "%u lines like the next held back",
			limit->missed);
	limit->missed = 0;
	emit(level, component, level_word(level), text);
}

void die(const char *fmt, ...)
{
	char text[LINE_MAX_OCTETS];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	emit(LOG_LEVEL_ERR, NULL, "", text);
	exit(1);
}
