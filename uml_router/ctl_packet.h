/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame in one readable line. */
#ifndef UML_ROUTER_CTL_PACKET_H
#define UML_ROUTER_CTL_PACKET_H

#include <stddef.h>
#include <stdint.h>

/** Room for the longest line. */
#define PACKET_LINE 256

/**
 * packet_line() - Who sends what to whom
 * @data:	the frame, from its destination address
 * @captured:	octets of it that are there
 * @line:	filled
 */
void packet_line(const uint8_t *data, size_t captured, char line[PACKET_LINE]);

#endif /* UML_ROUTER_CTL_PACKET_H */
