/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of network interfaces through rtnetlink, IPv4 and IPv6.
 */
#ifndef COMMON_NETLINK_ADDR_H
#define COMMON_NETLINK_ADDR_H

#include "common/err.h"
#include "common/netlink.h"
#include "common/parse.h"

/**
 * netlink_addr_add() - Give an interface an address
 * @nl:		handle
 * @index:	interface
 * @prefix:	address and length; the kernel adds the route of the subnet
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set and errno (EEXIST where it has it already)
 */
int netlink_addr_add(struct netlink *nl, unsigned int index,
		     const struct ip_prefix *prefix, struct err *err);

/** netlink_addr_del() - Take an address away; EADDRNOTAVAIL if not there */
int netlink_addr_del(struct netlink *nl, unsigned int index,
		     const struct ip_prefix *prefix, struct err *err);

/**
 * struct netlink_addr - An address of an interface of this host
 * @index:	interface
 * @prefix:	address and length of the subnet
 * @permanent:	it stays until somebody takes it away
 */
struct netlink_addr {
	unsigned int index;
	struct ip_prefix prefix;
	bool permanent;
};

/**
 * netlink_addr_list() - Every address of this network namespace
 * @nl:		handle
 * @family:	AF_INET or AF_INET6
 * @addrs:	set on success to an array, to be freed
 * @count:	how many
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int netlink_addr_list(struct netlink *nl, int family,
		      struct netlink_addr **addrs, size_t *count,
		      struct err *err);

#endif /* COMMON_NETLINK_ADDR_H */
