// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One table of queueing modes; see queueing.h. What each flag does in which
 * kernel is history of drivers/net/tun.c: IFF_ONE_QUEUE lost its meaning in
 * the release that brought IFF_MULTI_QUEUE (Linux 3.8), so the presence of the
 * second tells what becomes of the first.
 */
#include <stdio.h>
#include <string.h>

#include "common/queueing.h"
#include "common/tunflags.h"

struct mode_entry {
	const char *name;
	uint32_t flags;
};

static const struct mode_entry modes[QUEUEING_MODES] = {
	[QUEUEING_DEFAULT] = { "default", 0 },
	[QUEUEING_ONE_QUEUE] = { "one-queue", IFF_ONE_QUEUE },
	[QUEUEING_TWO_QUEUE] = { "two-queue", 0 },
	[QUEUEING_MULTI_QUEUE] = { "multi-queue", IFF_MULTI_QUEUE },
	[QUEUEING_BACKPRESSURE] = { "backpressure", IFF_BACKPRESSURE },
};

const char *queueing_name(enum queueing_mode mode)
{
	if ((unsigned int)mode >= QUEUEING_MODES)
		return "unknown";
	return modes[mode].name;
}

/* "default, one-queue, ..." for an error. */
static void list_names(char *out, size_t size)
{
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < QUEUEING_MODES && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s",
					 i ? ", " : "", modes[i].name);
}

int queueing_parse(const char *text, enum queueing_mode *mode, struct err *err)
{
	char names[128];
	unsigned int i;

	for (i = 0; i < QUEUEING_MODES; i++) {
		if (!strcmp(text, modes[i].name)) {
			*mode = (enum queueing_mode)i;
			return 0;
		}
	}
	list_names(names, sizeof(names));
	return err_set(err, "queueing mode '%.64s' is none of %s", text, names);
}

uint32_t queueing_flags(enum queueing_mode mode)
{
	if ((unsigned int)mode >= QUEUEING_MODES)
		return 0;
	return modes[mode].flags;
}

enum queueing_mode queueing_from_flags(uint32_t flags)
{
	if (flags & IFF_MULTI_QUEUE)
		return QUEUEING_MULTI_QUEUE;
	if (flags & IFF_BACKPRESSURE)
		return QUEUEING_BACKPRESSURE;
	if (flags & IFF_ONE_QUEUE)
		return QUEUEING_ONE_QUEUE;
	return QUEUEING_DEFAULT;
}

/* one-queue and two-queue: a choice that Linux 3.8 took away. */
static enum queueing_support old_choice(enum queueing_mode mode,
					uint32_t features, const char **why)
{
	if (features & IFF_MULTI_QUEUE) {
		*why = "Linux 3.8 and later have one queue of txqueuelen "
		       "frames that drops when full, whatever is asked; "
		       "backpressure or a rate limit avoids the drops";
		return QUEUEING_IGNORED;
	}
	if (mode == QUEUEING_ONE_QUEUE && !(features & IFF_ONE_QUEUE)) {
		*why = "this kernel does not offer IFF_ONE_QUEUE; use the "
		       "default mode";
		return QUEUEING_REFUSED;
	}
	*why = mode == QUEUEING_ONE_QUEUE
		       ? "one queue of txqueuelen frames that drops when full"
		       : "a short queue behind the queueing discipline";
	return QUEUEING_WORKS;
}

static enum queueing_support multi_queue(uint32_t features, const char **why)
{
	if (features & IFF_MULTI_QUEUE) {
		*why = "one descriptor per queue, flows spread by their hash";
		return QUEUEING_WORKS;
	}
	*why = "IFF_MULTI_QUEUE needs Linux 3.8; use the default mode";
	return QUEUEING_REFUSED;
}

static enum queueing_support backpressure(uint32_t features, const char **why)
{
	if (features & IFF_BACKPRESSURE) {
		*why = "a full ring stops the transmit queue; needs a queueing "
		       "discipline on the device, no effect with noqueue";
		return QUEUEING_WORKS;
	}
	*why = "IFF_BACKPRESSURE needs Linux 7.2, which this kernel is not; a "
	       "rate limit (tbf queueing discipline, tunctl --rate) at the "
	       "speed of the reader has the same effect";
	return QUEUEING_REFUSED;
}

enum queueing_support queueing_support(enum queueing_mode mode,
				       uint32_t features, const char **why)
{
	switch (mode) {
	case QUEUEING_DEFAULT:
		*why = "whatever the kernel does by itself";
		return QUEUEING_WORKS;
	case QUEUEING_ONE_QUEUE:
	case QUEUEING_TWO_QUEUE:
		return old_choice(mode, features, why);
	case QUEUEING_MULTI_QUEUE:
		return multi_queue(features, why);
	case QUEUEING_BACKPRESSURE:
		return backpressure(features, why);
	case QUEUEING_MODES:
		break;
	}
	*why = "no such queueing mode";
	return QUEUEING_REFUSED;
}
