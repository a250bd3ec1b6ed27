// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/query: what can be asked, what is refused and why, the shape of
 * the answers, and answers that stay whole while ports come and go.
 */
#include "tests/unit/fake.h"
#include "tests/unit/tap.h"
#include "uml_router/query.h"

#define PORTS 5

struct bench {
	struct fake_world world;
	struct fake port[PORTS];
	struct query_who who;
};

static void set_up(struct bench *b)
{
	char name[16];
	int i;

	fake_world_init(&b->world, NULL);
	b->who = (struct query_who){ true, UNIXSOCK_PERM_DEFAULT };
	for (i = 0; i < PORTS; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		fake_plug(&b->port[i], &b->world.sw, name, 10,
			  i % 2 ? POLICY_BLOCK : POLICY_DROP);
	}
}

static void tear_down(struct bench *b)
{
	int i;

	fake_world_fini(&b->world);
	for (i = 0; i < PORTS; i++)
		fake_fini(&b->port[i]);
}

static json_t *begin(struct bench *b, struct query *query, const char *line)
{
	/* Without its newline, and without a NUL behind it. */
	size_t len = strlen(line);
	char *copy = malloc(len ? len : 1);
	json_t *error;

	if (!copy)
		tap_bail("malloc");
	memcpy(copy, line, len);
	error = query_begin(query, &b->world.sw, &b->who, copy, len);
	free(copy);
	return error;
}

/* The next result, or NULL at the end, which is checked. */
static json_t *next(struct bench *b, struct query *query)
{
	json_t *line = query_next(query, &b->world.sw), *result;

	if (!line)
		tap_bail("query_next");
	result = json_object_get(line, "result");
	if (json_object_size(line) != 1 ||
	    (!result && !json_is_true(json_object_get(line, "end"))))
		ok(false, "a line is a result or the end");
	if (!result && query->verb)
		ok(false, "the end ends the query");
	json_incref(result);
	json_decref(line);
	return result;
}

/* All results, as an array. */
static json_t *ask(struct bench *b, const char *line)
{
	json_t *all = json_array(), *one, *error;
	struct query query;

	error = begin(b, &query, line);
	if (error) {
		json_decref(error);
		return all;
	}
	while ((one = next(b, &query)))
		json_array_append_new(all, one);
	return all;
}

static const char *string_at(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "(none)";
}

static json_int_t number_at(const json_t *object, const char *group,
			    const char *key)
{
	const json_t *value = json_object_get(
		group ? json_object_get(object, group) : object, key);

	return json_is_integer(value) ? json_integer_value(value) : -1;
}

/* --- requests ------------------------------------------------------------ */

static void refused(struct bench *b, const char *line, const char *code)
{
	struct query query;
	json_t *answer = begin(b, &query, line), *error;

	error = json_object_get(answer, "error");
	ok(answer && json_object_size(answer) == 1 &&
		   !strcmp(string_at(error, "code"), code) &&
		   *string_at(error, "message") && !query.verb,
	   "%.70s: %s", line, string_at(error, "message"));
	json_decref(answer);
}

static void test_bad_requests(struct bench *b)
{
	static char deep[4000];

	refused(b, "", "bad_request");
	refused(b, " ", "bad_request");
	refused(b, "stats", "bad_request");
	refused(b, "\"stats\"", "bad_request");
	refused(b, "null", "bad_request");
	refused(b, "[]", "bad_request");
	refused(b, "{}", "bad_request");
	refused(b, "{\"object\": \"stats\"", "bad_request");
	refused(b, "{\"object\": \"stats\"} x", "bad_request");
	refused(b, "{\"object\": \"stats\"} {\"object\": \"stats\"}",
		"bad_request");
	refused(b, "{\"object\": 1}", "bad_request");
	refused(b, "{\"object\": null}", "bad_request");
	refused(b, "{\"object\": \"port\", \"verb\": 1}", "bad_request");
	refused(b, "{\"object\": \"port\", \"verb\": [\"show\"]}",
		"bad_request");
	refused(b, "{\"object\": \"stats\", \"args\": {}}", "bad_request");
	refused(b, "{\"object\": \"stats\", \"args\": \"x\"}", "bad_request");
	refused(b, "{\"object\": \"stats\", \"more\": 1}", "bad_request");
	refused(b, "{\"verb\": \"show\"}", "bad_request");
	refused(b, "{\"object\": \"stats\", \"object\": \"stats\"}",
		"bad_request");
	refused(b, "{\"object\": \"st\\u0000ats\"}", "bad_request");
	refused(b, "{\"object\": \"\xff\xfe\"}", "bad_request");
	refused(b, "{\"object\": \"\\ud800\"}", "bad_request");
	memset(deep, '[', sizeof(deep) - 1);
	refused(b, deep, "bad_request");
}

