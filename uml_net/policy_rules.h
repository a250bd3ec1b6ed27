/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a policy consists of: for the files policy*.c and their tests alone. */
#ifndef UML_NET_POLICY_RULES_H
#define UML_NET_POLICY_RULES_H

#include <stdint.h>

#include "uml_net/policy.h"

/** Whom a line is about. */
enum policy_subject {
	POLICY_ALL,
	POLICY_USER,
	POLICY_GROUP,
};

/**
 * struct policy_prefix - Addresses that share their first bits
 * @net:	the first of them, host byte order
 * @mask:	which bits they share
 */
struct policy_prefix {
	uint32_t net;
	uint32_t mask;
};

/**
 * struct policy_rule - One line
 * @line:	its number in the file
 * @text:	the line as it is written, without comment and outer blanks
 * @allow:	"allow" rather than "deny"
 * @subject:	whom it is about
 * @id:		uid or gid, as @subject says
 * @prefixes:	the addresses, or NULL where the line names none
 * @prefix_count: how many
 * @taps:	how many a user may hold
 * @forward:	ip_forward may be switched on
 */
struct policy_rule {
	unsigned int line;
	char *text;
	bool allow;
	enum policy_subject subject;
	uint32_t id;
	struct policy_prefix *prefixes;
	size_t prefix_count;
	unsigned int taps;
	bool forward;
};

/**
 * struct policy - A policy
 * @name:	its file
 * @missing:	there is no such file, hence no rule
 * @rules:	in the order of the file
 * @count:	how many
 */
struct policy {
	char *name;
	bool missing;
	struct policy_rule *rules;
	size_t count;
};

/**
 * policy_new() - A policy without rules
 * @name:	its file; copied
 *
 * Return: the policy, for policy_free(), or NULL (ENOMEM)
 */
struct policy *policy_new(const char *name);

/**
 * policy_read() - Read rules from text
 * @policy:	without rules; gets those of the good lines
 * @text:	@len octets, need not be terminated
 * @tell:	called for every error
 * @data:	for @tell
 *
 * Return: 0, or -1 where @tell heard of an error
 */
int policy_read(struct policy *policy, const char *text, size_t len,
		policy_tell tell, void *data);

/** policy_warn() - Tell of every rule that may not mean what was meant */
void policy_warn(const struct policy *policy, policy_tell tell, void *data);

/** policy_keep_first() - A policy_tell: the first error, into a struct err */
void policy_keep_first(void *data, bool error, const char *text);

#endif /* UML_NET_POLICY_RULES_H */
