/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The forwarding database (FDB): which port an address was last seen on.
 *
 * Keyed by (VLAN, address) with a keyed hash, so that a guest cannot choose
 * addresses that share a bucket. Bounded: the table is allocated once. When it
 * is full, a new address takes the place of the oldest one of its own port,
 * and only a port that has none takes the oldest one of all; so a guest that
 * makes up addresses mostly crowds out itself. Learning, moving and ageing
 * cost O(1) for each address, flushing a port O(its own addresses).
 *
 * Any thread may call: changes are made one by one, and nobody who only looks
 * waits for a lock (see fdb.c). fdb_next() alone is for who has the table to
 * himself.
 *
 * Fixed addresses ("static filtering entries", IEEE 802.1Q-2018, 8.8.1) are
 * set by the operator: they do not age, move or give way, and no other port
 * can have them.
 */
#ifndef UML_ROUTER_FDB_H
#define UML_ROUTER_FDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "siphash.h"

/** Addresses unless told otherwise. */
#define FDB_DEFAULT_SIZE 65536
/** Seconds after which an unseen address goes (IEEE 802.1D, table 7-5). */
#define FDB_DEFAULT_AGEING 300

struct fdb;

/** A fixed address in all VLANs; in no frame (IEEE 802.1Q-2018, table 9-2). */
#define FDB_EVERY_VLAN 0xfff

/**
 * struct fdb_list - Entries of one owner, by when they were seen
 * @oldest:	entry not seen for longest, an index; FDB_NONE: there is none
 * @newest:	entry seen last
 * @count:	how many
 */
struct fdb_list {
	uint32_t oldest, newest;
	uint32_t count;
};

/**
 * struct fdb_owner - What a port embeds to have addresses
 * @learned:	those that fdb_learn() found
 * @fixed:	those that fdb_fix() set
 * @limit:	most of @learned
 */
struct fdb_owner {
	struct fdb_list learned, fixed;
	uint32_t limit;
};

/** No entry. */
#define FDB_NONE UINT32_MAX
/** No limit of an owner's own. */
#define FDB_NO_LIMIT UINT32_MAX

/** What fdb_learn() did. */
enum fdb_learned {
	FDB_KNOWN,   /**< nothing new */
	FDB_NEW,     /**< first time seen */
	FDB_MOVED,   /**< was on another port */
	FDB_FOREIGN, /**< nothing: a fixed address of another port */
	FDB_LIMIT,   /**< nothing: the owner has as many as it may */
};

/**
 * struct fdb_stats - Counters since fdb_new()
 * @learned:	addresses seen for the first time
 * @moved:	addresses that went to another port
 * @aged:	addresses not seen for the ageing time
 * @evicted:	addresses that a full table gave up for new ones
 */
struct fdb_stats {
	uint64_t learned, moved, aged, evicted;
};

/**
 * struct fdb_record - One entry, for display
 * @mac:	address
 * @vlan:	VLAN id
 * @owner:	its port
 * @fixed:	set by fdb_fix()
 * @age:	seconds since it was seen, or set
 */
struct fdb_record {
	uint8_t mac[6];
	uint16_t vlan;
	struct fdb_owner *owner;
	bool fixed;
	uint32_t age;
};

/**
 * fdb_new() - An empty table
 * @size:	most entries, at least 1
 * @key:	secret of the hash
 *
 * Return: the table, or NULL with errno set
 */
struct fdb *fdb_new(uint32_t size, const struct siphash_key *key);

/**
 * fdb_on_gone() - Have somebody told of addresses that age out or are evicted
 * @fdb:	the table
 * @gone:	called before the entry goes; @aged: it was not evicted
 * @data:	for @gone
 */
void fdb_on_gone(struct fdb *fdb,
		 void (*gone)(void *data, const struct fdb_record *record,
			      bool aged),
		 void *data);

/** fdb_free() - The table goes; owners must not be used with it any more */
void fdb_free(struct fdb *fdb);

/** fdb_owner_init() - An owner without addresses */
void fdb_owner_init(struct fdb_owner *owner);

/**
 * fdb_learn() - @mac was seen on @owner
 * @fdb:	the table
 * @vlan:	VLAN id
 * @mac:	source address, unicast
 * @owner:	port that it came in by
 * @now:	seconds, from any clock that does not go back
 *
 * Return: whether that was known
 */
enum fdb_learned fdb_learn(struct fdb *fdb, uint16_t vlan, const uint8_t mac[6],
			   struct fdb_owner *owner, uint32_t now);

/**
 * fdb_lookup() - Where is @mac?
 *
 * Return: its owner, or NULL when it is unknown
 */
struct fdb_owner *fdb_lookup(const struct fdb *fdb, uint16_t vlan,
			     const uint8_t mac[6]);

/**
 * fdb_version() - As long as it is the same, so are all answers
 *
 * Those of fdb_learn() within one second of its @now.
 */
uint64_t fdb_version(const struct fdb *fdb);

/**
 * fdb_age() - Drop what was not seen for @ageing seconds
 *
 * Return: seconds until the next entry is due, 0 when the table is empty
 */
uint32_t fdb_age(struct fdb *fdb, uint32_t now, uint32_t ageing);

/** fdb_flush() - Drop the addresses learned of @owner */
void fdb_flush(struct fdb *fdb, struct fdb_owner *owner);

/**
 * fdb_fix() - @mac is @owner's, for good
 * @fdb:	the table
 * @vlan:	VLAN id; FDB_EVERY_VLAN: nobody else has it in any VLAN
 * @mac:	unicast address
 * @owner:	the port
 * @now:	seconds
 *
 * Who learned it before has it no longer.
 *
 * Return: 0, or -1 with errno set: EEXIST, it is fixed already; ENOSPC, no
 *	   room would be left for addresses to be learned
 */
int fdb_fix(struct fdb *fdb, uint16_t vlan, const uint8_t mac[6],
	    struct fdb_owner *owner, uint32_t now);

/** fdb_unfix() - Drop one that fdb_fix() fixed to @owner */
void fdb_unfix(struct fdb *fdb, uint16_t vlan, const uint8_t mac[6],
	       const struct fdb_owner *owner);

/** fdb_release() - Drop the fixed addresses of @owner */
void fdb_release(struct fdb *fdb, struct fdb_owner *owner);

/**
 * fdb_forget() - Drop an address, learned or fixed, in all VLANs
 *
 * Return: how many entries it had
 */
unsigned int fdb_forget(struct fdb *fdb, const uint8_t mac[6]);

/** fdb_count() - Entries in use */
uint32_t fdb_count(const struct fdb *fdb);

/** fdb_size() - Most entries */
uint32_t fdb_size(const struct fdb *fdb);

/** fdb_stats() - The counters */
const struct fdb_stats *fdb_stats(const struct fdb *fdb);

/**
 * fdb_next() - Walk the table
 * @fdb:	the table
 * @cursor:	0 to begin; moved on. Entries may come and go between calls:
 *		each one that stays is seen once
 * @now:	seconds, for the age
 * @record:	filled
 *
 * Return: true while there was one
 */
bool fdb_next(const struct fdb *fdb, uint32_t *cursor, uint32_t now,
	      struct fdb_record *record);

#endif /* UML_ROUTER_FDB_H */
