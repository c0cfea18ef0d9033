/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/thread.h"

#include <errno.h>
#include <signal.h>

int mkd_thread_start(pthread_t *ret, void *(*fn)(void *), void *arg, struct mkd_err *err)
{
	sigset_t all, old;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(ret, NULL, fn, arg);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r == EAGAIN || r == ENOMEM)
		return mkd_fail(err, MKD_EXIT_INTERNAL, ENOMEM, "cannot start a thread: no room");
	if (r != 0)
		return mkd_fail_errno(err, MKD_EXIT_INTERNAL, r, "cannot start a thread");
	return 0;
}
