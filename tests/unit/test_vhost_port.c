// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/port_vhost_user: guests that say what they have to say in either
 * order, frames both ways, when they are called, guests without buffers, large
 * frames, rings that stop and start again, and guests that are none.
 */
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "common/unixsock.h"
#include "tests/helpers/vguest.h"
#include "tests/unit/fake.h"
#include "tests/unit/tap.h"
#include "uml_router/backend.h"
#include "uml_router/vhost_msg.h"

#define NUM 64
/** Where a large frame is cut. */
#define MSS 1448
/** Octets of the headers of large_frame(). */
#define HEADERS 54

/** struct bench - A switch with a listener, a fake port and a guest */
struct bench {
	struct fake_world world;
	struct fake other;
	struct vguest g;
};

static const struct virtio_net_hdr_v1 plain;

static int connect_guest(struct bench *b, struct vguest *g)
{
	char name[64];
	struct err err;
	int sock;

	snprintf(name, sizeof(name), "@test_vhost_port.%d", (int)getpid());
	sock = unixsock_connect(name, SOCK_STREAM, &err);
	if (sock < 0 || vguest_init(g, sock, NUM) < 0)
		tap_bail("cannot connect");
	fake_settle(&b->world.loop);
	return sock;
}

static void set_up(struct bench *b, unsigned int queue, enum port_policy policy)
{
	struct port_spec spec = { .perm = UNIXSOCK_PERM_DEFAULT };
	char name[64];
	struct err err;

	snprintf(name, sizeof(name), "@test_vhost_port.%d", (int)getpid());
	fake_world_init(&b->world, NULL);
	spec_init(&spec, &backend_vhost_user, name);
	spec.conf.queue = queue;
	spec.conf.policy = policy;
	if (backend_vhost_user.open(&b->world.sw, &spec, &err) < 0)
		tap_bail(err.text);
	fake_plug(&b->other, &b->world.sw, "other", 256, POLICY_DROP);
	connect_guest(b, &b->g);
}

static struct port *port_of(struct bench *b)
{
	return sw_find(&b->world.sw, "vhost-user0");
}

static void tear_down(struct bench *b)
{
	const char *wrong = fake_check(&b->world.sw);

	if (wrong)
		is_str(wrong, NULL, "the switch is in order");
	vguest_fini(&b->g);
	fake_settle(&b->world.loop);
	ok(!port_of(b), "who leaves is gone");
	fake_world_fini(&b->world);
	fake_fini(&b->other);
}

/* With buffers and rings that run. */
static void plug(struct bench *b, uint64_t features)
{
	vguest_offer(&b->g);
	if (vguest_say_all(&b->g, features) < 0)
		tap_bail("cannot speak");
	fake_settle(&b->world.loop);
}

/* Station 1 is the guest, 2 the other. */
static void guest_sends(struct bench *b, uint32_t to, uint32_t number)
{
	uint8_t frame[FAKE_LEN] = { 0 };
	uint16_t before = b->g.tx.next;

	fake_head(frame, 1, to, number);
	if (!vguest_send(&b->g, &plain, frame, sizeof(frame)))
		tap_bail("no room in the transmit ring");
	vguest_kick(&b->g.tx, before);
}

static void meet(struct bench *b)
{
	struct virtio_net_hdr_v1 vnet;

	guest_sends(b, FAKE_ALL, 0);
	fake_put(&b->other, 2, FAKE_ALL, 0);
	fake_settle(&b->world.loop);
	b->other.sent.len = 0;
	while (vguest_receive(&b->g, &vnet, NULL, 0))
		;
}

/* Frames that the guest has got, numbered from @first without a gap. */
static uint32_t received(struct bench *b, uint32_t first)
{
	uint8_t frame[VGUEST_BUFFER] = { 0 };
	struct virtio_net_hdr_v1 vnet;
	struct fake_frame f;
	uint32_t n = 0;

	while (vguest_receive(&b->g, &vnet, frame, sizeof(frame))) {
		memcpy(f.head, frame, FAKE_HEAD);
		if (fake_number(&f) != first + n)
			break;
		n++;
	}
	return n;
}

