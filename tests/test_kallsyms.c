/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kallsyms tables in memory: names, tokens, the four encodings of addresses. */
#include "unit.h"
#include "symbols/kallsyms.h"
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAMES 0xffffffff82000000ull
#define NAMES_SIZE 0x2000u
#define TOKEN_TABLE 0xffffffff82010000ull
#define TOKEN_INDEX 0xffffffff82011000ull
#define VALUES 0xffffffff82012000ull
#define NUM_SYMS 0xffffffff82013000ull
#define RELATIVE_BASE 0xffffffff82014000ull
#define BASE 0xffffffff81000000ull
#define MAX_SYMBOLS 400

struct symbol {
	const char *name;
	uint64_t kvaddr;
};

/* Sorted by address, as kallsyms is; each name gets the type 't' in front. */
static const struct symbol symbols[] = {
	{ "_stext", 0xffffffff81000000ull },
	{ "startup", 0xffffffff81000000ull }, /* an alias */
	{ "exc_device_not_available", 0xffffffff81000450ull },
	{ "twice", 0xffffffff81000600ull },
	{ "fpu_swap_kvm_fpstate", 0xffffffff81040010ull },
	{ "twice", 0xffffffff81050000ull },
	{ "prb", 0xffffffff82a4c9f0ull },
	{ "last", 0xffffffff82a4ca00ull },
};

struct tables {
	struct memory memory;
	char vmcoreinfo[1024];
	uint64_t names_at;
	size_t names_len;
	uint32_t count;
};

/*
 * Tokens: number n is the character n, but for two that are words, as the
 * kernel's compression makes them.
 */
#define TOKEN_FP 0x80
#define TOKEN_AVAILABLE 0x81

static void put_tokens(struct memory *memory)
{
	uint16_t index[256];
	char table[2048];
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < 256; i++) {
		index[i] = (uint16_t)len;
		if (i == TOKEN_FP)
			len += (size_t)sprintf(table + len, "fp") + 1;
		else if (i == TOKEN_AVAILABLE)
			len += (size_t)sprintf(table + len, "_available") + 1;
		else if (i && i < 0x80)
			len += (size_t)sprintf(table + len, "%c", (char)i) + 1;
		else
			table[len++] = '\0';
	}
	memory_add(memory, TOKEN_TABLE, 0x1000);
	memory_put(memory, TOKEN_TABLE, table, len);
	memory_add(memory, TOKEN_INDEX, sizeof(index));
	memory_put(memory, TOKEN_INDEX, index, sizeof(index));
}

static void put_byte(struct tables *tables, unsigned int byte)
{
	*(uint8_t *)memory_at(&tables->memory, tables->names_at + tables->names_len,
			      1) = (uint8_t)byte;
	tables->names_len++;
}

/* One name: the count of its tokens, ULEB128, and the tokens. */
static void put_name(struct tables *tables, const char *name)
{
	uint8_t tokens[600] = { 't' };
	size_t count = 1, i;

	while (*name) {
		if (!strncmp(name, "fp", 2)) {
			tokens[count++] = TOKEN_FP;
			name += 2;
		} else if (!strncmp(name, "_available", 10)) {
			tokens[count++] = TOKEN_AVAILABLE;
			name += 10;
		} else {
			tokens[count++] = (uint8_t)*name++;
		}
	}
	if (count < 0x80) {
		put_byte(tables, (unsigned int)count);
	} else {
		put_byte(tables, (count & 0x7f) | 0x80);
		put_byte(tables, (unsigned int)(count >> 7));
	}
	for (i = 0; i < count; i++)
		put_byte(tables, tokens[i]);
}

