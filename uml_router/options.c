// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line of uml_router: one table gives both the parser and --help.
 *
 * uml_switch had words with a single dash (-unix, -tap, -hub); all words are
 * taken with one dash or two.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the parser keeps besides the result. */
struct parser {
	struct options *opts;
	const char *unix_path;
	const char *data_path;
	bool any_port;
	bool compat_v0;
	struct err *err;
};

static int add_port(struct parser *p, const struct port_spec *spec)
{
	struct options *opts = p->opts;
	size_t size = (opts->port_count + 1) * sizeof(*opts->ports);
	struct port_spec *ports = realloc(opts->ports, size);

	if (!ports)
		return err_errno(p->err, "cannot allocate ports");
	opts->ports = ports;
	ports[opts->port_count++] = *spec;
	return 0;
}

static int set_unix(struct parser *p, char *value)
{
	if (p->unix_path)
		return err_set(p->err, "-unix is given twice");
	p->unix_path = value;
	return 0;
}

/* DATA of "-unix CONTROL DATA"; anything else that is no option is wrong. */
static int set_positional(struct parser *p, char *value, bool after_unix)
{
	if (!after_unix || p->data_path)
		return err_set(p->err, "'%s' is no option", value);
	p->data_path = value;
	return 0;
}

static int set_tap(struct parser *p, char *value)
{
	struct port_spec spec = { 0 };

	spec_init(&spec, &backend_tap, value);
	return parse_ifname(value, false, p->err) < 0 ? -1 : add_port(p, &spec);
}

static int set_hub(struct parser *p, char *value)
{
	p->opts->sw.hub = true;
	return 0;
}

static int set_compat_v0(struct parser *p, char *value)
{
	p->compat_v0 = true;
	return 0;
}

static int set_daemon(struct parser *p, char *value)
{
	p->opts->daemon = true;
	return 0;
}

static int set_port(struct parser *p, char *value)
{
	struct port_spec spec = { .text = strdup(value) };

	p->any_port = true;
	if (!spec.text)
		return err_errno(p->err, "port '%s'", value);
	if (spec_parse(spec.text, &spec, p->err) == 0 &&
	    add_port(p, &spec) == 0)
		return 0;
	free(spec.text);
	return -1;
}

static int set_control(struct parser *p, char *value)
{
	p->opts->control = value;
	return 0;
}

static int set_pidfile(struct parser *p, char *value)
{
	p->opts->pidfile = value;
	return 0;
}

static int set_user(struct parser *p, char *value)
{
	p->opts->user = value;
	return 0;
}

static int set_mode(struct parser *p, char *value)
{
	return parse_mode(value, &p->opts->perm.mode, p->err);
}

static int set_group(struct parser *p, char *value)
{
	return parse_group(value, &p->opts->perm.gid, p->err);
}

static int set_number(struct parser *p, const char *what, const char *value,
		      uint64_t max, uint32_t *out)
{
	uint64_t n;

	if (parse_uint(what, value, 1, max, &n, p->err) < 0)
		return -1;
	*out = (uint32_t)n;
	return 0;
}

static int set_ageing(struct parser *p, char *value)
{
	return set_number(p, "ageing", value, 1000000, &p->opts->sw.ageing);
}

static int set_fdb_size(struct parser *p, char *value)
{
	return set_number(p, "fdb-size", value, 1 << 24, &p->opts->sw.fdb_size);
}

static int set_spin(struct parser *p, char *value)
{
	uint64_t n;

	if (parse_uint("spin", value, 0, 1000, &n, p->err) < 0)
		return -1;
	p->opts->spin_us = (uint32_t)n;
	return 0;
}

static int set_max_ports(struct parser *p, char *value)
{
	return set_number(p, "max-ports", value, 65536, &p->opts->sw.max_ports);
}

static int set_workers(struct parser *p, char *value)
{
	return set_number(p, "workers", value, WORKERS_MAX,
			  &p->opts->sw.workers);
}

static int set_verbose(struct parser *p, char *value)
{
	p->opts->verbose = true;
	return 0;
}

static int set_help(struct parser *p, char *value)
{
	p->opts->action = OPTIONS_HELP;
	return 0;
}

static int set_version(struct parser *p, char *value)
{
	p->opts->action = OPTIONS_VERSION;
	return 0;
}

