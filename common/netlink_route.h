/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 routes through rtnetlink: what the kernel does with a destination, and
 * routes to single hosts.
 *
 * A route carries the number of the program that made it (rtm_protocol), by
 * which the program finds its own again.
 */
#ifndef COMMON_NETLINK_ROUTE_H
#define COMMON_NETLINK_ROUTE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/netlink.h"

/**
 * struct netlink_route - A route
 * @dst:	network
 * @len:	length of its prefix, 0 to 32
 * @type:	RTN_UNICAST, RTN_LOCAL, ... of rtnetlink(7)
 * @protocol:	who made it: RTPROT_KERNEL, RTPROT_STATIC, ...
 * @gateway:	leads over another host
 * @index:	interface that it leads out of, or 0
 */
struct netlink_route {
	struct in_addr dst;
	uint8_t len;
	uint8_t type;
	uint8_t protocol;
	bool gateway;
	unsigned int index;
};

/**
 * netlink_route_lookup() - The route that decides where a destination is
 * @nl:		handle
 * @dst:	destination
 * @route:	filled on success with the route itself, not its application
 *		(RTM_F_FIB_MATCH, Linux 4.13)
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set and errno: ENETUNREACH where there is none;
 *	   EINVAL, EHOSTUNREACH or EACCES where one forbids it (blackhole,
 *	   unreachable, prohibit)
 */
int netlink_route_lookup(struct netlink *nl, struct in_addr dst,
			 struct netlink_route *route, struct err *err);

/**
 * netlink_route_add() - Route to a single host on a link
 * @nl:		handle
 * @host:	the host
 * @index:	interface that it is behind
 * @protocol:	number of the program
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set and errno (EEXIST: the host has a route)
 */
int netlink_route_add(struct netlink *nl, struct in_addr host,
		      unsigned int index, uint8_t protocol, struct err *err);

/** netlink_route_del() - Take it away; ESRCH where there is none such */
int netlink_route_del(struct netlink *nl, struct in_addr host,
		      unsigned int index, uint8_t protocol, struct err *err);

/**
 * netlink_route_list() - All routes of a program in the main table
 * @nl:		handle
 * @protocol:	its number
 * @routes:	set on success to an array, to be freed
 * @count:	how many
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int netlink_route_list(struct netlink *nl, uint8_t protocol,
		       struct netlink_route **routes, size_t *count,
		       struct err *err);

#endif /* COMMON_NETLINK_ROUTE_H */
