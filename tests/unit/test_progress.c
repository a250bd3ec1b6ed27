// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guarantee that the switch is built on: no frame waits for a further
 * frame. As long as there is one that could be read, switched or sent, the
 * loop does not sleep; and once there is none, it does not spin.
 *
 * Every turn here may sleep for LONG_MS. One that does although there is
 * something to be done is a failure.
 */
#include <errno.h>
#include <time.h>

#include "tests/unit/fake.h"
#include "tests/unit/tap.h"

#define LONG_MS 4000
#define SHORT_MS 2000

/** Turns after which something that should end has no end. */
#define MANY 100000

/* A turn that has no reason to sleep. */
static bool awake(struct loop *loop)
{
	uint64_t begin = fake_clock_ms();

	if (loop_turn(loop, LONG_MS) < 0)
		tap_bail("loop_turn");
	return fake_clock_ms() - begin < SHORT_MS;
}

static bool any_unfinished(const struct fake *fakes, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (fake_unfinished(&fakes[i]))
			return true;
	return false;
}

/* Turn as long as there is something to be done. NULL, or what went wrong. */
static const char *finish(struct fake_world *world, const struct fake *fakes,
			  int n)
{
	const char *wrong;
	int turns;

	for (turns = 0; any_unfinished(fakes, n); turns++) {
		if (turns == MANY)
			return "there is no end";
		if (!awake(&world->loop))
			return "the loop slept with something to be done";
		wrong = fake_check(&world->sw);
		if (wrong)
			return wrong;
	}
	/* What is left is a matter of watching and freeing. */
	if (fake_settle(&world->loop) < 0)
		return "the loop spins with nothing to be done";
	return any_unfinished(fakes, n) ? "there is more to be done" : NULL;
}

/* Station i is at port i. */
static void set_up(struct fake_world *world, struct fake *fakes, int n,
		   unsigned int queue, enum port_policy policy)
{
	char name[16];
	int i;

	fake_world_init(world, NULL);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		fake_plug(&fakes[i], &world->sw, name, queue, policy);
	}
	for (i = 0; i < n; i++) {
		fake_put(&fakes[i], (uint32_t)i, FAKE_ALL, 0);
		fake_settle(&world->loop);
	}
	for (i = 0; i < n; i++)
		fakes[i].sent.len = 0;
}

static void tear_down(struct fake_world *world, struct fake *fakes, int n)
{
	int i;

	fake_world_fini(world);
	for (i = 0; i < n; i++)
		fake_fini(&fakes[i]);
}

/* Many bursts lie in a descriptor. Nothing more comes. */
static void test_backlog(void)
{
	struct fake_world world;
	struct fake p[2];
	uint32_t i;

	set_up(&world, p, 2, 256, POLICY_DROP);
	for (i = 0; i < 10 * FRAME_BURST + 1; i++)
		fake_put(&p[0], 0, 1, i);
	is_str(finish(&world, p, 2), NULL, "a backlog is read to its end");
	ok(fake_in_order(&p[1], 0, 10 * FRAME_BURST + 1), "all of it arrives");
	tear_down(&world, p, 2);
}

/* The egress port takes a few frames at a time and is writable again at
 * once. */
static void test_slow_port(unsigned int queue, uint32_t chunk,
			   enum port_policy policy)
{
	struct fake_world world;
	struct fake p[2];
	uint32_t i;

	set_up(&world, p, 2, queue, policy);
	p[1].chunk = chunk;
	for (i = 0; i < 500; i++)
		fake_put(&p[0], 0, 1, i);
	is_str(finish(&world, p, 2), NULL, "queue=%u, %u at a time, %s", queue,
	       chunk, port_policy_name(policy));
	is_int((intmax_t)(p[1].sent.len + fake_dropped(&p[1])), 500,
	       "all is sent or counted");
	tear_down(&world, p, 2);
}

/* A port stands still with frames kept back on its account; then it takes
 * frames again, and that alone sets everything going. */
