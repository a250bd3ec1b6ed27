// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Coalescing of TCP segments, by the rules of Linux' generic receive offload
 * (net/ipv4/tcp_offload.c, net/ipv4/af_inet.c, net/ipv6/ip6_offload.c).
 *
 * A run begins with any segment that has payload and no flags but ACK and ECE,
 * and is not an IP packet with options, extension headers or octets behind its
 * end. The next frame belongs to it when
 *
 *   - all headers are the same, except for: IP length, id and checksum;
 *     sequence number, TCP checksum, PSH and FIN. This includes VLAN tags,
 *     TTL, TOS, DF, flow label, acknowledgement, window and options (so that
 *     time stamps are equal)
 *   - it continues the sequence, and has no more payload than the first one
 *   - the ids of IPv4 count up by one, or, with "don't fragment", are all the
 *     same. Such ids mean nothing (RFC 6864, 4.1): who cuts the large frame
 *     again may count them up
 *   - the large frame is not too long
 *   - the checksums of both are right. A frame that was damaged on its way is
 *     not to get a new checksum: it goes on alone, as it is
 *
 * The run ends behind a segment with PSH or FIN, or with less payload. CWR is in
 * none: where the flags of ECN are a counter (RFC 9768), the one of a large
 * frame would be wrong for its segments. Linux joins those that all have it,
 * but the vnet header has no word for it.
 *
 * What costs is the checksum. So it comes last, and what tells two connections
 * apart comes first.
 */
#include "coalesce.h"

#include <net/ethernet.h>
#include <string.h>

#include "checksum.h"
#include "offload.h"

/** Longest frame that is made: above it, a Linux bridge cuts it again at once
 *  (GSO_LEGACY_MAX_SIZE of include/linux/netdevice.h). IP can say it. */
#define LARGE_MAX 65535U
/** Flags that end a run with the segment that has them. */
#define LAST_FLAGS (TCP_FIN | TCP_PSH)
/** Flags of which none may be in a run. */
#define BAD_FLAGS (TCP_SYN | TCP_RST | TCP_URG | TCP_CWR)

/**
 * struct run - Frames that belong together
 * @first:	the first frame
 * @h:		the headers of all
 * @size:	payload of all but the last one
 * @next_seq:	sequence number of the frame that would be next
 * @id:		id of IPv4 of the first frame
 * @step:	by which ids advance, once there are two frames
 * @count:	frames
 * @len:	octets of the large frame
 */
struct run {
	const struct frame *first;
	struct headers h;
	uint32_t size;
	uint32_t next_seq;
	uint16_t id, step;
	unsigned int count;
	uint32_t len;
};

/* The cheapest look: plain, and from and to the same Ethernet addresses, with
 * the same type. */
static bool may_follow(const struct frame *first, const struct frame *next)
{
	return frame_plain(next) && !next->borrowed &&
	       !memcmp(first->data, next->data, ETH_HLEN);
}

/* The length that IP claims is the one there is. */
static bool length_true(const struct headers *h, const struct frame *frame)
{
	const uint8_t *ip = frame->data + h->ip;
	uint32_t len = frame->len - h->ip;

	if (h->version == 4)
		return get16(ip + IPV4_LENGTH) == len;
	return get16(ip + IPV6_LENGTH) + (uint32_t)IPV6_HEADER == len;
}

/* No options of IPv4, no extension headers of IPv6. */
static bool bare_ip(const struct headers *h)
{
	return h->transport - h->ip ==
	       (h->version == 4 ? (int)IPV4_HEADER : (int)IPV6_HEADER);
}

static bool run_begin(struct run *run, const struct frame *first)
{
	const uint8_t *tcp;

	if (first->borrowed || !frame_plain(first) ||
	    !headers_find(&run->h, first->data, first->len) ||
	    run->h.protocol != IPPROTO_TCP || first->len == run->h.payload)
		return false;
	tcp = first->data + run->h.transport;
	if (tcp[TCP_FLAGS] & BAD_FLAGS || !bare_ip(&run->h) ||
	    !length_true(&run->h, first))
		return false;
	run->first = first;
	run->size = first->len - run->h.payload;
	run->next_seq = get32(tcp + TCP_SEQ) + run->size;
	run->id = get16(first->data + run->h.ip + IPV4_ID);
	run->count = 1;
	run->len = first->len;
	return true;
}

/* Addresses and ports, which lie side by side. */
static bool same_flow(const struct run *run, const uint8_t *next)
{
	const uint8_t *first = run->first->data;
	size_t at = run->h.ip + (size_t)IPV6_ADDRESSES;

	if (run->h.version == 4)
		at = run->h.ip + (size_t)IPV4_ADDRESSES;
	return !memcmp(first + at, next + at, run->h.transport + 4U - at);
}

/* What of the IP header is in all frames of a run. */
static bool same_ip(const struct run *run, const uint8_t *next)
{
	const uint8_t *a = run->first->data + run->h.ip;
	const uint8_t *b = next + run->h.ip;

	if (run->h.version == 4)
		return !memcmp(a, b, IPV4_LENGTH) &&
		       !memcmp(a + IPV4_FRAGMENT, b + IPV4_FRAGMENT,
			       IPV4_CHECK - IPV4_FRAGMENT);
	return !memcmp(a, b, IPV6_LENGTH) &&
	       !memcmp(a + IPV6_NEXT, b + IPV6_NEXT,
		       IPV6_ADDRESSES - IPV6_NEXT);
}

