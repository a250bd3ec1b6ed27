// SPDX-License-Identifier: GPL-2.0-or-later
/* The rules of a port as JSON, see rules_json.h. */
#include "rules_json.h"

static json_t *vid_json(uint16_t vid)
{
	return vid && vid != VLAN_NONE ? json_integer(vid) : json_null();
}

static const char *mode_name(const struct vlan_conf *vlan)
{
	if (vlan->trunk)
		return "trunk";
	return vlan->untagged ? "access" : "none";
}

static json_t *vlan_json(const struct vlan_conf *vlan)
{
	char list[VLAN_LIST_LEN];

	list[0] = '\0';
	if (vlan->trunk)
		vlan_list_format(vlan->tagged, list);
	return json_pack("{s:s, s:o, s:s}", "mode", mode_name(vlan), "untagged",
			 vid_json(vlan->untagged), "tagged", list);
}

static json_t *macs_json(const struct rules *r)
{
	json_t *list = json_array();
	char text[MAC_TEXT_LEN];
	unsigned int i;

	for (i = 0; i < r->mac_count; i++) {
		format_mac(r->macs[i], text);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

/* Percent of a number out of IMPAIR_CERTAIN. */
static json_t *link_json(const struct impair_conf *link)
{
	return json_pack("{s:f, s:I, s:I, s:I}", "loss",
			 (double)link->loss * 100 / IMPAIR_CERTAIN, "delay",
			 (json_int_t)link->delay, "jitter",
			 (json_int_t)link->jitter, "rate",
			 (json_int_t)link->rate);
}

json_t *rules_json(const struct rules *r)
{
	return json_pack("{s:o, s:b, s:I, s:o, s:I, s:o}", "vlan",
			 vlan_json(&r->vlan), "isolated", (int)r->isolated,
			 "maxmac", (json_int_t)r->maxmac, "mac", macs_json(r),
			 "broadcast_limit", (json_int_t)r->broadcast_limit,
			 "link", link_json(&r->link));
}
