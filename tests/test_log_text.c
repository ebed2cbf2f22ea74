/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel logs that are text. */
#include "unit.h"
#include "kernel/log_prefix.h"
#include "kernel/log_text.h"
#include "kernel/oops_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NSEC 12345678000ull

static void assert_prefix(const char *prefix, bool from_user, uint64_t nsec, uint32_t caller)
{
	struct xfdt_log_prefix found;
	char line[200];

	snprintf(line, sizeof(line), "%s RIP: 0010:f+0x1/0x2", prefix);
	found = xfdt_log_prefix(line);
	if (!found.any || strcmp(line + found.len, "RIP: 0010:f+0x1/0x2"))
		fail_msg("'%s' leaves '%s'", line, line + found.len);
	if (found.from_user != from_user || found.nsec != nsec || found.caller != caller)
		fail_msg("'%s': from_user %d, nsec %llu, caller %#x", line, found.from_user,
			 (unsigned long long)found.nsec, found.caller);
	/* an entry of a call trace keeps its space */
	snprintf(line, sizeof(line), "%s  f+0x1/0x2", prefix);
	found = xfdt_log_prefix(line);
	assert_string_equal(line + found.len, " f+0x1/0x2");
}

/* There is no space behind it. */
static void assert_record(const char *prefix, bool from_user, uint32_t caller)
{
	struct xfdt_log_prefix found;
	char line[200];

	snprintf(line, sizeof(line), "%s f+0x1/0x2", prefix);
	found = xfdt_log_prefix(line);
	assert_string_equal(line + found.len, " f+0x1/0x2");
	assert_int_equal(found.from_user, from_user);
	assert_int_equal(found.nsec, NSEC);
	assert_int_equal(found.caller, caller);
}

static void test_log_text__prefixes_of_the_kernel(void **state)
{
	assert_prefix("[   12.345678]", false, NSEC, 0);
	assert_prefix("[12345.345678]", false, 12345345678000ull, 0);
	assert_prefix("<4>[   12.345678]", false, NSEC, 0);
	assert_prefix("[   12.345678][  T123]", false, NSEC, 123);
	assert_prefix("[   12.345678] [    C1]", false, NSEC, 0x80000001);
	assert_prefix("[  T123]", false, 0, 123);
	assert_record("4,1234,12345678,-;", false, 0);
	assert_record("4,1234,12345678,-,caller=T123;", false, 123);
	assert_record("12,1234,12345678,c,caller=C1;", true, 0x80000001);
	assert_prefix("[   12.345678 <    0.000001>]", false, NSEC, 0);
	assert_prefix("[Thu Nov 26 02:42:17 2026]", false, 0, 0);
	assert_prefix("[Nov 6 02:42]", false, 0, 0);
	assert_prefix("[Do Nov 26 02:42:17 2026]", false, 0, 0);
	assert_prefix("kern  :warn  : [   12.345678]", false, NSEC, 0);
	assert_prefix("host login: [   12.345678]", false, NSEC, 0);
}

static void test_log_text__prefixes_of_others(void **state)
{
	assert_prefix("Nov  6 02:42:17 host kernel:", false, 0, 0);
	assert_prefix("Nov 26 02:42:17 host kernel: [   12.345678]", false, NSEC, 0);
	assert_prefix("\xd0\xbd\xd0\xbe\xd1\x8f 26 02:42:17 host kernel:", false, 0, 0);
	assert_prefix("Nov 26 02:42:17.123456 host kern.warn kernel: [   12.345678]", false, NSEC,
		      0);
	assert_prefix("2026-11-26T02:42:17.123456+00:00 host kernel: [   12.345678][  T123]", false,
		      NSEC, 123);
	assert_prefix("2026-11-26T02:42:17+0000 host kernel:", false, 0, 0);
	assert_prefix("2026-11-26T02:42:17,123456+00:00", false, 0, 0);
	assert_prefix("2026-11-26 02:42:17 [   12.345678]", false, NSEC, 0);
	assert_prefix("Thu 2026-11-26 02:42:17 UTC host kernel:", false, 0, 0);
	assert_prefix("1764124937.123456 host kernel:", false, 0, 0);
	assert_prefix("2026 Nov 26 02:42:17 host kernel:", false, 0, 0);
	assert_prefix("Nov 26 02:42:17.123 2026 host kernel: [   12.345678]", false, NSEC, 0);
	assert_prefix("[   12.345678] host kernel:", false, NSEC, 0);
	assert_prefix(" kernel:[   12.345678]", false, NSEC, 0);
}

