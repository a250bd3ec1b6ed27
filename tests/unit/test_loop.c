// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/loop: timers in their order, work before sleep, nothing called
 * that was taken out, memory given back last, level-triggered descriptors.
 */
#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/time.h>

#include "tests/unit/fake.h"
#include "tests/unit/tap.h"

/** A sleep that a test would notice. */
#define LONG_MS 5000
/** What cannot have been such a sleep. */
#define SHORT_MS 2500

/** What happened, in its order. */
struct diary {
	int at[64];
	unsigned int len;
};

static void note(struct diary *diary, int what)
{
	if (diary->len < sizeof(diary->at) / sizeof(diary->at[0]))
		diary->at[diary->len++] = what;
}

/* The diary as text, each number a character. */
static const char *read_diary(const struct diary *diary)
{
	static char text[65];
	unsigned int i;

	for (i = 0; i < diary->len; i++)
		text[i] = (char)diary->at[i];
	text[i] = '\0';
	return text;
}

static void start(struct loop *loop)
{
	struct err err;

	if (loop_init(loop, &err) < 0)
		tap_bail(err.text);
}

/* A turn that has no reason to sleep; returns its events, -2 when it slept. */
static int awake(struct loop *loop)
{
	uint64_t begin = fake_clock_ms();
	int n = loop_turn(loop, LONG_MS);

	return fake_clock_ms() - begin < SHORT_MS ? n : -2;
}

/* --- timers -------------------------------------------------------------- */

struct alarm_clock {
	struct timer timer;
	struct loop *loop;
	struct diary *diary;
	int name;
	bool early;
	unsigned int again;
	uint64_t again_ms;
	struct timer *other; /* disarmed by this one */
};

static void on_alarm(struct timer *timer)
{
	struct alarm_clock *a = container_of(timer, struct alarm_clock, timer);

	note(a->diary, a->name);
	a->early = a->early || fake_clock_ms() < timer->due;
	if (a->other)
		loop_disarm(a->other);
	if (a->again) {
		a->again--;
		loop_arm(a->loop, timer, a->again_ms);
	}
}

static void set(struct alarm_clock *a, struct loop *loop, struct diary *diary,
		int name)
{
	*a = (struct alarm_clock){ .loop = loop, .diary = diary, .name = name };
	timer_init(&a->timer, on_alarm);
}

/* Turn until the diary has @len entries, but not for long. */
static void wait_for(struct loop *loop, const struct diary *diary,
		     unsigned int len)
{
	uint64_t begin = fake_clock_ms();

	while (diary->len < len && fake_clock_ms() - begin < SHORT_MS)
		loop_turn(loop, 100);
}

static void test_timer_order(void)
{
	struct alarm_clock a[6];
	struct diary diary = { .len = 0 };
	struct loop loop;
	bool early = false;
	unsigned int i;

	start(&loop);
	for (i = 0; i < 6; i++)
		set(&a[i], &loop, &diary, 'a' + (int)i);
	loop_arm(&loop, &a[0].timer, 30);
	loop_arm(&loop, &a[1].timer, 10);
	loop_arm(&loop, &a[2].timer, 10);
	loop_arm(&loop, &a[3].timer, 1);
	loop_arm(&loop, &a[4].timer, 20);
	loop_arm(&loop, &a[5].timer, 0);
	ok(timer_armed(&a[4].timer), "armed");
	loop_disarm(&a[4].timer);
	loop_disarm(&a[4].timer);
	ok(!timer_armed(&a[4].timer), "disarmed, twice");
	wait_for(&loop, &diary, 5);
	is_str(read_diary(&diary), "fdbca", "by time, then by arming");
	for (i = 0; i < 6; i++)
		early = early || a[i].early || timer_armed(&a[i].timer);
	ok(!early, "none early, none armed any more");
	loop_fini(&loop);
}

