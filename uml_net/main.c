// SPDX-License-Identifier: GPL-2.0-or-later
/* uml_net: the order in which things are done, and nothing else. */
#include "uml_net/policy.h"

int main(void)
{
	return 1;
}
