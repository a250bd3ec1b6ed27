// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * common/netlink* against the running kernel, in a network namespace of its
 * own. What is set through rtnetlink is read back by other means (ioctls of
 * netdevice(7), getifaddrs(3)).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common/netlink_addr.h"
#include "common/netlink_link.h"
#include "common/netlink_qdisc.h"
#include "tests/unit/netns.h"
#include "tests/unit/tap.h"

/* One SIOCGIF* request about an interface. */
static struct ifreq ask(const char *name, unsigned long request)
{
	struct ifreq ifr = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, request, &ifr))
		tap_bail("ioctl");
	close(fd);
	return ifr;
}

/* A link of a kind that needs no properties; a veth names its peer itself. */
static unsigned int make_link(struct netlink *nl, const char *name,
			      const char *kind)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	unsigned int index;

	nlh = netlink_message(nl, RTM_NEWLINK,
			      NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &info,
			      sizeof(info));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	nest = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	mnl_attr_nest_end(nlh, nest);
	if (netlink_talk(nl, nlh, NULL, NULL) ||
	    netlink_ifindex(nl, name, &index, NULL))
		return 0;
	return index;
}

static void test_lookup(struct netlink *nl)
{
	struct netlink_link link;
	struct err err = { "" };
	unsigned int index = 4711;

	is_int(netlink_ifindex(nl, "lo", &index, &err), 0, "index of lo");
	is_int(index, if_nametoindex("lo"), "it is right");
	errno = 0;
	is_int(netlink_ifindex(nl, "none0", &index, &err), -1, "no such one");
	is_int(errno, ENODEV, "ENODEV");
	is_str(err.text, "there is no interface 'none0'", "it says so");
	is_int(netlink_ifindex(nl, "", &index, &err), -1, "empty name");
	is_int(netlink_ifindex(nl, "a-name-too-long-", &index, &err), -1,
	       "long name");
	is_int(index, if_nametoindex("lo"), "the output stays");
	is_int(netlink_link_get(nl, "lo", &link, &err), 0, "all of lo");
	ok(!strcmp(link.name, "lo") && link.index == index &&
		   (link.flags & IFF_LOOPBACK) && link.mtu == 65536 &&
		   !link.master && !link.kind[0] && !link.tun.known &&
		   link.tun.owner == (uid_t)-1,
	   "what lo is");
}

static void test_properties(struct netlink *nl, unsigned int index)
{
	static const uint8_t mac[MAC_LEN] = { 2, 0, 0, 0xab, 0xcd, 1 };
	static const uint8_t multicast[MAC_LEN] = { 1, 0, 0x5e, 0, 0, 1 };
	struct netlink_link link;
	struct err err = { "" };
	struct ifreq ifr;

	is_int(netlink_link_mtu(nl, index, 1400, &err), 0, "MTU");
	is_int(ask("d0", SIOCGIFMTU).ifr_mtu, 1400, "MTU in force");
	is_int(netlink_link_txqueuelen(nl, index, 7, &err), 0, "txqueuelen");
	is_int(ask("d0", SIOCGIFTXQLEN).ifr_qlen, 7, "txqueuelen in force");
	is_int(netlink_link_mac(nl, index, mac, &err), 0, "MAC");
	ifr = ask("d0", SIOCGIFHWADDR);
	ok(!memcmp(ifr.ifr_hwaddr.sa_data, mac, MAC_LEN), "MAC in force");
	is_int(netlink_link_up(nl, index, true, &err), 0, "up");
	ok(ask("d0", SIOCGIFFLAGS).ifr_flags & IFF_UP, "it is up");
	is_int(netlink_link_get(nl, "d0", &link, &err), 0, "read all");
	ok(link.mtu == 1400 && link.txqueuelen == 7 &&
		   !memcmp(link.mac, mac, MAC_LEN) && (link.flags & IFF_UP) &&
		   !strcmp(link.kind, "veth"),
	   "all of it");
	is_int(netlink_link_up(nl, index, false, &err), 0, "down");
	ok(!(ask("d0", SIOCGIFFLAGS).ifr_flags & IFF_UP), "it is down");
	errno = 0;
	is_int(netlink_link_mac(nl, index, multicast, &err), -1,
	       "multicast MAC");
	ok(errno == EADDRNOTAVAIL && strstr(err.text, "'d0'") &&
		   strstr(err.text, "01:00:5e:00:00:01"),
	   "error has name and address");
}

