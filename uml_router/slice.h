/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How soon the switch runs when a frame arrives, see slice.c. */
#ifndef UML_ROUTER_SLICE_H
#define UML_ROUTER_SLICE_H

#include <stdbool.h>

/**
 * slice_shorten() - Ask for the shortest slices of a processor
 *
 * For this thread and those that it starts. Kernels before 6.12 do not listen.
 * Where somebody chose a policy for us (chrt(1)), it stays; a slice that somebody
 * chose does not, for it looks as the usual one does.
 */
void slice_shorten(void);

/**
 * slice_interrupt() - Whether this thread, woken up, may interrupt who runs
 * @may:	true as usual, false: SCHED_BATCH (sched(7))
 *
 * Return: 0, or -1 where somebody chose a policy for us
 */
int slice_interrupt(bool may);

#endif
