/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network interfaces through rtnetlink: look one up, change one property.
 *
 * An interface is named by its index: the name can change hands between two
 * requests, the index does not. Error texts carry the name or the number that
 * they were given.
 */
#ifndef COMMON_NETLINK_LINK_H
#define COMMON_NETLINK_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/netlink.h"
#include "common/parse.h"

/** Room for the kind of an interface ("tun", "bridge", ...) and its NUL. */
#define LINK_KIND_MAX 16
/** Room for the kind of a queueing discipline ("fq_codel") and its NUL. */
#define QDISC_KIND_MAX 16
/** Room for the alias of an interface; a longer one is cut at the end. */
#define LINK_ALIAS_MAX 64

/**
 * struct netlink_tun - What rtnetlink tells of a tun/tap device
 * @known:	the kernel told (Linux 4.18 and later)
 * @tap:	tap rather than tun
 * @pi:		frames begin with a struct tun_pi
 * @vnet_hdr:	frames carry a vnet header
 * @persist:	stays without a descriptor
 * @multi_queue:	made with IFF_MULTI_QUEUE
 * @queues:	attached queues; told of multi-queue devices only, else 0
 * @detached:	detached queues, likewise
 * @owner:	who may attach, or (uid_t)-1
 * @group:	which group may, or (gid_t)-1
 */
struct netlink_tun {
	bool known;
	bool tap;
	bool pi;
	bool vnet_hdr;
	bool persist;
	bool multi_queue;
	uint32_t queues;
	uint32_t detached;
	uid_t owner;
	gid_t group;
};

/**
 * struct netlink_stats - What an interface has counted since it was made
 * @rx_packets:	came from the wire; of a tun/tap, from its program
 * @rx_bytes:	their octets
 * @rx_dropped:	of these, thrown away
 * @tx_packets:	went to the wire; of a tun/tap, to its program
 * @tx_bytes:	their octets
 * @tx_dropped:	thrown away instead: the program did not read fast enough
 */
struct netlink_stats {
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t rx_dropped;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t tx_dropped;
};

/**
 * struct netlink_link - A network interface
 * @index:	its number, 1 or more
 * @name:	its name
 * @flags:	IFF_UP, IFF_RUNNING, ... of netdevice(7)
 * @mtu:	largest packet in bytes
 * @txqueuelen:	length of the transmit queue in frames
 * @master:	index of the bridge it belongs to, or 0
 * @mac:	its Ethernet address; zeroes where it has none
 * @alias:	text that whoever administers the host gave it, or ""
 * @kind:	what made it ("tun", "bridge", "veth"), or ""
 * @carrier:	somebody is at the other end; of a tun/tap, a program
 * @qdisc:	kind of its root queueing discipline
 * @stats:	its counters
 * @tun:	meaningful where @kind is "tun"
 */
struct netlink_link {
	unsigned int index;
	char name[IFNAMSIZ];
	unsigned int flags;
	uint32_t mtu;
	uint32_t txqueuelen;
	unsigned int master;
	uint8_t mac[MAC_LEN];
	char alias[LINK_ALIAS_MAX];
	char kind[LINK_KIND_MAX];
	bool carrier;
	char qdisc[QDISC_KIND_MAX];
	struct netlink_stats stats;
	struct netlink_tun tun;
};

/**
 * netlink_link_get() - Everything about the interface of a name
 * @nl:		handle
 * @name:	1 to 15 octets
 * @link:	filled on success
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set and errno (ENODEV where there is none)
 */
int netlink_link_get(struct netlink *nl, const char *name,
		     struct netlink_link *link, struct err *err);

/** netlink_link_at() - Everything about the interface of a number */
int netlink_link_at(struct netlink *nl, unsigned int index,
		    struct netlink_link *link, struct err *err);

/**
 * netlink_link_list() - Every interface of one kind
 * @nl:		handle
 * @kind:	"tun", "bridge", ...; NULL for all
 * @links:	set on success to an array in the kernel's order, to be freed;
 *		NULL where there is none
 * @count:	how many
 * @err:	filled on failure
 *
 * A list that changes while it is read is read again.
 *
 * Return: 0, or -1 with @err set
 */
int netlink_link_list(struct netlink *nl, const char *kind,
		      struct netlink_link **links, size_t *count,
		      struct err *err);

/**
 * netlink_ifindex() - Number of the interface of a name
 * @nl:		handle
 * @name:	1 to 15 octets
 * @index:	set on success
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set and errno (ENODEV where there is none)
 */
int netlink_ifindex(struct netlink *nl, const char *name, unsigned int *index,
		    struct err *err);

/** netlink_link_up() - Switch an interface on (IFF_UP) or off */
int netlink_link_up(struct netlink *nl, unsigned int index, bool up,
		    struct err *err);

/** netlink_link_mtu() - Set the largest packet, in bytes */
int netlink_link_mtu(struct netlink *nl, unsigned int index, uint32_t mtu,
		     struct err *err);

/** netlink_link_txqueuelen() - Set the transmit queue's length, in frames */
int netlink_link_txqueuelen(struct netlink *nl, unsigned int index,
			    uint32_t frames, struct err *err);

/** netlink_link_mac() - Set the Ethernet address */
int netlink_link_mac(struct netlink *nl, unsigned int index,
		     const uint8_t mac[MAC_LEN], struct err *err);

/** netlink_link_master() - Put into a bridge, or take out of it (0) */
int netlink_link_master(struct netlink *nl, unsigned int index,
			unsigned int bridge, struct err *err);

/** netlink_link_del() - Delete an interface, even one that programs have open */
int netlink_link_del(struct netlink *nl, unsigned int index, struct err *err);

/** netlink_link_alias() - Set the alias, which needs the right to administer */
int netlink_link_alias(struct netlink *nl, unsigned int index,
		       const char *alias, struct err *err);

/** netlink_link_proxy_arp() - Answer ARP for what is routed elsewhere, or not */
int netlink_link_proxy_arp(struct netlink *nl, unsigned int index, bool on,
			   struct err *err);

/**
 * netlink_link_rp_filter() - Whether an IPv4 packet's source must be routed
 * to where it comes from: 0 no, 1 yes, 2 anywhere. The greater of this and of
 * "all" is in force (Documentation/networking/ip-sysctl.rst)
 */
int netlink_link_rp_filter(struct netlink *nl, unsigned int index,
			   uint32_t mode, struct err *err);

#endif /* COMMON_NETLINK_LINK_H */
