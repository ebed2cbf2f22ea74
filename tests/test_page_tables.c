/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks over page tables made by hand, also over hostile ones. */
#include "unit.h"
#include "image/page_tables.h"

#include <stdio.h>
#include <string.h>

#define ROOT 0x1000ull /* physical, as are all tables: one a page */
#define TABLES 128
#define PRESENT 0x63ull
#define LARGE 0x80ull
#define DIRECT_MAP 0xffff888000000000ull
#define DIRECT_MAP_5 0xff11000000000000ull
#define VMALLOC 0xffffc90000000000ull
#define VMALLOC_5 0xffa0000000000000ull
#define KERNEL_IMAGE 0xffffffff81000000ull
#define MIB2 0x200000ull
#define GIB 0x40000000ull
#define TIB (1024 * GIB)
#define RUNS 64

struct fixture {
	struct xfdt_reader reader;
	uint64_t tables[TABLES][512];
	size_t count;
	uint64_t missing; /* the table at this paddr cannot be read */
	enum xfdt_code code;
	unsigned int levels;
	uint64_t mark; /* in each entry */
	struct xfdt_page_tables walked;
};

static struct xfdt_error *read_table(struct xfdt_reader *reader, uint64_t paddr, void *buf,
				     size_t len)
{
	struct fixture *fixture = (struct fixture *)reader;
	size_t index = paddr / 4096 - ROOT / 4096;

	assert_int_equal(paddr % 4096, 0);
	assert_int_equal(len, 4096);
	if (fixture->missing && paddr == fixture->missing)
		return xfdt_error_new(fixture->code, 0, "the table is missing");
	if (index >= fixture->count)
		return xfdt_page_left_out(paddr);
	memcpy(buf, fixture->tables[index], len);
	return NULL;
}

static void setup(struct fixture *fixture, unsigned int levels)
{
	const struct xfdt_page_root root = { .paddr = ROOT, .levels = levels };

	memset(fixture, 0, sizeof(*fixture));
	fixture->reader.read_physical = read_table;
	fixture->count = 1;
	fixture->levels = levels;
	xfdt_page_tables_init(&fixture->walked, &fixture->reader, &root);
}

static void teardown(struct fixture *fixture)
{
	xfdt_page_tables_deinit(&fixture->walked);
}

/* The entry at @level (1: the lowest) for @kvaddr, with the tables above it. */
static uint64_t *entry_of(struct fixture *fixture, uint64_t kvaddr, unsigned int level)
{
	size_t table = 0;
	unsigned int at;

	for (at = fixture->levels; at > level; at--) {
		uint64_t *entry = &fixture->tables[table][kvaddr >> (12 + 9 * (at - 1)) & 511];

		if (!*entry) {
			assert_true(fixture->count < TABLES);
			*entry = (ROOT + 4096 * fixture->count++) | PRESENT | fixture->mark;
		}
		table = ((*entry & ~fixture->mark & ~0xfffull) - ROOT) / 4096;
	}
	return &fixture->tables[table][kvaddr >> (12 + 9 * (level - 1)) & 511];
}

static void map(struct fixture *fixture, uint64_t kvaddr, unsigned int level, uint64_t paddr)
{
	*entry_of(fixture, kvaddr, level) = paddr | PRESENT | (level > 1 ? LARGE : 0) |
					    fixture->mark;
}

static void map_pages(struct fixture *fixture, uint64_t kvaddr, size_t pages, uint64_t paddr)
{
	for (; pages--; kvaddr += 4096, paddr += 4096)
		map(fixture, kvaddr, 1, paddr);
}

/* A direct mapping of 5 GiB with a hole, vmalloc's area, and the kernel's image. */
static void map_kernel(struct fixture *fixture, uint64_t direct_map, uint64_t vmalloc)
{
	map_pages(fixture, direct_map, 2, 0);
	map(fixture, direct_map + MIB2, 2, MIB2);
	map(fixture, direct_map + GIB, 3, GIB);
	map(fixture, direct_map + 4 * GIB, 3, 4 * GIB);
	map_pages(fixture, vmalloc, 1, 0x7000000);
	map(fixture, KERNEL_IMAGE, 2, 0x1000000);
}

struct seen {
	struct xfdt_page_run runs[RUNS];
	size_t count;
	size_t stop_at; /* fail at this visit; 0: never */
};

