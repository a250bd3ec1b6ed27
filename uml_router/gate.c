// SPDX-License-Identifier: GPL-2.0-or-later
/* Side by side or alone, see gate.h. */
#include "gate.h"

#include <errno.h>

int gate_init(struct gate *gate, struct err *err)
{
	pthread_rwlockattr_t attr;

	*gate = (struct gate){ .one_by_one = false };
	list_init(&gate->loops);
	pthread_rwlockattr_init(&attr);
	/* Who wants to be alone would wait for ever behind two busy loops. */
	pthread_rwlockattr_setkind_np(
		&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	errno = pthread_rwlock_init(&gate->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return errno ? err_errno(err, "cannot make a lock") : 0;
}

void gate_fini(struct gate *gate)
{
	pthread_rwlock_destroy(&gate->lock);
}

bool gate_pass(struct gate *gate)
{
	if (!gate)
		return true;
	pthread_rwlock_rdlock(&gate->lock);
	if (!gate->one_by_one)
		return false;
	pthread_rwlock_unlock(&gate->lock);
	gate_close(gate);
	return true;
}

void gate_close(struct gate *gate)
{
	if (gate)
		pthread_rwlock_wrlock(&gate->lock);
}

void gate_leave(struct gate *gate)
{
	if (gate)
		pthread_rwlock_unlock(&gate->lock);
}
