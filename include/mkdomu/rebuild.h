/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rebuild.h - is a guest's disk what its manifest says: it is built again from the inputs that are
 * recorded there, into a temporary image, and every byte that a layout owns (diskmap.h) is
 * compared. The disk itself is only read, and nothing in it is interpreted. Needs no privileges.
 */
#ifndef MKDOMU_REBUILD_H
#define MKDOMU_REBUILD_H

#include "mkdomu/buf.h"
#include "mkdomu/ui.h"

struct mkd_rebuild_req {
	const char *disk;     /* image or device */
	const char *swap;     /* its second disk; NULL = is not compared */
	const char *manifest; /* NULL = NAME.manifest.json, by the disk's name, beside the image or,
			     for a device, in /etc/xen */
	/*
	 * NULL = from the cache, else from where it came. What is given need not have the recorded
	 * digest: the same members in another compression make the same disk, and of others one
	 * wants to know in what they differ.
	 */
	const char *tarball;
	bool offline;
	const char *cache_dir; /* NULL = as usual */
	/* What a manifest never has; needed when the guest was made with it. */
	const char *password_file, *keys_file, *seed;
	const char *inputs;    /* the folder of what was copied in, by the names of then */
	const char *hooks_dir; /* of its external hooks; NULL = none is given */
	unsigned threads;
	struct mkd_ui *ui;
};

/*
 * The temporary image is in a folder of its own below $TMPDIR and takes the space of the guest's
 * files. *ret gets the report.
 *	-EBADMSG  the disk differs, is smaller than the manifest says, or the manifest's digest
 *	          is not that of the disk (VERIFY); the message names the first place, and ui has
 *	          been told of more
 *	-EBADMSG  an external hook has not the recorded digest (VERIFY)
 *	-EINVAL   the guest was made with an external hook, and no folder is given (USAGE)
 *	-EINVAL   the disk is neither a file nor a block device, or there is no second one (USAGE)
 *	-EOPNOTSUPP  a GPT on a device with sectors of 4096 bytes, or on one of which --size
 *	          used a part, or a hook that had the disk mounted (TARGET)
 *	-ENOENT   no such disk or manifest (USAGE); the tarball is not to be had (NET)
 *	-ENOMEM   (INTERNAL)
 *	other     of open(2), fstat(2) on the disk (USAGE), lseek(2) (IO)
 *	and mkd_plan_name, mkd_file_read, mkd_record_parse, mkd_tarball_cached, mkd_workroom_make,
 *	    mkd_replan_settings, mkd_plan_make, mkd_build_run, mkd_diskmap_make, mkd_diskdiff,
 *	    mkd_diskdigest_fd, mkd_exthook_find
 */
must_check int mkd_rebuild_verify(const struct mkd_rebuild_req *req, struct mkd_buf *ret,
				  struct mkd_err *err);

#endif
