// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/feed, capture and monitor: rings in front of readers that read,
 * do not read and leave; what is captured, what is missed, and how that is
 * told.
 */
#include <jansson.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

#include <pcap/bpf.h>

#include "tests/unit/fake.h"
#include "tests/unit/tap.h"
#include "uml_router/capture.h"
#include "uml_router/monitor.h"

struct bench {
	struct fake_world world;
	struct fake port[3];
	int ends[2];
	struct event io;
	struct feed feed;
	unsigned int moved;
};

static void moved(struct feed *feed)
{
	container_of(feed, struct bench, feed)->moved++;
}

static void on_io(struct event *ev, uint32_t ready)
{
	feed_stir(&container_of(ev, struct bench, io)->feed);
}

static void set_up(struct bench *b, size_t room)
{
	char name[8];
	int i;

	*b = (struct bench){ 0 };
	fake_world_init(&b->world, NULL);
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		fake_plug(&b->port[i], &b->world.sw, name, 10, POLICY_DROP);
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, b->ends))
		tap_bail("socketpair");
	b->io = (struct event){ .fd = b->ends[0], .fn = on_io };
	if (feed_open(&b->feed, &b->world.loop, &b->io, room, moved))
		tap_bail("feed_open");
}

static void tear_down(struct bench *b)
{
	feed_close(&b->feed);
	loop_watch(&b->world.loop, &b->io, 0);
	close(b->ends[0]);
	if (b->ends[1] >= 0)
		close(b->ends[1]);
	fake_world_fini(&b->world);
	fake_fini(&b->port[0]);
	fake_fini(&b->port[1]);
	fake_fini(&b->port[2]);
}

/* All that the reader can have now. */
static size_t hear(struct bench *b, char *out, size_t room)
{
	size_t got = 0;
	ssize_t n;

	do {
		fake_settle(&b->world.loop);
		n = recv(b->ends[1], out + got, room - got, 0);
		if (n > 0)
			got += (size_t)n;
	} while (n > 0 && got < room);
	return got;
}

/* --- the ring ------------------------------------------------------------ */

static void test_ring(void)
{
	char out[4096], octets[600];
	struct iovec parts[] = { { octets, 100 }, { octets + 100, 500 } };
	struct bench b;
	unsigned int i, good = 0;

	set_up(&b, 1000);
	for (i = 0; i < sizeof(octets); i++)
		octets[i] = (char)i;
	ok(feed_put(&b.feed, parts, 2), "a piece fits");
	ok(!feed_put(&b.feed, parts, 2), "the next does not");
	ok(feed_put(&b.feed, parts, 1), "a smaller one does");
	is_int((intmax_t)hear(&b, out, sizeof(out)), 700, "both are told");
	ok(!memcmp(out, octets, 600) && !memcmp(out + 600, octets, 100),
	   "in their order");
	/* Around the end of the ring, at every place. */
	for (i = 0; i < 100; i++)
		good += feed_put(&b.feed, parts, 2) &&
			hear(&b, out, sizeof(out)) == 600 &&
			!memcmp(out, octets, 600);
	is_int(good, 100, "around the end of the ring");
	ok(b.moved > 0, "its owner is told that something moved");
	tear_down(&b);
}

static void test_reader_leaves(void)
{
	char octets[500] = "";
	struct iovec part = { octets, sizeof(octets) };
	struct bench b;

	set_up(&b, 1000);
	close(b.ends[1]);
	b.ends[1] = -1;
	feed_put(&b.feed, &part, 1);
	fake_settle(&b.world.loop);
	ok(b.feed.broken, "a reader who left is noticed");
	ok(!feed_put(&b.feed, &part, 1), "and told nothing");
	tear_down(&b);
}

/* --- captures ------------------------------------------------------------ */

static struct capture_conf conf(const struct fake *of, unsigned int directions)
{
	return (struct capture_conf){ .port = of ? of->port->serial : 0,
				      .directions = directions,
				      .snaplen = FRAME_MAX };
}

