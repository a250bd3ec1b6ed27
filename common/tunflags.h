/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * <linux/if_tun.h> with what older copies of it lack, for the two sources
 * that speak to the tun driver (tuntap.c) or name its flags (queueing.c).
 */
#ifndef COMMON_TUNFLAGS_H
#define COMMON_TUNFLAGS_H

#include <linux/if_tun.h>

/** Linux 7.2: a full ring stops the transmit queue instead of dropping. */
#ifndef IFF_BACKPRESSURE
#define IFF_BACKPRESSURE 0x0080
#endif

/** Linux 6.2: the reader takes UDP segmentation offload for IPv4. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#endif

/** Linux 6.2: the reader takes UDP segmentation offload for IPv6. */
#ifndef TUN_F_USO6
#define TUN_F_USO6 0x40
#endif

#endif /* COMMON_TUNFLAGS_H */
