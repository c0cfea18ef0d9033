/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of builder/disk's looks at the system, on a made-up one: sysfs with dm, md and
 * partitions, mounts, xenstore, xl configs. No root.
 */
#include "disktest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "mkdomu/file.h"
#include "mkdomu/guard.h"
#include "mkdomu/inuse.h"
#include "mkdomu/loop.h"
#include "mkdomu/signature.h"
#include "mkdomu/xenuse.h"

#define SDB   makedev(8, 16)
#define SDB1  makedev(8, 17)
#define SDB10 makedev(8, 26)
#define DM0   makedev(253, 0)
#define DM1   makedev(253, 1)

/* A machine in a folder. */
struct machine {
	char sys[256], proc[256], dev[256], xen[256], socket[256], xenbus[256];
	struct mkd_host host;
};

static void put(const char *dir, const char *rest, const char *text)
{
	cleanup_buf struct mkd_buf path = { 0 };
	struct mkd_err err = { 0 };
	char *slash;

	mkd_buf_printf(&path, "%s/%s", dir, rest);
	slash = strrchr(path.data, '/');
	*slash = '\0';
	assert_ok(mkd_mkdirs(path.data, 0755, &err), &err);
	*slash = '/';
	test_write(path.data, text, strlen(text));
}

static void put_dir(const char *dir, const char *rest)
{
	cleanup_buf struct mkd_buf path = { 0 };
	struct mkd_err err = { 0 };

	mkd_buf_printf(&path, "%s/%s", dir, rest);
	assert_ok(mkd_mkdirs(path.data, 0755, &err), &err);
}

static void put_link(const char *dir, const char *rest, const char *target)
{
	cleanup_buf struct mkd_buf path = { 0 };

	mkd_buf_printf(&path, "%s/%s", dir, rest);
	assert_int_equal(symlink(target, path.data), 0);
}

/* sdb with partitions 1 and 10; dm-0 = vg0-root on sdb10, dm-1 on dm-0. */
static void make_machine(void **state, struct machine *m)
{
	*m = (struct machine){ 0 };
	(void)snprintf(m->sys, sizeof(m->sys), "%s/sys", (char *)*state);
	(void)snprintf(m->proc, sizeof(m->proc), "%s/proc", (char *)*state);
	(void)snprintf(m->dev, sizeof(m->dev), "%s/dev", (char *)*state);
	(void)snprintf(m->xen, sizeof(m->xen), "%s/etc/xen", (char *)*state);
	(void)snprintf(m->socket, sizeof(m->socket), "%s/xs", (char *)*state);
	(void)snprintf(m->xenbus, sizeof(m->xenbus), "%s/xenbus", (char *)*state);
	m->host = (struct mkd_host){ .sys = m->sys,
				     .proc = m->proc,
				     .dev = m->dev,
				     .xen_cfg = m->xen,
				     .xenstore_socket = m->socket,
				     .xenbus = m->xenbus };
	put(m->sys, "block/sdb/dev", "8:16\n");
	put(m->sys, "block/sdb/queue/discard_max_bytes", "0\n");
	put(m->sys, "block/sdb/sdb1/dev", "8:17\n");
	put(m->sys, "block/sdb/sdb1/partition", "1\n");
	put(m->sys, "block/sdb/sdb10/dev", "8:26\n");
	put(m->sys, "block/sdb/sdb10/partition", "10\n");
	put_dir(m->sys, "block/sdb/holders");
	put_dir(m->sys, "block/sdb/sdb1/holders");
	put(m->sys, "block/dm-0/dev", "253:0\n");
	put(m->sys, "block/dm-0/dm/name", "vg0-root\n");
	put(m->sys, "block/dm-0/queue/discard_max_bytes", "4096\n");
	put(m->sys, "block/dm-1/dev", "253:1\n");
	put_dir(m->sys, "block/dm-0/holders");
	put_dir(m->sys, "block/dm-0/slaves");
	put_dir(m->sys, "block/dm-1/holders");
	put_dir(m->sys, "block/dm-1/slaves");
	put_dir(m->sys, "block/sdb/sdb10/holders");
	put_link(m->sys, "block/sdb/sdb10/holders/dm-0", "../../../dm-0");
	put_link(m->sys, "block/dm-0/slaves/sdb10", "../../sdb/sdb10");
	put_link(m->sys, "block/dm-0/holders/dm-1", "../../dm-1");
	put_link(m->sys, "block/dm-1/slaves/dm-0", "../../dm-0");
	put_dir(m->sys, "dev/block");
	put_link(m->sys, "dev/block/8:16", "../../block/sdb");
	put_link(m->sys, "dev/block/8:17", "../../block/sdb/sdb1");
	put_link(m->sys, "dev/block/8:26", "../../block/sdb/sdb10");
	put_link(m->sys, "dev/block/253:0", "../../block/dm-0");
	put_link(m->sys, "dev/block/253:1", "../../block/dm-1");
	put(m->proc, "self/mountinfo", "1 0 0:1 / / rw - tmpfs none rw\n");
	put(m->proc, "swaps", "Filename\tType\tSize\tUsed\tPriority\n");
	put_dir(m->dev, "");
	put_dir(m->xen, "auto");
}

