// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/port: queues and their exact limits, holding and its end, errors
 * of the descriptor, and ports that close at every bad moment. Every frame
 * that was offered is sent, waiting, or counted as dropped.
 */
#include <errno.h>
#include <sys/socket.h>

#include "tests/unit/fake.h"
#include "tests/unit/tap.h"

/** A sleep that a test would notice, and what cannot have been one. */
#define LONG_MS 5000
#define SHORT_MS 2500

/* Station 1 is at in, station 2 at out; 3 at other. */
struct bench {
	struct fake_world world;
	struct fake in, out, other;
};

static void meet(struct bench *b)
{
	fake_put(&b->in, 1, FAKE_ALL, 0);
	fake_put(&b->out, 2, FAKE_ALL, 0);
	fake_put(&b->other, 3, FAKE_ALL, 0);
	fake_settle(&b->world.loop);
	b->in.sent.len = b->out.sent.len = b->other.sent.len = 0;
}

/* @out has the queue and policy under test; @hold_ms is @in's. */
static void set_up(struct bench *b, unsigned int queue, enum port_policy policy,
		   uint32_t hold_ms)
{
	struct err err;

	fake_world_init(&b->world, NULL);
	fake_init(&b->in);
	b->in.ops.hold_ms = hold_ms;
	if (fake_open(&b->in, &b->world.sw, "in", 256, POLICY_DROP, &err) < 0)
		tap_bail(err.text);
	fake_plug(&b->out, &b->world.sw, "out", queue, policy);
	fake_plug(&b->other, &b->world.sw, "other", 256, POLICY_DROP);
	meet(b);
}

static void tear_down(struct bench *b)
{
	const char *wrong = fake_check(&b->world.sw);

	if (wrong)
		is_str(wrong, NULL, "the switch is in order");
	fake_world_fini(&b->world);
	fake_fini(&b->in);
	fake_fini(&b->out);
	fake_fini(&b->other);
}

/* @n frames from @in, numbered from @first, for @to. */
static void offer(struct bench *b, uint32_t to, uint32_t first, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		fake_put(&b->in, 1, to, first + i);
	fake_settle(&b->world.loop);
}

static uint64_t drops(const struct fake *fake, enum port_drop why)
{
	return fake->port->stats.drops[why];
}

/* --- the limit of the queue ---------------------------------------------- */

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The port takes @room frames and then stands still. In bursts of @burst come
 * @offered frames: the first ones are sent, the next ones wait up to the
 * limit, and only the rest is dropped. */
static bool exact(uint32_t queue, uint32_t room, uint32_t offered,
		  uint32_t burst)
{
	uint32_t sent = least(room, offered), waiting, i;
	const char *wrong;
	struct bench b;
	bool good;

	set_up(&b, queue, POLICY_DROP, HOLD_NEVER);
	fake_room(&b.out, room);
	for (i = 0; i < offered; i += burst)
		offer(&b, 2, i, least(burst, offered - i));
	waiting = least(offered - sent, queue);
	wrong = fake_check(&b.world.sw);
	good = !wrong && b.out.sent.len == sent &&
	       b.out.port->queue.len == waiting &&
	       drops(&b.out, DROP_QUEUE_FULL) == offered - sent - waiting &&
	       fake_dropped(&b.out) == offered - sent - waiting &&
	       b.world.sw.workers->pool.used == waiting;
	if (!good)
		printf("# queue %u, room %u, offered %u by %u: sent %zu, "
		       "waiting %u, dropped %ju; %s\n",
		       queue, room, offered, burst, b.out.sent.len,
		       b.out.port->queue.len, (uintmax_t)fake_dropped(&b.out),
		       wrong ? wrong : "");
	/* What waited is sent when there is room, in order. */
	fake_room(&b.out, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	good = good && fake_in_order(&b.out, 0, sent + waiting) &&
	       !b.world.sw.workers->pool.used &&
	       b.out.port->stats.tx.frames == 2 + sent + waiting;
	tear_down(&b);
	return good;
}

static void test_limit(uint32_t queue)
{
	static const uint32_t rooms[] = { 0, 1, 2, 62, 63, 64, 65, 130 };
	static const uint32_t counts[] = { 1, 2, 63, 64, 65, 128, 700 };
	static const uint32_t bursts[] = { 1, 5, 64, 200 };
	unsigned int i, wrong = 0;

	for (i = 0; i < 8 * 7 * 4; i++)
		wrong += !exact(queue, rooms[i % 8], counts[i / 8 % 7],
				bursts[i / 56]);
	is_int(wrong, 0, "queue=%u: sent, waiting and dropped add up", queue);
}

/* Frames come while the port sends a few at a time: what goes out is in
 * order, and what does not is counted. */
static void test_drop_while_sending(uint32_t queue, uint32_t chunk)
{
	uint32_t offered = 0, i;
	uint64_t sum;
	struct bench b;

	set_up(&b, queue, POLICY_DROP, HOLD_NEVER);
	b.out.chunk = chunk;
	for (i = 0; i < 200; i++) {
		uint32_t j, n = 1 + i * 7 % 90;

		for (j = 0; j < n; j++)
			fake_put(&b.in, 1, 2, offered++);
		loop_turn(&b.world.loop, 0);
		if (fake_check(&b.world.sw))
			break;
	}
	is_str(fake_check(&b.world.sw), NULL,
	       "queue=%u, %u at a time: in "
	       "order after each turn",
	       queue, chunk);
	fake_settle(&b.world.loop);
	sum = b.out.sent.len + drops(&b.out, DROP_QUEUE_FULL);
	is_int((intmax_t)sum, offered, "nothing is lost uncounted");
	for (i = 1; i < b.out.sent.len; i++)
		if (fake_number(&b.out.sent.at[i]) <=
		    fake_number(&b.out.sent.at[i - 1]))
			break;
	is_int(i, (intmax_t)b.out.sent.len, "nothing is out of order");
	tear_down(&b);
}

/* A queue whose places were used many times over. */
static void test_ring(void)
{
	struct bench b;
	uint32_t i;

	set_up(&b, 100, POLICY_DROP, HOLD_NEVER);
	fake_room(&b.out, 0);
	offer(&b, 2, 0, 100);
	for (i = 1; i < 50; i++) {
		fake_room(&b.out, 97);
		fake_settle(&b.world.loop);
		offer(&b, 2, 100 + 97 * (i - 1), 97);
	}
	is_int(b.out.port->queue.len, 100, "the queue is full again");
	fake_room(&b.out, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&b.out, 0, 100 + 49 * 97) && !fake_dropped(&b.out),
	   "all went through it");
	tear_down(&b);
}

