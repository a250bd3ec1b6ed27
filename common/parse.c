// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Strict parsers; see parse.h. strtoul(3) and its kin are not used: they take
 * white space, signs and whatever follows, and they wrap "-1".
 */
#include <arpa/inet.h>
#include <grp.h>
#include <inttypes.h>
#include <net/if.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/parse.h"

/** Most VLAN ids; 0 and 4095 are reserved by IEEE 802.1Q. */
#define VLAN_MIN 1
#define VLAN_MAX 4094
#define VLAN_SET_OCTETS 512

/** Most digits behind the point of a rate. */
#define FRACTION_DIGITS 6

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Digits of @base (8 or 10) from @text up to @end.
 * Return: 0, or -1 where there is none, another character, or more than fits
 */
static int digits(const char *text, const char *end, unsigned int base,
		  uint64_t *out)
{
	uint64_t value = 0;
	unsigned int digit;

	if (text == end)
		return -1;
	for (; text < end; text++) {
		if (!is_digit(*text))
			return -1;
		digit = (unsigned int)(*text - '0');
		if (digit >= base ||
		    __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return -1;
	}
	*out = value;
	return 0;
}

int parse_uint(const char *what, const char *text, uint64_t min, uint64_t max,
	       uint64_t *out, struct err *err)
{
	uint64_t value;

	if (digits(text, text + strlen(text), 10, &value) || value < min ||
	    value > max)
		return err_set(err,
			       "%s '%.64s' is not a number from %" PRIu64
			       " to %" PRIu64,
			       what, text, min, max);
	*out = value;
	return 0;
}

int parse_mode(const char *text, mode_t *out, struct err *err)
{
	uint64_t value;

	if (digits(text, text + strlen(text), 8, &value) || value > 0777)
		return err_set(err,
			       "mode '%.64s' is not an octal number from 0 to "
			       "0777",
			       text);
	*out = (mode_t)value;
	return 0;
}

int parse_bool(const char *what, const char *text, bool *out, struct err *err)
{
	static const char *const yes[] = { "on", "yes", "true", "1" };
	static const char *const no[] = { "off", "no", "false", "0" };
	size_t i;

	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcmp(text, yes[i]) && strcmp(text, no[i]))
			continue;
		*out = !strcmp(text, yes[i]);
		return 0;
	}
	return err_set(err, "%s '%.64s' is neither on nor off", what, text);
}

