// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/worker: ports of several workers. First without threads, their
 * loops turned by hand, so that what happens between two of them is certain;
 * then with threads, for the sanitizer to watch (make tsan).
 */
#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "tests/unit/fake.h"
#include "tests/unit/tap.h"
#include "uml_router/backend.h"
#include "uml_router/capture.h"

#define WORKERS 3
#define PORTS 6
#define LEN 60
#define TO_ALL PORTS
#define STRESS_FRAMES 20000
#define LOOK_UPS 300000

struct bench {
	struct fake_world world;
	struct port *port[PORTS];
	int client[PORTS];
};

static struct port *plug(struct bench *b, int i, const char *more)
{
	char text[128], name[16];
	struct port_spec spec;
	struct err err;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0, fds) < 0)
		tap_bail("socketpair");
	b->client[i] = fds[0];
	snprintf(name, sizeof(name), "p%d", i);
	snprintf(text, sizeof(text), "fd:%d,name=%s,worker=%d%s", fds[1], name,
		 i % WORKERS, more);
	if (spec_parse(text, &spec, &err) < 0 ||
	    spec_open(&b->world.sw, &spec, &err) < 0)
		tap_bail(err.text);
	return sw_find(&b->world.sw, name);
}

static void set_up(struct bench *b, const char *const more[PORTS])
{
	struct sw_conf conf = SW_CONF_DEFAULT;
	int i;

	conf.workers = WORKERS;
	fake_world_init(&b->world, &conf);
	for (i = 0; i < PORTS; i++)
		b->port[i] = plug(b, i, more ? more[i] : "");
}

static void tear_down(struct bench *b)
{
	int i;

	fake_world_fini(&b->world);
	for (i = 0; i < PORTS; i++)
		close(b->client[i]);
}

static void put_address(uint8_t *at, int i)
{
	memset(at, i == TO_ALL ? 0xff : 0, 6);
	if (i != TO_ALL) {
		at[0] = 2;
		at[5] = (uint8_t)(i + 1);
	}
}

/* -1: there is no room. */
static int put(const struct bench *b, int from, int source, int to)
{
	uint8_t frame[LEN] = { 0 };

	put_address(frame, to);
	put_address(frame + 6, source);
	frame[12] = 0x88;
	frame[13] = 0xb5;
	return send(b->client[from], frame, LEN, MSG_NOSIGNAL) == LEN ? 0 : -1;
}

static int get(const struct bench *b, int i)
{
	uint8_t frame[LEN + 1];
	int n = 0;

	while (recv(b->client[i], frame, sizeof(frame), 0) == LEN)
		n++;
	return n;
}

/* Until no loop has anything to do. */
static void settle(struct bench *b)
{
	unsigned int i;
	int events = 1;

	while (events) {
		events = 0;
		for (i = 0; i < WORKERS; i++)
			events += loop_turn(b->world.sw.workers[i].loop, 0) > 0;
	}
}

static void introduce(struct bench *b)
{
	int i;

	for (i = 0; i < PORTS; i++)
		put(b, i, i, TO_ALL);
	settle(b);
}

static void test_forwarding(void)
{
	bool once = true, right = true;
	struct bench b;
	int i, j;

	set_up(&b, NULL);
	introduce(&b);
	for (i = 0; i < PORTS; i++)
		once = once && get(&b, i) == PORTS - 1;
	ok(once, "a frame for all comes once to each port of each worker");
	for (i = 0; i < PORTS; i++)
		for (j = 0; j < PORTS; j++) {
			put(&b, i, i, j);
			settle(&b);
			right = right && get(&b, j) == (i != j);
		}
	for (i = 0; i < PORTS; i++)
		right = right && !get(&b, i);
	ok(right, "one for a port comes to that one alone");
	ok(fdb_count(b.world.sw.fdb) == PORTS,
	   "all workers know all addresses");
	tear_down(&b);
}

static void test_rules(void)
{
	static const char *const more[PORTS] = {
		",isolated", ",isolated", "",
		",vlan=7",   ",vlan=7",	  ",mac=02:00:00:00:00:06",
	};
	int heard[PORTS], i;
	struct bench b;

	set_up(&b, more);
	put(&b, 0, 0, TO_ALL);
	settle(&b);
	for (i = 0; i < PORTS; i++)
		heard[i] = get(&b, i);
	ok(!heard[1] && heard[2] == 1 && heard[5] == 1,
	   "isolated ports of two workers do not talk");
	ok(!heard[3] && !heard[4], "a VLAN ends at its ports");
	put(&b, 3, 3, TO_ALL);
	settle(&b);
	ok(get(&b, 4) == 1 && !get(&b, 0) && !get(&b, 2),
	   "and reaches those of another worker");
	put(&b, 0, 5, TO_ALL);
	settle(&b);
	is_int((intmax_t)b.port[0]->stats.drops[DROP_SPOOFED], 1,
	       "an address that is pinned to another worker's port");
	tear_down(&b);
}

