// SPDX-License-Identifier: GPL-2.0-or-later
/* Routes and proxy neighbours of guests; see guest.h. */
#include "uml_net/guest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/netlink_addr.h"
#include "common/netlink_proxy.h"
#include "common/netlink_route.h"
#include "common/parse.h"
#include "uml_net/ground.h"

static bool holds(const struct ip_prefix *subnet, struct in_addr addr)
{
	uint32_t mask = subnet->len ? htonl(~0U << (32 - subnet->len)) : 0;
	struct in_addr own;

	memcpy(&own, subnet->addr, sizeof(own));
	return !((own.s_addr ^ addr.s_addr) & mask);
}

/* Somebody asks there with ARP whom the answer can reach. */
static bool asks(const struct netlink_link *link)
{
	return link->flags & IFF_UP &&
	       !(link->flags & (IFF_LOOPBACK | IFF_POINTOPOINT | IFF_NOARP));
}

static bool listed(const struct netlink_proxy *list, size_t count,
		   const struct netlink_proxy *proxy)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (list[i].index == proxy->index &&
		    list[i].addr.s_addr == proxy->addr.s_addr)
			return true;
	}
	return false;
}

/* On one interface; an entry that is there already stays whose it is. */
static int publish_on(struct netlink *nl, unsigned int index,
		      struct in_addr addr, struct reply *reply, struct err *err)
{
	struct netlink_proxy *list, proxy = {
		.addr = addr,
		.index = index,
		.protocol = GROUND_PROTOCOL,
	};
	struct netlink_link link;
	size_t count;
	bool there;

	if (netlink_link_at(nl, index, &link, err) ||
	    netlink_proxy_list(nl, &list, &count, err))
		return -1;
	there = listed(list, count, &proxy);
	free(list);
	if (there || !asks(&link))
		return 0;
	if (netlink_proxy_add(nl, &proxy, err))
		return -1;
	reply_line(reply, "%s answers ARP for %s", link.name,
		   format_ip4(addr).text);
	return 0;
}

static int publish(struct netlink *nl, const struct netlink_link *dev,
		   struct in_addr addr, struct reply *reply, struct err *err)
{
	struct netlink_addr *addrs;
	size_t count, i;
	int rc = 0;

	if (netlink_addr_list(nl, AF_INET, &addrs, &count, err))
		return -1;
	for (i = 0; i < count && !rc; i++) {
		if (addrs[i].index != dev->index && addrs[i].prefix.len < 32 &&
		    holds(&addrs[i].prefix, addr))
			rc = publish_on(nl, addrs[i].index, addr, reply, err);
	}
	free(addrs);
	return rc;
}

/* Take our entries for @addr away, wherever they are. */
static int withdraw(struct netlink *nl, struct in_addr addr,
		    struct reply *reply, struct err *err)
{
	struct netlink_proxy *list;
	char name[IFNAMSIZ];
	size_t count, i;
	int rc = 0;

	if (netlink_proxy_list(nl, &list, &count, err))
		return -1;
	for (i = 0; i < count; i++) {
		if (list[i].protocol != GROUND_PROTOCOL ||
		    list[i].addr.s_addr != addr.s_addr)
			continue;
		if (netlink_proxy_del(nl, &list[i], err))
			rc = -1;
		else if (if_indextoname(list[i].index, name))
			reply_line(reply, "%s no longer answers ARP for %s",
				   name, format_ip4(addr).text);
	}
	free(list);
	return rc;
}

/* How many addresses lead to @dev; @has, whether @addr is one of them. */
static int count_routes(struct netlink *nl, const struct netlink_link *dev,
			struct in_addr addr, size_t *routes, bool *has,
			struct err *err)
{
	struct netlink_route *list;
	size_t count, i;

	if (netlink_route_list(nl, GROUND_PROTOCOL, &list, &count, err))
		return -1;
	*routes = 0;
	*has = false;
	for (i = 0; i < count; i++) {
		if (list[i].index != dev->index)
			continue;
		++*routes;
		if (list[i].len == 32 && list[i].dst.s_addr == addr.s_addr)
			*has = true;
	}
	free(list);
	return 0;
}

