/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * source.h - stage 2: from a release specification to one verified, open tarball.
 *
 * in:      mirrors + variant (Gentoo's layout), or a path or URL with its signature or digest
 * out:     an fd positioned anywhere, of which every byte was covered by the verification
 * touches: the network, the cache folder
 *
 * A local tarball that anybody but root and the effective user may write to is copied to an unnamed
 * file in the cache folder (else below $TMPDIR) first.
 * What was verified is that fd: readers use it and never reopen the path.
 */
#ifndef MKDOMU_SOURCE_H
#define MKDOMU_SOURCE_H

#include "mkdomu/ui.h"

/*
 * A tarball in a folder of a mirror, with a list of digests, or a signature of its own, or both. At
 * least one of list_signature and file_signature is needed.
 */
struct mkd_source_files {
	const char *folder; /* below the mirror: "live/current"; "" */
	const char *file;   /* its name; with a list, '*' may stand for a part of it */
	const char *list;   /* "SHA256SUMS", see listing.h; NULL = none */
	const char
		*list_signature; /* detached: a name in the folder; MKD_CLEAR_SIGNED; NULL = none */
	const char *file_signature; /* what is added to the tarball's name: ".sig"; NULL = none */
	const char *signify_key;    /* file of the key that signed the list; NULL = OpenPGP */
};
#define MKD_CLEAR_SIGNED "clear-signed"

struct mkd_source_req {
	/* Gentoo: mirrors non-empty, tarball NULL. <mirror>/releases/<arch>/autobuilds/... */
	const char *const *mirrors;
	size_t n_mirrors;
	const char *arch;                     /* "amd64" */
	const char *variant;                  /* "stage3-amd64-openrc" */
	const struct mkd_source_files *files; /* instead of variant: another layout; NULL */
	/* Any other tarball: a path, or an http(s) URL. */
	const char *tarball;
	const char *signature; /* detached OpenPGP: path or URL; NULL */
	const char *sha512;    /* 128 hex digits; NULL */
	const char *sha256;    /* 64 hex digits; NULL */
	bool unverified;       /* explicit consent to use it as it is */
	/* Both */
	const char *keyring; /* exported keys, armoured or binary; NULL only without OpenPGP */
	const char *const *signers; /* full fingerprints of primary keys, 40 hex digits */
	size_t n_signers;
	bool offline;          /* use the cache only */
	const char *cache_dir; /* NULL: /var/cache/mkdomu for root, else $XDG_CACHE_HOME/mkdomu */
	uint64_t max_bytes;    /* of a tarball; 0 = 8 GiB */
	struct mkd_ui *ui;
	bool late; /* whoever reads the fd digests it, if nothing of it is to be verified */
};

enum mkd_trust {
	MKD_TRUST_NONE,      /* --unverified */
	MKD_TRUST_DIGEST,    /* a digest that the user gave */
	MKD_TRUST_SIGNATURE, /* OpenPGP, by a pinned signer; or by a signify key */
};

struct mkd_source {
	int fd; /* read-only */
	uint64_t size_bytes;
	uint8_t sha256[32]; /* of the whole file; zeros as long as it is pending */
	bool pending;       /* not digested yet: only with late, and without trust */
	enum mkd_trust trust;
	char url[1024];     /* or path; no user:password in it */
	char file[256];     /* base name */
	char signer[41];    /* primary fingerprint, or as signify.h says; "" without a signature */
	int64_t signed_sec; /* signature time, 0 without; signify's have none */
	int64_t build_sec;  /* from the time stamp in the signed name; 0 = not known */
};

/*
 * Fetch (or find), verify, open. Every attempt is told to ui; the last cause is in *err, but that
 * of a mirror that served a wrong file outweighs that of one that could not be reached:
 *	-EINVAL     the request is contradictory or lacks a keyring/signer/digest (USAGE)
 *	-ENOENT     no such local file or keyring (USAGE); not in the cache with offline, or the
 *	            server of a tarball URL does not have it (NET)
 *	-EHOSTUNREACH  no mirror gave it (NET)
 *	-EFBIG      larger than the limit or than the signed size (NET; a local file: USAGE)
 *	-EBADMSG    signature, digest, pointer: not authentic, not intact or a rollback (VERIFY)
 *	-EKEYREJECTED, -EKEYEXPIRED  the signer (VERIFY)
 *	-EPERM, -ENOTDIR  the cache folder, or an entry, is not the user's alone (USAGE)
 *	-EUCLEAN    the note of the newest release seen is damaged; it is named (USAGE)
 *	-ENOTSUP    libgcrypt lacks SHA512 (INTERNAL)
 *	-EINTR      a signal asked to stop
 *	-ENOMEM     (INTERNAL)
 *	other       of open(2), read(2), write(2), fsync(2), renameat(2), mostly on the cache (IO,
 *	            NOSPACE); of open(2) on the tarball (USAGE)
 *	and mkd_verify_open, mkd_verify_clear, mkd_verify_detached
 * Of files, the time of the list's signature, or else of the tarball's, is held against the newest
 * seen of the same folder and pattern by the same signer: an older one is a rollback. Where a
 * signature has no time the date in the signed name does it; without one nothing does.
 * A Gentoo pointer older than the newest one seen of this architecture, variant and signer is a
 * rollback; one that is over 30 days old is used with a warning.
 */
must_check int mkd_source_open(const struct mkd_source_req *req, struct mkd_source *ret,
			       struct mkd_err *err);

void mkd_source_close(struct mkd_source *s);

#endif
