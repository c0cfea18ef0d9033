/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* Bytes over 127 stay: names are often UTF-8 and the terminal decodes them as such. */
static void sanitise(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

static void set(struct mkd_err *err, int exit_class, int code, const char *fmt, va_list ap)
{
	assert(code > 0);
	err->code = code;
	err->exit = exit_class;
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	sanitise(err->msg);
}

static void append(struct mkd_err *err, const char *text)
{
	size_t used = strlen(err->msg);

	(void)snprintf(err->msg + used, sizeof(err->msg) - used, ": %s", text);
}

int mkd_fail(struct mkd_err *err, int exit_class, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, exit_class, code, fmt, ap);
	va_end(ap);
	return -code;
}

/* What this process ran short of is no fault of the file that it was needed for. */
static bool is_shortage(int code)
{
	return code == ENOMEM || code == EMFILE || code == ENFILE;
}

int mkd_fail_errno(struct mkd_err *err, int exit_class, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, is_shortage(code) ? MKD_EXIT_INTERNAL : exit_class, code, fmt, ap);
	va_end(ap);
	append(err, strerror(code));
	return -code;
}

static int io_class(int code)
{
	switch (code) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return MKD_EXIT_NOSPACE;
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return MKD_EXIT_INTERNAL;
	default:
		return MKD_EXIT_IO;
	}
}

int mkd_fail_io(struct mkd_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, io_class(code), code, fmt, ap);
	va_end(ap);
	append(err, strerror(code));
	return -code;
}

int mkd_nomem(struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_INTERNAL, ENOMEM, "out of memory");
}

int mkd_wrap(struct mkd_err *err, const char *fmt, ...)
{
	char inner[sizeof(err->msg)];
	va_list ap;

	assert(err->code > 0);
	memcpy(inner, err->msg, sizeof(inner));
	va_start(ap, fmt);
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	sanitise(err->msg);
	append(err, inner);
	return -err->code;
}
