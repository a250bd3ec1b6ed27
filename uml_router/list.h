/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intrusive doubly linked list, its head a node like the others. A node that
 * is in no list points to itself, so that it can be removed twice.
 */
#ifndef UML_ROUTER_LIST_H
#define UML_ROUTER_LIST_H

#include <stdbool.h>
#include <stddef.h>

/** The object of type @type whose member @member is at @ptr. */
#define container_of(ptr, type, member)                                        \
	((type *)((char *)(ptr)-offsetof(type, member)))

/** struct list - A node, or the head of a list */
struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *node)
{
	node->next = node->prev = node;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

/** list_insert() - Put @node, which is in no list, in front of @pos */
static inline void list_insert(struct list *pos, struct list *node)
{
	node->prev = pos->prev;
	node->next = pos;
	pos->prev->next = node;
	pos->prev = node;
}

/** list_append() - Put @node, which is in no list, at the end of @head */
static inline void list_append(struct list *head, struct list *node)
{
	list_insert(head, node);
}

static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/** list_take_all() - Move the nodes of @from to the empty list @to */
static inline void list_take_all(struct list *from, struct list *to)
{
	list_init(to);
	if (list_empty(from))
		return;
	to->next = from->next;
	to->prev = from->prev;
	to->next->prev = to->prev->next = to;
	list_init(from);
}

/** list_for_each() - Visit the nodes; @pos itself must stay in the list */
#define list_for_each(pos, head)                                               \
	for ((pos) = (head)->next; (pos) != (head); (pos) = (pos)->next)

/** list_for_each_safe() - Visit the nodes; @pos may be removed */
#define list_for_each_safe(pos, after, head)                                   \
	for ((pos) = (head)->next, (after) = (pos)->next; (pos) != (head);     \
	     (pos) = (after), (after) = (pos)->next)

#endif /* UML_ROUTER_LIST_H */
