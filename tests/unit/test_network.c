/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of the network hook: each root's shape with each model, against the trees in
 * tests/unit/golden. MKD_GOLDEN=write writes them anew: read what changed before it is kept.
 */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "mkdomu/hooks.h"
#include "mkdomu/netpick.h"
#include "mkdomu/nmfiles.h"
#include "tree_mem.h"

#define GOLDEN "tests/unit/golden/"

struct model {
	const char *name;
	const char *specs[3];
};

static const struct model models[] = {
	{ "dhcp", { "mac=00:16:3e:00:00:01" } },
	{ "static",
	  { "mac=00:16:3e:00:00:01,ip=192.0.2.10/24,gateway=192.0.2.1,dns=192.0.2.53,"
	    "search=example.org" } },
	{ "full",
	  { "mac=00:16:3e:00:00:01,mtu=9000,ip=192.0.2.10/24,ip=192.0.2.11/25,"
	    "ip6=2001:db8::10/64,gateway=192.0.2.1,gateway=fe80::1,dns=192.0.2.53,"
	    "dns=2001:db8::53,search=example.org,search=example.net,"
	    "route=10.0.0.0/8 via 192.0.2.254,route=2001:db8:1::/48 via 2001:db8::fe,"
	    "vlan=10,ip=dhcp,ip6=none,vlan=20,mtu=1400,ip=10.0.20.5/24,ip6=auto",
	    "mac=00:16:3e:00:00:02,ip=none,ip6=dhcp", "mac=00:16:3e:00:00:03" } },
};

struct ifaces {
	struct mkd_nic nics[MKD_IFACES];
	size_t n;
};

static void make_model(const struct model *m, struct ifaces *ret)
{
	struct mkd_err err = { 0 };

	*ret = (struct ifaces){ 0 };
	for (size_t i = 0; i < 3 && m->specs[i]; i++) {
		size_t n = 0, from = ret->n;

		assert_ok(mkd_nic_parse(m->specs[i], "--nic", &ret->nics[from], MKD_IFACES - from,
					&n, &err),
			  &err);
		for (; ret->n < from + n; ret->n++) {
			ret->nics[ret->n].devid = i;
			assert_ok(mkd_nic_check(&ret->nics[ret->n], "--nic", &err), &err);
		}
	}
	if (strcmp(m->name, "dhcp") == 0)
		ret->nics[0].dhcp = true;
}

/* Paths, "PATH=TEXT" or "PATH -> TARGET". */
struct shape {
	const char *name;
	const char *seeds[14];
	struct mkd_facts facts;
	enum mkd_netcfg want;
};

#define BITS(a, b) (MKD_NET_BIT(MKD_NET_##a) | MKD_NET_BIT(MKD_NET_##b))
#define UNIT(name)                                                                 \
	"/usr/lib/systemd/system/" name ".service=[Install]\nWantedBy=multi-user." \
	"target\n"
#define WANTS(name)                                                                         \
	"/etc/systemd/system/multi-user.target.wants/" name ".service -> /usr/lib/systemd/" \
	"system/" name ".service"

