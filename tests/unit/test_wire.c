/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What failures of libcurl become: the class, whether to try again, and nobody's password. */
#include "test.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#include "mkdomu/wire.h"

#define URL "https://mirror.example/x.tar"

static void clear_environment(void)
{
	static const char *const names[] = { "http_proxy",  "https_proxy", "HTTPS_PROXY",
					     "all_proxy",   "ALL_PROXY",   "CURL_CA_BUNDLE",
					     "SSL_CERT_DIR" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(unsetenv(names[i]), 0);
}

static void failures_are_told_apart(void **state)
{
	static const struct {
		CURLcode code;
		const char *text, *words;
		bool again;
	} rows[] = {
		{ CURLE_COULDNT_CONNECT, "nobody there", URL "': nobody there", true },
		{ CURLE_PARTIAL_FILE, "", "partial", true },
		{ CURLE_SSL_CONNECT_ERROR, "bad hello", "does not answer in TLS: bad hello", true },
		{ CURLE_PEER_FAILED_VERIFICATION, "expired", "is not valid: expired", false },
		{ CURLE_UNSUPPORTED_PROTOCOL, "ftp", "it redirects from https to", false },
		{ CURLE_TOO_MANY_REDIRECTS, "https://me:secret@there/", "redirects", false },
	};
	CURL *c = curl_easy_init();
	struct mkd_err err;

	(void)state;
	assert_non_null(c);
	clear_environment();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool again = !rows[i].again;
		const struct mkd_wire_fault f = { rows[i].code, rows[i].text, URL, &again };

		assert_fails(mkd_wire_failed(c, &f, &err), &err, EHOSTUNREACH, MKD_EXIT_NET,
			     rows[i].words);
		assert_int_equal(again, rows[i].again);
		assert_null(strstr(err.msg, "secret"));
	}
	curl_easy_cleanup(c);
}

static void certificates_that_cannot_be_read_are_the_users(void **state)
{
	bool again = true;
	const struct mkd_wire_fault f = { CURLE_SSL_CACERT_BADFILE, "", URL, &again };
	CURL *c = curl_easy_init();
	struct mkd_err err;

	(void)state;
	assert_non_null(c);
	clear_environment();
	assert_int_equal(setenv("CURL_CA_BUNDLE", "/nowhere.pem", 1), 0);
	assert_fails(mkd_wire_failed(c, &f, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "'/nowhere.pem' cannot be read; CURL_CA_BUNDLE");
	assert_false(again);
	clear_environment();
	assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
	assert_fails(mkd_wire_failed(c, &f, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "install the package ca-certificates");
	curl_easy_cleanup(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_are_told_apart),
		cmocka_unit_test(certificates_that_cannot_be_read_are_the_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
