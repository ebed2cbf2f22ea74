/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stored results as a table: merging, escaping in every form, and results that are none. */
#include "unit.h"
#include "run.h"
#include "render/fields.h"
#include "results.h"
#include "report/detail.h"
#include "report/stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OK_JSON "{\"schema\":\"xfdtriage-1\",\"verdict\":\"not-this-bug\",\"exit\":1}"
#define CONFIRMED_JSON \
	"{\"schema\":\"xfdtriage-1\",\"verdict\":\"confirmed\",\"exit\":0,\"route\":\"fpu_swap_kvm_fpstate\"," \
	"\"kernel\":{\"release\":\"6.18.5\",\"nodename\":\"host1\",\"fix\":\"absent\"}," \
	"\"counts\":{\"ok\":3,\"armed\":1},\"vms\":[{},{}]}"
#define NOON "2026-11-22T12:00:00Z"
#define LATER "2026-11-22T12:30:00Z"

static struct xfdt_report *summarise(const struct results *results)
{
	struct xfdt_report *summary;

	assert_ok(results_summarise(results, &summary));
	return summary;
}

static char *render(const struct results *results, enum results_form form, unsigned int width)
{
	struct xfdt_report *summary = summarise(results);
	char *text;

	assert_ok(results_render(summary, &results->source, form, width, &text));
	xfdt_report_free(summary);
	return text;
}

/* One result with this JSON. */
static char *render_one(const char *json, enum results_form form)
{
	struct results results;

	results_init(&results);
	results_add(&results, 0, "/srv/vmcore", "id", NOON, json);
	return render(&results, form, 0);
}

static const struct xfdt_report_row *row_of(const struct xfdt_report *summary, const char *path)
{
	size_t i;

	for (i = 0; i < summary->row_count; i++)
		if (!strcmp(summary->rows[i].path, path))
			return &summary->rows[i];
	fail_msg("no row of '%s'", path);
	return NULL;
}

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		count++;
	return count;
}

/* the table */

static void test_report__every_column_has_a_name_a_heading_and_help(void **state)
{
	size_t i, j;

	for (i = 0; i < XFDT_COLUMN_COUNT; i++) {
		assert_non_null(xfdt_column_heading(i));
		assert_non_null(xfdt_column_help(i));
		assert_null(strpbrk(xfdt_columns[i].name, "\",\r\n"));
		for (j = 0; j < i; j++)
			assert_string_not_equal(xfdt_columns[i].name, xfdt_columns[j].name);
	}
	/* out of fields.def, not told twice */
	assert_string_equal(xfdt_column_heading(XFDT_C_RELEASE), "release");
	assert_null(xfdt_columns[XFDT_C_RELEASE].heading);
}

static void test_report__cells_of_a_result(void **state)
{
	const struct xfdt_report_row *row;
	struct xfdt_report *summary;
	struct results results;
	uint64_t vcpus;

	results_init(&results);
	results_add(&results, 1, "/srv/vmcore", "id", NOON, CONFIRMED_JSON);
	summary = summarise(&results);
	row = row_of(summary, "/srv/vmcore");
	assert_int_equal(row->kind, XFDT_CONFIRMED);
	assert_string_equal(row->cells[XFDT_C_PATH], "/srv/vmcore");
	assert_string_equal(row->cells[XFDT_C_VERDICT], "confirmed");
	assert_string_equal(row->cells[XFDT_C_EXIT], "0");
	assert_string_equal(row->cells[XFDT_C_ROUTE], "fpu_swap_kvm_fpstate");
	assert_string_equal(row->cells[XFDT_C_NODENAME], "host1");
	assert_string_equal(row->cells[XFDT_C_FIX], "absent");
	assert_string_equal(row->cells[XFDT_C_ARMED], "1");
	assert_string_equal(row->cells[XFDT_C_VMS], "2");
	assert_string_equal(row->cells[XFDT_C_FINISHED], NOON);
	assert_string_equal(row->cells[XFDT_C_STORE], "store1");
	assert_null(row->cells[XFDT_C_ERROR]);
	assert_null(row->cells[XFDT_C_STALE]);
	assert_null(row->cells[XFDT_C_COPY_OF]);
	assert_true(xfdt_report_vcpus(row, &vcpus));
	assert_int_equal(vcpus, 4);
	xfdt_report_free(summary);
}

