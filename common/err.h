/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One error, told once: which step failed on which object, why (the errno
 * text), and where one exists the remedy.
 *
 * A function that can fail for more than one reason takes a struct err and
 * fills it; its caller decides whether the text goes to stderr, to syslog or
 * to a management client. Nothing below main() prints an error by itself.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include <stddef.h>

/** Longest text, with its NUL. Longer ones are cut at the end. */
#define ERR_TEXT_MAX 512

/**
 * struct err - room for the text of one failure
 * @text:	one sentence without a final newline; empty when nothing failed
 */
struct err {
	char text[ERR_TEXT_MAX];
};

/**
 * err_set() - Say what failed
 * @err:	where to put it; NULL is allowed and drops the text
 * @fmt:	printf format
 *
 * errno is left as it was.
 *
 * Return: -1 always, so that a caller can write `return err_set(...)`
 */
int err_set(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * err_errno() - Say what failed, followed by ": " and the text of errno
 * @err:	where to put it; NULL is allowed and drops the text
 * @fmt:	printf format: the step and the object
 *
 * errno is left as it was.
 *
 * Return: -1 always
 */
int err_errno(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * err_hint() - Append a remedy in brackets to what is already there
 * @err:	an error that was set; NULL is allowed
 * @fmt:	printf format: what the reader can do about it
 *
 * Return: -1 always
 */
int err_hint(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * err_words() - Where the remedies begin
 * @err:	an error that was set
 *
 * For programs whose first line is to be what their ancestors said. The rest
 * of the text, if any, is what err_hint() appended.
 *
 * Return: number of octets before the first remedy; all, where there is none
 */
size_t err_words(const struct err *err);

#endif /* COMMON_ERR_H */
