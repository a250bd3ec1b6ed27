/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of a guest, mapped: files that a vhost-user front end handed over.
 *
 * A guest can shrink its file while it is read, and then a page of the mapping
 * is there no longer: SIGBUS. The handler puts empty memory of our own into the
 * place of the whole region and lets the access be repeated. So no access needs
 * to be guarded, no copy is cut short at any place in the code, and it costs
 * nothing per frame: whoever has finished a burst asks vhost_mem.lost, and ends
 * the guest's port.
 *
 * Files of file systems that another process, or another machine, answers for
 * (FUSE, NFS, 9p) are refused: an access could wait as long as that likes.
 */
#ifndef UML_ROUTER_VHOST_MEM_H
#define UML_ROUTER_VHOST_MEM_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "list.h"
#include "vhost_msg.h"

/**
 * struct vhost_mapping - One region
 * @guest:	its physical address in the guest
 * @user:	its address in the front end
 * @size:	octets
 * @at:		where it begins here
 * @base:	what was mapped: it begins at a page of the file
 * @base_size:	octets of that
 */
struct vhost_mapping {
	uint64_t guest, user, size;
	uint8_t *at;
	void *base;
	size_t base_size;
};

/**
 * struct vhost_mem - All memory of a guest
 * @node:	in the list that the signal handler looks at
 * @regions:	the regions
 * @count:	how many
 * @lost:	a part of it is there no longer: nothing read from it is true
 */
struct vhost_mem {
	struct list node;
	struct vhost_mapping regions[VHOST_REGIONS_MAX];
	unsigned int count;
	volatile sig_atomic_t lost;
};

/** vhost_mem_init() - No memory */
void vhost_mem_init(struct vhost_mem *mem);

/**
 * vhost_mem_map() - Map a table, in place of what was there
 * @mem:	initialised
 * @table:	from anywhere
 * @fds:	a file for each region; they stay the caller's
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set and no memory mapped
 */
int vhost_mem_map(struct vhost_mem *mem, const struct vhost_table *table,
		  const int fds[], struct err *err);

/** vhost_mem_unmap() - Let go of all of it */
void vhost_mem_unmap(struct vhost_mem *mem);

/**
 * vhost_mem_guest() - Where a physical address of the guest is
 * @mem:	the memory
 * @addr:	from anywhere
 * @len:	octets wanted, at least 1; afterwards those that lie there in one
 *		piece
 *
 * Return: the place, or NULL
 */
static inline void *vhost_mem_guest(const struct vhost_mem *mem, uint64_t addr,
				    size_t *len)
{
	unsigned int i;

	for (i = 0; i < mem->count; i++) {
		const struct vhost_mapping *m = &mem->regions[i];
		uint64_t at = addr - m->guest;

		if (at >= m->size)
			continue;
		if (*len > m->size - at)
			*len = m->size - at;
		return m->at + at;
	}
	return NULL;
}

/**
 * vhost_mem_user() - Where an address of the front end is
 * @mem:	the memory
 * @addr:	from anywhere
 * @len:	octets that must lie there in one piece
 *
 * Return: the place, or NULL
 */
void *vhost_mem_user(const struct vhost_mem *mem, uint64_t addr, size_t len);

#endif /* UML_ROUTER_VHOST_MEM_H */
