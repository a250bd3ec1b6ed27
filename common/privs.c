// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Giving up privilege; see privs.h.
 *
 * The order within each step is fixed by what the next one needs:
 *
 *  1. bounding set, as long as CAP_SETPCAP is there;
 *  2. group ids, then user ids, with the permitted capabilities kept across;
 *  3. capability sets;
 *  4. no_new_privs;
 *  5. reading everything back with system calls, not with the library whose
 *     work is examined.
 *
 * libcap-ng keeps its picture of the sets in a variable of the thread. It is
 * filled anew at the beginning of each step, so nothing depends on what it
 * was before.
 */
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/privs.h"

/** Capabilities that the sets of capget(2), version 3, have room for. */
#define CAP_ROOM 64

/* The sets of this process as the kernel tells them. */
struct cap_sets {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
	uint64_t ambient;
	uint64_t bounding;
};

static int open_missing_fds(struct err *err)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return err_errno(err, "open /dev/null");
	return 0;
}

int privs_init(struct privs *privs, struct err *err)
{
	uid_t suid;
	gid_t sgid;

	if (getresuid(&privs->ruid, &privs->euid, &suid) < 0 ||
	    getresgid(&privs->rgid, &privs->egid, &sgid) < 0)
		return err_errno(err, "read user and group ids");
	privs->secure = getauxval(AT_SECURE);
	return open_missing_fds(err);
}

bool privs_setuid(const struct privs *privs)
{
	return privs->euid != privs->ruid;
}

bool privs_file_caps(const struct privs *privs)
{
	return privs->secure && !privs_setuid(privs) &&
	       privs->egid == privs->rgid;
}

static int read_caps(struct cap_sets *sets, struct err *err)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	int cap;

	if (syscall(SYS_capget, &header, data) < 0)
		return err_errno(err, "read capabilities");
	sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable
							  << 32;
	sets->ambient = 0;
	sets->bounding = 0;
	/* -1 beyond the last capability of this kernel */
	for (cap = 0; cap < CAP_ROOM; cap++) {
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) > 0)
			sets->ambient |= UINT64_C(1) << cap;
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) > 0)
			sets->bounding |= UINT64_C(1) << cap;
	}
	return 0;
}

static bool in_set(uint64_t set, int cap)
{
	return cap >= 0 && cap < CAP_ROOM && (set >> cap & 1);
}

bool privs_have(int cap)
{
	struct cap_sets sets;

	return !read_caps(&sets, NULL) && in_set(sets.effective, cap);
}

/* Of the wanted capabilities those that are permitted, as a set. */
static uint64_t allowed(const int *caps, size_t count, uint64_t permitted)
{
	uint64_t set = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		if (in_set(permitted, caps[i]))
			set |= UINT64_C(1) << caps[i];
	}
	return set;
}

/* Empty the bounding set, if we may; children then gain nothing by exec. */
static int drop_bounding(const struct cap_sets *before, struct err *err)
{
	if (!in_set(before->effective, CAP_SETPCAP))
		return 0;
	if (capng_get_caps_process())
		return err_errno(err, "read capabilities");
	capng_clear(CAPNG_SELECT_BOUNDS);
	if (capng_apply(CAPNG_SELECT_BOUNDS))
		return err_errno(err, "empty the capability bounding set");
	return 0;
}

/* libcap-ng's picture: exactly @keep permitted and effective. */
static int prepare_caps(uint64_t keep, struct err *err)
{
	int cap;

	if (capng_get_caps_process())
		return err_errno(err, "read capabilities");
	capng_clear(CAPNG_SELECT_CAPS);
	capng_clear(CAPNG_SELECT_AMBIENT);
	for (cap = 0; cap < CAP_ROOM; cap++) {
		if (in_set(keep, cap) &&
		    capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
				 (unsigned int)cap))
			return err_set(err,
				       "libcap-ng does not know "
				       "capability %d",
				       cap);
	}
	return 0;
}

static int apply_caps(uint64_t keep, struct err *err)
{
	if (prepare_caps(keep, err))
		return -1;
	if (capng_apply(CAPNG_SELECT_CAPS) || capng_apply(CAPNG_SELECT_AMBIENT))
		return err_errno(err, "give up capabilities");
	return 0;
}