static void test_unknown(struct bench *b)
{
	refused(b, "{\"object\": \"\"}", "unknown_verb");
	refused(b, "{\"object\": \"port\"}", "unknown_verb");
	refused(b, "{\"object\": \"port\", \"verb\": \"\"}", "unknown_verb");
	refused(b, "{\"object\": \"Port\", \"verb\": \"show\"}",
		"unknown_verb");
	refused(b, "{\"object\": \"port\", \"verb\": \"sho\"}", "unknown_verb");
	refused(b, "{\"object\": \"stats\", \"verb\": \"show\"}",
		"unknown_verb");
	refused(b, "{\"object\": \"vlan\", \"verb\": \"show\"}",
		"unknown_verb");
	refused(b,
		"{\"object\": \"port\", \"verb\": \"show\", "
		"\"args\": [\"p9\"]}",
		"no_such_port");
	refused(b,
		"{\"object\": \"port\", \"verb\": \"show\", "
		"\"args\": [\"\"]}",
		"no_such_port");
	refused(b,
		"{\"object\": \"fdb\", \"verb\": \"show\", "
		"\"args\": [\"a23456789012345678901234567890123\"]}",
		"no_such_port");
	refused(b,
		"{\"object\": \"port\", \"verb\": \"show\", "
		"\"args\": [\"p1\", \"p2\"]}",
		"bad_argument");
	refused(b,
		"{\"object\": \"port\", \"verb\": \"show\", "
		"\"args\": [1]}",
		"bad_argument");
	refused(b,
		"{\"object\": \"port\", \"verb\": \"show\", "
		"\"args\": [null]}",
		"bad_argument");
	refused(b,
		"{\"object\": \"port\", \"verb\": \"show\", "
		"\"args\": [[\"p1\"]]}",
		"bad_argument");
	refused(b, "{\"object\": \"stats\", \"args\": [\"p1\"]}",
		"bad_argument");
}

static void taken(struct bench *b, const char *line, size_t results)
{
	json_t *all = ask(b, line);

	is_int((intmax_t)json_array_size(all), (intmax_t)results, "%s", line);
	json_decref(all);
}

static void test_requests(struct bench *b)
{
	taken(b, "{\"object\":\"port\",\"verb\":\"show\"}", PORTS);
	taken(b, "{\"object\":\"port\",\"verb\":\"show\",\"args\":[]}", PORTS);
	taken(b, "{\"args\":[\"p1\"],\"verb\":\"show\",\"object\":\"port\"}",
	      1);
	taken(b, " {\"object\" : \"stats\"} \r", 1);
	taken(b, "{\"object\":\"stats\",\"verb\":\"\",\"args\":[]}", 1);
	taken(b, "{\"object\":\"fdb\",\"verb\":\"show\"}", 0);
}

/* --- answers ------------------------------------------------------------- */