static const struct shape shapes[] = {
	{ "netifrc",
	  { "/etc/init.d/net.lo=x", "/bin/busybox=x",
	    "/etc/runlevels/boot/dhcpcd.off -> /etc/init.d/x",
	    "/etc/conf.d/net=# mine\r\nconfig_eth1=\"192.0.2.77/24\"\nmtu_lo=\"65536\"" },
	  { .init = MKD_INIT_SYSVINIT,
	    .openrc = true,
	    .udev = true,
	    .net = MKD_NET_NETIFRC,
	    .net_tools = BITS(NETIFRC, DHCPCD) },
	  MKD_NET_NETIFRC },
	{ "ifupdown",
	  { "/sbin/ifup=x", "/sbin/dhclient=x", "/etc/rcS.d/S10networking -> ../init.d/networking",
	    "/etc/rc2.d/S03dhcpcd -> ../init.d/dhcpcd",
	    "/etc/network/interfaces=auto lo eth0\niface lo inet loopback\niface eth0 inet dhcp\n",
	    "/etc/network/interfaces.d/vlan=auto  eth0.10\r\niface\teth0.10 inet manual\r\n" },
	  { .init = MKD_INIT_SYSVINIT,
	    .net = MKD_NET_IFUPDOWN,
	    .net_tools = BITS(IFUPDOWN, DHCPCD) },
	  MKD_NET_IFUPDOWN },
	{ "ifupdown-ng",
	  { "/sbin/ifup -> ifupdown", "/sbin/udhcpc=x", "/etc/network/interfaces.d/.keep=",
	    "/etc/runlevels/boot/networking -> /etc/init.d/networking" },
	  { .init = MKD_INIT_SYSVINIT,
	    .openrc = true,
	    .net = MKD_NET_IFUPDOWN,
	    .net_tools = MKD_NET_BIT(MKD_NET_IFUPDOWN_NG) },
	  MKD_NET_IFUPDOWN_NG },
	{ "networkd",
	  { UNIT("systemd-networkd"), "/usr/bin/NetworkManager=x", UNIT("NetworkManager") },
	  { .init = MKD_INIT_SYSTEMD,
	    .udev = true,
	    .net = MKD_NET_NETWORKD,
	    .net_tools = BITS(NETWORKD, NETWORKMANAGER),
	    .unit_dir = "/usr/lib/systemd" },
	  MKD_NET_NETWORKD },
	{ "networkmanager",
	  { UNIT("NetworkManager"), WANTS("NetworkManager"), WANTS("dhcpcd"), UNIT("dhcpcd"),
	    "/usr/lib/NetworkManager/conf.d/10-globally-managed-devices.conf=x",
	    "/etc/network/interfaces=auto eth0\niface eth0 inet dhcp\nauto eth9\n" },
	  { .init = MKD_INIT_SYSTEMD,
	    .udev = true,
	    .net = MKD_NET_IFUPDOWN,
	    .net_tools = BITS(NETWORKMANAGER, IFUPDOWN) | BITS(NETWORKD, DHCPCD),
	    .unit_dir = "/usr/lib/systemd" },
	  MKD_NET_NETWORKMANAGER },
	{ "dhcpcd",
	  { "/usr/bin/dhcpcd=x", "/etc/sv/dhcpcd/run=x", "/etc/runit/runsvdir/default/sshd -> x",
	    "/etc/dhcpcd.conf=duid\n\ninterface eth0\n\tstatic ip_address=10.0.0.1/8\n"
	    "interface eth9\nnoipv6" },
	  { .init = MKD_INIT_RUNIT, .net_tools = MKD_NET_BIT(MKD_NET_DHCPCD) },
	  MKD_NET_DHCPCD },
};

static struct mkd_tree *make_root(const struct shape *s)
{
	struct mkd_tree *t = tree_mem_new();

	for (size_t i = 0; i < ARRAY_LEN(s->seeds) && s->seeds[i]; i++) {
		char *text = strdup(s->seeds[i]), *to;

		assert_non_null(text);
		if ((to = strstr(text, " -> "))) {
			*to = '\0';
			tree_mem_symlink(t, to + 4, text);
		} else {
			to = strchr(text, '=');
			assert_non_null(to);
			*to = '\0';
			tree_mem_file(t, text, to + 1);
		}
		free(text);
	}
	return t;
}

static int run(struct mkd_tree *t, const struct shape *s, const struct ifaces *m,
	       struct test_ui *ui, struct mkd_err *err)
{
	const struct mkd_guest g = { .nics = m->nics, .n_nics = m->n };
	const struct mkd_hook_ctx c = { t, &s->facts, &g, ui ? &ui->ui : NULL };

	return mkd_hook_network(&c, err);
}

static void check_golden(const char *path, const struct mkd_buf *got)
{
	cleanup_buf struct mkd_buf want = { 0 };
	const char *how = getenv("MKD_GOLDEN");
	char piece[4096];
	size_t n;
	FILE *f;

	if (how && strcmp(how, "write") == 0) {
		test_write(path, got->data, got->len);
		return;
	}
	f = fopen(path, "re");
	if (!f)
		fail_msg("no '%s'; is this run at the top of the sources?", path);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		mkd_buf_add(&want, piece, n);
	(void)fclose(f);
	if (strcmp(mkd_buf_cstr(&want), mkd_buf_cstr(got)) != 0)
		fail_msg("%s: got:\n%s", path, mkd_buf_cstr(got));
}

