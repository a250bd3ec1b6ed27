// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A scriptable client of a switch, for test suites written in shell: connects
 * as one kind of client, runs verbs in turn, prints one line of key=value words
 * per verb, and tells the outcome by its exit status.
 *
 * No wait is longer than --timeout: when it is over, a repeating SIGALRM sets a
 * flag and interrupts whatever system call the verb is in.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

/* Exit statuses, as --help explains them. */
enum status {
	DONE = 0,
	MISUSE = 1,
	NOT_CONNECTED = 2,
	TIMED_OUT = 3,
	WRONG_FRAMES = 4,
	HUNG_UP = 5,
};

#define MAX_PIECES 64
#define MAX_STREAMS 256
#define MAX_SEQ (1U << 27)
#define RAW_MAX (1U << 18)

/* ---- Options: one table per verb gives the parser and the help ---- */

enum kind { FLAG, NUMBER, SECONDS, MAC, TEXT, RANGE };

/* One option: where its value goes in the struct of its verb. */
struct option {
	const char *name;
	enum kind kind;
	size_t offset;
	const char *help;
};

/* Smallest and largest value of a RANGE option: "60" or "60-1514". */
struct range {
	unsigned int min;
	unsigned int max;
};

struct global_args {
	const char *proto;
	const char *ctl;
	const char *data;
	uint8_t mac[CLIENT_MAC_LEN];
	double timeout;
	unsigned int type;
	const char *pieces;
	unsigned int pause;
	bool no_request;
	bool announce;
	bool help;
};

struct send_args {
	uint8_t to[CLIENT_MAC_LEN];
	uint8_t from[CLIENT_MAC_LEN];
	unsigned int count;
	double seconds;
	struct range size;
	unsigned int vlan;
	unsigned int priority;
	double rate;
	bool nonblock;
	unsigned int burst;
	unsigned int first;
	unsigned int sources;
};

struct recv_args {
	unsigned int count;
	double silence;
	double wait;
	double seconds;
	double delay;
	unsigned int first;
	unsigned int show;
	bool strict;
};

struct idle_args {
	unsigned int count;
	double seconds;
	bool drain;
	bool until_eof;
};

struct raw_args {
	const char *on;
	const char *hex;
	struct range random;
	unsigned int seed;
	unsigned int count;
	bool nonblock;
};

struct churn_args {
	unsigned int clients;
	unsigned int rounds;
	unsigned int frames;
	unsigned int size;
};

struct listen_args {
	const char *path;
	const char *type;
	unsigned int accept;
};

/* sleep, hangup */
struct wait_args {
	double seconds;
};

/* Room for the arguments of any verb. */
union verb_args {
	struct send_args send;
	struct recv_args recv;
	struct idle_args idle;
	struct raw_args raw;
	struct churn_args churn;
	struct listen_args listen;
	struct wait_args wait;
};

/* The state of the program; there is one, on main's stack. */
struct peer {
	struct global_args args;
	struct client_options opt;
	unsigned int pieces[MAX_PIECES + 1];
	struct client client;
	bool open;
	uint32_t stream;
};

#define OPTION(struct_, field, kind_, help_)                                   \
	{                                                                      \
		.name = #field, .kind = kind_,                                 \
		.offset = offsetof(struct struct_, field), .help = help_,      \
	}

static const struct option global_options[] = {
	OPTION(global_args, proto, TEXT,
	       "v0, v1, v2, v3 (default), vde, seqpacket, stream, "
	       "dgram, stranger"),
	OPTION(global_args, ctl, TEXT,
	       "control socket, path or @abstract; the folder for vde"),
	OPTION(global_args, data, TEXT,
	       "data socket of v0 (default /tmp/uml.data) and stranger; "
	       "own of dgram"),
	OPTION(global_args, mac, MAC, "own address (02:00:00:00:00:01)"),
	OPTION(global_args, timeout, SECONDS, "bound of the whole run (30)"),
	OPTION(global_args, type, NUMBER, "request type (0)"),
	OPTION(global_args, pieces, TEXT,
	       "send the request in pieces of these sizes: 1,4,100"),
	OPTION(global_args, pause, NUMBER, "ms between pieces (20)"),
	{ "no-request", FLAG, offsetof(struct global_args, no_request),
	  "connect and say nothing" },
	OPTION(global_args, announce, FLAG,
	       "one broadcast after connecting, so that MAC is learned"),
	OPTION(global_args, help, FLAG, "this text"),
	{ NULL, FLAG, 0, NULL },
};

static const struct option send_options[] = {
	OPTION(send_args, to, MAC, "destination (ff:ff:ff:ff:ff:ff)"),
	OPTION(send_args, from, MAC, "source (--mac)"),
	OPTION(send_args, count, NUMBER, "frames (1); 0: until --seconds"),
	OPTION(send_args, seconds, SECONDS, "stop after this time"),
	OPTION(send_args, size, RANGE, "length, or all from MIN-MAX (60)"),
	OPTION(send_args, vlan, NUMBER, "802.1Q tag with this VLAN id"),
	OPTION(send_args, priority, NUMBER, "priority in the tag (0)"),
	OPTION(send_args, rate, SECONDS, "frames per second (full speed)"),
	OPTION(send_args, nonblock, FLAG, "count refused frames, don't wait"),
	OPTION(send_args, burst, NUMBER, "frames per sendmmsg, 1 to 64 (1)"),
	OPTION(send_args, first, NUMBER, "first sequence number (0)"),
	OPTION(send_args, sources, NUMBER, "source addresses in turn (1)"),
	{ NULL, FLAG, 0, NULL },
};

