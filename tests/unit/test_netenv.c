/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/source/netenv.c. */
#include "test.h"

#include <string.h>

#include "mkdomu/netenv.h"

static const char *const names[] = { "http_proxy",   "HTTP_PROXY",   "https_proxy",
				     "HTTPS_PROXY",  "all_proxy",    "ALL_PROXY",
				     "no_proxy",     "NO_PROXY",     "CURL_CA_BUNDLE",
				     "SSL_CERT_DIR", "SSL_CERT_FILE" };

static int nothing_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unsetenv(names[i]);
	return 0;
}

static void set(const char *name, const char *value)
{
	assert_int_equal(setenv(name, value, 1), 0);
}

static void the_variable_is_that_of_the_scheme(void **state)
{
	struct mkd_netenv_proxy p;

	(void)state;
	assert_false(mkd_netenv_proxy("http://h/", &p));
	set("HTTP_PROXY", "http://cgi");
	set("https_proxy", "");
	assert_false(mkd_netenv_proxy("http://h/", &p));
	assert_false(mkd_netenv_proxy("https://h/", &p));
	set("ALL_PROXY", "http://all");
	assert_true(mkd_netenv_proxy("http://h/", &p));
	assert_string_equal(p.var, "ALL_PROXY");
	set("http_proxy", "http://plain:1");
	set("HTTPS_PROXY", "http://tls:2");
	assert_true(mkd_netenv_proxy("http://h/", &p));
	assert_string_equal(p.var, "http_proxy");
	assert_true(mkd_netenv_proxy("HTTPS://h/", &p));
	assert_string_equal(p.var, "HTTPS_PROXY");
	set("https_proxy", "http://small:3");
	assert_true(mkd_netenv_proxy("https://h/", &p));
	assert_string_equal(p.shown, "http://small:3");
}

static void a_proxy_is_shown_without_its_password(void **state)
{
	static const struct {
		const char *value, *shown, *host;
		unsigned port;
	} rows[] = {
		{ "http://h:3128", "http://h:3128", "h", 3128 },
		{ "h:3128/", "h:3128", "h", 3128 },
		{ "h", "h", "h", 1080 },
		{ "http://u:secret@h:8/x", "http://h:8", "h", 8 },
		{ "u:secret@h", "h", "h", 1080 },
		{ "http://u:se/cret@h:8", "http://h:8", "h", 8 },
		{ "http://u:se@cret@h:8", "http://h:8", "h", 8 },
		{ "socks5://u:secret@[2001:db8::1]:9", "socks5://[2001:db8::1]:9", "2001:db8::1",
		  9 },
		{ "h:99999", "h:99999", "h", 1080 },
	};
	struct mkd_netenv_proxy p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		set("http_proxy", rows[i].value);
		assert_true(mkd_netenv_proxy("http://x/", &p));
		assert_string_equal(p.shown, rows[i].shown);
		assert_string_equal(p.host, rows[i].host);
		assert_int_equal(p.port, rows[i].port);
	}
}

static void certificates_are_named_as_for_curl(void **state)
{
	struct mkd_netenv_ca ca;

	(void)state;
	set("SSL_CERT_FILE", "");
	mkd_netenv_ca(&ca);
	assert_null(ca.file);
	assert_null(ca.dir);
	set("SSL_CERT_FILE", "/f");
	set("SSL_CERT_DIR", "/d");
	mkd_netenv_ca(&ca);
	assert_string_equal(ca.file, "/f");
	assert_string_equal(ca.file_var, "SSL_CERT_FILE");
	assert_string_equal(ca.dir, "/d");
	set("CURL_CA_BUNDLE", "/b");
	mkd_netenv_ca(&ca);
	assert_string_equal(ca.file, "/b");
	assert_string_equal(ca.file_var, "CURL_CA_BUNDLE");
	assert_null(ca.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_variable_is_that_of_the_scheme, nothing_set),
		cmocka_unit_test_setup(a_proxy_is_shown_without_its_password, nothing_set),
		cmocka_unit_test_setup(certificates_are_named_as_for_curl, nothing_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
