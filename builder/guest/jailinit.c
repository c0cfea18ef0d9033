/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/jailinit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "mkdomu/file.h"
#include "mkdomu/jailcap.h"
#include "mkdomu/jailfs.h"

DEFINE_CLEANUP(closedirp, DIR *, closedir)

#define CONTROL 3 /* the descriptors that the first process keeps */
#define OUTPUT  4
#define LOOK_MS 200

/* -- messages -- */

int mkd_jail_send(int socket, const struct mkd_jail_msg *msg, int fd)
{
	struct mkd_jail_msg copy = *msg; /* an iovec has no const */
	struct iovec iov = { &copy, sizeof(copy) };
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
						   .cmsg_level = SOL_SOCKET,
						   .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		m.msg_control = control.room;
		m.msg_controllen = sizeof(control.room);
	}
	while (sendmsg(socket, &m, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int mkd_jail_receive(int socket, struct mkd_jail_msg *ret, int *ret_fd)
{
	struct iovec iov = { ret, sizeof(*ret) };
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof(control.room) };
	ssize_t n;

	if (ret_fd)
		*ret_fd = -1;
	do
		n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (n != (ssize_t)sizeof(*ret))
		return n ? -EPROTO : 0;
	if (ret_fd && CMSG_FIRSTHDR(&m) && CMSG_FIRSTHDR(&m)->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(*ret_fd));
	ret->what[sizeof(ret->what) - 1] = '\0';
	return 1;
}

static void tell(enum mkd_jail_kind kind, int value, const char *what)
{
	struct mkd_jail_msg msg = { .kind = (int)kind, .value = value };

	(void)snprintf(msg.what, sizeof(msg.what), "%s", what);
	(void)mkd_jail_send(CONTROL, &msg, -1);
}

static void __attribute__((noreturn)) give_up(int r, const char *step)
{
	tell(MKD_JAIL_FAILED, -r, step);
	_exit(1);
}

/* -- making the jail -- */

/* Nothing of the caller's may stay open in here: not the disk, not the other end of the socket. */
static int keep_two(const struct mkd_jail_init *in)
{
	int control = fcntl(in->control, F_DUPFD_CLOEXEC, 10);
	int output = fcntl(in->output, F_DUPFD_CLOEXEC, 10);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (control < 0 || output < 0 || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup2(null, 2) < 0 || dup3(control, CONTROL, O_CLOEXEC) < 0 ||
	    dup3(output, OUTPUT, O_CLOEXEC) < 0 || close_range(OUTPUT + 1, ~0u, 0) != 0)
		return -errno;
	return 0;
}

static int write_text(const char *path, const char *text)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : mkd_write_full(fd, text, strlen(text));
}

static int write_map(const char *who, const char *name, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%s/%s", who, name);
	return write_text(path, text);
}

/* Root of the user namespace that who, a name in /proc, is in becomes uid and gid outside of it. */
static int map_root(const char *who, uid_t uid, gid_t gid)
{
	char text[64];
	int r = write_map(who, "setgroups", "deny");

	(void)snprintf(text, sizeof(text), "0 %u 1", uid);
	if (r == 0)
		r = write_map(who, "uid_map", text);
	(void)snprintf(text, sizeof(text), "0 %u 1", gid);
	return r < 0 ? r : write_map(who, "gid_map", text);
}

static int build(const struct mkd_jail_init *in, bool *has_proc, const char **step)
{
	int r;

	*step = "closing descriptors";
	r = keep_two(in);
	if (r == 0 && in->uid != 0) {
		*step = "becoming root of its user namespace";
		r = map_root("self", in->uid, in->gid);
	}
	if (r == 0)
		r = mkd_jailfs_build(in->req, in->owner, has_proc, step);
	if (r < 0)
		return r;
	*step = "naming it";
	return sethostname("mkdomu", 6) != 0 || setdomainname("(none)", 6) != 0 ? -errno : 0;
}

/* -- the program -- */

/*
 * Become root of the user namespace, which is somebody else outside: the first process has set the
 * maps. It does, as for that this one would have to be dumpable, and until execve(2) it is a copy
 * of a program that has read secrets.
 */
static int become_mapped(void)
{
	if (setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0)
		return -errno;
	/* another user: that set it to fs.suid_dumpable, which may be 1 (prctl(2)) */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ? -errno : 0;
}

static int plain_signals(void)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &plain, NULL);
	(void)sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) != 0 ? -errno : 0;
}

struct start {
	const struct mkd_jail_init *in;
	int ready[2], go[2]; /* pipes: the maps are set; /proc is read-only now */
	int failed;          /* a pipe's end: an errno, and the step behind it */
	bool mapped;         /* in a user namespace of its own, as in->owner */
};

static void __attribute__((noreturn)) not_started(const struct start *s, int r, const char *step)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "%d %s", -r, step);
	(void)!mkd_write_full(s->failed, text, strlen(text));
	_exit(127);
}

static void __attribute__((noreturn)) program(const struct start *s)
{
	const struct mkd_jail_req *q = s->in->req;
	char path[NAME_MAX + 64], byte = 0;
	char *argv[] = { path, NULL };
	const char *step = "resetting signals";
	int r = plain_signals();

	(void)snprintf(path, sizeof(path), "/mkdomu/hook/%s", q->name);
	if (s->mapped && (setgroups(0, NULL) != 0 || unshare(CLONE_NEWUSER) != 0))
		not_started(s, -errno, "making its user namespace");
	if (write(s->ready[1], &byte, 1) != 1 || read(s->go[0], &byte, 1) != 1)
		_exit(127);
	if (s->mapped && (r = become_mapped()) < 0)
		not_started(s, r, "becoming root of its user namespace");
	(void)umask(022);
	(void)setsid();
	if (r == 0)
		r = mkd_jailcap_drop(q->device != NULL, &step);
	if (r == 0 && (chdir(MKD_JAIL_ROOT) != 0 || dup2(OUTPUT, 1) < 0 || dup2(OUTPUT, 2) < 0))
		r = -errno;
	if (r == 0) { /* what is open still closes itself */
		(void)execve(path, argv, q->env);
		r = -errno;
		step = "";
	}
	not_started(s, r, step);
}

