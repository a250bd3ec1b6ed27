// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tunctl: the order in which things are done, and nothing else.
 *
 * Privilege that the program's file adds is cut down to the one capability
 * that devices need before the command line is looked at.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/privs.h"
#include "common/tuntap.h"
#include "tunctl/device.h"
#include "tunctl/handover.h"
#include "tunctl/lazy.h"
#include "tunctl/options.h"
#include "tunctl/policy.h"
#include "tunctl/watch.h"
#include "tunctl/words.h"

/* root's own privilege is his: he may have other reasons to use it. */
static int cut_privilege(const struct privs *privs, struct err *err)
{
	static const int keep[] = { CAP_NET_ADMIN };

	if (!privs->secure)
		return 0;
	return privs_keep(privs, keep, 1, err);
}

static int flush(struct err *err)
{
	if (fflush(stdout) || ferror(stdout))
		return err_errno(err, "write to standard output");
	return 0;
}

/* A device whose name nobody was told is taken back. */
static int create(const struct options *opts, const struct privs *privs,
		  struct err *err)
{
	struct device dev = { 0 };
	int rc;

	signal(SIGPIPE, SIG_IGN);
	rc = device_make(&dev, opts, privs, err);
	if (!rc) {
		words_created(&dev, opts, stdout);
		rc = flush(err);
		if (rc)
			device_undo(&dev);
	}
	device_done(&dev);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int delete (const struct options *opts, const struct privs *privs,
		   struct err *err)
{
	if (device_delete(opts, privs, err))
		return EXIT_FAILURE;
	words_deleted(opts->name, stdout);
	return flush(err) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int execute(const struct options *opts, const struct privs *privs,
		   struct err *err)
{
	int status = handover_check(opts->command, err);
	struct device dev = { 0 };

	if (status)
		return status;
	status = EXIT_FAILURE;
	lazy_load_privs();
	if (!device_make(&dev, opts, privs, err)) {
		status = handover_exec(&dev, opts->command, privs, err);
		device_undo(&dev);
	}
	device_done(&dev);
	return status;
}

static int queueing(const struct options *opts, struct err *err)
{
	uint32_t features = 0;

	if (tuntap_features(opts->clone, &features, err))
		return EXIT_FAILURE;
	words_queueing(features, stdout);
	return flush(err) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Return: exit status; a failure has set @err */
static int run(const struct options *opts, const struct privs *privs,
	       struct err *err)
{
	if (policy_options(privs, opts, err))
		return EXIT_FAILURE;
	switch (opts->action) {
	case OPTIONS_CREATE:
		return create(opts, privs, err);
	case OPTIONS_DELETE:
		return delete (opts, privs, err);
	case OPTIONS_LIST:
		return watch(opts, err) ? EXIT_FAILURE : EXIT_SUCCESS;
	case OPTIONS_EXEC:
		return execute(opts, privs, err);
	case OPTIONS_QUEUEING:
		return queueing(opts, err);
	case OPTIONS_HELP:
		options_help("tunctl", stdout);
		break;
	case OPTIONS_VERSION:
		printf("tunctl (uml-netutils) %s\n", VERSION);
		break;
	}
	return flush(err) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	int status = EXIT_FAILURE;
	enum options_result result;
	struct err err = { "" };
	struct options opts;
	struct privs privs;
	static char out[BUFSIZ];

	/* one line needs no memory from the system */
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	if (privs_init(&privs, &err) || cut_privilege(&privs, &err))
		die("%s", err.text);
	log_open("tunctl", LOG_LEVEL_INFO);
	result = options_parse(&opts, argc, argv, &err);
	if (result == OPTIONS_OK)
		status = run(&opts, &privs, &err);
	if (status && err.text[0])
		words_error(&err, stderr);
	if (result == OPTIONS_MISUSE)
		options_usage(argv[0], stderr);
	options_free(&opts);
	return status;
}
