// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames in and out of message sockets, see msgio.h.
 *
 * recvmmsg(2) wants buffers before it says how many messages there are. Frames
 * that it did not fill go back to the top of the pool, from where the next
 * burst takes them again while they are warm.
 */
#include "msgio.h"

#include <errno.h>
#include <string.h>

#include "switch.h"

/* Octets offered for a frame: one more than may pass, to find longer ones. */
#define ROOM (FRAME_MAX + 1)

/* Buffers for a burst; returns how many there are. */
static unsigned int prepare(struct frame_pool *pool, struct msgio_burst *burst,
			    struct mmsghdr msgs[], struct iovec iov[])
{
	unsigned int i;

	for (i = 0; i < FRAME_BURST; i++) {
		struct frame *f = frame_get(pool);

		if (!f)
			break;
		burst->frames[i] = f;
		iov[i] = (struct iovec){ f->data, ROOM };
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
						   .msg_iovlen = 1 };
		if (burst->from) {
			msgs[i].msg_hdr.msg_name = &burst->from[i];
			msgs[i].msg_hdr.msg_namelen = sizeof(burst->from[i]);
		}
	}
	return i;
}

/* Without memory one message is thrown away: left unread, it would keep the
 * descriptor readable and the loop busy. */
static int discard_one(int fd, struct msgio_burst *burst)
{
	if (recv(fd, NULL, 0, MSG_TRUNC | MSG_DONTWAIT) < 0)
		return errno == EAGAIN ? 0 : -1;
	burst->lost = 1;
	return 0;
}

/* Keep the filled frames, close up over the empty ones. */
static void collect(struct frame_pool *pool, struct msgio_burst *burst,
		    const struct mmsghdr msgs[], unsigned int got)
{
	unsigned int i;

	for (i = 0; i < got; i++) {
		struct frame *f = burst->frames[i];

		if (!msgs[i].msg_len) {
			frame_put(pool, f);
			burst->empty++;
			continue;
		}
		frame_filled(pool, f, msgs[i].msg_len);
		burst->from_len[burst->n] = msgs[i].msg_hdr.msg_namelen;
		if (burst->from && burst->n != i)
			burst->from[burst->n] = burst->from[i];
		burst->frames[burst->n++] = f;
	}
}

int msgio_recv(struct frame_pool *pool, int fd, struct msgio_burst *burst)
{
	struct mmsghdr msgs[FRAME_BURST];
	struct iovec iov[FRAME_BURST];
	unsigned int i, room = prepare(pool, burst, msgs, iov);
	int got;

	burst->n = burst->empty = burst->lost = 0;
	burst->eof = false;
	if (!room)
		return discard_one(fd, burst);
	got = recvmmsg(fd, msgs, room, MSG_DONTWAIT, NULL);
	/* The peer left without reading everything. That is told once, in
	 * front of what it had sent. */
	if (got < 0 && errno == ECONNRESET)
		got = recvmmsg(fd, msgs, room, MSG_DONTWAIT, NULL);
	for (i = room; i > (got > 0 ? (unsigned int)got : 0); i--)
		frame_put(pool, burst->frames[i - 1]);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	collect(pool, burst, msgs, (unsigned int)got);
	burst->eof = burst->empty && (unsigned int)got == room;
	return 0;
}

int msgio_send(struct port *port, struct frame *const frames[], unsigned int n)
{
	struct mmsghdr msgs[FRAME_BURST];
	struct iovec iov[FRAME_BURST];
	unsigned int i;
	int sent;

	for (i = 0; i < n; i++) {
		iov[i] = (struct iovec){ frames[i]->data, frames[i]->len };
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
						   .msg_iovlen = 1 };
	}
	sent = sendmmsg(port->io.fd, msgs, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return sent;
}

int msgio_send_error(int errnum)
{
	switch (errnum) {
	case EMSGSIZE:
	case ENOBUFS:
	case ENOMEM:
		return DROP_SEND_ERROR;
	case ECONNREFUSED:
	case ECONNRESET:
	case EPIPE:
		/* The client left. What it sent before is still to be read;
		 * the end of its connection closes the port. */
		return DROP_CLOSED;
	default:
		return PORT_BROKEN;
	}
}

void msgio_ready(struct port *port, uint32_t ready)
{
	struct msgio_burst burst = { .from = NULL };
	int failed = msgio_recv(&port->sw->pool, port->io.fd, &burst);

	port->stats.drops[DROP_NO_MEMORY] += burst.lost;
	if (burst.n)
		port_rx(port, burst.frames, burst.n);
	if (!burst.eof)
		port->stats.drops[DROP_RUNT] += burst.empty;
	if (failed || (burst.eof && !burst.n))
		port_close(port);
}
