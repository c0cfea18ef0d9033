/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.h - what a hook sees of a guest's root: files by path, whatever holds them. Paths are
 * absolute inside the guest ("/etc/fstab"); symlinks are followed inside the root only, absolute
 * and ".." targets included, up to 40. Nothing ever leaves the root.
 *
 * What the errors mean, class HOOK unless said otherwise; a back end may add some, see tree_ext4.h:
 *	-ENOENT  no such file        -ENOTDIR  a component is no folder
 *	-EISDIR  is a folder         -ELOOP    over 40 symlinks
 *	-EEXIST  is there already    -ENOTEMPTY  folder with content
 *	-EFBIG   over max_bytes      -ENOSPC   no block or inode (NOSPACE)
 *	-EINVAL  not a regular file, or a bad path    -EIO... (IO)
 *	-ENAMETOOLONG  a name over 255 bytes, a path or a link's text over 4095
 * The message names the file and the operation: "cannot read '/etc/fstab': it is a folder".
 *
 * Paths may have "//" and "."; a '/' at the end is fine where a folder is meant. Of a mode only
 * the bits 07777 count. An operation that finds everything as asked changes nothing, times
 * included; one that fails with class HOOK or NOSPACE has changed nothing either (mkdirs: has
 * made some of the folders).
 */
#ifndef MKDOMU_TREE_H
#define MKDOMU_TREE_H

#include <sys/types.h>

#include "mkdomu/buf.h"

struct mkd_tree_stat {
	mode_t mode; /* with the S_IF bits */
	uint32_t uid, gid;
	uint64_t size_bytes;
};

struct mkd_tree;

/*
 * What a back end gives. Paths come clean (absolute, without "//", "." or a '/' at the end; ".."
 * is left to the walk, tree_walk.h), *ret empty; list need not sort. Messages are causes only.
 */
struct mkd_tree_ops {
	int (*stat)(struct mkd_tree *t, const char *path, bool follow, struct mkd_tree_stat *ret,
		    struct mkd_err *err);
	int (*read)(struct mkd_tree *t, const char *path, size_t max_bytes, struct mkd_buf *ret,
		    struct mkd_err *err);
	int (*readlink)(struct mkd_tree *t, const char *path, struct mkd_buf *ret,
			struct mkd_err *err);
	int (*list)(struct mkd_tree *t, const char *path, struct mkd_strv *ret,
		    struct mkd_err *err);
	int (*write)(struct mkd_tree *t, const char *path, const void *data, size_t len,
		     mode_t mode, struct mkd_err *err);
	int (*symlink)(struct mkd_tree *t, const char *target, const char *path,
		       struct mkd_err *err);
	int (*mkdir)(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err);
	int (*remove)(struct mkd_tree *t, const char *path, struct mkd_err *err);
	int (*chmod)(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err);
	int (*chown)(struct mkd_tree *t, const char *path, uint32_t uid, uint32_t gid,
		     struct mkd_err *err);
};

/* Back ends embed this as their first member. */
struct mkd_tree {
	const struct mkd_tree_ops *ops;
};

/*
 * follow = false: of the link itself.
 *	-ENOENT  (HOOK)
 *	-EINVAL, -ENAMETOOLONG  the path (HOOK)
 *	and mkd_walk
 */
must_check int mkd_tree_stat(struct mkd_tree *t, const char *path, bool follow,
			     struct mkd_tree_stat *ret, struct mkd_err *err);

/* Is there anything at path (links followed)? Errors other than "not there" count as no. */
bool mkd_tree_exists(struct mkd_tree *t, const char *path);

/*
 * Read a regular file; *ret is reset first and NUL-terminated.
 *	-ENOENT, -EISDIR, -EFBIG  (HOOK)
 *	-EINVAL, -ENAMETOOLONG  the path (HOOK)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_walk
 */
must_check int mkd_tree_read(struct mkd_tree *t, const char *path, size_t max_bytes,
			     struct mkd_buf *ret, struct mkd_err *err);

/*
 * The text of a symlink, not followed.
 *	-ENOENT, -ENAMETOOLONG  (HOOK)
 *	-EINVAL  it is none, or the path (HOOK)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_walk
 */
must_check int mkd_tree_readlink(struct mkd_tree *t, const char *path, struct mkd_buf *ret,
				 struct mkd_err *err);

/*
 * Names in a folder, which replace what *ret has: sorted by byte, without "." and "..".
 *	-ENOENT, -ENOTDIR  (HOOK)
 *	-EINVAL, -ENAMETOOLONG  the path (HOOK)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_walk
 */
must_check int mkd_tree_list(struct mkd_tree *t, const char *path, struct mkd_strv *ret,
			     struct mkd_err *err);

/*
 * Create or replace a regular file, links followed (a dangling one gets its target made). mode is
 * for a new file, owned by 0:0; an existing one keeps mode, owner and xattrs. Equal content is not
 * written again. The folder must exist.
 *	-ENOENT, -ENOTDIR, -EISDIR, -EFBIG  (HOOK)
 *	-EINVAL, -ENAMETOOLONG  the path (HOOK)
 *	-ENOSPC  (NOSPACE)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_walk
 */
must_check int mkd_tree_write(struct mkd_tree *t, const char *path, const void *data, size_t len,
			      mode_t mode, struct mkd_err *err);

/*
 * Make a symlink; one with the same text already there is success.
 *	-EEXIST  something else is there (HOOK)
 *	-ENOENT, -ENOTDIR  (HOOK)
 *	-EINVAL, -ENAMETOOLONG  the path or the target (HOOK)
 *	-ENOSPC  (NOSPACE)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_walk
 */
must_check int mkd_tree_symlink(struct mkd_tree *t, const char *target, const char *path,
				struct mkd_err *err);

/*
 * Make a folder, owned by 0:0; one already there is success and keeps its mode.
 *	-EEXIST  something else is there (HOOK)
 *	-ENOENT, -ENOTDIR  (HOOK)
 *	-EINVAL, -ENAMETOOLONG  the path (HOOK)
 *	-ENOSPC  (NOSPACE)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_walk
 */
must_check int mkd_tree_mkdir(struct mkd_tree *t, const char *path, mode_t mode,
			      struct mkd_err *err);
/*
 * As mkd_tree_mkdir, with the missing ones above it, mode 0755.
 *	-ENOTDIR  one above it is no folder (HOOK)
 *	and mkd_tree_mkdir
 */
must_check int mkd_tree_mkdirs(struct mkd_tree *t, const char *path, mode_t mode,
			       struct mkd_err *err);

/*
 * Remove a file, a link (not followed) or an empty folder; one that is not there is success.
 *	-ENOTEMPTY  (HOOK)
 *	-EINVAL  for "/" and what ends in "..", and the path (HOOK)
 *	-ENAMETOOLONG, -ENOTDIR  (HOOK)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_walk
 */
must_check int mkd_tree_remove(struct mkd_tree *t, const char *path, struct mkd_err *err);

/*
 * Both follow links. The mode is kept by chown, set-user-ID bits too.
 *	-ENOENT  (HOOK)
 *	-EINVAL, -ENAMETOOLONG  the path (HOOK)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_walk
 */
must_check int mkd_tree_chmod(struct mkd_tree *t, const char *path, mode_t mode,
			      struct mkd_err *err);
must_check int mkd_tree_chown(struct mkd_tree *t, const char *path, uint32_t uid, uint32_t gid,
			      struct mkd_err *err);

#endif