/* Frames of a capture that were told: how many, the last one's record. */
static unsigned int frames(struct bench *b, struct capture_record *last)
{
	static char out[1 << 20];
	size_t at = 0, got = hear(b, out, sizeof(out));
	unsigned int n = 0;

	while (got - at >= sizeof(*last)) {
		memcpy(last, out + at, sizeof(*last));
		at += sizeof(*last) + last->captured;
		n += last->kind == CAPTURE_FRAME;
	}
	is_int((intmax_t)at, (intmax_t)got, "whole records");
	return n;
}

static void pass(struct bench *b, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		fake_put(&b->port[0], 100, FAKE_ALL, i);
	fake_settle(&b->world.loop);
}

static void test_directions(void)
{
	static const struct {
		int port; /* -1: all */
		unsigned int directions;
		unsigned int frames;
	} cases[] = {
		{ -1, CAPTURE_IN, 5 },
		{ -1, CAPTURE_OUT, 10 },
		{ -1, CAPTURE_IN | CAPTURE_OUT, 15 },
		{ 0, CAPTURE_IN, 5 },
		{ 0, CAPTURE_OUT, 0 },
		{ 1, CAPTURE_IN, 0 },
		{ 1, CAPTURE_IN | CAPTURE_OUT, 5 },
	};
	struct capture_record last;
	struct capture_conf c;
	struct capture capture;
	struct bench b;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_up(&b, CAPTURE_ROOM);
		c = conf(cases[i].port < 0 ? NULL : &b.port[cases[i].port],
			 cases[i].directions);
		capture_begin(&capture, &b.world.sw, &c, &b.feed);
		pass(&b, 5);
		is_int(frames(&b, &last), cases[i].frames,
		       "port %d, directions %u", cases[i].port,
		       cases[i].directions);
		capture_free(&capture);
		is_int(b.world.sw.watched, 0, "nobody looks on any more");
		pass(&b, 5);
		is_int((intmax_t)b.feed.len, 0, "nothing more is told");
		tear_down(&b);
	}
}

static void test_record(void)
{
	struct capture_conf c;
	struct capture_record last;
	struct capture capture;
	struct bench b;

	set_up(&b, CAPTURE_ROOM);
	c = conf(&b.port[1], CAPTURE_OUT);
	c.snaplen = 20;
	c.count = 3;
	capture_begin(&capture, &b.world.sw, &c, &b.feed);
	pass(&b, 5);
	is_int(frames(&b, &last), 3, "not more than asked for");
	ok(last.captured == 20 && last.len == FAKE_LEN, "snap length");
	ok(last.direction == CAPTURE_OUT && !strcmp(last.port, "p1"),
	   "direction and port");
	ok(last.seen == 3 && last.missed == 0, "counts");
	ok(last.time / 1000000000 - (uint64_t)time(NULL) + 5 < 10, "time");
	ok(capture.ended && capture_finish(&capture), "it has ended");
	is_int(frames(&b, &last), 0, "no frame behind the end");
	ok(last.kind == CAPTURE_END && last.seen == 3, "the end is told");
	capture_free(&capture);
	tear_down(&b);
}

static void test_slow_reader(void)
{
	struct capture_conf c;
	struct capture_record last;
	struct capture capture;
	struct bench b;
	uint32_t told = 0, i;

	set_up(&b, 64 << 10);
	c = conf(NULL, CAPTURE_IN);
	capture_begin(&capture, &b.world.sw, &c, &b.feed);
	for (i = 0; i < 100; i++)
		pass(&b, 100);
	is_int((intmax_t)b.port[1].sent.len, 10000, "the frames go on");
	ok(capture.missed > 0 && capture.seen + capture.missed == 10000,
	   "%ju missed of 10000", (uintmax_t)capture.missed);
	capture_stop(&capture);
	ok(!capture_finish(&capture), "no room to tell of the end");
	told = frames(&b, &last);
	is_int(told, (intmax_t)capture.seen, "all the others are told");
	ok(capture_finish(&capture), "then the end");
	frames(&b, &last);
	ok(last.kind == CAPTURE_END && last.missed == capture.missed,
	   "with the number of those missed");
	capture_free(&capture);
	tear_down(&b);
}

