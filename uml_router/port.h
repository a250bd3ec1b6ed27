/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports: what is plugged into the switch.
 *
 * The way of a frame:
 *
 *   descriptor is readable -> ops->ready() reads up to FRAME_BURST frames
 *     -> port_rx()           (ingress.c) counts them and hands each to
 *     -> sw_input()          (switch.c) which checks, learns, looks up, keeps to
 *			    the rules of both ports (rules.h), and calls
 *     -> port_tx()           (egress.c) for each egress port: into its queue
 *     -> port_flush()        once per touched port at the end of the burst:
 *     -> ops->send()         as many as the descriptor takes
 *
 * What the descriptor does not take waits in the output queue, EPOLLOUT is
 * watched, and the port is "stalled". What impair.h makes late waits there,
 * too. The queue is bounded. What happens to a frame for a port whose queue is
 * full is the port's policy:
 *
 *   block	the ingress port is held: its frame and the rest of its burst
 *		are kept back, and it is not read until the queue has drained
 *		to half. Nothing is lost inside the switch, at the price that
 *		frames of the same ingress port for others wait too.
 *		Some clients cannot be held for long (ops->hold_ms); when
 *		their time is up, their frames to the full port are read,
 *		dropped and counted (hold_limit).
 *   drop	the same, but for HOLD_BRIEFLY at most: then the frames are
 *		dropped and counted (queue_full), without a further hold until
 *		the queue has drained to half. A client that is alive has read
 *		by then, and a sender at full speed does not take the processor
 *		from it; one that stands still hurts the others no more than
 *		that. Frames to all ports never wait.
 *
 * A back end (port_*.c) knows descriptors and framing, and nothing of
 * addresses. The switch knows addresses, and never a descriptor.
 */
#ifndef UML_ROUTER_PORT_H
#define UML_ROUTER_PORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"
#include "fdb.h"
#include "frame.h"
#include "impair.h"
#include "list.h"
#include "loop.h"
#include "rules.h"
#include "stage.h"

struct sw;
struct port;
struct json_t;

/** Frames that may wait in a port unless queue= says otherwise. */
#define PORT_DEFAULT_QUEUE 256
/** Longest queue that can be asked for. */
#define PORT_MAX_QUEUE 65536
/** Room for a port's name and its NUL. */
#define PORT_NAME_LEN 32
/** Room for what a port is attached to (a socket path, a device). */
#define PORT_ADDRESS_LEN 112
/** Room for what its client says of itself. */
#define PORT_DESCRIPTION_LEN 129

/** Why a frame was dropped. Names in port_drop_name(). */
enum port_drop {
	DROP_QUEUE_FULL,  /**< egress: policy=drop and the queue is full */
	DROP_HOLD_LIMIT,  /**< egress: policy=block, but the sender could
				     not be held (any longer) */
	DROP_SEND_ERROR,  /**< egress: the kernel refused this frame */
	DROP_LINK_DOWN,	  /**< egress: the device is down */
	DROP_UNCUT,	  /**< egress: too much for the port, and of a kind
				     that cannot be cut */
	DROP_CLOSED,	  /**< egress: the client left, frames waiting */
	DROP_RUNT,	  /**< ingress: shorter than FRAME_MIN */
	DROP_TOO_LONG,	  /**< ingress: longer than FRAME_MAX */
	DROP_BAD_SOURCE,  /**< ingress: source is a group or zero */
	DROP_SAME_PORT,	  /**< ingress: for an address on this very port */
	DROP_MALFORMED,	  /**< ingress: a vnet header or descriptors that cannot
				     be true of a frame */
	DROP_NO_MEMORY,	  /**< no memory for a frame, or for its variant with
				     or without a tag */
	DROP_BAD_TAG,	  /**< a VLAN tag that is cut off or of VLAN 4095;
				     egress: would show an inner tag */
	DROP_UNTAGGED,	  /**< ingress: no tag, on a trunk without native= */
	DROP_NOT_IN_VLAN, /**< ingress: the port, or that of the destination, is
				     not in the VLAN */
	DROP_ISOLATED,	  /**< ingress: from one isolated port to another */
	DROP_SPOOFED, /**< ingress: the source is somebody else's, by mac= */
	DROP_MAXMAC,  /**< ingress: one source more than maxmac= */
	DROP_BROADCAST_LIMIT, /**< ingress: one flooded frame more than
				     broadcast-limit= */
	DROP_LOST,	      /**< egress: by loss= */
	DROP_ADMIN_DOWN,      /**< the port is down by its rules */
	DROP_WORKER_BUSY,     /**< ingress: for a port of another worker, whose
				     inbox is full */
	PORT_DROPS
};

