// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RTM_GETLINK and RTM_NEWLINK; see netlink_link.h. An answer of the kernel is
 * read attribute by attribute, each checked for its length, and what this
 * program does not know is passed over.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/netlink_link.h"

/** IFLA_TUN_TYPE of a tap; the value of IFF_TAP. */
#define TUN_TYPE_TAP 2

static uint32_t get_u32(const struct nlattr *attr)
{
	if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
		return 0;
	return mnl_attr_get_u32(attr);
}

static uint8_t get_u8(const struct nlattr *attr)
{
	if (mnl_attr_validate(attr, MNL_TYPE_U8) < 0)
		return 0;
	return mnl_attr_get_u8(attr);
}

static void get_text(const struct nlattr *attr, char *out, size_t size)
{
	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		snprintf(out, size, "%s", mnl_attr_get_str(attr));
}

/* One attribute of IFLA_INFO_DATA of a tun/tap device. */
static int read_tun(const struct nlattr *attr, void *data)
{
	struct netlink_tun *tun = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_TUN_TYPE:
		tun->known = true;
		tun->tap = get_u8(attr) == TUN_TYPE_TAP;
		break;
	case IFLA_TUN_PI:
		tun->pi = get_u8(attr);
		break;
	case IFLA_TUN_VNET_HDR:
		tun->vnet_hdr = get_u8(attr);
		break;
	case IFLA_TUN_PERSIST:
		tun->persist = get_u8(attr);
		break;
	case IFLA_TUN_MULTI_QUEUE:
		tun->multi_queue = get_u8(attr);
		break;
	case IFLA_TUN_NUM_QUEUES:
		tun->queues = get_u32(attr);
		break;
	case IFLA_TUN_NUM_DISABLED_QUEUES:
		tun->detached = get_u32(attr);
		break;
	case IFLA_TUN_OWNER:
		tun->owner = get_u32(attr);
		break;
	case IFLA_TUN_GROUP:
		tun->group = get_u32(attr);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

/* One attribute of IFLA_LINKINFO; the kind comes before its data. */
static int read_info(const struct nlattr *attr, void *data)
{
	struct netlink_link *link = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_INFO_KIND:
		get_text(attr, link->kind, sizeof(link->kind));
		break;
	case IFLA_INFO_DATA:
		if (!strcmp(link->kind, "tun"))
			mnl_attr_parse_nested(attr, read_tun, &link->tun);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

/* Older kernels tell fewer counters; those that all tell are at the front. */
static void read_stats(const struct nlattr *attr, struct netlink_stats *stats)
{
	struct rtnl_link_stats64 all = { 0 };
	size_t octets = mnl_attr_get_payload_len(attr);

	if (octets > sizeof(all))
		octets = sizeof(all);
	memcpy(&all, mnl_attr_get_payload(attr), octets);
	stats->rx_packets = all.rx_packets;
	stats->rx_bytes = all.rx_bytes;
	stats->rx_dropped = all.rx_dropped;
	stats->tx_packets = all.tx_packets;
	stats->tx_bytes = all.tx_bytes;
	stats->tx_dropped = all.tx_dropped;
}

/* One attribute of the link itself. */
static int read_attr(const struct nlattr *attr, void *data)
{
	struct netlink_link *link = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		get_text(attr, link->name, sizeof(link->name));
		break;
	case IFLA_MTU:
		link->mtu = get_u32(attr);
		break;
	case IFLA_TXQLEN:
		link->txqueuelen = get_u32(attr);
		break;
	case IFLA_MASTER:
		link->master = get_u32(attr);
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attr) == MAC_LEN)
			memcpy(link->mac, mnl_attr_get_payload(attr), MAC_LEN);
		break;
	case IFLA_IFALIAS:
		get_text(attr, link->alias, sizeof(link->alias));
		break;
	case IFLA_CARRIER:
		link->carrier = get_u8(attr);
		break;
	case IFLA_QDISC:
		get_text(attr, link->qdisc, sizeof(link->qdisc));
		break;
	case IFLA_STATS64:
		read_stats(attr, &link->stats);
		break;
	case IFLA_LINKINFO:
		mnl_attr_parse_nested(attr, read_info, link);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int read_link(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	struct netlink_link *link = data;

	if (nlh->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*info))
		return MNL_CB_OK;
	memset(link, 0, sizeof(*link));
	link->tun.owner = (uid_t)-1;
	link->tun.group = (gid_t)-1;
	link->index = (unsigned int)info->ifi_index;
	link->flags = info->ifi_flags;
	mnl_attr_parse(nlh, sizeof(*info), read_attr, link);
	return MNL_CB_OK;
}

