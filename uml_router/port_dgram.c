// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A port on a pair of AF_UNIX datagram sockets, one frame a datagram: QEMU's
 * -netdev dgram (net/dgram.c), which is bound to one path and sends to another.
 *
 * What comes is read from a socket bound to our path. What goes is sent by
 * another one, connected to the remote path, for two reasons: a connected
 * socket is writable when the remote takes more; and the kernel lets nobody
 * send to a connected socket but its peer, not even the peer's successor at
 * the same path. The successor is found by connecting anew.
 *
 * QEMU keeps what cannot be sent and tries again when its socket is writable,
 * so it may be left unread for long.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend.h"
#include "msgio.h"
#include "redial.h"

struct dgram_port {
	struct port port;
	struct redial redial;
	struct unixsock_listener local;
	char *remote;
	struct sockaddr_un addr; /* the same */
	socklen_t addr_len;
};

static struct dgram_port *dgram_of(struct port *port)
{
	return container_of(port, struct dgram_port, port);
}

/* Whoever sends is there, and will hardly wait to be connected to. */
static void ready(struct port *port, uint32_t events)
{
	struct msgio_burst burst = { .from = NULL };

	redial_now(&dgram_of(port)->redial);
	if (msgio_recv(port->worker, port->in.fd, &burst) < 0)
		port_close(port);
	port->stats.drops[DROP_NO_MEMORY] += burst.lost;
	port->stats.drops[DROP_RUNT] += burst.empty;
	if (burst.n)
		port_rx(port, burst.frames, burst.n);
}

/* ENOTCONN: what follows ECONNREFUSED, which ends the connection. */
static int send_error(int errnum)
{
	int why = errnum == ENOTCONN ? DROP_CLOSED : msgio_send_error(errnum);

	return why == PORT_BROKEN ? DROP_SEND_ERROR : why;
}

/* That the remote has left is only known now; its successor, if there is one,
 * gets the frames. */
static int send_frames(struct port *port, struct frame *const frames[],
		       unsigned int n)
{
	struct dgram_port *d = dgram_of(port);
	int sent = msgio_send(port, frames, n);
	int why = errno;

	if (sent >= 0 || send_error(why) != DROP_CLOSED)
		return sent;
	if (connect(port->io.fd, (struct sockaddr *)&d->addr, d->addr_len) == 0)
		return msgio_send(port, frames, n);
	redial_lost(&d->redial);
	errno = why;
	return -1;
}

static void close_port(struct port *port)
{
	struct dgram_port *d = dgram_of(port);

	redial_stop(&d->redial);
	if (!port->no_link)
		close(port->io.fd);
	unixsock_close(&d->local);
	free(d->remote);
}

static const struct port_ops ops = {
	.type = "dgram",
	.hold_ms = HOLD_FOREVER,
	.ready = ready,
	.send = send_frames,
	.send_error = send_error,
	.close = close_port,
};

static int dial(struct redial *r, struct err *err)
{
	return unixsock_connect(dgram_of(r->port)->remote, SOCK_DGRAM, err);
}

static void hang_up(struct redial *r)
{
	close(r->port->io.fd);
	r->port->io.fd = -1;
}

static int open_port(struct dgram_port *d, struct sw *sw,
		     const struct port_spec *spec, struct err *err)
{
	d->redial.connect = dial;
	d->redial.disconnect = hang_up;
	d->remote = unixsock_absolute(spec->remote, err);
	if (!d->remote ||
	    unixsock_address(d->remote, &d->addr, &d->addr_len, err) < 0 ||
	    unixsock_listen(&d->local, spec->address, SOCK_DGRAM, spec->perm,
			    err) < 0)
		return -1;
	if (backend_plug(spec, &d->port, sw, &ops, -1, err) < 0)
		return -1;
	port_read_from(&d->port, d->local.fd);
	redial_start(&d->redial, &d->port, spec->reconnect);
	return 0;
}

static int open_dgram(struct sw *sw, const struct port_spec *spec,
		      struct err *err)
{
	struct dgram_port *d;

	if (!spec->remote) {
		err_set(err, "dgram '%s': there is no remote socket to send to",
			spec->address);
		return err_hint(err, "dgram:SOCKET,remote=SOCKET");
	}
	d = calloc(1, sizeof(*d));
	if (!d)
		return err_errno(err, "dgram '%s'", spec->address);
	d->local = UNIXSOCK_LISTENER_NONE;
	if (open_port(d, sw, spec, err) == 0)
		return 0;
	unixsock_close(&d->local);
	free(d->remote);
	free(d);
	return -1;
}

const struct backend backend_dgram = {
	.type = "dgram",
	.keys = KEYS_REMOTE | KEYS_RECONNECT,
	.open = open_dgram,
};
