// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A port on a tap device: the host's network stack.
 *
 * The frames that a held tap does not read wait in the device's ring
 * (txqueuelen frames), so it may be held as long as it takes. The device has a
 * vnet header even with offload=off: then the kernel makes every frame plain.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "common/netlink.h"
#include "common/netlink_link.h"
#include "common/tuntap.h"
#include "shaper.h"
#include "tapio.h"

/** struct host_port - A tap, and what slows its senders down */
struct host_port {
	struct tap_port tap;
	struct shaper shaper;
};

static struct host_port *host_port(struct port *port)
{
	return container_of(port, struct host_port, tap.port);
}

static void ready(struct port *port, uint32_t events)
{
	tapio_ready(port, events);
	shaper_busy(&host_port(port)->shaper, port);
}

static void close_port(struct port *port)
{
	shaper_close(&host_port(port)->shaper);
	tapio_close(port);
}

static uint64_t get_rate(const struct port *port)
{
	const struct shaper *s = &host_port((struct port *)port)->shaper;

	return s->follow ? RATE_AUTO : s->rate;
}

static int set_rate(struct port *port, uint64_t rate, struct err *err)
{
	struct shaper *s = &host_port(port)->shaper;

	if (!s->nl)
		return err_set(err,
			       "port %s: it has no rate: with "
			       "queueing=backpressure the kernel itself slows "
			       "its senders down",
			       port->name);
	if (rate)
		return shaper_set(s, rate, err);
	err_set(err,
		"port %s: queueing=backpressure needs a rate on this "
		"kernel",
		port->name);
	return err_hint(err, "rate=auto, or rate=RATE");
}

static void describe(const struct port *port, json_t *shown)
{
	const struct shaper *s = &host_port((struct port *)port)->shaper;

	if (s->nl)
		json_object_set_new(shown, "shaper",
				    json_pack("{s:b, s:I}", "auto",
					      (int)s->follow, "rate",
					      (json_int_t)s->rate));
}

#define TAP_OPS                                                                \
	.type = "tap", .hold_ms = HOLD_FOREVER, .takes_rest = true,            \
	.ready = ready, .send = tapio_send, .send_error = tapio_send_error,    \
	.close = close_port

static const struct port_ops ops = { TAP_OPS };

/* Here rate= is of the host's senders, and not of the link. */
static const struct port_ops backpressure_ops = {
	TAP_OPS,
	.rate = get_rate,
	.set_rate = set_rate,
	.describe = describe,
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
static int check_queues(const struct port_spec *spec,
			struct tuntap_request *request, struct err *err)
{
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

/* Where the kernel cannot hold senders back, rate= does; @shape tells. */
static int choose_backpressure(const struct port_spec *spec,
			       struct tuntap_request *request, bool *shape,
			       struct err *err)
{
	uint32_t features;
	const char *why;

	*shape = false;
	if (spec->queueing != QUEUEING_BACKPRESSURE)
		return 0;
	if (tuntap_features(NULL, &features, err) < 0)
		return -1;
	if (queueing_support(spec->queueing, features, &why) == QUEUEING_WORKS)
		return 0;
	if (!spec->conf.rules.link.rate) {
		err_set(err, "tap '%s': no queueing=backpressure: %s",
			spec->address, why);
		return err_hint(err, "add rate=auto, or rate=RATE");
	}
	request->queueing = QUEUEING_DEFAULT;
	*shape = true;
	return 0;
}

static int open_device(struct host_port *h, const struct port_spec *spec,
		       struct err *err)
{
	struct tuntap_ids ids = { geteuid(), (gid_t)-1 };
	struct tuntap_request request = {
		.name = spec->address,
		.kind = TUNTAP_TAP,
		.how = TUNTAP_OPEN_OR_CREATE,
		.queueing = spec->queueing,
		.vnet_hdr = true,
		.queues = spec->queues,
		.ids = &ids,
	};
	struct tuntap *tap = &h->tap.tap;
	bool shape;

	if (check_queues(spec, &request, err) < 0 ||
	    choose_backpressure(spec, &request, &shape, err) < 0 ||
	    tuntap_open(tap, &request, err) < 0)
		return -1;
	if ((!spec->txqueuelen ||
	     set_txqueuelen(tap, spec->txqueuelen, err) == 0) &&
	    (!shape ||
	     shaper_open(&h->shaper, tap->name, spec->conf.rules.link.rate,
			 FRAME_MAX, err) == 0))
		return 0;
	tuntap_close(tap);
	return -1;
}

static int plug_in(struct host_port *h, struct sw *sw,
		   const struct port_spec *spec, struct err *err)
{
	bool backpressure = spec->queueing == QUEUEING_BACKPRESSURE;
	struct port_conf conf = spec->conf;
	struct tap_port *t = &h->tap;

	if (backpressure)
		conf.rules.link.rate = 0;
	strcpy(t->port.address, t->tap.name);
	if (tapio_open(t, sw, backpressure ? &backpressure_ops : &ops, &conf,
		       spec->name[0] ? spec->name : t->tap.name, spec->offload,
		       err) < 0)
		return -1;
	sw->net_admin |= h->shaper.nl != NULL;
	return 0;
}

static int open_tap(struct sw *sw, const struct port_spec *spec,
		    struct err *err)
{
	struct host_port *h = calloc(1, sizeof(*h));

	if (!h)
		return err_errno(err, "tap '%s'", spec->address);
	if (open_device(h, spec, err) == 0) {
		if (plug_in(h, sw, spec, err) == 0)
			return 0;
		shaper_close(&h->shaper);
		tuntap_close(&h->tap.tap);
	}
	free(h);
	return -1;
}

const struct backend backend_tap = {
	.type = "tap",
	.keys = KEYS_DEVICE,
	.open = open_tap,
};
