/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.h - every decision that does not need the tarball or the disk, typed and checked, before
 * anything is touched. Strings are owned by the plan. 0 or NULL = not asked for, unless said.
 */
#ifndef MKDOMU_PLAN_H
#define MKDOMU_PLAN_H

#include "mkdomu/layout.h"
#include "mkdomu/plan_net.h"

struct mkd_fileop; /* fileop.h */
struct mkd_user;   /* users.h */

enum mkd_manifest { MKD_MANIFEST_QUICK, MKD_MANIFEST_FULL, MKD_MANIFEST_NONE };

struct mkd_plan {
	const char *profile;     /* its name: the base name without ".conf" */
	const char *profile_dir; /* the folder of its file; NULL = not known */

	/* source: tarball NULL = from the mirrors */
	struct mkd_strv mirrors, signers;
	const char *arch, *variant, *keyring;
	/* of kind "files": file is set; as struct mkd_source_files, with all names put in */
	const char *folder, *file, *list, *list_signature, *file_signature, *signify_key;
	const char *tarball, *signature, *sha512, *sha256;
	bool unverified, offline;
	const char *cache_dir;
	const char *strip; /* the folder in the tarball that is the root */
	unsigned threads;

	/* disk */
	const char *disk;      /* absolute; VG/LV is /dev/VG/LV */
	bool disk_is_device;   /* else an image, which may not exist yet */
	const char *swap_disk; /* swap_kind DISK: as disk */
	bool swap_is_device;
	enum mkd_swap_kind swap_kind;
	enum mkd_layout_kind layout;
	uint64_t size_bytes; /* of an image; of a device 0 = all of it */
	uint64_t swap_bytes; /* 0 = all of the swap device, or no swap */
	bool force;

	/* hooks, in order; empty with --no-hooks */
	struct mkd_strv hooks;
	struct mkd_strv hook_paths; /* of each, the executable; "" = to be found by its name */
	bool hooks_built_in;        /* those without a path are, and are not looked for */

	/* what follows the hooks, in order; allocated */
	struct mkd_fileop *fileops;
	size_t n_fileops;

	/* domain; names are always set */
	const char *name, *hostname;
	const char *timezone, *locale, *keymap;
	const char *type; /* "pv", "pvh" */
	const char *kernel, *ramdisk, *extra;
	bool boot_guest;                        /* its own kernel: then kernel is NULL */
	const char *kernel_dir;                 /* where that goes; NULL without boot_guest */
	bool kernel_dir_given;                  /* else it may have to be made */
	const char *modules;                    /* a folder of this host; NULL = none */
	unsigned memory_mib, maxmem_mib, vcpus; /* maxmem 0 = not asked for */
	const char *on_poweroff, *on_reboot, *on_crash;
	struct mkd_nic nics[MKD_IFACES]; /* and the VLANs on them */
	size_t n_nics;
	const char *cfg_path; /* always set */
	enum mkd_manifest manifest;
	const char *manifest_path; /* NULL = none */

	/* access and identity */
	const char *root_password;     /* "locked", "disabled"; NULL = keep, or by the file */
	const char *root_password_out; /* where a random one goes; NULL = none is made */
	const char *root_password_file, *authorized_keys_file;
	struct mkd_user *users; /* in the order given; allocated */
	size_t n_users;
	const char *seed;
	const uint8_t *start_sha256; /* 32 bytes; NULL = of the tarball, see identity.h */
	int64_t epoch_sec; /* of all times that are made; 0 = by environment and tarball */
	bool again;        /* built to compare: this host's kernel and the machine do not matter */

	struct mkd_strv pool; /* owns the strings */
};

/*
 * Check and convert. profile is its name or path. NULL = none: then every built-in hook runs,
 * where a profile's hooks are those that it lists. Files are looked at (stat(2)), none is opened.
 * Errors name the origin of the value and what would be right:
 *	-EINVAL  a value is wrong, missing, or contradicts another (USAGE)
 *	-ERANGE  a size over 2^63 - 1 bytes (USAGE)
 *	-E2BIG   more than MKD_NICS interfaces, or addresses of one (USAGE)
 *	-ENOENT  --disk or --swap is a device or volume that is not there (TARGET)
 *	-ENOMEM
 * A value's origin tells what it is worth: one from the command line ("--size") beats and
 * contradicts, where one from a profile ("x.conf:3") is only a default. So a profile's size is that
 * of images, and never cuts a device short.
 */
must_check int mkd_plan_make(const struct mkd_settings *s, const char *profile,
			     struct mkd_plan *ret, struct mkd_err *err);

/*
 * The domain name when none is given. Pure: "web1" for ".../web1.img", "vg0/web1" and
 * "/dev/mapper/web1"; "<profile>-sdb10" for a plain device node ("guest-sdb10" without a profile).
 * ".img" and ".raw" at the end go, characters outside [A-Za-z0-9_.-] become '-'. The result need
 * not pass mkd_plan_name_check.
 * -ENOMEM
 */
must_check int mkd_plan_name(const char *disk, const char *profile, char **ret,
			     struct mkd_err *err);

/*
 * A domain name fit for xl and xendomains: 1..64 of [A-Za-z0-9_.-], a letter or digit first, not
 * all digits (xl would read a domid), not Domain-0. -EINVAL (USAGE)
 */
must_check int mkd_plan_name_check(const char *name, const char *origin, struct mkd_err *err);

/* One line a decision, "key: value   (origin)", for --dry-run. */
void mkd_plan_explain(const struct mkd_plan *p, const struct mkd_settings *s, struct mkd_buf *ret);

void mkd_plan_free(struct mkd_plan *p);

#endif
