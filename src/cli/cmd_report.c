/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command report. */
#include "base/output.h"
#include "base/util.h"
#include "cli/command.h"
#include "report/report.h"
#include "report/runs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct stores {
	struct xfdt_store **items;
	size_t count;
};

static void close_stores(struct stores *stores)
{
	while (stores->count)
		xfdt_store_close(stores->items[--stores->count]);
	free(stores->items);
}

static struct xfdt_error *open_stores(struct stores *stores, const struct arguments *arguments)
{
	struct xfdt_error *err = NULL;
	size_t i;

	stores->items = calloc(arguments->path_count, sizeof(struct xfdt_store *));
	if (!stores->items)
		return xfdt_no_memory("stores");
	for (i = 0; i < arguments->path_count && !err; i++) {
		err = xfdt_store_open(&stores->items[i], arguments->paths[i], XFDT_STORE_READ);
		stores->count += !err;
	}
	return err;
}

static struct xfdt_error *add_result(void *context, const struct xfdt_result *result)
{
	return xfdt_report_add(context, result);
}

/* *@ret_damaged is the number of rows that are left out. */
static struct xfdt_error *summarise(const struct stores *stores, const struct arguments *arguments,
				    struct xfdt_report *summary, uint64_t *ret_damaged)
{
	struct xfdt_error *err = NULL;
	size_t i;

	for (i = 0; i < stores->count && !err; i++) {
		uint64_t damaged = 0;

		err = xfdt_report_add_store(summary, arguments->paths[i]);
		if (!err)
			err = xfdt_store_each(stores->items[i], add_result, summary, &damaged);
		if (damaged)
			warn("store '%s': %" PRIu64 " damaged row%s left out of the report",
			     arguments->paths[i], damaged, damaged == 1 ? " is" : "s are");
		*ret_damaged += damaged;
	}
	return err ? err : xfdt_report_finish(summary);
}

struct add_run {
	struct xfdt_runs *runs;
	const char *store;
	uint64_t count;
};

static struct xfdt_error *add_run(void *context, const struct xfdt_run *run)
{
	struct add_run *add = context;

	add->count++;
	return xfdt_runs_add(add->runs, add->store, run);
}

/* *@ret_missing is the number of stores that no record says the completeness of. */
static struct xfdt_error *add_runs(const struct stores *stores, const struct arguments *arguments,
				   struct xfdt_runs *runs, size_t *ret_missing)
{
	struct xfdt_error *err = NULL;
	size_t i;

	for (i = 0; i < stores->count && !err; i++) {
		struct add_run add = { .runs = runs, .store = arguments->paths[i] };
		uint64_t damaged = 0;

		err = xfdt_store_each_run(stores->items[i], add_run, &add, &damaged);
		if (!err && (damaged || (!add.count && arguments->complete))) {
			++*ret_missing;
			warn("incomplete: store '%s' has %s record of a run", arguments->paths[i],
			     damaged ? "a damaged" : "no");
		}
	}
	return err;
}

static void tell_run(__attribute__((unused)) void *context, const char *line)
{
	warn("incomplete: %s", line);
}

/* Say which shards are missing or did not get to the end; *@ret_missing counts them. */
static struct xfdt_error *check_runs(const struct stores *stores, const struct arguments *arguments,
				     size_t *ret_missing)
{
	struct xfdt_runs *runs = NULL;
	struct xfdt_error *err;

	err = xfdt_runs_new(&runs);
	if (!err)
		err = add_runs(stores, arguments, runs, ret_missing);
	if (!err)
		*ret_missing += xfdt_runs_check(runs, tell_run, NULL);
	xfdt_runs_free(runs);
	return err;
}

static struct xfdt_error *fetch(void *context, size_t store, const void *path, size_t path_len,
				xfdt_store_visit *visit, void *visit_context)
{
	const struct stores *stores = context;

	return xfdt_store_get(stores->items[store], path, path_len, visit, visit_context);
}

