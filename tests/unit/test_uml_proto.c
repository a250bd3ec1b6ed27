// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/uml_proto: the requests of all versions octet by octet, cut at
 * every place, and everything that is no request.
 */
#include <stddef.h>

#include "tests/unit/tap.h"
#include "uml_router/uml_proto.h"

#define MAGIC 0xfeedface

/* What clients are compiled from: the kernel's structures, as they lie in
 * memory. */
struct request_v0 {
	uint32_t type;
	unsigned char mac[6];
	struct sockaddr_un name;
};

struct request_v1 {
	uint32_t magic;
	uint32_t type;
	unsigned char mac[6];
	struct sockaddr_un name;
};

struct request_v3 {
	uint32_t magic;
	uint32_t version;
	uint32_t type;
	struct sockaddr_un sock;
};

static const struct sockaddr_un path_addr = {
	.sun_family = AF_UNIX,
	.sun_path = "/run/uml/guest.data",
};

/* As UML makes it: NUL, pid, a number of microseconds. */
static const struct sockaddr_un abstract_addr = {
	.sun_family = AF_UNIX,
	.sun_path = "\0\x12\x34\0\0\xff\xee\x01",
};

struct bytes {
	unsigned char at[256];
	size_t len;
};

static struct bytes make_v0(const struct sockaddr_un *addr)
{
	struct request_v0 r = { 0, { 2, 0, 0, 0, 0, 1 }, *addr };
	struct bytes b = { .len = offsetof(struct request_v0, name) + 110 };

	memcpy(b.at, &r, b.len);
	return b;
}

static struct bytes make_v1(const struct sockaddr_un *addr)
{
	struct request_v1 r = { MAGIC, 0, { 2, 0, 0, 0, 0, 1 }, *addr };
	struct bytes b = { .len = offsetof(struct request_v1, name) + 110 };

	memcpy(b.at, &r, b.len);
	return b;
}

static struct bytes make_v3(const struct sockaddr_un *addr)
{
	struct request_v3 r = { MAGIC, 3, 0, *addr };
	struct bytes b = { .len = offsetof(struct request_v3, sock) + 110 };

	memcpy(b.at, &r, b.len);
	return b;
}

static struct bytes make(unsigned int version, const struct sockaddr_un *addr)
{
	if (version == 0)
		return make_v0(addr);
	return version == 1 ? make_v1(addr) : make_v3(addr);
}

/* In a block of exactly that size: the sanitizer sees a parser that reads
 * on. */
static enum uml_parsed parse_as(enum uml_dialect dialect, const struct bytes *b,
				size_t len, struct uml_request *req,
				const char **why)
{
	unsigned char *copy = malloc(len ? len : 1);
	enum uml_parsed parsed;

	if (!copy)
		tap_bail("malloc");
	memcpy(copy, b->at, len);
	parsed = uml_request_parse(dialect, copy, len, req, why);
	free(copy);
	return parsed;
}

static enum uml_parsed parse(const struct bytes *b, size_t len,
			     struct uml_request *req, const char **why)
{
	return parse_as(UML_DAEMON, b, len, req, why);
}

static void test_version(unsigned int version, size_t size,
			 const struct sockaddr_un *addr, const char *what)
{
	struct bytes b = make(version, addr);
	struct uml_request req;
	const char *why = NULL;
	size_t len;

	is_int((intmax_t)b.len, (intmax_t)size, "v%u has %zu octets", version,
	       size);
	for (len = 0; len < b.len; len++)
		if (parse(&b, len, &req, &why) != UML_MORE)
			break;
	is_int((intmax_t)len, (intmax_t)size,
	       "v%u, %s: more is asked for up to the last octet", version,
	       what);
	is_int(parse(&b, b.len, &req, &why), UML_REQUEST, "v%u, %s: a request",
	       version, what);
	ok(req.version == version && !memcmp(&req.addr, addr, sizeof(*addr)),
	   "v%u, %s: its address, whole", version, what);
	ok(req.size == size && req.wish == UML_ANY_PORT,
	   "v%u, %s: its size, and no wish", version, what);
	for (len = b.len; len <= UML_REQUEST_MAX; len++)
		if (parse(&b, len, &req, &why) != UML_REQUEST)
			break;
	is_int((intmax_t)len, UML_REQUEST_MAX + 1,
	       "v%u, %s: what follows is not looked at", version, what);
	ok(!why, "v%u, %s: no reason to complain", version, what);
}

