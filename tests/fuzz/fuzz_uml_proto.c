// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for uml_request_parse(): any octets, as they arrive piece by
 * piece. What was decided of some octets holds for all that follow them.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uml_router/uml_proto.h"
#include "tests/fuzz/fuzz.h"

static bool address_good(const struct sockaddr_un *addr)
{
	return addr->sun_family == AF_UNIX &&
	       (!addr->sun_path[0] ||
		memchr(addr->sun_path, '\0', sizeof(addr->sun_path)));
}

static void check_request(enum uml_dialect dialect, const uint8_t *data,
			  size_t size, const struct uml_request *req)
{
	size_t at = req->version == 0 ? 10 : req->version == 1 ? 14 : 12;

	must(req->version == 0 || req->version == 1 || req->version == 3,
	     "a version that exists");
	must(req->size == at + sizeof(req->addr) && size >= req->size,
	     "no more than there is");
	must(!memcmp(&req->addr, data + at, sizeof(req->addr)),
	     "the address as it was sent");
	must(address_good(&req->addr), "an address that can be used");
	if (dialect == UML_VDE)
		must(req->version && (req->wish == UML_ANY_PORT ||
				      req->wish <= 0xffffff),
		     "VDE: no version 0, and a wish of 24 bits");
	else
		must(req->wish == UML_ANY_PORT, "no wishes but in VDE");
}

/* In a block of its exact size. */
static enum uml_parsed parse(enum uml_dialect dialect, const uint8_t *data,
			     size_t size, struct uml_request *req,
			     const char **why)
{
	uint8_t *copy = malloc(size ? size : 1);
	enum uml_parsed parsed;

	if (!copy)
		return UML_MORE;
	if (size)
		memcpy(copy, data, size);
	parsed = uml_request_parse(dialect, copy, size, req, why);
	free(copy);
	return parsed;
}

static void check_all(enum uml_dialect dialect, const uint8_t *data,
		      size_t size)
{
	enum uml_parsed before = UML_MORE, now;
	struct uml_request req;
	const char *why = NULL;
	size_t len;

	for (len = 0; len <= size; len++, before = now) {
		now = parse(dialect, data, len, &req, &why);
		must(before == UML_MORE || now == before, "a decision holds");
		must((now == UML_BAD) == (why != NULL), "a reason to refuse");
		must(now != UML_MORE || len < UML_REQUEST_MAX,
		     "no request is longer than the longest");
		if (now == UML_REQUEST)
			check_request(dialect, data, len, &req);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > UML_REQUEST_MAX + 16)
		return 0;
	check_all(UML_DAEMON, data, size);
	check_all(UML_VDE, data, size);
	return 0;
}
