// SPDX-License-Identifier: GPL-2.0-or-later
/* What the switch gives up once its ports are open, see isolate.h. */
#include "isolate.h"

#include <errno.h>
#include <pwd.h>

#include "common/parse.h"

static int become(const char *user, struct err *err)
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
	return privs_become(pw->pw_uid, pw->pw_gid, NULL, 0, err);
}

int isolate(const struct privs *privs, const char *user, struct err *err)
{
	static const int keep[] = { CAP_DAC_OVERRIDE };

	return user ? become(user, err) : privs_keep(privs, keep, 1, err);
}
