/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the headers of a frame are: Ethernet, VLAN tags, IP, TCP or UDP.
 */
#ifndef UML_ROUTER_HEADERS_H
#define UML_ROUTER_HEADERS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Most octets of headers. Without extension headers of IPv6 there are at most
 * 142; more of those than fit would be repeated in each segment.
 */
#define HEADERS_MAX 256

/**
 * struct headers - The headers of one frame: offsets from its first octet
 * @ip:		IP header; VLAN tags lie in front of it
 * @transport:	TCP or UDP header; IPv6 extension headers lie in front of it
 * @payload:	behind all headers
 * @version:	of IP, 4 or 6
 * @protocol:	IPPROTO_TCP or IPPROTO_UDP
 */
struct headers {
	uint16_t ip, transport, payload;
	uint8_t version, protocol;
};

/** Offsets in a TCP header (RFC 9293, 3.1) and the flags at TCP_FLAGS. */
enum tcp_offset {
	TCP_SEQ = 4,
	TCP_ACK_SEQ = 8,
	TCP_DATA_OFFSET = 12,
	TCP_FLAGS = 13,
	TCP_WINDOW = 14,
	TCP_CHECK = 16,
	TCP_HEADER = 20,
};

enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_URG = 0x20,
	TCP_CWR = 0x80,
};

/** Offsets in a UDP header (RFC 768). */
enum udp_offset {
	UDP_LENGTH = 4,
	UDP_CHECK = 6,
	UDP_HEADER = 8,
};

/** Offsets in an IPv4 header (RFC 791, 3.1). */
enum ipv4_offset {
	IPV4_TOS = 1,
	IPV4_LENGTH = 2,
	IPV4_ID = 4,
	IPV4_FRAGMENT = 6,
	IPV4_TTL = 8,
	IPV4_PROTOCOL = 9,
	IPV4_CHECK = 10,
	IPV4_ADDRESSES = 12,
	IPV4_HEADER = 20,
};

/** "Don't fragment", in the field at IPV4_FRAGMENT. */
#define IPV4_DF 0x4000

/** Offsets in an IPv6 header (RFC 8200, 3). */
enum ipv6_offset {
	IPV6_LENGTH = 4,
	IPV6_NEXT = 6,
	IPV6_ADDRESSES = 8,
	IPV6_HEADER = 40,
};

/** get16() - A number of 16 bits as the network has them */
static inline uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/** put16() - The reverse of get16() */
static inline void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/** get32() - A number of 32 bits as the network has them */
static inline uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

/** put32() - The reverse of get32() */
static inline void put32(uint8_t *at, uint32_t value)
{
	put16(at, (uint16_t)(value >> 16));
	put16(at + 2, (uint16_t)value);
}

/**
 * headers_find() - Find the headers of a TCP or UDP packet
 * @h:		filled on success
 * @data:	a frame from anywhere
 * @len:	its length
 *
 * Any VLAN tags (802.1Q, 802.1ad) and the extension headers of IPv6 that the
 * kernel's segmentation passes over too are accepted: hop-by-hop options,
 * routing, destination options (net/ipv6/exthdrs_offload.c). Fragments are not.
 * The lengths that IP and UDP claim are not looked at.
 *
 * Return: true, all headers lying within @len and HEADERS_MAX; or false
 */
bool headers_find(struct headers *h, const uint8_t *data, size_t len);

/**
 * headers_set_length() - Make the headers true of a frame's length
 * @h:		its headers
 * @data:	the frame
 * @len:	its length; from the IP header on at most 65535
 *
 * Writes the lengths that IP and UDP have, and the checksum of IPv4.
 */
void headers_set_length(const struct headers *h, uint8_t *data, size_t len);

/**
 * headers_flow() - A hash of the flow that a frame belongs to
 *
 * It is the same for all frames of a TCP or UDP flow in one direction, and for
 * all others between a pair of stations. @len is at least FRAME_MIN.
 */
uint32_t headers_flow(const uint8_t *data, size_t len);

/** headers_pseudo() - Sum of the pseudo header, without the length */
uint64_t headers_pseudo(const struct headers *h, const uint8_t *data);

/** headers_check() - Where the checksum of TCP or UDP is */
static inline size_t headers_check(const struct headers *h)
{
	return h->transport +
	       (size_t)(h->protocol == IPPROTO_TCP ? TCP_CHECK : UDP_CHECK);
}

#endif /* UML_ROUTER_HEADERS_H */
