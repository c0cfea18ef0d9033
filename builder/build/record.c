/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/record.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "mkdomu/exthook.h"
#include "mkdomu/fileop.h"
#include "mkdomu/url.h"
#include "mkdomu/users.h"

#define BUILD_TYPE "mkdomu:guest/v1"

struct reading {
	const char *name;
	struct mkd_record *rec;
	struct mkd_err *err;
};

static int unfit(const struct reading *rd, const char *what)
{
	return mkd_fail(rd->err, MKD_EXIT_USAGE, EINVAL,
			"cannot use the manifest '%s': '%s' is missing or not as mkdomu writes it",
			rd->name, what);
}

static int take_string(const struct reading *rd, const json_t *from, const char *key, char **ret)
{
	const char *text = json_string_value(json_object_get(from, key));

	return text ? mkd_strdup(text, ret, rd->err) : unfit(rd, key);
}

static unsigned nibble(char digit)
{
	return (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

static bool unhex(const char *hex, uint8_t *ret, size_t len)
{
	if (!hex || strlen(hex) != 2 * len || strspn(hex, "0123456789abcdef") != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
	return true;
}

static int find_key(const char *name, enum mkd_key *ret)
{
	for (size_t key = 0; name && key < MKD_N_KEYS; key++)
		if (strcmp(mkd_setting_info[key].name, name) == 0) {
			*ret = (enum mkd_key)key;
			return 0;
		}
	return -ENOENT;
}

/* Where to note that an option was given whose value no manifest has; NULL: it has the value. */
static bool *withheld_of(struct mkd_record *rec, enum mkd_key key)
{
	switch (key) {
	case MKD_KEY_SEED:
		return &rec->seed_given;
	case MKD_KEY_ROOT_PASSWORD_FILE:
		return &rec->password_given;
	case MKD_KEY_AUTHORIZED_KEYS:
		return &rec->keys_given;
	default:
		return NULL;
	}
}

/* Of a source the name alone: which folder it is read from, says who verifies. */
static bool is_record_of_files(const char *value)
{
	size_t at, len;

	return !mkd_fileop_source(value, &at, &len) ||
	       (len && !memchr(value + at, '/', len) && strncmp(value + at, "..", 2) != 0);
}

/* The one that was made is given again as any other; a file to write it to is none of a record. */
static int take_root_password(const struct reading *rd, const char *value, const char *origin)
{
	if (strcmp(value, "random") == 0)
		rd->rec->password_made = rd->rec->password_given = true;
	else if (strcmp(value, "locked") == 0 || strcmp(value, "disabled") == 0)
		return mkd_settings_add(&rd->rec->options, MKD_KEY_ROOT_PASSWORD, value, origin,
					rd->err);
	else
		return unfit(rd, "root-password");
	return 0;
}

/* Of a user's files the names alone, too. */
static bool is_record_of_user(const char *value)
{
	size_t pos = 0, at, len;

	while (mkd_user_file(value, &pos, &at, &len))
		if (!len || memchr(value + at, '/', len) || strncmp(value + at, "..", 2) == 0)
			return false;
	return true;
}

/* Likewise of modules. */
static bool is_record_of(enum mkd_key key, const char *value)
{
	if (key == MKD_KEY_MODULES)
		return *value && *value != '.' && !strchr(value, '/');
	if (key == MKD_KEY_USER)
		return is_record_of_user(value);
	return key != MKD_KEY_FILES || is_record_of_files(value);
}

/*
 * An option of a later version is a reason to stop: what it did is not known here. So is a value
 * where none may be: it would name a file of this host to be read.
 */
static int take_option(const struct reading *rd, const json_t *option)
{
	const json_t *values = json_object_get(option, "values");
	const json_t *origins = json_object_get(option, "origins");
	bool withheld = json_is_true(json_object_get(option, "withheld")), *given;
	enum mkd_key key = MKD_N_KEYS;
	int r = 0;

	if (find_key(json_string_value(json_object_get(option, "name")), &key) < 0)
		return unfit(rd, "options");
	given = withheld_of(rd->rec, key);
	if (withheld != !!given)
		return unfit(rd, mkd_setting_info[key].name);
	if (given) {
		*given = true;
		return 0;
	}
	if (!json_array_size(origins) ||
	    (mkd_setting_info[key].arg && json_array_size(values) != json_array_size(origins)))
		return unfit(rd, mkd_setting_info[key].name);
	for (size_t i = 0; r == 0 && i < json_array_size(origins); i++) {
		const char *origin = json_string_value(json_array_get(origins, i));
		const char *value = mkd_setting_info[key].arg
					    ? json_string_value(json_array_get(values, i))
					    : "yes";

		if (!value || !origin || !is_record_of(key, value))
			return unfit(rd, mkd_setting_info[key].name);
		if (key == MKD_KEY_ROOT_PASSWORD)
			r = take_root_password(rd, value, origin);
		else
			r = mkd_settings_add(&rd->rec->options, key, value, origin, rd->err);
	}
	return r;
}

static int take_external(const struct reading *rd, const json_t *from)
{
	const json_t *options = json_object_get(from, "options");
	int r = json_is_array(options) ? 0 : unfit(rd, "options");

	for (size_t i = 0; r == 0 && i < json_array_size(options); i++)
		r = take_option(rd, json_array_get(options, i));
	return r;
}

static int take_disks(const struct reading *rd, const json_t *disks, const json_t *subjects)
{
	size_t n = json_array_size(disks);

	if (!n || n > ARRAY_LEN(rd->rec->disks) || json_array_size(subjects) != n)
		return unfit(rd, "disks");
	for (size_t i = 0; i < n; i++) {
		const json_t *disk = json_array_get(disks, i);
		const json_t *digest = json_object_get(json_array_get(subjects, i), "digest");
		json_int_t size = json_integer_value(json_object_get(disk, "sizeBytes"));
		json_int_t sector = json_integer_value(json_object_get(disk, "sectorBytes"));
		struct mkd_record_disk *d = &rd->rec->disks[i];

		if (size <= 0 || (sector != 512 && sector != 4096) ||
		    !unhex(json_string_value(json_object_get(digest, "mkdomuStructures1")),
			   d->structures, sizeof(d->structures)))
			return unfit(rd, "disks");
		d->size_bytes = (uint64_t)size;
		d->sector_bytes = (unsigned)sector;
		d->gpt_elsewhere = json_object_get(disk, "gptEndBytes") != NULL;
		d->gpt = json_is_true(json_object_get(disk, "gpt"));
	}
	rd->rec->n_disks = n;
	return 0;
}

static int take_hooks(const struct reading *rd, const json_t *hooks)
{
	int r = json_is_array(hooks) ? 0 : unfit(rd, "hooks");

	for (size_t i = 0; r == 0 && i < json_array_size(hooks); i++) {
		const char *name = json_string_value(json_array_get(hooks, i));

		r = name ? mkd_strv_add(&rd->rec->hooks, name, rd->err) : unfit(rd, "hooks");
	}
	return r;
}

static int take_internal(const struct reading *rd, const json_t *from, const json_t *subjects)
{
	struct mkd_record *rec = rd->rec;
	const json_t *epoch = json_object_get(from, "epochSec");
	const json_t *swap = json_object_get(from, "swapBytes");
	int r = take_string(rd, from, "name", &rec->name);

	if (r == 0)
		r = take_string(rd, from, "hostname", &rec->hostname);
	if (r == 0 && !rec->seed_given)
		r = take_string(rd, from, "seed", &rec->seed);
	if (r == 0 && !unhex(json_string_value(json_object_get(from, "startSha256")),
			     rec->start_sha256, sizeof(rec->start_sha256)))
		r = unfit(rd, "startSha256");
	if (r == 0 && !json_is_integer(epoch))
		r = unfit(rd, "epochSec");
	if (r == 0 && swap && json_integer_value(swap) <= 0)
		r = unfit(rd, "swapBytes");
	if (r == 0)
		r = take_disks(rd, json_object_get(from, "disks"), subjects);
	if (r == 0)
		r = take_hooks(rd, json_object_get(from, "hooks"));
	rec->epoch_sec = json_integer_value(epoch);
	rec->swap_bytes = (uint64_t)json_integer_value(swap);
	return r;
}

static int take_tarball(const struct reading *rd, const json_t *from)
{
	const char *hex =
		json_string_value(json_object_get(json_object_get(from, "digest"), "sha256"));
	uint8_t bytes[32];
	int r = take_string(rd, from, "name", &rd->rec->file);

	if (r == 0 && !unhex(hex, bytes, sizeof(bytes)))
		r = unfit(rd, "sha256");
	if (r == 0 && hex)
		(void)snprintf(rd->rec->sha256, sizeof(rd->rec->sha256), "%s", hex);
	if (r == 0 && json_object_get(from, "uri"))
		r = take_string(rd, from, "uri", &rd->rec->uri);
	/* it is fetched: not a file of this host */
	if (r == 0 && rd->rec->uri && !mkd_url_is(rd->rec->uri))
		r = unfit(rd, "uri");
	return r;
}

/* Which of the hooks were external, and what they were. */
static int take_external_hooks(const struct reading *rd, const json_t *list)
{
	struct mkd_record *rec = rd->rec;
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		const json_t *at = json_array_get(list, i),
			     *notes = json_object_get(at, "annotations");
		const char *role = json_string_value(json_object_get(notes, "role"));
		const char *mode = json_string_value(json_object_get(notes, "mode"));
		const char *name = json_string_value(json_object_get(at, "name"));
		const char *hex =
			json_string_value(json_object_get(json_object_get(at, "digest"), "sha256"));
		uint8_t bytes[32];

		if (!role || strcmp(role, "external-hook") != 0)
			continue;
		/* it becomes the name of a file in a folder that somebody gives */
		if (!name || !mkd_exthook_is_name(name) || !mkd_strv_has(&rec->hooks, name) ||
		    !mode || !hex || !unhex(hex, bytes, sizeof(bytes)))
			return unfit(rd, "external-hook");
		rec->ext_mounted |= strcmp(mode, "mounted") == 0;
		r = mkd_strv_add(&rec->ext_names, name, rd->err);
		if (r == 0)
			r = mkd_strv_add(&rec->ext_sha256, hex, rd->err);
	}
	return r;
}

static int take_all(const struct reading *rd, const json_t *root)
{
	const json_t *predicate = json_object_get(root, "predicate");
	const json_t *definition = json_object_get(predicate, "buildDefinition");
	const json_t *builder =
		json_object_get(json_object_get(predicate, "runDetails"), "builder");
	const char *type = json_string_value(json_object_get(definition, "buildType"));
	int r;

	if (!type || strcmp(type, BUILD_TYPE) != 0)
		return unfit(rd, "buildType");
	r = take_string(rd, json_object_get(builder, "version"), "mkdomu", &rd->rec->version);
	if (r == 0)
		r = take_external(rd, json_object_get(definition, "externalParameters"));
	if (r == 0)
		r = take_internal(rd, json_object_get(definition, "internalParameters"),
				  json_object_get(root, "subject"));
	if (r == 0)
		r = take_external_hooks(rd, json_object_get(definition, "resolvedDependencies"));
	if (r == 0)
		r = take_tarball(
			rd, json_array_get(json_object_get(definition, "resolvedDependencies"), 0));
	return r;
}

int mkd_record_parse(const char *text, size_t len, const char *name, struct mkd_record *ret,
		     struct mkd_err *err)
{
	struct mkd_record rec = { 0 };
	const struct reading rd = { .name = name, .rec = &rec, .err = err };
	json_error_t error;
	cleanup(json_decrefp) json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	int r;

	if (!root && json_error_code(&error) == json_error_out_of_memory)
		return mkd_nomem(err);
	if (!root)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot use the manifest '%s': line %d: %s", name, error.line,
				error.text);
	r = take_all(&rd, root);
	if (r < 0)
		mkd_record_free(&rec);
	else
		*ret = rec;
	return r;
}

void mkd_record_free(struct mkd_record *r)
{
	mkd_settings_free(&r->options);
	mkd_strv_free(&r->hooks);
	mkd_strv_free(&r->ext_names);
	mkd_strv_free(&r->ext_sha256);
	free(r->version);
	free(r->name);
	free(r->hostname);
	free(r->seed);
	free(r->file);
	free(r->uri);
	*r = (struct mkd_record){ 0 };
}
