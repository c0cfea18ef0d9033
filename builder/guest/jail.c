/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "mkdomu/jailid.h"
#include "mkdomu/jailinit.h"

#define LOOK_MS    200
#define GRACE_MS   10000 /* for the jail to end by itself: a disk may have much to write */
#define LINE_SHOWN 500
#define LINES_MAX  5000

struct mkd_jail {
	const struct mkd_jail_req *req;
	pid_t pid;           /* of its first process, or -1 */
	int control, output; /* ours: the socket's end, and what the program writes */
	int dirfd;
	int owner;
	int64_t started_ms;
	bool finished; /* it is on its way out */
	char line[LINE_SHOWN + 1];
	size_t line_len, lines;
	struct mkd_jail_end end;
	int broken; /* errno of a failure of the jail itself, with... */
	char step[96];
};

static int64_t now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* -- making it -- */

static int cannot(const struct mkd_jail_req *q, int code, const char *step, struct mkd_err *err)
{
	if (geteuid() != 0 && (code == EPERM || code == EACCES || code == ENOSPC || code == EINVAL))
		return mkd_fail(err, MKD_EXIT_HOOK, ENOTSUP,
				"cannot isolate it (%s: %s): it needs a user namespace, which this "
				"system lets no ordinary user make; allow it (sysctl "
				"user.max_user_namespaces, kernel.unprivileged_userns_clone, "
				"kernel.apparmor_restrict_unprivileged_userns), build as root, or "
				"leave it out by --no-hook %s",
				step, strerror(code), q->name);
	return mkd_fail_errno(err, MKD_EXIT_HOOK, code, "cannot isolate it: %s", step);
}

/*
 * As fork(2), into new namespaces. A raw clone runs no handler of pthread_atfork(3), and a lock
 * that another thread held would stay locked in the copy: it is fine only while no thread runs, as
 * now.
 */
static pid_t fork_into(const struct mkd_jail_req *q)
{
	unsigned long flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
			      CLONE_NEWCGROUP | SIGCHLD;

	if (geteuid() != 0)
		flags |= CLONE_NEWUSER;
	if (!q->network)
		flags |= CLONE_NEWNET;
	return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
}

static int make(struct mkd_jail *j, struct mkd_err *err)
{
	cleanup_close int theirs = -1, writing = -1;
	int control[2], output[2];
	struct mkd_jail_init in = {
		.req = j->req, .uid = geteuid(), .gid = getegid(), .owner = j->owner
	};

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0)
		return mkd_fail_errno(err, MKD_EXIT_HOOK, errno, "cannot make a socket for it");
	j->control = control[0];
	theirs = control[1];
	in.control = theirs;
	if (pipe2(output, O_CLOEXEC) != 0)
		return mkd_fail_errno(err, MKD_EXIT_HOOK, errno, "cannot make a pipe for it");
	j->output = output[0];
	writing = output[1];
	in.output = writing;
	if (fcntl(j->output, F_SETFL, O_NONBLOCK) != 0)
		return mkd_fail_errno(err, MKD_EXIT_HOOK, errno, "cannot make a pipe for it");
	j->pid = fork_into(j->req);
	if (j->pid == 0)
		mkd_jail_main(&in);
	return j->pid < 0 ? cannot(j->req, errno, "making its namespaces", err) : 0;
}

static void note(const struct mkd_jail *j, const struct mkd_jail_msg *msg)
{
	mkd_say(j->req->ui, MKD_WARN, "hook '%s' %s", j->req->name, msg->what);
}

static int await_ready(struct mkd_jail *j, struct mkd_err *err)
{
	struct mkd_jail_msg msg = { 0 };
	int r;

	do {
		r = mkd_jail_receive(j->control, &msg, &j->dirfd);
		if (r == 1 && msg.kind == MKD_JAIL_NOTE)
			note(j, &msg);
	} while (r == 1 && msg.kind == MKD_JAIL_NOTE);
	if (r < 0)
		return cannot(j->req, -r, "hearing from it", err);
	if (r == 0)
		return cannot(j->req, ECHILD, "its first process ended", err);
	return msg.kind == MKD_JAIL_READY ? 0 : cannot(j->req, msg.value, msg.what, err);
}

int mkd_jail_open(const struct mkd_jail_req *req, struct mkd_jail **ret, struct mkd_err *err)
{
	struct mkd_jail *j;
	int r;

	if (req->device && geteuid() != 0)
		return mkd_fail(err, MKD_EXIT_HOOK, EPERM,
				"it works on the mounted disk, which takes root; build as root, or "
				"leave it out by --no-hook %s",
				req->name);
	j = malloc(sizeof(*j));
	if (!j)
		return mkd_nomem(err);
	*j = (struct mkd_jail){ .req = req,
				.pid = -1,
				.control = -1,
				.output = -1,
				.dirfd = -1,
				.owner = geteuid() == 0 && !req->device ? mkd_jailid_pick() : -1,
				.end.status = -1 };
	r = make(j, err);
	if (r == 0)
		r = await_ready(j, err);
	if (r < 0)
		mkd_jail_close(j);
	else
		*ret = j;
	return r;
}

int mkd_jail_dirfd(const struct mkd_jail *j)
{
	return j->dirfd;
}

int mkd_jail_owner(const struct mkd_jail *j)
{
	return j->owner;
}

/* -- what it writes -- */

