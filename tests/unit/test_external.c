/* SPDX-License-Identifier: GPL-2.0-or-later */
/* External hooks that run: how they end, what fails before, and a disk that the kernel had. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ext4_image.h"
#include "fault.h"
#include "mkdomu/e4_scrub.h"
#include "mkdomu/external.h"
#include "mkdomu/hookdisk.h"
#include "mkdomu/jail.h"
#include "test.h"
#include "tree_mem.h"

static const struct mkd_guest guest = { .name = "w", .hostname = "w", .epoch_sec = 5 };
static const struct mkd_facts facts = { .os_id = "x" };

/* Where this user may make none, no external hook runs: that is a case of its own. */
static bool have_namespaces(void)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) != 0);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void make(struct mkd_exthook *h, const char *text)
{
	struct mkd_err err = { 0 };

	*h = (struct mkd_exthook){ .name = "h" };
	mkd_buf_str(&h->program, text);
	assert_ok(mkd_strdup("/x/h", &h->path, &err), &err);
	assert_ok(mkd_hookhead_parse(text, strlen(text), "h", &h->head, &err), &err);
}

static int run_it(const char *text, struct mkd_tree *t, struct mkd_ui *ui, struct mkd_err *err)
{
	struct mkd_exthook h;
	struct mkd_external_req q = {
		.hook = &h, .guest = &guest, .facts = &facts, .tree = t, .ui = ui
	};
	int r;

	make(&h, text);
	r = mkd_external_run(&q, err);
	mkd_exthook_free(&h);
	return r;
}

static void a_hook_edits(void **state)
{
	struct mkd_tree *t = tree_mem_new();
	struct mkd_err err = { 0 };
	struct test_ui ui;

	(void)state;
	if (!have_namespaces())
		skip();
	test_ui_init(&ui);
	tree_mem_file(t, "/etc/a", "old");
	assert_ok(run_it("#!/bin/sh\nprintf 'one\\n\\033two'\nread x || echo new >etc/a\n", t,
			 &ui.ui, &err),
		  &err);
	assert_string_equal(tree_mem_text(t, "/etc/a"), "new\n");
	assert_non_null(strstr(mkd_buf_cstr(&ui.said), "h: one\nh: ?two\n"));
	mkd_buf_reset(&ui.said);
	assert_ok(run_it("#!/bin/sh\necho x >etc/a; exit 75\n", t, &ui.ui, &err), &err);
	assert_string_equal(tree_mem_text(t, "/etc/a"), "new\n");
	assert_non_null(strstr(mkd_buf_cstr(&ui.said), "has nothing to do here"));
	mkd_buf_free(&ui.said);
	tree_mem_free(t);
}

static void a_hook_fails(void **state)
{
	/* mkd_external_run: -ECANCELED, -ETIMEDOUT, -ENOEXEC, -ENOMEM */
	struct mkd_tree *t = tree_mem_new();
	struct mkd_exthook h;
	struct mkd_external_req q = { .hook = &h, .guest = &guest, .facts = &facts, .tree = t };
	struct mkd_err err;

	(void)state;
	if (!have_namespaces())
		skip();
	tree_mem_file(t, "/etc/a", "old");
	assert_fails(run_it("#!/bin/sh\necho why; exit 3\n", t, NULL, &err), &err, ECANCELED,
		     MKD_EXIT_HOOK, "hook 'h': it failed with status 3; its last words: why");
	assert_fails(run_it("#!/bin/sh\nkill -9 $$\n", t, NULL, &err), &err, ECANCELED,
		     MKD_EXIT_HOOK, "ended by signal 9");
	assert_fails(run_it("#!/bin/sh\n# mkdomu-hook: timeout=1\nsleep 100\n", t, NULL, &err),
		     &err, ETIMEDOUT, MKD_EXIT_HOOK, "longer than 1 s");
	assert_fails(run_it("words\n", t, NULL, &err), &err, ENOEXEC, MKD_EXIT_HOOK,
		     "begins with no '#!'");
	assert_fails(run_it("#!/no/such\n", t, NULL, &err), &err, ENOEXEC, MKD_EXIT_HOOK,
		     "its interpreter is not on this host");
	make(&h, "#!/bin/sh\n");
	assert_fault(FAULT_ALLOC, 1, mkd_external_run(&q, &err), &err, ENOMEM, MKD_EXIT_INTERNAL,
		     "out of memory");
	mkd_exthook_free(&h);
	assert_string_equal(tree_mem_text(t, "/etc/a"), "old");
	tree_mem_free(t);
}

