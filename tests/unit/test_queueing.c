// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * common/queueing: names both ways, the flags, and the answer of kernels that
 * this machine does not run, by their feature words.
 */
#include "common/queueing.h"
#include "common/tunflags.h"
#include "tests/unit/tap.h"

/* TUNGETFEATURES of some kernels. */
#define BASE (IFF_TUN | IFF_TAP | IFF_NO_PI | IFF_ONE_QUEUE | IFF_VNET_HDR)
#define LINUX_3_7 BASE
#define LINUX_6_18 (BASE | IFF_MULTI_QUEUE | IFF_NAPI | IFF_NAPI_FRAGS)
#define LINUX_7_2 (LINUX_6_18 | IFF_BACKPRESSURE)

static void test_names(void)
{
	static const char *const bad[] = { "",	  "default ",	"Default",
					   "one", "one-queue,", "unknown" };
	enum queueing_mode mode;
	struct err err;
	size_t i;
	int m;

	for (m = 0; m < QUEUEING_MODES; m++) {
		mode = QUEUEING_MODES;
		ok(!queueing_parse(queueing_name((enum queueing_mode)m), &mode,
				   NULL) &&
			   (int)mode == m,
		   "'%s' there and back", queueing_name((enum queueing_mode)m));
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		mode = QUEUEING_MODES;
		ok(queueing_parse(bad[i], &mode, NULL) == -1 &&
			   mode == QUEUEING_MODES,
		   "'%s' refused", bad[i]);
	}
	queueing_parse("three-queue", &mode, &err);
	is_str(err.text,
	       "queueing mode 'three-queue' is none of default, one-queue, "
	       "two-queue, multi-queue, backpressure",
	       "error lists the names");
	is_str(queueing_name(QUEUEING_MODES), "unknown", "name of no mode");
}

static void test_flags(void)
{
	is_int(queueing_flags(QUEUEING_DEFAULT), 0, "default asks nothing");
	is_int(queueing_flags(QUEUEING_ONE_QUEUE), 0x2000, "one-queue");
	is_int(queueing_flags(QUEUEING_TWO_QUEUE), 0, "two-queue");
	is_int(queueing_flags(QUEUEING_MULTI_QUEUE), 0x0100, "multi-queue");
	is_int(queueing_flags(QUEUEING_BACKPRESSURE), 0x0080, "backpressure");
	is_int(queueing_flags(QUEUEING_MODES), 0, "no mode");
	is_int(queueing_from_flags(IFF_TAP | IFF_NO_PI), QUEUEING_DEFAULT,
	       "plain flags");
	is_int(queueing_from_flags(IFF_TAP | 0x2000), QUEUEING_ONE_QUEUE,
	       "IFF_ONE_QUEUE");
	is_int(queueing_from_flags(IFF_TAP | 0x0100), QUEUEING_MULTI_QUEUE,
	       "IFF_MULTI_QUEUE");
	is_int(queueing_from_flags(IFF_TUN | 0x0080), QUEUEING_BACKPRESSURE,
	       "IFF_BACKPRESSURE");
}

static void support_is(const char *kernel, uint32_t features,
		       enum queueing_mode mode, enum queueing_support want,
		       const char *word)
{
	const char *why = NULL;
	enum queueing_support got = queueing_support(mode, features, &why);

	ok(got == want && why && strstr(why, word),
	   "%s on %s: %d, because of '%s'", queueing_name(mode), kernel, want,
	   word);
}

static void test_support(void)
{
	support_is("3.7", LINUX_3_7, QUEUEING_DEFAULT, QUEUEING_WORKS, "");
	support_is("3.7", LINUX_3_7, QUEUEING_ONE_QUEUE, QUEUEING_WORKS, "");
	support_is("3.7", LINUX_3_7, QUEUEING_TWO_QUEUE, QUEUEING_WORKS, "");
	support_is("3.7", LINUX_3_7, QUEUEING_MULTI_QUEUE, QUEUEING_REFUSED,
		   "Linux 3.8");
	support_is("3.7", LINUX_3_7, QUEUEING_BACKPRESSURE, QUEUEING_REFUSED,
		   "--rate");
	support_is("6.18", LINUX_6_18, QUEUEING_DEFAULT, QUEUEING_WORKS, "");
	support_is("6.18", LINUX_6_18, QUEUEING_ONE_QUEUE, QUEUEING_IGNORED,
		   "Linux 3.8");
	support_is("6.18", LINUX_6_18, QUEUEING_TWO_QUEUE, QUEUEING_IGNORED,
		   "Linux 3.8");
	support_is("6.18", LINUX_6_18, QUEUEING_MULTI_QUEUE, QUEUEING_WORKS,
		   "");
	support_is("6.18", LINUX_6_18, QUEUEING_BACKPRESSURE, QUEUEING_REFUSED,
		   "Linux 7.2");
	support_is("7.2", LINUX_7_2, QUEUEING_BACKPRESSURE, QUEUEING_WORKS,
		   "noqueue");
	support_is("7.2", LINUX_7_2, QUEUEING_ONE_QUEUE, QUEUEING_IGNORED, "");
	support_is("none", IFF_TAP, QUEUEING_ONE_QUEUE, QUEUEING_REFUSED, "");
	support_is("7.2", LINUX_7_2, QUEUEING_MODES, QUEUEING_REFUSED, "");
}

int main(void)
{
	test_names();
	test_flags();
	test_support();
	return tap_done();
}
