// SPDX-License-Identifier: GPL-2.0-or-later
/* What back ends that make one port have in common, see backend.h. */
#include "backend.h"

#include <stdio.h>

int backend_plug(const struct port_spec *spec, struct port *port, struct sw *sw,
		 const struct port_ops *ops, int fd, struct err *err)
{
	char name[PORT_NAME_LEN];
	long number = 0;

	if (!port->address[0])
		snprintf(port->address, sizeof(port->address), "%s",
			 spec->address);
	if (!spec->name[0])
		number = sw_free_number(sw, spec->backend->type, 0);
	if (number < 0)
		return err_errno(err, "cannot name a port");
	snprintf(name, sizeof(name), "%s%ld", spec->backend->type, number);
	return port_open(port, sw, ops, &spec->conf,
			 spec->name[0] ? spec->name : name, fd, err);
}
