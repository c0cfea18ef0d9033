/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures that signify(1) 31 and minisign(1) 0.11 made, and damaged ones. */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "fault.h"
#include "mkdomu/signify.h"

#define TEXT    "SHA256 (a) = 00\n"
#define COMMENT "untrusted comment: x\n"
#define S_KEY   COMMENT "RWS1Vq2guJMc53qNV8KCgj+ZZTh6I1MOJeVF5saQVWqLThYXhfPFOvxM\n"
#define S_SIG                                                               \
	COMMENT "RWS1Vq2guJMc5wzFYA0OXMW0/"                                 \
		"PHjw3KkrkDd68DyA6RDFWH4zUtHYNU1i2SVqiTkQSfx6U6JxSORrOJzKn" \
		"OSyqOezz7Yy/1oZQM=\n"
#define M_KEY COMMENT "RWQ5yalICttmGIu3kC6yfY+FZBcA3lC9rGmuMbdmQKvYNSsqPpBRBAU7\n"
#define M_SIG                                                                                      \
	COMMENT "RUQ5yalICttmGJ06MMxvLEfhEhCgsxG70eqiBy5fPCtLgfCgNdK1v81b9jhL7JQNU800gwLUS69A5xEj" \
		"Kx"                                                                               \
		"5ZOiAn5ybXZHHvdgc=\n"
#define TRUSTED "trusted comment: timestamp:1634597366\tfile:m\n"
#define M_GLOBAL                                                       \
	"2kCybcqtufPzQw9NLqESzIGxfTJp0NB+eXyIVQjDOKkK+F12Pc9z0q+lyE3/" \
	"X9HtbdoeJMw0thRT5FfkJ4fKBA==\n"
#define L_SIG                                                                                  \
	COMMENT "RWQ5yalICttmGH+ImBVdB9JfI4rB7xcy84VuTXmMNgf7I1UQEqEyTP2hiNkj4A3lRWknXUIq6HS/" \
		"gMeD/v"                                                                       \
		"BquNrf3H7+QaaZfgI=\n"
#define L_GLOBAL                                                                                   \
	"AaiHBTF8gDhTshSRE+MjlAZT8w54lao9iZ6CycwnTgYnAOzF3O9aVM+1r6FCHi7d2RN4ruETsHsHRDD+DRJkDA==" \
	"\n"

static int check(const char *key, const char *sig, const char *text, struct mkd_signify *ret,
		 struct mkd_err *err)
{
	cleanup_buf struct mkd_buf k = { 0 }, s = { 0 }, t = { 0 };

	mkd_buf_str(&k, key);
	mkd_buf_str(&s, sig);
	mkd_buf_str(&t, text);
	if (k.failed || s.failed || t.failed)
		return mkd_nomem(err);
	return mkd_signify_check(&k, &s, &t, "sha256sum.txt", ret, err);
}

static void good_ones_of_both_programs(void **state)
{
	static const struct {
		const char *key, *sig;
		int64_t sec;
	} rows[] = {
		{ S_KEY, S_SIG, 0 },
		{ S_KEY, S_SIG TEXT, 0 }, /* signify -e */
		{ M_KEY, M_SIG TRUSTED M_GLOBAL, 1634597366 },
		{ M_KEY, L_SIG TRUSTED L_GLOBAL, 1634597366 },
		{ M_KEY, M_SIG, 0 },
	};
	char signers[ARRAY_LEN(rows)][41];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_signify got = { 0 };
		struct mkd_err err = { 0 };

		assert_ok(check(rows[i].key, rows[i].sig, TEXT, &got, &err), &err);
		assert_int_equal(got.signed_sec, rows[i].sec);
		assert_int_equal(strlen(got.signer), 40);
		memcpy(signers[i], got.signer, sizeof(got.signer));
	}
	assert_string_equal(signers[0], signers[1]);
	assert_string_equal(signers[2], signers[3]);
	assert_string_not_equal(signers[0], signers[2]);
}

