// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The threads of a switch, see worker.h.
 *
 * The frames of an inbox are the receiver's: he keeps it stocked with empty
 * ones, the sender takes one, fills it and puts it into the list. So nobody
 * touches the pool of another worker, and what is under way is bounded.
 */
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "switch.h"

/* --- the inbox ----------------------------------------------------------- */

static void restock(struct worker *w)
{
	struct inbox *box = &w->inbox;
	struct frame *f;

	pthread_mutex_lock(&box->lock);
	while (box->stocked + box->taken + box->len < INBOX_ROOM) {
		f = frame_get(&w->pool);
		if (!f)
			break;
		box->stock[box->stocked++] = f;
	}
	pthread_mutex_unlock(&box->lock);
}

static void unstock(struct worker *w)
{
	struct inbox *box = &w->inbox;

	while (box->stocked)
		frame_put(&w->pool, box->stock[--box->stocked]);
}

static struct frame *take_empty(struct inbox *box)
{
	struct frame *f = NULL;

	pthread_mutex_lock(&box->lock);
	if (box->stocked) {
		f = box->stock[--box->stocked];
		box->taken++;
	}
	pthread_mutex_unlock(&box->lock);
	return f;
}

/* Without @copy the stock has run out. Returns whether that or what was put is
 * to be told. */
static bool put(struct inbox *box, const struct crossing *what,
		struct frame *copy)
{
	bool told;

	pthread_mutex_lock(&box->lock);
	if (copy) {
		box->items[box->len] = *what;
		box->items[box->len++].frame = copy;
		box->taken--;
	}
	told = box->told;
	box->told = true;
	pthread_mutex_unlock(&box->lock);
	return !told;
}

bool worker_send(struct worker *to, const struct crossing *what)
{
	static const uint64_t one = 1;
	struct inbox *box = &to->inbox;
	struct frame *copy = take_empty(box);
	ssize_t n = 0;

	if (copy)
		frame_copy_to(copy, what->frame);
	if (put(box, what, copy))
		n = write(box->arrived.fd, &one, sizeof(one));
	(void)n;
	return copy;
}

/* One burst: queues have room for no more in between. */
static void arrive(struct worker *w, const struct crossing items[],
		   unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		frame_filled(&w->pool, items[i].frame, items[i].frame->len);
		sw_arrive(w, &items[i]);
		frame_put(&w->pool, items[i].frame);
	}
	sw_flush(w);
}

/* All that has come. */
static void take_in(struct worker *w)
{
	struct crossing items[INBOX_ROOM];
	struct inbox *box = &w->inbox;
	unsigned int i, n;

	pthread_mutex_lock(&box->lock);
	n = box->len;
	memcpy(items, box->items, n * sizeof(items[0]));
	box->len = 0;
	box->told = false;
	pthread_mutex_unlock(&box->lock);
	for (i = 0; i < n; i += FRAME_BURST)
		arrive(w, &items[i], n - i < FRAME_BURST ? n - i : FRAME_BURST);
	if (box->arrived.fd >= 0)
		restock(w);
}

static void on_arrived(struct event *ev, uint32_t ready)
{
	uint64_t times;

	if (read(ev->fd, &times, sizeof(times)) == sizeof(times))
		take_in(container_of(ev, struct worker, inbox.arrived));
}

void workers_take_in(struct sw *sw)
{
	unsigned int i;

	for (i = 0; i < sw->conf.workers; i++)
		take_in(&sw->workers[i]);
}

static int open_inbox(struct worker *w, struct err *err)
{
	struct event *ev = &w->inbox.arrived;

	*ev = (struct event){ .parallel = true, .fn = on_arrived };
	ev->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (ev->fd < 0 || loop_watch(w->loop, ev, EPOLLIN) < 0)
		return err_errno(err, "cannot make an eventfd");
	restock(w);
	return 0;
}

static void close_inbox(struct worker *w)
{
	struct inbox *box = &w->inbox;

	while (box->len)
		frame_put(&w->pool, box->items[--box->len].frame);
	unstock(w);
	if (box->arrived.fd < 0)
		return;
	loop_watch(w->loop, &box->arrived, 0);
	close(box->arrived.fd);
}