static void test_refusals(struct netlink *nl, unsigned int index)
{
	struct err err = { "" };

	errno = 0;
	is_int(netlink_link_mtu(nl, index, 1, &err), -1, "MTU of lo of 1");
	is_int(netlink_link_up(nl, 9999, true, &err), -1, "no such index");
	ok(errno == ENODEV && strstr(err.text, "number 9999"),
	   "error has the number");
	is_int(netlink_link_master(nl, index, 9999, &err), -1, "no bridge");
	ok(strstr(err.text, "'d0'") && strstr(err.text, "number 9999"),
	   "error has both");
}

/* The kernel's own words, which libmnl would have dropped. */
static void test_extack(struct netlink *nl, unsigned int index)
{
	struct err err = { "" };

	is_int(netlink_link_mtu(nl, index, 10, &err), -1, "MTU of 10");
	is_int(errno, EINVAL, "errno is the kernel's");
	if (!ok(strstr(err.text, "(kernel: mtu less than device minimum)") !=
			NULL,
		"the kernel's explanation"))
		printf("# %s\n", err.text);
	netlink_link_up(nl, 9999, true, &err);
	ok(!strstr(err.text, "minimum"), "it does not stick");
}

static void test_master(struct netlink *nl, unsigned int index)
{
	unsigned int bridge = make_link(nl, "br0", "bridge");
	struct netlink_link link;
	struct err err = { "" };

	if (!bridge) {
		tap_skip("no bridge driver", "master");
		return;
	}
	is_int(netlink_link_master(nl, index, bridge, &err), 0, "into bridge");
	ok(!netlink_link_get(nl, "d0", &link, &err) && link.master == bridge,
	   "it is in");
	is_int(netlink_link_master(nl, bridge, bridge, &err), -1,
	       "a bridge into itself");
	is_int(netlink_link_master(nl, index, 0, &err), 0, "out of it");
	ok(!netlink_link_get(nl, "d0", &link, &err) && !link.master,
	   "it is out");
}

/* Whether an interface has an address with this netmask; and broadcast. */
static bool has_address(const char *name, const char *want, char *broadcast)
{
	char text[INET6_ADDRSTRLEN];
	struct ifaddrs *list, *item;
	const void *addr;
	bool found = false;
	int family;

	if (getifaddrs(&list))
		tap_bail("getifaddrs");
	for (item = list; item; item = item->ifa_next) {
		family = item->ifa_addr ? item->ifa_addr->sa_family : AF_UNSPEC;
		if (strcmp(item->ifa_name, name) ||
		    (family != AF_INET && family != AF_INET6))
			continue;
		addr = family == AF_INET
			       ? (void *)&((struct sockaddr_in *)item->ifa_addr)
					 ->sin_addr
			       : (void *)&(
					 (struct sockaddr_in6 *)item->ifa_addr)
					 ->sin6_addr;
		inet_ntop(family, addr, text, sizeof(text));
		if (strcmp(text, want))
			continue;
		found = true;
		if (family == AF_INET && (item->ifa_flags & IFF_BROADCAST) &&
		    item->ifa_broadaddr)
			inet_ntop(AF_INET,
				  &((struct sockaddr_in *)item->ifa_broadaddr)
					   ->sin_addr,
				  broadcast, INET6_ADDRSTRLEN);
	}
	freeifaddrs(list);
	return found;
}

static struct ip_prefix prefix_of(const char *text)
{
	struct ip_prefix prefix;

