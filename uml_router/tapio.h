/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames in and out of a tap descriptor: one frame a system call, for want of
 * a recvmmsg(2) on character devices.
 */
#ifndef UML_ROUTER_TAPIO_H
#define UML_ROUTER_TAPIO_H

#include "port.h"

/** tapio_ready() - struct port_ops' @ready: read a burst, or until EAGAIN */
void tapio_ready(struct port *port, uint32_t ready);

/** tapio_send() - struct port_ops' @send */
int tapio_send(struct port *port, struct frame *const frames[], unsigned int n);

/** tapio_send_error() - struct port_ops' @send_error */
int tapio_send_error(int errnum);

#endif /* UML_ROUTER_TAPIO_H */
