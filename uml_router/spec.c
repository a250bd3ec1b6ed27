// SPDX-License-Identifier: GPL-2.0-or-later
/* SPEC: the text that describes a port, see backend.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "common/parse.h"
#include "common/tuntap.h"

static const struct backend *const backends[] = {
	&backend_tap,
	&backend_uml,
	&backend_vde,
	&backend_seqpacket,
	&backend_stream_connect,
	&backend_stream,
	&backend_dgram,
	&backend_mcast,
	&backend_vhost_user,
	&backend_fd,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int set_name(struct port_spec *spec, const char *value, struct err *err)
{
	size_t room = spec->backend->listens ? SW_PREFIX_LEN
					     : PORT_NAME_LEN - 1;
	size_t len = strspn(value, "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	if (!len || value[len])
		return err_set(err,
			       "name '%s' is to be made of letters, "
			       "digits, '.', '_' and '-'",
			       value);
	if (len > room)
		return err_set(err, "name '%s' is longer than %zu characters",
			       value, room);
	strcpy(spec->name, value);
	return 0;
}

static int set_queue(struct port_spec *spec, const char *value, struct err *err)
{
	uint64_t n;

	if (parse_uint("queue", value, 1, PORT_MAX_QUEUE, &n, err) < 0)
		return -1;
	spec->conf.queue = (unsigned int)n;
	return 0;
}

static int set_worker(struct port_spec *spec, const char *value,
		      struct err *err)
{
	uint64_t n;

	if (parse_uint("worker", value, 0, WORKERS_MAX - 1, &n, err) < 0)
		return -1;
	spec->conf.worker = (unsigned int)n;
	return 0;
}

static int set_policy(struct port_spec *spec, const char *value,
		      struct err *err)
{
	if (strcmp(value, "drop") == 0)
		spec->conf.policy = POLICY_DROP;
	else if (strcmp(value, "block") == 0)
		spec->conf.policy = POLICY_BLOCK;
	else
		return err_set(err, "policy '%s' is neither drop nor block",
			       value);
	return 0;
}

static int set_queueing(struct port_spec *spec, const char *value,
			struct err *err)
{
	return queueing_parse(value, &spec->queueing, err);
}

static int set_txqueuelen(struct port_spec *spec, const char *value,
			  struct err *err)
{
	uint64_t n;

	if (parse_uint("txqueuelen", value, 1, 1000000, &n, err) < 0)
		return -1;
	spec->txqueuelen = (uint32_t)n;
	return 0;
}

static int set_queues(struct port_spec *spec, const char *value,
		      struct err *err)
{
	uint64_t n;

	if (parse_uint("queues", value, 1, TUNTAP_MAX_QUEUES, &n, err) < 0)
		return -1;
	spec->queues = (unsigned int)n;
	return 0;
}

static int set_offload(struct port_spec *spec, const char *value,
		       struct err *err)
{
	return parse_bool("offload", value, &spec->offload, err);
}

static int set_dirmode(struct port_spec *spec, const char *value,
		       struct err *err)
{
	return parse_mode(value, &spec->dirmode, err);
}

static int set_remote(struct port_spec *spec, const char *value,
		      struct err *err)
{
	struct sockaddr_un addr;
	socklen_t len;

	if (unixsock_address(value, &addr, &len, err) < 0)
		return -1;
	spec->remote = value;
	return 0;
}

/* Seconds, or milliseconds where it says so. */
static int set_reconnect(struct port_spec *spec, const char *value,
			 struct err *err)
{
	size_t digits = strspn(value, "0123456789");
	bool ms = strcmp(value + digits, "ms") == 0;
	char number[24];
	uint64_t n;

	snprintf(number, sizeof(number), "%.*s",
		 (int)(ms ? digits : strlen(value)), value);
	if (parse_uint(ms ? "reconnect in milliseconds"
			  : "reconnect in seconds",
		       number, ms ? 100 : 1, ms ? 3600000 : 3600, &n, err) < 0)
		return -1;
	spec->reconnect = ms ? n : n * 1000;
	return 0;
}

