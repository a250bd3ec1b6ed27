// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The Internet checksum, alone and while copying.
 *
 * What is added is 32 bits wide and the sum 64, so that no carry is lost. Two
 * such words at a time are taken from a vector of 64-bit words: @all sums the
 * words, modulo 2^64, and @high their upper halves. The sum of the lower halves
 * is what @all has beyond the upper ones; it fits, and so the modulus is gone.
 *
 * A vector is 16 octets, what every processor of 64 bits adds in one piece.
 * Larger ones are split by the compiler, and slower.
 */
#include "checksum.h"

#include <stdbool.h>
#include <string.h>

typedef uint64_t block_t __attribute__((vector_size(16)));

static inline __attribute__((always_inline)) uint64_t
pass(uint64_t sum, uint8_t *to, const uint8_t *from, size_t len, bool copy)
{
	block_t all = { 0 }, high = { 0 }, block;
	uint32_t word;
	size_t at = 0;

	for (; len - at >= sizeof(block); at += sizeof(block)) {
		memcpy(&block, from + at, sizeof(block));
		if (copy)
			memcpy(&to[at], &block, sizeof(block));
		all += block;
		high += block >> 32;
	}
	all += high - (high << 32);
	sum += all[0] + all[1];
	for (; len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, from + at, sizeof(word));
		if (copy)
			memcpy(&to[at], &word, sizeof(word));
		sum += word;
	}
	word = 0;
	memcpy(&word, from + at, len - at);
	if (copy)
		memcpy(&to[at], from + at, len - at);
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
