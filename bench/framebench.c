// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Load generator: clients of a switch send to each other at full speed, and one
 * line of key=value words tells what arrived and what it cost.
 *
 * Equal for all switches: the sender makes one blocking sendto(2) per frame,
 * which is what a UML guest does, so a switch that reads slowly slows it down
 * instead of losing frames before they reach the switch; the receiver is a
 * process of its own that only counts, with recvmmsg(2), and so costs little.
 * Frames are built before the clock starts.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/lib/load.h"

#define MAX_PORTS 10000
#define MAX_IDLE 20000
#define MAX_ADDRESSES (1U << 22)

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
	"  --ports N        so many clients, all sending, in pairs (one that\n"
	"                   sends, one that receives)\n"
	"  --idle N         further clients that stay silent (0)\n"
	"  --addresses N    addresses learned beforehand, half on each side\n"
	"  --in-turn        and used one after the other\n"
	"  --pid PID        the switch, to count its processor time\n\n"
	"Prints delivered= frames per second, loss= (0 to 1), sent=,\n"
	"received=, seconds=; processor time per delivered frame in\n"
	"microseconds: switch_us=, sender_us=, receiver_us=; others= is the\n"
	"share of the machine that other processes, or the host of a virtual\n"
	"machine, took meanwhile. With --ports also least_share=: what the\n"
	"port got that got least, compared with the mean.\n";

enum {
	OPT_PROTO = 1,
	OPT_CTL,
	OPT_DATA,
	OPT_DIRECT,
	OPT_SIZE,
	OPT_SECONDS,
	OPT_WARMUP,
	OPT_PORTS,
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
	{ "ports", required_argument, NULL, OPT_PORTS },
	{ "idle", required_argument, NULL, OPT_IDLE },
	{ "addresses", required_argument, NULL, OPT_ADDRESSES },
	{ "in-turn", no_argument, NULL, OPT_IN_TURN },
	{ "pid", required_argument, NULL, OPT_PID },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static double number(const char *name, const char *text, double min, double max)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= min && value <= max))
		measure_fatal(name, "bad value");
	return value;
}

static void set_proto(struct load_settings *set, const char *name)
{
	int proto = client_proto_parse(name);

	if (proto < 0)
		measure_fatal("--proto", "unknown name");
	set->client.proto = (enum client_proto)proto;
}

static void set_one(struct load_settings *set, int opt, const char *arg)
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
	case OPT_PORTS:
		set->ports = (unsigned int)number("--ports", arg, 2, MAX_PORTS);
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

static void parse(struct load_settings *set, int argc, char **argv)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		set_one(set, opt, optarg);
	if (optind < argc)
		measure_fatal(argv[optind], "unexpected argument");
	if (!set->client.ctl && !set->direct)
		measure_fatal("--ctl", "missing");
	if (set->ports % 2)
		measure_fatal("--ports", "pairs need an even number");
	if (set->in_turn && !set->addresses)
		measure_fatal("--in-turn", "needs --addresses");
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
	struct load_settings set = {
		.client = { .proto = CLIENT_V3, .timeout_ms = MEASURE_OPEN_MS },
		.size = 60,
		.seconds = 2,
		.warmup = 0.3,
	};
	struct load load;

	parse(&set, argc, argv);
	/* Whatever hangs: the default action of SIGALRM ends it. */
	alarm((unsigned int)(set.seconds + set.warmup) + 60);
	allow_descriptors();
	load = set.ports ? load_ports(&set) : load_pair(&set);
	measure(&load);
	return 0;
}
