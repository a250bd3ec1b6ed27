/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP and UDP packets for the tests of offloads, made field by field. Offsets
 * and sums are written out again: no mistake of headers.c or checksum.c is
 * made here too.
 */
#ifndef TESTS_UNIT_PACKETS_H
#define TESTS_UNIT_PACKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "uml_router/offload.h"

/** Source address of all packets, to tell them from what the kernel sends. */
#define PACKET_SOURCE "\2\0\0\0\0\x0a"

/**
 * struct packet - What a packet is to be
 * @udp:	UDP, not TCP
 * @version:	of IP
 * @tags:	VLAN tags, 0 to 2
 * @service:	the outer tag is of 802.1ad
 * @ip_options:	octets of IPv4 options, a multiple of 4
 * @extensions:	extension headers of IPv6, 0 to 3
 * @tos:	type of service or traffic class
 * @df:		"don't fragment"
 * @id:		of IPv4
 * @options:	octets of TCP options, a multiple of 4
 * @flags:	of TCP
 * @seq:	of TCP
 * @payload:	octets
 * @fill:	what the payload is made of
 * @size:	gso_size; 0: only the checksum is missing
 */
struct packet {
	bool udp;
	unsigned int version;
	unsigned int tags;
	bool service;
	unsigned int ip_options;
	unsigned int extensions;
	uint8_t tos;
	bool df;
	uint16_t id;
	unsigned int options;
	uint8_t flags;
	uint32_t seq;
	uint32_t payload;
	uint64_t fill;
	uint16_t size;
};

/* Numbers that look random and can be had again (xorshift64*, Vigna 2014). */
static inline uint32_t packet_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)(*state * UINT64_C(0x2545f4914f6cdd1d) >> 32);
}

static inline uint32_t packet_below(uint64_t *state, uint32_t limit)
{
	return packet_random(state) % limit;
}

