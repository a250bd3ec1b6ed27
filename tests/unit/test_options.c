// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/options: uml_switch's words and ours, with one dash and with two,
 * the order of the ports, and refusals that name what is wrong. Nothing is
 * opened by a command line.
 */
#include <grp.h>

#include "tests/unit/tap.h"
#include "uml_router/options.h"

#define WORDS_MAX 20

/* A parsed command line, whose words can be cut. */
struct line {
	char *text;
	char *argv[WORDS_MAX + 1];
	int argc;
	struct options opts;
	struct err err;
	int rc;
};

/* @text: words with one space between them; '' is an empty word. */
static void parse(struct line *line, const char *text)
{
	static char program[] = "uml_router", empty[] = "";
	char *rest, *word;

	memset(line, 0, sizeof(*line));
	rest = line->text = strdup(text);
	if (!rest)
		tap_bail("strdup");
	line->argv[line->argc++] = program;
	while (*text && (word = strsep(&rest, " ")) && line->argc < WORDS_MAX)
		line->argv[line->argc++] = strcmp(word, "''") ? word : empty;
	line->rc = options_parse(&line->opts, line->argc, line->argv,
				 &line->err);
}

static void done(struct line *line)
{
	options_free(&line->opts);
	if (line->opts.ports || line->opts.port_count)
		ok(false, "something is left");
	free(line->text);
}

/* "TYPE:ADDRESS[+DATA] ..." */
static const char *ports(const struct line *line)
{
	static char text[512];
	unsigned int i;
	size_t len = 0;

	text[0] = '\0';
	for (i = 0; i < line->opts.port_count; i++) {
		const struct port_spec *s = &line->opts.ports[i];

		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "%s%s:%s%s%s",
			i ? " " : "", s->backend->type, s->address,
			s->data ? "+" : "", s->data ? s->data : "");
	}
	return text;
}

static void ports_are(const char *words, const char *want)
{
	struct line line;

	parse(&line, words);
	ok(line.rc == 0 && !strcmp(ports(&line), want), "'%s': %s", words,
	   line.rc ? line.err.text : ports(&line));
	done(&line);
}

static void test_ports(void)
{
	ports_are("", "uml:/tmp/uml.ctl");
	ports_are("-unix /a", "uml:/a");
	ports_are("--unix /a", "uml:/a");
	ports_are("-unix=/a", "uml:/a");
	ports_are("--unix=/a", "uml:/a");
	ports_are("-tap t", "uml:/tmp/uml.ctl tap:t");
	ports_are("-tap t -unix /a", "uml:/a tap:t");
	ports_are("-tap t -tap u -unix /a -tap v", "uml:/a tap:t tap:u tap:v");
	ports_are("-hub -tap t", "uml:/tmp/uml.ctl tap:t");
	ports_are("--port tap:t", "tap:t");
	ports_are("-port tap:t", "tap:t");
	ports_are("--port uml:/b --port tap:t -unix /a", "uml:/a uml:/b tap:t");
	ports_are("-tap t --port seqpacket:/s", "tap:t seqpacket:/s");
	ports_are("--port fd:3,queue=7 -tap t", "fd:3 tap:t");
}

static void test_compat_v0(void)
{
	ports_are("-compat-v0", "uml:/tmp/uml.ctl+/tmp/uml.data");
	ports_are("-compat-v0 -unix /a", "uml:/a+/tmp/uml.data");
	ports_are("-unix /a -compat-v0", "uml:/a+/tmp/uml.data");
	ports_are("-unix /a /d -compat-v0", "uml:/a+/d");
	ports_are("--compat-v0 -unix /a /d", "uml:/a+/d");
	ports_are("-compat-v0 -unix /a /d -tap t", "uml:/a+/d tap:t");
	ports_are("--port tap:t -compat-v0 -unix /a", "uml:/a+/tmp/uml.data "
						      "tap:t");
}

