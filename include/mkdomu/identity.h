/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * identity.h - everything that must differ between guests and yet be the same each time: UUIDv5
 * (RFC 4122) of (seed, name, role). Same seed and name, same guest; another name, nothing in
 * common. Pure.
 *
 * UUIDv5s are nested: a role's namespace is the UUIDv5 of name in the UUIDv5 of seed in ours,
 * e1265b8d-f5e9-5adb-a365-247a546f8f26 (that of "mkdomu" in the DNS namespace). So no choice of
 * seed and name can meet another's, and uuidgen(1) --sha1 can follow each step. Roles: fs, swap,
 * disk, root-partition, swap-partition, domain, machine-id, password-salt, mac-<index>,
 * password-salt-<user>.
 */
#ifndef MKDOMU_IDENTITY_H
#define MKDOMU_IDENTITY_H

#include "mkdomu/base.h"

/* Of one guest. UUIDs are in RFC 4122 byte order. */
struct mkd_identity {
	uint8_t fs_uuid[16], swap_uuid[16];
	uint8_t disk_guid[16], root_guid[16], swap_guid[16];
	uint8_t domain_uuid[16];
	char machine_id[33];    /* 32 hex digits, machine-id(5) */
	char password_salt[17]; /* [./0-9A-Za-z], crypt(5) */
};

/*
 * Of a base image: from the tarball alone, so that clones share it; and from what is packed in it,
 * not from its bytes, so that its compression decides nothing.
 */
struct mkd_base_identity {
	uint8_t fs_uuid[16], hash_seed[16];
	uint32_t csum_seed;
};

void mkd_identity_make(const char *seed, const char *name, struct mkd_identity *ret);
/* start_sha256: of the first MiB of the plain tar, or of all of a shorter one. */
void mkd_identity_base(const uint8_t start_sha256[static 32], struct mkd_base_identity *ret);

/* MAC of the NIC with this index: 00:16:3e (Xen's OUI) and 24 bits. */
void mkd_identity_mac(const char *seed, const char *name, size_t index, uint8_t ret[static 6]);

/* For the password of a user beside root, whose name is at most 32 bytes; as password_salt. */
void mkd_identity_salt(const char *seed, const char *name, const char *user, char ret[static 17]);

/* The seed when the user gave none: profile and tarball. buf gets a printable string; returns buf.
 */
const char *mkd_identity_seed(const char *profile, const uint8_t tar_sha256[static 32],
			      char buf[static 256]);

/* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"; returns buf. */
const char *mkd_uuid_format(const uint8_t uuid[static 16], char buf[static 37]);

#endif
