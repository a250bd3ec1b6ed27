// SPDX-License-Identifier: GPL-2.0-or-later
/* Split virtqueues, see vring.h. */
#include "vring.h"

#include <endian.h>
#include <linux/virtio_ring.h>
#include <string.h>

/* How many chains ahead memory is asked for, and by how much at a time. */
#define AHEAD 8
#define CACHE_LINE 64

/**
 * struct table - Descriptors that a chain goes through
 * @at:		the first of them: the ring's, or those of an indirect one
 * @num:	how many there are
 */
struct table {
	const uint8_t *at;
	uint32_t num;
};

/* An octet count that a ring of @num takes, without the event index. */
static size_t avail_size(uint16_t num)
{
	return sizeof(struct vring_avail) + num * sizeof(uint16_t);
}

static size_t used_size(uint16_t num)
{
	return sizeof(struct vring_used) + num * sizeof(struct vring_used_elem);
}

static uint16_t load(const uint16_t *at)
{
	return le16toh(__atomic_load_n(at, __ATOMIC_RELAXED));
}

static void store(uint16_t *at, uint16_t value)
{
	__atomic_store_n(at, htole16(value), __ATOMIC_RELAXED);
}

/* Behind the ring of available chains: where the guest wants to be called. */
static uint16_t used_event(const struct vqueue *q)
{
	return load(&q->avail->ring[q->num]);
}

/* Behind the ring of used chains: where we want to be kicked. */
static void set_avail_event(const struct vqueue *q, uint16_t index)
{
	store((uint16_t *)(void *)&q->used->ring[q->num], index);
}

int vring_start(struct vqueue *q, const struct vhost_addr *addr, uint16_t base,
		struct err *err)
{
	uint16_t n = q->num;

	if (!n || (n & (n - 1)) || n > VRING_NUM_MAX)
		return err_set(err, "a ring of %u descriptors", n);
	if (addr->desc % 16 || addr->avail % 2 || addr->used % 4)
		return err_set(err, "a ring that is not aligned");
	q->desc = vhost_mem_user(q->mem, addr->desc,
				 n * sizeof(struct vring_desc));
	q->avail = vhost_mem_user(q->mem, addr->avail, avail_size(n) + 2);
	q->used = vhost_mem_user(q->mem, addr->used, used_size(n) + 2);
	if (!q->desc || !q->avail || !q->used)
		return err_set(err, "a ring outside of the guest's memory");
	/* Aligned there is aligned here: regions begin at pages, or the ring
	 * is not aligned. */
	if ((uintptr_t)q->desc % 16 || (uintptr_t)q->avail % 2 ||
	    (uintptr_t)q->used % 4)
		return err_set(err, "a ring in memory that is not aligned");
	q->next = q->seen = base;
	q->given = load(&q->used->idx);
	q->may_call = false;
	q->untold = 0;
	return 0;
}

/* A copy that the guest cannot change any more, and that the compiler does not
 * read again. */
static struct vring_desc copy_desc(const struct table *table, uint32_t index)
{
	struct vring_desc d;

	memcpy(&d, table->at + index * sizeof(d), sizeof(d));
	__asm__ volatile("" : "+m"(d));
	d.addr = le64toh(d.addr);
	d.len = le32toh(d.len);
	d.flags = le16toh(d.flags);
	d.next = le16toh(d.next);
	return d;
}

static bool add_buffer(const struct vhost_mem *mem, struct vchain *c,
		       uint64_t addr, uint32_t len)
{
	while (len) {
		size_t part = len;
		void *at = vhost_mem_guest(mem, addr, &part);

		if (!at || c->count == VRING_PIECES)
			return false;
		c->iov[c->count++] = (struct iovec){ at, part };
		c->len += part;
		addr += part;
		len -= (uint32_t)part;
	}
	return true;
}

/* An indirect table lies in one piece (as Linux makes them), is not empty, and
 * is the end of its chain. */
static bool enter_indirect(const struct vqueue *q, const struct vring_desc *d,
			   struct table *table)
{
	size_t len = d->len;

	if (d->flags & VRING_DESC_F_NEXT || !len ||
	    len % sizeof(struct vring_desc))
		return false;
	table->at = vhost_mem_guest(q->mem, d->addr, &len);
	table->num = d->len / (uint32_t)sizeof(struct vring_desc);
	return table->at && len == d->len;
}

