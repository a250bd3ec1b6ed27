/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks of clock_gettime(2) in nanoseconds. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

/** Nanoseconds in a second. */
#define CLOCK_NS_PER_S UINT64_C(1000000000)

/** clock_of() - What clock @id shows */
static inline uint64_t clock_of(clockid_t id)
{
	struct timespec now = { 0 };

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

/** clock_ns() - Nanoseconds since some moment; it never goes back */
static inline uint64_t clock_ns(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

#endif /* COMMON_CLOCK_H */
