/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A summary for a terminal. */
#include "base/util.h"
#include "report/table.h"

#include <inttypes.h>
#include <string.h>

#define PATH_MIN 40 /* columns that a path keeps on a narrow terminal, while others go */
#define WORDS_MIN 20
#define DOTS 3 /* of a text that was cut */
#define GAP 2
#define HOOK_MARK "*" /* behind a verdict */

/* The columns, behind the verdict; on a narrow terminal the last go first. */
static const enum xfdt_column shown[] = {
	XFDT_C_PATH, XFDT_C_RELEASE, XFDT_C_NODENAME, XFDT_C_FIX, XFDT_C_ARMED, XFDT_C_LAST_WORDS,
};
#define SHOWN (COUNT(shown))
#define WORDS (SHOWN - 1)

struct writer {
	const struct xfdt_report *summary;
	bool colour;
	unsigned int width; /* 0: no limit */
	size_t columns;	    /* how many of @shown there is room for */
	unsigned int widths[SHOWN];
	unsigned int verdict_width;
	FILE *out;
};

static const char *cell_of(const struct xfdt_report_row *row, enum xfdt_column column)
{
	const char *text = column == XFDT_C_LAST_WORDS ? xfdt_report_end(row) : row->cells[column];

	return text ? text : "";
}

