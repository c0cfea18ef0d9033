/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the person reads: after a build, and instead of one with --dry-run. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "mkdomu/job.h"
#include "mkdomu/look.h"
#include "mkdomu/size.h"

static double elapsed_sec(const struct mkd_job *j)
{
	struct timespec now = { 0 };
	int64_t ms;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - j->started_ms;
	return (double)ms / 1000;
}

static void when(int64_t sec, char buf[static 32])
{
	struct tm tm = { 0 };
	time_t t = (time_t)sec;

	(void)gmtime_r(&t, &tm);
	(void)strftime(buf, 32, "%Y-%m-%d %H:%M UTC", &tm);
}

static void source_lines(const struct mkd_job *j, struct mkd_buf *ret)
{
	const struct mkd_source *s = &j->source;
	char size[32], at[32];

	mkd_buf_printf(ret, "  source    %s (%s)\n", s->url, mkd_size_format(s->size_bytes, size));
	switch (s->trust) {
	case MKD_TRUST_SIGNATURE:
		when(s->signed_sec, at);
		mkd_buf_printf(ret, "  verified  signed by %s on %s\n", s->signer, at);
		break;
	case MKD_TRUST_DIGEST:
		mkd_buf_str(ret, "  verified  by the digest that was given\n");
		break;
	case MKD_TRUST_NONE:
		mkd_buf_str(ret,
			    "  verified  NO: --unverified was given; anybody may have made it\n");
		break;
	}
}

static void disk_lines(const struct mkd_job *j, struct mkd_buf *ret)
{
	const struct mkd_layout *l = &j->layout;
	const char *paths[MKD_DISKS] = { j->plan->disk, j->plan->swap_disk };
	char size[32];

	for (size_t i = 0; i < l->n_disks && i < MKD_DISKS; i++)
		mkd_buf_printf(ret, "  disk      %s (%s), %s in the guest%s\n", paths[i],
			       mkd_size_format(l->disks[i].size_bytes, size), l->disks[i].vdev,
			       l->disks[i].gpt ? ", GPT" : "");
	mkd_buf_printf(ret, "  root      %s, ext4, %s\n", l->root.dev,
		       mkd_size_format(l->root.size_bytes, size));
	if (l->swap_kind == MKD_SWAP_FILE)
		mkd_buf_printf(ret, "  swap      " MKD_SWAP_FILE_PATH ", %s\n",
			       mkd_size_format(l->swap_file_bytes, size));
	else if (l->swap_kind != MKD_SWAP_NONE)
		mkd_buf_printf(ret, "  swap      %s, %s\n", l->swap.dev,
			       mkd_size_format(l->swap.size_bytes, size));
	else
		mkd_buf_str(ret, "  swap      none\n");
}

static void nic_lines(const struct mkd_job *j, struct mkd_buf *ret)
{
	char mac[18], name[MKD_IFNAME_SIZE];

	for (size_t i = 0; i < j->plan->n_nics; i++) {
		const struct mkd_nic *n = &j->nics[i];

		mkd_buf_printf(ret, "  network   %s ", mkd_nic_name(n, name));
		if (n->vlan)
			mkd_buf_printf(ret, "VLAN %u,", n->vlan);
		else
			mkd_buf_printf(ret, "%s on %s,", mkd_mac_format(n->mac, mac),
				       n->bridge[0] ? n->bridge : "xl's default bridge");
		if (n->dhcp)
			mkd_buf_str(ret, " DHCP");
		for (size_t k = 0; k < n->n_addrs; k++)
			mkd_buf_printf(ret, " %s/%u", n->addrs[k].text, n->addrs[k].prefix);
		if (n->ip6 == MKD_IP6_DHCP)
			mkd_buf_str(ret, " DHCPv6");
		else if (n->ip6 == MKD_IP6_AUTO)
			mkd_buf_str(ret, " SLAAC");
		if (mkd_nic_is_bare(n))
			mkd_buf_str(ret, " no address");
		mkd_buf_str(ret, "\n");
	}
	if (!j->plan->n_nics)
		mkd_buf_str(ret, "  network   none\n");
}