/* --- policy=block -------------------------------------------------------- */

/* All frames arrive, in order, however they are sent. */
static void test_block(uint32_t queue, uint32_t chunk)
{
	const char *wrong = NULL;
	struct bench b;
	uint32_t i;
	int turns = 0;

	set_up(&b, queue, POLICY_BLOCK, HOLD_FOREVER);
	b.out.chunk = chunk;
	for (i = 0; i < 1500; i++)
		fake_put(&b.in, 1, 2, i);
	while (b.out.sent.len < 1500 && !wrong && turns++ < 20000) {
		loop_turn(&b.world.loop, 0);
		wrong = fake_check(&b.world.sw);
	}
	is_str(wrong, NULL, "queue=%u, %u at a time", queue, chunk);
	ok(fake_in_order(&b.out, 0, 1500) && !fake_dropped(&b.out) &&
		   !fake_dropped(&b.in) && !b.in.intruded,
	   "nothing is lost or out of order");
	tear_down(&b);
}

/* The port stands still time and again. */
static void test_block_in_steps(uint32_t queue)
{
	uint32_t steps = 0, i;
	struct bench b;

	set_up(&b, queue, POLICY_BLOCK, HOLD_FOREVER);
	fake_room(&b.out, 0);
	offer(&b, 2, 0, 1000);
	ok(b.in.port->held && b.in.in_done < 1000 && b.out.port->queue.len,
	   "queue=%u: the sender is held, not read", queue);
	for (i = 1; b.out.sent.len < 1000 && steps < 2000; i++, steps++) {
		fake_room(&b.out, 1 + i * 11 % 80);
		fake_settle(&b.world.loop);
		if (fake_check(&b.world.sw))
			break;
	}
	ok(fake_in_order(&b.out, 0, 1000) && !fake_dropped(&b.out) &&
		   !fake_dropped(&b.in) && !b.in.intruded,
	   "queue=%u: nothing is lost or out of order", queue);
	tear_down(&b);
}

/* Several senders wait for one port: each one's frames keep their order. */
static void test_block_many(void)
{
	uint32_t next[3] = { 0 }, i, wrong = 0;
	struct fake_world world;
	struct fake in[3], out;
	char name[16];

	fake_world_init(&world, NULL);
	fake_plug(&out, &world.sw, "out", 16, POLICY_BLOCK);
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "in%u", i);
		fake_plug(&in[i], &world.sw, name, 1, POLICY_DROP);
	}
	fake_put(&out, 99, FAKE_ALL, 0);
	fake_settle(&world.loop);
	out.chunk = 3;
	for (i = 0; i < 900; i++)
		fake_put(&in[i % 3], i % 3, 99, i / 3);
	ok(fake_settle(&world.loop) > 0, "it comes to an end");
	for (i = 0; i < out.sent.len; i++) {
		uint32_t from = fake_from(&out.sent.at[i]);

		wrong += from > 2 || fake_number(&out.sent.at[i]) != next[from];
		next[from % 3]++;
	}
	ok(!wrong && out.sent.len == 900, "three senders, each in order");
	is_int((intmax_t)world.sw.workers->pool.used, 0, "no frame is held");
	fake_world_fini(&world);
	fake_fini(&out);
	for (i = 0; i < 3; i++)
		fake_fini(&in[i]);
}

