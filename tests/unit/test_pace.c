// SPDX-License-Identifier: GPL-2.0-or-later
/* uml_router/pace: a rate that finds what ports drain, and follows it. */
#include "tests/unit/tap.h"
#include "uml_router/pace.h"

#define MBIT UINT64_C(1000000)

/* One question: in @ms, ports that drain @drain bits per second, and a sender
 * that sends as fast as it may. */
static bool ask(struct pace *pace, uint64_t drain, uint64_t ms)
{
	uint64_t rate = pace->rate && pace->rate < drain ? pace->rate : drain;
	bool held = !pace->rate || pace->rate > drain;

	return pace_next(pace, rate * ms / 8000, ms, held);
}

/* Where it is after so many questions. */
static uint64_t after(struct pace *pace, uint64_t drain, unsigned int times)
{
	while (times--)
		ask(pace, drain, pace_ms(pace));
	return pace->rate;
}

static bool near(uint64_t rate, uint64_t drain)
{
	return rate >= drain / 4 * 3 && rate <= drain + drain / 7;
}

static void test_rules(void)
{
	struct pace pace = { 0 };

	is_int((int)pace_ms(&pace), PACE_FIRST_MS,
	       "soon, while there is no rate");
	ok(!pace_next(&pace, 1000000, 100, false) && !pace.rate,
	   "not held: no rate");
	ok(pace_next(&pace, 1000000, 100, true) && pace.rate == 80 * MBIT,
	   "held: what came through");
	is_int((int)pace_ms(&pace), PACE_MS, "then at leisure");
	ok(pace_next(&pace, 1000000, 100, true) && pace.rate == 70 * MBIT,
	   "held at that rate: an eighth less");
	ok(pace_next(&pace, 100000, 100, true) && pace.rate == 8 * MBIT,
	   "held, and less came through: that");
	ok(!pace_next(&pace, 1000, 100, false) && pace.rate == 8 * MBIT,
	   "an idle tap tells nothing");
	pace_next(&pace, 0, 100, true);
	is_int((int)(pace.rate / MBIT), 1, "never below the least");
}

static void test_growth(void)
{
	struct pace pace = { .rate = 80 * MBIT };
	unsigned int i;

	for (i = 1; i < PACE_CALM; i++)
		pace_next(&pace, 1000000, 100, false);
	is_int((int)(pace.rate / MBIT), 80, "not calm for long enough");
	pace_next(&pace, 1000000, 100, false);
	is_int((int)(pace.rate / MBIT), 90, "calm: an eighth more");
	for (i = 0; i < PACE_CALM; i++)
		pace_next(&pace, 1200000, 100, false);
	ok(pace.rate > 120 * MBIT, "still calm: more than an eighth");
	for (i = 0; pace.rate && i < 1000; i++)
		pace_next(&pace, pace.rate / 80, 100, false);
	is_int((int)pace.rate, 0, "what nothing holds up has no rate");
}

static void test_follow(void)
{
	struct pace pace = { 0 };

	ok(near(after(&pace, 100 * MBIT, 30), 100 * MBIT), "it finds the rate");
	ok(near(after(&pace, 10 * MBIT, 30), 10 * MBIT), "it follows down");
	ok(near(after(&pace, 1000 * MBIT, 60), 1000 * MBIT), "and up");
}

/* However it begins, it hangs below the drain and touches it rarely. */
static void test_steady(void)
{
	struct pace pace = { 0 };
	unsigned int i, above = 0;
	uint64_t sum = 0;

	after(&pace, 50 * MBIT, 50);
	for (i = 0; i < 1000; i++) {
		ask(&pace, 50 * MBIT, PACE_MS);
		above += pace.rate > 50 * MBIT;
		sum += pace.rate < 50 * MBIT ? pace.rate : 50 * MBIT;
	}
	ok(above < 300, "above the drain for %u of 1000 times", above);
	ok(sum / 1000 > 42 * MBIT, "%u kbit/s of 50000 are used",
	   (unsigned int)(sum / 1000000));
}

int main(void)
{
	test_rules();
	test_growth();
	test_follow();
	test_steady();
	return tap_done();
}
