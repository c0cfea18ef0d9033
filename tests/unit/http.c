/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "mkdomu/file.h"

struct server {
	int fd; /* of the connection */
	const char *root;
	const struct test_route *routes;
	size_t n;
	struct test_hits *hits;
	char path[512], if_range[128];
};

static bool put(struct server *s, const void *data, size_t len)
{
	return mkd_write_full(s->fd, data, len) == 0;
}

static bool puts_(struct server *s, const char *text)
{
	return put(s, text, strlen(text));
}

static void nap(long msec)
{
	const struct timespec ts = { .tv_sec = msec / 1000, .tv_nsec = msec % 1000 * 1000000L };

	(void)nanosleep(&ts, NULL);
}

static void field(const char *request, const char *name, char *ret, size_t size)
{
	const char *p = strcasestr(request, name);

	ret[0] = '\0';
	if (p)
		(void)snprintf(ret, size, "%.*s", (int)strcspn(p + strlen(name), "\r"),
			       p + strlen(name));
}

static bool read_request(struct server *s)
{
	char text[8192] = "";
	size_t len = 0;

	while (!strstr(text, "\r\n\r\n")) {
		ssize_t n = read(s->fd, text + len, sizeof(text) - 1 - len);

		if (n <= 0)
			return false;
		len += (size_t)n;
		text[len] = '\0';
	}
	field(text, "\r\nRange: ", s->hits->range, sizeof(s->hits->range));
	field(text, "\r\nIf-Range: ", s->if_range, sizeof(s->if_range));
	field(text, "\r\nAccept-Encoding: ", s->hits->encoding, sizeof(s->hits->encoding));
	s->path[0] = '\0';
	if (strncmp(text, "GET ", 4) == 0)
		(void)snprintf(s->path, sizeof(s->path), "%.*s", (int)strcspn(text + 4, " ?\r"),
			       text + 4);
	return true;
}

static void head(struct server *s, const char *status, size_t length, const char *more)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n", status,
		       length, more);
	(void)puts_(s, text);
}

#define ETAG "ETag: \"v1\"\r\n"

static void ok(struct server *s, const char *body, size_t len)
{
	char more[128];
	size_t from;

	if (!s->hits->range[0] || strcmp(s->if_range, "\"v1\"") != 0) {
		head(s, "200 OK", len, ETAG);
		(void)put(s, body, len);
		return;
	}
	from = strtoul(s->hits->range + strlen("bytes="), NULL, 10);
	if (from >= len) {
		head(s, "416 Range Not Satisfiable", 0, "");
		return;
	}
	(void)snprintf(more, sizeof(more), ETAG "Content-Range: bytes %zu-%zu/%zu\r\n", from,
		       len - 1, len);
	head(s, "206 Partial Content", len - from, more);
	(void)put(s, body + from, len - from);
}

static void status(struct server *s, int code)
{
	static const char page[] = "<html>no</html>";
	char line[32];

	(void)snprintf(line, sizeof(line), "%d Status", code);
	head(s, line, sizeof(page) - 1, "");
	(void)put(s, page, sizeof(page) - 1);
}

