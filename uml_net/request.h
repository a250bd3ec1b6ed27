/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a UML kernel asks for: its argument vector taken apart.
 *
 *   uml_net VERSION TRANSPORT [VERB] ARG...
 *   uml_net TRANSPORT [VERB] ARG...            is version 0
 *   uml_net 4 add|del DEVICE ADDRESS NETMASK
 *
 * What a version of a transport takes is one row of a table. Nothing here
 * touches a descriptor or the host.
 */
#ifndef UML_NET_REQUEST_H
#define UML_NET_REQUEST_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

/** Newest version of the protocol. */
#define REQUEST_VERSION 4

/** What is to be done. */
enum request_verb {
	REQUEST_NONE,
	REQUEST_UP,	   /**< make a tap and hand it over */
	REQUEST_ADD,	   /**< lead an address to a device */
	REQUEST_DEL,	   /**< no longer */
	REQUEST_SLIP_UP,   /**< make an interface of a serial line */
	REQUEST_SLIP_DOWN, /**< no longer */
	REQUEST_ETHERTAP,  /**< make a tap and carry its frames */
};

/** How the guest hears what was done. */
enum request_reply {
	REQUEST_SILENT,	     /**< not at all: its version knows no text */
	REQUEST_TEXT,	     /**< length and text */
	REQUEST_DESCRIPTOR,  /**< name, text and descriptor in one message */
	REQUEST_STATUS,	     /**< one octet, 1 or 0 */
	REQUEST_STATUS_TEXT, /**< one octet, then length and text */
};

/**
 * struct request - One request
 * @version:	of the protocol
 * @verb:	what is to be done
 * @reply:	how it is answered
 * @device:	name of an interface, or NULL
 * @has_gateway: the host's end gets an address
 * @gateway:	which
 * @has_guest:	a guest's address is given
 * @guest:	which
 * @reply_fd:	where the answer goes
 * @data_fd:	carries frames, or -1
 * @line_fd:	the serial line, or -1
 */
struct request {
	unsigned int version;
	enum request_verb verb;
	enum request_reply reply;
	const char *device;
	bool has_gateway;
	struct in_addr gateway;
	bool has_guest;
	struct in_addr guest;
	int reply_fd;
	int data_fd;
	int line_fd;
};

/**
 * request_parse() - Take an argument vector apart
 * @req:	filled; strings point into @words
 * @words:	without the program's name; ends with NULL
 * @err:	filled on failure
 *
 * On failure @req->verb tells whether the request was known by then: if so,
 * its @reply and @reply_fd say how the guest can be told.
 *
 * Return: 0, or -1 with @err set
 */
int request_parse(struct request *req, char *const words[], struct err *err);

/**
 * request_address() - IPv4 address that an interface or a guest can have
 * @what:	what it is, for the error
 * @text:	four decimal numbers
 * @addr:	set on success
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int request_address(const char *what, const char *text, struct in_addr *addr,
		    struct err *err);

/** request_unicast() - One host can have this address (RFC 1122, 3.2.1.3) */
bool request_unicast(struct in_addr addr);

/** request_netmask() - Four octets of which a netmask consists, without gaps */
int request_netmask(const uint8_t octets[4], struct err *err);

/** request_verb_name() - A word for the log */
const char *request_verb_name(enum request_verb verb);

#endif /* UML_NET_REQUEST_H */
