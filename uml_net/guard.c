// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting for the end of a device; see guard.h. The socket hears of it from
 * before the device is handed over, so no end is missed.
 */
#include "uml_net/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/netlink.h"
#include "common/netlink_link.h"
#include "uml_net/guest.h"

/** What the kernel tells of one change of an interface, at most. */
#define NEWS_OCTETS 32768

/* The news are that the device has ended. */
static int is_end(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	const unsigned int *index = data;

	if (nlh->nlmsg_type == RTM_DELLINK &&
	    mnl_nlmsg_get_payload_len(nlh) >= sizeof(*info) &&
	    info->ifi_family == AF_UNSPEC &&
	    (unsigned int)info->ifi_index == *index)
		return MNL_CB_STOP;
	return MNL_CB_OK;
}

/* News may get lost where there are many: look. */
static bool is_gone(unsigned int index)
{
	char name[IFNAMSIZ];

	return !if_indextoname(index, name);
}

static void wait_for_end(const struct mnl_socket *news, unsigned int index)
{
	char data[NEWS_OCTETS];
	ssize_t len;

	do {
		len = mnl_socket_recvfrom(news, data, sizeof(data));
		if (len < 0 && errno != EINTR && is_gone(index))
			return;
	} while (len < 0 || mnl_cb_run(data, (size_t)len, 0, 0, is_end,
				       &index) != MNL_CB_STOP);
}

/* Neither the guest's descriptors, its signals nor its terminal are ours any more. */
static int detach(int keep)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (setsid() < 0 || chdir("/") < 0 || null < 0 ||
	    dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0)
		return -1;
	if (keep > STDERR_FILENO + 1 &&
	    close_range(STDERR_FILENO + 1, (unsigned int)keep - 1, 0) < 0)
		return -1;
	return close_range((unsigned int)keep + 1, ~0U, 0);
}

__attribute__((noreturn)) static void guard(const struct mnl_socket *news,
					    unsigned int index)
{
	struct netlink *nl;

	prctl(PR_SET_NAME, "uml_net guard", 0, 0, 0);
	if (detach(mnl_socket_get_fd(news)))
		_exit(1);
	wait_for_end(news, index);
	nl = netlink_open(NULL);
	_exit(!nl || guest_sweep(nl, NULL) ? 1 : 0);
}

static struct mnl_socket *listen_to_news(void)
{
	struct mnl_socket *news = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (news && mnl_socket_bind(news, RTMGRP_LINK, MNL_SOCKET_AUTOPID)) {
		mnl_socket_close(news);
		return NULL;
	}
	return news;
}

int guard_start(unsigned int index, struct err *err)
{
	struct mnl_socket *news = listen_to_news();
	pid_t pid;

	if (!news)
		return err_errno(err, "listen to rtnetlink");
	pid = fork();
	if (!pid)
		guard(news, index);
	mnl_socket_close(news);
	if (pid < 0)
		return err_errno(err, "start a guard");
	return 0;
}
