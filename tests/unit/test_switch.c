// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/switch: who gets a frame, who does not, what is learned, and
 * that all references to frames are given back.
 */
#include <errno.h>

#include "tests/unit/fake.h"
#include "tests/unit/tap.h"

#define PORTS 4

/* A switch with ports p0 to p3; station n is meant to be at port n. */
struct bench {
	struct fake_world world;
	struct fake port[PORTS];
};

static void set_up(struct bench *b, const struct sw_conf *conf)
{
	char name[16];
	int i;

	fake_world_init(&b->world, conf);
	for (i = 0; i < PORTS; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		fake_plug(&b->port[i], &b->world.sw, name, 256, POLICY_DROP);
	}
}

static void tear_down(struct bench *b)
{
	int i;

	fake_settle(&b->world.loop);
	is_int((intmax_t)b->world.sw.workers->pool.used, 0, "no frame is held");
	fake_world_fini(&b->world);
	for (i = 0; i < PORTS; i++) {
		if (b->port[i].closes > 1)
			ok(false, "p%d was closed more than once", i);
		fake_fini(&b->port[i]);
	}
}

/* Who got frames, as text: "1" for each port, "0" for none. */
static const char *received(const struct bench *b)
{
	static char text[64];
	size_t len = 0;
	int i;

	for (i = 0; i < PORTS; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%zu",
					b->port[i].sent.len);
	return text;
}

static void forget(struct bench *b)
{
	int i;

	for (i = 0; i < PORTS; i++)
		b->port[i].sent.len = 0;
}

/* One frame into @port; who got it. */
static const char *pass(struct bench *b, int port, uint32_t from, uint32_t to)
{
	forget(b);
	fake_put(&b->port[port], from, to, 7);
	fake_settle(&b->world.loop);
	return received(b);
}

static const char *pass_raw(struct bench *b, int port, const void *head,
			    uint32_t len)
{
	forget(b);
	fake_put_raw(&b->port[port], head, len);
	fake_settle(&b->world.loop);
	return received(b);
}

static uint64_t drops(const struct bench *b, int port, enum port_drop why)
{
	return b->port[port].port->stats.drops[why];
}

/* --- forwarding ---------------------------------------------------------- */

static void test_unicast(void)
{
	struct bench b;

	set_up(&b, NULL);
	is_str(pass(&b, 0, 100, 101), "0111",
	       "to an unknown station: to all others, not back");
	is_str(pass(&b, 1, 101, 100), "1000", "to a known one: to it alone");
	is_str(pass(&b, 0, 100, 101), "0100", "and the answer");
	is_str(pass(&b, 2, 102, 101), "0100", "from anybody");
	ok(b.world.sw.workers->unicast == 3 && b.world.sw.workers->flooded == 1,
	   "counted");
	is_str(pass(&b, 1, 103, 101), "0000",
	       "for a station at the same port: to nobody");
	is_int((intmax_t)drops(&b, 1, DROP_SAME_PORT), 1, "counted");
	is_int((intmax_t)b.world.sw.workers->unicast, 3, "not as sent");
	tear_down(&b);
}

static void test_groups(void)
{
	static const uint8_t groups[][6] = {
		{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		{ 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 },
		{ 0x33, 0x33, 0x00, 0x00, 0x00, 0x01 },
		/* Reserved to bridges: a wire passes them. */
		{ 0x01, 0x80, 0xc2, 0x00, 0x00, 0x00 },
		{ 0x01, 0x80, 0xc2, 0x00, 0x00, 0x03 },
		{ 0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e },
	};
	uint8_t head[FAKE_HEAD];
	struct bench b;
	size_t i;

	set_up(&b, NULL);
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		fake_head(head, 100, 0, 1);
		memcpy(head, groups[i], 6);
		is_str(pass_raw(&b, 0, head, 60), "0111",
		       "group %02x:..:%02x: to all others", groups[i][0],
		       groups[i][5]);
	}
	is_int(fdb_count(b.world.sw.fdb), 1, "only the source is learned");
	tear_down(&b);
}

