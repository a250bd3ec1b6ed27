// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The management socket, see control.h; query.c understands the requests.
 *
 * The switch never waits for a management client: of an answer a bounded piece
 * is made at a time, and only when the piece before it has gone out. Nor does
 * it work for these clients all the time: they have a share of it (share.h)
 * together; who asks for more rests until the next one.
 */
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "listener.h"
#include "monitor.h"
#include "query_verb.h"
#include "share.h"

/** Most clients at a time. */
#define CLIENTS_MAX 64
/** Lines of an answer made at one go. */
#define PIECE_LINES 64
/** Most of them that are told events or frames. */
#define STREAMS_MAX 32

/**
 * struct control - The management socket
 * @listener:	the socket
 * @owner:	who may change the switch, besides root
 * @perm:	mode and group of socket files
 * @clients:	who is connected, those that were served last at the end
 * @client_count:	how many
 * @stream_count:	how many of them are told events or frames
 * @share:	work for those that ask
 */
struct control {
	struct listener listener;
	uid_t owner;
	struct unixsock_perm perm;
	struct list clients;
	unsigned int client_count;
	unsigned int stream_count;
	struct share share;
};

/* The feed is open while the client is told events or frames, and asks for
 * nothing. */
struct client {
	struct list node;
	struct control *control;
	struct event io;
	struct query_who who;
	struct query query;
	char request[QUERY_MAX];
	size_t request_len;
	char *answer;
	size_t answer_len, answer_sent;
	struct feed feed;
	struct monitor monitor;
	struct capture capture;
};

static bool is_stream(const struct client *c)
{
	return c->feed.ring;
}

static void end_client(struct client *c)
{
	if (is_stream(c)) {
		c->control->stream_count--;
		sw_look_on(c->control->listener.sw, -1);
		monitor_leave(&c->monitor);
		capture_free(&c->capture);
		feed_close(&c->feed);
	}
	query_end(&c->query);
	loop_watch(c->control->listener.sw->loop, &c->io, 0);
	list_remove(&c->node);
	c->control->client_count--;
	close(c->io.fd);
	free(c->answer);
	free(c);
}

/* One line more to be sent. */
static int append(struct client *c, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;
	char *answer = realloc(c->answer, c->answer_len + len + 1);

	json_decref(value);
	if (answer)
		c->answer = answer;
	if (!answer || !text) {
		free(text);
		return -1;
	}
	memcpy(answer + c->answer_len, text, len);
	answer[c->answer_len + len] = '\n';
	c->answer_len += len + 1;
	free(text);
	return 0;
}

static int make_piece(struct client *c)
{
	struct sw *sw = c->control->listener.sw;
	uint64_t began = share_clock();
	int i;

	c->answer_len = c->answer_sent = 0;
	for (i = 0; i < PIECE_LINES && c->query.verb &&
		    share_clock() - began < SHARE_NS;
	     i++)
		if (append(c, query_next(&c->query, sw)) < 0)
			return -1;
	return 0;
}

/* --- events and frames --------------------------------------------------- */

/* Something of the feed was sent, or is to be looked after. */
static void moved(struct feed *feed)
{
	struct client *c = container_of(feed, struct client, feed);

	if (c->query.stream == QUERY_MONITOR)
		monitor_catch_up(&c->monitor);
	if (feed->broken ||
	    (c->capture.ended && capture_finish(&c->capture) && !feed->len))
		end_client(c);
}

/* Whoever is told things has nothing to say but that he leaves: to listen to
 * more would cost time out of the share. Of a capture he then still gets what
 * waits, and how much was missed. */
static void hear(struct client *c)
{
	char ignored;
	ssize_t n = recv(c->io.fd, &ignored, 1, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 0 && c->query.stream == QUERY_CAPTURE) {
		c->feed.hears = 0;
		capture_stop(&c->capture);
	} else {
		c->feed.broken = true;
	}
}

static void on_stream(struct client *c, uint32_t ready)
{
	if (ready & ~(uint32_t)EPOLLOUT)
		hear(c);
	feed_stir(&c->feed);
}

static bool put_first(struct client *c)
{
	json_t *line = query_next(&c->query, c->control->listener.sw);
	char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	struct iovec parts[] = { { text, text ? strlen(text) : 0 },
				 { (char[]){ "\n" }, 1 } };
	bool put = text && feed_put(&c->feed, parts, 2);

	json_decref(line);
	free(text);
	return put;
}

/* From now on the client is told things. -1: there is no memory. */
static int begin_stream(struct client *c)
{
	struct sw *sw = c->control->listener.sw;
	bool frames = c->query.stream == QUERY_CAPTURE;

	if (feed_open(&c->feed, sw->loop, &c->io,
		      frames ? CAPTURE_ROOM : MONITOR_ROOM, moved) < 0)
		return -1;
	if (!frames)
		c->feed.share = &sw->monitors.share;
	c->control->stream_count++;
	sw_look_on(sw, 1);
	if (!put_first(c))
		return -1;
	if (frames)
		capture_begin(&c->capture, sw, &c->query.capture, &c->feed);
	else
		monitor_join(&c->monitor, &sw->monitors, &c->feed);
	c->query.capture.filter = NULL;
	c->query.verb = NULL;
	return 0;
}

/* --- requests and answers ------------------------------------------------ */

static json_t *too_many_streams(struct client *c)
{
	if (c->query.stream == QUERY_ANSWER ||
	    c->control->stream_count < STREAMS_MAX)
		return NULL;
	query_end(&c->query);
	return query_failure("busy", "too many captures and monitors run "
				     "already");
}

