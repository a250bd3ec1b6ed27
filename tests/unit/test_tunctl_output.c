// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What tunctl prints: the queueing table of kernels that this machine does
 * not run, by their feature words; lists with the largest values in all
 * columns; errors with their remedies; the words of a command.
 */
#include <jansson.h>

#include "common/tunflags.h"
#include "tests/unit/tap.h"
#include "tunctl/handover.h"
#include "tunctl/json.h"
#include "tunctl/list.h"
#include "tunctl/table.h"
#include "tunctl/words.h"

#define BASE (IFF_TUN | IFF_TAP | IFF_NO_PI | IFF_ONE_QUEUE | IFF_VNET_HDR)
#define LINUX_3_7 BASE
#define LINUX_6_18 (BASE | IFF_MULTI_QUEUE)
#define LINUX_7_2 (LINUX_6_18 | IFF_BACKPRESSURE)

#define COLUMNS 80

/* A stream that is read back as a text. */
struct capture {
	FILE *out;
	char *text;
	size_t size;
};

static void capture_open(struct capture *c)
{
	c->out = open_memstream(&c->text, &c->size);
	if (!c->out)
		tap_bail("open_memstream");
}

static void capture_close(struct capture *c)
{
	fclose(c->out);
}

static size_t longest_line(const char *text)
{
	size_t longest = 0, len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		longest = len > longest ? len : longest;
	}
	return longest;
}

static void table_has(uint32_t features, const char *line, const char *what)
{
	struct capture c;

	capture_open(&c);
	words_queueing(features, c.out);
	capture_close(&c);
	if (!ok(strstr(c.text, line) != NULL, "%s: %s", what, line))
		printf("# %s\n", c.text);
	ok(longest_line(c.text) <= COLUMNS, "%s: 80 columns", what);
	free(c.text);
}

/* Feature words given, not asked for: no kernel 7.2 is needed here. */
static void test_queueing(void)
{
	table_has(LINUX_3_7, "one-queue     works", "Linux 3.7");
	table_has(LINUX_3_7, "multi-queue   refused", "Linux 3.7");
	table_has(LINUX_6_18, "one-queue     ignored", "Linux 6.18");
	table_has(LINUX_6_18, "backpressure  refused", "Linux 6.18");
	table_has(LINUX_7_2, "backpressure  works", "Linux 7.2");
	table_has(LINUX_7_2, "two-queue     ignored", "Linux 7.2");
}

static void test_list_queueing(void)
{
	struct netlink_tun tun = { .known = true, .tap = true };
	struct list_features unknown = { false, 0 };
	struct list_features old = { true, LINUX_6_18 };
	struct list_features new = { true, LINUX_7_2 };

	is_str(list_queueing(&tun, &old), "default", "Linux 6.18: default");
	ok(!list_queueing(&tun, &new), "Linux 7.2: may be backpressure");
	ok(!list_queueing(&tun, &unknown), "no clone device: not known");
	tun.multi_queue = true;
	is_str(list_queueing(&tun, &new), "multi-queue", "multi-queue");
	tun.known = false;
	ok(!list_queueing(&tun, &old), "a kernel that tells nothing");
}

/* One device with the largest of everything. */
static struct list_item largest(void)
{
	struct list_item item = {
		.link = {
			.index = 7,
			.name = "fifteen-octets-",
			.mtu = UINT32_MAX,
			.txqueuelen = UINT32_MAX,
			.kind = "tun",
			.carrier = true,
			.qdisc = "fifteen-octets-",
			.tun = {
				.known = true, .tap = true, .multi_queue = true,
				.queues = 256, .detached = 256,
				.owner = UINT32_MAX - 1,
				.group = UINT32_MAX - 1,
			},
		},
		.qdisc = { .index = 7, .backlog = UINT32_MAX },
	};

	memset(&item.link.stats, 0x7f, sizeof(item.link.stats));
	return item;
}

