/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is told to one reader as it happens: a bounded ring of octets in front
 * of his socket. Who tells never waits: a piece that does not fit is lost, and
 * counted by who wanted to tell it.
 *
 * Pieces are sent once a turn of the loop, all that the socket takes.
 */
#ifndef UML_ROUTER_FEED_H
#define UML_ROUTER_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "loop.h"
#include "share.h"

/**
 * struct feed - A reader
 * @loop:	the loop
 * @io:		his socket, with the function of its owner
 * @hears:	what @io is watched for besides room
 * @moved:	called when something was sent, when it was asked for by
 *		feed_stir(), and when the reader is gone. May end the feed
 * @share:	the work of sending is done out of it, or NULL
 * @flush:	at the end of the turn
 * @ring:	@size octets, NULL when the feed is closed
 * @head:	where the oldest is
 * @len:	octets that wait
 * @broken:	the reader is gone
 */
struct feed {
	struct loop *loop;
	struct event *io;
	uint32_t hears;
	void (*moved)(struct feed *feed);
	struct share *share;
	struct work flush;
	char *ring;
	size_t size, head, len;
	bool broken;
};

/**
 * feed_open() - An empty feed
 * @feed:	filled
 * @loop:	the loop
 * @io:		the reader's socket
 * @size:	octets that may wait
 * @moved:	see struct feed
 *
 * Return: 0, or -1 with errno set
 */
int feed_open(struct feed *feed, struct loop *loop, struct event *io,
	      size_t size, void (*moved)(struct feed *feed));

/** feed_close() - Forget what waits; no harm to one that is all zero */
void feed_close(struct feed *feed);

/**
 * feed_put() - Tell something, all of it or nothing
 *
 * Return: whether there was room
 */
bool feed_put(struct feed *feed, const struct iovec parts[], int count);

/** feed_room() - Octets that there is room for */
static inline size_t feed_room(const struct feed *feed)
{
	return feed->size - feed->len;
}

/** feed_stir() - Have @moved called at the end of the turn */
void feed_stir(struct feed *feed);

#endif /* UML_ROUTER_FEED_H */
