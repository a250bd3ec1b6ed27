// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The Internet checksum, alone and while copying.
 *
 * A block of 32 octets is added as two vectors: the lower and the upper halves
 * of its 64-bit words. No carry is lost, and nothing depends on the one before,
 * so that the processor has work for all its units. What is left is added in
 * words of 32 bits.
 */
#include "checksum.h"

#include <stdbool.h>
#include <string.h>

typedef uint64_t block_t __attribute__((vector_size(32)));

#define BLOCK sizeof(block_t)

static inline __attribute__((always_inline)) uint64_t
pass(uint64_t sum, uint8_t *to, const uint8_t *from, size_t len, bool copy)
{
	block_t low = { 0 }, high = { 0 }, block;
	uint32_t word;

	for (; len >= BLOCK; len -= BLOCK, from += BLOCK, to += BLOCK) {
		memcpy(&block, from, BLOCK);
		if (copy)
			memcpy(to, &block, BLOCK);
		low += block & UINT32_MAX;
		high += block >> 32;
	}
	low += high;
	sum += low[0] + low[1] + low[2] + low[3];
	for (; len >= sizeof(word); len -= sizeof(word)) {
		memcpy(&word, from, sizeof(word));
		if (copy)
			memcpy(to, &word, sizeof(word));
		sum += word;
		from += sizeof(word);
		to += sizeof(word);
	}
	word = 0;
	memcpy(&word, from, len);
	if (copy)
		memcpy(to, from, len);
	return sum + word;
}

uint64_t checksum_add(uint64_t sum, const uint8_t *from, size_t len)
{
	return pass(sum, NULL, from, len, false);
}

uint64_t checksum_copy(uint64_t sum, uint8_t *to, const uint8_t *from,
		       size_t len)
{
	return pass(sum, to, from, len, true);
}
