// SPDX-License-Identifier: GPL-2.0-or-later
/* A frame as each egress port is to have it, see fit.h. */
#include "fit.h"

/* Why the frame cannot be had with or without a tag; PORT_DROPS: it can. What
 * is popped for the native VLAN of a trunk must not show a second tag: to the
 * other end that would be the frame's VLAN. */
static enum port_drop cannot_convert(const struct frame *frame,
				     const struct vlan_conf *vlan)
{
	if (!vlan_tagged(frame))
		return frame->len > FRAME_MAX - VLAN_TAG_LEN ? DROP_TOO_LONG
							     : PORT_DROPS;
	return vlan->trunk && vlan_hides_tag(frame) ? DROP_BAD_TAG : PORT_DROPS;
}

/* The frame with a tag, if it came without one, and the other way round. Made
 * of the frame itself where nobody else has it or is going to get it. */
static struct frame *convert(struct fit *fit)
{
	struct frame *frame = fit->frame;

	if (fit->converted)
		return fit->converted;
	frame = fit->unicast && frame->refs == 1 ? frame_hold(frame)
						 : frame_copy(fit->pool, frame);
	if (frame && vlan_tagged(frame))
		vlan_pop(frame);
	else if (frame)
		vlan_push(frame, fit->vid);
	fit->converted = frame;
	return frame;
}

/* -1: there is no memory. */
static int name_vlan(struct fit *fit)
{
	if (fit->frame->refs > 1) {
		fit->named = frame_copy(fit->pool, fit->frame);
		if (!fit->named)
			return -1;
		fit->frame = fit->named;
	}
	vlan_name(fit->frame, fit->vid);
	return 0;
}

enum port_drop fit_frame(struct fit *fit, const struct rules *rules,
			 struct frame **frame)
{
	bool bare = fit->vid == rules->vlan.untagged;
	enum port_drop why;

	if (rules->down)
		return DROP_ADMIN_DOWN;
	if (fit->vid && vlan_priority(fit->frame) && name_vlan(fit) < 0)
		return DROP_NO_MEMORY;
	*frame = fit->frame;
	if (!fit->vid || bare != vlan_tagged(fit->frame))
		return PORT_DROPS;
	why = cannot_convert(fit->frame, &rules->vlan);
	if (why == PORT_DROPS) {
		*frame = convert(fit);
		why = *frame ? PORT_DROPS : DROP_NO_MEMORY;
	}
	return why;
}

void fit_end(struct fit *fit)
{
	if (fit->converted)
		frame_put(fit->pool, fit->converted);
	if (fit->named)
		frame_put(fit->pool, fit->named);
}
