// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * common/tuntap against the running kernel, in a network namespace of its
 * own: what is made, attached, refused and taken back.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "common/netlink_link.h"
#include "common/tunflags.h"
#include "common/tuntap.h"
#include "tests/unit/netns.h"
#include "tests/unit/tap.h"

/* Who opens the device that is made at the worst moment, or NULL. */
static void (*intruder)(void);

/* In the place of libc's: before a device gets its owner, others come. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (request == TUNSETOWNER && intruder)
		intruder();
	return (int)syscall(SYS_ioctl, fd, request, arg);
}

static const struct tuntap_request tap_request = {
	.name = "tap0",
	.kind = TUNTAP_TAP,
	.queues = 1,
};

static bool exists(const char *name)
{
	return if_nametoindex(name) != 0;
}

static bool link_of(const char *name, struct netlink_link *link)
{
	struct netlink *nl = netlink_open(NULL);
	bool found = nl && !netlink_link_get(nl, name, link, NULL);

	netlink_close(nl);
	return found;
}

/* A persistent device made by plain ioctls; its flags as given. */
static void make_device(const char *name, int flags)
{
	struct ifreq ifr = { .ifr_flags = (short)flags };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) ||
	    ioctl(fd, TUNSETPERSIST, 1UL))
		tap_bail("make a device");
	close(fd);
}

/*
 * Index of a device made and gone. They are given in order: the next one is
 * higher by one exactly if none was made meanwhile, however short its life.
 */
static int next_index(void)
{
	struct tuntap tt;
	int index;

	if (tuntap_open(&tt, &(struct tuntap_request){ .queues = 1 }, NULL))
		tap_bail("make a device");
	index = (int)if_nametoindex(tt.name);
	tuntap_close(&tt);
	return index;
}

/* Size of the vnet header that the next one to open a tap will find. */
static int vnet_size(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	int size = -1;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) ||
	    ioctl(fd, TUNGETVNETHDRSZ, &size))
		tap_bail("read the size of the vnet header");
	close(fd);
	return size;
}

/* Whether the host's stack may hand the device TCP segments beyond the MTU. */
static bool tso_on(const char *name)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GTSO };
	struct ifreq ifr = { .ifr_data = (void *)&value };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &ifr))
		tap_bail("ethtool");
	close(fd);
	return value.data;
}

static void refused(const struct tuntap_request *req, int cause,
		    const char *what, const char *word)
{
	int before = tap_open_fds();
	struct err err = { "" };
	struct tuntap tt;
	int rc, got;

	errno = 0;
	rc = tuntap_open(&tt, req, &err);
	got = errno;
	is_int(rc, -1, "%s: refused", what);
	is_int(got, cause, "%s: errno", what);
	if (!ok(strstr(err.text, word) != NULL, "%s: error says '%s'", what,
		word))
		printf("# %s\n", err.text);
	is_int(tap_open_fds(), before, "%s: no descriptor is left", what);
	is_int(tt.queues, 0, "%s: no device is open", what);
	if (!rc)
		tuntap_close(&tt);
}

static void test_features(void)
{
	uint32_t features = 0;
	struct err err = { "" };

	is_int(tuntap_features(NULL, &features, &err), 0, "features");
	ok((features & (IFF_TUN | IFF_TAP | IFF_NO_PI)) ==
		   (IFF_TUN | IFF_TAP | IFF_NO_PI),
	   "tun, tap, no packet info");
	errno = 0;
	ok(tuntap_features("/nonexistent", &features, &err) == -1 &&
		   errno == ENOENT && strstr(err.text, "modprobe tun"),
	   "no clone device: the remedy is told");
	ok(!strncmp(err.text, "Failed to open '/nonexistent' : No such file",
		    43),
	   "no clone device: the ancestor's words");
	is_int(tuntap_features("/dev/null", &features, &err), -1,
	       "another device in its place");
}

