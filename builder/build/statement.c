/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The manifest's text: an in-toto Statement v1 with a SLSA provenance v1 predicate. It is as
 * reproducible as the disk: no time of the build, no user, no host, and of paths the last component
 * alone, but for those of kernel and ramdisk, which the config has as well. No secret gets in: of
 * passwords, keys and the seed only that they were given; of URLs neither users nor queries.
 */
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mkdomu/diskdigest.h"
#include "mkdomu/entries.h"
#include "mkdomu/ext4_geom.h"
#include "mkdomu/fileop.h"
#include "mkdomu/job.h"
#include "mkdomu/json.h"
#include "mkdomu/label.h"
#include "mkdomu/password.h"
#include "mkdomu/url.h"
#include "mkdomu/users.h"

#define BUILD_TYPE "mkdomu:guest/v1"
#define BUILDER_ID "mkdomu:local"
#define PREDICATE  "https://slsa.dev/provenance/v1"

struct page {
	const struct mkd_job *j;
	struct mkd_json json;
};

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void subjects(struct page *p, const struct mkd_disk_sums sums[MKD_DISKS])
{
	struct mkd_json *w = &p->json;
	const char *paths[MKD_DISKS] = { p->j->plan->disk, p->j->plan->swap_disk };

	mkd_json_array(w, "subject");
	for (size_t i = 0; i < p->j->n_disks && i < MKD_DISKS; i++) {
		mkd_json_object(w, NULL);
		mkd_json_string(w, "name", base_of(paths[i]));
		mkd_json_object(w, "digest");
		mkd_json_hex(w, MKD_DISKDIGEST_STRUCTURES, sums[i].structures,
			     sizeof(sums[i].structures));
		if (sums[i].has_all)
			mkd_json_hex(w, MKD_DISKDIGEST_ALL, sums[i].all, sizeof(sums[i].all));
		mkd_json_end(w);
		mkd_json_end(w);
	}
	mkd_json_end(w);
}

/* Those that decide where and how, but nothing about the guest. */
static bool is_left_out(enum mkd_key key)
{
	return key < MKD_KEY_SOURCE || key == MKD_KEY_OFFLINE || key == MKD_KEY_CACHE ||
	       key == MKD_KEY_FORCE || key == MKD_KEY_CFG || key == MKD_KEY_MANIFEST ||
	       key == MKD_KEY_THREADS || key == MKD_KEY_KERNEL_DIR;
}

static bool is_secret(enum mkd_key key)
{
	return key == MKD_KEY_ROOT_PASSWORD_FILE || key == MKD_KEY_AUTHORIZED_KEYS ||
	       key == MKD_KEY_SEED;
}

/* A change of files, its source without folders. */
static void file_value(struct page *p, const char *value)
{
	cleanup_buf struct mkd_buf text = { 0 };
	size_t at = 0, len = 0, end;

	if (!mkd_fileop_source(value, &at, &len)) {
		mkd_json_string(&p->json, NULL, value);
		return;
	}
	end = at + len;
	while (len && value[at + len - 1] == '/') /* "site/:/srv" */
		len--;
	mkd_buf_add(&text, value, at);
	for (const char *slash = memrchr(value + at, '/', len); slash; slash = NULL) {
		len -= (size_t)(slash + 1 - (value + at));
		at = (size_t)(slash + 1 - value);
	}
	mkd_buf_add(&text, value + at, len);
	mkd_buf_str(&text, value + end);
	p->json.out->failed = p->json.out->failed || text.failed;
	mkd_json_string(&p->json, NULL, mkd_buf_cstr(&text));
}

/* A user, its files without folders. */
static void user_value(struct page *p, const char *value)
{
	cleanup_buf struct mkd_buf text = { 0 };
	size_t pos = 0, done = 0, at, len;

	while (mkd_user_file(value, &pos, &at, &len)) {
		const char *slash = memrchr(value + at, '/', len);

		mkd_buf_add(&text, value + done, at - done);
		done = slash ? (size_t)(slash + 1 - value) : at;
	}
	mkd_buf_str(&text, value + done);
	p->json.out->failed = p->json.out->failed || text.failed;
	mkd_json_string(&p->json, NULL, mkd_buf_cstr(&text));
}

static void option_value(struct page *p, enum mkd_key key, const char *value)
{
	char plain[MKD_URL_SHOW];

	switch (key) {
	case MKD_KEY_MIRROR:
	case MKD_KEY_TARBALL:
	case MKD_KEY_SIGNATURE:
		if (mkd_url_is(value))
			value = mkd_url_plain(value, plain);
		else
			value = base_of(value);
		break;
	case MKD_KEY_ROOT_PASSWORD:
		if (strncmp(value, "random:", 7) == 0)
			value = "random";
		break;
	case MKD_KEY_FILES:
		file_value(p, value);
		return;
	case MKD_KEY_USER:
		user_value(p, value);
		return;
	case MKD_KEY_MODULES:
		value = p->j->modules.version;
		break;
	case MKD_KEY_HOOK:
	case MKD_KEY_ADD_HOOK:
	case MKD_KEY_KEYRING:
	case MKD_KEY_SIGNIFY_KEY:
	case MKD_KEY_DISK:
	case MKD_KEY_SWAP:
		value = base_of(value);
		break;
	default:
		break;
	}
	mkd_json_string(&p->json, NULL, value);
}

