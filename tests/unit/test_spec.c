// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/spec: SPEC with all its keys, and refusals that name the value
 * and what could be said instead. Each text lies in a block of its size.
 */
#include "tests/unit/tap.h"
#include "uml_router/backend.h"

/* A parsed text; the spec refers to it. */
struct parsed {
	char *text;
	struct port_spec spec;
	struct err err;
	int rc;
};

static struct parsed parse(const char *text)
{
	struct parsed p = { .text = strdup(text) };

	if (!p.text)
		tap_bail("strdup");
	p.spec.perm = (struct unixsock_perm){ 0640, 7 };
	p.rc = spec_parse(p.text, &p.spec, &p.err);
	return p;
}

static void test_types(void)
{
	static const struct {
		const char *text;
		const struct backend *backend;
		const char *address;
	} cases[] = {
		{ "tap:tap0", &backend_tap, "tap0" },
		{ "uml:/run/uml.ctl", &backend_uml, "/run/uml.ctl" },
		{ "vde:/run/lab", &backend_vde, "/run/lab" },
		{ "seqpacket:@abstract", &backend_seqpacket, "@abstract" },
		{ "fd:3", &backend_fd, "3" },
		/* Only the first colon counts. */
		{ "uml:/run/a:b", &backend_uml, "/run/a:b" },
		{ "uml::", &backend_uml, ":" },
		{ "stream:/run/s", &backend_stream, "/run/s" },
		{ "stream:connect=/run/s", &backend_stream_connect, "/run/s" },
		{ "stream:connect", &backend_stream, "connect" },
		{ "uml:connect=/run/s", &backend_uml, "connect=/run/s" },
		{ "dgram:/a,remote=/b", &backend_dgram, "/a" },
		{ "mcast:239.1.1.1:4000", &backend_mcast, "239.1.1.1:4000" },
		/* Nor does an equals sign in an address. */
		{ "uml:/run/a=b", &backend_uml, "/run/a=b" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parsed p = parse(cases[i].text);

		ok(!p.rc && p.spec.backend == cases[i].backend &&
			   !strcmp(p.spec.address, cases[i].address),
		   "'%s'", cases[i].text);
		free(p.text);
	}
}

static void test_defaults(void)
{
	struct parsed p = parse("tap:tap0");

	ok(p.spec.conf.queue == PORT_DEFAULT_QUEUE &&
		   p.spec.conf.policy == POLICY_DROP && !p.spec.name[0] &&
		   p.spec.queueing == QUEUEING_DEFAULT && !p.spec.txqueuelen &&
		   p.spec.queues == 1 && p.spec.offload && !p.spec.data,
	   "defaults");
	ok(p.spec.perm.mode == 0640 && p.spec.perm.gid == 7,
	   "permissions are left alone");
	free(p.text);
}

static void test_keys(void)
{
	struct parsed p = parse("tap:tap0,queue=17,policy=block,name=up-link.1,"
				"queueing=multi-queue,txqueuelen=1000000,"
				"queues=256,offload=off");

	is_int(p.rc, 0, "all keys of a tap");
	ok(p.spec.conf.queue == 17 && p.spec.conf.policy == POLICY_BLOCK &&
		   p.spec.queueing == QUEUEING_MULTI_QUEUE &&
		   p.spec.txqueuelen == 1000000 && p.spec.queues == 256 &&
		   !p.spec.offload,
	   "are all there");
	is_str(p.spec.name, "up-link.1", "the name");
	is_str(p.spec.address, "tap0", "the address without them");
	free(p.text);
	p = parse("uml:/s,policy=drop,queue=65536");
	ok(!p.rc && p.spec.conf.policy == POLICY_DROP &&
		   p.spec.conf.queue == 65536,
	   "in any order");
	free(p.text);
	p = parse("tap:t,queueing=backpressure,rate=auto");
	ok(!p.rc && p.spec.conf.rules.link.rate == RATE_AUTO,
	   "a rate that follows");
	free(p.text);
	p = parse("fd:0,queue=1");
	ok(!p.rc && p.spec.conf.queue == 1, "the shortest queue");
	free(p.text);
	p = parse("vde:/run/lab,dirmode=0750,name=lab");
	ok(!p.rc && p.spec.dirmode == 0750, "the mode of a folder");
	free(p.text);
	p = parse("vde:/run/lab");
	ok(!p.rc && p.spec.dirmode == (mode_t)-1, "no mode of a folder");
	free(p.text);
	p = parse("dgram:/a,remote=@b,reconnect=3600");
	ok(!p.rc && !strcmp(p.spec.remote, "@b") && p.spec.reconnect == 3600000,
	   "keys of a datagram socket");
	free(p.text);
	p = parse(
		"stream:connect=/s,reconnect=100ms,name=a-name-of-28-characters-here");
	ok(!p.rc && p.spec.reconnect == 100 && strlen(p.spec.name) == 28,
	   "keys of a stream that is connected to");
	free(p.text);
	p = parse("stream:connect=/s");
	ok(!p.rc && p.spec.reconnect == BACKEND_RECONNECT_MS, "its default");
	free(p.text);
	p = parse("mcast:239.1.1.1:4000,ttl=0,interface=eth0");
	ok(!p.rc && p.spec.ttl == 0 && !strcmp(p.spec.interface, "eth0"),
	   "keys of a group");
	free(p.text);
	p = parse("mcast:239.1.1.1:4000");
	ok(!p.rc && p.spec.ttl == 1 && !p.spec.interface, "its defaults");
	free(p.text);
}

/* What the keys mean is test_rules.c's. */
static void test_rules(void)
{
	struct parsed p = parse("uml:/s,trunk=10+20-30,queue=7,native=5,"
				"isolated,maxmac=3,name=x");

	ok(!p.rc && p.spec.conf.rules.native == 5 &&
		   p.spec.conf.rules.vlan.untagged == 5 &&
		   vlan_member(&p.spec.conf.rules.vlan, 25) &&
		   p.spec.conf.rules.isolated &&
		   p.spec.conf.rules.maxmac == 3 && p.spec.conf.queue == 7,
	   "rules among other keys, in any order");
	free(p.text);
	p = parse("tap:t,vlan=10,down");
	ok(!p.rc && p.spec.conf.rules.access == 10 && p.spec.conf.rules.down,
	   "a rule at the end, without a value");
	free(p.text);
}

static void test_names(void)
{
	struct parsed p;

	p = parse("tap:tap0,name=a234567890123456789012345678901");
	is_str(p.spec.name, "a234567890123456789012345678901",
	       "31 characters for a port");
	free(p.text);
	p = parse("uml:/s,name=a2345678901234567890");
	is_str(p.spec.name, "a2345678901234567890",
	       "20 for what gets a number behind it");
	free(p.text);
	p = parse("fd:9,name=Aa_0.-");
	is_str(p.spec.name, "Aa_0.-", "all kinds of character");
	free(p.text);
}

/* Refused, with all of these words. */
static void refused(const char *text, const char *value, const char *reason,
		    const char *remedy)
{
	struct parsed p = parse(text);
	bool good = p.rc == -1 && strstr(p.err.text, value) &&
		    strstr(p.err.text, reason) && strstr(p.err.text, remedy);
	char *at;

	/* A result is one line. */
	while ((at = strchr(p.err.text, '\n')))
		*at = '?';
	ok(good, "%.40s: %s", strchr(text, '\n') ? "a newline" : text,
	   p.err.text);
	free(p.text);
}

static void test_bad_shapes(void)
{
	refused("", "''", "no ':'", "TYPE:ADDRESS");
	refused("tap0", "'tap0'", "no ':'", "TYPE:ADDRESS[,key=value]...");
	refused(":tap0", "''", "no port type", "types: tap, uml");
	refused("tpa:tap0", "'tpa'", "no port type",
		"types: tap, uml, vde, seqpacket, stream, dgram, mcast, "
		"vhost-user, fd");
	refused("TAP:tap0", "'TAP'", "no port type", "types: ");
	refused("tap:", "tap", "no address", "");
	refused("tap:,queue=4", "tap", "no address", "");
	refused("tap:t,queue", "'queue'", "not of the form", "key=value");
	refused("tap:t,", "''", "not of the form", "key=value");
	refused("tap:t,,queue=4", "''", "not of the form", "key=value");
	refused("tap:t,=4", "''", "no key", "keys: name, queue, policy");
	refused("tap:t,queus=4", "'queus'", "no key",
		"keys: name, queue, policy, worker, vlan, ");
}

static void test_bad_values(void)
{
	refused("tap:t,rate=fast", "'fast'", "rate", "");
	refused("tap:t,queues=0", "'0'", "queues", "1 to 256");
	refused("tap:t,queues=257", "'257'", "queues", "1 to 256");
	refused("tap:t,offload=half", "'half'", "offload", "on");
	refused("uml:/s,offload=on", "'offload'", "type uml", "keys:");
	refused("uml:/s,colour=red", "'colour'", "no key",
		"keys: name, queue, policy, worker, vlan, ");
	refused("tap:t,queue=0", "'0'", "queue", "1 to 65536");
	refused("tap:t,queue=65537", "'65537'", "queue", "1 to 65536");
	refused("tap:t,queue=-1", "'-1'", "queue", "1 to 65536");
	refused("tap:t,queue=", "''", "queue", "1 to 65536");
	refused("tap:t,queue= 5", "' 5'", "queue", "1 to 65536");
	refused("tap:t,queue=4k", "'4k'", "queue", "1 to 65536");
	refused("tap:t,queue=4294967297", "'4294967297'", "queue", "65536");
	refused("tap:t,policy=", "''", "policy", "drop nor block");
	refused("tap:t,policy=Block", "'Block'", "policy", "drop nor block");
	refused("tap:t,policy=block=", "'block='", "policy", "drop nor block");
	refused("tap:t,queueing=x", "'x'", "queueing mode",
		"default, one-queue, two-queue, multi-queue, backpressure");
	refused("tap:t,txqueuelen=0", "'0'", "txqueuelen", "1 to 1000000");
	refused("tap:t,txqueuelen=1000001", "'1000001'", "txqueuelen",
		"1 to 1000000");
}

static void test_bad_names(void)
{
	refused("tap:t,name=", "''", "name", "letters, digits");
	refused("tap:t,name=a b", "'a b'", "name", "letters, digits");
	refused("tap:t,name=a/b", "'a/b'", "name", "'.', '_' and '-'");
	refused("tap:t,name=a\nb", "'a\nb'", "name", "letters");
	refused("tap:t,name=\xc3\xa4", "'\xc3\xa4'", "name", "letters");
	refused("tap:t,name=a2345678901234567890123456789012",
		"'a2345678901234567890123456789012'", "longer than", "31");
	refused("uml:/s,name=a23456789012345678901", "'a23456789012345678901'",
		"longer than", "20");
}

static void test_keys_of_other_types(void)
{
	refused("uml:/s,queueing=default", "'queueing'", "type uml",
		"keys: name, queue, policy, worker, vlan, ");
	refused("uml:/s,dirmode=700", "'dirmode'", "type uml",
		"keys: name, queue, policy, worker, vlan, ");
	refused("tap:t,dirmode=700", "'dirmode'", "type tap",
		"keys: name, queue, policy, worker, vlan, ");
	refused("vde:/d,queueing=default", "'queueing'", "type vde",
		"keys: name, queue, policy, worker, vlan, ");
	refused("vde:/d,dirmode=0790", "'0790'", "mode", "octal");
	refused("vde:/d,dirmode=1777", "'1777'", "mode", "0777");
	refused("vde:/d,dirmode=", "''", "mode", "octal");
	refused("fd:3,txqueuelen=10", "'txqueuelen'", "type fd",
		"keys: name, queue, policy, worker, vlan, ");
	refused("stream:/s,reconnect=1", "'reconnect'", "type stream",
		"keys: name, queue, policy, worker, vlan, ");
	refused("stream:connect=", "stream", "no address", "");
	refused("stream:connect=/s,reconnect=0", "'0'", "seconds", "1 to 3600");
	refused("stream:connect=/s,reconnect=3601", "'3601'", "seconds",
		"1 to 3600");
	refused("stream:connect=/s,reconnect=99ms", "'99'", "milliseconds",
		"100 to 3600000");
	refused("stream:connect=/s,reconnect=1m", "'1m'", "seconds", "");
	refused("stream:connect=/s,reconnect=", "''", "seconds", "");
	refused("dgram:/s,remote=", "socket name", "empty", "");
	refused("dgram:/s,ttl=1", "'ttl'", "type dgram",
		"keys: name, queue, policy, worker, vlan, ");
	refused("mcast:239.1.1.1:4000,ttl=256", "'256'", "ttl", "0 to 255");
	refused("mcast:239.1.1.1:4000,interface=a/b", "'a/b'", "", "");
	refused("tap:t,vlan", "'vlan'", "not of the form", "key=value");
	refused("tap:t,vlan=0", "'0'", "vlan", "1 to 4094");
	refused("tap:t,vlan=5,trunk=6", "vlan=", "exclude", "native=");
	refused("tap:t,native=6", "native=", "trunk=", "");
	refused("tap:t,trunk=5,6", "'6'", "not of the form", "");
}

/* What is wrong may be as long as it likes. */
static void test_long_refusals(void)
{
	char text[3000];
	struct parsed p;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	p = parse(text);
	ok(p.rc == -1 && strlen(p.err.text) < ERR_TEXT_MAX, "a long type");
	free(p.text);
	memcpy(text, "tap:t,", 6);
	p = parse(text);
	ok(p.rc == -1 && strlen(p.err.text) < ERR_TEXT_MAX, "a long key");
	free(p.text);
	memcpy(text, "tap:t,name=", 11);
	p = parse(text);
	ok(p.rc == -1 && strlen(p.spec.name) < PORT_NAME_LEN, "a long name");
	free(p.text);
}

int main(void)
{
	alarm(60);
	test_types();
	test_defaults();
	test_keys();
	test_rules();
	test_names();
	test_bad_shapes();
	test_bad_values();
	test_bad_names();
	test_keys_of_other_types();
	test_long_refusals();
	return tap_done();
}
