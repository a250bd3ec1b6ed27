/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workers: the threads of a switch. One unless --workers= says otherwise.
 *
 * A port belongs to one worker (worker=), whose loop watches it: only that one
 * reads it, sends to it and has its queue. So a frame between two ports of one
 * worker goes its way as if there were no other: the gate is passed once a turn
 * (gate.h), which makes sure that rules, names and what else is everybody's
 * stay as they are meanwhile, and known addresses are looked up without a lock
 * (fdb.h).
 *
 * A frame for a port of another worker is copied into that one's inbox, and
 * goes on from there. Its sender is not held when the port is full, for only
 * the other worker knows: policy=block is loss-free among ports of one worker.
 */
#ifndef UML_ROUTER_WORKER_H
#define UML_ROUTER_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/log.h"
#include "frame.h"
#include "haste.h"
#include "list.h"
#include "loop.h"

struct msgio;
struct port;
struct sw;

/** Most workers that can be asked for. */
#define WORKERS_MAX 64
/** Frames that are under way to a worker at most. */
#define INBOX_ROOM 256

/**
 * struct crossing - A frame from a port of another worker
 * @frame:	of the pool of the worker that it goes to
 * @in:		ingress port
 * @out:	egress port, or NULL: all that the rules let it go to
 * @vid:	its VLAN, as sw_input() found it
 */
struct crossing {
	struct frame *frame;
	struct port *in;
	struct port *out;
	uint16_t vid;
};

/**
 * struct inbox - What other workers have for one
 * @lock:	of all that follows but @arrived
 * @stock:	empty frames, for others to fill
 * @stocked:	how many
 * @taken:	frames that others are filling
 * @items:	what has come, oldest first
 * @len:	how many
 * @told:	@arrived was written to since the last look
 * @arrived:	eventfd: there is something
 */
struct inbox {
	pthread_mutex_t lock;
	struct frame *stock[INBOX_ROOM];
	unsigned int stocked;
	unsigned int taken;
	struct crossing items[INBOX_ROOM];
	unsigned int len;
	bool told;
	struct event arrived;
};

/**
 * struct worker - A thread, and what nobody else touches
 * @sw:		the switch
 * @loop:	watches its ports; that of the first worker is the switch's
 * @pool:	frames of its ports
 * @msgio:	receive buffers of msgio.c, made when first needed
 * @touched:	its ports with frames to flush
 * @ports:	how many ports it has
 * @ageing:	the next address is due, among those learned here
 * @trimming:	memory of jumbo frames is to be given back
 * @unicast:	frames for the one port that has the address
 * @flooded:	frames for all others: group or unknown address, or a hub
 * @haste:	whether it interrupts others
 * @complaints:	limits log lines that its ports' clients can provoke
 * @own:	@loop of all but the first
 * @inbox:	from the others
 * @thread:	of all but the first
 * @runs:	there is @thread
 */
struct worker {
	struct sw *sw;
	struct loop *loop;
	struct frame_pool pool;
	struct msgio *msgio;
	struct list touched;
	unsigned int ports;
	struct timer ageing;
	struct timer trimming;
	uint64_t unicast, flooded;
	struct haste haste;
	struct log_limit complaints;
	struct loop own;
	struct inbox inbox;
	pthread_t thread;
	bool runs;
};

/**
 * workers_init() - Make the workers of a switch; they do not run yet
 * @sw:		its @loop and @conf are set
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set: then workers_fini() is still to be called
 */
int workers_init(struct sw *sw, struct err *err);

/**
 * workers_start() - Begin the threads
 *
 * Behind any fork(2), and when privileges are given up: threads have what the
 * one that begins them has.
 *
 * Return: 0, or -1 with @err set
 */
int workers_start(struct sw *sw, struct err *err);

/** workers_stop() - End the threads; no harm when there are none */
void workers_stop(struct sw *sw);

/** workers_fini() - Free everything; no port is left */
void workers_fini(struct sw *sw);

/**
 * worker_send() - Copy a frame into the inbox of another worker
 * @to:		that worker
 * @what:	the frame is the caller's
 *
 * Return: whether there was room
 */
bool worker_send(struct worker *to, const struct crossing *what);

/**
 * workers_take_in() - Have all frames arrive that are under way
 *
 * For who is alone and about to take a port away: no inbox speaks of it then.
 */
void workers_take_in(struct sw *sw);

#endif /* UML_ROUTER_WORKER_H */
