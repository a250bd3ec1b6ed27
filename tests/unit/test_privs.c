// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * common/privs: each case in a child of its own, because nothing comes back.
 * What is in force afterwards is read from /proc/self/status, and tried:
 * binding a low port, becoming root again, a setuid program.
 *
 * The setuid and file capability cases run this very program, copied and
 * given the bits, as another user with the name of the case as argument.
 */
#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "common/privs.h"
#include "tests/unit/tap.h"

/* Somebody who is not root and need not exist. */
#define USER 12345
#define GROUP 23456

#define NET_ADMIN (UINT64_C(1) << CAP_NET_ADMIN)

static const int net_admin[] = { CAP_NET_ADMIN };
static const int for_daemon[] = { CAP_NET_ADMIN, CAP_SETUID, CAP_SETGID };

/* End the child with @status, having said why. */
static int complain(int status, const char *why, const struct err *err)
{
	fprintf(stderr, "# step %d: %s%s%s\n", status, why, err ? ": " : "",
		err ? err->text : "");
	return status;
}

/* The line of /proc/self/status that begins with @key, behind the key. */
static void status_line(const char *key, char *out, size_t size)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];

	out[0] = '\0';
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)))
			continue;
		snprintf(out, size, "%s", line + strlen(key));
		break;
	}
	if (file)
		fclose(file);
}

static uint64_t cap_line(const char *key)
{
	char text[256];

	status_line(key, text, sizeof(text));
	return text[0] ? strtoull(text, NULL, 16) : UINT64_MAX;
}

/* Exactly these capabilities, none to hand on, and no way to more. */
static bool caps_are(uint64_t want, bool bounded)
{
	char text[256];

	status_line("NoNewPrivs:", text, sizeof(text));
	return cap_line("CapEff:") == want && cap_line("CapPrm:") == want &&
	       !cap_line("CapInh:") && !cap_line("CapAmb:") &&
	       (!bounded || !cap_line("CapBnd:")) &&
	       strtol(text, NULL, 10) == 1;
}

static bool ids_are(unsigned int uid, unsigned int gid)
{
	char text[256], want[64];

	status_line("Uid:", text, sizeof(text));
	snprintf(want, sizeof(want), "\t%u\t%u\t%u\t%u\n", uid, uid, uid, uid);
	if (strcmp(text, want))
		return false;
	status_line("Gid:", text, sizeof(text));
	snprintf(want, sizeof(want), "\t%u\t%u\t%u\t%u\n", gid, gid, gid, gid);
	return !strcmp(text, want);
}

/* Whether a privileged operation succeeds: CAP_NET_ADMIN decides SO_MARK. */
static bool may_mark(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int one = 1;
	bool may = fd >= 0 &&
		   !setsockopt(fd, SOL_SOCKET, SO_MARK, &one, sizeof(one));

	close(fd);
	return may;
}

/* CAP_NET_RAW decides this one (SO_MARK too, which is why it must go). */
static bool may_raw(void)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static int keep_one(void *data)
{
	struct err err = { "" };
	struct privs privs;

	if (privs_init(&privs, &err))
		return complain(1, "init", &err);
	if (privs.ruid || privs.euid || privs.secure || privs_setuid(&privs) ||
	    privs_file_caps(&privs))
		return complain(2, "who called", NULL);
	if (privs_keep(&privs, net_admin, 1, &err))
		return complain(3, "keep", &err);
	if (!caps_are(NET_ADMIN, true) || !ids_are(0, 0))
		return complain(4, "not what was kept", NULL);
	if (!privs_have(CAP_NET_ADMIN) || privs_have(CAP_SYS_ADMIN) ||
	    privs_have(-1) || privs_have(64) || privs_have(1000))
		return complain(5, "privs_have", NULL);
	if (!may_mark() || may_raw())
		return complain(6, "not what the kernel allows", NULL);
	if (privs_keep(&privs, for_daemon, 3, &err))
		return complain(7, "keep more", &err);
	if (!caps_are(NET_ADMIN, true))
		return complain(8, "something came back", NULL);
	if (privs_drop_all(&privs, &err))
		return complain(9, "drop all", &err);
	if (!caps_are(0, true) || may_mark())
		return complain(10, "something is left", NULL);
	return 0;
}