/* The same requests, written down by hand for a little-endian machine. */
static void test_octets(void)
{
	static const unsigned char v0_head[] = "\0\0\0\0\x02\0\0\0\0\x01";
	static const unsigned char v1_head[] = "\xce\xfa\xed\xfe"
					       "\0\0\0\0\x02\0\0\0\0\x01";
	static const unsigned char v3_head[] =
		"\xce\xfa\xed\xfe\x03\0\0\0\0\0\0\0";
	const struct {
		unsigned int version;
		const unsigned char *head;
		size_t len;
	} heads[] = {
		{ 0, v0_head, sizeof(v0_head) - 1 },
		{ 1, v1_head, sizeof(v1_head) - 1 },
		{ 3, v3_head, sizeof(v3_head) - 1 },
	};
	struct uml_request req;
	const char *why;
	size_t i;

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	tap_skip("the octets are those of a little-endian machine", "octets");
	return;
#endif
	for (i = 0; i < 3; i++) {
		struct bytes b = { .len = heads[i].len + 110 };
		unsigned char *addr = b.at + heads[i].len;

		memcpy(b.at, heads[i].head, heads[i].len);
		addr[0] = 1; /* AF_UNIX */
		memcpy(addr + 2, "/d", 2);
		ok(parse(&b, b.len, &req, &why) == UML_REQUEST &&
			   req.version == heads[i].version &&
			   !strcmp(req.addr.sun_path, "/d"),
		   "octets of v%u", heads[i].version);
	}
}

static void put_word(struct bytes *b, size_t offset, uint32_t word)
{
	memcpy(b->at + offset, &word, sizeof(word));
}

/* Refused as soon as @first octets are there, not before, and ever after. */
static void refused_as(enum uml_dialect dialect, const struct bytes *b,
		       size_t first, const char *reason)
{
	struct uml_request req;
	const char *why = NULL;
	size_t len;

	for (len = 0; len < first; len++)
		if (parse_as(dialect, b, len, &req, &why) != UML_MORE)
			break;
	ok(len == first && !why, "%s: not known before octet %zu", reason,
	   first);
	for (; len <= b->len; len++) {
		why = NULL;
		if (parse_as(dialect, b, len, &req, &why) != UML_BAD || !why ||
		    !strstr(why, reason))
			break;
	}
	is_int((intmax_t)len, (intmax_t)b->len + 1, "%s: refused", reason);
}

static void refused(const struct bytes *b, size_t first, const char *reason)
{
	refused_as(UML_DAEMON, b, first, reason);
}

static void test_bad_heads(void)
{
	static const uint32_t versions[] = { 1, 4, 5, 0x03000000, UINT32_MAX };
	struct bytes b = make_v3(&path_addr);
	size_t i;

	put_word(&b, 0, 0xcefaedfe);
	refused(&b, 4, "no request");
	put_word(&b, 0, 1);
	refused(&b, 4, "no request");
	memcpy(b.at, "GET / HTTP/1.1\r\n", 16);
	refused(&b, 4, "no request");
	b = make_v3(&path_addr);
	put_word(&b, 4, 2);
	refused(&b, 8, "version 2");
	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		put_word(&b, 4, versions[i]);
		refused(&b, 8, "unknown protocol version");
	}
	b = make_v3(&path_addr);
	put_word(&b, 8, 2);
	refused(&b, 12, "unknown type");
	put_word(&b, 8, UINT32_MAX);
	refused(&b, 12, "unknown type");
}

