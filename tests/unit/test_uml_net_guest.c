// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_net/guest, ground and mark, and what they need of rtnetlink, in a
 * network namespace whose outer interface is a tap as well.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "common/netlink_addr.h"
#include "common/netlink_proxy.h"
#include "common/netlink_route.h"
#include "common/tuntap.h"
#include "tests/unit/netns.h"
#include "uml_net/ground.h"
#include "uml_net/guest.h"
#include "uml_net/mark.h"

/*
 * The host
 * @nl:		rtnetlink
 * @outer:	tap "outer", 192.168.7.1/24
 * @inner:	tap "inner", 10.0.0.1/32, made for uid 1000
 */
struct world {
	struct netlink *nl;
	struct tuntap outer_tap, inner_tap;
	struct netlink_link outer, inner;
	struct reply reply;
};

static struct in_addr addr(const char *text)
{
	return (struct in_addr){ inet_addr(text) };
}

static void device(struct world *w, const char *name, const char *text,
		   struct tuntap *tt, struct netlink_link *link)
{
	struct tuntap_request req = { .name = name, .queues = 1 };
	struct ip_prefix prefix;

	if (tuntap_open(tt, &req, NULL) || tuntap_owner(tt, 1000, NULL) ||
	    netlink_link_get(w->nl, name, link, NULL) ||
	    parse_prefix(text, &prefix, NULL) ||
	    netlink_addr_add(w->nl, link->index, &prefix, NULL) ||
	    netlink_link_up(w->nl, link->index, true, NULL))
		tap_skip_all("cannot make taps");
}

static void make(struct world *w)
{
	*w = (struct world){ .nl = netlink_open(NULL) };
	if (!w->nl)
		tap_skip_all("no rtnetlink");
	device(w, "outer", "192.168.7.1/24", &w->outer_tap, &w->outer);
	device(w, "inner", "10.0.0.1/32", &w->inner_tap, &w->inner);
}

static size_t proxies(const struct world *w)
{
	struct netlink_proxy *list;
	size_t count;

	if (netlink_proxy_list(w->nl, &list, &count, NULL))
		tap_bail("list proxies");
	free(list);
	return count;
}

static size_t routes(const struct world *w)
{
	struct netlink_route *list;
	size_t count;

	if (netlink_route_list(w->nl, GROUND_PROTOCOL, &list, &count, NULL))
		tap_bail("list routes");
	free(list);
	return count;
}

static void test_mark(struct world *w)
{
	struct netlink_link link;
	unsigned int taps = 9;

	ok(!mark_his(&w->inner, 1000), "not marked");
	is_int(mark_find(w->nl, "inner", 1000, &link, NULL), -1, "nor found");
	is_int(mark_set(w->nl, w->inner.index, 1000, NULL), 0, "marked");
	is_int(mark_find(w->nl, "inner", 1000, &link, NULL), 0, "found");
	ok(mark_his(&link, 1000) && !mark_his(&link, 100) &&
		   !mark_his(&link, 10000),
	   "his and nobody else's");
	is_int(mark_find(w->nl, "inner", 1001, &link, NULL), -1,
	       "another's is not found");
	is_int(mark_find(w->nl, "inner", 0, &link, NULL), 0, "root finds all");
	is_int(mark_find(w->nl, "outer", 0, &link, NULL), -1,
	       "that were made by uml_net");
	link = (struct netlink_link){ .kind = "tun", .tun.owner = 1001 };
	snprintf(link.alias, sizeof(link.alias), "uml_net: made for uid 1000");
	ok(!mark_his(&link, 1000), "the kernel's owner counts too");
	is_int(mark_count(w->nl, 1000, &taps, NULL), 0, "counted");
	is_int(taps, 1, "one");
	mark_count(w->nl, 1001, &taps, NULL);
	is_int(taps, 0, "none");
}