static void endless(struct server *s)
{
	static const char zeros[65536];

	(void)puts_(s, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	while (put(s, zeros, sizeof(zeros)))
		;
}

static void headers(struct server *s, bool many)
{
	static char line[400000];

	memset(line, 'a', sizeof(line) - 1);
	(void)puts_(s, "HTTP/1.1 200 OK\r\nX-Long: ");
	if (!many)
		(void)puts_(s, line);
	while (many && puts_(s, "b\r\nX-More: and more of it and still more of it"))
		;
	(void)puts_(s, "\r\n\r\n");
}

static void slow(struct server *s, bool header)
{
	if (!header)
		(void)puts_(s, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	else
		(void)puts_(s, "HTTP/1.1 200 OK\r\nX-Slow: ");
	for (int i = 0; i < 40 && puts_(s, "z"); i++)
		nap(500);
}

/* Those that cut their first answer; what they do on the second is what is tested. */
static void second_answer(struct server *s, const struct test_route *r)
{
	char more[128];

	switch (r->how) {
	case HTTP_NEW_VERSION: /* If-Range does not match: all of the new file */
		head(s, "200 OK", r->len, "ETag: \"v2\"\r\n");
		(void)put(s, r->body, r->len);
		break;
	case HTTP_NO_RANGE:
		head(s, "200 OK", r->len, ETAG);
		(void)put(s, r->body, r->len);
		break;
	case HTTP_WRONG_RANGE:
		if (!s->hits->range[0]) {
			ok(s, r->body, r->len);
			break;
		}
		(void)snprintf(more, sizeof(more), ETAG "Content-Range: bytes 1-%zu/%zu\r\n",
			       r->len - 1, r->len);
		head(s, "206 Partial Content", r->len - 1, more);
		(void)put(s, r->body + 1, r->len - 1);
		break;
	case HTTP_416:
		if (s->hits->range[0])
			head(s, "416 Range Not Satisfiable", 0, "");
		else
			ok(s, r->body, r->len);
		break;
	default:
		ok(s, r->body, r->len);
	}
}

static void odd_lengths(struct server *s, const struct test_route *r)
{
	switch (r->how) {
	case HTTP_CLOSE_EARLY:
	case HTTP_NO_LENGTH:
		(void)puts_(s, "HTTP/1.1 200 OK\r\nConnection: close\r\n" ETAG "\r\n");
		(void)put(s, r->body, r->how == HTTP_NO_LENGTH ? r->len : r->len / 2);
		break;
	case HTTP_CHUNK_CUT:
		(void)puts_(s, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n01234");
		break;
	case HTTP_HUGE_LENGTH:
		head(s, "200 OK", (size_t)1 << 50, ETAG);
		(void)put(s, r->body, r->len);
		break;
	case HTTP_LONGER:
		head(s, "200 OK", 2 * r->len, ETAG);
		(void)put(s, r->body, r->len);
		(void)put(s, r->body, r->len);
		break;
	case HTTP_TWO_LENGTHS:
		head(s, "200 OK", r->len, "Content-Length: 1\r\n");
		(void)put(s, r->body, r->len);
		break;
	default:
		(void)puts_(s, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello");
	}
}

static void answer(struct server *s, const struct test_route *r, unsigned hit)
{
	char location[600];

	switch (r->how) {
	case HTTP_OK:
		ok(s, r->body, r->len);
		break;
	case HTTP_STATUS_ONCE:
		if (hit > 1) {
			ok(s, r->body, r->len);
			break;
		}
		status(s, r->status);
		break;
	case HTTP_STATUS:
		status(s, r->status);
		break;
	case HTTP_REDIRECT:
		(void)snprintf(location, sizeof(location), "Location: %s\r\n",
			       strcmp(r->location, "self") == 0 ? s->path : r->location);
		head(s, "302 Found", 0, location);
		break;
	case HTTP_ENDLESS:
		endless(s);
		break;
	case HTTP_BIG_HEADER:
	case HTTP_MANY_HEADERS:
		headers(s, r->how == HTTP_MANY_HEADERS);
		break;
	case HTTP_GZIP:
		head(s, "200 OK", r->len, "Content-Encoding: gzip\r\n");
		(void)put(s, r->body, r->len);
		break;
	case HTTP_SLOW:
	case HTTP_SLOW_HEADER:
		slow(s, r->how == HTTP_SLOW_HEADER);
		break;
	case HTTP_NOTHING:
		break;
	case HTTP_TRUNCATED:
	case HTTP_FLAKY:
	case HTTP_NEW_VERSION:
	case HTTP_NO_RANGE:
	case HTTP_WRONG_RANGE:
	case HTTP_416:
		if (hit > 1 && r->how != HTTP_TRUNCATED) {
			second_answer(s, r);
			break;
		}
		head(s, "200 OK", r->len, ETAG);
		(void)put(s, r->body, r->len / 2);
		break;
	default:
		odd_lengths(s, r);
	}
}

static void serve_file(struct server *s)
{
	struct mkd_buf body = { 0 };
	struct mkd_err err;
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s%s", s->root ? s->root : "/nonexistent", s->path);
	if (mkd_file_read(AT_FDCWD, path, 64 * MIB, MKD_EXIT_IO, &body, &err) == 0)
		ok(s, body.data, body.len);
	else
		status(s, 404);
	mkd_buf_free(&body);
}

static void serve(struct server *s)
{
	if (!read_request(s))
		return;
	s->hits->total++;
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->routes[i].path, s->path) == 0) {
			answer(s, &s->routes[i], ++s->hits->of[i]);
			return;
		}
	serve_file(s);
}

static void run(int listener, struct server *s)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGPIPE, SIG_IGN);
	for (;;) {
		struct timeval tv = { .tv_sec = 20 };
		char rest[4096];

		s->fd = accept(listener, NULL, NULL);
		if (s->fd < 0)
			continue;
		(void)setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
		serve(s);
		/* Take in what is left, so that closing does not reset the connection. */
		(void)shutdown(s->fd, SHUT_WR);
		while (read(s->fd, rest, sizeof(rest)) > 0)
			;
		(void)close(s->fd);
	}
}

void test_http_start(struct test_http *h, const char *root, const struct test_route *routes,
		     size_t n)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(listener >= 0 && n <= 16);
	h->hits = mmap(NULL, sizeof(*h->hits), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	assert_true(h->hits != MAP_FAILED);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(listener, 64), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	h->port = ntohs(addr.sin_port);
	(void)snprintf(h->base, sizeof(h->base), "http://127.0.0.1:%d", h->port);
	h->pid = fork();
	assert_true(h->pid >= 0);
	if (h->pid == 0) {
		struct server s = { .root = root, .routes = routes, .n = n, .hits = h->hits };

		run(listener, &s);
		_exit(0);
	}
	(void)close(listener);
}

void test_http_stop(struct test_http *h)
{
	(void)kill(h->pid, SIGKILL);
	(void)waitpid(h->pid, NULL, 0);
	(void)munmap(h->hits, sizeof(*h->hits));
}

void test_http_direct(void)
{
	(void)unsetenv("http_proxy");
	(void)unsetenv("all_proxy");
	(void)unsetenv("ALL_PROXY");
}
