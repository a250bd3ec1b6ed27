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

#include "switch.h"

/** Longest request, with its newline. */
#define QUERY_MAX 4096

struct query_verb;

/**
 * struct query - A request that is being answered
 * @verb:	what was asked for, NULL before query_begin()
 * @name:	a port's name, or "" for all
 * @cursor:	how far the answer is
 */
struct query {
	const struct query_verb *verb;
	char name[PORT_NAME_LEN];
	uint64_t cursor;
};

/**
 * query_begin() - Understand a request
 * @query:	filled on success
 * @sw:		the switch
 * @line:	the request, without its newline
 * @len:	its length
 *
 * Return: NULL, or a new {"error": ...}
 */
json_t *query_begin(struct query *query, struct sw *sw, const char *line,
		    size_t len);

/**
 * query_next() - The next line of the answer
 * @query:	the request; @verb is NULL after the last line
 * @sw:		the switch
 *
 * Return: new {"result": ...} or {"end": true}, or NULL without memory
 */
json_t *query_next(struct query *query, struct sw *sw);

#endif /* UML_ROUTER_QUERY_H */
