// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tunctl/options: the ancestor's letters, joined in all the ways that getopt
 * joins them, and the long words beside them.
 */
#include "tests/unit/tap.h"
#include "tunctl/options.h"

#define WORDS_MAX 16

/* A command line, parsed; its words are cut at spaces. */
struct parsed {
	struct options opts;
	struct err err;
	enum options_result result;
	char text[256];
	char *argv[WORDS_MAX];
};

static struct parsed *parse(const char *line)
{
	struct parsed *p = calloc(1, sizeof(*p));
	char *save = NULL;
	int argc = 0;
	char *word;

	if (!p)
		tap_bail("calloc");
	snprintf(p->text, sizeof(p->text), "tunctl %s", line);
	for (word = strtok_r(p->text, " ", &save); word && argc < WORDS_MAX - 1;
	     word = strtok_r(NULL, " ", &save))
		p->argv[argc++] = word;
	p->result = options_parse(&p->opts, argc, p->argv, &p->err);
	return p;
}

static void done(struct parsed *p)
{
	options_free(&p->opts);
	free(p);
}

static void test_letters(void)
{
	struct parsed *p = parse("-bt tap7 -u0 -g 0 -f /dev/x");

	ok(p->result == OPTIONS_OK && p->opts.action == OPTIONS_CREATE &&
		   p->opts.brief && p->opts.has_owner && p->opts.has_group &&
		   !p->opts.owner && !p->opts.group && !p->opts.has_kind,
	   "joined letters");
	is_str(p->opts.name, "tap7", "name");
	is_str(p->opts.clone, "/dev/x", "clone device");
	done(p);
	p = parse("-bu 0");
	ok(p->result == OPTIONS_OK && p->opts.brief && p->opts.has_owner,
	   "-bu is no --burst");
	done(p);
	p = parse("-up");
	ok(p->result == OPTIONS_MISUSE && !p->opts.settings.up,
	   "-up is user 'p', not --up");
	done(p);
	p = parse("-tx");
	is_str(p->opts.name, "x", "-tx is a name, not --txqueuelen");
	done(p);
	p = parse("-t x -d tap0 -t y");
	ok(p->result == OPTIONS_OK && p->opts.action == OPTIONS_DELETE,
	   "-d and -t");
	is_str(p->opts.name, "y", "the last one counts");
	done(p);
}

static void test_kinds(void)
{
	static const struct {
		const char *line;
		enum tuntap_kind kind;
		bool said;
	} cases[] = {
		{ "", TUNTAP_TAP, false },
		{ "-t tun0", TUNTAP_TUN, false },
		{ "-t tap0", TUNTAP_TAP, false },
		{ "-n -t tap0", TUNTAP_TUN, true },
		{ "-p -t tun0", TUNTAP_TAP, true },
		{ "-t tun0 -p", TUNTAP_TAP, true },
		{ "--tun", TUNTAP_TUN, true },
	};
	struct parsed *p;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		p = parse(cases[i].line);
		ok(p->opts.kind == cases[i].kind &&
			   p->opts.has_kind == cases[i].said,
		   "'%s'", cases[i].line);
		done(p);
	}
}

static void test_creation(void)
{
	static const uint8_t mac[MAC_LEN] = { 2, 0, 0, 0, 0, 1 };
	struct parsed *p = parse("--queueing=multi-queue --vnet-hdr --rate "
				 "8mbit --burst 10k --mtu 1400 --txqueuelen 5");

	ok(p->result == OPTIONS_OK && p->opts.has_queueing &&
		   p->opts.vnet_hdr &&
		   p->opts.queueing == QUEUEING_MULTI_QUEUE &&
		   p->opts.settings.rate == 8000000 &&
		   p->opts.settings.burst == 10240 &&
		   p->opts.settings.mtu == 1400 &&
		   p->opts.settings.txqueuelen == 5,
	   "numbers");
	done(p);
	p = parse("--mac 02:00:00:00:00:01 --address 10.0.0.1/24 --address "
		  "fd00::1/64 --master br0 --up --ensure -t tap0");
	ok(p->result == OPTIONS_OK && p->opts.settings.has_mac &&
		   !memcmp(p->opts.settings.mac, mac, MAC_LEN) &&
		   p->opts.settings.address_count == 2 &&
		   p->opts.settings.addresses[1].len == 64 &&
		   p->opts.settings.up && p->opts.ensure,
	   "the rest");
	is_str(p->opts.settings.master, "br0", "bridge");
	done(p);
}

