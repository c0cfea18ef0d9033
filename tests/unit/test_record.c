/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "mkdomu/record.h"

#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char good[] =
	"{\"_type\":\"https://in-toto.io/Statement/v1\","
	"\"subject\":[{\"name\":\"a.img\",\"digest\":{\"mkdomuStructures1\":\"" HEX64 "\"}}],"
	"\"predicate\":{\"buildDefinition\":{\"buildType\":\"mkdomu:guest/v1\","
	"\"externalParameters\":{\"options\":["
	"{\"name\":\"dns\",\"values\":[\"192.0.2.1\",\"192.0.2.2\"],\"origins\":[\"x.conf:3\",\"x."
	"conf:3\"]},"
	"{\"name\":\"unverified\",\"origins\":[\"--unverified\"]},"
	"{\"name\":\"seed\",\"withheld\":true,\"origins\":[\"--seed\"]}]},"
	"\"internalParameters\":{\"name\":\"a\",\"hostname\":\"b\",\"epochSec\":-5,"
	"\"startSha256\":\"" HEX64 "\",\"disks\":[{\"device\":\"xvda\",\"sizeBytes\":4194304,"
	"\"sectorBytes\":512,\"gpt\":true}],\"swapBytes\":1048576,\"hooks\":[\"fstab\"]},"
	"\"resolvedDependencies\":[{\"name\":\"t.tar\",\"digest\":{\"sha256\":\"" HEX64 "\"}}]},"
	"\"runDetails\":{\"builder\":{\"version\":{\"mkdomu\":\"9.9\"}}}}}";

static void a_manifest_is_read(void **state)
{
	struct mkd_record r = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_record_parse(good, strlen(good), "m", &r, &err), &err);
	assert_string_equal(r.name, "a");
	assert_string_equal(r.hostname, "b");
	assert_string_equal(r.version, "9.9");
	assert_string_equal(r.file, "t.tar");
	assert_string_equal(r.sha256, HEX64);
	assert_null(r.uri);
	assert_true(r.seed_given);
	assert_false(r.password_given || r.keys_given);
	assert_null(r.seed);
	assert_int_equal(r.epoch_sec, -5);
	assert_int_equal(r.n_disks, 1);
	assert_int_equal(r.disks[0].size_bytes, 4194304);
	assert_true(r.disks[0].gpt);
	assert_int_equal(r.disks[0].structures[1], 0x11);
	assert_int_equal(r.swap_bytes, 1048576);
	assert_int_equal(r.hooks.n, 1);
	assert_int_equal(r.options.of[MKD_KEY_DNS].values.n, 2);
	assert_string_equal(mkd_settings_origin(&r.options, MKD_KEY_DNS), "x.conf:3");
	assert_string_equal(mkd_settings_get(&r.options, MKD_KEY_UNVERIFIED), "yes");
	assert_null(mkd_settings_get(&r.options, MKD_KEY_SEED));
	mkd_record_free(&r);
}

static void what_is_none_is_refused(void **state)
{
	static const struct {
		const char *from, *to, *words;
	} rows[] = {
		{ "guest/v1", "guest/v2", "buildType" },
		{ "\"buildType\"", "\"buildtype\"", "buildType" },
		{ "\"values\":[\"192.0.2.1\",", "\"values\":[", "dns" },
		{ "\"192.0.2.2\"]", "7]", "dns" },
		{ "\"dns\"", "\"tomorrow\"", "options" },
		{ "\"seed\"", "\"manifest\"", "manifest" },
		{ "\"withheld\":true,", "\"values\":[\"x\"],", "seed" },
		{ "\"unverified\",", "\"unverified\",\"withheld\":true,", "unverified" },
		{ "\"t.tar\",", "\"t.tar\",\"uri\":\"/etc/hostname\",", "uri" },
		{ "\"dns\"", "\"root-password-file\"", "root-password-file" },
		{ "\"dns\"", "\"authorized-keys\"", "authorized-keys" },
		{ "\"dns\",\"values\":[\"192.0.2.1\"", "\"user\",\"values\":[\"a:keys=/k\"",
		  "user" },
		{ "\"dns\",\"values\":[\"192.0.2.1\"", "\"user\",\"values\":[\"a:keys=..\"",
		  "user" },
		{ "-5", "\"-5\"", "epochSec" },
		{ "4194304", "-1", "disks" },
		{ "4194304", "4.5", "disks" },
		{ "4194304", "99999999999999999999", "too big" },
		{ "512,", "511,", "disks" },
		{ "1048576", "0", "swapBytes" },
		{ "[\"fstab\"]", "[[]]", "hooks" },
		{ "[\"fstab\"]", "\"fstab\"", "hooks" },
		{ "\"startSha256\":\"00", "\"startSha256\":\"0g", "startSha256" },
		{ "\"sha256\":\"00", "\"sha256\":\"0", "sha256" },
		{ "\"hostname\":", "\"name\":", "duplicate" },
		{ "{\"name\":\"t.tar\",", "{", "name" },
		{ "\"9.9\"", "[]", "mkdomu" },
		{ "\"b\"", "\"\\u0000\"", "NUL" },
		{ "}}}}}", "}}}}", "expected" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *at = strstr(good, rows[i].from);
		struct mkd_record r = { 0 };
		struct mkd_err err = { 0 };
		char text[sizeof(good) + 64];
		int rc;

		assert_non_null(at);
		(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, rows[i].to,
			       at + strlen(rows[i].from));
		/* mkd_record_parse: -EINVAL */
		rc = mkd_record_parse(text, strlen(text), "m", &r, &err);
		if (rc != -EINVAL || err.exit != MKD_EXIT_USAGE || !strstr(err.msg, rows[i].words))
			fail_msg("row %zu: %d '%s'", i, rc, err.msg);
		assert_null(r.name);
	}
}

static void memory_runs_out(void **state)
{
	struct mkd_record r = { 0 };
	struct mkd_err err;

	(void)state;
	assert_nomem(mkd_record_parse(good, strlen(good), "m", &r, &err), &err);
	assert_string_equal(r.file, "t.tar");
	mkd_record_free(&r);
}

/* Cut anywhere, and with any one byte changed: refused or read, never worse. */
static void damaged_ones_do_no_harm(void **state)
{
	char text[sizeof(good)];
	unsigned seed = 1;

	(void)state;
	for (size_t i = 0; i < 3 * sizeof(good); i++) {
		struct mkd_record r = { 0 };
		struct mkd_err err = { 0 };
		size_t len = i < sizeof(good) ? i : strlen(good);

		memcpy(text, good, sizeof(good));
		if (i >= sizeof(good)) {
			seed = seed * 1103515245 + 12345;
			text[i % strlen(good)] = (char)(seed >> 16);
		}
		if (mkd_record_parse(text, len, "m", &r, &err) == 0)
			mkd_record_free(&r);
		else
			assert_null(r.name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manifest_is_read),
		cmocka_unit_test(what_is_none_is_refused),
		cmocka_unit_test(memory_runs_out),
		cmocka_unit_test(damaged_ones_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
