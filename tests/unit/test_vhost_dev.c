// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/vhost_dev: what a request that fails leaves behind, memory without
 * bounds, descriptors that are something else.
 */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "tests/unit/tap.h"
#include "uml_router/vhost_dev.h"

#define MEMORY (1 << 20)
#define USER 0x100000

/* A device whose first ring runs. */
struct bench {
	struct loop loop;
	struct vhost_dev dev;
	uint8_t reply[VHOST_HEADER + VHOST_PAYLOAD_MAX];
	int file;
};

static void on_kick(struct event *ev, uint32_t ready)
{
}

static int request(struct bench *b, struct vhost_msg msg, int fd)
{
	int fds[8] = { fd, -1, -1, -1, -1, -1, -1, -1 };
	struct err err;
	size_t len;

	return vhost_dev_request(&b->dev, &msg, fds, b->reply, &len, &err);
}

static struct vhost_msg table(uint64_t size, uint64_t user)
{
	return (struct vhost_msg){
		.request = VHOST_SET_MEM_TABLE,
		.table = { 1, { { 0, size, user, 0 } } },
	};
}

static void set_up(struct bench *b)
{
	struct err err;
	int failed;

	if (loop_init(&b->loop, &err) < 0)
		tap_bail(err.text);
	vhost_dev_init(&b->dev, &b->loop, on_kick);
	b->file = memfd_create("guest", MFD_CLOEXEC);
	if (b->file < 0 || ftruncate(b->file, MEMORY) < 0)
		tap_bail("memfd_create");
	failed = request(b,
			 (struct vhost_msg){ .request = VHOST_SET_FEATURES,
					     .number = 1ULL << 32 | 1ULL << 30 |
						       1 << 15 },
			 -1);
	failed |= request(b, table(MEMORY, USER), dup(b->file));
	failed |= request(b,
			  (struct vhost_msg){ .request = VHOST_SET_VRING_NUM,
					      .state = { 0, 256 } },
			  -1);
	failed |=
		request(b,
			(struct vhost_msg){ .request = VHOST_SET_VRING_ADDR,
					    .addr = { 0, 0, USER, USER + 0x2000,
						      USER + 0x1000, 0 } },
			-1);
	failed |= request(b,
			  (struct vhost_msg){ .request = VHOST_SET_VRING_KICK },
			  eventfd(0, EFD_CLOEXEC));
	failed |= request(b,
			  (struct vhost_msg){ .request = VHOST_SET_VRING_ENABLE,
					      .state = { 0, 1 } },
			  -1);
	if (failed || b->dev.pairs != 1)
		tap_bail("the ring does not run");
}

static void tear_down(struct bench *b)
{
	vhost_dev_fini(&b->dev);
	loop_fini(&b->loop);
	close(b->file);
}

/* Nothing is sent to rings that were stopped, whether the request that did it
 * came to its end or not. */
static void test_table(struct vhost_msg msg, bool file, const char *what)
{
	struct bench b;

	set_up(&b);
	msg.need_reply = true;
	ok(request(&b, msg, file ? dup(b.file) : eventfd(0, EFD_CLOEXEC)) < 0,
	   "%s: refused", what);
	ok(!b.dev.pairs && !b.dev.rings[0].running, "%s: no ring runs", what);
	tear_down(&b);
}

static void test_kick(int fd, const char *what)
{
	struct bench b;

	set_up(&b);
	ok(request(&b, (struct vhost_msg){ .request = VHOST_SET_VRING_KICK },
		   fd) < 0,
	   "a kick descriptor that is %s", what);
	tear_down(&b);
}

int main(void)
{
	test_table(table(MEMORY, USER), false, "memory that is no file");
	test_table(table(MEMORY, 9 * USER), true, "memory without the ring");
	test_table(table(5ULL << 40, USER), true, "memory of 5 TiB");
	test_kick(epoll_create1(EPOLL_CLOEXEC), "an epoll descriptor");
	test_kick(memfd_create("kick", MFD_CLOEXEC), "a file");
	return tap_done();
}
