// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Segmentation. The payload is copied and summed in one pass; of the headers
 * each segment gets a copy, in which a few fields differ.
 *
 * The sender leaves the sum of the pseudo header in the checksum field. It is
 * taken from there and not from the addresses, because with a routing header
 * of IPv6 they are not those of the IP header (RFC 8200, 8.1).
 */
#include "segment.h"

#include <string.h>

#include "checksum.h"

/* One's complement of the length: added, it takes the length away. */
static uint64_t without_length(const struct frame *frame,
			       const struct headers *h)
{
	uint16_t check;

	memcpy(&check, frame->data + headers_check(h), sizeof(check));
	return (uint64_t)check +
	       (uint16_t)~htons((uint16_t)(frame->len - h->transport));
}

bool segment_begin(struct segmenter *s, const struct frame *frame)
{
	uint32_t payload;

	*s = (struct segmenter){ .frame = frame, .count = 1 };
	if (!frame->vnet.gso_type)
		return offload_valid(frame);
	if (!offload_headers(&s->h, frame))
		return false;
	payload = frame->len - s->h.payload;
	if (payload <= frame->vnet.gso_size)
		return true;
	s->size = frame->vnet.gso_size;
	s->at = s->h.payload;
	s->sum = without_length(frame, &s->h);
	s->count = (payload + s->size - 1) / s->size;
	return true;
}

/* The whole frame, its checksum made if that is missing. */
static void copy_whole(const struct frame *frame, struct frame *out)
{
	uint32_t start = frame->vnet.csum_start;
	uint16_t check;

	out->len = frame->len;
	if (!(frame->vnet.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)) {
		memcpy(out->data, frame->data, frame->len);
		return;
	}
	memcpy(out->data, frame->data, start);
	check = checksum_final(checksum_copy(
		0, out->data + start, frame->data + start, frame->len - start));
	memcpy(out->data + start + frame->vnet.csum_offset, &check,
	       sizeof(check));
}

static void set_tcp(const struct segmenter *s, uint8_t *tcp, bool last)
{
	put32(tcp + TCP_SEQ, get32(tcp + TCP_SEQ) + s->at - s->h.payload);
	if (s->index)
		tcp[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
	if (!last)
		tcp[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
}

/* The headers of a segment whose length is known, the checksum 0. */
static void set_headers(const struct segmenter *s, struct frame *out, bool last)
{
	uint8_t *ip = out->data + s->h.ip;

	memcpy(out->data, s->frame->data, s->h.payload);
	if (s->h.version == 4)
		put16(ip + IPV4_ID, (uint16_t)(get16(ip + IPV4_ID) + s->index));
	headers_set_length(&s->h, out->data, out->len);
	if (s->h.protocol == IPPROTO_TCP)
		set_tcp(s, out->data + s->h.transport, last);
	put16(out->data + headers_check(&s->h), 0);
}

static void cut(const struct segmenter *s, struct frame *out, uint32_t len)
{
	const struct headers *h = &s->h;
	uint64_t sum = s->sum;
	uint16_t check;

	out->len = h->payload + len;
	set_headers(s, out, s->at + len == s->frame->len);
	sum += htons((uint16_t)(out->len - h->transport));
	sum = checksum_add(sum, out->data + h->transport,
			   (size_t)(h->payload - h->transport));
	sum = checksum_copy(sum, out->data + h->payload, s->frame->data + s->at,
			    len);
	check = h->protocol == IPPROTO_UDP ? checksum_final(sum)
					   : (uint16_t)~checksum_fold(sum);
	memcpy(out->data + headers_check(h), &check, sizeof(check));
}

bool segment_next(struct segmenter *s, struct frame *out)
{
	uint32_t len;

	if (!segment_left(s))
		return false;
	out->vnet = (struct virtio_net_hdr_v1){ 0 };
	if (!s->size) {
		copy_whole(s->frame, out);
	} else {
		len = s->frame->len - s->at;
		if (len > s->size)
			len = s->size;
		cut(s, out, len);
		s->at += len;
	}
	s->index++;
	return true;
}
