// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of a policy that can never decide anything, because an earlier one
 * always matches first. Only what is certain is told: who is in which group,
 * and what several lines cover together, is not looked at.
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
		 const char *why, policy_tell tell, void *data)
{
	struct err err;

	err_set(&err, "%.200s:%u: warning: this line has no effect: %s", policy->name,
		rule->line, why);
	tell(data, false, err.text);
}

static void warn_rule(const struct policy *policy, size_t index,
		      policy_tell tell, void *data)
{
	const struct policy_rule *late = &policy->rules[index];
	char why[64];
	size_t i;

	if (late->subject == POLICY_USER && !late->id) {
		warn(policy, late, "root is always allowed", tell, data);
		return;
	}
	for (i = 0; i < index; i++) {
		const struct policy_rule *early = &policy->rules[i];

		if (!covers_subject(early, late) ||
		    !covers_addresses(early, late))
			continue;
		snprintf(why, sizeof(why), "line %u decides before it",
			 early->line);
		warn(policy, late, why, tell, data);
		return;
	}
}

void policy_warn(const struct policy *policy, policy_tell tell, void *data)
{
	size_t i;

	for (i = 0; i < policy->count; i++)
		warn_rule(policy, i, tell, data);
}
