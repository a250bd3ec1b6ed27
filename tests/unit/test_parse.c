// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * common/parse: what is taken, what is refused, and that a refusal leaves the
 * output alone. Each text lies in a block of its exact size, so that the
 * address sanitizer sees a parser that reads on.
 */
#include <arpa/inet.h>

#include "common/parse.h"
#include "tests/unit/tap.h"

/* A copy without room to spare; freed by the caller. */
static char *exact(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		tap_bail("memory");
	return copy;
}

struct number_case {
	const char *text;
	uint64_t min;
	uint64_t max;
	bool taken;
	uint64_t want;
};

static const struct number_case numbers[] = {
	{ "0", 0, 10, true, 0 },
	{ "10", 0, 10, true, 10 },
	{ "11", 0, 10, false, 0 },
	{ "4", 5, 10, false, 0 },
	{ "5", 5, 10, true, 5 },
	{ "007", 0, 10, true, 7 },
	{ "18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX },
	{ "18446744073709551616", 0, UINT64_MAX, false, 0 },
	{ "18446744073709551620", 0, UINT64_MAX, false, 0 },
	{ "99999999999999999999999999", 0, UINT64_MAX, false, 0 },
	{ "4294967297", 0, UINT32_MAX, false, 0 },
	{ "", 0, 10, false, 0 },
	{ "+1", 0, 10, false, 0 },
	{ "-1", 0, UINT64_MAX, false, 0 },
	{ "-0", 0, 10, false, 0 },
	{ " 1", 0, 10, false, 0 },
	{ "1 ", 0, 10, false, 0 },
	{ "1\n", 0, 10, false, 0 },
	{ "1k", 0, 10, false, 0 },
	{ "0x1", 0, 10, false, 0 },
	{ "1.0", 0, 10, false, 0 },
	{ "\xd9\xa1", 0, 10, false, 0 }, /* an Arabic digit */
};

static void test_uint(void)
{
	struct err err;
	uint64_t got;
	char *text;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct number_case *c = &numbers[i];

		text = exact(c->text);
		got = 4711;
		rc = parse_uint("length", text, c->min, c->max, &got, &err);
		ok(rc == (c->taken ? 0 : -1) &&
			   got == (c->taken ? c->want : 4711),
		   "parse_uint '%s' %s", c->text,
		   c->taken ? "taken" : "refused");
		free(text);
	}
	parse_uint("queue length", "x", 1, 4096, &got, &err);
	is_str(err.text, "queue length 'x' is not a number from 1 to 4096",
	       "error names the thing, the text and the range");
	is_int(parse_uint("n", "x", 0, 1, &got, NULL), -1, "no struct err");
}

static void mode_is(const char *text, int want)
{
	char *copy = exact(text);
	mode_t got = 07777;
	int rc = parse_mode(copy, &got, NULL);

	ok(want < 0 ? rc == -1 && got == 07777 : !rc && got == (mode_t)want,
	   "parse_mode '%s'", text);
	free(copy);
}

static void test_mode(void)
{
	mode_is("0660", 0660);
	mode_is("660", 0660);
	mode_is("0", 0);
	mode_is("777", 0777);
	mode_is("0777", 0777);
	mode_is("1000", -1);
	mode_is("4755", -1);
	mode_is("8", -1);
	mode_is("0690", -1);
	mode_is("", -1);
	mode_is("-1", -1);
	mode_is("0o660", -1);
	mode_is("u=rw", -1);
	mode_is("200000000000000000000660", -1);
}

static void bool_is(const char *text, int want)
{
	bool got = want != 1;
	int rc = parse_bool("offload", text, &got, NULL);

	ok(want < 0 ? rc == -1 && got : !rc && got == (want == 1),
	   "parse_bool '%s'", text);
}

static void test_bool(void)
{
	bool_is("on", 1);
	bool_is("yes", 1);
	bool_is("true", 1);
	bool_is("1", 1);
	bool_is("off", 0);
	bool_is("no", 0);
	bool_is("false", 0);
	bool_is("0", 0);
	bool_is("", -1);
	bool_is("2", -1);
	bool_is("onn", -1);
	bool_is("o", -1);
	bool_is("ON", -1);
	bool_is(" on", -1);
}

