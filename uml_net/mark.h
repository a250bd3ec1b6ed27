/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose a device is. Each one that uml_net makes gets an alias (ifalias) that
 * names the user for whom it was made. Only who administers the network can
 * set one, so a user can neither forge it nor take it off; and it goes with
 * the device, so there is no file of devices that could be out of date.
 */
#ifndef UML_NET_MARK_H
#define UML_NET_MARK_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/netlink_link.h"

/** mark_set() - Say that a device was made for a user */
int mark_set(struct netlink *nl, unsigned int index, uid_t uid,
	     struct err *err);

/**
 * mark_his() - A device was made by uml_net for this user
 *
 * Of a tap the kernel's own owner must be the same user besides.
 */
bool mark_his(const struct netlink_link *link, uid_t uid);

/** mark_any() - A device was made by uml_net, for whomever */
bool mark_any(const struct netlink_link *link);

/**
 * mark_find() - A device of that name that is his; for root, anybody's
 * @nl:		handle
 * @name:	its name
 * @uid:	the user
 * @link:	filled on success
 * @err:	filled on failure, and the same for a device that there is not as
 *		for one that is another's
 *
 * Return: 0, or -1 with @err set
 */
int mark_find(struct netlink *nl, const char *name, uid_t uid,
	      struct netlink_link *link, struct err *err);

/**
 * mark_count() - How many devices a user holds, taps for the most part
 * @nl:		handle
 * @uid:	the user
 * @taps:	set on success
 * @err:	filled on failure
 *
 * Those whose owner he has changed count as well: whoever has a descriptor of
 * a tap can do that (TUNSETOWNER).
 *
 * Return: 0, or -1 with @err set
 */
int mark_count(struct netlink *nl, uid_t uid, unsigned int *taps,
	       struct err *err);

#endif /* UML_NET_MARK_H */
