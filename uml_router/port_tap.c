// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A port on a tap device: the host's network stack.
 *
 * The frames that a held tap does not read wait in the device's ring
 * (txqueuelen frames), so it may be held as long as it takes. The device has a
 * vnet header even with offload=off: then the kernel makes every frame plain.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "common/netlink.h"
#include "common/netlink_link.h"
#include "common/tuntap.h"
#include "tapio.h"

static const struct port_ops ops = {
	.type = "tap",
	.hold_ms = HOLD_FOREVER,
	.ready = tapio_ready,
	.send = tapio_send,
	.send_error = tapio_send_error,
	.close = tapio_close,
};

static int set_txqueuelen(const struct tuntap *tap, uint32_t frames,
			  struct err *err)
{
	struct netlink *nl = netlink_open(err);
	unsigned int index;
	int failed;

	if (!nl)
		return -1;
	failed = netlink_ifindex(nl, tap->name, &index, err) < 0 ||
		 netlink_link_txqueuelen(nl, index, frames, err) < 0;
	netlink_close(nl);
	return failed ? -1 : 0;
}

/* More than one queue is a matter of the queueing mode. */
static int choose_queueing(const struct port_spec *spec,
			   struct tuntap_request *request, struct err *err)
{
	request->queueing = spec->queueing;
	if (spec->queues == 1 || spec->queueing == QUEUEING_MULTI_QUEUE)
		return 0;
	if (spec->queueing != QUEUEING_DEFAULT)
		return err_set(err,
			       "tap '%s': queues=%u needs "
			       "queueing=multi-queue, not %s",
			       spec->address, spec->queues,
			       queueing_name(spec->queueing));
	request->queueing = QUEUEING_MULTI_QUEUE;
	return 0;
}

static int open_device(struct tuntap *tap, const struct port_spec *spec,
		       struct err *err)
{
	struct tuntap_request request = {
		.name = spec->address,
		.kind = TUNTAP_TAP,
		.how = TUNTAP_OPEN_OR_CREATE,
		.vnet_hdr = true,
		.queues = spec->queues,
	};

	if (choose_queueing(spec, &request, err) < 0 ||
	    tuntap_open(tap, &request, err) < 0)
		return -1;
	if (!spec->txqueuelen ||
	    set_txqueuelen(tap, spec->txqueuelen, err) == 0)
		return 0;
	tuntap_close(tap);
	return -1;
}

static int open_tap(struct sw *sw, const struct port_spec *spec,
		    struct err *err)
{
	struct tap_port *t = calloc(1, sizeof(*t));
	const char *name;

	if (!t)
		return err_errno(err, "tap '%s'", spec->address);
	if (open_device(&t->tap, spec, err) < 0) {
		free(t);
		return -1;
	}
	name = spec->name[0] ? spec->name : t->tap.name;
	strcpy(t->port.address, t->tap.name);
	if (tapio_open(t, sw, &ops, &spec->conf, name, spec->offload, err) == 0)
		return 0;
	tuntap_close(&t->tap);
	free(t);
	return -1;
}

const struct backend backend_tap = {
	.type = "tap",
	.device = true,
	.open = open_tap,
};
