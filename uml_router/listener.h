/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listening sockets: accept clients, and survive having no descriptors left.
 *
 * Embedded in the object of a back end that makes one port per client, and in
 * that of the management socket.
 */
#ifndef UML_ROUTER_LISTENER_H
#define UML_ROUTER_LISTENER_H

#include "common/err.h"
#include "common/unixsock.h"
#include "backend.h"
#include "list.h"
#include "loop.h"

struct listener;

/**
 * struct listener_ops - What is done with clients
 * @accepted:	a client connected; @fd is non-blocking and taken over
 * @close:	the socket is closed: end what was not made a port yet and
 *		free the object
 */
struct listener_ops {
	void (*accepted)(struct listener *l, int fd, const struct ucred *peer);
	void (*close)(struct listener *l);
};

/**
 * struct listener - A listening socket
 * @node:	in the switch's list
 * @sw:		the switch
 * @ops:	what is done with clients
 * @socket:	the socket and its file
 * @ev:		its readiness
 * @pause:	armed while no client can be accepted
 * @conf:	queue and policy of the clients' ports
 * @prefix:	what their names begin with
 */
struct listener {
	struct list node;
	struct sw *sw;
	const struct listener_ops *ops;
	struct unixsock_listener socket;
	struct event ev;
	struct timer pause;
	struct port_conf conf;
	char prefix[SW_PREFIX_LEN + 1];
};

/**
 * listener_open() - Bind, listen and watch
 * @l:		zeroed
 * @sw:		the switch
 * @ops:	what is done with clients
 * @name:	path or '@' and an abstract name
 * @type:	SOCK_STREAM or SOCK_SEQPACKET
 * @perm:	mode and group of the socket file
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set and nothing left behind
 */
int listener_open(struct listener *l, struct sw *sw,
		  const struct listener_ops *ops, const char *name, int type,
		  struct unixsock_perm perm, struct err *err);

/**
 * listener_open_spec() - listener_open() for a back end
 * @l:		zeroed
 * @sw:		the switch
 * @ops:	what is done with clients
 * @type:	SOCK_STREAM or SOCK_SEQPACKET
 * @spec:	address, permissions, and what the clients' ports are like
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set and nothing left behind
 */
int listener_open_spec(struct listener *l, struct sw *sw,
		       const struct listener_ops *ops, int type,
		       const struct port_spec *spec, struct err *err);

/**
 * listener_plug() - port_open() for a client
 * @l:		where it connected
 * @port:	as for port_open()
 * @ops:	the back end
 * @fd:		the port's descriptor
 * @peer:	who connected
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set, as port_open()
 */
int listener_plug(struct listener *l, struct port *port,
		  const struct port_ops *ops, int fd, const struct ucred *peer,
		  struct err *err);

/**
 * listener_plug_as() - listener_plug() with a number of the back end's choice
 * @number:	behind the prefix in the port's name
 *
 * What @port->address says already is left. The rest is as there.
 */
int listener_plug_as(struct listener *l, struct port *port,
		     const struct port_ops *ops, unsigned int number, int fd,
		     const struct ucred *peer, struct err *err);

/**
 * listener_serve() - Listen for clients that are a port once they connected
 * @sw:		the switch
 * @spec:	address, permissions, and what the clients' ports are like
 * @type:	SOCK_STREAM or SOCK_SEQPACKET
 * @ops:	the back end; @close closes the descriptor
 * @size:	of its object, which begins with struct port
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set and nothing left behind
 */
int listener_serve(struct sw *sw, const struct port_spec *spec, int type,
		   const struct port_ops *ops, size_t size, struct err *err);

/** listener_close() - Stop listening, remove the file, then @ops->close() */
void listener_close(struct listener *l);

#endif /* UML_ROUTER_LISTENER_H */
