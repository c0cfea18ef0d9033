/* SPDX-License-Identifier: GPL-2.0-or-later */
/* job.h - the state of one build, passed from stage to stage. Private to the room build. */
#ifndef MKDOMU_JOB_H
#define MKDOMU_JOB_H

#include "mkdomu/exthook.h"
#include "mkdomu/facts.h"
#include "mkdomu/identity.h"
#include "mkdomu/modules.h"
#include "mkdomu/plan.h"
#include "mkdomu/rootfs.h"
#include "mkdomu/source.h"
#include "mkdomu/target.h"
#include "mkdomu/tmpname.h"

/* The guest's own kernel and ramdisk on their way to files of this host. */
struct mkd_own_file {
	char *path;       /* NULL = there is none */
	const char *name; /* in it */
	bool exists;      /* and may be replaced */
	uint8_t sha256[32];
	struct mkd_tmpname tmp; /* of it, when path is set */
};

struct mkd_own {
	int dirfd;     /* of the folder that they go to, or -1 */
	bool dir_made; /* and was not there before */
	struct mkd_own_file of[2];
};

enum { MKD_DISK_MAIN, MKD_DISK_SWAP, MKD_DISKS };

struct mkd_job {
	const struct mkd_plan *plan;
	const struct mkd_settings *settings; /* for the manifest alone */
	struct mkd_ui *ui;
	int64_t started_ms; /* for the summary alone */

	/* inputs */
	struct mkd_buf password, keys; /* the password is wiped at release */
	struct mkd_login *logins;      /* one for each of the plan's users */
	struct mkd_copy *copies;       /* one for each of the plan's fileops */
	struct mkd_modules modules;    /* version NULL = none */
	struct mkd_exthook *ext; /* one for each of the plan's hooks; path NULL = it is built in */
	char *kernel, *ramdisk;  /* as they go into the config; ramdisk may be NULL */
	int out_dirfd;           /* of plan->root_password_out, or -1 */
	const char *out_name;    /* in it */
	bool kernel_derived;
	int64_t epoch_sec; /* SOURCE_DATE_EPOCH, or 0 */
	int cfg_dirfd;
	const char *cfg_name;      /* inside plan->cfg_path */
	bool cfg_exists;           /* and may be replaced */
	const char *manifest_name; /* in the same folder; NULL = none */
	bool manifest_exists;      /* likewise */

	/* disk; index MKD_DISK_SWAP is used when the plan has a swap disk */
	struct mkd_target_info info[MKD_DISKS];
	struct mkd_target *target[MKD_DISKS];
	size_t n_disks;
	struct mkd_layout layout;

	/* source, and what follows from its digest */
	struct mkd_source source;
	struct mkd_stream *plain; /* its plain bytes, nothing read; NULL = not yet, or no more */
	uint8_t start_sha256[32]; /* of the first MiB of the plain tar */
	char seed[256];
	struct mkd_identity id;
	struct mkd_base_identity base;
	struct mkd_nic nics[MKD_IFACES]; /* the plan's, with every MAC filled in */

	struct mkd_own *own;          /* with boot_guest, once the root is finished */
	struct mkd_buf cfg, manifest; /* finished texts */
	struct mkd_rootfs_result rootfs;
	struct mkd_facts facts;
	struct mkd_buf access; /* a sentence: how one logs in */
};

/*
 * inputs.c: what the user's files and this host say; nothing is touched.
 *	-EINVAL  SOURCE_DATE_EPOCH is no time, a password has a NUL, or secrets come
 *	         without the hook that uses them (USAGE)
 *	-EPERM   a hook is for the mounted disk, and this is not root (HOOK)
 *	-EEXIST  the file for a random password is there (TARGET)
 *	-EEXIST  the config is there and not force, or is no regular file (TARGET)
 *	-ENAMETOOLONG  the name of the config (USAGE)
 *	-EACCES  the config's folder may not be written (TARGET)
 *	and mkd_copyin_read, mkd_job_overlap, mkd_exthook_find, mkd_login_password,
 *	    mkd_login_keys_read, mkd_logins_read, mkd_job_kernel, mkd_open_parent
 */
must_check int mkd_job_inputs(void *job, struct mkd_err *err);
void mkd_job_inputs_release(void *job);

/*
 * kernels.c: the guest's kernel, its ramdisk and its modules, and what they lack.
 *	-ENOMEM  (INTERNAL)
 *	-EACCES  the folder for the guest's own kernel may not be written (TARGET)
 *	-ENOENT  there is no such folder (USAGE)
 *	and mkd_kernel_newest, mkd_kernel_look, mkd_modules_read
 */
must_check int mkd_job_kernel(struct mkd_job *j, struct mkd_err *err);

