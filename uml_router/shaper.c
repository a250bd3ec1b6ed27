// SPDX-License-Identifier: GPL-2.0-or-later
/* Rate limit of a tap, see shaper.h. */
#include "shaper.h"

#include <errno.h>

#include "common/netlink_link.h"
#include "common/netlink_qdisc.h"
#include "switch.h"

/* That there is none to be taken away is found behind the check of privilege
 * (rtnetlink_rcv_msg() of net/core/rtnetlink.c). */
static int set_none(struct shaper *s, struct err *err)
{
	if (netlink_qdisc_reset(s->nl, s->index, err) == 0 || errno == ENOENT)
		return 0;
	return -1;
}

static int set_tbf(struct shaper *s, uint64_t rate, struct err *err)
{
	struct netlink_tbf tbf;

	netlink_tbf_fit(&tbf, rate, s->frame);
	return netlink_qdisc_set_tbf(s->nl, s->index, &tbf, err);
}

static int apply(struct shaper *s, uint64_t rate, struct err *err)
{
	if ((rate ? set_tbf(s, rate, err) : set_none(s, err)) < 0)
		return errno == EPERM ? err_hint(err, "the rate of a tap needs "
						      "CAP_NET_ADMIN")
				      : -1;
	s->rate = rate;
	return 0;
}

/* Only the kernel's own choice is replaced. */
static int check_free(struct shaper *s, const char *name, struct err *err)
{
	struct netlink_qdisc now;

	if (netlink_qdisc_root(s->nl, s->index, &now, err) < 0)
		return -1;
	if (now.by_kernel)
		return 0;
	errno = EBUSY;
	err_set(err, "tap '%s' has a queueing discipline, %s", name, now.kind);
	return err_hint(err,
			"rate= would replace it; 'tc qdisc del dev %s "
			"root' takes it away",
			name);
}

static int look_up(struct shaper *s, const char *name, struct err *err)
{
	struct netlink_link link;

	if (netlink_link_get(s->nl, name, &link, err) < 0)
		return -1;
	s->index = link.index;
	return check_free(s, name, err);
}

/* What came through, up to now. */
static uint64_t passed(const struct port *p)
{
	return p->stats.rx.bytes - p->lost;
}

static void ask_later(struct shaper *s, struct port *p)
{
	s->port = p;
	s->octets = passed(p);
	s->holds = p->holds;
	s->lost = p->lost;
	s->asked = p->worker->loop->now;
	loop_arm(p->worker->loop, &s->timer, pace_ms(&s->pace));
}

/* If it cannot be had any more (no privilege, no device), what is in force
 * stays. */
static void on_timer(struct timer *timer)
{
	struct shaper *s = container_of(timer, struct shaper, timer);
	struct port *p = s->port;
	uint64_t ms = p->worker->loop->now - s->asked;
	bool held = p->held || p->holds != s->holds || p->lost != s->lost;
	uint64_t octets = passed(p) > s->octets ? passed(p) - s->octets : 0;

	if (pace_next(&s->pace, octets, ms ? ms : 1, held))
		apply(s, s->pace.rate, NULL);
	if (held || octets)
		ask_later(s, p);
}

int shaper_set(struct shaper *s, uint64_t rate, struct err *err)
{
	bool follow = rate == RATE_AUTO;

	if (apply(s, follow ? 0 : rate, err) < 0)
		return -1;
	loop_disarm(&s->timer);
	s->follow = follow;
	s->pace = (struct pace){ 0 };
	return 0;
}

int shaper_open(struct shaper *s, const char *name, uint64_t rate,
		uint32_t frame, struct err *err)
{
	*s = (struct shaper){ .frame = frame };
	timer_init(&s->timer, on_timer);
	s->nl = netlink_open(err);
	if (!s->nl)
		return -1;
	if (look_up(s, name, err) == 0 && shaper_set(s, rate, err) == 0)
		return 0;
	netlink_close(s->nl);
	s->nl = NULL;
	return -1;
}

void shaper_busy(struct shaper *s, struct port *port)
{
	if (s->follow && !timer_armed(&s->timer))
		ask_later(s, port);
}

void shaper_close(struct shaper *s)
{
	if (!s->nl)
		return;
	loop_disarm(&s->timer);
	apply(s, 0, NULL);
	netlink_close(s->nl);
	s->nl = NULL;
}
