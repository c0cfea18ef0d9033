/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that boots its own kernel: dom0 has to have a copy of it, for xl reads no ext4. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "mkdomu/file.h"
#include "mkdomu/job.h"
#include "mkdomu/kernel.h"
#include "mkdomu/sha256.h"
#include "mkdomu/tree_ext4.h"
#include "mkdomu/ui.h"

#define BOOT_DIR   "/boot"
#define PREFIX     "vmlinuz-"
#define IMAGE_MAX  (512 * MIB)
#define CONFIG_MAX MIB
#define KERNEL     0 /* in struct mkd_own */
#define RAMDISK    1

struct finding {
	struct mkd_job *j;
	struct mkd_tree *tree;
	struct mkd_strv names; /* in BOOT_DIR */
	const char *suffix;    /* of the kernel's name: "6.1.0", "lts" */
	char version[MKD_KERNEL_VERSION];
	struct mkd_err *err;
};

/* -- which one -- */

/* What is at path, or 0; dangling and circular links lead to nothing. */
static int look_up(const struct finding *f, const char *path, mode_t *ret)
{
	struct mkd_tree_stat st = { 0 };
	struct mkd_err e = { 0 };
	int r = mkd_tree_stat(f->tree, path, true, &st, &e);

	*ret = r == 0 ? st.mode : 0;
	if (r == 0 || e.exit == MKD_EXIT_HOOK)
		return 0;
	*f->err = e;
	return r;
}

static int is_file(const struct finding *f, const char *name, bool *ret)
{
	cleanup_free char *path = NULL;
	mode_t mode = 0;
	int r = mkd_asprintf(&path, f->err, BOOT_DIR "/%s", name);

	if (r == 0 && path)
		r = look_up(f, path, &mode);
	*ret = S_ISREG(mode);
	return r;
}

static int find_newest(struct finding *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->names.n; i++) {
		const char *version = mkd_kernel_name_version(f->names.v[i]);
		bool is;

		if (!version || (f->suffix && strverscmp(version, f->suffix) <= 0))
			continue;
		r = is_file(f, f->names.v[i], &is);
		if (r == 0 && is)
			f->suffix = version;
	}
	return r;
}

/* "vmlinuz-lts", as Alpine and Arch name the only one of a kind. */
static int find_kind(struct finding *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && !f->suffix && i < f->names.n; i++) {
		const char *name = f->names.v[i];
		bool is;

		if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 ||
		    !isalpha((unsigned char)name[strlen(PREFIX)]) ||
		    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")])
			continue;
		r = is_file(f, name, &is);
		if (r == 0 && is)
			f->suffix = name + strlen(PREFIX);
	}
	return r;
}

static int find(struct finding *f)
{
	struct mkd_err e = { 0 };
	int r = mkd_tree_list(f->tree, BOOT_DIR, &f->names, &e);

	if (r < 0 && r != -ENOENT && r != -ENOTDIR) {
		*f->err = e;
		return r;
	}
	r = find_newest(f);
	if (r == 0)
		r = find_kind(f);
	if (r == 0 && !f->suffix)
		return mkd_fail(f->err, MKD_EXIT_USAGE, ENOENT,
				"there is no kernel '" BOOT_DIR "/" PREFIX
				"VERSION' in the guest; leave out --boot guest, or use a tarball "
				"that has one");
	return r;
}

/* -- out of the guest -- */

/* The folder that is ours by default need not be there. */
static int open_dir(struct mkd_job *j, struct mkd_err *err)
{
	const char *dir = j->plan->kernel_dir;
	bool was_there = access(dir, F_OK) == 0;
	int r = was_there || j->plan->kernel_dir_given ? 0 : mkd_mkdirs(dir, 0755, err);

	if (r < 0)
		return r;
	j->own->dir_made = !was_there && !j->plan->kernel_dir_given;
	j->own->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return j->own->dirfd >= 0 ? 0
				  : mkd_fail_errno(err, MKD_EXIT_USAGE, errno,
						   "cannot write the guest's kernel to '%s'", dir);
}