/* The plainest way to sum: RFC 1071, 4.1. */
static inline uint32_t packet_sum(uint32_t sum, const uint8_t *at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		sum += i & 1 ? at[i] : (uint32_t)at[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

struct packet_at {
	uint8_t *data;
	size_t len;
};

static inline uint8_t *packet_add(struct packet_at *p, const void *from,
				  size_t len)
{
	uint8_t *at = p->data + p->len;

	if (from)
		memcpy(at, from, len);
	else
		memset(at, 0, len);
	p->len += len;
	return at;
}

static inline void packet_ethernet(struct packet_at *p, const struct packet *k)
{
	unsigned int i;

	packet_add(p, "\2\0\0\0\0\x0b" PACKET_SOURCE, 12);
	for (i = 0; i < k->tags; i++)
		packet_add(p,
			   k->service && !i ? "\x88\xa8\x60\x05" : "\x81\0\0\7",
			   4);
	packet_add(p, k->version == 4 ? "\x08\0" : "\x86\xdd", 2);
}

static inline void packet_ipv4(struct packet_at *p, const struct packet *k,
			       size_t len)
{
	uint8_t *ip = packet_add(p, "\x45\0\0\0\0\0\0\0\x40\0\0\0", 12);
	size_t header = 20 + k->ip_options;

	packet_add(p, "\x0a\1\2\3\x0a\4\5\6", 8);
	memset(packet_add(p, NULL, k->ip_options), 1, k->ip_options);
	ip[0] = (uint8_t)(0x40 | header / 4);
	ip[1] = k->tos;
	put16(ip + 2, (uint16_t)(header + len));
	put16(ip + 4, k->id);
	ip[6] = k->df ? 0x40 : 0;
	ip[9] = k->udp ? IPPROTO_UDP : IPPROTO_TCP;
	put16(ip + 10, (uint16_t)~packet_sum(0, ip, header));
}

/* Hop-by-hop options, destination options, a routing header that is done. */
static inline void packet_ipv6(struct packet_at *p, const struct packet *k,
			       size_t len)
{
	static const uint8_t kinds[3] = { IPPROTO_HOPOPTS, IPPROTO_DSTOPTS,
					  IPPROTO_ROUTING };
	uint8_t *ip = packet_add(p, "\x60\0\0\x2a\0\0\0\x40", 8);
	uint8_t *next = ip + 6, *extension;
	unsigned int i;

	packet_add(p, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	packet_add(p, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2", 16);
	put16(ip, (uint16_t)(0x6000 | k->tos << 4));
	for (i = 0; i < k->extensions; i++) {
		*next = kinds[i];
		extension = packet_add(p, "\0\0\1\4\0\0\0\0", 8);
		if (kinds[i] == IPPROTO_ROUTING)
			memset(extension + 2, 0, 6);
		next = extension;
	}
	*next = k->udp ? IPPROTO_UDP : IPPROTO_TCP;
	put16(ip + 4, (uint16_t)(8 * k->extensions + len));
}

static inline size_t packet_transport(struct packet_at *p,
				      const struct packet *k)
{
	uint8_t *at;

	if (k->udp) {
		at = packet_add(p, "\x10\0\x10\1\0\0\0\0", 8);
		put16(at + 4, (uint16_t)(8 + k->payload));
		return 6;
	}
	at = packet_add(p, "\x10\0\x10\1\0\0\0\0\1\2\3\4\x50\x10\x20\0\0\0\0\0",
			20);
	put32(at + 4, k->seq);
	at[12] = (uint8_t)((20 + k->options) / 4 << 4);
	at[13] = k->flags;
	memset(packet_add(p, NULL, k->options), 1, k->options);
	return 16;
}

/* Sum of the pseudo header, as the network has it. */
static inline uint32_t packet_pseudo(const uint8_t *ip, uint8_t protocol,
				     size_t len)
{
	uint8_t rest[8] = { 0 };
	uint32_t sum = ip[0] >> 4 == 4 ? packet_sum(0, ip + 12, 8)
				       : packet_sum(0, ip + 8, 32);

	put32(rest, (uint32_t)len);
	rest[7] = protocol;
	return packet_sum(packet_sum(sum, rest, 4), rest + 4, 4);
}

/* Make the checksums right; @ip and @transport: where these headers begin. */
static inline void packet_fix(uint8_t *data, size_t len, size_t ip,
			      size_t transport)
{
	uint8_t protocol = data[ip] >> 4 == 4 ? data[ip + 9] : data[ip + 6];
	size_t at = transport + (protocol == IPPROTO_UDP ? 6 : 16);
	uint32_t sum;

	if (data[ip] >> 4 == 4) {
		put16(data + ip + 10, 0);
		put16(data + ip + 10,
		      (uint16_t)~packet_sum(0, data + ip, transport - ip));
	}
	put16(data + at, 0);
	sum = packet_pseudo(data + ip, protocol, len - transport);
	put16(data + at,
	      (uint16_t)~packet_sum(sum, data + transport, len - transport));
}

static inline void packet_vnet(struct frame *f, const struct packet *k,
			       size_t start, size_t offset)
{
	f->vnet = (struct virtio_net_hdr_v1){ 0 };
	f->vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	f->vnet.csum_start = (uint16_t)start;
	f->vnet.csum_offset = (uint16_t)offset;
	if (!k->size)
		return;
	f->vnet.gso_size = k->size;
	f->vnet.hdr_len = (uint16_t)(f->len - k->payload);
	f->vnet.gso_type = k->udp	     ? VIRTIO_NET_HDR_GSO_UDP_L4
			   : k->version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4
					     : VIRTIO_NET_HDR_GSO_TCPV6;
	if (!k->udp && k->flags & TCP_CWR)
		f->vnet.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
}

/* Make it, the checksum left to be done. */
static inline void packet_build(struct frame *f, const struct packet *k)
{
	size_t len = k->payload + (k->udp ? 8 : 20 + k->options);
	struct packet_at p = { f->data, 0 };
	uint64_t fill = k->fill | 1;
	size_t ip, start, offset;
	uint32_t i;

	packet_ethernet(&p, k);
	ip = p.len;
	if (k->version == 4)
		packet_ipv4(&p, k, len);
	else
		packet_ipv6(&p, k, len);
	start = p.len;
	offset = packet_transport(&p, k);
	for (i = 0; i < k->payload; i++)
		p.data[p.len++] = (uint8_t)packet_random(&fill);
	f->len = (uint32_t)p.len;
	put16(f->data + start + offset,
	      (uint16_t)packet_pseudo(f->data + ip,
				      k->udp ? IPPROTO_UDP : IPPROTO_TCP, len));
	packet_vnet(f, k, start, offset);
}

/* Any valid packet; one in four lacks nothing but its checksum. */
static inline void packet_any(struct packet *k, uint64_t *state, bool udp)
{
	static const uint16_t sizes[] = { 1,	9,    48,   536,  1000,
					  1220, 1447, 1448, 1460, 8948 };
	uint32_t most;

	*k = (struct packet){ .udp = udp };
	k->version = packet_below(state, 2) ? 4 : 6;
	k->tags = packet_below(state, 3) ? 0 : packet_below(state, 3);
	k->service = packet_below(state, 2);
	k->ip_options = packet_below(state, 4) ? 0
					       : 4 * packet_below(state, 11);
	k->extensions = packet_below(state, 4) ? 0 : packet_below(state, 4);
	k->tos = (uint8_t)packet_random(state);
	k->df = packet_below(state, 2);
	k->id = (uint16_t)packet_random(state);
	k->options = 4 * packet_below(state, 11);
	k->flags = (uint8_t)packet_random(state) | 0x10;
	k->seq = packet_random(state);
	k->fill = packet_random(state);
	k->size = sizes[packet_below(state, 10)];
	if (!packet_below(state, 4))
		k->size = (uint16_t)(8 + packet_below(state, 2000));
	most = udp || k->size < 100 ? k->size * 100U : 65000;
	if (most > 65000)
		most = 65000;
	k->payload = packet_below(state, most);
	if (!packet_below(state, 4))
		k->payload = k->size * packet_below(state, most / k->size);
	/* With options, the kernel drops a "large" one that is not large. */
	if (k->payload <= k->size && k->options)
		k->payload += k->size + 1U;
	if (packet_below(state, 4))
		return;
	k->size = 0;
	k->payload %= 2000;
}

#endif /* TESTS_UNIT_PACKETS_H */
