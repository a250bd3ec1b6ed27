/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Coalescing, the reverse of segmentation: consecutive plain frames of one TCP
 * connection become one large frame, so that the host's stack is entered once.
 *
 * The payload is not copied. What is made is a new header and the list of all
 * pieces, for one writev(2) to a tap with a vnet header.
 */
#ifndef UML_ROUTER_COALESCE_H
#define UML_ROUTER_COALESCE_H

#include <sys/uio.h>

#include "frame.h"
#include "headers.h"

/**
 * struct coalesced - One large frame made of several
 * @vnet:	its vnet header
 * @head:	its headers, right behind that
 * @iov:	@vnet and @head, then the payload of each frame
 * @count:	entries of @iov
 * @len:	octets of the frame, that is of @iov without @vnet
 */
struct coalesced {
	struct virtio_net_hdr_v1 vnet;
	uint8_t head[HEADERS_MAX];
	struct iovec iov[1 + FRAME_BURST];
	unsigned int count;
	uint32_t len;
};

_Static_assert(offsetof(struct coalesced, head) ==
		       sizeof(struct virtio_net_hdr_v1),
	       "headers follow the vnet header");

/**
 * coalesce() - Make one frame of those in front
 * @frames:	consecutive frames for one port, of FRAME_MIN octets or more. They
 *		are only read, and their payload must stay until @out has been
 *		written
 * @n:		how many, at least 1
 * @out:	filled when the result is above 1
 *
 * Only frames that lie side by side are joined: the order of frames never
 * changes. What is joined is what Linux joins (see coalesce.c). UDP is not, nor
 * are IPv6 packets with extension headers, nor frames that are not plain.
 *
 * Return: how many frames @out stands for, at most FRAME_BURST; or 1: write the
 * first one as it is
 */
unsigned int coalesce(struct frame *const frames[], unsigned int n,
		      struct coalesced *out);

#endif /* UML_ROUTER_COALESCE_H */
