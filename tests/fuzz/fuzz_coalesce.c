// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for coalescing. The input is a connection, and then what is done
 * to its segments: octets changed, with and without new checksums, frames cut
 * off, repeated, put in another place; or frames made of nothing but input.
 *
 * Whatever is joined is valid, and cut again it is what it was, octet by octet.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/packets.h"
#include "uml_router/coalesce.h"
#include "uml_router/segment.h"

#define FRAMES 80

struct bench {
	struct frame *frames[FRAMES];
	unsigned int n;
	const uint8_t *at, *end;
};

static unsigned int octet(struct bench *b)
{
	return b->at < b->end ? *b->at++ : 0;
}

static unsigned int word(struct bench *b)
{
	unsigned int high = octet(b);

	return high << 8 | octet(b);
}

/* In memory of its exact size. */
static struct frame *new_frame(size_t len)
{
	struct frame *f = calloc(1, offsetof(struct frame, data) + len);

	if (!f)
		abort();
	f->len = (uint32_t)len;
	return f;
}

static struct frame *copy_of(const struct frame *from, size_t len)
{
	struct frame *f = new_frame(len);

	f->vnet = from->vnet;
	memcpy(f->data, from->data, len < from->len ? len : from->len);
	return f;
}

/* A connection by the first octets of the input. */
static void connect_frames(struct bench *b, struct packet *k)
{
	static struct frame *large, *out;
	struct segmenter s;

	if (!large) {
		large = new_frame(FRAME_MAX);
		out = new_frame(FRAME_MAX);
	}
	*k = (struct packet){ .version = octet(b) & 1 ? 4 : 6 };
	k->tags = octet(b) % 3;
	k->tos = (uint8_t)octet(b);
	k->df = octet(b) & 1;
	k->id = (uint16_t)word(b);
	k->options = 4 * (octet(b) % 11);
	k->flags = (uint8_t)octet(b);
	k->seq = word(b) << 16;
	k->size = (uint16_t)(1 + word(b) % 1500);
	k->payload = k->size * (octet(b) % 40U) + octet(b);
	packet_build(large, k);
	if (!segment_begin(&s, large))
		return;
	while (b->n < FRAMES / 2 && segment_next(&s, out))
		b->frames[b->n++] = copy_of(out, out->len);
}

static void fix(struct frame *f, const struct packet *k)
{
	size_t ip = 14 + 4 * k->tags;
	size_t transport = ip + (k->version == 4 ? 20 : 40);

	if (f->len >= transport + 20)
		packet_fix(f->data, f->len, ip, transport);
}

static void change(struct bench *b, struct frame *f, const struct packet *k)
{
	unsigned int how = octet(b), at = octet(b);

	if (how & 2)
		at = word(b);
	f->data[at % f->len] = (uint8_t)octet(b);
	if (how & 1)
		fix(f, k);
}

static void resize(struct bench *b, struct frame **f, const struct packet *k)
{
	size_t len = FRAME_MIN + word(b) % 3000;
	size_t ip = 14 + 4 * k->tags;
	struct frame *now = copy_of(*f, len);

	if (octet(b) & 1 && len >= ip + 60) {
		put16(now->data + ip + (k->version == 4 ? 2 : 4),
		      (uint16_t)(len - ip - (k->version == 4 ? 0 : 40)));
		fix(now, k);
	}
	free(*f);
	*f = now;
}

static void add(struct bench *b, struct frame *f)
{
	if (b->n < FRAMES)
		b->frames[b->n++] = f;
	else
		free(f);
}

static void raw(struct bench *b)
{
	struct frame *f = new_frame(FRAME_MIN + word(b) % 2000);
	uint32_t i;

	f->vnet.flags = (uint8_t)(octet(b) % 3);
	for (i = 0; i < f->len && b->at < b->end; i++)
		f->data[i] = (uint8_t)octet(b);
	add(b, f);
}

static void step(struct bench *b, const struct packet *k)
{
	unsigned int what = octet(b);
	unsigned int i = b->n ? octet(b) % b->n : 0;
	unsigned int j = b->n ? octet(b) % b->n : 0;
	struct frame *f;

	if (!b->n || what % 8 == 0) {
		raw(b);
	} else if (what % 8 == 1) {
		f = b->frames[i];
		b->frames[i] = b->frames[j];
		b->frames[j] = f;
	} else if (what % 8 == 2) {
		add(b, copy_of(b->frames[i], b->frames[i]->len));
	} else if (what % 8 == 3) {
		resize(b, &b->frames[i], k);
	} else {
		change(b, b->frames[i], k);
	}
}

/* --- what must hold ------------------------------------------------------ */

static struct frame *gather(const struct coalesced *out)
{
	struct frame *f = new_frame(out->len);
	uint8_t *at = (uint8_t *)&f->vnet;
	size_t len = 0;
	unsigned int i;

	must(out->len <= 65535, "not too long");
	for (i = 0; i < out->count; i++)
		len += out->iov[i].iov_len;
	must(len == sizeof(f->vnet) + out->len, "the pieces are all of it");
	for (i = 0; i < out->count; i++) {
		memcpy(at, out->iov[i].iov_base, out->iov[i].iov_len);
		at += out->iov[i].iov_len;
	}
	return f;
}

/* Ids that stand still, with DF, are counted up: they mean nothing. */
static void same_id(const struct headers *h, struct frame *out,
		    const struct frame *was)
{
	if (h->version == 6 || !(was->data[h->ip + 6] & 0x40))
		return;
	memcpy(out->data + h->ip + 4, was->data + h->ip + 4, 2);
	memcpy(out->data + h->ip + 10, was->data + h->ip + 10, 2);
}

static void check_joined(struct frame *const frames[], unsigned int n,
			 const struct coalesced *large)
{
	struct frame *f = gather(large), *out = new_frame(65535);
	struct segmenter s;
	unsigned int i;

	must(offload_valid(f) && segment_begin(&s, f), "it is valid");
	must(segment_left(&s) == n, "it becomes as many as it was");
	for (i = 0; i < n; i++) {
		segment_next(&s, out);
		same_id(&s.h, out, frames[i]);
		must(out->len == frames[i]->len &&
			     !memcmp(out->data, frames[i]->data, out->len),
		     "it becomes what it was");
	}
	free(out);
	free(f);
}

static void check(struct bench *b)
{
	struct frame *before[FRAMES];
	struct coalesced large;
	unsigned int i, n;

	for (i = 0; i < b->n; i++)
		before[i] = copy_of(b->frames[i], b->frames[i]->len);
	for (i = 0; i < b->n; i += n) {
		n = coalesce(b->frames + i, b->n - i, &large);
		must(n && n <= b->n - i && n <= FRAME_BURST, "how many");
		if (n > 1)
			check_joined(b->frames + i, n, &large);
	}
	for (i = 0; i < b->n; i++) {
		must(!memcmp(before[i]->data, b->frames[i]->data,
			     b->frames[i]->len),
		     "frames are only read");
		free(before[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench b = { .at = data, .end = data + size };
	struct packet k;
	unsigned int i;

	connect_frames(&b, &k);
	for (i = 0; b.at < b.end && i < 200; i++)
		step(&b, &k);
	check(&b);
	for (i = 0; i < b.n; i++)
		free(b.frames[i]);
	return 0;
}
