// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ports of guests whose memory is shared with the switch: QEMU's
 * `-netdev vhost-user` and UML's `virtio_uml.device=SOCKET:1`. One port per
 * client of the socket.
 *
 * Of a client there are a socket, over which it says where its rings are
 * (vhost_msg.h, vhost_dev.h), and a kick descriptor for each ring. What a kick
 * means depends on the ring: there are frames to be read, or buffers for frames
 * that wait. The port has a link while its first receive ring runs.
 *
 * While a transmit ring has frames it is read burst by burst (port_unread()),
 * and its guest does not kick. Only when it was found empty, kicks are asked
 * for again, and it is looked at once more behind that.
 *
 * A guest is called at once when there are frames for it, but for its own that
 * were taken only behind what they caused: it looks at what came back whenever
 * it sends and, as Linux does, whenever it is called for frames, and a call is
 * dear: a signal and a dozen system calls of a UML guest. The host's answer to a
 * frame is there before the next turn ends. If the guest was called for one by
 * then, it is called for its own only a moment later, if it still wants that;
 * else at once, for it may wait to be told (TCP small queues). When half of a
 * ring came back it is always called: no guest stands with a full ring.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "headers.h"
#include "listener.h"
#include "vhost_dev.h"

/** How long a client may say nothing at first, or half a message. */
#define PATIENCE_MS 10000
/** How long a guest that was called for others may not know of its frames. */
#define TELL_MS 1

/**
 * struct vhost_port - A client
 * @port:	its port
 * @dev:	what it sees
 * @socket:	for messages
 * @patience:	armed while a message is awaited or incomplete
 * @behind:	looks, in the next turn, whether the guest was called since frames
 *		were taken
 * @called:	it was, for frames of others
 * @tell:	armed while the guest is to be told that frames were taken
 * @bytes:	the message that is being read
 * @got:	octets of it
 * @fds:	descriptors that came with it
 * @fd_count:	how many
 * @turn:	pair whose transmit ring is read next
 */
struct vhost_port {
	struct port port;
	struct vhost_dev dev;
	struct event socket;
	struct timer patience;
	struct work behind;
	bool called;
	struct timer tell;
	uint8_t bytes[VHOST_HEADER + VHOST_PAYLOAD_MAX];
	size_t got;
	int fds[VHOST_FDS_MAX];
	unsigned int fd_count;
	unsigned int turn;
};

static struct vhost_port *vhost_port(struct port *port)
{
	return container_of(port, struct vhost_port, port);
}

static void give_up(struct vhost_port *v, const char *why)
{
	sw_bad_request(v->port.sw);
	log_limited(&v->port.worker->complaints, LOG_LEVEL_WARN, "vhost-user",
		    "%s, client of pid %d: %s", v->port.name, v->port.pid, why);
	port_close(&v->port);
}

/* --- frames -------------------------------------------------------------- */

/* Everything read since the memory was lost is empty, or a mixture. */
static bool lost(struct vhost_port *v)
{
	if (!v->dev.mem.lost)
		return false;
	give_up(v, "its memory file has shrunk");
	return true;
}

static void tell_later(struct vhost_port *v, struct vhost_ring *ring)
{
	if (ring->q.untold >= ring->q.num / 2U) {
		vhost_dev_call(ring);
		return;
	}
	v->called = false;
	loop_schedule(v->port.worker->loop, &v->behind);
}

static void tell(struct vhost_port *v)
{
	unsigned int i;

	for (i = 1; i < VHOST_RINGS; i += 2)
		if (v->dev.rings[i].running && v->dev.rings[i].q.untold)
			vhost_dev_call(&v->dev.rings[i]);
}

static void on_tell(struct timer *timer)
{
	tell(container_of(timer, struct vhost_port, tell));
}

static void on_behind(struct work *work)
{
	struct vhost_port *v = container_of(work, struct vhost_port, behind);

	if (!v->called)
		tell(v);
	else if (!timer_armed(&v->tell))
		loop_arm(v->port.worker->loop, &v->tell, TELL_MS);
}

/* One burst of a ring. True: there may be more. */
static bool read_ring(struct vhost_port *v, struct vhost_ring *ring)
{
	struct port *port = &v->port;
	struct vhost_burst burst;
	enum vring_got got;

	vring_ignore(&ring->q);
	got = vhost_net_read(&v->dev.net, &ring->q, port, &burst);
	vhost_net_hold(&burst);
	if (burst.n)
		port_rx(port, burst.frames, burst.n);
	haste_sent(&port->worker->haste, burst.octets);
	vhost_net_done(&ring->q, &port->worker->pool, &burst);
	if (lost(v))
		return false;
	if (burst.chains)
		tell_later(v, ring);
	if (got == VRING_BROKEN)
		give_up(v, "a transmit ring is broken");
	return got == VRING_CHAIN ||
	       (got == VRING_NONE && vring_listen(&ring->q));
}

