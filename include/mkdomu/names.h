/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names.h - the directory entries of a file system that is being written: (folder, name) -> inode,
 * found by hash, kept in the order in which they were made. Inode numbers only; no format.
 */
#ifndef MKDOMU_NAMES_H
#define MKDOMU_NAMES_H

#include "mkdomu/err.h"

struct mkd_name {
	uint32_t dir, ino; /* ino 0: removed */
	uint32_t text;     /* where its bytes are; mkd_names_text */
	uint32_t hash;     /* of the table; free for others once the table is done */
	uint8_t len, ftype;
};

struct mkd_names {
	struct mkd_name *v;
	size_t n, cap;
	char *text;
	size_t text_len, text_cap;
	uint32_t *slot; /* index into v, plus 1; a power of two of them */
	size_t n_slots;
};

static inline const char *mkd_names_text(const struct mkd_names *t, const struct mkd_name *e)
{
	return t->text + e->text;
}

/* The live entry, or NULL; valid until the next mkd_names_set. */
struct mkd_name *mkd_names_find(const struct mkd_names *t, uint32_t dir, const char *name,
				uint8_t len);

/*
 * Add an entry, or change the one of that name.
 *	-ENOMEM  also for over 4 GiB of names (INTERNAL)
 */
must_check int mkd_names_set(struct mkd_names *t, const struct mkd_name *e, const char *name,
			     struct mkd_err *err);

void mkd_names_free(struct mkd_names *t);

#endif
