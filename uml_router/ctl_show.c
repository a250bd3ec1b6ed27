// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers of the switch as tables. */
#include <inttypes.h>
#include <string.h>

#include "ctl.h"

#define INT JSON_INTEGER_FORMAT

const char *ctl_octets(double n, char out[16])
{
	static const char *const units[] = { "", "Ki", "Mi", "Gi", "Ti", "Pi" };
	size_t unit = 0;

	/* Suffixes of IEC 80000-13; "1024.0Ki" would be one too long. */
	for (; n >= (unit ? 1023.95 : 1023.5) && unit < 5; unit++)
		n /= 1024;
	snprintf(out, 16, unit ? "%.1f%s" : "%.0f%s", n, units[unit]);
	return out;
}

/* A count in at most @width characters, 5 to 20. */
static const char *count(json_int_t n, int width, char out[24])
{
	static const char *const units[] = { "", "k", "M", "G", "T", "P", "E" };
	size_t unit = 0;

	while (snprintf(out, 24, "%" INT "%s", n, units[unit]) > width) {
		n /= 1000;
		unit++;
	}
	return out;
}

void ctl_port_head(void)
{
	printf("%-12s %-10s %7s %-7s %-5s %9s %9s %10s %9s %7s %5s\n", "PORT",
	       "TYPE", "PID", "STATE", "FULL", "RX-FRAMES", "RX-BYTES",
	       "TX-FRAMES", "TX-BYTES", "DROPS", "QUEUE");
}

/* A name that is too long for its column has a line of its own. */
void ctl_port_row(const json_t *port)
{
	const json_t *queue = json_object_get(port, "queue");
	const json_t *rx = json_object_get(port, "rx");
	const json_t *tx = json_object_get(port, "tx");
	json_int_t pid = ctl_number(json_object_get(port, "peer"), "pid");
	const char *name = ctl_text(port, "name");
	const char *description =
		json_string_value(json_object_get(port, "description"));
	char pid_text[24] = "-", in[16], out[16];
	char frames[2][24], drops[24], length[24];

	if (pid)
		snprintf(pid_text, sizeof(pid_text), "%" INT, pid);
	if (strlen(name) > 12) {
		printf("%s\n", name);
		name = "";
	}
	printf("%-12s %-10s %7s %-7s %-5s %9s %9s %10s %9s %7s %5s\n", name,
	       ctl_text(port, "type"), pid_text, ctl_text(port, "state"),
	       ctl_text(queue, "policy"),
	       count(ctl_number(rx, "frames"), 9, frames[0]),
	       ctl_octets((double)ctl_number(rx, "bytes"), in),
	       count(ctl_number(tx, "frames"), 10, frames[1]),
	       ctl_octets((double)ctl_number(tx, "bytes"), out),
	       count(ctl_sum(json_object_get(port, "drops")), 7, drops),
	       count(ctl_number(queue, "length"), 5, length));
	if (description && *description)
		printf("    %.96s\n", description);
}

void ctl_fdb_head(void)
{
	printf("%-17s %4s %7s %s\n", "ADDRESS", "VLAN", "AGE", "PORT");
}

void ctl_fdb_row(const json_t *entry)
{
	char age[24] = "static";

	if (!json_is_true(json_object_get(entry, "static")))
		snprintf(age, sizeof(age), "%" INT "s",
			 ctl_number(entry, "age"));
	printf("%-17s %4" INT " %7s %s\n", ctl_text(entry, "mac"),
	       ctl_number(entry, "vlan"), age, ctl_text(entry, "port"));
}

/* "ports.joined  12": one line a value, groups joined by a dot. */
static void stats_lines(const json_t *object, const char *group)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		char name[64];

		snprintf(name, sizeof(name), "%s%s%s", group, *group ? "." : "",
			 key);
		if (json_is_object(value))
			stats_lines(value, name);
		else if (json_is_string(value))
			printf("%-20s %s\n", name, json_string_value(value));
		else
			printf("%-20s %" INT "\n", name,
			       json_integer_value(value));
	}
}

void ctl_stats_row(const json_t *stats)
{
	stats_lines(stats, "");
}
