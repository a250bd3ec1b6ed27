/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Split virtqueues (VIRTIO 1.2, 2.7), the device's side.
 *
 *	while (vchain_clear(&chain), vring_take(&q, &chain) == VRING_CHAIN) {
 *		... read or write chain.iov ...
 *		vring_give(&q, chain.head, written);
 *	}
 *	vring_publish(&q);
 *	if (vring_wants_call(&q))
 *		... write to the call descriptor ...
 *
 * Everything in a ring is the guest's, and it may write to it at any time: each
 * descriptor is copied before it is judged, each address is looked up in the
 * guest's memory, and no chain is followed for longer than the queue is.
 * A chain that cannot be true is given back unused. With an index that cannot
 * be true nothing of the ring can be: it is broken.
 *
 * Rings here are those of VIRTIO 1: little-endian.
 */
#ifndef UML_ROUTER_VRING_H
#define UML_ROUTER_VRING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "common/err.h"
#include "vhost_mem.h"

/** Longest queue (VIRTIO 1.2, 2.7). */
#define VRING_NUM_MAX 32768
/** Most pieces of memory in a chain, or in the chains of one frame. */
#define VRING_PIECES 512

struct vring_desc;
struct vring_avail;
struct vring_used;

/**
 * struct vqueue - One virtqueue
 * @mem:	the guest's memory
 * @num:	its length, a power of two
 * @event_idx:	VIRTIO_RING_F_EVENT_IDX was negotiated
 * @to_guest:	its buffers are written to; else they are read
 * @desc:	the ring, in the guest's memory
 * @avail:	likewise
 * @used:	likewise
 * @next:	index of the next chain to be taken
 * @seen:	chains before this index are there
 * @given:	index of the next chain to be given back
 * @called:	@given at the last call
 * @may_call:	@called is true
 * @untold:	descriptors of the ring that were taken since
 *		vring_wants_call(); those put back count too
 */
struct vqueue {
	const struct vhost_mem *mem;
	uint16_t num;
	bool event_idx;
	bool to_guest;
	const struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t next, seen;
	uint16_t given;
	uint16_t called;
	bool may_call;
	unsigned int untold;
};

/**
 * struct vchain - Buffers that a guest made available together, or several times
 * that
 * @head:	of the chain that was taken last, for vring_give()
 * @count:	pieces
 * @len:	octets in all
 * @iov:	the pieces
 */
struct vchain {
	uint16_t head;
	unsigned int count;
	size_t len;
	struct iovec iov[VRING_PIECES];
};

/** What vring_take() found. */
enum vring_got {
	VRING_NONE,   /**< nothing is available */
	VRING_CHAIN,  /**< a chain */
	VRING_BAD,    /**< a chain that cannot be true; @head is */
	VRING_BROKEN, /**< an index that cannot be true */
};

/**
 * vring_start() - Begin with a ring
 * @q:		@mem, @num, @event_idx and @to_guest are set
 * @addr:	where it is, from anywhere
 * @base:	index of the first chain
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int vring_start(struct vqueue *q, const struct vhost_addr *addr, uint16_t base,
		struct err *err);

/** vchain_clear() - No buffers */
static inline void vchain_clear(struct vchain *chain)
{
	chain->count = 0;
	chain->len = 0;
}

/** vring_take() - The next chain: its buffers are appended to @chain */
enum vring_got vring_take(struct vqueue *q, struct vchain *chain);

/** vring_untake() - Put back the @n chains that were taken last */
void vring_untake(struct vqueue *q, unsigned int n);

/** vring_give() - Give a chain back, @len octets of it written */
void vring_give(struct vqueue *q, uint16_t head, uint32_t len);

/** vring_publish() - Let the guest see what was given back */
void vring_publish(struct vqueue *q);

/** vring_wants_call() - Does the guest want to be told of it? */
bool vring_wants_call(struct vqueue *q);

/**
 * vring_listen() - Have the guest kick when it makes further chains available
 *
 * Return: true when there are some already behind those that were seen: of them
 *	   it may not tell
 */
bool vring_listen(struct vqueue *q);

/** vring_ignore() - Spare the guest the kicks */
void vring_ignore(struct vqueue *q);

#endif /* UML_ROUTER_VRING_H */
