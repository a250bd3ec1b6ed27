// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/vlan: which VLAN a frame is in, what a tag does to its octets,
 * and lists of VLANs as text.
 */
#include "tests/unit/tap.h"
#include "uml_router/vlan.h"

static struct frame_pool pool;

/* Octets 0, 1, 2, ..., with @type at 12 and @more behind it. */
static struct frame *make(size_t len, unsigned int type, unsigned int more)
{
	struct frame *f = frame_get(&pool);
	size_t i;

	if (!f)
		tap_bail("frame_get");
	for (i = 0; i < len; i++)
		f->data[i] = (uint8_t)i;
	f->data[12] = (uint8_t)(type >> 8);
	f->data[13] = (uint8_t)type;
	f->data[14] = (uint8_t)(more >> 8);
	f->data[15] = (uint8_t)more;
	frame_filled(&pool, f, len);
	return f;
}

static struct vlan_conf conf_of(uint16_t untagged, const char *list)
{
	struct vlan_conf conf = { .untagged = untagged, .trunk = !!list };

	if (list && vlan_list_parse(list, conf.tagged, NULL) < 0)
		tap_bail("a list of VLANs");
	return conf;
}

/* "10": in that VLAN; else why it is not taken. */
static const char *classify(const struct vlan_conf *conf, struct frame *f)
{
	static const char *const names[] = {
		[VLAN_BAD_TAG] = "bad tag",
		[VLAN_UNTAGGED] = "untagged",
		[VLAN_NOT_MEMBER] = "not member",
	};
	static char text[16];
	uint16_t vid = 0;
	enum vlan_verdict verdict = vlan_classify(conf, f, &vid);

	frame_put(&pool, f);
	if (verdict != VLAN_GOOD)
		return names[verdict];
	snprintf(text, sizeof(text), "%d", vid);
	return text;
}

static void test_access(void)
{
	struct vlan_conf c = conf_of(10, NULL);

	is_str(classify(&c, make(60, 0x0800, 0x4500)), "10", "no tag: its own");
	is_str(classify(&c, make(60, 0x8100, 0)), "10", "a priority tag: too");
	is_str(classify(&c, make(60, 0x8100, 10)), "10", "its own tag: too");
	is_str(classify(&c, make(60, 0x8100, 0xf00a)), "10",
	       "whatever the priority");
	is_str(classify(&c, make(60, 0x8100, 11)), "not member", "another tag");
	is_str(classify(&c, make(60, 0x8100, 0xfff)), "bad tag", "VLAN 4095");
	is_str(classify(&c, make(60, 0x88a8, 11)), "10",
	       "an S-TAG is a type like others");
	is_str(classify(&c, make(14, 0x8100, 0)), "bad tag", "a cut tag");
	is_str(classify(&c, make(17, 0x8100, 10)), "bad tag", "a cut type");
	is_str(classify(&c, make(18, 0x8100, 10)), "10", "the shortest one");
	is_str(classify(&c, make(14, 0x0800, 0)), "10", "the same, no tag");
}

static void test_trunk(void)
{
	struct vlan_conf c = conf_of(VLAN_NONE, "20+30-40");
	struct vlan_conf n = conf_of(20, "20+30-40");

	is_str(classify(&c, make(60, 0x8100, 20)), "20", "one of its VLANs");
	is_str(classify(&c, make(60, 0x8100, 35)), "35", "in a range");
	is_str(classify(&c, make(60, 0x8100, 41)), "not member", "behind it");
	is_str(classify(&c, make(60, 0x8100, 29)), "not member", "before it");
	is_str(classify(&c, make(60, 0x0800, 0)), "untagged", "no tag");
	is_str(classify(&c, make(60, 0x8100, 0xe000)), "untagged",
	       "a priority tag");
	is_str(classify(&n, make(60, 0x0800, 0)), "20", "no tag: native");
	is_str(classify(&n, make(60, 0x8100, 0)), "20", "priority tag: native");
	is_str(classify(&n, make(60, 0x8100, 20)), "20", "native with its tag");
	is_str(classify(&n, make(60, 0x8100, 40)), "40", "another one");
	ok(!vlan_member(&c, 0) && !vlan_member(&n, 0) && !vlan_member(&c, 1) &&
		   vlan_member(&n, 20) && vlan_member(&c, 30),
	   "members");
}

