/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Test Anything Protocol for the C unit tests: count, print, and say at
 * the end how many there were. No framework: a test is a main() that calls
 * ok() and its kin and returns tap_done().
 *
 * A child made with fork(2) must not call these; it tells its parent by its
 * exit status (see tap_child()).
 */
#ifndef TESTS_UNIT_TAP_H
#define TESTS_UNIT_TAP_H

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct tap {
	int run;
	int failed;
};

static inline struct tap *tap_state(void)
{
	static struct tap state;

	return &state;
}

/* Begins the line of one result; the caller prints what it is about. */
static inline void tap_result(bool good)
{
	struct tap *tap = tap_state();

	tap->run++;
	if (!good)
		tap->failed++;
	printf("%sok %d - ", good ? "" : "not ", tap->run);
}

static inline void tap_where(bool good, const char *file, int line)
{
	putchar('\n');
	if (!good)
		printf("# at %s:%d\n", file, line);
	fflush(stdout);
}

__attribute__((format(printf, 4, 5))) static inline bool
tap_ok(bool good, const char *file, int line, const char *fmt, ...)
{
	va_list args;

	tap_result(good);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	tap_where(good, file, line);
	return good;
}

__attribute__((format(printf, 5, 6))) static inline bool
tap_is_int(intmax_t got, intmax_t want, const char *file, int line,
	   const char *fmt, ...)
{
	va_list args;

	tap_result(got == want);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	tap_where(got == want, file, line);
	if (got != want)
		printf("# got %jd, want %jd\n", got, want);
	return got == want;
}

__attribute__((format(printf, 5, 6))) static inline bool
tap_is_str(const char *got, const char *want, const char *file, int line,
	   const char *fmt, ...)
{
	bool good = got && want ? !strcmp(got, want) : got == want;
	va_list args;

	tap_result(good);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	tap_where(good, file, line);
	if (!good)
		printf("# got '%s', want '%s'\n", got ? got : "(null)",
		       want ? want : "(null)");
	return good;
}

/* One test: a condition, two numbers, two texts; then a printf format. */
#define ok(good, ...) tap_ok((good), __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, ...)                                                 \
	tap_is_int((got), (want), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, ...)                                                 \
	tap_is_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)

/* Tests that cannot be run here, in the middle of a file. */
static inline void tap_skip(const char *reason, const char *what)
{
	printf("ok %d - %s # SKIP %s\n", ++tap_state()->run, what, reason);
	fflush(stdout);
}

/* The whole file cannot be run here. */
__attribute__((noreturn)) static inline void tap_skip_all(const char *reason)
{
	printf("1..0 # SKIP %s\n", reason);
	fflush(stdout);
	_exit(0);
}

/* Stop at once: the test itself cannot go on. */
__attribute__((noreturn)) static inline void tap_bail(const char *reason)
{
	printf("Bail out! %s\n", reason);
	fflush(stdout);
	_exit(1);
}

/* The plan; returns what main() is to return. */
static inline int tap_done(void)
{
	const struct tap *tap = tap_state();

	printf("1..%d\n", tap->run);
	return tap->failed || !tap->run ? 1 : 0;
}

/*
 * Run @fn in a child. It returns, or ends the child with, a status; what ends
 * it otherwise counts as 128 + signal, as in a shell.
 */
static inline int tap_child(int (*fn)(void *), void *data)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(fn(data));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		tap_bail("fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Open descriptors of this process; for "nothing leaks" compare two calls. */
static inline int tap_open_fds(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

#endif /* TESTS_UNIT_TAP_H */