static struct mkd_subject subject(const struct machine *m, dev_t dev)
{
	struct mkd_subject s = { .host = &m->host,
				 .name = "it",
				 .st = { .st_mode = S_IFBLK, .st_rdev = dev } };
	struct mkd_err err = { 0 };

	assert_ok(mkd_blockdev_related(&m->host, dev, &s.devs, &err), &err);
	return s;
}

static void sysfs_tells_disks_and_partitions_by_number(void **state)
{
	struct machine m;
	struct mkd_devset set = { .n = 0 };
	struct mkd_err err = { 0 };
	char name[256];
	dev_t whole = 0;

	make_machine(state, &m);
	assert_ok(mkd_blockdev_whole(&m.host, SDB10, &whole, &err), &err);
	assert_true(whole == SDB);
	assert_ok(mkd_blockdev_whole(&m.host, DM0, &whole, &err), &err);
	assert_true(whole == DM0);
	assert_string_equal(mkd_blockdev_name(&m.host, SDB10, name), "/dev/sdb10");
	assert_string_equal(mkd_blockdev_name(&m.host, makedev(9, 9), name), "block device 9:9");
	assert_fails(mkd_blockdev_whole(&m.host, makedev(9, 9), &whole, &err), &err, ENOENT,
		     MKD_EXIT_TARGET, "mount sysfs");
	assert_ok(mkd_blockdev_related(&m.host, SDB1, &set, &err), &err);
	assert_int_equal(set.n, 2);
	assert_true(mkd_devset_has(&set, SDB1) && mkd_devset_has(&set, SDB));
	assert_false(mkd_devset_has(&set, SDB10));
	set.n = 0;
	assert_ok(mkd_blockdev_related(&m.host, SDB, &set, &err), &err);
	assert_int_equal(set.n, 3);
	set.n = 0;
	assert_ok(mkd_blockdev_below(&m.host, DM1, &set, &err), &err);
	assert_int_equal(set.n, 4);
	assert_true(mkd_devset_has(&set, SDB));
	assert_true(mkd_blockdev_can_discard(&m.host, DM0));
	assert_false(mkd_blockdev_can_discard(&m.host, SDB10));
	set.n = MKD_DEVSET_MAX;
	assert_fails(mkd_devset_add(&set, makedev(99, 9), &err), &err, E2BIG, MKD_EXIT_INTERNAL,
		     "more than");
}

static void members_of_dm_and_md_are_refused(void **state)
{
	struct machine m;
	struct mkd_subject s;
	struct mkd_err err = { 0 };

	make_machine(state, &m);
	s = subject(&m, SDB10);
	assert_fails(mkd_inuse_holder(&s, &err), &err, EBUSY, MKD_EXIT_TARGET,
		     "part of dm-0 (vg0-root)");
	s = subject(&m, DM0);
	assert_fails(mkd_inuse_holder(&s, &err), &err, EBUSY, MKD_EXIT_TARGET, "part of dm-1");
	s = subject(&m, SDB);
	assert_fails(mkd_inuse_holder(&s, &err), &err, EBUSY, MKD_EXIT_TARGET,
		     "/dev/sdb10 on the same disk is part of dm-0 (vg0-root)");
	/* a sibling's holder is not ours, nor is a name that ours is a prefix of */
	s = subject(&m, SDB1);
	assert_ok(mkd_inuse_holder(&s, &err), &err);
	s = subject(&m, DM1);
	assert_ok(mkd_inuse_holder(&s, &err), &err);
	/* md over whole disks: their partitions are taken with them */
	put_link(m.sys, "block/sdb/holders/md0", "../../dm-1");
	s = subject(&m, SDB1);
	assert_fails(mkd_inuse_holder(&s, &err), &err, EBUSY, MKD_EXIT_TARGET,
		     "/dev/sdb on the same disk is part of md0");
}

