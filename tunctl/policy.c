// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a caller may do whose privilege comes from the program's file; see
 * policy.h.
 */
#include "tunctl/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/parse.h"

bool policy_restricted(const struct privs *privs)
{
	return privs->secure && privs->ruid != 0;
}

static bool in_group(const struct privs *privs, gid_t gid)
{
	gid_t *groups;
	int count, i;
	bool found = gid == privs->rgid;

	count = getgroups(0, NULL);
	if (found || count <= 0)
		return found;
	groups = calloc((size_t)count, sizeof(*groups));
	if (!groups)
		return false;
	count = getgroups(count, groups);
	for (i = 0; i < count; i++)
		found = found || groups[i] == gid;
	free(groups);
	return found;
}

static int check_ids(const struct privs *privs, const struct options *opts,
		     struct err *err)
{
	errno = EPERM;
	if (opts->has_owner && opts->owner != privs->ruid) {
		err_set(err, "user %u cannot give a device to user %u",
			privs->ruid, opts->owner);
		return err_hint(err, "root can");
	}
	if (opts->has_group && !in_group(privs, opts->group)) {
		err_set(err, "user %u cannot give a device to group %u",
			privs->ruid, opts->group);
		return err_hint(err, "he is not in it; root can");
	}
	return 0;
}

/* The first option that connects a device to the host's network, or NULL. */
static const char *connecting(const struct settings *settings)
{
	if (settings->up)
		return "--up";
	if (settings->address_count)
		return "--address";
	return settings->master ? "--master" : NULL;
}

static int check_settings(const struct privs *privs,
			  const struct settings *settings, struct err *err)
{
	const char *word = connecting(settings);

	errno = EPERM;
	if (word) {
		err_set(err, "user %u cannot use %s", privs->ruid, word);
		return err_hint(err,
				"to connect a device to the host's network "
				"is root's; uml_net does it within the "
				"limits of /etc/uml_net.conf");
	}
	if (settings->txqueuelen > POLICY_TXQUEUELEN) {
		err_set(err, "txqueuelen %u is more than user %u can have",
			settings->txqueuelen, privs->ruid);
		return err_hint(err, "%d; root can have more",
				POLICY_TXQUEUELEN);
	}
	return 0;
}

/*
 * Names that the host's configuration may give a meaning to are root's, and so
 * are those that root's scripts could take for more than a name.
 */
static bool name_free(const char *name)
{
	return (!strncmp(name, "tap", 3) || !strncmp(name, "tun", 3)) &&
	       parse_plain(name);
}

int policy_options(const struct privs *privs, const struct options *opts,
		   struct err *err)
{
	if (!policy_restricted(privs))
		return 0;
	errno = EPERM;
	if (opts->clone && strcmp(opts->clone, TUNTAP_CLONE_DEVICE)) {
		err_set(err, "user %u cannot use the clone device '%.128s'",
			privs->ruid, opts->clone);
		return err_hint(err, "only %s; root can use any",
				TUNTAP_CLONE_DEVICE);
	}
	if (check_ids(privs, opts, err))
		return -1;
	return check_settings(privs, &opts->settings, err);
}

int policy_existing(const struct privs *privs, const struct options *opts,
		    const struct netlink_link *link, struct err *err)
{
	if (!policy_restricted(privs))
		return 0;
	errno = EPERM;
	if (strcmp(link->kind, "tun") || link->tun.owner != privs->ruid) {
		err_set(err, "'%s' does not belong to user %u", link->name,
			privs->ruid);
		return err_hint(err, "its owner or root can use it");
	}
	if (settings_any(&opts->settings)) {
		err_set(err, "user %u cannot change '%s', which exists already",
			privs->ruid, link->name);
		return err_hint(err, "delete it and make it anew");
	}
	return privs_drop_all(privs, err);
}

/* "tunctl: made for uid 1000": the alias of what such a caller makes. */
static void mark_text(char text[LINK_ALIAS_MAX], const struct privs *privs)
{
	snprintf(text, LINK_ALIAS_MAX, "tunctl: made for uid %u", privs->ruid);
}

/* The owner does not tell: he can give his devices to others. */
static int check_count(const struct privs *privs, struct netlink *nl,
		       size_t most, struct err *err)
{
	char mark[LINK_ALIAS_MAX];
	struct netlink_link *links;
	size_t count, i, his = 0;

	if (netlink_link_list(nl, "tun", &links, &count, err))
		return -1;
	mark_text(mark, privs);
	for (i = 0; i < count; i++)
		his += !strcmp(links[i].alias, mark);
	free(links);
	if (his <= most)
		return 0;
	errno = EDQUOT;
	err_set(err, "user %u has %zu devices", privs->ruid, his);
	return err_hint(err, "delete one, or ask root for more");
}

int policy_new(const struct privs *privs, const struct options *opts,
	       struct netlink *nl, struct err *err)
{
	if (!policy_restricted(privs))
		return 0;
	if (opts->name && !name_free(opts->name)) {
		errno = EPERM;
		err_set(err, "user %u cannot make a device named '%s'",
			privs->ruid, opts->name);
		return err_hint(err, "his devices are called tap... or tun..., "
				     "with letters, digits, '.', '_' and '-'");
	}
	return check_count(privs, nl, POLICY_DEVICES - 1, err);
}

int policy_made(const struct privs *privs, struct netlink *nl, const char *name,
		struct err *err)
{
	char mark[LINK_ALIAS_MAX];
	unsigned int index;

	mark_text(mark, privs);
	if (netlink_ifindex(nl, name, &index, err) ||
	    netlink_link_alias(nl, index, mark, err))
		return -1;
	return check_count(privs, nl, POLICY_DEVICES, err);
}
