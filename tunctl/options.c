// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line of tunctl: one table gives both the parser and --help.
 *
 * The ancestor had single letters, which can be joined with each other and
 * with their values ("-bt tap7", "-utom"). They are parsed as before, so what
 * has one dash is never a long word: `tunctl -bu tom` is not --burst.
 */
#include "tunctl/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** The range of an MTU (dev.h, tun.c of the kernel). */
#define MTU_MIN 68
#define MTU_MAX 65535
#define TXQUEUELEN_MAX 1000000
#define RATE_MIN 8
#define WATCH_DEFAULT 2
#define WATCH_MAX 86400

/*
 * What the parser keeps besides the result
 * @opts:	the result
 * @err:	for the first error
 * @creation:	the last creation option, or NULL
 * @deletes:	-d
 * @lists:	-l
 * @result:	what an error deserves
 */
struct parser {
	struct options *opts;
	struct err *err;
	const char *creation;
	bool deletes;
	bool lists;
	enum options_result result;
};

static int set_brief(struct parser *p, const char *value)
{
	p->opts->brief = true;
	return 0;
}

static int set_tun(struct parser *p, const char *value)
{
	p->opts->has_kind = true;
	p->opts->kind = TUNTAP_TUN;
	return 0;
}

static int set_tap(struct parser *p, const char *value)
{
	p->opts->has_kind = true;
	p->opts->kind = TUNTAP_TAP;
	return 0;
}

/* The ancestor shows its usage for users and groups that there are not. */
static int set_owner(struct parser *p, const char *value)
{
	p->opts->has_owner = true;
	p->result = OPTIONS_MISUSE;
	return parse_user(value, &p->opts->owner, p->err);
}

static int set_group(struct parser *p, const char *value)
{
	p->opts->has_group = true;
	p->result = OPTIONS_MISUSE;
	return parse_group(value, &p->opts->group, p->err);
}

static int set_name(struct parser *p, const char *value)
{
	p->opts->name = value;
	return parse_ifname(value, true, p->err);
}

static int set_clone(struct parser *p, const char *value)
{
	p->opts->clone = value;
	return 0;
}

static int set_delete(struct parser *p, const char *value)
{
	p->deletes = true;
	p->opts->action = OPTIONS_DELETE;
	return set_name(p, value);
}

static int set_list(struct parser *p, const char *value)
{
	p->lists = true;
	p->opts->action = OPTIONS_LIST;
	return 0;
}

static int set_number(struct parser *p, const char *what, const char *value,
		      uint64_t min, uint64_t max, uint32_t *out)
{
	uint64_t n;

	if (parse_uint(what, value, min, max, &n, p->err))
		return -1;
	*out = (uint32_t)n;
	return 0;
}

static int set_interval(struct parser *p, const char *value)
{
	return set_number(p, "interval", value, 1, WATCH_MAX, &p->opts->watch);
}

static int set_json(struct parser *p, const char *value)
{
	p->opts->json = true;
	return 0;
}

static int set_watch(struct parser *p, const char *value)
{
	p->opts->watch = WATCH_DEFAULT;
	return value ? set_interval(p, value) : 0;
}

static int set_queueing(struct parser *p, const char *value)
{
	if (!strcmp(value, "help")) {
		p->opts->action = OPTIONS_QUEUEING;
		return 0;
	}
	p->opts->has_queueing = true;
	if (!queueing_parse(value, &p->opts->queueing, p->err))
		return 0;
	return err_hint(p->err, "'--queueing help' tells what this kernel "
				"does with each");
}

static int set_vnet_hdr(struct parser *p, const char *value)
{
	p->opts->vnet_hdr = true;
	return 0;
}

static int set_txqueuelen(struct parser *p, const char *value)
{
	return set_number(p, "txqueuelen", value, 1, TXQUEUELEN_MAX,
			  &p->opts->settings.txqueuelen);
}

static int set_rate(struct parser *p, const char *value)
{
	if (parse_rate(value, &p->opts->settings.rate, p->err))
		return -1;
	if (p->opts->settings.rate < RATE_MIN)
		return err_set(p->err, "rate '%.64s' is less than %dbit", value,
			       RATE_MIN);
	return 0;
}

static int set_burst(struct parser *p, const char *value)
{
	uint64_t bytes;

	if (parse_size(value, &bytes, p->err))
		return -1;
	if (bytes > INT32_MAX)
		return err_set(p->err, "burst '%.64s' is more than %d bytes",
			       value, INT32_MAX);
	p->opts->settings.burst = (uint32_t)bytes;
	return 0;
}

