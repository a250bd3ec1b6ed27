// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ports whose link comes and goes (port_link_down(), port_link_up()), ports
 * that read another descriptor than they send to (port_read_from()), and
 * redial: how often somebody who is not there is asked for.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/fake.h"
#include "tests/unit/tap.h"
#include "uml_router/redial.h"

/* Two ports: @one sends to @two, whose link it is about. */
struct bench {
	struct fake_world world;
	struct fake one, two;
};

static void set_up(struct bench *b, enum port_policy policy)
{
	fake_world_init(&b->world, NULL);
	fake_plug(&b->one, &b->world.sw, "one", 256, POLICY_DROP);
	fake_plug(&b->two, &b->world.sw, "two", 4, policy);
	fake_put(&b->two, 2, FAKE_ALL, 0);
	fake_settle(&b->world.loop);
}

static void tear_down(struct bench *b)
{
	fake_world_fini(&b->world);
	fake_fini(&b->one);
	fake_fini(&b->two);
}

static void send_to_two(struct bench *b, uint32_t first, uint32_t n)
{
	while (n--)
		fake_put(&b->one, 1, 2, first++);
	fake_settle(&b->world.loop);
}

static long drops(const struct fake *fake, enum port_drop why)
{
	return (long)fake->port->stats.drops[why];
}

static void test_down_and_up(void)
{
	struct bench b;

	set_up(&b, POLICY_DROP);
	send_to_two(&b, 0, 3);
	ok(fake_in_order(&b.two, 0, 3), "with a link, frames go");
	is_int((long)b.two.port->addresses.learned.count, 1,
	       "and one was learned");
	port_link_down(b.two.port);
	fake_settle(&b.world.loop);
	is_int((long)b.two.port->addresses.learned.count, 0,
	       "without one, it is forgotten");
	is_str(fake_check(&b.world.sw), NULL, "all in order");
	send_to_two(&b, 3, 5);
	is_int(drops(&b.two, DROP_LINK_DOWN), 5, "and frames are counted");
	ok(fake_in_order(&b.two, 0, 3), "none goes");
	port_link_up(b.two.port, b.two.fd);
	send_to_two(&b, 8, 1);
	ok(b.two.sent.len == 4 && fake_number(&b.two.sent.at[3]) == 8,
	   "with a link again, the next one goes");
	fake_put(&b.two, 2, FAKE_ALL, 0);
	fake_settle(&b.world.loop);
	is_int((long)b.two.port->addresses.learned.count, 1,
	       "and the port is read");
	is_str(fake_check(&b.world.sw), NULL, "all in order");
	tear_down(&b);
}

static void test_down_with_queue(void)
{
	struct bench b;

	set_up(&b, POLICY_BLOCK);
	fake_room(&b.two, 0);
	send_to_two(&b, 0, 1);
	send_to_two(&b, 1, 9);
	ok(b.one.port->held && b.two.port->stalled, "a sender is held");
	port_link_down(b.two.port);
	fake_settle(&b.world.loop);
	ok(!b.one.port->held, "it is released when the link goes");
	is_int(drops(&b.two, DROP_CLOSED) + drops(&b.two, DROP_LINK_DOWN), 10,
	       "every frame is counted");
	is_str(fake_check(&b.world.sw), NULL, "all in order");
	tear_down(&b);
}

static void test_read_from(void)
{
	struct bench b;
	int ends[2];

	set_up(&b, POLICY_DROP);
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) < 0)
		tap_bail("socketpair");
	port_read_from(b.two.port, ends[0]);
	fake_settle(&b.world.loop);
	is_str(fake_check(&b.world.sw), NULL, "another descriptor is watched");
	ok(!b.two.port->io.interest, "and the one frames are sent to is not");
	port_link_down(b.two.port);
	b.two.readies = 0;
	if (write(ends[1], "x", 1) != 1)
		tap_bail("write");
	loop_turn(&b.world.loop, 0);
	ok(b.two.readies, "it is read without a link");
	is_str(fake_check(&b.world.sw), NULL, "all in order");
	tear_down(&b);
	close(ends[0]);
	close(ends[1]);
}

/* --- redial -------------------------------------------------------------- */

struct dialed {
	struct redial redial;
	struct fake *fake;
	unsigned int attempts;
	unsigned int hang_ups;
	bool there;
};

static int dial(struct redial *r, struct err *err)
{
	struct dialed *d = container_of(r, struct dialed, redial);

	d->attempts++;
	return d->there ? d->fake->fd : err_set(err, "nobody is there");
}

static void hang_up(struct redial *r)
{
	container_of(r, struct dialed, redial)->hang_ups++;
}

/* The pause until the next attempt; then it is made. */
static long next_pause(struct bench *b, struct dialed *d)
{
	uint64_t now = b->world.loop.now;
	long pause = timer_armed(&d->redial.timer)
			     ? (long)(d->redial.timer.due - now)
			     : -1;

	loop_disarm(&d->redial.timer);
	d->redial.timer.fn(&d->redial.timer);
	return pause;
}

static void start(struct bench *b, struct dialed *d, bool there)
{
	set_up(b, POLICY_DROP);
	port_link_down(b->two.port);
	*d = (struct dialed){ .redial = { .connect = dial,
					  .disconnect = hang_up },
			      .fake = &b->two,
			      .there = there };
	redial_start(&d->redial, b->two.port, 1000);
	is_int((long)d->attempts, 1, "the first attempt follows at once");
}

static void test_pauses(void)
{
	static const long want[] = { 100, 200, 400, 800, 1000, 1000 };
	struct dialed d;
	struct bench b;
	size_t i;

	start(&b, &d, false);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		is_int(next_pause(&b, &d), want[i], "a pause of %ld ms",
		       want[i]);
	d.there = true;
	next_pause(&b, &d);
	ok(!b.two.port->no_link && !timer_armed(&d.redial.timer),
	   "who is there is not asked again");
	redial_stop(&d.redial);
	tear_down(&b);
}

static void test_short_connections(void)
{
	static const long want[] = { 100, 200, 400, 800, 1000 };
	struct dialed d;
	struct bench b;
	int i;

	start(&b, &d, true);
	for (i = 0; i < 5; i++) {
		redial_lost(&d.redial);
		redial_lost(&d.redial);
		fake_settle(&b.world.loop);
		ok(b.two.port->no_link && d.hang_ups == (unsigned int)i + 1,
		   "one that hangs up at once");
		is_int(next_pause(&b, &d), want[i], "a pause of %ld ms",
		       want[i]);
	}
	d.redial.since = b.world.loop.now - 1001;
	redial_lost(&d.redial);
	fake_settle(&b.world.loop);
	is_int(next_pause(&b, &d), 100, "after one that lasted, of 100 again");
	redial_stop(&d.redial);
	tear_down(&b);
}

static void test_now(void)
{
	struct dialed d;
	struct bench b;

	start(&b, &d, false);
	d.there = true;
	redial_now(&d.redial);
	ok(!b.two.port->no_link && d.attempts == 2 &&
		   !timer_armed(&d.redial.timer),
	   "asked without a pause");
	redial_now(&d.redial);
	is_int((long)d.attempts, 2, "but not while there is a link");
	redial_stop(&d.redial);
	tear_down(&b);
}

int main(void)
{
	test_down_and_up();
	test_down_with_queue();
	test_read_from();
	test_pauses();
	test_short_connections();
	test_now();
	return tap_done();
}
