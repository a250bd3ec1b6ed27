/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the switch interrupts others when a frame arrives.
 *
 * Linux lets who wakes up interrupt who runs. For a frame that comes alone that
 * is right, and where the frame's source is a socket that fills up. But guests
 * with shared memory that send to each other do not wait for the switch: their
 * rings have room, and with the processors busy each interruption costs a sender
 * more than the frame. Taken less often, frames come in longer bursts, for which
 * either guest is called once: on two processors, four TCP flows between two UML
 * guests got from 3.6 to 4.5 Gbit/s, and a frame and its answer between two other
 * ports, meanwhile, took 25 to 33 us for 30 to 40. Daemon and BESS guests, however,
 * got a tenth slower so.
 *
 * So each worker counts, while payload goes from guest to guest, what of all
 * octets of guests that is, and for each second that this was at least half of
 * them, and some, it is to be one that does not interrupt: SCHED_BATCH.
 */
#ifndef UML_ROUTER_HASTE_H
#define UML_ROUTER_HASTE_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"

/** Octets from guest to guest in a second, from which on it counts. */
#define HASTE_SOME (4U << 20)

/**
 * struct haste - What a worker counts
 * @loop:	of the worker
 * @second:	armed while something is counted
 * @guests:	octets that guests sent, and that they got
 * @between:	octets that went from the memory of one into that of another
 * @none:	the worker does not interrupt others now
 */
struct haste {
	struct loop *loop;
	struct timer second;
	uint64_t guests;
	uint64_t between;
	bool none;
};

/** haste_init() - Nothing is counted yet */
void haste_init(struct haste *haste);

/** haste_fini() - Forget the timer */
void haste_fini(struct haste *haste);

/** haste_sent() - A guest sent @octets */
static inline void haste_sent(struct haste *haste, uint64_t octets)
{
	haste->guests += octets;
}

/**
 * haste_got() - A guest got something
 * @haste:	of its worker
 * @loop:	of its worker
 * @octets:	how much
 * @between:	how much of that from the memory of another guest; if any, a second
 *		begins unless one has begun
 */
void haste_got(struct haste *haste, struct loop *loop, uint64_t octets,
	       uint64_t between);

/** haste_needed() - Does a second with these counts ask for haste? */
bool haste_needed(uint64_t guests, uint64_t between);

#endif /* UML_ROUTER_HASTE_H */
