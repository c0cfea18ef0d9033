/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Once the tarball is known, so is everything that the config says: rendered before the disk is
 * touched, so that a value which the format cannot carry costs nothing.
 */
#include <string.h>

#include "mkdomu/hash.h"
#include "mkdomu/job.h"
#include "mkdomu/sha256.h"
#include "mkdomu/stream.h"
#include "mkdomu/xl.h"
#include "mkdomu/users.h"

/* net.ifnames=0: udev 250 and later would rename the first NIC to enX0. */
#define CMDLINE "root=%s ro console=hvc0 net.ifnames=0%s%s"

/*
 * What is unpacked, not how it is packed: the base image is the same for .tar, .tar.xz, .tar.zst.
 * The stream that gives it is the one that the root file system is made from later.
 */
static int digest_start(struct mkd_job *j, struct mkd_err *err)
{
	const struct mkd_stream_req req = {
		.fd = j->source.fd,
		.name = j->source.file,
		.threads = j->plan->threads,
		.max_plain_bytes = mkd_rootfs_plain_limit(j->layout.root.size_bytes),
		.digest = j->source.pending,
	};
	const void *data = "";
	size_t len = 0;
	int r = j->plain ? 0 : mkd_stream_open(&req, &j->plain, err);

	if (r == 0)
		r = mkd_stream_peek(j->plain, &data, &len, err);
	return r < 0 ? r : mkd_sha256(data, len, j->start_sha256, err);
}

/* The header of a swap file has an identity, and is written together with the files. */
static bool wants_digest(const struct mkd_job *j)
{
	return j->source.pending && !j->plan->seed && j->layout.swap_kind == MKD_SWAP_FILE;
}

static int digest_now(struct mkd_job *j, struct mkd_err *err)
{
	struct mkd_source *s = &j->source;
	struct mkd_digests got;
	int r = mkd_hash_fd(s->fd, s->size_bytes, 0, j->ui, &got, err);

	if (r < 0)
		return r;
	memcpy(s->sha256, got.of[MKD_ALGO_SHA256], sizeof(s->sha256));
	s->pending = false;
	return 0;
}

