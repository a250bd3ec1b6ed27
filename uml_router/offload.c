// SPDX-License-Identifier: GPL-2.0-or-later
/* Judges vnet headers, and completes checksums. */
#include "offload.h"

#include <linux/if_ether.h>
#include <string.h>

#include "checksum.h"

/** Octets of a VLAN tag. */
#define VLAN_TAG 4

/* The flags that say something to be done; DATA_VALID is nobody's word. */
static uint8_t flags_of(const struct frame *frame)
{
	return frame->vnet.flags & (uint8_t)~VIRTIO_NET_HDR_F_DATA_VALID;
}

/* Octets in front of what is not Ethernet's own: addresses, VLAN tags (802.1Q,
 * 802.1ad) and type. */
static uint32_t link_header(const struct frame *frame)
{
	uint32_t at = 2 * ETH_ALEN;

	while (at + sizeof(uint16_t) <= frame_own(frame) &&
	       (get16(frame->data + at) == ETH_P_8021Q ||
		get16(frame->data + at) == ETH_P_8021AD))
		at += VLAN_TAG;
	return at + (uint32_t)sizeof(uint16_t);
}

/* Addresses and tags were judged, and are not written to afterwards. There is
 * room for a tag more. */
static bool checksum_valid(const struct frame *frame)
{
	uint32_t start = frame->vnet.csum_start;

	return start >= link_header(frame) && start <= UINT16_MAX - VLAN_TAG &&
	       start + frame->vnet.csum_offset + sizeof(uint16_t) <= frame->len;
}

/* Does the type say what the headers are? */
static bool type_matches(uint8_t type, const struct headers *h)
{
	switch (type) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
	case VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN:
		return h->version == 4 && h->protocol == IPPROTO_TCP;
	case VIRTIO_NET_HDR_GSO_TCPV6:
	case VIRTIO_NET_HDR_GSO_TCPV6 | VIRTIO_NET_HDR_GSO_ECN:
		return h->version == 6 && h->protocol == IPPROTO_TCP;
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return h->protocol == IPPROTO_UDP;
	default:
		return false;
	}
}

static bool size_valid(const struct frame *frame, const struct headers *h)
{
	uint32_t most = OFFLOAD_UDP_SEGMENTS;

	if (h->protocol == IPPROTO_TCP)
		most = OFFLOAD_TCP_SEGMENTS;
	return frame->vnet.gso_size &&
	       frame->len - h->payload <= frame->vnet.gso_size * most;
}

bool offload_headers(struct headers *h, const struct frame *frame)
{
	const struct virtio_net_hdr_v1 *vnet = &frame->vnet;

	return flags_of(frame) == VIRTIO_NET_HDR_F_NEEDS_CSUM &&
	       headers_find(h, frame->data, frame->len) &&
	       type_matches(vnet->gso_type, h) && size_valid(frame, h) &&
	       vnet->csum_start == h->transport &&
	       vnet->csum_start + vnet->csum_offset == (int)headers_check(h);
}

bool offload_valid(const struct frame *frame)
{
	struct headers h;

	if (frame->vnet.gso_type)
		return offload_headers(&h, frame);
	if (!flags_of(frame))
		return true;
	return flags_of(frame) == VIRTIO_NET_HDR_F_NEEDS_CSUM &&
	       checksum_valid(frame);
}

bool offload_checksum(struct frame *frame)
{
	uint32_t start = frame->vnet.csum_start;
	uint16_t check;

	if (frame->vnet.gso_type || !offload_valid(frame))
		return false;
	if (flags_of(frame)) {
		check = checksum_final(checksum_add(0, frame->data + start,
						    frame->len - start));
		memcpy(frame->data + start + frame->vnet.csum_offset, &check,
		       sizeof(check));
	}
	frame->vnet = (struct virtio_net_hdr_v1){ 0 };
	return true;
}
