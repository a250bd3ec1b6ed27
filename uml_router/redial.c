// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections that are made again, see redial.h. */
#include "redial.h"

#include "common/log.h"
#include "switch.h"

/* Each time later. */
static void try_later(struct redial *r)
{
	loop_arm(r->port->worker->loop, &r->timer, r->delay);
	r->delay = r->delay * 2 < r->longest ? r->delay * 2 : r->longest;
}

static void attempt(struct redial *r)
{
	struct port *port = r->port;
	struct err err;
	int fd = r->connect(r, &err);

	loop_disarm(&r->timer);
	if (fd >= 0) {
		r->since = port->worker->loop->now;
		r->told = false;
		log_msg(LOG_LEVEL_DEBUG, "port", "%s: connected to '%s'",
			port->name, port->address);
		port_link_up(port, fd);
		return;
	}
	if (!r->told)
		log_limited(&port->worker->complaints, LOG_LEVEL_WARN, "port",
			    "%s: %s; it is tried again", port->name, err.text);
	r->told = true;
	try_later(r);
}

static void on_timer(struct timer *timer)
{
	attempt(container_of(timer, struct redial, timer));
}

static void on_lost(struct work *work)
{
	struct redial *r = container_of(work, struct redial, lost);

	if (r->port->no_link || r->port->dying)
		return;
	log_limited(&r->port->worker->complaints, LOG_LEVEL_WARN, "port",
		    "%s: the connection to '%s' has ended", r->port->name,
		    r->port->address);
	port_link_down(r->port);
	r->disconnect(r);
	if (r->port->worker->loop->now - r->since > r->longest)
		r->delay = REDIAL_FIRST_MS;
	try_later(r);
}

void redial_start(struct redial *r, struct port *port, uint64_t longest)
{
	r->port = port;
	r->delay = REDIAL_FIRST_MS;
	r->longest = longest;
	timer_init(&r->timer, on_timer);
	work_init(&r->lost, on_lost);
	attempt(r);
}

void redial_now(struct redial *r)
{
	if (r->port->no_link)
		attempt(r);
}

void redial_lost(struct redial *r)
{
	loop_schedule(r->port->worker->loop, &r->lost);
}

void redial_stop(struct redial *r)
{
	loop_disarm(&r->timer);
	list_remove(&r->lost.node);
}
