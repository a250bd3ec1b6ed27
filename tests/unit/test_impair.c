// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/impair and uml_router/limits: what loss=, delay= and rate= do to
 * the frames for a port. Times are lower bounds only: a busy machine is late.
 */
#include "tests/unit/fake.h"
#include "tests/unit/tap.h"
#include "uml_router/impair.h"
#include "uml_router/limits.h"

/* Two ports, from the first to the second; station n is at port n. */
struct bench {
	struct fake_world world;
	struct fake in, out;
	uint64_t began;
};

static void set_up(struct bench *b, unsigned int queue, enum port_policy policy,
		   const char *keys)
{
	fake_world_init(&b->world, NULL);
	fake_plug(&b->in, &b->world.sw, "in", 256, POLICY_DROP);
	fake_plug(&b->out, &b->world.sw, "out", queue, policy);
	fake_rules(&b->out, keys);
	fake_put(&b->out, 1, FAKE_ALL, 0);
	fake_settle(&b->world.loop);
	b->began = fake_clock_ms();
}

static void tear_down(struct bench *b)
{
	fake_world_fini(&b->world);
	fake_fini(&b->in);
	fake_fini(&b->out);
}

static void put(struct bench *b, uint32_t first, uint32_t n)
{
	for (; n; n--)
		fake_put(&b->in, 0, 1, first++);
	fake_settle(&b->world.loop);
}

/* Until @n frames went out; how long that took since set_up(). */
static uint64_t wait_for(struct bench *b, size_t n)
{
	const char *wrong = NULL;

	while (b->out.sent.len < n && !wrong) {
		if (loop_turn(&b->world.loop, 5000) < 0)
			tap_bail("loop_turn");
		wrong = fake_check(&b->world.sw);
	}
	is_str(wrong, NULL, "the switch is in order meanwhile");
	return fake_clock_ms() - b->began;
}

static uint64_t drops(const struct bench *b, enum port_drop why)
{
	return b->out.port->stats.drops[why];
}

/* --- text ---------------------------------------------------------------- */

static void test_loss_text(void)
{
	static const struct {
		const char *text;
		uint32_t loss;
	} good[] = {
		{ "0", 0 },
		{ "100", 1000000 },
		{ "100.0000%", 1000000 },
		{ "5%", 50000 },
		{ "0.5", 5000 },
		{ "0.0001", 1 },
		{ "12.3456", 123456 },
		{ "007", 70000 },
	};
	static const char *const bad[] = {
		"",
		"%",
		"-1",
		"+1",
		"101",
		"100.0001",
		".5",
		"5.",
		"5.%",
		"1e2",
		"0x1",
		"0.00001",
		"5%%",
		"5 ",
		" 5",
		"5,5",
		"1.2.3",
		"9999999999",
		"99999999999999999999",
	};
	struct err err;
	uint32_t loss;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(!impair_loss_parse(good[i].text, &loss, &err) &&
			   loss == good[i].loss,
		   "loss=%s", good[i].text);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(impair_loss_parse(bad[i], &loss, &err) < 0 &&
			   strstr(err.text, "percent"),
		   "loss=%s: %s", bad[i], err.text);
}

static void test_delay_text(void)
{
	static const struct {
		const char *text;
		uint32_t delay, jitter;
	} good[] = {
		{ "0ms", 0, 0 },
		{ "20ms", 20, 0 },
		{ "1s", 1000, 0 },
		{ "1.5s", 1500, 0 },
		{ "0.001s", 1, 0 },
		{ "60s", 60000, 0 },
		{ "60000ms", 60000, 0 },
		{ "20ms+-5ms", 20, 5 },
		{ "1s+-0.25s", 1000, 250 },
		{ "20ms+-20ms", 20, 20 },
	};
	static const char *const bad[] = {
		"",	   "20",	 "ms",		 "20us",     "0.5ms",
		"1.0001s", "61s",	 "60001ms",	 "20ms+5ms", "20ms+-",
		"20ms+-5", "20ms+-5ms+", "20ms+-21ms",	 "-20ms",    "20ms ",
		"20 ms",   "1m",	 "99999999999s",
	};
	struct impair_conf conf;
	struct err err;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(!impair_delay_parse(good[i].text, &conf, &err) &&
			   conf.delay == good[i].delay &&
			   conf.jitter == good[i].jitter,
		   "delay=%s", good[i].text);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(impair_delay_parse(bad[i], &conf, &err) < 0 &&
			   strstr(err.text, "delay '"),
		   "delay=%s: %s", bad[i], err.text);
}

