/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A summary as JSON Lines: what was stored. */
#include "render/render.h"
#include "report/stored.h"
#include "report/table.h"

#include <stdlib.h>

/* What is no result becomes one that says so. */
static struct xfdt_error *error_line(const struct xfdt_report_row *row,
				     const struct xfdt_result *result, FILE *out)
{
	struct xfdt_result told = *result;
	struct xfdt_error *err;
	char *text = NULL;
	FILE *memory;
	size_t len;

	memory = open_memstream(&text, &len);
	if (!memory)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for JSON");
	err = xfdt_render_json_error(row->path, row->cells[XFDT_C_ERROR], memory);
	if (fclose(memory) && !err)
		err = xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for JSON");
	told.json = text;
	if (!err)
		err = xfdt_result_json(&told, out);
	free(text);
	return err;
}

struct line {
	const struct xfdt_report_row *row;
	FILE *out;
};

static struct xfdt_error *put_line(void *context, const struct xfdt_result *result)
{
	const struct line *line = context;
	struct json_object *stored = xfdt_stored_parse(result->json), *clean;
	struct xfdt_result told = *result;
	struct xfdt_error *err;

	if (!stored)
		return error_line(line->row, result, line->out);
	clean = xfdt_stored_clean(stored);
	json_object_put(stored);
	told.json = clean ? json_object_to_json_string_ext(clean,
							   JSON_C_TO_STRING_PLAIN |
								   JSON_C_TO_STRING_NOSLASHESCAPE) :
			    NULL;
	err = told.json ? xfdt_result_json(&told, line->out) :
			  xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for JSON");
	json_object_put(clean);
	return err;
}

struct xfdt_error *xfdt_report_jsonl(const struct xfdt_report *summary,
				     const struct xfdt_report_source *source, FILE *out)
{
	struct xfdt_error *err = NULL;
	size_t i;

	for (i = 0; i < summary->row_count && !err; i++) {
		struct line line = { .row = &summary->rows[i], .out = out };
		bool found;

		/* a result that was replaced while this is written is in the next one */
		err = xfdt_report_visit_row(line.row, source, put_line, &line, &found);
	}
	return err;
}
