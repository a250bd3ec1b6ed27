// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for VLANs and rules: the input gives ports their rules, changes
 * them and sends frames. A second, slow and simple idea of what the switch is
 * to do (struct model) says who gets which frame with which tag; the switch
 * must do exactly that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake.h"
#include "tests/fuzz/fuzz.h"

#define PORTS 4
#define STATIONS 6
/** VLANs 1 to 4; 0: none. */
#define VLANS 5
/** Where a model keeps what is fixed in all VLANs. */
#define EVERY VLANS
#define NOBODY (-1)
#define STEPS_MAX 300

/** Who has an address: a port, or NOBODY. */
typedef int table[VLANS + 1][STATIONS];

struct bench {
	struct fake_world world;
	struct fake port[PORTS];
	struct rules rules[PORTS];
	bool hub;
	table fixed, learned;
	const uint8_t *at, *end;
};

/**
 * struct sample - One frame
 * @in:		the port that it comes in by
 * @from:	station
 * @to:		station; STATIONS: all
 * @tag:	it has a tag
 * @inner:	and a second one
 * @tci:	of the tag
 * @len:	octets
 * @head:	its first octets
 */
struct sample {
	int in, from, to;
	bool tag, inner;
	uint16_t tci;
	uint32_t len;
	uint8_t head[FAKE_HEAD];
};

static unsigned int octet(struct bench *b)
{
	return b->at < b->end ? *b->at++ : 0;
}

/* --- the model: rules ----------------------------------------------------- */

static bool is_ruled(const struct rules *r)
{
	return r->vlan.untagged || r->isolated || r->down || r->maxmac ||
	       r->mac_count;
}

static bool any_ruled(const struct bench *b)
{
	int i;

	for (i = 0; i < PORTS; i++)
		if (is_ruled(&b->rules[i]))
			return true;
	return false;
}

static void forget(table t, int port)
{
	int v, s;

	for (v = 0; v <= VLANS; v++)
		for (s = 0; s < STATIONS; s++)
			if (t[v][s] == port)
				t[v][s] = NOBODY;
}

static bool overlap(int v, int w)
{
	return v == w || v == EVERY || w == EVERY;
}

static bool fix(struct bench *b, int port, const struct rules *r)
{
	int v = r->vlan.trunk ? EVERY : r->vlan.untagged, w;
	unsigned int i;

	forget(b->fixed, port);
	forget(b->learned, port);
	for (i = 0; i < r->mac_count; i++) {
		int s = r->macs[i][5];

		for (w = 0; w <= VLANS; w++)
			if (overlap(v, w) && b->fixed[w][s] != NOBODY)
				return false;
		for (w = 0; w <= VLANS; w++)
			if (overlap(v, w))
				b->learned[w][s] = NOBODY;
		b->fixed[v][s] = port;
	}
	return true;
}

/* --- the model: frames ---------------------------------------------------- */

static bool in_vlan(const struct rules *r, int vid)
{
	if (!vid || !r->vlan.untagged)
		return !vid && !r->vlan.untagged;
	return vid == r->access || (r->vlan.trunk && vid == r->native) ||
	       (r->vlan.tagged[0] >> vid & 1);
}

/* The VLAN of a frame, or -1. */
static int vlan_of(const struct rules *r, const struct sample *f)
{
	int vid = f->tag ? f->tci & 0xfff : 0;

	if (!r->vlan.untagged)
		return 0;
	if ((f->tag && f->len < 18) || vid == 4095)
		return -1;
	if (!vid)
		vid = r->vlan.trunk ? r->native : r->access;
	return vid && vid < VLANS && in_vlan(r, vid) ? vid : -1;
}

static unsigned int count(table t, int port)
{
	unsigned int n = 0;
	int v, s;

	for (v = 0; v <= VLANS; v++)
		for (s = 0; s < STATIONS; s++)
			n += t[v][s] == port;
	return n;
}

