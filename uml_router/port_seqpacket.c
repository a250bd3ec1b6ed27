// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ports on a SOCK_SEQPACKET socket, one frame a message: UML's
 * vec0:transport=bess,dst=SOCKET. One port per client.
 */
#include <unistd.h>

#include "listener.h"
#include "msgio.h"

static void close_port(struct port *port)
{
	close(port->io.fd);
}

static const struct port_ops ops = {
	.type = "seqpacket",
	.hold_ms = HOLD_VECTOR_MS,
	.ready = msgio_ready,
	.send = msgio_send,
	.send_error = msgio_send_error,
	.close = close_port,
};

static int open_listener(struct sw *sw, const struct port_spec *spec,
			 struct err *err)
{
	return listener_serve(sw, spec, SOCK_SEQPACKET, &ops,
			      sizeof(struct port), err);
}

const struct backend backend_seqpacket = {
	.type = "seqpacket",
	.listens = true,
	.open = open_listener,
};
