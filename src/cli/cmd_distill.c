/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command distill. */
#include "base/util.h"
#include "cli/work.h"
#include "distill/contents.h"
#include "kernel/census_note.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the dump of @session says, as JSON, but for what a distilled one says otherwise. */
static struct xfdt_error *answer_of(struct xfdt_session *session, char **ret_text)
{
	struct xfdt_outcome report = session->report;
	bool carried = session->image.embedded;
	struct xfdt_error *err;
	char *text = NULL;
	size_t len;
	FILE *out;

	out = open_memstream(&text, &len);
	if (!out)
		return xfdt_no_memory("JSON");
	report.path = "";
	report.format = "";
	session->image.embedded = false;
	err = xfdt_render_json(&report, out);
	session->image.embedded = carried;
	if (fclose(out) && !err)
		err = xfdt_no_memory("JSON");
	if (err)
		free(text);
	else
		*ret_text = text;
	return err;
}

/* What it takes besides the dump. */
struct distilling {
	struct xfdt_output output;
	FILE *account; /* for people or scripts; NULL: they are not to get one */
};

/* The original's answer. */
struct answer {
	enum xfdt_verdict_kind kind;
	enum xfdt_route route;
	char *text; /* JSON */
	/* what its symbols and types come to; NULL: they are kept themselves */
	char *record;
	size_t record_len;
	char *census; /* of its guest FPU states, without which page tables would have to be kept */
	size_t census_len;
};

/* The original as anybody reads it. */
static struct xfdt_error *read_original(const struct work *work, struct answer *ret_answer)
{
	struct xfdt_session session;
	struct xfdt_error *err;

	err = open_session(work, &session, &work->options);
	if (err)
		return err;
	err = answer_of(&session, &ret_answer->text);
	ret_answer->kind = session.verdict.kind;
	ret_answer->route = session.verdict.route;
	/* with that, kallsyms and BTF need not be kept */
	if (!err && !work->arguments->keep_types)
		err = xfdt_image_record(&session.image, &ret_answer->record,
					&ret_answer->record_len);
	if (!err)
		err = xfdt_census_format(&session.host.census, &ret_answer->census,
					 &ret_answer->census_len);
	xfdt_session_deinit(&session);
	return err;
}

/* Does the file give the original's answer?  Its verdict, at the least. */
static struct xfdt_error *check(const struct work *work, const struct answer *original,
				bool *ret_same)
{
	struct xfdt_session_options alone = work->options;
	struct xfdt_session small;
	struct xfdt_error *err;
	char *answer;

	/* who gets it need not have the debuginfo that is here */
	alone.debug = (struct xfdt_debug_options){ 0 };
	alone.dump.names = NULL;
	err = xfdt_session_init(&small, &work->written, 1, &alone);
	if (err)
		return xfdt_error_wrap(err, "the distilled file");
	err = answer_of(&small, &answer);
	if (!err) {
		*ret_same = !strcmp(answer, original->text);
		free(answer);
	}
	if (!err &&
	    (small.verdict.kind != original->kind || small.verdict.route != original->route))
		err = xfdt_error_new(XFDT_MISSING, 0,
				     "the distilled file would say %s, where the original says %s; "
				     "try with or without --keep-log and --keep-types",
				     xfdt_verdict_name(small.verdict.kind),
				     xfdt_verdict_name(original->kind));
	xfdt_session_deinit(&small);
	return err;
}

static struct xfdt_error *put_account(const struct work *work, const struct xfdt_contents *contents)
{
	const struct distilling *distilling = work->context;
	struct xfdt_error *err;

	if (!distilling->account)
		return NULL;
	err = work->arguments->format == FORMAT_JSON ?
		      xfdt_contents_json(contents, distilling->account) :
		      xfdt_contents_text(contents, distilling->account);
	return err ? err : xfdt_flush(distilling->account, "the account");
}

