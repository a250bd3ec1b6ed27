/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What query.c and the verbs of query_change.c have in common. */
#ifndef UML_ROUTER_QUERY_VERB_H
#define UML_ROUTER_QUERY_VERB_H

#include "common/err.h"
#include "query.h"

/** query_verb.max of a verb that takes all there are */
#define QUERY_MANY QUERY_ARGS

/**
 * struct query_call - A verb with its arguments
 * @query:	the request
 * @sw:		the switch
 * @who:	who asks
 * @args:	texts, between @min and @max of the verb
 * @count:	how many
 */
struct query_call {
	struct query *query;
	struct sw *sw;
	const struct query_who *who;
	const char *args[QUERY_ARGS];
	size_t count;
};

/**
 * struct query_verb - Something that can be asked for
 * @object:	first word
 * @verb:	second word, "" where there is none
 * @trusted:	only for who is trusted
 * @min:	fewest arguments
 * @max:	most arguments
 * @begin:	looks at the arguments, and makes the change, if it is one.
 *		Returns NULL, or a new {"error": ...}; then nothing was changed
 * @next:	the next result, or NULL at the end
 */
struct query_verb {
	const char *object;
	const char *verb;
	bool trusted;
	size_t min, max;
	json_t *(*begin)(struct query_call *call);
	json_t *(*next)(struct query *query, struct sw *sw);
};

/** query_text() - JSON text of octets that need not be UTF-8 */
json_t *query_text(const char *octets);

/** query_failure() - {"error": ...} with a code and a sentence */
json_t *query_failure(const char *code, const char *message);

/** query_failure_err() - The same of an error, its remedies told apart */
json_t *query_failure_err(const char *code, const struct err *err);

/** query_no_port() - There is no port of that name */
json_t *query_no_port(const char *name);

/* The changes: query_change.c. */
json_t *query_port_add(struct query_call *call);
json_t *query_port_del(struct query_call *call);
json_t *query_port_set(struct query_call *call);
json_t *query_fdb_add(struct query_call *call);
json_t *query_fdb_del(struct query_call *call);
json_t *query_fdb_flush(struct query_call *call);

json_t *query_shutdown(struct query_call *call);

/* The streams: query_watch.c. */
json_t *query_monitor(struct query_call *call);
json_t *query_next_monitor(struct query *query, struct sw *sw);
json_t *query_capture(struct query_call *call);
json_t *query_next_capture(struct query *query, struct sw *sw);

/** query_next_changed() - {"changed": N}, once */
json_t *query_next_changed(struct query *query, struct sw *sw);

#endif /* UML_ROUTER_QUERY_VERB_H */
