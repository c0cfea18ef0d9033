/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/copyin.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/file.h"
#include "mkdomu/sha256.h"
#include "mkdomu/ui.h"

struct reading {
	const struct mkd_fileop *op;
	size_t base; /* where the last component of op->src starts */
	uint64_t *left_bytes;
	struct mkd_copy *to;
	size_t room; /* of to->v */
	struct mkd_err *err;
};

/* Of this host; the caller's. */
static int host_path(const struct reading *rd, const struct mkd_copy_file *f, char **ret)
{
	return mkd_asprintf(ret, rd->err, "%.*s%s", (int)rd->base, rd->op->src, f->path);
}

static int append(struct reading *rd, const char *dir, const char *name)
{
	struct mkd_copy *to = rd->to;
	int r;

	if (to->n == MKD_COPY_FILES_MAX)
		return mkd_fail(rd->err, MKD_EXIT_USAGE, E2BIG,
				"%s: '%s' has over %d files in it; put them into the tarball",
				rd->op->origin, rd->op->src, MKD_COPY_FILES_MAX);
	if (to->n == rd->room) {
		size_t room = rd->room ? 2 * rd->room : 16;
		struct mkd_copy_file *v = reallocarray(to->v, room, sizeof(*v));

		if (!v)
			return mkd_nomem(rd->err);
		to->v = v;
		rd->room = room;
	}
	to->v[to->n] = (struct mkd_copy_file){ 0 };
	r = mkd_asprintf(&to->v[to->n].path, rd->err, "%s%s%s", dir, *dir ? "/" : "", name);
	to->n += r == 0;
	return r;
}

static int read_dir(struct reading *rd, size_t i, const char *path)
{
	cleanup_free char *dir = NULL;
	DIR *d = opendir(path);
	const struct dirent *e;
	int r = mkd_strdup(rd->to->v[i].path, &dir, rd->err); /* v may move */

	if (!d)
		return r < 0 ? r
			     : mkd_fail_errno(rd->err, MKD_EXIT_USAGE, errno,
					      "%s: cannot list '%s'", rd->op->origin, path);
	while (r == 0) {
		errno = 0;
		e = readdir(d);
		if (!e && errno)
			r = mkd_fail_errno(rd->err, MKD_EXIT_USAGE, errno, "%s: cannot list '%s'",
					   rd->op->origin, path);
		if (!e)
			break;
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = append(rd, dir, e->d_name);
	}
	(void)closedir(d);
	return r;
}

static int read_link(struct reading *rd, struct mkd_buf *ret, const char *path)
{
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof(text));

	if (n < 0)
		return mkd_fail_errno(rd->err, MKD_EXIT_USAGE, errno, "%s: cannot read '%s'",
				      rd->op->origin, path);
	mkd_buf_add(ret, text, (size_t)n);
	return mkd_buf_check(ret, rd->err);
}

static int read_file(struct reading *rd, struct mkd_buf *ret, const char *path)
{
	int r;

	if (*rd->left_bytes == 0)
		return mkd_fail(rd->err, MKD_EXIT_USAGE, EFBIG,
				"%s: all that is copied in is over %d MiB; put large files into "
				"the tarball",
				rd->op->origin, (int)(MKD_COPY_TOTAL_MAX / MIB));
	r = mkd_file_read(AT_FDCWD, path,
			  *rd->left_bytes < MKD_COPY_FILE_MAX ? *rd->left_bytes : MKD_COPY_FILE_MAX,
			  MKD_EXIT_USAGE, ret, rd->err);
	if (r == 0)
		*rd->left_bytes -= ret->len;
	return r < 0 && r != -EINTR ? mkd_wrap(rd->err, "%s", rd->op->origin) : r;
}