static void test_log_text__words_of_programs(void **state)
{
	static const char *const lines[] = {
		"<12>[   12.345678] Oops: unexpected #NM exception: 0000 [#1]",
		"user  :warn  : [   12.345678] Oops: unexpected #NM exception: 0000 [#1]",
		"Nov 26 02:42:17 host qemu[12]: Oops: unexpected #NM exception: 0000 [#1]",
		"Nov 26 02:42:17 host cron: Oops: unexpected #NM exception: 0000 [#1]",
		"2026-11-26T02:42:17Z host qemu[12]: Oops: unexpected #NM exception: 0000 [#1]",
		"2026 Nov 26 02:42:17 host qemu[12]: Oops: unexpected #NM exception: 0000 [#1]",
		"Nov 26 02:42:17 2026 host qemu[12]: Oops: unexpected #NM exception: 0000 [#1]",
	};
	size_t i;

	for (i = 0; i < COUNT(lines); i++)
		if (!xfdt_log_prefix(lines[i]).from_user)
			fail_msg("the kernel's: %s", lines[i]);
}

static void test_log_text__no_prefix(void **state)
{
	static const char *const lines[] = {
		"",
		"RIP: 0010:f+0x1/0x2",
		" kvm_load_guest_fpu+0x34/0xa0 [kvm]",
		"[#1] SMP",
		"[ 12]",
		"<4",
		"[  T]",
		"[    1.]",
		"Code: 00 <0f> 0b",
		"<48> 0f c7 5b 40 48 83",
		"<48> 0f",
		"<48>",
		"kern : x:",
		"Nov",
		"Kernel panic - not syncing: kernel: x",
	};
	size_t i;

	for (i = 0; i < COUNT(lines); i++)
		if (xfdt_log_prefix(lines[i]).any || xfdt_log_prefix(lines[i]).len)
			fail_msg("a prefix: '%s'", lines[i]);
}

/* The log of the @count texts; the fixed ones are copied. */
static void parse(const char *const *texts, size_t count, struct xfdt_log *ret_log)
{
	struct xfdt_log_text copies[4] = { 0 };
	size_t i;

	for (i = 0; i < count; i++)
		copies[i] = (struct xfdt_log_text){ strdup(texts[i]), strlen(texts[i]), 0 };
	assert_ok(xfdt_log_parse(copies, count, ret_log));
	for (i = 0; i < count; i++)
		free(copies[i].text);
}

static void assert_lines(const char *text, const char *const *expected, size_t count)
{
	struct xfdt_log log;
	size_t i;

	parse(&text, 1, &log);
	for (i = 0; i < count && i < log.count; i++)
		assert_string_equal(log.lines[i].text, expected[i]);
	assert_int_equal(log.count, count);
	assert_true(log.cut && log.is_text);
	xfdt_log_deinit(&log);
}

static void test_log_text__control_characters(void **state)
{
	static const char *const expected[] = { "a b", "c", "", "d", "ef" };

	assert_lines("\xef\xbb\xbf\033[1;31ma\tb\033[0m\033[K\r\n\033]0;title\007c\r\r\n\n"
		     "\033(Bd\033[\ne\bf\033",
		     expected, COUNT(expected));
}

#define EIGHTY "RAX: 0000000000000000 RBX: 0000000000000000 RCX: 0000000000000000 abcdefghijklmn"

