/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile_text.h - settings written as a profile, with the origin of each value as a comment. */
#ifndef MKDOMU_PROFILE_TEXT_H
#define MKDOMU_PROFILE_TEXT_H

#include "mkdomu/settings.h"

/*
 * What a profile can say of s, section by section in the order of mkd_setting_info. Reading the
 * text with mkd_profile_read gives the same values; user and password of a URL are left out,
 * though. 'inherit' is left out as well: it has been followed. Pure; failures show in
 * mkd_buf_check.
 */
void mkd_profile_text(const struct mkd_settings *s, struct mkd_buf *ret);

#endif
