// SPDX-License-Identifier: GPL-2.0-or-later
/* The lines of tunctl; see words.h. */
#include "tunctl/words.h"

#include <ctype.h>
#include <string.h>

#include "common/queueing.h"

/** Width of a terminal, and where the reasons of a table begin. */
#define COLUMNS 80
#define WHY_COLUMN 22

/*
 * The ancestor tells what was asked for: the owner unless only a group was
 * named, the group if one was.
 */
void words_created(const struct device *dev, const struct options *opts,
		   FILE *out)
{
	bool only_group = opts->has_group && !opts->has_owner;
	bool owner, group;

	if (opts->brief) {
		fprintf(out, "%s\n", dev->name);
		return;
	}
	fprintf(out, "Set '%s' persistent and owned by", dev->name);
	owner = dev->owner != (uid_t)-1 && (!only_group || dev->owner_set);
	group = dev->group != (gid_t)-1 && (opts->has_group || opts->ensure);
	if (owner)
		fprintf(out, " uid %u", dev->owner);
	if (group)
		fprintf(out, " gid %u", dev->group);
	fprintf(out, owner || group ? "\n" : " nobody\n");
}

void words_deleted(const char *name, FILE *out)
{
	fprintf(out, "Set '%s' nonpersistent\n", name);
}

/* Text of others, such as a name, must not steer the terminal. */
static void print_clean(const char *text, size_t len, FILE *out)
{
	size_t i;

	for (i = 0; i < len; i++)
		fputc(iscntrl((unsigned char)text[i]) ? '?' : text[i], out);
}

void words_error(const struct err *err, FILE *out)
{
	size_t words = err_words(err);
	size_t all = strlen(err->text);

	print_clean(err->text, words, out);
	fputc('\n', out);
	if (words == all)
		return;
	fputs("tunctl:", out);
	print_clean(err->text + words, all - words, out);
	fputc('\n', out);
}

static const char *support_word(enum queueing_support support)
{
	switch (support) {
	case QUEUEING_WORKS:
		return "works";
	case QUEUEING_IGNORED:
		return "ignored";
	case QUEUEING_REFUSED:
		break;
	}
	return "refused";
}

/* Words of @text, broken at spaces between two columns. */
static void print_wrapped(const char *text, FILE *out)
{
	size_t column = WHY_COLUMN;
	size_t len;

	while (*text) {
		len = strcspn(text, " ");
		if (column + 1 + len > COLUMNS) {
			fprintf(out, "\n%*s", WHY_COLUMN, "");
			column = WHY_COLUMN;
		}
		column += (size_t)fprintf(out, "%s%.*s",
					  column > WHY_COLUMN ? " " : "",
					  (int)len, text);
		text += len + (text[len] == ' ');
	}
	fputc('\n', out);
}

void words_queueing(uint32_t features, FILE *out)
{
	enum queueing_support support;
	const char *why;
	int mode;

	fprintf(out, "%-13s %-7s %s\n", "MODE", "HERE", "WHY");
	for (mode = 0; mode < QUEUEING_MODES; mode++) {
		support = queueing_support((enum queueing_mode)mode, features,
					   &why);
		fprintf(out, "%-13s %-7s ",
			queueing_name((enum queueing_mode)mode),
			support_word(support));
		print_wrapped(why, out);
	}
}
