/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of what was resolved: there and back, and damaged on the way. */
#include "unit.h"
#include "resolve/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define STEXT 0xffffffff81000000ull
#define OTHER_STEXT 0xffffffffa7e00000ull /* another boot, another KASLR offset */
#define KEY "0123456789abcdef0123456789abcdef01234567"

static void fill(struct xfdt_record *record)
{
	memset(record, 0, sizeof(*record));
	record->layout.structs[XFDT_T_kvm] = 41216;
	record->layout.structs[XFDT_T_xa_node] = 576;
	record->layout.members[XFDT_M_kvm_vcpu_array] = (struct xfdt_member){
		.known = true,
		.offset = 4096,
		.size = 16,
	};
	record->layout.members[XFDT_M_fpstate_in_use] = (struct xfdt_member){
		.known = true,
		.offset = 32,
		.size = 1,
		.bit_offset = 3,
		.bit_size = 1,
	};
	record->symtab.symbols[XFDT_S_stext] = (struct xfdt_symbol){ true, STEXT, 0x450 };
	record->symtab.symbols[XFDT_S_prb] = (struct xfdt_symbol){ true, STEXT + 0x1a4c9f0, 8 };
	record->symtab.symbols[XFDT_S_xfd_state] = (struct xfdt_symbol){ true, 0x1a2b8, 8 };
	record->symtab.symbols[XFDT_S_current_task] = (struct xfdt_symbol){ true, 0, 8 };
	strcpy(record->symbol_source, "kallsyms");
	strcpy(record->type_source, "dwarf (vmlinux 0123 by -d)");
	record->kvm_is_built_in = true;
}

static void format(const struct xfdt_record *record, uint64_t stext, char **text, size_t *len)
{
	assert_ok(xfdt_record_format(record, KEY, stext, text, len));
}

/* @lines behind the head of a record, with a right checksum. */
static char *made_of(const char *lines)
{
	static struct xfdt_record empty;
	char *head, *text, *whole;
	size_t len;

	format(&empty, STEXT, &head, &len);
	/* "xfdtriage-record <version>", "key <key>" */
	*(strchr(strchr(head, '\n') + 1, '\n') + 1) = '\0';
	if (asprintf(&text, "%s%s", head, lines) < 0 ||
	    asprintf(&whole, "%send %08lx\n", text,
		     crc32(0, (const Bytef *)text, (uInt)strlen(text))) < 0)
		exit(99);
	free(head);
	free(text);
	return whole;
}

static void assert_rejected(const char *text, size_t len)
{
	struct xfdt_record record, untouched;

	memset(&record, 0x5a, sizeof(record));
	untouched = record;
	assert_fails(xfdt_record_parse(text, len, KEY, STEXT, &record), XFDT_CORRUPT);
	assert_memory_equal(&record, &untouched, sizeof(record));
}

static void test_record__round_trip(void **state)
{
	struct xfdt_record record, back;
	size_t len;
	char *text;

	fill(&record);
	format(&record, STEXT, &text, &len);
	memset(&back, 0x5a, sizeof(back));
	assert_ok(xfdt_record_parse(text, len, KEY, STEXT, &back));
	assert_memory_equal(back.layout.structs, record.layout.structs,
			    sizeof(record.layout.structs));
	assert_int_equal(back.layout.members[XFDT_M_kvm_vcpu_array].offset, 4096);
	assert_int_equal(back.layout.members[XFDT_M_kvm_vcpu_array].size, 16);
	assert_int_equal(back.layout.members[XFDT_M_kvm_vcpu_array].bit_size, 0);
	assert_int_equal(back.layout.members[XFDT_M_fpstate_in_use].offset, 32);
	assert_int_equal(back.layout.members[XFDT_M_fpstate_in_use].bit_offset, 3);
	assert_int_equal(back.layout.members[XFDT_M_fpstate_in_use].bit_size, 1);
	assert_false(back.layout.members[XFDT_M_kvm_mm].known);
	assert_true(back.symtab.symbols[XFDT_S_prb].known);
	assert_true(back.symtab.symbols[XFDT_S_prb].kvaddr == STEXT + 0x1a4c9f0);
	assert_true(back.symtab.symbols[XFDT_S_stext].size == 0x450);
	assert_false(back.symtab.symbols[XFDT_S_modules].known);
	assert_true(back.kvm_is_built_in);
	assert_string_equal(back.symbol_source, "kallsyms");
	assert_string_equal(back.type_source, "dwarf (vmlinux 0123 by -d)");
	free(text);
}

