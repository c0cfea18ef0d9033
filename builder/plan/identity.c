/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/identity.h"

#include <inttypes.h>
#include <string.h>
#include <uuid/uuid.h>

/* The root of all our names: UUIDv5 of "mkdomu" in the DNS namespace of RFC 4122. Never change it:
 * every guest's identity hangs on it. */
static const uint8_t root_ns[16] = { 0xe1, 0x26, 0x5b, 0x8d, 0xf5, 0xe9, 0x5a, 0xdb,
				     0xa3, 0x65, 0x24, 0x7a, 0x54, 0x6f, 0x8f, 0x26 };

static void derive(const uint8_t ns[static 16], const void *name, size_t len,
		   uint8_t ret[static 16])
{
	uuid_t out;

	uuid_generate_sha1(out, ns, name, len);
	memcpy(ret, out, sizeof(out));
}

static void derive_str(const uint8_t ns[static 16], const char *name, uint8_t ret[static 16])
{
	derive(ns, name, strlen(name), ret);
}

static void guest_ns(const char *seed, const char *name, uint8_t ret[static 16])
{
	uint8_t seeded[16];

	derive_str(root_ns, seed, seeded);
	derive_str(seeded, name, ret);
}

/* 12 bytes of the UUID that version and variant leave alone, as 16 digits of 6 bits. */
static void make_salt(const uint8_t uuid[static 16], char ret[static 17])
{
	static const char digits[] =
		"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint8_t raw[12];

	memcpy(raw, uuid, 6);
	memcpy(raw + 6, uuid + 9, 6);
	for (size_t i = 0; i < 4; i++) {
		uint32_t bits =
			(uint32_t)raw[3 * i] << 16 | (uint32_t)raw[3 * i + 1] << 8 | raw[3 * i + 2];

		for (size_t j = 0; j < 4; j++)
			ret[4 * i + j] = digits[bits >> (18 - 6 * j) & 63];
	}
	ret[16] = '\0';
}

static void make_hex(const uint8_t *data, size_t len, char *ret)
{
	for (size_t i = 0; i < len; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", data[i]);
}

void mkd_identity_make(const char *seed, const char *name, struct mkd_identity *ret)
{
	uint8_t ns[16], tmp[16];

	guest_ns(seed, name, ns);
	derive_str(ns, "fs", ret->fs_uuid);
	derive_str(ns, "swap", ret->swap_uuid);
	derive_str(ns, "disk", ret->disk_guid);
	derive_str(ns, "root-partition", ret->root_guid);
	derive_str(ns, "swap-partition", ret->swap_guid);
	derive_str(ns, "domain", ret->domain_uuid);
	derive_str(ns, "machine-id", tmp);
	make_hex(tmp, sizeof(tmp), ret->machine_id);
	derive_str(ns, "password-salt", tmp);
	make_salt(tmp, ret->password_salt);
}

void mkd_identity_base(const uint8_t start_sha256[static 32], struct mkd_base_identity *ret)
{
	uint8_t ns[16], tmp[16];

	derive(root_ns, start_sha256, 32, ns);
	derive_str(ns, "fs", ret->fs_uuid);
	derive_str(ns, "hash-seed", ret->hash_seed);
	derive_str(ns, "csum-seed", tmp);
	ret->csum_seed =
		(uint32_t)tmp[0] << 24 | (uint32_t)tmp[1] << 16 | (uint32_t)tmp[2] << 8 | tmp[3];
}

void mkd_identity_mac(const char *seed, const char *name, size_t index, uint8_t ret[static 6])
{
	static const uint8_t xen_oui[3] = { 0x00, 0x16, 0x3e };
	uint8_t ns[16], uuid[16];
	char role[32];

	guest_ns(seed, name, ns);
	(void)snprintf(role, sizeof(role), "mac-%zu", index);
	derive_str(ns, role, uuid);
	memcpy(ret, xen_oui, sizeof(xen_oui));
	memcpy(ret + 3, uuid, 3);
}

void mkd_identity_salt(const char *seed, const char *name, const char *user, char ret[static 17])
{
	uint8_t ns[16], uuid[16];
	char role[64];

	guest_ns(seed, name, ns);
	(void)snprintf(role, sizeof(role), "password-salt-%s", user);
	derive_str(ns, role, uuid);
	make_salt(uuid, ret);
}

const char *mkd_identity_seed(const char *profile, const uint8_t tar_sha256[static 32],
			      char buf[static 256])
{
	char hex[65];

	make_hex(tar_sha256, 32, hex);
	(void)snprintf(buf, 256, "%.100s sha256:%s", profile ? profile : "", hex);
	for (char *p = buf; *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
			*p = '?';
	return buf;
}

const char *mkd_uuid_format(const uint8_t uuid[static 16], char buf[static 37])
{
	uuid_unparse_lower(uuid, buf);
	return buf;
}
