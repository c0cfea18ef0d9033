/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stages of a build that look and write by themselves, and renderers, when something fails. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fault.h"
#include "mkdomu/file.h"
#include "mkdomu/job.h"
#include "mkdomu/kernel.h"
#include "mkdomu/password.h"
#include "mkdomu/xl.h"

/* A plan and a job whose files are in the test's folder; a kernel that is dom0's. */
static struct mkd_plan plan_in(void **state)
{
	return (struct mkd_plan){ .name = "w",
				  .type = "pv",
				  .disk = test_path(state, "w.img"),
				  .kernel = "/nowhere/vmlinuz",
				  .cfg_path = test_path(state, "w.cfg"),
				  .memory_mib = 512,
				  .vcpus = 1 };
}

static void inputs_are_refused(void **state)
{
	struct mkd_plan p = plan_in(state);
	struct mkd_job j = { .plan = &p, .cfg_dirfd = -1 };
	char name[600];
	struct mkd_err err;

	assert_ok(mkd_strv_add(&p.hooks, "none", &err), &err);
	assert_fails(mkd_job_inputs(&j, &err), &err, ENOENT, MKD_EXIT_USAGE, "there is no hook");
	mkd_strv_free(&p.hooks);
	p.root_password_file = test_path(state, "pw");
	assert_fails(mkd_job_inputs(&j, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "needs the hook 'access'");
	p.root_password_file = NULL;
	test_write(p.cfg_path, "old", 3);
	assert_fails(mkd_job_inputs(&j, &err), &err, EEXIST, MKD_EXIT_TARGET, "--force replaces");
	(void)snprintf(name, sizeof(name), "%s/%0256d", (const char *)*state, 1);
	p.cfg_path = name;
	assert_fails(mkd_job_inputs(&j, &err), &err, ENAMETOOLONG, MKD_EXIT_USAGE, "too long");
	p.cfg_path = p.disk;
	assert_fails(mkd_job_overlap(&p, &err), &err, EINVAL, MKD_EXIT_USAGE, "are the same file");
	assert_int_equal(j.cfg_dirfd, -1);
}

/* As another user, in a process that ends: a hook that mounts takes root. */
static void a_mounted_hook_takes_root(void **state)
{
	const char *path = test_path(state, "hook");
	static const char text[] = "#!/bin/sh\n# mkdomu-hook: mode=mounted\n";
	struct mkd_plan p = plan_in(state);
	struct mkd_job j = { .plan = &p, .cfg_dirfd = -1 };
	struct mkd_err err = { 0 };
	int status = -1;
	pid_t pid;

	test_write(path, text, sizeof(text) - 1);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(chmod(*state, 0755), 0);
	assert_ok(mkd_strv_add(&p.hooks, "hook", &err), &err);
	assert_ok(mkd_strv_add(&p.hook_paths, path, &err), &err);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(9);
		/* mkd_job_inputs: -EPERM */
		_exit(mkd_job_inputs(&j, &err) != -EPERM || err.exit != MKD_EXIT_HOOK ||
		      !strstr(err.msg, "which takes root"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	mkd_strv_free(&p.hooks);
	mkd_strv_free(&p.hook_paths);
}

/* As another user, for root may write everywhere: in a process that ends. */
static void a_folder_that_is_not_ours_is_refused(void **state)
{
	struct mkd_plan p = plan_in(state);
	struct mkd_job j = { .plan = &p, .cfg_dirfd = -1 };
	struct mkd_err err;
	int status = -1;
	pid_t pid;

	assert_int_equal(chmod(*state, 0555), 0);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(9);
		/* mkd_job_inputs: -EACCES */
		_exit(mkd_job_inputs(&j, &err) != -EACCES || err.exit != MKD_EXIT_TARGET ||
		      !strstr(err.msg, "cannot write a config"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(chmod(*state, 0755), 0);
}

static void a_config_runs_out_of_memory(void **state)
{
	struct mkd_plan p = plan_in(state);
	struct mkd_job j = { .plan = &p, .cfg_dirfd = -1, .kernel = (char *)"/nowhere/vmlinuz" };
	struct mkd_err err;

	j.layout.n_disks = 1;
	(void)snprintf(j.layout.disks[0].vdev, sizeof(j.layout.disks[0].vdev), "xvda1");
	(void)snprintf(j.layout.root.dev, sizeof(j.layout.root.dev), "/dev/xvda1");
	mkd_buf_free(&j.cfg);
	j.source.fd = open("/dev/null", O_RDONLY | O_CLOEXEC); /* an empty tar */
	assert_nomem(mkd_job_config(&j, &err), &err);
	assert_non_null(strstr(j.cfg.data, "\nname = \"w\"\n"));
	/* once more, when the digest is known */
	j.source.pending = true;
	memset(j.rootfs.tar_sha256, 0xab, sizeof(j.rootfs.tar_sha256));
	assert_nomem(mkd_job_digest(&j, &err), &err);
	assert_false(j.source.pending);
	assert_non_null(strstr(j.cfg.data, "sha256 abababab"));
	mkd_stream_close(j.plain);
	mkd_source_close(&j.source);
	mkd_buf_free(&j.cfg);
}

static void a_config_fails_to_be_written(void **state)
{
	static const struct {
		enum fault kind;
		int code, exit;
	} rows[] = {
		{ FAULT_WRITE, ENOSPC, MKD_EXIT_NOSPACE },
		{ FAULT_FSYNC, EIO, MKD_EXIT_IO },
		{ FAULT_CHMOD, EROFS, MKD_EXIT_IO },
	};
	struct mkd_plan p = plan_in(state);
	struct mkd_job j = { .plan = &p, .cfg_name = "w.cfg" };
	cleanup_close int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct mkd_err err;

	j.cfg_dirfd = dir;
	mkd_buf_str(&j.cfg, "name = \"w\"\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		/* mkd_job_publish: other; the first fchmod is the hidden file's own */
		fault_arm(rows[i].kind, rows[i].kind == FAULT_CHMOD ? 2 : 1, rows[i].code);
		assert_fails(mkd_job_publish(&j, &err), &err, rows[i].code, rows[i].exit,
			     "cannot write the config '");
		assert_true(fault_disarm());
		assert_int_not_equal(access(p.cfg_path, F_OK), 0);
	}
	assert_ok(mkd_job_publish(&j, &err), &err);
	assert_int_equal(access(p.cfg_path, F_OK), 0);
	mkd_buf_free(&j.cfg);
}

static void kernels_fail(void **state)
{
	cleanup_free char *kernel = NULL, *ramdisk = NULL;
	struct mkd_err err;

	assert_fault(FAULT_OPENDIR, 1, mkd_kernel_newest(*state, &kernel, &ramdisk, &err), &err,
		     EACCES, MKD_EXIT_USAGE, "cannot look for a kernel");
	test_write(test_path(state, "vmlinuz-6.1"), "k", 1);
	test_write(test_path(state, "initrd.img-6.1"), "r", 1);
	assert_nomem(mkd_kernel_newest(*state, &kernel, &ramdisk, &err), &err);
	assert_string_equal(ramdisk, test_path(state, "initrd.img-6.1"));
}

static int render(struct mkd_err *err)
{
	const struct mkd_xl_disk disk = { "xvda1", "/w.img" };
	const struct mkd_xl_domain d = { .name = "w",
					 .uuid = "01234567-89ab-4cde-8f01-23456789abcd",
					 .type = "pv",
					 .kernel = "/k",
					 .memory_mib = 512,
					 .vcpus = 1,
					 .disks = &disk,
					 .n_disks = 1 };
	cleanup_buf struct mkd_buf out = { 0 };

	return mkd_xl_render(&d, &out, err);
}

static int hash(struct mkd_err *err)
{
	cleanup_buf struct mkd_buf out = { 0 };

	return mkd_password_hash("secret", "0123456789abcdef", MKD_HASH_SHA512, &out, err);
}

static void renderers_run_out_of_memory(void **state)
{
	struct mkd_err err;

	(void)state;
	assert_nomem(render(&err), &err);
	assert_nomem(hash(&err), &err);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(inputs_are_refused),
		WITH_DIR(a_folder_that_is_not_ours_is_refused),
		WITH_DIR(a_mounted_hook_takes_root),
		WITH_DIR(a_config_runs_out_of_memory),
		WITH_DIR(a_config_fails_to_be_written),
		WITH_DIR(kernels_fail),
		cmocka_unit_test(renderers_run_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