/* p0 sends to all; p1 stands still with a full queue, and p0 waits for it. */
static void test_port_show(void)
{
	json_t *all, *port, *value;
	struct bench b;
	const char *key;
	uint32_t i;
	int sum = 0;

	set_up(&b);
	fake_room(&b.port[1], 3);
	b.port[2].port->pid = 1234;
	b.port[2].port->uid = 1000;
	snprintf(b.port[2].port->address, PORT_ADDRESS_LEN, "/run/a socket");
	for (i = 0; i < 100; i++)
		fake_put(&b.port[0], 100, FAKE_ALL, i);
	fake_settle(&b.world.loop);
	b.port[2].port->stats.drops[DROP_QUEUE_FULL] = 5;
	b.port[2].port->stats.drops[DROP_RUNT] = 2;
	all = ask(&b, "{\"object\":\"port\",\"verb\":\"show\"}");
	for (i = 0; i < PORTS; i++)
		sum += string_at(json_array_get(all, i), "name")[1] ==
		       '0' + (int)i;
	is_int(sum, PORTS, "ports in the order of joining");
	port = json_array_get(all, 0);
	is_str(string_at(port, "name"), "p0", "name");
	is_str(string_at(port, "type"), "fake", "type");
	is_str(string_at(port, "state"), "held", "state: held");
	ok(json_is_null(json_object_get(port, "peer")), "no peer");
	ok(number_at(port, "rx", "frames") == 100 &&
		   number_at(port, "rx", "bytes") == 100 * FAKE_LEN &&
		   number_at(port, "tx", "frames") == 0,
	   "rx");
	is_int(number_at(port, NULL, "addresses"), 1, "addresses");
	port = json_array_get(all, 1);
	is_str(string_at(port, "state"), "stalled", "state: stalled");
	ok(number_at(port, "tx", "frames") == 3 &&
		   number_at(port, "tx", "bytes") == 3 * FAKE_LEN,
	   "tx");
	ok(number_at(port, "queue", "length") > 0 &&
		   number_at(port, "queue", "limit") == 10,
	   "queue");
	is_str(string_at(json_object_get(port, "queue"), "policy"), "block",
	       "policy");
	port = json_array_get(all, 2);
	is_str(string_at(port, "state"), "up", "state: up");
	is_str(string_at(port, "address"), "/run/a socket", "address");
	ok(number_at(port, "peer", "pid") == 1234 &&
		   number_at(port, "peer", "uid") == 1000,
	   "peer");
	ok(number_at(port, "drops", "queue_full") == 5 &&
		   number_at(port, "drops", "runt") == 2,
	   "drops");
	sum = 0;
	json_object_foreach(json_object_get(port, "drops"), key, value)
		sum += json_is_integer(value);
	is_int(sum, PORT_DROPS, "a number for each reason");
	json_decref(all);
	tear_down(&b);
}

static void test_fdb_show(void)
{
	struct bench b;
	json_t *all, *one;

	set_up(&b);
	b.world.loop.now -= 5000;
	fake_put(&b.port[3], 0x0b0c0d, FAKE_ALL, 1);
	fake_read(&b.port[3]);
	b.world.loop.now += 5000;
	fake_put(&b.port[1], 101, FAKE_ALL, 2);
	fake_read(&b.port[1]);
	all = ask(&b, "{\"object\":\"fdb\",\"verb\":\"show\"}");
	is_int((intmax_t)json_array_size(all), 2, "two addresses");
	one = json_array_get(all, 0);
	is_str(string_at(one, "mac"), "02:00:00:0b:0c:0d", "mac");
	is_str(string_at(one, "port"), "p3", "port");
	ok(number_at(one, NULL, "vlan") == 0 &&
		   number_at(one, NULL, "age") >= 5 &&
		   number_at(one, NULL, "age") <= 6,
	   "vlan and age");
	json_decref(all);
	all = ask(&b,
		  "{\"object\":\"fdb\",\"verb\":\"show\",\"args\":[\"p1\"]}");
	is_int((intmax_t)json_array_size(all), 1, "one of that port");
	is_str(string_at(json_array_get(all, 0), "mac"), "02:00:00:00:00:65",
	       "it is the right one");
	json_decref(all);
	taken(&b, "{\"object\":\"fdb\",\"verb\":\"show\",\"args\":[\"p4\"]}",
	      0);
	tear_down(&b);
}

