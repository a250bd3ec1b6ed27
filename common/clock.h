/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock that never goes back, CLOCK_MONOTONIC of clock_gettime(2). */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

/** Nanoseconds in a second. */
#define CLOCK_NS_PER_S UINT64_C(1000000000)

/** clock_ns() - Nanoseconds since some moment */
static inline uint64_t clock_ns(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

#endif /* COMMON_CLOCK_H */
