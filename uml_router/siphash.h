/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SipHash-1-3 of one 64-bit word: a keyed hash whose collisions a stranger who
 * chooses the input cannot foresee (Aumasson, Bernstein: "SipHash: a fast
 * short-input PRF", 2012; 1-3 is the variant that hash tables use).
 */
#ifndef UML_ROUTER_SIPHASH_H
#define UML_ROUTER_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/** struct siphash_key - 128 secret bits */
struct siphash_key {
	uint64_t k[2];
};

/** siphash_word() - Hash of the eight octets of @word */
uint64_t siphash_word(const struct siphash_key *key, uint64_t word);

/** siphash_bytes() - Hash of @len octets */
uint64_t siphash_bytes(const struct siphash_key *key, const void *data,
		       size_t len);

#endif /* UML_ROUTER_SIPHASH_H */