static void put_value(struct tables *tables, enum xfdt_kallsyms_encoding encoding, uint32_t index,
		      uint64_t kvaddr)
{
	uint64_t entry = VALUES + (encoding == XFDT_KALLSYMS_ABSOLUTE ? 8 : 4) * (uint64_t)index;

	switch (encoding) {
	case XFDT_KALLSYMS_ABSOLUTE:
		memory_put_u64(&tables->memory, entry, kvaddr);
		break;
	case XFDT_KALLSYMS_PERCPU_RELATIVE:
		/* 6.1 kallsyms_sym_address(): offset >= 0 ? offset : base - 1 - offset */
		memory_put_u32(&tables->memory, entry,
			       kvaddr < BASE ? (uint32_t)kvaddr :
					       (uint32_t)(int32_t)(BASE - 1 - kvaddr));
		break;
	case XFDT_KALLSYMS_RELATIVE:
		memory_put_u32(&tables->memory, entry, (uint32_t)(kvaddr - BASE));
		break;
	default:
		memory_put_u32(&tables->memory, entry, (uint32_t)(kvaddr - entry));
		break;
	}
}

static void tables_init_at(struct tables *tables, enum xfdt_kallsyms_encoding encoding,
			   const struct symbol *list, uint32_t count, uint64_t names_at)
{
	char *text = tables->vmcoreinfo;
	uint32_t i;

	memset(tables, 0, sizeof(*tables));
	memory_init(&tables->memory);
	memory_add(&tables->memory, NAMES, NAMES_SIZE);
	memory_add(&tables->memory, VALUES, 8 * MAX_SYMBOLS);
	memory_add(&tables->memory, NUM_SYMS, 4);
	memory_add(&tables->memory, RELATIVE_BASE, 8);
	put_tokens(&tables->memory);
	tables->names_at = names_at;
	tables->count = count;
	for (i = 0; i < count; i++) {
		put_name(tables, list[i].name);
		put_value(tables, encoding, i, list[i].kvaddr);
	}
	memory_put_u32(&tables->memory, NUM_SYMS, count);
	memory_put_u64(&tables->memory, RELATIVE_BASE, BASE);
	text += sprintf(text,
			"SYMBOL(kallsyms_names)=%" PRIx64 "\nSYMBOL(kallsyms_num_syms)=%llx\n"
			"SYMBOL(kallsyms_token_table)=%llx\nSYMBOL(kallsyms_token_index)=%llx\n",
			names_at, NUM_SYMS, TOKEN_TABLE, TOKEN_INDEX);
	text += sprintf(text, "SYMBOL(%s)=%llx\n",
			encoding == XFDT_KALLSYMS_ABSOLUTE ? "kallsyms_addresses" :
							     "kallsyms_offsets",
			VALUES);
	if (encoding == XFDT_KALLSYMS_PERCPU_RELATIVE || encoding == XFDT_KALLSYMS_RELATIVE)
		sprintf(text, "SYMBOL(kallsyms_relative_base)=%llx\n", RELATIVE_BASE);
}

static void tables_init(struct tables *tables, enum xfdt_kallsyms_encoding encoding)
{
	tables_init_at(tables, encoding, symbols, COUNT(symbols), NAMES);
}

static struct xfdt_error *find_tables(struct tables *tables, const char *text,
				      struct xfdt_kallsyms *kallsyms)
{
	struct xfdt_vmcoreinfo info;
	struct xfdt_error *err = xfdt_vmcoreinfo_init(&info, text);

	if (!err)
		err = xfdt_kallsyms_init(kallsyms, &tables->memory.reader, &info);
	xfdt_vmcoreinfo_deinit(&info);
	return err;
}

static struct xfdt_error *lookup(struct tables *tables, struct xfdt_name_query *queries,
				 size_t count)
{
	struct xfdt_kallsyms kallsyms;
	struct xfdt_error *err;

	memset(&kallsyms, 0x5a, sizeof(kallsyms));
	err = find_tables(tables, tables->vmcoreinfo, &kallsyms);
	return err ? err : xfdt_kallsyms_lookup(&kallsyms, &tables->memory.reader, queries, count);
}

