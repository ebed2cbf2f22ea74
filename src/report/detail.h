/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a page shows of one dump when its row is opened. */
#ifndef XFDT_REPORT_DETAIL_H
#define XFDT_REPORT_DETAIL_H

#include "report/table.h"

/*
 * Write @json, an object of docs/json.md, as far as it is what that says: keys
 * that are not known and values of a wrong type are left out, texts and arrays
 * are cut.  With it go the cells of @row that are about the file.  Safe inside
 * of <script>.  @json NULL: the store has another result by now.
 */
struct xfdt_error *xfdt_detail_print(const struct xfdt_report_row *row, const char *json,
				     FILE *out);

/* What the page has to know to show it: headings and help by group, names of components, verdicts. */
struct xfdt_error *xfdt_detail_print_schema(FILE *out);

#endif
