// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RTM_NEWADDR, RTM_DELADDR and RTM_GETADDR; see netlink_addr.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "common/netlink_addr.h"

/** IPv4 prefixes this long have no broadcast address (RFC 3021). */
#define POINT_TO_POINT_LEN 31

/* The highest address of an IPv4 subnet. */
static uint32_t broadcast_of(const struct ip_prefix *prefix)
{
	struct in_addr addr;

	memcpy(&addr, prefix->addr, sizeof(addr));
	return addr.s_addr | htonl(UINT32_MAX >> prefix->len);
}

/* IFA_LOCAL is ours; IFA_ADDRESS would be a peer's, and is the same here. */
static void put_address(struct nlmsghdr *nlh, const struct ip_prefix *prefix)
{
	size_t octets = prefix->family == AF_INET ? 4 : 16;

	mnl_attr_put(nlh, IFA_LOCAL, octets, prefix->addr);
	mnl_attr_put(nlh, IFA_ADDRESS, octets, prefix->addr);
	if (prefix->family == AF_INET && prefix->len < POINT_TO_POINT_LEN)
		mnl_attr_put_u32(nlh, IFA_BROADCAST, broadcast_of(prefix));
}

static int change_address(struct netlink *nl, uint16_t type, uint16_t flags,
			  unsigned int index, const struct ip_prefix *prefix)
{
	struct ifaddrmsg info = {
		.ifa_family = (unsigned char)prefix->family,
		.ifa_prefixlen = prefix->len,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = index,
	};
	struct nlmsghdr *nlh;

	nlh = netlink_message(nl, type, NLM_F_ACK | flags, &info, sizeof(info));
	put_address(nlh, prefix);
	return netlink_talk(nl, nlh, NULL, NULL);
}

/* Tell a failed change; @step is "add" or "delete". */
static int address_fail(const struct netlink *nl, const char *step,
			unsigned int index, const struct ip_prefix *prefix,
			struct err *err)
{
	char text[INET6_ADDRSTRLEN] = "";
	char name[IFNAMSIZ] = "?";
	int saved = errno;

	inet_ntop(prefix->family, prefix->addr, text, sizeof(text));
	if_indextoname(index, name);
	errno = saved;
	return netlink_fail(nl, err, "%s address %s/%u of interface '%s'", step,
			    text, prefix->len, name);
}

int netlink_addr_add(struct netlink *nl, unsigned int index,
		     const struct ip_prefix *prefix, struct err *err)
{
	if (change_address(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index,
			   prefix))
		return address_fail(nl, "add", index, prefix, err);
	return 0;
}

int netlink_addr_del(struct netlink *nl, unsigned int index,
		     const struct ip_prefix *prefix, struct err *err)
{
	if (change_address(nl, RTM_DELADDR, 0, index, prefix))
		return address_fail(nl, "delete", index, prefix, err);
	return 0;
}

static size_t octets_of(int family)
{
	return family == AF_INET ? sizeof(struct in_addr)
				 : sizeof(struct in6_addr);
}

/*
 * The address itself: of a point-to-point link IFA_ADDRESS is the peer's. Other
 * addresses of IPv6 have nothing else (inet6_fill_ifaddr()).
 */
static int read_local(const struct nlattr *attr, void *data)
{
	static const struct ip_prefix none;
	struct netlink_addr *addr = data;
	size_t octets = octets_of(addr->prefix.family);
	int type = mnl_attr_get_type(attr);

	if (mnl_attr_get_payload_len(attr) != octets)
		return MNL_CB_OK;
	if (type == IFA_LOCAL ||
	    (type == IFA_ADDRESS && addr->prefix.family == AF_INET6 &&
	     !memcmp(addr->prefix.addr, none.addr, octets)))
		memcpy(addr->prefix.addr, mnl_attr_get_payload(attr), octets);
	return MNL_CB_OK;
}

static int list_addr(const struct nlmsghdr *nlh, void *data)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(nlh);
	struct netlink_addr addr = { .index = 0 };

	if (nlh->nlmsg_type != RTM_NEWADDR ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*info) ||
	    (info->ifa_family != AF_INET && info->ifa_family != AF_INET6))
		return MNL_CB_OK;
	addr.index = info->ifa_index;
	addr.prefix.family = info->ifa_family;
	addr.prefix.len = info->ifa_prefixlen;
	addr.permanent = info->ifa_flags & IFA_F_PERMANENT;
	mnl_attr_parse(nlh, sizeof(*info), read_local, &addr);
	return netlink_rows_add(data, &addr);
}

int netlink_addr_list(struct netlink *nl, int family,
		      struct netlink_addr **addrs, size_t *count,
		      struct err *err)
{
	struct netlink_rows rows = { .size = sizeof(**addrs) };
	struct ifaddrmsg info = { .ifa_family = (unsigned char)family };
	struct nlmsghdr *nlh;

	nlh = netlink_message(nl, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info));
	if (netlink_dump(nl, nlh, list_addr, &rows))
		return netlink_fail(nl, err, "list addresses");
	*addrs = rows.rows;
	*count = rows.count;
	return 0;
}
