/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/signify.h"

#include <errno.h>
#include <gcrypt.h>
#include <string.h>

#include "mkdomu/hash.h"

#define NUMBER_BYTES    8
#define KEY_BYTES       32
#define SIG_BYTES       64
#define COMMENT_MAX     1024
#define UNTRUSTED       "untrusted comment: "
#define TRUSTED         "trusted comment: "
#define TRUSTED_KEY     "timestamp:"
#define ENCODED_MAX     128
#define DIGEST_BYTES    64 /* of BLAKE2b-512 */
#define ALGO_BYTES      2
#define PUBLIC_BYTES    (ALGO_BYTES + NUMBER_BYTES + KEY_BYTES)
#define SIGNATURE_BYTES (ALGO_BYTES + NUMBER_BYTES + SIG_BYTES)

DEFINE_CLEANUP(sexpp, gcry_sexp_t, gcry_sexp_release)

struct span {
	const char *p;
	size_t n;
};

/* The next line without its end; false at the end of the text. */
static bool take_line(struct span *text, struct span *line)
{
	const char *eol;

	if (!text->n)
		return false;
	eol = memchr(text->p, '\n', text->n);
	line->p = text->p;
	line->n = eol ? (size_t)(eol - text->p) : text->n;
	text->p += line->n + (eol != NULL);
	text->n -= line->n + (eol != NULL);
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

static bool begins(struct span line, const char *word)
{
	return line.n >= strlen(word) && memcmp(line.p, word, strlen(word)) == 0;
}

static int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Exactly len bytes in base64 (RFC 4648) with its padding, and nothing else on the line. */
static bool decode(struct span line, uint8_t *ret, size_t len)
{
	size_t groups = (len + 2) / 3, pad = groups * 3 - len, n = 0;
	uint32_t bits = 0;

	if (line.n != groups * 4)
		return false;
	for (size_t i = 0; i < line.n; i++) {
		bool padding = i >= line.n - pad;
		int v = padding ? 0 : digit(line.p[i]);

		if (v < 0 || (padding && line.p[i] != '='))
			return false;
		bits = bits << 6 | (uint32_t)v;
		for (size_t k = 0; i % 4 == 3 && k < 3; k++) {
			uint8_t byte = (uint8_t)(bits >> (16 - 8 * k));

			if (n < len)
				ret[n++] = byte;
			else if (byte) /* bits that nobody's encoder sets */
				return false;
		}
	}
	return true;
}

/* The comment and what the second line says. */
static bool read_head(struct span *text, uint8_t *ret, size_t len, struct span *line)
{
	return take_line(text, line) && begins(*line, UNTRUSTED) && line->n <= COMMENT_MAX &&
	       take_line(text, line) && decode(*line, ret, len);
}

static int no_crypt(struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_INTERNAL, ENOTSUP,
			"cannot check signatures: libgcrypt has no Ed25519 here");
}

/* 1: good, 0: bad. */
static int check_ed25519(const uint8_t key[KEY_BYTES], const uint8_t sig[SIG_BYTES],
			 const struct mkd_buf *text, struct mkd_err *err)
{
	cleanup(sexpp) gcry_sexp_t s_key = NULL, s_sig = NULL, s_text = NULL;
	gcry_error_t e = gcry_sexp_build(&s_key, NULL,
					 "(public-key (ecc (curve Ed25519) (flags eddsa) (q %b)))",
					 KEY_BYTES, key);

	if (!e)
		e = gcry_sexp_build(&s_sig, NULL, "(sig-val (eddsa (r %b) (s %b)))", SIG_BYTES / 2,
				    sig, SIG_BYTES / 2, sig + SIG_BYTES / 2);
	if (!e)
		e = gcry_sexp_build(&s_text, NULL,
				    "(data (flags eddsa) (hash-algo sha512) (value %b))",
				    (int)text->len, text->len ? text->data : "");
	if (gcry_err_code(e) == GPG_ERR_ENOMEM)
		return mkd_nomem(err);
	if (e)
		return no_crypt(err);
	e = gcry_pk_verify(s_sig, s_text, s_key);
	switch (gcry_err_code(e)) {
	case 0:
		return 1;
	case GPG_ERR_ENOMEM:
		return mkd_nomem(err);
	case GPG_ERR_NOT_SUPPORTED:
	case GPG_ERR_PUBKEY_ALGO:
	case GPG_ERR_NOT_OPERATIONAL:
		return no_crypt(err);
	default: /* a damaged key or signature is reported in many ways */
		return 0;
	}
}

static int bad(const char *name, const char *why, struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG, "cannot trust '%s': %s", name, why);
}

struct parts {
	uint8_t key[PUBLIC_BYTES], sig[SIGNATURE_BYTES], global[SIG_BYTES];
	struct span comment; /* trusted; p NULL = none */
};

