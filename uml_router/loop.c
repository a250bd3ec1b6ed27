// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The event loop. See loop.h for what it promises.
 *
 * A callback may end any object, its own included: an event that is taken out
 * is also struck from the batch being served, and memory is given back only
 * at the end of the turn (loop_reap()).
 */
#include "loop.h"

#include <errno.h>
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
	while (!list_empty(&loop->timers)) {
		struct timer *t = container_of(loop->timers.next, struct timer,
					       node);

		if (t->due > loop->now)
			break;
		list_remove(&t->node);
		t->fn(t);
	}
	follow_earliest(loop);
}

int loop_init(struct loop *loop, struct err *err)
{
	*loop = (struct loop){ .epfd = -1 };
	list_init(&loop->timers);
	list_init(&loop->work);
	list_init(&loop->reap);
	loop->now = clock_ms();
	loop->timer_ev.fn = on_timerfd;
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

static unsigned int do_all(struct list *from)
{
	unsigned int done = 0;
	struct list todo;

	for (list_take_all(from, &todo); !list_empty(&todo); done++) {
		struct work *w = container_of(todo.next, struct work, node);

		list_remove(&w->node);
		w->fn(w);
	}
	return done;
}

void loop_fini(struct loop *loop)
{
	while (do_all(&loop->reap))
		;
	if (loop->timer_ev.fd >= 0)
		close(loop->timer_ev.fd);
	if (loop->epfd >= 0)
		close(loop->epfd);
}

static int ask(struct loop *loop, int sleep_ms)
{
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
	loop->wakeups++;
	if (!loop->spin_us)
		return ask(loop, sleep_ms);
	begin = clock_us();
	n = ask(loop, sleep_ms);
	loop->restless = clock_us() - begin < loop->spin_us;
	return n;
}

int loop_turn(struct loop *loop, int sleep_ms)
{
	int i, n = list_empty(&loop->work) ? sleep_or_spin(loop, sleep_ms)
					   : ask(loop, 0);

	if (n < 0)
		return errno == EINTR ? 0 : -1;
	loop->now = clock_ms();
	loop->batch_len = n;
	for (i = 0; i < n; i++) {
		struct event *ev = loop->batch[i].data.ptr;

		if (ev)
			ev->fn(ev, loop->batch[i].events);
	}
	loop->batch_len = 0;
	do_all(&loop->work);
	do_all(&loop->reap);
	return n;
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
