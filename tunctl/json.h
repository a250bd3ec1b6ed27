/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of devices as JSON; tunctl(8) describes the members. */
#ifndef TUNCTL_JSON_H
#define TUNCTL_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include "tunctl/list.h"

/**
 * json_print() - Print a list of devices as one JSON array
 * @list:	the devices
 * @before:	an earlier list, for rates; or NULL
 * @watching:	one line, with the member "rates"
 * @features:	what the kernel can
 * @out:	where to
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int json_print(const struct list *list, const struct list *before,
	       bool watching, const struct list_features *features, FILE *out,
	       struct err *err);

#endif /* TUNCTL_JSON_H */