static struct xfdt_error *note_run(void *context, const struct xfdt_page_run *run)
{
	struct seen *seen = context;

	assert_true(run->pages > 0);
	if (seen->count < RUNS)
		seen->runs[seen->count] = *run;
	seen->count++;
	return seen->count == seen->stop_at ? xfdt_error_new(XFDT_LIMIT, 0, "stop") : NULL;
}

static void walk(struct fixture *fixture, uint64_t from, uint64_t to, struct seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	assert_ok(xfdt_page_tables_walk(&fixture->walked, from, to, note_run, seen));
}

static void assert_run(const struct seen *seen, size_t i, uint64_t kvaddr, uint64_t pages,
		       uint64_t paddr)
{
	assert_true(i < seen->count);
	assert_true(seen->runs[i].kvaddr == kvaddr);
	assert_true(seen->runs[i].pages == pages);
	assert_true(seen->runs[i].paddr == paddr);
}

/* the root */

static bool find_root(const char *text, struct xfdt_page_root *root)
{
	struct xfdt_vmcoreinfo info;
	bool found;

	assert_ok(xfdt_vmcoreinfo_init(&info, text));
	found = xfdt_page_root_find(&info, root);
	xfdt_vmcoreinfo_deinit(&info);
	return found;
}

static void test_page_tables__root_by_vmcoreinfo(void **state)
{
	struct xfdt_page_root root = { .levels = 99 };

	assert_false(find_root(NULL, &root));
	assert_false(find_root("OSRELEASE=6.1\n", &root));
	assert_false(find_root("SYMBOL(init_top_pgt)=ffffffff82000000\n", &root));
	/* not in the kernel's image, or not a page */
	assert_false(
		find_root("SYMBOL(init_top_pgt)=ffff888002000000\nNUMBER(phys_base)=0\n", &root));
	assert_false(
		find_root("SYMBOL(init_top_pgt)=ffffffff82000008\nNUMBER(phys_base)=0\n", &root));
	assert_false(
		find_root("SYMBOL(init_top_pgt)=ffffffff82000000\nNUMBER(phys_base)=8\n", &root));
	assert_int_equal(root.levels, 99);
	assert_true(find_root("SYMBOL(init_top_pgt)=ffffffff82000000\nNUMBER(phys_base)=16777216\n",
			      &root));
	assert_true(root.paddr == 0x3000000 && root.levels == 4 && !root.sme_mask);
	assert_true(
		find_root("SYMBOL(swapper_pg_dir)=ffffffff82000000\nNUMBER(phys_base)=-16777216\n"
			  "NUMBER(pgtable_l5_enabled)=1\nNUMBER(sme_mask)=140737488355328\n",
			  &root));
	assert_true(root.paddr == 0x1000000 && root.levels == 5 && root.sme_mask == 1ull << 47);
}

/* vmalloc's range */

static void test_page_tables__vmalloc_is_behind_the_direct_mapping(void **state)
{
	static struct fixture fixture;
	uint64_t from, to;

	setup(&fixture, 4);
	map_kernel(&fixture, DIRECT_MAP, VMALLOC);
	assert_ok(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to));
	assert_true(from == VMALLOC);
	assert_true(to == VMALLOC + (32ull << 40));
	assert_false(fixture.walked.unreadable || fixture.walked.limited);
	teardown(&fixture);
}

/* KASLR puts regions at any GiB, also two of them below one entry of the top-level table */
static void test_page_tables__vmalloc_at_any_gib(void **state)
{
	static struct fixture fixture;
	uint64_t from, to, gib;

	for (gib = 6; gib < 1030; gib += 93) {
		setup(&fixture, 4);
		map_kernel(&fixture, DIRECT_MAP + 77 * GIB, DIRECT_MAP + (77 + gib) * GIB);
		map(&fixture, DIRECT_MAP + (2000 + gib) * GIB, 2, 0x5000000);
		assert_ok(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to));
		assert_true(from == DIRECT_MAP + (77 + gib) * GIB);
		teardown(&fixture);
	}
}

static void test_page_tables__vmalloc_with_five_levels(void **state)
{
	static struct fixture fixture;
	uint64_t from, to;

	setup(&fixture, 5);
	map_kernel(&fixture, DIRECT_MAP_5, VMALLOC_5);
	assert_ok(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to));
	assert_true(from == VMALLOC_5);
	assert_true(to == VMALLOC_5 + (12800ull << 40));
	teardown(&fixture);
}