static int owner(struct bench *b, int vid, int s)
{
	if (b->fixed[vid][s] != NOBODY)
		return b->fixed[vid][s];
	if (b->learned[vid][s] != NOBODY)
		return b->learned[vid][s];
	return b->fixed[EVERY][s];
}

/* false: the port may not have this source. */
static bool learn(struct bench *b, int port, int vid, int s)
{
	const struct rules *r = &b->rules[port];
	int now = owner(b, vid, s);

	if (now == port)
		return true;
	if (now != NOBODY && b->learned[vid][s] != now)
		return false;
	if (r->mac_count || (r->maxmac && count(b->learned, port) >= r->maxmac))
		return false;
	b->learned[vid][s] = port;
	return true;
}

/* The octets that a port is to get: how many are known; 0: it gets nothing. */
static size_t expect(const struct rules *r, const struct sample *f, int vid,
		     uint8_t head[FAKE_HEAD], uint32_t *len)
{
	bool tag = vid && vid != (r->vlan.trunk ? r->native : r->access);

	memcpy(head, f->head, FAKE_HEAD);
	*len = f->len;
	if (vid && f->tag) {
		head[14] = (uint8_t)(f->tci >> 8 & 0xf0);
		head[15] = (uint8_t)vid;
	}
	if (!vid || tag == f->tag)
		return f->len < FAKE_HEAD ? f->len : FAKE_HEAD;
	if (f->tag && f->inner && r->vlan.trunk)
		return 0;
	if (tag) {
		memcpy(head + 12, "\x81\0\0", 3);
		head[15] = (uint8_t)vid;
		memcpy(head + 16, f->head + 12, 2);
		*len += 4;
		return FAKE_HEAD;
	}
	memcpy(head + 12, f->head + 16, 2);
	*len -= 4;
	return 14;
}

static bool may_go(const struct bench *b, int in, int out, int vid)
{
	const struct rules *from = &b->rules[in], *to = &b->rules[out];

	return in != out && in_vlan(to, vid) && !to->down &&
	       !(from->isolated && to->isolated);
}

/* Bit n: port n gets it. */
static unsigned int receivers(struct bench *b, const struct sample *f, int *vid)
{
	bool learns = !b->hub || any_ruled(b);
	unsigned int all = 0;
	int out, to = NOBODY;

	*vid = vlan_of(&b->rules[f->in], f);
	if (*vid < 0 || b->rules[f->in].down)
		return 0;
	if (learns && !learn(b, f->in, *vid, f->from))
		return 0;
	if (!b->hub && f->to < STATIONS)
		to = owner(b, *vid, f->to);
	for (out = 0; out < PORTS; out++)
		if ((to == NOBODY || to == out) && may_go(b, f->in, out, *vid))
			all |= 1u << out;
	return all;
}

static void check_port(const struct bench *b, int out, const struct sample *f,
		       int vid)
{
	const struct fake_list *sent = &b->port[out].sent;
	uint8_t head[FAKE_HEAD];
	uint32_t len;
	size_t known = expect(&b->rules[out], f, vid, head, &len);

	must(sent->len == !!known, "who is to have it gets it, once");
	if (!known)
		return;
	must(sent->at[0].len == len, "its length");
	must(!memcmp(sent->at[0].head, head, known), "its octets");
}

/* --- the program ---------------------------------------------------------- */

static void put_station(uint8_t *at, int s)
{
	memcpy(at, "\2\0\0\0\0", 5);
	at[5] = (uint8_t)s;
	if (s == STATIONS)
		memset(at, 0xff, 6);
}

static void build(struct sample *f)
{
	uint8_t *type = f->head + 12;

	memset(f->head, 0x55, FAKE_HEAD);
	put_station(f->head, f->to);
	put_station(f->head + 6, f->from);
	if (f->tag) {
		memcpy(type, "\x81\0", 2);
		type[2] = (uint8_t)(f->tci >> 8);
		type[3] = (uint8_t)f->tci;
		type += 4;
	}
	memcpy(type, f->inner ? "\x81\0" : "\x88\xb5", 2);
}

