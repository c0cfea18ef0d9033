/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What builder/disk does when memory, locks, files or xenstored fail; on image files and a made-up
 * machine, so without root.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "disktest.h"
#include "fault.h"
#include "mkdomu/disklock.h"
#include "mkdomu/file.h"
#include "mkdomu/guard.h"
#include "mkdomu/label.h"
#include "mkdomu/loop.h"
#include "mkdomu/signature.h"
#include "mkdomu/swap.h"
#include "mkdomu/target_image.h"
#include "mkdomu/tmpname.h"
#include "mkdomu/xenstore.h"
#include "mkdomu/xenuse.h"

#define FULL makedev(1, 7) /* /dev/full plays the disk: any user may open and lock it */

/* A machine that knows that one disk. */
static struct mkd_host machine(void **state)
{
	static char dir[5][600];
	const char *const names[] = { "sys", "proc", "dev", "xen", "no" };
	char command[2048];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)snprintf(dir[i], sizeof(dir[i]), "%s/%s", (const char *)*state, names[i]);
	(void)snprintf(command, sizeof(command),
		       "cd '%s' && mkdir -p sys/dev/block/1:7 sys/block proc/self dev xen && "
		       "touch proc/self/mountinfo proc/swaps",
		       (const char *)*state);
	assert_int_equal(system(command), 0);
	return (struct mkd_host){ .sys = dir[0],
				  .proc = dir[1],
				  .dev = dir[2],
				  .root = "",
				  .xen_cfg = dir[3],
				  .xenstore_socket = dir[4],
				  .xenbus = dir[4] };
}

static struct mkd_subject subject(const struct mkd_host *host)
{
	return (struct mkd_subject){ .host = host,
				     .name = "d",
				     .st = { .st_mode = S_IFBLK, .st_rdev = FULL },
				     .devs = { .dev = { FULL }, .n = 1 } };
}

static int lock_full(void *arg)
{
	(void)arg;
	return flock(open("/dev/full", O_RDONLY | O_CLOEXEC), LOCK_EX | LOCK_NB);
}

static void the_lock_of_a_disk_fails(void **state)
{
	struct mkd_host host = machine(state);
	int fd = -1;
	pid_t pid;
	struct mkd_err err;

	assert_fails(mkd_disklock_device(&host, FULL, "/dev/zero", MKD_LOCK_HOLD, &fd, &err), &err,
		     ENOENT, MKD_EXIT_TARGET, "cannot lock the disk of '/dev/zero'");
	assert_fault(FAULT_OPEN, 1,
		     mkd_disklock_device(&host, FULL, "/dev/full", MKD_LOCK_HOLD, &fd, &err), &err,
		     EACCES, MKD_EXIT_TARGET, "cannot open '/dev/full' to lock it");
	assert_fault(FAULT_FLOCK, 1,
		     mkd_disklock_device(&host, FULL, "/dev/full", MKD_LOCK_HOLD, &fd, &err), &err,
		     ENOLCK, MKD_EXIT_TARGET, "cannot lock the disk");
	pid = child_start(lock_full, NULL);
	assert_fails(mkd_disklock_device(&host, FULL, "/dev/full", MKD_LOCK_LOOK, &fd, &err), &err,
		     EBUSY, MKD_EXIT_BUSY, "another program has the disk");
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_disklock_device(&host, FULL, "/dev/full", MKD_LOCK_LOOK, &fd, &err), &err,
		     EINTR, 128 + SIGTERM, "interrupted");
	mkd_signal_set(0);
	child_end(pid);
	assert_int_equal(fd, -1);
}

static void the_lock_of_a_name_fails(void **state)
{
	cleanup_close int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC), held = -1;
	int fd = -1;
	struct mkd_err err;

	assert_fault(FAULT_SOCKET, 1, mkd_disklock_image(dir, "x", "/x", &fd, &err), &err, EMFILE,
		     MKD_EXIT_INTERNAL, "cannot lock '/x'");
	assert_fault(FAULT_BIND, 1, mkd_disklock_image(dir, "x", "/x", &fd, &err), &err, ENOMEM,
		     MKD_EXIT_INTERNAL, "cannot lock '/x'");
	assert_ok(mkd_disklock_image(dir, "x", "/x", &held, &err), &err);
	assert_fails(mkd_disklock_image(dir, "x", "/x", &fd, &err), &err, EBUSY, MKD_EXIT_BUSY,
		     "another mkdomu is writing it");
	assert_int_equal(fd, -1);
}

