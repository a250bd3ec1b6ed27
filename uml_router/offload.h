/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Offloads: what a port that has the virtio-net header leaves to be done, for
 * ports that have not. A frame that is not plain is one of
 *
 *   without its checksum	VIRTIO_NET_HDR_F_NEEDS_CSUM: offload_checksum()
 *	does it in place, a segmenter while copying;
 *   too large	gso_type: a segmenter (segment.h) cuts it.
 *
 * The other way round see coalesce.h. Guests are not trusted: what the header
 * says is compared with the frame before anything is done.
 */
#ifndef UML_ROUTER_OFFLOAD_H
#define UML_ROUTER_OFFLOAD_H

#include <stdbool.h>

#include "frame.h"
#include "headers.h"

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4 /* Linux 6.2 */
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

/**
 * Most segments of TCP: as if a full frame were cut into the smallest ones that
 * Linux sends by itself (TCP_MIN_GSO_SIZE of include/net/tcp.h, 8 octets). It
 * bounds what one frame of a guest can become.
 */
#define OFFLOAD_TCP_SEGMENTS 8192
/** Most segments of UDP: UDP_MAX_SEGMENTS of include/linux/udp.h */
#define OFFLOAD_UDP_SEGMENTS 128

/** frame_plain() - There is nothing left to be done */
static inline bool frame_plain(const struct frame *frame)
{
	return !(frame->vnet.flags & ~VIRTIO_NET_HDR_F_DATA_VALID) &&
	       !frame->vnet.gso_type;
}

/**
 * offload_valid() - Is the vnet header true of the frame?
 * @frame:	from anywhere
 *
 * The rules are those of VIRTIO 1.2, 5.1.6.2: a large frame lacks its checksum
 * too, and both are TCP, or UDP, over IP. What segmentation cannot cut is not
 * valid either: fragments, more headers than HEADERS_MAX, too many segments,
 * and UFO (VIRTIO_NET_HDR_GSO_UDP), which makes fragments.
 *
 * Return: true when a segmenter, or offload_checksum(), will do it
 */
bool offload_valid(const struct frame *frame);

/**
 * offload_headers() - offload_valid() of a frame with a gso_type
 * @h:		filled on success
 * @frame:	from anywhere
 */
bool offload_headers(struct headers *h, const struct frame *frame);

/**
 * offload_checksum() - Write the checksum that a frame lacks, in place
 * @frame:	nobody else holds it; plain afterwards
 *
 * Return: false, the frame unchanged, where it has a gso_type or is not valid
 */
bool offload_checksum(struct frame *frame);

#endif /* UML_ROUTER_OFFLOAD_H */
