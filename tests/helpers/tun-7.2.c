// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tun driver of Linux 7.2 for a test: preloaded into a program (ld.so(8)),
 * it puts IFF_BACKPRESSURE into the answer of TUNGETFEATURES, takes it from
 * TUNSETIFF, where the running kernel would not know it, and puts it into the
 * answer of TUNGETIFF if it was asked for. Each request of it leaves a line in
 * the file that $TUN_7_2_LOG names.
 *
 * All that it shows is what a program asks of such a kernel, not what that
 * kernel does with frames.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/tunflags.h"

typedef int ioctl_fn(int fd, unsigned long request, ...);

static void note(const char *line)
{
	const char *path = getenv("TUN_7_2_LOG");
	int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT, 0644) : -1;

	if (fd >= 0) {
		dprintf(fd, "%s\n", line);
		close(fd);
	}
}

/* TUNSETIFF as this kernel can take it; remembers what was asked. */
static int set_iff(ioctl_fn *real, int fd, struct ifreq *ifr, bool *asked)
{
	*asked = ifr->ifr_flags & IFF_BACKPRESSURE;
	note(*asked ? "TUNSETIFF with IFF_BACKPRESSURE"
		    : "TUNSETIFF without IFF_BACKPRESSURE");
	ifr->ifr_flags &= (short)~IFF_BACKPRESSURE;
	return real(fd, TUNSETIFF, ifr);
}

int ioctl(int fd, unsigned long request, ...)
{
	static bool asked;
	ioctl_fn *real = (ioctl_fn *)dlsym(RTLD_NEXT, "ioctl");
	va_list args;
	void *arg;
	int rc;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (request == TUNSETIFF)
		return set_iff(real, fd, arg, &asked);
	rc = real(fd, request, arg);
	if (!rc && request == TUNGETFEATURES)
		*(unsigned int *)arg |= IFF_BACKPRESSURE;
	if (!rc && request == TUNGETIFF && asked)
		((struct ifreq *)arg)->ifr_flags |= IFF_BACKPRESSURE;
	return rc;
}
