/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signify_list.h - a list of one file ("hello") and its signature, made with signify(1). */
#ifndef MKDOMU_TEST_SIGNIFY_LIST_H
#define MKDOMU_TEST_SIGNIFY_LIST_H

#define SIGNIFY_KEY              \
	"untrusted comment: x\n" \
	"RWS1Vq2guJMc53qNV8KCgj+ZZTh6I1MOJeVF5saQVWqLThYXhfPFOvxM\n"
#define SIGNIFY_SIG                                                                              \
	"untrusted comment: x\n"                                                                 \
	"RWS1Vq2guJMc57KJFi5d7ltVePUN8tP9lEViVQooYRdw1puqZKtQ9gPHRj+mxCfIwlnqmOMqau8Ps1fq0O6HM/" \
	"yJ3Eut7lvWzA4=\n"
#define SIGNIFY_TEXT                 \
	"SHA256 (a-20250202.tar) = " \
	"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n"

#endif
