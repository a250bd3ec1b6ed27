// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames in the rings of a guest's network driver, see vhost_net.h. */
#include "vhost_net.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "offload.h"
#include "switch.h"

/* Of a header, without the number of buffers. */
#define HEADER_PLAIN offsetof(struct virtio_net_hdr_v1, num_buffers)
/* Octets after which a burst ends, as in tapio.c. */
#define BURST_OCTETS (4 * 65536)
/* Frames that are longer than this are lent. */
#define LEND_FROM 4096U
/* Of those, so much is copied: all that is ever judged. */
#define LEND_HEAD HEADERS_MAX

/**
 * struct cursor - How far a list of pieces was walked through
 * @at:		the present piece
 * @left:	pieces, with this one
 * @done:	octets of it that are behind us
 */
struct cursor {
	const struct iovec *at;
	unsigned int left;
	size_t done;
};

/* The next octets that lie in one piece, at most *@n; there are some. */
static uint8_t *step(struct cursor *c, size_t *n)
{
	uint8_t *here;

	while (c->done == c->at->iov_len) {
		c->at++;
		c->left--;
		c->done = 0;
	}
	here = (uint8_t *)c->at->iov_base + c->done;
	if (*n > c->at->iov_len - c->done)
		*n = c->at->iov_len - c->done;
	c->done += *n;
	return here;
}

/* Out of line, as the next one: nearly every frame lies in one piece. */
__attribute__((noinline)) static void copy_from_pieces(struct cursor *c,
						       uint8_t *to, size_t len)
{
	size_t n;

	for (; len; len -= n, to += n) {
		const uint8_t *from;

		n = len;
		from = step(c, &n);
		memcpy(to, from, n);
	}
}

__attribute__((noinline)) static void
copy_to_pieces(struct cursor *c, const uint8_t *from, size_t len)
{
	size_t n;

	for (; len; len -= n, from += n) {
		uint8_t *to;

		n = len;
		to = step(c, &n);
		memcpy(to, from, n);
	}
}

/* The next @len octets, or NULL: they do not lie in the present piece. */
static inline uint8_t *piece(struct cursor *c, size_t len)
{
	uint8_t *here = (uint8_t *)c->at->iov_base + c->done;

	if (len > c->at->iov_len - c->done)
		return NULL;
	c->done += len;
	return here;
}

/* The caller knows that there is as much. */
static inline void copy_from(struct cursor *c, void *to, size_t len)
{
	const uint8_t *from = piece(c, len);

	/* gcc knows from fill() that it is small, and would copy by "rep
	 * movsq", which takes longer to begin than all of memcpy(). */
	if (!__builtin_constant_p(len))
		__asm__("" : "+r"(len));
	if (from)
		memcpy(to, from, len);
	else
		copy_from_pieces(c, to, len);
}

static inline void copy_to(struct cursor *c, const void *from, size_t len)
{
	uint8_t *to = piece(c, len);

	if (to)
		memcpy(to, from, len);
	else
		copy_to_pieces(c, from, len);
}

/* From and to the byte order of VIRTIO 1; it is its own reverse. */
static void swap_header(struct virtio_net_hdr_v1 *v)
{
	v->hdr_len = le16toh(v->hdr_len);
	v->gso_size = le16toh(v->gso_size);
	v->csum_start = le16toh(v->csum_start);
	v->csum_offset = le16toh(v->csum_offset);
	v->num_buffers = le16toh(v->num_buffers);
}

/* --- from the guest ------------------------------------------------------ */

/* What a driver may say, and whether it is true of the frame. A length of the
 * headers is not taken from it: kernels allocate by it. */
static bool judge(struct frame *f)
{
	struct virtio_net_hdr_v1 *v = &f->vnet;
	struct headers h;

	v->flags &= VIRTIO_NET_HDR_F_NEEDS_CSUM;
	v->num_buffers = 0;
	v->hdr_len = 0;
	if (!v->gso_type)
		return offload_valid(f);
	if (!offload_headers(&h, f))
		return false;
	v->hdr_len = h.payload;
	return true;
}

/* Lend the rest; false: too many pieces. */
static bool lend(struct vhost_burst *b, struct cursor *c, struct frame *f)
{
	struct iovec *rest = &b->lent[b->lent_n];
	uint32_t len = f->len - LEND_HEAD;
	unsigned int count = 0;
	size_t n;

	if (c->left > FRAME_REST_MAX || b->lent_n + c->left > VHOST_LENT_MAX)
		return false;
	for (f->borrowed = len; len; len -= (uint32_t)n) {
		n = len;
		rest[count].iov_base = step(c, &n);
		rest[count++].iov_len = n;
	}
	f->rest = rest;
	f->rest_count = count;
	b->lent_n += count;
	return true;
}

static void fill(struct frame_pool *pool, struct vhost_burst *b,
		 struct cursor *c, struct frame *f, uint32_t len)
{
	f->len = len;
	if (len > LEND_FROM) {
		copy_from(c, f->data, LEND_HEAD);
		if (lend(b, c, f))
			return;
		copy_from(c, f->data + LEND_HEAD, len - LEND_HEAD);
	} else {
		copy_from(c, f->data, len);
	}
	frame_filled(pool, f, len);
}

