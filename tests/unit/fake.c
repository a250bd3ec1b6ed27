// SPDX-License-Identifier: GPL-2.0-or-later
/* Ports that a test holds both ends of; see fake.h. */
#include "tests/unit/fake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

/** Turns after which a loop is thought to spin. */
#define SETTLE_TURNS 100000

struct fake_port {
	struct port port;
	struct fake *fake;
};

/* The test itself cannot go on. */
__attribute__((noreturn)) static void give_up(const char *why)
{
	printf("Bail out! %s: %s\n", why, strerror(errno));
	fflush(stdout);
	abort();
}

static struct fake *fake_of(struct port *port)
{
	return container_of(port, struct fake_port, port)->fake;
}

/* --- frames -------------------------------------------------------------- */

static void list_add(struct fake_list *list, const uint8_t *head, uint32_t len)
{
	struct fake_frame *frame;

	if (list->len == list->room) {
		list->room = list->room ? 2 * list->room : 64;
		list->at = realloc(list->at, list->room * sizeof(*list->at));
		if (!list->at)
			give_up("frames");
	}
	frame = &list->at[list->len++];
	memcpy(frame->head, head, FAKE_HEAD);
	frame->len = len;
}

static void store32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

static uint32_t load32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static void put_station(uint8_t mac[6], uint32_t station)
{
	if (station == FAKE_ALL) {
		memset(mac, 0xff, 6);
		return;
	}
	store32(mac + 2, station);
	mac[0] = 2;
	mac[1] = mac[2] = 0;
}

void fake_head(uint8_t head[FAKE_HEAD], uint32_t from, uint32_t to,
	       uint32_t number)
{
	put_station(head, to);
	put_station(head + 6, from);
	/* EtherType for local experiments (IEEE 802, 9.2.3). */
	head[12] = 0x88;
	head[13] = 0xb5;
	store32(head + 14, number);
}

uint32_t fake_number(const struct fake_frame *frame)
{
	return load32(frame->head + 14);
}

uint32_t fake_from(const struct fake_frame *frame)
{
	return load32(frame->head + 8);
}

/* --- the descriptor ------------------------------------------------------ */