static const struct option_word {
	const char *name;
	char letter;
	const char *arg;
	int (*set)(struct parser *p, char *value);
	const char *help;
} words[] = {
	{ "unix", 0, "CONTROL [DATA]", set_unix,
	  "listen for UML's daemon transport on CONTROL\n"
	  "(default " OPTIONS_DEFAULT_UNIX ", unless there is a --port);\n"
	  "DATA is the data socket of -compat-v0" },
	{ "tap", 0, "DEV", set_tap,
	  "plug in a tap device; may be given several times" },
	{ "hub", 0, NULL, set_hub, "send every frame to all other ports" },
	{ "compat-v0", 0, NULL, set_compat_v0,
	  "take clients of protocol version 0 as well" },
	{ "daemon", 0, NULL, set_daemon,
	  "run in the background, log to syslog" },
	{ "port", 0, "SPEC", set_port,
	  "plug in a port: TYPE:ADDRESS[,key=value]...\n"
	  "  tap:DEV           a tap device\n"
	  "  uml:SOCKET        UML eth0=daemon\n"
	  "  vde:FOLDER        QEMU -netdev vde, vde_plug, UML\n"
	  "  seqpacket:SOCKET  UML vec0:transport=bess\n"
	  "  stream:SOCKET     QEMU -netdev stream\n"
	  "  stream:connect=SOCKET       the same; passt\n"
	  "  dgram:SOCKET,remote=SOCKET  QEMU -netdev dgram\n"
	  "  mcast:ADDR:PORT   UML eth0=mcast, QEMU mcast=\n"
	  "  vhost-user:SOCKET QEMU vhost-user, UML virtio_uml\n"
	  "  fd:NUMBER         an open tap or connected socket\n"
	  "keys: queue=FRAMES (256), policy=drop|block (drop),\n"
	  "name=NAME, worker=N (0);\n"
	  "of a tap also queueing=MODE, queues=N,\n"
	  "txqueuelen=N, offload=on|off (on);\n"
	  "of a folder also dirmode=MODE;\n"
	  "of connect= and dgram also reconnect=SECONDS (5);\n"
	  "of mcast also ttl=N (1), interface=DEV;\n"
	  "rules: vlan=VID, trunk=VID+VID-VID|all, native=VID,\n"
	  "isolated, maxmac=N, mac=MAC+MAC, broadcast-limit=N,\n"
	  "loss=PERCENT, delay=TIME+-TIME, rate=RATE, down, up" },
	{ "control", 0, "PATH", set_control,
	  "management socket, for uml_routerctl" },
	{ "pidfile", 0, "FILE", set_pidfile, "write the process id to FILE" },
	{ "user", 0, "USER", set_user, "become USER when all ports are open" },
	{ "mode", 0, "MODE", set_mode,
	  "octal mode of the sockets (by the umask)" },
	{ "group", 0, "GROUP", set_group,
	  "group of the sockets; --mode 660 lets it in" },
	{ "ageing", 0, "SECONDS", set_ageing,
	  "forget an address not seen for so long (300)" },
	{ "fdb-size", 0, "N", set_fdb_size, "most addresses (65536)" },
	{ "max-ports", 0, "N", set_max_ports, "most ports (4096)" },
	{ "workers", 0, "N", set_workers,
	  "threads; worker= says whose a port is (1)" },
	{ "spin", 0, "MICROSECONDS", set_spin,
	  "look for work for so long before a sleep (0)" },
	{ "verbose", 'v', NULL, set_verbose, "log more" },
	{ "help", 'h', NULL, set_help, "print this" },
	{ "version", 'V', NULL, set_version, "print the version" },
};

static void help_word(const struct option_word *word, FILE *out)
{
	const char *line = word->help;
	char head[40], letter[] = "-?, ";

	letter[1] = word->letter;
	snprintf(head, sizeof(head), "%s--%s%s%s", word->letter ? letter : "",
		 word->name, word->arg ? " " : "", word->arg ? word->arg : "");
	fprintf(out, "  %-23s ", head);
	for (;;) {
		int len = (int)strcspn(line, "\n");

		fprintf(out, "%.*s\n", len, line);
		if (!line[len])
			return;
		line += len + 1;
		fprintf(out, "  %-23s ", "");
	}
}

void options_usage(const char *program, FILE *out)
{
	fprintf(out,
		"Usage: %s [-unix CONTROL [DATA]] [-tap DEV]... [-hub] "
		"[-compat-v0] [-daemon]\n"
		"       %s [--port SPEC]... [--control PATH] [OPTION]...\n"
		"       %s --help\n",
		program, program, program);
}

void options_help(const char *program, FILE *out)
{
	size_t i;

	options_usage(program, out);
	fprintf(out, "Ethernet switch for User Mode Linux and other virtual "
		     "machines.\n\n");
	for (i = 0; i < COUNT(words); i++)
		help_word(&words[i], out);
}

