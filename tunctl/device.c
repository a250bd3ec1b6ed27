// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Making a device in one step; see device.h.
 *
 * A new device is the simple case. Until the last act, which makes it
 * persistent, it lives only as long as our descriptor: whatever fails before,
 * and were it that we are killed, the kernel itself takes it away with its
 * addresses, its queueing discipline and its place in a bridge.
 *
 * A device that was there before keeps what is not asked for; what is, is set
 * in an order that leaves to the end what cannot be taken back: the kernel
 * knows no way from an owner to none.
 *
 * Whether there is one is not looked up first: making it tells. It is looked up
 * when it was there, and before anything else where that decides: with
 * --ensure, for a device that is as wanted is not opened at all (another
 * program may have it open and be the only one that can), and for callers
 * whose privilege has to be judged. Others may make or delete the device in the
 * meantime: then it is done anew with what is there now.
 */
#include "tunctl/device.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "tunctl/policy.h"

#define NOBODY ((uid_t)-1)
#define NO_GROUP ((gid_t)-1)

/** How often it is done anew, and how long to wait for who has it open. */
#define TRIES 50
#define BUSY_WAIT_NS 10000000

/* From here on we end by our own will only. */
static void hold_signals(struct device *dev)
{
	static const int held[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		sigaddset(&set, held[i]);
	dev->held = !sigprocmask(SIG_BLOCK, &set, &dev->signals);
}

static int need_netlink(struct device *dev, struct err *err)
{
	if (!dev->nl)
		dev->nl = netlink_open(err);
	return dev->nl ? 0 : -1;
}

/* Look for a device of that name; there need not be one. */
static int find(struct device *dev, const char *name, struct err *err)
{
	dev->existed = false;
	memset(&dev->before, 0, sizeof(dev->before));
	if (!name || strchr(name, '%'))
		return 0;
	if (need_netlink(dev, err))
		return -1;
	dev->existed = !netlink_link_get(dev->nl, name, &dev->before, err);
	return dev->existed || errno == ENODEV ? 0 : -1;
}

/* Whether the caller may, and without privilege that he may not use. */
static int judge(struct device *dev, const struct options *opts,
		 const struct privs *privs, struct err *err)
{
	if (!policy_restricted(privs))
		return 0;
	if (dev->existed)
		return policy_existing(privs, opts, &dev->before, err);
	if (need_netlink(dev, err))
		return -1;
	return policy_new(privs, opts, dev->nl, err);
}

/* What is not asked for stays as it is. */
static struct tuntap_request request_of(const struct device *dev,
					const struct options *opts)
{
	const struct netlink_tun *tun = &dev->before.tun;
	struct tuntap_request req = {
		.clone = opts->clone,
		.name = opts->name,
		.kind = opts->kind,
		.how = dev->existed ? TUNTAP_MUST_EXIST : TUNTAP_MUST_CREATE,
		.queueing = opts->queueing,
		.vnet_hdr = opts->vnet_hdr,
		.queues = 1,
	};

	if (!dev->existed || !tun->known)
		return req;
	if (!opts->has_kind)
		req.kind = tun->tap ? TUNTAP_TAP : TUNTAP_TUN;
	if (!opts->has_queueing && tun->multi_queue)
		req.queueing = QUEUEING_MULTI_QUEUE;
	req.vnet_hdr |= tun->vnet_hdr;
	return req;
}

/*
 * Who is to be owner: the one that is named; else the caller, unless a group
 * is named, or the device was there and is only to be used or ensured.
 */
static uid_t wanted_owner(const struct device *dev, const struct options *opts,
			  const struct privs *privs)
{
	if (opts->has_owner)
		return opts->owner;
	if (dev->existed && (opts->ensure || opts->action == OPTIONS_EXEC))
		return NOBODY;
	if (opts->has_group && !policy_restricted(privs))
		return NOBODY;
	return privs->ruid;
}

/* rtnetlink tells multi-queue only, so what is asked besides must be set. */
static bool queueing_in_place(const struct netlink_tun *tun,
			      const struct options *opts)
{
	if (!opts->has_queueing)
		return true;
	if (opts->queueing == QUEUEING_BACKPRESSURE)
		return false;
	return tun->multi_queue == (opts->queueing == QUEUEING_MULTI_QUEUE);
}

/* --ensure: nothing that needs the device to be opened is missing. */
static bool in_place(const struct device *dev, const struct options *opts)
{
	const struct netlink_tun *tun = &dev->before.tun;

	if (!opts->ensure || !dev->existed || !tun->known || !tun->persist)
		return false;
	if (opts->has_kind && tun->tap != (opts->kind == TUNTAP_TAP))
		return false;
	if (opts->vnet_hdr && !tun->vnet_hdr)
		return false;
	if (opts->has_owner && tun->owner != opts->owner)
		return false;
	if (opts->has_group && tun->group != opts->group)
		return false;
	return queueing_in_place(tun, opts);
}

/* Modes that this kernel takes and then forgets. */
static void warn_queueing(const struct options *opts)
{
	uint32_t features = 0;
	const char *why;

	if (!opts->has_queueing ||
	    tuntap_features(opts->clone, &features, NULL))
		return;
	if (queueing_support(opts->queueing, features, &why) ==
	    QUEUEING_IGNORED)
		log_msg(LOG_LEVEL_WARN, NULL,
			"queueing mode '%s' has no effect here: %s",
			queueing_name(opts->queueing), why);
}

static void warn_both(const struct device *dev, const struct options *opts,
		      const struct privs *privs)
{
	if (opts->has_group && (opts->has_owner || policy_restricted(privs)))
		log_msg(LOG_LEVEL_WARN, NULL,
			"'%s' has an owner and a group: the kernel demands "
			"both of a user who opens it",
			dev->name);
}

/* What is in force before anything is changed. */
static void begin(struct device *dev)
{
	dev->owner = NOBODY;
	dev->group = NO_GROUP;
	if (!dev->existed)
		return;
	dev->owner = dev->before.tun.owner;
	dev->group = dev->before.tun.group;
	memcpy(dev->name, dev->before.name, sizeof(dev->name));
}

/* A new device is his, or its group's, from the start: see tuntap.c. */
static int open_device(struct device *dev, const struct options *opts,
		       const struct privs *privs, struct err *err)
{
	struct tuntap_request req = request_of(dev, opts);
	struct tuntap_ids ids = {
		.owner = wanted_owner(dev, opts, privs),
		.group = opts->has_group ? opts->group : NO_GROUP,
	};

	if (in_place(dev, opts))
		return 0;
	req.ids = &ids;
	if (tuntap_open(&dev->tt, &req, err))
		return -1;
	if (dev->tt.created) {
		dev->owner = ids.owner;
		dev->group = ids.group;
		dev->owner_set = ids.owner != NOBODY;
		dev->group_set = ids.group != NO_GROUP;
	}
	memcpy(dev->name, dev->tt.name, sizeof(dev->name));
	return tuntap_hand_over(&dev->tt, err);
}

/*
 * A device that was not there when we looked is there now, or the reverse; or
 * another tunctl is about to ensure the same.
 */
static bool overtaken(const struct device *dev, const struct options *opts)
{
	static const struct timespec pause = { .tv_nsec = BUSY_WAIT_NS };

	if (!dev->existed)
		return errno == EEXIST;
	if (errno == EBUSY && opts->ensure)
		return !nanosleep(&pause, NULL);
	return errno == ENODEV;
}

/* Judge the device that is there, or that there is none, and open it. */
static int get_device(struct device *dev, const struct options *opts,
		      const struct privs *privs, struct err *err)
{
	bool look = opts->ensure || policy_restricted(privs);
	int tries = TRIES;

	for (;; look = true) {
		if (look && (find(dev, opts->name, err) ||
			     judge(dev, opts, privs, err)))
			return -1;
		begin(dev);
		if (!open_device(dev, opts, privs, err))
			return 0;
		if (!overtaken(dev, opts) || !--tries)
			return -1;
	}
}

static int set_ids(struct device *dev, uid_t owner, gid_t group,
		   struct err *err)
{
	if (group != NO_GROUP && group != dev->group) {
		if (tuntap_group(&dev->tt, group, err))
			return -1;
		dev->group_set = true;
		dev->group = group;
	}
	if (owner != NOBODY && owner != dev->owner) {
		if (tuntap_owner(&dev->tt, owner, err))
			return -1;
		dev->owner_set = true;
		dev->owner = owner;
	}
	return 0;
}

static int mark(struct device *dev, const struct privs *privs, struct err *err)
{
	if (!policy_restricted(privs))
		return 0;
	if (need_netlink(dev, err))
		return -1;
	return policy_made(privs, dev->nl, dev->name, err);
}

static int set_persist(struct device *dev, struct err *err)
{
	if (dev->existed && dev->before.tun.persist)
		return 0;
	if (tuntap_persist(&dev->tt, true, err))
		return -1;
	dev->persist_set = true;
	return 0;
}

static int apply_settings(struct device *dev, const struct options *opts,
			  struct err *err)
{
	if (!settings_any(&opts->settings))
		return 0;
	if (need_netlink(dev, err))
		return -1;
	return settings_apply(&dev->change, dev->nl, dev->name, &opts->settings,
			      opts->ensure, err);
}

static int make(struct device *dev, const struct options *opts,
		const struct privs *privs, struct err *err)
{
	gid_t group = opts->has_group ? opts->group : NO_GROUP;

	warn_queueing(opts);
	if (get_device(dev, opts, privs, err) || apply_settings(dev, opts, err))
		return -1;
	if (!dev->tt.queues)
		return 0;
	if (!dev->existed && mark(dev, privs, err))
		return -1;
	if (set_ids(dev, wanted_owner(dev, opts, privs), group, err))
		return -1;
	if (opts->action == OPTIONS_CREATE && set_persist(dev, err))
		return -1;
	warn_both(dev, opts, privs);
	return 0;
}

int device_make(struct device *dev, const struct options *opts,
		const struct privs *privs, struct err *err)
{
	hold_signals(dev);
	if (!make(dev, opts, privs, err))
		return 0;
	device_undo(dev);
	return -1;
}

/* Owner and group of a device that stays; see the top of the file. */
static void undo_ids(struct device *dev)
{
	const struct netlink_tun *tun = &dev->before.tun;

	if (dev->owner_set && tun->owner != NOBODY)
		tuntap_owner(&dev->tt, tun->owner, NULL);
	if (dev->group_set && tun->group != NO_GROUP)
		tuntap_group(&dev->tt, tun->group, NULL);
	dev->owner_set = false;
	dev->group_set = false;
}

/* Opening has told the device to have vnet headers: tell it otherwise. */
static void undo_vnet_hdr(struct device *dev)
{
	struct tuntap_request req = {
		.name = dev->name,
		.kind = dev->tt.kind,
		.how = TUNTAP_MUST_EXIST,
		.queueing = tuntap_queueing(&dev->tt),
		.queues = 1,
	};
	bool changed = tuntap_has_vnet_hdr(&dev->tt) &&
		       !dev->before.tun.vnet_hdr;

	tuntap_close(&dev->tt);
	if (changed && !tuntap_open(&dev->tt, &req, NULL))
		tuntap_close(&dev->tt);
}

void device_undo(struct device *dev)
{
	int saved = errno;

	if (dev->persist_set)
		tuntap_persist(&dev->tt, false, NULL);
	dev->persist_set = false;
	if (dev->existed) {
		undo_ids(dev);
		settings_undo(&dev->change);
		if (dev->tt.queues)
			undo_vnet_hdr(dev);
	}
	tuntap_close(&dev->tt);
	errno = saved;
}

void device_done(struct device *dev)
{
	tuntap_close(&dev->tt);
	settings_fini(&dev->change);
	netlink_close(dev->nl);
	dev->nl = NULL;
	if (dev->held)
		sigprocmask(SIG_SETMASK, &dev->signals, NULL);
	dev->held = false;
}

/* A device that is there, and his: else nothing is to be deleted. */
static int judge_delete(const struct options *opts, const struct privs *privs,
			struct err *err)
{
	struct netlink_link link;
	struct netlink *nl = netlink_open(err);
	int rc;

	if (!nl)
		return -1;
	rc = netlink_link_get(nl, opts->name, &link, err);
	if (!rc)
		rc = policy_existing(privs, opts, &link, err);
	netlink_close(nl);
	return rc;
}

int device_delete(const struct options *opts, const struct privs *privs,
		  struct err *err)
{
	if (policy_restricted(privs) && judge_delete(opts, privs, err))
		return -1;
	return tuntap_delete(opts->clone, opts->name, err);
}
