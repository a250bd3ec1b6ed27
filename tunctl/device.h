/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device made, or taken over, as the command line says: in one step that
 * happens in full or not at all.
 */
#ifndef TUNCTL_DEVICE_H
#define TUNCTL_DEVICE_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/netlink_link.h"
#include "common/privs.h"
#include "common/tuntap.h"
#include "tunctl/options.h"
#include "tunctl/settings.h"

/**
 * struct device - The device of one run
 * @tt:		open, or all zeroes where there was no need to open it
 * @name:	its real name
 * @nl:		handle, or NULL where none was needed
 * @existed:	it was there before
 * @before:	what it was, where @existed
 * @change:	what was set of it through rtnetlink
 * @owner:	who may open it now, or (uid_t)-1
 * @group:	which group, or (gid_t)-1
 * @owner_set:	by us
 * @group_set:	by us
 * @persist_set:	by us
 * @signals:	signal mask of the caller while signals are held
 * @held:	signals are held
 */
struct device {
	struct tuntap tt;
	char name[IFNAMSIZ];
	struct netlink *nl;
	bool existed;
	struct netlink_link before;
	struct change change;
	uid_t owner;
	gid_t group;
	bool owner_set;
	bool group_set;
	bool persist_set;
	sigset_t signals;
	bool held;
};

/**
 * device_make() - Do what the command line says
 * @dev:	all zeroes; device_done() in any case
 * @opts:	action OPTIONS_CREATE (it stays) or OPTIONS_EXEC (it is open)
 * @privs:	who calls
 * @err:	filled on failure
 *
 * Signals that would interrupt it wait until device_done(). Warnings go to
 * the log.
 *
 * Return: 0, or -1 with @err set and everything as it was
 */
int device_make(struct device *dev, const struct options *opts,
		const struct privs *privs, struct err *err);

/** device_undo() - Take back what device_make() did */
void device_undo(struct device *dev);

/** device_done() - Close and free; the device itself is left as it is */
void device_done(struct device *dev);

/**
 * device_delete() - Delete a persistent device
 * @opts:	action OPTIONS_DELETE
 * @privs:	who calls
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int device_delete(const struct options *opts, const struct privs *privs,
		  struct err *err);

#endif /* TUNCTL_DEVICE_H */