static void test_timer_moved(void)
{
	struct alarm_clock a, b;
	struct diary diary = { .len = 0 };
	struct loop loop;

	start(&loop);
	set(&a, &loop, &diary, 'a');
	set(&b, &loop, &diary, 'b');
	loop_arm(&loop, &a.timer, 1);
	loop_arm(&loop, &b.timer, 2);
	loop_arm(&loop, &a.timer, 3);
	wait_for(&loop, &diary, 2);
	is_str(read_diary(&diary), "ba", "moved back");
	loop_arm(&loop, &a.timer, 1000000);
	loop_arm(&loop, &b.timer, 2000000);
	loop_arm(&loop, &b.timer, 1);
	wait_for(&loop, &diary, 3);
	is_str(read_diary(&diary), "bab", "moved forward");
	ok(timer_armed(&a.timer), "the other one stays");
	loop_fini(&loop);
}

/* A wake-up for a timer that was disarmed meanwhile finds nothing to do, and
 * the next timer is not lost by it. */
static void test_timer_disarmed_earliest(void)
{
	struct alarm_clock a, b;
	struct diary diary = { .len = 0 };
	struct loop loop;

	start(&loop);
	set(&a, &loop, &diary, 'a');
	set(&b, &loop, &diary, 'b');
	loop_arm(&loop, &a.timer, 2);
	loop_arm(&loop, &b.timer, 20);
	loop_disarm(&a.timer);
	wait_for(&loop, &diary, 1);
	is_str(read_diary(&diary), "b", "the timer behind a disarmed one");
	loop_fini(&loop);
}

static void test_timer_in_callback(void)
{
	struct alarm_clock a, b, c;
	struct diary diary = { .len = 0 };
	struct loop loop;

	start(&loop);
	set(&a, &loop, &diary, 'a');
	set(&b, &loop, &diary, 'b');
	set(&c, &loop, &diary, 'c');
	a.again = 2;
	a.again_ms = 1;
	a.other = &b.timer;
	loop_arm(&loop, &a.timer, 1);
	loop_arm(&loop, &b.timer, 1);
	loop_arm(&loop, &c.timer, 150);
	wait_for(&loop, &diary, 4);
	is_str(read_diary(&diary), "aaac",
	       "armed again in its callback; another one of the same "
	       "millisecond disarmed there");
	loop_fini(&loop);
}

static uint32_t seed = 1;

static uint32_t next_random(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 16;
}

static void test_many_timers(void)
{
	static struct alarm_clock a[40];
	struct diary diary = { .len = 0 };
	unsigned int i, wrong = 0;
	struct loop loop;

	start(&loop);
	for (i = 0; i < 40; i++) {
		set(&a[i], &loop, &diary, (int)i);
		loop_arm(&loop, &a[i].timer, next_random() % 25);
	}
	wait_for(&loop, &diary, 40);
	for (i = 1; i < diary.len; i++)
		wrong += a[diary.at[i - 1]].timer.due >
			 a[diary.at[i]].timer.due;
	ok(diary.len == 40 && !wrong, "40 timers in order");
	loop_fini(&loop);
}

static void test_two_loops(void)
{
	struct alarm_clock a, b;
	struct diary diary = { .len = 0 };
	struct loop one, two;

	start(&one);
	start(&two);
	set(&a, &one, &diary, 'a');
	set(&b, &two, &diary, 'b');
	loop_arm(&one, &a.timer, 1);
	loop_arm(&two, &b.timer, 1);
	wait_for(&two, &diary, 1);
	is_str(read_diary(&diary), "b", "a loop turns for itself");
	wait_for(&one, &diary, 2);
	is_str(read_diary(&diary), "ba", "and the other one too");
	loop_fini(&one);
	loop_fini(&two);
}

/* --- work ---------------------------------------------------------------- */

struct task {
	struct work work;
	struct loop *loop;
	struct diary *diary;
	int name;
	struct work *then;   /* scheduled by this one */
	struct work *reaped; /* reaped by this one */
};

static void on_task(struct work *work)
{
	struct task *t = container_of(work, struct task, work);

	note(t->diary, t->name);
	if (t->then)
		loop_schedule(t->loop, t->then);
	t->then = NULL;
	if (t->reaped)
		loop_reap(t->loop, t->reaped);
	t->reaped = NULL;
}

static void plan(struct task *t, struct loop *loop, struct diary *diary,
		 int name)
{
	*t = (struct task){ .loop = loop, .diary = diary, .name = name };
	work_init(&t->work, on_task);
}

