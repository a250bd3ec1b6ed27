// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_routerctl: ask a running switch. Sends one request to the management
 * socket (control.h has the protocol) and shows the answer, as a table or as
 * JSON.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/unixsock.h"

#define DEFAULT_CONTROL "/run/uml_router.ctl"

/**
 * struct view - How an answer is shown
 * @object:	first word
 * @verb:	second word, or ""
 * @single:	the answer is one object, not a list
 * @head:	prints the headings, NULL for none
 * @row:	prints one result
 */
struct view {
	const char *object;
	const char *verb;
	bool single;
	void (*head)(void);
	void (*row)(const json_t *result);
};

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "-";
}

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static json_int_t sum(const json_t *object)
{
	json_int_t total = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
		total += json_integer_value(value);
	return total;
}

static void port_head(void)
{
	printf("%-12s %-9s %7s %-7s %-5s %10s %9s %10s %9s %7s %5s\n", "PORT",
	       "TYPE", "PID", "STATE", "FULL", "RX-FRAMES", "RX-BYTES",
	       "TX-FRAMES", "TX-BYTES", "DROPS", "QUEUE");
}

/* Octets in at most seven characters, with the suffixes of IEC 80000-13. */
static const char *octets(json_int_t n, char out[16])
{
	static const char *const units[] = { "", "Ki", "Mi", "Gi", "Ti", "Pi" };
	double value = (double)n;
	size_t unit = 0;

	while (value >= 1024 && unit < 5) {
		value /= 1024;
		unit++;
	}
	snprintf(out, 16, unit ? "%.1f%s" : "%.0f%s", value, units[unit]);
	return out;
}

static void port_row(const json_t *port)
{
	const json_t *queue = json_object_get(port, "queue");
	const json_t *rx = json_object_get(port, "rx");
	const json_t *tx = json_object_get(port, "tx");
	json_int_t pid = number(json_object_get(port, "peer"), "pid");
	const char *description =
		json_string_value(json_object_get(port, "description"));
	char pid_text[24] = "-", in[16], out[16];

	if (pid)
		snprintf(pid_text, sizeof(pid_text), "%" JSON_INTEGER_FORMAT,
			 pid);
	printf("%-12s %-9s %7s %-7s %-5s %10" JSON_INTEGER_FORMAT
	       " %9s %10" JSON_INTEGER_FORMAT " %9s %7" JSON_INTEGER_FORMAT
	       " %5" JSON_INTEGER_FORMAT "\n",
	       text(port, "name"), text(port, "type"), pid_text,
	       text(port, "state"), text(queue, "policy"), number(rx, "frames"),
	       octets(number(rx, "bytes"), in), number(tx, "frames"),
	       octets(number(tx, "bytes"), out),
	       sum(json_object_get(port, "drops")), number(queue, "length"));
	if (description && *description)
		printf("    %.96s\n", description);
}

static void fdb_head(void)
{
	printf("%-17s %4s %7s %s\n", "ADDRESS", "VLAN", "AGE", "PORT");
}

static void fdb_row(const json_t *entry)
{
	bool fixed = json_is_true(json_object_get(entry, "static"));
	char age[24];

	snprintf(age, sizeof(age), "%" JSON_INTEGER_FORMAT "s",
		 number(entry, "age"));
	printf("%-17s %4" JSON_INTEGER_FORMAT " %7s %s\n", text(entry, "mac"),
	       number(entry, "vlan"), fixed ? "static" : age,
	       text(entry, "port"));
}

/* "ports.joined  12": one line a value, groups joined by a dot. */
static void stats_lines(const json_t *object, const char *group)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		char name[64];

		snprintf(name, sizeof(name), "%s%s%s", group, *group ? "." : "",
			 key);
		if (json_is_object(value))
			stats_lines(value, name);
		else if (json_is_string(value))
			printf("%-20s %s\n", name, json_string_value(value));
		else
			printf("%-20s %" JSON_INTEGER_FORMAT "\n", name,
			       json_integer_value(value));
	}
}

static void stats_row(const json_t *stats)
{
	stats_lines(stats, "");
}

static const struct view views[] = {
	{ "port", "show", false, port_head, port_row },
	{ "fdb", "show", false, fdb_head, fdb_row },
	{ "stats", "", true, NULL, stats_row },
};

static void help(FILE *out)
{
	fprintf(out,
		"Usage: uml_routerctl [-s CONTROL] [-j] OBJECT [VERB] [ARGS]\n"
		"Ask a running uml_router.\n\n"
		"  port show [NAME]         ports: frames, octets, drops\n"
		"  fdb show [NAME]          addresses and the ports they are on\n"
		"  stats                    counters of the whole switch\n\n"
		"  -s, --control CONTROL    management socket (default\n"
		"                           $UML_ROUTER_CONTROL, else\n"
		"                           " DEFAULT_CONTROL ")\n"
		"  -j, --json               show the answer as JSON\n"
		"  -h, --help               print this\n"
		"  -V, --version            print the version\n");
}