static void test_create(void)
{
	struct tuntap_request req = tap_request;
	struct err err = { "" };
	struct tuntap tt;

	req.how = TUNTAP_MUST_CREATE;
	if (!is_int(tuntap_open(&tt, &req, &err), 0, "make a tap"))
		printf("# %s\n", err.text);
	ok(tt.created && tt.queues == 1 && tt.kind == TUNTAP_TAP &&
		   !strcmp(tt.name, "tap0"),
	   "what was made");
	is_int(tt.flags & (IFF_TAP | IFF_TUN | IFF_NO_PI | IFF_VNET_HDR),
	       IFF_TAP | IFF_NO_PI, "its flags");
	ok((fcntl(tt.fd[0], F_GETFL) & O_NONBLOCK) &&
		   (fcntl(tt.fd[0], F_GETFD) & FD_CLOEXEC),
	   "non-blocking and close-on-exec");
	ok(!tuntap_has_vnet_hdr(&tt), "no vnet header");
	is_int(tuntap_queueing(&tt), QUEUEING_DEFAULT, "queueing mode");
	refused(&req, EEXIST, "make it again", "exists already");
	req.how = TUNTAP_OPEN_OR_CREATE;
	refused(&req, EBUSY, "open it twice", "in use");
	tuntap_close(&tt);
	ok(!exists("tap0"), "it goes with its descriptor");
	tuntap_close(&tt);

	req.name = NULL;
	req.kind = TUNTAP_TUN;
	is_int(tuntap_open(&tt, &req, &err), 0, "a tun, name by the kernel");
	ok(!strncmp(tt.name, "tun", 3) && tt.kind == TUNTAP_TUN && tt.created,
	   "it is %s", tt.name);
	tuntap_close(&tt);
	req.name = "net%d";
	is_int(tuntap_open(&tt, &req, &err), 0, "a pattern");
	is_str(tt.name, "net0", "name by the pattern");
	tuntap_close(&tt);
}

static void test_attach(void)
{
	struct tuntap_request req = tap_request;
	struct err err = { "" };
	struct tuntap tt;
	int index;

	req.how = TUNTAP_MUST_EXIST;
	index = next_index();
	refused(&req, ENODEV, "attach to none", "no device 'tap0'");
	is_int(next_index(), index + 1, "attach to none makes none");
	make_device("tap0", IFF_TAP | IFF_NO_PI);
	is_int(tuntap_open(&tt, &req, &err), 0, "attach to one");
	ok(!tt.created, "it was there before");
	tuntap_close(&tt);
	ok(exists("tap0"), "it stays");
	req.how = TUNTAP_OPEN_OR_CREATE;
	is_int(tuntap_open(&tt, &req, &err), 0, "either: attach");
	ok(!tt.created, "either: it was there before");
	tuntap_close(&tt);
	req.how = TUNTAP_MUST_CREATE;
	refused(&req, EEXIST, "make where one is", "exists already");
	req.how = TUNTAP_OPEN_OR_CREATE;
	req.kind = TUNTAP_TUN;
	refused(&req, EINVAL, "wrong kind", "is a tap, not a tun");
	req.kind = TUNTAP_TAP;
	req.queueing = QUEUEING_MULTI_QUEUE;
	refused(&req, EINVAL, "multi-queue of a single-queue",
		"without queueing mode multi-queue");
	req.queueing = QUEUEING_DEFAULT;
	req.name = "lo";
	refused(&req, EINVAL, "no tun/tap", "is no tun/tap device");
	ok(exists("lo"), "lo is there");
	is_int(tuntap_delete(NULL, "tap0", &err), 0, "delete it");
}