static bool have_user_namespaces(void)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER) != 0);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && status == 0;
}

/* *ret_failed is to be read: it ends empty when the program runs. */
static int start(const struct mkd_jail_init *in, bool has_proc, pid_t *ret, int *ret_failed)
{
	struct start s = { .in = in };
	int failed[2], r;
	char byte = 0, who[16];

	s.mapped = in->owner >= 0 && has_proc && have_user_namespaces();
	if (in->uid == 0 && !in->req->device && !s.mapped)
		tell(MKD_JAIL_NOTE, 0,
		     "runs as root with few capabilities: there is no user namespace for it");
	if (pipe2(s.ready, O_CLOEXEC) != 0 || pipe2(s.go, O_CLOEXEC) != 0 ||
	    pipe2(failed, O_CLOEXEC) != 0)
		return -errno;
	s.failed = failed[1];
	*ret = fork();
	if (*ret < 0)
		return -errno;
	if (*ret == 0)
		program(&s);
	(void)close(failed[1]);
	(void)close(OUTPUT);
	(void)close(s.ready[1]);
	(void)close(s.go[0]);
	*ret_failed = failed[0];
	if (read(s.ready[0], &byte, 1) != 1)
		return -EIO;
	(void)snprintf(who, sizeof(who), "%d", (int)*ret);
	if (s.mapped && (r = map_root(who, (uid_t)in->owner, (gid_t)in->owner)) < 0)
		return r;
	if (has_proc && mkd_jailfs_lock_proc() < 0)
		return -errno;
	return write(s.go[1], &byte, 1) != 1 ? -errno : 0;
}

/* -- the wait -- */

/* More than a limit can be meant for; root has none, as RLIMIT_NPROC does not bind it. */
static bool too_many(void)
{
	cleanup(closedirp) DIR *dir = opendir("/proc");
	unsigned n = 0;

	for (struct dirent *d; dir && (d = readdir(dir));)
		n += d->d_name[0] >= '0' && d->d_name[0] <= '9';
	return n > MKD_JAIL_PROCESSES + 1;
}

/* All that is there but this process, which is the first. */
static void end_all(void)
{
	(void)kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

static bool told_to_stop(void)
{
	struct pollfd p = { .fd = CONTROL, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* True: *ret_status is the program's. False: it was to stop, or there were too many. */
static bool await(pid_t pid, int signals, int *ret_status)
{
	struct pollfd p[] = { { .fd = CONTROL, .events = POLLIN },
			      { .fd = signals, .events = POLLIN } };
	struct signalfd_siginfo info;

	for (;;) {
		pid_t done;

		(void)poll(p, ARRAY_LEN(p), LOOK_MS);
		(void)!read(signals, &info, sizeof(info));
		while ((done = waitpid(-1, ret_status, WNOHANG)) > 0)
			if (done == pid)
				return true;
		if (told_to_stop())
			return false;
		if (too_many()) {
			tell(MKD_JAIL_TOO_MANY, 0, "");
			return false;
		}
	}
}

static void tell_exec(int failed)
{
	char text[128], *step = NULL;
	ssize_t n = read(failed, text, sizeof(text) - 1);
	long code;

	if (n <= 0)
		return;
	text[n] = '\0';
	code = strtol(text, &step, 10);
	if (step && step[0] == ' ' && step[1])
		tell(MKD_JAIL_FAILED, (int)code, step + 1);
	else
		tell(MKD_JAIL_NO_EXEC, (int)code, "");
}

static int watch_children(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void run(const struct mkd_jail_init *in, bool has_proc)
{
	int status = 0, failed = -1, signals = watch_children(), r;
	pid_t pid = -1;

	r = signals < 0 ? signals : start(in, has_proc, &pid, &failed);
	if (r == 0 && await(pid, signals, &status)) {
		tell_exec(failed);
		tell(MKD_JAIL_EXITED, status, "");
	}
	end_all();
	if (r < 0)
		give_up(r, "starting it");
	if (in->req->device && (r = mkd_jailfs_unmount()) < 0)
		give_up(r, "unmounting the guest's file system");
}

void mkd_jail_main(const struct mkd_jail_init *in)
{
	struct mkd_jail_msg msg = { .kind = MKD_JAIL_READY };
	const char *step = "";
	bool has_proc = false;
	int r = build(in, &has_proc, &step), root;

	if (r < 0)
		give_up(r, step);
	/* it is a copy of a program that has read secrets */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (!has_proc)
		tell(MKD_JAIL_NOTE, 0, "has no /proc: this system lets nobody mount one here");
	root = open(MKD_JAIL_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		give_up(-errno, "opening its folder");
	r = mkd_jail_send(CONTROL, &msg, in->req->device ? -1 : root);
	(void)close(root);
	if (r == 0 && mkd_jail_receive(CONTROL, &msg, NULL) == 1 && msg.kind == MKD_JAIL_GO)
		run(in, has_proc);
	_exit(0);
}