static void test_release_at_half(uint32_t queue)
{
	struct bench b;

	set_up(&b, queue, POLICY_BLOCK, HOLD_FOREVER);
	fake_room(&b.out, 0);
	offer(&b, 2, 0, queue + 1);
	ok(b.in.port->held && b.out.port->queue.len == queue,
	   "queue=%u: held when it is full", queue);
	fake_room(&b.out, queue - queue / 2 - 1);
	fake_settle(&b.world.loop);
	ok(b.in.port->held && b.out.port->queue.len == queue / 2 + 1,
	   "queue=%u: held while more than half of it is full", queue);
	fake_room(&b.out, 1);
	fake_settle(&b.world.loop);
	ok(!b.in.port->held && b.out.port->queue.len == queue / 2 + 1,
	   "queue=%u: released at half", queue);
	is_int(b.in.port->io.interest & EPOLLIN, EPOLLIN, "and read again");
	tear_down(&b);
}

/* --- the end of patience ------------------------------------------------- */

/* One turn that may sleep until the timer of the hold. */
static void sleep_a_turn(struct bench *b)
{
	loop_turn(&b->world.loop, LONG_MS);
	fake_settle(&b->world.loop);
}

static void test_hold_limit(void)
{
	uint64_t begin;
	struct bench b;

	set_up(&b, 4, POLICY_BLOCK, 200);
	fake_room(&b.out, 0);
	begin = fake_clock_ms();
	offer(&b, 2, 0, 200);
	ok(b.in.port->held && b.in.in_done < 201 &&
		   timer_armed(&b.in.port->hold_timer),
	   "held, not for ever");
	while (b.in.port->held && fake_clock_ms() - begin < SHORT_MS)
		sleep_a_turn(&b);
	ok(fake_clock_ms() - begin >= 200, "not shorter than promised");
	ok(!b.in.port->held && b.in.port->impatient && b.in.in_done == 201 &&
		   !b.in.port->kept_len,
	   "then read to the end");
	is_int((intmax_t)(drops(&b.out, DROP_HOLD_LIMIT) +
			  b.out.port->queue.len),
	       200, "what is for the full port is dropped and counted there");
	ok(b.out.port->queue.len >= 4 && b.out.port->queue.len <= 64 &&
		   !fake_dropped(&b.in) && !fake_check(&b.world.sw),
	   "what waited before waits on");
	offer(&b, 2, 200, 1);
	ok(!b.in.port->held &&
		   drops(&b.out, DROP_HOLD_LIMIT) + b.out.port->queue.len ==
			   201,
	   "no further hold while it is full");
	offer(&b, 3, 201, 50);
	ok(fake_in_order(&b.other, 201, 50), "others get theirs");
	fake_room(&b.out, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(!b.in.port->impatient, "with room patience comes back");
	fake_room(&b.out, 0);
	offer(&b, 2, 300, 100);
	ok(b.in.port->held && !fake_check(&b.world.sw), "and holds again");
	fake_room(&b.out, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(!b.in.port->held &&
		   fake_number(&b.out.sent.at[b.out.sent.len - 1]) == 399,
	   "without loss this time");
	ok(!timer_armed(&b.in.port->hold_timer), "and without a timer");
	tear_down(&b);
}

/* Released in time: no frame is lost, and no timer is left behind. */
/* Two ports that stand still must not hold a sender in turns. */
static void test_hold_in_turns(void)
{
	struct fake third;
	struct bench b;

	set_up(&b, 4, POLICY_BLOCK, 200);
	fake_plug(&third, &b.world.sw, "third", 4, POLICY_BLOCK);
	fake_put(&third, 4, FAKE_ALL, 0);
	fake_settle(&b.world.loop);
	fake_room(&b.out, 0);
	fake_room(&third, 0);
	offer(&b, 2, 0, 200);
	while (b.in.port->held)
		sleep_a_turn(&b);
	offer(&b, 4, 200, 200);
	ok(!b.in.port->held && drops(&third, DROP_HOLD_LIMIT),
	   "no second hold right behind a first one of full length");
	b.in.port->rested = b.world.loop.now;
	offer(&b, 4, 400, 1);
	ok(b.in.port->held && b.in.port->waits_for == third.port, "but later");
	fake_room(&b.out, FAKE_ENDLESS);
	fake_room(&third, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(!b.in.port->held && !b.in.port->impatient, "room ends it");
	port_close(third.port);
	tear_down(&b);
	fake_fini(&third);
}

static void test_hold_in_time(void)
{
	struct bench b;

	set_up(&b, 4, POLICY_BLOCK, 60000);
	fake_room(&b.out, 0);
	offer(&b, 2, 0, 100);
	ok(b.in.port->held && timer_armed(&b.in.port->hold_timer), "held");
	fake_room(&b.out, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&b.out, 0, 100) && !b.in.port->held &&
		   !b.in.port->impatient && !fake_dropped(&b.out),
	   "room in time");
	ok(!timer_armed(&b.in.port->hold_timer), "no timer is left");
	tear_down(&b);
}

static void test_hold_never(void)
{
	struct bench b;

	set_up(&b, 64, POLICY_BLOCK, HOLD_NEVER);
	fake_room(&b.out, 10);
	offer(&b, 2, 0, 200);
	ok(!b.in.port->held && b.in.in_done == 201 &&
		   b.out.port->queue.len == 64 &&
		   drops(&b.out, DROP_HOLD_LIMIT) == 200 - 64 - 10,
	   "never held: the rest is dropped and counted");
	fake_room(&b.out, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&b.out, 0, 74), "the first ones arrive");
	tear_down(&b);
}

/* policy=drop: a client that reads in time loses nothing, and one that does
 * not is waited for only once. */
static void test_brief_hold(void)
{
	uint64_t begin, before;
	struct bench b;

	set_up(&b, 64, POLICY_DROP, HOLD_FOREVER);
	fake_room(&b.out, 10);
	begin = fake_clock_ms();
	offer(&b, 2, 0, 200);
	ok(b.in.port->held || fake_clock_ms() - begin >= HOLD_BRIEFLY,
	   "a full port that drops is waited for");
	fake_room(&b.out, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(fake_clock_ms() - begin >= HOLD_BRIEFLY ||
		   (fake_in_order(&b.out, 0, 200) && !fake_dropped(&b.out)),
	   "room in time: all arrive");
	fake_room(&b.out, 0);
	b.out.sent.len = 0;
	before = drops(&b.out, DROP_QUEUE_FULL);
	begin = fake_clock_ms();
	offer(&b, 2, 200, 200);
	while (b.in.port->held && fake_clock_ms() - begin < SHORT_MS)
		sleep_a_turn(&b);
	ok(fake_clock_ms() - begin >= HOLD_BRIEFLY && !b.in.port->held &&
		   b.out.port->given_up,
	   "no room: waited for, but not for long");
	fake_settle(&b.world.loop);
	is_int((intmax_t)(drops(&b.out, DROP_QUEUE_FULL) - before), 200 - 64,
	       "then what the queue cannot hold is dropped and counted");
	offer(&b, 2, 400, 10);
	ok(!b.in.port->held &&
		   drops(&b.out, DROP_QUEUE_FULL) - before == 210 - 64,
	   "and waited for only once");
	tear_down(&b);
}

/* A frame for all does not wait for a port that drops. */
static void test_flood_no_hold(void)
{
	struct bench b;

	set_up(&b, 64, POLICY_DROP, HOLD_FOREVER);
	fake_room(&b.out, 0);
	offer(&b, FAKE_ALL, 0, 100);
	ok(!b.in.port->held && fake_in_order(&b.other, 0, 100) &&
		   drops(&b.out, DROP_QUEUE_FULL) == 100 - 64,
	   "flooding waits for no port that drops");
	tear_down(&b);
}

/* Patience that ended with one port is not at an end with another: frames for
 * a port of policy=block are not lost because a third one stands still. */
static void test_patience_with_others(void)
{
	uint64_t begin = fake_clock_ms();
	struct bench b;

	set_up(&b, 8, POLICY_BLOCK, HOLD_FOREVER);
	fake_room(&b.other, 0);
	offer(&b, 3, 0, 600);
	while (b.in.in_done < b.in.in.len && fake_clock_ms() - begin < SHORT_MS)
		sleep_a_turn(&b);
	ok(b.in.in_done == b.in.in.len && drops(&b.other, DROP_QUEUE_FULL),
	   "a port that drops stands still");
	fake_room(&b.out, 0);
	offer(&b, 2, 600, 200);
	ok(b.in.port->held, "one that blocks is waited for nevertheless");
	fake_room(&b.out, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&b.out, 600, 200) && !fake_dropped(&b.out),
	   "and loses nothing");
	is_str(fake_check(&b.world.sw), NULL, "in order");
	tear_down(&b);
}

/* Likewise when its time with one port that blocks is up: with another one it
 * begins anew, behind a rest. */
static void test_time_with_others(void)
{
	uint64_t begin = fake_clock_ms();
	struct fake second;
	struct bench b;

	set_up(&b, 8, POLICY_BLOCK, 300);
	fake_plug(&second, &b.world.sw, "second", 8, POLICY_BLOCK);
	fake_put(&second, 4, FAKE_ALL, 0);
	fake_settle(&b.world.loop);
	b.out.sent.len = 0;
	fake_room(&b.out, 0);
	fake_room(&second, 0);
	offer(&b, 2, 0, 100);
	while (b.in.port->held && fake_clock_ms() - begin < SHORT_MS)
		sleep_a_turn(&b);
	ok(b.in.port->impatient && b.in.port->waits_for == b.out.port,
	   "its time with one is up");
	b.in.port->rested = b.world.loop.now;
	offer(&b, 4, 100, 100);
	ok(b.in.port->held && b.in.port->waits_for == second.port,
	   "another one is waited for");
	is_str(fake_check(&b.world.sw), NULL, "in order");
	fake_room(&second, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&second, 100, 100) && !fake_dropped(&second),
	   "and loses nothing");
	tear_down(&b);
	fake_fini(&second);
}

