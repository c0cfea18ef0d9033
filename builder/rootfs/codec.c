/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/codec.h"

#include <errno.h>

static const struct mkd_codec *const codecs[] = {
	&mkd_codec_xz,
	&mkd_codec_zstd,
	&mkd_codec_gzip,
	&mkd_codec_bzip2,
};

static const struct mkd_codec none = { .name = "none" };

const struct mkd_codec *mkd_codec_find(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(codecs); i++)
		if (codecs[i]->is_magic(head, len))
			return codecs[i];
	return &none;
}

int mkd_codec_broken(struct mkd_err *err, const char *format, const char *why)
{
	return mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG, "the %s data are damaged (%s)", format,
			why);
}

int mkd_codec_cut(struct mkd_err *err, const char *format)
{
	return mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG, "the %s data are cut short", format);
}