	if (parse_prefix(text, &prefix, NULL))
		tap_bail("prefix");
	return prefix;
}

static void test_address(struct netlink *nl, unsigned int index)
{
	struct ip_prefix v4 = prefix_of("10.1.2.3/20");
	struct ip_prefix v6 = prefix_of("fd00::5/64");
	struct ip_prefix host = prefix_of("10.9.9.9/32");
	char broadcast[INET6_ADDRSTRLEN] = "";
	struct err err = { "" };

	is_int(netlink_addr_add(nl, index, &v4, &err), 0, "add IPv4");
	ok(has_address("d0", "10.1.2.3", broadcast), "it has it");
	is_str(broadcast, "10.1.15.255", "and the broadcast address");
	errno = 0;
	is_int(netlink_addr_add(nl, index, &v4, &err), -1, "add it again");
	ok(errno == EEXIST && strstr(err.text, "10.1.2.3/20") &&
		   strstr(err.text, "'d0'"),
	   "error has address and name");
	is_int(netlink_addr_add(nl, index, &host, &err), 0, "add a /32");
	ok(has_address("d0", "10.9.9.9", broadcast), "it has it");
	is_int(netlink_addr_del(nl, index, &v4, &err), 0, "delete IPv4");
	ok(!has_address("d0", "10.1.2.3", broadcast), "it has it no more");
	errno = 0;
	ok(netlink_addr_del(nl, index, &v4, &err) == -1 &&
		   errno == EADDRNOTAVAIL,
	   "delete it again");
	if (netlink_addr_add(nl, index, &v6, &err)) {
		tap_skip(err.text, "IPv6");
		return;
	}
	ok(has_address("d0", "fd00::5", broadcast), "IPv6");
	is_int(netlink_addr_del(nl, index, &v6, &err), 0, "delete IPv6");
	is_int(netlink_addr_add(nl, 9999, &v4, &err), -1, "no such index");
}

static int count_links(const struct nlmsghdr *nlh, void *data)
{
	++*(int *)data;
	return MNL_CB_OK;
}

static int refuse(const struct nlmsghdr *nlh, void *data)
{
	errno = EUCLEAN;
	return MNL_CB_ERROR;
}