static void test_untouched(void)
{
	/* A VLAN tag and the type of a second one. */
	static const uint8_t tags[] = { 0x88, 0xa8, 0x20, 0x64, 0x81, 0x00 };
	/* A length instead of a type, and LLC: IEEE 802.3. */
	static const uint8_t llc[] = { 0x00, 0x26, 0x42, 0x42, 0x03, 0x00 };
	uint8_t head[FAKE_HEAD];
	struct bench b;

	set_up(&b, NULL);
	fake_head(head, 100, 101, 1);
	memcpy(head + 12, tags, sizeof(tags));
	pass_raw(&b, 0, head, 64);
	ok(b.port[3].sent.len == 1 && b.port[3].sent.at[0].len == 64 &&
		   !memcmp(b.port[3].sent.at[0].head, head, FAKE_HEAD),
	   "a tagged frame as it came");
	memcpy(head + 12, llc, sizeof(llc));
	pass_raw(&b, 0, head, 52);
	ok(b.port[3].sent.len == 1 && b.port[3].sent.at[0].len == 52 &&
		   !memcmp(b.port[3].sent.at[0].head, head, FAKE_HEAD),
	   "an 802.3 frame as it came");
	tear_down(&b);
}

static void test_lengths(void)
{
	uint8_t head[FAKE_HEAD];
	struct bench b;

	set_up(&b, NULL);
	fake_head(head, 100, FAKE_ALL, 1);
	is_str(pass_raw(&b, 0, head, 14), "0111", "14 octets pass");
	is_str(pass_raw(&b, 0, head, 13), "0000", "13 do not");
	is_str(pass_raw(&b, 0, head, 1), "0000", "nor does one");
	is_int((intmax_t)drops(&b, 0, DROP_RUNT), 2, "counted");
	is_str(pass_raw(&b, 0, head, FRAME_MAX), "0111", "the longest passes");
	is_str(pass_raw(&b, 0, head, FRAME_MAX + 1), "0000",
	       "a longer one does not");
	is_int((intmax_t)drops(&b, 0, DROP_TOO_LONG), 1, "counted");
	ok(b.port[0].port->stats.rx.frames == 5 &&
		   b.port[0].port->stats.rx.bytes ==
			   14 + 13 + 1 + 2 * FRAME_MAX + 1,
	   "all of them were received");
	ok(b.port[1].port->stats.tx.frames == 2 &&
		   b.port[1].port->stats.tx.bytes == 14 + FRAME_MAX,
	   "two were sent");
	tear_down(&b);
}

static void test_bad_source(void)
{
	uint8_t head[FAKE_HEAD];
	struct sw_conf conf = SW_CONF_DEFAULT;
	struct bench b;

	set_up(&b, NULL);
	fake_head(head, 100, FAKE_ALL, 1);
	memset(head + 6, 0xff, 6);
	is_str(pass_raw(&b, 0, head, 60), "0000", "from everybody");
	head[6] = 0x01;
	is_str(pass_raw(&b, 0, head, 60), "0000", "from a group");
	memset(head + 6, 0, 6);
	is_str(pass_raw(&b, 0, head, 60), "0000", "from the zero address");
	is_int((intmax_t)drops(&b, 0, DROP_BAD_SOURCE), 3, "counted");
	is_int(fdb_count(b.world.sw.fdb), 0, "nothing is learned of it");
	tear_down(&b);
	conf.hub = true;
	set_up(&b, &conf);
	is_str(pass_raw(&b, 0, head, 60), "0111", "a hub does not look");
	tear_down(&b);
}

static void test_hub(void)
{
	struct sw_conf conf = SW_CONF_DEFAULT;
	struct bench b;

	conf.hub = true;
	set_up(&b, &conf);
	pass(&b, 0, 100, 101);
	is_str(pass(&b, 1, 101, 100), "1011", "a hub sends to all others");
	is_str(pass(&b, 0, 100, 100), "0111", "whatever the address");
	is_int(fdb_count(b.world.sw.fdb), 0, "it learns nothing");
	ok(b.world.sw.workers->flooded == 3 && !b.world.sw.workers->unicast,
	   "counted");
	tear_down(&b);
}

