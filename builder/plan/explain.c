/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain.c - the plan as a person reads it; declared in plan.h. */
#include "mkdomu/plan.h"

#include <stdarg.h>
#include <string.h>

#include "mkdomu/size.h"
#include "mkdomu/url.h"
#include "mkdomu/users.h"

#define KEY_COLUMNS   13
#define VALUE_COLUMNS 44

struct table {
	const struct mkd_plan *p;
	const struct mkd_settings *s;
	struct mkd_buf *out;
};

static void line(const struct table *t, const char *key, const char *value, const char *origin)
{
	mkd_buf_printf(t->out, "%-*s %-*s  (%s)\n", KEY_COLUMNS, key, VALUE_COLUMNS, value, origin);
}

static void row(const struct table *t, enum mkd_key key, const char *fmt, ...) printf_like(3, 4);
static void row(const struct table *t, enum mkd_key key, const char *fmt, ...)
{
	char value[4200], name[64];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	(void)snprintf(name, sizeof(name), "%s:", mkd_setting_info[key].name);
	line(t, name, value, mkd_settings_origin(t->s, key));
}

/* A setting that may be missing. */
static void maybe(const struct table *t, enum mkd_key key, const char *value)
{
	if (value)
		row(t, key, "%s", value);
}

static void list(const struct table *t, enum mkd_key key, const struct mkd_strv *values)
{
	for (size_t i = 0; i < values->n; i++)
		row(t, key, "%s", values->v[i]);
}

/* A path, or a URL without what is secret in it. */
static void place(const struct table *t, enum mkd_key key, const char *text)
{
	char plain[MKD_URL_SHOW];

	if (text)
		row(t, key, "%s", mkd_url_is(text) ? mkd_url_plain(text, plain) : text);
}

static void explain_source(const struct table *t)
{
	const struct mkd_plan *p = t->p;

	if (p->tarball) {
		place(t, MKD_KEY_TARBALL, p->tarball);
		place(t, MKD_KEY_SIGNATURE, p->signature);
		maybe(t, MKD_KEY_SHA512, p->sha512);
		maybe(t, MKD_KEY_SHA256, p->sha256);
		if (mkd_settings_get(t->s, MKD_KEY_ARCH)) /* the default says nothing of it */
			row(t, MKD_KEY_ARCH, "%s", p->arch);
		if (p->unverified)
			row(t, MKD_KEY_UNVERIFIED, "the tarball is taken as it is");
	} else {
		for (size_t i = 0; i < p->mirrors.n; i++)
			place(t, MKD_KEY_MIRROR, p->mirrors.v[i]);
		row(t, MKD_KEY_ARCH, "%s", p->arch);
		maybe(t, MKD_KEY_FOLDER, p->folder);
		maybe(t, MKD_KEY_FILE, p->file);
		maybe(t, MKD_KEY_LIST, p->list);
		maybe(t, MKD_KEY_LIST_SIGNATURE, p->list_signature);
		maybe(t, MKD_KEY_FILE_SIGNATURE, p->file_signature);
		maybe(t, MKD_KEY_SIGNIFY_KEY, p->signify_key);
		maybe(t, MKD_KEY_VARIANT, p->variant);
	}
	if (!p->tarball || p->signature) {
		maybe(t, MKD_KEY_KEYRING, p->keyring);
		list(t, MKD_KEY_SIGNER, &p->signers);
	}
	maybe(t, MKD_KEY_STRIP, p->strip);
	if (p->offline)
		row(t, MKD_KEY_OFFLINE, "from the cache only");
	maybe(t, MKD_KEY_CACHE, p->cache_dir);
	if (p->threads)
		row(t, MKD_KEY_THREADS, "%u", p->threads);
}

static const char *size_of(uint64_t bytes, char buf[static 32])
{
	return bytes ? mkd_size_format(bytes, buf) : "all of it";
}

