/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients of UML's daemon protocol, from their connection to their end: what
 * the back ends of UML's control socket and of a VDE folder have in common.
 *
 * The life of a client: it connects to the control socket and sends a request,
 * possibly in pieces; uml_proto.h has its form. It then has a port for as long
 * as the control connection stands. Its data socket is connected to the
 * client's before it has a name: so the kernel refuses other senders, the
 * ingress port is known without a search, and EPOLLOUT means that this very
 * client can take more.
 *
 * A back end gives that socket its name and plugs the port in.
 */
#ifndef UML_ROUTER_UML_CLIENT_H
#define UML_ROUTER_UML_CLIENT_H

#include <sys/socket.h>
#include <sys/un.h>

#include "listener.h"
#include "loop.h"
#include "port.h"
#include "uml_proto.h"

struct uml_client;
struct uml_service;

/** Octets behind a request that are too many: more than padding and a
 *  description can be. */
#define UML_TRAILING_MAX 260

/**
 * struct uml_service_ops - What a back end does of its own
 * @type:	its name, for messages
 * @dialect:	how requests are understood
 * @client_size:	octets of its object for a client; struct uml_client
 *		comes first
 * @plug:	give @fd, which is connected to the client, a name, plug the
 *		client's port in with it, and put the name into @own, which
 *		comes zeroed, if there is to be an answer. Return 0, or -1 with
 *		@err set and nothing left but @fd
 * @close:	the control socket is closed: free the service
 */
struct uml_service_ops {
	const char *type;
	enum uml_dialect dialect;
	size_t client_size;
	int (*plug)(struct uml_client *c, const struct uml_request *req, int fd,
		    struct sockaddr_un *own, struct err *err);
	void (*close)(struct uml_service *s);
};

/**
 * struct uml_service - A control socket
 * @listener:	the socket
 * @ops:	the back end
 * @pending:	clients without a port, oldest first
 * @pending_count:	how many
 */
struct uml_service {
	struct listener listener;
	const struct uml_service_ops *ops;
	struct list pending;
	unsigned int pending_count;
};

/**
 * struct uml_client - A client
 * @port:	its port; while it is pending, only memory for one
 * @service:	while it is pending, where it connected
 * @sw:		the switch
 * @control:	its connection
 * @peer:	who it is
 * @request:	what it sent
 * @describes:	what it sends behind its request describes it
 * @got:	octets in @request
 * @trailing:	octets that came behind the request
 * @patience:	end of its time: to send a request, or to be forwarded when it
 *		has left
 * @pending:	in the list of @service; empty when it has a port
 */
struct uml_client {
	struct port port;
	struct uml_service *service;
	struct sw *sw;
	struct event control;
	struct ucred peer;
	bool describes;
	uint8_t request[UML_REQUEST_MAX + UML_TRAILING_MAX];
	size_t size;
	size_t got;
	struct timer patience;
	struct list pending;
};

/**
 * uml_service_open() - Listen for clients
 * @s:		first member of the back end's zeroed, malloc'ed object
 * @sw:		the switch
 * @ops:	the back end
 * @spec:	its address is the control socket
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set and nothing left but @s
 */
int uml_service_open(struct uml_service *s, struct sw *sw,
		     const struct uml_service_ops *ops,
		     const struct port_spec *spec, struct err *err);

/** uml_client_ready() - struct port_ops' @ready for clients' ports */
void uml_client_ready(struct port *port, uint32_t events);

/** uml_client_is_owner() - It is the user's who runs the switch, or root's */
bool uml_client_is_owner(const struct uml_client *c);

/** uml_client_close() - struct port_ops' @close for clients' ports */
void uml_client_close(struct port *port);

#endif /* UML_ROUTER_UML_CLIENT_H */
