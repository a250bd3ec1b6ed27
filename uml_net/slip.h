/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The slip transport: IP packets over a serial line, one end of a pseudo
 * terminal whose other end the guest has (SLIP, RFC 1055). The kernel makes
 * an interface of the line, which lives as long as the line is open.
 */
#ifndef UML_NET_SLIP_H
#define UML_NET_SLIP_H

#include <net/if.h>
#include <stdbool.h>

#include "common/err.h"
#include "uml_net/session.h"

/**
 * struct slip_line - What a serial line can do; another one for tests
 * @attached:	whether it is an interface already
 * @attach:	make an interface of it: discipline N_SLIP, encapsulation 0
 *		(neither compressed nor adaptive); returns 0, or -1 with errno
 * @detach:	make it a terminal again, which ends the interface
 * @name:	the interface of a line; returns 0, or -1 with errno
 */
struct slip_line {
	bool (*attached)(int fd);
	int (*attach)(int fd);
	void (*detach)(int fd);
	int (*name)(int fd, char name[IFNAMSIZ]);
};

/** slip_line - What the kernel's serial lines can do */
extern const struct slip_line slip_line;

/**
 * slip_up() - Make an interface of a line, with the gateway's address
 * @s:		the session
 * @line:	how its line is handled
 * @err:	filled on failure, after which the line is what it was before
 *
 * One that is an interface already is refused: another program may have made
 * it, and whoever can open the line would take the interface over.
 *
 * Return: 0, or -1 with @err set
 */
int slip_up(struct session *s, const struct slip_line *line, struct err *err);

/**
 * slip_down() - Take the interface of a line down, if it is the caller's
 *
 * The line says which it is, and not the caller.
 *
 * Return: 0, or -1 with @err set
 */
int slip_down(struct session *s, const struct slip_line *line, struct err *err);

#endif /* UML_NET_SLIP_H */
