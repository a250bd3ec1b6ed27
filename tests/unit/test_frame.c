// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/frame: references, what the pool counts, frames that do not
 * overlap, and that trimming takes nothing from a frame in use.
 */
#include <sys/mman.h>

#include "tests/unit/tap.h"
#include "uml_router/frame.h"

#define MANY 1000

static void test_references(void)
{
	struct frame_pool pool;
	struct frame *f;

	frame_pool_init(&pool);
	f = frame_get(&pool);
	ok(f && f->refs == 1 && !f->len && pool.used == 1, "one reference");
	ok(frame_hold(f) == f && f->refs == 2, "a second one");
	frame_put(&pool, f);
	is_int((intmax_t)pool.used, 1, "held by one still");
	frame_put(&pool, f);
	is_int((intmax_t)pool.used, 0, "the last reference frees it");
	ok(frame_get(&pool) == f, "the frame used last is used next");
	frame_put(&pool, f);
	frame_pool_fini(&pool);
	ok(!pool.slabs && !pool.free && !pool.slab_count, "an empty pool");
}

/* Each frame is written with its number up to its last octet. */
static unsigned int spoilt(struct frame *const frames[], unsigned int n)
{
	unsigned int i, count = 0;

	for (i = 0; i < n; i++)
		count += frames[i]->data[0] != (uint8_t)i ||
			 frames[i]->data[FRAME_MAX] != (uint8_t)(i >> 8) ||
			 frames[i]->refs != 1;
	return count;
}

static void test_many(void)
{
	static struct frame *frames[MANY];
	struct frame_pool pool;
	unsigned int i;

	frame_pool_init(&pool);
	for (i = 0; i < MANY; i++) {
		frames[i] = frame_get(&pool);
		if (!frames[i])
			tap_bail("frame_get");
		frames[i]->data[0] = (uint8_t)i;
		frames[i]->data[FRAME_MAX] = (uint8_t)(i >> 8);
		frame_filled(&pool, frames[i], FRAME_MAX + 1);
	}
	is_int(spoilt(frames, MANY), 0, "frames that overlap another");
	is_int((intmax_t)pool.used, MANY, "used");
	is_int((intmax_t)pool.large, MANY, "large");
	for (i = 0; i < MANY; i++)
		frame_put(&pool, frames[i]);
	is_int((intmax_t)pool.used, 0, "used by nobody");
	is_int((intmax_t)pool.large, MANY, "large until they are trimmed");
	frame_pool_trim(&pool);
	is_int((intmax_t)pool.large, 0, "trimmed");
	frame_pool_fini(&pool);
}

static void fill(struct frame_pool *pool, struct frame *f, uint8_t with,
		 size_t len)
{
	memset(f->data, with, len);
	frame_filled(pool, f, len);
}

static bool all_are(const struct frame *f, uint8_t want, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (f->data[i] != want)
			return false;
	return true;
}

/* Three neighbours: the middle one is free and large. */
static void test_trim_neighbours(void)
{
	struct frame *a, *b, *c;
	struct frame_pool pool;

	frame_pool_init(&pool);
	a = frame_get(&pool);
	b = frame_get(&pool);
	c = frame_get(&pool);
	fill(&pool, a, 'a', FRAME_MAX + 1);
	fill(&pool, b, 'b', FRAME_MAX + 1);
	fill(&pool, c, 'c', FRAME_MAX + 1);
	frame_put(&pool, b);
	frame_pool_trim(&pool);
	is_int((intmax_t)pool.large, 2, "frames in use are not trimmed");
	ok(all_are(a, 'a', FRAME_MAX + 1) && a->len == FRAME_MAX + 1,
	   "the one before is whole");
	ok(all_are(c, 'c', FRAME_MAX + 1) && c->refs == 1,
	   "the one behind is whole");
	ok(frame_get(&pool) == b && b->refs == 1, "the trimmed one is usable");
	ok(!b->large, "and not large");
	fill(&pool, b, 'd', FRAME_MAX + 1);
	ok(all_are(b, 'd', FRAME_MAX + 1), "all of it");
	frame_put(&pool, a);
	frame_put(&pool, b);
	frame_put(&pool, c);
	frame_pool_fini(&pool);
}

/* Pages of the pool that are resident. */
static long resident(const struct frame_pool *pool, size_t len)
{
	long page = sysconf(_SC_PAGESIZE);
	size_t pages = (len + (size_t)page - 1) / (size_t)page;
	unsigned char *in_core = calloc(pages, 1);
	long count = 0;
	size_t i;

	if (!in_core || mincore(pool->slabs[0], len, in_core) < 0)
		tap_bail("mincore");
	for (i = 0; i < pages; i++)
		count += in_core[i] & 1;
	free(in_core);
	return count;
}

static void test_memory(void)
{
	size_t slab = 64 * (FRAME_MAX + 1);
	struct frame_pool pool;
	struct frame *f[8];
	long before, jumbo;
	unsigned int i;

	frame_pool_init(&pool);
	f[0] = frame_get(&pool);
	frame_put(&pool, f[0]);
	before = resident(&pool, slab);
	for (i = 0; i < 8; i++) {
		f[i] = frame_get(&pool);
		fill(&pool, f[i], 1, FRAME_MAX);
	}
	for (i = 0; i < 8; i++)
		frame_put(&pool, f[i]);
	jumbo = resident(&pool, slab);
	ok(jumbo >= before + 8 * 14, "jumbo frames take memory (%ld, %ld)",
	   before, jumbo);
	frame_pool_trim(&pool);
	ok(resident(&pool, slab) <= before + 8 * 3,
	   "trimming gives it back (%ld of %ld pages)", resident(&pool, slab),
	   jumbo);
	frame_pool_fini(&pool);
}

static void test_small_is_not_large(void)
{
	struct frame_pool pool;
	struct frame *f;

	frame_pool_init(&pool);
	f = frame_get(&pool);
	frame_filled(&pool, f, 1514);
	ok(!f->large && !pool.large && f->len == 1514, "an ordinary frame");
	frame_filled(&pool, f, 9014);
	frame_filled(&pool, f, 9014);
	is_int((intmax_t)pool.large, 1, "a jumbo frame counts once");
	frame_put(&pool, f);
	frame_pool_fini(&pool);
}

static void test_copy(void)
{
	struct frame_pool pool;
	struct frame *f, *copy;

	frame_pool_init(&pool);
	f = frame_get(&pool);
	memset(f->data, 0x5a, 9014);
	frame_filled(&pool, f, 9014);
	frame_hold(f);
	copy = frame_copy(&pool, f);
	ok(copy != f && copy->refs == 1 && copy->len == 9014 &&
		   !memcmp(copy->data, f->data, 9014),
	   "a copy is a frame of its own");
	is_int((intmax_t)pool.large, 2, "and large, too");
	copy->data[0] = 0;
	is_int(f->data[0], 0x5a, "the original stays");
	frame_put(&pool, f);
	frame_put(&pool, f);
	frame_put(&pool, copy);
	frame_pool_fini(&pool);
}

int main(void)
{
	test_references();
	test_many();
	test_trim_neighbours();
	test_memory();
	test_small_is_not_large();
	test_copy();
	return tap_done();
}
