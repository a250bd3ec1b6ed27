/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports that connect to somebody, who may not be there yet, and may leave and
 * return. The port stays; without a connection it has no link.
 *
 * The first attempt follows at once, the next ones after 0.1 s, 0.2 s, 0.4 s
 * and so on, up to a longest pause. Only a connection that lasted longer than
 * that pause makes the next one short again: whoever takes connections and
 * hangs up at once is not asked ten times a second.
 */
#ifndef UML_ROUTER_REDIAL_H
#define UML_ROUTER_REDIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "loop.h"
#include "port.h"

/** Milliseconds until the first repetition. */
#define REDIAL_FIRST_MS 100

/**
 * struct redial - The connection of a port
 * @port:	the port
 * @connect:	connect. Return a non-blocking descriptor, or -1 with the error
 *		set
 * @disconnect:	the port has no link any more: forget and close what belongs
 *		to the connection
 * @delay:	milliseconds until the next attempt
 * @longest:	the longest such pause
 * @since:	when the connection was made, milliseconds of the loop
 * @told:	that nobody is there was logged; once for each absence
 * @timer:	the next attempt
 * @lost:	the end of a connection, done when nobody uses it any more
 */
struct redial {
	struct port *port;
	int (*connect)(struct redial *r, struct err *err);
	void (*disconnect)(struct redial *r);
	uint64_t delay;
	uint64_t longest;
	uint64_t since;
	bool told;
	struct timer timer;
	struct work lost;
};

/**
 * redial_start() - Begin; the port is open and has no link
 * @r:		@connect and @disconnect are set
 * @port:	the port
 * @longest:	milliseconds
 *
 * That nobody is there is no error.
 */
void redial_start(struct redial *r, struct port *port, uint64_t longest);

/** redial_now() - Whoever is to be connected to may be there: do not wait */
void redial_now(struct redial *r);

/** redial_lost() - The connection has ended; again is no harm */
void redial_lost(struct redial *r);

/** redial_stop() - The port is closed: no further attempt */
void redial_stop(struct redial *r);

#endif /* UML_ROUTER_REDIAL_H */
