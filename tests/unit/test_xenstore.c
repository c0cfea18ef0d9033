/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What xenstore.h makes of wrong answers, silence and want of memory. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "fault.h"
#include "mkdomu/file.h"
#include "mkdomu/xenstore.h"

/* An answer waits in the socket before the question is asked. */
static int answering(uint32_t type, const char *payload, size_t len)
{
	const uint32_t head[4] = { type, 0, 0, (uint32_t)len };
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	if (payload) {
		assert_int_equal(mkd_write_full(fds[1], head, sizeof(head)), 0);
		assert_int_equal(mkd_write_full(fds[1], payload, len), 0);
	}
	/* the other end stays open, so that it is silence and not an end */
	return fds[0];
}

static void xenstored_answers_wrongly(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	cleanup_strv struct mkd_strv list = { 0 };
	char path[5000];
	struct mkd_err err;
	int fd;

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	fd = answering(2, NULL, 0);
	assert_fails(mkd_xenstore_read(fd, path, &b, &err), &err, ENAMETOOLONG, MKD_EXIT_TARGET,
		     "pppp");
	assert_fails(mkd_xenstore_list(fd, path, &list, &err), &err, ENAMETOOLONG, MKD_EXIT_TARGET,
		     "pppp");
	assert_fault(FAULT_WRITE, 1, mkd_xenstore_read(fd, "a", &b, &err), &err, EPIPE,
		     MKD_EXIT_TARGET, "in xenstore");
	assert_fault(FAULT_POLL, 1, mkd_xenstore_list(fd, "a", &list, &err), &err, EINVAL,
		     MKD_EXIT_TARGET, "in xenstore");
	assert_fails(mkd_xenstore_read(fd, "a", &b, &err), &err, ETIMEDOUT, MKD_EXIT_TARGET,
		     "in xenstore");
	assert_fails(mkd_xenstore_list(fd, "a", &list, &err), &err, ETIMEDOUT, MKD_EXIT_TARGET,
		     "in xenstore");
	fd = answering(16, "ENOENT", 7);
	assert_fails(mkd_xenstore_read(fd, "a", &b, &err), &err, ENOENT, MKD_EXIT_TARGET, "'a'");
	fd = answering(16, "ENOENT", 7);
	assert_fails(mkd_xenstore_list(fd, "a", &list, &err), &err, ENOENT, MKD_EXIT_TARGET, "'a'");
	fd = answering(16, "EINVAL", 7);
	assert_fails(mkd_xenstore_read(fd, "a", &b, &err), &err, EPROTO, MKD_EXIT_TARGET, "'a'");
	fd = answering(2, "x", 1);
	assert_fails(mkd_xenstore_list(fd, "a", &list, &err), &err, EPROTO, MKD_EXIT_TARGET, "'a'");
	fd = answering(2, "v", 1);
	fault_arm(FAULT_ALLOC, 1, ENOMEM);
	assert_fails(mkd_xenstore_read(fd, "a", &b, &err), &err, ENOMEM, MKD_EXIT_INTERNAL, "");
	for (unsigned i = 1; i <= 3; i++) {
		fd = answering(1, "a\0b", 4);
		fault_arm(FAULT_ALLOC, i, ENOMEM);
		assert_fails(mkd_xenstore_list(fd, "a", &list, &err), &err, ENOMEM,
			     MKD_EXIT_INTERNAL, "memory");
		assert_true(fault_disarm());
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xenstored_answers_wrongly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