/* Neither the row nor the JSON's "exit" makes a verdict. */
static void test_report__what_has_no_verdict_is_an_error(void **state)
{
	static const char *const none[] = {
		"",
		"{",
		"[]",
		"null",
		"\"confirmed\"",
		"{} {}",
		"{}",
		"{\"verdict\":null}",
		"{\"verdict\":0,\"exit\":0}",
		"{\"verdict\":\"Confirmed\"}",
		"{\"verdict\":[\"confirmed\"]}",
		"{\"verdict\":\"confirmed\"",
		"{\"verdict\":\"confirmed\"} x",
		"{\"verdict\":\"confirmed\",\"x\":\"\xff\"}",
	};
	size_t i;

	for (i = 0; i < COUNT(none); i++) {
		struct xfdt_report *summary;
		struct results results;

		results_init(&results);
		results_add(&results, 0, "/srv/vmcore", "id", NOON, none[i]);
		summary = summarise(&results);
		if (summary->rows[0].kind != XFDT_NO_VERDICT)
			fail_msg("a verdict out of '%s'", none[i]);
		assert_string_equal(summary->rows[0].cells[XFDT_C_VERDICT], "error");
		assert_string_equal(summary->rows[0].cells[XFDT_C_EXIT], "2");
		assert_non_null(summary->rows[0].cells[XFDT_C_ERROR]);
		assert_int_equal(summary->totals[XFDT_NO_VERDICT], 1);
		xfdt_report_free(summary);
	}
}

static void test_report__values_of_a_wrong_type_are_not_known(void **state)
{
	const struct xfdt_report_row *row;
	struct xfdt_report *summary;
	struct results results;
	uint64_t vcpus;

	results_init(&results);
	results_add(
		&results, 0, "/a", "id", NOON,
		"{\"verdict\":\"armed\",\"route\":1,\"kernel\":[\"release\"],"
		"\"panic\":{\"last_words\":{},\"warned\":\"true\",\"pid\":\"1\",\"cpu\":1.5},\"vms\":\"2\","
		"\"counts\":{\"ok\":-1,\"armed\":\"1\",\"stale\":true}}");
	results_add(&results, 0, "/b", "id2", NOON,
		    "{\"verdict\":\"armed\",\"counts\":{\"ok\":9223372036854775807,"
		    "\"armed\":9223372036854775807,\"stale\":9223372036854775807}}");
	summary = summarise(&results);
	row = row_of(summary, "/a");
	assert_null(row->cells[XFDT_C_ROUTE]);
	assert_null(row->cells[XFDT_C_RELEASE]);
	assert_null(row->cells[XFDT_C_LAST_WORDS]);
	assert_null(row->cells[XFDT_C_WARNED]);
	assert_null(row->cells[XFDT_C_PANIC_PID]);
	assert_null(row->cells[XFDT_C_PANIC_CPU]);
	assert_null(row->cells[XFDT_C_VMS]);
	assert_false(xfdt_report_vcpus(row, &vcpus));
	/* the sum has no room */
	assert_false(xfdt_report_vcpus(row_of(summary, "/b"), &vcpus));
	xfdt_report_free(summary);
}

/* What the store says of itself cannot come out of the JSON. */
static void test_report__json_cannot_forge_what_the_store_says(void **state)
{
	const struct xfdt_report_row *row;
	struct xfdt_report *summary;
	struct results results;

	results_init(&results);
	results_add(
		&results, 0, "/srv/vmcore", "id", NOON,
		"{\"verdict\":\"confirmed\",\"dump\":{\"path\":\"/forged\"},\"store\":\"forged\",\"copy_of\":\"forged\","
		"\"batch\":{\"identity\":\"forged\",\"confined\":\"forged\",\"finished\":\"forged\",\"tries\":99}}");
	summary = summarise(&results);
	row = row_of(summary, "/srv/vmcore");
	assert_string_equal(row->cells[XFDT_C_PATH], "/srv/vmcore");
	assert_string_equal(row->cells[XFDT_C_STORE], "store0");
	assert_null(row->cells[XFDT_C_COPY_OF]);
	assert_string_equal(row->cells[XFDT_C_IDENTITY], "id");
	assert_string_equal(row->cells[XFDT_C_CONFINED], "landlock+seccomp");
	assert_string_equal(row->cells[XFDT_C_FINISHED], NOON);
	assert_string_equal(row->cells[XFDT_C_TRIES], "1");
	xfdt_report_free(summary);
}

