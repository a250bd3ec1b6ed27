/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Libraries that are loaded when they are first needed; see lazy.c. */
#ifndef TUNCTL_LAZY_H
#define TUNCTL_LAZY_H

/**
 * lazy_load_privs() - Load what gives up privilege, or end the program
 *
 * For who will need it when there is something to be undone.
 */
void lazy_load_privs(void);

#endif
