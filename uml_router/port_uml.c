// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ports of UML's "daemon" transport (eth0=daemon,,unix,SOCKET). One port per
 * client; uml_client.h tells its life.
 *
 * Each v1 or v3 client has a data socket of its own, bound to an abstract name
 * that cannot be guessed.
 *
 * Version 0 has no reply that could name such a socket. Its clients all send
 * to one well-known socket, and are told apart by their address. None of them
 * can be held alone, so policy=block has no hold on them (HOLD_NEVER).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "backend.h"
#include "msgio.h"
#include "uml_client.h"

/** Buckets of the table of version 0 clients. */
#define V0_BUCKETS 64

struct uml_control {
	struct uml_service service;
	struct unixsock_listener data; /* version 0 */
	struct event data_ev;
	struct list v0[V0_BUCKETS];
};

/* .v0 is in the list of its bucket, found by .addr. */
struct uml_port {
	struct uml_client client;
	struct list v0;
	struct sockaddr_un addr;
};

/* --- version 0: one data socket for all ---------------------------------- */

static struct list *v0_bucket(struct uml_control *l,
			      const struct sockaddr_un *addr)
{
	uint64_t hash = siphash_bytes(&l->service.listener.sw->key,
				      addr->sun_path, sizeof(addr->sun_path));

	return &l->v0[hash % V0_BUCKETS];
}

/* Senders give what bind(2) was given: @len may end before sun_path does. */
static struct uml_port *v0_find(struct uml_control *l,
				const struct sockaddr_storage *from,
				socklen_t len)
{
	struct sockaddr_un addr = { 0 };
	struct list *at, *bucket;

	memcpy(&addr, from, len < sizeof(addr) ? len : sizeof(addr));
	bucket = v0_bucket(l, &addr);
	list_for_each(at, bucket) {
		struct uml_port *c = container_of(at, struct uml_port, v0);

		if (!memcmp(c->addr.sun_path, addr.sun_path,
			    sizeof(addr.sun_path)))
			return c;
	}
	return NULL;
}

static void on_v0_data(struct event *ev, uint32_t ready)
{
	struct uml_control *l = container_of(ev, struct uml_control, data_ev);
	struct sockaddr_storage from[FRAME_BURST];
	struct msgio_burst burst = { .from = from };
	struct sw *sw = l->service.listener.sw;
	struct worker *w = &sw->workers[l->service.listener.conf.worker];
	unsigned int i;

	msgio_recv(w, ev->fd, &burst);
	for (i = 0; i < burst.n; i++) {
		struct uml_port *c = v0_find(l, &from[i], burst.from_len[i]);

		if (c && !c->client.port.dying) {
			port_rx(&c->client.port, &burst.frames[i], 1);
		} else {
			frame_put(&w->pool, burst.frames[i]);
			sw->stats.strangers++;
		}
	}
	sw->stats.strangers += burst.empty + burst.lost;
}

/* --- a client with a port ------------------------------------------------ */

static void close_v0(struct port *port)
{
	list_remove(&container_of(port, struct uml_port, client.port)->v0);
	uml_client_close(port);
}

static const struct port_ops ops = {
	.type = "uml",
	.hold_ms = HOLD_FOREVER,
	.ready = uml_client_ready,
	.send = msgio_send,
	.send_error = msgio_send_error,
	.close = uml_client_close,
};

static const struct port_ops v0_ops = {
	.type = "uml",
	.hold_ms = HOLD_NEVER,
	.ready = uml_client_ready,
	.send = msgio_send,
	.send_error = msgio_send_error,
	.close = close_v0,
};

/* An abstract name of full length, as clients send the whole of it back. @own
 * comes zeroed. */
static int bind_unguessable(int fd, struct sockaddr_un *own)
{
	uint64_t secret[2];
	char *at = own->sun_path + 1;

	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		return -1;
	own->sun_family = AF_UNIX;
	memcpy(at, "uml_router", 10);
	memcpy(at + 10, secret, sizeof(secret));
	return bind(fd, (struct sockaddr *)own, sizeof(*own));
}

