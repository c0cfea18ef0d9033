/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/convert.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/acl.h"
#include "mkdomu/policy.h"

enum { ACCESS, DEFAULT, N_ACLS };

static const char *const acl_names[N_ACLS] = { MKD_ACL_ACCESS, MKD_ACL_DEFAULT };

struct mkd_convert {
	const struct mkd_member *m;
	struct mkd_entry e;
	struct mkd_buf path, target, acl_value[N_ACLS];
	struct mkd_xattr *xattrs; /* room for MKD_XATTRS_MAX and both ACLs */
	size_t n_xattrs, xattr_bytes;
	struct mkd_xattr acl[N_ACLS]; /* as found; name NULL = none */
	struct mkd_acl scratch;
};

int mkd_convert_new(struct mkd_convert **ret, struct mkd_err *err)
{
	struct mkd_convert *c = calloc(1, sizeof(*c));

	if (!c)
		return mkd_nomem(err);
	c->xattrs = calloc(MKD_XATTRS_MAX + N_ACLS, sizeof(*c->xattrs));
	if (!c->xattrs) {
		free(c);
		return mkd_nomem(err);
	}
	*ret = c;
	return 0;
}

static int refuse(struct mkd_err *err, const char *why)
{
	return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM, "%s", why);
}

static enum mkd_ftype type_of(const struct mkd_member *m)
{
	static const enum mkd_ftype types[] = { MKD_FT_HARDLINK, MKD_FT_LNK, MKD_FT_CHR,
						MKD_FT_BLK,      MKD_FT_DIR, MKD_FT_FIFO };
	char t = m->hdr.type;

	if (t >= '1' && t <= '6')
		return types[t - '1'];
	/* Before POSIX a folder was a file with a slash behind its name. */
	return t == '\0' && mkd_policy_says_folder(m->path) ? MKD_FT_DIR : MKD_FT_REG;
}

static int set_names(struct mkd_convert *c, struct mkd_err *err)
{
	const struct mkd_member *m = c->m;
	struct mkd_entry *e = &c->e;
	int r = mkd_policy_path(m->path, &c->path, err);

	if (r < 0)
		return r;
	e->path = mkd_buf_cstr(&c->path);
	if (e->type != MKD_FT_DIR && mkd_policy_says_folder(m->path))
		return refuse(err, "its name ends in '/' but it is no folder");
	if (e->type == MKD_FT_LNK) {
		e->target = m->link;
		return mkd_policy_symlink(m->link, err);
	}
	if (e->type != MKD_FT_HARDLINK)
		return 0;
	r = mkd_policy_path(m->link, &c->target, err);
	if (r < 0)
		return mkd_wrap(err, "it is a hard link to '%.200s'", m->link);
	e->target = mkd_buf_cstr(&c->target);
	if (!*e->target || mkd_policy_says_folder(m->link))
		return refuse(err, "it is a hard link to a folder");
	if (strcmp(e->target, e->path) == 0)
		return refuse(err, "it is a hard link to itself");
	return 0;
}

static int set_numbers(struct mkd_convert *c, int64_t size_bytes, struct mkd_err *err)
{
	const struct mkd_tarhdr *h = &c->m->hdr;
	struct mkd_entry *e = &c->e;
	int r = mkd_policy_id("uid", h->uid, &e->uid, err);

	if (r == 0)
		r = mkd_policy_id("gid", h->gid, &e->gid, err);
	if (r == 0 && (e->type == MKD_FT_CHR || e->type == MKD_FT_BLK))
		r = mkd_policy_device(h->major, h->minor, &e->major, &e->minor, err);
	if (r == 0 && e->type == MKD_FT_REG)
		r = mkd_policy_size(size_bytes, &e->size_bytes, err);
	e->mode = e->type == MKD_FT_LNK ? 0777 : h->mode;
	e->mtime_sec = h->mtime_sec;
	e->mtime_nsec = c->m->mtime_nsec;
	e->time_clamped = mkd_policy_clamp_time(&e->mtime_sec, &e->mtime_nsec);
	return r;
}

static const struct mkd_xattr *find(const struct mkd_convert *c, const char *name)
{
	for (size_t i = 0; i < c->n_xattrs; i++)
		if (strcmp(c->xattrs[i].name, name) == 0)
			return &c->xattrs[i];
	return NULL;
}

static bool equal(const struct mkd_xattr *a, const void *value, size_t len)
{
	return a->len == len && (len == 0 || memcmp(a->value, value, len) == 0);
}

/* True when name is one of the two ACLs, which is then kept aside. */
static bool take_acl(struct mkd_convert *c, const char *name, const void *value, size_t len)
{
	for (int i = 0; i < N_ACLS; i++)
		if (strcmp(name, acl_names[i]) == 0) {
			c->acl[i] = (struct mkd_xattr){ acl_names[i], value, len };
			return true;
		}
	return false;
}

