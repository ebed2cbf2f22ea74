/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks over the kernel's page tables. */
#include "image/page_tables.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES 512u
#define ENTRY_PRESENT 1ull
#define ENTRY_USER (1ull << 2)
#define ENTRY_PWT (1ull << 3)
#define ENTRY_PCD (1ull << 4)
#define ENTRY_ACCESSED (1ull << 5)
#define ENTRY_LARGE (1ull << 7)	     /* PS; in the lowest table PAT */
#define ENTRY_LARGE_PAT (1ull << 12) /* of a large page */
#define ENTRY_ADDRESS 0x000ffffffffff000ull
#define LEVEL_LARGE 3		    /* up to this level, an entry may map a page itself */
#define LOW_END (4ull << GIB_SHIFT) /* below, firmware has memory of its own */
#define GIB_SHIFT 30
#define GIB (1ull << GIB_SHIFT)
#define TIB_SHIFT 40
/* VMALLOC_SIZE_TB_L4 and _L5 (Linux: arch/x86/include/asm/pgtable_64_types.h) */
#define VMALLOC_TIB_4_LEVELS 32ull
#define VMALLOC_TIB_5_LEVELS 12800ull
#define FIRST_SLOTS 256u /* of the set of tables, a power of two */

bool xfdt_page_root_find(const struct xfdt_vmcoreinfo *vmcoreinfo, struct xfdt_page_root *ret_root)
{
	uint64_t root, phys_base, five_levels = 0, sme_mask = 0;

	/* SYMBOL(swapper_pg_dir) is init_top_pgt on x86-64 */
	if ((!xfdt_vmcoreinfo_symbol(vmcoreinfo, "init_top_pgt", &root) &&
	     !xfdt_vmcoreinfo_symbol(vmcoreinfo, "swapper_pg_dir", &root)) ||
	    !xfdt_vmcoreinfo_number(vmcoreinfo, "phys_base", &phys_base) ||
	    root < XFDT_KERNEL_MAP || (root + phys_base) % XFDT_PAGE_SIZE)
		return false;
	xfdt_vmcoreinfo_number(vmcoreinfo, "pgtable_l5_enabled", &five_levels);
	xfdt_vmcoreinfo_number(vmcoreinfo, "sme_mask", &sme_mask);
	*ret_root = (struct xfdt_page_root){
		.paddr = root - XFDT_KERNEL_MAP + phys_base,
		.levels = five_levels ? 5 : 4,
		.sme_mask = sme_mask,
	};
	return true;
}

void xfdt_page_tables_init(struct xfdt_page_tables *tables, struct xfdt_reader *reader,
			   const struct xfdt_page_root *root)
{
	*tables = (struct xfdt_page_tables){ .reader = reader, .root = *root };
}

void xfdt_page_tables_deinit(struct xfdt_page_tables *tables)
{
	xfdt_error_free(tables->why);
	tables->why = NULL;
}

/* How far an entry at @level reaches; the lowest is 1. */
static unsigned int level_shift(unsigned int level)
{
	return 12 + 9 * (level - 1);
}

/* The kvaddr of the top-level table's first entry: canonical, all bits above are the highest one. */
static uint64_t top_kvaddr(const struct xfdt_page_tables *tables)
{
	return ~0ull << (level_shift(tables->root.levels) + 9);
}

static bool is_page(uint64_t entry, unsigned int level)
{
	return level == 1 || (level <= LEVEL_LARGE && entry & ENTRY_LARGE);
}

static uint64_t address_of(const struct xfdt_page_root *root, uint64_t entry)
{
	return entry & ENTRY_ADDRESS & ~root->sme_mask;
}

/*
 * Is @entry one that Linux does not store in vmalloc()'s range?  It stores 0 to unmap, and sets ACCESSED in what it
 * maps (Linux: mm/vmalloc.c, arch/x86/include/asm/pgtable_types.h).  U/S is set in the entry of a table (_PAGE_TABLE),
 * not of a large page.  The CPU refuses PS in the two tables at the top, and a large page with an address inside of one
 * (Intel SDM volume 3, section 4.5.4).
 */
static bool is_damaged(const struct xfdt_page_tables *tables, uint64_t entry, unsigned int level)
{
	uint64_t below = (1ull << level_shift(level)) - 1;

	if (!(entry & ENTRY_PRESENT))
		return entry;
	if (!(entry & ENTRY_ACCESSED) || (level > LEVEL_LARGE && entry & ENTRY_LARGE))
		return true;
	return level > 1 && is_page(entry, level) &&
	       (entry & ENTRY_USER || address_of(&tables->root, entry) & below & ~ENTRY_LARGE_PAT);
}

