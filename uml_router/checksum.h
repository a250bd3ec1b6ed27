/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Internet checksum (RFC 1071).
 *
 * A sum is kept in 64 bits and folded once, at the end. It is of words as they
 * lie in memory, so that nothing is swapped: the folded sum is stored as it is.
 * Pieces are added one after the other; all but the last are of even length.
 */
#ifndef UML_ROUTER_CHECKSUM_H
#define UML_ROUTER_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/** checksum_add() - @sum and the @len octets at @from */
uint64_t checksum_add(uint64_t sum, const uint8_t *from, size_t len);

/** checksum_copy() - checksum_add(), and copy them to @to in the same pass */
uint64_t checksum_copy(uint64_t sum, uint8_t *to, const uint8_t *from,
		       size_t len);

/** checksum_fold() - The sum in 16 bits, not complemented; 0 only of zeroes */
static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)sum;
}

/**
 * checksum_final() - What to store where 0 means "there is none" (RFC 768)
 *
 * Both zeroes of one's complement verify. The kernel avoids 0 for all protocols
 * when it completes a checksum (skb_checksum_help() of net/core/dev.c).
 */
static inline uint16_t checksum_final(uint64_t sum)
{
	uint16_t check = (uint16_t)~checksum_fold(sum);

	return check ? check : UINT16_MAX;
}

#endif /* UML_ROUTER_CHECKSUM_H */
