/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of a port: what the operator lets its client do. Each is a key of
 * SPEC, and all of them can be changed while the port is plugged in.
 *
 * Where no port has rules, they cost a look at sw->ruled for each frame.
 */
#ifndef UML_ROUTER_RULES_H
#define UML_ROUTER_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/parse.h"
#include "impair.h"
#include "limits.h"
#include "vlan.h"

struct port;

/** Most addresses of mac=. */
#define RULES_MACS 16
/** A value that takes a rule back, and one that a rule has then. */
#define RULES_NONE "none"

/**
 * struct rules - What can be asked for; all zero: no rules
 * @access:	vlan=, or 0
 * @native:	native=, or 0
 * @vlan:	trunk=; the rest of it follows from the two above
 * @isolated:	talks to ports that are not isolated, and to no others
 * @down:	nothing comes in and nothing goes out
 * @maxmac:	most addresses that its clients may have, or 0: no limit
 * @macs:	mac=: the only addresses that its clients may have
 * @mac_count:	how many; 0: any
 * @broadcast_limit:	most frames a second for all, or 0: no limit
 * @link:	loss=, delay=, rate=
 */
struct rules {
	uint16_t access, native;
	struct vlan_conf vlan;
	bool isolated;
	bool down;
	uint32_t maxmac;
	uint8_t macs[RULES_MACS][MAC_LEN];
	unsigned int mac_count;
	uint32_t broadcast_limit;
	struct impair_conf link;
};

/**
 * struct port_rules - The rules of a port that has any
 * @conf:	what was asked for
 * @floods:	the frames for all that may come in
 */
struct port_rules {
	struct rules conf;
	struct bucket floods;
};

/** rules_key() - Name of the key number @i, or NULL behind the last */
const char *rules_key(size_t i);

/** rules_has_key() - Is there such a key? */
bool rules_has_key(const char *key);

/**
 * rules_set() - Take one key
 * @rules:	changed
 * @key:	one that rules_has_key()
 * @value:	its value, RULES_NONE to take the rule back, or NULL for a key
 *		that stands alone
 * @err:	filled on failure: then @rules is as it was
 *
 * Return: 0, or -1 with @err set
 */
int rules_set(struct rules *rules, const char *key, const char *value,
	      struct err *err);

/**
 * rules_check() - Do all keys together make sense? To be asked behind the last
 * @rules:	completed
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int rules_check(struct rules *rules, struct err *err);

/**
 * rules_apply() - Give a port its rules, new or other ones
 * @port:	a port with a switch and a queue
 * @rules:	checked ones
 * @err:	filled on failure
 *
 * What was learned of it is forgotten, and what waits in a port that is down
 * now is dropped.
 *
 * Return: 0, or -1 with @err set: then it has the rules that it had
 */
int rules_apply(struct port *port, const struct rules *rules, struct err *err);

/** rules_fixed_vlan() - The VLAN that a port's addresses are fixed in */
uint16_t rules_fixed_vlan(const struct port *port);

/** rules_of() - The rules of a port, to be shown or changed */
const struct rules *rules_of(const struct port *port);

/** rules_remove() - The port has none any more */
void rules_remove(struct port *port);

#endif /* UML_ROUTER_RULES_H */
