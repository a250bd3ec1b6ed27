// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/vring, vhost_mem: rings of an honest driver and of others, memory
 * tables that are not true, memory that goes away.
 */
#include <linux/virtio_ring.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/helpers/vguest.h"
#include "tests/unit/tap.h"
#include "uml_router/vring.h"

#define NUM 16

/** struct bench - A guest, and what the switch has of it */
struct bench {
	struct vguest g;
	struct vhost_mem mem;
	struct vqueue q;
};

static uint64_t user_at(const struct bench *b, const void *at)
{
	return vguest_at(&b->g, at) - VGUEST_GUEST + VGUEST_USER;
}

static struct vhost_addr addr_of(const struct bench *b,
				 const struct vguest_ring *r)
{
	return (struct vhost_addr){ .desc = user_at(b, r->ring.desc),
				    .avail = user_at(b, r->ring.avail),
				    .used = user_at(b, r->ring.used) };
}

static struct vhost_table table_of(const struct bench *b)
{
	return (struct vhost_table){
		1, { { VGUEST_GUEST, b->g.size, VGUEST_USER, 0 } }
	};
}

/* The transmit ring runs. */
static void set_up(struct bench *b, uint16_t base)
{
	struct vhost_table table;
	struct vhost_addr addr;
	struct err err;

	if (vguest_init(&b->g, -1, NUM) < 0)
		tap_bail("no guest");
	b->g.tx.next = b->g.tx.seen = base;
	b->g.tx.ring.avail->idx = b->g.tx.ring.used->idx = base;
	vhost_mem_init(&b->mem);
	table = table_of(b);
	if (vhost_mem_map(&b->mem, &table, &b->g.file, &err) < 0)
		tap_bail(err.text);
	b->q = (struct vqueue){ .mem = &b->mem, .num = NUM, .event_idx = true };
	addr = addr_of(b, &b->g.tx);
	if (vring_start(&b->q, &addr, base, &err) < 0)
		tap_bail(err.text);
}

static void tear_down(struct bench *b)
{
	vhost_mem_unmap(&b->mem);
	vguest_fini(&b->g);
}

/* Descriptor @i of the transmit ring. */
static void put_desc(struct bench *b, unsigned int i, uint64_t addr,
		     uint32_t len, uint16_t flags, uint16_t next)
{
	b->g.tx.ring.desc[i] = (struct vring_desc){ addr, len, flags, next };
}

static uint64_t buffer(const struct bench *b, unsigned int i)
{
	return vguest_at(&b->g, b->g.tx.buffers + (size_t)i * VGUEST_BUFFER);
}

/* Make the chain at @head available, and take it. */
static enum vring_got take(struct bench *b, uint16_t head, struct vchain *c)
{
	struct vring *r = &b->g.tx.ring;

	r->avail->ring[b->g.tx.next++ % NUM] = head;
	r->avail->idx = b->g.tx.next;
	vchain_clear(c);
	return vring_take(&b->q, c);
}

static void test_chains(void)
{
	struct vchain c;
	struct bench b;

	set_up(&b, 0);
	vchain_clear(&c);
	ok(vring_take(&b.q, &c) == VRING_NONE, "nothing in an empty ring");
	put_desc(&b, 3, buffer(&b, 0), 100, 0, 0);
	ok(take(&b, 3, &c) == VRING_CHAIN && c.head == 3 && c.count == 1 &&
		   c.len == 100,
	   "one buffer");
	put_desc(&b, 0, buffer(&b, 0), 10, VRING_DESC_F_NEXT, 5);
	put_desc(&b, 5, buffer(&b, 1), 20, VRING_DESC_F_NEXT, 2);
	put_desc(&b, 2, buffer(&b, 2), 30, 0, 0);
	memcpy(b.g.tx.buffers + 2 * VGUEST_BUFFER, "here", 5);
	ok(take(&b, 0, &c) == VRING_CHAIN && c.count == 3 && c.len == 60,
	   "three buffers");
	is_str(c.iov[2].iov_base, "here", "at the right place");
	put_desc(&b, 1, buffer(&b, 0), 0, 0, 0);
	ok(take(&b, 1, &c) == VRING_BAD, "an empty buffer");
	tear_down(&b);
}

/* An indirect table of @n descriptors in buffer 8. */
static struct vring_desc *table_at(struct bench *b)
{
	return (struct vring_desc *)(void *)(b->g.tx.buffers +
					     (size_t)8 * VGUEST_BUFFER);
}

