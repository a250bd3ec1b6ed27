/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other end of a switch's ports: what UML guests, VDE and BESS clients do,
 * and test frames that prove on arrival that nothing happened to them.
 *
 * Serves the test suites and the benchmarks. It shares no code with the
 * programs under test, so that a mistake there is not repeated here.
 */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/** Octets of an Ethernet address. */
#define CLIENT_MAC_LEN 6
/** Longest frame that can be built or received, in octets. */
#define CLIENT_FRAME_MAX 65600
/** Most frames of one burst. */
#define CLIENT_BURST_MAX 64
/** Shortest untagged frame that carries a sequence number. */
#define CLIENT_FRAME_MIN 34

/** How a client introduces itself and where its frames go. */
enum client_proto {
	CLIENT_V0,  /**< no reply; frames to a well-known data socket */
	CLIENT_V1,  /**< request with a MAC; frames to the address replied */
	CLIENT_V2,  /**< never supported by any switch: to be refused */
	CLIENT_V3,  /**< what UML kernels speak */
	CLIENT_VDE, /**< v3 in a folder, named sockets, as libvdeplug */
	CLIENT_SEQPACKET, /**< one SOCK_SEQPACKET connection, as UML's BESS */
	CLIENT_STREAM,	 /**< each frame behind its length, as QEMU and passt */
	CLIENT_DGRAM,	 /**< two bound sockets, as QEMU's -netdev dgram */
	CLIENT_STRANGER, /**< no introduction, frames to a given data socket */
	CLIENT_PROTOS
};

/** Why client_open() failed. */
enum client_failure {
	CLIENT_FAILED = -1,  /**< a system call failed */
	CLIENT_REFUSED = -2, /**< the switch hung up instead of a reply */
	CLIENT_TIMEOUT = -3, /**< no reply in time */
};

/**
 * struct client_options - How client_open() is to connect
 * @proto:	protocol
 * @ctl:	control socket, a path or '@' and an abstract name; the folder
 *		for CLIENT_VDE
 * @data:	data socket of CLIENT_V0 and CLIENT_STRANGER; own socket of
 *		CLIENT_DGRAM
 * @mac:	address told in a v0 or v1 request
 * @type:	request type, 0 for a new port
 * @no_request:	connect only, send nothing, expect nothing
 * @pieces:	sizes of the pieces in which the request is sent, ended by 0;
 *		the rest follows as the last piece; NULL for one piece
 * @pause_ms:	pause between pieces, milliseconds
 * @timeout_ms:	bound for the whole introduction and for each blocking send
 */
struct client_options {
	enum client_proto proto;
	const char *ctl;
	const char *data;
	uint8_t mac[CLIENT_MAC_LEN];
	uint32_t type;
	bool no_request;
	const unsigned int *pieces;
	unsigned int pause_ms;
	unsigned int timeout_ms;
};

/**
 * struct client - One connected client
 * @proto:	protocol
 * @ctl:	control connection, -1 where there is none; the data socket
 *		itself for CLIENT_SEQPACKET and CLIENT_STREAM
 * @data:	socket of the frames, blocking
 * @connected:	@data has a peer; else frames are sent to @remote
 * @local:	name of @data
 * @remote:	data socket of the switch, whole as UML passes it on
 * @error:	text of the last failure of client_open()
 */
struct client {
	enum client_proto proto;
	int ctl;
	int data;
	bool connected;
	struct sockaddr_un local;
	struct sockaddr_un remote;
	char error[256];
};

/** client_proto_parse() - "v3" and the like; -1 for an unknown name */
int client_proto_parse(const char *name);

/** client_proto_name() - Name of a protocol */
const char *client_proto_name(enum client_proto proto);

/**
 * client_open() - Connect and introduce a client
 * @c:		filled; to be closed with client_close() only on success
 * @opt:	how
 *
 * Return: 0, or an enum client_failure with @c->error set
 */
int client_open(struct client *c, const struct client_options *opt);

/** client_close() - Leave the switch */
void client_close(struct client *c);

