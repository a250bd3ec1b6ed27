// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames into the switch by a port, and holding it, see port.h. */
#include "port_inside.h"

#include <string.h>

static void end_hold(struct port *p)
{
	list_remove(&p->wait);
	p->waits_for = NULL;
	loop_disarm(&p->hold_timer);
	p->held = p->impatient = false;
	port_touch(p);
}

void ingress_release(struct port *p)
{
	while (!list_empty(&p->waiters))
		end_hold(container_of(p->waiters.next, struct port, wait));
}

bool port_can_wait(const struct port *p, const struct port *full)
{
	if (p->ops->hold_ms == HOLD_NEVER || full->given_up)
		return false;
	return !p->impatient ||
	       (p->waits_for != full && p->worker->loop->now >= p->rested);
}

/* A port that drops has had its time, from everybody: were it every sender's
 * own, each would wait for it, and would wait for no other port meanwhile. */
static void on_hold_timer(struct timer *timer)
{
	struct port *p = container_of(timer, struct port, hold_timer);

	if (p->waits_for->policy == POLICY_DROP) {
		p->waits_for->given_up = true;
		ingress_release(p->waits_for);
		return;
	}
	p->held = false;
	p->impatient = true;
	p->rested = p->worker->loop->now + p->ops->hold_ms;
	port_touch(p);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* One time for all holds between two reads, whoever they are because of. */
static uint64_t longest_hold(struct port *p, const struct port *because_of)
{
	uint64_t now = p->worker->loop->now, ms = p->ops->hold_ms;

	if (ms != HOLD_FOREVER) {
		if (!p->hold_until)
			p->hold_until = now + ms;
		ms = p->hold_until > now ? p->hold_until - now : 0;
	}
	return because_of->policy == POLICY_DROP ? least(ms, HOLD_BRIEFLY) : ms;
}

static void hold(struct port *p, struct port *because_of,
		 struct frame *const frames[], unsigned int n)
{
	uint64_t ms = longest_hold(p, because_of);

	memcpy(p->kept, frames, n * sizeof(frames[0]));
	p->kept_len = n;
	p->held = true;
	p->holds++;
	p->impatient = false;
	p->waits_for = because_of;
	list_remove(&p->wait);
	list_append(&because_of->waiters, &p->wait);
	if (ms != HOLD_FOREVER)
		loop_arm(p->worker->loop, &p->hold_timer, ms);
	port_touch(p);
}

/* Hand frames to the switch; what cannot go on is kept. */
static void input(struct port *p, struct frame *const frames[], unsigned int n)
{
	struct port *full = NULL;
	unsigned int i;

	for (i = 0; i < n; i++) {
		full = sw_input(p->sw, p, frames[i]);
		if (full)
			break;
		frame_put(&p->worker->pool, frames[i]);
	}
	if (full)
		hold(p, full, &frames[i], n - i);
	sw_flush(p->worker);
}

void port_rx(struct port *p, struct frame *const frames[], unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		p->stats.rx.bytes += frames[i]->len;
	p->stats.rx.frames += n;
	if (p->sw->watched && n)
		sw_show(p->sw, p, frames, n);
	input(p, frames, n);
}

void port_unread(struct port *p)
{
	p->unread = true;
	port_touch(p);
}

void ingress_read(struct port *p, uint32_t ready)
{
	p->unread = false;
	p->hold_until = 0;
	p->ops->ready(p, ready);
}

static void go_on(struct port *p)
{
	struct frame *kept[FRAME_BURST];
	unsigned int n = p->kept_len;

	memcpy(kept, p->kept, n * sizeof(kept[0]));
	p->kept_len = 0;
	input(p, kept, n);
}

static void drop_kept(struct port *p)
{
	unsigned int i;

	p->stats.drops[DROP_CLOSED] += p->kept_len;
	for (i = 0; i < p->kept_len; i++)
		frame_put(&p->worker->pool, p->kept[i]);
	p->kept_len = 0;
}

void ingress_resume(struct port *p)
{
	if (!p->held && p->kept_len)
		go_on(p);
	if (p->unread && port_may_read(p))
		ingress_read(p, 0);
}

void ingress_init(struct port *p)
{
	list_init(&p->waiters);
	list_init(&p->wait);
	timer_init(&p->hold_timer, on_hold_timer);
	p->hold_timer.parallel = true;
}

void ingress_fini(struct port *p)
{
	end_hold(p);
	ingress_release(p);
	drop_kept(p);
}