static void test_move(void)
{
	struct bench b;

	set_up(&b, NULL);
	pass(&b, 0, 100, FAKE_ALL);
	is_str(pass(&b, 3, 103, 100), "1000", "a station is where it was seen");
	pass(&b, 1, 100, FAKE_ALL);
	is_str(pass(&b, 3, 103, 100), "0100", "and where it was seen last");
	is_int((intmax_t)fdb_stats(b.world.sw.fdb)->moved, 1, "counted");
	tear_down(&b);
}

static void test_leave(void)
{
	struct port_stats sum;
	struct bench b;

	set_up(&b, NULL);
	pass(&b, 1, 101, FAKE_ALL);
	pass(&b, 0, 100, FAKE_ALL);
	is_str(pass(&b, 0, 100, 101), "0100", "known");
	port_close(b.port[1].port);
	fake_settle(&b.world.loop);
	ok(b.port[1].closes == 1 && !sw_find(&b.world.sw, "p1"), "it left");
	is_str(pass(&b, 0, 100, 101), "0011",
	       "what was learned of it is forgotten");
	sw_sum(&b.world.sw, &sum);
	ok(sum.rx.frames == 4 && sum.tx.frames == 3 + 3 + 1 + 2 &&
		   sum.rx.bytes == 4 * FAKE_LEN,
	   "the sum knows of it still");
	ok(b.world.sw.port_count == 3 && b.world.sw.stats.joined == 4 &&
		   b.world.sw.stats.left == 1,
	   "counted");
	fake_fini(&b.port[1]);
	fake_plug(&b.port[1], &b.world.sw, "p1", 256, POLICY_DROP);
	is_str(pass(&b, 0, 100, 101), "0111", "another one of that name");
	is_int((intmax_t)b.port[1].port->serial, 5, "is another one");
	tear_down(&b);
}

/* The clock is the loop's, so the past can be set. */
static void test_ageing(void)
{
	struct sw_conf conf = SW_CONF_DEFAULT;
	struct bench b;

	conf.ageing = 3;
	set_up(&b, &conf);
	b.world.loop.now -= 4000;
	fake_put(&b.port[0], 100, FAKE_ALL, 1);
	fake_read(&b.port[0]);
	b.world.loop.now += 3000;
	fake_put(&b.port[1], 101, FAKE_ALL, 1);
	fake_read(&b.port[1]);
	is_int(fdb_count(b.world.sw.fdb), 2, "two are known");
	fake_settle(&b.world.loop);
	is_int(fdb_count(b.world.sw.fdb), 1, "one of them is old");
	ok(timer_armed(&b.world.sw.workers->ageing), "the next is waited for");
	is_str(pass(&b, 2, 102, 100), "1101", "it is looked for again");
	is_str(pass(&b, 2, 102, 101), "0100", "the other one is known");
	port_close(b.port[1].port);
	port_close(b.port[2].port);
	fake_settle(&b.world.loop);
	is_int(fdb_count(b.world.sw.fdb), 0, "nothing is left");
	tear_down(&b);
}

