/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame as each egress port is to have it: with or without a VLAN tag.
 *
 * Egress ports share a frame by reference. Where some of them want it otherwise
 * than it came, one other variant is made for all of these. No port gets a
 * priority tag as it came: it becomes a tag of the frame's VLAN first, in the
 * frame itself where nobody else has it (who looks on is shown what came).
 */
#ifndef UML_ROUTER_FIT_H
#define UML_ROUTER_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "port.h"

/**
 * struct fit - A frame on its way out
 * @pool:	where the other variant comes from
 * @frame:	as it came, or @named
 * @vid:	its VLAN; 0: none, and tags are not looked at
 * @unicast:	one port gets it
 * @named:	a copy with its VLAN in its priority tag; NULL: none was needed
 * @converted:	the same with a tag in place of none, or without its tag; NULL
 *		until a port is to have it so
 */
struct fit {
	struct frame_pool *pool;
	struct frame *frame;
	uint16_t vid;
	bool unicast;
	struct frame *named;
	struct frame *converted;
};

/**
 * fit_frame() - What a port with rules is to have
 * @fit:	the frame
 * @rules:	of the egress port, which is in the frame's VLAN
 * @frame:	what it gets; valid until fit_end()
 *
 * Return: PORT_DROPS, or why the port does not get it
 */
enum port_drop fit_frame(struct fit *fit, const struct rules *rules,
			 struct frame **frame);

/** fit_end() - No port is to have it any more */
void fit_end(struct fit *fit);

#endif /* UML_ROUTER_FIT_H */