/* Read the table at @paddr; *@ret_there is false if that cannot be done, and @tables says why. */
static struct xfdt_error *read_table(struct xfdt_page_tables *tables, uint64_t paddr,
				     uint64_t entries[ENTRIES], bool *ret_there)
{
	struct xfdt_error *err;

	*ret_there = false;
	if (tables->read + tables->unreadable >= XFDT_PAGE_TABLES_MAX) {
		tables->limited = true;
		return NULL;
	}
	err = xfdt_reader_read_physical(tables->reader, paddr, entries, ENTRIES * sizeof(*entries));
	if (err && xfdt_error_code(err) == XFDT_NO_MEMORY)
		return err;
	*ret_there = !err;
	if (!err) {
		tables->read++;
		return NULL;
	}
	tables->unreadable++;
	tables->why = xfdt_error_first(tables->why, err);
	return NULL;
}

bool xfdt_page_root_translate(const struct xfdt_page_root *root, struct xfdt_reader *reader,
			      uint64_t kvaddr, uint64_t *ret_paddr)
{
	uint64_t table = root->paddr;
	unsigned int level;

	/* an entry of the lowest level is a page's */
	for (level = root->levels;; level--) {
		uint64_t size = 1ull << level_shift(level), entry;
		struct xfdt_error *err =
			xfdt_reader_read_physical(reader,
						  table + kvaddr / size % ENTRIES * sizeof(entry),
						  &entry, sizeof(entry));

		if (err || !(entry & ENTRY_PRESENT)) {
			xfdt_error_free(err);
			return false;
		}
		table = address_of(root, entry);
		if (is_page(entry, level)) {
			*ret_paddr = (table & ~(size - 1)) | (kvaddr & (size - 1));
			return true;
		}
	}
}

/* vmalloc()'s range */

struct mapping {
	bool found;
	uint64_t kvaddr, paddr;
};

/*
 * Is @kvaddr in the region of the direct mapping?  That is whole TiB, and no other region
 * begins right behind it (Linux: arch/x86/mm/kaslr.c, kernel_randomize_memory()).
 */
static bool is_direct(const struct xfdt_page_tables *tables, uint64_t kvaddr)
{
	uint64_t paddr = kvaddr - tables->direct_base;

	return paddr == tables->direct_end ||
	       paddr >> TIB_SHIFT <= (tables->direct_end - 1) >> TIB_SHIFT;
}

/* An entry that is not 0 and not present: only the direct mapping may have one, of pages that are removed from it. */
static bool hides_mapping(const struct xfdt_page_tables *tables, uint64_t entry, unsigned int level,
			  uint64_t kvaddr)
{
	return entry && (level > LEVEL_LARGE || (tables->direct_end && !is_direct(tables, kvaddr)));
}

/*
 * The first mapping at or behind @from, of any size, in the table at @paddr,
 * whose first entry maps @base.
 */
static struct xfdt_error *find_mapping(struct xfdt_page_tables *tables, uint64_t paddr,
				       unsigned int level, uint64_t base, uint64_t from,
				       struct mapping *mapping)
{
	unsigned int shift = level_shift(level), i;
	uint64_t entries[ENTRIES];
	struct xfdt_error *err;
	bool there;

	err = read_table(tables, paddr, entries, &there);
	if (err || !there)
		return err;
	i = from > base ? (unsigned int)((from - base) >> shift) : 0;
	for (; !err && !mapping->found && !tables->limited && i < ENTRIES; i++) {
		uint64_t kvaddr = base + ((uint64_t)i << shift);

		if (!(entries[i] & ENTRY_PRESENT)) {
			tables->damaged |= hides_mapping(tables, entries[i], level, kvaddr);
			continue;
		}
		if (!is_page(entries[i], level)) {
			err = find_mapping(tables, address_of(&tables->root, entries[i]), level - 1,
					   kvaddr, from, mapping);
			continue;
		}
		*mapping = (struct mapping){
			.found = true,
			.kvaddr = kvaddr,
			.paddr = address_of(&tables->root, entries[i]) & (~0ull << shift),
		};
	}
	return err;
}

