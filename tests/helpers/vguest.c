// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest's side of a vhost-user port, see vguest.h. */
#include "tests/helpers/vguest.h"

#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "uml_router/vhost_msg.h"

/** Octets for the three parts of a ring. */
#define RING_ROOM 65536
/** Version 1 of the protocol. */
#define VERSION_1 1

static void init_ring(struct vguest_ring *r, uint8_t *at, uint16_t num)
{
	uint16_t i;

	vring_init(&r->ring, num, at, 4096);
	r->buffers = at + RING_ROOM;
	r->next = r->seen = 0;
	r->kick = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	r->call = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	for (i = 0; i < num; i++)
		r->ring.avail->ring[i] = i;
}

int vguest_init(struct vguest *g, int sock, uint16_t num)
{
	size_t one = RING_ROOM + (size_t)num * VGUEST_BUFFER;

	*g = (struct vguest){ .sock = sock,
			      .size = 2 * one,
			      .header = VGUEST_HEADER };
	fcntl(sock, F_SETFL, 0);
	g->file = memfd_create("vguest", MFD_CLOEXEC);
	if (g->file < 0 || ftruncate(g->file, (off_t)g->size) < 0)
		return -1;
	g->mem = mmap(NULL, g->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      g->file, 0);
	if (g->mem == MAP_FAILED)
		return -1;
	init_ring(&g->rx, g->mem, num);
	init_ring(&g->tx, g->mem + one, num);
	return 0;
}

static void fini_ring(const struct vguest_ring *r)
{
	close(r->kick);
	close(r->call);
}

void vguest_fini(struct vguest *g)
{
	fini_ring(&g->rx);
	fini_ring(&g->tx);
	munmap(g->mem, g->size);
	close(g->file);
	close(g->sock);
}

uint64_t vguest_at(const struct vguest *g, const void *at)
{
	return VGUEST_GUEST + (uint64_t)((const uint8_t *)at - g->mem);
}

/* --- messages ------------------------------------------------------------ */

