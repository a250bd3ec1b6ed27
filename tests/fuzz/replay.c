// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs one fuzz target over its corpus, as a test: what once was found stays
 * found, also where there is no fuzzer. As test_fuzz_NAME it takes the inputs
 * below tests/fuzz/corpus/NAME, or else those of the folder given.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "tests/unit/tap.h"

/** Seconds for one input. */
#define LIMIT 60

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In a block of its exact size, as the fuzzer gives it. */
static uint8_t *load(const char *path, size_t *size)
{
	FILE *in = fopen(path, "rb");
	struct stat st;
	uint8_t *data;

	if (!in || fstat(fileno(in), &st) < 0)
		tap_bail(path);
	*size = (size_t)st.st_size;
	data = malloc(*size ? *size : 1);
	if (!data || fread(data, 1, *size, in) != *size)
		tap_bail(path);
	fclose(in);
	return data;
}

static void replay(const char *path)
{
	size_t size;
	uint8_t *data = load(path, &size);

	printf("# %s\n", path);
	fflush(stdout);
	alarm(LIMIT);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	ok(true, "%s", path);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static const char *corpus_of(const char *program)
{
	static char path[300];
	const char *name = strrchr(program, '/');

	name = name ? name + 1 : program;
	if (strncmp(name, "test_fuzz_", 10) != 0)
		tap_bail("this is no test_fuzz_NAME");
	snprintf(path, sizeof(path), "tests/fuzz/corpus/%s", name + 10);
	return path;
}

int main(int argc, char *argv[])
{
	const char *corpus = argc > 1 ? argv[1] : corpus_of(argv[0]);
	struct dirent **entries;
	char path[600];
	int i, n = scandir(corpus, &entries, visible, alphasort);

	if (n < 0)
		tap_bail(corpus);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", corpus,
			 entries[i]->d_name);
		replay(path);
		free(entries[i]);
	}
	free(entries);
	return tap_done();
}
