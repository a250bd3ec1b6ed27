// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parser of the policy: text to rules.
 *
 *   file    = lines, each ended by a newline (the last one need not be)
 *   line    = [action subject {key}] ["#" comment]
 *   action  = "allow" | "deny"
 *   subject = "user" NAME | "group" NAME | "all"
 *   key     = "address" PREFIX{","PREFIX} | "taps" N | "forward"
 *
 * Words are separated by blanks and tabs; "#" begins a comment where a word
 * could begin. Each key stands once at most, in any order; taps and forward
 * have no meaning on a deny line.
 *
 * The text is judged twice. First its octets: whoever edits a file with octets
 * that do not show, sees another file than the parser does, so such a file is
 * refused as a whole. Then each line for itself: one with an error is told and
 * left out, and the policy with it is refused in the end.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "uml_net/policy_rules.h"

/** Most octets of a word that errors show. */
#define SHOWN 64

/** Octets that begin a UTF-8 file of some editors. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/**
 * struct parser - Where the parser is
 * @policy:	gets the rules
 * @line:	number of the line
 * @rest:	what of the line was not read yet
 * @tell:	hears of errors
 * @data:	for @tell
 * @errors:	how many it heard of
 */
struct parser {
	struct policy *policy;
	unsigned int line;
	char *rest;
	policy_tell tell;
	void *data;
	size_t errors;
};

/* Return: -1 always */
static int fault(struct parser *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int fault(struct parser *p, const char *fmt, ...)
{
	char why[ERR_TEXT_MAX];
	struct err err;
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	err_set(&err, "%.200s:%u: %s", p->policy->name, p->line, why);
	p->tell(p->data, true, err.text);
	p->errors++;
	return -1;
}

/* The next word, terminated, or NULL at the end of what is meant. */
static char *next_word(struct parser *p)
{
	char *word = p->rest + strspn(p->rest, " \t");
	size_t len = strcspn(word, " \t");

	if (!*word || *word == '#')
		return NULL;
	p->rest = word + len;
	if (*p->rest)
		*p->rest++ = '\0';
	return word;
}

static int parse_action(struct parser *p, struct policy_rule *rule,
			const char *word)
{
	if (strcmp(word, "allow") && strcmp(word, "deny"))
		return fault(p, "'%.*s' is neither 'allow' nor 'deny'", SHOWN,
			     word);
	rule->allow = !strcmp(word, "allow");
	return 0;
}

static int parse_name(struct parser *p, struct policy_rule *rule,
		      const char *kind)
{
	const char *word = next_word(p);
	int rc;

	if (!word)
		return fault(p, "a name or a number is missing after '%s'",
			     kind);
	if (rule->subject == POLICY_USER)
		rc = parse_user(word, &rule->id, NULL);
	else
		rc = parse_group(word, &rule->id, NULL);
	if (rc)
		return fault(p,
			     "no %s '%.*s' is known (expected: a name that "
			     "'getent %s' shows, or a number)",
			     kind, SHOWN, word,
			     rule->subject == POLICY_USER ? "passwd" : "group");
	return 0;
}

static int parse_subject(struct parser *p, struct policy_rule *rule)
{
	static const char expected[] = "'user NAME', 'group NAME' or 'all'";
	const char *word = next_word(p);

	if (!word)
		return fault(p, "it is not said who: %s is missing", expected);
	if (!strcmp(word, "all")) {
		rule->subject = POLICY_ALL;
		return 0;
	}
	if (!strcmp(word, "user"))
		rule->subject = POLICY_USER;
	else if (!strcmp(word, "group"))
		rule->subject = POLICY_GROUP;
	else
		return fault(p, "'%.*s' is not %s", SHOWN, word, expected);
	return parse_name(p, rule, word);
}

/* Host bits are an error: it is not known which of the two was meant. */
static int host_bits(struct parser *p, const char *word, uint32_t address,
		     uint32_t mask, unsigned int len)
{
	struct in_addr whole = { htonl(address) },
		       net = { htonl(address & mask) };
	char whole_text[INET_ADDRSTRLEN], net_text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &whole, whole_text, sizeof(whole_text));
	inet_ntop(AF_INET, &net, net_text, sizeof(net_text));
	return fault(p,
		     "'%.*s' has bits set beyond its first %u (the network is "
		     "%s/%u, the one address is %s)",
		     SHOWN, word, len, net_text, len, whole_text);
}

static int parse_one_prefix(struct parser *p, const char *word,
			    struct policy_prefix *out)
{
	struct ip_prefix prefix;
	uint32_t address;

	if (!*word)
		return fault(p, "an address is missing (prefixes are joined by "
				"commas, without blanks)");
	if (parse_prefix(word, &prefix, NULL))
		return fault(p,
			     "'%.*s' is no address, nor ADDRESS/LENGTH with a "
			     "length from 0 to 32",
			     SHOWN, word);
	if (prefix.family != AF_INET)
		return fault(p,
			     "'%.*s' is an IPv6 address (the requests of UML "
			     "have IPv4 addresses only)",
			     SHOWN, word);
	memcpy(&address, prefix.addr, sizeof(address));
	address = ntohl(address);
	out->mask = prefix.len ? UINT32_MAX << (32 - prefix.len) : 0;
	out->net = address & out->mask;
	if (address != out->net)
		return host_bits(p, word, address, out->mask, prefix.len);
	return 0;
}