static int set_mtu(struct parser *p, const char *value)
{
	return set_number(p, "MTU", value, MTU_MIN, MTU_MAX,
			  &p->opts->settings.mtu);
}

static int set_mac(struct parser *p, const char *value)
{
	p->opts->settings.has_mac = true;
	return parse_mac(value, p->opts->settings.mac, p->err);
}

static int set_address(struct parser *p, const char *value)
{
	struct settings *settings = &p->opts->settings;
	struct ip_prefix *list;

	list = reallocarray(settings->addresses, settings->address_count + 1,
			    sizeof(*list));
	if (!list)
		return err_errno(p->err, "keep address '%s'", value);
	settings->addresses = list;
	if (parse_prefix(value, &list[settings->address_count], p->err))
		return -1;
	settings->address_count++;
	return 0;
}

static int set_master(struct parser *p, const char *value)
{
	p->opts->settings.master = value;
	return parse_ifname(value, false, p->err);
}

static int set_up(struct parser *p, const char *value)
{
	p->opts->settings.up = true;
	return 0;
}

static int set_ensure(struct parser *p, const char *value)
{
	p->opts->ensure = true;
	return 0;
}

static int set_help(struct parser *p, const char *value)
{
	p->opts->action = OPTIONS_HELP;
	return 0;
}

static int set_version(struct parser *p, const char *value)
{
	p->opts->action = OPTIONS_VERSION;
	return 0;
}

/*
 * The options, in the order of the manual page
 * @letter:	its one-letter form, or 0
 * @name:	its long form
 * @arg:	what its value is called, or NULL; in brackets: see operand()
 * @creation:	it is about a device that is made: not with -d, -l
 * @set:	takes it
 * @help:	lines of its description
 */
static const struct option_word {
	char letter;
	const char *name;
	const char *arg;
	bool creation;
	int (*set)(struct parser *p, const char *value);
	const char *help;
} words[] = {
	{ 'b', "brief", NULL, false, set_brief,
	  "print the name of the device alone" },
	{ 'n', "tun", NULL, false, set_tun,
	  "make a tun: IP packets (a name that begins with\n"
	  "tun means this too)" },
	{ 'p', "tap", NULL, false, set_tap,
	  "make a tap: Ethernet frames (the default)" },
	{ 'u', "owner", "OWNER", false, set_owner,
	  "user who may open it (you)" },
	{ 'g', "group", "GROUP", false, set_group,
	  "group that may open it; with -u, only those of the\n"
	  "group that are OWNER" },
	{ 't', "name", "NAME", false, set_name,
	  "name of the device; %d becomes a number (tap%d)" },
	{ 'f', "clone", "FILE", false, set_clone,
	  "clone device (" TUNTAP_CLONE_DEVICE ")" },
	{ 'd', "delete", "NAME", false, set_delete, "delete a device" },
	{ 'l', "list", NULL, false, set_list,
	  "list devices: all, or NAME if one is given" },
	{ 'j', "json", NULL, false, set_json, "list as JSON" },
	{ 0, "watch", "[SECONDS]", false, set_watch,
	  "repeat the list, with rates (2)" },
	{ 'q', "queueing", "MODE", true, set_queueing,
	  "default, one-queue, two-queue, multi-queue or\n"
	  "backpressure; 'help' tells what this kernel does\n"
	  "with each" },
	{ 0, "vnet-hdr", NULL, true, set_vnet_hdr,
	  "frames begin with a virtio network header" },
	{ 0, "txqueuelen", "N", true, set_txqueuelen,
	  "frames that wait for the reader of the device" },
	{ 0, "rate", "RATE", true, set_rate,
	  "slow senders down to RATE (e.g. 50mbit): a tbf\n"
	  "queueing discipline" },
	{ 0, "burst", "SIZE", true, set_burst,
	  "bytes that may go at once with --rate" },
	{ 0, "mtu", "N", true, set_mtu, "largest packet, in bytes" },
	{ 0, "mac", "MAC", true, set_mac, "Ethernet address" },
	{ 0, "address", "ADDR/LEN", true, set_address,
	  "give it an IPv4 or IPv6 address; may be repeated" },
	{ 0, "master", "BRIDGE", true, set_master, "put it into a bridge" },
	{ 0, "up", NULL, true, set_up, "switch it on" },
	{ 0, "ensure", NULL, true, set_ensure,
	  "make it so if it is not; no error if it is" },
	{ 0, "help", NULL, false, set_help, "print this" },
	{ 0, "version", NULL, false, set_version, "print the version" },
};

