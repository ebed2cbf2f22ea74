/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Escaping, JSON and text of hosts that want to break them. */
#include "unit.h"
#include "run.h"
#include "render/fields.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char hostile[] = "a\033[2J\"\\\n\r\t</script>\x01\x7f\xc2\x9b\xff\xe2\x82";

/* A host that died of the bug: vCPU 0 of VM 0 faulted, vCPU 1 is as it should be. */
struct fixture {
	struct kernel kernel;
	struct run run;
	struct xfdt_vm *vm; /* the VM, its vCPUs, and the thread that panicked, for tests to change */
	struct xfdt_vcpu *vcpus;
	struct xfdt_panic *panic;
};

static void read_host(struct fixture *fixture)
{
	run_init(&fixture->run, &fixture->kernel);
	fixture->vm = &fixture->run.host.vms[0];
	fixture->vcpus = fixture->vm->vcpus;
	fixture->panic = &fixture->run.host.panic;
}

static void set_up(struct fixture *fixture)
{
	kernel_init(&fixture->kernel);
	read_host(fixture);
}

static void tear_down(struct fixture *fixture)
{
	run_deinit(&fixture->run);
	kernel_deinit(&fixture->kernel);
}

/* What the image owns, exchanged. */
static void set_text(char **text, const char *by)
{
	free(*text);
	*text = by ? strdup(by) : NULL;
}

/* escape */

static void assert_escaped(const char *text, const char *expected)
{
	char escaped[256];

	memset(escaped, 0x5a, sizeof(escaped));
	xfdt_escape(text, escaped, sizeof(escaped));
	assert_string_equal(escaped, expected);
}

