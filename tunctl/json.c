// SPDX-License-Identifier: GPL-2.0-or-later
/* A list of devices as JSON, through jansson; see json.h. */
#include "tunctl/json.h"

#include <errno.h>
#include <grp.h>
#include <jansson.h>
#include <net/if.h>
#include <pwd.h>
#include <string.h>

/* The kernel takes nearly any octet in a name; JSON takes UTF-8 only. */
static json_t *text(const char *value)
{
	json_t *string = json_string(value);
	char ascii[64];
	size_t i;

	if (string)
		return string;
	for (i = 0; i < sizeof(ascii) - 1 && value[i]; i++)
		ascii[i] = (unsigned char)value[i] < 0x80 ? value[i] : '?';
	ascii[i] = '\0';
	return json_string(ascii);
}

static json_t *text_or_null(const char *value)
{
	return value && *value ? text(value) : json_null();
}

/* {"uid": 1000, "name": "alice"}, or null for nobody. */
static json_t *id(const char *key, uint32_t number, const char *name)
{
	return json_pack("{s:I, s:o}", key, (json_int_t)number, "name",
			 text_or_null(name));
}

static json_t *owner(uid_t uid)
{
	const struct passwd *pw;

	if (uid == (uid_t)-1)
		return json_null();
	pw = getpwuid(uid);
	return id("uid", uid, pw ? pw->pw_name : NULL);
}

static json_t *group(gid_t gid)
{
	const struct group *gr;

	if (gid == (gid_t)-1)
		return json_null();
	gr = getgrgid(gid);
	return id("gid", gid, gr ? gr->gr_name : NULL);
}

static json_t *counters(uint64_t packets, uint64_t bytes, uint64_t dropped)
{
	return json_pack("{s:I, s:I, s:I}", "packets", (json_int_t)packets,
			 "bytes", (json_int_t)bytes, "dropped",
			 (json_int_t)dropped);
}

/* The rate limit, if it is one. */
static json_t *tbf(const struct netlink_qdisc *qdisc)
{
	if (strcmp(qdisc->kind, "tbf"))
		return json_null();
	return json_pack("{s:I, s:I, s:I}", "bits_per_second",
			 (json_int_t)qdisc->tbf.rate, "burst",
			 (json_int_t)qdisc->tbf.burst, "limit",
			 (json_int_t)qdisc->tbf.limit);
}

static json_t *backlog(const struct netlink_qdisc *qdisc)
{
	return json_pack("{s:I, s:I, s:I}", "packets",
			 (json_int_t)qdisc->waiting, "bytes",
			 (json_int_t)qdisc->backlog, "dropped",
			 (json_int_t)qdisc->dropped);
}

static json_t *rates(const struct list_rates *r)
{
	if (!r->known)
		return json_null();
	return json_pack("{s:f, s:f, s:f}", "rx_packets", r->rx_packets,
			 "tx_packets", r->tx_packets, "tx_dropped",
			 r->tx_dropped);
}

/* clang-format off */
/* What the device is. */
static json_t *properties(const struct netlink_link *link, const char *mode)
{
	const struct netlink_tun *tun = &link->tun;

	return json_pack("{s:o, s:I, s:s, s:o, s:o, s:o, s:I, s:I, s:b, s:b}",
			 "name", text(link->name),
			 "ifindex", (json_int_t)link->index,
			 "kind", tun->tap ? "tap" : "tun",
			 "owner", owner(tun->owner),
			 "group", group(tun->group),
			 "queueing", text_or_null(mode),
			 "queues", (json_int_t)(tun->multi_queue ? tun->queues
								 : 1),
			 "queues_detached", (json_int_t)tun->detached,
			 "vnet_header", tun->vnet_hdr,
			 "persistent", tun->persist);
}
/* clang-format on */

/* clang-format off */
/* How it is used. */
static json_t *use(const struct list_item *item)
{
	const struct netlink_link *link = &item->link;
	const struct netlink_stats *stats = &link->stats;

	return json_pack("{s:b, s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:o}",
			 "up", !!(link->flags & IFF_UP),
			 "carrier", link->carrier,
			 "mtu", (json_int_t)link->mtu,
			 "txqueuelen", (json_int_t)link->txqueuelen,
			 "qdisc", text_or_null(link->qdisc),
			 "rate", tbf(&item->qdisc),
			 "backlog", backlog(&item->qdisc),
			 "tx", counters(stats->tx_packets, stats->tx_bytes,
					stats->tx_dropped),
			 "rx", counters(stats->rx_packets, stats->rx_bytes,
					stats->rx_dropped));
}
/* clang-format on */

static json_t *device(const struct list_item *item, const char *mode)
{
	json_t *all = properties(&item->link, mode);
	json_t *more = use(item);

	if (all && more)
		json_object_update(all, more);
	json_decref(more);
	return all;
}

static int fail(struct err *err)
{
	errno = ENOMEM;
	return err_errno(err, "list as JSON");
}

int json_print(const struct list *list, const struct list *before,
	       bool watching, const struct list_features *features, FILE *out,
	       struct err *err)
{
	size_t flags = watching ? JSON_COMPACT : JSON_INDENT(2);
	json_t *array = json_array();
	struct list_rates r;
	json_t *one;
	size_t i;
	int rc;

	for (i = 0; i < list->count; i++) {
		const struct list_item *item = &list->items[i];

		one = device(item, list_queueing(&item->link.tun, features));
		r = list_rates(before, list, i);
		if (one && watching)
			json_object_set_new(one, "rates", rates(&r));
		json_array_append_new(array, one);
	}
	rc = json_array_size(array) == list->count
		     ? json_dumpf(array, out, flags)
		     : -1;
	json_decref(array);
	if (rc)
		return fail(err);
	fputc('\n', out);
	return 0;
}
