/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Distilling real vmcores. */
#include "unit.h"

#include "triage/session.h"
#include "distill/contents.h"

#include <glob.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOURCE "dumps/set-xsave-6.18.5.vmcore"

struct fixture {
	char folder[32], path[64];
	struct xfdt_session session;
};

static void set_up(struct fixture *fixture)
{
	struct xfdt_session_options options = { .dump = { .record = true } };
	const char *paths[] = { SOURCE };

	snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/distill.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(fixture->path, sizeof(fixture->path), "%s/small", fixture->folder);
	assert_ok(xfdt_session_init(&fixture->session, paths, 1, &options));
}

/* also, that nothing else was left behind */
static void tear_down(struct fixture *fixture)
{
	xfdt_session_deinit(&fixture->session);
	unlink(fixture->path);
	assert_int_equal(rmdir(fixture->folder), 0);
}

static void write_small(struct fixture *fixture, const struct xfdt_distill_options *options,
			struct xfdt_distill_result *ret_result)
{
	int before = access(fixture->path, F_OK);
	struct xfdt_output output;

	assert_ok(xfdt_output_init(&output, fixture->path));
	assert_ok(xfdt_distill_write(fixture->session.dump, &fixture->session.host, options,
				     &output, ret_result));
	/* it is whole by now, under another name */
	assert_int_equal(access(output.temporary, R_OK), 0);
	assert_int_equal(access(fixture->path, F_OK), before);
	assert_ok(xfdt_output_finish(&output, NULL));
}

/* the log of the distilled dump: the lines that matter, and empty ones */
static void test_distill__other_lines_of_the_log_are_empty(void **state)
{
	const struct xfdt_distill_options options = { .keep_log = false };
	const struct xfdt_session_options plain = { 0 };
	struct xfdt_distill_result result;
	struct xfdt_session small;
	struct fixture fixture;
	const char *paths[1];
	size_t i, texts = 0;

	NEED_FILE(SOURCE);
	set_up(&fixture);
	paths[0] = fixture.path;
	write_small(&fixture, &options, &result);
	assert_ok(xfdt_session_init(&small, paths, 1, &plain));
	assert_int_equal(small.host.panic.log.count, fixture.session.host.panic.log.count);
	for (i = 0; i < small.host.panic.log.count; i++) {
		const struct xfdt_log_line *line = &small.host.panic.log.lines[i];

		if (!*line->text)
			continue;
		texts++;
		assert_string_equal(line->text, fixture.session.host.panic.log.lines[i].text);
		assert_null(strstr(line->text, "Linux version"));
		assert_null(strstr(line->text, "Hardware name"));
	}
	assert_within(texts, 10, fixture.session.host.panic.log.count / 4);
	assert_int_equal(small.verdict.kind, fixture.session.verdict.kind);
	xfdt_session_deinit(&small);
	tear_down(&fixture);
}

static void test_distill__keeps_the_log_when_told(void **state)
{
	const struct xfdt_distill_options options = { .keep_log = true };
	const struct xfdt_session_options plain = { 0 };
	struct xfdt_distill_result result;
	struct xfdt_session small;
	struct fixture fixture;
	const char *paths[1];
	size_t i;

	NEED_FILE(SOURCE);
	set_up(&fixture);
	paths[0] = fixture.path;
	write_small(&fixture, &options, &result);
	assert_ok(xfdt_session_init(&small, paths, 1, &plain));
	for (i = 0; i < small.host.panic.log.count; i++)
		assert_string_equal(small.host.panic.log.lines[i].text,
				    fixture.session.host.panic.log.lines[i].text);
	xfdt_session_deinit(&small);
	tear_down(&fixture);
}

/* of the stack, the words at the stack pointer alone; of registers, those of the thread that panicked alone */
static void test_distill__blanks_stack_and_registers(void **state)
{
	const struct xfdt_distill_options options = { .keep_log = false };
	static const struct xfdt_regs zeros;
	struct xfdt_dump_options plain = { 0 };
	struct xfdt_distill_result result;
	struct xfdt_source source;
	struct fixture fixture;
	struct xfdt_dump *small;
	const char *paths[1];
	size_t i, kept = 0;

	NEED_FILE(SOURCE);
	set_up(&fixture);
	paths[0] = fixture.path;
	write_small(&fixture, &options, &result);
	assert_true(fixture.session.host.panic.stack.len >= 16384);
	assert_int_equal(result.kept[XFDT_FOR_STACK], XFDT_STACK_TOP);
	assert_ok(xfdt_dump_open(&small, paths, 1, &plain));
	source = xfdt_dump_source(small);
	assert_int_equal(source.note_count, fixture.session.image.note_count);
	for (i = 0; i < source.note_count; i++)
		kept += memcmp(&source.notes[i].regs, &zeros, sizeof(zeros)) != 0;
	assert_int_equal(kept, 1);
	xfdt_dump_close(small);
	tear_down(&fixture);
}

