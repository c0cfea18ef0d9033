/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signify_list.h - lists of one file ("hello") and their signatures. */
#ifndef MKDOMU_TEST_SIGNIFY_LIST_H
#define MKDOMU_TEST_SIGNIFY_LIST_H

/* made with signify(1) */
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

/* Another of minisign(1), whose file has no date in its name, and what it says of the time. */
#define MINISIGN_KEY             \
	"untrusted comment: x\n" \
	"RWSehcUC9o5Dzu361NVs40AZ4txeR8dGN7WHAJV/ZHQgqSZUyW9TY+ao\n"
#define MINISIGN_SIG                                                             \
	"untrusted comment: x\n"                                                 \
	"RUSehcUC9o5Dzr6yafnbQSnkqvziBX80lbV61PyQdqrU4ub+fVFSF6VIvaKSM0w6MC5RHS" \
	"HnpvBu59nRwBp8kQGIX1E73hxrPwE=\n"
#define MINISIGN_TIME                                                            \
	"trusted comment: timestamp:1738454400\n"                                \
	"ZWMHt3VjbxBcChoL1w00G18Q2uuBsgmnzl0t5CWaxz0y+44xSnBMZi6MSkkotsXNoO2bHH" \
	"1hAaBU8h3VH+HLDQ==\n"
#define MINISIGN_TEXT       \
	"SHA256 (b.tar) = " \
	"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n"

#endif