static void test_requests(void)
{
	struct tuntap_request req = tap_request;

	req.name = "";
	refused(&req, EINVAL, "empty name", "empty");
	req.name = "a-name-too-long-";
	refused(&req, EINVAL, "long name", "15");
	req.name = "a/b";
	refused(&req, EINVAL, "slash", "'/'");
	req.name = "tap%d";
	req.how = TUNTAP_MUST_EXIST;
	refused(&req, EINVAL, "attach to a pattern", "'%'");
	req.name = NULL;
	refused(&req, EINVAL, "attach to no name", "not said");
	req = tap_request;
	req.queues = 0;
	refused(&req, EINVAL, "no queue", "1 to 256");
	req.queues = 257;
	refused(&req, EINVAL, "257 queues", "1 to 256");
	req.queues = 2;
	refused(&req, EINVAL, "two queues of a single-queue", "multi-queue");
	req.queues = 1;
	req.clone = "/nonexistent";
	refused(&req, ENOENT, "no clone device", "modprobe tun");
	req.clone = "/dev/null";
	refused(&req, ENOTTY, "another device in its place", "clone device is");
	req.vnet_hdr = true;
	refused(&req, ENOTTY, "it cannot tell features", "TUNGETFEATURES");
	ok(!exists("tap0") && !exists("a-name-too-long"), "nothing was made");
}

static void test_backpressure(void)
{
	struct tuntap_request req = tap_request;
	uint32_t features = 0;
	struct tuntap tt;

	req.queueing = QUEUEING_BACKPRESSURE;
	tuntap_features(NULL, &features, NULL);
	if (!(features & IFF_BACKPRESSURE)) {
		refused(&req, EOPNOTSUPP, "backpressure", "Linux 7.2");
		ok(!exists("tap0"), "backpressure: nothing was made");
		return;
	}
	is_int(tuntap_open(&tt, &req, NULL), 0, "backpressure");
	is_int(tuntap_queueing(&tt), QUEUEING_BACKPRESSURE, "in force");
	tuntap_close(&tt);
}

static void test_multi_queue(void)
{
	struct tuntap_request req = tap_request;
	struct netlink_link link;
	struct err err = { "" };
	struct tuntap tt;
	int before = tap_open_fds();

	req.queueing = QUEUEING_MULTI_QUEUE;
	req.queues = 4;
	req.vnet_hdr = true;
	is_int(tuntap_open(&tt, &req, &err), 0, "four queues");
	ok(tt.queues == 4 && tuntap_queueing(&tt) == QUEUEING_MULTI_QUEUE,
	   "four descriptors");
	is_int(tap_open_fds(), before + 4, "four more are open");
	ok(link_of("tap0", &link) && link.tun.queues == 4 &&
		   link.tun.multi_queue && link.tun.vnet_hdr &&
		   !link.tun.persist,
	   "rtnetlink says so");
	is_int(tuntap_queue(&tt, 1, false, &err), 0, "detach one");
	ok(link_of("tap0", &link) && link.tun.queues == 3 &&
		   link.tun.detached == 1,
	   "rtnetlink says so");
	is_int(tuntap_queue(&tt, 1, false, &err), -1, "detach it again");
	is_int(tuntap_queue(&tt, 1, true, &err), 0, "attach it");
	is_int(tuntap_queue(&tt, 4, true, &err), -1, "a fifth there is not");
	is_int(tuntap_persist(&tt, true, &err), 0, "make it persistent");
	tuntap_close(&tt);
	is_int(tap_open_fds(), before, "all are closed");
	req = tap_request;
	refused(&req, EINVAL, "single-queue of a multi-queue",
		"must be opened so");
	is_int(tuntap_delete(NULL, "tap0", &err), 0, "delete a multi-queue");
	ok(!exists("tap0"), "it is gone");
	req.queueing = QUEUEING_MULTI_QUEUE;
	req.queues = 256;
	is_int(tuntap_open(&tt, &req, &err), 0, "256 queues");
	tuntap_close(&tt);
	is_int(tap_open_fds(), before, "all are closed");
}

