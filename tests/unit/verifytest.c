/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifytest.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/file.h"

struct keyset keyset;

const char *keys_path(const char *name)
{
	return test_path((void **)&keyset.dir, name);
}

static void make_keys(void)
{
	char stranger[41];

	test_gpg_key(&keyset.gpg, "good@x", "ed25519", "0", keyset.good);
	test_gpg_key(&keyset.gpg, "other@x", "ed25519", "0", keyset.other);
	test_gpg_key(&keyset.gpg, "rsa@x", "rsa2048", "0", keyset.rsa);
	test_gpg_key(&keyset.gpg, "revoked@x", "ed25519", "0", keyset.revoked);
	test_gpg_key(&keyset.gpg, "stranger@x", "ed25519", "0", stranger);
	GPG(&keyset.gpg, "--quick-add-key", keyset.rsa, "ed25519", "sign", "0");
	(void)snprintf(keyset.gpg.time, sizeof(keyset.gpg.time), "20200101T000000!");
	test_gpg_key(&keyset.gpg, "expired@x", "ed25519", "1y", keyset.expired);
	GPG(&keyset.gpg, "-u", "expired@x", "--output", keys_path("expired.asc"), "--clear-sign",
	    keyset.text);
	GPG(&keyset.gpg, "-u", "expired@x", "--output", keys_path("expired.sig"), "--detach-sign",
	    keyset.data);
	keyset.gpg.time[0] = '\0';
	GPG(&keyset.gpg, "-u", "revoked@x", "--output", keys_path("revoked.asc"), "--clear-sign",
	    keyset.text);
	GPG(&keyset.gpg, "-u", "revoked@x", "--output", keys_path("revoked.sig"), "--detach-sign",
	    keyset.data);
	test_gpg_revoke(&keyset.gpg, keyset.revoked);
	GPG(&keyset.gpg, "--armor", "--output", keyset.keyring, "--export", "good@x", "other@x",
	    "rsa@x", "expired@x", "revoked@x");
}

int verify_setup(void **state)
{
	char data[70000];
	struct mkd_err err;

	(void)state;
	if (mkd_tmpdir(&keyset.dir, &err) < 0)
		return -1;
	(void)snprintf(keyset.keyring, sizeof(keyset.keyring), "%s", keys_path("keyring.asc"));
	(void)snprintf(keyset.text, sizeof(keyset.text), "%s", keys_path("text"));
	(void)snprintf(keyset.data, sizeof(keyset.data), "%s", keys_path("data"));
	(void)snprintf(keyset.tmp, sizeof(keyset.tmp), "%s", keys_path("tmp"));
	test_gpg_start(&keyset.gpg, keys_path("g"));
	test_write(keyset.text, TEXT, strlen(TEXT));
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7);
	test_write(keyset.data, data, sizeof(data));
	make_keys();
	if (mkdir(keyset.tmp, 0700) != 0)
		return -1;
	return setenv("TMPDIR", keyset.tmp, 1);
}

int verify_teardown(void **state)
{
	(void)state;
	test_gpg_stop(&keyset.gpg);
	mkd_rmtree(keyset.dir);
	free(keyset.dir);
	return 0;
}

unsigned names_in(const char *path)
{
	DIR *d = opendir(path);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n - 2;
}

struct mkd_verifier *verifier_open(const char *pin)
{
	struct mkd_keys keys = { .keyring = keyset.keyring, .signers = &pin, .n_signers = 1 };
	struct mkd_verifier *v = NULL;
	struct mkd_err err = { 0 };

	assert_ok(mkd_verify_open(&keys, &v, &err), &err);
	return v;
}

/* Nothing of ours may be left in the temporary folder. */
void verifier_done(struct mkd_verifier *v)
{
	mkd_verify_close(v);
	assert_int_equal(names_in(keyset.tmp), 0);
}

int verify_clear(struct mkd_verifier *v, const char *path, struct mkd_buf *plain,
		 struct mkd_signature *sig, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };

	test_slurp(path, &text);
	return mkd_verify_clear(v, &text, "pointer", plain, sig, err);
}

int verify_detached_of(struct mkd_verifier *v, const char *data, const struct mkd_buf *sig,
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

int verify_detached(struct mkd_verifier *v, const char *sig_path, struct mkd_signature *ret,
		    struct mkd_err *err)
{
	cleanup_buf struct mkd_buf sig = { 0 };

	test_slurp(sig_path, &sig);
	return verify_detached_of(v, keyset.data, &sig, ret, err);
}