static void test_render__escape_leaves_plain_text(void **state)
{
	assert_escaped("", "");
	assert_escaped("CPU 0/KVM", "CPU 0/KVM");
	assert_escaped(" !\"#$%&'()*+,-./0:;<=>?@[]^_`{|}~", " !\"#$%&'()*+,-./0:;<=>?@[]^_`{|}~");
	assert_escaped("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		       "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
	/* the first and last of each length */
	assert_escaped(
		"\xc2\xa0\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
		"\xc2\xa0\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

static void test_render__escape_control_characters(void **state)
{
	unsigned int byte;

	for (byte = 1; byte < 0x20; byte++) {
		char text[2] = { (char)byte, '\0' }, expected[8];

		snprintf(expected, sizeof(expected), "\\x%02x", byte);
		assert_escaped(text, expected);
	}
	assert_escaped("\x7f", "\\x7f");
	assert_escaped("a\033[31mb", "a\\x1b[31mb");
}

/* U+0080 to U+009F: CSI is one of them */
static void test_render__escape_c1(void **state)
{
	unsigned int byte;

	for (byte = 0x80; byte < 0xa0; byte++) {
		char text[3] = { '\xc2', (char)byte, '\0' }, expected[16];

		snprintf(expected, sizeof(expected), "\\xc2\\x%02x", byte);
		assert_escaped(text, expected);
	}
	/* as a byte of its own as well */
	assert_escaped("\x9b", "\\x9b");
}

/* they end a line, or turn what follows around */
static void test_render__escape_direction(void **state)
{
	assert_escaped("\xd8\x9c", "\\xd8\\x9c");
	assert_escaped("\xe2\x80\x8e\xe2\x80\x8f", "\\xe2\\x80\\x8e\\xe2\\x80\\x8f");
	assert_escaped("\xe2\x80\xa8", "\\xe2\\x80\\xa8");
	assert_escaped("a\xe2\x80\xae"
		       "b",
		       "a\\xe2\\x80\\xae"
		       "b");
	assert_escaped("\xe2\x81\xa6\xe2\x81\xa9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9");
	/* their neighbours */
	assert_escaped(
		"\xd8\x9b\xd8\x9d\xe2\x80\x8d\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa",
		"\xd8\x9b\xd8\x9d\xe2\x80\x8d\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa");
}

/* Unicode 15, table 3-7 */
static void test_render__escape_bad_utf8(void **state)
{
	assert_escaped("\x80", "\\x80");
	assert_escaped("\xc0\xaf", "\\xc0\\xaf"); /* overlong '/' */
	assert_escaped("\xc1\xbf", "\\xc1\\xbf");
	assert_escaped("\xe0\x80\xaf", "\\xe0\\x80\\xaf");
	assert_escaped("\xe0\x9f\xbf", "\\xe0\\x9f\\xbf");
	assert_escaped("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* a surrogate */
	assert_escaped("\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf");
	assert_escaped("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* past U+10FFFF */
	assert_escaped("\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80");
	assert_escaped("\xff\xfe", "\\xff\\xfe");
	/* cut off: by the end, and by another character */
	assert_escaped("\xe2\x82", "\\xe2\\x82");
	assert_escaped("\xe2\x82z", "\\xe2\\x82z");
	assert_escaped("\xf0\x9f\x98", "\\xf0\\x9f\\x98");
	assert_escaped("\xc2", "\\xc2");
	assert_escaped("\xe2\xc3\xa9", "\\xe2\xc3\xa9");
}

/* At every size: a NUL, nothing behind it, whole characters, and a prefix of the whole. */
static void test_render__escape_cuts_between_characters(void **state)
{
	static const char text[] = "ab\033\xe2\x82\xac\xff\xf0\x9f\x98\x80z";
	static const char whole[] = "ab\\x1b\xe2\x82\xac\\xff\xf0\x9f\x98\x80z";
	static const size_t ends[] = { 0, 1, 2, 6, 9, 13, 17, 18 };
	size_t size, i;

	for (size = 1; size <= sizeof(whole) + 2; size++) {
		/* exactly as large, so that a write past the end is seen */
		char *escaped = malloc(size);
		size_t expected = 0;

		for (i = 0; i < COUNT(ends); i++)
			if (ends[i] < size)
				expected = ends[i];
		xfdt_escape(text, escaped, size);
		assert_int_equal(strlen(escaped), expected);
		assert_memory_equal(escaped, whole, expected);
		free(escaped);
	}
}

static void test_render__cells(void **state)
{
	static const struct {
		struct xfdt_cell cell;
		const char *text;
	} cells[] = {
		{ { .kind = XFDT_CELL_HEX, .number = 0 }, "0x0" },
		{ { .kind = XFDT_CELL_HEX, .number = 0xffffffff81000000ull },
		  "0xffffffff81000000" },
		{ { .kind = XFDT_CELL_INT, .number = 42 }, "42" },
		{ { .kind = XFDT_CELL_INT, .number = (uint64_t)-7 }, "-7" },
		{ { .kind = XFDT_CELL_BOOL, .number = 1 }, "yes" },
		{ { .kind = XFDT_CELL_BOOL, .number = 0 }, "no" },
		{ { .kind = XFDT_CELL_TEXT, .text = "a\033b" }, "a\\x1bb" },
		{ { .kind = XFDT_CELL_NONE }, "unknown" },
	};
	char text[64], small[5];
	size_t i;

	for (i = 0; i < COUNT(cells); i++) {
		xfdt_cell_format(&cells[i].cell, text, sizeof(text));
		assert_string_equal(text, cells[i].text);
	}
	xfdt_cell_format(&cells[1].cell, small, sizeof(small));
	assert_string_equal(small, "0xff");
}

/* "The two halves in one word" */
static void test_render__fix_in_one_word(void **state)
{
	static const struct {
		enum xfdt_presence vmlinux, kvm;
		const char *word;
	} cases[] = {
		{ XFDT_PRESENT, XFDT_PRESENT, "present" },
		{ XFDT_ABSENT, XFDT_ABSENT, "absent" },
		{ XFDT_UNKNOWN, XFDT_UNKNOWN, "unknown" },
		{ XFDT_PRESENT, XFDT_ABSENT, "partial" },
		{ XFDT_ABSENT, XFDT_PRESENT, "partial" },
		{ XFDT_PRESENT, XFDT_UNKNOWN, "unknown" },
		{ XFDT_UNKNOWN, XFDT_ABSENT, "unknown" },
	};
	struct fixture fixture;
	size_t i;

	set_up(&fixture);
	for (i = 0; i < COUNT(cases); i++) {
		fixture.run.host.fix.vmlinux = cases[i].vmlinux;
		fixture.run.host.fix.kvm = cases[i].kvm;
		assert_string_equal(xfdt_fix_name(&fixture.run.host), cases[i].word);
	}
	tear_down(&fixture);
}

/* A report as text in memory. */
enum form { JSON, TEXT, VERBOSE, COLOUR, BRIEF, SHOW };

static char *render(struct fixture *fixture, enum form form)
{
	struct xfdt_text_options options = { .colour = form == COLOUR, .verbose = form == VERBOSE };
	struct xfdt_verdict verdict;
	struct xfdt_facts facts;
	struct xfdt_outcome report = {
		.path = hostile,
		.format = "kdump",
		.host = &fixture->run.host,
		.facts = &facts,
		.verdict = &verdict,
	};
	char *text = NULL;
	size_t len;
	FILE *out;

	assert_ok(xfdt_facts_init(&facts, &fixture->run.host));
	assert_ok(xfdt_verdict_init(&verdict, &facts));
	out = open_memstream(&text, &len);
	if (form == JSON)
		assert_ok(xfdt_render_json(&report, out));
	else if (form == BRIEF)
		xfdt_render_brief(&report, "xfdtriage: ", out);
	else if (form == SHOW)
		xfdt_render_show(&report, &options, out);
	else
		xfdt_render_text(&report, &options, out);
	assert_int_equal(fclose(out), 0);
	xfdt_verdict_deinit(&verdict);
	xfdt_facts_deinit(&facts);
	return text;
}

static struct json_object *parse(const char *text)
{
	struct json_tokener *tokener = json_tokener_new_ex(32);
	struct json_object *root;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tokener, text, (int)strlen(text));
	if (json_tokener_get_error(tokener) != json_tokener_success)
		fail_msg("%s", json_tokener_error_desc(json_tokener_get_error(tokener)));
	json_tokener_free(tokener);
	return root;
}

static struct json_object *json_of(struct fixture *fixture)
{
	char *text = render(fixture, JSON);
	struct json_object *root = parse(text);

	/* one object on one line */
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
	return root;
}

static struct json_object *get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, key, &value))
		fail_msg("no key '%s'", key);
	return value;
}

static const char *get_text(struct json_object *object, const char *key)
{
	struct json_object *value = get(object, key);

	assert_true(json_object_is_type(value, json_type_string));
	return json_object_get_string(value);
}

static void make_hostile(struct fixture *fixture)
{
	struct xfdt_fault *fault;

	set_up(fixture);
	fault = &fixture->panic->faults[fixture->panic->hit];
	snprintf(fixture->run.host.nodename, sizeof(fixture->run.host.nodename), "%s", hostile);
	snprintf(fixture->panic->comm, sizeof(fixture->panic->comm), "%.16s", hostile);
	snprintf(fixture->vm->comm, sizeof(fixture->vm->comm), "%.16s", hostile + 3);
	memset(fixture->vcpus[0].thread.comm, 0xff, XFDT_COMM_LEN);
	fixture->vcpus[1].state_known = false;
	fixture->vcpus[1].error = strdup(hostile);
	set_text(&fixture->run.image.release, hostile);
	set_text(&fixture->run.image.build_id, hostile);
	fixture->panic->log.lines[0].text =
		"WARNING: \033]0;x\007 at exc_device_not_available+0x6f/0xf0 \xff\xfe\x9b";
	snprintf(fault->caller, sizeof(fault->caller), "%s", hostile);
	snprintf(fault->function, sizeof(fault->function), "%s", hostile);
	xfdt_gaps_add(&fixture->run.host.gaps, "a\001what",
		      xfdt_error_new(XFDT_CORRUPT, 0, "%s", hostile), NULL);
}

static void test_render__json_holds_every_documented_key(void **state)
{
	static const char *const root_keys[] = {
		"schema",     "dump",	 "verdict", "exit",
		"rule",	      "when",	 "state",   "ended_by",
		"facts",      "route",	 "cve",	    "why",
		"looks_like", "origins", "kernel",  "sources",
		"panic",      "missing", "counts",  "census",
		"check",      "vms",	 "do",	    "missing_may_change_verdict",
		"log",
	};
	static const char *const kernel_keys[] = {
		"release",	"build_id",	   "kvm_build_id",    "nodename",
		"fix",		"fix_vmlinux",	   "fix_vmlinux_why", "fix_kvm",
		"fix_kvm_why",	"livepatched",	   "fixed_in",	      "vendor",
		"vendor_state", "vendor_fixed_in", "vendor_date",     "vendor_source",
	};
	static const char *const source_keys[] = { "symbols", "carried", "types" };
	static const char *const panic_keys[] = {
		"cpu",	  "task",   "pid",   "comm",   "last_words",
		"oopses", "warned", "fault", "events", "trace",
	};
	static const char *const fault_keys[] = {
		"source",  "frame",   "rip",  "instruction", "operand",
		"fpstate", "edx_eax", "oops", "caller",	     "caller_source",
	};
	static const char *const vm_keys[] = {
		"kvm", "pid", "comm", "online_vcpus", "complete", "bugged", "vcpus",
	};
	static const char *const vcpu_keys[] = {
		"id",
		"state",
		"state_why",
		"rule",
		"culprit",
		"kvm_vcpu",
		"fpstate",
		"xstate_bv",
		"xcomp_bv",
		"xfd",
		"rfbm",
		"mismatch",
		"in_use",
		"is_guest",
		"is_confidential",
		"size",
		"xfeatures",
		"user_xfeatures",
		"guest_xfeatures",
		"guest_perm",
		"xfd_err",
		"xcr0",
		"supported_xcr0",
		"ia32_xss",
		"xfd_no_write_intercept",
		"mode",
		"error",
		"thread",
	};
	static const char *const thread_keys[] = {
		"task",		 "pid",	    "tgid",	"comm",	 "on_cpu",    "cpu",
		"need_fpu_load", "fpstate", "last_cpu", "owner", "xfd_state",
	};
	static const char *const count_keys[] = {
		"ok", "armed", "stale", "indeterminate", "malformed", "confidential", "unreadable",
	};
	struct json_object *root, *vm, *vcpu;
	struct fixture fixture;
	size_t i;

	set_up(&fixture);
	root = json_of(&fixture);
	for (i = 0; i < COUNT(root_keys); i++)
		get(root, root_keys[i]);
	assert_string_equal(get_text(root, "schema"), "xfdtriage-1");
	assert_string_equal(get_text(root, "verdict"), "confirmed");
	assert_int_equal(json_object_get_int(get(root, "exit")), 0);
	assert_string_equal(get_text(root, "route"), "fpu_swap_kvm_fpstate");
	assert_string_equal(get_text(root, "cve"), "CVE-2026-23005");
	assert_string_equal(get_text(root, "rule"), "hit-end");
	assert_string_equal(get_text(root, "when"), "end");
	assert_string_equal(get_text(root, "state"), "mismatch");
	assert_null(get(root, "ended_by"));
	assert_int_equal(json_object_array_length(get(root, "facts")), XFDT_FACTS);
	for (i = 0; i < XFDT_FACTS; i++) {
		struct json_object *fact = json_object_array_get_idx(get(root, "facts"), i);

		assert_string_equal(get_text(fact, "name"), xfdt_fact_name(i));
		assert_string_equal(get_text(fact, "value"), "yes");
		assert_true(strlen(get_text(fact, "why")) > 5);
		assert_null(get(fact, "remedy"));
	}
	assert_string_equal(get_text(get(root, "dump"), "arch"), "x86_64");
	assert_string_equal(get_text(get(root, "dump"), "format"), "kdump");
	for (i = 0; i < COUNT(kernel_keys); i++)
		get(get(root, "kernel"), kernel_keys[i]);
	for (i = 0; i < COUNT(source_keys); i++)
		get(get(root, "sources"), source_keys[i]);
	for (i = 0; i < COUNT(panic_keys); i++)
		get(get(root, "panic"), panic_keys[i]);
	for (i = 0; i < COUNT(fault_keys); i++)
		get(get(get(root, "panic"), "fault"), fault_keys[i]);
	vm = json_object_array_get_idx(get(root, "vms"), 0);
	for (i = 0; i < COUNT(vm_keys); i++)
		get(vm, vm_keys[i]);
	assert_int_equal(json_object_array_length(get(vm, "vcpus")), 2);
	vcpu = json_object_array_get_idx(get(vm, "vcpus"), 0);
	for (i = 0; i < COUNT(vcpu_keys); i++)
		get(vcpu, vcpu_keys[i]);
	for (i = 0; i < COUNT(thread_keys); i++)
		get(get(vcpu, "thread"), thread_keys[i]);
	for (i = 0; i < COUNT(count_keys); i++)
		get(get(root, "counts"), count_keys[i]);
	assert_int_equal(json_object_get_int(get(get(root, "counts"), "armed")), 1);
	assert_int_equal(json_object_get_int(get(get(root, "counts"), "ok")), 1);
	assert_string_equal(get_text(vcpu, "rule"), "at-restore");
	assert_int_equal(json_object_get_int(get(get(root, "panic"), "oopses")), 1);
	assert_int_equal(json_object_get_int(get(get(get(root, "panic"), "fault"), "oops")), 1);
	json_object_put(root);
	tear_down(&fixture);
}

static void assert_hex(const char *text, uint64_t expected)
{
	char hex[32];

	snprintf(hex, sizeof(hex), "0x%llx", (unsigned long long)expected);
	assert_string_equal(text, hex);
}

/* "Addresses, masks and registers are strings, in hexadecimal with 0x" */
static void test_render__json_numbers_of_64_bits_are_strings(void **state)
{
	struct json_object *root, *vm, *vcpu, *fault;
	struct fixture fixture;
	uint64_t fpstate;

	set_up(&fixture);
	fpstate = kernel_kvaddr(&fixture.kernel, fixture.kernel.vcpu[0].fpstate);
	root = json_of(&fixture);
	vm = json_object_array_get_idx(get(root, "vms"), 0);
	vcpu = json_object_array_get_idx(get(vm, "vcpus"), 0);
	fault = get(get(root, "panic"), "fault");
	assert_hex(get_text(vm, "kvm"), kernel_kvaddr(&fixture.kernel, fixture.kernel.vms[0].kvm));
	assert_hex(get_text(vcpu, "fpstate"), fpstate);
	assert_string_equal(get_text(vcpu, "xcomp_bv"), "0x80000000000602e7");
	assert_string_equal(get_text(vcpu, "xstate_bv"), "0x602e7");
	assert_string_equal(get_text(vcpu, "xfd"), "0x40000");
	assert_string_equal(get_text(vcpu, "mismatch"), "0x40000");
	/* 0x600ff & 0x602e7 */
	assert_string_equal(get_text(vcpu, "rfbm"), "0x600e7");
	assert_hex(get_text(fault, "operand"), fpstate + 64);
	assert_string_equal(get_text(fault, "edx_eax"), "0x600ff");
	assert_string_equal(get_text(fault, "source"), "NT_PRSTATUS");
	assert_hex(get_text(get(vcpu, "thread"), "fpstate"), fpstate);
	/* counts and ids are numbers, one bit is a boolean */
	assert_true(json_object_is_type(get(vcpu, "id"), json_type_int));
	assert_true(json_object_is_type(get(vcpu, "culprit"), json_type_boolean));
	assert_true(json_object_is_type(get(vcpu, "in_use"), json_type_boolean));
	assert_true(
		json_object_is_type(get(get(vcpu, "thread"), "need_fpu_load"), json_type_boolean));
	assert_true(json_object_is_type(get(vm, "online_vcpus"), json_type_int));
	json_object_put(root);
	tear_down(&fixture);
}

/* "What the dump does not tell is null." */
static void test_render__json_unknown_is_null(void **state)
{
	struct json_object *root, *vcpu;
	struct fixture fixture;

	set_up(&fixture);
	fixture.vcpus[1].state_known = false;
	memset(&fixture.vcpus[1].thread, 0, sizeof(fixture.vcpus[1].thread));
	fixture.panic->hit = -1;
	set_text(&fixture.run.image.release, NULL);
	fixture.run.host.nodename[0] = '\0';
	root = json_of(&fixture);
	vcpu = json_object_array_get_idx(get(json_object_array_get_idx(get(root, "vms"), 0),
					     "vcpus"),
					 1);
	assert_null(get(vcpu, "xfd"));
	assert_null(get(vcpu, "mismatch"));
	assert_null(get(vcpu, "in_use"));
	assert_null(get(vcpu, "thread"));
	assert_null(get(vcpu, "rfbm"));
	assert_null(get(get(root, "panic"), "fault"));
	assert_null(get(get(root, "kernel"), "release"));
	assert_null(get(get(root, "kernel"), "nodename"));
	assert_null(get(root, "route"));
	assert_null(get(root, "when"));
	assert_null(get(root, "state"));
	json_object_put(root);
	tear_down(&fixture);
}

static void test_render__json_of_a_hostile_host_parses(void **state)
{
	struct json_object *root, *vm;
	struct fixture fixture;

	make_hostile(&fixture);
	root = json_of(&fixture);
	assert_string_equal(
		get_text(get(root, "kernel"), "nodename"),
		"a\\x1b[2J\"\\\\x0a\\x0d\\x09</script>\\x01\\x7f\\xc2\\x9b\\xff\\xe2\\x82");
	assert_string_equal(get_text(get(root, "dump"), "path"),
			    get_text(get(root, "kernel"), "nodename"));
	vm = json_object_array_get_idx(get(root, "vms"), 0);
	assert_string_equal(
		get_text(get(json_object_array_get_idx(get(vm, "vcpus"), 0), "thread"), "comm"),
		"\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff");
	assert_int_equal(json_object_array_length(get(root, "missing")), 1);
	assert_string_equal(get_text(json_object_array_get_idx(get(root, "missing"), 0), "what"),
			    "a\\x01what");
	json_object_put(root);
	tear_down(&fixture);
}

/* No byte in any form may drive a terminal, nor a line of the log make one of its own. */
static void assert_harmless(const char *text, bool colour)
{
	for (; *text; text++) {
		uint8_t byte = (uint8_t)*text;

		if (colour && byte == '\033') {
			/* only what the report itself colours with */
			size_t len = strspn(text + 1, "[0123456789;");

			assert_int_equal(text[1], '[');
			assert_int_equal(text[1 + len], 'm');
			text += len;
			continue;
		}
		assert_true(byte == '\n' || (byte >= ' ' && byte < 0x7f));
	}
}

static void test_render__text_of_a_hostile_host_is_harmless(void **state)
{
	struct fixture fixture;
	enum form form;

	make_hostile(&fixture);
	for (form = JSON; form <= SHOW; form++) {
		char *text = render(&fixture, form);

		assert_harmless(text, form == COLOUR);
		free(text);
	}
	/* and of one that died of something else */
	fixture.panic->hit = -1;
	for (form = JSON; form <= SHOW; form++) {
		char *text = render(&fixture, form);

		assert_harmless(text, form == COLOUR);
		free(text);
	}
	tear_down(&fixture);
}

static void test_render__text_says_the_verdict_first(void **state)
{
	struct fixture fixture;
	char *text;

	set_up(&fixture);
	text = render(&fixture, TEXT);
	assert_int_equal(strncmp(text, "confirmed: ", 11), 0);
	assert_non_null(strstr(text, "CVE-2026-23005"));
	assert_non_null(strstr(text, "\n  route   fpu_swap_kvm_fpstate\n"));
	free(text);
	tear_down(&fixture);
}

static void test_render__brief_says_the_vcpu_and_what_to_do(void **state)
{
	struct fixture fixture;
	char *text;

	set_up(&fixture);
	text = render(&fixture, BRIEF);
	assert_int_equal(strncmp(text, "xfdtriage: confirmed: ", 22), 0);
	assert_non_null(strstr(text, "\nxfdtriage:   route   fpu_swap_kvm_fpstate\n"));
	assert_non_null(strstr(text, "xfdtriage:   vCPU    0 of VM 0xffff8881"));
	assert_non_null(strstr(text, "\nxfdtriage:   do "));
	free(text);
	/* a fix that is there is nothing to upgrade to */
	fixture.run.host.fix.vmlinux = fixture.run.host.fix.kvm = XFDT_PRESENT;
	fixture.run.host.fix.livepatched = (struct xfdt_value){ true, 0 };
	text = render(&fixture, BRIEF);
	assert_non_null(
		strstr(text,
		       "confirmed: the mechanism of CVE-2026-23005, on a kernel with the fix"));
	assert_non_null(strstr(text, "upgrading will not help"));
	assert_null(strstr(text, "boot a kernel"));
	free(text);
	/* a livepatch may have taken it out again */
	fixture.run.host.fix.livepatched.value = 1;
	text = render(&fixture, BRIEF);
	assert_null(strstr(text, "on a kernel with the fix"));
	assert_non_null(strstr(text, "find out whether the kernel has the fix"));
	free(text);
	tear_down(&fixture);
}

/* the advice in each form: one text, in the text over several lines */
static void assert_advice(struct fixture *fixture, const char *expected)
{
	struct json_object *root = json_of(fixture);
	char *text = render(fixture, TEXT), *at, *line;
	char advice[XFDT_ADVICE_MAX];

	snprintf(advice, sizeof(advice),
		 "%s. This report may be shared: it has no guest memory, but the names of host and processes",
		 expected);
	assert_string_equal(get_text(root, "do"), advice);
	json_object_put(root);
	/* the second line, without the breaks */
	line = strchr(text, '\n') + 1;
	assert_int_equal(strncmp(line, "  do      ", 10), 0);
	line += 10;
	for (at = line; strncmp(at, "\n\n", 2); at++)
		if (*at == '\n') {
			*at = ' ';
			memmove(at + 1, at + 11, strlen(at + 11) + 1);
		}
	*at = '\0';
	assert_string_equal(line, advice);
	free(text);
	text = render(fixture, BRIEF);
	line = strchr(text, '\n') + 1;
	*strchr(line, '\n') = '\0';
	assert_int_equal(strncmp(line, "xfdtriage:   do      ", 21), 0);
	assert_string_equal(line + 21, advice);
	free(text);
}

static void test_render__advice_on_a_hit(void **state)
{
	struct fixture fixture;
	struct xfdt_fix *fix = &fixture.run.host.fix;

	set_up(&fixture);
	set_text(&fixture.run.image.release, "6.18.5+deb13-amd64");
	fix->vmlinux = fix->kvm = XFDT_ABSENT;
	assert_advice(
		&fixture,
		"boot a kernel with the fix before guests that use AMX run again: Debian 13 backports 6.18.9-1~bpo13+1 or later (as of 2026-11-25)");
	fix->vmlinux = XFDT_UNKNOWN;
	fix->kvm = XFDT_PRESENT;
	assert_advice(
		&fixture,
		"find out whether the kernel has the fix (b45f72177594); if not, boot a kernel with the fix before guests that use AMX run again: Debian 13 backports 6.18.9-1~bpo13+1 or later (as of 2026-11-25)");
	fix->vmlinux = XFDT_PRESENT;
	assert_advice(
		&fixture,
		"upgrading will not help: the kernel has the fix, and b45f72177594 does not close this case; report it, with this vmcore distilled");
	tear_down(&fixture);
}

/* by what the vendor says */
static void test_render__advice_on_what_to_upgrade_to(void **state)
{
	static const struct {
		const char *release, *advice;
	} cases[] = {
		{ "6.18.5",
		  "boot a kernel with the fix before guests that use AMX run again: ask the vendor for one; upstream it is 6.18.7 (eea6f395ca50)" },
		{ "6.12.0-100.28.2.el10uek.x86_64",
		  "boot a kernel with the fix before guests that use AMX run again: ask the vendor of Oracle UEK 8 for one; upstream it is 6.12.67 (f577508cc8a0)" },
		{ "5.14.0-503.11.1.el9_5.x86_64",
		  "keep AMX from guests until the vendor has a kernel with the fix: for RHEL 9 and its rebuilds there is none yet (as of 2026-11-25)" },
		{ "6.14.11-9-pve",
		  "boot a kernel of another series with the fix before guests that use AMX run again: Proxmox VE kernel 6.14 never gets it (as of 2026-08-22)" },
		{ "5.15.0-91-generic",
		  "ask the vendor: Ubuntu 22.04 is said not to have the bug (as of 2026-11-25), and this kernel differs" },
	};
	struct fixture fixture;
	size_t i;

	set_up(&fixture);
	fixture.run.host.fix.vmlinux = fixture.run.host.fix.kvm = XFDT_ABSENT;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_text(&fixture.run.image.release, cases[i].release);
		assert_advice(&fixture, cases[i].advice);
	}
	tear_down(&fixture);
}

