// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/offload and segment: which vnet headers are believed, checksums,
 * and what the segments are. (Against the kernel: test_offload_kernel.)
 */
#include "tests/unit/packets.h"
#include "tests/unit/tap.h"
#include "uml_router/segment.h"

#define ETH 14

static const struct packet tcp4 = { .version = 4,
				    .df = true,
				    .id = 0xfffe,
				    .options = 12,
				    .flags = 0x99, /* CWR, ACK, PSH, FIN */
				    .seq = 0xfffffff0,
				    .payload = 2500,
				    .size = 1000 };

static struct frame *new_frame(void)
{
	struct frame *f = calloc(1, sizeof(*f) + FRAME_MAX + 1);

	if (!f)
		tap_bail("memory");
	return f;
}

static struct frame *new_packet(const struct packet *k)
{
	struct frame *f = new_frame();

	packet_build(f, k);
	return f;
}

/* Both checksums, each summed together with what it is of. */
static bool sums_right(const struct frame *f, size_t ip, size_t transport)
{
	const uint8_t *l3 = f->data + ip;
	uint8_t protocol = l3[0] >> 4 == 4 ? l3[9] : l3[6];
	size_t len = f->len - transport;
	uint32_t sum = packet_pseudo(l3, protocol, len);

	if (l3[0] >> 4 == 4 && packet_sum(0, l3, transport - ip) != 0xffff)
		return false;
	return packet_sum(sum, f->data + transport, len) == 0xffff;
}

static void test_tcp(void)
{
	static const uint8_t flags[3] = { 0x90, 0x10, 0x19 };
	static const uint32_t lens[3] = { 1000, 1000, 500 };
	struct frame *f = new_packet(&tcp4), *out = new_frame();
	const size_t head = ETH + 20 + 32;
	struct segmenter s;
	uint32_t i, at = 0;

	ok(segment_begin(&s, f), "TCP over IPv4");
	is_int(segment_left(&s), 3, "three segments");
	for (i = 0; i < 3; i++) {
		ok(segment_next(&s, out), "segment %u", i);
		is_int(out->len, (intmax_t)head + lens[i], "its length");
		is_int(get16(out->data + ETH + 2), out->len - ETH, "of IP");
		is_int(get16(out->data + ETH + 4), (uint16_t)(0xfffe + i),
		       "its id, modulo 2^16");
		is_int(get32(out->data + 38), (uint32_t)(0xfffffff0 + at),
		       "its sequence number, modulo 2^32");
		is_int(out->data[47], flags[i], "its flags");
		ok(sums_right(out, ETH, ETH + 20), "its checksums");
		ok(!memcmp(out->data + head, f->data + head + at, lens[i]),
		   "its payload");
		ok(frame_plain(out), "it is plain");
		at += lens[i];
	}
	ok(!segment_left(&s) && !segment_next(&s, out), "no more");
	free(out);
	free(f);
}

static void test_whole(void)
{
	struct packet k = tcp4;
	struct frame *f, *out = new_frame();
	struct segmenter s;

	k.payload = k.size;
	f = new_packet(&k);
	ok(segment_begin(&s, f) && segment_left(&s) == 1,
	   "no longer than one segment: one");
	segment_next(&s, out);
	ok(out->len == f->len && out->data[47] == k.flags &&
		   get16(out->data + ETH + 4) == k.id &&
		   sums_right(out, ETH, ETH + 20) && frame_plain(out),
	   "as it was, with its checksum");
	ok(segment_begin(&s, out) && segment_left(&s) == 1, "a plain frame");
	segment_next(&s, f);
	ok(f->len == out->len && !memcmp(f->data, out->data, f->len),
	   "comes out as it is");
	k.payload = 0;
	packet_build(f, &k);
	ok(segment_begin(&s, f) && segment_left(&s) == 1, "no payload: one");
	free(out);
	free(f);
}

