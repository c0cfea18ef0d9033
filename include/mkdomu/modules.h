/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * modules.h - a kernel's modules, from a folder of this host into the guest: /lib/modules/VERSION
 * as kmod and depmod(8) have it. Content comes along, and nothing else: files are root's, 0644,
 * folders 0755. The links "build" and "source" stay behind, for they lead to a kernel's source.
 *
 * What is read is known by the digest of copyin.h's list (mkdomuCopy1), with those permissions and
 * VERSION as the first folder.
 */
#ifndef MKDOMU_MODULES_H
#define MKDOMU_MODULES_H

#include "mkdomu/tree.h"
#include "mkdomu/ui.h"

/* A tree of the guest takes no larger file, and keeps all of them in memory until it is closed. */
#define MKD_MODULES_FILE_MAX  (64 * MIB)
#define MKD_MODULES_TOTAL_MAX GIB
#define MKD_MODULES_FILES_MAX 20000

struct mkd_module_file {
	char *path; /* below the folder: "kernel/fs/ext4/ext4.ko"; "" = itself, the first */
	bool is_dir;
	uint8_t sha256[32]; /* of a file */
};

/* Zero-initialise; release with mkd_modules_free. */
struct mkd_modules {
	char *dir;           /* of this host, without links: "/lib/modules/6.1.0-44-amd64" */
	const char *version; /* its last component */
	struct mkd_module_file *v;
	size_t n; /* sorted by byte */
	uint64_t size_bytes;
	uint8_t sha256[32];
	struct mkd_buf builtin, dep; /* modules.builtin, which may be missing, and modules.dep */
};

/*
 * Read path: a folder with modules.dep, or one that holds such a folder. version is the kernel's;
 * NULL = not known: then likely (or NULL) tells which folder to look for, and no more. That all
 *modules which depmod lists are there is checked. origin is "--modules". -EINVAL  no name of a
 *version; the folder of version is asked for and version not known; depmod's files are old; a link
 *or another thing that is no file (USAGE) -EBADMSG the folder is that of another version (USAGE)
 *	-ENOENT  no such folder, or no files of depmod in it: says what to run (USAGE)
 *	-EFBIG   over MKD_MODULES_FILE_MAX a file, or MKD_MODULES_TOTAL_MAX (USAGE)
 *	-E2BIG   over MKD_MODULES_FILES_MAX files (USAGE)
 *	-EINTR   a signal asked to stop
 *	-ENOMEM  (INTERNAL)
 *	other    of opendir(3), readdir(3), stat(2) (USAGE)
 *	and mkd_file_read, mkd_sha256
 */
must_check int mkd_modules_read(const char *path, const char *version, const char *likely,
				const char *origin, struct mkd_modules *ret, struct mkd_err *err);

/*
 * Make base/VERSION of the guest (base: "/lib/modules") the same, and nothing but the same: what
 * else is there goes.
 *	-EBADMSG a file of this host has changed since it was read (USAGE)
 *	-EINTR   a signal asked to stop
 *	-ENOMEM  (INTERNAL)
 *	and mkd_file_read, mkd_sha256, mkd_tree_stat, mkd_tree_list, mkd_tree_mkdirs,
 *	    mkd_tree_write, mkd_tree_remove, mkd_tree_chmod, mkd_tree_chown
 */
must_check int mkd_modules_put(const struct mkd_modules *m, struct mkd_tree *t, const char *base,
			       struct mkd_err *err);

/*
 * Where the guest has a driver, as "xen-blkfront", by modules.builtin and modules.dep: '-' and '_'
 * are the same, and the file may be compressed. Pure.
 */
enum mkd_driver { MKD_DRIVER_NONE, MKD_DRIVER_MODULE, MKD_DRIVER_BUILTIN };
enum mkd_driver mkd_modules_driver(const struct mkd_modules *m, const char *name);

void mkd_modules_free(struct mkd_modules *m);

#endif
