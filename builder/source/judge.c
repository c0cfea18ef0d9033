/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/judge.h"

#include <errno.h>
#include <string.h>

/* Clocks differ; a day of it is no attack. */
#define SKEW_SEC (24 * 60 * 60)

/* 40 upper-case digits from a person's way of writing them. */
static bool normalise(const char *text, char ret[static 41])
{
	size_t n = 0;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;
	for (; *text; text++) {
		char c = *text;

		if (c == ' ')
			continue;
		if (c >= 'a' && c <= 'f')
			c = (char)(c - 'a' + 'A');
		if (n == 40 || !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F')))
			return false;
		ret[n++] = c;
	}
	ret[n] = '\0';
	return n == 40;
}

int mkd_judge_pins(const char *const *signers, size_t n, struct mkd_strv *ret, struct mkd_err *err)
{
	char fpr[41];

	if (!n)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot check a signature without knowing whose it must be; give "
				"the full fingerprint of the signer's key");
	for (size_t i = 0; i < n; i++) {
		int r;

		if (!normalise(signers[i], fpr))
			return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
					"cannot use the signer '%s': it is not a full fingerprint "
					"of 40 hexadecimal digits; key ids can be forged",
					signers[i]);
		r = mkd_strv_has(ret, fpr) ? 0 : mkd_strv_add(ret, fpr, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Worst first is not the point: the most telling cause is. */
enum cause {
	NONE,
	UNKNOWN_KEY,
	UNPINNED,
	FAULTY,
	OLD,
	FUTURE,
	WEAK,
	KEY_EXPIRED,
	KEY_REVOKED,
	BAD
};

static enum cause cause_of(const struct mkd_judge *j, const struct mkd_sig *s)
{
	if (s->state == MKD_SIG_BAD)
		return BAD;
	if (s->state == MKD_SIG_NO_KEY || !s->primary[0])
		return s->weak ? WEAK : s->state == MKD_SIG_FAULTY ? FAULTY : UNKNOWN_KEY;
	if (!mkd_strv_has(j->pins, s->primary))
		return UNPINNED;
	if (s->state == MKD_SIG_KEY_REVOKED)
		return KEY_REVOKED;
	if (s->weak)
		return WEAK;
	if (s->state == MKD_SIG_KEY_EXPIRED)
		return KEY_EXPIRED;
	if (s->state == MKD_SIG_EXPIRED)
		return OLD;
	if (s->state != MKD_SIG_GOOD)
		return FAULTY;
	return s->created_sec > j->now_sec + SKEW_SEC ? FUTURE : NONE;
}

static int refuse_key(const struct mkd_judge *j, enum cause c, const struct mkd_sig *s,
		      const char *name, struct mkd_err *err)
{
	switch (c) {
	case KEY_REVOKED:
		return mkd_fail(err, MKD_EXIT_VERIFY, EKEYREVOKED,
				"cannot trust '%s': the signer's key %s is revoked", name,
				s->primary);
	case KEY_EXPIRED:
		return mkd_fail(
			err, MKD_EXIT_VERIFY, EKEYEXPIRED,
			"cannot trust '%s': the signer's key %s has expired in the keyring '%s'; "
			"get a fresher keyring, for Gentoo the package "
			"sec-keys/openpgp-keys-gentoo-release or "
			"https://www.gentoo.org/downloads/signatures/, and check this host's clock",
			name, s->primary, j->keyring);
	case UNPINNED:
		return mkd_fail(err, MKD_EXIT_VERIFY, EKEYREJECTED,
				"cannot trust '%s': its signature is by %s, which is not a pinned "
				"key",
				name, s->primary);
	default:
		return mkd_fail(err, MKD_EXIT_VERIFY, EKEYREJECTED,
				"cannot trust '%s': its signature is by %s, which is not a pinned "
				"key and not a usable one in the keyring '%s'",
				name, s->maker, j->keyring);
	}
}

static int refuse(const struct mkd_judge *j, enum cause c, const struct mkd_sig *s,
		  const char *name, struct mkd_err *err)
{
	const char *why;

	switch (c) {
	case BAD:
		why = "it has a bad signature: it, or the signature, was changed";
		break;
	case WEAK:
		why = "its signature uses a weak digest; only SHA256, SHA384 and SHA512 count";
		break;
	case FUTURE:
		why = "its signature is from the future; check this host's clock";
		break;
	case OLD:
		why = "its signature has expired";
		break;
	case FAULTY:
		why = "its signature cannot be checked; check this host's clock and gpg's version";
		break;
	default:
		return refuse_key(j, c, s, name, err);
	}
	return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG, "cannot trust '%s': %s", name, why);
}

int mkd_judge_signatures(const struct mkd_judge *j, const struct mkd_sig *sigs, size_t n,
			 const char *name, const struct mkd_sig **ret, struct mkd_err *err)
{
	const struct mkd_sig *good = NULL, *worst = NULL;
	enum cause cause = NONE;

	for (size_t i = 0; i < n; i++) {
		enum cause c = cause_of(j, &sigs[i]);

		if (c == NONE && !good)
			good = &sigs[i];
		if (c > cause) {
			cause = c;
			worst = &sigs[i];
		}
	}
	if (cause == BAD || (worst && !good))
		return refuse(j, cause, worst, name, err);
	if (!good)
		return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG,
				"cannot trust '%s': it has no signature", name);
	*ret = good;
	return 0;
}
