/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dump's pages, as they are asked for, behind the reader interface. */
#include "hostile/replica.h"
#include "image/vmcoreinfo.h"
#include "kernel/facts.h"
#include "render/render.h"
#include "resolve/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL_MAP 0xffffffff80000000ull /* __START_KERNEL_map */
#define ENTRY_PRESENT 1ull
#define ENTRY_LARGE (1ull << 7)
#define ENTRY_ADDRESS 0x000ffffffffff000ull
#define SLOTS 4096 /* at the beginning; a power of two */

static void *need(void *memory)
{
	if (!memory) {
		fputs("hostile: out of memory\n", stderr);
		exit(99);
	}
	return memory;
}

static size_t slot_of(const struct replica *replica, uint64_t pfn)
{
	size_t i = pfn * 0x9e3779b97f4a7c15ull >> 20 & (replica->slot_count - 1);

	while (replica->slots[i] && replica->pages[replica->slots[i] - 1]->pfn != pfn)
		i = (i + 1) & (replica->slot_count - 1);
	return i;
}

static void grow(struct replica *replica)
{
	size_t i;

	replica->page_room = replica->page_room ? 2 * replica->page_room : SLOTS / 2;
	replica->slot_count = 2 * replica->page_room;
	replica->pages =
		need(realloc(replica->pages, replica->page_room * sizeof(struct replica_page *)));
	free(replica->slots);
	replica->slots = need(calloc(replica->slot_count, sizeof(*replica->slots)));
	for (i = 0; i < replica->page_count; i++)
		replica->slots[slot_of(replica, replica->pages[i]->pfn)] = (uint32_t)i + 1;
}

struct replica_page *replica_page(struct replica *replica, uint64_t pfn)
{
	struct replica_page *page;
	struct xfdt_error *err;
	size_t slot;

	if (replica->page_count == replica->page_room)
		grow(replica);
	slot = slot_of(replica, pfn);
	if (replica->slots[slot])
		return replica->pages[replica->slots[slot] - 1];
	page = need(calloc(1, sizeof(*page)));
	page->pfn = pfn;
	memset(page->purpose, REPLICA_UNREAD, sizeof(page->purpose));
	err = xfdt_dump_read_frame(replica->dump, pfn, page->bytes);
	page->present = !err;
	xfdt_error_free(err);
	replica->pages[replica->page_count] = page;
	replica->slots[slot] = (uint32_t)++replica->page_count;
	return page;
}

/* @len bytes within one frame. */
static struct xfdt_error *read_frame(struct replica *replica, uint64_t paddr, void *buf, size_t len,
				     uint64_t kvaddr, enum xfdt_purpose purpose)
{
	size_t offset = paddr % XFDT_PAGE_SIZE, i;
	struct replica_page *page;

	if (paddr > ENTRY_ADDRESS)
		return xfdt_page_left_out(paddr);
	page = replica_page(replica, paddr / XFDT_PAGE_SIZE);
	if (!page->present)
		return xfdt_page_left_out(paddr);
	memcpy(buf, page->bytes + offset, len);
	if (!replica->recording)
		return NULL;
	if (!page->vpage && kvaddr)
		page->vpage = kvaddr & ~(XFDT_PAGE_SIZE - 1ull);
	for (i = 0; i < len; i++)
		if (page->purpose[offset + i] == REPLICA_UNREAD ||
		    page->purpose[offset + i] == XFDT_FOR_SEARCH)
			page->purpose[offset + i] = (uint8_t)purpose;
	return NULL;
}

/* Intel SDM volume 3, section 4.5 */
static struct xfdt_error *translate(struct replica *replica, uint64_t kvaddr, uint64_t *ret_paddr)
{
	uint64_t table = replica->root, entry;
	unsigned int shift;

	for (shift = replica->top;; shift -= 9) {
		struct xfdt_error *err = read_frame(replica,
						    table + (kvaddr >> shift & 511) * sizeof(entry),
						    &entry, sizeof(entry), 0, XFDT_FOR_PAGE_TABLES);

		if (err)
			return err;
		if (!(entry & ENTRY_PRESENT))
			return xfdt_not_mapped(kvaddr);
		table = entry & replica->mask;
		if (shift == 12 || (shift <= 30 && entry & ENTRY_LARGE)) {
			uint64_t within = (1ull << shift) - 1;

			*ret_paddr = (table & ~within) | (kvaddr & within);
			return NULL;
		}
	}
}

static struct xfdt_error *read_part(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				    size_t len)
{
	struct replica *replica = (struct replica *)reader;
	struct xfdt_error *err;
	uint64_t paddr = 0;

	err = translate(replica, kvaddr, &paddr);
	return err ? err : read_frame(replica, paddr, buf, len, kvaddr, reader->purpose);
}

static struct xfdt_error *replica_read_physical(struct xfdt_reader *reader, uint64_t paddr,
						void *buf, size_t len)
{
	return read_frame((struct replica *)reader, paddr, buf, len, 0, reader->purpose);
}