static void mounts_are_known_by_number(void **state)
{
	struct machine m;
	struct mkd_subject s;
	struct mkd_err err = { 0 };

	make_machine(state, &m);
	put(m.proc, "self/mountinfo",
	    "1 0 253:1 / / rw - ext4 /dev/root rw\n"
	    "2 1 8:26 / /srv\\040x rw - ext4 /dev/sdb1 rw\n");
	s = subject(&m, SDB10);
	assert_fails(mkd_inuse_mount(&s, &err), &err, EBUSY, MKD_EXIT_TARGET,
		     "cannot use 'it': it is mounted on /srv x; unmount it first");
	s = subject(&m, SDB);
	assert_fails(mkd_inuse_mount(&s, &err), &err, EBUSY, MKD_EXIT_TARGET, "/srv x");
	s = subject(&m, SDB1); /* the source's name is wrong here, the number is right */
	assert_ok(mkd_inuse_mount(&s, &err), &err);
	assert_int_equal(unlink(test_path(state, "proc/self/mountinfo")), 0);
	assert_fails(mkd_inuse_mount(&s, &err), &err, ENOENT, MKD_EXIT_TARGET, "mountinfo");
}

static void what_this_system_runs_on_is_refused(void **state)
{
	struct machine m;
	struct mkd_subject s;
	struct mkd_err err = { 0 };

	make_machine(state, &m);
	put(m.proc, "self/mountinfo",
	    "1 0 253:1 / / rw - ext4 /dev/root rw\n"
	    "2 1 8:17 / /boot rw - ext4 /dev/sdb1 rw\n");
	s = subject(&m, SDB); /* under / by two levels of dm */
	assert_fails(mkd_inuse_home(&s, &err), &err, EBUSY, MKD_EXIT_TARGET,
		     "this system itself is on it: /;");
	s = subject(&m, SDB10);
	assert_fails(mkd_inuse_home(&s, &err), &err, EBUSY, MKD_EXIT_TARGET, "is on it: /;");
	s = subject(&m, SDB1);
	assert_fails(mkd_inuse_home(&s, &err), &err, EBUSY, MKD_EXIT_TARGET, "is on it: /boot;");
	/* a partition beside them is the guest's to have */
	put(m.sys, "block/sdb/sdb11/dev", "8:27\n");
	put(m.sys, "block/sdb/sdb11/partition", "11\n");
	put_link(m.sys, "dev/block/8:27", "../../block/sdb/sdb11");
	s = subject(&m, makedev(8, 27));
	assert_ok(mkd_inuse_home(&s, &err), &err);
}

static void swap_files_and_attached_images_are_refused(void **state)
{
	cleanup_close int fd = make_file(test_path(state, "x.img"), MIB);
	struct machine m;
	struct mkd_subject s;
	struct mkd_err err = { 0 };
	char text[1024];

	make_machine(state, &m);
	assert_ok(mkd_subject_make(&m.host, "x.img", fd, &s, &err), &err);
	assert_ok(mkd_inuse_swap(&s, &err), &err);
	(void)snprintf(text, sizeof(text), "Filename\tType\tSize\tUsed\tPriority\n%s file 1 0 -2\n",
		       test_path(state, "x.img"));
	put(m.proc, "swaps", text);
	assert_fails(mkd_inuse_swap(&s, &err), &err, EBUSY, MKD_EXIT_TARGET, "it is active swap");
	assert_int_equal(unlink(test_path(state, "proc/swaps")), 0);
	assert_ok(mkd_inuse_swap(&s, &err), &err);
	/* without the right to open the loop device the name in sysfs does */
	assert_ok(mkd_inuse_loop(&s, &err), &err);
	(void)snprintf(text, sizeof(text), "%s\n", test_path(state, "x.img"));
	put(m.sys, "block/loop3/loop/backing_file", text);
	assert_fails(mkd_inuse_loop(&s, &err), &err, EBUSY, MKD_EXIT_TARGET, "/loop3; detach");
	assert_int_equal(rename(m.sys, test_path(state, "gone")), 0);
	assert_fails(mkd_inuse_loop(&s, &err), &err, ENOENT, MKD_EXIT_TARGET, "mount sysfs");
}