static int check_place(const struct mkd_job *j, struct mkd_own_file *o, struct mkd_err *err)
{
	struct stat st;

	o->exists = fstatat(j->own->dirfd, o->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!o->exists || (S_ISREG(st.st_mode) && j->plan->force))
		return 0;
	return mkd_fail(err, MKD_EXIT_TARGET, EEXIST, "'%s' exists%s", o->path,
			S_ISREG(st.st_mode) ? "; --force replaces it, --kernel-dir names another "
					      "folder"
					    : " and is no regular file; move it away");
}

/* Mode 0600, as the disk: an initrd may have keys in it. */
static int write_out(const struct mkd_job *j, struct mkd_own_file *o, const struct mkd_buf *data,
		     struct mkd_err *err)
{
	int r = mkd_tmpname_open(j->own->dirfd, o->name, false, &o->tmp, err);

	if (r < 0)
		return mkd_wrap(err, "cannot write '%s'", o->path);
	r = mkd_write_full(o->tmp.fd, data->data, data->len);
	if (r == 0 && fsync(o->tmp.fd) != 0)
		r = -errno;
	if (r < 0)
		return mkd_fail_io(err, -r, "cannot write '%s'", o->path);
	return mkd_sha256(mkd_buf_cstr(data), data->len, o->sha256, err);
}

static int copy_out(struct finding *f, size_t which, const struct mkd_buf *data)
{
	struct mkd_job *j = f->j;
	struct mkd_own_file *o = &j->own->of[which];
	int r = mkd_asprintf(&o->path, f->err, "%s/%s-%s-%s", j->plan->kernel_dir, j->plan->name,
			     which == KERNEL ? "vmlinuz" : "initrd", f->version);

	if (r < 0)
		return r;
	o->name = strrchr(o->path, '/') + 1;
	r = check_place(j, o, f->err);
	return r < 0 ? r : write_out(j, o, data, f->err);
}

static int read_boot(const struct finding *f, const char *name, size_t max, struct mkd_buf *ret)
{
	cleanup_free char *path = NULL;
	int r = mkd_asprintf(&path, f->err, BOOT_DIR "/%s", name);

	return r < 0 || !path ? r : mkd_tree_read(f->tree, path, max, ret, f->err);
}

/* Before it has a name here, for that is of what it says of itself: as a nameless file in memory.
 */
static int look(struct finding *f, const char *name, const struct mkd_buf *data)
{
	const struct mkd_job *j = f->j;
	const char *arch = j->facts.arch[0] ? j->facts.arch : NULL;
	cleanup_close int fd = memfd_create("kernel", MFD_CLOEXEC);
	cleanup_free char *path = NULL;
	int r = fd < 0 ? -errno : mkd_write_full(fd, data->data, data->len);

	if (r < 0)
		return mkd_fail_io(f->err, -r, "cannot look at the guest's kernel");
	r = mkd_asprintf(&path, f->err, BOOT_DIR "/%s", name);
	if (r == 0)
		r = mkd_kernel_look_fd(fd, path, arch, f->err);
	if (r < 0)
		return mkd_wrap(f->err, "in the guest");
	if (!mkd_kernel_version(fd, f->version))
		(void)snprintf(f->version, sizeof(f->version), "%s", f->suffix);
	return 0;
}

static int take_kernel(struct finding *f)
{
	cleanup_buf struct mkd_buf data = { 0 };
	cleanup_free char *name = NULL;
	int r = mkd_asprintf(&name, f->err, PREFIX "%s", f->suffix);

	if (r == 0)
		r = read_boot(f, name, IMAGE_MAX, &data);
	if (r == 0)
		r = look(f, name, &data);
	return r < 0 ? r : copy_out(f, KERNEL, &data);
}

static int take_ramdisk(struct finding *f)
{
	static const char *const forms[][2] = { { "initrd.img-", "" },
						{ "initramfs-", ".img" },
						{ "initrd-", "" },
						{ "initramfs-", "" } };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(forms); i++) {
		cleanup_buf struct mkd_buf data = { 0 };
		cleanup_free char *name = NULL;
		bool is = false;

		r = mkd_asprintf(&name, f->err, "%s%s%s", forms[i][0], f->suffix, forms[i][1]);
		if (r == 0 && name)
			r = is_file(f, name, &is);
		if (r < 0 || !is)
			continue;
		r = read_boot(f, name, IMAGE_MAX, &data);
		return r < 0 ? r : copy_out(f, RAMDISK, &data);
	}
	return r;
}

