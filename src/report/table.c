/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stored results, merged into one table. */
#include "report/table.h"
#include "base/util.h"
#include "render/fields.h"
#include "report/stored.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 4000000u

#define XFDT_COLUMN(id, name, kind, heading, help) { name, XFDT_COLUMN_##kind, heading, help },
const struct xfdt_column_spec xfdt_columns[XFDT_COLUMN_COUNT] = {
#include "report/columns.def"
};
#undef XFDT_COLUMN

/* The field of a report that a column shows. */
static const struct xfdt_field *field_of(enum xfdt_column column)
{
	static const struct {
		const char *object;
		enum xfdt_field_group group;
	} objects[] = {
		{ "kernel.", XFDT_GROUP_KERNEL },
		{ "sources.", XFDT_GROUP_SOURCES },
		{ "panic.", XFDT_GROUP_PANIC },
	};
	const char *name = xfdt_columns[column].name;
	size_t i, j;

	for (i = 0; i < COUNT(objects); i++) {
		size_t len = strlen(objects[i].object);

		for (j = 0; j < xfdt_field_count && !strncmp(name, objects[i].object, len); j++)
			if (xfdt_fields[j].group == objects[i].group &&
			    !strcmp(xfdt_fields[j].key, name + len))
				return &xfdt_fields[j];
	}
	return NULL;
}

const char *xfdt_column_heading(enum xfdt_column column)
{
	const struct xfdt_field *field = field_of(column);

	return field ? field->heading : xfdt_columns[column].heading;
}

const char *xfdt_column_help(enum xfdt_column column)
{
	const struct xfdt_field *field = field_of(column);

	return field ? field->help : xfdt_columns[column].help;
}

const char *xfdt_report_kind_name(int kind)
{
	return kind == XFDT_NO_VERDICT ? "error" : xfdt_verdict_name((enum xfdt_verdict_kind)kind);
}

const char *xfdt_report_kind_words(int kind)
{
	return kind == XFDT_NO_VERDICT ? "could not be looked at" :
					 xfdt_verdict_words((enum xfdt_verdict_kind)kind);
}

struct xfdt_error *xfdt_report_new(struct xfdt_report **ret_summary)
{
	struct xfdt_report *summary = calloc(1, sizeof(*summary));

	if (!summary)
		return xfdt_no_memory("a summary");
	*ret_summary = summary;
	return NULL;
}

static void row_deinit(struct xfdt_report_row *row)
{
	size_t i;

	for (i = 0; i < XFDT_COLUMN_COUNT; i++)
		free(row->cells[i]);
	free(row->path);
}

void xfdt_report_free(struct xfdt_report *summary)
{
	size_t i;

	if (!summary)
		return;
	for (i = 0; i < summary->row_count; i++)
		row_deinit(&summary->rows[i]);
	free(summary->rows);
	free(summary->stores);
	free(summary);
}

struct xfdt_error *xfdt_report_add_store(struct xfdt_report *summary, const char *name)
{
	const char **stores = realloc(summary->stores,
				      (summary->store_count + 1) * sizeof(*stores));

	if (!stores)
		return xfdt_no_memory("a summary");
	stores[summary->store_count++] = name;
	summary->stores = stores;
	return NULL;
}

/* one result */

/* running out of memory is noticed at the end of a row */
struct filler {
	struct xfdt_report_row row;
	bool failed;
};

static void set_escaped(struct filler *filler, enum xfdt_column column, const char *text)
{
	char *copy = strdup(text);

	free(filler->row.cells[column]);
	filler->row.cells[column] = copy;
	filler->failed |= !copy;
}

static void set_text(struct filler *filler, enum xfdt_column column, const char *text)
{
	char escaped[XFDT_STORED_TEXT_MAX];

	if (!text)
		return;
	xfdt_escape(text, escaped, sizeof(escaped));
	set_escaped(filler, column, escaped);
}

static void set_int(struct filler *filler, enum xfdt_column column, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, number);
	set_escaped(filler, column, text);
}

/* No number in a report is negative. */
static bool is_negative(struct json_object *value)
{
	return json_object_is_type(value, json_type_int) && json_object_get_int64(value) < 0;
}