static void test_both_ways(void)
{
	struct bench b;
	uint32_t i;

	set_up(&b, 256, POLICY_DROP);
	fake_put(&b.other, 2, FAKE_ALL, 0);
	fake_settle(&b.world.loop);
	is_int((intmax_t)port_of(&b)->stats.drops[DROP_LINK_DOWN], 1,
	       "no link without rings");
	plug(&b, VGUEST_PLAIN);
	ok(port_of(&b) && !port_of(&b)->no_link, "a link with rings");
	meet(&b);
	for (i = 0; i < NUM; i++)
		guest_sends(&b, 2, i);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&b.other, 0, NUM), "from the guest, a ring full");
	is_int(b.g.tx.ring.used->idx, b.g.tx.next, "buffers are given back");
	for (i = 0; i < NUM / 2; i++)
		fake_put(&b.other, 2, 1, i);
	fake_settle(&b.world.loop);
	is_int(received(&b, 0), NUM / 2, "to the guest");
	tear_down(&b);
}

/* A header of ten octets, or of twelve without mergeable buffers: one frame each
 * way, and what the guest finds as the number of its buffers. */
static void expect_header(uint64_t features, uint32_t header, uint16_t buffers,
			  const char *what)
{
	struct virtio_net_hdr_v1 vnet = { .num_buffers = 77 };
	uint8_t frame[VGUEST_BUFFER];
	struct bench b;
	size_t len;

	set_up(&b, 256, POLICY_DROP);
	b.g.header = header;
	plug(&b, features);
	guest_sends(&b, 2, 5);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&b.other, 5, 1), "%s: from the guest", what);
	is_int((intmax_t)port_of(&b)->stats.rx.bytes, FAKE_LEN,
	       "without the header");
	memset(frame, 0xaa, sizeof(frame));
	fake_put(&b.other, 2, 1, 6);
	fake_settle(&b.world.loop);
	len = vguest_receive(&b.g, &vnet, frame, sizeof(frame));
	is_int((intmax_t)len, FAKE_LEN, "%s: to the guest", what);
	is_int(frame[5], 1, "the frame begins behind the header");
	is_int(vnet.num_buffers, buffers, "the number of buffers");
	ok(!vnet.flags && !vnet.gso_type, "and nothing is asked of the guest");
	tear_down(&b);
}

static void test_headers(void)
{
	uint64_t old = 1ULL << 30 | 1ULL << VIRTIO_RING_F_EVENT_IDX;

	expect_header(old, VGUEST_HEADER_OLD, 77, "10 octets");
	expect_header(old | 1ULL << VIRTIO_NET_F_MRG_RXBUF, VGUEST_HEADER, 1,
		      "mergeable buffers");
	expect_header(old | 1ULL << 32, VGUEST_HEADER, 1, "version 1");
}

/* As QEMU does it: calls and enabling before features. */
static void test_other_order(void)
{
	struct bench b;
	unsigned int i;

	set_up(&b, 256, POLICY_DROP);
	vguest_offer(&b.g);
	vguest_say(&b.g, VHOST_GET_FEATURES, 0, NULL, 0, NULL, 0);
	fake_settle(&b.world.loop);
	ok(!((uint64_t)vguest_answer(&b.g) >> VIRTIO_NET_F_MQ & 1),
	   "more queues are not offered to who does not know of them");
	vguest_say_number(&b.g, VHOST_SET_PROTOCOL_FEATURES,
			  VHOST_PROTOCOL_MQ | VHOST_PROTOCOL_REPLY_ACK);
	vguest_say(&b.g, VHOST_GET_QUEUE_NUM, 0, NULL, 0, NULL, 0);
	fake_settle(&b.world.loop);
	is_int(vguest_answer(&b.g), 8, "queues");
	for (i = 0; i < 2; i++)
		vguest_say_state(&b.g, VHOST_SET_VRING_ENABLE, i, 1);
	vguest_say_number(&b.g, VHOST_SET_FEATURES,
			  VGUEST_PLAIN | 1ULL << VIRTIO_NET_F_MQ);
	vguest_say_memory(&b.g);
	ok(port_of(&b)->no_link, "not yet");
	for (i = 0; i < 2; i++)
		vguest_say_ring(&b.g, i, 0);
	fake_settle(&b.world.loop);
	ok(!port_of(&b)->no_link, "now");
	meet(&b);
	guest_sends(&b, 2, 5);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&b.other, 5, 1), "a frame");
	tear_down(&b);
}