static void test_work(void)
{
	struct diary diary = { .len = 0 };
	struct task a, b;
	struct loop loop;

	start(&loop);
	plan(&a, &loop, &diary, 'a');
	plan(&b, &loop, &diary, 'b');
	loop_schedule(&loop, &a.work);
	loop_schedule(&loop, &b.work);
	loop_schedule(&loop, &a.work);
	is_int(awake(&loop), 0, "no sleep while there is work");
	is_str(read_diary(&diary), "ab", "each once, in order");
	is_int(loop_turn(&loop, 0), 0, "a further turn");
	is_str(read_diary(&diary), "ab", "not again");
	loop_schedule(&loop, &a.work);
	is_int(awake(&loop), 0, "scheduled again");
	is_str(read_diary(&diary), "aba", "done again");
	loop_fini(&loop);
}

/* Work that makes work: the loop does not sleep in between, and other events
 * get their turn. */
static void test_work_makes_work(void)
{
	struct diary diary = { .len = 0 };
	struct task a, b;
	struct loop loop;

	start(&loop);
	plan(&a, &loop, &diary, 'a');
	plan(&b, &loop, &diary, 'b');
	a.then = &b.work;
	b.then = &a.work;
	loop_schedule(&loop, &a.work);
	awake(&loop);
	is_str(read_diary(&diary), "a", "the new work waits for the next turn");
	is_int(awake(&loop), 0, "which comes without sleep");
	is_str(read_diary(&diary), "ab", "and does it");
	is_int(awake(&loop), 0, "and so on");
	is_str(read_diary(&diary), "aba", "and so on");
	loop_fini(&loop);
}

static void test_work_schedules_itself(void)
{
	struct diary diary = { .len = 0 };
	struct loop loop;
	struct task a;

	start(&loop);
	plan(&a, &loop, &diary, 'a');
	a.then = &a.work;
	loop_schedule(&loop, &a.work);
	awake(&loop);
	is_int(awake(&loop), 0, "no sleep for work that wants to go on");
	is_str(read_diary(&diary), "aa", "it goes on");
	loop_fini(&loop);
}

/* --- the end of a turn --------------------------------------------------- */

static void test_reap(void)
{
	struct diary diary = { .len = 0 };
	struct task a, b, z;
	struct loop loop;

	start(&loop);
	plan(&a, &loop, &diary, 'a');
	plan(&b, &loop, &diary, 'b');
	plan(&z, &loop, &diary, 'z');
	a.reaped = &z.work;
	loop_schedule(&loop, &a.work);
	loop_schedule(&loop, &z.work);
	loop_schedule(&loop, &b.work);
	awake(&loop);
	is_str(read_diary(&diary), "abz",
	       "what is reaped is no longer scheduled, and comes last");
	loop_turn(&loop, 0);
	is_str(read_diary(&diary), "abz", "once");
	loop_reap(&loop, &z.work);
	loop_schedule(&loop, &z.work);
	loop_fini(&loop);
	is_str(read_diary(&diary), "abzz",
	       "the end of the loop reaps the rest");
}

/* Reaping that goes on until there is nothing left of it. */
static void test_reap_in_reap(void)
{
	struct diary diary = { .len = 0 };
	struct task y, z;
	struct loop loop;

	start(&loop);
	plan(&y, &loop, &diary, 'y');
	plan(&z, &loop, &diary, 'z');
	y.reaped = &z.work;
	loop_reap(&loop, &y.work);
	loop_fini(&loop);
	is_str(read_diary(&diary), "yz", "reaping may reap");
}

/* --- descriptors --------------------------------------------------------- */

struct watched {
	struct event ev;
	struct work last;
	struct loop *loop;
	struct diary *diary;
	int name;
	struct watched *victim; /* ended by this one */
	bool read;		/* take what is there */
	struct task *task;	/* scheduled by this one */
};

static void free_watched(struct work *work)
{
	struct watched *w = container_of(work, struct watched, last);

	note(w->diary, 'F');
	free(w);
}

static void end_watched(struct watched *w)
{
	loop_watch(w->loop, &w->ev, 0);
	close(w->ev.fd);
	loop_reap(w->loop, &w->last);
}

static void on_watched(struct event *ev, uint32_t ready)
{
	struct watched *w = container_of(ev, struct watched, ev);
	eventfd_t count;

	note(w->diary, w->name);
	if (w->read)
		eventfd_read(ev->fd, &count);
	if (w->task)
		loop_schedule(w->loop, &w->task->work);
	if (w->victim)
		end_watched(w->victim);
	w->victim = NULL;
}