static void set_from_json(struct filler *filler, struct json_object *json)
{
	static const enum json_type types[] = {
		[XFDT_COLUMN_TEXT] = json_type_string,
		[XFDT_COLUMN_INT] = json_type_int,
		[XFDT_COLUMN_BOOL] = json_type_boolean,
	};
	char text[XFDT_STORED_TEXT_MAX];
	size_t i;

	for (i = 0; i < XFDT_COLUMN_COUNT; i++) {
		struct json_object *value = xfdt_stored_get(json, xfdt_columns[i].name);

		if (json_object_is_type(value, json_type_array) &&
		    xfdt_columns[i].kind == XFDT_COLUMN_INT)
			set_int(filler, i, (int64_t)json_object_array_length(value));
		else if (json_object_is_type(value, types[xfdt_columns[i].kind]) &&
			 xfdt_stored_text(value, text) && !is_negative(value))
			set_escaped(filler, i, text);
	}
}

static int kind_of(const char *verdict)
{
	int kind;

	for (kind = 0; kind < XFDT_VERDICT_KINDS; kind++)
		if (verdict && !strcmp(verdict, xfdt_verdict_name((enum xfdt_verdict_kind)kind)))
			break;
	return kind;
}

/* The verdict is that of the JSON; if it has none, the result has none. */
static void set_verdict(struct filler *filler, struct json_object *json)
{
	const char *verdict = filler->row.cells[XFDT_C_VERDICT];
	const char *error = NULL;

	filler->row.kind = kind_of(verdict);
	if (!json)
		error = XFDT_RESULT_NO_JSON;
	else if (filler->row.kind == XFDT_NO_VERDICT && (!verdict || strcmp(verdict, "error")))
		error = "the stored result has no verdict";
	if (error)
		set_text(filler, XFDT_C_ERROR, error);
	set_text(filler, XFDT_C_VERDICT, xfdt_report_kind_name(filler->row.kind));
	set_int(filler, XFDT_C_EXIT,
		filler->row.kind == XFDT_NO_VERDICT ?
			XFDT_EXIT_ERROR :
			xfdt_verdict_exit((enum xfdt_verdict_kind)filler->row.kind));
}

/* What the store has in columns of its own; the same keys in the JSON are ignored. */
static void set_from_store(struct filler *filler, const struct xfdt_result *result,
			   const char *store)
{
	set_text(filler, XFDT_C_IDENTITY, result->identity);
	set_int(filler, XFDT_C_SIZE, result->size);
	set_text(filler, XFDT_C_ENDED, xfdt_ended_name(result->ended));
	set_text(filler, XFDT_C_FINISHED, result->finished);
	set_int(filler, XFDT_C_WALL_MS, result->wall_ms);
	set_int(filler, XFDT_C_TRIES, result->tries);
	set_text(filler, XFDT_C_CONFINED, result->confined);
	set_text(filler, XFDT_C_VERSION, result->version);
	set_text(filler, XFDT_C_SOURCE, xfdt_answer_source_name(result->source));
	if (result->panic && *result->panic)
		set_text(filler, XFDT_C_PANIC, result->panic);
	filler->row.by_hook = result->source == XFDT_SOURCE_HOOK;
	set_text(filler, XFDT_C_STORE, store);
}

static struct xfdt_error *fill(struct filler *filler, const struct xfdt_result *result,
			       const char *store)
{
	static const enum xfdt_column own[] = {
		XFDT_C_IDENTITY,     XFDT_C_COPY_OF, XFDT_C_SIZE,   XFDT_C_ENDED,
		XFDT_C_FINISHED,     XFDT_C_WALL_MS, XFDT_C_TRIES,  XFDT_C_CONFINED,
		XFDT_C_VERSION,	     XFDT_C_STORE,   XFDT_C_SOURCE, XFDT_C_PANIC,
		XFDT_C_HOOK_VERDICT,
	};
	struct json_object *json = xfdt_stored_parse(result->json);
	struct xfdt_report_row *row = &filler->row;
	size_t i;

	set_from_json(filler, json);
	for (i = 0; i < COUNT(own); i++) {
		free(row->cells[own[i]]);
		row->cells[own[i]] = NULL;
	}
	set_verdict(filler, json);
	json_object_put(json);
	set_from_store(filler, result, store);
	row->path_len = result->path_len;
	row->path = malloc(result->path_len + 1);
	if (!row->path)
		filler->failed = true;
	if (filler->failed)
		return xfdt_no_memory("a summary");
	memcpy(row->path, result->path, result->path_len);
	row->path[result->path_len] = '\0';
	set_text(filler, XFDT_C_PATH, row->path);
	return NULL;
}

