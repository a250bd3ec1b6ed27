/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets older UML kernels run on processors whose register state is larger
 * than they know; preloaded into linux.uml by guest.bash where it is needed.
 *
 * UML writes a guest process's vector registers with PTRACE_SETREGSET and
 * NT_X86_XSTATE from a buffer of fixed size (2696 bytes in Linux 6.1). The
 * host takes the whole state or nothing (xstateregs_set() in
 * arch/x86/kernel/fpu/regset.c), so on processors with AMX, where the whole
 * is 11008 bytes, init dies at once: "ptrace set fp regs failed, errno = 14".
 * Reading is no problem: a short buffer receives the first part. Here the
 * short write is made whole by zeroes: the header in the first part marks the
 * missing components as unused.
 */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/** Larger than any state there is; the host tells the real size. */
#define STATE_MAX 65536

/* One tracer thread makes all these calls, so one buffer does. */
static unsigned char state[STATE_MAX];
static size_t state_size;

/** state_learn() - Ask the host once how large the whole state is */
static void state_learn(pid_t pid)
{
	struct iovec whole = { .iov_base = state, .iov_len = sizeof(state) };

	if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &whole))
		return;
	state_size = whole.iov_len;
	memset(state, 0, sizeof(state));
}

/** ptrace() - As in the C library, but a short vector state is completed */
long ptrace(enum __ptrace_request request, ...)
{
	va_list args;

	va_start(args, request);
	const pid_t pid = va_arg(args, pid_t);
	void *const addr = va_arg(args, void *);
	void *data = va_arg(args, void *);

	va_end(args);

	if (request >= PTRACE_PEEKTEXT && request <= PTRACE_PEEKUSER) {
		long word;
		long ret = syscall(SYS_ptrace, request, pid, addr, &word);

		if (ret < 0)
			return ret;
		errno = 0;
		return word;
	}

	struct iovec whole = { .iov_base = state };

	if (request == PTRACE_SETREGSET && (long)addr == NT_X86_XSTATE) {
		const struct iovec *part = data;

		if (state_size == 0)
			state_learn(pid);
		if (part->iov_len < state_size) {
			memcpy(state, part->iov_base, part->iov_len);
			whole.iov_len = state_size;
			data = &whole;
		}
	}
	return syscall(SYS_ptrace, request, pid, addr, data);
}
