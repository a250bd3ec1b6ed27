// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The policy of uml_net: what its parser takes and refuses, and what is
 * decided. The file itself, and what --check-config and --explain print, are
 * tried in tests/uml_net_policy.bats.
 */
#include <arpa/inet.h>
#include <limits.h>

#include "tests/unit/tap.h"
#include "uml_net/policy_rules.h"

/** Everything that a policy_tell heard, one a line. */
struct heard {
	char text[4096];
	unsigned int errors;
	unsigned int warnings;
};

static void hear(void *data, bool error, const char *text)
{
	struct heard *heard = data;
	size_t used = strlen(heard->text);

	snprintf(heard->text + used, sizeof(heard->text) - used, "%s\n", text);
	if (error)
		heard->errors++;
	else
		heard->warnings++;
}

static struct policy *parse(const char *text)
{
	struct err err = { "" };
	struct policy *policy = policy_parse("conf", text, strlen(text), &err);

	if (!policy)
		printf("# %s\n", err.text);
	return policy;
}

/* @text is refused, and its first error is @want. */
static void refused_octets(const char *text, size_t len, const char *want)
{
	struct err err = { "" };
	struct policy *policy = policy_parse("conf", text, len, &err);

	ok(!policy, "refused: %.60s", want);
	is_str(err.text, want, "told so");
	policy_free(policy);
}

static void refused(const char *text, const char *want)
{
	refused_octets(text, strlen(text), want);
}

/*
 * What @policy says to user @uid of group @gid who asks for @address (NULL:
 * none) and holds @taps: "allow LINE" and so on, in a buffer of our own.
 */
static const char *says(const struct policy *policy, uid_t uid, gid_t gid,
			const char *address, unsigned int taps)
{
	static const char *const reasons[] = { "allow", "none", "deny",
					       "quota" };
	static char text[64];
	struct in_addr in;
	struct policy_query query = { .uid = uid,
				      .groups = &gid,
				      .group_count = 1,
				      .creates = true,
				      .taps = taps };
	struct policy_verdict verdict;

	if (address && inet_pton(AF_INET, address, &in) == 1)
		query.address = &in;
	verdict = policy_decide(policy, &query);
	snprintf(text, sizeof(text), "%s %u%s", reasons[verdict.reason],
		 verdict.line, verdict.forward ? " forward" : "");
	return text;
}

static void test_subjects(void)
{
	struct policy *p = parse("allow user 1000\n"
				 "deny user 1001\n"
				 "allow group 27\n"
				 "# a comment\n"
				 "deny all");
	gid_t groups[] = { 5, 6, 27 };
	struct policy_query query = { .uid = 7,
				      .groups = groups,
				      .group_count = 3 };

	is_int((intmax_t)policy_count(p), 4, "comments do not count");
	is_str(says(p, 1000, 1000, NULL, 0), "allow 1", "a user");
	is_str(says(p, 1001, 27, NULL, 0), "deny 2", "the first line decides");
	is_str(says(p, 1002, 27, NULL, 0), "allow 3", "a group");
	is_str(says(p, 27, 1000, NULL, 0), "deny 5", "a uid is no gid");
	is_int(policy_decide(p, &query).line, 3, "the last of three groups");
	query.group_count = 2;
	is_int(policy_decide(p, &query).line, 5, "without it, the rest");
	query.group_count = 0;
	is_int(policy_decide(p, &query).line, 5, "no group at all");
	policy_free(p);
}

static void test_default(void)
{
	struct policy *p = parse("");

	is_str(says(p, 1000, 1000, "10.0.0.1", 0), "none 0", "no line: deny");
	is_str(says(p, 0, 0, "10.0.0.1", 4000000), "allow 0 forward",
	       "root may");
	is_str(says(p, 1000, 0, NULL, 0), "none 0",
	       "his group does not make a root");
	policy_free(p);
	p = parse("deny all\ndeny user root");
	is_str(says(p, 0, 0, NULL, 0), "allow 0 forward", "whatever it says");
	is_str(says(NULL, 0, 0, NULL, 0), "allow 0 forward",
	       "and where there is none");
	policy_free(p);
}