static void test_indirect(void)
{
	struct vring_desc *table;
	struct vchain c;
	struct bench b;

	set_up(&b, 0);
	table = table_at(&b);
	table[0] = (struct vring_desc){ buffer(&b, 0), 12, VRING_DESC_F_NEXT,
					1 };
	table[1] = (struct vring_desc){ buffer(&b, 1), 88, 0, 0 };
	put_desc(&b, 0, vguest_at(&b.g, table), 32, VRING_DESC_F_INDIRECT, 0);
	ok(take(&b, 0, &c) == VRING_CHAIN && c.count == 2 && c.len == 100,
	   "indirect");
	put_desc(&b, 0, vguest_at(&b.g, table), 16, VRING_DESC_F_INDIRECT, 0);
	ok(take(&b, 0, &c) == VRING_BAD, "a next one behind the table");
	put_desc(&b, 0, vguest_at(&b.g, table), 31, VRING_DESC_F_INDIRECT, 0);
	ok(take(&b, 0, &c) == VRING_BAD, "a table with half a descriptor");
	put_desc(&b, 0, vguest_at(&b.g, table), 0, VRING_DESC_F_INDIRECT, 0);
	ok(take(&b, 0, &c) == VRING_BAD, "an empty table");
	put_desc(&b, 0, VGUEST_GUEST + b.g.size - 16, 32, VRING_DESC_F_INDIRECT,
		 0);
	ok(take(&b, 0, &c) == VRING_BAD, "a table beyond the memory");
	put_desc(&b, 0, vguest_at(&b.g, table), 32,
		 VRING_DESC_F_INDIRECT | VRING_DESC_F_NEXT, 0);
	ok(take(&b, 0, &c) == VRING_BAD, "a table that goes on outside");
	table[1].flags = VRING_DESC_F_INDIRECT;
	table[1].len = 16;
	put_desc(&b, 0, vguest_at(&b.g, table), 32, VRING_DESC_F_INDIRECT, 0);
	ok(take(&b, 0, &c) == VRING_BAD, "a table in a table");
	tear_down(&b);
}

static void test_bad_chains(void)
{
	struct vchain c;
	struct bench b;

	set_up(&b, 0);
	put_desc(&b, 0, VGUEST_GUEST - 1, 1, 0, 0);
	ok(take(&b, 0, &c) == VRING_BAD, "in front of the memory");
	put_desc(&b, 0, VGUEST_GUEST + b.g.size, 1, 0, 0);
	ok(take(&b, 0, &c) == VRING_BAD, "behind it");
	put_desc(&b, 0, VGUEST_GUEST + b.g.size - 1, 2, 0, 0);
	ok(take(&b, 0, &c) == VRING_BAD, "across its end");
	put_desc(&b, 0, UINT64_MAX, UINT32_MAX, 0, 0);
	ok(take(&b, 0, &c) == VRING_BAD, "around the end of all");
	put_desc(&b, 0, buffer(&b, 0), 1, VRING_DESC_F_WRITE, 0);
	ok(take(&b, 0, &c) == VRING_BAD, "to be written, among those to read");
	put_desc(&b, 0, buffer(&b, 0), 1, VRING_DESC_F_NEXT, NUM);
	ok(take(&b, 0, &c) == VRING_BAD, "a next one that is none");
	put_desc(&b, 0, buffer(&b, 0), 1, VRING_DESC_F_NEXT, 0);
	ok(take(&b, 0, &c) == VRING_BAD, "a circle");
	put_desc(&b, 0, buffer(&b, 0), 0, VRING_DESC_F_NEXT, 0);
	ok(take(&b, 0, &c) == VRING_BAD, "a circle of nothing");
	put_desc(&b, 0, buffer(&b, 0), 7, 0, 0);
	ok(take(&b, 0, &c) == VRING_CHAIN && c.len == 7,
	   "the next one is as good as ever");
	tear_down(&b);
}

static void test_broken(void)
{
	struct vchain c;
	struct bench b;

	set_up(&b, 0);
	ok(take(&b, NUM, &c) == VRING_BROKEN, "a head beyond the ring");
	tear_down(&b);
	set_up(&b, 0);
	b.g.tx.ring.avail->idx = NUM + 1;
	vchain_clear(&c);
	ok(vring_take(&b.q, &c) == VRING_BROKEN, "more chains than there are");
	tear_down(&b);
	set_up(&b, 5);
	b.g.tx.ring.avail->idx = 4;
	vchain_clear(&c);
	ok(vring_take(&b.q, &c) == VRING_BROKEN, "back in time");
	tear_down(&b);
}

