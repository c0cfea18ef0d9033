/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.h - a manifest read back: what a guest was made of. Others may have written it, so
 * nothing in it is trusted: it is parsed strictly, by jansson, and all values go through the plan.
 */
#ifndef MKDOMU_RECORD_H
#define MKDOMU_RECORD_H

#include "mkdomu/settings.h"

#define MKD_RECORD_MAX MIB

struct mkd_record_disk {
	uint64_t size_bytes;
	unsigned sector_bytes;
	bool gpt;
	bool gpt_elsewhere;     /* its backup is not at size_bytes, but at a device's end */
	uint8_t structures[32]; /* mkdomuStructures1 of the subject */
};

/* Zero-initialise; release with mkd_record_free. Strings are the record's. */
struct mkd_record {
	struct mkd_settings options; /* as given then; those that were withheld are not in it */
	bool seed_given, password_given, keys_given;
	bool password_made; /* it was a random one */
	char *version;      /* of mkdomu */
	char *name, *hostname;
	char *seed; /* NULL with seed_given */
	int64_t epoch_sec;
	uint8_t start_sha256[32];
	struct mkd_strv hooks;
	struct mkd_strv ext_names, ext_sha256; /* of those that are external; hex */
	bool ext_mounted;                      /* one of them had the disk mounted */
	struct mkd_record_disk disks[2];
	size_t n_disks;
	uint64_t swap_bytes; /* of a partition or file; 0 = neither */
	char *file, *uri;    /* of the tarball; uri may be NULL */
	char sha256[65];
};

/*
 * name is of the file, for messages.
 *	-EINVAL  not JSON, not a manifest of mkdomu, or one of another kind (USAGE)
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_record_parse(const char *text, size_t len, const char *name,
				struct mkd_record *ret, struct mkd_err *err);
void mkd_record_free(struct mkd_record *r);

#endif
