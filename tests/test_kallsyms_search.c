/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search for kallsyms in an image that holds nothing else, in every order and encoding. */
#include "unit.h"
#include "symbols/kallsyms_search.h"
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BASE 0xffffffff81000000ull
#define TABLES (BASE + 0x3000)
#define STEP 0x40 /* from one symbol to the next */
#define PAGE 0x1000u
#define SEGMENT 0x400000u

struct order {
	bool addresses_first; /* up to v6.3 */
	bool seqs;	      /* from v6.2 on */
	enum xfdt_kallsyms_encoding encoding;
	size_t width; /* of a marker and of num_syms */
	size_t align;
};

static const struct order order_4_18 = { true, false, XFDT_KALLSYMS_PERCPU_RELATIVE, 8, 8 };
static const struct order order_6_1 = { true, false, XFDT_KALLSYMS_PERCPU_RELATIVE, 4, 8 };
static const struct order order_6_2 = { true, true, XFDT_KALLSYMS_PERCPU_RELATIVE, 4, 8 };
static const struct order order_6_12 = { false, true, XFDT_KALLSYMS_PERCPU_RELATIVE, 4, 8 };
static const struct order order_6_18 = { false, true, XFDT_KALLSYMS_RELATIVE, 4, 8 };
static const struct order order_7_0 = { false, true, XFDT_KALLSYMS_PC_RELATIVE, 4, 4 };
static const struct order order_first_absolute = { true, false, XFDT_KALLSYMS_ABSOLUTE, 4, 8 };
static const struct order order_last_absolute = { false, true, XFDT_KALLSYMS_ABSOLUTE, 4, 8 };

static const struct order *const orders[] = {
	&order_4_18,	       &order_6_1,	     &order_6_2,
	&order_6_12,	       &order_6_18,	     &order_7_0,
	&order_first_absolute, &order_last_absolute,
};

struct tables {
	const struct order *order;
	uint32_t count;
	struct memory memory;
	char vmcoreinfo[512];
	uint64_t end; /* of what was put so far */
	struct xfdt_kallsyms expected;
};

static void put(struct tables *tables, const void *bytes, size_t len)
{
	memory_put(&tables->memory, tables->end, bytes, len);
	tables->end += len;
}

static uint64_t label(struct tables *tables)
{
	tables->end = (tables->end + tables->order->align - 1) & ~(tables->order->align - 1ull);
	return tables->end;
}

static void name_of(const struct tables *tables, uint32_t index, char ret_name[32])
{
	if (!index)
		strcpy(ret_name, "_stext");
	else if (index == tables->count - 1)
		strcpy(ret_name, "prb");
	else
		sprintf(ret_name, "symbol_%05" PRIu32, index);
}

static void put_names(struct tables *tables)
{
	uint64_t markers[1024], names;
	uint32_t zeros = 0, i;

	label(tables);
	put(tables, &tables->count, sizeof(tables->count));
	if (tables->order->width == 8)
		put(tables, &zeros, sizeof(zeros));
	names = tables->expected.names = label(tables);
	for (i = 0; i < tables->count; i++) {
		char name[33] = "t";
		uint8_t len;

		if (i % 256 == 0)
			markers[i / 256] = tables->end - names;
		name_of(tables, i, name + 1);
		len = (uint8_t)strlen(name);
		put(tables, &len, 1);
		put(tables, name, len);
	}
	label(tables);
	for (i = 0; i < (tables->count + 255) / 256; i++)
		put(tables, &markers[i], tables->order->width);
}

static void put_seqs(struct tables *tables)
{
	uint32_t i;

	label(tables);
	for (i = 0; i < tables->count; i++) {
		const uint32_t seq = i * 7919 % tables->count;
		const uint8_t bytes[] = { (uint8_t)(seq >> 16), (uint8_t)(seq >> 8), (uint8_t)seq };

		put(tables, bytes, sizeof(bytes));
	}
}

