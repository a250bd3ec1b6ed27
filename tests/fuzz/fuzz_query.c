// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for query_begin() and query_next() on a switch with ports and
 * addresses. The first octet says which ports leave amid the answer; the rest
 * is the request.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake.h"
#include "uml_router/query.h"
#include "tests/fuzz/fuzz.h"

#define PORTS 4

/* A line of the answer: it can be sent as one. */
static void check_line(const json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT);

	must(text && !strchr(text, '\n'), "a line");
	must(json_object_size(line) == 1, "a line says one thing");
	free(text);
}

static void check_error(const json_t *answer)
{
	const json_t *error = json_object_get(answer, "error");

	check_line(answer);
	must(json_is_string(json_object_get(error, "code")) &&
		     json_is_string(json_object_get(error, "message")),
	     "an error says which");
}

static void answer(struct query *query, struct fake_world *world,
		   struct fake ports[], unsigned int leaving)
{
	unsigned int lines = 0;
	json_t *line;

	while (query->verb) {
		line = query_next(query, &world->sw);
		must(line != NULL, "there is memory");
		check_line(line);
		if (query->stream) {
			json_decref(line);
			break;
		}
		must(!query->verb == json_is_true(json_object_get(line, "end")),
		     "the end is told");
		json_decref(line);
		must(lines < 100, "the answer ends");
		if (lines < PORTS && (leaving >> lines & 1) &&
		    ports[lines].port) {
			port_close(ports[lines].port);
			loop_turn(&world->loop, 0);
		}
		lines++;
	}
}

static void set_up(struct fake_world *world, struct fake ports[])
{
	static const char *const names[PORTS] = { "p0", "tap0", "uml\xff",
						  "x" };
	struct sw_conf conf = { false, 16, 300, PORTS, 1 };
	uint32_t i;

	fake_world_init(world, &conf);
	for (i = 0; i < PORTS; i++)
		fake_plug(&ports[i], &world->sw, names[i], 1, POLICY_DROP);
	for (i = 0; i < 10; i++)
		fake_put(&ports[i % PORTS], i, FAKE_ALL, i);
	fake_settle(&world->loop);
}

static bool is(const json_t *request, const char *key, const char *value)
{
	const char *text = json_string_value(json_object_get(request, key));

	return text && strcmp(text, value) == 0;
}

/* A port that is made is a device or a socket of this machine. */
static bool makes_a_port(const uint8_t *data, size_t size)
{
	json_t *request = json_loadb((const char *)data, size, 0, NULL);
	bool makes = is(request, "object", "port") &&
		     is(request, "verb", "add");

	json_decref(request);
	return makes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake ports[PORTS];
	struct fake_world world;
	struct query_who who = { true, UNIXSOCK_PERM_DEFAULT };
	struct query query;
	json_t *error;
	int i;

	if (size < 1 || size > QUERY_MAX || makes_a_port(data + 1, size - 1))
		return 0;
	who.trusted = !(data[0] & 0x80);
	set_up(&world, ports);
	error = query_begin(&query, &world.sw, &who, (const char *)data + 1,
			    size - 1);
	must(!error == !!query.verb, "an error, or something to answer");
	if (error)
		check_error(error);
	else
		answer(&query, &world, ports, data[0]);
	query_end(&query);
	json_decref(error);
	fake_world_fini(&world);
	for (i = 0; i < PORTS; i++)
		fake_fini(&ports[i]);
	return 0;
}