/* the evidence of a reason is for -v and JSON */
static void test_render__log_lines_and_code_addresses_only_with_v(void **state)
{
	struct fixture fixture;
	char *text;

	set_up(&fixture);
	text = render(&fixture, TEXT);
	assert_null(strstr(text, "(log: "));
	assert_null(strstr(text, " at 0xffffffff"));
	assert_non_null(strstr(text, "  - panicked yes: CPU "));
	free(text);
	text = render(&fixture, VERBOSE);
	assert_non_null(strstr(text, "(log: "));
	assert_non_null(strstr(text, " at 0xffffffff"));
	free(text);
	tear_down(&fixture);
}

/* what is missing cannot acquit or convict where the verdict is proven */
static void test_render__missing_says_whether_it_matters(void **state)
{
	struct fixture fixture;
	char *text;

	set_up(&fixture);
	xfdt_gaps_add(&fixture.run.host.gaps, "something",
		      xfdt_error_new(XFDT_CORRUPT, 0, "reason"), NULL);
	text = render(&fixture, TEXT);
	assert_non_null(strstr(text, "\nmissing (does not change the verdict)\n"));
	free(text);
	tear_down(&fixture);
}

/* "still exposed": only where the fix is absent and the bug possible */
static void test_render__advice_on_another_crash(void **state)
{
	static const char *const quiet[] = { "sysrq: Trigger a crash", NULL };
	struct fixture fixture;

	kernel_init(&fixture.kernel);
	run_die_otherwise(&fixture.kernel);
	fixture.kernel.vcpu[0].fpstate->xfd = 0;
	kernel_log(&fixture.kernel, quiet);
	read_host(&fixture);
	set_text(&fixture.run.image.release, "6.8.0-106-generic");
	fixture.run.host.fix.vmlinux = XFDT_ABSENT;
	fixture.run.host.fix.kvm = XFDT_PRESENT;
	assert_advice(
		&fixture,
		"look for another cause of this crash; the host is still exposed to this bug: boot a kernel with the fix before guests that use AMX run again: Ubuntu 24.04 6.8.0-117.117 or later (as of 2026-11-25)");
	fixture.run.host.fix.vmlinux = XFDT_UNKNOWN;
	assert_advice(&fixture, "look for another cause of this crash");
	fixture.run.host.fix.vmlinux = XFDT_PRESENT;
	assert_advice(&fixture, "look for another cause of this crash");
	tear_down(&fixture);
}

