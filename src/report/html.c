/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A summary as one page.  The table stands in it as it is; each row carries
 * the JSON of its dump, which report.js draws when the row is opened.
 */
#include "base/util.h"
#include "report/detail.h"
#include "report/page.h"

#include <inttypes.h>
#include <string.h>

/* The columns of the table, behind the verdict. */
static const enum xfdt_column shown[] = {
	XFDT_C_PATH,  XFDT_C_NODENAME,	 XFDT_C_RELEASE,  XFDT_C_FIX,
	XFDT_C_ARMED, XFDT_C_LAST_WORDS, XFDT_C_FINISHED,
};
#define SHOWN (COUNT(shown))

/* Signs tell the verdicts apart where colour does not. */
static const char *const signs[XFDT_RESULT_KINDS] = {
	[XFDT_CONFIRMED] = "&#9679;",	   [XFDT_ARMED] = "&#9650;",
	[XFDT_PROBABLE] = "&#9680;",	   [XFDT_INCONCLUSIVE] = "?",
	[XFDT_NO_VERDICT] = "&#10005;",	   [XFDT_NOT_THIS_BUG] = "&#10003;",
	[XFDT_NOT_APPLICABLE] = "&#8211;",
};

/* All text goes into the page through this: safe in elements and in quoted attributes. */
static void put_text(const char *text, FILE *out)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*text, out);
			break;
		}
	}
}

static void put_head(FILE *out)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\" class=\"plain\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "script-src 'sha256-" XFDT_LOADING_JS_SHA256 "' 'sha256-" XFDT_REPORT_JS_SHA256
	      "'; style-src 'sha256-" XFDT_REPORT_CSS_SHA256 "'; "
	      "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'\">\n"
	      "<meta name=\"referrer\" content=\"no-referrer\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<title>" XFDT_CVE ": triage of vmcores</title>\n<style>",
	      out);
	fwrite(xfdt_report_css, 1, xfdt_report_css_len, out);
	fputs("</style>\n<script>", out);
	fwrite(xfdt_loading_js, 1, xfdt_loading_js_len, out);
	fputs("</script>\n</head>\n<body>\n<a class=\"skip\" href=\"#dumps\">Skip to the table of dumps</a>\n",
	      out);
}

static void put_count(size_t count, const char *one, const char *many, FILE *out)
{
	fprintf(out, "%zu %s", count, count == 1 ? one : many);
}

