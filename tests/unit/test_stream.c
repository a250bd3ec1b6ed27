// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/stream: frames in a stream of octets, cut at every place, the
 * lengths that are taken and refused; and streamio's ports on real sockets:
 * bursts, parts of frames, clients that do not read, and how they end.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/fake.h"
#include "tests/unit/tap.h"
#include "uml_router/stream.h"
#include "uml_router/streamio.h"

/* --- the parser ---------------------------------------------------------- */

static size_t put_head(uint8_t *at, uint32_t len)
{
	at[0] = (uint8_t)(len >> 24);
	at[1] = (uint8_t)(len >> 16);
	at[2] = (uint8_t)(len >> 8);
	at[3] = (uint8_t)len;
	return STREAM_HEAD;
}

/* A frame whose octets are made of its number. */
static size_t put_frame(uint8_t *at, uint32_t len, uint8_t number)
{
	put_head(at, len);
	memset(at + STREAM_HEAD, number, len);
	return STREAM_HEAD + len;
}

static bool is_frame(const struct frame *f, uint32_t len, uint8_t number)
{
	uint32_t i;

	for (i = 0; i < f->len && f->data[i] == number; i++)
		;
	return f->len == len && i == len && f->refs == 1;
}

static void put_all(struct frame_pool *pool, struct stream_burst *burst)
{
	while (burst->n)
		frame_put(pool, burst->frames[--burst->n]);
}

/* Three frames, the stream cut at two places. */
static bool cut(struct frame_pool *pool, const uint8_t *data, size_t size,
		size_t first, size_t second)
{
	size_t ends[] = { first, second, size };
	struct stream_burst burst = { .n = 0 };
	struct stream_in in = { .frame = NULL };
	size_t i, used, at = 0;
	bool good = true;

	for (i = 0; i < 3; at = ends[i++])
		good = good &&
		       stream_feed(&in, pool, data + at, ends[i] - at, &burst,
				   &used) &&
		       used == ends[i] - at;
	good = good && burst.n == 3 && is_frame(burst.frames[0], 14, 1) &&
	       is_frame(burst.frames[1], 60, 2) &&
	       is_frame(burst.frames[2], 20, 3) && !in.head_len;
	put_all(pool, &burst);
	return good && !pool->used;
}

static void test_cuts(void)
{
	uint8_t data[3 * STREAM_HEAD + 94];
	size_t size, first, second, bad = 0;
	struct frame_pool pool;

	frame_pool_init(&pool);
	size = put_frame(data, 14, 1);
	size += put_frame(data + size, 60, 2);
	size += put_frame(data + size, 20, 3);
	for (first = 0; first <= size; first++)
		for (second = first; second <= size; second++)
			bad += !cut(&pool, data, size, first, second);
	is_int((long)bad, 0, "cut at any two places: the same three frames");
	frame_pool_fini(&pool);
}

static void test_octets(void)
{
	struct stream_burst burst = { .n = 0 };
	struct stream_in in = { .frame = NULL };
	struct frame_pool pool;
	uint8_t data[100];
	size_t i, used, size = put_frame(data, 60, 7);

	frame_pool_init(&pool);
	for (i = 0; i + 1 < size; i++)
		stream_feed(&in, &pool, data + i, 1, &burst, &used);
	ok(!burst.n, "octet by octet: no frame before the last one");
	stream_feed(&in, &pool, data + i, 1, &burst, &used);
	ok(burst.n == 1 && is_frame(burst.frames[0], 60, 7),
	   "and then the frame");
	put_all(&pool, &burst);
	frame_pool_fini(&pool);
}

/* Is a frame of this length begun, or the stream refused? */
static void length(uint32_t len, bool good)
{
	struct stream_burst burst = { .n = 0 };
	struct stream_in in = { .frame = NULL };
	struct frame_pool pool;
	uint8_t head[STREAM_HEAD];
	bool taken;
	size_t used;

	frame_pool_init(&pool);
	put_head(head, len);
	taken = stream_feed(&in, &pool, head, 3, &burst, &used) &&
		stream_feed(&in, &pool, head + 3, 1, &burst, &used);
	ok(taken == good && pool.used == good &&
		   stream_rest(&in).iov_len == (good ? len : 0),
	   "a length of %u is %s", len, good ? "taken" : "refused at once");
	stream_reset(&in, &pool);
	ok(!pool.used && !in.head_len, "and forgotten");
	frame_pool_fini(&pool);
}

static void test_lengths(void)
{
	length(0, false);
	length(1, false);
	length(FRAME_MIN - 1, false);
	length(FRAME_MIN, true);
	length(FRAME_MAX, true);
	length(FRAME_MAX + 1, false);
	length(0x80000000, false);
	length(UINT32_MAX, false);
}