static void test_port_leaves(void)
{
	struct capture_conf c;
	struct capture one, all;
	struct bench b;

	set_up(&b, CAPTURE_ROOM);
	c = conf(&b.port[1], CAPTURE_OUT);
	capture_begin(&one, &b.world.sw, &c, &b.feed);
	c = conf(NULL, CAPTURE_IN);
	capture_begin(&all, &b.world.sw, &c, &b.feed);
	port_close(b.port[1].port);
	fake_settle(&b.world.loop);
	ok(one.ended && !all.ended, "the capture of a port ends with it");
	capture_free(&one);
	capture_free(&all);
	tear_down(&b);
}

/* --- filters ------------------------------------------------------------- */

static void filter_is(const char *hex, bool good, const char *what)
{
	struct bpf_insn *filter;

	is_int(capture_filter(hex, &filter), good ? 0 : -1, "%s", what);
	ok(good == !!filter || !*hex, "%s: a program or none", what);
	free(filter);
}

static void test_filters(void)
{
	static char many[16 * (CAPTURE_FILTER_MAX + 1) + 1];
	size_t i;

	filter_is("", true, "none");
	filter_is("0006000000000001", true, "ret 1");
	filter_is("0028000000000010"
		  "0015000100001234"
		  "0006000000000001"
		  "0006000000000000",
		  true, "ldh, jeq");
	filter_is("0006", false, "half an instruction");
	filter_is("00060000000000zz", false, "no digits");
	filter_is("0006000000 00001", false, "a space");
	filter_is("0028000000000010", false, "no return");
	filter_is("0015ff0100000000"
		  "0006000000000000",
		  false, "a jump beyond the end");
	filter_is("00050000ffffffff"
		  "0006000000000000",
		  false, "a jump back");
	filter_is("0034000000000000"
		  "0006000000000000",
		  false, "a division by zero");
	filter_is("0060000000000010"
		  "0006000000000000",
		  false, "memory that is not there");
	filter_is("0064000000000020"
		  "0006000000000000",
		  false, "a shift by 32");
	filter_is("0020000000000000", false, "no return at the end");
	filter_is("ffff000000000000"
		  "0006000000000000",
		  false, "no such instruction");
	for (i = 0; i < CAPTURE_FILTER_MAX; i++)
		memcpy(many + 16 * i, "0006000000000000", 16);
	filter_is(many, true, "as many as may be");
	memcpy(many + 16 * i, "0006000000000000", 16);
	filter_is(many, false, "one too many");
}

static void test_filter_runs(void)
{
	/* Of the source's last octet: ldb [11]; jeq 101; ret 1; ret 0 */
	const char *from_101 = "003000000000000b"
			       "0015000100000065"
			       "0006000000000001"
			       "0006000000000000";
	struct capture_conf c;
	struct capture_record last;
	struct capture capture;
	struct bench b;

	set_up(&b, CAPTURE_ROOM);
	c = conf(NULL, CAPTURE_IN);
	if (capture_filter(from_101, &c.filter))
		tap_bail("capture_filter");
	capture_begin(&capture, &b.world.sw, &c, &b.feed);
	pass(&b, 5);
	fake_put(&b.port[1], 101, FAKE_ALL, 1);
	fake_put(&b.port[2], 102, FAKE_ALL, 2);
	fake_settle(&b.world.loop);
	is_int(frames(&b, &last), 1, "frames of one station alone");
	is_str(last.port, "p1", "the right one");
	capture_free(&capture);
	tear_down(&b);
}

/* --- events -------------------------------------------------------------- */

/* The events told, each as "event port", joined by ", ". */
static const char *events(struct bench *b)
{
	static char out[1 << 20], text[1 << 16];
	size_t got = hear(b, out, sizeof(out) - 1);
	char *line, *next = out;

	out[got] = text[0] = '\0';
	while ((line = strsep(&next, "\n")) && *line) {
		json_t *json = json_loads(line, 0, NULL);
		json_t *r = json_object_get(json, "result");
		const char *port =
			json_string_value(json_object_get(r, "port"));
		size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len, "%s%s %s",
			 len ? ", " : "",
			 json_string_value(json_object_get(r, "event")),
			 port ? port : "-");
		json_decref(json);
	}
	return text;
}

