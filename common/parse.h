/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strict parsers for what users type: the whole string must be meant, and a
 * value that does not fit is refused with its text and the range, never
 * truncated, wrapped or defaulted.
 *
 * All return 0, or -1 with @err set; the output is untouched on failure.
 */
#ifndef COMMON_PARSE_H
#define COMMON_PARSE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/** Octets of an Ethernet address (IEEE 802). */
#define MAC_LEN 6
/** Room for "aa:bb:cc:dd:ee:ff" and its NUL. */
#define MAC_TEXT_LEN 18

/**
 * parse_uint() - Unsigned decimal number in a range
 * @what:	what the number is, for the error ("queue length")
 * @text:	digits only: no sign, no white space, no suffix
 * @min:	smallest value taken
 * @max:	largest value taken
 * @out:	the number
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int parse_uint(const char *what, const char *text, uint64_t min, uint64_t max,
	       uint64_t *out, struct err *err);

/**
 * parse_mode() - Octal file mode, 0 to 0777
 * @text:	octal digits, with or without a leading 0
 * @out:	the mode
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int parse_mode(const char *text, mode_t *out, struct err *err);

/**
 * parse_bool() - on/off, yes/no, true/false, 1/0
 */
int parse_bool(const char *what, const char *text, bool *out, struct err *err);

/**
 * parse_mac() - Ethernet address, six pairs of hex digits joined by ':'
 * @text:	"02:00:00:00:00:01"
 * @mac:	six octets in transmission order
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int parse_mac(const char *text, uint8_t mac[MAC_LEN], struct err *err);

/**
 * format_mac() - Ethernet address as text, lower case
 * @mac:	six octets
 * @out:	"02:00:00:00:00:01"
 */
void format_mac(const uint8_t mac[MAC_LEN], char out[MAC_TEXT_LEN]);

/** struct ip4_text - An IPv4 address as text */
struct ip4_text {
	char text[INET_ADDRSTRLEN];
};

/** format_ip4() - Four decimal numbers; errno is kept */
struct ip4_text format_ip4(struct in_addr addr);

/**
 * parse_vlan_list() - VLAN ids and ranges, 1 to 4094
 * @text:	"1,5,100-200"; '+' does for ',' where that means something else
 * @set:	one bit per VLAN id, bit vid % 8 of octet vid / 8; IEEE 802.1Q
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int parse_vlan_list(const char *text, uint8_t set[512], struct err *err);

/**
 * parse_ifname() - Name of a network interface as the kernel takes it
 * @text:	1 to 15 octets, no '/', no ':', no white space, not "." or ".."
 *		(dev_valid_name() in net/core/dev.c); '%' only as "%d", which
 *		the kernel expands, and only with @allow_pattern
 * @allow_pattern:	true where a new device may be named by a pattern
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int parse_ifname(const char *text, bool allow_pattern, struct err *err);

/**
 * parse_plain() - Whether a name can be taken for nothing but a name
 * @text:	what parse_ifname() has found good
 *
 * By a shell, for instance: it has letters, digits, '.', '_', '-', and the '%'
 * of a pattern only.
 */
bool parse_plain(const char *text);

/**
 * parse_user() - User name or decimal uid
 * @text:	a name known to getpwnam(3), else digits; -1 and '' are refused
 * @out:	the uid
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int parse_user(const char *text, uid_t *out, struct err *err);

/**
 * parse_group() - Group name or decimal gid
 */
int parse_group(const char *text, gid_t *out, struct err *err);

/**
 * parse_rate() - Data rate in bits per second
 * @text:	number with one of the suffixes of tc(8): bit, kbit, mbit,
 *		gbit, tbit (powers of 1000); a bare number is bit/s. Fractions
 *		are taken ("1.5mbit")
 * @out:	bits per second, 1 to INT64_MAX
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int parse_rate(const char *text, uint64_t *out, struct err *err);

/**
 * parse_size() - Size in bytes
 * @text:	number with one of the suffixes of tc(8): b, k, m, g (powers of
 *		1024), upper or lower case
 * @out:	bytes, 1 to INT64_MAX
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int parse_size(const char *text, uint64_t *out, struct err *err);

/**
 * struct ip_prefix - An IP address and the length of its network part
 * @family:	AF_INET or AF_INET6
 * @addr:	4 or 16 octets in network order, host bits included
 * @len:	0 to 32 or 128
 */
struct ip_prefix {
	int family;
	uint8_t addr[16];
	uint8_t len;
};

/**
 * parse_prefix() - ADDR/LEN, IPv4 or IPv6
 * @text:	"10.0.0.1/24", "fd00::1/64"; without "/LEN" the address alone
 *		is meant (32 or 128). IPv4 in its four decimal parts only
 * @out:	the address with its host bits, and the length
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int parse_prefix(const char *text, struct ip_prefix *out, struct err *err);

#endif /* COMMON_PARSE_H */
