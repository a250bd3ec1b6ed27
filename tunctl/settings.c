// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One table of steps, each with the way back; see settings.h.
 *
 * A step that finds its setting in place does nothing, and then has nothing to
 * take back. The order is that of use: the queue before frames can come, the
 * interface on when all the rest is done. A device that was made a moment ago
 * and is not persistent needs no way back at all, but takes no harm from it.
 */
#include "tunctl/settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/netlink_addr.h"

/** Ethernet header, a VLAN tag and a second one. */
#define FRAME_OVERHEAD 22
#define BITS_PER_BYTE 8
/** Smallest MTU of a link that has IPv6 (RFC 8200, 5). */
#define IPV6_MTU_MIN 1280
/** Longest burst: 2^32 ticks of 64 ns are 274.9 s. */
#define BURST_SECONDS_MAX 274

/*
 * The kernel tells a burst as the time that it takes, in 32 bits of 64 ns
 * (tbf_dump()): from a longer one it could neither be seen that it is in force
 * nor what is to be put back.
 */
static int check_time(const struct netlink_tbf *tbf, struct err *err)
{
	if (tbf->burst / BURST_SECONDS_MAX < tbf->rate / BITS_PER_BYTE)
		return 0;
	errno = EINVAL;
	err_set(err,
		"burst of %u bytes takes more than %d seconds at %" PRIu64
		"bit",
		tbf->burst, BURST_SECONDS_MAX, tbf->rate);
	return err_hint(err, "a higher rate, or a shorter burst");
}

static int set_burst(const struct settings *want, uint32_t frame,
		     struct netlink_tbf *tbf, struct err *err)
{
	if (want->burst < frame) {
		errno = EINVAL;
		err_set(err, "burst of %u bytes is less than a frame of %u",
			want->burst, frame);
		return err_hint(err, "larger frames would all be dropped; ask "
				     "for more, or leave --burst out");
	}
	tbf->limit += want->burst - tbf->burst;
	tbf->burst = want->burst;
	return 0;
}

int settings_tbf(const struct settings *want, uint32_t mtu,
		 struct netlink_tbf *tbf, struct err *err)
{
	uint32_t frame = mtu + FRAME_OVERHEAD;

	netlink_tbf_fit(tbf, want->rate, frame);
	if (want->burst && set_burst(want, frame, tbf, err))
		return -1;
	return check_time(tbf, err);
}

/*
 * One setting
 * @apply:	1 if something was changed, 0 if nothing had to be, -1 with @err
 * @undo:	back to what it was; there is nobody to tell if that fails
 */
struct step {
	int (*apply)(struct change *c, struct err *err);
	void (*undo)(struct change *c);
};

/* Of a change that had to be made: see struct step. */
static int outcome(int failed)
{
	return failed ? -1 : 1;
}

static int apply_txqueuelen(struct change *c, struct err *err)
{
	uint32_t want = c->want->txqueuelen;

	if (!want || want == c->before.txqueuelen)
		return 0;
	return outcome(
		netlink_link_txqueuelen(c->nl, c->before.index, want, err));
}

static void undo_txqueuelen(struct change *c)
{
	netlink_link_txqueuelen(c->nl, c->before.index, c->before.txqueuelen,
				NULL);
}

static int apply_mtu(struct change *c, struct err *err)
{
	uint32_t want = c->want->mtu;

	if (!want || want == c->before.mtu)
		return 0;
	return outcome(netlink_link_mtu(c->nl, c->before.index, want, err));
}

static void undo_mtu(struct change *c)
{
	netlink_link_mtu(c->nl, c->before.index, c->before.mtu, NULL);
}

static int apply_mac(struct change *c, struct err *err)
{
	if (!c->want->has_mac || !memcmp(c->want->mac, c->before.mac, MAC_LEN))
		return 0;
	if (!netlink_link_mac(c->nl, c->before.index, c->want->mac, err))
		return 1;
	if (errno == EADDRNOTAVAIL)
		err_hint(err, "a group address or zero cannot be a device's "
			      "own");
	else if (!c->before.tun.tap)
		err_hint(err, "a tun has none");
	return -1;
}

