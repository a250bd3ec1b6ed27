/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard of a device: a process that waits for its end and then removes
 * the proxy neighbours that it leaves behind (guest_sweep()).
 *
 * Proxy neighbours belong to other interfaces, and a guest that is killed
 * tells nobody. There is one guard for each device, with the caller's ids and
 * no privilege but CAP_NET_ADMIN; it reads nothing but what the kernel sends,
 * and it can do nothing but sweep. The caller may kill it, as he may his
 * guest: then the next call of uml_net by anybody sweeps.
 */
#ifndef UML_NET_GUARD_H
#define UML_NET_GUARD_H

#include "common/err.h"

/**
 * guard_start() - Put a guard on a device
 * @index:	the device, which must not be able to vanish before this returns
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int guard_start(unsigned int index, struct err *err);

#endif /* UML_NET_GUARD_H */