static void test_page_tables__vmalloc_of_an_encrypted_host(void **state)
{
	static struct fixture fixture;
	struct seen seen;
	uint64_t from, to;

	setup(&fixture, 4);
	fixture.mark = 1ull << 47;
	fixture.walked.root.sme_mask = 1ull << 47;
	map_kernel(&fixture, DIRECT_MAP, VMALLOC);
	assert_ok(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to));
	assert_true(from == VMALLOC);
	walk(&fixture, from, to, &seen);
	assert_int_equal(seen.count, 1);
	assert_run(&seen, 0, VMALLOC, 1, 0x7000000);
	teardown(&fixture);
}

static void test_page_tables__no_direct_mapping(void **state)
{
	static struct fixture fixture;
	uint64_t from = 99, to = 99;

	/* nothing; the image alone; what is not where a direct mapping can be; no vmalloc */
	setup(&fixture, 4);
	assert_fails(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to), XFDT_MISSING);
	map(&fixture, KERNEL_IMAGE, 2, 0x1000000);
	assert_fails(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to), XFDT_MISSING);
	map(&fixture, DIRECT_MAP, 2, MIB2);
	assert_fails(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to), XFDT_MISSING);
	map(&fixture, DIRECT_MAP, 2, GIB);
	assert_fails(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to), XFDT_MISSING);
	map(&fixture, DIRECT_MAP, 2, 0);
	assert_fails(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to), XFDT_MISSING);
	assert_true(from == 99 && to == 99);
	teardown(&fixture);
}

/* runs */

static void test_page_tables__runs_end_where_nothing_is_mapped(void **state)
{
	static struct fixture fixture;
	struct seen seen;

	setup(&fixture, 4);
	map_pages(&fixture, VMALLOC, 1, 0x10000);
	map_pages(&fixture, VMALLOC + 0x3000, 3, 0x20000);
	/* physical pages need not be in order */
	map(&fixture, VMALLOC + 0x8000, 1, 0x90000);
	map(&fixture, VMALLOC + 0x9000, 1, 0x30000);
	walk(&fixture, VMALLOC, VMALLOC + GIB, &seen);
	assert_int_equal(seen.count, 3);
	assert_run(&seen, 0, VMALLOC, 1, 0x10000);
	assert_run(&seen, 1, VMALLOC + 0x3000, 3, 0x20000);
	assert_run(&seen, 2, VMALLOC + 0x8000, 2, 0x90000);
	assert_false(seen.runs[0].cut || seen.runs[1].cut || seen.runs[2].cut);
	assert_int_equal(fixture.walked.read, 4);
	teardown(&fixture);
}

static void test_page_tables__runs_cross_tables(void **state)
{
	static struct fixture fixture;
	struct seen seen;

	setup(&fixture, 4);
	map_pages(&fixture, VMALLOC + MIB2 - 0x1000, 3, 0x10000);
	/* and those of all levels */
	map_pages(&fixture, VMALLOC + 512 * GIB - 0x2000, 4, 0x20000);
	walk(&fixture, VMALLOC, VMALLOC + 1024 * GIB, &seen);
	assert_int_equal(seen.count, 2);
	assert_run(&seen, 0, VMALLOC + MIB2 - 0x1000, 3, 0x10000);
	assert_run(&seen, 1, VMALLOC + 512 * GIB - 0x2000, 4, 0x20000);
	teardown(&fixture);
}

static void test_page_tables__runs_end_at_large_pages(void **state)
{
	static struct fixture fixture;
	struct seen seen;

	setup(&fixture, 4);
	map_pages(&fixture, VMALLOC + MIB2 - 0x1000, 1, 0x10000);
	map(&fixture, VMALLOC + MIB2, 2, 0x400000);
	map_pages(&fixture, VMALLOC + 2 * MIB2, 2, 0x20000);
	map_pages(&fixture, VMALLOC + GIB - 0x1000, 1, 0x30000);
	map(&fixture, VMALLOC + GIB, 3, GIB);
	map_pages(&fixture, VMALLOC + 2 * GIB, 1, 0x40000);
	walk(&fixture, VMALLOC, VMALLOC + 4 * GIB, &seen);
	assert_int_equal(seen.count, 4);
	assert_run(&seen, 0, VMALLOC + MIB2 - 0x1000, 1, 0x10000);
	assert_run(&seen, 1, VMALLOC + 2 * MIB2, 2, 0x20000);
	assert_run(&seen, 2, VMALLOC + GIB - 0x1000, 1, 0x30000);
	assert_run(&seen, 3, VMALLOC + 2 * GIB, 1, 0x40000);
	teardown(&fixture);
}

