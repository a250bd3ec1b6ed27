// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for the switch and its ports: the input is a program for fake
 * ports that join, send, take frames in bits, stand still, fail and leave.
 *
 * After each turn of the loop: references and the pool are in order, every
 * frame that came in was sent on, kept, or counted as dropped, and every copy
 * of it was sent, waits, or was counted. Frames between two ports keep their
 * order. When there is nothing to be done the loop rests, and not before.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake.h"
#include "tests/fuzz/fuzz.h"

#define PORTS 6
#define STEPS_MAX 400
/** A hold that only ends when the program says so. */
#define LONG_HOLD 3600000

/**
 * struct books - What came in and what became of it, so far
 * @kept_closed:	frames kept of ports that closed
 * @copies:		copies of frames made for egress ports
 * @unicast:		see struct sw_stats
 * @flooded:		see struct sw_stats
 * @ports:		ports there were
 */
struct books {
	uint64_t kept_closed, copies;
	uint64_t unicast, flooded;
	unsigned int ports;
};

struct bench {
	struct fake_world world;
	struct fake port[PORTS];
	struct books books;
	uint32_t number;
	const uint8_t *at, *end;
};

static unsigned int octet(struct bench *b)
{
	return b->at < b->end ? *b->at++ : 0;
}

/* --- the books ----------------------------------------------------------- */

static uint64_t ingress_drops(const struct port_stats *s)
{
	return s->drops[DROP_RUNT] + s->drops[DROP_TOO_LONG] +
	       s->drops[DROP_BAD_SOURCE] + s->drops[DROP_SAME_PORT] +
	       s->drops[DROP_NO_MEMORY];
}

static uint64_t egress_drops(const struct port_stats *s)
{
	return s->drops[DROP_QUEUE_FULL] + s->drops[DROP_HOLD_LIMIT] +
	       s->drops[DROP_SEND_ERROR] + s->drops[DROP_LINK_DOWN] +
	       s->drops[DROP_CLOSED];
}

static struct books read_books(const struct sw *sw)
{
	struct books now = { .unicast = sw->workers->unicast,
			     .flooded = sw->workers->flooded,
			     .ports = sw->port_count };
	uint64_t kept = 0, waiting = 0;
	struct list *at;
	struct port_stats sum;

	list_for_each(at, &sw->ports) {
		const struct port *p = container_of(at, struct port, node);

		kept += p->kept_len;
		waiting += p->queue.len;
	}
	sw_sum(sw, &sum);
	now.kept_closed = sum.rx.frames - ingress_drops(&sum) - kept -
			  sw->workers->unicast - sw->workers->flooded;
	now.copies = sum.tx.frames + waiting + egress_drops(&sum) -
		     now.kept_closed;
	return now;
}

/* Ports only leave in a turn, and at its end. */
static void check_books(struct bench *b)
{
	struct books now = read_books(&b->world.sw), was = b->books;
	uint64_t unicast = now.unicast - was.unicast;
	uint64_t flooded = now.flooded - was.flooded;
	uint64_t copies = now.copies - was.copies;

	must(now.kept_closed >= was.kept_closed &&
		     now.kept_closed - was.kept_closed <= PORTS * FRAME_BURST,
	     "each frame that came in is accounted for");
	if (flooded)
		must(copies >= unicast + flooded * (now.ports - !!now.ports) &&
			     copies <= unicast + flooded * (was.ports - 1),
		     "each copy of a flooded frame is accounted for");
	else
		must(copies == unicast, "each frame is accounted for");
	b->books = now;
}

/* Each sender's frames keep their order on the way to each port. */
static void check_order(const struct fake *fake)
{
	uint32_t last[PORTS] = { 0 };
	size_t i;

	for (i = 0; i < fake->sent.len; i++) {
		uint32_t from = fake_from(&fake->sent.at[i]);
		uint32_t number = fake_number(&fake->sent.at[i]);

		if (from >= PORTS)
			continue;
		must(number > last[from], "frames keep their order");
		last[from] = number;
	}
}

static void check(struct bench *b)
{
	const char *wrong = fake_check(&b->world.sw);
	int i;

	if (wrong)
		must(false, wrong);
	check_books(b);
	for (i = 0; i < PORTS; i++) {
		must(!b->port[i].intruded, "what was kept goes first");
		must(b->port[i].closes <= 1, "a port is closed once");
	}
}

static void turn(struct bench *b)
{
	b->books = read_books(&b->world.sw);
	must(loop_turn(&b->world.loop, 0) >= 0, "the loop turns");
	check(b);
}

/* Until there is nothing to be done; then there is nothing left to do. */
static void rest(struct bench *b)
{
	int i, turns;

	for (turns = 0;; turns++) {
		bool busy = !list_empty(&b->world.loop.work);

		must(turns < 100000, "the loop comes to rest");
		b->books = read_books(&b->world.sw);
		busy |= loop_turn(&b->world.loop, 0) > 0;
		check(b);
		if (!busy && list_empty(&b->world.loop.work))
			break;
	}
	for (i = 0; i < PORTS; i++)
		must(!fake_unfinished(&b->port[i]), "nothing is left to do");
}

