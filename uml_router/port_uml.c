// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ports of UML's "daemon" transport (eth0=daemon,,unix,SOCKET). One port per
 * client; uml_proto.h has the protocol.
 *
 * The life of a client: it connects to the control socket and sends a request,
 * possibly in pieces. It then has a port for as long as the control connection
 * stands. Each v1 or v3 client has a data socket of its own, bound to an
 * abstract name that cannot be guessed and connected to the client's: so the
 * kernel refuses other senders, the ingress port is known without a search,
 * and EPOLLOUT means that this very client can take more.
 *
 * Version 0 has no reply that could name such a socket. Its clients all send
 * to one well-known socket, and are told apart by their address. None of them
 * can be held alone, so policy=block has no hold on them (HOLD_NEVER).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend.h"
#include "common/log.h"
#include "listener.h"
#include "msgio.h"
#include "uml_proto.h"

/** Clients of one listener that have not sent a whole request. */
#define PENDING_MAX 256
/** How long a client may take to send one. */
#define REQUEST_MS 10000
/** How long what a client sent before it left may wait to be forwarded. */
#define LEAVE_MS 1000
/** Octets behind a request that are ignored: padding, VDE's description. */
#define TRAILING_MAX 256
/** Buckets of the table of version 0 clients. */
#define V0_BUCKETS 64

struct uml_listener {
	struct listener listener;
	struct list pending; /* clients without a port, oldest first */
	unsigned int pending_count;
	struct unixsock_listener data; /* version 0 */
	struct event data_ev;
	struct list v0[V0_BUCKETS];
};

/* While pending, .port is only memory for a port. */
struct uml_client {
	struct port port;
	struct uml_listener *l; /* while pending */
	struct sw *sw;
	struct event control;
	struct ucred peer;
	uint8_t request[UML_REQUEST_MAX];
	size_t got;
	size_t trailing;
	struct timer patience;
	struct list pending;
	struct list v0;
	struct sockaddr_un addr;
};

/* --- version 0: one data socket for all ---------------------------------- */

static struct list *v0_bucket(struct uml_listener *l,
			      const struct sockaddr_un *addr)
{
	uint64_t hash = siphash_bytes(&l->listener.sw->key, addr->sun_path,
				      sizeof(addr->sun_path));

	return &l->v0[hash % V0_BUCKETS];
}

/* Senders give what bind(2) was given: @len may end before sun_path does. */
static struct uml_client *v0_find(struct uml_listener *l,
				  const struct sockaddr_storage *from,
				  socklen_t len)
{
	struct sockaddr_un addr = { 0 };
	struct list *at, *bucket;

	memcpy(&addr, from, len < sizeof(addr) ? len : sizeof(addr));
	bucket = v0_bucket(l, &addr);
	list_for_each(at, bucket) {
		struct uml_client *c = container_of(at, struct uml_client, v0);

		if (!memcmp(c->addr.sun_path, addr.sun_path,
			    sizeof(addr.sun_path)))
			return c;
	}
	return NULL;
}

static void on_v0_data(struct event *ev, uint32_t ready)
{
	struct uml_listener *l = container_of(ev, struct uml_listener, data_ev);
	struct sockaddr_storage from[FRAME_BURST];
	struct msgio_burst burst = { .from = from };
	struct sw *sw = l->listener.sw;
	unsigned int i;

	msgio_recv(sw, ev->fd, &burst);
	for (i = 0; i < burst.n; i++) {
		struct uml_client *c = v0_find(l, &from[i], burst.from_len[i]);

		if (c && !c->port.dying) {
			port_rx(&c->port, &burst.frames[i], 1);
		} else {
			frame_put(&sw->pool, burst.frames[i]);
			sw->stats.strangers++;
		}
	}
	sw->stats.strangers += burst.empty + burst.lost;
}

/* --- a client with a port ------------------------------------------------ */

/* The control connection has ended. What the client sent before is still to be
 * delivered, be it that it has to wait: the data socket takes no more, and when
 * it is empty, ready() closes the port. */
static void on_overdue(struct timer *timer)
{
	port_close(&container_of(timer, struct uml_client, patience)->port);
}

static void leave(struct uml_client *c)
{
	loop_watch(c->sw->loop, &c->control, 0);
	shutdown(c->port.io.fd, SHUT_RD);
	/* A send that finds the client gone would empty our side, too. */
	port_mute(&c->port);
	timer_init(&c->patience, on_overdue);
	loop_arm(c->sw->loop, &c->patience, LEAVE_MS);
}

static void ready(struct port *port, uint32_t events)
{
	uint64_t before = port->stats.rx.frames;

	msgio_ready(port, events);
	if ((events & EPOLLRDHUP) && port->stats.rx.frames == before)
		port_close(port);
}

