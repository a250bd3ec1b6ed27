/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames in and out of a tap: one frame a system call, for want of a
 * recvmmsg(2) on character devices. With a vnet header a frame may be up
 * to 64 KiB of TCP, and then one is as good as a burst.
 */
#ifndef UML_ROUTER_TAPIO_H
#define UML_ROUTER_TAPIO_H

#include "common/tuntap.h"
#include "port.h"

/**
 * struct tap_burst - Frames that are being read
 * @frames:	the frames
 * @n:		how many
 * @octets:	how much they are
 */
struct tap_burst {
	struct frame *frames[FRAME_BURST];
	unsigned int n;
	size_t octets;
};

/**
 * struct tap_port - A port on a tap
 * @port:	the port; its descriptor is readable when any queue is
 * @tap:	the device
 * @header:	octets of the vnet header in front of each frame, or 0
 * @first:	queue that is read first the next time
 * @ahead:	what was read between writes: begins the next burst
 * @quiet:	writes in a row behind which there was nothing to read
 */
struct tap_port {
	struct port port;
	struct tuntap tap;
	size_t header;
	unsigned int first;
	struct tap_burst ahead;
	unsigned int quiet;
};

/**
 * tapio_open() - Make a port of an open tap
 * @t:		zeroed, malloc'ed, @tap and the port's address set
 * @sw:		the switch
 * @ops:	made of the functions below
 * @conf:	see port_open()
 * @name:	unique name
 * @offload:	large frames and frames without checksum are exchanged with
 *		the device, where it has a vnet header
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set: @t and the device are still the caller's
 */
int tapio_open(struct tap_port *t, struct sw *sw, const struct port_ops *ops,
	       const struct port_conf *conf, const char *name, bool offload,
	       struct err *err);

/** tapio_ready() - struct port_ops' @ready: read a burst, or until EAGAIN */
void tapio_ready(struct port *port, uint32_t ready);

/** tapio_send() - struct port_ops' @send */
int tapio_send(struct port *port, struct frame *const frames[], unsigned int n);

/** tapio_send_error() - struct port_ops' @send_error */
int tapio_send_error(int errnum);

/** tapio_close() - struct port_ops' @close: closes the device */
void tapio_close(struct port *port);

#endif /* UML_ROUTER_TAPIO_H */
