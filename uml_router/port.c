// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What all ports have in common: the output queue, holding, and the end of a
 * port. port.h tells the way of a frame.
 *
 * A port's state may change many times while a burst is switched. What follows
 * from it (going on with frames that were kept back, what epoll watches, the
 * destruction of a broken port) is done once, in on_turn(), which the loop
 * runs before it sleeps. So nothing is destroyed while somebody walks over it,
 * and a port that is held and released within one turn costs no system call.
 */
#include "port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "switch.h"

const char *port_drop_name(enum port_drop why)
{
	static const char *const names[PORT_DROPS] = {
		[DROP_QUEUE_FULL] = "queue_full",
		[DROP_HOLD_LIMIT] = "hold_limit",
		[DROP_SEND_ERROR] = "send_error",
		[DROP_LINK_DOWN] = "link_down",
		[DROP_UNCUT] = "uncut",
		[DROP_CLOSED] = "closed",
		[DROP_RUNT] = "runt",
		[DROP_TOO_LONG] = "too_long",
		[DROP_BAD_SOURCE] = "bad_source",
		[DROP_SAME_PORT] = "same_port",
		[DROP_MALFORMED] = "malformed",
		[DROP_NO_MEMORY] = "no_memory",
		[DROP_BAD_TAG] = "bad_tag",
		[DROP_UNTAGGED] = "untagged",
		[DROP_NOT_IN_VLAN] = "not_in_vlan",
		[DROP_ISOLATED] = "isolated",
		[DROP_SPOOFED] = "spoofed",
		[DROP_MAXMAC] = "maxmac",
		[DROP_BROADCAST_LIMIT] = "broadcast_limit",
		[DROP_LOST] = "lost",
		[DROP_ADMIN_DOWN] = "admin_down",
	};

	return names[why];
}

const char *port_policy_name(enum port_policy policy)
{
	return policy == POLICY_BLOCK ? "block" : "drop";
}

void port_overflow(struct port *p)
{
	port_drop(p, p->policy == POLICY_BLOCK ? DROP_HOLD_LIMIT
					       : DROP_QUEUE_FULL);
	if (!p->overflowed && monitored(&p->sw->monitors))
		monitor_port(p->sw, "queue_full", p);
	p->overflowed = true;
}

static void touch_turn(struct port *p)
{
	loop_schedule(p->sw->loop, &p->turn);
}

/* --- output ------------------------------------------------------------- */

