/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pipeline.h - runs a table of steps in order and always unwinds; knows no stage by name. */
#ifndef MKDOMU_PIPELINE_H
#define MKDOMU_PIPELINE_H

#include "mkdomu/err.h"

struct mkd_step {
	const char *name;                           /* "source", "disk": for --verbose */
	int (*run)(void *job, struct mkd_err *err); /* 0, or negative errno with *err set */
	void (*rollback)(void *job); /* after a failed pipeline: undo what run made; may be NULL */
	void (*release)(void *job);  /* after every pipeline: close, free; may be NULL */
	bool always;                 /* a signal does not stop it: all is done, this only reports */
};

/*
 * Run steps[0..n-1] until one fails; then, last first, call rollback (if the pipeline failed) and
 * release on each step that had succeeded. A step that fails cleans up after itself. The error is
 * passed on as it is: its sentence already names its object. Returns 0, the failed step's value,
 * or, before a step that is not always to run:
 *	-EINTR  a signal asked to stop
 *	and mkd_check_signal
 */
must_check int mkd_pipeline_run(const struct mkd_step *steps, size_t n, void *job,
				struct mkd_err *err);

#endif
