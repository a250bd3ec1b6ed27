/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a caller may do who has the privilege from the program's file only,
 * that is where tunctl is installed setuid root or with a file capability.
 *
 * He may touch what is his, and what is made becomes his:
 * - make a device, at most POLICY_DEVICES, named tap... or tun..., owned by
 *   himself, for a group that he is in;
 * - attach to and delete a device whose owner he is. For that the privilege
 *   is given up first: it is the kernel that judges;
 * - not connect it to the host's network (--up, --address, --master), nor
 *   change what rtnetlink sets of a device that is there: that would reach
 *   the traffic of others;
 * - not name another clone device.
 *
 * root, and whoever has the capability by himself, is the kernel's business.
 */
#ifndef TUNCTL_POLICY_H
#define TUNCTL_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/netlink_link.h"
#include "common/privs.h"
#include "tunctl/options.h"

/** Most devices that such a caller may have. */
#define POLICY_DEVICES 64
/** Longest queue of a device of his, in frames: the kernel's default. */
#define POLICY_TXQUEUELEN 1000

/** policy_restricted() - The caller's privilege comes from the file only */
bool policy_restricted(const struct privs *privs);

/**
 * policy_options() - What can be judged from the command line alone
 * @privs:	who calls
 * @opts:	what he wants
 * @err:	filled if it is refused
 *
 * Return: 0, or -1 with @err set
 */
int policy_options(const struct privs *privs, const struct options *opts,
		   struct err *err);

/**
 * policy_existing() - Whether an existing device may be touched
 * @privs:	who calls
 * @opts:	what he wants
 * @link:	the device
 * @err:	filled if it is refused
 *
 * On success privilege that comes from the file is gone for good.
 *
 * Return: 0, or -1 with @err set
 */
int policy_existing(const struct privs *privs, const struct options *opts,
		    const struct netlink_link *link, struct err *err);

/**
 * policy_new() - Whether one more device may be made, under this name
 * @privs:	who calls
 * @opts:	what he wants
 * @nl:		handle
 * @err:	filled if not
 *
 * Return: 0, or -1 with @err set
 */
int policy_new(const struct privs *privs, const struct options *opts,
	       struct netlink *nl, struct err *err);

/**
 * policy_made() - Mark a device that was made for such a caller, and count
 * @privs:	who calls, restricted
 * @nl:		handle
 * @name:	the device
 * @err:	filled on failure: the device is one too many
 *
 * The mark is the alias (ifalias), which takes CAP_NET_ADMIN to change: an
 * owner can give his device to somebody else (TUNSETOWNER), and is then no
 * longer its owner, but it is he who made it.
 *
 * Return: 0, or -1 with @err set
 */
int policy_made(const struct privs *privs, struct netlink *nl, const char *name,
		struct err *err);

#endif /* TUNCTL_POLICY_H */
