/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/tree_ram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/tree_walk.h"

#define NONE UINT32_MAX

struct node {
	char *name;
	uint32_t parent, child, sibling; /* the first one in it, the next one beside it */
	uint32_t same;                   /* the node that a hard link is; NONE = itself */
	bool kept;
	struct mkd_tree_stat st;
	struct mkd_buf data; /* a file's, or a symlink's text */
};

struct ram {
	struct mkd_tree tree; /* first */
	struct node *nodes;   /* 0 is the root */
	uint32_t n, room, last;
	uint32_t *slots; /* nodes by parent and name, open addressing; a power of two of them */
	uint32_t n_slots;
	size_t kept_bytes;
};

static struct ram *ram(struct mkd_tree *t)
{
	return (struct ram *)t;
}

static uint32_t hash(uint32_t parent, const char *name, size_t len)
{
	uint32_t h = 2166136261U ^ parent * 2654435761U; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)name[i]) * 16777619U;
	return h ^ h >> 15;
}

/* The slot of a name, or the free one where it would go. */
static uint32_t *slot_of(const struct ram *m, uint32_t parent, const char *name, size_t len)
{
	uint32_t at = hash(parent, name, len) & (m->n_slots - 1);

	for (;; at = (at + 1) & (m->n_slots - 1)) {
		const struct node *n;

		if (m->slots[at] == NONE)
			return &m->slots[at];
		n = &m->nodes[m->slots[at]];
		if (n->parent == parent && strncmp(n->name, name, len) == 0 && !n->name[len])
			return &m->slots[at];
	}
}

static int grow(struct ram *m, struct mkd_err *err)
{
	uint32_t room = m->room ? 2 * m->room : 1024;
	struct node *nodes = reallocarray(m->nodes, room, sizeof(*nodes));
	uint32_t *slots;

	if (!nodes)
		return mkd_nomem(err);
	m->nodes = nodes;
	slots = calloc(2 * (size_t)room, sizeof(*slots));
	if (!slots)
		return mkd_nomem(err);
	free(m->slots);
	m->slots = slots;
	m->n_slots = 2 * room;
	m->room = room;
	memset(slots, 0xff, 2 * (size_t)room * sizeof(*slots));
	for (uint32_t i = 1; i < m->n; i++)
		*slot_of(m, nodes[i].parent, nodes[i].name, strlen(nodes[i].name)) = i;
	return 0;
}

/* The node called name in parent, made as a folder when it is not there. */
static int get_child(struct ram *m, uint32_t parent, const char *name, size_t len, uint32_t *ret,
		     struct mkd_err *err)
{
	uint32_t *slot;
	struct node *n;
	char *copy;
	int r = m->n == m->room ? grow(m, err) : 0;

	if (r < 0)
		return r;
	slot = slot_of(m, parent, name, len);
	if (*slot != NONE) {
		*ret = *slot;
		return 0;
	}
	if (m->n >= MKD_TREE_RAM_NODES)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EFBIG,
				"it has over %u files and folders, more than are looked at",
				(unsigned)MKD_TREE_RAM_NODES);
	copy = strndup(name, len);
	if (!copy)
		return mkd_nomem(err);
	n = &m->nodes[m->n];
	*n = (struct node){ .name = copy,
			    .parent = parent,
			    .child = NONE,
			    .sibling = m->nodes[parent].child,
			    .same = NONE,
			    .st = { .mode = S_IFDIR | 0755 } };
	m->nodes[parent].child = m->n;
	*slot = *ret = m->n++;
	return 0;
}

static int get_path(struct ram *m, const char *path, uint32_t *ret, struct mkd_err *err)
{
	uint32_t at = 0;
	int r = 0;

	for (size_t len; r == 0 && *path; path += len + (path[len] == '/')) {
		len = strcspn(path, "/");
		if (!S_ISDIR(m->nodes[at].st.mode))
			return mkd_fail(err, MKD_EXIT_ARCHIVE, ENOTDIR,
					"a member is below '%s', which is no folder",
					m->nodes[at].name);
		r = get_child(m, at, path, len, &at, err);
	}
	if (r == 0)
		*ret = at;
	return r;
}

static bool may_keep(const struct ram *m, const struct mkd_tree_stat *st)
{
	return st->size_bytes <= MKD_TREE_RAM_FILE &&
	       m->kept_bytes + st->size_bytes <= MKD_TREE_RAM_BYTES;
}

