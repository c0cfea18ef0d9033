/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sourcetest.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/file.h"
#include "mkdomu/hash.h"

struct signing signing;

int source_teardown(void **state)
{
	(void)state;
	test_gpg_stop(&signing.gpg);
	mkd_rmtree(signing.dir);
	free(signing.dir);
	return 0;
}

void tarball_fill(char *data, uint8_t seed)
{
	for (size_t i = 0; i < LEN; i++)
		data[i] = (char)(i * 13 + (i >> 9) + seed);
}

const char *path_in(const char *root, const char *name)
{
	static char ring[4][600];
	static unsigned next;
	char *p = ring[next++ % 4];

	(void)snprintf(p, sizeof(ring[0]), "%s/%s", root, name);
	return p;
}

void sign_file(const struct release *r, const char *how, const char *text, const char *out)
{
	(void)unlink(out);
	GPG(&signing.gpg, "-u", r->signer ? r->signer : "good@x", "--armor", "--output", out, how,
	    text);
}

static void put_hex(struct mkd_buf *b, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mkd_buf_printf(b, "%02x", p[i]);
}

static void digests_of(const char *path, struct mkd_buf *b)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct mkd_digests d;
	struct mkd_err err = { 0 };

	assert_ok(mkd_hash_fd(fd, LEN,
			      MKD_ALGO_BIT(MKD_ALGO_SHA512) | MKD_ALGO_BIT(MKD_ALGO_BLAKE2B), NULL,
			      &d, &err),
		  &err);
	mkd_buf_str(b, "# BLAKE2B HASH\n");
	put_hex(b, d.of[MKD_ALGO_BLAKE2B], 64);
	mkd_buf_str(b, "  " FILE_NAME "\n# SHA512 HASH\n");
	put_hex(b, d.of[MKD_ALGO_SHA512], 64);
	mkd_buf_str(b, "  " FILE_NAME "\n");
}

static void publish(const char *root, const struct release *r)
{
	cleanup_buf struct mkd_buf digests = { 0 }, pointer = { 0 };
	const char *tarball = path_in(root, AUTO "/" TS "/" FILE_NAME);
	const char *variant = r->variant ? r->variant : V;
	struct mkd_err err = { 0 };
	char data[LEN], plain[300];

	assert_ok(mkd_mkdirs(path_in(root, AUTO "/" TS), 0755, &err), &err);
	(void)snprintf(plain, sizeof(plain), "%s/plain", root);
	tarball_fill(data, r->seed);
	test_write(tarball, data, LEN);
	digests_of(tarball, &digests);
	test_write(plain, digests.data, digests.len - r->bad_digests);
	if (!r->no_digests)
		sign_file(r, "--clear-sign", plain,
			  path_in(root, AUTO "/" TS "/" FILE_NAME ".DIGESTS"));
	if (r->bad_digests) {
		cleanup_buf struct mkd_buf text = { 0 };

		test_slurp(path_in(root, AUTO "/" TS "/" FILE_NAME ".DIGESTS"), &text);
		*strstr(text.data, "SHA512") = 'X';
		test_write(path_in(root, AUTO "/" TS "/" FILE_NAME ".DIGESTS"), text.data,
			   text.len);
	}
	if (!r->no_asc)
		sign_file(r, "--detach-sign", r->bad_asc ? plain : tarball,
			  path_in(root, AUTO "/" TS "/" FILE_NAME ".asc"));
	if (r->tampered) {
		data[LEN / 2] ^= 1;
		test_write(tarball, data, LEN);
	}
	if (r->no_tarball)
		(void)unlink(tarball);
	mkd_buf_printf(&pointer,
		       "# Latest as of Sat, 15 Aug 2026 09:15:01 +0000\n# ts=%" PRId64 "\n" TS
		       "/%s-" TS ".tar.xz %" PRId64 "\n",
		       r->ts ? r->ts : INT64_C(1786785301), variant, LEN + r->size_off);
	test_write(plain, pointer.data, pointer.len);
	sign_file(r, "--clear-sign", plain, path_in(root, AUTO "/latest-" V ".txt"));
}

