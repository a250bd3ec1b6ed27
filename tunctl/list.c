// SPDX-License-Identifier: GPL-2.0-or-later
/* The tun and tap devices of this network namespace; see list.h. */
#include "tunctl/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/queueing.h"

static int by_index(const void *a, const void *b)
{
	unsigned int left = ((const struct list_item *)a)->link.index;
	unsigned int right = ((const struct list_item *)b)->link.index;

	return (left > right) - (left < right);
}

static struct list_item *find(const struct list *list, unsigned int index)
{
	struct list_item key = { .link = { .index = index } };

	if (!list->count)
		return NULL;
	return bsearch(&key, list->items, list->count, sizeof(key), by_index);
}

/* One link, looked up by name, as an array. */
static int get_one(struct netlink *nl, const char *name,
		   struct netlink_link **links, size_t *count, struct err *err)
{
	struct netlink_link *link = calloc(1, sizeof(*link));

	if (!link)
		return err_errno(err, "list '%s'", name);
	if (netlink_link_get(nl, name, link, err)) {
		free(link);
		return -1;
	}
	if (strcmp(link->kind, "tun")) {
		free(link);
		errno = EINVAL;
		return err_set(err, "'%s' is no tun/tap device", name);
	}
	*links = link;
	*count = 1;
	return 0;
}

static int fill_items(struct list *list, const struct netlink_link *links,
		      size_t count, struct err *err)
{
	size_t i;

	list->items = calloc(count + 1, sizeof(*list->items));
	if (!list->items)
		return err_errno(err, "list %zu devices", count);
	for (i = 0; i < count; i++)
		list->items[i].link = links[i];
	list->count = count;
	qsort(list->items, count, sizeof(*list->items), by_index);
	return 0;
}

static int fill_qdiscs(struct list *list, struct netlink *nl, struct err *err)
{
	struct netlink_qdisc *qdiscs;
	struct list_item *item;
	size_t count, i;

	if (netlink_qdisc_list(nl, &qdiscs, &count, err))
		return -1;
	for (i = 0; i < count; i++) {
		item = find(list, qdiscs[i].index);
		if (item)
			item->qdisc = qdiscs[i];
	}
	free(qdiscs);
	return 0;
}

int list_get(struct netlink *nl, const char *name, struct list *list,
	     struct err *err)
{
	struct netlink_link *links = NULL;
	size_t count = 0;
	int rc;

	memset(list, 0, sizeof(*list));
	list->time = clock_ns();
	if (name)
		rc = get_one(nl, name, &links, &count, err);
	else
		rc = netlink_link_list(nl, "tun", &links, &count, err);
	if (rc)
		return -1;
	rc = fill_items(list, links, count, err);
	free(links);
	if (!rc)
		rc = fill_qdiscs(list, nl, err);
	if (rc)
		list_free(list);
	return rc;
}

void list_free(struct list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}

struct list_rates list_rates(const struct list *before, const struct list *now,
			     size_t i)
{
	const struct netlink_link *link = &now->items[i].link;
	const struct netlink_stats *new = &link->stats;
	const struct netlink_stats *old;
	const struct list_item *item;
	double seconds;

	item = before ? find(before, link->index) : NULL;
	if (!item || now->time <= before->time)
		return (struct list_rates){ .known = false };
	old = &item->link.stats;
	seconds = (double)(now->time - before->time) / CLOCK_NS_PER_S;
	return (struct list_rates){
		.known = true,
		.rx_packets = (double)(new->rx_packets - old->rx_packets) /
			      seconds,
		.tx_packets = (double)(new->tx_packets - old->tx_packets) /
			      seconds,
		.tx_dropped = (double)(new->tx_dropped - old->tx_dropped) /
			      seconds,
	};
}

const char *list_queueing(const struct netlink_tun *tun,
			  const struct list_features *features)
{
	uint32_t backpressure = queueing_flags(QUEUEING_BACKPRESSURE);

	if (!tun->known)
		return NULL;
	if (tun->multi_queue)
		return queueing_name(QUEUEING_MULTI_QUEUE);
	if (!features->known || (features->word & backpressure))
		return NULL;
	return queueing_name(QUEUEING_DEFAULT);
}
