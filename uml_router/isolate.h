/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the switch gives up once its ports are open. */
#ifndef UML_ROUTER_ISOLATE_H
#define UML_ROUTER_ISOLATE_H

#include "common/err.h"
#include "common/privs.h"

/**
 * isolate() - Give up privilege for good
 * @privs:	from privs_init()
 * @user:	user to become, or NULL to stay
 * @group:	group to have with @user, or (gid_t)-1 for that user's own
 * @net_admin:	keep CAP_NET_ADMIN: a port sets the rate of its device
 * @err:	filled on failure
 *
 * With @user nothing else is kept: the sockets can then only be removed at the
 * end where that user may write. Without, CAP_DAC_OVERRIDE is kept by who has
 * it, to remove socket files from any directory.
 *
 * Return: 0, or -1 with @err set: the program must end then
 */
int isolate(const struct privs *privs, const char *user, gid_t group,
	    bool net_admin, struct err *err);

#endif /* UML_ROUTER_ISOLATE_H */
