/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network device as a vhost-user front end sees it: features, memory, rings.
 *
 * Requests come in any order, and front ends differ: UML's kernel asks for
 * features when it boots and sets up rings when its driver is loaded; QEMU
 * enables rings before it says which features the guest took; UML stops a ring
 * by disabling it, QEMU by asking for its base. So there is no state machine: a
 * ring runs whenever all that it needs is there (memory, features, length,
 * address, kick descriptor, enabled), and each request that touches one of
 * these stops the ring first. A disabled ring is not looked at at all: UML's
 * memory behind it may be something else by then.
 */
#ifndef UML_ROUTER_VHOST_DEV_H
#define UML_ROUTER_VHOST_DEV_H

#include "loop.h"
#include "vhost_mem.h"
#include "vhost_msg.h"
#include "vhost_net.h"
#include "vring.h"

/** Most pairs of a receive and a transmit ring. */
#define VHOST_PAIRS_MAX 8
/** Most rings: 2n takes frames for the guest, 2n + 1 has frames from it. */
#define VHOST_RINGS (2 * VHOST_PAIRS_MAX)

/**
 * struct vhost_ring - A ring and what belongs to it
 * @q:		the queue; only @q.num is true while it does not run
 * @addr:	where it is
 * @has_addr:	@addr was set
 * @base:	index of the next chain, while it does not run
 * @enabled:	by VHOST_SET_VRING_ENABLE
 * @running:	it may be used
 * @kick:	the guest writes to it; its fd is -1 when there is none
 * @call:	we write to it; -1 when there is none
 * @call_socket:	@call is a socket
 */
struct vhost_ring {
	struct vqueue q;
	struct vhost_addr addr;
	bool has_addr;
	uint16_t base;
	bool enabled;
	bool running;
	struct event kick;
	int call;
	bool call_socket;
};

/**
 * struct vhost_dev - A device
 * @loop:	watches the kick descriptors
 * @features:	taken by the guest; 0 before that
 * @protocol:	taken by the front end
 * @mem:	the guest's memory
 * @net:	what frames look like
 * @rings:	all rings
 * @pairs:	pairs whose receive ring runs, counted from the first
 * @changed:	rings were started or stopped, or features set: for the owner,
 *		who clears it
 * @backend_req:	kept for UML, which wants it to be taken; -1: none
 */
struct vhost_dev {
	struct loop *loop;
	uint64_t features;
	uint64_t protocol;
	struct vhost_mem mem;
	struct vhost_net net;
	struct vhost_ring rings[VHOST_RINGS];
	unsigned int pairs;
	bool changed;
	int backend_req;
};

/**
 * vhost_dev_init() - A device without anything
 * @dev:	filled; must stay where it is
 * @loop:	see struct vhost_dev
 * @on_kick:	called when the guest kicks a ring that runs
 */
void vhost_dev_init(struct vhost_dev *dev, struct loop *loop,
		    void (*on_kick)(struct event *ev, uint32_t ready));

/** vhost_dev_fini() - Stop everything and let go of it */
void vhost_dev_fini(struct vhost_dev *dev);

/**
 * vhost_dev_request() - Do what a message asks for
 * @dev:	the device
 * @msg:	from vhost_msg_parse()
 * @fds:	the descriptors that came along. What is kept is replaced by -1;
 *		the others are the caller's
 * @reply:	filled
 * @reply_len:	octets of @reply, 0 when there is none to be sent
 * @err:	filled on failure
 *
 * Return: 0; or -1 with @err set when it cannot be done. With a reply the front
 *	   end knows; without one the connection is of no use any more
 */
int vhost_dev_request(struct vhost_dev *dev, const struct vhost_msg *msg,
		      int fds[VHOST_FDS_MAX],
		      uint8_t reply[VHOST_HEADER + VHOST_PAYLOAD_MAX],
		      size_t *reply_len, struct err *err);

/** vhost_dev_has() - Did the guest take a feature? */
static inline bool vhost_dev_has(const struct vhost_dev *dev, unsigned int bit)
{
	return dev->features >> bit & 1;
}

/** vhost_dev_offload() - The OFFLOAD_* of the features that it took */
unsigned int vhost_dev_offload(const struct vhost_dev *dev);

/** vhost_dev_call() - Tell the guest that chains were given back, if it wants */
void vhost_dev_call(struct vhost_ring *ring);

#endif /* UML_ROUTER_VHOST_DEV_H */