/* The first line among what has arrived becomes the request in progress. */
static int take_request(struct client *c)
{
	struct sw *sw = c->control->listener.sw;
	char *end = memchr(c->request, '\n', c->request_len);
	size_t len = end ? (size_t)(end - c->request) : 0;
	json_t *error;

	if (!end && c->request_len < sizeof(c->request))
		return 0;
	if (!end) {
		sw->stats.bad_requests++;
		return -1;
	}
	error = query_begin(&c->query, sw, &c->who, c->request, len);
	c->request_len -= len + 1;
	memmove(c->request, end + 1, c->request_len);
	if (!error)
		error = too_many_streams(c);
	if (!error)
		return c->query.stream ? begin_stream(c) : 0;
	sw->stats.bad_requests++;
	c->answer_len = c->answer_sent = 0;
	return append(c, error);
}

static int send_answer(struct client *c)
{
	ssize_t n = send(c->io.fd, c->answer + c->answer_sent,
			 c->answer_len - c->answer_sent,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	c->answer_sent += (size_t)n;
	return 0;
}

static int receive(struct client *c)
{
	ssize_t n = recv(c->io.fd, c->request + c->request_len,
			 sizeof(c->request) - c->request_len, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	c->request_len += (size_t)n;
	return n ? 0 : -1;
}

static bool answering(const struct client *c)
{
	return c->query.verb || c->answer_sent < c->answer_len;
}

/* One step: a piece of the answer, or a further request. */
static int serve(struct client *c)
{
	if (answering(c)) {
		if (c->answer_sent == c->answer_len && make_piece(c) < 0)
			return -1;
		if (send_answer(c) < 0)
			return -1;
	} else if (receive(c) < 0) {
		return -1;
	}
	return answering(c) ? 0 : take_request(c);
}

/* What is left of the share of work is not used up by one step, so that it is
 * not exact. */
static int serve_in_share(struct client *c)
{
	struct control *control = c->control;
	uint64_t began = share_clock();
	int failed = serve(c);

	share_spend(&control->share, began);
	list_remove(&c->node);
	list_append(&control->clients, &c->node);
	return failed;
}

static int watch(struct client *c)
{
	if (is_stream(c))
		return 0;
	return loop_watch(c->control->listener.sw->loop, &c->io,
			  answering(c) ? EPOLLOUT : EPOLLIN);
}

static void on_client(struct event *ev, uint32_t ready)
{
	struct client *c = container_of(ev, struct client, io);

	if (is_stream(c))
		on_stream(c, ready);
	else if (!share_left(&c->control->share))
		loop_watch(c->control->listener.sw->loop, &c->io, 0);
	else if (serve_in_share(c) < 0 || watch(c) < 0)
		end_client(c);
}

static void on_share(struct share *share)
{
	struct control *control = container_of(share, struct control, share);
	struct list *at, *after;

	list_for_each_safe(at, after, &control->clients) {
		struct client *c = container_of(at, struct client, node);

		if (watch(c) < 0)
			end_client(c);
	}
}

/* May a client have to leave for another one? Idle ones may for anybody; for
 * root and the owner, so that nobody locks them out, everybody else. */
static bool may_leave(const struct client *c, bool for_trusted)
{
	if (for_trusted && !c->who.trusted)
		return true;
	return !answering(c) && !is_stream(c);
}

/* Who has asked for nothing for longest makes room for others. */
static bool make_room(struct control *control, bool for_trusted)
{
	struct list *at;

	if (control->client_count < CLIENTS_MAX)
		return true;
	control->listener.sw->stats.refused++;
	list_for_each(at, &control->clients) {
		struct client *c = container_of(at, struct client, node);

		if (!may_leave(c, for_trusted))
			continue;
		end_client(c);
		return true;
	}
	return false;
}

static bool is_trusted(const struct control *control, const struct ucred *peer)
{
	return peer->uid == 0 || peer->uid == control->owner;
}

static void accepted(struct listener *l, int fd, const struct ucred *peer)
{
	struct control *control = container_of(l, struct control, listener);
	bool trusted = is_trusted(control, peer);
	struct client *c = make_room(control, trusted) ? calloc(1, sizeof(*c))
						       : NULL;

	if (!c) {
		close(fd);
		return;
	}
	c->control = control;
	c->who.trusted = trusted;
	c->who.perm = control->perm;
	c->io = (struct event){ .fd = fd, .fn = on_client };
	list_init(&c->monitor.node);
	list_append(&control->clients, &c->node);
	control->client_count++;
	if (loop_watch(l->sw->loop, &c->io, EPOLLIN) < 0)
		end_client(c);
}

static void close_control(struct listener *l)
{
	struct control *control = container_of(l, struct control, listener);

	while (!list_empty(&control->clients))
		end_client(container_of(control->clients.next, struct client,
					node));
	share_fini(&control->share);
	free(control);
}

static const struct listener_ops ops = {
	.accepted = accepted,
	.close = close_control,
};

int control_open(struct sw *sw, const char *path, struct unixsock_perm perm,
		 struct err *err)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control)
		return err_errno(err, "management socket '%s'", path);
	list_init(&control->clients);
	share_init(&control->share, sw->loop, on_share);
	control->owner = geteuid();
	control->perm = perm;
	if (listener_open(&control->listener, sw, &ops, path, SOCK_STREAM, perm,
			  err) == 0)
		return 0;
	free(control);
	return -1;
}
