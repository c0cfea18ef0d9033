/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of digests and hash. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "mkdomu/digests.h"
#include "mkdomu/hash.h"

#define F "stage3-amd64-openrc-20260811T083102Z.tar.xz"
/* of "abc": FIPS 180-2 appendix C.1 and B.1, RFC 7693 appendix A */
#define SHA512_ABC                                                         \
	"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" \
	"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
#define BLAKE2_ABC                                                         \
	"ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1" \
	"7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"
#define SHA256_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define OTHER                                                              \
	"00000000000000000000000000000000000000000000000000000000000000ff" \
	"00000000000000000000000000000000000000000000000000000000000000ff"

static const unsigned s512 = MKD_ALGO_BIT(MKD_ALGO_SHA512);
static const unsigned b2 = MKD_ALGO_BIT(MKD_ALGO_BLAKE2B);
static const unsigned s256 = MKD_ALGO_BIT(MKD_ALGO_SHA256);

static int parse(const char *text, struct mkd_digests *d, struct mkd_err *err)
{
	return mkd_digests_parse(text, strlen(text), F, d, err);
}

static void digests_are_found_in_every_style(void **state)
{
	static const struct {
		const char *text;
		unsigned have;
	} good[] = {
		{ "# BLAKE2B HASH\n" BLAKE2_ABC "  " F "\n# SHA512 HASH\n" SHA512_ABC "  " F "\n",
		  0 },
		{ "# SHA512 HASH\n" SHA512_ABC "  " F "\n# BLAKE2B HASH\n" BLAKE2_ABC "  " F
		  "\n# BLAKE2B HASH\n" OTHER "  " F ".CONTENTS.gz\n",
		  0 },
		{ "# BLAKE2 (b2sum) HASH\n" BLAKE2_ABC "  /var/tmp/catalyst/" F
		  "\n# SHA512 HASH\n" SHA512_ABC "  " F "\n",
		  0 },
		{ "SHA512 (" F ") = " SHA512_ABC "\nBLAKE2B (" F ") = " BLAKE2_ABC "\n", 0 },
		{ "# SHA512 HASH\r\n" SHA512_ABC " *" F " \t\r\n# BLAKE2B HASH\r\n" BLAKE2_ABC
		  "  " F "\r\n",
		  0 },
		{ "# MD5 HASH\n900150983cd24fb0d6963f7d28e17f72  " F "\n# SHA512 HASH\n" SHA512_ABC
		  "  " F "\n# WHIRLPOOL HASH\n" OTHER "  " F "\n",
		  1U << MKD_ALGO_SHA512 },
		{ "# SHA256 HASH\n" SHA256_ABC "  " F "\n", 1U << MKD_ALGO_SHA256 },
		{ "# SHA512 HASH\n" SHA512_ABC "  " F "\n" SHA512_ABC "  " F,
		  1U << MKD_ALGO_SHA512 },
	};
	struct mkd_err err = { 0 };
	struct mkd_digests d, want;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_ok(parse(good[i].text, &d, &err), &err);
		assert_int_equal(d.have, good[i].have ? good[i].have : (s512 | b2));
		if (d.have & s512) {
			assert_ok(mkd_digests_from_hex(SHA512_ABC, MKD_ALGO_SHA512, &want, &err),
				  &err);
			assert_memory_equal(d.of[MKD_ALGO_SHA512], want.of[MKD_ALGO_SHA512], 64);
		}
	}
}