static void test_events(void)
{
	struct monitor monitor;
	struct fake more;
	struct bench b;

	set_up(&b, MONITOR_ROOM);
	pass(&b, 1);
	monitor_join(&monitor, &b.world.sw.monitors, &b.feed);
	is_str(events(&b), "", "silence");
	fake_plug(&more, &b.world.sw, "p3", 10, POLICY_DROP);
	is_str(events(&b), "port_up p3", "a port joins");
	fake_put(&b.port[0], 100, FAKE_ALL, 1);
	fake_put(&b.port[1], 101, FAKE_ALL, 1);
	is_str(events(&b), "learned p1", "a new address, and a known one");
	fake_put(&b.port[2], 101, FAKE_ALL, 1);
	is_str(events(&b), "moved p2", "an address moves");
	port_close(more.port);
	is_str(events(&b), "port_down p3", "a port leaves");
	b.world.sw.loop->now += 1;
	fdb_age(b.world.sw.fdb, (uint32_t)(b.world.loop.now / 1000) + 1000,
		300);
	is_str(events(&b), "aged p0, aged p2", "addresses age");
	monitor_leave(&monitor);
	pass(&b, 1);
	is_str(events(&b), "", "who has left is told nothing");
	fake_fini(&more);
	tear_down(&b);
}

static void test_queue_full(void)
{
	struct monitor monitor;
	struct bench b;

	set_up(&b, MONITOR_ROOM);
	pass(&b, 1);
	monitor_join(&monitor, &b.world.sw.monitors, &b.feed);
	fake_room(&b.port[1], 0);
	pass(&b, 100);
	is_str(events(&b), "queue_full p1", "once for many frames");
	pass(&b, 100);
	is_str(events(&b), "", "not again");
	fake_room(&b.port[1], FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	fake_room(&b.port[1], 0);
	pass(&b, 100);
	is_str(events(&b), "queue_full p1", "until it has drained");
	monitor_leave(&monitor);
	tear_down(&b);
}

/* Addresses that were told, and the sum of those that were lost. */
static uint32_t count_learned(struct bench *b, uint32_t *lost)
{
	static char out[1 << 20];
	size_t got = hear(b, out, sizeof(out) - 1);
	uint32_t n = 0;
	char *at;

	out[got] = '\0';
	for (at = out; (at = strstr(at, "\"learned\"")); at++)
		n++;
	for (at = out; (at = strstr(at, "\"count\":")); at++)
		*lost += (uint32_t)strtoul(at + 8, NULL, 10);
	return n;
}

static void test_lost_events(void)
{
	struct monitor monitor;
	uint32_t i, told, lost = 0;
	struct bench b;

	set_up(&b, MONITOR_ROOM);
	monitor_join(&monitor, &b.world.sw.monitors, &b.feed);
	for (i = 0; i < 20000; i++)
		fake_put(&b.port[0], 1000 + i, FAKE_ALL, i);
	fake_settle(&b.world.loop);
	is_int((intmax_t)b.port[1].sent.len, 20000, "the frames go on");
	told = count_learned(&b, &lost);
	monitor_catch_up(&monitor);
	told += count_learned(&b, &lost);
	/* When is told depends on how long all of this takes. */
	ok(lost > 0, "%u events are lost", lost);
	is_int(told + lost, 20000, "%u are told, and that %u were lost", told,
	       lost);
	monitor_leave(&monitor);
	tear_down(&b);
}

int main(void)
{
	alarm(60);
	test_ring();
	test_reader_leaves();
	test_directions();
	test_record();
	test_slow_reader();
	test_port_leaves();
	test_filters();
	test_filter_runs();
	test_events();
	test_queue_full();
	test_lost_events();
	return tap_done();
}