/* Read once more, to see which bytes that takes, and write those. */
static struct xfdt_error *distill(const struct work *work, const struct answer *original,
				  const struct xfdt_distill_options *options)
{
	const struct distilling *distilling = work->context;
	struct xfdt_session_options recording = work->options;
	struct xfdt_distill_result result;
	struct xfdt_session session;
	struct xfdt_error *err;
	bool same = false;

	recording.record = options->record;
	recording.record_len = options->record_len;
	recording.census = options->census;
	recording.census_len = options->census_len;
	recording.dump.record = true;
	/* what debuginfo says would not be looked for in the dump, and not be kept */
	if (work->arguments->keep_types)
		recording.debug = (struct xfdt_debug_options){ 0 };
	err = xfdt_session_init(&session, work->places, work->path_count, &recording);
	if (err)
		return err;
	if (work->arguments->keep_types && session.image.embedded)
		err = xfdt_error_new(
			XFDT_MISSING, 0,
			"%s: is distilled without kallsyms and BTF; leave --keep-types out",
			work->paths[0]);
	if (!err)
		err = xfdt_distill_write(session.dump, &session.host, options, &distilling->output,
					 &result);
	if (!err)
		err = check(work, original, &same);
	if (!err)
		err = put_account(work, &(struct xfdt_contents){
						.path = work->arguments->output,
						.report = &session.report,
						.options = options,
						.result = &result,
						.same_answer = same,
					});
	xfdt_session_deinit(&session);
	return err;
}

static int distill_dump(const struct work *work)
{
	struct xfdt_distill_options options = { .keep_log = work->arguments->keep_log };
	struct answer original = { .text = NULL };
	struct xfdt_error *err;

	err = read_original(work, &original);
	options.record = original.record;
	options.record_len = original.record_len;
	options.census = original.census;
	options.census_len = original.census_len;
	if (!err)
		err = distill(work, &original, &options);
	free(original.text);
	free(original.record);
	free(original.census);
	return err ? complain(err) : 0;
}

static bool is_own_input(const struct arguments *arguments)
{
	struct stat output, input;
	size_t i;

	if (stat(arguments->output, &output))
		return false;
	for (i = 0; i < arguments->path_count; i++)
		if (!stat(arguments->paths[i], &input) && input.st_dev == output.st_dev &&
		    input.st_ino == output.st_ino)
			return true;
	return false;
}

/* What an interrupt is not to leave behind. */
static const char *unfinished;

static void remove_unfinished(int number)
{
	unlink(unfinished);
	signal(number, SIG_DFL);
	raise(number);
}

/* Do not heed what was ignored before: nohup. */
static void on_interrupt(void (*handler)(int))
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGPIPE, SIGTERM };
	struct sigaction action = { .sa_handler = handler }, before;
	size_t i;

	for (i = 0; i < COUNT(numbers); i++)
		if (!sigaction(numbers[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
}

int run_distill(const struct arguments *arguments)
{
	struct distilling distilling = { .account = NULL };
	struct work work = {
		.arguments = arguments,
		.dump = arguments->dumps ? arguments->dumps[0] : NULL,
		.paths = arguments->paths,
		.path_count = arguments->path_count,
		.written = distilling.output.temporary,
		.options = session_options(arguments),
		.run = distill_dump,
		.context = &distilling,
	};
	struct xfdt_error *err;
	bool died;
	int status;

	if (!arguments->output)
		return usage_error("distill needs -o FILE", NULL);
	/* what was written is read again */
	if (!strcmp(arguments->output, "-"))
		return usage_error("distill writes to a file (-o FILE), not to", "-");
	if (work.dump && work.dump->problem)
		return complain_of_dump(arguments, work.dump);
	if (arguments->path_count > 1 && !arguments->split) {
		warn("distill takes one dump, or the parts of one with --split; '%s' and '%s' are two",
		     arguments->paths[0], arguments->paths[1]);
		return XFDT_EXIT_ERROR;
	}
	if (is_own_input(arguments))
		return usage_error("distill does not write over the dump that it reads:",
				   arguments->output);
	if (arguments->keep_types && (arguments->debuginfo_count || arguments->types))
		return usage_error(
			"--keep-types keeps what the dump itself says: leave -d and --types out",
			NULL);
	/* what is kept has to be read */
	if (!arguments->quiet) {
		distilling.account = memory_file("account");
		if (!distilling.account)
			return complain(xfdt_error_new(XFDT_SYSTEM, 0,
						       "no room for the account: %s",
						       strerror(errno)));
	}
	err = xfdt_output_init(&distilling.output, arguments->output);
	if (err)
		return complain(err);
	unfinished = distilling.output.temporary;
	on_interrupt(remove_unfinished);
	status = do_work(&work, &died);
	on_interrupt(SIG_DFL);
	if (status) {
		xfdt_output_drop(&distilling.output);
		return status;
	}
	err = xfdt_output_finish(&distilling.output, NULL);
	if (err)
		return complain(err);
	if (distilling.account)
		copy_out(distilling.account, stdout);
	return 0;
}
