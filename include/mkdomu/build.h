/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * build.h - the whole job: a checked plan becomes a disk and its domU config. The stages, their
 * order and what is undone when one fails are the table in builder/build.c.
 */
#ifndef MKDOMU_BUILD_H
#define MKDOMU_BUILD_H

#include "mkdomu/plan.h"
#include "mkdomu/ui.h"

/*
 * Build it; settings are those that the plan was made of. On success *ret_summary has the report
 * for the person. On failure either everything is as it was before, or, once writing a device had
 * begun, that device has no recognisable content and no config was published. Errors: those of the
 * stages.
 */
must_check int mkd_build_run(const struct mkd_plan *plan, const struct mkd_settings *settings,
			     struct mkd_ui *ui, struct mkd_buf *ret_summary, struct mkd_err *err);

/*
 * Look, decide, touch nothing: *ret gets every decision with its origin, what is on the disks now,
 * and what would be written. Makes the same refusals as mkd_build_run up to the download.
 */
must_check int mkd_build_explain(const struct mkd_plan *plan, const struct mkd_settings *settings,
				 struct mkd_ui *ui, struct mkd_buf *ret, struct mkd_err *err);

#endif
