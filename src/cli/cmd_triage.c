/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands triage, show and dmesg. */
#include "cli/progress.h"
#include "cli/work.h"
#include "render/fields.h"
#include "report/table.h"
#include "verdict/precedence.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How a report is put into words. */
struct form {
	void (*print)(const struct xfdt_outcome *report, const struct xfdt_text_options *options,
		      FILE *out);
	struct xfdt_text_options style;
	enum log_choice log;
	unsigned int rows; /* of the terminal; 0: standard output is not one */
	bool line;	   /* the verdict alone, in a line for each dump */
};

static size_t lines_of(const char *text)
{
	size_t lines = 0;

	while ((text = strchr(text, '\n'))) {
		lines++;
		text++;
	}
	return lines;
}

static void print_whole(const struct form *form, const struct xfdt_outcome *report, FILE *out)
{
	form->print(report, &form->style, out);
	if (report->stats)
		xfdt_render_stats(report->stats, out);
}

/* On a terminal that the report does not fit on, its first lines are repeated at the end. */
static struct xfdt_error *print_report(const struct form *form, const struct xfdt_outcome *report)
{
	char *text = NULL;
	size_t len;
	FILE *out = form->rows ? open_memstream(&text, &len) : NULL;

	if (!form->rows) {
		print_whole(form, report, stdout);
		return NULL;
	}
	if (!out)
		return xfdt_no_memory("the report");
	print_whole(form, report, out);
	if (fclose(out)) {
		free(text);
		return xfdt_no_memory("the report");
	}
	fwrite(text, 1, len, stdout);
	/* one row is the next prompt's */
	if (lines_of(text) >= form->rows) {
		fputs("\n", stdout);
		xfdt_render_answer(report, &form->style, stdout);
	}
	free(text);
	return NULL;
}

/* One dump, in a process of its own; returns its exit code. */
static int triage_dump(const struct work *work)
{
	bool json = work->arguments->format == FORMAT_JSON, quiet = work->arguments->quiet;
	const struct form *form = work->context;
	struct xfdt_session session;
	struct xfdt_error *err;
	int status;

	err = open_session(work, &session, &work->options);
	if (err) {
		if (json && !quiet)
			xfdt_error_free(xfdt_render_json_error(work->paths[0],
							       xfdt_error_message(err), stdout));
		return complain(err);
	}
	status = xfdt_verdict_exit(session.verdict.kind);
	if (!quiet && json) {
		err = xfdt_render_json(&session.report, stdout);
		if (err)
			status = complain(err);
	} else if (!quiet && !form->line) {
		err = print_report(form, &session.report);
		if (err)
			status = complain(err);
	}
	xfdt_session_deinit(&session);
	return status;
}

/* NULL: it is a file as it was named. */
static const struct xfdt_found *dump_at(const struct arguments *arguments, size_t i)
{
	return arguments->dumps ? arguments->dumps[i] : NULL;
}

/* The dump that the @count files at @paths make up; those of @dump, unless that is NULL. */
static int report_dump(const struct arguments *arguments, const struct xfdt_found *dump,
		       const char *const *paths, size_t count, struct form *form)
{
	struct work work = {
		.arguments = arguments,
		.dump = dump,
		.paths = paths,
		.path_count = count,
		.log = form->log,
		.options = session_options(arguments),
		.run = triage_dump,
		.context = form,
	};
	bool died;
	int status;

	if (dump && dump->problem)
		return complain_of_dump(arguments, dump);
	status = do_work(&work, &died);
	if (died && arguments->format == FORMAT_JSON && !arguments->quiet)
		xfdt_error_free(
			xfdt_render_json_error(paths[0], "the process that read it died", stdout));
	return status;
}

/* The dump whose exit code counts.  An unknown exit code counts as that of a dump that could not be read. */
static int stronger(int a, int b)
{
	int kind_a = xfdt_exit_kind(a), kind_b = xfdt_exit_kind(b);

	if (kind_a < 0 || kind_b < 0)
		return XFDT_EXIT_ERROR;
	return xfdt_kind_rank(XFDT_NAMED, kind_a) < xfdt_kind_rank(XFDT_NAMED, kind_b) ? a : b;
}

static void put_line(const char *path, int kind)
{
	char escaped[PATH_MAX];

	xfdt_escape(path, escaped, sizeof(escaped));
	printf("%-14s  %s\n", xfdt_report_kind_name(kind), escaped);
}

