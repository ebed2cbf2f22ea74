/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Search for kallsyms (Linux: scripts/kallsyms.c, write_src()).
 *
 * The tables lie in .rodata in one of two orders, aligned to 8 bytes, from v7.0
 * on to 4:
 *
 *	addresses, num_syms, names, markers, [seqs], token_table, token_index
 *	num_syms, names, markers, token_table, token_index, addresses, [seqs]
 *
 * "addresses" are kallsyms_addresses, or kallsyms_offsets with, up to v6.19,
 * kallsyms_relative_base behind them.  The second order is that of Linux kernel
 * commit 96f814bb6845 ("scripts/kallsyms: change the output order") (in v6.4).
 * kallsyms_seqs_of_names exists since v6.2.
 *
 * Symbols have digits in their names, so each digit is a token.  The digits with
 * their NULs in a row lead to token_table; token_index, which is the offsets of
 * all 256 tokens, proves it.  The other tables are found from there, backwards.
 */
#include "symbols/kallsyms_search.h"
#include "image/page_tables.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define SEARCH_PAGES (64u << 20 >> 12)
#define HOLE_MAX 1024u /* pages; sections of the image are aligned to 512 */
#define TOKENS 256
#define TOKEN_TABLE_MAX 8192 /* it has about 1 KiB */
#define ALIGN_MAX 8u
#define GROUP 256u  /* names to a marker */
#define NAME_MIN 2u /* its length, one token */
#define NAME_MAX (2u + 512)
#define GROUP_MAX (GROUP * NAME_MAX)
#define MARKERS_MAX 65536u  /* of two million symbols */
#define SEQS_MAX (4u << 20) /* of more than a million symbols */
#define SYMBOLS_MAX 64	    /* of VMCOREINFO */
#define SYMBOL_LEN 64
#define LOOKUPS_MAX 8
#define BUDGET (2 * SEARCH_PAGES) /* reads of up to a page */

/*
 * The image is sampled first: offsets of tens of thousands of symbols fill many
 * pages, and token_table is not far from them.
 */
#define STRIDE 16			 /* pages from one sample to the next */
#define NEAR_BEFORE (4 * STRIDE)	 /* pages */
#define NEAR_PAGES (8u << 20 >> 12)	 /* offsets and names of a large kernel */
#define OFFSETS (PAGE / sizeof(int32_t)) /* in a page */

static const char digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";
#define CROSSING (sizeof(digits) - 1) /* bytes of them that one page may have */

/* Bytes in a row that end at an address. */
struct block {
	uint8_t *bytes; /* NULL: none */
	uint64_t kvaddr;
	size_t len;
};

struct search {
	struct xfdt_reader reader; /* @dump's, until @budget is spent */
	struct xfdt_reader *dump;
	size_t budget;
	/* the symbols in the image that VMCOREINFO states; _stext is the first */
	struct xfdt_name_query anchors[SYMBOLS_MAX];
	char names[SYMBOLS_MAX][SYMBOL_LEN];
	size_t anchor_count;
	unsigned int lookups;
	uint64_t token_table, token_index;
	bool found;
	struct xfdt_kallsyms kallsyms;
};

static struct xfdt_error *read_within_budget(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
					     size_t len)
{
	struct search *search = (struct search *)reader;
	size_t cost = len / PAGE + 1;

	if (cost > search->budget) {
		search->budget = 0;
		return xfdt_error_new(XFDT_LIMIT, kvaddr, "the search for kallsyms takes too long");
	}
	search->budget -= cost;
	return search->dump->read(search->dump, kvaddr, buf, len);
}

static bool is_over(const struct search *search)
{
	return search->found || !search->budget;
}

/* The search goes on at a missing page, and ends when memory runs out. */
static struct xfdt_error *unless_missing(struct xfdt_error *err)
{
	if (!err || xfdt_error_code(err) == XFDT_NO_MEMORY)
		return err;
	xfdt_error_free(err);
	return NULL;
}

static void add_anchor(struct search *search, const char *name, uint64_t kvaddr)
{
	size_t i = search->anchor_count;

	/* SYMBOL(mem_section) and others state what a pointer holds */
	if (i == SYMBOLS_MAX || kvaddr < XFDT_KERNEL_MAP)
		return;
	strcpy(search->names[i], name);
	search->anchors[i].name = search->names[i];
	search->anchors[i].anchor = kvaddr;
	search->anchor_count++;
}

