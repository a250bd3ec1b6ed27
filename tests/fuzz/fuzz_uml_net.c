// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for what a stranger can say to uml_net, and what becomes of it.
 * Each line of the input is a word of the argument vector; the first empty
 * line ends it. What follows is the policy that is asked, and, as octets,
 * records of the ethertap transport.
 */
#include <arpa/inet.h>
#include <grp.h>
#include <net/if.h>
#include <pwd.h>
#include <string.h>

#include "uml_net/policy.h"
#include "uml_net/relay.h"
#include "uml_net/reply.h"
#include "uml_net/request.h"
#include "tests/fuzz/fuzz.h"

/** Longer inputs show nothing that these do not. */
#define WORDS_MAX 12
#define TEXT_MAX 2000

/* Instead of those of the C library: this machine's users are not asked. */
struct passwd *getpwnam(const char *name)
{
	static char alice[] = "alice";
	static struct passwd user = { .pw_name = alice, .pw_uid = 1000 };

	return strcmp(name, "alice") ? NULL : &user;
}

struct passwd *getpwuid(uid_t uid)
{
	return uid == 1000 ? getpwnam("alice") : NULL;
}

struct group *getgrnam(const char *name)
{
	static struct group group = { .gr_gid = 1000 };

	return strcmp(name, "alice") ? NULL : &group;
}

static void check_reply(const struct request *req)
{
	bool tap = req->verb == REQUEST_UP;
	bool relay = req->verb == REQUEST_ETHERTAP;

	must((req->reply == REQUEST_DESCRIPTOR) == tap, "a descriptor for up");
	must((req->reply == REQUEST_STATUS ||
	      req->reply == REQUEST_STATUS_TEXT) == relay,
	     "a status for ethertap");
	must(req->reply_fd >= 0, "a way to answer");
}

static void check(const struct request *req)
{
	bool change = req->verb == REQUEST_ADD || req->verb == REQUEST_DEL;

	must(req->verb != REQUEST_NONE, "a verb");
	must(req->version <= REQUEST_VERSION, "a version");
	must(!req->device || (*req->device && strlen(req->device) < IFNAMSIZ &&
			      !strpbrk(req->device, "/ \t\n%:")),
	     "a name");
	must(!req->has_gateway || request_unicast(req->gateway), "gateway");
	must(!req->has_guest || request_unicast(req->guest), "guest");
	must(!change || (req->device && req->has_guest), "what to change");
	must(req->verb != REQUEST_ETHERTAP ||
		     (req->device && req->data_fd >= 0),
	     "where frames go");
	must((req->line_fd >= 0) == (req->verb == REQUEST_SLIP_UP ||
				     req->verb == REQUEST_SLIP_DOWN),
	     "a line");
	check_reply(req);
}

/* Whatever it says, it says the same twice, and root is allowed. */
static void ask(const struct policy *policy, const struct request *req)
{
	static const gid_t groups[] = { 1000, 4242 };
	struct policy_query query = {
		.uid = 1000,
		.groups = groups,
		.group_count = 2,
		.address = req->has_gateway ? &req->gateway
			   : req->has_guest ? &req->guest
					    : NULL,
		.creates = req->verb == REQUEST_UP,
	};
	struct policy_verdict one = policy_decide(policy, &query);
	struct policy_verdict two = policy_decide(policy, &query);
	char text[POLICY_SENTENCE_MAX];

	must(one.reason == two.reason && one.line == two.line, "one verdict");
	must(one.reason != POLICY_NO_LINE || !one.line, "no line");
	must(one.reason != POLICY_ALLOWED || one.line, "a line allows");
	if (one.reason != POLICY_ALLOWED) {
		policy_sentence(policy, &query, &one, text, sizeof(text));
		must(*text && !strchr(text, '\n'), "one sentence");
	}
	query.uid = 0;
	must(policy_decide(policy, &query).reason == POLICY_ALLOWED, "root");
}

static void records(unsigned int version, const char *data, size_t size)
{
	size_t len = relay_record_len(version);
	struct relay_change change;

	must(len <= RELAY_RECORD_MAX, "room for a record");
	for (; size >= len; data += len, size -= len) {
		if (!relay_parse(version, (const uint8_t *)data, &change, NULL))
			must(request_unicast(change.addr) &&
				     (change.what == RELAY_ADD ||
				      change.what == RELAY_DEL),
			     "a record");
	}
}

static void run(char *words, const char *rest, size_t size)
{
	char *argv[WORDS_MAX + 1] = { NULL }, *word;
	struct policy *policy;
	struct err err = { "" };
	struct request req;
	size_t count = 0;

	while (count < WORDS_MAX && (word = strsep(&words, "\n")))
		argv[count++] = word;
	if (request_parse(&req, argv, &err)) {
		must(*err.text, "a reason");
		if (req.verb != REQUEST_NONE)
			check_reply(&req);
		return;
	}
	check(&req);
	records(req.version, rest, size);
	policy = policy_parse("fuzz", rest, size, &err);
	must(policy || *err.text, "a reason");
	if (policy)
		ask(policy, &req);
	policy_free(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_MAX + 1];
	char *end;

	if (size > TEXT_MAX)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	end = strstr(text, "\n\n");
	if (!end) {
		run(text, "", 0);
		return 0;
	}
	*end = '\0';
	run(text, end + 2, size - (size_t)(end + 2 - text));
	return 0;
}
