// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `uml_routerctl capture`: the filter is compiled here and sent to the switch
 * as a program; the frames come back (capture.h) and are written as pcap, or
 * one line for each.
 *
 * A signal makes us say that we want no more. The switch then sends what it
 * still has and how much it missed, so the end is always its own.
 */
#include <errno.h>
#include <sys/types.h>

#include <pcap/pcap.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "ctl.h"
#include "ctl_packet.h"

/**
 * struct taking - A capture that goes on
 * @ctl:	the run
 * @fd:		where records come from
 * @pcap:	what a pcap file says of itself
 * @dump:	the file, NULL: lines are printed
 * @buffer:	octets that came and were not looked at
 * @at:		where they begin
 * @len:	how many
 */
struct taking {
	struct ctl *ctl;
	int fd;
	pcap_t *pcap;
	pcap_dumper_t *dump;
	char *buffer;
	size_t at, len;
};

/** Room for some records of the largest size. */
#define BUFFER (512 << 10)

/* For the signal handler, which gets nothing else. */
static int stop_fd = -1;

static void on_stop(int signal_number)
{
	shutdown(stop_fd, SHUT_WR);
}

static void stop_on(int signal_number, const struct sigaction *action)
{
	struct sigaction now;

	/* What nohup(1) has us ignore stays ignored. */
	if (sigaction(signal_number, NULL, &now) == 0 &&
	    now.sa_handler != SIG_IGN)
		sigaction(signal_number, action, NULL);
}

/* The first signal asks for the end, the second one ends us. */
static void stop_on_signals(int fd)
{
	struct sigaction action = { .sa_handler = on_stop,
				    .sa_flags = (int)SA_RESETHAND |
						SA_RESTART };

	stop_fd = fd;
	stop_on(SIGINT, &action);
	stop_on(SIGTERM, &action);
	stop_on(SIGHUP, &action);
}

/* One more; NULL as soon as one is no UTF-8. */
static json_t *add_arg(json_t *args, const char *key, const char *value)
{
	if (!json_array_append_new(args, json_sprintf("%s=%s", key, value)))
		return args;
	json_decref(args);
	return NULL;
}

/* "filter=" and 16 hexadecimal digits for each instruction. */
static json_t *filter_arg(const struct bpf_program *program)
{
	char *text = malloc(7 + 16 * (size_t)program->bf_len + 1);
	json_t *arg;
	unsigned int i;

	if (!text)
		return NULL;
	strcpy(text, "filter=");
	for (i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *insn = &program->bf_insns[i];

		sprintf(text + 7 + 16 * (size_t)i, "%04x%02x%02x%08x",
			insn->code, insn->jt, insn->jf, insn->k);
	}
	arg = json_string(text);
	free(text);
	return arg;
}

/* The words of the filter with spaces between them. */
static char *join(char *words[])
{
	size_t len = 1;
	char *text;
	int i;

	for (i = 0; words[i]; i++)
		len += strlen(words[i]) + 1;
	text = calloc(1, len);
	for (i = 0; text && words[i]; i++) {
		strcat(text, i ? " " : "");
		strcat(text, words[i]);
	}
	return text;
}

static int add_filter(struct taking *t, json_t *args, char *words[])
{
	struct bpf_program program;
	char *text = *words ? join(words) : NULL;
	int failed;

	if (!text)
		return 0;
	failed = pcap_compile(t->pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN);
	if (failed) {
		err_set(&t->ctl->err, "filter '%s': %s", text,
			pcap_geterr(t->pcap));
		err_hint(&t->ctl->err, "see pcap-filter(7)");
		ctl_fail(t->ctl, "bad_argument");
	} else {
		json_array_append_new(args, filter_arg(&program));
		pcap_freecode(&program);
	}
	free(text);
	return failed;
}

static json_t *request_args(const struct ctl *ctl)
{
	json_t *args = json_array();
	char number[24];

	if (ctl->given & CTL_INTERFACE)
		args = add_arg(args, "port", ctl->interface);
	if (ctl->given & CTL_DIRECTION)
		args = add_arg(args, "direction", ctl->direction);
	snprintf(number, sizeof(number), "%" PRIu64, ctl->snaplen);
	if (ctl->given & CTL_SNAPLEN)
		args = add_arg(args, "snaplen", number);
	snprintf(number, sizeof(number), "%" PRIu64, ctl->count);
	if (ctl->given & CTL_COUNT)
		args = add_arg(args, "count", number);
	return args;
}

/* --- what comes ---------------------------------------------------------- */

static int flush(struct taking *t)
{
	int failed = t->dump ? pcap_dump_flush(t->dump) : fflush(stdout);

	if (!failed)
		return 0;
	err_errno(&t->ctl->err, "cannot write the capture");
	return ctl_fail(t->ctl, "failed");
}

/* The next @octets, which are then in one piece. Before a wait, all that was
 * taken so far is given out. */
