// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The protocol of UML kernels; see request.h. Versions 0 and 1 are of the
 * first kernels with uml_net, 2 brought tuntap, 3 an answer that the guest
 * prints, 4 the netmask. The callers are in arch/um of Linux up to 6.15:
 * drivers/net_user.c, drivers/slip_user.c, os-Linux/drivers/tuntap_user.c and
 * ethertap_user.c.
 */
#include "uml_net/request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "common/parse.h"

/** Most arguments of a form. */
#define FORM_ARGS 4
/** Highest number of a descriptor: the most that sysctl fs.nr_open allows. */
#define FD_MAX 1073741816

/* What an argument is. */
enum arg {
	ARG_END,
	ARG_UNUSED,
	ARG_DEVICE,
	ARG_GATEWAY,
	ARG_GUEST,
	ARG_NETMASK,
	ARG_REPLY_FD,
	ARG_DATA_FD,
	ARG_LINE_FD,
};

/*
 * One form of a request
 * @first, @last:	versions that have it
 * @transport:		first word after the version
 * @word:		second word, or NULL
 * @verb:		what it means
 * @reply:		how it is answered
 * @needed:		how many arguments there must be
 * @args:		what they are
 */
struct form {
	unsigned int first, last;
	const char *transport;
	const char *word;
	enum request_verb verb;
	enum request_reply reply;
	size_t needed;
	enum arg args[FORM_ARGS + 1];
};

/* clang-format off */
static const struct form forms[] = {
	{ 4, 4, "tuntap", "up", REQUEST_UP, REQUEST_DESCRIPTOR, 0,
	  { ARG_GATEWAY } },
	{ 3, 3, "tuntap", "up", REQUEST_UP, REQUEST_DESCRIPTOR, 1,
	  { ARG_UNUSED, ARG_GATEWAY } },
	{ 2, 2, "tuntap", "up", REQUEST_UP, REQUEST_DESCRIPTOR, 2,
	  { ARG_UNUSED, ARG_REPLY_FD, ARG_GATEWAY } },
	{ 4, 4, "tuntap", "add", REQUEST_ADD, REQUEST_TEXT, 3,
	  { ARG_DEVICE, ARG_GUEST, ARG_NETMASK } },
	{ 3, 3, "tuntap", "add", REQUEST_ADD, REQUEST_TEXT, 2,
	  { ARG_DEVICE, ARG_GUEST } },
	{ 2, 2, "tuntap", "add", REQUEST_ADD, REQUEST_SILENT, 2,
	  { ARG_DEVICE, ARG_GUEST } },
	{ 4, 4, "tuntap", "del", REQUEST_DEL, REQUEST_TEXT, 3,
	  { ARG_DEVICE, ARG_GUEST, ARG_NETMASK } },
	{ 3, 3, "tuntap", "del", REQUEST_DEL, REQUEST_TEXT, 2,
	  { ARG_DEVICE, ARG_GUEST } },
	{ 2, 2, "tuntap", "del", REQUEST_DEL, REQUEST_SILENT, 2,
	  { ARG_DEVICE, ARG_GUEST } },
	{ 4, 4, "add", NULL, REQUEST_ADD, REQUEST_TEXT, 3,
	  { ARG_DEVICE, ARG_GUEST, ARG_NETMASK } },
	{ 4, 4, "del", NULL, REQUEST_DEL, REQUEST_TEXT, 3,
	  { ARG_DEVICE, ARG_GUEST, ARG_NETMASK } },
	{ 3, 4, "slip", "up", REQUEST_SLIP_UP, REQUEST_TEXT, 1,
	  { ARG_GATEWAY, ARG_GUEST } },
	{ 0, 2, "slip", "up", REQUEST_SLIP_UP, REQUEST_SILENT, 2,
	  { ARG_LINE_FD, ARG_GATEWAY, ARG_GUEST } },
	{ 3, 4, "slip", "down", REQUEST_SLIP_DOWN, REQUEST_TEXT, 0,
	  { ARG_DEVICE } },
	{ 0, 2, "slip", "down", REQUEST_SLIP_DOWN, REQUEST_SILENT, 1,
	  { ARG_LINE_FD, ARG_GUEST } },
	{ 3, 4, "ethertap", NULL, REQUEST_ETHERTAP, REQUEST_STATUS_TEXT, 2,
	  { ARG_DEVICE, ARG_DATA_FD, ARG_GATEWAY } },
	{ 1, 2, "ethertap", NULL, REQUEST_ETHERTAP, REQUEST_STATUS, 3,
	  { ARG_DEVICE, ARG_DATA_FD, ARG_REPLY_FD, ARG_GATEWAY } },
	{ 0, 0, "ethertap", NULL, REQUEST_ETHERTAP, REQUEST_STATUS, 2,
	  { ARG_DEVICE, ARG_DATA_FD, ARG_GATEWAY, ARG_GUEST } },
};
/* clang-format on */

const char *request_verb_name(enum request_verb verb)
{
	switch (verb) {
	case REQUEST_UP:
		return "up";
	case REQUEST_ADD:
		return "add";
	case REQUEST_DEL:
		return "del";
	case REQUEST_SLIP_UP:
		return "slip-up";
	case REQUEST_SLIP_DOWN:
		return "slip-down";
	case REQUEST_ETHERTAP:
		return "ethertap";
	case REQUEST_NONE:
		break;
	}
	return "none";
}

bool request_unicast(struct in_addr addr)
{
	uint32_t number = ntohl(addr.s_addr);

	return number >> 24 != 0 && number >> 24 != 127 && number >> 28 < 14;
}

