// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What all ports have in common: their life from the first frame to the last.
 * ingress.c and egress.c have the frames; port.h tells their way.
 *
 * A port's state may change many times while a burst is switched. What follows
 * from it (going on with frames that were kept back, what epoll watches, the
 * destruction of a broken port) is done once, in on_turn(), which the loop
 * runs before it sleeps. So nothing is destroyed while somebody walks over it,
 * and a port that is held and released within one turn costs no system call.
 */
#include "port_inside.h"

#include <stdlib.h>
#include <string.h>

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
		[DROP_WORKER_BUSY] = "worker_busy",
	};

	return names[why];
}

const char *port_policy_name(enum port_policy policy)
{
	return policy == POLICY_BLOCK ? "block" : "drop";
}

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
		ingress_read(p, ready);
	/* A hang-up is announced for ever, and room perhaps never again: only
	 * the next send tells what has happened. */
	if (ready & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		port_unstall(p);
}

static void on_in(struct event *ev, uint32_t ready)
{
	struct port *p = container_of(ev, struct port, in);

	if (port_may_read(p))
		ingress_read(p, ready);
}

/* One that is neither read nor waited for still says that it was hung up on.
 * That state lasts, and is told once (EPOLLET). */
static int watch(struct port *p)
{
	uint32_t in = port_may_read(p) ? EPOLLIN | EPOLLRDHUP : 0;
	uint32_t out = p->stalled ? EPOLLOUT : 0;
	bool apart = p->in.fd >= 0;

	if (apart && loop_watch(p->worker->loop, &p->in, in) < 0)
		return -1;
	if (p->no_link || p->io.fd < 0)
		return 0;
	if (!apart)
		out = in || out ? in | out : EPOLLET;
	return loop_watch(p->worker->loop, &p->io, out);
}

static void free_port(struct work *work)
{
	struct port *p = container_of(work, struct port, turn);

	free(p->queue.ring);
	free(p);
}

static void destroy(struct port *p)
{
	loop_watch(p->worker->loop, &p->io, 0);
	loop_watch(p->worker->loop, &p->in, 0);
	ingress_fini(p);
	list_remove(&p->touched);
	port_discard(p, DROP_CLOSED);
	workers_take_in(p->sw);
	sw_remove(p->sw, p);
	p->ops->close(p);
	p->turn.fn = free_port;
	loop_reap(p->worker->loop, &p->turn);
}

static void on_turn(struct work *work)
{
	struct port *p = container_of(work, struct port, turn);

	if (p->dying) {
		destroy(p);
		return;
	}
	ingress_resume(p);
	if (watch(p) < 0)
		port_close(p);
}

int port_open(struct port *p, struct sw *sw, const struct port_ops *ops,
	      const struct port_conf *conf, const char *name, int fd,
	      struct err *err)
{
	p->sw = sw;
	p->worker = &sw->workers[conf->worker];
	p->ops = ops;
	p->policy = conf->policy;
	p->io = (struct event){ .fd = fd, .parallel = true, .fn = on_io };
	p->in = (struct event){ .fd = -1, .parallel = true, .fn = on_in };
	p->no_link = fd < 0;
	if (!p->pid && !p->uid)
		p->uid = (uid_t)-1;
	strncpy(p->name, name, sizeof(p->name) - 1);
	fdb_owner_init(&p->addresses);
	list_init(&p->mirrors);
	list_init(&p->touched);
	work_init(&p->turn, on_turn);
	p->turn.parallel = true;
	ingress_init(p);
	if (egress_alloc(&p->queue, conf->queue) < 0)
		return err_errno(err, "port %s: cannot allocate a queue", name);
	if (watch(p) < 0)
		err_errno(err, "port %s: cannot watch descriptor %d", name, fd);
	else if (rules_apply(p, &conf->rules, err) == 0 &&
		 sw_add(sw, p, err) == 0)
		return 0;
	rules_remove(p);
	loop_watch(p->worker->loop, &p->io, 0);
	free(p->queue.ring);
	return -1;
}

void port_get_conf(const struct port *p, struct port_conf *conf)
{
	*conf = (struct port_conf){ .worker = worker_number(p->worker),
				    .queue = p->queue.limit,
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

int port_set_conf(struct port *p, const struct port_conf *conf, struct err *err)
{
	struct rules rules = conf->rules;
	struct port_conf before;

	port_get_conf(p, &before);
	if (rules_check(&rules, err) < 0)
		return -1;
	if (egress_resize(p, conf->queue) < 0)
		return err_errno(err, "port %s: cannot allocate a queue",
				 p->name);
	/* What is under way to the port was let through by the old rules. */
	workers_take_in(p->sw);
	if (set_rate(p, &rules.link, err) < 0 ||
	    rules_apply(p, &rules, err) < 0) {
		set_rate(p, &before.rules.link, NULL);
		egress_resize(p, before.queue);
		return -1;
	}
	p->sw->blocking -= port_blocks(p);
	p->policy = conf->policy;
	p->sw->blocking += port_blocks(p);
	if (p->policy == POLICY_DROP)
		egress_trim(p);
	p->given_up = false;
	ingress_release(p);
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
	loop_watch(p->worker->loop, &p->in, 0);
	p->in.fd = fd;
	port_touch(p);
}

void port_link_down(struct port *p)
{
	loop_watch(p->worker->loop, &p->io, 0);
	p->no_link = true;
	p->unread = false;
	empty_queue(p);
	fdb_flush(p->sw->fdb, &p->addresses);
}

void port_link_up(struct port *p, int fd)
{
	p->io.fd = fd;
	p->no_link = false;
	port_touch(p);
}

void port_close(struct port *p)
{
	p->dying = true;
	/* Others may know the port. */
	p->turn.parallel = false;
	port_touch(p);
}