/** What a full output queue means. */
enum port_policy {
	POLICY_DROP,
	POLICY_BLOCK,
};

/** Milliseconds that a sender waits for a port with policy=drop. */
#define HOLD_BRIEFLY 5
/** The sender can wait as long as it takes. */
#define HOLD_FOREVER UINT32_MAX
/** Milliseconds that UML's vector driver can wait: when its transmit queue
 *  stands still, the guest's network watchdog panics it (kernel 6.1: seen
 *  after 1.2 s, 0.9 s was survived). */
#define HOLD_VECTOR_MS 300
/** Milliseconds that a guest's transmit ring can stand still: Linux' network
 *  watchdog warns after 5 s (drivers/net/virtio_net.c since Linux 5.17). */
#define HOLD_VIRTIO_MS 2000
/** The sender cannot be held at all. */
#define HOLD_NEVER 0

/**
 * struct port_ops - What a back end is
 * @type:	name, as in SPEC and in `port show`
 * @hold_ms:	longest time that its frames may be left unread, or
 *		HOLD_FOREVER or HOLD_NEVER
 * @takes_rest:	@send sends frames that are not complete (frame.h)
 * @ready:	the port's descriptor is readable or hung up (@ready: EPOLL*
 *		bits): read one burst, port_rx() it
 * @send:	send up to @n frames (at most FRAME_BURST) in order. Return
 *		how many went out; fewer than @n, with errno set to EAGAIN,
 *		means that the rest would block, and with any other errno that
 *		the next one cannot be sent. -1: the first one cannot be sent.
 *		A frame of which a part went out counts as sent: the back end
 *		keeps the rest, sets @unsent of the port, and finishes it at
 *		the next call, where @n may be 0
 * @send_error:	what an errno of @send means: why the frame is dropped, or
 *		PORT_BROKEN when the port is of no use any more
 * @hung_up:	the other end has closed the connection (EPOLLHUP) while the
 *		port is held, and perhaps more than once is told so: what it
 *		sent is read when the hold ends, and then @ready meets the end.
 *		NULL: port_mute() does
 * @rate:	rate= where the back end itself keeps to it, by @set_rate
 * @set_rate:	change that, to RATE_AUTO, or to 0 for none. Return 0, or -1
 *		with @err set and the rate as it was. NULL, and so is @rate:
 *		rate= is that of the link
 * @describe:	add to what `port show` tells, or NULL
 * @close:	release what the back end holds, its descriptors included; the
 *		memory of the port is freed by port.c (struct port comes first)
 */
struct port_ops {
	const char *type;
	uint32_t hold_ms;
	bool takes_rest;
	void (*ready)(struct port *port, uint32_t ready);
	int (*send)(struct port *port, struct frame *const frames[],
		    unsigned int n);
	int (*send_error)(int errnum);
	void (*hung_up)(struct port *port);
	uint64_t (*rate)(const struct port *port);
	int (*set_rate)(struct port *port, uint64_t rate, struct err *err);
	void (*describe)(const struct port *port, struct json_t *shown);
	void (*close)(struct port *port);
};

/** @send_error: the port has to go. */
#define PORT_BROKEN (-1)

/**
 * struct port_conf - What SPEC says of any kind of port
 * @worker:	whose port it is, from 0; the first one's unless told otherwise
 * @queue:	frames that may wait, 1 to PORT_MAX_QUEUE
 * @policy:	what a full queue means
 * @rules:	what its client may do
 */
struct port_conf {
	unsigned int worker;
	unsigned int queue;
	enum port_policy policy;
	struct rules rules;
};

/** Defaults. */
#define PORT_CONF_DEFAULT                                                      \
	((struct port_conf){ .queue = PORT_DEFAULT_QUEUE,                      \
			     .policy = POLICY_DROP })

/** struct port_count - Frames and their octets, Ethernet header to payload */
struct port_count {
	uint64_t frames, bytes;
};

/**
 * struct port_stats - Counters of a port
 * @rx:		read from it
 * @tx:		sent to it
 * @drops:	by reason
 */
struct port_stats {
	struct port_count rx, tx;
	uint64_t drops[PORT_DROPS];
};

/**
 * struct port_queue - Bounded output queue: a ring of frames
 * @ring:	@mask + 1 places
 * @head:	index of the oldest frame, not masked
 * @len:	frames in it
 * @limit:	most frames that may wait
 */
struct port_queue {
	struct frame **ring;
	uint32_t mask;
	uint32_t head;
	uint32_t len;
	uint32_t limit;
};

/**
 * struct flow - Where the last frame went; bursts are of one flow
 * @addresses:	destination and source, as at the head of a frame
 * @vid:	its VLAN
 * @seconds:	when its source was learned
 * @version:	of the forwarding database, by then
 * @out:	the only port that is to get it; NULL: all others
 */
