/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/xenstore.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "mkdomu/file.h"

#define TIMEOUT_MS  2000
#define MAX_PAYLOAD 4096 /* XENSTORE_PAYLOAD_MAX */

enum { XS_DIRECTORY = 1, XS_READ = 2, XS_WATCH_EVENT = 15, XS_ERROR = 16 };

struct header {
	uint32_t type, req_id, tx_id, len; /* host byte order */
};

static int connect_socket(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	cleanup_close int fd = -1;

	if (strlen(path) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	memcpy(sun.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) != 0)
		return -errno;
	return steal_fd(&fd);
}

int mkd_xenstore_open(const char *socket_path, const char *xenbus_path, int *ret_fd,
		      struct mkd_err *err)
{
	int fd = connect_socket(socket_path);

	/* A stale socket of a dead xenstored must not hide the kernel's way to a living one. */
	if (fd < 0 && access(xenbus_path, F_OK) == 0) {
		fd = open(xenbus_path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return mkd_fail_errno(err, MKD_EXIT_TARGET, errno, "cannot open '%s'",
					      xenbus_path);
	}
	if (fd < 0)
		return mkd_fail_errno(err, MKD_EXIT_TARGET, -fd, "cannot connect to '%s'",
				      socket_path);
	*ret_fd = fd;
	return 0;
}

static int send_request(int fd, uint32_t type, const char *path)
{
	size_t len = strlen(path) + 1;
	char msg[sizeof(struct header) + MAX_PAYLOAD];
	struct header h = { .type = type, .len = (uint32_t)len };

	if (len > MAX_PAYLOAD)
		return -ENAMETOOLONG;
	memcpy(msg, &h, sizeof(h));
	memcpy(msg + sizeof(h), path, len);
	return mkd_write_full(fd, msg, sizeof(h) + len);
}

static int read_timed(int fd, void *data, size_t len)
{
	char *p = data;

	while (len) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		int r = poll(&pfd, 1, TIMEOUT_MS);
		ssize_t n;

		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0)
			return -ETIMEDOUT;
		n = r < 0 ? -1 : read(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPROTO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* payload gets a NUL after its *len bytes. */
static int read_reply(int fd, uint32_t type, char payload[static MAX_PAYLOAD + 1], size_t *len)
{
	struct header h = { 0 };

	do {
		int r = read_timed(fd, &h, sizeof(h));

		if (r < 0)
			return r;
		if (h.len > MAX_PAYLOAD)
			return -EPROTO;
		r = read_timed(fd, payload, h.len);
		if (r < 0)
			return r;
	} while (h.type == XS_WATCH_EVENT);
	payload[h.len] = '\0';
	*len = h.len;
	if (h.type == XS_ERROR)
		return strcmp(payload, "ENOENT") == 0 ? -ENOENT : -EPROTO;
	return h.type == type ? 0 : -EPROTO;
}

static int ask(int fd, uint32_t type, const char *path, struct mkd_buf *ret, struct mkd_err *err)
{
	char payload[MAX_PAYLOAD + 1];
	size_t len = 0;
	int r = send_request(fd, type, path);

	if (r == 0)
		r = read_reply(fd, type, payload, &len);
	if (r < 0)
		return mkd_fail_errno(err, MKD_EXIT_TARGET, -r, "cannot read '%s' in xenstore",
				      path);
	mkd_buf_reset(ret);
	mkd_buf_add(ret, payload, len);
	return mkd_buf_check(ret, err);
}

int mkd_xenstore_read(int fd, const char *path, struct mkd_buf *ret, struct mkd_err *err)
{
	return ask(fd, XS_READ, path, ret, err);
}

int mkd_xenstore_list(int fd, const char *path, struct mkd_strv *ret, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf names = { 0 };
	int r = ask(fd, XS_DIRECTORY, path, &names, err);

	for (size_t at = 0; r == 0 && at < names.len; at += strlen(names.data + at) + 1)
		if (names.data[at])
			r = mkd_strv_add(ret, names.data + at, err);
	return r;
}
