/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's kernel in a plan and in a build: dom0's, or the guest's own, copied out. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fault.h"
#include "fsimage.h"
#include "mkdomu/draft.h"
#include "mkdomu/file.h"
#include "mkdomu/job.h"
#include "mkdomu/kernel.h"
#include "mkdomu/plan_kernel.h"

#define DISK_BYTES (16 * MIB)

/* -- the plan -- */

static int plan_kernel(const char *const options[], struct mkd_err *err)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup(mkd_plan_free) struct mkd_plan p = { .cfg_path = "/x/w.cfg" };
	const struct mkd_draft j = { .s = &s, .p = &p, .err = err };
	int r = 0;

	for (size_t i = 0; r == 0 && options[i]; i += 2)
		for (size_t key = 0; r == 0 && key < MKD_N_KEYS; key++)
			if (strcmp(mkd_setting_info[key].name, options[i]) == 0) {
				char origin[64];

				(void)snprintf(origin, sizeof(origin), "--%s", options[i]);
				r = mkd_settings_add(&s, (enum mkd_key)key, options[i + 1], origin,
						     err);
			}
	if (r == 0)
		r = mkd_plan_kernel(&j);
	if (r == 0)
		r = mkd_plan_kernel_dir(&j);
	if (r == 0 && p.boot_guest)
		assert_true(!p.kernel && !p.modules && *p.kernel_dir == '/');
	return r;
}

static void contradictions_are_refused(void **state)
{
	static const struct {
		const char *options[5], *words;
	} rows[] = {
		{ { "boot", "guest", "kernel", "/k" }, "cannot use '--kernel'" },
		{ { "boot", "guest", "ramdisk", "/k" }, "cannot use '--ramdisk'" },
		{ { "boot", "guest", "modules", "/k" }, "cannot use '--modules'" },
		{ { "kernel-dir", "/k" }, "give --boot guest too" },
		{ { "boot", "gast" }, "is not one of: host, guest" },
		{ { "ramdisk", "/k" }, "its kernel is not named" },
		{ { "kernel", "not-here" }, "is not here" },
	};
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) /* mkd_plan_kernel: -EINVAL */
		assert_fails(plan_kernel(rows[i].options, &err), &err, EINVAL, MKD_EXIT_USAGE,
			     rows[i].words);
}

static void a_plan_runs_out_of_memory(void **state)
{
	static const char *const host[] = { "kernel", "/k", "modules", "/lib/modules/", NULL };
	static const char *const guest[] = { "boot", "guest", "kernel-dir", "/d/", NULL };
	static const char *const beside[] = { "boot", "guest", NULL };
	struct mkd_err err;

	(void)state;
	/* mkd_plan_kernel: -ENOMEM; mkd_plan_kernel_dir: -ENOMEM */
	assert_nomem(plan_kernel(host, &err), &err);
	assert_nomem_some(plan_kernel(guest, &err), &err, (void)0); /* a list of choices */
	assert_nomem_some(plan_kernel(beside, &err), &err, (void)0);
}

/* -- dom0's -- */

