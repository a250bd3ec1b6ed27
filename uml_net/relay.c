// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames between a tap and a guest of the ethertap transport; see relay.h.
 *
 * Until the guest ends this process stands between the two, with the caller's
 * ids and no privilege but CAP_NET_ADMIN, which changes of addresses need.
 * What the guest sends is untrusted: datagrams become frames of its own tap
 * and nothing else; records go through relay_parse(), policy and host are
 * asked about each address.
 *
 * A frame that the guest's socket has no room for waits, one at a time, and
 * meanwhile the tap is not read: what then does not fit into the tap's own
 * queue the kernel drops and counts. The end of the guest is the end of the
 * socket of its records; the first version of the protocol has none, but the
 * guard takes the tap away, which ends it as well.
 */
#include "uml_net/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/parse.h"
#include "common/unixsock.h"
#include "uml_net/guest.h"
#include "uml_net/mark.h"
#include "uml_net/tap.h"

/** Octets before each frame. */
#define PAD 2
/** A frame of the largest MTU of a tap, with its pad. */
#define FRAME_MAX (PAD + ETH_HLEN + 65535)

/* What is polled. */
enum {
	END_TAP,
	END_DATA,
	END_CONTROL,
	ENDS,
};

/*
 * A running relay
 * @s:		the session
 * @tt:		the tap
 * @link:	the same for rtnetlink
 * @control:	socket of records, or -1
 * @waiting:	octets of @frame that wait for room at the guest, or 0
 * @record:	record under construction
 * @record_used: octets of it
 * @frame:	a frame with its pad
 */
struct relay {
	struct session *s;
	struct tuntap tt;
	struct netlink_link link;
	int control;
	size_t waiting;
	uint8_t record[RELAY_RECORD_MAX];
	size_t record_used;
	uint8_t frame[FRAME_MAX];
};

size_t relay_record_len(unsigned int version)
{
	return sizeof(int) + (version < 4 ? 4 : 8);
}

int relay_parse(unsigned int version, const uint8_t *data,
		struct relay_change *change, struct err *err)
{
	struct in_addr addr;
	int what;

	memcpy(&what, data, sizeof(what));
	memcpy(&addr, data + sizeof(what), sizeof(addr));
	errno = EINVAL;
	if (what != RELAY_ADD && what != RELAY_DEL)
		return err_set(err, "change %d is neither 0 (add) nor 1 (del)",
			       what);
	if (!request_unicast(addr))
		return err_set(err, "address %u.%u.%u.%u is not of one host",
			       data[4], data[5], data[6], data[7]);
	if (version >= 4 && request_netmask(data + 8, err))
		return -1;
	*change = (struct relay_change){
		.what = (enum relay_what)what,
		.addr = addr,
	};
	return 0;
}

/* The guest is no longer there, or not in its senses. */
static bool lasting(void)
{
	return errno != EAGAIN && errno != EINTR && errno != ENOBUFS &&
	       errno != ENOMEM;
}

/* In the first version nothing else tells that the guest has gone. */
static bool refused_for_good(const struct relay *relay)
{
	return errno == EPIPE || errno == EBADF ||
	       (errno == ECONNREFUSED && relay->control < 0);
}

/* Return: 0, or -1 if the guest has ended */
static int to_guest(struct relay *relay)
{
	ssize_t sent = send(relay->s->req.data_fd, relay->frame, relay->waiting,
			    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && errno == EAGAIN)
		return 0;
	relay->waiting = 0;
	/* what it cannot take is lost; it may have shut its interface */
	return sent < 0 && refused_for_good(relay) ? -1 : 0;
}

/* Return: 0, or -1 if the tap has gone */
static int from_tap(struct relay *relay)
{
	ssize_t len = read(relay->tt.fd[0], relay->frame + PAD,
			   sizeof(relay->frame) - PAD);

	if (len < 0)
		return lasting() ? -1 : 0;
	memset(relay->frame, 0, PAD);
	relay->waiting = (size_t)len + PAD;
	return to_guest(relay);
}

/* One that the tap does not take is lost, as on a wire. */
static int from_guest(struct relay *relay)
{
	uint8_t frame[FRAME_MAX];
	ssize_t len = recv(relay->s->req.data_fd, frame, sizeof(frame),
			   MSG_DONTWAIT | MSG_TRUNC);

	if (len < 0)
		return lasting() && errno != ECONNREFUSED ? -1 : 0;
	if (len < PAD + ETH_HLEN || (size_t)len > sizeof(frame))
		return 0;
	len = write(relay->tt.fd[0], frame + PAD, (size_t)len - PAD);
	return len < 0 && errno == EBADFD ? -1 : 0;
}