static bool take_anchors(struct search *search, const struct xfdt_vmcoreinfo *vmcoreinfo)
{
	char name[SYMBOL_LEN];
	uint64_t kvaddr;
	size_t at = 0;

	if (!xfdt_vmcoreinfo_symbol(vmcoreinfo, "_stext", &kvaddr))
		return false;
	add_anchor(search, "_stext", kvaddr);
	while (xfdt_vmcoreinfo_next_symbol(vmcoreinfo, &at, name, sizeof(name), &kvaddr))
		if (strcmp(name, "_stext"))
			add_anchor(search, name, kvaddr);
	return search->anchor_count;
}

/* Do these tables give the addresses that VMCOREINFO states? */
static struct xfdt_error *try_tables(struct search *search, const struct xfdt_kallsyms *kallsyms)
{
	struct xfdt_name_query queries[SYMBOLS_MAX];
	struct xfdt_error *err;

	if (is_over(search) || search->lookups++ >= LOOKUPS_MAX)
		return NULL;
	memcpy(queries, search->anchors, sizeof(queries));
	err = xfdt_kallsyms_lookup(kallsyms, &search->reader, queries, search->anchor_count);
	if (err)
		return unless_missing(err);
	if (queries[0].found != 1)
		return NULL;
	search->kallsyms = *kallsyms;
	search->found = true;
	return NULL;
}

/* Does @kvaddr hold the base address of a kernel whose text begins at _stext? */
static struct xfdt_error *read_base(struct search *search, uint64_t kvaddr,
				    struct xfdt_kallsyms *kallsyms)
{
	uint64_t base;
	struct xfdt_error *err;

	err = search->reader.read(&search->reader, kvaddr, &base, sizeof(base));
	kallsyms->has_relative_base = !err && base >= XFDT_KERNEL_MAP &&
				      base <= search->anchors[0].anchor;
	kallsyms->relative_base = kallsyms->has_relative_base ? base : 0;
	return unless_missing(err);
}

static uint64_t align(uint64_t value)
{
	return (value + ALIGN_MAX - 1) & ~(ALIGN_MAX - 1ull);
}

/* Offsets and their base lie before @num_syms, or offsets behind token_index, or whole addresses do. */
static struct xfdt_error *try_addresses(struct search *search, struct xfdt_kallsyms kallsyms,
					uint64_t num_syms)
{
	uint64_t behind = search->token_index + TOKENS * sizeof(uint16_t);
	uint64_t len = (uint64_t)kallsyms.num_syms * sizeof(int32_t);
	uint64_t base = num_syms - sizeof(base);
	struct xfdt_error *err;

	kallsyms.values = base - align(len);
	err = read_base(search, base, &kallsyms);
	if (!err && kallsyms.has_relative_base)
		err = try_tables(search, &kallsyms);
	kallsyms.values = behind;
	if (!err)
		err = read_base(search, align(behind + len), &kallsyms);
	if (!err)
		err = try_tables(search, &kallsyms);
	kallsyms.has_addresses = true;
	kallsyms.has_relative_base = false;
	kallsyms.relative_base = 0;
	if (!err)
		err = try_tables(search, &kallsyms);
	kallsyms.values = num_syms - 2 * len;
	return err ? err : try_tables(search, &kallsyms);
}

/* Read up to @size bytes backwards from @end, as far as there are pages. */
static struct xfdt_error *read_back(struct xfdt_reader *reader, uint64_t end, size_t size,
				    struct block *ret_block)
{
	uint8_t *bytes = malloc(size);
	struct xfdt_error *err = NULL;
	size_t len = 0;

	if (!bytes)
		return xfdt_no_memory("kallsyms");
	while (len < size) {
		size_t part = (end - len - 1) % PAGE + 1;

		if (part > size - len)
			part = size - len;
		err = reader->read(reader, end - len - part, bytes + size - len - part, part);
		if (err)
			break;
		len += part;
	}
	memmove(bytes, bytes + size - len, len);
	*ret_block = (struct block){ .bytes = bytes, .kvaddr = end - len, .len = len };
	return unless_missing(err);
}

static uint32_t u32_at(const struct block *block, size_t offset)
{
	uint32_t value;

	memcpy(&value, block->bytes + offset, sizeof(value));
	return value;
}

/*
 * The names end at @end, and the last marker, number @count, is @last.  num_syms
 * is right before them, a u32 or, up to v4.19, a u64.  It must need exactly that many
 * markers.
 */