static void not_to_know_is_no_yes(void **state)
{
	struct mkd_host host = machine(state);
	struct mkd_subject s = subject(&host), file;
	struct mkd_devset set = { .n = 0 };
	const char *swaps = test_path(state, "proc/swaps");
	struct mkd_err err;

	for (unsigned i = 1; i <= 2; i++) {
		fault_arm(FAULT_MOUNT, i, ENOMEM);
		assert_fails(mkd_inuse_mount(&s, &err), &err, ENOMEM, MKD_EXIT_INTERNAL, "memory");
		fault_arm(FAULT_MOUNT, i, ENOMEM);
		assert_fails(mkd_inuse_swap(&s, &err), &err, ENOMEM, MKD_EXIT_INTERNAL, "memory");
	}
	fault_arm(FAULT_MOUNT, 1, ENOMEM);
	assert_fails(mkd_inuse_home(&s, &err), &err, ENOMEM, MKD_EXIT_INTERNAL, "memory");
	assert_true(fault_disarm());
	assert_fails(mkd_inuse_explain(&s, &err), &err, EBUSY, MKD_EXIT_TARGET, "holds it");
	assert_int_equal(unlink(test_path(state, "proc/self/mountinfo")), 0);
	assert_fails(mkd_inuse_home(&s, &err), &err, ENOENT, MKD_EXIT_TARGET, "cannot read '");
	assert_fails(mkd_inuse_mount(&s, &err), &err, ENOENT, MKD_EXIT_TARGET, "cannot read '");
	assert_int_equal(unlink(swaps), 0);
	assert_int_equal(mkdir(swaps, 0700), 0);
	assert_fails(mkd_inuse_swap(&s, &err), &err, EINVAL, MKD_EXIT_TARGET, "cannot read '");
	assert_fault(FAULT_OPENDIR, 1, mkd_inuse_loop(&s, &err), &err, EMFILE, MKD_EXIT_INTERNAL,
		     "mount sysfs");
	assert_fault(FAULT_OPENDIR, 1, mkd_blockdev_partitions(&host, FULL, &set, &err), &err,
		     EMFILE, MKD_EXIT_INTERNAL, "cannot read '");
	assert_fault(FAULT_STAT, 1, mkd_subject_make(&host, "d", 0, &file, &err), &err, EOVERFLOW,
		     MKD_EXIT_TARGET, "cannot examine 'd'");
}

static int lock_file(void *arg)
{
	return flock(open(arg, O_RDONLY | O_CLOEXEC), LOCK_EX | LOCK_NB);
}

static void an_image_file_is_guarded(void **state)
{
	struct mkd_host host = machine(state);
	const char *path = test_path(state, "x.img");
	cleanup_close int fd = make_file(path, 4 * MIB);
	struct mkd_guard_req req = { .host = &host, .name = path, .fd = fd };
	struct mkd_target_info info;
	struct mkd_subject s;
	struct mkd_err err;
	pid_t pid;

	assert_fails(mkd_guard_image(&req, &info, &err), &err, EEXIST, MKD_EXIT_TARGET,
		     "the file exists");
	assert_ok(mkd_subject_make(&host, path, fd, &s, &err), &err);
	pid = child_start(lock_file, (void *)path);
	assert_fails(mkd_inuse_lock(&s, fd, &err), &err, EBUSY, MKD_EXIT_TARGET, "has it locked");
	assert_fails(mkd_guard_image(&req, &info, &err), &err, EBUSY, MKD_EXIT_TARGET,
		     "has it locked");
	child_end(pid);
	assert_int_equal(link(path, test_path(state, "other")), 0);
	assert_fails(mkd_guard_image(&req, &info, &err), &err, EINVAL, MKD_EXIT_TARGET, "2 names");
}

static void libraries_run_out_of_memory(void **state)
{
	cleanup_close int fd = make_file(test_path(state, "f"), 8 * MIB);
	const struct mkd_label_part part = { .offset_bytes = MIB,
					     .size_bytes = MIB,
					     .name = "root" };
	const struct mkd_label_req label = { .fd = fd,
					     .name = "f",
					     .size_bytes = 8 * MIB,
					     .sector_bytes = 512,
					     .parts = &part,
					     .n_parts = 1 };
	char found[MKD_FOUND_BYTES];
	struct mkd_err err;

	assert_fault(FAULT_FDISK, 1, mkd_label_write_gpt(&label, &err), &err, ENOMEM,
		     MKD_EXIT_INTERNAL, "memory");
	assert_ok(mkd_label_write_gpt(&label, &err), &err);
	assert_fault(FAULT_BLKID, 1, mkd_signature_find(fd, "f", found, &err), &err, ENOMEM,
		     MKD_EXIT_INTERNAL, "memory");
	assert_fault(FAULT_BLKID, 1, mkd_signature_wipe(fd, "f", &err), &err, ENOMEM,
		     MKD_EXIT_INTERNAL, "memory");
	assert_nomem(mkd_signature_find(fd, "f", found, &err), &err);
	assert_non_null(strstr(found, "GPT"));
	assert_ok(mkd_signature_wipe(fd, "f", &err), &err);
	assert_fails(mkd_signature_find(-1, "f", found, &err), &err, EIO, MKD_EXIT_IO,
		     "cannot read 'f'");
}

