// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames made to fit a port: cut, completed, or passed as they are; in order,
 * all of them, whatever the port takes at a time.
 */
#include "tests/unit/fake.h"
#include "tests/unit/packets.h"
#include "tests/unit/tap.h"

#define OFFLOAD_ALL                                                            \
	(OFFLOAD_CSUM | OFFLOAD_TSO4 | OFFLOAD_TSO6 | OFFLOAD_ECN | OFFLOAD_USO)

/** Octets of headers of the packets here, and of payload in a segment. */
#define HEADERS 54
#define SIZE 1000

/* A switch with a port that frames come from and one that they go to. */
struct bench {
	struct fake_world world;
	struct fake in, out;
};

static void set_up(struct bench *b)
{
	fake_world_init(&b->world, NULL);
	fake_plug(&b->in, &b->world.sw, "in", 256, POLICY_DROP);
	fake_plug(&b->out, &b->world.sw, "out", 4, POLICY_DROP);
}

static void tear_down(struct bench *b)
{
	fake_world_fini(&b->world);
	fake_fini(&b->in);
	fake_fini(&b->out);
}

/* A frame of TCP, to be read from a port; @size 0: without its checksum. */
static struct frame *tcp(struct bench *b, uint32_t payload, uint16_t size)
{
	struct packet k = {
		.version = 4,
		.df = true,
		.flags = 0x10,
		.payload = payload,
		.size = size,
		.fill = payload,
	};
	struct frame *f = frame_get(&b->world.sw.workers->pool);

	packet_build(f, &k);
	return f;
}

static struct frame *plain(struct bench *b)
{
	struct frame *f = tcp(b, 100, 0);

	f->vnet = (struct virtio_net_hdr_v1){ 0 };
	return f;
}

static void read_all(struct bench *b, struct frame *const frames[],
		     unsigned int n)
{
	port_rx(b->in.port, frames, n);
	if (fake_settle(&b->world.loop) < 0)
		tap_bail("the loop does not end");
}

static bool in_order(const struct bench *b)
{
	const char *wrong = fake_check(&b->world.sw);

	if (wrong)
		printf("# %s\n", wrong);
	return !wrong;
}

/* Segment @i of a frame with @payload octets. */
static bool is_segment(const struct fake_frame *f, uint32_t i, uint32_t payload)
{
	uint32_t left = payload - i * SIZE;

	return f->len == HEADERS + (left < SIZE ? left : SIZE);
}

static bool are_segments(const struct fake_list *sent, size_t from,
			 uint32_t payload)
{
	uint32_t i, count = (payload + SIZE - 1) / SIZE;

	if (sent->len < from + count)
		return false;
	for (i = 0; i < count; i++)
		if (!is_segment(&sent->at[from + i], i, payload))
			return false;
	return true;
}

static void test_cut(void)
{
	struct frame *f;
	struct bench b;

	set_up(&b);
	f = tcp(&b, 10500, SIZE);
	read_all(&b, &f, 1);
	ok(b.out.sent.len == 11 && are_segments(&b.out.sent, 0, 10500),
	   "a large frame is cut");
	is_int(b.out.sends, 1, "all segments in one call");
	is_int((int)b.out.port->stats.tx.frames, 11, "each counts");
	is_int((int)b.out.port->stats.tx.bytes, 11 * HEADERS + 10500,
	       "its octets");
	is_int((int)b.in.port->stats.rx.frames, 1, "one was read");
	ok(in_order(&b), "nothing is held");

	f = tcp(&b, 60000, 100);
	read_all(&b, &f, 1);
	is_int((int)b.out.sent.len, 11 + 600, "more segments than a burst");
	ok(in_order(&b), "nothing is held");
	tear_down(&b);
}

static void test_order(void)
{
	struct frame *f[5];
	struct bench b;

	set_up(&b);
	f[0] = plain(&b);
	f[1] = tcp(&b, 3000, SIZE);
	f[2] = tcp(&b, 700, 0);
	f[3] = tcp(&b, 2500, SIZE);
	f[4] = plain(&b);
	read_all(&b, f, 5);
	ok(b.out.sent.len == 9 && are_segments(&b.out.sent, 1, 3000) &&
		   b.out.sent.at[4].len == HEADERS + 700 &&
		   are_segments(&b.out.sent, 5, 2500),
	   "order is kept");
	is_int(b.out.sends, 2, "what goes over the stage is one burst");
	tear_down(&b);
}

