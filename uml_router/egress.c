// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames out of the switch by a port: its output queue, see port.h. */
#include "port_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"

int egress_alloc(struct port_queue *q, unsigned int limit)
{
	uint32_t size = FRAME_BURST;

	while (size < (limit > q->len ? limit : q->len) + FRAME_BURST)
		size *= 2;
	q->ring = calloc(size, sizeof(struct frame *));
	q->mask = size - 1;
	q->limit = limit;
	return q->ring ? 0 : -1;
}

int egress_resize(struct port *p, unsigned int limit)
{
	struct port_queue *q = &p->queue, resized = { .len = q->len };
	uint32_t i;

	if (limit == q->limit)
		return 0;
	if (egress_alloc(&resized, limit) < 0)
		return -1;
	if (impair_resize(p, resized.mask + 1) < 0) {
		free(resized.ring);
		return -1;
	}
	for (i = 0; i < q->len; i++)
		resized.ring[i] = q->ring[(q->head + i) & q->mask];
	free(q->ring);
	*q = resized;
	return 0;
}

void port_overflow(struct port *p)
{
	port_drop(p, port_blocks(p) ? DROP_HOLD_LIMIT : DROP_QUEUE_FULL);
	if (!p->overflowed && monitored(&p->sw->monitors))
		monitor_port(p->sw, "queue_full", p);
	p->overflowed = true;
}

/* The oldest @n frames of the queue leave it. */
static void queue_consume(struct port *p, unsigned int n)
{
	struct port_queue *q = &p->queue;

	for (; n; n--) {
		frame_put(&p->worker->pool, q->ring[q->head++ & q->mask]);
		q->len--;
	}
}

unsigned int port_due(struct port *p)
{
	unsigned int n = p->queue.len;

	if (n > FRAME_BURST)
		n = FRAME_BURST;
	return n && p->impair ? impair_due(p, n) : n;
}

static bool something_due(struct port *p)
{
	return !stage_empty(&p->stage) || port_due(p);
}

/* The oldest frames of the queue, up to the first that the port cannot take as
 * it is. */
static unsigned int queue_burst(struct port *p, struct frame *burst[])
{
	struct port_queue *q = &p->queue;
	unsigned int n = 0, due = port_due(p);

	while (n < due) {
		struct frame *f = q->ring[(q->head + n) & q->mask];

		if (!port_takes(p, f))
			break;
		burst[n++] = f;
	}
	return n;
}

/* What is to be sent next: what the stage has, else what needs no stage. */
static unsigned int next_burst(struct port *p, struct frame *burst[])
{
	struct stage *s = &p->stage;
	unsigned int n = 0;

	if (stage_empty(s))
		n = queue_burst(p, burst);
	if (n)
		return n;
	if (!stage_len(s))
		stage_fill(p);
	memcpy(burst, &s->frames[s->at], stage_len(s) * sizeof(burst[0]));
	return stage_len(s);
}

/* Of next_burst() the oldest @n frames are done with. */
static void consume(struct port *p, unsigned int n)
{
	if (stage_len(&p->stage))
		stage_sent(p, n);
	else
		queue_consume(p, n);
}

static void count_sent(struct port *p, struct frame *const frames[],
		       unsigned int n)
{
	unsigned int i;

	p->stats.tx.frames += n;
	for (i = 0; i < n; i++)
		p->stats.tx.bytes += frames[i]->len;
	if (p->sw->watched && n)
		capture_frames(p, CAPTURE_OUT, frames, n);
}

/* ops->send() refused the oldest frame. */
static void send_failed(struct port *p, int errnum)
{
	int why = p->ops->send_error(errnum);

	if (why == PORT_BROKEN) {
		port_close(p);
		return;
	}
	port_drop(p, (enum port_drop)why);
	consume(p, 1);
}

/* One call of ops->send() with the oldest frames. */
static void send_some(struct port *p)
{
	struct frame *burst[FRAME_BURST];
	unsigned int n = next_burst(p, burst);
	int sent, why;

	if (!n && !p->unsent)
		return;
	sent = p->ops->send(p, burst, n);
	why = errno;
	if (sent < 0) {
		send_failed(p, why);
		return;
	}
	count_sent(p, burst, (unsigned int)sent);
	consume(p, (unsigned int)sent);
	/* Behind frames that went out an error is no reason to wait: there
	 * might be no EPOLLOUT (a tap that is down is never writable). The
	 * next call meets it in front. */
	p->stalled = p->unsent ||
		     ((unsigned int)sent < n && (!sent || why == EAGAIN));
}

void egress_trim(struct port *p)
{
	struct port_queue *q = &p->queue;

	while (q->len > q->limit) {
		frame_put(&p->worker->pool,
			  q->ring[(q->head + --q->len) & q->mask]);
		port_overflow(p);
	}
}

void port_flush(struct port *p)
{
	list_remove(&p->touched);
	while (!p->stalled && !p->dying && (something_due(p) || p->unsent))
		send_some(p);
	if (p->policy == POLICY_DROP)
		egress_trim(p);
	if (p->queue.len <= p->queue.limit / 2) {
		p->given_up = p->overflowed = false;
		ingress_release(p);
	}
	if (p->stalled != !!(p->io.interest & EPOLLOUT))
		port_touch(p);
}

void port_unstall(struct port *p)
{
	p->stalled = false;
	port_flush(p);
}

/* Frames wait only in a port that is stalled or has a slow link. Of any other
 * the queue is empty between bursts, and has room for a burst, whatever its
 * limit. */
bool port_full(const struct port *p)
{
	return p->queue.len >= p->queue.limit && (p->stalled || p->impair);
}

void port_discard(struct port *p, enum port_drop why)
{
	p->stats.drops[why] += p->queue.len + stage_drop(p);
	queue_consume(p, p->queue.len);
	if (p->impair)
		impair_rest(p->impair);
}

static inline void enqueue(struct port *p, struct frame *frame)
{
	struct port_queue *q = &p->queue;

	if (!p->ops->takes_rest)
		frame_complete(&p->worker->pool, frame);
	q->ring[(q->head + q->len++) & q->mask] = frame_hold(frame);
	if (!p->stalled && list_empty(&p->touched))
		list_append(&p->worker->touched, &p->touched);
}

/* Out of line: a good link must not pay for a bad one. */
__attribute__((noinline)) static void enqueue_impaired(struct port *p,
						       struct frame *frame)
{
	if (impair_admit(p, frame))
		enqueue(p, frame);
}

void port_tx(struct port *p, struct frame *frame)
{
	if (p->dying || p->muted)
		port_drop(p, DROP_CLOSED);
	else if (p->no_link)
		port_drop(p, DROP_LINK_DOWN);
	else if (p->impair)
		enqueue_impaired(p, frame);
	else
		enqueue(p, frame);
}
