/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames and the pool that they come from.
 *
 * A frame is read once into its buffer and is then only passed by reference:
 * to the port that sends it, to the queues of all ports that it is flooded to.
 * It is copied only where some of these have it with a VLAN tag and some
 * without, once. Buffers have room for the longest frame, but memory is
 * only taken for the pages that were written to.
 *
 * A long frame from a guest's memory may come with its head alone in the
 * buffer; the rest is still in the memory of the guest, from where it goes
 * right into the descriptor or the memory of who gets it (port_ops'
 * @takes_rest). Whoever else needs all of it calls frame_complete(). The lender
 * completes the frames that are left when its burst is over: what is lent is
 * never lent for longer than that.
 */
#ifndef UML_ROUTER_FRAME_H
#define UML_ROUTER_FRAME_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/** Longest frame that passes: 65535 of a TSO frame, header and tags. */
#define FRAME_MAX 65550
/** Shortest frame that passes: an Ethernet header (IEEE 802.3, clause 3). */
#define FRAME_MIN 14
/** Most pieces of memory that a part of a frame is lent in. */
#define FRAME_REST_MAX 64
/** Most frames that are read, switched and sent at one go. */
#define FRAME_BURST 64

/**
 * struct frame - One Ethernet frame, from destination address to payload
 * @next:	in the pool: next free frame
 * @refs:	who holds it; frame_put() by the last gives it back
 * @len:	octets of the frame
 * @borrowed:	octets at its end that are not in @data but in @rest
 * @rest:	memory of the ingress port; anybody may write to it meanwhile
 * @rest_count:	pieces of @rest, at most FRAME_REST_MAX
 * @large:	more than one page was written since frame_pool_trim()
 * @vnet:	what of the frame is left to do: checksum, segmentation. Lies right
 *		in front of @data: a tap reads and writes both in one piece. In
 *		the byte order of this machine
 * @data:	the frame; room for FRAME_MAX + 1 octets, the last one to find
 *		frames that are longer
 */
struct frame {
	struct frame *next;
	uint32_t refs;
	uint32_t len;
	uint32_t borrowed;
	unsigned int rest_count;
	const struct iovec *rest;
	bool large;
	struct virtio_net_hdr_v1 vnet;
	uint8_t data[];
};

_Static_assert(offsetof(struct frame, data) ==
		       offsetof(struct frame, vnet) +
			       sizeof(struct virtio_net_hdr_v1),
	       "a frame follows its vnet header");

/**
 * struct frame_pool - Where frames come from
 * @free:	frames nobody holds, the last one used on top (it is in cache)
 * @slabs:	mapped memory, FRAME_SLAB frames each
 * @slab_count:	number of slabs
 * @slab_room:	capacity of @slabs
 * @used:	frames held by somebody
 * @large:	frames marked large
 */
struct frame_pool {
	struct frame *free;
	void **slabs;
	size_t slab_count, slab_room;
	size_t used;
	size_t large;
};

/** frame_pool_init() - An empty pool; memory is mapped when it is needed */
void frame_pool_init(struct frame_pool *pool);

/** frame_pool_fini() - Unmap everything; nobody may hold a frame any more */
void frame_pool_fini(struct frame_pool *pool);

/**
 * frame_get() - A frame with one reference and no length
 *
 * Return: the frame, or NULL when no memory can be mapped
 */
struct frame *frame_get(struct frame_pool *pool);

/**
 * frame_copy() - A frame of its own, for who is to change it
 *
 * Return: the copy with one reference, or NULL when no memory can be mapped
 */
struct frame *frame_copy(struct frame_pool *pool, const struct frame *frame);

/** frame_copy_to() - The same into an empty frame; frame_filled() is to follow */
void frame_copy_to(struct frame *copy, const struct frame *frame);

/** frame_filled() - Note that @len octets were written into the frame */
void frame_filled(struct frame_pool *pool, struct frame *frame, size_t len);

/** frame_own() - Octets that are in @data */
static inline uint32_t frame_own(const struct frame *frame)
{
	return frame->len - frame->borrowed;
}

/** frame_fetch() - frame_complete() of a frame that is not complete */
void frame_fetch(struct frame_pool *pool, struct frame *frame);

/** frame_complete() - Have all of the frame in @data */
static inline void frame_complete(struct frame_pool *pool, struct frame *frame)
{
	if (frame->borrowed)
		frame_fetch(pool, frame);
}

/** frame_hold() - One more reference */
static inline struct frame *frame_hold(struct frame *frame)
{
	frame->refs++;
	return frame;
}

/** frame_put() - One reference less; the last one frees the frame */
static inline void frame_put(struct frame_pool *pool, struct frame *frame)
{
	if (--frame->refs)
		return;
	frame->next = pool->free;
	pool->free = frame;
	pool->used--;
}

/**
 * frame_pool_trim() - Give back to the system what long frames made resident
 *
 * Only free frames are trimmed, each only of the pages behind its first.
 */
void frame_pool_trim(struct frame_pool *pool);

#endif /* UML_ROUTER_FRAME_H */
