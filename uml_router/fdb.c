// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The forwarding database. See fdb.h for what it promises.
 *
 * Entries lie in one array and refer to each other by index. Each is in its
 * hash bucket's chain and in two lists that are ordered by when it was last
 * seen: of all entries (for ageing) and of its port's (for eviction and
 * flushing). Seeing an address moves it to the end of both, at most once a
 * second, so a busy address costs one hash and one comparison for each frame.
 */
#include "fdb.h"

#include <stdlib.h>
#include <string.h>

struct link {
	uint32_t prev, next;
};

/* key: VLAN in bits 48 to 63, address below; 0 is never a valid key, because
 * the zero address is not learned. */
struct entry {
	uint64_t key;
	struct fdb_owner *owner;
	struct link all, own;
	uint32_t chain;
	uint32_t seen;
};

struct fdb {
	struct siphash_key hash_key;
	struct entry *entries;
	uint32_t *buckets;
	uint32_t mask;
	uint32_t size, count;
	uint32_t unused; /* first entry that was never used */
	uint32_t free;	 /* chain of entries that were given back */
	uint32_t oldest, newest;
	struct fdb_stats stats;
};

struct fdb *fdb_new(uint32_t size, const struct siphash_key *key)
{
	struct fdb *fdb = calloc(1, sizeof(*fdb));
	uint32_t buckets = 1;

	if (!fdb)
		return NULL;
	while (buckets < size)
		buckets *= 2;
	fdb->hash_key = *key;
	fdb->mask = buckets - 1;
	fdb->size = size;
	fdb->free = fdb->oldest = fdb->newest = FDB_NONE;
	fdb->entries = calloc(size, sizeof(*fdb->entries));
	/* A bucket holds index + 1: zeroed pages cost nothing until used. */
	fdb->buckets = calloc(buckets, sizeof(*fdb->buckets));
	if (!fdb->entries || !fdb->buckets) {
		fdb_free(fdb);
		return NULL;
	}
	return fdb;
}

void fdb_free(struct fdb *fdb)
{
	if (!fdb)
		return;
	free(fdb->entries);
	free(fdb->buckets);
	free(fdb);
}

void fdb_owner_init(struct fdb_owner *owner)
{
	*owner = (struct fdb_owner){ FDB_NONE, FDB_NONE, 0 };
}

static uint64_t make_key(uint16_t vlan, const uint8_t mac[6])
{
	return (uint64_t)vlan << 48 | (uint64_t)mac[0] << 40 |
	       (uint64_t)mac[1] << 32 | (uint64_t)mac[2] << 24 |
	       (uint64_t)mac[3] << 16 | (uint64_t)mac[4] << 8 | mac[5];
}

static uint32_t *bucket_of(const struct fdb *fdb, uint64_t key)
{
	return &fdb->buckets[siphash_word(&fdb->hash_key, key) & fdb->mask];
}

static uint32_t find(const struct fdb *fdb, uint32_t bucket, uint64_t key)
{
	uint32_t i = bucket;

	while (i && fdb->entries[i - 1].key != key)
		i = fdb->entries[i - 1].chain;
	return i ? i - 1 : FDB_NONE;
}

/* The two age-ordered lists differ only in where their links and ends are. */
static struct link *link_all(struct entry *e)
{
	return &e->all;
}

static struct link *link_own(struct entry *e)
{
	return &e->own;
}

typedef struct link *(*link_of)(struct entry *e);

static inline void append(struct fdb *fdb, link_of at, uint32_t *oldest,
			  uint32_t *newest, uint32_t i)
{
	*at(&fdb->entries[i]) = (struct link){ *newest, FDB_NONE };
	if (*newest == FDB_NONE)
		*oldest = i;
	else
		at(&fdb->entries[*newest])->next = i;
	*newest = i;
}

static inline void detach(struct fdb *fdb, link_of at, uint32_t *oldest,
			  uint32_t *newest, uint32_t i)
{
	struct link l = *at(&fdb->entries[i]);

	if (l.prev == FDB_NONE)
		*oldest = l.next;
	else
		at(&fdb->entries[l.prev])->next = l.next;
	if (l.next == FDB_NONE)
		*newest = l.prev;
	else
		at(&fdb->entries[l.next])->prev = l.prev;
}