static void option(struct page *p, enum mkd_key key)
{
	const struct mkd_setting *at = &p->j->settings->of[key];
	struct mkd_json *w = &p->json;

	mkd_json_object(w, NULL);
	mkd_json_string(w, "name", mkd_setting_info[key].name);
	if (is_secret(key)) {
		mkd_json_bool(w, "withheld", true);
	} else if (mkd_setting_info[key].arg) {
		mkd_json_array(w, "values");
		for (size_t i = 0; i < at->values.n; i++)
			option_value(p, key, at->values.v[i]);
		mkd_json_end(w);
	}
	mkd_json_array(w, "origins");
	for (size_t i = 0; i < at->origins.n; i++)
		mkd_json_string(w, NULL, at->origins.v[i]);
	mkd_json_end(w);
	mkd_json_end(w);
}

static void external(struct page *p)
{
	struct mkd_json *w = &p->json;

	mkd_json_object(w, "externalParameters");
	if (p->j->plan->profile)
		mkd_json_string(w, "profile", p->j->plan->profile);
	mkd_json_array(w, "options");
	for (size_t key = 0; key < MKD_N_KEYS; key++)
		if (p->j->settings->of[key].values.n && !is_left_out(key))
			option(p, key);
	mkd_json_end(w);
	mkd_json_end(w);
}

static void disks(struct page *p)
{
	const struct mkd_layout *l = &p->j->layout;
	struct mkd_json *w = &p->json;
	off_t end;

	mkd_json_array(w, "disks");
	for (size_t i = 0; i < p->j->n_disks; i++) {
		mkd_json_object(w, NULL);
		mkd_json_string(w, "device", l->disks[i].vdev);
		mkd_json_int(w, "sizeBytes", (int64_t)l->disks[i].size_bytes);
		mkd_json_int(w, "sectorBytes", mkd_target_info(p->j->target[i])->sector_bytes);
		mkd_json_bool(w, "gpt", l->disks[i].gpt);
		/* the backup of a GPT is at the very end, also when --size uses less */
		end = lseek(mkd_target_fd(p->j->target[i]), 0, SEEK_END);
		if (l->disks[i].gpt && end > 0 && (uint64_t)end != l->disks[i].size_bytes)
			mkd_json_int(w, "gptEndBytes", (int64_t)end);
		mkd_json_end(w);
	}
	mkd_json_end(w);
	if (l->swap_kind == MKD_SWAP_PARTITION)
		mkd_json_int(w, "swapBytes", (int64_t)l->swap.size_bytes);
	else if (l->swap_kind == MKD_SWAP_FILE)
		mkd_json_int(w, "swapBytes", (int64_t)l->swap_file_bytes);
}

static void internal(struct page *p)
{
	const struct mkd_job *j = p->j;
	struct mkd_json *w = &p->json;

	mkd_json_object(w, "internalParameters");
	mkd_json_string(w, "name", j->plan->name);
	mkd_json_string(w, "hostname", j->plan->hostname);
	mkd_json_int(w, "epochSec", j->rootfs.epoch_sec);
	mkd_json_string(w, "kernel", j->kernel);
	if (j->ramdisk)
		mkd_json_string(w, "ramdisk", j->ramdisk);
	mkd_json_hex(w, "startSha256", j->start_sha256, sizeof(j->start_sha256));
	if (!j->plan->seed)
		mkd_json_string(w, "seed", j->seed);
	disks(p);
	mkd_json_array(w, "hooks");
	for (size_t i = 0; i < j->plan->hooks.n; i++)
		mkd_json_string(w, NULL, j->plan->hooks.v[i]);
	mkd_json_end(w);
	mkd_json_end(w);
}

static void tarball(struct page *p)
{
	static const char *const trusts[] = { [MKD_TRUST_NONE] = "nothing",
					      [MKD_TRUST_DIGEST] = "digest",
					      [MKD_TRUST_SIGNATURE] = "signature" };
	const struct mkd_source *s = &p->j->source;
	struct mkd_json *w = &p->json;
	time_t t = (time_t)s->signed_sec;
	struct tm tm = { 0 };
	char at[32] = "";

	mkd_json_object(w, NULL);
	mkd_json_string(w, "name", s->file);
	if (mkd_url_is(s->url))
		mkd_json_string(w, "uri", s->url);
	mkd_json_object(w, "digest");
	mkd_json_hex(w, "sha256", s->sha256, sizeof(s->sha256));
	mkd_json_end(w);
	mkd_json_object(w, "annotations");
	mkd_json_string(w, "role", "tarball");
	mkd_json_int(w, "sizeBytes", (int64_t)s->size_bytes);
	mkd_json_string(w, "verifiedBy", trusts[s->trust]);
	if (s->trust == MKD_TRUST_SIGNATURE)
		mkd_json_string(w, "signer", s->signer);
	/* signify's signatures have no time */
	if (s->trust == MKD_TRUST_SIGNATURE && t && gmtime_r(&t, &tm) &&
	    strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &tm))
		mkd_json_string(w, "signatureTime", at);
	mkd_json_end(w);
	mkd_json_end(w);
}