static void explain_disk(const struct table *t)
{
	static const char *const swaps[] = { [MKD_SWAP_NONE] = "none",
					     [MKD_SWAP_PARTITION] = "a partition behind the root",
					     [MKD_SWAP_FILE] = "a file in the root" };
	static const char *const layouts[] = {
		[MKD_LAYOUT_BARE] = "bare", [MKD_LAYOUT_GPT] = "gpt"
	};
	const struct mkd_plan *p = t->p;
	enum mkd_layout_kind layout = p->layout;
	/* where a device's size is not asked for, a profile's had no say */
	bool no_size = !p->size_bytes, no_swap_size = !p->swap_bytes;
	char buf[32];

	if (layout == MKD_LAYOUT_AUTO)
		layout = p->swap_kind == MKD_SWAP_PARTITION ? MKD_LAYOUT_GPT : MKD_LAYOUT_BARE;
	row(t, MKD_KEY_DISK, "%s%s", p->disk, p->disk_is_device ? ", a device" : ", an image");
	line(t, "size:", size_of(p->size_bytes, buf),
	     no_size ? "default" : mkd_settings_origin(t->s, MKD_KEY_SIZE));
	row(t, MKD_KEY_LAYOUT, "%s", layouts[layout]);
	if (p->swap_disk)
		row(t, MKD_KEY_SWAP, "%s%s", p->swap_disk,
		    p->swap_is_device ? ", a device" : ", an image");
	else
		row(t, MKD_KEY_SWAP, "%s", swaps[p->swap_kind]);
	if (p->swap_kind != MKD_SWAP_NONE)
		line(t, "swap-size:", size_of(p->swap_bytes, buf),
		     no_swap_size ? "default" : mkd_settings_origin(t->s, MKD_KEY_SWAP_SIZE));
	if (p->force)
		row(t, MKD_KEY_FORCE, "replace what is there");
}

static void explain_hooks(const struct table *t)
{
	cleanup_buf struct mkd_buf names = { 0 };
	enum mkd_key key = MKD_KEY_HOOK;
	const char *more = "", *sep = "";
	char origin[300];

	for (size_t i = 0; i < t->p->hooks.n; i++)
		mkd_buf_printf(&names, "%s%s", i ? " " : "", t->p->hooks.v[i]);
	if (mkd_settings_get(t->s, MKD_KEY_NO_HOOKS))
		key = MKD_KEY_NO_HOOKS;
	else if (mkd_settings_get(t->s, MKD_KEY_NO_HOOK))
		key = MKD_KEY_NO_HOOK;
	if (key != MKD_KEY_NO_HOOKS && mkd_settings_get(t->s, MKD_KEY_ADD_HOOK)) {
		more = mkd_settings_origin(t->s, MKD_KEY_ADD_HOOK);
		sep = ", ";
	}
	(void)snprintf(origin, sizeof(origin), "%s%s%s", mkd_settings_origin(t->s, key), sep, more);
	line(t, "hooks:", names.len ? mkd_buf_cstr(&names) : "none", origin);
}

/* One line a change, whatever text it has. */
static void explain_files(const struct table *t)
{
	const struct mkd_setting *at = &t->s->of[MKD_KEY_FILES];

	for (size_t i = 0; i < at->values.n; i++) {
		char value[200];

		(void)snprintf(value, sizeof(value), "%s", at->values.v[i]);
		for (char *p = value; *p; p++)
			if ((unsigned char)*p < 0x20 || *p == 0x7f)
				*p = '?';
		line(t, "files:", value, at->origins.v[i]);
	}
}

static void add_addrs(struct mkd_buf *b, const char *key, const struct mkd_addr *a, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		mkd_buf_printf(b, " %s=%s", key, a[i].text);
		if (a[i].prefix)
			mkd_buf_printf(b, "/%u", a[i].prefix);
	}
}

static const char *nic_origin(const struct table *t, size_t i)
{
	static const enum mkd_key keys[] = { MKD_KEY_IP,     MKD_KEY_IP6,     MKD_KEY_DHCP,
					     MKD_KEY_MAC,    MKD_KEY_ROUTE,   MKD_KEY_DNS,
					     MKD_KEY_SEARCH, MKD_KEY_GATEWAY, MKD_KEY_BRIDGE,
					     MKD_KEY_MTU };

	if (t->s->of[MKD_KEY_NIC].origins.n > i)
		return t->s->of[MKD_KEY_NIC].origins.v[i];
	for (size_t k = 0; k < ARRAY_LEN(keys); k++)
		if (mkd_settings_get(t->s, keys[k]))
			return mkd_settings_origin(t->s, keys[k]);
	return "default";
}

static void add_modes(struct mkd_buf *b, const struct mkd_nic *nic)
{
	static const char *const ip6[] = { [MKD_IP6_LEFT] = "",
					   [MKD_IP6_AUTO] = " ip6=auto",
					   [MKD_IP6_DHCP] = " ip6=dhcp",
					   [MKD_IP6_NONE] = " ip6=none" };

	if (nic->mtu)
		mkd_buf_printf(b, " mtu=%u", nic->mtu);
	mkd_buf_str(b, nic->dhcp ? " ip=dhcp" : nic->no_ip4 ? " ip=none" : "");
	mkd_buf_str(b, ip6[nic->ip6]);
}

