// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file of the policy: opened, judged, read.
 *
 * What is judged is what is read: the descriptor, not the path. Of the path
 * only the last part must not be a link: a link there could be made to lead to
 * another file of root's by whoever owns it, and the folders above are root's
 * as the path itself is. Nothing that is opened can keep us waiting or become
 * our terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "uml_net/policy_rules.h"

/* Why a file is not what it must be. Return: 1 */
static int refuse(const char *path, const char *why, const char *remedy,
		  policy_tell tell, void *data)
{
	struct err err;

	err_set(&err, "'%.128s' %s", path, why);
	err_hint(&err, "%s", remedy);
	tell(data, true, err.text);
	return 1;
}

/* A step that failed, by errno. Return: -1 */
static int fail(const char *step, const char *path, policy_tell tell,
		void *data)
{
	struct err err;

	err_errno(&err, "%s '%.128s'", step, path);
	if (errno == ELOOP)
		err_hint(&err, "it is a symbolic link; the policy is the file "
			       "itself");
	if (errno == ENXIO || errno == ENODEV)
		err_hint(&err, "a policy is a regular file");
	if (errno == EACCES)
		err_hint(&err,
			 "who uses uml_net must be able to read it: "
			 "chmod 644 '%.128s'",
			 path);
	tell(data, true, err.text);
	return -1;
}

/*
 * Return: 0 for a file that only root can have written; 1 for one that others
 * could, told; -1 for what is not even to be read, told
 */
static int judge(int fd, const char *path, policy_tell tell, void *data)
{
	struct stat st;
	int rc = 0;

	if (fstat(fd, &st))
		return fail("look at", path, tell, data);
	if (!S_ISREG(st.st_mode))
		return -refuse(path, "is no regular file",
			       "a policy is a text file", tell, data);
	if (st.st_uid != 0)
		rc = refuse(path, "does not belong to root",
			    "as root: chown root FILE", tell, data);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		rc = refuse(path, "can be written by others than its owner",
			    "chmod go-w FILE", tell, data);
	return rc;
}

/* Up to @size octets. Return: how many, or -1 with @tell called */
static ssize_t read_file(int fd, const char *path, char *text, size_t size,
			 policy_tell tell, void *data)
{
	size_t used = 0;
	ssize_t got;

	while (used < size) {
		got = read(fd, text + used, size - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail("read", path, tell, data);
		if (!got)
			break;
		used += (size_t)got;
	}
	return (ssize_t)used;
}

/* Return: 0, or -1 with @tell called */
static int read_rules(struct policy *policy, int fd, policy_tell tell,
		      void *data)
{
	const size_t size = POLICY_FILE_MAX + 1;
	char *text;
	ssize_t len;
	int rc = -1;

	text = malloc(size);
	if (!text)
		return fail("read", policy->name, tell, data);
	len = read_file(fd, policy->name, text, size, tell, data);
	if (len >= 0)
		rc = policy_read(policy, text, (size_t)len, tell, data);
	free(text);
	return rc;
}

/*
 * A file that others could have written is read all the same, so that all its
 * faults are told at once, and refused.
 * Return: 0, or -1 with @tell called; a file that is missing is noted only
 */
static int fill(struct policy *policy, policy_tell tell, void *data)
{
	int fd, rc, judgement;

	fd = open(policy->name,
		  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		policy->missing = errno == ENOENT;
		return policy->missing ? 0
				       : fail("open", policy->name, tell, data);
	}
	rc = judgement = judge(fd, policy->name, tell, data);
	if (rc >= 0)
		rc = read_rules(policy, fd, tell, data);
	close(fd);
	return rc || judgement ? -1 : 0;
}

struct policy *policy_load(const char *path, struct err *err)
{
	struct policy *policy = policy_new(path);

	if (err)
		err->text[0] = '\0';
	if (!policy)
		fail("open", path, policy_keep_first, err);
	else if (!fill(policy, policy_keep_first, err))
		return policy;
	policy_free(policy);
	return NULL;
}

struct policy *policy_check(const char *path, policy_tell tell, void *data)
{
	struct policy *policy = policy_new(path);
	int rc;

	if (!policy) {
		fail("open", path, tell, data);
		return NULL;
	}
	rc = fill(policy, tell, data);
	policy_warn(policy, tell, data);
	if (policy->missing) {
		errno = ENOENT;
		rc = fail("open", path, tell, data);
	}
	if (!rc)
		return policy;
	policy_free(policy);
	return NULL;
}
