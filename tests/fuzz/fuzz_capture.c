// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzz target for capture_filter() and what it lets through, run on a frame.
 * Two octets say how long the program is; what is behind it is the frame. Both
 * lie in blocks of their exact size.
 */
#include <sys/types.h>

#include <pcap/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "uml_router/capture.h"

static char *to_hex(const uint8_t *data, size_t size)
{
	char *hex = malloc(2 * size + 1);
	size_t i;

	must(hex != NULL, "there is memory");
	for (i = 0; i < size; i++)
		sprintf(hex + 2 * i, "%02x", data[i]);
	hex[2 * size] = '\0';
	return hex;
}

static void run_filter(const uint8_t *program, size_t size,
		       const uint8_t *frame, size_t len)
{
	char *hex = to_hex(program, size);
	struct bpf_insn *filter;
	int failed = capture_filter(hex, &filter);

	must(!failed == (filter || !size), "a program, or a refusal");
	must(failed || size / 8 <= CAPTURE_FILTER_MAX, "no more than may be");
	if (filter)
		bpf_filter(filter, frame, (u_int)len, (u_int)len);
	free(filter);
	free(hex);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t program, len;
	uint8_t *frame;

	if (size < 2 || size > 16384)
		return 0;
	program = (size_t)data[0] << 8 | data[1];
	if (program > size - 2)
		program = size - 2;
	len = size - 2 - program;
	frame = malloc(len ? len : 1);
	must(frame != NULL, "there is memory");
	if (len)
		memcpy(frame, data + 2 + program, len);
	run_filter(data + 2, program, frame, len);
	free(frame);
	return 0;
}
