/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/settings.h"

#include <errno.h>
#include <string.h>

/*
 * Two rules decide what a profile may set: never what is overwritten (disk, force, cfg), and never
 * less verification (unverified). What differs from guest to guest is an option only, too.
 */
#define BOTH(section, name, arg, list, help)         \
	{                                            \
		name, section, arg, list, true, help \
	}
#define OPTION(name, arg, list, help)             \
	{                                         \
		name, NULL, arg, list, true, help \
	}
#define SWITCH(name, help)                          \
	{                                           \
		name, NULL, NULL, false, true, help \
	}
#define PROFILE(section, name, list, help)                \
	{                                                 \
		name, section, "VALUE", list, false, help \
	}

const struct mkd_setting_info mkd_setting_info[MKD_N_KEYS] = {
	[MKD_KEY_INHERIT] = PROFILE("", "inherit", false, "the profile that this one changes"),
	[MKD_KEY_DESCRIPTION] = PROFILE("", "description", false, "one line for people"),
	[MKD_KEY_NEEDS] = PROFILE("", "needs", true, "what the tarball lacks, for people"),
	[MKD_KEY_SOURCE] =
		PROFILE("source", "kind", false, "where tarballs come from: gentoo, files or none"),
	[MKD_KEY_MIRROR] =
		BOTH("source", "mirror", "URL", true,
		     "mirror to fetch from, tried in the order given; takes the place of "
		     "the profile's"),
	[MKD_KEY_ARCH] = BOTH("source", "arch", "ARCH", false,
			      "machine of the guest, as mirrors name it (default: amd64)"),
	[MKD_KEY_VARIANT] = BOTH("source", "variant", "NAME", false,
				 "which tarball of the mirror, like stage3-amd64-openrc"),
	[MKD_KEY_RELEASE] = BOTH("source", "release", "NAME", false,
				 "which release of the mirror, where a profile has a choice"),
	[MKD_KEY_FOLDER] = PROFILE("source", "folder", false, "of the mirror"),
	[MKD_KEY_FILE] =
		PROFILE("source", "file", false, "the tarball's name, '*' for a part of it"),
	[MKD_KEY_LIST] = PROFILE("source", "list", false, "list of digests in that folder"),
	[MKD_KEY_LIST_SIGNATURE] =
		PROFILE("source", "list-signature", false, "the list's signature, or clear-signed"),
	[MKD_KEY_FILE_SIGNATURE] =
		PROFILE("source", "file-signature", false, "ending of the tarball's own signature"),
	[MKD_KEY_SIGNIFY_KEY] =
		BOTH("source", "signify-key", "FILE", false,
		     "signify or minisign key that a mirror's list is checked with"),
	[MKD_KEY_KEYRING] = BOTH("source", "keyring", "FILE", false,
				 "OpenPGP keys that signatures are checked with"),
	[MKD_KEY_SIGNER] = BOTH("source", "signer", "FPR", true,
				"fingerprint (40 hex digits) of a key that may sign; takes the "
				"place of the profile's"),
	[MKD_KEY_TARBALL] = OPTION("tarball", "FILE|URL", false,
				   "root file system to use instead of the mirrors'"),
	[MKD_KEY_SIGNATURE] =
		OPTION("signature", "FILE|URL", false, "detached OpenPGP signature of --tarball"),
	[MKD_KEY_SHA512] = OPTION("sha512", "HEX", false, "SHA-512 digest of --tarball"),
	[MKD_KEY_SHA256] = OPTION("sha256", "HEX", false, "SHA-256 digest of --tarball"),
	[MKD_KEY_UNVERIFIED] = SWITCH("unverified", "use --tarball without any verification"),
	[MKD_KEY_OFFLINE] = SWITCH("offline", "use the cache only, never the network"),
	[MKD_KEY_CACHE] = OPTION("cache", "DIR", false,
				 "where verified tarballs are kept (default: /var/cache/mkdomu for "
				 "root, else $XDG_CACHE_HOME/mkdomu)"),
	[MKD_KEY_STRIP] = BOTH("source", "strip", "PREFIX", false,
			       "the tarball's folder that is the root; what is outside of it is "
			       "left out"),

	[MKD_KEY_DISK] = OPTION("disk", "PATH", false,
				"image file, block device or VG/LV to write (required)"),
	[MKD_KEY_SWAP] = BOTH("disk", "swap", "PATH|none|file", false,
			      "a second image or device for swap, no swap, or a file in the root "
			      "(default: a partition behind the root)"),
	[MKD_KEY_SIZE] = BOTH("disk", "size", "SIZE", false,
			      "size of an image, or how much of a device to use (default: 10G for "
			      "an image, all of a device)"),
	[MKD_KEY_SWAP_SIZE] =
		BOTH("disk", "swap-size", "SIZE", false, "size of the swap (default: 1G)"),
	[MKD_KEY_LAYOUT] = BOTH("disk", "layout", "bare|gpt", false,
				"file system on the bare disk, or a partition table (default: gpt "
				"when swap is on the same disk)"),
	[MKD_KEY_FORCE] = SWITCH("force", "replace an existing image, config or file system"),

	[MKD_KEY_HOOK] = PROFILE("", "hooks", true, "the hooks that edit the guest, in order"),
	[MKD_KEY_ADD_HOOK] = OPTION("hook", "NAME|PATH", true,
				    "run this hook too: a built-in one, or an executable"),
	[MKD_KEY_NO_HOOK] = OPTION("no-hook", "NAME", true, "leave out one of the profile's hooks"),
	[MKD_KEY_NO_HOOKS] = SWITCH("no-hooks", "leave out all hooks: the tarball as it is"),

	[MKD_KEY_FILES] = PROFILE("", "files", true, "changes of the guest's files, in order"),
	[MKD_KEY_COPY_IN] = OPTION("copy-in", "SRC:DIR", true,
				   "copy a file or folder of this host into the guest's folder "
				   "DIR"),
	[MKD_KEY_WRITE] = OPTION("write", "PATH:TEXT", true, "put TEXT, as it is, into a file"),
	[MKD_KEY_APPEND_LINE] = OPTION("append-line", "PATH:LINE", true,
				       "put a line at the end of a file that has it not yet"),
	[MKD_KEY_DELETE] = OPTION("delete", "PATH", true,
				  "delete a file, or a folder and all in it; a name may be a "
				  "pattern"),
	[MKD_KEY_MKDIR] = OPTION("mkdir", "PATH", true, "make a folder, and those above it"),
	[MKD_KEY_LINK] = OPTION("link", "TARGET:LINK", true,
				"make a symbolic link, in the place of a file or link"),
	[MKD_KEY_CHMOD] =
		OPTION("chmod", "MODE:PATH", true, "set the permissions, octal, like 0750"),
	[MKD_KEY_FIRSTBOOT] = OPTION("firstboot", "SCRIPT", true,
				     "run a script of this host in the guest, once, when it first "
				     "boots"),

	[MKD_KEY_NAME] =
		OPTION("name", "NAME", false, "name of the domain (default: from the disk's name)"),
	[MKD_KEY_HOSTNAME] = OPTION("hostname", "NAME", false,
				    "host name in the guest (default: the domain's name)"),
	[MKD_KEY_TIMEZONE] = BOTH("domain", "timezone", "AREA/CITY", false,
				  "time zone in the guest (default: the tarball's)"),
	[MKD_KEY_LOCALE] = BOTH("domain", "locale", "NAME", false,
				"language in the guest, like en_US.UTF-8 (default: the tarball's)"),
	[MKD_KEY_KEYMAP] = BOTH("domain", "keymap", "NAME", false,
				"keyboard of the guest's virtual console (default: the tarball's)"),
	[MKD_KEY_TYPE] = BOTH("domain", "type", "pv|pvh", false, "kind of guest (default: pv)"),
	[MKD_KEY_KERNEL] = BOTH("domain", "kernel", "FILE", false,
				"guest kernel in dom0 (default: the newest in /boot)"),
	[MKD_KEY_RAMDISK] = BOTH("domain", "ramdisk", "FILE", false,
				 "its initramfs (default: the one beside that kernel)"),
	[MKD_KEY_MODULES] = OPTION("modules", "DIR", false,
				   "the kernel's modules for the guest: /lib/modules/VERSION of "
				   "this host, or the folder that it is in"),
	[MKD_KEY_BOOT] =
		BOTH("domain", "boot", "host|guest", false,
		     "whose kernel: one of dom0, or the newest in the guest's /boot, which "
		     "is copied out (default: host)"),
	[MKD_KEY_KERNEL_DIR] = OPTION("kernel-dir", "DIR", false,
				      "where to copy it (default: beside the config of an image, "
				      "/var/lib/xen/kernels for a device)"),
	[MKD_KEY_EXTRA] =
		BOTH("domain", "extra", "ARGS", false, "further words for the kernel command line"),
	[MKD_KEY_MEMORY] = BOTH("domain", "memory", "MIB", false, "memory in MiB (default: 1024)"),
	[MKD_KEY_MAXMEM] = BOTH("domain", "maxmem", "MIB", false,
				"memory that it may be given later, in MiB (default: --memory)"),
	[MKD_KEY_VCPUS] = BOTH("domain", "vcpus", "N", false, "virtual CPUs (default: 1)"),
	[MKD_KEY_BRIDGE] = BOTH("domain", "bridge", "NAME", false,
				"bridge of dom0 to join (default: xl's, xenbr0)"),
	[MKD_KEY_MAC] = OPTION("mac", "MAC", false,
			       "hardware address (default: 00:16:3e and 24 bits of the identity)"),
	[MKD_KEY_MTU] = BOTH("domain", "mtu", "BYTES", false,
			     "largest packet of the network (default: the guest's, 1500)"),
	[MKD_KEY_IP] = OPTION("ip", "ADDR/PREFIX", true,
			      "static IPv4 or IPv6 address, or none for no IPv4 (default: DHCP)"),
	[MKD_KEY_IP6] = OPTION("ip6", "auto|dhcp|none|ADDR/PREFIX", true,
			       "IPv6 by router advertisements, by DHCPv6, not at all, or a static "
			       "address (default: auto, unless there is an IPv6 gateway)"),
	[MKD_KEY_GATEWAY] = BOTH("domain", "gateway", "ADDR", true,
				 "default router, at most one IPv4 and one IPv6"),
	[MKD_KEY_ROUTE] = OPTION("route", "'PREFIX via ADDR'", true,
				 "a route to a further network, like '10.0.0.0/8 via 192.0.2.254'"),
	[MKD_KEY_DNS] = BOTH("domain", "dns", "ADDR", true, "name server"),
	[MKD_KEY_SEARCH] = BOTH("domain", "search", "DOMAIN", true,
				"domain in which short names are looked up"),
	[MKD_KEY_DHCP] = SWITCH("dhcp", "get the IPv4 address by DHCP (default without --ip)"),
	[MKD_KEY_NIC] =
		OPTION("nic", "SPEC", true,
		       "a whole network interface, once for each: bridge=, mac=, mtu=, ip=, "
		       "ip6=, gateway=, route=, dns= and search= with a comma between them, "
		       "and vlan=ID before what is a VLAN's; instead of the ten options above"),
	[MKD_KEY_ON_POWEROFF] = BOTH("domain", "on-poweroff", "ACTION", false,
				     "what xl does at power-off (default: destroy)"),
	[MKD_KEY_ON_REBOOT] = BOTH("domain", "on-reboot", "ACTION", false,
				   "what xl does at reboot (default: restart)"),
	[MKD_KEY_ON_CRASH] = BOTH("domain", "on-crash", "ACTION", false,
				  "what xl does after a crash (default: destroy)"),
	[MKD_KEY_CFG] = OPTION("cfg", "PATH", false,
			       "the config to write (default: NAME.cfg beside an image, "
			       "/etc/xen/NAME.cfg for a device)"),

	[MKD_KEY_ROOT_PASSWORD] =
		OPTION("root-password", "locked|disabled|random:FILE", false,
		       "lock the password that the tarball has; put none in its place that could "
		       "be typed; or make one, and write it to a new file of mode 0600 (default: "
		       "as the tarball has it)"),
	[MKD_KEY_ROOT_PASSWORD_FILE] = OPTION("root-password-file", "FILE", false,
					      "root's password or crypt(5) hash (default: locked)"),
	[MKD_KEY_AUTHORIZED_KEYS] =
		OPTION("authorized-keys", "FILE", false, "SSH public keys that may log in as root"),
	[MKD_KEY_USER] =
		OPTION("user", "NAME[:WORD,...]", true,
		       "make an account; words: groups=A+B, uid=N, shell=PATH, keys=FILE (of "
		       "ssh), password-file=FILE, and sudo, to become root by it"),
	[MKD_KEY_SEED] = OPTION("seed", "TEXT", false,
				"what UUIDs, MAC and machine id are derived from, with the name "
				"(default: profile and tarball)"),

	[MKD_KEY_MANIFEST] =
		OPTION("manifest", "quick|full|none", false,
		       "write NAME.manifest.json beside the config, with a digest of the disk's "
		       "structures, or of all that is on it, which reads it once more (default: "
		       "quick)"),
	[MKD_KEY_THREADS] = OPTION("threads", "N", false,
				   "threads that decompress (default: one for each CPU)"),
};

