// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Libraries that are loaded when they are first needed.
 *
 * A script that makes a tap waits for the dynamic linker longer than for
 * anything else that is ours: libmnl and libcap-ng were 8 % of the time from
 * exec to device, and neither takes part in it, unless the tap gets a rate, an
 * address or a queue length, or the caller's privilege has to be cut. Here are
 * their functions under their own names; the rest of the program does not know.
 * The header's declarations hold each of them to its type; a macro makes them,
 * for C has no other way to pass arguments on.
 *
 * A library that is missing or too old ends the program: a device that was being
 * made goes with it, and one that was there is looked up, by libmnl, before it is
 * changed.
 */
#include "tunctl/lazy.h"

#include <cap-ng.h>
#include <dlfcn.h>
#include <libmnl/libmnl.h>

#include "common/log.h"

/**
 * struct library - One of them
 * @name:	its soname
 * @handle:	what dlopen(3) returned, once it is loaded
 */
struct library {
	const char *name;
	void *handle;
};

static struct library mnl = { .name = "libmnl.so.0" };
static struct library capng = { .name = "libcap-ng.so.0" };

/* In a setuid program as well only the system's folders are looked through
 * (ld.so(8), secure-execution mode). */
static void *find(struct library *lib, const char *function)
{
	void *at = NULL;

	if (!lib->handle)
		lib->handle = dlopen(lib->name, RTLD_NOW | RTLD_LOCAL);
	if (lib->handle)
		at = dlsym(lib->handle, function);
	if (!at)
		die("%s (install the library)", dlerror());
	return at;
}

#define DEFINE(lib, type, name, params, do_call)                               \
	type name params                                                       \
	{                                                                      \
		static __typeof__(name) *real;                                 \
                                                                               \
		if (!real)                                                     \
			real = (__typeof__(real))find(&(lib), #name);          \
		do_call;                                                       \
	}
#define LAZY(lib, type, name, params, args)                                    \
	DEFINE(lib, type, name, params, return real args)
#define LAZY_VOID(lib, name, params, args)                                     \
	DEFINE(lib, void, name, params, real args)

void lazy_load_privs(void)
{
	find(&capng, "capng_change_id");
}

LAZY(capng, int, capng_get_caps_process, (void), ())
LAZY_VOID(capng, capng_clear, (capng_select_t set), (set))
LAZY(capng, int, capng_update,
     (capng_act_t act, capng_type_t type, unsigned int cap), (act, type, cap))
LAZY(capng, int, capng_apply, (capng_select_t set), (set))
LAZY(capng, int, capng_change_id, (int uid, int gid, capng_flags_t flag),
     (uid, gid, flag))

LAZY(mnl, struct mnl_socket *, mnl_socket_open2, (int bus, int flags),
     (bus, flags))
LAZY(mnl, int, mnl_socket_bind,
     (struct mnl_socket * s, unsigned int groups, pid_t pid), (s, groups, pid))
LAZY(mnl, int, mnl_socket_close, (struct mnl_socket * s), (s))
LAZY(mnl, unsigned int, mnl_socket_get_portid, (const struct mnl_socket *s),
     (s))
LAZY(mnl, int, mnl_socket_setsockopt,
     (const struct mnl_socket *s, int type, void *buf, socklen_t len),
     (s, type, buf, len))
LAZY(mnl, ssize_t, mnl_socket_sendto,
     (const struct mnl_socket *s, const void *buf, size_t len), (s, buf, len))
LAZY(mnl, ssize_t, mnl_socket_recvfrom,
     (const struct mnl_socket *s, void *buf, size_t size), (s, buf, size))

LAZY(mnl, struct nlmsghdr *, mnl_nlmsg_put_header, (void *buf), (buf))
LAZY(mnl, void *, mnl_nlmsg_put_extra_header, (struct nlmsghdr * h, size_t n),
     (h, n))
LAZY(mnl, bool, mnl_nlmsg_ok, (const struct nlmsghdr *h, int len), (h, len))
LAZY(mnl, struct nlmsghdr *, mnl_nlmsg_next,
     (const struct nlmsghdr *h, int *len), (h, len))
LAZY(mnl, void *, mnl_nlmsg_get_payload, (const struct nlmsghdr *h), (h))
LAZY(mnl, size_t, mnl_nlmsg_get_payload_len, (const struct nlmsghdr *h), (h))
LAZY(mnl, void *, mnl_nlmsg_get_payload_offset,
     (const struct nlmsghdr *h, size_t offset), (h, offset))
LAZY(mnl, void *, mnl_nlmsg_get_payload_tail, (const struct nlmsghdr *h), (h))

LAZY_VOID(mnl, mnl_attr_put,
	  (struct nlmsghdr * h, uint16_t type, size_t len, const void *data),
	  (h, type, len, data))
LAZY_VOID(mnl, mnl_attr_put_u8,
	  (struct nlmsghdr * h, uint16_t type, uint8_t data), (h, type, data))
LAZY_VOID(mnl, mnl_attr_put_u32,
	  (struct nlmsghdr * h, uint16_t type, uint32_t data), (h, type, data))
LAZY_VOID(mnl, mnl_attr_put_u64,
	  (struct nlmsghdr * h, uint16_t type, uint64_t data), (h, type, data))
LAZY_VOID(mnl, mnl_attr_put_str,
	  (struct nlmsghdr * h, uint16_t type, const char *data),
	  (h, type, data))
LAZY_VOID(mnl, mnl_attr_put_strz,
	  (struct nlmsghdr * h, uint16_t type, const char *data),
	  (h, type, data))
LAZY(mnl, struct nlattr *, mnl_attr_nest_start,
     (struct nlmsghdr * h, uint16_t type), (h, type))
LAZY_VOID(mnl, mnl_attr_nest_end, (struct nlmsghdr * h, struct nlattr *a),
	  (h, a))
LAZY(mnl, int, mnl_attr_parse,
     (const struct nlmsghdr *h, unsigned int offset, mnl_attr_cb_t fn,
      void *data),
     (h, offset, fn, data))
LAZY(mnl, int, mnl_attr_parse_nested,
     (const struct nlattr *a, mnl_attr_cb_t fn, void *data), (a, fn, data))
LAZY(mnl, int, mnl_attr_validate,
     (const struct nlattr *a, enum mnl_attr_data_type type), (a, type))
LAZY(mnl, bool, mnl_attr_ok, (const struct nlattr *a, int len), (a, len))
LAZY(mnl, struct nlattr *, mnl_attr_next, (const struct nlattr *a), (a))
LAZY(mnl, uint16_t, mnl_attr_get_type, (const struct nlattr *a), (a))
LAZY(mnl, uint16_t, mnl_attr_get_payload_len, (const struct nlattr *a), (a))
LAZY(mnl, void *, mnl_attr_get_payload, (const struct nlattr *a), (a))
LAZY(mnl, uint8_t, mnl_attr_get_u8, (const struct nlattr *a), (a))
LAZY(mnl, uint32_t, mnl_attr_get_u32, (const struct nlattr *a), (a))
LAZY(mnl, const char *, mnl_attr_get_str, (const struct nlattr *a), (a))
