/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/hookenv.h"

#include <inttypes.h>

#include "mkdomu/json.h"

#define FORMAT 1 /* of the JSON; grows when a member changes its meaning or goes */

static const char *mode_of(const struct mkd_exthook *h)
{
	return h->head.mounted ? "mounted" : "staged";
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static int add(struct mkd_strv *l, struct mkd_err *err, const char *name, const char *value)
{
	cleanup_free char *text = NULL;
	int r = mkd_asprintf(&text, err, "%s=%s", name, or_empty(value));

	return r < 0 ? r : mkd_strv_add(l, text, err);
}

static int add_paths(struct mkd_strv *l, struct mkd_err *err, const struct mkd_strv *paths)
{
	cleanup_buf struct mkd_buf text = { 0 };
	int r;

	for (size_t i = 0; i < paths->n; i++)
		mkd_buf_printf(&text, "%s%s", i ? "," : "", paths->v[i]);
	r = mkd_buf_check(&text, err);
	return r < 0 ? r : add(l, err, "MKDOMU_PATHS", mkd_buf_cstr(&text));
}

int mkd_hookenv_make(const struct mkd_hookenv_req *q, struct mkd_strv *ret, struct mkd_err *err)
{
	const struct mkd_guest *g = q->guest;
	const struct mkd_facts *f = q->facts;
	char epoch[32];
	const struct {
		const char *name, *value;
	} vars[] = {
		{ "HOME", "/tmp" },
		{ "LC_ALL", "C.UTF-8" },
		{ "LOGNAME", "root" },
		{ "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
		{ "PYTHONDONTWRITEBYTECODE", "1" },
		{ "PYTHONHASHSEED", "0" },
		{ "SHELL", "/bin/sh" },
		{ "SOURCE_DATE_EPOCH", epoch },
		{ "TMPDIR", "/tmp" },
		{ "TZ", "UTC" },
		{ "USER", "root" },
		{ "MKDOMU_HOOK", q->hook->name },
		{ "MKDOMU_HOSTNAME", g->hostname },
		{ "MKDOMU_INIT", mkd_init_token(f->init) },
		{ "MKDOMU_JSON", q->json },
		{ "MKDOMU_MACHINE_ID", g->machine_id },
		{ "MKDOMU_MODE", mode_of(q->hook) },
		{ "MKDOMU_NAME", g->name },
		{ "MKDOMU_OS_ID", f->os_id },
		{ "MKDOMU_OS_VERSION", f->os_version },
		{ "MKDOMU_ROOT", q->root },
		{ "MKDOMU_ROOT_DEV", g->root_dev },
		{ "MKDOMU_SWAP_DEV", g->swap_dev },
		{ "MKDOMU_VERSION", MKD_VERSION },
	};
	int r = 0;

	(void)snprintf(epoch, sizeof(epoch), "%" PRId64, g->epoch_sec);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(vars); i++)
		r = add(ret, err, vars[i].name, vars[i].value);
	return r < 0 ? r : add_paths(ret, err, &q->hook->head.paths);
}

/* -- JSON -- */

static void addresses(struct mkd_json *w, const char *key, const struct mkd_addr *a, size_t n,
		      bool prefix)
{
	char text[sizeof(a->text) + 8];

	mkd_json_array(w, key);
	for (size_t i = 0; i < n; i++) {
		if (prefix)
			(void)snprintf(text, sizeof(text), "%s/%u", a[i].text, a[i].prefix);
		else
			(void)snprintf(text, sizeof(text), "%s", a[i].text);
		mkd_json_string(w, NULL, text);
	}
	mkd_json_end(w);
}

static void routes(struct mkd_json *w, const struct mkd_nic *n)
{
	char to[sizeof(n->routes->to.text) + 8];

	mkd_json_array(w, "routes");
	for (size_t i = 0; i < n->n_routes; i++) {
		const struct mkd_route *r = &n->routes[i];

		(void)snprintf(to, sizeof(to), "%s/%u", r->to.text, r->to.prefix);
		mkd_json_object(w, NULL);
		mkd_json_string(w, "to", to);
		mkd_json_string(w, "via", r->via.text);
		mkd_json_end(w);
	}
	mkd_json_end(w);
}

static void interface(struct mkd_json *w, const struct mkd_nic *n)
{
	static const char *const ip6[] = { [MKD_IP6_LEFT] = "",
					   [MKD_IP6_AUTO] = "auto",
					   [MKD_IP6_DHCP] = "dhcp",
					   [MKD_IP6_NONE] = "none" };
	char mac[18], name[MKD_IFNAME_SIZE];

	mkd_json_object(w, NULL);
	mkd_json_string(w, "name", mkd_nic_name(n, name));
	mkd_json_string(w, "mac", mkd_mac_format(n->mac, mac));
	mkd_json_string(w, "bridge", n->bridge);
	mkd_json_int(w, "vlan", n->vlan);
	mkd_json_int(w, "mtu", n->mtu);
	mkd_json_bool(w, "dhcp", n->dhcp);
	mkd_json_string(w, "ip6", ip6[n->ip6]);
	addresses(w, "addresses", n->addrs, n->n_addrs, true);
	addresses(w, "gateways", n->gateways, n->n_gateways, false);
	routes(w, n);
	addresses(w, "dns", n->dns, n->n_dns, false);
	mkd_json_array(w, "search");
	for (size_t i = 0; i < n->n_search; i++)
		mkd_json_string(w, NULL, n->search[i]);
	mkd_json_end(w);
	mkd_json_end(w);
}

static void interfaces(struct mkd_json *w, const struct mkd_guest *g)
{
	mkd_json_array(w, "interfaces");
	for (size_t i = 0; i < g->n_nics; i++)
		interface(w, &g->nics[i]);
	mkd_json_end(w);
}

static void guest(struct mkd_json *w, const struct mkd_guest *g)
{
	mkd_json_object(w, "guest");
	mkd_json_string(w, "name", or_empty(g->name));
	mkd_json_string(w, "hostname", or_empty(g->hostname));
	mkd_json_string(w, "rootDevice", or_empty(g->root_dev));
	mkd_json_string(w, "rootFilesystem", or_empty(g->root_fstype));
	mkd_json_string(w, "swap", or_empty(g->swap_dev));
	mkd_json_string(w, "machineId", or_empty(g->machine_id));
	mkd_json_int(w, "epochSec", g->epoch_sec);
	/* that there is one, never which */
	mkd_json_bool(w, "hasRootPassword", g->root_password != NULL);
	mkd_json_bool(w, "hasAuthorizedKeys", g->authorized_keys != NULL);
	interfaces(w, g);
	mkd_json_end(w);
}

static void facts(struct mkd_json *w, const struct mkd_facts *f)
{
	mkd_json_object(w, "facts");
	mkd_json_string(w, "osId", f->os_id);
	mkd_json_string(w, "osVersion", f->os_version);
	mkd_json_string(w, "osName", f->os_name);
	mkd_json_string(w, "init", mkd_init_token(f->init));
	mkd_json_bool(w, "openrc", f->openrc);
	mkd_json_bool(w, "mergedUsr", f->merged_usr);
	mkd_json_bool(w, "sshd", f->sshd);
	mkd_json_bool(w, "udev", f->udev);
	mkd_json_end(w);
}

static void hook(struct mkd_json *w, const struct mkd_exthook *h)
{
	mkd_json_object(w, "hook");
	mkd_json_string(w, "name", h->name);
	mkd_json_string(w, "mode", mode_of(h));
	mkd_json_bool(w, "network", h->head.network);
	mkd_json_int(w, "timeoutSec", h->head.timeout_sec);
	mkd_json_array(w, "paths");
	for (size_t i = 0; i < h->head.paths.n; i++)
		mkd_json_string(w, NULL, h->head.paths.v[i]);
	mkd_json_end(w);
	mkd_json_end(w);
}

int mkd_hookenv_json(const struct mkd_hookenv_req *q, struct mkd_buf *ret, struct mkd_err *err)
{
	struct mkd_json w = { .out = ret };

	mkd_buf_reset(ret);
	mkd_json_object(&w, NULL);
	mkd_json_int(&w, "format", FORMAT);
	mkd_json_string(&w, "mkdomu", MKD_VERSION);
	mkd_json_string(&w, "root", q->root);
	hook(&w, q->hook);
	guest(&w, q->guest);
	facts(&w, q->facts);
	mkd_json_end(&w);
	return mkd_buf_check(ret, err);
}
