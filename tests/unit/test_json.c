/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <jansson.h>
#include <string.h>

#include "mkdomu/json.h"

static void a_text_has_one_form(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_json j = { .out = &b };

	(void)state;
	mkd_json_object(&j, NULL);
	mkd_json_string(&j, "s", "x");
	mkd_json_array(&j, "none");
	mkd_json_end(&j);
	mkd_json_array(&j, "list");
	mkd_json_int(&j, NULL, INT64_MIN);
	mkd_json_bool(&j, NULL, true);
	mkd_json_object(&j, NULL);
	mkd_json_end(&j);
	mkd_json_end(&j);
	mkd_json_hex(&j, "hex", (const uint8_t[]){ 0, 0xaf }, 2);
	mkd_json_end(&j);
	assert_string_equal(mkd_buf_cstr(&b), "{\n  \"s\": \"x\",\n  \"none\": [],\n  \"list\": [\n"
					      "    -9223372036854775808,\n    true,\n    {}\n  ],\n"
					      "  \"hex\": \"00af\"\n}\n");
}

static void strings_are_made_valid(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "\"\"" },
		{ "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
		{ "\x01\n\x1f\x7f", "\"\\u0001\\u000a\\u001f\\u007f\"" },
		{ "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7",
		  "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xa7\"" },
		{ "\xff", "\"\xef\xbf\xbd\"" },
		{ "\xc3", "\"\xef\xbf\xbd\"" },                                 /* cut */
		{ "\xc3(", "\"\xef\xbf\xbd(\"" },                               /* no second byte */
		{ "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },                 /* overlong */
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }, /* a surrogate */
		{ "\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_buf struct mkd_buf b = { 0 };
		struct mkd_json j = { .out = &b };

		mkd_json_string(&j, NULL, rows[i].in);
		assert_string_equal(mkd_buf_cstr(&b), rows[i].out);
	}
}

/* Every pair of bytes in a string, read back by a parser that is not ours. */
static void another_parser_takes_all_bytes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		const char text[] = { 'a', (char)(i >> 8), (char)i, 'z' };
		cleanup_buf struct mkd_buf b = { 0 };
		struct mkd_json j = { .out = &b };
		json_error_t error;
		json_t *root;

		mkd_json_array(&j, NULL);
		mkd_json_bytes(&j, NULL, text, sizeof(text));
		mkd_json_end(&j);
		root = json_loadb(b.data, b.len, JSON_ALLOW_NUL, &error);
		if (!root)
			fail_msg("%04x: %s", i, error.text);
		if (i >> 8 < 0x80 && (i & 0xff) < 0x80)
			assert_memory_equal(json_string_value(json_array_get(root, 0)), text, 4);
		json_decref(root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_has_one_form),
		cmocka_unit_test(strings_are_made_valid),
		cmocka_unit_test(another_parser_takes_all_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
