// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/fdb: each promise of fdb.h by hand, then a long random run
 * against a model that does the same with a plain array. The seed of the run
 * is printed; FDB_SEED in the environment repeats one.
 */
#include <errno.h>
#include <time.h>

#include "tests/unit/tap.h"
#include "uml_router/fdb.h"

static const struct siphash_key key = { { 0x0123456789abcdef, 42 } };

static struct fdb *new_fdb(uint32_t size)
{
	struct fdb *fdb = fdb_new(size, &key);

	if (!fdb)
		tap_bail("fdb_new");
	return fdb;
}

static void mac_of(uint32_t n, uint8_t mac[6])
{
	mac[0] = 2;
	mac[1] = 0;
	mac[2] = (uint8_t)(n >> 24);
	mac[3] = (uint8_t)(n >> 16);
	mac[4] = (uint8_t)(n >> 8);
	mac[5] = (uint8_t)n;
}

static enum fdb_learned learn(struct fdb *fdb, struct fdb_owner *owner,
			      uint32_t n, uint32_t now)
{
	uint8_t mac[6];

	mac_of(n, mac);
	return fdb_learn(fdb, 0, mac, owner, now);
}

static struct fdb_owner *where(const struct fdb *fdb, uint32_t n)
{
	uint8_t mac[6];

	mac_of(n, mac);
	return fdb_lookup(fdb, 0, mac);
}

static uint32_t number_of(const struct fdb_record *r)
{
	return (uint32_t)r->mac[2] << 24 | (uint32_t)r->mac[3] << 16 |
	       (uint32_t)r->mac[4] << 8 | r->mac[5];
}

static void test_learn(void)
{
	struct fdb *fdb = new_fdb(16);
	struct fdb_owner a, b;

	fdb_owner_init(&a);
	fdb_owner_init(&b);
	ok(!where(fdb, 1) && !fdb_count(fdb) && fdb_size(fdb) == 16,
	   "an empty table");
	is_int(learn(fdb, &a, 1, 10), FDB_NEW, "first time seen");
	is_int(learn(fdb, &a, 1, 10), FDB_KNOWN, "seen again");
	is_int(learn(fdb, &a, 1, 11), FDB_KNOWN, "seen again later");
	ok(where(fdb, 1) == &a && !where(fdb, 2), "it is found, others not");
	is_int(learn(fdb, &b, 1, 11), FDB_MOVED, "seen on another port");
	ok(where(fdb, 1) == &b && a.learned.count == 0 && b.learned.count == 1,
	   "it is there now");
	is_int(fdb_count(fdb), 1, "one entry");
	ok(fdb_stats(fdb)->learned == 1 && fdb_stats(fdb)->moved == 1 &&
		   !fdb_stats(fdb)->aged && !fdb_stats(fdb)->evicted,
	   "counted");
	fdb_flush(fdb, &b);
	ok(!where(fdb, 1) && !fdb_count(fdb) && !b.learned.count, "flushed");
	fdb_free(fdb);
	fdb_free(NULL);
}

static void test_vlans(void)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct fdb *fdb = new_fdb(16);
	struct fdb_owner a, b;

	fdb_owner_init(&a);
	fdb_owner_init(&b);
	fdb_learn(fdb, 1, mac, &a, 0);
	is_int(fdb_learn(fdb, 4094, mac, &b, 0), FDB_NEW,
	       "an address is a different one in another VLAN");
	ok(fdb_lookup(fdb, 1, mac) == &a && fdb_lookup(fdb, 4094, mac) == &b &&
		   !fdb_lookup(fdb, 0, mac),
	   "each in its VLAN");
	fdb_free(fdb);
}

static void test_age(void)
{
	struct fdb *fdb = new_fdb(16);
	struct fdb_owner a;

	fdb_owner_init(&a);
	is_int(fdb_age(fdb, 1000, 300), 0, "nothing is due in an empty table");
	learn(fdb, &a, 1, 1000);
	learn(fdb, &a, 2, 1100);
	learn(fdb, &a, 3, 1200);
	learn(fdb, &a, 1, 1200);
	is_int(fdb_age(fdb, 1399, 300), 1, "due in a second");
	ok(where(fdb, 2) != NULL, "until then it stays");
	is_int(fdb_age(fdb, 1400, 300), 100, "the next are due later");
	ok(!where(fdb, 2) && where(fdb, 1) && where(fdb, 3),
	   "only the unseen one is gone");
	is_int(fdb_age(fdb, 1500, 300), 0, "then all");
	ok(!fdb_count(fdb) && !a.learned.count && fdb_stats(fdb)->aged == 3,
	   "and counted");
	fdb_free(fdb);
}

