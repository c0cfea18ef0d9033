/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static bool grow(struct mkd_buf *b, size_t more)
{
	size_t need, cap;
	char *p;

	if (b->failed)
		return false;
	if (more >= SIZE_MAX / 2 - b->len) {
		b->failed = true;
		return false;
	}
	need = b->len + more + 1;
	if (need <= b->cap)
		return true;
	for (cap = b->cap ? b->cap : 256; cap < need;)
		cap *= 2;
	p = realloc(b->data, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->data = p;
	b->cap = cap;
	return true;
}

void mkd_buf_add(struct mkd_buf *b, const void *data, size_t len)
{
	if (!grow(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void mkd_buf_str(struct mkd_buf *b, const char *s)
{
	mkd_buf_add(b, s, strlen(s));
}

void mkd_buf_printf(struct mkd_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
		return;
	}
	if (!grow(b, (size_t)n))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void mkd_buf_reset(struct mkd_buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

void mkd_buf_free(struct mkd_buf *b)
{
	free(b->data);
	*b = (struct mkd_buf){ 0 };
}

void mkd_buf_wipe(struct mkd_buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	mkd_buf_free(b);
}

int mkd_buf_check(const struct mkd_buf *b, struct mkd_err *err)
{
	return b->failed ? mkd_nomem(err) : 0;
}

int mkd_strv_add(struct mkd_strv *l, const char *s, struct mkd_err *err)
{
	char *copy = strdup(s);
	char **v = copy ? reallocarray(l->v, l->n + 2, sizeof(*v)) : NULL;

	if (!v) {
		free(copy);
		return mkd_nomem(err);
	}
	l->v = v;
	l->v[l->n++] = copy;
	l->v[l->n] = NULL;
	return 0;
}

bool mkd_strv_has(const struct mkd_strv *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], s) == 0)
			return true;
	return false;
}

void mkd_strv_free(struct mkd_strv *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct mkd_strv){ 0 };
}

int mkd_strdup(const char *s, char **ret, struct mkd_err *err)
{
	char *copy = strdup(s);

	if (!copy)
		return mkd_nomem(err);
	*ret = copy;
	return 0;
}

int mkd_asprintf(char **ret, struct mkd_err *err, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return mkd_nomem(err);
	*ret = text;
	return 0;
}
