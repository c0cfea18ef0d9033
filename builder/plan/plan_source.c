/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/plan_source.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/plan_files.h"

static int take_mirrors(const struct mkd_draft *j)
{
	const struct mkd_setting *at = &j->s->of[MKD_KEY_MIRROR];
	int r = 0;

	for (size_t i = 0; i < at->values.n && r == 0; i++) {
		r = mkd_value_url(at->values.v[i], at->origins.v[i], j->err);
		if (r == 0)
			r = mkd_strv_add(&j->p->mirrors, at->values.v[i], j->err);
	}
	return r;
}

static int take_signers(const struct mkd_draft *j)
{
	const struct mkd_setting *at = &j->s->of[MKD_KEY_SIGNER];
	int r = 0;

	for (size_t i = 0; i < at->values.n && r == 0; i++) {
		cleanup_free char *fpr = NULL;
		size_t len = strlen(at->values.v[i]);

		if (len == 8 || len == 16)
			return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
					"%s: '%s' is a key id, which anyone can make another key "
					"for; give the full fingerprint of 40 hex digits",
					at->origins.v[i], at->values.v[i]);
		r = mkd_value_hex(at->values.v[i], at->origins.v[i], 40, true, &fpr, j->err);
		if (r == 0)
			r = mkd_strv_add(&j->p->signers, fpr, j->err);
	}
	return r;
}

/* A word of a URL on the mirror. */
static int take_word(const struct mkd_draft *j, enum mkd_key key, const char *def, const char **ret)
{
	static const char word[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";
	const char *value = mkd_draft_get(j, key);

	if (value &&
	    (!*value || *value == '.' || strlen(value) > 100 || value[strspn(value, word)]))
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%.200s' is not a name on a mirror; write one like %s",
				mkd_draft_origin(j, key), value, def ? def : "stage3-amd64-openrc");
	return mkd_draft_text(j, key, def, ret);
}

/* A relative path as tar members have it, without "." and "..". */
static int take_strip(const struct mkd_draft *j)
{
	const char *value = mkd_draft_get(j, MKD_KEY_STRIP), *origin;
	int r = mkd_draft_text(j, MKD_KEY_STRIP, NULL, &j->p->strip);

	if (r < 0 || !value)
		return r;
	origin = mkd_draft_origin(j, MKD_KEY_STRIP);
	for (const char *p = value;; p++) {
		size_t len = strcspn(p, "/");

		if (len == 0 || len > 255 || (len == 1 && *p == '.') ||
		    (len == 2 && p[0] == '.' && p[1] == '.'))
			return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
					"%s: '%s' is not a folder of a tarball; write it like "
					"root.x86_64, without a slash at either end",
					origin, value);
		p += len;
		if (!*p)
			return 0;
	}
}

static bool has_digest(const struct mkd_draft *j)
{
	return mkd_draft_get(j, MKD_KEY_SHA512) || mkd_draft_get(j, MKD_KEY_SHA256);
}

static int check_tarball(const struct mkd_draft *j)
{
	static const enum mkd_key others[] = { MKD_KEY_MIRROR, MKD_KEY_VARIANT, MKD_KEY_RELEASE,
					       MKD_KEY_SIGNIFY_KEY };

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (mkd_draft_from_option(j, others[i]))
			return mkd_draft_clash(
				j, others[i],
				"it is for tarballs of a mirror, and --tarball names one; leave "
				"out one of them");
	if (mkd_draft_get(j, MKD_KEY_UNVERIFIED) && mkd_draft_get(j, MKD_KEY_SIGNATURE))
		return mkd_draft_clash(j, MKD_KEY_UNVERIFIED,
				       "--signature asks for a check; leave out one of them");
	if (mkd_draft_get(j, MKD_KEY_UNVERIFIED) && has_digest(j))
		return mkd_draft_clash(
			j, MKD_KEY_UNVERIFIED,
			"a --sha512 or --sha256 asks for a check; leave out one of them");
	if (!mkd_draft_get(j, MKD_KEY_UNVERIFIED) && !mkd_draft_get(j, MKD_KEY_SIGNATURE) &&
	    !has_digest(j))
		return mkd_draft_clash(
			j, MKD_KEY_TARBALL,
			"nothing says how to verify it; give --signature FILE, --sha512 HEX, "
			"--sha256 HEX, or --unverified to take it as it is");
	if (mkd_draft_get(j, MKD_KEY_SIGNATURE) &&
	    (!mkd_draft_get(j, MKD_KEY_KEYRING) || !mkd_draft_get(j, MKD_KEY_SIGNER)))
		return mkd_draft_clash(
			j, MKD_KEY_SIGNATURE,
			"whose signature counts is not known; give --keyring FILE and "
			"--signer FPR, or a --profile that has them");
	return 0;
}

