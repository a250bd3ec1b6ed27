// SPDX-License-Identifier: GPL-2.0-or-later
/* The rate of a tap that follows the ports behind it, see pace.h. */
#include "pace.h"

#define BITS_PER_BYTE 8
#define MS_PER_S 1000
/** Eighths by which a rate grows at most. */
#define MOST_STEP 8

static uint64_t bounded(uint64_t rate)
{
	if (rate < PACE_LEAST)
		return PACE_LEAST;
	return rate > PACE_MOST ? 0 : rate;
}

static bool set_rate(struct pace *pace, uint64_t rate)
{
	uint64_t before = pace->rate;

	pace->rate = bounded(rate);
	pace->calm = 0;
	return pace->rate != before;
}

/* Held at its rate already, it is to fall below what the ports take: what
 * waits before them is to drain. */
static bool slow_down(struct pace *pace, uint64_t drained)
{
	uint64_t less = pace->rate - pace->rate / 8;

	pace->step = 0;
	return set_rate(pace, pace->rate && less < drained ? less : drained);
}

bool pace_next(struct pace *pace, uint64_t octets, uint64_t ms, bool held)
{
	uint64_t drained = octets * BITS_PER_BYTE * MS_PER_S / ms;

	if (held)
		return slow_down(pace, drained);
	if (!pace->rate || drained < pace->rate - pace->rate / 4)
		return false;
	if (++pace->calm < PACE_CALM)
		return false;
	pace->step = 2 * pace->step + 1;
	if (pace->step > MOST_STEP)
		pace->step = MOST_STEP;
	return set_rate(pace, pace->rate + pace->rate / 8 * pace->step);
}