/* A port whose client left is sent nothing, and nobody waits for it. */
static void test_mute(void)
{
	struct bench b;

	set_up(&b, 8, POLICY_BLOCK, HOLD_FOREVER);
	fake_room(&b.out, 0);
	offer(&b, 2, 0, 100);
	ok(b.in.port->held && b.out.port->queue.len, "somebody waits");
	port_mute(b.out.port);
	fake_settle(&b.world.loop);
	ok(!b.in.port->held && !b.in.port->kept_len && !b.out.port->queue.len,
	   "nobody waits for a port that is mute");
	is_int((intmax_t)drops(&b.out, DROP_CLOSED), 100,
	       "what is for it is dropped and counted");
	is_int((intmax_t)b.out.port->addresses.learned.count, 0,
	       "its addresses are forgotten");
	b.other.sent.len = 0;
	fake_put(&b.out, 2, 3, 0);
	fake_settle(&b.world.loop);
	is_int((intmax_t)b.other.sent.len, 1, "what is from it is forwarded");
	tear_down(&b);
}

/* All holds between two reads have one end. */
static void test_one_end(void)
{
	uint64_t end;
	struct bench b;

	set_up(&b, 8, POLICY_BLOCK, 300);
	fake_room(&b.out, 0);
	offer(&b, 2, 0, 100);
	end = b.in.port->hold_until;
	ok(b.in.port->held && end > b.world.loop.now, "held, with an end");
	loop_turn(&b.world.loop, 5);
	fake_room(&b.out, 62);
	fake_settle(&b.world.loop);
	ok(b.in.port->held && b.in.port->hold_until == end,
	   "held again before it was read: the end is the same");
	fake_room(&b.out, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	offer(&b, 2, 100, 1);
	is_int((intmax_t)b.in.port->hold_until, 0, "read again: no end");
	tear_down(&b);
}

/* --- errors -------------------------------------------------------------- */

static void test_send_error(void)
{
	struct bench b;

	set_up(&b, 256, POLICY_DROP, HOLD_FOREVER);
	b.out.fail = EMSGSIZE;
	offer(&b, 2, 0, 10);
	ok(fake_in_order(&b.out, 1, 9) && drops(&b.out, DROP_SEND_ERROR) == 1 &&
		   b.out.port->stats.tx.frames == 2 + 9,
	   "a frame that is refused is dropped, the rest goes");
	tear_down(&b);
}

static void test_link_down(void)
{
	struct bench b;
	struct err err;

	set_up(&b, 256, POLICY_DROP, HOLD_FOREVER);
	port_close(b.out.port);
	fake_settle(&b.world.loop);
	fake_fini(&b.out);
	fake_init(&b.out);
	b.out.fail_as = DROP_LINK_DOWN;
	if (fake_open(&b.out, &b.world.sw, "out", 4, POLICY_DROP, &err) < 0)
		tap_bail(err.text);
	b.out.fail = EIO;
	offer(&b, 2, 0, 3);
	ok(fake_in_order(&b.out, 1, 2) && drops(&b.out, DROP_LINK_DOWN) == 1,
	   "the back end says why");
	tear_down(&b);
}

/* An error behind frames of the same burst that went out: that is no reason to
 * wait for room, which may never be announced (a tap that is down). */
static void test_error_in_burst(int fail, const char *what)
{
	struct bench b;

	set_up(&b, 8, POLICY_BLOCK, HOLD_FOREVER);
	b.out.fail = fail;
	b.out.fail_after = 3;
	fake_put(&b.in, 1, 2, 0);
	fake_put(&b.in, 1, 2, 1);
	fake_put(&b.in, 1, 2, 2);
	fake_put(&b.in, 1, 2, 3);
	fake_put(&b.in, 1, 2, 4);
	loop_turn(&b.world.loop, 0);
	if (fail == EPIPE) {
		ok(!b.out.port && fake_in_order(&b.out, 0, 3) &&
			   b.world.sw.gone.drops[DROP_CLOSED] == 2,
		   "%s behind frames that went out, at once", what);
	} else {
		ok(!b.out.port->stalled && !b.out.port->queue.len &&
			   b.out.sent.len == 4 &&
			   drops(&b.out, DROP_SEND_ERROR) == 1,
		   "%s behind frames that went out, at once", what);
	}
	tear_down(&b);
}

static void test_broken(void)
{
	struct port_stats sum;
	struct bench b;

	set_up(&b, 256, POLICY_DROP, HOLD_FOREVER);
	b.out.fail = EPIPE;
	offer(&b, 2, 0, 10);
	ok(!b.out.port && b.out.closes == 1 && !b.out.sent.len,
	   "a broken port is closed");
	sw_sum(&b.world.sw, &sum);
	ok(sum.drops[DROP_CLOSED] == 10 && !b.world.sw.workers->pool.used,
	   "its frames are counted and given back");
	offer(&b, 2, 10, 5);
	ok(fake_in_order(&b.other, 10, 5), "its station is looked for");
	tear_down(&b);
}

/* The first send of a burst succeeds, a later one of the same burst breaks
 * the port, while frames still come for it. */
static void break_second(struct fake *fake)
{
	if (fake->sends == *(unsigned int *)fake->data)
		fake->fail = EPIPE;
}

static void test_broken_in_burst(void)
{
	unsigned int when;
	struct port_stats sum;
	struct bench b;

	set_up(&b, 64, POLICY_DROP, HOLD_FOREVER);
	when = b.out.sends + 2;
	b.out.data = &when;
	b.out.on_send = break_second;
	b.out.chunk = 64;
	offer(&b, 2, 0, 64 * 3);
	sw_sum(&b.world.sw, &sum);
	ok(!b.out.port && b.out.sent.len == 64, "broken in the second burst");
	ok(sum.drops[DROP_CLOSED] == 64 && b.other.sent.len == 64 &&
		   !b.world.sw.workers->pool.used,
	   "each frame is sent, counted, or flooded after its end");
	tear_down(&b);
}

/* A descriptor that epoll does not take. */
static void test_cannot_watch(void)
{
	struct port_conf conf = { .queue = 4, .policy = POLICY_BLOCK };
	struct port *port = calloc(1, sizeof(*port));
	struct bench b;
	struct err err;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (!port || fd < 0)
		tap_bail("/dev/null");
	set_up(&b, 4, POLICY_DROP, HOLD_FOREVER);
	is_int(port_open(port, &b.world.sw, &b.in.ops, &conf, "x", fd, &err),
	       -1, "a descriptor that cannot be watched");
	ok(strstr(err.text, "port x: cannot watch descriptor") &&
		   strstr(err.text, "Operation not permitted"),
	   "is told: %s", err.text);
	ok(!sw_find(&b.world.sw, "x") && !b.world.sw.blocking &&
		   fcntl(fd, F_GETFD) >= 0,
	   "nothing is left of the port, the descriptor is ours");
	free(port);
	close(fd);
	tear_down(&b);
}

/* One that was closed behind our back. */
static void test_lost_descriptor(void)
{
	struct bench b;

	set_up(&b, 4, POLICY_DROP, HOLD_NEVER);
	fake_room(&b.out, 0);
	close(b.out.fd);
	b.out.fd = -1;
	offer(&b, 2, 0, 10);
	ok(!b.out.port && b.out.closes == 1 && !b.world.sw.workers->pool.used,
	   "a port that cannot be watched any more is closed");
	tear_down(&b);
}

/* --- closing ------------------------------------------------------------- */

static void test_close_with_queue(void)
{
	struct port_stats sum;
	struct bench b;

	set_up(&b, 64, POLICY_DROP, HOLD_FOREVER);
	fake_room(&b.out, 5);
	offer(&b, 2, 0, 40);
	port_close(b.out.port);
	port_close(b.out.port);
	is_int(b.out.closes, 0, "not closed before its turn");
	is_str(fake_check(&b.world.sw), NULL, "in order meanwhile");
	offer(&b, 2, 40, 1);
	sw_sum(&b.world.sw, &sum);
	ok(!b.out.port && b.out.closes == 1, "closed once");
	is_int((intmax_t)(sum.drops[DROP_CLOSED] + b.other.sent.len), 36,
	       "frames that waited are counted; one came meanwhile");
	is_int((intmax_t)b.world.sw.workers->pool.used, 0,
	       "and are given back");
	tear_down(&b);
}

static void test_close_empty(void)
{
	struct port_stats sum;
	struct bench b;

	set_up(&b, 64, POLICY_BLOCK, HOLD_FOREVER);
	port_close(b.out.port);
	fake_settle(&b.world.loop);
	sw_sum(&b.world.sw, &sum);
	ok(!b.out.port && !sum.drops[DROP_CLOSED] && !b.world.sw.blocking,
	   "nothing to count");
	tear_down(&b);
}

/* Somebody else has the descriptor, too (the parent that handed it over): it
 * stays open when we close it, and is not watched any more. */
static void test_close_shared(void)
{
	struct bench b;
	int shared;

	set_up(&b, 64, POLICY_DROP, HOLD_FOREVER);
	shared = dup(b.out.fd);
	port_close(b.out.port);
	fake_settle(&b.world.loop);
	if (send(b.out.peer, "x", 1, MSG_NOSIGNAL) != 1)
		tap_bail("send");
	is_int(loop_turn(&b.world.loop, 0), 0,
	       "a descriptor that others hold is not watched any more");
	close(shared);
	tear_down(&b);
}

/* Whoever waits for a port that closes goes on. */
static void test_full_port_closes(void)
{
	struct bench b;

	set_up(&b, 8, POLICY_BLOCK, HOLD_FOREVER);
	fake_room(&b.out, 0);
	offer(&b, 2, 0, 300);
	ok(b.in.port->held, "held");
	port_close(b.out.port);
	fake_settle(&b.world.loop);
	ok(!b.out.port && !b.in.port->held && b.in.in_done == 301 &&
		   !b.in.port->kept_len,
	   "released when the full port closes");
	is_int(b.in.port->io.interest & EPOLLIN, EPOLLIN, "and read again");
	is_int((intmax_t)b.other.sent.len + 64, 300,
	       "what is left looks for the station elsewhere");
	is_int(b.in.intruded, 0, "in order");
	tear_down(&b);
}

/* Likewise when its time was up before. */
static void test_full_port_closes_late(void)
{
	struct bench b;

	set_up(&b, 8, POLICY_BLOCK, 1);
	fake_room(&b.out, 0);
	offer(&b, 2, 0, 100);
	while (b.in.port->held)
		sleep_a_turn(&b);
	ok(b.in.port->impatient, "impatient");
	port_close(b.out.port);
	fake_settle(&b.world.loop);
	ok(!b.in.port->impatient && !b.in.port->held, "that is over");
	tear_down(&b);
}

static void test_held_port_closes(void)
{
	struct port_stats sum;
	uint32_t kept;
	struct bench b;

	set_up(&b, 8, POLICY_BLOCK, 60000);
	fake_room(&b.out, 0);
	offer(&b, 2, 0, 100);
	kept = b.in.port->kept_len;
	ok(b.in.port->held && kept, "held");
	port_close(b.in.port);
	fake_settle(&b.world.loop);
	sw_sum(&b.world.sw, &sum);
	ok(!b.in.port && sum.drops[DROP_CLOSED] == kept &&
		   b.world.sw.workers->pool.used == b.out.port->queue.len,
	   "what was kept of it is counted and given back");
	ok(list_empty(&b.out.port->waiters), "nobody waits any more");
	fake_room(&b.out, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&b.out, 0, 64), "what waited arrives");
	tear_down(&b);
}