static void help_word(const struct option_word *word, FILE *out)
{
	const char *line = word->help;
	char letter[] = "-x, ";
	char head[40];
	int len;

	letter[1] = word->letter;
	snprintf(head, sizeof(head), "%s--%s%s%s", word->letter ? letter : "",
		 word->name, word->arg ? " " : "", word->arg ? word->arg : "");
	fprintf(out, "  %-22s ", head);
	for (;;) {
		len = (int)strcspn(line, "\n");
		fprintf(out, "%.*s\n", len, line);
		if (!line[len])
			return;
		line += len + 1;
		fprintf(out, "  %-22s ", "");
	}
}

void options_help(const char *program, FILE *out)
{
	size_t i;

	fprintf(out,
		"Usage: %s [-b] [-n | -p] [-u OWNER] [-g GROUP] [-t NAME] "
		"[OPTION]...\n"
		"       %s -d NAME [-f FILE]\n"
		"       %s -l [NAME] [-j] [--watch [SECONDS]]\n"
		"       %s [OPTION]... -- COMMAND [ARG]...\n"
		"Make, delete and list tun and tap devices, or run "
		"COMMAND with one: in its\narguments {fd} is the open "
		"descriptor and {name} the device.\n\n",
		program, program, program, program);
	for (i = 0; i < COUNT(words); i++)
		help_word(&words[i], out);
}

void options_usage(const char *program, FILE *out)
{
	fprintf(out,
		"Create: %s [-b] [-u owner] [-g group] [-t device-name] "
		"[-f tun-clone-device]\n"
		"Delete: %s -d device-name [-f tun-clone-device]\n\n"
		"The default tun clone device is /dev/net/tun - some "
		"systems use\n/dev/misc/net/tun instead\n\n"
		"-b will result in brief output (just the device name)\n",
		program, program);
}

/** Values of getopt for words without a letter: beyond any letter. */
#define LONG_BASE 256

/* For getopt_long(3); a value in brackets may also stand after a '='. */
static int takes_value(const struct option_word *word)
{
	if (!word->arg)
		return no_argument;
	return word->arg[0] == '[' ? optional_argument : required_argument;
}

/* "-:bnpu:..." and the long words; '-' reports operands in their order. */
static void fill_getopt(struct option longs[COUNT(words) + 1],
			char letters[2 * COUNT(words) + 3])
{
	char *letter = letters;
	size_t i;

	memset(longs, 0, (COUNT(words) + 1) * sizeof(*longs));
	*letter++ = '-';
	*letter++ = ':';
	for (i = 0; i < COUNT(words); i++) {
		longs[i].name = words[i].name;
		longs[i].has_arg = takes_value(&words[i]);
		longs[i].val = LONG_BASE + (int)i;
		if (!words[i].letter)
			continue;
		*letter++ = words[i].letter;
		if (takes_value(&words[i]) == required_argument)
			*letter++ = ':';
	}
	*letter = '\0';
}

static const struct option_word *find_word(int code)
{
	size_t i;

	if (code >= LONG_BASE)
		return &words[code - LONG_BASE];
	for (i = 0; i < COUNT(words); i++) {
		if (words[i].letter && words[i].letter == code)
			return &words[i];
	}
	return NULL;
}

/* getopt(3)'s own words, as the ancestor let it speak. */
static int misuse(struct parser *p, char *argv[], int kind)
{
	const char *word = argv[optind - 1];

	p->result = OPTIONS_MISUSE;
	if (kind == ':' && optopt < LONG_BASE)
		return err_set(p->err,
			       "%s: option requires an argument -- "
			       "'%c'",
			       argv[0], optopt);
	if (kind == ':')
		return err_set(p->err, "%s: option '%s' requires an argument",
			       argv[0], word);
	if (optopt && optopt < LONG_BASE)
		return err_set(p->err, "%s: invalid option -- '%c'", argv[0],
			       optopt);
	if (optopt)
		return err_set(p->err,
			       "%s: option '%s' doesn't allow an "
			       "argument",
			       argv[0], word);
	return err_set(p->err, "%s: unrecognized or ambiguous option '%s'",
		       argv[0], word);
}

/* NAME of -l, or SECONDS of --watch; the ancestor takes nothing else. */
static int operand(struct parser *p, const char *value, bool after_watch)
{
	struct options *opts = p->opts;

	if (after_watch && value[0] >= '0' && value[0] <= '9')
		return set_interval(p, value);
	if (opts->action == OPTIONS_LIST && !opts->name) {
		opts->name = value;
		return parse_ifname(value, false, p->err);
	}
	p->result = OPTIONS_MISUSE;
	return err_set(p->err, "%s", "");
}

