/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts as lines and as JSON: the last part of sysfacts.h. */
#include <string.h>

#include "mkdomu/access.h"
#include "mkdomu/json.h"
#include "mkdomu/sysfacts.h"

static const char *libc_name(enum mkd_libc libc)
{
	return libc == MKD_LIBC_GLIBC ? "glibc" : libc == MKD_LIBC_MUSL ? "musl" : "unknown";
}

static const char *password_name(enum mkd_root_password p)
{
	return p == MKD_ROOT_SET ? "set" : p == MKD_ROOT_OPEN ? "empty" : "locked";
}

static const char *or_unknown(const char *text)
{
	return *text ? text : "unknown";
}

/* udev renames netfronts since 250, without our link files: systemd.net-naming-scheme(7). */
static const char *names_of(const struct mkd_facts *f)
{
	if (!f->udev)
		return "eth0";
	return !f->udev_version ? "eth0 or enX0" : f->udev_version < 250 ? "eth0" : "enX0";
}

static void network_words(const struct mkd_facts *f, struct mkd_buf *ret)
{
	size_t n = 0;

	for (enum mkd_netcfg net = MKD_NET_UNKNOWN + 1; net < MKD_NET_N; net++) {
		if (!(f->net_tools & MKD_NET_BIT(net)))
			continue;
		mkd_buf_printf(ret, "%s%s%s", n++ ? ", " : "", mkd_netcfg_name(net),
			       net == f->net ? " (used)" : "");
	}
	mkd_buf_str(ret, n ? "" : "none that is known");
}

static void udev_words(const struct mkd_facts *f, struct mkd_buf *ret)
{
	mkd_buf_str(ret, f->udev ? "yes" : "no");
	if (f->udev_version)
		mkd_buf_printf(ret, ", %u", f->udev_version);
	mkd_buf_printf(ret, ": %s", names_of(f));
}

static void list(const struct mkd_facts *f, const struct mkd_access *a, struct mkd_buf *ret)
{
	mkd_buf_printf(ret, "  system    %s\n", f->os_name[0] ? f->os_name : or_unknown(f->os_id));
	mkd_buf_printf(ret, "  version   %s\n", or_unknown(f->os_version));
	mkd_buf_printf(ret, "  machine   %s\n", or_unknown(f->arch));
	mkd_buf_printf(ret, "  libc      %s\n", libc_name(f->libc));
	mkd_buf_printf(ret, "  init      %s%s", f->openrc ? "OpenRC on " : "",
		       mkd_init_name(f->init));
	if (f->init_path[0])
		mkd_buf_printf(ret, ", %s", f->init_path);
	if (strcmp(f->init_path, f->init_target) != 0)
		mkd_buf_printf(ret, " -> %s", f->init_target);
	mkd_buf_printf(ret, "\n  usr       %s\n", f->merged_usr ? "merged" : "not merged");
	mkd_buf_printf(ret, "  packages  %s\n", or_unknown(f->packages));
	mkd_buf_str(ret, "  network   ");
	network_words(f, ret);
	mkd_buf_str(ret, "\n  udev      ");
	udev_words(f, ret);
	mkd_buf_printf(ret, "\n  sshd      %s\n",
		       !f->sshd       ? "no"
		       : a->host_keys ? "yes"
				      : "yes, without host keys");
	mkd_buf_printf(ret, "  cloudinit %s\n", f->cloud_init ? "yes" : "no");
	mkd_buf_printf(ret, "  root      password %s, %zu ssh key%s\n", password_name(a->password),
		       a->n_keys, a->n_keys == 1 ? "" : "s");
}

static void json_network(struct mkd_json *j, const struct mkd_facts *f)
{
	mkd_json_object(j, "network");
	mkd_json_string(j, "used", mkd_netcfg_name(f->net));
	mkd_json_array(j, "tools");
	for (enum mkd_netcfg net = MKD_NET_UNKNOWN + 1; net < MKD_NET_N; net++)
		if (f->net_tools & MKD_NET_BIT(net))
			mkd_json_string(j, NULL, mkd_netcfg_name(net));
	mkd_json_end(j);
	mkd_json_bool(j, "resolved", f->resolved);
	mkd_json_bool(j, "udev", f->udev);
	mkd_json_int(j, "udevVersion", f->udev_version);
	mkd_json_string(j, "firstInterface", names_of(f));
	mkd_json_end(j);
}

static void json(const struct mkd_facts *f, const struct mkd_access *a, struct mkd_buf *ret)
{
	struct mkd_json j = { .out = ret };

	mkd_json_object(&j, NULL);
	mkd_json_object(&j, "os");
	mkd_json_string(&j, "id", f->os_id);
	mkd_json_string(&j, "version", f->os_version);
	mkd_json_string(&j, "name", f->os_name);
	mkd_json_end(&j);
	mkd_json_string(&j, "machine", f->arch);
	mkd_json_string(&j, "libc", libc_name(f->libc));
	mkd_json_object(&j, "init");
	mkd_json_string(&j, "kind", mkd_init_token(f->init));
	mkd_json_string(&j, "path", f->init_path);
	mkd_json_string(&j, "target", f->init_target);
	mkd_json_bool(&j, "openrc", f->openrc);
	mkd_json_end(&j);
	mkd_json_bool(&j, "mergedUsr", f->merged_usr);
	mkd_json_string(&j, "packages", f->packages);
	json_network(&j, f);
	mkd_json_bool(&j, "sshd", f->sshd);
	mkd_json_bool(&j, "sshdHostKeys", a->host_keys);
	mkd_json_bool(&j, "cloudInit", f->cloud_init);
	mkd_json_object(&j, "root");
	mkd_json_string(&j, "password", password_name(a->password));
	mkd_json_int(&j, "sshKeys", (int64_t)a->n_keys);
	mkd_json_end(&j);
	mkd_json_end(&j);
}

int mkd_facts_report(struct mkd_tree *t, bool as_json, struct mkd_buf *ret, struct mkd_err *err)
{
	struct mkd_access access = { 0 };
	struct mkd_facts f;
	int r = mkd_facts_find(t, &f, err);

	if (r == 0)
		r = mkd_access_find(t, &f, &access, err);
	if (r < 0)
		return r;
	if (as_json)
		json(&f, &access, ret);
	else
		list(&f, &access, ret);
	return mkd_buf_check(ret, err);
}
