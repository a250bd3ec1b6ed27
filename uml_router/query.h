/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Management requests as values: a line of text in, JSON values out. No socket
 * is seen here, so that requests can be tested and fuzzed without one.
 */
#ifndef UML_ROUTER_QUERY_H
#define UML_ROUTER_QUERY_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "capture.h"
#include "common/unixsock.h"
#include "switch.h"

/** Longest request, with its newline. */
#define QUERY_MAX 32768
/** Most arguments of a request. */
#define QUERY_ARGS 32

struct query_verb;

/**
 * struct query_who - Who asks
 * @trusted:	may change the switch and look into frames
 * @perm:	mode and group of the socket files that he has made
 */
struct query_who {
	bool trusted;
	struct unixsock_perm perm;
};

/** How the answer goes on behind query_next(). */
enum query_stream {
	QUERY_ANSWER,  /**< it does not: there is an end */
	QUERY_MONITOR, /**< events: monitor.h */
	QUERY_CAPTURE, /**< frames: capture.h */
};

/**
 * struct query - A request that is being answered
 * @verb:	what was asked for, NULL before query_begin()
 * @only:	serial number of the port that was named, or 0 for all
 * @last:	serial number of the port that joined last before it: those that
 *		join later are not shown, so that no name comes twice
 * @cursor:	how far the answer is
 * @place:	port that was shown last, in the switch's list; NULL: none
 * @left:	how many ports had left by then: @place is good while none leaves
 * @changed:	how many things a change has changed
 * @shutdown:	the switch ends with the answer
 * @stream:	how the answer goes on: behind the first result of a stream
 *		there is no end, and query_next() is not to be called again
 * @capture:	QUERY_CAPTURE: what is asked for
 */
struct query {
	const struct query_verb *verb;
	uint64_t only;
	uint64_t last;
	uint64_t cursor;
	const struct list *place;
	uint64_t left;
	uint64_t changed;
	bool shutdown;
	enum query_stream stream;
	struct capture_conf capture;
};

/**
 * query_begin() - Understand a request; a change is made at once
 * @query:	filled on success
 * @sw:		the switch
 * @who:	who asks
 * @line:	the request, without its newline
 * @len:	its length
 *
 * Return: NULL, or a new {"error": ...}: then nothing was changed
 */
json_t *query_begin(struct query *query, struct sw *sw,
		    const struct query_who *who, const char *line, size_t len);

/**
 * query_next() - The next line of the answer
 * @query:	the request; @verb is NULL after the last line
 * @sw:		the switch
 *
 * Return: new {"result": ...} or {"end": true}, or NULL without memory
 */
json_t *query_next(struct query *query, struct sw *sw);

/** query_end() - Forget what it holds; no harm to one that is all zero */
void query_end(struct query *query);

#endif /* UML_ROUTER_QUERY_H */
