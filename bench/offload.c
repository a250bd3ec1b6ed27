// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the offloads of uml_router cost, without any descriptor: octets per
 * second of segmentation and of its parts, nanoseconds per frame of
 * coalescing. Each line is the best of many short rounds, so that most of them
 * are not cut into by other programs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/unit/packets.h"
#include "uml_router/checksum.h"
#include "uml_router/coalesce.h"
#include "uml_router/segment.h"

#define ROUNDS 300
#define TURNS 100
#define SEGMENTS 45

/**
 * struct work - What all measurements work on
 * @pool:	of the frames
 * @large:	64 KiB of TCP
 * @frames:	its segments
 * @sink:	keeps results in use
 */
struct work {
	struct frame_pool pool;
	struct frame *large;
	struct frame *frames[SEGMENTS];
	uint64_t sink;
};

static double now(void)
{
	return (double)clock_ns() / 1e9;
}

/* Seconds of one turn, the best of all rounds. */
static double best(struct work *w, void (*turn)(struct work *w))
{
	double least = 1e9, begin, took;
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		begin = now();
		for (i = 0; i < TURNS; i++)
			turn(w);
		took = (now() - begin) / TURNS;
		if (took < least)
			least = took;
	}
	return least;
}

/* --- segmentation -------------------------------------------------------- */

static void copy_turn(struct work *w)
{
	uint32_t at = 66, i;

	for (i = 0; i < SEGMENTS; i++, at += 1448)
		memcpy(w->frames[i]->data + 66, w->large->data + at, 1448);
	__asm__ volatile("" ::: "memory");
}

static void sum_turn(struct work *w)
{
	w->sink += checksum_add(0, w->large->data, w->large->len);
}

static void copy_sum_turn(struct work *w)
{
	uint32_t at = 66, i;

	for (i = 0; i < SEGMENTS; i++, at += 1448)
		w->sink += checksum_copy(0, w->frames[i]->data + 66,
					 w->large->data + at, 1448);
}

static void segment_turn(struct work *w)
{
	struct segmenter s;
	unsigned int i = 0;

	if (!segment_begin(&s, w->large))
		abort();
	while (segment_next(&s, w->frames[i]))
		i++;
}

static void rate(struct work *w, const char *what, void (*turn)(struct work *))
{
	printf("%-44s %8.2f GB/s\n", what,
	       w->large->len / best(w, turn) * 1e-9);
}

/* --- coalescing ---------------------------------------------------------- */

static void coalesce_turn(struct work *w)
{
	struct coalesced out;
	unsigned int at = 0;

	while (at < SEGMENTS) {
		at += coalesce(w->frames + at, SEGMENTS - at, &out);
		w->sink++;
	}
}

static void cost(struct work *w, const char *what)
{
	printf("%-44s %8.1f ns/frame\n", what,
	       best(w, coalesce_turn) / SEGMENTS * 1e9);
}

/* Frames that have nothing to do with their neighbours. */
static void other_frames(struct work *w, const struct packet *k, bool ports)
{
	unsigned int i;

	for (i = 0; i < SEGMENTS; i++) {
		packet_build(w->frames[i], k);
		offload_checksum(w->frames[i]);
		w->frames[i]->data[ports ? 35 : 5] = (uint8_t)i;
	}
}

static void coalescing(struct work *w)
{
	struct packet k = { .version = 4, .df = true, .flags = 0x10 };

	segment_turn(w);
	cost(w, "coalesce: one connection, 1514 octets");
	k.payload = 1448;
	other_frames(w, &k, false);
	cost(w, "coalesce: other Ethernet addresses each");
	other_frames(w, &k, true);
	cost(w, "coalesce: other port each");
	k.payload = 0;
	k.options = 12;
	other_frames(w, &k, false);
	other_frames(w, &k, true);
	cost(w, "coalesce: acknowledgements alone");
	k.udp = true;
	k.payload = 100;
	other_frames(w, &k, true);
	cost(w, "coalesce: UDP");
}

int main(void)
{
	struct packet k = { .version = 4,
			    .df = true,
			    .options = 12,
			    .flags = 0x10,
			    .payload = SEGMENTS * 1448,
			    .size = 1448 };
	struct work w = { 0 };
	unsigned int i;

	frame_pool_init(&w.pool);
	w.large = frame_get(&w.pool);
	for (i = 0; i < SEGMENTS; i++)
		w.frames[i] = frame_get(&w.pool);
	if (!w.large || !w.frames[SEGMENTS - 1])
		return 1;
	packet_build(w.large, &k);
	rate(&w, "memcpy into 45 frames", copy_turn);
	rate(&w, "checksum alone", sum_turn);
	rate(&w, "checksum and copy into 45 frames", copy_sum_turn);
	rate(&w, "segmentation into 45 frames", segment_turn);
	coalescing(&w);
	return w.sink == 0;
}