/* Token number n is the character n, and a word where no name has it. */
static void put_tokens(struct tables *tables)
{
	uint64_t table = tables->expected.token_table = label(tables);
	uint16_t index[256];
	unsigned int i;

	for (i = 0; i < 256; i++) {
		char token[8] = { (char)i, '\0' };

		index[i] = (uint16_t)(tables->end - table);
		if (i < ' ' || i > '~')
			sprintf(token, "word%u", i);
		put(tables, token, strlen(token) + 1);
	}
	tables->expected.token_index = label(tables);
	put(tables, index, sizeof(index));
}

static void put_address(struct tables *tables, uint32_t index)
{
	uint64_t kvaddr = BASE + (uint64_t)STEP * index;
	int32_t offset = (int32_t)(kvaddr - BASE);

	switch (tables->order->encoding) {
	case XFDT_KALLSYMS_ABSOLUTE:
		put(tables, &kvaddr, sizeof(kvaddr));
		return;
	case XFDT_KALLSYMS_PERCPU_RELATIVE:
		offset = -1 - offset;
		break;
	case XFDT_KALLSYMS_PC_RELATIVE:
		offset = (int32_t)(kvaddr - tables->end);
		break;
	default:
		break;
	}
	put(tables, &offset, sizeof(offset));
}

static void put_addresses(struct tables *tables)
{
	const uint64_t base = BASE;
	uint32_t i;

	tables->expected.values = label(tables);
	for (i = 0; i < tables->count; i++)
		put_address(tables, i);
	tables->expected.has_addresses = tables->order->encoding == XFDT_KALLSYMS_ABSOLUTE;
	if (tables->expected.has_addresses || tables->order->encoding == XFDT_KALLSYMS_PC_RELATIVE)
		return;
	label(tables);
	put(tables, &base, sizeof(base));
	tables->expected.has_relative_base = true;
	tables->expected.relative_base = base;
}

static void tables_init_at(struct tables *tables, const struct order *order, uint32_t count,
			   uint64_t kvaddr)
{
	memset(tables, 0, sizeof(*tables));
	tables->order = order;
	tables->count = tables->expected.num_syms = count;
	tables->end = kvaddr;
	memory_init(&tables->memory);
	memory_add(&tables->memory, BASE, SEGMENT);
	if (order->addresses_first)
		put_addresses(tables);
	put_names(tables);
	if (order->addresses_first && order->seqs)
		put_seqs(tables);
	put_tokens(tables);
	if (!order->addresses_first)
		put_addresses(tables);
	if (!order->addresses_first && order->seqs)
		put_seqs(tables);
	sprintf(tables->vmcoreinfo,
		"OSRELEASE=4.18.0-test\nSYMBOL(mem_section)=ffff888000001000\n"
		"SYMBOL(prb)=%llx\nSYMBOL(nowhere)=%llx\nSYMBOL(_stext)=%llx\n",
		BASE + (uint64_t)STEP * (count - 1), BASE + 0x1234, BASE);
}

static void tables_init(struct tables *tables, const struct order *order, uint32_t count)
{
	tables_init_at(tables, order, count, TABLES);
}

static struct xfdt_error *search(struct tables *tables, struct xfdt_kallsyms *ret_kallsyms)
{
	memset(ret_kallsyms, 0x5a, sizeof(*ret_kallsyms));
	struct xfdt_vmcoreinfo info;
	struct xfdt_error *err = xfdt_vmcoreinfo_init(&info, tables->vmcoreinfo);

	if (!err)
		err = xfdt_kallsyms_search(ret_kallsyms, &tables->memory.reader, &info);
	xfdt_vmcoreinfo_deinit(&info);
	return err;
}

static void assert_found(struct tables *tables)
{
	struct xfdt_kallsyms kallsyms;

	assert_ok(search(tables, &kallsyms));
	assert_true(kallsyms.names == tables->expected.names);
	assert_true(kallsyms.token_table == tables->expected.token_table);
	assert_true(kallsyms.token_index == tables->expected.token_index);
	assert_true(kallsyms.values == tables->expected.values);
	assert_int_equal(kallsyms.num_syms, tables->expected.num_syms);
	assert_int_equal(kallsyms.has_addresses, tables->expected.has_addresses);
	assert_int_equal(kallsyms.has_relative_base, tables->expected.has_relative_base);
	assert_true(kallsyms.relative_base == tables->expected.relative_base);
}