/* What comes in by a port is of one flow, and looked up once. */
static void test_flow(void)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 101 };
	const struct fdb *fdb;
	struct fdb_record record;
	uint32_t cursor = 0;
	struct bench b;

	set_up(&b, NULL);
	fdb = b.world.sw.fdb;
	is_str(pass(&b, 0, 100, 101), "0111", "to a station not seen yet");
	is_str(pass(&b, 0, 100, 101), "0111", "again");
	pass(&b, 1, 101, 100);
	is_str(pass(&b, 0, 100, 101), "0100", "once it was seen");
	is_str(pass(&b, 0, 100, 101), "0100", "again");
	pass(&b, 2, 101, 100);
	is_str(pass(&b, 0, 100, 101), "0010", "when it has moved");
	is_int(fdb_forget(b.world.sw.fdb, mac), 1, "it is forgotten");
	is_str(pass(&b, 0, 100, 101), "0111", "then");
	pass(&b, 3, 101, 100);
	is_str(pass(&b, 0, 100, 101), "0001", "when it was seen elsewhere");
	port_close(b.port[3].port);
	fake_settle(&b.world.loop);
	is_str(pass(&b, 0, 100, 101), "0110", "when its port has left");
	pass(&b, 1, 100, FAKE_ALL);
	is_str(pass(&b, 2, 102, 100), "0100", "the source is elsewhere");
	pass(&b, 0, 100, 101);
	is_str(pass(&b, 2, 102, 100), "1000", "and returns");
	pass(&b, 0, 100, 101);
	b.world.loop.now += 2000;
	fake_put(&b.port[0], 100, 101, 1);
	fake_read(&b.port[0]);
	do {
		if (!fdb_next(fdb, &cursor, worker_seconds(b.world.sw.workers),
			      &record))
			tap_bail("the source is not known");
	} while (record.mac[5] != 100);
	is_int(record.age, 0, "a flow that goes on keeps its source young");
	tear_down(&b);
}

/* Memory of long frames goes back ten seconds later. */
static void test_trimming(void)
{
	uint8_t head[FAKE_HEAD];
	struct bench b;

	set_up(&b, NULL);
	b.world.loop.now -= 10000;
	fake_head(head, 100, FAKE_ALL, 1);
	fake_put_raw(&b.port[0], head, 9014);
	fake_read(&b.port[0]);
	is_int((intmax_t)b.world.sw.workers->pool.large, 1, "a jumbo frame");
	fake_settle(&b.world.loop);
	is_int((intmax_t)b.world.sw.workers->pool.large, 0,
	       "its memory is given back");
	pass(&b, 0, 100, FAKE_ALL);
	ok(!timer_armed(&b.world.sw.workers->trimming),
	   "and nothing more is to do");
	tear_down(&b);
}

/* --- ports --------------------------------------------------------------- */

static void test_two_switches(void)
{
	struct bench a, b;

	set_up(&a, NULL);
	set_up(&b, NULL);
	pass(&a, 0, 100, FAKE_ALL);
	is_str(received(&b), "0000", "another switch gets nothing");
	is_str(pass(&b, 3, 103, 100), "1110", "and has learned nothing");
	is_str(pass(&a, 3, 103, 100), "1000", "the first one has");
	ok(memcmp(&a.world.sw.key, &b.world.sw.key, sizeof(a.world.sw.key)),
	   "each has its own secret");
	tear_down(&a);
	tear_down(&b);
}

/* Two switches that one loop turns. */
static void test_one_loop(void)
{
	struct sw_conf conf = SW_CONF_DEFAULT;
	struct fake_world world;
	struct fake a[2], b[2];
	struct sw other;
	int i;

	fake_world_init(&world, &conf);
	if (sw_init(&other, &world.loop, &conf, NULL) < 0)
		tap_bail("sw_init");
	for (i = 0; i < 2; i++) {
		fake_plug(&a[i], &world.sw, i ? "b" : "a", 4, POLICY_DROP);
		fake_plug(&b[i], &other, i ? "b" : "a", 4, POLICY_DROP);
	}
	fake_put(&a[0], 1, 2, 1);
	fake_put(&b[1], 1, 2, 2);
	fake_settle(&world.loop);
	ok(fake_in_order(&a[1], 1, 1) && fake_in_order(&b[0], 2, 1) &&
		   !a[0].sent.len && !b[1].sent.len,
	   "each frame stays in its switch");
	sw_fini(&other);
	fake_put(&a[1], 2, 1, 3);
	fake_settle(&world.loop);
	ok(fake_in_order(&a[0], 3, 1), "one outlives the other");
	fake_world_fini(&world);
	for (i = 0; i < 2; i++) {
		fake_fini(&a[i]);
		fake_fini(&b[i]);
	}
}