int vguest_say(const struct vguest *g, uint32_t request, uint32_t flags,
	       const void *payload, uint32_t size, const int fds[],
	       unsigned int n)
{
	uint32_t header[3] = { request, VERSION_1 | flags, size };
	union {
		char space[CMSG_SPACE(16 * sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec iov[2] = { { header, sizeof(header) },
				{ (void *)(uintptr_t)payload, size } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct cmsghdr *c;

	if (n) {
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	return sendmsg(g->sock, &msg, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int vguest_say_number(const struct vguest *g, uint32_t request, uint64_t number)
{
	return vguest_say(g, request, 0, &number, sizeof(number), NULL, 0);
}

int vguest_say_state(const struct vguest *g, uint32_t request, uint32_t index,
		     uint32_t num)
{
	struct vhost_state state = { index, num };

	return vguest_say(g, request, 0, &state, sizeof(state), NULL, 0);
}

int vguest_say_memory(const struct vguest *g)
{
	struct {
		uint32_t count, padding;
		struct vhost_region region;
	} table = { 1, 0, { VGUEST_GUEST, g->size, VGUEST_USER, 0 } };

	return vguest_say(g, VHOST_SET_MEM_TABLE, 0, &table, sizeof(table),
			  &g->file, 1);
}

static int say_fd(const struct vguest *g, uint32_t request, uint64_t index,
		  int fd)
{
	return vguest_say(g, request, 0, &index, sizeof(index), &fd, 1);
}

static uint64_t user_at(const struct vguest *g, const void *at)
{
	return vguest_at(g, at) - VGUEST_GUEST + VGUEST_USER;
}

int vguest_say_ring(const struct vguest *g, unsigned int index, uint16_t base)
{
	const struct vguest_ring *r = index ? &g->tx : &g->rx;
	struct vhost_addr addr = { index,
				   0,
				   user_at(g, r->ring.desc),
				   user_at(g, r->ring.used),
				   user_at(g, r->ring.avail),
				   0 };

	if (vguest_say_state(g, VHOST_SET_VRING_NUM, index, r->ring.num) < 0 ||
	    vguest_say_state(g, VHOST_SET_VRING_BASE, index, base) < 0 ||
	    vguest_say(g, VHOST_SET_VRING_ADDR, 0, &addr, sizeof(addr), NULL,
		       0) < 0)
		return -1;
	return say_fd(g, VHOST_SET_VRING_CALL, index, r->call) < 0 ||
			       say_fd(g, VHOST_SET_VRING_KICK, index, r->kick) <
				       0
		       ? -1
		       : 0;
}

int vguest_say_all(const struct vguest *g, uint64_t features)
{
	unsigned int i;

	if (vguest_say(g, VHOST_SET_OWNER, 0, NULL, 0, NULL, 0) < 0 ||
	    vguest_say_number(g, VHOST_SET_PROTOCOL_FEATURES,
			      VHOST_PROTOCOL_REPLY_ACK) < 0 ||
	    vguest_say_number(g, VHOST_SET_FEATURES, features) < 0 ||
	    vguest_say_memory(g) < 0)
		return -1;
	for (i = 0; i < 2; i++)
		if (vguest_say_ring(g, i, 0) < 0 ||
		    vguest_say_state(g, VHOST_SET_VRING_ENABLE, i, 1) < 0)
			return -1;
	return 0;
}

int64_t vguest_answer(const struct vguest *g)
{
	struct {
		uint32_t request, flags, size;
		uint8_t payload[256];
	} __attribute__((packed)) reply;
	uint64_t number = 0;

	if (recv(g->sock, &reply, 12, MSG_WAITALL) != 12 || reply.size > 256 ||
	    recv(g->sock, reply.payload, reply.size, MSG_WAITALL) !=
		    (ssize_t)reply.size)
		return -1;
	memcpy(&number, reply.payload, reply.size < 8 ? reply.size : 8);
	return (int64_t)number;
}

/* --- frames -------------------------------------------------------------- */

static void make_available(struct vguest_ring *r, uint16_t head)
{
	uint16_t at = r->next++;

	r->ring.avail->ring[at & (r->ring.num - 1)] = head;
}

static void publish(struct vguest_ring *r)
{
	__atomic_store_n(&r->ring.avail->idx, r->next, __ATOMIC_RELEASE);
}

static bool something_used(const struct vguest_ring *r)
{
	return __atomic_load_n(&r->ring.used->idx, __ATOMIC_ACQUIRE) != r->seen;
}

static struct vring_used_elem next_used(struct vguest_ring *r)
{
	return r->ring.used->ring[r->seen++ & (r->ring.num - 1)];
}

void vguest_offer(struct vguest *g)
{
	uint16_t i;

	for (i = 0; i < g->rx.ring.num; i++) {
		g->rx.ring.desc[i] = (struct vring_desc){
			vguest_at(g, g->rx.buffers + (size_t)i * VGUEST_BUFFER),
			VGUEST_BUFFER, VRING_DESC_F_WRITE, 0
		};
		make_available(&g->rx, i);
	}
	publish(&g->rx);
}

bool vguest_send(struct vguest *g, const struct virtio_net_hdr_v1 *vnet,
		 const void *frame, uint32_t len)
{
	struct vguest_ring *r = &g->tx;
	uint16_t i = r->next & (uint16_t)(r->ring.num - 1);
	uint8_t *at = r->buffers + (size_t)i * VGUEST_BUFFER;

	while (something_used(r))
		next_used(r);
	if ((uint16_t)(r->next - r->seen) >= r->ring.num)
		return false;
	memcpy(at, vnet, g->header);
	memcpy(at + g->header, frame, len);
	r->ring.desc[i] = (struct vring_desc){ vguest_at(g, at),
					       g->header + len, 0, 0 };
	make_available(r, i);
	publish(r);
	return true;
}

void vguest_kick(struct vguest_ring *r, uint16_t before)
{
	uint64_t one = 1;
	ssize_t n = 0;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (vring_need_event(vring_avail_event(&r->ring), r->next, before))
		n = write(r->kick, &one, sizeof(one));
	(void)n;
}

size_t vguest_receive(struct vguest *g, struct virtio_net_hdr_v1 *vnet,
		      uint8_t *frame, size_t room)
{
	struct vguest_ring *r = &g->rx;
	struct vring_used_elem used;
	unsigned int i, buffers = 1;
	size_t len = 0, skip, n;
	const uint8_t *at;

	if (!something_used(r))
		return 0;
	for (i = 0; i < buffers; i++) {
		skip = i ? 0 : g->header;
		used = next_used(r);
		at = r->buffers + (size_t)used.id * VGUEST_BUFFER;
		if (!i)
			memcpy(vnet, at, g->header);
		if (!i && g->header == VGUEST_HEADER && vnet->num_buffers)
			buffers = vnet->num_buffers;
		n = used.len - skip;
		if (frame && len + n <= room)
			memcpy(frame + len, at + skip, n);
		len += n;
		make_available(r, (uint16_t)used.id);
	}
	publish(r);
	return len;
}
