/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard of a device: a process that waits for the end of the device or of
 * its guest, whichever comes first, and removes what is left.
 *
 * The kernel takes a tap away with its last descriptor, but a UML kernel that
 * is killed leaves helpers behind that share its descriptors and live on: so
 * the guard deletes the device of a guest that has ended. And proxy
 * neighbours belong to other interfaces: it sweeps them (guest_sweep()).
 *
 * There is one guard for each device, with the caller's ids and no privilege
 * but CAP_NET_ADMIN. It reads nothing but what the kernel sends. The caller
 * may kill it, as he may his guest: then the next call of uml_net sweeps,
 * whoever makes it.
 */
#ifndef UML_NET_GUARD_H
#define UML_NET_GUARD_H

#include "common/err.h"

/**
 * guard_start() - Put a guard on a device
 * @index:	the device, which must not be able to vanish before this returns
 * @sock:	socket on which the guest waits for our answer: who made it is
 *		the guest (SO_PEERCRED). With another kind of descriptor the
 *		end of the device alone counts
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int guard_start(unsigned int index, int sock, struct err *err);

#endif /* UML_NET_GUARD_H */
