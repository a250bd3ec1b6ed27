// SPDX-License-Identifier: GPL-2.0-or-later
/* The connection of uml_routerctl to the switch; control.h has the protocol. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/unixsock.h"
#include "ctl.h"
#include "query.h"

int ctl_fail(struct ctl *ctl, const char *code)
{
	snprintf(ctl->code, sizeof(ctl->code), "%s", code);
	return -1;
}

const char *ctl_text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "-";
}

json_int_t ctl_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

json_int_t ctl_sum(const json_t *object)
{
	json_int_t total = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
		total += json_integer_value(value);
	return total;
}

static int connect_to(struct ctl *ctl)
{
	int flags, fd = unixsock_connect(ctl->control, SOCK_STREAM, &ctl->err);

	if (fd < 0) {
		err_hint(&ctl->err,
			 "is uml_router running with --control? -s names "
			 "another socket");
		return ctl_fail(ctl, "no_switch");
	}
	flags = fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	ctl->stream = fdopen(fd, "r");
	if (ctl->stream)
		return 0;
	err_errno(&ctl->err, "fdopen");
	return ctl_fail(ctl, "failed");
}

json_t *ctl_words(char *words[])
{
	json_t *list = json_array();

	for (; *words; words++) {
		if (!json_array_append_new(list, json_string(*words)))
			continue;
		json_decref(list);
		return NULL;
	}
	return list;
}

/* The switch may turn us away: that is to be told, not to be died of. */
static int send_line(int fd, const json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t len = text ? strlen(text) : 0;
	ssize_t sent = -1;
	size_t at = 0;

	if (text)
		text[len++] = '\n';
	if (len > QUERY_MAX) {
		errno = EMSGSIZE;
		len = 0;
	}
	for (; at < len; at += (size_t)sent) {
		sent = send(fd, text + at, len - at, MSG_NOSIGNAL);
		if (sent < 0)
			break;
	}
	free(text);
	return sent < 0 ? -1 : 0;
}

int ctl_send(struct ctl *ctl, const char *object, const char *verb,
	     json_t *args)
{
	json_t *request = json_pack("{s:s, s:s, s:o}", "object", object, "verb",
				    verb, "args", args);
	int failed;

	if (!request) {
		err_set(&ctl->err, "an argument is no text in UTF-8");
		return ctl_fail(ctl, "bad_argument");
	}
	if (!ctl->stream && connect_to(ctl) < 0) {
		json_decref(request);
		return -1;
	}
	failed = send_line(fileno(ctl->stream), request);
	json_decref(request);
	if (!failed)
		return 0;
	err_errno(&ctl->err, "cannot send the request");
	if (errno != EMSGSIZE)
		return ctl_fail(ctl, "no_switch");
	err_hint(&ctl->err, "it can have %d octets", QUERY_MAX);
	return ctl_fail(ctl, "bad_argument");
}

/* What the switch refused, and why. */
static int refused(struct ctl *ctl, const json_t *error)
{
	const char *hint = json_string_value(json_object_get(error, "hint"));

	err_set(&ctl->err, "%s", ctl_text(error, "message"));
	if (hint)
		err_hint(&ctl->err, "%s", hint);
	return ctl_fail(ctl, ctl_text(error, "code"));
}

/* Control characters of ASCII and, in UTF-8, of ISO 8859-1: c2 80 to c2 9f. */
static bool is_control(const char *text, size_t i)
{
	unsigned char c = (unsigned char)text[i];

	return c < ' ' || c == 0x7f ||
	       (i && c >= 0x80 && c < 0xa0 && text[i - 1] == '\xc2');
}

/* Whose socket it is knows the user, not we: what would do something to a
 * terminal becomes '?'. */
static void make_plain(json_t *value)
{
	char *text = json_is_string(value) ? strdup(json_string_value(value))
					   : NULL;
	json_t *part;
	const char *key;
	size_t i;

	for (i = 0; text && text[i]; i++) {
		if (!is_control(text, i))
			continue;
		if (text[i] & 0x80)
			text[i - 1] = '?';
		text[i] = '?';
	}
	if (text)
		json_string_set(value, text);
	free(text);
	json_object_foreach(value, key, part) {
		make_plain(part);
	}
	json_array_foreach(value, i, part) {
		make_plain(part);
	}
}

int ctl_receive(struct ctl *ctl, json_t **result)
{
	json_t *line = json_loadf(ctl->stream, JSON_DISABLE_EOF_CHECK, NULL);
	json_t *error = json_object_get(line, "error");
	int status = 0;

	if (!ctl->json)
		make_plain(line);
	*result = json_incref(json_object_get(line, "result"));
	if (!line) {
		err_set(&ctl->err, "the switch ended the connection");
		return ctl_fail(ctl, "no_switch");
	}
	if (error)
		status = refused(ctl, error);
	json_decref(line);
	return status;
}

json_t *ctl_ask(struct ctl *ctl, const char *object, const char *verb,
		json_t *args)
{
	json_t *all = json_array(), *one = NULL;
	int failed = ctl_send(ctl, object, verb, args);

	while (!failed) {
		failed = ctl_receive(ctl, &one);
		if (failed || !one)
			break;
		json_array_append_new(all, one);
	}
	if (!failed)
		return all;
	json_decref(all);
	return NULL;
}

/* Errors quote what they are about, which need not be UTF-8. */
static json_t *quote(const char *text, size_t len)
{
	json_t *value = json_stringn(text, len);
	char ascii[ERR_TEXT_MAX];
	size_t i;

	if (value)
		return value;
	for (i = 0; i < len && i < sizeof(ascii); i++)
		ascii[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
	return json_stringn(ascii, i);
}

json_t *ctl_error_json(const struct ctl *ctl)
{
	size_t words = err_words(&ctl->err);
	const char *hint = ctl->err.text + words;
	json_t *error = json_object();

	json_object_set_new(error, "code", json_string(ctl->code));
	json_object_set_new(error, "message", quote(ctl->err.text, words));
	if (*hint)
		json_object_set_new(error, "hint",
				    quote(hint + 2, strlen(hint) - 3));
	return json_pack("{s:o}", "error", error);
}
