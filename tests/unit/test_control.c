// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uml_router/control: clients of the management socket that send in pieces,
 * too much, nonsense, that do not read, and that leave at every moment.
 */
#include <errno.h>
#include <sys/socket.h>

#include "common/unixsock.h"
#include "tests/unit/fake.h"
#include "tests/unit/tap.h"
#include "uml_router/control.h"
#include "uml_router/query.h"
#include "uml_router/share.h"

#define STATS "{\"object\":\"stats\"}\n"
#define PORT_SHOW "{\"object\":\"port\",\"verb\":\"show\"}\n"
#define FDB_SHOW "{\"object\":\"fdb\",\"verb\":\"show\"}\n"

/** Clients that are served at a time. */
#define CLIENTS_MAX 64

struct bench {
	struct fake_world world;
	struct fake port[2];
	char name[40];
};

/* What a client got so far. */
struct answer {
	char *text;
	size_t len, room;
	bool ended;
};

static void set_up(struct bench *b)
{
	struct err err;

	fake_world_init(&b->world, NULL);
	fake_plug(&b->port[0], &b->world.sw, "p0", 1, POLICY_DROP);
	fake_plug(&b->port[1], &b->world.sw, "p1", 1, POLICY_DROP);
	snprintf(b->name, sizeof(b->name), "@uml-netutils-control-%d",
		 getpid());
	if (control_open(&b->world.sw, b->name, UNIXSOCK_PERM_DEFAULT, &err))
		tap_bail(err.text);
}

static void tear_down(struct bench *b)
{
	fake_world_fini(&b->world);
	fake_fini(&b->port[0]);
	fake_fini(&b->port[1]);
}

static int client(struct bench *b)
{
	struct err err;
	int fd = unixsock_connect(b->name, SOCK_STREAM, &err);

	if (fd < 0)
		tap_bail(err.text);
	return fd;
}

