// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Management requests that change the switch while it runs. Each is made whole
 * or not at all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "common/parse.h"
#include "listener.h"
#include "query_verb.h"

json_t *query_next_changed(struct query *query, struct sw *sw)
{
	if (query->cursor++)
		return NULL;
	return json_pack("{s:I}", "changed", (json_int_t)query->changed);
}

/* --- ports --------------------------------------------------------------- */

static int check_path(const char *path, struct err *err)
{
	if (strchr("/@", path[0]))
		return 0;
	return err_set(err,
		       "socket '%s' is no absolute path, and the switch has a "
		       "working directory of its own",
		       path);
}

/* What the command line may say, and a request may not. */
static int check_spec(const struct port_spec *spec, struct err *err)
{
	if (spec->backend == &backend_fd) {
		err_set(err,
			"port '%s': a descriptor cannot come with a "
			"request",
			spec->address);
		return err_hint(err, "start the switch with --port fd:%s",
				spec->address);
	}
	if (spec->backend->listens ||
	    (spec->backend->keys & (KEYS_RECONNECT | KEYS_REMOTE)))
		if (check_path(spec->address, err) < 0)
			return -1;
	return spec->remote ? check_path(spec->remote, err) : 0;
}

/* By now the switch has given up what it began with: see isolate.h. */
static json_t *open_failed(const struct port_spec *spec, int cause,
			   struct err *err)
{
	if ((spec->backend->keys & KEYS_DEVICE) &&
	    (cause == EPERM || cause == EACCES))
		err_hint(err,
			 "a running switch has no privileges left: make "
			 "the device first, with tunctl -u %u -t %s",
			 (unsigned int)geteuid(), spec->address);
	return query_failure_err("failed", err);
}

static json_t *add_port(struct query_call *call, struct port_spec *spec)
{
	struct err err;

	if (spec_parse(spec->text, spec, &err) < 0 ||
	    check_spec(spec, &err) < 0)
		return query_failure_err("bad_argument", &err);
	errno = 0;
	if (spec_open(call->sw, spec, &err) < 0)
		return open_failed(spec, errno, &err);
	call->query->changed = 1;
	return NULL;
}

json_t *query_port_add(struct query_call *call)
{
	struct port_spec spec = { .text = strdup(call->args[0]),
				  .perm = call->who->perm };
	json_t *error;

	if (!spec.text)
		return query_failure("failed", "out of memory");
	error = add_port(call, &spec);
	free(spec.text);
	return error;
}

/* A listener by its address, or by what its ports' names begin with. The
 * management socket has no such beginning, and is none. */
static unsigned int find_listeners(const struct sw *sw, const char *name,
				   struct listener **found)
{
	unsigned int count = 0;
	struct list *at;

	list_for_each(at, &sw->listeners) {
		struct listener *l = container_of(at, struct listener, node);

		if (!l->prefix[0] || (strcmp(l->prefix, name) != 0 &&
				      strcmp(l->socket.name, name) != 0))
			continue;
		*found = l;
		count++;
	}
	return count;
}

json_t *query_port_del(struct query_call *call)
{
	struct port *port = sw_find(call->sw, call->args[0]);
	struct listener *listener = NULL;
	unsigned int count = 0;

	if (port)
		port_close(port);
	else
		count = find_listeners(call->sw, call->args[0], &listener);
	if (count > 1)
		return query_failure("ambiguous",
				     "several listeners have that name: say "
				     "the address of one");
	if (!port && !count)
		return query_no_port(call->args[0]);
	if (listener)
		listener_close(listener);
	call->query->changed = 1;
	return NULL;
}

json_t *query_port_set(struct query_call *call)
{
	struct port *port = sw_find(call->sw, call->args[0]);
	struct port_conf conf;
	struct err err;
	size_t i;

	if (!port)
		return query_no_port(call->args[0]);
	port_get_conf(port, &conf);
	for (i = 1; i < call->count; i++)
		if (spec_set(&conf, call->args[i], &err) < 0)
			return query_failure_err("bad_argument", &err);
	if (port_set_conf(port, &conf, &err) < 0)
		return query_failure_err("failed", &err);
	call->query->changed = 1;
	return NULL;
}

/* --- addresses ----------------------------------------------------------- */

static json_t *station(const char *text, uint8_t mac[MAC_LEN])
{
	static const uint8_t zero[MAC_LEN];
	struct err err;

	if (parse_mac(text, mac, &err) < 0)
		return query_failure_err("bad_argument", &err);
	if (!(mac[0] & 1) && memcmp(mac, zero, MAC_LEN) != 0)
		return NULL;
	err_set(&err, "'%s' is no address of a station", text);
	return query_failure_err("bad_argument", &err);
}

static json_t *fix_failed(int cause)
{
	if (cause == EEXIST)
		return query_failure("exists",
				     "the address is static already: 'fdb del' "
				     "comes first");
	return query_failure("failed", "the table of addresses is full");
}

json_t *query_fdb_add(struct query_call *call)
{
	struct port *port = sw_find(call->sw, call->args[1]);
	struct sw *sw = call->sw;
	uint8_t mac[MAC_LEN];
	json_t *error = station(call->args[0], mac);

	if (error)
		return error;
	if (sw->conf.hub)
		return query_failure("bad_argument",
				     "a hub sends every frame to all ports, "
				     "whatever its address");
	if (!port)
		return query_no_port(call->args[1]);
	if (fdb_fix(sw->fdb, rules_fixed_vlan(port), mac, &port->addresses,
		    (uint32_t)(sw->loop->now / 1000)) < 0)
		return fix_failed(errno);
	call->query->changed = 1;
	return NULL;
}

/* Is it an address of some port's mac=? */
static bool of_rules(const struct sw *sw, const uint8_t mac[MAC_LEN])
{
	struct list *at;
	unsigned int i;

	list_for_each(at, &sw->ports) {
		const struct rules *r =
			rules_of(container_of(at, struct port, node));

		for (i = 0; i < r->mac_count; i++)
			if (memcmp(r->macs[i], mac, MAC_LEN) == 0)
				return true;
	}
	return false;
}

json_t *query_fdb_del(struct query_call *call)
{
	uint8_t mac[MAC_LEN];
	json_t *error = station(call->args[0], mac);

	if (error)
		return error;
	if (of_rules(call->sw, mac))
		return query_failure("bad_argument",
				     "a port has that address by its mac=; "
				     "'port set NAME mac=none' takes it back");
	call->query->changed = fdb_forget(call->sw->fdb, mac);
	if (call->query->changed)
		return NULL;
	return query_failure("no_such_address", "the switch does not know that "
						"address");
}

static void flush(struct query_call *call, struct port *port)
{
	call->query->changed += port->addresses.learned.count;
	fdb_flush(call->sw->fdb, &port->addresses);
}

json_t *query_fdb_flush(struct query_call *call)
{
	struct port *port;
	struct list *at;

	if (call->count) {
		port = sw_find(call->sw, call->args[0]);
		if (!port)
			return query_no_port(call->args[0]);
		flush(call, port);
		return NULL;
	}
	list_for_each(at, &call->sw->ports)
		flush(call, container_of(at, struct port, node));
	return NULL;
}

/* --- the switch ---------------------------------------------------------- */

json_t *query_shutdown(struct query_call *call)
{
	call->query->shutdown = true;
	call->query->changed = 1;
	return NULL;
}