struct flow {
	uint8_t addresses[12];
	uint16_t vid;
	uint32_t seconds;
	uint64_t version;
	struct port *out;
};

/**
 * struct port - One port
 * @node:	in the switch's list of ports
 * @sw:		the switch
 * @worker:	the one that it belongs to
 * @ops:	the back end
 * @serial:	which one it is since the switch began, from 1
 * @name:	unique in the switch
 * @address:	what it is attached to, for display
 * @description:	what its client says of itself, printable ASCII, or ""
 * @pid:	process at the other end when it connected, 0 when there is none
 *		or it is in another pid namespace
 * @uid:	its user, (uid_t)-1 when unknown
 * @policy:	what a full queue means
 * @offload:	OFFLOAD_* that the other end takes: what of a frame need not be
 *		done before it is sent
 * @mirror:	gets a copy of every frame that comes in from another port, and
 *		nothing else
 * @mirrors:	in the switch's list while it is plugged in
 * @io:		its descriptor; -1 where there is none, see port_link_up()
 * @in:		the descriptor that is read, where that is another one, see
 *		port_read_from(); else its fd is -1
 * @no_link:	it cannot send to anybody, see port_link_down()
 * @stats:	counters
 * @addresses:	what was learned on it, or fixed to it
 * @flow:	of the last frame that came in by it
 * @rules:	what its client may do, NULL: anything
 * @impair:	what is wrong with its link, NULL: nothing
 * @queue:	frames to be sent
 * @stage:	frames that have left the queue and are to be sent next
 * @stalled:	the descriptor takes no more for now
 * @unsent:	the back end keeps the rest of a frame, see ops->send
 * @touched:	in its worker's list while it has something to flush
 * @waiters:	ports held because of this one (their @wait)
 * @given_up:	policy=drop: somebody waited in vain. Nobody waits any more,
 *		until the queue has drained to half
 * @overflowed:	a frame was dropped because the queue was full, and nothing has
 *		drained since then
 * @kept:	frames of a burst that were not switched because of the hold
 * @kept_len:	how many
 * @unread:	there is something to read, see port_unread()
 * @wait:	in the list of the port that this one waits for
 * @waits_for:	that port, or NULL
 * @held:	not read
 * @impatient:	was held for as long as it may be: reads on, without a further
 *		hold because of @waits_for, until @wait ends
 * @hold_timer:	end of the hold
 * @hold_until:	end of all holds since the last read, in milliseconds of the
 *		loop; 0: there was none
 * @holds:	how often it was held
 * @lost:	octets of its frames for one port that was full
 * @rested:	behind a hold of its full length: no other one before this
 *		time, in milliseconds of the loop. Two ports that stand still
 *		must not hold it in turns
 * @turn:	see port.c
 * @muted:	takes no frames any more, see port_mute()
 * @dying:	is to be destroyed before the loop sleeps
 */
struct port {
	struct list node;
	struct sw *sw;
	struct worker *worker;
	const struct port_ops *ops;
	uint64_t serial;
	char name[PORT_NAME_LEN];
	char address[PORT_ADDRESS_LEN];
	char description[PORT_DESCRIPTION_LEN];
	pid_t pid;
	uid_t uid;
	enum port_policy policy;
	unsigned int offload;
	bool mirror;
	struct list mirrors;
	struct event io;
	struct event in;
	bool no_link;
	struct port_stats stats;
	struct fdb_owner addresses;
	struct flow flow;
	struct port_rules *rules;
	struct impair *impair;

	struct port_queue queue;
	struct stage stage;
	bool stalled;
	bool unsent;
	struct list touched;
	struct list waiters;
	bool given_up;
	bool overflowed;

	struct frame *kept[FRAME_BURST];
	unsigned int kept_len;
	bool unread;
	struct list wait;
	struct port *waits_for;
	bool held;
	bool impatient;
	struct timer hold_timer;
	uint64_t hold_until;
	uint64_t holds;
	uint64_t lost;
	uint64_t rested;

	struct work turn;
	bool muted;
	bool dying;
};

/**
 * port_open() - Fill a port and plug it in
 * @port:	first member of the back end's zeroed, malloc'ed object
 * @sw:		the switch
 * @ops:	the back end
 * @conf:	queue and policy
 * @name:	unique name
 * @fd:		its non-blocking descriptor, closed by @ops->close; -1: there is
 *		no link yet
 * @err:	filled on failure
 *
 * Return: 0, or -1 with @err set: then nothing is left of the port but
 *	   @port and @fd, which are still the caller's
 */
