// SPDX-License-Identifier: GPL-2.0-or-later
/* A profile's text through confscan and libconfuse; an xl config of another guest; sizes, as given.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "mkdomu/file.h"
#include "mkdomu/profile.h"
#include "mkdomu/size.h"
#include "mkdomu/xenuse.h"

#define PATH_CAP 4096

static void xl_config(const uint8_t *data, size_t len)
{
	static char path[PATH_CAP];
	cleanup_free char *text = calloc(1, len + 1);
	const char *at = text;
	dev_t dev;

	fuzz_must(text != NULL, "memory");
	memcpy(text, data, len);
	while (mkd_xenuse_next_path(&at, path))
		fuzz_must(memchr(path, 0, sizeof(path)), "not ended");
	fuzz_must(at >= text && at <= text + len, "outside");
	(void)mkd_xenuse_parse_dev(text, &dev);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	cleanup_close int fd = memfd_create("profile", MFD_CLOEXEC);
	struct mkd_settings s = { 0 };
	struct mkd_err err = { 0 };
	char path[32], text[64] = "";
	uint64_t bytes;

	fuzz_must(fd >= 0 && mkd_pwrite_full(fd, data, len, 0) == 0, "the profile");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fuzz_result(mkd_profile_read(path, &s, &err), &err);
	mkd_settings_free(&s);
	xl_config(data, len);
	if (len < sizeof(text)) {
		memcpy(text, data, len);
		fuzz_result(mkd_size_parse(text, &bytes, &err), &err);
	}
	return 0;
}
