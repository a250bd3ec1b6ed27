/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The switch: its ports, its forwarding database, the forwarding decision.
 *
 * All state hangs on struct sw. Two switches in one process do not know of
 * each other.
 */
#ifndef UML_ROUTER_SWITCH_H
#define UML_ROUTER_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/log.h"
#include "fdb.h"
#include "frame.h"
#include "list.h"
#include "loop.h"
#include "monitor.h"
#include "port.h"
#include "worker.h"

/** Ports unless told otherwise. */
#define SW_DEFAULT_MAX_PORTS 4096

/** Longest prefix of a numbered port name. */
#define SW_PREFIX_LEN 20

/**
 * struct sw_conf - What the command line says of the switch
 * @hub:	flood everything, learn nothing
 * @fdb_size:	most addresses
 * @ageing:	seconds until an unseen address goes
 * @max_ports:	most ports
 * @workers:	threads, 1 to WORKERS_MAX
 */
struct sw_conf {
	bool hub;
	uint32_t fdb_size;
	uint32_t ageing;
	unsigned int max_ports;
	unsigned int workers;
};

/** Defaults. */
#define SW_CONF_DEFAULT                                                        \
	((struct sw_conf){ false, FDB_DEFAULT_SIZE, FDB_DEFAULT_AGEING,        \
			   SW_DEFAULT_MAX_PORTS, 1 })

/**
 * struct sw_stats - Counters of the switch
 * @joined:	ports that were plugged in
 * @left:	ports that were unplugged
 * @refused:	clients turned away: too many ports, or no descriptor left
 * @bad_requests:	connections closed because of what they said
 * @strangers:	frames on the version 0 data socket that came from nobody's
 *		address
 */
struct sw_stats {
	uint64_t joined, left;
	uint64_t refused, bad_requests, strangers;
};

/**
 * struct sw - One switch
 * @conf:	see struct sw_conf
 * @loop:	the loop of all but ports, and of the first worker
 * @workers:	@conf.workers of them
 * @gate:	between their loops, where there are several
 * @fdb:	addresses
 * @key:	secret of the keyed hashes
 * @ports:	struct port by @node, in the order of joining
 * @port_count:	how many
 * @listeners:	struct listener by @node
 * @monitors:	who is told events
 * @captures:	struct capture by @node
 * @mirrors:	struct port by @mirrors
 * @watched:	how many of both
 * @onlookers:	who is told of frames or events as they happen: captures,
 *		monitors, mirrors. For their sake workers run one by one
 * @blocking:	ports by port_blocks()
 * @ruled:	ports with rules
 * @net_admin:	a port goes on needing CAP_NET_ADMIN
 * @stats:	counters
 * @gone:	sum of the counters of ports that left
 * @complaints:	limits log lines that clients can provoke
 */
struct sw {
	struct sw_conf conf;
	struct loop *loop;
	struct worker *workers;
	struct gate gate;
	struct fdb *fdb;
	struct siphash_key key;
	struct list ports;
	unsigned int port_count;
	struct list listeners;
	struct monitors monitors;
	struct list captures;
	struct list mirrors;
	unsigned int watched;
	unsigned int onlookers;
	unsigned int blocking;
	unsigned int ruled;
	bool net_admin;
	struct sw_stats stats;
	struct port_stats gone;
	struct log_limit complaints;
};

/**
 * sw_init() - An empty switch
 *
 * Return: 0, or -1 with @err set
 */
int sw_init(struct sw *sw, struct loop *loop, const struct sw_conf *conf,
	    struct err *err);

/** sw_fini() - Unplug everything and free it; the loop must still exist */
void sw_fini(struct sw *sw);

/**
 * sw_add() - Plug a port in; called by port_open()
 *
 * Return: 0, or -1 with @err set: too many ports, or the name is taken
 */
int sw_add(struct sw *sw, struct port *port, struct err *err);

/** sw_remove() - Unplug; called by port.c when a port is destroyed */
void sw_remove(struct sw *sw, struct port *port);

/**
 * sw_input() - Forward one frame
 * @sw:		the switch
 * @in:		ingress port, of the worker that calls
 * @frame:	the frame; egress ports take references of their own
 *
 * Return: NULL when the frame was dealt with, else the port whose queue is
 *	   full and worth waiting for: then nothing was sent, and the frame
 *	   is to be given again when that port has room.
 */
struct port *sw_input(struct sw *sw, struct port *in, struct frame *frame);

/**
 * sw_show() - Frames came in: to whoever looks on, before they are switched
 *
 * To be called when @sw->watched.
 */
void sw_show(struct sw *sw, struct port *in, struct frame *const frames[],
	     unsigned int n);

/** sw_arrive() - A frame has come from a port of another worker */
void sw_arrive(struct worker *w, const struct crossing *what);

/** sw_flush() - Flush all touched ports of a worker */
void sw_flush(struct worker *w);

/** worker_seconds() - The time of the forwarding database */
static inline uint32_t worker_seconds(const struct worker *w)
{
	return (uint32_t)(w->loop->now / 1000);
}

/** worker_number() - As worker= has it */
static inline unsigned int worker_number(const struct worker *w)
{
	return (unsigned int)(w - w->sw->workers);
}

/** sw_look_on() - There are so many onlookers more, or less */
void sw_look_on(struct sw *sw, int more);

/** sw_bad_request() - Count a connection closed because of what it said */
static inline void sw_bad_request(struct sw *sw)
{
	__atomic_fetch_add(&sw->stats.bad_requests, 1, __ATOMIC_RELAXED);
}

/** sw_sum() - Counters of all ports, of those that left too */
void sw_sum(const struct sw *sw, struct port_stats *sum);

/** sw_find() - Port by name, or NULL */
struct port *sw_find(const struct sw *sw, const char *name);

/**
 * sw_free_number() - First number that makes a free name
 * @sw:		the switch
 * @prefix:	what the name begins with, at most SW_PREFIX_LEN octets
 * @first:	number to begin with
 *
 * Return: the number, to be put behind @prefix; or -1 with errno set
 */
long sw_free_number(const struct sw *sw, const char *prefix,
		    unsigned int first);

#endif /* UML_ROUTER_SWITCH_H */
