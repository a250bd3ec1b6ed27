// SPDX-License-Identifier: GPL-2.0-or-later
/* A device as a vhost-user front end sees it, see vhost_dev.h. */
#include "vhost_dev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stage.h"

/* Since Linux 6.2. */
#define F_GUEST_USO4 54
#define F_GUEST_USO6 55
#define F_HOST_USO 56

#define BIT(n) (1ULL << (n))

/* All that is offered. The configuration space is not needed for any of it: MAC
 * address and link state are the guest's own. */
#define FEATURES                                                               \
	(BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_GUEST_CSUM) |               \
	 BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6) |         \
	 BIT(VIRTIO_NET_F_GUEST_ECN) | BIT(VIRTIO_NET_F_HOST_TSO4) |           \
	 BIT(VIRTIO_NET_F_HOST_TSO6) | BIT(VIRTIO_NET_F_HOST_ECN) |            \
	 BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(F_GUEST_USO4) | BIT(F_GUEST_USO6) | \
	 BIT(F_HOST_USO) | BIT(VIRTIO_RING_F_INDIRECT_DESC) |                  \
	 BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(VHOST_F_PROTOCOL_FEATURES) |       \
	 BIT(VIRTIO_F_VERSION_1))

/* With INBAND_NOTIFICATIONS every kick of UML would be a round trip; CONFIG
 * would make QEMU complain, and nobody needs it. */
#define PROTOCOL                                                               \
	(VHOST_PROTOCOL_MQ | VHOST_PROTOCOL_REPLY_ACK |                        \
	 VHOST_PROTOCOL_BACKEND_REQ)

/* UML refuses a device with MQ and without a control queue. QEMU has one of its
 * own, and says MQ before it asks for the features that count. */