static void assert_not_found(struct tables *tables)
{
	struct xfdt_kallsyms kallsyms, untouched;

	memset(&untouched, 0x5a, sizeof(untouched));
	assert_fails(search(tables, &kallsyms), XFDT_MISSING);
	assert_memory_equal(&kallsyms, &untouched, sizeof(kallsyms));
}

static void test_kallsyms_search__every_order_and_encoding(void **state)
{
	static const uint32_t counts[] = { 257, 258, 512, 513, 1000, 1001 };
	size_t i, n;

	for (i = 0; i < COUNT(orders); i++) {
		for (n = 0; n < COUNT(counts); n++) {
			struct tables tables;

			tables_init(&tables, orders[i], counts[n]);
			assert_found(&tables);
			memory_deinit(&tables.memory);
		}
	}
}

/* Tens of thousands of symbols, far behind _stext: not all pages before them are read. */
static void test_kallsyms_search__offsets_are_found_by_samples(void **state)
{
	size_t i;

	for (i = 0; i < COUNT(orders); i++) {
		struct tables tables;

		if (orders[i]->encoding == XFDT_KALLSYMS_ABSOLUTE)
			continue;
		tables_init_at(&tables, orders[i], 40000, BASE + 0x200000);
		assert_found(&tables);
		/* 512 pages precede the tables; before v6.2's tokens 1024 are read for its seqs */
		assert_within(tables.memory.reads, 1, orders[i] == &order_6_2 ? 1400 : 512);
		memory_deinit(&tables.memory);
	}
}

static void test_kallsyms_search__tables_may_begin_anywhere(void **state)
{
	uint64_t shift;

	for (shift = 0; shift < PAGE; shift += 200) {
		struct tables tables;

		tables_init_at(&tables, &order_6_18, 300, TABLES + shift);
		assert_found(&tables);
		memory_deinit(&tables.memory);
		tables_init_at(&tables, &order_7_0, 300, TABLES + shift);
		assert_found(&tables);
		memory_deinit(&tables.memory);
	}
}

/* Pages of text are left out, and one right before the tables is. */
static void test_kallsyms_search__missing_pages_are_passed_over(void **state)
{
	struct tables tables;

	tables_init(&tables, &order_6_18, 1000);
	tables.memory.missing = TABLES - 1;
	assert_found(&tables);
	tables.memory.missing = BASE + 1;
	assert_found(&tables);
	memory_deinit(&tables.memory);
}

static void test_kallsyms_search__digits_elsewhere_mislead_nobody(void **state)
{
	static const char run[] = "/\0000\0001\0002\0003\0004\0005\0006\0007\0008\0009\0:";
	struct tables tables;
	uint64_t kvaddr;

	tables_init(&tables, &order_6_18, 1000);
	for (kvaddr = BASE; kvaddr < TABLES - PAGE; kvaddr += sizeof(run))
		memory_put(&tables.memory, kvaddr, run, sizeof(run));
	assert_found(&tables);
	memory_deinit(&tables.memory);
}

/* The same tokens once more, as of another kernel in the image, with no names before them. */
static void test_kallsyms_search__tokens_without_names_are_passed_over(void **state)
{
	struct tables tables;
	size_t len;

	tables_init(&tables, &order_6_18, 1000);
	len = tables.expected.token_index + 512 - tables.expected.token_table;
	memory_put(&tables.memory, BASE + 0x100,
		   memory_at(&tables.memory, tables.expected.token_table, len), len);
	assert_found(&tables);
	memory_deinit(&tables.memory);
}

static void test_kallsyms_search__one_wrong_index_refuses_the_table(void **state)
{
	struct tables tables;
	uint8_t *index;

	tables_init(&tables, &order_6_18, 1000);
	index = memory_at(&tables.memory, tables.expected.token_index, 512);
	index[2 * 0xc3]++;
	assert_not_found(&tables);
	memory_deinit(&tables.memory);
}

