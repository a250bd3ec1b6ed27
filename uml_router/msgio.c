// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames in and out of message sockets, see msgio.h.
 *
 * recvmmsg(2) wants buffers before it says how many messages there are. A full
 * set of them stays prepared from one call to the next, and only those that
 * were filled are replaced: preparing all of them for every call cost three
 * quarters of the switch's own instructions when frames come one by one.
 */
#include "msgio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "switch.h"

/* Octets offered for a frame: one more than may pass, to find longer ones. */
#define ROOM (FRAME_MAX + 1)

/**
 * struct msgio - Prepared buffers
 * @frames:	where the next messages go
 * @msgs:	one a frame
 * @iov:	one a frame
 * @ready:	how many places there are, counting
 * @taken:	places in front whose frames were given out. They are filled
 *		at the next call: by then those frames are mostly back in the
 *		pool, and still in the cache
 */
struct msgio {
	struct frame *frames[FRAME_BURST];
	struct mmsghdr msgs[FRAME_BURST];
	struct iovec iov[FRAME_BURST];
	unsigned int ready;
	unsigned int taken;
};

static struct msgio *buffers(struct worker *w)
{
	if (!w->msgio)
		w->msgio = calloc(1, sizeof(*w->msgio));
	return w->msgio;
}

static bool fill_place(struct msgio *io, struct frame_pool *pool,
		       unsigned int i)
{
	struct frame *f = frame_get(pool);

	if (!f)
		return false;
	io->frames[i] = f;
	io->iov[i] = (struct iovec){ f->data, ROOM };
	io->msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &io->iov[i],
					       .msg_iovlen = 1 };
	return true;
}

/* Without memory for the places in front, those behind are given up. */
static void prepare(struct msgio *io, struct frame_pool *pool)
{
	unsigned int i = 0;

	while (i < io->taken && fill_place(io, pool, i))
		i++;
	if (i < io->taken) {
		while (io->ready > io->taken)
			frame_put(pool, io->frames[--io->ready]);
		io->ready = i;
	}
	io->taken = 0;
	while (io->ready < FRAME_BURST && fill_place(io, pool, io->ready))
		io->ready++;
}

/* Without memory one message is thrown away: left unread, it would keep the
 * descriptor readable and the loop busy. */
static int discard_one(int fd, struct msgio_burst *burst)
{
	ssize_t n = recv(fd, NULL, 0, MSG_TRUNC | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	burst->eof = n == 0;
	burst->lost = n > 0;
	return 0;
}

/* Give the filled frames out. Empty messages are the end of a connection only
 * where nothing follows them and there is no end to them. */
static void collect(struct msgio *io, struct frame_pool *pool,
		    struct msgio_burst *burst, unsigned int got)
{
	unsigned int i, at_end = 0;

	for (i = 0; i < got; i++) {
		struct frame *f = io->frames[i];

		if (!io->msgs[i].msg_len) {
			frame_put(pool, f);
			at_end++;
			continue;
		}
		burst->empty += at_end;
		at_end = 0;
		frame_filled(pool, f, io->msgs[i].msg_len);
		burst->from_len[burst->n] = io->msgs[i].msg_hdr.msg_namelen;
		if (burst->from && burst->n != i)
			burst->from[burst->n] = burst->from[i];
		burst->frames[burst->n++] = f;
	}
	burst->eof = at_end && got == io->ready;
	if (!burst->eof)
		burst->empty += at_end;
	io->taken = got;
}

/* Senders' addresses are asked for, or no longer. */
static void set_names(struct msgio *io, struct sockaddr_storage *from)
{
	unsigned int i;

	for (i = 0; i < io->ready; i++) {
		io->msgs[i].msg_hdr.msg_name = from ? &from[i] : NULL;
		io->msgs[i].msg_hdr.msg_namelen = from ? sizeof(from[i]) : 0;
	}
}

static int receive(struct msgio *io, int fd)
{
	int got = recvmmsg(fd, io->msgs, io->ready, MSG_DONTWAIT, NULL);

	/* The peer left without reading everything, or a datagram found
	 * nobody. That is told once, in front of what there is to read. */
	if (got < 0 && (errno == ECONNRESET || errno == ECONNREFUSED))
		got = recvmmsg(fd, io->msgs, io->ready, MSG_DONTWAIT, NULL);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return got;
}

int msgio_recv(struct worker *w, int fd, struct msgio_burst *burst)
{
	struct msgio *io = buffers(w);
	int got;

	burst->n = burst->empty = burst->lost = 0;
	burst->eof = false;
	if (io)
		prepare(io, &w->pool);
	if (!io || !io->ready)
		return discard_one(fd, burst);
	if (burst->from)
		set_names(io, burst->from);
	got = receive(io, fd);
	if (got > 0)
		collect(io, &w->pool, burst, (unsigned int)got);
	if (burst->from)
		set_names(io, NULL);
	return got < 0 ? -1 : 0;
}

int msgio_write(int fd, struct frame *const frames[], unsigned int n)
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
	sent = sendmmsg(fd, msgs, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		return -1;
	/* sendmmsg(2) does not tell what stopped it behind the first message.
	 * A socket that can take more is writable, whatever it was. */
	errno = EAGAIN;
	return sent < 0 ? 0 : sent;
}

int msgio_send(struct port *port, struct frame *const frames[], unsigned int n)
{
	return msgio_write(port->io.fd, frames, n);
}

int msgio_send_error(int errnum)
{
	switch (errnum) {
	case EMSGSIZE:
	case ENOBUFS:
	case ENOMEM:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
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
	struct msgio_burst burst;
	int failed;

	burst.from = NULL;
	failed = msgio_recv(port->worker, port->io.fd, &burst);
	port->stats.drops[DROP_NO_MEMORY] += burst.lost;
	if (burst.n)
		port_rx(port, burst.frames, burst.n);
	port->stats.drops[DROP_RUNT] += burst.empty;
	if (failed ||
	    (burst.eof && !burst.n && (ready & (EPOLLRDHUP | EPOLLHUP))))
		port_close(port);
}
