/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of verify, judge and armor, with keys made by gpg(1). */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "fault.h"
#include "gpg.h"
#include "mkdomu/armor.h"
#include "mkdomu/file.h"
#include "mkdomu/judge.h"
#include "mkdomu/verify.h"

#define TEXT "# ts=1\n- dashed\n-----not an armor\npath 5\n"

/* Made once for the program: keys take time. */
static struct {
	char *dir;
	struct test_gpg gpg;
	char good[41], other[41], expired[41], revoked[41], rsa[41];
	char keyring[128]; /* all but "stranger" */
	char text[128], data[128];
	char tmp[128]; /* TMPDIR of the code under test */
} k;

static const char *at(const char *name)
{
	return test_path((void **)&k.dir, name);
}

static void make_keys(void)
{
	char stranger[41];

	test_gpg_key(&k.gpg, "good@x", "ed25519", "0", k.good);
	test_gpg_key(&k.gpg, "other@x", "ed25519", "0", k.other);
	test_gpg_key(&k.gpg, "rsa@x", "rsa2048", "0", k.rsa);
	test_gpg_key(&k.gpg, "revoked@x", "ed25519", "0", k.revoked);
	test_gpg_key(&k.gpg, "stranger@x", "ed25519", "0", stranger);
	GPG(&k.gpg, "--quick-add-key", k.rsa, "ed25519", "sign", "0");
	(void)snprintf(k.gpg.time, sizeof(k.gpg.time), "20200101T000000!");
	test_gpg_key(&k.gpg, "expired@x", "ed25519", "1y", k.expired);
	GPG(&k.gpg, "-u", "expired@x", "--output", at("expired.asc"), "--clear-sign", k.text);
	GPG(&k.gpg, "-u", "expired@x", "--output", at("expired.sig"), "--detach-sign", k.data);
	k.gpg.time[0] = '\0';
	GPG(&k.gpg, "-u", "revoked@x", "--output", at("revoked.asc"), "--clear-sign", k.text);
	GPG(&k.gpg, "-u", "revoked@x", "--output", at("revoked.sig"), "--detach-sign", k.data);
	test_gpg_revoke(&k.gpg, k.revoked);
	GPG(&k.gpg, "--armor", "--output", k.keyring, "--export", "good@x", "other@x", "rsa@x",
	    "expired@x", "revoked@x");
}

static int setup(void **state)
{
	char data[70000];
	struct mkd_err err;

	(void)state;
	if (mkd_tmpdir(&k.dir, &err) < 0)
		return -1;
	(void)snprintf(k.keyring, sizeof(k.keyring), "%s", at("keyring.asc"));
	(void)snprintf(k.text, sizeof(k.text), "%s", at("text"));
	(void)snprintf(k.data, sizeof(k.data), "%s", at("data"));
	(void)snprintf(k.tmp, sizeof(k.tmp), "%s", at("tmp"));
	test_gpg_start(&k.gpg, at("g"));
	test_write(k.text, TEXT, strlen(TEXT));
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7);
	test_write(k.data, data, sizeof(data));
	make_keys();
	if (mkdir(k.tmp, 0700) != 0)
		return -1;
	return setenv("TMPDIR", k.tmp, 1);
}

static int teardown(void **state)
{
	(void)state;
	test_gpg_stop(&k.gpg);
	mkd_rmtree(k.dir);
	free(k.dir);
	return 0;
}

static unsigned entries(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n - 2;
}

static struct mkd_verifier *verifier(const char *pin)
{
	struct mkd_keys keys = { .keyring = k.keyring, .signers = &pin, .n_signers = 1 };
	struct mkd_verifier *v = NULL;
	struct mkd_err err = { 0 };

	assert_ok(mkd_verify_open(&keys, &v, &err), &err);
	return v;
}

/* Every test ends here: nothing of ours may be left in the temporary folder. */
static void done(struct mkd_verifier *v)
{
	mkd_verify_close(v);
	assert_int_equal(entries(k.tmp), 0);
}

static int clear(struct mkd_verifier *v, const char *path, struct mkd_buf *plain,
		 struct mkd_signature *sig, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };

	test_slurp(path, &text);
	return mkd_verify_clear(v, &text, "pointer", plain, sig, err);
}

static int detached_of(struct mkd_verifier *v, const char *data, const struct mkd_buf *sig,
		       struct mkd_signature *ret, struct mkd_err *err)
{
	cleanup_close int fd = open(data, O_RDONLY | O_CLOEXEC);
	struct mkd_detached d = { .signature = sig, .fd = fd, .name = "tarball" };
	struct stat st;
	char byte;
	int r;