static void close_client(struct port *port)
{
	struct uml_client *c = container_of(port, struct uml_client, port);

	loop_watch(c->sw->loop, &c->control, 0);
	loop_disarm(&c->patience);
	list_remove(&c->v0);
	close(c->control.fd);
	close(port->io.fd);
}

static const struct port_ops ops = {
	.type = "uml",
	.hold_ms = HOLD_FOREVER,
	.ready = ready,
	.send = msgio_send,
	.send_error = msgio_send_error,
	.close = close_client,
};

static const struct port_ops v0_ops = {
	.type = "uml",
	.hold_ms = HOLD_NEVER,
	.ready = ready,
	.send = msgio_send,
	.send_error = msgio_send_error,
	.close = close_client,
};

/* A client names the socket that the switch is to send to, and the switch may
 * have more rights than the client: a socket file must be the client's own.
 * What was looked at is what is connected to, by its descriptor. */
static int open_own_path(const struct uml_client *c, struct err *err)
{
	const char *path = c->addr.sun_path;
	struct stat st;
	int fd;

	if (path[0] != '/')
		return err_set(err, "data socket '%s' is no absolute path",
			       path);
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		err_errno(err, "data socket '%s'", path);
	else if (!S_ISSOCK(st.st_mode) ||
		 (st.st_uid != c->peer.uid && c->peer.uid))
		err_set(err, "'%s' is no socket of user %u", path, c->peer.uid);
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int connect_to_path(const struct uml_client *c, int fd, struct err *err)
{
	struct sockaddr_un by_fd = { .sun_family = AF_UNIX };
	int path_fd = open_own_path(c, err);
	int failed;

	if (path_fd < 0)
		return -1;
	snprintf(by_fd.sun_path, sizeof(by_fd.sun_path), "/proc/self/fd/%d",
		 path_fd);
	failed = connect(fd, (struct sockaddr *)&by_fd, sizeof(by_fd));
	if (failed)
		err_errno(err, "cannot connect to data socket '%s'",
			  c->addr.sun_path);
	close(path_fd);
	return failed;
}

/* An abstract name of full length, as clients send the whole of it back. @own
 * comes with its family and zeroes. */
static int bind_unguessable(int fd, struct sockaddr_un *own)
{
	uint64_t secret[2];
	char *at = own->sun_path + 1;

	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		return -1;
	memcpy(at, "uml_router", 10);
	memcpy(at + 10, secret, sizeof(secret));
	return bind(fd, (struct sockaddr *)own, sizeof(*own));
}

static int connect_to_client(const struct uml_client *c, int fd,
			     struct err *err)
{
	if (c->addr.sun_path[0])
		return connect_to_path(c, fd, err);
	if (connect(fd, (struct sockaddr *)&c->addr, sizeof(c->addr)) == 0)
		return 0;
	err_errno(err, "cannot connect to the client's data socket");
	if (errno == ECONNREFUSED)
		err_hint(err, "abstract names are private to a network "
			      "namespace: is the client in another one?");
	return -1;
}

/* Connected before it is bound: nobody else can send to it in between. */
static int open_data(struct uml_client *c, bool bound, struct sockaddr_un *own,
		     struct err *err)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(err, "cannot make a data socket");
	if (connect_to_client(c, fd, err) == 0) {
		if (!bound || bind_unguessable(fd, own) == 0)
			return fd;
		err_errno(err, "cannot bind a data socket");
	}
	close(fd);
	return -1;
}

static void no_longer_pending(struct uml_client *c)
{
	list_remove(&c->pending);
	c->l->pending_count--;
	loop_disarm(&c->patience);
}

/* The port is open before the answer is sent: whoever has the answer can be
 * heard. On failure the client is still pending. */
static int plug(struct uml_client *c, const struct uml_request *req,
		struct err *err)
{
	bool v0 = req->version == 0;
	struct sockaddr_un own = { .sun_family = AF_UNIX };
	int fd;

	if (v0 && c->l->data.fd < 0)
		return err_set(err, "a client of protocol version 0 needs "
				    "-compat-v0");
	c->addr = req->addr;
	c->port.mirror = req->dump;
	fd = open_data(c, !v0, &own, err);
	if (fd < 0)
		return -1;
	if (listener_plug(&c->l->listener, &c->port, v0 ? &v0_ops : &ops, fd,
			  &c->peer, err) < 0) {
		close(fd);
		return -1;
	}
	no_longer_pending(c);
	if (v0)
		list_append(v0_bucket(c->l, &c->addr), &c->v0);
	else if (send(c->control.fd, &own, sizeof(own), MSG_NOSIGNAL) !=
		 sizeof(own))
		port_close(&c->port);
	return 0;
}

/* --- a client without a port --------------------------------------------- */

static void turn_away(struct uml_client *c)
{
	no_longer_pending(c);
	loop_watch(c->sw->loop, &c->control, 0);
	close(c->control.fd);
	free(c);
}

