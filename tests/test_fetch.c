/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two sides of the socket between a worker and its fetcher, either of which may lie. */
#include "unit.h"
#include "fetch/client.h"
#include "fetch/fetcher.h"
#include "fetch/protocol.h"
#include "sandbox/worker.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void assert_shown(const char *url, const char *expected)
{
	char *clean = xfdt_url_without_secrets(url);

	assert_string_equal(clean, expected);
	free(clean);
}

static void test_fetch__what_is_a_url(void **state)
{
	assert_true(xfdt_is_url("https://host/vmcore"));
	assert_true(xfdt_is_url("s3://bucket/vmcore"));
	assert_false(xfdt_is_url("/var/crash/vmcore"));
	assert_false(xfdt_is_url("vmcore"));
	assert_false(xfdt_is_url("://vmcore"));
	assert_false(xfdt_is_url("a/b://vmcore"));
	assert_false(xfdt_is_url(""));
	assert_true(xfdt_url_is_allowed("http://host/"));
	assert_true(xfdt_url_is_allowed("HTTPS://host/"));
	assert_false(xfdt_url_is_allowed("file:///etc/passwd"));
	assert_false(xfdt_url_is_allowed("httpx://host/"));
}

static void test_fetch__secrets_of_a_url(void **state)
{
	assert_shown("https://host/a/vmcore", "https://host/a/vmcore");
	assert_shown("https://host/vmcore?X-Amz-Signature=1", "https://host/vmcore");
	assert_shown("https://host/vmcore#part", "https://host/vmcore");
	assert_shown("https://user:pass@host:1/vmcore", "https://host:1/vmcore");
	assert_shown("https://a@b@host/v@core", "https://host/v@core");
	assert_shown("https://host?a=/@b", "https://host");
	assert_shown("no url?x", "no url");
}

/* Ask a fetcher that says @len bytes at @bytes and goes. */
static struct xfdt_error *ask_liar(const void *bytes, size_t len, bool open, uint8_t *buf)
{
	struct xfdt_fetch_client client;
	struct xfdt_error *err;
	uint64_t size;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) ||
	    write(ends[1], bytes, len) != (ssize_t)len || shutdown(ends[1], SHUT_WR))
		exit(99);
	xfdt_fetch_client_init(&client, ends[0]);
	err = open ? client.remote.open(client.remote.context, 0, &size) :
		     client.remote.read(client.remote.context, 0, buf, 16, 0);
	close(ends[0]);
	close(ends[1]);
	return err;
}

static void test_fetch__fetcher_that_lies(void **state)
{
	struct {
		struct xfdt_fetch_reply reply;
		uint8_t bytes[600];
	} answer = { .reply = { .len = 16, .size = 100 } };
	uint8_t buf[17] = { [16] = 0xa5 };

	memset(answer.bytes, 'x', sizeof(answer.bytes));
	assert_ok(ask_liar(&answer, sizeof(answer.reply) + 16, false, buf));
	assert_int_equal(buf[15], 'x');
	/* fewer bytes than it says, more than were asked for, and none at all */
	assert_fails(ask_liar(&answer, sizeof(answer.reply) + 15, false, buf), XFDT_SYSTEM);
	answer.reply.len = 17;
	assert_fails(ask_liar(&answer, sizeof(answer), false, buf), XFDT_SYSTEM);
	assert_int_equal(buf[16], 0xa5);
	assert_fails(ask_liar(&answer, 3, false, buf), XFDT_SYSTEM);
	assert_fails(ask_liar(&answer, 0, true, buf), XFDT_SYSTEM);
	/* a size that no file has */
	answer.reply = (struct xfdt_fetch_reply){ .size = UINT64_MAX };
	assert_fails(ask_liar(&answer, sizeof(answer), true, buf), XFDT_SYSTEM);
	/* errors, also such as there are none */
	answer.reply = (struct xfdt_fetch_reply){ .code = XFDT_NOT_A_DUMP, .len = 500 };
	assert_fails(ask_liar(&answer, sizeof(answer), true, buf), XFDT_NOT_A_DUMP);
	answer.reply.code = UINT32_MAX;
	assert_fails(ask_liar(&answer, sizeof(answer), true, buf), XFDT_SYSTEM);
	answer.reply.len = XFDT_FETCH_MESSAGE_MAX + 1;
	assert_fails(ask_liar(&answer, sizeof(answer), true, buf), XFDT_SYSTEM);
}

/* What a fetcher of one URL says to @request: the code of its reply; UINT32_MAX: it ends. */
static uint32_t ask_fetcher(const char *url, struct xfdt_fetch_request request)
{
	const struct xfdt_fetch_options options = { .urls = &url,
						    .url_count = 1,
						    .stalled_seconds = 1 };
	const struct xfdt_limits limits = { .seconds = 60 };
	struct xfdt_fetch_reply reply = { .code = UINT32_MAX };
	int ends[2], status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		exit(99);
	pid = xfdt_worker_fork(&limits);
	if (!pid) {
		close(ends[0]);
		xfdt_fetch_prepare();
		xfdt_fetch_serve(ends[1], &options);
		_exit(0);
	}
	close(ends[1]);
	assert_true(xfdt_fetch_send(ends[0], &request, sizeof(request)));
	if (!xfdt_fetch_receive(ends[0], &reply, sizeof(reply)))
		reply.code = UINT32_MAX;
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	return reply.code;
}

