/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tun and tap devices of this network namespace at one moment, from
 * rtnetlink.
 */
#ifndef TUNCTL_LIST_H
#define TUNCTL_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/netlink.h"
#include "common/netlink_link.h"
#include "common/netlink_qdisc.h"

/**
 * struct list_item - One device
 * @link:	what it is and has counted
 * @qdisc:	its queueing discipline; zeroes where it has none yet
 */
struct list_item {
	struct netlink_link link;
	struct netlink_qdisc qdisc;
};

/**
 * struct list - The devices, in the order in which they were made
 * @items:	the devices
 * @count:	how many
 * @time:	when, in nanoseconds of the monotonic clock
 */
struct list {
	struct list_item *items;
	size_t count;
	uint64_t time;
};

/**
 * struct list_rates - What one device does in a second
 * @known:	there was a list before, with this device in it
 */
struct list_rates {
	bool known;
	double rx_packets;
	double tx_packets;
	double tx_dropped;
};

/**
 * struct list_tun_features - What of the kernel's features is known
 * @known:	the clone device could be asked
 * @word:	its TUNGETFEATURES
 */
struct list_features {
	bool known;
	uint32_t word;
};

/**
 * list_get() - Ask for the devices
 * @nl:		handle
 * @name:	the one that is wanted, or NULL for all
 * @list:	filled on success, for list_free()
 * @err:	filled on failure; a @name that is no tun/tap device is one
 *
 * Return: 0, or -1 with @err set
 */
int list_get(struct netlink *nl, const char *name, struct list *list,
	     struct err *err);

/** list_free() - Free what list_get() filled; zeroes are allowed */
void list_free(struct list *list);

/**
 * list_rates() - What a device has done since an earlier list
 * @before:	the earlier list, or NULL
 * @now:	the present list
 * @i:		which device of @now
 */
struct list_rates list_rates(const struct list *before, const struct list *now,
			     size_t i);

/**
 * list_queueing() - The queueing mode of a device
 * @tun:	what rtnetlink tells
 * @features:	what the kernel could have made of it
 *
 * rtnetlink tells multi-queue from the rest. That is "default", unless the
 * kernel has backpressure too: then it is not known.
 *
 * Return: the name of the mode, or NULL
 */
const char *list_queueing(const struct netlink_tun *tun,
			  const struct list_features *features);

#endif /* TUNCTL_LIST_H */
