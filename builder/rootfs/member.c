/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/member.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/pax.h"
#include "mkdomu/policy.h"

/* A ustar size field ends here; only sizes from here on need the pax record. */
#define USTAR_SIZE_END (INT64_C(8) << 30)

#define XATTR_PREFIX    "SCHILY.xattr."
#define LA_XATTR_PREFIX "LIBARCHIVE.xattr."
#define SPARSE_PREFIX   "GNU.sparse."

/* What a record may set, each once. */
enum {
	SEEN_PATH = 1 << 0,
	SEEN_LINK = 1 << 1,
	SEEN_SIZE = 1 << 2,
	SEEN_UID = 1 << 3,
	SEEN_GID = 1 << 4,
	SEEN_MTIME = 1 << 5,
	SEEN_ACL = 1 << 6,
	SEEN_DEFAULT_ACL = 1 << 7,
	SEEN_MAJOR = 1 << 8,
	SEEN_MINOR = 1 << 9,
	SEEN_SPARSE_NAME = 1 << 10,
};

static bool has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static int refuse(struct mkd_err *err, const char *why)
{
	return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM, "%s", why);
}

/* A value that becomes a C string. */
static int set_text(const struct mkd_pax_record *rec, const char **ret, struct mkd_err *err)
{
	if (strlen(rec->value) != rec->value_len)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM, "its %s has a NUL in it", rec->key);
	*ret = rec->value;
	return 0;
}

static int set_size(struct mkd_member *m, const struct mkd_pax_record *rec, struct mkd_err *err)
{
	int64_t was = m->hdr.size_bytes, v;
	int r = mkd_pax_number(rec, &v, err);

	if (r < 0)
		return r;
	/* Readers that know no pax would take other bytes for the next header. */
	if (was != v && v < USTAR_SIZE_END)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG,
				"its size is %lld bytes in one header and %lld in another",
				(long long)was, (long long)v);
	m->hdr.size_bytes = v;
	return 0;
}

static int add_xattr(struct mkd_member *m, const char *name, const struct mkd_pax_record *rec,
		     size_t len, struct mkd_err *err)
{
	struct mkd_xattr *v;

	if (m->n_xattrs == MKD_XATTRS_MAX)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
				"it has more than %d extended attributes", MKD_XATTRS_MAX);
	v = reallocarray(m->xattrs, m->n_xattrs + 1, sizeof(*v));
	if (!v)
		return mkd_nomem(err);
	m->xattrs = v;
	v[m->n_xattrs++] = (struct mkd_xattr){ .name = name, .value = rec->value, .len = len };
	return 0;
}

static int set_sparse(struct mkd_member *m, const struct mkd_pax_record *rec, struct mkd_err *err)
{
	m->sparse = true;
	if (strcmp(rec->key, "GNU.sparse.name") == 0)
		return set_text(rec, &m->path, err);
	if (strcmp(rec->key, "GNU.sparse.major") == 0)
		m->map_in_data = strcmp(rec->value, "1") == 0;
	return 0;
}

static int set_known(struct mkd_member *m, int which, const struct mkd_pax_record *rec,
		     struct mkd_err *err)
{
	switch (which) {
	case SEEN_PATH:
		/* GNU.sparse.name is the real name, whatever the order. */
		return m->sparse && m->path != m->hdr.path ? 0 : set_text(rec, &m->path, err);
	case SEEN_LINK:
		return set_text(rec, &m->link, err);
	case SEEN_SIZE:
		return set_size(m, rec, err);
	case SEEN_UID:
		return mkd_pax_number(rec, &m->hdr.uid, err);
	case SEEN_GID:
		return mkd_pax_number(rec, &m->hdr.gid, err);
	case SEEN_MTIME:
		return mkd_pax_time(rec, &m->hdr.mtime_sec, &m->mtime_nsec, err);
	case SEEN_ACL:
		return set_text(rec, &m->acl_access, err);
	case SEEN_DEFAULT_ACL:
		return set_text(rec, &m->acl_default, err);
	case SEEN_MAJOR:
		return mkd_pax_number(rec, &m->hdr.major, err);
	case SEEN_MINOR:
		return mkd_pax_number(rec, &m->hdr.minor, err);
	default:
		return set_sparse(m, rec, err);
	}
}

