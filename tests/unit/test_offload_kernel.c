// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Offloads against the running kernel, frame by frame: two taps in a bridge.
 * What is written to one with a vnet header leaves the other, which has none,
 * as the kernel cuts it in software. A packet that is told apart is printed
 * with its number and the seed. OFFLOAD_SEED=N, odd, makes other packets.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "common/netlink_link.h"
#include "common/tuntap.h"
#include "tests/unit/netns.h"
#include "tests/unit/packets.h"
#include "tests/unit/tap.h"
#include "uml_router/coalesce.h"
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
 * @joined:	frames that went to the kernel in a large one, so far
 * @seed:	of the packets
 */
struct lab {
	struct tuntap in, out;
	struct frame_pool pool;
	struct frame *ours[QUEUE];
	unsigned int count;
	unsigned long compared, joined;
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
	/* What sends packets of its own, and what drops those not valid. */
	static const char *const off[][2] = {
		{ "/proc/sys/net/ipv6/conf/all/disable_ipv6", "1" },
		{ "/proc/sys/net/ipv6/conf/default/disable_ipv6", "1" },
		{ "/proc/sys/net/bridge/bridge-nf-call-iptables", "0" },
		{ "/proc/sys/net/bridge/bridge-nf-call-ip6tables", "0" },
	};
	struct tuntap_request req = { .kind = TUNTAP_TAP, .queues = 1 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct netlink *nl = netlink_open(NULL);
	unsigned int bridge;
	size_t i;

	if (fd < 0 || !nl)
		tap_bail("socket");
	if (ioctl(fd, SIOCBRADDBR, "br0"))
		tap_skip_all("this kernel has no bridge");
	close(fd);
	for (i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		netns_write(off[i][0], off[i][1]);
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

/* All of our frames to the kernel, joined where that is right. */
static bool send_joined(struct lab *lab)
{
	struct coalesced large;
	unsigned int n, at;
	ssize_t done;

	for (at = 0; at < lab->count; at += n) {
		n = coalesce(lab->ours + at, lab->count - at, &large);
		if (n > 1) {
			done = writev(lab->in.fd[0], large.iov,
				      (int)large.count);
			lab->joined += n;
		} else {
			done = write(lab->in.fd[0], &lab->ours[at]->vnet,
				     sizeof(large.vnet) + lab->ours[at]->len);
		}
		if (done < 0) {
			printf("# the kernel refuses %u from %u of %u: %s\n", n,
			       at, lab->count, strerror(errno));
			return false;
		}
	}
	return true;
}

/* Change a bit of one frame, before its checksums are made or after. A change
 * of the id could make it the same as another one's. */
static void damage(struct lab *lab, const struct headers *h, uint64_t *state)
{
	struct frame *f = lab->ours[packet_below(state, lab->count)];
	uint32_t room = f->len - h->ip, at;

	if (packet_below(state, 2))
		room = (uint32_t)(h->payload - h->ip);
	at = h->ip + packet_below(state, room);
	if (h->version == 4 && at == h->ip + IPV4_ID + 1U)
		return;
	f->data[at] ^= (uint8_t)(1 << packet_below(state, 8));
	if (packet_below(state, 4))
		packet_fix(f->data, f->len, h->ip, h->transport);
}

/* Frames that get lost, or change places. */
static void disturb(struct lab *lab, uint64_t *state)
{
	unsigned int at = packet_below(state, lab->count);
	struct frame *f = lab->ours[at];

	if (packet_below(state, 2)) {
		lab->ours[at] = lab->ours[0];
		lab->ours[0] = f;
	} else {
		lab->ours[at] = lab->ours[--lab->count];
		frame_put(&lab->pool, f);
	}
}

static bool join_and_compare(struct lab *lab, const struct packet *k,
			     uint64_t *state)
{
	struct frame *frame = frame_get(&lab->pool);
	struct headers h;
	unsigned int n;
	bool good;

	packet_build(frame, k);
	frame_filled(&lab->pool, frame, frame->len);
	if (!cut(lab, frame) || !headers_find(&h, frame->data, frame->len))
		tap_bail("a packet of ours");
	for (n = packet_below(state, 3); n; n--)
		damage(lab, &h, state);
	if (!packet_below(state, 4))
		disturb(lab, state);
	good = send_joined(lab) && same(lab, lab->ours, lab->count);
	forget(lab);
	frame_put(&lab->pool, frame);
	return good;
}

/*
 * What was joined and is cut again by the kernel is what it was, whatever came
 * in. (Ids of IPv4 that stand still would not be; none are made here.)
 */
static void test_joined(struct lab *lab)
{
	uint64_t state = lab->seed;
	unsigned int i, bad = 0;
	struct packet k;

	lab->compared = 0;
	for (i = 0; i < PACKETS && bad < 10; i++) {
		packet_any(&k, &state, false);
		k.flags &= 0xd9;
		if (k.size > 8)
			k.ip_options = k.extensions = 0;
		if (join_and_compare(lab, &k, &state))
			continue;
		show(lab, &k, i);
		bad++;
	}
	is_int(bad, 0, "%u packets: joined, and cut by the kernel", i);
	ok(lab->joined > lab->compared / 2, "most frames were joined");
	printf("# %lu frames, %lu of them joined\n", lab->compared,
	       lab->joined);
}

int main(void)
{
	static struct lab lab;
	const char *seed = getenv("OFFLOAD_SEED");

	lab.seed = seed ? strtoull(seed, NULL, 10) | 1 : 1;
	printf("# OFFLOAD_SEED=%" PRIu64 "\n", lab.seed);
	netns_enter();
	if (access("/dev/net/tun", R_OK | W_OK))
		tap_skip_all("/dev/net/tun cannot be opened");
	set_up(&lab);
	test_segments(&lab, false, "TCP");
	test_segments(&lab, true, "UDP");
	test_joined(&lab);
	tuntap_close(&lab.in);
	tuntap_close(&lab.out);
	is_int((intmax_t)lab.pool.used, 0, "all frames are given back");
	frame_pool_fini(&lab.pool);
	return tap_done();
}
