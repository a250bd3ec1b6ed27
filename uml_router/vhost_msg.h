/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the vhost-user protocol (docs/interop/vhost-user.rst of QEMU), as
 * a front end sends them: a virtual machine's monitor, or UML's kernel.
 *
 * All numbers are in the byte order of this machine. Nothing here sees a
 * socket: bytes in, a message or a reason out.
 */
#ifndef UML_ROUTER_VHOST_MSG_H
#define UML_ROUTER_VHOST_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Octets of the header: request, flags, size of the payload. */
#define VHOST_HEADER 12
/** Most octets of payload: a configuration space of 256. */
#define VHOST_PAYLOAD_MAX 268
/** Most descriptors with a message: one per memory region. */
#define VHOST_FDS_MAX 8
/** Most memory regions. */
#define VHOST_REGIONS_MAX 8

/** Requests that are understood; numbers of the protocol. The log of migration
 *  (6 and 7) is not among them: a guest here cannot be migrated. */
enum vhost_request {
	VHOST_GET_FEATURES = 1,
	VHOST_SET_FEATURES = 2,
	VHOST_SET_OWNER = 3,
	VHOST_RESET_OWNER = 4,
	VHOST_SET_MEM_TABLE = 5,
	VHOST_SET_VRING_NUM = 8,
	VHOST_SET_VRING_ADDR = 9,
	VHOST_SET_VRING_BASE = 10,
	VHOST_GET_VRING_BASE = 11,
	VHOST_SET_VRING_KICK = 12,
	VHOST_SET_VRING_CALL = 13,
	VHOST_SET_VRING_ERR = 14,
	VHOST_GET_PROTOCOL_FEATURES = 15,
	VHOST_SET_PROTOCOL_FEATURES = 16,
	VHOST_GET_QUEUE_NUM = 17,
	VHOST_SET_VRING_ENABLE = 18,
	VHOST_SET_BACKEND_REQ_FD = 21,
	VHOST_GET_CONFIG = 24,
	VHOST_SET_CONFIG = 25,
};

/** Bits of VHOST_GET_PROTOCOL_FEATURES. */
enum vhost_protocol {
	VHOST_PROTOCOL_MQ = 1 << 0,
	VHOST_PROTOCOL_REPLY_ACK = 1 << 3,
	VHOST_PROTOCOL_BACKEND_REQ = 1 << 5,
};

/** Feature bit: there are protocol features, and rings begin disabled. */
#define VHOST_F_PROTOCOL_FEATURES 30

/** struct vhost_region - Memory of the guest, one of the descriptors each */
struct vhost_region {
	uint64_t guest; /**< physical address in the guest */
	uint64_t size;
	uint64_t user;	 /**< address in the front end */
	uint64_t offset; /**< in the file */
};

/** struct vhost_table - All of its memory */
struct vhost_table {
	uint32_t count;
	struct vhost_region regions[VHOST_REGIONS_MAX];
};

/** struct vhost_state - A number that belongs to a ring */
struct vhost_state {
	uint32_t index, num;
};

/** struct vhost_addr - Where a ring is: addresses in the front end */
struct vhost_addr {
	uint32_t index, flags;
	uint64_t desc, used, avail, log;
};

/** struct vhost_config - A part of the device's configuration space */
struct vhost_config {
	uint32_t offset, size;
};

/**
 * struct vhost_msg - A message
 * @request:	enum vhost_request, or a number that is not in it
 * @need_reply:	the sender wants to know how it went
 * @number:	a number; of KICK, CALL and ERR the index of the ring
 * @no_fd:	KICK, CALL, ERR: there is no descriptor
 * @state:	VRING_NUM, BASE, ENABLE
 * @addr:	VRING_ADDR
 * @table:	MEM_TABLE
 * @config:	CONFIG
 */
struct vhost_msg {
	uint32_t request;
	bool need_reply;
	bool no_fd;
	union {
		uint64_t number;
		struct vhost_state state;
		struct vhost_addr addr;
		struct vhost_table table;
		struct vhost_config config;
	};
};

/** What vhost_msg_parse() found. */
enum vhost_parsed {
	VHOST_MORE, /**< not all of it has arrived */
	VHOST_BAD,  /**< what follows cannot be understood either */
	VHOST_MSG,  /**< a message */
};

/**
 * vhost_msg_need() - How many octets there must be to know more
 * @bytes:	the beginning of a message
 * @len:	octets that have arrived
 *
 * Return: VHOST_HEADER, then the length of the message. Never more than
 *	   VHOST_HEADER + VHOST_PAYLOAD_MAX: reading no further, a reader never
 *	   takes octets or descriptors of the message behind
 */
size_t vhost_msg_need(const uint8_t *bytes, size_t len);

/**
 * vhost_msg_parse() - Understand a message
 * @bytes:	what has arrived
 * @len:	octets
 * @fds:	descriptors that came along
 * @msg:	filled with VHOST_MSG
 * @why:	the reason with VHOST_BAD
 *
 * A request that is not in enum vhost_request is a message without a content.
 */
enum vhost_parsed vhost_msg_parse(const uint8_t *bytes, size_t len,
				  unsigned int fds, struct vhost_msg *msg,
				  const char **why);

/** vhost_msg_reply() - The reply with a number; octets written to @bytes */
size_t vhost_msg_reply(const struct vhost_msg *msg, uint64_t number,
		       uint8_t bytes[VHOST_HEADER + VHOST_PAYLOAD_MAX]);

/** vhost_msg_reply_state() - The reply to GET_VRING_BASE */
size_t vhost_msg_reply_state(const struct vhost_msg *msg,
			     const struct vhost_state *state,
			     uint8_t bytes[VHOST_HEADER + VHOST_PAYLOAD_MAX]);

/**
 * vhost_msg_reply_config() - The reply to GET_CONFIG
 * @msg:	what was asked for: exactly that much is answered
 * @space:	the configuration space
 * @size:	its octets; behind them are zeroes
 * @bytes:	filled
 */
size_t vhost_msg_reply_config(const struct vhost_msg *msg, const void *space,
			      size_t size,
			      uint8_t bytes[VHOST_HEADER + VHOST_PAYLOAD_MAX]);

#endif /* UML_ROUTER_VHOST_MSG_H */
