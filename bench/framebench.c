// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Load generator: two clients of a switch, one sends to the other at full
 * speed, and one line of key=value words tells what arrived and what it cost.
 *
 * Equal for all switches: the sender makes one blocking sendto(2) per frame,
 * which is what a UML guest does, so a switch that reads slowly slows it down
 * instead of losing frames before they reach the switch; the receiver is a
 * process of its own that only counts, with recvmmsg(2), and so costs little.
 * Frames are built before the clock starts. The rate is taken between the end
 * of the warm-up and the end of sending; the loss over everything sent, after
 * the receiver has fallen silent.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/helpers/client.h"

#define CLOCK_EVERY 64 /* frames between two looks at the clock */
#define LOOK_MS 250    /* longest sleep of sender and receiver */
#define OPEN_MS 5000   /* until the switch answers a new client */
#define SILENCE 0.3    /* seconds after which nothing more will come */
#define MAX_IDLE 20000
#define MAX_ADDRESSES (1U << 22)

/**
 * struct settings - The command line
 * @client:	how both clients connect
 * @size:	length of a frame
 * @seconds:	measured time
 * @warmup:	time before that
 * @idle:	further clients that are connected and silent
 * @addresses:	addresses that the switch is made to learn beforehand, half
 *		on each side
 * @in_turn:	use all of them, one after the other
 * @direct:	no switch: straight into the receiver's socket
 * @pid:	process of the switch, whose processor time is counted; or 0
 */
struct settings {
	struct client_options client;
	size_t size;
	double seconds;
	double warmup;
	unsigned int idle;
	unsigned int addresses;
	bool in_turn;
	bool direct;
	pid_t pid;
};

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

struct bench {
	struct settings set;
	struct client sender;
	struct client receiver;
	struct client *idle;
	struct shared *shared;
	pid_t child;
	uint64_t sent;
	unsigned int turn;
	uint8_t frame[CLIENT_FRAME_MAX];
};

static const uint8_t sender_mac[CLIENT_MAC_LEN] = { 2, 0, 0, 0, 0, 0 };
static const uint8_t receiver_mac[CLIENT_MAC_LEN] = { 2, 1, 0, 0, 0, 0 };
static const uint8_t idle_mac[CLIENT_MAC_LEN] = { 2, 2, 0, 0, 0, 0 };

static void fatal(const char *what, const char *why)
{
	fprintf(stderr, "framebench: %s: %s\n", what, why);
	exit(1);
}

static void open_client(const struct settings *set, struct client *c)
{
	struct timeval look = { 0, LOOK_MS * 1000 };

	if (client_open(c, &set->client) < 0)
		fatal("connect", c->error);
	setsockopt(c->data, SOL_SOCKET, SO_SNDTIMEO, &look, sizeof(look));
	setsockopt(c->data, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof(look));
}

static void open_pair(struct bench *b)
{
	open_client(&b->set, &b->receiver);
	open_client(&b->set, &b->sender);
	if (b->set.direct)
		b->sender.remote = b->receiver.local;
}