static void fill_getopt(struct option longs[COUNT(words) + 1])
{
	size_t i;

	memset(longs, 0, (COUNT(words) + 1) * sizeof(*longs));
	for (i = 0; i < COUNT(words); i++) {
		longs[i].name = words[i].name;
		longs[i].has_arg = words[i].arg ? required_argument
						: no_argument;
		longs[i].val = 256 + (int)i;
	}
}

/* The word behind what getopt returns; NULL: it did not like it. A long word
 * is not meant by a single letter. */
static const struct option_word *find_word(int c, const char *text)
{
	size_t i;

	if (c >= 256)
		return text[0] == '-' && strlen(text) == 2 ? NULL
							   : &words[c - 256];
	for (i = 0; i < COUNT(words); i++)
		if (words[i].letter && words[i].letter == c)
			return &words[i];
	return NULL;
}

/* The word that getopt did not like. */
static int misuse(struct parser *p, const char *word, int kind)
{
	if (kind == ':')
		return err_set(p->err, "option '%s' needs a value", word);
	return err_set(p->err, "unknown or ambiguous option '%s'", word);
}

static int parse_words(struct parser *p, int argc, char *argv[])
{
	struct option longs[COUNT(words) + 1];
	const struct option_word *word = NULL;
	bool after_unix = false;
	int c, at, failed = 0;

	fill_getopt(longs);
	optind = 0;
	opterr = 0;
	while (!failed && p->opts->action == OPTIONS_RUN) {
		at = optind ? optind : 1;
		c = getopt_long_only(argc, argv, "-:vhV", longs, NULL);
		if (c == -1)
			break;
		word = find_word(c, argv[at]);
		if (word)
			failed = word->set(p, optarg);
		else if (c == 1)
			failed = set_positional(p, optarg, after_unix);
		else
			failed = misuse(p, argv[at], c);
		after_unix = word && word->set == set_unix;
	}
	if (!failed && p->opts->action == OPTIONS_RUN && optind < argc)
		failed = set_positional(p, argv[optind], false);
	return failed;
}

/* The listener of -unix, or of uml_switch's default, comes first. */
static int add_unix(struct parser *p)
{
	struct options *opts = p->opts;
	struct port_spec spec = { 0 };

	if (!p->unix_path && p->any_port)
		return p->compat_v0 ? err_set(p->err, "-compat-v0 needs -unix")
				    : 0;
	spec_init(&spec, &backend_uml,
		  p->unix_path ? p->unix_path : OPTIONS_DEFAULT_UNIX);
	if (p->compat_v0)
		spec.data = p->data_path ? p->data_path : OPTIONS_DEFAULT_DATA;
	else if (p->data_path)
		return err_set(p->err, "data socket '%s' needs -compat-v0",
			       p->data_path);
	if (add_port(p, &spec) < 0)
		return -1;
	memmove(opts->ports + 1, opts->ports,
		(opts->port_count - 1) * sizeof(*opts->ports));
	opts->ports[0] = spec;
	return 0;
}

int options_parse(struct options *opts, int argc, char *argv[], struct err *err)
{
	struct parser p = { .opts = opts, .err = err };
	unsigned int i;

	*opts = (struct options){
		.program = argv[0],
		.sw = SW_CONF_DEFAULT,
		.perm = UNIXSOCK_PERM_DEFAULT,
	};
	if (parse_words(&p, argc, argv) < 0)
		return -1;
	if (opts->action != OPTIONS_RUN)
		return 0;
	if (add_unix(&p) < 0)
		return -1;
	for (i = 0; i < opts->port_count; i++) {
		opts->ports[i].perm = opts->perm;
		opts->ports[i].user = opts->user;
	}
	return 0;
}

void options_free(struct options *opts)
{
	unsigned int i;

	for (i = 0; i < opts->port_count; i++)
		free(opts->ports[i].text);
	free(opts->ports);
	opts->ports = NULL;
	opts->port_count = 0;
}

static void attached_to(const struct port_spec *spec, FILE *out)
{
	if (spec->data)
		fprintf(out, " unix sockets '%s' and '%s'", spec->address,
			spec->data);
	else if (spec->backend == &backend_uml)
		fprintf(out, " unix socket '%s'", spec->address);
	else if (spec->backend == &backend_tap)
		fprintf(out, " tap device '%s'", spec->address);
	else
		fprintf(out, " %s '%s%s'", spec->backend->type,
			spec->backend->prefix ? spec->backend->prefix : "",
			spec->address);
}

void options_startup_line(const struct options *opts, FILE *out)
{
	unsigned int i;

	if (opts->sw.hub)
		fprintf(out, "%s will be a hub instead of a switch\n",
			opts->program);
	fprintf(out, "%s attached to", opts->program);
	for (i = 0; i < opts->port_count; i++)
		attached_to(&opts->ports[i], out);
	fprintf(out, "\n");
}
