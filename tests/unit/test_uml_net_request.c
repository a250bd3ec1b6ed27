// SPDX-License-Identifier: GPL-2.0-or-later
/* uml_net/request: argument vectors of every version of the protocol. */
#include <arpa/inet.h>
#include <string.h>

#include "tests/unit/tap.h"
#include "uml_net/request.h"

#define WORDS_MAX 12

/* The words of a line; '' is an empty one. */
static int parse(struct request *req, const char *line, struct err *err)
{
	static char text[512], *words[WORDS_MAX + 1];
	char *rest = text, *word;
	size_t count = 0;

	memset(words, 0, sizeof(words));
	snprintf(text, sizeof(text), "%s", line);
	while (count < WORDS_MAX && (word = strsep(&rest, " "))) {
		if (!strcmp(word, "''"))
			*word = '\0';
		else if (!*word)
			continue;
		words[count++] = word;
	}
	err->text[0] = '\0';
	return request_parse(req, words, err);
}

static void good(const char *line, enum request_verb verb,
		 enum request_reply reply)
{
	struct request req;
	struct err err;
	bool parsed = !parse(&req, line, &err);

	if (!ok(parsed && req.verb == verb && req.reply == reply, "%s", line))
		printf("# %s\n", err.text);
}

static void bad(const char *line, enum request_verb verb, const char *why)
{
	struct request req;
	struct err err;

	is_int(parse(&req, line, &err), -1, "refused: %s", line);
	is_int(req.verb, verb, "what it is: %s", line);
	if (!ok(strstr(err.text, why), "told why: %s", line))
		printf("# %s\n", err.text);
}

static void test_versions(void)
{
	good("4 tuntap up", REQUEST_UP, REQUEST_DESCRIPTOR);
	good("4 tuntap up ''", REQUEST_UP, REQUEST_DESCRIPTOR);
	good("4 tuntap up 10.0.0.1", REQUEST_UP, REQUEST_DESCRIPTOR);
	good("3 tuntap up '' 10.0.0.1", REQUEST_UP, REQUEST_DESCRIPTOR);
	good("2 tuntap up '' 5 10.0.0.1", REQUEST_UP, REQUEST_DESCRIPTOR);
	good("4 add tap0 10.0.0.2 255.0.0.0", REQUEST_ADD, REQUEST_TEXT);
	good("4 del tap0 10.0.0.2 255.0.0.0", REQUEST_DEL, REQUEST_TEXT);
	good("4 tuntap add tap0 10.0.0.2 255.0.0.0", REQUEST_ADD, REQUEST_TEXT);
	good("3 tuntap add tap0 10.0.0.2", REQUEST_ADD, REQUEST_TEXT);
	good("2 tuntap del tap0 10.0.0.2", REQUEST_DEL, REQUEST_SILENT);
	good("4 slip up 10.0.0.1", REQUEST_SLIP_UP, REQUEST_TEXT);
	good("3 slip up 10.0.0.1 10.0.0.2", REQUEST_SLIP_UP, REQUEST_TEXT);
	good("1 slip up 5 10.0.0.1 10.0.0.2", REQUEST_SLIP_UP, REQUEST_SILENT);
	good("slip up 5 10.0.0.1 10.0.0.2", REQUEST_SLIP_UP, REQUEST_SILENT);
	good("4 slip down sl0", REQUEST_SLIP_DOWN, REQUEST_TEXT);
	good("4 slip down", REQUEST_SLIP_DOWN, REQUEST_TEXT);
	good("0 slip down 5 10.0.0.2", REQUEST_SLIP_DOWN, REQUEST_SILENT);
	good("4 ethertap tap0 5", REQUEST_ETHERTAP, REQUEST_STATUS_TEXT);
	good("3 ethertap tap0 5 10.0.0.1", REQUEST_ETHERTAP,
	     REQUEST_STATUS_TEXT);
	good("2 ethertap tap0 5 6 10.0.0.1", REQUEST_ETHERTAP, REQUEST_STATUS);
	good("1 ethertap tap0 5 6", REQUEST_ETHERTAP, REQUEST_STATUS);
	good("ethertap tap0 5 10.0.0.1 10.0.0.2", REQUEST_ETHERTAP,
	     REQUEST_STATUS);
}

