/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uml_routerctl in pieces: what its commands have in common. */
#ifndef UML_ROUTER_CTL_H
#define UML_ROUTER_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"

/** Options that not every command takes, one bit each. */
enum ctl_option {
	CTL_INTERFACE = 1 << 0,
	CTL_WRITE = 1 << 1,
	CTL_COUNT = 1 << 2,
	CTL_SNAPLEN = 1 << 3,
	CTL_DIRECTION = 1 << 4,
	CTL_PROMETHEUS = 1 << 5,
	CTL_INTERVAL = 1 << 6,
};

/**
 * struct ctl - One run of uml_routerctl
 * @control:	management socket
 * @json:	show answers and errors as JSON
 * @given:	CTL_* that were given
 * @interface:	-i: port to capture on
 * @file:	-w: where the capture goes
 * @count:	-c: frames to capture
 * @snaplen:	--snaplen: octets of each to keep
 * @direction:	--direction: "in" or "out"
 * @interval:	--interval: seconds
 * @stream:	connection to the switch, NULL while there is none
 * @err:	what went wrong
 * @code:	the same in one word
 */
struct ctl {
	const char *control;
	bool json;
	unsigned int given;
	const char *interface;
	const char *file;
	uint64_t count;
	uint64_t snaplen;
	const char *direction;
	double interval;
	FILE *stream;
	struct err err;
	char code[32];
};

/** ctl_fail() - The word for ctl->err, which is set. Return: -1 */
int ctl_fail(struct ctl *ctl, const char *code);

/** ctl_error_json() - {"error": ...}, as the switch says it */
json_t *ctl_error_json(const struct ctl *ctl);

/**
 * ctl_send() - Ask; connects first, where that was not done
 * @ctl:	the run
 * @object:	first word
 * @verb:	second word, or ""
 * @args:	array of texts; its reference is taken over. NULL: one of them
 *		was no UTF-8, which is an error
 *
 * Return: 0, or -1 with @ctl->err set
 */
int ctl_send(struct ctl *ctl, const char *object, const char *verb,
	     json_t *args);

/**
 * ctl_receive() - The next line of the answer
 * @ctl:	the run
 * @result:	the next result, a new reference; NULL at the end
 *
 * Return: 0, or -1 with @ctl->err set
 */
int ctl_receive(struct ctl *ctl, json_t **result);

/**
 * ctl_ask() - ctl_send(), and all results
 *
 * Return: new array, or NULL with @ctl->err set
 */
json_t *ctl_ask(struct ctl *ctl, const char *object, const char *verb,
		json_t *args);

/** ctl_words() - Words of the command line as an array; NULL: for ctl_send() */
json_t *ctl_words(char *words[]);

/** ctl_text() - Text of a key, "-" where there is none */
const char *ctl_text(const json_t *object, const char *key);

/** ctl_number() - Number of a key, 0 where there is none */
json_int_t ctl_number(const json_t *object, const char *key);

/** ctl_sum() - Sum of all numbers of an object */
json_int_t ctl_sum(const json_t *object);

/** ctl_octets() - Octets in at most seven characters, "1.5Mi" */
const char *ctl_octets(double n, char out[16]);

/** ctl_show_*() - Headings and lines of tables */
void ctl_port_head(void);
void ctl_port_row(const json_t *port);
void ctl_fdb_head(void);
void ctl_fdb_row(const json_t *entry);
void ctl_stats_row(const json_t *stats);

/** ctl_prometheus() - `stats --prometheus`. Return: 0, or -1 with the error */
int ctl_prometheus(struct ctl *ctl);

/** ctl_prometheus_print() - Counters of a switch and its ports as that text */
void ctl_prometheus_print(const json_t *stats, const json_t *ports, FILE *out);

/** ctl_top() - `top`. Return: 0, or -1 with the error */
int ctl_top(struct ctl *ctl, char *words[]);

/** ctl_capture() - `capture` @words. Return: 0, or -1 with the error */
int ctl_capture(struct ctl *ctl, char *words[]);

#endif /* UML_ROUTER_CTL_H */