static int drop_twice(void *data)
{
	struct err err = { "" };
	struct privs privs;

	if (privs_init(&privs, &err) || privs_drop_all(&privs, &err))
		return complain(1, "drop all", &err);
	if (!caps_are(0, true))
		return complain(2, "something is left", NULL);
	if (privs_drop_all(&privs, &err))
		return complain(3, "again", &err);
	return 0;
}

/* What a parent handed on (inheritable, ambient) goes as well. */
static int drop_inherited(void *data)
{
	struct err err = { "" };
	struct privs privs;

	if (capng_get_caps_process() ||
	    capng_update(CAPNG_ADD, CAPNG_INHERITABLE, CAP_NET_RAW) ||
	    capng_apply(CAPNG_SELECT_CAPS) ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0))
		return 77;
	if (!cap_line("CapInh:") || !cap_line("CapAmb:"))
		return 77;
	if (privs_init(&privs, &err) || privs_keep(&privs, net_admin, 1, &err))
		return complain(1, "keep", &err);
	return caps_are(NET_ADMIN, true) ? 0 : complain(2, "inherited", NULL);
}

/* An ordinary user has nothing to lose: no failure. */
static int ordinary_user(void *data)
{
	struct err err = { "" };
	struct privs privs;

	if (setgroups(0, NULL) || setresgid(GROUP, GROUP, GROUP) ||
	    setresuid(USER, USER, USER))
		return 77;
	if (privs_init(&privs, &err) || privs.ruid != USER ||
	    privs.rgid != GROUP || privs.secure)
		return complain(1, "init", &err);
	if (privs_keep(&privs, net_admin, 1, &err))
		return complain(2, "keep", &err);
	if (!caps_are(0, false) || !ids_are(USER, GROUP) || may_mark())
		return complain(3, "not an ordinary user", NULL);
	if (privs_become(USER, GROUP, NULL, 0, &err))
		return complain(4, "become who he is", &err);
	if (!privs_become(0, 0, NULL, 0, &err) || !err.text[0])
		return complain(5, "became root", NULL);
	if (!privs_become(USER + 1, GROUP, NULL, 0, &err))
		return complain(6, "became somebody else", NULL);
	return ids_are(USER, GROUP) ? 0 : complain(7, "ids", NULL);
}

static int become_user(void *data)
{
	const gid_t groups[] = { 1, 2, 3 };
	struct err err = { "" };
	struct privs privs;

	if (setgroups(3, groups))
		return 77;
	if (privs_init(&privs, &err) || privs_keep(&privs, for_daemon, 3, &err))
		return complain(1, "keep for later", &err);
	if (privs_become(USER, GROUP, net_admin, 1, &err))
		return complain(2, "become", &err);
	if (!ids_are(USER, GROUP) || getgroups(0, NULL))
		return complain(3, "ids or groups", NULL);
	if (!caps_are(NET_ADMIN, true) || !may_mark())
		return complain(4, "capabilities", NULL);
	if (!setresuid((uid_t)-1, 0, (uid_t)-1) || !setresgid(0, 0, 0))
		return complain(5, "root again", NULL);
	privs.ruid = USER;
	privs.rgid = GROUP;
	if (privs_drop_all(&privs, &err) || !caps_are(0, true) || may_mark())
		return complain(6, "drop the rest", &err);
	return 0;
}

static int become_with_nothing(void *data)
{
	struct err err = { "" };
	struct privs privs;

	if (setgroups(0, NULL))
		return 77;
	if (privs_init(&privs, &err) ||
	    privs_become(USER, GROUP, NULL, 0, &err))
		return complain(1, "become", &err);
	return ids_are(USER, GROUP) && caps_are(0, true)
		       ? 0
		       : complain(2, "something is left", NULL);
}

/* Without CAP_SETUID and CAP_SETGID it must fail, and say what it needs. */
static int become_too_late(void *data)
{
	struct err err = { "" };
	struct privs privs;

	if (privs_init(&privs, &err) || privs_keep(&privs, net_admin, 1, &err))
		return complain(1, "keep", &err);
	if (!privs_become(USER, GROUP, NULL, 0, &err))
		return complain(2, "no failure", NULL);
	return strstr(err.text, "CAP_SETUID") ? 0 : complain(3, "error", &err);
}