/**
 * client_send() - Send one frame, waiting until it is accepted
 * @c:		client
 * @frame:	frame
 * @len:	its length
 * @flags:	MSG_DONTWAIT not to wait
 *
 * Return: 0, or -1 with errno set (EAGAIN: refused, or not accepted within
 *	   the timeout of the client)
 */
int client_send(struct client *c, const void *frame, size_t len, int flags);

/**
 * client_send_burst() - Send frames with one sendmmsg(2)
 * @c:		client
 * @frames:	up to CLIENT_BURST_MAX frames
 * @count:	how many
 * @flags:	MSG_DONTWAIT not to wait
 *
 * Return: frames accepted, which can be fewer than asked; -1 with errno set
 *	   when none was
 */
int client_send_burst(struct client *c, struct iovec *frames,
		      unsigned int count, int flags);

/**
 * struct client_rx - Room for a burst of received frames
 * @msg:	headers; msg_len is the length of the frame
 * @vec:	buffers of CLIENT_FRAME_MAX octets each
 * @count:	how many there are
 */
struct client_rx {
	struct mmsghdr msg[CLIENT_BURST_MAX];
	struct iovec vec[CLIENT_BURST_MAX];
	unsigned int count;
};

/**
 * client_rx_new() - Room for @count frames; NULL without memory
 *
 * To be freed with client_rx_free().
 */
struct client_rx *client_rx_new(unsigned int count);

/** client_rx_free() - Free it; NULL is allowed */
void client_rx_free(struct client_rx *rx);

/**
 * client_recv() - Receive a burst with one recvmmsg(2)
 * @c:		client
 * @rx:		filled
 * @flags:	MSG_WAITFORONE to wait for the first frame, MSG_DONTWAIT not to
 *
 * Return: frames received; 0 when a seqpacket peer has hung up; -1 with errno
 */
int client_recv(struct client *c, struct client_rx *rx, int flags);

/**
 * client_hung_up() - The switch has closed this client's connection
 *
 * Looks at the control connection and does not wait.
 */
bool client_hung_up(const struct client *c);

/**
 * struct frame_spec - A test frame to build
 * @dst:	destination
 * @src:	source
 * @tagged:	with an 802.1Q tag
 * @tci:	priority and VLAN id of the tag
 * @len:	whole length, 14 to CLIENT_FRAME_MAX; below CLIENT_FRAME_MIN (4
 *		more when tagged) there is no room to prove anything
 * @stream:	names the sender, so that sequences do not mix
 * @seq:	number in the stream
 * @hello:	only makes the source known: receivers do not count it
 */
struct frame_spec {
	uint8_t dst[CLIENT_MAC_LEN];
	uint8_t src[CLIENT_MAC_LEN];
	bool tagged;
	uint16_t tci;
	size_t len;
	uint32_t stream;
	uint32_t seq;
	bool hello;
};

/** frame_build() - Write the frame of @spec->len octets to @buf */
void frame_build(uint8_t *buf, const struct frame_spec *spec);

/** What frame_check() made of a frame. */
enum frame_kind {
	FRAME_TEST,    /**< one of ours, every octet as sent */
	FRAME_HELLO,   /**< one that only makes its source known */
	FRAME_OTHER,   /**< not one of ours */
	FRAME_CORRUPT, /**< one of ours, cut, padded or changed */
};

/**
 * frame_check() - Recognise a frame and compare every octet
 * @buf:	frame
 * @len:	its length
 * @spec:	filled for FRAME_TEST and FRAME_HELLO
 *
 * A VLAN tag may have been added or taken away on the way: length and pattern
 * are those of what follows it.
 */
enum frame_kind frame_check(const uint8_t *buf, size_t len,
			    struct frame_spec *spec);

/** mac_parse() - "02:00:00:00:00:01"; false if it is anything else */
bool mac_parse(const char *text, uint8_t mac[CLIENT_MAC_LEN]);

/** mac_add() - Add @n to the lower four octets of an address */
void mac_add(uint8_t mac[CLIENT_MAC_LEN], uint32_t n);

/** clock_seconds() - Monotonic time in seconds */
double clock_seconds(void);

#endif /* TESTS_CLIENT_H */