static void assert_fix(struct fixture *fixture, enum xfdt_presence vmlinux, enum xfdt_presence kvm,
		       const char *expected)
{
	char *text;

	fixture->run.host.fix.vmlinux = vmlinux;
	fixture->run.host.fix.kvm = kvm;
	text = render(fixture, BRIEF);
	assert_non_null(strstr(text, expected));
	free(text);
}

static void test_render__fix_says_where_and_since_when(void **state)
{
	struct fixture fixture;

	set_up(&fixture);
	set_text(&fixture.run.image.release, "6.18.5+deb13-amd64");
	assert_fix(
		&fixture, XFDT_ABSENT, XFDT_ABSENT,
		"  fix     not in this kernel (vmlinux no, kvm no); first fixed in 6.18.7 (eea6f395ca50); Debian 13 backports: in 6.18.9-1~bpo13+1 (as of 2026-11-25)\n");
	assert_fix(
		&fixture, XFDT_PRESENT, XFDT_ABSENT,
		"  fix     not complete in this kernel (vmlinux yes, kvm no); first fixed in 6.18.7");
	assert_fix(
		&fixture, XFDT_UNKNOWN, XFDT_PRESENT,
		"  fix     not known whether complete in this kernel (vmlinux unknown, kvm yes); first");
	assert_fix(
		&fixture, XFDT_UNKNOWN, XFDT_UNKNOWN,
		"  fix     not known whether in this kernel (vmlinux unknown, kvm unknown); first");
	assert_fix(&fixture, XFDT_PRESENT, XFDT_PRESENT,
		   "  fix     in this kernel (vmlinux yes, kvm yes)\n");
	fixture.run.host.kvm = XFDT_KVM_ABSENT;
	assert_fix(&fixture, XFDT_PRESENT, XFDT_UNKNOWN,
		   "  fix     in this kernel (vmlinux yes, kvm not loaded)\n");
	tear_down(&fixture);
}