/* merging */

static void test_report__newest_of_the_same_dump_stays(void **state)
{
	size_t newest;

	/* whichever store has it */
	for (newest = 0; newest < 2; newest++) {
		struct xfdt_report *summary;
		struct results results;

		results_init(&results);
		results_add(&results, newest, "/srv/vmcore", "id", LATER, CONFIRMED_JSON);
		results_add(&results, !newest, "/srv/vmcore", "id", NOON, OK_JSON);
		results_add(&results, 2, "/srv/vmcore", "id", NOON, "{}");
		results_add(&results, 2, "/srv/other", "id2", NOON, OK_JSON);
		summary = summarise(&results);
		assert_int_equal(summary->row_count, 2);
		assert_int_equal(summary->superseded, 2);
		assert_int_equal(summary->copies, 0);
		assert_int_equal(row_of(summary, "/srv/vmcore")->kind, XFDT_CONFIRMED);
		assert_int_equal(row_of(summary, "/srv/vmcore")->store, newest);
		assert_int_equal(summary->totals[XFDT_CONFIRMED], 1);
		assert_int_equal(summary->totals[XFDT_NOT_THIS_BUG], 1);
		assert_int_equal(summary->totals[XFDT_NO_VERDICT], 0);
		xfdt_report_free(summary);
	}
}

/* Two hosts may each have a /var/crash/vmcore. */
static void test_report__same_path_other_content_stays(void **state)
{
	struct xfdt_report *summary;
	struct results results;

	results_init(&results);
	results_add(&results, 0, "/var/crash/vmcore", "id1", NOON, OK_JSON);
	results_add(&results, 1, "/var/crash/vmcore", "id2", NOON, CONFIRMED_JSON);
	summary = summarise(&results);
	assert_int_equal(summary->row_count, 2);
	assert_int_equal(summary->superseded, 0);
	assert_int_equal(summary->copies, 0);
	xfdt_report_free(summary);
}

static void test_report__copies_are_told(void **state)
{
	struct xfdt_report *summary;
	struct results results;

	results_init(&results);
	results_add(&results, 0, "/c", "id", NOON, OK_JSON);
	results_add(&results, 1, "/a", "id", NOON, OK_JSON);
	results_add(&results, 0, "/b", "id", NOON, OK_JSON);
	/* an identity that is not known is nobody's copy */
	results_add(&results, 0, "/d", "", NOON, OK_JSON);
	results_add(&results, 0, "/e", "", NOON, OK_JSON);
	summary = summarise(&results);
	assert_int_equal(summary->row_count, 5);
	assert_int_equal(summary->copies, 2);
	assert_int_equal(summary->totals[XFDT_NOT_THIS_BUG], 5);
	assert_null(row_of(summary, "/a")->cells[XFDT_C_COPY_OF]);
	assert_string_equal(row_of(summary, "/b")->cells[XFDT_C_COPY_OF], "/a");
	assert_string_equal(row_of(summary, "/c")->cells[XFDT_C_COPY_OF], "/a");
	assert_null(row_of(summary, "/d")->cells[XFDT_C_COPY_OF]);
	assert_null(row_of(summary, "/e")->cells[XFDT_C_COPY_OF]);
	xfdt_report_free(summary);
}

static void test_report__findings_come_first(void **state)
{
	static const char *const verdicts[] = {
		"not-applicable", "not-this-bug", "error",     "inconclusive",
		"probable",	  "armed",	  "confirmed",
	};
	char json[COUNT(verdicts)][64], paths[COUNT(verdicts)][8];
	struct xfdt_report *summary;
	struct results results;
	size_t i;

	results_init(&results);
	for (i = 0; i < COUNT(verdicts); i++) {
		snprintf(json[i], sizeof(json[i]), "{\"verdict\":\"%s\"}", verdicts[i]);
		snprintf(paths[i], sizeof(paths[i]), "/%zu", i);
		results_add(&results, 0, paths[i], paths[i], NOON, json[i]);
	}
	summary = summarise(&results);
	for (i = 0; i < COUNT(verdicts); i++)
		assert_string_equal(summary->rows[i].cells[XFDT_C_VERDICT],
				    verdicts[COUNT(verdicts) - 1 - i]);
	xfdt_report_free(summary);
}