static void assert_all_found(struct tables *tables)
{
	struct xfdt_name_query queries[] = {
		{ .name = "_stext", .anchor = 0xffffffff81000000ull },
		{ .name = "exc_device_not_available" },
		{ .name = "fpu_swap_kvm_fpstate" },
		{ .name = "prb", .anchor = 0xffffffff82a4c9f0ull },
		{ .name = "last" },
		{ .name = "xc_device_not_available" },
		{ .name = "nowhere", .anchor = 0x1234 },
	};

	assert_ok(lookup(tables, queries, COUNT(queries)));
	assert_int_equal(queries[0].found, 1);
	assert_true(queries[0].kvaddr == 0xffffffff81000000ull);
	/* an alias at the same address does not end it */
	assert_true(queries[0].size == 0x450);
	assert_int_equal(queries[1].found, 1);
	assert_true(queries[1].kvaddr == 0xffffffff81000450ull);
	assert_true(queries[1].size == 0x1b0);
	assert_true(queries[2].kvaddr == 0xffffffff81040010ull);
	assert_true(queries[2].size == 0xfff0);
	assert_true(queries[3].kvaddr == 0xffffffff82a4c9f0ull);
	assert_true(queries[3].size == 0x10);
	assert_int_equal(queries[4].found, 1);
	assert_true(queries[4].kvaddr == 0xffffffff82a4ca00ull);
	assert_true(queries[4].size == 0);
	assert_int_equal(queries[5].found, 0);
	assert_int_equal(queries[6].found, 0);
}

static void test_kallsyms__absolute(void **state)
{
	struct tables tables;

	tables_init(&tables, XFDT_KALLSYMS_ABSOLUTE);
	assert_all_found(&tables);
	memory_deinit(&tables.memory);
}

static void test_kallsyms__percpu_relative(void **state)
{
	struct tables tables;

	tables_init(&tables, XFDT_KALLSYMS_PERCPU_RELATIVE);
	assert_all_found(&tables);
	memory_deinit(&tables.memory);
}

static void test_kallsyms__relative(void **state)
{
	struct tables tables;

	tables_init(&tables, XFDT_KALLSYMS_RELATIVE);
	assert_all_found(&tables);
	memory_deinit(&tables.memory);
}

static void test_kallsyms__pc_relative(void **state)
{
	struct tables tables;

	tables_init(&tables, XFDT_KALLSYMS_PC_RELATIVE);
	assert_all_found(&tables);
	memory_deinit(&tables.memory);
}

/* to v6.14: per-CPU symbols are offsets from 0, neither relocated nor near _stext */
static void test_kallsyms__percpu_symbol_is_its_offset(void **state)
{
	static const struct symbol list[] = {
		{ "fixed_percpu_data", 0 },    { "xfd_state", 0x1a2b8 },
		{ "current_task", 0x1f000 },   { "_stext", BASE },
		{ "_etext", BASE + 0xe00000 },
	};
	struct xfdt_name_query queries[] = {
		{ .name = "_stext", .anchor = BASE },
		{ .name = "xfd_state" },
		{ .name = "_etext" },
		{ .name = "fixed_percpu_data" },
	};
	struct tables tables;

	tables_init_at(&tables, XFDT_KALLSYMS_PERCPU_RELATIVE, list, COUNT(list), NAMES);
	assert_ok(lookup(&tables, queries, COUNT(queries)));
	assert_true(queries[1].kvaddr == 0x1a2b8);
	assert_true(queries[1].size == 0x1f000 - 0x1a2b8);
	assert_true(queries[2].kvaddr == BASE + 0xe00000);
	assert_int_equal(queries[3].found, 1);
	assert_true(queries[3].kvaddr == 0);
	memory_deinit(&tables.memory);
}

/* v7.0: symbols may lie below the table as well as above it */
static void test_kallsyms__pc_relative_on_both_sides(void **state)
{
	static const struct symbol list[] = {
		{ "_stext", BASE },
		{ "above", VALUES + 0x800000 },
	};
	struct xfdt_name_query queries[] = {
		{ .name = "above" },
		{ .name = "_stext", .anchor = BASE },
	};
	struct tables tables;

	tables_init_at(&tables, XFDT_KALLSYMS_PC_RELATIVE, list, COUNT(list), NAMES);
	assert_ok(lookup(&tables, queries, COUNT(queries)));
	assert_true(queries[0].kvaddr == VALUES + 0x800000);
	memory_deinit(&tables.memory);
}

