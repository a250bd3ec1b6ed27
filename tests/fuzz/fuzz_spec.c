// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for spec_parse(): any text. What is taken lies within its
 * limits; what is refused is refused with a reason.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/tuntap.h"
#include "uml_router/backend.h"
#include "tests/fuzz/fuzz.h"

static void check_rules(const struct rules *r)
{
	must(r->access <= 4094 && r->native <= 4094, "VLANs");
	must(!(r->vlan.tagged[0] & 1) && !(r->vlan.tagged[511] & 0x80),
	     "no reserved VLANs in a list");
	must(!r->vlan.trunk || !r->access, "a trunk or an access port");
	must(r->vlan.trunk || r->vlan.untagged == r->access,
	     "an access port's VLAN");
	must(r->mac_count <= RULES_MACS && !(r->mac_count && r->maxmac),
	     "addresses");
	must(r->link.loss <= IMPAIR_CERTAIN, "loss");
	must(r->link.jitter <= r->link.delay &&
		     r->link.delay <= IMPAIR_MAX_DELAY,
	     "delay");
}

static void check(const struct port_spec *s, const char *text, size_t size)
{
	size_t len = strlen(s->name);

	must(s->backend && s->backend->open && s->backend->type, "a type");
	must(s->address > text && s->address < text + size && *s->address,
	     "an address within the text");
	must(!strchr(s->address, ','), "an address without keys");
	must(len <= (s->backend->listens ? SW_PREFIX_LEN : PORT_NAME_LEN - 1),
	     "a name that is short enough");
	must(!strpbrk(s->name, " \n/,:=\"'\\"), "a name that can be shown");
	must(s->conf.queue >= 1 && s->conf.queue <= PORT_MAX_QUEUE, "queue");
	must(s->conf.policy == POLICY_DROP || s->conf.policy == POLICY_BLOCK,
	     "policy");
	must((unsigned int)s->queueing < QUEUEING_MODES, "queueing");
	must(s->txqueuelen <= 1000000, "txqueuelen");
	must(s->dirmode == (mode_t)-1 ||
		     ((s->backend->keys & KEYS_FOLDER) && s->dirmode <= 0777),
	     "dirmode");
	must(s->queues >= 1 && s->queues <= TUNTAP_MAX_QUEUES, "queues");
	must((s->backend->keys & KEYS_DEVICE) ||
		     (!s->txqueuelen && s->queueing == QUEUEING_DEFAULT &&
		      s->queues == 1 && s->offload),
	     "keys of a device");
	must(s->reconnect >= 100 && s->reconnect <= 3600000, "reconnect");
	must((s->backend->keys & KEYS_REMOTE) || !s->remote, "remote");
	must((s->backend->keys & KEYS_MCAST) || (s->ttl == 1 && !s->interface),
	     "keys of a group");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct port_spec spec = { .perm = { 0640, 7 } };
	struct err err = { "" };
	char *text = malloc(size + 1);
	int rc;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	rc = spec_parse(text, &spec, &err);
	must(rc == 0 || (rc == -1 && err.text[0]), "taken, or a reason");
	must(spec.perm.mode == 0640 && spec.perm.gid == 7, "perm");
	if (!rc) {
		check(&spec, text, size);
		check_rules(&spec.conf.rules);
	}
	free(text);
	return 0;
}
