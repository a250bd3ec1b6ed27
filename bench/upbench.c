// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * upbench: time from the wish for a tap to its descriptor.
 *
 *   upbench RUNS PROGRAM...
 *
 * Each PROGRAM is run as a UML kernel does for "4 tuntap up 10.0.0.1", with a
 * socket as its standard output; beside them "tap", the device opened in this
 * process. One of each in turn, RUNS times; then a line for each with name,
 * runs that got a tap, and median, least and most microseconds.
 */
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/tuntap.h"

/** Most programs side by side. */
#define PEERS_MAX 8

struct peer {
	const char *program;
	double *us;
	size_t good;
};

static double now_us(void)
{
	return (double)clock_ns() / 1e3;
}

/* The device must be gone before the next one is made. */
static void wait_gone(const char *name)
{
	while (if_nametoindex(name))
		usleep(200);
}

static double open_tap(void)
{
	struct tuntap_request req = { .queues = 1 };
	char name[IFNAMSIZ];
	struct tuntap tt;
	struct err err;
	double begin = now_us(), took;

	if (tuntap_open(&tt, &req, &err))
		die("%s", err.text);
	took = now_us() - begin;
	memcpy(name, tt.name, sizeof(name));
	tuntap_close(&tt);
	wait_gone(name);
	return took;
}

__attribute__((noreturn)) static void spawn(const char *program, int sock)
{
	dup2(sock, STDOUT_FILENO);
	execl(program, program, "4", "tuntap", "up", "10.0.0.1", (char *)NULL);
	_exit(127);
}

/* Return: whether a descriptor came; @name gets the device's */
static int receive(int sock, char name[IFNAMSIZ])
{
	char text[4096], control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(sock, &msg, 0) < IFNAMSIZ)
		return 0;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg)
		return 0;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	memcpy(name, text, IFNAMSIZ);
	close(fd);
	return 1;
}

/* Return: microseconds, or less than 0 where there was no tap */
static double up(const char *program)
{
	char name[IFNAMSIZ] = "";
	double begin, took = -1;
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		die("socketpair");
	begin = now_us();
	pid = fork();
	if (!pid)
		spawn(program, ends[1]);
	close(ends[1]);
	if (receive(ends[0], name))
		took = now_us() - begin;
	waitpid(pid, NULL, 0);
	close(ends[0]);
	wait_gone(name);
	return took;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void tell(struct peer *peer)
{
	if (!peer->good) {
		printf("%s\t0\t0\t0\t0\n", peer->program);
		return;
	}
	qsort(peer->us, peer->good, sizeof(*peer->us), by_size);
	printf("%s\t%zu\t%.0f\t%.0f\t%.0f\n", peer->program, peer->good,
	       peer->us[peer->good / 2], peer->us[0], peer->us[peer->good - 1]);
}

int main(int argc, char *argv[])
{
	struct peer peers[PEERS_MAX] = { { .program = "tap" } };
	size_t count = 1, runs, i, k;
	double took;

	runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	if (!runs || argc - 1 > PEERS_MAX)
		die("usage: upbench RUNS PROGRAM...");
	for (; (int)count < argc - 1; count++)
		peers[count].program = argv[count + 1];
	for (k = 0; k < count; k++)
		peers[k].us = calloc(runs, sizeof(double));
	for (i = 0; i < runs; i++) {
		for (k = 0; k < count; k++) {
			took = k ? up(peers[k].program) : open_tap();
			if (took >= 0)
				peers[k].us[peers[k].good++] = took;
		}
	}
	for (k = 0; k < count; k++)
		tell(&peers[k]);
	return 0;
}
