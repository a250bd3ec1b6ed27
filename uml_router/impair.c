// SPDX-License-Identifier: GPL-2.0-or-later
/* Links that are made worse, see impair.h. */
#include "impair.h"

#include <stdlib.h>
#include <string.h>

#include "switch.h"

#define NS_PER_MS 1000000ULL
#define NS_PER_S 1000000000ULL
/** Digits behind the point: of percent to IMPAIR_CERTAIN, of seconds to ms. */
#define PERCENT_DIGITS 4
#define SECOND_DIGITS 3

/* --- text ---------------------------------------------------------------- */

/* "12.34" and what follows it, as a whole number of 10^-@digits. NULL: there
 * is no number, it has more digits, or it is very long. */
static const char *decimal(const char *text, unsigned int digits, uint64_t *out)
{
	const char *point = text + strspn(text, "0123456789");
	uint64_t value = 0;

	if (point == text || point - text > 9)
		return NULL;
	for (; text < point; text++)
		value = value * 10 + (uint64_t)(*text - '0');
	if (*text == '.' && (*++text < '0' || *text > '9'))
		return NULL;
	for (; digits; digits--) {
		bool more = text > point && *text >= '0' && *text <= '9';

		value = value * 10 + (more ? (uint64_t)(*text - '0') : 0);
		text += more;
	}
	*out = value;
	return *text >= '0' && *text <= '9' ? NULL : text;
}

int impair_loss_parse(const char *text, uint32_t *loss, struct err *err)
{
	uint64_t value = 0;
	const char *end = decimal(text, PERCENT_DIGITS, &value);

	if (!end || (strcmp(end, "") != 0 && strcmp(end, "%") != 0) ||
	    value > IMPAIR_CERTAIN)
		return err_set(
			err,
			"loss '%.64s' is not a number of percent from 0 "
			"to 100, with %d digits behind the point at most",
			text, PERCENT_DIGITS);
	*loss = (uint32_t)value;
	return 0;
}

/* "20ms" or "1.5s" and what follows it. */
static const char *get_time(const char *text, uint32_t *ms)
{
	uint64_t value = 0;
	const char *end = decimal(text, 0, &value);

	if (end && strncmp(end, "ms", 2) == 0) {
		end += 2;
	} else {
		end = decimal(text, SECOND_DIGITS, &value);
		if (!end || *end++ != 's')
			return NULL;
	}
	*ms = (uint32_t)value;
	return value > IMPAIR_MAX_DELAY ? NULL : end;
}

int impair_delay_parse(const char *text, struct impair_conf *conf,
		       struct err *err)
{
	uint32_t delay, jitter = 0;
	const char *end = get_time(text, &delay);

	if (end && strncmp(end, "+-", 2) == 0)
		end = get_time(end + 2, &jitter);
	if (!end || *end)
		return err_set(
			err,
			"delay '%.64s' is no time up to 60s, in ms or s, "
			"such as 20ms, 0.5s or 20ms+-5ms",
			text);
	if (jitter > delay)
		return err_set(err,
			       "delay '%.64s': it cannot vary by more "
			       "than it is",
			       text);
	conf->delay = delay;
	conf->jitter = jitter;
	return 0;
}

/* --- frames -------------------------------------------------------------- */

static uint64_t now_ns(const struct port *port)
{
	return port->worker->loop->now * NS_PER_MS;
}

/* Marsaglia's xorshift64, "Xorshift RNGs" (2003); the state is never 0. A
 * number below @limit, nearly evenly. */
static uint64_t draw(struct impair *im, uint64_t limit)
{
	im->random ^= im->random << 13;
	im->random ^= im->random >> 7;
	im->random ^= im->random << 17;
	return im->random % limit;
}

/* How long the last bit of a frame is under way. */
static uint64_t latency(struct impair *im)
{
	uint64_t jitter = im->conf.jitter * NS_PER_MS;
	uint64_t delay = im->conf.delay * NS_PER_MS;

	return jitter ? delay - jitter + draw(im, 2 * jitter + 1) : delay;
}

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

bool impair_admit(struct port *port, const struct frame *frame)
{
	struct port_queue *q = &port->queue;
	struct impair *im = port->impair;

	if (im->conf.loss && draw(im, IMPAIR_CERTAIN) < im->conf.loss) {
		port_drop(port, DROP_LOST);
		return false;
	}
	im->idle = max(im->idle, now_ns(port));
	if (im->conf.rate)
		im->idle += frame->len * 8ULL * NS_PER_S / im->conf.rate;
	im->last = max(im->last, im->idle + latency(im));
	im->due[(q->head + q->len) & q->mask] = im->last;
	return true;
}

unsigned int impair_due(struct port *port, unsigned int n)
{
	const struct port_queue *q = &port->queue;
	struct impair *im = port->impair;
	uint64_t now = now_ns(port), oldest = im->due[q->head & q->mask];
	unsigned int i;

	for (i = 0; i < n && im->due[(q->head + i) & q->mask] <= now; i++)
		;
	if (!i)
		loop_arm(port->worker->loop, &im->timer,
			 (oldest - now + NS_PER_MS - 1) / NS_PER_MS);
	return i;
}

static void on_due(struct timer *timer)
{
	port_flush(container_of(timer, struct impair, timer)->port);
}

/* --- life ---------------------------------------------------------------- */

static bool is_good(const struct impair_conf *conf)
{
	return !conf->loss && !conf->delay && !conf->rate;
}

/* What waits already is due: the times are 0. */
static struct impair *make(struct port *port)
{
	struct impair *im = calloc(1, sizeof(*im));

	if (!im)
		return NULL;
	im->due = calloc(port->queue.mask + 1, sizeof(*im->due));
	if (!im->due) {
		free(im);
		return NULL;
	}
	im->port = port;
	im->random = (port->sw->key.k[0] ^ (uintptr_t)port) | 1;
	timer_init(&im->timer, on_due);
	im->timer.parallel = true;
	return im;
}

int impair_set(struct port *port, const struct impair_conf *conf,
	       struct err *err)
{
	if (conf->rate == RATE_AUTO) {
		err_set(err, "port %s: rate=auto is not for its link",
			port->name);
		return err_hint(err,
				"a tap with queueing=backpressure takes it");
	}
	if (is_good(conf)) {
		if (port->impair) {
			impair_end(port);
			port_flush(port);
		}
		return 0;
	}
	if (!port->impair)
		port->impair = make(port);
	if (!port->impair)
		return err_errno(err, "port %s: cannot allocate its link",
				 port->name);
	port->impair->conf = *conf;
	return 0;
}

int impair_resize(struct port *port, uint32_t size)
{
	const struct port_queue *q = &port->queue;
	struct impair *im = port->impair;
	uint64_t *due;
	uint32_t i;

	if (!im)
		return 0;
	due = calloc(size, sizeof(*due));
	if (!due)
		return -1;
	for (i = 0; i < q->len; i++)
		due[i] = im->due[(q->head + i) & q->mask];
	free(im->due);
	im->due = due;
	return 0;
}

void impair_rest(struct impair *im)
{
	im->idle = im->last = 0;
}

void impair_end(struct port *port)
{
	if (!port->impair)
		return;
	loop_disarm(&port->impair->timer);
	free(port->impair->due);
	free(port->impair);
	port->impair = NULL;
}
