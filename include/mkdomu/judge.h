/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge.h - the policy: which signatures make a file authentic. Pure; verify.h asks gpg.
 *
 * Accepted is what has at least one good signature by a pinned primary key, with a strong digest,
 * not from the future, and no bad one. Other signatures (an unknown key's, an expired one's) are
 * passed over. An expired or revoked key signs nothing, whenever it did: a date in a signature is
 * the word of whoever holds the key.
 */
#ifndef MKDOMU_JUDGE_H
#define MKDOMU_JUDGE_H

#include "mkdomu/buf.h"

enum mkd_sig_state {
	MKD_SIG_GOOD,
	MKD_SIG_BAD,
	MKD_SIG_EXPIRED, /* the signature itself */
	MKD_SIG_KEY_EXPIRED,
	MKD_SIG_KEY_REVOKED,
	MKD_SIG_NO_KEY,
	MKD_SIG_FAULTY, /* cannot be checked: algorithm, clock, packet */
};

struct mkd_sig {
	enum mkd_sig_state state;
	bool weak;           /* made with another digest than SHA256, SHA384, SHA512 */
	char primary[41];    /* fingerprint; "" = not known */
	char maker[41];      /* fingerprint of the subkey, or key id, as gpg names it */
	int64_t created_sec; /* as the signature says */
};

struct mkd_judge {
	const struct mkd_strv *pins; /* from mkd_judge_pins */
	int64_t now_sec;
	const char *keyring; /* for messages */
};

/*
 * Full fingerprints of primary keys (40 hexadecimal digits, blanks and a leading 0x allowed, either
 * case) in one form. ret is appended to.
 *	-EINVAL  none given, or one is a key id or not hexadecimal (USAGE)   -ENOMEM
 */
must_check int mkd_judge_pins(const char *const *signers, size_t n, struct mkd_strv *ret,
			      struct mkd_err *err);

/*
 * Returns 0 and the signature that counts, the first such. Otherwise the most telling cause:
 *	-EBADMSG      no signature, a bad one, weak digest, from the future, expired itself
 *	-EKEYREVOKED, -EKEYEXPIRED  by a pinned key that is
 *	-EKEYREJECTED none by a pinned key       (all VERIFY)
 */
must_check int mkd_judge_signatures(const struct mkd_judge *j, const struct mkd_sig *sigs, size_t n,
				    const char *name, const struct mkd_sig **ret,
				    struct mkd_err *err);

#endif
