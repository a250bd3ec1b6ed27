/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network namespace of its own for a test that makes devices: with root's
 * right, or in a user namespace. It ends with the process.
 */
#ifndef TESTS_UNIT_NETNS_H
#define TESTS_UNIT_NETNS_H

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static inline int netns_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t done;

	if (fd < 0)
		return -1;
	done = write(fd, text, strlen(text));
	close(fd);
	return done == (ssize_t)strlen(text) ? 0 : -1;
}

static inline int netns_map_root(uid_t uid, gid_t gid)
{
	char map[32];

	netns_write("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", (unsigned int)uid);
	if (netns_write("/proc/self/uid_map", map))
		return -1;
	snprintf(map, sizeof(map), "0 %u 1", (unsigned int)gid);
	return netns_write("/proc/self/gid_map", map);
}

/* Skips the whole file where no namespace is to be had. */
static inline void netns_enter(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (!unshare(CLONE_NEWNET))
		return;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) || netns_map_root(uid, gid))
		tap_skip_all("needs root or an unprivileged user namespace");
}

#endif /* TESTS_UNIT_NETNS_H */
