/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the manifest: the files that went into the guest, and those that came out of it. */
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/fileop.h"
#include "mkdomu/job.h"
#include "mkdomu/json.h"

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What was copied in: a file by its digest, a folder by that of its list (copyin.h). */
static void copies(const struct mkd_job *j, struct mkd_json *w)
{
	const struct mkd_plan *plan = j->plan;

	for (size_t i = 0; i < plan->n_fileops; i++) {
		const struct mkd_copy *c = &j->copies[i];

		if (!c->n)
			continue;
		mkd_json_object(w, NULL);
		mkd_json_string(w, "name", base_of(plan->fileops[i].src));
		mkd_json_object(w, "digest");
		mkd_json_hex(w, c->n == 1 && S_ISREG(c->v[0].mode) ? "sha256" : "mkdomuCopy1",
			     c->sha256, sizeof(c->sha256));
		mkd_json_end(w);
		mkd_json_object(w, "annotations");
		mkd_json_string(w, "role", mkd_fileop_word(plan->fileops[i].kind));
		mkd_json_end(w);
		mkd_json_end(w);
	}
}

static void modules(const struct mkd_job *j, struct mkd_json *w)
{
	const struct mkd_modules *m = &j->modules;

	if (!m->version)
		return;
	mkd_json_object(w, NULL);
	mkd_json_string(w, "name", m->version);
	mkd_json_object(w, "digest");
	mkd_json_hex(w, "mkdomuCopy1", m->sha256, sizeof(m->sha256));
	mkd_json_end(w);
	mkd_json_object(w, "annotations");
	mkd_json_string(w, "role", "modules");
	mkd_json_end(w);
	mkd_json_end(w);
}

void mkd_statement_files(const struct mkd_job *j, struct mkd_json *w)
{
	copies(j, w);
	modules(j, w);
}

/* The guest's own kernel and ramdisk, copied out of the disk. */
void mkd_statement_byproducts(const struct mkd_job *j, struct mkd_json *w)
{
	if (!j->own)
		return;
	mkd_json_array(w, "byproducts");
	for (size_t i = 0; i < ARRAY_LEN(j->own->of); i++) {
		const struct mkd_own_file *f = &j->own->of[i];

		if (!f->path)
			continue;
		mkd_json_object(w, NULL);
		mkd_json_string(w, "name", base_of(f->path));
		mkd_json_object(w, "digest");
		mkd_json_hex(w, "sha256", f->sha256, sizeof(f->sha256));
		mkd_json_end(w);
		mkd_json_end(w);
	}
	mkd_json_end(w);
}
