// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Handing an open device to a command; see handover.h.
 *
 * The command takes our place by execve(2): whoever waits for us waits for it,
 * and sees its status or the signal that ended it. The device is not
 * persistent, so it goes when the last descriptor does.
 */
#include "tunctl/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What stands in for a word in braces, or NULL; @len gets its length. */
static const char *value_of(const char *text, const char *fd, const char *name,
			    size_t *len)
{
	if (!strncmp(text, "{fd}", 4)) {
		*len = 4;
		return fd;
	}
	if (!strncmp(text, "{name}", 6)) {
		*len = 6;
		return name;
	}
	return NULL;
}

/* One word; also measures it where @out is NULL. */
static size_t expand(const char *word, const char *fd, const char *name,
		     char *out)
{
	const char *value;
	size_t skip, used = 0;

	while (*word) {
		value = value_of(word, fd, name, &skip);
		if (!value) {
			if (out)
				out[used] = *word;
			used++;
			word++;
			continue;
		}
		if (out)
			memcpy(out + used, value, strlen(value));
		used += strlen(value);
		word += skip;
	}
	if (out)
		out[used] = '\0';
	return used;
}

char **handover_words(char *const *command, int fd, const char *name)
{
	size_t count = 0, i;
	char number[16];
	char **words;

	snprintf(number, sizeof(number), "%d", fd);
	while (command[count])
		count++;
	words = calloc(count + 1, sizeof(*words));
	for (i = 0; words && i < count; i++) {
		words[i] = malloc(expand(command[i], number, name, NULL) + 1);
		if (!words[i]) {
			handover_free(words);
			return NULL;
		}
		expand(command[i], number, name, words[i]);
	}
	return words;
}

void handover_free(char **words)
{
	size_t i;

	for (i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}

/* Whether @name in the folder of @len octets at @dir can be executed. */
static bool in_folder(const char *dir, size_t len, const char *name)
{
	char path[PATH_MAX];
	int used;

	/* an empty folder is the present one */
	used = snprintf(path, sizeof(path), "%.*s/%s", len ? (int)len : 1,
			len ? dir : ".", name);
	return used > 0 && (size_t)used < sizeof(path) &&
	       !faccessat(AT_FDCWD, path, X_OK, AT_EACCESS);
}

/* As execvp(3) would look for it; without PATH it has a list of its own. */
static bool in_path(const char *name)
{
	const char *dir = getenv("PATH");
	size_t len;

	if (!dir)
		return true;
	for (;; dir += len + 1) {
		len = strcspn(dir, ":");
		if (in_folder(dir, len, name))
			return true;
		if (!dir[len])
			return false;
	}
}

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static int not_found(const char *name, struct err *err)
{
	err_errno(err, "execute '%.128s'", name);
	return errno == ENOENT ? HANDOVER_NOT_FOUND : HANDOVER_NOT_EXECUTABLE;
}

int handover_check(char *const *command, struct err *err)
{
	const char *name = command[0];

	if (strchr(name, '{'))
		return 0;
	if (!strchr(name, '/')) {
		errno = ENOENT;
		return in_path(name) ? 0 : not_found(name, err);
	}
	if (faccessat(AT_FDCWD, name, X_OK, AT_EACCESS) < 0)
		return not_found(name, err);
	errno = EISDIR;
	return is_folder(name) ? not_found(name, err) : 0;
}

static int set_environment(int fd, const char *name, struct err *err)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", fd);
	if (setenv("TUNCTL_FD", number, 1) || setenv("TUNCTL_NAME", name, 1))
		return err_errno(err, "set the environment");
	return 0;
}

static int become(char **words, struct err *err)
{
	execvp(words[0], words);
	return not_found(words[0], err);
}

int handover_exec(struct device *dev, char *const *command,
		  const struct privs *privs, struct err *err)
{
	int fd = dev->tt.fd[0];
	int status = EXIT_FAILURE;
	char **words;

	if (set_environment(fd, dev->name, err) || privs_drop_all(privs, err))
		return status;
	words = handover_words(command, fd, dev->name);
	if (!words) {
		err_errno(err, "execute '%.128s'", command[0]);
		return status;
	}
	sigprocmask(SIG_SETMASK, &dev->signals, NULL);
	status = become(words, err);
	handover_free(words);
	return status;
}