/* The other end goes while the port is held with frames to be sent to it:
 * what was kept back comes before what is still to be read. */
static void test_held_port_hangs_up(void)
{
	struct bench b;

	set_up(&b, 8, POLICY_BLOCK, HOLD_FOREVER);
	fake_room(&b.out, 0);
	offer(&b, 2, 0, 70);
	fake_room(&b.in, 0);
	fake_put(&b.other, 3, 1, 500);
	fake_settle(&b.world.loop);
	ok(b.in.port->held && b.in.port->stalled &&
		   b.in.port->io.interest == EPOLLOUT,
	   "held, and watched for room");
	fake_put(&b.in, 1, 2, 70);
	fake_room(&b.in, 0);
	shutdown(b.in.peer, SHUT_RDWR);
	loop_turn(&b.world.loop, 0);
	ok(!b.in.intruded && b.in.port, "a hang-up does not have it read");
	is_str(fake_check(&b.world.sw), NULL, "in order");
	fake_room(&b.out, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&b.out, 0, 71) && !b.in.intruded, "nothing is lost");
	tear_down(&b);
}

/* The same, but nobody sends to it: it is noticed all the same, once. */
static void test_held_port_is_left(bool half)
{
	const char *how = half ? "half-closed" : "closed";
	struct bench b;

	set_up(&b, 8, POLICY_BLOCK, HOLD_FOREVER);
	fake_room(&b.out, 0);
	offer(&b, 2, 0, 100);
	fake_put(&b.in, 1, 2, 100);
	ok(b.in.port->held && !b.in.port->muted, "held");
	if (half)
		shutdown(b.in.peer, SHUT_WR);
	else
		fake_hang_up(&b.in);
	ok(fake_settle(&b.world.loop) < 10, "%s: the loop sleeps", how);
	ok(b.in.port && b.in.port->held && !b.in.intruded, "%s: it is not read",
	   how);
	is_int(b.in.port->muted, !half, "%s: is there anybody to send to?",
	       how);
	ok(half || !b.in.port->addresses.learned.count,
	   "%s: who left is forgotten", how);
	is_str(fake_check(&b.world.sw), NULL, "in order");
	fake_room(&b.out, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&b.out, 0, 101) && !b.in.port,
	   "%s: nothing is lost, and then the port goes", how);
	tear_down(&b);
}

