// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Management requests, see query.h.
 *
 * An answer is made line by line while the switch goes on. What is shown of a
 * table is found by a cursor that stays meaningful when entries come and go.
 */
#include "query.h"

#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "query_verb.h"
#include "rules_json.h"

static json_t *u64(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* Names come from the kernel and from paths, which need not be UTF-8, and an
 * error may be cut amid a letter. */
json_t *query_text(const char *octets)
{
	json_t *value = json_string(octets);
	char ascii[ERR_TEXT_MAX];
	size_t i;

	if (value)
		return value;
	for (i = 0; i < sizeof(ascii) - 1 && octets[i]; i++)
		ascii[i] = (unsigned char)octets[i] < 0x80 ? octets[i] : '?';
	ascii[i] = '\0';
	return json_string(ascii);
}

static json_t *count_json(const struct port_count *count)
{
	return json_pack("{s:o, s:o}", "frames", u64(count->frames), "bytes",
			 u64(count->bytes));
}

static json_t *drops_json(const uint64_t drops[PORT_DROPS])
{
	json_t *object = json_object();
	int i;

	for (i = 0; i < PORT_DROPS; i++)
		json_object_set_new(object, port_drop_name((enum port_drop)i),
				    u64(drops[i]));
	return object;
}

static json_t *peer_json(const struct port *port)
{
	if (port->uid == (uid_t)-1)
		return json_null();
	return json_pack("{s:i, s:I}", "pid", (int)port->pid, "uid",
			 (json_int_t)port->uid);
}

static const char *state_name(const struct port *port)
{
	if (port->no_link || port->muted ||
	    (port->rules && port->rules->conf.down))
		return "down";
	if (port->held)
		return "held";
	return port->stalled ? "stalled" : "up";
}

/* What the other end takes: see enum offload. */
static json_t *offload_json(const struct port *port)
{
	static const char *const names[] = { "csum", "tso4", "tso6", "ecn",
					     "uso" };
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (port->offload & (1U << i))
			json_array_append_new(array, json_string(names[i]));
	return array;
}

static json_t *port_json(const struct port *port)
{
	json_t *rules = rules_json(rules_of(port));
	json_t *json = json_pack(
		"{s:o, s:s, s:o, s:s, s:o, s:s, s:o, s:o, s:o, s:{s:I, s:I, s:s}, "
		"s:I, s:I, s:o}",
		"name", query_text(port->name), "type", port->ops->type,
		"address", query_text(port->address), "description",
		port->description, "peer", peer_json(port), "state",
		state_name(port), "rx", count_json(&port->stats.rx), "tx",
		count_json(&port->stats.tx), "drops",
		drops_json(port->stats.drops), "queue", "length",
		(json_int_t)(port->queue.len + stage_len(&port->stage)),
		"limit", (json_int_t)port->queue.limit, "policy",
		port_policy_name(port->policy), "worker",
		(json_int_t)worker_number(port->worker), "addresses",
		(json_int_t)(port->addresses.learned.count +
			     port->addresses.fixed.count),
		"offload", offload_json(port));

	json_object_update(json, rules);
	json_decref(rules);
	if (json && port->ops->describe)
		port->ops->describe(port, json);
	return json;
}

/* Ports are in the order of joining: the first that joined after the one at
 * the cursor, and before the question. The list is gone through once, and again
 * from its begin only when a port has left. */
static json_t *next_port(struct query *query, struct sw *sw)
{
	const struct list *at = &sw->ports;

	if (query->place && query->left == sw->stats.left)
		at = query->place;
	while ((at = at->next) != &sw->ports) {
		struct port *port = container_of(at, struct port, node);

		if (port->serial > query->last)
			return NULL;
		if (port->serial <= query->cursor ||
		    (query->only && port->serial != query->only))
			continue;
		query->cursor = port->serial;
		query->place = at;
		query->left = sw->stats.left;
		return port_json(port);
	}
	return NULL;
}

static json_t *next_address(struct query *query, struct sw *sw)
{
	uint32_t cursor = (uint32_t)query->cursor;
	struct fdb_record record;
	char mac[MAC_TEXT_LEN];
	const struct port *port;

	do {
		if (!fdb_next(sw->fdb, &cursor,
			      (uint32_t)(sw->loop->now / 1000), &record))
			return NULL;
		query->cursor = cursor;
		port = container_of(record.owner, struct port, addresses);
	} while (query->only && port->serial != query->only);
	format_mac(record.mac, mac);
	return json_pack("{s:s, s:i, s:o, s:I, s:b}", "mac", mac, "vlan",
			 (int)record.vlan, "port", query_text(port->name),
			 "age", (json_int_t)record.age, "static",
			 (int)record.fixed);
}

static json_t *fdb_json(const struct sw *sw)
{
	const struct fdb_stats *stats = fdb_stats(sw->fdb);

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "entries",
			 (json_int_t)fdb_count(sw->fdb), "limit",
			 (json_int_t)fdb_size(sw->fdb), "ageing",
			 (json_int_t)sw->conf.ageing, "learned",
			 (json_int_t)stats->learned, "moved",
			 (json_int_t)stats->moved, "aged",
			 (json_int_t)stats->aged, "evicted",
			 (json_int_t)stats->evicted);
}

