/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <gpgme.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "mkdomu/armor.h"
#include "mkdomu/file.h"
#include "mkdomu/gpghome.h"
#include "mkdomu/judge.h"

#define KEYRING_MAX (16 * MIB)
#define MAX_SIGS    32

struct mkd_verifier {
	gpgme_ctx_t ctx;
	char *home;
	char *keyring;
	struct mkd_strv pins;
	gpgme_key_t *keys; /* of the keyring */
	size_t n_keys;
};

DEFINE_CLEANUP(verifierp, struct mkd_verifier *, mkd_verify_close)
DEFINE_CLEANUP(datap, gpgme_data_t, gpgme_data_release)

static pthread_once_t init_once = PTHREAD_ONCE_INIT;

/* Without gpgconf nothing is looked up in PATH: each context names its gpg. */
static void init_gpgme(void)
{
	(void)gpgme_set_global_flag("disable-gpgconf", "1");
	(void)gpgme_check_version(NULL);
}

static const char *reason(gpgme_error_t e, char buf[static 128])
{
	(void)gpgme_strerror_r(e, buf, 128);
	return buf;
}

static int no_gpg(const char *gpg, const char *why, struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_VERIFY, ENOPKG,
			"cannot check signatures: '%s' cannot be used: %s; install GnuPG (gpg, on "
			"Gentoo app-crypt/gnupg)",
			gpg, why);
}

static int make_context(struct mkd_verifier *v, const char *gpg, struct mkd_err *err)
{
	char buf[128];
	gpgme_error_t e;

	if (access(gpg, X_OK) != 0)
		return no_gpg(gpg, strerror(errno), err);
	(void)pthread_once(&init_once, init_gpgme);
	e = gpgme_new(&v->ctx);
	if (!e)
		e = gpgme_set_protocol(v->ctx, GPGME_PROTOCOL_OpenPGP);
	if (!e)
		e = gpgme_ctx_set_engine_info(v->ctx, GPGME_PROTOCOL_OpenPGP, gpg, v->home);
	if (e)
		return no_gpg(gpg, reason(e, buf), err);
	gpgme_set_offline(v->ctx, 1);
	gpgme_set_armor(v->ctx, 0);
	return 0;
}

static int bad_keyring(const struct mkd_verifier *v, const char *why, struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_VERIFY, EKEYREJECTED, "cannot use the keyring '%s': %s",
			v->keyring, why);
}

static int import(struct mkd_verifier *v, const char *gpg, const struct mkd_buf *keys,
		  struct mkd_err *err)
{
	cleanup(datap) gpgme_data_t data = NULL;
	gpgme_import_result_t got;
	gpgme_error_t e;
	char buf[128];

	if (!keys->len)
		return bad_keyring(v, "it is empty", err);
	if (gpgme_data_new_from_mem(&data, keys->data, keys->len, 0))
		return mkd_nomem(err);
	e = gpgme_op_import(v->ctx, data);
	if (gpgme_err_code(e) == GPG_ERR_INV_ENGINE || gpgme_err_code(e) == GPG_ERR_EOF)
		return no_gpg(gpg, reason(e, buf), err);
	if (e)
		return bad_keyring(v, reason(e, buf), err);
	/* No error, and nothing imported: so it is with keys that do not vouch for themselves. */
	got = gpgme_op_import_result(v->ctx);
	if (!got || !got->considered)
		return bad_keyring(
			v, "it has no OpenPGP keys; make it with gpg --export --armor FINGERPRINT",
			err);
	if (got->imported + got->unchanged <= 0)
		return bad_keyring(v, "it has no usable key", err);
	return 0;
}

/* All keys at once: asking gpg for one at each signature costs two processes every time. */
static int load_keys(struct mkd_verifier *v, struct mkd_err *err)
{
	gpgme_error_t e = gpgme_op_keylist_start(v->ctx, NULL, 0);
	gpgme_key_t key = NULL;
	bool no_memory = false;
	char buf[128];

	/* To its end in every case: gpgme 1.18 leaks what it has queued and was not asked for. */
	while (!e) {
		gpgme_key_t *keys;

		e = gpgme_op_keylist_next(v->ctx, &key);
		if (e)
			break;
		keys = reallocarray(v->keys, v->n_keys + 1, sizeof(gpgme_key_t));
		if (!keys) {
			gpgme_key_unref(key);
			no_memory = true;
			continue;
		}
		v->keys = keys;
		v->keys[v->n_keys++] = key;
	}
	if (no_memory)
		return mkd_nomem(err);
	if (gpgme_err_code(e) != GPG_ERR_EOF)
		return bad_keyring(v, reason(e, buf), err);
	return 0;
}