static void test_checksum(void)
{
	struct packet k = {
		.udp = true, .version = 6, .tags = 2, .payload = 101
	};
	struct frame *f = new_packet(&k);
	uint16_t start;

	ok(offload_valid(f) && !frame_plain(f), "without its checksum");
	ok(offload_checksum(f) && frame_plain(f), "completed");
	ok(sums_right(f, ETH + 8, ETH + 48), "right");
	ok(offload_checksum(f), "a plain frame has nothing to do");
	ok(sums_right(f, ETH + 8, ETH + 48), "right still");
	f->vnet.flags = VIRTIO_NET_HDR_F_DATA_VALID;
	ok(frame_plain(f) && offload_valid(f), "verified by the sender: plain");
	f->vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	f->vnet.csum_start = (uint16_t)(f->len - 2);
	f->vnet.csum_offset = 0;
	ok(offload_checksum(f), "at the very end");
	f->vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	f->vnet.csum_start = (uint16_t)(f->len - 1);
	ok(!offload_valid(f) && !offload_checksum(f), "half behind the end");
	f->vnet.csum_start = 0xffff;
	f->vnet.csum_offset = 0xffff;
	ok(!offload_valid(f) && !offload_checksum(f), "far behind the end");
	ok(f->vnet.flags == VIRTIO_NET_HDR_F_NEEDS_CSUM, "unchanged");
	f->vnet.csum_offset = 0;
	for (start = 0; start < ETH + 8; start++) {
		f->vnet.csum_start = start;
		if (offload_valid(f))
			break;
	}
	is_int(start, ETH + 8, "addresses, tags and type are not written to");
	free(f);
	f = new_packet(&tcp4);
	ok(!offload_checksum(f), "a large frame is not completed in place");
	free(f);
}

/* A checksum that comes out as 0 is sent as 0xffff by UDP (RFC 768). */
static void test_udp_zero(void)
{
	struct packet k = {
		.udp = true, .version = 4, .payload = 8, .size = 4
	};
	struct frame *f = new_packet(&k), *out = new_frame();
	struct segmenter s;

	segment_begin(&s, f);
	segment_next(&s, out);
	is_int(get16(out->data + ETH + 24), 12, "length of the datagram");
	put16(f->data + 42, 0);
	segment_begin(&s, f);
	segment_next(&s, out);
	memcpy(f->data + 42, out->data + 40, 2); /* now the sum is 0xffff */
	segment_begin(&s, f);
	segment_next(&s, out);
	is_int(get16(out->data + 40), 0xffff, "never 0");
	free(out);
	free(f);
}

/* A field of the vnet header or of the frame that is not true. */
static void untrue(const char *what, const struct packet *k,
		   void (*change)(struct frame *f))
{
	struct frame *f = new_packet(k);
	struct segmenter s;

	change(f);
	ok(!offload_valid(f) && !segment_begin(&s, f), "%s", what);
	free(f);
}

static void no_checksum(struct frame *f)
{
	f->vnet.flags = 0;
}

static void odd_flag(struct frame *f)
{
	f->vnet.flags |= 0x80;
}

static void odd_type(struct frame *f)
{
	f->vnet.gso_type = 2;
}

static void ufo(struct frame *f)
{
	f->vnet.gso_type = VIRTIO_NET_HDR_GSO_UDP;
}

static void ecn_alone(struct frame *f)
{
	f->vnet.gso_type = VIRTIO_NET_HDR_GSO_ECN;
}

static void other_version(struct frame *f)
{
	f->vnet.gso_type ^= VIRTIO_NET_HDR_GSO_TCPV4 ^ VIRTIO_NET_HDR_GSO_TCPV6;
}

static void other_protocol(struct frame *f)
{
	f->data[ETH + 9] = IPPROTO_UDP;
}

static void other_type(struct frame *f)
{
	f->vnet.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
}

static void no_size(struct frame *f)
{
	f->vnet.gso_size = 0;
}

static void other_start(struct frame *f)
{
	f->vnet.csum_start += 4;
}

static void other_offset(struct frame *f)
{
	f->vnet.csum_offset += 2;
}

static void other_both(struct frame *f)
{
	f->vnet.csum_start += 4;
	f->vnet.csum_offset -= 4;
}

static void fragment(struct frame *f)
{
	f->data[ETH + 7] = 1;
}

static void more_fragments(struct frame *f)
{
	f->data[ETH + 6] |= 0x20;
}

static void not_ip(struct frame *f)
{
	f->data[12] = 0x12;
}

static void short_ip(struct frame *f)
{
	f->data[ETH] = 0x44;
	f->vnet.csum_start -= 4;
	f->data[ETH + 16 + 12] = 0x50;
}

static void odd_version(struct frame *f)
{
	f->data[ETH] ^= 0xf0;
}