/* Not writable any more: fill the socket's buffer. */
static void stuff(struct fake *fake)
{
	static const char filler[4096];

	if (fake->stuffed)
		return;
	while (send(fake->fd, filler, sizeof(filler),
		    MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
	fake->stuffed = true;
}

static void unstuff(struct fake *fake)
{
	char nowhere[16384];

	while (recv(fake->peer, nowhere, sizeof(nowhere), MSG_DONTWAIT) > 0)
		;
	fake->stuffed = false;
}

void fake_room(struct fake *fake, uint32_t room)
{
	fake->room = room;
	if (room && fake->stuffed)
		unstuff(fake);
}

void fake_hang_up(struct fake *fake)
{
	if (fake->peer >= 0)
		close(fake->peer);
	fake->peer = -1;
}

/* Readable as long as there is something to read: one octet lies there. */
void fake_put_raw(struct fake *fake, const uint8_t head[FAKE_HEAD],
		  uint32_t len)
{
	if (fake->in_done == fake->in.len &&
	    send(fake->peer, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
		give_up("send");
	list_add(&fake->in, head, len);
}

void fake_put(struct fake *fake, uint32_t from, uint32_t to, uint32_t number)
{
	uint8_t head[FAKE_HEAD];

	fake_head(head, from, to, number);
	fake_put_raw(fake, head, FAKE_LEN);
}

/* --- the back end -------------------------------------------------------- */

static struct frame *read_one(struct fake *fake, struct frame_pool *pool)
{
	const struct fake_frame *next = &fake->in.at[fake->in_done++];
	struct frame *frame = frame_get(pool);

	if (!frame)
		give_up("frame_get");
	memcpy(frame->data, next->head, FAKE_HEAD);
	frame_filled(pool, frame, next->len);
	return frame;
}

static void fake_ready(struct port *port, uint32_t ready)
{
	struct fake *fake = fake_of(port);
	struct frame *frames[FRAME_BURST];
	unsigned int n = 0;
	char octet;

	fake->readies++;
	fake->intruded += port->held || port->kept_len;
	while (n < FRAME_BURST && fake->in_done < fake->in.len)
		frames[n++] = read_one(fake, &port->worker->pool);
	if (n && fake->in_done == fake->in.len &&
	    recv(fake->fd, &octet, 1, MSG_DONTWAIT) != 1)
		give_up("recv");
	if (n)
		port_rx(port, frames, n);
	else if (ready & (EPOLLHUP | EPOLLRDHUP | EPOLLERR))
		port_close(port);
}

/* Behind frames that went out an error is met again by the next send. */
static int fail(struct fake *fake, unsigned int sent)
{
	errno = fake->fail;
	if (sent)
		return (int)sent;
	fake->fail = 0;
	return -1;
}

static int fake_send(struct port *port, struct frame *const frames[],
		     unsigned int n)
{
	struct fake *fake = fake_of(port);
	unsigned int i;

	fake->sends++;
	if (fake->on_send)
		fake->on_send(fake);
	if (fake->peer < 0) {
		errno = EPIPE;
		return -1;
	}
	for (i = 0; i < n && i < fake->chunk && fake->room; i++) {
		if (fake->fail && !fake->fail_after)
			return fail(fake, i);
		fake->fail_after -= fake->fail != 0;
		list_add(&fake->sent, frames[i]->data, frames[i]->len);
		if (fake->room != FAKE_ENDLESS)
			fake->room--;
	}
	if (!fake->room && i < n)
		stuff(fake);
	errno = EAGAIN;
	return (int)i;
}

/* EPIPE breaks the port, anything else costs a frame (@fail_as). */
static int fake_send_error(int errnum)
{
	return errnum == EPIPE ? PORT_BROKEN : DROP_SEND_ERROR;
}

static int fake_send_down(int errnum)
{
	return errnum == EPIPE ? PORT_BROKEN : DROP_LINK_DOWN;
}

static void fake_close(struct port *port)
{
	struct fake *fake = fake_of(port);

	close(fake->fd);
	fake->port = NULL;
	fake->fd = -1;
	fake->closes++;
}

void fake_init(struct fake *fake)
{
	*fake = (struct fake){
		.ops = {
			.type = "fake",
			.hold_ms = HOLD_FOREVER,
			.ready = fake_ready,
			.send = fake_send,
			.send_error = fake_send_error,
			.close = fake_close,
		},
		.fd = -1,
		.peer = -1,
		.room = FAKE_ENDLESS,
		.chunk = FAKE_ENDLESS,
		.fail_as = DROP_SEND_ERROR,
	};
}

static void make_descriptors(struct fake *fake)
{
	int ends[2], small = 1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       ends) < 0)
		give_up("socketpair");
	/* The kernel makes of it the least that it has. */
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	fake->fd = ends[0];
	fake->peer = ends[1];
}

int fake_open(struct fake *fake, struct sw *sw, const char *name,
	      unsigned int queue, enum port_policy policy, struct err *err)
{
	struct port_conf conf = { .queue = queue, .policy = policy };
	struct fake_port *fp = calloc(1, sizeof(*fp));

	if (!fp)
		give_up("calloc");
	fp->fake = fake;
	if (fake->fail_as == DROP_LINK_DOWN)
		fake->ops.send_error = fake_send_down;
	make_descriptors(fake);
	if (port_open(&fp->port, sw, &fake->ops, &conf, name, fake->fd, err) ==
	    0) {
		fake->port = &fp->port;
		return 0;
	}
	free(fp);
	close(fake->fd);
	close(fake->peer);
	fake->fd = fake->peer = -1;
	return -1;
}

void fake_plug(struct fake *fake, struct sw *sw, const char *name,
	       unsigned int queue, enum port_policy policy)
{
	struct err err;

	fake_init(fake);
	if (fake_open(fake, sw, name, queue, policy, &err) < 0)
		give_up(err.text);
}

int fake_parse_rules(struct rules *rules, const char *keys, struct err *err)
{
	char text[512], *next = text, *key, *value;

	*rules = (struct rules){ 0 };
	snprintf(text, sizeof(text), "%s", keys);
	while (next && *next) {
		key = strsep(&next, ",");
		value = strchr(key, '=');
		if (value)
			*value++ = '\0';
		if (rules_set(rules, key, value, err) < 0)
			return -1;
	}
	return rules_check(rules, err);
}

void fake_rules(struct fake *fake, const char *keys)
{
	struct rules rules;
	struct err err;

	if (fake_parse_rules(&rules, keys, &err) < 0 ||
	    rules_apply(fake->port, &rules, &err) < 0)
		give_up(err.text);
}

void fake_fini(struct fake *fake)
{
	fake_hang_up(fake);
	free(fake->in.at);
	free(fake->sent.at);
	fake->in = fake->sent = (struct fake_list){ 0 };
}

/* --- what a test asks ---------------------------------------------------- */

void fake_read(struct fake *fake)
{
	fake_ready(fake->port, EPOLLIN);
}

uint64_t fake_dropped(const struct fake *fake)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < PORT_DROPS; i++)
		sum += fake->port->stats.drops[i];
	return sum;
}

