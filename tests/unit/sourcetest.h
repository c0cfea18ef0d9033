/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sourcetest.h - mirrors with signed releases, and requests to them, for tests of source.h. */
#ifndef MKDOMU_SOURCETEST_H
#define MKDOMU_SOURCETEST_H

#include "test.h"

#include "gpg.h"
#include "http.h"
#include "mkdomu/source.h"

#define V         "stage3-amd64-openrc"
#define TS        "20260811T083102Z"
#define FILE_NAME V "-" TS ".tar.xz"
#define AUTO      "releases/amd64/autobuilds"
#define LEN       200000

/* The keys that releases are signed with, made once for a program. */
struct signing {
	char *dir;
	struct test_gpg gpg;
	char good[41], other[41], expired[41];
	char keyring[128];
	char good_root[128]; /* a good release; only read */
};
extern struct signing signing;

/* cmocka group fixtures: the keys, and no proxy. */
int source_setup(void **state);
int source_teardown(void **state);

/* What is published on a mirror; zero = a good release of today's kind. */
struct release {
	const char *signer; /* NULL = good@x */
	int64_t ts;         /* of the pointer; 0 = 1786785301 */
	int64_t size_off;   /* added to the size in the pointer */
	uint8_t seed;       /* of the tarball's bytes */
	bool no_digests, no_asc, bad_digests, bad_asc, tampered, no_tarball;
	const char *variant; /* in the pointer's line; NULL = V */
};

struct mirror {
	char root[256];
	struct test_http http;
};

/* Serve a release; NULL = nothing. */
void mirror_start(struct mirror *m, void **state, const struct release *r);
void mirror_stop(struct mirror *m);

/* The bytes of a tarball, LEN; another seed, other bytes. */
void tarball_fill(char *data, uint8_t seed);

/* "<root>/<name>", in a static ring of 4 strings. */
const char *path_in(const char *root, const char *name);

/* Sign by r's key; how: --clear-sign or --detach-sign. */
void sign_file(const struct release *r, const char *how, const char *text, const char *out);

/* In hex; the string is the buffer's. */
const char *sha512_of(const char *path, struct mkd_buf *hex);

/* Who asks for what, and what is said to that. */
struct want {
	struct mkd_source_req req;
	const char *mirrors[3];
	const char *signers[1];
	char cache[256];
	struct test_ui ui;
};

/* With the good key as the signer; b and c may be NULL. */
void want_gentoo(struct want *w, void **state, const char *a, const char *b, const char *c);
/* Without keyring and signer. */
void want_tarball(struct want *w, void **state, const char *tarball);
void want_end(struct want *w);
bool want_said(const struct want *w, const char *words);
/* Is there such a file in the cache? */
bool want_cached(const struct want *w, const char *name);

/* What was opened has the bytes of that seed. */
void assert_tarball(const struct mkd_source *s, uint8_t seed);

#endif
