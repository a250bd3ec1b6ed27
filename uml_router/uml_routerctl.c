// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_routerctl: ask a running switch, and change it. This file has the command
 * line; each command sends one request or more to the management socket
 * (ctl_link.c) and shows the answer, as a table or as JSON.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "ctl.h"

#define DEFAULT_CONTROL "/run/uml_router.ctl"

/** struct command - Something that can be asked for */
struct command {
	const char *object;
	const char *verb;     /* "" where there is none */
	unsigned int options; /* CTL_* that it takes */
	bool single;	      /* the answer is one object, not a list */
	void (*head)(void);   /* prints the headings, NULL for none */
	void (*row)(const json_t *result); /* prints one; NULL: nothing is */
	int (*run)(struct ctl *ctl);	   /* NULL: ask, and show */
};

static int run_stats(struct ctl *ctl);

static const struct command commands[] = {
	{ "port", "show", 0, false, ctl_port_head, ctl_port_row, NULL },
	{ "port", "add", 0, true, NULL, NULL, NULL },
	{ "port", "del", 0, true, NULL, NULL, NULL },
	{ "port", "set", 0, true, NULL, NULL, NULL },
	{ "fdb", "show", 0, false, ctl_fdb_head, ctl_fdb_row, NULL },
	{ "fdb", "add", 0, true, NULL, NULL, NULL },
	{ "fdb", "del", 0, true, NULL, NULL, NULL },
	{ "fdb", "flush", 0, true, NULL, NULL, NULL },
	{ "stats", "", CTL_PROMETHEUS, true, NULL, ctl_stats_row, run_stats },
	{ "top", "", CTL_INTERVAL, false, NULL, NULL, ctl_top },
};

static void help(FILE *out)
{
	fprintf(out,
		"Usage: uml_routerctl [-s CONTROL] [-j] OBJECT [VERB] [ARGS]\n"
		"Ask a running uml_router, and change it.\n\n"
		"  port show [NAME]         ports: frames, octets, drops\n"
		"  port add SPEC            plug a port in, or listen for some\n"
		"  port del NAME            unplug a port, or stop to listen\n"
		"  port set NAME KEY=VALUE... change queue=FRAMES,\n"
		"                           policy=drop|block\n"
		"  fdb show [NAME]          addresses and the ports they are on\n"
		"  fdb add MAC NAME         an address is on a port, for good\n"
		"  fdb del MAC              forget an address\n"
		"  fdb flush [NAME]         forget what was learned\n"
		"  stats                    counters of the whole switch\n"
		"  top                      ports by rate, again and again\n\n"
		"  -s, --control CONTROL    management socket (default\n"
		"                           $UML_ROUTER_CONTROL, else\n"
		"                           " DEFAULT_CONTROL ")\n"
		"  -j, --json               show answers and errors as JSON\n"
		"  --prometheus             stats: as Prometheus reads it\n"
		"  --interval SECONDS       top: how often (1)\n"
		"  -h, --help               print this\n"
		"  -V, --version            print the version\n");
}

static int misuse(int argc, char *argv[])
{
	fprintf(stderr, "uml_routerctl: %s",
		argc ? "unknown request:" : "what is to be shown?");
	for (; argc > 0; argc--)
		fprintf(stderr, " %s", *argv++);
	fprintf(stderr, "\nTry 'uml_routerctl --help'.\n");
	return EXIT_FAILURE;
}

static const struct command *find_command(const char *object, const char *verb)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(object, commands[i].object) == 0 &&
		    (!commands[i].verb[0] ||
		     strcmp(verb, commands[i].verb) == 0))
			return &commands[i];
	return NULL;
}

static void print_json(const struct command *command, const json_t *list)
{
	const json_t *shown = command->single ? json_array_get(list, 0) : list;

	json_dumpf(shown, stdout, JSON_INDENT(2));
	putchar('\n');
}

static void print_table(const struct command *command, const json_t *list)
{
	json_t *result;
	size_t i;

	if (command->head)
		command->head();
	json_array_foreach((json_t *)list, i, result) if (command->row)
		command->row(result);
}