static void test_stats(void)
{
	struct bench b;
	json_t *all, *s;

	set_up(&b);
	fake_put(&b.port[0], 100, FAKE_ALL, 1);
	fake_put(&b.port[1], 101, 100, 2);
	fake_settle(&b.world.loop);
	port_close(b.port[4].port);
	fake_settle(&b.world.loop);
	b.world.sw.stats.bad_requests = 7;
	b.world.sw.stats.strangers = 8;
	all = ask(&b, "{\"object\":\"stats\"}");
	s = json_array_get(all, 0);
	is_str(string_at(s, "mode"), "switch", "mode");
	ok(number_at(s, "ports", "now") == 4 &&
		   number_at(s, "ports", "joined") == 5 &&
		   number_at(s, "ports", "left") == 1 &&
		   number_at(s, "ports", "refused") == 0 &&
		   number_at(s, "ports", "limit") == SW_DEFAULT_MAX_PORTS,
	   "ports");
	ok(number_at(s, "fdb", "entries") == 2 &&
		   number_at(s, "fdb", "limit") == FDB_DEFAULT_SIZE &&
		   number_at(s, "fdb", "ageing") == FDB_DEFAULT_AGEING &&
		   number_at(s, "fdb", "learned") == 2 &&
		   number_at(s, "fdb", "moved") == 0 &&
		   number_at(s, "fdb", "aged") == 0 &&
		   number_at(s, "fdb", "evicted") == 0,
	   "fdb");
	ok(number_at(s, "rx", "frames") == 2 &&
		   number_at(s, "tx", "frames") == 5 &&
		   number_at(s, "tx", "bytes") == 5 * FAKE_LEN,
	   "sums, of the port that left too");
	ok(number_at(s, NULL, "unicast") == 1 &&
		   number_at(s, NULL, "flooded") == 1 &&
		   number_at(s, NULL, "bad_requests") == 7 &&
		   number_at(s, NULL, "strangers") == 8 &&
		   number_at(s, NULL, "wakeups") > 0,
	   "counters");
	is_int((intmax_t)json_object_size(json_object_get(s, "drops")),
	       PORT_DROPS, "drops");
	json_decref(all);
	tear_down(&b);
}

/* Names and paths are octets; JSON is UTF-8. */
static void test_not_utf8(void)
{
	struct fake_world world;
	struct bench *b = (struct bench *)&world;
	struct fake fake;
	json_t *all, *port;
	char *text;

	fake_world_init(&world, NULL);
	fake_plug(&fake, &world.sw, "caf\xe9", 1, POLICY_DROP);
	memset(fake.port->address, 0xff, PORT_ADDRESS_LEN - 1);
	fake_put(&fake, 1, FAKE_ALL, 1);
	fake_settle(&world.loop);
	all = ask(b, "{\"object\":\"port\",\"verb\":\"show\"}");
	port = json_array_get(all, 0);
	is_str(string_at(port, "name"), "caf?", "a name that is no UTF-8");
	is_int((intmax_t)strlen(string_at(port, "address")),
	       PORT_ADDRESS_LEN - 1, "an address that is none, all of it");
	text = json_dumps(all, 0);
	ok(text != NULL, "it can be sent");
	free(text);
	json_decref(all);
	all = ask(b, "{\"object\":\"fdb\",\"verb\":\"show\"}");
	is_str(string_at(json_array_get(all, 0), "port"), "caf?",
	       "in the table of addresses too");
	json_decref(all);
	snprintf(fake.port->address, PORT_ADDRESS_LEN, "a\"\n\xc3\xa4");
	all = ask(b, "{\"object\":\"port\",\"verb\":\"show\"}");
	is_str(string_at(json_array_get(all, 0), "address"), "a\"\n\xc3\xa4",
	       "what is UTF-8 stays");
	json_decref(all);
	fake_world_fini(&world);
	fake_fini(&fake);
}

/* --- while things change ------------------------------------------------- */

