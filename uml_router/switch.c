// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The forwarding decision, a short function per step: check, admit (the rules
 * of the port that it came in by; its VLAN), learn, look up, send to one port
 * or to all others that the rules let it go to, each with or without a tag.
 *
 * The switch is a wire for what it does not understand: reserved group
 * addresses (01:80:c2:00:00:0x), any EtherType and, on ports without VLAN
 * keys, VLAN tags pass as they are.
 */
#include "switch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "capture.h"
#include "fit.h"
#include "listener.h"

/** Kept out of line, lest it cost the most frequent frames registers. */
#define RARE __attribute__((noinline))

/** Milliseconds from the last jumbo frame to the return of its memory. */
#define TRIM_MS 10000

static const uint8_t *destination(const struct frame *frame)
{
	return frame->data;
}

static const uint8_t *source(const struct frame *frame)
{
	return frame->data + 6;
}

/* Individual/group bit: IEEE 802.3, 3.2.3. */
static bool is_group(const uint8_t *mac)
{
	return mac[0] & 1;
}

static bool is_zero(const uint8_t *mac)
{
	static const uint8_t zero[6];

	return memcmp(mac, zero, sizeof(zero)) == 0;
}

/* Both timers are armed only while there is something for them to do. */
static void arm_once(struct worker *w, struct timer *timer, uint64_t delay_ms)
{
	if (!timer_armed(timer))
		loop_arm(w->loop, timer, delay_ms);
}

/* A hub looks at sources only where a port has rules, which may be of them. */
static bool learns(const struct sw *sw)
{
	return !sw->conf.hub || sw->ruled;
}

static bool check(const struct sw *sw, struct port *in,
		  const struct frame *frame)
{
	enum port_drop why;

	if (frame->len < FRAME_MIN)
		why = DROP_RUNT;
	else if (frame->len > FRAME_MAX)
		why = DROP_TOO_LONG;
	else if (learns(sw) &&
		 (is_group(source(frame)) || is_zero(source(frame))))
		why = DROP_BAD_SOURCE;
	else
		return true;
	port_drop(in, why);
	return false;
}

static void tell_learned(struct sw *sw, enum fdb_learned learned, uint16_t vlan,
			 const uint8_t mac[6], const struct port *in)
{
	if (learned == FDB_NEW)
		monitor_address(sw, "learned", vlan, mac, in);
	if (learned == FDB_MOVED)
		monitor_address(sw, "moved", vlan, mac, in);
}

/* The forwarding database has dropped an address. */
static void on_gone(void *data, const struct fdb_record *record, bool aged)
{
	struct sw *sw = data;

	if (monitored(&sw->monitors))
		monitor_address(
			sw, aged ? "aged" : "evicted", record->vlan,
			record->mac,
			container_of(record->owner, struct port, addresses));
}

/* The VLAN of a frame, 0 where tags are not looked at; -1: the rules of the
 * port do not let it in. */
RARE static int admit(struct port *in, const struct frame *frame)
{
	static const enum port_drop reasons[] = {
		[VLAN_BAD_TAG] = DROP_BAD_TAG,
		[VLAN_UNTAGGED] = DROP_UNTAGGED,
		[VLAN_NOT_MEMBER] = DROP_NOT_IN_VLAN,
	};
	const struct rules *rules = in->rules ? &in->rules->conf : NULL;
	enum vlan_verdict verdict;
	uint16_t vid;

	if (rules && rules->down) {
		port_drop(in, DROP_ADMIN_DOWN);
		return -1;
	}
	if (!rules || !rules->vlan.untagged)
		return 0;
	verdict = vlan_classify(&rules->vlan, frame, &vid);
	if (verdict == VLAN_GOOD)
		return vid;
	port_drop(in, reasons[verdict]);
	return -1;
}

