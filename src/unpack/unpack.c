/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parent of a process that unpacks: it makes files without a name, and parses nothing. */
#include "unpack/unpack.h"
#include "base/util.h"
#include "sandbox/confine.h"
#include "sandbox/pass_fd.h"
#include "sandbox/worker.h"
#include "unpack/extract.h"
#include "unpack/libarchive.h"
#include "unpack/message.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define DATA_MAX (4ull << 30) /* an xz dictionary has up to 1.5 GiB */
#define PROBLEMS_MAX 64	      /* besides one for each member */

const struct xfdt_unpack_limits xfdt_unpack_defaults = {
	.bytes = 64ull << 30,
	.members = 10000,
	.depth = 2,
	.seconds = 3600,
};

struct xfdt_unpacker {
	char *name, *dir;
	struct xfdt_unpack_limits limits;
	unsigned int wanted; /* of enum xfdt_unpack_wanted */
	pid_t pid;	     /* 0: it has ended, and was waited for */
	int socket;	     /* non-blocking */
	char confined[XFDT_CONFINED_SIZE];
	struct xfdt_unpack_progress progress;
	uint32_t members;
	int *files; /* those the process was given and has not told about; -1: it has */
	size_t file_count, file_room;
	struct xfdt_unpacked *results;
	size_t count, room, taken;
	bool ended;
};

/* files without a name */

/* Where the file system has no O_TMPFILE, there is a name for a moment. */
static int named_for_a_moment(const char *dir)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s/xfdtriage-XXXXXX", dir) < 0)
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	free(path);
	return fd;
}

struct xfdt_error *xfdt_unnamed_file(const char *dir, int *ret_fd)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		fd = named_for_a_moment(dir);
	if (fd < 0)
		return xfdt_error_new(XFDT_SYSTEM, 0, "cannot make a temporary file in '%s': %s",
				      dir, strerror(errno));
	*ret_fd = fd;
	return NULL;
}

/* results */

void xfdt_unpacked_deinit(struct xfdt_unpacked *unpacked)
{
	if (unpacked->fd >= 0)
		close(unpacked->fd);
	free(unpacked->name);
	free(unpacked->problem);
}

static bool is_taken(const struct xfdt_unpacker *unpacker, const char *name)
{
	size_t i;

	for (i = 0; i < unpacker->count; i++)
		if (unpacker->results[i].name && !strcmp(unpacker->results[i].name, name))
			return true;
	return false;
}

/* An archive may have many members of one name, each a result of its own; NULL: out of memory. */
static char *unique_name(const struct xfdt_unpacker *unpacker, const char *name)
{
	char *unique = strdup(name);
	unsigned int n;

	for (n = 2; unique && is_taken(unpacker, unique); n++) {
		free(unique);
		if (asprintf(&unique, "%s#%u", name, n) < 0)
			return NULL;
	}
	return unique;
}

/* Takes over @fd; @problem is copied, and may be NULL. */
static struct xfdt_error *add_result(struct xfdt_unpacker *unpacker, const char *name, int fd,
				     bool is_log, const char *problem)
{
	struct xfdt_unpacked result = { .fd = fd, .is_log = is_log };

	if (unpacker->count == unpacker->room) {
		size_t room = unpacker->room ? 2 * unpacker->room : 8;
		struct xfdt_unpacked *results = realloc(unpacker->results, room * sizeof(*results));

		if (!results)
			goto no_memory;
		unpacker->results = results;
		unpacker->room = room;
	}
	result.name = problem ? strdup(name) : unique_name(unpacker, name);
	result.problem = problem ? strdup(problem) : NULL;
	if (!result.name || (problem && !result.problem))
		goto no_memory;
	unpacker->results[unpacker->count++] = result;
	return NULL;
no_memory:
	xfdt_unpacked_deinit(&result);
	return xfdt_no_memory("unpacking");
}

static struct xfdt_error *add_problem(struct xfdt_unpacker *unpacker, const char *name,
				      const char *problem)
{
	return add_result(unpacker, name, -1, false, problem);
}

bool xfdt_unpacker_take(struct xfdt_unpacker *unpacker, struct xfdt_unpacked *ret_unpacked)
{
	if (unpacker->taken == unpacker->count)
		return false;
	*ret_unpacked = unpacker->results[unpacker->taken];
	/* the name stays, to tell others from it, until all are there */
	unpacker->results[unpacker->taken++] = (struct xfdt_unpacked){ .fd = -1 };
	return true;
}

/* the process */

static void wait_for_end(struct xfdt_unpacker *unpacker, int *ret_status, struct rusage *ret_usage)
{
	while (unpacker->pid && wait4(unpacker->pid, ret_status, 0, ret_usage) < 0 &&
	       errno == EINTR)
		;
	unpacker->pid = 0;
	unpacker->ended = true;
}

