// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzz target for packet_line(): any frame, in a block of its exact size. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "uml_router/ctl_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char line[PACKET_LINE];
	uint8_t *frame = malloc(size ? size : 1);

	must(frame != NULL, "there is memory");
	if (size)
		memcpy(frame, data, size);
	memset(line, 'x', sizeof(line));
	packet_line(frame, size, line);
	must(memchr(line, '\0', sizeof(line)) != NULL, "a line ends");
	must(!strpbrk(line, "\n\r\33"), "it is one line of text");
	free(frame);
	return 0;
}
