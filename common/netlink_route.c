// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RTM_NEWROUTE, RTM_DELROUTE and RTM_GETROUTE; see netlink_route.h.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "common/netlink_route.h"
#include "common/parse.h"

#define HOST_LEN 32

static int read_attr(const struct nlattr *attr, void *data)
{
	struct netlink_route *route = data;

	switch (mnl_attr_get_type(attr)) {
	case RTA_DST:
		if (mnl_attr_get_payload_len(attr) == sizeof(route->dst))
			memcpy(&route->dst, mnl_attr_get_payload(attr),
			       sizeof(route->dst));
		break;
	case RTA_OIF:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			route->index = mnl_attr_get_u32(attr);
		break;
	case RTA_GATEWAY:
	case RTA_VIA:
	case RTA_MULTIPATH:
	case RTA_NH_ID:
		route->gateway = true;
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int read_route(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *info = mnl_nlmsg_get_payload(nlh);
	struct netlink_route *route = data;

	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*info) ||
	    info->rtm_family != AF_INET)
		return MNL_CB_OK;
	memset(route, 0, sizeof(*route));
	route->len = info->rtm_dst_len;
	route->type = info->rtm_type;
	route->protocol = info->rtm_protocol;
	mnl_attr_parse(nlh, sizeof(*info), read_attr, route);
	return MNL_CB_OK;
}

int netlink_route_lookup(struct netlink *nl, struct in_addr dst,
			 struct netlink_route *route, struct err *err)
{
	struct rtmsg info = {
		.rtm_family = AF_INET,
		.rtm_dst_len = HOST_LEN,
		.rtm_flags = RTM_F_FIB_MATCH,
	};
	struct netlink_route found = { 0 };
	struct nlmsghdr *nlh;

	nlh = netlink_message(nl, RTM_GETROUTE, NLM_F_ACK, &info, sizeof(info));
	mnl_attr_put(nlh, RTA_DST, sizeof(dst), &dst);
	if (netlink_talk(nl, nlh, read_route, &found))
		return netlink_fail(nl, err, "look up the route to %s",
				    format_ip4(dst).text);
	if (found.type == RTN_UNSPEC) {
		errno = EBADMSG;
		return err_set(err,
			       "the kernel told nothing of the route to "
			       "%s",
			       format_ip4(dst).text);
	}
	*route = found;
	return 0;
}

/* Make or take away the route to @host. */
static int change_route(struct netlink *nl, uint16_t type, uint16_t flags,
			struct in_addr host, unsigned int index,
			uint8_t protocol)
{
	struct rtmsg info = {
		.rtm_family = AF_INET,
		.rtm_dst_len = HOST_LEN,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = protocol,
		.rtm_scope = RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	struct nlmsghdr *nlh;

	nlh = netlink_message(nl, type, NLM_F_ACK | flags, &info, sizeof(info));
	mnl_attr_put(nlh, RTA_DST, sizeof(host), &host);
	mnl_attr_put_u32(nlh, RTA_OIF, index);
	return netlink_talk(nl, nlh, NULL, NULL);
}

static int route_fail(const struct netlink *nl, const char *step,
		      struct in_addr host, unsigned int index, struct err *err)
{
	char name[IFNAMSIZ] = "?";
	int saved = errno;

	if_indextoname(index, name);
	errno = saved;
	return netlink_fail(nl, err, "%s route to %s over '%s'", step,
			    format_ip4(host).text, name);
}

int netlink_route_add(struct netlink *nl, struct in_addr host,
		      unsigned int index, uint8_t protocol, struct err *err)
{
	if (change_route(nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, host,
			 index, protocol))
		return route_fail(nl, "add", host, index, err);
	return 0;
}

int netlink_route_del(struct netlink *nl, struct in_addr host,
		      unsigned int index, uint8_t protocol, struct err *err)
{
	if (change_route(nl, RTM_DELROUTE, 0, host, index, protocol))
		return route_fail(nl, "delete", host, index, err);
	return 0;
}

/* Routes of one program; the rows come first. */
struct route_list {
	struct netlink_rows rows;
	uint8_t protocol;
};

static int list_route(const struct nlmsghdr *nlh, void *data)
{
	struct netlink_route route = { 0 };
	struct route_list *list = data;

	read_route(nlh, &route);
	if (route.protocol != list->protocol)
		return MNL_CB_OK;
	return netlink_rows_add(&list->rows, &route);
}

/*
 * The kernel leaves out the others by itself since Linux 4.20, and since then
 * says ENOENT of a table that no route was ever in.
 */
int netlink_route_list(struct netlink *nl, uint8_t protocol,
		       struct netlink_route **routes, size_t *count,
		       struct err *err)
{
	struct route_list list = { .rows.size = sizeof(**routes),
				   .protocol = protocol };
	struct rtmsg info = {
		.rtm_family = AF_INET,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = protocol,
	};
	struct nlmsghdr *nlh;

	nlh = netlink_message(nl, RTM_GETROUTE, NLM_F_DUMP, &info,
			      sizeof(info));
	if (netlink_dump(nl, nlh, list_route, &list.rows) && errno != ENOENT)
		return netlink_fail(nl, err, "list routes");
	*routes = list.rows.rows;
	*count = list.rows.count;
	return 0;
}
