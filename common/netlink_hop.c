// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RTM_GETROUTE, RTM_GETNEXTHOP and RTM_GETNEIGH, looked through for one
 * address; see netlink_hop.h.
 */
#include "common/netlink_hop.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/** States of a neighbour that there is. */
#define NUD_THERE                                                              \
	(NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT |   \
	 NUD_NOARP)

/*
 * A list that is looked through; @rows come first
 * @addr:	what for
 * @found:	a message had it
 */
struct look {
	struct netlink_rows rows;
	struct in_addr addr;
	bool found;
};

static bool same(const struct nlattr *attr, const struct look *look)
{
	return mnl_attr_get_payload_len(attr) == sizeof(look->addr) &&
	       *(const in_addr_t *)mnl_attr_get_payload(attr) ==
		       look->addr.s_addr;
}

/* Behind @header octets of a message, an attribute of @type has the address. */
static bool told(const struct nlmsghdr *nlh, size_t header, uint16_t type,
		 const struct look *look)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh,
			  header) if (mnl_attr_get_type(attr) == type &&
				      same(attr, look)) return true;
	return false;
}

static bool told_of_path(const struct rtnexthop *path, const struct look *look)
{
	const struct nlattr *attr;

	mnl_attr_for_each_payload(
		(const struct nlattr *)(const void *)RTNH_DATA(path),
		path->rtnh_len -
			sizeof(*path)) if (mnl_attr_get_type(attr) ==
						   RTA_GATEWAY &&
					   same(attr, look)) return true;
	return false;
}

/* Routers of one route, each with attributes of its own. */
static bool in_paths(const struct nlattr *paths, const struct look *look)
{
	const struct rtnexthop *path = mnl_attr_get_payload(paths);
	int left = mnl_attr_get_payload_len(paths);

	for (; RTNH_OK(path, left); path = RTNH_NEXT(path)) {
		if (told_of_path(path, look))
			return true;
		left -= RTNH_ALIGN(path->rtnh_len);
	}
	return false;
}

static int look_route(const struct nlmsghdr *nlh, void *data)
{
	struct look *look = data;
	const struct nlattr *attr;

	look->found |= told(nlh, sizeof(struct rtmsg), RTA_GATEWAY, look);
	mnl_attr_for_each(attr, nlh,
			  sizeof(struct rtmsg)) if (mnl_attr_get_type(attr) ==
						    RTA_MULTIPATH)
		look->found |= in_paths(attr, look);
	return MNL_CB_OK;
}

static int look_nexthop(const struct nlmsghdr *nlh, void *data)
{
	struct look *look = data;

	look->found |= told(nlh, sizeof(struct nhmsg), NHA_GATEWAY, look);
	return MNL_CB_OK;
}

static int look_neigh(const struct nlmsghdr *nlh, void *data)
{
	const struct ndmsg *info = mnl_nlmsg_get_payload(nlh);
	struct look *look = data;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*info) ||
	    !(info->ndm_state & NUD_THERE) ||
	    !told(nlh, sizeof(*info), NDA_DST, look))
		return MNL_CB_OK;
	return netlink_rows_add(&look->rows, &info->ndm_ifindex);
}

static int look_routes(struct netlink *nl, struct look *look, struct err *err)
{
	struct rtmsg info = { .rtm_family = AF_INET };
	struct nlmsghdr *nlh;

	nlh = netlink_message(nl, RTM_GETROUTE, NLM_F_DUMP, &info,
			      sizeof(info));
	if (netlink_dump(nl, nlh, look_route, &look->rows))
		return netlink_fail(nl, err, "list routes");
	return 0;
}

/* A kernel that does not know them has none. */
static int look_nexthops(struct netlink *nl, struct look *look, struct err *err)
{
	struct nhmsg info = { .nh_family = AF_UNSPEC };
	struct nlmsghdr *nlh;

	nlh = netlink_message(nl, RTM_GETNEXTHOP, NLM_F_DUMP, &info,
			      sizeof(info));
	if (netlink_dump(nl, nlh, look_nexthop, &look->rows) &&
	    errno != EOPNOTSUPP)
		return netlink_fail(nl, err, "list nexthops");
	return 0;
}

int netlink_hop_find(struct netlink *nl, struct in_addr addr, bool *found,
		     struct err *err)
{
	struct look look = { .addr = addr };

	if (look_routes(nl, &look, err) || look_nexthops(nl, &look, err))
		return -1;
	*found = look.found;
	return 0;
}

int netlink_neigh_find(struct netlink *nl, struct in_addr addr,
		       unsigned int **indices, size_t *count, struct err *err)
{
	struct look look = { .rows.size = sizeof(**indices), .addr = addr };
	struct ndmsg info = { .ndm_family = AF_INET };
	struct nlmsghdr *nlh;

	nlh = netlink_message(nl, RTM_GETNEIGH, NLM_F_DUMP, &info,
			      sizeof(info));
	if (netlink_dump(nl, nlh, look_neigh, &look.rows))
		return netlink_fail(nl, err, "list neighbours");
	*indices = look.rows.rows;
	*count = look.rows.count;
	return 0;
}
