// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ports in a VDE folder: clients that use libvdeplug (QEMU's -netdev vde,
 * vde_plug, VirtualBox, UML's eth0=vde). One port per client; uml_client.h
 * tells its life.
 *
 * Data sockets are files in the folder, so that guest and switch need not be
 * in the same network namespace. Ports have numbers, which a client may wish
 * for; port 0 is nobody's unless wished for, and only the owner's of the
 * switch, as in vde_switch, where it is that of management.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "msgio.h"
#include "uml_client.h"
#include "vde_folder.h"

struct vde_control {
	struct uml_service service;
	struct vde_folder *folder;
};

struct vde_port {
	struct uml_client client;
	struct vde_folder *folder;
	struct unixsock_listener data;
};

/* --- a client's port ----------------------------------------------------- */

/* The file goes while its descriptor is open, see struct unixsock_listener. */
static void close_port(struct port *port)
{
	struct vde_port *c = container_of(port, struct vde_port, client.port);

	unixsock_unlink(&c->data);
	c->data.fd = -1;
	unixsock_forget(&c->data);
	uml_client_close(port);
	vde_folder_put(c->folder);
}

/* Behind the plug there may be a guest with the vector driver. */
static const struct port_ops ops = {
	.type = "vde",
	.hold_ms = HOLD_VECTOR_MS,
	.ready = uml_client_ready,
	.send = msgio_send,
	.send_error = msgio_send_error,
	.close = close_port,
};

static int judge_wish(const struct uml_client *c, uint32_t wish,
		      struct err *err)
{
	const struct listener *l = &c->service->listener;
	char name[PORT_NAME_LEN];

	if (wish > c->sw->conf.max_ports) {
		err_set(err, "port %u is wished for, and the last one is %u",
			wish, c->sw->conf.max_ports);
		return err_hint(err, "raise --max-ports");
	}
	/* What vde_switch lets through to port 0, it lets manage the switch. */
	if (!wish && !uml_client_is_owner(c))
		return err_set(err, "port 0 is not for user %u", c->peer.uid);
	snprintf(name, sizeof(name), "%s%u", l->prefix, wish);
	if (sw_find(c->sw, name))
		return err_set(err, "port %u is wished for, and taken", wish);
	return 0;
}

static int choose_number(const struct uml_client *c, uint32_t wish,
			 unsigned int *number, struct err *err)
{
	long free_one;

	*number = wish;
	if (wish != UML_ANY_PORT)
		return judge_wish(c, wish, err);
	free_one = sw_free_number(c->sw, c->service->listener.prefix, 1);
	if (free_one < 0)
		return err_errno(err, "cannot number a port");
	*number = (unsigned int)free_one;
	return 0;
}

static int plug(struct uml_client *client, const struct uml_request *req,
		int fd, struct sockaddr_un *own, struct err *err)
{
	struct vde_port *c = container_of(client, struct vde_port, client);
	struct vde_control *l = container_of(client->service,
					     struct vde_control, service);
	unsigned int number;

	if (choose_number(client, req->wish, &number, err) < 0 ||
	    vde_folder_bind(l->folder, number, fd, &c->data, err) < 0)
		return -1;
	snprintf(client->port.address, sizeof(client->port.address), "%s",
		 l->folder->path);
	if (listener_plug_as(&l->service.listener, &client->port, &ops, number,
			     fd, &client->peer, err) < 0) {
		unixsock_unlink(&c->data);
		c->data.fd = -1;
		unixsock_forget(&c->data);
		return -1;
	}
	c->folder = vde_folder_hold(l->folder);
	own->sun_family = AF_UNIX;
	strcpy(own->sun_path, c->data.name);
	return 0;
}

/* --- the folder ---------------------------------------------------------- */

static void close_control(struct uml_service *s)
{
	struct vde_control *l = container_of(s, struct vde_control, service);

	vde_folder_put(l->folder);
	free(l);
}

static const struct uml_service_ops service_ops = {
	.type = "vde",
	.dialect = UML_VDE,
	.client_size = sizeof(struct vde_port),
	.plug = plug,
	.close = close_control,
};

/* Listen on "ctl" in the folder. */
static int open_ctl(struct vde_control *l, struct sw *sw,
		    const struct port_spec *spec, struct err *err)
{
	struct port_spec in_folder = *spec;
	char path[VDE_PATH_LEN];

	snprintf(path, sizeof(path), "%s/ctl", l->folder->path);
	in_folder.address = path;
	return uml_service_open(&l->service, sw, &service_ops, &in_folder, err);
}

static int open_control(struct sw *sw, const struct port_spec *spec,
			struct err *err)
{
	struct vde_control *l = calloc(1, sizeof(*l));

	if (!l)
		return err_errno(err, "vde '%s'", spec->address);
	l->folder = vde_folder_open(spec, err);
	if (!l->folder) {
		free(l);
		return -1;
	}
	if (open_ctl(l, sw, spec, err) < 0) {
		close_control(&l->service);
		return -1;
	}
	if (vde_folder_admit(l->folder, &l->service.listener.socket, spec,
			     err) == 0)
		return 0;
	listener_close(&l->service.listener);
	return -1;
}

const struct backend backend_vde = {
	.type = "vde",
	.listens = true,
	.keys = KEYS_FOLDER,
	.open = open_control,
};
