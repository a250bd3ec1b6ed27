// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many clients that all send and all receive: each talks to its neighbour, in
 * turns, one frame at a time, as so many guests would that are equally busy.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "load.h"

#define EVENTS 64 /* ports looked at in one go */

/**
 * struct port - One client
 * @client:	its connection
 * @frame:	what it sends: to its neighbour, always the same
 */
struct port {
	struct client client;
	uint8_t *frame;
};

/**
 * struct ports - All of them
 * @set:	the settings
 * @port:	set->ports of them
 * @turn:	who sends next
 * @epoll:	of the receiving process
 * @rx:		its buffers
 * @received:	frames of each port, shared by both processes
 */
struct ports {
	const struct load_settings *set;
	struct port *port;
	unsigned int turn;
	int epoll;
	struct client_rx *rx;
	uint64_t *received;
};

static void drain(void *arg)
{
	struct ports *p = arg;

	for (unsigned int i = 0; i < p->set->ports; i++)
		if (p->port[i].frame)
			measure_drain(&p->port[i].client);
}

static void mac_of(uint8_t *mac, unsigned int n)
{
	memcpy(mac, (const uint8_t[]){ 2, 3, 0, 0, 0, 0 }, CLIENT_MAC_LEN);
	mac_add(mac, n);
}

static void open_port(struct ports *p, unsigned int n)
{
	struct frame_spec spec = { .len = p->set->size };
	struct port *port = &p->port[n];

	measure_open(&port->client, &p->set->client);
	port->frame = malloc(p->set->size);
	if (!port->frame)
		measure_fatal("frame", strerror(errno));
	mac_of(spec.src, n);
	mac_of(spec.dst, n ^ 1);
	frame_build(port->frame, &spec);
	measure_teach(&port->client, spec.src, spec.dst, drain, p);
}

static void watch(struct ports *p)
{
	for (unsigned int i = 0; i < p->set->ports; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };

		if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->port[i].client.data,
			      &ev) < 0)
			measure_fatal("epoll_ctl", strerror(errno));
	}
}

static int receive(void *arg)
{
	struct epoll_event ev[EVENTS];
	struct ports *p = arg;
	int n = epoll_wait(p->epoll, ev, EVENTS, MEASURE_LOOK_MS);
	int count, sum = 0;

	for (int i = 0; i < n; i++) {
		count = measure_count(&p->port[ev[i].data.u32].client, p->rx,
				      MSG_DONTWAIT, p->set->size);
		if (count < 0)
			return -1;
		p->received[ev[i].data.u32] += (uint64_t)count;
		sum += count;
	}
	return sum;
}

static bool send_one(void *arg)
{
	struct ports *p = arg;
	struct port *port = &p->port[p->turn];

	p->turn = (p->turn + 1) % p->set->ports;
	return measure_send(&port->client, port->frame, p->set->size);
}

/* The port that got least, compared with the mean: 1 is fair. */
static void finish(void *arg)
{
	const struct ports *p = arg;
	uint64_t least = UINT64_MAX, sum = 0;

	for (unsigned int i = 0; i < p->set->ports; i++) {
		sum += p->received[i];
		if (p->received[i] < least)
			least = p->received[i];
	}
	printf(" least_share=%.3f",
	       sum ? (double)least * p->set->ports / (double)sum : 0);
}

struct load load_ports(const struct load_settings *set)
{
	static struct ports p;

	p.set = set;
	p.epoll = epoll_create1(EPOLL_CLOEXEC);
	p.port = calloc(set->ports, sizeof(*p.port));
	p.rx = client_rx_new(CLIENT_BURST_MAX);
	p.received = mmap(NULL, set->ports * sizeof(*p.received),
			  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);
	if (p.epoll < 0 || !p.port || !p.rx || p.received == MAP_FAILED)
		measure_fatal("ports", strerror(errno));
	for (unsigned int i = 0; i < set->ports; i++)
		open_port(&p, i);
	measure_calm(drain, &p);
	watch(&p);
	return (struct load){ set, send_one, receive, finish, &p };
}
