// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/coalesce: each rule by a pair of frames that keeps all the others,
 * where runs end, and that a large frame cut and joined is what it was.
 */
#include "tests/unit/packets.h"
#include "tests/unit/tap.h"
#include "uml_router/coalesce.h"
#include "uml_router/segment.h"

#define MANY 100
#define ETH 14
#define IPV4 20
#define IPV6 40

/** struct lot - The segments of a packet */
struct lot {
	struct frame_pool pool;
	struct frame *large;
	struct frame *frames[MANY];
	unsigned int n;
	struct coalesced out;
};

static void lot_fini(struct lot *lot)
{
	while (lot->n)
		frame_put(&lot->pool, lot->frames[--lot->n]);
	frame_put(&lot->pool, lot->large);
	frame_pool_fini(&lot->pool);
}

static void lot_init(struct lot *lot, const struct packet *k)
{
	struct segmenter s;

	frame_pool_init(&lot->pool);
	lot->large = frame_get(&lot->pool);
	packet_build(lot->large, k);
	if (!segment_begin(&s, lot->large) || segment_left(&s) > MANY)
		tap_bail("a packet of ours");
	for (lot->n = 0; segment_left(&s); lot->n++) {
		lot->frames[lot->n] = frame_get(&lot->pool);
		segment_next(&s, lot->frames[lot->n]);
	}
}

static unsigned int join(struct lot *lot)
{
	return coalesce(lot->frames, lot->n, &lot->out);
}

static const struct packet tcp4 = { .version = 4,
				    .df = true,
				    .id = 0xffff,
				    .options = 12,
				    .flags = 0x10,
				    .seq = 0xffffff00,
				    .payload = 3000,
				    .size = 1000 };
static const struct packet tcp6 = { .version = 6,
				    .options = 12,
				    .flags = 0x10,
				    .payload = 3000,
				    .size = 1000 };

/* --- the large frame ----------------------------------------------------- */

static bool same_pieces(const struct lot *lot)
{
	const struct coalesced *out = &lot->out;
	size_t at = out->iov[0].iov_len - sizeof(out->vnet);
	unsigned int i;

	if (out->iov[0].iov_base != &out->vnet ||
	    memcmp(out->head, lot->large->data, at) != 0)
		return false;
	for (i = 1; i < out->count; i++) {
		if (memcmp(out->iov[i].iov_base, lot->large->data + at,
			   out->iov[i].iov_len) != 0)
			return false;
		at += out->iov[i].iov_len;
	}
	return at == lot->large->len && at == out->len;
}

static void back_again(const char *what, const struct packet *k)
{
	struct lot lot;

	lot_init(&lot, k);
	is_int(join(&lot), lot.n, "%s: all are joined", what);
	ok(same_pieces(&lot), "%s: what was cut", what);
	ok(!memcmp(&lot.out.vnet, &lot.large->vnet, sizeof(lot.out.vnet)),
	   "%s: its vnet header", what);
	lot_fini(&lot);
}

static void test_back_again(void)
{
	struct packet k = tcp4;

	back_again("IPv4", &tcp4);
	back_again("IPv6", &tcp6);
	k.flags = 0x59;
	back_again("ECE, PSH, FIN", &k);
	k.tags = 2;
	k.service = true;
	back_again("VLAN tags", &k);
	k.payload = 2001;
	k.options = 0;
	back_again("an odd end, no options", &k);
	k.df = false;
	k.options = 40;
	back_again("all options, no DF", &k);
	k.payload = 63 * 1000;
	back_again("63 segments", &k);
}

static void test_many(void)
{
	struct packet k = tcp4;
	struct lot lot;

	k.size = 100;
	k.payload = 70 * 100;
	lot_init(&lot, &k);
	is_int(join(&lot), FRAME_BURST, "a burst at most");
	is_int(lot.out.count, FRAME_BURST + 1, "pieces");
	lot_fini(&lot);
	k = tcp4;
	k.options = 0;
	k.size = 10914; /* six of these and the headers: 65538 */
	k.payload = 6 * 10914 - 4;
	lot_init(&lot, &k);
	is_int(lot.large->len, 65534, "a large frame of 65534");
	is_int(join(&lot), 6, "is joined");
	lot.frames[5]->len += 2;
	put16(lot.frames[5]->data + ETH + 2,
	      (uint16_t)(lot.frames[5]->len - ETH));
	packet_fix(lot.frames[5]->data, lot.frames[5]->len, ETH, ETH + IPV4);
	is_int(join(&lot), 5, "65536 is too long");
	lot_fini(&lot);
}

