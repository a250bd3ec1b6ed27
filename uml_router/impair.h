/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A port whose link is worse than it is: frames for it get lost, come late, and
 * no faster than a rate.
 *
 * Frames wait in the port's own queue, each with the time at which it is due;
 * so what queue= and policy= say of a slow client holds for a slow link, too.
 * port_flush() sends what is due, and a timer of the loop calls it again for
 * the rest. Times are of the loop, to the millisecond, but a rate is kept
 * exactly over many frames.
 */
#ifndef UML_ROUTER_IMPAIR_H
#define UML_ROUTER_IMPAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "frame.h"
#include "loop.h"

struct port;

/** Certain loss. */
#define IMPAIR_CERTAIN 1000000
/** A rate that follows the ports, which a tap alone can have (shaper.h). */
#define RATE_AUTO UINT64_MAX
/** Longest delay, milliseconds. */
#define IMPAIR_MAX_DELAY 60000

/**
 * struct impair_conf - What is wrong with the link; all zero: nothing
 * @loss:	frames lost out of IMPAIR_CERTAIN, each by a draw of its own
 * @delay:	milliseconds that each takes
 * @jitter:	milliseconds, up to @delay: each takes up to so many more or
 *		less, any number with the same probability; but none overtakes
 * @rate:	bits a second, from destination address to payload; 0: no limit
 */
struct impair_conf {
	uint32_t loss;
	uint32_t delay, jitter;
	uint64_t rate;
};

/**
 * struct impair - A link that is made worse
 * @conf:	how
 * @port:	the port
 * @due:	when each frame of the port's queue is due, at the place that it
 *		has in the queue's ring; nanoseconds of the loop's clock
 * @idle:	when the last bit of all that was queued is sent
 * @last:	when the newest frame is due
 * @random:	state of the generator
 * @timer:	the oldest frame is due
 */
struct impair {
	struct impair_conf conf;
	struct port *port;
	uint64_t *due;
	uint64_t idle;
	uint64_t last;
	uint64_t random;
	struct timer timer;
};

/** impair_loss_parse() - "5", "0.01%": percent, four digits behind the point */
int impair_loss_parse(const char *text, uint32_t *loss, struct err *err);

/** impair_delay_parse() - "20ms", "1.5s", "20ms+-5ms": @conf's two times */
int impair_delay_parse(const char *text, struct impair_conf *conf,
		       struct err *err);

/**
 * impair_set() - Make the link of a port so, other than before, or good again
 * @port:	it has a queue
 * @conf:	how it is to be
 * @err:	filled on failure
 *
 * Frames that wait keep their times; when the link is good, they are sent.
 *
 * Return: 0, or -1 with @err set: then it is as it was
 */
int impair_set(struct port *port, const struct impair_conf *conf,
	       struct err *err);

/**
 * impair_resize() - The port's queue gets another ring, its frames in front
 * @port:	has its old queue yet
 * @size:	places of the new ring
 *
 * Return: 0, or -1 with errno set
 */
int impair_resize(struct port *port, uint32_t size);

/** impair_end() - The link is good; what waits stays in the queue */
void impair_end(struct port *port);

/** impair_rest() - Nothing is in the port's queue any more, nor under way */
void impair_rest(struct impair *im);

/**
 * impair_admit() - A frame is put at the end of the port's queue
 * @port:	has @impair
 * @frame:	the frame
 *
 * Return: false when it got lost, and is not to be put there
 */
bool impair_admit(struct port *port, const struct frame *frame);

/**
 * impair_due() - How many frames may leave the port's queue now?
 * @port:	has @impair
 * @n:		how many of them are looked at, at least one
 *
 * When there is none, the port is flushed again when there is one.
 */
unsigned int impair_due(struct port *port, unsigned int n);

#endif /* UML_ROUTER_IMPAIR_H */