static void test_addresses(void)
{
	struct policy *p = parse(
		"allow user 1 address 10.0.0.0/8,172.16.0.0/12\n"
		"allow user 2 address 192.168.7.9\n"
		"deny user 3 address 10.0.0.0/8\n"
		"allow user 3 address 0.0.0.0/0\n"
		"allow user 1 address 11.0.0.0/31\n");

	is_str(says(p, 1, 1, "10.0.0.0", 0), "allow 1", "the first");
	is_str(says(p, 1, 1, "10.255.255.255", 0), "allow 1", "the last");
	is_str(says(p, 1, 1, "9.255.255.255", 0), "none 0", "one before");
	is_str(says(p, 1, 1, "11.0.0.0", 0), "allow 5", "one after");
	is_str(says(p, 1, 1, "11.0.0.2", 0), "none 0", "after a /31");
	is_str(says(p, 1, 1, "172.31.255.255", 0), "allow 1", "the second");
	is_str(says(p, 1, 1, "172.32.0.0", 0), "none 0", "after the second");
	is_str(says(p, 2, 2, "192.168.7.9", 0), "allow 2", "one address");
	is_str(says(p, 2, 2, "192.168.7.8", 0), "none 0", "its neighbour");
	is_str(says(p, 3, 3, "10.1.2.3", 0), "deny 3", "denied before");
	is_str(says(p, 3, 3, "255.255.255.255", 0), "allow 4", "any other");
	is_str(says(p, 3, 3, "0.0.0.0", 0), "allow 4", "any at all");
	is_str(says(p, 1, 1, NULL, 0), "allow 1", "none: of an allow line");
	is_str(says(p, 3, 3, NULL, 0), "allow 4", "none: not of a deny line");
	policy_free(p);
}

static void test_quota(void)
{
	struct policy *p = parse("allow user 1 taps 2 forward\n"
				 "allow user 1 address 10.0.0.0/8 taps 9\n"
				 "allow user 2\n"
				 "allow user 3 forward taps 65535");
	struct policy_query query = { .uid = 1, .taps = 2 };

	is_str(says(p, 1, 1, NULL, 1), "allow 1 forward", "room for one");
	is_str(says(p, 1, 1, NULL, 2), "quota 1", "no room");
	is_str(says(p, 1, 1, "10.0.0.1", 3), "quota 1",
	       "a later line is no way out");
	is_int(policy_decide(p, &query).reason, POLICY_ALLOWED,
	       "an address for a tap that is there");
	is_int(policy_decide(p, &query).limit, 2, "the limit");
	is_str(says(p, 2, 2, NULL, POLICY_TAPS - 1), "allow 3", "the default");
	is_str(says(p, 2, 2, NULL, POLICY_TAPS), "quota 3", "is bounded");
	is_str(says(p, 3, 3, NULL, 65534), "allow 4 forward", "the most");
	query.uid = 4;
	is_int(policy_decide(p, &query).limit, 0, "a stranger: none");
	query.uid = 0;
	ok(policy_decide(p, &query).limit == UINT_MAX, "root: no limit");
	policy_free(p);
}

static void test_layout(void)
{
	struct policy *p = parse("\n \t \n#\n   # words\n"
				 "\t allow\t user  1 \t# of no account\n"
				 "deny all#\n");

	ok(!p, "'#' in a word is part of it");
	policy_free(p);
	p = parse("\n \t \n#\n   # words\n"
		  "\t allow\t user  1 \t# of no account\n"
		  "deny all #\n"
		  "allow all taps 3 address 10.0.0.0/8 #forward");
	ok(p && policy_count(p) == 3,
	   "blanks, tabs, comments, no last newline");
	is_str(policy_line(p, 5), "allow\t user  1",
	       "a line as it was written");
	is_str(policy_line(p, 7), "allow all taps 3 address 10.0.0.0/8",
	       "the last line");
	ok(!policy_line(p, 4) && !policy_line(p, 0) && !policy_line(NULL, 1),
	   "no line");
	policy_free(p);
	p = parse("# \xc3\xa4 and \xe2\x82\xac\n");
	ok(p != NULL, "a comment in UTF-8");
	policy_free(p);
}