static const struct view *find_view(const char *object, const char *verb)
{
	size_t i;

	for (i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		if (strcmp(object, views[i].object) == 0 &&
		    (!views[i].verb[0] || strcmp(verb, views[i].verb) == 0))
			return &views[i];
	return NULL;
}

static FILE *connect_to(const char *path, struct err *err)
{
	int flags, fd = unixsock_connect(path, SOCK_STREAM, err);
	FILE *stream;

	if (fd < 0) {
		err_hint(err, "is uml_router running with --control? -s names "
			      "another socket");
		return NULL;
	}
	flags = fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	/* The switch may turn us away: that is to be told, not to be died of. */
	signal(SIGPIPE, SIG_IGN);
	stream = fdopen(fd, "r+");
	if (!stream)
		err_errno(err, "fdopen");
	return stream;
}

static int send_request(FILE *stream, const struct view *view, char *args[],
			struct err *err)
{
	json_t *list = json_array();
	json_t *request;
	int failed;

	for (; *args; args++)
		json_array_append_new(list, json_string(*args));
	request = json_pack("{s:s, s:s, s:o}", "object", view->object, "verb",
			    view->verb, "args", list);
	failed = !request || json_dumpf(request, stream, JSON_COMPACT) < 0 ||
		 fputc('\n', stream) == EOF || fflush(stream) == EOF;
	json_decref(request);
	return failed ? err_errno(err, "cannot send the request") : 0;
}

/* One line of the answer. 1: a result was shown or kept, 0: the end. */
static int take_line(json_t *line, const struct view *view, json_t *list,
		     struct err *err)
{
	json_t *result = json_object_get(line, "result");
	json_t *error = json_object_get(line, "error");

	if (error)
		return err_set(err, "%s (%s)", text(error, "message"),
			       text(error, "code"));
	if (!result)
		return 0;
	if (list)
		json_array_append(list, result);
	else
		view->row(result);
	return 1;
}

static int read_answer(FILE *stream, const struct view *view, json_t *list,
		       struct err *err)
{
	bool headed = list || !view->head;
	int more = 1;

	while (more > 0) {
		json_t *line = json_loadf(stream, JSON_DISABLE_EOF_CHECK, NULL);

		if (!line)
			return err_set(err, "the switch ended the connection");
		if (!headed && !json_object_get(line, "error"))
			view->head();
		headed = true;
		more = take_line(line, view, list, err);
		json_decref(line);
	}
	return more;
}

static void print_json(const struct view *view, const json_t *list)
{
	const json_t *shown = view->single ? json_array_get(list, 0) : list;

	json_dumpf(shown, stdout, JSON_INDENT(2));
	putchar('\n');
}

static int ask(const char *path, const struct view *view, char *args[],
	       bool as_json, struct err *err)
{
	json_t *list = as_json ? json_array() : NULL;
	FILE *stream = connect_to(path, err);
	int failed = -1;

	if (stream) {
		failed = send_request(stream, view, args, err) < 0 ||
			 read_answer(stream, view, list, err) < 0;
		fclose(stream);
	}
	if (!failed && as_json)
		print_json(view, list);
	json_decref(list);
	return failed ? -1 : 0;
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

static const char *default_control(void)
{
	const char *path = getenv("UML_ROUTER_CONTROL");

	return path && *path ? path : DEFAULT_CONTROL;
}

/* The words behind the options. */
static int run(const char *path, bool as_json, int argc, char *argv[])
{
	const struct view *view;
	struct err err;

	view = argc ? find_view(argv[0], argc > 1 ? argv[1] : "") : NULL;
	if (!view)
		return misuse(argc, argv);
	argv += view->verb[0] ? 2 : 1;
	if (ask(path, view, argv, as_json, &err) == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "uml_routerctl: %s\n", err.text);
	return EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
	static const struct option longs[] = {
		{ "control", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const char *path = default_control();
	bool as_json = false;
	int c;

	while ((c = getopt_long(argc, argv, "s:jhV", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			path = optarg;
			break;
		case 'j':
			as_json = true;
			break;
		case 'h':
			help(stdout);
			return EXIT_SUCCESS;
		case 'V':
			printf("uml_routerctl (uml-netutils) %s\n", VERSION);
			return EXIT_SUCCESS;
		default:
			return EXIT_FAILURE;
		}
	}
	return run(path, as_json, argc - optind, argv + optind);
}
