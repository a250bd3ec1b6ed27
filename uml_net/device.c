// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices of guests, whatever their kind; see device.h. */
#include "uml_net/device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/netlink_addr.h"
#include "common/parse.h"
#include "uml_net/ground.h"
#include "uml_net/mark.h"
#include "uml_net/sysctl.h"

/** Strict, in Documentation/networking/ip-sysctl.rst. */
#define RP_FILTER_STRICT 1

static int check_ground(const struct session *s, struct err *err)
{
	if (!s->req.has_gateway)
		return 0;
	return ground_gateway(s->nl, s->req.gateway, s->privs.ruid, err);
}

int device_permit(struct session *s, struct policy_verdict *verdict,
		  struct err *err)
{
	const struct in_addr *gateway;

	gateway = s->req.has_gateway ? &s->req.gateway : NULL;
	if (session_permit(s, gateway, true, verdict, err))
		return -1;
	return check_ground(s, err);
}

/* A kernel without IPv6 has no such file. */
static int stop_ipv6(const char *name, struct err *err)
{
	char path[64 + IFNAMSIZ];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6",
		 name);
	if (!sysctl_on(path) || errno == ENOENT)
		return 0;
	return err_errno(err, "switch IPv6 of '%s' off", name);
}

static int set_address(struct session *s, const struct netlink_link *link,
		       struct err *err)
{
	struct ip_prefix prefix = { .family = AF_INET, .len = 32 };

	if (!s->req.has_gateway)
		return 0;
	memcpy(prefix.addr, &s->req.gateway, sizeof(s->req.gateway));
	if (netlink_addr_add(s->nl, link->index, &prefix, err))
		return -1;
	reply_line(&s->reply, "%s has address %s/32", link->name,
		   format_ip4(s->req.gateway).text);
	return 0;
}

int device_start(struct session *s, const struct netlink_link *link,
		 struct err *err)
{
	session_device(s, link->name);
	if (mark_set(s->nl, link->index, s->privs.ruid, err))
		return -1;
	reply_line(&s->reply, "%s made for user %u", link->name,
		   (unsigned int)s->privs.ruid);
	if (stop_ipv6(link->name, err) ||
	    netlink_link_rp_filter(s->nl, link->index, RP_FILTER_STRICT, err) ||
	    set_address(s, link, err) ||
	    netlink_link_up(s->nl, link->index, true, err))
		return -1;
	reply_line(&s->reply, "%s is up", link->name);
	return 0;
}

int device_look_again(struct session *s, const struct policy_verdict *verdict,
		      struct err *err)
{
	unsigned int taps;

	if (mark_count(s->nl, s->privs.ruid, &taps, err))
		return -1;
	if (taps > verdict->limit) {
		errno = EDQUOT;
		return err_set(err,
			       "another tap of user %u was made at the same "
			       "time, and %u are allowed",
			       (unsigned int)s->privs.ruid, verdict->limit);
	}
	return check_ground(s, err);
}
