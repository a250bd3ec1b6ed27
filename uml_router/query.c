// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Management requests, see query.h.
 *
 * An answer is made line by line while the switch goes on. What is shown of a
 * table is found by a cursor that stays meaningful when entries come and go.
 */
#include "query.h"

#include <string.h>

#include "common/parse.h"
#include "rules_json.h"

/**
 * struct query_verb - Something that can be asked for
 * @object:	first word
 * @verb:	second word, "" where there is none
 * @takes_port:	one argument, a port's name, may follow
 * @next:	the next result, or NULL at the end
 */
struct query_verb {
	const char *object;
	const char *verb;
	bool takes_port;
	json_t *(*next)(struct query *query, struct sw *sw);
};

static json_t *u64(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* Names come from the kernel and from paths, which need not be UTF-8. */
static json_t *text(const char *bytes)
{
	json_t *value = json_string(bytes);
	char ascii[PORT_ADDRESS_LEN];
	size_t i;

	if (value)
		return value;
	for (i = 0; i < sizeof(ascii) - 1 && bytes[i]; i++)
		ascii[i] = (unsigned char)bytes[i] < 0x80 ? bytes[i] : '?';
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
	if (port->no_link || (port->rules && port->rules->conf.down))
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
		"s:I, s:o}",
		"name", text(port->name), "type", port->ops->type, "address",
		text(port->address), "description", port->description, "peer",
		peer_json(port), "state", state_name(port), "rx",
		count_json(&port->stats.rx), "tx", count_json(&port->stats.tx),
		"drops", drops_json(port->stats.drops), "queue", "length",
		(json_int_t)(port->queue.len + stage_len(&port->stage)),
		"limit", (json_int_t)port->queue.limit, "policy",
		port_policy_name(port->policy), "addresses",
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
 * the cursor. */
static json_t *next_port(struct query *query, struct sw *sw)
{
	struct list *at;

	list_for_each(at, &sw->ports) {
		struct port *port = container_of(at, struct port, node);

		if (port->serial <= query->cursor ||
		    (query->name[0] && strcmp(port->name, query->name) != 0))
			continue;
		query->cursor = port->serial;
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
	} while (query->name[0] && strcmp(port->name, query->name) != 0);
	format_mac(record.mac, mac);
	return json_pack("{s:s, s:i, s:o, s:I, s:b}", "mac", mac, "vlan",
			 (int)record.vlan, "port", text(port->name), "age",
			 (json_int_t)record.age, "static", (int)record.fixed);
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
	struct port_stats sum;

	sw_sum(sw, &sum);
	return json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I}",
		"mode", sw->conf.hub ? "hub" : "switch", "ports",
		ports_json(sw), "fdb", fdb_json(sw), "rx", count_json(&sum.rx),
		"tx", count_json(&sum.tx), "drops", drops_json(sum.drops),
		"unicast", (json_int_t)sw->stats.unicast, "flooded",
		(json_int_t)sw->stats.flooded, "bad_requests",
		(json_int_t)sw->stats.bad_requests, "strangers",
		(json_int_t)sw->stats.strangers, "wakeups",
		(json_int_t)sw->loop->wakeups);
}

static json_t *next_stats(struct query *query, struct sw *sw)
{
	return query->cursor++ ? NULL : stats_json(sw);
}

static const struct query_verb verbs[] = {
	{ "port", "show", true, next_port },
	{ "fdb", "show", true, next_address },
	{ "stats", "", false, next_stats },
};

static json_t *failure(const char *code, const char *message)
{
	return json_pack("{s:{s:s, s:s}}", "error", "code", code, "message",
			 message);
}

static const struct query_verb *find_verb(const char *object, const char *verb)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(object, verbs[i].object) == 0 &&
		    strcmp(verb, verbs[i].verb) == 0)
			return &verbs[i];
	return NULL;
}

static json_t *take_args(struct query *query, const struct sw *sw,
			 const json_t *args)
{
	const char *name = json_string_value(json_array_get(args, 0));
	size_t n = json_array_size(args);

	if (n > (query->verb->takes_port ? 1 : 0) || (n && !name))
		return failure("bad_argument", "too many arguments, or one "
					       "that is no text");
	if (!n)
		return NULL;
	if (!sw_find(sw, name))
		return failure("no_such_port", "there is no port of that name");
	strncpy(query->name, name, sizeof(query->name) - 1);
	return NULL;
}

static json_t *understand(struct query *query, const struct sw *sw,
			  json_t *request)
{
	const char *object = "", *verb = "";
	json_t *args = NULL, *error;

	if (json_unpack(request, "{s:s, s?s, s?o !}", "object", &object, "verb",
			&verb, "args", &args) < 0 ||
	    (args && !json_is_array(args)))
		return failure("bad_request", "a request is an object of "
					      "object, verb and args");
	query->verb = find_verb(object, verb);
	if (!query->verb)
		return failure("unknown_verb", "known are: port show, fdb "
					       "show, stats");
	error = take_args(query, sw, args);
	if (error)
		query->verb = NULL;
	return error;
}

json_t *query_begin(struct query *query, struct sw *sw, const char *line,
		    size_t len)
{
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	json_t *error;

	*query = (struct query){ 0 };
	if (!request)
		return failure("bad_request", "that is no JSON object");
	error = understand(query, sw, request);
	json_decref(request);
	return error;
}

json_t *query_next(struct query *query, struct sw *sw)
{
	json_t *result = query->verb->next(query, sw);

	if (result)
		return json_pack("{s:o}", "result", result);
	query->verb = NULL;
	return json_pack("{s:b}", "end", 1);
}
