/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A summary as CSV (RFC 4180). */
#include "report/table.h"

#include <string.h>

/*
 * A spreadsheet runs text that begins like a formula.  An apostrophe in front
 * of it prevents that.
 */
static bool looks_like_formula(const char *text)
{
	return *text && strchr("=+-@\t\r", *text);
}

void xfdt_report_csv_text(const char *text, FILE *out)
{
	bool formula = looks_like_formula(text);

	if (!formula && !strpbrk(text, "\",;\r\n")) {
		fputs(text, out);
		return;
	}
	fputs(formula ? "\"'" : "\"", out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void put_cell(const struct xfdt_report_row *row, size_t column, FILE *out)
{
	const char *text = row->cells[column];

	if (!text)
		return;
	if (xfdt_columns[column].kind == XFDT_COLUMN_TEXT)
		xfdt_report_csv_text(text, out);
	else
		fputs(text, out);
}

void xfdt_report_csv(const struct xfdt_report *summary, FILE *out)
{
	size_t i, j;

	for (j = 0; j < XFDT_COLUMN_COUNT; j++)
		fprintf(out, "%s%s", j ? "," : "", xfdt_columns[j].name);
	fputs("\r\n", out);
	for (i = 0; i < summary->row_count; i++) {
		for (j = 0; j < XFDT_COLUMN_COUNT; j++) {
			fputs(j ? "," : "", out);
			put_cell(&summary->rows[i], j, out);
		}
		fputs("\r\n", out);
	}
}