static struct xfdt_error *render(const struct xfdt_report *summary, struct stores *stores,
				 const struct arguments *arguments, enum format format, FILE *out)
{
	const struct xfdt_report_source source = { .fetch = fetch, .context = stores };
	const struct xfdt_report_options options = {
		.colour = !arguments->output && use_colour(arguments),
		.width = arguments->output ? 0 : terminal_width(),
		.now = time(NULL),
	};

	switch (format) {
	case FORMAT_HTML:
		return xfdt_report_html(summary, &source, &options, out);
	case FORMAT_CSV:
		xfdt_report_csv(summary, out);
		return NULL;
	case FORMAT_JSONL:
		return xfdt_report_jsonl(summary, &source, out);
	default:
		xfdt_report_text(summary, &options, out);
		return NULL;
	}
}

/* the file to write to */

static bool has_suffix(const char *path, const char *suffix)
{
	size_t len = strlen(path), suffix_len = strlen(suffix);

	return len > suffix_len && !strcmp(path + len - suffix_len, suffix);
}

/* The format that the name of the file stands for; text if it stands for none. */
static enum format format_by_name(const char *path)
{
	static const struct {
		const char *suffix;
		enum format format;
	} suffixes[] = {
		{ ".html", FORMAT_HTML },   { ".htm", FORMAT_HTML },   { ".csv", FORMAT_CSV },
		{ ".jsonl", FORMAT_JSONL }, { ".json", FORMAT_JSONL },
	};
	size_t i;

	for (i = 0; path && i < COUNT(suffixes); i++)
		if (has_suffix(path, suffixes[i].suffix))
			return suffixes[i].format;
	return FORMAT_TEXT;
}

/* Does a report in @format begin like @head? */
static bool begins_as(enum format format, const char *head)
{
	switch (format) {
	case FORMAT_HTML:
		return !strncmp(head, "<!DOCTYPE html>", 15);
	case FORMAT_CSV:
		return !strncmp(head, "dump.path,", 10);
	case FORMAT_JSONL:
		return *head == '{';
	default:
		return !strncmp(head, "verdict ", 8) || !strncmp(head, "0 dumps ", 8);
	}
}

/* Only a report of the same format is replaced. */
static struct xfdt_error *check_replaced(const char *path, enum format format)
{
	static const char *const names[] = {
		[FORMAT_TEXT] = "a report in text",
		[FORMAT_HTML] = "a report in HTML",
		[FORMAT_CSV] = "a report in CSV",
		[FORMAT_JSONL] = "a report in JSON Lines",
	};
	FILE *file = fopen(path, "re");
	char head[32] = "";
	size_t len;

	/* the error of opening it for writing is reported there */
	if (!file)
		return NULL;
	len = fread(head, 1, sizeof(head) - 1, file);
	fclose(file);
	if (!len || begins_as(format, head))
		return NULL;
	return xfdt_error_new(XFDT_UNSUPPORTED, 0,
			      "'%s' exists and is not %s; remove it, or name another file", path,
			      names[format]);
}

static struct xfdt_error *write_report(const struct xfdt_report *summary, struct stores *stores,
				       const struct arguments *arguments)
{
	enum format format = arguments->format_given ? arguments->format :
						       format_by_name(arguments->output);
	struct xfdt_output output;
	struct xfdt_error *err;

	if (!arguments->output)
		return render(summary, stores, arguments, format, stdout);
	err = xfdt_output_init(&output, arguments->output);
	if (err)
		return err;
	err = check_replaced(arguments->output, format);
	if (!err)
		err = render(summary, stores, arguments, format, output.file);
	return xfdt_output_finish(&output, err);
}

/* 0 whatever the verdicts are, if the report was written and has all results. */
int run_report(const struct arguments *arguments)
{
	struct xfdt_report *summary = NULL;
	struct stores stores = { .count = 0 };
	struct xfdt_error *err;
	uint64_t damaged = 0;
	size_t missing = 0;

	err = open_stores(&stores, arguments);
	if (!err)
		err = xfdt_report_new(&summary);
	if (!err)
		err = summarise(&stores, arguments, summary, &damaged);
	if (!err)
		err = write_report(summary, &stores, arguments);
	if (!err)
		err = check_runs(&stores, arguments, &missing);
	xfdt_report_free(summary);
	close_stores(&stores);
	if (err)
		return complain(err);
	return damaged || (missing && arguments->complete) ? XFDT_EXIT_ERROR : 0;
}
