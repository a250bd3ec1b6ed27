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
 * The address of that source is the device's when the socket was made, and the
 * group was joined on the device that was there then. Both may change: the first
 * frame that cannot be sent any more has both sockets made anew.
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
#include "common/log.h"
#include "common/parse.h"
#include "msgio.h"
#include "switch.h"

/** Milliseconds between two attempts to make the sockets anew; also how long a
 *  frame from the former one may still be under way to us. */
#define RENEW_MS 1000

/* .own is where frames are sent from, .former where they were before .renewed,
 * in milliseconds of the loop. .interface is "" where the route decides. */
struct mcast_port {
	struct port port;
	struct sockaddr_in group;
	char interface[IFNAMSIZ];
	int ttl;
	struct sockaddr_in own, former;
	uint64_t renewed, attempted;
};

/** The two sockets, -1: none. */
struct mcast_sockets {
	int in, out;
};

/* --- sockets ------------------------------------------------------------- */

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

/* Without an address of its own every frame would have the one of its time,
 * and ours could not be told from others'. */
static int find_own(int fd, struct sockaddr_in *own)
{
	socklen_t len = sizeof(*own);

	if (getsockname(fd, (struct sockaddr *)own, &len) < 0)
		return -1;
	if (own->sin_addr.s_addr != htonl(INADDR_ANY))
		return 0;
	errno = EADDRNOTAVAIL;
	return -1;
}

static int aim(int fd, const struct mcast_port *m, int ifindex,
	       struct sockaddr_in *own)
{
	struct ip_mreqn from = { .imr_ifindex = ifindex };
	int on = 1;

	if (option(fd, IP_MULTICAST_TTL, &m->ttl, sizeof(m->ttl)) < 0 ||
	    option(fd, IP_MULTICAST_LOOP, &on, sizeof(on)) < 0 ||
	    (ifindex && option(fd, IP_MULTICAST_IF, &from, sizeof(from)) < 0) ||
	    connect(fd, (const struct sockaddr *)&m->group, sizeof(m->group)) <
		    0)
		return -1;
	return find_own(fd, own);
}

static int udp_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static void close_sockets(const struct mcast_sockets *s)
{
	if (s->in >= 0)
		close(s->in);
	if (s->out >= 0)
		close(s->out);
}

static int find_interface(const struct mcast_port *m, int *ifindex,
			  struct err *err)
{
	*ifindex = 0;
	if (!m->interface[0])
		return 0;
	*ifindex = (int)if_nametoindex(m->interface);
	return *ifindex ? 0 : err_errno(err, "interface '%s'", m->interface);
}

static void hint(const struct mcast_port *m, struct err *err)
{
	if (m->interface[0] && (errno == ENETUNREACH || errno == EADDRNOTAVAIL))
		err_hint(err, "'%s' has to be up and to have an IPv4 address",
			 m->interface);
	else if (!m->interface[0] && (errno == ENODEV || errno == ENETUNREACH))
		err_hint(err, "there is no route to it: name the interface, "
			      "interface=DEV");
}

/* On failure they are still to be closed. */
static int make_sockets(const struct mcast_port *m, struct mcast_sockets *s,
			struct sockaddr_in *own, struct err *err)
{
	const char *address = m->port.address;
	int ifindex;

	*s = (struct mcast_sockets){ udp_socket(), udp_socket() };
	if (s->in < 0 || s->out < 0)
		return err_errno(err, "mcast '%s'", address);
	if (find_interface(m, &ifindex, err) < 0)
		return -1;
	if (join(s->in, &m->group, ifindex) < 0)
		err_errno(err, "cannot join multicast group '%s'", address);
	else if (aim(s->out, m, ifindex, own) < 0)
		err_errno(err, "cannot send to multicast group '%s'", address);
	else
		return 0;
	hint(m, err);
	return -1;
}

/* --- frames -------------------------------------------------------------- */

static bool same(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_port == b->sin_port &&
	       a->sin_addr.s_addr == b->sin_addr.s_addr;
}

static bool is_own(const struct mcast_port *m,
		   const struct sockaddr_storage *from)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)from;

	return same(in, &m->own) ||
	       (same(in, &m->former) &&
		m->port.worker->loop->now < m->renewed + RENEW_MS);
}

