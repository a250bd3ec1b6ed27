// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/rules: the keys, and what each rule does to frames: who gets
 * them, with which tag, and under which reason the others are dropped.
 */
#include "tests/unit/fake.h"
#include "tests/unit/tap.h"
#include "uml_router/vlan.h"

#define PORTS 5

/* A switch with ports p0 to p4; station 100 + n is meant to be at port n. */
struct bench {
	struct fake_world world;
	struct fake port[PORTS];
};

/* One text of keys a port. */
static void set_up_conf(struct bench *b, const struct sw_conf *conf,
			const char *const keys[PORTS])
{
	char name[16];
	int i;

	fake_world_init(&b->world, conf);
	for (i = 0; i < PORTS; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		fake_plug(&b->port[i], &b->world.sw, name, 256, POLICY_DROP);
		fake_rules(&b->port[i], keys[i]);
	}
}

static void set_up(struct bench *b, const char *const keys[PORTS])
{
	set_up_conf(b, NULL, keys);
}

static void tear_down(struct bench *b)
{
	int i;

	fake_settle(&b->world.loop);
	is_str(fake_check(&b->world.sw), NULL, "the switch is in order");
	is_int((intmax_t)b->world.sw.workers->pool.used, 0, "no frame is held");
	fake_world_fini(&b->world);
	for (i = 0; i < PORTS; i++)
		fake_fini(&b->port[i]);
}

/* What a port got: "-" nothing, "u" a frame without a tag, "10" with that tag
 * and no priority, "10.3" with priority 3, "2x" two frames. */
static size_t describe(const struct fake *f, char *out, size_t room)
{
	const uint8_t *head = f->sent.at ? f->sent.at[0].head : NULL;

	if (!f->sent.len)
		return (size_t)snprintf(out, room, "-");
	if (f->sent.len > 1)
		return (size_t)snprintf(out, room, "%zux", f->sent.len);
	if (head[12] != 0x81 || head[13])
		return (size_t)snprintf(out, room, "u");
	if (head[14] >> 5)
		return (size_t)snprintf(out, room, "%d.%d",
					(head[14] & 15) << 8 | head[15],
					head[14] >> 5);
	return (size_t)snprintf(out, room, "%d",
				(head[14] & 15) << 8 | head[15]);
}

static const char *received(struct bench *b)
{
	static char text[128];
	size_t len = 0;
	int i;

	for (i = 0; i < PORTS; i++) {
		len += describe(&b->port[i], text + len, sizeof(text) - len);
		if (i < PORTS - 1)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						" ");
	}
	return text;
}

static void forget(struct bench *b)
{
	int i;

	for (i = 0; i < PORTS; i++)
		b->port[i].sent.len = 0;
}

/** No tag. */
#define BARE UINT32_MAX

/* One frame into @port, with the TCI @tag or BARE; who got what. */
static const char *pass(struct bench *b, int port, uint32_t from, uint32_t to,
			uint32_t tag)
{
	uint8_t head[FAKE_HEAD];

	fake_head(head, from, to, 7);
	if (tag != BARE) {
		head[12] = 0x81;
		head[13] = 0;
		head[14] = (uint8_t)(tag >> 8);
		head[15] = (uint8_t)tag;
		head[16] = 0x88;
		head[17] = 0xb5;
	}
	forget(b);
	fake_put_raw(&b->port[port], head, FAKE_LEN);
	fake_settle(&b->world.loop);
	return received(b);
}

static uint64_t drops(const struct bench *b, int port, enum port_drop why)
{
	return b->port[port].port->stats.drops[why];
}

/* --- keys ---------------------------------------------------------------- */

static void refused(const char *keys, const char *words)
{
	struct rules rules;
	struct err err = { "" };

	ok(fake_parse_rules(&rules, keys, &err) < 0 && strstr(err.text, words),
	   "%s: %s", keys, err.text);
}