static void test_record__moves_with_stext(void **state)
{
	struct xfdt_record record, back;
	size_t len;
	char *text;

	fill(&record);
	format(&record, STEXT, &text, &len);
	assert_ok(xfdt_record_parse(text, len, KEY, OTHER_STEXT, &back));
	assert_true(back.symtab.symbols[XFDT_S_stext].kvaddr == OTHER_STEXT);
	assert_true(back.symtab.symbols[XFDT_S_prb].kvaddr == OTHER_STEXT + 0x1a4c9f0);
	assert_true(back.symtab.symbols[XFDT_S_prb].size == 8);
	free(text);
}

/* to v6.14 per-CPU symbols count from 0 and are not relocated */
static void test_record__percpu_offset_does_not_move(void **state)
{
	struct xfdt_record record, back;
	size_t len;
	char *text;

	fill(&record);
	format(&record, STEXT, &text, &len);
	assert_ok(xfdt_record_parse(text, len, KEY, OTHER_STEXT, &back));
	assert_true(back.symtab.symbols[XFDT_S_xfd_state].known);
	assert_true(back.symtab.symbols[XFDT_S_xfd_state].kvaddr == 0x1a2b8);
	assert_true(back.symtab.symbols[XFDT_S_current_task].known);
	assert_true(back.symtab.symbols[XFDT_S_current_task].kvaddr == 0);
	free(text);
}

/* from v6.15 they are addresses in .data..percpu, and are */
static void test_record__percpu_address_moves(void **state)
{
	struct xfdt_record record, back;
	size_t len;
	char *text;

	fill(&record);
	record.symtab.symbols[XFDT_S_xfd_state].kvaddr = STEXT + 0x2c00000;
	format(&record, STEXT, &text, &len);
	assert_ok(xfdt_record_parse(text, len, KEY, OTHER_STEXT, &back));
	assert_true(back.symtab.symbols[XFDT_S_xfd_state].kvaddr == OTHER_STEXT + 0x2c00000);
	free(text);
}

static void test_record__text_is_free_of_load_addresses(void **state)
{
	struct xfdt_record record, moved;
	char *text, *other;
	size_t len, other_len;

	fill(&record);
	moved = record;
	moved.symtab.symbols[XFDT_S_stext].kvaddr += OTHER_STEXT - STEXT;
	moved.symtab.symbols[XFDT_S_prb].kvaddr += OTHER_STEXT - STEXT;
	format(&record, STEXT, &text, &len);
	format(&moved, OTHER_STEXT, &other, &other_len);
	assert_int_equal(len, other_len);
	assert_memory_equal(text, other, len);
	free(text);
	free(other);
}

static void test_record__of_another_key(void **state)
{
	struct xfdt_record record, back;
	size_t len;
	char *text;

	fill(&record);
	format(&record, STEXT, &text, &len);
	assert_fails(xfdt_record_parse(text, len, "0123456789abcdef0123456789abcdef01234568", STEXT,
				       &back),
		     XFDT_CORRUPT);
	assert_fails(xfdt_record_parse(text, len, KEY "-" KEY, STEXT, &back), XFDT_CORRUPT);
	assert_fails(xfdt_record_parse(text, len, "", STEXT, &back), XFDT_CORRUPT);
	free(text);
}

static void test_record__truncated_anywhere(void **state)
{
	struct xfdt_record record;
	size_t len, cut;
	char *text;

	fill(&record);
	format(&record, STEXT, &text, &len);
	for (cut = 0; cut < len; cut++) {
		/* exactly as large, so that a read past the end is seen */
		char *copy = malloc(cut ? cut : 1);

		memcpy(copy, text, cut);
		assert_rejected(copy, cut);
		free(copy);
	}
	free(text);
}

static void test_record__every_single_bit_flipped(void **state)
{
	struct xfdt_record record, plain, back;
	size_t len, at;
	unsigned int bit;
	char *text;

	fill(&record);
	format(&record, STEXT, &text, &len);
	assert_ok(xfdt_record_parse(text, len, KEY, STEXT, &plain));
	for (at = 0; at < len; at++) {
		for (bit = 0; bit < 8; bit++) {
			struct xfdt_error *err;

			text[at] ^= (char)(1u << bit);
			memset(&back, 0, sizeof(back));
			err = xfdt_record_parse(text, len, KEY, STEXT, &back);
			if (err)
				assert_int_equal(xfdt_error_code(err), XFDT_CORRUPT);
			else
				assert_memory_equal(&back, &plain, sizeof(back));
			xfdt_error_free(err);
			text[at] ^= (char)(1u << bit);
		}
	}
	free(text);
}

static void test_record__every_byte_replaced(void **state)
{
	static const char bytes[] = { '\0', '\n', ' ', '0', '9', '-', 'x', '\xff' };
	struct xfdt_record record, plain, back;
	size_t len, at, i;
	char *text;

	fill(&record);
	format(&record, STEXT, &text, &len);
	assert_ok(xfdt_record_parse(text, len, KEY, STEXT, &plain));
	for (at = 0; at < len; at++) {
		for (i = 0; i < sizeof(bytes); i++) {
			char before = text[at];
			struct xfdt_error *err;

			text[at] = bytes[i];
			memset(&back, 0, sizeof(back));
			err = xfdt_record_parse(text, len, KEY, STEXT, &back);
			if (!err)
				assert_memory_equal(&back, &plain, sizeof(back));
			xfdt_error_free(err);
			text[at] = before;
		}
	}
	free(text);
}

