/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames in and out of stream sockets, each behind its length: stream.h has the
 * framing. What msgio.h is to sockets that keep message boundaries.
 *
 * A port on such a socket begins with struct stream_port.
 */
#ifndef UML_ROUTER_STREAMIO_H
#define UML_ROUTER_STREAMIO_H

#include <stddef.h>
#include <stdint.h>

#include "port.h"
#include "stream.h"

/** Octets read at a time, besides the rest of a frame that has begun. */
#define STREAMIO_BUFFER 65536

/**
 * struct stream_port - A port on a stream socket; zeroed before port_open()
 * @port:	the port
 * @lost:	the connection has ended or is of no use; the descriptor is
 *		still open, and may be closed only when the caller has returned,
 *		but for one that was set aside.
 *		NULL: port_close() does
 * @in:		where in the stream of its client we are
 * @from:	in @buffer: the octets that were not looked at yet begin here
 * @to:		and end here
 * @rest:	a frame that is partly sent; this port has a reference
 * @rest_at:	octets of it that went out, those of its length included
 * @buffer:	octets as they were read
 */
struct stream_port {
	struct port port;
	void (*lost)(struct stream_port *s);
	struct stream_in in;
	size_t from, to;
	struct frame *rest;
	size_t rest_at;
	uint8_t buffer[STREAMIO_BUFFER];
};

/** streamio_ready() - struct port_ops' @ready for such sockets */
void streamio_ready(struct port *port, uint32_t ready);

/** streamio_send() - struct port_ops' @send for such sockets */
int streamio_send(struct port *port, struct frame *const frames[],
		  unsigned int n);

/** streamio_send_error() - struct port_ops' @send_error for such sockets */
int streamio_send_error(int errnum);

/** streamio_reset() - Forget both streams: for a new connection, or for none */
void streamio_reset(struct stream_port *s);

/**
 * streamio_set_aside() - The port is to have another connection
 *
 * But what came of this one is still to be read. Its descriptor becomes @in of
 * the port, and @lost is called at its end.
 */
void streamio_set_aside(struct stream_port *s);

/** streamio_end_aside() - From @lost: that one has been read; close it */
void streamio_end_aside(struct stream_port *s);

/** streamio_close() - struct port_ops' @close for such sockets */
void streamio_close(struct port *port);

#endif /* UML_ROUTER_STREAMIO_H */
