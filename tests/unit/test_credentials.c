/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of passwords, ssh keys and the ways into a guest. */
#include "edittest.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/access.h"
#include "mkdomu/credentials.h"
#include "mkdomu/password.h"

/* By openssl passwd -6 -salt, and by perl's crypt(): secret, salt abcdefghijklmnop */
#define SHA512_GOLDEN                                                                \
	"$6$abcdefghijklmnop$J/AWykHqo2Tx5UtavGnFc3ytI33la50JpzLTarSWVhkIXK6wOjNwwZ" \
	"jsrIw2UgmrER2EKrSHCeQyAINEEXAk1/"
#define YESCRYPT_GOLDEN "$y$j9T$abcdefghijklmnop$3dL1LkYnZM.OVXuVdnnaKVDlLYT92dRwOzDZ5XiVCe."

static void passwords_are_hashed_the_same_each_time(void **state)
{
	char huge[1024] = { 0 };
	struct mkd_buf hash = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_password_hash("secret", "abcdefghijklmnop", MKD_HASH_SHA512, &hash, &err),
		  &err);
	assert_string_equal(hash.data, SHA512_GOLDEN);
	assert_true(mkd_password_is_hash(hash.data));
	assert_ok(mkd_password_hash("secret", "abcdefghijklmnop", MKD_HASH_YESCRYPT, &hash, &err),
		  &err);
	assert_string_equal(hash.data, YESCRYPT_GOLDEN);
	assert_true(mkd_password_is_hash(hash.data));
	memset(huge, 'x', sizeof(huge) - 1);
	assert_fails(mkd_password_hash(huge, "abcdefghijklmnop", MKD_HASH_SHA512, &hash, &err),
		     &err, ENOTSUP, MKD_EXIT_INTERNAL, "'$6$'");
	assert_fails(mkd_password_hash("x", "short", MKD_HASH_SHA512, &hash, &err), &err, EINVAL,
		     MKD_EXIT_INTERNAL, "salt");
	assert_fails(mkd_password_hash("x", "abcdefghijklmno$", MKD_HASH_SHA512, &hash, &err), &err,
		     EINVAL, MKD_EXIT_INTERNAL, "salt");
	mkd_buf_free(&hash);
}

