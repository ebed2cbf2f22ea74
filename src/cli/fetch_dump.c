/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that fetches: forked, confined to the network, waited for. */
#include "cli/fetch_dump.h"
#include "base/util.h"
#include "cli/progress.h"
#include "dump/identify.h"
#include "fetch/fetcher.h"
#include "sandbox/confine.h"
#include "sandbox/worker.h"
#include "unpack/sparse.h"

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
#define PIECE (4u << 20) /* bytes that are asked for at once of a file that is downloaded */
#define TICK_MS 400

bool names_url(const char *path)
{
	return xfdt_is_url(path) && access(path, F_OK);
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

static void run_fetcher(int fd, const struct arguments *arguments, const char *url, bool shows)
	__attribute__((noreturn));
static void run_fetcher(int fd, const struct arguments *arguments, const char *url, bool shows)
{
	const struct xfdt_fetch_options options = {
		.urls = &url,
		.url_count = 1,
		.ca_file = getenv("CURL_CA_BUNDLE") ? getenv("CURL_CA_BUNDLE") :
						      getenv("SSL_CERT_FILE"),
		.progress = shows ? show_progress : NULL,
	};

	give_up_streams();
	xfdt_fetch_prepare();
	confine(&options, arguments);
	xfdt_fetch_serve(fd, &options);
	_exit(0);
}

struct xfdt_error *fetcher_start(struct fetcher *fetcher, const struct arguments *arguments,
				 const char *url, bool shows)
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
		run_fetcher(ends[1], arguments, url, shows && isatty(STDERR_FILENO));
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

/* downloads */

static void show_download(const char *name, const struct xfdt_unpack_progress *progress)
{
	if (isatty(STDERR_FILENO) && xfdt_now_ms() - progress->started > TICK_MS)
		show_work("fetching", name, progress);
}

/* All of the file that @client reads, of @size bytes, to @fd. */
static struct xfdt_error *download_to(struct xfdt_fetch_client *client, const char *name,
				      uint64_t size, int fd)
{
	struct xfdt_unpack_progress progress = { .size = size, .started = xfdt_now_ms() };
	struct xfdt_error *err = NULL;
	uint8_t *piece = malloc(PIECE);

	if (!piece)
		return xfdt_no_memory("fetching");
	while (!err && progress.read < size) {
		size_t len = size - progress.read < PIECE ? (size_t)(size - progress.read) : PIECE;

		err = client->remote.read(client, 0, piece, len, progress.read);
		if (!err && !xfdt_write_sparse(fd, piece, len, progress.read))
			err = xfdt_error_new(XFDT_SYSTEM, 0, "cannot write a temporary file: %s",
					     strerror(errno));
		progress.read = progress.written = progress.read + len;
		show_download(name, &progress);
	}
	free(piece);
	clear_progress_line();
	if (!err && ftruncate(fd, (off_t)size))
		err = xfdt_error_new(XFDT_SYSTEM, 0, "cannot write a temporary file: %s",
				     strerror(errno));
	return err;
}

static struct xfdt_error *download(struct xfdt_fetch_client *client, const char *name,
				   uint64_t size, const struct arguments *arguments, int *ret_fd)
{
	struct xfdt_error *err;
	int fd = -1;

	if (size > arguments->unpack.bytes)
		return xfdt_error_new(
			XFDT_LIMIT, 0,
			"is not downloaded: it has more than %llu MiB; --unpack-size allows more",
			ull(arguments->unpack.bytes >> 20));
	err = xfdt_unnamed_file(temporary_folder(), &fd);
	if (!err)
		err = download_to(client, name, size, fd);
	if (!err)
		*ret_fd = fd;
	else if (fd >= 0)
		close(fd);
	return err;
}

static struct xfdt_error *look_and_fetch(struct xfdt_fetch_client *client, const char *name,
					 const struct arguments *arguments, int *ret_fd)
{
	uint8_t head[XFDT_PACKING_HEAD];
	struct xfdt_error *err;
	uint64_t size = 0;
	size_t len;

	err = client->remote.open(client, 0, &size);
	if (err)
		return err;
	len = size < sizeof(head) ? (size_t)size : sizeof(head);
	err = client->remote.read(client, 0, head, len, 0);
	if (err || xfdt_guess_kind(head, len) == XFDT_FILE_DUMP)
		return err;
	return download(client, name, size, arguments, ret_fd);
}

struct xfdt_error *fetch_unless_dump(const struct arguments *arguments, const char *url,
				     const char *name, int *ret_fd)
{
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	struct fetcher fetcher;
	struct xfdt_error *err;

	*ret_fd = -1;
	err = fetcher_start(&fetcher, arguments, url, false);
	if (!err) {
		xfdt_fetch_client_init(&fetcher.client, fetcher.fd);
		err = look_and_fetch(&fetcher.client, name, arguments, ret_fd);
		fetcher_leave(&fetcher);
		fetcher_wait(&fetcher);
	}
	signal(SIGPIPE, before);
	return err;
}
