// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A list of devices for the eye; see table.h. What is longer than its column
 * is cut and marked with '~', numbers are shortened to k, M, G, T: a line
 * never has more than 80 columns.
 */
#include "tunctl/table.h"

#include <ctype.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

/** Room for one cell and its NUL. */
#define CELL 40
#define NAME_WIDTH 15
#define ID_WIDTH 16
#define MODE_WIDTH 12

/* @text in @width columns; @out has room for CELL. */
static const char *fit(const char *text, size_t width, char *out)
{
	size_t len = strlen(text);
	size_t i;

	for (i = 0; i < len && i < width; i++)
		out[i] = isprint((unsigned char)text[i]) ? text[i] : '?';
	out[i] = '\0';
	if (len > width)
		out[width - 1] = '~';
	return out;
}

/* "alice(1000)", "1000" without a name, "-" for nobody. */
static const char *id_cell(const char *name, uint32_t id, char *out)
{
	char number[16], text[256];
	size_t len;

	if (id == (uint32_t)-1)
		return strcpy(out, "-");
	if (!name) {
		snprintf(out, CELL, "%u", id);
		return out;
	}
	snprintf(number, sizeof(number), "(%u)", id);
	snprintf(text, sizeof(text), "%s", name);
	fit(text, ID_WIDTH - strlen(number), out);
	len = strlen(out);
	memcpy(out + len, number, strlen(number) + 1);
	return out;
}

static const char *owner_cell(uid_t uid, char *out)
{
	const struct passwd *pw = uid == (uid_t)-1 ? NULL : getpwuid(uid);

	return id_cell(pw ? pw->pw_name : NULL, uid, out);
}

static const char *group_cell(gid_t gid, char *out)
{
	const struct group *gr = gid == (gid_t)-1 ? NULL : getgrgid(gid);

	return id_cell(gr ? gr->gr_name : NULL, gid, out);
}

/* A count in at most @width columns. */
static const char *count_cell(double count, size_t width, char *out)
{
	static const char units[] = "kMGTPE";
	size_t unit = 0;

	snprintf(out, CELL, "%.0f", count);
	while (strlen(out) > width && units[unit]) {
		count /= 1000;
		snprintf(out, CELL, "%.0f%c", count, units[unit++]);
	}
	return out;
}

/* Attached queues, and detached ones where there are any: "3+1". */
static const char *queues_cell(const struct netlink_tun *tun, char *out)
{
	if (!tun->multi_queue)
		return strcpy(out, "1");
	if (tun->detached)
		snprintf(out, CELL, "%u+%u", tun->queues, tun->detached);
	else
		snprintf(out, CELL, "%u", tun->queues);
	return out;
}

static const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static void print_heads(bool watching, FILE *out)
{
	fprintf(out, "%-15s %-4s %-16s %-16s %-12s %s\n", "NAME", "KIND",
		"OWNER", "GROUP", "QUEUEING", "QUEUES");
	if (watching)
		fprintf(out, "  %-7s %7s %-10s %10s %8s %8s %8s %8s\n",
			"CARRIER", "QUEUE", "QDISC", "TX", "TX/S", "DROPPED",
			"DROP/S", "BACKLOG");
	else
		fprintf(out, "  %-4s %-7s %-7s %10s %-10s %10s %10s %8s\n",
			"VNET", "PERSIST", "CARRIER", "TXQUEUELEN", "QDISC",
			"TX", "DROPPED", "BACKLOG");
}

/* What the device is. */
static void print_first(const struct netlink_link *link, const char *mode,
			FILE *out)
{
	char name[CELL], owner[CELL], group[CELL], queueing[CELL], queues[CELL];

	fprintf(out, "%-15s %-4s %-16s %-16s %-12s %s\n",
		fit(link->name, NAME_WIDTH, name),
		link->tun.tap ? "tap" : "tun",
		owner_cell(link->tun.owner, owner),
		group_cell(link->tun.group, group),
		fit(mode ? mode : "?", MODE_WIDTH, queueing),
		queues_cell(&link->tun, queues));
}

/* How it is used. */
static void print_second(const struct list_item *item, FILE *out)
{
	const struct netlink_link *link = &item->link;
	char qdisc[CELL], tx[CELL], dropped[CELL], backlog[CELL];

	fprintf(out, "  %-4s %-7s %-7s %10u %-10s %10s %10s %8s\n",
		yes_no(link->tun.vnet_hdr), yes_no(link->tun.persist),
		yes_no(link->carrier), link->txqueuelen,
		fit(link->qdisc, 10, qdisc),
		count_cell((double)link->stats.tx_packets, 10, tx),
		count_cell((double)link->stats.tx_dropped, 10, dropped),
		count_cell(item->qdisc.backlog, 8, backlog));
}

static const char *rate_cell(bool known, double rate, char *out)
{
	return known ? count_cell(rate, 8, out) : strcpy(out, "-");
}

/* The same with rates, in place of what does not change. */
static void print_rates(const struct list_item *item,
			const struct list_rates *rates, FILE *out)
{
	const struct netlink_link *link = &item->link;
	char qdisc[CELL], tx[CELL], tx_s[CELL], dropped[CELL], drop_s[CELL];
	char queue[CELL], backlog[CELL];

	fprintf(out, "  %-7s %7s %-10s %10s %8s %8s %8s %8s\n",
		yes_no(link->carrier), count_cell(link->txqueuelen, 7, queue),
		fit(link->qdisc, 10, qdisc),
		count_cell((double)link->stats.tx_packets, 10, tx),
		rate_cell(rates->known, rates->tx_packets, tx_s),
		count_cell((double)link->stats.tx_dropped, 8, dropped),
		rate_cell(rates->known, rates->tx_dropped, drop_s),
		count_cell(item->qdisc.backlog, 8, backlog));
}

void table_print(const struct list *list, const struct list *before,
		 bool watching, const struct list_features *features, FILE *out)
{
	struct list_rates rates;
	size_t i;

	print_heads(watching, out);
	for (i = 0; i < list->count; i++) {
		const struct list_item *item = &list->items[i];

		print_first(&item->link,
			    list_queueing(&item->link.tun, features), out);
		rates = list_rates(before, list, i);
		if (watching)
			print_rates(item, &rates, out);
		else
			print_second(item, out);
	}
}