/* A queue more gets the flags in force: other ones are refused, not got. */
static void test_other_flags(void)
{
	struct tuntap_request req = tap_request;
	struct netlink_link link;
	struct tuntap tt, second;
	int size = 0;

	req.queueing = QUEUEING_MULTI_QUEUE;
	req.vnet_hdr = true;
	is_int(tuntap_open(&tt, &req, NULL), 0, "a queue with a vnet header");
	is_int(tuntap_open(&second, &req, NULL), 0, "another with one");
	tuntap_close(&second);
	req.vnet_hdr = false;
	refused(&req, EBUSY, "another without one", "in another way");
	ok(link_of("tap0", &link) && link.tun.vnet_hdr && link.tun.queues == 1,
	   "the first one is as it was");
	req.vnet_hdr = true;
	tuntap_open(&second, &req, NULL);
	tuntap_close(&tt);
	ioctl(second.fd[0], TUNGETVNETHDRSZ, &size);
	is_int(size, 12, "a queue that closes leaves the others their header");
	tuntap_close(&second);
}

/* A second queue that fails takes the first, and the device, with it. */
static void test_second_queue_fails(void)
{
	struct tuntap_request req = tap_request;
	struct err err = { "" };
	struct tuntap first, tt;
	int before;

	req.queueing = QUEUEING_MULTI_QUEUE;
	req.queues = 200;
	is_int(tuntap_open(&first, &req, &err), 0, "200 queues");
	before = tap_open_fds();
	req.queues = 100;
	is_int(tuntap_open(&tt, &req, &err), -1, "100 more are too many");
	ok(errno == E2BIG && strstr(err.text, "all the queues"), "it says so");
	is_int(tap_open_fds(), before, "none of the 100 is left");
	ok(exists("tap0"), "the device of the first stays");
	tuntap_close(&first);
}

static void test_vnet_hdr(void)
{
	struct tuntap_request req = tap_request;
	struct err err = { "" };
	struct tuntap tt;
	int size = 0;

	req.vnet_hdr = true;
	make_device("tap0", IFF_TAP | IFF_NO_PI);
	is_int(tuntap_open(&tt, &req, &err), 0, "with a vnet header");
	ok(tuntap_has_vnet_hdr(&tt), "it has one");
	ioctl(tt.fd[0], TUNGETVNETHDRSZ, &size);
	is_int(size, 12, "of 12 bytes");
	is_int(tuntap_offload(&tt, TUNTAP_OFFLOAD_TSO_USO, &err), 0, "offload");
	ok(tt.offload != TUNTAP_OFFLOAD_NONE && tso_on("tap0"), "in force");
	is_int(tuntap_offload(&tt, TUNTAP_OFFLOAD_NONE, &err), 0, "none");
	ok(!tso_on("tap0"), "none in force");
	is_int(tuntap_offload(&tt, TUNTAP_OFFLOAD_TSO, &err), 0, "again");
	ok(tt.offload == TUNTAP_OFFLOAD_TSO && tso_on("tap0"), "in force");
	tuntap_close(&tt);
	is_int(vnet_size("tap0"), 10, "the size is put back");
	ok(!tso_on("tap0"), "the offload is put back");
	req.vnet_hdr = false;
	tuntap_open(&tt, &req, &err);
	errno = 0;
	ok(tuntap_offload(&tt, TUNTAP_OFFLOAD_TSO, &err) == -1 &&
		   errno == EINVAL && strstr(err.text, "vnet header"),
	   "offload without a vnet header");
	tuntap_close(&tt);
	tuntap_delete(NULL, "tap0", NULL);
}

static void test_hand_over(void)
{
	struct tuntap_request req = tap_request;
	struct err err = { "" };
	struct tuntap tt;
	int size = 0;

	req.vnet_hdr = true;
	req.queueing = QUEUEING_MULTI_QUEUE;
	tuntap_open(&tt, &req, &err);
	tuntap_offload(&tt, TUNTAP_OFFLOAD_TSO, &err);
	is_int(tuntap_hand_over(&tt, &err), 0, "hand over");
	ok(!(fcntl(tt.fd[0], F_GETFL) & O_NONBLOCK), "blocking");
	is_int(fcntl(tt.fd[0], F_GETFD), 0, "left open by exec");
	ioctl(tt.fd[0], TUNGETVNETHDRSZ, &size);
	is_int(size, 10, "the kernel's size of vnet header");
	ok(!tso_on("tap0"), "the kernel's offloads");
	tuntap_close(&tt);
}