static void test_around(void)
{
	unsigned int i, good = 0;
	struct vchain c;
	struct bench b;

	set_up(&b, 65530);
	put_desc(&b, 1, buffer(&b, 0), 1, 0, 0);
	for (i = 0; i < 20; i++) {
		good += take(&b, 1, &c) == VRING_CHAIN;
		vring_give(&b.q, c.head, 9);
		vring_publish(&b.q);
		good += b.g.tx.ring.used->idx == (uint16_t)(65531 + i) &&
			b.g.tx.ring.used->ring[(65530 + i) % NUM].id == 1 &&
			b.g.tx.ring.used->ring[(65530 + i) % NUM].len == 9;
	}
	is_int(good, 40, "indices begin again behind 65535");
	tear_down(&b);
}

static void test_untake(void)
{
	struct vchain c;
	struct bench b;

	set_up(&b, 0);
	put_desc(&b, 1, buffer(&b, 0), 1, 0, 0);
	put_desc(&b, 2, buffer(&b, 0), 2, 0, 0);
	take(&b, 1, &c);
	take(&b, 2, &c);
	vring_untake(&b.q, 2);
	vchain_clear(&c);
	ok(vring_take(&b.q, &c) == VRING_CHAIN && c.head == 1,
	   "the first again");
	ok(vring_take(&b.q, &c) == VRING_CHAIN && c.head == 2 && c.count == 2 &&
		   c.len == 3,
	   "and the second, appended");
	tear_down(&b);
}

/* Give a chain back; is a call wanted? */
static bool give_one(struct bench *b)
{
	struct vchain c;

	take(b, 1, &c);
	vring_give(&b->q, 1, 0);
	vring_publish(&b->q);
	return vring_wants_call(&b->q);
}

static void test_events(void)
{
	struct vchain c;
	struct bench b;

	set_up(&b, 0);
	put_desc(&b, 1, buffer(&b, 0), 1, 0, 0);
	ok(give_one(&b), "the first time a call is made anyhow");
	vring_used_event(&b.g.tx.ring) = 2;
	ok(!give_one(&b), "not before it is wanted");
	ok(give_one(&b), "then it is");
	ok(!give_one(&b), "once");
	ok(!vring_listen(&b.q), "nothing else is there");
	is_int(vring_avail_event(&b.g.tx.ring), b.g.tx.next,
	       "kicks are wanted for the next chain");
	b.g.tx.ring.avail->idx = ++b.g.tx.next;
	ok(vring_listen(&b.q), "a chain that came in between is found");
	tear_down(&b);

	set_up(&b, 0);
	b.q.event_idx = false;
	put_desc(&b, 1, buffer(&b, 0), 1, 0, 0);
	ok(give_one(&b), "without the index each time");
	b.g.tx.ring.avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	ok(!give_one(&b), "but when it is not wanted");
	vring_ignore(&b.q);
	is_int(b.g.tx.ring.used->flags, VRING_USED_F_NO_NOTIFY, "no kicks");
	vring_listen(&b.q);
	is_int(b.g.tx.ring.used->flags, 0, "kicks again");
	vchain_clear(&c);
	tear_down(&b);
}

static bool starts(const struct bench *b, uint16_t num,
		   const struct vhost_addr *addr)
{
	struct vqueue q = { .mem = &b->mem, .num = num };
	struct err err = { "" };
	int failed = vring_start(&q, addr, 0, &err);

	return !failed || !err.text[0];
}

static void test_start(void)
{
	struct vhost_addr addr;
	struct bench b;

	set_up(&b, 0);
	addr = addr_of(&b, &b.g.tx);
	ok(starts(&b, NUM, &addr), "a ring");
	ok(!starts(&b, 0, &addr), "of no length");
	ok(!starts(&b, 12, &addr), "of a length that is no power of two");
	addr.desc += 8;
	ok(!starts(&b, NUM, &addr), "not aligned");
	addr = addr_of(&b, &b.g.tx);
	addr.used = VGUEST_USER + b.g.size - 4;
	ok(!starts(&b, NUM, &addr), "used chains across the end");
	addr = addr_of(&b, &b.g.tx);
	addr.avail = UINT64_MAX - 1;
	ok(!starts(&b, NUM, &addr), "available chains nowhere");
	addr = addr_of(&b, &b.g.tx);
	addr.desc -= VGUEST_USER - VGUEST_GUEST;
	ok(!starts(&b, NUM, &addr),
	   "where the guest has it, not the front end");
	tear_down(&b);
}