static json_t *ports_json(const struct sw *sw)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "now",
			 (json_int_t)sw->port_count, "limit",
			 (json_int_t)sw->conf.max_ports, "joined",
			 (json_int_t)sw->stats.joined, "left",
			 (json_int_t)sw->stats.left, "refused",
			 (json_int_t)sw->stats.refused);
}

static json_t *stats_json(const struct sw *sw)
{
	uint64_t unicast = 0, flooded = 0, wakeups = 0;
	struct port_stats sum;
	unsigned int i;

	sw_sum(sw, &sum);
	for (i = 0; i < sw->conf.workers; i++) {
		unicast += sw->workers[i].unicast;
		flooded += sw->workers[i].flooded;
		wakeups += sw->workers[i].loop->wakeups;
	}
	return json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I}",
		"mode", sw->conf.hub ? "hub" : "switch", "ports",
		ports_json(sw), "fdb", fdb_json(sw), "rx", count_json(&sum.rx),
		"tx", count_json(&sum.tx), "drops", drops_json(sum.drops),
		"unicast", (json_int_t)unicast, "flooded", (json_int_t)flooded,
		"bad_requests", (json_int_t)sw->stats.bad_requests, "strangers",
		(json_int_t)sw->stats.strangers, "wakeups",
		(json_int_t)wakeups);
}

static json_t *next_stats(struct query *query, struct sw *sw)
{
	return query->cursor++ ? NULL : stats_json(sw);
}

/* A port may be named; it stays that port, should another one come by its
 * name before the answer is made. */
static json_t *name_port(struct query_call *call)
{
	const struct port *port;

	call->query->last = call->sw->stats.joined;
	if (!call->count)
		return NULL;
	port = sw_find(call->sw, call->args[0]);
	if (!port)
		return query_no_port(call->args[0]);
	call->query->only = port->serial;
	return NULL;
}