/* --- the bucket ---------------------------------------------------------- */

static unsigned int pour(struct bucket *bucket, uint64_t now)
{
	unsigned int n = 0;

	while (n < 1000 && bucket_has(bucket, now)) {
		bucket_take(bucket);
		n++;
	}
	return n;
}

static void test_bucket(void)
{
	struct bucket b;
	unsigned int i, n = 0;

	bucket_set(&b, 0, 5000);
	is_int((intmax_t)pour(&b, 5000), 1000, "without a rate all may pass");
	bucket_set(&b, 100, 5000);
	is_int((intmax_t)pour(&b, 5000), 100, "a second's worth at once");
	is_int((intmax_t)pour(&b, 5009), 0, "then none");
	is_int((intmax_t)pour(&b, 5010), 1, "one when it is time");
	is_int((intmax_t)pour(&b, 5999), 98, "not one too many");
	is_int((intmax_t)pour(&b, 5000000), 100, "no more after a long time");
	bucket_set(&b, 3, 0);
	pour(&b, 0);
	for (i = 1; i <= 10000; i++)
		n += pour(&b, i);
	is_int((intmax_t)n, 30, "nothing is lost in rounding");
	bucket_set(&b, 100, 0);
	is_int((intmax_t)pour(&b, 500), 100, "no more in a full one");
	/* Multiplied, these are 2^64 and a little. */
	bucket_set(&b, 10000000, 0);
	b.credit = 0;
	is_int((intmax_t)pour(&b, 1844674407371), 1000, "the highest rate");
}

/* --- the link ------------------------------------------------------------ */

static void test_loss(void)
{
	struct bench b;

	set_up(&b, 256, POLICY_DROP, "loss=50");
	put(&b, 1, 10000);
	/* Six standard deviations are 300. */
	ok(b.out.sent.len > 4700 && b.out.sent.len < 5300, "half of 10000: %zu",
	   b.out.sent.len);
	is_int((intmax_t)(drops(&b, DROP_LOST) + b.out.sent.len), 10000,
	       "the others are counted");
	fake_rules(&b.out, "loss=100");
	b.out.sent.len = 0;
	put(&b, 1, 1000);
	is_int((intmax_t)b.out.sent.len, 0, "certain loss");
	fake_rules(&b.out, "loss=0.0001");
	put(&b, 1, 1000);
	ok(b.out.sent.len > 990, "hardly any");
	is_int((intmax_t)b.in.sent.len, 1, "the other way none is lost");
	tear_down(&b);
}

static void test_delay(void)
{
	struct bench b;

	set_up(&b, 256, POLICY_DROP, "delay=80ms");
	put(&b, 1, 10);
	is_int((intmax_t)b.out.sent.len, 0, "nothing comes at once");
	is_int((intmax_t)b.out.port->queue.len, 10, "it waits in the queue");
	ok(wait_for(&b, 1) >= 79, "it comes later");
	wait_for(&b, 10);
	ok(fake_in_order(&b.out, 1, 10), "all of it, in order");
	is_int((intmax_t)b.in.sent.len, 1, "the other way nothing waited");
	tear_down(&b);
}

static void test_jitter(void)
{
	uint32_t i, distinct = 0;
	uint64_t last = 0;
	struct bench b;

	set_up(&b, 1000, POLICY_DROP, "delay=60ms+-60ms");
	for (i = 1; i <= 300; i++)
		put(&b, i, 1);
	for (i = 0; i < b.out.port->queue.len; i++) {
		uint64_t due =
			b.out.port->impair->due[(b.out.port->queue.head + i) &
						b.out.port->queue.mask];

		if (due < last)
			ok(false, "a frame overtakes another");
		distinct += due > last;
		last = due;
	}
	ok(distinct >= 3, "delays differ");
	wait_for(&b, 300);
	ok(fake_in_order(&b.out, 1, 300), "all in order");
	tear_down(&b);
}

/* 60 octets at 48 kbit/s take 10 ms. */
static void test_rate(void)
{
	struct bench b;

	set_up(&b, 256, POLICY_DROP, "rate=48kbit");
	put(&b, 1, 20);
	ok(wait_for(&b, 10) >= 99, "ten frames");
	ok(wait_for(&b, 20) >= 199, "twenty frames");
	ok(fake_in_order(&b.out, 1, 20), "in order");
	tear_down(&b);
}

