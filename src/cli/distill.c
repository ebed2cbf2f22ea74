/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command distill. */
#include "batch/worker.h"
#include "cli/command.h"
#include "distill/contents.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the dump of @session says, as JSON, but for what a distilled one says otherwise. */
static struct xfdt_error *answer_of(struct xfdt_session *session, char **ret_text)
{
	struct xfdt_report report = session->report;
	bool carried = session->image.carried;
	struct xfdt_error *err;
	char *text = NULL;
	size_t len;
	FILE *out;

	out = open_memstream(&text, &len);
	if (!out)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for JSON");
	report.path = "";
	report.format = "";
	session->image.carried = false;
	err = xfdt_report_json(&report, out);
	session->image.carried = carried;
	if (fclose(out) && !err)
		err = xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for JSON");
	if (err)
		free(text);
	else
		*ret_text = text;
	return err;
}

struct checking {
	const struct xfdt_session_options *options;
	/* the original's */
	enum xfdt_verdict_kind kind;
	enum xfdt_route route;
	const char *answer;
	bool same_answer;
};

/* The original as anybody reads it: its answer, and what its symbols and types come to. */
static struct xfdt_error *read_original(const struct arguments *arguments,
					const struct xfdt_session_options *options, struct checking *checking,
					char **ret_answer, char **ret_record, size_t *ret_len)
{
	struct xfdt_session session;
	struct xfdt_error *err;

	err = xfdt_session_init(&session, arguments->paths, arguments->path_count, options);
	if (err)
		return err;
	err = answer_of(&session, ret_answer);
	checking->kind = session.verdict.kind;
	checking->route = session.verdict.route;
	/* with that, kallsyms and BTF need not be kept */
	if (!err && !arguments->keep_types)
		err = xfdt_image_record(&session.image, ret_record, ret_len);
	xfdt_session_deinit(&session);
	return err;
}

/* Does the file give the original's answer?  Its verdict, at the least. */
static struct xfdt_error *check(void *context, const char *path)
{
	struct checking *checking = context;
	struct xfdt_session_options alone = *checking->options;
	struct xfdt_session small;
	struct xfdt_error *err;
	char *answer;

	/* who gets it need not have the debuginfo that is here */
	alone.debug = (struct xfdt_debug_options) { 0 };
	err = xfdt_session_init(&small, &path, 1, &alone);
	if (err)
		return xfdt_error_wrap(err, "the distilled file");
	err = answer_of(&small, &answer);
	if (!err) {
		checking->same_answer = !strcmp(answer, checking->answer);
		free(answer);
	}
	if (!err && (small.verdict.kind != checking->kind || small.verdict.route != checking->route))
		err = xfdt_error_new(XFDT_MISSING, 0, "the distilled file would say %s, where the original says %s; "
				     "try with or without --keep-log and --keep-types", xfdt_verdict_name(small.verdict.kind),
				     xfdt_verdict_name(checking->kind));
	xfdt_session_deinit(&small);
	return err;
}

static struct xfdt_error *print_contents(const struct arguments *arguments, const struct xfdt_contents *contents)
{
	if (arguments->quiet)
		return NULL;
	return arguments->format == FORMAT_JSON ? xfdt_contents_json(contents, stdout) :
						  xfdt_contents_text(contents, stdout);
}

/* Read once more, to see which bytes that takes, and write those. */
static struct xfdt_error *distill(const struct arguments *arguments, const struct xfdt_session_options *plain,
				  struct checking *checking, struct xfdt_distill_options *options)
{
	struct xfdt_session_options recording = *plain;
	struct xfdt_distill_result result;
	struct xfdt_session session;
	struct xfdt_error *err;

	recording.record = options->record;
	recording.record_len = options->record_len;
	recording.dump.record = true;
	/* what debuginfo says would not be looked for in the dump, and not be kept */
	if (arguments->keep_types)
		recording.debug = (struct xfdt_debug_options) { 0 };
	err = xfdt_session_init(&session, arguments->paths, arguments->path_count, &recording);
	if (err)
		return err;
	options->check = check;
	options->context = checking;
	if (arguments->keep_types && session.image.carried)
		err = xfdt_error_new(XFDT_MISSING, 0, "%s: is distilled without kallsyms and BTF; leave --keep-types out",
				     arguments->paths[0]);
	if (!err)
		err = xfdt_distill_write(session.dump, &session.host, options, arguments->output, &result);
	if (!err)
		err = print_contents(arguments, &(struct xfdt_contents) {
			.path = arguments->output, .report = &session.report, .options = options,
			.result = &result, .same_answer = checking->same_answer,
		});
	xfdt_session_deinit(&session);
	return err;
}

static int distill_dump(const struct arguments *arguments)
{
	struct xfdt_session_options plain = session_options(arguments);
	struct xfdt_distill_options options = { .keep_log = arguments->keep_log };
	struct checking checking = { .options = &plain };
	char *answer = NULL, *record = NULL;
	struct xfdt_error *err;

	/* what is kept has to be read */
	plain.cache_dir = NULL;
	err = read_original(arguments, &plain, &checking, &answer, &record, &options.record_len);
	options.record = record;
	checking.answer = answer;
	if (!err)
		err = distill(arguments, &plain, &checking, &options);
	free(answer);
	free(record);
	return err ? complain(err) : 0;
}

int run_distill(const struct arguments *arguments)
{
	const struct xfdt_limits unlimited = { 0 };
	bool died = false;
	pid_t pid;

	if (!arguments->output)
		return usage_error("distill needs -o FILE", NULL);
	if (arguments->path_count > 1 && !arguments->split)
		return usage_error("distill takes one dump (or the parts of one, with --split)", NULL);
	if (arguments->keep_types && (arguments->debuginfo_count || arguments->types))
		return usage_error("--keep-types keeps what the dump itself says: leave -d and --types out", NULL);
	pid = xfdt_worker_fork(&unlimited);
	if (pid < 0)
		return complain(xfdt_error_new(XFDT_SYSTEM, 0, "cannot start a process: %s", strerror(errno)));
	if (!pid)
		end_worker(distill_dump(arguments));
	return wait_for_worker(pid, arguments->paths[0], &died);
}
