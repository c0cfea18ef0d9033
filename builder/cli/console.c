/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/console.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "mkdomu/size.h"

#define REPAINT_MS 100

static int64_t now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* "write: 120 MiB of 380 MiB, 85 MiB/s, 3 s left"; the last part only while it is under way. */
static void line(const struct mkd_console *c, int64_t ms, bool finished, char *buf, size_t size)
{
	char done[32], total[32], rate[32];
	uint64_t per_sec = ms > 0 ? c->done_bytes * 1000 / (uint64_t)ms : 0;
	size_t n = (size_t)snprintf(buf, size, "%s: %s", c->stage,
				    mkd_size_format(c->done_bytes, done));

	if (c->total_bytes && !finished && n < size)
		n += (size_t)snprintf(buf + n, size - n, " of %s",
				      mkd_size_format(c->total_bytes, total));
	if (per_sec && n < size)
		n += (size_t)snprintf(buf + n, size - n, ", %s/s", mkd_size_format(per_sec, rate));
	if (finished && n < size)
		(void)snprintf(buf + n, size - n, ", %.1f s", (double)ms / 1000);
	else if (per_sec && c->total_bytes > c->done_bytes && n < size)
		(void)snprintf(buf + n, size - n, ", %" PRIu64 " s left",
			       (c->total_bytes - c->done_bytes) / per_sec + 1);
}

void mkd_console_flush(struct mkd_console *c)
{
	char text[160];

	if (!c->stage[0])
		return;
	line(c, now_ms() - c->start_ms, true, text, sizeof(text));
	(void)fprintf(stderr, "%s%s%s\n", c->painted ? "\r" : "", text, c->painted ? "\033[K" : "");
	c->stage[0] = '\0';
	c->painted = false;
}

static void progress(struct mkd_ui *ui, const char *stage, uint64_t done_bytes,
		     uint64_t total_bytes)
{
	struct mkd_console *c = (struct mkd_console *)ui;
	int64_t now;
	char text[160];

	if (!c->progress)
		return;
	now = now_ms();
	if (strcmp(c->stage, stage) != 0) {
		mkd_console_flush(c);
		if (!*stage)
			return;
		(void)snprintf(c->stage, sizeof(c->stage), "%s", stage);
		c->start_ms = now;
		c->painted_ms = 0;
	}
	c->done_bytes = done_bytes;
	c->total_bytes = total_bytes;
	if (!c->terminal || now - c->painted_ms < REPAINT_MS)
		return;
	c->painted_ms = now;
	line(c, now - c->start_ms, false, text, sizeof(text));
	(void)fprintf(stderr, "\r%s\033[K", text);
	c->painted = true;
}

static void say(struct mkd_ui *ui, enum mkd_level level, const char *text)
{
	struct mkd_console *c = (struct mkd_console *)ui;

	if (level < c->level)
		return;
	if (c->painted) { /* let the note stand, and the progress line below it */
		(void)fputs("\r\033[K", stderr);
		c->painted = false;
		c->painted_ms = 0;
	}
	(void)fprintf(stderr, "%s%s\n", level == MKD_WARN ? "mkdomu: warning: " : "", text);
}

void mkd_console_init(struct mkd_console *c, bool quiet, bool verbose)
{
	*c = (struct mkd_console){
		.ui = { .say = say, .progress = progress },
		.level = quiet     ? MKD_WARN
			 : verbose ? MKD_DEBUG
				   : MKD_INFO,
		.terminal = isatty(STDERR_FILENO) == 1,
		.progress = !quiet,
	};
}