static void test_page_tables__only_the_range(void **state)
{
	static struct fixture fixture;
	struct seen seen;

	setup(&fixture, 5);
	map_pages(&fixture, VMALLOC_5 - 0x1000, 1, 0x10000);
	map_pages(&fixture, VMALLOC_5 + 0x4000, 1, 0x20000);
	map_pages(&fixture, VMALLOC_5 + GIB - 0x1000, 4, 0x30000);
	walk(&fixture, VMALLOC_5, VMALLOC_5 + GIB, &seen);
	assert_int_equal(seen.count, 2);
	assert_run(&seen, 0, VMALLOC_5 + 0x4000, 1, 0x20000);
	assert_run(&seen, 1, VMALLOC_5 + GIB - 0x1000, 1, 0x30000);
	teardown(&fixture);
}

/* espfix maps one page table 65,536 times; in vmalloc()'s range no table is mapped twice */
static void test_page_tables__shared_tables_are_read_once(void **state)
{
	static struct fixture fixture;
	struct seen seen;
	size_t i;

	setup(&fixture, 4);
	map_pages(&fixture, VMALLOC, 1, 0x10000);
	for (i = 1; i < 512; i++)
		*entry_of(&fixture, VMALLOC + i * MIB2, 2) = *entry_of(&fixture, VMALLOC, 2);
	for (i = 1; i < 512; i++)
		*entry_of(&fixture, VMALLOC + i * GIB, 3) = *entry_of(&fixture, VMALLOC, 3);
	walk(&fixture, VMALLOC, VMALLOC + 512 * GIB, &seen);
	assert_int_equal(seen.count, 1);
	assert_int_equal(fixture.walked.read, 4);
	assert_true(fixture.walked.damaged);
	teardown(&fixture);
}

/* each hides a mapping, or makes a run of it longer */
static void test_page_tables__entries_that_linux_does_not_store(void **state)
{
	static const struct {
		unsigned int level;
		uint64_t changed; /* bits of the entry */
	} cases[] = {
		{ 1, 1 },							    /* present */
		{ 2, 1 },     { 3, 1 },	    { 4, 1 }, { 1, 1 << 5 }, { 2, 1 << 5 }, /* accessed */
		{ 4, LARGE }, { 2, LARGE }, /* with the address of a table */
		{ 3, LARGE },
	};
	static struct fixture fixture;
	struct seen seen;
	uint64_t *entry;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup(&fixture, 4);
		map_pages(&fixture, VMALLOC, 3, 0x10000);
		*entry_of(&fixture, VMALLOC, cases[i].level) ^= cases[i].changed;
		walk(&fixture, VMALLOC, VMALLOC + GIB, &seen);
		assert_true(fixture.walked.damaged);
		assert_int_equal(seen.count, cases[i].level == 1);
		teardown(&fixture);
	}
	/* a bit in the entry of a guard page */
	for (i = 0; i < 52; i++) {
		setup(&fixture, 4);
		map_pages(&fixture, VMALLOC, 3, 0x10000);
		entry = entry_of(&fixture, VMALLOC + 0x3000, 1);
		*entry = 1ull << i;
		walk(&fixture, VMALLOC, VMALLOC + GIB, &seen);
		assert_true(fixture.walked.damaged);
		assert_int_equal(seen.count, 1);
		assert_run(&seen, 0, VMALLOC, 3, 0x10000);
		assert_true(seen.runs[0].cut);
		teardown(&fixture);
	}
	/* PAT of a large page is no part of its address */
	setup(&fixture, 4);
	map(&fixture, VMALLOC, 2, MIB2 | 0x1000);
	walk(&fixture, VMALLOC, VMALLOC + GIB, &seen);
	assert_false(fixture.walked.damaged);
	teardown(&fixture);
	/* PS in the entry of a table whose address is that of a large page, too: tables are the user's */
	setup(&fixture, 4);
	map(&fixture, VMALLOC, 2, MIB2 | 4);
	walk(&fixture, VMALLOC, VMALLOC + GIB, &seen);
	assert_true(fixture.walked.damaged);
	teardown(&fixture);
}