static struct xfdt_error *mapping_behind(struct xfdt_page_tables *tables, uint64_t from,
					 struct mapping *ret_mapping)
{
	*ret_mapping = (struct mapping){ .found = false };
	return find_mapping(tables, tables->root.paddr, tables->root.levels, top_kvaddr(tables),
			    from, ret_mapping);
}

/* The first GiB behind @first, a mapping in the direct mapping, that begins with no such mapping. */
static struct xfdt_error *end_of_direct_mapping(struct xfdt_page_tables *tables,
						const struct mapping *first, uint64_t *ret_end)
{
	/* the kernel's image is not in it, and nothing of it lies behind what is not in it */
	uint64_t in = first->kvaddr >> GIB_SHIFT, out = XFDT_KERNEL_MAP >> GIB_SHIFT;

	while (out - in > 1) {
		uint64_t middle = in + (out - in) / 2;
		struct mapping mapping;
		struct xfdt_error *err = mapping_behind(tables, middle << GIB_SHIFT, &mapping);

		if (err)
			return err;
		if (mapping.found && mapping.kvaddr - mapping.paddr == first->kvaddr - first->paddr)
			in = middle;
		else
			out = middle;
	}
	*ret_end = out << GIB_SHIFT;
	tables->direct_base = first->kvaddr - first->paddr;
	tables->direct_end = *ret_end - tables->direct_base;
	return NULL;
}

struct xfdt_error *xfdt_page_tables_vmalloc(struct xfdt_page_tables *tables, uint64_t *ret_from,
					    uint64_t *ret_to)
{
	unsigned int levels = tables->root.levels;
	uint64_t half = top_kvaddr(tables) + (ENTRIES / 2ull << level_shift(levels)), end = 0, size;
	struct mapping mapping, next = { .found = false };
	struct xfdt_error *err;

	err = mapping_behind(tables, half, &mapping);
	if (err)
		return err;
	/* it maps physical memory from the first page on, from a whole GiB on */
	if (!mapping.found || mapping.kvaddr >= XFDT_KERNEL_MAP || mapping.paddr >= GIB ||
	    (mapping.kvaddr - mapping.paddr) % GIB)
		return xfdt_error_new(
			XFDT_MISSING, 0,
			"the kernel's page tables do not begin with the direct mapping");
	err = end_of_direct_mapping(tables, &mapping, &end);
	if (!err)
		err = mapping_behind(tables, end, &mapping);
	if (err)
		return err;
	if (!mapping.found || mapping.kvaddr >= XFDT_KERNEL_MAP)
		return xfdt_error_new(XFDT_MISSING, 0,
				      "the kernel's page tables map nothing of vmalloc()'s");
	size = (levels == 5 ? VMALLOC_TIB_5_LEVELS : VMALLOC_TIB_4_LEVELS) << TIB_SHIFT;
	/* behind an entry that is damaged the direct mapping goes on */
	err = mapping_behind(tables, (mapping.kvaddr | (GIB - 1)) + 1, &next);
	if (err)
		return err;
	tables->damaged |= is_direct(tables, mapping.kvaddr) ||
			   (next.found && next.kvaddr - next.paddr == tables->direct_base);
	*ret_from = mapping.kvaddr & ~(GIB - 1);
	*ret_to = XFDT_KERNEL_MAP - *ret_from > size ? *ret_from + size : XFDT_KERNEL_MAP;
	return NULL;
}

/* runs */

/* The tables that a walk visited, by paddr: open addressing, 0 for a free slot. */
struct table_set {
	uint64_t *slots;
	size_t size, count; /* @size is a power of two */
};

struct walk {
	struct xfdt_page_tables *tables;
	uint64_t from, to;
	xfdt_page_run_visit *visit;
	void *context;
	struct table_set visited;
	struct xfdt_page_run run; /* so far; of no pages: none */
	bool cut;		  /* a table right before this place could not be read */
};

static uint64_t *slot_of(const struct table_set *set, uint64_t key)
{
	size_t i = key * 0x9e3779b97f4a7c15ull >> 20 & (set->size - 1);

	while (set->slots[i] && set->slots[i] != key)
		i = (i + 1) & (set->size - 1);
	return &set->slots[i];
}

