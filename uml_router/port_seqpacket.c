// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ports on a SOCK_SEQPACKET socket, one frame a message: UML's
 * vec0:transport=bess,dst=SOCKET. One port per client.
 */
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
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

static void accepted(struct listener *l, int fd, const struct ucred *peer)
{
	struct port *port = calloc(1, sizeof(*port));
	struct err err;

	if (port && listener_plug(l, port, &ops, fd, peer, &err) == 0)
		return;
	log_limited(&l->sw->complaints, LOG_LEVEL_WARN, "seqpacket",
		    "client of pid %d refused: %s", peer->pid,
		    port ? err.text : "out of memory");
	free(port);
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
		return err_errno(err, "seqpacket '%s'", spec->address);
	if (listener_open_spec(l, sw, &listener_ops, SOCK_SEQPACKET, spec,
			       err) == 0)
		return 0;
	free(l);
	return -1;
}

const struct backend backend_seqpacket = {
	.type = "seqpacket",
	.listens = true,
	.open = open_listener,
};