static void put_counts(const int *kinds, size_t count, const char *what)
{
	size_t rank, i, found;

	printf("%zu %s:", count, what);
	for (rank = 0; rank < XFDT_RESULT_KINDS; rank++) {
		for (i = found = 0; i < count; i++)
			found += kinds[i] == xfdt_kind_at(XFDT_NAMED, rank);
		if (found)
			printf(" %zu %s", found,
			       xfdt_report_kind_name(xfdt_kind_at(XFDT_NAMED, rank)));
	}
	fputs("\n", stdout);
}

/* Counts, and a line for each dump that asks for something to be done. */
static void put_summary(const struct arguments *arguments, const int *kinds, const char *what)
{
	size_t rank, i;

	put_counts(kinds, arguments->path_count, what);
	for (rank = 0; rank < XFDT_RESULT_KINDS; rank++) {
		int kind = xfdt_kind_at(XFDT_NAMED, rank);

		if (kind == XFDT_NOT_THIS_BUG || kind == XFDT_NOT_APPLICABLE)
			continue;
		for (i = 0; i < arguments->path_count; i++) {
			if (kinds[i] != kind)
				continue;
			fputs("  ", stdout);
			put_line(arguments->paths[i], kind);
		}
	}
}

static void show_done(size_t done, size_t total)
{
	char bar[80];

	format_bar(done, total, 24, bar, sizeof(bar));
	show_progress_line(bar);
}

/* Of several dumps, what is seen of each. */
static int report_one(const struct arguments *arguments, size_t i, struct form *form, bool text,
		      int *ret_kind)
{
	bool bar = form->line && text && isatty(STDERR_FILENO);
	int code;

	if (i && text && !form->line)
		fputs("\n----\n\n", stdout);
	if (bar)
		show_done(i, arguments->path_count);
	code = report_dump(arguments, dump_at(arguments, i), &arguments->paths[i], 1, form);
	*ret_kind = xfdt_exit_kind(code) < 0 ? XFDT_NO_VERDICT : xfdt_exit_kind(code);
	clear_progress_line();
	if (form->line && text)
		put_line(arguments->paths[i], *ret_kind);
	fflush(stdout);
	return code;
}

static int report_each(const struct arguments *arguments, struct form *form)
{
	bool text = arguments->format == FORMAT_TEXT && !arguments->quiet;
	int *kinds = calloc(arguments->path_count + 1, sizeof(*kinds));
	int status = xfdt_kind_exit(XFDT_NOT_APPLICABLE);
	size_t i;

	if (!kinds)
		return complain(xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory"));
	for (i = 0; i < arguments->path_count && !ferror(stdout); i++)
		status = stronger(status, report_one(arguments, i, form, text, &kinds[i]));
	if (text && arguments->path_count > 1 && !ferror(stdout)) {
		fputs(form->line ? "\n" : "\n----\n\n", stdout);
		put_summary(arguments, kinds, form->log == LOG_ALWAYS ? "logs" : "dumps");
		if (form->line)
			fputs("\nFor full reports, use -v, or name one file\n", stdout);
	}
	free(kinds);
	return status;
}

/* Are the files the parts that pstore kept of one log? */
static bool are_one_log(const struct arguments *arguments, const struct form *form)
{
	size_t i;

	for (i = 0; i < arguments->path_count && form->log != LOG_NEVER; i++)
		if (!xfdt_is_pstore_file(arguments->paths[i]))
			return false;
	return form->log != LOG_NEVER;
}

static int report_dumps(const struct arguments *arguments, struct form *form)
{
	bool one = arguments->split || are_one_log(arguments, form);

	form->style = (struct xfdt_text_options){
		.colour = use_colour(arguments),
		.width = terminal_width(),
		.verbose = arguments->verbose,
	};
	form->line = form->log != LOG_NEVER && !one && arguments->path_count > 1 &&
		     !arguments->verbose && !arguments->stats;
	form->rows = terminal_rows();
	if (one)
		return report_dump(arguments, arguments->split ? dump_at(arguments, 0) : NULL,
				   arguments->paths, arguments->path_count, form);
	return report_each(arguments, form);
}

int run_triage(const struct arguments *arguments)
{
	if (arguments->kdump)
		return run_kdump(arguments);
	return report_dumps(arguments,
			    &(struct form){ .print = xfdt_render_text, .log = LOG_RECOGNISED });
}

int run_dmesg(const struct arguments *arguments)
{
	return report_dumps(arguments,
			    &(struct form){ .print = xfdt_render_text, .log = LOG_ALWAYS });
}

int run_show(const struct arguments *arguments)
{
	return report_dumps(arguments, &(struct form){ .print = xfdt_render_show });
}