static void test_report__want_of_memory(void **state)
{
	struct results results;
	long number;
	bool failed;

	results_init(&results);
	results_add(&results, 0, "/a", "id", NOON, CONFIRMED_JSON);
	results_add(&results, 1, "/b", "id", NOON, OK_JSON);
	for (number = 0, failed = true; failed; number++) {
		struct xfdt_report *summary = NULL;
		struct xfdt_error *err;

		alloc_watch();
		alloc_fail(number);
		err = results_summarise(&results, &summary);
		failed = alloc_has_failed();
		alloc_fail(-1);
		if (failed)
			assert_fails(err, XFDT_NO_MEMORY);
		else
			assert_ok(err);
		if (!failed)
			xfdt_report_free(summary);
	}
	assert_true(number > 3);
}

/* CSV */

/* Read a record by RFC 4180; returns what follows it. */
static const char *read_record(const char *at, char fields[XFDT_COLUMN_COUNT + 1][512],
			       size_t *ret_count)
{
	size_t count = 0;

	for (;;) {
		size_t len = 0;

		assert_true(count < XFDT_COLUMN_COUNT + 1);
		if (*at == '"') {
			for (at++; *at != '"' || at[1] == '"'; at++) {
				at += *at == '"';
				assert_true(*at && len < 511);
				fields[count][len++] = *at;
			}
			at++;
		} else {
			for (; !strchr(",\r", *at); at++) {
				assert_true(*at != '"' && *at != '\n' && len < 511);
				fields[count][len++] = *at;
			}
		}
		fields[count++][len] = '\0';
		if (*at == ',') {
			at++;
			continue;
		}
		assert_int_equal(strncmp(at, "\r\n", 2), 0);
		*ret_count = count;
		return at + 2;
	}
}

static void test_report__csv_reads_back(void **state)
{
	static char fields[XFDT_COLUMN_COUNT + 1][512];
	struct results results;
	const char *at;
	size_t count, i;
	char *text;

	results_init(&results);
	results_add(&results, 0, "/a,\"b\" c;d", "id", NOON, CONFIRMED_JSON);
	text = render(&results, RESULTS_CSV, 0);
	at = read_record(text, fields, &count);
	assert_int_equal(count, XFDT_COLUMN_COUNT);
	for (i = 0; i < count; i++)
		assert_string_equal(fields[i], xfdt_columns[i].name);
	at = read_record(at, fields, &count);
	assert_int_equal(count, XFDT_COLUMN_COUNT);
	assert_string_equal(fields[XFDT_C_PATH], "/a,\"b\" c;d");
	assert_string_equal(fields[XFDT_C_VERDICT], "confirmed");
	assert_string_equal(fields[XFDT_C_ARMED], "1");
	assert_string_equal(fields[XFDT_C_STALE], "");
	assert_string_equal(at, "");
	free(text);
}

static void test_report__csv_holds_no_formula(void **state)
{
	static const char *const formulas[] = {
		"=cmd|'/C calc'!A0", "+1", "-1+1", "@SUM(A1)", "\\t=1", "\\r=1", "=\\\"x\\\"",
	};
	static char fields[XFDT_COLUMN_COUNT + 1][512];
	size_t count, i, j;
	char json[256];

	for (i = 0; i < COUNT(formulas); i++) {
		const char *at;
		char *text;

		snprintf(json, sizeof(json),
			 "{\"verdict\":\"armed\",\"kernel\":{\"nodename\":\"%s\",\"release\":\"%s\"}}",
			 formulas[i], formulas[i]);
		text = render_one(json, RESULTS_CSV);
		at = read_record(text, fields, &count);
		read_record(at, fields, &count);
		assert_int_equal(count, XFDT_COLUMN_COUNT);
		assert_true(*fields[XFDT_C_NODENAME]);
		for (j = 0; j < count; j++)
			if (xfdt_columns[j].kind == XFDT_COLUMN_TEXT && *fields[j])
				assert_null(strchr("=+-@\t\r", *fields[j]));
		free(text);
	}
}

/* what a dump may say, in every text of a result */

#define HOSTILE "<script>alert(1)</script>\\u001b[31m\\u009b\\u202e\\n\\\"'&<!--]]>\\u0000"

