// SPDX-License-Identifier: GPL-2.0-or-later
/* A token bucket, see limits.h. */
#include "limits.h"

/** A frame, in the unit of a bucket's credit. */
#define FRAME 1000

void bucket_set(struct bucket *bucket, uint32_t rate, uint64_t now_ms)
{
	*bucket = (struct bucket){ rate, (uint64_t)rate * FRAME, now_ms };
}

bool bucket_has(struct bucket *bucket, uint64_t now_ms)
{
	uint64_t full = (uint64_t)bucket->rate * FRAME;
	uint64_t ms = now_ms - bucket->filled;

	if (!bucket->rate)
		return true;
	/* A frame a second is a thousandth of one a millisecond. */
	bucket->credit = ms >= 1000 ? full : bucket->credit + ms * bucket->rate;
	if (bucket->credit > full)
		bucket->credit = full;
	bucket->filled = now_ms;
	return bucket->credit >= FRAME;
}

void bucket_take(struct bucket *bucket)
{
	if (bucket->rate)
		bucket->credit -= FRAME;
}