static void test_words(void)
{
	refused("alow all", "conf:1: 'alow' is neither 'allow' nor 'deny'");
	refused("Allow all", "conf:1: 'Allow' is neither 'allow' nor 'deny'");
	refused("allow", "conf:1: it is not said who: 'user NAME', 'group "
			 "NAME' or 'all' is missing");
	refused("deny # all", "conf:1: it is not said who: 'user NAME', 'group "
			      "NAME' or 'all' is missing");
	refused("allow alice", "conf:1: 'alice' is not 'user NAME', 'group "
			       "NAME' or 'all'");
	refused("allow user", "conf:1: a name or a number is missing after "
			      "'user'");
	refused("allow group #1", "conf:1: a name or a number is missing after "
				  "'group'");
	refused("deny all\n\nallow all adress 10.0.0.0/8",
		"conf:3: 'adress' is none of address, taps, forward");
	refused("allow all taps 1 taps 1", "conf:1: 'taps' stands here twice");
	refused("allow all forward forward",
		"conf:1: 'forward' stands here twice");
	refused("allow all address 10.0.0.1 address 10.0.0.2",
		"conf:1: 'address' stands here twice");
	refused("deny all taps 1",
		"conf:1: 'taps' has no meaning after 'deny'");
	refused("deny all forward",
		"conf:1: 'forward' has no meaning after 'deny'");
	refused("allow all user 1\nalow all",
		"conf:1: 'user' is none of address, taps, forward");
}

static void test_names(void)
{
	struct policy *p = parse("allow user root\nallow group root\n");

	ok(p && p->rules[0].id == 0 && p->rules[1].id == 0, "names");
	policy_free(p);
	refused("allow user no-such-user",
		"conf:1: no user 'no-such-user' is known (expected: a name "
		"that 'getent passwd' shows, or a number)");
	refused("allow group no-such-group",
		"conf:1: no group 'no-such-group' is known (expected: a name "
		"that 'getent group' shows, or a number)");
	refused("allow user -1",
		"conf:1: no user '-1' is known (expected: a name that 'getent "
		"passwd' shows, or a number)");
	refused("allow user 4294967295",
		"conf:1: no user '4294967295' is known (expected: a name that "
		"'getent passwd' shows, or a number)");
	refused("allow group +",
		"conf:1: no group '+' is known (expected: a name that 'getent "
		"group' shows, or a number)");
}

static void test_prefixes(void)
{
	static const char bad[] = "is no address, nor ADDRESS/LENGTH with a "
				  "length from 0 to 32";
	static const char *const words[] = {
		"10.0.0",     "10.0.0.0/",   "10.0.0.0/33",  "10.0.0.0/-1",
		"10.0.0.256", "010.0.0.1",   "10.0.0.0/8x",  "10.0.0.0/8/8",
		"/8",	      "example.com", "10.0.0.0/0x8",
	};
	char line[100], want[200];
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		snprintf(line, sizeof(line), "allow all address %s", words[i]);
		snprintf(want, sizeof(want), "conf:1: '%s' %s", words[i], bad);
		refused(line, want);
	}
	refused("allow all address", "conf:1: a prefix is missing after "
				     "'address'");
	refused("allow all address 192.168.7.1/24",
		"conf:1: '192.168.7.1/24' has bits set beyond its first 24 "
		"(the network is 192.168.7.0/24, the one address is "
		"192.168.7.1)");
	refused("allow all address 10.0.0.0/8,0.0.0.1/0",
		"conf:1: '0.0.0.1/0' has bits set beyond its first 0 (the "
		"network is 0.0.0.0/0, the one address is 0.0.0.1)");
	refused("allow all address 10.0.0.0/8, 11.0.0.0/8",
		"conf:1: an address is missing (prefixes are joined by commas, "
		"without blanks)");
	refused("allow all address ,",
		"conf:1: an address is missing (prefixes are joined by commas, "
		"without blanks)");
	refused("allow all address fd00::/8",
		"conf:1: 'fd00::/8' is an IPv6 address (the requests of UML "
		"have IPv4 addresses only)");
}

static void test_taps(void)
{
	static const char *const words[] = { "0",   "65536",
					     "-1",  "4x",
					     "0x4", "99999999999999999999" };
	char line[100], want[100];
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		snprintf(line, sizeof(line), "allow all taps %s", words[i]);
		snprintf(want, sizeof(want),
			 "conf:1: taps '%s' is not a number from 1 to 65535",
			 words[i]);
		refused(line, want);
	}
	refused("allow all taps", "conf:1: a number is missing after 'taps'");
	refused("allow all taps forward",
		"conf:1: taps 'forward' is not a number from 1 to 65535");
}

