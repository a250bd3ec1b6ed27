// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a switch between two taps cannot beat from user space: one poll loop
 * that reads a frame from one tap and writes it to the other, with the vnet
 * header and all offloads, and knows nothing of addresses, ports or queues.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/tuntap.h"

#define FRAME_MAX (12 + 65550) /* vnet header and the longest frame */
#define BURST 64	       /* frames from one tap before the other's turn */

static void open_tap(struct tuntap *tt, const char *name)
{
	struct tuntap_request req = { .name = name,
				      .kind = TUNTAP_TAP,
				      .how = TUNTAP_OPEN_OR_CREATE,
				      .vnet_hdr = true,
				      .queues = 1 };
	struct err err;

	if (tuntap_open(tt, &req, &err) == 0 &&
	    tuntap_offload(tt, TUNTAP_OFFLOAD_TSO_USO, &err) == 0)
		return;
	fprintf(stderr, "bareloop: %s\n", err.text);
	exit(1);
}

/* A frame that cannot be written is lost, as on a wire. */
static void relay(int from, int to)
{
	static uint8_t frame[FRAME_MAX];

	for (int i = 0; i < BURST; i++) {
		ssize_t len = read(from, frame, sizeof(frame));

		if (len <= 0 || write(to, frame, (size_t)len) < 0)
			return;
	}
}

int main(int argc, char **argv)
{
	static struct tuntap tap[2];
	struct pollfd fds[2];

	if (argc != 3) {
		fputs("usage: bareloop TAP TAP\n", stderr);
		return 1;
	}
	for (int i = 0; i < 2; i++) {
		open_tap(&tap[i], argv[1 + i]);
		fds[i] = (struct pollfd){ .fd = tap[i].fd[0],
					  .events = POLLIN };
	}
	while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
		for (int i = 0; i < 2; i++)
			if (fds[i].revents)
				relay(fds[i].fd, fds[!i].fd);
	}
	perror("bareloop: poll");
	return 1;
}
