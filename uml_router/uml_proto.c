// SPDX-License-Identifier: GPL-2.0-or-later
/* The request of UML's "daemon" transport and of VDE, see uml_proto.h. */
#include "uml_proto.h"

#include <string.h>

#define MAGIC 0xfeedface
#define REQ_NEW_CONTROL 0
/* Of netkit on a socket of UML, and of a VDE folder. */
#define REQ_NEW_DUMP 1
#define REQ_NEW_PORT0 1

/* Offsets of the type and of the address, by version. */
static const struct layout {
	size_t type, addr;
} layouts[] = {
	[0] = { 0, 10 },
	[1] = { 4, 14 },
	[3] = { 8, 12 },
};

static uint32_t word(const void *data, size_t offset)
{
	uint32_t w;

	memcpy(&w, (const char *)data + offset, sizeof(w));
	return w;
}

static enum uml_parsed bad(const char **why, const char *reason)
{
	*why = reason;
	return UML_BAD;
}

/* Version 1 has its type, 0, where later ones have their version. */
static enum uml_parsed find_version(const void *data, size_t len,
				    unsigned int *version, const char **why)
{
	if (len < 4)
		return UML_MORE;
	*version = 0;
	if (word(data, 0) == REQ_NEW_CONTROL)
		return UML_REQUEST;
	if (word(data, 0) != MAGIC)
		return bad(why, "no request of UML's daemon transport");
	if (len < 8)
		return UML_MORE;
	switch (word(data, 4)) {
	case 0:
		*version = 1;
		return UML_REQUEST;
	case 2:
		return bad(why, "protocol version 2, which no switch speaks");
	case 3:
		*version = 3;
		return UML_REQUEST;
	default:
		return bad(why, "unknown protocol version (0, 1, 3 are known)");
	}
}

static enum uml_parsed check_address(const struct sockaddr_un *addr,
				     const char **why)
{
	if (addr->sun_family != AF_UNIX)
		return bad(why, "data socket is not of family AF_UNIX");
	if (addr->sun_path[0] &&
	    !memchr(addr->sun_path, '\0', sizeof(addr->sun_path)))
		return bad(why, "path of the data socket does not end");
	return UML_REQUEST;
}

/* The wish that the type of a v3 request in a VDE folder stands for. */
static enum uml_parsed read_wish(uint32_t type, uint32_t *wish,
				 const char **why)
{
	switch (type & 0xff) {
	case REQ_NEW_CONTROL:
		*wish = type >> 8 ? type >> 8 : UML_ANY_PORT;
		return UML_REQUEST;
	case REQ_NEW_PORT0:
		*wish = 0;
		return UML_REQUEST;
	default:
		return bad(why, "unknown type of request");
	}
}

static enum uml_parsed check_type(enum uml_dialect dialect, uint32_t type,
				  struct uml_request *req, const char **why)
{
	req->wish = UML_ANY_PORT;
	req->dump = false;
	if (dialect == UML_VDE && req->version == 3)
		return read_wish(type, &req->wish, why);
	req->dump = req->version == 3 && type == REQ_NEW_DUMP;
	return type == REQ_NEW_CONTROL || req->dump
		       ? UML_REQUEST
		       : bad(why, "unknown type of request");
}

enum uml_parsed uml_request_parse(enum uml_dialect dialect, const void *data,
				  size_t len, struct uml_request *req,
				  const char **why)
{
	enum uml_parsed parsed = find_version(data, len, &req->version, why);
	const struct layout *at;

	if (parsed != UML_REQUEST)
		return parsed;
	if (dialect == UML_VDE && req->version == 0)
		return bad(why, "protocol version 0, which VDE does not speak");
	at = &layouts[req->version];
	if (len < at->type + 4)
		return UML_MORE;
	parsed = check_type(dialect, word(data, at->type), req, why);
	if (parsed != UML_REQUEST)
		return parsed;
	req->size = at->addr + sizeof(req->addr);
	if (len < req->size)
		return UML_MORE;
	memcpy(&req->addr, (const char *)data + at->addr, sizeof(req->addr));
	return check_address(&req->addr, why);
}
