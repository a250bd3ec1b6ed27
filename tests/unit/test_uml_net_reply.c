// SPDX-License-Identifier: GPL-2.0-or-later
/* uml_net/reply and the records of uml_net/relay: octets on the wire. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/unit/tap.h"
#include "uml_net/relay.h"
#include "uml_net/reply.h"

/* What came on the other end of a socket in one message. */
struct heard {
	char data[8192];
	ssize_t len;
	int fd;
};

static void hear(int sock, struct heard *heard)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { heard->data, sizeof(heard->data) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;

	heard->fd = -1;
	heard->len = recvmsg(sock, &msg, MSG_DONTWAIT);
	cmsg = CMSG_FIRSTHDR(&msg);
	if (heard->len >= 0 && cmsg)
		memcpy(&heard->fd, CMSG_DATA(cmsg), sizeof(int));
}

/* A reply of @kind leaves as @want. */
static void sent(enum request_reply kind, bool good, const char *want,
		 size_t len, const char *what)
{
	struct request req = { .reply = kind };
	struct reply reply = { .used = 0 };
	struct heard heard;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		tap_bail("socketpair");
	req.reply_fd = ends[0];
	reply_line(&reply, "%s", "x");
	is_int(reply_send(&reply, &req, good, NULL), 0, "%s: sent", what);
	hear(ends[1], &heard);
	if (!len)
		is_int(heard.len, -1, "%s: nothing", what);
	else
		ok(heard.len == (ssize_t)len && !memcmp(heard.data, want, len),
		   "%s: as it should", what);
	close(ends[0]);
	close(ends[1]);
}

static void test_kinds(void)
{
	char text[1 + sizeof(int) + 12] = "";
	int len = 12;

	memcpy(text + 1, &len, sizeof(len));
	memcpy(text + 1 + sizeof(len), "uml_net: x\n", 12);
	sent(REQUEST_SILENT, true, NULL, 0, "silent");
	sent(REQUEST_TEXT, true, text + 1, sizeof(text) - 1, "text");
	sent(REQUEST_TEXT, false, text + 1, sizeof(text) - 1,
	     "text of failure");
	sent(REQUEST_DESCRIPTOR, false, "uml_net: x\n", 12,
	     "no descriptor: text alone");
	sent(REQUEST_STATUS, false, "\0", 1, "status 0");
	sent(REQUEST_STATUS, true, "\1", 1, "status 1");
	sent(REQUEST_STATUS_TEXT, false, text, sizeof(text), "0 and text");
	text[0] = 1;
	sent(REQUEST_STATUS_TEXT, true, text, sizeof(text), "1 and text");
}

static void test_descriptor(void)
{
	struct request req = { .reply = REQUEST_DESCRIPTOR };
	struct reply reply = { .used = 0 };
	struct heard heard;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		tap_bail("socketpair");
	req.reply_fd = ends[0];
	reply_line(&reply, "made");
	is_int(reply_descriptor(&reply, &req, "tap12345678901x", 0, NULL), 0,
	       "handed over");
	hear(ends[1], &heard);
	is_int(heard.len, IFNAMSIZ + 15, "name, text, NUL");
	is_str(heard.data, "tap12345678901x", "the longest name");
	is_str(heard.data + IFNAMSIZ, "uml_net: made\n", "the text");
	ok(heard.fd > 2 && fcntl(heard.fd, F_GETFD) >= 0, "a descriptor");
	close(heard.fd);
	close(ends[1]);
	is_int(reply_descriptor(&reply, &req, "tap0", 0, NULL), -1,
	       "nobody there");
	is_int(errno, EPIPE, "and no signal");
	close(ends[0]);
}

static void test_long(void)
{
	struct reply reply = { .used = 0 };
	size_t full;
	int i;

	for (i = 0; i < 1000; i++)
		reply_line(&reply, "%0100d", i);
	full = reply.used;
	ok(full < REPLY_MAX && full > REPLY_MAX - 120, "full, and not over");
	ok(reply.text[full - 1] == '\n' && !reply.text[full], "whole lines");
	reply_line(&reply, "y");
	ok(strlen(reply.text) == reply.used, "terminated");
	reply_clear(&reply);
	ok(!reply.used && !*reply.text, "empty again");
}

static void record(unsigned int version, int what, const char *addr,
		   const char *mask, int want, const char *text)
{
	uint8_t data[RELAY_RECORD_MAX];
	struct relay_change change;
	struct in_addr value;

	memcpy(data, &what, sizeof(what));
	inet_pton(AF_INET, addr, data + 4);
	inet_pton(AF_INET, mask, data + 8);
	inet_pton(AF_INET, addr, &value);
	if (is_int(relay_parse(version, data, &change, NULL), want, "%s",
		   text) &&
	    !want)
		ok((int)change.what == what &&
			   change.addr.s_addr == value.s_addr,
		   "%s: as it was", text);
}

static void test_records(void)
{
	is_int((int)relay_record_len(4), 12, "12 octets in version 4");
	is_int((int)relay_record_len(3), 8, "8 in version 3");
	record(4, 0, "10.0.0.1", "255.0.0.0", 0, "add");
	record(4, 1, "10.0.0.1", "255.0.0.0", 0, "del");
	record(4, 2, "10.0.0.1", "255.0.0.0", -1, "neither");
	record(4, -1, "10.0.0.1", "255.0.0.0", -1, "less");
	record(4, 0, "10.0.0.1", "255.0.255.0", -1, "a mask with gaps");
	record(3, 0, "10.0.0.1", "255.0.255.0", 0, "no mask before 4");
	record(4, 0, "127.0.0.1", "255.0.0.0", -1, "loopback");
	record(4, 0, "0.0.0.0", "255.0.0.0", -1, "nobody");
	record(4, 0, "224.0.0.1", "255.0.0.0", -1, "many");
}

int main(void)
{
	test_kinds();
	test_descriptor();
	test_long();
	test_records();
	return tap_done();
}
