/* SPDX-License-Identifier: GPL-2.0-or-later */
/* console.h - the struct mkd_ui of the program: notes and progress on stderr. */
#ifndef MKDOMU_CONSOLE_H
#define MKDOMU_CONSOLE_H

#include "mkdomu/ui.h"

struct mkd_console {
	struct mkd_ui ui;     /* first */
	enum mkd_level level; /* the least that is shown */
	bool terminal;        /* repaint one line; else one plain line a stage */
	bool progress;
	bool painted; /* a line without its newline is on the terminal */
	char stage[16];
	int64_t start_ms, painted_ms;
	uint64_t done_bytes, total_bytes;
};

void mkd_console_init(struct mkd_console *c, bool quiet, bool verbose);

/* End the current stage's line; call before anything else is printed. */
void mkd_console_flush(struct mkd_console *c);

#endif