static void a_swap_header_is_refused(void **state)
{
	const struct mkd_swap_req small = { .name = "s", .size_bytes = 4096 };
	const struct mkd_swap_req named = { .name = "s",
					    .size_bytes = MIB,
					    .label = "0123456789abcdef" };
	uint8_t page[MKD_SWAP_PAGE_BYTES];
	struct mkd_err err;

	(void)state;
	assert_fails(mkd_swap_header(&small, page, &err), &err, EINVAL, MKD_EXIT_TARGET,
		     "too small");
	assert_fails(mkd_swap_header(&named, page, &err), &err, ENAMETOOLONG, MKD_EXIT_USAGE,
		     "more than 15 bytes");
}

static void a_hidden_file_fails(void **state)
{
	cleanup_close int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct mkd_tmpname t = { .fd = -1 };
	struct mkd_err err;

	assert_fault(FAULT_OPEN, 2, mkd_tmpname_open(dir, "x", false, &t, &err), &err, EACCES,
		     MKD_EXIT_TARGET, "cannot create 'x' in its folder");
	assert_fault(FAULT_OPEN, 2, mkd_tmpname_open(dir, "x", false, &t, &err), &err, ENOSPC,
		     MKD_EXIT_NOSPACE, "cannot create 'x'");
	for (int named = 0; named <= 1; named++) {
		const char *x = test_path(state, "x");

		assert_ok(mkd_tmpname_open(dir, "x", named, &t, &err), &err);
		assert_fault(FAULT_FSYNC, 1, mkd_tmpname_commit(dir, &t, "x", false, &err), &err,
			     EIO, MKD_EXIT_IO, "cannot publish 'x'");
		assert_int_not_equal(access(x, F_OK), 0); /* taken back */
		mkd_tmpname_close(dir, &t);
		assert_ok(mkd_tmpname_open(dir, "x", named, &t, &err), &err);
		test_write(x, "old", 3);
		assert_fails(mkd_tmpname_commit(dir, &t, "x", false, &err), &err, EEXIST,
			     MKD_EXIT_TARGET, "has come to exist");
		assert_fault(FAULT_RENAME, 1, mkd_tmpname_commit(dir, &t, "x", true, &err), &err,
			     EIO, MKD_EXIT_IO, "cannot publish 'x'");
		assert_fault(FAULT_FSYNC, 1, mkd_tmpname_commit(dir, &t, "x", true, &err), &err,
			     EDQUOT, MKD_EXIT_NOSPACE, "cannot publish 'x'");
		mkd_tmpname_close(dir, &t);
		assert_int_equal(unlink(x), 0);
	}
}

static void nobody_is_there_to_ask(void **state)
{
	struct mkd_host host = machine(state);
	struct mkd_subject s = subject(&host);
	cleanup_free char *config = NULL;
	const char *sock = test_path(state, "no");
	int fd = -1;
	struct mkd_err err;

	assert_fails(mkd_xenstore_open(sock, sock, &fd, &err), &err, ENOENT, MKD_EXIT_TARGET,
		     "cannot connect to '");
	test_write(sock, "", 0);
	assert_fails(mkd_xenstore_open(sock, test_path(state, "none"), &fd, &err), &err,
		     ECONNREFUSED, MKD_EXIT_TARGET, "cannot connect to '");
	test_write(test_path(state, "xen/g.cfg"), "disk = [ 'phy:full,xvda,w' ]\n", 29);
	s.st.st_mode = S_IFREG;
	s.devs.n = 0;
	assert_int_equal(stat(test_path(state, "no"), &s.st), 0);
	(void)snprintf(config = calloc(1, 700), 700, "disk = [ '%s,raw,xvda' ]\n", sock);
	test_write(test_path(state, "xen/g.cfg"), config, strlen(config));
	free(steal(&config));
	assert_nomem(mkd_xenuse_config(&s, &config, &err), &err);
	assert_string_equal(config, test_path(state, "xen/g.cfg"));
}

