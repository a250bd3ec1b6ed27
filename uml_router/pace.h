/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * At what rate may a tap be fed, so that the ports behind it keep up?
 *
 * Asked every pace_ms() while frames come. A tap that was held in that time had
 * more than they took; what came through it is what they took, and becomes its
 * rate at once: what the host sends beyond that is to wait with the sender. A
 * tap that was not held for PACE_CALM times, although it used most of its rate,
 * may be too slow: the rate grows by an eighth, the next time in a row by
 * more, at most to twice the rate. One that was not held and used little of its
 * rate tells nothing.
 *
 * So the rate hangs below what the ports drain, touches it about twice a
 * second and falls by an eighth then. Beyond PACE_MOST there is no rate.
 */
#ifndef UML_ROUTER_PACE_H
#define UML_ROUTER_PACE_H

#include <stdbool.h>
#include <stdint.h>

/** Milliseconds from one question to the next, while there is a rate. */
#define PACE_MS 100
/** The same while there is none, and a ring may be filling. */
#define PACE_FIRST_MS 20
/** Calm times until the rate grows. */
#define PACE_CALM 4
/** Bits per second: the least, and those above which there is no limit. */
#define PACE_LEAST UINT64_C(1000000)
#define PACE_MOST UINT64_C(40000000000)

/**
 * struct pace - A rate that follows
 * @rate:	in bits per second, 0: as fast as it comes
 * @calm:	times in a row that the rate was used and the tap not held
 * @step:	by how many eighths it grew the last time, 0 after a hold
 */
struct pace {
	uint64_t rate;
	unsigned int calm;
	unsigned int step;
};

/** pace_ms() - Milliseconds until the next question */
static inline uint64_t pace_ms(const struct pace *pace)
{
	return pace->rate ? PACE_MS : PACE_FIRST_MS;
}

/**
 * pace_next() - The rate from now on
 * @pace:	updated
 * @octets:	read from the tap since the last question
 * @ms:		time since then, at least 1
 * @held:	the tap was held in that time
 *
 * Return: whether @pace->rate changed
 */
bool pace_next(struct pace *pace, uint64_t octets, uint64_t ms, bool held);

#endif /* UML_ROUTER_PACE_H */