static void test_keys(void)
{
	struct rules r;
	size_t i;

	for (i = 0; rules_key(i); i++)
		if (!rules_has_key(rules_key(i)))
			ok(false, "key %s", rules_key(i));
	ok(!rules_has_key("queue") && !rules_has_key(""), "no other keys");
	is_int(fake_parse_rules(&r, "isolated,down,up", NULL), 0,
	       "keys without a value");
	ok(r.isolated && !r.down, "up is not down");
	is_int(fake_parse_rules(&r, "isolated=on,isolated=off,up=off", NULL), 0,
	       "values");
	ok(!r.isolated && r.down, "and back");
	is_int(fake_parse_rules(&r, "mac=02:00:00:00:00:01+02:00:00:00:00:02",
				NULL),
	       0, "two addresses");
	ok(r.mac_count == 2 && r.macs[1][5] == 2, "in their order");
	is_int(fake_parse_rules(&r,
				"vlan=5,vlan=none,trunk=1,native=7,native=none",
				NULL),
	       0, "what was taken back");
	ok(r.vlan.untagged == VLAN_NONE && !r.access, "is not there");
	is_int(fake_parse_rules(
		       &r,
		       "trunk=1,trunk=none,vlan=6,maxmac=3,maxmac=none,mac="
		       "02:00:00:00:00:01,mac=none",
		       NULL),
	       0, "nor is this");
	ok(r.vlan.untagged == 6 && !vlan_member(&r.vlan, 1) && !r.maxmac &&
		   !r.mac_count,
	   "at all");
	refused("vlan", "key=value");
	refused("maxmac", "key=value");
	refused("vlan=4095", "1 to 4094");
	refused("native=0", "1 to 4094");
	refused("trunk=", "VLAN ''");
	refused("trunk=5+x", "'x'");
	refused("maxmac=0", "1 to 1000000");
	refused("isolated=", "neither on nor off");
	refused("down=maybe", "neither on nor off");
	refused("up=", "neither on nor off");
	refused("mac=", "no Ethernet address");
	refused("mac=01:00:5e:00:00:01", "no address of a station");
	refused("mac=00:00:00:00:00:00", "no address of a station");
	refused("mac=02:00:00:00:00:01+", "no Ethernet address");
	refused("mac=02:00:00:00:00:01+02:00:00:00:00:01", "twice");
	refused("broadcast-limit=0", "1 to 10000000");
	refused("rate=0", "rate '0'");
	refused("rate=fast", "rate 'fast'");
	refused("vlan=1,trunk=2", "native=");
	refused("native=2", "trunk=");
	refused("mac=02:00:00:00:00:01,maxmac=2", "exclude");
}

static void test_many_macs(void)
{
	char text[400] = "mac=02:00:00:00:00:00";
	struct rules r;
	struct err err;
	size_t len;
	int i;

	for (i = 1; i < RULES_MACS; i++) {
		len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "+02:00:00:00:00:%02x",
			 i);
	}
	is_int(fake_parse_rules(&r, text, NULL), 0,
	       "as many addresses as there may be");
	is_int((intmax_t)r.mac_count, RULES_MACS, "all of them");
	strcat(text, "+02:00:00:00:01:00");
	refused(text, "one more than");
	is_int(rules_set(&r, "mac", text + 4, &err), -1, "one more");
	is_int((intmax_t)r.mac_count, RULES_MACS, "changes nothing");
	memset(text, 'x', sizeof(text) - 1);
	is_int(rules_set(&r, "mac", text, &err), -1, "a very long text");
}

/* --- VLANs --------------------------------------------------------------- */

static const char *const vlans[PORTS] = { "vlan=10", "vlan=10", "vlan=20",
					  "trunk=10+20+30,native=30", "" };

static void test_flooding(void)
{
	struct bench b;

	set_up(&b, vlans);
	is_str(pass(&b, 0, 100, FAKE_ALL, BARE), "- u - 10 -",
	       "a broadcast stays in its VLAN, with a tag on the trunk");
	is_str(pass(&b, 0, 100, 555, BARE), "- u - 10 -", "an unknown too");
	is_str(pass(&b, 2, 102, FAKE_ALL, BARE), "- - - 20 -", "another VLAN");
	is_str(pass(&b, 3, 103, FAKE_ALL, 10), "u u - - -",
	       "from the trunk, without its tag");
	is_str(pass(&b, 3, 103, FAKE_ALL, 20), "- - u - -", "the other one");
	is_str(pass(&b, 3, 103, FAKE_ALL, BARE), "- - - - -",
	       "the native one has no other ports");
	is_str(pass(&b, 4, 104, FAKE_ALL, BARE), "- - - - -",
	       "a port without keys is in none");
	is_str(pass(&b, 4, 104, FAKE_ALL, 10), "- - - - -",
	       "whatever tag it sends");
	ok(!fake_dropped(&b.port[0]) && !fake_dropped(&b.port[3]) &&
		   !fake_dropped(&b.port[4]),
	   "nothing was dropped");
	tear_down(&b);
}