static void send_one(struct bench *b)
{
	unsigned int what = octet(b), tag = octet(b), i, all;
	struct sample f = {
		.in = (int)(what & 3),
		.from = (int)(what >> 2 & 7) % STATIONS,
		.to = (int)(what >> 5) % (STATIONS + 1),
		.tag = tag & 1,
		.inner = (tag & 3) == 3,
		.tci = (uint16_t)((tag >> 2 & 7) | (tag >> 5) << 13),
		.len = 60,
	};
	int vid;

	if ((f.tci & 7) == 7)
		f.tci |= 0xfff;
	if (tag >> 5 == 7)
		f.len = 14 + (what & 7);
	build(&f);
	for (i = 0; i < PORTS; i++)
		b->port[i].sent.len = 0;
	fake_put_raw(&b->port[f.in], f.head, f.len);
	must(fake_settle(&b->world.loop) >= 0, "the loop comes to rest");
	all = receivers(b, &f, &vid);
	for (i = 0; i < PORTS; i++)
		if (all & 1u << i)
			check_port(b, (int)i, &f, vid);
		else
			must(!b->port[i].sent.len, "nobody else gets it");
}

static struct rules get_rules(struct bench *b)
{
	unsigned int how = octet(b), vids = octet(b), macs = octet(b);
	struct rules r = { 0 };
	int s;

	r.isolated = (how & 0x30) == 0x30;
	r.down = (how & 0xc0) == 0xc0;
	if (how & 1)
		r.access = (uint16_t)(vids % (VLANS - 1) + 1);
	r.vlan.trunk = how & 2;
	if (r.vlan.trunk)
		r.vlan.tagged[0] = (uint8_t)(vids & 0x1e);
	if (how & 4)
		r.native = (uint16_t)((vids >> 5) % VLANS);
	if (how & 8)
		r.maxmac = macs & 3;
	else if (macs >> 6 == 3)
		for (s = 0; s < STATIONS; s++)
			if (macs >> s & 1)
				put_station(r.macs[r.mac_count++], s);
	return r;
}

static void change(struct bench *b, int port)
{
	struct rules r = get_rules(b);
	struct err err = { "" };
	int failed;

	if (rules_check(&r, &err) < 0) {
		must(err.text[0], "a reason");
		return;
	}
	failed = rules_apply(b->port[port].port, &r, &err);
	if (!is_ruled(&b->rules[port]) && !is_ruled(&r))
		must(!failed, "no rules in place of none");
	else if (!fix(b, port, &r))
		must(failed && fix(b, port, &b->rules[port]), "as it was");
	else
		must(!failed, "rules that can be had");
	if (!failed)
		b->rules[port] = r;
}

static void check(const struct bench *b)
{
	const char *wrong = fake_check(&b->world.sw);

	if (wrong)
		must(false, wrong);
	must(!b->world.sw.workers->pool.used, "all frames are given back");
	must(!!b->world.sw.ruled == any_ruled(b), "ports with rules");
}

static void set_up(struct bench *b)
{
	struct sw_conf conf = SW_CONF_DEFAULT;
	char name[16];
	int i;

	memset(b->fixed, 0xff, sizeof(b->fixed));
	memset(b->learned, 0xff, sizeof(b->learned));
	b->hub = conf.hub = octet(b) == 1;
	fake_world_init(&b->world, &conf);
	for (i = 0; i < PORTS; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		fake_plug(&b->port[i], &b->world.sw, name, 8, POLICY_DROP);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench *b = calloc(1, sizeof(*b));
	unsigned int steps;
	int i;

	if (!b)
		return 0;
	b->at = data;
	b->end = data + size;
	set_up(b);
	for (steps = 0; b->at < b->end && steps < STEPS_MAX; steps++) {
		unsigned int what = octet(b);

		if (what % 8 == 0)
			change(b, (int)(what >> 3) % PORTS);
		else
			send_one(b);
		check(b);
	}
	fake_world_fini(&b->world);
	for (i = 0; i < PORTS; i++)
		fake_fini(&b->port[i]);
	free(b);
	return 0;
}
