// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tun and tap devices; see tuntap.h.
 *
 * TUNSETIFF attaches to a device of that name or, where none is there, makes
 * one; there is no flag for "attach only", but one for "make only"
 * (IFF_TUN_EXCL). Making is therefore tried first, without a look whether the
 * device is there: the answer is that of the kernel, nothing can come in
 * between, and to look costs, for SIOCGIFINDEX of a name that nobody has
 * makes the kernel look for a module of that name (dev_load() in
 * net/core/dev_ioctl.c).
 *
 * To attach only, the index that the name has before is compared with the
 * index that it has after. Where they differ, somebody deleted the device in
 * between and TUNSETIFF made another: closing the descriptor makes that one
 * vanish, for it is not persistent yet.
 *
 * TUNSETIFF answers EINVAL to a device that is no tun/tap, to the wrong kind,
 * and to the wrong choice about multi-queue. rtnetlink is asked which of them
 * it was. sysfs would know more (tun_flags), but it shows the namespace that
 * it was mounted in, not the one that we are in.
 *
 * A device without owner and group may be attached to by everybody who can open
 * the clone device (tun_not_capable()), which comes to something where there
 * is room for one more: with multi-queue. There is no way to make a device that
 * has an owner from its first moment on, so it gets him in the next one, and
 * then its queues are counted: whoever was faster is found, and nobody can come
 * any more.
 *
 * The flags of a device are those of the first descriptor after it had none;
 * later queues of a multi-queue device get what is in force, whatever they
 * ask. Opening therefore compares. Size of the vnet header and offloads are
 * the device's as well, and a persistent device keeps them: see put_back().
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/netlink_link.h"
#include "common/parse.h"
#include "common/tunflags.h"
#include "common/tuntap.h"

/** What tuntap_open() promises: the header with its num_buffers. */
#define VNET_HDR_OURS ((int)sizeof(struct virtio_net_hdr_mrg_rxbuf))

static void close_quietly(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

static const char *clone_path(const char *clone)
{
	return clone ? clone : TUNTAP_CLONE_DEVICE;
}

/* The ancestors' words, which scripts look for, then what to do about it. */
static int open_clone(const char *clone, struct err *err)
{
	const char *path = clone_path(clone);
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	err_set(err, "Failed to open '%s' : %s", path, strerror(errno));
	switch (errno) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return err_hint(err, "load the driver with 'modprobe tun'; a "
				     "container must be given the device");
	case EACCES:
	case EPERM:
		return err_hint(err, "needs read and write permission on it; "
				     "a container must be allowed the device");
	default:
		return -1;
	}
}

/* @name gets the real name of the device. */
static int set_iff(int fd, char name[IFNAMSIZ], uint32_t flags)
{
	struct ifreq ifr = { 0 };

	memcpy(ifr.ifr_name, name, IFNAMSIZ);
	ifr.ifr_flags = (short)flags;
	if (ioctl(fd, TUNSETIFF, &ifr) < 0)
		return -1;
	memcpy(name, ifr.ifr_name, IFNAMSIZ);
	name[IFNAMSIZ - 1] = '\0';
	return 0;
}

/* Name and flags of the device that a descriptor is attached to. */
static int get_iff(int fd, char name[IFNAMSIZ], uint32_t *flags)
{
	struct ifreq ifr = { 0 };

	if (ioctl(fd, TUNGETIFF, &ifr) < 0)
		return -1;
	memcpy(name, ifr.ifr_name, IFNAMSIZ);
	name[IFNAMSIZ - 1] = '\0';
	*flags = (uint16_t)ifr.ifr_flags;
	return 0;
}

/* What rtnetlink tells of an interface; the handle is not worth keeping. */
static int look_up(const char *name, struct netlink_link *link, struct err *err)
{
	struct netlink *nl = netlink_open(err);
	int rc;

	if (!nl)
		return -1;
	rc = netlink_link_get(nl, name, link, err);
	netlink_close(nl);
	return rc;
}

static const char *kind_name(bool tap)
{
	return tap ? "tap" : "tun";
}

/* Which of the reasons for EINVAL it was; see the top of the file. */
static int explain_einval(const char *name, uint32_t flags, struct err *err)
{
	bool tap = flags & IFF_TAP;
	struct netlink_link link;

	if (look_up(name, &link, NULL))
		return -1;
	if (strcmp(link.kind, "tun"))
		return err_hint(err, "'%s' exists and is no tun/tap device",
				name);
	if (!link.tun.known)
		return -1;
	if (link.tun.tap != tap)
		return err_hint(err, "'%s' is a %s, not a %s", name,
				kind_name(link.tun.tap), kind_name(tap));
	if (link.tun.multi_queue && !(flags & IFF_MULTI_QUEUE))
		return err_hint(err,
				"'%s' was made with queueing mode "
				"multi-queue and must be opened so",
				name);
	if (!link.tun.multi_queue && (flags & IFF_MULTI_QUEUE))
		return err_hint(err,
				"'%s' was made without queueing mode "
				"multi-queue",
				name);
	return -1;
}

