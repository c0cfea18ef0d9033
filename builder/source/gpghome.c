/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/gpghome.h"

#include <errno.h>
#include <fcntl.h>

#include "mkdomu/file.h"

/*
 * no-autostart: no agent is left behind. weak-digest: SHA1 is still good to gpg 2.2. trust-model:
 * the pins decide, not a web of trust. lock-never: nobody else knows the folder.
 */
static const char gpg_conf[] = "no-autostart\n"
			       "no-auto-key-retrieve\n"
			       "no-auto-key-import\n"
			       "disable-dirmngr\n"
			       "weak-digest SHA1\n"
			       "trust-model always\n"
			       "lock-never\n"
			       "no-greeting\n";

int mkd_gpghome_make(char **ret, struct mkd_err *err)
{
	cleanup_close int dir = -1;
	int r = mkd_tmpdir(ret, err);

	if (r < 0)
		return r;
	dir = open(*ret, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return mkd_fail_io(err, errno, "cannot open '%s'", *ret);
	return mkd_file_write(dir, "gpg.conf", gpg_conf, sizeof(gpg_conf) - 1, 0600, err);
}