static int set_ttl(struct port_spec *spec, const char *value, struct err *err)
{
	uint64_t n;

	if (parse_uint("ttl", value, 0, 255, &n, err) < 0)
		return -1;
	spec->ttl = (uint8_t)n;
	return 0;
}

static int set_interface(struct port_spec *spec, const char *value,
			 struct err *err)
{
	if (parse_ifname(value, false, err) < 0)
		return -1;
	spec->interface = value;
	return 0;
}

/* @only: enum backend_keys, or 0 for a key that all types take; @later: of a
 * port that exists, too, for it is in struct port_conf. */
static const struct key {
	const char *name;
	unsigned int only;
	bool later;
	int (*set)(struct port_spec *spec, const char *value, struct err *err);
} keys[] = {
	{ "name", 0, false, set_name },
	{ "queue", 0, true, set_queue },
	{ "policy", 0, true, set_policy },
	{ "worker", 0, false, set_worker },
	{ "queueing", KEYS_DEVICE, false, set_queueing },
	{ "queues", KEYS_DEVICE, false, set_queues },
	{ "txqueuelen", KEYS_DEVICE, false, set_txqueuelen },
	{ "offload", KEYS_DEVICE, false, set_offload },
	{ "dirmode", KEYS_FOLDER, false, set_dirmode },
	{ "remote", KEYS_REMOTE, false, set_remote },
	{ "reconnect", KEYS_RECONNECT, false, set_reconnect },
	{ "ttl", KEYS_MCAST, false, set_ttl },
	{ "interface", KEYS_MCAST, false, set_interface },
};

static const struct key *find_key(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(keys); i++)
		if (strcmp(name, keys[i].name) == 0)
			return &keys[i];
	return NULL;
}

static bool takes(const struct backend *backend, const struct key *key)
{
	return !key->only || (backend->keys & key->only);
}

/* ", NAME" behind what is there, as far as there is room. */
static void append(char *list, size_t room, const char *name)
{
	size_t len = strlen(list);

	snprintf(list + len, room - len, "%s%s", len ? ", " : "", name);
}

static int unknown_key(const struct port_spec *spec, const char *name,
		       struct err *err)
{
	char known[320] = "";
	size_t i;

	for (i = 0; i < COUNT(keys); i++)
		if (!keys[i].only)
			append(known, sizeof(known), keys[i].name);
	for (i = 0; rules_key(i); i++)
		append(known, sizeof(known), rules_key(i));
	for (i = 0; i < COUNT(keys); i++)
		if (keys[i].only && takes(spec->backend, &keys[i]))
			append(known, sizeof(known), keys[i].name);
	err_set(err, "a port of type %s has no key '%s'", spec->backend->type,
		name);
	return err_hint(err, "keys: %s", known);
}

static int set_key(struct port_spec *spec, char *text, struct err *err)
{
	char *value = strchr(text, '=');
	const struct key *key;

	if (value)
		*value++ = '\0';
	if (rules_has_key(text))
		return rules_set(&spec->conf.rules, text, value, err);
	if (!value)
		return err_set(err, "'%s' is not of the form key=value", text);
	key = find_key(text);
	if (key && takes(spec->backend, key))
		return key->set(spec, value, err);
	return unknown_key(spec, text, err);
}

static int cannot_change(const char *name, bool known, struct err *err)
{
	char list[256] = "";
	size_t i;

	if (known)
		return err_set(err,
			       "'%s' is for good: it is said when a port is "
			       "made",
			       name);
	for (i = 0; i < COUNT(keys); i++)
		if (keys[i].later)
			append(list, sizeof(list), keys[i].name);
	for (i = 0; rules_key(i); i++)
		append(list, sizeof(list), rules_key(i));
	err_set(err, "a port has no key '%.32s'", name);
	return err_hint(err, "keys: %s", list);
}