static void tell_digest(const struct mkd_job *j)
{
	char hex[2 * sizeof(j->source.sha256) + 1];

	for (size_t i = 0; i < sizeof(j->source.sha256); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", j->source.sha256[i]);
	mkd_say(j->ui, MKD_DEBUG, "the tarball '%s' has the SHA256 digest %s", j->source.file, hex);
}

static void make_identity(struct mkd_job *j)
{
	const struct mkd_plan *p = j->plan;

	mkd_identity_base(p->start_sha256 ? p->start_sha256 : j->start_sha256, &j->base);
	if (p->seed)
		(void)snprintf(j->seed, sizeof(j->seed), "%s", p->seed);
	else
		(void)mkd_identity_seed(p->profile ? p->profile : "", j->source.sha256, j->seed);
	mkd_identity_make(j->seed, p->name, &j->id);
	for (size_t i = 0; j->logins && i < p->n_users; i++)
		mkd_identity_salt(j->seed, p->name, p->users[i].name, j->logins[i].salt);
	for (size_t i = 0; i < p->n_nics; i++) {
		j->nics[i] = p->nics[i];
		if (!j->nics[i].mac_given)
			mkd_identity_mac(j->seed, p->name, j->nics[i].devid, j->nics[i].mac);
	}
}

/* What it was made from, without a URL or a time: the same inputs give the same bytes. */
static void comment(const struct mkd_job *j, struct mkd_buf *ret)
{
	const struct mkd_source *s = &j->source;

	mkd_buf_printf(ret, "made by mkdomu %s from %s\nsha256 ", MKD_VERSION, s->file);
	for (size_t i = 0; i < sizeof(s->sha256); i++)
		mkd_buf_printf(ret, "%02x", s->sha256[i]);
	if (s->trust == MKD_TRUST_SIGNATURE)
		mkd_buf_printf(ret, "\nsigned by %s", s->signer);
	else if (s->trust == MKD_TRUST_DIGEST)
		mkd_buf_str(ret, "\nchecked by a given digest");
	else
		mkd_buf_str(ret, "\nNOT VERIFIED");
}

struct strings { /* what the domain's pointers point to */
	char uuid[37], mac[MKD_NICS][18], ip[MKD_NICS][MKD_NIC_ADDRS * MKD_ADDR_LEN];
	struct mkd_xl_disk disks[MKD_DISKS];
	struct mkd_xl_vif vifs[MKD_NICS];
	size_t n_vifs;
};

static void vifs(const struct mkd_job *j, struct strings *s)
{
	for (size_t i = 0; i < j->plan->n_nics; i++) {
		const struct mkd_nic *nic = &j->nics[i];
		size_t used = 0, at = s->n_vifs;

		if (nic->vlan) /* the guest's alone */
			continue;
		s->n_vifs++;

		/* Xen's scripts hand each to iptables, which takes no IPv6. */
		for (size_t k = 0; k < nic->n_addrs; k++)
			if (!nic->addrs[k].v6)
				used += (size_t)snprintf(s->ip[at] + used, sizeof(s->ip[at]) - used,
							 "%s%s", used ? " " : "",
							 nic->addrs[k].text);
		s->vifs[at] = (struct mkd_xl_vif){
			.mac = mkd_mac_format(nic->mac, s->mac[at]),
			.bridge = nic->bridge,
			.mtu = nic->mtu,
			.ip = used ? s->ip[at] : NULL,
		};
	}
}

/* All that hangs on the tarball's digest. */
int mkd_job_render(struct mkd_job *j, struct mkd_err *err)
{
	const struct mkd_plan *p = j->plan;
	const char *paths[MKD_DISKS] = { p->disk, p->swap_disk };
	cleanup_buf struct mkd_buf cmdline = { 0 }, about = { 0 };
	struct strings s = { 0 };
	struct mkd_xl_domain d;
	int r;

	make_identity(j);
	mkd_buf_printf(&cmdline, CMDLINE, j->layout.root.dev, p->extra ? " " : "",
		       p->extra ? p->extra : "");
	comment(j, &about);
	for (size_t i = 0; i < j->layout.n_disks && i < MKD_DISKS; i++)
		s.disks[i] = (struct mkd_xl_disk){ j->layout.disks[i].vdev, paths[i] };
	vifs(j, &s);
	r = mkd_buf_check(&cmdline, err);
	if (r == 0)
		r = mkd_buf_check(&about, err);
	if (r < 0)
		return r;
	d = (struct mkd_xl_domain){
		.comment = mkd_buf_cstr(&about),
		.name = p->name,
		.uuid = mkd_uuid_format(j->id.domain_uuid, s.uuid),
		.type = p->type,
		.kernel = j->kernel,
		.ramdisk = j->ramdisk,
		.cmdline = mkd_buf_cstr(&cmdline),
		.memory_mib = p->memory_mib,
		.maxmem_mib = p->maxmem_mib,
		.vcpus = p->vcpus,
		.disks = s.disks,
		.n_disks = j->layout.n_disks,
		.vifs = s.vifs,
		.n_vifs = s.n_vifs,
		.on_poweroff = p->on_poweroff,
		.on_reboot = p->on_reboot,
		.on_crash = p->on_crash,
	};
	mkd_buf_reset(&j->cfg);
	return mkd_xl_render(&d, &j->cfg, err);
}

int mkd_job_config(void *job, struct mkd_err *err)
{
	struct mkd_job *j = job;
	int r = wants_digest(j) ? digest_now(j, err) : 0;

	if (r == 0)
		r = digest_start(j, err);
	if (r == 0)
		r = mkd_job_render(j, err);
	if (r == 0 && !j->source.pending)
		tell_digest(j);
	return r;
}

int mkd_job_digest(void *job, struct mkd_err *err)
{
	struct mkd_job *j = job;
	struct mkd_source *s = &j->source;
	int r;

	if (!s->pending)
		return 0;
	memcpy(s->sha256, j->rootfs.tar_sha256, sizeof(s->sha256));
	s->size_bytes = j->rootfs.tar_bytes;
	tell_digest(j);
	r = mkd_job_render(j, err);
	s->pending = r < 0;
	return r;
}
