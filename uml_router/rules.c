// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules of a port: their keys, and how a port gets them; see rules.h. */
#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "switch.h"

/* --- keys ---------------------------------------------------------------- */

static bool is_none(const char *value)
{
	return strcmp(value, RULES_NONE) == 0;
}

/* A number, or 0 for "none". */
static int set_number(const char *what, const char *value, uint32_t max,
		      uint32_t *out, struct err *err)
{
	uint64_t n = 0;

	if (!is_none(value) && parse_uint(what, value, 1, max, &n, err) < 0)
		return -1;
	*out = (uint32_t)n;
	return 0;
}

static int set_vid(const char *what, const char *value, uint16_t *out,
		   struct err *err)
{
	uint32_t n;

	if (set_number(what, value, 4094, &n, err) < 0)
		return -1;
	*out = (uint16_t)n;
	return 0;
}

static int set_vlan(struct rules *rules, const char *value, struct err *err)
{
	return set_vid("vlan", value, &rules->access, err);
}

static int set_native(struct rules *rules, const char *value, struct err *err)
{
	return set_vid("native", value, &rules->native, err);
}

static int set_trunk(struct rules *rules, const char *value, struct err *err)
{
	rules->vlan.trunk = !is_none(value);
	if (rules->vlan.trunk)
		return vlan_list_parse(value, rules->vlan.tagged, err);
	memset(rules->vlan.tagged, 0, sizeof(rules->vlan.tagged));
	return 0;
}

static int set_isolated(struct rules *rules, const char *value, struct err *err)
{
	return parse_bool("isolated", value, &rules->isolated, err);
}

static int set_down(struct rules *rules, const char *value, struct err *err)
{
	return parse_bool("down", value, &rules->down, err);
}

static int set_up(struct rules *rules, const char *value, struct err *err)
{
	bool up;

	if (parse_bool("up", value, &up, err) < 0)
		return -1;
	rules->down = !up;
	return 0;
}

static int set_maxmac(struct rules *rules, const char *value, struct err *err)
{
	return set_number("maxmac", value, 1000000, &rules->maxmac, err);
}

static bool has_mac(const struct rules *rules, const uint8_t mac[MAC_LEN])
{
	unsigned int i;

	for (i = 0; i < rules->mac_count; i++)
		if (!memcmp(rules->macs[i], mac, MAC_LEN))
			return true;
	return false;
}

static int add_mac(struct rules *rules, const char *text, struct err *err)
{
	static const uint8_t zero[MAC_LEN];
	uint8_t mac[MAC_LEN];

	if (parse_mac(text, mac, err) < 0)
		return -1;
	if ((mac[0] & 1) || !memcmp(mac, zero, MAC_LEN))
		return err_set(err, "mac '%s' is no address of a station",
			       text);
	if (has_mac(rules, mac))
		return err_set(err, "mac '%s' is given twice", text);
	if (rules->mac_count == RULES_MACS)
		return err_set(err, "mac '%s' is one more than %d addresses",
			       text, RULES_MACS);
	memcpy(rules->macs[rules->mac_count++], mac, MAC_LEN);
	return 0;
}

static int set_mac(struct rules *rules, const char *value, struct err *err)
{
	char list[RULES_MACS * MAC_TEXT_LEN + MAC_TEXT_LEN], *next = list;

	memset(rules->macs, 0, sizeof(rules->macs));
	rules->mac_count = 0;
	if (is_none(value))
		return 0;
	if (strlen(value) >= sizeof(list))
		return err_set(err,
			       "mac '%.64s...' is no list of up to %d "
			       "addresses joined by '+'",
			       value, RULES_MACS);
	strcpy(list, value);
	while (next)
		if (add_mac(rules, strsep(&next, "+"), err) < 0)
			return -1;
	return 0;
}

static int set_broadcast_limit(struct rules *rules, const char *value,
			       struct err *err)
{
	return set_number("broadcast-limit", value, 10000000,
			  &rules->broadcast_limit, err);
}

static int set_loss(struct rules *rules, const char *value, struct err *err)
{
	return impair_loss_parse(is_none(value) ? "0" : value,
				 &rules->link.loss, err);
}