static const char hostile_json[] = "{\"verdict\":\"confirmed\",\"route\":\"" HOSTILE
				   "\",\"why\":[\"" HOSTILE "\"],\"check\":[\"" HOSTILE "\"],"
				   "\"" HOSTILE "\":\"" HOSTILE
				   "\",\"missing\":[{\"what\":\"" HOSTILE "\",\"why\":\"" HOSTILE
				   "\"}],"
				   "\"kernel\":{\"nodename\":\"" HOSTILE "\",\"release\":\"" HOSTILE
				   "\",\"fix\":\"" HOSTILE "\"},"
				   "\"panic\":{\"comm\":\"" HOSTILE "\",\"last_words\":\"" HOSTILE
				   "\",\"trace\":[\"" HOSTILE "\"],"
				   "\"events\":[{\"nsec\":1,\"text\":\"" HOSTILE
				   "\"}],\"fault\":{\"caller\":\"" HOSTILE "\"}},"
				   "\"vms\":[{\"kvm\":\"" HOSTILE "\",\"comm\":\"" HOSTILE
				   "\",\"vcpus\":[{\"state\":\"" HOSTILE "\",\"xfd\":\"" HOSTILE
				   "\","
				   "\"thread\":{\"comm\":\"" HOSTILE "\"}}]}]}";

static void hostile_results(struct results *results)
{
	static const char path[] =
		"/<script>alert(1)</script>\033[31m\x9b\"'&\n/<img src=x onerror=alert(1)>";

	results_init(results);
	results_add(results, 0, path, "\"><script>", "<b>2026</b>T12:00:0Z", hostile_json);
	results_add(results, 0, "/copy", "\"><script>", "2026<b>22T<b>00:00Z", hostile_json);
	results_add(results, 0, "/error", "id", NOON,
		    "{\"verdict\":\"error\",\"error\":\"" HOSTILE "\"}");
	results_add(results, 0, "/none", "id3", NOON, "<script>");
	results->items[0].result.confined = "<script>alert(1)</script>\033";
	results->items[0].result.version = "\033]0;x\007";
}

static void test_report__no_form_holds_control_bytes(void **state)
{
	struct results results;
	enum results_form form;

	hostile_results(&results);
	for (form = 0; form < RESULTS_FORMS; form++) {
		char *text = render(&results, form, 0), *at;

		for (at = text; *at; at++) {
			uint8_t byte = (uint8_t)*at;
			bool allowed = byte == '\n' || (byte == '\r' && form == RESULTS_CSV) ||
				       (byte == '\t' && form == RESULTS_HTML);

			if (byte < ' ' && !allowed)
				fail_msg("form %d has byte %#x: %.40s", form, byte, at);
			assert_int_not_equal(byte, 0x7f);
			/* C1, and what turns the direction of text */
			assert_false(byte == 0xc2 && (uint8_t)at[1] < 0xa0);
			assert_null(strstr(at, "\xe2\x80\xae"));
		}
		free(text);
	}
}

/* Whatever is text stays text: the page has no element that it would not have without. */
static void test_report__html_holds_no_element_of_a_dump(void **state)
{
	struct results results;
	char *text, *at;

	hostile_results(&results);
	text = render(&results, RESULTS_HTML, 0);
	/* one a row, the schema, and the two of the page */
	assert_int_equal(count_of(text, "<script"), 4 + 1 + 2);
	assert_int_equal(count_of(text, "</script"), 4 + 1 + 2);
	assert_int_equal(count_of(text, "<img"), 0);
	assert_int_equal(count_of(text, "<!--"), 0);
	assert_int_equal(count_of(text, "<tr"), 1 + 4);
	assert_int_equal(count_of(text, "<b>2026"), 0);
	assert_int_equal(count_of(text, "<b>22"), 0);
	assert_int_equal(count_of(text, "<b>00"), 0);
	assert_true(count_of(text, "&lt;script&gt;alert(1)&lt;/script&gt;") > 4);
	assert_true(count_of(text, "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e") > 10);
	/* an attribute ends where the page ends it */
	at = strstr(text, "title=\"copy of /");
	assert_non_null(at);
	assert_int_equal(strncmp(strchr(at + 7, '"'), "\">copy</span>", 13), 0);
	free(text);
}

