// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/msgio on real sockets: message boundaries, the longest frame and
 * longer ones, senders' addresses, the end of a connection, what an error of
 * the kernel means, and ports that are made of all this.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tests/unit/fake.h"
#include "tests/unit/tap.h"
#include "uml_router/msgio.h"

/* A switch, and a connected pair of sockets. */
struct bench {
	struct fake_world world;
	int own, peer;
};

static void set_up(struct bench *b, int type)
{
	int ends[2];

	fake_world_init(&b->world, NULL);
	if (socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
		tap_bail("socketpair");
	b->own = ends[0];
	b->peer = ends[1];
}

static void tear_down(struct bench *b)
{
	fake_world_fini(&b->world);
	if (b->own >= 0)
		close(b->own);
	if (b->peer >= 0)
		close(b->peer);
}

/* A message of @len octets that says its own length in its first two. */
static bool say(int fd, size_t len)
{
	static unsigned char octets[FRAME_MAX + 100];

	octets[0] = (unsigned char)(len >> 8);
	octets[1] = (unsigned char)len;
	return send(fd, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	       (ssize_t)len;
}

static bool is_frame(const struct frame *f, size_t len)
{
	return f->len == len && f->refs == 1 &&
	       f->data[0] == (uint8_t)(len >> 8) && f->data[1] == (uint8_t)len;
}

static int receive(struct bench *b, struct msgio_burst *burst)
{
	burst->from = NULL;
	return msgio_recv(b->world.sw.workers, b->own, burst);
}

static void put_all(struct bench *b, struct msgio_burst *burst)
{
	unsigned int i;

	for (i = 0; i < burst->n; i++)
		frame_put(&b->world.sw.workers->pool, burst->frames[i]);
	burst->n = 0;
}

/* --- receiving ----------------------------------------------------------- */

static void test_receive(int type, const char *kind)
{
	struct msgio_burst burst;
	struct bench b;
	size_t idle;

	set_up(&b, type);
	is_int(receive(&b, &burst), 0, "%s: nothing to read is no failure",
	       kind);
	ok(!burst.n && !burst.empty && !burst.lost && !burst.eof, "%s: nothing",
	   kind);
	idle = b.world.sw.workers->pool.used;
	ok(say(b.peer, 60) && say(b.peer, 1514) && say(b.peer, 14),
	   "%s: three messages", kind);
	is_int(receive(&b, &burst), 0, "%s: are read", kind);
	ok(burst.n == 3 && is_frame(burst.frames[0], 60) &&
		   is_frame(burst.frames[1], 1514) &&
		   is_frame(burst.frames[2], 14) && !burst.empty && !burst.eof,
	   "%s: as three frames", kind);
	put_all(&b, &burst);
	receive(&b, &burst);
	ok(!burst.n && b.world.sw.workers->pool.used == idle,
	   "%s: their memory is used again", kind);
	tear_down(&b);
}

static void test_lengths(int type, const char *kind)
{
	struct msgio_burst burst;
	struct bench b;

	set_up(&b, type);
	ok(say(b.peer, FRAME_MAX) && say(b.peer, FRAME_MAX + 1) &&
		   say(b.peer, FRAME_MAX + 100),
	   "%s: long messages", kind);
	receive(&b, &burst);
	ok(burst.n == 3 && is_frame(burst.frames[0], FRAME_MAX) &&
		   burst.frames[0]->large,
	   "%s: the longest frame, whole", kind);
	ok(burst.n == 3 && burst.frames[1]->len == FRAME_MAX + 1 &&
		   burst.frames[2]->len == FRAME_MAX + 1,
	   "%s: longer ones are one octet too long", kind);
	put_all(&b, &burst);
	tear_down(&b);
}

/* A datagram socket's queue is short: it is filled and read in turns. */
static void test_many(int type, const char *kind)
{
	unsigned int sent = 0, got = 0, wrong = 0, i;
	struct msgio_burst burst;
	struct bench b;
	size_t idle;

	set_up(&b, type);
	receive(&b, &burst);
	idle = b.world.sw.workers->pool.used;
	while (sent < 5000) {
		while (sent < 5000 && say(b.peer, 14 + sent % 2000))
			sent++;
		receive(&b, &burst);
		for (i = 0; i < burst.n; i++)
			wrong += !is_frame(burst.frames[i], 14 + got++ % 2000);
		put_all(&b, &burst);
	}
	while (receive(&b, &burst) == 0 && burst.n) {
		got += burst.n;
		put_all(&b, &burst);
	}
	ok(got == 5000 && !wrong, "%s: many messages, in order", kind);
	is_int((intmax_t)b.world.sw.workers->pool.used, (intmax_t)idle,
	       "%s: no frame is lost to the pool", kind);
	tear_down(&b);
}

/* Frames that were given out may stay out for long. */
static void test_kept_frames(void)
{
	struct frame *kept[200];
	struct msgio_burst burst;
	unsigned int n = 0, i, wrong = 0;
	struct bench b;

	set_up(&b, SOCK_SEQPACKET);
	while (n < 200) {
		say(b.peer, 100 + n);
		receive(&b, &burst);
		if (burst.n != 1)
			break;
		kept[n++] = burst.frames[0];
	}
	for (i = 0; i < n; i++)
		wrong += !is_frame(kept[i], 100 + i);
	ok(n == 200 && !wrong, "frames given out are not written to again");
	for (i = 0; i < n; i++)
		frame_put(&b.world.sw.workers->pool, kept[i]);
	tear_down(&b);
}

static void test_burst(void)
{
	struct msgio_burst burst;
	struct bench b;
	int i;

	set_up(&b, SOCK_SEQPACKET);
	for (i = 0; i < FRAME_BURST + 6; i++)
		say(b.peer, 60);
	receive(&b, &burst);
	ok(burst.n == FRAME_BURST && !burst.eof, "a burst, no more");
	put_all(&b, &burst);
	receive(&b, &burst);
	is_int(burst.n, 6, "then the rest");
	put_all(&b, &burst);
	tear_down(&b);
}

static void test_empty(void)
{
	struct frame *kept[2];
	struct msgio_burst burst;
	struct bench b;
	size_t idle, i;

	set_up(&b, SOCK_DGRAM);
	say(b.peer, 20);
	say(b.peer, 0);
	say(b.peer, 0);
	say(b.peer, 21);
	say(b.peer, 0);
	receive(&b, &burst);
	ok(burst.n == 2 && is_frame(burst.frames[0], 20) &&
		   is_frame(burst.frames[1], 21) && burst.empty == 3 &&
		   !burst.eof,
	   "messages without an octet are counted");
	kept[0] = burst.frames[0];
	kept[1] = burst.frames[1];
	idle = b.world.sw.workers->pool.used;
	for (i = 0; i < 6; i++)
		say(b.peer, 30 + i);
	receive(&b, &burst);
	ok(burst.n == 6 && is_frame(burst.frames[5], 35) &&
		   is_frame(kept[0], 20) && is_frame(kept[1], 21),
	   "the frames between them are not written to again");
	put_all(&b, &burst);
	receive(&b, &burst);
	is_int((intmax_t)b.world.sw.workers->pool.used, (intmax_t)idle + 5,
	       "every place is filled again");
	frame_put(&b.world.sw.workers->pool, kept[0]);
	frame_put(&b.world.sw.workers->pool, kept[1]);
	tear_down(&b);
}

static void test_end(void)
{
	struct msgio_burst burst;
	struct bench b;

	set_up(&b, SOCK_SEQPACKET);
	say(b.peer, 30);
	say(b.peer, 31);
	close(b.peer);
	b.peer = -1;
	is_int(receive(&b, &burst), 0, "the end is no failure");
	ok(burst.n == 2 && burst.eof && is_frame(burst.frames[1], 31),
	   "what was sent before comes first");
	put_all(&b, &burst);
	ok(receive(&b, &burst) == 0 && !burst.n && burst.eof,
	   "then nothing but the end");
	tear_down(&b);
}

/* The peer leaves with messages unread: the kernel calls that a reset. */
static void test_reset(void)
{
	struct msgio_burst burst;
	struct bench b;

	set_up(&b, SOCK_SEQPACKET);
	say(b.own, 60);
	say(b.peer, 40);
	close(b.peer);
	b.peer = -1;
	is_int(receive(&b, &burst), 0, "a reset is no failure");
	ok(burst.n == 1 && is_frame(burst.frames[0], 40),
	   "and takes nothing that was sent before");
	put_all(&b, &burst);
	ok(receive(&b, &burst) == 0 && burst.eof, "then comes the end");
	tear_down(&b);
}

static void test_failure(void)
{
	struct msgio_burst burst;
	struct bench b;
	int ends[2];
	size_t idle;

	set_up(&b, SOCK_DGRAM);
	receive(&b, &burst);
	idle = b.world.sw.workers->pool.used;
	close(b.own);
	b.own = -1;
	errno = 0;
	ok(receive(&b, &burst) == -1 && errno == EBADF && !burst.n,
	   "a bad descriptor is a failure");
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		tap_bail("pipe");
	b.own = ends[0];
	ok(receive(&b, &burst) == -1 && errno == ENOTSOCK && !burst.n,
	   "so is a pipe");
	is_int((intmax_t)b.world.sw.workers->pool.used, (intmax_t)idle,
	       "no frame is lost");
	close(ends[1]);
	tear_down(&b);
}

/* --- without memory ------------------------------------------------------ */

/* What the tests below ask for must fail, not end the program. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* From now on the pool has @n frames and cannot get more: the list of its slabs
 * is full, and cannot become longer. */
static struct frame_pool leave_frames(struct frame_pool *pool, unsigned int n)
{
	struct frame_pool before = *pool;
	struct frame *last;

	for (last = pool->free; last && n > 1; n--)
		last = last->next;
	pool->free = n ? pool->free : NULL;
	if (last)
		last->next = NULL;
	pool->slab_count = pool->slab_room = (size_t)1 << 57;
	return before;
}

static void give_back(struct frame_pool *pool, const struct frame_pool *before)
{
	pool->slab_count = before->slab_count;
	pool->slab_room = before->slab_room;
}

static void test_few_frames(void)
{
	struct frame_pool before;
	struct msgio_burst burst;
	struct bench b;
	int i;

	set_up(&b, SOCK_SEQPACKET);
	frame_put(&b.world.sw.workers->pool,
		  frame_get(&b.world.sw.workers->pool));
	before = leave_frames(&b.world.sw.workers->pool, 3);
	for (i = 0; i < 5; i++)
		say(b.peer, 60);
	receive(&b, &burst);
	ok(burst.n == 3 && !burst.lost && !burst.eof,
	   "with memory for three frames, three are read");
	receive(&b, &burst);
	ok(!burst.n && burst.lost == 1, "without memory one is read and lost");
	give_back(&b.world.sw.workers->pool, &before);
	receive(&b, &burst);
	ok(burst.n == 1 && !burst.lost, "with memory again the rest is read");
	tear_down(&b);
}

/* --- addresses ----------------------------------------------------------- */

static int bound(const char *name, struct sockaddr_un *addr, socklen_t *len)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	*len = (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1 +
	       (socklen_t)snprintf(addr->sun_path + 1, 100, "%s-%d", name,
				   getpid());
	if (fd < 0 || bind(fd, (struct sockaddr *)addr, *len) < 0)
		tap_bail("bind");
	return fd;
}

static bool same_name(const struct sockaddr_storage *from, socklen_t from_len,
		      const struct sockaddr_un *want, socklen_t len)
{
	return from_len == len && !memcmp(from, want, len);
}

static void test_addresses(void)
{
	struct sockaddr_storage from[FRAME_BURST];
	struct sockaddr_un own, a, bb;
	struct msgio_burst burst = { .from = from };
	socklen_t own_len, a_len, bb_len;
	struct bench b;
	size_t octet;
	int fds[3], i;

	set_up(&b, SOCK_DGRAM);
	fds[0] = bound("uml-netutils-own", &own, &own_len);
	fds[1] = bound("uml-netutils-a", &a, &a_len);
	fds[2] = bound("uml-netutils-bb", &bb, &bb_len);
	for (i = 1; i <= 2; i++)
		if (connect(fds[i], (struct sockaddr *)&own, own_len) < 0)
			tap_bail("connect");
	say(fds[1], 20);
	say(fds[2], 0);
	say(fds[2], 21);
	say(fds[1], 22);
	msgio_recv(b.world.sw.workers, fds[0], &burst);
	ok(burst.n == 3 && burst.empty == 1, "three frames");
	ok(same_name(&from[0], burst.from_len[0], &a, a_len) &&
		   same_name(&from[1], burst.from_len[1], &bb, bb_len) &&
		   same_name(&from[2], burst.from_len[2], &a, a_len),
	   "each with its sender");
	ok(is_frame(burst.frames[1], 21) && is_frame(burst.frames[2], 22),
	   "each with its octets");
	put_all(&b, &burst);
	memset(from, 0xaa, sizeof(from));
	for (i = 0; i < 8; i++)
		say(fds[1], 23);
	burst.from = NULL;
	msgio_recv(b.world.sw.workers, fds[0], &burst);
	for (octet = 0; octet < sizeof(from); octet++)
		if (((unsigned char *)from)[octet] != 0xaa)
			break;
	ok(burst.n == 8 && octet == sizeof(from),
	   "who does not ask for senders is not told");
	put_all(&b, &burst);
	for (i = 0; i < 3; i++)
		close(fds[i]);
	tear_down(&b);
}

/* --- sending ------------------------------------------------------------- */

/* A port that is no more than a descriptor. */
static int send_frames(struct bench *b, struct frame *const frames[],
		       unsigned int n)
{
	struct port port = { .sw = &b->world.sw, .io.fd = b->own };

	return msgio_send(&port, frames, n);
}

static void get_frames(struct bench *b, struct frame *frames[], unsigned int n,
		       size_t len)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		frames[i] = frame_get(&b->world.sw.workers->pool);
		if (!frames[i])
			tap_bail("frame_get");
		memset(frames[i]->data, (int)i, len);
		frame_filled(&b->world.sw.workers->pool, frames[i], len);
	}
}

