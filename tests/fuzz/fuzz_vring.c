// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for rings in hostile memory: the input is the memory of the guest
 * from its first octet on, behind 16 that say where the rings lie in it. Frames
 * are read from one ring and go to the other one; whatever there is, no access
 * leaves the memory (the sanitizer sees to that), nothing goes on for ever, and
 * each frame is within its limits.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/fake.h"
#include "uml_router/vhost_net.h"

/** Octets of memory. */
#define MEMORY 32768
#define GUEST 0x1000

/** struct place - Where the rings are, in units of 16 octets */
struct place {
	uint8_t num, flags;
	uint16_t base;
	uint16_t desc[2], avail[2], used[2];
};

static struct vhost_addr addr_of(const struct place *p, int i)
{
	return (struct vhost_addr){ .desc = p->desc[i] * 16ULL,
				    .avail = p->avail[i] * 16ULL,
				    .used = p->used[i] * 16ULL };
}

static void pass(struct fake_world *world, struct port *port,
		 const struct vhost_net *net, struct vqueue *tx,
		 struct vqueue *rx)
{
	struct vhost_burst b;
	enum vring_got got;
	unsigned int i, rounds = 0;

	do {
		got = vhost_net_read(net, tx, port, &b);
		must(b.n <= b.chains && b.chains <= FRAME_BURST, "a burst");
		vhost_net_hold(&b);
		for (i = 0; i < b.n; i++) {
			struct frame *f = b.frames[i];

			must(f->len && f->len <= FRAME_MAX, "a length");
			must(f->borrowed < f->len, "the head is copied");
			vhost_net_write(net, rx, f);
			/* Every other one waits, and is completed. */
			if (i % 2)
				frame_complete(&world->sw.workers->pool, f);
			frame_put(&world->sw.workers->pool, f);
		}
		vhost_net_done(tx, &world->sw.workers->pool, &b);
		vring_publish(rx);
		vring_wants_call(rx);
	} while (got == VRING_CHAIN && ++rounds < 4);
	vring_listen(tx);
	vring_ignore(tx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vqueue tx = { 0 }, rx = { 0 };
	struct vhost_net net;
	struct fake_world world;
	struct vhost_addr addr;
	struct vhost_mem mem;
	struct place place;
	struct fake fake;
	uint8_t *memory;

	if (size < sizeof(place) || size > sizeof(place) + MEMORY)
		return 0;
	memcpy(&place, data, sizeof(place));
	memory = calloc(1, MEMORY);
	must(memory, "memory");
	memcpy(memory, data + sizeof(place), size - sizeof(place));
	vhost_mem_init(&mem);
	mem.count = 1;
	mem.regions[0] = (struct vhost_mapping){ GUEST,	 0,	 MEMORY,
						 memory, memory, MEMORY };
	net = (struct vhost_net){ place.flags & 1 ? 12 : 10, place.flags & 2,
				  place.flags & 4 };
	tx.num = rx.num = (uint16_t)(1U << (place.num % 10));
	tx.mem = rx.mem = &mem;
	tx.event_idx = rx.event_idx = place.flags & 8;
	rx.to_guest = true;
	addr = addr_of(&place, 0);
	if (vring_start(&tx, &addr, place.base, NULL) == 0) {
		addr = addr_of(&place, 1);
		if (vring_start(&rx, &addr, 0, NULL) == 0) {
			fake_world_init(&world, NULL);
			fake_plug(&fake, &world.sw, "fake", 64, POLICY_DROP);
			pass(&world, fake.port, &net, &tx, &rx);
			must(!world.sw.workers->pool.used,
			     "no frame is left over");
			fake_world_fini(&world);
			fake_fini(&fake);
		}
	}
	free(memory);
	return 0;
}