static void ready(struct port *port, uint32_t events)
{
	struct vhost_port *v = vhost_port(port);
	unsigned int i, at;

	for (i = 0; i < VHOST_PAIRS_MAX && !port->dying; i++) {
		at = (v->turn + i) % VHOST_PAIRS_MAX;
		if (!port_may_read(port) ||
		    (v->dev.rings[2 * at + 1].running &&
		     read_ring(v, &v->dev.rings[2 * at + 1])))
			port_unread(port);
	}
	v->turn = (v->turn + 1) % VHOST_PAIRS_MAX;
}

static struct vhost_ring *ring_for(struct vhost_port *v, const struct frame *f)
{
	uint32_t pair = 0;

	if (v->dev.pairs > 1)
		pair = headers_flow(f->data, frame_own(f)) % v->dev.pairs;
	return &v->dev.rings[(size_t)2 * pair];
}

/* Without buffers, kicks are asked for: there may be some by then. */
static enum vhost_wrote write_one(struct vhost_port *v, struct vhost_ring *ring,
				  const struct frame *f)
{
	enum vhost_wrote wrote = vhost_net_write(&v->dev.net, &ring->q, f);

	while (wrote == VHOST_NO_ROOM && vring_listen(&ring->q))
		wrote = vhost_net_write(&v->dev.net, &ring->q, f);
	return wrote;
}

static int errno_of(enum vhost_wrote wrote)
{
	switch (wrote) {
	case VHOST_NO_ROOM:
		return EAGAIN;
	case VHOST_TOO_LONG:
		return EMSGSIZE;
	case VHOST_WROTE:
	case VHOST_BROKEN:
		break;
	}
	return EIO;
}

static int send_frames(struct port *port, struct frame *const frames[],
		       unsigned int n)
{
	struct vhost_port *v = vhost_port(port);
	enum vhost_wrote wrote = VHOST_WROTE;
	uint64_t octets = 0, between = 0;
	uint32_t touched = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct vhost_ring *ring = ring_for(v, frames[i]);

		wrote = write_one(v, ring, frames[i]);
		if (wrote != VHOST_WROTE)
			break;
		octets += frames[i]->len;
		/* What is borrowed lies in the memory of another guest. */
		if (frames[i]->borrowed)
			between += frames[i]->len;
		touched |= 1U << (ring - v->dev.rings);
	}
	for (; touched; touched &= touched - 1) {
		struct vhost_ring *ring = &v->dev.rings[__builtin_ctz(touched)];

		vring_publish(&ring->q);
		vhost_dev_call(ring);
		v->called = true;
	}
	haste_got(&port->worker->haste, port->worker->loop, octets, between);
	lost(v);
	errno = errno_of(wrote);
	if (i || wrote == VHOST_NO_ROOM)
		return (int)i;
	return -1;
}

static int send_error(int errnum)
{
	return errnum == EMSGSIZE ? DROP_SEND_ERROR : PORT_BROKEN;
}

static void on_kick(struct event *ev, uint32_t events)
{
	struct vhost_ring *ring = container_of(ev, struct vhost_ring, kick);
	struct vhost_dev *dev = container_of(ring->q.mem, struct vhost_dev,
					     mem);
	struct vhost_port *v = container_of(dev, struct vhost_port, dev);

	if (!ring->q.to_guest)
		port_unread(&v->port);
	else if (v->port.stalled)
		port_unstall(&v->port);
}

/* --- messages ------------------------------------------------------------ */

/* The rings may be others now, and what the guest takes. */
static void follow_device(struct vhost_port *v)
{
	struct port *port = &v->port;

	port->offload = vhost_dev_offload(&v->dev);
	if (v->dev.pairs && port->no_link)
		port_link_up(port, -1);
	else if (!v->dev.pairs && !port->no_link)
		port_link_down(port);
	port_unread(port);
	port_unstall(port);
	v->dev.changed = false;
}

static void close_fds(struct vhost_port *v)
{
	while (v->fd_count)
		if (v->fds[--v->fd_count] >= 0)
			close(v->fds[v->fd_count]);
}

static void do_message(struct vhost_port *v, const struct vhost_msg *msg)
{
	uint8_t reply[VHOST_HEADER + VHOST_PAYLOAD_MAX];
	struct err err;
	size_t len;

	if (vhost_dev_request(&v->dev, msg, v->fds, reply, &len, &err) < 0 &&
	    !len) {
		give_up(v, err.text);
		return;
	}
	if (v->dev.changed)
		follow_device(v);
	if (len && send(v->socket.fd, reply, len,
			MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len)
		give_up(v, "it does not read replies");
}

static void keep_fds(struct vhost_port *v, struct msghdr *msg)
{
	struct cmsghdr *c;
	size_t n;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(&v->fds[v->fd_count], CMSG_DATA(c), n * sizeof(int));
		v->fd_count += (unsigned int)n;
	}
}

