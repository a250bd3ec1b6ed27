// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_net: the order in which things are done, and nothing else.
 *
 * Privilege is cut down to one capability before the first argument is
 * looked at; see session.c. The request is then parsed in full, judged by the
 * policy and by what there is on the host, done, and told: to the guest what
 * was done or one sentence why not, to the journal who wanted what.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "uml_net/check.h"
#include "uml_net/guest.h"
#include "uml_net/mark.h"
#include "uml_net/relay.h"
#include "uml_net/session.h"
#include "uml_net/slip.h"
#include "uml_net/tap.h"

static void usage(FILE *out)
{
	fputs("Usage: uml_net VERSION tuntap up [GATEWAY]\n"
	      "       uml_net VERSION add|del DEVICE ADDRESS NETMASK\n"
	      "       uml_net VERSION ethertap DEVICE DESCRIPTOR [GATEWAY]\n"
	      "       uml_net VERSION slip up|down [GATEWAY]\n"
	      "       uml_net OPTION\n",
	      out);
}

static void help(void)
{
	usage(stdout);
	puts("\n"
	     "Sets up the host's end of a network for a User-mode Linux guest, "
	     "as far as\n" POLICY_FILE
	     " allows the caller. The guest's kernel calls it as above;\n"
	     "the options are for people:\n"
	     "\n"
	     "  --check-config [FILE]\n"
	     "                  tell whether a policy is good (" POLICY_FILE
	     ")\n"
	     "  --explain USER REQUEST\n"
	     "                  which line of the policy decides about a "
	     "request, and why:\n"
	     "                  up [GATEWAY], add DEVICE ADDRESS NETMASK, "
	     "...\n"
	     "  --help          this text\n"
	     "  --version       the version");
}

static int flush(void)
{
	if (fflush(stdout) || ferror(stdout))
		die("write to standard output: %s", strerror(errno));
	return EXIT_SUCCESS;
}

static int count_taps(uid_t uid, unsigned int *taps, struct err *err)
{
	struct netlink *nl = netlink_open(err);
	int rc;

	if (!nl)
		return -1;
	rc = mark_count(nl, uid, taps, err);
	netlink_close(nl);
	return rc;
}

/* What is for people: without privilege. */
static int option(char *const words[], struct err *err)
{
	int status;

	if (!strcmp(words[0], "--help")) {
		help();
	} else if (!strcmp(words[0], "--version")) {
		puts("uml_net (uml-netutils) " VERSION);
	} else if (!strcmp(words[0], "--check-config") &&
		   (!words[1] || !words[2])) {
		status = check_config(words[1], stdout, stderr);
		return flush() || status;
	} else if (!strcmp(words[0], "--explain") && words[1]) {
		status = check_explain(words + 1, count_taps, stdout, err);
		if (err->text[0])
			log_msg(LOG_LEVEL_ERR, NULL, "%s", err->text);
		return flush() || status;
	} else {
		usage(stderr);
		return EXIT_FAILURE;
	}
	return flush();
}

/* @told is set by what tells the guest by itself. */
static int run(struct session *s, bool *told, struct err *err)
{
	switch (s->req.verb) {
	case REQUEST_UP:
		return tap_up(s, told, err);
	case REQUEST_ADD:
		return tap_add(s, err);
	case REQUEST_DEL:
		return tap_del(s, err);
	case REQUEST_SLIP_UP:
		return slip_up(s, &slip_line, err);
	case REQUEST_SLIP_DOWN:
		return slip_down(s, &slip_line, err);
	case REQUEST_ETHERTAP:
		return relay_run(s, told, err);
	case REQUEST_NONE:
		break;
	}
	return err_set(err, "no request");
}

/*
 * Descriptors of the caller's can be of a kind for which it counts who writes
 * (netlink, files below /proc): so nothing is written there with privilege.
 */
static void give_up(const struct session *s)
{
	struct err err = { "" };

	if (!privs_drop_all(&s->privs, &err))
		return;
	log_to_syslog();
	die("%s", err.text);
}

/* The guest and whoever reads its terminal hear the sentence. */
static int fail(struct session *s, const char *why)
{
	session_audit(s, why);
	give_up(s);
	reply_clear(&s->reply);
	reply_line(&s->reply, "%s", why);
	if (reply_send(&s->reply, &s->req, false, NULL) ||
	    s->req.reply == REQUEST_SILENT || s->req.reply == REQUEST_STATUS)
		fprintf(stderr, "uml_net: %s\n", why);
	return EXIT_FAILURE;
}

/* By a child without privilege: ours is needed where that fails. */
static int tell(const struct session *s, struct err *err)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		give_up(s);
		_exit(reply_send(&s->reply, &s->req, true, NULL) ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return err_errno(err, "answer");
	if (!status)
		return 0;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return err_errno(err, "write the answer");
}

/* The guest would not know of what was done. */
static void take_back(struct session *s)
{
	if (s->req.verb == REQUEST_ADD && s->added)
		tap_del(s, NULL);
	else if (s->req.verb == REQUEST_SLIP_UP)
		slip_line.detach(s->req.line_fd);
}

static int serve(struct session *s, struct err *err)
{
	bool told = false;

	if (session_begin(s, err) || guest_sweep(s->nl, err) ||
	    run(s, &told, err)) {
		if (!told)
			return fail(s, err->text);
		log_msg(LOG_LEVEL_ERR, NULL, "%s", err->text);
		return EXIT_FAILURE;
	}
	if (told)
		return EXIT_SUCCESS;
	if (tell(s, err)) {
		take_back(s);
		return fail(s, err->text);
	}
	session_audit(s, NULL);
	return EXIT_SUCCESS;
}

/* From here on we end by our own will only. */
static void hold_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	/* what a caller ignores is ignored by whom he executes */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* What is no request is a person's mistake. */
static int request(struct session *s, char *const words[], struct err *err)
{
	bool good = !request_parse(&s->req, words, err) &&
		    !session_close_others(s, err);

	if (s->req.verb == REQUEST_NONE) {
		give_up(s);
		log_msg(LOG_LEVEL_ERR, NULL, "%s", err->text);
		usage(stderr);
		return EXIT_FAILURE;
	}
	hold_signals();
	log_to_syslog();
	return good ? serve(s, err) : fail(s, err->text);
}

int main(int argc, char *argv[])
{
	struct session session = { .clone = 0 };
	struct err err = { "" };
	int status;

	log_open("uml_net", LOG_LEVEL_INFO);
	if (session_enter(&session, &err)) {
		give_up(&session);
		die("%s", err.text);
	}
	if (argc > 1 && !strncmp(argv[1], "--", 2)) {
		give_up(&session);
		status = option(argv + 1, &err);
	} else {
		status = request(&session, argc ? argv + 1 : argv, &err);
	}
	session_end(&session);
	return status;
}