static int verify_ids(uid_t uid, gid_t gid, struct err *err)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) < 0 || getresgid(&rg, &eg, &sg) < 0)
		return err_errno(err, "read user and group ids");
	if (r != uid || e != uid || s != uid)
		return err_set(err, "user ids are %u, %u, %u and not %u", r, e,
			       s, uid);
	if (rg != gid || eg != gid || sg != gid)
		return err_set(err, "group ids are %u, %u, %u and not %u", rg,
			       eg, sg, gid);
	return 0;
}

/* From setuid and setgid to the caller's own ids; no way back. */
static int become_caller(const struct privs *privs, struct err *err)
{
	if (!verify_ids(privs->ruid, privs->rgid, NULL))
		return 0;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_errno(err, "keep capabilities across setresuid");
	if (setresgid(privs->rgid, privs->rgid, privs->rgid) < 0)
		return err_errno(err, "return to group %u",
				 (unsigned int)privs->rgid);
	if (setresuid(privs->ruid, privs->ruid, privs->ruid) < 0)
		return err_errno(err, "return to user %u",
				 (unsigned int)privs->ruid);
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return err_errno(err, "end keeping capabilities");
	return 0;
}

/* What is in force must be what was meant; @before told what was possible. */
static int verify_caps(uint64_t keep, const struct cap_sets *before,
		       struct err *err)
{
	struct cap_sets now;

	if (read_caps(&now, err))
		return -1;
	if (now.effective != keep || now.permitted != keep)
		return err_set(err,
			       "capabilities are 0x%jx effective, 0x%jx "
			       "permitted and not 0x%jx",
			       (uintmax_t)now.effective,
			       (uintmax_t)now.permitted, (uintmax_t)keep);
	if (now.inheritable || now.ambient)
		return err_set(err, "capabilities are still inherited");
	if (now.bounding && in_set(before->effective, CAP_SETPCAP))
		return err_set(err,
			       "the capability bounding set is 0x%jx and "
			       "not empty",
			       (uintmax_t)now.bounding);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return err_set(err, "no_new_privs is not set");
	return 0;
}

static int set_no_new_privs(struct err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_errno(err, "set no_new_privs");
	return 0;
}

int privs_keep(const struct privs *privs, const int *caps, size_t count,
	       struct err *err)
{
	struct cap_sets before;
	uint64_t keep;

	if (read_caps(&before, err))
		return -1;
	keep = allowed(caps, count, before.permitted);
	if (drop_bounding(&before, err) || become_caller(privs, err) ||
	    apply_caps(keep, err) || set_no_new_privs(err))
		return -1;
	if (verify_ids(privs->ruid, privs->rgid, err))
		return -1;
	return verify_caps(keep, &before, err);
}

int privs_drop_all(const struct privs *privs, struct err *err)
{
	return privs_keep(privs, NULL, 0, err);
}

/* Ids, supplementary groups and capabilities in libcap-ng's one call. */
static int change_id(uid_t uid, gid_t gid, uint64_t keep, struct err *err)
{
	int rc;

	if (prepare_caps(keep, err))
		return -1;
	rc = capng_change_id((int)uid, (int)gid, CAPNG_DROP_SUPP_GRP);
	if (!rc)
		return 0;
	err_errno(err, "become user %u and group %u", (unsigned int)uid,
		  (unsigned int)gid);
	return err_hint(err,
			"step %d of capng_change_id(3); it needs "
			"CAP_SETUID and CAP_SETGID",
			-rc);
}

static int verify_no_groups(struct err *err)
{
	int count = getgroups(0, NULL);

	if (count < 0)
		return err_errno(err, "read supplementary groups");
	if (count)
		return err_set(err, "%d supplementary groups are left", count);
	return 0;
}

int privs_become(uid_t uid, gid_t gid, const int *caps, size_t count,
		 struct err *err)
{
	struct cap_sets before;
	uint64_t keep;

	if (uid == (uid_t)-1 || gid == (gid_t)-1) {
		errno = EINVAL;
		return err_set(err, "no user or group to become");
	}
	if (read_caps(&before, err))
		return -1;
	keep = allowed(caps, count, before.permitted);
	if (!in_set(before.permitted, CAP_SETGID) &&
	    !verify_ids(uid, gid, NULL))
		return privs_keep(&(struct privs){ .ruid = uid, .rgid = gid },
				  caps, count, err);
	if (drop_bounding(&before, err) || change_id(uid, gid, keep, err) ||
	    apply_caps(keep, err) || set_no_new_privs(err))
		return -1;
	if (verify_ids(uid, gid, err) || verify_no_groups(err))
		return -1;
	return verify_caps(keep, &before, err);
}
