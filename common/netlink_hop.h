/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who the host speaks to through rtnetlink: the routers that its routes lead
 * over, and the neighbours that it has heard (struct ndmsg of rtnetlink(7)).
 */
#ifndef COMMON_NETLINK_HOP_H
#define COMMON_NETLINK_HOP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/netlink.h"

/**
 * netlink_hop_find() - Whether an address is that of a router
 * @nl:		handle
 * @addr:	the address
 * @found:	set on success: some IPv4 route of any table leads over it, or
 *		a nexthop object (Linux 5.3) names it
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int netlink_hop_find(struct netlink *nl, struct in_addr addr, bool *found,
		     struct err *err);

/**
 * netlink_neigh_find() - Where an address is that of a neighbour
 * @nl:		handle
 * @addr:	the address
 * @indices:	set on success to an array, to be freed: the interfaces where
 *		it was heard, or set by hand; not those where it is sought in
 *		vain
 * @count:	how many
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int netlink_neigh_find(struct netlink *nl, struct in_addr addr,
		       unsigned int **indices, size_t *count, struct err *err);

#endif /* COMMON_NETLINK_HOP_H */
