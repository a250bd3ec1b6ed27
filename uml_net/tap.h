/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taps of guests: made, given an address, led to.
 */
#ifndef UML_NET_TAP_H
#define UML_NET_TAP_H

#include <stdbool.h>

#include "common/err.h"
#include "common/netlink_link.h"
#include "common/tuntap.h"
#include "uml_net/session.h"

/**
 * tap_make() - Make a tap for the caller, as the request says
 * @s:		the session; its clone descriptor is used up
 * @name:	what it is to be called, or NULL
 * @tt:		the tap on success: the caller's, marked, guarded, up, with its
 *		gateway's address if the request has one. Closing it undoes all
 * @link:	the same for rtnetlink
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int tap_make(struct session *s, const char *name, struct tuntap *tt,
	     struct netlink_link *link, struct err *err);

/**
 * tap_up() - Make a tap and hand it over to the guest
 * @s:		the session
 * @told:	set when the guest has the tap, and its answer with it
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int tap_up(struct session *s, bool *told, struct err *err);

/** tap_add() - Lead an address to a device of the caller's */
int tap_add(struct session *s, struct err *err);

/** tap_del() - No longer */
int tap_del(struct session *s, struct err *err);

/**
 * tap_lead() - Lead an address to a device, if policy and host allow it
 * @s:		the session
 * @link:	the device
 * @addr:	the address
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int tap_lead(struct session *s, const struct netlink_link *link,
	     struct in_addr addr, struct err *err);

/** tap_unlead() - Take back what tap_lead() did; it is an error if it did not */
int tap_unlead(struct session *s, const struct netlink_link *link,
	       struct in_addr addr, struct err *err);

#endif /* UML_NET_TAP_H */
