/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/verbs.h"

#include <string.h>

static const struct mkd_verb verbs[] = {
	{ "digest", mkd_verb_digest }, { "facts", mkd_verb_facts },
	{ "hooks", mkd_verb_hooks },   { "profiles", mkd_verb_profiles },
	{ "verify", mkd_verb_verify },
};

const struct mkd_verb *mkd_verb_find(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(verbs); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return &verbs[i];
	return NULL;
}
