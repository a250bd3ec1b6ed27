// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Slices of a processor.
 *
 * Of those who wait for a processor, Linux runs the one first whose slice ends
 * first (EEVDF, Documentation/scheduler/sched-eevdf.rst): who asks for short
 * slices waits less long for each, and gets no more in all. A switch works for
 * microseconds at a time, and whoever waits for it cannot go on before.
 *
 * This file is apart because the kernel's header and <sched.h> cannot both be
 * included.
 */
#include "slice.h"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/** Nanoseconds; Linux gives no shorter ones (__setparam_fair() in
 * kernel/sched/syscalls.c). */
#define SHORTEST 100000

/* From one policy to another, with the shortest slices; not from a third one. */
static int change(uint32_t from, uint32_t to)
{
	struct sched_attr attr;

	if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) < 0 ||
	    attr.sched_policy != from)
		return -1;
	attr.sched_policy = to;
	attr.sched_runtime = SHORTEST;
	return (int)syscall(SYS_sched_setattr, 0, &attr, 0);
}

void slice_shorten(void)
{
	change(SCHED_NORMAL, SCHED_NORMAL);
}

int slice_interrupt(bool may)
{
	return may ? change(SCHED_BATCH, SCHED_NORMAL)
		   : change(SCHED_NORMAL, SCHED_BATCH);
}
