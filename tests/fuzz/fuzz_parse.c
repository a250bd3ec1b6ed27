// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for common/parse and queueing_parse(): any text, to each
 * parser. Besides what the sanitizers find it holds them to their promises:
 * a refusal says why and leaves the output alone, what is taken lies in its
 * range, and an address comes back from its text as it was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/parse.h"
#include "common/queueing.h"
#include "tests/fuzz/fuzz.h"

/** Longer texts show nothing that these do not. */
#define TEXT_MAX 600

/* A broken promise; the fuzzer keeps the input. */
/* Taken or refused, with a reason exactly where refused. */
static void judge(int rc, struct err *err, const char *what)
{
	must(rc == 0 || rc == -1, what);
	must(rc == 0 || err->text[0] != '\0', what);
	must(memchr(err->text, '\0', sizeof(err->text)) != NULL, what);
	err->text[0] = '\0';
}

static void fuzz_numbers(const char *text)
{
	struct err err = { "" };
	uint64_t value = 4711;
	mode_t mode = 04711;
	bool on = true;
	int rc;

	rc = parse_uint("n", text, 10, 20, &value, &err);
	judge(rc, &err, "uint");
	must(rc ? value == 4711 : value >= 10 && value <= 20, "uint range");
	rc = parse_mode(text, &mode, &err);
	judge(rc, &err, "mode");
	must(rc ? mode == 04711 : mode <= 0777, "mode range");
	judge(parse_bool("b", text, &on, &err), &err, "bool");
	value = 4711;
	rc = parse_rate(text, &value, &err);
	judge(rc, &err, "rate");
	must(rc ? value == 4711 : value >= 1, "rate range");
	value = 4711;
	rc = parse_size(text, &value, &err);
	judge(rc, &err, "size");
	must(rc ? value == 4711 : value >= 1, "size range");
}

static void fuzz_mac(const char *text)
{
	uint8_t mac[MAC_LEN] = { 1, 2, 3, 4, 5, 6 };
	uint8_t again[MAC_LEN];
	char back[MAC_TEXT_LEN];
	struct err err = { "" };
	int rc = parse_mac(text, mac, &err);

	judge(rc, &err, "mac");
	format_mac(mac, back);
	if (rc)
		must(!strcmp(back, "01:02:03:04:05:06"), "mac untouched");
	must(!parse_mac(back, again, &err) && !memcmp(mac, again, MAC_LEN),
	     "mac there and back");
}

static void fuzz_vlans(const char *text)
{
	struct err err = { "" };
	uint8_t set[512] = { 0 };
	unsigned int i, any = 0;
	int rc = parse_vlan_list(text, set, &err);

	judge(rc, &err, "vlan");
	for (i = 0; i < sizeof(set); i++)
		any |= set[i];
	must(rc ? !any : any, "vlan set");
	must(!(set[0] & 1) && !(set[511] & 0x80), "vlan range");
}

static void fuzz_prefix(const char *text)
{
	struct ip_prefix prefix = { .family = -1 };
	struct err err = { "" };
	int rc = parse_prefix(text, &prefix, &err);

	judge(rc, &err, "prefix");
	if (rc)
		must(prefix.family == -1, "prefix untouched");
	else
		must(prefix.len <= (prefix.family == AF_INET ? 32 : 128),
		     "prefix range");
}

static void fuzz_names(const char *text)
{
	enum queueing_mode mode = QUEUEING_MODES;
	struct err err = { "" };
	int plain = parse_ifname(text, false, &err);
	int pattern;

	judge(plain, &err, "ifname");
	pattern = parse_ifname(text, true, &err);
	judge(pattern, &err, "ifname pattern");
	must(plain || !pattern, "a name is a pattern, too");
	must(pattern || (strlen(text) < 16 && !strpbrk(text, "/: \n")),
	     "ifname octets");
	judge(queueing_parse(text, &mode, &err), &err, "queueing");
}

/*
 * Users and groups: numbers and what cannot be in a database. Names would be
 * looked up, which takes longer than all the rest and fuzzes the C library.
 */
static void fuzz_ids(const char *text)
{
	struct err err = { "" };
	uid_t uid = 4711;
	gid_t gid = 4711;
	int rc;

	if (!strchr("+-0123456789", *text))
		return;
	rc = parse_user(text, &uid, &err);
	judge(rc, &err, "user");
	must(rc ? uid == 4711 : uid != (uid_t)-1, "user range");
	rc = parse_group(text, &gid, &err);
	judge(rc, &err, "group");
	must(rc ? gid == 4711 : gid != (gid_t)-1, "group range");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size > TEXT_MAX)
		return 0;
	text = malloc(size + 1);
	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	fuzz_numbers(text);
	fuzz_mac(text);
	fuzz_vlans(text);
	fuzz_prefix(text);
	fuzz_names(text);
	fuzz_ids(text);
	free(text);
	return 0;
}