static bool follow(struct vqueue *q, struct vchain *c)
{
	struct table table = { (const uint8_t *)q->desc, q->num };
	bool indirect = false;
	uint32_t i = c->head;
	unsigned int steps;

	for (steps = 0; steps <= VRING_PIECES && i < table.num; steps++) {
		struct vring_desc d = copy_desc(&table, i);

		if (!indirect)
			q->untold++;
		if (d.flags & VRING_DESC_F_INDIRECT) {
			if (indirect || !enter_indirect(q, &d, &table))
				return false;
			indirect = true;
			i = 0;
			continue;
		}
		/* An empty one is of no use, but a step that nothing bounds. */
		if (!d.len || !!(d.flags & VRING_DESC_F_WRITE) != q->to_guest ||
		    !add_buffer(q->mem, c, d.addr, d.len))
			return false;
		if (!(d.flags & VRING_DESC_F_NEXT))
			return true;
		i = d.next;
	}
	return false;
}

/* Look for chains that were made available since. */
static bool look(struct vqueue *q)
{
	q->seen = le16toh(__atomic_load_n(&q->avail->idx, __ATOMIC_ACQUIRE));
	return q->seen != q->next;
}

/* The guest has had it: for writing it must leave its cache. Compilers ask for
 * reading only, unless told that the processor knows this; those that do not
 * pass over it. */
#ifdef __x86_64__
static inline void fetch_to_write(const uint8_t *at)
{
	__asm__ volatile("prefetchw %0" : : "m"(*at));
}
#else
static inline void fetch_to_write(const uint8_t *at)
{
	__builtin_prefetch(at, 1);
}
#endif

/* What will be taken soon is in another processor's cache: ask for it now. All
 * of it may change until then, so it is judged by nobody. */
static void fetch_ahead(const struct vqueue *q)
{
	const struct vring_desc *d;
	const uint8_t *at;
	uint16_t head;
	size_t len = 1;

	if ((uint16_t)(q->seen - q->next) <= AHEAD)
		return;
	head = load(&q->avail->ring[(q->next + AHEAD) & (q->num - 1)]);
	if (head >= q->num)
		return;
	d = &q->desc[head];
	at = vhost_mem_guest(q->mem,
			     le64toh(__atomic_load_n((const uint64_t *)&d->addr,
						     __ATOMIC_RELAXED)),
			     &len);
	if (!at)
		return;
	if (q->to_guest) {
		fetch_to_write(at);
		fetch_to_write(at + CACHE_LINE);
	} else {
		__builtin_prefetch(at);
		__builtin_prefetch(at + CACHE_LINE);
	}
}

enum vring_got vring_take(struct vqueue *q, struct vchain *c)
{
	if (q->seen == q->next && !look(q))
		return VRING_NONE;
	if ((uint16_t)(q->seen - q->next) > q->num)
		return VRING_BROKEN;
	c->head = load(&q->avail->ring[q->next & (q->num - 1)]);
	if (c->head >= q->num)
		return VRING_BROKEN;
	q->next++;
	fetch_ahead(q);
	return follow(q, c) ? VRING_CHAIN : VRING_BAD;
}

void vring_untake(struct vqueue *q, unsigned int n)
{
	q->next = (uint16_t)(q->next - n);
}

void vring_give(struct vqueue *q, uint16_t head, uint32_t len)
{
	struct vring_used_elem *elem =
		&q->used->ring[q->given++ & (q->num - 1)];

	elem->id = htole32(head);
	elem->len = htole32(len);
}

void vring_publish(struct vqueue *q)
{
	__atomic_store_n(&q->used->idx, htole16(q->given), __ATOMIC_RELEASE);
}

bool vring_wants_call(struct vqueue *q)
{
	uint16_t before = q->called;
	bool known = q->may_call;

	q->untold = 0;
	/* What we published is seen before what the guest wants is read. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!q->event_idx)
		return !(load(&q->avail->flags) & VRING_AVAIL_F_NO_INTERRUPT);
	q->called = q->given;
	q->may_call = true;
	return !known || vring_need_event(used_event(q), q->given, before);
}

bool vring_listen(struct vqueue *q)
{
	uint16_t before = q->seen;

	if (q->event_idx)
		set_avail_event(q, before);
	else
		store(&q->used->flags, 0);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	look(q);
	return q->seen != before;
}

void vring_ignore(struct vqueue *q)
{
	if (!q->event_idx)
		store(&q->used->flags, VRING_USED_F_NO_NOTIFY);
}
