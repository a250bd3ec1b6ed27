// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames in and out of a tap, see tapio.h.
 *
 * The queues of a multi-queue device are watched by an epoll descriptor of
 * their own, which is the port's. They are read in turns of a few frames, and
 * each burst begins with another one. A flow is written to one queue always:
 * so its order is kept, and the driver sends the flow's other direction to the
 * same queue (tun_flow_update() in drivers/net/tun.c).
 *
 * A frame that is written often makes the host send, an acknowledgement for
 * instance the next segments: they are in the device's ring before write()
 * returns, and a short ring loses those for which it has no room. So the ring
 * is emptied between writes, not only behind a burst of them.
 */
#include "tapio.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "coalesce.h"
#include "headers.h"
#include "switch.h"

/* Octets after which a burst ends. Large frames are read no faster in longer
 * bursts, and those of a short one are still in the cache when they are
 * written. */
#define BURST_OCTETS (4 * 65536)
/* Frames that are read from a queue before it is the next one's turn. */
#define TURN 16
/* Writes without an answer after which none is expected. */
#define QUIET_MOST 16

static struct tap_port *tap_port(struct port *port)
{
	return container_of(port, struct tap_port, port);
}

/* What the driver sets of the flags: a checksum that is missing or known to
 * be right. It leaves num_buffers as it finds it. */
static void clean_header(struct virtio_net_hdr_v1 *vnet)
{
	vnet->flags &= VIRTIO_NET_HDR_F_NEEDS_CSUM |
		       VIRTIO_NET_HDR_F_DATA_VALID;
	vnet->num_buffers = 0;
}

/* Read one frame. 1: there it is, 0: there is none, -1: the device is gone. */
static int read_one(struct tap_port *t, int fd, struct frame **frame)
{
	struct frame_pool *pool = &t->port.worker->pool;
	struct frame *f = frame_get(pool);
	size_t header = t->header;
	char nowhere;
	ssize_t n;

	/* Without memory the frame is read and lost: left in the ring, it
	 * would keep the loop busy. */
	n = f ? read(fd, f->data - header, header + FRAME_MAX + 1)
	      : read(fd, &nowhere, 1);
	if (n > (ssize_t)header && f) {
		frame_filled(pool, f, (size_t)n - header);
		clean_header(&f->vnet);
		*frame = f;
		return 1;
	}
	if (f)
		frame_put(pool, f);
	else if (n > 0)
		port_drop(&t->port, DROP_NO_MEMORY);
	return n < 0 && errno != EAGAIN && errno != EINTR ? -1 : 0;
}

static bool burst_full(const struct tap_burst *b)
{
	return b->n == FRAME_BURST || b->octets >= BURST_OCTETS;
}

/* One queue's turn. 1: there may be more, otherwise as read_one(). */
static int read_queue(struct tap_port *t, int fd, struct tap_burst *b,
		      unsigned int most)
{
	int got = 1;

	while (most-- && !burst_full(b)) {
		got = read_one(t, fd, &b->frames[b->n]);
		if (got != 1)
			break;
		b->octets += b->frames[b->n++]->len;
	}
	return got;
}

static int read_queues(struct tap_port *t, struct tap_burst *b)
{
	unsigned int empty = 0, i = t->first;
	int got;

	while (empty < t->tap.queues && !burst_full(b)) {
		got = read_queue(t, t->tap.fd[i], b, TURN);
		if (got < 0)
			return -1;
		empty = got ? 0 : empty + 1;
		i = (i + 1) % t->tap.queues;
	}
	t->first = i;
	return 0;
}

static void take_ahead(struct tap_port *t, struct tap_burst *b)
{
	b->n = t->ahead.n;
	b->octets = t->ahead.octets;
	memcpy(b->frames, t->ahead.frames, b->n * sizeof(b->frames[0]));
	t->ahead.n = 0;
	t->ahead.octets = 0;
}

void tapio_ready(struct port *port, uint32_t ready)
{
	struct tap_port *t = tap_port(port);
	struct tap_burst b;
	int got;

	take_ahead(t, &b);
	got = t->tap.queues > 1 ? read_queues(t, &b)
				: read_queue(t, t->tap.fd[0], &b, FRAME_BURST);
	if (b.n)
		port_rx(port, b.frames, b.n);
	else if (got < 0 || (ready & EPOLLERR))
		port_close(port);
}

/* The other queues are to have their turns in the next burst, too. */
static bool far_ahead(const struct tap_port *t)
{
	unsigned int parts = t->tap.queues > 1 ? 2 : 1;

	return t->ahead.n >= FRAME_BURST / parts ||
	       t->ahead.octets >= BURST_OCTETS / parts;
}

/* Behind a write, of which the answers are in queue @fd. Where none has come for
 * QUIET_MOST writes, only the @first of a burst is worth the system call. */
