// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Answers on the wire; see reply.h.
 *
 * A guest reads a text with one read(2) and takes less for an error
 * (read_output() in arch/um/drivers/net_user.c), so length and text leave in
 * one write. The final NUL is part of every text: the guest prints a page
 * that nobody cleared.
 */
#include "uml_net/reply.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/unixsock.h"

void reply_clear(struct reply *reply)
{
	reply->used = 0;
	reply->text[0] = '\0';
}

void reply_line(struct reply *reply, const char *fmt, ...)
{
	char line[ERR_TEXT_MAX + 128];
	size_t room = sizeof(reply->text) - reply->used;
	va_list args;
	int len;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	len = snprintf(reply->text + reply->used, room, "uml_net: %s\n", line);
	if (len < 0 || (size_t)len >= room)
		reply->text[reply->used] = '\0';
	else
		reply->used += (size_t)len;
}

/* All of it or a failure; what the guest left unread does not hold us. */
static int put(int fd, const void *data, size_t len, struct err *err)
{
	ssize_t done = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (done < 0 && errno == ENOTSOCK)
		done = write(fd, data, len);
	if (done == (ssize_t)len)
		return 0;
	if (done >= 0)
		errno = EAGAIN;
	return err_errno(err, "write the answer");
}

/* A status, if there is one, then length and text. */
static int put_text(const struct reply *reply, int fd, const char *status,
		    struct err *err)
{
	char data[1 + sizeof(int) + REPLY_MAX];
	int len = (int)reply->used + 1;
	size_t used = 0;

	if (status)
		data[used++] = *status;
	memcpy(data + used, &len, sizeof(len));
	used += sizeof(len);
	memcpy(data + used, reply->text, (size_t)len);
	return put(fd, data, used + (size_t)len, err);
}

int reply_send(const struct reply *reply, const struct request *req, bool good,
	       struct err *err)
{
	char status = good ? 1 : 0;

	switch (req->reply) {
	case REQUEST_SILENT:
		return 0;
	case REQUEST_TEXT:
		return put_text(reply, req->reply_fd, NULL, err);
	case REQUEST_DESCRIPTOR:
		return put(req->reply_fd, reply->text, reply->used + 1, err);
	case REQUEST_STATUS:
		return put(req->reply_fd, &status, 1, err);
	case REQUEST_STATUS_TEXT:
		return put_text(reply, req->reply_fd, &status, err);
	}
	return 0;
}

int reply_change(const struct reply *reply, const struct request *req,
		 struct err *err)
{
	if (req->reply != REQUEST_STATUS_TEXT)
		return 0;
	return put_text(reply, req->reply_fd, NULL, err);
}

int reply_descriptor(const struct reply *reply, const struct request *req,
		     const char *name, int fd, struct err *err)
{
	char data[IFNAMSIZ + REPLY_MAX] = "";

	snprintf(data, IFNAMSIZ, "%s", name);
	memcpy(data + IFNAMSIZ, reply->text, reply->used + 1);
	if (unixsock_send_fd(req->reply_fd, data, IFNAMSIZ + reply->used + 1,
			     fd))
		return err_errno(err, "hand over '%s'", name);
	return 0;
}
