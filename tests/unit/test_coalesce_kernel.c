// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Coalescing against the receive offload (GRO) of the running kernel: the same
 * frames, most with one bit changed somewhere in the headers, are joined alike.
 *
 * A tap with IFF_NAPI passes what is written to it through GRO, where frames
 * wait for gro_flush_timeout. Behind a bridge, a tap with offloads shows what
 * became of them. A tick of the clock ends the wait early, so that what is
 * joined less than expected is sent again.
 */
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "common/netlink_link.h"
#include "tests/unit/netns.h"
#include "tests/unit/packets.h"
#include "tests/unit/tap.h"
#include "uml_router/coalesce.h"
#include "uml_router/segment.h"

#define CASES 300
#define TRIES 10
#define FRAMES 3
#define SIZE 200
/** Longest time in GRO, nanoseconds; and in which all has come, milliseconds. */
#define FLUSH_NS "3000000"
#define FIRST_MS 1000
#define MORE_MS 10

/**
 * struct lab - A connection on its way through the kernel
 * @in:		tap with GRO
 * @out:	tap that takes large frames
 * @frames:	what is sent
 * @h:		their headers
 * @state:	of the random numbers
 */
struct lab {
	int in, out;
	struct frame_pool pool;
	struct frame *large;
	struct frame *frames[FRAMES];
	struct headers h;
	uint64_t state;
};

static int open_tap(const char *name, int flags)
{
	unsigned long offload = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int size = sizeof(struct virtio_net_hdr_v1);
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ifr.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | flags);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) ||
	    ioctl(fd, TUNSETVNETHDRSZ, &size) ||
	    ioctl(fd, TUNSETOFFLOAD, offload))
		tap_skip_all("this kernel has no tap with IFF_NAPI");
	return fd;
}

static void set_timeout(void)
{
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL) ||
	    netns_write("/sys/class/net/in/gro_flush_timeout", FLUSH_NS))
		tap_skip_all("gro_flush_timeout cannot be set here");
}

static void set_up(struct lab *lab)
{
	static const char *const names[] = { "br0", "in", "out" };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct netlink *nl = netlink_open(NULL);
	unsigned int index[3], i;

	if (fd < 0 || !nl)
		tap_bail("socket");
	if (ioctl(fd, SIOCBRADDBR, "br0"))
		tap_skip_all("this kernel has no bridge");
	close(fd);
	netns_write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	netns_write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	netns_write("/proc/sys/net/bridge/bridge-nf-call-iptables", "0");
	netns_write("/proc/sys/net/bridge/bridge-nf-call-ip6tables", "0");
	lab->in = open_tap("in", IFF_NAPI);
	lab->out = open_tap("out", 0);
	set_timeout();
	for (i = 0; i < 3; i++) {
		if (netlink_ifindex(nl, names[i], &index[i], NULL) ||
		    (i && netlink_link_master(nl, index[i], index[0], NULL)) ||
		    netlink_link_up(nl, index[i], true, NULL))
			tap_bail("set up the bridge");
	}
	netlink_close(nl);
}

/* Of how many segments is what was read from the tap; 0: not ours. */
static unsigned int segments_of(const struct lab *lab, const uint8_t *data,
				ssize_t len)
{
	struct virtio_net_hdr_v1 vnet;
	size_t head = sizeof(vnet) + lab->h.payload;

	if (len < (ssize_t)head ||
	    memcmp(data + sizeof(vnet) + 6, PACKET_SOURCE, 6) != 0)
		return 0;
	memcpy(&vnet, data, sizeof(vnet));
	if (!vnet.gso_type)
		return 1;
	return (unsigned int)(((size_t)len - head + vnet.gso_size - 1) /
			      vnet.gso_size);
}

/* The most that the kernel joins. All frames come out, so that none is left
 * for the next time. */
static unsigned int kernel_joins(struct lab *lab)
{
	static uint8_t data[sizeof(struct virtio_net_hdr_v1) + FRAME_MAX];
	struct pollfd p = { .fd = lab->out, .events = POLLIN };
	unsigned int i, n, most = 0, seen = 0;

	for (i = 0; i < FRAMES; i++) {
		if (write(lab->in, &lab->frames[i]->vnet,
			  sizeof(struct virtio_net_hdr_v1) +
				  lab->frames[i]->len) < 0)
			tap_bail("write to a tap");
	}
	while (poll(&p, 1, seen < FRAMES ? FIRST_MS : MORE_MS) > 0 &&
	       seen < FRAMES) {
		n = segments_of(lab, data, read(lab->out, data, sizeof(data)));
		most = n > most ? n : most;
		seen += n;
	}
	return most;
}

