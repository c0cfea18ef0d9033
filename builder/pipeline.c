/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/pipeline.h"

#include "mkdomu/ui.h"

int mkd_pipeline_run(const struct mkd_step *steps, size_t n, void *job, struct mkd_err *err)
{
	size_t done;
	int r = 0;

	for (done = 0; done < n; done++) {
		r = steps[done].always ? 0 : mkd_check_signal(err);
		if (r == 0)
			r = steps[done].run(job, err);
		if (r < 0)
			break;
	}

	while (done-- > 0) {
		if (r < 0 && steps[done].rollback)
			steps[done].rollback(job);
		if (steps[done].release)
			steps[done].release(job);
	}
	return r;
}