/* One damaged entry of the direct mapping, and it seems to end there: what follows is not vmalloc()'s. */
static void test_page_tables__range_in_the_direct_mapping(void **state)
{
	static struct fixture fixture;
	static const unsigned int bits[] = { 0, 7, 12, 30, 33, 38, 45, 51 };
	size_t i, b, damaged = 0;
	uint64_t from, to;
	struct seen seen;

	setup(&fixture, 4);
	map_kernel(&fixture, DIRECT_MAP, VMALLOC);
	for (i = 1; i < 512; i++)
		map(&fixture, DIRECT_MAP + i * GIB, 3, i * GIB);
	for (i = 0; i < 512 * sizeof(bits) / sizeof(bits[0]); i++) {
		uint64_t *entry = entry_of(&fixture, DIRECT_MAP + i % 512 * GIB, 3);
		struct xfdt_error *err;

		b = i / 512;
		fixture.walked.read = fixture.walked.unreadable = 0;
		fixture.walked.damaged = false;
		*entry ^= 1ull << bits[b];
		err = xfdt_page_tables_vmalloc(&fixture.walked, &from, &to);
		if (!err) {
			walk(&fixture, from, to, &seen);
			damaged += fixture.walked.damaged;
			/* the one page of vmalloc()'s, or damage */
			assert_true(seen.count == 1 || fixture.walked.damaged ||
				    fixture.walked.unreadable);
		}
		xfdt_error_free(err);
		*entry ^= 1ull << bits[b];
	}
	assert_true(damaged > 0);
	teardown(&fixture);
}

/* The same where a whole TiB ends, and what is damaged is an entry that the search for the end looks at. */
static void test_page_tables__range_in_the_direct_mapping_at_a_tib(void **state)
{
	const uint64_t direct = DIRECT_MAP + 56830 * GIB, vmalloc = direct + 40 * TIB;
	static struct fixture fixture;
	uint64_t from, to, *entry;
	struct seen seen;
	size_t i;

	setup(&fixture, 4);
	map_kernel(&fixture, direct, vmalloc);
	for (i = 1; i < 2 * 1024; i++)
		map(&fixture, direct + i * GIB, 3, i * GIB);
	entry = entry_of(&fixture, direct + TIB, 3);
	*entry ^= GIB;
	assert_ok(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to));
	walk(&fixture, from, to, &seen);
	assert_true(from == direct + TIB && !seen.count);
	assert_true(fixture.walked.damaged);
	teardown(&fixture);

	/* the direct mapping is whole TiB: vmalloc()'s range begins at least 1 GiB behind it (Linux: arch/x86/mm/kaslr.c) */
	setup(&fixture, 4);
	map_kernel(&fixture, direct, direct + TIB + GIB);
	for (i = 1; i < 1024; i++)
		map(&fixture, direct + i * GIB, 3, i * GIB);
	assert_ok(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to));
	walk(&fixture, from, to, &seen);
	assert_true(from == direct + TIB + GIB && seen.count == 1);
	assert_false(fixture.walked.damaged);
	teardown(&fixture);
}

/* The same where the entry is the first behind a hole of the direct mapping that crosses a whole TiB. */
static void test_page_tables__range_in_the_direct_mapping_behind_a_hole(void **state)
{
	const uint64_t direct = DIRECT_MAP + 56830 * GIB, vmalloc = direct + 40 * TIB;
	static struct fixture fixture;
	uint64_t from, to;
	struct seen seen;
	size_t i;

	setup(&fixture, 4);
	map_kernel(&fixture, direct, vmalloc);
	for (i = 1; i < 512; i++) {
		map(&fixture, direct + i * GIB, 3, i * GIB);
		map(&fixture, direct + TIB + i * GIB, 3, TIB + i * GIB);
	}
	assert_ok(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to));
	walk(&fixture, from, to, &seen);
	assert_true(seen.count == 1 && !fixture.walked.damaged);
	*entry_of(&fixture, direct + TIB + GIB, 3) ^= GIB;
	assert_ok(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to));
	walk(&fixture, from, to, &seen);
	assert_true(seen.count == 1 || fixture.walked.damaged);
	teardown(&fixture);
}

