// SPDX-License-Identifier: GPL-2.0-or-later
/* uml_router/haste: which traffic is to be hurried for. */
#include "tests/unit/tap.h"
#include "uml_router/haste.h"

#define MUCH (1000ULL << 20)

static void test_needed(void)
{
	ok(haste_needed(0, 0), "no traffic");
	ok(haste_needed(MUCH, 0), "from and to the host");
	ok(!haste_needed(2 * MUCH, MUCH), "from guest to guest");
	ok(!haste_needed(4 * MUCH, MUCH), "half of it");
	ok(haste_needed(4 * MUCH + 4, MUCH), "less than half");
	ok(!haste_needed(2 * HASTE_SOME, HASTE_SOME), "some");
	ok(haste_needed(2 * HASTE_SOME - 2, HASTE_SOME - 1), "little");
}

static void turn_until_rung(struct loop *loop, const struct haste *h)
{
	while (timer_armed(&h->second))
		loop_turn(loop, 2000);
}

static void test_seconds(void)
{
	struct haste h;
	struct loop loop;
	struct err err;

	if (loop_init(&loop, &err) < 0)
		tap_bail(err.text);
	haste_init(&h);
	haste_got(&h, &loop, MUCH, 0);
	ok(!timer_armed(&h.second), "nothing between guests");
	haste_got(&h, &loop, 1, 1);
	is_int((intmax_t)h.guests, 1, "a second begins with nothing");
	haste_sent(&h, MUCH);
	haste_got(&h, &loop, MUCH, 1);
	is_int((intmax_t)h.guests, 2 * MUCH + 1, "one second at a time");
	is_int((intmax_t)h.between, 2, "of which between guests");
	turn_until_rung(&loop, &h);
	ok(!h.none, "haste stays, and nothing is watched");
	haste_got(&h, &loop, 1, 1);
	is_int((intmax_t)h.guests, 1, "the next one begins with nothing");
	haste_fini(&h);
	ok(!timer_armed(&h.second), "forgotten");
	loop_fini(&loop);
}

int main(void)
{
	test_needed();
	test_seconds();
	return tap_done();
}
