// SPDX-License-Identifier: GPL-2.0-or-later
/* --check-config and --explain; see check.h. */
#include <arpa/inet.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/parse.h"
#include "uml_net/check.h"
#include "uml_net/policy.h"

/** Most groups of a user (NGROUPS_MAX of linux/limits.h), and his own. */
#define GROUPS_MAX (65536 + 1)

/* What check_config() hears. */
struct findings {
	FILE *log;
	unsigned int errors;
	unsigned int warnings;
};

static void hear(void *data, bool error, const char *text)
{
	struct findings *findings = data;

	fprintf(findings->log, "%s\n", text);
	if (error)
		findings->errors++;
	else
		findings->warnings++;
}

/* "N things", with an s where there is not one. */
static void say_count(FILE *out, size_t count, const char *thing)
{
	fprintf(out, "%zu %s%s", count, thing, count == 1 ? "" : "s");
}

int check_config(const char *path, FILE *out, FILE *log)
{
	const char *name = path ? path : POLICY_FILE;
	struct findings findings = { .log = log };
	struct policy *policy = policy_check(name, hear, &findings);

	if (!policy) {
		fprintf(log, "%s: ", name);
		say_count(log, findings.errors, "error");
		fputs("; uml_net refuses this file\n", log);
		return EXIT_FAILURE;
	}
	fprintf(out, "%s: ", name);
	say_count(out, policy_count(policy), "rule");
	fputs(", no errors", out);
	if (findings.warnings) {
		fputs(", ", out);
		say_count(out, findings.warnings, "warning");
	}
	fputc('\n', out);
	policy_free(policy);
	return EXIT_SUCCESS;
}

/*
 * A request as it is typed, after version and transport.
 * @address:	which argument is an address, from 1 on; 0: none
 * @creates:	it makes a tap
 */
struct form {
	const char *verb;
	const char *arguments;
	size_t min;
	size_t max;
	size_t address;
	bool creates;
};

static const struct form forms[] = {
	{ "up", "[GATEWAY]", 0, 1, 1, true },
	{ "add", "DEVICE ADDRESS [NETMASK]", 2, 3, 2, false },
	{ "del", "DEVICE ADDRESS [NETMASK]", 2, 3, 2, false },
	{ "down", "", 0, 0, 0, false },
	{ "ethertap", "DEVICE FD [GATEWAY]", 2, 3, 3, true },
};

/**
 * struct asked - What --explain is to explain
 * @words:	the request as it was typed, from its verb on
 * @form:	which one it is
 * @name:	the user, as he was named
 * @address:	that of the request
 * @query:	the request
 * @groups:	of the user, for @query
 */
struct asked {
	char *const *words;
	const struct form *form;
	const char *name;
	struct in_addr address;
	struct policy_query query;
	gid_t *groups;
};

static int parse_address(struct asked *asked, const char *word, struct err *err)
{
	if (!*word)
		return 0;
	if (inet_pton(AF_INET, word, &asked->address) != 1)
		return err_set(err, "'%.64s' is no IPv4 address", word);
	asked->query.address = &asked->address;
	return 0;
}

static int parse_request(struct asked *asked, char *const words[],
			 struct err *err)
{
	const struct form *form = NULL;
	size_t i, count = 0;

	if (words[0] && strlen(words[0]) == 1 && strchr("01234", *words[0]))
		words++;
	if (words[0] &&
	    (!strcmp(words[0], "tuntap") || !strcmp(words[0], "slip")))
		words++;
	for (i = 0; words[0] && i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!strcmp(words[0], forms[i].verb))
			form = &forms[i];
	}
	if (!form)
		return err_set(err,
			       "'%.64s' is none of up, add, del, down, "
			       "ethertap",
			       words[0] ? words[0] : "");
	while (words[1 + count])
		count++;
	if (count < form->min || count > form->max)
		return err_set(err, "expected: %s %s", form->verb,
			       form->arguments);
	asked->words = words;
	asked->form = form;
	asked->query.creates = form->creates;
	if (!form->address || count < form->address)
		return 0;
	return parse_address(asked, words[form->address], err);
}

static bool in_groups(const struct asked *asked, gid_t gid)
{
	size_t i;

	for (i = 0; i < asked->query.group_count; i++) {
		if (asked->groups[i] == gid)
			return true;
	}
	return false;
}

