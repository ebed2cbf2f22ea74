/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command report. */
#include "base/output.h"
#include "base/util.h"
#include "cli/command.h"
#include "report/hook.h"
#include "report/report.h"
#include "report/runs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define UTC_SIZE 24 /* of 2026-11-22T13:30:00Z */

/* Stores, and files that hooks for kdump left, by the order of the operands. */
struct stores {
	const struct arguments *arguments;
	struct xfdt_store **items; /* NULL: a hook's file */
	size_t count;
};

static bool is_hook(const struct stores *stores, size_t index)
{
	return !stores->items[index];
}

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

	stores->arguments = arguments;
	stores->items = calloc(arguments->path_count, sizeof(struct xfdt_store *));
	if (!stores->items)
		return xfdt_no_memory("stores");
	for (i = 0; i < arguments->path_count && !err; i++) {
		if (!xfdt_is_hook_file(arguments->paths[i]))
			err = xfdt_store_open(&stores->items[i], arguments->paths[i],
					      XFDT_STORE_READ);
		stores->count += !err;
	}
	return err;
}

/* What is known besides the results. */
struct state {
	struct xfdt_report_by by;
	char since[UTC_SIZE], last_start[UTC_SIZE]; /* "": none */
	size_t missing;				    /* shards, batches */
};

/* What a report leaves out: results from before a time, which is text that sorts as time does. */
struct filter {
	struct xfdt_report *summary;
	char since[UTC_SIZE]; /* "": nothing */
};

static struct xfdt_error *add_result(void *context, const struct xfdt_result *result)
{
	const struct filter *filter = context;

	return strcmp(result->finished, filter->since) < 0 ?
		       NULL :
		       xfdt_report_add(filter->summary, result);
}

static struct xfdt_error *find_last_start(void *context, const struct xfdt_run *run)
{
	char *last = context;

	if (strcmp(run->started, last) > 0)
		snprintf(last, UTC_SIZE, "%.*s", UTC_SIZE - 1, run->started);
	return NULL;
}

/* With --new, what the last run looked at. */
static struct xfdt_error *filter_new(struct xfdt_store *store, const char *name,
				     struct filter *filter)
{
	char last[UTC_SIZE] = "";
	struct xfdt_error *err;
	uint64_t damaged;

	err = xfdt_store_each_run(store, find_last_start, last, &damaged);
	if (!err && !*last)
		err = xfdt_error_new(
			XFDT_MISSING, 0,
			"store '%s' has no record of a run, so nothing says what is new in it",
			name);
	if (!err && strcmp(last, filter->since) > 0)
		memcpy(filter->since, last, UTC_SIZE);
	return err;
}

