/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfsjob.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "mkdomu/file.h"

static void on_progress(struct mkd_ui *ui, const char *stage, uint64_t done_bytes,
			uint64_t total_bytes)
{
	struct watch *w = (struct watch *)ui;

	w->writes = (w->writes || !w->ticks) && strcmp(stage, "write") == 0;
	w->falls = w->falls || done_bytes < w->done;
	w->done = done_bytes;
	w->total = total_bytes;
	w->ticks++;
	if (w->signal_after && w->ticks == (size_t)w->signal_after)
		mkd_signal_set(SIGINT);
}

void job_open(struct job *j, void **state, const char *tar, uint64_t size_bytes)
{
	memset(j, 0, sizeof(*j));
	fs_init(&j->f, state, "a", size_bytes);
	j->tar_fd = open(tar, O_RDONLY | O_CLOEXEC);
	assert_true(j->tar_fd >= 0);
	j->watch.ui.progress = on_progress;
	j->req = (struct mkd_rootfs_req){ .tar_fd = j->tar_fd,
					  .tar_name = "stage3.tar",
					  .tar_bytes = (uint64_t)lseek(j->tar_fd, 0, SEEK_END),
					  .fs = j->f.req,
					  .ui = &j->watch.ui };
}

void job_setup(struct job *j, void **state, const struct mkd_buf *tar)
{
	const char *path = test_path(state, "t.tar");

	test_write(path, tar->data, tar->len);
	job_open(j, state, path, 64 * MIB);
}

static void job_close(struct job *j)
{
	(void)close(j->tar_fd);
	(void)close(j->f.fd);
}

void job_run(struct job *j)
{
	cleanup_buf struct mkd_buf out = { 0 };

	assert_ok(mkd_rootfs_write(&j->req, &j->result, &j->err), &j->err);
	job_close(j);
	if (fs_run(&out, (const char *const[]){ "e2fsck", "-fn", j->f.path, NULL }) != 0)
		fail_msg("%s", mkd_buf_cstr(&out));
}

void job_left_nothing(struct job *j)
{
	static const struct mkd_rootfs_result none;
	uint8_t super[1024], zeros[1024] = { 0 };

	assert_memory_equal(&j->result, &none, sizeof(none));
	assert_int_equal(mkd_pread_full(j->f.fd, super, sizeof(super), 1024), 0);
	assert_memory_equal(super, zeros, sizeof(super));
	job_close(j);
}

void job_tar(struct mkd_buf *tar)
{
	static char data[3 * 4096 + 5];

	memset(data, 'd', sizeof(data));
	tar_header(tar,
		   &(struct tar_spec){ .name = "etc/", .type = '5', .mode = 0755, .mtime = OLD });
	tar_header(tar,
		   &(struct tar_spec){ .name = "etc/one", .size = sizeof(data), .mtime = OLD + 7 });
	tar_body(tar, data, sizeof(data));
	tar_header(tar, &(struct tar_spec){
				.name = "link", .type = '2', .link = "etc/one", .mtime = NEW });
	tar_header(tar, &(struct tar_spec){ .name = "made/two", .size = 3, .mtime = OLD });
	tar_body(tar, "two", 3);
	tar_header(tar, &(struct tar_spec){
				.name = "hard", .type = '1', .link = "etc/one", .mtime = NEW + 9 });
	tar_end(tar);
}