/* mkd_signify_check: -EINVAL, -EBADMSG, -EKEYREJECTED */
static void bad_ones(void **state)
{
	static const struct {
		const char *key, *sig, *text;
		int code;
		enum mkd_exit exit;
		const char *want;
	} rows[] = {
		{ S_KEY, S_SIG, TEXT "x", EBADMSG, MKD_EXIT_VERIFY, "bad signature" },
		{ S_KEY, S_SIG, "", EBADMSG, MKD_EXIT_VERIFY, "bad signature" },
		{ M_KEY, M_SIG, TEXT "x", EBADMSG, MKD_EXIT_VERIFY, "bad signature" },
		{ M_KEY, S_SIG, TEXT, EKEYREJECTED, MKD_EXIT_VERIFY, "by another key" },
		{ M_KEY, M_SIG "trusted comment: timestamp:9634597366\tfile:m\n" M_GLOBAL, TEXT,
		  EBADMSG, MKD_EXIT_VERIFY, "trusted comment of its signature was changed" },
		{ M_KEY, M_SIG TRUSTED L_GLOBAL, TEXT, EBADMSG, MKD_EXIT_VERIFY, "was changed" },
		{ M_KEY, M_SIG TRUSTED, TEXT, EBADMSG, MKD_EXIT_VERIFY, "is damaged" },
		{ M_KEY, M_SIG TRUSTED "x\n", TEXT, EBADMSG, MKD_EXIT_VERIFY, "is damaged" },
		{ S_KEY, "", TEXT, EBADMSG, MKD_EXIT_VERIFY, "is not one of signify" },
		{ S_KEY, COMMENT, TEXT, EBADMSG, MKD_EXIT_VERIFY, "is not one of signify" },
		{ S_KEY, COMMENT "AAAA\n", TEXT, EBADMSG, MKD_EXIT_VERIFY, "is not one of" },
		{ S_KEY, S_KEY, TEXT, EBADMSG, MKD_EXIT_VERIFY, "is not one of" },
		{ "", S_SIG, TEXT, EINVAL, MKD_EXIT_USAGE, "is not a public key of signify" },
		{ S_SIG, S_SIG, TEXT, EINVAL, MKD_EXIT_USAGE, "is not a public key" },
		{ COMMENT "RWS1Vq2guJMc53qNV8KCgj+ZZTh6I1MOJeVF5saQVWqLThYXhfPFOvx=\n", S_SIG, TEXT,
		  EINVAL, MKD_EXIT_USAGE, "is not a public key" },
		{ "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n", S_SIG, TEXT, EINVAL,
		  MKD_EXIT_USAGE, "is not a public key" },
	};
	struct mkd_signify got = { 0 }, none = { 0 };
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_fails(check(rows[i].key, rows[i].sig, rows[i].text, &got, &err), &err,
			     rows[i].code, (int)rows[i].exit, rows[i].want);
		assert_memory_equal(&got, &none, sizeof(got));
	}
}

/* Whatever bit is turned in key number, key or signature: never good. */
static void no_bit_of_a_signature_is_free(void **state)
{
	char sig[] = S_SIG;
	size_t at = strlen(COMMENT);

	(void)state;
	/* the last character carries two bits that are no part of it */
	for (size_t i = at; i < strlen(sig) - 3; i++) {
		struct mkd_signify got = { 0 };
		struct mkd_err err = { 0 };
		char was = sig[i];

		sig[i] = was == 'A' ? 'B' : 'A';
		assert_true(check(S_KEY, sig, TEXT, &got, &err) < 0);
		assert_int_equal(err.exit, MKD_EXIT_VERIFY);
		sig[i] = was;
	}
}

/* The library is asked for its version once in a process, so this is one that ends. */
static void an_old_libgcrypt_is_refused(void **state)
{
	int status = -1;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct mkd_signify got = { 0 };
		struct mkd_err err = { 0 };

		fault_arm(FAULT_GCRYPT, 1, 0);
		/* mkd_signify_check: -ENOTSUP */
		_exit(check(S_KEY, S_SIG, TEXT, &got, &err) != -ENOTSUP ||
		      err.exit != MKD_EXIT_INTERNAL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* mkd_signify_check: -ENOMEM */
static void no_memory_is_told(void **state)
{
	struct mkd_signify got = { 0 };
	struct mkd_err err = { 0 };
	int r;

	(void)state;
	/* the test's own buffers are among it */
	assert_nomem(check(M_KEY, M_SIG TRUSTED M_GLOBAL, TEXT, &got, &err), &err);
	fault_arm(FAULT_ALLOC, 4, ENOMEM);
	r = check(M_KEY, M_SIG TRUSTED M_GLOBAL, TEXT, &got, &err);
	assert_true(fault_disarm());
	assert_int_equal(r, -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_old_libgcrypt_is_refused), /* first */
		cmocka_unit_test(good_ones_of_both_programs),
		cmocka_unit_test(bad_ones),
		cmocka_unit_test(no_bit_of_a_signature_is_free),
		cmocka_unit_test(no_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
