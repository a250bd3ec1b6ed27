/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of tunctl, in the words of its ancestor where it had some. */
#ifndef TUNCTL_WORDS_H
#define TUNCTL_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"
#include "tunctl/device.h"

/** words_created() - "Set 'tap0' persistent and owned by uid 0", or the name */
void words_created(const struct device *dev, const struct options *opts,
		   FILE *out);

/** words_deleted() - "Set 'tap0' nonpersistent" */
void words_deleted(const char *name, FILE *out);

/**
 * words_error() - An error, and in a line of its own what can be done about it
 *
 * The first line is what the ancestor would have said, so that scripts which
 * look for it find it.
 */
void words_error(const struct err *err, FILE *out);

/** words_queueing() - What a kernel with these features does with each mode */
void words_queueing(uint32_t features, FILE *out);

#endif /* TUNCTL_WORDS_H */
