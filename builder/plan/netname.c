/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names: of interfaces, hosts and domains. Part of net.h. */
#include "mkdomu/net.h"

#include <errno.h>
#include <string.h>

static int bad(struct mkd_err *err, const char *origin, const char *value, const char *why)
{
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "%s: '%s' %s", origin, value, why);
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

const char *mkd_mac_format(const uint8_t mac[static 6], char buf[static 18])
{
	(void)snprintf(buf, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		       mac[4], mac[5]);
	return buf;
}

const char *mkd_nic_name(const struct mkd_nic *nic, char buf[static MKD_IFNAME_SIZE])
{
	if (nic->vlan)
		(void)snprintf(buf, MKD_IFNAME_SIZE, "eth%u.%u", (unsigned)nic->devid % 100,
			       nic->vlan % 4096);
	else
		(void)snprintf(buf, MKD_IFNAME_SIZE, "eth%u", (unsigned)nic->devid % 100);
	return buf;
}

static bool label_ok(const char *label, size_t len)
{
	if (!len || len > 63 || label[0] == '-' || label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(label[i]) && label[i] != '-')
			return false;
	return true;
}

/* Where a name's labels are wrong, or NULL. */
static const char *bad_label(const char *label)
{
	for (;;) {
		size_t len = strcspn(label, ".");

		if (!label_ok(label, len))
			return label;
		if (!label[len])
			return NULL;
		label += len + 1;
	}
}

#define LABELS                                                                                  \
	"use labels of 1 to 63 letters, digits and '-' (not at their ends), with dots between " \
	"them"

int mkd_hostname_check(const char *name, const char *origin, struct mkd_err *err)
{
	if (strlen(name) > MKD_HOSTNAME_LEN)
		return bad(err, origin, name,
			   "is not a host name: the kernel takes up to 64 characters");
	return bad_label(name) ? bad(err, origin, name, "is not a host name: " LABELS) : 0;
}

int mkd_domain_check(const char *name, const char *origin, struct mkd_err *err)
{
	if (strlen(name) > MKD_DOMAIN_LEN)
		return bad(err, origin, name, "is not a domain: DNS takes up to 253 characters");
	return bad_label(name) ? bad(err, origin, name, "is not a domain: " LABELS) : 0;
}