	assert_int_equal(fstat(fd, &st), 0);
	d.size_bytes = (uint64_t)st.st_size;
	assert_int_equal(read(fd, &byte, 1), 1);
	r = mkd_verify_detached(v, &d, ret, err);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 1);
	return r;
}

static int detached(struct mkd_verifier *v, const char *sig_path, struct mkd_signature *ret,
		    struct mkd_err *err)
{
	cleanup_buf struct mkd_buf sig = { 0 };

	test_slurp(sig_path, &sig);
	return detached_of(v, k.data, &sig, ret, err);
}

static void signed_text_is_returned_without_armor(void **state)
{
	cleanup_buf struct mkd_buf plain = { 0 };
	struct mkd_verifier *v = verifier(k.good);
	struct mkd_signature sig = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	GPG(&k.gpg, "-u", "good@x", "--output", at("t.asc"), "--clear-sign", k.text);
	assert_ok(clear(v, at("t.asc"), &plain, &sig, &err), &err);
	assert_string_equal(mkd_buf_cstr(&plain), TEXT);
	assert_string_equal(sig.signer, k.good);
	assert_true(sig.signed_sec > 1700000000 && sig.signed_sec <= time(NULL));
	done(v);
}

static void a_subkey_counts_as_its_primary(void **state)
{
	cleanup_buf struct mkd_buf plain = { 0 };
	struct mkd_verifier *v = verifier(k.rsa);
	struct mkd_signature sig = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	GPG(&k.gpg, "-u", "rsa@x", "--output", at("sub.asc"), "--clear-sign", k.text);
	assert_ok(clear(v, at("sub.asc"), &plain, &sig, &err), &err);
	assert_string_equal(sig.signer, k.rsa);
	done(v);
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
	(void)setenv("GNUPGHOME", k.gpg.home, 1);
	v = verifier(k.good);
	GPG(&k.gpg, "-u", "stranger@x", "--output", at("s.asc"), "--clear-sign", k.text);
	assert_fails(clear(v, at("s.asc"), &plain, &sig, &err), &err, EKEYREJECTED, MKD_EXIT_VERIFY,
		     "not a pinned key");
	assert_int_equal(plain.len, 0);
	(void)unsetenv("GNUPGHOME");
	assert_int_equal(entries(k.tmp), 1);
	d = opendir(k.tmp);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			assert_true(asprintf(&home, "%s/%s/S.gpg-agent", k.tmp, e->d_name) > 0);
	(void)closedir(d);
	assert_non_null(home);
	assert_int_equal(access(home, F_OK), -1);
	done(v);
}