static bool maps(const struct vhost_table *table, int fd)
{
	int fds[VHOST_REGIONS_MAX] = { fd, fd, fd, fd, fd, fd, fd, fd };
	struct err err = { "" };
	struct vhost_mem mem;
	int failed;

	vhost_mem_init(&mem);
	failed = vhost_mem_map(&mem, table, fds, &err);
	if (failed && (mem.count || !err.text[0]))
		ok(false, "a refusal leaves nothing, and says why");
	vhost_mem_unmap(&mem);
	return !failed;
}

static void test_tables(void)
{
	struct vhost_table t;
	struct bench b;
	int ends[2];

	set_up(&b, 0);
	t = table_of(&b);
	ok(maps(&t, b.g.file), "a table");
	t.regions[0].size++;
	ok(!maps(&t, b.g.file), "beyond the file");
	t = table_of(&b);
	t.regions[0].offset = UINT64_MAX - 4095;
	ok(!maps(&t, b.g.file), "an offset beyond all");
	t = table_of(&b);
	t.regions[0].size = 0;
	ok(!maps(&t, b.g.file), "no size");
	t = table_of(&b);
	t.regions[0].guest = UINT64_MAX - 4095;
	ok(!maps(&t, b.g.file), "around the end");
	t = table_of(&b);
	t.count = 2;
	ok(!maps(&t, b.g.file), "a good one and a bad one");
	t = table_of(&b);
	t.regions[0].offset = 100;
	t.regions[0].size = 5000;
	ok(maps(&t, b.g.file), "in the middle of a page");
	if (pipe(ends) < 0)
		tap_bail("no pipe");
	t = table_of(&b);
	ok(!maps(&t, ends[0]), "a pipe");
	close(ends[0]);
	close(ends[1]);
	tear_down(&b);
}

/* Two regions side by side in the guest, in the other order in the file. */
static void test_regions(void)
{
	struct vhost_table t = { 2,
				 { { 0x10000, 4096, 0x900000, 4096 },
				   { 0x11000, 4096, 0, 0 } } };
	struct vhost_mem mem;
	struct err err;
	struct bench b;
	int fds[2];
	size_t len;

	set_up(&b, 0);
	fds[0] = fds[1] = b.g.file;
	vhost_mem_init(&mem);
	if (vhost_mem_map(&mem, &t, fds, &err) < 0)
		tap_bail(err.text);
	len = 100;
	ok(vhost_mem_guest(&mem, 0x10ff0, &len) && len == 16,
	   "as far as the region goes");
	len = 100;
	ok(vhost_mem_guest(&mem, 0x11000, &len) == mem.regions[1].at &&
		   len == 100,
	   "the other region");
	len = 1;
	ok(!vhost_mem_guest(&mem, 0x12000, &len), "no region");
	ok(vhost_mem_user(&mem, 0x900010, 16) == mem.regions[0].at + 16 &&
		   !vhost_mem_user(&mem, 0x900ff8, 16),
	   "addresses of the front end, in one piece or not at all");
	vhost_mem_unmap(&mem);
	tear_down(&b);
}

static void test_shrunken(void)
{
	volatile uint8_t *at;
	struct vchain c;
	struct bench b;

	set_up(&b, 0);
	put_desc(&b, 1, buffer(&b, 0), 1, 0, 0);
	take(&b, 1, &c);
	at = c.iov[0].iov_base;
	*at = 7;
	ok(*at == 7 && !b.mem.lost, "memory");
	if (ftruncate(b.g.file, 0) < 0)
		tap_bail("ftruncate");
	ok(*at == 0 && b.mem.lost, "a page that is gone is empty, and told of");
	*at = 8;
	ok(*at == 8, "and can be written to");
	vchain_clear(&c);
	ok(vring_take(&b.q, &c) != VRING_CHAIN, "the ring is empty or broken");
	tear_down(&b);
}

int main(void)
{
	test_chains();
	test_indirect();
	test_bad_chains();
	test_broken();
	test_around();
	test_untake();
	test_events();
	test_start();
	test_tables();
	test_regions();
	test_shrunken();
	return tap_done();
}
