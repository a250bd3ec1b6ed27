// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for vhost_msg_parse(): the first octet is how many descriptors
 * there are, the others are the message, as it arrives piece by piece. Then the
 * device does what the message asks for.
 */
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "uml_router/vhost_dev.h"
#include "uml_router/vhost_msg.h"

static void on_kick(struct event *ev, uint32_t ready)
{
}

/* In a block of its exact size. */
static enum vhost_parsed parse(const uint8_t *data, size_t size,
			       unsigned int fds, struct vhost_msg *msg)
{
	uint8_t *copy = malloc(size ? size : 1);
	const char *why = NULL;
	enum vhost_parsed got;

	must(copy, "memory");
	if (size)
		memcpy(copy, data, size);
	must(vhost_msg_need(copy, size) <= VHOST_HEADER + VHOST_PAYLOAD_MAX,
	     "no more is read than there is room for");
	got = vhost_msg_parse(copy, size, fds, msg, &why);
	must((got == VHOST_BAD) == (why != NULL), "a reason to refuse");
	must(got != VHOST_MORE || vhost_msg_need(copy, size) > size,
	     "who waits needs more");
	free(copy);
	return got;
}

static void do_it(const struct vhost_msg *msg, unsigned int n)
{
	uint8_t reply[VHOST_HEADER + VHOST_PAYLOAD_MAX];
	int fds[VHOST_FDS_MAX] = { -1, -1, -1, -1, -1, -1, -1, -1 };
	struct vhost_dev dev;
	struct loop loop;
	struct err err = { "" };
	unsigned int i;
	size_t len;
	int failed;

	must(loop_init(&loop, &err) == 0, "a loop");
	vhost_dev_init(&dev, &loop, on_kick);
	for (i = 0; i < n; i++)
		fds[i] = dup(loop.epfd);
	failed = vhost_dev_request(&dev, msg, fds, reply, &len, &err);
	must(!failed || err.text[0], "a reason to refuse");
	must(len <= sizeof(reply), "a reply of its size");
	must(!msg->need_reply || len, "a reply for who wants one");
	vhost_dev_fini(&dev);
	for (i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	loop_fini(&loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum vhost_parsed before = VHOST_MORE, now = VHOST_MORE;
	struct vhost_msg msg = { 0 };
	unsigned int fds;
	size_t len;

	if (size < 1 || size > 1 + VHOST_HEADER + VHOST_PAYLOAD_MAX)
		return 0;
	fds = data[0] % (VHOST_FDS_MAX + 1);
	for (len = 0; len < size; len++, before = now) {
		now = parse(data + 1, len, fds, &msg);
		must(before == VHOST_MORE || now == before, "a decision holds");
	}
	if (now == VHOST_MSG)
		do_it(&msg, fds);
	return 0;
}