static void test_full_burst(void)
{
	static uint8_t data[(FRAME_BURST + 2) * (STREAM_HEAD + 14)];
	struct stream_burst burst = { .n = 0 };
	struct stream_in in = { .frame = NULL };
	struct frame_pool pool;
	size_t i, used, size = 0;

	frame_pool_init(&pool);
	for (i = 0; i < FRAME_BURST + 2; i++)
		size += put_frame(data + size, 14, (uint8_t)i);
	ok(stream_feed(&in, &pool, data, size, &burst, &used) &&
		   burst.n == FRAME_BURST &&
		   used == (size_t)FRAME_BURST * (STREAM_HEAD + 14),
	   "no octet is taken behind a full burst");
	put_all(&pool, &burst);
	ok(stream_feed(&in, &pool, data + used, size - used, &burst, &used) &&
		   burst.n == 2 &&
		   is_frame(burst.frames[1], 14, FRAME_BURST + 1),
	   "the rest comes with the next one");
	put_all(&pool, &burst);
	frame_pool_fini(&pool);
}

/* --- ports --------------------------------------------------------------- */

/* A switch with a stream port and a fake one, and the client's end. */
struct bench {
	struct fake_world world;
	struct fake other;
	struct stream_port *port;
	int peer;
};

static struct port_ops ops = {
	.type = "stream",
	.hold_ms = HOLD_FOREVER,
	.ready = streamio_ready,
	.send = streamio_send,
	.send_error = streamio_send_error,
	.close = streamio_close,
};

static void set_up(struct bench *b, unsigned int queue)
{
	struct port_conf conf = { .queue = queue, .policy = POLICY_DROP };
	int ends[2], small = 8192;
	struct err err;

	fake_world_init(&b->world, NULL);
	fake_plug(&b->other, &b->world.sw, "other", 256, POLICY_DROP);
	b->port = calloc(1, sizeof(*b->port));
	if (!b->port ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
		tap_bail("socketpair");
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	b->peer = ends[1];
	if (port_open(&b->port->port, &b->world.sw, &ops, &conf, "stream",
		      ends[0], &err) < 0)
		tap_bail(err.text);
}

static void tear_down(struct bench *b)
{
	fake_world_fini(&b->world);
	fake_fini(&b->other);
	if (b->peer >= 0)
		close(b->peer);
}

static bool gone(struct bench *b)
{
	return !sw_find(&b->world.sw, "stream");
}

/* A frame from station @from to all, as it is in the stream. */
static size_t say(uint8_t *at, uint32_t from, uint32_t number, uint32_t len)
{
	memset(at + put_head(at, len), 0, len);
	fake_head(at + STREAM_HEAD, from, FAKE_ALL, number);
	return STREAM_HEAD + len;
}

static void test_receive(void)
{
	static uint8_t data[1000 * 64];
	struct bench b;
	size_t size = 0;
	uint32_t i;

	set_up(&b, 256);
	for (i = 0; i < 1000; i++)
		size += say(data + size, 1, i, 60);
	is_int(write(b.peer, data, size), (long)size,
	       "1000 frames in one piece");
	ok(fake_settle(&b.world.loop) >= 0 && fake_in_order(&b.other, 0, 1000),
	   "all come, in order, and none waits for a further one");
	is_str(fake_check(&b.world.sw), NULL, "all in order");
	size = say(data, 1, 1000, 60);
	is_int(write(b.peer, data, 30), 30, "a part of a frame");
	fake_settle(&b.world.loop);
	is_int((long)b.other.sent.len, 1000, "is no frame");
	is_int(write(b.peer, data + 30, size - 30), (long)size - 30,
	       "the rest");
	fake_settle(&b.world.loop);
	ok(fake_in_order(&b.other, 0, 1001), "makes it one");
	close(b.peer);
	b.peer = -1;
	fake_settle(&b.world.loop);
	ok(gone(&b), "the end of the stream is the end of the port");
	tear_down(&b);
}

/* Held in the middle of what was read at once. */
static void test_held(void)
{
	static uint8_t data[300 * 64];
	struct bench b;
	size_t size = 0;
	uint32_t i;

	set_up(&b, 256);
	for (i = 0; i < 300; i++)
		size += say(data + size, 1, i, 60);
	b.other.port->policy = POLICY_BLOCK;
	b.world.sw.blocking++;
	b.other.port->queue.limit = 10;
	fake_room(&b.other, 0);
	is_int(write(b.peer, data, size), (long)size, "300 frames");
	fake_settle(&b.world.loop);
	ok(b.port->port.held && b.port->from != b.port->to,
	   "held with octets that were read");
	is_str(fake_check(&b.world.sw), NULL, "all in order");
	fake_room(&b.other, FAKE_ENDLESS);
	ok(fake_settle(&b.world.loop) >= 0 && fake_in_order(&b.other, 0, 300),
	   "then all go on, although the socket is empty");
	tear_down(&b);
}

static void test_out_of_step(uint32_t len)
{
	uint8_t data[STREAM_HEAD + 100];
	struct bench b;
	size_t size;

	set_up(&b, 256);
	size = say(data, 1, 0, 60);
	size += put_head(data + size, len);
	is_int(write(b.peer, data, size), (long)size,
	       "a frame, and one of %u octets", len);
	fake_settle(&b.world.loop);
	ok(gone(&b) && b.world.sw.stats.bad_requests == 1,
	   "the client is closed and counted");
	ok(fake_in_order(&b.other, 0, 1), "what it said before goes on");
	ok(read(b.peer, data, 1) == 0, "and it notices");
	is_str(fake_check(&b.world.sw), NULL, "all in order");
	tear_down(&b);
}

/* Read all there is in pieces of @step; @done is where in the stream. Every
 * frame is whole, and they are in order. */
static bool hear(struct bench *b, size_t step, size_t len, size_t *done)
{
	uint8_t octets[4096], want[STREAM_HEAD + FAKE_HEAD];
	size_t each = STREAM_HEAD + len, i;
	bool good = true;
	ssize_t n;

	while ((n = recv(b->peer, octets, step, MSG_DONTWAIT)) > 0) {
		for (i = 0; i < (size_t)n; i++, ++*done) {
			put_head(want, (uint32_t)len);
			fake_head(want + STREAM_HEAD, 1, FAKE_ALL,
				  (uint32_t)(*done / each));
			if (*done % each < STREAM_HEAD + FAKE_HEAD)
				good = good && octets[i] == want[*done % each];
		}
		fake_settle(&b->world.loop);
	}
	return good;
}

static void put_frames(struct bench *b, uint32_t first, uint32_t n,
		       uint32_t len)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		uint8_t head[FAKE_HEAD];

		fake_head(head, 1, FAKE_ALL, first + i);
		fake_put_raw(&b->other, head, len);
	}
	fake_settle(&b->world.loop);
}

