// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clients of UML's daemon protocol, see uml_client.h.
 *
 * What a client of a VDE folder sends behind its request describes it. It
 * comes with the request as a rule, but may come in pieces like that.
 */
#include "uml_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "msgio.h"

/** Clients of one listener that have not sent a whole request. */
#define PENDING_MAX 256
/** How long a client may take to send one. */
#define REQUEST_MS 10000
/** How long what a client sent before it left may wait to be forwarded. */
#define LEAVE_MS 1000

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

void uml_client_ready(struct port *port, uint32_t events)
{
	uint64_t before = port->stats.rx.frames;

	msgio_ready(port, events);
	if ((events & EPOLLRDHUP) && port->stats.rx.frames == before)
		port_close(port);
}

void uml_client_close(struct port *port)
{
	struct uml_client *c = container_of(port, struct uml_client, port);

	loop_watch(c->sw->loop, &c->control, 0);
	loop_disarm(&c->patience);
	close(c->control.fd);
	close(port->io.fd);
}

bool uml_client_is_owner(const struct uml_client *c)
{
	return c->peer.uid == 0 || c->peer.uid == geteuid();
}

/* --- the data socket ----------------------------------------------------- */

/* A client names the socket that the switch is to send to, and the switch may
 * have more rights than the client: a socket file must be the client's own.
 * What was looked at is what is connected to, by its descriptor. */
static int open_own_path(const struct uml_client *c, const char *path,
			 struct err *err)
{
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

static int connect_to_path(const struct uml_client *c, int fd, const char *path,
			   struct err *err)
{
	struct sockaddr_un by_fd = { .sun_family = AF_UNIX };
	int path_fd = open_own_path(c, path, err);
	int failed;

	if (path_fd < 0)
		return -1;
	snprintf(by_fd.sun_path, sizeof(by_fd.sun_path), "/proc/self/fd/%d",
		 path_fd);
	failed = connect(fd, (struct sockaddr *)&by_fd, sizeof(by_fd));
	if (failed)
		err_errno(err, "cannot connect to data socket '%s'", path);
	close(path_fd);
	return failed;
}

static int connect_to_client(const struct uml_client *c, int fd,
			     const struct sockaddr_un *addr, struct err *err)
{
	if (addr->sun_path[0])
		return connect_to_path(c, fd, addr->sun_path, err);
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0)
		return 0;
	err_errno(err, "cannot connect to the client's data socket");
	if (errno == ECONNREFUSED)
		err_hint(err, "abstract names are private to a network "
			      "namespace: is the client in another one?");
	return -1;
}

static int open_data(const struct uml_client *c, const struct sockaddr_un *addr,
		     struct err *err)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(err, "cannot make a data socket");
	if (connect_to_client(c, fd, addr, err) == 0)
		return fd;
	close(fd);
	return -1;
}

static void no_longer_pending(struct uml_client *c)
{
	list_remove(&c->pending);
	c->service->pending_count--;
	loop_disarm(&c->patience);
}

/* The port is open before the answer is sent: whoever has the answer can be
 * heard. On failure the client is still pending. */
static int plug(struct uml_client *c, const struct uml_request *req,
		struct err *err)
{
	struct sockaddr_un own = { 0 };
	int fd = open_data(c, &req->addr, err);

	if (fd < 0)
		return -1;
	if (c->service->ops->plug(c, req, fd, &own, err) < 0) {
		close(fd);
		return -1;
	}
	no_longer_pending(c);
	if (own.sun_family == AF_UNIX &&
	    send(c->control.fd, &own, sizeof(own), MSG_NOSIGNAL) != sizeof(own))
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
	log_limited(&c->sw->complaints, LOG_LEVEL_WARN, c->service->ops->type,
		    "client of pid %d on '%s' refused: %s", c->peer.pid,
		    c->service->listener.socket.name, why);
	turn_away(c);
}

static void on_impatience(struct timer *timer)
{
	refuse(container_of(timer, struct uml_client, patience),
	       "no whole request in 10 seconds");
}

/* What came behind the request describes a client of VDE. But a request of the
 * kernel's driver ends with padding, which is not even zeroed. */
static void take_trailing(struct uml_client *c)
{
	size_t len = c->got - c->size;

	if (c->describes && len > UML_REQUEST_PADDING)
		port_describe(&c->port, (const char *)c->request + c->size,
			      len);
	if (c->got < sizeof(c->request))
		return;
	c->sw->stats.bad_requests++;
	leave(c);
}

static void understood(struct uml_client *c, const struct uml_request *req)
{
	struct err err;

	if (plug(c, req, &err) < 0) {
		refuse(c, err.text);
		return;
	}
	c->size = req->size;
	take_trailing(c);
}

/* Return: as read(2); there is room for an octet at least. */
static ssize_t read_more(struct uml_client *c)
{
	ssize_t n = read(c->control.fd, c->request + c->got,
			 sizeof(c->request) - c->got);

	if (n > 0)
		c->got += (size_t)n;
	return n;
}

static void read_request(struct uml_client *c)
{
	ssize_t n = read_more(c);
	struct uml_request req;
	const char *why;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		turn_away(c);
		return;
	}
	switch (uml_request_parse(c->service->ops->dialect, c->request, c->got,
				  &req, &why)) {
	case UML_MORE:
		break;
	case UML_BAD:
		refuse(c, why);
		break;
	case UML_REQUEST:
		understood(c, &req);
		break;
	}
}

/* Nothing is to come any more but the rest of a description, and the end. */
static void read_trailing(struct uml_client *c)
{
	ssize_t n = read_more(c);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		take_trailing(c);
	else
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
	struct uml_service *s = container_of(listener, struct uml_service,
					     listener);
	struct uml_client *c = calloc(1, s->ops->client_size);

	if (!c) {
		close(fd);
		return;
	}
	c->service = s;
	c->sw = listener->sw;
	c->peer = *peer;
	c->describes = s->ops->dialect == UML_VDE;
	c->control = (struct event){ .fd = fd, .fn = on_control };
	list_init(&c->pending);
	timer_init(&c->patience, on_impatience);
	if (s->pending_count >= PENDING_MAX)
		refuse(container_of(s->pending.next, struct uml_client,
				    pending),
		       "too many clients without a request");
	list_append(&s->pending, &c->pending);
	s->pending_count++;
	loop_arm(c->sw->loop, &c->patience, REQUEST_MS);
	if (loop_watch(c->sw->loop, &c->control, EPOLLIN) < 0)
		turn_away(c);
}

/* --- the control socket -------------------------------------------------- */

static void close_service(struct listener *listener)
{
	struct uml_service *s = container_of(listener, struct uml_service,
					     listener);

	while (!list_empty(&s->pending))
		turn_away(container_of(s->pending.next, struct uml_client,
				       pending));
	s->ops->close(s);
}

static const struct listener_ops listener_ops = {
	.accepted = accepted,
	.close = close_service,
};

int uml_service_open(struct uml_service *s, struct sw *sw,
		     const struct uml_service_ops *ops,
		     const struct port_spec *spec, struct err *err)
{
	s->ops = ops;
	list_init(&s->pending);
	return listener_open_spec(&s->listener, sw, &listener_ops, SOCK_STREAM,
				  spec, err);
}