static void disks_are_found_in_xl_configs(void **state)
{
	static const struct {
		const char *text;
		const char *want[4];
	} cases[] = {
		{ "disk = [ 'phy:/dev/vg0/web,xvda1,w', 'file:/srv/x.img,xvda2,r' ]",
		  { "/dev/vg0/web", "/srv/x.img" } },
		{ "disk = [ \"format=raw,vdev=xvda,target=/dev/sdb10\" ]\n", { "/dev/sdb10" } },
		{ "# disk = [ 'phy:/dev/a' ]\ndisk=['phy:sdb10,xvda,w']", { "/dev/sdb10" } },
		{ "disk=['phy:vg0/web,xvda,w'] # /dev/b", { "/dev/vg0/web" } },
		{ "kernel = '/boot/vmlinuz'\nextra = 'root=/dev/xvda1 ro'",
		  { "/boot/vmlinuz", "/dev/xvda1" } },
		{ "name = 'a/b'\nmemory = 4", { NULL } },
		{ "", { NULL } },
		{ "#", { NULL } },
		{ "phy:", { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *pos = cases[i].text;
		char got[4096];

		for (size_t k = 0; cases[i].want[k]; k++) {
			assert_true(mkd_xenuse_next_path(&pos, got));
			assert_string_equal(got, cases[i].want[k]);
		}
		assert_false(mkd_xenuse_next_path(&pos, got));
		assert_false(mkd_xenuse_next_path(&pos, got));
	}
}

static void a_config_that_names_the_image_is_found(void **state)
{
	cleanup_close int fd = make_file(test_path(state, "x.img"), MIB);
	struct machine m;
	struct mkd_subject s;
	struct mkd_err err = { 0 };
	char text[1024], *config = NULL;

	make_machine(state, &m);
	assert_ok(mkd_subject_make(&m.host, "x.img", fd, &s, &err), &err);
	put(m.xen, "other.cfg", "disk = [ '/dev/null,raw,xvda' ]\n");
	assert_ok(mkd_xenuse_config(&s, &config, &err), &err);
	assert_null(config);
	(void)snprintf(text, sizeof(text), "disk = [ 'target=%s' ]\n", test_path(state, "x.img"));
	put(m.xen, ".web.cfg.swp", text);
	put(m.xen, "auto/.web", text);
	assert_ok(mkd_xenuse_config(&s, &config, &err), &err);
	assert_null(config);
	put(m.xen, "auto/web", text);
	assert_ok(mkd_xenuse_config(&s, &config, &err), &err);
	assert_string_equal(config, test_path(state, "etc/xen/auto/web"));
	free(config);
	assert_int_equal(unlink(test_path(state, "etc/xen/auto/web")), 0);
	(void)snprintf(text, sizeof(text), "#disk = [ 'target=%s' ]\n", test_path(state, "x.img"));
	put(m.xen, "auto/web", text);
	assert_ok(mkd_xenuse_config(&s, &config, &err), &err);
	assert_null(config);
}

static void numbers_of_xenstore_are_hexadecimal(void **state)
{
	static const char *const bad[] = { "",      "8",     "8:",     ":1",
					   "8:1a ", "8:1ag", "1000:0", "/dev/sdb" };
	dev_t dev = 0;

	(void)state;
	assert_true(mkd_xenuse_parse_dev("8:1a", &dev));
	assert_true(dev == SDB10);
	assert_true(mkd_xenuse_parse_dev("fd:0", &dev));
	assert_true(dev == DM0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(mkd_xenuse_parse_dev(bad[i], &dev));
}

/* What a small xenstored has; type 1 lists, type 2 reads, names end in NUL. */
struct xs_node {
	uint32_t type;
	const char *path, *value;
	uint32_t len;
};
#define DIR_NODE(p, v)             \
	{                          \
		1, p, v, sizeof(v) \
	}
#define READ_NODE(p, v)                \
	{                              \
		2, p, v, sizeof(v) - 1 \
	}

static const struct xs_node store[] = {
	DIR_NODE("backend/vbd", "3\0"
				"4"),
	DIR_NODE("backend/vbd/3", "51712"),
	READ_NODE("backend/vbd/3/51712/physical-device", "fd:7"),
	READ_NODE("backend/vbd/3/51712/params", "/dev/nothing"),
	DIR_NODE("backend/vbd/4", "51712\0"
				  "51713"),
	READ_NODE("backend/vbd/4/51712/params", "/nothing"),
	READ_NODE("backend/vbd/4/51713/physical-device", "8:1a"),
	READ_NODE("/local/domain/4/name", "web1"),
	DIR_NODE("backend/qdisk", "5"),
	DIR_NODE("backend/qdisk/5", "51712"),
};

struct xs_server {
	int listener;
	const char *image; /* params of domain 5's disk */
	bool mute;
};

static void answer(int fd, const struct xs_server *x, uint32_t type, const char *path)
{
	const char *value = "ENOENT";
	uint32_t len = 7, head[4] = { 16, 0, 0, 0 }, event[4] = { 15, 0, 0, 4 };
	char aio[600];

	for (size_t i = 0; i < ARRAY_LEN(store); i++)
		if (store[i].type == type && strcmp(store[i].path, path) == 0) {
			head[0] = type;
			value = store[i].value;
			len = store[i].len;
		}
	if (type == 2 && strcmp(path, "backend/qdisk/5/51712/params") == 0) {
		head[0] = type;
		len = (uint32_t)snprintf(aio, sizeof(aio), "aio:%s", x->image);
		value = aio;
	}
	head[3] = len;
	/* an event that nobody asked for may come first */
	if (write(fd, event, 16) != 16 || write(fd, "a\0b", 4) != 4 || write(fd, head, 16) != 16 ||
	    write(fd, value, len) != (ssize_t)len)
		_exit(1);
}

static void serve(int fd, const struct xs_server *x)
{
	uint32_t head[4];
	char path[4097];

	while (read(fd, head, 16) == 16 && head[3] <= 4096 &&
	       read(fd, path, head[3]) == (ssize_t)head[3])
		if (!x->mute)
			answer(fd, x, head[0], path);
}

/* The listener is there already, so nobody need wait for the child. */
static pid_t start_server(const struct xs_server *x)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int fd = accept(x->listener, NULL, NULL);

		if (fd < 0)
			_exit(0);
		serve(fd, x);
		(void)close(fd);
	}
}

static void listen_at(const char *path, struct xs_server *x)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	x->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(x->listener, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(x->listener, 5), 0);
}