static void test_log_text__broken_lines(void **state)
{
	static const char *const exact[] = { EIGHTY "op", "RIP: 0010:f", EIGHTY, "Code: 00" };
	static const char *const words[] = { EIGHTY " opqrstuvwxyz", "x", EIGHTY };
	static const char *const script[] = {
		"Script started" EIGHTY, (EIGHTY "op"), "RIP: 0010:f", EIGHTY, "Code: 00",
		(EIGHTY "op"),		 (EIGHTY "op"),
	};
	static const char *const stamped[] = {
		("exact: " EIGHTY), /* 15 + 7 + 80 bytes */
		"whole",
		"next",
	};

	assert_int_equal(strlen(EIGHTY), 80);
	assert_lines(EIGHTY "\nop\nRIP: 0010:f\n" EIGHTY "\nCode: 00\n", exact, COUNT(exact));
	assert_lines(EIGHTY " \nopqrstuvwxyz\nx\n" EIGHTY, words, 3);
	/* what script(1) writes first is longer */
	assert_lines("Script started" EIGHTY "\n" EIGHTY "\nop\nRIP: 0010:f\n" EIGHTY
		     "\nCode: 00\n" EIGHTY "\nop\n" EIGHTY "\nop",
		     script, COUNT(script));
	assert_lines("[    1.000000] exact: "
		     "RAX: 0000000000000000 RBX: 0000000000000000 RCX: 00000000\n"
		     "00000000 abcdefghijklmn\n"
		     "[    1.000000] whole\n[    1.000000] next",
		     stamped, COUNT(stamped));
}

static void test_log_text__long_lines_are_not_broken(void **state)
{
	static const char *const expected[] = { EIGHTY EIGHTY "x", "next" };

	assert_lines(EIGHTY EIGHTY "x\nnext\n", expected, COUNT(expected));
}

static void test_log_text__pstore_in_order(void **state)
{
	static const char *const texts[] = {
		"Panic#2 Part1\nfive\nsix\nPanic#2 Part2\nfour\n",
		"Oops#1 Part1\nthree\n",
		"Panic#2 Part1\nseven\n",
		"Oops#1 Part3\none\ntwo\n",
	};
	static const struct {
		const char *text;
		size_t file, number;
		bool after_gap;
	} expected[] = {
		{ "one", 3, 2, false },	 { "two", 3, 3, false },  { "three", 1, 2, true },
		{ "four", 0, 5, true },	 { "five", 0, 2, false }, { "six", 0, 3, false },
		{ "seven", 2, 2, true },
	};
	struct xfdt_log log;
	size_t i;

	parse(texts, COUNT(texts), &log);
	assert_int_equal(log.count, COUNT(expected));
	for (i = 0; i < log.count; i++) {
		const struct xfdt_log_line *line = &log.lines[i];

		assert_string_equal(line->text, expected[i].text);
		assert_int_equal(line->file, expected[i].file);
		assert_int_equal(line->number, expected[i].number);
		assert_int_equal(line->after_gap, expected[i].after_gap);
	}
	xfdt_log_deinit(&log);
}

static void test_log_text__another_boot_is_a_gap(void **state)
{
	const char *text = "[    9.000000] Oops: unexpected #NM exception: 0000 [#1] SMP\n"
			   "[    0.000000] Linux version 6.12.57 (x)\n"
			   "[    1.000000] RIP: 0010:restore_fpregs_from_fpstate+0x45/0x90\n";
	struct xfdt_log_regs regs;
	struct xfdt_events events;
	struct xfdt_log log;
	char release[32];

	parse(&text, 1, &log);
	assert_true(log.lines[1].after_gap);
	assert_ok(xfdt_events_find(&log, &events));
	assert_int_equal(events.count, 1);
	assert_false(xfdt_event_registers(&log, &events.items[0], &regs));
	assert_true(xfdt_log_release(&log, log.count, release, sizeof(release)));
	assert_string_equal(release, "6.12.57");
	free(events.items);
	xfdt_log_deinit(&log);
}

static void test_log_text__release_of_an_oops(void **state)
{
	const char *text =
		"WARNING: x\n"
		"CPU: 0 UID: 0 PID: 1 Comm: 1 #1 Kdump: loaded Tainted: G 6.18.9+deb13-amd64 #1 PREEMPT(lazy)  Debian 6.18.9-1\n";
	struct xfdt_log log;
	char release[32], small[4];

	parse(&text, 1, &log);
	assert_true(xfdt_log_release(&log, 0, release, sizeof(release)));
	assert_string_equal(release, "6.18.9+deb13-amd64");
	assert_false(xfdt_log_release(&log, 0, small, sizeof(small)));
	xfdt_log_deinit(&log);
}

