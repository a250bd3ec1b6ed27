/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proxy neighbours through rtnetlink: IPv4 addresses that this host answers
 * ARP requests for on an interface, though they are another's ("published"
 * entries, NTF_PROXY of rtnetlink(7)).
 */
#ifndef COMMON_NETLINK_PROXY_H
#define COMMON_NETLINK_PROXY_H

#include <netinet/in.h>
#include <stdint.h>

#include "common/err.h"
#include "common/netlink.h"

/**
 * struct netlink_proxy - A proxy neighbour
 * @addr:	address
 * @index:	interface on which it is answered for
 * @protocol:	number of the program that made it (NDA_PROTOCOL, Linux 5.0),
 *		or 0
 */
struct netlink_proxy {
	struct in_addr addr;
	unsigned int index;
	uint8_t protocol;
};

/**
 * netlink_proxy_add() - Answer for an address; changes one that is there
 * @nl:		handle
 * @proxy:	what for, where, who
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int netlink_proxy_add(struct netlink *nl, const struct netlink_proxy *proxy,
		      struct err *err);

/** netlink_proxy_del() - No longer; ENOENT where there is none */
int netlink_proxy_del(struct netlink *nl, const struct netlink_proxy *proxy,
		      struct err *err);

/**
 * netlink_proxy_list() - Every IPv4 proxy neighbour of this network namespace
 * @nl:		handle
 * @proxies:	set on success to an array, to be freed
 * @count:	how many
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int netlink_proxy_list(struct netlink *nl, struct netlink_proxy **proxies,
		       size_t *count, struct err *err);

#endif /* COMMON_NETLINK_PROXY_H */
