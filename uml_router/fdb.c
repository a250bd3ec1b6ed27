// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The forwarding database. See fdb.h for what it promises.
 *
 * Entries lie in one array and refer to each other by index. Each is in its
 * hash bucket's chain and in two lists that are ordered by when it was last
 * seen: of all entries (for ageing) and of its port's (for eviction and
 * flushing). Seeing an address moves it to the end of both, at most once a
 * second, so a busy address costs one hash and one comparison for each frame.
 * A fixed entry is in none of these lists, but in one of its port's own.
 *
 * Several threads look up and learn. Who changes anything holds the lock, and
 * makes the version odd meanwhile; who looks, looks again if it was odd or has
 * changed, so he needs no lock and hinders nobody. What he reads is atomic: the
 * buckets, and of an entry key, owner, chain and when it was seen. He may be
 * led from a chain to another one, that of free entries too, but never out of
 * the table. An owner leaves only when nobody else runs (port.c).
 */
#include "fdb.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct link {
	uint32_t prev, next;
};

/* key: VLAN in bits 48 to 63, address below; 0 is never a valid key, because
 * the zero address is not learned. */
struct entry {
	_Atomic uint64_t key;
	struct fdb_owner *_Atomic owner;
	struct link all, own;
	_Atomic uint32_t chain;
	_Atomic uint32_t seen;
};

/** struct sight - What was seen of an entry, and whose it is; NULL: of none */
struct sight {
	struct fdb_owner *owner;
	uint32_t seen;
};

/** all.prev of a fixed entry, which is not in that list. */
#define FIXED (UINT32_MAX - 1)

/** The parts of a key: the VLAN above the address. */
#define ADDRESS_BITS 0xffffffffffffULL
#define VLAN_SHIFT 48

struct fdb {
	struct siphash_key hash_key;
	pthread_mutex_t lock;	  /* of all changes */
	_Atomic uint64_t version; /* odd while something changes */
	struct entry *entries;
	_Atomic uint32_t *buckets;
	uint32_t mask;
	uint32_t size, count;
	uint32_t unused;	 /* first entry that was never used */
	uint32_t free;		 /* chain of entries given back, as a bucket */
	struct fdb_list learned; /* of all owners */
	_Atomic uint32_t every;	 /* entries of FDB_EVERY_VLAN */
	struct fdb_stats stats;
	void (*gone)(void *data, const struct fdb_record *record, bool aged);
	void *gone_data;
};

static const struct fdb_list no_entries = { FDB_NONE, FDB_NONE, 0 };

struct fdb *fdb_new(uint32_t size, const struct siphash_key *key)
{
	struct fdb *fdb = calloc(1, sizeof(*fdb));
	uint32_t buckets = 1;

	if (!fdb)
		return NULL;
	while (buckets < size)
		buckets *= 2;
	fdb->hash_key = *key;
	pthread_mutex_init(&fdb->lock, NULL);
	fdb->mask = buckets - 1;
	fdb->size = size;
	fdb->learned = no_entries;
	fdb->entries = calloc(size, sizeof(*fdb->entries));
	/* A bucket holds index + 1: zeroed pages cost nothing until used. */
	fdb->buckets = calloc(buckets, sizeof(*fdb->buckets));
	if (!fdb->entries || !fdb->buckets) {
		fdb_free(fdb);
		return NULL;
	}
	return fdb;
}

void fdb_on_gone(struct fdb *fdb,
		 void (*gone)(void *data, const struct fdb_record *record,
			      bool aged),
		 void *data)
{
	fdb->gone = gone;
	fdb->gone_data = data;
}

void fdb_free(struct fdb *fdb)
{
	if (!fdb)
		return;
	pthread_mutex_destroy(&fdb->lock);
	free(fdb->entries);
	free(fdb->buckets);
	free(fdb);
}

void fdb_owner_init(struct fdb_owner *owner)
{
	*owner = (struct fdb_owner){ no_entries, no_entries, FDB_NO_LIMIT };
}

static uint64_t make_key(uint16_t vlan, const uint8_t mac[6])
{
	return (uint64_t)vlan << VLAN_SHIFT | (uint64_t)mac[0] << 40 |
	       (uint64_t)mac[1] << 32 | (uint64_t)mac[2] << 24 |
	       (uint64_t)mac[3] << 16 | (uint64_t)mac[4] << 8 | mac[5];
}

