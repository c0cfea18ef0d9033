// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a fuzz target on inputs that are kept, without libFuzzer: files given as arguments, else
 * all of tests/fuzz/corpus/NAME when the program is called test_fuzz_NAME. Speaks TAP.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "mkdomu/file.h"

#define INPUT_MAX (16 * MIB)
#define PREFIX    "test_fuzz_"

static bool replay(const char *path)
{
	cleanup_buf struct mkd_buf in = { 0 };
	cleanup_free uint8_t *exact = NULL;
	struct mkd_err err = { 0 };

	(void)printf("# %s\n", path);
	(void)fflush(stdout);
	if (mkd_file_read(AT_FDCWD, path, INPUT_MAX, MKD_EXIT_IO, &in, &err) < 0) {
		(void)printf("# %s\n", err.msg);
		return false;
	}
	/* of its exact length, so that ASan sees a read beyond it */
	exact = malloc(in.len);
	if (!exact && in.len)
		return false;
	if (in.len)
		memcpy(exact, in.data, in.len);
	return LLVMFuzzerTestOneInput(exact, in.len) == 0;
}

static int compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static size_t replay_folder(const char *name, bool *good)
{
	struct dirent **list = NULL;
	char path[512];
	size_t done = 0;
	int n;

	(void)snprintf(path, sizeof(path), "tests/fuzz/corpus/%s", name);
	n = scandir(path, &list, NULL, compare);
	if (n < 0)
		(void)printf("# cannot list '%s': %s\n", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (list[i]->d_name[0] != '.') {
			(void)snprintf(path, sizeof(path), "tests/fuzz/corpus/%s/%s", name,
				       list[i]->d_name);
			*good &= replay(path);
			done++;
		}
		free(list[i]);
	}
	free((void *)list);
	return done;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	size_t done = (size_t)(argc - 1);
	bool good = true;

	fuzz_every = 1;
	if (strncmp(name, PREFIX, strlen(PREFIX)) == 0)
		name += strlen(PREFIX);
	for (int i = 1; i < argc; i++)
		good &= replay(argv[i]);
	if (argc == 1)
		done = replay_folder(name, &good);
	/* an empty input is one too */
	good &= LLVMFuzzerTestOneInput((const uint8_t *)"", 0) == 0;
	good &= done > 0;
	(void)printf("1..1\n%s 1 - %zu inputs of %s\n", good ? "ok" : "not ok", done, name);
	return !good;
}
