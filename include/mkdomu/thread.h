/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thread.h - starting a thread. */
#ifndef MKDOMU_THREAD_H
#define MKDOMU_THREAD_H

#include <pthread.h>

#include "mkdomu/err.h"

/*
 * Run fn(arg) in a thread with all signals blocked, in it and in those that it starts: they are for
 * the thread that runs the stages. *ret is the caller's, for pthread_join(3).
 *	-ENOMEM  no room for another thread (INTERNAL)
 *	other    of pthread_create(3) (INTERNAL)
 */
must_check int mkd_thread_start(pthread_t *ret, void *(*fn)(void *), void *arg,
				struct mkd_err *err);

#endif