static void test_room(void)
{
	struct fake_world world;
	struct fake p[3];
	uint32_t i;

	set_up(&world, p, 3, 8, POLICY_BLOCK);
	fake_room(&p[2], 0);
	for (i = 0; i < 300; i++) {
		fake_put(&p[0], 0, 2, i);
		fake_put(&p[1], 1, 2, i);
	}
	is_str(finish(&world, p, 3), NULL, "the port stands still");
	ok(p[0].port->held && p[1].port->held && !p[2].sent.len,
	   "both senders are held");
	is_int(loop_turn(&world.loop, 0), 0, "nothing is ready");
	fake_room(&p[2], FAKE_ENDLESS);
	is_str(finish(&world, p, 3), NULL, "room sets them going");
	ok(p[2].sent.len == 600 && !p[0].port->held && !p[1].port->held,
	   "all arrives");
	tear_down(&world, p, 3);
}

/* Whoever is released while the loop does its work (here: because a port is
 * destroyed then) is served before the loop sleeps. */
static void test_released_in_work(void)
{
	struct fake_world world;
	struct fake p[3];
	uint32_t i;

	set_up(&world, p, 3, 8, POLICY_BLOCK);
	fake_room(&p[2], 0);
	for (i = 0; i < 300; i++)
		fake_put(&p[0], 0, 2, i);
	is_str(finish(&world, p, 3), NULL, "held");
	port_close(p[2].port);
	ok(awake(&world.loop) && !p[2].port, "the full port closes");
	ok(awake(&world.loop) && p[1].sent.len,
	   "what was kept back goes on without sleep");
	is_str(finish(&world, p, 3), NULL, "and the rest");
	is_int((intmax_t)p[1].sent.len, 300 - FRAME_BURST, "to the end");
	tear_down(&world, p, 3);
}

/* The end of a hold wakes the loop, and what was not read meanwhile is. */
static void test_hold_timer(void)
{
	struct fake_world world;
	struct fake p[3];
	uint32_t i;
	int turns;

	set_up(&world, p, 3, 8, POLICY_BLOCK);
	/* The back end says how long; a port asks it each time. */
	p[0].ops.hold_ms = 200;
	fake_room(&p[2], 0);
	for (i = 0; i < 1000; i++)
		fake_put(&p[0], 0, i % 2 ? 2 : 1, i);
	is_str(finish(&world, p, 3), NULL, "held");
	ok(p[0].port->held && p[0].in_done < 1001, "not read");
	for (turns = 0; p[0].port->held && turns < 10; turns++)
		ok(awake(&world.loop), "the end of the hold wakes the loop");
	is_str(finish(&world, p, 3), NULL, "then all is read");
	ok(p[0].in_done == 1001 && p[1].sent.len == 500, "others get theirs");
	tear_down(&world, p, 3);
}

/* A port is held, released and held again within one turn. */
static void test_held_again(void)
{
	struct fake_world world;
	struct fake p[4];
	uint32_t i;
	int step;

	set_up(&world, p, 4, 2, POLICY_BLOCK);
	fake_room(&p[3], 0);
	for (i = 0; i < 200; i++) {
		fake_put(&p[0], 0, 3, i);
		fake_put(&p[1], 1, 3, i);
		fake_put(&p[2], 2, FAKE_ALL, i);
	}
	for (step = 0; step < 700 && p[3].sent.len < 600; step++) {
		fake_room(&p[3], 1);
		if (finish(&world, p, 4))
			break;
	}
	is_str(finish(&world, p, 4), NULL, "three wait for one");
	is_int((intmax_t)p[3].sent.len, 600, "all arrives, one at a time");
	ok(p[0].sent.len == 200 && p[1].sent.len == 200, "the flood, too");
	tear_down(&world, p, 4);
}

/* --- at random ----------------------------------------------------------- */

#define PORTS 6

static uint32_t state;

static uint32_t pick(uint32_t below)
{
	state = state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(state >> 8) * below >> 24);
}

static void plug_any(struct fake_world *world, struct fake *f, int i)
{
	static const unsigned int queues[] = { 1, 2, 8, 63, 64, 100 };
	char name[16];

	snprintf(name, sizeof(name), "p%d", i);
	fake_plug(f, &world->sw, name, queues[pick(6)],
		  pick(2) ? POLICY_BLOCK : POLICY_DROP);
	if (pick(4) == 0)
		f->ops.hold_ms = pick(2) ? HOLD_NEVER : 5;
}

