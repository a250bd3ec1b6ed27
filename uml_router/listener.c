// SPDX-License-Identifier: GPL-2.0-or-later
/* Listening sockets, see listener.h. */
#include "listener.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "switch.h"

/** Clients accepted before others are served. */
#define ACCEPT_BURST 16
/** Without descriptors, milliseconds until the next attempt. */
#define PAUSE_MS 500

/* A client that cannot be accepted stays in the kernel's backlog, and its
 * readiness stays too: look away for a while instead of spinning. */
static void take_a_pause(struct listener *l)
{
	log_limited(&l->sw->complaints, LOG_LEVEL_WARN, "listener",
		    "%s: cannot accept a client: %s", l->socket.name,
		    strerror(errno));
	l->sw->stats.refused++;
	loop_watch(l->sw->loop, &l->ev, 0);
	loop_arm(l->sw->loop, &l->pause, PAUSE_MS);
}

static void on_pause(struct timer *timer)
{
	struct listener *l = container_of(timer, struct listener, pause);

	loop_watch(l->sw->loop, &l->ev, EPOLLIN);
}

static bool accept_one(struct listener *l)
{
	struct ucred peer = { .uid = (uid_t)-1, .gid = (gid_t)-1 };
	int fd = accept4(l->ev.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		unixsock_peer(fd, &peer);
		l->ops->accepted(l, fd, &peer);
		return true;
	}
	if (errno == EINTR || errno == ECONNABORTED)
		return true;
	if (errno != EAGAIN)
		take_a_pause(l);
	return false;
}

static void on_client(struct event *ev, uint32_t ready)
{
	struct listener *l = container_of(ev, struct listener, ev);
	int i;

	for (i = 0; i < ACCEPT_BURST && accept_one(l); i++)
		;
}

int listener_open(struct listener *l, struct sw *sw,
		  const struct listener_ops *ops, const char *name, int type,
		  struct unixsock_perm perm, struct err *err)
{
	l->sw = sw;
	l->ops = ops;
	timer_init(&l->pause, on_pause);
	if (unixsock_listen(&l->socket, name, type, perm, err) < 0)
		return -1;
	l->ev = (struct event){ .fd = l->socket.fd, .fn = on_client };
	if (loop_watch(sw->loop, &l->ev, EPOLLIN) < 0) {
		err_errno(err, "cannot watch socket '%s'", name);
		unixsock_close(&l->socket);
		return -1;
	}
	list_append(&sw->listeners, &l->node);
	return 0;
}

int listener_open_spec(struct listener *l, struct sw *sw,
		       const struct listener_ops *ops, int type,
		       const struct port_spec *spec, struct err *err)
{
	const char *prefix = spec->name[0] ? spec->name : spec->backend->type;

	l->conf = spec->conf;
	snprintf(l->prefix, sizeof(l->prefix), "%.*s", SW_PREFIX_LEN, prefix);
	return listener_open(l, sw, ops, spec->address, type, spec->perm, err);
}

int listener_plug_as(struct listener *l, struct port *port,
		     const struct port_ops *ops, unsigned int number, int fd,
		     const struct ucred *peer, struct err *err)
{
	char name[PORT_NAME_LEN];

	port->pid = peer->pid;
	port->uid = peer->uid;
	if (!port->address[0])
		snprintf(port->address, sizeof(port->address), "%s",
			 l->socket.name);
	snprintf(name, sizeof(name), "%s%u", l->prefix, number);
	return port_open(port, l->sw, ops, &l->conf, name, fd, err);
}

int listener_plug(struct listener *l, struct port *port,
		  const struct port_ops *ops, int fd, const struct ucred *peer,
		  struct err *err)
{
	long number = sw_free_number(l->sw, l->prefix, 0);

	if (number < 0)
		return err_errno(err, "cannot name a port");
	return listener_plug_as(l, port, ops, (unsigned int)number, fd, peer,
				err);
}

/* --- clients that are a port once they connected -------------------------- */

struct server {
	struct listener listener;
	const struct port_ops *ops;
	size_t size;
};

static void serve(struct listener *l, int fd, const struct ucred *peer)
{
	const struct server *s = container_of(l, struct server, listener);
	struct port *port = calloc(1, s->size);
	struct err err;

	if (port && listener_plug(l, port, s->ops, fd, peer, &err) == 0)
		return;
	log_limited(&l->sw->complaints, LOG_LEVEL_WARN, s->ops->type,
		    "client of pid %d refused: %s", peer->pid,
		    port ? err.text : "out of memory");
	free(port);
	close(fd);
}

static void close_server(struct listener *l)
{
	free(container_of(l, struct server, listener));
}

int listener_serve(struct sw *sw, const struct port_spec *spec, int type,
		   const struct port_ops *ops, size_t size, struct err *err)
{
	static const struct listener_ops server_ops = {
		.accepted = serve,
		.close = close_server,
	};
	struct server *s = calloc(1, sizeof(*s));

	if (!s)
		return err_errno(err, "%s '%s'", ops->type, spec->address);
	s->ops = ops;
	s->size = size;
	if (listener_open_spec(&s->listener, sw, &server_ops, type, spec,
			       err) == 0)
		return 0;
	free(s);
	return -1;
}

void listener_close(struct listener *l)
{
	loop_watch(l->sw->loop, &l->ev, 0);
	loop_disarm(&l->pause);
	list_remove(&l->node);
	if (unixsock_unlink(&l->socket) < 0)
		log_msg(LOG_LEVEL_WARN, "listener", "cannot remove '%s': %s",
			l->socket.name, strerror(errno));
	unixsock_forget(&l->socket);
	l->ops->close(l);
}
