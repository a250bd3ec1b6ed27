// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text of one failure; see err.h. Nothing here allocates, so that an
 * error can be told when memory is what ran out.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"

/* Append to what is there; snprintf cuts what does not fit. */
static void err_append(struct err *err, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

static void err_append(struct err *err, const char *fmt, va_list args)
{
	size_t used = strlen(err->text);

	vsnprintf(err->text + used, sizeof(err->text) - used, fmt, args);
}

static void err_append_text(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void err_append_text(struct err *err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	err_append(err, fmt, args);
	va_end(args);
}

int err_set(struct err *err, const char *fmt, ...)
{
	int saved = errno;
	va_list args;

	if (!err)
		return -1;
	err->text[0] = '\0';
	va_start(args, fmt);
	err_append(err, fmt, args);
	va_end(args);
	errno = saved;
	return -1;
}

int err_errno(struct err *err, const char *fmt, ...)
{
	int saved = errno;
	va_list args;

	if (!err)
		return -1;
	err->text[0] = '\0';
	va_start(args, fmt);
	err_append(err, fmt, args);
	va_end(args);
	err_append_text(err, ": %s", strerror(saved));
	errno = saved;
	return -1;
}

int err_hint(struct err *err, const char *fmt, ...)
{
	int saved = errno;
	va_list args;

	if (!err)
		return -1;
	err_append_text(err, " (");
	va_start(args, fmt);
	err_append(err, fmt, args);
	va_end(args);
	err_append_text(err, ")");
	errno = saved;
	return -1;
}

/*
 * Where the bracket that ends the text at @end was opened, with the space
 * before it; @end where there is none.
 */
static size_t bracket_begin(const char *text, size_t end)
{
	unsigned int depth = 0;
	size_t i;

	if (!end || text[end - 1] != ')')
		return end;
	for (i = end; i-- > 1;) {
		if (text[i] == ')')
			depth++;
		else if (text[i] == '(' && !--depth)
			return text[i - 1] == ' ' ? i - 1 : end;
	}
	return end;
}

size_t err_words(const struct err *err)
{
	size_t end = strlen(err->text);
	size_t begin;

	for (;;) {
		begin = bracket_begin(err->text, end);
		if (begin == end)
			return end;
		end = begin;
	}
}