static int set_delay(struct rules *rules, const char *value, struct err *err)
{
	return impair_delay_parse(is_none(value) ? "0s" : value, &rules->link,
				  err);
}

static int set_rate(struct rules *rules, const char *value, struct err *err)
{
	rules->link.rate = strcmp(value, "auto") ? 0 : RATE_AUTO;
	return rules->link.rate || is_none(value)
		       ? 0
		       : parse_rate(value, &rules->link.rate, err);
}

static const struct key {
	const char *name;
	bool alone; /* without a value: on */
	int (*set)(struct rules *rules, const char *value, struct err *err);
} keys[] = {
	{ "vlan", false, set_vlan },
	{ "trunk", false, set_trunk },
	{ "native", false, set_native },
	{ "isolated", true, set_isolated },
	{ "maxmac", false, set_maxmac },
	{ "mac", false, set_mac },
	{ "broadcast-limit", false, set_broadcast_limit },
	{ "loss", false, set_loss },
	{ "delay", false, set_delay },
	{ "rate", false, set_rate },
	{ "down", true, set_down },
	{ "up", true, set_up },
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

const char *rules_key(size_t i)
{
	return i < KEYS ? keys[i].name : NULL;
}

static const struct key *find_key(const char *name)
{
	size_t i;

	for (i = 0; i < KEYS; i++)
		if (strcmp(name, keys[i].name) == 0)
			return &keys[i];
	return NULL;
}

bool rules_has_key(const char *key)
{
	return find_key(key);
}

int rules_set(struct rules *rules, const char *key, const char *value,
	      struct err *err)
{
	const struct key *k = find_key(key);
	struct rules changed = *rules;

	if (!value && !k->alone)
		return err_set(err, "'%s' is not of the form key=value", key);
	if (k->set(&changed, value ? value : "on", err) < 0)
		return -1;
	*rules = changed;
	return 0;
}

int rules_check(struct rules *rules, struct err *err)
{
	struct vlan_conf *vlan = &rules->vlan;

	if (rules->access && vlan->trunk)
		return err_set(err, "vlan= and trunk= exclude each other: the "
				    "VLAN of a trunk's frames without a tag "
				    "is native=");
	if (rules->native && !vlan->trunk)
		return err_set(err, "native= is for a port with trunk=");
	if (rules->mac_count && rules->maxmac)
		return err_set(err, "mac= and maxmac= exclude each other: mac= "
				    "names all addresses of a port");
	vlan->untagged = rules->access;
	if (vlan->trunk)
		vlan->untagged = rules->native ? rules->native : VLAN_NONE;
	return 0;
}

/* --- a port with rules --------------------------------------------------- */

static bool is_empty(const struct rules *r)
{
	return !r->vlan.untagged && !r->isolated && !r->down && !r->maxmac &&
	       !r->mac_count && !r->broadcast_limit && !r->link.loss &&
	       !r->link.delay && !r->link.rate;
}

static int mac_failed(struct port *port, const uint8_t mac[MAC_LEN],
		      uint16_t vid, struct err *err)
{
	bool taken = errno == EEXIST;
	const struct fdb_owner *owner = fdb_lookup(port->sw->fdb, vid, mac);
	char text[MAC_TEXT_LEN];

	format_mac(mac, text);
	if (!taken) {
		err_set(err,
			"port %s: mac '%s': the table of addresses is full",
			port->name, text);
		return err_hint(err, "raise --fdb-size");
	}
	return err_set(err, "port %s: mac '%s' belongs to %s%s already",
		       port->name, text, owner ? "port " : "another port",
		       owner ? container_of(owner, struct port, addresses)->name
			     : "");
}

const struct rules *rules_of(const struct port *port)
{
	static const struct rules no_rules;

	return port->rules ? &port->rules->conf : &no_rules;
}

static uint16_t fixed_vid(const struct rules *r)
{
	return r->vlan.trunk ? FDB_EVERY_VLAN : r->vlan.untagged;
}

uint16_t rules_fixed_vlan(const struct port *port)
{
	return fixed_vid(rules_of(port));
}

/* The first @n addresses of the rules; others may be fixed by request. */
static void release_addresses(struct port *port, const struct rules *r,
			      unsigned int n)
{
	while (n--)
		fdb_unfix(port->sw->fdb, fixed_vid(r), r->macs[n],
			  &port->addresses);
}

static int fix_addresses(struct port *port, const struct rules *r,
			 struct err *err)
{
	unsigned int i;

	port->addresses.limit = FDB_NO_LIMIT;
	if (r->maxmac)
		port->addresses.limit = r->maxmac;
	if (r->mac_count)
		port->addresses.limit = 0;
	for (i = 0; i < r->mac_count; i++)
		if (fdb_fix(port->sw->fdb, fixed_vid(r), r->macs[i],
			    &port->addresses,
			    worker_seconds(port->worker)) < 0) {
			mac_failed(port, r->macs[i], fixed_vid(r), err);
			release_addresses(port, r, i);
			return -1;
		}
	return 0;
}

/* Those that were fixed by request come along into another VLAN: all of them or
 * none. Those of the rules are not there meanwhile. */
static int move_added(struct port *port, uint16_t from, uint16_t to,
		      struct err *err)
{
	struct fdb_owner *owner = &port->addresses;
	uint32_t cursor = 0, now = worker_seconds(port->worker);
	struct fdb *fdb = port->sw->fdb;
	struct fdb_record record;

	if (from == to || !owner->fixed.count)
		return 0;
	while (fdb_next(fdb, &cursor, now, &record)) {
		if (record.owner != owner || !record.fixed ||
		    record.vlan != from)
			continue;
		fdb_unfix(fdb, from, record.mac, owner);
		if (fdb_fix(fdb, to, record.mac, owner, now) == 0)
			continue;
		mac_failed(port, record.mac, to, err);
		fdb_fix(fdb, from, record.mac, owner, now);
		move_added(port, to, from, NULL);
		return -1;
	}
	return 0;
}

static bool same_addresses(const struct rules *a, const struct rules *b)
{
	return a->maxmac == b->maxmac && a->mac_count == b->mac_count &&
	       memcmp(&a->vlan, &b->vlan, sizeof(a->vlan)) == 0 &&
	       memcmp(a->macs, b->macs, a->mac_count * sizeof(a->macs[0])) == 0;
}

/* Its addresses are what the rules say, and nothing is learned of it yet. */
static int set_addresses(struct port *port, const struct rules *before,
			 const struct rules *r, struct err *err)
{
	if (same_addresses(before, r))
		return 0;
	fdb_flush(port->sw->fdb, &port->addresses);
	release_addresses(port, before, before->mac_count);
	if (move_added(port, fixed_vid(before), fixed_vid(r), err) == 0) {
		if (fix_addresses(port, r, err) == 0)
			return 0;
		move_added(port, fixed_vid(r), fixed_vid(before), NULL);
	}
	fix_addresses(port, before, NULL);
	return -1;
}

void rules_remove(struct port *port)
{
	if (!port->rules)
		return;
	release_addresses(port, &port->rules->conf,
			  port->rules->conf.mac_count);
	impair_end(port);
	free(port->rules);
	port->rules = NULL;
	port->sw->ruled--;
}

/* It has memory for rules. */
static int ensure(struct port *port, struct err *err)
{
	if (port->rules)
		return 0;
	port->rules = calloc(1, sizeof(*port->rules));
	if (!port->rules)
		return err_errno(err, "port %s: cannot allocate its rules",
				 port->name);
	port->sw->ruled++;
	return 0;
}

int rules_apply(struct port *port, const struct rules *rules, struct err *err)
{
	struct rules before = *rules_of(port);

	if (!port->rules && is_empty(rules))
		return 0;
	if (ensure(port, err) < 0)
		return -1;
	if (impair_set(port, &rules->link, err) < 0 ||
	    set_addresses(port, &before, rules, err) < 0) {
		impair_set(port, &before.link, NULL);
		if (is_empty(&before))
			rules_remove(port);
		return -1;
	}
	port->rules->conf = *rules;
	bucket_set(&port->rules->floods, rules->broadcast_limit,
		   port->worker->loop->now);
	if (rules->down) {
		port_discard(port, DROP_ADMIN_DOWN);
		fdb_flush(port->sw->fdb, &port->addresses);
	}
	if (is_empty(rules))
		rules_remove(port);
	return 0;
}