static int which_key(const char *key)
{
	static const struct {
		const char *key;
		int which;
	} known[] = {
		{ "path", SEEN_PATH },
		{ "linkpath", SEEN_LINK },
		{ "size", SEEN_SIZE },
		{ "uid", SEEN_UID },
		{ "gid", SEEN_GID },
		{ "mtime", SEEN_MTIME },
		{ "SCHILY.acl.access", SEEN_ACL },
		{ "SCHILY.acl.default", SEEN_DEFAULT_ACL },
		{ "SCHILY.devmajor", SEEN_MAJOR },
		{ "SCHILY.devminor", SEEN_MINOR },
		{ "GNU.sparse.name", SEEN_SPARSE_NAME },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(key, known[i].key) == 0)
			return known[i].which;
	return 0;
}

/*
 * Keys that are none of the above nor refused say nothing that ext4 could keep (atime, ctime,
 * uname, gname, comment, SCHILY.ino ...): POSIX has readers pass over what they do not know.
 */
static int apply_other(struct mkd_member *m, const struct mkd_pax_record *rec, struct mkd_err *err)
{
	const char *key = rec->key;

	if (has_prefix(key, XATTR_PREFIX))
		return add_xattr(m, key + strlen(XATTR_PREFIX), rec, rec->value_len, err);
	/* The file system's value ends in a NUL, which the record leaves out and mkd_pax_next put
	 * there. */
	if (strcmp(key, "RHT.security.selinux") == 0)
		return add_xattr(m, key + strlen("RHT."), rec, rec->value_len + 1, err);
	if (has_prefix(key, LA_XATTR_PREFIX))
		m->libarchive_xattrs = true;
	else if (has_prefix(key, SPARSE_PREFIX))
		return set_sparse(m, rec, err);
	else if (has_prefix(key, "SCHILY.acl."))
		return refuse(err, "it has an NFSv4 ACL, which ext4 cannot hold");
	else if (strcmp(key, "SCHILY.realsize") == 0)
		return refuse(err, "it is a sparse file in star's form; repack it with GNU tar");
	return 0;
}

static int apply_pax(struct mkd_member *m, struct mkd_err *err)
{
	struct mkd_pax_record rec;
	size_t at = 0;
	int seen = 0, r;

	while ((r = mkd_pax_next(m->pax.data, m->pax.len, &at, &rec, err)) > 0) {
		int which = which_key(rec.key);

		if (seen & which)
			return mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG,
					"a pax header is damaged: it has two %s records", rec.key);
		seen |= which;
		r = which ? set_known(m, which, &rec, err) : apply_other(m, &rec, err);
		if (r < 0)
			return r;
	}
	return r;
}

/* The body of an 'L' or 'K' member: a name and a NUL. */
static int apply_long(const struct mkd_buf *b, const char **ret, struct mkd_err *err)
{
	if (!b->len)
		return 0;
	for (size_t i = strlen(b->data); i < b->len; i++)
		if (b->data[i] != '\0')
			return refuse(err, "its long name has a NUL in it");
	*ret = b->data;
	return 0;
}

int mkd_member_new(const struct mkd_tarhdr *hdr, struct mkd_buf *pax, struct mkd_buf *long_name,
		   struct mkd_buf *long_link, struct mkd_member **ret, struct mkd_err *err)
{
	struct mkd_member *m = calloc(1, sizeof(*m));
	int r;

	if (!m) {
		mkd_buf_free(pax);
		mkd_buf_free(long_name);
		mkd_buf_free(long_link);
		return mkd_nomem(err);
	}
	m->hdr = *hdr;
	m->pax = *pax;
	m->long_name = *long_name;
	m->long_link = *long_link;
	*pax = *long_name = *long_link = (struct mkd_buf){ 0 };
	m->path = m->hdr.path;
	m->link = m->hdr.link;
	m->sparse = hdr->type == 'S';
	r = apply_long(&m->long_name, &m->path, err);
	if (r == 0)
		r = apply_long(&m->long_link, &m->link, err);
	if (r == 0)
		r = apply_pax(m, err);
	if (r < 0) {
		/* The first name found is good enough for a message. */
		(void)mkd_wrap(err, "member '%.200s' is refused", m->path);
		mkd_member_free(m);
		return r;
	}
	*ret = m;
	return 0;
}

int mkd_member_check_global(struct mkd_buf *pax, struct mkd_err *err)
{
	struct mkd_pax_record rec;
	size_t at = 0;
	int r;

	while ((r = mkd_pax_next(pax->data, pax->len, &at, &rec, err)) > 0)
		if (strcmp(rec.key, "comment") != 0)
			return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
					"a global pax header sets '%.100s' for all members; only "
					"comments are accepted there",
					rec.key);
	return r;
}

void mkd_member_free(struct mkd_member *m)
{
	if (!m)
		return;
	mkd_buf_free(&m->pax);
	mkd_buf_free(&m->long_name);
	mkd_buf_free(&m->long_link);
	free(m->xattrs);
	free(m);
}