static void test_rate_and_delay(void)
{
	struct bench b;

	set_up(&b, 256, POLICY_DROP, "rate=48kbit,delay=50ms");
	put(&b, 1, 10);
	ok(wait_for(&b, 1) >= 59, "the first one comes after both");
	ok(wait_for(&b, 10) >= 149, "the last one after all and the delay");
	tear_down(&b);
}

/* queue= bounds what is under way. */
static void test_bound(void)
{
	struct bench b;

	set_up(&b, 4, POLICY_DROP, "delay=60s");
	put(&b, 1, 20);
	while (b.in.port->held && loop_turn(&b.world.loop, 50) >= 0)
		;
	fake_settle(&b.world.loop);
	is_int((intmax_t)b.out.port->queue.len, 4, "as many as may wait");
	is_int((intmax_t)drops(&b, DROP_QUEUE_FULL), 16, "more are dropped");
	is_str(fake_check(&b.world.sw), NULL, "the switch is in order");
	is_int((intmax_t)b.world.sw.workers->pool.used, 4, "no other is held");
	fake_rules(&b.out, "");
	fake_settle(&b.world.loop);
	ok(b.out.sent.len == 4 && !b.out.port->impair,
	   "a link that is good again sends what waits");
	put(&b, 21, 1);
	is_int((intmax_t)b.out.sent.len, 5, "and what comes");
	tear_down(&b);
}

static void test_block(void)
{
	struct bench b;

	set_up(&b, 4, POLICY_BLOCK, "rate=480kbit");
	put(&b, 1, 50);
	ok(b.in.port->held, "the sender is held");
	ok(wait_for(&b, 50) >= 49, "it takes its time");
	ok(fake_in_order(&b.out, 1, 50) && !fake_dropped(&b.out) &&
		   !fake_dropped(&b.in),
	   "nothing is lost");
	tear_down(&b);
}

/* The link of a client that does not read. */
static void test_stalled(void)
{
	struct bench b;

	set_up(&b, 64, POLICY_DROP, "delay=20ms");
	fake_room(&b.out, 3);
	put(&b, 1, 10);
	wait_for(&b, 3);
	fake_settle(&b.world.loop);
	ok(b.out.port->stalled && b.out.port->queue.len == 7, "it stalls");
	is_str(fake_check(&b.world.sw), NULL, "the switch is in order");
	fake_room(&b.out, FAKE_ENDLESS);
	wait_for(&b, 10);
	ok(fake_in_order(&b.out, 1, 10), "and goes on");
	tear_down(&b);
}

/* Rules for a port that has frames in its queue: they are not made late. */
static void test_late_rules(void)
{
	struct bench b;

	set_up(&b, 64, POLICY_DROP, "");
	fake_room(&b.out, 0);
	put(&b, 1, 5);
	fake_rules(&b.out, "delay=60s");
	fake_room(&b.out, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	is_int((intmax_t)b.out.sent.len, 5, "what waited goes at once");
	put(&b, 6, 5);
	is_int((intmax_t)b.out.sent.len, 5, "what comes is late");
	fake_rules(&b.out, "delay=60s,down");
	ok(drops(&b, DROP_ADMIN_DOWN) == 5 && !b.out.port->queue.len,
	   "a port that is down keeps nothing");
	put(&b, 11, 3);
	is_int((intmax_t)drops(&b, DROP_ADMIN_DOWN), 8, "and gets nothing");
	fake_rules(&b.out, "delay=60s");
	put(&b, 14, 3);
	port_close(b.out.port);
	fake_settle(&b.world.loop);
	is_int((intmax_t)b.world.sw.gone.drops[DROP_CLOSED], 3,
	       "what was under way to a port that closed is counted");
	is_int((intmax_t)b.world.sw.workers->pool.used, 0, "and given back");
	tear_down(&b);
}

int main(void)
{
	alarm(120);
	test_loss_text();
	test_delay_text();
	test_bucket();
	test_loss();
	test_delay();
	test_jitter();
	test_rate();
	test_rate_and_delay();
	test_bound();
	test_block();
	test_stalled();
	test_late_rules();
	return tap_done();
}
