/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of xenuse: guests that have a disk, by xl configs and a small xenstored. No root. */
#include "machine.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "mkdomu/xenuse.h"

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

	machine_make(state, &m);
	assert_ok(mkd_subject_make(&m.host, "x.img", fd, &s, &err), &err);
	machine_file(m.xen, "other.cfg", "disk = [ '/dev/null,raw,xvda' ]\n");
	assert_ok(mkd_xenuse_config(&s, &config, &err), &err);
	assert_null(config);
	(void)snprintf(text, sizeof(text), "disk = [ 'target=%s' ]\n", test_path(state, "x.img"));
	machine_file(m.xen, ".web.cfg.swp", text);
	machine_file(m.xen, "auto/.web", text);
	assert_ok(mkd_xenuse_config(&s, &config, &err), &err);
	assert_null(config);
	machine_file(m.xen, "auto/web", text);
	assert_ok(mkd_xenuse_config(&s, &config, &err), &err);
	assert_string_equal(config, test_path(state, "etc/xen/auto/web"));
	free(config);
	assert_int_equal(unlink(test_path(state, "etc/xen/auto/web")), 0);
	(void)snprintf(text, sizeof(text), "#disk = [ 'target=%s' ]\n", test_path(state, "x.img"));
	machine_file(m.xen, "auto/web", text);
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

	machine_make(state, &m);
	s = machine_subject(&m, SDB10);
	assert_ok(mkd_xenuse_running(&s, &err), &err); /* no Xen here */
	listen_at(m.socket, &x);
	pid = start_server(&x);
	assert_fails(mkd_xenuse_running(&s, &err), &err, EBUSY, MKD_EXIT_BUSY,
		     "the running guest 'web1' (domain 4) uses it");
	s = machine_subject(&m, SDB);
	assert_fails(mkd_xenuse_running(&s, &err), &err, EBUSY, MKD_EXIT_BUSY, "'web1'");
	s = machine_subject(&m, SDB1);
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

	machine_make(state, &m);
	s = machine_subject(&m, SDB10);
	/* a stale socket, and no kernel's way */
	listen_at(m.socket, &x);
	(void)close(x.listener);
	assert_fails(mkd_xenuse_running(&s, &err), &err, EBUSY, MKD_EXIT_BUSY,
		     "Connection refused); start or restart xenstored");
	/* the kernel's way is there, and is none */
	machine_dir(m.xenbus, "");
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

	machine_make(state, &m);
	s = machine_subject(&m, SDB10);
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

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(disks_are_found_in_xl_configs),
		T(a_config_that_names_the_image_is_found),
		T(numbers_of_xenstore_are_hexadecimal),
		T(disks_of_running_guests_are_refused),
		T(a_xenstored_that_does_not_answer_is_a_refusal),
		T(who_may_not_ask_xenstored_is_told_to_be_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
