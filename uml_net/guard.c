// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting for the end of a device or of its guest; see guard.h. Both are
 * watched from before the device is handed over, so that no end is missed.
 */
#include "uml_net/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/netlink.h"
#include "common/netlink_link.h"
#include "common/unixsock.h"
#include "uml_net/guest.h"

/** What the kernel tells of one change of an interface, at most. */
#define NEWS_OCTETS 32768

/*
 * What a guard watches
 * @index:	the device
 * @news:	socket on which rtnetlink tells of interfaces
 * @guest:	descriptor of the guest's process (pidfd_open(2)), or -1
 */
struct guard {
	unsigned int index;
	struct mnl_socket *news;
	int guest;
};

/* The news are that the device has ended. */
static int is_end(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	const struct guard *guard = data;

	if (nlh->nlmsg_type == RTM_DELLINK &&
	    mnl_nlmsg_get_payload_len(nlh) >= sizeof(*info) &&
	    info->ifi_family == AF_UNSPEC &&
	    (unsigned int)info->ifi_index == guard->index)
		return MNL_CB_STOP;
	return MNL_CB_OK;
}

/* Where there are too many news some get lost: then look. */
static bool is_gone(const struct guard *guard)
{
	char name[IFNAMSIZ];

	return !if_indextoname(guard->index, name);
}

/* Return: whether the device has ended */
static bool hear(struct guard *guard)
{
	char data[NEWS_OCTETS];
	ssize_t len = mnl_socket_recvfrom(guard->news, data, sizeof(data));

	if (len < 0)
		return errno != EINTR && is_gone(guard);
	return mnl_cb_run(data, (size_t)len, 0, 0, is_end, guard) ==
	       MNL_CB_STOP;
}

/* Return: whether the device may be there still, and its guest has ended */
static bool wait_for_end(struct guard *guard)
{
	struct pollfd watched[] = {
		{ .fd = mnl_socket_get_fd(guard->news), .events = POLLIN },
		{ .fd = guard->guest, .events = POLLIN },
	};

	for (;;) {
		if (poll(watched, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			/* its user has cut its limits (RLIMIT_NOFILE) */
			return false;
		}
		if (watched[0].revents && hear(guard))
			return false;
		if (watched[1].revents)
			return true;
	}
}

static int close_others(int a, int b)
{
	int low = a < b ? a : b, high = a < b ? b : a;

	if (low < 0)
		low = STDERR_FILENO;
	if (low > STDERR_FILENO + 1 &&
	    close_range(STDERR_FILENO + 1, (unsigned int)low - 1, 0) < 0)
		return -1;
	if (high > low + 1 &&
	    close_range((unsigned int)low + 1, (unsigned int)high - 1, 0) < 0)
		return -1;
	return close_range((unsigned int)high + 1, ~0U, 0);
}

/* The guest's descriptors, signals and terminal are not ours any more. */
static int detach(const struct guard *guard)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (setsid() < 0 || chdir("/") < 0 || null < 0 ||
	    dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0)
		return -1;
	return close_others(mnl_socket_get_fd(guard->news), guard->guest);
}

static int stand(struct guard *guard)
{
	struct netlink *nl;
	bool orphan;

	prctl(PR_SET_NAME, "uml_net guard", 0, 0, 0);
	if (detach(guard))
		return 1;
	orphan = wait_for_end(guard);
	nl = netlink_open(NULL);
	if (!nl)
		return 1;
	if (orphan)
		netlink_link_del(nl, guard->index, NULL);
	return guest_sweep(nl, NULL) ? 1 : 0;
}

/* Not to be watched is no failure: there need not be a guest. */
static int open_guest(int sock)
{
	struct ucred cred;

	if (unixsock_peer(sock, &cred) || cred.pid <= 0)
		return -1;
	return (int)syscall(SYS_pidfd_open, cred.pid, 0);
}

static int open_news(struct guard *guard, struct err *err)
{
	guard->news = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!guard->news ||
	    mnl_socket_bind(guard->news, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0)
		return err_errno(err, "listen to rtnetlink");
	return 0;
}

static int start(struct guard *guard, struct err *err)
{
	pid_t pid;

	if (open_news(guard, err))
		return -1;
	pid = fork();
	if (!pid)
		_exit(stand(guard));
	return pid < 0 ? err_errno(err, "start a guard") : 0;
}

int guard_start(unsigned int index, int sock, struct err *err)
{
	struct guard guard = { .index = index, .guest = open_guest(sock) };
	int rc = start(&guard, err), saved = errno;

	if (guard.news)
		mnl_socket_close(guard.news);
	if (guard.guest >= 0)
		close(guard.guest);
	errno = saved;
	return rc;
}