static unsigned int we_join(struct lab *lab)
{
	unsigned int at, n, most = 0;
	struct coalesced out;

	for (at = 0; at < FRAMES; at += n) {
		n = coalesce(lab->frames + at, FRAMES - at, &out);
		most = n > most ? n : most;
	}
	return most;
}

static void make_frames(struct lab *lab)
{
	struct packet k = { .version = packet_below(&lab->state, 2) ? 4 : 6 };
	struct segmenter s;
	unsigned int n;

	k.df = packet_below(&lab->state, 2);
	k.id = (uint16_t)packet_random(&lab->state);
	k.ip_options = packet_below(&lab->state, 10) ? 0 : 4;
	k.tos = (uint8_t)packet_random(&lab->state);
	k.options = 4 * packet_below(&lab->state, 11);
	k.flags = packet_below(&lab->state, 4) ? 0x10 : 0x18;
	if (!packet_below(&lab->state, 4))
		k.flags = 0x10 | (packet_random(&lab->state) & 0x7f);
	k.seq = packet_random(&lab->state);
	k.size = SIZE;
	k.payload = SIZE * FRAMES - 50 * packet_below(&lab->state, 3);
	packet_build(lab->large, &k);
	if (!headers_find(&lab->h, lab->large->data, lab->large->len) ||
	    !segment_begin(&s, lab->large) || segment_left(&s) != FRAMES)
		tap_bail("a packet of ours");
	for (n = 0; n < FRAMES; n++)
		segment_next(&s, lab->frames[n]);
}

/*
 * What is not alike: CWR and urgent pointers without URG, see coalesce.c; ids
 * that stand still, which the kernel joins, but the tap cannot take.
 */
static bool not_alike(const struct lab *lab, size_t octet, uint8_t bit)
{
	size_t tcp = lab->h.transport;

	return (octet == tcp + TCP_FLAGS && bit == TCP_CWR) ||
	       octet == tcp + TCP_HEADER - 2 || octet == tcp + TCP_HEADER - 1 ||
	       (lab->h.version == 4 && octet == lab->h.ip + IPV4_ID + 1U);
}

/* One bit of one frame, mostly with checksums that are right then. Tells of
 * which octet. */
static size_t change(struct lab *lab)
{
	struct frame *f = lab->frames[packet_below(&lab->state, FRAMES)];
	uint8_t bit = (uint8_t)(1 << packet_below(&lab->state, 8));
	uint32_t room = (uint32_t)(lab->h.payload - lab->h.ip);
	size_t octet = lab->h.ip + packet_below(&lab->state, room);

	if (not_alike(lab, octet, bit))
		return 0;
	f->data[octet] ^= bit;
	if (packet_below(&lab->state, 8))
		packet_fix(f->data, f->len, lab->h.ip, lab->h.transport);
	return octet;
}

static bool alike(struct lab *lab)
{
	unsigned int ours, theirs = 0, tries;
	size_t octet = 0;

	make_frames(lab);
	if (packet_below(&lab->state, 5))
		octet = change(lab);
	ours = we_join(lab);
	for (tries = 0; tries < TRIES && theirs < ours; tries++)
		theirs = kernel_joins(lab);
	if (ours == theirs)
		return true;
	printf("# IPv%d: we join %u, the kernel %u; octet %zu is changed, IP "
	       "at %d, TCP at %d, payload at %d\n",
	       lab->h.version, ours, theirs, octet, lab->h.ip, lab->h.transport,
	       lab->h.payload);
	return false;
}

int main(void)
{
	static struct lab lab = { .state = 1 };
	unsigned int i, bad = 0;

	netns_enter();
	if (access("/dev/net/tun", R_OK | W_OK))
		tap_skip_all("/dev/net/tun cannot be opened");
	set_up(&lab);
	frame_pool_init(&lab.pool);
	lab.large = frame_get(&lab.pool);
	for (i = 0; i < FRAMES; i++)
		lab.frames[i] = frame_get(&lab.pool);
	for (i = 0; i < CASES; i++)
		bad += !alike(&lab);
	is_int(bad, 0, "%d times joined as the kernel joins", CASES);
	return tap_done();
}