static void test_filtering(void)
{
	struct bench b;

	set_up(&b, vlans);
	pass(&b, 2, 102, FAKE_ALL, BARE);
	is_str(pass(&b, 0, 100, FAKE_ALL, 20), "- - - - -",
	       "a tag of another VLAN");
	is_int((intmax_t)drops(&b, 0, DROP_NOT_IN_VLAN), 1, "counted");
	is_str(pass(&b, 3, 103, FAKE_ALL, 11), "- - - - -", "on the trunk");
	is_int((intmax_t)drops(&b, 3, DROP_NOT_IN_VLAN), 1, "counted");
	is_str(pass(&b, 0, 100, FAKE_ALL, 0xfff), "- - - - -", "VLAN 4095");
	is_int((intmax_t)drops(&b, 0, DROP_BAD_TAG), 1, "counted");
	is_int(fdb_count(b.world.sw.fdb), 1, "of these nothing is learned");
	is_str(pass(&b, 0, 100, FAKE_ALL, 10), "- u - 10 -", "its own tag");
	is_str(pass(&b, 0, 100, FAKE_ALL, 0x6000), "- u - 10.3 -",
	       "a priority tag: the priority goes on");
	is_str(pass(&b, 0, 100, FAKE_ALL, 0x600a), "- u - 10.3 -", "likewise");
	fake_rules(&b.port[3], "trunk=10+20+30");
	is_str(pass(&b, 3, 103, FAKE_ALL, BARE), "- - - - -", "no native VLAN");
	is_int((intmax_t)drops(&b, 3, DROP_UNTAGGED), 1, "counted");
	is_str(pass(&b, 3, 103, FAKE_ALL, 0), "- - - - -", "a priority tag");
	is_int((intmax_t)drops(&b, 3, DROP_UNTAGGED), 2, "counted");
	tear_down(&b);
}

/* The same address in two VLANs is at two places. */
static void test_addresses(void)
{
	struct bench b;

	set_up(&b, vlans);
	pass(&b, 1, 101, FAKE_ALL, BARE);
	is_str(pass(&b, 0, 100, 101, BARE), "- u - - -", "a known address");
	is_str(pass(&b, 3, 103, 101, 10), "- u - - -", "from the trunk");
	is_str(pass(&b, 2, 102, 101, BARE), "- - - 20 -",
	       "is unknown in another VLAN");
	is_str(pass(&b, 1, 101, 103, BARE), "- - - 10 -", "to the trunk");
	pass(&b, 2, 101, FAKE_ALL, BARE);
	is_str(pass(&b, 0, 100, 101, BARE), "- u - - -",
	       "the other VLAN moves nothing");
	is_str(pass(&b, 4, 104, 101, BARE), "- - - - -",
	       "without VLANs all of them are unknown");
	is_int((intmax_t)fdb_stats(b.world.sw.fdb)->moved, 0, "none moved");
	tear_down(&b);
}

/* Ports without keys are a wire for tags, with others beside them. */
static void test_transparent(void)
{
	static const char *const keys[PORTS] = { "", "", "isolated", "vlan=10",
						 "trunk=all,native=1" };
	struct bench b;

	set_up(&b, keys);
	is_str(pass(&b, 0, 100, FAKE_ALL, 10), "- 10 10 - -", "tags pass");
	is_str(pass(&b, 0, 100, FAKE_ALL, 0xfff), "- 4095 4095 - -", "any");
	is_str(pass(&b, 1, 101, 100, 0x6000), "0.3 - - - -", "as they are");
	is_str(pass(&b, 2, 102, 100, BARE), "u - - - -", "to a known one");
	is_str(pass(&b, 3, 103, FAKE_ALL, BARE), "- - - - 10", "others apart");
	is_str(pass(&b, 4, 104, FAKE_ALL, BARE), "- - - - -", "native, too");
	tear_down(&b);
}