static int ask_and_show(struct ctl *ctl, const struct command *command,
			char *words[])
{
	json_t *list = ctl_ask(ctl, command->object, command->verb,
			       ctl_words(words));

	if (!list)
		return -1;
	if (ctl->json)
		print_json(command, list);
	else
		print_table(command, list);
	json_decref(list);
	return 0;
}

static int run_stats(struct ctl *ctl)
{
	static char *const none[] = { NULL };

	if (ctl->given & CTL_PROMETHEUS)
		return ctl_prometheus(ctl);
	return ask_and_show(ctl, find_command("stats", ""), (char **)none);
}

static void complain(const struct ctl *ctl)
{
	json_t *json;

	if (!ctl->json) {
		fprintf(stderr, "uml_routerctl: %s [%s]\n", ctl->err.text,
			ctl->code);
		return;
	}
	json = ctl_error_json(ctl);
	json_dumpf(json, stderr, JSON_COMPACT);
	fputc('\n', stderr);
	json_decref(json);
}

static int run_command(struct ctl *ctl, const struct command *command,
		       char *words[])
{
	if (!command->run)
		return ask_and_show(ctl, command, words);
	if (*words) {
		err_set(&ctl->err, "too many arguments: '%s'", *words);
		return ctl_fail(ctl, "bad_argument");
	}
	return command->run(ctl);
}

/* The words behind the options. */
static int run(struct ctl *ctl, int argc, char *argv[])
{
	const struct command *command;
	int failed;

	command = argc ? find_command(argv[0], argc > 1 ? argv[1] : "") : NULL;
	if (!command)
		return misuse(argc, argv);
	if (ctl->given & ~command->options) {
		fprintf(stderr,
			"uml_routerctl: an option that '%s' does not take\n"
			"Try 'uml_routerctl --help'.\n",
			command->object);
		return EXIT_FAILURE;
	}
	failed = run_command(ctl, command, argv + (command->verb[0] ? 2 : 1));
	if (ctl->stream)
		fclose(ctl->stream);
	if (failed)
		complain(ctl);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static const char *default_control(void)
{
	const char *path = getenv("UML_ROUTER_CONTROL");

	return path && *path ? path : DEFAULT_CONTROL;
}

static int set_interval(struct ctl *ctl, const char *text)
{
	char *end;

	ctl->interval = strtod(text, &end);
	if (end != text && !*end && isfinite(ctl->interval) &&
	    ctl->interval >= 0.1 && ctl->interval <= 86400)
		return 0;
	return err_set(&ctl->err,
		       "interval '%s' is no number of seconds from 0.1 to "
		       "86400",
		       text);
}

static int set_option(struct ctl *ctl, int option, char *value)
{
	ctl->given |= (unsigned int)option;
	switch (option) {
	case CTL_INTERVAL:
		return set_interval(ctl, value);
	default:
		return 0;
	}
}

int main(int argc, char *argv[])
{
	static const struct option longs[] = {
		{ "control", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "prometheus", no_argument, NULL, 256 | CTL_PROMETHEUS },
		{ "interval", required_argument, NULL, 256 | CTL_INTERVAL },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	struct ctl ctl = { .control = default_control() };
	int c;

	while ((c = getopt_long(argc, argv, "s:jhV", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			ctl.control = optarg;
			break;
		case 'j':
			ctl.json = true;
			break;
		case 'h':
			help(stdout);
			return EXIT_SUCCESS;
		case 'V':
			printf("uml_routerctl (uml-netutils) %s\n", VERSION);
			return EXIT_SUCCESS;
		default:
			if (c < 256)
				return EXIT_FAILURE;
			if (set_option(&ctl, c & 255, optarg) == 0)
				break;
			fprintf(stderr, "uml_routerctl: %s\n", ctl.err.text);
			return EXIT_FAILURE;
		}
	}
	return run(&ctl, argc - optind, argv + optind);
}
