// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * common/unixsock: names and their limits, listeners in the way of others,
 * permissions from the first moment, who is at the other end. Everything
 * happens in a folder of its own.
 */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/unixsock.h"
#include "tests/unit/tap.h"

static const struct unixsock_perm plain = { (mode_t)-1, (gid_t)-1 };

/* A socket bound without the code under test. */
static int raw_bind(const char *path, int type)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		tap_bail("bind");
	return fd;
}

static void make_stale(const char *path, int type)
{
	close(raw_bind(path, type));
}

static bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static int mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? -1 : (int)(st.st_mode & 07777);
}

static void test_address(void)
{
	struct sockaddr_un addr;
	struct err err;
	char name[200];
	socklen_t len;

	is_int(unixsock_address("/tmp/x", &addr, &len, &err), 0, "a path");
	ok(len == offsetof(struct sockaddr_un, sun_path) + 7 &&
		   !strcmp(addr.sun_path, "/tmp/x") &&
		   addr.sun_family == AF_UNIX,
	   "a path with its NUL");
	is_int(unixsock_address("@abc", &addr, &len, &err), 0, "abstract");
	ok(len == offsetof(struct sockaddr_un, sun_path) + 4 &&
		   !memcmp(addr.sun_path, "\0abc", 4),
	   "abstract without a NUL");
	memset(name, 'x', sizeof(name));
	name[107] = '\0';
	is_int(unixsock_address(name, &addr, &len, &err), 0, "107 octets");
	is_int(len, sizeof(addr), "107 octets fill the address");
	name[0] = '@';
	is_int(unixsock_address(name, &addr, &len, &err), 0, "107 abstract");
	name[107] = 'x';
	name[108] = '\0';
	errno = 0;
	is_int(unixsock_address(name, &addr, &len, &err), -1, "108 refused");
	ok(errno == ENAMETOOLONG && strstr(err.text, "107"), "limit is told");
	is_int(unixsock_address("", &addr, &len, &err), -1, "empty refused");
	is_int(unixsock_address("@", &addr, &len, &err), -1, "only @ refused");
}

static void test_listen(int type, const char *kind)
{
	struct unixsock_listener l;
	struct err err = { "" };
	int before = tap_open_fds();
	int client;

	if (!is_int(unixsock_listen(&l, "sock", type, plain, &err), 0,
		    "%s: listen", kind))
		printf("# %s\n", err.text);
	ok(l.name && l.name[0] == '/', "%s: the name is absolute", kind);
	ok((fcntl(l.fd, F_GETFD) & FD_CLOEXEC) &&
		   (fcntl(l.fd, F_GETFL) & O_NONBLOCK),
	   "%s: close-on-exec and non-blocking", kind);
	client = unixsock_connect("sock", type, &err);
	ok(client >= 0 && (fcntl(client, F_GETFD) & FD_CLOEXEC) &&
		   (fcntl(client, F_GETFL) & O_NONBLOCK),
	   "%s: a client connects", kind);
	close(client);
	unixsock_close(&l);
	ok(!exists("sock") && l.fd == -1 && !l.name, "%s: gone after close",
	   kind);
	is_int(unixsock_connect("sock", type, &err), -1, "%s: nobody there",
	       kind);
	unixsock_close(&l);
	is_int(tap_open_fds(), before, "%s: no descriptor is left", kind);
}

/* A socket that is connected already gets a name, or stays as it was. */
static void test_bind(void)
{
	struct unixsock_perm perm = { 0604, (gid_t)-1 };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct unixsock_listener peer, l, late;
	struct err err = { "" };
	char text[8] = "";
	struct stat st;

	unixsock_listen(&peer, "peer", SOCK_DGRAM, plain, NULL);
	if (connect(fd,
		    (struct sockaddr *)&(struct sockaddr_un){ AF_UNIX, "peer" },
		    sizeof(struct sockaddr_un)))
		tap_bail("connect");
	make_stale("named", SOCK_DGRAM);
	is_int(unixsock_bind(&l, fd, "named", perm, &err), 0,
	       "a name for a connected socket, instead of a stale one");
	ok(l.fd == fd && l.name && l.name[0] == '/' && !stat("named", &st) &&
		   (st.st_mode & 0777) == 0604,
	   "which is in the listener, its mode in force");
	ok(send(fd, "hello", 5, 0) == 5 &&
		   recv(peer.fd, text, sizeof(text), 0) == 5,
	   "it is still connected");
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ok(unixsock_bind(&late, fd, "named", plain, &err) == -1 &&
		   errno == EADDRINUSE && strstr(err.text, "in use"),
	   "a name in use is refused");
	ok(late.fd == -1 && !late.name && fcntl(fd, F_GETFD) >= 0,
	   "and the socket is still the caller's");
	close(fd);
	unixsock_close(&l);
	unixsock_close(&peer);
	ok(!exists("named"), "the name goes with its socket");
}

