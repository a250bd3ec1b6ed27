/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames in a stream of octets: the length as 32 bits, the most significant
 * first, then the frame; then the next one. That is what QEMU's -netdev stream
 * (net/stream.c) and passt (tap.c) speak.
 *
 * The parser sees no socket. It is given the octets as they come, in pieces of
 * any size, and gives whole frames.
 */
#ifndef UML_ROUTER_STREAM_H
#define UML_ROUTER_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "frame.h"

/** Octets of the length in front of a frame. */
#define STREAM_HEAD 4

/**
 * struct stream_in - Where in the stream we are; begins as zeroes
 * @head:	the length in front of the frame, as far as it has come
 * @head_len:	octets of it
 * @len:	the length; valid when all of @head is there
 * @got:	octets of the frame that have come
 * @frame:	the frame; NULL before its length is known, and when there was
 *		no memory for it
 */
struct stream_in {
	uint8_t head[STREAM_HEAD];
	uint32_t head_len;
	uint32_t len;
	uint32_t got;
	struct frame *frame;
};

/**
 * struct stream_burst - Frames out of a stream; begins as zeroes
 * @frames:	the frames; the caller has a reference to each
 * @n:		how many
 * @lost:	frames for which there was no memory
 */
struct stream_burst {
	struct frame *frames[FRAME_BURST];
	unsigned int n;
	unsigned int lost;
};

/**
 * stream_feed() - Take frames out of a piece of the stream
 * @in:		where we are
 * @pool:	where frames come from
 * @data:	the next octets of the stream
 * @size:	how many
 * @burst:	frames are appended to it, until it is full
 * @used:	octets that were taken; fewer than @size when @burst is full
 *
 * Return: true, or false when the length of a frame is less than that of an
 *	   Ethernet header or more than FRAME_MAX. It is judged before there is
 *	   a frame. Where the next one begins is unknown then, and the stream
 *	   of no use.
 */
bool stream_feed(struct stream_in *in, struct frame_pool *pool,
		 const uint8_t *data, size_t size, struct stream_burst *burst,
		 size_t *used);

/**
 * stream_rest() - Where the rest of a frame that has begun is to go
 *
 * A reader may put octets there itself, instead of giving them to
 * stream_feed(); it then says so with stream_filled().
 *
 * Return: the room, of length 0 when there is no such frame
 */
struct iovec stream_rest(const struct stream_in *in);

/** stream_filled() - @n octets were put where stream_rest() said */
void stream_filled(struct stream_in *in, size_t n);

/** stream_reset() - Forget what has come; back to the beginning of a stream */
void stream_reset(struct stream_in *in, struct frame_pool *pool);

#endif /* UML_ROUTER_STREAM_H */