static void test_kallsyms__name_of_two_length_bytes(void **state)
{
	char name[301];
	struct symbol list[] = {
		{ "_stext", BASE },
		{ name, BASE + 0x100 },
		{ "behind", BASE + 0x200 },
	};
	struct xfdt_name_query queries[] = {
		{ .name = "_stext", .anchor = BASE },
		{ .name = name },
		{ .name = "behind" },
	};
	struct tables tables;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	tables_init_at(&tables, XFDT_KALLSYMS_RELATIVE, list, COUNT(list), NAMES);
	assert_ok(lookup(&tables, queries, COUNT(queries)));
	assert_int_equal(queries[1].found, 1);
	assert_true(queries[1].kvaddr == BASE + 0x100);
	assert_int_equal(queries[2].found, 1);
	assert_true(queries[2].kvaddr == BASE + 0x200);
	memory_deinit(&tables.memory);
}

static void test_kallsyms__duplicate_names_are_counted(void **state)
{
	struct xfdt_name_query queries[] = {
		{ .name = "twice" },
		{ .name = "_stext", .anchor = BASE },
	};
	struct tables tables;

	tables_init(&tables, XFDT_KALLSYMS_RELATIVE);
	assert_ok(lookup(&tables, queries, COUNT(queries)));
	assert_int_equal(queries[0].found, 2);
	assert_true(queries[0].kvaddr == 0xffffffff81000600ull);
	memory_deinit(&tables.memory);
}

/* clang's ThinLTO names local symbols so that other files use */
static void test_kallsyms__suffix_of_thinlto(void **state)
{
	static const struct symbol list[] = {
		{ "_stext", BASE },
		{ "fpregs_restore_userregs.llvm.10466552797064863338", BASE + 0x100 },
		{ "switch_fpu_return.llvm.", BASE + 0x200 },
		{ "os_xrstor.llvm.12.cold", BASE + 0x300 },
		{ "last", BASE + 0x400 },
		{ "last.llvm.7", BASE + 0x500 },
	};
	struct xfdt_name_query queries[] = {
		{ .name = "_stext", .anchor = BASE },
		{ .name = "fpregs_restore_userregs" },
		{ .name = "switch_fpu_return" },
		{ .name = "os_xrstor" },
		{ .name = "last" },
		/* as long as a name with its suffix, with the same end */
		{ .name = "number_of_7" },
	};
	struct tables tables;

	tables_init_at(&tables, XFDT_KALLSYMS_RELATIVE, list, COUNT(list), NAMES);
	assert_ok(lookup(&tables, queries, COUNT(queries)));
	assert_int_equal(queries[1].found, 1);
	assert_true(queries[1].kvaddr == BASE + 0x100);
	assert_true(queries[1].size == 0x100);
	assert_int_equal(queries[2].found, 0);
	assert_int_equal(queries[3].found, 0);
	/* two functions of different files */
	assert_int_equal(queries[4].found, 2);
	memory_deinit(&tables.memory);
}

/* a duplicate can be no anchor, whatever it is said to be */
static void test_kallsyms__duplicate_anchor_says_nothing(void **state)
{
	struct xfdt_name_query with_other[] = {
		{ .name = "twice", .anchor = 0x4242 },
		{ .name = "_stext", .anchor = BASE },
	};
	struct xfdt_name_query alone[] = {
		{ .name = "twice", .anchor = 0xffffffff81000600ull },
	};
	struct tables tables;

	tables_init(&tables, XFDT_KALLSYMS_RELATIVE);
	assert_ok(lookup(&tables, with_other, COUNT(with_other)));
	assert_fails(lookup(&tables, alone, COUNT(alone)), XFDT_CORRUPT);
	memory_deinit(&tables.memory);
}