/* A failed TUNSETIFF, from errno; @name may be "" (the kernel's choice). */
static int explain_attach(const char *name, uint32_t flags, struct err *err)
{
	int cause = errno;

	err_errno(err, "TUNSETIFF");
	switch (cause) {
	case EPERM:
		err_hint(err, "making a device needs CAP_NET_ADMIN; opening "
			      "one that exists needs that or its owner and "
			      "group");
		break;
	case EBUSY:
		err_hint(err, "'%s' is in use by another program", name);
		break;
	case E2BIG:
		err_hint(err, "'%s' has all the queues it can have", name);
		break;
	case EINVAL:
		explain_einval(name, flags, err);
		break;
	case ENOTTY:
		err_hint(err, "the clone device is not the tun driver's");
		break;
	default:
		break;
	}
	errno = cause;
	return -1;
}

static int check_request(const struct tuntap_request *req, struct err *err)
{
	bool must_exist = req->how == TUNTAP_MUST_EXIST;

	errno = EINVAL;
	if (!req->name && must_exist)
		return err_set(err, "which device to open is not said");
	if (req->name && parse_ifname(req->name, !must_exist, err))
		return -1;
	if (req->queues < 1 || req->queues > TUNTAP_MAX_QUEUES)
		return err_set(err, "a device has 1 to %d queues, not %u",
			       TUNTAP_MAX_QUEUES, req->queues);
	if (req->queues > 1 && req->queueing != QUEUEING_MULTI_QUEUE)
		return err_set(err, "%u queues need queueing mode multi-queue",
			       req->queues);
	return 0;
}

static int get_features(int fd, uint32_t *features, struct err *err)
{
	unsigned int word = 0;

	if (ioctl(fd, TUNGETFEATURES, &word) < 0) {
		err_errno(err, "TUNGETFEATURES");
		return err_hint(err,
				"the clone device is not the tun driver's");
	}
	*features = word;
	return 0;
}

/* TUNSETIFF passes over flags that it does not know: ask before. */
static int check_features(int fd, const struct tuntap_request *req,
			  struct err *err)
{
	uint32_t features = 0;
	const char *why;

	if (req->queueing == QUEUEING_DEFAULT && !req->vnet_hdr)
		return 0;
	if (get_features(fd, &features, err))
		return -1;
	errno = EOPNOTSUPP;
	if (queueing_support(req->queueing, features, &why) == QUEUEING_REFUSED)
		return err_set(err, "queueing mode '%s' is not to be had: %s",
			       queueing_name(req->queueing), why);
	if (req->vnet_hdr && !(features & IFF_VNET_HDR))
		return err_set(err, "this kernel has no IFF_VNET_HDR");
	return 0;
}

static uint32_t request_flags(const struct tuntap_request *req)
{
	uint32_t flags = IFF_NO_PI | queueing_flags(req->queueing);

	flags |= req->kind == TUNTAP_TAP ? IFF_TAP : IFF_TUN;
	if (req->vnet_hdr)
		flags |= IFF_VNET_HDR;
	return flags;
}

static int missing(const char *name, struct err *err)
{
	errno = ENODEV;
	return err_set(err, "there is no device '%s'", name);
}

/* Attach to a device that is there; see the top of the file. */
static int attach_old(struct tuntap *tt, const struct tuntap_request *req,
		      struct err *err)
{
	unsigned int before = if_nametoindex(tt->name);
	uint32_t flags = request_flags(req);

	if (!before && req->how == TUNTAP_MUST_EXIST)
		return missing(tt->name, err);
	if (set_iff(tt->fd[0], tt->name, flags) < 0)
		return explain_attach(tt->name, flags, err);
	tt->created = !before || if_nametoindex(tt->name) != before;
	if (tt->created && req->how == TUNTAP_MUST_EXIST)
		return missing(tt->name, err);
	return 0;
}

/* The first descriptor, which decides whether the device is old or new. */
static int attach_first(struct tuntap *tt, const struct tuntap_request *req,
			struct err *err)
{
	uint32_t flags = request_flags(req) | IFF_TUN_EXCL;

