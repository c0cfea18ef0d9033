/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of verify and armor: detached signatures. */
#include "verifytest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "fault.h"
#include "mkdomu/armor.h"

static void detached_signatures_cover_the_open_file(void **state)
{
	struct mkd_verifier *v = verifier_open(keyset.good);
	struct mkd_signature sig = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	GPG(&keyset.gpg, "-u", "good@x", "--output", keys_path("d.sig"), "--detach-sign",
	    keyset.data);
	GPG(&keyset.gpg, "-u", "good@x", "--armor", "--output", keys_path("d.asc"), "--detach-sign",
	    keyset.data);
	assert_ok(verify_detached(v, keys_path("d.sig"), &sig, &err), &err);
	assert_ok(verify_detached(v, keys_path("d.asc"), &sig, &err), &err);
	assert_string_equal(sig.signer, keyset.good);
	verifier_done(v);
}

static void several_signatures_need_a_good_one_and_no_bad_one(void **state)
{
	const struct {
		const char *const signers[3];
		const char *on;
		int code;
	} cases[] = {
		{ { "good@x", "stranger@x" }, keyset.data, 0 },
		{ { "stranger@x", "good@x" }, keyset.data, 0 },
		{ { "other@x", "good@x" }, keyset.data, 0 },
		{ { "good@x", "good@x" }, keyset.data, 0 },
		{ { "other@x", "stranger@x" }, keyset.data, EKEYREJECTED },
		{ { "good@x" }, keyset.text, EBADMSG }, /* the second, by "other", is bad */
		{ { "stranger@x" }, keyset.text, EBADMSG },
	};
	struct mkd_verifier *v = verifier_open(keyset.good);
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_buf struct mkd_buf sum = { 0 }, one = { 0 };
		struct mkd_signature sig = { 0 };

		for (size_t s = 0; cases[i].signers[s]; s++) {
			GPG(&keyset.gpg, "-u", cases[i].signers[s], "--armor", "--output",
			    keys_path("m.asc"), "--detach-sign", keyset.data);
			test_slurp(keys_path("m.asc"), &one);
			mkd_buf_add(&sum, one.data, one.len);
		}
		if (cases[i].on == keyset.text) {
			GPG(&keyset.gpg, "-u", "other@x", "--armor", "--output", keys_path("m.asc"),
			    "--detach-sign", keyset.text);
			test_slurp(keys_path("m.asc"), &one);
			mkd_buf_add(&sum, one.data, one.len);
		}
		if (!cases[i].code) {
			assert_ok(verify_detached_of(v, keyset.data, &sum, &sig, &err), &err);
			assert_string_equal(sig.signer, keyset.good);
		} else {
			/* mkd_verify_detached: -EBADMSG, -EKEYREJECTED */
			assert_fails(verify_detached_of(v, keyset.data, &sum, &sig, &err), &err,
				     cases[i].code, MKD_EXIT_VERIFY,
				     cases[i].code == EBADMSG ? "bad signature" : "not a pinned");
		}
	}
	verifier_done(v);
}

