// SPDX-License-Identifier: GPL-2.0-or-later
/* Parses and writes messages of the vhost-user protocol, see vhost_msg.h. */
#include "vhost_msg.h"

#include <string.h>

/** Bits of the header's flags. */
enum header_flag {
	FLAG_VERSION = 3,
	FLAG_REPLY = 4,
	FLAG_NEED_REPLY = 8,
};

/** The version of the protocol. */
#define VERSION_1 1
/** In the number of KICK, CALL and ERR: which ring, and "no descriptor". */
#define NUMBER_INDEX 0xff
#define NUMBER_NO_FD 0x100
/** Offset, size and flags in front of the configuration space. */
#define CONFIG_HEADER 12
/** Number of regions and padding in front of the memory table. */
#define TABLE_HEADER 8

/** struct header - What each message begins with */
struct header {
	uint32_t request, flags, size;
};

_Static_assert(sizeof(struct header) == VHOST_HEADER, "three numbers");

/** Kinds of payload. */
enum payload { UNKNOWN, NOTHING, NUMBER, RING_FD, STATE, ADDR, TABLE, CONFIG };

/**
 * struct form - What a request looks like
 * @payload:	its kind
 * @fds:	descriptors that come along; RING_FD and TABLE say it themselves
 */
struct form {
	enum payload payload;
	unsigned int fds;
};

static const struct form forms[] = {
	[VHOST_GET_FEATURES] = { NOTHING, 0 },
	[VHOST_SET_FEATURES] = { NUMBER, 0 },
	[VHOST_SET_OWNER] = { NOTHING, 0 },
	[VHOST_RESET_OWNER] = { NOTHING, 0 },
	[VHOST_SET_MEM_TABLE] = { TABLE, 0 },
	[VHOST_SET_VRING_NUM] = { STATE, 0 },
	[VHOST_SET_VRING_ADDR] = { ADDR, 0 },
	[VHOST_SET_VRING_BASE] = { STATE, 0 },
	[VHOST_GET_VRING_BASE] = { STATE, 0 },
	[VHOST_SET_VRING_KICK] = { RING_FD, 0 },
	[VHOST_SET_VRING_CALL] = { RING_FD, 0 },
	[VHOST_SET_VRING_ERR] = { RING_FD, 0 },
	[VHOST_GET_PROTOCOL_FEATURES] = { NOTHING, 0 },
	[VHOST_SET_PROTOCOL_FEATURES] = { NUMBER, 0 },
	[VHOST_GET_QUEUE_NUM] = { NOTHING, 0 },
	[VHOST_SET_VRING_ENABLE] = { STATE, 0 },
	[VHOST_SET_BACKEND_REQ_FD] = { NOTHING, 1 },
	[VHOST_GET_CONFIG] = { CONFIG, 0 },
	[VHOST_SET_CONFIG] = { CONFIG, 0 },
};

/* What is refused anyway may look as it likes. */
static bool is_known(uint32_t request)
{
	return request < sizeof(forms) / sizeof(forms[0]) &&
	       forms[request].payload != UNKNOWN;
}

static size_t least_size(enum payload payload)
{
	switch (payload) {
	case UNKNOWN:
	case NOTHING:
		break;
	case NUMBER:
	case RING_FD:
		return sizeof(uint64_t);
	case STATE:
		return sizeof(struct vhost_state);
	case ADDR:
		return sizeof(struct vhost_addr);
	case TABLE:
		return TABLE_HEADER;
	case CONFIG:
		return CONFIG_HEADER;
	}
	return 0;
}

size_t vhost_msg_need(const uint8_t *bytes, size_t len)
{
	struct header h;

	if (len < VHOST_HEADER)
		return VHOST_HEADER;
	memcpy(&h, bytes, sizeof(h));
	if (h.size > VHOST_PAYLOAD_MAX)
		return VHOST_HEADER;
	return VHOST_HEADER + h.size;
}

static bool take_table(struct vhost_table *table, const uint8_t *payload,
		       size_t size)
{
	memcpy(&table->count, payload, sizeof(table->count));
	if (table->count > VHOST_REGIONS_MAX ||
	    size < TABLE_HEADER + table->count * sizeof(table->regions[0]))
		return false;
	memcpy(table->regions, payload + TABLE_HEADER,
	       table->count * sizeof(table->regions[0]));
	return true;
}

