/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AF_UNIX sockets (unix(7)): names, listeners that replace a stale socket and
 * refuse a live one, and who is at the other end.
 *
 * All descriptors are made close-on-exec and non-blocking.
 */
#ifndef COMMON_UNIXSOCK_H
#define COMMON_UNIXSOCK_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "err.h"

/**
 * struct unixsock_perm - How a socket file is to look
 * @mode:	permission bits, or (mode_t)-1 to leave them to the umask
 * @gid:	group, or (gid_t)-1 to leave the process's own
 */
struct unixsock_perm {
	mode_t mode;
	gid_t gid;
};

/** Leave everything to the umask, as bind(2) does. */
#define UNIXSOCK_PERM_DEFAULT ((struct unixsock_perm){ (mode_t)-1, (gid_t)-1 })

/**
 * unixsock_address() - A name into a socket address
 * @name:	path, or '@' and an abstract name; 1 to 107 octets
 * @addr:	filled
 * @len:	length to give to bind(2) or connect(2)
 * @err:	filled on failure (an over-long name says the limit)
 *
 * Return: 0, or -1 with @err set
 */
int unixsock_address(const char *name, struct sockaddr_un *addr, socklen_t *len,
		     struct err *err);

/**
 * struct unixsock_listener - A socket bound to a name, and which file that is
 * @fd:		the socket; -1 when there is none
 * @name:	malloc'ed: '@' and an abstract name, or the absolute path
 * @dev:	device of the socket file; 0 for an abstract name
 * @ino:	its inode; 0 for an abstract name
 *
 * The kernel keeps the inode as long as @fd is open, so nobody else's file
 * can have the same @dev and @ino meanwhile: that is how the file of a
 * successor at the same path is told from ours. A descriptor alone does not
 * tell (fstat(2) of it shows sockfs).
 */
struct unixsock_listener {
	int fd;
	char *name;
	dev_t dev;
	ino_t ino;
};

/** A listener that is none, for one that is opened later or never. */
#define UNIXSOCK_LISTENER_NONE ((struct unixsock_listener){ .fd = -1 })

/**
 * unixsock_bind() - Give a name to a socket that has none
 * @l:		filled on success, UNIXSOCK_LISTENER_NONE on failure
 * @fd:		the socket, connected or not; in @l on success, still the
 *		caller's on failure
 * @name:	path or '@' and an abstract name
 * @perm:	mode and group of the file
 * @err:	filled on failure
 *
 * What is at the path already is treated as by unixsock_listen().
 *
 * Return: 0, or -1 with @err set and no file left
 */
int unixsock_bind(struct unixsock_listener *l, int fd, const char *name,
		  struct unixsock_perm perm, struct err *err);

/**
 * unixsock_listen() - Socket bound to a name, listening unless it is datagram
 * @l:		filled on success, UNIXSOCK_LISTENER_NONE on failure
 * @name:	path or '@' and an abstract name
 * @type:	SOCK_STREAM, SOCK_SEQPACKET or SOCK_DGRAM
 * @perm:	mode and group; in force before the first client can connect
 * @err:	filled on failure
 *
 * A socket file that nobody serves any more is replaced; one that is served
 * is refused with its path; a file that is no socket is never removed. A
 * failure leaves no file and no descriptor.
 *
 * Return: 0, or -1 with @err set
 */
int unixsock_listen(struct unixsock_listener *l, const char *name, int type,
		    struct unixsock_perm perm, struct err *err);

/**
 * unixsock_unlink() - Remove the file of a listening socket, and only that one
 * @l:		a listener, its descriptor still open; abstract names need
 *		nothing
 *
 * A file that is gone, or that a successor has put in its place, is no
 * failure and is left alone.
 *
 * Return: 0, or -1 with errno set
 */
int unixsock_unlink(const struct unixsock_listener *l);

/**
 * unixsock_close() - unixsock_unlink(), close the socket, free the name
 * @l:		a listener or UNIXSOCK_LISTENER_NONE; the latter afterwards
 */
void unixsock_close(struct unixsock_listener *l);

/**
 * unixsock_forget() - Close the socket and free the name; the file stays
 * @l:		as for unixsock_close(): for a process that is not the last one
 *		to hold the socket (after fork(2))
 */
void unixsock_forget(struct unixsock_listener *l);

/**
 * unixsock_connect() - Socket connected to a name
 *
 * Return: descriptor, or -1 with @err set
 */
int unixsock_connect(const char *name, int type, struct err *err);

/**
 * unixsock_peer() - Who is at the other end (SO_PEERCRED, socket(7))
 * @fd:		connected stream or seqpacket socket
 * @cred:	pid, uid and gid at the time of connect(2)
 *
 * Return: 0, or -1 with errno set
 */
int unixsock_peer(int fd, struct ucred *cred);

/**
 * unixsock_type() - What kind of AF_UNIX socket a descriptor is
 *
 * Return: SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET; or -1 with errno:
 *	   ENOTSOCK, or EAFNOSUPPORT for a socket of another family
 */
int unixsock_type(int fd);

/**
 * unixsock_send_fd() - Bytes and one descriptor in one message
 * @sock:	AF_UNIX socket
 * @data:	at least one byte
 * @len:	its length
 * @fd:		descriptor to hand over (SCM_RIGHTS), or -1 for none
 *
 * Return: 0, or -1 with errno set
 */
int unixsock_send_fd(int sock, const void *data, size_t len, int fd);

/**
 * unixsock_absolute() - A socket name that survives chdir(2)
 * @name:	path or '@' and an abstract name
 * @err:	filled on failure
 *
 * Return: malloc'ed name: abstract ones and absolute paths as they are,
 *	   relative ones behind the working directory; NULL with @err set
 */
char *unixsock_absolute(const char *name, struct err *err);

#endif /* COMMON_UNIXSOCK_H */