static void test_owner(void)
{
	struct tuntap_request req = tap_request;
	struct netlink_link link;
	struct err err = { "" };
	struct tuntap tt;

	tuntap_open(&tt, &req, &err);
	is_int(tuntap_owner(&tt, (uid_t)-1, &err), 0, "nobody, nor before");
	is_int(tuntap_group(&tt, (gid_t)-1, &err), 0, "no group, nor before");
	is_int(tuntap_owner(&tt, 0, &err), 0, "owner");
	is_int(tuntap_group(&tt, 0, &err), 0, "group");
	ok(link_of("tap0", &link) && link.tun.owner == 0 && link.tun.group == 0,
	   "rtnetlink says so");
	is_int(tuntap_owner(&tt, (uid_t)-1, &err), -1, "nobody any more");
	ok(strstr(err.text, "owner of 'tap0'") != NULL, "is told");
	is_int(tuntap_group(&tt, (gid_t)-1, &err), -1, "no group any more");
	is_int(tuntap_persist(&tt, true, &err), 0, "persistent");
	is_int(tuntap_persist(&tt, false, &err), 0, "not persistent");
	tuntap_close(&tt);
	ok(!exists("tap0"), "gone");
}

static void test_from_fd(void)
{
	struct tuntap_request req = tap_request;
	struct err err = { "" };
	struct tuntap first, tt;
	int pipe_fd[2], fd, size = 0;

	req.vnet_hdr = true;
	tuntap_open(&first, &req, &err);
	fd = dup(first.fd[0]);
	fcntl(fd, F_SETFL, 0);
	size = 10;
	ioctl(fd, TUNSETVNETHDRSZ, &size);
	is_int(tuntap_from_fd(&tt, fd, &err), 0, "adopt");
	ok(!strcmp(tt.name, "tap0") && tt.queues == 1 && tt.fd[0] == fd &&
		   tuntap_has_vnet_hdr(&tt) && !tt.created,
	   "what it is");
	ioctl(fd, TUNGETVNETHDRSZ, &size);
	is_int(size, 12, "vnet header of 12 bytes");
	ok((fcntl(fd, F_GETFL) & O_NONBLOCK) &&
		   (fcntl(fd, F_GETFD) & FD_CLOEXEC),
	   "non-blocking and close-on-exec");
	tuntap_close(&tt);
	tuntap_close(&first);

	if (pipe(pipe_fd))
		tap_bail("pipe");
	is_int(tuntap_from_fd(&tt, pipe_fd[0], &err), -1, "a pipe");
	ok(strstr(err.text, "no open tun/tap") != NULL, "a pipe: error says");
	ok(fcntl(pipe_fd[0], F_GETFD) >= 0, "a pipe: stays the caller's");
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	is_int(tuntap_from_fd(&tt, fd, &err), -1, "not attached");
	close(fd);
	is_int(tuntap_from_fd(&tt, -1, &err), -1, "none");
	close(pipe_fd[0]);
	close(pipe_fd[1]);
}

static void delete_refused(const char *name, int cause, const char *word)
{
	int before = tap_open_fds();
	struct err err = { "" };
	int rc, got;

	errno = 0;
	rc = tuntap_delete(NULL, name, &err);
	got = errno;
	ok(rc == -1 && got == cause, "delete '%s': errno %d", name, cause);
	if (!ok(strstr(err.text, word) != NULL, "delete '%s': error says '%s'",
		name, word))
		printf("# %s\n", err.text);
	is_int(tap_open_fds(), before, "delete '%s': no descriptor is left",
	       name);
}

