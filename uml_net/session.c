// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who calls, and what is left of the program's privilege; see session.h.
 *
 * Of two callers one may be anybody: environment, descriptors, working
 * directory, arguments and limits are then chosen by someone who means harm.
 * So the order is: first the privilege goes, down to the one capability, then
 * the environment, and only then is the first argument looked at.
 */
#include "uml_net/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/parse.h"
#include "common/tuntap.h"
#include "uml_net/mark.h"

/* A failure is told when a tap is wanted: most requests want none. */
static int open_clone(const struct privs *privs)
{
	int fd;

	if (!privs_setuid(privs))
		return 0;
	fd = open(TUNTAP_CLONE_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? 0 : fd;
}

static int read_groups(struct session *s, struct err *err)
{
	int count = getgroups(0, NULL);

	if (count < 0)
		return err_errno(err, "read supplementary groups");
	s->groups = calloc((size_t)count + 1, sizeof(*s->groups));
	if (!s->groups)
		return err_errno(err, "read supplementary groups");
	s->groups[0] = s->privs.rgid;
	count = getgroups(count, s->groups + 1);
	if (count < 0)
		return err_errno(err, "read supplementary groups");
	s->group_count = (size_t)count + 1;
	return 0;
}

int session_enter(struct session *s, struct err *err)
{
	static const int keep[] = { CAP_NET_ADMIN };

	if (privs_init(&s->privs, err))
		return -1;
	s->clone = open_clone(&s->privs);
	if (privs_keep(&s->privs, keep, 1, err))
		return -1;
	/* no look into our memory either */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_errno(err, "become undumpable");
	if (clearenv())
		return err_errno(err, "clear the environment");
	return read_groups(s, err);
}

static int by_number(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static int check_open(int fd, const struct session *s, struct err *err)
{
	if (fd < 0 || fcntl(fd, F_GETFD) >= 0) {
		if (fd <= STDERR_FILENO || fd != s->clone)
			return 0;
		errno = EBADF;
	}
	return err_errno(err, "descriptor %d", fd);
}

int session_close_others(struct session *s, struct err *err)
{
	int keep[] = { s->clone, s->req.reply_fd, s->req.data_fd,
		       s->req.line_fd };
	size_t i, count = sizeof(keep) / sizeof(keep[0]);
	unsigned int first = STDERR_FILENO + 1;

	for (i = 1; i < count; i++) {
		if (check_open(keep[i], s, err))
			return -1;
	}
	qsort(keep, count, sizeof(keep[0]), by_number);
	for (i = 0; i < count; i++) {
		if (keep[i] < (int)first)
			continue;
		if (keep[i] > (int)first &&
		    close_range(first, (unsigned int)keep[i] - 1, 0) < 0)
			return err_errno(err, "close descriptors");
		first = (unsigned int)keep[i] + 1;
	}
	if (close_range(first, ~0U, 0) < 0)
		return err_errno(err, "close descriptors");
	return 0;
}

static int check_capability(struct err *err)
{
	if (privs_have(CAP_NET_ADMIN))
		return 0;
	errno = EPERM;
	err_set(err, "uml_net has no privilege here");
	return err_hint(err, "the administrator installs it setuid root, or "
			     "with 'setcap cap_net_admin+ep'");
}

int session_begin(struct session *s, struct err *err)
{
	if (check_capability(err))
		return -1;
	s->nl = netlink_open(err);
	return s->nl ? 0 : -1;
}

void session_end(struct session *s)
{
	netlink_close(s->nl);
	policy_free(s->policy);
	free(s->groups);
	if (s->clone)
		close(s->clone);
	*s = (struct session){ 0 };
}

static int judge(struct session *s, const struct policy *policy,
		 const struct policy_query *query,
		 struct policy_verdict *verdict, struct err *err)
{
	char text[POLICY_SENTENCE_MAX];

	*verdict = policy_decide(policy, query);
	s->line = verdict->line;
	if (verdict->reason == POLICY_ALLOWED)
		return 0;
	policy_sentence(policy, query, verdict, text, sizeof(text));
	errno = EPERM;
	return err_set(err, "%s", text);
}

/* root needs no policy, and none that is broken is in his way. */
static int ask(struct session *s, const struct policy_query *query,
	       struct policy_verdict *verdict, struct err *err)
{
	struct policy *policy;
	int rc;

	if (!query->uid || s->policy)
		return judge(s, s->policy, query, verdict, err);
	policy = policy_load(POLICY_FILE, err);
	if (!policy)
		return -1;
	rc = judge(s, policy, query, verdict, err);
	policy_free(policy);
	return rc;
}

int session_permit(struct session *s, const struct in_addr *address,
		   bool creates, struct policy_verdict *verdict,
		   struct err *err)
{
	struct policy_query query = {
		.uid = s->privs.ruid,
		.groups = s->groups,
		.group_count = s->group_count,
		.address = address,
		.creates = creates,
	};

	s->line = 0;
	if (creates && mark_count(s->nl, query.uid, &query.taps, err))
		return -1;
	return ask(s, &query, verdict, err);
}

void session_device(struct session *s, const char *name)
{
	snprintf(s->device, sizeof(s->device), "%s", name);
}

/* Words of a request that has no value for them are left out. */
static void put_word(char *line, size_t size, const char *key,
		     const char *value)
{
	size_t used = strlen(line);

	if (value)
		snprintf(line + used, size - used, " %s=%s", key, value);
}

static void put_address(char *line, size_t size, const char *key, bool given,
			struct in_addr addr)
{
	if (given)
		put_word(line, size, key, format_ip4(addr).text);
}

void session_audit(struct session *s, const char *refused)
{
	const struct request *req = &s->req;
	char line[256] = "";

	put_word(line, sizeof(line), "device",
		 s->device[0] ? s->device : req->device);
	put_address(line, sizeof(line), "gateway", req->has_gateway,
		    req->gateway);
	put_address(line, sizeof(line), "address", req->has_guest, req->guest);
	log_limited(&s->limit, refused ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, NULL,
		    "%s uid=%u pid=%d verb=%s%s line=%u%s%s",
		    refused ? "refused" : "done", s->privs.ruid, getppid(),
		    request_verb_name(req->verb), line, s->line,
		    refused ? ": " : "", refused ? refused : "");
}