/* Does a fingerprint, or the key id of a signature that is not good, name this key or a subkey? */
static bool is_named(gpgme_key_t key, const char *maker)
{
	for (gpgme_subkey_t s = key->subkeys; s; s = s->next)
		if ((s->fpr && strcmp(s->fpr, maker) == 0) ||
		    (s->keyid && strcmp(s->keyid, maker) == 0))
			return true;
	return false;
}

/* The fingerprint of the primary key of what maker names; "" for none, and for more than one. */
static void find_primary(const struct mkd_verifier *v, const char *maker, char ret[static 41])
{
	const char *fpr = NULL;
	unsigned n = 0;

	for (size_t i = 0; i < v->n_keys; i++)
		if (is_named(v->keys[i], maker)) {
			fpr = v->keys[i]->subkeys->fpr;
			n++;
		}
	ret[0] = '\0';
	if (n == 1 && fpr && strlen(fpr) == 40)
		(void)snprintf(ret, 41, "%s", fpr);
}

static int check_pins(struct mkd_verifier *v, struct mkd_err *err)
{
	char fpr[41];

	for (size_t i = 0; i < v->pins.n; i++) {
		find_primary(v, v->pins.v[i], fpr);
		if (strcmp(fpr, v->pins.v[i]) == 0)
			return 0;
	}
	return mkd_fail(err, MKD_EXIT_VERIFY, EKEYREJECTED,
			"cannot use the keyring '%s': it has no key %s%s as a primary key",
			v->keyring, v->pins.v[0],
			v->pins.n > 1 ? " nor another of the signers" : "");
}

int mkd_verify_open(const struct mkd_keys *keys, struct mkd_verifier **ret, struct mkd_err *err)
{
	cleanup(verifierp) struct mkd_verifier *v = calloc(1, sizeof(*v));
	cleanup_buf struct mkd_buf text = { 0 };
	const char *gpg = keys->gpg ? keys->gpg : "/usr/bin/gpg";
	int r;

	if (!v)
		return mkd_nomem(err);
	r = mkd_judge_pins(keys->signers, keys->n_signers, &v->pins, err);
	if (r == 0)
		r = mkd_strdup(keys->keyring, &v->keyring, err);
	if (r == 0)
		r = mkd_file_read(AT_FDCWD, keys->keyring, KEYRING_MAX, MKD_EXIT_USAGE, &text, err);
	if (r == -ENOENT)
		return mkd_fail(
			err, MKD_EXIT_USAGE, ENOENT,
			"there is no keyring '%s'; put the signer's keys there, or name another "
			"file with --keyring (for Gentoo's see mkdomu(8), KEYS)",
			keys->keyring);
	if (r < 0)
		return r;
	r = mkd_gpghome_make(&v->home, err);
	if (r == 0)
		r = make_context(v, gpg, err);
	if (r == 0)
		r = import(v, gpg, &text, err);
	if (r == 0)
		r = load_keys(v, err);
	if (r == 0)
		r = check_pins(v, err);
	if (r == 0)
		*ret = steal(&v);
	return r;
}

void mkd_verify_close(struct mkd_verifier *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->n_keys; i++)
		gpgme_key_unref(v->keys[i]);
	free(v->keys);
	if (v->ctx)
		gpgme_release(v->ctx);
	if (v->home)
		mkd_rmtree(v->home);
	free(v->home);
	free(v->keyring);
	mkd_strv_free(&v->pins);
	free(v);
}

static bool is_strong(gpgme_hash_algo_t algo)
{
	return algo == GPGME_MD_SHA256 || algo == GPGME_MD_SHA384 || algo == GPGME_MD_SHA512;
}

static enum mkd_sig_state state_of(gpgme_error_t status)
{
	switch (gpgme_err_code(status)) {
	case GPG_ERR_NO_ERROR:
		return MKD_SIG_GOOD;
	case GPG_ERR_BAD_SIGNATURE:
		return MKD_SIG_BAD;
	case GPG_ERR_SIG_EXPIRED:
		return MKD_SIG_EXPIRED;
	case GPG_ERR_KEY_EXPIRED:
		return MKD_SIG_KEY_EXPIRED;
	case GPG_ERR_CERT_REVOKED:
		return MKD_SIG_KEY_REVOKED;
	case GPG_ERR_NO_PUBKEY:
		return MKD_SIG_NO_KEY;
	default:
		return MKD_SIG_FAULTY;
	}
}

/* Neither the return value of the operation nor a summary says that anything is good. */
static int collect(struct mkd_verifier *v, gpgme_error_t e, const char *name,
		   struct mkd_sig sigs[static MAX_SIGS], size_t *n, struct mkd_err *err)
{
	gpgme_verify_result_t result = gpgme_op_verify_result(v->ctx);
	char buf[128];