/* --- each rule ----------------------------------------------------------- */

/* How many are joined when @octet of frame @n gets @value. */
static void changed(const char *what, const struct packet *k, unsigned int n,
		    size_t octet, uint8_t value, unsigned int joined)
{
	struct lot lot;
	struct frame *f;

	lot_init(&lot, k);
	f = lot.frames[n];
	f->data[octet] = value;
	packet_fix(f->data, f->len, ETH,
		   (size_t)(ETH + (k->version == 4 ? IPV4 : IPV6)));
	is_int(join(&lot), joined, "%s", what);
	lot_fini(&lot);
}

static void test_ethernet(void)
{
	changed("other destination", &tcp4, 1, 5, 1, 1);
	changed("other source", &tcp4, 1, 11, 1, 1);
	changed("the third one's source", &tcp4, 2, 11, 1, 2);
}

static void test_ipv4(void)
{
	changed("other TOS", &tcp4, 1, ETH + 1, 4, 1);
	changed("too long a length", &tcp4, 1, ETH + 2, 0x7f, 1);
	changed("too short a length", &tcp4, 1, ETH + 3, 0, 1);
	changed("the first one's length", &tcp4, 0, ETH + 3, 0, 1);
	changed("other id", &tcp4, 1, ETH + 5, 9, 1);
	changed("the third one's id", &tcp4, 2, ETH + 5, 9, 2);
	changed("no DF", &tcp4, 1, ETH + 6, 0, 1);
	changed("a fragment", &tcp4, 1, ETH + 7, 1, 1);
	changed("the first one a fragment", &tcp4, 0, ETH + 6, 0x20, 1);
	changed("other TTL", &tcp4, 1, ETH + 8, 9, 1);
	changed("other protocol", &tcp4, 1, ETH + 9, 17, 1);
	changed("other source", &tcp4, 1, ETH + 15, 9, 1);
	changed("other destination", &tcp4, 1, ETH + 19, 9, 1);
}

static void test_ipv6(void)
{
	changed("other class", &tcp6, 1, ETH, 0x61, 1);
	changed("other flow label", &tcp6, 1, ETH + 3, 9, 1);
	changed("other length", &tcp6, 1, ETH + 5, 9, 1);
	changed("other next header", &tcp6, 1, ETH + 6, 17, 1);
	changed("other hop limit", &tcp6, 1, ETH + 7, 9, 1);
	changed("other source", &tcp6, 1, ETH + 23, 9, 1);
	changed("other destination", &tcp6, 1, ETH + 39, 9, 1);
}

static void test_tcp(void)
{
	const size_t tcp = ETH + IPV4;

	changed("other source port", &tcp4, 1, tcp + 1, 9, 1);
	changed("other destination port", &tcp4, 1, tcp + 3, 9, 1);
	changed("other sequence", &tcp4, 1, tcp + 7, 9, 1);
	changed("the third one's", &tcp4, 2, tcp + 7, 9, 2);
	changed("other acknowledgement", &tcp4, 1, tcp + 11, 9, 1);
	changed("other header length", &tcp4, 1, tcp + 12, 0x70, 1);
	changed("other reserved bits", &tcp4, 1, tcp + 12, 0x81, 1);
	changed("other window", &tcp4, 1, tcp + 14, 9, 1);
	changed("other urgent pointer", &tcp4, 1, tcp + 19, 9, 1);
	changed("other options", &tcp4, 1, tcp + 31, 9, 1);
	changed("other first option", &tcp4, 1, tcp + 20, 9, 1);
}