static void plug(struct bench *b, int i, const char *name)
{
	fake_fini(&b->port[i]);
	fake_plug(&b->port[i], &b->world.sw, name, 1, POLICY_DROP);
}

static void unplug(struct bench *b, int i)
{
	port_close(b->port[i].port);
	fake_settle(&b->world.loop);
}

static void shows(struct bench *b, struct query *query, const char *name)
{
	json_t *one = next(b, query);

	is_str(one ? string_at(one, "name") : NULL, name, "%s",
	       name ? name : "the end");
	json_decref(one);
}

static void test_ports_leave(void)
{
	struct query query;
	struct bench b;

	set_up(&b);
	if (begin(&b, &query, "{\"object\":\"port\",\"verb\":\"show\"}"))
		tap_bail("query_begin");
	shows(&b, &query, "p0");
	unplug(&b, 0);
	shows(&b, &query, "p1");
	unplug(&b, 1);
	unplug(&b, 2);
	shows(&b, &query, "p3");
	/* Another one of a name that was shown: no name comes twice. */
	plug(&b, 0, "p0");
	shows(&b, &query, "p4");
	unplug(&b, 4);
	plug(&b, 4, "p4");
	shows(&b, &query, NULL);
	tear_down(&b);
}

static void test_all_ports_leave(void)
{
	struct query query;
	struct bench b;
	int i;

	set_up(&b);
	if (begin(&b, &query, "{\"object\":\"port\",\"verb\":\"show\"}"))
		tap_bail("query_begin");
	shows(&b, &query, "p0");
	for (i = 0; i < PORTS; i++)
		unplug(&b, i);
	shows(&b, &query, NULL);
	tear_down(&b);
}

static void test_named_port_leaves(void)
{
	struct query query;
	struct bench b;

	set_up(&b);
	if (begin(&b, &query,
		  "{\"object\":\"port\",\"verb\":\"show\","
		  "\"args\":[\"p3\"]}"))
		tap_bail("query_begin");
	unplug(&b, 3);
	/* Another one of that name was not asked for. */
	plug(&b, 3, "p3");
	shows(&b, &query, NULL);
	tear_down(&b);
}

/* --- changes ------------------------------------------------------------- */

#define WORDS(object, verb, args)                                              \
	"{\"object\":\"" object "\",\"verb\":\"" verb "\",\"args\":[" args "]}"

/* A change is made; @count is how much it says it has changed. */
static void changes(struct bench *b, const char *line, json_int_t count)
{
	json_t *all = ask(b, line);

	ok(json_array_size(all) == 1 &&
		   number_at(json_array_get(all, 0), NULL, "changed") == count,
	   "%s", line);
	json_decref(all);
	fake_settle(&b->world.loop);
}

static void test_port_changes(void)
{
	struct bench b;

	set_up(&b);
	changes(&b, WORDS("port", "set", "\"p0\",\"queue=77\""), 1);
	is_int(b.port[0].port->queue.limit, 77, "queue=");
	changes(&b, WORDS("port", "set", "\"p0\",\"policy=block\""), 1);
	ok(b.port[0].port->policy == POLICY_BLOCK && b.world.sw.blocking == 3,
	   "policy=");
	refused(&b, WORDS("port", "set", "\"p0\",\"queue=1\",\"queue=0\""),
		"bad_argument");
	refused(&b, WORDS("port", "set", "\"p0\",\"queue\""), "bad_argument");
	refused(&b, WORDS("port", "set", "\"p0\",\"offload=on\""),
		"bad_argument");
	refused(&b, WORDS("port", "set", "\"p0\",\"=\""), "bad_argument");
	refused(&b, WORDS("port", "set", "\"p0\""), "bad_argument");
	refused(&b, WORDS("port", "set", "\"p9\",\"queue=1\""), "no_such_port");
	is_int(b.port[0].port->queue.limit, 77, "nothing of it");
	changes(&b, WORDS("port", "del", "\"p0\""), 1);
	ok(!b.port[0].port, "port del");
	refused(&b, WORDS("port", "del", "\"p0\""), "no_such_port");
	refused(&b, WORDS("port", "add", "\"fd:0\""), "bad_argument");
	refused(&b, WORDS("port", "add", "\"uml:x\""), "bad_argument");
	refused(&b, WORDS("port", "add", "\"\""), "bad_argument");
	is_int((intmax_t)b.world.sw.port_count, PORTS - 1, "no more, no less");
	tear_down(&b);
}

