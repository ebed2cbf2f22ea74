/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stored results that are held in memory, as a source for summaries. */
#ifndef TESTS_RESULTS_H
#define TESTS_RESULTS_H

#include "report/report.h"

#define RESULTS_MAX 32

struct results {
	struct {
		size_t store;
		struct xfdt_result result;
	} items[RESULTS_MAX];
	size_t count;
	struct xfdt_report_source source; /* reads them */
};

void results_init(struct results *results);

/* Borrowed strings; the rest of the result is the same for all. */
void results_add(struct results *results, size_t store, const char *path, const char *identity,
		 const char *finished, const char *json);

/* A summary of them all, finished; the stores are called store0, store1, ... */
struct xfdt_error *results_summarise(const struct results *results,
				     struct xfdt_report **ret_summary);

enum results_form { RESULTS_TEXT, RESULTS_CSV, RESULTS_JSONL, RESULTS_HTML, RESULTS_FORMS };

/* Free the text.  @width is that of the terminal. */
struct xfdt_error *results_render(const struct xfdt_report *summary,
				  const struct xfdt_report_source *source, enum results_form form,
				  unsigned int width, char **ret_text);

#endif