static int plug_v0(struct uml_control *l, struct uml_port *c,
		   const struct sockaddr_un *addr, int fd, struct err *err)
{
	if (l->data.fd < 0)
		return err_set(err, "a client of protocol version 0 needs "
				    "-compat-v0");
	if (listener_plug(&l->service.listener, &c->client.port, &v0_ops, fd,
			  &c->client.peer, err) < 0)
		return -1;
	c->addr = *addr;
	list_append(v0_bucket(l, addr), &c->v0);
	return 0;
}

/* Who may see the frames of all others: on a hub everybody does. */
static int judge_dump(const struct uml_client *client, struct err *err)
{
	const struct listener *l = &client->service->listener;
	const struct rules *rules = &l->conf.rules;

	if (rules->vlan.untagged || rules->isolated)
		return err_set(err, "all frames are asked for, on a socket "
				    "whose clients may not see all");
	if (l->sw->conf.hub || uml_client_is_owner(client))
		return 0;
	return err_set(err,
		       "all frames are asked for, which are not for user "
		       "%u",
		       client->peer.uid);
}

static int plug(struct uml_client *client, const struct uml_request *req,
		int fd, struct sockaddr_un *own, struct err *err)
{
	struct uml_port *c = container_of(client, struct uml_port, client);
	struct uml_control *l = container_of(client->service,
					     struct uml_control, service);

	list_init(&c->v0);
	if (req->dump && judge_dump(client, err) < 0)
		return -1;
	client->port.mirror = req->dump;
	if (req->version == 0)
		return plug_v0(l, c, &req->addr, fd, err);
	if (bind_unguessable(fd, own) < 0)
		return err_errno(err, "cannot bind a data socket");
	return listener_plug(&l->service.listener, &client->port, &ops, fd,
			     &client->peer, err);
}

/* --- the listener -------------------------------------------------------- */

static void close_control(struct uml_service *s)
{
	struct uml_control *l = container_of(s, struct uml_control, service);
	int i;

	/* Clients of version 0 send to the socket that is closed here. */
	for (i = 0; i < V0_BUCKETS; i++)
		while (!list_empty(&l->v0[i])) {
			struct uml_port *c = container_of(l->v0[i].next,
							  struct uml_port, v0);

			list_remove(&c->v0);
			port_close(&c->client.port);
		}
	loop_watch(s->listener.sw->loop, &l->data_ev, 0);
	unixsock_close(&l->data);
	free(l);
}

static const struct uml_service_ops service_ops = {
	.type = "uml",
	.dialect = UML_DAEMON,
	.client_size = sizeof(struct uml_port),
	.plug = plug,
	.close = close_control,
};

static int open_v0(struct uml_control *l, const struct port_spec *spec,
		   struct err *err)
{
	if (unixsock_listen(&l->data, spec->data, SOCK_DGRAM, spec->perm, err) <
	    0)
		return -1;
	l->data_ev = (struct event){ .fd = l->data.fd, .fn = on_v0_data };
	if (loop_watch(l->service.listener.sw->loop, &l->data_ev, EPOLLIN) < 0)
		return err_errno(err, "cannot watch socket '%s'", spec->data);
	return 0;
}

static int open_control(struct sw *sw, const struct port_spec *spec,
			struct err *err)
{
	struct uml_control *l = calloc(1, sizeof(*l));
	int i;

	if (!l)
		return err_errno(err, "uml '%s'", spec->address);
	l->data = UNIXSOCK_LISTENER_NONE;
	for (i = 0; i < V0_BUCKETS; i++)
		list_init(&l->v0[i]);
	if (uml_service_open(&l->service, sw, &service_ops, spec, err) < 0) {
		free(l);
		return -1;
	}
	if (spec->data && open_v0(l, spec, err) < 0) {
		listener_close(&l->service.listener);
		return -1;
	}
	return 0;
}

const struct backend backend_uml = {
	.type = "uml",
	.listens = true,
	.open = open_control,
};