static void mac_is(const char *text, const char *want)
{
	uint8_t got[MAC_LEN] = { 1, 2, 3, 4, 5, 6 };
	char back[MAC_TEXT_LEN];
	char *copy = exact(text);
	int rc = parse_mac(copy, got, NULL);

	format_mac(got, back);
	ok(rc == (want ? 0 : -1) &&
		   !strcmp(back, want ? want : "01:02:03:04:05:06"),
	   "parse_mac '%s' gives %s", text, want ? want : "an error");
	free(copy);
}

static void test_mac(void)
{
	mac_is("02:00:00:00:00:01", "02:00:00:00:00:01");
	mac_is("FE:fd:Ab:cD:09:90", "fe:fd:ab:cd:09:90");
	mac_is("ff:ff:ff:ff:ff:ff", "ff:ff:ff:ff:ff:ff");
	mac_is("", NULL);
	mac_is("0", NULL);
	mac_is("02", NULL);
	mac_is("02:", NULL);
	mac_is("02:00:00:00:00", NULL);
	mac_is("02:00:00:00:00:", NULL);
	mac_is("02:00:00:00:00:0", NULL);
	mac_is("02:00:00:00:00:01:", NULL);
	mac_is("02:00:00:00:00:01:02", NULL);
	mac_is("2:0:0:0:0:1", NULL);
	mac_is("02-00-00-00-00-01", NULL);
	mac_is("0200.0000.0001", NULL);
	mac_is("02:00:00:00:00:0g", NULL);
	mac_is("02:00:00:00:00:01 ", NULL);
	mac_is(" 2:00:00:00:00:01", NULL);
	mac_is("+2:00:00:00:00:01", NULL);
}

static bool vlan_has(const uint8_t *set, unsigned int vid)
{
	return set[vid / 8] >> (vid % 8) & 1;
}

static unsigned int vlan_count(const uint8_t *set)
{
	unsigned int vid, count = 0;

	for (vid = 0; vid < 4096; vid++)
		count += vlan_has(set, vid);
	return count;
}

static void test_vlan_taken(void)
{
	uint8_t set[512];

	memset(set, 0xff, sizeof(set));
	is_int(parse_vlan_list("1,5,100-200", set, NULL), 0, "VLAN list taken");
	is_int(vlan_count(set), 103, "what was in the set before is gone");
	ok(vlan_has(set, 1) && vlan_has(set, 5) && vlan_has(set, 100) &&
		   vlan_has(set, 200) && !vlan_has(set, 99) &&
		   !vlan_has(set, 201),
	   "both ends of a range belong to it");
	is_int(parse_vlan_list("1-4094", set, NULL), 0, "all VLANs");
	ok(vlan_count(set) == 4094 && !vlan_has(set, 0) && !vlan_has(set, 4095),
	   "the reserved ids do not belong to all");
	is_int(parse_vlan_list("7,7,7-7", set, NULL), 0, "repeated id");
	is_int(vlan_count(set), 1, "a repeated id counts once");
	is_int(parse_vlan_list("4094", set, NULL), 0, "highest id");
	ok(vlan_has(set, 4094) && vlan_count(set) == 1, "highest id is set");
}

static void test_vlan_refused(void)
{
	static const char *const bad[] = {
		"",
		",",
		"1,",
		",1",
		"1,,2",
		"0",
		"4095",
		"1-4095",
		"0-5",
		"5-4",
		"-",
		"1-",
		"-1",
		"1-2-3",
		"1;2",
		"1, 2",
		"x",
		"+1",
		"18446744073709551617",
		"1-18446744073709551620",
	};
	uint8_t set[512], before[512];
	char *text;
	size_t i;

	memset(before, 0x5a, sizeof(before));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy(set, before, sizeof(set));
		text = exact(bad[i]);
		ok(parse_vlan_list(text, set, NULL) == -1 &&
			   !memcmp(set, before, sizeof(set)),
		   "VLAN list '%s' refused", bad[i]);
		free(text);
	}
}