static void test_kallsyms__wrong_anchor_is_corrupt(void **state)
{
	int encoding;

	for (encoding = 0; encoding < XFDT_KALLSYMS_ENCODINGS; encoding++) {
		struct xfdt_name_query queries[] = {
			{ .name = "_stext", .anchor = BASE },
			{ .name = "prb", .anchor = 0xffffffff82a4c9f8ull },
		};
		struct tables tables;

		tables_init(&tables, encoding);
		assert_fails(lookup(&tables, queries, COUNT(queries)), XFDT_CORRUPT);
		memory_deinit(&tables.memory);
	}
}

static void test_kallsyms__no_anchor_at_all_is_corrupt(void **state)
{
	struct xfdt_name_query queries[] = { { .name = "_stext" },
					     { .name = "missing", .anchor = BASE } };
	struct tables tables;

	tables_init(&tables, XFDT_KALLSYMS_RELATIVE);
	assert_fails(lookup(&tables, queries, COUNT(queries)), XFDT_CORRUPT);
	memory_deinit(&tables.memory);
}

static void test_kallsyms__absurd_number_of_symbols(void **state)
{
	static const uint32_t numbers[] = { 0, (1u << 22) + 1, UINT32_MAX };
	struct xfdt_name_query query = { .name = "_stext", .anchor = BASE };
	struct tables tables;
	size_t i;

	tables_init(&tables, XFDT_KALLSYMS_RELATIVE);
	for (i = 0; i < COUNT(numbers); i++) {
		memory_put_u32(&tables.memory, NUM_SYMS, numbers[i]);
		assert_fails(lookup(&tables, &query, 1), XFDT_CORRUPT);
	}
	memory_deinit(&tables.memory);
}

/* zero bytes behind the names: a name of no tokens */
static void test_kallsyms__more_symbols_than_names(void **state)
{
	struct xfdt_name_query query = { .name = "_stext", .anchor = BASE };
	struct tables tables;

	tables_init(&tables, XFDT_KALLSYMS_RELATIVE);
	memory_put_u32(&tables.memory, NUM_SYMS, COUNT(symbols) + 1);
	assert_fails(lookup(&tables, &query, 1), XFDT_CORRUPT);
	memory_deinit(&tables.memory);
}

static void test_kallsyms__names_run_off_the_segment(void **state)
{
	struct xfdt_name_query query = { .name = "_stext", .anchor = BASE };
	struct tables tables;

	tables_init_at(&tables, XFDT_KALLSYMS_RELATIVE, symbols, COUNT(symbols), NAMES + 0x1f00);
	/* the last byte of the segment opens a name of 127 tokens */
	while (tables.names_len < 0xff)
		put_byte(&tables, tables.names_len == 0xfe ? 0x7f : 0x01);
	put_byte(&tables, 0x7f);
	memory_put_u32(&tables.memory, NUM_SYMS, 4000);
	assert_fails(lookup(&tables, &query, 1), XFDT_EXCLUDED);
	memory_deinit(&tables.memory);
}

/* what is behind the last name does not have to be in the dump */
static void test_kallsyms__last_name_ends_the_segment(void **state)
{
	struct tables tables;
	size_t len;

	tables_init(&tables, XFDT_KALLSYMS_RELATIVE);
	len = tables.names_len;
	memory_deinit(&tables.memory);
	tables_init_at(&tables, XFDT_KALLSYMS_RELATIVE, symbols, COUNT(symbols),
		       NAMES + NAMES_SIZE - len);
	assert_int_equal(tables.names_len, len);
	assert_all_found(&tables);
	memory_deinit(&tables.memory);
}

/* The tables may begin anywhere in a page, also a few bytes before its end. */
static void test_kallsyms__names_that_begin_at_the_end_of_a_page(void **state)
{
	unsigned int before;

	for (before = 1; before <= 40; before++) {
		struct tables tables;

		tables_init_at(&tables, XFDT_KALLSYMS_RELATIVE, symbols, COUNT(symbols),
			       NAMES + 0x1000 - before);
		assert_all_found(&tables);
		memory_deinit(&tables.memory);
	}
}

