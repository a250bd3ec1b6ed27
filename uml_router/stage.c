// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames made to fit a port, see stage.h. */
#include "stage.h"

#include "port.h"
#include "switch.h"

unsigned int stage_asks(const struct virtio_net_hdr_v1 *vnet)
{
	unsigned int ecn = vnet->gso_type & VIRTIO_NET_HDR_GSO_ECN
				   ? OFFLOAD_CSUM | OFFLOAD_ECN
				   : OFFLOAD_CSUM;

	switch (vnet->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return ecn;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		return ecn | OFFLOAD_TSO4;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		return ecn | OFFLOAD_TSO6;
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		return ecn | OFFLOAD_USO;
	default:
		return OFFLOAD_NONE;
	}
}

/* The next piece of the frame that is being cut, or the end of it. */
static void cut_piece(struct port *p)
{
	struct frame_pool *pool = &p->worker->pool;
	struct stage *s = &p->stage;
	struct frame *piece = segment_left(&s->cut) ? frame_get(pool) : NULL;

	if (piece) {
		segment_next(&s->cut, piece);
		frame_filled(pool, piece, piece->len);
		s->frames[s->end++] = piece;
		return;
	}
	if (segment_left(&s->cut))
		port_drop(p, DROP_NO_MEMORY);
	frame_put(pool, s->whole);
	s->whole = NULL;
}

/* The oldest frame of the queue comes onto the stage, or begins to be cut. */
static void take_one(struct port *p)
{
	struct port_queue *q = &p->queue;
	struct frame *f = q->ring[q->head++ & q->mask];
	struct stage *s = &p->stage;

	q->len--;
	if (port_takes(p, f)) {
		s->frames[s->end++] = f;
		return;
	}
	frame_complete(&p->worker->pool, f);
	if (segment_begin(&s->cut, f)) {
		s->whole = f;
	} else {
		port_drop(p, DROP_UNCUT);
		frame_put(&p->worker->pool, f);
	}
}

void stage_fill(struct port *p)
{
	struct stage *s = &p->stage;

	s->at = s->end = 0;
	while (s->end < FRAME_BURST && (s->whole || port_due(p))) {
		if (!s->whole)
			take_one(p);
		else
			cut_piece(p);
	}
}

void stage_sent(struct port *p, unsigned int n)
{
	struct stage *s = &p->stage;

	for (; n; n--)
		frame_put(&p->worker->pool, s->frames[s->at++]);
}

unsigned int stage_drop(struct port *p)
{
	struct stage *s = &p->stage;
	unsigned int n = stage_len(s);

	stage_sent(p, n);
	if (s->whole) {
		frame_put(&p->worker->pool, s->whole);
		s->whole = NULL;
		n++;
	}
	return n;
}