static const struct option recv_options[] = {
	OPTION(recv_args, count, NUMBER, "end after so many frames"),
	OPTION(recv_args, silence, SECONDS, "end after silence (1)"),
	OPTION(recv_args, wait, SECONDS, "silence before the first frame (5)"),
	OPTION(recv_args, seconds, SECONDS, "end after this time"),
	OPTION(recv_args, delay, SECONDS, "pause after each frame"),
	OPTION(recv_args, first, NUMBER, "first sequence number (0)"),
	OPTION(recv_args, show, NUMBER, "print a line for the first N frames"),
	OPTION(recv_args, strict, FLAG,
	       "status 4 if any is missing, reordered, duplicate"),
	{ NULL, FLAG, 0, NULL },
};

static const struct option idle_options[] = {
	OPTION(idle_args, count, NUMBER, "clients, with MAC, MAC+1, ... (1)"),
	OPTION(idle_args, seconds, SECONDS, "end after this time"),
	OPTION(idle_args, drain, FLAG, "read and drop what arrives"),
	{ "until-eof", FLAG, offsetof(struct idle_args, until_eof),
	  "end at end of file on stdin" },
	{ NULL, FLAG, 0, NULL },
};

static const struct option raw_options[] = {
	OPTION(raw_args, on, TEXT, "ctl or data (default)"),
	OPTION(raw_args, hex, TEXT, "octets; '' for an empty message"),
	OPTION(raw_args, random, RANGE, "random octets, this many"),
	OPTION(raw_args, seed, NUMBER, "of the random octets (1)"),
	OPTION(raw_args, count, NUMBER, "messages (1)"),
	OPTION(raw_args, nonblock, FLAG, "do not wait until accepted"),
	{ NULL, FLAG, 0, NULL },
};

static const struct option churn_options[] = {
	OPTION(churn_args, clients, NUMBER, "clients at a time (10)"),
	OPTION(churn_args, rounds, NUMBER, "how often (10)"),
	OPTION(churn_args, frames, NUMBER, "broadcasts of each client (2)"),
	OPTION(churn_args, size, NUMBER, "length of a broadcast (60)"),
	{ NULL, FLAG, 0, NULL },
};

static const struct option listen_options[] = {
	OPTION(listen_args, path, TEXT, "socket to bind"),
	OPTION(listen_args, type, TEXT, "stream (default), seqpacket, dgram"),
	OPTION(listen_args, accept, NUMBER, "connections to accept (0)"),
	{ NULL, FLAG, 0, NULL },
};

static const struct option wait_options[] = {
	OPTION(wait_args, seconds, SECONDS, "how long"),
	{ NULL, FLAG, 0, NULL },
};

/* ---- Ends: signals and the timeout ---- */

static volatile sig_atomic_t stop_asked;
static volatile sig_atomic_t time_over;

static void on_stop(int sig)
{
	stop_asked = 1;
}

static void on_alarm(int sig)
{
	time_over = 1;
}

static bool ended(void)
{
	return stop_asked || time_over;
}

static void arm(double timeout)
{
	struct itimerval timer = {
		.it_value = { (time_t)timeout,
			      (suseconds_t)(timeout * 1e6) % 1000000 },
		.it_interval = { 0, 50000 },
	};
	struct sigaction stop = { .sa_handler = on_stop };
	struct sigaction alarm_ = { .sa_handler = on_alarm };

	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGALRM, &alarm_, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void pause_until(double when)
{
	struct timespec at = {
		.tv_sec = (time_t)when,
		.tv_nsec = (long)((when - (double)(time_t)when) * 1e9),
	};

	while (!ended() && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at,
					   NULL) == EINTR)
		;
}

/* What a verb that was cut short returns. */
static enum status cut_short(void)
{
	return time_over ? TIMED_OUT : DONE;
}

/* ---- Connecting ---- */

static enum status connect_one(struct peer *p, struct client *c, uint32_t index)
{
	struct client_options opt = p->opt;
	int rc;

	mac_add(opt.mac, index);
	rc = client_open(c, &opt);
	if (rc == 0)
		return DONE;
	fprintf(stderr, "peer: %s\n", c->error);
	if (rc == CLIENT_TIMEOUT || time_over)
		return TIMED_OUT;
	return rc == CLIENT_REFUSED ? HUNG_UP : NOT_CONNECTED;
}

static void announce(struct peer *p, struct client *c, uint32_t index)
{
	struct frame_spec spec = { .len = 60, .hello = true };
	uint8_t frame[60];

	memset(spec.dst, 0xff, sizeof(spec.dst));
	memcpy(spec.src, p->args.mac, sizeof(spec.src));
	mac_add(spec.src, index);
	frame_build(frame, &spec);
	client_send(c, frame, sizeof(frame), 0);
}

static void say(const char *word)
{
	puts(word);
	fflush(stdout);
}

/* The connection is made by the first verb that needs it. */
static enum status ensure_open(struct peer *p)
{
	enum status st;

	if (p->open)
		return DONE;
	st = connect_one(p, &p->client, 0);
	if (st != DONE)
		return st;
	p->open = true;
	if (p->args.announce)
		announce(p, &p->client, 0);
	say("ready");
	return DONE;
}

/* ---- send ---- */

struct sender {
	const struct send_args *args;
	struct client *client;
	struct frame_spec spec;
	uint8_t *room;
	uint64_t sent;
	uint64_t bytes;
	uint64_t refused;
	uint32_t done;
	double start;
};

/* Lengths in turn; when there are fewer frames than lengths, spread evenly. */
static size_t nth_length(const struct send_args *a, uint32_t n)
{
	uint32_t sizes = a->size.max - a->size.min + 1;

	if (a->count > 1 && a->count < sizes)
		return a->size.min + (uint64_t)n * (sizes - 1) / (a->count - 1);
	return a->size.min + n % sizes;
}

