/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts by signature, for a terminal, as CSV, and for Prometheus. */
#include "report/groups.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum xfdt_column column;
} keys[] = {
	{ "release", XFDT_C_RELEASE }, { "fix", XFDT_C_FIX },	    { "route", XFDT_C_ROUTE },
	{ "rule", XFDT_C_RULE },       { "host", XFDT_C_NODENAME },
};

bool xfdt_report_by_parse(const char *text, struct xfdt_report_by *ret_by)
{
	size_t len, i;

	for (ret_by->count = 0; ret_by->count < XFDT_REPORT_BY_MAX; text += len + 1) {
		len = strcspn(text, ",");
		for (i = 0; i < COUNT(keys); i++)
			if (strlen(keys[i].name) == len && !strncmp(keys[i].name, text, len))
				break;
		if (i == COUNT(keys))
			return false;
		ret_by->keys[ret_by->count++] = (unsigned int)i;
		if (!text[len])
			return true;
	}
	return false;
}

static const char *cell_of(const struct xfdt_report_row *row, unsigned int key)
{
	const char *text = row->cells[keys[key].column];

	return text ? text : "";
}

/* qsort_r(3) of rows: by verdict and signature. */
static int compare_signatures(const void *left, const void *right, void *context)
{
	const struct xfdt_group *a = left, *b = right;
	const struct xfdt_report_by *by = context;
	size_t rank_a = xfdt_kind_rank(XFDT_COLLECTED, a->row->kind);
	size_t rank_b = xfdt_kind_rank(XFDT_COLLECTED, b->row->kind), i;
	int order = (rank_a > rank_b) - (rank_a < rank_b);

	for (i = 0; !order && i < by->count; i++)
		order = strcmp(cell_of(a->row, by->keys[i]), cell_of(b->row, by->keys[i]));
	return order;
}

static int compare_counts(const void *left, const void *right, void *context)
{
	const struct xfdt_group *a = left, *b = right;

	if (a->row->kind != b->row->kind || a->dumps == b->dumps)
		return compare_signatures(left, right, context);
	return a->dumps < b->dumps ? 1 : -1;
}

struct xfdt_error *xfdt_groups_count(const struct xfdt_report *summary,
				     const struct xfdt_report_by *by,
				     struct xfdt_group **ret_groups, size_t *ret_count)
{
	struct xfdt_group *groups = calloc(summary->row_count + 1, sizeof(*groups));
	struct xfdt_report_by order = *by;
	size_t count = 0, i;

	if (!groups)
		return xfdt_no_memory("a summary");
	for (i = 0; i < summary->row_count; i++)
		groups[i] = (struct xfdt_group){ &summary->rows[i], 1 };
	qsort_r(groups, summary->row_count, sizeof(*groups), compare_signatures, &order);
	for (i = 0; i < summary->row_count; i++) {
		if (count && !compare_signatures(&groups[count - 1], &groups[i], &order))
			groups[count - 1].dumps++;
		else
			groups[count++] = groups[i];
	}
	qsort_r(groups, count, sizeof(*groups), compare_counts, &order);
	*ret_groups = groups;
	*ret_count = count;
	return NULL;
}

/* output */

static void put_text(const struct xfdt_group *groups, size_t count, const struct xfdt_report_by *by,
		     FILE *out)
{
	int widths[XFDT_REPORT_BY_MAX], width;
	size_t i, j;

	for (j = 0; j < by->count; j++) {
		widths[j] = (int)strlen(keys[by->keys[j]].name);
		for (i = 0; i < count; i++) {
			width = (int)strlen(cell_of(groups[i].row, by->keys[j]));
			widths[j] = width > widths[j] ? width : widths[j];
		}
	}
	fprintf(out, "%8s  %-14s", "dumps", "verdict");
	for (j = 0; j < by->count; j++)
		fprintf(out, "  %-*s", widths[j], keys[by->keys[j]].name);
	fputc('\n', out);
	for (i = 0; i < count; i++) {
		fprintf(out, "%8zu  %-14s", groups[i].dumps,
			xfdt_report_kind_name(groups[i].row->kind));
		for (j = 0; j < by->count; j++)
			fprintf(out, "  %-*s", widths[j], cell_of(groups[i].row, by->keys[j]));
		fputc('\n', out);
	}
}