static void test_delete(void)
{
	struct tuntap_request req = tap_request;
	struct netlink_link link;
	struct tuntap tt;
	int index;

	index = next_index();
	delete_refused("tap0", ENODEV, "no interface 'tap0'");
	is_int(next_index(), index + 1, "delete of a missing one makes none");
	delete_refused("lo", EINVAL, "no tun/tap");
	delete_refused("", EINVAL, "empty");
	delete_refused("tap%d", EINVAL, "%");
	delete_refused("a-name-too-long-", EINVAL, "15");
	make_device("tun0", IFF_TUN);
	is_int(tuntap_delete(NULL, "tun0", NULL), 0, "delete a tun with pi");
	ok(!exists("tun0"), "gone");
	make_device("tap0", IFF_TAP | IFF_VNET_HDR | IFF_MULTI_QUEUE);
	is_int(tuntap_delete(NULL, "tap0", NULL), 0, "delete a tap with all");
	ok(!exists("tap0"), "gone");
	tuntap_open(&tt, &req, NULL);
	delete_refused("tap0", EBUSY, "in use");
	ok(exists("tap0"), "a device in use stays");
	tuntap_close(&tt);
	req.queueing = QUEUEING_MULTI_QUEUE;
	req.vnet_hdr = true;
	tuntap_open(&tt, &req, NULL);
	tuntap_persist(&tt, true, NULL);
	delete_refused("tap0", EBUSY, "in use");
	ok(exists("tap0"), "a multi-queue device in use stays");
	ok(link_of("tap0", &link) && link.tun.vnet_hdr && link.tun.persist,
	   "and keeps its vnet header, and stays when it is closed");
	tuntap_close(&tt);
	is_int(tuntap_delete(NULL, "tap0", NULL), 0, "nobody has it open");
}

/* What a user is to try: his clone device, and whether he owns tap0. */
struct user_case {
	const char *clone;
	bool owner;
};

/* A user who owns the device may open and delete it; another may neither. */
static int as_user(void *data)
{
	const struct user_case *c = data;
	struct tuntap_request req = tap_request;
	struct err err = { "" };
	struct tuntap tt;

	req.clone = c->clone;
	if (setresuid(12345, 12345, 12345) || access(c->clone, R_OK | W_OK))
		return 77;
	if (c->owner) {
		if (tuntap_open(&tt, &req, &err))
			return 1;
		tuntap_close(&tt);
		return tuntap_delete(c->clone, "tap0", &err) ? 2 : 0;
	}
	if (!tuntap_open(&tt, &req, &err) || errno != EPERM ||
	    !strstr(err.text, "CAP_NET_ADMIN"))
		return 3;
	if (exists("tap0") && !tuntap_delete(c->clone, "tap0", &err))
		return 4;
	return 0;
}

/* As make_device(), for a user. */
static void make_owned(uid_t uid)
{
	struct tuntap_request req = tap_request;
	struct tuntap tt;

	if (tuntap_open(&tt, &req, NULL) || tuntap_owner(&tt, uid, NULL) ||
	    tuntap_persist(&tt, true, NULL))
		tap_bail("make a device for a user");
	tuntap_close(&tt);
}

/* A user who finds a device of several queues: 3 if he is not let in. */
static int attach_as_user(void *data)
{
	struct tuntap_request req = tap_request;
	struct err err = { "" };
	struct tuntap tt;

	req.clone = data;
	req.how = TUNTAP_MUST_EXIST;
	req.queueing = QUEUEING_MULTI_QUEUE;
	if (setresuid(12345, 12345, 12345) || access(req.clone, R_OK | W_OK))
		return 77;
	return tuntap_open(&tt, &req, &err) && errno == EPERM ? 3 : 4;
}