/* A front end may send more of a configuration space than it says, not less. */
static bool take_config(struct vhost_config *config, const uint8_t *payload,
			size_t size)
{
	memcpy(config, payload, sizeof(*config));
	return config->size <= size - CONFIG_HEADER;
}

static bool take_payload(struct vhost_msg *msg, enum payload kind,
			 const uint8_t *payload, size_t size)
{
	switch (kind) {
	case UNKNOWN:
	case NOTHING:
		break;
	case NUMBER:
	case RING_FD:
		memcpy(&msg->number, payload, sizeof(msg->number));
		break;
	case STATE:
		memcpy(&msg->state, payload, sizeof(msg->state));
		break;
	case ADDR:
		memcpy(&msg->addr, payload, sizeof(msg->addr));
		break;
	case TABLE:
		return take_table(&msg->table, payload, size);
	case CONFIG:
		return take_config(&msg->config, payload, size);
	}
	if (kind == RING_FD) {
		msg->no_fd = msg->number & NUMBER_NO_FD;
		msg->number &= NUMBER_INDEX;
	}
	return true;
}

static unsigned int expected_fds(const struct vhost_msg *msg,
				 const struct form *form)
{
	if (form->payload == RING_FD)
		return msg->no_fd ? 0 : 1;
	return form->payload == TABLE ? msg->table.count : form->fds;
}

static enum vhost_parsed bad(const char *reason, const char **why)
{
	*why = reason;
	return VHOST_BAD;
}

enum vhost_parsed vhost_msg_parse(const uint8_t *bytes, size_t len,
				  unsigned int fds, struct vhost_msg *msg,
				  const char **why)
{
	const struct form *form;
	struct header h;

	if (len < VHOST_HEADER)
		return VHOST_MORE;
	memcpy(&h, bytes, sizeof(h));
	if ((h.flags & FLAG_VERSION) != VERSION_1 || h.flags & FLAG_REPLY)
		return bad("that is no request of vhost-user version 1", why);
	if (h.size > VHOST_PAYLOAD_MAX)
		return bad("a message that is too long", why);
	if (len < VHOST_HEADER + (size_t)h.size)
		return VHOST_MORE;
	*msg = (struct vhost_msg){ .request = h.request,
				   .need_reply = h.flags & FLAG_NEED_REPLY };
	if (!is_known(h.request))
		return VHOST_MSG;
	form = &forms[h.request];
	if (h.size < least_size(form->payload) ||
	    !take_payload(msg, form->payload, bytes + VHOST_HEADER, h.size))
		return bad("a message that is too short", why);
	if (fds != expected_fds(msg, form))
		return bad("a message with a wrong number of descriptors", why);
	return VHOST_MSG;
}

static size_t reply(const struct vhost_msg *msg, const void *payload,
		    size_t size, uint8_t *bytes)
{
	struct header h = { msg->request, VERSION_1 | FLAG_REPLY,
			    (uint32_t)size };

	memcpy(bytes, &h, sizeof(h));
	memcpy(bytes + sizeof(h), payload, size);
	return sizeof(h) + size;
}

size_t vhost_msg_reply(const struct vhost_msg *msg, uint64_t number,
		       uint8_t bytes[VHOST_HEADER + VHOST_PAYLOAD_MAX])
{
	return reply(msg, &number, sizeof(number), bytes);
}

size_t vhost_msg_reply_state(const struct vhost_msg *msg,
			     const struct vhost_state *state,
			     uint8_t bytes[VHOST_HEADER + VHOST_PAYLOAD_MAX])
{
	return reply(msg, state, sizeof(*state), bytes);
}

size_t vhost_msg_reply_config(const struct vhost_msg *msg, const void *space,
			      size_t size,
			      uint8_t bytes[VHOST_HEADER + VHOST_PAYLOAD_MAX])
{
	uint8_t payload[VHOST_PAYLOAD_MAX] = { 0 };
	size_t from = msg->config.offset, n = msg->config.size;

	memcpy(payload, &msg->config, sizeof(msg->config));
	if (from < size)
		memcpy(payload + CONFIG_HEADER, (const uint8_t *)space + from,
		       n < size - from ? n : size - from);
	return reply(msg, payload, CONFIG_HEADER + n, bytes);
}
