// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A port on an IPv4 multicast group, one frame a UDP datagram: QEMU's -netdev
 * socket,mcast=ADDR:PORT (net/socket.c) and UML's eth0=mcast,MAC,ADDR,PORT,TTL.
 * All members are one shared wire behind one port.
 *
 * Members on one host hear each other by IP_MULTICAST_LOOP, and so would each
 * of them itself. Frames are received on a socket that is bound to the group,
 * as every member does, but sent by another one, whose port nobody else has:
 * that is the source our own frames are known by. Were they taken for frames
 * of others, the addresses behind all other ports would be learned here.
 *
 * Nobody slows down because we do not read: what does not fit into the socket
 * is lost, and not counted by us. So the port is hardly ever left unread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "common/parse.h"
#include "msgio.h"

struct mcast_port {
	struct port port;
	struct sockaddr_in own;
};

/* --- frames -------------------------------------------------------------- */

static bool is_own(const struct mcast_port *m,
		   const struct sockaddr_storage *from)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)from;

	return in->sin_port == m->own.sin_port &&
	       in->sin_addr.s_addr == m->own.sin_addr.s_addr;
}

static void ready(struct port *port, uint32_t events)
{
	struct mcast_port *m = container_of(port, struct mcast_port, port);
	struct sockaddr_storage from[FRAME_BURST];
	struct msgio_burst burst = { .from = from };
	unsigned int i, n = 0;

	msgio_recv(port->sw, port->in.fd, &burst);
	port->stats.drops[DROP_NO_MEMORY] += burst.lost;
	port->stats.drops[DROP_RUNT] += burst.empty;
	for (i = 0; i < burst.n; i++) {
		if (is_own(m, &from[i]))
			frame_put(&port->sw->pool, burst.frames[i]);
		else
			burst.frames[n++] = burst.frames[i];
	}
	if (n)
		port_rx(port, burst.frames, n);
}

/* An interface that is down, or a route that is gone, may come back. */
static int send_error(int errnum)
{
	return errnum == ENETDOWN || errnum == ENETUNREACH ? DROP_LINK_DOWN
							   : DROP_SEND_ERROR;
}

static void close_port(struct port *port)
{
	close(port->io.fd);
	close(port->in.fd);
}

static const struct port_ops ops = {
	.type = "mcast",
	.hold_ms = HOLD_BRIEFLY,
	.ready = ready,
	.send = msgio_send,
	.send_error = send_error,
	.close = close_port,
};

/* --- opening ------------------------------------------------------------- */

/* "239.1.2.3:4000" */
static int parse_group_address(const char *text, struct sockaddr_in *group,
			       struct err *err)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	char addr[INET_ADDRSTRLEN];
	uint64_t port;

	snprintf(addr, sizeof(addr), "%.*s", (int)len, text);
	*group = (struct sockaddr_in){ .sin_family = AF_INET };
	if (len >= sizeof(addr) ||
	    inet_pton(AF_INET, addr, &group->sin_addr) != 1 ||
	    !IN_MULTICAST(ntohl(group->sin_addr.s_addr))) {
		err_set(err, "'%s' is no IPv4 multicast address and port",
			text);
		return err_hint(err, "such as mcast:239.192.0.1:4000");
	}
	if (parse_uint("UDP port", colon + 1, 1, 65535, &port, err) < 0)
		return -1;
	group->sin_port = htons((uint16_t)port);
	return 0;
}

static int option(int fd, int name, const void *value, size_t len)
{
	return setsockopt(fd, IPPROTO_IP, name, value, (socklen_t)len);
}

/* Bound to the group's address: nothing else that comes for that UDP port is
 * for us. */
static int join(int fd, const struct sockaddr_in *group, int ifindex)
{
	struct ip_mreqn membership = { .imr_multiaddr = group->sin_addr,
				       .imr_ifindex = ifindex };
	int on = 1, off = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    option(fd, IP_MULTICAST_ALL, &off, sizeof(off)) < 0 ||
	    bind(fd, (const struct sockaddr *)group, sizeof(*group)) < 0)
		return -1;
	return option(fd, IP_ADD_MEMBERSHIP, &membership, sizeof(membership));
}

static int aim(int fd, const struct sockaddr_in *group, int ifindex, int ttl,
	       struct sockaddr_in *own)
{
	struct ip_mreqn from = { .imr_ifindex = ifindex };
	socklen_t len = sizeof(*own);
	int on = 1;

	if (option(fd, IP_MULTICAST_TTL, &ttl, sizeof(ttl)) < 0 ||
	    option(fd, IP_MULTICAST_LOOP, &on, sizeof(on)) < 0 ||
	    (ifindex && option(fd, IP_MULTICAST_IF, &from, sizeof(from)) < 0) ||
	    connect(fd, (const struct sockaddr *)group, sizeof(*group)) < 0)
		return -1;
	return getsockname(fd, (struct sockaddr *)own, &len);
}

static int find_interface(const struct port_spec *spec, int *ifindex,
			  struct err *err)
{
	*ifindex = 0;
	if (!spec->interface)
		return 0;
	*ifindex = (int)if_nametoindex(spec->interface);
	return *ifindex ? 0 : err_errno(err, "interface '%s'", spec->interface);
}

static int udp_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Both sockets; on failure both are still to be closed. */
static int open_sockets(struct mcast_port *m, int *in, int *out,
			const struct port_spec *spec, struct err *err)
{
	struct sockaddr_in group;
	int ifindex;

	if (parse_group_address(spec->address, &group, err) < 0 ||
	    find_interface(spec, &ifindex, err) < 0)
		return -1;
	*in = udp_socket();
	*out = udp_socket();
	if (*in < 0 || *out < 0)
		return err_errno(err, "mcast '%s'", spec->address);
	if (join(*in, &group, ifindex) < 0)
		err_errno(err, "cannot join multicast group '%s'",
			  spec->address);
	else if (aim(*out, &group, ifindex, spec->ttl, &m->own) < 0)
		err_errno(err, "cannot send to multicast group '%s'",
			  spec->address);
	else
		return 0;
	if (!ifindex && (errno == ENODEV || errno == ENETUNREACH))
		err_hint(err, "there is no route to it: name the interface, "
			      "interface=DEV");
	return -1;
}

static int open_mcast(struct sw *sw, const struct port_spec *spec,
		      struct err *err)
{
	struct mcast_port *m = calloc(1, sizeof(*m));
	int in = -1, out = -1;

	if (!m)
		return err_errno(err, "mcast '%s'", spec->address);
	if (open_sockets(m, &in, &out, spec, err) == 0 &&
	    backend_plug(spec, &m->port, sw, &ops, out, err) == 0) {
		port_read_from(&m->port, in);
		return 0;
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	free(m);
	return -1;
}

const struct backend backend_mcast = {
	.type = "mcast",
	.keys = KEYS_MCAST,
	.open = open_mcast,
};
