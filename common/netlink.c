// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rtnetlink handle and one transaction; see netlink.h.
 *
 * libmnl's own mnl_cb_run() turns a refusal into errno and drops the
 * extended acknowledgement, which often is the only helpful part ("Device
 * can not be enslaved while up"). The answer is walked here instead.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/netlink.h"

#define REQUEST_OCTETS 8192
/* what the kernel fills at most for one part of a dump */
#define ANSWER_OCTETS 32768

/*
 * A socket to rtnetlink
 * @sock:	libmnl's socket
 * @seq:	number of the last request; answers carry it
 * @portid:	our address
 * @why:	the kernel's words about the last failure, or ""
 * @request:	message under construction
 * @answer:	received messages
 */
struct netlink {
	struct mnl_socket *sock;
	uint32_t seq;
	uint32_t portid;
	char why[256];
	union {
		struct nlmsghdr align;
		char octets[REQUEST_OCTETS];
	} request;
	union {
		struct nlmsghdr align;
		char octets[ANSWER_OCTETS];
	} answer;
};

/*
 * One transaction
 * @cb:		called for each message of the answer
 * @data:	for @cb
 * @cause:	errno of the first failure, or 0
 *
 * A failure of @cb, or a list that changed while it was read, does not end
 * the reading: the rest would be taken for the next answer, and the kernel
 * refuses another list until this one is at its end.
 */
struct talk {
	mnl_cb_t cb;
	void *data;
	int cause;
};

struct netlink *netlink_open(struct err *err)
{
	struct netlink *nl = calloc(1, sizeof(*nl));
	int on = 1;

	if (!nl) {
		err_errno(err, "open rtnetlink");
		return NULL;
	}
	nl->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl->sock || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		err_errno(err, "open rtnetlink");
		netlink_close(nl);
		return NULL;
	}
	/* comforts of Linux 4.12 and 4.20: an older kernel does without */
	mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->sock, NETLINK_GET_STRICT_CHK, &on,
			      sizeof(on));
	nl->portid = mnl_socket_get_portid(nl->sock);
	return nl;
}

void netlink_close(struct netlink *nl)
{
	int saved = errno;

	if (!nl)
		return;
	if (nl->sock)
		mnl_socket_close(nl->sock);
	free(nl);
	errno = saved;
}

struct nlmsghdr *netlink_message(struct netlink *nl, uint16_t type,
				 uint16_t flags, const void *header, size_t len)
{
	struct nlmsghdr *nlh;

	memset(&nl->request, 0, sizeof(nl->request));
	nlh = mnl_nlmsg_put_header(nl->request.octets);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++nl->seq;
	memcpy(mnl_nlmsg_put_extra_header(nlh, len), header, len);
	return nlh;
}

/* Keep the text of the NLMSGERR_ATTR_MSG attribute, if it is one. */
static int keep_why(const struct nlattr *attr, void *data)
{
	struct netlink *nl = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		snprintf(nl->why, sizeof(nl->why), "%s",
			 mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/*
 * The attributes behind an error. The refused message lies in between, whole
 * or (NLM_F_CAPPED) its header alone.
 */
static void read_why(struct netlink *nl, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *report = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(*report);

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		offset += mnl_nlmsg_get_payload_len(&report->msg);
	if (offset > mnl_nlmsg_get_payload_len(nlh))
		return;
	mnl_attr_parse(nlh, (unsigned int)offset, keep_why, nl);
}

/* NLMSG_ERROR: an acknowledgement (0) or a refusal (-errno). */
static int report_cause(struct netlink *nl, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *report = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*report))
		return EBADMSG;
	if (report->error)
		read_why(nl, nlh);
	return abs(report->error);
}

/* NLMSG_DONE: the end of a list, which may have broken off (-errno). */
static int done_cause(const struct nlmsghdr *nlh)
{
	const int *code = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*code) || *code >= 0)
		return 0;
	return -*code;
}

static void note(struct talk *talk, int cause)
{
	if (!talk->cause)
		talk->cause = cause;
}

/* Take one message; true if it ends the answer. */
static bool take(struct netlink *nl, const struct nlmsghdr *nlh,
		 struct talk *talk)
{
	if (nlh->nlmsg_seq != nl->seq || nlh->nlmsg_pid != nl->portid)
		return false;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		note(talk, EINTR);
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		note(talk, report_cause(nl, nlh));
		return true;
	}
	if (nlh->nlmsg_type == NLMSG_DONE) {
		note(talk, done_cause(nlh));
		return true;
	}
	if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && talk->cb && !talk->cause &&
	    talk->cb(nlh, talk->data) < 0)
		note(talk, errno);
	return false;
}

/* One datagram of the answer, taken apart; 1 at its end, 0, or -1. */
static int receive(struct netlink *nl, struct talk *talk)
{
	const struct nlmsghdr *part = &nl->answer.align;
	ssize_t got = mnl_socket_recvfrom(nl->sock, nl->answer.octets,
					  sizeof(nl->answer.octets));
	int left = (int)got;

	if (got < 0)
		return errno == EINTR ? 0 : -1;
	for (; mnl_nlmsg_ok(part, left); part = mnl_nlmsg_next(part, &left)) {
		if (take(nl, part, talk))
			return 1;
	}
	return 0;
}

int netlink_talk(struct netlink *nl, struct nlmsghdr *nlh, mnl_cb_t cb,
		 void *data)
{
	struct talk talk = { .cb = cb, .data = data };
	int ended;

	nl->why[0] = '\0';
	if (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0)
		return -1;
	do
		ended = receive(nl, &talk);
	while (!ended);
	if (ended < 0)
		return -1;
	errno = talk.cause;
	return talk.cause ? -1 : 0;
}

int netlink_rows_add(struct netlink_rows *rows, const void *row)
{
	size_t room = rows->room ? 2 * rows->room : 16;
	char *end;

	if (rows->count == rows->room) {
		end = reallocarray(rows->rows, room, rows->size);
		if (!end)
			return MNL_CB_ERROR;
		rows->rows = end;
		rows->room = room;
	}
	end = (char *)rows->rows + rows->count++ * rows->size;
	memcpy(end, row, rows->size);
	return MNL_CB_OK;
}

int netlink_dump(struct netlink *nl, struct nlmsghdr *nlh, mnl_cb_t cb,
		 struct netlink_rows *rows)
{
	int rc, saved, tries = NETLINK_LIST_TRIES;

	do {
		rows->count = 0;
		nlh->nlmsg_seq = ++nl->seq;
		rc = netlink_talk(nl, nlh, cb, rows);
	} while (rc && errno == EINTR && --tries);
	if (rc) {
		saved = errno;
		free(rows->rows);
		*rows = (struct netlink_rows){ .size = rows->size };
		errno = saved;
	}
	return rc;
}

int netlink_fail(const struct netlink *nl, struct err *err, const char *fmt,
		 ...)
{
	char step[ERR_TEXT_MAX];
	int saved = errno;
	va_list args;

	va_start(args, fmt);
	vsnprintf(step, sizeof(step), fmt, args);
	va_end(args);
	errno = saved;
	err_errno(err, "%s", step);
	if (nl->why[0])
		err_hint(err, "kernel: %s", nl->why);
	return -1;
}