static int check_limits(struct mkd_convert *c, const char *name, size_t len, struct mkd_err *err)
{
	if (len > MKD_XATTR_MAX_BYTES)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
				"its extended attribute '%.100s' has %zu bytes, the limit is %d",
				name, len, MKD_XATTR_MAX_BYTES);
	if (c->n_xattrs == MKD_XATTRS_MAX)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
				"it has more than %d extended attributes", MKD_XATTRS_MAX);
	c->xattr_bytes += strlen(name) + len;
	if (c->xattr_bytes > MKD_XATTRS_MAX_BYTES)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
				"its extended attributes have over %d bytes in all",
				MKD_XATTRS_MAX_BYTES);
	return 0;
}

int mkd_convert_add_xattr(struct mkd_convert *c, const char *name, const void *value, size_t len,
			  struct mkd_err *err)
{
	const struct mkd_xattr *old = find(c, name);
	int r;

	if (old && !equal(old, value, len))
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
				"its extended attribute '%.100s' is there twice", name);
	if (old || take_acl(c, name, value, len))
		return 0;
	r = mkd_policy_xattr(name, c->e.type == MKD_FT_REG || c->e.type == MKD_FT_DIR, err);
	if (r == 0)
		r = check_limits(c, name, len, err);
	if (r == 0)
		c->xattrs[c->n_xattrs++] = (struct mkd_xattr){ name, value, len };
	return r;
}

int mkd_convert_begin(struct mkd_convert *c, const struct mkd_member *m, int64_t size_bytes,
		      struct mkd_err *err)
{
	int r;

	c->m = m;
	c->e = (struct mkd_entry){ .type = type_of(m) };
	c->n_xattrs = c->xattr_bytes = 0;
	memset(c->acl, 0, sizeof(c->acl));
	r = set_names(c, err);
	/* The attributes of a hard link are those of the file, which came before. */
	if (r < 0 || c->e.type == MKD_FT_HARDLINK)
		return r;
	r = set_numbers(c, size_bytes, err);
	for (size_t i = 0; r == 0 && i < m->n_xattrs; i++)
		r = mkd_convert_add_xattr(c, m->xattrs[i].name, m->xattrs[i].value,
					  m->xattrs[i].len, err);
	return r;
}

/* Put a checked ACL among the attributes; an access ACL also rules the mode. */
static int keep_acl(struct mkd_convert *c, int which, struct mkd_err *err)
{
	struct mkd_buf *value = &c->acl_value[which];

	if (!c->scratch.n)
		return 0;
	if (c->e.type == MKD_FT_LNK)
		return refuse(err, "it is a symlink with an ACL");
	if (which == DEFAULT && c->e.type != MKD_FT_DIR)
		return refuse(err, "it has a default ACL but is no folder");
	if (which == ACCESS) {
		c->e.mode = (uint16_t)((c->e.mode & 07000) | mkd_acl_mode(&c->scratch));
		if (mkd_acl_is_mode(&c->scratch))
			return 0;
	}
	mkd_buf_reset(value);
	mkd_acl_encode(&c->scratch, value);
	c->xattrs[c->n_xattrs++] = (struct mkd_xattr){ acl_names[which], value->data, value->len };
	return mkd_buf_check(value, err);
}

static int add_acl(struct mkd_convert *c, int which, const char *text, struct mkd_err *err)
{
	const struct mkd_xattr *raw = &c->acl[which];
	int r;

	if (raw->name)
		r = mkd_acl_from_xattr(raw->value, raw->len, &c->scratch, err);
	else if (text)
		r = mkd_acl_from_text(text, &c->scratch, err);
	else
		return 0;
	return r < 0 ? r : keep_acl(c, which, err);
}

int mkd_convert_end(struct mkd_convert *c, struct mkd_entry *ret, struct mkd_err *err)
{
	int r = 0;

	if (c->e.type != MKD_FT_HARDLINK) {
		r = add_acl(c, ACCESS, c->m->acl_access, err);
		if (r == 0)
			r = add_acl(c, DEFAULT, c->m->acl_default, err);
		c->e.xattrs = c->n_xattrs ? c->xattrs : NULL;
		c->e.n_xattrs = c->n_xattrs;
	}
	if (r == 0)
		*ret = c->e;
	return r;
}

void mkd_convert_free(struct mkd_convert *c)
{
	if (!c)
		return;
	mkd_buf_free(&c->path);
	mkd_buf_free(&c->target);
	for (int i = 0; i < N_ACLS; i++)
		mkd_buf_free(&c->acl_value[i]);
	free(c->xattrs);
	free(c);
}
