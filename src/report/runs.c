/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of runs, by what they were to look at. */
#include "report/runs.h"
#include "base/util.h"
#include "render/fields.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDS_MAX 4000000u
#define LINE_MAX_BYTES 1024

struct record {
	char *paths;
	const char *store;
	unsigned int shard, shards;
	enum xfdt_run_status status;
	char started[24];
	int64_t files, found, done, unread;
};

struct xfdt_runs {
	struct record *records;
	size_t count, room;
	char last_start[24];
};

/* What is missing, while it is found out. */
struct check {
	xfdt_runs_tell *tell;
	void *context;
	size_t missing;
};

struct xfdt_error *xfdt_runs_new(struct xfdt_runs **ret_runs)
{
	struct xfdt_runs *runs = calloc(1, sizeof(*runs));

	if (!runs)
		return xfdt_no_memory("the runs");
	*ret_runs = runs;
	return NULL;
}

void xfdt_runs_free(struct xfdt_runs *runs)
{
	size_t i;

	if (!runs)
		return;
	for (i = 0; i < runs->count; i++)
		free(runs->records[i].paths);
	free(runs->records);
	free(runs);
}

static bool make_room(struct xfdt_runs *runs)
{
	size_t room = runs->room ? 2 * runs->room : 16;
	struct record *records;

	if (runs->count < runs->room)
		return true;
	records = realloc(runs->records, room * sizeof(*records));
	if (!records)
		return false;
	runs->records = records;
	runs->room = room;
	return true;
}

struct xfdt_error *xfdt_runs_add(struct xfdt_runs *runs, const char *store,
				 const struct xfdt_run *run)
{
	struct record record = {
		.store = store,
		.shard = run->shard,
		.shards = run->shards,
		.status = run->status,
		.files = run->files,
		.found = run->found,
		.done = run->done,
		.unread = run->unread,
	};

	if (runs->count == RECORDS_MAX)
		return xfdt_error_new(XFDT_LIMIT, 0, "more than %u records of runs", RECORDS_MAX);
	record.paths = strdup(run->paths);
	if (!record.paths || !make_room(runs)) {
		free(record.paths);
		return xfdt_no_memory("the runs");
	}
	snprintf(record.started, sizeof(record.started), "%.23s", run->started);
	if (strcmp(record.started, runs->last_start) > 0)
		memcpy(runs->last_start, record.started, sizeof(record.started));
	runs->records[runs->count++] = record;
	return NULL;
}

const char *xfdt_runs_last_start(const struct xfdt_runs *runs)
{
	return runs->last_start;
}

/* The newest of one shard comes first. */
static int compare_records(const void *left, const void *right)
{
	const struct record *a = left, *b = right;
	int order = strcmp(a->paths, b->paths);

	if (!order)
		order = (a->shards > b->shards) - (a->shards < b->shards);
	if (!order)
		order = (a->shard > b->shard) - (a->shard < b->shard);
	return order ? order : strcmp(b->started, a->started);
}

static bool same_campaign(const struct record *a, const struct record *b)
{
	return a->shards == b->shards && !strcmp(a->paths, b->paths);
}

/* Keep the newest record of each shard. */
static void drop_older(struct xfdt_runs *runs)
{
	struct record *records = runs->records;
	size_t kept = 0, i;

	for (i = 0; i < runs->count; i++) {
		if (kept && same_campaign(&records[kept - 1], &records[i]) &&
		    records[kept - 1].shard == records[i].shard) {
			free(records[i].paths);
			continue;
		}
		records[kept++] = records[i];
	}
	runs->count = kept;
}

__attribute__((format(printf, 3, 4))) static void tell_missing(struct check *check,
							       const struct record *record,
							       const char *format, ...)
{
	char text[LINE_MAX_BYTES], listed[256], paths[256], line[2 * LINE_MAX_BYTES], *end;
	va_list arguments;

	check->missing++;
	if (!check->tell)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	/* one printable line; the store may hold anything */
	snprintf(listed, sizeof(listed), "%.*s%s", (int)sizeof(listed) - 4, record->paths,
		 strlen(record->paths) > sizeof(listed) - 4 ? "..." : "");
	for (end = listed; (end = strchr(end, '\n'));)
		*end = ' ';
	xfdt_escape(listed, paths, sizeof(paths));
	snprintf(line, sizeof(line), "%s (of %s)", text, paths);
	check->tell(check->context, line);
}

/* Shards @first to @last have no record. */
static void check_gap(struct check *check, const struct record *record, unsigned int first,
		      unsigned int last)
{
	if (first == last)
		tell_missing(check, record, "shard %u of %u is missing", first, record->shards);
	else if (first < last)
		tell_missing(check, record, "shards %u to %u of %u are missing", first, last,
			     record->shards);
}

/* The words for @record: "shard 3 of 8", or "the batch". */
static const char *name_of(const struct record *record, char ret_text[48])
{
	if (record->shards == 1)
		return "the batch";
	snprintf(ret_text, 48, "shard %u of %u", record->shard, record->shards);
	return ret_text;
}

static void check_record(struct check *check, const struct record *record)
{
	char name[48];

	if (record->status == XFDT_RUN_STARTED)
		tell_missing(check, record,
			     "%s did not end: it is running, or was killed, after %" PRId64
			     " dumps; store '%s'",
			     name_of(record, name), record->done, record->store);
	else if (record->status == XFDT_RUN_INTERRUPTED)
		tell_missing(check, record,
			     "%s was interrupted after %" PRId64 " dumps; store '%s'",
			     name_of(record, name), record->done, record->store);
	else if (record->unread)
		tell_missing(check, record, "%s could not read %" PRId64 " path%s; store '%s'",
			     name_of(record, name), record->unread, record->unread == 1 ? "" : "s",
			     record->store);
}

/* All shards see all files: one that saw others had another folder there, or none. */
static void check_files(struct check *check, const struct record *records, size_t count)
{
	const struct record *least = NULL, *most = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		if (records[i].status != XFDT_RUN_COMPLETE)
			continue;
		if (!least || records[i].files < least->files)
			least = &records[i];
		if (!most || records[i].files > most->files)
			most = &records[i];
	}
	if (least && least->files != most->files)
		tell_missing(check, least,
			     "shard %u of %u saw %" PRId64 " files, and shard %u saw %" PRId64
			     ": the folder changed, or is not the same",
			     least->shard, least->shards, least->files, most->shard, most->files);
}

size_t xfdt_runs_check(struct xfdt_runs *runs, xfdt_runs_tell *tell, void *context)
{
	struct check check = { .tell = tell, .context = context };
	size_t first, count, i;

	if (!runs->count)
		return 0;
	qsort(runs->records, runs->count, sizeof(*runs->records), compare_records);
	drop_older(runs);
	for (first = 0; first < runs->count; first += count) {
		const struct record *records = &runs->records[first];
		unsigned int next = 1;

		for (count = 0;
		     first + count < runs->count && same_campaign(records, &records[count]);
		     count++)
			;
		for (i = 0; i < count; i++) {
			check_gap(&check, records, next, records[i].shard - 1);
			next = records[i].shard + 1;
			check_record(&check, &records[i]);
		}
		check_gap(&check, records, next, records->shards);
		check_files(&check, records, count);
	}
	return check.missing;
}
