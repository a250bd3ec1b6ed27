/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tun and tap devices: open, create, attach, persist, own, delete.
 *
 * The only header whose source opens /dev/net/tun and speaks the driver's
 * ioctls; Documentation/networking/tuntap.rst and drivers/net/tun.c of
 * the kernel are the sources of what is said here.
 */
#ifndef COMMON_TUNTAP_H
#define COMMON_TUNTAP_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "queueing.h"

/** The clone device unless told otherwise. */
#define TUNTAP_CLONE_DEVICE "/dev/net/tun"

/** Most queues of one device (MAX_TAP_QUEUES in drivers/net/tun.c). */
#define TUNTAP_MAX_QUEUES 256

/** Kind of device: what one frame of it begins with. */
enum tuntap_kind {
	TUNTAP_TAP, /**< Ethernet frames */
	TUNTAP_TUN, /**< IP packets */
};

/** What to do about a device of that name that exists already. */
enum tuntap_open {
	TUNTAP_OPEN_OR_CREATE, /**< attach if it is there, else make it */
	TUNTAP_MUST_EXIST,     /**< attach only: fails where none is there */
	TUNTAP_MUST_CREATE,    /**< make only: fails where one is there */
};

/** What a reader of the device can take in one frame (TUNSETOFFLOAD). */
enum tuntap_offload {
	TUNTAP_OFFLOAD_NONE,	/**< frames of the MTU, checksummed */
	TUNTAP_OFFLOAD_TSO,	/**< no checksum, TCP segments up to 64 KiB */
	TUNTAP_OFFLOAD_TSO_USO, /**< and UDP segments (Linux 6.2) */
};

/**
 * struct tuntap_ids - Who may open a device besides root
 * @owner:	user, or (uid_t)-1 for no one in particular
 * @group:	group, or (gid_t)-1
 */
struct tuntap_ids {
	uid_t owner;
	gid_t group;
};

/**
 * struct tuntap_request - What is wanted of tuntap_open()
 * @clone:	clone device, NULL for TUNTAP_CLONE_DEVICE
 * @opened:	a descriptor of it that is open already, of whoever could open
 *		it; belongs to tuntap_open(). 0: @clone is opened
 * @name:	device name or a "%d" pattern; NULL lets the kernel choose
 * @kind:	tun or tap
 * @how:	attach, create or either
 * @queueing:	queueing mode
 * @vnet_hdr:	frames carry a struct virtio_net_hdr of 12 bytes
 *		(TUNSETVNETHDRSZ)
 * @queues:	descriptors wanted, 1 to TUNTAP_MAX_QUEUES; more than 1 needs
 *		QUEUEING_MULTI_QUEUE
 * @ids:	whose a device is to be that is made now; NULL: nobody's, and
 *		then everybody may open further queues of it
 */
struct tuntap_request {
	const char *clone;
	int opened;
	const char *name;
	enum tuntap_kind kind;
	enum tuntap_open how;
	enum queueing_mode queueing;
	bool vnet_hdr;
	unsigned int queues;
	const struct tuntap_ids *ids;
};

/**
 * struct tuntap - An open device; flags as the kernel reports them
 * @name:	its real name (the kernel expands patterns)
 * @kind:	tun or tap
 * @flags:	TUNGETIFF's flags: what is in force, not what was asked
 * @queues:	number of descriptors
 * @fd:		one non-blocking descriptor per queue
 * @created:	the device did not exist before
 * @offload:	what tuntap_offload() has set
 * @vnet_size_before:	size of the vnet header that was in force before; 0
 *		where there is none. tuntap_close() puts it back
 */
struct tuntap {
	char name[IFNAMSIZ];
	enum tuntap_kind kind;
	uint32_t flags;
	unsigned int queues;
	int fd[TUNTAP_MAX_QUEUES];
	bool created;
	enum tuntap_offload offload;
	int vnet_size_before;
};

