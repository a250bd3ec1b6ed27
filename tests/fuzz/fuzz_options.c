// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for options_parse(): each line of the input is a word of the
 * command line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uml_router/options.h"
#include "tests/fuzz/fuzz.h"

/** Longer command lines show nothing that these do not. */
#define WORDS_MAX 30
#define TEXT_MAX 1000

static void check_ports(const struct options *opts)
{
	unsigned int i;

	must(opts->port_count > 0, "there is a port");
	for (i = 0; i < opts->port_count; i++) {
		const struct port_spec *s = &opts->ports[i];

		must(s->backend && s->address,
		     "each has a type and an address");
		must(!s->data || (!i && s->backend == &backend_uml),
		     "version 0 is for -unix");
		must(s->conf.queue >= 1 && s->conf.queue <= PORT_MAX_QUEUE,
		     "queue");
		must(s->perm.mode == opts->perm.mode &&
			     s->perm.gid == opts->perm.gid,
		     "permissions");
	}
}

static void check(const struct options *opts)
{
	must(opts->sw.fdb_size >= 1 && opts->sw.fdb_size <= 1 << 24, "fdb");
	must(opts->sw.ageing >= 1 && opts->sw.max_ports >= 1, "numbers");
	must(opts->perm.mode == (mode_t)-1 || opts->perm.mode <= 0777, "mode");
	if (opts->action == OPTIONS_RUN)
		check_ports(opts);
}

/* Words that name a group of this machine would be looked up there. */
static bool looks_up(char *argv[], int argc)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strncmp(argv[i], "-g", 2) == 0 ||
		    strncmp(argv[i], "--g", 3) == 0)
			return true;
	return false;
}

static void parse(char *text)
{
	static char program[] = "uml_router";
	char *argv[WORDS_MAX + 2] = { program }, *word;
	struct err err = { "" };
	struct options opts;
	int rc, argc = 1;

	while (argc <= WORDS_MAX && (word = strsep(&text, "\n")))
		argv[argc++] = word;
	if (looks_up(argv, argc))
		return;
	rc = options_parse(&opts, argc, argv, &err);
	must(rc == 0 || (rc == -1 && err.text[0]), "taken, or a reason");
	if (!rc)
		check(&opts);
	options_free(&opts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size > TEXT_MAX)
		return 0;
	text = malloc(size + 1);
	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	parse(text);
	free(text);
	return 0;
}
