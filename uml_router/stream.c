// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames in a stream of octets, see stream.h. */
#include "stream.h"

#include <string.h>

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* More of the length. Returns how many octets were taken. */
static size_t take_head(struct stream_in *in, const uint8_t *data, size_t size)
{
	size_t n = least(STREAM_HEAD - in->head_len, size);

	memcpy(in->head + in->head_len, data, n);
	in->head_len += (uint32_t)n;
	in->len = (uint32_t)in->head[0] << 24 | (uint32_t)in->head[1] << 16 |
		  (uint32_t)in->head[2] << 8 | in->head[3];
	return n;
}

/* More of the frame; of one without memory it is only counted. */
static size_t take_body(struct stream_in *in, const uint8_t *data, size_t size)
{
	size_t n = least(in->len - in->got, size);

	if (in->frame)
		memcpy(in->frame->data + in->got, data, n);
	in->got += (uint32_t)n;
	return n;
}

static bool has_head(const struct stream_in *in)
{
	return in->head_len == STREAM_HEAD;
}

static bool complete(const struct stream_in *in)
{
	return has_head(in) && in->got == in->len;
}

static void give(struct stream_in *in, struct frame_pool *pool,
		 struct stream_burst *burst)
{
	if (in->frame) {
		frame_filled(pool, in->frame, in->len);
		burst->frames[burst->n++] = in->frame;
	} else {
		burst->lost++;
	}
	*in = (struct stream_in){ 0 };
}

bool stream_feed(struct stream_in *in, struct frame_pool *pool,
		 const uint8_t *data, size_t size, struct stream_burst *burst,
		 size_t *used)
{
	/* No frame is begun without a place in the burst, so none stays here
	 * that is whole. */
	for (*used = 0;;) {
		if (complete(in))
			give(in, pool, burst);
		if (*used == size || burst->n == FRAME_BURST)
			return true;
		if (has_head(in)) {
			*used += take_body(in, data + *used, size - *used);
			continue;
		}
		*used += take_head(in, data + *used, size - *used);
		if (!has_head(in))
			return true;
		if (in->len < FRAME_MIN || in->len > FRAME_MAX)
			return false;
		in->frame = frame_get(pool);
	}
}

struct iovec stream_rest(const struct stream_in *in)
{
	if (!in->frame)
		return (struct iovec){ 0 };
	return (struct iovec){ in->frame->data + in->got, in->len - in->got };
}

void stream_filled(struct stream_in *in, size_t n)
{
	in->got += (uint32_t)n;
}

void stream_reset(struct stream_in *in, struct frame_pool *pool)
{
	if (in->frame)
		frame_put(pool, in->frame);
	*in = (struct stream_in){ 0 };
}