/* --- closing from within ------------------------------------------------- */

static void close_it(struct fake *fake)
{
	struct fake *victim = fake->data;

	if (victim->port)
		port_close(victim->port);
}

/* In a flood, sending to @out closes @victim. */
static void closes_in_flood(const char *what, bool same, bool ingress,
			    enum port_policy policy)
{
	struct fake *victim;
	struct bench b;

	set_up(&b, 4, policy, HOLD_FOREVER);
	victim = same ? &b.out : ingress ? &b.in : &b.other;
	b.out.data = victim;
	b.out.on_send = close_it;
	offer(&b, FAKE_ALL, 0, 200);
	ok(!victim->port && victim->closes == 1, "%s closes in a flood", what);
	fake_room(&b.out, FAKE_ENDLESS);
	b.out.on_send = NULL;
	if (!ingress)
		offer(&b, FAKE_ALL, 200, 10);
	fake_settle(&b.world.loop);
	is_int((intmax_t)b.world.sw.workers->pool.used, 0,
	       "%s: no frame is held", what);
	if (same)
		ok(fake_in_order(&b.other, 0, 210), "the other got all");
	else if (!ingress)
		ok(fake_in_order(&b.out, 0, 210), "the closer got all");
	else
		ok(b.other.sent.len == b.out.sent.len, "both got the same");
	tear_down(&b);
}