/* kernels.c: warn of what a kernel lacks for Xen, by the text of its config. */
void mkd_job_tell_config(const struct mkd_job *j, const char *text);

/*
 * overlap.c: no file may be written that is read, or twice.
 *	-EINVAL  (USAGE)
 */
must_check int mkd_job_overlap(const struct mkd_plan *plan, struct mkd_err *err);

/*
 * publish.c: disks and config get their names together, or none does.
 *	other    of write(2), fchmod(2), fsync(2) on the config (IO, NOSPACE)
 *	and mkd_tmpname_open, mkd_tmpname_commit, mkd_target_prepare, mkd_target_commit,
 *	    mkd_check_signal
 */
must_check int mkd_job_publish(void *job, struct mkd_err *err);

/*
 * config.c: identity, network and the rendered config. When the tarball is digested while it is
 * written, these are tried with a digest of zeros first, and made after rootfs by mkd_job_digest.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_stream_open, mkd_stream_peek, mkd_hash_fd, mkd_xl_render
 */
must_check int mkd_job_config(void *job, struct mkd_err *err);
must_check int mkd_job_digest(void *job, struct mkd_err *err);

/*
 * The config's text again, from what the job has now.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_xl_render
 */
must_check int mkd_job_render(struct mkd_job *j, struct mkd_err *err);

/*
 * room.c: would the tarball fit, as far as it tells before it is unpacked?
 *	and mkd_rootfs_check
 */
must_check int mkd_job_room(void *job, struct mkd_err *err);

/*
 * personalise.c: facts, hooks, superblock identity, on the finished base image.
 *	and mkd_tree_ext4_open, mkd_tree_ext4_set_identity, mkd_facts_find, mkd_hooks_run,
 *	    mkd_facts_check_arch, mkd_access_find, mkd_tree_ext4_close, mkd_external_run,
 *	    mkd_hookdisk_attach, mkd_hookdisk_detach, mkd_e4_scrub
 */
must_check int mkd_job_guest(void *job, struct mkd_err *err);

/*
 * ownkernel.c: with boot_guest, the newest vmlinuz-VERSION in the finished root's /boot and its
 * initrd into nameless files of plan->kernel_dir, to be called NAME-vmlinuz-VERSION and
 * NAME-initrd-VERSION, mode 0600; and the config once more, with these. Names are by the rules of
 * mkd_kernel_newest; where none has a version, one like vmlinuz-lts does, whose version is that in
 * its header.
 *	-ENOENT  no kernel in the guest (USAGE)
 *	-EEXIST  a file of that name is there and not force, or is no regular file (TARGET)
 *	-ENOMEM  (INTERNAL)
 *	other    of open(2) on the folder (USAGE); of write(2), fsync(2) (IO, NOSPACE)
 *	and mkd_tree_ext4_open, mkd_tree_read, mkd_tree_list, mkd_tmpname_open, mkd_kernel_look_fd,
 *	    mkd_sha256, mkd_mkdirs, mkd_job_render
 */
must_check int mkd_job_own_kernel(void *job, struct mkd_err *err);
void mkd_job_own_rollback(void *job);
void mkd_job_own_release(void *job);

/*
 * manifest.c: the digests of the finished disks, and the manifest's text.
 *	and mkd_diskdigest_fd, mkd_sha256, mkd_statement_render
 */
must_check int mkd_job_manifest(void *job, struct mkd_err *err);

/* What all manifests of ours have, of whatever version, in their first 4096 bytes. */
#define MKD_MANIFEST_KIND "\"buildType\": \"mkdomu:guest/"

/* Of one disk. */
struct mkd_disk_sums {
	uint8_t structures[32], all[32];
	bool has_all;
};

/* statement.c: the manifest as JSON; pure. -ENOMEM (INTERNAL) */
must_check int mkd_statement_render(const struct mkd_job *job,
				    const struct mkd_disk_sums sums[MKD_DISKS],
				    const uint8_t keys_sha256[32], struct mkd_buf *ret,
				    struct mkd_err *err);

struct mkd_json;
/* statefiles.c: its entries of files that were copied in; and those that came out, when any did. */
void mkd_statement_files(const struct mkd_job *job, struct mkd_json *w);
void mkd_statement_byproducts(const struct mkd_job *job, struct mkd_json *w);

/* summary.c: the report, and the plan's report. */
void mkd_job_summary(const struct mkd_job *job, struct mkd_buf *ret);
void mkd_job_plan(const struct mkd_job *job, struct mkd_buf *ret);
/*
 * The facts of a tarball that is at hand and used unverified; of others, when they will be known.
 *	and mkd_look
 */
must_check int mkd_job_plan_facts(const struct mkd_job *job, struct mkd_buf *ret,
				  struct mkd_err *err);

#endif
