// SPDX-License-Identifier: GPL-2.0-or-later
/* --check-config and --explain; see check.h. */
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
#include "uml_net/request.h"

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

/**
 * struct asked - What --explain is to explain
 * @user:	the user, as he was named
 * @uid:	his number
 * @groups:	his groups
 * @group_count: how many
 * @req:	the request
 * @words:	what it consists of, as request_parse() takes it
 * @taps:	how many the user has
 * @counted:	@taps is known
 */
struct asked {
	const char *user;
	uid_t uid;
	gid_t *groups;
	size_t group_count;
	struct request req;
	char **words;
	unsigned int taps;
	bool counted;
};

/*
 * People need not say what UML says: the version is the newest, and "up" that
 * of a tap.
 */
static int parse_request(struct asked *asked, char *const words[],
			 struct err *err)
{
	static char version[] = "4", tuntap[] = "tuntap";
	size_t count = 0, used = 0;

	while (words[count])
		count++;
	asked->words = calloc(count + 3, sizeof(*asked->words));
	if (!asked->words)
		return err_errno(err, "request");
	if (count && !strchr("0123456789", *words[0]))
		asked->words[used++] = version;
	if (count && !strcmp(words[0], "up"))
		asked->words[used++] = tuntap;
	memcpy(asked->words + used, words, count * sizeof(*words));
	return request_parse(&asked->req, asked->words, err);
}

static bool in_groups(const struct asked *asked, gid_t gid)
{
	size_t i;

	for (i = 0; i < asked->group_count; i++) {
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
		return err_errno(err, "groups of user %u", asked->uid);
	asked->group_count = (size_t)count;
	if (!in_groups(asked, getgid()))
		asked->groups[asked->group_count++] = getgid();
	return 0;
}

/* Those that he gets when he logs in; a user without an entry has none. */
static int login_groups(struct asked *asked, struct err *err)
{
	const struct passwd *pw = getpwuid(asked->uid);
	int count = GROUPS_MAX;

	asked->groups = calloc(GROUPS_MAX, sizeof(gid_t));
	if (!asked->groups)
		return err_errno(err, "groups of user %u", asked->uid);
	if (!pw)
		return 0;
	if (getgrouplist(pw->pw_name, pw->pw_gid, asked->groups, &count) < 0)
		return err_set(err, "user '%.64s' is in too many groups",
			       pw->pw_name);
	asked->group_count = (size_t)count;
	return 0;
}

static int find_user(struct asked *asked, const char *user, struct err *err)
{
	if (parse_user(user, &asked->uid, err))
		return -1;
	if (getuid() && getuid() != asked->uid) {
		err_set(err, "user %u cannot ask about user '%.64s'", getuid(),
			user);
		return err_hint(err, "root can");
	}
	asked->user = user;
	if (asked->uid == getuid())
		return own_groups(asked, err);
	return login_groups(asked, err);
}

static void say_asked(const struct asked *asked, FILE *out)
{
	size_t i;

	fprintf(out, "user %s (uid %u, groups", asked->user, asked->uid);
	for (i = 0; i < asked->group_count; i++)
		fprintf(out, " %u", asked->groups[i]);
	fprintf(out, "%s):", i ? "" : " none");
	for (i = 0; asked->words[i]; i++)
		fprintf(out, " %s", *asked->words[i] ? asked->words[i] : "''");
	fputc('\n', out);
}

static void say_limits(const struct asked *asked,
		       const struct policy_verdict *verdict, FILE *out)
{
	if (verdict->reason != POLICY_ALLOWED &&
	    verdict->reason != POLICY_QUOTA)
		return;
	if (verdict->limit == UINT_MAX)
		fputs("taps: no limit\n", out);
	else if (asked->counted)
		fprintf(out, "taps: %u of %u in use\n", asked->taps,
			verdict->limit);
	else
		fprintf(out, "taps: %u, how many are in use is not known\n",
			verdict->limit);
	fprintf(out, "forward: %s\n",
		verdict->forward ? "ip_forward may be switched on"
				 : "ip_forward stays as it is");
}

/* Return: whether it is allowed */
static bool explain_address(const struct policy *policy,
			    const struct asked *asked,
			    const struct in_addr *address, FILE *out)
{
	struct policy_query query = {
		.uid = asked->uid,
		.groups = asked->groups,
		.group_count = asked->group_count,
		.address = address,
		.creates = asked->req.verb != REQUEST_ADD,
		.taps = asked->taps,
	};
	struct policy_verdict verdict = policy_decide(policy, &query);
	const char *line = policy_line(policy, verdict.line);
	bool allowed = verdict.reason == POLICY_ALLOWED;
	char sentence[POLICY_SENTENCE_MAX];

	policy_sentence(policy, &query, &verdict, sentence, sizeof(sentence));
	fprintf(out, "%s: %s\n", allowed ? "allowed" : "refused", sentence);
	if (line)
		fprintf(out, "line %u: %s\n", verdict.line, line);
	say_limits(asked, &verdict, out);
	return allowed;
}

/* Each address of the request is judged. Return: exit status */
static int explain(const struct policy *policy, const struct asked *asked,
		   FILE *out)
{
	const struct request *req = &asked->req;
	bool allowed = true;

	say_asked(asked, out);
	if (req->verb == REQUEST_DEL || req->verb == REQUEST_SLIP_DOWN) {
		fputs("allowed: what was given to a user he can give back; "
		      "the policy is not asked\n",
		      out);
		return EXIT_SUCCESS;
	}
	if (req->has_gateway || !req->has_guest)
		allowed = explain_address(
			policy, asked, req->has_gateway ? &req->gateway : NULL,
			out);
	if (req->has_guest)
		allowed &= explain_address(policy, asked, &req->guest, out);
	if (!allowed)
		return EXIT_FAILURE;
	fputs("The host is asked when it is done: which addresses and routes "
	      "are in use, and whose a device is.\n",
	      out);
	return EXIT_SUCCESS;
}

int check_explain(char *const words[], check_taps taps, FILE *out,
		  struct err *err)
{
	struct asked asked = { .user = NULL };
	struct policy *policy = NULL;
	int status = EXIT_FAILURE;

	if (!words[0])
		err_set(err, "expected: USER VERB [ARGUMENT]...");
	else if (!parse_request(&asked, words + 1, err) &&
		 !find_user(&asked, words[0], err))
		policy = policy_load(POLICY_FILE, err);
	if (policy) {
		asked.counted = taps && !taps(asked.uid, &asked.taps, NULL);
		status = explain(policy, &asked, out);
	}
	policy_free(policy);
	free(asked.groups);
	free(asked.words);
	return status;
}
