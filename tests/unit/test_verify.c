/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of verify and judge: clear-signed texts, keyrings and pins. */
#include "verifytest.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "fault.h"
#include "mkdomu/judge.h"

static void signed_text_is_returned_without_armor(void **state)
{
	cleanup_buf struct mkd_buf plain = { 0 };
	struct mkd_verifier *v = verifier_open(keyset.good);
	struct mkd_signature sig = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	GPG(&keyset.gpg, "-u", "good@x", "--output", keys_path("t.asc"), "--clear-sign",
	    keyset.text);
	assert_ok(verify_clear(v, keys_path("t.asc"), &plain, &sig, &err), &err);
	assert_string_equal(mkd_buf_cstr(&plain), TEXT);
	assert_string_equal(sig.signer, keyset.good);
	assert_true(sig.signed_sec > 1700000000 && sig.signed_sec <= time(NULL));
	verifier_done(v);
}

static void a_subkey_counts_as_its_primary(void **state)
{
	cleanup_buf struct mkd_buf plain = { 0 };
	struct mkd_verifier *v = verifier_open(keyset.rsa);
	struct mkd_signature sig = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	GPG(&keyset.gpg, "-u", "rsa@x", "--output", keys_path("sub.asc"), "--clear-sign",
	    keyset.text);
	assert_ok(verify_clear(v, keys_path("sub.asc"), &plain, &sig, &err), &err);
	assert_string_equal(sig.signer, keyset.rsa);
	verifier_done(v);
}

static void no_agent_runs_and_no_user_keys_are_asked(void **state)
{
	cleanup_free char *home = NULL;
	struct mkd_verifier *v;
	cleanup_buf struct mkd_buf plain = { 0 };
	struct mkd_signature sig;
	struct mkd_err err = { 0 };
	struct dirent *e;
	DIR *d;

	(void)state;
	/* The stranger's key is in the "user's" home, not in the keyring. */
	(void)setenv("GNUPGHOME", keyset.gpg.home, 1);
	v = verifier_open(keyset.good);
	GPG(&keyset.gpg, "-u", "stranger@x", "--output", keys_path("s.asc"), "--clear-sign",
	    keyset.text);
	assert_fails(verify_clear(v, keys_path("s.asc"), &plain, &sig, &err), &err, EKEYREJECTED,
		     MKD_EXIT_VERIFY, "not a pinned key");
	assert_int_equal(plain.len, 0);
	(void)unsetenv("GNUPGHOME");
	assert_int_equal(names_in(keyset.tmp), 1);
	d = opendir(keyset.tmp);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			assert_true(asprintf(&home, "%s/%s/S.gpg-agent", keyset.tmp, e->d_name) >
				    0);
	(void)closedir(d);
	assert_non_null(home);
	assert_int_equal(access(home, F_OK), -1);
	verifier_done(v);
}

static void keys_that_are_refused(void **state)
{
	const struct {
		const char *file, *pin;
		int code;
		const char *words;
	} bad[] = {
		{ "o.asc", keyset.good, EKEYREJECTED, "not a pinned key" },
		{ "expired.asc", keyset.expired, EKEYEXPIRED, "openpgp-keys-gentoo-release" },
		{ "expired.asc", keyset.good, EKEYREJECTED, "not a pinned key" },
		{ "revoked.asc", keyset.revoked, EKEYREVOKED, "revoked" },
		{ "sha1.asc", keyset.rsa, EBADMSG, "weak digest" },
		{ "future.asc", keyset.good, EBADMSG, "from the future" },
		{ "old.asc", keyset.good, EBADMSG, "signature has expired" },
	};
	cleanup_buf struct mkd_buf plain = { 0 };
	struct mkd_signature sig = { .signed_sec = 7 };
	struct mkd_err err = { 0 };
	char primary[64];

	(void)state;
	(void)snprintf(primary, sizeof(primary), "%s!", keyset.rsa);
	GPG(&keyset.gpg, "-u", "other@x", "--output", keys_path("o.asc"), "--clear-sign",
	    keyset.text);
	GPG(&keyset.gpg, "-u", primary, "--digest-algo", "SHA1", "--output", keys_path("sha1.asc"),
	    "--clear-sign", keyset.text);
	(void)snprintf(keyset.gpg.time, sizeof(keyset.gpg.time), "20380101T000000!");
	GPG(&keyset.gpg, "-u", "good@x", "--output", keys_path("future.asc"), "--clear-sign",
	    keyset.text);
	keyset.gpg.time[0] = '\0';
	GPG(&keyset.gpg, "-u", "good@x", "--default-sig-expire", "seconds=1", "--output",
	    keys_path("old.asc"), "--clear-sign", keyset.text);
	(void)sleep(2);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct mkd_verifier *v = verifier_open(bad[i].pin);

		/* mkd_verify_clear: -EBADMSG, -EKEYREJECTED, -EKEYEXPIRED, -EKEYREVOKED */
		assert_fails(verify_clear(v, keys_path(bad[i].file), &plain, &sig, &err), &err,
			     bad[i].code, MKD_EXIT_VERIFY, bad[i].words);
		assert_int_equal(plain.len, 0);
		verifier_done(v);
	}
	assert_int_equal(sig.signed_sec, 7);
}

