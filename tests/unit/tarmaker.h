/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tarmaker.h - tar headers by hand, hostile ones too, and the packing tools as processes. */
#ifndef MKDOMU_TARMAKER_H
#define MKDOMU_TARMAKER_H

#include "mkdomu/buf.h"

/* What a member says; zero values are good defaults. Fields given as text go in as they are. */
struct tar_spec {
	const char *name, *link;
	char type;     /* '\0' is written as '0'; 'v' as NUL (before POSIX) */
	unsigned mode; /* 0: 0644 */
	uint64_t size, uid, gid, mtime, major, minor;
	const char *raw_size, *raw_uid, *raw_mtime; /* whole fields: 12, 8, 12 bytes */
	const char *magic;                          /* 8 bytes; NULL: ustar, version 00 */
	const char *prefix;
	bool more_map; /* GNU sparse: a map block follows */
	bool bad_checksum;
};

void tar_header(struct mkd_buf *out, const struct tar_spec *spec);
/* Data of a member, padded to whole blocks. */
void tar_body(struct mkd_buf *out, const void *data, size_t len);
/* header + body of a regular file */
void tar_file(struct mkd_buf *out, const char *name, const char *text);
/* The two zero blocks. */
void tar_end(struct mkd_buf *out);

/* One pax record into records; then a whole 'x' (or 'g') member around them, which resets them. */
void pax_record(struct mkd_buf *records, const char *key, const void *value, size_t len);
void pax_text(struct mkd_buf *records, const char *key, const char *value);
void pax_member(struct mkd_buf *out, char type, struct mkd_buf *records);

/* Run a program from PATH with stdin from /dev/null and stdout to a file (NULL: /dev/null); the
 * test fails when it does. The arguments end with NULL. */
void run_tool(const char *stdout_path, const char *prog, ...);

#endif
