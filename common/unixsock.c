// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AF_UNIX sockets; see unixsock.h.
 *
 * How a listener comes to its name:
 *
 *  1. bind(2) first, ask questions later: where nothing is in the way there
 *     is nothing to ask, and a name is never free because of what was looked
 *     at before.
 *  2. On EADDRINUSE the file in the way is judged (judge_file()). Only a
 *     socket that no process holds is removed, and the name is bound again.
 *  3. The file is made with no permission at all, gets its group, then its
 *     mode, and only then is the socket listening. A datagram socket takes
 *     data without listen(2), so mode 0 at birth is what keeps early clients
 *     out there. A temporary name and rename(2) would do as well, but the
 *     kernel goes on to tell peers the temporary name as the sender of every
 *     datagram.
 *
 * Mode 0 at birth comes from fchmod(2) on the unbound socket: bind(2) gives
 * the file the mode of the socket's inode, less the umask. That spares
 * changing the umask, which belongs to the whole process.
 *
 * The directory may belong to somebody else (/tmp). Group and mode are
 * therefore set through an O_PATH descriptor that was opened without following
 * links and shown to be a socket of ours, never through the path again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/unixsock.h"

/** Longest name: sun_path less the NUL, or less the NUL of an abstract one. */
#define NAME_LIMIT (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

/* What is at a path where a socket is wanted. */
enum file_state {
	FILE_GONE,    /* nothing (any more) */
	FILE_STALE,   /* a socket that no process holds */
	FILE_SERVED,  /* a socket that some process holds */
	FILE_UNKNOWN, /* a socket, but asking it failed: see errno */
	FILE_OTHER,   /* not a socket: never touched */
};

static bool is_abstract(const char *name)
{
	return name[0] == '@';
}

/* close(2) that leaves errno to the caller's failure. */
static void close_quietly(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

int unixsock_address(const char *name, struct sockaddr_un *addr, socklen_t *len,
		     struct err *err)
{
	size_t octets = strlen(name);

	if (!octets || !strcmp(name, "@")) {
		errno = EINVAL;
		return err_set(err, "a socket name must not be empty");
	}
	if (octets > NAME_LIMIT) {
		errno = ENAMETOOLONG;
		return err_set(err,
			       "socket name '%.120s%s' has %zu octets, the "
			       "limit is %zu",
			       name, octets > 120 ? "..." : "", octets,
			       NAME_LIMIT);
	}
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	memcpy(addr->sun_path, name, octets);
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + octets + 1);
	if (is_abstract(name)) {
		addr->sun_path[0] = '\0';
		(*len)--;
	}
	return 0;
}

/*
 * Whether a process holds the socket at an address.
 *
 * A datagram socket asks, whatever is at the other end: the kernel refuses
 * the connection where no socket is bound to that file, says EPROTOTYPE where
 * one of another type is, and EPERM where it is a datagram socket that is
 * connected elsewhere. So a stream socket between its bind(2) and its
 * listen(2) counts as served, and a listener gets no connection that it would
 * take for a client.
 */
static enum file_state ask_socket(const struct sockaddr_un *addr, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	enum file_state state = FILE_UNKNOWN;

	if (fd < 0)
		return FILE_UNKNOWN;
	if (!connect(fd, (const struct sockaddr *)addr, len) ||
	    errno == EPROTOTYPE || errno == EPERM)
		state = FILE_SERVED;
	else if (errno == ECONNREFUSED)
		state = FILE_STALE;
	else if (errno == ENOENT)
		state = FILE_GONE;
	close_quietly(fd);
	return state;
}

static enum file_state judge_file(const char *path,
				  const struct sockaddr_un *addr, socklen_t len,
				  struct stat *st)
{
	if (lstat(path, st) < 0)
		return errno == ENOENT ? FILE_GONE : FILE_UNKNOWN;
	if (!S_ISSOCK(st->st_mode))
		return FILE_OTHER;
	return ask_socket(addr, len);
}

/*
 * Remove @path if it is still the file of @st.
 *
 * Between the look and the removal another process may put its own file
 * there; the kernel has no call that does both at once.
 *
 * Return: 0 also where it is another file or none, -1 with errno set
 */
