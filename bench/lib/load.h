/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the load generators share: a sending and a receiving process, the
 * measured time, processor time of everybody, and the line of results.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/helpers/client.h"

/** Longest sleep of sender and receiver, milliseconds. */
#define MEASURE_LOOK_MS 250
/** Until the switch must have answered a new client, milliseconds. */
#define MEASURE_OPEN_MS 5000

/**
 * struct load_settings - What is sent, by whom, through what
 * @client:	how all clients connect
 * @size:	length of a frame
 * @seconds:	measured time
 * @warmup:	time before that
 * @ports:	so many clients that all send, in pairs; 0 for one that sends
 *		to one, for which the following are
 * @idle:	further clients that are connected and silent
 * @addresses:	addresses that the switch is made to learn beforehand, half
 *		on each side
 * @in_turn:	use all of them, one after the other
 * @direct:	no switch: straight into the receiver's socket
 * @pid:	process of the switch, whose processor time is counted; or 0
 */
struct load_settings {
	struct client_options client;
	size_t size;
	double seconds;
	double warmup;
	unsigned int ports;
	unsigned int idle;
	unsigned int addresses;
	bool in_turn;
	bool direct;
	pid_t pid;
};

/**
 * struct load - What two processes do at the same time
 * @set:	the settings
 * @send:	sends one frame; false when it was not taken in time
 * @receive:	called in a process of its own: takes what has come, waiting for
 *		at most MEASURE_LOOK_MS, and returns how many frames of the
 *		right size that were; negative ends the process
 * @finish:	prints further words of the result, after a space; may be NULL
 * @arg:	for all of them
 */
struct load {
	const struct load_settings *set;
	bool (*send)(void *arg);
	int (*receive)(void *arg);
	void (*finish)(void *arg);
	void *arg;
};

/** load_pair() - One client that sends to another; failures are fatal */
struct load load_pair(const struct load_settings *set);

/** load_ports() - Many clients, each sending to its neighbour */
struct load load_ports(const struct load_settings *set);

/**
 * measure() - Send, receive, print the results
 * @load:	what and how
 *
 * Prints one line of key=value words: delivered= frames per second, loss= (0 to
 * 1), sent=, received=, seconds=; processor time per delivered frame in
 * microseconds: switch_us=, sender_us=, receiver_us=; others= is the share of
 * the machine that other processes, or the host of a virtual machine, took
 * meanwhile.
 */
void measure(const struct load *load);

/** measure_fatal() - Say what failed and why, and exit with status 1 */
void measure_fatal(const char *what, const char *why) __attribute__((noreturn));

/**
 * measure_open() - Connect a client that waits MEASURE_LOOK_MS and no longer
 * @c:		filled; failures are fatal
 * @opt:	how
 */
void measure_open(struct client *c, const struct client_options *opt);

/** measure_drain() - Throw away what has arrived at a client */
void measure_drain(struct client *c);

/**
 * measure_count() - Take a burst and count the frames of one length
 * @c:		client
 * @rx:		room for the burst
 * @flags:	of client_recv()
 * @size:	the length
 *
 * Return: how many, 0 also when there was nothing; -1 on failure
 */
int measure_count(struct client *c, struct client_rx *rx, int flags,
		  size_t size);

/**
 * measure_send() - One blocking send, as struct load wants it
 * @c:		client
 * @frame:	frame
 * @len:	its length
 *
 * Return: false when it was not taken in time; other failures are fatal
 */
bool measure_send(struct client *c, const void *frame, size_t len);

/**
 * measure_teach() - Make an address known to the switch by a short frame
 * @c:		client that sends it
 * @src:	the address
 * @dst:	to whom
 * @drain:	called while the frame is not accepted: a switch that loses
 *		nothing waits until its other clients take what they are sent
 * @arg:	for it
 */
void measure_teach(struct client *c, const uint8_t *src, const uint8_t *dst,
		   void (*drain)(void *arg), void *arg);

/** measure_calm() - Wait until the switch has passed on what it was taught */
void measure_calm(void (*drain)(void *arg), void *arg);

#endif
