// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds the headers of frames that come from anywhere; trusts no length. */
#include "headers.h"

#include <net/ethernet.h>
#include <string.h>

#include "checksum.h"

#define TAG 4
#define EXTENSION_UNIT 8U	      /* RFC 8200, 4.3 */
#define ETHERTYPE_SERVICE_VLAN 0x88a8 /* IEEE 802.1ad */

/* The field behind the addresses and tags; 0 where there is none. */
static uint16_t find_ip(struct headers *h, const uint8_t *data, size_t len)
{
	size_t at = ETH_HLEN;
	uint16_t type;

	for (; at <= len; at += TAG) {
		type = get16(data + at - 2);
		if (type != ETHERTYPE_VLAN && type != ETHERTYPE_SERVICE_VLAN) {
			h->ip = (uint16_t)at;
			return type;
		}
	}
	return 0;
}

static bool find_ipv4(struct headers *h, const uint8_t *ip, size_t len)
{
	size_t header;

	if (len < IPV4_HEADER || ip[0] >> 4 != 4)
		return false;
	header = (ip[0] & 15) * 4U;
	if (header < IPV4_HEADER || get16(ip + IPV4_FRAGMENT) & ~IPV4_DF)
		return false;
	h->version = 4;
	h->protocol = ip[IPV4_PROTOCOL];
	h->transport = (uint16_t)(h->ip + header);
	return true;
}

static bool is_extension(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING ||
	       next == IPPROTO_DSTOPTS;
}

static bool find_ipv6(struct headers *h, const uint8_t *ip, size_t len)
{
	size_t at = IPV6_HEADER;
	uint8_t next;

	if (len < IPV6_HEADER || ip[0] >> 4 != 6)
		return false;
	for (next = ip[IPV6_NEXT]; is_extension(next);) {
		if (at + EXTENSION_UNIT > len)
			return false;
		next = ip[at];
		at += (ip[at + 1] + 1U) * EXTENSION_UNIT;
	}
	h->version = 6;
	h->protocol = next;
	h->transport = (uint16_t)(h->ip + at);
	return true;
}

static bool find_payload(struct headers *h, const uint8_t *data, size_t len)
{
	const uint8_t *l4 = data + h->transport;
	size_t header = UDP_HEADER;

	if (h->protocol == IPPROTO_TCP) {
		if (h->transport + (size_t)TCP_HEADER > len)
			return false;
		header = (l4[TCP_DATA_OFFSET] >> 4) * 4U;
		if (header < TCP_HEADER)
			return false;
	} else if (h->protocol != IPPROTO_UDP) {
		return false;
	}
	h->payload = (uint16_t)(h->transport + header);
	return h->payload <= len;
}

bool headers_find(struct headers *h, const uint8_t *data, size_t len)
{
	uint16_t type;
	bool found;

	if (len > HEADERS_MAX)
		len = HEADERS_MAX;
	type = find_ip(h, data, len);
	if (type == ETHERTYPE_IP)
		found = find_ipv4(h, data + h->ip, len - h->ip);
	else if (type == ETHERTYPE_IPV6)
		found = find_ipv6(h, data + h->ip, len - h->ip);
	else
		return false;
	return found && find_payload(h, data, len);
}

/* FNV-1a. */
uint32_t headers_flow(const uint8_t *data, size_t len)
{
	size_t at = 0, end = 2 * (size_t)ETH_ALEN;
	uint32_t hash = 2166136261U;
	struct headers h;

	if (headers_find(&h, data, len)) {
		at = h.ip +
		     (size_t)(h.version == 4 ? IPV4_ADDRESSES : IPV6_ADDRESSES);
		end = h.transport + 4U;
	}
	for (; at < end; at++)
		hash = (hash ^ data[at]) * 16777619U;
	return hash;
}

static void set_ipv4_length(uint8_t *ip, size_t header, size_t len)
{
	uint16_t check;

	put16(ip + IPV4_LENGTH, (uint16_t)len);
	put16(ip + IPV4_CHECK, 0);
	check = (uint16_t)~checksum_fold(checksum_add(0, ip, header));
	memcpy(ip + IPV4_CHECK, &check, sizeof(check));
}

void headers_set_length(const struct headers *h, uint8_t *data, size_t len)
{
	uint8_t *ip = data + h->ip;

	len -= h->ip;
	if (h->version == 4)
		set_ipv4_length(ip, (size_t)(h->transport - h->ip), len);
	else
		put16(ip + IPV6_LENGTH, (uint16_t)(len - IPV6_HEADER));
	if (h->protocol == IPPROTO_UDP)
		put16(data + h->transport + UDP_LENGTH,
		      (uint16_t)(len - (size_t)(h->transport - h->ip)));
}

uint64_t headers_pseudo(const struct headers *h, const uint8_t *data)
{
	uint64_t sum = htons(h->protocol);

	if (h->version == 4)
		return checksum_add(sum, data + h->ip + IPV4_ADDRESSES, 8);
	return checksum_add(sum, data + h->ip + IPV6_ADDRESSES, 32);
}
