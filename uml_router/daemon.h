/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pid file, and going to the background. */
#ifndef UML_ROUTER_DAEMON_H
#define UML_ROUTER_DAEMON_H

#include <sys/types.h>

#include "common/err.h"

/**
 * struct pidfile - A pid file
 * @path:	malloc'ed absolute path, NULL when there is none
 * @fd:		the file, locked; -1 when there is none
 */
struct pidfile {
	char *path;
	int fd;
};

/** No pid file. */
#define PIDFILE_NONE ((struct pidfile){ NULL, -1 })

/**
 * pidfile_open() - Create and lock a pid file
 * @pf:		filled
 * @path:	the file; one whose process is gone is taken over, one that a
 *		running process has locked is refused
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int pidfile_open(struct pidfile *pf, const char *path, struct err *err);

/** pidfile_write() - Write the id of this process */
int pidfile_write(const struct pidfile *pf, struct err *err);

/** pidfile_remove() - Remove the file and let go of it */
void pidfile_remove(struct pidfile *pf);

/**
 * daemon_detach() - Go to the background
 * @ready:	descriptor for daemon_ready()
 * @err:	filled on failure
 *
 * Returns in the new process. The old one stays until daemon_ready(), and ends
 * with 0; or with 1 when the new one ends before that, which can still tell
 * the reason on standard error.
 *
 * Return: 0, or -1 with @err set
 */
int daemon_detach(int *ready, struct err *err);

/**
 * daemon_ready() - Let go of the terminal, and let the old process end with 0
 * @ready:	from daemon_detach()
 * @err:	filled on failure
 *
 * The root directory becomes the working directory, and /dev/null the standard
 * descriptors.
 *
 * Return: 0, or -1 with @err set
 */
int daemon_ready(int ready, struct err *err);

#endif /* UML_ROUTER_DAEMON_H */
