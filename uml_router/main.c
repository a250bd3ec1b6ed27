// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router: the order in which things are begun and ended, and nothing else.
 *
 * Everything that can fail happens before the startup line: whoever reads it
 * can connect. What is opened hangs on the switch and on the pid file, so that
 * one function undoes it, however far the start came.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/log.h"
#include "common/privs.h"
#include "control.h"
#include "daemon.h"
#include "isolate.h"
#include "loop.h"
#include "options.h"
#include "slice.h"
#include "switch.h"

/**
 * struct router - The running program
 * @privs:	who called
 * @opts:	command line
 * @loop:	event loop
 * @sw:		the switch
 * @pidfile:	pid file
 * @ending:	signals that end the program
 * @signals:	signalfd
 * @terminal:	standard input, when it is a terminal
 * @caught:	signal that ended the program, or 0
 */
struct router {
	struct privs privs;
	struct options opts;
	struct loop loop;
	struct sw sw;
	struct pidfile pidfile;
	sigset_t ending;
	struct event signals;
	struct event terminal;
	int caught;
};

static void on_signal(struct event *ev, uint32_t ready)
{
	struct router *r = container_of(ev, struct router, signals);
	struct signalfd_siginfo info;

	if (read(ev->fd, &info, sizeof(info)) != sizeof(info))
		return;
	r->caught = (int)info.ssi_signo;
	printf("Caught signal %d, cleaning up and exiting\n", r->caught);
	loop_stop(&r->loop);
}

/* What is typed while we are in the background is not for us. Otherwise all of
 * it must be read: we are told only of what is new. */
static void on_terminal(struct event *ev, uint32_t ready)
{
	struct router *r = container_of(ev, struct router, terminal);
	struct pollfd more = { .fd = ev->fd, .events = POLLIN };
	char ignored[256];
	ssize_t n;

	while (tcgetpgrp(ev->fd) == getpgrp() && poll(&more, 1, 0) > 0) {
		n = read(ev->fd, ignored, sizeof(ignored));
		if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
			continue;
		printf("EOF on stdin, cleaning up and exiting\n");
		loop_stop(&r->loop);
		return;
	}
}

/* The signals that end the program wait from the first file on that it makes
 * until the loop can take them; but nohup(1) has its way. Whoever reads our
 * standard output may leave: that is no reason to end. */
static void block_signals(sigset_t *set)
{
	struct sigaction hangup;

	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaction(SIGHUP, NULL, &hangup);
	if (hangup.sa_handler != SIG_IGN)
		sigaddset(set, SIGHUP);
	sigprocmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int watch_signals(struct router *r, struct err *err)
{
	r->signals.fn = on_signal;
	r->signals.fd = signalfd(-1, &r->ending, SFD_NONBLOCK | SFD_CLOEXEC);
	if (r->signals.fd < 0 || loop_watch(&r->loop, &r->signals, EPOLLIN) < 0)
		return err_errno(err, "cannot watch for signals");
	return 0;
}

/* A terminal's end of file ends the program; any other standard input, such
 * as /dev/null, is not looked at. */
static int watch_terminal(struct router *r, struct err *err)
{
	r->terminal = (struct event){ .fd = STDIN_FILENO, .fn = on_terminal };
	if (!isatty(STDIN_FILENO))
		return 0;
	/* Edge-triggered: in the background it stays readable. */
	if (loop_watch(&r->loop, &r->terminal, EPOLLIN | EPOLLET) < 0)
		return err_errno(err, "cannot watch standard input");
	return 0;
}

/* Every client takes two descriptors. */
static void allow_many_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_ports(struct router *r, struct err *err)
{
	unsigned int i;

	for (i = 0; i < r->opts.port_count; i++) {
		const struct port_spec *spec = &r->opts.ports[i];

		if (spec_open(&r->sw, spec, err) < 0)
			return -1;
	}
	if (!r->opts.control)
		return 0;
	return control_open(&r->sw, r->opts.control, r->opts.perm, err);
}

static int start(struct router *r, struct err *err)
{
	int ready = -1;

	if (r->opts.pidfile &&
	    pidfile_open(&r->pidfile, r->opts.pidfile, err) < 0)
		return -1;
	if (open_ports(r, err) < 0 ||
	    isolate(&r->privs, r->opts.user, r->opts.perm.gid, r->sw.net_admin,
		    err) < 0)
		return -1;
	options_startup_line(&r->opts, stdout);
	if (r->opts.daemon && daemon_detach(&ready, err) < 0)
		return -1;
	/* Behind the fork: a signalfd in an epoll set shows the signals of
	 * the process that put it there (signalfd(2), epoll(7)). */
	if (pidfile_write(&r->pidfile, err) < 0 || watch_signals(r, err) < 0)
		return -1;
	if (r->opts.daemon)
		log_to_syslog();
	if (workers_start(&r->sw, err) < 0)
		return -1;
	return r->opts.daemon ? daemon_ready(ready, err)
			      : watch_terminal(r, err);
}

/* Bring the switch up, run it, take it down. */
static int run(struct router *r, struct err *err)
{
	int failed;

	if (loop_init(&r->loop, err) < 0)
		return -1;
	r->loop.spin_us = r->opts.spin_us;
	if (sw_init(&r->sw, &r->loop, &r->opts.sw, err) < 0) {
		loop_fini(&r->loop);
		return -1;
	}
	failed = start(r, err) < 0 || loop_run(&r->loop, err) < 0;
	sw_fini(&r->sw);
	pidfile_remove(&r->pidfile);
	loop_fini(&r->loop);
	return failed ? -1 : 0;
}

/* End as whoever waits for us expects: by the signal that was caught. */
static void end_by_signal(int signal_number)
{
	sigset_t set;

	fflush(NULL);
	sigemptyset(&set);
	sigaddset(&set, signal_number);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int run_and_report(struct router *r)
{
	struct err err;

	if (run(r, &err) < 0) {
		log_msg(LOG_LEVEL_ERR, NULL, "%s", err.text);
		return EXIT_FAILURE;
	}
	if (r->caught)
		end_by_signal(r->caught);
	return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	struct router r = { .pidfile = PIDFILE_NONE };
	int status = EXIT_SUCCESS;
	struct err err;

	log_open("uml_router", LOG_LEVEL_INFO);
	if (privs_init(&r.privs, &err) < 0)
		die("%s", err.text);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (options_parse(&r.opts, argc, argv, &err) < 0) {
		fprintf(stderr, "%s: %s\n", argv[0], err.text);
		options_usage(argv[0], stderr);
		status = EXIT_FAILURE;
	} else if (r.opts.action == OPTIONS_HELP) {
		options_help(argv[0], stdout);
	} else if (r.opts.action == OPTIONS_VERSION) {
		printf("uml_router (uml-netutils) %s\n", VERSION);
	} else {
		if (r.opts.verbose)
			log_open("uml_router", LOG_LEVEL_DEBUG);
		allow_many_descriptors();
		slice_shorten();
		block_signals(&r.ending);
		status = run_and_report(&r);
	}
	options_free(&r.opts);
	return status;
}
