/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entrylist.h - an archive's members and their data as text, for the tests of entries.c. */
#ifndef MKDOMU_ENTRYLIST_H
#define MKDOMU_ENTRYLIST_H

#include "test.h"
#include "tarmaker.h"

#include "mkdomu/entries.h"

void open_entries(int fd, struct mkd_entries **ret);

/* A whole archive as text; the last result. */
int list_path(const char *path, struct mkd_buf *ret, struct mkd_err *err);
int list(void **state, const struct mkd_buf *tar, struct mkd_buf *ret, struct mkd_err *err);

/* An archive of one member (with its pax records before it and an end marker behind). */
void one(struct mkd_buf *tar, struct mkd_buf *records, const struct tar_spec *spec);

#endif
