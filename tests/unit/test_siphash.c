// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/siphash against the vectors of SipHash-1-3: the key 00 01 .. 0f,
 * the inputs of 0 to 63 octets 00 01 02 ...; and one word as eight octets.
 */
#include <endian.h>

#include "tests/unit/tap.h"
#include "uml_router/siphash.h"

static const uint64_t vectors[64] = {
	0xabac0158050fc4dcULL, 0xc9f49bf37d57ca93ULL, 0x82cb9b024dc7d44dULL,
	0x8bf80ab8e7ddf7fbULL, 0xcf75576088d38328ULL, 0xdef9d52f49533b67ULL,
	0xc50d2b50c59f22a7ULL, 0xd3927d989bb11140ULL, 0x369095118d299a8eULL,
	0x25a48eb36c063de4ULL, 0x79de85ee92ff097fULL, 0x70c118c1f94dc352ULL,
	0x78a384b157b4d9a2ULL, 0x306f760c1229ffa7ULL, 0x605aa111c0f95d34ULL,
	0xd320d86d2a519956ULL, 0xcc4fdd1a7d908b66ULL, 0x9cf2689063dbd80cULL,
	0x8ffc389cb473e63eULL, 0xf21f9de58d297d1cULL, 0xc0dc2f46a6cce040ULL,
	0xb992abfe2b45f844ULL, 0x7ffe7b9ba320872eULL, 0x525a0e7fdae6c123ULL,
	0xf464aeb267349c8cULL, 0x45cd5928705b0979ULL, 0x3a3e35e3ca9913a5ULL,
	0xa91dc74e4ade3b35ULL, 0xfb0bed02ef6cd00dULL, 0x88d93cb44ab1e1f4ULL,
	0x540f11d643c5e663ULL, 0x2370dd1f8c21d1bcULL, 0x81157b6c16a7b60dULL,
	0x4d54b9e57a8ff9bfULL, 0x759f12781f2a753eULL, 0xcea1a3bebf186b91ULL,
	0x2cf508d3ada26206ULL, 0xb6101c2da3c33057ULL, 0xb3f47496ae3a36a1ULL,
	0x626b57547b108392ULL, 0xc1d2363299e41531ULL, 0x667cc1923f1ad944ULL,
	0x65704ffec8138825ULL, 0x24f280d1c28949a6ULL, 0xc2ca1cedfaf8876bULL,
	0xc2164bfc9f042196ULL, 0xa16e9c9368b1d623ULL, 0x49fb169c8b5114fdULL,
	0x9f3143f8df074c46ULL, 0xc6fdaf2412cc86b3ULL, 0x7eaf49d10a52098fULL,
	0x1cf313559d292f9aULL, 0xc44a30dda2f41f12ULL, 0x36fae98943a71ed0ULL,
	0x318fb34c73f0bce6ULL, 0xa27abf3670a7e980ULL, 0xb4bcc0db243c6d75ULL,
	0x23f8d852fdb71513ULL, 0x8f035f4da67d8a08ULL, 0xd89cd0e5b7e8f148ULL,
	0xf6f4e6bcf7a644eeULL, 0xaec59ad80f1837f2ULL, 0xc3b2f6154b6694e0ULL,
	0x9d199062b7bbb3a8ULL,
};

static struct siphash_key vector_key(void)
{
	uint8_t octets[16];
	uint64_t k[2];
	unsigned int i;

	for (i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)i;
	memcpy(k, octets, sizeof(k));
	return (struct siphash_key){ { le64toh(k[0]), le64toh(k[1]) } };
}

/* Each input lies in a block of its size: the sanitizer sees one octet too
 * many being read. */
static uint64_t hash_of(const struct siphash_key *key, size_t len)
{
	uint8_t *input = malloc(len ? len : 1);
	uint64_t hash;
	size_t i;

	if (!input)
		tap_bail("malloc");
	for (i = 0; i < len; i++)
		input[i] = (uint8_t)i;
	hash = siphash_bytes(key, input, len);
	free(input);
	return hash;
}

static void test_vectors(const struct siphash_key *key)
{
	unsigned int wrong = 0;
	size_t len;

	for (len = 0; len < 64; len++)
		wrong += hash_of(key, len) != vectors[len];
	is_int(wrong, 0, "vectors that differ");
}

static void test_unaligned(const struct siphash_key *key)
{
	uint8_t room[32];
	size_t offset;

	for (offset = 1; offset < 8; offset++) {
		size_t i;

		for (i = 0; i < 15; i++)
			room[offset + i] = (uint8_t)i;
		if (siphash_bytes(key, room + offset, 15) != vectors[15])
			break;
	}
	is_int((intmax_t)offset, 8, "input at any offset");
}

static void test_word(const struct siphash_key *key)
{
	static const uint64_t words[] = {
		0, 1, UINT64_MAX, 0x0706050403020100, 0xfffeaabbccddeeff,
	};
	unsigned int i, wrong = 0;

	ok(siphash_word(key, 0x0706050403020100) == vectors[8],
	   "a word is eight octets, the least significant one first");
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		uint64_t octets = htole64(words[i]);

		wrong += siphash_word(key, words[i]) !=
			 siphash_bytes(key, &octets, sizeof(octets));
	}
	is_int(wrong, 0, "words that hash otherwise than their octets");
}

static void test_key(const struct siphash_key *key)
{
	struct siphash_key other = *key;
	unsigned int bit, same = 0;

	for (bit = 0; bit < 128; bit++) {
		other.k[bit / 64] ^= 1ULL << bit % 64;
		same += siphash_word(&other, 1) == siphash_word(key, 1);
		other.k[bit / 64] ^= 1ULL << bit % 64;
	}
	is_int(same, 0, "bits of the key without effect");
}

int main(void)
{
	struct siphash_key key = vector_key();

	test_vectors(&key);
	test_unaligned(&key);
	test_word(&key);
	test_key(&key);
	return tap_done();
}