static uint64_t offered(const struct vhost_dev *dev)
{
	return FEATURES |
	       (dev->protocol & VHOST_PROTOCOL_MQ ? BIT(VIRTIO_NET_F_MQ) : 0);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Take a descriptor over. */
static int keep(int *fd)
{
	int kept = *fd;

	*fd = -1;
	return kept;
}

/* --- rings --------------------------------------------------------------- */

static void stop_ring(struct vhost_dev *dev, struct vhost_ring *ring)
{
	if (!ring->running)
		return;
	loop_watch(dev->loop, &ring->kick, 0);
	ring->base = ring->q.next;
	ring->running = false;
	dev->changed = true;
}

static void stop_rings(struct vhost_dev *dev)
{
	unsigned int i;

	for (i = 0; i < VHOST_RINGS; i++)
		stop_ring(dev, &dev->rings[i]);
}

static bool complete(const struct vhost_dev *dev, const struct vhost_ring *ring)
{
	return ring->has_addr && ring->q.num && ring->kick.fd >= 0 &&
	       dev->mem.count && dev->features &&
	       (ring->enabled ||
		!vhost_dev_has(dev, VHOST_F_PROTOCOL_FEATURES));
}

/* Kicks are looked at edge by edge: so the descriptor need not be read, which
 * would be a system call for each. */
static int start_ring(struct vhost_dev *dev, struct vhost_ring *ring,
		      struct err *err)
{
	ring->q.mem = &dev->mem;
	ring->q.event_idx = vhost_dev_has(dev, VIRTIO_RING_F_EVENT_IDX);
	ring->q.to_guest = (ring - dev->rings) % 2 == 0;
	if (vring_start(&ring->q, &ring->addr, ring->base, err) < 0)
		return -1;
	if (loop_watch(dev->loop, &ring->kick, EPOLLIN | EPOLLET) < 0)
		return err_errno(err, "cannot watch a kick descriptor");
	ring->running = true;
	dev->changed = true;
	return 0;
}

static int start_rings(struct vhost_dev *dev, struct err *err)
{
	unsigned int i;

	for (i = 0; i < VHOST_RINGS; i++) {
		struct vhost_ring *ring = &dev->rings[i];

		if (!ring->running && complete(dev, ring) &&
		    start_ring(dev, ring, err) < 0)
			return -1;
	}
	return 0;
}

/* Also behind a request that failed: it may have stopped rings before. */
static void count_pairs(struct vhost_dev *dev)
{
	for (dev->pairs = 0; dev->pairs < VHOST_PAIRS_MAX; dev->pairs++)
		if (!dev->rings[(size_t)2 * dev->pairs].running)
			break;
}

/* The ring that a message is about, stopped; or NULL. */
static struct vhost_ring *ring_of(struct vhost_dev *dev, uint64_t index,
				  struct err *err)
{
	if (index >= VHOST_RINGS) {
		err_set(err, "there is no ring %llu",
			(unsigned long long)index);
		return NULL;
	}
	stop_ring(dev, &dev->rings[index]);
	return &dev->rings[index];
}

/* --- requests ------------------------------------------------------------ */

static int set_features(struct vhost_dev *dev, const struct vhost_msg *msg,
			int fds[], struct err *err)
{
	if (msg->number & ~offered(dev))
		return err_set(
			err, "features %#llx were not offered",
			(unsigned long long)(msg->number & ~offered(dev)));
	stop_rings(dev);
	dev->features = msg->number;
	dev->net.mergeable = vhost_dev_has(dev, VIRTIO_NET_F_MRG_RXBUF);
	dev->net.csum = vhost_dev_has(dev, VIRTIO_NET_F_GUEST_CSUM);
	dev->net.header = vhost_dev_has(dev, VIRTIO_F_VERSION_1) ||
					  dev->net.mergeable
				  ? sizeof(struct virtio_net_hdr_v1)
				  : sizeof(struct virtio_net_hdr);
	dev->changed = true;
	return 0;
}

static int set_protocol(struct vhost_dev *dev, const struct vhost_msg *msg,
			int fds[], struct err *err)
{
	if (msg->number & ~(uint64_t)PROTOCOL)
		return err_set(err, "protocol features %#llx were not offered",
			       (unsigned long long)msg->number);
	dev->protocol = msg->number;
	return 0;
}

static int set_owner(struct vhost_dev *dev, const struct vhost_msg *msg,
		     int fds[], struct err *err)
{
	return 0;
}

/* Some front ends of old mean by it that the rings are to stop. */
static int reset_owner(struct vhost_dev *dev, const struct vhost_msg *msg,
		       int fds[], struct err *err)
{
	unsigned int i;

	stop_rings(dev);
	for (i = 0; i < VHOST_RINGS; i++)
		dev->rings[i].enabled = false;
	return 0;
}

static int set_mem_table(struct vhost_dev *dev, const struct vhost_msg *msg,
			 int fds[], struct err *err)
{
	stop_rings(dev);
	return vhost_mem_map(&dev->mem, &msg->table, fds, err);
}

static int set_num(struct vhost_dev *dev, const struct vhost_msg *msg,
		   int fds[], struct err *err)
{
	struct vhost_ring *ring = ring_of(dev, msg->state.index, err);

	if (!ring)
		return -1;
	if (!msg->state.num || msg->state.num > VRING_NUM_MAX)
		return err_set(err, "a ring of %u descriptors", msg->state.num);
	ring->q.num = (uint16_t)msg->state.num;
	return 0;
}

static int set_addr(struct vhost_dev *dev, const struct vhost_msg *msg,
		    int fds[], struct err *err)
{
	struct vhost_ring *ring = ring_of(dev, msg->addr.index, err);

	if (!ring)
		return -1;
	if (msg->addr.flags)
		return err_set(err, "a log of what is written is not kept");
	ring->addr = msg->addr;
	ring->has_addr = true;
	return 0;
}

static int set_base(struct vhost_dev *dev, const struct vhost_msg *msg,
		    int fds[], struct err *err)
{
	struct vhost_ring *ring = ring_of(dev, msg->state.index, err);

	if (!ring)
		return -1;
	ring->base = (uint16_t)msg->state.num;
	return 0;
}

/* Any other file might wait for somebody when it is looked at. An eventfd has
 * no file type, as others made by fs/anon_inodes.c, but a name of its own. */
static bool is_eventfd(int fd)
{
	static const char name[] = "anon_inode:[eventfd]";
	char link[32], found[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, found, sizeof(found));
	return n == sizeof(name) - 1 && memcmp(found, name, (size_t)n) == 0;
}

static int set_kick(struct vhost_dev *dev, const struct vhost_msg *msg,
		    int fds[], struct err *err)
{
	struct vhost_ring *ring = ring_of(dev, msg->number, err);

	if (!ring)
		return -1;
	if (msg->no_fd)
		return err_set(err, "rings are not polled: a kick descriptor "
				    "is needed");
	if (!is_eventfd(fds[0]))
		return err_set(err, "a kick descriptor that is no eventfd");
	close_fd(&ring->kick.fd);
	ring->kick.fd = keep(&fds[0]);
	return 0;
}

static bool set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

/* UML's is a socket or a pipe. It may change while the ring runs: QEMU does so
 * when the guest masks an interrupt. */
static int set_call(struct vhost_dev *dev, const struct vhost_msg *msg,
		    int fds[], struct err *err)
{
	struct vhost_ring *ring;
	struct stat st = { 0 };

	if (msg->number >= VHOST_RINGS)
		return err_set(err, "there is no ring %llu",
			       (unsigned long long)msg->number);
	ring = &dev->rings[msg->number];
	close_fd(&ring->call);
	if (msg->no_fd)
		return 0;
	if ((!is_eventfd(fds[0]) &&
	     (fstat(fds[0], &st) < 0 ||
	      (!S_ISSOCK(st.st_mode) && !S_ISFIFO(st.st_mode)))) ||
	    !set_nonblocking(fds[0]))
		return err_set(err, "a call descriptor that is neither eventfd "
				    "nor pipe nor socket");
	ring->call = keep(&fds[0]);
	ring->call_socket = S_ISSOCK(st.st_mode);
	/* What was given back meanwhile was told to nobody. */
	ring->q.may_call = false;
	if (ring->running)
		vhost_dev_call(ring);
	return 0;
}

/* A ring in error ends its port, which nobody can overlook. */
static int set_err(struct vhost_dev *dev, const struct vhost_msg *msg,
		   int fds[], struct err *err)
{
	return 0;
}

static int set_enable(struct vhost_dev *dev, const struct vhost_msg *msg,
		      int fds[], struct err *err)
{
	struct vhost_ring *ring = ring_of(dev, msg->state.index, err);

	if (!ring)
		return -1;
	ring->enabled = msg->state.num;
	return 0;
}

static int set_backend_req(struct vhost_dev *dev, const struct vhost_msg *msg,
			   int fds[], struct err *err)
{
	close_fd(&dev->backend_req);
	dev->backend_req = keep(&fds[0]);
	return 0;
}

static int refuse(struct vhost_dev *dev, const struct vhost_msg *msg, int fds[],
		  struct err *err)
{
	return err_set(err, "request %u is not offered", msg->request);
}

typedef int request_fn(struct vhost_dev *dev, const struct vhost_msg *msg,
		       int fds[], struct err *err);

static request_fn *const requests[] = {
	[VHOST_SET_FEATURES] = set_features,
	[VHOST_SET_OWNER] = set_owner,
	[VHOST_RESET_OWNER] = reset_owner,
	[VHOST_SET_MEM_TABLE] = set_mem_table,
	[VHOST_SET_VRING_NUM] = set_num,
	[VHOST_SET_VRING_ADDR] = set_addr,
	[VHOST_SET_VRING_BASE] = set_base,
	[VHOST_SET_VRING_KICK] = set_kick,
	[VHOST_SET_VRING_CALL] = set_call,
	[VHOST_SET_VRING_ERR] = set_err,
	[VHOST_SET_PROTOCOL_FEATURES] = set_protocol,
	[VHOST_SET_VRING_ENABLE] = set_enable,
	[VHOST_SET_BACKEND_REQ_FD] = set_backend_req,
};

static request_fn *request_of(const struct vhost_msg *msg)
{
	request_fn *fn = NULL;

	if (msg->request < sizeof(requests) / sizeof(requests[0]))
		fn = requests[msg->request];
	return fn ? fn : refuse;
}

/* The ring stops until there is a new kick descriptor. */
static int get_base(struct vhost_dev *dev, const struct vhost_msg *msg,
		    uint8_t *reply, size_t *len, struct err *err)
{
	struct vhost_ring *ring = ring_of(dev, msg->state.index, err);
	struct vhost_state state = { msg->state.index, 0 };

	if (!ring)
		return -1;
	state.num = ring->base;
	close_fd(&ring->kick.fd);
	*len = vhost_msg_reply_state(msg, &state, reply);
	return 0;
}

int vhost_dev_request(struct vhost_dev *dev, const struct vhost_msg *msg,
		      int fds[VHOST_FDS_MAX],
		      uint8_t reply[VHOST_HEADER + VHOST_PAYLOAD_MAX],
		      size_t *len, struct err *err)
{
	int failed = 0;

	*len = 0;
	switch (msg->request) {
	case VHOST_GET_FEATURES:
		*len = vhost_msg_reply(msg, offered(dev), reply);
		return 0;
	case VHOST_GET_PROTOCOL_FEATURES:
		*len = vhost_msg_reply(msg, PROTOCOL, reply);
		return 0;
	case VHOST_GET_QUEUE_NUM:
		*len = vhost_msg_reply(msg, VHOST_PAIRS_MAX, reply);
		return 0;
	case VHOST_GET_VRING_BASE:
		failed = get_base(dev, msg, reply, len, err);
		break;
	case VHOST_GET_CONFIG:
		*len = vhost_msg_reply_config(msg, NULL, 0, reply);
		return 0;
	default:
		failed = request_of(msg)(dev, msg, fds, err);
	}
	if (!failed)
		failed = start_rings(dev, err);
	count_pairs(dev);
	if (msg->need_reply && !*len)
		*len = vhost_msg_reply(msg, failed ? 1 : 0, reply);
	return failed;
}

/* --- the device ---------------------------------------------------------- */

void vhost_dev_init(struct vhost_dev *dev, struct loop *loop,
		    void (*on_kick)(struct event *ev, uint32_t ready))
{
	unsigned int i;

	*dev = (struct vhost_dev){ .loop = loop, .backend_req = -1 };
	vhost_mem_init(&dev->mem);
	for (i = 0; i < VHOST_RINGS; i++) {
		dev->rings[i].kick = (struct event){ .fd = -1,
						     .parallel = true,
						     .fn = on_kick };
		dev->rings[i].call = -1;
	}
}

void vhost_dev_fini(struct vhost_dev *dev)
{
	unsigned int i;

	stop_rings(dev);
	for (i = 0; i < VHOST_RINGS; i++) {
		close_fd(&dev->rings[i].kick.fd);
		close_fd(&dev->rings[i].call);
	}
	close_fd(&dev->backend_req);
	vhost_mem_unmap(&dev->mem);
}

unsigned int vhost_dev_offload(const struct vhost_dev *dev)
{
	unsigned int offload = 0;

	if (!vhost_dev_has(dev, VIRTIO_NET_F_GUEST_CSUM))
		return 0;
	offload |= OFFLOAD_CSUM;
	if (vhost_dev_has(dev, VIRTIO_NET_F_GUEST_TSO4))
		offload |= OFFLOAD_TSO4;
	if (vhost_dev_has(dev, VIRTIO_NET_F_GUEST_TSO6))
		offload |= OFFLOAD_TSO6;
	if (vhost_dev_has(dev, VIRTIO_NET_F_GUEST_ECN))
		offload |= OFFLOAD_ECN;
	if (vhost_dev_has(dev, F_GUEST_USO4) &&
	    vhost_dev_has(dev, F_GUEST_USO6))
		offload |= OFFLOAD_USO;
	return offload;
}

void vhost_dev_call(struct vhost_ring *ring)
{
	static const uint64_t one = 1;
	ssize_t n;

	if (ring->call < 0 || !vring_wants_call(&ring->q))
		return;
	/* A descriptor that takes no more was not read yet: the guest is going
	 * to look anyway. */
	n = ring->call_socket ? send(ring->call, &one, sizeof(one),
				     MSG_DONTWAIT | MSG_NOSIGNAL)
			      : write(ring->call, &one, sizeof(one));
	(void)n;
}
