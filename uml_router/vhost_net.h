/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames in the rings of a guest's network driver (VIRTIO 1.2, 5.1.6).
 *
 * Of a frame from a guest the vnet header is copied first, then judged. A short
 * frame is copied whole; a long one is lent (frame.h): its headers are copied,
 * and judged, and its payload goes from the guest's memory right to where the
 * frame goes. All chains of a burst are given back at its end, when no frame
 * refers to them any more: however long a frame waits in a queue, no guest's
 * ring waits with it.
 */
#ifndef UML_ROUTER_VHOST_NET_H
#define UML_ROUTER_VHOST_NET_H

#include <stdbool.h>

#include "port.h"
#include "vring.h"

/** Pieces of memory that are lent in one burst. */
#define VHOST_LENT_MAX 512

/**
 * struct vhost_net - What frames in the rings look like
 * @header:	octets of the vnet header in front of each, 10 or 12
 * @mergeable:	one frame may lie in several chains to the guest
 * @csum:	the guest takes flags about checksums
 */
struct vhost_net {
	unsigned int header;
	bool mergeable;
	bool csum;
};

/**
 * struct vhost_burst - Frames that are being read from a guest
 * @frames:	the frames
 * @n:		how many
 * @heads:	chains that were taken
 * @chains:	how many: more than @n where some were no frames
 * @octets:	of @frames
 * @lent:	memory that the frames refer to
 * @lent_n:	pieces of it
 */
struct vhost_burst {
	struct frame *frames[FRAME_BURST];
	unsigned int n;
	uint16_t heads[FRAME_BURST];
	unsigned int chains;
	size_t octets;
	struct iovec lent[VHOST_LENT_MAX];
	unsigned int lent_n;
};

/**
 * vhost_net_read() - Take a burst from a transmit ring
 * @net:	what frames look like
 * @q:		the ring
 * @port:	the ingress port: what is no frame is counted there
 * @burst:	filled
 *
 * Return: VRING_NONE when the ring is empty now, VRING_CHAIN when there may be
 *	   more, or VRING_BROKEN
 */
enum vring_got vhost_net_read(const struct vhost_net *net, struct vqueue *q,
			      struct port *port, struct vhost_burst *burst);

/**
 * vhost_net_hold() - Before port_rx(): keep the frames of a burst from being
 * freed, until vhost_net_done()
 */
void vhost_net_hold(struct vhost_burst *burst);

/**
 * vhost_net_done() - After it: nothing refers to the guest's memory any more,
 * and the chains are given back
 */
void vhost_net_done(struct vqueue *q, struct frame_pool *pool,
		    struct vhost_burst *burst);

/** What vhost_net_write() did. */
enum vhost_wrote {
	VHOST_WROTE,	/**< the frame is in the ring */
	VHOST_NO_ROOM,	/**< not enough buffers for now */
	VHOST_TOO_LONG, /**< there will never be enough */
	VHOST_BROKEN,	/**< the ring is */
};

/** vhost_net_write() - Put a frame into a receive ring */
enum vhost_wrote vhost_net_write(const struct vhost_net *net, struct vqueue *q,
				 const struct frame *frame);

#endif /* UML_ROUTER_VHOST_NET_H */