/* -- the jail itself -- */

static char *const no_env[] = { NULL };

static struct mkd_jail_req jail_req(const char *text)
{
	return (struct mkd_jail_req){ .name = "h",
				      .program = text,
				      .program_len = strlen(text),
				      .env = no_env,
				      .json = "{}",
				      .timeout_sec = 20 };
}

static void no_descriptor_is_left(void **state)
{
	const struct mkd_jail_req q = jail_req("#!/bin/sh\n");
	struct rlimit was, none;
	struct mkd_jail *j = NULL;
	struct mkd_err err;
	int fd = dup(0);

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = (rlim_t)fd;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_fails(mkd_jail_open(&q, &j, &err), &err, EMFILE, MKD_EXIT_INTERNAL,
		     "cannot make a socket");
	/* mkd_jail_open: other */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	(void)close(fd);
	assert_fault(FAULT_ALLOC, 1, mkd_jail_open(&q, &j, &err), &err, ENOMEM, MKD_EXIT_INTERNAL,
		     "out of memory");
}

/* As a user of a namespace that may hold no further one: in a process that ends. */
static void it_needs_a_namespace(void **state)
{
	struct mkd_jail_req q = jail_req("#!/bin/sh\n");
	struct mkd_jail *j = NULL;
	struct mkd_err err = { 0 };
	int status = -1;
	pid_t pid;

	(void)state;
	if (!have_namespaces())
		skip();
	pid = fork();
	if (pid == 0) {
		int fd;

		if (unshare(CLONE_NEWUSER) != 0)
			_exit(9);
		fd = open("/proc/sys/user/max_user_namespaces", O_WRONLY);
		if (fd < 0 || write(fd, "0", 1) != 1)
			_exit(8);
		/* mkd_jail_open: -ENOTSUP, -EPERM */
		if (mkd_jail_open(&q, &j, &err) != -ENOTSUP || err.exit != MKD_EXIT_HOOK ||
		    !strstr(err.msg, "it needs a user namespace"))
			_exit(7);
		q.device = "/dev/null";
		_exit(mkd_jail_open(&q, &j, &err) != -EPERM || err.exit != MKD_EXIT_HOOK);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Kills the first process of the jail, which is a child of ours, after a while. */
static pid_t killer(void)
{
	pid_t parent = getpid(), pid = fork();
	char path[64];

	if (pid != 0)
		return pid;
	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)parent, (int)parent);
	for (;;) {
		FILE *f = fopen(path, "re");
		int child;

		(void)usleep(300 * 1000);
		while (f && fscanf(f, "%d", &child) == 1)
			if (child != getpid())
				_exit(kill(child, SIGKILL) != 0);
		if (f)
			(void)fclose(f);
	}
}

static void it_is_ended(void **state)
{
	const struct mkd_jail_req q = jail_req("#!/bin/sh\nsleep 100\n");
	struct mkd_jail_end how;
	struct mkd_jail *j = NULL;
	struct mkd_err err = { 0 };
	pid_t pid;

	(void)state;
	if (!have_namespaces())
		skip();
	assert_ok(mkd_jail_open(&q, &j, &err), &err);
	pid = killer();
	assert_fails(mkd_jail_run(j, &how, &err), &err, EIO, MKD_EXIT_HOOK, "was ended");
	mkd_jail_close(j);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_ok(mkd_jail_open(&q, &j, &err), &err);
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_jail_run(j, &how, &err), &err, EINTR, MKD_EXIT_SIGNAL + SIGTERM,
		     "interrupted");
	mkd_signal_set(0);
	mkd_jail_close(j);
	assert_ok(mkd_jail_open(&q, &j, &err), &err);
	mkd_jail_close(j); /* one that never ran */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* -- a disk that the kernel had -- */