static struct xfdt_error *try_names(struct search *search, uint64_t end, uint32_t count,
				    uint32_t last)
{
	struct xfdt_kallsyms kallsyms = {
		.token_table = search->token_table,
		.token_index = search->token_index,
	};
	struct xfdt_error *err;
	struct block block = { .bytes = NULL };
	size_t names, at;

	err = read_back(&search->reader, (end - last) & ~3ull, GROUP_MAX + ALIGN_MAX, &block);
	for (names = block.len; !err && !is_over(search) && names >= 2 * sizeof(uint32_t);
	     names -= sizeof(uint32_t)) {
		at = names - sizeof(uint32_t);
		if (!u32_at(&block, at))
			at -= sizeof(uint32_t);
		kallsyms.names = block.kvaddr + names;
		kallsyms.num_syms = u32_at(&block, at);
		if (kallsyms.num_syms && (kallsyms.num_syms - 1) / GROUP + 1 == count)
			err = try_addresses(search, kallsyms, block.kvaddr + at);
	}
	free(block.bytes);
	return err;
}

/*
 * Markers are the offsets in the names of every 256th one: they begin at 0 and rise.
 * There are several in any kernel.  They end at token_table or, in v6.2 and v6.3, somewhere before it.
 */
static struct xfdt_error *try_markers(struct search *search, const struct block *block,
				      size_t width)
{
	struct xfdt_error *err = NULL;
	uint32_t count = 0, last = 0, next = 0;
	size_t at;

	for (at = block->len; !err && !is_over(search) && at >= width;) {
		uint32_t marker;

		at -= width;
		marker = u32_at(block, at);
		if (width == sizeof(uint64_t) && u32_at(block, at + sizeof(marker)))
			marker = UINT32_MAX;
		if (count && next > marker && next - marker >= GROUP * NAME_MIN &&
		    next - marker <= GROUP_MAX) {
			count++;
		} else {
			count = 1;
			last = marker;
		}
		next = marker;
		if (!marker && count > 1)
			err = try_names(search, block->kvaddr + at, count, last);
	}
	return err;
}

static struct xfdt_error *try_token_table(struct search *search)
{
	static const struct {
		size_t before, width;
	} kinds[] = {
		{ 2 * MARKERS_MAX, sizeof(uint64_t) }, /* up to v4.19 */
		{ MARKERS_MAX, sizeof(uint32_t) },
		{ MARKERS_MAX + SEQS_MAX, sizeof(uint32_t) }, /* v6.2, v6.3 */
	};
	struct xfdt_error *err = NULL;
	struct block block;
	size_t i;

	for (i = 0; !err && !is_over(search) && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		block.bytes = NULL;
		err = read_back(&search->reader, search->token_table, kinds[i].before, &block);
		if (!err)
			err = try_markers(search, &block, kinds[i].width);
		free(block.bytes);
	}
	return err;
}

/* Is @index the offsets of all tokens in the @len bytes of @table? */
static bool is_index(const char *table, size_t len, const uint16_t *index)
{
	size_t offset = 0, i;

	for (i = 0; i < TOKENS && offset < len; i++) {
		if (index[i] != offset)
			return false;
		offset += strnlen(table + offset, len - offset) + 1;
	}
	return i == TOKENS && offset == len;
}

/* How many bytes from @kvaddr on could be read, page by page. */
static struct xfdt_error *read_most(struct xfdt_reader *reader, uint64_t kvaddr, char *buf,
				    size_t size, size_t *ret_len)
{
	struct xfdt_error *err = NULL;
	size_t done = 0;

	while (done < size) {
		size_t part = PAGE - (kvaddr + done) % PAGE;

		if (part > size - done)
			part = size - done;
		err = reader->read(reader, kvaddr + done, buf + done, part);
		if (err)
			break;
		done += part;
	}
	*ret_len = done;
	return unless_missing(err);
}

/* Does token_index lie @offset behind the token '0' at @zero?  The bytes from there on are @behind. */
static struct xfdt_error *try_index(struct search *search, uint64_t zero, const char *behind,
				    size_t end, size_t offset)
{
	char table[2 * TOKEN_TABLE_MAX];
	uint16_t index[TOKENS];
	struct xfdt_error *err;
	size_t before;

	memcpy(index, behind + offset, sizeof(index));
	before = index['0'];
	if (before > TOKEN_TABLE_MAX || index['9'] != before + 2 * ('9' - '0'))
		return NULL;
	err = search->reader.read(&search->reader, zero - before, table, before);
	if (err)
		return unless_missing(err);
	memcpy(table + before, behind, end);
	if (!is_index(table, before + end, index))
		return NULL;
	search->token_table = zero - before;
	search->token_index = zero + offset;
	return try_token_table(search);
}

/* There is a token '0' at @zero, with those of the other digits behind it. */
static struct xfdt_error *try_digits(struct search *search, uint64_t zero)
{
	char behind[TOKEN_TABLE_MAX + ALIGN_MAX + TOKENS * sizeof(uint16_t)];
	size_t len, end = 0, offset, i;
	struct xfdt_error *err;