/* Seconds are 32 bits: they go round once in 136 years. */
static void test_age_wraps(void)
{
	struct fdb *fdb = new_fdb(16);
	struct fdb_owner a;

	fdb_owner_init(&a);
	learn(fdb, &a, 1, UINT32_MAX - 10);
	is_int(fdb_age(fdb, 10, 300), 300 - 21, "an age over the wrap");
	is_int(fdb_age(fdb, 300 - 11, 300), 0, "due over the wrap");
	fdb_free(fdb);
}

static void test_flush(void)
{
	struct fdb *fdb = new_fdb(1000);
	struct fdb_owner a, b;
	uint32_t i;

	fdb_owner_init(&a);
	fdb_owner_init(&b);
	for (i = 0; i < 600; i++)
		learn(fdb, i % 3 ? &a : &b, i, i);
	fdb_flush(fdb, &a);
	ok(!a.learned.count && a.learned.oldest == FDB_NONE &&
		   a.learned.newest == FDB_NONE,
	   "the owner has none");
	for (i = 0; i < 600; i++)
		if (where(fdb, i) != (i % 3 ? NULL : &b))
			break;
	is_int(i, 600, "the other one's are all there");
	fdb_flush(fdb, &a);
	fdb_flush(fdb, &b);
	is_int(fdb_count(fdb), 0, "nothing is left");
	fdb_free(fdb);
}

static int fix(struct fdb *fdb, struct fdb_owner *owner, uint16_t vlan,
	       uint32_t n)
{
	uint8_t mac[6];

	mac_of(n, mac);
	errno = 0;
	return fdb_fix(fdb, vlan, mac, owner, 5);
}

static void test_fixed(void)
{
	struct fdb *fdb = new_fdb(4);
	struct fdb_record r;
	struct fdb_owner a, b;
	uint32_t cursor = 0;

	fdb_owner_init(&a);
	fdb_owner_init(&b);
	learn(fdb, &b, 1, 4);
	is_int(fix(fdb, &a, 0, 1), 0, "an address of another one is fixed");
	ok(where(fdb, 1) == &a && !b.learned.count && a.fixed.count == 1 &&
		   !a.learned.count && fdb_count(fdb) == 1,
	   "it is at its owner's");
	is_int(learn(fdb, &b, 1, 6), FDB_FOREIGN, "nobody else learns it");
	is_int(learn(fdb, &a, 1, 7), FDB_KNOWN, "its owner knows it");
	ok(fdb_next(fdb, &cursor, 10, &r) && r.fixed && r.age == 3 &&
		   r.owner == &a && number_of(&r) == 1,
	   "it is shown, with its age");
	is_int((intmax_t)fdb_age(fdb, 1000000, 1), 0, "it does not age");
	fdb_flush(fdb, &a);
	ok(where(fdb, 1) == &a, "it is not flushed");
	ok(fix(fdb, &b, 0, 1) == -1 && errno == EEXIST, "it stays");
	ok(fix(fdb, &a, 0, 1) == -1 && errno == EEXIST, "where it is");
	is_int(fix(fdb, &b, 7, 1), 0, "but is another one's in VLAN 7");
	is_int(fix(fdb, &a, 0, 2), 0, "a third of four");
	ok(fix(fdb, &a, 0, 3) == -1 && errno == ENOSPC,
	   "one is left for learning");
	is_int(learn(fdb, &b, 8, 8), FDB_NEW, "this one");
	is_int(learn(fdb, &a, 9, 8), FDB_NEW, "or that, in a full table");
	ok(where(fdb, 1) == &a && where(fdb, 2) == &a && where(fdb, 9) == &a &&
		   !where(fdb, 8) && fdb_count(fdb) == 4,
	   "fixed ones do not give way");
	fdb_release(fdb, &a);
	ok(!where(fdb, 1) && !where(fdb, 2) && where(fdb, 9) == &a &&
		   !a.fixed.count && fdb_count(fdb) == 2,
	   "released");
	is_int(learn(fdb, &b, 1, 9), FDB_NEW, "anybody may have it");
	fdb_free(fdb);
}