bool fake_unfinished(const struct fake *fake)
{
	const struct port *p = fake->port;

	if (!p)
		return false;
	if (!p->held && (p->kept_len || fake->in_done < fake->in.len))
		return true;
	return (p->queue.len && fake->room) || p->dying;
}

bool fake_in_order(const struct fake *fake, uint32_t first, size_t count)
{
	size_t i;

	if (fake->sent.len != count)
		return false;
	for (i = 0; i < count; i++)
		if (fake_number(&fake->sent.at[i]) != first + i)
			return false;
	return true;
}

static bool scheduled(const struct port *p)
{
	return !list_empty(&p->turn.node);
}

static bool watched(const struct port *p)
{
	uint32_t in = port_may_read(p) ? EPOLLIN | EPOLLRDHUP : 0;
	uint32_t out = p->stalled ? EPOLLOUT : 0;

	if (p->in.fd >= 0 ? p->in.interest != in : p->in.interest)
		return false;
	if (p->no_link || p->io.fd < 0)
		return !p->io.interest;
	if (p->in.fd < 0)
		out = in || out ? in | out : EPOLLET;
	return p->io.interest == out;
}

static uint32_t longest_queue(const struct port *p)
{
	/* A burst that found a port with policy=block without a limit. */
	if (p->policy == POLICY_BLOCK && p->queue.limit < FRAME_BURST)
		return FRAME_BURST;
	return p->queue.limit;
}

/* The port on whose list of waiters @p is. */
static const struct port *waits_for(const struct sw *sw, const struct port *p)
{
	struct list *at, *waiter;

	list_for_each(at, &sw->ports) {
		const struct port *q = container_of(at, struct port, node);

		list_for_each(waiter, &q->waiters)
			if (waiter == &p->wait)
				return q;
	}
	return NULL;
}

static const char *check_hold(const struct sw *sw, const struct port *p)
{
	const struct port *full = waits_for(sw, p);

	if (full != p->waits_for)
		return "on another list of waiters than it knows";
	if ((p->held || p->impatient) != !!full)
		return "who is held waits for a port, and nobody else does";
	if (p->held && p->impatient)
		return "held, although it was held for long enough";
	if (p->held &&
	    (p->ops->hold_ms != HOLD_FOREVER ||
	     (full && full->policy == POLICY_DROP)) &&
	    !timer_armed(&p->hold_timer))
		return "held without an end";
	if (!p->held && timer_armed(&p->hold_timer))
		return "a hold ends that is none";
	if (p->held && !p->kept_len)
		return "held, and nothing was kept back";
	if (full && full->dying)
		return NULL;
	if (full && !full->stalled && !full->impair)
		return "waits for a port that takes frames";
	if (full && full->queue.len <= full->queue.limit / 2)
		return "waits for a port that has room";
	return NULL;
}

static const char *check_port(const struct sw *sw, const struct port *p)
{
	if (!list_empty(&p->touched))
		return "not flushed";
	if (p->queue.len > longest_queue(p))
		return "more frames in the queue than may wait";
	if (p->dying)
		return scheduled(p) ? NULL : "dying, and not to be destroyed";
	if ((p->queue.len || !stage_empty(&p->stage)) && !p->stalled &&
	    !(p->impair && timer_armed(&p->impair->timer)))
		return "frames wait in a port that takes them";
	if (p->stalled && !p->queue.len && !p->unsent && stage_empty(&p->stage))
		return "stalled without a frame to send";
	if (p->given_up &&
	    (p->policy != POLICY_DROP || !(p->stalled || p->impair) ||
	     !list_empty(&p->waiters)))
		return "given up, and waited for";
	if (p->kept_len && !p->held && !scheduled(p))
		return "kept frames are not resumed";
	if (p->no_link && (p->queue.len || p->stalled || p->unsent))
		return "frames wait in a port without a link";
	if (p->unread && port_may_read(p) && !scheduled(p))
		return "what was read is not taken up";
	if (!watched(p) && !scheduled(p))
		return "not watched for what is to come";
	return check_hold(sw, p);
}

