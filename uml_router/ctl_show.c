// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers of the switch as tables. */
#include <inttypes.h>

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

/* A count in at most ten characters. */
static const char *count(json_int_t n, char out[24])
{
	static const char *const units[] = { "", "k", "M", "G", "T", "P", "E" };
	size_t unit = 0;

	for (; n > 9999999999 || (unit && n > 999999999); unit++)
		n /= 1000;
	snprintf(out, 24, "%" INT "%s", n, units[unit]);
	return out;
}

void ctl_port_head(void)
{
	printf("%-12s %-9s %7s %-7s %-5s %10s %9s %10s %9s %7s %5s\n", "PORT",
	       "TYPE", "PID", "STATE", "FULL", "RX-FRAMES", "RX-BYTES",
	       "TX-FRAMES", "TX-BYTES", "DROPS", "QUEUE");
}

void ctl_port_row(const json_t *port)
{
	const json_t *queue = json_object_get(port, "queue");
	const json_t *rx = json_object_get(port, "rx");
	const json_t *tx = json_object_get(port, "tx");
	json_int_t pid = ctl_number(json_object_get(port, "peer"), "pid");
	char pid_text[24] = "-", in[16], out[16], rxf[24], txf[24];

	if (pid)
		snprintf(pid_text, sizeof(pid_text), "%" INT, pid);
	printf("%-12s %-9s %7s %-7s %-5s %10s %9s %10s %9s %7" INT " %5" INT
	       "\n",
	       ctl_text(port, "name"), ctl_text(port, "type"), pid_text,
	       ctl_text(port, "state"), ctl_text(queue, "policy"),
	       count(ctl_number(rx, "frames"), rxf),
	       ctl_octets((double)ctl_number(rx, "bytes"), in),
	       count(ctl_number(tx, "frames"), txf),
	       ctl_octets((double)ctl_number(tx, "bytes"), out),
	       ctl_sum(json_object_get(port, "drops")),
	       ctl_number(queue, "length"));
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

	json_object_foreach((json_t *)object, key, value)
	{
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