/* Worker 1 stands. */
static void test_full(void)
{
	struct loop *loop;
	struct bench b;
	int i, got = 0;

	set_up(&b, NULL);
	introduce(&b);
	get(&b, 1);
	loop = b.world.sw.workers[1].loop;
	for (i = 0; i < INBOX_ROOM + 10; i++) {
		put(&b, 0, 0, 1);
		loop_turn(b.world.sw.workers[0].loop, 0);
	}
	is_int((intmax_t)b.port[0]->stats.drops[DROP_WORKER_BUSY], 10,
	       "a worker that stands still: what its inbox cannot take");
	for (i = 0; i < 20; i++) {
		loop_turn(loop, 0);
		got += get(&b, 1);
	}
	is_int(got, INBOX_ROOM, "the rest comes when it goes on");
	put(&b, 0, 0, 1);
	settle(&b);
	is_int(get(&b, 1), 1, "and so does what follows");
	tear_down(&b);
}

/* More frames at a time than a short queue has room for between two sends. */
static void test_burst(void)
{
	static const char *const more[PORTS] = {
		"", ",queue=1", "", "", "", ""
	};
	struct bench b;
	int i, got;

	set_up(&b, more);
	introduce(&b);
	get(&b, 1);
	for (i = 0; i < INBOX_ROOM; i++) {
		put(&b, 0, 0, 1);
		loop_turn(b.world.sw.workers[0].loop, 0);
	}
	loop_turn(b.world.sw.workers[1].loop, 0);
	got = get(&b, 1);
	is_int(got + (int)b.port[1]->stats.drops[DROP_QUEUE_FULL] +
		       (int)b.port[1]->queue.len,
	       INBOX_ROOM, "a queue of one frame: %d of all came", got);
	settle(&b);
	tear_down(&b);
}

/* So that the sanitizers let an allocation fail, as it does without them. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* A worker whose frames all wait, and that gets no memory for others. */
static void test_memory(void)
{
	static const char *const more[PORTS] = { "", ",queue=4096", "", "", "",
						 "" };
	struct frame_pool *pool, before;
	struct bench b;
	int i;

	set_up(&b, more);
	introduce(&b);
	pool = &b.world.sw.workers[1].pool;
	before = *pool;
	pool->free = NULL;
	pool->slab_count = pool->slab_room = (size_t)1 << 57;
	for (i = 0; !b.port[0]->stats.drops[DROP_WORKER_BUSY]; i++) {
		put(&b, 0, 0, 1);
		settle(&b);
	}
	ok(i > INBOX_ROOM, "without memory the stock runs out, frame %d", i);
	pool->slab_count = before.slab_count;
	pool->slab_room = before.slab_room;
	for (i = 0; i < 1000; i++) {
		get(&b, 1);
		settle(&b);
	}
	put(&b, 0, 0, 1);
	settle(&b);
	put(&b, 0, 0, 1);
	settle(&b);
	ok(get(&b, 1), "with memory again frames arrive");
	/* Those that were hidden are no leak of the pool's. */
	tear_down(&b);
}

static void test_jumbo(void)
{
	static uint8_t frame[60000];
	struct worker *w;
	struct bench b;
	int i;

	set_up(&b, NULL);
	introduce(&b);
	w = &b.world.sw.workers[1];
	put_address(frame, 1);
	put_address(frame + 6, 0);
	for (i = 0; i < INBOX_ROOM; i++) {
		if (send(b.client[0], frame, sizeof(frame), 0) < 0)
			tap_bail("send");
		loop_turn(b.world.sw.workers[0].loop, 0);
	}
	for (i = 0; i < 1000; i++) {
		settle(&b);
		while (recv(b.client[1], frame, sizeof(frame), 0) > 0)
			;
	}
	ok(w->pool.large && timer_armed(&w->trimming),
	   "jumbo frames from another worker");
	w->trimming.fn(&w->trimming);
	is_int((intmax_t)w->pool.large, 0, "their memory is given back");
	tear_down(&b);
}