static void test_flags(void)
{
	const size_t flags = ETH + IPV4 + 13;

	changed("PSH ends a run", &tcp4, 1, flags, 0x18, 2);
	changed("FIN ends a run", &tcp4, 1, flags, 0x11, 2);
	changed("PSH of the first one", &tcp4, 0, flags, 0x18, 1);
	changed("FIN of the first one", &tcp4, 0, flags, 0x11, 1);
	changed("CWR of the first one", &tcp4, 0, flags, 0x90, 1);
	changed("CWR later", &tcp4, 1, flags, 0x90, 1);
	changed("ECE", &tcp4, 1, flags, 0x50, 1);
	changed("URG", &tcp4, 1, flags, 0x30, 1);
	changed("RST", &tcp4, 1, flags, 0x14, 1);
	changed("SYN", &tcp4, 1, flags, 0x12, 1);
	changed("no ACK", &tcp4, 1, flags, 0, 1);
}

static void all_flags(const char *what, uint8_t flags, unsigned int joined)
{
	struct packet k = tcp4;
	struct lot lot;

	k.flags = flags;
	lot_init(&lot, &k);
	is_int(join(&lot), joined, "%s", what);
	lot_fini(&lot);
}

static void test_all_flags(void)
{
	all_flags("URG in all", 0x30, 1);
	all_flags("SYN in all", 0x12, 1);
	all_flags("RST in all", 0x14, 1);
	all_flags("CWR in the first one", 0x90, 1);
	all_flags("ECE in all", 0x50, 3);
}

static void ids(const char *what, bool df, const uint16_t id[3],
		unsigned int joined)
{
	struct packet k = tcp4;
	struct lot lot;
	unsigned int i;

	k.df = df;
	lot_init(&lot, &k);
	for (i = 0; i < lot.n; i++) {
		put16(lot.frames[i]->data + ETH + 4, id[i]);
		packet_fix(lot.frames[i]->data, lot.frames[i]->len, ETH,
			   ETH + IPV4);
	}
	is_int(join(&lot), joined, "%s", what);
	lot_fini(&lot);
}

static void test_ids(void)
{
	static const uint16_t same[3] = { 7, 7, 7 }, first[3] = { 7, 7, 8 },
			      later[3] = { 7, 8, 8 }, down[3] = { 7, 6, 5 },
			      twos[3] = { 7, 9, 11 };

	ids("ids that stand still, DF", true, same, 3);
	ids("ids that stand still", false, same, 1);
	ids("they stand still at first", true, first, 2);
	ids("they stand still later", true, later, 2);
	ids("ids that count down", true, down, 1);
	ids("ids that count by two", true, twos, 1);
}

/* --- lengths ------------------------------------------------------------- */

static void test_lengths(void)
{
	struct packet k = tcp4;
	struct lot lot;

	lot_init(&lot, &k);
	is_int(coalesce(lot.frames, 1, &lot.out), 1, "one frame alone");
	is_int(coalesce(lot.frames, 2, &lot.out), 2, "no more than are given");
	lot.frames[0]->len += 2;
	is_int(join(&lot), 1, "octets behind the first packet");
	lot.frames[0]->len -= 2;
	lot.frames[1]->len += 2;
	is_int(join(&lot), 1, "octets behind the second packet");
	lot_fini(&lot);
}

/* All is right, but for the second one, which is shorter. */
static void test_shorter(void)
{
	struct lot lot;
	struct frame *f;

	lot_init(&lot, &tcp4);
	f = lot.frames[1];
	f->len -= 10;
	put16(f->data + ETH + 2, (uint16_t)(f->len - ETH));
	packet_fix(f->data, f->len, ETH, ETH + IPV4);
	f = lot.frames[2];
	put32(f->data + 38, tcp4.seq + 1990);
	packet_fix(f->data, f->len, ETH, ETH + IPV4);
	is_int(join(&lot), 2, "less payload ends a run");
	lot_fini(&lot);
}

static void test_tags(void)
{
	struct packet k = tcp4;
	struct lot lot;

	k.tags = 1;
	lot_init(&lot, &k);
	lot.frames[1]->data[15] ^= 1;
	is_int(join(&lot), 1, "another VLAN");
	lot_fini(&lot);
}