int guest_has(struct netlink *nl, const struct netlink_link *dev,
	      struct in_addr addr, struct err *err)
{
	size_t routes;
	bool has;

	if (count_routes(nl, dev, addr, &routes, &has, err))
		return -1;
	return has;
}

int guest_room(struct netlink *nl, const struct netlink_link *dev,
	       struct err *err)
{
	struct in_addr none = { 0 };
	size_t routes;
	bool has;

	if (count_routes(nl, dev, none, &routes, &has, err))
		return -1;
	if (routes < GUEST_ADDRESSES)
		return 0;
	errno = EDQUOT;
	return err_set(err, "'%s' has %zu addresses, and that is the most",
		       dev->name, routes);
}

void guest_undo(struct netlink *nl, const struct netlink_link *dev,
		struct in_addr addr)
{
	struct reply unheard = { .used = 0 };
	int saved = errno;

	guest_del(nl, dev, addr, &unheard, NULL);
	errno = saved;
}

/* If it has ended meanwhile, its guard may have swept before we published. */
static int still_there(struct netlink *nl, const struct netlink_link *dev,
		       struct in_addr addr, struct err *err)
{
	int has = guest_has(nl, dev, addr, err);

	if (has > 0)
		return 0;
	errno = ENODEV;
	return has ? -1 : err_set(err, "'%s' has ended", dev->name);
}

int guest_add(struct netlink *nl, const struct netlink_link *dev,
	      struct in_addr addr, struct reply *reply, struct err *err)
{
	if (netlink_route_add(nl, addr, dev->index, GROUND_PROTOCOL, err))
		return -1;
	reply_line(reply, "%s is routed to %s", format_ip4(addr).text,
		   dev->name);
	if (!netlink_link_proxy_arp(nl, dev->index, true, err)) {
		reply_line(reply, "%s answers ARP of the guest (proxy ARP)",
			   dev->name);
		if (!publish(nl, dev, addr, reply, err) &&
		    !still_there(nl, dev, addr, err))
			return 0;
	}
	guest_undo(nl, dev, addr);
	return -1;
}

/* The last address takes proxy ARP along. */
static int drop_route(struct netlink *nl, const struct netlink_link *dev,
		      struct in_addr addr, struct reply *reply, struct err *err)
{
	size_t routes;
	bool has;

	if (netlink_route_del(nl, addr, dev->index, GROUND_PROTOCOL, err))
		return -1;
	reply_line(reply, "%s is no longer routed to %s", format_ip4(addr).text,
		   dev->name);
	if (count_routes(nl, dev, addr, &routes, &has, err))
		return -1;
	if (routes)
		return 0;
	return netlink_link_proxy_arp(nl, dev->index, false, err);
}

int guest_del(struct netlink *nl, const struct netlink_link *dev,
	      struct in_addr addr, struct reply *reply, struct err *err)
{
	int rc = withdraw(nl, addr, reply, err);

	return drop_route(nl, dev, addr, reply, err) ? -1 : rc;
}

static bool routed(const struct netlink_route *routes, size_t count,
		   struct in_addr addr)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (routes[i].dst.s_addr == addr.s_addr)
			return true;
	}
	return false;
}

static int sweep(struct netlink *nl, const struct netlink_proxy *list,
		 size_t count, struct err *err)
{
	struct netlink_route *routes;
	size_t route_count, i;
	int rc = 0;

	if (netlink_route_list(nl, GROUND_PROTOCOL, &routes, &route_count, err))
		return -1;
	for (i = 0; i < count; i++) {
		if (list[i].protocol == GROUND_PROTOCOL &&
		    !routed(routes, route_count, list[i].addr) &&
		    netlink_proxy_del(nl, &list[i], err) && errno != ENOENT)
			rc = -1;
	}
	free(routes);
	return rc;
}

int guest_sweep(struct netlink *nl, struct err *err)
{
	struct netlink_proxy *list;
	size_t count, i, ours = 0;
	int rc = 0;

	if (netlink_proxy_list(nl, &list, &count, err))
		return -1;
	for (i = 0; i < count; i++)
		ours += list[i].protocol == GROUND_PROTOCOL;
	if (ours)
		rc = sweep(nl, list, count, err);
	free(list);
	return rc;
}
