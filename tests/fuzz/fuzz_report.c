/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz the forms of a summary: the input, up to a NUL, is the JSON of a result,
 * and what follows is the path of another.
 */
#include "fuzz/fuzz.h"
#include "results.h"

#include <stdlib.h>

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		count++;
	return count;
}

static void check_bytes(const char *text, enum results_form form)
{
	for (; *text; text++)
		FUZZ_CHECK((uint8_t)*text >= ' ' || *text == '\n' ||
			   (*text == '\r' && form == RESULTS_CSV) ||
			   (*text == '\t' && form == RESULTS_HTML));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xfdt_report *summary;
	struct results results;
	enum results_form form;
	char *json, *path;

	json = malloc(size + 2);
	memcpy(json, data, size);
	json[size] = json[size + 1] = '\0';
	path = json + strlen(json) + 1;
	/* a store has one result for each path */
	if (!strcmp(path, "/first"))
		path++;
	results_init(&results);
	results_add(&results, 0, "/first", "id", "2026-11-22T12:00:00Z", json);
	results_add(&results, 0, path, path, path, json);
	FUZZ_CHECK(!results_summarise(&results, &summary));
	for (form = 0; form < RESULTS_FORMS; form++) {
		char *text;

		FUZZ_CHECK(!results_render(summary, &results.source, form,
					   40 + (unsigned int)(size % 200), &text));
		check_bytes(text, form);
		if (form == RESULTS_JSONL)
			FUZZ_CHECK(count_of(text, "\n") == 2);
		if (form == RESULTS_HTML) {
			/* one a row, the schema, and the two of the page */
			FUZZ_CHECK(count_of(text, "<script") == 2 + 3);
			FUZZ_CHECK(count_of(text, "</script") == 2 + 3);
			FUZZ_CHECK(count_of(text, "<tr") == 2 + 1);
		}
		free(text);
	}
	xfdt_report_free(summary);
	free(json);
	return 0;
}
