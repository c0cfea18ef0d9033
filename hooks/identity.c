/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/hooks.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/access.h"

/* What one guest made for itself alone: keys, entropy, leases, names of network cards. */
static const struct {
	const char *dir, *pattern;
} own[] = {
	{ "/etc/ssh", "ssh_host_*key" },
	{ "/etc/ssh", "ssh_host_*key.pub" },
	{ "/etc/ssh", "ssh_host_*-cert.pub" },
	{ "/etc/dropbear", "dropbear_*_host_key" },
	{ "/root/.ssh", "known_hosts*" },
	{ "/var/lib/systemd", "random-seed" },
	{ "/var/lib/systemd", "credential.secret" },
	{ "/var/lib/misc", "random-seed" },
	{ "/var/lib/urandom", "random-seed" },
	{ "/var/lib/seedrng", "seed.*" },
	{ "/var/lib/dhcp", "*.leases*" },
	{ "/var/lib/dhclient", "*.lease*" },
	{ "/var/lib/dhcpcd", "*.lease*" },
	{ "/var/lib/dhcpcd", "duid" },
	{ "/var/lib/dhcpcd", "secret" },
	{ "/etc", "dhcpcd.duid" },
	{ "/etc", "dhcpcd.secret" },
	{ "/var/lib/NetworkManager", "*.lease" },
	{ "/var/lib/NetworkManager", "secret_key" },
	{ "/etc/udev/rules.d", "70-persistent-*.rules" },
};

static int remove_file(const struct mkd_guest_io *io, const char *dir, const char *name,
		       struct mkd_err *err)
{
	cleanup_free char *path = NULL;
	struct mkd_tree_stat st;
	int r = mkd_asprintf(&path, err, "%s/%s", dir, name);

	if (r < 0)
		return r;
	r = mkd_tree_stat(io->tree, path, false, &st, err);
	if (r < 0)
		return r;
	if ((st.mode & S_IFMT) == S_IFDIR)
		return 0;
	return mkd_guest_remove(io, path, err);
}

static int remove_own(const struct mkd_guest_io *io, const char *dir, const char *pattern,
		      struct mkd_err *err)
{
	cleanup_strv struct mkd_strv names = { 0 };
	int r = mkd_tree_list(io->tree, dir, &names, err);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (fnmatch(pattern, names.v[i], FNM_PERIOD) == 0)
			r = remove_file(io, dir, names.v[i], err);
	return r;
}

/* dbus keeps a copy, unless it is a link to the other. */
static int set_machine_id(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const char path[] = "/etc/machine-id", dbus[] = "/var/lib/dbus/machine-id";
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_tree_stat st;
	struct mkd_err ignored;
	cleanup_free char *line = NULL;
	int r = mkd_asprintf(&line, err, "%s\n", c->guest->machine_id);

	if (r == 0)
		r = mkd_guest_write(&io, path, line, 0444, err);
	if (r == 0)
		r = mkd_tree_stat(c->tree, path, true, &st, err);
	if (r == 0 && (st.mode & 07777) != 0444)
		r = mkd_tree_chmod(c->tree, path, 0444, err);
	if (r == 0 && mkd_tree_stat(c->tree, dbus, false, &st, &ignored) == 0 &&
	    (st.mode & S_IFMT) == S_IFREG)
		r = mkd_guest_write(&io, dbus, line, 0444, err);
	return r;
}

static bool wants_machine_id(const struct mkd_hook_ctx *c)
{
	static const char *const users[] = { "/etc/machine-id", "/usr/bin/dbus-daemon",
					     "/usr/bin/dbus-broker", "/var/lib/dbus", NULL };

	return c->guest->machine_id &&
	       (c->facts->init == MKD_INIT_SYSTEMD || mkd_guest_first(c->tree, users) ||
		mkd_guest_has(c->tree, "/etc/machine-id"));
}

/*
 * Debian makes host keys when the package is installed, never at boot. The unit runs when a key is
 * missing, so also when somebody else has taken an image of the guest and removed them.
 */
static const char keygen[] = "[Unit]\n"
			     "Description=Host keys of sshd\n"
			     "Before=ssh.service sshd.service ssh.socket sshd.socket\n"
			     "ConditionPathExists=|!/etc/ssh/ssh_host_ed25519_key\n"
			     "ConditionPathExists=|!/etc/ssh/ssh_host_rsa_key\n"
			     "\n"
			     "[Service]\n"
			     "Type=oneshot\n"
			     "ExecStart=%s -A\n"
			     "\n"
			     "[Install]\n"
			     "WantedBy=multi-user.target\n";

static int make_host_keys(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const char *const programs[] = { "/usr/bin/ssh-keygen", "/bin/ssh-keygen", NULL };
	const char *program = mkd_guest_first(c->tree, programs);
	const struct mkd_guest_io io = mkd_hook_io(c);
	cleanup_free char *text = NULL;
	int r;

	if (c->facts->init != MKD_INIT_SYSTEMD || !c->facts->sshd || !program ||
	    mkd_access_makes_host_keys(c->tree, c->facts))
		return 0;
	r = mkd_asprintf(&text, err, keygen, program);
	if (r == 0)
		r = mkd_tree_mkdirs(c->tree, "/etc/systemd/system", 0755, err);
	if (r == 0)
		r = mkd_guest_write(&io, "/etc/systemd/system/" MKD_KEYGEN_UNIT, text, 0644, err);
	return r < 0 ? r : mkd_unit_enable(&io, c->facts, MKD_KEYGEN_UNIT, err);
}

int mkd_hook_identity(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(own); i++)
		r = remove_own(&io, own[i].dir, own[i].pattern, err);
	if (r == 0 && wants_machine_id(c))
		r = set_machine_id(c, err);
	if (r == 0)
		r = make_host_keys(c, err);
	return r;
}
