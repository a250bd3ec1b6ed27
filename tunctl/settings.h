/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What rtnetlink sets of a device, all of it or nothing: a step that fails
 * takes back those before it.
 */
#ifndef TUNCTL_SETTINGS_H
#define TUNCTL_SETTINGS_H

#include <stdbool.h>

#include "common/err.h"
#include "common/netlink.h"
#include "common/netlink_addr.h"
#include "common/netlink_link.h"
#include "common/netlink_qdisc.h"
#include "tunctl/options.h"

/** Number of steps; see settings.c. */
#define SETTINGS_STEPS 7

/**
 * struct change - Settings on their way into a device
 * @nl:		handle
 * @want:	what is to be set
 * @ensure:	what is set already is no error
 * @before:	the device as it was
 * @qdisc_before:	its queueing discipline as it was
 * @tbf:	the rate limit that --rate means for this device
 * @master:	the bridge
 * @added:	for each address, that it was not there before
 * @kept:	IPv6 addresses that were there before, where they may get lost
 * @kept_count:	how many
 * @done:	steps that changed something
 */
struct change {
	struct netlink *nl;
	const struct settings *want;
	bool ensure;
	struct netlink_link before;
	struct netlink_qdisc qdisc_before;
	struct netlink_tbf tbf;
	unsigned int master;
	bool *added;
	struct netlink_addr *kept;
	size_t kept_count;
	bool done[SETTINGS_STEPS];
};

/**
 * settings_apply() - Set everything, or nothing
 * @change:	filled; all zeroes before. settings_fini() in any case
 * @nl:		handle, must stay open until then
 * @name:	device
 * @want:	what is to be set
 * @ensure:	what is set already is no error
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set, and the device as it was
 */
int settings_apply(struct change *change, struct netlink *nl, const char *name,
		   const struct settings *want, bool ensure, struct err *err);

/** settings_undo() - Take back what settings_apply() did */
void settings_undo(struct change *change);

/** settings_fini() - Free; the device is left alone */
void settings_fini(struct change *change);

/**
 * settings_tbf() - The rate limit that --rate and --burst mean
 * @want:	the settings
 * @mtu:	of the device
 * @tbf:	set on success
 * @err:	filled on failure: a frame does not fit into the burst, or the
 *		burst takes too long
 *
 * Return: 0, or -1 with @err set
 */
int settings_tbf(const struct settings *want, uint32_t mtu,
		 struct netlink_tbf *tbf, struct err *err);

#endif /* TUNCTL_SETTINGS_H */