static void explain_nic(const struct table *t, size_t i)
{
	const struct mkd_nic *nic = &t->p->nics[i];
	cleanup_buf struct mkd_buf b = { 0 };
	char key[32], name[MKD_IFNAME_SIZE], mac[18];

	if (nic->vlan)
		mkd_buf_printf(&b, "vlan=%u", nic->vlan);
	else
		mkd_buf_printf(&b, "bridge=%s mac=%s",
			       nic->bridge[0] ? nic->bridge : "xl's default",
			       nic->mac_given ? mkd_mac_format(nic->mac, mac) : "derived");
	add_modes(&b, nic);
	add_addrs(&b, "ip", nic->addrs, nic->n_addrs);
	add_addrs(&b, "gateway", nic->gateways, nic->n_gateways);
	for (size_t k = 0; k < nic->n_routes; k++)
		mkd_buf_printf(&b, " route='%s/%u via %s'", nic->routes[k].to.text,
			       nic->routes[k].to.prefix, nic->routes[k].via.text);
	add_addrs(&b, "dns", nic->dns, nic->n_dns);
	for (size_t k = 0; k < nic->n_search; k++)
		mkd_buf_printf(&b, " search=%s", nic->search[k]);
	(void)snprintf(key, sizeof(key), "%s:", mkd_nic_name(nic, name));
	line(t, key, mkd_buf_cstr(&b), nic_origin(t, nic->devid));
}

static void explain_domain(const struct table *t)
{
	const struct mkd_plan *p = t->p;

	row(t, MKD_KEY_NAME, "%s", p->name);
	row(t, MKD_KEY_HOSTNAME, "%s", p->hostname);
	maybe(t, MKD_KEY_TIMEZONE, p->timezone);
	maybe(t, MKD_KEY_LOCALE, p->locale);
	maybe(t, MKD_KEY_KEYMAP, p->keymap);
	row(t, MKD_KEY_TYPE, "%s", p->type);
	row(t, MKD_KEY_BOOT, "%s", p->boot_guest ? "guest" : "host");
	if (p->boot_guest)
		row(t, MKD_KEY_KERNEL_DIR, "%s", p->kernel_dir);
	else
		row(t, MKD_KEY_KERNEL, "%s", p->kernel ? p->kernel : "the newest in /boot");
	if (!p->boot_guest && (p->ramdisk || !p->kernel))
		row(t, MKD_KEY_RAMDISK, "%s", p->ramdisk ? p->ramdisk : "the one beside it");
	maybe(t, MKD_KEY_MODULES, p->modules);
	maybe(t, MKD_KEY_EXTRA, p->extra);
	row(t, MKD_KEY_MEMORY, "%u MiB", p->memory_mib);
	if (p->maxmem_mib)
		row(t, MKD_KEY_MAXMEM, "%u MiB", p->maxmem_mib);
	row(t, MKD_KEY_VCPUS, "%u", p->vcpus);
	for (size_t i = 0; i < p->n_nics; i++)
		explain_nic(t, i);
	row(t, MKD_KEY_ON_POWEROFF, "%s", p->on_poweroff);
	row(t, MKD_KEY_ON_REBOOT, "%s", p->on_reboot);
	row(t, MKD_KEY_ON_CRASH, "%s", p->on_crash);
	row(t, MKD_KEY_CFG, "%s", p->cfg_path);
	row(t, MKD_KEY_MANIFEST, "%s", p->manifest_path ? p->manifest_path : "none");
}

void mkd_plan_explain(const struct mkd_plan *p, const struct mkd_settings *s, struct mkd_buf *ret)
{
	const struct table t = { .p = p, .s = s, .out = ret };

	line(&t, "profile:", p->profile ? p->profile : "none",
	     p->profile ? "--profile" : "default");
	explain_source(&t);
	explain_disk(&t);
	explain_hooks(&t);
	explain_files(&t);
	explain_domain(&t);
	maybe(&t, MKD_KEY_ROOT_PASSWORD, p->root_password);
	if (p->root_password_out)
		row(&t, MKD_KEY_ROOT_PASSWORD, "a random one, to %s", p->root_password_out);
	if (p->root_password_file)
		line(&t, "root:", p->root_password_file, "--root-password-file");
	if (p->authorized_keys_file)
		line(&t, "ssh keys:", p->authorized_keys_file, "--authorized-keys");
	for (size_t i = 0; i < p->n_users; i++) {
		cleanup_buf struct mkd_buf text = { 0 };

		mkd_user_explain(&p->users[i], &text);
		line(&t, "user:", mkd_buf_cstr(&text), "--user");
	}
	line(&t, "seed:", p->seed ? p->seed : "from profile and tarball",
	     mkd_settings_origin(s, MKD_KEY_SEED));
}