/* A chain into a frame, or what is wrong with it. */
static int take_frame(const struct vhost_net *net, const struct vchain *chain,
		      struct frame_pool *pool, struct vhost_burst *b)
{
	struct cursor c = { chain->iov, chain->count, 0 };
	struct frame *f;

	if (chain->len <= net->header)
		return DROP_MALFORMED;
	if (chain->len - net->header > FRAME_MAX)
		return DROP_TOO_LONG;
	f = frame_get(pool);
	if (!f)
		return DROP_NO_MEMORY;
	/* A length that the compiler knows needs no call. */
	if (net->header == sizeof(f->vnet))
		copy_from(&c, &f->vnet, sizeof(f->vnet));
	else
		copy_from(&c, &f->vnet, net->header);
	swap_header(&f->vnet);
	fill(pool, b, &c, f, (uint32_t)(chain->len - net->header));
	if (!judge(f)) {
		frame_put(pool, f);
		return DROP_MALFORMED;
	}
	b->frames[b->n++] = f;
	b->octets += f->len;
	return PORT_DROPS;
}

enum vring_got vhost_net_read(const struct vhost_net *net, struct vqueue *q,
			      struct port *port, struct vhost_burst *b)
{
	struct vchain chain;
	enum vring_got got;
	int why;

	b->n = b->chains = b->lent_n = 0;
	b->octets = 0;
	while (b->chains < FRAME_BURST && b->octets < BURST_OCTETS) {
		vchain_clear(&chain);
		got = vring_take(q, &chain);
		if (got == VRING_NONE || got == VRING_BROKEN)
			return got;
		b->heads[b->chains++] = chain.head;
		why = got == VRING_CHAIN
			      ? take_frame(net, &chain, &port->worker->pool, b)
			      : DROP_MALFORMED;
		if (why != PORT_DROPS)
			port_drop(port, (enum port_drop)why);
	}
	return VRING_CHAIN;
}

void vhost_net_hold(struct vhost_burst *b)
{
	unsigned int i;

	for (i = 0; i < b->n && b->lent_n; i++)
		frame_hold(b->frames[i]);
}

void vhost_net_done(struct vqueue *q, struct frame_pool *pool,
		    struct vhost_burst *b)
{
	unsigned int i;

	for (i = 0; i < b->n && b->lent_n; i++) {
		if (b->frames[i]->refs > 1)
			frame_complete(pool, b->frames[i]);
		frame_put(pool, b->frames[i]);
	}
	for (i = 0; i < b->chains; i++)
		vring_give(q, b->heads[i], 0);
	vring_publish(q);
}

/* --- to the guest -------------------------------------------------------- */

/**
 * struct room - Buffers for one frame
 * @all:	the buffers
 * @heads:	the chains that they are of
 * @lens:	octets in each
 * @n:		how many
 */
struct room {
	struct vchain all;
	uint16_t heads[VRING_PIECES];
	uint32_t lens[VRING_PIECES];
	unsigned int n;
};

static enum vhost_wrote make_room(const struct vhost_net *net, struct vqueue *q,
				  size_t len, struct room *r)
{
	unsigned int most = net->mergeable ? VRING_PIECES : 1;
	enum vring_got got;
	size_t before;

	vchain_clear(&r->all);
	for (r->n = 0; r->all.len < len; r->n++) {
		/* Not even with all the buffers that there can be. */
		if (r->n == most || r->n == q->num) {
			vring_untake(q, r->n);
			return VHOST_TOO_LONG;
		}
		before = r->all.len;
		got = vring_take(q, &r->all);
		if (got == VRING_NONE) {
			vring_untake(q, r->n);
			return VHOST_NO_ROOM;
		}
		if (got != VRING_CHAIN)
			return VHOST_BROKEN;
		r->heads[r->n] = r->all.head;
		r->lens[r->n] = (uint32_t)(r->all.len - before);
	}
	return VHOST_WROTE;
}

static void give_room(struct vqueue *q, const struct room *r, size_t len)
{
	unsigned int i;

	for (i = 0; i + 1 < r->n; i++) {
		vring_give(q, r->heads[i], r->lens[i]);
		len -= r->lens[i];
	}
	vring_give(q, r->heads[i], (uint32_t)len);
}

enum vhost_wrote vhost_net_write(const struct vhost_net *net, struct vqueue *q,
				 const struct frame *f)
{
	struct virtio_net_hdr_v1 vnet = f->vnet;
	size_t len = net->header + f->len;
	enum vhost_wrote room;
	uint16_t buffers;
	struct cursor c;
	struct room r;
	unsigned int i;

	if (!net->csum)
		vnet.flags = 0;
	swap_header(&vnet);
	room = make_room(net, q, len, &r);
	if (room != VHOST_WROTE)
		return room;
	c = (struct cursor){ r.all.iov, r.all.count, 0 };
	copy_to(&c, &vnet, HEADER_PLAIN);
	/* By itself: were it put into the header, to read all of that at once
	 * would wait for the small store. */
	buffers = htole16((uint16_t)r.n);
	if (net->header > HEADER_PLAIN)
		copy_to(&c, &buffers, sizeof(buffers));
	copy_to(&c, f->data, frame_own(f));
	if (f->borrowed)
		for (i = 0; i < f->rest_count; i++)
			copy_to(&c, f->rest[i].iov_base, f->rest[i].iov_len);
	give_room(q, &r, len);
	return VHOST_WROTE;
}