/* What is done to good clear-signed text, and what is said of it. */
static void texts_that_are_refused(void **state)
{
	static const struct {
		const char *from, *to, *words;
	} bad[] = {
		{ "path 5", "path 6", "bad signature" },
		{ "Hash: ", "NotDashEscaped: yes\nHash: ", "more than 'Hash:'" },
		{ "-----BEGIN PGP SIGNED", "evil 1\n-----BEGIN PGP SIGNED", "before the signed" },
		{ "END PGP SIGNATURE-----\n", "END PGP SIGNATURE-----\nevil 1\n", "after the" },
		{ "path 5", "path 5\f", "control" },
		{ "path 5", "path\033[2J", "control" },
		{ "- - dashed", "-dashed", "begins with '-'" },
		{ "-----BEGIN PGP SIGNATURE-----", "", "begins with '-'" },
		{ "-----END PGP SIGNATURE-----", "", "cut" },
		{ "-----BEGIN PGP SIGNED MESSAGE-----", "", "before the signed one" },
	};
	cleanup_buf struct mkd_buf plain = { 0 }, good = { 0 };
	struct mkd_verifier *v = verifier_open(keyset.good);
	struct mkd_signature sig;
	struct mkd_err err = { 0 };

	(void)state;
	GPG(&keyset.gpg, "-u", "good@x", "--output", keys_path("b.asc"), "--clear-sign",
	    keyset.text);
	test_slurp(keys_path("b.asc"), &good);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		cleanup_buf struct mkd_buf text = { 0 };
		const char *p = strstr(good.data, bad[i].from);

		assert_non_null(p);
		mkd_buf_printf(&text, "%.*s%s%s", (int)(p - good.data), good.data, bad[i].to,
			       p + strlen(bad[i].from));
		assert_fails(mkd_verify_clear(v, &text, "pointer", &plain, &sig, &err), &err,
			     EBADMSG, MKD_EXIT_VERIFY, bad[i].words);
		assert_int_equal(plain.len, 0);
	}
	test_slurp(keys_path("b.asc"), &plain);
	mkd_buf_add(&good, plain.data, plain.len); /* two messages in a row */
	assert_fails(mkd_verify_clear(v, &good, "pointer", &plain, &sig, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "after the signed one");
	assert_fails(verify_clear(v, keyset.text, &plain, &sig, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "no signature");
	mkd_buf_reset(&good);
	assert_fails(mkd_verify_clear(v, &good, "pointer", &plain, &sig, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "no signature");
	verifier_done(v);
}

static void verifying_runs_out_of_memory(void **state)
{
	const char *pin = keyset.good;
	struct mkd_keys keys = { .keyring = keyset.keyring, .signers = &pin, .n_signers = 1 };
	cleanup_buf struct mkd_buf text = { 0 }, plain = { 0 };
	struct mkd_verifier *v = NULL;
	struct mkd_signature sig;
	struct mkd_err err;

	(void)state;
	assert_nomem(mkd_verify_open(&keys, &v, &err), &err);
	assert_int_equal(names_in(keyset.tmp), 1);
	GPG(&keyset.gpg, "-u", "good@x", "--output", keys_path("m.asc"), "--clear-sign",
	    keyset.text);
	test_slurp(keys_path("m.asc"), &text);
	assert_nomem(mkd_verify_clear(v, &text, "m", &plain, &sig, &err), &err);
	assert_string_equal(sig.signer, keyset.good);
	verifier_done(v);
}

static int try_open(const char *keyring, const char *pin, const char *gpg, struct mkd_err *err)
{
	struct mkd_keys keys = {
		.keyring = keyring, .signers = &pin, .n_signers = pin ? 1 : 0, .gpg = gpg
	};
	struct mkd_verifier *v = NULL;
	int r = mkd_verify_open(&keys, &v, err);

	if (r == 0)
		mkd_verify_close(v);
	assert_int_equal(names_in(keyset.tmp), 0);
	return r;
}

static void keyrings_that_are_refused(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	test_write(keys_path("empty"), "", 0);
	test_write(keys_path("junk"), "not a key", 9);
	assert_fails(try_open(keys_path("none"), keyset.good, NULL, &err), &err, ENOENT,
		     MKD_EXIT_USAGE, "/none'");
	assert_fails(try_open(keyset.dir, keyset.good, NULL, &err), &err, EISDIR, MKD_EXIT_USAGE,
		     "directory");
	assert_fails(try_open(keys_path("empty"), keyset.good, NULL, &err), &err, EKEYREJECTED,
		     MKD_EXIT_VERIFY, "empty");
	assert_fails(try_open(keys_path("junk"), keyset.good, NULL, &err), &err, EKEYREJECTED,
		     MKD_EXIT_VERIFY, "keyring");
	assert_fails(try_open("/dev/zero", keyset.good, NULL, &err), &err, EFBIG, MKD_EXIT_USAGE,
		     "limit");
	test_gpg_export(&keyset.gpg, keys_path("only"), "other@x");
	assert_fails(try_open(keys_path("only"), keyset.good, NULL, &err), &err, EKEYREJECTED,
		     MKD_EXIT_VERIFY, "has no key");
	/* A key stripped of its self-signature: cut after the first two packets (key, uid). */
	GPG(&keyset.gpg, "--output", keys_path("bare"), "--export", "good@x");
	test_slurp(keys_path("bare"), &b);
	b.len = 2 + (uint8_t)b.data[1];
	b.len += 2 + (uint8_t)b.data[b.len + 1];
	test_write(keys_path("bare"), b.data, b.len);
	assert_fails(try_open(keys_path("bare"), keyset.good, NULL, &err), &err, EKEYREJECTED,
		     MKD_EXIT_VERIFY, "keyring");
}

static void pins_are_full_fingerprints(void **state)
{
	const char *const bad[] = { "", "DEADBEEF", "0xBB572E0E2D182910", "x", keyset.keyring };
	cleanup_strv struct mkd_strv pins = { 0 };
	struct mkd_err err = { 0 };
	char spaced[64] = "0x";
	const char *p = spaced;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(try_open(keyset.keyring, bad[i], NULL, &err), &err, EINVAL,
			     MKD_EXIT_USAGE, "full fingerprint");
	assert_fails(try_open(keyset.keyring, NULL, NULL, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "full fingerprint");
	for (size_t i = 0; i < 40; i += 4) {
		size_t n = strlen(spaced);

		(void)snprintf(spaced + n, sizeof(spaced) - n, "%.4s ", keyset.good + i);
	}
	for (char *c = spaced + 2; *c; c++)
		if (*c >= 'A' && *c <= 'F')
			*c |= 0x20;
	assert_ok(try_open(keyset.keyring, spaced, NULL, &err), &err);
	assert_ok(mkd_judge_pins(&p, 1, &pins, &err), &err);
	assert_string_equal(pins.v[0], keyset.good);
}

static void a_missing_or_broken_gpg_is_no_signature(void **state)
{
	static const char script[] = "#!/bin/sh\necho garbage\nexit 0\n";
	struct mkd_err err = { 0 };

	(void)state;
	assert_fails(try_open(keyset.keyring, keyset.good, "/nonexistent/gpg", &err), &err, ENOPKG,
		     MKD_EXIT_VERIFY, "install GnuPG");
	test_write(keys_path("fake"), script, sizeof(script) - 1);
	assert_int_equal(chmod(keys_path("fake"), 0755), 0);
	memset(&err, 0, sizeof(err));
	assert_true(try_open(keyset.keyring, keyset.good, keys_path("fake"), &err) < 0);
	assert_int_equal(err.exit, MKD_EXIT_VERIFY);
	memset(&err, 0, sizeof(err));
	assert_true(try_open(keyset.keyring, keyset.good, "/bin/false", &err) < 0);
	assert_int_equal(err.exit, MKD_EXIT_VERIFY);
}

static void no_signature_at_all_is_judged_as_none(void **state)
{
	cleanup_strv struct mkd_strv pins = { 0 };
	const struct mkd_judge j = { .pins = &pins, .now_sec = 1000, .keyring = "k" };
	const struct mkd_sig *got = NULL;
	struct mkd_sig sig = { .state = MKD_SIG_GOOD, .created_sec = 1000 + 86400 };
	const char *pin = keyset.good;
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_judge_pins(&pin, 1, &pins, &err), &err);
	assert_fails(mkd_judge_signatures(&j, NULL, 0, "f", &got, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "no signature");
	memcpy(sig.primary, keyset.good, sizeof(sig.primary));
	assert_ok(mkd_judge_signatures(&j, &sig, 1, "f", &got, &err), &err);
	assert_ptr_equal(got, &sig);
	sig.created_sec++; /* more than a day ahead */
	assert_fails(mkd_judge_signatures(&j, &sig, 1, "f", &got, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "future");
	sig.created_sec = 1;
	sig.state = MKD_SIG_FAULTY;
	assert_fails(mkd_judge_signatures(&j, &sig, 1, "f", &got, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "cannot be checked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signed_text_is_returned_without_armor),
		cmocka_unit_test(a_subkey_counts_as_its_primary),
		cmocka_unit_test(no_agent_runs_and_no_user_keys_are_asked),
		cmocka_unit_test(keys_that_are_refused),
		cmocka_unit_test(texts_that_are_refused),
		cmocka_unit_test(verifying_runs_out_of_memory),
		cmocka_unit_test(keyrings_that_are_refused),
		cmocka_unit_test(pins_are_full_fingerprints),
		cmocka_unit_test(a_missing_or_broken_gpg_is_no_signature),
		cmocka_unit_test(no_signature_at_all_is_judged_as_none),
	};

	return cmocka_run_group_tests(tests, verify_setup, verify_teardown);
}
