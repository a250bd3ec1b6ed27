/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Privilege: where it came from, and how it is given up (capabilities(7),
 * credentials(7)), through libcap-ng.
 *
 * privs_init() is the first call of every main(). Then a program gives up
 * everything but the capabilities that it names, and in the end those too.
 * Nothing given up comes back: bounding set and no_new_privs see to it for
 * what is executed later. Every step reads back what is in force, by other
 * means than those that set it; one that did not work in full is a failure,
 * after which a program must do nothing but end.
 */
#ifndef COMMON_PRIVS_H
#define COMMON_PRIVS_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/err.h"

/**
 * struct privs - Who called, and what the file that was executed added
 * @ruid:	the caller
 * @euid:	as whom the program was started; another one if it is setuid
 * @rgid:	the caller's group
 * @egid:	the group the program was started with
 * @secure:	the file gave more than the caller has: setuid, setgid or file
 *		capabilities (AT_SECURE of getauxval(3)). Environment and
 *		working directory are then the caller's and not to be trusted
 */
struct privs {
	uid_t ruid;
	uid_t euid;
	gid_t rgid;
	gid_t egid;
	bool secure;
};

/**
 * privs_init() - Record who called; make descriptors 0, 1 and 2 exist
 * @privs:	filled
 * @err:	filled on failure
 *
 * A missing one of the three becomes /dev/null, so that no file opened later
 * gets its number and is then written to as if it were stderr.
 *
 * Return: 0, or -1 with @err set
 */
int privs_init(struct privs *privs, struct err *err);

/** privs_setuid() - The program is setuid for another user than the caller */
bool privs_setuid(const struct privs *privs);

/** privs_file_caps() - More than the caller has, without setuid or setgid */
bool privs_file_caps(const struct privs *privs);

/** privs_have() - Whether a capability (CAP_*) is in force now */
bool privs_have(int cap);

/**
 * privs_keep() - Give up everything but some capabilities
 * @privs:	from privs_init()
 * @caps:	CAP_* to keep, of those that the process has
 * @count:	how many
 * @err:	filled on failure
 *
 * A setuid or setgid program goes on as its caller for good. Of the listed
 * capabilities those that are permitted become effective; one that is not
 * permitted is no failure (the call that needs it will tell). Inheritable and
 * ambient sets become empty, the bounding set too where CAP_SETPCAP allows
 * it, and no_new_privs is set.
 *
 * Return: 0, or -1 with @err set
 */
int privs_keep(const struct privs *privs, const int *caps, size_t count,
	       struct err *err);

/**
 * privs_drop_all() - Give up every capability; privs_keep() of none
 *
 * Return: 0, or -1 with @err set
 */
int privs_drop_all(const struct privs *privs, struct err *err);

/**
 * privs_become() - Become another user, for a daemon's --user
 * @uid:	real, effective and saved uid from then on
 * @gid:	likewise; supplementary groups are given up
 * @caps:	CAP_* to keep, as for privs_keep()
 * @count:	how many
 * @err:	filled on failure
 *
 * Needs CAP_SETUID and CAP_SETGID, which an earlier privs_keep() must have
 * left, unless the process is that user already. Besides the ids it does
 * what privs_keep() does.
 *
 * Return: 0, or -1 with @err set
 */
int privs_become(uid_t uid, gid_t gid, const int *caps, size_t count,
		 struct err *err);

#endif /* COMMON_PRIVS_H */
