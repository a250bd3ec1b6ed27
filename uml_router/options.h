/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of uml_router. */
#ifndef UML_ROUTER_OPTIONS_H
#define UML_ROUTER_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "backend.h"
#include "common/err.h"
#include "switch.h"

/** Control socket unless told otherwise, as of the first uml_switch. */
#define OPTIONS_DEFAULT_UNIX "/tmp/uml.ctl"
/** Data socket of version 0 clients unless told otherwise. */
#define OPTIONS_DEFAULT_DATA "/tmp/uml.data"

/** What the program is to do. */
enum options_action {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

/**
 * struct options - A parsed command line
 * @program:	argv[0]
 * @action:	what to do
 * @ports:	ports to open, in the order of the command line
 * @port_count:	how many
 * @sw:		see struct sw_conf
 * @control:	management socket, or NULL
 * @pidfile:	file for the process id, or NULL
 * @user:	user to become, or NULL
 * @perm:	mode and group of all socket files
 * @daemon:	detach
 * @spin_us:	see struct loop
 * @verbose:	log what clients do
 */
struct options {
	const char *program;
	enum options_action action;
	struct port_spec *ports;
	unsigned int port_count;
	struct sw_conf sw;
	const char *control;
	const char *pidfile;
	const char *user;
	struct unixsock_perm perm;
	bool daemon;
	uint32_t spin_us;
	bool verbose;
};

/**
 * options_parse() - Parse the command line
 * @opts:	filled; refers to @argv
 * @argc:	number of words
 * @argv:	the words
 * @err:	filled on failure
 *
 * Nothing is opened or changed by it.
 *
 * Return: 0, or -1 with @err set; options_free() in both cases
 */
int options_parse(struct options *opts, int argc, char *argv[],
		  struct err *err);

/** options_free() - Free what options_parse() allocated */
void options_free(struct options *opts);

/** options_usage() - Print the forms of the command line */
void options_usage(const char *program, FILE *out);

/** options_help() - Print how to use the program */
void options_help(const char *program, FILE *out);

/** options_startup_line() - Print what the switch is attached to */
void options_startup_line(const struct options *opts, FILE *out);

#endif /* UML_ROUTER_OPTIONS_H */
