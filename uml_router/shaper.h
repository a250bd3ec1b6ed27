/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tap that slows its senders down, where the kernel has no IFF_BACKPRESSURE.
 *
 * A full ring of the device drops. A tbf queueing discipline (tc-tbf(8)) in
 * front of it, at the rate of what is behind it, keeps the ring from filling:
 * frames wait in the discipline, charged to the sender's socket, and the sender
 * sleeps. The rate is given, or follows the ports (pace.h).
 */
#ifndef UML_ROUTER_SHAPER_H
#define UML_ROUTER_SHAPER_H

#include "common/err.h"
#include "common/netlink.h"
#include "pace.h"
#include "port.h"

/**
 * struct shaper - The queueing discipline of one tap
 * @port:	the tap's port
 * @nl:		rtnetlink, NULL: there is nothing to shape
 * @index:	of the device
 * @frame:	longest frame that the device passes whole
 * @rate:	that is in force, in bits per second; 0: none
 * @follow:	it follows the ports
 * @pace:	it
 * @timer:	next question; armed while frames come
 * @octets:	read from the port until the last question, and taken by others
 * @holds:	holds of the port until then
 * @lost:	octets that others did not take until then
 * @asked:	when that was, in milliseconds of the loop
 */
struct shaper {
	struct port *port;
	struct netlink *nl;
	unsigned int index;
	uint32_t frame;
	uint64_t rate;
	bool follow;
	struct pace pace;
	struct timer timer;
	uint64_t octets;
	uint64_t holds;
	uint64_t lost;
	uint64_t asked;
};

/**
 * shaper_open() - Shape a device
 * @s:		filled
 * @name:	the device
 * @rate:	bits per second, or RATE_AUTO
 * @frame:	longest frame that is to pass whole
 * @err:	filled on failure: somebody else's discipline is in place, ...
 *
 * Needs CAP_NET_ADMIN, and RATE_AUTO and shaper_set() keep needing it.
 *
 * Return: 0, or -1 with @err set and nothing changed
 */
int shaper_open(struct shaper *s, const char *name, uint64_t rate,
		uint32_t frame, struct err *err);

/**
 * shaper_set() - Another rate
 * @s:		an open shaper
 * @rate:	as of shaper_open()
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set and nothing changed
 */
int shaper_set(struct shaper *s, uint64_t rate, struct err *err);

/** shaper_busy() - Frames were read from @port, the shaped one */
void shaper_busy(struct shaper *s, struct port *port);

/** shaper_close() - Take the discipline away again */
void shaper_close(struct shaper *s);

#endif /* UML_ROUTER_SHAPER_H */