static void build_next(struct sender *s, uint32_t n, struct iovec *vec)
{
	const struct send_args *a = s->args;

	memcpy(s->spec.src, a->from, CLIENT_MAC_LEN);
	mac_add(s->spec.src, n % a->sources);
	s->spec.seq = a->first + n;
	s->spec.len = nth_length(a, n);
	vec->iov_len = s->spec.len;
	frame_build(vec->iov_base, &s->spec);
}

/* Hand over a burst; frames refused are passed over, not sent again. */
static enum status send_burst(struct sender *s, struct iovec *vec,
			      unsigned int count)
{
	int flags = s->args->nonblock ? MSG_DONTWAIT : 0;
	int n;

	while (count > 0) {
		n = client_send_burst(s->client, vec, count, flags);
		if (n < 0 && (errno == EINTR || errno == EAGAIN) && ended())
			return cut_short();
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && errno != ENOBUFS) {
			perror("peer: send");
			return HUNG_UP;
		}
		if (n < 0 && !s->args->nonblock)
			continue;
		s->refused += n < 0;
		for (int i = 0; i < n; i++)
			s->bytes += vec[i].iov_len;
		s->sent += n > 0 ? (unsigned int)n : 0;
		n = n < 0 ? 1 : n;
		vec += n;
		count -= (unsigned int)n;
	}
	return DONE;
}

static bool send_more(const struct sender *s)
{
	const struct send_args *a = s->args;

	if (ended() || (a->count && s->done >= a->count))
		return false;
	return a->seconds <= 0 || clock_seconds() < s->start + a->seconds;
}

static enum status send_loop(struct sender *s)
{
	const struct send_args *a = s->args;
	struct iovec vec[CLIENT_BURST_MAX];
	enum status st = DONE;
	unsigned int n;

	while (st == DONE && send_more(s)) {
		n = a->burst;
		if (a->count && a->count - s->done < n)
			n = a->count - s->done;
		for (unsigned int i = 0; i < n; i++) {
			vec[i].iov_base = s->room + i * CLIENT_FRAME_MAX;
			build_next(s, s->done + i, &vec[i]);
		}
		if (a->rate > 0)
			pause_until(s->start + s->done / a->rate);
		st = send_burst(s, vec, n);
		s->done += n;
	}
	if (st == DONE && time_over)
		st = TIMED_OUT;
	return st;
}

static enum status check_send(const union verb_args *args)
{
	const struct send_args *a = &args->send;

	if (a->size.min < 14 || a->size.max > CLIENT_FRAME_MAX)
		fprintf(stderr, "peer: --size: 14 to %d\n", CLIENT_FRAME_MAX);
	else if (a->vlan > 4095 || a->priority > 7)
		fputs("peer: --vlan: 0 to 4095, --priority: 0 to 7\n", stderr);
	else if (a->burst < 1 || a->burst > CLIENT_BURST_MAX || !a->sources)
		fputs("peer: --burst: 1 to 64, --sources: 1 or more\n", stderr);
	else if (!a->count && a->seconds <= 0)
		fputs("peer: --count 0 needs --seconds\n", stderr);
	else
		return DONE;
	return MISUSE;
}

static enum status verb_send(struct peer *p, const union verb_args *args)
{
	const struct send_args *a = &args->send;
	struct sender s = {
		.args = a,
		.client = &p->client,
		.spec.tagged = a->vlan > 0 || a->priority > 0,
		.spec.tci = (uint16_t)(a->priority << 13 | a->vlan),
		.spec.stream = ++p->stream,
		.start = clock_seconds(),
	};
	enum status st;
	double took;

	memcpy(s.spec.dst, a->to, CLIENT_MAC_LEN);
	s.room = malloc((size_t)a->burst * CLIENT_FRAME_MAX);
	if (!s.room)
		return NOT_CONNECTED;
	st = send_loop(&s);
	took = clock_seconds() - s.start;
	printf("sent=%llu bytes=%llu refused=%llu seconds=%.3f rate=%.0f\n",
	       (unsigned long long)s.sent, (unsigned long long)s.bytes,
	       (unsigned long long)s.refused, took, (double)s.sent / took);
	free(s.room);
	return st;
}

/* ---- recv ---- */

/* Which sequence numbers of one sender were seen, one bit each. */
struct stream {
	uint32_t id;
	uint32_t next;
	uint32_t room;
	uint8_t *seen;
};

struct tally {
	struct stream stream[MAX_STREAMS];
	unsigned int streams;
	uint32_t first;
	uint64_t received, bytes, reordered, duplicate, corrupt, other, hello;
	uint64_t tagged;
	size_t first_len, min_len, max_len;
	int first_vlan;
	double first_at, last_at;
};

static struct stream *find_stream(struct tally *t, uint32_t id)
{
	struct stream *s = t->stream;

	for (; s < t->stream + t->streams; s++)
		if (s->id == id)
			return s;
	if (t->streams == MAX_STREAMS)
		return NULL;
	t->streams++;
	*s = (struct stream){ .id = id };
	return s;
}

static bool make_room(struct stream *s, uint32_t seq)
{
	uint32_t room = s->room ? s->room : 4096;
	uint8_t *seen;

	while (room <= seq)
		room *= 2;
	if (room == s->room)
		return true;
	seen = realloc(s->seen, room / 8);
	if (!seen)
		return false;
	memset(seen + s->room / 8, 0, (room - s->room) / 8);
	s->seen = seen;
	s->room = room;
	return true;
}

