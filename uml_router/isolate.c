// SPDX-License-Identifier: GPL-2.0-or-later
/* What the switch gives up once its ports are open, see isolate.h. */
#include "isolate.h"

#include <errno.h>
#include <pwd.h>

#include "common/parse.h"

static int become(const char *user, gid_t group, const int *keep, size_t count,
		  struct err *err)
{
	const struct passwd *pw;
	uid_t uid;

	if (parse_user(user, &uid, err) < 0)
		return -1;
	pw = getpwuid(uid);
	if (!pw)
		return err_set(err,
			       "user %s has no entry in the password "
			       "database, which would name his group",
			       user);
	if (group == (gid_t)-1)
		group = pw->pw_gid;
	return privs_become(pw->pw_uid, group, keep, count, err);
}

int isolate(const struct privs *privs, const char *user, gid_t group,
	    bool net_admin, struct err *err)
{
	static const int admin[] = { CAP_NET_ADMIN, CAP_DAC_OVERRIDE };
	const int *keep = net_admin ? admin : admin + 1;
	size_t count = net_admin ? 2 : 1;

	/* CAP_DAC_OVERRIDE, the last one, is for the caller only. */
	return user ? become(user, group, keep, count - 1, err)
		    : privs_keep(privs, keep, count, err);
}