struct xfdt_error *xfdt_report_add(struct xfdt_report *summary, const struct xfdt_result *result)
{
	struct filler filler = { .row.store = summary->store_count - 1 };
	struct xfdt_error *err;

	if (summary->row_count == ROWS_MAX)
		return xfdt_error_new(XFDT_LIMIT, 0, "more than %u results; report on fewer stores",
				      ROWS_MAX);
	if (summary->row_count == summary->row_room) {
		size_t room = summary->row_room ? 2 * summary->row_room : 64;
		struct xfdt_report_row *rows = realloc(summary->rows, room * sizeof(*rows));

		if (!rows)
			return xfdt_no_memory("a summary");
		summary->rows = rows;
		summary->row_room = room;
	}
	err = fill(&filler, result, summary->stores[summary->store_count - 1]);
	if (!err && filler.failed)
		err = xfdt_no_memory("a summary");
	if (err)
		row_deinit(&filler.row);
	else
		summary->rows[summary->row_count++] = filler.row;
	return err;
}

/* merging */

/* Unknown comes first. */
static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_paths(const struct xfdt_report_row *a, const struct xfdt_report_row *b)
{
	int order = memcmp(a->path, b->path, a->path_len < b->path_len ? a->path_len : b->path_len);

	return order ? order : (a->path_len > b->path_len) - (a->path_len < b->path_len);
}

static int by_dump(const void *left, const void *right)
{
	const struct xfdt_report_row *a = left, *b = right;
	int order = compare_paths(a, b);

	if (!order)
		order = compare_text(a->cells[XFDT_C_IDENTITY], b->cells[XFDT_C_IDENTITY]);
	/* the newest first; of two stores with the same time, the one named last */
	if (!order)
		order = compare_text(b->cells[XFDT_C_FINISHED], a->cells[XFDT_C_FINISHED]);
	return order ? order : (b->store > a->store) - (b->store < a->store);
}

static int by_content(const void *left, const void *right)
{
	const struct xfdt_report_row *a = left, *b = right;
	int order = compare_text(a->cells[XFDT_C_IDENTITY], b->cells[XFDT_C_IDENTITY]);

	return order ? order : compare_paths(a, b);
}

static int by_finding(const void *left, const void *right)
{
	const struct xfdt_report_row *a = left, *b = right;
	size_t rank_a = xfdt_kind_rank(XFDT_COLLECTED, a->kind);
	size_t rank_b = xfdt_kind_rank(XFDT_COLLECTED, b->kind);
	int order;

	if (rank_a != rank_b)
		return rank_a < rank_b ? -1 : 1;
	order = compare_paths(a, b);
	return order ? order : compare_text(a->cells[XFDT_C_IDENTITY], b->cells[XFDT_C_IDENTITY]);
}

static bool is_same_content(const struct xfdt_report_row *a, const struct xfdt_report_row *b)
{
	const char *identity = a->cells[XFDT_C_IDENTITY];

	return identity && *identity && !compare_text(identity, b->cells[XFDT_C_IDENTITY]);
}

static void drop_superseded(struct xfdt_report *summary)
{
	struct xfdt_report_row *rows = summary->rows;
	size_t i, kept = 0;

	for (i = 0; i < summary->row_count; i++) {
		if (kept && !compare_paths(&rows[kept - 1], &rows[i]) &&
		    !compare_text(rows[kept - 1].cells[XFDT_C_IDENTITY],
				  rows[i].cells[XFDT_C_IDENTITY])) {
			row_deinit(&rows[i]);
			summary->superseded++;
			continue;
		}
		rows[kept++] = rows[i];
	}
	summary->row_count = kept;
}

/* Dumps first. */
static int by_panic(const void *left, const void *right)
{
	const struct xfdt_report_row *a = left, *b = right;
	int order = compare_text(a->cells[XFDT_C_PANIC], b->cells[XFDT_C_PANIC]);

	return order ? order : a->by_hook - b->by_hook;
}

