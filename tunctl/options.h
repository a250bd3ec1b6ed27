/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of tunctl. */
#ifndef TUNCTL_OPTIONS_H
#define TUNCTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/parse.h"
#include "common/queueing.h"
#include "common/tuntap.h"

/** What the program is to do. */
enum options_action {
	OPTIONS_CREATE,	  /**< make a persistent device, or take it over */
	OPTIONS_DELETE,	  /**< -d */
	OPTIONS_LIST,	  /**< -l */
	OPTIONS_EXEC,	  /**< open a device for a command */
	OPTIONS_QUEUEING, /**< --queueing help */
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

/**
 * struct settings - What rtnetlink is to set; 0, NULL or false: leave alone
 * @txqueuelen:	length of the ring in frames
 * @rate:	rate limit in bits per second
 * @burst:	bytes that may go at once, 0 for a default
 * @mtu:	largest packet in bytes
 * @has_mac:	@mac is given
 * @mac:	Ethernet address
 * @addresses:	IP addresses
 * @address_count:	how many
 * @master:	bridge to belong to
 * @up:		switch on
 */
struct settings {
	uint32_t txqueuelen;
	uint64_t rate;
	uint32_t burst;
	uint32_t mtu;
	bool has_mac;
	uint8_t mac[MAC_LEN];
	struct ip_prefix *addresses;
	size_t address_count;
	const char *master;
	bool up;
};

/**
 * struct options - A parsed command line
 * @action:	what to do
 * @clone:	clone device, NULL for the usual one
 * @name:	device, or NULL for the kernel's choice, or all for a list
 * @brief:	print the name alone
 * @has_kind:	@kind is given, or follows from the name
 * @kind:	tun or tap
 * @has_owner:	@owner is given
 * @owner:	who may open the device
 * @has_group:	@group is given
 * @group:	who else must be in it
 * @has_queueing:	@queueing is given
 * @queueing:	queueing mode
 * @vnet_hdr:	frames with a vnet header
 * @ensure:	what is so already is no error
 * @settings:	what else is to be set
 * @json:	list as JSON
 * @watch:	repeat the list after so many seconds; 0 for once
 * @command:	words of the command, ends with NULL; or NULL
 */
struct options {
	enum options_action action;
	const char *clone;
	const char *name;
	bool brief;
	bool has_kind;
	enum tuntap_kind kind;
	bool has_owner;
	uid_t owner;
	bool has_group;
	gid_t group;
	bool has_queueing;
	enum queueing_mode queueing;
	bool vnet_hdr;
	bool ensure;
	struct settings settings;
	bool json;
	uint32_t watch;
	char **command;
};

/** What a command line that was refused deserves besides its error. */
enum options_result {
	OPTIONS_OK,	   /**< nothing: it was taken */
	OPTIONS_BAD_VALUE, /**< a value is wrong: nothing */
	OPTIONS_MISUSE,	   /**< it is not understood: the usage */
};

/**
 * options_parse() - Parse the command line
 * @opts:	filled; refers to @argv
 * @argc:	number of words
 * @argv:	the words
 * @err:	filled on failure
 *
 * Nothing is opened or changed by it, besides the user database.
 *
 * Return: see enum options_result; options_free() in all cases
 */
enum options_result options_parse(struct options *opts, int argc, char *argv[],
				  struct err *err);

/** options_free() - Free what options_parse() allocated */
void options_free(struct options *opts);

/** options_help() - Print how to use the program */
void options_help(const char *program, FILE *out);

/** options_usage() - Print the ancestor's usage, in its words */
void options_usage(const char *program, FILE *out);

/** settings_any() - Something is to be set */
bool settings_any(const struct settings *settings);

#endif /* TUNCTL_OPTIONS_H */
