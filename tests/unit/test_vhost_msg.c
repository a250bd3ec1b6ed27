// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/vhost_msg: messages of the vhost-user protocol, whole, in pieces,
 * with wrong lengths and wrong numbers of descriptors; replies octet by octet.
 */
#include "tests/unit/tap.h"
#include "uml_router/vhost_msg.h"

/** A message as it goes over the socket. */
struct wire {
	uint32_t request, flags, size;
	uint8_t payload[512];
};

static struct wire make(uint32_t request, const void *payload, uint32_t size)
{
	struct wire w = { request, 1, size, { 0 } };

	if (payload)
		memcpy(w.payload, payload, size);
	return w;
}

static enum vhost_parsed parse(const struct wire *w, unsigned int fds,
			       struct vhost_msg *msg)
{
	const char *why = NULL;
	enum vhost_parsed got = vhost_msg_parse((const uint8_t *)w,
						12 + w->size, fds, msg, &why);

	if ((got == VHOST_BAD) != (why != NULL))
		ok(false, "a reason with a refusal, and only then");
	return got;
}

static void test_pieces(void)
{
	uint64_t number = 0x123456789;
	struct wire w = make(VHOST_SET_FEATURES, &number, 8);
	const uint8_t *bytes = (const uint8_t *)&w;
	struct vhost_msg msg;
	const char *why;
	size_t len, more = 0;

	for (len = 0; len < 20; len++)
		more += vhost_msg_parse(bytes, len, 0, &msg, &why) ==
			VHOST_MORE;
	is_int((intmax_t)more, 20, "no message before its last octet");
	ok(parse(&w, 0, &msg) == VHOST_MSG && msg.number == number &&
		   msg.request == VHOST_SET_FEATURES && !msg.need_reply,
	   "then a message");
	is_int((intmax_t)vhost_msg_need(bytes, 11), 12,
	       "first the header is needed");
	is_int((intmax_t)vhost_msg_need(bytes, 12), 20,
	       "then all of it, and no more");
	w.flags |= 8;
	ok(parse(&w, 0, &msg) == VHOST_MSG && msg.need_reply,
	   "a reply is wanted");
}

static void test_header(void)
{
	struct wire w = make(VHOST_SET_OWNER, NULL, 0);
	struct vhost_msg msg;

	w.flags = 2;
	ok(parse(&w, 0, &msg) == VHOST_BAD, "another version");
	w.flags = 5;
	ok(parse(&w, 0, &msg) == VHOST_BAD, "a reply");
	w.flags = 1;
	w.size = VHOST_PAYLOAD_MAX + 1;
	ok(parse(&w, 0, &msg) == VHOST_BAD, "too long");
	is_int((intmax_t)vhost_msg_need((const uint8_t *)&w, 12), 12,
	       "and nothing of it is read");
	w.size = 0;
	w.request = 4711;
	ok(parse(&w, 3, &msg) == VHOST_MSG && msg.request == 4711,
	   "an unknown request is somebody else's matter");
	w.request = VHOST_SET_OWNER;
	ok(parse(&w, 1, &msg) == VHOST_BAD, "a descriptor that nobody wants");
}

static void test_short(void)
{
	static const struct {
		uint32_t request, size;
	} least[] = {
		{ VHOST_SET_FEATURES, 8 },
		{ VHOST_SET_MEM_TABLE, 8 },
		{ VHOST_SET_VRING_NUM, 8 },
		{ VHOST_SET_VRING_ADDR, 40 },
		{ VHOST_SET_VRING_BASE, 8 },
		{ VHOST_GET_VRING_BASE, 8 },
		{ VHOST_SET_VRING_ENABLE, 8 },
		{ VHOST_GET_CONFIG, 12 },
		{ VHOST_SET_PROTOCOL_FEATURES, 8 },
	};
	struct vhost_msg msg;
	size_t i;

	for (i = 0; i < sizeof(least) / sizeof(least[0]); i++) {
		struct wire w = make(least[i].request, NULL, least[i].size - 1);

		ok(parse(&w, 0, &msg) == VHOST_BAD, "request %u of %u octets",
		   least[i].request, least[i].size - 1);
		w.size++;
		ok(parse(&w, 0, &msg) == VHOST_MSG, "of %u", least[i].size);
	}
}

