/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.h - what a member of a root tarball may be called and which numbers it may carry. Pure:
 * text and numbers in, text and numbers out. Rules that need the tree (a member below a symlink, a
 * duplicate, a hard link to nothing) are the writer's, which has the tree.
 */
#ifndef MKDOMU_POLICY_H
#define MKDOMU_POLICY_H

#include "mkdomu/buf.h"

#define MKD_PATH_MAX_BYTES   65536 /* of a path; the kernel's 4095 bind system calls only */
#define MKD_NAME_MAX_BYTES   255   /* of one component (EXT4_NAME_LEN) */
#define MKD_TARGET_MAX_BYTES 4095  /* of a symlink: one block of 4096 with a NUL */
#define MKD_XATTRS_MAX       1000
#define MKD_XATTR_MAX_BYTES  65536  /* of one value; the kernel's XATTR_SIZE_MAX */
#define MKD_XATTRS_MAX_BYTES 262144 /* of all names and values of a member */

/* What ext4 holds with 256-byte inodes: 34 bits of seconds from -2^31 (fs/ext4/ext4.h). */
#define MKD_TIME_MIN INT64_C(-2147483648)
#define MKD_TIME_MAX INT64_C(15032385535)

/* 2^32 - 1 blocks of 4096 bytes (ee_block is 32 bits). */
#define MKD_FILE_MAX_BYTES ((UINT64_C(1) << 44) - 4096)

/*
 * Normalise a member's or hard link's path into *ret (reset first): relative, single slashes, no
 * "." components, no slash at the end; "" is the root folder. Bytes are kept as they are.
 *	-EPERM   empty, absolute, with a ".." component, a component over 255 bytes, over 65536
 *	         bytes in all (ARCHIVE); the message ends a sentence that began with the name
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_policy_path(const char *raw, struct mkd_buf *ret, struct mkd_err *err);

/* True when the path says that it is a folder: it ends in '/', "/." or is "." */
bool mkd_policy_says_folder(const char *raw);

/* A symlink's text: not empty, at most 4095 bytes; else -EPERM (ARCHIVE). Where it points is no
 * matter here: nobody follows it while the image is written. */
must_check int mkd_policy_symlink(const char *text, struct mkd_err *err);

/* what is "uid" or "gid": 0 .. 2^32 - 2, else -ERANGE (ARCHIVE); -1 means "no change" to chown. */
must_check int mkd_policy_id(const char *what, int64_t v, uint32_t *ret, struct mkd_err *err);

/* Linux device numbers: major 0..4095, minor 0..2^20 - 1, else -ERANGE (ARCHIVE). */
must_check int mkd_policy_device(int64_t major, int64_t minor, uint32_t *ret_major,
				 uint32_t *ret_minor, struct mkd_err *err);

/* 0 .. 2^44 - 4096, else -ERANGE (ARCHIVE). */
must_check int mkd_policy_size(int64_t v, uint64_t *ret_bytes, struct mkd_err *err);

/* Times outside ext4's range become its nearest end; the nanoseconds are then 0. True if so. */
bool mkd_policy_clamp_time(int64_t *sec, uint32_t *nsec);

/*
 * A name of an extended attribute: security., user. or trusted. and something behind, at most 255
 * bytes; user. on files and folders only, as the kernel has it. Else -EPERM (ARCHIVE).
 * The POSIX ACLs do not come this way.
 */
must_check int mkd_policy_xattr(const char *name, bool file_or_folder, struct mkd_err *err);

#endif