static void test_report__html_needs_nothing_else(void **state)
{
	char *text = render_one(CONFIRMED_JSON, RESULTS_HTML);

	assert_non_null(strstr(text, "default-src 'none'"));
	assert_int_equal(count_of(text, "unsafe-inline"), 0);
	assert_int_equal(count_of(text, " src="), 0);
	assert_int_equal(count_of(text, "<link"), 0);
	assert_int_equal(count_of(text, "@import"), 0);
	assert_int_equal(count_of(text, "url("), 0);
	assert_int_equal(count_of(text, " style="), 0);
	assert_int_equal(count_of(text, "innerHTML"), 0);
	free(text);
}

static void test_report__html_of_nothing(void **state)
{
	struct results results;
	char *text;

	results_init(&results);
	text = render(&results, RESULTS_HTML, 0);
	assert_non_null(strstr(text, "The stores hold no results yet."));
	assert_non_null(strstr(text, "</html>"));
	free(text);
	text = render(&results, RESULTS_TEXT, 0);
	assert_string_equal(text, "0 dumps in 4 stores\n");
	free(text);
	text = render(&results, RESULTS_JSONL, 0);
	assert_string_equal(text, "");
	free(text);
}

/* JSON Lines */

static struct json_object *get(struct json_object *object, const char *name)
{
	struct json_object *value = xfdt_stored_get(object, name);

	if (!value)
		fail_msg("nothing at '%s'", name);
	return value;
}

static void test_report__jsonl_is_what_was_stored(void **state)
{
	struct json_object *line;
	char *text;

	text = render_one(
		"{\"verdict\":\"confirmed\",\"new_key\":{\"a\":[1,2.5,null,true]},\"batch\":\"forged\"}",
		RESULTS_JSONL);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	line = xfdt_stored_parse(text);
	assert_non_null(line);
	assert_string_equal(json_object_get_string(get(line, "new_key.a")),
			    "[ 1, 2.5, null, true ]");
	assert_string_equal(json_object_get_string(get(line, "batch.identity")), "id");
	json_object_put(line);
	free(text);
}

static void test_report__jsonl_lines_are_objects(void **state)
{
	static const char *const bad[] = { "", "{", "[]", "{}\n{\"verdict\":\"confirmed\"}",
					   "{\"a\":\"\xff\"}" };
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		char *text = render_one(bad[i], RESULTS_JSONL);
		struct json_object *line = xfdt_stored_parse(text);

		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
		assert_string_equal(json_object_get_string(get(line, "verdict")), "error");
		assert_string_equal(json_object_get_string(get(line, "dump.path")), "/srv/vmcore");
		assert_string_equal(json_object_get_string(get(line, "batch.identity")), "id");
		json_object_put(line);
		free(text);
	}
}

/* A batch that goes on may have another result by now: not that of the table. */
static void test_report__result_that_was_replaced_meanwhile(void **state)
{
	struct xfdt_report *summary;
	struct results results;
	char *text;

	results_init(&results);
	results_add(&results, 0, "/srv/vmcore", "id", NOON, OK_JSON);
	summary = summarise(&results);
	results.items[0].result.finished = LATER;
	results.items[0].result.json = CONFIRMED_JSON;
	assert_ok(results_render(summary, &results.source, RESULTS_JSONL, 0, &text));
	assert_string_equal(text, "");
	free(text);
	assert_ok(results_render(summary, &results.source, RESULTS_HTML, 0, &text));
	assert_non_null(strstr(text, "{\"changed\":true"));
	assert_null(strstr(text, "fpu_swap_kvm_fpstate"));
	free(text);
	xfdt_report_free(summary);
}

/* text */

