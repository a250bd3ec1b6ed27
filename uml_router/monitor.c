// SPDX-License-Identifier: GPL-2.0-or-later
/* Events for who listens, see monitor.h. */
#include "monitor.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/parse.h"
#include "port.h"
#include "query_verb.h"
#include "switch.h"

/** Octets of a line that tells how many events were lost, at most. */
#define LOST_LINE 128

/* Nothing may happen for long: who has lost events is told so by now. */
static void on_share(struct share *share)
{
	struct monitors *all = container_of(share, struct monitors, share);
	struct list *at;

	list_for_each(at, &all->list)
		monitor_catch_up(container_of(at, struct monitor, node));
}

void monitors_init(struct monitors *monitors, struct loop *loop)
{
	list_init(&monitors->list);
	share_init(&monitors->share, loop, on_share);
}

void monitors_fini(struct monitors *monitors)
{
	share_fini(&monitors->share);
}

void monitor_join(struct monitor *monitor, struct monitors *monitors,
		  struct feed *feed)
{
	*monitor = (struct monitor){ .feed = feed };
	list_append(&monitors->list, &monitor->node);
}

void monitor_leave(struct monitor *monitor)
{
	list_remove(&monitor->node);
}

static double wall_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)(t.tv_nsec / 1000) / 1e6;
}

static bool put_line(struct monitor *monitor, char *line)
{
	struct iovec parts[] = { { line, strlen(line) },
				 { (char[]){ "\n" }, 1 } };

	return feed_put(monitor->feed, parts, 2);
}

/* The text of {"result": {"event": EVENT, "time": ..., and what @more has}} */
static char *event_text(const char *event, json_t *more)
{
	json_t *line = json_pack("{s:{s:s, s:f}}", "result", "event", event,
				 "time", wall_clock());
	char *text;

	json_object_update(json_object_get(line, "result"), more);
	text = line ? json_dumps(line, JSON_COMPACT) : NULL;
	json_decref(line);
	json_decref(more);
	return text;
}

void monitor_catch_up(struct monitor *monitor)
{
	char *text;

	if (!monitor->lost || feed_room(monitor->feed) < LOST_LINE)
		return;
	text = event_text(
		"lost", json_pack("{s:I}", "count", (json_int_t)monitor->lost));
	if (text && put_line(monitor, text))
		monitor->lost = 0;
	free(text);
}

/* May one more event be told now? If not, everybody loses it. */
static bool begin(struct sw *sw, uint64_t *began)
{
	struct list *at;

	*began = share_clock();
	if (share_left(&sw->monitors.share))
		return true;
	list_for_each(at, &sw->monitors.list)
		container_of(at, struct monitor, node)->lost++;
	return false;
}

static void tell(struct sw *sw, uint64_t began, const char *event, json_t *more)
{
	char *text = event_text(event, more);
	struct list *at;

	list_for_each(at, &sw->monitors.list) {
		struct monitor *m = container_of(at, struct monitor, node);

		monitor_catch_up(m);
		if (m->lost || !text || !put_line(m, text))
			m->lost++;
	}
	free(text);
	share_spend(&sw->monitors.share, began);
}

void monitor_port(struct sw *sw, const char *event, const struct port *port)
{
	uint64_t began;

	if (begin(sw, &began))
		tell(sw, began, event,
		     json_pack("{s:o, s:s, s:o}", "port",
			       query_text(port->name), "type", port->ops->type,
			       "address", query_text(port->address)));
}

void monitor_address(struct sw *sw, const char *event, uint16_t vlan,
		     const uint8_t mac[6], const struct port *port)
{
	char text[MAC_TEXT_LEN];
	uint64_t began;

	if (!begin(sw, &began))
		return;
	format_mac(mac, text);
	tell(sw, began, event,
	     json_pack("{s:s, s:i, s:o}", "mac", text, "vlan", (int)vlan,
		       "port", query_text(port->name)));
}