static struct xfdt_error *replica_read(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				       size_t len)
{
	return xfdt_read_by_page(reader, kvaddr, buf, len, read_part);
}

static void find_page_tables(struct replica *replica)
{
	uint64_t root = 0, phys_base = 0, five_levels = 0, sme_mask = 0;
	struct xfdt_vmcoreinfo info;

	if (xfdt_vmcoreinfo_init(&info, replica->source.vmcoreinfo) ||
	    (!xfdt_vmcoreinfo_symbol(&info, "init_top_pgt", &root) &&
	     !xfdt_vmcoreinfo_symbol(&info, "swapper_pg_dir", &root)) ||
	    !xfdt_vmcoreinfo_number(&info, "phys_base", &phys_base)) {
		fputs("hostile: VMCOREINFO does not give the page tables\n", stderr);
		exit(99);
	}
	xfdt_vmcoreinfo_number(&info, "pgtable_l5_enabled", &five_levels);
	xfdt_vmcoreinfo_number(&info, "sme_mask", &sme_mask);
	xfdt_vmcoreinfo_deinit(&info);
	replica->root = root - KERNEL_MAP + phys_base;
	replica->mask = ENTRY_ADDRESS & ~sme_mask;
	replica->top = five_levels ? 48 : 39;
}

static void render(const struct xfdt_host *host, const struct xfdt_facts *facts,
		   const struct xfdt_verdict *verdict)
{
	static const struct xfdt_text_options options = { .verbose = true };
	const struct xfdt_outcome outcome = {
		.path = "hostile",
		.format = "hostile",
		.host = host,
		.facts = facts,
		.verdict = verdict,
	};
	FILE *out = fopen("/dev/null", "w");

	xfdt_render_text(&outcome, &options, out);
	xfdt_render_show(&outcome, &options, out);
	xfdt_error_free(xfdt_render_json(&outcome, out));
	fclose(out);
}

static enum xfdt_verdict_kind verdict_of(struct xfdt_image *image, struct xfdt_host *ret_host,
					 bool rendered)
{
	enum xfdt_verdict_kind kind = XFDT_INCONCLUSIVE;
	struct xfdt_facts facts = { 0 };
	struct xfdt_verdict verdict;
	struct xfdt_error *err;

	err = xfdt_host_init(ret_host, image);
	if (!err)
		err = xfdt_facts_init(&facts, ret_host);
	if (!err)
		err = xfdt_verdict_init(&verdict, &facts);
	if (!err) {
		kind = verdict.kind;
		if (rendered)
			render(ret_host, &facts, &verdict);
		xfdt_verdict_deinit(&verdict);
	}
	xfdt_facts_deinit(&facts);
	xfdt_error_free(err);
	return kind;
}

enum xfdt_verdict_kind replica_verdict(struct replica *replica, bool again)
{
	enum xfdt_verdict_kind kind;
	struct xfdt_image image = replica->image; /* what a damaged dump makes of it stays there */
	struct xfdt_host host;

	replica->reader.cost = (struct xfdt_cost){ .reads = replica->reads_spent };
	if (again) {
		replica->reader.purpose = XFDT_FOR_TYPES;
		xfdt_image_init(&image, &replica->source, NULL);
	}
	kind = verdict_of(&image, &host, again);
	xfdt_host_deinit(&host);
	if (again)
		xfdt_image_deinit(&image);
	return kind;
}

struct replica *replica_new(const char *path)
{
	struct replica *replica = need(calloc(1, sizeof(*replica)));
	const struct xfdt_dump_options options = { 0 };
	struct xfdt_error *err;

	err = xfdt_dump_open(&replica->dump, &path, 1, &options);
	if (err) {
		fprintf(stderr, "hostile: %s\n", xfdt_error_message(err));
		exit(99);
	}
	replica->reader.read = replica_read;
	replica->reader.read_physical = replica_read_physical;
	replica->source = xfdt_dump_source(replica->dump);
	replica->source.reader = &replica->reader;
	replica->notes = need(malloc((replica->source.note_count + 1) * sizeof(*replica->notes)));
	memcpy(replica->notes, replica->source.notes,
	       replica->source.note_count * sizeof(*replica->notes));
	replica->source.notes = replica->notes;
	find_page_tables(replica);
	replica->recording = true;
	xfdt_image_init(&replica->image, &replica->source, NULL);
	replica->reader.cost = (struct xfdt_cost){ 0 };
	replica->verdict = verdict_of(&replica->image, &replica->host, false);
	replica->reads = replica->reader.cost.reads;
	replica->recording = false;
	return replica;
}

void replica_free(struct replica *replica)
{
	size_t i;

	xfdt_host_deinit(&replica->host);
	xfdt_image_deinit(&replica->image);
	xfdt_dump_close(replica->dump);
	for (i = 0; i < replica->page_count; i++)
		free(replica->pages[i]);
	free(replica->pages);
	free(replica->slots);
	free(replica->notes);
	free(replica);
}
