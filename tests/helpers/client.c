// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clients of a switch: the introduction of each protocol, sending, receiving
 * and the test frames.
 *
 * A daemon client has two sockets. On the control connection (stream) it
 * tells the name of its own data socket and, from v1 on, is told the switch's;
 * the connection then only has to stay open. Frames are datagrams between the
 * two data sockets. UML names its socket by an abstract name that fills the
 * whole sockaddr_un, leaves it unconnected and gives the address with each
 * frame; libvdeplug binds a file and connects. Both are done the same here,
 * since a switch may notice the difference.
 *
 * A test frame is: Ethernet header, perhaps a tag, then (struct proof, big
 * endian) magic, stream, sequence number, length of what follows the header, a
 * sum of both addresses; then a pattern that starts at a place chosen by the
 * sequence number.
 */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/clock.h"

#define REQUEST_MAGIC 0xfeedfaceU
#define REQUEST_MAX 320
#define VDE_TEXT "test client"
#define ETHER_TYPE 0x88b5     /* local experimental 1: with proof */
#define ETHER_TYPE_RAW 0x88b6 /* local experimental 2: too short for one */
#define ETHER_VLAN 0x8100
#define ETHER_HEADER 14
#define VLAN_TAG 4
#define MAGIC_TEST 0x554d4c54U
#define MAGIC_HELLO 0x554d4c48U
#define PATTERN_PERIOD 251
#define STREAM_HEAD 4

/* The requests, in the native order and alignment of the protocol. */
struct request_v0 {
	uint32_t type;
	uint8_t mac[CLIENT_MAC_LEN];
	struct sockaddr_un name;
};

struct request_v1 {
	uint32_t magic;
	uint32_t type;
	uint8_t mac[CLIENT_MAC_LEN];
	struct sockaddr_un name;
};

struct request_v3 {
	uint32_t magic;
	uint32_t version;
	uint32_t type;
	struct sockaddr_un sock;
};

struct proof {
	uint32_t magic;
	uint32_t stream;
	uint32_t seq;
	uint32_t len;
	uint32_t macs;
};

static const char *const proto_names[CLIENT_PROTOS] = {
	[CLIENT_V0] = "v0",
	[CLIENT_V1] = "v1",
	[CLIENT_V2] = "v2",
	[CLIENT_V3] = "v3",
	[CLIENT_VDE] = "vde",
	[CLIENT_SEQPACKET] = "seqpacket",
	[CLIENT_STREAM] = "stream",
	[CLIENT_DGRAM] = "dgram",
	[CLIENT_STRANGER] = "stranger",
};

int client_proto_parse(const char *name)
{
	for (int i = 0; i < CLIENT_PROTOS; i++)
		if (!strcmp(name, proto_names[i]))
			return i;
	return -1;
}

const char *client_proto_name(enum client_proto proto)
{
	return proto_names[proto];
}

double clock_seconds(void)
{
	return (double)clock_ns() / 1e9;
}

static int fail(struct client *c, const char *step, const char *name)
{
	snprintf(c->error, sizeof(c->error), "%s '%s': %s", step, name,
		 strerror(errno));
	return CLIENT_FAILED;
}

/* Path or '@' and an abstract name; the length is always that of the struct,
 * which is how UML gives it, except for abstract names typed by a user.
 */
