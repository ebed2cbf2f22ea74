/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One dump, one process: forked, confined, waited for. */
#include "base/output.h"
#include "dump/identify.h"
#include "cli/work.h"
#include "triage/rights.h"
#include "verdict/precedence.h"
#include "sandbox/worker.h"
#include "cli/fetch_helper.h"
#include "cli/fetch_dump.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* more than any dump needs, and less than a compressed file can grow to */
#define DATA_MAX (4ull << 30)
/* of CPU time: ends an endless loop */
#define SECONDS_MAX 3600

FILE *memory_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w+");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

bool *shared_flag(void)
{
	void *flag = mmap(NULL, sizeof(bool), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);

	return flag == MAP_FAILED ? NULL : flag;
}

void shared_flag_free(bool *flag)
{
	if (flag)
		munmap(flag, sizeof(*flag));
}

void copy_out(FILE *from, FILE *to)
{
	char buf[4096];
	size_t len;

	rewind(from);
	while ((len = fread(buf, 1, sizeof(buf), from)) > 0)
		fwrite(buf, 1, len, to);
	fflush(to);
}

/* Is it a kernel log in place of a dump? */
static bool is_log(const struct work *work)
{
	return work->log == LOG_ALWAYS ||
	       (work->log == LOG_RECOGNISED && !work->options.dump.remote &&
		xfdt_is_log_file(work->places[0]));
}

struct xfdt_error *open_session(const struct work *work, struct xfdt_session *session,
				const struct xfdt_session_options *options)
{
	struct xfdt_error *err = NULL;

	if (is_log(work))
		return xfdt_log_session_init(session, work->places, work->paths, work->path_count,
					     options->confined);
	if (work->path_count == 1 && !options->dump.remote)
		err = xfdt_check_is_dump(work->places[0], work->paths[0]);
	return err ? err : xfdt_session_init(session, work->places, work->path_count, options);
}

int complain_of_dump(const struct arguments *arguments, const struct xfdt_found *dump)
{
	struct xfdt_error *err;

	err = xfdt_error_new(XFDT_NOT_A_DUMP, 0, "%s: %s", dump->paths[0], dump->problem);
	if (arguments->format == FORMAT_JSON && !arguments->quiet)
		xfdt_error_free(
			xfdt_render_json_error(dump->paths[0], xfdt_error_message(err), stdout));
	return complain(err);
}

static void run_worker(struct work *work) __attribute__((noreturn));
static void run_worker(struct work *work)
{
	char confined[XFDT_CONFINED_SIZE];
	struct xfdt_error *err;
	int status;

	xfdt_confine_for_dump(work->places, work->path_count, work->written, &work->options,
			      confined);
	work->options.confined = confined;
	if (strcmp(confined, XFDT_CONFINED_FULLY) && work->arguments->format == FORMAT_TEXT)
		warn("%s: the process that reads it is not fully confined: %s", work->paths[0],
		     confined);
	status = work->run(work);
	err = xfdt_flush(stdout, "the report");
	if (err)
		status = complain(err);
	*work->answered = true;
	_exit(xfdt_worker_status(status));
}

static int wait_for_worker(pid_t pid, const struct work *work, bool *ret_died)
{
	const char *path = work->paths[0];
	char message[256];
	struct rusage usage;
	int status, code;

	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return XFDT_EXIT_ERROR;
	if (*work->answered && xfdt_worker_ended(status, &code) && xfdt_exit_kind(code) >= 0)
		return code;
	*ret_died = true;
	if (WIFEXITED(status)) {
		warn("%s: reading it ended with exit status %d; the file is damaged, or this is a bug",
		     path, WEXITSTATUS(status));
		return XFDT_EXIT_ERROR;
	}
	/* what reads the report has ended */
	if (WTERMSIG(status) == SIGPIPE)
		raise(SIGPIPE);
	if (xfdt_worker_ran_out(SECONDS_MAX, status, &usage)) {
		xfdt_worker_say_ran_out(SECONDS_MAX, "the file is damaged, or this is a bug",
					message, sizeof(message));
		warn("%s: %s", path, message);
		return XFDT_EXIT_ERROR;
	}
	warn("%s: reading it ended with %s; the file is damaged, or this is a bug", path,
	     strsignal(WTERMSIG(status)));
	return XFDT_EXIT_ERROR;
}

/* In a process of its own; @work->places is set. */
static int start_work(struct work *work, bool *ret_died)
{
	const struct xfdt_limits limits = { .data = DATA_MAX, .seconds = SECONDS_MAX };
	struct fetch_helper helper;
	struct fetcher fetcher;
	struct xfdt_error *err;
	pid_t pid = -1;
	int status;

	fflush(stdout);
	err = fetcher_start(&fetcher, work->arguments, work->dump ? work->dump->url : NULL, true);
	if (err)
		return complain(err);
	if (fetch_helper_init(&helper, &work->options.debug))
		pid = xfdt_worker_fork(&limits);
	if (pid < 0)
		return complain(xfdt_error_new(XFDT_SYSTEM, 0, "cannot start a process: %s",
					       strerror(errno)));
	if (!pid) {
		fetch_helper_send(&helper, &work->options.debug);
		fetcher_use(&fetcher, &work->options.dump);
		run_worker(work);
	}
	fetcher_leave(&fetcher);
	fetch_helper_run(&helper, &work->options.debug);
	status = wait_for_worker(pid, work, ret_died);
	fetcher_wait(&fetcher);
	return status;
}

int do_work(struct work *work, bool *ret_died)
{
	const char **places = NULL;
	int status;

	*ret_died = false;
	work->places = work->paths;
	if (work->dump) {
		places = xfdt_found_places(work->dump);
		if (!places)
			return complain(xfdt_no_memory("reading a dump"));
		work->places = places;
		work->paths = (const char *const *)work->dump->paths;
		work->path_count = work->dump->path_count;
		work->options.dump.names = work->paths;
	}
	work->answered = shared_flag();
	status = work->answered ? start_work(work, ret_died) :
				  complain(xfdt_no_memory("reading a dump"));
	shared_flag_free(work->answered);
	free(places);
	return status;
}
