/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The management socket.
 *
 * A client sends a request, one JSON object on one line:
 *
 *	{"object": "port", "verb": "show", "args": ["tap0"]}
 *
 * and gets one JSON value a line: the results, each {"result": ...}, and at
 * the end {"end": true} or {"error": {"code": ..., "message": ...}}. Then it
 * may send another request.
 */
#ifndef UML_ROUTER_CONTROL_H
#define UML_ROUTER_CONTROL_H

#include "common/err.h"
#include "common/unixsock.h"
#include "switch.h"

/**
 * control_open() - Listen for management clients
 * @sw:		the switch; closes the socket in sw_fini()
 * @path:	socket
 * @perm:	its mode and group
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set
 */
int control_open(struct sw *sw, const char *path, struct unixsock_perm perm,
		 struct err *err);

#endif /* UML_ROUTER_CONTROL_H */