static void undo_mac(struct change *c)
{
	netlink_link_mac(c->nl, c->before.index, c->before.mac, NULL);
}

/* The burst comes back from the kernel as a time, and so rounded. */
static bool same_tbf(const struct netlink_qdisc *now,
		     const struct netlink_tbf *want)
{
	uint32_t slack = want->burst / 100 + 8;

	return !strcmp(now->kind, "tbf") &&
	       now->tbf.rate / BITS_PER_BYTE == want->rate / BITS_PER_BYTE &&
	       now->tbf.burst + slack >= want->burst &&
	       now->tbf.burst <= want->burst + slack;
}

static int apply_rate(struct change *c, struct err *err)
{
	const struct netlink_qdisc *now = &c->qdisc_before;
	uint32_t mtu = c->want->mtu ? c->want->mtu : c->before.mtu;

	if (!c->want->rate)
		return 0;
	if (settings_tbf(c->want, mtu, &c->tbf, err) ||
	    netlink_qdisc_root(c->nl, c->before.index, &c->qdisc_before, err))
		return -1;
	if (same_tbf(now, &c->tbf))
		return 0;
	if (!now->by_kernel && strcmp(now->kind, "tbf")) {
		errno = EEXIST;
		err_set(err,
			"'%s' has the queueing discipline '%s', which "
			"--rate would destroy",
			c->before.name, now->kind);
		return err_hint(err,
				"take it away with 'tc qdisc del dev %s "
				"root'",
				c->before.name);
	}
	return outcome(
		netlink_qdisc_set_tbf(c->nl, c->before.index, &c->tbf, err));
}

static void undo_rate(struct change *c)
{
	const struct netlink_qdisc *old = &c->qdisc_before;

	if (old->by_kernel)
		netlink_qdisc_reset(c->nl, c->before.index, NULL);
	else
		netlink_qdisc_set_tbf(c->nl, c->before.index, &old->tbf, NULL);
}

static int apply_master(struct change *c, struct err *err)
{
	if (!c->want->master)
		return 0;
	if (netlink_ifindex(c->nl, c->want->master, &c->master, err)) {
		if (errno == ENODEV)
			err_hint(err,
				 "make the bridge first: 'ip link add %s "
				 "type bridge'",
				 c->want->master);
		return -1;
	}
	if (c->master == c->before.master)
		return 0;
	if (!netlink_link_master(c->nl, c->before.index, c->master, err))
		return 1;
	if (errno == EOPNOTSUPP)
		err_hint(err, "'%s' is no bridge", c->want->master);
	else if (!c->before.tun.tap)
		err_hint(err, "a tun cannot be in a bridge");
	return -1;
}

static void undo_master(struct change *c)
{
	netlink_link_master(c->nl, c->before.index, c->before.master, NULL);
}

static void undo_addresses(struct change *c)
{
	size_t i;

	for (i = c->want->address_count; c->added && i-- > 0;) {
		if (c->added[i])
			netlink_addr_del(c->nl, c->before.index,
					 &c->want->addresses[i], NULL);
		c->added[i] = false;
	}
}

/*
 * For an IPv6 address the kernel does not look at the length, and has it but
 * once (ipv6_add_addr()): what is there need not be what is wanted.
 */
static int check_length(struct change *c, const struct ip_prefix *want,
			struct err *err)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct netlink_addr *addrs;
	unsigned int len = want->len;
	size_t count, i;

	if (netlink_addr_list(c->nl, want->family, &addrs, &count, err))
		return -1;
	for (i = 0; i < count; i++) {
		if (addrs[i].index == c->before.index &&
		    !memcmp(addrs[i].prefix.addr, want->addr,
			    sizeof(want->addr)))
			len = addrs[i].prefix.len;
	}
	free(addrs);
	if (len == want->len)
		return 0;
	errno = EEXIST;
	inet_ntop(want->family, want->addr, text, sizeof(text));
	err_set(err, "'%s' has address %s/%u, and cannot have it with /%u too",
		c->before.name, text, len, want->len);
	return err_hint(err, "take it away with 'ip addr del %s/%u dev %s'",
			text, len, c->before.name);
}

