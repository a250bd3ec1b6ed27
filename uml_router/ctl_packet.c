// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A frame in one readable line: addresses, VLANs, and of ARP, IPv4, IPv6, ICMP,
 * TCP and UDP what one looks for first. tcpdump(8) tells more.
 *
 * A header that is cut off ends the line.
 */
#include "ctl_packet.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/parse.h"

/**
 * struct look - How far the line and the frame are
 * @at:		next header
 * @left:	octets from there
 * @line:	the line
 * @len:	its length
 */
struct look {
	const uint8_t *at;
	size_t left;
	char *line;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void say(struct look *l,
						      const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(l->line + l->len, PACKET_LINE - l->len, fmt, args);
	va_end(args);
	if (n > 0)
		l->len += (size_t)n;
	if (l->len >= PACKET_LINE)
		l->len = PACKET_LINE - 1;
}

/* The next header, or NULL when it is not all there. */
static const uint8_t *take(struct look *l, size_t octets)
{
	const uint8_t *at = l->at;

	if (l->left < octets) {
		say(l, l->len ? " (cut)" : "(cut)");
		l->left = 0;
		return NULL;
	}
	l->at += octets;
	l->left -= octets;
	return at;
}

static unsigned int word(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

static unsigned int long_word(const uint8_t *at)
{
	return word(at) << 16 | word(at + 2);
}

static void say_tcp_flags(struct look *l, uint8_t flags)
{
	static const char letters[] = "FSRP.UEC"; /* RFC 9293, 3.1 */
	char text[9];
	size_t i, n = 0;

	for (i = 0; i < 8; i++)
		if (flags & 1U << i)
			text[n++] = letters[i];
	text[n] = '\0';
	say(l, " [%s]", text);
}

static void say_tcp(struct look *l, unsigned int payload)
{
	const uint8_t *tcp = take(l, 20);
	unsigned int header;

	if (!tcp)
		return;
	header = (tcp[12] >> 4) * 4U;
	say(l, " TCP %u > %u", word(tcp), word(tcp + 2));
	say_tcp_flags(l, tcp[13]);
	say(l, " seq %u", long_word(tcp + 4));
	if (tcp[13] & 0x10)
		say(l, " ack %u", long_word(tcp + 8));
	if (payload >= header)
		say(l, " %u octets", payload - header);
}

static void say_udp(struct look *l)
{
	const uint8_t *udp = take(l, 8);

	if (udp)
		say(l, " UDP %u > %u %u octets", word(udp), word(udp + 2),
		    word(udp + 4) >= 8 ? word(udp + 4) - 8 : 0);
}

static void say_icmp(struct look *l, const char *name, uint8_t request,
		     uint8_t reply)
{
	const uint8_t *icmp = take(l, 8);

	if (!icmp)
		return;
	if (icmp[0] == request || icmp[0] == reply)
		say(l, " %s echo %s id %u seq %u", name,
		    icmp[0] == request ? "request" : "reply", word(icmp + 4),
		    word(icmp + 6));
	else
		say(l, " %s type %u code %u", name, icmp[0], icmp[1]);
}

static void say_transport(struct look *l, unsigned int protocol,
			  unsigned int payload)
{
	switch (protocol) {
	case IPPROTO_TCP:
		say_tcp(l, payload);
		break;
	case IPPROTO_UDP:
		say_udp(l);
		break;
	case IPPROTO_ICMP:
		say_icmp(l, "ICMP", 8, 0); /* RFC 792 */
		break;
	case IPPROTO_ICMPV6:
		say_icmp(l, "ICMPv6", 128, 129); /* RFC 4443, 4 */
		break;
	default:
		say(l, " protocol %u", protocol);
	}
}

static void say_addresses(struct look *l, int family, const uint8_t *from,
			  const uint8_t *to)
{
	char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];

	say(l, " %s > %s", inet_ntop(family, from, source, sizeof(source)),
	    inet_ntop(family, to, destination, sizeof(destination)));
}

static void say_ipv4(struct look *l)
{
	const uint8_t *ip = take(l, 20);
	unsigned int header, fragment;

	if (!ip)
		return;
	say_addresses(l, AF_INET, ip + 12, ip + 16);
	header = (ip[0] & 15) * 4U;
	if (header < 20 || (header > 20 && !take(l, header - 20)))
		return;
	fragment = (word(ip + 6) & 0x1fff) * 8;
	if (fragment)
		say(l, " protocol %u fragment at %u", ip[9], fragment);
	else
		say_transport(l, ip[9],
			      word(ip + 2) >= header ? word(ip + 2) - header
						     : 0);
}

static void say_ipv6(struct look *l)
{
	const uint8_t *ip = take(l, 40);

	if (!ip)
		return;
	say_addresses(l, AF_INET6, ip + 8, ip + 24);
	say_transport(l, ip[6], word(ip + 4));
}

/* RFC 826, of IPv4 addresses */
static void say_arp(struct look *l)
{
	const uint8_t *arp = take(l, 28);
	char sender[INET_ADDRSTRLEN], target[INET_ADDRSTRLEN];

	if (!arp)
		return;
	inet_ntop(AF_INET, arp + 14, sender, sizeof(sender));
	inet_ntop(AF_INET, arp + 24, target, sizeof(target));
	if (word(arp + 6) == 1)
		say(l, " ARP who has %s, tell %s", target, sender);
	else
		say(l, " ARP %s is here, to %s", sender, target);
}

static void say_type(struct look *l, unsigned int type)
{
	switch (type) {
	case ETHERTYPE_IP:
		say_ipv4(l);
		break;
	case ETHERTYPE_IPV6:
		say_ipv6(l);
		break;
	case ETHERTYPE_ARP:
		say_arp(l);
		break;
	default:
		/* IEEE 802.3, 3.2.6: up to 1500 it is a length. */
		say(l, type <= 1500 ? " 802.3 length %u" : " type 0x%04x",
		    type);
	}
}

static bool is_tag(unsigned int type)
{
	return type == 0x8100 || type == 0x88a8; /* IEEE 802.1Q, table 9-1 */
}

void packet_line(const uint8_t *data, size_t captured, char line[PACKET_LINE])
{
	struct look l = { data, captured, line, 0 };
	char from[MAC_TEXT_LEN], to[MAC_TEXT_LEN];
	const uint8_t *ether, *tag;
	unsigned int type;

	line[0] = '\0';
	ether = take(&l, 14);
	if (!ether)
		return;
	format_mac(ether, to);
	format_mac(ether + 6, from);
	say(&l, "%s > %s", from, to);
	for (type = word(ether + 12); is_tag(type); type = word(tag + 2)) {
		tag = take(&l, 4);
		if (!tag)
			return;
		say(&l, " VLAN %u", word(tag) & 0xfff);
	}
	say_type(&l, type);
}