static void test_fetch__worker_that_lies(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	/* another URL than those it was given, and more bytes than one request may have */
	if (ask_fetcher("ftp://127.0.0.1/", (struct xfdt_fetch_request){ 0 }) == XFDT_UNSUPPORTED) {
#ifndef XFDT_NO_CURL
		assert_int_equal(ask_fetcher("http://127.0.0.1:1/",
					     (struct xfdt_fetch_request){ .file = 1 }),
				 UINT32_MAX);
		assert_int_equal(ask_fetcher("http://127.0.0.1:1/",
					     (struct xfdt_fetch_request){ .len = XFDT_FETCH_MAX +
										 1 }),
				 UINT32_MAX);
#endif
	} else {
		print_message("skipped: no libcurl\n");
	}
}

/* A server on loopback that answers each request with a range of a large file, of which some bytes come now and then. */
static void drip(int listener)
{
	static const char head[] =
		"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %llu-999999/1000000\r\n"
		"ETag: \"1\"\r\nContent-Length: %llu\r\n\r\n";
	const struct timespec pause = { .tv_nsec = 100000000 };
	char text[4096];

	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		ssize_t len = read(fd, text, sizeof(text) - 1);
		unsigned long long first = 0;
		const char *range;

		text[len > 0 ? len : 0] = '\0';
		range = strstr(text, "bytes=");
		if (range)
			first = strtoull(range + 6, NULL, 10);
		len = snprintf(text, sizeof(text), head, first, 1000000 - first);
		while (write(fd, text, (size_t)len) == len) {
			len = 1;
			nanosleep(&pause, NULL);
		}
		close(fd);
	}
}

/* a server that sends next to nothing is given up, although each attempt gets a few bytes */
static void test_fetch__server_that_drips(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	time_t started;
	char url[64];
	pid_t pid;

	if (ask_fetcher("ftp://127.0.0.1/", (struct xfdt_fetch_request){ 0 }) != XFDT_UNSUPPORTED) {
		print_message("skipped: no libcurl\n");
		return;
	}
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_false(bind(listener, (struct sockaddr *)&address, len));
	assert_false(listen(listener, 16));
	assert_false(getsockname(listener, (struct sockaddr *)&address, &len));
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(address.sin_port));
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		drip(listener);
	}
	setenv("no_proxy", "127.0.0.1", 1);
	started = time(NULL);
	assert_int_equal(ask_fetcher(url, (struct xfdt_fetch_request){ 0 }), XFDT_SYSTEM);
	assert_true(time(NULL) - started < 100);
	assert_false(kill(pid, SIGKILL));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(listener);
}

/* One remote file of 1000 bytes, which breaks after some reads. */
struct breaking {
	unsigned int reads, most;
};

static struct xfdt_error *open_breaking(void *context, size_t index, uint64_t *ret_size)
{
	assert_int_equal(index, 3);
	*ret_size = 1000000;
	return NULL;
}

static struct xfdt_error *read_breaking(void *context, size_t index, void *buf, size_t len,
					uint64_t offset)
{
	struct breaking *breaking = context;

	/* no more than there is */
	assert_true(offset < 1000000 && len <= 1000000 - offset);
	if (++breaking->reads > breaking->most)
		return xfdt_error_new(XFDT_SYSTEM, 0, "the line broke");
	memset(buf, 'x', len);
	return NULL;
}

/* a gap in what was read must not look like one of the dump: the whole triage fails */
static void test_fetch__broken_line_is_remembered(void **state)
{
	struct breaking breaking = { .most = 2 };
	const struct xfdt_remote remote = { open_breaking, read_breaking, &breaking };
	struct xfdt_storage *storage;
	uint8_t bytes[100];
	size_t got;

	assert_ok(xfdt_storage_open_remote(&storage, &remote, 3));
	assert_ok(xfdt_storage_read(storage, bytes, sizeof(bytes), 0, &got));
	assert_ok(xfdt_storage_read(storage, bytes, sizeof(bytes), 999950, &got));
	assert_int_equal(got, 50);
	assert_ok(xfdt_storage_check_unchanged(storage));
	assert_fails(xfdt_storage_read(storage, bytes, sizeof(bytes), 400000, &got), XFDT_SYSTEM);
	assert_fails(xfdt_storage_read(storage, bytes, sizeof(bytes), 600000, &got), XFDT_SYSTEM);
	assert_int_equal(breaking.reads, 3);
	assert_fails(xfdt_storage_check_unchanged(storage), XFDT_SYSTEM);
	xfdt_storage_close(storage);
}

#include "test_fetch.tests.h"
