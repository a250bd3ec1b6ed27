/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A token bucket: so many frames a second in the long run, and as many at once
 * as there are in a second.
 */
#ifndef UML_ROUTER_LIMITS_H
#define UML_ROUTER_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct bucket - A token bucket
 * @rate:	frames a second; 0: no limit
 * @credit:	thousandths of a frame that may pass now
 * @filled:	when @credit was right, in milliseconds of the loop
 */
struct bucket {
	uint32_t rate;
	uint64_t credit;
	uint64_t filled;
};

/** bucket_set() - Another rate; the bucket is full */
void bucket_set(struct bucket *bucket, uint32_t rate, uint64_t now_ms);

/** bucket_has() - May a frame pass now? */
bool bucket_has(struct bucket *bucket, uint64_t now_ms);

/** bucket_take() - One passes; bucket_has() was asked just before */
void bucket_take(struct bucket *bucket);

#endif /* UML_ROUTER_LIMITS_H */
