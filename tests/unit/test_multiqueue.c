// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Several queues of one device through common/tuntap: flows are spread over
 * them, each stays on its queue, and none is lost when a queue is detached or
 * attached again (seeds of the driver's multiqueue mode).
 *
 * A tun, so that packets come without asking for Ethernet addresses first.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "common/netlink_addr.h"
#include "common/netlink_link.h"
#include "common/tuntap.h"
#include "tests/unit/netns.h"
#include "tests/unit/tap.h"

#define QUEUES 4
#define FLOWS 128
#define PACKETS 3

/* Who sends, and where each flow was last seen. */
struct flows {
	int fd[FLOWS];
	uint16_t port[FLOWS];
	int queue[FLOWS];
	int seen[FLOWS];
	int moved;
};

static void set_up(const char *name)
{
	struct netlink *nl = netlink_open(NULL);
	struct ip_prefix prefix;
	unsigned int index;

	if (!nl || parse_prefix("10.9.0.1/24", &prefix, NULL) ||
	    netlink_ifindex(nl, name, &index, NULL) ||
	    netlink_addr_add(nl, index, &prefix, NULL) ||
	    netlink_link_up(nl, index, true, NULL))
		tap_bail("address");
	netlink_close(nl);
}

static void open_flows(struct flows *flows)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct sockaddr_in own;
	socklen_t len;
	int i;

	inet_pton(AF_INET, "10.9.0.2", &to.sin_addr);
	for (i = 0; i < FLOWS; i++) {
		len = sizeof(own);
		flows->fd[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (flows->fd[i] < 0 ||
		    connect(flows->fd[i], (struct sockaddr *)&to, sizeof(to)) ||
		    getsockname(flows->fd[i], (struct sockaddr *)&own, &len))
			tap_bail("socket");
		flows->port[i] = own.sin_port;
		flows->queue[i] = -1;
	}
}

static void close_flows(struct flows *flows)
{
	int i;

	for (i = 0; i < FLOWS; i++)
		close(flows->fd[i]);
}

static void send_all(struct flows *flows)
{
	int i, j;

	memset(flows->seen, 0, sizeof(flows->seen));
	flows->moved = 0;
	for (j = 0; j < PACKETS; j++) {
		for (i = 0; i < FLOWS; i++) {
			if (send(flows->fd[i], "x", 1, 0) != 1)
				tap_bail("send");
		}
	}
}

/* Which flow a packet is of, or -1: the kernel sends others too. */
static int flow_of(const struct flows *flows, const uint8_t *packet, size_t len)
{
	struct udphdr udp;
	int i;

	if (len < 28 || packet[0] != 0x45 || packet[9] != IPPROTO_UDP)
		return -1;
	memcpy(&udp, packet + 20, sizeof(udp));
	for (i = 0; i < FLOWS; i++) {
		if (flows->port[i] == udp.source)
			return i;
	}
	return -1;
}

/* All that waits in one queue; returns how many were of our flows. */
static int drain(struct flows *flows, int fd, int queue)
{
	uint8_t packet[2048];
	int count = 0, flow;
	ssize_t len;

	while ((len = read(fd, packet, sizeof(packet))) > 0) {
		flow = flow_of(flows, packet, (size_t)len);
		if (flow < 0)
			continue;
		if (flows->seen[flow] && flows->queue[flow] != queue)
			flows->moved++;
		flows->seen[flow]++;
		flows->queue[flow] = queue;
		count++;
	}
	return count;
}

/* Send on all flows, read all queues; @got has the packets of each. */
static void round_trip(struct flows *flows, const struct tuntap *tt,
		       int got[QUEUES])
{
	int q;

	send_all(flows);
	for (q = 0; q < QUEUES; q++)
		got[q] = drain(flows, tt->fd[q], q);
	printf("# packets in queues: %d %d %d %d\n", got[0], got[1], got[2],
	       got[3]);
}

/* Nothing is lost, nothing comes twice, and no flow is torn apart. */
static void whole(const struct flows *flows, const char *what)
{
	int i, wrong = 0;

	for (i = 0; i < FLOWS; i++)
		wrong += flows->seen[i] != PACKETS;
	is_int(wrong, 0, "%s: every packet of %d flows comes once", what,
	       FLOWS);
	is_int(flows->moved, 0, "%s: every flow keeps to its queue", what);
}

static int busy(const int got[QUEUES])
{
	int q, count = 0;

	for (q = 0; q < QUEUES; q++)
		count += got[q] > 0;
	return count;
}

static void test_spread(struct flows *flows, struct tuntap *tt)
{
	int got[QUEUES];

	round_trip(flows, tt, got);
	whole(flows, "four queues");
	is_int(busy(got), QUEUES, "flows are spread over all queues");

	is_int(tuntap_queue(tt, 1, false, NULL), 0, "detach one");
	round_trip(flows, tt, got);
	whole(flows, "three queues");
	is_int(got[1], 0, "the detached one gets nothing");
	is_int(busy(got), QUEUES - 1, "the others get all");

	is_int(tuntap_queue(tt, 0, false, NULL), 0, "detach another");
	is_int(tuntap_queue(tt, 2, false, NULL), 0, "and another");
	round_trip(flows, tt, got);
	whole(flows, "one queue");
	is_int(got[3], FLOWS * PACKETS, "the last one gets all");

	is_int(tuntap_queue(tt, 0, true, NULL), 0, "attach the first");
	is_int(tuntap_queue(tt, 1, true, NULL), 0, "and the second");
	is_int(tuntap_queue(tt, 2, true, NULL), 0, "and the third");
	round_trip(flows, tt, got);
	whole(flows, "four queues again");
	is_int(busy(got), QUEUES, "flows are spread over all again");
}

static void test_delete(struct tuntap *tt)
{
	struct err err = { "" };
	char name[IFNAMSIZ];

	memcpy(name, tt->name, sizeof(name));
	is_int(tuntap_persist(tt, true, &err), 0, "make it persistent");
	tuntap_close(tt);
	ok(if_nametoindex(name), "it stays");
	if (!is_int(tuntap_delete(NULL, name, &err), 0, "delete it"))
		printf("# %s\n", err.text);
	ok(!if_nametoindex(name), "it is gone");
}

int main(void)
{
	struct tuntap_request req = {
		.name = "tun0",
		.kind = TUNTAP_TUN,
		.how = TUNTAP_MUST_CREATE,
		.queueing = QUEUEING_MULTI_QUEUE,
		.queues = QUEUES,
	};
	struct err err = { "" };
	struct flows flows;
	struct tuntap tt;

	netns_enter();
	if (access("/dev/net/tun", R_OK | W_OK))
		tap_skip_all("/dev/net/tun cannot be opened");
	if (!is_int(tuntap_open(&tt, &req, &err), 0, "a tun of four queues")) {
		printf("# %s\n", err.text);
		return tap_done();
	}
	set_up(tt.name);
	open_flows(&flows);
	test_spread(&flows, &tt);
	close_flows(&flows);
	test_delete(&tt);
	return tap_done();
}