/* With frames that wait in it. */
static void test_queue_changes(void)
{
	struct bench b;
	uint32_t i;

	set_up(&b);
	fake_room(&b.port[1], 0);
	for (i = 0; i < 10; i++)
		fake_put(&b.port[0], 100, FAKE_ALL, i);
	fake_settle(&b.world.loop);
	changes(&b, WORDS("port", "set", "\"p1\",\"queue=3\""), 1);
	is_str(fake_check(&b.world.sw), NULL, "in order");
	changes(&b, WORDS("port", "set", "\"p1\",\"queue=5000\""), 1);
	fake_room(&b.port[1], FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&b.port[1], 0, 10), "block: all of them leave");
	fake_room(&b.port[1], 0);
	changes(&b, WORDS("port", "set", "\"p1\",\"policy=drop\""), 1);
	for (i = 10; i < 20; i++)
		fake_put(&b.port[0], 100, FAKE_ALL, i);
	fake_settle(&b.world.loop);
	changes(&b, WORDS("port", "set", "\"p1\",\"queue=3\""), 1);
	is_int(b.port[1].port->queue.len, 3, "drop: to the new end");
	is_int((intmax_t)b.port[1].port->stats.drops[DROP_QUEUE_FULL], 7,
	       "that is counted");
	is_str(fake_check(&b.world.sw), NULL, "in order");
	tear_down(&b);
}

static void test_fdb_changes(void)
{
	struct bench b;
	json_t *all;

	set_up(&b);
	fake_put(&b.port[0], 100, FAKE_ALL, 1);
	fake_put(&b.port[1], 101, FAKE_ALL, 1);
	fake_settle(&b.world.loop);
	changes(&b, WORDS("fdb", "add", "\"02:00:00:00:00:64\",\"p4\""), 1);
	fake_put(&b.port[0], 100, FAKE_ALL, 1);
	fake_settle(&b.world.loop);
	all = ask(&b, WORDS("fdb", "show", "\"p4\""));
	ok(json_array_size(all) == 1 &&
		   json_is_true(
			   json_object_get(json_array_get(all, 0), "static")),
	   "static, and not moved");
	json_decref(all);
	refused(&b, WORDS("fdb", "add", "\"02:00:00:00:00:64\",\"p3\""),
		"exists");
	refused(&b, WORDS("fdb", "add", "\"03:00:00:00:00:64\",\"p3\""),
		"bad_argument");
	refused(&b, WORDS("fdb", "add", "\"02:00:00:00:00:65\",\"p9\""),
		"no_such_port");
	refused(&b, WORDS("fdb", "add", "\"02:00:00:00:00:65\""),
		"bad_argument");
	changes(&b, WORDS("fdb", "flush", "\"p4\""), 0);
	changes(&b, WORDS("fdb", "flush", ""), 1);
	is_int(fdb_count(b.world.sw.fdb), 1, "static ones stay");
	changes(&b, WORDS("fdb", "del", "\"02:00:00:00:00:64\""), 1);
	refused(&b, WORDS("fdb", "del", "\"02:00:00:00:00:64\""),
		"no_such_address");
	is_int(fdb_count(b.world.sw.fdb), 0, "none is left");
	tear_down(&b);
}

