// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counters in the text format of Prometheus ("exposition formats", version
 * 0.0.4): all samples of a metric stand together behind its HELP and TYPE, a
 * counter's name ends in _total, units are bytes.
 */
#include "ctl.h"

#define INT JSON_INTEGER_FORMAT

/**
 * struct metric - One metric
 * @name:	behind "uml_router_"
 * @group:	object that the value is in, or NULL
 * @key:	the value; NULL: @group is an object of numbers by reason
 * @counter:	it only grows, till the switch ends; else a gauge
 * @help:	what it is
 */
struct metric {
	const char *name;
	const char *group;
	const char *key;
	bool counter;
	const char *help;
};

static const struct metric of_ports[] = {
	{ "port_receive_frames_total", "rx", "frames", true,
	  "Frames read from the port." },
	{ "port_receive_bytes_total", "rx", "bytes", true,
	  "Octets of the frames read from the port." },
	{ "port_transmit_frames_total", "tx", "frames", true,
	  "Frames sent to the port." },
	{ "port_transmit_bytes_total", "tx", "bytes", true,
	  "Octets of the frames sent to the port." },
	{ "port_drops_total", "drops", NULL, true,
	  "Frames dropped at the port, by reason." },
	{ "port_queue_frames", "queue", "length", false,
	  "Frames that wait to be sent to the port." },
	{ "port_queue_limit_frames", "queue", "limit", false,
	  "Frames that may wait." },
	{ "port_addresses", NULL, "addresses", false,
	  "Addresses known to be on the port." },
};

static const struct metric of_switch[] = {
	{ "ports", "ports", "now", false, "Ports that are plugged in." },
	{ "ports_limit", "ports", "limit", false, "Most ports." },
	{ "ports_joined_total", "ports", "joined", true,
	  "Ports that were plugged in." },
	{ "ports_left_total", "ports", "left", true,
	  "Ports that were unplugged." },
	{ "clients_refused_total", "ports", "refused", true,
	  "Clients that were turned away." },
	{ "fdb_entries", "fdb", "entries", false, "Addresses known." },
	{ "fdb_limit_entries", "fdb", "limit", false, "Most addresses." },
	{ "fdb_learned_total", "fdb", "learned", true, "Addresses learned." },
	{ "fdb_moved_total", "fdb", "moved", true,
	  "Addresses that went to another port." },
	{ "fdb_aged_total", "fdb", "aged", true,
	  "Addresses not seen for the ageing time." },
	{ "fdb_evicted_total", "fdb", "evicted", true,
	  "Addresses that a full table gave up." },
	{ "receive_frames_total", "rx", "frames", true,
	  "Frames read from all ports." },
	{ "receive_bytes_total", "rx", "bytes", true,
	  "Octets of the frames read from all ports." },
	{ "transmit_frames_total", "tx", "frames", true,
	  "Frames sent to all ports." },
	{ "transmit_bytes_total", "tx", "bytes", true,
	  "Octets of the frames sent to all ports." },
	{ "drops_total", "drops", NULL, true,
	  "Frames dropped at all ports, by reason." },
	{ "unicast_frames_total", NULL, "unicast", true,
	  "Frames for the one port that has their destination." },
	{ "flooded_frames_total", NULL, "flooded", true,
	  "Frames for all other ports." },
	{ "bad_requests_total", NULL, "bad_requests", true,
	  "Requests that were not understood." },
	{ "strangers_total", NULL, "strangers", true,
	  "Frames that came from no client." },
	{ "wakeups_total", NULL, "wakeups", true,
	  "Turns of the event loop that began with a sleep." },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void print_head(FILE *out, const char *name, bool counter,
		       const char *help)
{
	fprintf(out, "# HELP uml_router_%s %s\n# TYPE uml_router_%s %s\n", name,
		help, name, counter ? "counter" : "gauge");
}

static void print_label(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", out);
		else if (*value == '"' || *value == '\\')
			fprintf(out, "\\%c", *value);
		else
			fputc(*value, out);
	}
	fputc('"', out);
}

static void print_sample(FILE *out, const struct metric *m, const json_t *port,
			 const char *reason, json_int_t value)
{
	fprintf(out, "uml_router_%s", m->name);
	if (port || reason)
		fputc('{', out);
	if (port) {
		print_label(out, "port", ctl_text(port, "name"));
		fputc(',', out);
		print_label(out, "type", ctl_text(port, "type"));
	}
	if (port && reason)
		fputc(',', out);
	if (reason)
		print_label(out, "reason", reason);
	fprintf(out, "%s %" INT "\n", port || reason ? "}" : "", value);
}

/* The samples of one object: a port, or the switch. */
static void print_samples(FILE *out, const struct metric *m,
			  const json_t *object, const json_t *port)
{
	json_t *group = m->group ? json_object_get(object, m->group)
				 : (json_t *)object;
	const char *reason;
	json_t *value;

	if (m->key) {
		print_sample(out, m, port, NULL, ctl_number(group, m->key));
		return;
	}
	json_object_foreach(group, reason, value) {
		print_sample(out, m, port, reason, json_integer_value(value));
	}
}

void ctl_prometheus_print(const json_t *stats, const json_t *ports, FILE *out)
{
	json_t *port;
	size_t i, k;

	print_head(out, "info", false, "What the switch is.");
	fprintf(out, "uml_router_info{mode=\"%s\"} 1\n",
		ctl_text(stats, "mode"));
	for (i = 0; i < COUNT(of_switch); i++) {
		const struct metric *m = &of_switch[i];

		print_head(out, m->name, m->counter, m->help);
		print_samples(out, m, stats, NULL);
	}
	for (i = 0; i < COUNT(of_ports); i++) {
		const struct metric *m = &of_ports[i];

		print_head(out, m->name, m->counter, m->help);
		json_array_foreach((json_t *)ports, k, port) {
			print_samples(out, m, port, port);
		}
	}
}

int ctl_prometheus(struct ctl *ctl)
{
	json_t *stats = ctl_ask(ctl, "stats", "", json_array());
	json_t *ports = stats ? ctl_ask(ctl, "port", "show", json_array())
			      : NULL;

	if (ports)
		ctl_prometheus_print(json_array_get(stats, 0), ports, stdout);
	json_decref(stats);
	json_decref(ports);
	return ports ? 0 : -1;
}