int request_address(const char *what, const char *text, struct in_addr *addr,
		    struct err *err)
{
	struct in_addr value;

	errno = EINVAL;
	if (inet_pton(AF_INET, text, &value) != 1) {
		err_set(err, "%s '%.64s' is no IPv4 address", what, text);
		return err_hint(err, "four numbers, such as 192.168.7.1");
	}
	if (!request_unicast(value))
		return err_set(err, "%s %s is not an address of one host", what,
			       text);
	*addr = value;
	return 0;
}

/* The guest's subnet is told, and not needed: the host knows its own. */
int request_netmask(const uint8_t octets[4], struct err *err)
{
	uint32_t mask, host;

	memcpy(&mask, octets, sizeof(mask));
	host = ~ntohl(mask);
	if (!(host & (host + 1)))
		return 0;
	errno = EINVAL;
	return err_set(err, "netmask %u.%u.%u.%u has gaps", octets[0],
		       octets[1], octets[2], octets[3]);
}

static int parse_netmask(const char *text, struct err *err)
{
	uint8_t octets[4];

	errno = EINVAL;
	if (inet_pton(AF_INET, text, octets) != 1)
		return err_set(err, "'%.64s' is no netmask", text);
	return request_netmask(octets, err);
}

static int parse_fd(const char *text, int *fd, struct err *err)
{
	uint64_t number;

	if (parse_uint("descriptor", text, 0, FD_MAX, &number, err))
		return -1;
	*fd = (int)number;
	return 0;
}

/* An empty gateway is none. */
static int parse_gateway(struct request *req, const char *text, struct err *err)
{
	if (!*text)
		return 0;
	if (request_address("gateway", text, &req->gateway, err))
		return -1;
	req->has_gateway = true;
	return 0;
}

static int parse_guest(struct request *req, const char *text, struct err *err)
{
	if (request_address("address", text, &req->guest, err))
		return -1;
	req->has_guest = true;
	return 0;
}

static int parse_device(struct request *req, const char *text, struct err *err)
{
	if (parse_ifname(text, false, err))
		return -1;
	req->device = text;
	return 0;
}

static int parse_arg(struct request *req, enum arg arg, const char *text,
		     struct err *err)
{
	switch (arg) {
	case ARG_DEVICE:
		return parse_device(req, text, err);
	case ARG_GATEWAY:
		return parse_gateway(req, text, err);
	case ARG_GUEST:
		return parse_guest(req, text, err);
	case ARG_NETMASK:
		return parse_netmask(text, err);
	case ARG_REPLY_FD:
		return parse_fd(text, &req->reply_fd, err);
	case ARG_DATA_FD:
		return parse_fd(text, &req->data_fd, err);
	case ARG_LINE_FD:
		return parse_fd(text, &req->line_fd, err);
	case ARG_UNUSED:
	case ARG_END:
		break;
	}
	return 0;
}

static int parse_args(struct request *req, const struct form *form,
		      char *const args[], struct err *err)
{
	size_t i;

	for (i = 0; args[i]; i++) {
		if (form->args[i] == ARG_END)
			return err_set(err, "one argument too many: '%.64s'",
				       args[i]);
		if (parse_arg(req, form->args[i], args[i], err))
			return -1;
	}
	if (i < form->needed)
		return err_set(err, "%s%s%s needs %zu arguments, not %zu",
			       form->transport, form->word ? " " : "",
			       form->word ? form->word : "", form->needed, i);
	/* the first version has one descriptor for all */
	if (!form->first && req->verb == REQUEST_ETHERTAP)
		req->reply_fd = req->data_fd;
	return 0;
}

static bool matches(const struct form *form, unsigned int version,
		    char *const words[])
{
	if (version < form->first || version > form->last ||
	    strcmp(words[0], form->transport) != 0)
		return false;
	return !form->word || (words[1] && !strcmp(words[1], form->word));
}

static const struct form *find_form(unsigned int version, char *const words[])
{
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (matches(&forms[i], version, words))
			return &forms[i];
	}
	return NULL;
}

/* A number is the version; what begins otherwise is of version 0. */
static int parse_version(struct request *req, char *const **words,
			 struct err *err)
{
	const char *text = **words;
	uint64_t number;

	if (!text)
		return err_set(err, "no request");
	if (*text < '0' || *text > '9')
		return 0;
	if (parse_uint("version", text, 0, UINT32_MAX, &number, err))
		return -1;
	if (number > REQUEST_VERSION) {
		err_set(err,
			"Version mismatch - requested version %s, uml_net "
			"supports up to version %d",
			text, REQUEST_VERSION);
		return -1;
	}
	req->version = (unsigned int)number;
	(*words)++;
	return **words ? 0 : err_set(err, "no request");
}

int request_parse(struct request *req, char *const words[], struct err *err)
{
	const struct form *form;

	*req = (struct request){
		.reply_fd = STDOUT_FILENO,
		.data_fd = -1,
		.line_fd = -1,
	};
	errno = EINVAL;
	if (parse_version(req, &words, err))
		return -1;
	form = find_form(req->version, words);
	if (!form)
		return err_set(err, "version %u has no request '%.64s%s%.64s'",
			       req->version, words[0], words[1] ? " " : "",
			       words[1] ? words[1] : "");
	req->verb = form->verb;
	req->reply = form->reply;
	if (req->verb == REQUEST_SLIP_UP || req->verb == REQUEST_SLIP_DOWN)
		req->line_fd = STDIN_FILENO;
	return parse_args(req, form, words + (form->word ? 2 : 1), err);
}