/* --- life ---------------------------------------------------------------- */

static void on_ageing(struct timer *timer)
{
	struct worker *w = container_of(timer, struct worker, ageing);
	uint32_t next = fdb_age(w->sw->fdb, worker_seconds(w),
				w->sw->conf.ageing);

	if (next)
		loop_arm(w->loop, &w->ageing, (uint64_t)next * 1000);
}

static void on_trimming(struct timer *timer)
{
	struct worker *w = container_of(timer, struct worker, trimming);

	unstock(w);
	frame_pool_trim(&w->pool);
	if (w->inbox.arrived.fd >= 0)
		restock(w);
}

static void init(struct worker *w, struct sw *sw)
{
	w->sw = sw;
	frame_pool_init(&w->pool);
	list_init(&w->touched);
	timer_init(&w->ageing, on_ageing);
	timer_init(&w->trimming, on_trimming);
	haste_init(&w->haste);
	pthread_mutex_init(&w->inbox.lock, NULL);
	w->inbox.arrived.fd = -1;
}

/* One of several. */
static int join(struct worker *w, struct err *err)
{
	if (w == w->sw->workers) {
		w->loop = w->sw->loop;
	} else {
		if (loop_init(&w->own, err) < 0)
			return -1;
		w->loop = &w->own;
		w->own.spin_us = w->sw->loop->spin_us;
	}
	if (loop_join(w->loop, &w->sw->gate, err) < 0)
		return -1;
	return open_inbox(w, err);
}

int workers_init(struct sw *sw, struct err *err)
{
	unsigned int i;

	sw->workers = calloc(sw->conf.workers, sizeof(*sw->workers));
	if (!sw->workers)
		return err_errno(err, "cannot allocate %u workers",
				 sw->conf.workers);
	for (i = 0; i < sw->conf.workers; i++)
		init(&sw->workers[i], sw);
	sw->workers->loop = sw->loop;
	if (gate_init(&sw->gate, err) < 0)
		return -1;
	for (i = 0; i < sw->conf.workers && sw->conf.workers > 1; i++)
		if (join(&sw->workers[i], err) < 0)
			return -1;
	return 0;
}

static void *run(void *arg)
{
	struct worker *w = arg;
	struct err err;

	if (loop_run(w->loop, &err) < 0) {
		log_msg(LOG_LEVEL_ERR, "worker", "%s", err.text);
		loop_stop(w->sw->loop);
	}
	return NULL;
}

int workers_start(struct sw *sw, struct err *err)
{
	unsigned int i;

	for (i = 1; i < sw->conf.workers; i++) {
		struct worker *w = &sw->workers[i];

		errno = pthread_create(&w->thread, NULL, run, w);
		if (errno)
			return err_errno(err, "cannot start worker %u", i);
		w->runs = true;
	}
	return 0;
}

void workers_stop(struct sw *sw)
{
	unsigned int i;

	for (i = 1; i < sw->conf.workers; i++) {
		struct worker *w = &sw->workers[i];

		if (!w->runs)
			continue;
		loop_stop(w->loop);
		pthread_join(w->thread, NULL);
		w->runs = false;
	}
}

static void fini(struct worker *w)
{
	if (w->loop) {
		loop_disarm(&w->ageing);
		loop_disarm(&w->trimming);
		haste_fini(&w->haste);
		close_inbox(w);
	}
	free(w->msgio);
	frame_pool_fini(&w->pool);
	pthread_mutex_destroy(&w->inbox.lock);
	if (w->loop == &w->own)
		loop_fini(&w->own);
	else if (w->loop)
		loop_leave(w->loop);
}

void workers_fini(struct sw *sw)
{
	unsigned int i;

	for (i = 0; sw->workers && i < sw->conf.workers; i++)
		fini(&sw->workers[i]);
	if (sw->workers)
		gate_fini(&sw->gate);
	free(sw->workers);
	sw->workers = NULL;
}