static void test_without_kick(void)
{
	uint8_t frame[FAKE_LEN] = { 0 };
	struct bench b;

	set_up(&b, 256, POLICY_DROP);
	plug(&b, VGUEST_PLAIN);
	meet(&b);
	fake_head(frame, 1, 2, 1);
	vguest_send(&b.g, &plain, frame, sizeof(frame));
	fake_settle(&b.world.loop);
	is_int((intmax_t)b.other.sent.len, 0, "an idle ring is not looked at");
	ok(vring_avail_event(&b.g.tx.ring) == (uint16_t)(b.g.tx.next - 1),
	   "a kick is asked for");
	tear_down(&b);
}

/* Rings stop, the frames in them stay, and go when they start again. */
static void test_stop(void)
{
	struct bench b;

	set_up(&b, 256, POLICY_DROP);
	plug(&b, VGUEST_PLAIN);
	meet(&b);
	vguest_say_state(&b.g, VHOST_GET_VRING_BASE, 1, 0);
	fake_settle(&b.world.loop);
	is_int(vguest_answer(&b.g) >> 32, 1, "the base is what was taken");
	guest_sends(&b, 2, 7);
	fake_settle(&b.world.loop);
	is_int((intmax_t)b.other.sent.len, 0,
	       "a ring that stopped is not read");
	vguest_say_ring(&b.g, 1, 1);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&b.other, 7, 1), "it is when it has started again");

	vguest_say_state(&b.g, VHOST_SET_VRING_ENABLE, 0, 0);
	vguest_say_state(&b.g, VHOST_SET_VRING_ENABLE, 1, 0);
	fake_settle(&b.world.loop);
	ok(port_of(&b)->no_link, "disabled: no link");
	memset(b.g.rx.ring.avail, 0xff, 6);
	fake_put(&b.other, 2, 1, 1);
	guest_sends(&b, 2, 8);
	fake_settle(&b.world.loop);
	ok(port_of(&b) && b.other.sent.len == 1,
	   "memory of a disabled ring may be anything");
	tear_down(&b);
}

/* A driver that is loaded again: as UML does it. */
static void test_again(void)
{
	struct bench b;
	int i;

	set_up(&b, 256, POLICY_DROP);
	plug(&b, VGUEST_PLAIN);
	meet(&b);
	for (i = 0; i < 3; i++) {
		vguest_say_state(&b.g, VHOST_SET_VRING_ENABLE, 1, 0);
		vguest_say_state(&b.g, VHOST_SET_VRING_ENABLE, 0, 0);
		fake_settle(&b.world.loop);
		memset(b.g.mem, 0, b.g.size);
		close(b.g.rx.kick);
		close(b.g.tx.kick);
		close(b.g.rx.call);
		close(b.g.tx.call);
		munmap(b.g.mem, b.g.size);
		close(b.g.file);
		if (vguest_init(&b.g, b.g.sock, NUM) < 0)
			tap_bail("no guest");
		plug(&b, VGUEST_OFFLOAD);
		meet(&b);
		b.other.sent.len = 0;
		guest_sends(&b, 2, 3);
		fake_put(&b.other, 2, 1, 4);
		fake_settle(&b.world.loop);
		ok(fake_in_order(&b.other, 3, 1) && received(&b, 4) == 1,
		   "loaded again");
	}
	tear_down(&b);
}

/* Frames wait for buffers, and go when there are some. */
static void test_no_buffers(void)
{
	struct virtio_net_hdr_v1 vnet;
	struct bench b;
	uint16_t before;
	uint32_t i;

	set_up(&b, 100, POLICY_BLOCK);
	plug(&b, VGUEST_PLAIN);
	meet(&b);
	for (i = 0; i < NUM + 300; i++)
		fake_put(&b.other, 2, 1, i);
	fake_settle(&b.world.loop);
	ok(port_of(&b)->stalled && b.other.port->held,
	   "no buffers: the queue fills, its sender waits");
	is_str(fake_check(&b.world.sw), NULL, "in order");
	before = b.g.rx.next;
	for (i = 0; vguest_receive(&b.g, &vnet, NULL, 0); i++)
		;
	is_int(i, NUM, "one frame a buffer");
	fake_settle(&b.world.loop);
	ok(port_of(&b)->stalled, "nothing happens before a kick");
	vguest_kick(&b.g.rx, before);
	fake_settle(&b.world.loop);
	before = b.g.rx.next;
	is_int(received(&b, NUM), NUM, "a kick brings more");
	vguest_kick(&b.g.rx, before);
	for (i = 2 * NUM; i < NUM + 300 && port_of(&b); i += NUM) {
		fake_settle(&b.world.loop);
		before = b.g.rx.next;
		received(&b, i);
		vguest_kick(&b.g.rx, before);
	}
	fake_settle(&b.world.loop);
	is_int((intmax_t)port_of(&b)->stats.tx.frames, NUM + 300 + 1,
	       "all arrive");
	ok(!b.other.port->held && !port_of(&b)->stalled, "and nobody waits");
	tear_down(&b);
}