	if (req->name)
		snprintf(tt->name, sizeof(tt->name), "%s", req->name);
	if (req->how == TUNTAP_MUST_EXIST)
		return attach_old(tt, req, err);
	tt->created = !set_iff(tt->fd[0], tt->name, flags);
	if (tt->created)
		return 0;
	if (errno != EBUSY)
		return explain_attach(tt->name, flags, err);
	if (req->how == TUNTAP_OPEN_OR_CREATE)
		return attach_old(tt, req, err);
	errno = EEXIST;
	return err_set(err, "device '%s' exists already", tt->name);
}

/* Whose it is; see the top of the file. */
static int give(struct tuntap *tt, const struct tuntap_request *req,
		struct err *err)
{
	const struct tuntap_ids *ids = req->ids;

	if (!tt->created || !ids)
		return 0;
	if (ids->group != (gid_t)-1 && tuntap_group(tt, ids->group, err))
		return -1;
	if (ids->owner != (uid_t)-1 && tuntap_owner(tt, ids->owner, err))
		return -1;
	return 0;
}

/* That no queue is somebody else's. */
static int check_alone(const struct tuntap *tt,
		       const struct tuntap_request *req, struct err *err)
{
	struct netlink_link link;

	if (!tt->created || !req->ids || req->queueing != QUEUEING_MULTI_QUEUE)
		return 0;
	if (look_up(tt->name, &link, err))
		return -1;
	if (!link.tun.known ||
	    link.tun.queues + link.tun.detached == tt->queues)
		return 0;
	errno = EBUSY;
	return err_set(err, "another program has opened '%s' as it was made",
		       tt->name);
}

/* One more descriptor for the device that the first one holds. */
static int attach_next(struct tuntap *tt, const struct tuntap_request *req,
		       struct err *err)
{
	uint32_t flags = request_flags(req);
	int fd = open_clone(req->clone, err);

	if (fd < 0)
		return -1;
	tt->fd[tt->queues++] = fd;
	if (set_iff(fd, tt->name, flags) < 0)
		return explain_attach(tt->name, flags, err);
	return 0;
}

/* Our size of vnet header, if there is one; remembers what it was. */
static int set_vnet_size(struct tuntap *tt, struct err *err)
{
	int size = VNET_HDR_OURS;

	if (!(tt->flags & IFF_VNET_HDR))
		return 0;
	if (ioctl(tt->fd[0], TUNGETVNETHDRSZ, &tt->vnet_size_before) < 0)
		return err_errno(err, "TUNGETVNETHDRSZ of '%s'", tt->name);
	if (ioctl(tt->fd[0], TUNSETVNETHDRSZ, &size) < 0)
		return err_errno(err, "TUNSETVNETHDRSZ of '%s'", tt->name);
	return 0;
}

/* Read back what is in force. */
static int settle(struct tuntap *tt, const struct tuntap_request *req,
		  struct err *err)
{
	static const uint32_t checked = IFF_TUN | IFF_TAP | IFF_NO_PI |
					IFF_VNET_HDR | IFF_MULTI_QUEUE;
	uint32_t want = request_flags(req);

	if (get_iff(tt->fd[0], tt->name, &tt->flags) < 0)
		return err_errno(err, "TUNGETIFF of '%s'", tt->name);
	if ((tt->flags & checked) != (want & checked)) {
		errno = EBUSY;
		return err_set(err,
			       "'%s' has flags 0x%x where 0x%x are wanted: "
			       "another program has it open in another "
			       "way",
			       tt->name, tt->flags, want);
	}
	tt->kind = req->kind;
	return set_vnet_size(tt, err);
}

static int open_all(struct tuntap *tt, const struct tuntap_request *req,
		    struct err *err)
{
	tt->fd[0] = req->opened ? req->opened : open_clone(req->clone, err);
	if (tt->fd[0] < 0)
		return -1;
	tt->queues = 1;
	if (check_features(tt->fd[0], req, err) || attach_first(tt, req, err) ||
	    give(tt, req, err))
		return -1;
	while (tt->queues < req->queues) {
		if (attach_next(tt, req, err))
			return -1;
	}
	return check_alone(tt, req, err) ? -1 : settle(tt, req, err);
}

int tuntap_open(struct tuntap *tt, const struct tuntap_request *req,
		struct err *err)
{
	memset(tt, 0, sizeof(*tt));
	if (check_request(req, err)) {
		close_quietly(req->opened ? req->opened : -1);
		return -1;
	}
	if (!open_all(tt, req, err))
		return 0;
	tuntap_close(tt);
	return -1;
}

/*
 * A device that stays is left as it was found: a UML with the vector driver
 * takes the size of the vnet header for granted, and one with the old tuntap
 * transport cannot take what offloads bring. With multi-queue another process
 * may have the device open and rely on what is set now.
 */