static void put_some(struct fake *f, int i, uint32_t *number)
{
	uint32_t to = pick(PORTS + 1), n = 1 + pick(200);

	for (; n; n--)
		fake_put(f, (uint32_t)i, to == PORTS ? FAKE_ALL : to,
			 ++*number);
}

/* One thing happens to one port. */
static void happen(struct fake_world *world, struct fake *fakes,
		   uint32_t *number)
{
	int i = (int)pick(PORTS);
	struct fake *f = &fakes[i];

	if (!f->port) {
		fake_fini(f);
		plug_any(world, f, i);
		return;
	}
	switch (pick(16)) {
	case 0:
		fake_room(f, 0);
		break;
	case 1:
	case 2:
		fake_room(f, pick(200));
		break;
	case 3:
		fake_room(f, FAKE_ENDLESS);
		break;
	case 4:
		f->chunk = 1 + pick(70);
		break;
	case 5:
		f->fail = pick(8) ? EMSGSIZE : EPIPE;
		break;
	case 6:
		port_close(f->port);
		break;
	case 7:
		loop_turn(&world->loop, (int)pick(8));
		break;
	default:
		if (f->port && f->peer >= 0)
			put_some(f, i, number);
		break;
	}
}

/* Each sender's frames keep their order on the way to each port. */
static bool in_order(const struct fake *fakes)
{
	int i;

	for (i = 0; i < PORTS; i++) {
		uint32_t last[PORTS] = { 0 };
		size_t at;

		for (at = 0; at < fakes[i].sent.len; at++) {
			const struct fake_frame *f = &fakes[i].sent.at[at];
			uint32_t from = fake_from(f), n = fake_number(f);

			if (from >= PORTS || n <= last[from])
				return false;
			last[from] = n;
		}
	}
	return true;
}

static bool intruded(const struct fake *fakes)
{
	unsigned int sum = 0;
	int i;

	for (i = 0; i < PORTS; i++)
		sum += fakes[i].intruded;
	return sum != 0;
}

static void test_random(void)
{
	const char *given = getenv("PROGRESS_SEED"), *wrong = NULL;
	struct fake_world world;
	struct fake fakes[PORTS];
	uint32_t number = 0;
	int i;

	state = given ? (uint32_t)strtoul(given, NULL, 0)
		      : (uint32_t)time(NULL);
	printf("# PROGRESS_SEED=%" PRIu32 "\n", state);
	fake_world_init(&world, NULL);
	for (i = 0; i < PORTS; i++)
		plug_any(&world, &fakes[i], i);
	for (i = 0; i < 4000 && !wrong; i++) {
		happen(&world, fakes, &number);
		wrong = pick(3) ? NULL : finish(&world, fakes, PORTS);
		if (!wrong && !in_order(fakes))
			wrong = "frames are out of order";
		if (!wrong && intruded(fakes))
			wrong = "read in front of what was kept back";
	}
	is_str(wrong, NULL, "%d things at random", i);
	for (i = 0; i < PORTS; i++)
		if (fakes[i].port)
			fake_room(&fakes[i], FAKE_ENDLESS);
	if (!wrong)
		is_str(finish(&world, fakes, PORTS), NULL, "all ends well");
	is_int((intmax_t)world.sw.workers->pool.used, 0, "no frame is held");
	tear_down(&world, fakes, PORTS);
}

int main(void)
{
	alarm(240);
	test_backlog();
	test_slow_port(1, 1, POLICY_BLOCK);
	test_slow_port(8, 3, POLICY_BLOCK);
	test_slow_port(64, 63, POLICY_BLOCK);
	test_slow_port(256, 100, POLICY_BLOCK);
	test_slow_port(1, 1, POLICY_DROP);
	test_slow_port(256, 3, POLICY_DROP);
	test_room();
	test_released_in_work();
	test_hold_timer();
	test_held_again();
	test_random();
	return tap_done();
}
