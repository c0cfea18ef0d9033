/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/xenuse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "mkdomu/file.h"
#include "mkdomu/xenstore.h"

#define MAX_CONFIG_BYTES (256 * KIB)

DEFINE_CLEANUP(closedirp, DIR *, closedir)

bool mkd_xenuse_parse_dev(const char *text, dev_t *ret)
{
	char *end;
	unsigned long maj = strtoul(text, &end, 16), min;
	const char *second = end + 1;

	if (end == text || *end != ':')
		return false;
	min = strtoul(second, &end, 16);
	if (end == second || *end || maj > 0xfff || min > 0xfffff)
		return false;
	*ret = makedev((unsigned)maj, (unsigned)min);
	return true;
}

/* params is a path, behind "phy:", "aio:" or the like for some backends. */
static bool params_are(const struct mkd_subject *s, const char *params)
{
	const char *slash = strchr(params, '/');

	return slash && mkd_subject_is_path(s, slash);
}

struct walk {
	const struct mkd_subject *s;
	int fd;
};

/* 1 if the backend at base ("backend/vbd/3/51713") is over the subject, 0 if not. */
static int backend_is(const struct walk *w, const char *base, struct mkd_err *err)
{
	static const char *const nodes[] = { "physical-device", "params" };

	for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
		cleanup_buf struct mkd_buf value = { 0 };
		char path[512];
		dev_t dev;
		int r;

		(void)snprintf(path, sizeof(path), "%s/%s", base, nodes[i]);
		r = mkd_xenstore_read(w->fd, path, &value, err);
		if (r == -ENOENT)
			continue; /* the device is being made or undone */
		if (r < 0)
			return r;
		if (mkd_xenuse_parse_dev(mkd_buf_cstr(&value), &dev)
			    ? mkd_devset_has(&w->s->devs, dev)
			    : params_are(w->s, mkd_buf_cstr(&value)))
			return 1;
	}
	return 0;
}

static int running_error(const struct walk *w, const char *domid, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf name = { 0 };
	struct mkd_err ignored;
	char path[128];

	(void)snprintf(path, sizeof(path), "/local/domain/%.40s/name", domid);
	if (mkd_xenstore_read(w->fd, path, &name, &ignored) < 0 || !name.len)
		return mkd_fail(err, MKD_EXIT_BUSY, EBUSY,
				"cannot use '%s': the running domain %s uses it; xl shutdown %s "
				"first",
				w->s->name, domid, domid);
	return mkd_fail(err, MKD_EXIT_BUSY, EBUSY,
			"cannot use '%s': the running guest '%s' (domain %s) uses it; xl shutdown "
			"it first",
			w->s->name, mkd_buf_cstr(&name), domid);
}

/* Names below a node; none where the node is not. */
static int list(const struct walk *w, const char *path, struct mkd_strv *ret, struct mkd_err *err)
{
	int r = mkd_xenstore_list(w->fd, path, ret, err);

	return r == -ENOENT ? 0 : r;
}

/* 1 with *err set (a user was found), 0, or a negative errno of xenstore's. */
static int walk_domain(const struct walk *w, const char *kind, const char *domid,
		       struct mkd_err *err)
{
	cleanup_strv struct mkd_strv devids = { 0 };
	char path[256];
	int r;

	(void)snprintf(path, sizeof(path), "backend/%s/%.40s", kind, domid);
	r = list(w, path, &devids, err);
	for (size_t i = 0; r == 0 && i < devids.n; i++) {
		(void)snprintf(path, sizeof(path), "backend/%s/%.40s/%.40s", kind, domid,
			       devids.v[i]);
		r = backend_is(w, path, err);
		if (r == 1)
			(void)running_error(w, domid, err);
	}
	return r;
}

static int walk_backends(const struct walk *w, struct mkd_err *err)
{
	static const char *const kinds[] = { "vbd", "vbd3", "qdisk", "tap" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(kinds); i++) {
		cleanup_strv struct mkd_strv domids = { 0 };
		char path[64];

		(void)snprintf(path, sizeof(path), "backend/%s", kinds[i]);
		r = list(w, path, &domids, err);
		for (size_t k = 0; r == 0 && k < domids.n; k++)
			r = walk_domain(w, kinds[i], domids.v[k], err);
	}
	return r;
}

