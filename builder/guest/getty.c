/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/getty.h"

#include <string.h>

bool mkd_span_numbered(struct mkd_span s, const char *prefix)
{
	size_t at = strlen(prefix);

	if (!mkd_span_starts(s, prefix) || s.len == at)
		return false;
	for (; at < s.len; at++)
		if (s.p[at] < '0' || s.p[at] > '9')
			return false;
	return true;
}

enum mkd_port mkd_port_of(struct mkd_span word)
{
	if (mkd_span_starts(word, "/dev/")) {
		word.p += 5;
		word.len -= 5;
	}
	if (mkd_span_is(word, "hvc0"))
		return MKD_PORT_HVC0;
	if (mkd_span_is(word, "console"))
		return MKD_PORT_CONSOLE;
	if (mkd_span_numbered(word, "ttyS") || mkd_span_numbered(word, "ttyAMA"))
		return MKD_PORT_SERIAL;
	return mkd_span_numbered(word, "tty") ? MKD_PORT_VIRTUAL : MKD_PORT_NONE;
}

bool mkd_is_getty(struct mkd_span program)
{
	static const char name[] = "getty";
	size_t len = sizeof(name) - 1;

	return program.len >= len && memcmp(program.p + program.len - len, name, len) == 0;
}

enum mkd_port mkd_getty_port(struct mkd_span process)
{
	struct mkd_span word;
	enum mkd_port port = MKD_PORT_NONE;

	if (!mkd_word_next(&process, &word) || !mkd_is_getty(word))
		return MKD_PORT_NONE;
	while (port == MKD_PORT_NONE && mkd_word_next(&process, &word))
		port = mkd_port_of(word);
	return port;
}