static void keys_that_are_refused(void **state)
{
	const struct {
		const char *file, *pin;
		int code;
		const char *words;
	} bad[] = {
		{ "o.asc", k.good, EKEYREJECTED, "not a pinned key" },
		{ "expired.asc", k.expired, EKEYEXPIRED, "openpgp-keys-gentoo-release" },
		{ "expired.asc", k.good, EKEYREJECTED, "not a pinned key" },
		{ "revoked.asc", k.revoked, EKEYREVOKED, "revoked" },
		{ "sha1.asc", k.rsa, EBADMSG, "weak digest" },
		{ "future.asc", k.good, EBADMSG, "from the future" },
		{ "old.asc", k.good, EBADMSG, "signature has expired" },
	};
	cleanup_buf struct mkd_buf plain = { 0 };
	struct mkd_signature sig = { .signed_sec = 7 };
	struct mkd_err err = { 0 };
	char primary[64];

	(void)state;
	(void)snprintf(primary, sizeof(primary), "%s!", k.rsa);
	GPG(&k.gpg, "-u", "other@x", "--output", at("o.asc"), "--clear-sign", k.text);
	GPG(&k.gpg, "-u", primary, "--digest-algo", "SHA1", "--output", at("sha1.asc"),
	    "--clear-sign", k.text);
	(void)snprintf(k.gpg.time, sizeof(k.gpg.time), "20380101T000000!");
	GPG(&k.gpg, "-u", "good@x", "--output", at("future.asc"), "--clear-sign", k.text);
	k.gpg.time[0] = '\0';
	GPG(&k.gpg, "-u", "good@x", "--default-sig-expire", "seconds=1", "--output", at("old.asc"),
	    "--clear-sign", k.text);
	(void)sleep(2);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct mkd_verifier *v = verifier(bad[i].pin);

		/* mkd_verify_clear: -EBADMSG, -EKEYREJECTED, -EKEYEXPIRED, -EKEYREVOKED */
		assert_fails(clear(v, at(bad[i].file), &plain, &sig, &err), &err, bad[i].code,
			     MKD_EXIT_VERIFY, bad[i].words);
		assert_int_equal(plain.len, 0);
		done(v);
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
	struct mkd_verifier *v = verifier(k.good);
	struct mkd_signature sig;
	struct mkd_err err = { 0 };

	(void)state;
	GPG(&k.gpg, "-u", "good@x", "--output", at("b.asc"), "--clear-sign", k.text);
	test_slurp(at("b.asc"), &good);
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
	test_slurp(at("b.asc"), &plain);
	mkd_buf_add(&good, plain.data, plain.len); /* two messages in a row */
	assert_fails(mkd_verify_clear(v, &good, "pointer", &plain, &sig, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "after the signed one");
	assert_fails(clear(v, k.text, &plain, &sig, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "no signature");
	mkd_buf_reset(&good);
	assert_fails(mkd_verify_clear(v, &good, "pointer", &plain, &sig, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "no signature");
	done(v);
}

static void detached_signatures_cover_the_open_file(void **state)
{
	struct mkd_verifier *v = verifier(k.good);
	struct mkd_signature sig = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	GPG(&k.gpg, "-u", "good@x", "--output", at("d.sig"), "--detach-sign", k.data);
	GPG(&k.gpg, "-u", "good@x", "--armor", "--output", at("d.asc"), "--detach-sign", k.data);
	assert_ok(detached(v, at("d.sig"), &sig, &err), &err);
	assert_ok(detached(v, at("d.asc"), &sig, &err), &err);
	assert_string_equal(sig.signer, k.good);
	done(v);
}

static void several_signatures_need_a_good_one_and_no_bad_one(void **state)
{
	const struct {
		const char *const signers[3];
		const char *on;
		int code;
	} cases[] = {
		{ { "good@x", "stranger@x" }, k.data, 0 },
		{ { "stranger@x", "good@x" }, k.data, 0 },
		{ { "other@x", "good@x" }, k.data, 0 },
		{ { "good@x", "good@x" }, k.data, 0 },
		{ { "other@x", "stranger@x" }, k.data, EKEYREJECTED },
		{ { "good@x" }, k.text, EBADMSG }, /* the second, by "other", is bad */
		{ { "stranger@x" }, k.text, EBADMSG },
	};
	struct mkd_verifier *v = verifier(k.good);
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cleanup_buf struct mkd_buf sum = { 0 }, one = { 0 };
		struct mkd_signature sig = { 0 };

		for (size_t s = 0; cases[i].signers[s]; s++) {
			GPG(&k.gpg, "-u", cases[i].signers[s], "--armor", "--output", at("m.asc"),
			    "--detach-sign", k.data);
			test_slurp(at("m.asc"), &one);
			mkd_buf_add(&sum, one.data, one.len);
		}
		if (cases[i].on == k.text) {
			GPG(&k.gpg, "-u", "other@x", "--armor", "--output", at("m.asc"),
			    "--detach-sign", k.text);
			test_slurp(at("m.asc"), &one);
			mkd_buf_add(&sum, one.data, one.len);
		}
		if (!cases[i].code) {
			assert_ok(detached_of(v, k.data, &sum, &sig, &err), &err);
			assert_string_equal(sig.signer, k.good);
		} else {
			/* mkd_verify_detached: -EBADMSG, -EKEYREJECTED */
			assert_fails(detached_of(v, k.data, &sum, &sig, &err), &err, cases[i].code,
				     MKD_EXIT_VERIFY,
				     cases[i].code == EBADMSG ? "bad signature" : "not a pinned");
		}
	}
	done(v);
}

static void detached_signatures_that_are_refused(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_verifier *v = verifier(k.good);
	struct mkd_signature sig;
	struct mkd_err err = { 0 };

	(void)state;
	GPG(&k.gpg, "-u", "good@x", "--output", at("r.sig"), "--detach-sign", k.data);
	test_slurp(at("r.sig"), &b);
	assert_fails(detached_of(v, k.text, &b, &sig, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "bad signature");
	b.data[b.len - 3] ^= 1;
	assert_fails(detached_of(v, k.data, &b, &sig, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "'tarball'");
	b.data[b.len - 3] ^= 1;
	b.len -= 5;
	assert_fails(detached_of(v, k.data, &b, &sig, &err), &err, EBADMSG, MKD_EXIT_VERIFY, "cut");
	mkd_buf_reset(&b);
	assert_fails(detached_of(v, k.data, &b, &sig, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "no signature");
	/* A whole signed message beside another file: to gpgme a success without signatures. */
	GPG(&k.gpg, "-u", "good@x", "--output", at("opaque"), "--sign", k.text);
	GPG(&k.gpg, "-u", "good@x", "--armor", "--output", at("opaque.asc"), "--sign", k.text);
	GPG(&k.gpg, "-u", "good@x", "--output", at("c.asc"), "--clear-sign", k.data);
	GPG(&k.gpg, "-u", "good@x", "--textmode", "--output", at("textmode"), "--detach-sign",
	    k.data);
	assert_fails(detached(v, at("opaque"), &sig, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "not a signature");
	assert_fails(detached(v, at("opaque.asc"), &sig, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "not a detached signature");
	assert_fails(detached(v, at("c.asc"), &sig, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "not a detached signature");
	assert_fails(detached(v, at("textmode"), &sig, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "not one of a binary file");
	assert_fails(detached(v, k.data, &sig, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "not a detached signature");
	assert_fails(detached(v, at("expired.sig"), &sig, &err), &err, EKEYREJECTED,
		     MKD_EXIT_VERIFY, "not a pinned key");
	done(v);
}

static void a_file_that_shrinks_is_not_verified(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	cleanup_close int fd = open(k.data, O_RDONLY | O_CLOEXEC);
	struct mkd_detached d = { .signature = &b, .fd = fd, .size_bytes = 70001, .name = "t" };
	struct mkd_verifier *v = verifier(k.good);
	struct mkd_signature sig;
	struct mkd_err err = { 0 };

	(void)state;
	GPG(&k.gpg, "-u", "good@x", "--output", at("h.sig"), "--detach-sign", k.data);
	test_slurp(at("h.sig"), &b);
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
	done(v);
}

static void keys_that_ended_sign_no_file(void **state)
{
	static const struct {
		const char *file, *fpr;
		int code;
	} rows[] = {
		{ "expired.sig", k.expired, EKEYEXPIRED },
		{ "revoked.sig", k.revoked, EKEYREVOKED },
	};
	struct mkd_signature sig;
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_verifier *v = verifier(rows[i].fpr);

		/* mkd_verify_detached: -EKEYEXPIRED, -EKEYREVOKED */
		assert_fails(detached(v, at(rows[i].file), &sig, &err), &err, rows[i].code,
			     MKD_EXIT_VERIFY, "cannot trust");
		done(v);
	}
}

static void verifying_runs_out_of_memory(void **state)
{
	const char *pin = k.good;
	struct mkd_keys keys = { .keyring = k.keyring, .signers = &pin, .n_signers = 1 };
	cleanup_buf struct mkd_buf text = { 0 }, plain = { 0 };
	struct mkd_verifier *v = NULL;
	struct mkd_signature sig;
	struct mkd_err err;

	(void)state;
	assert_nomem(mkd_verify_open(&keys, &v, &err), &err);
	assert_int_equal(entries(k.tmp), 1);
	GPG(&k.gpg, "-u", "good@x", "--output", at("m.asc"), "--clear-sign", k.text);
	test_slurp(at("m.asc"), &text);
	assert_nomem(mkd_verify_clear(v, &text, "m", &plain, &sig, &err), &err);
	assert_string_equal(sig.signer, k.good);
	done(v);
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
	assert_int_equal(entries(k.tmp), 0);
	return r;
}

static void keyrings_that_are_refused(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	test_write(at("empty"), "", 0);
	test_write(at("junk"), "not a key", 9);
	assert_fails(try_open(at("none"), k.good, NULL, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "/none'");
	assert_fails(try_open(k.dir, k.good, NULL, &err), &err, EISDIR, MKD_EXIT_USAGE,
		     "directory");
	assert_fails(try_open(at("empty"), k.good, NULL, &err), &err, EKEYREJECTED, MKD_EXIT_VERIFY,
		     "empty");
	assert_fails(try_open(at("junk"), k.good, NULL, &err), &err, EKEYREJECTED, MKD_EXIT_VERIFY,
		     "keyring");
	assert_fails(try_open("/dev/zero", k.good, NULL, &err), &err, EFBIG, MKD_EXIT_USAGE,
		     "limit");
	test_gpg_export(&k.gpg, at("only"), "other@x");
	assert_fails(try_open(at("only"), k.good, NULL, &err), &err, EKEYREJECTED, MKD_EXIT_VERIFY,
		     "has no key");
	/* A key stripped of its self-signature: cut after the first two packets (key, uid). */
	GPG(&k.gpg, "--output", at("bare"), "--export", "good@x");
	test_slurp(at("bare"), &b);
	b.len = 2 + (uint8_t)b.data[1];
	b.len += 2 + (uint8_t)b.data[b.len + 1];
	test_write(at("bare"), b.data, b.len);
	assert_fails(try_open(at("bare"), k.good, NULL, &err), &err, EKEYREJECTED, MKD_EXIT_VERIFY,
		     "keyring");
}

static void pins_are_full_fingerprints(void **state)
{
	const char *const bad[] = { "", "DEADBEEF", "0xBB572E0E2D182910", "x", k.keyring };
	cleanup_strv struct mkd_strv pins = { 0 };
	struct mkd_err err = { 0 };
	char spaced[64] = "0x";
	const char *p = spaced;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(try_open(k.keyring, bad[i], NULL, &err), &err, EINVAL, MKD_EXIT_USAGE,
			     "full fingerprint");
	assert_fails(try_open(k.keyring, NULL, NULL, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "full fingerprint");
	for (size_t i = 0; i < 40; i += 4) {
		size_t n = strlen(spaced);

		(void)snprintf(spaced + n, sizeof(spaced) - n, "%.4s ", k.good + i);
	}
	for (char *c = spaced + 2; *c; c++)
		if (*c >= 'A' && *c <= 'F')
			*c |= 0x20;
	assert_ok(try_open(k.keyring, spaced, NULL, &err), &err);
	assert_ok(mkd_judge_pins(&p, 1, &pins, &err), &err);
	assert_string_equal(pins.v[0], k.good);
}

static void a_missing_or_broken_gpg_is_no_signature(void **state)
{
	static const char script[] = "#!/bin/sh\necho garbage\nexit 0\n";
	struct mkd_err err = { 0 };

	(void)state;
	assert_fails(try_open(k.keyring, k.good, "/nonexistent/gpg", &err), &err, ENOPKG,
		     MKD_EXIT_VERIFY, "install GnuPG");
	test_write(at("fake"), script, sizeof(script) - 1);
	assert_int_equal(chmod(at("fake"), 0755), 0);
	memset(&err, 0, sizeof(err));
	assert_true(try_open(k.keyring, k.good, at("fake"), &err) < 0);
	assert_int_equal(err.exit, MKD_EXIT_VERIFY);
	memset(&err, 0, sizeof(err));
	assert_true(try_open(k.keyring, k.good, "/bin/false", &err) < 0);
	assert_int_equal(err.exit, MKD_EXIT_VERIFY);
}

static void no_signature_at_all_is_judged_as_none(void **state)
{
	cleanup_strv struct mkd_strv pins = { 0 };
	const struct mkd_judge j = { .pins = &pins, .now_sec = 1000, .keyring = "k" };
	const struct mkd_sig *got = NULL;
	struct mkd_sig sig = { .state = MKD_SIG_GOOD, .created_sec = 1000 + 86400 };
	const char *pin = k.good;
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_judge_pins(&pin, 1, &pins, &err), &err);
	assert_fails(mkd_judge_signatures(&j, NULL, 0, "f", &got, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "no signature");
	memcpy(sig.primary, k.good, sizeof(sig.primary));
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
		cmocka_unit_test(signed_text_is_returned_without_armor),
		cmocka_unit_test(a_subkey_counts_as_its_primary),
		cmocka_unit_test(no_agent_runs_and_no_user_keys_are_asked),
		cmocka_unit_test(keys_that_are_refused),
		cmocka_unit_test(texts_that_are_refused),
		cmocka_unit_test(detached_signatures_cover_the_open_file),
		cmocka_unit_test(several_signatures_need_a_good_one_and_no_bad_one),
		cmocka_unit_test(detached_signatures_that_are_refused),
		cmocka_unit_test(a_file_that_shrinks_is_not_verified),
		cmocka_unit_test(keys_that_ended_sign_no_file),
		cmocka_unit_test(verifying_runs_out_of_memory),
		cmocka_unit_test(keyrings_that_are_refused),
		cmocka_unit_test(pins_are_full_fingerprints),
		cmocka_unit_test(a_missing_or_broken_gpg_is_no_signature),
		cmocka_unit_test(no_signature_at_all_is_judged_as_none),
		cmocka_unit_test(packets_that_are_no_signatures),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
