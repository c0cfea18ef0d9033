/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/jailcap.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "mkdomu/jail.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "jailcap.c: say what AUDIT_ARCH_* this machine is"
#endif
#define X32_BIT 0x40000000u

#define BIT(cap) (UINT64_C(1) << (cap))
/* Files may be written whatever their mode, as a program run by root expects. */
#define FILE_CAPS (BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_FSETID))
#define ROOT_CAPS                                                                               \
	(FILE_CAPS | BIT(CAP_SYS_CHROOT) | BIT(CAP_MKNOD) | BIT(CAP_SETUID) | BIT(CAP_SETGID) | \
	 BIT(CAP_SETFCAP) | BIT(CAP_KILL))

/*
 * What no hook needs: other namespaces (with a user namespace of its own a process has every
 * capability in there), mounts, other processes' memory, keys, the kernel itself.
 */
static const unsigned denied[] = {
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_move_mount,
	SYS_open_tree,
	SYS_fsopen,
	SYS_fsconfig,
	SYS_fsmount,
	SYS_fspick,
	SYS_mount_setattr,
	SYS_setns,
	SYS_unshare,
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_pidfd_getfd,
	SYS_kcmp,
	SYS_add_key,
	SYS_request_key,
	SYS_keyctl,
	SYS_bpf,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_io_uring_setup,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_reboot,
	SYS_swapon,
	SYS_swapoff,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_adjtimex,
	SYS_clock_adjtime,
	SYS_acct,
	SYS_syslog,
	SYS_quotactl,
	SYS_open_by_handle_at,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_fanotify_init,
	SYS_lookup_dcookie,
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
#ifdef SYS_iopl
	SYS_iopl,
	SYS_ioperm,
	SYS_modify_ldt,
#endif
};

#define NAMESPACES                                                                                 \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
	 CLONE_NEWCGROUP)
#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field))
#define FAIL(code) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (code))
/* The next instruction is for calls of this number alone. */
#define ONLY(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1)

/* clone3(2) has its flags in memory, where a filter does not see them: glibc then takes clone. */
static const struct sock_filter head[] = {
	LOAD(arch),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
	FAIL(ENOSYS),
	LOAD(nr),
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1),
	FAIL(ENOSYS),
	ONLY(SYS_clone3),
	FAIL(ENOSYS),
};
static const struct sock_filter tail[] = {
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
	LOAD(args[0]), /* its low half, on a little-endian machine */
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1),
	FAIL(EPERM),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static int filter(void)
{
	struct sock_filter code[ARRAY_LEN(head) + 2 * ARRAY_LEN(denied) + ARRAY_LEN(tail)];
	struct sock_fprog prog = { .filter = code };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(head); i++)
		code[n++] = head[i];
	for (size_t i = 0; i < ARRAY_LEN(denied); i++) {
		code[n++] = (struct sock_filter)ONLY(denied[i]);
		code[n++] = (struct sock_filter)FAIL(EPERM);
	}
	for (size_t i = 0; i < ARRAY_LEN(tail); i++)
		code[n++] = tail[i];
	prog.len = (unsigned short)n;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) != 0 ? -errno : 0;
}

static int limit(void)
{
	static const struct {
		int what;
		rlim_t max;
	} limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_NOFILE, 1024 },
		{ RLIMIT_NPROC, MKD_JAIL_PROCESSES },
		{ RLIMIT_MEMLOCK, 64 * KIB },
		{ RLIMIT_MSGQUEUE, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct rlimit now;

		if (getrlimit(limits[i].what, &now) != 0)
			return -errno;
		if (now.rlim_max > limits[i].max)
			now.rlim_max = limits[i].max;
		if (now.rlim_cur > now.rlim_max)
			now.rlim_cur = now.rlim_max;
		if (setrlimit(limits[i].what, &now) != 0)
			return -errno;
	}
	return 0;
}

/*
 * execve(2) gives root what the bounding set has; what is held now goes too, as the rest of the way
 * there needs none of it.
 */
static int bound(uint64_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	for (unsigned cap = 0; cap < 64; cap++) {
		if (keep & BIT(cap))
			continue;
		/* EINVAL: past the last one that this kernel has */
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0 && errno != EINVAL)
			return -errno;
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_LEN(data); i++)
		data[i].effective = data[i].permitted = (uint32_t)(keep >> (32 * i));
	return syscall(SYS_capset, &header, data) != 0 ? -errno : 0;
}

int mkd_jailcap_drop(bool mounted, const char **step)
{
	int r;

	*step = "setting limits";
	r = limit();
	if (r < 0)
		return r;
	*step = "dropping capabilities";
	r = bound(mounted ? ROOT_CAPS : FILE_CAPS);
	if (r < 0)
		return r;
	*step = "filtering system calls";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	return filter();
}
