// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs of filters, as they come from a client: see capture_filter().
 *
 * bpf_filter() of libpcap runs them, and trusts them: it aborts at what is no
 * instruction, and bpf_validate() of the same library lets jumps wrap around.
 * So each instruction is checked here. With jumps that only go forward, a
 * program runs no longer than it is.
 */
#include "capture.h"

#include <sys/types.h>

#include <pcap/bpf.h>
#include <stdlib.h>
#include <string.h>

/** Hexadecimal digits of an instruction. */
#define INSN_DIGITS 16

/** What is to be looked at in an instruction. */
enum check {
	UNKNOWN, /* it is none */
	NOTHING,
	MEMORY,	 /* k is a word of the scratch memory */
	DIVISOR, /* k is not 0 */
	SHIFT,	 /* k is less than 32 */
	AHEAD,	 /* k leads to an instruction */
	BRANCH,	 /* jt and jf do */
	RETURN,
};

static enum check check_of_alu(uint16_t code)
{
	bool constant = BPF_SRC(code) == BPF_K;

	switch (BPF_OP(code)) {
	case BPF_ADD:
	case BPF_SUB:
	case BPF_MUL:
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
		return NOTHING;
	case BPF_DIV:
	case BPF_MOD:
		return constant ? DIVISOR : NOTHING;
	case BPF_LSH:
	case BPF_RSH:
		return constant ? SHIFT : NOTHING;
	case BPF_NEG:
		return constant ? NOTHING : UNKNOWN;
	default:
		return UNKNOWN;
	}
}

static enum check check_of_jump(uint16_t code)
{
	switch (BPF_OP(code)) {
	case BPF_JA:
		return BPF_SRC(code) == BPF_K ? AHEAD : UNKNOWN;
	case BPF_JEQ:
	case BPF_JGT:
	case BPF_JGE:
	case BPF_JSET:
		return BRANCH;
	default:
		return UNKNOWN;
	}
}

static enum check check_of(uint16_t code)
{
	switch (code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_B | BPF_MSH:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
		return NOTHING;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return MEMORY;
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
		return RETURN;
	default:
		break;
	}
	if (code > 0xff)
		return UNKNOWN;
	if (BPF_CLASS(code) == BPF_ALU)
		return check_of_alu(code);
	return BPF_CLASS(code) == BPF_JMP ? check_of_jump(code) : UNKNOWN;
}

/* @behind: how many instructions there are behind this one */
static bool insn_good(const struct bpf_insn *insn, size_t behind)
{
	switch (check_of(insn->code)) {
	case NOTHING:
		return behind;
	case MEMORY:
		return behind && insn->k < BPF_MEMWORDS;
	case DIVISOR:
		return behind && insn->k;
	case SHIFT:
		return behind && insn->k < 32;
	case AHEAD:
		return insn->k < behind;
	case BRANCH:
		return insn->jt < behind && insn->jf < behind;
	case RETURN:
		return true;
	default:
		return false;
	}
}

static bool parse_insn(const char *hex, struct bpf_insn *insn)
{
	char digits[INSN_DIGITS + 1];
	uint64_t word;

	memcpy(digits, hex, INSN_DIGITS);
	digits[INSN_DIGITS] = '\0';
	if (strspn(digits, "0123456789abcdef") != INSN_DIGITS)
		return false;
	word = strtoull(digits, NULL, 16);
	*insn = (struct bpf_insn){ .code = (uint16_t)(word >> 48),
				   .jt = (uint8_t)(word >> 40),
				   .jf = (uint8_t)(word >> 32),
				   .k = (uint32_t)word };
	return true;
}

int capture_filter(const char *hex, struct bpf_insn **filter)
{
	size_t i, len = strlen(hex), n = len / INSN_DIGITS;
	struct bpf_insn *program;

	*filter = NULL;
	if (!len)
		return 0;
	if (len % INSN_DIGITS || n > CAPTURE_FILTER_MAX)
		return -1;
	program = calloc(n, sizeof(*program));
	for (i = 0; program && i < n; i++)
		if (!parse_insn(hex + i * INSN_DIGITS, &program[i]) ||
		    !insn_good(&program[i], n - i - 1))
			break;
	if (!program || i < n) {
		free(program);
		return -1;
	}
	*filter = program;
	return 0;
}