static void disks_of_running_guests_are_refused(void **state)
{
	cleanup_close int fd = make_file(test_path(state, "x.img"), MIB);
	struct xs_server x = { .image = test_path(state, "x.img") };
	struct machine m;
	struct mkd_subject s;
	struct mkd_err err = { 0 };
	pid_t pid;

	make_machine(state, &m);
	s = subject(&m, SDB10);
	assert_ok(mkd_xenuse_running(&s, &err), &err); /* no Xen here */
	listen_at(m.socket, &x);
	pid = start_server(&x);
	assert_fails(mkd_xenuse_running(&s, &err), &err, EBUSY, MKD_EXIT_BUSY,
		     "the running guest 'web1' (domain 4) uses it");
	s = subject(&m, SDB);
	assert_fails(mkd_xenuse_running(&s, &err), &err, EBUSY, MKD_EXIT_BUSY, "'web1'");
	s = subject(&m, SDB1);
	assert_ok(mkd_xenuse_running(&s, &err), &err);
	/* an image file that QEMU serves; its domain has no name yet */
	assert_ok(mkd_subject_make(&m.host, "x.img", fd, &s, &err), &err);
	assert_fails(mkd_xenuse_running(&s, &err), &err, EBUSY, MKD_EXIT_BUSY,
		     "the running domain 5 uses it");
	child_end(pid);
	(void)close(x.listener);
}

static void a_xenstored_that_does_not_answer_is_a_refusal(void **state)
{
	struct xs_server x = { .image = "", .mute = true };
	struct machine m;
	struct mkd_subject s;
	struct mkd_err err = { 0 };
	pid_t pid;

	make_machine(state, &m);
	s = subject(&m, SDB10);
	/* a stale socket, and no kernel's way */
	listen_at(m.socket, &x);
	(void)close(x.listener);
	assert_fails(mkd_xenuse_running(&s, &err), &err, EBUSY, MKD_EXIT_BUSY,
		     "Connection refused); start or restart xenstored");
	/* the kernel's way is there, and is none */
	put_dir(m.xenbus, "");
	assert_fails(mkd_xenuse_running(&s, &err), &err, EBUSY, MKD_EXIT_BUSY, "/xenbus'");
	assert_int_equal(unlink(m.socket), 0);
	assert_fails(mkd_xenuse_running(&s, &err), &err, EBUSY, MKD_EXIT_BUSY, "/xenbus'");
	assert_int_equal(rmdir(m.xenbus), 0);
	assert_ok(mkd_xenuse_running(&s, &err), &err);
	listen_at(m.socket, &x);
	pid = start_server(&x);
	assert_fails(mkd_xenuse_running(&s, &err), &err, EBUSY, MKD_EXIT_BUSY, "timed out");
	assert_non_null(strstr(err.msg, "whether a running guest uses it"));
	child_end(pid);
	(void)close(x.listener);
}

