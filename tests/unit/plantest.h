/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plantest.h - settings and plans made of them, for the tests of plan.h. */
#ifndef MKDOMU_PLANTEST_H
#define MKDOMU_PLANTEST_H

#include "test.h"

#include "mkdomu/plan.h"

#define HEX16  "0123456789abcdef"
#define SHA512 HEX16 HEX16 HEX16 HEX16 HEX16 HEX16 HEX16 HEX16
#define FPR    "13EBBDBEDE7A12775DFDB1BABB572E0E2D182910"

/* "key=value" pairs, as from the command line; "@key=value" as from line 7 of a profile. */
void plan_settings(struct mkd_settings *s, const char *const *pairs);

/* What mkd_plan_make says to these. */
int plan_make(const char *profile, const char *const *pairs, struct mkd_plan *p,
	      struct mkd_err *err);

#define PLAN(profile, p, ...)                                                                     \
	do {                                                                                      \
		struct mkd_err err_ = { 0 };                                                      \
		assert_ok(                                                                        \
			plan_make(profile, (const char *const[]){ __VA_ARGS__, NULL }, p, &err_), \
			&err_);                                                                   \
	} while (0)

#define GENTOO                                                                       \
	"@kind=gentoo", "@mirror=https://a.example", "@variant=stage3-amd64-openrc", \
		"@keyring=/k.asc", "@signer=" FPR, "@hooks=console", "@hooks=fstab"

/* cmocka fixtures: as test_dir_setup, and the folder is the working one. */
int enter_dir(void **state);
int leave_dir(void **state);
#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, enter_dir, leave_dir)

#endif