static int read_signature(struct parts *p, struct span text, const char *name, struct mkd_err *err)
{
	struct span line;

	if (!read_head(&text, p->sig, sizeof(p->sig), &line) || p->sig[0] != 'E' ||
	    (p->sig[1] != 'd' && p->sig[1] != 'D'))
		return bad(name, "its signature is not one of signify or minisign", err);
	if (!take_line(&text, &line) || !begins(line, TRUSTED))
		return 0;
	p->comment = (struct span){ line.p + strlen(TRUSTED), line.n - strlen(TRUSTED) };
	if (p->comment.n > COMMENT_MAX || !take_line(&text, &line) ||
	    !decode(line, p->global, sizeof(p->global)))
		return bad(name, "the trusted comment of its signature is damaged", err);
	return 0;
}

/* What "ED" signs instead of the text. */
static int take_digest(const struct mkd_buf *text, struct mkd_buf *ret, struct mkd_err *err)
{
	uint8_t digest[DIGEST_BYTES];

	if (gcry_md_test_algo(GCRY_MD_BLAKE2B_512) != 0)
		return no_crypt(err);
	gcry_md_hash_buffer(GCRY_MD_BLAKE2B_512, digest, text->len ? text->data : "", text->len);
	mkd_buf_add(ret, digest, sizeof(digest));
	return mkd_buf_check(ret, err);
}

static int check_comment(const struct parts *p, const char *name, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf all = { 0 };
	int r;

	mkd_buf_add(&all, p->sig + ALGO_BYTES + NUMBER_BYTES, SIG_BYTES);
	mkd_buf_add(&all, p->comment.p, p->comment.n);
	r = mkd_buf_check(&all, err);
	if (r == 0)
		r = check_ed25519(p->key + ALGO_BYTES + NUMBER_BYTES, p->global, &all, err);
	return r == 0 ? bad(name, "the trusted comment of its signature was changed", err)
		      : (r < 0 ? r : 0);
}

static int64_t time_in(struct span comment)
{
	const char *at = memmem(comment.p, comment.n, TRUSTED_KEY, strlen(TRUSTED_KEY));
	const char *end = comment.p + comment.n;
	int64_t sec = 0;

	if (!at)
		return 0;
	for (at += strlen(TRUSTED_KEY); at < end && *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(sec, 10, &sec) ||
		    __builtin_add_overflow(sec, *at - '0', &sec))
			return 0;
	return sec;
}

static int check_parts(const struct parts *p, const struct mkd_buf *text, const char *name,
		       struct mkd_err *err)
{
	cleanup_buf struct mkd_buf digest = { 0 };
	bool hashed = p->sig[1] == 'D';
	int r;

	if (memcmp(p->key + ALGO_BYTES, p->sig + ALGO_BYTES, NUMBER_BYTES) != 0)
		return mkd_fail(err, MKD_EXIT_VERIFY, EKEYREJECTED,
				"cannot trust '%s': its signature is by another key than the one "
				"given; Void Linux, for one, has a key for each release",
				name);
	r = hashed ? take_digest(text, &digest, err) : 0;
	if (r == 0)
		r = check_ed25519(p->key + ALGO_BYTES + NUMBER_BYTES,
				  p->sig + ALGO_BYTES + NUMBER_BYTES, hashed ? &digest : text, err);
	if (r == 0)
		return bad(name, "it has a bad signature: it, or the signature, was changed", err);
	if (r > 0)
		r = p->comment.p ? check_comment(p, name, err) : 0;
	return r;
}

int mkd_signify_check(const struct mkd_buf *key, const struct mkd_buf *signature,
		      const struct mkd_buf *text, const char *name, struct mkd_signify *ret,
		      struct mkd_err *err)
{
	struct span key_text = { key->data, key->len }, line = { 0 };
	struct mkd_signify got = { 0 };
	struct parts p = { 0 };
	char encoded[ENCODED_MAX], hash[33];
	int r;

	if (!read_head(&key_text, p.key, sizeof(p.key), &line) || memcmp(p.key, "Ed", 2) != 0)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"the key that '%s' has to be signed by is not a public key of "
				"signify: a line 'untrusted comment:' and one of base64",
				name);
	(void)snprintf(encoded, sizeof(encoded), "%.*s", (int)line.n, line.p);
	r = mkd_hash_name(encoded, hash, err); /* and libgcrypt is ready */
	if (r == 0)
		r = read_signature(&p, (struct span){ signature->data, signature->len }, name, err);
	if (r == 0)
		r = check_parts(&p, text, name, err);
	if (r < 0)
		return r;
	(void)snprintf(got.signer, sizeof(got.signer), "signify:%s", hash);
	got.signed_sec = p.comment.p ? time_in(p.comment) : 0;
	*ret = got;
	return 0;
}