/* Value of a hex digit, or -1. */
static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int parse_mac(const char *text, uint8_t mac[MAC_LEN], struct err *err)
{
	uint8_t out[MAC_LEN];
	const char *p = text;
	int i, high, low;

	for (i = 0; i < MAC_LEN; i++, p += 3) {
		high = hex_digit(p[0]);
		low = high < 0 ? -1 : hex_digit(p[1]);
		if (low < 0 || p[2] != (i < MAC_LEN - 1 ? ':' : '\0'))
			return err_set(err,
				       "'%.64s' is no Ethernet address: six "
				       "pairs of hex digits joined by ':'",
				       text);
		out[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(mac, out, MAC_LEN);
	return 0;
}

void format_mac(const uint8_t mac[MAC_LEN], char out[MAC_TEXT_LEN])
{
	snprintf(out, MAC_TEXT_LEN, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
		 mac[1], mac[2], mac[3], mac[4], mac[5]);
}

struct ip4_text format_ip4(struct in_addr addr)
{
	struct ip4_text text;

	inet_ntop(AF_INET, &addr, text.text, sizeof(text.text));
	return text;
}

/* One "5" or "100-200" between @text and @end, into @set. */
static int vlan_range(const char *text, const char *end, uint8_t *set)
{
	const char *dash = memchr(text, '-', (size_t)(end - text));
	uint64_t first, last, vid;

	if (digits(text, dash ? dash : end, 10, &first))
		return -1;
	last = first;
	if (dash && digits(dash + 1, end, 10, &last))
		return -1;
	if (first < VLAN_MIN || last > VLAN_MAX || first > last)
		return -1;
	for (vid = first; vid <= last; vid++)
		set[vid / 8] |= (uint8_t)(1u << (vid % 8));
	return 0;
}

int parse_vlan_list(const char *text, uint8_t set[512], struct err *err)
{
	uint8_t out[VLAN_SET_OCTETS] = { 0 };
	const char *item = text;
	const char *end;

	for (;; item = end + 1) {
		end = item + strcspn(item, ",+");
		if (vlan_range(item, end, out))
			return err_set(err,
				       "VLAN '%.*s' of '%.64s' is neither an "
				       "id from %d to %d nor a range of them",
				       (int)(end - item > 32 ? 32 : end - item),
				       item, text, VLAN_MIN, VLAN_MAX);
		if (!*end)
			break;
	}
	memcpy(set, out, sizeof(out));
	return 0;
}

/*
 * Octets that the kernel takes in a name: its isspace() counts 0xa0, the
 * no-break space of Latin-1, as well.
 */
static bool ifname_octet(char c)
{
	return c != '/' && c != ':' && c != ' ' && !(c >= '\t' && c <= '\r') &&
	       (unsigned char)c != 0xa0;
}

/* At most one '%', and that in "%d"; see __dev_alloc_name(). */
static bool pattern_good(const char *text, bool allow_pattern)
{
	const char *percent = strchr(text, '%');

	if (!percent)
		return true;
	return allow_pattern && percent[1] == 'd' && !strchr(percent + 1, '%');
}

int parse_ifname(const char *text, bool allow_pattern, struct err *err)
{
	size_t len = strlen(text);
	size_t i;

	if (!len)
		return err_set(err, "an interface name must not be empty");
	if (len >= IFNAMSIZ)
		return err_set(
			err, "interface name '%.64s' is longer than %d octets",
			text, IFNAMSIZ - 1);
	if (!strcmp(text, ".") || !strcmp(text, ".."))
		return err_set(err, "'%s' cannot be an interface name", text);
	for (i = 0; i < len; i++) {
		if (!ifname_octet(text[i]))
			return err_set(err,
				       "interface name '%s' must not hold '/', "
				       "':' or white space",
				       text);
	}
	if (!pattern_good(text, allow_pattern))
		return err_set(err, "interface name '%s': %s", text,
			       allow_pattern ? "'%' may only stand in one %d"
					     : "'%' is not allowed here");
	return 0;
}

bool parse_plain(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-%";

	return !text[strspn(text, plain)];
}

/*
 * A name that no database should be asked for: nothing, and what begins with
 * a sign (a number that is meant negative, or an NIS directive of passwd(5)).
 */
static bool id_text_good(const char *text)
{
	return *text && *text != '-' && *text != '+';
}

/* Decimal id; the highest value stands for "no id" in every system call. */
static int numeric_id(const char *text, uint32_t *out)
{
	uint64_t value;

	if (digits(text, text + strlen(text), 10, &value) ||
	    value >= UINT32_MAX)
		return -1;
	*out = (uint32_t)value;
	return 0;
}

int parse_user(const char *text, uid_t *out, struct err *err)
{
	const struct passwd *pw = NULL;
	uint32_t value;

	if (id_text_good(text))
		pw = getpwnam(text);
	if (pw && pw->pw_uid != (uid_t)-1) {
		*out = pw->pw_uid;
		return 0;
	}
	if (numeric_id(text, &value))
		return err_set(err,
			       "'%.64s' is neither a username nor a numeric "
			       "uid.",
			       text);
	*out = value;
	return 0;
}

int parse_group(const char *text, gid_t *out, struct err *err)
{
	const struct group *gr = NULL;
	uint32_t value;

	if (id_text_good(text))
		gr = getgrnam(text);
	if (gr && gr->gr_gid != (gid_t)-1) {
		*out = gr->gr_gid;
		return 0;
	}
	if (numeric_id(text, &value))
		return err_set(err,
			       "'%.64s' is neither a groupname nor a numeric "
			       "group.",
			       text);
	*out = value;
	return 0;
}

/* A unit and how many of the base unit it is; the last has no name. */
struct suffix {
	const char *name;
	uint64_t factor;
};

static const struct suffix rate_suffixes[] = {
	{ "", 1 },	     { "bit", 1 },	     { "kbit", 1000 },
	{ "mbit", 1000000 }, { "gbit", 1000000000 }, { "tbit", 1000000000000 },
	{ NULL, 0 },
};

static const struct suffix size_suffixes[] = {
	{ "", 1 },
	{ "b", 1 },
	{ "k", 1024 },
	{ "m", 1024 * 1024 },
	{ "g", 1024 * 1024 * 1024 },
	{ NULL, 0 },
};

/* Factor of a suffix in either case, or 0 where the table has it not. */
static uint64_t suffix_factor(const struct suffix *table, const char *text)
{
	for (; table->name; table++) {
		if (!strcasecmp(text, table->name))
			return table->factor;
	}
	return 0;
}

/*
 * The digits behind the point, times @factor, added to @value.
 * Return: 0, or -1 where the result is no whole number or does not fit
 */
static int add_fraction(const char *text, const char *end, uint64_t factor,
			uint64_t *value)
{
	uint64_t fraction, divisor = 1;
	ptrdiff_t i;

	if (end - text > FRACTION_DIGITS || digits(text, end, 10, &fraction))
		return -1;
	for (i = 0; i < end - text; i++)
		divisor *= 10;
	/* at most 10^6 * 10^12: fits */
	if (fraction * factor % divisor)
		return -1;
	if (__builtin_add_overflow(*value, fraction * factor / divisor, value))
		return -1;
	return 0;
}

/* Number, an optional fraction, a suffix of @table; at least 1. */
static int scaled(const char *text, const struct suffix *table,
		  bool allow_fraction, uint64_t *out)
{
	const char *whole_end = text + strspn(text, "0123456789");
	const char *number_end = whole_end;
	uint64_t factor, value;

	if (*whole_end == '.' && allow_fraction)
		number_end += 1 + strspn(whole_end + 1, "0123456789");
	factor = suffix_factor(table, number_end);
	if (!factor || digits(text, whole_end, 10, &value) ||
	    __builtin_mul_overflow(value, factor, &value))
		return -1;
	if (number_end != whole_end &&
	    add_fraction(whole_end + 1, number_end, factor, &value))
		return -1;
	/* JSON has no larger ones, and the largest of all mean something else. */
	if (!value || value > INT64_MAX)
		return -1;
	*out = value;
	return 0;
}

int parse_rate(const char *text, uint64_t *out, struct err *err)
{
	if (scaled(text, rate_suffixes, true, out))
		return err_set(
			err,
			"rate '%.64s' is not a number of bits per second "
			"above 0 in bit, kbit, mbit, gbit or tbit",
			text);
	return 0;
}

int parse_size(const char *text, uint64_t *out, struct err *err)
{
	if (scaled(text, size_suffixes, false, out))
		return err_set(err,
			       "size '%.64s' is not a number of bytes (1 or "
			       "more) in b, k, m or g",
			       text);
	return 0;
}

/* Address part alone; inet_pton(3) takes no leading zeroes, no short forms. */
static int prefix_address(const char *text, size_t octets,
			  struct ip_prefix *out)
{
	char addr[INET6_ADDRSTRLEN];

	if (octets >= sizeof(addr))
		return -1;
	memcpy(addr, text, octets);
	addr[octets] = '\0';
	out->family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	return inet_pton(out->family, addr, out->addr) == 1 ? 0 : -1;
}

int parse_prefix(const char *text, struct ip_prefix *out, struct err *err)
{
	const char *slash = text + strcspn(text, "/");
	struct ip_prefix prefix = { 0 };
	uint64_t len, limit;

	if (prefix_address(text, (size_t)(slash - text), &prefix))
		return err_set(err,
			       "'%.64s' is no IPv4 or IPv6 address, nor one "
			       "with /LENGTH",
			       text);
	limit = prefix.family == AF_INET ? 32 : 128;
	len = limit;
	if (*slash &&
	    parse_uint("prefix length", slash + 1, 0, limit, &len, err))
		return -1;
	prefix.len = (uint8_t)len;
	*out = prefix;
	return 0;
}