/* TCP of IPv4, @len octets, each payload octet by its place. */
static void large_frame(uint8_t *frame, uint32_t len,
			struct virtio_net_hdr_v1 *vnet)
{
	uint32_t i;

	memset(frame, 0, HEADERS);
	fake_head(frame, 1, 2, 0);
	frame[12] = 8;
	frame[13] = 0;
	frame[14] = 0x45;
	frame[16] = (uint8_t)((len - 14) >> 8);
	frame[17] = (uint8_t)(len - 14);
	frame[22] = 64;
	frame[23] = 6;
	frame[46] = 0x50;
	for (i = HEADERS; i < len; i++)
		frame[i] = (uint8_t)(i * 7 + i / 251);
	*vnet = (struct virtio_net_hdr_v1){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.gso_size = MSS,
		.hdr_len = HEADERS,
		.csum_start = 34,
		.csum_offset = 16,
	};
}

static bool payload_right(const uint8_t *frame, uint32_t len)
{
	uint32_t i;

	for (i = HEADERS; i < len; i++)
		if (frame[i] != (uint8_t)(i * 7 + i / 251))
			return false;
	return true;
}

/* The guest sends it from the memory of several buffers, as two descriptors. */
static void guest_sends_large(struct bench *b, uint32_t len)
{
	struct vguest_ring *r = &b->g.tx;
	uint16_t i = r->next % NUM, before = r->next;
	struct virtio_net_hdr_v1 vnet;
	uint8_t *at = r->buffers;

	large_frame(at + VGUEST_HEADER, len, &vnet);
	memcpy(at, &vnet, VGUEST_HEADER);
	r->ring.desc[i] = (struct vring_desc){ vguest_at(&b->g, at), 5000,
					       VRING_DESC_F_NEXT,
					       (uint16_t)(i + 1) };
	r->ring.desc[i + 1] = (struct vring_desc){ vguest_at(&b->g, at + 5000),
						   VGUEST_HEADER + len - 5000,
						   0, 0 };
	r->ring.avail->ring[r->next++ % NUM] = i;
	__atomic_store_n(&r->ring.avail->idx, r->next, __ATOMIC_RELEASE);
	vguest_kick(r, before);
}

/* The only thing that a back end without @takes_rest ever sees. */
static int send_whole(struct port *port, struct frame *const frames[],
		      unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (frames[i]->borrowed ||
		    !payload_right(frames[i]->data, frames[i]->len))
			ok(false, "a frame is whole");
	return (int)n;
}

static void test_large_out(void)
{
	const uint32_t len = 60000, segments = (len - HEADERS + MSS - 1) / MSS;
	struct bench b;

	set_up(&b, 256, POLICY_DROP);
	plug(&b, VGUEST_OFFLOAD);
	meet(&b);
	guest_sends_large(&b, len);
	fake_settle(&b.world.loop);
	is_int((intmax_t)b.other.sent.len, segments,
	       "cut for a port that takes no more");
	is_int((intmax_t)port_of(&b)->stats.rx.bytes, 60 + len,
	       "counted as it came");
	b.other.sent.len = 0;
	b.other.port->offload = OFFLOAD_CSUM | OFFLOAD_TSO4;
	guest_sends_large(&b, len);
	fake_settle(&b.world.loop);
	ok(b.other.sent.len == 1 && b.other.sent.at[0].len == len,
	   "whole for one that does");
	b.other.ops.send = send_whole;
	guest_sends_large(&b, len);
	fake_settle(&b.world.loop);
	is_int((intmax_t)b.other.port->stats.tx.frames, 1 + segments + 2,
	       "and complete");
	tear_down(&b);
}