static void test_kallsyms__many_names_over_pages(void **state)
{
	static char names[MAX_SYMBOLS][16];
	static struct symbol list[MAX_SYMBOLS];
	struct xfdt_name_query queries[] = {
		{ .name = "symbol_0000", .anchor = BASE },
		{ .name = "symbol_0399" },
		{ .name = "symbol_0250" },
		{ .name = "symbol_0400" },
	};
	struct tables tables;
	unsigned int i;

	for (i = 0; i < MAX_SYMBOLS; i++) {
		sprintf(names[i], "symbol_%04u", i);
		list[i] = (struct symbol){ names[i], BASE + 0x10 * i };
	}
	tables_init_at(&tables, XFDT_KALLSYMS_RELATIVE, list, MAX_SYMBOLS, NAMES);
	assert_within(tables.names_len, 0x1001, NAMES_SIZE);
	assert_ok(lookup(&tables, queries, COUNT(queries)));
	assert_true(queries[1].kvaddr == BASE + 0x10 * 399);
	assert_true(queries[1].size == 0);
	assert_true(queries[2].kvaddr == BASE + 0x10 * 250);
	assert_true(queries[2].size == 0x10);
	assert_int_equal(queries[3].found, 0);
	memory_deinit(&tables.memory);
}

static void test_kallsyms__name_of_too_many_tokens(void **state)
{
	struct xfdt_name_query query = { .name = "_stext", .anchor = BASE };
	struct tables tables;

	tables_init(&tables, XFDT_KALLSYMS_RELATIVE);
	memory_put(&tables.memory, NAMES, (const uint8_t[]){ 0x81, 0x04 }, 2); /* 513 */
	assert_fails(lookup(&tables, &query, 1), XFDT_CORRUPT);
	memory_deinit(&tables.memory);
}

/* 127 tokens of 10 characters are no name that anything is called, nor one to be held */
static void test_kallsyms__name_that_expands_past_its_limit(void **state)
{
	struct symbol list[] = { { "_stext", BASE }, { "x", BASE + 1 } };
	struct xfdt_name_query queries[] = {
		{ .name = "_stext", .anchor = BASE },
		{ .name = "behind_available" },
	};
	struct tables tables;
	unsigned int i;

	tables_init_at(&tables, XFDT_KALLSYMS_RELATIVE, list, 1, NAMES);
	put_byte(&tables, 0xff);
	put_byte(&tables, 0x03); /* 511 tokens */
	for (i = 0; i < 511; i++)
		put_byte(&tables, TOKEN_AVAILABLE);
	put_value(&tables, XFDT_KALLSYMS_RELATIVE, 1, BASE + 0x10);
	put_name(&tables, "behind_available");
	put_value(&tables, XFDT_KALLSYMS_RELATIVE, 2, BASE + 0x20);
	memory_put_u32(&tables.memory, NUM_SYMS, 3);
	assert_ok(lookup(&tables, queries, COUNT(queries)));
	assert_int_equal(queries[1].found, 1);
	assert_true(queries[1].kvaddr == BASE + 0x20);
	memory_deinit(&tables.memory);
}

static void test_kallsyms__token_outside_of_its_table(void **state)
{
	struct xfdt_name_query query = { .name = "_stext", .anchor = BASE };
	uint16_t outside = 0xffff;
	struct tables tables;

	tables_init(&tables, XFDT_KALLSYMS_RELATIVE);
	memory_put(&tables.memory, TOKEN_INDEX + 2 * 0xff, &outside, sizeof(outside));
	/* the table would have to reach behind its segment */
	assert_fails(lookup(&tables, &query, 1), XFDT_EXCLUDED);
	memory_deinit(&tables.memory);

	tables_init(&tables, XFDT_KALLSYMS_RELATIVE);
	/* where the index follows the table closely, it bounds it */
	outside = 0x300;
	sprintf(strstr(tables.vmcoreinfo, "SYMBOL(kallsyms_token_table)"),
		"SYMBOL(kallsyms_token_table)=%llx\nSYMBOL(kallsyms_token_index)=%llx\n"
		"SYMBOL(kallsyms_offsets)=%llx\nSYMBOL(kallsyms_relative_base)=%llx\n",
		TOKEN_TABLE, TOKEN_TABLE + 0x300, VALUES, RELATIVE_BASE);
	memset(memory_at(&tables.memory, TOKEN_TABLE + 0x300, 512), 0, 512);
	memory_put(&tables.memory, TOKEN_TABLE + 0x300 + 2 * 0xff, &outside, sizeof(outside));
	assert_fails(lookup(&tables, &query, 1), XFDT_CORRUPT);
	memory_deinit(&tables.memory);
}

