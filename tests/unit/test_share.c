// SPDX-License-Identifier: GPL-2.0-or-later
/* uml_router/share: what counts as work, and when the next share begins. */
#include <time.h>

#include "tests/unit/tap.h"
#include "uml_router/share.h"

static int renewals;

static void on_renewed(struct share *share)
{
	renewals++;
}

static void wait_ms(long ms)
{
	const struct timespec time = { .tv_nsec = ms * 1000000 };

	nanosleep(&time, NULL);
}

static void work(struct share *share)
{
	uint64_t began = share_clock();

	while (share_clock() - began < SHARE_NS)
		;
	share_spend(share, began);
}

int main(void)
{
	struct share share;
	struct loop loop;
	struct err err;
	uint64_t began;

	alarm(60);
	if (loop_init(&loop, &err) < 0)
		tap_bail("loop_init");
	share_init(&share, &loop, on_renewed);
	began = share_clock();
	wait_ms(SHARE_MS);
	share_spend(&share, began);
	ok(share_left(&share),
	   "while others had the processor, nothing was spent");
	work(&share);
	ok(!share_left(&share), "work uses it up");
	while (!renewals)
		loop_turn(&loop, SHARE_MS);
	ok(share_left(&share), "the next one is whole");
	is_int(renewals, 1, "and said to be there");
	share_fini(&share);
	loop_fini(&loop);
	return tap_done();
}