static void enlist(struct fdb *fdb, uint32_t i, struct fdb_owner *owner,
		   uint32_t now)
{
	struct entry *e = &fdb->entries[i];

	e->owner = owner;
	e->seen = now;
	owner->count++;
	append(fdb, link_all, &fdb->oldest, &fdb->newest, i);
	append(fdb, link_own, &owner->oldest, &owner->newest, i);
}

static void delist(struct fdb *fdb, uint32_t i)
{
	struct fdb_owner *owner = fdb->entries[i].owner;

	owner->count--;
	detach(fdb, link_all, &fdb->oldest, &fdb->newest, i);
	detach(fdb, link_own, &owner->oldest, &owner->newest, i);
}

static void drop(struct fdb *fdb, uint32_t i)
{
	struct entry *e = &fdb->entries[i];
	uint32_t *at = bucket_of(fdb, e->key);

	while (*at != i + 1)
		at = &fdb->entries[*at - 1].chain;
	*at = e->chain;
	delist(fdb, i);
	e->key = 0;
	e->chain = fdb->free;
	fdb->free = i;
	fdb->count--;
}

/* An entry for @owner: a free one, else the oldest of its own, else the oldest
 * of all. */
static uint32_t allocate(struct fdb *fdb, const struct fdb_owner *owner)
{
	uint32_t i;

	if (fdb->count == fdb->size) {
		drop(fdb, owner->count ? owner->oldest : fdb->oldest);
		fdb->stats.evicted++;
	}
	if (fdb->free == FDB_NONE)
		return fdb->unused++;
	i = fdb->free;
	fdb->free = fdb->entries[i].chain;
	return i;
}

static void insert(struct fdb *fdb, uint64_t key, struct fdb_owner *owner,
		   uint32_t now)
{
	uint32_t i = allocate(fdb, owner);
	uint32_t *bucket = bucket_of(fdb, key);

	fdb->entries[i].key = key;
	fdb->entries[i].chain = *bucket;
	*bucket = i + 1;
	enlist(fdb, i, owner, now);
	fdb->count++;
	fdb->stats.learned++;
}

enum fdb_learned fdb_learn(struct fdb *fdb, uint16_t vlan, const uint8_t mac[6],
			   struct fdb_owner *owner, uint32_t now)
{
	uint64_t key = make_key(vlan, mac);
	uint32_t i = find(fdb, *bucket_of(fdb, key), key);
	struct fdb_owner *before;

	if (i == FDB_NONE) {
		insert(fdb, key, owner, now);
		return FDB_NEW;
	}
	before = fdb->entries[i].owner;
	if (before == owner && fdb->entries[i].seen == now)
		return FDB_KNOWN;
	delist(fdb, i);
	enlist(fdb, i, owner, now);
	if (before == owner)
		return FDB_KNOWN;
	fdb->stats.moved++;
	return FDB_MOVED;
}

struct fdb_owner *fdb_lookup(const struct fdb *fdb, uint16_t vlan,
			     const uint8_t mac[6])
{
	uint64_t key = make_key(vlan, mac);
	uint32_t i = find(fdb, *bucket_of(fdb, key), key);

	return i == FDB_NONE ? NULL : fdb->entries[i].owner;
}

uint32_t fdb_age(struct fdb *fdb, uint32_t now, uint32_t ageing)
{
	while (fdb->count) {
		uint32_t age = now - fdb->entries[fdb->oldest].seen;

		if (age < ageing)
			return ageing - age;
		drop(fdb, fdb->oldest);
		fdb->stats.aged++;
	}
	return 0;
}

void fdb_flush(struct fdb *fdb, struct fdb_owner *owner)
{
	while (owner->count)
		drop(fdb, owner->oldest);
}

uint32_t fdb_count(const struct fdb *fdb)
{
	return fdb->count;
}

uint32_t fdb_size(const struct fdb *fdb)
{
	return fdb->size;
}

const struct fdb_stats *fdb_stats(const struct fdb *fdb)
{
	return &fdb->stats;
}

bool fdb_next(const struct fdb *fdb, uint32_t *cursor, uint32_t now,
	      struct fdb_record *record)
{
	const struct entry *e;
	int i;

	while (*cursor < fdb->unused && !fdb->entries[*cursor].key)
		++*cursor;
	if (*cursor >= fdb->unused)
		return false;
	e = &fdb->entries[(*cursor)++];
	for (i = 0; i < 6; i++)
		record->mac[i] = (uint8_t)(e->key >> (40 - 8 * i));
	record->vlan = (uint16_t)(e->key >> 48);
	record->owner = e->owner;
	record->age = now - e->seen;
	return true;
}