/* Without a descriptor for the file that bind(2) made, it goes again. */
static void test_no_descriptor(void)
{
	struct unixsock_perm perm = { 0600, (gid_t)-1 };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int next = dup(fd);
	struct unixsock_listener l;
	struct rlimit before, none;
	struct err err = { "" };
	int rc, why;

	close(next);
	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	none.rlim_cur = (rlim_t)next;
	setrlimit(RLIMIT_NOFILE, &none);
	rc = unixsock_bind(&l, fd, "nofile", perm, &err);
	why = errno;
	setrlimit(RLIMIT_NOFILE, &before);
	ok(rc == -1 && why == EMFILE, "no descriptor for the file: refused");
	ok(!exists("nofile") && l.fd == -1 && !l.name, "and no file is left");
	close(fd);
}

/* What is in the way of a listener, and what becomes of it. */
static void test_stale(int type, int old_type, const char *what)
{
	struct unixsock_listener l;
	struct err err = { "" };
	int client;

	make_stale("sock", old_type);
	if (!is_int(unixsock_listen(&l, "sock", type, plain, &err), 0,
		    "stale %s is replaced", what))
		printf("# %s\n", err.text);
	client = unixsock_connect("sock", type, NULL);
	ok(client >= 0, "stale %s: the successor serves", what);
	close(client);
	unixsock_close(&l);
}

static void refused(const char *name, int type, const char *what,
		    const char *word)
{
	struct unixsock_listener l;
	struct err err = { "" };
	int before = tap_open_fds();

	errno = 0;
	is_int(unixsock_listen(&l, name, type, plain, &err), -1, "%s: refused",
	       what);
	is_int(errno, EADDRINUSE, "%s: EADDRINUSE", what);
	ok(strstr(err.text, name) && strstr(err.text, word),
	   "%s: error has the path and '%s'", what, word);
	is_int(tap_open_fds(), before, "%s: no descriptor is left", what);
	ok(l.fd == -1 && !l.name, "%s: no listener", what);
}

static void test_served(void)
{
	struct unixsock_listener l;
	struct pollfd poll_fd = { .events = POLLIN };
	int fd;

	unixsock_listen(&l, "live", SOCK_STREAM, plain, NULL);
	refused("live", SOCK_STREAM, "live stream", "in use");
	refused("live", SOCK_DGRAM, "live stream, other type", "in use");
	poll_fd.fd = l.fd;
	is_int(poll(&poll_fd, 1, 0), 0, "the live one got no connection");
	fd = unixsock_connect("live", SOCK_STREAM, NULL);
	ok(fd >= 0, "the live one still serves");
	close(fd);
	unixsock_close(&l);

	fd = raw_bind("bound", SOCK_STREAM);
	refused("bound", SOCK_STREAM, "bound, not yet listening", "in use");
	ok(exists("bound"), "bound, not yet listening: still there");
	close(fd);
	unlink("bound");

	unixsock_listen(&l, "live", SOCK_DGRAM, plain, NULL);
	refused("live", SOCK_DGRAM, "live datagram", "in use");
	refused("live", SOCK_SEQPACKET, "live datagram, other type", "in use");
	unixsock_close(&l);
}

static void test_full_backlog(void)
{
	int fd = raw_bind("full", SOCK_STREAM);
	int client[8];
	int i;

	listen(fd, 0);
	for (i = 0; i < 8; i++)
		client[i] = unixsock_connect("full", SOCK_STREAM, NULL);
	is_int(client[7], -1, "the backlog is full");
	refused("full", SOCK_STREAM, "full backlog", "in use");
	for (i = 0; i < 8; i++) {
		if (client[i] >= 0)
			close(client[i]);
	}
	close(fd);
	unlink("full");
}

