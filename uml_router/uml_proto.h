/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The request of UML's "daemon" transport and of VDE, as bytes.
 *
 * A client writes one request to the control socket, in the byte order and
 * alignment of the machine (arch/um/drivers/daemon_user.c of Linux up to 6.15):
 *
 *   v0   type = 0, addr[6], sockaddr_un                       120 octets
 *   v1   0xfeedface, type = 0, addr[6], sockaddr_un           124
 *   v2   0xfeedface, 2, ...                                   never existed
 *   v3   0xfeedface, 3, type = 0, sockaddr_un                 122 (+ 2 of padding)
 *        type = 1 (uml_dump of netkit): every frame of the switch
 *
 * The address is the client's own data socket. To v1 and v3 the switch answers
 * with the struct sockaddr_un that data is to be sent to.
 *
 * VDE has no v0. In its v3 (struct request_v3 of libvdeplug.c and of
 * vde_switch's datasock.c, vde-2 2.3.2) the low octet of the type is 0 for a
 * port or 1 for port 0, and the rest the number of the wished port, 0 for any.
 * Behind the address a text may follow that describes the client, up to 128
 * octets, mostly without a NUL.
 */
#ifndef UML_ROUTER_UML_PROTO_H
#define UML_ROUTER_UML_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/** Octets of the longest request. */
#define UML_REQUEST_MAX 124
/** Octets behind a request that a C compiler adds to it. */
#define UML_REQUEST_PADDING 2

/** What kind of socket the request came to, which decides what it means. */
enum uml_dialect {
	UML_DAEMON, /**< uml_switch's control socket */
	UML_VDE,    /**< ctl in a VDE folder */
};

/** No wish for a certain port. */
#define UML_ANY_PORT UINT32_MAX

/** What uml_request_parse() makes of the octets so far. */
enum uml_parsed {
	UML_MORE,    /**< not complete yet */
	UML_REQUEST, /**< a request for a port */
	UML_BAD,     /**< never to be a request */
};

/**
 * struct uml_request - A request for a port
 * @version:	0, 1 or 3
 * @dump:	every frame is asked for
 * @wish:	number of the wished port, UML_ANY_PORT unless there is one
 * @addr:	the client's data socket, checked: AF_UNIX, and a path or an
 *		abstract name
 * @size:	octets that it takes; what follows is no part of it
 */
struct uml_request {
	unsigned int version;
	bool dump;
	uint32_t wish;
	struct sockaddr_un addr;
	size_t size;
};

/**
 * uml_request_parse() - Look at what a client has sent so far
 * @dialect:	where it was sent to
 * @data:	from the first octet
 * @len:	octets so far
 * @req:	filled with UML_REQUEST
 * @why:	set with UML_BAD: the reason, a constant string
 *
 * Return: see enum uml_parsed
 */
enum uml_parsed uml_request_parse(enum uml_dialect dialect, const void *data,
				  size_t len, struct uml_request *req,
				  const char **why);

#endif /* UML_ROUTER_UML_PROTO_H */
