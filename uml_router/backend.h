/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds of port, and what SPEC (TYPE:ADDRESS[,key=value]...) says of one.
 *
 * The smallest back end, and the template for others, is port_seqpacket.c.
 */
#ifndef UML_ROUTER_BACKEND_H
#define UML_ROUTER_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/queueing.h"
#include "common/unixsock.h"
#include "port.h"
#include "switch.h"

struct backend;

/**
 * struct port_spec - A parsed SPEC
 * @backend:	TYPE
 * @text:	malloc'ed text that the rest points into, or NULL
 * @address:	ADDRESS
 * @data:	uml: data socket for version 0 clients, or NULL
 * @name:	name=, or "" for the back end's own choice
 * @conf:	queue=, policy=
 * @queueing:	tap: queueing=
 * @txqueuelen:	tap: txqueuelen=, 0 to leave it
 * @rate:	tap: rate=, bits per second or RATE_AUTO; 0: none
 * @queues:	tap: queues=, 1 to TUNTAP_MAX_QUEUES
 * @offload:	tap: offload=
 * @perm:	listeners: mode and group of the socket file
 */
struct port_spec {
	const struct backend *backend;
	char *text;
	const char *address;
	const char *data;
	char name[PORT_NAME_LEN];
	struct port_conf conf;
	enum queueing_mode queueing;
	uint32_t txqueuelen;
	uint64_t rate;
	unsigned int queues;
	bool offload;
	struct unixsock_perm perm;
};

/**
 * struct backend - A kind of port
 * @type:	TYPE in SPEC
 * @listens:	one port per client, named with a number
 * @device:	the keys of a network device are taken
 * @open:	make the port, or start to listen for clients. Return 0, or -1
 *		with the error set and nothing left behind
 */
struct backend {
	const char *type;
	bool listens;
	bool device;
	int (*open)(struct sw *sw, const struct port_spec *spec,
		    struct err *err);
};

extern const struct backend backend_tap;
extern const struct backend backend_uml;
extern const struct backend backend_seqpacket;
extern const struct backend backend_vhost_user;
extern const struct backend backend_fd;

/** spec_init() - A SPEC without keys; @text and @perm are left as they are */
void spec_init(struct port_spec *spec, const struct backend *backend,
	       const char *address);

/**
 * spec_parse() - SPEC to struct port_spec
 * @text:	"TYPE:ADDRESS[,key=value]..."; cut into pieces and referred to
 * @spec:	filled; @text and @perm are left as they are
 * @err:	filled on failure: the value, the reason, what there is
 *
 * Return: 0, or -1 with @err set
 */
int spec_parse(char *text, struct port_spec *spec, struct err *err);

#endif /* UML_ROUTER_BACKEND_H */
