/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bound to the work that is done for clients who may ask for any amount of
 * it: of each SHARE_MS so much time as SHARE_NS, all of them together. Whoever
 * does the work asks before it, and puts it off, or leaves it, when there is
 * nothing left; the last piece may go beyond the bound.
 */
#ifndef UML_ROUTER_SHARE_H
#define UML_ROUTER_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"

/** Milliseconds that one share is for. */
#define SHARE_MS 10
/** Nanoseconds of work in it. */
#define SHARE_NS 1000000

/**
 * struct share - What may be done now
 * @loop:	the loop
 * @timer:	armed when work was done: the next share
 * @spent:	nanoseconds of work in this one
 * @renewed:	called when the next one begins
 */
struct share {
	struct loop *loop;
	struct timer timer;
	uint64_t spent;
	void (*renewed)(struct share *share);
};

/** share_init() - A whole share */
void share_init(struct share *share, struct loop *loop,
		void (*renewed)(struct share *share));

/** share_fini() - No work any more */
void share_fini(struct share *share);

/** share_left() - May work be done? */
static inline bool share_left(const struct share *share)
{
	return share->spent < SHARE_NS;
}

/**
 * share_clock() - Nanoseconds that this thread has worked
 *
 * Not those in which others had its processor: that is nobody's work.
 */
uint64_t share_clock(void);

/** share_spend() - Work is done that began at @began, of share_clock() */
void share_spend(struct share *share, uint64_t began);

#endif /* UML_ROUTER_SHARE_H */