/* "The verdict and its meaning, at most 80 columns" */
static void test_render__first_line_of_every_rule_fits(void **state)
{
	size_t i;

	for (i = 0; i < xfdt_rule_count; i++)
		assert_within(strlen(xfdt_verdict_name(xfdt_rules[i].verdict)) + strlen(": ") +
				      strlen(xfdt_rules[i].words),
			      10, 80);
}

static void test_render__verbose_text_shows_commands_to_check_by_hand(void **state)
{
	struct fixture fixture;
	char *text, command[64];

	set_up(&fixture);
	text = render(&fixture, VERBOSE);
	/* XSTATE_BV is fpstate + 0x240 */
	snprintf(command, sizeof(command), "rd -64 %#llx 2",
		 (unsigned long long)fixture.vcpus[0].fpstate + 0x240);
	assert_non_null(strstr(text, command));
	assert_non_null(strstr(text, "crash>"));
	free(text);
	text = render(&fixture, TEXT);
	assert_null(strstr(text, "crash>"));
	free(text);
	/* a vCPU whose state is not known has no fpstate to read */
	fixture.vcpus[0].fpstate = 0;
	text = render(&fixture, VERBOSE);
	assert_non_null(strstr(text, "struct kvm_vcpu.vcpu_id,arch.guest_fpu 0xffff8881"));
	assert_null(strstr(text, command));
	free(text);
	tear_down(&fixture);
}