static void test_report__text_fits_the_terminal(void **state)
{
	struct results results;
	unsigned int width;

	results_init(&results);
	results_add(&results, 0,
		    "/srv/crash/a/very/long/folder/of/some/customer/2026-11-22-10:20:30/vmcore",
		    "a", NOON, CONFIRMED_JSON);
	results_add(
		&results, 0, "/srv/vmcore", "b", NOON,
		"{\"verdict\":\"not-applicable\",\"kernel\":{\"release\":"
		"\"6.18.5+deb13-amd64\",\"nodename\":\"\xc3\xa4\xc3\xb6\xc3\xbc.example.net\"},\"panic\":{\"last_words\":"
		"\"Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b, and so on\"}}");
	results_add(
		&results, 0, "/e", "c", NOON,
		"{\"verdict\":\"error\",\"error\":\"/e: no dump of a kind that is known, and more\"}");
	for (width = 40; width < 250; width++) {
		char *text = render(&results, RESULTS_TEXT, width), *end = strstr(text, "\n\n"),
		     *line;

		*end = '\0';
		for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
			unsigned int length = 0;
			const char *at;

			for (at = line; *at; at++)
				length += (*at & 0xc0) != 0x80;
			if (length > width)
				fail_msg("%u columns of %u: %s", length, width, line);
		}
		free(text);
	}
}

static void test_report__text_without_a_terminal_is_whole(void **state)
{
	struct results results;
	char *text;

	results_init(&results);
	results_add(&results, 0,
		    "/srv/crash/a/very/long/folder/of/some/customer/2026-11-22-10:20:30/vmcore",
		    "a", NOON, CONFIRMED_JSON);
	results_add(&results, 1, "/e", "c", NOON,
		    "{\"verdict\":\"error\",\"error\":\"/e: no dump\"}");
	results_add(&results, 2, "/e", "c", LATER,
		    "{\"verdict\":\"error\",\"error\":\"/e: no dump\"}");
	results_add(&results, 2, "/f", "c", LATER,
		    "{\"verdict\":\"error\",\"error\":\"/f: no dump\"}");
	text = render(&results, RESULTS_TEXT, 0);
	assert_non_null(
		strstr(text,
		       "/srv/crash/a/very/long/folder/of/some/customer/2026-11-22-10:20:30/vmcore"));
	/* the path is not told twice */
	assert_non_null(strstr(text, " no dump\n"));
	assert_null(strstr(text, "/e: no dump"));
	assert_non_null(
		strstr(text,
		       "3 dumps in 4 stores; 1 is a copy of another; 1 older result left out\n"));
	assert_non_null(
		strstr(text, "       1  confirmed       CVE-2026-23005 occurred on this host"));
	assert_non_null(strstr(text, "       2  error           could not be looked at\n"));
	free(text);
}

/* evidence */

static struct json_object *detail(const char *json)
{
	struct xfdt_report *summary;
	struct json_object *object;
	struct results results;
	char *text = NULL;
	size_t len;
	FILE *out;

	results_init(&results);
	results_add(&results, 0, "/srv/vmcore", "id", NOON, json);
	summary = summarise(&results);
	out = open_memstream(&text, &len);
	assert_ok(xfdt_detail_print(&summary->rows[0], json, out));
	fclose(out);
	object = xfdt_stored_parse(text);
	assert_non_null(object);
	free(text);
	xfdt_report_free(summary);
	return object;
}

/* the JSON that a report makes goes through unharmed */
static void test_report__detail_of_a_report(void **state)
{
	struct json_object *object, *vcpu;
	struct kernel kernel;
	struct run run;
	char *text = NULL;
	size_t len, i;
	FILE *out;

	kernel_init(&kernel);
	run_init(&run, &kernel);
	out = open_memstream(&text, &len);
	assert_ok(xfdt_render_json(
		&(struct xfdt_outcome){
			.path = "/srv/vmcore",
			.format = "kdump",
			.host = &run.host,
			.facts = &run.facts,
			.verdict = &run.verdict,
		},
		out));
	fclose(out);
	object = detail(text);
	assert_string_equal(json_object_get_string(get(object, "route")), "fpu_swap_kvm_fpstate");
	assert_true(json_object_array_length(get(object, "why")) > 2);
	assert_int_equal(json_object_array_length(get(object, "check")), 8);
	assert_int_equal(json_object_array_length(get(object, "panic.events")), 2);
	assert_string_equal(json_object_get_string(get(object, "panic.fault.edx_eax")), "0x600ff");
	assert_string_equal(json_object_get_string(get(object, "kernel.nodename")), "host1");
	vcpu = json_object_array_get_idx(get(json_object_array_get_idx(get(object, "vms"), 0),
					     "vcpus"),
					 0);
	for (i = 0; i < xfdt_field_count; i++)
		if (xfdt_fields[i].group == XFDT_GROUP_THREAD)
			get(get(vcpu, "thread"), xfdt_fields[i].key);
	assert_string_equal(json_object_get_string(get(vcpu, "mismatch")), "0x40000");
	assert_null(xfdt_stored_get(object, "more"));
	json_object_put(object);
	run_deinit(&run);
	kernel_deinit(&kernel);
	free(text);
}