static void test_lookup(struct world *w)
{
	struct netlink_route route;

	is_int(netlink_route_lookup(w->nl, addr("192.168.7.9"), &route, NULL),
	       0, "a subnet");
	ok(route.len == 24 && route.dst.s_addr == inet_addr("192.168.7.0") &&
		   route.index == w->outer.index && !route.gateway,
	   "which one");
	is_int(netlink_route_lookup(w->nl, addr("8.8.8.8"), &route, NULL), -1,
	       "nowhere");
	is_int(errno, ENETUNREACH, "says so");
}

static void ground(struct world *w, const char *text, bool guest, bool gateway)
{
	is_int(ground_guest(w->nl, addr(text), NULL), guest ? 0 : -1,
	       "%s for a guest", text);
	is_int(ground_gateway(w->nl, addr(text), 1000, NULL), gateway ? 0 : -1,
	       "%s for a gateway", text);
}

static void test_ground(struct world *w)
{
	ground(w, "192.168.7.9", true, true);
	ground(w, "8.8.8.8", true, true);
	ground(w, "192.168.7.1", false, false);
	ground(w, "192.168.7.255", false, false);
	ground(w, "10.0.0.1", false, true);
	is_int(ground_gateway(w->nl, addr("10.0.0.1"), 1001, NULL), -1,
	       "not for another user");
	netlink_route_add(w->nl, addr("192.168.7.8"), w->outer.index, 4, NULL);
	ground(w, "192.168.7.8", false, false);
	netlink_route_del(w->nl, addr("192.168.7.8"), w->outer.index, 4, NULL);
	ground(w, "192.168.7.8", true, true);
}

static void test_add(struct world *w)
{
	struct in_addr a = addr("192.168.7.9"), b = addr("10.0.0.9");

	is_int(guest_add(w->nl, &w->inner, a, &w->reply, NULL), 0, "added");
	ok(routes(w) == 1 && proxies(w) == 1, "a route, an entry");
	is_int(guest_has(w->nl, &w->inner, a, NULL), 1, "has it");
	is_int(guest_has(w->nl, &w->outer, a, NULL), 0, "the other has not");
	is_int(guest_add(w->nl, &w->outer, a, &w->reply, NULL), -1,
	       "not twice");
	is_int(errno, EEXIST, "for that reason");
	is_int(guest_add(w->nl, &w->inner, b, &w->reply, NULL), 0,
	       "not in a subnet");
	ok(routes(w) == 2 && proxies(w) == 1, "a route alone");
	is_int(guest_sweep(w->nl, NULL), 0, "swept");
	ok(proxies(w) == 1, "what has a route stays");
	is_int(guest_del(w->nl, &w->inner, b, &w->reply, NULL), 0, "deleted");
	is_int(guest_del(w->nl, &w->inner, a, &w->reply, NULL), 0, "deleted");
	ok(!routes(w) && !proxies(w), "nothing left");
	is_int(guest_del(w->nl, &w->inner, a, &w->reply, NULL), -1, "no more");
}

static void test_sweep(struct world *w)
{
	struct netlink_proxy theirs = { addr("192.168.7.30"), w->outer.index,
					0 };

	netlink_proxy_add(w->nl, &theirs, NULL);
	guest_add(w->nl, &w->inner, addr("192.168.7.9"), &w->reply, NULL);
	ok(proxies(w) == 2, "theirs and ours");
	tuntap_close(&w->inner_tap);
	ok(routes(w) == 0, "the route went with the device");
	ok(proxies(w) == 2, "the entry did not");
	is_int(guest_sweep(w->nl, NULL), 0, "swept");
	ok(proxies(w) == 1, "theirs is left");
	is_int(netlink_proxy_del(w->nl, &theirs, NULL), 0, "and theirs still");
	is_int(netlink_proxy_del(w->nl, &theirs, NULL), -1, "no more");
	is_int(errno, ENOENT, "says so");
}

int main(void)
{
	struct world w;

	netns_enter();
	make(&w);
	test_mark(&w);
	test_lookup(&w);
	test_ground(&w);
	test_add(&w);
	test_sweep(&w);
	tuntap_close(&w.outer_tap);
	netlink_close(w.nl);
	return tap_done();
}
