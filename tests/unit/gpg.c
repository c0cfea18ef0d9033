/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gpg.h"
#include "test.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "mkdomu/file.h"

extern char **environ;

#define MAX_ARGS 40

/* Output of both kinds goes to a file in the home: it is shown when something is wrong. */
static int spawn(const struct test_gpg *g, const char *const *argv)
{
	posix_spawn_file_actions_t fa;
	char out[256];
	int status = -1;
	pid_t pid;

	(void)snprintf(out, sizeof(out), "%s/out", g->home);
	assert_int_equal(posix_spawn_file_actions_init(&fa), 0);
	assert_int_equal(posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0), 0);
	assert_int_equal(
		posix_spawn_file_actions_addopen(&fa, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600),
		0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&fa, 1, 2), 0);
	assert_int_equal(posix_spawnp(&pid, argv[0], &fa, NULL, (char *const *)argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)posix_spawn_file_actions_destroy(&fa);
	return status;
}

void test_slurp(const char *path, struct mkd_buf *ret)
{
	struct mkd_err err = { 0 };

	assert_ok(mkd_file_read(AT_FDCWD, path, 16 * MIB, MKD_EXIT_IO, ret, &err), &err);
}

void test_gpg_run(const struct test_gpg *g, const char *const *args)
{
	const char *argv[MAX_ARGS] = { "gpg",      "--homedir",
				       g->home,    "--batch",
				       "--yes",    "--quiet",
				       "--no-tty", "--pinentry-mode",
				       "loopback", "--passphrase",
				       "",         "--trust-model",
				       "always",   "--allow-weak-digest-algos" };
	size_t n = 14;

	if (g->time[0]) {
		argv[n++] = "--faked-system-time";
		argv[n++] = g->time;
	}
	while (*args && n < MAX_ARGS - 1)
		argv[n++] = *args++;
	assert_null(*args);
	if (spawn(g, argv) != 0) {
		struct mkd_buf out = { 0 };
		char path[256];

		(void)snprintf(path, sizeof(path), "%s/out", g->home);
		test_slurp(path, &out);
		fail_msg("gpg failed: %s", mkd_buf_cstr(&out));
	}
}

void test_gpg_start(struct test_gpg *g, const char *dir)
{
	g->time[0] = '\0';
	(void)snprintf(g->home, sizeof(g->home), "%s", dir);
	assert_int_equal(mkdir(g->home, 0700), 0);
}

void test_gpg_stop(struct test_gpg *g)
{
	const char *const kill_agent[] = { "gpgconf", "--homedir", g->home,
					   "--kill",  "gpg-agent", NULL };
	const char *const remove_sockets[] = { "gpgconf", "--homedir", g->home,
					       "--remove-socketdir", NULL };

	(void)spawn(g, kill_agent);
	(void)spawn(g, remove_sockets);
	mkd_rmtree(g->home);
}

void test_gpg_key(const struct test_gpg *g, const char *uid, const char *algo, const char *expire,
		  char fpr[static 41])
{
	struct mkd_buf out = { 0 };
	char path[256];
	const char *p;

	GPG(g, "--quick-generate-key", uid, algo, "sign,cert", expire);
	GPG(g, "--with-colons", "--list-keys", uid);
	(void)snprintf(path, sizeof(path), "%s/out", g->home);
	test_slurp(path, &out);
	p = strstr(mkd_buf_cstr(&out), "fpr:::::::::");
	assert_non_null(p);
	(void)snprintf(fpr, 41, "%.40s", p + strlen("fpr:::::::::"));
	assert_int_equal(strlen(fpr), 40);
	mkd_buf_free(&out);
}

void test_gpg_export(const struct test_gpg *g, const char *path, const char *uid)
{
	GPG(g, "--armor", "--output", path, "--export", uid);
}

/* gpg makes a revocation with each key, made harmless by a colon before its first dash. */
void test_gpg_revoke(const struct test_gpg *g, const char *fpr)
{
	struct mkd_buf rev = { 0 };
	char path[300];
	const char *p;

	(void)snprintf(path, sizeof(path), "%s/openpgp-revocs.d/%s.rev", g->home, fpr);
	test_slurp(path, &rev);
	p = strstr(mkd_buf_cstr(&rev), ":-----BEGIN");
	assert_non_null(p);
	test_write(path, p + 1, strlen(p + 1));
	GPG(g, "--import", path);
	mkd_buf_free(&rev);
}