static void count_length(struct tally *t, size_t len)
{
	if (!t->max_len && !t->first_len)
		t->first_len = t->min_len = len;
	if (len > t->max_len)
		t->max_len = len;
	if (len < t->min_len)
		t->min_len = len;
}

static void count_test(struct tally *t, const struct frame_spec *spec)
{
	struct stream *s = find_stream(t, spec->stream);
	uint32_t seq = spec->seq - t->first;

	if (!s || seq >= MAX_SEQ || !make_room(s, seq)) {
		t->corrupt++;
		return;
	}
	if (s->seen[seq / 8] & 1 << seq % 8) {
		t->duplicate++;
		return;
	}
	s->seen[seq / 8] |= (uint8_t)(1 << seq % 8);
	if (seq < s->next)
		t->reordered++;
	else
		s->next = seq + 1;
	if (!t->received++)
		t->first_vlan = spec->tagged ? spec->tci & 0xfff : -1;
	t->bytes += spec->len;
	t->tagged += spec->tagged;
}

static enum frame_kind count_frame(struct tally *t, const uint8_t *buf,
				   size_t len, struct frame_spec *spec)
{
	enum frame_kind kind = frame_check(buf, len, spec);

	t->last_at = clock_seconds();
	if (t->first_at <= 0)
		t->first_at = t->last_at;
	if (kind != FRAME_HELLO)
		count_length(t, len);
	switch (kind) {
	case FRAME_TEST:
		count_test(t, spec);
		break;
	case FRAME_HELLO:
		t->hello++;
		break;
	case FRAME_OTHER:
		t->other++;
		break;
	case FRAME_CORRUPT:
		t->corrupt++;
		break;
	}
	return kind;
}

/* Gaps below the highest number of each stream, and what the count still wants
 * beyond that.
 */
static uint64_t missing(const struct tally *t, unsigned int wanted)
{
	uint64_t expected = 0;

	for (unsigned int i = 0; i < t->streams; i++)
		expected += t->stream[i].next;
	if (expected < wanted)
		expected = wanted;
	return expected - t->received;
}

static void print_tally(const struct tally *t, const struct recv_args *a)
{
	double took = t->last_at - t->first_at;
	char vlan[16] = "none";

	if (t->received && t->first_vlan >= 0)
		snprintf(vlan, sizeof(vlan), "%d", t->first_vlan);
#define ULL(x) ((unsigned long long)(x))
	printf("received=%llu bytes=%llu missing=%llu reordered=%llu "
	       "duplicate=%llu corrupt=%llu other=%llu hello=%llu ",
	       ULL(t->received), ULL(t->bytes), ULL(missing(t, a->count)),
	       ULL(t->reordered), ULL(t->duplicate), ULL(t->corrupt),
	       ULL(t->other), ULL(t->hello));
	printf("tagged=%llu first_vlan=%s first_len=%zu min_len=%zu "
	       "max_len=%zu streams=%u seconds=%.3f rate=%.0f\n",
	       ULL(t->tagged), vlan, t->first_len, t->min_len, t->max_len,
	       t->streams, took,
	       took > 0 ? (double)(t->received - 1) / took : 0);
}

static void show_frame(enum frame_kind kind, const struct frame_spec *s,
		       size_t len)
{
	static const char *const names[] = { "test", "hello", "other",
					     "corrupt" };
	char vlan[16] = "none";

	if (s->tagged)
		snprintf(vlan, sizeof(vlan), "%d", s->tci & 0xfff);
	printf("frame kind=%s len=%zu dst=%02x:%02x:%02x:%02x:%02x:%02x "
	       "src=%02x:%02x:%02x:%02x:%02x:%02x vlan=%s priority=%d "
	       "seq=%u\n",
	       names[kind], len, s->dst[0], s->dst[1], s->dst[2], s->dst[3],
	       s->dst[4], s->dst[5], s->src[0], s->src[1], s->src[2], s->src[3],
	       s->src[4], s->src[5], vlan, s->tci >> 13, s->seq);
}

/* Seconds until a recv gives up, from the silence and the limits there are. */
static double recv_patience(const struct recv_args *a, const struct tally *t,
			    double start)
{
	double now = clock_seconds();
	double end = t->first_at > 0 ? t->last_at + a->silence
				     : start + a->wait;

	if (a->seconds > 0 && start + a->seconds < end)
		end = start + a->seconds;
	return end - now;
}

/* Wait for frames; false when it is over. A hang-up counts only once nothing
 * is left to read.
 */
static bool wait_frames(const struct client *c, double patience, bool *hung)
{
	struct pollfd fds[2] = {
		{ .fd = c->data, .events = POLLIN },
		{ .fd = c->ctl == c->data ? -1 : c->ctl, .events = POLLRDHUP },
	};

	if (patience <= 0 || poll(fds, 2, (int)(patience * 1000) + 1) < 0)
		return patience > 0 && !ended();
	if (fds[0].revents & POLLIN)
		return true;
	if (fds[0].revents || (fds[1].revents & (POLLRDHUP | POLLHUP))) {
		*hung = true;
		return false;
	}
	return true;
}

static void take_frames(const struct recv_args *a, struct tally *t,
			struct client_rx *rx, int n)
{
	struct frame_spec spec;

	for (int i = 0; i < n; i++) {
		size_t len = rx->msg[i].msg_len;
		enum frame_kind kind = count_frame(t, rx->vec[i].iov_base, len,
						   &spec);

		if (t->received + t->other + t->corrupt + t->hello <= a->show)
			show_frame(kind, &spec, len);
		if (a->delay > 0)
			pause_until(clock_seconds() + a->delay);
	}
}

