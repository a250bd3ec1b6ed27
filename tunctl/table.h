/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of devices for the eye: two lines of at most 80 columns for each. */
#ifndef TUNCTL_TABLE_H
#define TUNCTL_TABLE_H

#include <stdio.h>

#include "tunctl/list.h"

/**
 * table_print() - Print a list of devices
 * @list:	the devices
 * @before:	an earlier list, for rates in place of what does not change; or
 *		NULL
 * @watching:	rates are wanted, be it that there are none yet
 * @features:	what the kernel can
 * @out:	where to
 */
void table_print(const struct list *list, const struct list *before,
		 bool watching, const struct list_features *features,
		 FILE *out);

#endif /* TUNCTL_TABLE_H */