static struct watched *watch(struct loop *loop, struct diary *diary, int name,
			     int flags)
{
	struct watched *w = calloc(1, sizeof(*w));

	if (!w)
		tap_bail("calloc");
	w->loop = loop;
	w->diary = diary;
	w->name = name;
	w->ev.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | flags);
	w->ev.fn = on_watched;
	work_init(&w->last, free_watched);
	if (w->ev.fd < 0 || loop_watch(loop, &w->ev, EPOLLIN) < 0)
		tap_bail("eventfd");
	return w;
}

/* Each of two descriptors of one batch ends the other: only the first one is
 * called, and the memory of the second lives until both are done with. */
static void test_victim(void)
{
	struct diary diary = { .len = 0 };
	struct watched *a, *b;
	struct loop loop;

	start(&loop);
	a = watch(&loop, &diary, 'a', 0);
	b = watch(&loop, &diary, 'a', 0);
	a->victim = b;
	b->victim = a;
	eventfd_write(a->ev.fd, 1);
	eventfd_write(b->ev.fd, 1);
	is_int(loop_turn(&loop, 0), 2, "two are ready");
	is_str(read_diary(&diary), "aF", "the second one is not called");
	if (a->ev.interest)
		end_watched(a);
	else
		end_watched(b);
	loop_fini(&loop);
	is_str(read_diary(&diary), "aFF", "all is freed");
}

static void test_ends_itself(void)
{
	struct diary diary = { .len = 0 };
	struct watched *a;
	struct loop loop;
	struct task t;

	start(&loop);
	a = watch(&loop, &diary, 'a', 0);
	plan(&t, &loop, &diary, 't');
	a->victim = a;
	a->task = &t;
	eventfd_write(a->ev.fd, 1);
	is_int(loop_turn(&loop, 0), 1, "one is ready");
	is_str(read_diary(&diary), "atF",
	       "it ends itself: callback, work, memory");
	loop_fini(&loop);
}

/* What is not read is announced again, without a further write. */
static void test_level(void)
{
	struct diary diary = { .len = 0 };
	struct watched *a;
	struct loop loop;

	start(&loop);
	a = watch(&loop, &diary, 'a', EFD_SEMAPHORE);
	a->read = true;
	eventfd_write(a->ev.fd, 3);
	is_int(awake(&loop), 1, "ready");
	is_int(awake(&loop), 1, "the rest, without sleep");
	is_int(awake(&loop), 1, "the rest of the rest");
	is_int(loop_turn(&loop, 0), 0, "nothing is left");
	is_str(read_diary(&diary), "aaa", "called for each");
	end_watched(a);
	loop_fini(&loop);
}

/* More are ready than a batch holds: all get their turn before one is called
 * a third time. */
static void test_more_than_a_batch(void)
{
	struct watched *w[LOOP_BATCH + 10];
	struct diary diary[LOOP_BATCH + 10];
	unsigned int i, unserved = 0;
	struct loop loop;

	start(&loop);
	for (i = 0; i < LOOP_BATCH + 10; i++) {
		diary[i].len = 0;
		w[i] = watch(&loop, &diary[i], 'a', 0);
		eventfd_write(w[i]->ev.fd, 1);
	}
	is_int(loop_turn(&loop, 0), LOOP_BATCH, "a full batch");
	loop_turn(&loop, 0);
	for (i = 0; i < LOOP_BATCH + 10; i++)
		unserved += !diary[i].len;
	is_int(unserved, 0, "descriptors that starve");
	for (i = 0; i < LOOP_BATCH + 10; i++)
		end_watched(w[i]);
	loop_fini(&loop);
}