static void check_tree(const struct shape *s, const struct model *m)
{
	cleanup_buf struct mkd_buf dump = { 0 };
	struct mkd_tree *t = make_root(s);
	struct mkd_err err = { 0 };
	char path[128];
	struct ifaces model;
	unsigned changes;
	int r;

	make_model(m, &model);
	changes = tree_mem_changes(t);
	r = run(t, s, &model, NULL, &err);
	if (s->want == MKD_NET_DHCPCD && strcmp(m->name, "full") == 0) {
		assert_int_equal(r, -ENOTSUP);
		assert_int_equal(tree_mem_changes(t), changes);
		tree_mem_free(t);
		return;
	}
	assert_ok(r, &err);
	changes = tree_mem_changes(t);
	assert_ok(run(t, s, &model, NULL, &err), &err);
	assert_int_equal(tree_mem_changes(t), changes);
	tree_mem_dump(t, &dump);
	(void)snprintf(path, sizeof(path), GOLDEN "%s-%s.txt", s->name, m->name);
	check_golden(path, &dump);
	tree_mem_free(t);
}

static void every_root_gets_every_model(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++)
		for (size_t k = 0; k < ARRAY_LEN(models); k++)
			check_tree(&shapes[i], &models[k]);
}

static void the_tool_that_is_enabled_is_used(void **state)
{
	struct mkd_err err = { 0 };
	struct ifaces m;

	(void)state;
	make_model(&models[1], &m);
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		const struct mkd_nic_list list = { m.nics, m.n };
		struct mkd_tree *t = make_root(&shapes[i]);
		enum mkd_netcfg got = MKD_NET_UNKNOWN;

		assert_ok(mkd_netpick(t, &shapes[i].facts, &list, &got, &err), &err);
		assert_int_equal(got, shapes[i].want);
		/* mkd_netpick: -ENOMEM */
		assert_nomem_some(mkd_netpick(t, &shapes[i].facts, &list, &got, &err), &err,
				  (void)0);
		tree_mem_free(t);
	}
}

static void services_are_turned_off(void **state)
{
	struct mkd_tree *t = tree_mem_new();
	const struct mkd_guest_io io = { t, NULL };
	cleanup_strv struct mkd_strv links = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	tree_mem_symlink(t, "/etc/init.d/dhcpcd", "/etc/runlevels/default/dhcpcd");
	tree_mem_symlink(t, "../init.d/dhcpcd", "/etc/rc2.d/S03dhcpcd");
	tree_mem_symlink(t, "../init.d/dhcpcd", "/etc/rc2.d/S03dhcpcd2");
	tree_mem_symlink(t, "x", "/etc/systemd/system/a.target.wants/dhcpcd.service");
	tree_mem_symlink(t, "x", "/etc/systemd/system/a.target/dhcpcd.service");
	tree_mem_symlink(t, "/etc/sv/dhcpcd", "/etc/runit/runsvdir/default/dhcpcd");
	/* mkd_service_links: -ENOMEM */
	assert_nomem_some(mkd_service_links(t, "dhcpcd", &links, &err), &err,
			  mkd_strv_free(&links));
	mkd_strv_free(&links);
	assert_ok(mkd_service_links(t, "dhcpcd", &links, &err), &err);
	assert_int_equal(links.n, 4);
	/* mkd_service_off: -ENOMEM */
	assert_nomem_some(mkd_service_off(&io, "dhcpcd", &err), &err, (void)0);
	mkd_strv_free(&links);
	assert_ok(mkd_service_links(t, "dhcpcd", &links, &err), &err);
	assert_int_equal(links.n, 0);
	assert_true(mkd_guest_has(t, "/etc/rc2.d/K01dhcpcd"));
	assert_true(mkd_guest_has(t, "/etc/rc2.d/S03dhcpcd2"));
	assert_true(mkd_guest_has(t, "/etc/systemd/system/a.target/dhcpcd.service"));
	tree_mem_free(t);
}

static void dhcpcd_says_what_it_cannot_do(void **state)
{
	static const struct {
		const char *spec, *lacks;
	} rows[] = {
		{ "ip=192.0.2.1/24,ip=2001:db8::1/64", NULL },
		{ "vlan=5", "a VLAN" },
		{ "ip=192.0.2.1/24,ip=192.0.2.2/24", "two static" },
		{ "ip=2001:db8::1/64,gateway=fe80::1", "gateway" },
		{ "ip6=auto,route=2001:db8::/48 via fe80::1", "IPv6 route" },
	};
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct model model = { "x", { rows[i].spec } };
		struct mkd_tree *t = make_root(&shapes[5]);
		struct ifaces m;
		unsigned before = tree_mem_changes(t);

		make_model(&model, &m);
		/* mkd_dhcpcd_set: -ENOTSUP */
		if (rows[i].lacks) {
			assert_fails(run(t, &shapes[5], &m, NULL, &err), &err, ENOTSUP,
				     MKD_EXIT_HOOK, rows[i].lacks);
			assert_int_equal(tree_mem_changes(t), before);
		} else {
			assert_ok(run(t, &shapes[5], &m, NULL, &err), &err);
		}
		tree_mem_free(t);
	}
}

