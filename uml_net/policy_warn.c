// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of a policy that may not mean what was meant: those that can never
 * decide anything, because an earlier one always matches first, and those that
 * allow a guest to stand for any other host. Only what is certain is told: who
 * is in which group, and what several lines cover together, is not looked at.
 */
#include <stdio.h>

#include "uml_net/policy_rules.h"

static bool covers_subject(const struct policy_rule *early,
			   const struct policy_rule *late)
{
	return early->subject == POLICY_ALL ||
	       (early->subject == late->subject && early->id == late->id);
}

/* Whether every address of a prefix lies in one prefix of the rule. */
static bool covers_prefix(const struct policy_rule *early,
			  const struct policy_prefix *late)
{
	size_t i;

	for (i = 0; i < early->prefix_count; i++) {
		const struct policy_prefix *p = &early->prefixes[i];

		if ((p->mask & late->mask) == p->mask &&
		    (late->net & p->mask) == p->net)
			return true;
	}
	return false;
}

/*
 * An allow line decides about requests without an address too, which a deny
 * line with addresses does not cover.
 */
static bool covers_addresses(const struct policy_rule *early,
			     const struct policy_rule *late)
{
	size_t i;

	if (!early->prefix_count)
		return true;
	if (!late->prefix_count || (late->allow && !early->allow))
		return false;
	for (i = 0; i < late->prefix_count; i++) {
		if (!covers_prefix(early, &late->prefixes[i]))
			return false;
	}
	return true;
}

static void warn(const struct policy *policy, const struct policy_rule *rule,
		 const char *what, policy_tell tell, void *data)
{
	struct err err;

	err_set(&err, "%.200s:%u: warning: %s", policy->name, rule->line, what);
	tell(data, false, err.text);
}

/* The rule that always decides before @late, or NULL. */
static const struct policy_rule *decides_before(const struct policy *policy,
						const struct policy_rule *late)
{
	const struct policy_rule *early;

	for (early = policy->rules; early < late; early++) {
		if (covers_subject(early, late) &&
		    covers_addresses(early, late))
			return early;
	}
	return NULL;
}

static void warn_rule(const struct policy *policy,
		      const struct policy_rule *rule, policy_tell tell,
		      void *data)
{
	const struct policy_rule *early = decides_before(policy, rule);
	char what[80];

	if (rule->subject == POLICY_USER && !rule->id) {
		warn(policy, rule,
		     "this line has no effect: root is always allowed", tell,
		     data);
	} else if (early) {
		snprintf(what, sizeof(what),
			 "this line has no effect: line %u decides before it",
			 early->line);
		warn(policy, rule, what, tell, data);
	} else if (rule->allow && !rule->prefix_count) {
		warn(policy, rule,
		     "this line allows any address, those of other hosts too "
		     "(expected: address PREFIX)",
		     tell, data);
	}
}

void policy_warn(const struct policy *policy, policy_tell tell, void *data)
{
	size_t i;

	for (i = 0; i < policy->count; i++)
		warn_rule(policy, &policy->rules[i], tell, data);
}
