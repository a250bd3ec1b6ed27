// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses in use, and routes that lead elsewhere; see ground.h. */
#include "uml_net/ground.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/netlink_addr.h"
#include "common/netlink_hop.h"
#include "common/netlink_link.h"
#include "common/netlink_route.h"
#include "common/parse.h"
#include "uml_net/mark.h"

/** A user that no device is marked for. */
#define NOBODY ((uid_t)-1)

/* The interface of @index has @addr; one of @uid's own may. */
static int check_holder(struct netlink *nl, unsigned int index,
			struct in_addr addr, uid_t uid, struct err *err)
{
	struct netlink_link link;

	if (netlink_link_at(nl, index, &link, err))
		return errno == ENODEV ? 0 : -1;
	if (uid != NOBODY && mark_his(&link, uid))
		return 0;
	errno = EADDRINUSE;
	return err_set(err, "%s is in use on this host, on '%s'",
		       format_ip4(addr).text, link.name);
}

/* @held tells whether an interface that may has it. */
static int check_interfaces(struct netlink *nl, struct in_addr addr, uid_t uid,
			    bool *held, struct err *err)
{
	struct netlink_addr *addrs;
	size_t count, i;
	int rc = 0;

	if (netlink_addr_list(nl, AF_INET, &addrs, &count, err))
		return -1;
	*held = false;
	for (i = 0; i < count && !rc; i++) {
		if (memcmp(addrs[i].prefix.addr, &addr, sizeof(addr)) != 0)
			continue;
		rc = check_holder(nl, addrs[i].index, addr, uid, err);
		*held = true;
	}
	free(addrs);
	return rc;
}

/* The route that decides about @addr leads to where a guest can be. */
static bool open_ground(const struct netlink_route *route, bool held)
{
	if (route->type == RTN_LOCAL)
		return held;
	if (route->type != RTN_UNICAST)
		return false;
	if (!route->len)
		return true;
	return route->protocol == RTPROT_KERNEL && !route->gateway &&
	       route->len < 32;
}

static int refuse_route(const struct netlink_route *route, struct in_addr addr,
			struct err *err)
{
	char name[IFNAMSIZ] = "";

	errno = EADDRINUSE;
	if (route->type == RTN_LOCAL)
		return err_set(err, "%s is in use on this host",
			       format_ip4(addr).text);
	if (route->type != RTN_UNICAST)
		return err_set(err,
			       "%s is a broadcast or multicast address "
			       "here",
			       format_ip4(addr).text);
	if_indextoname(route->index, name);
	errno = EADDRINUSE;
	return err_set(err, "%s is routed elsewhere: %s/%u over '%s'",
		       format_ip4(addr).text, format_ip4(route->dst).text,
		       route->len, name);
}

static int check_routes(struct netlink *nl, struct in_addr addr, bool held,
			struct err *err)
{
	struct netlink_route route;

	if (!netlink_route_lookup(nl, addr, &route, err)) {
		if (open_ground(&route, held))
			return 0;
		return refuse_route(&route, addr, err);
	}
	switch (errno) {
	case ENETUNREACH:
		return 0;
	case EINVAL:
	case EHOSTUNREACH:
	case EACCES:
		return err_set(err, "a route of this host forbids %s",
			       format_ip4(addr).text);
	default:
		return -1;
	}
}

/* On a device that uml_net made there is its guest. */
static int check_neighbour(struct netlink *nl, unsigned int index,
			   struct in_addr addr, struct err *err)
{
	struct netlink_link link;

	if (netlink_link_at(nl, index, &link, err))
		return errno == ENODEV ? 0 : -1;
	if (mark_any(&link))
		return 0;
	errno = EADDRINUSE;
	return err_set(err, "%s is a neighbour of this host, on '%s'",
		       format_ip4(addr).text, link.name);
}

static int check_neighbours(struct netlink *nl, struct in_addr addr,
			    struct err *err)
{
	unsigned int *indices;
	size_t count, i;
	int rc = 0;

	if (netlink_neigh_find(nl, addr, &indices, &count, err))
		return -1;
	for (i = 0; i < count && !rc; i++)
		rc = check_neighbour(nl, indices[i], addr, err);
	free(indices);
	return rc;
}

static int check_routers(struct netlink *nl, struct in_addr addr,
			 struct err *err)
{
	bool found;

	if (netlink_hop_find(nl, addr, &found, err))
		return -1;
	if (!found)
		return 0;
	errno = EADDRINUSE;
	return err_set(err, "%s is a router of this host",
		       format_ip4(addr).text);
}

/* Seen by the lookup too, unless an interface has the address meanwhile. */
static int check_guests(struct netlink *nl, struct in_addr addr,
			struct err *err)
{
	struct netlink_route *routes;
	bool found = false;
	size_t count, i;

	if (netlink_route_list(nl, GROUND_PROTOCOL, &routes, &count, err))
		return -1;
	for (i = 0; i < count; i++)
		found |= routes[i].dst.s_addr == addr.s_addr;
	free(routes);
	if (!found)
		return 0;
	errno = EADDRINUSE;
	return err_set(err, "%s is a guest's", format_ip4(addr).text);
}

int ground_gateway(struct netlink *nl, struct in_addr addr, uid_t uid,
		   struct err *err)
{
	bool held;

	if (check_interfaces(nl, addr, uid, &held, err) ||
	    check_routes(nl, addr, held, err) || check_guests(nl, addr, err) ||
	    check_routers(nl, addr, err))
		return -1;
	return check_neighbours(nl, addr, err);
}

int ground_guest(struct netlink *nl, struct in_addr addr, struct err *err)
{
	return ground_gateway(nl, addr, NOBODY, err);
}

int ground_unheld(struct netlink *nl, struct in_addr addr, struct err *err)
{
	bool held;

	return check_interfaces(nl, addr, NOBODY, &held, err);
}
