// SPDX-License-Identifier: GPL-2.0-or-later
/* SipHash-1-3, see siphash.h. */
#include "siphash.h"

#include <endian.h>
#include <string.h>

struct state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void round_once(struct state *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static inline struct state start(const struct siphash_key *key)
{
	return (struct state){
		.v0 = key->k[0] ^ 0x736f6d6570736575ULL,
		.v1 = key->k[1] ^ 0x646f72616e646f6dULL,
		.v2 = key->k[0] ^ 0x6c7967656e657261ULL,
		.v3 = key->k[1] ^ 0x7465646279746573ULL,
	};
}

static inline void absorb(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	round_once(s);
	s->v0 ^= word;
}

static inline uint64_t finish(struct state *s)
{
	s->v2 ^= 0xff;
	round_once(s);
	round_once(s);
	round_once(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t siphash_word(const struct siphash_key *key, uint64_t word)
{
	struct state s = start(key);

	absorb(&s, word);
	absorb(&s, (uint64_t)sizeof(word) << 56);
	return finish(&s);
}

uint64_t siphash_bytes(const struct siphash_key *key, const void *data,
		       size_t len)
{
	const uint8_t *at = data;
	struct state s = start(key);
	uint64_t last = (uint64_t)len << 56;
	size_t left, i;

	for (left = len; left >= 8; left -= 8, at += 8) {
		uint64_t word;

		memcpy(&word, at, sizeof(word));
		absorb(&s, le64toh(word));
	}
	for (i = 0; i < left; i++)
		last |= (uint64_t)at[i] << (8 * i);
	absorb(&s, last);
	return finish(&s);
}