/* A built-in hook is a part of the program: its version says which. */
static void hook(struct page *p, const char *name)
{
	char uri[128];

	(void)snprintf(uri, sizeof(uri), "mkdomu:hook/%s@" MKD_VERSION, name);
	mkd_json_object(&p->json, NULL);
	mkd_json_string(&p->json, "uri", uri);
	mkd_json_object(&p->json, "annotations");
	mkd_json_string(&p->json, "role", "hook");
	mkd_json_end(&p->json);
	mkd_json_end(&p->json);
}

/* One that is not: of what it ran with the digest, and whether others may get something else. */
static void external_hook(struct page *p, const struct mkd_exthook *h)
{
	struct mkd_json *w = &p->json;

	mkd_json_object(w, NULL);
	mkd_json_string(w, "name", h->name);
	mkd_json_object(w, "digest");
	mkd_json_hex(w, "sha256", h->sha256, sizeof(h->sha256));
	mkd_json_end(w);
	mkd_json_object(w, "annotations");
	mkd_json_string(w, "role", "external-hook");
	mkd_json_string(w, "mode", h->head.mounted ? "mounted" : "staged");
	mkd_json_bool(w, "network", h->head.network);
	mkd_json_end(w);
	mkd_json_end(w);
}

/* Of a password there is no digest, which would tell whether a guess is right. */
static void user_keys(struct page *p)
{
	const struct mkd_plan *plan = p->j->plan;
	struct mkd_json *w = &p->json;

	for (size_t i = 0; i < plan->n_users; i++) {
		if (!plan->users[i].keys_file)
			continue;
		mkd_json_object(w, NULL);
		mkd_json_string(w, "name", base_of(plan->users[i].keys_file));
		mkd_json_object(w, "digest");
		mkd_json_hex(w, "sha256", p->j->logins[i].keys_sha256, 32);
		mkd_json_end(w);
		mkd_json_object(w, "annotations");
		mkd_json_string(w, "role", "user-keys");
		mkd_json_string(w, "user", plan->users[i].name);
		mkd_json_end(w);
		mkd_json_end(w);
	}
}

static void dependencies(struct page *p, const uint8_t keys_sha256[32])
{
	struct mkd_json *w = &p->json;

	mkd_json_array(w, "resolvedDependencies");
	tarball(p);
	for (size_t i = 0; i < p->j->plan->hooks.n; i++)
		if (p->j->ext && p->j->ext[i].path)
			external_hook(p, &p->j->ext[i]);
		else
			hook(p, p->j->plan->hooks.v[i]);
	if (p->j->plan->authorized_keys_file) {
		mkd_json_object(w, NULL);
		mkd_json_string(w, "name", "authorized-keys");
		mkd_json_object(w, "digest");
		mkd_json_hex(w, "sha256", keys_sha256, 32);
		mkd_json_end(w);
		mkd_json_end(w);
	}
	user_keys(p);
	mkd_statement_files(p->j, w);
	mkd_json_end(w);
}

static void builder(struct page *p)
{
	struct mkd_json *w = &p->json;

	mkd_json_object(w, "runDetails");
	mkd_json_object(w, "builder");
	mkd_json_string(w, "id", BUILDER_ID);
	mkd_json_object(w, "version");
	mkd_json_string(w, "mkdomu", MKD_VERSION);
	mkd_json_string(w, "libarchive", mkd_entries_library());
	mkd_json_string(w, "libext2fs", mkd_ext4_geom_library());
	mkd_json_string(w, "libfdisk", mkd_label_library());
	mkd_json_string(w, "libxcrypt", mkd_password_library());
	mkd_json_end(w);
	mkd_json_end(w);
	mkd_statement_byproducts(p->j, w);
	mkd_json_end(w);
}

int mkd_statement_render(const struct mkd_job *job, const struct mkd_disk_sums sums[MKD_DISKS],
			 const uint8_t keys_sha256[32], struct mkd_buf *ret, struct mkd_err *err)
{
	struct page p = { .j = job, .json = { .out = ret } };
	struct mkd_json *w = &p.json;

	mkd_buf_reset(ret);
	mkd_json_object(w, NULL);
	mkd_json_string(w, "_type", "https://in-toto.io/Statement/v1");
	subjects(&p, sums);
	mkd_json_string(w, "predicateType", PREDICATE);
	mkd_json_object(w, "predicate");
	mkd_json_object(w, "buildDefinition");
	mkd_json_string(w, "buildType", BUILD_TYPE);
	external(&p);
	internal(&p);
	dependencies(&p, keys_sha256);
	mkd_json_end(w);
	builder(&p);
	mkd_json_end(w);
	mkd_json_end(w);
	return mkd_buf_check(ret, err);
}
