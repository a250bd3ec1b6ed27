/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way to an address of a guest, and back:
 * - a route to the address over the guest's device,
 * - proxy ARP on that device: the host answers the guest for everybody,
 * - a proxy neighbour on each interface whose subnet holds the address: the
 *   host answers the others for the guest.
 *
 * Routes and proxy neighbours carry GROUND_PROTOCOL. The route comes first
 * and goes last, so a proxy neighbour without a route is one whose device is
 * gone: see guest_sweep().
 */
#ifndef UML_NET_GUEST_H
#define UML_NET_GUEST_H

#include <netinet/in.h>

#include "common/err.h"
#include "common/netlink.h"
#include "common/netlink_link.h"
#include "uml_net/reply.h"

/** Most addresses that lead to one device: each takes memory of the kernel. */
#define GUEST_ADDRESSES 64

/**
 * guest_add() - Lead an address to a device; all of it or nothing
 * @nl:		handle
 * @dev:	the guest's device
 * @addr:	the address, which ground_guest() has found free
 * @reply:	gets an account
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int guest_add(struct netlink *nl, const struct netlink_link *dev,
	      struct in_addr addr, struct reply *reply, struct err *err);

/**
 * guest_has() - The address leads to the device already
 *
 * Return: 1 or 0, or -1 with @err set
 */
int guest_has(struct netlink *nl, const struct netlink_link *dev,
	      struct in_addr addr, struct err *err);

/** guest_room() - Another address can lead to it; -1 with @err set if not */
int guest_room(struct netlink *nl, const struct netlink_link *dev,
	       struct err *err);

/** guest_del() - Take back what guest_add() did */
int guest_del(struct netlink *nl, const struct netlink_link *dev,
	      struct in_addr addr, struct reply *reply, struct err *err);

/** guest_undo() - Take back whatever is there of it; errno is kept */
void guest_undo(struct netlink *nl, const struct netlink_link *dev,
		struct in_addr addr);

/**
 * guest_sweep() - Remove proxy neighbours whose guest is gone
 *
 * The kernel takes addresses and routes away with a device, but a proxy
 * neighbour belongs to the interface on which it is answered.
 *
 * Return: 0, or -1 with @err set
 */
int guest_sweep(struct netlink *nl, struct err *err);

#endif /* UML_NET_GUEST_H */