/* The ring does not wait with a frame that waits. */
static void test_lent(void)
{
	struct bench b;
	const struct frame *f;
	uint8_t *at;

	set_up(&b, 256, POLICY_DROP);
	plug(&b, VGUEST_OFFLOAD);
	meet(&b);
	b.other.port->offload = OFFLOAD_CSUM | OFFLOAD_TSO4;
	b.other.ops.takes_rest = true;
	fake_room(&b.other, 0);
	at = b.g.tx.buffers + VGUEST_HEADER;
	guest_sends_large(&b, 60000);
	fake_settle(&b.world.loop);
	is_int(b.g.tx.ring.used->idx, b.g.tx.next, "given back at once");
	memset(at, 0xee, 60000);
	is_int(b.other.port->queue.len, 1, "it waits");
	f = b.other.port->queue
		    .ring[b.other.port->queue.head & b.other.port->queue.mask];
	ok(!f->borrowed && f->len == 60000 && payload_right(f->data, f->len),
	   "complete, as it was");
	fake_room(&b.other, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	tear_down(&b);
}

/* A second guest on the same switch, station 2. */
static void plug_second(struct bench *b, struct vguest *second,
			uint64_t features)
{
	uint8_t hello[FAKE_LEN] = { 0 };

	connect_guest(b, second);
	vguest_offer(second);
	vguest_say_all(second, features);
	fake_settle(&b->world.loop);
	fake_head(hello, 2, FAKE_ALL, 0);
	vguest_send(second, &plain, hello, sizeof(hello));
	vguest_kick(&second->tx, 0);
	fake_settle(&b->world.loop);
}

static void unplug_second(struct bench *b, struct vguest *second)
{
	vguest_fini(second);
	fake_settle(&b->world.loop);
}

/* To a guest that takes no large frames. */
static void test_cut(void)
{
	const uint32_t len = 60000, segments = (len - HEADERS + MSS - 1) / MSS;
	static uint8_t whole[65536], frame[VGUEST_BUFFER];
	struct virtio_net_hdr_v1 vnet;
	struct vguest second;
	uint32_t n = 0, end = HEADERS, left = 0;
	struct bench b;
	size_t got;

	set_up(&b, 256, POLICY_DROP);
	plug(&b, VGUEST_OFFLOAD);
	plug_second(&b, &second, VGUEST_PLAIN);
	guest_sends_large(&b, len);
	fake_settle(&b.world.loop);
	while ((got = vguest_receive(&second, &vnet, frame, sizeof(frame)))) {
		memcpy(whole + end, frame + HEADERS, got - HEADERS);
		end += (uint32_t)got - HEADERS;
		left += vnet.gso_type || vnet.flags;
		n++;
	}
	ok(n == segments && !left, "cut, with nothing left to do");
	ok(end == len && payload_right(whole, len), "all of the payload");
	unplug_second(&b, &second);
	tear_down(&b);
}

/* To one that does: over several buffers, and when they do not suffice, later. */
static void test_uncut(void)
{
	static uint8_t frame[65536];
	const uint32_t len = 60000;
	struct virtio_net_hdr_v1 vnet;
	struct vguest second;
	unsigned int good = 0;
	struct bench b;
	uint16_t before;
	int i;

	set_up(&b, 256, POLICY_DROP);
	plug(&b, VGUEST_OFFLOAD);
	plug_second(&b, &second, VGUEST_OFFLOAD);
	for (i = 0; i < 6; i++) {
		guest_sends_large(&b, len);
		fake_settle(&b.world.loop);
	}
	is_int(second.rx.ring.used->idx, 2 * (len + 12 + 2047) / 2048,
	       "as many as there are buffers for");
	for (i = 0; i < 3; i++) {
		before = second.rx.next;
		while (vguest_receive(&second, &vnet, frame, sizeof(frame)) ==
		       len)
			good += vnet.gso_type == VIRTIO_NET_HDR_GSO_TCPV4 &&
				vnet.num_buffers == (len + 12 + 2047) / 2048 &&
				payload_right(frame, len);
		vguest_kick(&second.rx, before);
		fake_settle(&b.world.loop);
	}
	is_int(good, 6, "all arrive, as they were");
	for (i = 0; i < NUM; i++)
		fake_put(&b.other, 3, 2, 0);
	fake_settle(&b.world.loop);
	is_int(second.rx.ring.used->idx, second.rx.next,
	       "no buffer was forgotten");
	unplug_second(&b, &second);
	tear_down(&b);
}

/* What a tap says of a frame from outside is not for every guest. */
static void test_flags(bool takes_them)
{
	struct virtio_net_hdr_v1 vnet;
	struct frame *frame;
	struct bench b;

	set_up(&b, 256, POLICY_DROP);
	plug(&b, takes_them ? VGUEST_OFFLOAD : VGUEST_PLAIN);
	meet(&b);
	frame = frame_get(&b.world.sw.workers->pool);
	if (!frame)
		tap_bail("no frame");
	fake_head(frame->data, 2, 1, 0);
	frame->vnet.flags = VIRTIO_NET_HDR_F_DATA_VALID;
	frame_filled(&b.world.sw.workers->pool, frame, FAKE_LEN);
	port_rx(b.other.port, &frame, 1);
	ok(vguest_receive(&b.g, &vnet, NULL, 0) == FAKE_LEN &&
		   !vnet.flags == !takes_them,
	   "a flag %s", takes_them ? "for who knows it" : "that is taken away");
	tear_down(&b);
}

static void test_malformed(void)
{
	struct virtio_net_hdr_v1 vnet;
	uint8_t frame[1500];
	struct bench b;

	set_up(&b, 256, POLICY_DROP);
	plug(&b, VGUEST_OFFLOAD);
	meet(&b);
	large_frame(frame, sizeof(frame), &vnet);
	vnet.csum_start = 1499;
	vguest_send(&b.g, &vnet, frame, sizeof(frame));
	large_frame(frame, sizeof(frame), &vnet);
	vnet.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
	vguest_send(&b.g, &vnet, frame, sizeof(frame));
	vguest_send(&b.g, &plain, frame, 0);
	vguest_kick(&b.g.tx, (uint16_t)(b.g.tx.next - 3));
	fake_settle(&b.world.loop);
	is_int((intmax_t)port_of(&b)->stats.drops[DROP_MALFORMED], 3,
	       "headers that are not true, and a frame without octets");
	is_int(b.g.tx.ring.used->idx, b.g.tx.next, "are given back");
	b.g.tx.ring.desc[b.g.tx.next % NUM].addr = 0;
	b.g.tx.ring.avail->idx = ++b.g.tx.next;
	vguest_kick(&b.g.tx, (uint16_t)(b.g.tx.next - 1));
	fake_settle(&b.world.loop);
	ok(port_of(&b) && port_of(&b)->stats.drops[DROP_MALFORMED] == 4,
	   "a buffer outside of the memory");
	b.g.tx.ring.avail->idx = (uint16_t)(b.g.tx.next + NUM + 1);
	vguest_kick(&b.g.tx, b.g.tx.next++);
	fake_settle(&b.world.loop);
	ok(!port_of(&b), "a ring that is broken ends the port");
	tear_down(&b);
}

static void test_shrunken(void)
{
	struct bench b;

	set_up(&b, 256, POLICY_DROP);
	plug(&b, VGUEST_PLAIN);
	meet(&b);
	guest_sends(&b, 2, 1);
	if (ftruncate(b.g.file, 0) < 0)
		tap_bail("ftruncate");
	fake_settle(&b.world.loop);
	ok(!port_of(&b) && b.other.port,
	   "a guest that shrinks its memory goes");
	vguest_fini(&b.g);
	connect_guest(&b, &b.g);
	plug(&b, VGUEST_PLAIN);
	meet(&b);
	if (ftruncate(b.g.file, 0) < 0)
		tap_bail("ftruncate");
	fake_put(&b.other, 2, 1, 1);
	fake_settle(&b.world.loop);
	ok(!port_of(&b), "when frames are sent to it, too");
	tear_down(&b);
}

/* Of two regions, that with the buffers of the transmit ring. */
static void test_half_shrunken(void)
{
	struct {
		uint32_t count, padding;
		struct vhost_region regions[2];
	} table = { .count = 2 };
	uint64_t first;
	struct bench b;
	int fds[2];

	set_up(&b, 256, POLICY_DROP);
	first = (uint64_t)(b.g.tx.buffers - b.g.mem);
	fds[0] = fds[1] = b.g.file;
	table.regions[0] = (struct vhost_region){ VGUEST_GUEST, first,
						  VGUEST_USER, 0 };
	table.regions[1] = (struct vhost_region){ VGUEST_GUEST + first,
						  b.g.size - first,
						  VGUEST_USER + first, first };
	plug(&b, VGUEST_PLAIN);
	vguest_say(&b.g, VHOST_SET_MEM_TABLE, 0, &table, sizeof(table), fds, 2);
	fake_settle(&b.world.loop);
	meet(&b);
	guest_sends(&b, 2, 1);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&b.other, 1, 1), "another table, while rings run");
	guest_sends(&b, 2, 2);
	if (ftruncate(b.g.file, (off_t)first) < 0)
		tap_bail("ftruncate");
	fake_settle(&b.world.loop);
	ok(!port_of(&b), "rings are there, buffers are not");
	tear_down(&b);
}