/* A xenstored that lists one domain, for one asker. */
static void a_running_guest_is_looked_for_without_memory(void **state)
{
	struct mkd_host host = machine(state);
	struct mkd_subject s = subject(&host);
	const uint32_t head[4] = { 1, 0, 0, 2 };
	char bus[46];
	struct mkd_err err;

	test_write(test_path(state, "no"), "", 0); /* there is a socket; open below is made up */
	host.xenbus = test_path(state, "bus");
	test_write(host.xenbus,
		   "\1\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0"
		   "1",
		   17);
	fault_arm(FAULT_POLL, 1, EIO);
	assert_fails(mkd_xenuse_running(&s, &err), &err, EBUSY, MKD_EXIT_BUSY,
		     "xenstored does not tell");
	assert_true(fault_disarm());
	/* the bus is a file here: the answer lies behind where the question is written */
	memset(bus, 0, sizeof(bus));
	memcpy(bus + 28, &head, sizeof(head));
	bus[44] = '1';
	test_write(host.xenbus, bus, sizeof(bus));
	assert_fault(FAULT_ALLOC, 1, mkd_xenuse_running(&s, &err), &err, ENOMEM, MKD_EXIT_INTERNAL,
		     "memory");
}

static void an_image_fails_to_be_made(void **state)
{
	const char *path = test_path(state, "x.img");
	struct mkd_target_req req = { .path = path, .size_bytes = 4 * MIB };
	struct mkd_target_info info;
	struct mkd_target *t = NULL;
	char long_name[600], loop[600];
	struct rlimit old, low = { .rlim_cur = MIB };
	struct mkd_err err;

	assert_nomem(mkd_target_probe(&req, &info, &err), &err);
	assert_nomem(mkd_target_open(&req, &t, &err), &err);
	mkd_target_close(steal(&t));
	assert_fault(FAULT_TRUNCATE, 1, mkd_target_open(&req, &t, &err), &err, EFBIG,
		     MKD_EXIT_NOSPACE, "bytes large");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	low.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	assert_fails(mkd_target_probe(&req, &info, &err), &err, EFBIG, MKD_EXIT_NOSPACE,
		     "see ulimit -f");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	(void)snprintf(long_name, sizeof(long_name), "%s/%0256d", (const char *)*state, 1);
	req.path = long_name;
	assert_fails(mkd_target_probe(&req, &info, &err), &err, ENAMETOOLONG, MKD_EXIT_TARGET,
		     "too long");
	(void)snprintf(loop, sizeof(loop), "%s/loop", (const char *)*state);
	assert_int_equal(symlink("loop", loop), 0);
	req.path = strcat(loop, "/x");
	assert_fails(mkd_target_probe(&req, &info, &err), &err, ELOOP, MKD_EXIT_TARGET, "folder");
	assert_null(t);
}

static void an_image_fails_to_be_published(void **state)
{
	const char *path = test_path(state, "x.img");
	struct mkd_target_req req = { .path = path, .size_bytes = 4 * MIB, .force = true };
	struct mkd_target *t = NULL;
	struct mkd_err err;

	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_fault(FAULT_FSYNC, 1, mkd_target_prepare(t, &err), &err, EIO, MKD_EXIT_IO,
		     "cannot write '");
	assert_fault(FAULT_CHMOD, 1, mkd_target_prepare(t, &err), &err, EPERM, MKD_EXIT_IO,
		     "cannot set the mode");
	test_write(path, "theirs", 6);
	assert_fails(mkd_target_commit(t, &err), &err, EEXIST, MKD_EXIT_TARGET, "come to exist");
	mkd_target_close(steal(&t));
	/* over an old image, that is exchanged for another one meanwhile */
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_fault(FAULT_BLKID, 1, mkd_target_prepare(t, &err), &err, ENOMEM, MKD_EXIT_INTERNAL,
		     "memory");
	test_write(test_path(state, "y"), "new", 3);
	assert_int_equal(rename(test_path(state, "y"), path), 0);
	assert_fails(mkd_target_prepare(t, &err), &err, EBUSY, MKD_EXIT_TARGET,
		     "another file has taken its name");
	mkd_target_close(steal(&t));
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(the_lock_of_a_disk_fails),
		WITH_DIR(the_lock_of_a_name_fails),
		WITH_DIR(not_to_know_is_no_yes),
		WITH_DIR(an_image_file_is_guarded),
		WITH_DIR(libraries_run_out_of_memory),
		WITH_DIR(a_swap_header_is_refused),
		WITH_DIR(a_hidden_file_fails),
		WITH_DIR(nobody_is_there_to_ask),
		WITH_DIR(a_running_guest_is_looked_for_without_memory),
		WITH_DIR(an_image_fails_to_be_made),
		WITH_DIR(an_image_fails_to_be_published),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
