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
#include "frame.h"

/** Options of some commands, beyond all letters. */
#define OPTION(bit) (256 + (int)(bit))

#define DEFAULT_CONTROL "/run/uml_router.ctl"

/** struct command - Something that can be asked for */
struct command {
	const char *object;
	const char *verb;     /* "" where there is none */
	unsigned int options; /* CTL_* that it takes */
	bool single;	      /* the answer is one object, not a list */
	void (*head)(void);   /* prints the headings, NULL for none */
	void (*row)(const json_t *result); /* prints one; NULL: nothing is */
	bool words;			   /* @run takes words of its own */
	int (*run)(struct ctl *ctl, char *words[]); /* NULL: ask, and show */
};

#define CAPTURE_OPTIONS                                                        \
	(CTL_INTERFACE | CTL_WRITE | CTL_COUNT | CTL_SNAPLEN | CTL_DIRECTION)

static int run_stats(struct ctl *ctl, char *words[]);
static int run_monitor(struct ctl *ctl, char *words[]);

static const struct command commands[] = {
	{ .object = "port",
	  .verb = "show",
	  .head = ctl_port_head,
	  .row = ctl_port_row },
	{ .object = "port", .verb = "add", .single = true },
	{ .object = "port", .verb = "del", .single = true },
	{ .object = "port", .verb = "set", .single = true },
	{ .object = "fdb",
	  .verb = "show",
	  .head = ctl_fdb_head,
	  .row = ctl_fdb_row },
	{ .object = "fdb", .verb = "add", .single = true },
	{ .object = "fdb", .verb = "del", .single = true },
	{ .object = "fdb", .verb = "flush", .single = true },
	{ .object = "stats",
	  .verb = "",
	  .options = CTL_PROMETHEUS,
	  .single = true,
	  .row = ctl_stats_row,
	  .run = run_stats },
	{ .object = "top",
	  .verb = "",
	  .options = CTL_INTERVAL,
	  .run = ctl_top },
	{ .object = "monitor", .verb = "", .run = run_monitor },
	{ .object = "capture",
	  .verb = "",
	  .options = CAPTURE_OPTIONS,
	  .words = true,
	  .run = ctl_capture },
	{ .object = "shutdown", .verb = "", .single = true },
};