/* A port of policy=block that breaks while a flood asks whether it is full. */
static void test_breaks_while_asked(void)
{
	struct port_stats sum;
	struct bench b;

	set_up(&b, 64, POLICY_BLOCK, HOLD_FOREVER);
	b.out.fail = EPIPE;
	offer(&b, FAKE_ALL, 0, 200);
	sw_sum(&b.world.sw, &sum);
	ok(!b.out.port && fake_in_order(&b.other, 0, 200) && !b.in.port->held &&
		   !b.in.intruded,
	   "nobody waits for a port that is gone");
	is_int((intmax_t)sum.drops[DROP_CLOSED], 64, "its frames are counted");
	tear_down(&b);
}

/* --- names and small things ---------------------------------------------- */

static void test_names(void)
{
	unsigned int i, j, wrong = 0;

	for (i = 0; i < PORT_DROPS; i++) {
		const char *name = port_drop_name((enum port_drop)i);

		wrong += !name || !*name;
		for (j = 0; name && j < i; j++)
			wrong += !strcmp(name,
					 port_drop_name((enum port_drop)j));
	}
	is_int(wrong, 0, "each reason has a name of its own");
	is_str(port_policy_name(POLICY_DROP), "drop", "drop");
	is_str(port_policy_name(POLICY_BLOCK), "block", "block");
}

