// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RTM_NEWNEIGH, RTM_DELNEIGH and RTM_GETNEIGH with NTF_PROXY; see
 * netlink_proxy.h.
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "common/netlink_proxy.h"
#include "common/parse.h"

static int change_proxy(struct netlink *nl, uint16_t type, uint16_t flags,
			const struct netlink_proxy *proxy)
{
	struct ndmsg info = {
		.ndm_family = AF_INET,
		.ndm_ifindex = (int)proxy->index,
		.ndm_flags = NTF_PROXY,
	};
	struct nlmsghdr *nlh;

	nlh = netlink_message(nl, type, NLM_F_ACK | flags, &info, sizeof(info));
	mnl_attr_put(nlh, NDA_DST, sizeof(proxy->addr), &proxy->addr);
	if (type == RTM_NEWNEIGH && proxy->protocol)
		mnl_attr_put_u8(nlh, NDA_PROTOCOL, proxy->protocol);
	return netlink_talk(nl, nlh, NULL, NULL);
}

static int proxy_fail(const struct netlink *nl, const char *step,
		      const struct netlink_proxy *proxy, struct err *err)
{
	char name[IFNAMSIZ] = "?";
	int saved = errno;

	if_indextoname(proxy->index, name);
	errno = saved;
	return netlink_fail(nl, err, "%s proxy ARP entry for %s on '%s'", step,
			    format_ip4(proxy->addr).text, name);
}

int netlink_proxy_add(struct netlink *nl, const struct netlink_proxy *proxy,
		      struct err *err)
{
	if (change_proxy(nl, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, proxy))
		return proxy_fail(nl, "add", proxy, err);
	return 0;
}

int netlink_proxy_del(struct netlink *nl, const struct netlink_proxy *proxy,
		      struct err *err)
{
	if (change_proxy(nl, RTM_DELNEIGH, 0, proxy))
		return proxy_fail(nl, "delete", proxy, err);
	return 0;
}

static int read_attr(const struct nlattr *attr, void *data)
{
	struct netlink_proxy *proxy = data;

	switch (mnl_attr_get_type(attr)) {
	case NDA_DST:
		if (mnl_attr_get_payload_len(attr) == sizeof(proxy->addr))
			memcpy(&proxy->addr, mnl_attr_get_payload(attr),
			       sizeof(proxy->addr));
		break;
	case NDA_PROTOCOL:
		if (mnl_attr_validate(attr, MNL_TYPE_U8) >= 0)
			proxy->protocol = mnl_attr_get_u8(attr);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int list_proxy(const struct nlmsghdr *nlh, void *data)
{
	const struct ndmsg *info = mnl_nlmsg_get_payload(nlh);
	struct netlink_proxy proxy = { 0 };

	if (nlh->nlmsg_type != RTM_NEWNEIGH ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*info) ||
	    info->ndm_family != AF_INET || !(info->ndm_flags & NTF_PROXY))
		return MNL_CB_OK;
	proxy.index = (unsigned int)info->ndm_ifindex;
	mnl_attr_parse(nlh, sizeof(*info), read_attr, &proxy);
	return netlink_rows_add(data, &proxy);
}

int netlink_proxy_list(struct netlink *nl, struct netlink_proxy **proxies,
		       size_t *count, struct err *err)
{
	struct netlink_rows rows = { .size = sizeof(**proxies) };
	struct ndmsg info = { .ndm_family = AF_INET, .ndm_flags = NTF_PROXY };
	struct nlmsghdr *nlh;

	nlh = netlink_message(nl, RTM_GETNEIGH, NLM_F_DUMP, &info,
			      sizeof(info));
	if (netlink_dump(nl, nlh, list_proxy, &rows))
		return netlink_fail(nl, err, "list proxy ARP entries");
	*proxies = rows.rows;
	*count = rows.count;
	return 0;
}
