/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/plan_files.h"

#include <errno.h>
#include <string.h>

#define NAME_MAX_BYTES 200

static int lacks(const struct mkd_draft *j, enum mkd_key key, const char *where)
{
	const struct mkd_setting_info *info = &mkd_setting_info[key];

	return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL, "the source lacks '%s'; %s%s%s%s",
			info->name, info->option ? "give --" : "set it in",
			info->option ? info->name : "", info->option ? ", or set it in " : " ",
			where);
}

/* Does an OpenPGP signature have to be checked? */
static bool uses_openpgp(const struct mkd_draft *j)
{
	return mkd_draft_get(j, MKD_KEY_FILE_SIGNATURE) || !mkd_draft_get(j, MKD_KEY_SIGNIFY_KEY);
}

static int check_signatures(const struct mkd_draft *j)
{
	const char *list_sig = mkd_draft_get(j, MKD_KEY_LIST_SIGNATURE);
	const char *file = mkd_draft_get(j, MKD_KEY_FILE);

	if (!list_sig && !mkd_draft_get(j, MKD_KEY_FILE_SIGNATURE))
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
				"nothing says how the tarball of the mirror is verified; set "
				"list-signature or file-signature in the profile's section "
				"'source'");
	if (list_sig && !mkd_draft_get(j, MKD_KEY_LIST))
		return lacks(j, MKD_KEY_LIST, "the profile's section 'source'");
	if (strchr(file, '*') && !mkd_draft_get(j, MKD_KEY_LIST))
		return mkd_draft_clash(j, MKD_KEY_FILE,
				       "a '*' needs a list to find the file in; set list");
	if (mkd_draft_get(j, MKD_KEY_SIGNIFY_KEY) &&
	    (!list_sig || strcmp(list_sig, "clear-signed") == 0))
		return mkd_draft_clash(
			j, MKD_KEY_SIGNIFY_KEY,
			"it is for a list with a signature in a file of its own; set "
			"list-signature to that file's name");
	return 0;
}

int mkd_plan_files_check(const struct mkd_draft *j)
{
	static const enum mkd_key needed[] = { MKD_KEY_MIRROR, MKD_KEY_FILE };
	static const enum mkd_key openpgp[] = { MKD_KEY_KEYRING, MKD_KEY_SIGNER };
	static const char where[] = "the profile's section 'source'";
	int r;

	if (mkd_draft_from_option(j, MKD_KEY_VARIANT))
		return mkd_draft_clash(j, MKD_KEY_VARIANT,
				       "it is for Gentoo's mirrors, and the profile has others");
	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (!mkd_draft_get(j, needed[i]))
			return lacks(j, needed[i], where);
	r = check_signatures(j);
	for (size_t i = 0; r == 0 && uses_openpgp(j) && i < ARRAY_LEN(openpgp); i++)
		if (!mkd_draft_get(j, openpgp[i]))
			return lacks(j, openpgp[i], where);
	return r;
}

static int bad_name(const struct mkd_draft *j, enum mkd_key key, const char *why)
{
	return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL, "%s: '%.200s' %s", mkd_draft_origin(j, key),
			mkd_draft_get(j, key), why);
}

/* The value that stands for "{word}" of len bytes; NULL = none does. */
static const char *word_value(const struct mkd_draft *j, const char *word, size_t len)
{
	if (len == 4 && memcmp(word, "arch", 4) == 0)
		return j->p->arch;
	if (len == 7 && memcmp(word, "release", 7) == 0)
		return mkd_draft_get(j, MKD_KEY_RELEASE);
	return NULL;
}

static int put_words(const struct mkd_draft *j, enum mkd_key key, struct mkd_buf *ret)
{
	for (const char *p = mkd_draft_get(j, key); *p;) {
		size_t n = strcspn(p, "{"), len;
		const char *value;

		mkd_buf_add(ret, p, n);
		p += n;
		if (!*p)
			break;
		len = strcspn(p + 1, "}");
		value = word_value(j, p + 1, len);
		if (!value || !p[1 + len])
			return bad_name(j, key,
					"has a '{' that is not {arch}, or {release} with a "
					"release given by --release or the profile");
		mkd_buf_str(ret, value);
		p += len + 2;
	}
	return mkd_buf_check(ret, j->err);
}

static int check_name(const struct mkd_draft *j, enum mkd_key key, const char *name)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";
	char chars[sizeof(plain) + 2];

	(void)snprintf(chars, sizeof(chars), "%s%s", plain,
		       key == MKD_KEY_FOLDER ? "/"
		       : key == MKD_KEY_FILE ? "*"
					     : "");
	if (!*name || strlen(name) > NAME_MAX_BYTES || name[strspn(name, chars)] ||
	    strstr(name, "..") || *name == '/' || name[strlen(name) - 1] == '/' ||
	    strstr(name, "//"))
		return bad_name(j, key, "is not a name on a mirror: letters, digits and _.+- only");
	return 0;
}

static int take_name(const struct mkd_draft *j, enum mkd_key key, const char **ret)
{
	cleanup_buf struct mkd_buf name = { 0 };
	int r;

	if (!mkd_draft_get(j, key))
		return 0;
	r = put_words(j, key, &name);
	if (r == 0)
		r = check_name(j, key, mkd_buf_cstr(&name));
	return r < 0 ? r : mkd_draft_keep(j, mkd_buf_cstr(&name), ret);
}

int mkd_plan_files(const struct mkd_draft *j)
{
	struct mkd_plan *p = j->p;
	const struct {
		enum mkd_key key;
		const char **ret;
	} names[] = {
		{ MKD_KEY_FOLDER, &p->folder },
		{ MKD_KEY_FILE, &p->file },
		{ MKD_KEY_LIST, &p->list },
		{ MKD_KEY_LIST_SIGNATURE, &p->list_signature },
		{ MKD_KEY_FILE_SIGNATURE, &p->file_signature },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(names); i++)
		r = take_name(j, names[i].key, names[i].ret);
	return r < 0 ? r : mkd_draft_text(j, MKD_KEY_SIGNIFY_KEY, NULL, &p->signify_key);
}
