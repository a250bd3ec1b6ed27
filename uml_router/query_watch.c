// SPDX-License-Identifier: GPL-2.0-or-later
/* Management requests whose answer has no end: monitor and capture. */
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "query_verb.h"

json_t *query_monitor(struct query_call *call)
{
	call->query->stream = QUERY_MONITOR;
	return NULL;
}

json_t *query_next_monitor(struct query *query, struct sw *sw)
{
	return json_pack("{s:s}", "event", "listening");
}

/* --- capture ------------------------------------------------------------- */

struct capture_args {
	struct query_call *call;
	struct capture_conf *conf;
	const char *code; /* of an error that is no bad argument */
};

static int set_port(struct capture_args *a, const char *value, struct err *err)
{
	const struct port *port = sw_find(a->call->sw, value);

	if (!port) {
		a->code = "no_such_port";
		return err_set(err, "there is no port of that name: '%.64s'",
			       value);
	}
	a->conf->port = port->serial;
	return 0;
}

static int set_direction(struct capture_args *a, const char *value,
			 struct err *err)
{
	if (strcmp(value, "in") == 0)
		a->conf->directions = CAPTURE_IN;
	else if (strcmp(value, "out") == 0)
		a->conf->directions = CAPTURE_OUT;
	else
		return err_set(err, "direction '%.64s' is neither in nor out",
			       value);
	return 0;
}

static int set_snaplen(struct capture_args *a, const char *value,
		       struct err *err)
{
	uint64_t n;

	if (parse_uint("snaplen", value, 1, FRAME_MAX, &n, err) < 0)
		return -1;
	a->conf->snaplen = (uint32_t)n;
	return 0;
}

static int set_count(struct capture_args *a, const char *value, struct err *err)
{
	return parse_uint("count", value, 1, INT64_MAX, &a->conf->count, err);
}

static int set_filter(struct capture_args *a, const char *value,
		      struct err *err)
{
	free(a->conf->filter);
	if (capture_filter(value, &a->conf->filter) == 0)
		return 0;
	return err_set(err,
		       "that filter is no program of up to %d "
		       "instructions that is known to end",
		       CAPTURE_FILTER_MAX);
}

static const struct capture_key {
	const char *name; /* with its '=' */
	int (*set)(struct capture_args *a, const char *value, struct err *err);
} keys[] = {
	{ "port=", set_port },	     { "direction=", set_direction },
	{ "snaplen=", set_snaplen }, { "count=", set_count },
	{ "filter=", set_filter },
};

static int set_key(struct capture_args *a, const char *text, struct err *err)
{
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t len = strlen(keys[i].name);

		if (strncmp(text, keys[i].name, len) == 0)
			return keys[i].set(a, text + len, err);
	}
	return err_set(err, "a capture has no key '%.64s'", text);
}

/* Of all ports each frame is told once, as it comes in; of one port, both ways,
 * unless a direction is named. */
json_t *query_capture(struct query_call *call)
{
	struct capture_conf conf = { .snaplen = FRAME_MAX };
	struct capture_args a = { call, &conf, "bad_argument" };
	struct err err;
	size_t i;

	for (i = 0; i < call->count; i++)
		if (set_key(&a, call->args[i], &err) < 0) {
			free(conf.filter);
			return query_failure_err(a.code, &err);
		}
	if (!conf.directions)
		conf.directions = conf.port ? CAPTURE_IN | CAPTURE_OUT
					    : CAPTURE_IN;
	call->query->capture = conf;
	call->query->stream = QUERY_CAPTURE;
	return NULL;
}

json_t *query_next_capture(struct query *query, struct sw *sw)
{
	return json_pack("{s:i, s:i}", "snaplen", (int)query->capture.snaplen,
			 "record", (int)sizeof(struct capture_record));
}

void query_end(struct query *query)
{
	free(query->capture.filter);
	query->capture.filter = NULL;
	query->verb = NULL;
}