/* Take away what has arrived, so that a client does not block the switch. */
static void drain(struct client *c)
{
	uint8_t buf[64];

	while (recv(c->data, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
		;
}

/* A short frame that makes @src known on the port of @c. Both ends are drained
 * while it is not accepted: a switch that loses nothing waits for them.
 */
static void teach(struct bench *b, struct client *c, const uint8_t *src,
		  const uint8_t *dst)
{
	struct frame_spec spec = { .len = 60, .hello = true };
	uint8_t frame[60];

	memcpy(spec.src, src, CLIENT_MAC_LEN);
	memcpy(spec.dst, dst, CLIENT_MAC_LEN);
	frame_build(frame, &spec);
	while (client_send(c, frame, sizeof(frame), MSG_DONTWAIT) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			fatal("send", strerror(errno));
		drain(&b->receiver);
		drain(&b->sender);
		usleep(20);
	}
}

static void teach_nth(struct bench *b, struct client *c, const uint8_t *base,
		      unsigned int n, const uint8_t *dst)
{
	uint8_t mac[CLIENT_MAC_LEN];

	memcpy(mac, base, sizeof(mac));
	mac_add(mac, n);
	teach(b, c, mac, dst);
}

/* Each end makes its addresses known by frames to the other; the very first one
 * floods.
 */
static void teach_addresses(struct bench *b)
{
	unsigned int half = b->set.addresses / 2;

	teach(b, &b->receiver, receiver_mac, sender_mac);
	usleep(50000);
	teach(b, &b->sender, sender_mac, receiver_mac);
	for (unsigned int i = 1; i < half; i++) {
		teach_nth(b, &b->receiver, receiver_mac, i, sender_mac);
		teach_nth(b, &b->sender, sender_mac, i, receiver_mac);
	}
}

static void open_idle(struct bench *b)
{
	b->idle = calloc(b->set.idle + 1, sizeof(*b->idle));
	if (!b->idle)
		fatal("idle clients", strerror(errno));
	for (unsigned int i = 0; i < b->set.idle; i++) {
		open_client(&b->set, &b->idle[i]);
		teach_nth(b, &b->idle[i], idle_mac, i, receiver_mac);
		drain(&b->receiver);
	}
}

/* Wait until the switch has passed on what it was taught. */
static void calm(struct bench *b)
{
	for (int i = 0; i < 20; i++) {
		usleep(10000);
		drain(&b->receiver);
		drain(&b->sender);
	}
}

static unsigned int count_frames(const struct client_rx *rx, int n, size_t size)
{
	unsigned int count = 0;

	for (int i = 0; i < n; i++)
		count += rx->msg[i].msg_len == size;
	return count;
}

/* The receiving process: count until told to stop. */
static void receive(struct bench *b)
{
	struct client_rx *rx = client_rx_new(CLIENT_BURST_MAX);
	int n;

	if (!rx)
		_exit(1);
	while (!atomic_load_explicit(&b->shared->stop, memory_order_relaxed)) {
		n = client_recv(&b->receiver, rx, MSG_WAITFORONE);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			_exit(1);
		if (n < 0)
			continue;
		atomic_fetch_add_explicit(&b->shared->received,
					  count_frames(rx, n, b->set.size),
					  memory_order_relaxed);
	}
	_exit(0);
}

static void start_receiver(struct bench *b)
{
	b->shared = mmap(NULL, sizeof(*b->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (b->shared == MAP_FAILED)
		fatal("mmap", strerror(errno));
	b->child = fork();
	if (b->child < 0)
		fatal("fork", strerror(errno));
	if (b->child == 0)
		receive(b);
}

static void prepare_frame(struct bench *b)
{
	struct frame_spec spec = { .len = b->set.size };

	memcpy(spec.src, sender_mac, CLIENT_MAC_LEN);
	memcpy(spec.dst, receiver_mac, CLIENT_MAC_LEN);
	frame_build(b->frame, &spec);
}

static void next_addresses(struct bench *b)
{
	memcpy(b->frame, receiver_mac, CLIENT_MAC_LEN);
	memcpy(b->frame + CLIENT_MAC_LEN, sender_mac, CLIENT_MAC_LEN);
	mac_add(b->frame, b->turn);
	mac_add(b->frame + CLIENT_MAC_LEN, b->turn);
	b->turn = (b->turn + 1) % (b->set.addresses / 2);
}

/* One frame; false when the switch did not take it for LOOK_MS. */
static bool send_one(struct bench *b)
{
	if (b->set.in_turn)
		next_addresses(b);
	if (client_send(&b->sender, b->frame, b->set.size, 0) == 0) {
		b->sent++;
		return true;
	}
	if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
		fatal("send", strerror(errno));
	return false;
}

static void send_until(struct bench *b, double end)
{
	bool more = true;

	while (more) {
		for (int i = 0; i < CLOCK_EVERY; i++)
			if (!send_one(b))
				break;
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

static struct snapshot look(const struct bench *b)
{
	return (struct snapshot){
		.at = clock_seconds(),
		.received = atomic_load(&b->shared->received),
		.cpu = { cpu_seconds(getpid()), cpu_seconds(b->child),
			 cpu_seconds(b->set.pid) },
		.busy = busy_seconds(),
	};
}

/* Wait until nothing more arrives; returns all that was received. */
static uint64_t settle(const struct bench *b)
{
	uint64_t now = atomic_load(&b->shared->received);
	uint64_t before;

	do {
		before = now;
		usleep((useconds_t)(SILENCE * 1e6));
		now = atomic_load(&b->shared->received);
	} while (now != before);
	return now;
}

static void report(const struct bench *b, const struct snapshot *from,
		   const struct snapshot *to, uint64_t received)
{
	double took = to->at - from->at;
	double frames = (double)(to->received - from->received);
	double lost = b->sent ? 1 - (double)received / (double)b->sent : 0;
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
	       "others=%.3f\n",
	       frames / took, lost < 0 ? 0 : lost, us[SWITCH], us[SENDER],
	       us[RECEIVER], (unsigned long long)b->sent,
	       (unsigned long long)received, took, others < 0 ? 0 : others);
}

static void run(struct bench *b)
{
	struct snapshot from, to;
	uint64_t received;

	prepare_frame(b);
	send_until(b, clock_seconds() + b->set.warmup);
	from = look(b);
	send_until(b, from.at + b->set.seconds);
	to = look(b);
	received = settle(b);
	atomic_store(&b->shared->stop, true);
	waitpid(b->child, NULL, 0);
	report(b, &from, &to, received);
}

static const char help[] =
	"usage: framebench [OPTION...]\n\n"
	"Two clients of a switch, one sending to the other at full speed.\n\n"
	"  --proto NAME     v0, v1, v3 (default), vde, seqpacket\n"
	"  --ctl PATH       control socket; the folder for vde\n"
	"  --data PATH      data socket of v0\n"
	"  --direct         no switch: into the receiver's datagram socket\n"
	"  --size N         length of a frame, 34 to 65600 (60)\n"
	"  --seconds S      measured time (2)\n"
	"  --warmup S       time before it (0.3)\n"
	"  --idle N         further clients that stay silent (0)\n"
	"  --addresses N    addresses learned beforehand, half on each side\n"
	"  --in-turn        and used one after the other\n"
	"  --pid PID        the switch, to count its processor time\n\n"
	"Prints delivered= frames per second, loss= (0 to 1), sent=,\n"
	"received=, seconds=; processor time per delivered frame in\n"
	"microseconds: switch_us=, sender_us=, receiver_us=; others= is the\n"
	"share of the machine that other processes, or the host of a virtual\n"
	"machine, took meanwhile.\n";

static double number(const char *name, const char *text, double min, double max)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= min && value <= max))
		fatal(name, "bad value");
	return value;
}

enum {
	OPT_PROTO = 1,
	OPT_CTL,
	OPT_DATA,
	OPT_DIRECT,
	OPT_SIZE,
	OPT_SECONDS,
	OPT_WARMUP,
	OPT_IDLE,
	OPT_ADDRESSES,
	OPT_IN_TURN,
	OPT_PID,
	OPT_HELP,
};

static const struct option options[] = {
	{ "proto", required_argument, NULL, OPT_PROTO },
	{ "ctl", required_argument, NULL, OPT_CTL },
	{ "data", required_argument, NULL, OPT_DATA },
	{ "direct", no_argument, NULL, OPT_DIRECT },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "warmup", required_argument, NULL, OPT_WARMUP },
	{ "idle", required_argument, NULL, OPT_IDLE },
	{ "addresses", required_argument, NULL, OPT_ADDRESSES },
	{ "in-turn", no_argument, NULL, OPT_IN_TURN },
	{ "pid", required_argument, NULL, OPT_PID },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static void set_proto(struct settings *set, const char *name)
{
	int proto = client_proto_parse(name);

	if (proto < 0)
		fatal("--proto", "unknown name");
	set->client.proto = (enum client_proto)proto;
}

static void set_one(struct settings *set, int opt, const char *arg)
{
	switch (opt) {
	case OPT_PROTO:
		set_proto(set, arg);
		break;
	case OPT_CTL:
		set->client.ctl = arg;
		break;
	case OPT_DATA:
		set->client.data = arg;
		break;
	case OPT_DIRECT:
		set->direct = true;
		set->client.proto = CLIENT_STRANGER;
		set->client.data = "@none";
		break;
	case OPT_SIZE:
		set->size = (size_t)number("--size", arg, CLIENT_FRAME_MIN,
					   CLIENT_FRAME_MAX);
		break;
	case OPT_SECONDS:
		set->seconds = number("--seconds", arg, 0.1, 3600);
		break;
	case OPT_WARMUP:
		set->warmup = number("--warmup", arg, 0, 60);
		break;
	case OPT_IDLE:
		set->idle = (unsigned int)number("--idle", arg, 0, MAX_IDLE);
		break;
	case OPT_ADDRESSES:
		set->addresses = (unsigned int)number("--addresses", arg, 2,
						      MAX_ADDRESSES);
		break;
	case OPT_IN_TURN:
		set->in_turn = true;
		break;
	case OPT_PID:
		set->pid = (pid_t)number("--pid", arg, 1, 1 << 30);
		break;
	case OPT_HELP:
		fputs(help, stdout);
		exit(0);
	default:
		exit(1);
	}
}

static void parse(struct settings *set, int argc, char **argv)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		set_one(set, opt, optarg);
	if (optind < argc)
		fatal(argv[optind], "unexpected argument");
	if (!set->client.ctl && !set->direct)
		fatal("--ctl", "missing");
	if (set->in_turn && !set->addresses)
		fatal("--in-turn", "needs --addresses");
}

static void allow_descriptors(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) == 0) {
		lim.rlim_cur = lim.rlim_max;
		setrlimit(RLIMIT_NOFILE, &lim);
	}
}

int main(int argc, char **argv)
{
	static struct bench b = {
		.set = { .client = { .proto = CLIENT_V3,
				     .timeout_ms = OPEN_MS },
			 .size = 60,
			 .seconds = 2,
			 .warmup = 0.3 },
	};

	parse(&b.set, argc, argv);
	/* Whatever hangs: the default action of SIGALRM ends it. */
	alarm((unsigned int)(b.set.seconds + b.set.warmup) + 60);
	allow_descriptors();
	open_pair(&b);
	if (!b.set.direct) {
		teach_addresses(&b);
		open_idle(&b);
	}
	calm(&b);
	start_receiver(&b);
	run(&b);
	client_close(&b.sender);
	client_close(&b.receiver);
	for (unsigned int i = 0; i < b.set.idle; i++)
		client_close(&b.idle[i]);
	return 0;
}