static void recv_loop(struct client *c, const struct recv_args *a,
		      struct tally *t, struct client_rx *rx, bool *hung)
{
	double start = clock_seconds();
	int n;

	while (!ended() && !*hung && (!a->count || t->received < a->count)) {
		if (!wait_frames(c, recv_patience(a, t, start), hung))
			return;
		n = client_recv(c, rx, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			*hung = true;
		take_frames(a, t, rx, n);
	}
}

static enum status judge(const struct recv_args *a, const struct tally *t,
			 bool hung)
{
	if (t->corrupt)
		return WRONG_FRAMES;
	if (a->strict && (missing(t, a->count) || t->reordered || t->duplicate))
		return WRONG_FRAMES;
	if (a->count && t->received >= a->count)
		return DONE;
	if (hung)
		return HUNG_UP;
	if (a->count || time_over)
		return TIMED_OUT;
	return DONE;
}

static enum status verb_recv(struct peer *p, const union verb_args *args)
{
	const struct recv_args *a = &args->recv;
	struct client_rx *rx = client_rx_new(a->delay > 0 ? 1 : 32);
	struct tally *t = calloc(1, sizeof(*t));
	bool hung = false;
	enum status st = NOT_CONNECTED;

	if (rx && t) {
		t->first = a->first;
		recv_loop(&p->client, a, t, rx, &hung);
		print_tally(t, a);
		st = judge(a, t, hung);
	}
	for (unsigned int i = 0; t && i < t->streams; i++)
		free(t->stream[i].seen);
	free(t);
	client_rx_free(rx);
	return st;
}

/* ---- idle ---- */

static void allow_descriptors(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) == 0) {
		lim.rlim_cur = lim.rlim_max;
		setrlimit(RLIMIT_NOFILE, &lim);
	}
}

static enum status open_crowd(struct peer *p, struct client *c,
			      unsigned int count, unsigned int *up)
{
	enum status st;

	for (*up = 0; *up < count; (*up)++) {
		st = connect_one(p, &c[*up], *up + 1);
		if (st != DONE)
			return st;
		if (p->args.announce)
			announce(p, &c[*up], *up + 1);
	}
	return DONE;
}

/* Two entries per client, control and data, and stdin last. */
static struct pollfd *watch_crowd(struct peer *p, struct client *c,
				  const struct idle_args *a)
{
	struct pollfd *fds = calloc(2 * (size_t)a->count + 1, sizeof(*fds));

	for (unsigned int i = 0; fds && i < a->count; i++) {
		struct client *one = i ? &c[i - 1] : &p->client;

		fds[2 * i].fd = one->ctl;
		fds[2 * i].events = POLLRDHUP;
		fds[2 * i + 1].fd = a->drain ? one->data : -1;
		fds[2 * i + 1].events = POLLIN;
	}
	if (fds) {
		fds[2 * a->count].fd = a->until_eof ? STDIN_FILENO : -1;
		fds[2 * a->count].events = POLLIN;
	}
	return fds;
}

static void drain(int fd)
{
	static char buf[CLIENT_FRAME_MAX];

	for (int i = 0; i < 64; i++)
		if (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) <= 0)
			return;
}

/* Serve one round of events; false when stdin has ended. */
static bool idle_round(struct pollfd *fds, const struct idle_args *a,
		       unsigned int *hung)
{
	char buf[256];

	for (unsigned int i = 0; i < a->count; i++) {
		if (fds[2 * i + 1].revents & POLLIN)
			drain(fds[2 * i + 1].fd);
		if (fds[2 * i].revents & (POLLRDHUP | POLLHUP | POLLERR)) {
			fds[2 * i].fd = fds[2 * i + 1].fd = -1;
			(*hung)++;
		}
	}
	return !fds[2 * a->count].revents ||
	       read(STDIN_FILENO, buf, sizeof(buf)) > 0;
}

static enum status idle_loop(struct pollfd *fds, const struct idle_args *a)
{
	double end = clock_seconds() + a->seconds;
	unsigned int hung = 0;
	bool more = true;
	int ms = -1;

	while (more && !hung && !ended()) {
		if (a->seconds > 0)
			ms = (int)((end - clock_seconds()) * 1000) + 1;
		if (a->seconds > 0 && ms <= 1)
			break;
		if (poll(fds, 2 * a->count + 1, ms) > 0)
			more = idle_round(fds, a, &hung);
	}
	if (hung)
		printf("hung_up=%u\n", hung);
	return hung ? HUNG_UP : cut_short();
}

static enum status check_idle(const union verb_args *args)
{
	if (args->idle.count)
		return DONE;
	fputs("peer: --count: 1 or more\n", stderr);
	return MISUSE;
}

static enum status verb_idle(struct peer *p, const union verb_args *args)
{
	const struct idle_args *a = &args->idle;
	struct client *c = calloc(a->count + 1, sizeof(*c));
	struct pollfd *fds = NULL;
	unsigned int up = 0;
	enum status st;

	if (!c)
		return NOT_CONNECTED;
	allow_descriptors();
	st = open_crowd(p, c, a->count - 1, &up);
	if (st == DONE) {
		printf("up=%u\n", up + 1);
		fflush(stdout);
		fds = watch_crowd(p, c, a);
		st = fds ? idle_loop(fds, a) : NOT_CONNECTED;
	}
	while (up > 0)
		client_close(&c[--up]);
	free(fds);
	free(c);
	return st;
}

/* ---- raw ---- */

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Hex digits, spaces and colons between octets allowed; -1 if not so. */
static long parse_hex(const char *text, uint8_t *out, size_t room)
{
	char octet[3] = { 0 };
	size_t n = 0;
	char *end;

	while (*text) {
		if (*text == ' ' || *text == ':') {
			text++;
			continue;
		}
		octet[0] = text[0];
		octet[1] = text[1];
		if (n == room || !text[1])
			return -1;
		out[n++] = (uint8_t)strtoul(octet, &end, 16);
		if (*end)
			return -1;
		text += 2;
	}
	return (long)n;
}