int source_setup(void **state)
{
	struct mkd_err err;

	(void)state;
	(void)umask(022); /* tarballs that the group may write to are another matter */
	test_http_direct();
	if (mkd_tmpdir(&signing.dir, &err) < 0)
		return -1;
	(void)snprintf(signing.keyring, sizeof(signing.keyring), "%s/keys", signing.dir);
	test_gpg_start(&signing.gpg, test_path((void **)&signing.dir, "g"));
	test_gpg_key(&signing.gpg, "good@x", "ed25519", "0", signing.good);
	test_gpg_key(&signing.gpg, "other@x", "ed25519", "0", signing.other);
	(void)snprintf(signing.gpg.time, sizeof(signing.gpg.time), "20200101T000000!");
	test_gpg_key(&signing.gpg, "expired@x", "ed25519", "1y", signing.expired);
	signing.gpg.time[0] = '\0';
	GPG(&signing.gpg, "--output", signing.keyring, "--export");
	(void)snprintf(signing.good_root, sizeof(signing.good_root), "%s/good", signing.dir);
	if (mkdir(signing.good_root, 0755) != 0)
		return -1;
	publish(signing.good_root, &(struct release){ 0 });
	return 0;
}

void mirror_start(struct mirror *m, void **state, const struct release *r)
{
	static const struct release good;
	static unsigned next;

	(void)snprintf(m->root, sizeof(m->root), "%s/m%u", (const char *)*state, next++);
	assert_int_equal(mkdir(m->root, 0755), 0);
	if (r && memcmp(r, &good, sizeof(good)) == 0)
		(void)snprintf(m->root, sizeof(m->root), "%s", signing.good_root);
	else if (r)
		publish(m->root, r);
	test_http_start(&m->http, m->root, NULL, 0);
}

void mirror_stop(struct mirror *m)
{
	test_http_stop(&m->http);
}

static void want_source(struct want *w, void **state)
{
	*w = (struct want){ .signers = { signing.good } };
	test_ui_init(&w->ui);
	(void)snprintf(w->cache, sizeof(w->cache), "%s/cache", (const char *)*state);
	w->req = (struct mkd_source_req){ .keyring = signing.keyring,
					  .signers = w->signers,
					  .n_signers = 1,
					  .cache_dir = w->cache,
					  .ui = &w->ui.ui };
}

void want_gentoo(struct want *w, void **state, const char *a, const char *b, const char *c)
{
	want_source(w, state);
	w->mirrors[0] = a;
	w->mirrors[1] = b;
	w->mirrors[2] = c;
	w->req.mirrors = w->mirrors;
	w->req.n_mirrors = c ? 3 : b ? 2 : 1;
	w->req.arch = "amd64";
	w->req.variant = V;
}

void want_tarball(struct want *w, void **state, const char *tarball)
{
	want_source(w, state);
	w->req.tarball = tarball;
	w->req.n_signers = 0;
	w->req.keyring = NULL;
}

bool want_said(const struct want *w, const char *words)
{
	return strstr(mkd_buf_cstr(&w->ui.said), words);
}

void want_end(struct want *w)
{
	mkd_buf_free(&w->ui.said);
}

void assert_tarball(const struct mkd_source *s, uint8_t seed)
{
	char want[LEN], got[LEN];

	tarball_fill(want, seed);
	assert_int_equal(s->size_bytes, LEN);
	assert_int_equal(mkd_pread_full(s->fd, got, LEN, 0), 0);
	assert_memory_equal(got, want, LEN);
}

bool want_cached(const struct want *w, const char *name)
{
	return access(path_in(w->cache, name), F_OK) == 0;
}

const char *sha512_of(const char *path, struct mkd_buf *hex)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct mkd_digests d;
	struct mkd_err err = { 0 };

	assert_ok(mkd_hash_fd(fd, LEN, MKD_ALGO_BIT(MKD_ALGO_SHA512), NULL, &d, &err), &err);
	mkd_buf_reset(hex);
	put_hex(hex, d.of[MKD_ALGO_SHA512], 64);
	return mkd_buf_cstr(hex);
}