/* The oldest @n frames of the queue leave it. */
static void queue_consume(struct port *p, unsigned int n)
{
	struct port_queue *q = &p->queue;

	for (; n; n--) {
		frame_put(&p->sw->pool, q->ring[q->head++ & q->mask]);
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

/* The burst in which the port stalled may have gone over the limit. */
static void trim_queue(struct port *p)
{
	struct port_queue *q = &p->queue;

	while (q->len > q->limit) {
		frame_put(&p->sw->pool,
			  q->ring[(q->head + --q->len) & q->mask]);
		port_overflow(p);
	}
}

static void end_hold(struct port *p)
{
	list_remove(&p->wait);
	p->waits_for = NULL;
	loop_disarm(&p->hold_timer);
	p->held = p->impatient = false;
	touch_turn(p);
}

static void release_waiters(struct port *p)
{
	while (!list_empty(&p->waiters))
		end_hold(container_of(p->waiters.next, struct port, wait));
}

void port_flush(struct port *p)
{
	list_remove(&p->touched);
	while (!p->stalled && !p->dying && (something_due(p) || p->unsent))
		send_some(p);
	if (p->policy == POLICY_DROP)
		trim_queue(p);
	if (p->queue.len <= p->queue.limit / 2) {
		p->given_up = p->overflowed = false;
		release_waiters(p);
	}
	if (p->stalled != !!(p->io.interest & EPOLLOUT))
		touch_turn(p);
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
		frame_complete(&p->sw->pool, frame);
	q->ring[(q->head + q->len++) & q->mask] = frame_hold(frame);
	if (!p->stalled && list_empty(&p->touched))
		list_append(&p->sw->touched, &p->touched);
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

/* --- input -------------------------------------------------------------- */

bool port_can_wait(const struct port *p, const struct port *full)
{
	if (p->ops->hold_ms == HOLD_NEVER || full->given_up)
		return false;
	return !p->impatient ||
	       (p->waits_for != full && p->sw->loop->now >= p->rested);
}

/* A port that drops has had its time, from everybody: were it every sender's
 * own, each would wait for it, and would wait for no other port meanwhile. */
static void on_hold_timer(struct timer *timer)
{
	struct port *p = container_of(timer, struct port, hold_timer);

	if (p->waits_for->policy == POLICY_DROP) {
		p->waits_for->given_up = true;
		release_waiters(p->waits_for);
		return;
	}
	p->held = false;
	p->impatient = true;
	p->rested = p->sw->loop->now + p->ops->hold_ms;
	touch_turn(p);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* One time for all holds between two reads, whoever they are because of. */
static uint64_t longest_hold(struct port *p, const struct port *because_of)
{
	uint64_t now = p->sw->loop->now, ms = p->ops->hold_ms;

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
		loop_arm(p->sw->loop, &p->hold_timer, ms);
	touch_turn(p);
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
		frame_put(&p->sw->pool, frames[i]);
	}
	if (full)
		hold(p, full, &frames[i], n - i);
	sw_flush(p->sw);
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
	touch_turn(p);
}

static void read_burst(struct port *p, uint32_t ready)
{
	p->unread = false;
	p->hold_until = 0;
	p->ops->ready(p, ready);
}

static void resume_input(struct port *p)
{
	struct frame *kept[FRAME_BURST];
	unsigned int n = p->kept_len;

	memcpy(kept, p->kept, n * sizeof(kept[0]));
	p->kept_len = 0;
	input(p, kept, n);
}

/* --- life --------------------------------------------------------------- */

/* There is nobody any more to send to. What was sent before is still to be
 * read, when the hold ends. */
static void hung_up(struct port *p)
{
	if (p->ops->hung_up)
		p->ops->hung_up(p);
	else
		port_mute(p);
}

static void on_io(struct event *ev, uint32_t ready)
{
	struct port *p = container_of(ev, struct port, io);

	if ((ready & EPOLLHUP) && p->held && !p->dying)
		hung_up(p);
	/* Input first: where the other end of a datagram socket is gone, a send
	 * makes the kernel throw away what it had sent. */
	if ((ready & ~(uint32_t)EPOLLOUT) && port_may_read(p))
		read_burst(p, ready);
	/* A hang-up is announced for ever, and room perhaps never again: only
	 * the next send tells what has happened. */
	if (ready & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		port_unstall(p);
}

static void on_in(struct event *ev, uint32_t ready)
{
	struct port *p = container_of(ev, struct port, in);

	if (port_may_read(p))
		read_burst(p, ready);
}

/* One that is neither read nor waited for still says that it was hung up on.
 * That state lasts, and is told once (EPOLLET). */
static int watch(struct port *p)
{
	uint32_t in = port_may_read(p) ? EPOLLIN | EPOLLRDHUP : 0;
	uint32_t out = p->stalled ? EPOLLOUT : 0;
	bool apart = p->in.fd >= 0;

	if (apart && loop_watch(p->sw->loop, &p->in, in) < 0)
		return -1;
	if (p->no_link || p->io.fd < 0)
		return 0;
	if (!apart)
		out = in || out ? in | out : EPOLLET;
	return loop_watch(p->sw->loop, &p->io, out);
}

static void free_port(struct work *work)
{
	struct port *p = container_of(work, struct port, turn);

	free(p->queue.ring);
	free(p);
}

static void drop_kept(struct port *p)
{
	unsigned int i;

	p->stats.drops[DROP_CLOSED] += p->kept_len;
	for (i = 0; i < p->kept_len; i++)
		frame_put(&p->sw->pool, p->kept[i]);
	p->kept_len = 0;
}

static void destroy(struct port *p)
{
	loop_watch(p->sw->loop, &p->io, 0);
	loop_watch(p->sw->loop, &p->in, 0);
	end_hold(p);
	release_waiters(p);
	list_remove(&p->touched);
	port_discard(p, DROP_CLOSED);
	drop_kept(p);
	sw_remove(p->sw, p);
	p->ops->close(p);
	p->turn.fn = free_port;
	loop_reap(p->sw->loop, &p->turn);
}

static void on_turn(struct work *work)
{
	struct port *p = container_of(work, struct port, turn);

	if (p->dying) {
		destroy(p);
		return;
	}
	if (!p->held && p->kept_len)
		resume_input(p);
	if (p->unread && port_may_read(p))
		read_burst(p, 0);
	if (watch(p) < 0)
		port_close(p);
}

static int alloc_queue(struct port_queue *q, unsigned int limit)
{
	uint32_t size = FRAME_BURST;

	while (size < (limit > q->len ? limit : q->len) + FRAME_BURST)
		size *= 2;
	q->ring = calloc(size, sizeof(struct frame *));
	q->mask = size - 1;
	q->limit = limit;
	return q->ring ? 0 : -1;
}

int port_open(struct port *p, struct sw *sw, const struct port_ops *ops,
	      const struct port_conf *conf, const char *name, int fd,
	      struct err *err)
{
	p->sw = sw;
	p->ops = ops;
	p->policy = conf->policy;
	p->io = (struct event){ .fd = fd, .fn = on_io };
	p->in = (struct event){ .fd = -1, .fn = on_in };
	p->no_link = fd < 0;
	if (!p->pid && !p->uid)
		p->uid = (uid_t)-1;
	strncpy(p->name, name, sizeof(p->name) - 1);
	fdb_owner_init(&p->addresses);
	list_init(&p->mirrors);
	list_init(&p->touched);
	list_init(&p->waiters);
	list_init(&p->wait);
	work_init(&p->turn, on_turn);
	timer_init(&p->hold_timer, on_hold_timer);
	if (alloc_queue(&p->queue, conf->queue) < 0)
		return err_errno(err, "port %s: cannot allocate a queue", name);
	if (watch(p) < 0)
		err_errno(err, "port %s: cannot watch descriptor %d", name, fd);
	else if (rules_apply(p, &conf->rules, err) == 0 &&
		 sw_add(sw, p, err) == 0)
		return 0;
	rules_remove(p);
	loop_watch(sw->loop, &p->io, 0);
	free(p->queue.ring);
	return -1;
}

void port_get_conf(const struct port *p, struct port_conf *conf)
{
	*conf = (struct port_conf){ .queue = p->queue.limit,
				    .policy = p->policy,
				    .rules = *rules_of(p) };
	if (p->ops->set_rate)
		conf->rules.link.rate = p->ops->rate(p);
}

/* rate= of a back end that keeps to it is none of the link's. */
static int set_rate(struct port *p, struct impair_conf *link, struct err *err)
{
	uint64_t rate = link->rate;

	if (!p->ops->set_rate)
		return 0;
	link->rate = 0;
	return rate == p->ops->rate(p) ? 0 : p->ops->set_rate(p, rate, err);
}

/* The same frames, in a ring for another limit. */
static int resize_queue(struct port *p, unsigned int limit)
{
	struct port_queue *q = &p->queue, resized = { .len = q->len };
	unsigned int most = limit > q->len ? limit : q->len;
	uint32_t i;

	if (limit == q->limit)
		return 0;
	if (alloc_queue(&resized, most) < 0)
		return -1;
	if (impair_resize(p, resized.mask + 1) < 0) {
		free(resized.ring);
		return -1;
	}
	resized.limit = limit;
	for (i = 0; i < q->len; i++)
		resized.ring[i] = q->ring[(q->head + i) & q->mask];
	free(q->ring);
	*q = resized;
	return 0;
}

int port_set_conf(struct port *p, const struct port_conf *conf, struct err *err)
{
	struct rules rules = conf->rules;
	struct port_conf before;

	port_get_conf(p, &before);
	if (rules_check(&rules, err) < 0)
		return -1;
	if (resize_queue(p, conf->queue) < 0)
		return err_errno(err, "port %s: cannot allocate a queue",
				 p->name);
	if (set_rate(p, &rules.link, err) < 0 ||
	    rules_apply(p, &rules, err) < 0) {
		set_rate(p, &before.rules.link, NULL);
		resize_queue(p, before.queue);
		return -1;
	}
	p->sw->blocking += conf->policy == POLICY_BLOCK;
	p->sw->blocking -= p->policy == POLICY_BLOCK;
	p->policy = conf->policy;
	if (p->policy == POLICY_DROP)
		trim_queue(p);
	p->given_up = false;
	release_waiters(p);
	return 0;
}

void port_describe(struct port *p, const char *text, size_t len)
{
	size_t at = 0;

	for (; len && *text && at < sizeof(p->description) - 1; len--, text++)
		p->description[at++] = *text >= ' ' && *text <= '~' ? *text
								    : '?';
	p->description[at] = '\0';
}

/* Nothing waits any more, and nobody waits for it. */
static void empty_queue(struct port *p)
{
	p->stalled = p->unsent = false;
	port_discard(p, DROP_CLOSED);
	port_flush(p);
}

void port_mute(struct port *p)
{
	p->muted = true;
	empty_queue(p);
	fdb_flush(p->sw->fdb, &p->addresses);
}

void port_read_from(struct port *p, int fd)
{
	loop_watch(p->sw->loop, &p->in, 0);
	p->in.fd = fd;
	touch_turn(p);
}

void port_link_down(struct port *p)
{
	loop_watch(p->sw->loop, &p->io, 0);
	p->no_link = true;
	p->unread = false;
	empty_queue(p);
	fdb_flush(p->sw->fdb, &p->addresses);
}

void port_link_up(struct port *p, int fd)
{
	p->io.fd = fd;
	p->no_link = false;
	touch_turn(p);
}

void port_close(struct port *p)
{
	p->dying = true;
	touch_turn(p);
}
