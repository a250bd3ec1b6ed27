/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Root queueing disciplines of network interfaces through rtnetlink: read
 * them, with what waits in them; set or take away a rate limit (tc-tbf(8)).
 */
#ifndef COMMON_NETLINK_QDISC_H
#define COMMON_NETLINK_QDISC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/netlink.h"
#include "common/netlink_link.h"

/**
 * struct netlink_tbf - A rate limit
 * @rate:	bits per second, at least 8
 * @burst:	bytes that may go at once; a larger frame is dropped
 * @limit:	bytes that may wait; what comes then is dropped
 */
struct netlink_tbf {
	uint64_t rate;
	uint32_t burst;
	uint32_t limit;
};

/**
 * struct netlink_qdisc - The root queueing discipline of an interface
 * @index:	the interface
 * @kind:	"tbf", "fq_codel", ...
 * @by_kernel:	the kernel's own choice; nobody has set it
 * @backlog:	bytes that wait in it
 * @waiting:	packets that wait in it
 * @dropped:	packets that it has dropped
 * @tbf:	meaningful where @kind is "tbf"
 */
struct netlink_qdisc {
	unsigned int index;
	char kind[QDISC_KIND_MAX];
	bool by_kernel;
	uint32_t backlog;
	uint32_t waiting;
	uint32_t dropped;
	struct netlink_tbf tbf;
};

/**
 * netlink_tbf_fit() - The rate limit that slows senders down at a rate
 * @tbf:	filled
 * @rate:	bits per second
 * @frame:	longest frame in bytes; two of them may go at once
 *
 * The queue has room for the socket buffer of a sender, who then sleeps.
 */
void netlink_tbf_fit(struct netlink_tbf *tbf, uint64_t rate, uint32_t frame);

/**
 * netlink_qdisc_list() - The root queueing discipline of every interface
 * @nl:		handle
 * @qdiscs:	set on success to an array in no certain order, to be freed;
 *		an interface that is down and was never up may be missing
 * @count:	how many
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int netlink_qdisc_list(struct netlink *nl, struct netlink_qdisc **qdiscs,
		       size_t *count, struct err *err);

/**
 * netlink_qdisc_root() - The root queueing discipline of one interface
 * @nl:		handle
 * @index:	interface
 * @qdisc:	filled on success; kind "" and @by_kernel where there is none
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int netlink_qdisc_root(struct netlink *nl, unsigned int index,
		       struct netlink_qdisc *qdisc, struct err *err);

/**
 * netlink_qdisc_set_tbf() - Limit the rate of an interface
 * @nl:		handle
 * @index:	interface
 * @tbf:	the limit
 * @err:	filled on failure
 *
 * Takes the place of the root queueing discipline, with all that hangs on it.
 *
 * Return: 0, or -1 with @err set
 */
int netlink_qdisc_set_tbf(struct netlink *nl, unsigned int index,
			  const struct netlink_tbf *tbf, struct err *err);

/** netlink_qdisc_reset() - Back to the kernel's own choice */
int netlink_qdisc_reset(struct netlink *nl, unsigned int index,
			struct err *err);

#endif /* COMMON_NETLINK_QDISC_H */
