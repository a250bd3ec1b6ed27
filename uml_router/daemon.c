// SPDX-License-Identifier: GPL-2.0-or-later
/* The pid file, and going to the background; see daemon.h. */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/unixsock.h"

static int lock_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_errno(err, "cannot open pid file '%s'", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		err_set(err, "pid file '%s' belongs to a running process",
			path);
	else
		err_errno(err, "cannot lock pid file '%s'", path);
	close(fd);
	return -1;
}

/* Is the open file still the one at the path? An ending process may have
 * removed it while it was being opened. */
static bool same_file(const char *path, int fd)
{
	struct stat at, open_one;

	return fstat(fd, &open_one) == 0 && lstat(path, &at) == 0 &&
	       at.st_dev == open_one.st_dev && at.st_ino == open_one.st_ino;
}

int pidfile_open(struct pidfile *pf, const char *path, struct err *err)
{
	*pf = PIDFILE_NONE;
	pf->path = unixsock_absolute(path, err);
	if (!pf->path)
		return -1;
	do {
		if (pf->fd >= 0)
			close(pf->fd);
		pf->fd = lock_file(pf->path, err);
	} while (pf->fd >= 0 && !same_file(pf->path, pf->fd));
	if (pf->fd >= 0)
		return 0;
	free(pf->path);
	pf->path = NULL;
	return -1;
}

int pidfile_write(const struct pidfile *pf, struct err *err)
{
	if (pf->fd < 0)
		return 0;
	if (ftruncate(pf->fd, 0) < 0 || dprintf(pf->fd, "%d\n", getpid()) < 0)
		return err_errno(err, "cannot write pid file '%s'", pf->path);
	return 0;
}

void pidfile_remove(struct pidfile *pf)
{
	if (pf->fd < 0)
		return;
	if (same_file(pf->path, pf->fd) && unlink(pf->path) < 0)
		log_msg(LOG_LEVEL_WARN, "pidfile", "cannot remove '%s': %s",
			pf->path, strerror(errno));
	close(pf->fd);
	free(pf->path);
	*pf = PIDFILE_NONE;
}

/* The old process: wait for the byte of daemon_ready(), or for the end. */
static void wait_until_ready(int fd)
{
	char byte;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	_exit(n == 1 ? 0 : 1);
}

static int leave_terminal(struct err *err)
{
	int null = open("/dev/null", O_RDWR);
	int fd;

	if (null < 0)
		return err_errno(err, "cannot open /dev/null");
	if (chdir("/") < 0)
		return err_errno(err, "cannot change to /");
	for (fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	return 0;
}

int daemon_detach(int *ready, struct err *err)
{
	int ends[2];
	pid_t pid;

	fflush(NULL);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, "cannot go to the background");
	pid = fork();
	if (pid < 0)
		return err_errno(err, "cannot go to the background");
	if (pid > 0) {
		close(ends[1]);
		wait_until_ready(ends[0]);
	}
	close(ends[0]);
	*ready = ends[1];
	setsid();
	return 0;
}

int daemon_ready(int ready, struct err *err)
{
	if (leave_terminal(err) < 0)
		return -1;
	/* The old process may be gone already: nobody is there to be told. */
	if (write(ready, "", 1) < 0)
		errno = 0;
	close(ready);
	return 0;
}
