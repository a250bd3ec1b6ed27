// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * net.ipv4.ip_forward; see forward.h. The files below /proc/sys/net take
 * CAP_NET_ADMIN for their owner (net_ctl_permissions() in net/sysctl_net.c)
 * and are those of our network namespace.
 */
#include "uml_net/forward.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define FORWARD_FILE "/proc/sys/net/ipv4/ip_forward"

static bool is_on(void)
{
	int fd = open(FORWARD_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char digit = '0';

	if (fd < 0)
		return false;
	if (read(fd, &digit, 1) != 1)
		digit = '0';
	close(fd);
	return digit == '1';
}

static int switch_on(void)
{
	int fd = open(FORWARD_FILE, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t done;

	if (fd < 0)
		return -1;
	done = write(fd, "1", 1);
	close(fd);
	return done == 1 ? 0 : -1;
}

void forward_ip(const struct policy_verdict *verdict, struct reply *reply)
{
	if (is_on())
		return;
	if (!verdict->forward)
		reply_line(reply,
			   "IP forwarding is off, and line %u of " POLICY_FILE
			   " does not say 'forward': the guest reaches this "
			   "host only",
			   verdict->line);
	else if (switch_on())
		reply_line(reply, "IP forwarding stays off: %s",
			   strerror(errno));
	else
		reply_line(reply, "IP forwarding is on now");
}
