/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "mkdomu/file.h"

void machine_file(const char *dir, const char *rest, const char *text)
{
	cleanup_buf struct mkd_buf path = { 0 };
	struct mkd_err err = { 0 };
	char *slash;

	mkd_buf_printf(&path, "%s/%s", dir, rest);
	slash = strrchr(path.data, '/');
	*slash = '\0';
	assert_ok(mkd_mkdirs(path.data, 0755, &err), &err);
	*slash = '/';
	test_write(path.data, text, strlen(text));
}

void machine_dir(const char *dir, const char *rest)
{
	cleanup_buf struct mkd_buf path = { 0 };
	struct mkd_err err = { 0 };

	mkd_buf_printf(&path, "%s/%s", dir, rest);
	assert_ok(mkd_mkdirs(path.data, 0755, &err), &err);
}

void machine_link(const char *dir, const char *rest, const char *target)
{
	cleanup_buf struct mkd_buf path = { 0 };

	mkd_buf_printf(&path, "%s/%s", dir, rest);
	assert_int_equal(symlink(target, path.data), 0);
}

/* sdb with partitions 1 and 10; dm-0 = vg0-root on sdb10, dm-1 on dm-0. */
static void seed_sys(const char *sys)
{
	static const char *const files[][2] = {
		{ "block/sdb/dev", "8:16\n" },
		{ "block/sdb/queue/discard_max_bytes", "0\n" },
		{ "block/sdb/sdb1/dev", "8:17\n" },
		{ "block/sdb/sdb1/partition", "1\n" },
		{ "block/sdb/sdb10/dev", "8:26\n" },
		{ "block/sdb/sdb10/partition", "10\n" },
		{ "block/dm-0/dev", "253:0\n" },
		{ "block/dm-0/dm/name", "vg0-root\n" },
		{ "block/dm-0/queue/discard_max_bytes", "4096\n" },
		{ "block/dm-1/dev", "253:1\n" },
	};
	static const char *const dirs[] = {
		"block/sdb/holders",       "block/sdb/sdb1/holders",
		"block/dm-0/holders",      "block/dm-0/slaves",
		"block/dm-1/holders",      "block/dm-1/slaves",
		"block/sdb/sdb10/holders", "dev/block",
	};
	static const char *const links[][2] = {
		{ "block/sdb/sdb10/holders/dm-0", "../../../dm-0" },
		{ "block/dm-0/slaves/sdb10", "../../sdb/sdb10" },
		{ "block/dm-0/holders/dm-1", "../../dm-1" },
		{ "block/dm-1/slaves/dm-0", "../../dm-0" },
		{ "dev/block/8:16", "../../block/sdb" },
		{ "dev/block/8:17", "../../block/sdb/sdb1" },
		{ "dev/block/8:26", "../../block/sdb/sdb10" },
		{ "dev/block/253:0", "../../block/dm-0" },
		{ "dev/block/253:1", "../../block/dm-1" },
	};

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		machine_file(sys, files[i][0], files[i][1]);
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		machine_dir(sys, dirs[i]);
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		machine_link(sys, links[i][0], links[i][1]);
}

void machine_make(void **state, struct machine *m)
{
	*m = (struct machine){ 0 };
	(void)snprintf(m->sys, sizeof(m->sys), "%s/sys", (char *)*state);
	(void)snprintf(m->proc, sizeof(m->proc), "%s/proc", (char *)*state);
	(void)snprintf(m->dev, sizeof(m->dev), "%s/dev", (char *)*state);
	(void)snprintf(m->xen, sizeof(m->xen), "%s/etc/xen", (char *)*state);
	(void)snprintf(m->socket, sizeof(m->socket), "%s/xs", (char *)*state);
	(void)snprintf(m->xenbus, sizeof(m->xenbus), "%s/xenbus", (char *)*state);
	m->host = (struct mkd_host){ .sys = m->sys,
				     .proc = m->proc,
				     .dev = m->dev,
				     .xen_cfg = m->xen,
				     .xenstore_socket = m->socket,
				     .xenbus = m->xenbus };
	seed_sys(m->sys);
	machine_file(m->proc, "self/mountinfo", "1 0 0:1 / / rw - tmpfs none rw\n");
	machine_file(m->proc, "swaps", "Filename\tType\tSize\tUsed\tPriority\n");
	machine_dir(m->dev, "");
	machine_dir(m->xen, "auto");
}

struct mkd_subject machine_subject(const struct machine *m, dev_t dev)
{
	struct mkd_subject s = { .host = &m->host,
				 .name = "it",
				 .st = { .st_mode = S_IFBLK, .st_rdev = dev } };
	struct mkd_err err = { 0 };

	assert_ok(mkd_blockdev_related(&m->host, dev, &s.devs, &err), &err);
	return s;
}