/* The second one is longer than the first one. */
static void test_longer(void)
{
	struct frame *first, *second;
	struct packet k = tcp4;
	struct lot lot;

	k.payload = 2000;
	lot_init(&lot, &k);
	first = lot.frames[0];
	second = lot.frames[1];
	first->len -= 10;
	put16(first->data + ETH + 2, (uint16_t)(first->len - ETH));
	packet_fix(first->data, first->len, ETH, ETH + IPV4);
	put32(second->data + 38, k.seq + 990);
	packet_fix(second->data, second->len, ETH, ETH + IPV4);
	is_int(join(&lot), 1, "more payload than the first one");
	lot_fini(&lot);
}

static void no_payload(const char *what, uint32_t payload, unsigned int n)
{
	struct packet k = tcp4;
	struct lot lot;
	struct frame *f;

	k.payload = payload;
	lot_init(&lot, &k);
	f = lot.frames[n];
	f->len = ETH + IPV4 + 32;
	put16(f->data + ETH + 2, (uint16_t)(f->len - ETH));
	packet_fix(f->data, f->len, ETH, ETH + IPV4);
	is_int(join(&lot), 1, "%s", what);
	lot_fini(&lot);
}

static void test_no_payload(void)
{
	no_payload("the first one has no payload", 2000, 0);
	no_payload("the second one has no payload", 2000, 1);
}

/* --- what is not touched ------------------------------------------------- */

/* One bit of frame @n without a new checksum. */
static void damaged(const char *what, const struct packet *k, unsigned int n,
		    size_t octet, unsigned int joined)
{
	struct lot lot;

	lot_init(&lot, k);
	lot.frames[n]->data[octet] ^= 1;
	is_int(join(&lot), joined, "%s", what);
	lot_fini(&lot);
}

static void test_damaged(void)
{
	damaged("payload of the first one", &tcp4, 0, 999, 1);
	damaged("payload of the second one", &tcp4, 1, 999, 1);
	damaged("payload of the third one", &tcp4, 2, 999, 2);
	damaged("checksum of TCP", &tcp4, 1, ETH + IPV4 + 17, 1);
	damaged("checksum of IP", &tcp4, 1, ETH + 11, 1);
	damaged("the first one's checksum of IP", &tcp4, 0, ETH + 11, 1);
	damaged("IPv6: payload of the first one", &tcp6, 0, 999, 1);
	damaged("IPv6: payload of the second one", &tcp6, 1, 999, 1);
}

static void not_joined(const char *what, struct packet k)
{
	struct lot lot;

	lot_init(&lot, &k);
	is_int(join(&lot), 1, "%s", what);
	lot_fini(&lot);
}

static void test_others(void)
{
	struct packet k = tcp4;
	struct lot lot;

	k.ip_options = 4;
	not_joined("IPv4 with options", k);
	k = tcp6;
	k.extensions = 1;
	not_joined("IPv6 with an extension header", k);
	k = tcp4;
	k.udp = true;
	not_joined("UDP", k);
	lot_init(&lot, &tcp4);
	lot.frames[0]->vnet = lot.large->vnet;
	is_int(join(&lot), 1, "the first one is not plain");
	lot.frames[0]->vnet = lot.frames[1]->vnet;
	lot.frames[1]->vnet = lot.large->vnet;
	is_int(join(&lot), 1, "the second one is not plain");
	lot.frames[1]->vnet = lot.frames[0]->vnet;
	lot.frames[1]->vnet.flags = VIRTIO_NET_HDR_F_DATA_VALID;
	is_int(join(&lot), 3, "verified, says the sender");
	lot.frames[1]->data[999] ^= 1;
	is_int(join(&lot), 1, "but is not believed");
	lot_fini(&lot);
}

int main(void)
{
	test_back_again();
	test_many();
	test_ethernet();
	test_ipv4();
	test_ipv6();
	test_tcp();
	test_flags();
	test_all_flags();
	test_ids();
	test_lengths();
	test_longer();
	test_shorter();
	test_tags();
	test_no_payload();
	test_damaged();
	test_others();
	return tap_done();
}
