/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every fuzz target has: the entry point and a check that ends it. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** LLVMFuzzerTestOneInput() - One input (libFuzzer, or replay.c) */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** must() - What is promised was kept, or this input is a finding */
static inline void must(bool kept, const char *what)
{
	if (kept)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

#endif /* TESTS_FUZZ_H */