/* The port has left the VLAN of a frame that is under way to it. */
static void test_moves(void)
{
	static const char *const more[PORTS] = { ",vlan=7", ",vlan=7", "",
						 "",	    "",	       "" };
	char key[] = "vlan=8";
	struct port_conf conf;
	struct bench b;
	struct err err;

	set_up(&b, more);
	introduce(&b);
	get(&b, 1);
	put(&b, 0, 0, 1);
	loop_turn(b.world.sw.workers[0].loop, 0);
	port_get_conf(b.port[1], &conf);
	if (spec_set(&conf, key, &err) < 0 ||
	    port_set_conf(b.port[1], &conf, &err) < 0)
		tap_bail(err.text);
	settle(&b);
	is_int(get(&b, 1), 1, "it comes as it would have come before");
	put(&b, 0, 0, 1);
	settle(&b);
	is_int(get(&b, 1), 0, "and no further one does");
	tear_down(&b);
}

static void test_leaves(void)
{
	struct bench b;

	set_up(&b, NULL);
	introduce(&b);
	get(&b, 2);
	put(&b, 0, 0, 1);
	put(&b, 0, 0, 2);
	put(&b, 4, 4, 2);
	loop_turn(b.world.sw.workers[0].loop, 0);
	loop_turn(b.world.sw.workers[1].loop, 0);
	port_close(b.port[0]);
	loop_turn(b.world.sw.workers[0].loop, 0);
	ok(!sw_find(&b.world.sw, "p0"), "a port leaves");
	settle(&b);
	is_int(get(&b, 2), 2, "what is under way from it still arrives");
	port_close(b.port[1]);
	settle(&b);
	put(&b, 2, 2, 1);
	settle(&b);
	ok(get(&b, 4) && get(&b, 5), "its address is nobody's now");
	is_int((int)b.world.sw.port_count, PORTS - 2, "two have left");
	tear_down(&b);
}

/* --- with threads -------------------------------------------------------- */

struct sender {
	struct bench *b;
	int i;
	_Atomic int got;
};

/* Sends to everybody, as fast as the switch takes it, and reads. */
static void *chatter(void *arg)
{
	struct sender *s = arg;
	int n;

	for (n = 0; n < STRESS_FRAMES; n++) {
		if (put(s->b, s->i, s->i, n % (PORTS + 1)) < 0)
			sched_yield();
		s->got += get(s->b, s->i);
	}
	return NULL;
}

/* What management does, while frames go on: runs alone, on the main loop. */
struct meddler {
	struct work work;
	struct bench *b;
	int turn;
};

static void meddle(struct work *work)
{
	struct meddler *m = container_of(work, struct meddler, work);
	struct sw *sw = &m->b->world.sw;
	struct port *p = m->b->port[m->turn++ % PORTS];
	struct port_conf conf;
	struct port_stats sum;
	struct err err;

	port_get_conf(p, &conf);
	conf.queue = 16 + (unsigned int)m->turn % 64;
	conf.rules.isolated = m->turn % 3 == 0;
	conf.policy = m->turn % 5 ? POLICY_DROP : POLICY_BLOCK;
	if (port_set_conf(p, &conf, &err) < 0)
		tap_bail(err.text);
	fdb_flush(sw->fdb, &p->addresses);
	sw_sum(sw, &sum);
	sw_look_on(sw, m->turn % 4 ? 0 : m->turn % 8 ? 1 : -1);
}

static void calm_down(struct work *work)
{
	struct meddler *m = container_of(work, struct meddler, work);
	struct port_conf conf;
	int i;

	for (i = 0; i < PORTS; i++) {
		port_get_conf(m->b->port[i], &conf);
		conf.rules.isolated = false;
		port_set_conf(m->b->port[i], &conf, NULL);
	}
	sw_look_on(&m->b->world.sw, -(int)m->b->world.sw.onlookers);
}

