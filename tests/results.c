/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stored results that are held in memory. */
#include "base/util.h"
#include "results.h"

#include <stdlib.h>
#include <string.h>

static struct xfdt_error *fetch(void *context, size_t store, const void *path, size_t path_len,
				xfdt_store_visit *visit, void *visit_context)
{
	const struct results *results = context;
	size_t i;

	for (i = 0; i < results->count; i++) {
		const struct xfdt_result *result = &results->items[i].result;

		if (results->items[i].store == store && result->path_len == path_len &&
		    !memcmp(result->path, path, path_len))
			return visit(visit_context, result);
	}
	return NULL;
}

void results_init(struct results *results)
{
	memset(results, 0, sizeof(*results));
	results->source = (struct xfdt_report_source){ .fetch = fetch, .context = results };
}

void results_add(struct results *results, size_t store, const char *path, const char *identity,
		 const char *finished, const char *json)
{
	results->items[results->count].store = store;
	results->items[results->count++].result = (struct xfdt_result){
		.path = path,
		.path_len = strlen(path),
		.identity = identity,
		.size = 4096,
		.ended = XFDT_ENDED_OK,
		.verdict = "error",
		.exit_code = 2,
		.json = json,
		.finished = finished,
		.wall_ms = 7,
		.tries = 1,
		.confined = "landlock+seccomp",
		.version = "0.1",
	};
}

struct xfdt_error *results_summarise(const struct results *results,
				     struct xfdt_report **ret_summary)
{
	static const char *const names[] = { "store0", "store1", "store2", "store3" };
	struct xfdt_report *summary;
	struct xfdt_error *err;
	size_t store, i;

	err = xfdt_report_new(&summary);
	if (err)
		return err;
	for (store = 0; store < COUNT(names) && !err; store++) {
		err = xfdt_report_add_store(summary, names[store]);
		for (i = 0; i < results->count && !err; i++)
			if (results->items[i].store == store)
				err = xfdt_report_add(summary, &results->items[i].result);
	}
	if (!err)
		err = xfdt_report_finish(summary);
	if (err)
		xfdt_report_free(summary);
	else
		*ret_summary = summary;
	return err;
}

struct xfdt_error *results_render(const struct xfdt_report *summary,
				  const struct xfdt_report_source *source, enum results_form form,
				  unsigned int width, char **ret_text)
{
	const struct xfdt_report_options options = { .width = width, .now = 1763818200 };
	struct xfdt_error *err = NULL;
	size_t len;
	FILE *out = open_memstream(ret_text, &len);

	switch (form) {
	case RESULTS_TEXT:
		xfdt_report_text(summary, &options, out);
		break;
	case RESULTS_CSV:
		xfdt_report_csv(summary, out);
		break;
	case RESULTS_JSONL:
		err = xfdt_report_jsonl(summary, source, out);
		break;
	default:
		err = xfdt_report_html(summary, source, &options, out);
		break;
	}
	fclose(out);
	if (err)
		free(*ret_text);
	return err;
}
