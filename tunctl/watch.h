/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -l: the list once, or again and again. */
#ifndef TUNCTL_WATCH_H
#define TUNCTL_WATCH_H

#include "common/err.h"
#include "tunctl/options.h"

/**
 * watch() - Print the list that the command line asks for
 * @opts:	action OPTIONS_LIST
 * @err:	filled on failure
 *
 * With --watch it ends by a signal, or when nobody reads any more.
 *
 * Return: 0, or -1 with @err set
 */
int watch(const struct options *opts, struct err *err);

#endif /* TUNCTL_WATCH_H */