static void test_not_trusted(void)
{
	static const char *const lines[] = {
		WORDS("port", "add", "\"uml:/x\""),
		WORDS("port", "del", "\"p0\""),
		WORDS("port", "set", "\"p0\",\"queue=1\""),
		WORDS("fdb", "add", "\"02:00:00:00:00:64\",\"p0\""),
		WORDS("fdb", "del", "\"02:00:00:00:00:64\""),
		WORDS("fdb", "flush", ""),
		WORDS("capture", "", ""),
		WORDS("shutdown", "", ""),
	};
	struct bench b;
	size_t i;

	set_up(&b);
	b.who.trusted = false;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		refused(&b, lines[i], "not_allowed");
	taken(&b, WORDS("port", "show", ""), PORTS);
	taken(&b, WORDS("stats", "", ""), 1);
	ok(!b.world.loop.stopped && b.world.sw.port_count == PORTS,
	   "nothing has changed");
	tear_down(&b);
}

static void test_streams(void)
{
	struct query query;
	struct bench b;

	set_up(&b);
	refused(&b, WORDS("monitor", "", "\"x\""), "bad_argument");
	refused(&b, WORDS("capture", "", "\"port=p9\""), "no_such_port");
	refused(&b, WORDS("capture", "", "\"snaplen=0\""), "bad_argument");
	refused(&b, WORDS("capture", "", "\"count=-1\""), "bad_argument");
	refused(&b, WORDS("capture", "", "\"direction=\""), "bad_argument");
	refused(&b, WORDS("capture", "", "\"filter=0006\""), "bad_argument");
	refused(&b, WORDS("capture", "", "\"x=y\""), "bad_argument");
	ok(!begin(&b, &query, WORDS("monitor", "", "")) &&
		   query.stream == QUERY_MONITOR,
	   "monitor");
	query_end(&query);
	ok(!begin(&b, &query, WORDS("capture", "", "")) &&
		   query.stream == QUERY_CAPTURE && !query.capture.port &&
		   query.capture.directions == CAPTURE_IN &&
		   !query.capture.filter,
	   "capture");
	query_end(&query);
	ok(!begin(&b, &query,
		  WORDS("capture", "",
			"\"port=p1\",\"snaplen=9\",\"count=3\","
			"\"filter=0006000000000001\"")) &&
		   query.capture.port == b.port[1].port->serial &&
		   query.capture.directions == (CAPTURE_IN | CAPTURE_OUT) &&
		   query.capture.snaplen == 9 && query.capture.count == 3 &&
		   query.capture.filter,
	   "capture of a port");
	query_end(&query);
	changes(&b, WORDS("shutdown", "", ""), 1);
	ok(b.world.loop.stopped, "shutdown");
	tear_down(&b);
}

static void test_addresses_leave(void)
{
	struct query query;
	unsigned int seen = 0, wrong = 0;
	struct bench b;
	json_t *one;
	uint32_t i;

	set_up(&b);
	for (i = 0; i < 300; i++)
		fake_put(&b.port[i % 3], i, FAKE_ALL, i);
	fake_settle(&b.world.loop);
	for (i = 0; i < PORTS; i++)
		fake_room(&b.port[i], FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	if (begin(&b, &query, "{\"object\":\"fdb\",\"verb\":\"show\"}"))
		tap_bail("query_begin");
	for (; (one = next(&b, &query)); seen++) {
		wrong += seen > 30 && !strcmp(string_at(one, "port"), "p0");
		json_decref(one);
		if (seen == 30)
			unplug(&b, 0);
		if (seen == 60)
			unplug(&b, 1);
	}
	is_int(wrong, 0, "addresses of a port that left");
	ok(seen >= 100 && seen < 300, "the others are shown (%u)", seen);
	tear_down(&b);
}

int main(void)
{
	struct bench b;

	alarm(60);
	set_up(&b);
	test_bad_requests(&b);
	test_unknown(&b);
	test_requests(&b);
	tear_down(&b);
	test_port_show();
	test_fdb_show();
	test_stats();
	test_not_utf8();
	test_ports_leave();
	test_all_ports_leave();
	test_named_port_leaves();
	test_addresses_leave();
	test_port_changes();
	test_queue_changes();
	test_fdb_changes();
	test_not_trusted();
	test_streams();
	return tap_done();
}
