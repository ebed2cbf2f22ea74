/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands triage and show. */
#include "batch/worker.h"
#include "cli/command.h"
#include "cli/errand.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DATA_MAX (4ull << 30)

typedef void report_text(const struct xfdt_report *report,
			 const struct xfdt_text_options *options, FILE *out);

/* One dump, in a process of its own; returns its exit code. */
static int triage_dump(const struct arguments *arguments, struct xfdt_session_options options,
		       const char *const *paths, size_t count, report_text *text)
{
	struct xfdt_text_options style = {
		.colour = use_colour(), .verbose = arguments->verbose,
	};
	char confined[XFDT_CONFINED_SIZE];
	struct xfdt_session session;
	struct xfdt_error *err;
	int status;

	confine_worker(paths, count, &options, confined);
	err = xfdt_session_init(&session, paths, count, &options);
	if (err) {
		if (arguments->format == FORMAT_JSON && !arguments->quiet)
			xfdt_error_free(xfdt_report_json_error(paths[0], xfdt_error_message(err), stdout));
		return complain(err);
	}
	status = xfdt_verdict_exit(session.verdict.kind);
	if (!arguments->quiet) {
		if (arguments->format == FORMAT_JSON) {
			err = xfdt_report_json(&session.report, stdout);
			if (err)
				status = complain(err);
		} else {
			text(&session.report, &style, stdout);
		}
	}
	xfdt_session_deinit(&session);
	return status;
}

int wait_for_worker(pid_t pid, const char *path, bool *ret_died)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return XFDT_EXIT_ERROR;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	/* whoever reads the report has had enough: no fault of the dump's */
	if (WTERMSIG(status) == SIGPIPE)
		raise(SIGPIPE);
	fprintf(stderr, "xfdtriage: %s: reading it ended with %s; the file is damaged, or this is a bug\n",
		path, strsignal(WTERMSIG(status)));
	*ret_died = true;
	return XFDT_EXIT_ERROR;
}

void end_worker(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "xfdtriage: cannot write the report: %s\n", strerror(errno));
		status = XFDT_EXIT_ERROR;
	}
	_exit(status);
}

/* A dump is hostile input, and libraries that read it have bugs of their own. */
static int report_dump(const struct arguments *arguments, const char *const *paths,
		       size_t count, report_text *text)
{
	struct xfdt_session_options options = session_options(arguments);
	/* more than any dump needs, and less than a compressed file can grow to */
	const struct xfdt_limits limits = { .data = DATA_MAX };
	struct errand errand;
	bool died = false;
	pid_t pid = -1;
	int status;

	fflush(stdout);
	if (errand_init(&errand, &options.debug))
		pid = xfdt_worker_fork(&limits);
	if (pid < 0)
		return complain(xfdt_error_new(XFDT_SYSTEM, 0, "cannot start a process: %s", strerror(errno)));
	if (!pid) {
		errand_send(&errand, &options.debug);
		end_worker(triage_dump(arguments, options, paths, count, text));
	}
	errand_run(&errand, &options.debug);
	status = wait_for_worker(pid, paths[0], &died);
	if (died && arguments->format == FORMAT_JSON && !arguments->quiet)
		xfdt_error_free(xfdt_report_json_error(paths[0], "reading it ended with a signal", stdout));
	return status;
}

/* The stronger of two exit codes; docs/verdicts.md has the order. */
static int stronger(int a, int b)
{
	static const int order[] = { XFDT_EXIT_ERROR, 0, 3, 4, 5, 1, 6 };
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return XFDT_EXIT_ERROR;
}

static int report_dumps(const struct arguments *arguments, report_text *text)
{
	int status = 6;
	size_t i;

	if (arguments->split)
		return report_dump(arguments, arguments->paths, arguments->path_count, text);
	for (i = 0; i < arguments->path_count; i++) {
		if (i && arguments->format == FORMAT_TEXT && !arguments->quiet)
			fputs("\n----\n\n", stdout);
		status = stronger(status, report_dump(arguments, &arguments->paths[i], 1, text));
	}
	return status;
}

int run_triage(const struct arguments *arguments)
{
	if (arguments->kdump)
		return run_kdump(arguments);
	return report_dumps(arguments, xfdt_report_text);
}

int run_show(const struct arguments *arguments)
{
	return report_dumps(arguments, xfdt_report_show);
}
