// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One client sends to another, among others that are silent.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

/**
 * struct pair - The two clients and what they know
 * @set:	the settings
 * @sender:	sends all frames
 * @receiver:	counts them
 * @idle:	further clients
 * @rx:		the receiver's buffers
 * @turn:	address in use
 * @frame:	what is sent
 */
struct pair {
	const struct load_settings *set;
	struct client sender;
	struct client receiver;
	struct client *idle;
	struct client_rx *rx;
	unsigned int turn;
	uint8_t frame[CLIENT_FRAME_MAX];
};

static const uint8_t sender_mac[CLIENT_MAC_LEN] = { 2, 0, 0, 0, 0, 0 };
static const uint8_t receiver_mac[CLIENT_MAC_LEN] = { 2, 1, 0, 0, 0, 0 };
static const uint8_t idle_mac[CLIENT_MAC_LEN] = { 2, 2, 0, 0, 0, 0 };

static void open_pair(struct pair *p)
{
	measure_open(&p->receiver, &p->set->client);
	measure_open(&p->sender, &p->set->client);
	if (p->set->direct)
		p->sender.remote = p->receiver.local;
}

static void drain(void *arg)
{
	struct pair *p = arg;

	measure_drain(&p->receiver);
	measure_drain(&p->sender);
}

static void teach(struct pair *p, struct client *c, const uint8_t *base,
		  unsigned int n, const uint8_t *dst)
{
	uint8_t mac[CLIENT_MAC_LEN];

	memcpy(mac, base, sizeof(mac));
	mac_add(mac, n);
	measure_teach(c, mac, dst, drain, p);
}

/* Each end makes its addresses known by frames to the other; the very first one
 * floods.
 */
static void teach_addresses(struct pair *p)
{
	unsigned int half = p->set->addresses / 2;

	teach(p, &p->receiver, receiver_mac, 0, sender_mac);
	usleep(50000);
	teach(p, &p->sender, sender_mac, 0, receiver_mac);
	for (unsigned int i = 1; i < half; i++) {
		teach(p, &p->receiver, receiver_mac, i, sender_mac);
		teach(p, &p->sender, sender_mac, i, receiver_mac);
	}
}

static void open_idle(struct pair *p)
{
	p->idle = calloc(p->set->idle + 1, sizeof(*p->idle));
	if (!p->idle)
		measure_fatal("idle clients", strerror(errno));
	for (unsigned int i = 0; i < p->set->idle; i++) {
		measure_open(&p->idle[i], &p->set->client);
		teach(p, &p->idle[i], idle_mac, i, receiver_mac);
		measure_drain(&p->receiver);
	}
}

/* Of the receiving process. */
static int receive(void *arg)
{
	struct pair *p = arg;

	return measure_count(&p->receiver, p->rx, MSG_WAITFORONE, p->set->size);
}

static void prepare_frame(struct pair *p)
{
	struct frame_spec spec = { .len = p->set->size };

	memcpy(spec.src, sender_mac, CLIENT_MAC_LEN);
	memcpy(spec.dst, receiver_mac, CLIENT_MAC_LEN);
	frame_build(p->frame, &spec);
}

static void next_addresses(struct pair *p)
{
	memcpy(p->frame, receiver_mac, CLIENT_MAC_LEN);
	memcpy(p->frame + CLIENT_MAC_LEN, sender_mac, CLIENT_MAC_LEN);
	mac_add(p->frame, p->turn);
	mac_add(p->frame + CLIENT_MAC_LEN, p->turn);
	p->turn = (p->turn + 1) % (p->set->addresses / 2);
}

static bool send_one(void *arg)
{
	struct pair *p = arg;

	if (p->set->in_turn)
		next_addresses(p);
	return measure_send(&p->sender, p->frame, p->set->size);
}

struct load load_pair(const struct load_settings *set)
{
	static struct pair p;

	p.set = set;
	p.rx = client_rx_new(CLIENT_BURST_MAX);
	if (!p.rx)
		measure_fatal("receive buffers", strerror(errno));
	open_pair(&p);
	if (!set->direct) {
		teach_addresses(&p);
		open_idle(&p);
	}
	measure_calm(drain, &p);
	prepare_frame(&p);
	return (struct load){ set, send_one, receive, NULL, &p };
}
