/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be used before it has been digested: nothing of which a digest was asked. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mkdomu/rootfs.h"
#include "mkdomu/source.h"

/* sha512sum(1) and sha256sum(1) of "abc", from FIPS 180-2, C.1 and B.1 */
#define SHA512_ABC                                                         \
	"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" \
	"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
static const uint8_t sha256_abc[] = "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22"
				    "\x23\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00"
				    "\x15\xad";

static const uint8_t zeros[32];

static struct mkd_source_req request(void **state)
{
	const char *path = test_path(state, "t.tar");

	test_write(path, "abc", 3);
	return (struct mkd_source_req){ .tarball = path, .late = true };
}

static void what_nobody_verifies_is_left_to_its_reader(void **state)
{
	struct mkd_source_req req = request(state);
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };

	req.unverified = true;
	assert_ok(mkd_source_open(&req, &s, &err), &err);
	assert_true(s.pending);
	assert_int_equal(s.size_bytes, 3);
	assert_memory_equal(s.sha256, zeros, sizeof(s.sha256));
	mkd_source_close(&s);
	req.late = false;
	assert_ok(mkd_source_open(&req, &s, &err), &err);
	assert_false(s.pending);
	assert_memory_equal(s.sha256, sha256_abc, sizeof(s.sha256));
	mkd_source_close(&s);
}

static void what_is_to_be_verified_is_digested_at_once(void **state)
{
	struct mkd_source_req req = request(state);
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };

	req.sha512 = SHA512_ABC;
	assert_ok(mkd_source_open(&req, &s, &err), &err);
	assert_false(s.pending);
	assert_memory_equal(s.sha256, sha256_abc, sizeof(s.sha256));
	mkd_source_close(&s);
	test_write(test_path(state, "t.tar"), "abd", 3);
	assert_fails(mkd_source_open(&req, &s, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "SHA512 digest differs");
}

static void a_bomb_has_room_for_its_own_file_system_twice(void **state)
{
	(void)state;
	assert_int_equal(mkd_rootfs_plain_limit(4 * GIB), 9 * GIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_nobody_verifies_is_left_to_its_reader,
						test_dir_setup, test_dir_teardown),
		cmocka_unit_test_setup_teardown(what_is_to_be_verified_is_digested_at_once,
						test_dir_setup, test_dir_teardown),
		cmocka_unit_test(a_bomb_has_room_for_its_own_file_system_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