static void test_send(void)
{
	struct frame *frames[FRAME_BURST];
	unsigned char octets[200];
	unsigned int sent = 0, got = 0, wrong = 0;
	int n, blocked = 0, small = 1;
	struct bench b;

	set_up(&b, SOCK_DGRAM);
	setsockopt(b.own, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	get_frames(&b, frames, FRAME_BURST, 100);
	while (sent < FRAME_BURST) {
		n = send_frames(&b, frames + sent, FRAME_BURST - sent);
		if (n < 0)
			break;
		blocked += n < FRAME_BURST - (int)sent;
		sent += (unsigned int)n;
		if (send_frames(&b, frames + sent, FRAME_BURST - sent) > 0)
			wrong++;
		while (recv(b.peer, octets, sizeof(octets), MSG_DONTWAIT) ==
		       100)
			wrong += octets[0] != got++ || octets[99] != octets[0];
	}
	ok(sent == FRAME_BURST && got == sent && !wrong,
	   "a burst goes out in pieces, in order");
	ok(blocked > 0, "what does not fit is not sent");
	for (sent = 0; sent < FRAME_BURST; sent++)
		frame_put(&b.world.sw.workers->pool, frames[sent]);
	tear_down(&b);
}

static void test_send_errors(void)
{
	struct frame *frames[3];
	struct bench b;
	int small = 1;

	set_up(&b, SOCK_DGRAM);
	setsockopt(b.own, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	get_frames(&b, frames, 3, 60);
	frame_filled(&b.world.sw.workers->pool, frames[1], FRAME_MAX);
	is_int(send_frames(&b, frames, 3), 1, "up to the one that is refused");
	errno = 0;
	ok(send_frames(&b, frames + 1, 2) == -1 && errno == EMSGSIZE,
	   "which is told");
	is_int(msgio_send_error(EMSGSIZE), DROP_SEND_ERROR, "and dropped");
	is_int(send_frames(&b, frames + 2, 1), 1, "the next one goes");
	close(b.peer);
	b.peer = -1;
	errno = 0;
	ok(send_frames(&b, frames, 1) == -1 && errno == ECONNREFUSED,
	   "nobody is there");
	is_int(msgio_send_error(ECONNREFUSED), DROP_CLOSED, "counted so");
	is_int(msgio_send_error(EPIPE), DROP_CLOSED, "EPIPE");
	is_int(msgio_send_error(ECONNRESET), DROP_CLOSED, "ECONNRESET");
	is_int(msgio_send_error(ENOBUFS), DROP_SEND_ERROR, "ENOBUFS");
	is_int(msgio_send_error(ENOMEM), DROP_SEND_ERROR, "ENOMEM");
	is_int(msgio_send_error(EBADF), PORT_BROKEN, "EBADF");
	is_int(msgio_send_error(ENOTCONN), PORT_BROKEN, "ENOTCONN");
	tear_down(&b);
}

/* --- ports --------------------------------------------------------------- */

static void close_socket(struct port *port)
{
	close(port->io.fd);
}

static const struct port_ops socket_ops = {
	.type = "test",
	.hold_ms = HOLD_FOREVER,
	.ready = msgio_ready,
	.send = msgio_send,
	.send_error = msgio_send_error,
	.close = close_socket,
};

/* A port on @b's own descriptor, which is its from now on. */
static struct port *plug(struct bench *b, unsigned int queue,
			 enum port_policy policy)
{
	struct port_conf conf = { .queue = queue, .policy = policy };
	struct port *port = calloc(1, sizeof(*port));
	struct err err;

	if (!port || port_open(port, &b->world.sw, &socket_ops, &conf, "sock",
			       b->own, &err) < 0)
		tap_bail("port_open");
	b->own = -1;
	return port;
}

static void write_frame(int fd, uint32_t from, uint32_t to, uint32_t number)
{
	uint8_t octets[FAKE_LEN] = { 0 };

	fake_head(octets, from, to, number);
	if (send(fd, octets, sizeof(octets), MSG_NOSIGNAL) != sizeof(octets))
		tap_bail("send");
}

static void test_port_ends(int type, const char *kind)
{
	struct fake other;
	struct port *port;
	struct bench b;
	uint32_t i;

	set_up(&b, type);
	fake_plug(&other, &b.world.sw, "other", 256, POLICY_DROP);
	port = plug(&b, 256, POLICY_DROP);
	ok(sw_find(&b.world.sw, "sock") == port, "%s: a port", kind);
	for (i = 0; i < 100; i++)
		write_frame(b.peer, 1, FAKE_ALL, i);
	close(b.peer);
	b.peer = -1;
	fake_settle(&b.world.loop);
	ok(fake_in_order(&other, 0, 100), "%s: all that was sent arrives",
	   kind);
	ok(!sw_find(&b.world.sw, "sock"), "%s: then the port closes", kind);
	ok(!b.world.sw.gone.drops[DROP_RUNT], "%s: no runt is seen", kind);
	fake_world_fini(&b.world);
	fake_fini(&other);
}

/* The end comes while the port is held: it is seen when the hold is over, and
 * what was sent before is not lost. */
static void test_held_port_ends(uint32_t n, bool before)
{
	struct fake slow;
	struct port *port;
	struct bench b;
	uint32_t i;

	set_up(&b, SOCK_SEQPACKET);
	fake_plug(&slow, &b.world.sw, "slow", 8, POLICY_BLOCK);
	port = plug(&b, 256, POLICY_DROP);
	fake_room(&slow, 0);
	for (i = 0; i < 64; i++)
		write_frame(b.peer, 1, FAKE_ALL, i);
	fake_settle(&b.world.loop);
	for (; i < n; i++)
		write_frame(b.peer, 1, FAKE_ALL, i);
	if (before)
		close(b.peer);
	fake_settle(&b.world.loop);
	ok(port->held, "held");
	if (!before)
		close(b.peer);
	b.peer = -1;
	ok(fake_settle(&b.world.loop) >= 0 && sw_find(&b.world.sw, "sock"),
	   "its end changes nothing");
	fake_room(&slow, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&slow, 0, n), "all that it sent arrives");
	ok(!sw_find(&b.world.sw, "sock"), "then it closes");
	fake_world_fini(&b.world);
	fake_fini(&slow);
}

/* The client leaves while frames for it wait, and the port is held. */
static void test_stalled_port_ends(void)
{
	struct fake slow;
	struct bench b;
	struct port *port;
	uint32_t i;

	set_up(&b, SOCK_SEQPACKET);
	fake_plug(&slow, &b.world.sw, "slow", 8, POLICY_BLOCK);
	slow.ops.hold_ms = HOLD_NEVER;
	port = plug(&b, 50, POLICY_DROP);
	fake_room(&slow, 0);
	for (i = 0; i < 100; i++)
		write_frame(b.peer, 1, FAKE_ALL, i);
	/* More than the socket's buffer holds. */
	for (i = 0; i < 2000; i++)
		fake_put(&slow, 2, 1, i);
	fake_settle(&b.world.loop);
	ok(port->held && port->stalled && port->queue.len == 50,
	   "held, and stalled");
	close(b.peer);
	b.peer = -1;
	ok(fake_settle(&b.world.loop) >= 0, "its end does not make us spin");
	fake_room(&slow, FAKE_ENDLESS);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&slow, 0, 100), "all that it sent arrives");
	ok(!sw_find(&b.world.sw, "sock") &&
		   b.world.sw.gone.drops[DROP_CLOSED] == 50,
	   "then it closes; what waited for it is counted");
	fake_world_fini(&b.world);
	fake_fini(&slow);
}

