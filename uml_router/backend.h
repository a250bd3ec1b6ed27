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
 * @conf:	queue=, policy=, worker= and the rules
 * @queueing:	tap: queueing=
 * @txqueuelen:	tap: txqueuelen=, 0 to leave it
 * @queues:	tap: queues=, 1 to TUNTAP_MAX_QUEUES
 * @offload:	tap: offload=
 * @dirmode:	vde: dirmode=, or (mode_t)-1 to go by @perm
 * @remote:	dgram: remote=, or NULL
 * @reconnect:	stream:connect=, dgram: reconnect=, in milliseconds
 * @ttl:	mcast: ttl=
 * @interface:	mcast: interface=, or NULL
 * @perm:	listeners: mode and group of the socket file
 * @user:	user that the switch is to become, or NULL
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
	unsigned int queues;
	bool offload;
	mode_t dirmode;
	const char *remote;
	uint64_t reconnect;
	uint8_t ttl;
	const char *interface;
	struct unixsock_perm perm;
	const char *user;
};

/** Keys that not every kind of port takes, as bits. */
enum backend_keys {
	KEYS_DEVICE = 1,    /**< of a network device; ADDRESS is its name */
	KEYS_RECONNECT = 2, /**< of a connection that is made again */
	KEYS_REMOTE = 4,    /**< of a datagram socket */
	KEYS_MCAST = 8,	    /**< of a multicast group */
	KEYS_FOLDER = 16,   /**< of a folder */
};

/**
 * struct backend - A kind of port
 * @type:	TYPE in SPEC
 * @prefix:	with what ADDRESS begins, and what is left out of it; NULL: with
 *		anything. Of two of one @type the first that fits is taken
 * @listens:	one port per client, named with a number
 * @keys:	enum backend_keys that are taken
 * @open:	make the port, or start to listen for clients. Return 0, or -1
 *		with the error set and nothing left behind
 */
struct backend {
	const char *type;
	const char *prefix;
	bool listens;
	unsigned int keys;
	int (*open)(struct sw *sw, const struct port_spec *spec,
		    struct err *err);
};

extern const struct backend backend_tap;
extern const struct backend backend_uml;
extern const struct backend backend_vde;
extern const struct backend backend_seqpacket;
extern const struct backend backend_stream_connect;
extern const struct backend backend_stream;
extern const struct backend backend_dgram;
extern const struct backend backend_mcast;
extern const struct backend backend_vhost_user;
extern const struct backend backend_fd;

/** spec_init() - A SPEC without keys; @text and @perm are left as they are */
void spec_init(struct port_spec *spec, const struct backend *backend,
	       const char *address);

/** reconnect= unless it is given, in milliseconds. */
#define BACKEND_RECONNECT_MS 5000

/**
 * spec_parse() - SPEC to struct port_spec
 * @text:	"TYPE:ADDRESS[,key=value]..."; cut into pieces and referred to
 * @spec:	filled; @text, @perm and @user are left as they are
 * @err:	filled on failure: the value, the reason, what there is
 *
 * Return: 0, or -1 with @err set
 */
int spec_parse(char *text, struct port_spec *spec, struct err *err);

/**
 * spec_open() - Make the port, or start to listen for clients
 *
 * Return: 0, or -1 with @err set and nothing left behind
 */
int spec_open(struct sw *sw, const struct port_spec *spec, struct err *err);

/**
 * spec_set() - Change what can be changed of a port that exists
 * @conf:	what it is like; changed
 * @text:	"key=value"
 * @err:	filled on failure: then @conf is as it was
 *
 * Return: 0, or -1 with @err set
 */
int spec_set(struct port_conf *conf, const char *text, struct err *err);

/**
 * backend_plug() - port_open() for a back end that makes one port
 * @spec:	name, queue and policy; without name=, the type and a number
 *		are the name. Its address is shown, unless the port has one
 * @port:	as for port_open()
 * @sw:		the switch
 * @ops:	the back end
 * @fd:		as for port_open()
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set, as port_open()
 */
int backend_plug(const struct port_spec *spec, struct port *port, struct sw *sw,
		 const struct port_ops *ops, int fd, struct err *err);

#endif /* UML_ROUTER_BACKEND_H */
