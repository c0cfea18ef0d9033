/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel.h - finds and looks at the guest's kernel on this host. */
#ifndef MKDOMU_KERNEL_H
#define MKDOMU_KERNEL_H

#include "mkdomu/buf.h"

/*
 * The newest vmlinuz-VERSION in dir ("/boot") by version order (strverscmp(3)) and its initrd:
 * initrd.img-VERSION, initramfs-VERSION.img or initrd-VERSION. Files only; VERSION starts with a
 * digit and is no backup (".old", ".bak", "~", ".dpkg-*"). Both strings are the caller's;
 * *ret_ramdisk is NULL when there is none.
 *	-ENOENT  no kernel there, or no such folder (USAGE)
 *	-EACCES  the folder cannot be read (USAGE)
 *	-ENOMEM  (INTERNAL)
 *	other    of opendir(3), readdir(3) (USAGE)
 */
must_check int mkd_kernel_newest(const char *dir, char **ret_kernel, char **ret_ramdisk,
				 struct mkd_err *err);

enum mkd_kernel_check {
	MKD_KERNEL_OK,
	MKD_KERNEL_ABSENT,     /* not on this host: taken as dom0's, could not be checked */
	MKD_KERNEL_UNREADABLE, /* permission: could not be checked */
};

/*
 * Is there a Linux kernel at path: a bzImage (boot protocol 2.08 or later: "HdrS" at 0x202,
 * Documentation/arch/x86/boot.rst), an ELF image, an arm64 Image (magic at 56,
 * Documentation/arch/arm64/booting.rst), or a gzip'd one of these? Those are what libxl
 * loads (tools/libs/guest/xg_dom_*loader.c).
 * arch is that of the root file system, as "amd64" or "aarch64"; NULL or another word = not known.
 *	-EINVAL  a readable file that is none of these or for another architecture, or no regular
 *	         file (USAGE)
 *	other    of open(2), read(2) (IO)
 */
must_check int mkd_kernel_look(const char *path, const char *arch, enum mkd_kernel_check *ret,
			       struct mkd_err *err);
/*
 * The same of what is open; path is for messages.
 *	-EINVAL  as above (USAGE)
 *	other    of pread(2) (IO)
 */
must_check int mkd_kernel_look_fd(int fd, const char *path, const char *arch, struct mkd_err *err);

#define MKD_KERNEL_VERSION 129

/*
 * The version that a bzImage has in it, as uname -r says it: kernel_version of the setup header
 * (Documentation/arch/x86/boot.rst). False, and "", where it is no bzImage, is packed, or has none.
 */
bool mkd_kernel_version(int fd, char ret[static MKD_KERNEL_VERSION]);

/*
 * In the name of a file, by the rules of mkd_kernel_newest: "6.1.0" of "vmlinuz-6.1.0"; NULL = it
 * is none, or has characters beside letters, digits and _.+~-. A part of name. Pure.
 */
const char *mkd_kernel_name_version(const char *name);

#endif
