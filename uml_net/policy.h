/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy: what the administrator allows to whom (/etc/uml_net.conf,
 * uml_net.conf(5)).
 *
 *   allow user alice     address 192.168.7.0/24            taps 4
 *   allow group uml-net  address 10.0.0.0/8,172.16.0.0/12  taps 8  forward
 *   deny  all
 *
 * The first line that matches decides. A line without addresses matches by
 * user or group alone; one with addresses matches a request whose address lies
 * inside one of them. A request without an address (a tap that gets none) is
 * matched by an allow line whatever its addresses, and by a deny line that has
 * none. No line: deny. Root is always allowed.
 *
 * Whoever uses uml_net reads the policy with his own rights: uml_net has no
 * others when it reads.
 */
#ifndef UML_NET_POLICY_H
#define UML_NET_POLICY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"

/** Where the policy lies unless --check-config says otherwise. */
#define POLICY_FILE "/etc/uml_net.conf"

/** Taps that a line without "taps" allows, and the most that it can say. */
#define POLICY_TAPS 64
#define POLICY_TAPS_MAX 65535

/** Longest line, without its newline, and longest file, in octets. */
#define POLICY_LINE_MAX 4095
#define POLICY_FILE_MAX (256 * 1024)

/** Room for what policy_sentence() says. */
#define POLICY_SENTENCE_MAX 512

struct policy;

/**
 * struct policy_query - One request, as the policy sees it
 * @uid:	who asks: the real user
 * @groups:	his groups: the real one and the supplementary ones
 * @group_count: how many
 * @address:	gateway or guest that is asked for, or NULL
 * @creates:	a tap would be made: the quota is asked
 * @taps:	taps that the user holds already
 */
struct policy_query {
	uid_t uid;
	const gid_t *groups;
	size_t group_count;
	const struct in_addr *address;
	bool creates;
	unsigned int taps;
};

/** Why a request is refused. */
enum policy_reason {
	POLICY_ALLOWED,
	POLICY_NO_LINE, /**< no line matches */
	POLICY_DENIED,	/**< a deny line matches */
	POLICY_QUOTA,	/**< the line's taps are all in use */
};

/**
 * struct policy_verdict - What was decided
 * @reason:	POLICY_ALLOWED or why not
 * @line:	number of the line that decided, 0: none (no line, or root)
 * @forward:	ip_forward may be switched on
 * @limit:	taps that the user may hold: the line's, UINT_MAX for root, 0
 *		where nothing allows any
 */
struct policy_verdict {
	enum policy_reason reason;
	unsigned int line;
	bool forward;
	unsigned int limit;
};

/**
 * typedef policy_tell - Hears of a fault of a policy
 * @data:	the listener's own
 * @error:	the policy is refused for it; false: a warning
 * @text:	file, line, what is wrong, what is expected
 */
typedef void (*policy_tell)(void *data, bool error, const char *text);

/**
 * policy_load() - Read and check a policy file
 * @path:	the file; a regular file of root's, not writable by others,
 *		opened without following a link and judged by fstat(2)
 * @err:	filled on failure: file, line, value, cause, remedy
 *
 * A file that is missing makes a policy without lines, whose sentence says
 * which file to create.
 *
 * Return: the policy, to be freed with policy_free(), or NULL with @err set
 */
struct policy *policy_load(const char *path, struct err *err);

/**
 * policy_parse() - The same for text that is in memory already
 * @name:	what errors call it
 * @text:	@len octets, need not be terminated
 */
struct policy *policy_parse(const char *name, const char *text, size_t len,
			    struct err *err);

/**
 * policy_check() - Read a policy file and tell all its faults
 * @path:	the file; here one that is missing is an error
 * @tell:	called for each error, and as a warning for each line that can
 *		never decide or allows any address
 * @data:	for @tell
 *
 * Return: the policy, or NULL where @tell heard of an error
 */
struct policy *policy_check(const char *path, policy_tell tell, void *data);

/** policy_free() - Free a policy; NULL is ignored */
void policy_free(struct policy *policy);

/** policy_count() - How many lines can decide, comments not counted */
size_t policy_count(const struct policy *policy);

/** policy_line() - Text of the line of a verdict; NULL where there is none */
const char *policy_line(const struct policy *policy, unsigned int line);

/**
 * policy_decide() - What the policy says to one request
 * @policy:	NULL is allowed for root, whom a policy with errors must not
 *		keep from what he may without one
 * @query:	the request
 */
struct policy_verdict policy_decide(const struct policy *policy,
				    const struct policy_query *query);

/**
 * policy_sentence() - One sentence for the caller: which rule, which file,
 *		       what to add where
 * @policy:	as for policy_decide()
 * @query:	likewise
 * @verdict:	its answer
 * @text:	filled, @size octets at most, always terminated
 * @size:	POLICY_SENTENCE_MAX is enough
 */
void policy_sentence(const struct policy *policy,
		     const struct policy_query *query,
		     const struct policy_verdict *verdict, char *text,
		     size_t size);

#endif /* UML_NET_POLICY_H */
