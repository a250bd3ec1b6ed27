// SPDX-License-Identifier: GPL-2.0-or-later
/* Switches of the kernel's network; see sysctl.h. */
#include "uml_net/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool sysctl_is_on(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char digit = '0';

	if (fd < 0)
		return false;
	if (read(fd, &digit, 1) != 1)
		digit = '0';
	close(fd);
	return digit == '1';
}

int sysctl_on(const char *path)
{
	int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC), saved;
	ssize_t done;

	if (fd < 0)
		return -1;
	done = write(fd, "1", 1);
	saved = errno;
	close(fd);
	errno = saved;
	return done == 1 ? 0 : -1;
}
