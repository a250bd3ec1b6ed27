// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for segmentation: a vnet header and a frame from anywhere. The
 * input is how much payload to add, the vnet header, the frame's first octets.
 *
 * What is accepted is cut to the end: each segment has what its headers claim,
 * right checksums if the sum of the pseudo header was right, and the next part
 * of the payload. The frame lies in memory of its exact size.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/packets.h"
#include "uml_router/segment.h"

static struct frame *new_frame(size_t len)
{
	struct frame *f = calloc(1, offsetof(struct frame, data) + len);

	if (!f)
		abort();
	f->len = (uint32_t)len;
	return f;
}

static struct frame *read_frame(const uint8_t *data, size_t size, size_t more)
{
	struct virtio_net_hdr_v1 vnet;
	struct frame *f;
	size_t len, i;

	memcpy(&vnet, data, sizeof(vnet));
	data += sizeof(vnet);
	size -= sizeof(vnet);
	len = size + more > FRAME_MAX ? FRAME_MAX : size + more;
	f = new_frame(len);
	f->vnet = vnet;
	memcpy(f->data, data, size < len ? size : len);
	for (i = size; i < len; i++)
		f->data[i] = (uint8_t)(i * 7 + i / 251);
	return f;
}

/* Write the sum of the pseudo header, which most inputs would not have. */
static void set_pseudo(struct frame *f)
{
	struct headers h;
	size_t check;

	if (!headers_find(&h, f->data, f->len))
		return;
	check = h.transport + (h.protocol == IPPROTO_TCP ? 16U : 6U);
	put16(f->data + check,
	      (uint16_t)packet_pseudo(f->data + h.ip, h.protocol,
				      f->len - h.transport));
}

static void check_ip(const struct headers *h, const struct frame *out)
{
	const uint8_t *ip = out->data + h->ip;
	size_t len = out->len - h->ip;

	if (h->version == 4) {
		must(get16(ip + 2) == len, "the length of IPv4 is true");
		must(packet_sum(0, ip, (size_t)(h->transport - h->ip)) ==
			     0xffff,
		     "the checksum of IPv4 is right");
	} else {
		must(get16(ip + 4) + 40U == len, "the length of IPv6 is true");
	}
}

static void check_segment(const struct segmenter *s, const struct frame *out,
			  uint32_t at, bool right)
{
	const struct headers *h = &s->h;
	uint32_t len = out->len - h->payload;
	uint32_t sum;

	check_ip(h, out);
	must(len && len <= s->frame->vnet.gso_size, "no larger than asked for");
	must(len == s->frame->vnet.gso_size || at + len == s->frame->len,
	     "only the last one is smaller");
	must(!memcmp(out->data + h->payload, s->frame->data + at, len),
	     "the next part of the payload");
	if (h->protocol == IPPROTO_UDP)
		must(get16(out->data + h->transport + 4) ==
			     out->len - h->transport,
		     "the length of UDP is true");
	if (!right)
		return;
	sum = packet_pseudo(out->data + h->ip, h->protocol,
			    out->len - h->transport);
	must(packet_sum(sum, out->data + h->transport,
			out->len - h->transport) == 0xffff,
	     "the checksum is right");
}

static void cut(struct frame *f, bool right)
{
	uint32_t at, last, count = 0;
	struct segmenter s;
	struct frame *out = new_frame(FRAME_MAX);

	must(segment_begin(&s, f) == offload_valid(f), "valid is what is cut");
	if (!offload_valid(f))
		goto out;
	for (at = s.at; segment_left(&s); count++) {
		last = segment_left(&s);
		must(segment_next(&s, out), "there is a next one");
		must(segment_left(&s) == last - 1, "one less is left");
		must(frame_plain(out), "a segment is plain");
		if (!s.size) {
			must(out->len == f->len, "the whole frame");
			continue;
		}
		check_segment(&s, out, at, right);
		at += out->len - s.h.payload;
	}
	must(!segment_next(&s, out), "there are no more");
	must(!s.size || at == f->len, "the payload is all there");
	must(count && count <= OFFLOAD_TCP_SEGMENTS, "neither 0 nor too many");
out:
	free(out);
}

/* In place as while copying. */
static void complete(struct frame *f)
{
	struct frame *out = new_frame(FRAME_MAX);
	struct segmenter s;

	if (!f->vnet.gso_type && segment_begin(&s, f)) {
		segment_next(&s, out);
		must(offload_checksum(f) && frame_plain(f), "completed");
		must(out->len == f->len && !memcmp(out->data, f->data, f->len),
		     "both ways are the same");
	} else {
		must(!offload_checksum(f), "not to be completed");
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame *f, *before;
	bool right;

	if (size < 3 + sizeof(f->vnet))
		return 0;
	f = read_frame(data + 3, size - 3, (size_t)(data[0] << 8 | data[1]));
	right = data[2] & 1;
	if (right)
		set_pseudo(f);
	before = new_frame(f->len);
	memcpy(before, f, offsetof(struct frame, data) + f->len);
	cut(f, right);
	must(!memcmp(before, f, offsetof(struct frame, data) + f->len),
	     "the frame is as it was");
	complete(f);
	free(before);
	free(f);
	return 0;
}
