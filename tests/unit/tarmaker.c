/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"
#include "tarmaker.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

static void octal(char *to, size_t len, uint64_t v)
{
	to[len - 1] = '\0';
	for (size_t i = len - 1; i-- > 0; v >>= 3)
		to[i] = (char)('0' + (v & 7));
}

static void put(char *to, size_t len, const char *text)
{
	memcpy(to, text, strnlen(text, len));
}

void tar_header(struct mkd_buf *out, const struct tar_spec *s)
{
	char h[512] = { 0 };
	unsigned sum = 0;

	put(h, 100, s->name);
	octal(h + 100, 8, s->mode ? s->mode : 0644);
	octal(h + 108, 8, s->uid);
	octal(h + 116, 8, s->gid);
	octal(h + 124, 12, s->size);
	octal(h + 136, 12, s->mtime);
	if (s->raw_uid)
		memcpy(h + 108, s->raw_uid, 8);
	if (s->raw_size)
		memcpy(h + 124, s->raw_size, 12);
	if (s->raw_mtime)
		memcpy(h + 136, s->raw_mtime, 12);
	h[156] = s->type == 'v' ? '\0' : s->type ? s->type : '0';
	if (s->link)
		put(h + 157, 100, s->link);
	memcpy(h + 257, s->magic ? s->magic : "ustar\00000", 8);
	octal(h + 329, 8, s->major);
	octal(h + 337, 8, s->minor);
	if (s->prefix)
		put(h + 345, 155, s->prefix);
	if (s->more_map)
		h[482] = 1;
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	octal(h + 148, 7, sum + s->bad_checksum);
	mkd_buf_add(out, h, sizeof(h));
}

void tar_body(struct mkd_buf *out, const void *data, size_t len)
{
	static const char zero[512];

	mkd_buf_add(out, data, len);
	mkd_buf_add(out, zero, -len % 512);
}

void tar_file(struct mkd_buf *out, const char *name, const char *text)
{
	tar_header(out, &(struct tar_spec){ .name = name, .size = strlen(text) });
	tar_body(out, text, strlen(text));
}

void tar_end(struct mkd_buf *out)
{
	static const char zero[1024];

	mkd_buf_add(out, zero, sizeof(zero));
}

void pax_record(struct mkd_buf *records, const char *key, const void *value, size_t len)
{
	size_t rest = strlen(key) + len + 3, total = rest;

	/* The length counts its own digits. */
	while (total != rest + (size_t)snprintf(NULL, 0, "%zu", total))
		total = rest + (size_t)snprintf(NULL, 0, "%zu", total);
	mkd_buf_printf(records, "%zu %s=", total, key);
	mkd_buf_add(records, value, len);
	mkd_buf_add(records, "\n", 1);
}

void pax_text(struct mkd_buf *records, const char *key, const char *value)
{
	pax_record(records, key, value, strlen(value));
}

void pax_member(struct mkd_buf *out, char type, struct mkd_buf *records)
{
	tar_header(out, &(struct tar_spec){ .name = "pax", .type = type, .size = records->len });
	tar_body(out, mkd_buf_cstr(records), records->len);
	mkd_buf_reset(records);
}

void run_tool(const char *stdout_path, const char *prog, ...)
{
	posix_spawn_file_actions_t fa;
	char *argv[32] = { (char *)(uintptr_t)prog };
	int status = -1;
	size_t n = 1;
	va_list ap;
	pid_t pid;

	va_start(ap, prog);
	while (n < ARRAY_LEN(argv) - 1 && (argv[n] = va_arg(ap, char *)))
		n++;
	va_end(ap);
	argv[n] = NULL;
	assert_int_equal(posix_spawn_file_actions_init(&fa), 0);
	assert_int_equal(posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0), 0);
	assert_int_equal(posix_spawn_file_actions_addopen(&fa, 1,
							  stdout_path ? stdout_path : "/dev/null",
							  O_WRONLY | O_CREAT | O_TRUNC, 0600),
			 0);
	if (posix_spawnp(&pid, prog, &fa, NULL, argv, environ) != 0)
		fail_msg("cannot run %s", prog);
	(void)posix_spawn_file_actions_destroy(&fa);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("%s: status %d", prog, status);
}
