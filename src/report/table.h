/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The merged table that every output format of a report is made from. */
#ifndef XFDT_REPORT_TABLE_H
#define XFDT_REPORT_TABLE_H

#include "report/report.h"
#include "verdict/precedence.h"

enum xfdt_column {
#define XFDT_COLUMN(id, name, kind, heading, help) XFDT_C_##id,
#include "report/columns.def"
#undef XFDT_COLUMN
	XFDT_COLUMN_COUNT
};

enum xfdt_column_kind { XFDT_COLUMN_TEXT, XFDT_COLUMN_INT, XFDT_COLUMN_BOOL };

struct xfdt_column_spec {
	const char *name;
	enum xfdt_column_kind kind;
	const char *heading, *help; /* NULL: see xfdt_column_heading(), xfdt_column_help() */
};

extern const struct xfdt_column_spec xfdt_columns[XFDT_COLUMN_COUNT];

const char *xfdt_column_heading(enum xfdt_column column);
const char *xfdt_column_help(enum xfdt_column column);

/* Of a verdict's kind, or of XFDT_NO_VERDICT. */
const char *xfdt_report_kind_name(int kind);
const char *xfdt_report_kind_words(int kind);

struct xfdt_report_row {
	char *cells[XFDT_COLUMN_COUNT]; /* escaped by xfdt_escape(); NULL: not known */
	char *path;			/* as stored: bytes */
	size_t path_len;
	size_t store; /* index into the summary's stores */
	int kind;     /* a verdict's, or XFDT_NO_VERDICT */
	bool by_hook; /* the answer of the hook for kdump: no dump of this panic was looked at */
};

struct xfdt_report {
	const char **stores; /* names; borrowed */
	size_t store_count;
	struct xfdt_report_row *rows;
	size_t row_count, row_room;
	size_t totals[XFDT_RESULT_KINDS];
	size_t copies;	   /* rows whose content another row has too */
	size_t hooks;	   /* rows by the hook for kdump */
	size_t joined;	   /* its answers of panics of which a dump was looked at: no rows */
	size_t superseded; /* results that a newer one of the same dump took the place of */
};

/*
 * Visit the result that @row was made from.  *@ret_found is false if its store
 * has another one of that path by now, or none.
 */
struct xfdt_error *xfdt_report_visit_row(const struct xfdt_report_row *row,
					 const struct xfdt_report_source *source,
					 xfdt_store_visit *visit, void *context, bool *ret_found);

/* How the kernel crashed, or the error; NULL: unknown. */
const char *xfdt_report_end(const struct xfdt_report_row *row);

/* One value of a CSV line. */
void xfdt_report_csv_text(const char *text, FILE *out);

/* The number of vCPUs of a row, in any state; false: unknown. */
bool xfdt_report_vcpus(const struct xfdt_report_row *row, uint64_t *ret_count);

#endif
