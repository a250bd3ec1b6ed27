// SPDX-License-Identifier: GPL-2.0-or-later
/* net.ipv4.ip_forward; see forward.h. */
#include "uml_net/forward.h"

#include <errno.h>
#include <string.h>

#include "uml_net/sysctl.h"

#define FORWARD_FILE "/proc/sys/net/ipv4/ip_forward"

void forward_ip(const struct policy_verdict *verdict, struct reply *reply)
{
	if (sysctl_is_on(FORWARD_FILE))
		return;
	if (!verdict->forward)
		reply_line(reply,
			   "IP forwarding is off, and line %u of " POLICY_FILE
			   " does not say 'forward': the guest reaches this "
			   "host only",
			   verdict->line);
	else if (sysctl_on(FORWARD_FILE))
		reply_line(reply, "IP forwarding stays off: %s",
			   strerror(errno));
	else
		reply_line(reply, "IP forwarding is on now");
}