/* One damaged entry at the beginning of vmalloc()'s range, and the range seems to begin behind it. */
static void test_page_tables__range_that_begins_late(void **state)
{
	static struct fixture fixture;
	struct seen seen;
	uint64_t from, to;
	unsigned int levels, level;

	for (levels = 4; levels <= 5; levels++) {
		const uint64_t direct = levels == 5 ? DIRECT_MAP_5 : DIRECT_MAP;
		const uint64_t vmalloc = levels == 5 ? VMALLOC_5 : VMALLOC;

		for (level = 1; level <= levels; level++) {
			setup(&fixture, levels);
			map_kernel(&fixture, direct, vmalloc);
			map_pages(&fixture, vmalloc + 8 * GIB, 3, 0x10000);
			*entry_of(&fixture, vmalloc, level) ^= 1;
			xfdt_error_free(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to));
			walk(&fixture, from, to, &seen);
			assert_true(fixture.walked.damaged);
			teardown(&fixture);
		}
	}
	/* in the direct mapping, pages are removed from it (Linux: mm/secretmem.c) */
	setup(&fixture, 4);
	map_kernel(&fixture, DIRECT_MAP, VMALLOC);
	*entry_of(&fixture, DIRECT_MAP + GIB, 3) ^= 1;
	*entry_of(&fixture, DIRECT_MAP + 4 * GIB, 3) ^= 1;
	assert_ok(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to));
	walk(&fixture, from, to, &seen);
	assert_false(fixture.walked.damaged);
	teardown(&fixture);
}

/* A frame behind all memory, which is cached as memory is. */
static void test_page_tables__pages_behind_memory(void **state)
{
	static const struct {
		uint64_t paddr, bits;
		bool behind;
	} cases[] = {
		{ 5 * GIB - 0x1000, 0, false }, { 5 * GIB, 0, true },
		{ 1ull << 45, 0, true },	{ 1ull << 45, 1 << 3, false },
		{ 1ull << 45, 1 << 4, false },	{ 1ull << 45, LARGE, false },
	};
	static struct fixture fixture;
	uint64_t from, to;
	struct seen seen;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup(&fixture, 4);
		map_kernel(&fixture, DIRECT_MAP, VMALLOC);
		map(&fixture, VMALLOC, 1, cases[i].paddr | cases[i].bits);
		assert_ok(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to));
		walk(&fixture, from, to, &seen);
		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.runs[0].behind_memory, cases[i].behind);
		assert_false(fixture.walked.damaged);
		teardown(&fixture);
	}
}

static void test_page_tables__tables_that_map_themselves(void **state)
{
	static struct fixture fixture;
	uint64_t from, to;
	struct seen seen;
	size_t i, levels;

	for (levels = 4; levels <= 5; levels++) {
		setup(&fixture, (unsigned int)levels);
		for (i = 0; i < 512; i++)
			fixture.tables[0][i] = ROOT | PRESENT;
		walk(&fixture, VMALLOC, VMALLOC + (32ull << 40), &seen);
		assert_int_equal(seen.count, 0);
		assert_int_equal(fixture.walked.read, 1);
		/* all of memory is one page */
		assert_fails(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to), XFDT_MISSING);
		assert_true(fixture.walked.read < 500);
		teardown(&fixture);
	}
}

static void test_page_tables__a_missing_table_cuts_its_neighbours(void **state)
{
	static struct fixture fixture;
	struct seen seen;

	setup(&fixture, 4);
	map_pages(&fixture, VMALLOC + MIB2 - 0x4000, 1, 0x10000);
	map_pages(&fixture, VMALLOC + MIB2 - 0x2000, 514, 0x20000);
	map_pages(&fixture, VMALLOC + 2 * MIB2 + 0x4000, 1, 0x30000);
	fixture.missing = *entry_of(&fixture, VMALLOC + MIB2, 2) & ~0xfffull;
	fixture.code = XFDT_EXCLUDED;
	walk(&fixture, VMALLOC, VMALLOC + GIB, &seen);
	assert_int_equal(seen.count, 3);
	assert_run(&seen, 0, VMALLOC + MIB2 - 0x4000, 1, 0x10000);
	assert_run(&seen, 1, VMALLOC + MIB2 - 0x2000, 2, 0x20000);
	assert_run(&seen, 2, VMALLOC + 2 * MIB2 + 0x4000, 1, 0x30000);
	assert_false(seen.runs[0].cut);
	assert_true(seen.runs[1].cut);
	assert_false(seen.runs[2].cut);
	assert_int_equal(fixture.walked.unreadable, 1);
	assert_string_equal(xfdt_error_message(fixture.walked.why), "the table is missing");
	/* and a run right behind it is one */
	teardown(&fixture);
	setup(&fixture, 4);
	map_pages(&fixture, VMALLOC, 513, 0x10000);
	fixture.missing = *entry_of(&fixture, VMALLOC, 2) & ~0xfffull;
	fixture.code = XFDT_CORRUPT;
	walk(&fixture, VMALLOC, VMALLOC + GIB, &seen);
	assert_int_equal(seen.count, 1);
	assert_run(&seen, 0, VMALLOC + MIB2, 1, 0x10000 + 512 * 4096);
	assert_true(seen.runs[0].cut);
	teardown(&fixture);
}

