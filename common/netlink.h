/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtnetlink (rtnetlink(7)) through libmnl: the handle and one transaction.
 *
 * What is asked of the kernel lies in one file per kind of object:
 * netlink_link.h (interfaces), netlink_addr.h (addresses). Such a file
 * builds a message with netlink_message() and the mnl_attr_put_*() calls,
 * sends it with netlink_talk(), and tells a failure with netlink_fail(),
 * which adds the kernel's own words.
 *
 * A handle serves the network namespace that it was opened in, and one
 * transaction at a time.
 */
#ifndef COMMON_NETLINK_H
#define COMMON_NETLINK_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/** How often a list is read anew that changed while it was read. */
#define NETLINK_LIST_TRIES 20

/** A socket to rtnetlink with its buffers; opaque. */
struct netlink;

/**
 * netlink_open() - Handle for this network namespace
 * @err:	filled on failure
 *
 * Return: handle for netlink_close(), or NULL with @err set
 */
struct netlink *netlink_open(struct err *err);

/** netlink_close() - Close and free; NULL is allowed, errno is kept */
void netlink_close(struct netlink *nl);

/**
 * netlink_message() - Begin a message in the handle's own buffer
 * @nl:		handle
 * @type:	RTM_*
 * @flags:	NLM_F_* besides NLM_F_REQUEST: NLM_F_ACK for one answer or none,
 *		NLM_F_DUMP for a list; for what makes or replaces an object
 *		also NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE
 * @header:	family header that follows, such as a struct ifinfomsg
 * @len:	its size
 *
 * Return: the message, for mnl_attr_put_*() (it has room for at least 4 KiB)
 *	   and netlink_talk(); valid until the next call
 */
struct nlmsghdr *netlink_message(struct netlink *nl, uint16_t type,
				 uint16_t flags, const void *header,
				 size_t len);

/**
 * netlink_talk() - Send a message and read the answer to its end
 * @nl:		handle
 * @nlh:	from netlink_message(), with NLM_F_ACK or NLM_F_DUMP
 * @cb:		called for each message of the answer; MNL_CB_ERROR makes the
 *		call fail with the callback's errno; NULL where none matters
 * @data:	for @cb
 *
 * The answer is read to its end even if @cb fails. A list that changed while
 * it was read fails with EINTR: ask again.
 *
 * Return: 0, or -1 with errno set (the kernel's, or of the socket)
 */
int netlink_talk(struct netlink *nl, struct nlmsghdr *nlh, mnl_cb_t cb,
		 void *data);

/**
 * struct netlink_rows - What a list tells, one row after the other
 * @rows:	array, to be freed; NULL where there is none
 * @size:	octets of a row
 * @count:	how many rows there are
 * @room:	how many @rows has room for
 */
struct netlink_rows {
	void *rows;
	size_t size;
	size_t count;
	size_t room;
};

/**
 * netlink_rows_add() - Append a row, from a callback of netlink_dump()
 *
 * Return: MNL_CB_OK, or MNL_CB_ERROR with errno set
 */
int netlink_rows_add(struct netlink_rows *rows, const void *row);

/**
 * netlink_dump() - Ask for a list; again if it changes while it is read
 * @nl:		handle
 * @nlh:	from netlink_message(), with NLM_F_DUMP
 * @cb:		called for each message, with @rows
 * @rows:	its @size is set; on failure nothing is left to be freed
 *
 * Return: 0, or -1 with errno set
 */
int netlink_dump(struct netlink *nl, struct nlmsghdr *nlh, mnl_cb_t cb,
		 struct netlink_rows *rows);

/**
 * netlink_fail() - Tell a failed netlink_talk()
 * @nl:		handle
 * @err:	gets the step, the text of errno, and the kernel's explanation
 *		(extended acknowledgement) where it gave one
 * @fmt:	printf format: the step and the object
 *
 * Return: -1 always, errno as it was
 */
int netlink_fail(const struct netlink *nl, struct err *err, const char *fmt,
		 ...) __attribute__((format(printf, 3, 4)));

#endif /* COMMON_NETLINK_H */
