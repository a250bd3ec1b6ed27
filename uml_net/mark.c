// SPDX-License-Identifier: GPL-2.0-or-later
/* Aliases that say whose a device is; see mark.h. */
#include "uml_net/mark.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK_PREFIX "uml_net: made for uid "

/* Whole: "uml_net: made for uid 1000". */
static void mark_text(char text[LINK_ALIAS_MAX], uid_t uid)
{
	snprintf(text, LINK_ALIAS_MAX, MARK_PREFIX "%u", (unsigned int)uid);
}

int mark_set(struct netlink *nl, unsigned int index, uid_t uid, struct err *err)
{
	char text[LINK_ALIAS_MAX];

	mark_text(text, uid);
	return netlink_link_alias(nl, index, text, err);
}

static bool made_for(const struct netlink_link *link, uid_t uid)
{
	char text[LINK_ALIAS_MAX];

	mark_text(text, uid);
	return !strcmp(link->alias, text);
}

bool mark_his(const struct netlink_link *link, uid_t uid)
{
	return made_for(link, uid) &&
	       (strcmp(link->kind, "tun") != 0 || link->tun.owner == uid);
}

bool mark_any(const struct netlink_link *link)
{
	return !strncmp(link->alias, MARK_PREFIX, strlen(MARK_PREFIX));
}

int mark_find(struct netlink *nl, const char *name, uid_t uid,
	      struct netlink_link *link, struct err *err)
{
	if (netlink_link_get(nl, name, link, err)) {
		if (errno != ENODEV)
			return -1;
	} else if (mark_his(link, uid) || (!uid && mark_any(link))) {
		return 0;
	}
	errno = EPERM;
	err_set(err, "'%s' is no device that uml_net made for user %u", name,
		(unsigned int)uid);
	return err_hint(err, "it changes only what it made for the caller");
}

int mark_count(struct netlink *nl, uid_t uid, unsigned int *taps,
	       struct err *err)
{
	struct netlink_link *links;
	size_t count, i;

	if (netlink_link_list(nl, NULL, &links, &count, err))
		return -1;
	*taps = 0;
	for (i = 0; i < count; i++)
		*taps += made_for(&links[i], uid);
	free(links);
	return 0;
}
