/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Switches below /proc/sys/net. They take CAP_NET_ADMIN for their owner
 * (net_ctl_permissions() in net/sysctl_net.c) and are those of our network
 * namespace.
 */
#ifndef UML_NET_SYSCTL_H
#define UML_NET_SYSCTL_H

#include <stdbool.h>

/** sysctl_is_on() - The switch is 1; one that cannot be read is not */
bool sysctl_is_on(const char *path);

/** sysctl_on() - Make it 1. Return: 0, or -1 with errno */
int sysctl_on(const char *path);

#endif /* UML_NET_SYSCTL_H */
