// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for stream_feed(): any octets in pieces of any size. The first
 * octet says how long the pieces are, and whether they are put in place by the
 * reader itself where there is room. Pieces change nothing: the frames are
 * those that the octets spell when they are read by hand.
 */
#include <string.h>

#include "uml_router/stream.h"
#include "tests/fuzz/fuzz.h"

/* The stream read by hand. */
struct reading {
	const uint8_t *data;
	size_t size, at;
};

/* The length of the next frame; @whole: all of it is there. */
static bool next_length(const struct reading *r, uint32_t *len, bool *whole)
{
	const uint8_t *h = r->data + r->at;

	if (r->size - r->at < STREAM_HEAD)
		return false;
	*len = (uint32_t)h[0] << 24 | (uint32_t)h[1] << 16 |
	       (uint32_t)h[2] << 8 | h[3];
	*whole = r->size - r->at - STREAM_HEAD >= *len;
	return true;
}

static void check_burst(struct reading *r, struct frame_pool *pool,
			struct stream_burst *burst)
{
	bool whole = false;
	uint32_t len;
	unsigned int i;

	must(burst->n <= FRAME_BURST && !burst->lost, "a burst");
	for (i = 0; i < burst->n; i++) {
		const struct frame *f = burst->frames[i];

		must(next_length(r, &len, &whole) && whole, "a whole frame");
		must(f->len == len && len >= FRAME_MIN && len <= FRAME_MAX,
		     "its length");
		must(!memcmp(f->data, r->data + r->at + STREAM_HEAD, len),
		     "its octets");
		r->at += STREAM_HEAD + len;
		frame_put(pool, burst->frames[i]);
	}
	*burst = (struct stream_burst){ .n = 0 };
}

/* Nothing is left that could have been given. */
static void check_end(const struct reading *r, bool in_step)
{
	bool whole = false, good;
	uint32_t len = 0;

	if (!next_length(r, &len, &whole)) {
		must(in_step, "too few octets are no reason to refuse");
		return;
	}
	good = len >= FRAME_MIN && len <= FRAME_MAX;
	must(good == in_step, "wrong lengths, and only they, are refused");
	must(!good || !whole, "a whole frame is given");
}

/* One piece; in place, where that is wanted and there is room. */
static bool feed(struct stream_in *in, struct frame_pool *pool,
		 const uint8_t *data, size_t n, bool in_place,
		 struct stream_burst *burst, size_t *used)
{
	struct iovec room = stream_rest(in);
	size_t placed = room.iov_len < n ? room.iov_len : n;
	bool in_step;

	if (!in_place)
		placed = 0;
	if (placed)
		memcpy(room.iov_base, data, placed);
	stream_filled(in, placed);
	in_step = stream_feed(in, pool, data + placed, n - placed, burst, used);
	*used += placed;
	return in_step;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream_burst burst = { .n = 0 };
	struct stream_in in = { .frame = NULL };
	struct reading r = { data + 1, size - 1, 0 };
	struct frame_pool pool;
	size_t at = 1, n, used;
	bool in_step = true;

	if (!size)
		return 0;
	frame_pool_init(&pool);
	while (in_step && at < size) {
		n = (size_t)(data[0] & 0x7f) * 16 + 1;
		if (n > size - at)
			n = size - at;
		in_step = feed(&in, &pool, data + at, n, data[0] & 0x80, &burst,
			       &used);
		must(used == n || !in_step || burst.n == FRAME_BURST,
		     "all is taken while there is room");
		check_burst(&r, &pool, &burst);
		at += used;
	}
	check_end(&r, in_step);
	stream_reset(&in, &pool);
	must(!pool.used, "no frame is kept");
	frame_pool_fini(&pool);
	return 0;
}
