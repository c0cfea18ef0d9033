/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base.h - attributes and scope-bound cleanup; includes no other mkdomu header. */
#ifndef MKDOMU_BASE_H
#define MKDOMU_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define must_check        __attribute__((warn_unused_result))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

/* DEFINE_CLEANUP(curl_easyp, CURL *, curl_easy_cleanup) then: cleanup(curl_easyp) CURL *h = NULL;
 */
#define cleanup(fn) __attribute__((cleanup(fn)))
#define DEFINE_CLEANUP(name, type, release) \
	static inline void name(type *p)    \
	{                                   \
		if (*p)                     \
			release(*p);        \
	}

static inline void freep_(void *p)
{
	free(*(void **)p);
}

static inline void closep_(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static inline void fclosep_(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

#define cleanup_free   cleanup(freep_)
#define cleanup_close  cleanup(closep_) /* initialise the fd to -1 */
#define cleanup_fclose cleanup(fclosep_)

/* Hand an owned value out of scope: return steal(&p), *ret_fd = steal_fd(&fd). */
#define steal(pp)                             \
	__extension__({                       \
		__typeof__(*(pp)) v_ = *(pp); \
		*(pp) = NULL;                 \
		v_;                           \
	})

static inline int steal_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}

#endif
