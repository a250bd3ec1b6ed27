// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_net/slip with an injected line. Few kernels have SLIP, and then only in
 * the first user namespace: so the interface of the line is a tun here, and
 * what is tested is all but the three calls of slip_line, which
 * tests/uml_net.bats and tests/uml_net_guests.bats see refused.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "common/netlink_addr.h"
#include "common/tuntap.h"
#include "tests/unit/netns.h"
#include "uml_net/mark.h"
#include "uml_net/slip.h"

/* The line of all tests: its calls take no more than a descriptor. */
static struct {
	struct tuntap tt;
	int attach_errno;
	int detached;
} line_state;

static bool attached(int fd)
{
	return line_state.tt.queues;
}

static int attach(int fd)
{
	struct tuntap_request req = { .name = "sl0",
				      .kind = TUNTAP_TUN,
				      .queues = 1 };

	errno = line_state.attach_errno;
	if (errno)
		return -1;
	if (tuntap_open(&line_state.tt, &req, NULL))
		return -1;
	return tuntap_owner(&line_state.tt, 1000, NULL);
}

static void detach(int fd)
{
	line_state.detached++;
	tuntap_close(&line_state.tt);
}

static int name_of(int fd, char name[IFNAMSIZ])
{
	if (!line_state.tt.queues) {
		errno = ENOTTY;
		return -1;
	}
	memcpy(name, line_state.tt.name, IFNAMSIZ);
	return 0;
}

static const struct slip_line line = {
	.attached = attached,
	.attach = attach,
	.detach = detach,
	.name = name_of,
};

static void begin(struct session *s, uid_t uid, const char *gateway)
{
	static const char rules[] = "allow user 1000 address 10.0.0.0/8 taps 1"
				    "\nallow user 1001\n";

	*s = (struct session){
		.privs.ruid = uid,
		.nl = netlink_open(NULL),
		.policy = policy_parse("rules", rules, sizeof(rules) - 1, NULL),
		.req = { .version = 4,
			 .verb = REQUEST_SLIP_UP,
			 .has_gateway = gateway,
			 .reply_fd = -1 },
	};
	if (!s->nl || !s->policy)
		tap_bail("session");
	if (gateway)
		s->req.gateway.s_addr = inet_addr(gateway);
}

/* What became of one call. */
static void up(uid_t uid, const char *gateway, int want, const char *why)
{
	struct err err = { "" };
	struct session s;

	begin(&s, uid, gateway);
	if (!is_int(slip_up(&s, &line, &err), want, "user %u, %s", uid,
		    gateway))
		printf("# %s\n", err.text);
	if (!ok(strstr(want ? err.text : s.reply.text, why), "told: %s", why))
		printf("# %s\n# %s\n", err.text, s.reply.text);
	session_end(&s);
}

static void down(uid_t uid, int want)
{
	struct err err = { "" };
	struct session s;

	begin(&s, uid, NULL);
	is_int(slip_down(&s, &line, &err), want, "down, by user %u", uid);
	session_end(&s);
}

static bool look(struct netlink_link *link)
{
	struct netlink *nl = netlink_open(NULL);
	bool there = nl && !netlink_link_get(nl, "sl0", link, NULL);

	netlink_close(nl);
	return there;
}

/* The guard may be about to close what it got of our descriptors. */
static bool gone(void)
{
	struct netlink_link link;
	int tries = 500;

	while (look(&link) && --tries)
		usleep(10000);
	return tries;
}

static void test_refused(void)
{
	line_state.attach_errno = EINVAL;
	up(1000, "10.0.0.1", -1, "no SLIP");
	line_state.attach_errno = 0;
	up(1002, "10.0.0.1", -1, "rules");
	up(1000, "11.0.0.1", -1, "rules");
	ok(!line_state.tt.queues && !line_state.detached,
	   "the line was not touched");
	down(1000, -1);
}

static void test_up(void)
{
	struct netlink_link link;

	up(1000, "10.0.0.1", 0, "sl0 has address 10.0.0.1/32");
	ok(look(&link), "there");
	ok(mark_his(&link, 1000) && link.flags & IFF_UP && link.mtu == 1500,
	   "his, up");
	up(1001, "10.0.0.2", -1, "is an interface already");
	ok(look(&link) && !line_state.detached && mark_his(&link, 1000),
	   "whoever can open the line does not get it, nor end it");
	tuntap_close(&line_state.tt);
	ok(gone(), "gone with its line");
}

/* Of root's slattach(8), say: without a mark. */
static void test_foreign(void)
{
	struct netlink_link link;

	is_int(attach(-1), 0, "an interface of somebody else");
	up(1000, "10.0.0.1", -1, "is an interface already");
	ok(look(&link) && !link.alias[0] && !line_state.detached,
	   "stays as it was");
	tuntap_close(&line_state.tt);
	ok(gone(), "gone with its line");
}

/* The address of the guest is looked at last. */
static void test_undone(void)
{
	struct session s;

	begin(&s, 1000, "10.0.0.1");
	s.req.has_guest = true;
	s.req.guest.s_addr = inet_addr("11.0.0.1");
	is_int(slip_up(&s, &line, NULL), -1, "an address that he cannot have");
	session_end(&s);
	is_int(line_state.detached, 1, "the line is a terminal again");
	line_state.detached = 0;
	ok(gone(), "its interface gone");
}

static void test_down(void)
{
	struct netlink_link link;

	up(1000, NULL, 0, "sl0 is up");
	down(1001, -1);
	ok(look(&link) && link.flags & IFF_UP, "another's stays up");
	down(1000, 0);
	ok(look(&link) && !(link.flags & IFF_UP), "his is down");
	up(1000, "10.0.0.1", -1, "rules");
	is_int(line_state.detached, 0, "quota: asked before the line is");
	tuntap_close(&line_state.tt);
}

/* The guard goes with the device; no signal of it reaches us. */
int main(void)
{
	netns_enter();
	test_refused();
	test_up();
	test_foreign();
	test_undone();
	test_down();
	return tap_done();
}