static uint16_t vlan_of(uint64_t key)
{
	return (uint16_t)(key >> VLAN_SHIFT);
}

static _Atomic uint32_t *bucket_of(const struct fdb *fdb, uint64_t key)
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

/* --- looking without the lock -------------------------------------------- */

/* Whoever changes something may be in the middle of it: a chain then leads
 * anywhere, even round and round. */
static bool look_in(const struct fdb *fdb, uint64_t key, struct sight *sight)
{
	uint64_t version = fdb->version;
	uint32_t i = *bucket_of(fdb, key);

	while (i && fdb->entries[i - 1].key != key && fdb->version == version)
		i = fdb->entries[i - 1].chain;
	*sight = (struct sight){ NULL, 0 };
	if (i) {
		sight->owner = fdb->entries[i - 1].owner;
		sight->seen = fdb->entries[i - 1].seen;
	}
	return !(version & 1) && fdb->version == version;
}

static inline struct sight look(const struct fdb *fdb, uint64_t key)
{
	struct sight sight;

	while (!look_in(fdb, key, &sight))
		;
	return sight;
}

/* --- changing ------------------------------------------------------------ */

static void begin(struct fdb *fdb)
{
	pthread_mutex_lock(&fdb->lock);
	fdb->version++;
}

static void end(struct fdb *fdb)
{
	fdb->version++;
	pthread_mutex_unlock(&fdb->lock);
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

static bool is_fixed(const struct entry *e)
{
	return e->all.prev == FIXED;
}

typedef struct link *(*link_of)(struct entry *e);

static inline void append(struct fdb *fdb, link_of at, struct fdb_list *list,
			  uint32_t i)
{
	*at(&fdb->entries[i]) = (struct link){ list->newest, FDB_NONE };
	if (list->newest == FDB_NONE)
		list->oldest = i;
	else
		at(&fdb->entries[list->newest])->next = i;
	list->newest = i;
	list->count++;
}

static inline void detach(struct fdb *fdb, link_of at, struct fdb_list *list,
			  uint32_t i)
{
	struct link l = *at(&fdb->entries[i]);

	if (l.prev == FDB_NONE)
		list->oldest = l.next;
	else
		at(&fdb->entries[l.prev])->next = l.next;
	if (l.next == FDB_NONE)
		list->newest = l.prev;
	else
		at(&fdb->entries[l.next])->prev = l.prev;
	list->count--;
}

static void enlist(struct fdb *fdb, uint32_t i, struct fdb_owner *owner,
		   uint32_t now)
{
	struct entry *e = &fdb->entries[i];

	e->owner = owner;
	e->seen = now;
	if (is_fixed(e)) {
		append(fdb, link_own, &owner->fixed, i);
		return;
	}
	append(fdb, link_all, &fdb->learned, i);
	append(fdb, link_own, &owner->learned, i);
}

static void delist(struct fdb *fdb, uint32_t i)
{
	struct fdb_owner *owner = fdb->entries[i].owner;

	if (is_fixed(&fdb->entries[i])) {
		detach(fdb, link_own, &owner->fixed, i);
		return;
	}
	detach(fdb, link_all, &fdb->learned, i);
	detach(fdb, link_own, &owner->learned, i);
}

static void drop(struct fdb *fdb, uint32_t i)
{
	struct entry *e = &fdb->entries[i];
	_Atomic uint32_t *at = bucket_of(fdb, e->key);

	while (*at != i + 1)
		at = &fdb->entries[*at - 1].chain;
	*at = e->chain;
	delist(fdb, i);
	fdb->every -= vlan_of(e->key) == FDB_EVERY_VLAN;
	e->key = 0;
	e->chain = fdb->free;
	fdb->free = i + 1;
	fdb->count--;
}

static void get_record(const struct entry *e, struct fdb_record *record)
{
	int i;

	for (i = 0; i < 6; i++)
		record->mac[i] = (uint8_t)(e->key >> (40 - 8 * i));
	record->vlan = vlan_of(e->key);
	record->owner = e->owner;
	record->fixed = is_fixed(e);
}

static void tell_gone(const struct fdb *fdb, uint32_t i, bool aged)
{
	struct fdb_record record = { 0 };

	if (!fdb->gone)
		return;
	get_record(&fdb->entries[i], &record);
	fdb->gone(fdb->gone_data, &record, aged);
}

/* An entry for @owner: a free one, else the oldest of its own, else the oldest
 * of all. There is one: fdb_fix() leaves at least one to be learned. */
static uint32_t allocate(struct fdb *fdb, const struct fdb_owner *owner)
{
	uint32_t i;

	if (fdb->count == fdb->size) {
		i = owner->learned.count ? owner->learned.oldest
					 : fdb->learned.oldest;
		tell_gone(fdb, i, false);
		drop(fdb, i);
		fdb->stats.evicted++;
	}
	if (!fdb->free)
		return fdb->unused++;
	i = fdb->free - 1;
	fdb->free = fdb->entries[i].chain;
	return i;
}

static void insert(struct fdb *fdb, uint64_t key, struct fdb_owner *owner,
		   uint32_t now, bool fixed)
{
	uint32_t i = allocate(fdb, owner);
	_Atomic uint32_t *bucket = bucket_of(fdb, key);

	fdb->entries[i].key = key;
	fdb->entries[i].all.prev = fixed ? FIXED : FDB_NONE;
	fdb->entries[i].chain = *bucket;
	*bucket = i + 1;
	enlist(fdb, i, owner, now);
	fdb->count++;
	fdb->every += vlan_of(key) == FDB_EVERY_VLAN;
}

/* The key of the same address in all VLANs. */
static uint64_t every_vlan(uint64_t key)
{
	return (key & ADDRESS_BITS) | (uint64_t)FDB_EVERY_VLAN << VLAN_SHIFT;
}

static uint32_t find_in_every_vlan(const struct fdb *fdb, uint64_t key)
{
	if (!fdb->every)
		return FDB_NONE;
	key = every_vlan(key);
	return find(fdb, *bucket_of(fdb, key), key);
}

/* An entry that @owner does not have yet: a new one, or one that moves. */
static enum fdb_learned take(struct fdb *fdb, uint64_t key, uint32_t i,
			     struct fdb_owner *owner, uint32_t now)
{
	if (owner->learned.count >= owner->limit)
		return FDB_LIMIT;
	if (i == FDB_NONE) {
		insert(fdb, key, owner, now, false);
		fdb->stats.learned++;
		return FDB_NEW;
	}
	delist(fdb, i);
	enlist(fdb, i, owner, now);
	fdb->stats.moved++;
	return FDB_MOVED;
}

static enum fdb_learned learn_more(struct fdb *fdb, uint64_t key, uint32_t i,
				   struct fdb_owner *owner, uint32_t now)
{
	if (i == FDB_NONE)
		i = find_in_every_vlan(fdb, key);
	if (i == FDB_NONE)
		return take(fdb, key, i, owner, now);
	if (fdb->entries[i].owner != owner)
		return is_fixed(&fdb->entries[i])
			       ? FDB_FOREIGN
			       : take(fdb, key, i, owner, now);
	delist(fdb, i);
	enlist(fdb, i, owner, now);
	return FDB_KNOWN;
}

/* Out of line: what is rare must not cost the others registers. */
__attribute__((noinline)) static enum fdb_learned
learn_anew(struct fdb *fdb, uint64_t key, struct fdb_owner *owner, uint32_t now)
{
	enum fdb_learned learned;

	begin(fdb);
	learned = learn_more(fdb, key, find(fdb, *bucket_of(fdb, key), key),
			     owner, now);
	end(fdb);
	return learned;
}

enum fdb_learned fdb_learn(struct fdb *fdb, uint16_t vlan, const uint8_t mac[6],
			   struct fdb_owner *owner, uint32_t now)
{
	uint64_t key = make_key(vlan, mac);
	struct sight sight = look(fdb, key);

	if (!sight.owner && fdb->every)
		sight = look(fdb, every_vlan(key));
	if (sight.owner == owner && sight.seen == now)
		return FDB_KNOWN;
	return learn_anew(fdb, key, owner, now);
}

/* The owner of the same address in all VLANs. */
__attribute__((noinline)) static struct fdb_owner *
look_in_every_vlan(const struct fdb *fdb, uint64_t key)
{
	return look(fdb, every_vlan(key)).owner;
}

struct fdb_owner *fdb_lookup(const struct fdb *fdb, uint16_t vlan,
			     const uint8_t mac[6])
{
	uint64_t key = make_key(vlan, mac);
	struct sight sight = look(fdb, key);

	if (!sight.owner && fdb->every)
		return look_in_every_vlan(fdb, key);
	return sight.owner;
}

uint64_t fdb_version(const struct fdb *fdb)
{
	return fdb->version;
}

static uint32_t age(struct fdb *fdb, uint32_t now, uint32_t ageing)
{
	while (fdb->learned.count) {
		uint32_t oldest = fdb->learned.oldest;
		uint32_t age = now - fdb->entries[oldest].seen;

		if (age < ageing)
			return ageing - age;
		tell_gone(fdb, oldest, true);
		drop(fdb, oldest);
		fdb->stats.aged++;
	}
	return 0;
}

uint32_t fdb_age(struct fdb *fdb, uint32_t now, uint32_t ageing)
{
	uint32_t next;

	begin(fdb);
	next = age(fdb, now, ageing);
	end(fdb);
	return next;
}

void fdb_flush(struct fdb *fdb, struct fdb_owner *owner)
{
	begin(fdb);
	while (owner->learned.count)
		drop(fdb, owner->learned.oldest);
	end(fdb);
}

/* The next entry of an address, behind @i, in any VLAN. The table has no index
 * for that: it is walked, for an operator's request. */
static uint32_t next_of(const struct fdb *fdb, uint64_t key, uint32_t i)
{
	while (++i < fdb->unused)
		if (fdb->entries[i].key &&
		    !((fdb->entries[i].key ^ key) & ADDRESS_BITS))
			return i;
	return FDB_NONE;
}

/* Do two keys of one address mean the same VLAN? */
static bool overlap(uint64_t a, uint64_t b)
{
	return a == b || vlan_of(a) == FDB_EVERY_VLAN ||
	       vlan_of(b) == FDB_EVERY_VLAN;
}

static int fix(struct fdb *fdb, uint64_t key, struct fdb_owner *owner,
	       uint32_t now)
{
	uint32_t i;

	for (i = next_of(fdb, key, -1U); i != FDB_NONE;
	     i = next_of(fdb, key, i))
		if (is_fixed(&fdb->entries[i]) &&
		    overlap(key, fdb->entries[i].key)) {
			errno = EEXIST;
			return -1;
		}
	if (fdb->count - fdb->learned.count + 1 >= fdb->size) {
		errno = ENOSPC;
		return -1;
	}
	for (i = next_of(fdb, key, -1U); i != FDB_NONE;
	     i = next_of(fdb, key, i))
		if (overlap(key, fdb->entries[i].key))
			drop(fdb, i);
	insert(fdb, key, owner, now, true);
	return 0;
}

int fdb_fix(struct fdb *fdb, uint16_t vlan, const uint8_t mac[6],
	    struct fdb_owner *owner, uint32_t now)
{
	int failed;

	begin(fdb);
	failed = fix(fdb, make_key(vlan, mac), owner, now);
	end(fdb);
	return failed;
}

static void unfix(struct fdb *fdb, uint64_t key, const struct fdb_owner *owner)
{
	uint32_t i;

	for (i = next_of(fdb, key, -1U); i != FDB_NONE;
	     i = next_of(fdb, key, i))
		if (is_fixed(&fdb->entries[i]) && fdb->entries[i].key == key &&
		    fdb->entries[i].owner == owner) {
			drop(fdb, i);
			return;
		}
}

void fdb_unfix(struct fdb *fdb, uint16_t vlan, const uint8_t mac[6],
	       const struct fdb_owner *owner)
{
	begin(fdb);
	unfix(fdb, make_key(vlan, mac), owner);
	end(fdb);
}

void fdb_release(struct fdb *fdb, struct fdb_owner *owner)
{
	begin(fdb);
	while (owner->fixed.count)
		drop(fdb, owner->fixed.oldest);
	end(fdb);
}

unsigned int fdb_forget(struct fdb *fdb, const uint8_t mac[6])
{
	uint64_t key = make_key(0, mac);
	unsigned int dropped = 0;
	uint32_t i;

	begin(fdb);
	for (i = next_of(fdb, key, -1U); i != FDB_NONE;
	     i = next_of(fdb, key, i)) {
		drop(fdb, i);
		dropped++;
	}
	end(fdb);
	return dropped;
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

	while (*cursor < fdb->unused && !fdb->entries[*cursor].key)
		++*cursor;
	if (*cursor >= fdb->unused)
		return false;
	e = &fdb->entries[(*cursor)++];
	get_record(e, record);
	record->age = now - e->seen;
	return true;
}