static void put_heading(const struct xfdt_report *summary, time_t now, FILE *out)
{
	char date[40] = "";
	struct tm tm;
	size_t i;

	if (gmtime_r(&now, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &tm);
	fputs("<header>\n<h1>Triage of vmcores <span>" XFDT_CVE "</span></h1>\n<p>", out);
	put_count(summary->row_count, "dump", "dumps", out);
	fputs(" from ", out);
	for (i = 0; i < summary->store_count && i < 4; i++) {
		fputs(i ? ", <code>" : "<code>", out);
		put_text(summary->stores[i], out);
		fputs("</code>", out);
	}
	if (summary->store_count > i)
		fprintf(out, " and %zu more stores", summary->store_count - i);
	if (summary->copies) {
		fputs("; ", out);
		put_count(summary->copies, "is a copy of another", "are copies of others", out);
	}
	if (summary->superseded) {
		fputs("; ", out);
		put_count(summary->superseded, "older result of the same dump is",
			  "older results of the same dumps are", out);
		fputs(" left out", out);
	}
	fprintf(out, ". Written %s by xfdtriage " XFDT_VERSION ".</p>\n</header>\n", date);
}

static void put_totals(const struct xfdt_report *summary, FILE *out)
{
	size_t i;

	fputs("<section aria-labelledby=\"totals\">\n<h2 id=\"totals\">Verdicts</h2>\n<ul class=\"totals\">\n",
	      out);
	for (i = 0; i < XFDT_RESULT_KINDS; i++) {
		int kind = xfdt_kind_at(XFDT_COLLECTED, i);
		const char *name = xfdt_report_kind_name(kind);

		fprintf(out,
			"<li class=\"v-%s%s\"><button type=\"button\" data-verdict=\"%s\" aria-pressed=\"false\">"
			"<span class=\"sign\" aria-hidden=\"true\">%s</span> <b>%zu</b> <span class=\"name\">%s</span></button><p>",
			name, summary->totals[kind] ? "" : " none", name, signs[kind],
			summary->totals[kind], name);
		put_text(xfdt_report_kind_words(kind), out);
		fputs("</p></li>\n", out);
	}
	fputs("</ul>\n</section>\n", out);
}

static void put_filters(FILE *out)
{
	fputs("<form id=\"filters\" role=\"search\" aria-label=\"Filter the dumps\">\n"
	      "<label class=\"wide\">Search <input id=\"f-q\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\"></label>\n"
	      "<label>Kernel <input id=\"f-kernel\" list=\"kernels\" autocomplete=\"off\" spellcheck=\"false\"></label>\n"
	      "<label>Host <input id=\"f-host\" list=\"hosts\" autocomplete=\"off\" spellcheck=\"false\"></label>\n"
	      "<label>Fix <select id=\"f-fix\"><option value=\"\">any</option></select></label>\n"
	      "<button id=\"clear\" type=\"button\">Clear</button>\n"
	      "<datalist id=\"kernels\"></datalist><datalist id=\"hosts\"></datalist>\n"
	      "<p id=\"shown\" role=\"status\"></p>\n</form>\n"
	      "<noscript><p class=\"note\">Sorting, filtering and the evidence of each dump need JavaScript, "
	      "which this page has in itself. <code>xfdtriage -v VMCORE</code> prints the same evidence.</p></noscript>\n",
	      out);
}

static void put_columns(FILE *out)
{
	size_t i;

	fputs("<thead><tr><th scope=\"col\" class=\"c-verdict\">verdict</th>", out);
	for (i = 0; i < SHOWN; i++) {
		fprintf(out, "<th scope=\"col\" class=\"c-%s\" title=\"",
			strrchr(xfdt_columns[shown[i]].name, '.') + 1);
		put_text(xfdt_column_help(shown[i]), out);
		fputs("\">", out);
		put_text(shown[i] == XFDT_C_ARMED ? "armed vCPUs" : xfdt_column_heading(shown[i]),
			 out);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n", out);
}

/* The folder may be long and matters less than the name. */
static void put_path(const struct xfdt_report_row *row, FILE *out)
{
	const char *path = row->cells[XFDT_C_PATH] ? row->cells[XFDT_C_PATH] : "";
	const char *slash = strrchr(path, '/'), *name = slash && slash[1] ? slash + 1 : path;

	fputs("<span class=\"folder\">", out);
	for (; path < name; path++)
		put_text((char[]){ *path, '\0' }, out);
	fputs("<wbr></span><span class=\"name\">", out);
	put_text(name, out);
	fputs("</span>", out);
	if (row->by_hook)
		fputs(" <span class=\"copy\" title=\"answer of the kdump hook; no dump of this panic was looked at\">kdump hook</span>",
		      out);
	if (!row->cells[XFDT_C_COPY_OF])
		return;
	fputs(" <span class=\"copy\" title=\"copy of ", out);
	put_text(row->cells[XFDT_C_COPY_OF], out);
	fputs("\">copy</span>", out);
}

static void put_armed(const struct xfdt_report_row *row, FILE *out)
{
	const char *armed = row->cells[XFDT_C_ARMED];
	uint64_t vcpus;

	if (!armed || !xfdt_report_vcpus(row, &vcpus))
		return;
	if (vcpus)
		fprintf(out, "%s of %" PRIu64, armed, vcpus);
	else
		fputs("none found", out);
}

/* 2026-11-22T13:30:00Z, to the minute */
static void put_time(const char *text, FILE *out)
{
	char minute[17];

	if (!text)
		return;
	if (strlen(text) == 20 && text[10] == 'T' && text[19] == 'Z') {
		snprintf(minute, sizeof(minute), "%.10s %.5s", text, text + 11);
		text = minute;
	}
	put_text(text, out);
}

static void put_cell(const struct xfdt_report_row *row, enum xfdt_column column, FILE *out)
{
	const char *text = row->cells[column];

	switch (column) {
	case XFDT_C_PATH:
		put_path(row, out);
		return;
	case XFDT_C_ARMED:
		put_armed(row, out);
		return;
	case XFDT_C_FINISHED:
		put_time(text, out);
		return;
	case XFDT_C_LAST_WORDS:
		text = xfdt_report_end(row);
		break;
	default:
		break;
	}
	if (text)
		put_text(text, out);
}

struct evidence {
	const struct xfdt_report_row *row;
	FILE *out;
};

static struct xfdt_error *put_evidence(void *context, const struct xfdt_result *result)
{
	const struct evidence *evidence = context;

	return xfdt_detail_print(evidence->row, result->json, evidence->out);
}

static struct xfdt_error *put_row(const struct xfdt_report_row *row,
				  const struct xfdt_report_source *source, FILE *out)
{
	const char *name = xfdt_report_kind_name(row->kind);
	struct evidence evidence = { .row = row, .out = out };
	struct xfdt_error *err;
	bool found = false;
	size_t i;

	fprintf(out,
		"<tr class=\"v-%s\"><td><button type=\"button\" aria-expanded=\"false\">"
		"<span class=\"sign\" aria-hidden=\"true\">%s</span> %s</button></td>",
		name, signs[row->kind], name);
	for (i = 0; i < SHOWN; i++) {
		fputs("<td>", out);
		put_cell(row, shown[i], out);
		fputs("</td>", out);
	}
	fputs("<script type=\"application/json\">", out);
	err = xfdt_report_visit_row(row, source, put_evidence, &evidence, &found);
	if (!err && !found)
		err = xfdt_detail_print(row, NULL, out);
	fputs("</script></tr>\n", out);
	return err;
}

static struct xfdt_error *put_table(const struct xfdt_report *summary,
				    const struct xfdt_report_source *source, FILE *out)
{
	struct xfdt_error *err = NULL;
	size_t i;

	fputs("<main>\n<table id=\"dumps\" tabindex=\"-1\">\n<caption>Dumps</caption>\n", out);
	put_columns(out);
	fputs("<tbody>\n", out);
	for (i = 0; i < summary->row_count && !err; i++)
		err = put_row(&summary->rows[i], source, out);
	fputs("</tbody>\n</table>\n", out);
	fputs("<button type=\"button\" id=\"more\" hidden>Show more</button>\n", out);
	fprintf(out, "<p id=\"empty\" class=\"note\"%s>%s</p>\n</main>\n",
		summary->row_count ? " hidden" : "",
		summary->row_count ? "No dump matches the filters." :
				     "The stores hold no results yet.");
	return err;
}

struct xfdt_error *xfdt_report_html(const struct xfdt_report *summary,
				    const struct xfdt_report_source *source,
				    const struct xfdt_report_options *options, FILE *out)
{
	struct xfdt_error *err;

	put_head(out);
	put_heading(summary, options->now, out);
	put_totals(summary, out);
	put_filters(out);
	err = put_table(summary, source, out);
	if (err)
		return err;
	fputs("<script type=\"application/json\" id=\"schema\">", out);
	err = xfdt_detail_print_schema(out);
	fputs("</script>\n<script>", out);
	fwrite(xfdt_report_js, 1, xfdt_report_js_len, out);
	fputs("</script>\n</body>\n</html>\n", out);
	return err;
}