static void say(int fd, const void *text, size_t len)
{
	if (send(fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
		tap_bail("send");
}

/* Take what is there. Returns whether there was anything. */
static bool take(struct answer *a, int fd)
{
	ssize_t n;

	if (a->room - a->len < 65536) {
		a->room = 2 * a->room + 65536;
		a->text = realloc(a->text, a->room);
		if (!a->text)
			tap_bail("realloc");
	}
	n = recv(fd, a->text + a->len, a->room - a->len - 1, MSG_DONTWAIT);
	a->ended = a->ended || n == 0 || (n < 0 && errno == ECONNRESET);
	if (n > 0)
		a->len += (size_t)n;
	a->text[a->len] = '\0';
	return n > 0;
}

/* Between shares of its time the switch rests, until a timer fires: that may be
 * late, on a machine that others use. */
static bool rests(const struct loop *loop)
{
	struct list *first = loop->timers.next;

	return first != &loop->timers &&
	       container_of(first, struct timer, node)->due <=
		       loop->now + SHARE_MS;
}

/* All that the switch has to say. */
static struct answer listen_to(struct bench *b, int fd)
{
	struct loop *loop = &b->world.loop;
	struct answer a = { 0 };

	do
		if (fake_settle(loop) < 0)
			tap_bail("the loop spins");
	while (take(&a, fd) || loop_turn(loop, 50) > 0 || rests(loop));
	return a;
}

static unsigned int count(const struct answer *a, const char *what)
{
	unsigned int n = 0;
	const char *at;

	for (at = a->text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* Answers: results, ends, errors. */
static void heard(struct answer a, unsigned int results, unsigned int ends,
		  unsigned int errors, const char *what)
{
	bool good = count(&a, "{\"result\":") == results &&
		    count(&a, "{\"end\":true}\n") == ends &&
		    count(&a, "{\"error\":") == errors &&
		    count(&a, "\n") == results + ends + errors;

	ok(good, "%s", what);
	if (!good)
		printf("# %.200s\n", a.text);
	free(a.text);
}

static void test_request(void)
{
	struct bench b;
	int fd;

	set_up(&b);
	fd = client(&b);
	heard(listen_to(&b, fd), 0, 0, 0, "silence before a request");
	say(fd, STATS, strlen(STATS));
	heard(listen_to(&b, fd), 1, 1, 0, "a request is answered");
	say(fd, PORT_SHOW, strlen(PORT_SHOW));
	heard(listen_to(&b, fd), 2, 1, 0, "so is another one");
	close(fd);
	ok(fake_settle(&b.world.loop) >= 0, "it leaves");
	tear_down(&b);
}

static void test_pieces(void)
{
	const char *all = PORT_SHOW STATS "\n" FDB_SHOW, *at;
	struct bench b;
	int fd;

	set_up(&b);
	fd = client(&b);
	say(fd, all, strlen(all));
	heard(listen_to(&b, fd), 3, 3, 1, "several requests at once");
	for (at = PORT_SHOW; *at; at++) {
		say(fd, at, 1);
		fake_settle(&b.world.loop);
	}
	heard(listen_to(&b, fd), 2, 1, 0, "one octet at a time");
	is_int((intmax_t)b.world.sw.stats.bad_requests, 1,
	       "bad requests are counted");
	close(fd);
	tear_down(&b);
}

static void test_nonsense(void)
{
	struct bench b;
	int fd;

	set_up(&b);
	fd = client(&b);
	say(fd, "GET / HTTP/1.1\r\n\r\n", 18);
	heard(listen_to(&b, fd), 0, 0, 2, "no JSON");
	say(fd, "\0\n", 2);
	heard(listen_to(&b, fd), 0, 0, 1, "a NUL");
	say(fd, STATS, strlen(STATS));
	heard(listen_to(&b, fd), 1, 1, 0, "a good request after bad ones");
	close(fd);
	tear_down(&b);
}

/* The longest line, and one octet more. */
static void test_too_long(void)
{
	char line[QUERY_MAX + 1];
	struct answer a;
	struct bench b;
	int fd;

	set_up(&b);
	fd = client(&b);
	memset(line, ' ', sizeof(line));
	memcpy(line, STATS, strlen(STATS) - 1);
	line[QUERY_MAX - 1] = '\n';
	say(fd, line, QUERY_MAX);
	heard(listen_to(&b, fd), 1, 1, 0, "the longest request");
	line[QUERY_MAX - 1] = ' ';
	line[QUERY_MAX] = '\n';
	say(fd, line, QUERY_MAX + 1);
	a = listen_to(&b, fd);
	ok(a.ended && !a.len, "a longer one ends the connection");
	free(a.text);
	close(fd);
	fd = client(&b);
	say(fd, STATS, strlen(STATS));
	heard(listen_to(&b, fd), 1, 1, 0, "the next client is served");
	close(fd);
	tear_down(&b);
}

static void learn_many(struct bench *b, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		fake_put(&b->port[0], i, FAKE_ALL, i);
	fake_settle(&b->world.loop);
	if (fdb_count(b->world.sw.fdb) != n)
		tap_bail("fdb");
}

/* A client that asks for much and does not read: frames go on, the switch
 * does not spin, and the answer is whole in the end. */
static void test_slow_reader(void)
{
	struct answer a;
	struct bench b;
	int fd, other;

	set_up(&b);
	learn_many(&b, 30000);
	fd = client(&b);
	say(fd, FDB_SHOW STATS, strlen(FDB_SHOW STATS));
	ok(fake_settle(&b.world.loop) >= 0, "the switch does not wait for it");
	fake_put(&b.port[0], 1, FAKE_ALL, 40000);
	fake_settle(&b.world.loop);
	is_int(fake_number(&b.port[1].sent.at[b.port[1].sent.len - 1]), 40000,
	       "frames go on");
	other = client(&b);
	say(other, STATS, strlen(STATS));
	heard(listen_to(&b, other), 1, 1, 0, "other clients are served");
	port_close(b.port[1].port);
	fake_settle(&b.world.loop);
	a = listen_to(&b, fd);
	is_int(count(&a, "{\"result\":{\"mac\":"), 30000, "all lines");
	is_int(count(&a, "{\"end\":true}\n"), 2, "and the next request");
	free(a.text);
	close(fd);
	close(other);
	tear_down(&b);
}

static void test_leaves(void)
{
	int fds, fd, other;
	struct bench b;

	set_up(&b);
	learn_many(&b, 30000);
	fds = tap_open_fds();
	fd = client(&b);
	say(fd, FDB_SHOW, strlen(FDB_SHOW));
	fake_settle(&b.world.loop);
	close(fd);
	ok(fake_settle(&b.world.loop) >= 0, "a client leaves amid the answer");
	fd = client(&b);
	say(fd, "{\"obj", 5);
	fake_settle(&b.world.loop);
	close(fd);
	fake_settle(&b.world.loop);
	while (loop_turn(&b.world.loop, 50) > 0)
		;
	is_int(tap_open_fds(), fds, "one leaves amid its request");
	fd = client(&b);
	say(fd, PORT_SHOW STATS, strlen(PORT_SHOW STATS));
	shutdown(fd, SHUT_WR);
	heard(listen_to(&b, fd), 3, 2, 0, "one says no more, and hears all");
	close(fd);
	fd = client(&b);
	other = client(&b);
	say(fd, FDB_SHOW, strlen(FDB_SHOW));
	say(other, FDB_SHOW, strlen(FDB_SHOW));
	fake_settle(&b.world.loop);
	tear_down(&b);
	close(fd);
	close(other);
	ok(true, "the switch leaves amid the answers");
}

static bool ended(struct bench *b, int fd)
{
	struct answer a = listen_to(b, fd);

	free(a.text);
	return a.ended;
}

static void test_too_many(void)
{
	int fd[CLIENTS_MAX + 2], i;
	struct bench b;

	set_up(&b);
	for (i = 0; i < CLIENTS_MAX; i++) {
		fd[i] = client(&b);
		fake_settle(&b.world.loop);
	}
	say(fd[0], STATS, strlen(STATS));
	heard(listen_to(&b, fd[0]), 1, 1, 0, "as many as may be");
	for (; i < CLIENTS_MAX + 2; i++) {
		fd[i] = client(&b);
		say(fd[i], STATS, strlen(STATS));
		heard(listen_to(&b, fd[i]), 1, 1, 0, "one more is served");
	}
	ok(ended(&b, fd[1]) && ended(&b, fd[2]),
	   "those idle for longest made room");
	ok(!ended(&b, fd[0]) && !ended(&b, fd[3]), "the others did not");
	is_int((intmax_t)b.world.sw.stats.refused, 2, "that is counted");
	for (i = 0; i < CLIENTS_MAX + 2; i++)
		close(fd[i]);
	tear_down(&b);
}

static void test_refused(void)
{
	struct bench b;
	struct err err;
	int fds;

	set_up(&b);
	fds = tap_open_fds();
	is_int(control_open(&b.world.sw, b.name, UNIXSOCK_PERM_DEFAULT, &err),
	       -1, "a name that is taken");
	ok(strstr(err.text, b.name), "is told: %s", err.text);
	is_int(tap_open_fds(), fds, "nothing is left of it");
	tear_down(&b);
}

int main(void)
{
	int fds = tap_open_fds();

	alarm(120);
	test_request();
	test_pieces();
	test_nonsense();
	test_too_long();
	test_slow_reader();
	test_leaves();
	test_too_many();
	test_refused();
	is_int(tap_open_fds(), fds, "no descriptor leaks");
	return tap_done();
}
