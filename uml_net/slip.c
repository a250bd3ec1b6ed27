// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Serial lines; see slip.h.
 *
 * Policy and host are asked before the line is touched. The line is the
 * caller's own, but what becomes of it is an interface of the host: so it is
 * his only if it was made now.
 */
#include "uml_net/slip.h"

#include <errno.h>
#include <linux/if_slip.h>
#include <linux/sockios.h>
#include <linux/tty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "uml_net/device.h"
#include "uml_net/forward.h"
#include "uml_net/guard.h"
#include "uml_net/mark.h"
#include "uml_net/tap.h"

/** Largest packet; the guest has room for no more (arch/um/drivers/slip.h). */
#define SLIP_MTU 1500

static bool attached(int fd)
{
	int discipline;

	return !ioctl(fd, TIOCGETD, &discipline) && discipline == N_SLIP;
}

static void detach(int fd)
{
	int discipline = N_TTY;

	ioctl(fd, TIOCSETD, &discipline);
}

static int attach(int fd)
{
	int encapsulation = 0, discipline = N_SLIP, saved;

	if (ioctl(fd, TIOCSETD, &discipline) < 0)
		return -1;
	if (!ioctl(fd, SIOCSIFENCAP, &encapsulation))
		return 0;
	saved = errno;
	detach(fd);
	errno = saved;
	return -1;
}

static int name_of(int fd, char name[IFNAMSIZ])
{
	int rc = ioctl(fd, SIOCGIFNAME, name);

	name[IFNAMSIZ - 1] = '\0';
	return rc < 0 ? -1 : 0;
}

const struct slip_line slip_line = {
	.attached = attached,
	.attach = attach,
	.detach = detach,
	.name = name_of,
};

static int attach_line(const struct session *s, const struct slip_line *line,
		       struct err *err)
{
	if (line->attached(s->req.line_fd)) {
		errno = EBUSY;
		return err_set(err, "descriptor %d is an interface already",
			       s->req.line_fd);
	}
	if (!line->attach(s->req.line_fd))
		return 0;
	err_errno(err, "make an interface of descriptor %d", s->req.line_fd);
	if (errno == EINVAL)
		err_hint(err, "this kernel has no SLIP (CONFIG_SLIP)");
	return -1;
}

static int find_link(const struct session *s, const struct slip_line *line,
		     struct netlink_link *link, struct err *err)
{
	char name[IFNAMSIZ] = "";

	if (line->name(s->req.line_fd, name))
		return err_errno(err, "the interface of descriptor %d",
				 s->req.line_fd);
	return netlink_link_get(s->nl, name, link, err);
}

static int set_up(struct session *s, const struct netlink_link *link,
		  const struct policy_verdict *verdict, struct err *err)
{
	if (netlink_link_mtu(s->nl, link->index, SLIP_MTU, err) ||
	    device_start(s, link, err) || device_look_again(s, verdict, err) ||
	    guard_start(link->index, s->req.reply_fd, err))
		return -1;
	forward_ip(verdict, &s->reply);
	if (s->req.has_guest)
		return tap_lead(s, link, s->req.guest, err);
	return 0;
}

int slip_up(struct session *s, const struct slip_line *line, struct err *err)
{
	struct policy_verdict verdict;
	struct netlink_link link;

	if (device_permit(s, &verdict, err) || attach_line(s, line, err))
		return -1;
	if (find_link(s, line, &link, err) || set_up(s, &link, &verdict, err)) {
		line->detach(s->req.line_fd);
		return -1;
	}
	return 0;
}

int slip_down(struct session *s, const struct slip_line *line, struct err *err)
{
	char name[IFNAMSIZ] = "";
	struct netlink_link link;

	if (line->name(s->req.line_fd, name)) {
		err_errno(err, "the interface of descriptor %d",
			  s->req.line_fd);
		return err_hint(err, "it is no SLIP line");
	}
	if (mark_find(s->nl, name, s->privs.ruid, &link, err))
		return -1;
	if (s->req.has_guest && tap_unlead(s, &link, s->req.guest, err))
		return -1;
	session_device(s, name);
	if (netlink_link_up(s->nl, link.index, false, err))
		return -1;
	reply_line(&s->reply, "%s is down", link.name);
	return 0;
}