/* A priority tag becomes one of the VLAN, which a second look finds too. */
static void test_priority(void)
{
	struct vlan_conf c = conf_of(0x123, NULL);
	struct frame *f = make(60, 0x8100, 0xf000);
	uint16_t vid;

	vlan_classify(&c, f, &vid);
	ok(vid == 0x123 && vlan_priority(f), "a look changes nothing");
	vlan_name(f, vid);
	ok(!vlan_priority(f) && f->data[14] == 0xf1 && f->data[15] == 0x23 &&
		   f->len == 60 && f->data[16] == 16,
	   "the priority stays");
	is_str(classify(&c, f), "291", "again");
}

static void test_push_pop(void)
{
	static const size_t lens[] = { 14, 15, 60, 1514,
				       FRAME_MAX - VLAN_TAG_LEN };
	struct frame *f, *was;
	size_t i;

	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		f = make(lens[i], 0x86dd, 0x6000);
		was = frame_copy(&pool, f);
		vlan_push(f, 0xa123);
		ok(f->len == lens[i] + 4 && !memcmp(f->data, was->data, 12) &&
			   !memcmp(f->data + 12, "\x81\x00\xa1\x23", 4) &&
			   !memcmp(f->data + 16, was->data + 12, lens[i] - 12),
		   "a tag in %zu octets", lens[i]);
		vlan_pop(f);
		ok(f->len == was->len && !memcmp(f->data, was->data, was->len),
		   "and out of them");
		frame_put(&pool, f);
		frame_put(&pool, was);
	}
}

static void test_hides(void)
{
	struct frame *f = make(64, 0x8100, 10);

	ok(!vlan_hides_tag(f), "one tag hides none");
	f->data[16] = 0x81;
	f->data[17] = 0;
	ok(vlan_hides_tag(f), "one hides a second");
	frame_put(&pool, f);
}

static const char *round_trip(const char *text)
{
	static char out[VLAN_LIST_LEN];
	uint8_t set[512];

	if (vlan_list_parse(text, set, NULL) < 0)
		return "refused";
	vlan_list_format(set, out);
	return out;
}

static void test_lists(void)
{
	static char every_other[VLAN_LIST_LEN];
	size_t len = 0;
	int vid;

	is_str(round_trip("10"), "10", "one");
	is_str(round_trip("30+10-12+11"), "10-12+30", "sorted and joined");
	is_str(round_trip("1-4094"), "all", "all of them");
	is_str(round_trip("all"), "all", "all by name");
	is_str(round_trip("4094+1"), "1+4094", "both ends");
	for (vid = 2; vid <= 4094; vid += 2)
		len += (size_t)snprintf(every_other + len,
					sizeof(every_other) - len, "%s%d",
					len ? "+" : "", vid);
	is_str(round_trip(every_other), every_other, "the longest list");
	is_str(round_trip(""), "refused", "none");
	is_str(round_trip("0"), "refused", "0");
	is_str(round_trip("4095"), "refused", "4095");
	is_str(round_trip("20-10"), "refused", "backwards");
	is_str(round_trip("10+"), "refused", "half a list");
	is_str(round_trip("10;20"), "refused", "another sign");
	is_str(round_trip("All"), "refused", "nearly all");
}

int main(void)
{
	alarm(60);
	frame_pool_init(&pool);
	test_access();
	test_trunk();
	test_priority();
	test_push_pop();
	test_hides();
	test_lists();
	is_int((intmax_t)pool.used, 0, "all frames are given back");
	frame_pool_fini(&pool);
	return tap_done();
}
