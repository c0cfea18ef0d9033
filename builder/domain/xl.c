/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/xl.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static bool in_list(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, list[i]) == 0)
			return true;
	return false;
}

static int bad(struct mkd_err *err, const char *key, const char *value, const char *why)
{
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
			"cannot write %s '%s' into the domU config: %s", key, value, why);
}

/*
 * Fit for a double-quoted string. libxlutil knows the escapes \\ and \", but other readers of
 * these files (sed in init scripts, libvirt's converter) do not, so neither is ever written.
 */
static int check_text(const char *key, const char *s, struct mkd_err *err)
{
	if (!s || !*s)
		return bad(err, key, "", "it is empty");
	for (const char *p = s; *p; p++) {
		if (*p == '"')
			return bad(err, key, s, "it has a double quote in it; leave that out");
		if (*p == '\\')
			return bad(err, key, s, "it has a backslash in it; leave that out");
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return bad(err, key, s, "it has a control character in it; leave that out");
	}
	return 0;
}

static int check_path(const char *key, const char *s, struct mkd_err *err)
{
	int r = check_text(key, s, err);

	if (r < 0)
		return r;
	if (*s != '/')
		return bad(err, key, s, "it is not an absolute path");
	return 0;
}

/* xendomains reads the name by sed; xl takes a name of digits alone for a domain number. */
static int check_name(const char *s, struct mkd_err *err)
{
	int r = check_text("name", s, err);

	if (r < 0)
		return r;
	if (s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")])
		return bad(err, "name", s, "use only letters, digits, '_', '.' and '-'");
	if (!s[strspn(s, "0123456789")])
		return bad(err, "name", s, "xl would take it for a domain number; add a letter");
	return 0;
}

static int check_uuid(const char *s, struct mkd_err *err)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i = 0;
	int r = check_text("uuid", s, err);

	if (r < 0)
		return r;
	while (form[i] && (form[i] == '-' ? s[i] == '-' : isxdigit((unsigned char)s[i]) != 0))
		i++;
	return form[i] || s[i] ? bad(err, "uuid", s, "it is not a UUID") : 0;
}

static int check_action(const char *key, const char *s, struct mkd_err *err)
{
	static const char *const actions[] = { "destroy",  "restart",          "rename-restart",
					       "preserve", "coredump-destroy", "coredump-restart" };

	if (!s || in_list(s, actions, ARRAY_LEN(actions)))
		return 0;
	return bad(err, key, s,
		   "use destroy, restart, rename-restart, preserve, coredump-destroy or "
		   "coredump-restart");
}

/* xl reads numbers into a C long of MiB and multiplies by 1024. */
static int check_numbers(const struct mkd_xl_domain *d, struct mkd_err *err)
{
	if (!d->memory_mib)
		return bad(err, "memory", "0", "a guest needs some");
	if (d->maxmem_mib && d->maxmem_mib < d->memory_mib)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot write maxmem %u MiB into the domU config: it is less than "
				"memory, %u MiB",
				d->maxmem_mib, d->memory_mib);
	if (!d->vcpus)
		return bad(err, "vcpus", "0", "a guest needs at least 1");
	return 0;
}

static int check_scalars(const struct mkd_xl_domain *d, struct mkd_err *err)
{
	static const char *const types[] = { "pv", "pvh" };
	int r = check_name(d->name, err);

	if (r == 0)
		r = check_text("type", d->type, err);
	if (r == 0 && !in_list(d->type, types, ARRAY_LEN(types)))
		r = bad(err, "type", d->type, "use pv or pvh");
	if (r == 0)
		r = check_uuid(d->uuid, err);
	if (r == 0)
		r = check_path("kernel", d->kernel, err);
	if (r == 0 && d->ramdisk)
		r = check_path("ramdisk", d->ramdisk, err);
	if (r == 0 && d->cmdline && *d->cmdline)
		r = check_text("cmdline", d->cmdline, err);
	if (r == 0)
		r = check_numbers(d, err);
	if (r == 0)
		r = check_action("on_poweroff", d->on_poweroff, err);
	if (r == 0)
		r = check_action("on_reboot", d->on_reboot, err);
	if (r == 0)
		r = check_action("on_crash", d->on_crash, err);
	return r;
}

/* "xvd", letters, then nothing or a partition number without a leading zero. */
static int check_vdev(const char *s, struct mkd_err *err)
{
	static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
	size_t letters, digits;
	int r = check_text("disk vdev", s, err);

	if (r < 0)
		return r;
	letters = strncmp(s, "xvd", 3) == 0 ? strspn(s + 3, lower) : 0;
	digits = letters ? strspn(s + 3 + letters, "0123456789") : 0;
	if (!letters || s[3 + letters + digits] || s[3 + letters] == '0')
		return bad(err, "disk vdev", s, "use a name like 'xvda' or 'xvda1'");
	return 0;
}

