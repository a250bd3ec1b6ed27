/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answer to a guest: an account of what was done, line by line, which
 * its kernel prints, and the ways in which it goes over the wire.
 */
#ifndef UML_NET_REPLY_H
#define UML_NET_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "uml_net/request.h"

/**
 * Longest account with its NUL: with the name of a device before it, it must
 * fit into the page that the guest has for it.
 */
#define REPLY_MAX 4000

/**
 * struct reply - An account
 * @text:	lines, each with its newline; always terminated
 * @used:	octets without the NUL
 */
struct reply {
	char text[REPLY_MAX];
	size_t used;
};

/** reply_line() - Add a line; what does not fit is left out */
void reply_line(struct reply *reply, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** reply_clear() - Begin anew */
void reply_clear(struct reply *reply);

/**
 * reply_send() - Tell a guest how its request ended
 * @reply:	the account
 * @req:	the request
 * @good:	it was done
 * @err:	filled on failure
 *
 * For all requests but one: see reply_descriptor(). A failure of that one
 * goes here too: text alone, and no descriptor.
 *
 * Return: 0, or -1 with @err set
 */
int reply_send(const struct reply *reply, const struct request *req, bool good,
	       struct err *err);

/** reply_change() - Tell a guest of a change that it asked for later */
int reply_change(const struct reply *reply, const struct request *req,
		 struct err *err);

/**
 * reply_descriptor() - Hand over a tap
 * @reply:	the account
 * @req:	the request
 * @name:	of the tap
 * @fd:		its descriptor
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int reply_descriptor(const struct reply *reply, const struct request *req,
		     const char *name, int fd, struct err *err);

#endif /* UML_NET_REPLY_H */