/* what -v prints and "check" are one list */
static void test_render__json_has_the_commands_of_the_verbose_text(void **state)
{
	struct json_object *root, *check;
	struct fixture fixture;
	char *text, *at;
	size_t i;

	set_up(&fixture);
	root = json_of(&fixture);
	text = render(&fixture, VERBOSE);
	check = get(root, "check");
	assert_int_equal(json_object_array_length(check), 8);
	at = strstr(text, "crash> ");
	for (i = 0; i < json_object_array_length(check); i++) {
		const char *command = json_object_get_string(json_object_array_get_idx(check, i));

		assert_non_null(at);
		assert_int_equal(strncmp(at + strlen("crash> "), command, strlen(command)), 0);
		at = strstr(at + 1, "crash> ");
	}
	assert_null(at);
	free(text);
	json_object_put(root);
	tear_down(&fixture);
}

static void test_render__call_trace(void **state)
{
	static const char *const log[] = { "Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
					   "Call Trace:",
					   " <TASK>",
					   " fpu_swap_kvm_fpstate+0x70/0x110",
					   " evil\033[2J<b>+0x1/0x2",
					   NULL };
	struct json_object *root, *trace;
	struct fixture fixture;
	char *text;

	kernel_init(&fixture.kernel);
	kernel_log(&fixture.kernel, log);
	read_host(&fixture);
	root = json_of(&fixture);
	trace = get(get(root, "panic"), "trace");
	assert_int_equal(json_object_array_length(trace), 3);
	assert_string_equal(json_object_get_string(json_object_array_get_idx(trace, 1)),
			    " fpu_swap_kvm_fpstate+0x70/0x110");
	assert_string_equal(json_object_get_string(json_object_array_get_idx(trace, 2)),
			    " evil\\x1b[2J<b>+0x1/0x2");
	json_object_put(root);
	text = render(&fixture, VERBOSE);
	assert_non_null(
		strstr(text, "\ncall trace\n   <TASK>\n   fpu_swap_kvm_fpstate+0x70/0x110\n"));
	free(text);
	tear_down(&fixture);
}