static void put_back(struct tuntap *tt)
{
	if (tt->offload != TUNTAP_OFFLOAD_NONE)
		ioctl(tt->fd[0], TUNSETOFFLOAD, 0UL);
	if (tt->vnet_size_before)
		ioctl(tt->fd[0], TUNSETVNETHDRSZ, &tt->vnet_size_before);
}

void tuntap_close(struct tuntap *tt)
{
	int saved = errno;

	if (tt->queues && !(tt->flags & IFF_MULTI_QUEUE))
		put_back(tt);
	while (tt->queues)
		close_quietly(tt->fd[--tt->queues]);
	memset(tt, 0, sizeof(*tt));
	errno = saved;
}

/* Non-blocking, and not handed on to children. */
static int set_fd_flags(int fd)
{
	int status = fcntl(fd, F_GETFL);

	if (status < 0 || fcntl(fd, F_SETFL, status | O_NONBLOCK) < 0)
		return -1;
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int tuntap_from_fd(struct tuntap *tt, int fd, struct err *err)
{
	memset(tt, 0, sizeof(*tt));
	if (get_iff(fd, tt->name, &tt->flags) < 0) {
		err_errno(err, "TUNGETIFF of descriptor %d", fd);
		return err_hint(err, "it is no open tun/tap device");
	}
	if (!(tt->flags & IFF_NO_PI)) {
		errno = EINVAL;
		return err_set(err,
			       "descriptor %d: '%s' was opened without "
			       "IFF_NO_PI",
			       fd, tt->name);
	}
	if (set_fd_flags(fd) < 0)
		return err_errno(err, "fcntl of descriptor %d", fd);
	tt->kind = (tt->flags & IFF_TAP) ? TUNTAP_TAP : TUNTAP_TUN;
	tt->fd[0] = fd;
	if (set_vnet_size(tt, err))
		return -1;
	tt->queues = 1;
	return 0;
}

int tuntap_hand_over(struct tuntap *tt, struct err *err)
{
	int status = fcntl(tt->fd[0], F_GETFL);

	put_back(tt);
	if (status < 0 || fcntl(tt->fd[0], F_SETFL, status & ~O_NONBLOCK) < 0 ||
	    fcntl(tt->fd[0], F_SETFD, 0) < 0)
		return err_errno(err, "hand over '%s'", tt->name);
	return 0;
}

bool tuntap_has_vnet_hdr(const struct tuntap *tt)
{
	return tt->flags & IFF_VNET_HDR;
}

enum queueing_mode tuntap_queueing(const struct tuntap *tt)
{
	return queueing_from_flags(tt->flags);
}

int tuntap_persist(struct tuntap *tt, bool on, struct err *err)
{
	if (ioctl(tt->fd[0], TUNSETPERSIST, on ? 1UL : 0UL) < 0)
		return err_errno(err, "%s TUNSETPERSIST",
				 on ? "enabling" : "disabling");
	return 0;
}

/*
 * The kernel takes no "nobody": an owner once set stays. That is no failure
 * where none was set.
 */
static int no_owner(const struct tuntap *tt, bool group, struct err *err)
{
	struct netlink_link link;

	if (look_up(tt->name, &link, err))
		return -1;
	if (group ? link.tun.group == (gid_t)-1 : link.tun.owner == (uid_t)-1)
		return 0;
	errno = EINVAL;
	return err_set(err,
		       "the kernel cannot take back the %s of '%s' "
		       "(delete the device and make it again)",
		       group ? "group" : "owner", tt->name);
}

/* A failed TUNSETOWNER or TUNSETGROUP, from errno. */
static int explain_id(const char *step, const char *what, uint32_t id,
		      struct err *err)
{
	err_errno(err, "%s", step);
	if (errno == EINVAL)
		err_hint(err, "this user namespace has no %s %u", what, id);
	return -1;
}

int tuntap_owner(struct tuntap *tt, uid_t uid, struct err *err)
{
	if (uid == (uid_t)-1)
		return no_owner(tt, false, err);
	if (ioctl(tt->fd[0], TUNSETOWNER, (unsigned long)uid) < 0)
		return explain_id("TUNSETOWNER", "user", uid, err);
	return 0;
}

int tuntap_group(struct tuntap *tt, gid_t gid, struct err *err)
{
	if (gid == (gid_t)-1)
		return no_owner(tt, true, err);
	if (ioctl(tt->fd[0], TUNSETGROUP, (unsigned long)gid) < 0)
		return explain_id("TUNSETGROUP", "group", gid, err);
	return 0;
}

int tuntap_queue(struct tuntap *tt, unsigned int index, bool attached,
		 struct err *err)
{
	struct ifreq ifr = { 0 };

	if (index >= tt->queues) {
		errno = EINVAL;
		return err_set(err, "'%s' has %u queues, no number %u",
			       tt->name, tt->queues, index);
	}
	ifr.ifr_flags = attached ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE;
	if (ioctl(tt->fd[index], TUNSETQUEUE, &ifr) < 0)
		return err_errno(err, "TUNSETQUEUE: %s queue %u of '%s'",
				 attached ? "attach" : "detach", index,
				 tt->name);
	return 0;
}

static unsigned long offload_bits(enum tuntap_offload offload)
{
	static const unsigned long tso = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 |
					 TUN_F_TSO_ECN;

	switch (offload) {
	case TUNTAP_OFFLOAD_NONE:
		break;
	case TUNTAP_OFFLOAD_TSO:
		return tso;
	case TUNTAP_OFFLOAD_TSO_USO:
		return tso | TUN_F_USO4 | TUN_F_USO6;
	}
	return 0;
}

int tuntap_offload(struct tuntap *tt, enum tuntap_offload offload,
		   struct err *err)
{
	if (offload != TUNTAP_OFFLOAD_NONE && !tuntap_has_vnet_hdr(tt)) {
		errno = EINVAL;
		return err_set(err,
			       "'%s' has no vnet header, which offloads "
			       "need",
			       tt->name);
	}
	if (ioctl(tt->fd[0], TUNSETOFFLOAD, offload_bits(offload)) < 0) {
		if (errno == EINVAL && offload == TUNTAP_OFFLOAD_TSO_USO)
			return tuntap_offload(tt, TUNTAP_OFFLOAD_TSO, err);
		return err_errno(err, "TUNSETOFFLOAD of '%s'", tt->name);
	}
	tt->offload = offload;
	return 0;
}

/* What of a device TUNSETIFF must be told as it is, or refuses. */
static uint32_t link_flags(const struct netlink_tun *tun)
{
	uint32_t flags = IFF_NO_PI | (tun->tap ? IFF_TAP : IFF_TUN);

	return tun->multi_queue ? flags | IFF_MULTI_QUEUE : flags;
}

/* Attach to the device of @link, and to no other, and end its persistence. */
static int unpersist(int fd, const struct netlink_link *link, struct err *err)
{
	struct netlink_link now = { .index = 0 };
	uint32_t flags = link_flags(&link->tun);
	char name[IFNAMSIZ];

	memcpy(name, link->name, sizeof(name));
	if (set_iff(fd, name, flags) < 0)
		return explain_attach(name, flags, err);
	if (if_nametoindex(name) != link->index)
		return missing(name, err);
	/* the kernel has room for us beside others with multi-queue */
	if (link->tun.multi_queue && look_up(name, &now, err))
		return -1;
	if (now.tun.queues + now.tun.detached > 1) {
		errno = EBUSY;
		return explain_attach(name, flags, err);
	}
	if (ioctl(fd, TUNSETPERSIST, 0UL) < 0)
		return err_errno(err, "disabling TUNSETPERSIST");
	return 0;
}

static int delete_link(const char *clone, const struct netlink_link *link,
		       struct err *err)
{
	int fd = open_clone(clone, err);
	int rc;

	if (fd < 0)
		return -1;
	rc = unpersist(fd, link, err);
	close_quietly(fd);
	if (rc || if_nametoindex(link->name) != link->index)
		return rc;
	errno = EBUSY;
	return err_set(err,
		       "'%s' is no longer persistent, but another program "
		       "has it open",
		       link->name);
}

int tuntap_delete(const char *clone, const char *name, struct err *err)
{
	struct netlink_link link;

	if (parse_ifname(name, false, err)) {
		errno = EINVAL;
		return -1;
	}
	if (look_up(name, &link, err))
		return -1;
	errno = EINVAL;
	if (strcmp(link.kind, "tun")) {
		err_errno(err, "TUNSETIFF");
		return err_hint(err, "'%s' is no tun/tap device", name);
	}
	errno = EOPNOTSUPP;
	if (!link.tun.known)
		return err_set(err,
			       "the kernel does not tell what '%s' is "
			       "(Linux 4.18 does)",
			       name);
	return delete_link(clone, &link, err);
}

int tuntap_features(const char *clone, uint32_t *features, struct err *err)
{
	int fd = open_clone(clone, err);
	int rc;

	if (fd < 0)
		return -1;
	rc = get_features(fd, features, err);
	close_quietly(fd);
	return rc;
}
