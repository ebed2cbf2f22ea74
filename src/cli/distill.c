/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command distill. */
#include "cli/command.h"
#include "distill/contents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What the dump's symbols and types come to.  Read with that, kallsyms and BTF
 * need not be kept.
 */
static struct xfdt_error *resolve_record(const struct arguments *arguments,
					 const struct xfdt_session_options *options,
					 char **ret_text, size_t *ret_len)
{
	struct xfdt_session session;
	struct xfdt_error *err;

	err = xfdt_session_init(&session, arguments->paths, arguments->path_count, options);
	if (err)
		return err;
	err = xfdt_image_record(&session.image, ret_text, ret_len);
	xfdt_session_deinit(&session);
	return err;
}

/* The answer as JSON, as if it were that of the dump of @like. */
static struct xfdt_error *answer_of(struct xfdt_session *session, const struct xfdt_session *like,
				    char **ret_text)
{
	bool carried = session->image.carried;
	struct xfdt_error *err;
	char *text = NULL;
	size_t len;
	FILE *out;

	out = open_memstream(&text, &len);
	if (!out)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for JSON");
	session->report.path = like->report.path;
	session->report.format = like->report.format;
	session->image.carried = false;
	err = xfdt_report_json(&session->report, out);
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
	struct xfdt_session *original;
	bool same_answer;
};

/* Does the file give the original's answer?  Its verdict, at the least. */
static struct xfdt_error *check(void *context, const char *path)
{
	struct checking *checking = context;
	struct xfdt_session small;
	struct xfdt_error *err;
	char *text, *original;

	err = xfdt_session_init(&small, &path, 1, checking->options);
	if (err)
		return xfdt_error_wrap(err, "the distilled file");
	err = answer_of(&small, checking->original, &text);
	if (!err) {
		err = answer_of(checking->original, checking->original, &original);
		if (!err) {
			checking->same_answer = !strcmp(text, original);
			free(original);
		}
		free(text);
	}
	if (!err && (small.verdict.kind != checking->original->verdict.kind ||
		     small.verdict.route != checking->original->verdict.route))
		err = xfdt_error_new(XFDT_MISSING, 0, "the distilled file would say %s, where the original says %s; "
				     "--keep-log or --keep-types may help", xfdt_verdict_name(small.verdict.kind),
				     xfdt_verdict_name(checking->original->verdict.kind));
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

static struct xfdt_error *distill(const struct arguments *arguments, struct xfdt_session *session,
				  const struct xfdt_session_options *plain,
				  struct xfdt_distill_options *options)
{
	struct checking checking = { .options = plain, .original = session };
	struct xfdt_distill_result result;
	struct xfdt_error *err;

	if (arguments->keep_types && session->image.carried)
		return xfdt_error_new(XFDT_MISSING, 0, "%s: is distilled without kallsyms and BTF; leave --keep-types out",
				      arguments->paths[0]);
	options->check = check;
	options->context = &checking;
	err = xfdt_distill_write(session->dump, &session->host, options, arguments->output, &result);
	if (err)
		return err;
	return print_contents(arguments, &(struct xfdt_contents) {
		.path = arguments->output, .report = &session->report, .options = options,
		.result = &result, .same_answer = checking.same_answer,
	});
}

int run_distill(const struct arguments *arguments)
{
	struct xfdt_session_options plain = session_options(arguments), recording;
	struct xfdt_distill_options options = { .keep_log = arguments->keep_log };
	struct xfdt_session session;
	struct xfdt_error *err;
	char *record = NULL;

	if (!arguments->output)
		return usage_error("distill needs -o FILE", NULL);
	if (arguments->path_count > 1 && !arguments->split)
		return usage_error("distill takes one dump (or the parts of one, with --split)", NULL);
	/* what is kept has to be read */
	plain.cache_dir = NULL;
	if (!arguments->keep_types) {
		err = resolve_record(arguments, &plain, &record, &options.record_len);
		if (err)
			return complain(err);
	}
	options.record = record;
	recording = plain;
	recording.record = record;
	recording.record_len = options.record_len;
	recording.dump.record = true;
	err = xfdt_session_init(&session, arguments->paths, arguments->path_count, &recording);
	if (!err) {
		err = distill(arguments, &session, &plain, &options);
		xfdt_session_deinit(&session);
	}
	free(record);
	return err ? complain(err) : 0;
}