static void put_csv(const struct xfdt_group *groups, size_t count, const struct xfdt_report_by *by,
		    FILE *out)
{
	size_t i, j;

	fputs("dumps,verdict", out);
	for (j = 0; j < by->count; j++)
		fprintf(out, ",%s", xfdt_columns[keys[by->keys[j]].column].name);
	fputs("\r\n", out);
	for (i = 0; i < count; i++) {
		fprintf(out, "%zu,%s", groups[i].dumps, xfdt_report_kind_name(groups[i].row->kind));
		for (j = 0; j < by->count; j++) {
			fputc(',', out);
			xfdt_report_csv_text(cell_of(groups[i].row, by->keys[j]), out);
		}
		fputs("\r\n", out);
	}
}

struct xfdt_error *xfdt_report_by(const struct xfdt_report *summary,
				  const struct xfdt_report_by *by, bool csv, FILE *out)
{
	struct xfdt_group *groups = NULL;
	struct xfdt_error *err;
	size_t count;

	err = xfdt_groups_count(summary, by, &groups, &count);
	if (err)
		return err;
	if (csv)
		put_csv(groups, count, by, out);
	else
		put_text(groups, count, by, out);
	free(groups);
	return NULL;
}

/* Prometheus: the text format that node_exporter's textfile collector reads */

/* A label's value: a backslash, a quote and a newline have a backslash in front. */
static void put_label(const char *name, const char *value, FILE *out)
{
	fprintf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			fputc('\\', out);
		fputc(*value, out);
	}
	fputc('"', out);
}

static void put_metric(const char *name, const char *help, FILE *out)
{
	fprintf(out, "# HELP xfdtriage_%s %s\n# TYPE xfdtriage_%s gauge\n", name, help, name);
}

static void put_signatures(const struct xfdt_group *groups, size_t count,
			   const struct xfdt_report_by *by, FILE *out)
{
	size_t i, j;

	put_metric("signature_dumps", "Dumps by verdict and signature.", out);
	for (i = 0; i < count; i++) {
		fputs("xfdtriage_signature_dumps{", out);
		put_label("verdict", xfdt_report_kind_name(groups[i].row->kind), out);
		for (j = 0; j < by->count; j++) {
			fputc(',', out);
			put_label(keys[by->keys[j]].name, cell_of(groups[i].row, by->keys[j]), out);
		}
		fprintf(out, "} %zu\n", groups[i].dumps);
	}
}

static void put_totals(const struct xfdt_report *summary, const struct xfdt_report_options *options,
		       FILE *out)
{
	size_t i;

	put_metric("dumps", "Dumps by verdict.", out);
	for (i = 0; i < XFDT_RESULT_KINDS; i++) {
		int kind = xfdt_kind_at(XFDT_COLLECTED, i);

		fputs("xfdtriage_dumps{", out);
		put_label("verdict", xfdt_report_kind_name(kind), out);
		fprintf(out, "} %zu\n", summary->totals[kind]);
	}
	put_metric("incomplete_runs", "Shards and batches that are missing or did not end.", out);
	fprintf(out, "xfdtriage_incomplete_runs %zu\n", options->missing);
	if (!options->last_run)
		return;
	put_metric("last_run_timestamp_seconds", "When the last batch was started.", out);
	fprintf(out, "xfdtriage_last_run_timestamp_seconds %lld\n", (long long)options->last_run);
}

struct xfdt_error *xfdt_report_prometheus(const struct xfdt_report *summary,
					  const struct xfdt_report_options *options, FILE *out)
{
	struct xfdt_group *groups = NULL;
	struct xfdt_error *err;
	size_t count;

	put_totals(summary, options, out);
	if (!options->by.count)
		return NULL;
	err = xfdt_groups_count(summary, &options->by, &groups, &count);
	if (!err)
		put_signatures(groups, count, &options->by, out);
	free(groups);
	return err;
}
