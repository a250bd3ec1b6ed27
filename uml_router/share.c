// SPDX-License-Identifier: GPL-2.0-or-later
/* A bound to work, see share.h. */
#include "share.h"

#include "common/clock.h"

static void on_timer(struct timer *timer)
{
	struct share *share = container_of(timer, struct share, timer);

	share->spent = 0;
	share->renewed(share);
}

void share_init(struct share *share, struct loop *loop,
		void (*renewed)(struct share *share))
{
	*share = (struct share){ .loop = loop, .renewed = renewed };
	timer_init(&share->timer, on_timer);
}

void share_fini(struct share *share)
{
	loop_disarm(&share->timer);
}

uint64_t share_clock(void)
{
	return clock_of(CLOCK_THREAD_CPUTIME_ID);
}

void share_spend(struct share *share, uint64_t began)
{
	share->spent += share_clock() - began;
	if (!timer_armed(&share->timer))
		loop_arm(share->loop, &share->timer, SHARE_MS);
}
