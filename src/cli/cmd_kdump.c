/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --kdump: triage in the kernel that saves a dump.  It must never be in the
 * way of that: the work is done by a process with little memory and little
 * time, and what it has to say is printed when it is done, or not at all.
 */
#include "sandbox/worker.h"
#include "cli/work.h"
#include "cli/fetch_dump.h"
#include "render/fields.h"
#include "triage/rights.h"
#include "verdict/precedence.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 30
/* of the 64 MiB that all may take */
#define MEMORY_MIB 48ull
#define REPORT_MIB 16ull
#define EXIT_NO_ROOM 13 /* the worker's, where its report does not fit */
#define PREFIX "xfdtriage: "

/* What is said: to the console, and to whoever keeps it. */
struct result {
	FILE *brief, *json;
	bool *complete; /* shared with the worker */
};

static void put_cost(const struct timespec *start, const struct rusage *usage)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	fprintf(stderr, PREFIX "  cost    %.1f s, %ld KiB\n",
		(double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9,
		usage->ru_maxrss);
}

static void put_error(const struct result *result, const char *path, const char *message)
{
	char escaped[PATH_MAX + 1024];

	xfdt_escape(message, escaped, sizeof(escaped));
	fprintf(result->brief,
		PREFIX "error: %s\n" PREFIX "  do      triage the dump once it is saved\n",
		escaped);
	xfdt_error_free(xfdt_render_json_error(path, message, result->json));
}

/* the worker */

/* Besides what every worker is held to. */
static void limit_more(void)
{
	const struct rlimit report = { .rlim_cur = REPORT_MIB << 20, .rlim_max = REPORT_MIB << 20 };
	int fd;

	/* if memory still runs out, the kernel kills this process first */
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, "1000", 4) != 4)
			errno = 0;
		close(fd);
	}
	/* of what it leaves in memory */
	setrlimit(RLIMIT_FSIZE, &report);
}

static bool start_over(FILE *file)
{
	rewind(file);
	return !ftruncate(fileno(file), 0);
}

static int work(const struct arguments *arguments, const struct result *result)
{
	/* no debuginfo, and no place for files */
	struct xfdt_session_options options = { 0 };
	char confined[XFDT_CONFINED_SIZE];
	struct xfdt_session session;
	struct xfdt_error *err;
	int status;

	xfdt_confine_for_dump(arguments->paths, arguments->path_count, NULL, &options, confined);
	options.confined = confined;
	err = xfdt_session_init(&session, arguments->paths, arguments->path_count, &options);
	if (!err) {
		status = xfdt_verdict_exit(session.verdict.kind);
		xfdt_render_brief(&session.report, PREFIX, result->brief);
		err = xfdt_render_json(&session.report, result->json);
		xfdt_session_deinit(&session);
	}
	if (err) {
		if (xfdt_error_code(err) == XFDT_NO_MEMORY)
			err = xfdt_error_wrap(err, "in the memory that --kdump takes");
		if (!start_over(result->brief) || !start_over(result->json))
			return EXIT_NO_ROOM;
		put_error(result, arguments->paths[0], xfdt_error_message(err));
		xfdt_error_free(err);
		status = XFDT_EXIT_ERROR;
	}
	return status;
}

static void run_worker(const struct arguments *arguments, const struct result *result)
{
	int status;

	limit_more();
	status = work(arguments, result);
	if (fflush(result->brief) || ferror(result->brief) || fflush(result->json) ||
	    ferror(result->json))
		status = EXIT_NO_ROOM;
	*result->complete = true;
	_exit(xfdt_worker_status(status));
}

/* the one that waits */

/*
 * Wait for @pid, but not without limit: a process that hangs in the kernel cannot even
 * be killed.  NULL with its exit code, or static words that say what is wrong.
 */
static const char *wait_for(pid_t pid, const struct result *result, int *ret_status,
			    struct rusage *ret_usage)
{
	const struct timespec limit = { .tv_sec = SECONDS };
	sigset_t child;
	int status, code;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (sigtimedwait(&child, NULL, &limit) < 0) {
		if (errno == EINTR)
			continue;
		kill(pid, SIGKILL);
		return "not finished within the time limit of 30 seconds";
	}
	if (wait4(pid, &status, WNOHANG, ret_usage) != pid)
		return "the process that read it is lost";
	if (!WIFEXITED(status))
		return WTERMSIG(status) == SIGKILL ?
			       "the process that read it was killed: memory may be short" :
			       "reading it ended with a signal; the dump is damaged, or this is a bug";
	if (!*result->complete || !xfdt_worker_ended(status, &code) ||
	    (xfdt_exit_kind(code) < 0 && code != EXIT_NO_ROOM))
		return "reading it ended without an answer; the dump is damaged, or this is a bug";
	if (code == EXIT_NO_ROOM)
		return "the report does not fit into the memory that --kdump takes";
	*ret_status = code;
	return NULL;
}

int run_kdump(const struct arguments *arguments)
{
	const struct xfdt_limits limits = { .memory = MEMORY_MIB << 20 };
	const struct result console = { stderr, stdout, NULL };
	struct result result = { memory_file("brief"), memory_file("json"), shared_flag() };
	int status = XFDT_EXIT_ERROR;
	char message[PATH_MAX + 128];
	struct timespec start;
	struct rusage usage;
	const char *trouble;
	sigset_t child;
	pid_t pid;

	if (arguments->format != FORMAT_TEXT || arguments->verbose || arguments->debuginfo_count ||
	    arguments->types)
		return usage_error(
			"--kdump has its own output format and does not read debuginfo: omit these options",
			NULL);
	if (arguments->path_count > 1 && !arguments->split)
		return usage_error("--kdump takes one dump", NULL);
	if (names_url(arguments->paths[0]))
		return usage_error("--kdump reads files only, not", arguments->paths[0]);
	clock_gettime(CLOCK_MONOTONIC, &start);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	/* if that is to ignore it, there is none */
	signal(SIGCHLD, SIG_DFL);
	pid = result.brief && result.json && result.complete ? xfdt_worker_fork(&limits) : -1;
	if (!pid)
		run_worker(arguments, &result);
	trouble = pid < 0 ? "cannot start: memory is short" :
			    wait_for(pid, &result, &status, &usage);
	if (arguments->quiet)
		return status;
	if (trouble) {
		snprintf(message, sizeof(message), "%s: %s", arguments->paths[0], trouble);
		put_error(&console, arguments->paths[0], message);
		return status;
	}
	copy_out(result.brief, stderr);
	put_cost(&start, &usage);
	copy_out(result.json, stdout);
	return status;
}
