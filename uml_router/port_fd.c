// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A port on a descriptor that the parent process opened: a tap device, or a
 * connected datagram, seqpacket or stream socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend.h"
#include "common/parse.h"
#include "common/tuntap.h"
#include "msgio.h"
#include "streamio.h"
#include "tapio.h"

static void close_port(struct port *port)
{
	close(port->io.fd);
}

static const struct port_ops tap_ops = {
	.type = "fd",
	.hold_ms = HOLD_FOREVER,
	.ready = tapio_ready,
	.send = tapio_send,
	.send_error = tapio_send_error,
	.close = tapio_close,
};

/* Who is behind the socket is not known: it might be a UML vector driver, so
 * it is held no longer than port_seqpacket.c holds one. */
static const struct port_ops socket_ops = {
	.type = "fd",
	.hold_ms = HOLD_VECTOR_MS,
	.ready = msgio_ready,
	.send = msgio_send,
	.send_error = msgio_send_error,
	.close = close_port,
};

static const char *name_of(const struct port_spec *spec, int fd,
			   char text[PORT_NAME_LEN])
{
	if (spec->name[0])
		return spec->name;
	snprintf(text, PORT_NAME_LEN, "fd%d", fd);
	return text;
}

/* port_stream.c tells why it may be held. */
static const struct port_ops stream_ops = {
	.type = "fd",
	.hold_ms = HOLD_FOREVER,
	.ready = streamio_ready,
	.send = streamio_send,
	.send_error = streamio_send_error,
	.close = streamio_close,
};

static int check_socket(int fd, int type, struct err *err)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	if (type != SOCK_DGRAM && type != SOCK_SEQPACKET &&
	    type != SOCK_STREAM) {
		err_set(err, "descriptor %d is a socket of type %d", fd, type);
		return err_hint(err, "a tap, SOCK_SEQPACKET, SOCK_DGRAM or "
				     "SOCK_STREAM is needed");
	}
	if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0)
		return err_errno(err, "descriptor %d: the socket has no peer",
				 fd);
	return 0;
}

static int set_flags(int fd, struct err *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return err_errno(err, "descriptor %d", fd);
	return 0;
}

static int open_socket(struct sw *sw, const struct port_spec *spec, int fd,
		       int type, struct err *err)
{
	bool stream = type == SOCK_STREAM;
	char name[PORT_NAME_LEN];
	struct port *port;

	if (check_socket(fd, type, err) < 0 || set_flags(fd, err) < 0)
		return -1;
	port = calloc(1, stream ? sizeof(struct stream_port) : sizeof(*port));
	if (!port)
		return err_errno(err, "descriptor %d", fd);
	snprintf(port->address, sizeof(port->address), "%d", fd);
	if (port_open(port, sw, stream ? &stream_ops : &socket_ops, &spec->conf,
		      name_of(spec, fd, name), fd, err) == 0)
		return 0;
	free(port);
	return -1;
}

static int check_tap(const struct tuntap *tap, int fd, struct err *err)
{
	if (tap->kind == TUNTAP_TAP)
		return 0;
	return err_set(err, "descriptor %d: %s is a tun, not a tap", fd,
		       tap->name);
}

/* With a vnet header offloads come by themselves: who opens a tap with one
 * wants them. */
static int open_tap(struct sw *sw, const struct port_spec *spec, int fd,
		    struct err *err)
{
	struct tap_port *t = calloc(1, sizeof(*t));
	char name[PORT_NAME_LEN];

	if (!t)
		return err_errno(err, "descriptor %d", fd);
	snprintf(t->port.address, sizeof(t->port.address), "%d", fd);
	if (tuntap_from_fd(&t->tap, fd, err) == 0 &&
	    check_tap(&t->tap, fd, err) == 0 &&
	    tapio_open(t, sw, &tap_ops, &spec->conf, name_of(spec, fd, name),
		       true, err) == 0)
		return 0;
	tuntap_close(&t->tap);
	free(t);
	return -1;
}

static int open_fd(struct sw *sw, const struct port_spec *spec, struct err *err)
{
	socklen_t len = sizeof(int);
	uint64_t fd;
	int type;

	if (parse_uint("descriptor", spec->address, 0, INT_MAX, &fd, err) < 0)
		return -1;
	if (getsockopt((int)fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0)
		return open_socket(sw, spec, (int)fd, type, err);
	if (errno == ENOTSOCK)
		return open_tap(sw, spec, (int)fd, err);
	return err_errno(err, "descriptor %d", (int)fd);
}

const struct backend backend_fd = {
	.type = "fd",
	.open = open_fd,
};
