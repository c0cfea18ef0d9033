/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verifytest.h - keys made by gpg(1), and signatures that are verified against them. */
#ifndef MKDOMU_VERIFYTEST_H
#define MKDOMU_VERIFYTEST_H

#include "test.h"

#include "gpg.h"
#include "mkdomu/verify.h"

/* The content of keyset.text; keyset.data is longer. */
#define TEXT "# ts=1\n- dashed\n-----not an armor\npath 5\n"

/* Made once for the program: keys take time. */
struct keyset {
	char *dir;
	struct test_gpg gpg;
	char good[41], other[41], expired[41], revoked[41], rsa[41];
	char keyring[128]; /* all but "stranger" */
	char text[128], data[128];
	char tmp[128]; /* TMPDIR of the code under test */
};
extern struct keyset keyset;

/* cmocka group fixtures: the keys, and TMPDIR. */
int verify_setup(void **state);
int verify_teardown(void **state);

/* "<the keys' folder>/<name>", as test_path. */
const char *keys_path(const char *name);

/* How many names a folder has. */
unsigned names_in(const char *path);

/* With that pin and the keyring; every test ends with verifier_done. */
struct mkd_verifier *verifier_open(const char *pin);
/* Every test ends here: nothing of ours may be left in the temporary folder. */
void verifier_done(struct mkd_verifier *v);

/* Clear-signed text in a file. */
int verify_clear(struct mkd_verifier *v, const char *path, struct mkd_buf *plain,
		 struct mkd_signature *sig, struct mkd_err *err);
/* A signature over a file, in a buffer; in a file, over keyset.data. */
int verify_detached_of(struct mkd_verifier *v, const char *data, const struct mkd_buf *sig,
		       struct mkd_signature *ret, struct mkd_err *err);
int verify_detached(struct mkd_verifier *v, const char *sig_path, struct mkd_signature *ret,
		    struct mkd_err *err);

#endif
