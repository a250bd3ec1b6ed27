// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames in and out of a tap descriptor, see tapio.h. */
#include "tapio.h"

#include <errno.h>
#include <unistd.h>

#include "switch.h"

/* Read one frame. 1: there it is, 0: there is none, -1: the device is gone. */
static int read_one(struct port *port, struct frame **frame)
{
	struct frame_pool *pool = &port->sw->pool;
	struct frame *f = frame_get(pool);
	char nowhere;
	ssize_t n;

	/* Without memory the frame is read and lost: left in the ring, it
	 * would keep the loop busy. */
	n = f ? read(port->io.fd, f->data, FRAME_MAX + 1)
	      : read(port->io.fd, &nowhere, 1);
	if (n > 0 && f) {
		frame_filled(pool, f, (size_t)n);
		*frame = f;
		return 1;
	}
	if (f)
		frame_put(pool, f);
	else if (n > 0)
		port_drop(port, DROP_NO_MEMORY);
	return n < 0 && errno != EAGAIN && errno != EINTR ? -1 : 0;
}

void tapio_ready(struct port *port, uint32_t ready)
{
	struct frame *frames[FRAME_BURST];
	unsigned int n = 0;
	int got = 1;

	while (n < FRAME_BURST && (got = read_one(port, &frames[n])) == 1)
		n++;
	if (n)
		port_rx(port, frames, n);
	else if (got < 0 || (ready & EPOLLERR))
		port_close(port);
}

int tapio_send(struct port *port, struct frame *const frames[], unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (write(port->io.fd, frames[i]->data, frames[i]->len) >= 0)
			continue;
		if (i || errno == EAGAIN || errno == EINTR)
			break;
		return -1;
	}
	return (int)i;
}

int tapio_send_error(int errnum)
{
	switch (errnum) {
	case EIO: /* tun_get_user(): the device is down */
		return DROP_LINK_DOWN;
	case EBADFD: /* the device was deleted */
	case EBADF:
		return PORT_BROKEN;
	default:
		return DROP_SEND_ERROR;
	}
}