static const struct query_verb verbs[] = {
	{ "port", "show", false, 0, 1, name_port, next_port },
	{ "port", "add", true, 1, 1, query_port_add, query_next_changed },
	{ "port", "del", true, 1, 1, query_port_del, query_next_changed },
	{ "port", "set", true, 2, QUERY_MANY, query_port_set,
	  query_next_changed },
	{ "fdb", "show", false, 0, 1, name_port, next_address },
	{ "fdb", "add", true, 2, 2, query_fdb_add, query_next_changed },
	{ "fdb", "del", true, 1, 1, query_fdb_del, query_next_changed },
	{ "fdb", "flush", true, 0, 1, query_fdb_flush, query_next_changed },
	{ "stats", "", false, 0, 0, NULL, next_stats },
	{ "monitor", "", false, 0, 0, query_monitor, query_next_monitor },
	{ "capture", "", true, 0, QUERY_MANY, query_capture,
	  query_next_capture },
	{ "shutdown", "", true, 0, 0, query_shutdown, query_next_changed },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

json_t *query_failure(const char *code, const char *message)
{
	return json_pack("{s:{s:s, s:o}}", "error", "code", code, "message",
			 query_text(message));
}

/* " (one) (two)" to "one; two" */
static void join_remedies(char *text)
{
	char *at;

	memmove(text, text + 2, strlen(text + 2) + 1);
	text[strlen(text) - 1] = '\0';
	while ((at = strstr(text, ") ("))) {
		at[0] = ';';
		at[1] = ' ';
		memmove(at + 2, at + 3, strlen(at + 3) + 1);
	}
}

json_t *query_failure_err(const char *code, const struct err *err)
{
	size_t words = err_words(err);
	struct err hint = *err, message = *err;

	message.text[words] = '\0';
	if (!err->text[words])
		return query_failure(code, message.text);
	memmove(hint.text, err->text + words, strlen(err->text + words) + 1);
	join_remedies(hint.text);
	return json_pack("{s:{s:s, s:o, s:o}}", "error", "code", code,
			 "message", query_text(message.text), "hint",
			 query_text(hint.text));
}

json_t *query_no_port(const char *name)
{
	struct err err;

	err_set(&err, "there is no port of that name: '%.64s'", name);
	return query_failure("no_such_port", err.text);
}

static const struct query_verb *find_verb(const char *object, const char *verb)
{
	size_t i;

	for (i = 0; i < VERBS; i++)
		if (strcmp(object, verbs[i].object) == 0 &&
		    strcmp(verb, verbs[i].verb) == 0)
			return &verbs[i];
	return NULL;
}

static json_t *unknown_verb(void)
{
	struct err err;
	char known[300] = "";
	size_t i, len = 0;

	for (i = 0; i < VERBS; i++)
		len += (size_t)snprintf(
			known + len, sizeof(known) - len, "%s%s%s%s",
			i ? ", " : "", verbs[i].object,
			verbs[i].verb[0] ? " " : "", verbs[i].verb);
	err_set(&err, "that is nothing that can be asked for");
	err_hint(&err, "known are: %s", known);
	return query_failure_err("unknown_verb", &err);
}

static json_t *take_args(struct query_call *call, const json_t *args)
{
	const struct query_verb *verb = call->query->verb;
	size_t i, n = json_array_size(args);

	if (n > verb->max)
		return query_failure("bad_argument", "too many arguments");
	if (n < verb->min)
		return query_failure("bad_argument", "too few arguments");
	for (i = 0; i < n; i++) {
		call->args[i] = json_string_value(json_array_get(args, i));
		if (!call->args[i])
			return query_failure("bad_argument",
					     "an argument that is no text");
	}
	call->count = n;
	return verb->begin ? verb->begin(call) : NULL;
}

static json_t *understand(struct query_call *call, json_t *request)
{
	const char *object = "", *verb = "";
	json_t *args = NULL;

	if (json_unpack(request, "{s:s, s?s, s?o !}", "object", &object, "verb",
			&verb, "args", &args) < 0 ||
	    (args && !json_is_array(args)))
		return query_failure("bad_request",
				     "a request is an object of object, verb "
				     "and args");
	call->query->verb = find_verb(object, verb);
	if (!call->query->verb)
		return unknown_verb();
	if (call->query->verb->trusted && !call->who->trusted)
		return query_failure("not_allowed",
				     "only root and the owner of the "
				     "management socket may do that");
	return take_args(call, args);
}

json_t *query_begin(struct query *query, struct sw *sw,
		    const struct query_who *who, const char *line, size_t len)
{
	struct query_call call = { .query = query, .sw = sw, .who = who };
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	json_t *error;

	*query = (struct query){ 0 };
	if (!request)
		return query_failure("bad_request", "that is no JSON object");
	error = understand(&call, request);
	json_decref(request);
	if (error)
		query->verb = NULL;
	return error;
}

json_t *query_next(struct query *query, struct sw *sw)
{
	json_t *result = query->verb->next(query, sw);

	if (result)
		return json_pack("{s:o}", "result", result);
	if (query->shutdown)
		loop_stop(sw->loop);
	query->verb = NULL;
	return json_pack("{s:b}", "end", 1);
}
