// SPDX-License-Identifier: GPL-2.0-or-later
/* What a policy decides, and how the decision is told; see policy.h. */
#include <arpa/inet.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uml_net/policy_rules.h"

/** Room for "user NAME", and for " ADDRESS". */
#define WHO_MAX 96
#define ADDRESS_MAX (INET_ADDRSTRLEN + 16)

struct policy *policy_new(const char *name)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return NULL;
	policy->name = strdup(name);
	if (policy->name)
		return policy;
	free(policy);
	return NULL;
}

void policy_free(struct policy *policy)
{
	size_t i;

	if (!policy)
		return;
	for (i = 0; i < policy->count; i++) {
		free(policy->rules[i].text);
		free(policy->rules[i].prefixes);
	}
	free(policy->rules);
	free(policy->name);
	free(policy);
}

void policy_keep_first(void *data, bool error, const char *text)
{
	struct err *err = data;

	if (error && err && !err->text[0])
		err_set(err, "%s", text);
}

struct policy *policy_parse(const char *name, const char *text, size_t len,
			    struct err *err)
{
	struct policy *policy = policy_new(name);

	if (!policy) {
		err_errno(err, "%.200s", name);
		return NULL;
	}
	if (err)
		err->text[0] = '\0';
	if (!policy_read(policy, text, len, policy_keep_first, err))
		return policy;
	policy_free(policy);
	return NULL;
}

size_t policy_count(const struct policy *policy)
{
	return policy->count;
}

static const struct policy_rule *rule_of_line(const struct policy *policy,
					      unsigned int line)
{
	size_t i;

	for (i = 0; policy && i < policy->count; i++) {
		if (policy->rules[i].line == line)
			return &policy->rules[i];
	}
	return NULL;
}

const char *policy_line(const struct policy *policy, unsigned int line)
{
	const struct policy_rule *rule = rule_of_line(policy, line);

	return rule ? rule->text : NULL;
}

static bool subject_matches(const struct policy_rule *rule,
			    const struct policy_query *query)
{
	size_t i;

	if (rule->subject == POLICY_ALL)
		return true;
	if (rule->subject == POLICY_USER)
		return rule->id == query->uid;
	for (i = 0; i < query->group_count; i++) {
		if (rule->id == query->groups[i])
			return true;
	}
	return false;
}

/*
 * A tap without an address is less than one with an address: who is allowed
 * some addresses may have it, and who is denied some is not denied it.
 */
static bool address_matches(const struct policy_rule *rule,
			    const struct in_addr *address)
{
	size_t i;

	if (!rule->prefix_count)
		return true;
	if (!address)
		return rule->allow;
	for (i = 0; i < rule->prefix_count; i++) {
		if ((ntohl(address->s_addr) & rule->prefixes[i].mask) ==
		    rule->prefixes[i].net)
			return true;
	}
	return false;
}

/* The first rule that matches, or NULL. */
static const struct policy_rule *find_rule(const struct policy *policy,
					   const struct policy_query *query)
{
	size_t i;

	for (i = 0; i < policy->count; i++) {
		if (subject_matches(&policy->rules[i], query) &&
		    address_matches(&policy->rules[i], query->address))
			return &policy->rules[i];
	}
	return NULL;
}

struct policy_verdict policy_decide(const struct policy *policy,
				    const struct policy_query *query)
{
	struct policy_verdict verdict = { .reason = POLICY_NO_LINE };
	const struct policy_rule *rule;

	if (query->uid == 0)
		return (struct policy_verdict){ .reason = POLICY_ALLOWED,
						.forward = true,
						.limit = UINT_MAX };
	rule = find_rule(policy, query);
	if (!rule)
		return verdict;
	verdict.line = rule->line;
	verdict.reason = POLICY_DENIED;
	if (!rule->allow)
		return verdict;
	verdict.limit = rule->taps;
	verdict.reason = POLICY_QUOTA;
	if (query->creates && query->taps >= rule->taps)
		return verdict;
	verdict.reason = POLICY_ALLOWED;
	verdict.forward = rule->forward;
	return verdict;
}

/* "user alice" where the name is known, else "user 1000". */
static void say_who(uid_t uid, char *who, size_t size)
{
	const struct passwd *pw = getpwuid(uid);

	if (pw)
		snprintf(who, size, "user %s", pw->pw_name);
	else
		snprintf(who, size, "user %u", uid);
}

/* @before and the address that is asked for, or nothing. */
static void say_address(const struct policy_query *query, const char *before,
			char *text, size_t size)
{
	char address[INET_ADDRSTRLEN];

	text[0] = '\0';
	if (query->address &&
	    inet_ntop(AF_INET, query->address, address, sizeof(address)))
		snprintf(text, size, "%s%s", before, address);
}

/*
 * For a line to be added: a line without an address would allow all, those of
 * other hosts too.
 */
static void say_key(const struct policy_query *query, char *text, size_t size)
{
	if (query->address)
		say_address(query, " address ", text, size);
	else
		snprintf(text, size, " address PREFIX");
}

static void say_no_line(const struct policy *policy,
			const struct policy_query *query, const char *who,
			char *text, size_t size)
{
	char address[ADDRESS_MAX], asked[ADDRESS_MAX];

	say_key(query, address, sizeof(address));
	say_address(query, " and ", asked, sizeof(asked));
	if (policy->missing)
		snprintf(text, size,
			 "%.200s is missing, so only root is allowed (root can "
			 "create it, mode 644, with the line: allow %s%s)",
			 policy->name, who, address);
	else
		snprintf(text, size,
			 "%.200s has no line for %s%s (root can add: allow "
			 "%s%s)",
			 policy->name, who, asked, who, address);
}

static void say_denied(const struct policy *policy,
		       const struct policy_query *query, unsigned int line,
		       const char *who, char *text, size_t size)
{
	char address[ADDRESS_MAX], asked[ADDRESS_MAX];

	say_key(query, address, sizeof(address));
	say_address(query, " ", asked, sizeof(asked));
	snprintf(text, size,
		 "%.200s:%u denies%s to %s (root can put before that line: "
		 "allow %s%s)",
		 policy->name, line, *asked ? asked : " this", who, who,
		 address);
}

static void say_allowed(const struct policy *policy,
			const struct policy_query *query, unsigned int line,
			const char *who, char *text, size_t size)
{
	char asked[ADDRESS_MAX];

	say_address(query, " ", asked, sizeof(asked));
	if (line)
		snprintf(text, size, "%.200s:%u allows%s to %s", policy->name,
			 line, *asked ? asked : " this", who);
	else
		snprintf(text, size, "root is always allowed");
}

void policy_sentence(const struct policy *policy,
		     const struct policy_query *query,
		     const struct policy_verdict *verdict, char *text,
		     size_t size)
{
	char who[WHO_MAX];

	say_who(query->uid, who, sizeof(who));
	switch (verdict->reason) {
	case POLICY_ALLOWED:
		say_allowed(policy, query, verdict->line, who, text, size);
		break;
	case POLICY_NO_LINE:
		say_no_line(policy, query, who, text, size);
		break;
	case POLICY_DENIED:
		say_denied(policy, query, verdict->line, who, text, size);
		break;
	case POLICY_QUOTA:
		snprintf(text, size,
			 "%.200s:%u allows %u taps to %s, who has %u (end one "
			 "of them, or root can raise 'taps' in that line)",
			 policy->name, verdict->line, verdict->limit, who,
			 query->taps);
		break;
	}
}
