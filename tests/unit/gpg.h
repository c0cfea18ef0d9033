/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpg.h - keys and signatures for tests, by gpg(1) in a home of its own. */
#ifndef MKDOMU_TEST_GPG_H
#define MKDOMU_TEST_GPG_H

#include "mkdomu/buf.h"

struct test_gpg {
	char home[200];
	char time[40]; /* "20200101T000000!": the time that gpg believes in; "" = the real one */
};

/* dir must be short: sockets live in it. */
void test_gpg_start(struct test_gpg *g, const char *dir);
void test_gpg_stop(struct test_gpg *g);

/* Run gpg with these arguments (a NULL ends them); it must succeed. */
void test_gpg_run(const struct test_gpg *g, const char *const *args);
#define GPG(g, ...) test_gpg_run(g, (const char *const[]){ __VA_ARGS__, NULL })

/* A key that signs, without a passphrase; expire as gpg takes it ("0", "1y"). */
void test_gpg_key(const struct test_gpg *g, const char *uid, const char *algo, const char *expire,
		  char fpr[static 41]);
/* Export public keys into a file. */
void test_gpg_export(const struct test_gpg *g, const char *path, const char *uid);
void test_gpg_revoke(const struct test_gpg *g, const char *fpr);

/* The whole of a file. */
void test_slurp(const char *path, struct mkd_buf *ret);

#endif