/* What the guest says ends its port. */
static void expect_end(const char *what, uint32_t request, const void *payload,
		       uint32_t size, unsigned int fds)
{
	int some[10] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct bench b;

	set_up(&b, 256, POLICY_DROP);
	vguest_say(&b.g, request, 0, payload, size, some, fds);
	fake_settle(&b.world.loop);
	ok(!port_of(&b), "%s ends the port", what);
	is_int((intmax_t)b.world.sw.stats.bad_requests, 1, "and is counted");
	tear_down(&b);
}

static void test_bad_guests(void)
{
	static const uint8_t nonsense[1000];
	uint64_t number = 1;
	uint64_t log[2] = { 4096, 0 };
	struct vhost_state state = { 16, 1 };

	expect_end("nonsense", 1, nonsense, sizeof(nonsense), 0);
	expect_end("an unknown request", 4711, NULL, 0, 0);
	expect_end("the log of migration", 6, log, 16, 1);
	expect_end("features that were not offered", VHOST_SET_FEATURES,
		   &(uint64_t){ 1ULL << 63 }, 8, 0);
	expect_end("a ring that there is not", VHOST_SET_VRING_ENABLE, &state,
		   8, 0);
	expect_end("a kick without a descriptor", VHOST_SET_VRING_KICK, &number,
		   8, 0);
	expect_end("nine descriptors", VHOST_SET_OWNER, NULL, 0, 9);
	expect_end("a terminal or file to be kicked by", VHOST_SET_VRING_KICK,
		   &number, 8, 1);
}

