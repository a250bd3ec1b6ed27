/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports that a test holds both ends of. A fake port's descriptor is one end of
 * a socketpair, so that epoll sees it as it sees a client; what it takes and
 * how fast, and what comes in, is said by the test.
 *
 * Frames are told apart by a number (fake_number()). Station n has the
 * address 02:00:00:nn:nn:nn.
 */
#ifndef TESTS_UNIT_FAKE_H
#define TESTS_UNIT_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "uml_router/loop.h"
#include "uml_router/port.h"
#include "uml_router/switch.h"

/** No limit to what a fake takes. */
#define FAKE_ENDLESS UINT32_MAX
/** Octets of a frame that a fake remembers. */
#define FAKE_HEAD 18
/** The station that is everybody. */
#define FAKE_ALL UINT32_MAX
/** Octets of a frame unless told otherwise. */
#define FAKE_LEN 60

/**
 * struct fake_frame - What a test knows of a frame
 * @head:	its first octets
 * @len:	its length
 */
struct fake_frame {
	uint8_t head[FAKE_HEAD];
	uint32_t len;
};

/** struct fake_list - Frames in their order */
struct fake_list {
	struct fake_frame *at;
	size_t len, room;
};

/**
 * struct fake - One fake port; outlives its struct port
 * @port:	the port, NULL once it was closed
 * @ops:	the back end; a test may change it before fake_open()
 * @fd:		the port's descriptor
 * @peer:	the other end
 * @room:	frames that it takes until it blocks
 * @chunk:	most frames that one send takes, although there is room
 * @fail:	errno of the next send, or 0; EPIPE breaks the port
 * @fail_after:	frames that go out before @fail
 * @fail_as:	what any other errno means: DROP_SEND_ERROR or DROP_LINK_DOWN
 * @on_send:	called at the beginning of each send, or NULL
 * @data:	for @on_send
 * @in:		frames that are to come in
 * @in_done:	how many of them came
 * @sent:	frames that went out
 * @sends:	calls of ops->send
 * @readies:	calls of ops->ready
 * @intruded:	ready calls on a port that was held or had frames kept back
 * @closes:	calls of ops->close
 * @stuffed:	the descriptor is made unwritable
 */
struct fake {
	struct port *port;
	struct port_ops ops;
	int fd, peer;
	uint32_t room;
	uint32_t chunk;
	int fail;
	uint32_t fail_after;
	int fail_as;
	void (*on_send)(struct fake *fake);
	void *data;
	struct fake_list in;
	size_t in_done;
	struct fake_list sent;
	unsigned int sends;
	unsigned int readies;
	unsigned int intruded;
	unsigned int closes;
	bool stuffed;
};

/** fake_init() - A fake that takes everything; plugged in by fake_open() */
void fake_init(struct fake *fake);

/**
 * fake_open() - Plug it in
 *
 * Return: 0, or -1 with @err set: then it is as after fake_init()
 */
int fake_open(struct fake *fake, struct sw *sw, const char *name,
	      unsigned int queue, enum port_policy policy, struct err *err);

/** fake_plug() - fake_init() and fake_open(), or the test ends */
void fake_plug(struct fake *fake, struct sw *sw, const char *name,
	       unsigned int queue, enum port_policy policy);

/**
 * fake_parse_rules() - Rules from keys: "vlan=10,isolated"
 *
 * Return: 0, or -1 with @err set
 */
int fake_parse_rules(struct rules *rules, const char *keys, struct err *err);

/** fake_rules() - Give its port such rules, or the test ends */
void fake_rules(struct fake *fake, const char *keys);

/** fake_fini() - Free what the fake remembers; its port is closed */
void fake_fini(struct fake *fake);

/** fake_room() - From now on it takes @room frames more */
void fake_room(struct fake *fake, uint32_t room);

/** fake_hang_up() - The other end closes */
void fake_hang_up(struct fake *fake);

/** fake_put() - A frame from station @from to station @to is to come in */
void fake_put(struct fake *fake, uint32_t from, uint32_t to, uint32_t number);

/** fake_put_raw() - A frame that begins with @head is to come in */
void fake_put_raw(struct fake *fake, const uint8_t head[FAKE_HEAD],
		  uint32_t len);

/** fake_read() - One burst comes in now, not in the loop's time */
void fake_read(struct fake *fake);

/** fake_head() - The first octets of such a frame */
void fake_head(uint8_t head[FAKE_HEAD], uint32_t from, uint32_t to,
	       uint32_t number);

/** fake_number() - The number of a frame */
uint32_t fake_number(const struct fake_frame *frame);

/** fake_from() - The station that it is from */
uint32_t fake_from(const struct fake_frame *frame);

/** fake_dropped() - Frames that a living port dropped, for any reason */
uint64_t fake_dropped(const struct fake *fake);

/** fake_unfinished() - Is there anything that the switch could do for it? */
bool fake_unfinished(const struct fake *fake);

/** fake_in_order() - Were @sent the numbers @first, @first + 1, ...? */
bool fake_in_order(const struct fake *fake, uint32_t first, size_t count);

/**
 * fake_check() - Is the switch in order between two turns?
 *
 * Every frame has as many references as places that hold it, the pool counts
 * what is held, queues are within their limits, and nothing waits for what is
 * not going to happen: a port with frames to send is watched for room, one
 * that may be read is read, one that is held waits for a port that is full.
 *
 * Return: NULL, or what is wrong
 */
const char *fake_check(const struct sw *sw);

/**
 * struct fake_world - A switch on a loop
 */
struct fake_world {
	struct loop loop;
	struct sw sw;
};

/** fake_world_init() - Make both, or the test ends; @conf NULL: defaults */
void fake_world_init(struct fake_world *world, const struct sw_conf *conf);

/** fake_world_fini() - Unplug everything and free both */
void fake_world_fini(struct fake_world *world);

/**
 * fake_settle() - Turn without sleep until there is nothing to be done
 *
 * Return: how many turns there were, or -1 when there is no end
 */
int fake_settle(struct loop *loop);

/** fake_clock_ms() - Monotonic milliseconds */
uint64_t fake_clock_ms(void);

#endif /* TESTS_UNIT_FAKE_H */
