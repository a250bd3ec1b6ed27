/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segmentation: one frame with work left to do becomes plain frames.
 *
 *	if (!segment_begin(&s, frame))
 *		... cannot be cut: count it
 *	while (segment_left(&s) && (out = frame_get(pool))) {
 *		segment_next(&s, out);
 *		frame_filled(pool, out, out->len);
 *		...
 *	}
 *
 * A segmenter can rest at any time and go on later, as long as the frame is
 * held. What comes out is what Linux makes of the same frame (tcp_gso_segment()
 * of net/ipv4/tcp_offload.c, __udp_gso_segment() of net/ipv4/udp_offload.c,
 * inet_gso_segment() of net/ipv4/af_inet.c):
 *
 *   TCP	sequence numbers advance; FIN and PSH are in the last segment
 *		only, CWR (RFC 3168, 6.1.2) is in the first one only
 *   UDP	each segment is a datagram of its own
 *   IPv4	ids advance by one, with "don't fragment" too
 *
 * A frame with nothing but its checksum missing, or no longer than one segment,
 * comes out as one; a plain frame as a copy.
 */
#ifndef UML_ROUTER_SEGMENT_H
#define UML_ROUTER_SEGMENT_H

#include "offload.h"

/**
 * struct segmenter - How far the work on a frame is
 * @frame:	the frame; its owner holds it
 * @h:		its headers, when it is to be cut
 * @sum:	sum of the pseudo header without the length, likewise
 * @size:	most octets of payload in a segment
 * @at:		where the payload of the next segment begins
 * @index:	number of the next segment, from 0
 * @count:	segments there are
 */
struct segmenter {
	const struct frame *frame;
	struct headers h;
	uint64_t sum;
	uint32_t size;
	uint32_t at;
	uint32_t index, count;
};

/**
 * segment_begin() - Begin with a frame
 * @s:		filled
 * @frame:	from anywhere
 *
 * Return: false where the vnet header is not valid; see offload_valid()
 */
bool segment_begin(struct segmenter *s, const struct frame *frame);

/** segment_left() - How many segments are to come */
static inline uint32_t segment_left(const struct segmenter *s)
{
	return s->count - s->index;
}

/**
 * segment_next() - Make the next segment
 * @s:		where the work stands
 * @out:	another frame, nobody else holds it; gets data, len and vnet
 *
 * Return: false, @out unchanged, when there are no more
 */
bool segment_next(struct segmenter *s, struct frame *out);

#endif /* UML_ROUTER_SEGMENT_H */
