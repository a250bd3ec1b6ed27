/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's end of a guest's network, be it a tap or a serial line: whether
 * it may be, and how it comes up.
 *
 * Two calls can pass each other: what was free when it was looked at is
 * looked at again when it is ours. Then both see it, and none gets it.
 */
#ifndef UML_NET_DEVICE_H
#define UML_NET_DEVICE_H

#include "common/err.h"
#include "common/netlink_link.h"
#include "uml_net/session.h"

/**
 * device_permit() - Ask policy and host whether the caller gets a device
 * @s:		the session, with the gateway of the request
 * @verdict:	set
 * @err:	filled if he does not
 *
 * Return: 0, or -1 with @err set
 */
int device_permit(struct session *s, struct policy_verdict *verdict,
		  struct err *err);

/**
 * device_start() - Give a device its mark and its address, switch it on
 * @s:		the session
 * @link:	the device, made for the caller, down as yet
 * @err:	filled on failure: whoever made the device ends it
 *
 * The policy speaks of IPv4 addresses, so that is what the device is held
 * to: no IPv6, which with its router advertisements would let the guest
 * configure the host, and no packet from an address that is not routed to it
 * (strict reverse path filter, RFC 3704, 2.2).
 *
 * Return: 0, or -1 with @err set
 */
int device_start(struct session *s, const struct netlink_link *link,
		 struct err *err);

/**
 * device_look_again() - What device_permit() found still holds, with ours
 * counted
 */
int device_look_again(struct session *s, const struct policy_verdict *verdict,
		      struct err *err);

#endif /* UML_NET_DEVICE_H */