static void test_every_vlan(void)
{
	struct fdb *fdb = new_fdb(64);
	struct fdb_owner a, b;
	uint8_t mac[6];
	uint16_t vlan;

	fdb_owner_init(&a);
	fdb_owner_init(&b);
	mac_of(1, mac);
	for (vlan = 0; vlan < 10; vlan++)
		fdb_learn(fdb, vlan, mac, &b, 1);
	learn(fdb, &b, 2, 1);
	is_int(fix(fdb, &a, FDB_EVERY_VLAN, 1), 0, "fixed in every VLAN");
	ok(fdb_count(fdb) == 2 && b.learned.count == 1 && where(fdb, 2) == &b,
	   "nobody has learned it in any, others stay");
	ok(fdb_lookup(fdb, 3, mac) == &a && fdb_lookup(fdb, 4094, mac) == &a,
	   "it is found in all of them");
	ok(fdb_learn(fdb, 3, mac, &b, 1) == FDB_FOREIGN &&
		   fdb_learn(fdb, 3, mac, &a, 1) == FDB_KNOWN,
	   "and learned in none");
	is_int(fdb_count(fdb), 2, "without a further entry");
	ok(fix(fdb, &b, 3, 1) == -1 && errno == EEXIST, "nor fixed in one");
	fix(fdb, &b, 3, 5);
	ok(fix(fdb, &a, FDB_EVERY_VLAN, 5) == -1 && errno == EEXIST,
	   "nor in all, what is fixed in one");
	fdb_release(fdb, &a);
	ok(!fdb_lookup(fdb, 3, mac) && fdb_learn(fdb, 3, mac, &b, 1) == FDB_NEW,
	   "released");
	fdb_free(fdb);
}

static void test_limit(void)
{
	struct fdb *fdb = new_fdb(8);
	struct fdb_owner a, b;

	fdb_owner_init(&a);
	fdb_owner_init(&b);
	a.limit = 2;
	learn(fdb, &a, 1, 1);
	learn(fdb, &a, 2, 1);
	learn(fdb, &b, 3, 1);
	ok(learn(fdb, &a, 4, 2) == FDB_LIMIT && !where(fdb, 4),
	   "no third address");
	ok(learn(fdb, &a, 3, 2) == FDB_LIMIT && where(fdb, 3) == &b,
	   "be it another one's");
	is_int(learn(fdb, &a, 1, 3), FDB_KNOWN, "the two are seen");
	is_int(fix(fdb, &a, 0, 5), 0, "fixed ones do not count");
	learn(fdb, &b, 2, 4);
	is_int(learn(fdb, &a, 4, 5), FDB_NEW, "in place of one that moved");
	fdb_free(fdb);
}

static void test_evict_own(void)
{
	struct fdb *fdb = new_fdb(4);
	struct fdb_owner a, b;

	fdb_owner_init(&a);
	fdb_owner_init(&b);
	learn(fdb, &b, 100, 1);
	learn(fdb, &b, 101, 2);
	learn(fdb, &a, 1, 3);
	learn(fdb, &a, 2, 4);
	learn(fdb, &a, 1, 5);
	is_int(learn(fdb, &a, 3, 6), FDB_NEW, "a full table learns");
	ok(!where(fdb, 2) && where(fdb, 1) == &a && where(fdb, 3) == &a,
	   "at the price of the port's own oldest");
	ok(where(fdb, 100) == &b && where(fdb, 101) == &b,
	   "although others' are older");
	ok(fdb_count(fdb) == 4 && fdb_stats(fdb)->evicted == 1, "counted");
	is_int(learn(fdb, &b, 1, 7), FDB_MOVED, "a full table moves");
	ok(fdb_count(fdb) == 4 && fdb_stats(fdb)->evicted == 1 &&
		   b.learned.count == 3 && a.learned.count == 1,
	   "at no price");
	fdb_free(fdb);
}

static void test_evict_oldest(void)
{
	struct fdb *fdb = new_fdb(3);
	struct fdb_owner a, b, c;

	fdb_owner_init(&a);
	fdb_owner_init(&b);
	fdb_owner_init(&c);
	learn(fdb, &a, 1, 1);
	learn(fdb, &b, 2, 2);
	learn(fdb, &b, 3, 3);
	learn(fdb, &a, 1, 4);
	learn(fdb, &c, 4, 5);
	ok(!where(fdb, 2) && where(fdb, 4) == &c,
	   "a port without addresses takes the oldest of all");
	learn(fdb, &c, 5, 6);
	ok(!where(fdb, 4) && where(fdb, 3) == &b && where(fdb, 5) == &c,
	   "and then pays itself");
	fdb_free(fdb);
}