static void test_values(void)
{
	struct request req;
	struct err err;

	parse(&req, "4 tuntap up ''", &err);
	ok(!req.has_gateway && req.reply_fd == 1 && req.data_fd == -1 &&
		   req.line_fd == -1,
	   "an empty gateway is none");
	parse(&req, "4 add tap7 10.0.0.2 255.255.255.0", &err);
	is_str(req.device, "tap7", "device");
	ok(req.has_guest && req.guest.s_addr == inet_addr("10.0.0.2"), "guest");
	parse(&req, "2 tuntap up '' 5 10.0.0.1", &err);
	ok(req.reply_fd == 5 && req.version == 2, "where the answer goes");
	ok(req.has_gateway && req.gateway.s_addr == inet_addr("10.0.0.1"),
	   "gateway");
	parse(&req, "1 ethertap tap0 5 6", &err);
	ok(req.data_fd == 5 && req.reply_fd == 6, "two descriptors");
	parse(&req, "ethertap tap0 5", &err);
	ok(req.data_fd == 5 && req.reply_fd == 5, "one for all");
	parse(&req, "4 slip up 10.0.0.1", &err);
	is_int(req.line_fd, 0, "the line is standard input");
	parse(&req, "2 slip up 7 10.0.0.1", &err);
	is_int(req.line_fd, 7, "or another");
}

static void test_refused(void)
{
	bad("", REQUEST_NONE, "no request");
	bad("4", REQUEST_NONE, "no request");
	bad("5 tuntap up", REQUEST_NONE, "Version mismatch");
	bad("4x tuntap up", REQUEST_NONE, "version");
	bad("99999999999999999999 tuntap up", REQUEST_NONE, "version");
	bad("1 tuntap up", REQUEST_NONE, "no request 'tuntap up'");
	bad("tuntap up", REQUEST_NONE, "no request 'tuntap up'");
	bad("3 add tap0 10.0.0.2 255.0.0.0", REQUEST_NONE, "no request");
	bad("4 tuntap", REQUEST_NONE, "no request 'tuntap'");
	bad("4 bridge up", REQUEST_NONE, "no request 'bridge up'");
	bad("4 tuntap up 10.0.0.1 x", REQUEST_UP, "too many: 'x'");
	bad("4 tuntap up 10.0.0", REQUEST_UP, "no IPv4 address");
	bad("4 tuntap up 10.0.0.256", REQUEST_UP, "no IPv4 address");
	bad("4 tuntap up 10.0.0.1/24", REQUEST_UP, "no IPv4 address");
	bad("4 tuntap up ::1", REQUEST_UP, "no IPv4 address");
	bad("4 tuntap up 0.0.0.0", REQUEST_UP, "one host");
	bad("4 tuntap up 127.0.0.1", REQUEST_UP, "one host");
	bad("4 tuntap up 239.1.1.1", REQUEST_UP, "one host");
	bad("4 tuntap up 255.255.255.255", REQUEST_UP, "one host");
	bad("4 add tap0 10.0.0.2", REQUEST_ADD, "needs 3 arguments");
	bad("4 add tap0 '' 255.0.0.0", REQUEST_ADD, "no IPv4 address");
	bad("4 add '' 10.0.0.2 255.0.0.0", REQUEST_ADD, "interface name");
	bad("4 add ../x 10.0.0.2 255.0.0.0", REQUEST_ADD, "interface name");
	bad("4 add tap%d 10.0.0.2 255.0.0.0", REQUEST_ADD, "interface name");
	bad("4 add tap0 10.0.0.2 0.255.0.0", REQUEST_ADD, "gaps");
	bad("4 add tap0 10.0.0.2 255.0.0", REQUEST_ADD, "no netmask");
	bad("4 ethertap tap0", REQUEST_ETHERTAP, "needs 2 arguments");
	bad("4 ethertap tap0 -1", REQUEST_ETHERTAP, "descriptor");
	bad("4 ethertap tap0 2147483648", REQUEST_ETHERTAP, "descriptor");
	bad("2 tuntap up '' x", REQUEST_UP, "descriptor");
}

static void test_netmask(void)
{
	static const uint8_t none[4], all[4] = { 255, 255, 255, 255 };
	static const uint8_t odd[4] = { 255, 255, 240, 0 };
	static const uint8_t gap[4] = { 255, 255, 0, 255 };

	is_int(request_netmask(none, NULL), 0, "0.0.0.0");
	is_int(request_netmask(all, NULL), 0, "255.255.255.255");
	is_int(request_netmask(odd, NULL), 0, "255.255.240.0");
	is_int(request_netmask(gap, NULL), -1, "255.255.0.255");
}

int main(void)
{
	test_versions();
	test_values();
	test_refused();
	test_netmask();
	return tap_done();
}