static int set_address(struct sockaddr_un *addr, socklen_t *len,
		       const char *name)
{
	size_t n = strlen(name);

	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	*len = sizeof(*addr);
	if (n == 0 || n >= sizeof(addr->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(addr->sun_path, name, n);
	if (name[0] == '@') {
		addr->sun_path[0] = '\0';
		*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	}
	return 0;
}

static void set_timeouts(int fd, unsigned int ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

static int connect_control(struct client *c, const struct client_options *opt)
{
	int type = opt->proto == CLIENT_SEQPACKET ? SOCK_SEQPACKET
						  : SOCK_STREAM;
	struct sockaddr_un addr;
	char path[sizeof(addr.sun_path) + 8];
	socklen_t len;

	snprintf(path, sizeof(path), "%s%s", opt->ctl,
		 opt->proto == CLIENT_VDE ? "/ctl" : "");
	if (set_address(&addr, &len, path) < 0)
		return fail(c, "control socket", opt->ctl);
	c->ctl = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (c->ctl < 0)
		return fail(c, "socket for", path);
	set_timeouts(c->ctl, opt->timeout_ms);
	if (connect(c->ctl, (struct sockaddr *)&addr, len) < 0)
		return fail(c, "connect to", path);
	return 0;
}

/* UML: a NUL, the pid, the microseconds; here a counter keeps the names of
 * one process apart.
 */
static void name_abstract(struct sockaddr_un *addr, uint32_t number)
{
	uint32_t words[2] = { (uint32_t)getpid(), number };

	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	memcpy(addr->sun_path + 1, words, sizeof(words));
}

static void name_in_folder(struct sockaddr_un *addr, const char *dir,
			   uint32_t number)
{
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	snprintf(addr->sun_path, sizeof(addr->sun_path), "%.90s/.%05d-%05u",
		 dir, (int)getpid(), number % 100000);
}

static int bind_data(struct client *c, const struct client_options *opt)
{
	uint32_t number;

	c->data = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (c->data < 0)
		return fail(c, "socket for", "data");
	set_timeouts(c->data, opt->timeout_ms);
	number = (uint32_t)(clock_ns() % CLOCK_NS_PER_S / 1000);
	for (int tries = 0; tries < 100000; tries++, number++) {
		if (opt->proto == CLIENT_VDE)
			name_in_folder(&c->local, opt->ctl, number);
		else
			name_abstract(&c->local, number);
		if (bind(c->data, (struct sockaddr *)&c->local,
			 sizeof(c->local)) == 0)
			return 0;
		if (errno != EADDRINUSE)
			break;
	}
	return fail(c, "bind", c->local.sun_path);
}

/* Returns the length of the request. */
static size_t build_request(const struct client *c,
			    const struct client_options *opt, uint8_t *buf)
{
	struct request_v0 v0 = { .type = opt->type, .name = c->local };
	struct request_v1 v1 = { .magic = REQUEST_MAGIC,
				 .type = opt->type,
				 .name = c->local };
	struct request_v3 v3 = { .magic = REQUEST_MAGIC,
				 .version = opt->proto == CLIENT_V2 ? 2 : 3,
				 .type = opt->type,
				 .sock = c->local };
	size_t text = offsetof(struct request_v3, sock) + sizeof(v3.sock);

	switch (opt->proto) {
	case CLIENT_V0:
		memcpy(v0.mac, opt->mac, sizeof(v0.mac));
		memcpy(buf, &v0, sizeof(v0));
		return sizeof(v0);
	case CLIENT_V1:
		memcpy(v1.mac, opt->mac, sizeof(v1.mac));
		memcpy(buf, &v1, sizeof(v1));
		return sizeof(v1);
	case CLIENT_VDE:
		memcpy(buf, &v3, sizeof(v3));
		memcpy(buf + text, VDE_TEXT, sizeof(VDE_TEXT));
		return text + sizeof(VDE_TEXT) - 1;
	default:
		memcpy(buf, &v3, sizeof(v3));
		return sizeof(v3);
	}
}

static int write_all(int fd, const uint8_t *buf, size_t len)
{
	ssize_t n;

	for (; len > 0; buf += n, len -= (size_t)n) {
		n = send(fd, buf, len, MSG_NOSIGNAL);
		if (n < 0)
			return -1;
	}
	return 0;
}

static int send_request(struct client *c, const struct client_options *opt)
{
	const unsigned int *piece = opt->pieces;
	uint8_t buf[REQUEST_MAX];
	size_t len = build_request(c, opt, buf);
	size_t done = 0;

	for (; piece && *piece && done + *piece < len; piece++) {
		if (write_all(c->ctl, buf + done, *piece) < 0)
			return fail(c, "send request to", opt->ctl);
		done += *piece;
		usleep(opt->pause_ms * 1000);
	}
	if (write_all(c->ctl, buf + done, len - done) < 0)
		return fail(c, "send request to", opt->ctl);
	return 0;
}

static int refused(struct client *c, size_t got)
{
	snprintf(c->error, sizeof(c->error),
		 "the switch hung up after %zu octets of a reply", got);
	return CLIENT_REFUSED;
}

static int read_reply(struct client *c, unsigned int timeout_ms)
{
	double end = clock_seconds() + timeout_ms / 1000.0;
	uint8_t *buf = (uint8_t *)&c->remote;
	size_t got = 0;
	ssize_t n;

	while (got < sizeof(c->remote)) {
		n = recv(c->ctl, buf + got, sizeof(c->remote) - got, 0);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return refused(c, got);
		if (n > 0)
			got += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			return fail(c, "read reply of", "switch");
		if (got < sizeof(c->remote) && clock_seconds() >= end) {
			snprintf(c->error, sizeof(c->error),
				 "no reply within %u ms (%zu octets)",
				 timeout_ms, got);
			return CLIENT_TIMEOUT;
		}
	}
	return 0;
}

static int use_data_path(struct client *c, const struct client_options *opt)
{
	socklen_t len;

	if (!opt->data || set_address(&c->remote, &len, opt->data) < 0)
		return fail(c, "data socket", opt->data ? opt->data : "");
	return 0;
}

/* Learn where frames go: from the reply, or from the user. */
static int find_remote(struct client *c, const struct client_options *opt)
{
	int rc;

	if (opt->proto == CLIENT_V0 || opt->proto == CLIENT_STRANGER)
		return use_data_path(c, opt);
	rc = read_reply(c, opt->timeout_ms);
	if (rc < 0 || opt->proto != CLIENT_VDE)
		return rc;
	if (connect(c->data, (struct sockaddr *)&c->remote, sizeof(c->remote)) <
	    0)
		return fail(c, "connect to data socket", c->remote.sun_path);
	c->connected = true;
	return 0;
}

/* A file of its own that the switch sends to, and the switch's. */
static int pair_up(struct client *c, const struct client_options *opt)
{
	socklen_t len;

	if (!opt->data || set_address(&c->local, &len, opt->data) < 0 ||
	    set_address(&c->remote, &len, opt->ctl) < 0)
		return fail(c, "sockets", opt->data ? opt->data : "");
	unlink(opt->data);
	c->data = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (c->data < 0)
		return fail(c, "socket for", "data");
	set_timeouts(c->data, opt->timeout_ms);
	if (bind(c->data, (struct sockaddr *)&c->local, sizeof(c->local)) < 0)
		return fail(c, "bind", opt->data);
	return 0;
}

static int introduce(struct client *c, const struct client_options *opt)
{
	int rc;

	if (opt->proto == CLIENT_DGRAM)
		return pair_up(c, opt);
	if (opt->proto != CLIENT_STRANGER) {
		rc = connect_control(c, opt);
		if (rc < 0)
			return rc;
	}
	if (opt->proto == CLIENT_SEQPACKET || opt->proto == CLIENT_STREAM) {
		c->data = c->ctl;
		c->connected = true;
		return 0;
	}
	rc = bind_data(c, opt);
	if (rc < 0 || opt->no_request)
		return rc;
	if (opt->proto != CLIENT_STRANGER) {
		rc = send_request(c, opt);
		if (rc < 0)
			return rc;
	}
	return find_remote(c, opt);
}

int client_open(struct client *c, const struct client_options *opt)
{
	int rc;

	memset(c, 0, sizeof(*c));
	c->proto = opt->proto;
	c->ctl = -1;
	c->data = -1;
	rc = introduce(c, opt);
	if (rc < 0)
		client_close(c);
	return rc;
}

void client_close(struct client *c)
{
	if (c->data >= 0 && c->local.sun_path[0])
		unlink(c->local.sun_path);
	if (c->data >= 0 && c->data != c->ctl)
		close(c->data);
	if (c->ctl >= 0)
		close(c->ctl);
	c->data = -1;
	c->ctl = -1;
}

/* The whole of it, or nothing. */
static int send_stream(struct client *c, const void *frame, size_t len,
		       int flags)
{
	uint8_t buf[STREAM_HEAD + CLIENT_FRAME_MAX];
	uint32_t head = htonl((uint32_t)len);
	ssize_t n;

	memcpy(buf, &head, STREAM_HEAD);
	memcpy(buf + STREAM_HEAD, frame, len);
	len += STREAM_HEAD;
	n = send(c->data, buf, len, flags | MSG_NOSIGNAL);
	if (n < 0)
		return -1;
	return write_all(c->data, buf + n, len - (size_t)n);
}

int client_send(struct client *c, const void *frame, size_t len, int flags)
{
	const struct sockaddr *to = c->connected
					    ? NULL
					    : (struct sockaddr *)&c->remote;
	socklen_t to_len = to ? sizeof(c->remote) : 0;
	ssize_t n;

	if (c->proto == CLIENT_STREAM)
		return send_stream(c, frame, len, flags);
	n = sendto(c->data, frame, len, flags | MSG_NOSIGNAL, to, to_len);
	return n < 0 ? -1 : 0;
}

int client_send_burst(struct client *c, struct iovec *frames,
		      unsigned int count, int flags)
{
	struct mmsghdr msg[CLIENT_BURST_MAX] = { 0 };
	unsigned int n = 0;

	if (c->proto == CLIENT_STREAM) {
		while (n < count && !send_stream(c, frames[n].iov_base,
						 frames[n].iov_len, flags))
			n++;
		return n ? (int)n : -1;
	}
	for (unsigned int i = 0; i < count; i++) {
		msg[i].msg_hdr.msg_iov = &frames[i];
		msg[i].msg_hdr.msg_iovlen = 1;
		if (c->connected)
			continue;
		msg[i].msg_hdr.msg_name = &c->remote;
		msg[i].msg_hdr.msg_namelen = sizeof(c->remote);
	}
	return sendmmsg(c->data, msg, count, flags | MSG_NOSIGNAL);
}

struct client_rx *client_rx_new(unsigned int count)
{
	struct client_rx *rx = calloc(1, sizeof(*rx));

	if (!rx)
		return NULL;
	for (rx->count = 0; rx->count < count; rx->count++) {
		struct iovec *vec = &rx->vec[rx->count];

		vec->iov_base = malloc(CLIENT_FRAME_MAX);
		if (!vec->iov_base) {
			client_rx_free(rx);
			return NULL;
		}
		vec->iov_len = CLIENT_FRAME_MAX;
		rx->msg[rx->count].msg_hdr.msg_iov = vec;
		rx->msg[rx->count].msg_hdr.msg_iovlen = 1;
	}
	return rx;
}

void client_rx_free(struct client_rx *rx)
{
	if (!rx)
		return;
	for (unsigned int i = 0; i < rx->count; i++)
		free(rx->vec[i].iov_base);
	free(rx);
}

/* One frame: its length, or -1 with errno set, or 0 at the end. */
static ssize_t recv_stream(struct client *c, void *frame, int flags)
{
	uint32_t head;
	ssize_t n = recv(c->data, &head, sizeof(head), flags | MSG_PEEK);

	if (n <= 0)
		return n;
	n = recv(c->data, &head, sizeof(head), MSG_WAITALL);
	if (n == sizeof(head) && ntohl(head) <= CLIENT_FRAME_MAX)
		return recv(c->data, frame, ntohl(head), MSG_WAITALL);
	errno = EPROTO;
	return -1;
}

static int recv_streams(struct client *c, struct client_rx *rx, int flags)
{
	unsigned int i = 0;
	ssize_t n = 1;

	while (i < rx->count) {
		n = recv_stream(c, rx->vec[i].iov_base,
				i || (flags & MSG_DONTWAIT) ? MSG_DONTWAIT : 0);
		if (n <= 0)
			break;
		rx->msg[i++].msg_len = (unsigned int)n;
	}
	return i ? (int)i : (int)n;
}

int client_recv(struct client *c, struct client_rx *rx, int flags)
{
	int n;

	if (c->proto == CLIENT_STREAM)
		return recv_streams(c, rx, flags);
	n = recvmmsg(c->data, rx->msg, rx->count, flags, NULL);
	if (n <= 0 || c->proto != CLIENT_SEQPACKET)
		return n;
	/* At the end of a connection every message reads as an empty one. */
	while (n > 0 && rx->msg[n - 1].msg_len == 0)
		n--;
	return n;
}

bool client_hung_up(const struct client *c)
{
	struct pollfd p = { .fd = c->ctl, .events = POLLRDHUP };

	return c->ctl >= 0 && poll(&p, 1, 0) > 0 &&
	       (p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

/* One period longer than any frame, so that a frame's pattern is one copy. */
static const uint8_t *pattern(uint32_t seq)
{
	static uint8_t octets[CLIENT_FRAME_MAX + PATTERN_PERIOD];
	static bool made;

	for (size_t i = 0; !made && i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i % PATTERN_PERIOD ^ i >> 8);
	made = true;
	return octets + seq % PATTERN_PERIOD;
}

static uint32_t sum_macs(const uint8_t *frame)
{
	uint32_t sum = 2166136261U;

	for (int i = 0; i < 2 * CLIENT_MAC_LEN; i++)
		sum = (sum ^ frame[i]) * 16777619U;
	return sum;
}

static void put16(uint8_t *buf, uint16_t value)
{
	value = htons(value);
	memcpy(buf, &value, sizeof(value));
}

static uint16_t get16(const uint8_t *buf)
{
	uint16_t value;

	memcpy(&value, buf, sizeof(value));
	return ntohs(value);
}

static void put_proof(uint8_t *at, const struct frame_spec *spec, size_t room,
		      uint32_t macs)
{
	struct proof p = {
		.magic = htonl(spec->hello ? MAGIC_HELLO : MAGIC_TEST),
		.stream = htonl(spec->stream),
		.seq = htonl(spec->seq),
		.len = htonl((uint32_t)room),
		.macs = htonl(macs),
	};

	memcpy(at, &p, sizeof(p));
	memcpy(at + sizeof(p), pattern(spec->seq), room - sizeof(p));
}

void frame_build(uint8_t *buf, const struct frame_spec *spec)
{
	size_t head = ETHER_HEADER + (spec->tagged ? VLAN_TAG : 0);
	uint8_t whole[ETHER_HEADER + VLAN_TAG];
	bool proven = spec->len >= head + sizeof(struct proof);

	memcpy(whole, spec->dst, CLIENT_MAC_LEN);
	memcpy(whole + 6, spec->src, CLIENT_MAC_LEN);
	put16(whole + 12, ETHER_VLAN);
	put16(whole + 14, spec->tci);
	put16(whole + head - 2, proven ? ETHER_TYPE : ETHER_TYPE_RAW);
	memcpy(buf, whole, spec->len < head ? spec->len : head);
	if (proven)
		put_proof(buf + head, spec, spec->len - head, sum_macs(buf));
	else if (spec->len > head)
		memcpy(buf + head, pattern(spec->seq), spec->len - head);
}

static enum frame_kind check_proof(const uint8_t *at, size_t room,
				   uint32_t macs, struct frame_spec *spec)
{
	struct proof p;

	if (room < sizeof(p))
		return FRAME_CORRUPT;
	memcpy(&p, at, sizeof(p));
	spec->hello = ntohl(p.magic) == MAGIC_HELLO;
	spec->stream = ntohl(p.stream);
	spec->seq = ntohl(p.seq);
	if (!spec->hello && ntohl(p.magic) != MAGIC_TEST)
		return FRAME_CORRUPT;
	if (ntohl(p.len) != room || ntohl(p.macs) != macs)
		return FRAME_CORRUPT;
	if (memcmp(at + sizeof(p), pattern(spec->seq), room - sizeof(p)) != 0)
		return FRAME_CORRUPT;
	return spec->hello ? FRAME_HELLO : FRAME_TEST;
}

enum frame_kind frame_check(const uint8_t *buf, size_t len,
			    struct frame_spec *spec)
{
	size_t head = ETHER_HEADER;

	memset(spec, 0, sizeof(*spec));
	spec->len = len;
	if (len < head || len > CLIENT_FRAME_MAX)
		return FRAME_OTHER;
	memcpy(spec->dst, buf, CLIENT_MAC_LEN);
	memcpy(spec->src, buf + 6, CLIENT_MAC_LEN);
	if (get16(buf + 12) == ETHER_VLAN && len >= head + VLAN_TAG) {
		spec->tagged = true;
		spec->tci = get16(buf + 14);
		head += VLAN_TAG;
	}
	if (get16(buf + head - 2) != ETHER_TYPE)
		return FRAME_OTHER;
	return check_proof(buf + head, len - head, sum_macs(buf), spec);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mac_parse(const char *text, uint8_t mac[CLIENT_MAC_LEN])
{
	uint8_t out[CLIENT_MAC_LEN];

	for (int i = 0; i < CLIENT_MAC_LEN; i++, text += 3) {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || text[2] != (i < CLIENT_MAC_LEN - 1 ? ':' : 0))
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(mac, out, sizeof(out));
	return true;
}

void mac_add(uint8_t mac[CLIENT_MAC_LEN], uint32_t n)
{
	uint32_t low;

	memcpy(&low, mac + 2, sizeof(low));
	low = htonl(ntohl(low) + n);
	memcpy(mac + 2, &low, sizeof(low));
}