static int become_nobody(void *data)
{
	struct err err = { "" };

	if (!privs_become((uid_t)-1, GROUP, NULL, 0, &err) || errno != EINVAL)
		return complain(1, "uid -1", NULL);
	if (!privs_become(USER, (gid_t)-1, NULL, 0, &err) || errno != EINVAL)
		return complain(2, "gid -1", NULL);
	return ids_are(0, 0) ? 0 : complain(3, "ids", NULL);
}

/* A drop that the kernel refuses is an error: KEEPCAPS is locked here. */
static int locked(void *data)
{
	struct err err = { "" };
	struct privs privs;

	if (prctl(PR_SET_SECUREBITS, 1 << 5, 0, 0, 0) ||
	    setresgid(0, GROUP, 0) || setresuid(0, 0, 0))
		return 77;
	if (privs_init(&privs, &err))
		return complain(1, "init", &err);
	privs.rgid = GROUP;
	return privs_keep(&privs, net_admin, 1, &err)
		       ? 0
		       : complain(2, "went on", NULL);
}

static bool is_null(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(1, 3);
}

static int missing_fds(void *data)
{
	int marked = memfd_create("marked", MFD_CLOEXEC);
	int keep = *(int *)data;
	struct privs privs;
	int fd, before;

	if (keep >= 0 && dup2(marked, keep) < 0)
		return 77;
	for (fd = 0; fd < 3; fd++) {
		if (fd != keep)
			close(fd);
	}
	before = tap_open_fds();
	if (privs_init(&privs, NULL))
		return 1;
	for (fd = 0; fd < 3; fd++) {
		if (fd != keep && !is_null(fd))
			return 2;
	}
	if (keep >= 0 && is_null(keep))
		return 3;
	return tap_open_fds() == before + (keep < 0 ? 3 : 2) ? 0 : 4;
}

static int no_missing_fds(void *data)
{
	int before = tap_open_fds();
	struct privs privs;

	if (privs_init(&privs, NULL))
		return 1;
	return tap_open_fds() == before ? 0 : 2;
}

/* Second half of the setuid case: a copy of this program runs it. */
static int inside_setuid(void)
{
	struct err err = { "" };
	struct privs privs;

	if (privs_init(&privs, &err))
		return complain(1, "init", &err);
	if (!privs_setuid(&privs) || !privs.secure || privs.ruid != USER ||
	    privs.euid || privs_file_caps(&privs))
		return complain(2, "setuid is not seen", NULL);
	if (privs_keep(&privs, net_admin, 1, &err))
		return complain(3, "keep", &err);
	if (!ids_are(USER, GROUP) || !caps_are(NET_ADMIN, true))
		return complain(4, "not the caller with one capability", NULL);
	if (!may_mark() || may_raw())
		return complain(5, "not what the kernel allows", NULL);
	if (!setresuid((uid_t)-1, 0, (uid_t)-1))
		return complain(6, "root again", NULL);
	if (privs_drop_all(&privs, &err) || !caps_are(0, true))
		return complain(7, "drop all", &err);
	return 0;
}

static int inside_setgid(void)
{
	struct err err = { "" };
	struct privs privs;

	if (privs_init(&privs, &err) || privs_setuid(&privs) ||
	    privs_file_caps(&privs) || !privs.secure || privs.egid != 1)
		return complain(1, "setgid is not seen", &err);
	if (privs_drop_all(&privs, &err))
		return complain(2, "drop all", &err);
	return ids_are(USER, GROUP) ? 0 : complain(3, "ids", NULL);
}

static int inside_filecaps(void)
{
	struct err err = { "" };
	struct privs privs;

	if (privs_init(&privs, &err))
		return complain(1, "init", &err);
	if (!privs_file_caps(&privs) || privs_setuid(&privs) || !privs.secure)
		return complain(2, "file capabilities are not seen", NULL);
	if (!cap_line("CapPrm:"))
		return complain(3, "no file capability", NULL);
	if (privs_keep(&privs, net_admin, 1, &err))
		return complain(4, "keep", &err);
	if (!ids_are(USER, GROUP) || !caps_are(NET_ADMIN, false))
		return complain(5, "not the caller with one capability", NULL);
	return may_mark() && !may_raw() ? 0 : complain(6, "allowed", NULL);
}

/* Run after all was dropped: a setuid bit must not count any more. */
static int inside_nothing(void)
{
	return geteuid() == USER && !cap_line("CapEff:")
		       ? 0
		       : complain(1, "exec brought privilege", NULL);
}

