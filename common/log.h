/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of a running program: a level, a component word, one line.
 *
 * They go to stderr until log_to_syslog() sends them to syslog(3), as a
 * daemon does. Never called per frame; what an untrusted peer can provoke
 * goes through log_limited().
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

/** Levels, the values of syslog(3). */
enum log_level {
	LOG_LEVEL_ERR = 3,
	LOG_LEVEL_WARN = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/**
 * log_open() - Name the program and the least important level shown
 * @program:	word before each line; kept by reference
 * @level:	lines above this level are dropped; LOG_LEVEL_INFO is usual
 *
 * The one process-wide setting of the suite: like stderr itself, a log is
 * where every part of the process can reach it.
 */
void log_open(const char *program, enum log_level level);

/** log_to_syslog() - From now on to syslog(3), facility daemon, with the pid */
void log_to_syslog(void);

/**
 * log_msg() - One line
 * @level:	how important
 * @component:	which part speaks ("port", "uml", "control"), or NULL
 * @fmt:	printf format without a newline
 */
void log_msg(enum log_level level, const char *component, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * struct log_limit - A rate limit for one kind of message
 * @window:	monotonic second in which @count began; start with zeroes
 * @count:	lines in this window
 * @missed:	lines held back since the last one that was shown
 */
struct log_limit {
	uint64_t window;
	uint32_t count;
	uint32_t missed;
};

/**
 * log_limited() - One line, but at most 5 in 10 seconds of its kind
 *
 * The first line after a gap says how many were held back.
 */
void log_limited(struct log_limit *limit, enum log_level level,
		 const char *component, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/** die() - Print "PROGRAM: text" to the log and exit with status 1 */
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif /* COMMON_LOG_H */
