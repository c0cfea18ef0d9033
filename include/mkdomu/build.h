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
 * begun, that device has no recognisable content and no config was published.
 *	and mkd_job_inputs, mkd_layout_make, mkd_target_probe, mkd_target_open, mkd_target_begin,
 *	    mkd_source_open, mkd_job_config, mkd_label_write_gpt, mkd_swap_write, mkd_rootfs_write,
 *	    mkd_job_guest, mkd_job_publish, mkd_pipeline_run
 */
must_check int mkd_build_run(const struct mkd_plan *plan, const struct mkd_settings *settings,
			     struct mkd_ui *ui, struct mkd_buf *ret_summary, struct mkd_err *err);

/*
 * Look, decide, touch nothing: *ret gets every decision with its origin, what is on the disks now,
 * and what would be written. Makes the same refusals as mkd_build_run up to the download.
 *	and mkd_job_inputs, mkd_target_probe, mkd_layout_make
 */
must_check int mkd_build_explain(const struct mkd_plan *plan, const struct mkd_settings *settings,
				 struct mkd_ui *ui, struct mkd_buf *ret, struct mkd_err *err);

#endif