/* Of all that changes files the order counts, across the options: they share one list. */
static int add_file(struct mkd_settings *s, enum mkd_key key, const char *value, const char *origin,
		    struct mkd_err *err)
{
	cleanup_free char *text = NULL;
	int r = mkd_asprintf(&text, err, "%s %s", mkd_setting_info[key].name, value);

	return r < 0 ? r : mkd_settings_add(s, MKD_KEY_FILES, text, origin, err);
}

int mkd_settings_add(struct mkd_settings *s, enum mkd_key key, const char *value,
		     const char *origin, struct mkd_err *err)
{
	struct mkd_setting *at = &s->of[key];
	const struct mkd_setting_info *info = &mkd_setting_info[key];
	int r;

	if (key >= MKD_KEY_COPY_IN && key <= MKD_KEY_FIRSTBOOT)
		return add_file(s, key, value, origin, err);
	if (at->values.n && !info->list) {
		if (strcmp(origin, at->origins.v[0]) == 0)
			return mkd_fail(err, MKD_EXIT_USAGE, EEXIST,
					"'%s' is given twice; give it once", origin);
		return mkd_fail(err, MKD_EXIT_USAGE, EEXIST,
				"%s: '%s' is given twice, first at %s; keep one", origin,
				info->name, at->origins.v[0]);
	}
	r = mkd_strv_add(&at->values, value, err);
	if (r < 0)
		return r;
	r = mkd_strv_add(&at->origins, origin, err);
	if (r < 0) { /* the two lists stay in step */
		free(at->values.v[--at->values.n]);
		at->values.v[at->values.n] = NULL;
	}
	return r;
}

