// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RTM_NEWADDR and RTM_DELADDR; see netlink_addr.h.
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