static int unlink_same(const char *path, dev_t dev, ino_t ino)
{
	struct stat now;

	if (lstat(path, &now) < 0)
		return errno == ENOENT ? 0 : -1;
	if (now.st_dev != dev || now.st_ino != ino)
		return 0;
	return unlink(path) < 0 && errno != ENOENT ? -1 : 0;
}

/* The name is taken: make it free if what has it is a stale socket. */
static int clear_stale(const char *name, const struct sockaddr_un *addr,
		       socklen_t len, struct err *err)
{
	struct stat st;

	errno = EADDRINUSE;
	if (is_abstract(name))
		return err_set(err, "socket '%s' is in use by another program",
			       name);
	switch (judge_file(name, addr, len, &st)) {
	case FILE_GONE:
		return 0;
	case FILE_STALE:
		if (unlink_same(name, st.st_dev, st.st_ino) < 0)
			return err_errno(err, "remove stale socket '%s'", name);
		return 0;
	case FILE_SERVED:
		errno = EADDRINUSE;
		return err_set(err, "socket '%s' is in use by another program",
			       name);
	case FILE_UNKNOWN:
		return err_errno(err, "see whether socket '%s' is in use",
				 name);
	case FILE_OTHER:
		break;
	}
	errno = EADDRINUSE;
	return err_set(err, "'%s' exists and is not a socket", name);
}

/* Bind, once more after a stale socket has been removed. */
static int bind_name(int fd, const char *name, const struct sockaddr_un *addr,
		     socklen_t len, struct err *err)
{
	const struct sockaddr *sa = (const struct sockaddr *)addr;

	if (!bind(fd, sa, len))
		return 0;
	if (errno != EADDRINUSE)
		return err_errno(err, "bind socket '%s'", name);
	if (clear_stale(name, addr, len, err))
		return -1;
	if (bind(fd, sa, len))
		return err_errno(err, "bind socket '%s'", name);
	return 0;
}

/* Group, then mode, through the descriptor of the socket file. */
static int set_perm(int path_fd, const char *name, struct unixsock_perm perm,
		    struct err *err)
{
	char self[64];

	if (perm.gid != (gid_t)-1 &&
	    fchownat(path_fd, "", (uid_t)-1, perm.gid, AT_EMPTY_PATH) < 0) {
		err_errno(err, "give socket '%s' to group %u", name,
			  (unsigned int)perm.gid);
		return err_hint(err, "only a member of the group may");
	}
	/* fchmod(2) refuses an O_PATH descriptor; its link in /proc is one */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", path_fd);
	if (chmod(self, perm.mode) < 0) {
		err_errno(err, "set mode %04o of socket '%s'",
			  (unsigned int)perm.mode, name);
		return errno == ENOENT ? err_hint(err, "needs /proc") : -1;
	}
	return 0;
}

/* The mode that bind(2) would have given. There is no way only to read it. */
static mode_t umask_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0777 & ~mask;
}

/*
 * Fill @l's identity of the file that bind(2) made. It takes no descriptor:
 * where there is none to be had, the file is known, and goes.
 */
static int know_own_file(struct unixsock_listener *l, const char *name,
			 struct err *err)
{
	struct stat st;

	if (lstat(name, &st) < 0)
		return err_errno(err, "look at socket '%s'", name);
	if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid()) {
		errno = EADDRINUSE;
		return err_set(err, "'%s' was replaced by somebody else", name);
	}
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return 0;
}

/* Return: an O_PATH descriptor of that file, or -1 with @err set */
static int open_own_file(const struct unixsock_listener *l, const char *name,
			 struct err *err)
{
	int fd = open(name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		err_errno(err, "look at socket '%s'", name);
		close_quietly(fd);
		return -1;
	}
	if (st.st_dev == l->dev && st.st_ino == l->ino)
		return fd;
	close_quietly(fd);
	errno = EADDRINUSE;
	return err_set(err, "'%s' was replaced by somebody else", name);
}

/* Identity and permissions of the socket file just bound. */
static int dress_file(struct unixsock_listener *l, const char *name,
		      bool closed, struct unixsock_perm perm, struct err *err)
{
	int path_fd, rc;

	if (know_own_file(l, name, err) < 0)
		return -1;
	if (!closed)
		return 0;
	path_fd = open_own_file(l, name, err);
	if (path_fd < 0)
		return -1;
	rc = set_perm(path_fd, name, perm, err);
	close_quietly(path_fd);
	return rc;
}