static void test_specs(void)
{
	struct line line;

	parse(&line, "--port tap:t,queue=9,policy=block,name=up -tap u");
	ok(!line.rc && line.opts.port_count == 2 &&
		   line.opts.ports[0].conf.queue == 9 &&
		   line.opts.ports[0].conf.policy == POLICY_BLOCK &&
		   !strcmp(line.opts.ports[0].name, "up"),
	   "a SPEC's keys");
	ok(line.opts.ports[1].conf.queue == PORT_DEFAULT_QUEUE &&
		   line.opts.ports[1].conf.policy == POLICY_DROP &&
		   !line.opts.ports[1].name[0],
	   "are its own");
	done(&line);
}

static void test_values(void)
{
	struct line line;

	parse(&line, "");
	ok(!line.opts.sw.hub && line.opts.sw.fdb_size == 65536 &&
		   line.opts.sw.ageing == 300 &&
		   line.opts.sw.max_ports == 4096 && !line.opts.spin_us &&
		   !line.opts.control && !line.opts.pidfile &&
		   !line.opts.user && !line.opts.daemon && !line.opts.verbose &&
		   line.opts.perm.mode == (mode_t)-1 &&
		   line.opts.perm.gid == (gid_t)-1 &&
		   line.opts.action == OPTIONS_RUN,
	   "defaults");
	is_str(line.opts.program, "uml_router", "the program's name");
	done(&line);
	parse(&line, "-hub -daemon --control /c --pidfile /p --user nobody "
		     "--mode 0660 --group 0 --ageing 7 --spin 1000");
	ok(!line.rc && line.opts.sw.hub && line.opts.daemon &&
		   line.opts.sw.ageing == 7 && line.opts.spin_us == 1000,
	   "values");
	is_str(line.opts.control, "/c", "control");
	is_str(line.opts.pidfile, "/p", "pidfile");
	is_str(line.opts.user, "nobody", "user");
	ok(line.opts.perm.mode == 0660 && line.opts.perm.gid == 0 &&
		   line.opts.ports[0].perm.mode == 0660 &&
		   line.opts.ports[0].perm.gid == 0,
	   "permissions, of the ports too");
	done(&line);
	parse(&line, "--port uml:/s --mode 0600 --fdb-size 16777216 "
		     "--max-ports 65536 --verbose");
	ok(!line.rc && line.opts.ports[0].perm.mode == 0600 &&
		   line.opts.sw.fdb_size == 1 << 24 &&
		   line.opts.sw.max_ports == 65536 && line.opts.verbose,
	   "permissions of ports before them; the largest numbers");
	done(&line);
}

static void test_actions(void)
{
	static const struct {
		const char *words;
		enum options_action action;
	} cases[] = {
		{ "--help", OPTIONS_HELP },
		{ "-help", OPTIONS_HELP },
		{ "--version", OPTIONS_VERSION },
		{ "-tap t --version", OPTIONS_VERSION },
		{ "--help nonsense", OPTIONS_HELP },
	};
	struct line line;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		parse(&line, cases[i].words);
		ok(!line.rc && line.opts.action == cases[i].action, "'%s'",
		   cases[i].words);
		done(&line);
	}
}

/* --- refusals ------------------------------------------------------------ */

static void refused(const char *words, const char *why)
{
	struct line line;

	parse(&line, words);
	ok(line.rc == -1 && strstr(line.err.text, why), "'%s': %s", words,
	   line.rc ? line.err.text : "taken");
	done(&line);
}

