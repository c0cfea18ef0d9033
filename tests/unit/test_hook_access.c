/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the hook access: root's password and its ssh keys. */
#include "guestroots.h"

#include <errno.h>
#include <string.h>
#include "mkdomu/access.h"

static void a_hash_is_taken_as_it_is(void **state)
{
	static const char hash[] = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.Xn7FSvv79c6bu/kgV/.kBlx/ChE9.FW";
	struct mkd_guest g = guest;
	struct mkd_tree *t = debian_sysvinit();
	struct mkd_err err = { 0 };

	(void)state;
	g.root_password = hash;
	g.epoch_sec = 0;
	assert_ok(mkd_tree_write(t, "/etc/passwd", "root::0:0::/home/r:/bin/sh\n", 27, 0644, &err),
		  &err);
	assert_ok(mkd_tree_chmod(t, "/etc/shadow", 0640, &err), &err);
	assert_ok(root_hook(t, &g, "access", NULL, &err), &err);
	assert_true(strncmp(tree_mem_text(t, "/etc/shadow"), "root:$2b$05$", 12) == 0);
	assert_non_null(strstr(tree_mem_text(t, "/etc/shadow"), "FW:1:0:::::\n"));
	assert_mode(t, "/etc/shadow", 0640);
	assert_text(t, "/etc/passwd", "root:x:0:0::/home/r:/bin/sh\n");
	assert_text(t, "/home/r/.ssh/authorized_keys", KEY " me\n");
	assert_mode(t, "/home/r", 0700);
	g.root_password = "a:b\nroot2::0:0";
	assert_fails(root_hook(t, &g, "access", NULL, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "control");
	g.root_password = NULL;
	g.authorized_keys = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
	assert_fails(root_hook(t, &g, "access", NULL, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "private key");
	tree_mem_free(t);
}

static void keys_are_added_to_those_that_are_there(void **state)
{
	struct mkd_guest g = guest;
	struct mkd_tree *t = gentoo_systemd();
	struct mkd_err err = { 0 };
	struct mkd_access a;
	struct mkd_facts f;

	(void)state;
	g.root_password = NULL;
	g.authorized_keys = "# mine\r\n" KEY " me\r\n" KEY " me\n";
	tree_mem_file(t, "/root/.ssh/authorized_keys", "ssh-rsa old");
	assert_ok(mkd_tree_write(t, "/etc/shadow", "root:!:1::\nb:!:1::\n", 20, 0640, &err), &err);
	assert_ok(root_hook(t, &g, "access", NULL, &err), &err);
	assert_text(t, "/root/.ssh/authorized_keys", "ssh-rsa old\n" KEY " me\n");
	assert_text(t, "/etc/shadow", "root:*:1::\nb:!:1::\n");
	assert_mode(t, "/root/.ssh", 0700);
	assert_mode(t, "/root/.ssh/authorized_keys", 0600);
	assert_ok(mkd_facts_find(t, &f, &err), &err);
	assert_ok(mkd_access_find(t, &f, &a, &err), &err);
	assert_int_equal(a.n_keys, 2);
	assert_int_equal(a.password, MKD_ROOT_LOCKED);
	assert_true(a.sshd && a.host_keys);
	assert_string_equal(a.home, "/root");
	tree_mem_free(t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hash_is_taken_as_it_is),
		cmocka_unit_test(keys_are_added_to_those_that_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