/* @nlh says which; @what names it for an error text. */
static int get_link(struct netlink *nl, struct nlmsghdr *nlh, const char *what,
		    struct netlink_link *link, struct err *err)
{
	struct netlink_link found = { 0 };

	if (netlink_talk(nl, nlh, read_link, &found)) {
		if (errno == ENODEV)
			return err_set(err, "there is no interface %s", what);
		return netlink_fail(nl, err, "look up interface %s", what);
	}
	if (!found.index) {
		errno = EBADMSG;
		return err_set(err, "the kernel told nothing of interface %s",
			       what);
	}
	*link = found;
	return 0;
}

int netlink_link_get(struct netlink *nl, const char *name,
		     struct netlink_link *link, struct err *err)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	char what[IFNAMSIZ + 2];
	struct nlmsghdr *nlh;

	if (!*name || strlen(name) >= IFNAMSIZ) {
		errno = ENODEV;
		return err_set(err, "there is no interface '%.64s'", name);
	}
	snprintf(what, sizeof(what), "'%s'", name);
	nlh = netlink_message(nl, RTM_GETLINK, NLM_F_ACK, &info, sizeof(info));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	return get_link(nl, nlh, what, link, err);
}

int netlink_link_at(struct netlink *nl, unsigned int index,
		    struct netlink_link *link, struct err *err)
{
	struct ifinfomsg info = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = (int)index,
	};
	struct nlmsghdr *nlh;
	char what[32];

	snprintf(what, sizeof(what), "number %u", index);
	nlh = netlink_message(nl, RTM_GETLINK, NLM_F_ACK, &info, sizeof(info));
	return get_link(nl, nlh, what, link, err);
}

/* Interfaces of one kind; the rows come first. */
struct link_list {
	struct netlink_rows rows;
	const char *kind;
};

static int list_link(const struct nlmsghdr *nlh, void *data)
{
	struct netlink_link link = { 0 };
	struct link_list *list = data;

	read_link(nlh, &link);
	if (!link.index || (list->kind && strcmp(link.kind, list->kind) != 0))
		return MNL_CB_OK;
	return netlink_rows_add(&list->rows, &link);
}

/* The kernel leaves out other kinds by itself since Linux 4.6. */
static void put_kind(struct nlmsghdr *nlh, const char *kind)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IFLA_LINKINFO);

	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	mnl_attr_nest_end(nlh, nest);
}

int netlink_link_list(struct netlink *nl, const char *kind,
		      struct netlink_link **links, size_t *count,
		      struct err *err)
{
	struct link_list list = { .rows.size = sizeof(**links), .kind = kind };
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct nlmsghdr *nlh;

	nlh = netlink_message(nl, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
	if (kind)
		put_kind(nlh, kind);
	if (netlink_dump(nl, nlh, list_link, &list.rows))
		return netlink_fail(nl, err, "list interfaces of kind '%s'",
				    kind ? kind : "any");
	*links = list.rows.rows;
	*count = list.rows.count;
	return 0;
}

int netlink_ifindex(struct netlink *nl, const char *name, unsigned int *index,
		    struct err *err)
{
	struct netlink_link link;

	if (netlink_link_get(nl, name, &link, err))
		return -1;
	*index = link.index;
	return 0;
}

/* Room for the name of an interface, or its number where it has gone. */
struct label {
	char text[32];
};

/* An interface for an error text; the errno of the failure is kept. */
static struct label label_of(unsigned int index)
{
	char name[IFNAMSIZ];
	struct label label;
	int saved = errno;

	if (if_indextoname(index, name))
		snprintf(label.text, sizeof(label.text), "'%s'", name);
	else
		snprintf(label.text, sizeof(label.text), "number %u", index);
	errno = saved;
	return label;
}

/* A change of one interface: @flags of those in @change, attributes follow. */
static struct nlmsghdr *change_link(struct netlink *nl, unsigned int index,
				    unsigned int flags, unsigned int change)
{
	struct ifinfomsg info = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = (int)index,
		.ifi_flags = flags,
		.ifi_change = change,
	};

	return netlink_message(nl, RTM_NEWLINK, NLM_F_ACK, &info, sizeof(info));
}

int netlink_link_up(struct netlink *nl, unsigned int index, bool up,
		    struct err *err)
{
	struct nlmsghdr *nlh;

	nlh = change_link(nl, index, up ? IFF_UP : 0, IFF_UP);
	if (netlink_talk(nl, nlh, NULL, NULL))
		return netlink_fail(nl, err, "switch interface %s %s",
				    label_of(index).text, up ? "on" : "off");
	return 0;
}