static void test_log_text__lines_without_stamps_are_not_the_kernels(void **state)
{
	const char *text = "[    1.000000] a\nOops: unexpected #NM exception: 0000 [#1] SMP\n"
			   "[    1.000000] b\n[    1.000000] " EIGHTY EIGHTY EIGHTY "\n";
	struct xfdt_log log;

	parse(&text, 1, &log);
	assert_false(log.lines[0].from_user);
	assert_true(log.lines[1].from_user);
	xfdt_log_deinit(&log);
}

static void test_log_text__newest_lines_are_kept(void **state)
{
	struct xfdt_log_text text = { .len = 400000, .lines_before = 7 };
	struct xfdt_log log;

	text.text = calloc(1, text.len + 1);
	memset(text.text, '\n', text.len);
	memcpy(text.text + text.len - 3, "end", 3);
	assert_ok(xfdt_log_parse(&text, 1, &log));
	assert_int_equal(log.count, 1 << 17);
	assert_string_equal(log.lines[log.count - 1].text, "end");
	assert_int_equal(log.lines[log.count - 1].number, 400000 - 3 + 1 + 7);
	free(text.text);
	xfdt_log_deinit(&log);
}

static void test_log_text__too_many_parts(void **state)
{
	struct xfdt_log_text text = { 0 };
	struct xfdt_log log;
	FILE *out = open_memstream(&text.text, &text.len);
	size_t i;

	for (i = 0; i < 5000; i++)
		fprintf(out, "Panic#1 Part%zu\nx\n", i);
	fclose(out);
	assert_fails(xfdt_log_parse(&text, 1, &log), XFDT_LIMIT);
	free(text.text);
}

static void assert_recognised(const char *text, bool expected)
{
	if (xfdt_is_log_text(text, strlen(text)) != expected)
		fail_msg("%s: %s", expected ? "not recognised" : "recognised", text);
}

static void test_log_text__recognises_logs(void **state)
{
	assert_recognised("[    1.000000] a\n[    1.000000] b\n[    1.000000] c\n", true);
	assert_recognised("Panic#1 Part3\nx\n", true);
	assert_recognised("Oops: unexpected #NM exception: 0000 [#1] SMP\nCPU: 0\n"
			  "RIP: 0010:f+0x1/0x2\nCall Trace:\n",
			  true);
	assert_recognised("", false);
	assert_recognised(
		"f(\"[    1.000000] Oops: unexpected #NM exception: 0000 [#1] SMP\");\n"
		"f(\"[    1.000000] RIP: 0010:f+0x1/0x2\");\nx = \"[    1.000000] Call Trace:\";\n",
		false);
	assert_recognised("# Title\n\nKernel panic is a word, Call Trace: too\n", false);
	assert_recognised("Nov 26 02:42:17 host cron[1]: a\nNov 26 02:42:17 host cron[1]: b\n"
			  "Nov 26 02:42:17 host cron[1]: c\n",
			  false);
	assert_false(xfdt_is_text("\0\0\0\0\1\2\3\4", 8));
	assert_true(xfdt_is_pstore_part("Panic#1 Part3\r\nx\n", 16));
	assert_false(xfdt_is_pstore_part("Panic#1 Part3\nx\nPanic#1 Part2\n", 30));
	assert_false(xfdt_is_pstore_part("Panic#1 Part", 12));
}

static void test_log_text__reports_lack_of_memory(void **state)
{
	struct xfdt_log_text text = { .len = 4 };
	struct xfdt_log log;
	size_t i;

	for (i = 0; i < 3; i++) {
		struct xfdt_error *err;

		text.text = strdup("a\nb\n");
		alloc_fail((long)i);
		err = xfdt_log_parse(&text, 1, &log);
		alloc_fail(-1);
		assert_non_null(err);
		assert_int_equal(xfdt_error_code(err), XFDT_NO_MEMORY);
		xfdt_error_free(err);
		free(text.text);
	}
}

#include "test_log_text.tests.h"
