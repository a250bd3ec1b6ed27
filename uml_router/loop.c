// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The event loop. See loop.h for what it promises.
 *
 * A callback may end any object, its own included: an event that is taken out
 * is also struck from the batch being served, and memory is given back only
 * at the end of the turn (loop_reap()).
 *
 * With several loops that object may be one of another loop. So a batch is only
 * fetched behind the gate: in front of it a loop just waits for its descriptor
 * of epoll to be readable. Whoever was alone leaves no loop asleep that has
 * got work, and times that he sets count from now, however long the other loop
 * has slept.
 */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/clock.h"

static uint64_t clock_us(void)
{
	return clock_ns() / 1000;
}

static uint64_t clock_ms(void)
{
	return clock_ns() / 1000000;
}

/* The timerfd follows the earliest timer, but is left alone when that one was
 * disarmed or moved back: an early wake-up costs less than a system call at
 * each change. */
static void follow_earliest(struct loop *loop)
{
	struct itimerspec spec = { 0 };
	struct timer *first;

	if (list_empty(&loop->timers))
		return;
	first = container_of(loop->timers.next, struct timer, node);
	if (loop->armed && loop->armed <= first->due)
		return;
	loop->armed = first->due;
	spec.it_value.tv_sec = (time_t)(first->due / 1000);
	spec.it_value.tv_nsec = (long)(first->due % 1000) * 1000000;
	timerfd_settime(loop->timer_ev.fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void on_timerfd(struct event *ev, uint32_t ready)
{
	struct loop *loop = container_of(ev, struct loop, timer_ev);
	uint64_t times;

	if (read(ev->fd, &times, sizeof(times)) < 0)
		return;
	loop->armed = 0;
	loop->ringing = true;
}

/* What of a turn is done: what may run beside other loops, what may not. */
enum kinds {
	PARALLEL = 1,
	ALONE = 2,
	ANY = PARALLEL | ALONE,
};

static bool is_of(bool parallel, enum kinds kinds)
{
	return kinds & (parallel ? PARALLEL : ALONE);
}

static struct timer *first_due(const struct loop *loop, enum kinds kinds)
{
	struct list *at;

	list_for_each(at, &loop->timers) {
		struct timer *t = container_of(at, struct timer, node);

		if (t->due > loop->now)
			break;
		if (is_of(t->parallel, kinds))
			return t;
	}
	return NULL;
}

static void fire(struct loop *loop, enum kinds kinds)
{
	struct timer *t;

	while ((t = first_due(loop, kinds))) {
		list_remove(&t->node);
		t->fn(t);
	}
}

static void on_kick(struct event *ev, uint32_t ready)
{
	uint64_t times;
	ssize_t n = read(ev->fd, &times, sizeof(times));

	(void)n;
}

int loop_init(struct loop *loop, struct err *err)
{
	*loop = (struct loop){ .epfd = -1 };
	list_init(&loop->member);
	loop->kick =
		(struct event){ .fd = -1, .parallel = true, .fn = on_kick };
	list_init(&loop->timers);
	list_init(&loop->work);
	list_init(&loop->reap);
	loop->now = clock_ms();
	loop->timer_ev.fn = on_timerfd;
	loop->timer_ev.parallel = true;
	loop->timer_ev.fd = timerfd_create(CLOCK_MONOTONIC,
					   TFD_NONBLOCK | TFD_CLOEXEC);
	if (loop->timer_ev.fd < 0)
		return err_errno(err, "cannot make a timer");
	loop->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epfd < 0 || loop_watch(loop, &loop->timer_ev, EPOLLIN) < 0) {
		err_errno(err, "cannot make an epoll set");
		loop_fini(loop);
		return -1;
	}
	return 0;
}

int loop_join(struct loop *loop, struct gate *gate, struct err *err)
{
	loop->kick.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (loop->kick.fd < 0 || loop_watch(loop, &loop->kick, EPOLLIN) < 0)
		return err_errno(err, "cannot make an eventfd");
	loop->gate = gate;
	loop->busy = true;
	list_append(&gate->loops, &loop->member);
	return 0;
}

void loop_leave(struct loop *loop)
{
	list_remove(&loop->member);
	loop->gate = NULL;
	if (loop->kick.fd < 0)
		return;
	loop_watch(loop, &loop->kick, 0);
	close(loop->kick.fd);
	loop->kick.fd = -1;
}

static unsigned int do_reaping(struct loop *loop)
{
	unsigned int done = 0;
	struct list todo;

	for (list_take_all(&loop->reap, &todo); !list_empty(&todo); done++) {
		struct work *w = container_of(todo.next, struct work, node);

		list_remove(&w->node);
		w->fn(w);
	}
	return done;
}

/* What is of another kind is left. */
static void do_work(struct loop *loop, enum kinds kinds)
{
	struct list todo;

	list_take_all(&loop->work, &todo);
	while (!list_empty(&todo)) {
		struct work *w = container_of(todo.next, struct work, node);

		list_remove(&w->node);
		if (is_of(w->parallel, kinds))
			w->fn(w);
		else
			list_append(&loop->work, &w->node);
	}
}

void loop_fini(struct loop *loop)
{
	while (do_reaping(loop))
		;
	loop_leave(loop);
	if (loop->timer_ev.fd >= 0)
		close(loop->timer_ev.fd);
	if (loop->epfd >= 0)
		close(loop->epfd);
}

/* Wait until there are events. Without a gate they are fetched, too. */
static int ask(struct loop *loop, int sleep_ms)
{
	struct pollfd epoll = { .fd = loop->epfd, .events = POLLIN };

	if (loop->gate)
		return poll(&epoll, 1, sleep_ms);
	return epoll_wait(loop->epfd, loop->batch, LOOP_BATCH, sleep_ms);
}

static int spin(struct loop *loop)
{
	uint64_t end = clock_us() + loop->spin_us;
	int n;

	do
		n = ask(loop, 0);
	while (!n && clock_us() < end);
	return n;
}

/* A sleep that is over sooner than a spin is worth none: the next one is spent
 * awake. A spin that finds nothing ends in a sleep. */
static int sleep_or_spin(struct loop *loop, int sleep_ms)
{
	int n = sleep_ms && loop->restless ? spin(loop) : 0;
	uint64_t begin;

	if (n)
		return n;
	loop->slept = true;
	if (!loop->spin_us)
		return ask(loop, sleep_ms);
	begin = clock_us();
	n = ask(loop, sleep_ms);
	loop->restless = clock_us() - begin < loop->spin_us;
	return n;
}

/* Of one loop among several, another thread may change the list of work. */
static bool may_sleep(const struct loop *loop)
{
	return loop->gate ? !loop->busy : list_empty(&loop->work);
}

/* Whoever is alone sets times for other loops, too: they count from now. */
static void set_clocks(struct loop *loop)
{
	struct list *at;

	loop->now = clock_ms();
	if (!loop->gate || !loop->alone)
		return;
	list_for_each(at, &loop->gate->loops)
		container_of(at, struct loop, member)->now = loop->now;
}

/* Wait, pass the gate, have the events. How many, or -1. */
static int begin_turn(struct loop *loop, int sleep_ms)
{
	int n = may_sleep(loop) ? sleep_or_spin(loop, sleep_ms) : ask(loop, 0);

	loop->alone = gate_pass(loop->gate);
	if (loop->gate && n > 0)
		n = epoll_wait(loop->epfd, loop->batch, LOOP_BATCH, 0);
	loop->batch_len = n > 0 ? n : 0;
	loop->wakeups += loop->slept;
	loop->slept = false;
	set_clocks(loop);
	return n;
}

static void serve(struct loop *loop, enum kinds kinds)
{
	int i;

	for (i = 0; i < loop->batch_len; i++) {
		struct event *ev = loop->batch[i].data.ptr;

		if (ev && is_of(ev->parallel, kinds))
			ev->fn(ev, loop->batch[i].events);
	}
	if (loop->ringing)
		fire(loop, kinds);
	do_work(loop, kinds);
}

/* Is there anything that has to be alone? */
static bool need_alone(const struct loop *loop)
{
	struct list *at;
	int i;

	for (i = 0; i < loop->batch_len; i++) {
		const struct event *ev = loop->batch[i].data.ptr;

		if (ev && !ev->parallel)
			return true;
	}
	list_for_each(at, &loop->work)
		if (!container_of(at, struct work, node)->parallel)
			return true;
	return !list_empty(&loop->reap) ||
	       (loop->ringing && first_due(loop, ALONE));
}

static void be_alone(struct loop *loop)
{
	gate_leave(loop->gate);
	gate_close(loop->gate);
	loop->alone = true;
	set_clocks(loop);
}

static void kick(struct loop *loop)
{
	static const uint64_t one = 1;
	ssize_t n = write(loop->kick.fd, &one, sizeof(one));

	(void)n;
}

/* What was done alone may have left work to loops that sleep. */
static void wake_others(struct loop *loop)
{
	struct list *at;

	if (!loop->gate)
		return;
	list_for_each(at, &loop->gate->loops) {
		struct loop *other = container_of(at, struct loop, member);

		if (other != loop && !list_empty(&other->work))
			kick(other);
	}
}

static void end_turn(struct loop *loop)
{
	if (loop->ringing)
		follow_earliest(loop);
	loop->ringing = false;
	loop->batch_len = 0;
	loop->busy = !list_empty(&loop->work);
	gate_leave(loop->gate);
}

int loop_turn(struct loop *loop, int sleep_ms)
{
	int n = begin_turn(loop, sleep_ms), why = errno;

	serve(loop, loop->alone ? ANY : PARALLEL);
	if (!loop->alone && need_alone(loop)) {
		be_alone(loop);
		serve(loop, ALONE);
	}
	if (loop->alone) {
		do_reaping(loop);
		wake_others(loop);
	}
	end_turn(loop);
	errno = why;
	return n < 0 && why == EINTR ? 0 : n;
}

int loop_run(struct loop *loop, struct err *err)
{
	while (!loop->stopped)
		if (loop_turn(loop, -1) < 0)
			return err_errno(err, "cannot wait for events");
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
	if (loop->gate)
		kick(loop);
}

static void strike_from_batch(struct loop *loop, const struct event *ev)
{
	int i;

	for (i = 0; i < loop->batch_len; i++)
		if (loop->batch[i].data.ptr == ev)
			loop->batch[i].data.ptr = NULL;
}

int loop_watch(struct loop *loop, struct event *ev, uint32_t interest)
{
	struct epoll_event want = { .events = interest, .data.ptr = ev };
	int op = EPOLL_CTL_MOD;

	if (interest == ev->interest)
		return 0;
	if (!interest) {
		op = EPOLL_CTL_DEL;
		strike_from_batch(loop, ev);
	} else if (!ev->interest) {
		op = EPOLL_CTL_ADD;
	}
	if (epoll_ctl(loop->epfd, op, ev->fd, &want) < 0)
		return -1;
	ev->interest = interest;
	return 0;
}

void work_init(struct work *work, void (*fn)(struct work *work))
{
	list_init(&work->node);
	work->fn = fn;
}

void loop_schedule(struct loop *loop, struct work *work)
{
	if (list_empty(&work->node))
		list_append(&loop->work, &work->node);
}

void loop_reap(struct loop *loop, struct work *work)
{
	list_remove(&work->node);
	list_append(&loop->reap, &work->node);
}

void timer_init(struct timer *timer, void (*fn)(struct timer *timer))
{
	list_init(&timer->node);
	timer->fn = fn;
}

void loop_arm(struct loop *loop, struct timer *timer, uint64_t delay_ms)
{
	struct list *pos = &loop->timers;

	list_remove(&timer->node);
	timer->due = loop->now + delay_ms;
	/* Most delays are alike, so the place is found at the end. */
	while (pos->prev != &loop->timers &&
	       container_of(pos->prev, struct timer, node)->due > timer->due)
		pos = pos->prev;
	list_insert(pos, &timer->node);
	follow_earliest(loop);
}

void loop_disarm(struct timer *timer)
{
	list_remove(&timer->node);
}

bool timer_armed(const struct timer *timer)
{
	return !list_empty(&timer->node);
}
