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
#include <sys/syscall.h>
#include <unistd.h>

/** Nanoseconds; Linux gives no shorter ones (__setparam_fair() in
 * kernel/sched/syscalls.c). */
#define SHORTEST 100000

void slice_shorten(void)
{
	struct sched_attr attr;

	if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) < 0 ||
	    attr.sched_policy != SCHED_NORMAL)
		return;
	attr.sched_runtime = SHORTEST;
	syscall(SYS_sched_setattr, 0, &attr, 0);
}

int slice_interrupt(bool may)
{
	struct sched_attr attr;

	if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) < 0 ||
	    attr.sched_policy != (may ? SCHED_BATCH : SCHED_NORMAL))
		return -1;
	attr.sched_policy = may ? SCHED_NORMAL : SCHED_BATCH;
	return (int)syscall(SYS_sched_setattr, 0, &attr, 0);
}