static void passwords_are_checked(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *words;
	} rows[] = {
		{ "", EINVAL, "empty" },
		{ "a\nb", EINVAL, "control" },
		{ "a\177", EINVAL, "control" },
		{ "$6$salt$short", EINVAL, "whole" },
		{ "$6$ab:c$", EINVAL, "whole" },
		{ "$y$j9T$", EINVAL, "whole" },
		{ "$2b$99", EINVAL, "whole" },
		{ "$7$x$y", EINVAL, "whole" },
		{ "$5$rounds=1$x$y", EINVAL, "whole" },
		{ "$1$salt$0123456789012345678901", EINVAL, "broken" },
		{ "*", EINVAL, "shadow" },
		{ "!", EINVAL, "shadow" },
		{ "root:$6$salt$x:1:0:::::", EINVAL, "shadow" },
	};
	static const char *const good[] = { "secret", "p:w d", "$ecret", "\xc3\xa4", "**" };
	/* by perl's crypt() on libxcrypt 4.4.33 */
	static const char *const hashes[] = {
		SHA512_GOLDEN,
		YESCRYPT_GOLDEN,
		"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
		"$6$rounds=10000$abc$UCUqOk6gcu9ZZtND2Z0UgYk8lwpVRmtR53Lsvl5g.kCesFgYAcUnyv3CZaGP"
		"ARyVDChSCfm/81bYK.MFc2KRz1",
		"$2b$05$CCCCCCCCCCCCCCCCCCCCC.Xn7FSvv79c6bu/kgV/.kBlx/ChE9.FW",
		"$7$CU..../....abcdefgh$19TzpFZ5AwP26vdEMbfvWacoVUfd2MfVusFAVFilh.C",
		"$gy$j9T$abcdefgh$CiTibHdBM/5r3qmg1i0DxivDn1U977EDVDgQAyycj9/",
	};
	char text[MKD_PASSWORD_MAX + 2];
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		/* mkd_password_check: -EINVAL, -E2BIG */
		assert_fails(mkd_password_check(rows[i].text, "pw", &err), &err, rows[i].code,
			     MKD_EXIT_USAGE, rows[i].words);
		assert_false(mkd_password_is_hash(rows[i].text));
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_ok(mkd_password_check(good[i], "pw", &err), &err);
		assert_false(mkd_password_is_hash(good[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
		assert_ok(mkd_password_check(hashes[i], "pw", &err), &err);
		assert_true(mkd_password_is_hash(hashes[i]));
		/* a character more or less is none */
		(void)snprintf(text, sizeof(text), "%sx", hashes[i]);
		assert_false(mkd_password_is_hash(text));
		text[strlen(hashes[i]) - 1] = '\0';
		assert_false(mkd_password_is_hash(text));
	}
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_fails(mkd_password_check(text, "pw", &err), &err, E2BIG, MKD_EXIT_USAGE, "511");
}

#define ED25519 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4pQ0mUqMXVYjQm8ZJk1sQmR1mQm8c6m1m2m3m4m5m6"

static void ssh_keys_are_checked(void **state)
{
	static const struct {
		const char *text;
		const char *words;
	} rows[] = {
		{ "", "no key" },
		{ "# only\n\n", "no key" },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\n", "private key" },
		{ "PuTTY-User-Key-File-2: ssh-rsa\n", "private key" },
		{ "---- BEGIN SSH2 PUBLIC KEY ----\n", "ssh-keygen -i" },
		{ ED25519 "\nhello\n", "line 2 has no key type" },
		{ "ssh-dss AAAA\n", "no key type" },
		{ "ssh-ed25519\n", "damaged" },
		{ "ssh-ed25519 AAAA\n", "damaged" },
		{ "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIJ4pQ0mUqMXVYjQm8ZJk1sQmR1mQm8c6m1m2m3m4m5m6\n",
		  "damaged" },
		{ "command=\"x " ED25519 "\n", "no key type" },
		{ ED25519 " a\033b\n", "control" },
	};
	static const char good[] =
		"# me\r\n" ED25519 " me@host\r\n\nfrom=\"10.0.0.0/8\",command=\"a "
		"\\\"b\" " ED25519 "\nrestrict " ED25519;
	struct mkd_buf big = { 0 };
	struct mkd_err err = { 0 };
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_fails(mkd_authorized_keys_check(rows[i].text, strlen(rows[i].text), "k", &n,
						       &err),
			     &err, EINVAL, MKD_EXIT_USAGE, rows[i].words);
	assert_fails(mkd_authorized_keys_check(ED25519 "\0x", sizeof(ED25519) + 1, "k", &n, &err),
		     &err, EINVAL, MKD_EXIT_USAGE, "control");
	assert_int_equal(n, 0);
	assert_ok(mkd_authorized_keys_check(good, strlen(good), "k", &n, &err), &err);
	assert_int_equal(n, 3);
	assert_ok(mkd_authorized_keys_check(good, strlen(good), "k", NULL, &err), &err);
	while (big.len <= MKD_KEY_LINE_MAX)
		mkd_buf_str(&big, "x");
	assert_fails(mkd_authorized_keys_check(big.data, big.len, "k", &n, &err), &err, E2BIG,
		     MKD_EXIT_USAGE, "line 1");
	while (big.len <= MKD_AUTHORIZED_KEYS_MAX)
		mkd_buf_str(&big, ED25519 "\n");
	assert_fails(mkd_authorized_keys_check(big.data, big.len, "k", &n, &err), &err, E2BIG,
		     MKD_EXIT_USAGE, "256 KiB");
	mkd_buf_free(&big);
}

static void ways_in_are_explained(void **state)
{
	static const struct {
		struct mkd_access a;
		bool in;
		const char *want;
	} rows[] = {
		{ { MKD_ROOT_LOCKED, 0, true, true, "" },
		  false,
		  "nobody can log in: root's password is locked; build with --root-password-file "
		  "or "
		  "--authorized-keys" },
		{ { MKD_ROOT_SET, 0, true, true, "" },
		  true,
		  "root logs in on the console with a password" },
		{ { MKD_ROOT_OPEN, 0, false, false, "" },
		  true,
		  "root logs in on the console WITHOUT a password" },
		{ { MKD_ROOT_SET, 2, true, true, "" },
		  true,
		  "root logs in on the console with a password, and by ssh with 2 keys" },
		{ { MKD_ROOT_LOCKED, 1, true, true, "" }, true, "root logs in by ssh with 1 key" },
		{ { MKD_ROOT_LOCKED, 1, false, false, "" },
		  false,
		  "nobody can log in: root's password is locked, and its ssh keys are of no use: "
		  "no "
		  "sshd is installed; build with --root-password-file or --authorized-keys" },
		{ { MKD_ROOT_SET, 1, true, false, "" },
		  true,
		  "root logs in on the console with a password, and its ssh keys are of no use "
		  "before "
		  "sshd has host keys: run 'ssh-keygen -A' in the guest" },
	};
	static const struct {
		const char *field;
		enum mkd_root_password want;
	} fields[] = {
		{ "", MKD_ROOT_OPEN },
		{ "*", MKD_ROOT_LOCKED },
		{ "!", MKD_ROOT_LOCKED },
		{ "x", MKD_ROOT_LOCKED },
		{ "!$6$abcdefghijklmn", MKD_ROOT_LOCKED },
		{ "$6$a$bcdefghijkl", MKD_ROOT_SET },
	};
	struct mkd_buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		mkd_buf_reset(&out);
		assert_int_equal(mkd_access_explain(&rows[i].a, &out), rows[i].in);
		assert_string_equal(out.data, rows[i].want);
	}
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct mkd_span f = mkd_span_of(fields[i].field);

		assert_int_equal(mkd_access_field(&f), fields[i].want);
	}
	assert_int_equal(mkd_access_field(NULL), MKD_ROOT_LOCKED);
	mkd_buf_free(&out);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(passwords_are_hashed_the_same_each_time),
		cmocka_unit_test(passwords_are_checked),
		cmocka_unit_test(ssh_keys_are_checked),
		cmocka_unit_test(ways_in_are_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
