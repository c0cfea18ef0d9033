/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/acl.h"

#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>

#define FIELDS_MAX 5 /* default:user:name:rwx:id */

struct span {
	const char *p;
	size_t len;
};

static int broken(struct mkd_err *err, const char *why)
{
	return mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG, "its ACL is damaged: %s", why);
}

static bool is_named(uint16_t tag)
{
	return tag == ACL_USER || tag == ACL_GROUP;
}

static bool is(struct span s, const char *word, const char *letter)
{
	return (s.len == strlen(word) && memcmp(s.p, word, s.len) == 0) ||
	       (s.len == 1 && s.p[0] == letter[0]);
}

static size_t split(struct span s, struct span f[static FIELDS_MAX])
{
	size_t n = 0;

	for (;; n++) {
		const char *colon = memchr(s.p, ':', s.len);

		if (n == FIELDS_MAX)
			return FIELDS_MAX + 1;
		f[n] = (struct span){ s.p, colon ? (size_t)(colon - s.p) : s.len };
		if (!colon)
			return n + 1;
		s.len -= (size_t)(colon + 1 - s.p);
		s.p = colon + 1;
	}
}

static bool parse_perm(struct span s, uint16_t *ret)
{
	static const char letters[] = "rwx";
	uint16_t perm = 0;

	if (s.len != 3)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (s.p[i] == letters[i])
			perm |= (uint16_t)(4 >> i);
		else if (s.p[i] != '-')
			return false;
	}
	*ret = perm;
	return true;
}

static bool parse_id(struct span s, uint32_t *ret)
{
	uint64_t v = 0;

	if (!s.len || s.len > 10)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*ret = (uint32_t)v;
	return v < UINT32_MAX;
}

/* user:QUALIFIER:PERM[:ID] or group:..., both fields may be empty for the owner. */
static int parse_owner(const struct span *f, size_t n, bool user, struct mkd_ace *ret,
		       struct mkd_err *err)
{
	if (n < 3 || n > 4 || !parse_perm(f[2], &ret->perm))
		return broken(err, "an entry is not tag:id:rwx");
	if (!f[1].len) {
		ret->tag = user ? ACL_USER_OBJ : ACL_GROUP_OBJ;
		return n == 3 || !f[3].len ? 0 : broken(err, "an id without a name");
	}
	ret->tag = user ? ACL_USER : ACL_GROUP;
	if (n == 4 ? parse_id(f[3], &ret->id) : parse_id(f[1], &ret->id))
		return 0;
	return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
			"its ACL names %s '%.*s' without a number; pack it with numeric ids",
			user ? "user" : "group", (int)f[1].len, f[1].p);
}

/* mask:PERM and other:PERM, or with an empty field between. */
static int parse_plain(const struct span *f, size_t n, uint16_t tag, struct mkd_ace *ret,
		       struct mkd_err *err)
{
	if (n < 2 || n > 3 || (n == 3 && f[1].len) || !parse_perm(f[n - 1], &ret->perm))
		return broken(err, "an entry is not tag::rwx");
	ret->tag = tag;
	return 0;
}

