/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest is built, and built again to be verified: what is refused, and what is found. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"
#include "mkdomu/build.h"
#include "mkdomu/file.h"
#include "mkdomu/job.h"
#include "mkdomu/rebuild.h"
#include "mkdomu/replan.h"
#include "mkdomu/tarball.h"
#include "tarmaker.h"

static void set(struct mkd_settings *s, enum mkd_key key, const char *value)
{
	char origin[64];
	struct mkd_err err = { 0 };

	(void)snprintf(origin, sizeof(origin), "--%s", mkd_setting_info[key].name);
	assert_ok(mkd_settings_add(s, key, value, origin, &err), &err);
}

/* w.img, w.cfg and w.manifest.json of t.tar, in the test's folder. */
static void make_guest(void **state)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup(mkd_plan_free) struct mkd_plan plan = { 0 };
	cleanup_buf struct mkd_buf tar = { 0 }, summary = { 0 };
	const char *path = test_path(state, "t.tar");
	struct mkd_err err = { 0 };
	struct test_ui ui;

	tar_file(&tar, "etc/motd", "hello\n");
	tar_end(&tar);
	test_write(path, tar.data, tar.len);
	assert_int_equal(chmod(path, 0644), 0);
	set(&s, MKD_KEY_TARBALL, path);
	set(&s, MKD_KEY_UNVERIFIED, "yes");
	set(&s, MKD_KEY_DISK, test_path(state, "w.img"));
	set(&s, MKD_KEY_SIZE, "80M");
	set(&s, MKD_KEY_SWAP, "none");
	set(&s, MKD_KEY_LAYOUT, "gpt");
	set(&s, MKD_KEY_NO_HOOKS, "yes");
	set(&s, MKD_KEY_KERNEL, "/boot/vmlinuz-guest");
	set(&s, MKD_KEY_CFG, test_path(state, "w.cfg"));
	assert_ok(mkd_plan_make(&s, NULL, &plan, &err), &err);
	test_ui_init(&ui);
	assert_ok(mkd_build_run(&plan, &s, &ui.ui, &summary, &err), &err);
	mkd_buf_free(&ui.said);
}

static struct mkd_rebuild_req req_in(void **state, struct test_ui *ui)
{
	test_ui_init(ui);
	return (struct mkd_rebuild_req){ .disk = test_path(state, "w.img"),
					 .tarball = test_path(state, "t.tar"),
					 .cache_dir = *state,
					 .threads = 1,
					 .ui = &ui->ui };
}

/* The manifest with one text in the place of another, as m.json. */
static const char *changed(void **state, const char *from, const char *to)
{
	cleanup_buf struct mkd_buf text = { 0 }, out = { 0 };
	const char *path = test_path(state, "m.json"), *at;
	struct mkd_err err = { 0 };

	assert_ok(mkd_file_read(AT_FDCWD, test_path(state, "w.manifest.json"), MKD_RECORD_MAX,
				MKD_EXIT_IO, &text, &err),
		  &err);
	at = strstr(text.data, from);
	if (!at)
		fail_msg("no '%s' in: %s", from, text.data);
	mkd_buf_add(&out, text.data, (size_t)(at - text.data));
	mkd_buf_str(&out, to);
	mkd_buf_str(&out, at + strlen(from));
	test_write(path, out.data, out.len);
	return path;
}