static void test_table(void)
{
	struct list_item items[2] = { largest(), { .link = { .index = 9 } } };
	struct list_item earlier = largest();
	struct list list = { items, 2, 2000000000 };
	struct list before = { &earlier, 1, 1000000000 };
	struct list_features features = { true, LINUX_6_18 };
	struct capture c;

	memset(&earlier.link.stats, 0, sizeof(earlier.link.stats));
	capture_open(&c);
	table_print(&list, NULL, false, &features, c.out);
	table_print(&list, NULL, true, &features, c.out);
	table_print(&list, &before, true, &features, c.out);
	capture_close(&c);
	if (!ok(longest_line(c.text) <= COLUMNS, "80 columns"))
		printf("# %s\n", c.text);
	ok(strstr(c.text, "256+256") && strstr(c.text, "4294967294"),
	   "detached queues, an unknown owner");
	free(c.text);
}

static void test_rates(void)
{
	struct list_item new = largest(), old = largest();
	struct list now = { &new, 1, 3500000000 };
	struct list before = { &old, 1, 1000000000 };
	struct list_rates rates;

	new.link.stats.tx_packets = old.link.stats.tx_packets + 250;
	new.link.stats.tx_dropped = old.link.stats.tx_dropped + 5;
	rates = list_rates(&before, &now, 0);
	ok(rates.known && rates.tx_packets > 99.9 && rates.tx_packets < 100.1 &&
		   rates.tx_dropped > 1.9 && rates.tx_dropped < 2.1,
	   "rates over 2.5 s");
	ok(!list_rates(NULL, &now, 0).known, "none the first time");
	old.link.index = 8;
	ok(!list_rates(&before, &now, 0).known, "none of a new device");
}

static void test_json(void)
{
	struct list_item item = largest();
	struct list list = { &item, 1, 1 };
	struct list_features features = { true, LINUX_6_18 };
	struct capture c;
	json_t *json;

	strcpy(item.link.name, "a\"\\\n\xff");
	capture_open(&c);
	is_int(json_print(&list, NULL, true, &features, c.out, NULL), 0,
	       "JSON of an odd name");
	capture_close(&c);
	json = json_loads(c.text, 0, NULL);
	is_str(json_string_value(
		       json_object_get(json_array_get(json, 0), "name")),
	       "a\"\\\n?", "it can be read");
	ok(json_is_null(json_object_get(json_array_get(json, 0), "rates")),
	   "no rates yet");
	json_decref(json);
	free(c.text);
}

static void error_is(const char *text, const char *want)
{
	struct err err = { "" };
	struct capture c;

	err_set(&err, "%s", text);
	capture_open(&c);
	words_error(&err, c.out);
	capture_close(&c);
	is_str(c.text, want, "error '%s'", text);
	free(c.text);
}

static void test_error(void)
{
	error_is("TUNSETIFF: busy", "TUNSETIFF: busy\n");
	error_is("step: why (remedy)", "step: why\ntunctl: (remedy)\n");
	error_is("a (b) (c (d))", "a\ntunctl: (b) (c (d))\n");
	error_is("a (b) c", "a (b) c\n");
	error_is("a)", "a)\n");
	error_is("(a)", "(a)\n");
	error_is("a\033[2J (b\r)", "a?[2J\ntunctl: (b?)\n");
}

static void words_are(const char *word, const char *want)
{
	char *command[] = { (char *)word, NULL };
	char **words = handover_words(command, 12, "tap0");

	is_str(words ? words[0] : NULL, want, "'%s'", word);
	ok(words && !words[1], "'%s': one word", word);
	handover_free(words);
}

static void test_words(void)
{
	words_are("fd={fd}", "fd=12");
	words_are("{fd}{name}{fd}", "12tap012");
	words_are("{{fd}}", "{12}");
	words_are("{FD} {fd {name", "{FD} {fd {name");
	words_are("", "");
	words_are("{", "{");
	handover_free(NULL);
}

int main(void)
{
	test_queueing();
	test_list_queueing();
	test_table();
	test_rates();
	test_json();
	test_error();
	test_words();
	return tap_done();
}