static int read_one(struct reading *rd, size_t i)
{
	struct mkd_copy_file *f = &rd->to->v[i];
	cleanup_free char *path = NULL;
	struct stat st;
	int r = host_path(rd, f, &path);

	if (r < 0 || !path)
		return r;
	if ((i ? lstat(path, &st) : stat(path, &st)) != 0)
		return mkd_fail_errno(rd->err, MKD_EXIT_USAGE, errno, "%s: cannot read '%s'",
				      rd->op->origin, path);
	f->mode = st.st_mode & (S_IFMT | 0777);
	if (S_ISDIR(st.st_mode))
		return read_dir(rd, i, path);
	if (S_ISLNK(st.st_mode))
		return read_link(rd, &f->data, path);
	if (S_ISREG(st.st_mode))
		return read_file(rd, &f->data, path);
	return mkd_fail(rd->err, MKD_EXIT_USAGE, EINVAL,
			"%s: '%s' is neither file, folder nor link; leave it out", rd->op->origin,
			path);
}

static int by_path(const void *a, const void *b)
{
	const struct mkd_copy_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static void add_hex(struct mkd_buf *b, const uint8_t *v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		mkd_buf_printf(b, "%02x", v[i]);
}

static int digest(struct mkd_copy *c, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf list = { 0 };
	uint8_t sum[MKD_SHA256_BYTES];
	int r = 0;

	if (c->n == 1 && S_ISREG(c->v[0].mode))
		return mkd_sha256(mkd_buf_cstr(&c->v[0].data), c->v[0].data.len, c->sha256, err);
	for (size_t i = 0; r == 0 && i < c->n; i++) {
		const struct mkd_copy_file *f = &c->v[i];

		mkd_buf_printf(&list, "%04o ", (unsigned)f->mode & 0777);
		if (S_ISREG(f->mode)) {
			r = mkd_sha256(mkd_buf_cstr(&f->data), f->data.len, sum, err);
			mkd_buf_str(&list, "f ");
			add_hex(&list, sum, r == 0 ? sizeof(sum) : 0);
		} else if (S_ISDIR(f->mode)) {
			mkd_buf_str(&list, "d");
		} else {
			mkd_buf_str(&list, "l ");
			mkd_buf_add(&list, f->data.data, f->data.len);
		}
		mkd_buf_printf(&list, " %s", f->path);
		mkd_buf_add(&list, "", 1);
	}
	if (r == 0)
		r = mkd_buf_check(&list, err);
	return r < 0 ? r : mkd_sha256(mkd_buf_cstr(&list), list.len, c->sha256, err);
}

/* The kernel runs it by its first bytes: execve(2). */
static int check_script(const struct reading *rd)
{
	const struct mkd_copy_file *f = rd->to->v;

	if (f && S_ISREG(f->mode) && f->data.len > 4 &&
	    (memcmp(f->data.data, "#!", 2) == 0 || memcmp(f->data.data, "\177ELF", 4) == 0))
		return 0;
	return mkd_fail(rd->err, MKD_EXIT_USAGE, EINVAL,
			"%s: '%s' is not a script; its first line has to name the program that "
			"runs it, like #!/bin/sh",
			rd->op->origin, rd->op->src);
}

int mkd_copyin_read(const struct mkd_fileop *op, uint64_t *left_bytes, struct mkd_copy *ret,
		    struct mkd_err *err)
{
	struct mkd_copy c = { 0 };
	struct reading rd = { .op = op, .left_bytes = left_bytes, .to = &c, .err = err };
	int r;

	rd.base = (size_t)(strrchr(op->src, '/') + 1 - op->src);
	r = append(&rd, "", op->src + rd.base);
	for (size_t i = 0; r == 0 && i < c.n; i++) {
		r = read_one(&rd, i);
		if (r == 0)
			r = mkd_check_signal(err);
	}
	if (r == 0 && op->kind == MKD_FILEOP_FIRSTBOOT)
		r = check_script(&rd);
	if (r == 0 && c.v) {
		qsort(c.v, c.n, sizeof(*c.v), by_path);
		r = digest(&c, err);
	}
	if (r < 0)
		mkd_copyin_free(&c);
	else
		*ret = c;
	return r;
}

void mkd_copyin_free(struct mkd_copy *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].path);
		mkd_buf_wipe(
			&c->v[i].data); /* a secret is copied in, not written on a command line */
	}
	free(c->v);
	*c = (struct mkd_copy){ 0 };
}
