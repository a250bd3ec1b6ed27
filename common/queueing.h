/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queueing modes of a tun/tap device: their names, what the kernel is asked
 * for, and what the running kernel makes of each.
 *
 * Pure functions over a feature word, so that a test can show the answer of a
 * kernel that the machine does not run.
 */
#ifndef COMMON_QUEUEING_H
#define COMMON_QUEUEING_H

#include <stdint.h>

#include "err.h"

/** The modes, in the order of the documentation. */
enum queueing_mode {
	QUEUEING_DEFAULT,      /**< nothing extra */
	QUEUEING_ONE_QUEUE,    /**< IFF_ONE_QUEUE */
	QUEUEING_TWO_QUEUE,    /**< no IFF_ONE_QUEUE */
	QUEUEING_MULTI_QUEUE,  /**< IFF_MULTI_QUEUE */
	QUEUEING_BACKPRESSURE, /**< IFF_BACKPRESSURE, Linux 7.2 */
	QUEUEING_MODES
};

/** What a kernel does with a mode. */
enum queueing_support {
	QUEUEING_WORKS,	  /**< in force as asked */
	QUEUEING_IGNORED, /**< taken, but without effect */
	QUEUEING_REFUSED, /**< not offered */
};

/** queueing_name() - "one-queue", ... */
const char *queueing_name(enum queueing_mode mode);

/**
 * queueing_parse() - Name to mode
 * @text:	a name of the table
 * @mode:	set on success
 * @err:	filled on failure, with the names there are
 *
 * Return: 0, or -1 with @err set
 */
int queueing_parse(const char *text, enum queueing_mode *mode, struct err *err);

/** queueing_flags() - IFF_* bits that a mode asks the kernel for */
uint32_t queueing_flags(enum queueing_mode mode);

/** queueing_from_flags() - Mode that a device's IFF_* bits mean */
enum queueing_mode queueing_from_flags(uint32_t flags);

/**
 * queueing_support() - What a kernel does with a mode
 * @mode:	the mode
 * @features:	the kernel's TUNGETFEATURES word
 * @why:	set to one sentence: the reason and, where it does not work, the
 *		remedy; never NULL
 *
 * Return: works, ignored or refused
 */
enum queueing_support queueing_support(enum queueing_mode mode,
				       uint32_t features, const char **why);

#endif /* COMMON_QUEUEING_H */
