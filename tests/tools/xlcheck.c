/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xlcheck FILE: reads a domU config with Xen's own parser (libxlutil; no hypervisor is asked) and
 * prints what xl would understand, one "key=value" a line, in an order of its own. Exit 0 when all
 * of it is understood; 1 on a syntax error, a warning, a key that xl would not read, a disk or vif
 * that xl would not take; 2 when the file cannot be read.
 *
 * The vif syntax is in xl itself, not in the library, so it is followed here: xl-network-
 * configuration(5), Xen 4.17.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxl.h>
#include <libxlutil.h>

static int problems;

static void problem(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void problem(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("xlcheck: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	problems++;
}

static const char *const string_keys[] = { "name",       "type",        "uuid",      "kernel",
					   "ramdisk",    "cmdline",     "root",      "extra",
					   "bootloader", "on_poweroff", "on_reboot", "on_crash" };
static const char *const number_keys[] = { "memory", "maxmem", "vcpus", "maxvcpus" };
static const char *const list_keys[] = { "disk", "vif" };
#define N(a) (sizeof(a) / sizeof((a)[0]))

static int known(const char *key, const char *const *list, size_t n)
{
	while (n--)
		if (strcmp(key, list[n]) == 0)
			return 1;
	return 0;
}

/*
 * xl ignores keys that it does not know, and an assignment given twice silently wins over the
 * first; both are mistakes in a file that a program wrote. Looks at lines that start with a key,
 * which is how mkdomu writes them.
 */
static void check_keys(const char *text)
{
	char seen[64][32];
	size_t n = 0;

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		char key[32];
		size_t len;

		line += *line == '\n';
		len = strspn(line, "abcdefghijklmnopqrstuvwxyz_0123456789.");
		if (!len || len >= sizeof(key))
			continue;
		memcpy(key, line, len);
		key[len] = '\0';
		if (!known(key, string_keys, N(string_keys)) &&
		    !known(key, number_keys, N(number_keys)) &&
		    !known(key, list_keys, N(list_keys)))
			problem("xl would ignore the key '%s'", key);
		for (size_t i = 0; i < n; i++)
			if (strcmp(seen[i], key) == 0)
				problem("the key '%s' is given twice", key);
		if (n < N(seen))
			memcpy(seen[n++], key, sizeof(key));
	}
}

static void show_scalars(XLU_Config *cfg)
{
	const char *s;
	long n;

	for (size_t i = 0; i < N(string_keys); i++)
		if (xlu_cfg_get_string(cfg, string_keys[i], &s, 0) == 0)
			printf("%s=%s\n", string_keys[i], s);
	for (size_t i = 0; i < N(number_keys); i++)
		if (xlu_cfg_get_long(cfg, number_keys[i], &n, 0) == 0)
			printf("%s=%ld\n", number_keys[i], n);
	if (xlu_cfg_get_string(cfg, "name", &s, 1) != 0)
		problem("no name");
	if (xlu_cfg_get_string(cfg, "kernel", &s, 1) != 0 &&
	    xlu_cfg_get_string(cfg, "bootloader", &s, 1) != 0)
		problem("neither kernel nor bootloader");
	if (xlu_cfg_get_string(cfg, "uuid", &s, 1) == 0) {
		libxl_uuid uuid;

		if (libxl_uuid_from_string(&uuid, s) != 0)
			problem("uuid '%s' does not parse", s);
	}
}

static void show_actions(XLU_Config *cfg)
{
	static const char *const keys[] = { "on_poweroff", "on_reboot", "on_crash" };

	for (size_t i = 0; i < N(keys); i++) {
		libxl_action_on_shutdown action;
		const char *s;

		if (xlu_cfg_get_string(cfg, keys[i], &s, 1) == 0 &&
		    libxl_action_on_shutdown_from_string(s, &action) != 0)
			problem("unknown action %s = '%s'", keys[i], s);
	}
}

/* "xvda", "xvdab12"; partition 0 or 1 to 255 as in xen-vbd-interface(7) */
static int vdev_makes_sense(const char *s)
{
	size_t letters;
	char *end;
	long part;

	if (!s || strncmp(s, "xvd", 3) != 0)
		return 0;
	letters = strspn(s += 3, "abcdefghijklmnopqrstuvwxyz");
	if (!letters || letters > 2)
		return 0;
	if (!*(s += letters))
		return 1;
	part = strtol(s, &end, 10);
	return isdigit((unsigned char)*s) && !*end && part >= 1 && part <= 255;
}

static void show_disk(XLU_Config *cfg, const char *spec)
{
	libxl_device_disk d;

	libxl_device_disk_init(&d);
	if (!spec || xlu_disk_parse(cfg, 1, &spec, &d) != 0) {
		problem("disk '%s' does not parse", spec ? spec : "(not a string)");
	} else {
		printf("disk=vdev=%s format=%s access=%s script=%s target=%s\n", d.vdev,
		       libxl_disk_format_to_string(d.format), d.readwrite ? "rw" : "ro",
		       d.script ? d.script : "", d.pdev_path ? d.pdev_path : "");
		if (!vdev_makes_sense(d.vdev))
			problem("disk '%s': vdev '%s' makes no sense", spec, d.vdev);
		if (!d.pdev_path || *d.pdev_path != '/')
			problem("disk '%s': no absolute target", spec);
	}
	libxl_device_disk_dispose(&d);
}

static void show_vif(const char *spec)
{
	static const char *const keys[] = {
		"mac",   "bridge", "gatewaydev", "vifname", "script", "ip",      "backend",  "rate",
		"devid", "mtu",    "vlan",       "type",    "model",  "trusted", "untrusted"
	};
	char *copy = spec ? strdup(spec) : NULL, *save = NULL;
	int has_mac = 0;

	if (!copy) {
		problem("vif is not a string");
		return;
	}
	printf("vif=%s\n", spec);
	for (char *part = strtok_r(copy, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		char *value = strchr(part, '=');
		unsigned b[6];
		int end = 0;

		if (value)
			*value++ = '\0';
		if (!known(part, keys, N(keys)) || !value || !*value)
			problem("vif '%s': unrecognised '%s'", spec, part);
		else if (strcmp(part, "mac") == 0) {
			has_mac = sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2],
					 &b[3], &b[4], &b[5], &end) == 6 &&
				  !value[end];
			if (!has_mac || (b[0] & 1))
				problem("vif '%s': bad mac", spec);
		}
	}
	if (!has_mac)
		problem("vif '%s': no mac, so a new one at each start", spec);
	free(copy);
}

