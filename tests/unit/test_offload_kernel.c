// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Offloads against the running kernel, frame by frame: two taps in a bridge.
 * What is written to one with a vnet header leaves the other, which has none,
 * as the kernel cuts it in software. A packet that is told apart is printed
 * with its number and the seed: OFFLOAD_SEED=N runs the same ones again.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "common/netlink_link.h"
#include "common/tuntap.h"
#include "tests/unit/netns.h"
#include "tests/unit/packets.h"
#include "tests/unit/tap.h"
#include "uml_router/segment.h"

#define PACKETS 4000
/** More than the segments of one packet. */
#define QUEUE 10000
#define MTU 65500

/**
 * struct lab - Two taps and what goes between them
 * @in:		with a vnet header
 * @out:	without
 * @pool:	of our frames
 * @ours:	what we made of a packet
 * @count:	how many
 * @compared:	frames that were as the kernel's, so far
 * @seed:	of the packets
 */
struct lab {
	struct tuntap in, out;
	struct frame_pool pool;
	struct frame *ours[QUEUE];
	unsigned int count;
	unsigned long compared;
	uint64_t seed;
};

static void add_port(struct netlink *nl, const struct tuntap *tt,
		     unsigned int bridge)
{
	unsigned int index;

	if (netlink_ifindex(nl, tt->name, &index, NULL) ||
	    netlink_link_mtu(nl, index, MTU, NULL) ||
	    netlink_link_txqueuelen(nl, index, QUEUE, NULL) ||
	    netlink_link_master(nl, index, bridge, NULL) ||
	    netlink_link_up(nl, index, true, NULL))
		tap_bail("set up a tap");
}

static void set_up(struct lab *lab)
{
	struct tuntap_request req = { .kind = TUNTAP_TAP, .queues = 1 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct netlink *nl = netlink_open(NULL);
	unsigned int bridge;

	if (fd < 0 || !nl)
		tap_bail("socket");
	if (ioctl(fd, SIOCBRADDBR, "br0"))
		tap_skip_all("this kernel has no bridge");
	close(fd);
	netns_write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	netns_write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	req.name = "out";
	if (tuntap_open(&lab->out, &req, NULL))
		tap_bail("tap");
	req.name = "in";
	req.vnet_hdr = true;
	if (tuntap_open(&lab->in, &req, NULL) ||
	    netlink_ifindex(nl, "br0", &bridge, NULL) ||
	    netlink_link_mtu(nl, bridge, MTU, NULL))
		tap_bail("tap");
	add_port(nl, &lab->in, bridge);
	add_port(nl, &lab->out, bridge);
	if (netlink_link_up(nl, bridge, true, NULL))
		tap_bail("bridge");
	netlink_close(nl);
	frame_pool_init(&lab->pool);
}

/* The next frame of ours from the kernel, or -1 when there is none. */
static ssize_t receive(struct lab *lab, uint8_t *data, size_t room)
{
	ssize_t len;

	do {
		len = read(lab->out.fd[0], data, room);
	} while (len >= 12 && memcmp(data + 6, PACKET_SOURCE, 6) != 0);
	return len;
}

static bool cut(struct lab *lab, const struct frame *frame)
{
	struct segmenter s;

	if (!segment_begin(&s, frame))
		return false;
	for (lab->count = 0; segment_left(&s); lab->count++) {
		struct frame *out = frame_get(&lab->pool);

		if (!out || lab->count == QUEUE)
			tap_bail("too many segments");
		memset(out->data, 0xee, 64);
		segment_next(&s, out);
		frame_filled(&lab->pool, out, out->len);
		lab->ours[lab->count] = out;
	}
	return true;
}

static void forget(struct lab *lab)
{
	while (lab->count)
		frame_put(&lab->pool, lab->ours[--lab->count]);
}

static void show(const struct lab *lab, const struct packet *k, unsigned int at)
{
	printf("# packet %u of OFFLOAD_SEED=%" PRIu64 ": udp %d version %u "
	       "tags %u ip_options %u extensions %u options %u flags 0x%x "
	       "payload %u size %u\n",
	       at, lab->seed, k->udp, k->version, k->tags, k->ip_options,
	       k->extensions, k->options, (unsigned int)k->flags, k->payload,
	       (unsigned int)k->size);
}

/* What the kernel sends next is exactly these frames. */
static bool same(struct lab *lab, struct frame *const frames[], unsigned int n)
{
	static uint8_t data[FRAME_MAX + 1];
	unsigned int i, at;
	ssize_t len;

	for (i = 0; i < n; i++) {
		len = receive(lab, data, sizeof(data));
		if (len == (ssize_t)frames[i]->len &&
		    !memcmp(data, frames[i]->data, frames[i]->len)) {
			lab->compared++;
			continue;
		}
		for (at = 0; len > 0 && at < frames[i]->len &&
			     data[at] == frames[i]->data[at];)
			at++;
		printf("# segment %u of %u: length %u, the kernel's %zd; "
		       "octet %u differs\n",
		       i, n, frames[i]->len, len, at);
		break;
	}
	while ((len = receive(lab, data, sizeof(data))) > 0) {
		if (i == n)
			printf("# the kernel sends one more, of %zd\n", len);
		i = n + 1;
	}
	return i == n;
}

static bool compare(struct lab *lab, const struct packet *k)
{
	struct frame *frame = frame_get(&lab->pool);
	bool good = false;

	packet_build(frame, k);
	frame_filled(&lab->pool, frame, frame->len);
	if (!cut(lab, frame))
		printf("# we cannot cut it\n");
	else if (write(lab->in.fd[0], &frame->vnet,
		       sizeof(frame->vnet) + frame->len) < 0)
		printf("# the kernel refuses it: %s\n", strerror(errno));
	else
		good = same(lab, lab->ours, lab->count);
	forget(lab);
	frame_put(&lab->pool, frame);
	return good;
}

static void test_segments(struct lab *lab, bool udp, const char *what)
{
	uint64_t state = lab->seed;
	unsigned int i, bad = 0;
	struct packet k;

	for (i = 0; i < PACKETS && bad < 10; i++) {
		packet_any(&k, &state, udp);
		if (compare(lab, &k))
			continue;
		show(lab, &k, i);
		bad++;
	}
	is_int(bad, 0, "%u packets of %s: segments as the kernel's", i, what);
	printf("# %lu frames were the same\n", lab->compared);
}

int main(void)
{
	static struct lab lab;
	const char *seed = getenv("OFFLOAD_SEED");

	lab.seed = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
	if (!lab.seed)
		lab.seed = 1;
	printf("# OFFLOAD_SEED=%" PRIu64 "\n", lab.seed);
	netns_enter();
	set_up(&lab);
	test_segments(&lab, false, "TCP");
	test_segments(&lab, true, "UDP");
	tuntap_close(&lab.in);
	tuntap_close(&lab.out);
	is_int((intmax_t)lab.pool.used, 0, "all frames are given back");
	frame_pool_fini(&lab.pool);
	return tap_done();
}