static void test_bad_addresses(unsigned int version)
{
	struct sockaddr_un addr = path_addr;
	struct bytes b;

	addr.sun_family = AF_INET;
	b = make(version, &addr);
	refused(&b, b.len, "not of family AF_UNIX");
	addr.sun_family = AF_UNSPEC;
	b = make(version, &addr);
	refused(&b, b.len, "not of family AF_UNIX");
	addr.sun_family = AF_UNIX;
	memset(addr.sun_path, 'x', sizeof(addr.sun_path));
	b = make(version, &addr);
	refused(&b, b.len, "does not end");
}

/* 107 octets and a NUL; an abstract name of full length has no NUL. */
static void test_long_addresses(unsigned int version)
{
	struct sockaddr_un addr = path_addr;
	struct uml_request req;
	const char *why = NULL;
	struct bytes b;

	memset(addr.sun_path, 'x', sizeof(addr.sun_path));
	addr.sun_path[107] = '\0';
	b = make(version, &addr);
	ok(parse(&b, b.len, &req, &why) == UML_REQUEST &&
		   !memcmp(&req.addr, &addr, sizeof(addr)),
	   "v%u: the longest path", version);
	addr.sun_path[0] = '\0';
	addr.sun_path[107] = 'x';
	b = make(version, &addr);
	ok(parse(&b, b.len, &req, &why) == UML_REQUEST &&
		   !memcmp(&req.addr, &addr, sizeof(addr)),
	   "v%u: the longest abstract name", version);
}

static void wishes(uint32_t type, uint32_t wish)
{
	struct bytes b = make_v3(&path_addr);
	struct uml_request req;
	const char *why = NULL;

	put_word(&b, 8, type);
	ok(parse_as(UML_VDE, &b, b.len, &req, &why) == UML_REQUEST &&
		   req.wish == wish && req.version == 3 && req.size == b.len,
	   "VDE: type %#x wishes for port %#x", type, wish);
	ok(!req.dump, "which is no wish for all frames");
	if (type != 1)
		refused(&b, 12, "unknown type");
	else
		ok(parse(&b, b.len, &req, &why) == UML_REQUEST && req.dump,
		   "on a socket of UML it is one for all frames");
}

/* In a VDE folder the type is a wish, and there is no version 0. */
static void test_vde(void)
{
	struct bytes b = make_v3(&path_addr);
	struct uml_request req;
	const char *why = NULL;

	ok(parse_as(UML_VDE, &b, b.len, &req, &why) == UML_REQUEST &&
		   req.wish == UML_ANY_PORT,
	   "VDE: no wish");
	wishes(1, 0);
	wishes(0x301, 0);
	wishes(0x100, 1);
	wishes(0x2000, 32);
	wishes(0xffffff00, 0xffffff);
	put_word(&b, 8, 2);
	refused_as(UML_VDE, &b, 12, "unknown type");
	put_word(&b, 8, 0x1ff);
	refused_as(UML_VDE, &b, 12, "unknown type");
	b = make_v1(&path_addr);
	ok(parse_as(UML_VDE, &b, b.len, &req, &why) == UML_REQUEST &&
		   req.version == 1 && req.wish == UML_ANY_PORT,
	   "VDE: version 1");
	b = make_v0(&path_addr);
	refused_as(UML_VDE, &b, 4, "version 0");
}

int main(void)
{
	static const unsigned int versions[] = { 0, 1, 3 };
	static const size_t sizes[] = { 120, 124, 122 };
	int i;

	alarm(60);
	for (i = 0; i < 3; i++) {
		test_version(versions[i], sizes[i], &path_addr, "a path");
		test_version(versions[i], sizes[i], &abstract_addr,
			     "an abstract name");
		test_bad_addresses(versions[i]);
		test_long_addresses(versions[i]);
	}
	test_octets();
	test_bad_heads();
	test_vde();
	return tap_done();
}