static void test_report__detail_takes_only_what_is_known(void **state)
{
	struct json_object *object = detail(
		"{\"verdict\":\"armed\",\"evil\":1,\"why\":[1,{},[],null,\"one\"],\"origins\":{},"
		"\"kernel\":{\"evil\":1,\"release\":[],\"fix\":\"absent\"},\"missing\":[1,{\"what\":2,\"evil\":3}],"
		"\"panic\":[],\"vms\":[1,null,{\"vcpus\":[1,{\"id\":{},\"state\":\"ok\",\"evil\":1,\"thread\":1}]}]}");

	assert_null(xfdt_stored_get(object, "evil"));
	assert_int_equal(json_object_array_length(get(object, "why")), 1);
	assert_null(xfdt_stored_get(object, "origins"));
	assert_null(xfdt_stored_get(object, "kernel.evil"));
	assert_null(xfdt_stored_get(object, "kernel.release"));
	assert_string_equal(json_object_get_string(get(object, "missing")), "[ { \"what\": 2 } ]");
	assert_string_equal(json_object_get_string(get(object, "vms")),
			    "[ { \"vcpus\": [ { \"state\": \"ok\" } ] } ]");
	json_object_put(object);
}

/* thousands of vCPUs: those that are not ok, some that are, and how many more there are */
static void test_report__detail_of_many_vcpus_is_cut(void **state)
{
	struct json_object *object, *vm;
	char *text = NULL;
	size_t len, i;
	FILE *out = open_memstream(&text, &len);

	fputs("{\"verdict\":\"armed\",\"vms\":[{\"vcpus\":[", out);
	for (i = 0; i < 3000; i++)
		fprintf(out, "%s{\"id\":%zu,\"state\":\"%s\",\"culprit\":%s}", i ? "," : "", i,
			i == 2998 ? "armed" : "ok", i == 2999 ? "true" : "false");
	fputs("]}]}", out);
	fclose(out);
	object = detail(text);
	vm = json_object_array_get_idx(get(object, "vms"), 0);
	assert_int_equal(json_object_array_length(get(vm, "vcpus")), 10);
	assert_int_equal(json_object_get_int(get(vm, "more")), 3000 - 10);
	assert_int_equal(json_object_get_int(
				 get(json_object_array_get_idx(get(vm, "vcpus"), 8), "id")),
			 2998);
	assert_int_equal(json_object_get_int(
				 get(json_object_array_get_idx(get(vm, "vcpus"), 9), "id")),
			 2999);
	json_object_put(object);
	free(text);
}

static void test_report__json_that_is_too_deep_or_too_large(void **state)
{
	char deep[400], *large = malloc(XFDT_STORED_MAX + 64);
	struct json_object *parsed;
	size_t i;

	memset(deep, '[', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	memcpy(deep, "{\"verdict\":", 11);
	assert_null(xfdt_stored_parse(deep));
	memset(large, ' ', XFDT_STORED_MAX + 64);
	memcpy(large, "{\"verdict\":\"armed\"", 18);
	strcpy(large + XFDT_STORED_MAX, "}");
	assert_null(xfdt_stored_parse(large));
	strcpy(large + 18, "}");
	json_object_put(xfdt_stored_parse(large));
	/* small enough, but a gigabyte once it is parsed */
	memset(large, ',', XFDT_STORED_MARKS_MAX * 2 + 64);
	for (i = 1; i < XFDT_STORED_MARKS_MAX * 2 + 64; i += 2)
		large[i] = '0';
	memcpy(large, "{\"a\": [0", 8);
	strcpy(large + XFDT_STORED_MARKS_MAX * 2 + 40, "]}");
	assert_null(xfdt_stored_parse(large));
	/* far fewer, but far more than our own results have */
	strcpy(large + (1 << 20), "]}");
	assert_null(xfdt_stored_parse(large));
	strcpy(large + 4000, "]}");
	parsed = xfdt_stored_parse(large);
	assert_non_null(parsed);
	json_object_put(parsed);
	free(large);
}

#include "test_report.tests.h"