static void test_record__bytes_behind_the_end(void **state)
{
	char *text = made_of(""), *longer;

	assert_true(asprintf(&longer, "%s\n", text) > 0);
	assert_rejected(longer, strlen(longer));
	free(longer);
	free(text);
}

/* A checksum can be made by anyone: bounds hold all the same. */
static void test_record__values_out_of_bounds(void **state)
{
	static const char *const lines[] = {
		"struct kvm 0\n",
		"struct kvm 1048577\n",
		"struct kvm -1\n",
		"struct kvm 41216 1\n",
		"struct kvm\n",
		"member kvm vcpu_array 1048577 16 0 0\n",
		"member kvm vcpu_array 4096 1048577 0 0\n",
		"member kvm vcpu_array -8 16 0 0\n",
		"member kvm vcpu_array 4096 16 1 0\n",
		"member fpstate in_use 32 1 8 1\n",
		"member fpstate in_use 32 1 0 33\n",
		"member fpstate in_use 32 1 259 1\n",
		"member kvm vcpu_array 4096 16 0\n",
		"member kvm vcpu_array 4096 16 0 0 0\n",
		"symbol prb text 4294967296 8\n",
		"symbol prb text -4294967296 8\n",
		"symbol prb text -9223372036854775808 8\n",
		"symbol prb elsewhere 16 8\n",
		"symbol prb text 16\n",
		"symbol prb text 16 8 8\n",
		"builtin 1\n",
		"origin symbols \033[31mred\n",
		"origin types caf\303\251\n",
		"origin\n",
		"origin fields btf\n",
		("origin types 0123456789012345678901234567890123456789012345678901234567890123456789"
		 "0123456789012345678901234567890123456789012345678901234567\n"),
		"nonsense\n",
		"\n",
	};
	size_t i;

	for (i = 0; i < COUNT(lines); i++) {
		char *text = made_of(lines[i]);
		struct xfdt_record record;
		struct xfdt_error *err;

		err = xfdt_record_parse(text, strlen(text), KEY, STEXT, &record);
		if (!err)
			fail_msg("accepted: %s", lines[i]);
		assert_int_equal(xfdt_error_code(err), XFDT_CORRUPT);
		xfdt_error_free(err);
		free(text);
	}
}

static void test_record__good_lines_with_a_checksum(void **state)
{
	char *text = made_of("struct kvm 41216\nmember fpstate in_use 32 1 3 1\n"
			     "symbol prb text 27576816 8\n");
	struct xfdt_record record;

	assert_ok(xfdt_record_parse(text, strlen(text), KEY, STEXT, &record));
	assert_int_equal(record.layout.structs[XFDT_T_kvm], 41216);
	assert_true(record.symtab.symbols[XFDT_S_prb].kvaddr == STEXT + 27576816);
	free(text);
}

/* No function is larger than the kernel: a size past that would put every address in it. */
static void test_record__symbol_larger_than_the_kernel(void **state)
{
	char *text =
		made_of("symbol restore_fpregs_from_fpstate text 65536 18446744073709551615\n");

	assert_rejected(text, strlen(text));
	free(text);
}

static void test_record__number_that_overflows(void **state)
{
	char *text = made_of("struct kvm 4294967304\n"); /* 2^32 + 8 */

	assert_rejected(text, strlen(text));
	free(text);
}

/* distilled dumps of earlier versions have lines that nothing uses any more */
static void test_record__obsolete_lines_are_passed_over(void **state)
{
	char *text = made_of("needs 0badcafe\nstruct kvm 41216\ncontent 00000000\n");
	struct xfdt_record record;

	assert_ok(xfdt_record_parse(text, strlen(text), KEY, STEXT, &record));
	assert_int_equal(record.layout.structs[XFDT_T_kvm], 41216);
	free(text);
}

static void test_record__line_too_long(void **state)
{
	char lines[2000];
	char *text;

	memset(lines, 's', sizeof(lines) - 2);
	lines[sizeof(lines) - 2] = '\n';
	lines[sizeof(lines) - 1] = '\0';
	text = made_of(lines);
	assert_rejected(text, strlen(text));
	free(text);
}

static void test_record__other_version(void **state)
{
	char *text = made_of("");

	text[strlen("xfdtriage-record ")] = '9';
	assert_rejected(text, strlen(text));
	assert_rejected("", 0);
	free(text);
}

#include "test_record.tests.h"