static void test_octets(void)
{
	static const char nul[] = "deny all\nallow\0 all";

	refused("# one\ndeny all\r\n",
		"conf:2: the line has a carriage return (expected: lines that "
		"end with a newline alone; see dos2unix(1))");
	refused_octets(nul, sizeof(nul) - 1,
		       "conf:2: octet 0x00 in column 6 does not show "
		       "(expected: text)");
	refused("# \x1b[1A", "conf:1: octet 0x1b in column 3 does not show "
			     "(expected: text)");
	refused("deny all\n\x7f", "conf:2: octet 0x7f in column 1 does not "
				  "show (expected: text)");
	refused("\xef\xbb\xbf"
		"deny all",
		"conf:1: the file begins with a byte order mark (expected: "
		"text without one)");
	refused("allow\xc2\xa0"
		"all",
		"conf:1: 'allow\xc2\xa0"
		"all' is neither 'allow' nor 'deny'");
}

static void test_bounds(void)
{
	char *text = malloc(POLICY_FILE_MAX + 2);
	char want[100];
	struct policy *p;

	memset(text, ' ', POLICY_FILE_MAX + 1);
	text[POLICY_FILE_MAX + 1] = '\0';
	memcpy(text, "deny all", 8);
	text[POLICY_LINE_MAX] = '\0';
	p = parse(text);
	ok(p && policy_count(p) == 1, "the longest line");
	policy_free(p);
	text[POLICY_LINE_MAX] = ' ';
	text[POLICY_LINE_MAX + 1] = '\0';
	snprintf(want, sizeof(want),
		 "conf:1: the line has %d octets (at most "
		 "%d)",
		 POLICY_LINE_MAX + 1, POLICY_LINE_MAX);
	refused(text, want);
	memset(text, '\n', POLICY_FILE_MAX + 1);
	p = policy_parse("conf", text, POLICY_FILE_MAX, NULL);
	ok(p && policy_count(p) == 0, "the longest file");
	policy_free(p);
	snprintf(want, sizeof(want),
		 "conf:1: the file is longer than %d "
		 "octets",
		 POLICY_FILE_MAX);
	refused_octets(text, POLICY_FILE_MAX + 1, want);
	ok(!policy_parse("conf", "x", 1, NULL), "nobody wants to know why");
	free(text);
}

/* Each bad line is told, and good ones between them are not lost. */
static void test_all_errors(void)
{
	static const char text[] = "alow all\n"
				   "deny user 7\n"
				   "allow everybody\n"
				   "\n"
				   "allow all taps x\n";
	struct policy *policy = policy_new("conf");
	struct heard heard = { .text = "" };

	is_int(policy_read(policy, text, strlen(text), hear, &heard), -1,
	       "refused");
	is_int(heard.errors, 3, "three errors");
	ok(strstr(heard.text, "conf:1: ") && strstr(heard.text, "\nconf:3: ") &&
		   strstr(heard.text, "\nconf:5: "),
	   "each with its line");
	is_int((intmax_t)policy_count(policy), 1, "one good line");
	policy_free(policy);
}

/* @text has the warnings @want, all of them. */
static void warned(const char *text, const char *want, const char *what)
{
	struct policy *policy = parse(text);
	struct heard heard = { .text = "" };

	policy_warn(policy, hear, &heard);
	is_str(heard.text, want, "%s", what);
	is_int(heard.errors, 0, "warnings are no errors");
	policy_free(policy);
}

#define NO_EFFECT(line, why)                                                   \
	"conf:" line ": warning: this line has no effect: " why "\n"

#define ANY(line)                                                              \
	"conf:" line ": warning: this line allows any address, those of "      \
	"other hosts too (expected: address PREFIX)\n"