static void test_connected_datagram(void)
{
	int fd = raw_bind("one", SOCK_DGRAM);
	int other = raw_bind("two", SOCK_DGRAM);
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "two" };

	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		tap_bail("connect");
	refused("one", SOCK_DGRAM, "datagram connected elsewhere", "in use");
	close(fd);
	close(other);
	unlink("one");
	unlink("two");
}

static void test_no_socket(void)
{
	struct stat st;
	int fd = open("file", O_CREAT | O_WRONLY, 0600);

	ok(write(fd, "precious", 8) == 8, "a file");
	close(fd);
	refused("file", SOCK_STREAM, "file", "not a socket");
	ok(!stat("file", &st) && st.st_size == 8, "the file is as it was");
	make_stale("target", SOCK_STREAM);
	ok(!symlink("target", "link"), "a link to a stale socket");
	refused("link", SOCK_STREAM, "link", "not a socket");
	ok(exists("link") && exists("target"), "link and target are there");
	ok(!symlink("nowhere", "dangling"), "a dangling link");
	refused("dangling", SOCK_DGRAM, "dangling link", "not a socket");
	ok(!exists("nowhere"), "nothing was made behind it");
	ok(!mkdir("dir", 0700), "a folder");
	refused("dir", SOCK_STREAM, "folder", "not a socket");
	unlink("file");
	unlink("link");
	unlink("target");
	unlink("dangling");
	rmdir("dir");
}

static void test_abstract(void)
{
	struct unixsock_listener l;
	struct unixsock_perm perm = { 0600, (gid_t)-1 };
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "@test-unixsock-%d", (int)getpid());
	is_int(unixsock_listen(&l, name, SOCK_SEQPACKET, perm, NULL), 0,
	       "abstract: listen");
	is_str(l.name, name, "abstract: the name stays");
	fd = unixsock_connect(name, SOCK_SEQPACKET, NULL);
	ok(fd >= 0, "abstract: a client connects");
	close(fd);
	refused(name, SOCK_SEQPACKET, "abstract", "in use");
	is_int(unixsock_unlink(&l), 0, "abstract: nothing to remove");
	unixsock_close(&l);
}

static void test_unlink(void)
{
	struct unixsock_listener old, new;
	int fd;

	unixsock_listen(&old, "sock", SOCK_STREAM, plain, NULL);
	unlink("sock");
	is_int(unixsock_unlink(&old), 0, "a file that is gone");
	unixsock_listen(&new, "sock", SOCK_STREAM, plain, NULL);
	is_int(unixsock_unlink(&old), 0, "a successor's file");
	ok(exists("sock"), "a successor's file stays");
	unixsock_close(&old);
	fd = unixsock_connect("sock", SOCK_STREAM, NULL);
	ok(fd >= 0, "the successor serves");
	close(fd);
	unixsock_close(&new);
	ok(!exists("sock"), "and removes its own");
	unixsock_listen(&old, "sock", SOCK_STREAM, plain, NULL);
	unlink("sock");
	close(open("sock", O_CREAT | O_WRONLY, 0600));
	unixsock_close(&old);
	ok(exists("sock"), "a file in its place stays");
	unlink("sock");
	unixsock_listen(&old, "sock", SOCK_STREAM, plain, NULL);
	unixsock_forget(&old);
	ok(exists("sock") && old.fd == -1, "forget leaves the file");
	unlink("sock");
}

static void test_chdir(void)
{
	struct unixsock_listener l;
	char *here = getcwd(NULL, 0);

	unixsock_listen(&l, "sock", SOCK_STREAM, plain, NULL);
	if (!here || chdir("/"))
		tap_bail("chdir");
	unixsock_close(&l);
	if (chdir(here))
		tap_bail("chdir");
	ok(!exists("sock"), "removed from another folder");
	free(here);
}

static void mode_becomes(const char *mask, mode_t umask_bits, mode_t mode,
			 int type, int want)
{
	struct unixsock_perm perm = { mode, (gid_t)-1 };
	struct unixsock_listener l;
	mode_t old = umask(umask_bits);

	unixsock_listen(&l, "sock", type, perm, NULL);
	is_int(mode_of("sock"), want, "umask %s, mode %o", mask,
	       (unsigned int)mode);
	is_int(umask(old), umask_bits, "the umask stays");
	unixsock_close(&l);
}

