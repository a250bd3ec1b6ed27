// SPDX-License-Identifier: GPL-2.0-or-later
/* Readers that are told what happens, see feed.h. */
#include "feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "list.h"

/* What waits, oldest first: one piece, or two where the ring ends amid it. */
static int waiting(const struct feed *feed, struct iovec iov[2])
{
	size_t first = feed->size - feed->head;

	if (first >= feed->len) {
		iov[0] = (struct iovec){ feed->ring + feed->head, feed->len };
		return 1;
	}
	iov[0] = (struct iovec){ feed->ring + feed->head, first };
	iov[1] = (struct iovec){ feed->ring, feed->len - first };
	return 2;
}

static void send_waiting(struct feed *feed)
{
	struct iovec iov[2];
	struct msghdr msg = { .msg_iov = iov };
	ssize_t n;

	msg.msg_iovlen = (size_t)waiting(feed, iov);
	n = sendmsg(feed->io->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0) {
		feed->broken = errno != EAGAIN && errno != EINTR;
		return;
	}
	feed->head = (feed->head + (size_t)n) % feed->size;
	feed->len -= (size_t)n;
}

static void flush(struct feed *feed)
{
	uint32_t room;

	if (feed->len)
		send_waiting(feed);
	room = feed->len ? EPOLLOUT : 0;
	if (loop_watch(feed->loop, feed->io, feed->hears | room) < 0)
		feed->broken = true;
	feed->moved(feed);
}

/* The feed may end in it. */
static void on_flush(struct work *work)
{
	struct feed *feed = container_of(work, struct feed, flush);
	struct share *share = feed->share;
	uint64_t began = share ? share_clock() : 0;

	flush(feed);
	if (share)
		share_spend(share, began);
}

int feed_open(struct feed *feed, struct loop *loop, struct event *io,
	      size_t size, void (*moved)(struct feed *feed))
{
	*feed = (struct feed){ .loop = loop,
			       .io = io,
			       .hears = EPOLLIN,
			       .moved = moved,
			       .size = size };
	work_init(&feed->flush, on_flush);
	feed->ring = malloc(size);
	return feed->ring ? 0 : -1;
}

void feed_close(struct feed *feed)
{
	if (!feed->ring)
		return;
	list_remove(&feed->flush.node);
	free(feed->ring);
	feed->ring = NULL;
}

static void append(struct feed *feed, const char *from, size_t len)
{
	size_t tail = (feed->head + feed->len) % feed->size;
	size_t first = feed->size - tail;

	if (first > len)
		first = len;
	memcpy(feed->ring + tail, from, first);
	memcpy(feed->ring, from + first, len - first);
	feed->len += len;
}

bool feed_put(struct feed *feed, const struct iovec parts[], int count)
{
	size_t sum = 0;
	int i;

	for (i = 0; i < count; i++)
		sum += parts[i].iov_len;
	if (feed->broken || sum > feed_room(feed))
		return false;
	for (i = 0; i < count; i++)
		append(feed, parts[i].iov_base, parts[i].iov_len);
	/* While the socket takes nothing, its readiness is waited for. */
	if (!(feed->io->interest & EPOLLOUT))
		feed_stir(feed);
	return true;
}

void feed_stir(struct feed *feed)
{
	loop_schedule(feed->loop, &feed->flush);
}