static size_t random_message(uint8_t *buf, const struct range *r,
			     uint32_t *state)
{
	size_t len = r->min + next_random(state) % (r->max - r->min + 1);

	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)next_random(state);
	return len;
}

static int send_message(struct peer *p, const struct raw_args *a,
			const uint8_t *buf, size_t len)
{
	int flags = a->nonblock ? MSG_DONTWAIT : 0;

	if (strcmp(a->on, "ctl") != 0)
		return client_send(&p->client, buf, len, flags);
	return send(p->client.ctl, buf, len, flags | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static enum status raw_loop(struct peer *p, const struct raw_args *a,
			    uint8_t *buf, size_t len)
{
	uint32_t state = a->seed ? a->seed : 1;
	unsigned int failed = 0;
	int last = 0;
	unsigned int i;

	for (i = 0; i < a->count && !ended(); i++) {
		if (!a->hex)
			len = random_message(buf, &a->random, &state);
		if (send_message(p, a, buf, len) < 0) {
			last = errno;
			failed++;
		}
	}
	printf("raw=%u failed=%u error=%s\n", i - failed, failed,
	       last ? strerrorname_np(last) : "none");
	return cut_short();
}

static enum status check_raw(const union verb_args *args)
{
	const struct raw_args *a = &args->raw;
	uint8_t octets[RAW_MAX];

	if (!a->hex == !a->random.max || a->random.max > RAW_MAX)
		fputs("peer: raw needs --hex or --random\n", stderr);
	else if (a->hex && parse_hex(a->hex, octets, sizeof(octets)) < 0)
		fprintf(stderr, "peer: --hex: bad value '%s'\n", a->hex);
	else if (strcmp(a->on, "ctl") != 0 && strcmp(a->on, "data") != 0)
		fputs("peer: --on: ctl or data\n", stderr);
	else
		return DONE;
	return MISUSE;
}

static enum status verb_raw(struct peer *p, const union verb_args *args)
{
	const struct raw_args *a = &args->raw;
	uint8_t octets[RAW_MAX];
	long len = a->hex ? parse_hex(a->hex, octets, sizeof(octets)) : 0;

	return raw_loop(p, a, octets, (size_t)len);
}

/* ---- hangup, sleep ---- */

/* Read the control connection; true once the switch has closed it. */
static bool closed_now(int fd, unsigned long *reply)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[512];
	ssize_t n;

	if (poll(&p, 1, 20) <= 0)
		return false;
	n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n > 0)
		*reply += (unsigned long)n;
	return n == 0 || (n < 0 && errno == ECONNRESET);
}

static enum status verb_hangup(struct peer *p, const union verb_args *args)
{
	double bound = args->wait.seconds > 0 ? args->wait.seconds : 1e9;
	double start = clock_seconds();
	unsigned long reply = 0;
	bool closed = false;

	while (!closed && !ended() && clock_seconds() < start + bound)
		closed = closed_now(p->client.ctl, &reply);
	printf("hangup=%s reply=%lu seconds=%.3f\n", closed ? "yes" : "no",
	       reply, clock_seconds() - start);
	return closed ? DONE : TIMED_OUT;
}

static enum status verb_sleep(struct peer *p, const union verb_args *args)
{
	pause_until(clock_seconds() + args->wait.seconds);
	return cut_short();
}

/* ---- churn ---- */

static enum status churn_round(struct peer *p, const struct churn_args *a,
			       struct client *c, unsigned long *frames)
{
	struct frame_spec spec = { .len = a->size, .stream = p->stream };
	uint8_t frame[CLIENT_FRAME_MAX];
	unsigned int up = 0;
	enum status st = open_crowd(p, c, a->clients, &up);

	memset(spec.dst, 0xff, sizeof(spec.dst));
	for (unsigned int i = 0; st == DONE && i < up * a->frames; i++) {
		memcpy(spec.src, p->args.mac, sizeof(spec.src));
		mac_add(spec.src, i % up + 1);
		spec.seq = (uint32_t)(*frames);
		frame_build(frame, &spec);
		*frames += client_send(&c[i % up], frame, spec.len, 0) == 0;
	}
	while (up > 0)
		client_close(&c[--up]);
	return st;
}

static enum status check_churn(const union verb_args *args)
{
	const struct churn_args *a = &args->churn;

	if (a->size >= 14 && a->size <= CLIENT_FRAME_MAX && a->clients)
		return DONE;
	fprintf(stderr, "peer: --size: 14 to %d, --clients: 1 or more\n",
		CLIENT_FRAME_MAX);
	return MISUSE;
}

static enum status verb_churn(struct peer *p, const union verb_args *args)
{
	const struct churn_args *a = &args->churn;
	struct client *c = calloc(a->clients + 1, sizeof(*c));
	unsigned long frames = 0;
	unsigned int rounds = 0;
	enum status st = DONE;

	if (!c)
		return NOT_CONNECTED;
	allow_descriptors();
	p->stream++;
	say("ready");
	for (; rounds < a->rounds && st == DONE && !ended(); rounds++)
		st = churn_round(p, a, c, &frames);
	printf("rounds=%u clients=%lu frames=%lu\n", rounds - (st != DONE),
	       (unsigned long)rounds * a->clients, frames);
	free(c);
	return st == DONE ? cut_short() : st;
}

/* ---- listen ---- */

