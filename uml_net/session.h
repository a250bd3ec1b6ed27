/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One call of uml_net: who calls, with what privilege, and what is told.
 */
#ifndef UML_NET_SESSION_H
#define UML_NET_SESSION_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/log.h"
#include "common/netlink.h"
#include "common/privs.h"
#include "uml_net/policy.h"
#include "uml_net/reply.h"
#include "uml_net/request.h"

/**
 * struct session - One call
 * @privs:	who calls
 * @clone:	/dev/net/tun, opened while that still had root's right; 0 where
 *		it is to be opened by whoever we are
 * @groups:	the caller's groups, the real one and the supplementary ones
 * @group_count: how many
 * @req:	what is asked for
 * @policy:	what to ask instead of POLICY_FILE, or NULL; for tests
 * @nl:		rtnetlink; NULL until session_begin()
 * @line:	line of the policy that decided last, 0: none
 * @device:	that was made or changed, or ""
 * @added:	an address leads to it that did not before
 * @limit:	of lines in the journal
 * @reply:	account for the guest
 */
struct session {
	struct privs privs;
	int clone;
	gid_t *groups;
	size_t group_count;
	struct request req;
	struct policy *policy;
	struct netlink *nl;
	unsigned int line;
	char device[IFNAMSIZ];
	bool added;
	struct log_limit limit;
	struct reply reply;
};

/**
 * session_enter() - The first call of main(): give up what is not needed
 * @s:		all zeroes; filled
 * @err:	filled on failure, after which nothing is to be done but end
 *
 * Ids are the caller's from then on, the one capability that is left is
 * CAP_NET_ADMIN, no_new_privs is set, and the environment is empty.
 *
 * A setuid program opens /dev/net/tun before that: where the device is root's
 * alone, no privilege of that kind has to be kept for it. The descriptor by
 * itself allows nothing: TUNSETIFF asks for the capability.
 *
 * Return: 0, or -1 with @err set
 */
int session_enter(struct session *s, struct err *err);

/**
 * session_close_others() - Close what the caller left open and did not name
 * @s:		a session whose request was parsed
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set: also where a descriptor that the request
 *	   names is not open
 */
int session_close_others(struct session *s, struct err *err);

/**
 * session_begin() - Make sure of the privilege, open rtnetlink
 *
 * Return: 0, or -1 with @err set
 */
int session_begin(struct session *s, struct err *err);

/** session_end() - Free what a session holds */
void session_end(struct session *s);

/**
 * session_permit() - Ask the policy, as its file is now
 * @s:		the session
 * @address:	that is asked for, or NULL
 * @creates:	a device would be made
 * @verdict:	set
 * @err:	filled with a sentence for the caller where it is refused
 *
 * Return: 0 if it is allowed, or -1 with @err set
 */
int session_permit(struct session *s, const struct in_addr *address,
		   bool creates, struct policy_verdict *verdict,
		   struct err *err);

/** session_device() - Note which device was made or changed */
void session_device(struct session *s, const char *name);

/**
 * session_audit() - One line about a request for the journal
 * @s:		the session
 * @refused:	why nothing was done, or NULL
 *
 * A few lines in a while: a guest of a relay can ask as often as it likes.
 */
void session_audit(struct session *s, const char *refused);

#endif /* UML_NET_SESSION_H */