static void add_and_remove(struct bench *b, struct port **guest, int *client)
{
	struct err err;
	struct port_spec spec;
	char text[64];
	int fds[2];

	if (*guest) {
		port_close(*guest);
		close(*client);
		*guest = NULL;
		return;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		tap_bail("socketpair");
	*client = fds[0];
	snprintf(text, sizeof(text), "fd:%d,name=guest,worker=2", fds[1]);
	if (spec_parse(text, &spec, &err) < 0 ||
	    spec_open(&b->world.sw, &spec, &err) < 0)
		tap_bail(err.text);
	*guest = sw_find(&b->world.sw, "guest");
}

struct guest {
	struct work work;
	struct bench *b;
	struct port *port;
	int client;
};

static void come_and_go(struct work *work)
{
	struct guest *g = container_of(work, struct guest, work);

	if (!g->port && sw_find(&g->b->world.sw, "guest"))
		return;
	add_and_remove(g->b, &g->port, &g->client);
}

/* Each of the clients hears from every other within ten seconds. */
static bool all_talk(struct bench *b)
{
	uint64_t end = clock_ns() + 10 * CLOCK_NS_PER_S;
	bool heard[PORTS] = { false };
	int i, quiet = PORTS;

	while (quiet && clock_ns() < end) {
		for (i = 0; i < PORTS; i++)
			put(b, i, i, (i + 1) % PORTS);
		loop_turn(&b->world.loop, 10);
		for (i = 0, quiet = 0; i < PORTS; i++) {
			heard[i] = heard[i] || get(b, i);
			quiet += !heard[i];
		}
	}
	return !quiet;
}

/* Between two turns of the main loop: another worker may be alone just now. */
static void have_done(struct bench *b, struct work *work)
{
	gate_close(&b->world.sw.gate);
	loop_schedule(&b->world.loop, work);
	b->world.loop.busy = true;
	gate_leave(&b->world.sw.gate);
}

static void test_threads(void)
{
	struct sender senders[PORTS] = { 0 };
	pthread_t thread[PORTS];
	struct meddler m = { 0 };
	struct guest g = { 0 };
	struct bench b;
	struct err err;
	int i;

	set_up(&b, NULL);
	m.b = g.b = &b;
	work_init(&m.work, meddle);
	work_init(&g.work, come_and_go);
	if (workers_start(&b.world.sw, &err) < 0)
		tap_bail(err.text);
	for (i = 0; i < PORTS; i++) {
		senders[i] = (struct sender){ &b, i, 0 };
		if (pthread_create(&thread[i], NULL, chatter, &senders[i]))
			tap_bail("pthread_create");
	}
	for (i = 0; i < 400; i++) {
		have_done(&b, i % 2 ? &m.work : &g.work);
		loop_turn(&b.world.loop, 1);
	}
	for (i = 0; i < PORTS; i++)
		while (pthread_tryjoin_np(thread[i], NULL))
			loop_turn(&b.world.loop, 1);
	for (i = 0; i < PORTS && senders[i].got; i++)
		;
	is_int(i, PORTS, "all heard, while ports came, went and changed");
	work_init(&m.work, calm_down);
	have_done(&b, &m.work);
	ok(all_talk(&b), "all talk when it is over");
	tear_down(&b);
	if (g.port)
		close(g.client);
}

/* --- the forwarding database --------------------------------------------- */

/* Address N is of owner N % 2 or of nobody, whatever happens meanwhile. */
struct looker {
	struct fdb *fdb;
	struct fdb_owner *owners;
	int me;
	_Atomic int wrong;
};

static void *learn_and_look(void *arg)
{
	struct looker *l = arg;
	uint32_t seed = (uint32_t)l->me + 1;
	uint8_t mac[6] = { 2 };
	int i;

	for (i = 0; i < LOOK_UPS; i++) {
		struct fdb_owner *owner;

		seed = seed * 1103515245 + 12345;
		mac[5] = (uint8_t)(seed >> 16);
		owner = fdb_lookup(l->fdb, 0, mac);
		if (owner && owner != &l->owners[mac[5] % 2])
			l->wrong++;
		mac[5] = (uint8_t)((mac[5] & ~1) | l->me);
		fdb_learn(l->fdb, 0, mac, &l->owners[l->me],
			  (uint32_t)i / 1000);
		if (i % 5000 == 0)
			fdb_flush(l->fdb, &l->owners[l->me]);
	}
	return NULL;
}

static void test_fdb(void)
{
	static const struct siphash_key key;
	struct fdb *fdb = fdb_new(64, &key);
	struct fdb_owner owners[2];
	struct looker lookers[2];
	pthread_t thread[2];
	int i;

	for (i = 0; i < 2; i++)
		fdb_owner_init(&owners[i]);
	for (i = 0; i < 2; i++) {
		lookers[i] = (struct looker){ fdb, owners, i, 0 };
		if (pthread_create(&thread[i], NULL, learn_and_look,
				   &lookers[i]))
			tap_bail("pthread_create");
	}
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	is_int(lookers[0].wrong + lookers[1].wrong, 0,
	       "nobody is told another address's owner");
	ok(fdb_count(fdb) == owners[0].learned.count + owners[1].learned.count,
	   "and none is lost count of");
	fdb_free(fdb);
}

int main(void)
{
	int fds = tap_open_fds();

	alarm(120);
	test_forwarding();
	test_rules();
	test_full();
	test_burst();
	test_memory();
	test_jumbo();
	test_moves();
	test_leaves();
	test_fdb();
	test_threads();
	is_int(tap_open_fds(), fds, "no descriptor leaks");
	return tap_done();
}