static void test_warnings(void)
{
	warned("allow user 1 address 10.0.0.0/8\ndeny all\n", "",
	       "nothing to say");
	warned("allow user 1\nallow all taps 3 forward\n", ANY("1") ANY("2"),
	       "any address");
	warned("deny all\nallow user 1\nallow all\n",
	       NO_EFFECT("2", "line 1 decides before it")
		       NO_EFFECT("3", "line 1 decides before it"),
	       "after all");
	warned("deny user 1\ndeny group 1\ndeny user 2\ndeny user 1\n",
	       NO_EFFECT("4", "line 1 decides before it"), "the same user");
	warned("allow user 1 address 10.0.0.0/8\n"
	       "allow user 1 address 10.1.0.0/16,10.2.0.0/16\n",
	       NO_EFFECT("2", "line 1 decides before it"), "inside");
	warned("allow user 1 address 10.1.0.0/16\n"
	       "allow user 1 address 10.0.0.0/8\n"
	       "allow user 1 address 10.1.0.0/16,11.0.0.0/8\n"
	       "deny user 1\n",
	       "", "not all inside");
	warned("allow user 1 address 10.0.0.0/16\n"
	       "allow user 1 address 10.0.0.0/8\n",
	       "", "more from the same address on");
	warned("deny user 1 address 10.0.0.0/8\n"
	       "allow user 1 address 10.1.0.0/16\n",
	       "", "who has no address is not denied one");
	warned("deny user 1 address 10.0.0.0/8\n"
	       "deny user 1 address 10.1.0.0/16\n",
	       NO_EFFECT("2", "line 1 decides before it"), "denied twice");
	warned("allow all address 0.0.0.0/0\nallow user 1 address 10.0.0.1\n",
	       NO_EFFECT("2", "line 1 decides before it"), "every address");
	warned("deny user root\nallow user root\ndeny group root\n",
	       NO_EFFECT("1", "root is always allowed")
		       NO_EFFECT("2", "root is always allowed"),
	       "root");
}

static void sentence(const struct policy *policy, const char *address,
		     unsigned int taps, const char *want)
{
	char text[POLICY_SENTENCE_MAX];
	struct in_addr in;
	struct policy_query query = { .uid = 4000000000,
				      .creates = true,
				      .taps = taps };
	struct policy_verdict verdict;

	if (address && inet_pton(AF_INET, address, &in) == 1)
		query.address = &in;
	verdict = policy_decide(policy, &query);
	policy_sentence(policy, &query, &verdict, text, sizeof(text));
	is_str(text, want, "what he is told");
	policy_sentence(policy, &query, &verdict, text, 10);
	is_int((intmax_t)strlen(text), 9, "cut, and terminated");
}

static void test_sentences(void)
{
	struct policy *p = parse("allow user 4000000000 address 10.0.0.0/8 "
				 "taps 4\n"
				 "deny all address 11.0.0.0/8");

	sentence(p, "10.0.0.1", 0, "conf:1 allows 10.0.0.1 to user 4000000000");
	sentence(p, NULL, 0, "conf:1 allows this to user 4000000000");
	sentence(p, "10.0.0.1", 4,
		 "conf:1 allows 4 taps to user 4000000000, who has 4 (end one "
		 "of them, or root can raise 'taps' in that line)");
	sentence(p, "11.0.0.1", 0,
		 "conf:2 denies 11.0.0.1 to user 4000000000 (root can put "
		 "before that line: allow user 4000000000 address 11.0.0.1)");
	sentence(p, "12.0.0.1", 0,
		 "conf has no line for user 4000000000 and 12.0.0.1 (root can "
		 "add: allow user 4000000000 address 12.0.0.1)");
	policy_free(p);
	p = parse("deny all");
	sentence(p, NULL, 0,
		 "conf:1 denies this to user 4000000000 (root can put before "
		 "that line: allow user 4000000000 address PREFIX)");
	policy_free(p);
	p = policy_load("/no/such/conf", NULL);
	ok(p && !policy_count(p), "a missing file is a policy without lines");
	sentence(p, "10.0.0.1", 0,
		 "/no/such/conf is missing, so only root is allowed (root can "
		 "create it, mode 644, with the line: allow user 4000000000 "
		 "address 10.0.0.1)");
	policy_free(p);
}

int main(void)
{
	test_subjects();
	test_default();
	test_addresses();
	test_quota();
	test_layout();
	test_words();
	test_names();
	test_prefixes();
	test_taps();
	test_octets();
	test_bounds();
	test_all_errors();
	test_warnings();
	test_sentences();
	return tap_done();
}