/* of a stack that was searched for the frame of an #NM, that frame and the word below it as well */
static void test_distill__blanks_other_stacks(void **state)
{
	const struct xfdt_distill_options options = { .keep_log = false };
	struct xfdt_distill_result result;
	struct xfdt_panic *panic;
	struct fixture fixture;

	NEED_FILE(SOURCE);
	set_up(&fixture);
	panic = &fixture.session.host.panic;
	panic->faults[0].frame = panic->stack.kvaddr + 0x1000;
	write_small(&fixture, &options, &result);
	assert_int_equal(result.kept[XFDT_FOR_STACK],
			 XFDT_STACK_TOP + 8 + sizeof(struct xfdt_regs));
	tear_down(&fixture);
}

/* the account */

static char *account(struct fixture *fixture, const struct xfdt_distill_options *options, bool json)
{
	struct xfdt_distill_result result;
	struct xfdt_contents contents = {
		.path = fixture->path,
		.report = &fixture->session.report,
		.options = options,
		.result = &result,
		.same_answer = true,
	};
	char *text = NULL;
	size_t len;
	FILE *out;

	write_small(fixture, options, &result);
	out = open_memstream(&text, &len);
	if (json)
		assert_ok(xfdt_contents_json(&contents, out));
	else
		assert_ok(xfdt_contents_text(&contents, out));
	assert_int_equal(fclose(out), 0);
	return text;
}

static struct json_object *get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, key, &value))
		fail_msg("no key '%s'", key);
	return value;
}

static void test_distill__account_adds_up(void **state)
{
	const struct xfdt_distill_options options = { .keep_log = false };
	struct json_object *root, *log;
	struct fixture fixture;
	int64_t sum = 0;
	char *text;

	NEED_FILE(SOURCE);
	set_up(&fixture);
	text = account(&fixture, &options, true);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	root = json_tokener_parse(text);
	assert_string_equal(json_object_get_string(get(root, "schema")), XFDT_CONTENTS_SCHEMA);
	json_object_object_foreach(get(root, "kept"), key, value)
	{
		assert_non_null(key);
		sum += json_object_get_int64(value);
	}
	assert_int_equal(sum + json_object_get_int64(get(root, "blanked")),
			 4096 * json_object_get_int64(get(root, "pages")));
	log = get(root, "log");
	assert_int_equal(json_object_array_length(get(log, "text")),
			 json_object_get_int64(get(log, "kept")));
	assert_true(json_object_get_int64(get(log, "kept")) <
		    json_object_get_int64(get(log, "lines")));
	json_object_put(root);
	free(text);
	tear_down(&fixture);
}

/* names out of a dump are anybody's */
static void test_distill__account_of_a_hostile_host_is_harmless(void **state)
{
	const struct xfdt_distill_options options = { .keep_log = false };
	struct fixture fixture;
	char *text, *at;

	NEED_FILE(SOURCE);
	set_up(&fixture);
	snprintf(fixture.session.host.nodename, sizeof(fixture.session.host.nodename),
		 "a\033[2J\nfixed\xff");
	snprintf(fixture.session.host.panic.comm, sizeof(fixture.session.host.panic.comm),
		 "\033]0;x\a\"");
	text = account(&fixture, &options, false);
	assert_non_null(strstr(text, "a\\x1b[2J\\x0afixed\\xff"));
	for (at = text; *at; at++)
		assert_true(*at == '\n' || (*at >= ' ' && *at < 0x7f));
	free(text);
	text = account(&fixture, &options, true);
	json_object_put(json_tokener_parse(text));
	for (at = text; at[1]; at++)
		assert_true(*at >= ' ' && *at < 0x7f);
	free(text);
	tear_down(&fixture);
}

/* a note's stack pointer may lead anywhere: what lies there is kept as far as the answer needs it */
static void test_distill__stack_pointer_of_a_note_that_is_wrong(void **state)
{
	static const enum xfdt_symbol_id symbols[] = { XFDT_S_vm_list, XFDT_S_die_counter };
	const struct xfdt_distill_options options = { .keep_log = false };
	const struct xfdt_session_options plain = { 0 };
	struct xfdt_distill_result result;
	struct xfdt_cpu_note *note;
	struct xfdt_session small;
	struct fixture fixture;
	const char *paths[1];
	size_t i, v;

	for (i = 0; i < COUNT(symbols) + 1; i++) {
		struct xfdt_vcpu_at at = { 0 };

		set_up(&fixture);
		paths[0] = fixture.path;
		note = (struct xfdt_cpu_note *)fixture.session.image.notes;
		note->regs.sp = i < COUNT(symbols) ?
					xfdt_symbol(&fixture.session.image, symbols[i])->kvaddr :
					xfdt_next_vcpu(&fixture.session.host, &at)->fpstate | 0x100;
		write_small(&fixture, &options, &result);
		assert_true(result.kept[XFDT_FOR_STACK] < 1u << 20);
		assert_null(xfdt_session_init(&small, paths, 1, &plain));
		assert_string_equal(small.verdict.rule->id, fixture.session.verdict.rule->id);
		assert_int_equal(small.verdict.vcpu_count, fixture.session.verdict.vcpu_count);
		for (v = 0; v < small.verdict.vcpu_count; v++)
			assert_string_equal(small.verdict.vcpus[v].rule->id,
					    fixture.session.verdict.vcpus[v].rule->id);
		xfdt_session_deinit(&small);
		tear_down(&fixture);
	}
}

#include "test_distill.tests.h"
