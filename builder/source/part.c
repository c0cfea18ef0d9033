/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/part.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/file.h"
#include "mkdomu/hash.h"
#include "mkdomu/url.h"

#define META_MAX 4096

static const char magic[] = "mkdomu-part 1\n";

static const char *with(const struct mkd_part *p, const char *suffix, char buf[static 256])
{
	(void)snprintf(buf, 256, "%s%s", p->name, suffix);
	return buf;
}

/* The value of "<key> <value>\n" in the meta text, or NULL. */
static const char *value_of(const char *text, const char *key, size_t *len)
{
	size_t n = strlen(key);

	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (strncmp(p, key, n) == 0 && p[n] == ' ') {
			*len = strcspn(p + n + 1, "\n");
			return p + n + 1;
		}
	return NULL;
}

/* Whatever is odd about the meta file means the same: start afresh. */
static void read_meta(struct mkd_part *p)
{
	cleanup_buf struct mkd_buf text = { 0 };
	struct mkd_err ignored;
	const char *id, *validator;
	char buf[256];
	size_t n = 0, m = 0;

	p->validator[0] = '\0';
	if (mkd_file_read(p->dirfd, with(p, ".part.meta", buf), META_MAX, MKD_EXIT_IO, &text,
			  &ignored) < 0 ||
	    strncmp(mkd_buf_cstr(&text), magic, sizeof(magic) - 1) != 0)
		return;
	id = value_of(text.data, "id", &n);
	validator = value_of(text.data, "if-range", &m);
	if (!id || n != strlen(p->id) || memcmp(id, p->id, n) != 0 || !validator ||
	    m >= sizeof(p->validator))
		return;
	(void)snprintf(p->validator, sizeof(p->validator), "%.*s", (int)m, validator);
}

static int open_file(struct mkd_part *p, struct mkd_err *err)
{
	cleanup_close int fd = -1;
	struct stat st;
	char buf[256];

	(void)with(p, ".part", buf);
	fd = openat(p->dirfd, buf, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == ELOOP || errno == EISDIR || errno == ENXIO))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot store '%s': it is not a regular file; remove it", buf);
	if (fd < 0 || fstat(fd, &st) != 0)
		return mkd_fail_io(err, errno, "cannot create '%s'", buf);
	if (!S_ISREG(st.st_mode))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot store '%s': it is not a regular file; remove it", buf);
	p->have_bytes = (uint64_t)st.st_size;
	p->fd = steal_fd(&fd);
	return 0;
}

int mkd_part_open(int dirfd, const char *name, const char *url, struct mkd_part *ret,
		  struct mkd_err *err)
{
	struct mkd_part p = { .dirfd = dirfd, .fd = -1 };
	char plain[MKD_URL_SHOW];
	int r;

	if (strlen(name) >= sizeof(p.name))
		return mkd_fail(err, MKD_EXIT_USAGE, ENAMETOOLONG,
				"cannot store '%s': its name is too long",
				mkd_url_plain(url, plain));
	(void)snprintf(p.name, sizeof(p.name), "%s", name);
	r = mkd_hash_name(url, p.id, err);
	if (r < 0)
		return r;
	r = open_file(&p, err);
	if (r < 0)
		return r;
	read_meta(&p);
	if (!p.validator[0] && p.have_bytes) {
		p.have_bytes = 0;
		if (ftruncate(p.fd, 0) != 0) {
			r = mkd_fail_io(err, errno, "cannot empty '%s.part'", name);
			(void)close(p.fd);
			return r;
		}
	}
	*ret = p;
	return 0;
}

int mkd_part_restart(struct mkd_part *p, const char *url, const char *validator,
		     struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };
	char plain[MKD_URL_SHOW], buf[256];
	int r;

	(void)with(p, ".part.meta", buf);
	/* The old meta goes first: a crash in between must not pair it with the new bytes. */
	if (unlinkat(p->dirfd, buf, 0) != 0 && errno != ENOENT)
		return mkd_fail_io(err, errno, "cannot remove '%s'", buf);
	if (ftruncate(p->fd, 0) != 0)
		return mkd_fail_io(err, errno, "cannot empty '%s.part'", p->name);
	p->have_bytes = 0;
	(void)snprintf(p->validator, sizeof(p->validator), "%s",
		       strlen(validator) < sizeof(p->validator) ? validator : "");
	if (!p->validator[0])
		return 0;
	mkd_buf_printf(&text, "%surl %s\nid %s\nif-range %s\n", magic, mkd_url_plain(url, plain),
		       p->id, p->validator);
	r = mkd_buf_check(&text, err);
	return r < 0 ? r : mkd_file_write(p->dirfd, buf, text.data, text.len, 0600, err);
}

int mkd_part_add(struct mkd_part *p, const void *data, size_t len, struct mkd_err *err)
{
	int r = mkd_pwrite_full(p->fd, data, len, p->have_bytes);

	if (r < 0)
		return mkd_fail_io(err, -r, "cannot write '%s.part'", p->name);
	p->have_bytes += len;
	return 0;
}

int mkd_part_publish(struct mkd_part *p, struct mkd_err *err)
{
	char from[256], meta[256];

	if (fsync(p->fd) != 0 || renameat(p->dirfd, with(p, ".part", from), p->dirfd, p->name) != 0)
		return mkd_fail_io(err, errno, "cannot store '%s'", p->name);
	(void)unlinkat(p->dirfd, with(p, ".part.meta", meta), 0);
	if (fsync(p->dirfd) != 0)
		return mkd_fail_io(err, errno, "cannot store '%s'", p->name);
	return 0;
}

void mkd_part_discard(struct mkd_part *p)
{
	char buf[256];

	(void)unlinkat(p->dirfd, with(p, ".part.meta", buf), 0);
	(void)unlinkat(p->dirfd, with(p, ".part", buf), 0);
}

void mkd_part_close(struct mkd_part *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	p->fd = -1;
}
