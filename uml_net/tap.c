// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Taps of guests; see tap.h.
 *
 * A tap lives as long as a descriptor of it is open, and nothing of it
 * survives it but proxy neighbours, which its guard sees to. So all that a
 * failure has to undo is done by closing the descriptor; and the guest has
 * the only one once it was handed over.
 */
#include "uml_net/tap.h"

#include <errno.h>
#include <string.h>

#include "common/parse.h"
#include "common/unixsock.h"
#include "uml_net/device.h"
#include "uml_net/forward.h"
#include "uml_net/ground.h"
#include "uml_net/guard.h"
#include "uml_net/guest.h"
#include "uml_net/mark.h"

/* His from the first moment on. */
static int open_tap(struct session *s, const char *name, struct tuntap *tt,
		    struct netlink_link *link, struct err *err)
{
	struct tuntap_request req = {
		.opened = s->clone,
		.name = name,
		.kind = TUNTAP_TAP,
		.how = TUNTAP_MUST_CREATE,
		.queueing = QUEUEING_DEFAULT,
		.queues = 1,
	};

	s->clone = 0;
	if (tuntap_open(tt, &req, err))
		return -1;
	if (tuntap_owner(tt, s->privs.ruid, err))
		return -1;
	return netlink_link_get(s->nl, tt->name, link, err);
}

static int make(struct session *s, const char *name, struct tuntap *tt,
		struct netlink_link *link, struct err *err)
{
	struct policy_verdict verdict;

	if (device_permit(s, &verdict, err) ||
	    open_tap(s, name, tt, link, err) || device_start(s, link, err) ||
	    device_look_again(s, &verdict, err) ||
	    guard_start(link->index, s->req.reply_fd, err))
		return -1;
	forward_ip(&verdict, &s->reply);
	return 0;
}

int tap_make(struct session *s, const char *name, struct tuntap *tt,
	     struct netlink_link *link, struct err *err)
{
	*tt = (struct tuntap){ .queues = 0 };
	if (!make(s, name, tt, link, err))
		return 0;
	tuntap_close(tt);
	return -1;
}

/* Better told before than after a tap was made. */
static int check_socket(int fd, struct err *err)
{
	if (unixsock_type(fd) >= 0)
		return 0;
	err_errno(err, "descriptor %d, to which the tap is to go", fd);
	return err_hint(err, "this request is a UML kernel's; tunctl makes "
			     "taps by hand");
}

int tap_up(struct session *s, bool *told, struct err *err)
{
	struct netlink_link link;
	struct tuntap tt;
	int rc;

	if (check_socket(s->req.reply_fd, err) ||
	    tap_make(s, NULL, &tt, &link, err))
		return -1;
	rc = privs_drop_all(&s->privs, err);
	if (!rc)
		rc = reply_descriptor(&s->reply, &s->req, tt.name, tt.fd[0],
				      err);
	if (!rc)
		session_audit(s, NULL);
	*told = !rc;
	tuntap_close(&tt);
	return rc;
}

int tap_lead(struct session *s, const struct netlink_link *link,
	     struct in_addr addr, struct err *err)
{
	struct policy_verdict verdict;
	int has;

	if (session_permit(s, &addr, false, &verdict, err))
		return -1;
	has = guest_has(s->nl, link, addr, err);
	if (has < 0)
		return -1;
	if (has) {
		reply_line(&s->reply, "%s has this address already",
			   link->name);
		return 0;
	}
	if (guest_room(s->nl, link, err) || ground_guest(s->nl, addr, err) ||
	    guest_add(s->nl, link, addr, &s->reply, err))
		return -1;
	if (ground_unheld(s->nl, addr, err)) {
		guest_undo(s->nl, link, addr);
		return -1;
	}
	s->added = true;
	forward_ip(&verdict, &s->reply);
	return 0;
}

int tap_add(struct session *s, struct err *err)
{
	struct netlink_link link;

	if (mark_find(s->nl, s->req.device, s->privs.ruid, &link, err))
		return -1;
	return tap_lead(s, &link, s->req.guest, err);
}

int tap_unlead(struct session *s, const struct netlink_link *link,
	       struct in_addr addr, struct err *err)
{
	int has = guest_has(s->nl, link, addr, err);

	if (has < 0)
		return -1;
	if (!has) {
		errno = ESRCH;
		return err_set(err, "%s is not routed to '%s'",
			       format_ip4(addr).text, link->name);
	}
	return guest_del(s->nl, link, addr, &s->reply, err);
}

/* Whom the policy no longer allows anything can still clear up. */
int tap_del(struct session *s, struct err *err)
{
	struct netlink_link link;

	if (mark_find(s->nl, s->req.device, s->privs.ruid, &link, err))
		return -1;
	return tap_unlead(s, &link, s->req.guest, err);
}
