/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settings.h - what was asked for, as text, with where each value comes from. A profile fills one,
 * the command line fills another on top; the plan turns the sum into typed, checked values. One
 * table (mkd_setting_info) drives the profile reader, the option parser, --help and --dry-run.
 */
#ifndef MKDOMU_SETTINGS_H
#define MKDOMU_SETTINGS_H

#include "mkdomu/buf.h"

enum mkd_key {
	/* about the profile itself; profile only */
	MKD_KEY_INHERIT,
	MKD_KEY_DESCRIPTION,
	MKD_KEY_NEEDS, /* what its tarball lacks to be a guest that boots, for people */
	/* source */
	MKD_KEY_SOURCE, /* "gentoo", "files" or "none" (profile only) */
	MKD_KEY_MIRROR,
	MKD_KEY_ARCH,
	MKD_KEY_VARIANT,
	MKD_KEY_RELEASE,
	MKD_KEY_FOLDER, /* this and the next four: profile only */
	MKD_KEY_FILE,
	MKD_KEY_LIST,
	MKD_KEY_LIST_SIGNATURE,
	MKD_KEY_FILE_SIGNATURE,
	MKD_KEY_SIGNIFY_KEY,
	MKD_KEY_KEYRING,
	MKD_KEY_SIGNER,
	MKD_KEY_TARBALL,
	MKD_KEY_SIGNATURE,
	MKD_KEY_SHA512,
	MKD_KEY_SHA256,
	MKD_KEY_UNVERIFIED,
	MKD_KEY_OFFLINE,
	MKD_KEY_CACHE,
	MKD_KEY_STRIP,
	/* disk */
	MKD_KEY_DISK,
	MKD_KEY_SWAP,
	MKD_KEY_SIZE,
	MKD_KEY_SWAP_SIZE,
	MKD_KEY_LAYOUT,
	MKD_KEY_FORCE,
	/* hooks */
	MKD_KEY_HOOK, /* the list of the profile */
	MKD_KEY_ADD_HOOK,
	MKD_KEY_NO_HOOK,
	MKD_KEY_NO_HOOKS,
	/* files: each option adds "WORD VALUE" to MKD_KEY_FILES, so that their order is kept */
	MKD_KEY_FILES, /* the list of the profile */
	MKD_KEY_COPY_IN,
	MKD_KEY_WRITE,
	MKD_KEY_APPEND_LINE,
	MKD_KEY_DELETE,
	MKD_KEY_MKDIR,
	MKD_KEY_LINK,
	MKD_KEY_CHMOD,
	MKD_KEY_FIRSTBOOT,
	/* domain */
	MKD_KEY_NAME,
	MKD_KEY_HOSTNAME,
	MKD_KEY_TIMEZONE,
	MKD_KEY_LOCALE,
	MKD_KEY_KEYMAP,
	MKD_KEY_TYPE,
	MKD_KEY_KERNEL,
	MKD_KEY_RAMDISK,
	MKD_KEY_MODULES,
	MKD_KEY_BOOT,
	MKD_KEY_KERNEL_DIR,
	MKD_KEY_EXTRA,
	MKD_KEY_MEMORY,
	MKD_KEY_MAXMEM,
	MKD_KEY_VCPUS,
	MKD_KEY_BRIDGE,
	MKD_KEY_MAC,
	MKD_KEY_MTU,
	MKD_KEY_IP,
	MKD_KEY_IP6,
	MKD_KEY_GATEWAY,
	MKD_KEY_ROUTE,
	MKD_KEY_DNS,
	MKD_KEY_SEARCH,
	MKD_KEY_DHCP,
	MKD_KEY_NIC,
	MKD_KEY_ON_POWEROFF,
	MKD_KEY_ON_REBOOT,
	MKD_KEY_ON_CRASH,
	MKD_KEY_CFG,
	/* access and identity */
	MKD_KEY_ROOT_PASSWORD,
	MKD_KEY_ROOT_PASSWORD_FILE,
	MKD_KEY_AUTHORIZED_KEYS,
	MKD_KEY_USER,
	MKD_KEY_SEED,
	/* how */
	MKD_KEY_MANIFEST,
	MKD_KEY_THREADS,
	MKD_N_KEYS,
};

struct mkd_setting_info {
	const char *name; /* "swap-size": the long option, and the key in a profile */
	const char
		*section; /* of the profile: "source", "disk", "domain", ""; NULL = option only */
	const char *arg;  /* metavariable for --help; NULL = a switch, value "yes" */
	bool list;        /* may be given more than once: values add up */
	bool option;      /* also a command line option */
	const char *help;
};

/* MKD_N_KEYS rows, by key. */
extern const struct mkd_setting_info mkd_setting_info[MKD_N_KEYS];

struct mkd_setting {
	struct mkd_strv values;
	struct mkd_strv origins; /* one a value: "--size", "gentoo-base.conf:12", "default" */
};

/* Zero-initialise; release with mkd_settings_free. */
struct mkd_settings {
	struct mkd_setting of[MKD_N_KEYS];
};

/*
 * Add a value. A second value of a non-list key in the same struct is an error. One of
 * MKD_KEY_COPY_IN..MKD_KEY_FIRSTBOOT goes into MKD_KEY_FILES, with the option's name before it.
 *	-EEXIST  given twice (USAGE)   -ENOMEM
 */
must_check int mkd_settings_add(struct mkd_settings *s, enum mkd_key key, const char *value,
				const char *origin, struct mkd_err *err);

/* The first value, or NULL. */
const char *mkd_settings_get(const struct mkd_settings *s, enum mkd_key key);
/* Where the first value is from, or "default". */
const char *mkd_settings_origin(const struct mkd_settings *s, enum mkd_key key);

/* For each key that over has, its values take the place of base's. -ENOMEM */
must_check int mkd_settings_override(struct mkd_settings *base, const struct mkd_settings *over,
				     struct mkd_err *err);
void mkd_settings_free(struct mkd_settings *s);

#endif