/* 3000 vCPUs that are ok are counted, not listed; those that are not are listed. */
static void test_render__text_of_many_vcpus_is_short(void **state)
{
	const size_t count = 3000;
	struct xfdt_vcpu *vcpus = calloc(count, sizeof(*vcpus));
	struct fixture fixture;
	char *text, *line;
	size_t i, lines = 0;

	set_up(&fixture);
	for (i = 0; i < count; i++) {
		vcpus[i] = fixture.vcpus[1];
		vcpus[i].id = (uint32_t)i;
		vcpus[i].fpstate = fixture.vcpus[1].fpstate + 8192 * (i + 1);
	}
	vcpus[2999] = fixture.vcpus[0];
	vcpus[2999].id = 2999;
	fixture.vm->vcpus = vcpus;
	fixture.vm->vcpu_count = count;
	fixture.vm->online_vcpus = count;
	text = render(&fixture, TEXT);
	for (line = text; (line = strchr(line, '\n')); line++)
		lines++;
	assert_within(lines, 10, 120);
	assert_non_null(strstr(text, "vCPU 2999"));
	assert_non_null(strstr(text, "more vCPUs"));
	free(text);
	text = render(&fixture, VERBOSE);
	for (lines = 0, line = text; (line = strchr(line, '\n')); line++)
		lines++;
	assert_within(lines, 3000, 1000000);
	free(text);
	fixture.vm->vcpus = fixture.vcpus;
	fixture.vm->vcpu_count = 2;
	free(vcpus);
	tear_down(&fixture);
}

/* how many vCPUs the VM has is not in the dump */
static void test_render__vcpus_that_are_not_counted(void **state)
{
	struct json_object *root;
	struct fixture fixture;
	char *text;

	set_up(&fixture);
	fixture.vm->complete = fixture.vm->counted = false;
	text = render(&fixture, VERBOSE);
	assert_non_null(strstr(text, " vCPUs found, perhaps not all\n"));
	free(text);
	root = json_of(&fixture);
	assert_null(get(json_object_array_get_idx(get(root, "vms"), 0), "online_vcpus"));
	json_object_put(root);
	tear_down(&fixture);
}

static const char *line_of(const char *text, const char *start)
{
	const char *line = strstr(text, start);

	assert_non_null(line);
	return line;
}

/* Each mark stands under a '#', and that under the number of its component. */
static void assert_marks(const char *text, const char *label, size_t expected)
{
	const char *ruler = line_of(text, "XSTATE_BV  "), *row = line_of(text, label), *tens,
		   *units, *marks;
	size_t i, count = 0;

	while (ruler[-1] != '\n')
		ruler--;
	tens = strchr(ruler, '\n') + 1;
	units = strchr(tens, '\n') + 1;
	while (row[-1] != '\n')
		row--;
	marks = strchr(row, '\n') + 1;
	for (i = 0; marks[i] != '\n'; i++) {
		if (marks[i] != '^')
			continue;
		assert_int_equal(row[i], '#');
		assert_int_equal(tens[i], '1');
		assert_int_equal(units[i], '8');
		count++;
	}
	assert_int_equal(count, expected);
}

static void assert_fits(const char *text, size_t width)
{
	const char *line, *end;

	assert_null(strstr(text, " \n"));
	for (line = text; (end = strchr(line, '\n')); line = end + 1)
		if ((size_t)(end - line) > width)
			fail_msg("%zu columns: %.*s", (size_t)(end - line), (int)(end - line),
				 line);
}

static void test_render__mark_stands_under_its_bit(void **state)
{
	struct fixture fixture;
	char *text;

	set_up(&fixture);
	set_text(&fixture.run.image.release, "6.18.5");
	text = render(&fixture, TEXT);
	assert_marks(text, "> vCPU 0 ", 2);
	assert_fits(text, 80);
	free(text);
	/* lanes that no vCPU uses are left out, whatever is in the others */
	fixture.vcpus[0].header.xstate_bv = fixture.vcpus[0].xfd = 1ull << 18;
	fixture.vcpus[1].header.xstate_bv = 1;
	fixture.vcpus[1].xfd = 1ull << 33;
	text = render(&fixture, TEXT);
	assert_marks(text, "> vCPU 0 ", 2);
	assert_non_null(strstr(text, " 13 "));
	assert_non_null(strstr(text, " 083 "));
	assert_fits(text, 80);
	free(text);
	/* a vcpu_id wider than its column does not move the lanes */
	fixture.vcpus[0].id = UINT32_MAX;
	text = render(&fixture, TEXT);
	assert_marks(text, " armed ", 2);
	free(text);
	/* more lanes than fit: numbers, and no marks */
	fixture.vcpus[1].xfd = ~0ull;
	text = render(&fixture, TEXT);
	assert_non_null(strstr(text, "0x40000             0x40000\n"));
	assert_null(strchr(text, '^'));
	assert_non_null(strstr(text, "18 XTILEDATA in both"));
	assert_fits(text, 80);
	free(text);
	tear_down(&fixture);
}

/* a VM that is all ok is only counted, one that is not all found is shown */
static void test_render__vms_that_are_ok_are_counted(void **state)
{
	struct fixture fixture;
	char *text;

	set_up(&fixture);
	fixture.vcpus[0].header.xstate_bv = 0x202e7;
	fixture.panic->hit = -1;
	text = render(&fixture, TEXT);
	assert_non_null(strstr(text, "\n1 VM, 2 vCPUs: ok (-v shows them)\n"));
	assert_null(strstr(text, "VM 0x"));
	free(text);
	text = render(&fixture, VERBOSE);
	assert_non_null(strstr(text, "\nVM 0x"));
	assert_null(strstr(text, "-v shows them"));
	free(text);
	fixture.vm->complete = false;
	text = render(&fixture, TEXT);
	assert_non_null(strstr(text, "\nVM 0x"));
	free(text);
	tear_down(&fixture);
}

