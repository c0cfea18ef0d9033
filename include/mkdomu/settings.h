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
	/* source */
	MKD_KEY_SOURCE, /* "gentoo" or "none" (profile only) */
	MKD_KEY_MIRROR,
	MKD_KEY_ARCH,
	MKD_KEY_VARIANT,
	MKD_KEY_KEYRING,
	MKD_KEY_SIGNER,
	MKD_KEY_TARBALL,
	MKD_KEY_SIGNATURE,
	MKD_KEY_SHA512,
	MKD_KEY_SHA256,
	MKD_KEY_UNVERIFIED,
	MKD_KEY_OFFLINE,
	MKD_KEY_CACHE,
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
	/* domain */
	MKD_KEY_NAME,
	MKD_KEY_HOSTNAME,
	MKD_KEY_TYPE,
	MKD_KEY_KERNEL,
	MKD_KEY_RAMDISK,
	MKD_KEY_EXTRA,
	MKD_KEY_MEMORY,
	MKD_KEY_MAXMEM,
	MKD_KEY_VCPUS,
	MKD_KEY_BRIDGE,
	MKD_KEY_MAC,
	MKD_KEY_IP,
	MKD_KEY_GATEWAY,
	MKD_KEY_DNS,
	MKD_KEY_DHCP,
	MKD_KEY_NIC,
	MKD_KEY_ON_POWEROFF,
	MKD_KEY_ON_REBOOT,
	MKD_KEY_ON_CRASH,
	MKD_KEY_CFG,
	/* access and identity */
	MKD_KEY_ROOT_PASSWORD_FILE,
	MKD_KEY_AUTHORIZED_KEYS,
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
 * Add a value. A second value of a non-list key in the same struct is an error.
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