static void help(FILE *out)
{
	fprintf(out,
		"Usage: uml_routerctl [-s CONTROL] [-j] OBJECT [VERB] [ARGS]\n"
		"Ask a running uml_router, and change it.\n\n"
		"  port show [NAME]         ports: frames, octets, drops\n"
		"  port add SPEC            plug a port in, or listen for some\n"
		"  port del NAME            unplug a port, or stop to listen\n"
		"  port set NAME KEY=VALUE  change queue=, policy=, vlan=, trunk=,\n"
		"                           native=, isolated, maxmac=, mac=,\n"
		"                           broadcast-limit=, loss=, delay=, rate=,\n"
		"                           down, up; KEY=none takes a rule back\n"
		"  fdb show [NAME]          addresses and the ports they are on\n"
		"  fdb add MAC NAME         an address is on a port, for good\n"
		"  fdb del MAC              forget an address\n"
		"  fdb flush [NAME]         forget what was learned\n"
		"  stats                    counters of the whole switch\n"
		"  top                      ports by rate, again and again\n"
		"  monitor                  events, a JSON object a line\n"
		"  capture [FILTER]         frames that pass\n"
		"  shutdown                 end the switch\n\n"
		"  -s, --control CONTROL    management socket (default\n"
		"                           $UML_ROUTER_CONTROL, else\n"
		"                           " DEFAULT_CONTROL ")\n"
		"  -j, --json               show answers and errors as JSON\n"
		"  -i, --interface NAME     capture: frames of this port alone\n"
		"  -w, --write FILE         capture: to a pcap file, - is\n"
		"                           standard output\n"
		"  -c, --count N            capture: end after N frames\n"
		"  --snaplen N              capture: N octets of each frame\n"
		"  --direction WAY          capture: in, read from the port, or\n"
		"                           out, sent to it\n"
		"  --prometheus             stats: as Prometheus reads it\n"
		"  --interval SECONDS       top: how often (1)\n"
		"  -h, --help               print this\n"
		"  -V, --version            print the version\n");
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
	json_array_foreach((json_t *)list, i, result)
		if (command->row)
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

static int run_stats(struct ctl *ctl, char *words[])
{
	if (ctl->given & CTL_PROMETHEUS)
		return ctl_prometheus(ctl);
	return ask_and_show(ctl, find_command("stats", ""), words);
}

/* Until the switch or its reader is gone. */
static int run_monitor(struct ctl *ctl, char *words[])
{
	json_t *event;

	if (ctl_send(ctl, "monitor", "", json_array()) < 0)
		return -1;
	do {
		if (ctl_receive(ctl, &event) < 0)
			return -1;
		json_dumpf(event, stdout, JSON_COMPACT);
		json_decref(event);
		putchar('\n');
	} while (fflush(stdout) == 0);
	err_errno(&ctl->err, "cannot write the events");
	return ctl_fail(ctl, "failed");
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

/* What was typed is not what can be asked: @code is for -j. */
static int misuse(struct ctl *ctl, const char *code)
{
	ctl_fail(ctl, code);
	if (ctl->json)
		complain(ctl);
	else
		fprintf(stderr,
			"uml_routerctl: %s\n"
			"Try 'uml_routerctl --help'.\n",
			ctl->err.text);
	return EXIT_FAILURE;
}

static int unknown_request(struct ctl *ctl, char *words[])
{
	err_set(&ctl->err, "%s%.64s%s%.64s",
		*words ? "unknown request: " : "what is to be shown?",
		*words ? words[0] : "", *words && words[1] ? " " : "",
		*words && words[1] ? words[1] : "");
	return misuse(ctl, "unknown_verb");
}

static int run_command(struct ctl *ctl, const struct command *command,
		       char *words[])
{
	if (!command->run)
		return ask_and_show(ctl, command, words);
	if (*words && !command->words) {
		err_set(&ctl->err, "too many arguments: '%s'", *words);
		return ctl_fail(ctl, "bad_argument");
	}
	return command->run(ctl, words);
}

/* The words behind the options. */
static int run(struct ctl *ctl, int argc, char *argv[])
{
	const struct command *command;
	int failed;

	command = argc ? find_command(argv[0], argc > 1 ? argv[1] : "") : NULL;
	if (!command)
		return unknown_request(ctl, argv);
	if (ctl->given & ~command->options) {
		err_set(&ctl->err, "an option that '%s' does not take",
			command->object);
		return misuse(ctl, "bad_argument");
	}
	failed = run_command(ctl, command, argv + (command->verb[0] ? 2 : 1));
	if (ctl->stream)
		fclose(ctl->stream);
	if (!failed && (fflush(stdout) || ferror(stdout))) {
		err_errno(&ctl->err, "write to standard output");
		failed = ctl_fail(ctl, "failed");
	}
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

static int set_number(struct ctl *ctl, const char *what, const char *text,
		      uint64_t max, uint64_t *out)
{
	return parse_uint(what, text, 1, max, out, &ctl->err);
}

static int set_direction(struct ctl *ctl, const char *text)
{
	ctl->direction = text;
	if (strcmp(text, "in") == 0 || strcmp(text, "out") == 0)
		return 0;
	return err_set(&ctl->err, "direction '%s' is neither in nor out", text);
}

/* An option that not every command takes. */
static int set_option(struct ctl *ctl, int option, const char *value)
{
	ctl->given |= (unsigned int)option;
	switch (option) {
	case CTL_INTERFACE:
		ctl->interface = value;
		return 0;
	case CTL_WRITE:
		ctl->file = value;
		return 0;
	case CTL_COUNT:
		return set_number(ctl, "count", value, INT64_MAX, &ctl->count);
	case CTL_SNAPLEN:
		return set_number(ctl, "snaplen", value, FRAME_MAX,
				  &ctl->snaplen);
	case CTL_DIRECTION:
		return set_direction(ctl, value);
	case CTL_INTERVAL:
		return set_interval(ctl, value);
	default:
		return 0;
	}
}

/* -1: go on; else the status to end with. */
static int take_option(struct ctl *ctl, int c)
{
	switch (c) {
	case 's':
		ctl->control = optarg;
		return -1;
	case 'j':
		ctl->json = true;
		return -1;
	case 'h':
		help(stdout);
		return EXIT_SUCCESS;
	case 'V':
		printf("uml_routerctl (uml-netutils) %s\n", VERSION);
		return EXIT_SUCCESS;
	case 'i':
		c = OPTION(CTL_INTERFACE);
		break;
	case 'w':
		c = OPTION(CTL_WRITE);
		break;
	case 'c':
		c = OPTION(CTL_COUNT);
		break;
	}
	if (c < OPTION(0))
		return EXIT_FAILURE;
	/* told behind the last option, for -j may follow */
	if (!ctl->code[0] && set_option(ctl, c - OPTION(0), optarg) < 0)
		ctl_fail(ctl, "bad_argument");
	return -1;
}

int main(int argc, char *argv[])
{
	static const struct option longs[] = {
		{ "control", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "interface", required_argument, NULL, 'i' },
		{ "write", required_argument, NULL, 'w' },
		{ "count", required_argument, NULL, 'c' },
		{ "snaplen", required_argument, NULL, OPTION(CTL_SNAPLEN) },
		{ "direction", required_argument, NULL, OPTION(CTL_DIRECTION) },
		{ "prometheus", no_argument, NULL, OPTION(CTL_PROMETHEUS) },
		{ "interval", required_argument, NULL, OPTION(CTL_INTERVAL) },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	struct ctl ctl = { .control = default_control() };
	int c, status = -1;

	while (status < 0 &&
	       (c = getopt_long(argc, argv, "s:ji:w:c:hV", longs, NULL)) != -1)
		status = take_option(&ctl, c);
	if (status >= 0)
		return status;
	if (!ctl.code[0])
		return run(&ctl, argc - optind, argv + optind);
	complain(&ctl);
	return EXIT_FAILURE;
}