/* FIN and PSH may be in the last one only; the first one is looked at here. */
static bool same_tcp(const struct run *run, const uint8_t *next)
{
	const uint8_t *a = run->first->data + run->h.transport;
	const uint8_t *b = next + run->h.transport;
	size_t options = run->h.payload - run->h.transport - (size_t)TCP_HEADER;

	return !memcmp(a + TCP_ACK_SEQ, b + TCP_ACK_SEQ,
		       TCP_FLAGS - TCP_ACK_SEQ) &&
	       a[TCP_FLAGS] == (b[TCP_FLAGS] & ~LAST_FLAGS) &&
	       !memcmp(a + TCP_WINDOW, b + TCP_WINDOW,
		       TCP_CHECK - TCP_WINDOW) &&
	       !memcmp(a + TCP_HEADER - 2, b + TCP_HEADER - 2, options + 2) &&
	       get32(b + TCP_SEQ) == run->next_seq;
}

static bool id_follows(struct run *run, const uint8_t *next)
{
	const uint8_t *ip = next + run->h.ip;
	uint16_t step = (uint16_t)(get16(ip + IPV4_ID) - run->id);

	if (run->h.version == 6)
		return true;
	if (run->count == 1)
		run->step = step;
	if (run->step != 1 &&
	    (run->step || !(get16(ip + IPV4_FRAGMENT) & IPV4_DF)))
		return false;
	return step == (uint16_t)(run->step * run->count);
}

static bool fits(const struct run *run, const struct frame *next)
{
	uint32_t payload = next->len - run->h.payload;

	return payload <= run->size && run->len + payload <= LARGE_MAX;
}

/* The checksums of IPv4 and of TCP. */
static bool checksum_right(const struct headers *h, const struct frame *frame)
{
	uint32_t len = frame->len - h->transport;
	uint64_t sum;

	if (h->version == 4 &&
	    checksum_fold(checksum_add(0, frame->data + h->ip, IPV4_HEADER)) !=
		    UINT16_MAX)
		return false;
	sum = headers_pseudo(h, frame->data) + htons((uint16_t)len);
	return checksum_fold(checksum_add(sum, frame->data + h->transport,
					  len)) == UINT16_MAX;
}

static bool run_take(struct run *run, const struct frame *next)
{
	if (!may_follow(run->first, next) || next->len <= run->h.payload ||
	    memcmp(run->first->data, next->data, run->h.ip) != 0 ||
	    !same_flow(run, next->data) || !same_ip(run, next->data) ||
	    !same_tcp(run, next->data) || !fits(run, next) ||
	    !id_follows(run, next->data) || !length_true(&run->h, next) ||
	    !checksum_right(&run->h, next))
		return false;
	if (run->count == 1 && !checksum_right(&run->h, run->first))
		return false;
	run->count++;
	run->len += next->len - run->h.payload;
	run->next_seq += next->len - run->h.payload;
	return true;
}

static bool ends_run(const struct run *run, const struct frame *last)
{
	return last->data[run->h.transport + TCP_FLAGS] & LAST_FLAGS ||
	       last->len != run->first->len;
}

/* The headers of all as one, the checksum of TCP left to be done. */
static void make_head(const struct run *run, const struct frame *last,
		      struct coalesced *out)
{
	const struct headers *h = &run->h;
	uint8_t *tcp = out->head + h->transport;
	uint16_t sum;

	memcpy(out->head, run->first->data, h->payload);
	headers_set_length(h, out->head, run->len);
	tcp[TCP_FLAGS] |= last->data[h->transport + TCP_FLAGS] & LAST_FLAGS;
	sum = checksum_fold(headers_pseudo(h, out->head) +
			    htons((uint16_t)(run->len - h->transport)));
	memcpy(tcp + TCP_CHECK, &sum, sizeof(sum));
	out->vnet = (struct virtio_net_hdr_v1){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = h->version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4
					    : VIRTIO_NET_HDR_GSO_TCPV6,
		.hdr_len = h->payload,
		.gso_size = (uint16_t)run->size,
		.csum_start = h->transport,
		.csum_offset = TCP_CHECK,
	};
}

static void make(const struct run *run, struct frame *const frames[],
		 struct coalesced *out)
{
	unsigned int i;

	make_head(run, frames[run->count - 1], out);
	out->len = run->len;
	out->count = run->count + 1;
	out->iov[0].iov_base = &out->vnet;
	out->iov[0].iov_len = sizeof(out->vnet) + run->h.payload;
	for (i = 0; i < run->count; i++) {
		out->iov[i + 1].iov_base = frames[i]->data + run->h.payload;
		out->iov[i + 1].iov_len = frames[i]->len - run->h.payload;
	}
}

unsigned int coalesce(struct frame *const frames[], unsigned int n,
		      struct coalesced *out)
{
	struct run run;

	if (n > FRAME_BURST)
		n = FRAME_BURST;
	if (n < 2 || !may_follow(frames[0], frames[1]) ||
	    !run_begin(&run, frames[0]))
		return 1;
	while (run.count < n && run_take(&run, frames[run.count]) &&
	       !ends_run(&run, frames[run.count - 1]))
		;
	if (run.count > 1)
		make(&run, frames, out);
	return run.count;
}