static void test_kallsyms_search__a_symbol_elsewhere_than_vmcoreinfo_says(void **state)
{
	size_t i;

	for (i = 0; i < COUNT(orders); i++) {
		struct tables tables;

		tables_init(&tables, orders[i], 1000);
		sprintf(strstr(tables.vmcoreinfo, "SYMBOL(prb)"),
			"SYMBOL(prb)=%llx\nSYMBOL(_stext)=%llx\n", BASE + STEP * 999 + 8, BASE);
		assert_not_found(&tables);
		sprintf(strstr(tables.vmcoreinfo, "SYMBOL(prb)"),
			"SYMBOL(prb)=%llx\nSYMBOL(_stext)=%llx\n", BASE + STEP * 999, BASE + 8);
		assert_not_found(&tables);
		memory_deinit(&tables.memory);
	}
}

/* CONFIG_KALLSYMS_ALL=n: of what VMCOREINFO states, kallsyms has _stext alone */
static void test_kallsyms_search__functions_alone(void **state)
{
	struct tables tables;

	tables_init(&tables, &order_6_18, 1000);
	sprintf(tables.vmcoreinfo, "SYMBOL(prb_of_another)=%llx\nSYMBOL(_stext)=%llx\n", BASE + 8,
		BASE);
	assert_found(&tables);
	memory_deinit(&tables.memory);
}

static void test_kallsyms_search__vmcoreinfo_without_stext(void **state)
{
	struct tables tables;

	tables_init(&tables, &order_6_18, 1000);
	*strstr(tables.vmcoreinfo, "SYMBOL(_stext)") = 'X';
	assert_not_found(&tables);
	memory_deinit(&tables.memory);
}

static void test_kallsyms_search__number_of_symbols_that_markers_contradict(void **state)
{
	struct tables tables;
	uint64_t num_syms;

	tables_init(&tables, &order_6_18, 1000);
	num_syms = tables.expected.names - 8;
	memory_put_u32(&tables.memory, num_syms, 1025);
	assert_not_found(&tables);
	memory_put_u32(&tables.memory, num_syms, 768);
	assert_not_found(&tables);
	memory_deinit(&tables.memory);
}

/* An image that is all markers, and one that is all digits, end in bounded time. */
static void test_kallsyms_search__hostile_image_takes_bounded_reads(void **state)
{
	static const char run[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";
	struct tables tables;
	uint64_t kvaddr, end;

	tables_init_at(&tables, &order_6_18, 10, BASE + SEGMENT - 0x2000);
	end = tables.expected.token_table & ~7ull;
	for (kvaddr = BASE; kvaddr < end; kvaddr += 8)
		memory_put_u32(&tables.memory, kvaddr + 4, 0x200);
	assert_not_found(&tables);
	assert_within(tables.memory.reads, 1, 100000);
	tables.memory.reads = 0;
	for (kvaddr = BASE; kvaddr < end - sizeof(run); kvaddr += sizeof(run))
		memory_put(&tables.memory, kvaddr, run, sizeof(run));
	assert_not_found(&tables);
	assert_within(tables.memory.reads, 1, 100000);
	memory_deinit(&tables.memory);
}

static void test_kallsyms_search__out_of_memory_is_an_error(void **state)
{
	struct tables tables;
	long number;

	tables_init(&tables, &order_6_1, 300);
	for (number = 0;; number++) {
		struct xfdt_kallsyms kallsyms;
		struct xfdt_error *err;
		bool failed;

		alloc_watch();
		alloc_fail(number);
		err = search(&tables, &kallsyms);
		failed = alloc_has_failed();
		alloc_watch();
		if (!failed) {
			assert_ok(err);
			break;
		}
		assert_fails(err, XFDT_NO_MEMORY);
	}
	assert_within(number, 1, 5000);
	memory_deinit(&tables.memory);
}

#include "test_kallsyms_search.tests.h"