static void test_watch(void)
{
	struct diary diary = { .len = 0 };
	struct event bad = { .fd = -1, .fn = on_watched };
	struct watched *a;
	struct loop loop;
	int fd;

	start(&loop);
	a = watch(&loop, &diary, 'a', 0);
	is_int(loop_watch(&loop, &a->ev, EPOLLIN | EPOLLOUT), 0, "changed");
	is_int((intmax_t)a->ev.interest, EPOLLIN | EPOLLOUT, "and noted");
	is_int(loop_turn(&loop, 0), 1, "writable");
	is_int(loop_watch(&loop, &a->ev, EPOLLIN), 0, "changed back");
	is_int(loop_turn(&loop, 0), 0, "not looked at any more");
	fd = a->ev.fd;
	a->ev.fd = -1;
	is_int(loop_watch(&loop, &a->ev, EPOLLIN), 0,
	       "the same interest asks nobody");
	a->ev.fd = fd;
	is_int(loop_watch(&loop, &a->ev, 0), 0, "taken out");
	is_int(loop_watch(&loop, &a->ev, 0), 0, "taken out again");
	errno = 0;
	ok(loop_watch(&loop, &bad, EPOLLIN) == -1 && errno == EBADF &&
		   !bad.interest,
	   "a bad descriptor is an error and not watched");
	end_watched(a);
	loop_fini(&loop);
}

/* --- running ------------------------------------------------------------- */

static void on_stop(struct timer *timer)
{
	loop_stop(container_of(timer, struct alarm_clock, timer)->loop);
}

static void test_run(void)
{
	struct diary diary = { .len = 0 };
	struct alarm_clock a;
	struct loop loop;
	struct err err;

	start(&loop);
	set(&a, &loop, &diary, 'a');
	a.timer.fn = on_stop;
	loop_arm(&loop, &a.timer, 5);
	is_int(loop_run(&loop, &err), 0, "loop_stop() ends loop_run()");
	ok(loop.wakeups >= 1, "wake-ups are counted");
	close(loop.epfd);
	loop.stopped = false;
	is_int(loop_run(&loop, &err), -1, "an epoll set that is gone");
	ok(strstr(err.text, "cannot wait for events: Bad file descriptor"),
	   "is told");
	loop.epfd = -1;
	loop_fini(&loop);
}

/* A timer that is due in @ms has passed. */
static void pass(struct loop *loop, uint64_t ms)
{
	struct diary diary = { .len = 0 };
	struct alarm_clock a;

	set(&a, loop, &diary, 'a');
	loop_arm(loop, &a.timer, ms);
	while (!diary.len)
		loop_turn(loop, LONG_MS);
}

static void test_spin(void)
{
	struct loop loop;

	start(&loop);
	loop.spin_us = 10000000;
	pass(&loop, 5);
	is_int((int)loop.wakeups, 1, "the first wait is a sleep");
	pass(&loop, 5);
	is_int((int)loop.wakeups, 1,
	       "behind a short sleep the loop stays awake");
	loop.spin_us = 1;
	pass(&loop, 20);
	is_int((int)loop.wakeups, 2, "it falls asleep when nothing comes");
	loop.spin_us = 10000000;
	pass(&loop, 5);
	is_int((int)loop.wakeups, 3, "behind a long sleep it sleeps again");
	loop_fini(&loop);
}

static void on_sigalrm(int signal_number)
{
}

static void test_signal(void)
{
	struct sigaction action = { .sa_handler = on_sigalrm }, before;
	struct itimerval soon = { .it_value.tv_usec = 20000 };
	struct itimerval rest;
	uint64_t begin = fake_clock_ms();
	struct loop loop;

	start(&loop);
	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &soon, &rest);
	is_int(loop_turn(&loop, LONG_MS), 0, "a signal is no failure");
	ok(fake_clock_ms() - begin < SHORT_MS, "it ended the sleep");
	sigaction(SIGALRM, &before, NULL);
	setitimer(ITIMER_REAL, &rest, NULL);
	loop_fini(&loop);
}

static void test_nothing_leaks(void)
{
	int before = tap_open_fds();
	struct loop loop;

	start(&loop);
	loop_fini(&loop);
	is_int(tap_open_fds(), before, "no descriptor leaks");
}

int main(void)
{
	alarm(60);
	test_timer_order();
	test_timer_moved();
	test_timer_disarmed_earliest();
	test_timer_in_callback();
	test_many_timers();
	test_two_loops();
	test_work();
	test_work_makes_work();
	test_work_schedules_itself();
	test_reap();
	test_reap_in_reap();
	test_victim();
	test_ends_itself();
	test_level();
	test_more_than_a_batch();
	test_watch();
	test_run();
	test_spin();
	test_signal();
	test_nothing_leaks();
	return tap_done();
}