/* false: the source is none that the port may have. */
static bool learn(struct sw *sw, struct port *in, const struct frame *frame,
		  uint16_t vid)
{
	enum fdb_learned learned = fdb_learn(sw->fdb, vid, source(frame),
					     &in->addresses,
					     worker_seconds(in->worker));

	if (learned == FDB_KNOWN)
		return true;
	if (learned == FDB_NEW)
		arm_once(in->worker, &in->worker->ageing,
			 (uint64_t)sw->conf.ageing * 1000);
	if (learned == FDB_NEW || learned == FDB_MOVED) {
		if (monitored(&sw->monitors))
			tell_learned(sw, learned, vid, source(frame), in);
		return true;
	}
	port_drop(in, learned == FDB_LIMIT && in->addresses.limit
			      ? DROP_MAXMAC
			      : DROP_SPOOFED);
	return false;
}

/* The only port that is to get the frame; NULL: all others. */
static struct port *look_up(const struct sw *sw, const struct frame *frame,
			    uint16_t vid)
{
	struct fdb_owner *owner;

	if (sw->conf.hub || is_group(destination(frame)))
		return NULL;
	owner = fdb_lookup(sw->fdb, vid, destination(frame));
	return owner ? container_of(owner, struct port, addresses) : NULL;
}

static bool in_vlan(const struct port *port, uint16_t vid)
{
	return port->rules ? vlan_member(&port->rules->conf.vlan, vid) : !vid;
}

static bool is_isolated(const struct port *port)
{
	return port->rules && port->rules->conf.isolated;
}

/* Why a frame of this VLAN may not go from port to port; PORT_DROPS: it may. */
static enum port_drop look_for_bar(const struct port *in,
				   const struct port *out, uint16_t vid)
{
	if (out == in)
		return DROP_SAME_PORT;
	if (!in_vlan(out, vid))
		return DROP_NOT_IN_VLAN;
	return is_isolated(in) && is_isolated(out) ? DROP_ISOLATED : PORT_DROPS;
}

/* The same, where without rules a port is only barred to itself. */
static inline enum port_drop barred(const struct sw *sw, const struct port *in,
				    const struct port *out, uint16_t vid)
{
	return out == in || sw->ruled ? look_for_bar(in, out, vid) : PORT_DROPS;
}

static bool must_wait(const struct port *in, const struct port *out)
{
	return port_full(out) && port_can_wait(in, out);
}

static void send_to(struct port *out, struct frame *frame)
{
	if (!port_full(out)) {
		port_tx(out, frame);
		return;
	}
	port_overflow(out);
}

static void send_by_rules(struct fit *fit, struct port *out)
{
	struct frame *frame;
	enum port_drop why = fit_frame(fit, &out->rules->conf, &frame);

	if (why == PORT_DROPS)
		send_to(out, frame);
	else
		port_drop(out, why);
}

RARE static void send_alone(struct frame *frame, uint16_t vid, struct port *out)
{
	struct fit fit = { &out->worker->pool, frame, vid, true, NULL, NULL };

	send_by_rules(&fit, out);
	fit_end(&fit);
}

static void send_here(struct port *out, struct frame *frame, uint16_t vid)
{
	if (out->rules)
		send_alone(frame, vid, out);
	else
		send_to(out, frame);
}

/* To a port of another worker, or all of its ports. */
RARE static void send_across(struct port *in, struct worker *to,
			     struct port *out, struct frame *frame,
			     uint16_t vid)
{
	struct crossing what = { frame, in, out, vid };

	if (worker_send(to, &what))
		return;
	port_drop(in, DROP_WORKER_BUSY);
	if (out)
		in->lost += frame->len;
}

static struct port *unicast(struct sw *sw, struct port *in, struct port *out,
			    struct frame *frame, uint16_t vid)
{
	enum port_drop why = barred(sw, in, out, vid);

