// SPDX-License-Identifier: GPL-2.0-or-later
/* -l: the list once, or again and again; see watch.h. */
#include "tunctl/watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/tuntap.h"
#include "tunctl/json.h"
#include "tunctl/list.h"
#include "tunctl/table.h"

/* Clears a terminal and puts the cursor into its first corner (ECMA-48). */
#define CLEAR "\033[H\033[J"

static struct list_features ask_features(const char *clone)
{
	struct list_features features = { 0 };

	features.known = !tuntap_features(clone, &features.word, NULL);
	return features;
}

/* What stands over one of several tables. */
static void print_time(FILE *out)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[32];

	if (isatty(fileno(out)))
		fputs(CLEAR, out);
	if (localtime_r(&now, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
		fprintf(out, "%s\n", text);
}

static int print(const struct options *opts, const struct list *list,
		 const struct list *before,
		 const struct list_features *features, struct err *err)
{
	int rc = 0;

	if (opts->json) {
		rc = json_print(list, before, opts->watch, features, stdout,
				err);
	} else {
		if (opts->watch)
			print_time(stdout);
		table_print(list, before, opts->watch, features, stdout);
	}
	if (!rc && (fflush(stdout) || ferror(stdout)))
		return err_errno(err, "write to standard output");
	return rc;
}

/* Until @start plus @count intervals, so that the work takes no time. */
static void wait_interval(struct timespec *next, uint32_t seconds)
{
	next->tv_sec += seconds;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL) ==
	       EINTR)
		;
}

static int run(struct netlink *nl, const struct options *opts,
	       const struct list_features *features, struct err *err)
{
	struct list before = { 0 };
	struct timespec next;
	struct list now;
	bool first = true;
	int rc;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (;;) {
		if (list_get(nl, opts->name, &now, err)) {
			list_free(&before);
			return -1;
		}
		rc = print(opts, &now, first ? NULL : &before, features, err);
		list_free(&before);
		if (rc || !opts->watch) {
			list_free(&now);
			return rc;
		}
		before = now;
		first = false;
		wait_interval(&next, opts->watch);
	}
}

int watch(const struct options *opts, struct err *err)
{
	struct list_features features = ask_features(opts->clone);
	struct netlink *nl = netlink_open(err);
	int rc;

	if (!nl)
		return -1;
	rc = run(nl, opts, &features, err);
	netlink_close(nl);
	return rc;
}