static int check_disks(const struct mkd_xl_domain *d, struct mkd_err *err)
{
	for (size_t i = 0; i < d->n_disks; i++) {
		const struct mkd_xl_disk *disk = &d->disks[i];
		int r = check_vdev(disk->vdev, err);

		if (r == 0)
			r = check_path("disk target", disk->target, err);
		if (r < 0)
			return r;
		/* libxlutil takes all commas off the end of the target. */
		if (disk->target[strlen(disk->target) - 1] == ',')
			return bad(err, "disk target", disk->target,
				   "xl loses a comma at the end of a path; rename it");
		for (size_t j = 0; j < i; j++)
			if (strcmp(d->disks[j].vdev, disk->vdev) == 0)
				return bad(err, "disk vdev", disk->vdev,
					   "two disks have this name");
	}
	return 0;
}

static int check_mac(const char *s, struct mkd_err *err)
{
	size_t i;
	int r = check_text("vif mac", s, err);

	if (r < 0)
		return r;
	for (i = 0; i < 17 && (i % 3 == 2 ? s[i] == ':' : isxdigit((unsigned char)s[i]) != 0);)
		i++;
	if (i < 17 || s[i])
		return bad(err, "vif mac", s, "write six pairs of hex digits with ':' between");
	if (strchr("13579bdfBDF", s[1]))
		return bad(err, "vif mac", s,
			   "it is a multicast address; make its first byte even");
	return 0;
}

static int check_vif(const struct mkd_xl_vif *v, struct mkd_err *err)
{
	int r = check_mac(v->mac, err);

	if (r == 0 && v->bridge && *v->bridge) {
		r = check_text("vif bridge", v->bridge, err);
		if (r == 0 && v->bridge[strcspn(v->bridge, ",= /'")])
			r = bad(err, "vif bridge", v->bridge,
				"no interface name has a comma, blank, quote, '=' or '/' in it");
	}
	if (r == 0 && v->ip) {
		r = check_text("vif ip", v->ip, err);
		if (r == 0 && v->ip[strspn(v->ip, "0123456789. ")])
			r = bad(err, "vif ip", v->ip,
				"it is not IPv4 addresses with a blank between two");
	}
	return r;
}

static int check(const struct mkd_xl_domain *d, struct mkd_err *err)
{
	int r = check_scalars(d, err);

	if (r == 0)
		r = check_disks(d, err);
	for (size_t i = 0; r == 0 && i < d->n_vifs; i++)
		r = check_vif(&d->vifs[i], err);
	return r;
}

static int render_comment(const char *text, struct mkd_buf *out, struct mkd_err *err)
{
	while (text && *text) {
		size_t len = strcspn(text, "\n");

		for (size_t i = 0; i < len; i++)
			if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
				return bad(err, "comment", text,
					   "it has a control character in it");
		mkd_buf_printf(out, len ? "# %.*s\n" : "#%.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
	return 0;
}

static void render_string(const char *key, const char *value, struct mkd_buf *out)
{
	if (value && *value)
		mkd_buf_printf(out, "%s = \"%s\"\n", key, value);
}

static void render_disks(const struct mkd_xl_domain *d, struct mkd_buf *out)
{
	if (!d->n_disks)
		return;
	mkd_buf_str(out, "disk = [\n");
	/* target= takes the rest of the string, commas and all, so it comes last. */
	for (size_t i = 0; i < d->n_disks; i++)
		mkd_buf_printf(out, "  \"format=raw,vdev=%s,access=rw,target=%s\",\n",
			       d->disks[i].vdev, d->disks[i].target);
	mkd_buf_str(out, "]\n");
}

static void render_vifs(const struct mkd_xl_domain *d, struct mkd_buf *out)
{
	if (!d->n_vifs)
		return;
	mkd_buf_str(out, "vif = [\n");
	for (size_t i = 0; i < d->n_vifs; i++) {
		const struct mkd_xl_vif *v = &d->vifs[i];

		mkd_buf_printf(out, "  \"mac=%s", v->mac);
		if (v->bridge && *v->bridge)
			mkd_buf_printf(out, ",bridge=%s", v->bridge);
		if (v->mtu)
			mkd_buf_printf(out, ",mtu=%u", v->mtu);
		if (v->ip)
			mkd_buf_printf(out, ",ip=%s", v->ip);
		mkd_buf_str(out, "\",\n");
	}
	mkd_buf_str(out, "]\n");
}

int mkd_xl_render(const struct mkd_xl_domain *d, struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf out = { 0 };
	int r = check(d, err);

	if (r == 0)
		r = render_comment(d->comment, &out, err);
	if (r < 0)
		return r;
	render_string("name", d->name, &out);
	render_string("type", d->type, &out);
	render_string("uuid", d->uuid, &out);
	render_string("kernel", d->kernel, &out);
	render_string("ramdisk", d->ramdisk, &out);
	render_string("cmdline", d->cmdline, &out);
	mkd_buf_printf(&out, "memory = %u\n", d->memory_mib);
	if (d->maxmem_mib)
		mkd_buf_printf(&out, "maxmem = %u\n", d->maxmem_mib);
	mkd_buf_printf(&out, "vcpus = %u\n", d->vcpus);
	render_disks(d, &out);
	render_vifs(d, &out);
	render_string("on_poweroff", d->on_poweroff, &out);
	render_string("on_reboot", d->on_reboot, &out);
	render_string("on_crash", d->on_crash, &out);
	r = mkd_buf_check(&out, err);
	if (r < 0)
		return r;
	mkd_buf_add(ret, out.data, out.len);
	return mkd_buf_check(ret, err);
}