static void test_refused(void)
{
	struct sw_conf conf = SW_CONF_DEFAULT;
	struct fake more;
	struct bench b;
	struct err err;
	int before;

	conf.max_ports = PORTS;
	set_up(&b, &conf);
	before = tap_open_fds();
	fake_init(&more);
	is_int(fake_open(&more, &b.world.sw, "p4", 1, POLICY_BLOCK, &err), -1,
	       "one port too many");
	is_str(err.text,
	       "port p4: there are 4 ports already (raise --max-ports)",
	       "which, why, and what to do");
	port_close(b.port[3].port);
	fake_settle(&b.world.loop);
	is_int(fake_open(&more, &b.world.sw, "p1", 1, POLICY_BLOCK, &err), -1,
	       "a name that is taken");
	is_str(err.text,
	       "port p1: there is a port of that name already (choose another "
	       "with name=)",
	       "which, why, and what to do");
	ok(b.world.sw.port_count == 3 && !b.world.sw.blocking &&
		   b.world.sw.stats.refused == 1 &&
		   b.world.sw.stats.joined == PORTS && !more.closes,
	   "nothing is left of them");
	is_int(tap_open_fds(), before - 1, "no descriptor either");
	is_int(fake_open(&more, &b.world.sw, "p4", 1, POLICY_BLOCK, &err), 0,
	       "what was refused can be tried again");
	ok(sw_find(&b.world.sw, "p4") == more.port && more.port->pid == 0 &&
		   more.port->uid == (uid_t)-1,
	   "and is found");
	is_str(pass(&b, 0, 100, FAKE_ALL), "0110", "frames go on");
	tear_down(&b);
	fake_fini(&more);
}

static void test_free_numbers(void)
{
	struct bench b;
	struct sw *sw = &b.world.sw;

	set_up(&b, NULL);
	is_int(sw_free_number(sw, "uml", 0), 0, "the first of its kind");
	is_int(sw_free_number(sw, "uml", 1), 1, "the first that may be");
	is_int(sw_free_number(sw, "p", 0), 4, "the next number");
	is_int(sw_free_number(sw, "p", 3), 4, "the next number from 3 on");
	is_int(sw_free_number(sw, "p", 7), 7, "beyond those in use");
	port_close(b.port[2].port);
	fake_settle(&b.world.loop);
	is_int(sw_free_number(sw, "p", 0), 2, "a number that became free");
	is_int(sw_free_number(sw, "p", 3), 4, "that is below the first one");
	fake_fini(&b.port[2]);
	fake_plug(&b.port[2], sw, "p99999999999999999999", 1, POLICY_DROP);
	is_int(sw_free_number(sw, "p", 0), 2,
	       "numbers that are none of ours do not matter");
	is_int(sw_free_number(sw, "abcdefghijklmnopqrst", 0), 0,
	       "the longest prefix");
	tear_down(&b);
}

/* --- blocking ------------------------------------------------------------ */

/* p2 and p3 have policy=block, p0 and p1 drop; p3 takes nothing and is full. */
static void set_up_full(struct bench *b)
{
	int i;

	fake_world_init(&b->world, NULL);
	fake_plug(&b->port[0], &b->world.sw, "p0", 4, POLICY_DROP);
	fake_plug(&b->port[1], &b->world.sw, "p1", 4, POLICY_DROP);
	fake_plug(&b->port[2], &b->world.sw, "p2", 4, POLICY_BLOCK);
	fake_plug(&b->port[3], &b->world.sw, "p3", 4, POLICY_BLOCK);
	pass(b, 3, 103, FAKE_ALL);
	fake_room(&b->port[3], 0);
	for (i = 0; i < 4; i++)
		pass(b, 2, 102, 103);
	forget(b);
	if (b->port[3].port->queue.len != 4)
		tap_bail("p3 is not full");
}