/**
 * tuntap_open() - Open a device, making it where that is asked
 * @tt:		filled on success
 * @req:	what is wanted
 * @err:	filled on failure: step, device, cause, remedy
 *
 * Descriptors are non-blocking and close-on-exec. On failure nothing is left:
 * no descriptor, and no device that was not there before.
 *
 * Return: 0, or -1 with @err set and errno of the failed step
 */
int tuntap_open(struct tuntap *tt, const struct tuntap_request *req,
		struct err *err);

/**
 * tuntap_close() - Close all descriptors; a device not persistent vanishes
 * @tt:		an open device, or all zeroes; all zeroes afterwards
 *
 * Offloads and the size of the vnet header of a single-queue device are put
 * back to what they were, for whoever opens it next. errno is kept.
 */
void tuntap_close(struct tuntap *tt);

/**
 * tuntap_from_fd() - Adopt a descriptor that the parent opened
 * @tt:		filled on success; owns @fd from then on
 * @fd:		descriptor of a tun or tap device
 * @err:	filled on failure (not a tun/tap descriptor, ...)
 *
 * Frames with a vnet header get the size of tuntap_open(). On failure @fd
 * stays the caller's.
 *
 * Return: 0, or -1 with @err set
 */
int tuntap_from_fd(struct tuntap *tt, int fd, struct err *err);

/**
 * tuntap_hand_over() - Make the descriptor what a program expects that opens it
 * @tt:		open device with one descriptor
 * @err:	filled on failure
 *
 * Blocking, left open by execve(2), and with the vnet header and the offloads
 * that the device had before it was opened here: those who want others say so.
 *
 * Return: 0, or -1 with @err set
 */
int tuntap_hand_over(struct tuntap *tt, struct err *err);

/** tuntap_has_vnet_hdr() - Frames of the device carry a vnet header */
bool tuntap_has_vnet_hdr(const struct tuntap *tt);

/** tuntap_queueing() - Queueing mode in force, from the kernel's flags */
enum queueing_mode tuntap_queueing(const struct tuntap *tt);

/** tuntap_persist() - Keep the device without a descriptor, or no longer */
int tuntap_persist(struct tuntap *tt, bool on, struct err *err);

/**
 * tuntap_owner() - Who may attach
 * @tt:		open device
 * @uid:	user, or (uid_t)-1 for nobody in particular, which fails where an
 *		owner was set before: the kernel does not take it back
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int tuntap_owner(struct tuntap *tt, uid_t uid, struct err *err);

/** tuntap_group() - Which group may attach; like tuntap_owner() */
int tuntap_group(struct tuntap *tt, gid_t gid, struct err *err);

/**
 * tuntap_queue() - Attach or detach one queue of a multi-queue device
 * @tt:		device opened with QUEUEING_MULTI_QUEUE
 * @index:	which descriptor
 * @attached:	true to attach, false to detach (TUNSETQUEUE)
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int tuntap_queue(struct tuntap *tt, unsigned int index, bool attached,
		 struct err *err);

/**
 * tuntap_offload() - Say what the reader of the device can take
 * @tt:		device opened with a vnet header
 * @offload:	what is wanted; USO falls back to TSO where the kernel does not
 *		have it. @tt->offload says what is in force
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int tuntap_offload(struct tuntap *tt, enum tuntap_offload offload,
		   struct err *err);

/**
 * tuntap_delete() - Delete a persistent device by name
 * @clone:	clone device, NULL for TUNTAP_CLONE_DEVICE
 * @name:	device; one that is missing is an error and is not created
 * @err:	filled on failure
 *
 * Attaches in the way that the device demands, multi-queue ones too
 * (rtnetlink tells it, Linux 4.18), and ends its persistence. A
 * device that another program holds open stays, which is an error (EBUSY).
 *
 * Return: 0, or -1 with @err set
 */
int tuntap_delete(const char *clone, const char *name, struct err *err);

/**
 * tuntap_features() - Flags that the running kernel takes (TUNGETFEATURES)
 * @clone:	clone device, NULL for TUNTAP_CLONE_DEVICE
 * @features:	IFF_* bits
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int tuntap_features(const char *clone, uint32_t *features, struct err *err);

#endif /* COMMON_TUNTAP_H */