	if (why != PORT_DROPS) {
		port_drop(in, why);
		return NULL;
	}
	if (out->mirror)
		return NULL;
	if (out->worker != in->worker) {
		send_across(in, out->worker, out, frame, vid);
	} else {
		if (must_wait(in, out))
			return out;
		if (port_full(out))
			in->lost += frame->len;
		send_here(out, frame, vid);
	}
	in->worker->unicast++;
	return NULL;
}

/* A port with policy=block that a frame for all has to wait for, or NULL. */
static struct port *find_full(const struct sw *sw, const struct port *in,
			      uint16_t vid)
{
	struct list *at;

	list_for_each(at, &sw->ports) {
		struct port *out = container_of(at, struct port, node);

		if (port_blocks(out) && out->worker == in->worker &&
		    barred(sw, in, out, vid) == PORT_DROPS &&
		    must_wait(in, out))
			return out;
	}
	return NULL;
}

/* To all ports of a worker that the rules let it go to. */
static void flood_here(struct worker *w, struct port *in, struct frame *frame,
		       uint16_t vid)
{
	struct fit fit = { &w->pool, frame, vid, false, NULL, NULL };
	struct sw *sw = w->sw;
	struct list *at;

	list_for_each(at, &sw->ports) {
		struct port *out = container_of(at, struct port, node);

		if (out->mirror || out->worker != w ||
		    barred(sw, in, out, vid) != PORT_DROPS)
			continue;
		if (out->rules)
			send_by_rules(&fit, out);
		else
			send_to(out, frame);
	}
	fit_end(&fit);
}

static void flood_across(struct sw *sw, struct port *in, struct frame *frame,
			 uint16_t vid)
{
	unsigned int i;

	for (i = 0; i < sw->conf.workers; i++) {
		struct worker *w = &sw->workers[i];

		if (w != in->worker && w->ports)
			send_across(in, w, NULL, frame, vid);
	}
}

/* All or nobody: a frame that one port must wait for is sent to none yet. For
 * a port that drops none waits: it would wait for each slow one in turn. */
RARE static struct port *flood(struct sw *sw, struct port *in,
			       struct frame *frame, uint16_t vid)
{
	struct port *full = sw->blocking ? find_full(sw, in, vid) : NULL;

	if (in->rules &&
	    !bucket_has(&in->rules->floods, in->worker->loop->now)) {
		port_drop(in, DROP_BROADCAST_LIMIT);
		return NULL;
	}
	if (full)
		return full;
	if (in->rules)
		bucket_take(&in->rules->floods);
	flood_here(in->worker, in, frame, vid);
	flood_across(sw, in, frame, vid);
	in->worker->flooded++;
	return NULL;
}

/* Nothing has changed since the frame before: it need not be looked up. */
static inline bool same_flow(const struct sw *sw, const struct port *in,
			     const struct frame *frame, uint16_t vid)
{
	const struct flow *flow = &in->flow;

	return memcmp(flow->addresses, frame->data, sizeof(flow->addresses)) ==
		       0 &&
	       flow->vid == vid &&
	       flow->seconds == worker_seconds(in->worker) &&
	       flow->version == fdb_version(sw->fdb);
}

/* Learn and look up; false: the source is none that the port may have. */
RARE static bool decide(struct sw *sw, struct port *in,
			const struct frame *frame, uint16_t vid)
{
	struct flow *flow = &in->flow;
	/* In front of both: a change behind it is noticed. */
	uint64_t version = fdb_version(sw->fdb);

	if (learns(sw) && !learn(sw, in, frame, vid))
		return false;
	memcpy(flow->addresses, frame->data, sizeof(flow->addresses));
	flow->vid = vid;
	flow->seconds = worker_seconds(in->worker);
	flow->version = version;
	flow->out = look_up(sw, frame, vid);
	return true;
}

struct port *sw_input(struct sw *sw, struct port *in, struct frame *frame)
{
	struct port *out;
	int vid = 0;

