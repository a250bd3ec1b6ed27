// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RTM_GETQDISC, RTM_NEWQDISC and RTM_DELQDISC; see netlink_qdisc.h.
 *
 * The kernel takes a rate in bytes per second: as 32 bits in the old part of
 * the message and, where it does not fit, as 64 bits in an attribute.
 */
#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/netlink_qdisc.h"

#define BITS_PER_BYTE 8
/** Unit of the times in the kernel's answers (PSCHED_SHIFT), in ns. */
#define TICK_NS 64
#define NS_PER_S 1000000000
/** What may go at once: so many frames, or so much time. */
#define BURST_FRAMES 2
#define BURSTS_PER_S 250
/*
 * What waits in the queueing discipline is charged to the socket that sent it,
 * so a sender sleeps when its buffer (208 KiB unless it asks for more) is
 * used up: the queue must have room for one. More are let in as long as none
 * waits longer than a second; routed traffic, which nothing stops, is dropped
 * then.
 */
#define TBF_LIMIT_MIN (256 * 1024)
#define TBF_LIMIT_MAX (4 * 1024 * 1024)

/* What a reader of one message collects. */
struct qdisc_reader {
	struct netlink_qdisc qdisc;
	uint64_t rate64;
	uint64_t buffer;
};

/* A copy of a structure that an attribute holds; zeroes where it is shorter. */
static void get_struct(const struct nlattr *attr, void *out, size_t size)
{
	size_t octets = mnl_attr_get_payload_len(attr);

	memset(out, 0, size);
	memcpy(out, mnl_attr_get_payload(attr), octets < size ? octets : size);
}

/* One attribute of TCA_OPTIONS of a tbf. */
static int read_tbf(const struct nlattr *attr, void *data)
{
	struct qdisc_reader *reader = data;
	struct tc_tbf_qopt parms;

	switch (mnl_attr_get_type(attr)) {
	case TCA_TBF_PARMS:
		get_struct(attr, &parms, sizeof(parms));
		reader->qdisc.tbf.limit = parms.limit;
		reader->buffer = parms.buffer;
		if (!reader->rate64)
			reader->rate64 = parms.rate.rate;
		break;
	case TCA_TBF_RATE64:
		get_struct(attr, &reader->rate64, sizeof(reader->rate64));
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

/* One attribute of TCA_STATS2. */
static int read_stats2(const struct nlattr *attr, void *data)
{
	struct netlink_qdisc *qdisc = data;
	struct gnet_stats_queue queue;

	if (mnl_attr_get_type(attr) != TCA_STATS_QUEUE)
		return MNL_CB_OK;
	get_struct(attr, &queue, sizeof(queue));
	qdisc->backlog = queue.backlog;
	qdisc->waiting = queue.qlen;
	qdisc->dropped = queue.drops;
	return MNL_CB_OK;
}

/* One attribute of a queueing discipline; the kind comes before its options. */
static int read_attr(const struct nlattr *attr, void *data)
{
	struct qdisc_reader *reader = data;
	struct netlink_qdisc *qdisc = &reader->qdisc;

	switch (mnl_attr_get_type(attr)) {
	case TCA_KIND:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(qdisc->kind, sizeof(qdisc->kind), "%s",
				 mnl_attr_get_str(attr));
		break;
	case TCA_OPTIONS:
		if (!strcmp(qdisc->kind, "tbf"))
			mnl_attr_parse_nested(attr, read_tbf, reader);
		break;
	case TCA_STATS2:
		mnl_attr_parse_nested(attr, read_stats2, qdisc);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

/* Bytes per second and the time that the burst takes, to bits and bytes. */
static void finish_tbf(struct qdisc_reader *reader)
{
	double burst = (double)reader->rate64 * (double)reader->buffer *
		       TICK_NS / NS_PER_S;

	reader->qdisc.tbf.rate = reader->rate64 * BITS_PER_BYTE;
	reader->qdisc.tbf.burst = burst < UINT32_MAX ? (uint32_t)(burst + 0.5)
						     : UINT32_MAX;
}

/* True where the message is about the root of an interface. */
static bool read_qdisc(const struct nlmsghdr *nlh, struct qdisc_reader *reader)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);

	memset(reader, 0, sizeof(*reader));
	if (nlh->nlmsg_type != RTM_NEWQDISC ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*tcm) ||
	    tcm->tcm_parent != TC_H_ROOT)
		return false;
	reader->qdisc.index = (unsigned int)tcm->tcm_ifindex;
	reader->qdisc.by_kernel = !tcm->tcm_handle;
	mnl_attr_parse(nlh, sizeof(*tcm), read_attr, reader);
	finish_tbf(reader);
	return true;
}

struct qdisc_list {
	struct netlink_qdisc *qdiscs;
	size_t count;
	size_t room;
};

static int list_grow(struct qdisc_list *list)
{
	size_t room = list->room ? 2 * list->room : 16;
	struct netlink_qdisc *qdiscs;

	qdiscs = reallocarray(list->qdiscs, room, sizeof(*qdiscs));
	if (!qdiscs)
		return -1;
	list->qdiscs = qdiscs;
	list->room = room;
	return 0;
}

static int list_qdisc(const struct nlmsghdr *nlh, void *data)
{
	struct qdisc_list *list = data;
	struct qdisc_reader reader;

	if (!read_qdisc(nlh, &reader))
		return MNL_CB_OK;
	if (list->count == list->room && list_grow(list))
		return MNL_CB_ERROR;
	list->qdiscs[list->count++] = reader.qdisc;
	return MNL_CB_OK;
}

static int dump(struct netlink *nl, struct qdisc_list *list)
{
	struct tcmsg tcm = { .tcm_family = AF_UNSPEC };
	struct nlmsghdr *nlh;

	nlh = netlink_message(nl, RTM_GETQDISC, NLM_F_DUMP, &tcm, sizeof(tcm));
	list->count = 0;
	return netlink_talk(nl, nlh, list_qdisc, list);
}

static uint32_t tbf_limit(uint64_t rate)
{
	uint64_t limit = rate / BITS_PER_BYTE;

	if (limit < TBF_LIMIT_MIN)
		return TBF_LIMIT_MIN;
	return limit > TBF_LIMIT_MAX ? TBF_LIMIT_MAX : (uint32_t)limit;
}

void netlink_tbf_fit(struct netlink_tbf *tbf, uint64_t rate, uint32_t frame)
{
	uint64_t burst = rate / BITS_PER_BYTE / BURSTS_PER_S;

	if (burst < BURST_FRAMES * (uint64_t)frame)
		burst = BURST_FRAMES * (uint64_t)frame;
	if (burst > INT32_MAX)
		burst = INT32_MAX;
	*tbf = (struct netlink_tbf){
		.rate = rate,
		.burst = (uint32_t)burst,
		.limit = tbf_limit(rate) + (uint32_t)burst,
	};
}

int netlink_qdisc_list(struct netlink *nl, struct netlink_qdisc **qdiscs,
		       size_t *count, struct err *err)
{
	struct qdisc_list list = { 0 };
	int rc, tries = NETLINK_LIST_TRIES;

	do
		rc = dump(nl, &list);
	while (rc && errno == EINTR && --tries);
	if (rc) {
		netlink_fail(nl, err, "list queueing disciplines");
		free(list.qdiscs);
		return -1;
	}
	*qdiscs = list.qdiscs;
	*count = list.count;
	return 0;
}

int netlink_qdisc_root(struct netlink *nl, unsigned int index,
		       struct netlink_qdisc *qdisc, struct err *err)
{
	struct netlink_qdisc *list;
	size_t count, i;

	if (netlink_qdisc_list(nl, &list, &count, err))
		return -1;
	*qdisc = (struct netlink_qdisc){ .index = index, .by_kernel = true };
	for (i = 0; i < count; i++) {
		if (list[i].index == index)
			*qdisc = list[i];
	}
	free(list);
	return 0;
}

/* The root queueing discipline of one interface. */
static struct nlmsghdr *root_message(struct netlink *nl, uint16_t type,
				     uint16_t flags, unsigned int index)
{
	struct tcmsg tcm = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = (int)index,
		.tcm_parent = TC_H_ROOT,
	};

	return netlink_message(nl, type, NLM_F_ACK | flags, &tcm, sizeof(tcm));
}