/* The port takes a few at a time: nothing twice, nothing lost. */
static void test_stall(uint32_t room)
{
	struct frame *f[2];
	struct bench b;

	set_up(&b);
	fake_room(&b.out, room);
	f[0] = tcp(&b, 9900, SIZE);
	f[1] = plain(&b);
	read_all(&b, f, 2);
	while (b.out.sent.len < 11 && in_order(&b)) {
		fake_room(&b.out, room);
		if (fake_settle(&b.world.loop) < 0)
			break;
	}
	ok(b.out.sent.len == 11 && are_segments(&b.out.sent, 0, 9900) &&
		   b.out.sent.at[10].len == HEADERS + 100,
	   "%u at a time", room);
	ok(in_order(&b) && !fake_dropped(&b.out), "nothing is held or lost");
	tear_down(&b);
}

static void test_whole(unsigned int offload, bool whole, const char *what)
{
	struct frame *f;
	struct bench b;

	set_up(&b);
	b.out.port->offload = offload;
	f = tcp(&b, 5000, SIZE);
	f->vnet.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	read_all(&b, &f, 1);
	is_int((int)b.out.sent.len, whole ? 1 : 5, "%s", what);
	tear_down(&b);
}

/* One takes it whole, one does not: neither sees what the other got. */
static void test_flood(void)
{
	struct fake whole;
	struct frame *f;
	struct bench b;

	set_up(&b);
	fake_plug(&whole, &b.world.sw, "whole", 4, POLICY_DROP);
	whole.port->offload = OFFLOAD_ALL;
	f = tcp(&b, 5000, SIZE);
	frame_hold(f);
	read_all(&b, &f, 1);
	ok(whole.sent.len == 1 && whole.sent.at[0].len == HEADERS + 5000,
	   "one gets it whole");
	ok(are_segments(&b.out.sent, 0, 5000), "one gets segments");
	ok(f->vnet.gso_size == SIZE && f->len == HEADERS + 5000,
	   "the frame is as it was");
	frame_put(&b.world.sw.workers->pool, f);
	ok(in_order(&b), "nothing is held");
	tear_down(&b);
	fake_fini(&whole);
}

static void test_uncut(void)
{
	struct frame *f[3];
	struct bench b;

	set_up(&b);
	f[0] = plain(&b);
	f[1] = tcp(&b, 5000, SIZE);
	f[1]->vnet.gso_type = VIRTIO_NET_HDR_GSO_UDP;
	f[2] = plain(&b);
	read_all(&b, f, 3);
	is_int((int)b.out.sent.len, 2, "what cannot be cut is not sent");
	is_int((int)b.out.port->stats.drops[DROP_UNCUT], 1, "and is counted");
	f[0] = tcp(&b, 5000, SIZE);
	f[0]->vnet.gso_type = 77;
	b.out.port->offload = OFFLOAD_ALL;
	read_all(&b, f, 1);
	is_int((int)b.out.port->stats.drops[DROP_UNCUT], 2,
	       "what nobody knows goes nowhere");
	ok(in_order(&b), "nothing is held");
	tear_down(&b);
}

/* A client leaves while a frame for it is being cut. */
static void test_close(void)
{
	struct frame *f;
	struct bench b;

	set_up(&b);
	fake_room(&b.out, 3);
	f = tcp(&b, 60000, 100);
	read_all(&b, &f, 1);
	ok(!stage_empty(&b.out.port->stage) && in_order(&b), "amid a frame");
	port_close(b.out.port);
	fake_settle(&b.world.loop);
	is_int((int)b.world.sw.workers->pool.used, 0,
	       "the end of the port frees all of it");
	/* A burst of 64 without the 3 that went, and what was not yet cut. */
	is_int((int)b.world.sw.gone.drops[DROP_CLOSED], 62, "and counts it");
	tear_down(&b);
}

int main(void)
{
	test_cut();
	test_order();
	test_stall(1);
	test_stall(3);
	test_stall(10);
	test_whole(OFFLOAD_ALL, true, "whole where all of it is taken");
	test_whole(OFFLOAD_ALL & ~OFFLOAD_ECN, false, "cut without ECN");
	test_whole(OFFLOAD_ALL & ~OFFLOAD_TSO4, false, "cut without TSO");
	test_flood();
	test_uncut();
	test_close();
	return tap_done();
}