static void system_line(const struct mkd_job *j, struct mkd_buf *ret)
{
	const struct mkd_facts *f = &j->facts;

	if (f->os_name[0])
		mkd_buf_printf(ret, "  system    %s, %s%s\n", f->os_name,
			       f->openrc ? "OpenRC on " : "", mkd_init_name(f->init));
}

/* A path for a shell; the plan refuses quotes and control characters in paths. */
static void create_line(const struct mkd_job *j, struct mkd_buf *ret)
{
	const char *q = strpbrk(j->plan->cfg_path, " *?[]$&;()<>|#~!{}`") ? "'" : "";

	mkd_buf_printf(ret, "\nStart it with:\n  xl create %s%s%s\n", q, j->plan->cfg_path, q);
}

static const char *kernel_note(const struct mkd_job *j)
{
	return j->plan->boot_guest ? " (the guest's own)"
	       : j->kernel_derived ? " (the newest on this host)"
				   : "";
}

void mkd_job_summary(const struct mkd_job *j, struct mkd_buf *ret)
{
	char size[32];

	mkd_buf_printf(ret, "Built the guest '%s' in %.1f s: %" PRIu64 " files, %s\n",
		       j->plan->name, elapsed_sec(j), j->rootfs.entries,
		       mkd_size_format(j->rootfs.data_bytes, size));
	source_lines(j, ret);
	system_line(j, ret);
	disk_lines(j, ret);
	nic_lines(j, ret);
	mkd_buf_printf(ret, "  kernel    %s%s\n", j->kernel, kernel_note(j));
	mkd_buf_printf(ret, "  login     %s\n", mkd_buf_cstr(&j->access));
	mkd_buf_printf(ret, "  config    %s\n", j->plan->cfg_path);
	if (j->plan->manifest_path)
		mkd_buf_printf(ret, "  manifest  %s\n", j->plan->manifest_path);
	create_line(j, ret);
}

void mkd_job_plan(const struct mkd_job *j, struct mkd_buf *ret)
{
	mkd_buf_str(ret, "\nOn this host:\n");
	for (size_t i = 0; i < j->n_disks; i++) {
		const struct mkd_target_info *t = &j->info[i];

		mkd_buf_printf(ret, "  %s: %s\n", t->name,
			       t->found[0]                    ? t->found
			       : t->kind == MKD_TARGET_DEVICE ? "a device without a known signature"
							      : "to be made");
	}
	disk_lines(j, ret);
	mkd_buf_printf(ret, "  kernel    %s%s\n", j->kernel, kernel_note(j));
	mkd_buf_printf(ret, "  ramdisk   %s\n", j->ramdisk ? j->ramdisk : "none");
}

/* What is not verified yet is not read, unless it never will be. */
int mkd_job_plan_facts(const struct mkd_job *j, struct mkd_buf *ret, struct mkd_err *err)
{
	const struct mkd_plan *p = j->plan;
	const struct mkd_look_req req = {
		.path = p->tarball, .strip = p->strip, .threads = p->threads, .ui = j->ui
	};
	bool local = p->tarball && !strstr(p->tarball, "://");
	int r = 0;

	mkd_buf_str(ret, "\nIn the root:\n");
	if (local && p->unverified)
		r = mkd_look(&req, ret, err);
	else if (local)
		mkd_buf_printf(
			ret,
			"  known once the tarball is verified; 'mkdomu facts %s' looks into it "
			"as it is\n",
			p->tarball);
	else
		mkd_buf_str(ret, "  known only after the download\n");
	if (r < 0)
		return r;
	mkd_buf_str(ret, "Nothing was touched (--dry-run).\n");
	return mkd_buf_check(ret, err);
}
