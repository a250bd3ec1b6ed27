// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VDE folders, see vde_folder.h.
 *
 * Clients put their own data sockets into the folder if they may, and go to
 * /tmp and the like if not. So who may talk to the switch mostly may write
 * here too, and the sticky bit keeps them from each other's sockets and ours.
 *
 * A switch that has given up its privileges cannot give a socket to a group
 * that it is not in; but what is made in a folder with the set-group-ID bit
 * has the group of the folder (inode(7)).
 */
#include "vde_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/parse.h"

/** Octets behind the folder's path in the longest name that libvdeplug gives
 *  its sockets: "/.", a pid, "-" and a number of five digits each or more. */
#define CLIENT_NAME_LEN 16
/** Names tried for a data socket, and how many of them are small numbers. */
#define NAMES 20
#define PLAIN_NAMES 16

struct owner {
	uid_t uid;
	gid_t gid;
};

static bool is_set(uid_t id)
{
	return id != (uid_t)-1;
}

static int check_path(const char *path, struct err *err)
{
	size_t room = VDE_PATH_LEN - 1 - CLIENT_NAME_LEN;

	if (path[0] == '@')
		return err_set(err, "'%s' is an abstract name, and no folder",
			       path);
	if (strlen(path) > room)
		return err_set(err,
			       "path of folder '%s' has %zu octets, and leaves "
			       "no room for sockets beyond %zu",
			       path, strlen(path), room);
	return 0;
}

/* Where nothing is said of its mode, the umask says it. */
static int make_folder(struct vde_folder *folder, const struct port_spec *spec,
		       struct err *err)
{
	bool by_umask = spec->dirmode == (mode_t)-1 &&
			spec->perm.mode == (mode_t)-1;

	folder->made = mkdir(folder->path, by_umask ? 0777 : 0700) == 0;
	if (!folder->made && errno != EEXIST)
		return err_errno(err, "cannot make folder '%s'", folder->path);
	return 0;
}

/* What was made is not looked for behind a link that took its place. */
static int take_folder(struct vde_folder *folder, struct err *err)
{
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

	folder->fd = open(folder->path,
			  folder->made ? flags | O_NOFOLLOW : flags);
	if (folder->fd < 0)
		return err_errno(err, "cannot take folder '%s'", folder->path);
	return 0;
}

struct vde_folder *vde_folder_open(const struct port_spec *spec,
				   struct err *err)
{
	struct vde_folder *folder = calloc(1, sizeof(*folder));

	if (!folder) {
		err_errno(err, "folder '%s'", spec->address);
		return NULL;
	}
	folder->fd = -1;
	folder->users = 1;
	folder->perm = spec->perm;
	folder->path = unixsock_absolute(spec->address, err);
	if (folder->path && check_path(folder->path, err) == 0 &&
	    make_folder(folder, spec, err) == 0 &&
	    take_folder(folder, err) == 0)
		return folder;
	vde_folder_put(folder);
	return NULL;
}

/* The mode of a folder that goes with a mode of its sockets: who may connect
 * may also come in and put a socket there. */
static mode_t by_sockets(mode_t mode)
{
	mode_t bits = (mode & 0666) | 0700;

	return bits | (bits & 0060 ? 0010 : 0) | (bits & 0006 ? 0001 : 0);
}

static mode_t wanted_mode(const struct port_spec *spec, const struct stat *now)
{
	mode_t mode = now->st_mode & 0777;

	if (spec->dirmode != (mode_t)-1)
		mode = spec->dirmode;
	else if (spec->perm.mode != (mode_t)-1)
		mode = by_sockets(spec->perm.mode);
	if (mode & 0022)
		mode |= S_ISVTX;
	return is_set(spec->perm.gid) ? mode | S_ISGID : mode;
}

/* A folder that is left as it is must hand its group down. */
static int check_group(const struct vde_folder *folder, gid_t gid,
		       const struct stat *now, struct err *err)
{
	if (!is_set(gid) || (now->st_gid == gid && (now->st_mode & S_ISGID)))
		return 0;
	err_set(err,
		"folder '%s' was there before, and does not hand group %u down "
		"to the sockets in it",
		folder->path, gid);
	return err_hint(err, "dirmode= makes it so, as chgrp and chmod g+s do");
}