static void test_bound(void)
{
	struct fdb *fdb = new_fdb(1);
	struct fdb_owner a, b;
	uint32_t i;

	fdb_owner_init(&a);
	fdb_owner_init(&b);
	for (i = 0; i < 1000; i++)
		learn(fdb, i % 2 ? &a : &b, i, i);
	ok(fdb_count(fdb) == 1 && where(fdb, 999) == &a &&
		   a.learned.count == 1 && !b.learned.count,
	   "a table of one entry");
	fdb_free(fdb);
	fdb = new_fdb(1000);
	fdb_owner_init(&a);
	for (i = 0; i < 100000; i++)
		learn(fdb, &a, i, i);
	ok(fdb_count(fdb) == 1000 && a.learned.count == 1000 &&
		   fdb_stats(fdb)->evicted == 99000,
	   "a flood of addresses stays within the table");
	for (i = 99000; i < 100000; i++)
		if (where(fdb, i) != &a)
			break;
	is_int(i, 100000, "the newest ones are there");
	fdb_free(fdb);
}

static void test_walk(void)
{
	struct fdb *fdb = new_fdb(64);
	struct fdb_record r;
	struct fdb_owner a;
	uint32_t cursor = 0, seen = 0;

	fdb_owner_init(&a);
	ok(!fdb_next(fdb, &cursor, 0, &r), "a walk over nothing");
	learn(fdb, &a, 0x01020304, 90);
	cursor = 0;
	ok(fdb_next(fdb, &cursor, 100, &r) && number_of(&r) == 0x01020304 &&
		   r.mac[0] == 2 && !r.mac[1] && !r.vlan && r.owner == &a &&
		   r.age == 10,
	   "an entry");
	ok(!fdb_next(fdb, &cursor, 100, &r), "the end");
	ok(!fdb_next(fdb, &cursor, 100, &r), "still the end");
	learn(fdb, &a, 5, 100);
	cursor = 0;
	while (fdb_next(fdb, &cursor, 100, &r))
		seen++;
	is_int(seen, 2, "all entries");
	fdb_free(fdb);
}

/* Between the steps of the walk entries come and go, those of "stay" move from
 * port to port: each of these is seen exactly once. */
static void test_walk_while_changing(void)
{
	struct fdb *fdb = new_fdb(256);
	unsigned int times[100] = { 0 };
	struct fdb_owner stay[2], change;
	uint32_t cursor = 0, i, n, wrong = 0;
	struct fdb_record r;

	fdb_owner_init(&stay[0]);
	fdb_owner_init(&stay[1]);
	fdb_owner_init(&change);
	for (n = 0; n < 100; n++) {
		learn(fdb, &change, 1000 + n, 0);
		learn(fdb, &stay[0], n, 0);
	}
	for (i = 1; fdb_next(fdb, &cursor, i, &r); i++) {
		if (number_of(&r) < 100)
			times[number_of(&r)]++;
		for (n = 0; n < 100; n++)
			learn(fdb, &stay[i % 2], n, i);
		learn(fdb, &change, 2000 + i % 50, i);
		fdb_age(fdb, i, 5 + i % 50);
	}
	for (n = 0; n < 100; n++)
		wrong += times[n] != 1;
	is_int(wrong, 0, "entries that stay and are not seen once");
	fdb_free(fdb);
}

/* --- against a model ----------------------------------------------------- */

#define MODEL_MAX 64
#define OWNERS 5
#define RUN 200000

struct model_entry {
	uint16_t vlan;
	uint32_t n;
	unsigned int owner;
	uint32_t seen;
};

/* Entries in the order in which they were last seen. */
struct model {
	struct model_entry at[MODEL_MAX];
	unsigned int len, size;
	struct fdb_stats stats;
};

static uint32_t state;

static uint32_t pick(uint32_t below)
{
	state = state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(state >> 8) * below >> 24);
}

static int model_find(const struct model *m, uint16_t vlan, uint32_t n)
{
	unsigned int i;

	for (i = 0; i < m->len; i++)
		if (m->at[i].vlan == vlan && m->at[i].n == n)
			return (int)i;
	return -1;
}

static void model_drop(struct model *m, unsigned int i)
{
	memmove(&m->at[i], &m->at[i + 1], (m->len - i - 1) * sizeof(m->at[0]));
	m->len--;
}

static void model_evict(struct model *m, unsigned int owner)
{
	unsigned int i;

	for (i = 0; i < m->len && m->at[i].owner != owner; i++)
		;
	model_drop(m, i < m->len ? i : 0);
	m->stats.evicted++;
}