/* 1 if it was added, 0 if it was there and may be, -1. */
static int add_address(struct change *c, size_t i, struct err *err)
{
	const struct ip_prefix *want = &c->want->addresses[i];

	if (!netlink_addr_add(c->nl, c->before.index, want, err))
		return 1;
	if (errno == EEXIST && c->ensure)
		return want->family == AF_INET6 ? check_length(c, want, err)
						: 0;
	if (errno == EEXIST)
		err_hint(err, "with --ensure that is no error");
	return -1;
}

static int apply_addresses(struct change *c, struct err *err)
{
	int rc, any = 0;
	size_t i;

	if (!c->want->address_count)
		return 0;
	c->added = calloc(c->want->address_count, sizeof(*c->added));
	if (!c->added)
		return err_errno(err, "add addresses");
	for (i = 0; i < c->want->address_count; i++) {
		rc = add_address(c, i, err);
		if (rc < 0) {
			undo_addresses(c);
			return -1;
		}
		c->added[i] = rc;
		any |= rc;
	}
	return any;
}

static int apply_up(struct change *c, struct err *err)
{
	if (!c->want->up || (c->before.flags & IFF_UP))
		return 0;
	return outcome(netlink_link_up(c->nl, c->before.index, true, err));
}

static void undo_up(struct change *c)
{
	netlink_link_up(c->nl, c->before.index, false, NULL);
}

/*
 * Below an MTU of 1280, and when it is switched off, an interface loses its
 * IPv6 addresses (addrconf_ifdown()): way back included.
 */
static bool may_lose_addresses(const struct change *c)
{
	return (c->want->mtu && c->want->mtu < IPV6_MTU_MIN) ||
	       (c->want->up && !(c->before.flags & IFF_UP));
}

static int keep_addresses(struct change *c, struct err *err)
{
	if (!may_lose_addresses(c))
		return 0;
	return netlink_addr_list(c->nl, AF_INET6, &c->kept, &c->kept_count,
				 err);
}

/*
 * Those that are there are no failure. The kernel tells the newest first, and
 * chooses among them in that order.
 */
static void restore_addresses(struct change *c)
{
	size_t i;

	for (i = c->kept_count; i-- > 0;) {
		const struct netlink_addr *addr = &c->kept[i];

		if (addr->index == c->before.index && addr->permanent &&
		    addr->prefix.family == AF_INET6)
			netlink_addr_add(c->nl, addr->index, &addr->prefix,
					 NULL);
	}
	c->kept_count = 0;
}

static const struct step steps[SETTINGS_STEPS] = {
	{ apply_txqueuelen, undo_txqueuelen },
	{ apply_mtu, undo_mtu },
	{ apply_mac, undo_mac },
	{ apply_rate, undo_rate },
	{ apply_master, undo_master },
	{ apply_addresses, undo_addresses },
	{ apply_up, undo_up },
};

int settings_apply(struct change *change, struct netlink *nl, const char *name,
		   const struct settings *want, bool ensure, struct err *err)
{
	int i, rc;

	change->nl = nl;
	change->want = want;
	change->ensure = ensure;
	if (netlink_link_get(nl, name, &change->before, err) ||
	    keep_addresses(change, err))
		return -1;
	for (i = 0; i < SETTINGS_STEPS; i++) {
		rc = steps[i].apply(change, err);
		if (rc < 0) {
			settings_undo(change);
			return -1;
		}
		change->done[i] = rc;
	}
	return 0;
}

void settings_undo(struct change *change)
{
	int saved = errno;
	int i;

	for (i = SETTINGS_STEPS - 1; i >= 0; i--) {
		if (change->done[i])
			steps[i].undo(change);
		change->done[i] = false;
	}
	restore_addresses(change);
	errno = saved;
}

void settings_fini(struct change *change)
{
	free(change->added);
	change->added = NULL;
	free(change->kept);
	change->kept = NULL;
}