static int inside(const char *name)
{
	if (!strcmp(name, "setuid"))
		return inside_setuid();
	if (!strcmp(name, "setgid"))
		return inside_setgid();
	if (!strcmp(name, "filecaps"))
		return inside_filecaps();
	return inside_nothing();
}

/* A copy of this program, to be given bits; its path in @path. */
static int copy_self(const char *path)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	char block[65536];
	ssize_t got;

	while (from >= 0 && to >= 0 &&
	       (got = read(from, block, sizeof(block))) > 0) {
		if (write(to, block, (size_t)got) != got)
			tap_bail("copy");
	}
	if (from < 0 || to < 0)
		tap_bail("copy");
	close(from);
	return to;
}

struct exec_case {
	const char *path;
	const char *name;
	bool drop_first;
};

static int exec_as_user(void *data)
{
	const struct exec_case *c = data;
	struct err err = { "" };
	struct privs privs;

	if (setgroups(0, NULL) || setresgid(GROUP, GROUP, GROUP) ||
	    setresuid(USER, USER, USER))
		return 77;
	if (c->drop_first &&
	    (privs_init(&privs, &err) || privs_drop_all(&privs, &err)))
		return complain(1, "drop all", &err);
	execl(c->path, c->path, c->name, (char *)NULL);
	return 77;
}

static void result(int status, const char *what)
{
	if (status == 77)
		tap_skip("not allowed here", what);
	else
		is_int(status, 0, "%s", what);
}

static void test_executables(void)
{
	char dir[] = "/tmp/test-privs-XXXXXX";
	char path[64];
	struct statvfs fs;
	int fd;

	if (!mkdtemp(dir) || chmod(dir, 0755) || statvfs(dir, &fs))
		tap_bail("mkdtemp");
	if (fs.f_flag & (ST_NOSUID | ST_NOEXEC)) {
		tap_skip("/tmp is nosuid or noexec", "setuid, file capability");
		rmdir(dir);
		return;
	}
	snprintf(path, sizeof(path), "%s/copy", dir);
	fd = copy_self(path);
	if (fchown(fd, 0, 0) || fchmod(fd, 04755))
		tap_bail("chmod");
	close(fd);
	result(tap_child(exec_as_user,
			 &(struct exec_case){ path, "setuid", 0 }),
	       "setuid root");
	result(tap_child(exec_as_user, &(struct exec_case){ path, "none", 1 }),
	       "setuid root, executed after all was dropped");
	if (chown(path, 0, 1) || chmod(path, 02755))
		tap_skip("no group to give", "setgid");
	else
		result(tap_child(exec_as_user,
				 &(struct exec_case){ path, "setgid", 0 }),
		       "setgid");
	if (chmod(path, 0755))
		tap_bail("chmod");
	capng_clear(CAPNG_SELECT_ALL);
	capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
		      CAP_NET_ADMIN, CAP_NET_RAW, -1);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || capng_apply_caps_fd(fd))
		tap_skip("not on this file system", "file capability");
	else
		result(tap_child(exec_as_user,
				 &(struct exec_case){ path, "filecaps", 0 }),
		       "file capability");
	close(fd);
	unlink(path);
	rmdir(dir);
}

static void test_missing_fds(void)
{
	int keep;

	is_int(tap_child(no_missing_fds, NULL), 0, "no descriptor is missing");
	for (keep = -1; keep < 3; keep++)
		is_int(tap_child(missing_fds, &keep), 0,
		       "of 0, 1 and 2 only %d is open", keep);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		_exit(inside(argv[1]));
	test_missing_fds();
	if (geteuid()) {
		tap_skip("needs root", "everything else");
		return tap_done();
	}
	result(tap_child(keep_one, NULL), "root keeps one, then none");
	result(tap_child(drop_twice, NULL), "root drops all, twice");
	result(tap_child(drop_inherited, NULL), "inherited ones go");
	result(tap_child(ordinary_user, NULL), "an ordinary user");
	result(tap_child(become_user, NULL), "become a user, keep one");
	result(tap_child(become_with_nothing, NULL), "become a user");
	result(tap_child(become_too_late, NULL), "become a user too late");
	result(tap_child(become_nobody, NULL), "become nobody");
	result(tap_child(locked, NULL), "a drop that is refused");
	test_executables();
	return tap_done();
}