static int listening_socket(const struct listen_args *a)
{
	int type = !strcmp(a->type, "dgram")	   ? SOCK_DGRAM
		   : !strcmp(a->type, "seqpacket") ? SOCK_SEQPACKET
						   : SOCK_STREAM;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", a->path);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    (type != SOCK_DGRAM && listen(fd, 16) < 0)) {
		perror("peer: listen");
		close(fd);
		return -1;
	}
	return fd;
}

static enum status check_listen(const union verb_args *args)
{
	if (args->listen.path)
		return DONE;
	fputs("peer: listen needs --path\n", stderr);
	return MISUSE;
}

static enum status verb_listen(struct peer *p, const union verb_args *args)
{
	const struct listen_args *a = &args->listen;
	int fd = listening_socket(a);
	unsigned int accepted = 0;

	if (fd < 0)
		return NOT_CONNECTED;
	say("ready");
	while (!ended() && accepted < a->accept)
		if (accept(fd, NULL, NULL) >= 0) {
			accepted++;
			printf("accepted=%u\n", accepted);
			fflush(stdout);
		}
	while (!ended())
		pause();
	close(fd);
	unlink(a->path);
	return cut_short();
}

/* ---- Verbs, command line, help ---- */

/**
 * struct verb - One verb
 * @name:	as on the command line
 * @options:	its options, for parser and help
 * @connects:	needs the connection
 * @check:	judge its arguments before anything runs, MISUSE after a
 *		message; or NULL
 * @run:	do it
 * @help:	one line
 */
struct verb {
	const char *name;
	const struct option *options;
	bool connects;
	enum status (*check)(const union verb_args *args);
	enum status (*run)(struct peer *p, const union verb_args *args);
	const char *help;
};

static const struct verb verbs[] = {
	{ "send", send_options, true, check_send, verb_send,
	  "send test frames; prints sent= bytes= refused= seconds= rate=" },
	{ "recv", recv_options, true, NULL, verb_recv,
	  "receive, verify every octet; prints received= bytes=\n"
	  "    missing= reordered= duplicate= corrupt= other= hello= tagged=\n"
	  "    first_vlan= first_len= min_len= max_len= streams= seconds=\n"
	  "    rate=" },
	{ "idle", idle_options, true, check_idle, verb_idle,
	  "stay connected until killed or hung up on; prints up=N when all\n"
	  "    are, and hung_up=N" },
	{ "raw", raw_options, true, check_raw, verb_raw,
	  "send any octets; prints raw= failed= error=" },
	{ "hangup", wait_options, true, NULL, verb_hangup,
	  "wait until the switch closes; prints hangup=yes|no reply=\n"
	  "    seconds=" },
	{ "churn", churn_options, false, check_churn, verb_churn,
	  "clients come, broadcast and go; prints rounds= clients= frames=" },
	{ "listen", listen_options, false, check_listen, verb_listen,
	  "bind a socket and answer nothing until killed" },
	{ "sleep", wait_options, false, NULL, verb_sleep, "wait" },
};

static const char usage_head[] =
	"usage: peer [OPTION...] VERB [OPTION...] [then VERB [OPTION...]]...\n"
	"\n"
	"Connects to a switch as one client, prints \"ready\", runs the verbs "
	"in turn.\n"
	"SIGTERM and SIGINT end the verb that runs (its line is still "
	"printed) and the\n"
	"rest is left out. Times are seconds and may have fractions.\n\n";

static const char usage_tail[] =
	"Exit status: 0 done; 1 misuse; 2 cannot connect; 3 timeout (recv: "
	"fewer than\n"
	"--count); 4 frames corrupt, or with --strict missing, reordered or "
	"duplicate;\n"
	"5 the switch hung up, or refused a frame for good.\n\n"
	"Sequence numbers count per send verb; missing= is gaps below the "
	"highest number,\n"
	"and what --count still wants. Test frames below 34 octets (38 "
	"tagged) arrive as\n"
	"other=. Frames of --announce arrive as hello=.\n";

static void print_options(const struct option *o)
{
	static const char *const values[] = { "",     " N",    " S",
					      " MAC", " TEXT", " N[-N]" };
	char word[40];

	for (; o->name; o++) {
		snprintf(word, sizeof(word), "--%s%s", o->name,
			 values[o->kind]);
		printf("    %-18s %s\n", word, o->help);
	}
}

static void print_help(void)
{
	fputs(usage_head, stdout);
	puts("Options:");
	print_options(global_options);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		printf("\n%s: %s\n", verbs[i].name, verbs[i].help);
		print_options(verbs[i].options);
	}
	printf("\n%s", usage_tail);
}

static bool parse_number(const char *text, unsigned int *out)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 0);
	if (*text < '0' || *text > '9' || *end || errno || value > 0xffffffffU)
		return false;
	*out = (unsigned int)value;
	return true;
}

static bool parse_seconds(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end != text && !*end && *out >= 0 && *out < 1e9;
}

static bool parse_range(const char *text, struct range *out)
{
	char word[32];
	char *dash;

	snprintf(word, sizeof(word), "%s", text);
	dash = strchr(word, '-');
	if (dash)
		*dash = '\0';
	return parse_number(word, &out->min) &&
	       parse_number(dash ? dash + 1 : word, &out->max) &&
	       out->min <= out->max;
}

static bool store(const struct option *o, const char *text, void *base)
{
	void *at = (char *)base + o->offset;

	switch (o->kind) {
	case FLAG:
		*(bool *)at = true;
		return true;
	case NUMBER:
		return parse_number(text, at);
	case SECONDS:
		return parse_seconds(text, at);
	case MAC:
		return mac_parse(text, at);
	case TEXT:
		*(const char **)at = text;
		return true;
	case RANGE:
		return parse_range(text, at);
	}
	return false;
}

