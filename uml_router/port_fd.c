// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A port on a descriptor that the parent process opened: a tap device, or a
 * connected datagram or seqpacket socket.
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
	.close = close_port,
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

static const struct port_ops *socket_kind(int fd, int type, struct err *err)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	if (type != SOCK_DGRAM && type != SOCK_SEQPACKET) {
		err_set(err,
			"descriptor %d is a socket without message "
			"boundaries",
			fd);
		err_hint(err, "a tap, SOCK_SEQPACKET or SOCK_DGRAM is needed");
		return NULL;
	}
	if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0) {
		err_errno(err, "descriptor %d: the socket has no peer", fd);
		return NULL;
	}
	return &socket_ops;
}

static const struct port_ops *tap_kind(int fd, struct err *err)
{
	struct tuntap tap;

	if (tuntap_from_fd(&tap, fd, err) < 0)
		return NULL;
	if (tap.kind == TUNTAP_TAP && !tuntap_has_vnet_hdr(&tap))
		return &tap_ops;
	err_set(err, "descriptor %d: %s is no tap without vnet header", fd,
		tap.name);
	return NULL;
}

static const struct port_ops *find_kind(int fd, struct err *err)
{
	socklen_t len = sizeof(int);
	int type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0)
		return socket_kind(fd, type, err);
	if (errno == ENOTSOCK)
		return tap_kind(fd, err);
	err_errno(err, "descriptor %d", fd);
	return NULL;
}

static int prepare(int fd, struct err *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return err_errno(err, "descriptor %d", fd);
	return 0;
}

static int open_fd(struct sw *sw, const struct port_spec *spec, struct err *err)
{
	const struct port_ops *ops;
	char name[PORT_NAME_LEN];
	struct port *port;
	uint64_t fd;

	if (parse_uint("descriptor", spec->address, 0, INT_MAX, &fd, err) < 0)
		return -1;
	ops = find_kind((int)fd, err);
	if (!ops || prepare((int)fd, err) < 0)
		return -1;
	port = calloc(1, sizeof(*port));
	if (!port)
		return err_errno(err, "descriptor %d", (int)fd);
	snprintf(name, sizeof(name), "fd%d", (int)fd);
	snprintf(port->address, sizeof(port->address), "%d", (int)fd);
	if (port_open(port, sw, ops, &spec->conf,
		      spec->name[0] ? spec->name : name, (int)fd, err) == 0)
		return 0;
	free(port);
	return -1;
}

const struct backend backend_fd = {
	.type = "fd",
	.open = open_fd,
};