	if (!check(sw, in, frame))
		return NULL;
	if (sw->ruled)
		vid = admit(in, frame);
	if (vid < 0)
		return NULL;
	if (in->worker->pool.large)
		arm_once(in->worker, &in->worker->trimming, TRIM_MS);
	if (!same_flow(sw, in, frame, (uint16_t)vid) &&
	    !decide(sw, in, frame, (uint16_t)vid))
		return NULL;
	out = in->flow.out;
	return out ? unicast(sw, in, out, frame, (uint16_t)vid)
		   : flood(sw, in, frame, (uint16_t)vid);
}

void sw_arrive(struct worker *w, const struct crossing *what)
{
	if (w->pool.large)
		arm_once(w, &w->trimming, TRIM_MS);
	if (what->out)
		send_here(what->out, what->frame, what->vid);
	else
		flood_here(w, what->in, what->frame, what->vid);
}

static void mirror(struct port *out, struct frame *frame)
{
	if (frame->len < FRAME_MIN || frame->len > FRAME_MAX)
		return;
	if (out->rules && out->rules->conf.down)
		port_drop(out, DROP_ADMIN_DOWN);
	else
		send_to(out, frame);
}

/* Onlookers make workers run one by one: all of them are ours now. */
RARE static void mirror_across(struct port *out, const struct frame *frame)
{
	struct frame *copy = frame_copy(&out->worker->pool, frame);

	if (!copy) {
		port_drop(out, DROP_NO_MEMORY);
		return;
	}
	mirror(out, copy);
	frame_put(&out->worker->pool, copy);
	port_flush(out);
}

static void mirror_from(const struct port *in, struct port *out,
			struct frame *frame)
{
	if (out->worker == in->worker)
		mirror(out, frame);
	else
		mirror_across(out, frame);
}

void sw_show(struct sw *sw, struct port *in, struct frame *const frames[],
	     unsigned int n)
{
	struct list *at;
	unsigned int i;

	for (i = 0; i < n; i++)
		frame_complete(&in->worker->pool, frames[i]);
	capture_frames(in, CAPTURE_IN, frames, n);
	list_for_each(at, &sw->mirrors) {
		struct port *out = container_of(at, struct port, mirrors);

		for (i = 0; i < n && out != in; i++)
			mirror_from(in, out, frames[i]);
	}
}

void sw_look_on(struct sw *sw, int more)
{
	sw->onlookers += (unsigned int)more;
	sw->gate.one_by_one = sw->onlookers;
}

void sw_flush(struct worker *w)
{
	while (!list_empty(&w->touched))
		port_flush(container_of(w->touched.next, struct port, touched));
}

int sw_init(struct sw *sw, struct loop *loop, const struct sw_conf *conf,
	    struct err *err)
{
	*sw = (struct sw){ .conf = *conf, .loop = loop };
	list_init(&sw->ports);
	list_init(&sw->listeners);
	list_init(&sw->captures);
	list_init(&sw->mirrors);
	monitors_init(&sw->monitors, loop);
	if (getrandom(&sw->key, sizeof(sw->key), 0) != sizeof(sw->key))
		return err_errno(err, "cannot get random bytes");
	sw->fdb = fdb_new(conf->fdb_size, &sw->key);
	if (!sw->fdb)
		return err_errno(err, "cannot allocate %u addresses",
				 conf->fdb_size);
	fdb_on_gone(sw->fdb, on_gone, sw);
	if (workers_init(sw, err) == 0)
		return 0;
	workers_fini(sw);
	fdb_free(sw->fdb);
	return -1;
}

void sw_fini(struct sw *sw)
{
	struct list *at, *after;
	unsigned int i;

	workers_stop(sw);
	list_for_each_safe(at, after, &sw->listeners)
		listener_close(container_of(at, struct listener, node));
	list_for_each(at, &sw->ports)
		port_close(container_of(at, struct port, node));
	for (i = 0; i < sw->conf.workers; i++)
		loop_turn(sw->workers[i].loop, 0);
	monitors_fini(&sw->monitors);
	workers_fini(sw);
	fdb_free(sw->fdb);
}

