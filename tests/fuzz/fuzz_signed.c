// SPDX-License-Identifier: GPL-2.0-or-later
/* What comes from a mirror beside the tarball: pointers, DIGESTS, armored signatures. */
#include "fuzz.h"

#include <string.h>

#include "mkdomu/answer.h"
#include "mkdomu/armor.h"
#include "mkdomu/digests.h"
#include "mkdomu/release.h"
#include "mkdomu/url.h"

static void pointer(const char *text, size_t len)
{
	struct mkd_release rel = { 0 };
	struct mkd_err err = { 0 };
	int r = mkd_release_parse(text, len, "stage3-amd64-openrc", &rel, &err);

	fuzz_result(r, &err);
	if (r < 0)
		return;
	fuzz_must(!strstr(rel.path, "..") && rel.path[0] != '/', "%s", rel.path);
	fuzz_must(!strchr(rel.file, '/') && strlen(rel.file) > 0, "%s", rel.file);
}

static void digests(const char *text, size_t len)
{
	struct mkd_digests d = { 0 };
	struct mkd_err err = { 0 };
	int r = mkd_digests_parse(text, len, "stage3.tar.xz", &d, &err);

	fuzz_result(r, &err);
	fuzz_must(r < 0 || d.have, "nothing in it");
}

static void armor(const char *text, size_t len)
{
	cleanup_buf struct mkd_buf packets = { 0 };
	struct mkd_err err = { 0 };

	fuzz_result(mkd_armor_clear(text, len, "pointer", &err), &err);
	fuzz_result(mkd_armor_detached(text, len, "signature", &packets, &err), &err);
}

static void headers(const char *text, size_t len)
{
	struct mkd_answer a = { 0 };
	const char *end = text + len;

	mkd_answer_reset(&a);
	while (text < end) {
		const char *lf = memchr(text, '\n', (size_t)(end - text));
		size_t n = lf ? (size_t)(lf + 1 - text) : (size_t)(end - text);

		mkd_answer_line(&a, text, n);
		text += n;
	}
	fuzz_must(a.length_bytes >= -1 && a.range_start_bytes >= -1, "%lld",
		  (long long)a.length_bytes);
	fuzz_must(strlen(mkd_answer_validator(&a)) < sizeof(a.etag), "too long");
}

static void url(const char *text)
{
	char shown[MKD_URL_SHOW], file[128];
	struct mkd_err err = { 0 };

	fuzz_result(mkd_url_check(text, &err), &err);
	(void)mkd_url_plain(text, shown);
	(void)mkd_url_file(text, file);
	fuzz_must(*file && !strchr(file, '/'), "%s", file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_bytes in = { data, len };
	uint8_t how = fuzz_u8(&in) % 5;
	cleanup_free char *text = calloc(1, in.len + 1);

	fuzz_must(text != NULL, "memory");
	memcpy(text, in.p, in.len);
	switch (how) {
	case 0:
		pointer((const char *)in.p, in.len);
		break;
	case 1:
		digests((const char *)in.p, in.len);
		break;
	case 2:
		armor((const char *)in.p, in.len);
		break;
	case 3:
		headers((const char *)in.p, in.len);
		break;
	default:
		url(text);
	}
	return 0;
}