static int by_address(const void *a, const void *b)
{
	const struct frame *const *x = a, *const *y = b;

	return *x < *y ? -1 : *x > *y;
}

static size_t held_frames(const struct sw *sw, const struct frame **out)
{
	struct list *at;
	size_t n = 0;
	uint32_t i;

	list_for_each(at, &sw->ports) {
		const struct port *p = container_of(at, struct port, node);
		const struct port_queue *q = &p->queue;

		for (i = 0; i < q->len; i++, n++)
			if (out)
				out[n] = q->ring[(q->head + i) & q->mask];
		for (i = 0; i < p->kept_len; i++, n++)
			if (out)
				out[n] = p->kept[i];
		for (i = p->stage.at; i < p->stage.end; i++, n++)
			if (out)
				out[n] = p->stage.frames[i];
		if (p->stage.whole && ++n && out)
			out[n - 1] = p->stage.whole;
	}
	return n;
}

static const char *check_references(const struct frame *const frames[],
				    size_t n, size_t used)
{
	size_t i, same, distinct = 0;

	for (i = 0; i < n; i += same, distinct++) {
		for (same = 1; i + same < n && frames[i + same] == frames[i];)
			same++;
		if (frames[i]->refs != same)
			return "references of a frame are miscounted";
		if (frames[i]->borrowed)
			return "a frame waits that is not complete";
	}
	return distinct == used ? NULL : "the pool counts other frames as used";
}

static const char *check_frames(const struct sw *sw)
{
	size_t n = held_frames(sw, NULL);
	const struct frame **frames = calloc(n + 1, sizeof(*frames));
	const char *wrong;

	if (!frames)
		give_up("calloc");
	held_frames(sw, frames);
	qsort(frames, n, sizeof(*frames), by_address);
	wrong = check_references(frames, n, sw->workers->pool.used);
	free(frames);
	return wrong;
}

const char *fake_check(const struct sw *sw)
{
	const char *wrong = NULL;
	unsigned int count = 0, blocking = 0, ruled = 0;
	struct list *at;

	if (!list_empty(&sw->workers->touched))
		return "ports are left to be flushed";
	list_for_each(at, &sw->ports) {
		const struct port *p = container_of(at, struct port, node);

		wrong = check_port(sw, p);
		if (wrong)
			return wrong;
		count++;
		blocking += p->policy == POLICY_BLOCK;
		ruled += !!p->rules;
	}
	if (count != sw->port_count || blocking != sw->blocking ||
	    ruled != sw->ruled)
		return "ports are miscounted";
	return check_frames(sw);
}

/* --- the world ----------------------------------------------------------- */

void fake_world_init(struct fake_world *world, const struct sw_conf *conf)
{
	struct sw_conf defaults = SW_CONF_DEFAULT;
	struct err err;

	if (loop_init(&world->loop, &err) < 0 ||
	    sw_init(&world->sw, &world->loop, conf ? conf : &defaults, &err) <
		    0)
		give_up(err.text);
}

void fake_world_fini(struct fake_world *world)
{
	sw_fini(&world->sw);
	loop_fini(&world->loop);
}

int fake_settle(struct loop *loop)
{
	int turns, events;
	bool idle;

	for (turns = 0; turns < SETTLE_TURNS; turns++) {
		/* Work may make a descriptor be watched that is ready. */
		idle = list_empty(&loop->work);
		events = loop_turn(loop, 0);
		if (events < 0)
			give_up("loop_turn");
		if (!events && idle && list_empty(&loop->work))
			return turns;
	}
	return -1;
}

uint64_t fake_clock_ms(void)
{
	return clock_ns() / 1000000;
}