/* A dump to its end; one that a callback breaks off leaves no rest behind. */
static void test_dump(struct netlink *nl)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct nlmsghdr *nlh;
	unsigned int index;
	char name[16];
	int i, count = 0, wrong = 0;

	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "dump%d", i);
		if (!make_link(nl, name, "veth"))
			tap_bail("veth");
	}
	nlh = netlink_message(nl, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
	is_int(netlink_talk(nl, nlh, count_links, &count), 0, "dump");
	ok(count > 120, "all of the links (%d)", count);
	nlh = netlink_message(nl, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
	errno = 0;
	is_int(netlink_talk(nl, nlh, refuse, NULL), -1, "broken off");
	is_int(errno, EUCLEAN, "with the callback's errno");
	count = 0;
	nlh = netlink_message(nl, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
	is_int(netlink_talk(nl, nlh, count_links, &count), 0, "dump again");
	ok(count > 120, "all of the links (%d)", count);
	for (i = 0; i < 10; i++) {
		if (netlink_ifindex(nl, i % 2 ? "lo" : "dump59", &index, NULL))
			wrong++;
		else if (index != if_nametoindex(i % 2 ? "lo" : "dump59"))
			wrong++;
	}
	is_int(wrong, 0, "those that follow have their own answers");
}

/* One kind only; no more and no less of them. */
static void test_list(struct netlink *nl)
{
	struct netlink_link *links = NULL;
	struct err err = { "" };
	size_t count = 4711, i, wrong = 0;

	is_int(netlink_link_list(nl, "veth", &links, &count, &err), 0, "list");
	ok(count >= 122, "all veths (%zu)", count);
	for (i = 0; i < count; i++)
		wrong += strcmp(links[i].kind, "veth") != 0 ||
			 if_nametoindex(links[i].name) != links[i].index;
	is_int((int)wrong, 0, "veths only");
	free(links);
	is_int(netlink_link_list(nl, "no-such-kind", &links, &count, &err), 0,
	       "list of a kind that there is not");
	ok(!count && !links, "none");
}

/* What tc(8) would be asked for is read back. */
static void test_qdisc(struct netlink *nl, unsigned int index)
{
	struct netlink_tbf tbf = { 8000000, 20000, 300000 };
	struct netlink_qdisc qdisc = { 0 };
	struct netlink_link link;
	struct err err = { "" };

	netlink_link_up(nl, index, true, NULL);
	is_int(netlink_qdisc_root(nl, index, &qdisc, &err), 0, "root qdisc");
	ok(qdisc.by_kernel && qdisc.index == index, "the kernel's own");
	if (netlink_qdisc_set_tbf(nl, index, &tbf, &err)) {
		tap_skip(err.text, "tbf");
		return;
	}
	is_int(netlink_qdisc_root(nl, index, &qdisc, &err), 0, "tbf");
	ok(!qdisc.by_kernel && !strcmp(qdisc.kind, "tbf") &&
		   qdisc.tbf.rate == 8000000 && qdisc.tbf.limit == 300000,
	   "its rate and limit");
	ok(qdisc.tbf.burst >= 19990 && qdisc.tbf.burst <= 20010,
	   "its burst (%u)", qdisc.tbf.burst);
	ok(!netlink_link_get(nl, "d0", &link, &err) &&
		   !strcmp(link.qdisc, "tbf"),
	   "the interface says so");
	tbf.rate = UINT64_C(80000000000);
	is_int(netlink_qdisc_set_tbf(nl, index, &tbf, &err), 0, "80 Gbit/s");
	ok(!netlink_qdisc_root(nl, index, &qdisc, &err) &&
		   qdisc.tbf.rate == tbf.rate,
	   "its rate");
	is_int(netlink_qdisc_reset(nl, index, &err), 0, "take it away");
	ok(!netlink_qdisc_root(nl, index, &qdisc, &err) && qdisc.by_kernel,
	   "the kernel's own again");
	is_int(netlink_qdisc_reset(nl, index, &err), -1, "take away none");
	ok(strstr(err.text, "'d0'") != NULL, "error has the name");
	is_int(netlink_qdisc_set_tbf(nl, 9999, &tbf, &err), -1,
	       "no such index");
}

/* Counters by netlink and by /proc are the same. */
static void test_stats(struct netlink *nl)
{
	uint64_t bytes = 0, packets = 0;
	struct netlink_link link;
	char line[256];
	FILE *file = fopen("/proc/thread-self/net/dev", "r");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " d0: %" SCNu64 " %" SCNu64, &bytes,
			   &packets) == 2)
			break;
	if (file)
		fclose(file);
	ok(!netlink_link_get(nl, "d0", &link, NULL) &&
		   link.stats.rx_packets == packets &&
		   link.stats.rx_bytes == bytes,
	   "counters");
	ok(!netlink_link_get(nl, "lo", &link, NULL) && link.carrier, "carrier");
}

int main(void)
{
	struct err err = { "" };
	struct netlink *nl;
	unsigned int index;
	int before = tap_open_fds();

	netns_enter();
	nl = netlink_open(&err);
	if (!ok(nl != NULL, "open"))
		return tap_done();
	test_lookup(nl);
	index = make_link(nl, "d0", "veth");
	if (index) {
		test_properties(nl, index);
		test_refusals(nl, index);
		test_extack(nl, index);
		test_master(nl, index);
		test_address(nl, index);
		test_dump(nl);
		test_list(nl);
		test_qdisc(nl, index);
		test_stats(nl);
	} else {
		tap_skip("no veth driver", "properties");
	}
	netlink_close(nl);
	netlink_close(NULL);
	is_int(tap_open_fds(), before, "no descriptor is left");
	return tap_done();
}