static void a_disk_is_attached(void **state)
{
	struct ext4_image im = { .state = state,
				 .name = "i",
				 .size_bytes = 16 * MIB,
				 .offset_bytes = MIB,
				 .epoch_sec = IMAGE_EPOCH,
				 .fd = -1 };
	struct mkd_hookdisk d = { .fd = -1 };
	struct mkd_err err = { 0 };
	int held;

	assert_fault(FAULT_OPEN, 1, mkd_hookdisk_attach(0, 0, 0, &d, &err), &err, ENODEV,
		     MKD_EXIT_HOOK, "no loop device: No such device; modprobe loop");
	if (geteuid() != 0 || access("/dev/loop-control", R_OK | W_OK) != 0)
		skip();
	assert_fails(mkd_hookdisk_attach(-1, 0, 0, &d, &err), &err, EBADF, MKD_EXIT_HOOK,
		     "cannot attach");
	/* mkd_hookdisk_attach: other */
	image_make(&im);
	im.fd = open(im.path, O_RDWR | O_CLOEXEC);
	assert_ok(mkd_hookdisk_attach(im.fd, MIB, 16 * MIB, &d, &err), &err);
	held = open(d.path, O_RDONLY | O_EXCL | O_CLOEXEC);
	assert_true(held >= 0);
	assert_fails(mkd_hookdisk_detach(&d, &err), &err, EBUSY, MKD_EXIT_HOOK, "still mounted");
	(void)close(held);
	assert_ok(mkd_hookdisk_detach(&d, &err), &err);
	image_done(&im);
}

/* RLIMIT_NPROC does not bind root: the jail counts. */
static void too_many_processes(void **state)
{
	static const char text[] = "#!/bin/sh\n# mkdomu-hook: mode=mounted\n"
				   "i=0; while [ $i -lt 1200 ]; do sleep 50 & i=$((i + 1)); done\n"
				   "wait\n";
	struct ext4_image im = { .state = state,
				 .name = "i",
				 .size_bytes = 16 * MIB,
				 .epoch_sec = IMAGE_EPOCH,
				 .fd = -1 };
	struct mkd_hookdisk d = { .fd = -1 };
	struct mkd_exthook h;
	struct mkd_external_req q = { .hook = &h, .guest = &guest, .facts = &facts };
	struct mkd_err err = { 0 };

	if (geteuid() != 0 || access("/dev/loop-control", R_OK | W_OK) != 0)
		skip();
	image_make(&im);
	im.fd = open(im.path, O_RDWR | O_CLOEXEC);
	assert_ok(mkd_hookdisk_attach(im.fd, 0, 16 * MIB, &d, &err), &err);
	make(&h, text);
	q.device = d.path;
	assert_fails(mkd_external_run(&q, &err), &err, EAGAIN, MKD_EXIT_HOOK,
		     "more than 1024 processes");
	mkd_exthook_free(&h);
	assert_ok(mkd_hookdisk_detach(&d, &err), &err);
	image_done(&im);
}

static void traces_of_a_mount_go(void **state)
{
	struct ext4_image im = { .state = state,
				 .name = "i",
				 .size_bytes = 16 * MIB,
				 .epoch_sec = IMAGE_EPOCH,
				 .fd = -1 };
	struct mkd_err err = { 0 };

	image_make(&im);
	image_open(&im);
	image_put(im.t, "/old", "x", 1);
	image_save(&im);
	(void)image_debugfs(&im,
			    "set_super_value last_mounted /secret\n"
			    "set_super_value mnt_count 7\n"
			    "set_inode_field /old mtime 20300101\n"
			    "set_inode_field /old ctime 20300101\n"
			    "set_inode_field /old atime 20010101\n",
			    true);
	image_open(&im);
	assert_ok(mkd_e4_scrub(im.t, IMAGE_EPOCH + 1, &err), &err);
	image_save(&im);
	assert_false(image_shows(&im, "show_super_stats -h", "/secret"));
	assert_true(image_shows(&im, "show_super_stats -h", "Mount count:              0"));
	assert_true(image_shows(&im, "stat /old", "mtime: 0x6553f100"));
	assert_true(image_shows(&im, "stat /old", "ctime: 0x6553f100"));
	assert_false(image_shows(&im, "stat /old", "atime: 0x6553f100")); /* was earlier */
	image_done(&im);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hook_edits),
		cmocka_unit_test(a_hook_fails),
		cmocka_unit_test(no_descriptor_is_left),
		cmocka_unit_test(it_needs_a_namespace),
		cmocka_unit_test(it_is_ended),
		IN_DIR(a_disk_is_attached),
		IN_DIR(too_many_processes),
		IN_DIR(traces_of_a_mount_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