static void dhcpcd_conf_keeps_what_is_others(void **state)
{
	static const char *const in[] = { "", "duid", "interface eth0\r\n  noipv6\r\n# c\r\n\r\n",
					  "# begin mkdomu\nx\n# end mkdomu\nprofile x\nnoarp",
					  "interface  eth0\nssid w\nnoarp\n" };
	struct mkd_err err = { 0 };
	struct ifaces m;

	(void)state;
	make_model(&models[0], &m);
	for (size_t i = 0; i < ARRAY_LEN(in); i++) {
		const struct mkd_nic_list list = { m.nics, m.n };
		cleanup_buf struct mkd_buf once = { 0 }, twice = { 0 };

		assert_ok(mkd_dhcpcd_edit(mkd_span_of(in[i]), &list, &once, &err), &err);
		assert_ok(mkd_dhcpcd_edit(mkd_span_buf(&once), &list, &twice, &err), &err);
		assert_string_equal(once.data, twice.data);
		assert_non_null(
			strstr(once.data, "# begin mkdomu\ninterface eth0\n# end mkdomu\n"));
		assert_true(!strstr(in[i], "noarp") || strstr(once.data, "\nnoarp"));
		assert_null(strstr(once.data, "\ninterface  eth0"));
		assert_true(!strstr(in[i], "noipv6") || strstr(once.data, "#  noipv6\r\n# c\r\n"));
	}
	/* mkd_dhcpcd_edit: -EINVAL */
	{
		const struct mkd_nic_list list = { m.nics, m.n };
		cleanup_buf struct mkd_buf out = { 0 };

		assert_fails(mkd_dhcpcd_edit(mkd_span_of("# begin mkdomu\nx\n"), &list, &out, &err),
			     &err, EINVAL, MKD_EXIT_HOOK, "end mkdomu");
	}
}

/* 10 MB of lines, the last of them not ended. */
static void large_files_are_edited(void **state)
{
	static const char line[] = "# a line that is nobody's business, just there\r\n";
	const size_t n = (size_t)10 * 1024 * 1024 / (sizeof(line) - 1);
	cleanup_buf struct mkd_buf in = { 0 }, out = { 0 }, again = { 0 };
	struct mkd_err err = { 0 };
	struct ifaces m;

	(void)state;
	make_model(&models[1], &m);
	for (size_t i = 0; i < n; i++)
		mkd_buf_str(&in, line);
	mkd_buf_str(&in, "interface eth0");
	const struct mkd_nic_list list = { m.nics, m.n };

	assert_ok(mkd_dhcpcd_edit(mkd_span_buf(&in), &list, &out, &err), &err);
	assert_ok(mkd_dhcpcd_edit(mkd_span_buf(&out), &list, &again, &err), &err);
	assert_int_equal(out.len, again.len);
	assert_memory_equal(out.data, again.data, out.len);
	assert_memory_equal(out.data, in.data, n * (sizeof(line) - 1));
}

static void dhcpv6_without_a_client_is_said(void **state)
{
	struct mkd_tree *t = make_root(&shapes[2]);
	struct mkd_err err = { 0 };
	struct test_ui ui;
	struct ifaces m;

	(void)state;
	test_ui_init(&ui);
	make_model(&models[2], &m);
	assert_ok(run(t, &shapes[2], &m, &ui, &err), &err);
	assert_non_null(strstr(mkd_buf_cstr(&ui.said), "has no DHCPv6"));
	mkd_buf_free(&ui.said);
	tree_mem_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_root_gets_every_model),
		cmocka_unit_test(the_tool_that_is_enabled_is_used),
		cmocka_unit_test(services_are_turned_off),
		cmocka_unit_test(dhcpcd_says_what_it_cannot_do),
		cmocka_unit_test(dhcpcd_conf_keeps_what_is_others),
		cmocka_unit_test(large_files_are_edited),
		cmocka_unit_test(dhcpv6_without_a_client_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