static void test_slow_reader(size_t step)
{
	struct bench b;
	size_t done = 0;

	set_up(&b, 1000);
	put_frames(&b, 0, 200, 1000);
	ok(b.port->port.stalled && b.port->rest,
	   "a client that does not read: a frame is partly sent");
	ok(b.port->rest->refs == 1, "and held by the port alone");
	is_str(b.port->port.queue.len ? NULL : "empty", NULL, "others wait");
	ok(hear(&b, step, 1000, &done) && done == 200 * 1004,
	   "read %zu octets at a time: 200 frames in step", step);
	ok(!b.port->port.stalled && !b.port->rest && !b.port->port.unsent,
	   "nothing is left");
	is_int((long)b.port->port.stats.tx.frames, 200, "200 are counted");
	is_str(fake_check(&b.world.sw), NULL, "all in order");
	tear_down(&b);
}

/* The rest alone wakes the port: behind it the queue is empty. */
static void test_last_rest(void)
{
	struct bench b;
	size_t done = 0;
	uint32_t n = 0;

	set_up(&b, 1000);
	while (!b.port->rest && n < 1000)
		put_frames(&b, n++, 1, 12000);
	ok(b.port->rest && !b.port->port.queue.len && b.port->port.stalled,
	   "the last frame is partly sent, no other waits");
	ok(hear(&b, 4096, 12000, &done) && done == (size_t)n * 12004,
	   "it is finished without a further frame");
	tear_down(&b);
}

static void test_client_leaves(void)
{
	struct bench b;
	size_t used;

	set_up(&b, 1000);
	used = b.world.sw.workers->pool.used;
	put_frames(&b, 0, 200, 1000);
	ok(b.port->rest, "a frame is partly sent");
	close(b.peer);
	b.peer = -1;
	ok(fake_settle(&b.world.loop) >= 0 && gone(&b), "the client leaves");
	is_int((long)b.world.sw.workers->pool.used, (long)used,
	       "no frame is kept");
	tear_down(&b);
}

int main(void)
{
	test_cuts();
	test_octets();
	test_lengths();
	test_full_burst();
	test_receive();
	test_held();
	test_out_of_step(0);
	test_out_of_step(13);
	test_out_of_step(UINT32_MAX);
	test_slow_reader(1);
	test_slow_reader(7);
	test_slow_reader(4096);
	test_last_rest();
	test_client_leaves();
	return tap_done();
}
