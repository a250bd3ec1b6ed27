// SPDX-License-Identifier: GPL-2.0-or-later
/* SPEC: the text that describes a port, see backend.h. */
#include <string.h>

#include "backend.h"
#include "common/parse.h"
#include "common/tuntap.h"
#include "shaper.h"

static const struct backend *const backends[] = {
	&backend_tap,	     &backend_uml, &backend_seqpacket,
	&backend_vhost_user, &backend_fd,
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

static int set_rate(struct port_spec *spec, const char *value, struct err *err)
{
	if (strcmp(value, "auto") != 0)
		return parse_rate(value, &spec->rate, err);
	spec->rate = RATE_AUTO;
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

static const struct key {
	const char *name;
	bool device_only;
	int (*set)(struct port_spec *spec, const char *value, struct err *err);
} keys[] = {
	{ "name", false, set_name },
	{ "queue", false, set_queue },
	{ "policy", false, set_policy },
	{ "queueing", true, set_queueing },
	{ "rate", true, set_rate },
	{ "queues", true, set_queues },
	{ "txqueuelen", true, set_txqueuelen },
	{ "offload", true, set_offload },
};

static int unknown_key(const struct port_spec *spec, const char *name,
		       struct err *err)
{
	err_set(err, "a port of type %s has no key '%s'", spec->backend->type,
		name);
	return err_hint(err, "keys: name, queue, policy%s",
			spec->backend->device
				? ", queueing, rate, queues, txqueuelen, "
				  "offload"
				: "");
}

static int set_key(struct port_spec *spec, char *text, struct err *err)
{
	char *value = strchr(text, '=');
	size_t i;

	if (!value)
		return err_set(err, "'%s' is not of the form key=value", text);
	*value++ = '\0';
	for (i = 0; i < COUNT(keys); i++)
		if (strcmp(text, keys[i].name) == 0 &&
		    (spec->backend->device || !keys[i].device_only))
			return keys[i].set(spec, value, err);
	return unknown_key(spec, text, err);
}

static int set_type(struct port_spec *spec, const char *type, struct err *err)
{
	size_t i;

	for (i = 0; i < COUNT(backends); i++)
		if (strcmp(type, backends[i]->type) == 0) {
			spec->backend = backends[i];
			return 0;
		}
	err_set(err, "there is no port type '%s'", type);
	return err_hint(err, "types: tap, uml, seqpacket, vhost-user, fd");
}

void spec_init(struct port_spec *spec, const struct backend *backend,
	       const char *address)
{
	*spec = (struct port_spec){
		.backend = backend,
		.address = address,
		.conf = { PORT_DEFAULT_QUEUE, POLICY_DROP },
		.queueing = QUEUEING_DEFAULT,
		.queues = 1,
		.offload = true,
		.text = spec->text,
		.perm = spec->perm,
	};
}

int spec_parse(char *text, struct port_spec *spec, struct err *err)
{
	char *next = strchr(text, ':');

	spec_init(spec, NULL, NULL);
	if (!next) {
		err_set(err, "port '%s' has no ':' behind its type", text);
		return err_hint(err, "TYPE:ADDRESS[,key=value]...");
	}
	*next++ = '\0';
	if (set_type(spec, text, err) < 0)
		return -1;
	spec->address = strsep(&next, ",");
	if (!*spec->address)
		return err_set(err, "port of type %s has no address", text);
	if (spec->backend->device &&
	    parse_ifname(spec->address, false, err) < 0)
		return -1;
	while (next)
		if (set_key(spec, strsep(&next, ","), err) < 0)
			return -1;
	return 0;
}