int port_open(struct port *port, struct sw *sw, const struct port_ops *ops,
	      const struct port_conf *conf, const char *name, int fd,
	      struct err *err);

/**
 * port_close() - Unplug: at the latest before the loop sleeps
 *
 * May be called from anywhere, more than once. Until then the port takes no
 * frames and has none.
 */
void port_close(struct port *port);

/**
 * port_mute() - Send nothing any more, what waits included
 *
 * For a client that left while frames from it are still to be forwarded. What
 * was learned on it is forgotten.
 */
void port_mute(struct port *port);

/** port_get_conf() - What the port is like now */
void port_get_conf(const struct port *port, struct port_conf *conf);

/**
 * port_set_conf() - Change it while it is plugged in
 *
 * Frames beyond the end of a shorter queue are dropped, or with policy=block
 * leave in their time. Who waits for the port asks again, by the policy that is
 * in force then.
 *
 * Return: 0, or -1 with @err set: then it is as it was
 */
int port_set_conf(struct port *port, const struct port_conf *conf,
		  struct err *err);

/**
 * port_describe() - Set what is shown as the port's description
 * @port:	the port
 * @text:	from its client: ends at a NUL or after @len octets. What could
 *		do something to a terminal becomes '?', and what is too long is
 *		left out
 * @len:	octets of @text at most
 */
void port_describe(struct port *port, const char *text, size_t len);

/**
 * port_read_from() - Read another descriptor than the one frames are sent to
 * @port:	an open port
 * @fd:		non-blocking, closed by ops->close; -1: the one of before is
 *		no longer watched, and frames are read where they are sent to
 */
void port_read_from(struct port *port, int fd);

/**
 * port_link_down() - There is nobody any more to send to
 *
 * Its frames are dropped, those that waited as closed, those that come as
 * link_down; what was learned on it is forgotten. @io.fd is no longer watched,
 * and is the caller's again. Where another descriptor is read, that goes on.
 */
void port_link_down(struct port *port);

/**
 * port_link_up() - There is somebody again, behind the non-blocking @fd
 *
 * With @fd -1 the back end itself watches what it reads and sends by, and
 * calls port_unread() and port_unstall().
 */
void port_link_up(struct port *port, int fd);

/**
 * port_unread() - There is something to read that no descriptor tells of
 *
 * The back end has read more than it gave to port_rx(), or reads from memory.
 * ops->ready() is called, with no bit set, as soon as the port may be read.
 */
void port_unread(struct port *port);

/** port_unstall() - There is room again: send what waits */
void port_unstall(struct port *port);

/**
 * port_rx() - Frames were read from a port
 * @port:	ingress port
 * @frames:	up to FRAME_BURST frames; their references are taken over
 * @n:		how many
 */
void port_rx(struct port *port, struct frame *const frames[], unsigned int n);

/** port_may_read() - May frames be read from the port's descriptor now? */
static inline bool port_may_read(const struct port *port)
{
	return !port->dying && !port->held && !port->kept_len;
}

/** port_blocks() - Policy "block"? For a mirror nobody waits, whatever it says */
static inline bool port_blocks(const struct port *port)
{
	return port->policy == POLICY_BLOCK && !port->mirror;
}

/** port_drop() - Count a dropped frame */
static inline void port_drop(struct port *port, enum port_drop why)
{
	port->stats.drops[why]++;
}

/** port_takes() - Can the frame be sent to the port as it is? */
static inline bool port_takes(const struct port *port,
			      const struct frame *frame)
{
	return !(stage_needs(frame) & ~port->offload);
}

/** port_overflow() - Count a frame dropped because the queue is full */
void port_overflow(struct port *port);

/** port_drop_name() - "queue_full", ... */
const char *port_drop_name(enum port_drop why);

/** port_policy_name() - "drop" or "block" */
const char *port_policy_name(enum port_policy policy);

/** port_full() - Is there no room in the output queue? */
bool port_full(const struct port *port);

/**
 * port_tx() - Put a frame into the output queue
 * @port:	egress port; port_full() was asked just before
 * @frame:	the port takes a reference of its own
 */
void port_tx(struct port *port, struct frame *frame);

/**
 * port_due() - How many frames may leave the output queue now?
 *
 * FRAME_BURST at most. All that are there, unless the link is slow: then the
 * port is flushed again when there is one.
 */
unsigned int port_due(struct port *port);

/** port_discard() - Drop what the queue holds, counted under @why */
void port_discard(struct port *port, enum port_drop why);

/** port_flush() - Send what the queue holds and the descriptor takes */
void port_flush(struct port *port);

/** port_can_wait() - May the port be held now, because of @full? */
bool port_can_wait(const struct port *port, const struct port *full);

#endif /* UML_ROUTER_PORT_H */
