/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.h - every decision that does not need the tarball or the disk, typed and checked, before
 * anything is touched. Strings are owned by the plan. 0 or NULL = not asked for, unless said.
 */
#ifndef MKDOMU_PLAN_H
#define MKDOMU_PLAN_H

#include "mkdomu/layout.h"
#include "mkdomu/net.h"
#include "mkdomu/settings.h"

#define MKD_NICS 8

struct mkd_plan {
	const char *profile; /* its name: the base name without ".conf" */

	/* source: tarball NULL = from the mirrors */
	struct mkd_strv mirrors, signers;
	const char *arch, *variant, *keyring;
	const char *tarball, *signature, *sha512;
	bool unverified, offline;
	const char *cache_dir;
	unsigned threads;

	/* disk */
	const char *disk;
	const char *swap_disk; /* swap_kind DISK */
	enum mkd_swap_kind swap_kind;
	enum mkd_layout_kind layout;
	uint64_t size_bytes, swap_bytes;
	bool force;

	/* hooks, in order; empty with --no-hooks */
	struct mkd_strv hooks;

	/* domain; names are always set */
	const char *name, *hostname;
	const char *type; /* "pv", "pvh" */
	const char *kernel, *ramdisk, *extra;
	unsigned memory_mib, maxmem_mib, vcpus;
	const char *on_poweroff, *on_reboot, *on_crash;
	struct mkd_nic nics[MKD_NICS];
	size_t n_nics;
	const char *cfg_path; /* always set */

	/* access and identity */
	const char *root_password_file, *authorized_keys_file;
	const char *seed;

	struct mkd_strv pool; /* owns the strings */
};

/*
 * Check and convert. profile is its name (NULL = none). Errors name the origin of the value and
 * what would be right:
 *	-EINVAL  a value is wrong, missing, or contradicts another (USAGE)   -ENOMEM
 */
must_check int mkd_plan_make(const struct mkd_settings *s, const char *profile,
			     struct mkd_plan *ret, struct mkd_err *err);

/*
 * The domain name when none is given. Pure: "web1" for ".../web1.img" and "vg0/web1";
 * "<profile>-sdb10" for a plain device node. Characters outside [A-Za-z0-9_.-] become '-'.
 */
must_check int mkd_plan_name(const char *disk, const char *profile, char **ret,
			     struct mkd_err *err);

/*
 * A domain name fit for xl and xendomains: 1..64 of [A-Za-z0-9_.-], a letter or digit first, not
 * all digits (xl would read a domid). -EINVAL (USAGE)
 */
must_check int mkd_plan_name_check(const char *name, const char *origin, struct mkd_err *err);

/* One line a decision, "key: value   (origin)", for --dry-run. */
void mkd_plan_explain(const struct mkd_plan *p, const struct mkd_settings *s, struct mkd_buf *ret);

void mkd_plan_free(struct mkd_plan *p);

#endif
