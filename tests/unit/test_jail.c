/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a jail keeps from its program, and from everybody else. */
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mkdomu/external.h"
#include "mkdomu/jailid.h"
#include "test.h"
#include "tree_mem.h"

static const struct mkd_guest guest = { .name = "w", .hostname = "w" };
static const struct mkd_facts facts = { .os_id = "x" };

/* Where this user may make none, no external hook runs. */
static bool have_namespaces(void)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) != 0);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void run_it(const char *text, struct mkd_tree *t)
{
	struct mkd_exthook h = { .name = "h" };
	struct mkd_external_req q = { .hook = &h, .guest = &guest, .facts = &facts, .tree = t };
	struct mkd_err err = { 0 };

	mkd_buf_str(&h.program, text);
	assert_ok(mkd_hookhead_parse(text, strlen(text), "h", &h.head, &err), &err);
	assert_ok(mkd_external_run(&q, &err), &err);
	mkd_exthook_free(&h);
}

static void an_id_is_free(void **state)
{
	static const char map[] = "         0     100000      65536\n     70000      1000     1\n";
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n+::::::\nx\n\n"
				     "a:x:2147418112:5::/:\n";

	(void)state;
	assert_true(mkd_jailid_is_mapped(map, 0));
	assert_true(mkd_jailid_is_mapped(map, 65535));
	assert_false(mkd_jailid_is_mapped(map, 65536));
	assert_true(mkd_jailid_is_mapped(map, 70000));
	assert_false(mkd_jailid_is_mapped(map, 70001));
	assert_false(mkd_jailid_is_mapped("", 0));
	assert_true(mkd_jailid_is_taken(passwd, 0));
	assert_true(mkd_jailid_is_taken(passwd, 0x7fff0000));
	assert_false(mkd_jailid_is_taken(passwd, 5));
	assert_false(mkd_jailid_is_taken("+::::::\nx\n", 0));
	if (geteuid() == 0)
		assert_true(mkd_jailid_pick() >= 0x8000);
}

/* Outside root's hook is neither root nor nobody, nor the same one each time. */
static void root_is_somebody_else(void **state)
{
	struct mkd_tree *t = tree_mem_new();
	unsigned outside[3], inside, n;

	(void)state;
	if (geteuid() != 0 || !have_namespaces())
		skip();
	tree_mem_file(t, "/etc/map", "");
	for (int i = 0; i < 3; i++) {
		run_it("#!/bin/sh\nset -e; cat /proc/self/uid_map >etc/map; >etc/a; rm etc/a\n"
		       "[ $(id -u) = 0 ]; [ $(stat -c %u:%a /mkdomu) = 0:700 ]\n",
		       t);
		assert_int_equal(
			sscanf(tree_mem_text(t, "/etc/map"), "%u %u %u", &inside, &outside[i], &n),
			3);
		assert_int_equal(inside, 0);
		assert_int_equal(n, 1);
		assert_true(outside[i] >= 0x8000 && outside[i] != 65534);
	}
	assert_false(outside[0] == outside[1] && outside[1] == outside[2]);
	tree_mem_free(t);
}

static void it_sees_no_secret(void **state)
{
	struct mkd_tree *t = tree_mem_new();

	(void)state;
	if (!have_namespaces())
		skip();
	tree_mem_dir(t, "/etc");
	run_it("#!/bin/sh\n"
	       "cat /proc/1/cmdline /proc/1/environ >etc/cmd 2>/dev/null\n"
	       "cat /proc/$$/cmdline >etc/own\n"
	       "find /etc/ssl/ /etc/pki/ -name private >etc/keys\n"
	       "ls -d /etc/ssl/certs >etc/certs 2>/dev/null\n"
	       "exit 0\n",
	       t);
	assert_string_equal(tree_mem_text(t, "/etc/cmd"), "");
	assert_non_null(strstr(tree_mem_text(t, "/etc/own"), "sh")); /* there is a /proc */
	assert_string_equal(tree_mem_text(t, "/etc/keys"), "");
	assert_string_equal(tree_mem_text(t, "/etc/certs"),
			    access("/etc/ssl/certs", F_OK) == 0 ? "/etc/ssl/certs\n" : "");
	tree_mem_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_free),
		cmocka_unit_test(root_is_somebody_else),
		cmocka_unit_test(it_sees_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