static void refuse(struct uml_client *c, const char *why)
{
	c->sw->stats.bad_requests++;
	log_limited(&c->sw->complaints, LOG_LEVEL_WARN, "uml",
		    "client of pid %d on '%s' refused: %s", c->peer.pid,
		    c->l->listener.socket.name, why);
	turn_away(c);
}

static void on_impatience(struct timer *timer)
{
	refuse(container_of(timer, struct uml_client, patience),
	       "no whole request in 10 seconds");
}

static void read_request(struct uml_client *c)
{
	ssize_t n = read(c->control.fd, c->request + c->got,
			 sizeof(c->request) - c->got);
	struct uml_request req;
	const char *why;
	struct err err;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		turn_away(c);
		return;
	}
	c->got += (size_t)n;
	switch (uml_request_parse(c->request, c->got, &req, &why)) {
	case UML_MORE:
		break;
	case UML_BAD:
		refuse(c, why);
		break;
	case UML_REQUEST:
		if (plug(c, &req, &err) < 0)
			refuse(c, err.text);
		break;
	}
}

/* Nothing is to come any more but the end. */
static void read_trailing(struct uml_client *c)
{
	char ignored[TRAILING_MAX];
	ssize_t n = read(c->control.fd, ignored, sizeof(ignored));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		c->trailing += (size_t)n;
		if (c->trailing <= TRAILING_MAX)
			return;
		c->sw->stats.bad_requests++;
	}
	leave(c);
}

static void on_control(struct event *ev, uint32_t ready)
{
	struct uml_client *c = container_of(ev, struct uml_client, control);

	if (!list_empty(&c->pending))
		read_request(c);
	else if (!c->port.dying)
		read_trailing(c);
}

static void accepted(struct listener *listener, int fd,
		     const struct ucred *peer)
{
	struct uml_listener *l = container_of(listener, struct uml_listener,
					      listener);
	struct uml_client *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return;
	}
	c->l = l;
	c->sw = listener->sw;
	c->peer = *peer;
	c->control = (struct event){ .fd = fd, .fn = on_control };
	list_init(&c->v0);
	list_init(&c->pending);
	timer_init(&c->patience, on_impatience);
	if (l->pending_count >= PENDING_MAX)
		refuse(container_of(l->pending.next, struct uml_client,
				    pending),
		       "too many clients without a request");
	list_append(&l->pending, &c->pending);
	l->pending_count++;
	loop_arm(c->sw->loop, &c->patience, REQUEST_MS);
	if (loop_watch(c->sw->loop, &c->control, EPOLLIN) < 0)
		turn_away(c);
}

/* --- the listener -------------------------------------------------------- */

static void close_listener(struct listener *listener)
{
	struct uml_listener *l = container_of(listener, struct uml_listener,
					      listener);
	int i;

	/* Clients of version 0 send to the socket that is closed here. */
	for (i = 0; i < V0_BUCKETS; i++)
		while (!list_empty(&l->v0[i])) {
			struct uml_client *c = container_of(
				l->v0[i].next, struct uml_client, v0);

			list_remove(&c->v0);
			port_close(&c->port);
		}
	while (!list_empty(&l->pending))
		turn_away(container_of(l->pending.next, struct uml_client,
				       pending));
	loop_watch(listener->sw->loop, &l->data_ev, 0);
	unixsock_close(&l->data);
	free(l);
}

static const struct listener_ops listener_ops = {
	.accepted = accepted,
	.close = close_listener,
};

static int open_v0(struct uml_listener *l, const struct port_spec *spec,
		   struct err *err)
{
	if (unixsock_listen(&l->data, spec->data, SOCK_DGRAM, spec->perm, err) <
	    0)
		return -1;
	l->data_ev = (struct event){ .fd = l->data.fd, .fn = on_v0_data };
	if (loop_watch(l->listener.sw->loop, &l->data_ev, EPOLLIN) < 0)
		return err_errno(err, "cannot watch socket '%s'", spec->data);
	return 0;
}

static int open_listener(struct sw *sw, const struct port_spec *spec,
			 struct err *err)
{
	struct uml_listener *l = calloc(1, sizeof(*l));
	int i;

	if (!l)
		return err_errno(err, "uml '%s'", spec->address);
	l->data = UNIXSOCK_LISTENER_NONE;
	list_init(&l->pending);
	for (i = 0; i < V0_BUCKETS; i++)
		list_init(&l->v0[i]);
	if (listener_open_spec(&l->listener, sw, &listener_ops, SOCK_STREAM,
			       spec, err) < 0) {
		free(l);
		return -1;
	}
	if (spec->data && open_v0(l, spec, err) < 0) {
		listener_close(&l->listener);
		return -1;
	}
	return 0;
}

const struct backend backend_uml = {
	.type = "uml",
	.listens = true,
	.open = open_listener,
};
