/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP forwarding of the host (sysctl net.ipv4.ip_forward). */
#ifndef UML_NET_FORWARD_H
#define UML_NET_FORWARD_H

#include "uml_net/policy.h"
#include "uml_net/reply.h"

/**
 * forward_ip() - Switch it on if it is off and the policy allows it
 * @verdict:	what the policy says
 * @reply:	gets what was done, or why nothing was and what that means
 *
 * A guest is of use without it, so nothing here is a failure.
 */
void forward_ip(const struct policy_verdict *verdict, struct reply *reply);

#endif /* UML_NET_FORWARD_H */