const char *mkd_settings_get(const struct mkd_settings *s, enum mkd_key key)
{
	return s->of[key].values.n ? s->of[key].values.v[0] : NULL;
}

const char *mkd_settings_origin(const struct mkd_settings *s, enum mkd_key key)
{
	return s->of[key].origins.n ? s->of[key].origins.v[0] : "default";
}

static void setting_free(struct mkd_setting *at)
{
	mkd_strv_free(&at->values);
	mkd_strv_free(&at->origins);
}

static int setting_copy(const struct mkd_setting *from, struct mkd_setting *ret,
			struct mkd_err *err)
{
	int r = 0;

	for (size_t i = 0; i < from->values.n && r == 0; i++) {
		r = mkd_strv_add(&ret->values, from->values.v[i], err);
		if (r == 0)
			r = mkd_strv_add(&ret->origins, from->origins.v[i], err);
	}
	return r;
}

int mkd_settings_override(struct mkd_settings *base, const struct mkd_settings *over,
			  struct mkd_err *err)
{
	struct mkd_settings sum = { 0 };

	for (size_t key = 0; key < MKD_N_KEYS; key++) {
		int r = setting_copy(&over->of[key], &sum.of[key], err);

		if (r < 0) {
			mkd_settings_free(&sum);
			return r;
		}
	}
	/* nothing can fail from here: base changes as a whole or not at all */
	for (size_t key = 0; key < MKD_N_KEYS; key++) {
		if (!sum.of[key].values.n)
			continue;
		setting_free(&base->of[key]);
		base->of[key] = sum.of[key];
	}
	return 0;
}

void mkd_settings_free(struct mkd_settings *s)
{
	for (size_t key = 0; key < MKD_N_KEYS; key++)
		setting_free(&s->of[key]);
}