static int parse_addresses(struct parser *p, struct policy_rule *rule)
{
	char *list = next_word(p), *word;
	struct policy_prefix *grown;

	if (!list)
		return fault(p, "a prefix is missing after 'address'");
	while ((word = strsep(&list, ","))) {
		grown = reallocarray(rule->prefixes, rule->prefix_count + 1,
				     sizeof(*grown));
		if (!grown)
			return fault(p, "%s", strerror(errno));
		rule->prefixes = grown;
		if (parse_one_prefix(p, word, &grown[rule->prefix_count++]))
			return -1;
	}
	return 0;
}

static int parse_taps(struct parser *p, struct policy_rule *rule)
{
	const char *word = next_word(p);
	uint64_t taps;

	if (!rule->allow)
		return fault(p, "'taps' has no meaning after 'deny'");
	if (!word)
		return fault(p, "a number is missing after 'taps'");
	if (parse_uint("taps", word, 1, POLICY_TAPS_MAX, &taps, NULL))
		return fault(p, "taps '%.*s' is not a number from 1 to %d",
			     SHOWN, word, POLICY_TAPS_MAX);
	rule->taps = (unsigned int)taps;
	return 0;
}

static int parse_forward(struct parser *p, struct policy_rule *rule)
{
	if (!rule->allow)
		return fault(p, "'forward' has no meaning after 'deny'");
	rule->forward = true;
	return 0;
}

static const struct key {
	const char *name;
	int (*parse)(struct parser *p, struct policy_rule *rule);
} keys[] = {
	{ "address", parse_addresses },
	{ "taps", parse_taps },
	{ "forward", parse_forward },
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

static int parse_keys(struct parser *p, struct policy_rule *rule)
{
	bool seen[KEYS] = { false };
	const char *word;
	size_t i;

	while ((word = next_word(p))) {
		for (i = 0; i < KEYS && strcmp(word, keys[i].name); i++)
			;
		if (i == KEYS)
			return fault(p,
				     "'%.*s' is none of address, taps, forward",
				     SHOWN, word);
		if (seen[i])
			return fault(p, "'%s' stands here twice", word);
		seen[i] = true;
		if (keys[i].parse(p, rule))
			return -1;
	}
	return 0;
}

static void rule_free(struct policy_rule *rule)
{
	free(rule->text);
	free(rule->prefixes);
}

static int keep_rule(struct parser *p, const struct policy_rule *rule)
{
	struct policy *policy = p->policy;
	struct policy_rule *grown;

	grown = reallocarray(policy->rules, policy->count + 1, sizeof(*grown));
	if (!grown)
		return fault(p, "%s", strerror(errno));
	policy->rules = grown;
	grown[policy->count++] = *rule;
	return 0;
}

/* What is meant of a line: for those who ask which one decided. */
static char *meant(const char *line)
{
	size_t len = 0, i;

	line += strspn(line, " \t");
	for (i = 0; line[i]; i++) {
		if (line[i] == '#' &&
		    (!i || line[i - 1] == ' ' || line[i - 1] == '\t'))
			break;
		if (line[i] != ' ' && line[i] != '\t')
			len = i + 1;
	}
	return strndup(line, len);
}

static void parse_line(struct parser *p, char *line)
{
	struct policy_rule rule = { .line = p->line, .taps = POLICY_TAPS };
	const char *word;
	int rc;

	if (strlen(line) > POLICY_LINE_MAX) {
		fault(p, "the line has %zu octets (at most %d)", strlen(line),
		      POLICY_LINE_MAX);
		return;
	}
	rule.text = meant(line);
	p->rest = line;
	word = next_word(p);
	if (!rule.text)
		rc = fault(p, "%s", strerror(errno));
	else
		rc = !word || parse_action(p, &rule, word) ||
		     parse_subject(p, &rule) || parse_keys(p, &rule) ||
		     keep_rule(p, &rule);
	if (rc)
		rule_free(&rule);
}

static int bad_octet(struct parser *p, const char *text, const char *bad)
{
	const char *end;

	for (p->line = 1; (end = memchr(text, '\n', (size_t)(bad - text)));
	     text = end + 1)
		p->line++;
	if (*bad == '\r')
		return fault(p, "the line has a carriage return (expected: "
				"lines that end with a newline alone; see "
				"dos2unix(1))");
	return fault(p,
		     "octet 0x%02x in column %td does not show (expected: "
		     "text)",
		     (unsigned char)*bad, bad - text + 1);
}

/* That every octet is one that shows, a blank, a tab or a newline. */
static int check_octets(struct parser *p, const char *text, size_t len)
{
	size_t i;

	p->line = 1;
	if (len > POLICY_FILE_MAX)
		return fault(p, "the file is longer than %d octets",
			     POLICY_FILE_MAX);
	if (len >= strlen(BYTE_ORDER_MARK) &&
	    !memcmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)))
		return fault(p, "the file begins with a byte order mark "
				"(expected: text without one)");
	for (i = 0; i < len; i++) {
		if ((unsigned char)text[i] >= ' ' && text[i] != '\x7f')
			continue;
		if (text[i] != '\n' && text[i] != '\t')
			return bad_octet(p, text, text + i);
	}
	return 0;
}

int policy_read(struct policy *policy, const char *text, size_t len,
		policy_tell tell, void *data)
{
	struct parser p = { .policy = policy, .tell = tell, .data = data };
	char *copy, *rest, *line;

	if (check_octets(&p, text, len))
		return -1;
	copy = strndup(text, len);
	if (!copy)
		return fault(&p, "%s", strerror(errno));
	rest = copy;
	for (p.line = 1; (line = strsep(&rest, "\n")); p.line++)
		parse_line(&p, line);
	free(copy);
	return p.errors ? -1 : 0;
}