static void test_page_tables__root_cannot_be_read(void **state)
{
	static struct fixture fixture;
	uint64_t from, to;
	struct seen seen;

	setup(&fixture, 4);
	map_kernel(&fixture, DIRECT_MAP, VMALLOC);
	fixture.missing = ROOT;
	fixture.code = XFDT_TRUNCATED;
	walk(&fixture, VMALLOC, VMALLOC + GIB, &seen);
	assert_int_equal(seen.count, 0);
	assert_int_equal(fixture.walked.unreadable, 1);
	assert_fails(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to), XFDT_MISSING);
	fixture.code = XFDT_NO_MEMORY;
	assert_fails(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to), XFDT_NO_MEMORY);
	teardown(&fixture);
}

static void test_page_tables__an_error_of_the_visit_ends_it(void **state)
{
	static struct fixture fixture;
	struct seen seen = { .stop_at = 2 };

	setup(&fixture, 4);
	map_pages(&fixture, VMALLOC, 1, 0x10000);
	map_pages(&fixture, VMALLOC + 0x2000, 1, 0x10000);
	map_pages(&fixture, VMALLOC + 0x4000, 1, 0x10000);
	assert_fails(xfdt_page_tables_walk(&fixture.walked, VMALLOC, VMALLOC + GIB, note_run,
					   &seen),
		     XFDT_LIMIT);
	assert_int_equal(seen.count, 2);
	teardown(&fixture);
}

/* Every page is a table, and each of its entries leads to another one. */
static struct xfdt_error *read_endless(struct xfdt_reader *reader, uint64_t paddr, void *buf,
				       size_t len)
{
	uint64_t *entries = buf;
	size_t i;

	for (i = 0; i < len / sizeof(*entries); i++)
		entries[i] = ((paddr / 4096 * 512 + i + 1) << 12 & 0x000ffffffffff000ull) | PRESENT;
	return NULL;
}

static struct xfdt_error *read_nothing(struct xfdt_reader *reader, uint64_t paddr, void *buf,
				       size_t len)
{
	return paddr == ROOT ? read_endless(reader, paddr, buf, len) : xfdt_page_left_out(paddr);
}

static void test_page_tables__endless_tables_are_bounded(void **state)
{
	static struct fixture fixture;
	uint64_t from, to;
	struct seen seen;

	setup(&fixture, 4);
	fixture.reader.read_physical = read_endless;
	walk(&fixture, VMALLOC, VMALLOC + (32ull << 40), &seen);
	assert_true(fixture.walked.limited);
	assert_int_equal(fixture.walked.read, XFDT_PAGE_TABLES_MAX);
	/* one run, of which the end is not known */
	assert_int_equal(seen.count, 1);
	assert_true(seen.runs[0].cut);
	/* nothing is read behind the limit */
	xfdt_error_free(xfdt_page_tables_vmalloc(&fixture.walked, &from, &to));
	assert_int_equal(fixture.walked.read + fixture.walked.unreadable, XFDT_PAGE_TABLES_MAX);
	teardown(&fixture);
	setup(&fixture, 4);
	fixture.reader.read_physical = read_nothing;
	walk(&fixture, VMALLOC, VMALLOC + (32ull << 40), &seen);
	assert_int_equal(seen.count, 0);
	assert_int_equal(fixture.walked.unreadable, 64);
	teardown(&fixture);
}

#include "test_page_tables.tests.h"
