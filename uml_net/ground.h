/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether an address is free on this host: the policy says what a user may
 * have, the host what there is already.
 *
 * An address is refused that
 * - an interface has, be it up or down. A gateway may be that of another tap
 *   of the same user: several guests can have one gateway;
 * - the kernel knows as broadcast or multicast, or that a route forbids
 *   (blackhole, unreachable, prohibit);
 * - a route leads elsewhere: any but the default route, and but the route of
 *   a subnet that the host itself is in, which is where guests are published;
 * - a router of the host has, or a neighbour of it that was heard: such a
 *   subnet is that of others as well. What is on a device that uml_net made
 *   is no neighbour but a guest, and that has a route.
 */
#ifndef UML_NET_GROUND_H
#define UML_NET_GROUND_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/netlink.h"

/** Number by which routes and proxy neighbours of uml_net are known. */
#define GROUND_PROTOCOL 85

/**
 * ground_gateway() - Whether a tap can have an address
 * @nl:		handle
 * @addr:	address
 * @uid:	for whom
 * @err:	filled if not
 *
 * Return: 0, or -1 with @err set
 */
int ground_gateway(struct netlink *nl, struct in_addr addr, uid_t uid,
		   struct err *err);

/** ground_guest() - Whether a guest can have an address */
int ground_guest(struct netlink *nl, struct in_addr addr, struct err *err);

/**
 * ground_unheld() - No interface has an address, now that it leads to a guest
 *
 * ground_gateway() sees that it leads to one: of two calls that pass each
 * other at least one sees the other.
 */
int ground_unheld(struct netlink *nl, struct in_addr addr, struct err *err);

#endif /* UML_NET_GROUND_H */