/*
 * Not to know is not a no: two writers of one disk destroy it. Only root may talk to xenstored, so
 * that is what most often stands in the way.
 */
static int not_told(const struct mkd_subject *s, const struct mkd_err *why, struct mkd_err *err)
{
	const char *fix = why->code == EACCES || why->code == EPERM
				  ? "run as root, or name another target"
				  : "start or restart xenstored, or name another target";

	if (why->exit == MKD_EXIT_INTERNAL) {
		*err = *why;
		return -why->code;
	}
	return mkd_fail(err, MKD_EXIT_BUSY, EBUSY,
			"cannot use '%s': xenstored does not tell whether a running guest uses it "
			"(%s); %s",
			s->name, why->msg, fix);
}

int mkd_xenuse_running(const struct mkd_subject *s, struct mkd_err *err)
{
	const struct mkd_host *h = s->host;
	cleanup_close int fd = -1;
	struct mkd_err failed;
	int r;

	if (access(h->xenstore_socket, F_OK) != 0 && access(h->xenbus, F_OK) != 0)
		return 0;
	r = mkd_xenstore_open(h->xenstore_socket, h->xenbus, &fd, &failed);
	if (r == 0)
		r = walk_backends(&(struct walk){ .s = s, .fd = fd }, &failed);
	if (r < 0)
		return not_told(s, &failed, err);
	if (r == 0)
		return 0;
	*err = failed;
	return -EBUSY;
}

static bool ends_path(char c)
{
	return !c || strchr("'\",]\n\r\t ", c);
}

/* What may stand before a path: a quote, a separator, or a prefix such as "phy:" or "target=". */
static bool starts_path(const char *text, const char *p)
{
	return p == text || strchr("'\",[:= \t", p[-1]);
}

static bool take_path(const char *base, const char *p, const char **pos, char ret[static 4096])
{
	size_t len = 0;

	while (!ends_path(p[len]))
		len++;
	*pos = p + len;
	return snprintf(ret, 4096, "%s%.*s", base, (int)len, p) < 4096;
}

bool mkd_xenuse_next_path(const char **pos, char ret[static 4096])
{
	const char *text = *pos;

	for (const char *p = text; *p; p++) {
		if (*p == '#') {
			p += strcspn(p, "\n");
			if (!*p)
				break;
		} else if (*p == '/' && starts_path(text, p)) {
			if (take_path("", p, pos, ret))
				return true;
			p = *pos - 1;
		} else if (strncmp(p, "phy:", 4) == 0 && p[4] != '/' && !ends_path(p[4])) {
			if (take_path("/dev/", p + 4, pos, ret))
				return true;
			p = *pos - 1;
		}
	}
	*pos = text + strlen(text);
	return false;
}

/* 1, 0, or -ENOMEM: not to know for want of memory is no "no". */
static int config_names(const struct mkd_subject *s, int dirfd, const char *name,
			struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };
	struct stat st;
	const char *pos;
	char path[4096];
	int r;

	/* Not a config: an editor's swap file, or one that is being written. */
	if (*name == '.')
		return 0;
	if (fstatat(dirfd, name, &st, 0) != 0 || !S_ISREG(st.st_mode))
		return 0;
	r = mkd_file_read(dirfd, name, MAX_CONFIG_BYTES, MKD_EXIT_IO, &text, err);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	pos = mkd_buf_cstr(&text);
	while (mkd_xenuse_next_path(&pos, path))
		if (mkd_subject_is_path(s, path))
			return 1;
	return 0;
}

int mkd_xenuse_config(const struct mkd_subject *s, char **ret_config, struct mkd_err *err)
{
	static const char *const dirs[] = { "", "/auto" };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		cleanup(closedirp) DIR *dir = NULL;
		char path[4096];

		(void)snprintf(path, sizeof(path), "%s%s", s->host->xen_cfg, dirs[i]);
		dir = opendir(path);
		for (struct dirent *d; dir && (d = readdir(dir));) {
			int r = config_names(s, dirfd(dir), d->d_name, err);

			if (r > 0)
				return mkd_asprintf(ret_config, err, "%s/%s", path, d->d_name);
			if (r < 0)
				return r;
		}
	}
	*ret_config = NULL;
	return 0;
}