static void kill_it(struct xfdt_unpacker *unpacker)
{
	int status;

	if (unpacker->pid) {
		kill(unpacker->pid, SIGKILL);
		wait_for_end(unpacker, &status, NULL);
	}
}

/* It is gone, and did not say that it was done. */
static struct xfdt_error *take_death(struct xfdt_unpacker *unpacker)
{
	char text[160], why[120];
	struct rusage usage = { 0 };
	int status = 0;

	wait_for_end(unpacker, &status, &usage);
	if (xfdt_worker_ran_out(unpacker->limits.seconds, status, &usage)) {
		xfdt_worker_say_ran_out(unpacker->limits.seconds, "--unpack-time allows more", why,
					sizeof(why));
		snprintf(text, sizeof(text), "is not unpacked any further: %s", why);
	} else if (WIFSIGNALED(status))
		snprintf(text, sizeof(text),
			 "cannot be unpacked: it ended the process with %s; it is damaged, or this is a bug",
			 strsignal(WTERMSIG(status)));
	else
		snprintf(
			text, sizeof(text),
			"cannot be unpacked: the process ended early; it is damaged, or this is a bug");
	return add_problem(unpacker, unpacker->name, text);
}

static struct xfdt_error *take_timeout(struct xfdt_unpacker *unpacker)
{
	char text[160];

	kill_it(unpacker);
	snprintf(text, sizeof(text),
		 "is not unpacked any further after %lld seconds, most of which it waited: storage or machine are slow; --unpack-time allows more",
		 xfdt_worker_wall_ms(unpacker->limits.seconds) / 1000);
	return add_problem(unpacker, unpacker->name, text);
}

static void run_worker(const struct xfdt_unpacker *unpacker, int fd, int socket)
	__attribute__((noreturn));
