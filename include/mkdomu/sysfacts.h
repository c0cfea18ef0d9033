/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysfacts.h - facts.h's second half: what a root is made of, whatever starts it. */
#ifndef MKDOMU_SYSFACTS_H
#define MKDOMU_SYSFACTS_H

#include "mkdomu/facts.h"

/*
 * Pure: the machine of an ELF file's first bytes, by uname(2)'s names: "x86_64", "i386", "aarch64";
 * NULL when it is no ELF file or of a machine without a name here. ELF-64 specification; elf.h.
 */
const char *mkd_elf_machine(const void *data, size_t len);

/* Fill arch, libc, udev_version, cloud_init and packages of what mkd_facts_find began. */
void mkd_sysfacts_find(struct mkd_tree *t, struct mkd_facts *f);

/*
 * Can a kernel for arch, in Gentoo's words ("amd64", "arm64"), run this root? What is not known,
 * of either, is no mismatch; 32-bit programs run on 64-bit kernels of the same family.
 *	-ENOEXEC  no (ARCHIVE)
 */
must_check int mkd_facts_check_arch(const struct mkd_facts *f, const char *arch,
				    struct mkd_err *err);

/*
 * Find the facts of a tree, and how root logs in, and append them to *ret: as lines "name  value",
 * or as one JSON object.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_facts_find, mkd_access_find
 */
must_check int mkd_facts_report(struct mkd_tree *t, bool json, struct mkd_buf *ret,
				struct mkd_err *err);

#endif
