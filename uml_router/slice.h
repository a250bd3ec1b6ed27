/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How soon the switch runs when a frame arrives, see slice.c. */
#ifndef UML_ROUTER_SLICE_H
#define UML_ROUTER_SLICE_H

/**
 * slice_shorten() - Ask for the shortest slices of a processor
 *
 * For this thread and those that it starts. Kernels before 6.12 do not listen.
 * Where somebody chose a policy for us (chrt(1)), it stays; a slice that somebody
 * chose does not, for it looks as the usual one does.
 */
void slice_shorten(void);

#endif