static void test_refusals(void)
{
	refused("-unix /a /d", "data socket '/d' needs -compat-v0");
	refused("-unix /a /d -tap t", "'/d' needs -compat-v0");
	refused("-unix /a /d /e -compat-v0", "'/e' is no option");
	refused("-compat-v0 /d", "'/d' is no option");
	refused("-tap t /d -unix /a -compat-v0", "'/d' is no option");
	refused("/a", "'/a' is no option");
	refused("-- /a", "'/a' is no option");
	refused("''", "'' is no option");
	refused("-", "'-' is no option");
	refused("-unix /a -unix /b", "-unix is given twice");
	refused("-compat-v0 --port tap:t", "-compat-v0 needs -unix");
	refused("-unix", "'-unix' needs a value");
	refused("-tap t --port", "'--port' needs a value");
	refused("-tap", "'-tap' needs a value");
	refused("-frobnicate", "unknown or ambiguous option '-frobnicate'");
	refused("-tap t --frob=1 -hub", "'--frob=1'");
	refused("-u /a", "'-u'");
	refused("-x", "'-x'");
	refused("-tap t -:x", "'-:x'");
	refused("-:", "'-:'");
	refused("-hub=1", "'-hub=1'");
	refused("--port tap", "port 'tap' has no ':'");
	refused("--port nil:x", "'nil'");
	refused("--port ''", "port ''");
	refused("-tap t --port tap:u,queue=0", "'0'");
	refused("--mode 0888", "mode '0888'");
	refused("--mode 1777", "mode '1777'");
	refused("--mode ''", "mode ''");
	refused("--group no-such-group-here", "'no-such-group-here'");
	refused("--ageing 0", "ageing '0' is not a number from 1 to 1000000");
	refused("--ageing 1000001", "ageing '1000001'");
	refused("--ageing -1", "ageing '-1'");
	refused("--spin 1001", "spin '1001' is not a number from 0 to 1000");
	refused("--fdb-size 0", "fdb-size '0'");
	refused("--fdb-size 16777217", "from 1 to 16777216");
	refused("--max-ports 0", "max-ports '0'");
	refused("--max-ports 65537", "from 1 to 65536");
}

/* --- what is printed ----------------------------------------------------- */

static char *printed(const struct options *opts)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		tap_bail("open_memstream");
	if (opts)
		options_startup_line(opts, out);
	else
		options_help("uml_router", out);
	fclose(out);
	return text;
}

static void startup_is(const char *words, const char *want)
{
	struct line line;
	char *text;

	parse(&line, words);
	text = printed(&line.opts);
	is_str(text, want, "'%s'", words);
	free(text);
	done(&line);
}

/* Scripts look for uml_switch's line. */
static void test_startup_line(void)
{
	startup_is("", "uml_router attached to unix socket '/tmp/uml.ctl'\n");
	startup_is("-unix /a -tap tap0",
		   "uml_router attached to unix socket '/a' tap device "
		   "'tap0'\n");
	startup_is("-hub", "uml_router will be a hub instead of a switch\n"
			   "uml_router attached to unix socket "
			   "'/tmp/uml.ctl'\n");
	startup_is("-compat-v0 -unix /a /d",
		   "uml_router attached to unix sockets '/a' and '/d'\n");
	startup_is("--port seqpacket:/s --port fd:5",
		   "uml_router attached to seqpacket '/s' fd '5'\n");
}

static void test_help(void)
{
	static const char words[] =
		"--unix --tap --hub --compat-v0 --daemon --port --control "
		"--pidfile --user --mode --group --ageing --fdb-size "
		"--max-ports --spin --verbose --help --version queue= policy= "
		"queueing= queues= txqueuelen= offload= seqpacket: "
		"fd:";
	char *text = printed(NULL), *line, *rest;
	char *list = strdup(words), *word;
	unsigned int missing = 0, wide = 0;

	for (rest = list; (word = strsep(&rest, " "));)
		missing += !strstr(text, word);
	free(list);
	is_int(missing, 0, "words that the help does not know");
	ok(!strncmp(text, "Usage: uml_router ", 18),
	   "it begins with the usage");
	/* The usage is as long as the program's name. */
	for (rest = text; (line = strsep(&rest, "\n"));)
		wide += strlen(line) > 79 && !strstr(line, "uml_router [");
	is_int(wide, 0, "lines wider than a terminal");
	free(text);
}

int main(void)
{
	int fds = tap_open_fds();

	alarm(60);
	test_ports();
	test_compat_v0();
	test_specs();
	test_values();
	test_actions();
	test_refusals();
	test_startup_line();
	test_help();
	is_int(tap_open_fds(), fds, "nothing was opened");
	return tap_done();
}
