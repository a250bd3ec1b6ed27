/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames in and out of sockets that keep message boundaries (SOCK_DGRAM,
 * SOCK_SEQPACKET): one frame a message, a burst a system call.
 */
#ifndef UML_ROUTER_MSGIO_H
#define UML_ROUTER_MSGIO_H

#include <stdbool.h>
#include <sys/socket.h>

#include "frame.h"
#include "port.h"

/**
 * struct msgio_burst - What one msgio_recv() read
 * @frames:	the frames; the caller has a reference to each
 * @from:	where to put senders' addresses, FRAME_BURST of them, or NULL
 * @from_len:	their lengths, when @from is set
 * @n:		how many frames
 * @empty:	messages without an octet
 * @eof:	the other end of a SOCK_SEQPACKET socket was closed: it then
 *		gives empty messages without end
 * @lost:	messages read without memory for them
 */
struct msgio_burst {
	struct frame *frames[FRAME_BURST];
	struct sockaddr_storage *from;
	socklen_t from_len[FRAME_BURST];
	unsigned int n;
	unsigned int empty;
	bool eof;
	unsigned int lost;
};

/**
 * msgio_recv() - Read up to FRAME_BURST messages
 * @w:		the worker: frames come from its pool
 * @fd:		non-blocking socket
 * @burst:	@from set; the rest is filled
 *
 * A message longer than FRAME_MAX comes as a frame of FRAME_MAX + 1 octets,
 * which the switch drops as too long.
 *
 * Return: 0 (nothing to read is no failure), or -1 with errno set
 */
int msgio_recv(struct worker *w, int fd, struct msgio_burst *burst);

/**
 * msgio_write() - Send up to @n frames to a socket, each as a message
 *
 * Return: as struct port_ops' @send
 */
int msgio_write(int fd, struct frame *const frames[], unsigned int n);

/** msgio_send() - struct port_ops' @send for such sockets */
int msgio_send(struct port *port, struct frame *const frames[], unsigned int n);

/** msgio_send_error() - struct port_ops' @send_error for such sockets */
int msgio_send_error(int errnum);

/**
 * msgio_ready() - struct port_ops' @ready for such sockets
 *
 * The end of the connection closes the port, behind the last frame.
 */
void msgio_ready(struct port *port, uint32_t ready);

#endif /* UML_ROUTER_MSGIO_H */