/* From an unbound socket to one with a name; @l owns everything made on the
 * way. */
static int give_name(struct unixsock_listener *l, const char *name,
		     struct unixsock_perm perm, struct err *err)
{
	bool closed = perm.mode != (mode_t)-1 || perm.gid != (gid_t)-1;
	struct sockaddr_un addr;
	socklen_t len;

	if (unixsock_address(name, &addr, &len, err))
		return -1;
	if (closed && fchmod(l->fd, 0) < 0)
		return err_errno(err, "prepare socket '%s'", name);
	if (perm.mode == (mode_t)-1)
		perm.mode = umask_mode();
	if (bind_name(l->fd, name, &addr, len, err))
		return -1;
	return is_abstract(name) ? 0 : dress_file(l, name, closed, perm, err);
}

int unixsock_bind(struct unixsock_listener *l, int fd, const char *name,
		  struct unixsock_perm perm, struct err *err)
{
	int saved;

	*l = (struct unixsock_listener){ .fd = fd };
	l->name = unixsock_absolute(name, err);
	if (l->name && !give_name(l, name, perm, err))
		return 0;
	saved = errno;
	unixsock_unlink(l);
	l->fd = -1;
	unixsock_forget(l);
	errno = saved;
	return -1;
}

int unixsock_listen(struct unixsock_listener *l, const char *name, int type,
		    struct unixsock_perm perm, struct err *err)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int saved;

	*l = UNIXSOCK_LISTENER_NONE;
	if (fd < 0)
		return err_errno(err, "make socket '%s'", name);
	if (unixsock_bind(l, fd, name, perm, err)) {
		close_quietly(fd);
		return -1;
	}
	if (type == SOCK_DGRAM || !listen(fd, SOMAXCONN))
		return 0;
	err_errno(err, "listen on socket '%s'", name);
	saved = errno;
	unixsock_close(l);
	errno = saved;
	return -1;
}

int unixsock_unlink(const struct unixsock_listener *l)
{
	if (!l->name || is_abstract(l->name) || !l->ino)
		return 0;
	return unlink_same(l->name, l->dev, l->ino);
}

void unixsock_close(struct unixsock_listener *l)
{
	unixsock_unlink(l);
	unixsock_forget(l);
}

void unixsock_forget(struct unixsock_listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	free(l->name);
	*l = UNIXSOCK_LISTENER_NONE;
}

int unixsock_connect(const char *name, int type, struct err *err)
{
	struct sockaddr_un addr;
	socklen_t len;
	int fd;

	if (unixsock_address(name, &addr, &len, err))
		return -1;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, "make a socket for '%s'", name);
	if (connect(fd, (const struct sockaddr *)&addr, len) < 0) {
		err_errno(err, "connect to socket '%s'", name);
		close_quietly(fd);
		return -1;
	}
	return fd;
}

int unixsock_peer(int fd, struct ucred *cred)
{
	socklen_t len = sizeof(*cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, cred, &len);
}

int unixsock_type(int fd)
{
	socklen_t len = sizeof(int);
	int domain, type;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return -1;
	if (domain == AF_UNIX)
		return type;
	errno = EAFNOSUPPORT;
	return -1;
}

int unixsock_send_fd(int sock, const void *data, size_t len, int fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	ssize_t sent;

	if (fd >= 0) {
		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}
	do
		sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -1;
	if ((size_t)sent == len)
		return 0;
	errno = EMSGSIZE;
	return -1;
}

char *unixsock_absolute(const char *name, struct err *err)
{
	char *cwd, *path;

	if (!*name) {
		errno = EINVAL;
		err_set(err, "a socket name must not be empty");
		return NULL;
	}
	if (is_abstract(name) || name[0] == '/') {
		path = strdup(name);
		if (!path)
			err_errno(err, "socket name '%s'", name);
		return path;
	}
	cwd = getcwd(NULL, 0);
	if (!cwd || asprintf(&path, "%s/%s", cwd, name) < 0) {
		err_errno(err, "socket name '%s' in the working directory",
			  name);
		path = NULL;
	}
	free(cwd);
	return path;
}
