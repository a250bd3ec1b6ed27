// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * common/err and common/log: the texts as a reader sees them. stderr is a
 * file of the test meanwhile.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/log.h"
#include "tests/unit/tap.h"

/* What stderr got since the last call; at most one block of it. */
static const char *shown(int fd)
{
	static char text[16384];
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET))
		tap_bail("rewind");
	return text;
}

static void test_err(void)
{
	char longer[ERR_TEXT_MAX * 2];
	struct err err;

	errno = ENOENT;
	is_int(err_errno(&err, "open '%s'", "x"), -1, "returns -1");
	is_str(err.text, "open 'x': No such file or directory", "with errno");
	is_int(errno, ENOENT, "errno stays");
	is_int(err_hint(&err, "look for %s", "y"), -1, "hint returns -1");
	is_str(err.text, "open 'x': No such file or directory (look for y)",
	       "with a remedy");
	is_int(err_set(&err, "%d%%", 5), -1, "set returns -1");
	is_str(err.text, "5%", "set replaces");
	ok(err_set(NULL, "x") == -1 && err_errno(NULL, "x") == -1 &&
		   err_hint(NULL, "x") == -1,
	   "no struct err, no harm");
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_set(&err, "%s", longer);
	is_int((intmax_t)strlen(err.text), ERR_TEXT_MAX - 1, "cut at the end");
	err_hint(&err, "more");
	err_errno(&err, "%s", longer);
	is_int((intmax_t)strlen(err.text), ERR_TEXT_MAX - 1, "cut again");
}

static void test_lines(int fd)
{
	log_open("prog", LOG_LEVEL_INFO);
	log_msg(LOG_LEVEL_INFO, "port", "%s is %d", "up", 1);
	is_str(shown(fd), "prog: port: up is 1\n", "one line");
	log_msg(LOG_LEVEL_WARN, NULL, "careful");
	is_str(shown(fd), "prog: warning: careful\n", "no component");
	log_msg(LOG_LEVEL_ERR, "uml", "bad");
	is_str(shown(fd), "prog: uml: error: bad\n", "error");
	log_msg(LOG_LEVEL_DEBUG, "uml", "chatter");
	is_str(shown(fd), "", "below the level");
	log_open("prog", LOG_LEVEL_DEBUG);
	log_msg(LOG_LEVEL_DEBUG, "uml", "chatter");
	is_str(shown(fd), "prog: uml: debug: chatter\n", "at the level");
	log_open("prog", LOG_LEVEL_INFO);
	errno = EBADF;
	log_msg(LOG_LEVEL_INFO, "x", "y");
	is_int(errno, EBADF, "errno stays");
	shown(fd);
}

static void test_untrusted(int fd)
{
	char longer[8000];
	const char *line;

	log_msg(LOG_LEVEL_INFO, "uml", "%s", "a\nprog: forged\r\x1b[2J\x7f\t");
	is_str(shown(fd), "prog: uml: a?prog: forged??[2J??\n",
	       "control characters");
	log_msg(LOG_LEVEL_INFO, "uml", "%s", "\xc3\xa4");
	is_str(shown(fd), "prog: uml: \xc3\xa4\n", "UTF-8 stays");
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	log_msg(LOG_LEVEL_INFO, longer, "%s", longer);
	line = shown(fd);
	ok(strlen(line) < 2100 && line[strlen(line) - 1] == '\n' &&
		   strchr(line, '\n') == line + strlen(line) - 1,
	   "a long line is cut and ends");
}

static unsigned int lines_of(const char *text)
{
	unsigned int lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

/* What follows is done within one second of the clock. */
static void begin_second(void)
{
	while (clock_ns() % CLOCK_NS_PER_S > CLOCK_NS_PER_S / 4)
		usleep(10000);
}

static void test_limit(int fd)
{
	struct log_limit limit = { 0 };
	struct log_limit other = { 0 };
	int i;

	begin_second();
	for (i = 0; i < 100; i++)
		log_limited(&limit, LOG_LEVEL_WARN, "uml", "%d", i);
	is_int(lines_of(shown(fd)), 5, "five of a hundred");
	is_int(limit.missed, 95, "the others are counted");
	log_limited(&other, LOG_LEVEL_WARN, "uml", "other");
	is_int(lines_of(shown(fd)), 1, "another kind is not held back");
	limit.window -= 9;
	log_limited(&limit, LOG_LEVEL_WARN, "uml", "still");
	is_str(shown(fd), "", "nine seconds are not enough");
	limit.window -= 10;
	log_limited(&limit, LOG_LEVEL_WARN, "uml", "again");
	is_str(shown(fd),
	       "prog: uml: warning: 96 lines like the next held back\n"
	       "prog: uml: warning: again\n",
	       "the gap is told");
	log_limited(&limit, LOG_LEVEL_WARN, "uml", "once");
	is_str(shown(fd), "prog: uml: warning: once\n", "the gap is told once");
	log_limited(&limit, LOG_LEVEL_DEBUG, "uml", "chatter");
	is_int(limit.count, 2, "what the level hides does not count");
}

static int call_die(void *data)
{
	die("no such %s", "thing");
}

static int call_syslog(void *data)
{
	log_to_syslog();
	log_msg(LOG_LEVEL_DEBUG, "test", "below the level");
	return 0;
}

int main(void)
{
	int saved = dup(STDERR_FILENO);
	int fd = memfd_create("stderr", MFD_CLOEXEC);

	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
		tap_bail("memfd");
	test_err();
	test_lines(fd);
	test_untrusted(fd);
	test_limit(fd);
	is_int(tap_child(call_die, NULL), 1, "die ends with status 1");
	is_str(shown(fd), "prog: no such thing\n", "die says why");
	is_int(tap_child(call_syslog, NULL), 0, "syslog");
	is_str(shown(fd), "", "nothing on stderr then");
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);
	return tap_done();
}