/* fchmod(2) refuses an O_PATH descriptor; its link in /proc is one. */
static int set_mode(const struct vde_folder *folder, mode_t mode,
		    struct err *err)
{
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", folder->fd);
	if (chmod(self, mode) < 0)
		return err_errno(err, "cannot set mode %04o of folder '%s'",
				 mode, folder->path);
	return 0;
}

/* Who is to have folder and control socket; nothing said: whoever has them. */
static int find_owner(const struct port_spec *spec, struct owner *owner,
		      struct err *err)
{
	const struct passwd *pw;

	*owner = (struct owner){ (uid_t)-1, spec->perm.gid };
	if (!spec->user)
		return 0;
	if (parse_user(spec->user, &owner->uid, err) < 0)
		return -1;
	pw = getpwuid(owner->uid);
	if (pw && !is_set(owner->gid))
		owner->gid = pw->pw_gid;
	return 0;
}

static int dress_folder(const struct vde_folder *folder,
			const struct port_spec *spec, const struct owner *owner,
			struct err *err)
{
	struct stat now;

	if (fstat(folder->fd, &now) < 0)
		return err_errno(err, "folder '%s'", folder->path);
	if (!folder->made && spec->dirmode == (mode_t)-1)
		return check_group(folder, spec->perm.gid, &now, err);
	if (fchownat(folder->fd, "", owner->uid, owner->gid, AT_EMPTY_PATH) < 0)
		return err_errno(err, "cannot give folder '%s' away",
				 folder->path);
	return set_mode(folder, wanted_mode(spec, &now), err);
}

/* Clients judge by the owner and the group of the control socket what the
 * switch may do with their own sockets (vde_open() of libvdeplug). */
static int give_socket(const struct unixsock_listener *ctl,
		       const struct owner *owner, struct err *err)
{
	int fd = open(ctl->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int failed;

	if (fd < 0)
		return err_errno(err, "look at socket '%s'", ctl->name);
	failed = fstat(fd, &st);
	if (!failed && (st.st_dev != ctl->dev || st.st_ino != ctl->ino)) {
		errno = EADDRINUSE;
		failed = -1;
	}
	if (!failed)
		failed = fchownat(fd, "", owner->uid, owner->gid,
				  AT_EMPTY_PATH);
	if (failed)
		err_errno(err, "cannot give socket '%s' to user %u", ctl->name,
			  owner->uid);
	close(fd);
	return failed;
}

int vde_folder_admit(struct vde_folder *folder,
		     const struct unixsock_listener *ctl,
		     const struct port_spec *spec, struct err *err)
{
	struct owner owner;

	if (find_owner(spec, &owner, err) < 0)
		return -1;
	if (is_set(owner.uid) && give_socket(ctl, &owner, err) < 0)
		return -1;
	return dress_folder(folder, spec, &owner, err);
}

/* Part of the name of a data socket: who may write here can take all the
 * first ones, but not guess the others. */
static uint32_t name_number(unsigned int attempt)
{
	uint32_t secret;

	if (attempt < PLAIN_NAMES ||
	    getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
		return attempt;
	return secret;
}

int vde_folder_bind(const struct vde_folder *folder, unsigned int number,
		    int fd, struct unixsock_listener *data, struct err *err)
{
	char path[VDE_PATH_LEN];
	unsigned int i;

	for (i = 0; i < NAMES; i++) {
		snprintf(path, sizeof(path), "%s/%03u.%x", folder->path, number,
			 name_number(i));
		if (unixsock_bind(data, fd, path, folder->perm, err) == 0)
			return 0;
		if (errno != EADDRINUSE && errno != EACCES && errno != EPERM)
			return -1;
	}
	return -1;
}

struct vde_folder *vde_folder_hold(struct vde_folder *folder)
{
	folder->users++;
	return folder;
}

/* A folder that is not empty, or where nothing may be removed, stays. */
void vde_folder_put(struct vde_folder *folder)
{
	if (--folder->users)
		return;
	if (folder->made && rmdir(folder->path) < 0)
		log_msg(LOG_LEVEL_DEBUG, "vde", "folder '%s' stays: %s",
			folder->path, strerror(errno));
	if (folder->fd >= 0)
		close(folder->fd);
	free(folder->path);
	free(folder);
}