static void test_kallsyms__token_without_an_end(void **state)
{
	struct xfdt_name_query query = { .name = "_stext", .anchor = BASE };
	struct tables tables;

	tables_init(&tables, XFDT_KALLSYMS_RELATIVE);
	memset(memory_at(&tables.memory, TOKEN_TABLE, 0x1000), 'x', 0x1000);
	assert_fails(lookup(&tables, &query, 1), XFDT_CORRUPT);
	memory_deinit(&tables.memory);
}

static void test_kallsyms__values_not_in_the_dump(void **state)
{
	struct xfdt_name_query query = { .name = "_stext", .anchor = BASE };
	struct tables tables;

	tables_init(&tables, XFDT_KALLSYMS_RELATIVE);
	memory_fail(&tables.memory, VALUES, XFDT_TRUNCATED);
	assert_fails(lookup(&tables, &query, 1), XFDT_TRUNCATED);
	memory_deinit(&tables.memory);
}

/* a page of values that is missing costs the size alone */
static void test_kallsyms__next_value_not_in_the_dump(void **state)
{
	struct xfdt_name_query queries[] = {
		{ .name = "_stext", .anchor = BASE },
		{ .name = "prb" },
	};
	struct tables tables;
	size_t i;

	tables_init(&tables, XFDT_KALLSYMS_RELATIVE);
	/* cut the segment behind prb */
	for (i = 0; i < tables.memory.count; i++)
		if (tables.memory.segments[i].kvaddr == VALUES)
			tables.memory.segments[i].len = 4 * 7;
	assert_ok(lookup(&tables, queries, COUNT(queries)));
	assert_true(queries[1].kvaddr == 0xffffffff82a4c9f0ull);
	assert_true(queries[1].size == 0);
	memory_deinit(&tables.memory);
}

static void test_kallsyms__vmcoreinfo_without_kallsyms(void **state)
{
	struct xfdt_kallsyms kallsyms, untouched;
	struct tables tables;

	tables_init(&tables, XFDT_KALLSYMS_RELATIVE);
	memset(&kallsyms, 0x5a, sizeof(kallsyms));
	untouched = kallsyms;
	assert_fails(find_tables(&tables, "SYMBOL(_stext)=1\n", &kallsyms), XFDT_MISSING);
	*strstr(tables.vmcoreinfo, "SYMBOL(kallsyms_offsets)") = 'X';
	assert_fails(find_tables(&tables, tables.vmcoreinfo, &kallsyms), XFDT_MISSING);
	assert_memory_equal(&kallsyms, &untouched, sizeof(kallsyms));
	memory_deinit(&tables.memory);
}

static void test_kallsyms__out_of_memory_is_an_error(void **state)
{
	struct tables tables;
	long number;

	tables_init(&tables, XFDT_KALLSYMS_RELATIVE);
	for (number = 0;; number++) {
		struct xfdt_name_query query = { .name = "_stext", .anchor = BASE };
		struct xfdt_error *err;
		bool failed;

		alloc_watch();
		alloc_fail(number);
		err = lookup(&tables, &query, 1);
		failed = alloc_has_failed();
		alloc_watch();
		if (!failed) {
			assert_ok(err);
			break;
		}
		assert_fails(err, XFDT_NO_MEMORY);
	}
	assert_within(number, 1, 100);
	memory_deinit(&tables.memory);
}

#include "test_kallsyms.tests.h"
