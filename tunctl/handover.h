/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handing an open device to a command that takes our place. */
#ifndef TUNCTL_HANDOVER_H
#define TUNCTL_HANDOVER_H

#include "common/err.h"
#include "common/privs.h"
#include "tunctl/device.h"

/** Status for a command that is there but cannot be executed, as of a shell. */
#define HANDOVER_NOT_EXECUTABLE 126
/** Status for a command that is not there. */
#define HANDOVER_NOT_FOUND 127

/**
 * handover_words() - A command with {fd} and {name} replaced
 * @command:	words, ends with NULL
 * @fd:		descriptor of the device
 * @name:	name of the device
 *
 * What else is in braces stays as it is.
 *
 * Return: the words, ends with NULL, for handover_free(); or NULL (ENOMEM)
 */
char **handover_words(char *const *command, int fd, const char *name);

/** handover_free() - Free what handover_words() returned; NULL is allowed */
void handover_free(char **words);

/**
 * handover_check() - Whether there is such a command
 * @command:	its words
 * @err:	filled if not
 *
 * Asked before anything is done: when the command is to be executed, the
 * privilege that could take back what was done is gone.
 *
 * Return: 0, or an exit status with @err set
 */
int handover_check(char *const *command, struct err *err);

/**
 * handover_exec() - Become the command
 * @dev:	device that device_make() has opened
 * @command:	its words
 * @privs:	who calls
 * @err:	filled
 *
 * The command gets the device as a blocking descriptor that stays open, the
 * caller's ids, no capability, and no way to get one. TUNCTL_FD and TUNCTL_NAME
 * are in its environment.
 *
 * Return: only on failure: an exit status, with @err set
 */
int handover_exec(struct device *dev, char *const *command,
		  const struct privs *privs, struct err *err);

#endif /* TUNCTL_HANDOVER_H */