/* What the hook for kdump said of a panic of which there is a dump goes to the dump's row, whose own verdict counts. */
static void join_hooks(struct xfdt_report *summary)
{
	struct xfdt_report_row *rows = summary->rows, *dump = NULL;
	size_t i, kept = 0;

	for (i = 0; i < summary->row_count; i++) {
		struct xfdt_report_row *row = &rows[i];
		const char *panic = row->cells[XFDT_C_PANIC];

		if (!row->by_hook || !panic || !dump ||
		    compare_text(panic, dump->cells[XFDT_C_PANIC])) {
			rows[kept] = *row;
			if (!row->by_hook)
				dump = &rows[kept];
			kept++;
			continue;
		}
		free(dump->cells[XFDT_C_HOOK_VERDICT]);
		dump->cells[XFDT_C_HOOK_VERDICT] = row->cells[XFDT_C_VERDICT];
		row->cells[XFDT_C_VERDICT] = NULL;
		row_deinit(row);
		summary->joined++;
	}
	summary->row_count = kept;
}

static bool mark_copies(struct xfdt_report *summary)
{
	struct xfdt_report_row *rows = summary->rows;
	size_t i, first = 0;

	for (i = 1; i < summary->row_count; i++) {
		if (!is_same_content(&rows[first], &rows[i])) {
			first = i;
			continue;
		}
		rows[i].cells[XFDT_C_COPY_OF] = strdup(rows[first].cells[XFDT_C_PATH]);
		if (!rows[i].cells[XFDT_C_COPY_OF])
			return false;
		summary->copies++;
	}
	return true;
}

struct xfdt_error *xfdt_report_finish(struct xfdt_report *summary)
{
	size_t i;

	if (!summary->row_count)
		return NULL;
	qsort(summary->rows, summary->row_count, sizeof(*summary->rows), by_dump);
	drop_superseded(summary);
	qsort(summary->rows, summary->row_count, sizeof(*summary->rows), by_panic);
	join_hooks(summary);
	qsort(summary->rows, summary->row_count, sizeof(*summary->rows), by_content);
	if (!mark_copies(summary))
		return xfdt_no_memory("a summary");
	qsort(summary->rows, summary->row_count, sizeof(*summary->rows), by_finding);
	for (i = 0; i < summary->row_count; i++)
		summary->totals[summary->rows[i].kind]++;
	for (i = 0; i < summary->row_count; i++)
		summary->hooks += summary->rows[i].by_hook;
	return NULL;
}

struct row_visit {
	const struct xfdt_report_row *row;
	xfdt_store_visit *visit;
	void *context;
	bool found;
};

static struct xfdt_error *visit_if_same(void *context, const struct xfdt_result *result)
{
	struct row_visit *visit = context;
	struct filler now = { .row.store = 0 };
	struct xfdt_error *err = NULL;

	set_text(&now, XFDT_C_FINISHED, result->finished);
	set_text(&now, XFDT_C_IDENTITY, result->identity);
	if (!compare_text(now.row.cells[XFDT_C_FINISHED], visit->row->cells[XFDT_C_FINISHED]) &&
	    !compare_text(now.row.cells[XFDT_C_IDENTITY], visit->row->cells[XFDT_C_IDENTITY])) {
		visit->found = true;
		err = visit->visit(visit->context, result);
	}
	row_deinit(&now.row);
	return err;
}

struct xfdt_error *xfdt_report_visit_row(const struct xfdt_report_row *row,
					 const struct xfdt_report_source *source,
					 xfdt_store_visit *visit, void *context, bool *ret_found)
{
	struct row_visit row_visit = { .row = row, .visit = visit, .context = context };
	struct xfdt_error *err;

	err = source->fetch(source->context, row->store, row->path, row->path_len, visit_if_same,
			    &row_visit);
	if (!err)
		*ret_found = row_visit.found;
	return err;
}

const char *xfdt_report_end(const struct xfdt_report_row *row)
{
	const char *path = row->cells[XFDT_C_PATH], *error = row->cells[XFDT_C_ERROR];
	size_t len;

	if (!error)
		return row->cells[XFDT_C_LAST_WORDS];
	/* the path has a column of its own */
	len = strlen(path);
	return !strncmp(error, path, len) && !strncmp(error + len, ": ", 2) ? error + len + 2 :
									      error;
}

bool xfdt_report_vcpus(const struct xfdt_report_row *row, uint64_t *ret_count)
{
	bool known = false;
	uint64_t count = 0;
	size_t i;

	for (i = XFDT_C_OK; i <= XFDT_C_UNREADABLE; i++) {
		if (!row->cells[i])
			continue;
		known = true;
		if (__builtin_add_overflow(count, strtoull(row->cells[i], NULL, 10), &count))
			return false;
	}
	if (known)
		*ret_count = count;
	return known;
}