/* What it lacks, by its config and its modules; both may be missing. */
static int tell(const struct finding *f)
{
	cleanup_buf struct mkd_buf text = { 0 };
	cleanup_free char *name = NULL, *modules = NULL;
	mode_t mode;
	bool is;
	int r = mkd_asprintf(&name, f->err, "config-%s", f->suffix);

	if (r == 0)
		r = mkd_asprintf(&modules, f->err, "/lib/modules/%s", f->version);
	if (r < 0 || !name || !modules)
		return r;
	r = is_file(f, name, &is);
	if (r == 0 && is)
		r = read_boot(f, name, CONFIG_MAX, &text);
	if (r < 0)
		return r;
	if (is)
		mkd_job_tell_config(f->j, mkd_buf_cstr(&text));
	r = look_up(f, modules, &mode);
	if (r == 0 && !S_ISDIR(mode))
		mkd_say(f->j->ui, MKD_WARN, "the guest has no modules of its kernel: no '%s'",
			modules);
	return r;
}

/* -- the stage -- */

static int name_them(struct mkd_job *j, struct mkd_err *err)
{
	const struct mkd_own_file *of = j->own->of;
	int r;

	free(steal(&j->kernel));
	r = mkd_strdup(of[KERNEL].path, &j->kernel, err);
	if (r == 0 && of[RAMDISK].path)
		r = mkd_strdup(of[RAMDISK].path, &j->ramdisk, err);
	return r;
}

static int take_all(struct mkd_job *j, struct mkd_tree *t, struct mkd_err *err)
{
	struct finding f = { .j = j, .tree = t, .err = err };
	int r = find(&f);

	if (r == 0)
		r = open_dir(j, err);
	if (r == 0)
		r = take_kernel(&f);
	if (r == 0)
		r = take_ramdisk(&f);
	if (r == 0)
		r = name_them(j, err);
	if (r == 0)
		r = tell(&f);
	mkd_strv_free(&f.names);
	return r < 0 ? r : mkd_job_render(j, err);
}

int mkd_job_own_kernel(void *job, struct mkd_err *err)
{
	struct mkd_job *j = job;
	struct mkd_tree_ext4_req req = { .offset_bytes = j->layout.root.offset_bytes,
					 .epoch_sec = j->rootfs.epoch_sec,
					 .read_only = true };
	struct mkd_tree *t = NULL;
	int r;

	if (!j->plan->boot_guest)
		return 0;
	j->own = calloc(1, sizeof(*j->own));
	if (!j->own)
		return mkd_nomem(err);
	j->own->dirfd = -1;
	for (size_t i = 0; i < ARRAY_LEN(j->own->of); i++)
		j->own->of[i].tmp.fd = -1;
	req.fd = mkd_target_fd(j->target[MKD_DISK_MAIN]);
	req.name = mkd_target_info(j->target[MKD_DISK_MAIN])->name;
	r = mkd_tree_ext4_open(&req, &t, err);
	if (r == 0)
		r = take_all(j, t, err);
	mkd_tree_ext4_abort(t);
	if (r < 0) {
		mkd_job_own_rollback(j);
		mkd_job_own_release(j);
	}
	return r;
}

static void close_files(struct mkd_own *own)
{
	for (size_t i = 0; i < ARRAY_LEN(own->of); i++)
		mkd_tmpname_close(own->dirfd, &own->of[i].tmp);
}

/* The folder goes when it was made, and nobody has put anything into it since. */
void mkd_job_own_rollback(void *job)
{
	struct mkd_job *j = job;

	if (!j->own)
		return;
	close_files(j->own);
	if (j->own->dir_made)
		(void)rmdir(j->plan->kernel_dir);
}

void mkd_job_own_release(void *job)
{
	struct mkd_job *j = job;

	if (!j->own)
		return;
	close_files(j->own);
	closep_(&j->own->dirfd);
	for (size_t i = 0; i < ARRAY_LEN(j->own->of); i++)
		free(j->own->of[i].path);
	free(steal(&j->own));
}
