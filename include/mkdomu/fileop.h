/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fileop.h - changes of the guest's files that the user asks for, in the words and the argument
 * orders of virt-customize(1): "copy-in SRC:DIR", "write PATH:TEXT", "append-line PATH:LINE",
 * "delete PATH", "mkdir PATH", "link TARGET:LINK[:LINK...]", "chmod MODE:PATH", "firstboot SCRIPT".
 */
#ifndef MKDOMU_FILEOP_H
#define MKDOMU_FILEOP_H

#include <sys/types.h>

#include "mkdomu/draft.h"

#define MKD_FILEOPS_MAX 1000

enum mkd_fileop_kind {
	MKD_FILEOP_COPY_IN,
	MKD_FILEOP_WRITE,
	MKD_FILEOP_APPEND_LINE,
	MKD_FILEOP_DELETE,
	MKD_FILEOP_MKDIR,
	MKD_FILEOP_LINK,
	MKD_FILEOP_CHMOD,
	MKD_FILEOP_FIRSTBOOT,
};

/* Borrowed from the plan's pool. */
struct mkd_fileop {
	enum mkd_fileop_kind kind;
	const char *origin; /* "--write" */
	const char *src;    /* of this host, absolute: COPY_IN, FIRSTBOOT */
	const char *path;   /* in the guest, absolute; NULL with FIRSTBOOT */
	const char *text;   /* WRITE, APPEND_LINE: content; LINK: the target */
	mode_t mode;        /* CHMOD */
};

/* A file of this host that goes into the guest. */
struct mkd_copy_file {
	char *path;  /* below the folder: "site", "site/index.html"; never with ".." */
	mode_t mode; /* with the S_IF bits of a file, a folder or a symlink; permissions 0777 */
	struct mkd_buf data; /* content, or a link's text */
};

/* What one op copies, folders before what is in them; sha256 identifies it, see copyin.h. */
struct mkd_copy {
	struct mkd_copy_file *v;
	size_t n;
	uint8_t sha256[32];
};

/* The word of an op in a list of files: "copy-in". */
const char *mkd_fileop_word(enum mkd_fileop_kind kind);

/*
 * The source in the text of one that has any ("copy-in SRC:DIR", "firstboot SCRIPT"): where it
 * starts, and its length. False for the others. Pure.
 */
bool mkd_fileop_source(const char *text, size_t *ret_at, size_t *ret_len);

/*
 * The values of MKD_KEY_FILES into the plan's list of ops.
 *	-EINVAL  not one of these, an empty part, a path that is not absolute or has control
 *	         characters, a mode that is not octal, text that is not UTF-8 (USAGE)
 *	-E2BIG   over MKD_FILEOPS_MAX, or a path over 4095 bytes (USAGE)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_value_path
 */
must_check int mkd_fileops_plan(const struct mkd_draft *j);

#endif
