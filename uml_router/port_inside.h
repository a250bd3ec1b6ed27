/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What port.c, ingress.c and egress.c, and nobody else, ask of each other. */
#ifndef UML_ROUTER_PORT_INSIDE_H
#define UML_ROUTER_PORT_INSIDE_H

#include "port.h"
#include "switch.h"

/** port_touch() - Its state has changed: port.c looks what follows from it */
static inline void port_touch(struct port *port)
{
	loop_schedule(port->worker->loop, &port->turn);
}

/** ingress_init() - It is not held, and nobody waits for it */
void ingress_init(struct port *port);

/** ingress_fini() - Nothing is kept back, and nobody waits for it any more */
void ingress_fini(struct port *port);

/** ingress_release() - Who waits for room in the port's queue asks again */
void ingress_release(struct port *port);

/** ingress_read() - Read a burst; @ready as in struct port_ops */
void ingress_read(struct port *port, uint32_t ready);

/** ingress_resume() - Go on with what was kept back or is unread, if it may */
void ingress_resume(struct port *port);

/**
 * egress_alloc() - Give an output queue its ring
 * @queue:	with @len frames, which are to fit into it
 * @limit:	frames that may wait
 *
 * Return: 0, or -1 with errno set
 */
int egress_alloc(struct port_queue *queue, unsigned int limit);

/**
 * egress_resize() - The same frames, in a ring for another limit
 *
 * Return: 0, or -1 with errno set: then it is as it was
 */
int egress_resize(struct port *port, unsigned int limit);

/** egress_trim() - Drop the newest frames, those beyond the limit */
void egress_trim(struct port *port);

#endif /* UML_ROUTER_PORT_INSIDE_H */