static void detached_signatures_that_are_refused(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_verifier *v = verifier_open(keyset.good);
	struct mkd_signature sig;
	struct mkd_err err = { 0 };

	(void)state;
	GPG(&keyset.gpg, "-u", "good@x", "--output", keys_path("r.sig"), "--detach-sign",
	    keyset.data);
	test_slurp(keys_path("r.sig"), &b);
	assert_fails(verify_detached_of(v, keyset.text, &b, &sig, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "bad signature");
	b.data[b.len - 3] ^= 1;
	assert_fails(verify_detached_of(v, keyset.data, &b, &sig, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "'tarball'");
	b.data[b.len - 3] ^= 1;
	b.len -= 5;
	assert_fails(verify_detached_of(v, keyset.data, &b, &sig, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "cut");
	mkd_buf_reset(&b);
	assert_fails(verify_detached_of(v, keyset.data, &b, &sig, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "no signature");
	/* A whole signed message beside another file: to gpgme a success without signatures. */
	GPG(&keyset.gpg, "-u", "good@x", "--output", keys_path("opaque"), "--sign", keyset.text);
	GPG(&keyset.gpg, "-u", "good@x", "--armor", "--output", keys_path("opaque.asc"), "--sign",
	    keyset.text);
	GPG(&keyset.gpg, "-u", "good@x", "--output", keys_path("c.asc"), "--clear-sign",
	    keyset.data);
	GPG(&keyset.gpg, "-u", "good@x", "--textmode", "--output", keys_path("textmode"),
	    "--detach-sign", keyset.data);
	assert_fails(verify_detached(v, keys_path("opaque"), &sig, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "not a signature");
	assert_fails(verify_detached(v, keys_path("opaque.asc"), &sig, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "not a detached signature");
	assert_fails(verify_detached(v, keys_path("c.asc"), &sig, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "not a detached signature");
	assert_fails(verify_detached(v, keys_path("textmode"), &sig, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "not one of a binary file");
	assert_fails(verify_detached(v, keyset.data, &sig, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "not a detached signature");
	assert_fails(verify_detached(v, keys_path("expired.sig"), &sig, &err), &err, EKEYREJECTED,
		     MKD_EXIT_VERIFY, "not a pinned key");
	verifier_done(v);
}

static void a_file_that_shrinks_is_not_verified(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	cleanup_close int fd = open(keyset.data, O_RDONLY | O_CLOEXEC);
	struct mkd_detached d = { .signature = &b, .fd = fd, .size_bytes = 70001, .name = "t" };
	struct mkd_verifier *v = verifier_open(keyset.good);
	struct mkd_signature sig;
	struct mkd_err err = { 0 };

	(void)state;
	GPG(&keyset.gpg, "-u", "good@x", "--output", keys_path("h.sig"), "--detach-sign",
	    keyset.data);
	test_slurp(keys_path("h.sig"), &b);
	assert_fails(mkd_verify_detached(v, &d, &sig, &err), &err, EIO, MKD_EXIT_IO, "cannot read");
	d.size_bytes = 69999;
	assert_fails(mkd_verify_detached(v, &d, &sig, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "bad signature");
	d.size_bytes = 70000;
	mkd_signal_set(SIGINT);
	assert_fails(mkd_verify_detached(v, &d, &sig, &err), &err, EINTR, 128 + SIGINT, "signal 2");
	mkd_signal_set(0);
	assert_fault(FAULT_PREAD, 1, mkd_verify_detached(v, &d, &sig, &err), &err, ESTALE,
		     MKD_EXIT_IO, "cannot read");
	assert_nomem(mkd_verify_detached(v, &d, &sig, &err), &err);
	verifier_done(v);
}

static void keys_that_ended_sign_no_file(void **state)
{
	static const struct {
		const char *file, *fpr;
		int code;
	} rows[] = {
		{ "expired.sig", keyset.expired, EKEYEXPIRED },
		{ "revoked.sig", keyset.revoked, EKEYREVOKED },
	};
	struct mkd_signature sig;
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_verifier *v = verifier_open(rows[i].fpr);

		/* mkd_verify_detached: -EKEYEXPIRED, -EKEYREVOKED */
		assert_fails(verify_detached(v, keys_path(rows[i].file), &sig, &err), &err,
			     rows[i].code, MKD_EXIT_VERIFY, "cannot trust");
		verifier_done(v);
	}
}

static void packets_that_are_no_signatures(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} bad[] = {
		{ "\xc2", 1 },                         /* no length */
		{ "\xc2\x05\x04\x00\x16", 5 },         /* cut */
		{ "\xc2\xe1\x04", 3 },                 /* partial length */
		{ "\x8b\x04\x00\x16", 4 },             /* indeterminate length */
		{ "\xcb\x03\x04\x00\x16", 5 },         /* literal data */
		{ "\xc2\x03\x04\x10\x16", 5 },         /* certification */
		{ "\xc2\x03\x04\x00\x16\xcb\x00", 7 }, /* something after it */
		{ "\xc2\x02\x04\x00", 4 },             /* too short */
		{ "\xc2\xff\xff\xff\xff\xff\x04", 7 },
		{ "\xc2\xc0", 2 },
		{ "\x8a\x00\x00", 3 },
	};
	static const char armored[] = "-----BEGIN PGP SIGNATURE-----\n\nwgMEABY=\n=abcd\n"
				      "-----END PGP SIGNATURE-----";
	cleanup_buf struct mkd_buf out = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(mkd_armor_detached(bad[i].data, bad[i].len, "s", &out, &err), &err,
			     EBADMSG, MKD_EXIT_VERIFY, "'s'");
	assert_ok(mkd_armor_detached("\xc2\x03\x04\x00\x16", 5, "s", &out, &err), &err);
	assert_ok(mkd_armor_detached(armored, sizeof(armored) - 1, "s", &out, &err), &err);
	assert_int_equal(out.len, 5);
	assert_memory_equal(out.data, "\xc2\x03\x04\x00\x16", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(detached_signatures_cover_the_open_file),
		cmocka_unit_test(several_signatures_need_a_good_one_and_no_bad_one),
		cmocka_unit_test(detached_signatures_that_are_refused),
		cmocka_unit_test(a_file_that_shrinks_is_not_verified),
		cmocka_unit_test(keys_that_ended_sign_no_file),
		cmocka_unit_test(packets_that_are_no_signatures),
	};

	return cmocka_run_group_tests(tests, verify_setup, verify_teardown);
}