static int check_mirrors(const struct mkd_draft *j)
{
	static const enum mkd_key tarball_only[] = { MKD_KEY_SIGNATURE, MKD_KEY_SHA512,
						     MKD_KEY_SHA256, MKD_KEY_UNVERIFIED };
	static const enum mkd_key needed[] = { MKD_KEY_MIRROR, MKD_KEY_VARIANT, MKD_KEY_KEYRING,
					       MKD_KEY_SIGNER };

	if (strcmp(mkd_draft_get(j, MKD_KEY_SOURCE) ? mkd_draft_get(j, MKD_KEY_SOURCE) : "none",
		   "none") == 0)
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
				j->p->profile
					? "profile '%s' names no source; give --tarball FILE"
					: "there is nothing to build from%s; give --profile NAME "
					  "(gentoo-base, gentoo-systemd) or --tarball FILE",
				j->p->profile ? j->p->profile : "");
	for (size_t i = 0; i < ARRAY_LEN(tarball_only); i++)
		if (mkd_draft_get(j, tarball_only[i]))
			return mkd_draft_clash(
				j, tarball_only[i],
				"it is about --tarball, which is not given; tarballs of a "
				"mirror are always verified");
	if (strcmp(mkd_draft_get(j, MKD_KEY_SOURCE), "files") == 0)
		return mkd_plan_files_check(j);
	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (!mkd_draft_get(j, needed[i]))
			return mkd_fail(
				j->err, MKD_EXIT_USAGE, EINVAL,
				"the source lacks '%s'; give --%s, or set it in the profile's "
				"section 'source'",
				mkd_setting_info[needed[i]].name, mkd_setting_info[needed[i]].name);
	return 0;
}

static int take_digest(const struct mkd_draft *j, enum mkd_key key, size_t digits, const char **ret)
{
	const char *value = mkd_draft_get(j, key);
	cleanup_free char *hex = NULL;
	int r;

	if (!value)
		return 0;
	r = mkd_value_hex(value, mkd_draft_origin(j, key), digits, false, &hex, j->err);
	return r < 0 ? r : mkd_draft_keep(j, hex, ret);
}

int mkd_plan_source(const struct mkd_draft *j)
{
	static const char *const kinds[] = { "none", "gentoo", "files", NULL };
	static const struct mkd_value_range threads = { 1, 256, "threads" };
	struct mkd_plan *p = j->p;
	const char *kind = NULL;
	int r = mkd_draft_choice(j, MKD_KEY_SOURCE, kinds, &kind);

	if (r == 0)
		r = mkd_draft_get(j, MKD_KEY_TARBALL) ? check_tarball(j) : check_mirrors(j);
	/* with a tarball the profile's mirrors are not used */
	if (r == 0 && !mkd_draft_get(j, MKD_KEY_TARBALL))
		r = take_mirrors(j);
	if (r == 0)
		r = take_signers(j);
	if (r == 0)
		r = take_word(j, MKD_KEY_ARCH, "amd64", &p->arch);
	if (r == 0 && (!kind || strcmp(kind, "files") != 0))
		r = take_word(j, MKD_KEY_VARIANT, NULL, &p->variant);
	else if (r == 0 && !mkd_draft_get(j, MKD_KEY_TARBALL))
		r = mkd_plan_files(j);
	if (r == 0)
		r = mkd_draft_text(j, MKD_KEY_KEYRING, NULL, &p->keyring);
	if (r == 0)
		r = mkd_draft_text(j, MKD_KEY_TARBALL, NULL, &p->tarball);
	if (r == 0)
		r = mkd_draft_text(j, MKD_KEY_SIGNATURE, NULL, &p->signature);
	if (r == 0)
		r = take_digest(j, MKD_KEY_SHA512, 128, &p->sha512);
	if (r == 0)
		r = take_digest(j, MKD_KEY_SHA256, 64, &p->sha256);
	if (r == 0)
		r = mkd_draft_text(j, MKD_KEY_CACHE, NULL, &p->cache_dir);
	if (r == 0)
		r = mkd_draft_count(j, MKD_KEY_THREADS, &threads, 0, &p->threads);
	if (r == 0)
		r = take_strip(j);
	p->unverified = mkd_draft_get(j, MKD_KEY_UNVERIFIED) != NULL;
	p->offline = mkd_draft_get(j, MKD_KEY_OFFLINE) != NULL;
	return r;
}
