/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First stage: read what the user's files and this host say, before anything is touched. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "mkdomu/copyin.h"
#include "mkdomu/file.h"
#include "mkdomu/hook.h"
#include "mkdomu/job.h"
#include "mkdomu/logins.h"

static int read_password(struct mkd_job *j, struct mkd_err *err)
{
	const char *path = j->plan->root_password_file;

	return path ? mkd_login_password(path, j->ui, &j->password, err) : 0;
}

/* 24 of 32 letters and digits that nobody takes for one another: 120 bits. */
static int make_password(struct mkd_job *j, struct mkd_err *err)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	const char *path = j->plan->root_password_out;
	uint8_t random[24];
	char text[sizeof(random) + 1] = "";
	int r;

	if (!path)
		return 0;
	r = mkd_open_parent(path, &j->out_dirfd, &j->out_name, err);
	if (r < 0)
		return r;
	if (faccessat(j->out_dirfd, j->out_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return mkd_fail(err, MKD_EXIT_TARGET, EEXIST,
				"'%s' exists, and may hold another guest's password; name a new "
				"file",
				path);
	if (faccessat(j->out_dirfd, ".", W_OK, AT_EACCESS) != 0)
		return mkd_fail_errno(err, MKD_EXIT_TARGET, errno,
				      "cannot write a password to the folder of '%s'", path);
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return mkd_fail_errno(err, MKD_EXIT_INTERNAL, errno, "cannot make a password");
	for (size_t i = 0; i < sizeof(random); i++)
		text[i] = letters[random[i] % 32];
	mkd_buf_str(&j->password, text);
	explicit_bzero(random, sizeof(random));
	explicit_bzero(text, sizeof(text));
	return mkd_buf_check(&j->password, err);
}

static int read_keys(struct mkd_job *j, struct mkd_err *err)
{
	const char *path = j->plan->authorized_keys_file;

	return path ? mkd_login_keys_read(path, &j->keys, err) : 0;
}

static int read_copies(struct mkd_job *j, struct mkd_err *err)
{
	const struct mkd_plan *p = j->plan;
	uint64_t left_bytes = MKD_COPY_TOTAL_MAX;
	int r = 0;

	if (!p->n_fileops)
		return 0;
	j->copies = calloc(p->n_fileops, sizeof(*j->copies));
	if (!j->copies)
		return mkd_nomem(err);
	for (size_t i = 0; r == 0 && i < p->n_fileops; i++)
		if (p->fileops[i].src)
			r = mkd_copyin_read(&p->fileops[i], &left_bytes, &j->copies[i], err);
	return r;
}

/* An external hook of a built-in one's name takes its place. */
static int find_hook(const struct mkd_job *j, size_t i, struct mkd_err *err)
{
	const struct mkd_plan *p = j->plan;
	const char *name = p->hooks.v[i], *path = i < p->hook_paths.n ? p->hook_paths.v[i] : "";
	bool built_in = mkd_hook_find(mkd_hooks, name) != NULL;
	struct mkd_err e;
	int r;

	if (built_in && !*path && p->hooks_built_in)
		return 0;
	r = mkd_exthook_find(p->profile_dir, *path ? path : name, &j->ext[i], &e);
	if (r == -ENOENT && built_in && !*path)
		return 0;
	if (r < 0)
		*err = e;
	else if (built_in)
		mkd_say(j->ui, MKD_INFO, "hook '%s' is '%s', in the place of the built-in one",
			name, j->ext[i].path);
	return r;
}

static int find_hooks(struct mkd_job *j, struct mkd_err *err)
{
	size_t n = j->plan->hooks.n;
	int r = 0;

	j->ext = calloc(n + 1, sizeof(*j->ext));
	if (!j->ext)
		return mkd_nomem(err);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = find_hook(j, i, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (j->ext[i].head.mounted && geteuid() != 0)
			r = mkd_fail(err, MKD_EXIT_HOOK, EPERM,
				     "hook '%s' works on the mounted disk, which takes root; build "
				     "as root, or leave it out by --no-hook %s",
				     j->ext[i].name, j->ext[i].name);
	return r;
}

/* Secrets that no hook would use are a mistake to be told now, not a silence. */
static int check_hooks(const struct mkd_job *j, struct mkd_err *err)
{
	const struct mkd_strv *hooks = &j->plan->hooks;
	const char *option = j->plan->root_password_file ? "--root-password-file"
			     : j->plan->root_password || j->plan->root_password_out
				     ? "--root-password"
			     : j->plan->authorized_keys_file ? "--authorized-keys"
			     : j->plan->n_users              ? "--user"
							     : NULL;

	for (size_t i = 0; option && i < hooks->n; i++)
		if (strcmp(hooks->v[i], "access") == 0 && j->ext[i].path)
			return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
					"%s needs the built-in hook 'access', which '%s' replaces",
					option, j->ext[i].path);
	if (option && !mkd_strv_has(hooks, "access"))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s needs the hook 'access', which is left out", option);
	return 0;
}

/* https://reproducible-builds.org/specs/source-date-epoch/: seconds, decimal. */
static int read_epoch(struct mkd_job *j, struct mkd_err *err)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	char *end = NULL;
	long long v;

	if (j->plan->epoch_sec)
		j->epoch_sec = j->plan->epoch_sec;
	if (j->plan->epoch_sec || !text || !*text)
		return 0;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || v <= 0 || v > INT32_MAX)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"SOURCE_DATE_EPOCH '%s' is not a time; give seconds since 1970, "
				"1 to 2147483647",
				text);
	j->epoch_sec = v;
	return 0;
}