static void test_ifname(void)
{
	static const char *const good[] = {
		"tap0", "a", "fifteen-octets.", "-d", "...", "tap\xc3\xa4",
	};
	static const char *const bad[] = {
		"",
		".",
		"..",
		"sixteen-octets..",
		"a/b",
		"a b",
		"a\t",
		"\n",
		"a:1",
		"a\va",
		"tap%d",
		"%",
		"100%",
		"nb\xa0sp",
		"a-name-that-is-much-too-long-for-any-interface-of-the-world",
	};
	static const char *const bad_pattern[] = {
		"%", "tap%", "tap%s", "tap%d%d", "%d%", "%%d", "tap%5d",
	};
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		is_int(parse_ifname(good[i], false, NULL), 0,
		       "interface name '%s' taken", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_int(parse_ifname(bad[i], false, NULL), -1,
		       "bad interface name %zu refused", i);
	is_int(parse_ifname("tap%d", true, NULL), 0, "pattern taken");
	is_int(parse_ifname("%d", true, NULL), 0, "pattern alone taken");
	is_int(parse_ifname("a%db", true, NULL), 0, "pattern inside taken");
	for (i = 0; i < sizeof(bad_pattern) / sizeof(bad_pattern[0]); i++)
		is_int(parse_ifname(bad_pattern[i], true, NULL), -1,
		       "pattern '%s' refused", bad_pattern[i]);
}

static void user_is(const char *text, bool taken, uid_t want)
{
	uid_t got = 12345;
	int rc = parse_user(text, &got, NULL);

	ok(taken ? !rc && got == want : rc == -1 && got == 12345,
	   "parse_user '%s' %s", text, taken ? "taken" : "refused");
}

static void group_is(const char *text, bool taken, gid_t want)
{
	gid_t got = 12345;
	int rc = parse_group(text, &got, NULL);

	ok(taken ? !rc && got == want : rc == -1 && got == 12345,
	   "parse_group '%s' %s", text, taken ? "taken" : "refused");
}

static void test_ids(void)
{
	struct err err;
	uid_t uid;

	user_is("root", true, 0);
	user_is("0", true, 0);
	user_is("65534", true, 65534);
	user_is("4294967294", true, 4294967294u);
	user_is("4294967295", false, 0);
	user_is("4294967296", false, 0);
	user_is("-1", false, 0);
	user_is("", false, 0);
	user_is("+0", false, 0);
	user_is(" 0", false, 0);
	user_is("0 ", false, 0);
	user_is("root ", false, 0);
	user_is("0x0", false, 0);
	user_is("no-such-user", false, 0);
	parse_user("x-x", &uid, &err);
	is_str(err.text, "'x-x' is neither a username nor a numeric uid.",
	       "the ancestor's words");
	group_is("root", true, 0);
	group_is("0", true, 0);
	group_is("4294967295", false, 0);
	group_is("-1", false, 0);
	group_is("", false, 0);
	group_is("no-such-group", false, 0);
}

struct scaled_case {
	const char *text;
	uint64_t want; /* 0: refused */
};

static const struct scaled_case rates[] = {
	{ "1", 1 },
	{ "8bit", 8 },
	{ "1kbit", 1000 },
	{ "100mbit", 100000000 },
	{ "100Mbit", 100000000 },
	{ "10GBIT", 10000000000 },
	{ "1tbit", 1000000000000 },
	{ "1.5mbit", 1500000 },
	{ "0.5kbit", 500 },
	{ "2.000001mbit", 2000001 },
	{ "1.0", 1 },
	{ "9223372036854775807", INT64_MAX },
	{ "9223372.036854tbit", 9223372036854000000 },
	{ "9223372036854775808", 0 },
	{ "9223372.036855tbit", 0 },
	{ "18446744073709551615", 0 },
	{ "18446745tbit", 0 },
	{ "18446744073709551617", 0 },
	{ "0", 0 },
	{ "0mbit", 0 },
	{ "0.0gbit", 0 },
	{ "1.5", 0 }, /* half a bit */
	{ "0.0001kbit", 0 },
	{ "1.1234567gbit", 0 },
	{ "1.mbit", 0 },
	{ ".5mbit", 0 },
	{ "1..5mbit", 0 },
	{ "1.5.5mbit", 0 },
	{ "1,5mbit", 0 },
	{ "1e3", 0 },
	{ "", 0 },
	{ "mbit", 0 },
	{ "-1mbit", 0 },
	{ "+1mbit", 0 },
	{ " 1mbit", 0 },
	{ "1 mbit", 0 },
	{ "1mbit ", 0 },
	{ "1mb", 0 },
	{ "1m", 0 },
	{ "1mbits", 0 },
	{ "inf", 0 },
	{ "nan", 0 },
};

static const struct scaled_case sizes[] = {
	{ "1", 1 },
	{ "1500b", 1500 },
	{ "32k", 32768 },
	{ "32K", 32768 },
	{ "2m", 2097152 },
	{ "4G", 4294967296 },
	{ "8589934591g", 9223372035781033984 },
	{ "8589934592g", 0 },
	{ "17179869184g", 0 },
	{ "0", 0 },
	{ "0k", 0 },
	{ "", 0 },
	{ "k", 0 },
	{ "1kb", 0 },
	{ "1.5k", 0 },
	{ "-1", 0 },
	{ " 1", 0 },
	{ "1 k", 0 },
	{ "1t", 0 },
};

static void scaled_is(const char *what, const struct scaled_case *c,
		      int (*parse)(const char *, uint64_t *, struct err *))
{
	char *text = exact(c->text);
	uint64_t got = 4711;
	int rc = parse(text, &got, NULL);

	ok(c->want ? !rc && got == c->want : rc == -1 && got == 4711,
	   "%s '%s' %s", what, c->text, c->want ? "taken" : "refused");
	free(text);
}

static void test_scaled(void)
{
	size_t i;

	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		scaled_is("rate", &rates[i], parse_rate);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		scaled_is("size", &sizes[i], parse_size);
}

static void prefix_is(const char *text, const char *addr, int len)
{
	struct ip_prefix got = { .family = -1 };
	char *copy = exact(text);
	char back[INET6_ADDRSTRLEN] = "";
	int rc = parse_prefix(copy, &got, NULL);

	if (!addr) {
		ok(rc == -1 && got.family == -1, "prefix '%s' refused", text);
	} else {
		inet_ntop(got.family, got.addr, back, sizeof(back));
		ok(!rc && !strcmp(back, addr) && got.len == len &&
			   got.family ==
				   (strchr(addr, ':') ? AF_INET6 : AF_INET),
		   "prefix '%s' is %s / %d", text, addr, len);
	}
	free(copy);
}

static void test_prefix(void)
{
	prefix_is("10.0.0.1/24", "10.0.0.1", 24);
	prefix_is("10.0.0.1", "10.0.0.1", 32);
	prefix_is("0.0.0.0/0", "0.0.0.0", 0);
	prefix_is("255.255.255.255/32", "255.255.255.255", 32);
	prefix_is("fd00::1/64", "fd00::1", 64);
	prefix_is("::/0", "::", 0);
	prefix_is("::1", "::1", 128);
	prefix_is("::ffff:1.2.3.4/128", "::ffff:1.2.3.4", 128);
	prefix_is("1111:2222:3333:4444:5555:6666:123.123.123.123/1",
		  "1111:2222:3333:4444:5555:6666:7b7b:7b7b", 1);
	prefix_is("10.0.0.1/33", NULL, 0);
	prefix_is("fd00::1/129", NULL, 0);
	prefix_is("10.0.0.1/", NULL, 0);
	prefix_is("10.0.0.1/-1", NULL, 0);
	prefix_is("10.0.0.1/24/24", NULL, 0);
	prefix_is("10.0.0.1/255.255.255.0", NULL, 0);
	prefix_is("10.0.0/24", NULL, 0);
	prefix_is("10.0.0.01/24", NULL, 0);
	prefix_is("10.0.0.256/24", NULL, 0);
	prefix_is("0x0a.0.0.1/24", NULL, 0);
	prefix_is("", NULL, 0);
	prefix_is("/24", NULL, 0);
	prefix_is("fe80::1%eth0/64", NULL, 0);
	prefix_is("localhost", NULL, 0);
	prefix_is(" 10.0.0.1/24", NULL, 0);
	prefix_is("1111:2222:3333:4444:5555:6666:123.123.123.1234/1", NULL, 0);
}

int main(void)
{
	test_uint();
	test_mode();
	test_bool();
	test_mac();
	test_vlan_taken();
	test_vlan_refused();
	test_ifname();
	test_ids();
	test_scaled();
	test_prefix();
	return tap_done();
}