static char *next(struct taking *t, size_t octets)
{
	char *at;

	while (t->len < octets) {
		ssize_t n;

		if (flush(t) < 0)
			return NULL;
		memmove(t->buffer, t->buffer + t->at, t->len);
		t->at = 0;
		n = read(t->fd, t->buffer + t->len, BUFFER - t->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err_set(&t->ctl->err,
				"the switch ended the connection");
			ctl_fail(t->ctl, "no_switch");
			return NULL;
		}
		t->len += (size_t)n;
	}
	at = t->buffer + t->at;
	t->at += octets;
	t->len -= octets;
	return at;
}

static void write_frame(struct taking *t, const struct capture_record *r,
			const char *data)
{
	struct pcap_pkthdr head = {
		.ts = { .tv_sec = (time_t)(r->time / 1000000000),
			.tv_usec = (suseconds_t)(r->time % 1000000000 / 1000) },
		.caplen = r->captured,
		.len = r->len,
	};

	pcap_dump((u_char *)t->dump, &head, (const u_char *)data);
}

static void print_frame(const struct taking *t, const struct capture_record *r,
			const char *data)
{
	const char *direction = r->direction == CAPTURE_IN ? "in" : "out";
	time_t seconds = (time_t)(r->time / 1000000000);
	unsigned int micro = (unsigned int)(r->time % 1000000000 / 1000);
	char line[PACKET_LINE], clock[16] = "";
	struct tm tm;
	json_t *json;

	packet_line((const uint8_t *)data, r->captured, line);
	if (!t->ctl->json) {
		if (localtime_r(&seconds, &tm))
			strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
		printf("%s.%06u %s %s %s (%u)\n", clock, micro, r->port,
		       direction, line, r->len);
		return;
	}
	json = json_pack("{s:f, s:s, s:s, s:I, s:s}", "time",
			 (double)seconds + micro / 1e6, "port", r->port,
			 "direction", direction, "length", (json_int_t)r->len,
			 "text", line);
	json_dumpf(json, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(json);
}

static int take_records(struct taking *t)
{
	struct capture_record r;
	char *at;

	for (;;) {
		at = next(t, sizeof(r));
		if (!at)
			return -1;
		memcpy(&r, at, sizeof(r));
		if (r.kind == CAPTURE_END)
			break;
		at = next(t, r.captured);
		if (!at)
			return -1;
		if (t->dump)
			write_frame(t, &r, at);
		else
			print_frame(t, &r, at);
	}
	fprintf(stderr, "%" PRIu64 " frames captured, %" PRIu64 " missed\n",
		r.seen, r.missed);
	return flush(t);
}

/* --- the command --------------------------------------------------------- */

static int open_file(struct taking *t)
{
	const char *path = t->ctl->file;

	if (!path)
		return 0;
	if (strcmp(path, "-") == 0 && isatty(STDOUT_FILENO)) {
		err_set(&t->ctl->err, "a capture is not for a terminal");
		err_hint(&t->ctl->err, "give it to a program, as in "
				       "'| tcpdump -r -'");
		return ctl_fail(t->ctl, "bad_argument");
	}
	t->dump = pcap_dump_open(t->pcap, path);
	if (t->dump)
		return 0;
	err_set(&t->ctl->err, "%s", pcap_geterr(t->pcap));
	return ctl_fail(t->ctl, "failed");
}

/* The file is made when the switch has agreed. */
static int run(struct taking *t, char *words[])
{
	json_t *args = request_args(t->ctl), *begun = NULL;

	if (add_filter(t, args, words) < 0) {
		json_decref(args);
		return -1;
	}
	if (ctl_send(t->ctl, "capture", "", args) < 0)
		return -1;
	setvbuf(t->ctl->stream, NULL, _IONBF, 0);
	if (ctl_receive(t->ctl, &begun) < 0 || open_file(t) < 0) {
		json_decref(begun);
		return -1;
	}
	json_decref(begun);
	fgetc(t->ctl->stream); /* the newline */
	t->fd = fileno(t->ctl->stream);
	stop_on_signals(t->fd);
	return take_records(t);
}

int ctl_capture(struct ctl *ctl, char *words[])
{
	struct taking t = { .ctl = ctl };
	int failed = -1;

	t.pcap = pcap_open_dead(DLT_EN10MB, ctl->given & CTL_SNAPLEN
						    ? (int)ctl->snaplen
						    : FRAME_MAX);
	t.buffer = malloc(BUFFER);
	if (t.pcap && t.buffer) {
		failed = run(&t, words);
	} else {
		err_errno(&ctl->err, "capture");
		ctl_fail(ctl, "failed");
	}
	if (t.dump)
		pcap_dump_close(t.dump);
	if (t.pcap)
		pcap_close(t.pcap);
	free(t.buffer);
	return failed;
}
