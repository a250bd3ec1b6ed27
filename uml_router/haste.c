// SPDX-License-Identifier: GPL-2.0-or-later
/* When to interrupt others, see haste.h. */
#include "haste.h"

#include "slice.h"

#define SECOND_MS 1000

/* Who sends to another guest is counted twice in @guests. */
bool haste_needed(uint64_t guests, uint64_t between)
{
	return between < HASTE_SOME || between < guests / 4;
}

static void begin(struct haste *haste, struct loop *loop)
{
	if (timer_armed(&haste->second))
		return;
	haste->loop = loop;
	haste->guests = haste->between = 0;
	loop_arm(loop, &haste->second, SECOND_MS);
}

/* Without a further second when nothing is to be watched. */
static void on_second(struct timer *timer)
{
	struct haste *haste = container_of(timer, struct haste, second);
	bool needed = haste_needed(haste->guests, haste->between);

	if (needed == haste->none && slice_interrupt(needed) == 0)
		haste->none = !needed;
	if (haste->none)
		begin(haste, haste->loop);
}

void haste_init(struct haste *haste)
{
	*haste = (struct haste){ 0 };
	timer_init(&haste->second, on_second);
	haste->second.parallel = true;
}

void haste_fini(struct haste *haste)
{
	loop_disarm(&haste->second);
}

void haste_got(struct haste *haste, struct loop *loop, uint64_t octets,
	       uint64_t between)
{
	if (between)
		begin(haste, loop);
	haste->guests += octets;
	haste->between += between;
}
