// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tunctl/policy and settings_tbf(): judgements that need no device. What they
 * mean in practice is tried in tests/tunctl_setuid.bats.
 */
#include "tests/unit/tap.h"
#include "tunctl/policy.h"
#include "tunctl/settings.h"

static const struct privs user = { .ruid = 1000, .rgid = 1000, .secure = true };

static void judge(const struct options *opts, bool good, const char *what)
{
	struct err err = { "" };
	bool got = !policy_options(&user, opts, &err);

	if (!ok(got == good, "%s", what))
		printf("# %s\n", err.text);
	ok(good == !err.text[0], "%s: %s", what,
	   good ? "nothing to say" : "told why");
}

static void test_restricted(void)
{
	struct privs privs = user;

	ok(policy_restricted(&privs), "a user and a privileged file");
	privs.secure = false;
	ok(!policy_restricted(&privs), "a user with his own rights");
	privs = (struct privs){ .secure = true };
	ok(!policy_restricted(&privs), "root");
	ok(!policy_options(&privs, &(struct options){ .clone = "/x" }, NULL),
	   "root may all");
}

static void test_options(void)
{
	struct ip_prefix prefix = { 0 };

	judge(&(struct options){ 0 }, true, "nothing");
	judge(&(struct options){ .has_owner = true, .owner = 1000 }, true,
	      "himself");
	judge(&(struct options){ .has_owner = true, .owner = 0 }, false,
	      "root as owner");
	judge(&(struct options){ .has_group = true, .group = 1000 }, true,
	      "his group");
	judge(&(struct options){ .has_group = true, .group = 54321 }, false,
	      "a group of others");
	judge(&(struct options){ .clone = TUNTAP_CLONE_DEVICE }, true,
	      "the clone device");
	judge(&(struct options){ .clone = "/dev/../dev/net/tun" }, false,
	      "another path");
	judge(&(struct options){ .settings = { .up = true } }, false, "--up");
	judge(&(struct options){ .settings = { .master = "br0" } }, false,
	      "--master");
	judge(&(struct options){ .settings = { .addresses = &prefix,
					       .address_count = 1 } },
	      false, "--address");
	judge(&(struct options){ .settings = { .txqueuelen = 1000,
					       .mtu = 9000,
					       .has_mac = true,
					       .rate = 8 } },
	      true, "what is his own");
	judge(&(struct options){ .settings = { .txqueuelen = 1001 } }, false,
	      "a long queue");
}

static void test_tbf(void)
{
	struct settings want = { .rate = 8000000 };
	struct netlink_tbf tbf = { 0 };
	struct err err = { "" };

	is_int(settings_tbf(&want, 1500, &tbf, &err), 0, "8 Mbit/s");
	ok(tbf.rate == 8000000 && tbf.burst == 4000, "4 ms at once");
	is_int(tbf.limit, 1000000 + 4000, "a second may wait");
	want.rate = 8;
	settings_tbf(&want, 1500, &tbf, &err);
	ok(tbf.burst == 2 * 1522 && tbf.limit == 262144 + 3044,
	   "slow: two frames, a sender's buffer");
	want.rate = UINT64_MAX;
	is_int(settings_tbf(&want, 65535, &tbf, &err), 0,
	       "no limit to speak of");
	ok(tbf.burst == INT32_MAX, "bounded");
	want = (struct settings){ .rate = 8000000, .burst = 1521 };
	is_int(settings_tbf(&want, 1500, &tbf, &err), -1, "less than a frame");
	ok(strstr(err.text, "1521") && strstr(err.text, "1522"), "says so");
	want.burst = 1522;
	is_int(settings_tbf(&want, 1500, &tbf, &err), 0, "a frame");
	want = (struct settings){ .rate = 95 };
	is_int(settings_tbf(&want, 1500, &tbf, &err), -1, "two take too long");
	ok(strstr(err.text, "more than 274 seconds at 95bit"), "is told");
	want.rate = 96;
	is_int(settings_tbf(&want, 1500, &tbf, &err), 0, "a little faster");
	want = (struct settings){ .rate = 10000000, .burst = INT32_MAX };
	is_int(settings_tbf(&want, 1500, &tbf, &err), -1, "a long burst");
}

int main(void)
{
	test_restricted();
	test_options();
	test_tbf();
	return tap_done();
}
