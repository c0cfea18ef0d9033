/* SPDX-License-Identifier: GPL-2.0-or-later */
/* look.h - the facts of a root that is not being built: in a tarball, or on a guest's disk. */
#ifndef MKDOMU_LOOK_H
#define MKDOMU_LOOK_H

#include "mkdomu/buf.h"
#include "mkdomu/ui.h"

struct mkd_look_req {
	const char *path;  /* a tarball, an image file or a block device */
	const char *strip; /* a tarball's folder that is the root, see prefix.h; NULL = all */
	unsigned threads;  /* of decompression; 0 = one a core */
	bool json;
	struct mkd_ui *ui;
};

/*
 * Append the facts to *ret, as mkd_facts_report has them. A file with a GPT or an ext4 is a disk,
 * its first ext4 the root, opened to read only; any other file is read as a tarball, under the
 * policy of a build, and nothing of it is verified. Nothing is written.
 *	-EINVAL   neither a file nor a device, or a device or GPT without an ext4 (USAGE, TARGET)
 *	-ENODATA  a tarball without entries, or without any below the folder to strip (ARCHIVE)
 *	-EINTR    a signal asked to stop
 *	-ENOMEM   (INTERNAL)
 *	other     of pread(2), lseek(2) (IO)
 * What hooks would say of a root that is damaged (HOOK) is the tarball's (ARCHIVE) or disk's (IO).
 *	and mkd_diskmap_open, mkd_gpt_read, mkd_tree_ext4_open, mkd_stream_open, mkd_entries_open,
 *	    mkd_entries_next, mkd_entries_data, mkd_tree_ram_add, mkd_tree_ram_link,
 *	    mkd_prefix_strip, mkd_facts_report
 */
must_check int mkd_look(const struct mkd_look_req *req, struct mkd_buf *ret, struct mkd_err *err);

#endif