static void run_worker(const struct xfdt_unpacker *unpacker, int fd, int socket)
{
	sigset_t none;

	/* without it every packed file is named as one that cannot be unpacked */
	xfdt_libarchive_load();
	if (!xfdt_worker_detach(fd, socket, NULL, 0))
		raise(SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	xfdt_extract(STDIN_FILENO, STDOUT_FILENO, unpacker->name, unpacker->wanted,
		     &unpacker->limits);
	/* not an exit of this program: its end is what counts */
	raise(SIGKILL);
	__builtin_unreachable();
}

static struct xfdt_error *start(struct xfdt_unpacker *unpacker, int fd)
{
	const struct xfdt_limits limits = { .data = DATA_MAX, .seconds = unpacker->limits.seconds };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return xfdt_error_new(XFDT_SYSTEM, 0, "socketpair: %s", strerror(errno));
	unpacker->socket = ends[0];
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	unpacker->pid = xfdt_worker_fork(&limits);
	if (!unpacker->pid)
		run_worker(unpacker, fd, ends[1]);
	close(ends[1]);
	if (unpacker->pid > 0)
		return NULL;
	unpacker->pid = 0;
	return xfdt_error_new(XFDT_SYSTEM, 0, "cannot start a process: %s", strerror(errno));
}

struct xfdt_error *xfdt_unpacker_new(struct xfdt_unpacker **ret_unpacker, int fd, const char *name,
				     const char *dir, unsigned int wanted,
				     const struct xfdt_unpack_limits *limits)
{
	struct xfdt_unpacker *unpacker = calloc(1, sizeof(*unpacker));
	struct xfdt_error *err;
	struct stat status;

	if (!unpacker)
		return xfdt_no_memory("unpacking");
	unpacker->socket = -1;
	unpacker->limits = *limits;
	unpacker->wanted = wanted;
	unpacker->name = strdup(name);
	unpacker->dir = strdup(dir);
	snprintf(unpacker->confined, sizeof(unpacker->confined), "unknown");
	unpacker->progress.started = xfdt_now_ms();
	if (!fstat(fd, &status) && S_ISREG(status.st_mode))
		unpacker->progress.size = (uint64_t)status.st_size;
	err = unpacker->name && unpacker->dir ? start(unpacker, fd) : xfdt_no_memory("unpacking");
	if (err)
		xfdt_unpacker_free(unpacker);
	else
		*ret_unpacker = unpacker;
	return err;
}

void xfdt_unpacker_free(struct xfdt_unpacker *unpacker)
{
	size_t i;

	if (!unpacker)
		return;
	kill_it(unpacker);
	if (unpacker->socket >= 0)
		close(unpacker->socket);
	for (i = 0; i < unpacker->file_count; i++)
		if (unpacker->files[i] >= 0)
			close(unpacker->files[i]);
	for (i = unpacker->taken; i < unpacker->count; i++)
		xfdt_unpacked_deinit(&unpacker->results[i]);
	free(unpacker->files);
	free(unpacker->results);
	free(unpacker->name);
	free(unpacker->dir);
	free(unpacker);
}

/* what it says */

/* Make a file for the process, or send it the reason why not. */
static struct xfdt_error *give_file(struct xfdt_unpacker *unpacker)
{
	struct xfdt_error *err;
	int fd = -1, reason = 0;

	if (unpacker->file_count == unpacker->file_room) {
		size_t room = unpacker->file_room ? 2 * unpacker->file_room : 8;
		int *files = realloc(unpacker->files, room * sizeof(*files));

		if (!files)
			return xfdt_no_memory("unpacking");
		unpacker->files = files;
		unpacker->file_room = room;
	}
	err = xfdt_unnamed_file(unpacker->dir, &fd);
	if (err) {
		reason = errno ? errno : EIO;
		xfdt_error_free(err);
	} else {
		unpacker->files[unpacker->file_count++] = fd;
	}
	/* where it is gone, that is noticed with the next step */
	xfdt_send_fd(unpacker->socket, &reason, sizeof(reason), fd);
	return NULL;
}

/* The descriptor of file @number, which is the process's no more; -1: there is no such file. */
static int take_file(struct xfdt_unpacker *unpacker, uint32_t number)
{
	int fd;

	if (number >= unpacker->file_count)
		return -1;
	fd = unpacker->files[number];
	unpacker->files[number] = -1;
	return fd;
}

/* A process that a packed file has taken over may say anything. */
static bool is_plausible(const struct xfdt_unpacker *unpacker)
{
	return unpacker->count <= (size_t)unpacker->limits.members + PROBLEMS_MAX &&
	       unpacker->file_count <= unpacker->limits.members;
}

static struct xfdt_error *take_message(struct xfdt_unpacker *unpacker,
				       struct xfdt_unpack_message *message)
{
	int fd, status;

	message->name[sizeof(message->name) - 1] = '\0';
	message->text[sizeof(message->text) - 1] = '\0';
	unpacker->progress.read = message->read;
	unpacker->progress.written = message->written;
	unpacker->members = message->members;
	switch (message->what) {
	case XFDT_UNPACK_CONFINED:
		snprintf(unpacker->confined, sizeof(unpacker->confined), "%.*s",
			 (int)sizeof(unpacker->confined) - 1, message->text);
		return NULL;
	case XFDT_UNPACK_FILE:
		return give_file(unpacker);
	case XFDT_UNPACK_KEEP:
	case XFDT_UNPACK_KEEP_LOG:
		fd = take_file(unpacker, message->file);
		return fd < 0 ? NULL :
				add_result(unpacker, message->name, fd,
					   message->what == XFDT_UNPACK_KEEP_LOG, NULL);
	case XFDT_UNPACK_DROP:
		fd = take_file(unpacker, message->file);
		if (fd >= 0)
			close(fd);
		return NULL;
	case XFDT_UNPACK_PROBLEM:
		return add_problem(unpacker, message->name, message->text);
	case XFDT_UNPACK_END:
		wait_for_end(unpacker, &status, NULL);
		return NULL;
	default:
		return NULL;
	}
}

struct xfdt_error *xfdt_unpacker_step(struct xfdt_unpacker *unpacker, bool *ret_more)
{
	struct xfdt_error *err = NULL;

	while (!err && !unpacker->ended) {
		struct xfdt_unpack_message message;
		ssize_t got = recv(unpacker->socket, &message, sizeof(message), MSG_DONTWAIT);

		if (got < 0 && errno == EINTR)
			continue;
		if (xfdt_now_ms() - unpacker->progress.started >
		    xfdt_worker_wall_ms(unpacker->limits.seconds))
			err = take_timeout(unpacker);
		else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		else if (got != sizeof(message) || !is_plausible(unpacker))
			err = take_death(unpacker);
		else
			err = take_message(unpacker, &message);
	}
	if (!err)
		*ret_more = !unpacker->ended;
	return err;
}

int xfdt_unpacker_fd(const struct xfdt_unpacker *unpacker)
{
	return unpacker->socket;
}

struct xfdt_unpack_progress xfdt_unpacker_progress(const struct xfdt_unpacker *unpacker)
{
	return unpacker->progress;
}

const char *xfdt_unpacker_confined(const struct xfdt_unpacker *unpacker)
{
	return unpacker->confined;
}

unsigned int xfdt_unpacker_members(const struct xfdt_unpacker *unpacker)
{
	return unpacker->members;
}
