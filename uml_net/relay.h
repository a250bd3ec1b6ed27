/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ethertap transport: Linux lost its ethertap devices with 2.6, so we
 * stand between a tap and a guest that speaks as if there still were one.
 *
 * A frame for the guest is a datagram of two octets and the frame: ethertap
 * aligned the IP header so. Changes of the guest's addresses come on the
 * socket of the answer.
 */
#ifndef UML_NET_RELAY_H
#define UML_NET_RELAY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "uml_net/session.h"

/** Longest record of a change. */
#define RELAY_RECORD_MAX 12

/** What a record asks for. */
enum relay_what {
	RELAY_ADD,
	RELAY_DEL,
};

/**
 * struct relay_change - A change of the guest's addresses
 * @what:	it has one more, or one less
 * @addr:	which
 */
struct relay_change {
	enum relay_what what;
	struct in_addr addr;
};

/** relay_record_len() - Octets of a record in a version of the protocol */
size_t relay_record_len(unsigned int version);

/**
 * relay_parse() - Take a record apart
 * @version:	of the protocol: since 4 a netmask follows the address
 * @data:	relay_record_len() octets: a native int, 0 to add and 1 to
 *		delete, the address, the netmask
 * @change:	set on success
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int relay_parse(unsigned int version, const uint8_t *data,
		struct relay_change *change, struct err *err);

/**
 * relay_run() - Make a tap and carry frames until the guest ends
 * @s:		the session
 * @told:	set as soon as the guest has its answer: a failure is not to be
 *		told again
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int relay_run(struct session *s, bool *told, struct err *err);

#endif /* UML_NET_RELAY_H */
