/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A summary as JSON Lines: what was stored. */
#include "report/stored.h"
#include "report/table.h"

static struct xfdt_error *put_line(void *context, const struct xfdt_result *result)
{
	struct json_object *stored = xfdt_stored_parse(result->json);
	struct json_object *clean = xfdt_stored_clean(stored);
	struct xfdt_result told = *result;
	struct xfdt_error *err;

	told.json = clean ? json_object_to_json_string_ext(clean,
							   JSON_C_TO_STRING_PLAIN |
								   JSON_C_TO_STRING_NOSLASHESCAPE) :
			    NULL;
	err = stored && !told.json ? xfdt_no_memory("JSON") : xfdt_result_json(&told, context);
	json_object_put(stored);
	json_object_put(clean);
	return err;
}

struct xfdt_error *xfdt_report_jsonl(const struct xfdt_report *summary,
				     const struct xfdt_report_source *source, FILE *out)
{
	struct xfdt_error *err = NULL;
	size_t i;

	for (i = 0; i < summary->row_count && !err; i++) {
		bool found;

		/* a result that was replaced while this is written is in the next one */
		err = xfdt_report_visit_row(&summary->rows[i], source, put_line, out, &found);
	}
	return err;
}