static void test_list(void)
{
	struct parsed *p = parse("-l tap0 -j --watch 5");

	ok(p->result == OPTIONS_OK && p->opts.action == OPTIONS_LIST &&
		   p->opts.json && p->opts.watch == 5,
	   "-l NAME --watch 5");
	is_str(p->opts.name, "tap0", "its name");
	done(p);
	p = parse("-l --watch tap0");
	ok(p->result == OPTIONS_OK && p->opts.watch == 2, "--watch alone");
	is_str(p->opts.name, "tap0", "a name behind it");
	done(p);
	p = parse("-l tap0 tap1");
	is_int(p->result, OPTIONS_MISUSE, "two names");
	done(p);
}

static void test_command(void)
{
	struct parsed *p = parse("-t tap0 -- ls -l --help");

	ok(p->result == OPTIONS_OK && p->opts.action == OPTIONS_EXEC &&
		   p->opts.command,
	   "a command");
	is_str(p->opts.command[0], "ls", "its first word");
	is_str(p->opts.command[2], "--help", "its options are its own");
	ok(!p->opts.command[3], "its end");
	done(p);
	p = parse("-b --");
	ok(p->result == OPTIONS_OK && p->opts.action == OPTIONS_CREATE,
	   "-- without a command");
	done(p);
	p = parse("-t --");
	ok(p->result == OPTIONS_OK && p->opts.action == OPTIONS_CREATE,
	   "-- as a value");
	is_str(p->opts.name, "--", "it is the name");
	done(p);
}

static void refused(const char *line, enum options_result result,
		    const char *text)
{
	struct parsed *p = parse(line);

	ok(p->result == result, "'%s' is refused", line);
	if (!ok(!strncmp(p->err.text, text, strlen(text)), "'%s' says '%s'",
		line, text))
		printf("# %s\n", p->err.text);
	done(p);
}

static void test_refusals(void)
{
	refused("-x", OPTIONS_MISUSE, "tunctl: invalid option -- 'x'");
	refused("-bx", OPTIONS_MISUSE, "tunctl: invalid option -- 'x'");
	refused("-bt", OPTIONS_MISUSE,
		"tunctl: option requires an argument -- 't'");
	refused("--mtu", OPTIONS_MISUSE,
		"tunctl: option '--mtu' requires an argument");
	refused("--up=1", OPTIONS_MISUSE,
		"tunctl: option '--up=1' doesn't allow an argument");
	refused("--m 5", OPTIONS_MISUSE, "tunctl: unrecognized or ambiguous");
	refused("operand", OPTIONS_MISUSE, "");
	refused("-t /", OPTIONS_BAD_VALUE, "interface name '/'");
	refused("-u 1x", OPTIONS_MISUSE,
		"'1x' is neither a username nor a numeric uid.");
	refused("-l --watch 0", OPTIONS_BAD_VALUE, "interval '0'");
	refused("--rate 7bit", OPTIONS_BAD_VALUE, "rate '7bit' is less than");
	refused("--rate 1mbit --burst 4g", OPTIONS_BAD_VALUE, "burst '4g'");
	refused("--master br%d", OPTIONS_BAD_VALUE, "interface name 'br%d'");
}

int main(void)
{
	test_letters();
	test_kinds();
	test_creation();
	test_list();
	test_command();
	test_refusals();
	return tap_done();
}