/* Of the child: 0 when it is told to be root. */
static int ask_as_nobody(const struct mkd_subject *s)
{
	struct mkd_err err = { 0 };

	if (geteuid() == 0 &&
	    (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0))
		return 1;
	return mkd_xenuse_running(s, &err) == -EBUSY && err.exit == MKD_EXIT_BUSY &&
			       strstr(err.msg, "Permission denied); run as root")
		       ? 0
		       : 2;
}

static void who_may_not_ask_xenstored_is_told_to_be_root(void **state)
{
	struct xs_server x = { .image = "" };
	struct machine m;
	struct mkd_subject s;
	int status = -1;
	pid_t pid;

	make_machine(state, &m);
	s = subject(&m, SDB10);
	listen_at(m.socket, &x);
	assert_int_equal(chmod(m.socket, 0), 0);
	assert_int_equal(chmod(*state, 0755), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(ask_as_nobody(&s));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)close(x.listener);
}

static void sizes_are_cut_to_pages_and_checked(void **state)
{
	struct mkd_err err = { 0 };
	uint64_t got = 7;

	(void)state;
	assert_ok(mkd_guard_size("d", 5 * MIB + 4097, 0, &got, &err), &err);
	assert_int_equal(got, 5 * MIB + 4096);
	assert_ok(mkd_guard_size("d", 5 * MIB, 2 * MIB + 1, &got, &err), &err);
	assert_int_equal(got, 2 * MIB);
	assert_fails(mkd_guard_size("d", 5 * MIB, 5 * MIB + 1, &got, &err), &err, EINVAL,
		     MKD_EXIT_TARGET, "5242880 bytes");
	assert_fails(mkd_guard_size("d", 0, 0, &got, &err), &err, EINVAL, MKD_EXIT_TARGET,
		     "too small");
	assert_fails(mkd_guard_size("d", 5 * MIB, 4096, &got, &err), &err, EINVAL, MKD_EXIT_TARGET,
		     "too small");
	assert_int_equal(got, 2 * MIB);
}

static void labels_with_control_characters_are_made_harmless(void **state)
{
	cleanup_close int fd = make_file(test_path(state, "f"), 4 * MIB);
	char found[MKD_FOUND_BYTES];
	struct mkd_err err = { 0 };

	assert_int_equal(run(NULL, "mkfs.ext4", "-q", "-F", "-L", "a\033[31mb", "-U",
			     "11111111-2222-3333-4444-555555555555", test_path(state, "f")),
			 0);
	assert_ok(mkd_signature_find(fd, "f", found, &err), &err);
	assert_string_equal(found,
			    "ext4, label 'a?[31mb', UUID 11111111-2222-3333-4444-555555555555");
	assert_ok(mkd_signature_wipe(fd, "f", &err), &err);
	assert_ok(mkd_signature_find(fd, "f", found, &err), &err);
	assert_string_equal(found, "");
}

static void a_wipe_that_cannot_write_is_told(void **state)
{
	cleanup_close int made = make_file(test_path(state, "f"), 4 * MIB), ro = -1;
	struct mkd_err err = { 0 };

	assert_true(made >= 0);
	assert_int_equal(run(NULL, "mkswap", test_path(state, "f")), 0);
	ro = open(test_path(state, "f"), O_RDONLY | O_CLOEXEC);
	assert_fails(mkd_signature_wipe(ro, "f", &err), &err, EIO, MKD_EXIT_IO, "cannot wipe");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(sysfs_tells_disks_and_partitions_by_number),
		T(members_of_dm_and_md_are_refused),
		T(mounts_are_known_by_number),
		T(what_this_system_runs_on_is_refused),
		T(swap_files_and_attached_images_are_refused),
		T(disks_are_found_in_xl_configs),
		T(a_config_that_names_the_image_is_found),
		T(numbers_of_xenstore_are_hexadecimal),
		T(disks_of_running_guests_are_refused),
		T(a_xenstored_that_does_not_answer_is_a_refusal),
		T(who_may_not_ask_xenstored_is_told_to_be_root),
		T(sizes_are_cut_to_pages_and_checked),
		T(labels_with_control_characters_are_made_harmless),
		T(a_wipe_that_cannot_write_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
