/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wanted values were computed with Python's uuid and hashlib, not with libuuid. */
#include "test.h"

#include <string.h>

#include "mkdomu/identity.h"

static void assert_uuid(const uint8_t uuid[static 16], const char *want)
{
	char text[37];

	assert_string_equal(mkd_uuid_format(uuid, text), want);
}

static void a_guest_has_these_identifiers_for_ever(void **state)
{
	struct mkd_identity id;
	uint8_t mac[6];

	(void)state;
	mkd_identity_make("seed", "web1", &id);
	assert_uuid(id.fs_uuid, "1cc11299-b094-57c2-aade-07b06638546e");
	assert_uuid(id.swap_uuid, "e28cdf70-97c7-5e5a-8db9-310192e65797");
	assert_uuid(id.disk_guid, "3b191883-ee2b-518d-ab76-6aa724cb79d8");
	assert_uuid(id.root_guid, "878f3af3-4b3f-56ea-8108-c805142e9cd3");
	assert_uuid(id.swap_guid, "b9cf38a3-50e6-5051-94a9-302e65752f04");
	assert_uuid(id.domain_uuid, "51ec5dca-31c0-56ac-8c7e-0d5b62820104");
	assert_string_equal(id.machine_id, "7385be78a1775e11bc95910931b7e93d");
	assert_string_equal(id.password_salt, "W00KrECgO.oyWdcL");
	mkd_identity_mac("seed", "web1", 0, mac);
	assert_memory_equal(mac, "\x00\x16\x3e\x97\x97\xde", 6);
	mkd_identity_mac("seed", "web1", 1, mac);
	assert_memory_equal(mac, "\x00\x16\x3e\xbb\xe6\x49", 6);
}

static void a_base_image_is_known_by_its_tarball(void **state)
{
	struct mkd_base_identity base;
	uint8_t digest[32];

	(void)state;
	for (size_t i = 0; i < sizeof(digest); i++)
		digest[i] = (uint8_t)i;
	mkd_identity_base(digest, &base);
	assert_uuid(base.fs_uuid, "ad7641cc-3bd0-56c2-875a-8cabf3db30d0");
	assert_uuid(base.hash_seed, "52300d75-25a7-5899-be39-d52e0b8d1028");
	assert_int_equal(base.csum_seed, 0x6224f6c6);
}

static void other_guests_have_nothing_in_common(void **state)
{
	/* also where name and seed joined would be the same text */
	static const char *const guests[][2] = { { "seed", "web1" }, { "seed", "web2" },
						 { "seedw", "eb1" }, { "other", "web1" },
						 { "web1", "seed" }, { "", "seedweb1" },
						 { "seedweb1", "" } };
	struct mkd_identity ids[ARRAY_LEN(guests)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(guests); i++) {
		mkd_identity_make(guests[i][0], guests[i][1], &ids[i]);
		for (size_t j = 0; j < i; j++) {
			assert_memory_not_equal(ids[i].fs_uuid, ids[j].fs_uuid, 16);
			assert_memory_not_equal(ids[i].domain_uuid, ids[j].domain_uuid, 16);
			assert_string_not_equal(ids[i].machine_id, ids[j].machine_id);
			assert_string_not_equal(ids[i].password_salt, ids[j].password_salt);
		}
	}
}

static void the_seed_comes_from_profile_and_tarball(void **state)
{
	uint8_t digest[64] = { 0xab, 0xcd };
	char buf[256], other[256], longest[300];

	(void)state;
	(void)mkd_identity_seed("gentoo-base", digest, buf);
	assert_memory_equal(buf, "gentoo-base sha512:abcd0000", 27);
	assert_int_equal(strlen(buf), strlen("gentoo-base sha512:") + 128);
	assert_string_not_equal(mkd_identity_seed(NULL, digest, other), buf);
	digest[63] = 1;
	assert_string_not_equal(mkd_identity_seed("gentoo-base", digest, other), buf);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_non_null(strstr(mkd_identity_seed(longest, digest, buf), "0001"));
	assert_memory_equal(mkd_identity_seed("a\nb\xff", digest, buf), "a?b? ", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_has_these_identifiers_for_ever),
		cmocka_unit_test(a_base_image_is_known_by_its_tarball),
		cmocka_unit_test(other_guests_have_nothing_in_common),
		cmocka_unit_test(the_seed_comes_from_profile_and_tarball),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
