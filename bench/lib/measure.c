// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rate is taken between the end of the warm-up and the end of sending; the
 * loss over everything sent, after the receiver has fallen silent.
 */
#include "load.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLOCK_EVERY 64 /* frames between two looks at the clock */
#define SILENCE 0.3    /* seconds after which nothing more will come */

/** What the receiving process shares with the sending one. */
struct shared {
	_Atomic uint64_t received;
	_Atomic bool stop;
};

/** Who works in a measurement. */
enum worker { SENDER, RECEIVER, SWITCH, WORKERS };

/**
 * struct snapshot - Counters at one moment, times in seconds
 * @at:		monotonic time
 * @received:	frames
 * @cpu:	processor time of each worker
 * @busy:	time in which a processor was not idle, all processors, all
 *		processes and, in a virtual machine, what the host took
 */
struct snapshot {
	double at;
	uint64_t received;
	double cpu[WORKERS];
	double busy;
};

/**
 * struct course - A measurement on its way
 * @load:	what and how
 * @shared:	with the receiver
 * @child:	the receiver
 * @sent:	frames accepted from the sender
 */
struct course {
	const struct load *load;
	struct shared *shared;
	pid_t child;
	uint64_t sent;
};

void measure_fatal(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what,
		why);
	exit(1);
}

void measure_open(struct client *c, const struct client_options *opt)
{
	struct timeval look = { 0, MEASURE_LOOK_MS * 1000 };

	if (client_open(c, opt) < 0)
		measure_fatal("connect", c->error);
	setsockopt(c->data, SOL_SOCKET, SO_SNDTIMEO, &look, sizeof(look));
	setsockopt(c->data, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof(look));
}

void measure_drain(struct client *c)
{
	uint8_t buf[64];

	while (recv(c->data, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
		;
}

int measure_count(struct client *c, struct client_rx *rx, int flags,
		  size_t size)
{
	int n = client_recv(c, rx, flags);
	int count = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	for (int i = 0; i < n; i++)
		count += rx->msg[i].msg_len == size;
	return count;
}

bool measure_send(struct client *c, const void *frame, size_t len)
{
	if (client_send(c, frame, len, 0) == 0)
		return true;
	if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
		measure_fatal("send", strerror(errno));
	return false;
}

void measure_teach(struct client *c, const uint8_t *src, const uint8_t *dst,
		   void (*drain)(void *arg), void *arg)
{
	struct frame_spec spec = { .len = 60, .hello = true };
	uint8_t frame[60];

	memcpy(spec.src, src, CLIENT_MAC_LEN);
	memcpy(spec.dst, dst, CLIENT_MAC_LEN);
	frame_build(frame, &spec);
	while (client_send(c, frame, sizeof(frame), MSG_DONTWAIT) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			measure_fatal("send", strerror(errno));
		drain(arg);
		usleep(20);
	}
}

void measure_calm(void (*drain)(void *arg), void *arg)
{
	for (int i = 0; i < 20; i++) {
		usleep(10000);
		drain(arg);
	}
}

/* The receiving process: count until told to stop. */
static void receive(const struct course *c)
{
	int n = 0;

	while (!atomic_load_explicit(&c->shared->stop, memory_order_relaxed)) {
		n = c->load->receive(c->load->arg);
		if (n < 0)
			_exit(1);
		atomic_fetch_add_explicit(&c->shared->received, (uint64_t)n,
					  memory_order_relaxed);
	}
	_exit(0);
}

static void start_receiver(struct course *c)
{
	c->shared = mmap(NULL, sizeof(*c->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->shared == MAP_FAILED)
		measure_fatal("mmap", strerror(errno));
	c->child = fork();
	if (c->child < 0)
		measure_fatal("fork", strerror(errno));
	if (c->child)
		return;
	/* a sender that fails does not say when to stop */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	receive(c);
}

static void send_until(struct course *c, double end)
{
	bool more = true;

	while (more) {
		for (int i = 0; i < CLOCK_EVERY; i++) {
			if (!c->load->send(c->load->arg))
				break;
			c->sent++;
		}
		more = clock_seconds() < end;
	}
}

/* Time on a processor, from the first word of schedstat, nanoseconds. */
static double cpu_seconds(pid_t pid)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *f;

	if (!pid)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	fclose(f);
	return (double)ns / 1e9;
}

/* First line of /proc/stat (proc(5)), in ticks: user nice system idle iowait
 * irq softirq steal.
 */
static double busy_seconds(void)
{
	unsigned long long t[8] = { 0 };
	FILE *f = fopen("/proc/stat", "re");
	int n;

	if (!f)
		return 0;
	n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0],
		   &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]);
	fclose(f);
	if (n < 8)
		return 0;
	return (double)(t[0] + t[1] + t[2] + t[5] + t[6] + t[7]) /
	       (double)sysconf(_SC_CLK_TCK);
}

static struct snapshot look(const struct course *c)
{
	return (struct snapshot){
		.at = clock_seconds(),
		.received = atomic_load(&c->shared->received),
		.cpu = { cpu_seconds(getpid()), cpu_seconds(c->child),
			 cpu_seconds(c->load->set->pid) },
		.busy = busy_seconds(),
	};
}

/* Wait until nothing more arrives; returns all that was received. */
static uint64_t settle(const struct course *c)
{
	uint64_t now = atomic_load(&c->shared->received);
	uint64_t before;

	do {
		before = now;
		usleep((useconds_t)(SILENCE * 1e6));
		now = atomic_load(&c->shared->received);
	} while (now != before);
	return now;
}

static void report(const struct course *c, const struct snapshot *from,
		   const struct snapshot *to, uint64_t received)
{
	double took = to->at - from->at;
	double frames = (double)(to->received - from->received);
	double lost = c->sent ? 1 - (double)received / (double)c->sent : 0;
	double others = to->busy - from->busy;
	double us[WORKERS];

	for (int i = 0; i < WORKERS; i++) {
		double cpu = to->cpu[i] - from->cpu[i];

		us[i] = frames > 0 ? cpu * 1e6 / frames : 0;
		others -= cpu;
	}
	others /= took * (double)sysconf(_SC_NPROCESSORS_ONLN);
	printf("delivered=%.0f loss=%.5f switch_us=%.3f sender_us=%.3f "
	       "receiver_us=%.3f sent=%llu received=%llu seconds=%.3f "
	       "others=%.3f",
	       frames / took, lost < 0 ? 0 : lost, us[SWITCH], us[SENDER],
	       us[RECEIVER], (unsigned long long)c->sent,
	       (unsigned long long)received, took, others < 0 ? 0 : others);
}

void measure(const struct load *load)
{
	struct course c = { .load = load };
	struct snapshot from, to;
	uint64_t received;

	start_receiver(&c);
	send_until(&c, clock_seconds() + load->set->warmup);
	from = look(&c);
	send_until(&c, from.at + load->set->seconds);
	to = look(&c);
	received = settle(&c);
	atomic_store(&c.shared->stop, true);
	waitpid(c.child, NULL, 0);
	report(&c, &from, &to, received);
	if (load->finish)
		load->finish(load->arg);
	putchar('\n');
}