/* *@ret_damaged is the number of rows that are left out. */
static struct xfdt_error *summarise(const struct stores *stores, const struct arguments *arguments,
				    const char since[UTC_SIZE], struct xfdt_report *summary,
				    uint64_t *ret_damaged)
{
	struct xfdt_error *err = NULL;
	size_t i;

	for (i = 0; i < stores->count && !err; i++) {
		struct filter filter = { .summary = summary };
		uint64_t damaged = 0;

		memcpy(filter.since, since, UTC_SIZE);
		err = xfdt_report_add_store(summary, arguments->paths[i]);
		if (!err && is_hook(stores, i)) {
			err = xfdt_hook_visit(arguments->paths[i], XFDT_VERSION, add_result,
					      &filter);
			continue;
		}
		if (!err && arguments->only_new)
			err = filter_new(stores->items[i], arguments->paths[i], &filter);
		if (!err)
			err = xfdt_store_each(stores->items[i], add_result, &filter, &damaged);
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

		if (is_hook(stores, i))
			continue;
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

/* Say which shards are missing or did not get to the end. */
static struct xfdt_error *check_runs(const struct stores *stores, const struct arguments *arguments,
				     struct state *state)
{
	struct xfdt_runs *runs = NULL;
	struct xfdt_error *err;

	err = xfdt_runs_new(&runs);
	if (!err)
		err = add_runs(stores, arguments, runs, &state->missing);
	if (!err) {
		state->missing += xfdt_runs_check(runs, tell_run, NULL);
		snprintf(state->last_start, sizeof(state->last_start), "%.*s", UTC_SIZE - 1,
			 xfdt_runs_last_start(runs));
	}
	xfdt_runs_free(runs);
	return err;
}

static struct xfdt_error *fetch(void *context, size_t store, const void *path, size_t path_len,
				xfdt_store_visit *visit, void *visit_context)
{
	const struct stores *stores = context;

	if (is_hook(stores, store))
		return xfdt_hook_visit(stores->arguments->paths[store], XFDT_VERSION, visit,
				       visit_context);
	return xfdt_store_get(stores->items[store], path, path_len, visit, visit_context);
}

static time_t time_of(const char *utc)
{
	struct tm tm = { 0 };
	const char *end = strptime(utc, "%Y-%m-%dT%H:%M:%SZ", &tm);

	return end && !*end ? timegm(&tm) : 0;
}

static struct xfdt_error *render(const struct xfdt_report *summary, struct stores *stores,
				 const struct arguments *arguments, const struct state *state,
				 enum format format, FILE *out)
{
	const struct xfdt_report_source source = { .fetch = fetch, .context = stores };
	const struct xfdt_report_options options = {
		.colour = !arguments->output && use_colour(arguments),
		.width = arguments->output ? 0 : terminal_width(),
		.now = time(NULL),
		.by = state->by,
		.missing = state->missing,
		.last_run = time_of(state->last_start),
	};

	switch (format) {
	case FORMAT_HTML:
		return xfdt_report_html(summary, &source, &options, out);
	case FORMAT_PROMETHEUS:
		return xfdt_report_prometheus(summary, &options, out);
	case FORMAT_CSV:
		if (state->by.count)
			return xfdt_report_by(summary, &state->by, true, out);
		xfdt_report_csv(summary, out);
		return NULL;
	case FORMAT_JSONL:
		return xfdt_report_jsonl(summary, &source, out);
	default:
		if (state->by.count)
			return xfdt_report_by(summary, &state->by, false, out);
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

/* The format by the name of the file; text if the name does not show one. */
static enum format format_by_name(const char *path)
{
	static const struct {
		const char *suffix;
		enum format format;
	} suffixes[] = {
		{ ".html", FORMAT_HTML },  { ".htm", FORMAT_HTML },
		{ ".csv", FORMAT_CSV },	   { ".jsonl", FORMAT_JSONL },
		{ ".json", FORMAT_JSONL }, { ".prom", FORMAT_PROMETHEUS },
	};
	size_t i;

	for (i = 0; path && i < COUNT(suffixes); i++)
		if (has_suffix(path, suffixes[i].suffix))
			return suffixes[i].format;
	return FORMAT_TEXT;
}

static enum format format_of(const struct arguments *arguments)
{
	return arguments->format_given ? arguments->format : format_by_name(arguments->output);
}

/* Does a report in @format begin like @head? */
static bool begins_as(enum format format, const char *head)
{
	switch (format) {
	case FORMAT_HTML:
		return !strncmp(head, "<!DOCTYPE html>", 15);
	case FORMAT_CSV:
		return !strncmp(head, "dump.path,", 10) || !strncmp(head, "dumps,verdict", 13);
	case FORMAT_PROMETHEUS:
		return !strncmp(head, "# HELP xfdtriage_", 17);
	case FORMAT_JSONL:
		return *head == '{';
	default:
		return !strncmp(head, "verdict ", 8) || !strncmp(head, "0 dumps ", 8) ||
		       !strncmp(head, "   dumps  verdict", 17);
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
		[FORMAT_PROMETHEUS] = "metrics for Prometheus",
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
				       const struct arguments *arguments, const struct state *state)
{
	const enum format format = format_of(arguments);
	struct xfdt_output output;
	struct xfdt_error *err;

	if (!arguments->output || !strcmp(arguments->output, "-"))
		return render(summary, stores, arguments, state, format, stdout);
	err = xfdt_output_init(&output, arguments->output);
	if (err)
		return err;
	err = check_replaced(arguments->output, format);
	if (!err)
		err = render(summary, stores, arguments, state, format, output.file);
	return xfdt_output_finish(&output, err);
}

/* A time, or the beginning of one, as the store has it: 2026-11-22, 2026-11-22T13:30. */
static bool is_time(const char *text)
{
	static const char pattern[] = "dddd-dd-ddTdd:dd:ddZ";
	size_t len = strlen(text), i;
	struct tm utc = { 0 }, real;

	for (i = 0; i < len && pattern[i]; i++)
		if (pattern[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != pattern[i])
			return false;
	if (i != len || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &utc.tm_year, &utc.tm_mon,
			       &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec) < 3)
		return false;
	utc.tm_year -= 1900;
	utc.tm_mon--;
	real = utc;
	/* timegm(3) makes 1 March of 29 February where there is none */
	timegm(&real);
	return real.tm_mon == utc.tm_mon && real.tm_mday == utc.tm_mday &&
	       real.tm_hour == utc.tm_hour && real.tm_min == utc.tm_min &&
	       real.tm_sec == utc.tm_sec;
}

/* 36h, 7d: that long ago. */
static bool parse_age(const char *text, char ret_utc[UTC_SIZE])
{
	unsigned int number;
	struct tm utc;
	char unit, rest;
	time_t then;

	if (sscanf(text, "%7u%c%c", &number, &unit, &rest) != 2 || (unit != 'h' && unit != 'd'))
		return false;
	then = time(NULL) - (time_t)number * (unit == 'h' ? 3600 : 86400);
	gmtime_r(&then, &utc);
	return strftime(ret_utc, UTC_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* Returns -1 to go on, or an exit code. */
static int parse_choice(const struct arguments *arguments, struct state *ret_state)
{
	const enum format format = format_of(arguments);

	if (arguments->by && !xfdt_report_by_parse(arguments->by, &ret_state->by))
		return usage_error("--by takes some of release,fix,route,rule,host, not",
				   arguments->by);
	if (ret_state->by.count && format != FORMAT_TEXT && format != FORMAT_CSV &&
	    format != FORMAT_PROMETHEUS)
		return usage_error("--by goes with the formats text, csv and prometheus", NULL);
	if (!arguments->since || parse_age(arguments->since, ret_state->since))
		return -1;
	if (!is_time(arguments->since))
		return usage_error(
			"--since takes 2026-11-22, 2026-11-22T13:30 (UTC), 36h or 7d, not",
			arguments->since);
	snprintf(ret_state->since, UTC_SIZE, "%s", arguments->since);
	return -1;
}

/* 0 whatever the verdicts are, if the report was written and has all results. */
int run_report(const struct arguments *arguments)
{
	struct xfdt_report *summary = NULL;
	struct stores stores = { .count = 0 };
	struct xfdt_error *err;
	struct state state = { .missing = 0 };
	uint64_t damaged = 0;
	int status;

	status = parse_choice(arguments, &state);
	if (status >= 0)
		return status;
	err = open_stores(&stores, arguments);
	if (!err)
		err = xfdt_report_new(&summary);
	if (!err)
		err = summarise(&stores, arguments, state.since, summary, &damaged);
	if (!err)
		err = check_runs(&stores, arguments, &state);
	if (!err)
		err = write_report(summary, &stores, arguments, &state);
	xfdt_report_free(summary);
	close_stores(&stores);
	if (err)
		return complain(err);
	return damaged || (state.missing && arguments->complete) ? XFDT_EXIT_ERROR : 0;
}