static void ready(struct port *port, uint32_t events)
{
	struct mcast_port *m = container_of(port, struct mcast_port, port);
	struct sockaddr_storage from[FRAME_BURST];
	struct msgio_burst burst = { .from = from };
	unsigned int i, n = 0;

	msgio_recv(port->worker, port->in.fd, &burst);
	port->stats.drops[DROP_NO_MEMORY] += burst.lost;
	port->stats.drops[DROP_RUNT] += burst.empty;
	for (i = 0; i < burst.n; i++) {
		if (is_own(m, &from[i]))
			frame_put(&port->worker->pool, burst.frames[i]);
		else
			burst.frames[n++] = burst.frames[i];
	}
	if (n)
		port_rx(port, burst.frames, n);
}

/* An interface that is down, or a route that is gone, may come back. EINVAL and
 * ENODEV are what the kernel says of a source address and of a device that are
 * gone (net/ipv4/route.c, ip_route_output_key_hash_rcu()). */
static int send_error(int errnum)
{
	switch (errnum) {
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EADDRNOTAVAIL:
	case EINVAL:
	case ENODEV:
		return DROP_LINK_DOWN;
	default:
		return DROP_SEND_ERROR;
	}
}

/* Other sockets instead of those that are of no use any more. What the former
 * one has not been read of goes with it. */
static int renew(struct mcast_port *m)
{
	struct mcast_sockets s, before = { m->port.in.fd, m->port.io.fd };
	struct loop *loop = m->port.worker->loop;
	struct sockaddr_in own;

	if (loop->now < m->attempted + RENEW_MS)
		return -1;
	m->attempted = loop->now;
	if (make_sockets(m, &s, &own, NULL) < 0) {
		close_sockets(&s);
		return -1;
	}
	m->renewed = loop->now;
	m->former = m->own;
	m->own = own;
	loop_watch(loop, &m->port.io, 0);
	port_link_up(&m->port, s.out);
	port_read_from(&m->port, s.in);
	close_sockets(&before);
	log_msg(LOG_LEVEL_DEBUG, "port", "%s: sends from another address",
		m->port.name);
	return 0;
}

static int send_frames(struct port *port, struct frame *const frames[],
		       unsigned int n)
{
	struct mcast_port *m = container_of(port, struct mcast_port, port);
	int sent = msgio_send(port, frames, n);
	int why = errno;

	if (sent < 0 && send_error(why) == DROP_LINK_DOWN && renew(m) == 0)
		return msgio_send(port, frames, n);
	errno = why;
	return sent;
}

static void close_port(struct port *port)
{
	close_sockets(&(struct mcast_sockets){ port->in.fd, port->io.fd });
}

static const struct port_ops ops = {
	.type = "mcast",
	.hold_ms = HOLD_BRIEFLY,
	.ready = ready,
	.send = send_frames,
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

static int parse(struct mcast_port *m, const struct port_spec *spec,
		 struct err *err)
{
	const char *interface = spec->interface ? spec->interface : "";

	m->ttl = spec->ttl;
	snprintf(m->port.address, sizeof(m->port.address), "%s", spec->address);
	if (snprintf(m->interface, sizeof(m->interface), "%s", interface) >=
	    (int)sizeof(m->interface))
		return err_set(err, "interface '%s': no name is so long",
			       interface);
	return parse_group_address(spec->address, &m->group, err);
}

static int open_mcast(struct sw *sw, const struct port_spec *spec,
		      struct err *err)
{
	struct mcast_port *m = calloc(1, sizeof(*m));
	struct mcast_sockets s = { -1, -1 };

	if (!m)
		return err_errno(err, "mcast '%s'", spec->address);
	if (parse(m, spec, err) == 0 &&
	    make_sockets(m, &s, &m->own, err) == 0 &&
	    backend_plug(spec, &m->port, sw, &ops, s.out, err) == 0) {
		port_read_from(&m->port, s.in);
		return 0;
	}
	close_sockets(&s);
	free(m);
	return -1;
}

const struct backend backend_mcast = {
	.type = "mcast",
	.keys = KEYS_MCAST,
	.open = open_mcast,
};