static void digests_that_are_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{ "", "no entry" },
		{ "# SHA512 HASH\n" SHA512_ABC "  other.tar.xz\n", "no entry" },
		{ "# SHA512 HASH\n" SHA512_ABC "  " F ".CONTENTS.gz\n", "no entry" },
		{ "# SHA512 HASH\n" SHA512_ABC "  x" F "\n", "no entry" },
		{ "# SHA512 HASH\n" SHA512_ABC "  ../" F "\n", "'..'" },
		{ "# SHA512 HASH\n" SHA512_ABC "  /a/../" F "\n", "'..'" },
		{ "# MD5 HASH\n900150983cd24fb0d6963f7d28e17f72  " F "\n", "only weak" },
		{ "# SHA1 HASH\na9993e364706816aba3e25717850c26c9cd0d89d  " F "\n", "only weak" },
		{ SHA512_ABC "  " F "\n", "only weak or unknown" }, /* no comment: which is it? */
		{ "\xef\xbb\xbf# SHA512 HASH\n" SHA512_ABC "  " F "\n", "only weak or unknown" },
		{ "# SHA512 HASH\n" SHA256_ABC "  " F "\n", "wrong length" },
		{ "# SHA512 HASH\n" SHA512_ABC "00  " F "\n", "wrong length" },
		{ "# SHA256 HASH\nza7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
		  "  " F "\n",
		  "not hexadecimal" },
		{ "# SHA512 HASH\n" SHA512_ABC "  " F "\n" OTHER "  " F "\n", "contradict" },
		{ "SHA512 (" F ") = " SHA512_ABC "\nSHA512 (" F ") = " OTHER "\n", "contradict" },
	};
	struct mkd_err err = { 0 };
	struct mkd_digests d = { .have = 99 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(parse(bad[i].text, &d, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
			     bad[i].words);
	assert_fails(mkd_digests_parse("# SHA512 HASH\n\0", 15, F, &d, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "NUL");
	assert_int_equal(d.have, 99);
}

static void a_typed_digest_has_128_digits(void **state)
{
	static const char *const bad[] = { "", "abc", SHA256_ABC, SHA512_ABC "0" };
	struct mkd_err err = { 0 };
	struct mkd_digests d;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(mkd_digests_from_hex(bad[i], MKD_ALGO_SHA512, &d, &err), &err, EINVAL,
			     MKD_EXIT_USAGE, "128 hexadecimal digits");
}

static void every_wanted_digest_must_match(void **state)
{
	struct mkd_err err = { 0 };
	struct mkd_digests want, got;

	(void)state;
	assert_ok(parse("SHA512 (" F ") = " SHA512_ABC "\nSHA256 (" F ") = " SHA256_ABC "\n", &want,
			&err),
		  &err);
	got = want;
	assert_ok(mkd_digests_compare(&want, &got, F, &err), &err);
	got.of[MKD_ALGO_SHA256][31] ^= 1;
	assert_fails(mkd_digests_compare(&want, &got, F, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "SHA256 digest differs");
	got = want;
	got.have = s512;
	assert_fails(mkd_digests_compare(&want, &got, F, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "SHA256 digest differs");
}

static void files_are_digested_by_all_algorithms(void **state)
{
	const char *path = test_path(state, "f");
	cleanup_close int fd = -1;
	struct mkd_err err = { 0 };
	struct mkd_digests want, got;
	char c;

	test_write(path, "abc", 3);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, &c, 1), 1);
	assert_ok(parse("SHA512 (" F ") = " SHA512_ABC "\nSHA256 (" F ") = " SHA256_ABC
			"\nBLAKE2B (" F ") = " BLAKE2_ABC "\n",
			&want, &err),
		  &err);
	assert_ok(mkd_hash_fd(fd, 3, s512 | b2, NULL, &got, &err), &err);
	assert_ok(mkd_digests_compare(&want, &got, "f", &err), &err);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 1);
	assert_ok(mkd_hash_fd(fd, 3, 0, NULL, &got, &err), &err);
	assert_int_equal(got.have, s256);
	assert_fails(mkd_hash_fd(fd, 4, 0, NULL, &got, &err), &err, EIO, MKD_EXIT_IO,
		     "cannot read the tarball");
}

static unsigned ticks;

static void count(struct mkd_ui *ui, const char *stage, uint64_t done, uint64_t total)
{
	(void)ui;
	assert_string_equal(stage, "verify");
	assert_true(done <= total);
	ticks++;
}

/* Across chunks: three of 1 MiB and a bit. The expectation is of sha512sum(1) and b2sum(1). */
static void chunks_are_digested_in_order_and_tell_progress(void **state)
{
	static const char want[] =
		"SHA512 (" F ") = "
		"3d4d261c43c30afde3288eb8a53745ce0a05b48921efba8b7cbede81e2b9d842"
		"1f457cf705095d75debd99ebca85bb4836cf53ceb062d494ce69cc724313a720"
		"\nBLAKE2B (" F ") = "
		"2a79ba67d6df283a1f55710b18efaf94754e6d822800e37eb4ae155f8f30dca7"
		"7a3e1877a65fb4c2198e98ac5cf94f580ea377caf8df94f7c108e91c84ded364\n";
	const char *path = test_path(state, "f");
	struct mkd_ui ui = { .progress = count };
	const size_t len = 3 * MIB + 17;
	cleanup_free uint8_t *data = malloc(len);
	cleanup_close int fd = -1;
	struct mkd_err err = { 0 };
	struct mkd_digests a, b;

	assert_non_null(data);
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * i >> 7);
	test_write(path, data, len);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ticks = 0;
	assert_ok(mkd_hash_fd(fd, len, s512 | b2, &ui, &a, &err), &err);
	assert_true(ticks >= 4);
	assert_ok(parse(want, &b, &err), &err);
	assert_ok(mkd_digests_compare(&b, &a, "f", &err), &err);
	/* One changed byte in the last chunk, then restored. */
	assert_int_equal(pwrite(fd, "\xff", 1, (off_t)len - 1), 1);
	assert_ok(mkd_hash_fd(fd, len, s512 | b2, NULL, &b, &err), &err);
	assert_memory_not_equal(a.of[MKD_ALGO_SHA512], b.of[MKD_ALGO_SHA512], 64);
	assert_memory_not_equal(a.of[MKD_ALGO_BLAKE2B], b.of[MKD_ALGO_BLAKE2B], 64);
	mkd_signal_set(SIGINT);
	assert_fails(mkd_hash_fd(fd, len, s512 | b2, NULL, &b, &err), &err, EINTR, 128 + SIGINT,
		     "signal 2");
	mkd_signal_set(0);
}

static void names_are_hashed_to_32_digits(void **state)
{
	struct mkd_err err = { 0 };
	char name[33];

	(void)state;
	assert_ok(mkd_hash_name("abc", name, &err), &err);
	assert_string_equal(name, "ddaf35a193617abacc417349ae204131");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_found_in_every_style),
		cmocka_unit_test(digests_that_are_refused),
		cmocka_unit_test(a_typed_digest_has_128_digits),
		cmocka_unit_test(every_wanted_digest_must_match),
		cmocka_unit_test_setup_teardown(files_are_digested_by_all_algorithms,
						test_dir_setup, test_dir_teardown),
		cmocka_unit_test_setup_teardown(chunks_are_digested_in_order_and_tell_progress,
						test_dir_setup, test_dir_teardown),
		cmocka_unit_test(names_are_hashed_to_32_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
