// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames per second from one vhost-user guest to another. Both are drivers in
 * this process and in one thread, with warm caches: what is measured is the
 * switch, on another processor.
 *
 *	vhostbench SOCKET OCTETS SECONDS
 *
 * Prints frames received per second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/unixsock.h"
#include "tests/helpers/vguest.h"

/** Frames that are sent before the receiver is looked at. */
#define BATCH 64
#define RING 1024

static double now(void)
{
	return (double)clock_ns() / 1e9;
}

static void plug(struct vguest *g, const char *socket)
{
	struct err err;
	int sock = unixsock_connect(socket, SOCK_STREAM, &err);

	if (sock < 0)
		die("%s", err.text);
	if (vguest_init(g, sock, RING) < 0)
		die("cannot make a guest");
	vguest_offer(g);
	/* The answer to the last request: both rings run. */
	if (vguest_say_all(g, VGUEST_PLAIN) < 0 ||
	    vguest_say(g, 1, 0, NULL, 0, NULL, 0) < 0 || vguest_answer(g) < 0)
		die("the switch did not take a guest");
}

static void send_batch(struct vguest *g, const uint8_t *frame, uint32_t len)
{
	static const struct virtio_net_hdr_v1 plain;
	uint16_t before = g->tx.next;
	int i;

	for (i = 0; i < BATCH && vguest_send(g, &plain, frame, len); i++)
		;
	if (g->tx.next != before)
		vguest_kick(&g->tx, before);
}

static unsigned long receive(struct vguest *g)
{
	struct virtio_net_hdr_v1 vnet;
	uint16_t before = g->rx.next;
	unsigned long n = 0;

	while (vguest_receive(g, &vnet, NULL, 0))
		n++;
	if (n)
		vguest_kick(&g->rx, before);
	return n;
}

static double measure(struct vguest *a, struct vguest *b, const uint8_t *frame,
		      uint32_t len, double seconds)
{
	unsigned long n = 0;
	double start = now();

	do {
		send_batch(a, frame, len);
		n += receive(b);
	} while (now() - start < seconds);
	return (double)n / (now() - start);
}

int main(int argc, char *argv[])
{
	static const struct virtio_net_hdr_v1 plain;
	uint8_t frame[VGUEST_BUFFER] = { 2, 0, 0, 0, 0, 2,    2,
					 0, 0, 0, 0, 1, 0x88, 0xb5 };
	uint8_t hello[60] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5 };
	struct vguest a, b;
	uint32_t len;

	log_open("vhostbench", LOG_LEVEL_INFO);
	if (argc != 4)
		die("usage: vhostbench SOCKET OCTETS SECONDS");
	len = (uint32_t)atoi(argv[2]);
	if (len < 14 || len > VGUEST_BUFFER - VGUEST_HEADER)
		die("frames of %u octets", len);
	plug(&a, argv[1]);
	plug(&b, argv[1]);
	vguest_send(&b, &plain, hello, sizeof(hello));
	vguest_kick(&b.tx, 0);
	measure(&a, &b, frame, len, 0.2);
	printf("%.0f\n", measure(&a, &b, frame, len, atof(argv[3])));
	vguest_fini(&a);
	vguest_fini(&b);
	return 0;
}
