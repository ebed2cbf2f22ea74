/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports on many dumps: stored results merged into one table, and its output
 * formats.  Stored results are as untrusted as a dump.
 */
#ifndef XFDT_REPORT_REPORT_H
#define XFDT_REPORT_REPORT_H

#include "store/store.h"

#include <stdio.h>
#include <time.h>

struct xfdt_report;

struct xfdt_error *xfdt_report_new(struct xfdt_report **ret_summary);
void xfdt_report_free(struct xfdt_report *summary);

/*
 * Add a store; @name is borrowed until @summary is freed.  The results that
 * are added next are its own.
 */
struct xfdt_error *xfdt_report_add_store(struct xfdt_report *summary, const char *name);

/* Add @result; the table copies what it needs. */
struct xfdt_error *xfdt_report_add(struct xfdt_report *summary, const struct xfdt_result *result);

/*
 * Call it when all results are added: it keeps the newest of the results with
 * one path and identity, and of a panic with a dump leaves out what the hook for
 * kdump said, marks copies, and sorts by precedence.
 */
struct xfdt_error *xfdt_report_finish(struct xfdt_report *summary);

/*
 * Visit the result of @path in store number @store, if it is there still.  The
 * JSON of thousands of dumps is not held in memory, but fetched as it is
 * written out.
 */
typedef struct xfdt_error *xfdt_report_fetch(void *context, size_t store, const void *path,
					     size_t path_len, xfdt_store_visit *visit,
					     void *visit_context);

struct xfdt_report_source {
	xfdt_report_fetch *fetch;
	void *context;
};

#define XFDT_REPORT_BY_MAX 5

/* A signature: columns of the table, in this order. */
struct xfdt_report_by {
	unsigned int keys[XFDT_REPORT_BY_MAX];
	size_t count;
};

/* @text is some of release, fix, route, rule, host, separated by commas; false: it is not. */
bool xfdt_report_by_parse(const char *text, struct xfdt_report_by *ret_by);

struct xfdt_report_options {
	bool colour;		  /* text */
	unsigned int width;	  /* of the terminal, in columns; 0: as wide as need be */
	time_t now;		  /* HTML: when it is made */
	struct xfdt_report_by by; /* Prometheus */
	size_t missing;		  /* Prometheus: as xfdt_runs_check() counts */
	time_t last_run;	  /* Prometheus: 0: unknown */
};

/* A table, and totals; for a terminal. */
void xfdt_report_text(const struct xfdt_report *summary, const struct xfdt_report_options *options,
		      FILE *out);

/* RFC 4180, one line per dump; docs/report.md has the columns. */
void xfdt_report_csv(const struct xfdt_report *summary, FILE *out);

/* One line per dump: its JSON with the key "batch" (docs/json.md). */
struct xfdt_error *xfdt_report_jsonl(const struct xfdt_report *summary,
				     const struct xfdt_report_source *source, FILE *out);

/* The number of dumps with each verdict and signature @by, as a table or as CSV. */
struct xfdt_error *xfdt_report_by(const struct xfdt_report *summary,
				  const struct xfdt_report_by *by, bool csv, FILE *out);

/* Metrics, for the textfile collector of Prometheus' node_exporter. */
struct xfdt_error *xfdt_report_prometheus(const struct xfdt_report *summary,
					  const struct xfdt_report_options *options, FILE *out);

/* One self-contained page. */
struct xfdt_error *xfdt_report_html(const struct xfdt_report *summary,
				    const struct xfdt_report_source *source,
				    const struct xfdt_report_options *options, FILE *out);

#endif
