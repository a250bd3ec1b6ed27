/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate between the loops of one switch, each of which has a thread: what
 * they call runs beside what the others call, or alone.
 *
 * Beside the others runs what keeps to its own loop's objects, and only looks
 * at what belongs to all. Who changes what belongs to all, or anything of
 * another loop, is alone: the others stand between two turns then, or sleep.
 *
 * A loop that is alone in its switch has no gate: gate_pass() and what is below
 * it take NULL, and then there is nothing to do.
 */
#ifndef UML_ROUTER_GATE_H
#define UML_ROUTER_GATE_H

#include <pthread.h>
#include <stdbool.h>

#include "common/err.h"
#include "list.h"

/**
 * struct gate - Who may run
 * @lock:	held for reading by those who run beside each other, for writing
 *		by who is alone
 * @one_by_one:	nobody runs beside anybody for the time being. Changed alone
 * @loops:	struct loop by @member
 */
struct gate {
	pthread_rwlock_t lock;
	bool one_by_one;
	struct list loops;
};

/**
 * gate_init() - A gate without loops
 *
 * Return: 0, or -1 with @err set
 */
int gate_init(struct gate *gate, struct err *err);

/** gate_fini() - No loop uses it any more */
void gate_fini(struct gate *gate);

/**
 * gate_pass() - Run beside the others, from here to gate_leave()
 *
 * Return: true: even alone, as there are no others, or one by one
 */
bool gate_pass(struct gate *gate);

/** gate_close() - Run alone, from here to gate_leave() */
void gate_close(struct gate *gate);

/** gate_leave() - Run no more */
void gate_leave(struct gate *gate);

#endif /* UML_ROUTER_GATE_H */