static void read_ahead(struct tap_port *t, int fd, bool first)
{
	unsigned int before = t->ahead.n;

	if (far_ahead(t) || (t->quiet >= QUIET_MOST && !first))
		return;
	read_queue(t, fd, &t->ahead, TURN);
	t->quiet = t->ahead.n > before ? 0 : t->quiet + 1;
	if (t->ahead.n)
		port_unread(&t->port);
}

static int queue_of(const struct tap_port *t, const struct frame *frame)
{
	if (t->tap.queues == 1)
		return t->tap.fd[0];
	return t->tap.fd[headers_flow(frame->data, frame_own(frame)) %
			 t->tap.queues];
}

/* A frame of which a part lies elsewhere. */
static int write_borrowed(int fd, const struct frame *frame, size_t header)
{
	struct iovec iov[1 + FRAME_REST_MAX];

	iov[0].iov_base = (uint8_t *)(uintptr_t)frame->data - header;
	iov[0].iov_len = header + frame_own(frame);
	memcpy(&iov[1], frame->rest, frame->rest_count * sizeof(iov[0]));
	return writev(fd, iov, 1 + (int)frame->rest_count) < 0 ? -1 : 1;
}

/* Write the oldest frame, and with it those that it can be made into one large
 * frame with. How many went out, or -1. */
static int write_some(struct tap_port *t, int fd, struct frame *const frames[],
		      unsigned int n)
{
	struct frame *f = frames[0];
	struct coalesced large;

	if (t->port.offload) {
		n = coalesce(frames, n, &large);
		if (n > 1)
			return writev(fd, large.iov, (int)large.count) < 0
				       ? -1
				       : (int)n;
	}
	if (f->borrowed)
		return write_borrowed(fd, f, t->header);
	return write(fd, f->data - t->header, t->header + f->len) < 0 ? -1 : 1;
}

int tapio_send(struct port *port, struct frame *const frames[], unsigned int n)
{
	struct tap_port *t = tap_port(port);
	unsigned int done = 0;
	int sent, fd;

	while (done < n) {
		fd = queue_of(t, frames[done]);
		sent = write_some(t, fd, &frames[done], n - done);
		if (sent > 0) {
			read_ahead(t, fd, !done);
			done += (unsigned int)sent;
			continue;
		}
		if (done || errno == EAGAIN || errno == EINTR)
			break;
		return -1;
	}
	return (int)done;
}

int tapio_send_error(int errnum)
{
	switch (errnum) {
	case EIO: /* tun_get_user(): the device is down */
		return DROP_LINK_DOWN;
	case EBADFD: /* the device was deleted */
	case EBADF:
		return PORT_BROKEN;
	default:
		return DROP_SEND_ERROR;
	}
}

static unsigned int taken_by(const struct tuntap *tap)
{
	switch (tap->offload) {
	case TUNTAP_OFFLOAD_NONE:
		break;
	case TUNTAP_OFFLOAD_TSO:
		return OFFLOAD_CSUM | OFFLOAD_TSO4 | OFFLOAD_TSO6 | OFFLOAD_ECN;
	case TUNTAP_OFFLOAD_TSO_USO:
		return OFFLOAD_CSUM | OFFLOAD_TSO4 | OFFLOAD_TSO6 |
		       OFFLOAD_ECN | OFFLOAD_USO;
	}
	return 0;
}

/* The descriptor to watch: the only queue's, or one for all queues. */
static int watched_fd(const struct tuntap *tap, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN };
	unsigned int i;
	int all;

	if (tap->queues == 1)
		return tap->fd[0];
	all = epoll_create1(EPOLL_CLOEXEC);
	if (all < 0)
		return err_errno(err, "tap '%s'", tap->name);
	for (i = 0; i < tap->queues; i++) {
		if (epoll_ctl(all, EPOLL_CTL_ADD, tap->fd[i], &event) == 0)
			continue;
		err_errno(err, "tap '%s': queue %u", tap->name, i);
		close(all);
		return -1;
	}
	return all;
}

int tapio_open(struct tap_port *t, struct sw *sw, const struct port_ops *ops,
	       const struct port_conf *conf, const char *name, bool offload,
	       struct err *err)
{
	int fd;

	if (tuntap_has_vnet_hdr(&t->tap)) {
		t->header = sizeof(struct virtio_net_hdr_v1);
		if (tuntap_offload(&t->tap,
				   offload ? TUNTAP_OFFLOAD_TSO_USO
					   : TUNTAP_OFFLOAD_NONE,
				   err) < 0)
			return -1;
	}
	t->port.offload = taken_by(&t->tap);
	fd = watched_fd(&t->tap, err);
	if (fd < 0)
		return -1;
	if (port_open(&t->port, sw, ops, conf, name, fd, err) == 0)
		return 0;
	if (fd != t->tap.fd[0])
		close(fd);
	return -1;
}

void tapio_close(struct port *port)
{
	struct tap_port *t = tap_port(port);

	while (t->ahead.n)
		frame_put(&port->worker->pool, t->ahead.frames[--t->ahead.n]);
	if (port->io.fd != t->tap.fd[0])
		close(port->io.fd);
	tuntap_close(&t->tap);
}