static int take(struct parser *p, char *argv[], int code, bool after_watch)
{
	const struct option_word *word = find_word(code);

	p->result = OPTIONS_BAD_VALUE;
	if (code == 1)
		return operand(p, optarg, after_watch);
	if (!word)
		return misuse(p, argv, code);
	if (word->creation)
		p->creation = word->name;
	return word->set(p, optarg);
}

static bool final(enum options_action action)
{
	return action == OPTIONS_HELP || action == OPTIONS_VERSION ||
	       action == OPTIONS_QUEUEING;
}

/* All words up to "--"; what follows that is the command. */
static int parse_words(struct parser *p, int argc, char *argv[])
{
	struct option longs[COUNT(words) + 1];
	char letters[2 * COUNT(words) + 3];
	bool after_watch = false;
	const struct option_word *word;
	int code;

	fill_getopt(longs, letters);
	optind = 0;
	opterr = 0;
	while (!final(p->opts->action) &&
	       (code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (take(p, argv, code, after_watch))
			return -1;
		word = find_word(code);
		after_watch = word && word->set == set_watch;
	}
	if (!final(p->opts->action) && optind > 1 &&
	    !strcmp(argv[optind - 1], "--"))
		p->opts->command = argv + optind;
	return 0;
}

/* What the ancestor had besides -t and -f; it ignored them beside -d. */
static const char *not_for_list(const struct parser *p)
{
	const struct options *opts = p->opts;

	if (p->deletes)
		return "-d";
	if (opts->has_owner)
		return "-u";
	if (opts->has_group)
		return "-g";
	if (opts->has_kind)
		return opts->kind == TUNTAP_TUN ? "-n" : "-p";
	return opts->brief ? "-b" : NULL;
}

static int check_list(const struct parser *p)
{
	const char *word = not_for_list(p);

	if (p->lists && word)
		return err_set(p->err, "%s does not go with -l", word);
	if (p->opts->json && !p->lists)
		return err_set(p->err, "--json goes with -l only");
	if (p->opts->watch && !p->lists)
		return err_set(p->err, "--watch goes with -l only");
	return 0;
}

static int check_ensure(const struct parser *p)
{
	const struct options *opts = p->opts;

	if (!opts->ensure)
		return 0;
	if (opts->command)
		return err_set(p->err, "--ensure is for devices that stay, not "
				       "with a command");
	if (!opts->name)
		return err_set(p->err, "--ensure needs -t NAME");
	if (strchr(opts->name, '%'))
		return err_set(p->err,
			       "--ensure needs the name of one device, "
			       "which '%s' is not",
			       opts->name);
	return 0;
}

/* The ancestor ignores what does not fit together; what is new does not. */
static int check(struct parser *p)
{
	struct options *opts = p->opts;

	p->result = OPTIONS_BAD_VALUE;
	if (p->creation && opts->action != OPTIONS_CREATE)
		return err_set(p->err, "--%s goes with neither -d nor -l",
			       p->creation);
	if (opts->command && opts->action != OPTIONS_CREATE)
		return err_set(p->err, "a command goes with neither -d nor -l");
	if (p->creation && opts->command && !opts->command[0])
		return err_set(p->err, "'--' stands before a command, and "
				       "there is none");
	if (opts->settings.burst && !opts->settings.rate)
		return err_set(p->err, "--burst needs --rate");
	return check_list(p) || check_ensure(p) ? -1 : 0;
}

/* tunctl 1.5: a name says what is wanted, unless -n or -p does. */
static void conclude(struct options *opts)
{
	if (!opts->has_kind && opts->name && !strncmp(opts->name, "tun", 3))
		opts->kind = TUNTAP_TUN;
	if (opts->command && !opts->command[0])
		opts->command = NULL;
	if (opts->command)
		opts->action = OPTIONS_EXEC;
}

enum options_result options_parse(struct options *opts, int argc, char *argv[],
				  struct err *err)
{
	struct parser p = { .opts = opts, .err = err };

	*opts = (struct options){ .action = OPTIONS_CREATE };
	if (parse_words(&p, argc, argv))
		return p.result;
	if (final(opts->action))
		return OPTIONS_OK;
	if (check(&p))
		return p.result;
	conclude(opts);
	return OPTIONS_OK;
}

void options_free(struct options *opts)
{
	free(opts->settings.addresses);
	opts->settings.addresses = NULL;
	opts->settings.address_count = 0;
}

bool settings_any(const struct settings *settings)
{
	return settings->txqueuelen || settings->rate || settings->mtu ||
	       settings->has_mac || settings->address_count ||
	       settings->master || settings->up;
}
