/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events for who listens: ports that come and go, addresses that are learned,
 * move and go, queues that are full. Each is a JSON object on a line.
 *
 * Without a listener an event costs the look at an empty list. With listeners
 * all of them together have a share of the switch's time (share.h), apart from
 * that of those who ask: questions can wait, and must not be what makes
 * events get lost. An event beyond it, or beyond what a listener reads, is
 * counted, and he is told how many.
 */
#ifndef UML_ROUTER_MONITOR_H
#define UML_ROUTER_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "feed.h"
#include "list.h"
#include "share.h"

struct port;
struct sw;

/** Octets of events that may wait for a listener. */
#define MONITOR_ROOM (256 << 10)

/**
 * struct monitors - All listeners of a switch
 * @list:	struct monitor by @node
 * @share:	work for them
 */
struct monitors {
	struct list list;
	struct share share;
};

/**
 * struct monitor - A listener
 * @node:	in the switch's list
 * @feed:	where he is told
 * @lost:	events that he is still to be told the number of
 */
struct monitor {
	struct list node;
	struct feed *feed;
	uint64_t lost;
};

/** monitors_init() - Nobody listens */
void monitors_init(struct monitors *monitors, struct loop *loop);

/** monitors_fini() - Nobody does any more */
void monitors_fini(struct monitors *monitors);

/** monitored() - Does anybody listen? */
static inline bool monitored(const struct monitors *monitors)
{
	return !list_empty(&monitors->list);
}

/** monitor_join() - From now on @monitor is told by @feed */
void monitor_join(struct monitor *monitor, struct monitors *monitors,
		  struct feed *feed);

/** monitor_leave() - No longer */
void monitor_leave(struct monitor *monitor);

/** monitor_catch_up() - Tell how many events were lost, if there is room */
void monitor_catch_up(struct monitor *monitor);

/* Events. To be called when somebody listens. */

/** monitor_port() - @event ("port_up", ...) of a port */
void monitor_port(struct sw *sw, const char *event, const struct port *port);

/** monitor_address() - @event ("learned", ...) of an address on a port */
void monitor_address(struct sw *sw, const char *event, uint16_t vlan,
		     const uint8_t mac[6], const struct port *port);

#endif /* UML_ROUTER_MONITOR_H */