/* What is made with several queues is open to nobody else. */
static void test_made_for(char *clone)
{
	struct tuntap_request req = tap_request;
	struct tuntap_ids ids = { 0, (gid_t)-1 };
	struct netlink_link link;
	struct tuntap tt;

	req.queueing = QUEUEING_MULTI_QUEUE;
	req.queues = 2;
	req.ids = &ids;
	is_int(tuntap_open(&tt, &req, NULL), 0, "two queues, made for root");
	ok(link_of("tap0", &link) && link.tun.owner == 0 &&
		   link.tun.group == (gid_t)-1,
	   "owner and no group");
	is_int(tap_child(attach_as_user, clone), 3, "no third for others");
	tuntap_close(&tt);
	ids = (struct tuntap_ids){ (uid_t)-1, 0 };
	is_int(tuntap_open(&tt, &req, NULL), 0, "made for a group");
	ok(link_of("tap0", &link) && link.tun.owner == (uid_t)-1 &&
		   link.tun.group == 0,
	   "group and no owner");
	tuntap_close(&tt);
}

/* The host's clone device may be root's alone: a node for everybody. */
static void test_permission(void)
{
	char dir[] = "/tmp/test-tuntap-XXXXXX";
	char clone[64];
	struct user_case c = { clone, false };
	int status;

	if (!mkdtemp(dir) || chmod(dir, 0755))
		tap_bail("mkdtemp");
	snprintf(clone, sizeof(clone), "%s/tun", dir);
	if (mknod(clone, S_IFCHR | 0666, makedev(10, 200)) ||
	    chmod(clone, 0666))
		snprintf(clone, sizeof(clone), "/dev/net/tun");
	status = tap_child(as_user, &c);
	if (status == 77) {
		tap_skip("no user with a clone device here", "owner");
	} else {
		is_int(status, 0, "a user cannot make a device");
		make_owned(0);
		is_int(tap_child(as_user, &c), 0, "nor take another's");
		tuntap_delete(NULL, "tap0", NULL);
		make_owned(12345);
		c.owner = true;
		is_int(tap_child(as_user, &c), 0, "the owner may have his");
		ok(!exists("tap0"), "and delete it");
		test_made_for(clone);
	}
	snprintf(clone, sizeof(clone), "%s/tun", dir);
	unlink(clone);
	rmdir(dir);
}

static int intruder_fd = -1;

/* For as long as a device belongs to nobody, this could be anybody. */
static void intrude(void)
{
	struct ifreq ifr = { .ifr_name = "tap0",
			     .ifr_flags = IFF_TAP | IFF_NO_PI |
					  IFF_MULTI_QUEUE };

	intruder_fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (intruder_fd < 0 || ioctl(intruder_fd, TUNSETIFF, &ifr))
		tap_bail("intrude");
}

/* One who was faster than the owner is not left in. */
static void test_intruder(void)
{
	struct tuntap_request req = tap_request;
	struct tuntap_ids ids = { 0, (gid_t)-1 };
	struct err err = { "" };
	struct tuntap tt;
	int rc, cause;

	req.queueing = QUEUEING_MULTI_QUEUE;
	req.queues = 2;
	req.ids = &ids;
	intruder = intrude;
	rc = tuntap_open(&tt, &req, &err);
	cause = errno;
	intruder = NULL;
	ok(rc == -1 && cause == EBUSY, "a third queue of somebody else's");
	if (!ok(strstr(err.text, "as it was made") != NULL, "is told"))
		printf("# %s\n", err.text);
	close(intruder_fd);
	ok(!exists("tap0"), "nothing is left");
}

int main(void)
{
	int fd;

	netns_enter();
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		tap_skip_all("/dev/net/tun cannot be opened");
	close(fd);
	test_features();
	test_create();
	test_attach();
	test_requests();
	test_backpressure();
	test_multi_queue();
	test_other_flags();
	test_second_queue_fails();
	test_vnet_hdr();
	test_hand_over();
	test_owner();
	test_from_fd();
	test_delete();
	test_permission();
	test_intruder();
	return tap_done();
}
