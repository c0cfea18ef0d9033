/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verify.h - OpenPGP signatures by pinned keys (gpgme, in a private home of gpg).
 *
 * The user's own GnuPG is never asked: a temporary folder holds the keys of the given file alone.
 * No agent is started; the folder is gone after mkd_verify_close. The policy is judge.h's.
 */
#ifndef MKDOMU_VERIFY_H
#define MKDOMU_VERIFY_H

#include "mkdomu/buf.h"
#include "mkdomu/ui.h"

#define MKD_SIGNATURE_MAX (64 * KIB) /* of a detached signature */

struct mkd_keys {
	const char *keyring; /* exported keys, armored or binary, up to 16 MiB */
	const char *const *signers;
	size_t n_signers;
	const char *gpg; /* NULL = /usr/bin/gpg */
};

struct mkd_signature {
	char signer[41];    /* fingerprint of the primary key */
	int64_t signed_sec; /* as the signature says */
};

struct mkd_verifier;

/*
 * Import the keyring. *ret is the caller's; end with mkd_verify_close.
 *	-EINVAL   a signer is not a full fingerprint, or there is none (USAGE)
 *	-ENOENT   no such keyring, -EISDIR, -EFBIG (USAGE)
 *	-EKEYREJECTED  the keyring has no usable key, or none of the signers' (VERIFY)
 *	-ENOPKG   gpg is missing or not usable (VERIFY)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_file_read, mkd_gpghome_make, mkd_file_write
 */
must_check int mkd_verify_open(const struct mkd_keys *keys, struct mkd_verifier **ret,
			       struct mkd_err *err);
void mkd_verify_close(struct mkd_verifier *v);

/*
 * A clear-signed text: *plain becomes what the signature covers, and must be all that is used.
 * name is for messages. *plain is empty and *ret untouched on failure.
 *	-EBADMSG, -EKEYREJECTED, -EKEYEXPIRED, -EKEYREVOKED  as judge.h and armor.h (VERIFY)
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_verify_clear(struct mkd_verifier *v, const struct mkd_buf *text,
				const char *name, struct mkd_buf *plain, struct mkd_signature *ret,
				struct mkd_err *err);

struct mkd_detached {
	const struct mkd_buf *signature; /* armored or binary */
	int fd;                          /* read by pread from 0; its position stays */
	uint64_t size_bytes;             /* all of it */
	const char *name;                /* for messages */
	struct mkd_ui *ui;               /* progress stage "verify" */
};

/*
 * A detached signature over an open file.
 *	-EBADMSG, -EKEYREJECTED, -EKEYEXPIRED, -EKEYREVOKED  as above (VERIFY)
 *	-EINTR   a signal asked to stop
 *	-ENOMEM  (INTERNAL)
 *	-EIO     the file is shorter than size_bytes (IO)
 *	other    of pread(2) (IO)
 */
must_check int mkd_verify_detached(struct mkd_verifier *v, const struct mkd_detached *d,
				   struct mkd_signature *ret, struct mkd_err *err);

#endif
