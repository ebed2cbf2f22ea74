/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that fetches: forked, confined to the network, waited for. */
#include "cli/fetch_dump.h"
#include "base/util.h"
#include "fetch/fetcher.h"
#include "sandbox/confine.h"
#include "sandbox/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define DATA_MAX (1ull << 30)
#define SECONDS_MAX 3600 /* of CPU time */
#define FILES_ALLOWED 64

int take_urls(struct arguments *arguments)
{
	const char **shown = NULL;
	size_t i;

	for (i = 0; i < arguments->path_count; i++) {
		const char *path = arguments->paths[i];

		if (!xfdt_is_url(path) || !access(path, F_OK))
			continue;
		if (arguments->split)
			return usage_error("--split takes files, not", "URLs");
		if (!shown)
			shown = calloc(arguments->path_count, sizeof(*shown));
		if (shown)
			shown[i] = xfdt_url_without_secrets(path);
		if (!shown || !shown[i])
			return complain(xfdt_no_memory("URLs"));
	}
	if (!shown)
		return -1;
	for (i = 0; i < arguments->path_count; i++)
		if (!shown[i])
			shown[i] = arguments->paths[i];
	arguments->urls = arguments->paths;
	arguments->paths = shown;
	return -1;
}

void free_urls(struct arguments *arguments)
{
	size_t i;

	if (!arguments->urls)
		return;
	for (i = 0; i < arguments->path_count; i++)
		if (arguments->paths[i] != arguments->urls[i])
			free((char *)arguments->paths[i]);
	free((const char **)arguments->paths);
}

const char *url_of(const struct arguments *arguments, const char *path)
{
	size_t i;

	for (i = 0; arguments->urls && i < arguments->path_count; i++)
		if (arguments->paths[i] == path)
			return arguments->urls[i] == path ? NULL : arguments->urls[i];
	return NULL;
}

/* On one line, which is wiped when there is nothing to wait for. */
static void show_progress(void *context, const struct xfdt_fetch_progress *progress)
{
	(void)context;
	if (!progress->waiting) {
		fputs("\r\033[K", stderr);
		return;
	}
	fprintf(stderr, "\rfetching: %llu KiB", ull(progress->bytes >> 10));
	if (progress->size)
		fprintf(stderr, " of a file of %llu MiB", ull(progress->size >> 20));
	fprintf(stderr, ", request %llu", ull(progress->round_trips));
	if (progress->attempt > 1)
		fprintf(stderr, ", attempt %u", progress->attempt);
	fputs("\033[K", stderr);
}

/* Standard input and output are others'. */
static void give_up_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		_exit(1);
	close(null);
	signal(SIGPIPE, SIG_IGN);
}

static void confine(const struct xfdt_fetch_options *options, const struct arguments *arguments)
{
	const char *readable[FILES_ALLOWED];
	struct xfdt_confinement allowed = { .readable = readable, .network = true };
	char confined[XFDT_CONFINED_SIZE];

	while (allowed.readable_count < xfdt_fetch_file_count &&
	       allowed.readable_count < FILES_ALLOWED - 1) {
		readable[allowed.readable_count] = xfdt_fetch_files[allowed.readable_count];
		allowed.readable_count++;
	}
	if (options->ca_file)
		readable[allowed.readable_count++] = options->ca_file;
	xfdt_confine(&allowed, confined);
	if (strcmp(confined, XFDT_CONFINED_FULLY) && arguments->format == FORMAT_TEXT)
		warn("the process that fetches is not fully confined: %s", confined);
}

static void run_fetcher(int fd, const struct arguments *arguments, const char *url)
	__attribute__((noreturn));
static void run_fetcher(int fd, const struct arguments *arguments, const char *url)
{
	const struct xfdt_fetch_options options = {
		.urls = &url,
		.url_count = 1,
		.ca_file = getenv("CURL_CA_BUNDLE") ? getenv("CURL_CA_BUNDLE") :
						      getenv("SSL_CERT_FILE"),
		.progress = isatty(STDERR_FILENO) ? show_progress : NULL,
	};

	give_up_streams();
	xfdt_fetch_prepare();
	confine(&options, arguments);
	xfdt_fetch_serve(fd, &options);
	_exit(0);
}

struct xfdt_error *fetcher_start(struct fetcher *fetcher, const struct arguments *arguments,
				 const char *url)
{
	const struct xfdt_limits limits = { .data = DATA_MAX, .seconds = SECONDS_MAX };
	int ends[2];

	*fetcher = (struct fetcher){ .fd = -1 };
	if (!url)
		return NULL;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return xfdt_error_new(XFDT_SYSTEM, 0, "socketpair: %s", strerror(errno));
	fetcher->pid = xfdt_worker_fork(&limits);
	if (!fetcher->pid) {
		close(ends[0]);
		run_fetcher(ends[1], arguments, url);
	}
	close(ends[1]);
	fetcher->fd = ends[0];
	if (fetcher->pid > 0)
		return NULL;
	close(ends[0]);
	return xfdt_error_new(XFDT_SYSTEM, 0, "cannot start a process: %s", strerror(errno));
}

void fetcher_use(struct fetcher *fetcher, struct xfdt_dump_options *options)
{
	if (!fetcher->pid)
		return;
	signal(SIGPIPE, SIG_IGN);
	xfdt_fetch_client_init(&fetcher->client, fetcher->fd);
	options->remote = &fetcher->client.remote;
}

void fetcher_leave(struct fetcher *fetcher)
{
	if (fetcher->pid)
		close(fetcher->fd);
}

void fetcher_wait(const struct fetcher *fetcher)
{
	while (fetcher->pid && waitpid(fetcher->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
