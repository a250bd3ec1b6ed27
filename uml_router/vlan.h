/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VLANs: which VLAN a frame is in when it enters a port, which ports are in
 * that VLAN, and whether the frame leaves them with a tag.
 *
 * This is the C-VLAN component of IEEE 802.1Q-2018: a tag is a C-TAG, TPID
 * 81-00, directly behind the source address (clause 9.3 and table 9-1). What
 * stands behind the first tag is payload, and so is an S-TAG (88-A8).
 *
 * A port without VLAN keys is in none of the VLANs 1 to 4094. All such ports
 * are a network of their own, VLAN 0 here and in the forwarding database, in
 * which tags are not looked at. So whether some port has VLAN keys changes
 * nothing for those that have none, and no tag that a client of theirs puts
 * into a frame leads into a VLAN.
 *
 * What changes the octets of a frame is vlan_name(), vlan_push() and vlan_pop()
 * alone, on its way out.
 */
#ifndef UML_ROUTER_VLAN_H
#define UML_ROUTER_VLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "frame.h"

/** Octets of a tag: TPID and TCI (IEEE 802.1Q-2018, 9.3). */
#define VLAN_TAG_LEN 4
/** No VLAN: frames without a tag are not taken. */
#define VLAN_NONE 0xffff
/** Room for any list of VLANs as text: "2+4+...", and a NUL. */
#define VLAN_LIST_LEN 12288

/**
 * struct vlan_conf - The VLANs of a port; all zero: it has no VLAN keys
 * @untagged:	the VLAN of frames without a tag, in and out (the PVID of
 *		802.1Q); VLAN_NONE: such frames are not taken; 0: tags are not
 *		looked at
 * @trunk:	@tagged is in use
 * @tagged:	VLANs whose frames leave with a tag, except @untagged; one bit
 *		each, as parse_vlan_list() sets them
 */
struct vlan_conf {
	uint16_t untagged;
	bool trunk;
	uint8_t tagged[512];
};

/** What vlan_classify() finds. */
enum vlan_verdict {
	VLAN_GOOD,	 /**< the frame is in a VLAN of the port */
	VLAN_BAD_TAG,	 /**< a tag that is cut off, or VLAN 4095 */
	VLAN_UNTAGGED,	 /**< no tag, and the port takes none without */
	VLAN_NOT_MEMBER, /**< a VLAN that the port is not in */
};

/** vlan_tagged() - Has the frame a tag? Its 14 octets at least are there. */
static inline bool vlan_tagged(const struct frame *frame)
{
	return frame->data[12] == 0x81 && frame->data[13] == 0;
}

/** vlan_member() - Is the port in this VLAN? */
static inline bool vlan_member(const struct vlan_conf *conf, uint16_t vid)
{
	return vid == conf->untagged ||
	       (conf->tagged[vid / 8] & 1u << (vid % 8));
}

/**
 * vlan_classify() - The VLAN of a frame that enters a port
 * @conf:	the port's; not all zero
 * @frame:	of FRAME_MIN octets or more
 * @vid:	the VLAN, when it is VLAN_GOOD
 */
enum vlan_verdict vlan_classify(const struct vlan_conf *conf,
				const struct frame *frame, uint16_t *vid);

/** vlan_priority() - Is the tag a priority tag, which names no VLAN? (6.9) */
bool vlan_priority(const struct frame *frame);

/** vlan_name() - Write a VLAN into a priority tag; nobody else has the frame */
void vlan_name(struct frame *frame, uint16_t vid);

/** vlan_hides_tag() - Would vlan_pop() leave a frame that has a tag again? */
bool vlan_hides_tag(const struct frame *frame);

/**
 * vlan_push() - Put a tag into the frame, behind the source address
 * @frame:	nobody else has it; at most FRAME_MAX - VLAN_TAG_LEN octets
 * @tci:	VLAN id in the lower 12 bits, priority above
 */
void vlan_push(struct frame *frame, uint16_t tci);

/** vlan_pop() - Take out the tag that is there; nobody else has the frame */
void vlan_pop(struct frame *frame);

/** vlan_list_format() - "10+20-30", or "all" */
void vlan_list_format(const uint8_t set[512], char out[VLAN_LIST_LEN]);

/** vlan_list_parse() - The same from text; -1 with @err set */
int vlan_list_parse(const char *text, uint8_t set[512], struct err *err);

#endif /* UML_ROUTER_VLAN_H */