static const struct option *find_option(const struct option *o,
					const char *word)
{
	if (strncmp(word, "--", 2) != 0)
		return NULL;
	for (; o->name; o++)
		if (!strcmp(o->name, word + 2))
			return o;
	return NULL;
}

/* Parse "--name value" words up to the first other word.
 *
 * Return: where it stopped, or NULL after a message
 */
static char **parse_options(const struct option *table, char **argv, void *base)
{
	const struct option *o;

	for (; *argv && **argv == '-'; argv++) {
		o = find_option(table, *argv);
		if (!o) {
			fprintf(stderr, "peer: unknown option '%s'\n", *argv);
			return NULL;
		}
		if (o->kind != FLAG && !argv[1]) {
			fprintf(stderr, "peer: --%s needs a value\n", o->name);
			return NULL;
		}
		if (!store(o, argv[1], base)) {
			fprintf(stderr, "peer: --%s: bad value '%s'\n", o->name,
				argv[1]);
			return NULL;
		}
		argv += o->kind != FLAG;
	}
	return argv;
}

static void set_defaults(const struct verb *v, const struct peer *p,
			 union verb_args *a)
{
	memset(a, 0, sizeof(*a));
	if (v->run == verb_send) {
		a->send = (struct send_args){
			.count = 1, .size = { 60, 60 }, .burst = 1, .sources = 1
		};
		memset(a->send.to, 0xff, CLIENT_MAC_LEN);
		memcpy(a->send.from, p->args.mac, CLIENT_MAC_LEN);
	} else if (v->run == verb_recv) {
		a->recv = (struct recv_args){ .silence = 1, .wait = 5 };
	} else if (v->run == verb_idle) {
		a->idle.count = 1;
	} else if (v->run == verb_raw) {
		a->raw = (struct raw_args){ .on = "data",
					    .seed = 1,
					    .count = 1 };
	} else if (v->run == verb_churn) {
		a->churn = (struct churn_args){ 10, 10, 2, 60 };
	} else if (v->run == verb_listen) {
		a->listen.type = "stream";
	}
}

static const struct verb *find_verb(const char *word)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, word))
			return &verbs[i];
	fprintf(stderr, "peer: unknown verb '%s'\n", word);
	return NULL;
}

/* Parse one verb and, unless this is only a check, run it. */
static enum status one_verb(struct peer *p, char ***argv, bool run)
{
	const struct verb *v = find_verb(**argv);
	union verb_args args;
	enum status st = DONE;
	char **end;

	if (!v)
		return MISUSE;
	set_defaults(v, p, &args);
	end = parse_options(v->options, *argv + 1, &args);
	if (!end || (*end && (strcmp(*end, "then") != 0 || !end[1]))) {
		if (end)
			fprintf(stderr, "peer: unexpected '%s'\n", *end);
		return MISUSE;
	}
	*argv = *end ? end + 1 : end;
	if (!run && v->check)
		st = v->check(&args);
	if (run && v->connects)
		st = ensure_open(p);
	if (run && st == DONE)
		st = v->run(p, &args);
	fflush(stdout);
	return st;
}

/* The whole command line is checked before the first verb runs. */
static enum status all_verbs(struct peer *p, char **argv, bool run)
{
	enum status st = DONE;

	while (*argv && st == DONE && !(run && stop_asked))
		st = one_verb(p, &argv, run);
	return st;
}

static bool parse_pieces(struct peer *p)
{
	char list[512];
	char *save = NULL;
	unsigned int n = 0;

	if (!p->args.pieces)
		return true;
	snprintf(list, sizeof(list), "%s", p->args.pieces);
	for (char *w = strtok_r(list, ",", &save); w && n < MAX_PIECES;
	     w = strtok_r(NULL, ",", &save), n++)
		if (!parse_number(w, &p->pieces[n]) || !p->pieces[n])
			return false;
	p->opt.pieces = p->pieces;
	return true;
}

static bool fill_options(struct peer *p)
{
	const struct global_args *g = &p->args;
	int proto = client_proto_parse(g->proto);

	if (proto < 0 || !parse_pieces(p)) {
		fprintf(stderr, "peer: bad --proto '%s' or --pieces\n",
			g->proto);
		return false;
	}
	p->opt.proto = (enum client_proto)proto;
	p->opt.ctl = g->ctl;
	p->opt.data = g->data;
	memcpy(p->opt.mac, g->mac, CLIENT_MAC_LEN);
	p->opt.type = g->type;
	p->opt.no_request = g->no_request;
	p->opt.pause_ms = g->pause;
	p->opt.timeout_ms = (unsigned int)(g->timeout * 1000);
	return true;
}

int main(int argc, char **argv)
{
	struct peer p = {
		.args = { .proto = "v3",
			  .ctl = "/tmp/uml.ctl",
			  .data = "/tmp/uml.data",
			  .mac = { 2, 0, 0, 0, 0, 1 },
			  .timeout = 30,
			  .pause = 20 },
		.stream = (uint32_t)getpid() << 8,
	};
	char **rest = parse_options(global_options, argv + 1, &p.args);
	enum status st;

	if (!rest)
		return MISUSE;
	if (p.args.help) {
		print_help();
		return DONE;
	}
	if (!*rest) {
		fputs("peer: no verb (see --help)\n", stderr);
		return MISUSE;
	}
	if (!fill_options(&p) || all_verbs(&p, rest, false) != DONE)
		return MISUSE;
	arm(p.args.timeout);
	st = all_verbs(&p, rest, true);
	if (p.open)
		client_close(&p.client);
	return (int)st;
}
