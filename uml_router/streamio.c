// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames in and out of stream sockets, see streamio.h.
 *
 * Reading: one read fetches the rest of a frame that has begun, straight into
 * its place, and whatever follows into the port's buffer. From there at most a
 * burst of frames goes on at a time; what is left is taken up when the port may
 * be read again (port_unread()). What has come of the last frame is moved to
 * its place at once. So a client that sends half a frame, or an octet a second,
 * costs a place in the pool and nobody's time.
 *
 * Sending: the lengths and the frames of a whole burst are one array of pieces
 * for one sendmsg(2). Where the socket takes only a part of a frame, the rest
 * is kept, and nothing else is sent before it: the other end could not find
 * the next length otherwise. A connection in which the rest cannot be sent is
 * shut down, and never gets out of step.
 */
#include "streamio.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "switch.h"

static struct stream_port *stream_of(struct port *port)
{
	return container_of(port, struct stream_port, port);
}

/* --- reading ------------------------------------------------------------- */

static void lose(struct stream_port *s)
{
	if (s->lost)
		s->lost(s);
	else
		port_close(&s->port);
}

/* 1: there is something to look at, 0: nothing for now, -1: the end. */
static int fill(struct stream_port *s)
{
	struct iovec iov[2] = { stream_rest(&s->in),
				{ s->buffer, sizeof(s->buffer) } };
	int fd = s->port.in.fd >= 0 ? s->port.in.fd : s->port.io.fd;
	ssize_t n = readv(fd, iov, 2);
	size_t got = (size_t)n, rest = iov[0].iov_len;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (!n)
		return -1;
	stream_filled(&s->in, got < rest ? got : rest);
	s->from = 0;
	s->to = got < rest ? 0 : got - rest;
	return 1;
}

/* The stream is out of step. The other end hears of it by being hung up on. */
static void refuse(struct stream_port *s)
{
	sw_bad_request(s->port.sw);
	log_limited(&s->port.worker->complaints, LOG_LEVEL_WARN,
		    s->port.ops->type,
		    "%s: the client of pid %d announces a frame of %u octets: "
		    "closed",
		    s->port.name, s->port.pid, s->in.len);
	lose(s);
}

void streamio_ready(struct port *port, uint32_t ready)
{
	struct stream_port *s = stream_of(port);
	struct stream_burst burst = { .n = 0 };
	bool in_step;
	size_t used;
	int got = 1;

	if (s->from == s->to)
		got = fill(s);
	if (got < 0)
		lose(s);
	if (got <= 0)
		return;
	in_step = stream_feed(&s->in, &port->worker->pool, s->buffer + s->from,
			      s->to - s->from, &burst, &used);
	s->from += used;
	port->stats.drops[DROP_NO_MEMORY] += burst.lost;
	if (burst.n)
		port_rx(port, burst.frames, burst.n);
	if (!in_step)
		refuse(s);
	else if (s->from != s->to)
		port_unread(port);
}

/* --- sending ------------------------------------------------------------- */

static void put_length(uint8_t head[STREAM_HEAD], uint32_t len)
{
	head[0] = (uint8_t)(len >> 24);
	head[1] = (uint8_t)(len >> 16);
	head[2] = (uint8_t)(len >> 8);
	head[3] = (uint8_t)len;
}

/* The two pieces of a frame, behind the octets of it that went out. */
static void pieces(struct iovec iov[2], uint8_t head[STREAM_HEAD],
		   struct frame *f, size_t out)
{
	size_t body = out > STREAM_HEAD ? out - STREAM_HEAD : 0;

	put_length(head, f->len);
	iov[0] = (struct iovec){ head + (out - body),
				 STREAM_HEAD - (out - body) };
	iov[1] = (struct iovec){ f->data + body, f->len - body };
}

/* The rest of a frame in front of others, as far as the socket takes them. */
static ssize_t send_all(struct stream_port *s, struct frame *const frames[],
			unsigned int n)
{
	uint8_t heads[FRAME_BURST + 1][STREAM_HEAD];
	struct iovec iov[2 * (FRAME_BURST + 1)];
	struct msghdr msg = { .msg_iov = iov };
	unsigned int i, at = 0;
	ssize_t sent;

	if (s->rest) {
		pieces(&iov[0], heads[0], s->rest, s->rest_at);
		at++;
	}
	for (i = 0; i < n; i++, at++)
		pieces(&iov[2 * at], heads[at], frames[i], 0);
	msg.msg_iovlen = 2 * at;
	do {
		sent = sendmsg(s->port.io.fd, &msg,
			       MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent;
}

static void drop_rest(struct stream_port *s)
{
	if (s->rest)
		frame_put(&s->port.worker->pool, s->rest);
	s->rest = NULL;
	s->rest_at = 0;
	s->port.unsent = false;
}

/* Nothing went out. What was begun cannot be taken back: the connection ends,
 * and the reader meets its end behind what the client sent. */
static int send_failed(struct stream_port *s, unsigned int n)
{
	int why = errno;

	if (why == EAGAIN)
		return 0;
	if (s->rest) {
		drop_rest(s);
		shutdown(s->port.io.fd, SHUT_RDWR);
	}
	errno = why;
	return n ? -1 : 0;
}

/* @sent octets went out: first those of the rest. Returns how many are left for
 * other frames. */
static size_t finish_rest(struct stream_port *s, size_t sent)
{
	size_t todo;

	if (!s->rest)
		return sent;
	todo = STREAM_HEAD + s->rest->len - s->rest_at;
	if (sent < todo) {
		s->rest_at += sent;
		return 0;
	}
	drop_rest(s);
	return sent - todo;
}

int streamio_send(struct port *port, struct frame *const frames[],
		  unsigned int n)
{
	struct stream_port *s = stream_of(port);
	ssize_t sent = send_all(s, frames, n);
	unsigned int i = 0;
	size_t left;

	if (sent < 0)
		return send_failed(s, n);
	left = finish_rest(s, (size_t)sent);
	while (i < n && left >= STREAM_HEAD + frames[i]->len)
		left -= STREAM_HEAD + frames[i++]->len;
	if (left) {
		s->rest = frame_hold(frames[i++]);
		s->rest_at = left;
	}
	port->unsent = s->rest;
	errno = EAGAIN;
	return (int)i;
}

int streamio_send_error(int errnum)
{
	switch (errnum) {
	case EPIPE:
	case ECONNRESET:
		/* The client left. What it sent before is still to be read;
		 * the end of its stream closes the port. */
		return DROP_CLOSED;
	default:
		return DROP_SEND_ERROR;
	}
}

static void reset_input(struct stream_port *s)
{
	stream_reset(&s->in, &s->port.worker->pool);
	s->from = s->to = 0;
}

void streamio_reset(struct stream_port *s)
{
	reset_input(s);
	drop_rest(s);
}

void streamio_set_aside(struct stream_port *s)
{
	drop_rest(s);
	port_read_from(&s->port, s->port.io.fd);
	if (s->from != s->to)
		port_unread(&s->port);
}

void streamio_end_aside(struct stream_port *s)
{
	int fd = s->port.in.fd;

	reset_input(s);
	port_read_from(&s->port, -1);
	close(fd);
}

void streamio_close(struct port *port)
{
	streamio_reset(stream_of(port));
	if (!port->no_link)
		close(port->io.fd);
	if (port->in.fd >= 0)
		close(port->in.fd);
}