/* all bits of everything: the lanes are as wide as they have to be */
static void test_render__all_bits_set(void **state)
{
	struct fixture fixture;
	enum form form;

	set_up(&fixture);
	fixture.run.host.enabled_features = 0;
	fixture.vcpus[1].header = (struct xfdt_xsave_header){ .xstate_bv = ~0ull };
	fixture.vcpus[1].xfd = ~0ull;
	fixture.vcpus[0].header.xcomp_bv = ~0ull;
	fixture.vcpus[0].xfd = ~0ull;
	for (form = JSON; form <= SHOW; form++) {
		char *text = render(&fixture, form);

		assert_true(strlen(text) > 100);
		free(text);
	}
	tear_down(&fixture);
}

static void test_render__json_of_an_error(void **state)
{
	struct json_object *root;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_ok(xfdt_render_json_error(hostile, "no dump: \"\033\"", out));
	fclose(out);
	root = parse(text);
	assert_string_equal(get_text(root, "schema"), "xfdtriage-1");
	assert_string_equal(get_text(root, "verdict"), "error");
	assert_int_equal(json_object_get_int(get(root, "exit")), 2);
	assert_string_equal(get_text(root, "error"), "no dump: \"\\x1b\"");
	assert_int_equal(json_object_object_length(root), 5);
	json_object_put(root);
	free(text);
}

/* a report on nothing at all: an image that could not be resolved */
static void test_render__host_with_nothing_in_it(void **state)
{
	struct xfdt_image image = { .symbol_source = "none", .type_source = "none" };
	struct fixture fixture;
	enum form form;

	memset(&fixture, 0, sizeof(fixture));
	fixture.run.host.image = &image;
	fixture.run.host.panic.hit = -1;
	for (form = JSON; form <= SHOW; form++) {
		char *text = render(&fixture, form);

		assert_non_null(strstr(text, "inconclusive"));
		free(text);
	}
}

/* the unknown facts too: what is missing, and what to do */
static void test_render__facts_that_are_unknown(void **state)
{
	static const char *const sysrq[] = { "sysrq: Trigger a crash", NULL };
	struct json_object *root, *fact;
	struct fixture fixture;
	char *text;

	kernel_init(&fixture.kernel);
	run_die_otherwise(&fixture.kernel);
	fixture.kernel.vcpu[0].fpstate->xfd = 0;
	kernel_forget_symbol(&fixture.kernel, "die_counter");
	fixture.kernel.log_first = 1000;
	kernel_log(&fixture.kernel, sysrq);
	read_host(&fixture);
	xfdt_gaps_add(&fixture.run.host.gaps, "something",
		      xfdt_error_new(XFDT_CORRUPT, 0, "reason"), NULL);
	root = json_of(&fixture);
	assert_string_equal(get_text(root, "rule"), "unknown");
	assert_null(get(root, "when"));
	fact = json_object_array_get_idx(get(root, "facts"), XFDT_FACT_HIT);
	assert_string_equal(get_text(fact, "value"), "unknown");
	assert_non_null(strstr(get_text(fact, "remedy"), "vmlinux"));
	text = render(&fixture, TEXT);
	assert_non_null(strstr(text, "hit unknown: "));
	assert_non_null(strstr(text, "capable yes: "));
	assert_non_null(strstr(text, "\nmissing (may change the verdict)\n"));
	free(text);
	assert_advice(&fixture, get_text(fact, "remedy"));
	json_object_put(root);
	tear_down(&fixture);
}

/* A VM is not named after KVM's own worker when its process is gone. */
static void test_render__vm_whose_maker_is_gone(void **state)
{
	struct fixture fixture;
	char *text;

	set_up(&fixture);
	fixture.vm->maker_gone = true;
	fixture.vm->comm[0] = '\0';
	fixture.vm->pid = 4711;
	text = render(&fixture, TEXT);
	assert_non_null(strstr(text, ", pid 4711 (gone), 2 vCPUs\n"));
	free(text);
	tear_down(&fixture);
}

/* a dump of a running host; the vCPU is armed or not */
static void set_up_running(struct fixture *fixture, bool armed)
{
	static const char *const quiet[] = { "systemd[1]: Started something.", NULL };

	kernel_init(&fixture->kernel);
	run_die_otherwise(&fixture->kernel);
	if (armed)
		fixture->kernel.vcpu[0].fpstate->in_use = 0;
	else
		fixture->kernel.vcpu[0].fpstate->xfd = 0;
	fixture->kernel.data->panic_cpu = UINT32_MAX;
	fixture->kernel.source.note_count = 0;
	kernel_log(&fixture->kernel, quiet);
	read_host(fixture);
}

static void test_render__an_armed_vcpu_of_a_running_host(void **state)
{
	struct fixture fixture;
	char *text;

	set_up_running(&fixture, true);
	text = render(&fixture, TEXT);
	assert_int_equal(strncmp(text, "armed: the bug did not strike, but a vCPU", 41), 0);
	free(text);
	set_text(&fixture.run.image.release, "6.18.5-custom");
	fixture.run.host.fix.vmlinux = XFDT_ABSENT;
	fixture.run.host.fix.kvm = XFDT_ABSENT;
	assert_advice(
		&fixture,
		"keep the vCPUs below from running: the next KVM_RUN may panic this host; boot a kernel with the fix before guests that use AMX run again: ask the vendor for one; upstream it is 6.18.7 (eea6f395ca50)");
	tear_down(&fixture);
}

static void test_render__words_of_a_live_dump(void **state)
{
	struct fixture fixture;
	char *text;

	set_up_running(&fixture, false);
	text = render(&fixture, TEXT);
	assert_int_equal(strncmp(text, "not-this-bug: no sign of the bug on this host", 45), 0);
	free(text);
	tear_down(&fixture);
}

#include "test_render.tests.h"