static enum fdb_learned model_learn(struct model *m, uint16_t vlan, uint32_t n,
				    unsigned int owner, uint32_t now)
{
	struct model_entry new = { vlan, n, owner, now };
	enum fdb_learned learned = FDB_NEW;
	int i = model_find(m, vlan, n);

	if (i < 0) {
		if (m->len == m->size)
			model_evict(m, owner);
		m->stats.learned++;
	} else if (m->at[i].owner == owner) {
		/* Its place changes once a second. */
		if (m->at[i].seen == now)
			return FDB_KNOWN;
		learned = FDB_KNOWN;
		model_drop(m, (unsigned int)i);
	} else {
		m->stats.moved++;
		learned = FDB_MOVED;
		model_drop(m, (unsigned int)i);
	}
	m->at[m->len++] = new;
	return learned;
}

static uint32_t model_age(struct model *m, uint32_t now, uint32_t ageing)
{
	while (m->len && now - m->at[0].seen >= ageing) {
		model_drop(m, 0);
		m->stats.aged++;
	}
	return m->len ? ageing - (now - m->at[0].seen) : 0;
}

static void model_flush(struct model *m, unsigned int owner)
{
	unsigned int i;

	for (i = m->len; i > 0; i--)
		if (m->at[i - 1].owner == owner)
			model_drop(m, i - 1);
}

struct pair {
	struct fdb *fdb;
	struct fdb_owner owners[OWNERS];
	struct model model;
	uint32_t now;
};

/* One step of both; returns whether they agree. */
static bool step(struct pair *p)
{
	unsigned int owner = pick(OWNERS);
	uint16_t vlan = (uint16_t)pick(3);
	uint32_t n = pick(40);
	uint8_t mac[6];
	int i;

	p->now += pick(8) == 0;
	mac_of(n, mac);
	switch (pick(100)) {
	case 0:
		fdb_flush(p->fdb, &p->owners[owner]);
		model_flush(&p->model, owner);
		return true;
	case 1:
	case 2:
		return fdb_age(p->fdb, p->now, 10) ==
		       model_age(&p->model, p->now, 10);
	default:
		if (fdb_learn(p->fdb, vlan, mac, &p->owners[owner], p->now) !=
		    model_learn(&p->model, vlan, n, owner, p->now))
			return false;
	}
	mac_of(n = pick(40), mac);
	i = model_find(&p->model, vlan, n);
	return fdb_lookup(p->fdb, vlan, mac) ==
	       (i < 0 ? NULL : &p->owners[p->model.at[i].owner]);
}

static bool same_counts(const struct pair *p)
{
	const struct fdb_stats *stats = fdb_stats(p->fdb);
	const struct model *m = &p->model;
	unsigned int i, counts[OWNERS] = { 0 };

	for (i = 0; i < m->len; i++)
		counts[m->at[i].owner]++;
	for (i = 0; i < OWNERS; i++)
		if (p->owners[i].learned.count != counts[i])
			return false;
	return fdb_count(p->fdb) == m->len &&
	       stats->learned == m->stats.learned &&
	       stats->moved == m->stats.moved && stats->aged == m->stats.aged &&
	       stats->evicted == m->stats.evicted;
}

/* Every entry of the table is one of the model, and as many. */
static bool same_entries(const struct pair *p)
{
	const struct model *m = &p->model;
	struct fdb_record r;
	uint32_t cursor = 0;
	unsigned int n = 0;

	for (; fdb_next(p->fdb, &cursor, p->now, &r); n++) {
		int i = model_find(m, r.vlan, r.mac[5]);

		if (i < 0 || r.owner != &p->owners[m->at[i].owner] ||
		    r.age != p->now - m->at[i].seen)
			return false;
	}
	return n == m->len;
}

static void test_model(uint32_t size)
{
	struct pair p = { .model.size = size, .now = UINT32_MAX - 5000 };
	int i;

	p.fdb = new_fdb(size);
	for (i = 0; i < OWNERS; i++)
		fdb_owner_init(&p.owners[i]);
	for (i = 0; i < RUN; i++) {
		if (!step(&p) || !same_counts(&p))
			break;
		if (i % 16 == 0 && !same_entries(&p))
			break;
	}
	is_int(i, RUN, "a table of %u entries agrees with the model", size);
	fdb_free(p.fdb);
}

int main(void)
{
	const char *given = getenv("FDB_SEED");

	alarm(120);
	state = given ? (uint32_t)strtoul(given, NULL, 0)
		      : (uint32_t)time(NULL);
	printf("# FDB_SEED=%" PRIu32 "\n", state);
	test_learn();
	test_vlans();
	test_age();
	test_age_wraps();
	test_flush();
	test_fixed();
	test_every_vlan();
	test_limit();
	test_evict_own();
	test_evict_oldest();
	test_bound();
	test_walk();
	test_walk_while_changing();
	test_model(1);
	test_model(2);
	test_model(7);
	test_model(32);
	test_model(MODEL_MAX);
	return tap_done();
}
