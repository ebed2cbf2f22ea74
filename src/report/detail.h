/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the HTML page shows about one dump when its row is opened. */
#ifndef XFDT_REPORT_DETAIL_H
#define XFDT_REPORT_DETAIL_H

#include "report/table.h"

/*
 * Write @json, an object as docs/json.md describes it.  Unknown keys and values
 * of a wrong type are left out; long texts and arrays are cut.  The cells of
 * @row about the file are added.  Safe inside <script>.  @json is NULL if the
 * store has another result by now.
 */
struct xfdt_error *xfdt_detail_print(const struct xfdt_report_row *row, const char *json,
				     FILE *out);

/* What the page needs to show it: headings and help by group, names of components, verdicts. */
struct xfdt_error *xfdt_detail_print_schema(FILE *out);

#endif
