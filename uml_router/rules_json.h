/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of a port as JSON, for `port show`. */
#ifndef UML_ROUTER_RULES_JSON_H
#define UML_ROUTER_RULES_JSON_H

#include <jansson.h>

#include "rules.h"

/**
 * rules_json() - All rules, those that were not asked for too
 * @r:	the rules
 *
 * Return: a new object, or NULL without memory
 */
json_t *rules_json(const struct rules *r);

#endif /* UML_ROUTER_RULES_JSON_H */
