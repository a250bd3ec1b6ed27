// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames for who looks on, see capture.h. */
#include "capture.h"

#include <sys/types.h>

#include <pcap/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "switch.h"

void capture_begin(struct capture *capture, struct sw *sw,
		   const struct capture_conf *conf, struct feed *feed)
{
	*capture = (struct capture){ .sw = sw, .conf = *conf, .feed = feed };
	list_append(&sw->captures, &capture->node);
	sw->watched++;
}

void capture_stop(struct capture *capture)
{
	if (capture->ended)
		return;
	capture->ended = true;
	list_remove(&capture->node);
	capture->sw->watched--;
	feed_stir(capture->feed);
}

bool capture_finish(struct capture *capture)
{
	struct capture_record end = { .kind = CAPTURE_END,
				      .seen = capture->seen,
				      .missed = capture->missed };
	struct iovec part = { &end, sizeof(end) };

	if (!capture->said)
		capture->said = feed_put(capture->feed, &part, 1);
	return capture->said;
}

void capture_free(struct capture *capture)
{
	if (!capture->sw)
		return;
	capture_stop(capture);
	free(capture->conf.filter);
	capture->conf.filter = NULL;
}

static uint64_t wall_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void take(struct capture *c, const struct frame *frame,
		 struct capture_record *record)
{
	struct iovec parts[] = { { record, sizeof(*record) },
				 { (void *)frame->data, 0 } };

	if (c->conf.filter &&
	    !bpf_filter(c->conf.filter, frame->data, frame->len, frame->len))
		return;
	record->len = frame->len;
	record->captured = frame->len < c->conf.snaplen ? frame->len
							: c->conf.snaplen;
	record->seen = c->seen + 1;
	record->missed = c->missed;
	parts[1].iov_len = record->captured;
	if (!feed_put(c->feed, parts, 2))
		c->missed++;
	else if (++c->seen == c->conf.count)
		capture_stop(c);
}

void capture_frames(struct port *port, enum capture_direction direction,
		    struct frame *const frames[], unsigned int n)
{
	struct capture_record record = { .direction = direction };
	struct list *at, *after;
	unsigned int i;

	if (list_empty(&port->sw->captures))
		return;
	record.time = wall_clock();
	memcpy(record.port, port->name, sizeof(record.port));
	list_for_each_safe(at, after, &port->sw->captures) {
		struct capture *c = container_of(at, struct capture, node);

		if ((c->conf.port && c->conf.port != port->serial) ||
		    !(c->conf.directions & direction))
			continue;
		for (i = 0; i < n && !c->ended; i++)
			take(c, frames[i], &record);
	}
}

void capture_port_left(struct sw *sw, const struct port *port)
{
	struct list *at, *after;

	list_for_each_safe(at, after, &sw->captures) {
		struct capture *c = container_of(at, struct capture, node);

		if (c->conf.port == port->serial)
			capture_stop(c);
	}
}