static int parse_entry(struct span s, struct mkd_acl *a, struct mkd_err *err)
{
	struct span fields[FIELDS_MAX], *f = fields;
	size_t n = split(s, fields);
	struct mkd_ace e = { .id = UINT32_MAX };
	int r;

	if (n > FIELDS_MAX)
		return broken(err, "an entry has too many fields");
	if (is(f[0], "default", "d")) {
		f++;
		n--;
	}
	if (n && is(f[0], "user", "u"))
		r = parse_owner(f, n, true, &e, err);
	else if (n && is(f[0], "group", "g"))
		r = parse_owner(f, n, false, &e, err);
	else if (n && is(f[0], "mask", "m"))
		r = parse_plain(f, n, ACL_MASK, &e, err);
	else if (n && is(f[0], "other", "o"))
		r = parse_plain(f, n, ACL_OTHER, &e, err);
	else
		r = broken(err, "an entry is not for user, group, mask or other");
	if (r < 0)
		return r;
	if (a->n == MKD_ACL_MAX)
		return broken(err, "it has over 1024 entries");
	a->e[a->n++] = e;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct mkd_ace *x = a, *y = b;

	if (x->tag != y->tag)
		return x->tag < y->tag ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* What posix_acl_valid() demands, and no entry twice. Entries are sorted. */
static int check(struct mkd_acl *a, struct mkd_err *err)
{
	static const uint16_t once[] = { ACL_USER_OBJ, ACL_GROUP_OBJ, ACL_OTHER, ACL_MASK };
	size_t count[ARRAY_LEN(once)] = { 0 }, named = 0;

	if (!a->n)
		return 0;
	qsort(a->e, a->n, sizeof(a->e[0]), compare);
	for (size_t i = 0; i < a->n; i++) {
		if (i && compare(&a->e[i - 1], &a->e[i]) == 0)
			return broken(err, "an entry is there twice");
		named += is_named(a->e[i].tag);
		for (size_t k = 0; k < ARRAY_LEN(once); k++)
			count[k] += a->e[i].tag == once[k];
	}
	if (count[0] != 1 || count[1] != 1 || count[2] != 1)
		return broken(err, "the entry of the owner, the group or others is missing");
	if (named && count[3] != 1)
		return broken(err, "it has named entries and no mask");
	return 0;
}

int mkd_acl_from_text(const char *text, struct mkd_acl *ret, struct mkd_err *err)
{
	ret->n = 0;
	for (;;) {
		struct span s = { text, strcspn(text, ",\n") };
		int r = s.len ? parse_entry(s, ret, err) : 0;

		if (r < 0)
			return r;
		text += s.len;
		if (!*text)
			break;
		text++;
	}
	return check(ret, err);
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int decode_entry(const uint8_t *p, struct mkd_ace *ret, struct mkd_err *err)
{
	*ret = (struct mkd_ace){
		.tag = (uint16_t)(p[0] | p[1] << 8),
		.perm = (uint16_t)(p[2] | p[3] << 8),
		.id = le32(p + 4),
	};
	if (ret->perm & ~7)
		return broken(err, "an entry has unknown permission bits");
	switch (ret->tag) {
	case ACL_USER:
	case ACL_GROUP:
		return ret->id == UINT32_MAX ? broken(err, "an entry has the id 4294967295") : 0;
	case ACL_USER_OBJ:
	case ACL_GROUP_OBJ:
	case ACL_MASK:
	case ACL_OTHER:
		ret->id = UINT32_MAX;
		return 0;
	default:
		return broken(err, "an entry has an unknown tag");
	}
}

int mkd_acl_from_xattr(const void *value, size_t len, struct mkd_acl *ret, struct mkd_err *err)
{
	const uint8_t *p = value;
	size_t n = len < 4 ? 0 : (len - 4) / 8;

	ret->n = 0;
	if (len < 4 || (len - 4) % 8 || n > MKD_ACL_MAX)
		return broken(err, "its length fits no ACL of at most 1024 entries");
	if (le32(p) != POSIX_ACL_XATTR_VERSION)
		return broken(err, "its version is not 2");
	for (; ret->n < n; ret->n++) {
		int r = decode_entry(p + 4 + 8 * ret->n, &ret->e[ret->n], err);

		if (r < 0)
			return r;
	}
	return check(ret, err);
}

bool mkd_acl_is_mode(const struct mkd_acl *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (is_named(a->e[i].tag) || a->e[i].tag == ACL_MASK)
			return false;
	return true;
}

uint16_t mkd_acl_mode(const struct mkd_acl *a)
{
	uint16_t owner = 0, group = 0, other = 0;
	bool masked = false;

	for (size_t i = 0; i < a->n; i++) {
		const struct mkd_ace *e = &a->e[i];

		if (e->tag == ACL_USER_OBJ)
			owner = e->perm;
		else if (e->tag == ACL_OTHER)
			other = e->perm;
		else if (e->tag == ACL_MASK || (e->tag == ACL_GROUP_OBJ && !masked))
			group = e->perm;
		masked |= e->tag == ACL_MASK;
	}
	return (uint16_t)(owner << 6 | group << 3 | other);
}

static void put_le(struct mkd_buf *b, uint32_t v, size_t bytes)
{
	uint8_t raw[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) };

	mkd_buf_add(b, raw, bytes);
}

void mkd_acl_encode(const struct mkd_acl *a, struct mkd_buf *ret)
{
	put_le(ret, POSIX_ACL_XATTR_VERSION, 4);
	for (size_t i = 0; i < a->n; i++) {
		put_le(ret, a->e[i].tag, 2);
		put_le(ret, a->e[i].perm, 2);
		put_le(ret, a->e[i].id, 4);
	}
}
