// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ports on a SOCK_STREAM socket, each frame behind its length: QEMU's -netdev
 * stream, passt. Either clients connect, and get one port each, or the switch
 * does (stream:connect=SOCKET), and has one port whether somebody is there or
 * not.
 *
 * Neither minds to be left unread for long: QEMU keeps the frame and stops
 * its guest's transmit queue (net/stream.c, net_stream_send's caller), passt
 * waits in the middle of a frame and drops what it cannot begin (tap.c).
 */
#include <stdlib.h>
#include <unistd.h>

#include "listener.h"
#include "redial.h"
#include "streamio.h"

static const struct port_ops ops = {
	.type = "stream",
	.hold_ms = HOLD_FOREVER,
	.ready = streamio_ready,
	.send = streamio_send,
	.send_error = streamio_send_error,
	.close = streamio_close,
};

static int open_listener(struct sw *sw, const struct port_spec *spec,
			 struct err *err)
{
	return listener_serve(sw, spec, SOCK_STREAM, &ops,
			      sizeof(struct stream_port), err);
}

const struct backend backend_stream = {
	.type = "stream",
	.listens = true,
	.open = open_listener,
};

/* --- stream:connect= ----------------------------------------------------- */

/* .ended: the connection has been read to its end, or is of no use. */
struct dialing_port {
	struct stream_port stream;
	struct redial redial;
	char *path;
	bool ended;
};

static struct dialing_port *dialing(struct stream_port *s)
{
	return container_of(s, struct dialing_port, stream);
}

static int dial(struct redial *r, struct err *err)
{
	struct dialing_port *d = container_of(r, struct dialing_port, redial);
	struct ucred peer;
	int fd = unixsock_connect(d->path, SOCK_STREAM, err);

	if (fd >= 0 && unixsock_peer(fd, &peer) == 0) {
		r->port->pid = peer.pid;
		r->port->uid = peer.uid;
	}
	return fd;
}

static void hang_up(struct redial *r)
{
	struct dialing_port *d = container_of(r, struct dialing_port, redial);

	if (d->ended) {
		streamio_reset(&d->stream);
		close(r->port->io.fd);
	} else {
		streamio_set_aside(&d->stream);
	}
	d->ended = false;
	r->port->io.fd = -1;
	r->port->pid = 0;
	r->port->uid = (uid_t)-1;
}

static void lost(struct stream_port *s)
{
	struct dialing_port *d = dialing(s);

	if (s->port.in.fd >= 0) {
		streamio_end_aside(s);
		return;
	}
	d->ended = true;
	redial_lost(&d->redial);
}

/* Whoever follows is not kept waiting by what is still to be read; but the
 * connection after that is. */
static void hung_up(struct port *port)
{
	if (port->in.fd < 0)
		redial_lost(
			&dialing(container_of(port, struct stream_port, port))
				 ->redial);
}

static void close_dialing(struct port *port)
{
	struct dialing_port *d =
		dialing(container_of(port, struct stream_port, port));

	redial_stop(&d->redial);
	free(d->path);
	streamio_close(port);
}

static const struct port_ops dialing_ops = {
	.type = "stream",
	.hold_ms = HOLD_FOREVER,
	.ready = streamio_ready,
	.send = streamio_send,
	.send_error = streamio_send_error,
	.hung_up = hung_up,
	.close = close_dialing,
};

static int open_dialing(struct sw *sw, const struct port_spec *spec,
			struct err *err)
{
	struct dialing_port *d = calloc(1, sizeof(*d));
	struct sockaddr_un addr;
	socklen_t len;

	if (!d)
		return err_errno(err, "stream '%s'", spec->address);
	d->stream.lost = lost;
	d->redial.connect = dial;
	d->redial.disconnect = hang_up;
	d->path = unixsock_absolute(spec->address, err);
	if (d->path && unixsock_address(d->path, &addr, &len, err) == 0 &&
	    backend_plug(spec, &d->stream.port, sw, &dialing_ops, -1, err) ==
		    0) {
		redial_start(&d->redial, &d->stream.port, spec->reconnect);
		return 0;
	}
	free(d->path);
	free(d);
	return -1;
}

const struct backend backend_stream_connect = {
	.type = "stream",
	.prefix = "connect=",
	.keys = KEYS_RECONNECT,
	.open = open_dialing,
};