int mkd_tree_ram_add(struct mkd_tree *t, const char *path, const struct mkd_tree_stat *st,
		     const char *text, bool keep, struct mkd_err *err)
{
	struct ram *m = ram(t);
	struct node *n;
	uint32_t at;
	int r = get_path(m, path, &at, err);

	if (r < 0)
		return r;
	m->last = at;
	n = &m->nodes[at];
	n->st = *st;
	n->same = NONE;
	mkd_buf_reset(&n->data);
	if (text)
		mkd_buf_str(&n->data, text);
	n->kept = S_ISREG(st->mode) && (!st->size_bytes || (keep && may_keep(m, st)));
	if (n->kept)
		m->kept_bytes += st->size_bytes;
	return mkd_buf_check(&n->data, err);
}

static uint32_t find(const struct ram *m, const char *path)
{
	uint32_t at = 0;

	for (size_t len; at != NONE && *path; path += len + (path[len] == '/')) {
		len = strcspn(path, "/");
		at = *slot_of(m, at, path, len);
	}
	return at;
}

int mkd_tree_ram_link(struct mkd_tree *t, const char *path, const char *target, struct mkd_err *err)
{
	struct ram *m = ram(t);
	uint32_t to = find(m, target), at = 0;
	int r;

	if (to == NONE || to == 0)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, ENOENT,
				"'%s' is a hard link to '%s', which is not there", path, target);
	if (m->nodes[to].same != NONE)
		to = m->nodes[to].same;
	r = get_path(m, path, &at, err);
	if (r < 0)
		return r;
	if (at != to) {
		m->nodes[at].st = m->nodes[to].st;
		m->nodes[at].same = to;
	}
	return 0;
}

int mkd_tree_ram_data(struct mkd_tree *t, const void *data, size_t len, uint64_t offset_bytes,
		      struct mkd_err *err)
{
	static const char zeros[4096];
	struct ram *m = ram(t);
	struct node *n = &m->nodes[m->last];

	if (!n->kept || offset_bytes + len > n->st.size_bytes)
		return 0;
	while (!n->data.failed && n->data.len < offset_bytes) {
		uint64_t gap = offset_bytes - n->data.len;

		mkd_buf_add(&n->data, zeros, gap < sizeof(zeros) ? (size_t)gap : sizeof(zeros));
	}
	mkd_buf_add(&n->data, data, len);
	return mkd_buf_check(&n->data, err);
}

static int lookup(void *ctx, uint64_t dir, const char *name, struct mkd_node *ret,
		  struct mkd_err *err)
{
	const struct ram *m = ctx;
	uint32_t at = *slot_of(m, (uint32_t)dir, name, strlen(name));

	(void)err;
	*ret = (struct mkd_node){ 0 };
	if (at == NONE)
		return 0;
	ret->id = m->nodes[at].same == NONE ? at : m->nodes[at].same;
	ret->type = S_ISDIR(m->nodes[ret->id].st.mode)   ? MKD_NODE_DIR
		    : S_ISLNK(m->nodes[ret->id].st.mode) ? MKD_NODE_LINK
							 : MKD_NODE_OTHER;
	return 0;
}

static int link_text(void *ctx, uint64_t link, struct mkd_buf *ret, struct mkd_err *err)
{
	const struct ram *m = ctx;

	mkd_buf_add(ret, mkd_buf_cstr(&m->nodes[link].data), m->nodes[link].data.len);
	return mkd_buf_check(ret, err);
}

static int get(struct mkd_tree *t, const char *path, bool follow, const struct node **ret,
	       struct mkd_err *err)
{
	const struct mkd_walk_fs fs = { .ctx = t, .lookup = lookup, .readlink = link_text };
	struct mkd_walk at;
	int r = mkd_walk(&fs, path, follow, &at, err);

	if (r < 0)
		return r;
	if (at.node.type == MKD_NODE_NONE)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT, "there is no '%s'", at.name);
	*ret = &ram(t)->nodes[at.node.id];
	return 0;
}

static int ram_stat(struct mkd_tree *t, const char *path, bool follow, struct mkd_tree_stat *ret,
		    struct mkd_err *err)
{
	const struct node *n = NULL;
	int r = get(t, path, follow, &n, err);

	if (r == 0 && n)
		*ret = n->st;
	return r;
}