/* Before the config's, which is the same by default: the disk is what was asked for. */
static int check_disk_dirs(struct mkd_job *j, struct mkd_err *err)
{
	const struct mkd_plan *p = j->plan;
	const char *paths[MKD_DISKS] = { p->disk_is_device ? NULL : p->disk,
					 p->swap_is_device ? NULL : p->swap_disk };

	for (size_t i = 0; i < MKD_DISKS; i++) {
		cleanup_close int fd = -1;
		const char *name;
		int r = paths[i] ? mkd_open_parent(paths[i], &fd, &name, err) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

/* The config's place is checked now, as it is written last. */
static int check_cfg(struct mkd_job *j, struct mkd_err *err)
{
	const char *path = j->plan->cfg_path;
	struct stat st;
	int r = mkd_open_parent(path, &j->cfg_dirfd, &j->cfg_name, err);

	if (r < 0)
		return r;
	if (faccessat(j->cfg_dirfd, ".", W_OK, AT_EACCESS) != 0)
		return mkd_fail_errno(err, MKD_EXIT_TARGET, errno,
				      "cannot write a config to the folder of '%s'", path);
	if (fstatat(j->cfg_dirfd, j->cfg_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0
		       : errno == ENAMETOOLONG
			       ? mkd_fail(err, MKD_EXIT_USAGE, errno,
					  "the config's name is too long: '%s'", path)
			       : mkd_fail_io(err, errno, "cannot look at '%s'", path);
	if (!S_ISREG(st.st_mode))
		return mkd_fail(err, MKD_EXIT_TARGET, EEXIST,
				"cannot write the config '%s': what is there is no regular file",
				path);
	if (!j->plan->force)
		return mkd_fail(err, MKD_EXIT_TARGET, EEXIST,
				"the config '%s' exists; --force replaces it, --cfg names another",
				path);
	j->cfg_exists = true;
	return 0;
}

/* An old manifest of ours can be made again, and goes with the guest that it is about. */
static bool is_manifest(int dirfd, const char *name)
{
	cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char head[4096];
	ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);

	/* other programs write in-toto statements, too */
	return n > 0 && memmem(head, (size_t)n, MKD_MANIFEST_KIND, strlen(MKD_MANIFEST_KIND));
}

/* Without a manifest of its own the guest stands beside that of another, if there was one. */
static int warn_of_old(const struct mkd_job *j, struct mkd_err *err)
{
	cleanup_free char *name = NULL;
	int r = mkd_asprintf(&name, err, "%s.manifest.json", j->plan->name);

	if (r == 0 && is_manifest(j->cfg_dirfd, name))
		mkd_say(j->ui, MKD_WARN,
			"'%s' beside the config tells of an earlier guest, not of this one; "
			"remove it",
			name);
	return r;
}

static int check_manifest(struct mkd_job *j, struct mkd_err *err)
{
	const char *path = j->plan->manifest_path;
	struct stat st;

	if (!path)
		return warn_of_old(j, err);
	j->manifest_name = strrchr(path, '/') + 1;
	if (fstatat(j->cfg_dirfd, j->manifest_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? 0 : mkd_fail_io(err, errno, "cannot look at '%s'", path);
	if (!S_ISREG(st.st_mode) ||
	    (!j->plan->force && !is_manifest(j->cfg_dirfd, j->manifest_name)))
		return mkd_fail(err, MKD_EXIT_TARGET, EEXIST,
				"'%s' exists and is no manifest of mkdomu; move it away, or give %s"
				"--manifest none",
				path, S_ISREG(st.st_mode) ? "--force or " : "");
	j->manifest_exists = true;
	return 0;
}

/* What a profile knows that its tarball lacks: better heard before the build than at the boot. */
static int tell_needs(struct mkd_job *j, struct mkd_err *err)
{
	const struct mkd_strv *needs = &j->settings->of[MKD_KEY_NEEDS].values;

	(void)err;
	for (size_t i = 0; i < needs->n && !j->plan->tarball; i++)
		mkd_say(j->ui, MKD_WARN, "profile '%s': %s", j->plan->profile, needs->v[i]);
	return 0;
}

int mkd_job_inputs(void *job, struct mkd_err *err)
{
	static int (*const steps[])(struct mkd_job * j, struct mkd_err * err) = {
		read_epoch,      read_password,  make_password,  read_keys,
		mkd_logins_read, read_copies,    mkd_job_kernel, check_disk_dirs,
		check_cfg,       check_manifest, tell_needs,
	};
	struct mkd_job *j = job;
	int r = find_hooks(j, err);

	if (r == 0)
		r = check_hooks(j, err);
	if (r == 0)
		r = mkd_job_overlap(j->plan, err);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(steps); i++)
		r = steps[i](j, err);
	if (r < 0)
		mkd_job_inputs_release(j);
	return r;
}

void mkd_job_inputs_release(void *job)
{
	struct mkd_job *j = job;

	mkd_buf_wipe(&j->password);
	mkd_buf_free(&j->keys);
	mkd_logins_free(j);
	for (size_t i = 0; j->copies && i < j->plan->n_fileops; i++)
		mkd_copyin_free(&j->copies[i]);
	free(j->copies);
	j->copies = NULL;
	for (size_t i = 0; j->ext && i < j->plan->hooks.n; i++)
		mkd_exthook_free(&j->ext[i]);
	free(j->ext);
	j->ext = NULL;
	free(j->kernel);
	free(j->ramdisk);
	j->kernel = j->ramdisk = NULL;
	mkd_modules_free(&j->modules);
	if (j->cfg_dirfd >= 0)
		(void)close(j->cfg_dirfd);
	j->cfg_dirfd = -1;
	if (j->out_dirfd >= 0)
		(void)close(j->out_dirfd);
	j->out_dirfd = -1;
}