/* A tag that is popped for a native VLAN must not show another one. */
static void test_double_tags(void)
{
	static const uint8_t tags[] = { 0x81, 0, 0, 30, 0x81, 0 };
	static const char *const keys[PORTS] = { "vlan=30", "vlan=30",
						 "trunk=10+20,native=30",
						 "trunk=30", "" };
	uint8_t head[FAKE_HEAD];
	struct bench b;

	set_up(&b, keys);
	fake_head(head, 100, FAKE_ALL, 1);
	memcpy(head + 12, tags, sizeof(tags));
	fake_put_raw(&b.port[0], head, 60);
	fake_settle(&b.world.loop);
	ok(b.port[1].sent.len == 1 && b.port[1].sent.at[0].len == 56 &&
		   !memcmp(b.port[1].sent.at[0].head + 12, "\x81\0", 2),
	   "an access port gets what is in the first tag");
	ok(b.port[3].sent.len == 1 && b.port[3].sent.at[0].len == 60,
	   "a tagged port gets both");
	is_int((intmax_t)b.port[2].sent.len, 0, "a native one gets nothing");
	is_int((intmax_t)drops(&b, 2, DROP_BAD_TAG), 1, "counted");
	forget(&b);
	head[15] = 0;
	fake_put_raw(&b.port[0], head, 60);
	fake_settle(&b.world.loop);
	ok(b.port[2].sent.len == 0 && drops(&b, 2, DROP_BAD_TAG) == 2,
	   "nor behind a priority tag");
	tear_down(&b);
}

/* The same addresses in another VLAN are another flow. */
static void test_flow_of_vlan(void)
{
	static const char *const keys[PORTS] = { "trunk=10+20", "vlan=10",
						 "vlan=20", "", "" };
	struct bench b;

	set_up(&b, keys);
	pass(&b, 1, 101, FAKE_ALL, BARE);
	pass(&b, 2, 101, FAKE_ALL, BARE);
	pass(&b, 0, 100, 101, 20);
	is_str(pass(&b, 0, 100, 101, 10), "- u - - -", "in one VLAN");
	is_str(pass(&b, 0, 100, 101, 20), "- - u - -", "in another one");
	tear_down(&b);
}

