// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/checksum: against the plainest sum, for every length around the
 * block, at every alignment, and with carries in all places.
 */
#include "tests/unit/packets.h"
#include "tests/unit/tap.h"
#include "uml_router/checksum.h"

#define LENGTHS 300

static uint16_t plain(const uint8_t *data, size_t len)
{
	uint8_t net[2];
	uint16_t sum;

	put16(net, (uint16_t)packet_sum(0, data, len));
	memcpy(&sum, net, sizeof(sum));
	return sum;
}

static unsigned int differs(const uint8_t *data, size_t len)
{
	static uint8_t to[LENGTHS + 1];
	uint16_t sum = plain(data, len);
	unsigned int bad = 0;

	memset(to, 0xee, sizeof(to));
	bad += checksum_fold(checksum_add(0, data, len)) != sum;
	bad += checksum_fold(checksum_copy(0, to, data, len)) != sum;
	bad += memcmp(to, data, len) != 0 || to[len] != 0xee;
	return bad;
}

static void test_lengths(void)
{
	static uint8_t data[LENGTHS + 16];
	unsigned int bad = 0;
	uint64_t state = 1;
	size_t i, len;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)packet_random(&state);
	for (i = 0; i < 16; i++)
		for (len = 0; len < LENGTHS; len++)
			bad += differs(data + i, len);
	is_int(bad, 0, "sums and copies");
	memset(data, 0xff, sizeof(data));
	for (bad = 0, len = 0; len < LENGTHS; len++)
		bad += differs(data, len);
	is_int(bad, 0, "a carry in every word");
}

static void test_large(void)
{
	static uint8_t data[65536], to[65536];
	uint64_t sum;

	memset(data, 0xff, sizeof(data));
	sum = checksum_copy(0, to, data, sizeof(data));
	is_int(checksum_fold(sum), 0xffff, "64 KiB of carries");
	is_int(checksum_fold(checksum_add(sum, data, sizeof(data))), 0xffff,
	       "and 64 KiB more");
	is_int(checksum_fold(UINT64_MAX), 0xffff, "the largest sum");
	is_int(checksum_fold(UINT64_C(0x1000200030004)), 10, "four words");
	is_int(checksum_final(0xffff), 0xffff, "0 is never stored");
	is_int(checksum_final(0), 0xffff, "nothing but zeroes");
	is_int(checksum_final(1), 0xfffe, "one's complement");
}

int main(void)
{
	test_lengths();
	test_large();
	return tap_done();
}