static void test_refusals(void)
{
	uint64_t log[2] = { 4096, 0 };
	struct {
		uint32_t count, padding;
		struct vhost_region region;
	} table = { 1, 0, { 0, 1 << 30, 0, 0 } };
	struct bench b;
	uint64_t pad = 0;

	set_up(&b, 256, POLICY_DROP);
	vguest_say(&b.g, 6, 8, log, sizeof(log), &b.g.file, 1);
	fake_settle(&b.world.loop);
	is_int(vguest_answer(&b.g), 1, "no log, and it says so");
	vguest_say(&b.g, VHOST_SET_MEM_TABLE, 8, &table, sizeof(table),
		   &b.g.file, 1);
	fake_settle(&b.world.loop);
	is_int(vguest_answer(&b.g), 1, "no table beyond the file");
	vguest_say(&b.g, VHOST_SET_PROTOCOL_FEATURES, 8, &(uint64_t){ 1 << 14 },
		   8, NULL, 0);
	fake_settle(&b.world.loop);
	is_int(vguest_answer(&b.g), 1, "no notifications in band");
	vguest_say(&b.g, VHOST_SET_VRING_CALL, 8, &pad, 8, &b.g.rx.call, 1);
	fake_settle(&b.world.loop);
	is_int(vguest_answer(&b.g), 0, "what is done is answered, too");
	ok(port_of(&b) != NULL, "who asks for answers may stay");
	tear_down(&b);
}

/* How often the guest was called since. */
static uint64_t calls(const struct vguest_ring *r)
{
	struct pollfd pfd = { .fd = r->call, .events = POLLIN };
	uint64_t n = 0;

	if (poll(&pfd, 1, 0) == 1 && read(r->call, &n, sizeof(n)) < 0)
		tap_bail("read");
	return n;
}