/* Those of this process: what counts when the caller asks for himself. */
static int own_groups(struct asked *asked, struct err *err)
{
	int count = getgroups(0, NULL);

	if (count >= 0)
		asked->groups = calloc((size_t)count + 1, sizeof(gid_t));
	if (asked->groups)
		count = getgroups(count, asked->groups);
	if (!asked->groups || count < 0)
		return err_errno(err, "groups of user %u", asked->query.uid);
	asked->query.group_count = (size_t)count;
	if (!in_groups(asked, getgid()))
		asked->groups[asked->query.group_count++] = getgid();
	return 0;
}

/* Those that he gets when he logs in; a user without an entry has none. */
static int login_groups(struct asked *asked, struct err *err)
{
	const struct passwd *pw = getpwuid(asked->query.uid);
	int count = GROUPS_MAX;

	asked->groups = calloc(GROUPS_MAX, sizeof(gid_t));
	if (!asked->groups)
		return err_errno(err, "groups of user %u", asked->query.uid);
	if (!pw)
		return 0;
	if (getgrouplist(pw->pw_name, pw->pw_gid, asked->groups, &count) < 0)
		return err_set(err, "user '%.64s' is in too many groups",
			       pw->pw_name);
	asked->query.group_count = (size_t)count;
	return 0;
}

static int find_user(struct asked *asked, const char *user, struct err *err)
{
	int rc;

	if (parse_user(user, &asked->query.uid, err))
		return -1;
	if (getuid() && getuid() != asked->query.uid) {
		err_set(err, "user %u cannot ask about user '%.64s'", getuid(),
			user);
		return err_hint(err, "root can");
	}
	asked->name = user;
	if (asked->query.uid == getuid())
		rc = own_groups(asked, err);
	else
		rc = login_groups(asked, err);
	asked->query.groups = asked->groups;
	return rc;
}

static void say_asked(const struct asked *asked, FILE *out)
{
	size_t i;

	fprintf(out, "user %s (uid %u, groups", asked->name, asked->query.uid);
	for (i = 0; i < asked->query.group_count; i++)
		fprintf(out, " %u", asked->query.groups[i]);
	fprintf(out, "%s):", i ? "" : " none");
	for (i = 0; asked->words[i]; i++)
		fprintf(out, " %s", *asked->words[i] ? asked->words[i] : "''");
	fputc('\n', out);
}

static void say_limits(const struct asked *asked,
		       const struct policy_verdict *verdict, bool counted,
		       FILE *out)
{
	if (verdict->limit && verdict->limit != UINT_MAX && counted)
		fprintf(out, "taps: %u of %u in use\n", asked->query.taps,
			verdict->limit);
	else if (verdict->limit && verdict->limit != UINT_MAX)
		fprintf(out, "taps: %u, how many are in use is not known\n",
			verdict->limit);
	fprintf(out, "forward: %s\n",
		verdict->forward ? "ip_forward may be switched on"
				 : "ip_forward stays as it is");
	if (verdict->reason == POLICY_ALLOWED)
		fputs("the host is asked when it is done: addresses and routes "
		      "in use, whose a device is\n",
		      out);
}

/* Return: exit status */
static int explain(const struct policy *policy, struct asked *asked,
		   check_taps taps, FILE *out)
{
	bool counted = taps &&
		       !taps(asked->query.uid, &asked->query.taps, NULL);
	struct policy_verdict verdict = policy_decide(policy, &asked->query);
	const char *line = policy_line(policy, verdict.line);
	char sentence[POLICY_SENTENCE_MAX];
	bool allowed = verdict.reason == POLICY_ALLOWED;

	policy_sentence(policy, &asked->query, &verdict, sentence,
			sizeof(sentence));
	say_asked(asked, out);
	fprintf(out, "%s: %s\n", allowed ? "allowed" : "refused", sentence);
	if (line)
		fprintf(out, "line %u: %s\n", verdict.line, line);
	say_limits(asked, &verdict, counted, out);
	return allowed ? EXIT_SUCCESS : EXIT_FAILURE;
}

int check_explain(char *const words[], check_taps taps, FILE *out,
		  struct err *err)
{
	struct asked asked = { 0 };
	struct policy *policy = NULL;
	int status = EXIT_FAILURE;

	if (!words[0])
		err_set(err, "expected: USER VERB [ARGUMENT]...");
	else if (!parse_request(&asked, words + 1, err) &&
		 !find_user(&asked, words[0], err)) {
		policy = policy_load(POLICY_FILE, err);
		if (policy)
			status = explain(policy, &asked, taps, out);
	}
	policy_free(policy);
	free(asked.groups);
	return status;
}
