/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stage: where frames that a port cannot take as they are are made into
 * frames that it can.
 *
 * A port that takes everything in its queue never uses it. For others, frames
 * leave the queue through the stage, in order: those that fit by reference,
 * large ones cut into segments, those without a checksum with one. A large
 * frame is cut only as far as the stage has room: what waits in the queue is
 * still whole and takes one place, and only what is to be sent next is cut.
 */
#ifndef UML_ROUTER_STAGE_H
#define UML_ROUTER_STAGE_H

#include <stdbool.h>

#include "frame.h"
#include "segment.h"

struct port;

/** What of a frame a port need not have done before it takes it. */
enum offload {
	OFFLOAD_CSUM = 1 << 0, /**< the checksum of TCP or UDP */
	OFFLOAD_TSO4 = 1 << 1, /**< cutting TCP over IPv4 */
	OFFLOAD_TSO6 = 1 << 2, /**< cutting TCP over IPv6 */
	OFFLOAD_ECN = 1 << 3,  /**< cutting TCP with CWR */
	OFFLOAD_USO = 1 << 4,  /**< cutting UDP */
	OFFLOAD_NONE = 1 << 5, /**< something that no port does */
};

/**
 * struct stage - Frames on their way from a port's queue to its descriptor
 * @frames:	ready to be sent; each reference is the stage's
 * @at:		the first that was not sent yet
 * @end:	behind the last one
 * @whole:	the frame that is being cut, or NULL
 * @cut:	how far it is cut
 */
struct stage {
	struct frame *frames[FRAME_BURST];
	unsigned int at, end;
	struct frame *whole;
	struct segmenter cut;
};

/** stage_asks() - stage_needs() of a frame that is not plain */
unsigned int stage_asks(const struct virtio_net_hdr_v1 *vnet);

/** stage_needs() - The OFFLOAD_* that a frame asks of a port, or 0 */
static inline unsigned int stage_needs(const struct frame *frame)
{
	return frame_plain(frame) ? 0 : stage_asks(&frame->vnet);
}

/** stage_len() - Frames that are ready to be sent */
static inline unsigned int stage_len(const struct stage *stage)
{
	return stage->end - stage->at;
}

/** stage_empty() - Nothing is ready, and nothing is left to be cut */
static inline bool stage_empty(const struct stage *stage)
{
	return !stage_len(stage) && !stage->whole;
}

/**
 * stage_fill() - Refill an empty stage from a port's queue
 * @port:	the port; frames that cannot be made to fit are counted there as
 *		dropped
 */
void stage_fill(struct port *port);

/** stage_sent() - The oldest @n frames of a port's stage went out */
void stage_sent(struct port *port, unsigned int n);

/** stage_drop() - Throw away what is in a port's stage; how many frames */
unsigned int stage_drop(struct port *port);

#endif /* UML_ROUTER_STAGE_H */