/* Its name for an error, or its number; errno is kept. */
static const char *label(unsigned int index, char out[IFNAMSIZ])
{
	int saved = errno;

	if (!if_indextoname(index, out))
		snprintf(out, IFNAMSIZ, "%u", index);
	errno = saved;
	return out;
}

static void put_tbf(struct nlmsghdr *nlh, const struct netlink_tbf *tbf)
{
	uint64_t rate = tbf->rate / BITS_PER_BYTE;
	struct tc_tbf_qopt parms = {
		.rate = {
			.linklayer = TC_LINKLAYER_ETHERNET,
			.rate = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate,
		},
		.limit = tbf->limit,
	};
	struct nlattr *nest;

	mnl_attr_put_strz(nlh, TCA_KIND, "tbf");
	nest = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	mnl_attr_put(nlh, TCA_TBF_PARMS, sizeof(parms), &parms);
	mnl_attr_put_u32(nlh, TCA_TBF_BURST, tbf->burst);
	if (rate > UINT32_MAX)
		mnl_attr_put_u64(nlh, TCA_TBF_RATE64, rate);
	mnl_attr_nest_end(nlh, nest);
}

int netlink_qdisc_set_tbf(struct netlink *nl, unsigned int index,
			  const struct netlink_tbf *tbf, struct err *err)
{
	struct nlmsghdr *nlh;
	char name[IFNAMSIZ];

	nlh = root_message(nl, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE,
			   index);
	put_tbf(nlh, tbf);
	if (!netlink_talk(nl, nlh, NULL, NULL))
		return 0;
	netlink_fail(nl, err, "limit the rate of interface '%s'",
		     label(index, name));
	if (errno == ENOENT)
		err_hint(err, "load it with 'modprobe sch_tbf'");
	return -1;
}

int netlink_qdisc_reset(struct netlink *nl, unsigned int index, struct err *err)
{
	char name[IFNAMSIZ];

	if (netlink_talk(nl, root_message(nl, RTM_DELQDISC, 0, index), NULL,
			 NULL))
		return netlink_fail(nl, err,
				    "reset the queueing discipline of "
				    "interface '%s'",
				    label(index, name));
	return 0;
}
