/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop: epoll(7) for descriptors, one timerfd for all timers, and a
 * list of work that is to be done before the loop may sleep.
 *
 * Readiness is level-triggered unless EPOLLET is asked for: whoever reads one
 * burst and leaves the rest is called again. What no descriptor announces
 * (frames kept back inside the switch) is scheduled as work, and the loop does
 * not sleep while any work is left. Together these are the guarantee that no
 * frame waits for a further frame.
 *
 * Several loops may serve one switch, each in a thread of its own (gate.h).
 * What is marked as parallel runs beside what the others do; everything else
 * has the switch to itself, and may then use any loop as if it were its own.
 */
#ifndef UML_ROUTER_LOOP_H
#define UML_ROUTER_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "common/err.h"
#include "gate.h"
#include "list.h"

/** Most events taken from the kernel in one turn. */
#define LOOP_BATCH 64

/**
 * struct event - A watched descriptor, embedded in the object it belongs to
 * @fd:		the descriptor; the loop never closes it
 * @interest:	EPOLL* bits watched now; 0 when it is not in the epoll set
 * @parallel:	@fn may run beside what other loops do
 * @fn:		called with the bits that are ready
 */
struct event {
	int fd;
	uint32_t interest;
	bool parallel;
	void (*fn)(struct event *ev, uint32_t ready);
};

/**
 * struct work - Something to be done before the loop sleeps
 * @node:	in the loop's list while scheduled
 * @parallel:	@fn may run beside what other loops do
 * @fn:		called once per scheduling
 */
struct work {
	struct list node;
	bool parallel;
	void (*fn)(struct work *work);
};

/**
 * struct timer - Something to be done at a time
 * @node:	in the loop's list while armed
 * @due:	monotonic milliseconds
 * @parallel:	@fn may run beside what other loops do
 * @fn:		called once, no earlier than @due
 */
struct timer {
	struct list node;
	uint64_t due;
	bool parallel;
	void (*fn)(struct timer *timer);
};

/**
 * struct loop - One event loop
 * @gate:	between it and the other loops of its switch, or NULL
 * @member:	in the list of the gate
 * @kick:	eventfd that ends its sleep
 * @epfd:	epoll descriptor
 * @timer_ev:	timerfd
 * @armed:	when the timerfd fires next, milliseconds; 0 when it does not
 * @ringing:	the timerfd has fired in this turn
 * @timers:	armed timers, earliest first
 * @work:	scheduled work
 * @reap:	work of the very end of a turn: objects to free
 * @batch:	events of this turn
 * @batch_len:	how many
 * @now:	monotonic milliseconds at the start of this turn
 * @wakeups:	turns that began with a sleep
 * @spin_us:	microseconds for which the loop asks again and again instead of
 *		sleeping, while its sleeps are shorter than that; 0: never
 * @restless:	the last one was
 * @busy:	one of several loops: there is work left, no sleep before it
 * @alone:	nothing runs beside it now
 * @slept:	this turn began with a sleep
 * @stopped:	loop_stop() was called
 */
struct loop {
	struct gate *gate;
	struct list member;
	struct event kick;
	int epfd;
	struct event timer_ev;
	uint64_t armed;
	bool ringing;
	struct list timers;
	struct list work;
	struct list reap;
	struct epoll_event batch[LOOP_BATCH];
	int batch_len;
	uint64_t now;
	uint64_t wakeups;
	uint32_t spin_us;
	bool restless;
	bool busy;
	bool alone;
	bool slept;
	_Atomic bool stopped;
};

/**
 * loop_init() - Make an empty loop
 *
 * Return: 0, or -1 with @err set
 */
int loop_init(struct loop *loop, struct err *err);

/**
 * loop_join() - Be one of several loops
 * @loop:	the loop, not running yet
 * @gate:	the gate of all of them
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int loop_join(struct loop *loop, struct gate *gate, struct err *err);

/** loop_leave() - Be the only one again; no harm when it is */
void loop_leave(struct loop *loop);

/** loop_fini() - Do the reaping that is left and close the loop's descriptors */
void loop_fini(struct loop *loop);

/**
 * loop_run() - Turn until loop_stop()
 *
 * Return: 0, or -1 with @err set when the kernel refuses to wait
 */
int loop_run(struct loop *loop, struct err *err);

/**
 * loop_turn() - One turn: wait, serve what is ready, do the scheduled work
 * @loop:	the loop
 * @sleep_ms:	longest sleep, -1 for no limit. With work scheduled there is
 *		no sleep at all.
 *
 * Return: number of events served, or -1 with errno set
 */
int loop_turn(struct loop *loop, int sleep_ms);

/** loop_stop() - Make loop_run() return after this turn; from any thread */
void loop_stop(struct loop *loop);

/**
 * loop_watch() - Set what a descriptor is watched for
 * @loop:	the loop
 * @ev:		its @fd and @fn are set; @interest is 0 before the first call
 * @interest:	EPOLL* bits; 0 takes it out of the epoll set, hang-ups included
 *
 * Costs nothing when @interest is what is watched already. To be called with
 * 0 before the descriptor is closed.
 *
 * Return: 0, or -1 with errno set
 */
int loop_watch(struct loop *loop, struct event *ev, uint32_t interest);

/** loop_schedule() - Have @work done before the loop sleeps; again is no harm */
void loop_schedule(struct loop *loop, struct work *work);

/** loop_reap() - Have @work done when nothing of this turn runs any more */
void loop_reap(struct loop *loop, struct work *work);

/** work_init() - Fill @work; it is not scheduled yet */
void work_init(struct work *work, void (*fn)(struct work *work));

/** timer_init() - Fill @timer; it is not armed yet */
void timer_init(struct timer *timer, void (*fn)(struct timer *timer));

/** loop_arm() - Have @timer fire @delay_ms from now, whatever it did before */
void loop_arm(struct loop *loop, struct timer *timer, uint64_t delay_ms);

/** loop_disarm() - No longer; no harm when it is not armed */
void loop_disarm(struct timer *timer);

/** timer_armed() - Is it going to fire? */
bool timer_armed(const struct timer *timer);

#endif /* UML_ROUTER_LOOP_H */
