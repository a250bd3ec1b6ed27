// SPDX-License-Identifier: GPL-2.0-or-later
/* VLANs: classification, membership, tags; see vlan.h. */
#include "vlan.h"

#include <stdio.h>
#include <string.h>

#include "common/parse.h"

/** Where a tag is: behind the two addresses. */
#define TAG_AT 12
/** Shortest frame with a tag: addresses, tag, type (802.1Q-2018, 9.2). */
#define TAGGED_MIN (TAG_AT + VLAN_TAG_LEN + 2)
/** Reserved (802.1Q-2018, table 9-2). */
#define VID_RESERVED 0xfff
#define VID_MAX 4094

static uint16_t get_vid(const struct frame *frame)
{
	return (uint16_t)((frame->data[14] & 0x0f) << 8 | frame->data[15]);
}

bool vlan_priority(const struct frame *frame)
{
	return vlan_tagged(frame) && !get_vid(frame);
}

/* Priority and drop eligibility stay (802.1Q-2018, 6.9.1). */
void vlan_name(struct frame *frame, uint16_t vid)
{
	frame->data[14] = (uint8_t)((frame->data[14] & 0xf0) | vid >> 8);
	frame->data[15] = (uint8_t)vid;
}

/* A frame without a tag or with VLAN 0 is in the port's own VLAN (6.9); one
 * of a VLAN that the port is not in is not taken (8.6.2). */
enum vlan_verdict vlan_classify(const struct vlan_conf *conf,
				const struct frame *frame, uint16_t *vid)
{
	bool tagged = vlan_tagged(frame);

	if (tagged && frame->len < TAGGED_MIN)
		return VLAN_BAD_TAG;
	*vid = tagged ? get_vid(frame) : 0;
	if (*vid == VID_RESERVED)
		return VLAN_BAD_TAG;
	if (*vid)
		return vlan_member(conf, *vid) ? VLAN_GOOD : VLAN_NOT_MEMBER;
	if (conf->untagged == VLAN_NONE)
		return VLAN_UNTAGGED;
	*vid = conf->untagged;
	return VLAN_GOOD;
}

bool vlan_hides_tag(const struct frame *frame)
{
	const uint8_t *type = frame->data + TAG_AT + VLAN_TAG_LEN;

	return type[0] == 0x81 && type[1] == 0;
}

/* What the vnet header counts from the start of the frame moves with the tag
 * (virtio 1.2, 5.1.6: hdr_len may be 0 and is a hint). */
static void move_vnet(struct frame *frame, int octets)
{
	struct virtio_net_hdr_v1 *h = &frame->vnet;

	if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		h->csum_start = (uint16_t)(h->csum_start + octets);
	if (h->hdr_len)
		h->hdr_len = (uint16_t)(h->hdr_len + octets);
}

void vlan_push(struct frame *frame, uint16_t tci)
{
	uint8_t *tag = frame->data + TAG_AT;

	memmove(tag + VLAN_TAG_LEN, tag, frame_own(frame) - TAG_AT);
	tag[0] = 0x81;
	tag[1] = 0;
	tag[2] = (uint8_t)(tci >> 8);
	tag[3] = (uint8_t)tci;
	frame->len += VLAN_TAG_LEN;
	move_vnet(frame, VLAN_TAG_LEN);
}

void vlan_pop(struct frame *frame)
{
	uint8_t *tag = frame->data + TAG_AT;

	frame->len -= VLAN_TAG_LEN;
	memmove(tag, tag + VLAN_TAG_LEN, frame_own(frame) - TAG_AT);
	move_vnet(frame, -VLAN_TAG_LEN);
}

static bool in_set(const uint8_t set[512], unsigned int vid)
{
	return set[vid / 8] & 1u << (vid % 8);
}

void vlan_list_format(const uint8_t set[512], char out[VLAN_LIST_LEN])
{
	unsigned int first, last;
	size_t len = 0;

	out[0] = '\0';
	for (first = 1; first <= VID_MAX; first = last + 1) {
		last = first;
		if (!in_set(set, first))
			continue;
		while (last < VID_MAX && in_set(set, last + 1))
			last++;
		len += (size_t)snprintf(out + len, VLAN_LIST_LEN - len,
					last > first ? "%s%u-%u" : "%s%u",
					len ? "+" : "", first, last);
	}
	if (strcmp(out, "1-4094") == 0)
		strcpy(out, "all");
}

int vlan_list_parse(const char *text, uint8_t set[512], struct err *err)
{
	return parse_vlan_list(strcmp(text, "all") ? text : "1-4094", set, err);
}