static void what_is_open_is_looked_at(void **state)
{
	cleanup_close int none = -1, mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	struct mkd_err err;

	test_write(test_path(state, "x"), "no kernel", 9);
	none = open(test_path(state, "x"), O_RDONLY | O_CLOEXEC);
	assert_fails(mkd_kernel_look_fd(none, "/boot/x", NULL, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "'/boot/x': it is no bzImage");
	assert_fails(mkd_kernel_look_fd(mem, "/boot/x", NULL, &err), &err, EIO, MKD_EXIT_IO,
		     "cannot read the kernel '/boot/x'");
	assert_fault(FAULT_PREAD, 1, mkd_kernel_look_fd(none, "/boot/x", NULL, &err), &err, ESTALE,
		     MKD_EXIT_IO, "cannot read"); /* mkd_kernel_look_fd: other */
}

static int find_kernel(const struct mkd_plan *p, struct mkd_err *err)
{
	struct mkd_job j = { .plan = p };
	int r = mkd_job_kernel(&j, err);

	free(j.kernel);
	free(j.ramdisk);
	mkd_modules_free(&j.modules);
	return r;
}

static void a_kernel_is_found_or_its_place(void **state)
{
	struct mkd_plan host = { .type = "pv", .kernel = "/nowhere/vmlinuz", .ramdisk = "/none/i" };
	struct mkd_plan guest = { .type = "pv",
				  .name = "w",
				  .boot_guest = true,
				  .kernel_dir = test_path(state, "no"),
				  .kernel_dir_given = true };
	struct mkd_err err = { 0 };
	int status = -1;
	pid_t pid;

	/* mkd_job_kernel: -ENOMEM, -ENOENT, -EACCES */
	assert_nomem(find_kernel(&host, &err), &err);
	assert_fails(find_kernel(&guest, &err), &err, ENOENT, MKD_EXIT_USAGE, "see --kernel-dir");
	guest.kernel_dir_given = false; /* it will be made */
	assert_nomem(find_kernel(&guest, &err), &err);
	guest.kernel_dir = "/nowhere/xen/kernels";
	assert_fails(find_kernel(&guest, &err), &err, ENOENT, MKD_EXIT_USAGE, "see --kernel-dir");
	guest.kernel_dir = *state;
	assert_int_equal(chmod(*state, 0555), 0);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(9);
		_exit(find_kernel(&guest, &err) != -EACCES || err.exit != MKD_EXIT_TARGET);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(chmod(*state, 0755), 0);
}

/* -- the guest's own -- */

struct guest {
	struct mkd_plan plan;
	struct mkd_job job;
	struct test_ui ui;
};

static void kernel_file(struct fsimage *f, const char *path, const char *version)
{
	uint8_t image[2048] = { 0 };

	image[0x1fe] = 0x55;
	image[0x1ff] = 0xaa;
	memcpy(image + 0x202, "HdrS\x0f\x02", 6);
	image[0x20f] = 3;
	(void)snprintf((char *)image + 0x500, 64, "%s (x@y)", version);
	assert_ok(fs_try_file(f, path, image, sizeof(image)), &f->err);
}

/* A disk with this root, in a target that is not published. */
static void guest_setup(struct guest *g, void **state, const char *kernel)
{
	struct mkd_target_req req = { .path = test_path(state, "w.img"), .size_bytes = DISK_BYTES };
	cleanup_buf struct mkd_buf disk = { 0 };
	struct fsimage f;
	struct mkd_err err = { 0 };

	fs_new(&f, state, "root", DISK_BYTES);
	fs_dir(&f, "boot");
	if (kernel)
		kernel_file(&f, kernel, "6.1.0-x");
	fs_file(&f, "boot/initrd.img-6.1.0", "initrd");
	fs_file(&f, "boot/config-6.1.0", "CONFIG_X86=y\nCONFIG_EXT4_FS=m\n");
	fs_finish(&f);
	assert_ok(mkd_file_read(AT_FDCWD, f.path, DISK_BYTES, MKD_EXIT_USAGE, &disk, &err), &err);
	*g = (struct guest){ .plan = { .name = "w",
				       .type = "pv",
				       .disk = "/w.img",
				       .boot_guest = true,
				       .kernel_dir = *state,
				       .kernel_dir_given = true,
				       .cfg_path = "/w.cfg",
				       .memory_mib = 512,
				       .vcpus = 1 } };
	test_ui_init(&g->ui);
	g->job = (struct mkd_job){ .plan = &g->plan, .ui = &g->ui.ui, .n_disks = 1 };
	g->job.layout.n_disks = 1;
	(void)snprintf(g->job.layout.disks[0].vdev, sizeof(g->job.layout.disks[0].vdev), "xvda1");
	(void)snprintf(g->job.layout.root.dev, sizeof(g->job.layout.root.dev), "/dev/xvda1");
	assert_ok(mkd_target_open(&req, &g->job.target[0], &err), &err);
	assert_int_equal(mkd_pwrite_full(mkd_target_fd(g->job.target[0]), disk.data, disk.len, 0),
			 0);
}

static void guest_end(struct guest *g)
{
	mkd_target_close(g->job.target[0]);
	free(g->job.kernel);
	free(g->job.ramdisk);
	mkd_buf_free(&g->job.cfg);
	mkd_buf_free(&g->ui.said);
}

/* The stage, and the end of a build that failed later. */
static int take_and_leave(struct guest *g, struct mkd_err *err)
{
	int r = mkd_job_own_kernel(&g->job, err);

	mkd_job_own_rollback(&g->job);
	mkd_job_own_release(&g->job);
	assert_null(g->job.own);
	free(g->job.ramdisk);
	g->job.ramdisk = NULL;
	mkd_buf_free(&g->job.cfg);
	return r;
}

static void the_guests_kernel_is_copied_out(void **state)
{
	struct guest g;
	struct mkd_err err = { 0 };
	const char *out = test_path(state, "w-vmlinuz-6.1.0-x");

	guest_setup(&g, state, "boot/vmlinuz-6.1.0");
	assert_ok(mkd_job_own_kernel(&g.job, &err), &err);
	assert_string_equal(g.job.kernel, out);
	assert_string_equal(g.job.ramdisk, test_path(state, "w-initrd-6.1.0-x"));
	assert_non_null(strstr(g.job.cfg.data, "w-vmlinuz-6.1.0-x\"\n"));
	assert_non_null(strstr(g.job.cfg.data, "w-initrd-6.1.0-x\"\n"));
	assert_int_not_equal(access(out, F_OK), 0); /* not before it is published */
	assert_non_null(strstr(g.ui.said.data, "without CONFIG_XEN_PV"));
	assert_non_null(strstr(g.ui.said.data, "has no driver xen-blkfront"));
	assert_non_null(strstr(g.ui.said.data, "no '/lib/modules/6.1.0-x'"));
	mkd_job_own_release(&g.job);
	guest_end(&g);
}

static void a_guest_without_one_is_refused(void **state)
{
	struct guest g;
	struct mkd_err err = { 0 };

	guest_setup(&g, state, NULL);
	assert_fails(mkd_job_own_kernel(&g.job, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "there is no kernel '/boot/vmlinuz-VERSION' in the guest");
	guest_end(&g);
}

static void a_copy_fails_and_leaves_nothing(void **state)
{
	const char *out = test_path(state, "w-vmlinuz-6.1.0-x"), *dir = test_path(state, "new");
	struct guest g;
	struct mkd_err err = { 0 };

	guest_setup(&g, state, "boot/vmlinuz-6.1.0");
	g.job.ui = NULL;
	/* mkd_job_own_kernel: -ENOMEM, -EEXIST, other */
	assert_nomem(take_and_leave(&g, &err), &err);
	assert_fault(FAULT_WRITE, 2, take_and_leave(&g, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "cannot write '");
	assert_fault(FAULT_FSYNC, 1, take_and_leave(&g, &err), &err, EIO, MKD_EXIT_IO,
		     "w-vmlinuz-6.1.0-x'");
	test_write(out, "mine", 4);
	assert_fails(take_and_leave(&g, &err), &err, EEXIST, MKD_EXIT_TARGET, "--force replaces");
	g.plan.force = true;
	assert_ok(take_and_leave(&g, &err), &err);
	assert_int_equal(unlink(out), 0);
	assert_int_equal(symlink("x", out), 0);
	assert_fails(take_and_leave(&g, &err), &err, EEXIST, MKD_EXIT_TARGET, "no regular file");
	g.plan.kernel_dir = dir;
	g.plan.kernel_dir_given = true;
	assert_fails(take_and_leave(&g, &err), &err, ENOENT, MKD_EXIT_USAGE, "new'");
	g.plan.kernel_dir_given = false; /* made, and removed again */
	assert_ok(take_and_leave(&g, &err), &err);
	assert_int_not_equal(access(dir, F_OK), 0);
	guest_end(&g);
}

/* The config's name is taken meanwhile: what came before it goes again. */
static void a_failed_publication_takes_the_kernel_back(void **state)
{
	const char *out = test_path(state, "w-vmlinuz-6.1.0-x");
	cleanup_buf struct mkd_buf now = { 0 };
	struct guest g;
	struct mkd_err err = { 0 };

	guest_setup(&g, state, "boot/vmlinuz-6.1.0");
	test_write(out, "old", 3);
	g.plan.force = true;
	g.plan.cfg_path = test_path(state, "w.cfg");
	g.job.cfg_dirfd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g.job.cfg_name = "w.cfg";
	assert_ok(mkd_job_own_kernel(&g.job, &err), &err);
	test_write(g.plan.cfg_path, "other", 5);
	assert_fails(mkd_job_publish(&g.job, &err), &err, EEXIST, MKD_EXIT_TARGET,
		     "cannot write the config");
	mkd_job_own_rollback(&g.job);
	mkd_job_own_release(&g.job);
	assert_ok(mkd_file_read(AT_FDCWD, out, 64, MKD_EXIT_USAGE, &now, &err), &err);
	assert_string_equal(now.data, "old");
	assert_int_not_equal(access(test_path(state, "w-initrd-6.1.0-x"), F_OK), 0);
	assert_int_not_equal(access(test_path(state, "w.img"), F_OK), 0);
	(void)close(g.job.cfg_dirfd);
	guest_end(&g);
}

static int render(struct mkd_job *j, struct mkd_err *err)
{
	mkd_buf_free(&j->cfg);
	return mkd_job_render(j, err);
}

static void a_config_is_made_again(void **state)
{
	struct mkd_plan p = {
		.name = "w", .type = "pv", .disk = "/w.img", .memory_mib = 512, .vcpus = 1
	};
	struct mkd_job j = { .plan = &p, .kernel = (char *)"/k" };
	struct mkd_err err;

	(void)state;
	j.layout.n_disks = 1;
	(void)snprintf(j.layout.disks[0].vdev, sizeof(j.layout.disks[0].vdev), "xvda1");
	(void)snprintf(j.layout.root.dev, sizeof(j.layout.root.dev), "/dev/xvda1");
	assert_nomem(render(&j, &err), &err); /* mkd_job_render: -ENOMEM */
	assert_non_null(strstr(j.cfg.data, "kernel = \"/k\"\n"));
	mkd_buf_free(&j.cfg);
}

int main(void)
{
#define WITH_DIR(t) cmocka_unit_test_setup_teardown(t, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(a_plan_runs_out_of_memory),
		WITH_DIR(what_is_open_is_looked_at),
		WITH_DIR(a_kernel_is_found_or_its_place),
		WITH_DIR(the_guests_kernel_is_copied_out),
		WITH_DIR(a_guest_without_one_is_refused),
		WITH_DIR(a_copy_fails_and_leaves_nothing),
		WITH_DIR(a_failed_publication_takes_the_kernel_back),
		cmocka_unit_test(a_config_is_made_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