static void say_line(struct mkd_jail *j)
{
	const char *more = j->lines == LINES_MAX ? " (what it writes further is not shown)" : "";

	j->line[j->line_len] = '\0';
	j->line_len = 0;
	if (j->line[strspn(j->line, " \t\r")])
		(void)snprintf(j->end.last, sizeof(j->end.last), "%.255s", j->line);
	if (j->lines++ > LINES_MAX)
		return;
	mkd_say(j->req->ui, MKD_INFO, "%s: %s%s", j->req->name, j->line, more);
}

/* False at the end. A line that is too long is told in pieces. */
static bool read_output(struct mkd_jail *j)
{
	char chunk[4096];
	ssize_t n = read(j->output, chunk, sizeof(chunk));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	for (ssize_t i = 0; i < n; i++) {
		if (chunk[i] != '\n')
			j->line[j->line_len++] = (char)(chunk[i] ? chunk[i] : ' ');
		if (chunk[i] == '\n' || j->line_len == LINE_SHOWN)
			say_line(j);
	}
	if (!n && j->line_len)
		say_line(j);
	return n > 0;
}

/* -- the wait -- */

/* The other end sees the socket close, ends all that runs, unmounts and ends itself. */
static void finish(struct mkd_jail *j)
{
	struct mkd_jail_msg stop = { .kind = MKD_JAIL_STOP };

	if (!j->finished)
		(void)mkd_jail_send(j->control, &stop, -1);
	j->finished = true;
}

static void take(struct mkd_jail *j, const struct mkd_jail_msg *msg)
{
	switch (msg->kind) {
	case MKD_JAIL_EXITED:
		if (WIFSIGNALED(msg->value))
			j->end.signal = WTERMSIG(msg->value);
		else
			j->end.status = WEXITSTATUS(msg->value);
		break;
	case MKD_JAIL_NO_EXEC:
		j->end.exec_errno = msg->value;
		break;
	case MKD_JAIL_TOO_MANY:
		j->end.too_many = true;
		break;
	case MKD_JAIL_NOTE:
		note(j, msg);
		break;
	default:
		j->broken = msg->value ? msg->value : EIO;
		(void)snprintf(j->step, sizeof(j->step), "%s", msg->what);
		break;
	}
}

/* Until its first process is gone: the end of the socket. */
static int follow(struct mkd_jail *j, struct mkd_err *err)
{
	int64_t end_ms = j->started_ms + (int64_t)j->req->timeout_sec * 1000, kill_ms = INT64_MAX;
	struct pollfd p[] = { { .fd = j->control, .events = POLLIN },
			      { .fd = j->output, .events = POLLIN } };
	struct mkd_jail_msg msg;
	int r = 0;

	while (p[0].fd >= 0) {
		if (poll(p, ARRAY_LEN(p), LOOK_MS) < 0)
			p[0].revents = p[1].revents = 0;
		if (p[1].revents && !read_output(j))
			p[1].fd = -1;
		if (p[0].revents) {
			if (mkd_jail_receive(j->control, &msg, NULL) == 1)
				take(j, &msg);
			else
				p[0].fd = -1;
		}
		if (r == 0)
			r = mkd_check_signal(err);
		if (now_ms() >= end_ms && !j->finished && j->end.status < 0 && !j->end.signal)
			j->end.timeout = true;
		if ((r < 0 || j->end.timeout) && !j->finished) {
			finish(j);
			kill_ms = now_ms() + GRACE_MS;
		}
		if (now_ms() >= kill_ms)
			(void)kill(j->pid, SIGKILL);
	}
	while (p[1].fd >= 0 && poll(&p[1], 1, 0) > 0 && read_output(j))
		;
	return r;
}

static void reap(struct mkd_jail *j)
{
	while (j->pid > 0 && waitpid(j->pid, NULL, 0) < 0 && errno == EINTR)
		;
	j->pid = -1;
}

int mkd_jail_run(struct mkd_jail *j, struct mkd_jail_end *ret, struct mkd_err *err)
{
	struct mkd_jail_msg go = { .kind = MKD_JAIL_GO };
	int r = mkd_jail_send(j->control, &go, -1);

	if (r < 0)
		return mkd_fail_errno(err, MKD_EXIT_HOOK, -r, "cannot start it");
	j->started_ms = now_ms();
	r = follow(j, err);
	reap(j);
	if (r == 0 && j->end.status < 0 && !j->end.signal && !j->end.exec_errno &&
	    !j->end.timeout && !j->end.too_many && !j->broken) {
		j->broken = ECHILD;
		(void)snprintf(j->step, sizeof(j->step), "its first process was ended");
	}
	if (r == 0 && j->broken)
		r = mkd_fail(err, MKD_EXIT_HOOK, EIO, "cannot isolate it: %s: %s", j->step,
			     strerror(j->broken));
	if (r == 0)
		*ret = j->end;
	return r;
}

void mkd_jail_close(struct mkd_jail *j)
{
	if (!j)
		return;
	closep_(&j->control);
	closep_(&j->output);
	closep_(&j->dirfd);
	if (j->pid > 0) {
		const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
		int64_t kill_ms = now_ms() + GRACE_MS;

		while (waitpid(j->pid, NULL, WNOHANG) == 0) {
			if (now_ms() >= kill_ms)
				(void)kill(j->pid, SIGKILL);
			(void)nanosleep(&pause, NULL);
		}
	}
	free(j);
}
