/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What uml_net tells of its policy by hand: --check-config and --explain.
 * Nothing is changed by either, and neither needs privilege: give it all up
 * (privs_drop_all()) before.
 */
#ifndef UML_NET_CHECK_H
#define UML_NET_CHECK_H

#include <stdio.h>
#include <sys/types.h>

#include "common/err.h"

/**
 * check_config() - Tell whether a policy file is good
 * @path:	the file, or NULL for POLICY_FILE
 * @out:	gets "FILE: N rules, no errors"
 * @log:	gets every error and every warning, one a line
 *
 * Return: exit status: 0, or 1 where uml_net would refuse the file
 */
int check_config(const char *path, FILE *out, FILE *log);

/**
 * typedef check_taps - Counts the taps that uml_net made for a user
 * @uid:	the user
 * @taps:	how many live now
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
typedef int (*check_taps)(uid_t uid, unsigned int *taps, struct err *err);

/**
 * check_explain() - Tell what the policy would say to a request, and why
 * @words:	USER and a request as request_parse() takes it, ends with NULL;
 *		its version, and the "tuntap" of "tuntap up", can be left out
 * @taps:	asks the host how many taps the user holds; NULL: not known
 * @out:	gets the explanation
 * @err:	filled where there is none: wrong words, a policy with errors, a
 *		user who asks about another one
 *
 * The caller is getuid(2): root asks about any user, others about themselves.
 *
 * Return: exit status: 0 allowed, 1 refused or @err set
 */
int check_explain(char *const words[], check_taps taps, FILE *out,
		  struct err *err);

#endif /* UML_NET_CHECK_H */