	*n = 0;
	if (e && gpgme_err_code(e) != GPG_ERR_NO_DATA)
		return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG,
				"cannot verify '%s': its signature cannot be read: %s", name,
				reason(e, buf));
	for (gpgme_signature_t s = result && !e ? result->signatures : NULL; s; s = s->next) {
		struct mkd_sig *to = &sigs[*n];

		if (++*n > MAX_SIGS)
			return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG,
					"cannot verify '%s': it has more than %d signatures", name,
					MAX_SIGS);
		*to = (struct mkd_sig){ .state = state_of(s->status),
					.weak = !is_strong(s->hash_algo),
					.created_sec = (int64_t)s->timestamp };
		(void)snprintf(to->maker, sizeof(to->maker), "%s", s->fpr ? s->fpr : "");
		if (to->state == MKD_SIG_GOOD && s->wrong_key_usage)
			to->state = MKD_SIG_FAULTY;
		find_primary(v, to->maker, to->primary);
	}
	return 0;
}

static int judge(struct mkd_verifier *v, gpgme_error_t e, const char *name,
		 struct mkd_signature *ret, struct mkd_err *err)
{
	struct mkd_judge j = { .pins = &v->pins, .keyring = v->keyring, .now_sec = time(NULL) };
	struct mkd_sig sigs[MAX_SIGS];
	const struct mkd_sig *good = NULL;
	size_t n;
	int r = collect(v, e, name, sigs, &n, err);

	if (r == 0)
		r = mkd_judge_signatures(&j, sigs, n, name, &good, err);
	if (r != 0)
		return r;
	memcpy(ret->signer, good->primary, sizeof(ret->signer));
	ret->signed_sec = good->created_sec;
	return 0;
}

int mkd_verify_clear(struct mkd_verifier *v, const struct mkd_buf *text, const char *name,
		     struct mkd_buf *plain, struct mkd_signature *ret, struct mkd_err *err)
{
	cleanup(datap) gpgme_data_t in = NULL, out = NULL;
	size_t len = 0;
	char *got;
	int r = mkd_armor_clear(mkd_buf_cstr(text), text->len, name, err);

	mkd_buf_reset(plain);
	if (r < 0)
		return r;
	if (gpgme_data_new_from_mem(&in, mkd_buf_cstr(text), text->len, 0) || gpgme_data_new(&out))
		return mkd_nomem(err);
	r = judge(v, gpgme_op_verify(v->ctx, in, NULL, out), name, ret, err);
	if (r < 0)
		return r;
	got = gpgme_data_release_and_get_mem(out, &len);
	out = NULL;
	if (got)
		mkd_buf_add(plain, got, len);
	gpgme_free(got);
	return mkd_buf_check(plain, err);
}

struct feed {
	const struct mkd_detached *d;
	uint64_t done_bytes;
	int r;
};

static ssize_t on_read(void *arg, void *buf, size_t size)
{
	struct feed *f = arg;
	uint64_t left = f->d->size_bytes - f->done_bytes;
	size_t n = size < left ? size : (size_t)left;

	if (mkd_signal_pending()) {
		errno = ECANCELED;
		return -1;
	}
	f->r = mkd_pread_full(f->d->fd, buf, n, f->done_bytes);
	if (f->r < 0) {
		errno = -f->r;
		return -1;
	}
	f->done_bytes += n;
	mkd_tick(f->d->ui, "verify", f->done_bytes, f->d->size_bytes);
	return (ssize_t)n;
}

int mkd_verify_detached(struct mkd_verifier *v, const struct mkd_detached *d,
			struct mkd_signature *ret, struct mkd_err *err)
{
	struct gpgme_data_cbs cbs = { .read = on_read };
	struct feed feed = { .d = d };
	cleanup(datap) gpgme_data_t sig = NULL, data = NULL;
	cleanup_buf struct mkd_buf packets = { 0 };
	gpgme_error_t e;
	int r = mkd_armor_detached(mkd_buf_cstr(d->signature), d->signature->len, d->name, &packets,
				   err);

	if (r < 0)
		return r;
	if (gpgme_data_new_from_mem(&sig, packets.data, packets.len, 0) ||
	    gpgme_data_new_from_cbs(&data, &cbs, &feed))
		return mkd_nomem(err);
	(void)gpgme_data_set_flag(data, "io-buffer-size", "262144");
	e = gpgme_op_verify(v->ctx, sig, data, NULL);
	r = mkd_check_signal(err);
	if (r < 0)
		return r;
	if (feed.r < 0)
		return mkd_fail_io(err, -feed.r, "cannot read '%s'", d->name);
	/* A verdict on less than the whole would be one on another file. */
	if (!e && feed.done_bytes != d->size_bytes)
		return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG,
				"cannot verify '%s': gpg did not read all of it", d->name);
	return judge(v, e, d->name, ret, err);
}