static void test_port_counts(void)
{
	struct fake other;
	struct port *port;
	struct bench b;

	set_up(&b, SOCK_DGRAM);
	fake_plug(&other, &b.world.sw, "other", 256, POLICY_DROP);
	port = plug(&b, 256, POLICY_DROP);
	say(b.peer, 0);
	say(b.peer, 13);
	say(b.peer, FRAME_MAX + 20);
	fake_settle(&b.world.loop);
	ok(port->stats.drops[DROP_RUNT] == 2 &&
		   port->stats.drops[DROP_TOO_LONG] == 1,
	   "what is no frame is counted");
	ok(sw_find(&b.world.sw, "sock") == port, "and harms nobody");
	tear_down(&b);
	fake_fini(&other);
}

/* Frames that there is no memory for are counted; they do not keep the loop
 * busy, and when there is memory the port goes on. */
static void test_port_without_memory(void)
{
	struct frame_pool before;
	struct fake other;
	struct port *port;
	struct bench b;
	uint32_t i;

	set_up(&b, SOCK_SEQPACKET);
	fake_plug(&other, &b.world.sw, "other", 256, POLICY_DROP);
	port = plug(&b, 256, POLICY_DROP);
	before = leave_frames(&b.world.sw.workers->pool, 0);
	for (i = 0; i < 20; i++)
		write_frame(b.peer, 1, FAKE_ALL, i);
	ok(fake_settle(&b.world.loop) >= 0 &&
		   port->stats.drops[DROP_NO_MEMORY] == 20,
	   "without memory frames are counted as dropped");
	give_back(&b.world.sw.workers->pool, &before);
	for (; i < 30; i++)
		write_frame(b.peer, 1, FAKE_ALL, i);
	fake_settle(&b.world.loop);
	ok(fake_in_order(&other, 20, 10), "then it goes on");
	tear_down(&b);
	fake_fini(&other);
}

int main(void)
{
	alarm(120);
	test_receive(SOCK_DGRAM, "dgram");
	test_receive(SOCK_SEQPACKET, "seqpacket");
	test_lengths(SOCK_DGRAM, "dgram");
	test_lengths(SOCK_SEQPACKET, "seqpacket");
	test_many(SOCK_DGRAM, "dgram");
	test_many(SOCK_SEQPACKET, "seqpacket");
	test_kept_frames();
	test_burst();
	test_empty();
	test_end();
	test_reset();
	test_failure();
	test_few_frames();
	test_port_without_memory();
	test_addresses();
	test_send();
	test_send_errors();
	test_port_ends(SOCK_SEQPACKET, "seqpacket");
	test_held_port_ends(300, false);
	test_held_port_ends(100, true);
	test_held_port_ends(127, true);
	test_stalled_port_ends();
	test_port_counts();
	return tap_done();
}
