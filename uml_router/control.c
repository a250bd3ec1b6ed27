// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The management socket, see control.h; query.c understands the requests.
 *
 * The switch never waits for a management client: of an answer a bounded piece
 * is made at a time, and only when the piece before it has gone out.
 */
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "listener.h"
#include "query.h"

/** Most clients at a time. */
#define CLIENTS_MAX 64
/** Lines of an answer made at one go. */
#define PIECE_LINES 64

struct control {
	struct listener listener;
	struct list clients;
	unsigned int client_count;
};

struct client {
	struct list node;
	struct control *control;
	struct event io;
	struct query query;
	char request[QUERY_MAX];
	size_t request_len;
	char *answer;
	size_t answer_len, answer_sent;
};

static void end_client(struct client *c)
{
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
	int i;

	c->answer_len = c->answer_sent = 0;
	for (i = 0; i < PIECE_LINES && c->query.verb; i++)
		if (append(c, query_next(&c->query, sw)) < 0)
			return -1;
	return 0;
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
	error = query_begin(&c->query, sw, c->request, len);
	c->request_len -= len + 1;
	memmove(c->request, end + 1, c->request_len);
	if (!error)
		return 0;
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
static int serve(struct client *c, uint32_t ready)
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

static void on_client(struct event *ev, uint32_t ready)
{
	struct client *c = container_of(ev, struct client, io);
	struct loop *loop = c->control->listener.sw->loop;

	if (serve(c, ready) < 0 ||
	    loop_watch(loop, &c->io, answering(c) ? EPOLLOUT : EPOLLIN) < 0)
		end_client(c);
}

static void accepted(struct listener *l, int fd, const struct ucred *peer)
{
	struct control *control = container_of(l, struct control, listener);
	struct client *c = calloc(1, sizeof(*c));

	if (!c || control->client_count >= CLIENTS_MAX) {
		l->sw->stats.refused++;
		free(c);
		close(fd);
		return;
	}
	c->control = control;
	c->io = (struct event){ .fd = fd, .fn = on_client };
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
	if (listener_open(&control->listener, sw, &ops, path, SOCK_STREAM, perm,
			  err) == 0)
		return 0;
	free(control);
	return -1;
}