/* Characters; the core knows no locale, and so no wide ones. */
static unsigned int width_of(const char *text)
{
	unsigned int width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static const char *skip(const char *text, unsigned int characters)
{
	while (*text && characters--)
		do
			text++;
		while ((*text & 0xc0) == 0x80);
	return text;
}

static void put_padded(const struct writer *writer, const char *text, unsigned int width, bool last)
{
	unsigned int own = width_of(text);

	if (own <= width) {
		fputs(text, writer->out);
		if (!last)
			fprintf(writer->out, "%*s", (int)(width - own), "");
		return;
	}
	fwrite(text, 1, (size_t)(skip(text, width - DOTS) - text), writer->out);
	fputs("...", writer->out);
}

/* The end of a path matters more than its start. */
static void put_path(const struct writer *writer, const char *path, unsigned int width, bool last)
{
	unsigned int own = width_of(path);

	if (own <= width) {
		put_padded(writer, path, width, last);
		return;
	}
	fputs("...", writer->out);
	fputs(skip(path, own - (width - DOTS)), writer->out);
}

static void measure(struct writer *writer)
{
	const struct xfdt_report *summary = writer->summary;
	size_t i, j;

	writer->verdict_width = (unsigned int)strlen("not-applicable") + (summary->hooks > 0);
	for (j = 0; j < SHOWN; j++) {
		writer->widths[j] = width_of(xfdt_column_heading(shown[j]));
		for (i = 0; i < summary->row_count; i++) {
			unsigned int width = width_of(cell_of(&summary->rows[i], shown[j]));

			if (width > writer->widths[j])
				writer->widths[j] = width;
		}
	}
}

static unsigned int smaller(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * Drop columns until the rest fits.  The path and the last words may be cut;
 * the path gets free room first.
 */
static void fit(struct writer *writer)
{
	unsigned int path = smaller(writer->widths[0], PATH_MIN),
		     words = smaller(writer->widths[WORDS], WORDS_MIN);
	unsigned int room = writer->width, needed = writer->verdict_width + GAP + path, spare;
	size_t j;

	writer->columns = SHOWN;
	if (!writer->width)
		return;
	for (j = 1; j < SHOWN; j++)
		needed += GAP + (j == WORDS ? words : writer->widths[j]);
	for (; writer->columns > 1 && needed > room; writer->columns--)
		needed -= GAP + (writer->columns - 1 == WORDS ?
					 words :
					 writer->widths[writer->columns - 1]);
	if (needed > room) {
		needed -= path;
		writer->widths[0] = room > needed + DOTS ? room - needed : DOTS + 1;
		return;
	}
	spare = room - needed;
	writer->widths[0] = smaller(writer->widths[0], path + spare);
	spare -= writer->widths[0] - path;
	writer->widths[WORDS] = smaller(writer->widths[WORDS], words + spare);
}

static const char *colour_of(const struct writer *writer, int kind)
{
	if (!writer->colour)
		return "";
	switch (kind) {
	case XFDT_CONFIRMED:
	case XFDT_ARMED:
	case XFDT_PROBABLE:
		return "\033[1;31m";
	case XFDT_NOT_THIS_BUG:
		return "\033[32m";
	default:
		return "\033[33m";
	}
}

static const char *end_of_colour(const struct writer *writer)
{
	return writer->colour ? "\033[0m" : "";
}

static void put_columns(const struct writer *writer)
{
	size_t j;

	fprintf(writer->out, "%s%-*s", writer->colour ? "\033[2m" : "", (int)writer->verdict_width,
		"verdict");
	for (j = 0; j < writer->columns; j++) {
		fprintf(writer->out, "%*s", GAP, "");
		put_padded(writer, xfdt_column_heading(shown[j]), writer->widths[j],
			   j + 1 == writer->columns);
	}
	fprintf(writer->out, "%s\n", end_of_colour(writer));
}

static void put_row(const struct writer *writer, const struct xfdt_report_row *row)
{
	char verdict[32];
	size_t j;

	snprintf(verdict, sizeof(verdict), "%s%s", xfdt_report_kind_name(row->kind),
		 row->by_hook ? HOOK_MARK : "");
	fprintf(writer->out, "%s%-*s%s", colour_of(writer, row->kind), (int)writer->verdict_width,
		verdict, end_of_colour(writer));
	for (j = 0; j < writer->columns; j++) {
		const char *text = cell_of(row, shown[j]);
		bool last = j + 1 == writer->columns;

		fprintf(writer->out, "%*s", GAP, "");
		if (shown[j] == XFDT_C_PATH)
			put_path(writer, text, writer->widths[j], last);
		else
			put_padded(writer, text, writer->widths[j], last);
	}
	fputs("\n", writer->out);
}

static void put_totals(const struct writer *writer)
{
	const struct xfdt_report *summary = writer->summary;
	size_t i;

	fprintf(writer->out, "%zu dump%s in %zu store%s", summary->row_count,
		summary->row_count == 1 ? "" : "s", summary->store_count,
		summary->store_count == 1 ? "" : "s");
	if (summary->copies)
		fprintf(writer->out, "; %zu %s of another", summary->copies,
			summary->copies == 1 ? "is a copy" : "are copies");
	if (summary->superseded)
		fprintf(writer->out, "; %zu older result%s left out", summary->superseded,
			summary->superseded == 1 ? "" : "s");
	if (summary->joined)
		fprintf(writer->out, "; %zu answer%s of the kdump hook joined to the dump",
			summary->joined, summary->joined == 1 ? "" : "s");
	fputs("\n", writer->out);
	for (i = 0; i < XFDT_RESULT_KINDS; i++) {
		int kind = xfdt_kind_at(XFDT_COLLECTED, i);

		if (summary->totals[kind])
			fprintf(writer->out, "%8zu  %s%-*s%s  %s\n", summary->totals[kind],
				colour_of(writer, kind), (int)writer->verdict_width,
				xfdt_report_kind_name(kind), end_of_colour(writer),
				xfdt_report_kind_words(kind));
	}
	if (summary->hooks)
		fprintf(writer->out,
			"%8zu  " HOOK_MARK
			" by the kdump hook; no dump of that panic was looked at\n",
			summary->hooks);
}

void xfdt_report_text(const struct xfdt_report *summary, const struct xfdt_report_options *options,
		      FILE *out)
{
	struct writer writer = {
		.summary = summary,
		.colour = options->colour,
		.width = options->width,
		.out = out,
	};
	size_t i;

	if (summary->row_count) {
		measure(&writer);
		fit(&writer);
		put_columns(&writer);
		for (i = 0; i < summary->row_count; i++)
			put_row(&writer, &summary->rows[i]);
		fputs("\n", out);
	}
	put_totals(&writer);
}