/* The same as for a port that is made: what of it is kept is @conf. */
static int set_later(struct port_conf *conf, char *text, struct err *err)
{
	struct port_spec spec = { .conf = *conf };
	char *value = strchr(text, '=');
	const struct key *key;

	if (value)
		*value++ = '\0';
	key = find_key(text);
	if (rules_has_key(text)) {
		if (rules_set(&spec.conf.rules, text, value, err) < 0)
			return -1;
	} else if (!key || !key->later) {
		return cannot_change(text, key != NULL, err);
	} else if (!value) {
		return err_set(err, "'%.64s' is not of the form key=value",
			       text);
	} else if (key->set(&spec, value, err) < 0) {
		return -1;
	}
	*conf = spec.conf;
	return 0;
}

int spec_set(struct port_conf *conf, const char *text, struct err *err)
{
	char *copy = strdup(text);
	int rc;

	if (!copy)
		return err_errno(err, "'%.64s'", text);
	rc = set_later(conf, copy, err);
	free(copy);
	return rc;
}

static int unknown_type(const char *type, struct err *err)
{
	char known[160] = "";
	size_t i;

	for (i = 0; i < COUNT(backends); i++)
		if (!backends[i]->prefix)
			append(known, sizeof(known), backends[i]->type);
	err_set(err, "there is no port type '%s'", type);
	return err_hint(err, "types: %s", known);
}

static int set_type(struct port_spec *spec, const char *type,
		    const char *address, struct err *err)
{
	size_t i, len;

	for (i = 0; i < COUNT(backends); i++) {
		const char *prefix = backends[i]->prefix;

		len = prefix ? strlen(prefix) : 0;
		if (strcmp(type, backends[i]->type) != 0 ||
		    (len && strncmp(address, prefix, len) != 0))
			continue;
		spec->backend = backends[i];
		spec->address = address + len;
		return 0;
	}
	return unknown_type(type, err);
}

void spec_init(struct port_spec *spec, const struct backend *backend,
	       const char *address)
{
	*spec = (struct port_spec){
		.backend = backend,
		.address = address,
		.conf = PORT_CONF_DEFAULT,
		.queueing = QUEUEING_DEFAULT,
		.queues = 1,
		.offload = true,
		.dirmode = (mode_t)-1,
		.reconnect = BACKEND_RECONNECT_MS,
		.ttl = 1,
		.text = spec->text,
		.perm = spec->perm,
		.user = spec->user,
	};
}

/* Of a listener's ports it would be told only when a client comes. */
static int check_rate(const struct port_spec *spec, struct err *err)
{
	if (spec->conf.rules.link.rate != RATE_AUTO ||
	    ((spec->backend->keys & KEYS_DEVICE) &&
	     spec->queueing == QUEUEING_BACKPRESSURE))
		return 0;
	return err_set(err,
		       "port '%s': rate=auto is not for its link (a tap with "
		       "queueing=backpressure takes it)",
		       spec->address);
}

int spec_parse(char *text, struct port_spec *spec, struct err *err)
{
	char *next = strchr(text, ':'), *address;

	spec_init(spec, NULL, NULL);
	if (!next) {
		err_set(err, "port '%s' has no ':' behind its type", text);
		return err_hint(err, "TYPE:ADDRESS[,key=value]...");
	}
	*next++ = '\0';
	address = strsep(&next, ",");
	if (set_type(spec, text, address, err) < 0)
		return -1;
	if (!*spec->address)
		return err_set(err, "port of type %s has no address", text);
	if ((spec->backend->keys & KEYS_DEVICE) &&
	    parse_ifname(spec->address, false, err) < 0)
		return -1;
	while (next)
		if (set_key(spec, strsep(&next, ","), err) < 0)
			return -1;
	return check_rate(spec, err) ? -1 : rules_check(&spec->conf.rules, err);
}

int spec_open(struct sw *sw, const struct port_spec *spec, struct err *err)
{
	if (spec->conf.worker < sw->conf.workers)
		return spec->backend->open(sw, spec, err);
	err_set(err, "%s '%s': there is no worker %u, they are 0 to %u",
		spec->backend->type, spec->address, spec->conf.worker,
		sw->conf.workers - 1);
	return err_hint(err, "begin the switch with --workers");
}