	err = read_most(&search->reader, zero, behind, sizeof(behind), &len);
	for (i = '0'; i < TOKENS && end < len; i++)
		end += strnlen(behind + end, len - end) + 1;
	for (offset = end; !err && !is_over(search) && end <= TOKEN_TABLE_MAX &&
			   offset < end + ALIGN_MAX && offset + TOKENS * sizeof(uint16_t) <= len;
	     offset++)
		err = try_index(search, zero, behind, end, offset);
	return err;
}

/* Look for the digits in @len bytes at @bytes, which are those at @kvaddr. */
static struct xfdt_error *look_through(struct search *search, uint64_t kvaddr, const char *bytes,
				       size_t len)
{
	const char *at = bytes, *end = bytes + len;
	struct xfdt_error *err = NULL;

	while (!err && !is_over(search)) {
		at = memmem(at, (size_t)(end - at), digits, sizeof(digits));
		if (!at)
			break;
		err = try_digits(search, kvaddr + (uint64_t)(at - bytes));
		at++;
	}
	return err;
}

/* Look through @pages pages from @kvaddr on. */
static struct xfdt_error *look_from(struct search *search, uint64_t kvaddr, unsigned int pages)
{
	char bytes[CROSSING + PAGE];
	struct xfdt_error *err = NULL;
	unsigned int hole = 0;
	size_t kept = 0;

	for (; !err && !is_over(search) && pages && hole < HOLE_MAX; pages--, kvaddr += PAGE) {
		err = search->reader.read(&search->reader, kvaddr, bytes + kept, PAGE);
		if (err) {
			err = unless_missing(err);
			hole++;
			kept = 0;
			continue;
		}
		hole = 0;
		err = look_through(search, kvaddr - kept, bytes, kept + PAGE);
		memmove(bytes, bytes + kept + PAGE - CROSSING, CROSSING);
		kept = CROSSING;
	}
	return err;
}

/*
 * Do all of a page's offsets rise, or all fall?  Those from the entry itself may
 * fall by the size of an entry where symbols share an address.
 */
static bool are_sorted(const int32_t *offsets)
{
	bool rise = offsets[OFFSETS - 1] > offsets[0];
	int64_t step, sum = 0;
	size_t i;

	for (i = 1; i < OFFSETS; i++) {
		step = (int64_t)offsets[i] - offsets[i - 1];
		if (!rise)
			step = -step;
		if (step < -(int64_t)sizeof(*offsets))
			return false;
		sum += step;
	}
	return sum >= (int64_t)PAGE;
}

/* Look near pages that may be of kallsyms_offsets. */
static struct xfdt_error *look_at_samples(struct search *search, uint64_t begin)
{
	int32_t offsets[OFFSETS];
	struct xfdt_error *err = NULL;
	unsigned int page, before, hole = 0;

	for (page = 0; !err && !is_over(search) && page < SEARCH_PAGES && hole < HOLE_MAX;
	     page += STRIDE) {
		err = search->reader.read(&search->reader, begin + (uint64_t)page * PAGE, offsets,
					  sizeof(offsets));
		if (err) {
			err = unless_missing(err);
			hole += STRIDE;
			continue;
		}
		hole = 0;
		if (!are_sorted(offsets))
			continue;
		before = page < NEAR_BEFORE ? page : NEAR_BEFORE;
		err = look_from(search, begin + (uint64_t)(page - before) * PAGE, NEAR_PAGES);
		page += NEAR_PAGES - before - STRIDE;
	}
	return err;
}

struct xfdt_error *xfdt_kallsyms_search(struct xfdt_kallsyms *ret_kallsyms,
					struct xfdt_reader *reader,
					const struct xfdt_vmcoreinfo *vmcoreinfo)
{
	struct search *search = calloc(1, sizeof(*search));
	struct xfdt_error *err = NULL;
	uint64_t begin;

	if (!search)
		return xfdt_no_memory("kallsyms");
	search->reader.read = read_within_budget;
	search->dump = reader;
	search->budget = BUDGET;
	if (take_anchors(search, vmcoreinfo)) {
		begin = search->anchors[0].anchor & ~(PAGE - 1ull);
		err = look_at_samples(search, begin);
		if (!err)
			err = look_from(search, begin, SEARCH_PAGES);
	}
	if (!err && !search->found)
		err = xfdt_error_new(XFDT_MISSING, 0,
				     "kallsyms is neither named in VMCOREINFO nor found by a "
				     "search of the kernel's image (CONFIG_KALLSYMS=n?)");
	if (!err)
		*ret_kallsyms = search->kallsyms;
	free(search);
	return err;
}