static void show_lists(XLU_Config *cfg)
{
	XLU_ConfigList *list;
	int n;

	if (xlu_cfg_get_list(cfg, "disk", &list, &n, 0) == 0)
		for (int i = 0; i < n; i++)
			show_disk(cfg, xlu_cfg_get_listitem(list, i));
	if (xlu_cfg_get_list(cfg, "vif", &list, &n, 0) == 0)
		for (int i = 0; i < n; i++)
			show_vif(xlu_cfg_get_listitem(list, i));
}

int main(int argc, char **argv)
{
	static char text[1 << 20];
	char *said = NULL;
	size_t said_len = 0, len;
	XLU_Config *cfg;
	FILE *f, *report;

	f = argc == 2 ? fopen(argv[1], "r") : NULL;
	report = open_memstream(&said, &said_len);
	if (!f || !report) {
		fprintf(stderr, "usage: xlcheck FILE (readable)\n");
		return 2;
	}
	len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	cfg = xlu_cfg_init(report, argv[1]);
	if (!cfg || strlen(text) != len || xlu_cfg_readdata(cfg, text, (int)len) != 0) {
		fclose(report);
		problem("'%s' does not parse: %s", argv[1], said);
		return 1;
	}
	check_keys(text);
	show_scalars(cfg);
	show_actions(cfg);
	show_lists(cfg);
	xlu_cfg_destroy(cfg);
	fclose(report);
	if (said_len)
		problem("the parser warned: %s", said);
	free(said);
	return problems != 0;
}
