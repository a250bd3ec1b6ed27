// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for the policy of uml_net: the input is the file. What is taken
 * is asked about the first and last address of every prefix, and every user
 * and group that it names.
 */
#include <arpa/inet.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "uml_net/policy_rules.h"
#include "tests/fuzz/fuzz.h"

/** More rules show nothing that these do not. */
#define RULES_MAX 24

/*
 * Instead of those of the C library: this machine's users are not asked. Any
 * word in small letters is a user and a group, its number the first letter.
 */
struct passwd *getpwnam(const char *name)
{
	static char alice[] = "alice";
	static struct passwd user = { .pw_name = alice };

	if (*name < 'a' || *name > 'z')
		return NULL;
	user.pw_uid = (uid_t)*name;
	return &user;
}

struct group *getgrnam(const char *name)
{
	static struct group group;

	if (*name < 'a' || *name > 'z')
		return NULL;
	group.gr_gid = (gid_t)*name;
	return &group;
}

struct passwd *getpwuid(uid_t uid)
{
	return uid % 2 ? getpwnam("alice") : NULL;
}

static void check_rule(const struct policy_rule *rule)
{
	size_t i;

	must(rule->text && *rule->text, "text");
	must(rule->subject == POLICY_ALL || rule->id != UINT32_MAX, "an id");
	must(rule->taps >= 1 && rule->taps <= POLICY_TAPS_MAX, "taps");
	must(rule->allow || (!rule->forward && rule->taps == POLICY_TAPS),
	     "deny gives nothing");
	for (i = 0; i < rule->prefix_count; i++) {
		const struct policy_prefix *p = &rule->prefixes[i];

		must((p->net & ~p->mask) == 0, "no host bits");
		must((~p->mask & (~p->mask + 1)) == 0, "a mask of first bits");
	}
}

/* A line alone means the same as in its file. */
static void check_line(const struct policy_rule *rule)
{
	struct policy *policy = policy_parse("line", rule->text,
					     strlen(rule->text), NULL);
	const struct policy_rule *again;

	must(policy && policy->count == 1, "the line is one");
	if (!policy)
		return;
	again = policy->rules;
	must(again->allow == rule->allow && again->subject == rule->subject &&
		     again->id == rule->id && again->taps == rule->taps &&
		     again->forward == rule->forward &&
		     again->prefix_count == rule->prefix_count,
	     "the same");
	must(!rule->prefix_count ||
		     !memcmp(again->prefixes, rule->prefixes,
			     rule->prefix_count * sizeof(*rule->prefixes)),
	     "the same prefixes");
	policy_free(policy);
}

static void check_rules(const struct policy *policy)
{
	unsigned int line = 0;
	size_t i;

	for (i = 0; i < policy->count; i++) {
		check_rule(&policy->rules[i]);
		check_line(&policy->rules[i]);
		must(policy->rules[i].line > line, "lines go up");
		line = policy->rules[i].line;
	}
}

/* The lines that are said to have no effect. */
struct idle {
	unsigned int lines[RULES_MAX];
	size_t count;
};

static void hear(void *data, bool error, const char *text)
{
	struct idle *idle = data;
	unsigned int line = 0;

	must(!error && sscanf(text, "conf:%u: warning: ", &line) == 1,
	     "a warning");
	if (!strstr(text, "no effect"))
		return;
	must(idle->count < RULES_MAX, "once for each rule");
	idle->lines[idle->count++] = line;
}

static void check_verdict(const struct policy *policy, const struct idle *idle,
			  const struct policy_query *query)
{
	struct policy_verdict verdict = policy_decide(policy, query);
	char text[POLICY_SENTENCE_MAX];
	size_t i;

	must((verdict.reason == POLICY_NO_LINE) == !verdict.line, "a line");
	must(!verdict.line || policy_line(policy, verdict.line), "its text");
	must(verdict.reason == POLICY_ALLOWED || !verdict.forward,
	     "refused, and nothing given");
	must(verdict.reason != POLICY_ALLOWED || query->taps < verdict.limit,
	     "within the quota");
	for (i = 0; i < idle->count; i++)
		must(verdict.line != idle->lines[i], "what is idle is idle");
	policy_sentence(policy, query, &verdict, text, sizeof(text));
	must(*text && memchr(text, '\0', sizeof(text)), "a sentence");
}

/* Whoever the rule is about asks for one address. */
static void ask(const struct policy *policy, const struct idle *idle,
		const struct policy_rule *rule, const uint32_t *address)
{
	bool user = rule->subject == POLICY_USER;
	gid_t groups[] = { 1, user ? 2 : rule->id };
	struct in_addr in = { address ? htonl(*address) : 0 };
	struct policy_query query = { .uid = user && rule->id ? rule->id : 3,
				      .groups = groups,
				      .group_count = 2,
				      .address = address ? &in : NULL,
				      .creates = true,
				      .taps = rule->taps - 1 };

	check_verdict(policy, idle, &query);
	query.taps++;
	check_verdict(policy, idle, &query);
}

static void check_decisions(const struct policy *policy)
{
	struct idle idle = { .count = 0 };
	size_t i, j, k;

	policy_warn(policy, hear, &idle);
	for (i = 0; i < policy->count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		ask(policy, &idle, rule, NULL);
		for (j = 0; j < policy->count; j++) {
			const struct policy_rule *other = &policy->rules[j];

			for (k = 0; k < other->prefix_count; k++) {
				const struct policy_prefix *p =
					&other->prefixes[k];
				uint32_t last = p->net | ~p->mask;

				ask(policy, &idle, rule, &p->net);
				ask(policy, &idle, rule, &last);
			}
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { "" };
	struct policy *policy = policy_parse("conf", (const char *)data, size,
					     &err);

	must(policy ? !err.text[0] : !strncmp(err.text, "conf:", 5),
	     "taken, or a reason with its line");
	if (policy) {
		must(!memchr(data, '\0', size) && !memchr(data, '\r', size),
		     "only what shows");
		check_rules(policy);
		if (policy->count <= RULES_MAX)
			check_decisions(policy);
	}
	policy_free(policy);
	return 0;
}
