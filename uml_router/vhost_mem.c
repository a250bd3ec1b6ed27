// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The memory of guests, see vhost_mem.h.
 *
 * A signal handler has no argument of ours, so the list of what is mapped is
 * the one thing that lies outside of any object. The signal comes from an
 * access of this very thread to guest memory, never while the list changes.
 */
#include "vhost_mem.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/** Most memory of one guest. */
#define MOST_MEMORY (UINT64_C(4) << 40)

static struct list mapped = { &mapped, &mapped };

static bool lies_in(const struct vhost_mapping *m, const void *at)
{
	return (uintptr_t)at - (uintptr_t)m->base < m->base_size;
}

static bool replace(struct vhost_mem *mem, const void *at)
{
	unsigned int i;

	for (i = 0; i < mem->count; i++) {
		const struct vhost_mapping *m = &mem->regions[i];

		if (!lies_in(m, at))
			continue;
		mem->lost = 1;
		return mmap(m->base, m->base_size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED |
				    MAP_NORESERVE,
			    -1, 0) != MAP_FAILED;
	}
	return false;
}

/* Any other bad access ends the program, as it does without us. */
static void on_sigbus(int number, siginfo_t *info, void *context)
{
	struct list *at;
	int before = errno;
	bool done = false;

	if (info->si_code > 0)
		list_for_each(at, &mapped)
			done |= replace(
				container_of(at, struct vhost_mem, node),
				info->si_addr);
	if (!done)
		signal(number, SIG_DFL);
	if (!done && info->si_code <= 0)
		raise(number);
	errno = before;
}

static void catch_sigbus(void)
{
	struct sigaction action = { .sa_sigaction = on_sigbus,
				    .sa_flags = SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
}

void vhost_mem_init(struct vhost_mem *mem)
{
	*mem = (struct vhost_mem){ 0 };
	list_init(&mem->node);
}

static bool somebody_answers(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return true;
	switch ((unsigned long)fs.f_type) {
	case FUSE_SUPER_MAGIC:
	case NFS_SUPER_MAGIC:
	case V9FS_MAGIC:
	case SMB_SUPER_MAGIC:
	case SMB2_SUPER_MAGIC:
	case CIFS_SUPER_MAGIC:
	case CEPH_SUPER_MAGIC:
	case AFS_SUPER_MAGIC:
	case AFS_FS_MAGIC:
		return true;
	default:
		return false;
	}
}

/* The block size of hugetlbfs is its page size. */
static uint64_t page_of(const struct stat *st)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t block = (uint64_t)st->st_blksize;

	return block > page && !(block & (block - 1)) ? block : page;
}

static bool wraps(const struct vhost_region *r)
{
	return !r->size || r->guest + r->size < r->guest ||
	       r->user + r->size < r->user || r->offset + r->size < r->offset;
}

static int map_region(struct vhost_mapping *m, const struct vhost_region *r,
		      int fd, struct err *err)
{
	uint64_t page, skip;
	struct stat st;

	if (wraps(r))
		return err_set(err, "memory region without size or end");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, "memory that is no file");
	if (somebody_answers(fd))
		return err_set(err, "memory on a file system that is not the "
				    "kernel's own");
	if (r->offset + r->size > (uint64_t)st.st_size)
		return err_set(err, "memory region beyond the end of its file");
	page = page_of(&st);
	skip = r->offset & (page - 1);
	*m = (struct vhost_mapping){
		r->guest, r->user, r->size,
		NULL,	  NULL,	   (skip + r->size + page - 1) & ~(page - 1)
	};
	m->base = mmap(NULL, m->base_size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_NORESERVE, fd,
		       (off_t)(r->offset - skip));
	if (m->base == MAP_FAILED)
		return err_errno(err, "cannot map guest memory");
	m->at = (uint8_t *)m->base + skip;
	return 0;
}

/* A sparse file can be of any size, but addresses are everybody's. */
static bool too_large(const struct vhost_table *table)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < table->count; i++) {
		if (table->regions[i].size > MOST_MEMORY - sum)
			return true;
		sum += table->regions[i].size;
	}
	return false;
}

int vhost_mem_map(struct vhost_mem *mem, const struct vhost_table *table,
		  const int fds[], struct err *err)
{
	vhost_mem_unmap(mem);
	if (too_large(table))
		return err_set(err, "more than 4 TiB of memory");
	for (; mem->count < table->count; mem->count++) {
		if (map_region(&mem->regions[mem->count],
			       &table->regions[mem->count], fds[mem->count],
			       err) == 0)
			continue;
		vhost_mem_unmap(mem);
		return -1;
	}
	catch_sigbus();
	list_append(&mapped, &mem->node);
	return 0;
}

void vhost_mem_unmap(struct vhost_mem *mem)
{
	unsigned int i;

	list_remove(&mem->node);
	for (i = 0; i < mem->count; i++)
		munmap(mem->regions[i].base, mem->regions[i].base_size);
	mem->count = 0;
	mem->lost = 0;
}

void *vhost_mem_user(const struct vhost_mem *mem, uint64_t addr, size_t len)
{
	unsigned int i;

	for (i = 0; i < mem->count; i++) {
		const struct vhost_mapping *m = &mem->regions[i];
		uint64_t at = addr - m->user;

		if (at < m->size && len <= m->size - at)
			return m->at + at;
	}
	return NULL;
}