/* A change that is refused is told and logged; the relay goes on. */
static int change(struct relay *relay)
{
	struct session *s = relay->s;
	struct relay_change change = { .what = RELAY_ADD };
	struct err err = { "" };
	int rc;

	reply_clear(&s->reply);
	rc = relay_parse(s->req.version, relay->record, &change, &err);
	if (!rc) {
		s->req.verb = change.what == RELAY_ADD ? REQUEST_ADD
						       : REQUEST_DEL;
		s->req.has_guest = true;
		s->req.guest = change.addr;
		rc = change.what == RELAY_ADD
			     ? tap_lead(s, &relay->link, change.addr, &err)
			     : tap_unlead(s, &relay->link, change.addr, &err);
	}
	session_audit(s, rc ? err.text : NULL);
	if (rc)
		reply_line(&s->reply, "%s", err.text);
	return reply_change(&s->reply, &s->req, &err);
}

/* Return: 0, or -1 at the end of the guest */
static int from_control(struct relay *relay)
{
	size_t want = relay_record_len(relay->s->req.version);
	ssize_t len = recv(relay->control, relay->record + relay->record_used,
			   want - relay->record_used, MSG_DONTWAIT);

	if (len <= 0)
		return !len || lasting() ? -1 : 0;
	relay->record_used += (size_t)len;
	if (relay->record_used < want)
		return 0;
	relay->record_used = 0;
	return change(relay);
}

/* Return: 0, or -1 at the end */
static int turn(struct relay *relay)
{
	struct pollfd ends[ENDS] = {
		[END_TAP] = { .fd = relay->tt.fd[0], .events = POLLIN },
		[END_DATA] = { .fd = relay->s->req.data_fd, .events = POLLIN },
		[END_CONTROL] = { .fd = relay->control, .events = POLLIN },
	};

	if (relay->waiting) {
		ends[END_TAP].events = 0;
		ends[END_DATA].events = POLLIN | POLLOUT;
	}
	if (poll(ends, ENDS, -1) < 0)
		return errno == EINTR ? 0 : -1;
	if (ends[END_CONTROL].revents && from_control(relay))
		return -1;
	if (ends[END_DATA].revents & POLLOUT && to_guest(relay))
		return -1;
	if (ends[END_DATA].revents & ~POLLOUT && from_guest(relay))
		return -1;
	if (ends[END_TAP].revents & POLLIN)
		return from_tap(relay);
	return ends[END_TAP].revents & (POLLERR | POLLHUP | POLLNVAL) ? -1 : 0;
}

/*
 * Both ends must be what the kernel of a guest makes (ethertap_user.c): what
 * is written there is written with privilege, so it is written to programs
 * only, and to no part of the kernel.
 */
static int check_sockets(const struct request *req, struct err *err)
{
	int type = unixsock_type(req->data_fd);

	if (type < 0)
		return err_errno(err, "descriptor %d, which is to carry frames",
				 req->data_fd);
	if (type != SOCK_DGRAM && type != SOCK_SEQPACKET) {
		errno = EPROTOTYPE;
		return err_set(err, "descriptor %d keeps no frames apart",
			       req->data_fd);
	}
	if (unixsock_type(req->reply_fd) < 0)
		return err_errno(err,
				 "descriptor %d, which is to carry changes of "
				 "addresses",
				 req->reply_fd);
	return 0;
}

/* The guest's name for it: one of those that mean nothing to a host. */
static int check_name(const char *name, struct err *err)
{
	if (!strncmp(name, "tap", 3) && parse_plain(name))
		return 0;
	errno = EPERM;
	err_set(err, "'%s' is no name for a guest's device", name);
	return err_hint(err, "tap and letters, digits, '.', '_' or '-'");
}

/* Its terminal is not ours to hold. */
static int detach(struct err *err)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDERR_FILENO) < 0 || chdir("/") < 0)
		return err_errno(err, "leave the caller's terminal");
	close(null);
	return 0;
}

static int begin(struct relay *relay, struct err *err)
{
	struct session *s = relay->s;

	if (check_sockets(&s->req, err) || check_name(s->req.device, err) ||
	    tap_make(s, s->req.device, &relay->tt, &relay->link, err))
		return -1;
	if (s->req.has_guest && tap_lead(s, &relay->link, s->req.guest, err))
		return -1;
	if (reply_send(&s->reply, &s->req, true, err))
		return -1;
	session_audit(s, NULL);
	return 0;
}

int relay_run(struct session *s, bool *told, struct err *err)
{
	static struct relay relay;
	int rc;

	relay = (struct relay){ .s = s, .control = s->req.reply_fd };
	/* the first version has one descriptor, and no records */
	if (relay.control == s->req.data_fd)
		relay.control = -1;
	rc = begin(&relay, err);
	*told = !rc;
	if (!rc)
		rc = detach(err);
	while (!rc && !turn(&relay))
		;
	tuntap_close(&relay.tt);
	return guest_sweep(s->nl, NULL) ? -1 : rc;
}