static bool grow_set(struct table_set *set)
{
	struct table_set grown = { .size = set->size ? 2 * set->size : FIRST_SLOTS };
	size_t i;

	grown.slots = calloc(grown.size, sizeof(*grown.slots));
	if (!grown.slots)
		return false;
	for (i = 0; i < set->size; i++)
		if (set->slots[i])
			*slot_of(&grown, set->slots[i]) = set->slots[i];
	free(set->slots);
	grown.count = set->count;
	*set = grown;
	return true;
}

/* Is the table at @paddr a new one?  Take it into the set. */
static struct xfdt_error *add_table(struct table_set *set, uint64_t paddr, bool *ret_new)
{
	uint64_t key = paddr | 1, *slot;

	if (2 * set->count >= set->size && !grow_set(set))
		return xfdt_no_memory("a set of page tables");
	slot = slot_of(set, key);
	*ret_new = !*slot;
	set->count += !*slot;
	*slot = key;
	return NULL;
}

/* Nothing more belongs to the run so far. */
static struct xfdt_error *end_run(struct walk *walk)
{
	struct xfdt_page_run run = walk->run;

	walk->run.pages = 0;
	walk->cut = false;
	return run.pages ? walk->visit(walk->context, &run) : NULL;
}

/* Is the page cached as memory is, but behind all memory that the direct mapping has? */
static bool is_behind_memory(const struct xfdt_page_tables *tables, uint64_t entry)
{
	uint64_t paddr = address_of(&tables->root, entry);

	return !(entry & (ENTRY_PWT | ENTRY_PCD | ENTRY_LARGE)) && tables->direct_end &&
	       paddr >= tables->direct_end && paddr >= LOW_END;
}

static void add_page(struct walk *walk, uint64_t kvaddr, uint64_t entry)
{
	if (!walk->run.pages)
		walk->run = (struct xfdt_page_run){
			.kvaddr = kvaddr,
			.paddr = address_of(&walk->tables->root, entry),
			.cut = walk->cut,
			.behind_memory = is_behind_memory(walk->tables, entry),
		};
	walk->run.pages++;
}

/* Nothing is known of what would be mapped here. */
static struct xfdt_error *cut_run(struct walk *walk)
{
	struct xfdt_error *err;

	walk->run.cut = true;
	err = end_run(walk);
	walk->cut = true;
	return err;
}

static struct xfdt_error *walk_table(struct walk *walk, uint64_t paddr, unsigned int level,
				     uint64_t base);

static struct xfdt_error *walk_entry(struct walk *walk, uint64_t entry, unsigned int level,
				     uint64_t kvaddr)
{
	if (!entry)
		return end_run(walk);
	if (is_damaged(walk->tables, entry, level)) {
		walk->tables->damaged = true;
		return cut_run(walk);
	}
	if (level == 1) {
		add_page(walk, kvaddr, entry);
		return NULL;
	}
	if (is_page(entry, level))
		return end_run(walk);
	return walk_table(walk, address_of(&walk->tables->root, entry), level - 1, kvaddr);
}

/* The table at @paddr, whose first entry maps @base; at most five calls deep. */
static struct xfdt_error *walk_table(struct walk *walk, uint64_t paddr, unsigned int level,
				     uint64_t base)
{
	unsigned int shift = level_shift(level), i;
	uint64_t entries[ENTRIES];
	struct xfdt_error *err;
	bool new, there;

	err = add_table(&walk->visited, paddr, &new);
	if (!err && !new) {
		walk->tables->damaged = true;
		return cut_run(walk);
	}
	if (!err)
		err = read_table(walk->tables, paddr, entries, &there);
	if (!err && !there)
		return cut_run(walk);
	i = walk->from > base ? (unsigned int)((walk->from - base) >> shift) : 0;
	for (; !err && !walk->tables->limited && i < ENTRIES; i++) {
		uint64_t kvaddr = base + ((uint64_t)i << shift);

		if (kvaddr >= walk->to)
			break;
		err = walk_entry(walk, entries[i], level, kvaddr);
	}
	return err;
}

struct xfdt_error *xfdt_page_tables_walk(struct xfdt_page_tables *tables, uint64_t from,
					 uint64_t to, xfdt_page_run_visit *visit, void *context)
{
	struct walk walk = {
		.tables = tables,
		.from = from,
		.to = to,
		.visit = visit,
		.context = context,
	};
	struct xfdt_error *err;

	err = walk_table(&walk, tables->root.paddr, tables->root.levels, top_kvaddr(tables));
	if (!err)
		err = end_run(&walk);
	free(walk.visited.slots);
	return err;
}