static void one_byte_is_found(void **state)
{
	cleanup_buf struct mkd_buf report = { 0 };
	struct mkd_err err = { 0 };
	struct mkd_rebuild_req q;
	struct test_ui ui;
	cleanup_close int fd = -1;
	char c;

	make_guest(state);
	q = req_in(state, &ui);
	assert_ok(mkd_rebuild_verify(&q, &report, &err), &err);
	assert_non_null(strstr(report.data, "w.img' is what mkdomu makes of "));
	q.manifest = changed(state, "\"mkdomuStructures1\": \"",
			     "\"mkdomuStructures1\": "
			     "\"0000000000000000000000000000000000000000000000000000000000000000\","
			     " \"old\": \"");
	assert_fails(mkd_rebuild_verify(&q, &report, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "but the digest in its manifest is of something else");
	q.manifest = NULL;
	fd = open(q.disk, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(mkd_pread_full(fd, &c, 1, MIB + 1024 + 0x78), 0); /* the label */
	c ^= 4;
	assert_int_equal(mkd_pwrite_full(fd, &c, 1, MIB + 1024 + 0x78), 0);
	assert_fails(mkd_rebuild_verify(&q, &report, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "in 1 place, first at byte 1049720: superblock");
	mkd_buf_free(&ui.said);
}

static void what_cannot_be_verified_is_told(void **state)
{
	cleanup_buf struct mkd_buf report = { 0 };
	struct mkd_err err = { 0 };
	struct mkd_rebuild_req q;
	struct test_ui ui;

	make_guest(state);
	q = req_in(state, &ui);
	q.disk = "/dev/null";
	assert_fails(mkd_rebuild_verify(&q, &report, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "neither an image file nor a block device");
	q = req_in(state, &ui);
	q.swap = q.disk;
	assert_fails(mkd_rebuild_verify(&q, &report, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "the guest has no second disk; leave out --swap");
	q.swap = NULL;
	q.seed = "s";
	assert_fails(mkd_rebuild_verify(&q, &report, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "the guest was made without --seed");
	q.seed = NULL;
	assert_fault(FAULT_ALLOC, 1, mkd_rebuild_verify(&q, &report, &err), &err, ENOMEM,
		     MKD_EXIT_INTERNAL, "out of memory");
	assert_fault(FAULT_OPEN, 1, mkd_rebuild_verify(&q, &report, &err), &err, EACCES,
		     MKD_EXIT_USAGE, "cannot open '");
	q.disk = test_path(state, "none.img");
	assert_fails(mkd_rebuild_verify(&q, &report, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "none.img'");
	q = req_in(state, &ui);
	q.tarball = NULL;
	q.cache_dir = test_path(state, "cache");
	assert_fails(mkd_rebuild_verify(&q, &report, &err), &err, ENOENT, MKD_EXIT_NET,
		     "'t.tar' is not in the cache; name a copy by --tarball");
	q.disk = test_path(state, "x.img");
	test_write(q.disk, "x", 1);
	assert_fails(mkd_rebuild_verify(&q, &report, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "x.manifest.json'; name it by --manifest");
	assert_null(report.data);
	mkd_buf_free(&ui.said);
}

/* An image file has sectors of 512 bytes: the label of such a device cannot be made in one. */
static void a_label_of_4096_byte_sectors_is_refused(void **state)
{
	cleanup_buf struct mkd_buf report = { 0 };
	struct mkd_err err = { 0 };
	struct mkd_rebuild_req q;
	struct test_ui ui;

	make_guest(state);
	q = req_in(state, &ui);
	q.manifest = changed(state, "\"sectorBytes\": 512,", "\"sectorBytes\": 4096,");
	assert_fails(mkd_rebuild_verify(&q, &report, &err), &err, EOPNOTSUPP, MKD_EXIT_TARGET,
		     "its GPT has sectors of 4096 bytes");
	mkd_buf_free(&ui.said);
}

static int replan(const struct mkd_replan *p, struct mkd_settings *ret, struct mkd_err *err)
{
	return mkd_replan_settings(p, ret, err);
}

static void secrets_must_be_as_they_were(void **state)
{
	struct mkd_record rec = { .version = (char *)"1",
				  .name = (char *)"w",
				  .hostname = (char *)"w",
				  .seed = (char *)"s",
				  .n_disks = 1,
				  .disks = { { .size_bytes = 16 * MIB, .sector_bytes = 512 } } };
	struct mkd_rebuild_req q = { .disk = "w.img", .threads = 1 };
	const struct mkd_replan p = {
		.req = &q, .record = &rec, .folder = "/f", .tarball = "/t.tar"
	};
	struct mkd_settings s = { 0 };
	struct mkd_err err;

	(void)state;
	rec.password_given = true;
	assert_fails(replan(&p, &s, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "made with --root-password-file, which its manifest does not have");
	rec.password_given = false;
	q.keys_file = "/keys";
	assert_fails(replan(&p, &s, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "made without --authorized-keys; leave it out");
	q.keys_file = NULL;
	assert_nomem(replan(&p, &s, &err), &err);
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_DISK), "/f/" MKD_REPLAN_DISK);
	mkd_settings_free(&s);
}

static void files_of_users_are_in_the_folder(void **state)
{
	struct mkd_record rec = { .name = (char *)"w",
				  .hostname = (char *)"w",
				  .seed = (char *)"s",
				  .n_disks = 1,
				  .disks = { { .size_bytes = 16 * MIB, .sector_bytes = 512 } } };
	struct mkd_rebuild_req q = { .disk = "w.img" };
	const struct mkd_replan p = {
		.req = &q, .record = &rec, .folder = "/f", .tarball = "/t.tar"
	};
	struct mkd_settings s = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_settings_add(&rec.options, MKD_KEY_USER,
				   "a:sudo,keys=k,password-file=p,uid=7", "--user", &err),
		  &err);
	assert_fails(replan(&p, &s, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "'k' of a host (--user), which its manifest does not have");
	q.inputs = "/in,1";
	assert_fails(replan(&p, &s, &err), &err, EINVAL, MKD_EXIT_USAGE, "has a ',' in it");
	q.inputs = "/in";
	assert_nomem(replan(&p, &s, &err), &err);
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_USER),
			    "a:sudo,keys=/in/k,password-file=/in/p,uid=7");
	mkd_settings_free(&s);
	mkd_settings_free(&rec.options);
}

/* Each time into a buffer that has no room yet. */
static int render(const struct mkd_job *job, struct mkd_err *err)
{
	static const struct mkd_disk_sums sums[MKD_DISKS];
	static const uint8_t keys[32];
	cleanup_buf struct mkd_buf text = { 0 };

	return mkd_statement_render(job, sums, keys, &text, err);
}

static void a_manifest_runs_out_of_memory(void **state)
{
	const struct mkd_plan plan = { .name = "w", .hostname = "w" };
	const struct mkd_settings s = { 0 };
	const struct mkd_job job = { .plan = &plan,
				     .settings = &s,
				     .kernel = (char *)"/boot/vmlinuz",
				     .source = { .fd = -1 } };
	struct mkd_err err;

	(void)state;
	assert_nomem(render(&job, &err), &err);
}

static int cached(void **state, const char *file, const char *uri, struct mkd_err *err)
{
	cleanup_free char *path = NULL;
	int r = mkd_tarball_cached(*state, file, uri, &path, err);

	if (r == 0)
		assert_int_equal(access(path, R_OK), 0);
	return r;
}

/* A manifest has URLs without user and query, and so without what their entries are named by. */
static void a_url_that_lost_its_query_finds_its_tarball(void **state)
{
	const char *uri = "https://mirror.example/y.tar?...";
	const char *one = "00112233445566778899aabbccddeeff-y.tar";
	const char *two = "10112233445566778899aabbccddeeff-y.tar";
	const char *other = "20112233445566778899aabbccddeeff-my-y.tar";
	struct mkd_err err;

	test_write(test_path(state, other), "x", 1);
	assert_int_equal(chmod(test_path(state, other), 0600), 0);
	assert_fails(cached(state, "y.tar", uri, &err), &err, ENOENT, MKD_EXIT_NET, "0 times");
	test_write(test_path(state, one), "x", 1);
	assert_int_equal(chmod(test_path(state, one), 0600), 0);
	assert_nomem(cached(state, "y.tar", uri, &err), &err);
	assert_fault(FAULT_OPENDIR, 1, cached(state, "y.tar", uri, &err), &err, ESTALE, MKD_EXIT_IO,
		     "cannot list"); /* mkd_tarball_cached: other */
	assert_fails(cached(state, "y.tar", NULL, &err), &err, ENOENT, MKD_EXIT_NET, "y.tar");
	test_write(test_path(state, two), "x", 1);
	assert_int_equal(chmod(test_path(state, two), 0600), 0);
	assert_fails(cached(state, "y.tar", uri, &err), &err, ENOENT, MKD_EXIT_NET, "2 times");
}

/* What a manifest from elsewhere asks for is bounded by the disk that it is to describe. */
static void a_disk_smaller_than_its_manifest_says_is_not_built(void **state)
{
	cleanup_buf struct mkd_buf report = { 0 };
	struct mkd_rebuild_req q;
	struct test_ui ui;
	struct mkd_err err;

	make_guest(state);
	q = req_in(state, &ui);
	q.manifest =
		changed(state, "\"sizeBytes\": 83886080", "\"sizeBytes\": 4611686018427387904");
	assert_fails(mkd_rebuild_verify(&q, &report, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "it has 80 MiB, not 4096 PiB");
	q.manifest = NULL;
	assert_fault(FAULT_SEEK, 1, mkd_rebuild_verify(&q, &report, &err), &err, ESPIPE,
		     MKD_EXIT_IO, "cannot tell the size of");
	mkd_buf_free(&ui.said);
}

static void a_tarball_is_looked_for_in_the_cache(void **state)
{
	static const char *const bad[] = { "", ".lock", "../x.tar", "a/b" };
	const char *uri = "https://mirror.example/x.tar";
	struct mkd_err err;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(cached(state, bad[i], uri, &err), &err, ENOENT, MKD_EXIT_NET,
			     "is no name of a cached file");
	assert_fails(cached(state, "x.tar", uri, &err), &err, ENOENT, MKD_EXIT_NET, "x.tar");
	assert_fails(cached(state, "x.tar", NULL, &err), &err, ENOENT, MKD_EXIT_NET, "x.tar");
	test_write(test_path(state, "x.tar"), "x", 1);
	assert_int_equal(chmod(test_path(state, "x.tar"), 0600), 0);
	assert_nomem(cached(state, "x.tar", uri, &err), &err);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(one_byte_is_found),
		T(what_cannot_be_verified_is_told),
		T(a_label_of_4096_byte_sectors_is_refused),
		T(secrets_must_be_as_they_were),
		T(files_of_users_are_in_the_folder),
		T(a_manifest_runs_out_of_memory),
		T(a_tarball_is_looked_for_in_the_cache),
		T(a_url_that_lost_its_query_finds_its_tarball),
		T(a_disk_smaller_than_its_manifest_says_is_not_built),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