static void let_time_pass(struct bench *b)
{
	uint64_t end = fake_clock_ms() + 3;

	while (b->world.loop.now < end)
		loop_turn(&b->world.loop, 1);
}

/* It has seen all that is there, and wants to hear of the next. */
static void want_call(struct vguest_ring *r)
{
	vring_used_event(&r->ring) = r->ring.used->idx;
}

/* Frames from the guest that are taken, with an answer behind them, for which it
 * is called: it is not told of its own then, unless all that took a while. Then
 * once more. */
static void send_answered(struct bench *b, uint32_t n)
{
	uint64_t since;
	uint32_t i;

	do {
		let_time_pass(b);
		calls(&b->g.tx);
		want_call(&b->g.tx);
		since = fake_clock_ms();
		for (i = 0; i < n; i++)
			guest_sends(b, 2, i);
		loop_turn(&b->world.loop, 0);
		fake_put(&b->other, 2, 1, 0);
		fake_settle(&b->world.loop);
	} while (fake_clock_ms() != since);
}

static void test_calls(void)
{
	struct bench b;
	uint32_t i;

	set_up(&b, 256, POLICY_DROP);
	plug(&b, VGUEST_PLAIN);
	meet(&b);
	let_time_pass(&b);
	calls(&b.g.rx);
	want_call(&b.g.rx);
	fake_put(&b.other, 2, 1, 0);
	fake_settle(&b.world.loop);
	is_int((intmax_t)calls(&b.g.rx), 1, "called at once for a frame");

	calls(&b.g.tx);
	want_call(&b.g.tx);
	guest_sends(&b, 2, 0);
	fake_settle(&b.world.loop);
	is_int((intmax_t)calls(&b.g.tx), 1, "told that its own was taken");
	send_answered(&b, NUM / 2 - 1);
	is_int(b.g.tx.ring.used->idx, b.g.tx.next, "more are taken");
	is_int((intmax_t)calls(&b.g.tx), 0,
	       "of which it is not told when it is called for others");
	let_time_pass(&b);
	is_int((intmax_t)calls(&b.g.tx), 1, "but in a moment");
	send_answered(&b, 1);
	want_call(&b.g.tx);
	let_time_pass(&b);
	is_int((intmax_t)calls(&b.g.tx), 0, "unless it has seen that itself");
	send_answered(&b, 1);
	want_call(&b.g.tx);
	for (i = 0; i < NUM / 2; i++)
		guest_sends(&b, 2, i);
	fake_settle(&b.world.loop);
	is_int((intmax_t)calls(&b.g.tx), 1,
	       "of half a ring it is told at once");
	tear_down(&b);
}

static void test_half(void)
{
	uint32_t header[3] = { VHOST_SET_FEATURES, 1, 8 };
	struct bench b;

	set_up(&b, 256, POLICY_DROP);
	ok(!list_empty(&b.world.loop.timers), "a first word is awaited");
	vguest_say(&b.g, VHOST_SET_OWNER, 0, NULL, 0, NULL, 0);
	fake_settle(&b.world.loop);
	ok(list_empty(&b.world.loop.timers), "then nothing more");
	if (send(b.g.sock, header, 7, 0) != 7)
		tap_bail("send");
	fake_settle(&b.world.loop);
	ok(port_of(&b), "half a header");
	ok(list_empty(&b.world.loop.work), "is not asked for again and again");
	b.world.loop.now += 9000;
	if (send(b.g.sock, (char *)header + 7, 5, 0) != 5)
		tap_bail("send");
	fake_settle(&b.world.loop);
	ok(!list_empty(&b.world.loop.timers),
	   "the rest is awaited, for a time");
	tear_down(&b);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	test_both_ways();
	test_headers();
	test_other_order();
	test_without_kick();
	test_stop();
	test_again();
	test_no_buffers();
	test_large_out();
	test_lent();
	test_cut();
	test_uncut();
	test_flags(true);
	test_flags(false);
	test_malformed();
	test_shrunken();
	test_half_shrunken();
	test_bad_guests();
	test_refusals();
	test_calls();
	test_half();
	return tap_done();
}