/* Up to a NUL, without what a terminal would act on. */
static void test_describe(void)
{
	struct bench b;
	char much[200];

	set_up(&b, 1, POLICY_DROP, HOLD_NEVER);
	is_str(b.out.port->description, "", "no description");
	memset(much, 'x', sizeof(much));
	port_describe(b.out.port, much, sizeof(much));
	is_int((intmax_t)strlen(b.out.port->description),
	       PORT_DESCRIPTION_LEN - 1, "too long a one is cut");
	port_describe(b.out.port, "QEMU user=\x1b[1m\x9b\xc2\x9b~\n\0pid", 25);
	is_str(b.out.port->description, "QEMU user=?[1m???~?",
	       "junk in one cannot be seen");
	port_describe(b.out.port, "plug", 2);
	is_str(b.out.port->description, "pl", "one without a NUL");
	tear_down(&b);
}

int main(void)
{
	static const uint32_t queues[] = { 1, 2, 3, 63, 64, 65, 256 };
	unsigned int i;

	alarm(240);
	for (i = 0; i < 7; i++)
		test_limit(queues[i]);
	test_drop_while_sending(1, 3);
	test_drop_while_sending(3, 1);
	test_drop_while_sending(64, 7);
	test_drop_while_sending(256, 20);
	test_ring();
	for (i = 0; i < 7; i++) {
		test_block(queues[i], 1);
		test_block(queues[i], 7);
		test_block(queues[i], 63);
		test_block_in_steps(queues[i]);
	}
	test_block_many();
	test_release_at_half(64);
	test_release_at_half(65);
	test_release_at_half(256);
	test_hold_limit();
	test_hold_in_turns();
	test_hold_in_time();
	test_describe();
	test_hold_never();
	test_mute();
	test_one_end();
	test_brief_hold();
	test_flood_no_hold();
	test_patience_with_others();
	test_time_with_others();
	test_send_error();
	test_link_down();
	test_error_in_burst(EMSGSIZE, "an error");
	test_error_in_burst(EPIPE, "the end of the port");
	test_broken();
	test_broken_in_burst();
	test_cannot_watch();
	test_lost_descriptor();
	test_close_with_queue();
	test_close_empty();
	test_close_shared();
	test_full_port_closes();
	test_full_port_closes_late();
	test_held_port_closes();
	test_held_port_hangs_up();
	test_held_port_is_left(false);
	test_held_port_is_left(true);
	closes_in_flood("an egress port itself", true, false, POLICY_DROP);
	closes_in_flood("a port of policy=block", true, false, POLICY_BLOCK);
	closes_in_flood("another egress port", false, false, POLICY_DROP);
	closes_in_flood("another egress port", false, false, POLICY_BLOCK);
	closes_in_flood("the ingress port", false, true, POLICY_DROP);
	closes_in_flood("the ingress port", false, true, POLICY_BLOCK);
	test_breaks_while_asked();
	test_names();
	return tap_done();
}