static void test_flood_waits(void)
{
	struct bench b;

	set_up_full(&b);
	is_str(pass(&b, 0, 100, FAKE_ALL), "0000",
	       "while one must be waited for, nobody gets the frame");
	ok(b.port[0].port->held && b.port[0].port->kept_len == 1 &&
		   !fake_check(&b.world.sw),
	   "the sender is held");
	is_int((intmax_t)b.world.sw.workers->flooded, 1, "not counted yet");
	is_str(pass(&b, 0, 100, 101), "0000", "nor is it read");
	is_str(pass(&b, 1, 101, 102), "0010", "others pass");
	forget(&b);
	fake_room(&b.port[3], FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	is_str(received(&b), "0215", "with room all get it, once");
	ok(!b.port[0].port->held && !fake_dropped(&b.port[0]) &&
		   !fake_dropped(&b.port[3]) && !fake_check(&b.world.sw),
	   "nothing is lost");
	tear_down(&b);
}

static void test_flood_cannot_wait(void)
{
	struct bench b;

	set_up_full(&b);
	b.port[1].ops.hold_ms = HOLD_NEVER;
	is_str(pass(&b, 1, 101, FAKE_ALL), "1010",
	       "a sender that cannot be held: all that have room get it");
	is_int((intmax_t)drops(&b, 3, DROP_HOLD_LIMIT), 1, "and one loses it");
	is_str(pass(&b, 1, 101, 103), "0000", "likewise alone");
	is_int((intmax_t)drops(&b, 3, DROP_HOLD_LIMIT), 2, "counted");
	ok(!b.port[1].port->held && !fake_check(&b.world.sw), "nobody waits");
	fake_room(&b.port[3], FAKE_ENDLESS);
	tear_down(&b);
}

/* Nobody waits for a full port that drops, although there are such that block
 * and have room. */
static void test_flood_passes_by(void)
{
	struct bench b;
	int i;

	set_up_full(&b);
	fake_room(&b.port[3], FAKE_ENDLESS);
	fake_room(&b.port[1], 0);
	for (i = 0; i < 10; i++)
		pass(&b, 0, 100, FAKE_ALL);
	ok(!b.port[0].port->held && b.port[1].port->queue.len == 4 &&
		   drops(&b, 1, DROP_QUEUE_FULL) == 6 &&
		   b.port[2].sent.len == 1 && b.port[3].sent.len == 1,
	   "a flood waits only for ports that block");
	fake_room(&b.port[1], FAKE_ENDLESS);
	tear_down(&b);
}

/* A full port may send: it does not wait for itself. */
static void test_full_port_sends(void)
{
	struct bench b;

	set_up_full(&b);
	is_str(pass(&b, 3, 103, FAKE_ALL), "1110", "a full port floods");
	is_str(pass(&b, 3, 103, 102), "0010", "a full port sends");
	ok(!b.port[3].port->held && !fake_check(&b.world.sw), "nobody waits");
	fake_room(&b.port[3], FAKE_ENDLESS);
	tear_down(&b);
}

/* A full port with policy=drop costs nobody anything. */
static void test_flood_drops(void)
{
	struct bench b;
	int i;

	set_up(&b, NULL);
	fake_room(&b.port[3], 0);
	for (i = 0; i < 300; i++)
		pass(&b, 0, 100, FAKE_ALL);
	ok(b.port[3].port->queue.len == 256 &&
		   drops(&b, 3, DROP_QUEUE_FULL) == 300 - 256 &&
		   b.port[1].port->stats.tx.frames == 300 &&
		   !b.port[0].port->held,
	   "only the full port loses frames");
	is_int((intmax_t)b.world.sw.workers->pool.used, 256,
	       "that many are held");
	fake_room(&b.port[3], FAKE_ENDLESS);
	tear_down(&b);
}

/* Frames of one sender keep their order over a hold, whoever they are for. */
static void test_order_over_hold(void)
{
	struct bench b;
	uint32_t i;

	set_up_full(&b);
	for (i = 0; i < 200; i++)
		fake_put(&b.port[0], 100, i % 3 ? 102 : 103, i);
	fake_settle(&b.world.loop);
	is_str(received(&b), "0000", "the first one is for the full port");
	fake_room(&b.port[3], 10);
	fake_settle(&b.world.loop);
	ok(b.port[0].port->held && !fake_check(&b.world.sw), "held again");
	fake_room(&b.port[3], FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	for (i = 1; i < b.port[2].sent.len; i++)
		if (fake_number(&b.port[2].sent.at[i]) <=
		    fake_number(&b.port[2].sent.at[i - 1]))
			break;
	ok(i == b.port[2].sent.len && b.port[2].sent.len == 133,
	   "all for one, in order");
	for (i = 5; i < b.port[3].sent.len; i++)
		if (fake_number(&b.port[3].sent.at[i]) != 3 * (i - 4))
			break;
	ok(i == b.port[3].sent.len && b.port[3].sent.len == 4 + 67,
	   "all for the other, in order");
	is_int(b.port[0].intruded, 0, "nothing was read in between");
	tear_down(&b);
}

/* --- references ---------------------------------------------------------- */

/* Each of many ports holds the same frames. */
static void test_references(void)
{
	static struct fake ports[100];
	struct fake_world world;
	struct fake in;
	int i, wrong = 0;
	char name[16];

	fake_world_init(&world, NULL);
	fake_plug(&in, &world.sw, "in", 1, POLICY_DROP);
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		fake_plug(&ports[i], &world.sw, name, 1 + (unsigned int)i,
			  POLICY_DROP);
		fake_room(&ports[i], (uint32_t)i % 7);
	}
	for (i = 0; i < 150; i++)
		fake_put(&in, 1, FAKE_ALL, (uint32_t)i);
	fake_settle(&world.loop);
	is_str(fake_check(&world.sw), NULL, "references of held frames");
	for (i = 0; i < 100; i++) {
		wrong += ports[i].sent.len + ports[i].port->queue.len +
				 fake_dropped(&ports[i]) !=
			 150;
		fake_room(&ports[i], FAKE_ENDLESS);
		if (i % 2)
			port_close(ports[i].port);
	}
	is_int(wrong, 0, "ports whose books do not balance");
	fake_settle(&world.loop);
	is_int((intmax_t)world.sw.workers->pool.used, 0,
	       "all frames are given back");
	fake_world_fini(&world);
	for (i = 0; i < 100; i++)
		fake_fini(&ports[i]);
	fake_fini(&in);
}

/* The end comes with frames in queues and kept back. */
static void test_fini_with_frames(void)
{
	int fds = tap_open_fds(), i;
	struct bench b;

	set_up_full(&b);
	for (i = 0; i < 100; i++)
		fake_put(&b.port[0], 100, 103, (uint32_t)i);
	fake_room(&b.port[1], 0);
	pass(&b, 2, 102, 200);
	ok(b.port[0].port->held && b.port[2].port->held, "two are held");
	fake_world_fini(&b.world);
	for (i = 0; i < PORTS; i++) {
		ok(!b.port[i].port && b.port[i].closes == 1, "p%d closed", i);
		fake_fini(&b.port[i]);
	}
	is_int(tap_open_fds(), fds, "no descriptor leaks");
}

int main(void)
{
	alarm(120);
	test_unicast();
	test_groups();
	test_untouched();
	test_lengths();
	test_bad_source();
	test_hub();
	test_move();
	test_leave();
	test_ageing();
	test_flow();
	test_trimming();
	test_two_switches();
	test_one_loop();
	test_refused();
	test_free_numbers();
	test_flood_waits();
	test_flood_cannot_wait();
	test_flood_passes_by();
	test_full_port_sends();
	test_flood_drops();
	test_order_over_hold();
	test_references();
	test_fini_with_frames();
	return tap_done();
}