static int ram_read(struct mkd_tree *t, const char *path, size_t max_bytes, struct mkd_buf *ret,
		    struct mkd_err *err)
{
	const struct node *n = NULL;
	int r = get(t, path, true, &n, err);

	if (r < 0 || !n)
		return r;
	if (S_ISDIR(n->st.mode))
		return mkd_fail(err, MKD_EXIT_HOOK, EISDIR, "it is a folder");
	if (!S_ISREG(n->st.mode))
		return mkd_fail(err, MKD_EXIT_HOOK, EINVAL, "it is no regular file");
	if (!n->kept || n->st.size_bytes > max_bytes)
		return mkd_fail(err, MKD_EXIT_HOOK, EFBIG, "its content is too large to look at");
	mkd_buf_add(ret, mkd_buf_cstr(&n->data), n->data.len);
	for (size_t i = n->data.len; !ret->failed && i < n->st.size_bytes; i++)
		mkd_buf_add(ret, "", 1); /* a hole at the end */
	return mkd_buf_check(ret, err);
}

static int ram_readlink(struct mkd_tree *t, const char *path, struct mkd_buf *ret,
			struct mkd_err *err)
{
	const struct node *n = NULL;
	int r = get(t, path, false, &n, err);

	if (r < 0 || !n)
		return r;
	if (!S_ISLNK(n->st.mode))
		return mkd_fail(err, MKD_EXIT_HOOK, EINVAL, "it is no symlink");
	mkd_buf_add(ret, mkd_buf_cstr(&n->data), n->data.len);
	return mkd_buf_check(ret, err);
}

static int ram_list(struct mkd_tree *t, const char *path, struct mkd_strv *ret, struct mkd_err *err)
{
	const struct ram *m = ram(t);
	const struct node *n = NULL;
	int r = get(t, path, true, &n, err);

	if (r < 0 || !n)
		return r;
	if (!S_ISDIR(n->st.mode))
		return mkd_fail(err, MKD_EXIT_HOOK, ENOTDIR, "it is no folder");
	for (uint32_t i = n->child; r == 0 && i != NONE; i = m->nodes[i].sibling)
		r = mkd_strv_add(ret, m->nodes[i].name, err);
	return r;
}

static int read_only(struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_INTERNAL, EROFS, "the tree is there to read only");
}

static int ram_write(struct mkd_tree *t, const char *path, const void *data, size_t len,
		     mode_t mode, struct mkd_err *err)
{
	(void)t, (void)path, (void)data, (void)len, (void)mode;
	return read_only(err);
}

static int ram_symlink(struct mkd_tree *t, const char *target, const char *path,
		       struct mkd_err *err)
{
	(void)t, (void)target, (void)path;
	return read_only(err);
}

static int ram_mode(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err)
{
	(void)t, (void)path, (void)mode;
	return read_only(err);
}

static int ram_remove(struct mkd_tree *t, const char *path, struct mkd_err *err)
{
	(void)t, (void)path;
	return read_only(err);
}

static int ram_chown(struct mkd_tree *t, const char *path, uint32_t uid, uint32_t gid,
		     struct mkd_err *err)
{
	(void)t, (void)path, (void)uid, (void)gid;
	return read_only(err);
}

struct mkd_tree *mkd_tree_ram_new(void)
{
	static const struct mkd_tree_ops ops = {
		ram_stat,    ram_read, ram_readlink, ram_list, ram_write,
		ram_symlink, ram_mode, ram_remove,   ram_mode, ram_chown,
	};
	struct ram *m = calloc(1, sizeof(*m));
	struct mkd_err ignored;

	if (!m || grow(m, &ignored) < 0 || !m->nodes) {
		if (m)
			free(m->nodes);
		free(m);
		return NULL;
	}
	m->tree.ops = &ops;
	m->nodes[0] = (struct node){
		.child = NONE, .sibling = NONE, .same = NONE, .st = { .mode = S_IFDIR | 0755 }
	};
	m->n = 1;
	return &m->tree;
}

void mkd_tree_ram_free(struct mkd_tree *t)
{
	struct ram *m = ram(t);

	if (!m)
		return;
	for (uint32_t i = 0; i < m->n; i++) {
		free(m->nodes[i].name);
		mkd_buf_wipe(&m->nodes[i].data);
	}
	free(m->nodes);
	free(m->slots);
	free(m);
}