static void short_tcp(struct frame *f)
{
	f->data[ETH + 20 + 12] = 0x40;
}

static void cut_off(struct frame *f)
{
	f->len = ETH + 20 + 31;
}

static void test_untrue(void)
{
	struct packet k = tcp4;

	untrue("no checksum is asked for", &k, no_checksum);
	untrue("an unknown flag", &k, odd_flag);
	untrue("an unknown type", &k, odd_type);
	untrue("UFO", &k, ufo);
	untrue("ECN of nothing", &k, ecn_alone);
	untrue("the other version of IP", &k, other_version);
	untrue("the other protocol", &k, other_protocol);
	untrue("UDP is said", &k, other_type);
	untrue("no size", &k, no_size);
	untrue("another start of the checksum", &k, other_start);
	untrue("another place of the checksum", &k, other_offset);
	untrue("both", &k, other_both);
	untrue("no version of IP", &k, odd_version);
	untrue("a fragment", &k, fragment);
	untrue("a first fragment", &k, more_fragments);
	untrue("no IP", &k, not_ip);
	untrue("too short a header of IP", &k, short_ip);
	untrue("too short a header of TCP", &k, short_tcp);
	untrue("options behind the end", &k, cut_off);
}

static void nothing(struct frame *f)
{
	(void)f;
}

static void test_limits(void)
{
	struct packet k = tcp4;
	struct frame *f;

	k.size = 1;
	k.payload = OFFLOAD_TCP_SEGMENTS;
	f = new_packet(&k);
	ok(offload_valid(f), "as many segments of TCP as there may be");
	free(f);
	k.payload++;
	untrue("one more", &k, nothing);
	k = (struct packet){ .version = 4, .udp = true, .size = 10 };
	k.payload = 10 * OFFLOAD_UDP_SEGMENTS;
	f = new_packet(&k);
	ok(offload_valid(f), "as many segments of UDP as there may be");
	free(f);
	k.payload++;
	untrue("one more", &k, nothing);
	k.payload = 0;
	untrue("no size", &k, no_size);
}

static void long_extension(struct frame *f)
{
	uint8_t *extension = f->data + ETH + 40;

	extension[1] = (HEADERS_MAX - ETH - 40 - 20) / 8;
	f->vnet.csum_start = (uint16_t)(ETH + 40 + 8 + extension[1] * 8);
	extension[f->vnet.csum_start - ETH - 40 + 12] = 0x50;
}

static void fragment6(struct frame *f)
{
	f->data[ETH + 6] = IPPROTO_FRAGMENT;
}

static void endless(struct frame *f)
{
	f->data[ETH + 40] = IPPROTO_DSTOPTS;
	f->data[ETH + 41] = 0xff;
}

static void test_extensions(void)
{
	struct packet k = { .version = 6,
			    .extensions = 1,
			    .flags = 0x10,
			    .payload = 3000,
			    .size = 1000 };

	untrue("the other version of IP", &k, other_version);
	untrue("no version of IP", &k, odd_version);
	untrue("more headers than there may be", &k, long_extension);
	untrue("a fragment of IPv6", &k, fragment6);
	untrue("extension headers without an end", &k, endless);
}

/* In memory that ends where the frame does: the sanitizers see the rest. */
static void test_truncated(void)
{
	struct packet k = tcp4;
	struct frame *f, *part, *out = new_frame();
	unsigned int valid = 0;
	struct segmenter s;
	struct headers h;
	uint32_t len;

	k.version = 6;
	k.extensions = 2;
	k.tags = 2;
	f = new_packet(&k);
	for (len = 0; len < f->len - k.payload; len++) {
		part = malloc(offsetof(struct frame, data) + len);
		if (!part)
			tap_bail("memory");
		part->len = len;
		part->vnet = f->vnet;
		memcpy(part->data, f->data, len);
		valid += offload_valid(part);
		valid += segment_begin(&s, part);
		valid += headers_find(&h, part->data, len);
		free(part);
	}
	is_int(valid, 0, "headers that are not all there, of any length");
	ok(segment_begin(&s, f) && segment_next(&s, out), "the whole frame");
	free(out);
	free(f);
}

int main(void)
{
	test_tcp();
	test_whole();
	test_checksum();
	test_udp_zero();
	test_untrue();
	test_limits();
	test_extensions();
	test_truncated();
	return tap_done();
}