/* One copy for all that want it otherwise than it came, none for one port. */
static void test_copies(void)
{
	static const char *const keys[PORTS] = { "vlan=10", "trunk=10",
						 "trunk=10", "vlan=10",
						 "trunk=10" };
	struct bench b;
	int i;

	set_up(&b, keys);
	for (i = 1; i < PORTS; i++)
		fake_room(&b.port[i], 0);
	is_str(pass(&b, 0, 100, FAKE_ALL, BARE), "- - - - -", "all wait");
	is_int((intmax_t)b.world.sw.workers->pool.used, 2,
	       "two variants, four ports");
	is_str(fake_check(&b.world.sw), NULL, "references are in order");
	for (i = 1; i < PORTS; i++)
		fake_room(&b.port[i], FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	is_str(received(&b), "- 10 10 u 10", "each gets its own");
	pass(&b, 1, 101, FAKE_ALL, 10);
	fake_room(&b.port[1], 0);
	is_str(pass(&b, 0, 100, 101, BARE), "- - - - -", "one waits");
	is_int((intmax_t)b.world.sw.workers->pool.used, 1,
	       "in the frame itself");
	fake_room(&b.port[1], FAKE_ENDLESS);
	tear_down(&b);
}

/* What a mirror gets is what came, whatever becomes of it. */
static void test_mirror(void)
{
	static const char *const keys[PORTS] = { "vlan=10", "vlan=10",
						 "trunk=10", "trunk=10", "" };
	struct port *mirror;
	struct bench b;
	int i;

	set_up(&b, keys);
	mirror = b.port[4].port;
	mirror->mirror = true;
	list_append(&b.world.sw.mirrors, &mirror->mirrors);
	b.world.sw.watched++;
	is_str(pass(&b, 0, 100, FAKE_ALL, 0x6000), "- u 10.3 10.3 0.3",
	       "a priority tag, flooded");
	pass(&b, 1, 101, FAKE_ALL, BARE);
	pass(&b, 2, 102, FAKE_ALL, 10);
	is_str(pass(&b, 0, 100, 101, 0x6000), "- u - - 0.3", "to one bare");
	is_str(pass(&b, 0, 100, 102, 0x6000), "- - 10.3 - 0.3", "with a tag");
	is_str(pass(&b, 0, 100, 102, BARE), "- - 10 - u", "no tag");
	for (i = 1; i < PORTS; i++)
		fake_room(&b.port[i], 0);
	pass(&b, 0, 100, FAKE_ALL, 0x6000);
	is_int((intmax_t)b.world.sw.workers->pool.used, 3, "three variants");
	is_str(fake_check(&b.world.sw), NULL, "references are in order");
	for (i = 1; i < PORTS; i++)
		fake_room(&b.port[i], FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	is_str(received(&b), "- u 10.3 10.3 0.3", "each gets its own");
	tear_down(&b);
}

/* A frame that somebody else holds stays as it is. */
static void test_in_place(void)
{
	static const char *const keys[PORTS] = { "vlan=10", "trunk=10", "", "",
						 "" };
	struct frame *frame, *sent;
	struct port_queue *q;
	struct bench b;
	int holders;

	set_up(&b, keys);
	pass(&b, 1, 101, FAKE_ALL, 10);
	fake_room(&b.port[1], 0);
	for (holders = 1; holders <= 2; holders++) {
		frame = frame_get(&b.world.sw.workers->pool);
		if (!frame)
			tap_bail("frame_get");
		fake_head(frame->data, 100, 101, 1);
		frame_filled(&b.world.sw.workers->pool, frame, FAKE_LEN);
		if (holders == 2)
			frame_hold(frame);
		sw_input(&b.world.sw, b.port[0].port, frame);
		q = &b.port[1].port->queue;
		sent = q->ring[(q->head + q->len - 1) & q->mask];
		ok(vlan_tagged(sent) && (sent == frame) == (holders == 1) &&
			   vlan_tagged(frame) == (holders == 1),
		   "%d holders", holders);
		frame->refs -= (uint32_t)holders - 1;
		frame_put(&b.world.sw.workers->pool, frame);
	}
	sw_flush(b.world.sw.workers);
	fake_room(&b.port[1], FAKE_ENDLESS);
	tear_down(&b);
}

/* Where a frame has to wait, it is converted when it goes on, once. */
static void test_held(void)
{
	static const char *const keys[PORTS] = { "vlan=10", "trunk=10",
						 "vlan=10", "", "" };
	struct fake_frame *got;
	struct bench b;
	int i;

	fake_world_init(&b.world, NULL);
	for (i = 0; i < PORTS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "p%d", i);
		fake_plug(&b.port[i], &b.world.sw, name, 1, POLICY_BLOCK);
		fake_rules(&b.port[i], keys[i]);
	}
	pass(&b, 1, 101, FAKE_ALL, 10);
	fake_room(&b.port[1], 0);
	for (i = 0; i < 8; i++)
		pass(&b, 0, 100, i % 2 ? 101 : FAKE_ALL, 0x6000);
	ok(b.port[0].port->held, "the sender is held");
	is_str(fake_check(&b.world.sw), NULL, "all is in order");
	for (i = 0; i < 10; i++) {
		fake_room(&b.port[1], 1);
		fake_settle(&b.world.loop);
	}
	fake_room(&b.port[1], FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	is_int((intmax_t)b.port[1].sent.len, 8, "all come");
	for (i = 0; i < 8; i++) {
		got = &b.port[1].sent.at[i];
		if (got->len != 60 ||
		    memcmp(got->head + 12, "\x81\0\x60\x0a", 4))
			break;
	}
	is_int(i, 8, "each with its tag");
	tear_down(&b);
}

static void test_longest(void)
{
	static const char *const keys[PORTS] = { "vlan=10", "vlan=10",
						 "trunk=10", "", "" };
	uint8_t head[FAKE_HEAD];
	struct bench b;

	set_up(&b, keys);
	fake_head(head, 100, FAKE_ALL, 1);
	fake_put_raw(&b.port[0], head, FRAME_MAX);
	fake_settle(&b.world.loop);
	ok(b.port[1].sent.len == 1 && !b.port[2].sent.len &&
		   drops(&b, 2, DROP_TOO_LONG) == 1,
	   "no room for a tag: dropped where it is to have one");
	fake_put_raw(&b.port[0], head, FRAME_MAX - 4);
	fake_settle(&b.world.loop);
	ok(b.port[2].sent.len == 1 && b.port[2].sent.at[0].len == FRAME_MAX,
	   "the longest with a tag");
	tear_down(&b);
}

static void test_vlan_hub(void)
{
	struct sw_conf conf = SW_CONF_DEFAULT;
	struct bench b;

	conf.hub = true;
	set_up_conf(&b, &conf, vlans);
	pass(&b, 1, 101, FAKE_ALL, BARE);
	is_str(pass(&b, 0, 100, 101, BARE), "- u - 10 -",
	       "a hub sends to all others of the VLAN");
	tear_down(&b);
}

/* Rules may change, and what was learned before is not used any more. */
static void test_change(void)
{
	struct bench b;

	set_up(&b, vlans);
	pass(&b, 1, 101, FAKE_ALL, BARE);
	fake_rules(&b.port[1], "vlan=20");
	is_str(pass(&b, 0, 100, 101, BARE), "- - - 10 -", "it left the VLAN");
	is_str(pass(&b, 2, 102, FAKE_ALL, BARE), "- u - 20 -", "for another");
	fake_rules(&b.port[1], "");
	ok(!b.port[1].port->rules && b.world.sw.ruled == 3, "no rules left");
	is_str(pass(&b, 4, 104, FAKE_ALL, 9), "- 9 - - -", "with its like");
	tear_down(&b);
}

/* --- containment --------------------------------------------------------- */

static void test_isolated(void)
{
	static const char *const keys[PORTS] = { "isolated", "isolated", "",
						 "isolated,vlan=5", "vlan=5" };
	struct bench b;

	set_up(&b, keys);
	is_str(pass(&b, 0, 100, FAKE_ALL, BARE), "- - u - -",
	       "isolated ports are not flooded");
	is_str(pass(&b, 2, 102, FAKE_ALL, BARE), "u u - - -",
	       "all get what comes from one that is not");
	is_str(pass(&b, 0, 100, 102, BARE), "- - u - -", "to that one");
	is_str(pass(&b, 2, 102, 100, BARE), "u - - - -", "and back");
	is_str(pass(&b, 1, 101, 100, BARE), "- - - - -", "not to each other");
	is_int((intmax_t)drops(&b, 1, DROP_ISOLATED), 1, "counted");
	is_str(pass(&b, 3, 103, FAKE_ALL, BARE), "- - - - u", "in a VLAN");
	tear_down(&b);
}

static void test_down(void)
{
	static const char *const keys[PORTS] = { "", "down", "", "", "" };
	struct bench b;

	set_up(&b, keys);
	is_str(pass(&b, 1, 101, FAKE_ALL, BARE), "- - - - -", "nothing in");
	is_int((intmax_t)drops(&b, 1, DROP_ADMIN_DOWN), 1, "counted");
	is_str(pass(&b, 0, 100, FAKE_ALL, BARE), "- - u u u", "nothing out");
	is_int((intmax_t)drops(&b, 1, DROP_ADMIN_DOWN), 2, "counted");
	fake_rules(&b.port[1], "up");
	is_str(pass(&b, 1, 101, 100, BARE), "u - - - -", "up again");
	is_str(pass(&b, 0, 100, 101, BARE), "- u - - -", "both ways");
	fake_room(&b.port[1], 0);
	pass(&b, 0, 100, 101, BARE);
	pass(&b, 0, 100, 101, BARE);
	fake_rules(&b.port[1], "down");
	is_int((intmax_t)drops(&b, 1, DROP_ADMIN_DOWN), 4, "what waits goes");
	fake_room(&b.port[1], FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	is_int((intmax_t)b.port[1].sent.len, 0, "nothing of it comes later");
	is_str(pass(&b, 0, 100, 101, BARE), "- - u u u", "it is forgotten");
	tear_down(&b);
}

static void test_maxmac(void)
{
	static const char *const keys[PORTS] = { "maxmac=2", "", "", "", "" };
	struct bench b;

	set_up(&b, keys);
	pass(&b, 0, 100, FAKE_ALL, BARE);
	is_str(pass(&b, 0, 200, FAKE_ALL, BARE), "- u u u u", "two may");
	is_str(pass(&b, 0, 300, FAKE_ALL, BARE), "- - - - -", "a third not");
	is_int((intmax_t)drops(&b, 0, DROP_MAXMAC), 1, "counted");
	is_str(pass(&b, 0, 100, FAKE_ALL, BARE), "- u u u u", "the others do");
	is_str(pass(&b, 1, 300, 200, BARE), "u - - - -", "elsewhere it may");
	is_str(pass(&b, 0, 300, FAKE_ALL, BARE), "- - - - -",
	       "nor does one come over from another port");
	is_str(pass(&b, 2, 102, 300, BARE), "- u - - -", "which keeps it");
	pass(&b, 2, 100, FAKE_ALL, BARE);
	is_str(pass(&b, 0, 300, FAKE_ALL, BARE), "- u u u u",
	       "one that leaves makes room");
	is_int((intmax_t)drops(&b, 0, DROP_MAXMAC), 2, "no other was dropped");
	tear_down(&b);
}

static void test_pinned(void)
{
	static const char *const keys[PORTS] = {
		"mac=02:00:00:00:00:64+02:00:00:00:00:65", "", "", "", ""
	};
	struct rules r;
	struct err err;
	struct bench b;

	set_up(&b, keys);
	is_str(pass(&b, 1, 300, 100, BARE), "u - - - -",
	       "it is known before it said anything");
	is_str(pass(&b, 0, 101, FAKE_ALL, BARE), "- u u u u", "its source");
	is_str(pass(&b, 0, 102, FAKE_ALL, BARE), "- - - - -", "another one");
	is_int((intmax_t)drops(&b, 0, DROP_SPOOFED), 1, "counted");
	is_str(pass(&b, 1, 100, FAKE_ALL, BARE), "- - - - -",
	       "its address elsewhere");
	is_int((intmax_t)drops(&b, 1, DROP_SPOOFED), 1, "counted");
	is_str(pass(&b, 2, 302, 100, BARE), "u - - - -",
	       "it stays where it is");
	fdb_age(b.world.sw.fdb, worker_seconds(b.world.sw.workers) + 10000, 1);
	is_str(pass(&b, 1, 300, 100, BARE), "u - - - -", "it does not age");
	if (fake_parse_rules(&r,
			     "isolated,mac=02:00:00:00:00:66+02:00:00:00:00:64",
			     &err) < 0)
		tap_bail(err.text);
	is_int(rules_apply(b.port[3].port, &r, &err), -1, "it has its port");
	is_int(!!strstr(err.text, "02:00:00:00:00:64' belongs to port p0"), 1,
	       "%s", err.text);
	ok(!b.port[3].port->rules && !fake_check(&b.world.sw),
	   "nothing is left of it");
	is_str(pass(&b, 1, 102, FAKE_ALL, BARE), "u - u u u",
	       "of its addresses, too");
	port_close(b.port[0].port);
	fake_settle(&b.world.loop);
	is_str(pass(&b, 1, 100, FAKE_ALL, BARE), "- - u u u",
	       "when the port is gone, others may");
	tear_down(&b);
}

/* Rules own the addresses that they name, and no others: not when they change,
 * nor when they cannot be had. */
static void test_fixed_by_request(void)
{
	static const char *const keys[PORTS] = { "mac=02:00:00:00:00:64", "",
						 "", "", "" };
	static const uint8_t mine[MAC_LEN] = { 2, 0, 0, 0, 0, 0x77 };
	static const char *const failing[] = {
		"mac=02:00:00:00:00:64", "mac=02:00:00:00:00:66,rate=auto"
	};
	struct rules r;
	struct err err;
	struct bench b;
	size_t i;

	set_up(&b, keys);
	fdb_fix(b.world.sw.fdb, 0, mine, &b.port[1].port->addresses, 0);
	for (i = 0; i < 2; i++) {
		if (fake_parse_rules(&r, failing[i], &err) < 0)
			tap_bail(err.text);
		ok(rules_apply(b.port[1].port, &r, &err) < 0 &&
			   !b.port[1].port->rules,
		   "%s: %s", failing[i], err.text);
		is_int((int)b.port[1].port->addresses.fixed.count, 1,
		       "one address is fixed, as before");
	}
	fake_rules(&b.port[1], "loss=1");
	fake_rules(&b.port[1], "loss=none,mac=02:00:00:00:00:66");
	is_int((int)b.port[1].port->addresses.fixed.count, 2,
	       "and one by mac=");
	fake_rules(&b.port[1], "mac=none");
	ok(fdb_lookup(b.world.sw.fdb, 0, mine) == &b.port[1].port->addresses,
	   "which goes, and the other stays");
	tear_down(&b);
}

/* On a trunk the address is the port's in every VLAN. */
static void test_pinned_trunk(void)
{
	static const char *const keys[PORTS] = {
		"trunk=10+20,mac=02:00:00:00:00:64", "vlan=10", "vlan=20",
		"vlan=10,mac=02:00:00:00:00:67", ""
	};
	struct bench b;

	set_up(&b, keys);
	is_str(pass(&b, 1, 101, 100, BARE), "10 - - - -", "known in one VLAN");
	is_str(pass(&b, 2, 102, 100, BARE), "20 - - - -", "and in another");
	is_str(pass(&b, 2, 100, FAKE_ALL, BARE), "- - - - -", "nobody else's");
	is_int((intmax_t)drops(&b, 2, DROP_SPOOFED), 1, "counted");
	is_str(pass(&b, 0, 100, FAKE_ALL, 20), "- - u - -", "but its own");
	is_str(pass(&b, 0, 102, FAKE_ALL, 20), "- - - - -", "no other");
	is_int((intmax_t)drops(&b, 0, DROP_SPOOFED), 1, "counted");
	is_str(pass(&b, 4, 104, 100, BARE), "- - - - -", "not in its VLANs");
	is_int((intmax_t)drops(&b, 4, DROP_NOT_IN_VLAN), 1, "counted");
	is_str(pass(&b, 2, 103, FAKE_ALL, BARE), "20 - - - -",
	       "one that is pinned in VLAN 10 may be in VLAN 20");
	tear_down(&b);
}

/* A hub has no addresses, but knows who may have which. */
static void test_pinned_hub(void)
{
	static const char *const keys[PORTS] = { "mac=02:00:00:00:00:64", "",
						 "maxmac=1", "", "" };
	struct sw_conf conf = SW_CONF_DEFAULT;
	struct bench b;

	conf.hub = true;
	set_up_conf(&b, &conf, keys);
	is_str(pass(&b, 0, 100, 101, BARE), "- u u u u", "its own");
	is_str(pass(&b, 0, 101, 101, BARE), "- - - - -", "another");
	is_str(pass(&b, 1, 100, 101, BARE), "- - - - -", "by another port");
	pass(&b, 2, 102, 101, BARE);
	is_str(pass(&b, 2, 103, 101, BARE), "- - - - -", "one too many");
	ok(drops(&b, 0, DROP_SPOOFED) == 1 && drops(&b, 1, DROP_SPOOFED) == 1 &&
		   drops(&b, 2, DROP_MAXMAC) == 1,
	   "counted");
	tear_down(&b);
}

static void test_broadcast_limit(void)
{
	static const char *const keys[PORTS] = { "broadcast-limit=5", "", "",
						 "", "" };
	struct bench b;
	int i;

	set_up(&b, keys);
	pass(&b, 1, 101, FAKE_ALL, BARE);
	for (i = 0; i < 4; i++)
		pass(&b, 0, 100, FAKE_ALL, BARE);
	is_str(pass(&b, 0, 100, 300, BARE), "- u u u u",
	       "five for all, be it to an unknown address");
	/* Should this take a fifth of a second, one more has passed. */
	for (i = 0; i < 10; i++)
		pass(&b, 0, 100, i % 2 ? FAKE_ALL : 300, BARE);
	ok(drops(&b, 0, DROP_BROADCAST_LIMIT) >= 5, "more are dropped");
	for (i = 0; i < 20; i++)
		if (strcmp(pass(&b, 0, 100, 101, BARE), "- u - - -") != 0)
			break;
	is_int(i, 20, "what is for one station is not counted");
	is_str(pass(&b, 1, 101, FAKE_ALL, BARE), "u - u u u", "nor others");
	tear_down(&b);
}

/* A frame that has to wait is counted once, when it goes on. */
static void test_limit_and_hold(void)
{
	struct bench b;
	char name[16];
	int i;

	fake_world_init(&b.world, NULL);
	for (i = 0; i < PORTS; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		fake_plug(&b.port[i], &b.world.sw, name, 1, POLICY_BLOCK);
	}
	fake_rules(&b.port[0], "broadcast-limit=1000");
	fake_room(&b.port[1], 0);
	pass(&b, 0, 100, FAKE_ALL, BARE);
	for (i = 0; i < 500; i++)
		fake_put(&b.port[0], 100, FAKE_ALL, 1);
	for (i = 0; i < 500; i++) {
		fake_room(&b.port[1], 1);
		fake_settle(&b.world.loop);
	}
	fake_room(&b.port[1], FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(b.port[1].sent.len == 501 && !fake_dropped(&b.port[0]),
	   "500 of 1000, each held on its way: none is lost");
	tear_down(&b);
}

int main(void)
{
	alarm(120);
	test_keys();
	test_many_macs();
	test_flooding();
	test_filtering();
	test_addresses();
	test_transparent();
	test_double_tags();
	test_flow_of_vlan();
	test_copies();
	test_mirror();
	test_in_place();
	test_held();
	test_longest();
	test_vlan_hub();
	test_change();
	test_isolated();
	test_down();
	test_maxmac();
	test_pinned();
	test_fixed_by_request();
	test_pinned_trunk();
	test_pinned_hub();
	test_broadcast_limit();
	test_limit_and_hold();
	return tap_done();
}
