/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's side of a vhost-user port, for tests and benchmarks: memory,
 * rings, and the messages that say where they are. It is one pair of rings, and
 * as honest as its user wants it to be: all of the memory is open.
 *
 * Nothing here waits, except vguest_answer().
 */
#ifndef TESTS_HELPERS_VGUEST_H
#define TESTS_HELPERS_VGUEST_H

#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Where memory is to the guest, and to its front end. */
#define VGUEST_GUEST 0x40000000ULL
#define VGUEST_USER 0x7f0000000000ULL
/** Octets of a buffer; the vnet header lies in it too. */
#define VGUEST_BUFFER 2048
/** Octets of the vnet header: of drivers since virtio 1.0, or with mergeable
 * buffers, and of the older others. */
#define VGUEST_HEADER 12
#define VGUEST_HEADER_OLD 10
/** Longest ring. */
#define VGUEST_NUM_MAX 1024

/** Features of a modern driver; it takes no large frames. */
#define VGUEST_PLAIN                                                           \
	(1ULL << 32 | 1ULL << 30 | 1ULL << VIRTIO_RING_F_EVENT_IDX |           \
	 1ULL << VIRTIO_RING_F_INDIRECT_DESC | 1ULL << VIRTIO_NET_F_MRG_RXBUF)
/** And those of one that does. */
#define VGUEST_OFFLOAD                                                         \
	(VGUEST_PLAIN | 1ULL << VIRTIO_NET_F_CSUM |                            \
	 1ULL << VIRTIO_NET_F_GUEST_CSUM | 1ULL << VIRTIO_NET_F_GUEST_TSO4 |   \
	 1ULL << VIRTIO_NET_F_GUEST_TSO6 | 1ULL << VIRTIO_NET_F_HOST_TSO4 |    \
	 1ULL << VIRTIO_NET_F_HOST_TSO6)

/**
 * struct vguest_ring - One ring, in the guest's memory
 * @ring:	its three parts
 * @buffers:	a buffer for each descriptor
 * @next:	next buffer to be made available
 * @seen:	next used chain to be looked at
 * @kick:	eventfd: written by us
 * @call:	eventfd: written by the switch
 */
struct vguest_ring {
	struct vring ring;
	uint8_t *buffers;
	uint16_t next;
	uint16_t seen;
	int kick, call;
};

/**
 * struct vguest - A guest
 * @sock:	connected to the switch
 * @file:	its memory
 * @mem:	the same, mapped
 * @size:	octets of it
 * @header:	octets of the vnet header, VGUEST_HEADER unless one says
 *		otherwise before the first frame
 * @rx:		ring 0: frames to us
 * @tx:		ring 1: frames from us
 */
struct vguest {
	int sock;
	int file;
	uint8_t *mem;
	size_t size;
	uint32_t header;
	struct vguest_ring rx, tx;
};

/** vguest_init() - Memory and rings of @num; -1 with errno set on failure */
int vguest_init(struct vguest *g, int sock, uint16_t num);

/** vguest_fini() - Close and unmap everything */
void vguest_fini(struct vguest *g);

/** vguest_say() - Send a message; -1 with errno set on failure */
int vguest_say(const struct vguest *g, uint32_t request, uint32_t flags,
	       const void *payload, uint32_t size, const int fds[],
	       unsigned int n);

/** vguest_say_number() - A message with a number */
int vguest_say_number(const struct vguest *g, uint32_t request,
		      uint64_t number);

/** vguest_say_state() - A message with the number of a ring and another one */
int vguest_say_state(const struct vguest *g, uint32_t request, uint32_t index,
		     uint32_t num);

/** vguest_say_memory() - The memory table */
int vguest_say_memory(const struct vguest *g);

/** vguest_say_ring() - Length, base, address and descriptors of a ring */
int vguest_say_ring(const struct vguest *g, unsigned int index, uint16_t base);

/** vguest_say_all() - All that is to be said, until both rings run */
int vguest_say_all(const struct vguest *g, uint64_t features);

/** vguest_answer() - Wait for a reply; the number in it, or -1 */
int64_t vguest_answer(const struct vguest *g);

/** vguest_at() - An address of ours as the guest has it */
uint64_t vguest_at(const struct vguest *g, const void *at);

/** vguest_offer() - Make all buffers of the receive ring available, once */
void vguest_offer(struct vguest *g);

/**
 * vguest_send() - Put a frame into the transmit ring
 *
 * Return: false when the ring is full
 */
bool vguest_send(struct vguest *g, const struct virtio_net_hdr_v1 *vnet,
		 const void *frame, uint32_t len);

/** vguest_kick() - Tell the switch of a ring, if it wants to know */
void vguest_kick(struct vguest_ring *r, uint16_t before);

/**
 * vguest_receive() - The next frame from the receive ring
 * @g:		the guest
 * @vnet:	its vnet header
 * @frame:	where to put it; NULL: nowhere
 * @room:	octets of that
 *
 * Its buffers are made available again, of which the switch is not told.
 *
 * Return: its length; 0 when there is none
 */
size_t vguest_receive(struct vguest *g, struct virtio_net_hdr_v1 *vnet,
		      uint8_t *frame, size_t room);

#endif /* TESTS_HELPERS_VGUEST_H */