static void test_mode(void)
{
	mode_becomes("022", 022, (mode_t)-1, SOCK_STREAM, 0755);
	mode_becomes("077", 077, (mode_t)-1, SOCK_DGRAM, 0700);
	mode_becomes("077", 077, 0666, SOCK_STREAM, 0666);
	mode_becomes("0", 0, 0600, SOCK_STREAM, 0600);
	mode_becomes("0", 0, 0600, SOCK_DGRAM, 0600);
	mode_becomes("0777", 0777, 0660, SOCK_SEQPACKET, 0660);
	mode_becomes("022", 022, 0, SOCK_STREAM, 0);
}

/* Whether files can be given to group 12345: root's right, if it exists. */
static bool may_give_group(void)
{
	bool may;

	close(open("probe", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	may = !chown("probe", (uid_t)-1, 12345);
	unlink("probe");
	return may;
}

static void test_group(void)
{
	struct unixsock_perm perm = { 0660, 12345 };
	struct unixsock_listener l;
	struct err err = { "" };
	struct stat st = { 0 };

	if (!may_give_group()) {
		tap_skip("no group to give", "group of a socket");
		return;
	}
	umask(022);
	is_int(unixsock_listen(&l, "sock", SOCK_DGRAM, perm, &err), 0,
	       "listen for a group");
	stat("sock", &st);
	ok(st.st_gid == 12345 && (st.st_mode & 0777) == 0660, "group and mode");
	unixsock_close(&l);
	perm.mode = (mode_t)-1;
	is_int(unixsock_listen(&l, "sock", SOCK_DGRAM, perm, &err), 0,
	       "listen for a group, mode by the umask");
	stat("sock", &st);
	ok(st.st_gid == 12345 && (st.st_mode & 0777) == 0755,
	   "group, and the mode of the umask");
	unixsock_close(&l);
}

/* In a child that may not give the group: nothing is left behind. */
static int group_denied(void *data)
{
	struct unixsock_perm perm = { 0660, 12345 };
	struct unixsock_listener l;
	struct err err = { "" };
	int before = tap_open_fds();

	if (geteuid() == 0 && (setgroups(0, NULL) || setresgid(99, 99, 99) ||
			       setresuid(99, 99, 99)))
		return 77;
	if (!unixsock_listen(&l, "open/sock", SOCK_STREAM, perm, &err))
		return 2;
	if (errno != EPERM || !strstr(err.text, "open/sock"))
		return 3;
	if (exists("open/sock"))
		return 4;
	return tap_open_fds() == before ? 0 : 5;
}

static void test_group_denied(void)
{
	int status;

	if (mkdir("open", 0777) || chmod("open", 0777) || chmod(".", 0755))
		tap_bail("mkdir");
	status = tap_child(group_denied, NULL);
	if (status == 77)
		tap_skip("cannot change ids here", "a group that is not ours");
	else
		is_int(status, 0, "a group that is not ours: refused, clean");
	rmdir("open");
}

/*
 * A child that looks at the socket file as fast as it can. Its status is 1 if
 * it ever saw a permission that was not asked for.
 */
static int watch_mode(void *data)
{
	struct stat st;
	long looks;

	for (looks = 0; !exists("stop") && looks < 200000000; looks++) {
		if (!lstat("race", &st) && (st.st_mode & 0777 & ~0600u))
			return 1;
	}
	return 0;
}

/* Many births of a 0600 datagram socket under umask 0, watched. */
static void test_mode_at_birth(void)
{
	struct unixsock_perm perm = { 0600, (gid_t)-1 };
	struct unixsock_listener l;
	int i, status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(watch_mode(NULL));
	umask(0);
	for (i = 0; i < 5000; i++) {
		if (unixsock_listen(&l, "race", SOCK_DGRAM, perm, NULL))
			break;
		unixsock_close(&l);
	}
	umask(022);
	close(open("stop", O_CREAT | O_WRONLY, 0600));
	waitpid(pid, &status, 0);
	is_int(i, 5000, "5000 sockets");
	is_int(status, 0, "none was ever open to more than asked");
	unlink("stop");
}

static void test_peer(void)
{
	struct unixsock_listener l;
	struct ucred cred = { 0 };
	int client, server, pipe_fd[2];

	unixsock_listen(&l, "sock", SOCK_STREAM, plain, NULL);
	client = unixsock_connect("sock", SOCK_STREAM, NULL);
	server = accept(l.fd, NULL, NULL);
	is_int(unixsock_peer(server, &cred), 0, "peer");
	ok(cred.pid == getpid() && cred.uid == geteuid() &&
		   cred.gid == getegid(),
	   "pid, uid and gid");
	if (pipe(pipe_fd))
		tap_bail("pipe");
	errno = 0;
	ok(unixsock_peer(pipe_fd[0], &cred) == -1 && errno == ENOTSOCK,
	   "peer of a pipe");
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	close(client);
	close(server);
	unixsock_close(&l);
}

/* The descriptor that comes with a message, or -1. */
static int receive_fd(int sock, char *data, size_t size)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = data, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	struct cmsghdr *cmsg;
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) < 0)
		return -2;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