static void test_table(void)
{
	struct {
		uint32_t count, padding;
		struct vhost_region regions[9];
	} table = { 2, 0, { { 1, 2, 3, 4 }, { 5, 6, 7, 8 } } };
	struct wire w = make(VHOST_SET_MEM_TABLE, &table, 8 + 2 * 32);
	struct vhost_msg msg;

	ok(parse(&w, 2, &msg) == VHOST_MSG && msg.table.count == 2 &&
		   msg.table.regions[1].guest == 5 &&
		   msg.table.regions[1].size == 6 &&
		   msg.table.regions[1].user == 7 &&
		   msg.table.regions[1].offset == 8,
	   "two regions");
	ok(parse(&w, 1, &msg) == VHOST_BAD, "with one descriptor");
	ok(parse(&w, 3, &msg) == VHOST_BAD, "with three");
	w.size--;
	ok(parse(&w, 2, &msg) == VHOST_BAD, "not quite two");
	w = make(VHOST_SET_MEM_TABLE, &table, 8 + 2 * 32);
	w.payload[0] = 1;
	ok(parse(&w, 1, &msg) == VHOST_MSG && msg.table.count == 1,
	   "one, and room for another one (as UML sends it)");
	w = make(VHOST_SET_MEM_TABLE, &table, VHOST_PAYLOAD_MAX);
	w.payload[0] = 8;
	ok(parse(&w, 8, &msg) == VHOST_MSG && msg.table.count == 8, "eight");
	w.payload[0] = 9;
	ok(parse(&w, 8, &msg) == VHOST_BAD, "nine");
	memset(w.payload, 0xff, 4);
	ok(parse(&w, 8, &msg) == VHOST_BAD, "a number beyond reason");
}

static void test_ring_fd(void)
{
	uint64_t number = 3;
	struct wire w = make(VHOST_SET_VRING_KICK, &number, 8);
	struct vhost_msg msg;

	ok(parse(&w, 1, &msg) == VHOST_MSG && msg.number == 3 && !msg.no_fd,
	   "a kick descriptor");
	ok(parse(&w, 0, &msg) == VHOST_BAD, "without it");
	number |= 0x100;
	w = make(VHOST_SET_VRING_CALL, &number, 8);
	ok(parse(&w, 0, &msg) == VHOST_MSG && msg.number == 3 && msg.no_fd,
	   "no call descriptor, and it says so");
	ok(parse(&w, 1, &msg) == VHOST_BAD, "it says so, but there is one");
}

static void test_replies(void)
{
	uint8_t bytes[VHOST_HEADER + VHOST_PAYLOAD_MAX];
	struct vhost_msg msg = { .request = VHOST_GET_FEATURES };
	struct vhost_state state = { 1, 77 };
	struct wire w;

	is_int((intmax_t)vhost_msg_reply(&msg, 0x1122334455667788, bytes), 20,
	       "a number");
	memcpy(&w, bytes, 20);
	ok(w.request == VHOST_GET_FEATURES && w.flags == 5 && w.size == 8 &&
		   w.payload[0] == (uint8_t)0x88,
	   "as the protocol has it");
	msg.request = VHOST_GET_VRING_BASE;
	is_int((intmax_t)vhost_msg_reply_state(&msg, &state, bytes), 20,
	       "a base");
	memcpy(&w, bytes, 20);
	ok(w.payload[0] == 1 && w.payload[4] == 77, "with ring and index");
}

static void test_config(void)
{
	uint8_t bytes[VHOST_HEADER + VHOST_PAYLOAD_MAX];
	uint32_t head[3 + 64] = { 2, 4, 0 };
	struct wire w = make(VHOST_GET_CONFIG, head, 12 + 4);
	struct vhost_msg msg;

	ok(parse(&w, 0, &msg) == VHOST_MSG && msg.config.offset == 2 &&
		   msg.config.size == 4,
	   "a part of the configuration space");
	is_int((intmax_t)vhost_msg_reply_config(&msg, "abcd", 4, bytes),
	       12 + 12 + 4, "exactly what was asked for");
	ok(!memcmp(bytes + 24, "cd\0\0", 4), "zeroes behind what there is");
	msg.config.offset = UINT32_MAX;
	vhost_msg_reply_config(&msg, "abcd", 4, bytes);
	ok(!memcmp(bytes + 24, "\0\0\0\0", 4), "or zeroes alone");
	head[1] = 5;
	w = make(VHOST_GET_CONFIG, head, 12 + 4);
	ok(parse(&w, 0, &msg) == VHOST_BAD, "more than it has room for");
	head[1] = 256;
	w = make(VHOST_GET_CONFIG, head, 12 + 256);
	ok(parse(&w, 0, &msg) == VHOST_MSG, "all of it");
}

int main(void)
{
	test_pieces();
	test_header();
	test_short();
	test_table();
	test_ring_fd();
	test_replies();
	test_config();
	return tap_done();
}
