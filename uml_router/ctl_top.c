// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `uml_routerctl top`: ports by rate. On a terminal the screen is redrawn;
 * elsewhere the table is printed once for each interval.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "ctl.h"

/** struct rate - A port between two looks, per second */
struct rate {
	const json_t *port;
	double rx_frames, rx_bytes, tx_frames, tx_bytes, drops;
};

static double now(void)
{
	return (double)clock_ns() / 1e9;
}

static double grown(const json_t *before, const json_t *after,
		    const char *group, const char *key)
{
	return (double)(ctl_number(json_object_get(after, group), key) -
			ctl_number(json_object_get(before, group), key));
}

/* The same port at the look before: one of that name that joined since then is
 * told by counters that have gone back. */
static const json_t *find_before(const json_t *ports, const json_t *port)
{
	json_t *before;
	size_t i;

	json_array_foreach((json_t *)ports, i, before)
		if (strcmp(ctl_text(before, "name"), ctl_text(port, "name")) ==
			    0 &&
		    grown(before, port, "rx", "frames") >= 0 &&
		    grown(before, port, "tx", "frames") >= 0)
			return before;
	return NULL;
}

static struct rate rate_of(const json_t *before, const json_t *port,
			   double seconds)
{
	return (struct rate){
		.port = port,
		.rx_frames = grown(before, port, "rx", "frames") / seconds,
		.rx_bytes = grown(before, port, "rx", "bytes") / seconds,
		.tx_frames = grown(before, port, "tx", "frames") / seconds,
		.tx_bytes = grown(before, port, "tx", "bytes") / seconds,
		.drops = (double)(ctl_sum(json_object_get(port, "drops")) -
				  ctl_sum(json_object_get(before, "drops"))) /
			 seconds,
	};
}

/* The busiest first; equals stay in the order of their names. */
static int compare(const void *left, const void *right)
{
	const struct rate *a = left, *b = right;
	double x = a->rx_bytes + a->tx_bytes, y = b->rx_bytes + b->tx_bytes;

	if (x < y)
		return 1;
	if (x > y)
		return -1;
	return strcmp(ctl_text(a->port, "name"), ctl_text(b->port, "name"));
}

static void print_rates(const struct rate *rates, size_t n)
{
	size_t i;

	printf("%-20s %-10s %-7s %10s %10s %10s %10s %9s %6s\n", "PORT", "TYPE",
	       "STATE", "RX-FRAMES", "RX-BYTES", "TX-FRAMES", "TX-BYTES",
	       "DROPS", "QUEUE");
	for (i = 0; i < n; i++) {
		const struct rate *r = &rates[i];
		char in[16], out[16];

		printf("%-20.20s %-10s %-7s %10.0f %10s %10.0f %10s %9.0f "
		       "%6" JSON_INTEGER_FORMAT "\n",
		       ctl_text(r->port, "name"), ctl_text(r->port, "type"),
		       ctl_text(r->port, "state"), r->rx_frames,
		       ctl_octets(r->rx_bytes, in), r->tx_frames,
		       ctl_octets(r->tx_bytes, out), r->drops,
		       ctl_number(json_object_get(r->port, "queue"), "length"));
	}
}

/* Lines that a terminal has below the headings; any number elsewhere. */
static size_t room(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row < 4)
		return SIZE_MAX;
	return (size_t)size.ws_row - 3;
}

static json_t *rate_json(const struct rate *r)
{
	return json_pack(
		"{s:s, s:s, s:s, s:{s:f, s:f}, s:{s:f, s:f}, s:f, s:I}", "name",
		ctl_text(r->port, "name"), "type", ctl_text(r->port, "type"),
		"state", ctl_text(r->port, "state"), "rx", "frames",
		r->rx_frames, "bytes", r->rx_bytes, "tx", "frames",
		r->tx_frames, "bytes", r->tx_bytes, "drops", r->drops, "queue",
		ctl_number(json_object_get(r->port, "queue"), "length"));
}

static void print_json(const struct rate *rates, size_t n)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(list, rate_json(&rates[i]));
	json_dumpf(list, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(list);
}

static void print_table(const struct ctl *ctl, const struct rate *rates,
			size_t n)
{
	if (isatty(STDOUT_FILENO))
		printf("\033[H\033[J"); /* ECMA-48: home, erase below */
	printf("%s: %zu ports, per second\n", ctl->control, n);
	print_rates(rates, n < room() ? n : room());
}

static int draw(struct ctl *ctl, const json_t *before, const json_t *after,
		double seconds)
{
	size_t i, n = json_array_size(after);
	struct rate *rates = calloc(n + 1, sizeof(*rates));
	json_t *port;

	if (!rates) {
		err_errno(&ctl->err, "top");
		return ctl_fail(ctl, "failed");
	}
	json_array_foreach((json_t *)after, i, port)
		rates[i] = rate_of(find_before(before, port), port, seconds);
	qsort(rates, n, sizeof(*rates), compare);
	if (ctl->json)
		print_json(rates, n);
	else
		print_table(ctl, rates, n);
	free(rates);
	return fflush(stdout) == 0 ? 0 : 1;
}

static void pause_for(double seconds)
{
	struct timespec t = { .tv_sec = (time_t)seconds };

	t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
	nanosleep(&t, NULL);
}

int ctl_top(struct ctl *ctl, char *words[])
{
	double interval = ctl->given & CTL_INTERVAL ? ctl->interval : 1;
	json_t *before = ctl_ask(ctl, "port", "show", json_array());
	double began = now();
	int status = before ? 0 : -1;

	while (!status) {
		json_t *after;
		double ended;

		pause_for(interval);
		after = ctl_ask(ctl, "port", "show", json_array());
		ended = now();
		status = after ? draw(ctl, before, after, ended - began) : -1;
		json_decref(before);
		before = after;
		began = ended;
	}
	json_decref(before);
	return status < 0 ? -1 : 0;
}
