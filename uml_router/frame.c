// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pool of frames.
 *
 * The distance between two frames is an odd number of cache lines: were it a
 * power of two, the headers of all frames would fight for the same few sets of
 * the cache. Huge pages are declined, because they would make the whole of a
 * slab resident for its first frame.
 */
#include "frame.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CACHE_LINE 64
#define FRAME_SLAB 64

#define FRAME_LINES                                                            \
	((sizeof(struct frame) + FRAME_MAX + 1 + CACHE_LINE - 1) / CACHE_LINE)
#define FRAME_STRIDE ((FRAME_LINES | 1) * CACHE_LINE)

void frame_pool_init(struct frame_pool *pool)
{
	*pool = (struct frame_pool){ 0 };
}

void frame_pool_fini(struct frame_pool *pool)
{
	size_t i;

	for (i = 0; i < pool->slab_count; i++)
		munmap(pool->slabs[i], FRAME_SLAB * FRAME_STRIDE);
	free(pool->slabs);
	frame_pool_init(pool);
}

static bool slab_room(struct frame_pool *pool)
{
	size_t room = pool->slab_room ? pool->slab_room * 2 : 16;
	void **slabs;

	if (pool->slab_count < pool->slab_room)
		return true;
	slabs = realloc(pool->slabs, room * sizeof(*slabs));
	if (!slabs)
		return false;
	pool->slabs = slabs;
	pool->slab_room = room;
	return true;
}

static void add_slab(struct frame_pool *pool)
{
	char *slab;
	size_t i;

	if (!slab_room(pool))
		return;
	slab = mmap(NULL, FRAME_SLAB * FRAME_STRIDE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (slab == MAP_FAILED)
		return;
	madvise(slab, FRAME_SLAB * FRAME_STRIDE, MADV_NOHUGEPAGE);
	pool->slabs[pool->slab_count++] = slab;
	for (i = FRAME_SLAB; i-- > 0;) {
		struct frame *f = (struct frame *)(slab + i * FRAME_STRIDE);

		f->next = pool->free;
		pool->free = f;
	}
}

struct frame *frame_get(struct frame_pool *pool)
{
	struct frame *f;

	if (!pool->free)
		add_slab(pool);
	f = pool->free;
	if (!f)
		return NULL;
	pool->free = f->next;
	pool->used++;
	f->refs = 1;
	f->len = 0;
	f->borrowed = 0;
	f->vnet = (struct virtio_net_hdr_v1){ 0 };
	return f;
}

void frame_filled(struct frame_pool *pool, struct frame *frame, size_t len)
{
	frame->len = (uint32_t)len;
	if (len > 4096 && !frame->large) {
		frame->large = true;
		pool->large++;
	}
}

/* The part that is not in its own buffer. */
static void copy_rest(const struct frame *frame, uint8_t *to)
{
	unsigned int i;

	for (i = 0; frame->borrowed && i < frame->rest_count; i++) {
		memcpy(to, frame->rest[i].iov_base, frame->rest[i].iov_len);
		to += frame->rest[i].iov_len;
	}
}

void frame_copy_to(struct frame *copy, const struct frame *frame)
{
	copy->vnet = frame->vnet;
	copy->len = frame->len;
	memcpy(copy->data, frame->data, frame_own(frame));
	copy_rest(frame, copy->data + frame_own(frame));
}

struct frame *frame_copy(struct frame_pool *pool, const struct frame *frame)
{
	struct frame *copy = frame_get(pool);

	if (!copy)
		return NULL;
	frame_copy_to(copy, frame);
	frame_filled(pool, copy, frame->len);
	return copy;
}

void frame_fetch(struct frame_pool *pool, struct frame *frame)
{
	copy_rest(frame, frame->data + frame_own(frame));
	frame->borrowed = 0;
	frame_filled(pool, frame, frame->len);
}

/* From the first whole page behind the start of the data to the last whole
 * page in front of the next frame. */
static void trim_frame(struct frame *frame, uintptr_t page)
{
	uintptr_t from = ((uintptr_t)frame->data + 2 * page - 1) & ~(page - 1);
	uintptr_t to = ((uintptr_t)frame + FRAME_STRIDE) & ~(page - 1);

	madvise((void *)from, to - from, MADV_DONTNEED);
	frame->large = false;
}

void frame_pool_trim(struct frame_pool *pool)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	struct frame *f;

	for (f = pool->free; f && pool->large; f = f->next) {
		if (!f->large)
			continue;
		trim_frame(f, page);
		pool->large--;
	}
}