/* More of the message, but nothing of the one behind it. */
static ssize_t receive(struct vhost_port *v, bool *truncated)
{
	union {
		char space[CMSG_SPACE(VHOST_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { v->bytes + v->got,
			     vhost_msg_need(v->bytes, v->got) - v->got };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen =
			CMSG_LEN((VHOST_FDS_MAX - v->fd_count) * sizeof(int)),
	};
	ssize_t n = recvmsg(v->socket.fd, &msg,
			    MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n > 0)
		keep_fds(v, &msg);
	*truncated = n > 0 && msg.msg_flags & MSG_CTRUNC;
	return n;
}

static void understand(struct vhost_port *v)
{
	struct vhost_msg msg;
	const char *why;

	switch (vhost_msg_parse(v->bytes, v->got, v->fd_count, &msg, &why)) {
	case VHOST_MORE:
		if (!timer_armed(&v->patience))
			loop_arm(v->port.sw->loop, &v->patience, PATIENCE_MS);
		return;
	case VHOST_BAD:
		give_up(v, why);
		break;
	case VHOST_MSG:
		loop_disarm(&v->patience);
		do_message(v, &msg);
		break;
	}
	close_fds(v);
	v->got = 0;
}

static void on_socket(struct event *ev, uint32_t events)
{
	struct vhost_port *v = container_of(ev, struct vhost_port, socket);
	bool truncated;
	ssize_t n;

	if (v->port.dying)
		return;
	n = receive(v, &truncated);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		port_close(&v->port);
		return;
	}
	v->got += (size_t)n;
	if (truncated)
		give_up(v, "a message with too many descriptors");
	else
		understand(v);
}

static void on_impatience(struct timer *timer)
{
	give_up(container_of(timer, struct vhost_port, patience),
		"no whole message in 10 seconds");
}

/* --- the port ------------------------------------------------------------ */

static json_t *ring_json(const struct vhost_ring *ring, size_t index)
{
	return json_pack("{s:i, s:i, s:i, s:i}", "ring", (int)index, "length",
			 (int)ring->q.num, "next", (int)ring->q.next, "given",
			 (int)ring->q.given);
}

static void describe(const struct port *port, json_t *shown)
{
	const struct vhost_port *v = container_of(port, struct vhost_port,
						  port);
	json_t *rings = json_array();
	size_t i;

	for (i = 0; i < VHOST_RINGS; i++)
		if (v->dev.rings[i].running)
			json_array_append_new(rings,
					      ring_json(&v->dev.rings[i], i));
	json_object_set_new(
		shown, "vhost_user",
		json_pack("{s:I, s:I, s:o}", "features",
			  (json_int_t)v->dev.features, "protocol_features",
			  (json_int_t)v->dev.protocol, "rings", rings));
}

static void close_port(struct port *port)
{
	struct vhost_port *v = vhost_port(port);

	loop_watch(port->sw->loop, &v->socket, 0);
	loop_disarm(&v->patience);
	loop_disarm(&v->tell);
	list_remove(&v->behind.node);
	vhost_dev_fini(&v->dev);
	close_fds(v);
	close(v->socket.fd);
}

static const struct port_ops ops = {
	.type = "vhost-user",
	.hold_ms = HOLD_VIRTIO_MS,
	.takes_rest = true,
	.ready = ready,
	.send = send_frames,
	.send_error = send_error,
	.describe = describe,
	.close = close_port,
};

static int plug(struct listener *l, struct vhost_port *v, int fd,
		const struct ucred *peer, struct err *err)
{
	v->socket = (struct event){ .fd = fd, .fn = on_socket };
	timer_init(&v->patience, on_impatience);
	timer_init(&v->tell, on_tell);
	v->tell.parallel = true;
	work_init(&v->behind, on_behind);
	v->behind.parallel = true;
	vhost_dev_init(&v->dev, l->sw->workers[l->conf.worker].loop, on_kick);
	if (loop_watch(l->sw->loop, &v->socket, EPOLLIN | EPOLLRDHUP) < 0)
		return err_errno(err, "cannot watch a client");
	if (listener_plug(l, &v->port, &ops, -1, peer, err) == 0) {
		loop_arm(l->sw->loop, &v->patience, PATIENCE_MS);
		return 0;
	}
	loop_watch(l->sw->loop, &v->socket, 0);
	return -1;
}

static void accepted(struct listener *l, int fd, const struct ucred *peer)
{
	struct vhost_port *v = calloc(1, sizeof(*v));
	struct err err;

	if (v && plug(l, v, fd, peer, &err) == 0)
		return;
	log_limited(&l->sw->complaints, LOG_LEVEL_WARN, "vhost-user",
		    "client of pid %d refused: %s", peer->pid,
		    v ? err.text : "out of memory");
	free(v);
	close(fd);
}

static void close_listener(struct listener *l)
{
	free(l);
}

static const struct listener_ops listener_ops = {
	.accepted = accepted,
	.close = close_listener,
};

static int open_listener(struct sw *sw, const struct port_spec *spec,
			 struct err *err)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (!l)
		return err_errno(err, "vhost-user '%s'", spec->address);
	if (listener_open_spec(l, sw, &listener_ops, SOCK_STREAM, spec, err) ==
	    0)
		return 0;
	free(l);
	return -1;
}

const struct backend backend_vhost_user = {
	.type = "vhost-user",
	.listens = true,
	.open = open_listener,
};
