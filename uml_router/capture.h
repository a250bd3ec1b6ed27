/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames for who looks on, as they come in from a port and go out to it.
 *
 * The reader sends a program for the classic BPF machine (McCanne and Jacobson,
 * "The BSD Packet Filter", 1993), which his libpcap made of the text of a
 * filter: the switch sees no such text. The program is checked before it runs:
 * it can neither loop nor reach beyond the frame.
 *
 * Each frame is a struct capture_record, in the byte order of this machine,
 * and its octets behind it. What the reader does not take in time is missed,
 * and counted. Without a reader a burst costs the look at one number.
 */
#ifndef UML_ROUTER_CAPTURE_H
#define UML_ROUTER_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "feed.h"
#include "frame.h"
#include "list.h"
#include "port.h"

struct bpf_insn;
struct sw;

/** Octets of frames that may wait for a reader. */
#define CAPTURE_ROOM (4 << 20)
/** Instructions of the longest filter. */
#define CAPTURE_FILTER_MAX 1024

/** Directions, as bits. */
enum capture_direction {
	CAPTURE_IN = 1,	 /**< read from the port */
	CAPTURE_OUT = 2, /**< sent to it */
};

/** What a record is. */
enum capture_kind {
	CAPTURE_FRAME, /**< a frame */
	CAPTURE_END,   /**< nothing more is to come */
};

/**
 * struct capture_record - What stands in front of a frame
 * @kind:	enum capture_kind
 * @captured:	octets that follow
 * @len:	octets of the frame
 * @direction:	enum capture_direction
 * @time:	nanoseconds since 1970-01-01 00:00 UTC
 * @seen:	frames of this capture so far, this one too
 * @missed:	frames so far that there was no room for
 * @port:	name of the port
 */
struct capture_record {
	uint32_t kind;
	uint32_t captured;
	uint32_t len;
	uint32_t direction;
	uint64_t time;
	uint64_t seen;
	uint64_t missed;
	char port[PORT_NAME_LEN];
};

/**
 * struct capture_conf - What is asked for
 * @port:	serial number of the port, 0 for all
 * @directions:	enum capture_direction, one or both
 * @snaplen:	most octets of a frame
 * @count:	frames after which it ends, 0: never
 * @filter:	malloc'ed program, or NULL: every frame
 */
struct capture_conf {
	uint64_t port;
	unsigned int directions;
	uint32_t snaplen;
	uint64_t count;
	struct bpf_insn *filter;
};

/**
 * struct capture - A reader
 * @node:	in the switch's list
 * @sw:		the switch
 * @conf:	what he asked for
 * @feed:	where he is told
 * @seen:	frames that he was or is going to be told
 * @missed:	frames that there was no room for
 * @ended:	no more of them
 * @said:	that he was told so
 */
struct capture {
	struct list node;
	struct sw *sw;
	struct capture_conf conf;
	struct feed *feed;
	uint64_t seen, missed;
	bool ended, said;
};

/**
 * capture_filter() - A filter from its text
 * @hex:	16 hexadecimal digits for each instruction: code (4), jt (2),
 *		jf (2), k (8)
 * @filter:	malloc'ed program; NULL for an empty text
 *
 * Return: 0, or -1: that is no program, or one that could loop or fail
 */
int capture_filter(const char *hex, struct bpf_insn **filter);

/** capture_begin() - From now on; @conf's filter is taken over */
void capture_begin(struct capture *capture, struct sw *sw,
		   const struct capture_conf *conf, struct feed *feed);

/** capture_stop() - No more frames; what waits is still told */
void capture_stop(struct capture *capture);

/**
 * capture_finish() - Tell the reader of the end, when there is room for that
 *
 * Return: whether he was told
 */
bool capture_finish(struct capture *capture);

/** capture_free() - Forget it; no harm to one that is all zero */
void capture_free(struct capture *capture);

/** capture_frames() - Frames have passed; to be called when sw->watched */
void capture_frames(struct port *port, enum capture_direction direction,
		    struct frame *const frames[], unsigned int n);

/** capture_port_left() - Captures of that port end */
void capture_port_left(struct sw *sw, const struct port *port);

#endif /* UML_ROUTER_CAPTURE_H */
