// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for the command line of tunctl, and for the words of a command
 * that it hands a device to: each line of the input is a word.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tunctl/handover.h"
#include "tunctl/options.h"
#include "tests/fuzz/fuzz.h"

/** Longer command lines show nothing that these do not. */
#define WORDS_MAX 30
#define TEXT_MAX 1000

static void check_settings(const struct settings *s)
{
	must(s->txqueuelen <= 1000000, "txqueuelen");
	must(!s->mtu || (s->mtu >= 68 && s->mtu <= 65535), "MTU");
	must(!s->rate || s->rate >= 8, "rate");
	must(!s->burst || s->rate, "a burst has a rate");
	must(!s->address_count || s->addresses, "addresses");
}

static void check(const struct options *opts)
{
	bool exec = opts->action == OPTIONS_EXEC;

	check_settings(&opts->settings);
	must(!opts->name || strlen(opts->name) < IFNAMSIZ, "name");
	must(!opts->name || *opts->name, "no empty name");
	must(opts->action != OPTIONS_DELETE || opts->name, "-d has a name");
	must(!opts->has_owner || opts->owner != (uid_t)-1, "owner");
	must(!opts->has_group || opts->group != (gid_t)-1, "group");
	must(opts->queueing < QUEUEING_MODES, "queueing mode");
	must(!exec || (opts->command && opts->command[0]), "a command");
	must(exec || opts->action == OPTIONS_HELP ||
		     opts->action == OPTIONS_VERSION ||
		     opts->action == OPTIONS_QUEUEING || !opts->command,
	     "no command");
}

/* Nothing in braces that means something is left over. */
static void check_command(char **command)
{
	char **words = handover_words(command, 7, "tap0");
	size_t i;

	for (i = 0; words && command[i]; i++)
		must(words[i] && (strstr(command[i], "{") ||
				  !strcmp(words[i], command[i])),
		     "words");
	must(!words || !words[i], "as many words");
	handover_free(words);
}

/* Users and groups of this machine would be looked up there. */
static bool looks_up(char *argv[], int argc)
{
	int i;

	for (i = 1; i < argc; i++)
		if (argv[i][0] == '-' && strpbrk(argv[i], "ug"))
			return true;
	return false;
}

static void parse(char *text)
{
	static char program[] = "tunctl";
	char *argv[WORDS_MAX + 2] = { program }, *word;
	enum options_result result;
	struct err err = { "" };
	struct options opts;
	int argc = 1;

	while (argc <= WORDS_MAX && (word = strsep(&text, "\n")))
		argv[argc++] = word;
	if (looks_up(argv, argc))
		return;
	result = options_parse(&opts, argc, argv, &err);
	if (result == OPTIONS_OK)
		check(&opts);
	else
		must(result == OPTIONS_MISUSE || err.text[0], "a reason");
	if (result == OPTIONS_OK && opts.command)
		check_command(opts.command);
	options_free(&opts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_MAX + 1];

	if (size > TEXT_MAX)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	parse(text);
	return 0;
}
