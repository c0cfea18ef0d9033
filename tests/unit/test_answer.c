/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of answer: the fields of a server's answer. */
#include "test.h"

#include <string.h>

#include "mkdomu/answer.h"

static void line(struct mkd_answer *a, const char *text)
{
	mkd_answer_line(a, text, strlen(text));
}

static void header_fields_are_read(void **state)
{
	struct mkd_answer a;

	(void)state;
	mkd_answer_reset(&a);
	line(&a, "content-LENGTH:  12 \r\n");
	line(&a, "Content-Range: bytes 7-18/19\r\n");
	line(&a, "Last-Modified: Sat, 15 Aug 2026 09:15:01 GMT\r\n");
	line(&a, "ETag: W/\"weak\"\r\n");
	assert_int_equal(a.length_bytes, 12);
	assert_int_equal(a.range_start_bytes, 7);
	assert_string_equal(mkd_answer_validator(&a), "Sat, 15 Aug 2026 09:15:01 GMT");
	line(&a, "ETag: \"strong\"");
	assert_string_equal(mkd_answer_validator(&a), "\"strong\"");
	line(&a, "Content-Length: 12");
	assert_false(a.ambiguous);
	line(&a, "Content-Length: 13");
	assert_true(a.ambiguous);
	line(&a, "ETag: \"a\nb\"");
	assert_string_equal(a.etag, "");
	line(&a, "HTTP/1.1 200 OK\r\n");
	assert_int_equal(a.length_bytes, -1);
	assert_string_equal(mkd_answer_validator(&a), "");
	line(&a, "Content-Length: 99999999999999999999999");
	assert_true(a.length_bytes == INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_fields_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