/* --- the program --------------------------------------------------------- */

static void close_victim(struct fake *fake)
{
	struct fake *victim = fake->data;

	if (victim->port)
		port_close(victim->port);
	fake->on_send = NULL;
}

static void join(struct bench *b, int i)
{
	static const uint8_t queues[8] = { 1, 2, 3, 8, 63, 64, 65, 100 };
	static const uint32_t holds[4] = { HOLD_FOREVER, HOLD_FOREVER,
					   LONG_HOLD, HOLD_NEVER };
	struct fake *f = &b->port[i];
	unsigned int how = octet(b);
	char name[16];

	if (f->port)
		return;
	check_order(f);
	fake_fini(f);
	snprintf(name, sizeof(name), "p%d", i);
	fake_plug(f, &b->world.sw, name, queues[how & 7],
		  how & 8 ? POLICY_BLOCK : POLICY_DROP);
	f->ops.hold_ms = holds[how >> 4 & 3];
}

static void put(struct bench *b, int i)
{
	unsigned int to = octet(b), n = octet(b) % 150;

	if (!b->port[i].port || b->port[i].peer < 0)
		return;
	for (; n; n--)
		fake_put(&b->port[i], (uint32_t)i,
			 to % 8 == 7 ? FAKE_ALL : to % 8, ++b->number);
}

/* Any header, any length. */
static void put_any(struct bench *b, int i)
{
	uint8_t head[FAKE_HEAD];
	uint32_t len;

	fake_head(head, (uint32_t)i, octet(b) % 8, ++b->number);
	head[6] = (uint8_t)octet(b);
	len = (octet(b) << 8 | octet(b)) + octet(b) % 32;
	if (head[6] == 2)
		head[6] = 4;
	if (b->port[i].port && b->port[i].peer >= 0 && len)
		fake_put_raw(&b->port[i], head,
			     len > FRAME_MAX + 1 ? FRAME_MAX + 1 : len);
}

static void time_is_up(struct bench *b, int i)
{
	struct port *p = b->port[i].port;

	if (!p || !timer_armed(&p->hold_timer))
		return;
	loop_disarm(&p->hold_timer);
	p->hold_timer.fn(&p->hold_timer);
}

static void fail(struct bench *b, struct fake *f)
{
	unsigned int how = octet(b);

	f->fail = how & 1 ? EPIPE : EMSGSIZE;
	f->fail_after = how >> 1;
}

static void step(struct bench *b)
{
	unsigned int what = octet(b);
	int i = (int)(what >> 4) % PORTS;
	struct fake *f = &b->port[i];

	switch (what & 15) {
	case 0:
	case 1:
		turn(b);
		break;
	case 2:
		join(b, i);
		break;
	case 3:
		put_any(b, i);
		break;
	case 4:
		fake_room(f, 0);
		break;
	case 5:
		fake_room(f, octet(b));
		break;
	case 6:
		fake_room(f, FAKE_ENDLESS);
		break;
	case 7:
		f->chunk = 1 + octet(b);
		break;
	case 8:
		fail(b, f);
		break;
	case 9:
		if (f->port)
			port_close(f->port);
		break;
	case 10:
		if (f->port)
			fake_hang_up(f);
		break;
	case 11:
		time_is_up(b, i);
		break;
	case 12:
		f->data = &b->port[octet(b) % PORTS];
		f->on_send = close_victim;
		break;
	case 13:
		rest(b);
		break;
	default:
		put(b, i);
	}
}

/* All take what waits for them; then nothing is left. */
static void finish(struct bench *b)
{
	int i;

	for (i = 0; i < PORTS; i++) {
		fake_room(&b->port[i], FAKE_ENDLESS);
		b->port[i].chunk = FAKE_ENDLESS;
	}
	rest(b);
	must(!b->world.sw.workers->pool.used, "all frames are given back");
	fake_world_fini(&b->world);
	for (i = 0; i < PORTS; i++) {
		check_order(&b->port[i]);
		must(!b->port[i].port, "all ports are closed");
		fake_fini(&b->port[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sw_conf conf = { false, 8, 300, PORTS, 1 };
	struct bench *b = calloc(1, sizeof(*b));
	unsigned int steps;
	int i;

	if (!b)
		return 0;
	b->at = data;
	b->end = data + size;
	conf.hub = octet(b) & 1;
	fake_world_init(&b->world, &conf);
	for (i = 0; i < PORTS; i++)
		fake_init(&b->port[i]);
	for (i = 0; i < 3; i++)
		join(b, i);
	for (steps = 0; b->at < b->end && steps < STEPS_MAX; steps++)
		step(b);
	finish(b);
	free(b);
	return 0;
}