int sw_add(struct sw *sw, struct port *port, struct err *err)
{
	if (sw->port_count >= sw->conf.max_ports) {
		sw->stats.refused++;
		err_set(err, "port %s: there are %u ports already", port->name,
			sw->port_count);
		return err_hint(err, "raise --max-ports");
	}
	if (sw_find(sw, port->name)) {
		err_set(err, "port %s: there is a port of that name already",
			port->name);
		return err_hint(err, "choose another with name=");
	}
	list_append(&sw->ports, &port->node);
	sw->port_count++;
	sw->blocking += port_blocks(port);
	port->serial = ++sw->stats.joined;
	if (port->mirror)
		list_append(&sw->mirrors, &port->mirrors);
	sw->watched += port->mirror;
	sw_look_on(sw, port->mirror);
	port->worker->ports++;
	log_msg(LOG_LEVEL_DEBUG, "port", "%s joined: %s '%s', pid %d",
		port->name, port->ops->type, port->address, port->pid);
	if (monitored(&sw->monitors))
		monitor_port(sw, "port_up", port);
	return 0;
}

static void add_stats(struct port_stats *sum, const struct port_stats *more)
{
	int i;

	sum->rx.frames += more->rx.frames;
	sum->rx.bytes += more->rx.bytes;
	sum->tx.frames += more->tx.frames;
	sum->tx.bytes += more->tx.bytes;
	for (i = 0; i < PORT_DROPS; i++)
		sum->drops[i] += more->drops[i];
}

void sw_remove(struct sw *sw, struct port *port)
{
	rules_remove(port);
	fdb_flush(sw->fdb, &port->addresses);
	fdb_release(sw->fdb, &port->addresses);
	list_remove(&port->node);
	list_remove(&port->mirrors);
	sw->watched -= port->mirror;
	sw_look_on(sw, -port->mirror);
	port->worker->ports--;
	sw->port_count--;
	sw->blocking -= port_blocks(port);
	sw->stats.left++;
	log_msg(LOG_LEVEL_DEBUG, "port", "%s left", port->name);
	if (monitored(&sw->monitors))
		monitor_port(sw, "port_down", port);
	if (sw->watched)
		capture_port_left(sw, port);
	add_stats(&sw->gone, &port->stats);
}

void sw_sum(const struct sw *sw, struct port_stats *sum)
{
	struct list *at;

	*sum = sw->gone;
	list_for_each(at, &sw->ports)
		add_stats(sum, &container_of(at, struct port, node)->stats);
}

struct port *sw_find(const struct sw *sw, const char *name)
{
	struct list *at;

	list_for_each(at, &sw->ports) {
		struct port *port = container_of(at, struct port, node);

		if (strcmp(port->name, name) == 0)
			return port;
	}
	return NULL;
}

/* The number behind @prefix in @name, or -1. */
static long number_in(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);
	char *end;
	long number;

	if (strncmp(name, prefix, len) != 0 || name[len] < '0' ||
	    name[len] > '9')
		return -1;
	number = strtol(name + len, &end, 10);
	return *end ? -1 : number;
}

long sw_free_number(const struct sw *sw, const char *prefix, unsigned int first)
{
	/* Of port_count + 1 numbers at least one is free. */
	bool *taken = calloc(sw->port_count + 1, sizeof(*taken));
	unsigned int i = 0;
	struct list *at;

	if (!taken)
		return -1;
	list_for_each(at, &sw->ports) {
		struct port *port = container_of(at, struct port, node);
		long number = number_in(port->name, prefix) - (long)first;

		if (number >= 0 && number <= (long)sw->port_count)
			taken[number] = true;
	}
	while (taken[i])
		i++;
	free(taken);
	return (long)(first + i);
}