static void test_send_fd(void)
{
	char data[16] = "";
	int pair[2], pipe_fd[2], got;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pipe(pipe_fd))
		tap_bail("socketpair");
	is_int(unixsock_send_fd(pair[0], "name", 5, pipe_fd[1]), 0, "send");
	got = receive_fd(pair[1], data, sizeof(data));
	ok(got >= 0 && !strcmp(data, "name"), "received");
	ok(write(got, "x", 1) == 1 && read(pipe_fd[0], data, 1) == 1 &&
		   data[0] == 'x',
	   "it is the same pipe");
	close(got);
	is_int(unixsock_send_fd(pair[0], "none", 5, -1), 0, "send without");
	is_int(receive_fd(pair[1], data, sizeof(data)), -1, "none received");
	errno = 0;
	ok(unixsock_send_fd(pair[0], "bad", 4, 1000) == -1 && errno == EBADF,
	   "a descriptor that is none");
	close(pair[1]);
	signal(SIGPIPE, SIG_DFL);
	errno = 0;
	ok(unixsock_send_fd(pair[0], "gone", 5, -1) == -1 && errno == EPIPE,
	   "no reader: EPIPE, no signal");
	close(pair[0]);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
}

static void test_absolute(const char *dir)
{
	char want[200];
	char *got;

	snprintf(want, sizeof(want), "%s/a/b", dir);
	got = unixsock_absolute("a/b", NULL);
	is_str(got, want, "relative");
	free(got);
	got = unixsock_absolute("/x", NULL);
	is_str(got, "/x", "absolute");
	free(got);
	got = unixsock_absolute("@x", NULL);
	is_str(got, "@x", "abstract");
	free(got);
	ok(!unixsock_absolute("", NULL), "empty");
}

static void test_errors(void)
{
	struct unixsock_listener l;
	struct err err = { "" };
	int before = tap_open_fds();

	ok(unixsock_listen(&l, "no/such/folder", SOCK_STREAM, plain, &err) &&
		   errno == ENOENT && strstr(err.text, "no/such/folder"),
	   "no such folder");
	ok(unixsock_listen(&l, "", SOCK_STREAM, plain, &err) == -1, "empty");
	ok(unixsock_connect("nobody", SOCK_STREAM, &err) == -1 &&
		   errno == ENOENT && strstr(err.text, "nobody"),
	   "connect to nobody");
	make_stale("stale", SOCK_STREAM);
	ok(unixsock_connect("stale", SOCK_STREAM, &err) == -1 &&
		   errno == ECONNREFUSED,
	   "connect to a stale one");
	unlink("stale");
	is_int(tap_open_fds(), before, "no descriptor is left");
}

int main(void)
{
	char dir[] = "/tmp/test-unixsock-XXXXXX";

	if (!mkdtemp(dir) || chdir(dir))
		tap_bail("mkdtemp");
	umask(022);
	test_address();
	test_listen(SOCK_STREAM, "stream");
	test_listen(SOCK_SEQPACKET, "seqpacket");
	test_listen(SOCK_DGRAM, "datagram");
	test_bind();
	test_no_descriptor();
	test_stale(SOCK_STREAM, SOCK_STREAM, "stream");
	test_stale(SOCK_DGRAM, SOCK_DGRAM, "datagram");
	test_stale(SOCK_SEQPACKET, SOCK_DGRAM, "socket of another type");
	test_served();
	test_full_backlog();
	test_connected_datagram();
	test_no_socket();
	test_abstract();
	test_unlink();
	test_chdir();
	test_mode();
	test_group();
	test_group_denied();
	test_mode_at_birth();
	test_peer();
	test_send_fd();
	test_absolute(dir);
	test_errors();
	ok(!chdir("/") && !rmdir(dir), "no file is left");
	return tap_done();
}