int netlink_link_mtu(struct netlink *nl, unsigned int index, uint32_t mtu,
		     struct err *err)
{
	struct nlmsghdr *nlh = change_link(nl, index, 0, 0);

	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	if (netlink_talk(nl, nlh, NULL, NULL))
		return netlink_fail(nl, err, "set MTU of interface %s to %u",
				    label_of(index).text, mtu);
	return 0;
}

int netlink_link_txqueuelen(struct netlink *nl, unsigned int index,
			    uint32_t frames, struct err *err)
{
	struct nlmsghdr *nlh = change_link(nl, index, 0, 0);

	mnl_attr_put_u32(nlh, IFLA_TXQLEN, frames);
	if (netlink_talk(nl, nlh, NULL, NULL))
		return netlink_fail(nl, err,
				    "set txqueuelen of interface %s to %u",
				    label_of(index).text, frames);
	return 0;
}

int netlink_link_mac(struct netlink *nl, unsigned int index,
		     const uint8_t mac[MAC_LEN], struct err *err)
{
	struct nlmsghdr *nlh = change_link(nl, index, 0, 0);
	char text[MAC_TEXT_LEN];

	mnl_attr_put(nlh, IFLA_ADDRESS, MAC_LEN, mac);
	if (!netlink_talk(nl, nlh, NULL, NULL))
		return 0;
	format_mac(mac, text);
	return netlink_fail(nl, err, "set address of interface %s to %s",
			    label_of(index).text, text);
}

int netlink_link_master(struct netlink *nl, unsigned int index,
			unsigned int bridge, struct err *err)
{
	struct nlmsghdr *nlh = change_link(nl, index, 0, 0);

	mnl_attr_put_u32(nlh, IFLA_MASTER, bridge);
	if (!netlink_talk(nl, nlh, NULL, NULL))
		return 0;
	if (!bridge)
		return netlink_fail(nl, err,
				    "take interface %s from its bridge",
				    label_of(index).text);
	return netlink_fail(nl, err, "put interface %s into bridge %s",
			    label_of(index).text, label_of(bridge).text);
}

int netlink_link_del(struct netlink *nl, unsigned int index, struct err *err)
{
	struct ifinfomsg info = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = (int)index,
	};
	struct nlmsghdr *nlh;

	nlh = netlink_message(nl, RTM_DELLINK, NLM_F_ACK, &info, sizeof(info));
	if (netlink_talk(nl, nlh, NULL, NULL))
		return netlink_fail(nl, err, "delete interface %s",
				    label_of(index).text);
	return 0;
}

int netlink_link_alias(struct netlink *nl, unsigned int index,
		       const char *alias, struct err *err)
{
	struct nlmsghdr *nlh = change_link(nl, index, 0, 0);

	mnl_attr_put_str(nlh, IFLA_IFALIAS, alias);
	if (netlink_talk(nl, nlh, NULL, NULL))
		return netlink_fail(nl, err, "set alias of interface %s",
				    label_of(index).text);
	return 0;
}

/* One of the IPv4 settings of an interface (IPV4_DEVCONF_*). */
static int set_conf(struct netlink *nl, unsigned int index, uint16_t what,
		    uint32_t value)
{
	struct nlmsghdr *nlh = change_link(nl, index, 0, 0);
	struct nlattr *families = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	struct nlattr *inet = mnl_attr_nest_start(nlh, AF_INET);
	struct nlattr *conf = mnl_attr_nest_start(nlh, IFLA_INET_CONF);

	mnl_attr_put_u32(nlh, what, value);
	mnl_attr_nest_end(nlh, conf);
	mnl_attr_nest_end(nlh, inet);
	mnl_attr_nest_end(nlh, families);
	return netlink_talk(nl, nlh, NULL, NULL);
}

int netlink_link_proxy_arp(struct netlink *nl, unsigned int index, bool on,
			   struct err *err)
{
	if (set_conf(nl, index, IPV4_DEVCONF_PROXY_ARP, on))
		return netlink_fail(nl, err,
				    "switch proxy ARP of interface %s %s",
				    label_of(index).text, on ? "on" : "off");
	return 0;
}

int netlink_link_rp_filter(struct netlink *nl, unsigned int index,
			   uint32_t mode, struct err *err)
{
	if (set_conf(nl, index, IPV4_DEVCONF_RP_FILTER, mode))
		return netlink_fail(nl, err,
				    "set the reverse path filter of interface "
				    "%s to %u",
				    label_of(index).text, mode);
	return 0;
}
