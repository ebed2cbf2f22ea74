/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vmcore behind the reader interface, with page-table walks by libaddrxlat. */
#include "dump/dump.h"
#include "base/util.h"
#include "dump/dumpfile.h"
#include "dump/elf_file.h"
#include "dump/identify.h"
#include "dump/kdump_file.h"
#include "dump/kdump_format.h"
#include "dump/lost_note.h"
#include "image/page_tables.h"

#include <elf.h>
#include <libkdumpfile/addrxlat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MASK (~(uint64_t)(XFDT_PAGE_SIZE - 1))
#define TLB_SIZE 512
#define CACHED_PAGES 128
#define PARTS_MAX 64

struct tlb_entry {
	uint64_t vpage; /* page-aligned kvaddr, 0: free */
	uint64_t ppage; /* page-aligned paddr */
};

/* What was read: frames in the order of first use, found by a hash table. */
struct recording {
	struct xfdt_frame *frames;
	size_t count, room;
	uint32_t *slots; /* index into frames + 1; 0: free */
	size_t size;	 /* of slots, a power of two */
	uint64_t bytes[XFDT_PURPOSES];
};

/* One file: all of a dump, or a part of a split set. */
struct part {
	struct xfdt_dumpfile *file;
	struct xfdt_kdump *kdump; /* NULL: it is ELF */
	struct xfdt_elf_dump *elf;
};

struct cached_page {
	uint64_t number; /* of the frame, plus one; 0: none */
	uint8_t bytes[XFDT_PAGE_SIZE];
};

struct xfdt_dump {
	struct xfdt_reader reader;
	struct part parts[PARTS_MAX];
	size_t part_count;
	struct xfdt_notes notes;
	struct cached_page *cache;	/* CACHED_PAGES, each at the place that its number gives */
	addrxlat_ctx_t *xlat;		/* NULL: no way to translate */
	addrxlat_meth_t meth;		/* the kernel's page tables */
	struct xfdt_error *table_error; /* why the callback failed */
	struct tlb_entry tlb[TLB_SIZE];
	bool record;
	struct recording recording;
};

/* recording */

static size_t slot_of(const struct recording *recording, uint64_t pfn)
{
	size_t i = pfn * 0x9e3779b97f4a7c15ull >> 20 & (recording->size - 1);

	while (recording->slots[i] && recording->frames[recording->slots[i] - 1].pfn != pfn)
		i = (i + 1) & (recording->size - 1);
	return i;
}

static bool grow_recording(struct recording *recording)
{
	size_t room = recording->room ? 2 * recording->room : 512, i;
	struct xfdt_frame *frames = realloc(recording->frames, room * sizeof(*frames));
	uint32_t *slots;

	if (!frames)
		return false;
	recording->frames = frames;
	slots = calloc(2 * room, sizeof(*slots));
	if (!slots)
		return false;
	free(recording->slots);
	recording->slots = slots;
	recording->size = 2 * room;
	recording->room = room;
	for (i = 0; i < recording->count; i++)
		slots[slot_of(recording, frames[i].pfn)] = (uint32_t)i + 1;
	return true;
}

/* Set or clear the bits of @len bytes from @offset on; returns how many changed. */
static size_t mark(struct xfdt_frame *frame, size_t offset, size_t len, bool read)
{
	size_t changed = 0;

	for (; len; offset++, len--) {
		uint8_t bit = (uint8_t)(1u << offset % 8), *byte = &frame->read[offset / 8];

		changed += !(*byte & bit) == read;
		*byte = read ? *byte | bit : *byte & (uint8_t)~bit;
	}
	return changed;
}

/* Note that @len bytes at @paddr, within one page, were read. */
static struct xfdt_error *note_read(struct xfdt_dump *dump, uint64_t paddr, size_t len,
				    enum xfdt_purpose purpose)
{
	struct recording *recording = &dump->recording;
	uint64_t pfn = paddr / XFDT_PAGE_SIZE;
	struct xfdt_frame *frame;
	size_t slot, marked;

	if (!dump->record || purpose == XFDT_FOR_SEARCH)
		return NULL;
	if (recording->count == recording->room && !grow_recording(recording))
		return xfdt_no_memory("the list of pages");
	slot = slot_of(recording, pfn);
	if (!recording->slots[slot]) {
		recording->frames[recording->count] = (struct xfdt_frame){ .pfn = pfn };
		recording->slots[slot] = (uint32_t)++recording->count;
	}
	frame = &recording->frames[recording->slots[slot] - 1];
	marked = mark(frame, paddr % XFDT_PAGE_SIZE, len, true);
	frame->bytes[purpose] += (uint16_t)marked;
	recording->bytes[purpose] += marked;
	return NULL;
}

static int compare_frames(const void *a, const void *b)
{
	const struct xfdt_frame *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

const struct xfdt_frame *xfdt_dump_frames(struct xfdt_dump *dump, size_t *ret_count)
{
	struct recording *recording = &dump->recording;
	size_t i;

	*ret_count = recording->count;
	if (!recording->count)
		return NULL;
	qsort(recording->frames, recording->count, sizeof(*recording->frames), compare_frames);
	memset(recording->slots, 0, recording->size * sizeof(*recording->slots));
	for (i = 0; i < recording->count; i++)
		recording->slots[slot_of(recording, recording->frames[i].pfn)] = (uint32_t)i + 1;
	return recording->frames;
}

/* reading */

/* Of a split set, another part may have it. */
static bool is_absent(const struct xfdt_error *err)
{
	return xfdt_error_code(err) == XFDT_EXCLUDED || xfdt_error_code(err) == XFDT_NOT_RAM;
}

/* Bytes of one page frame, from the part that has it. */
static struct xfdt_error *read_parts(struct xfdt_dump *dump, uint64_t paddr, void *buf, size_t len)
{
	struct xfdt_error *err = NULL;
	size_t i;

	if (dump->parts[0].elf)
		return xfdt_elf_dump_read(dump->parts[0].elf, paddr, buf, len);
	for (i = 0; i < dump->part_count; i++) {
		xfdt_error_free(err);
		err = xfdt_kdump_read(dump->parts[i].kdump, paddr / XFDT_PAGE_SIZE, buf);
		if (!err || !is_absent(err))
			break;
	}
	return err;
}

/* Bytes of frame @pfn out of a copy of all of it. */
static struct xfdt_error *read_cached(struct xfdt_dump *dump, uint64_t pfn, size_t offset,
				      void *buf, size_t len)
{
	struct cached_page *cached = &dump->cache[pfn % CACHED_PAGES];
	struct xfdt_error *err;

	if (cached->number != pfn + 1) {
		cached->number = 0;
		err = read_parts(dump, pfn * XFDT_PAGE_SIZE, cached->bytes, XFDT_PAGE_SIZE);
		if (err)
			return err;
		cached->number = pfn + 1;
	}
	memcpy(buf, cached->bytes + offset, len);
	return NULL;
}

/* @paddr to @paddr + @len lies within one frame. */
static struct xfdt_error *read_physical(struct xfdt_dump *dump, uint64_t paddr, void *buf,
					size_t len)
{
	uint64_t pfn = paddr / XFDT_PAGE_SIZE;
	struct xfdt_error *err;

	/* one that is wanted whole is seldom wanted again */
	if (len == XFDT_PAGE_SIZE && dump->cache[pfn % CACHED_PAGES].number != pfn + 1)
		return read_parts(dump, paddr, buf, len);
	err = read_cached(dump, pfn, paddr % XFDT_PAGE_SIZE, buf, len);
	if (!err || !dump->parts[0].elf)
		return err;
	/* an ELF segment may begin or end within a frame */
	xfdt_error_free(err);
	return read_parts(dump, paddr, buf, len);
}

/* libaddrxlat asks for a page of page tables, and gives it back when it is done. */

static void put_table(const addrxlat_buffer_t *buf)
{
	free(buf->priv);
}

static addrxlat_status get_table(const addrxlat_cb_t *cb, addrxlat_buffer_t *buf)
{
	uint64_t paddr = buf->addr.addr & FRAME_MASK;
	struct xfdt_dump *dump = cb->priv;
	struct xfdt_error *err;
	void *table;

	table = malloc(XFDT_PAGE_SIZE);
	if (!table)
		return ADDRXLAT_ERR_NOMEM;
	err = read_cached(dump, paddr / XFDT_PAGE_SIZE, 0, table, XFDT_PAGE_SIZE);
	if (err) {
		xfdt_error_free(dump->table_error);
		dump->table_error = err;
		free(table);
		return ADDRXLAT_ERR_NODATA;
	}
	buf->addr.addr = paddr;
	buf->ptr = table;
	buf->size = XFDT_PAGE_SIZE;
	buf->byte_order = ADDRXLAT_LITTLE_ENDIAN;
	buf->put_page = put_table;
	buf->priv = table;
	return ADDRXLAT_OK;
}

static unsigned long table_caps(const addrxlat_cb_t *cb)
{
	(void)cb;
	return ADDRXLAT_CAPS(ADDRXLAT_MACHPHYSADDR);
}

/* Physical address of @kvaddr by the kernel's page tables. */
static struct xfdt_error *translate(struct xfdt_dump *dump, uint64_t kvaddr, uint64_t *ret_paddr)
{
	struct tlb_entry *entry = &dump->tlb[kvaddr / XFDT_PAGE_SIZE % TLB_SIZE];
	uint64_t vpage = kvaddr & FRAME_MASK;
	addrxlat_step_t step = { .ctx = dump->xlat, .meth = &dump->meth };
	addrxlat_status status;
	struct xfdt_error *err;

	if (!dump->xlat)
		return xfdt_error_new(XFDT_MISSING, kvaddr,
				      "VMCOREINFO does not give the kernel's page tables");
	if (entry->vpage == vpage) {
		*ret_paddr = entry->ppage | (kvaddr & ~FRAME_MASK);
		return NULL;
	}
	status = addrxlat_launch(&step, vpage);
	while (status == ADDRXLAT_OK && step.remain) {
		size_t size = step.elemsz;
		uint64_t at = step.base.addr + step.idx[step.remain - 1] * size;
		/* the last step only adds the offset into the page */
		bool reads = step.remain > 1;

		status = addrxlat_step(&step);
		if (!reads || (status != ADDRXLAT_OK && status != ADDRXLAT_ERR_NOTPRESENT))
			continue;
		err = note_read(dump, at, size, XFDT_FOR_PAGE_TABLES);
		if (err)
			return err;
	}
	if (status == ADDRXLAT_OK) {
		entry->vpage = vpage;
		entry->ppage = step.base.addr;
		*ret_paddr = step.base.addr | (kvaddr & ~FRAME_MASK);
		return NULL;
	}
	if (status == ADDRXLAT_ERR_NOTPRESENT) {
		addrxlat_ctx_clear_err(dump->xlat);
		return xfdt_not_mapped(kvaddr);
	}
	err = dump->table_error;
	dump->table_error = NULL;
	if (!err) {
		const char *message = addrxlat_ctx_get_err(dump->xlat);

		err = xfdt_error_new(XFDT_CORRUPT, kvaddr, "%s",
				     message ? message : addrxlat_strerror(status));
	}
	addrxlat_ctx_clear_err(dump->xlat);
	return xfdt_error_wrap(err, "page tables of %#llx", ull(kvaddr));
}

/* Some bytes of one page. */
static struct xfdt_error *read_part(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				    size_t len)
{
	struct xfdt_dump *dump = (struct xfdt_dump *)reader;
	struct xfdt_error *err;
	uint64_t paddr = 0;

	err = translate(dump, kvaddr, &paddr);
	if (err)
		return err;
	err = read_physical(dump, paddr, buf, len);
	if (err)
		return xfdt_error_wrap(err, "%#llx", ull(kvaddr));
	return note_read(dump, paddr, len, reader->purpose);
}

static struct xfdt_error *dump_read(struct xfdt_reader *reader, uint64_t kvaddr, void *buf,
				    size_t len)
{
	return xfdt_read_by_page(reader, kvaddr, buf, len, read_part);
}

static struct xfdt_error *dump_read_physical(struct xfdt_reader *reader, uint64_t paddr, void *buf,
					     size_t len)
{
	struct xfdt_dump *dump = (struct xfdt_dump *)reader;
	struct xfdt_error *err = read_physical(dump, paddr, buf, len);

	return err ? err : note_read(dump, paddr, len, reader->purpose);
}

static struct xfdt_traffic dump_traffic(const struct xfdt_reader *reader)
{
	const struct xfdt_dump *dump = (const struct xfdt_dump *)reader;
	struct xfdt_traffic all = { 0 };
	size_t i;

	for (i = 0; i < dump->part_count; i++) {
		const struct xfdt_traffic *traffic =
			xfdt_storage_traffic(xfdt_dumpfile_storage(dump->parts[i].file));

		all.round_trips += traffic->round_trips;
		all.bytes += traffic->bytes;
	}
	return all;
}

/* Take up to @count bytes of @frame from what was read for @purpose; returns how many are left to take. */
static size_t take_bytes(struct recording *recording, struct xfdt_frame *frame,
			 enum xfdt_purpose purpose, size_t count)
{
	size_t taken = count < frame->bytes[purpose] ? count : frame->bytes[purpose];

	frame->bytes[purpose] -= (uint16_t)taken;
	recording->bytes[purpose] -= taken;
	return count - taken;
}

static void forget_part(struct xfdt_dump *dump, uint64_t kvaddr, size_t len)
{
	struct recording *recording = &dump->recording;
	struct xfdt_frame *frame;
	struct xfdt_error *err;
	size_t slot, count, i;
	uint64_t paddr;

	err = translate(dump, kvaddr, &paddr);
	if (err) {
		/* what is not there was not read either */
		xfdt_error_free(err);
		return;
	}
	slot = slot_of(recording, paddr / XFDT_PAGE_SIZE);
	if (!recording->slots[slot])
		return;
	frame = &recording->frames[recording->slots[slot] - 1];
	count = mark(frame, paddr % XFDT_PAGE_SIZE, len, false);
	count = take_bytes(recording, frame, dump->reader.purpose, count);
	for (i = 0; i < XFDT_PURPOSES; i++)
		count = take_bytes(recording, frame, (enum xfdt_purpose)i, count);
}

void xfdt_dump_forget(struct xfdt_dump *dump, uint64_t kvaddr, size_t len)
{
	while (dump->recording.count && len) {
		size_t part = XFDT_PAGE_SIZE - kvaddr % XFDT_PAGE_SIZE;

		if (part > len)
			part = len;
		forget_part(dump, kvaddr, part);
		kvaddr += part;
		len -= part;
	}
}

uint64_t xfdt_dump_read_for(const struct xfdt_dump *dump, enum xfdt_purpose purpose)
{
	return dump->recording.bytes[purpose];
}

struct xfdt_error *xfdt_dump_read_frame(struct xfdt_dump *dump, uint64_t pfn, void *ret_page)
{
	return read_physical(dump, pfn * XFDT_PAGE_SIZE, ret_page, XFDT_PAGE_SIZE);
}

size_t xfdt_dump_part_count(const struct xfdt_dump *dump)
{
	return dump->part_count;
}

struct xfdt_error *xfdt_dump_next_frame(struct xfdt_dump *dump, size_t part, uint64_t pfn,
					uint64_t *ret_pfn, bool *ret_found)
{
	struct part *of = &dump->parts[part];

	if (of->kdump)
		return xfdt_kdump_next_frame(of->kdump, pfn, ret_pfn, ret_found);
	*ret_found = xfdt_elf_dump_next_frame(of->elf, pfn, ret_pfn);
	return NULL;
}

/* opening */

static void drop_page_tables(struct xfdt_dump *dump)
{
	if (dump->xlat)
		addrxlat_ctx_decref(dump->xlat);
	dump->xlat = NULL;
	memset(dump->tlb, 0, sizeof(dump->tlb));
}

/* Those that @info names, in place of any others. */
static void set_up_page_tables(struct xfdt_dump *dump, const struct xfdt_vmcoreinfo *info)
{
	addrxlat_param_pgt_t *pgt = &dump->meth.param.pgt;
	struct xfdt_page_root root;
	addrxlat_cb_t *callbacks;

	drop_page_tables(dump);
	if (!xfdt_page_root_find(info, &root))
		return;
	dump->xlat = addrxlat_ctx_new();
	if (!dump->xlat)
		return;
	callbacks = addrxlat_ctx_add_cb(dump->xlat);
	if (!callbacks) {
		addrxlat_ctx_decref(dump->xlat);
		dump->xlat = NULL;
		return;
	}
	callbacks->priv = dump;
	callbacks->get_page = get_table;
	callbacks->read_caps = table_caps;
	dump->meth.kind = ADDRXLAT_PGT;
	dump->meth.target_as = ADDRXLAT_MACHPHYSADDR;
	pgt->root.addr = root.paddr;
	pgt->root.as = ADDRXLAT_MACHPHYSADDR;
	pgt->pte_mask = root.sme_mask;
	pgt->pf = (addrxlat_paging_form_t){
		.pte_format = ADDRXLAT_PTE_X86_64,
		.nfields = (unsigned short)(root.levels + 1),
		.fieldsz = { 12, 9, 9, 9, 9, 9 },
	};
}

/* struct uts_namespace begins with a struct new_utsname, or has few bytes before it */
#define UTS_NAMESPACE 512u

/* Does the memory at SYMBOL(init_uts_ns) have the release that @info states? */
static bool leads_to_release(struct xfdt_dump *dump, const struct xfdt_vmcoreinfo *info)
{
	char release[65], bytes[UTS_NAMESPACE];
	struct xfdt_error *err;
	uint64_t kvaddr;

	if (!xfdt_vmcoreinfo_symbol(info, "init_uts_ns", &kvaddr) ||
	    !xfdt_vmcoreinfo_get(info, "OSRELEASE", release, sizeof(release)))
		return false;
	err = dump_read(&dump->reader, kvaddr, bytes, sizeof(bytes));
	if (err) {
		xfdt_error_free(err);
		return false;
	}
	return memmem(bytes, sizeof(bytes), release, strlen(release) + 1);
}

/*
 * Is @text the VMCOREINFO of the kernel whose memory this is?  The page tables that it names
 * lead to its release; those of a guest do not, in the memory of its host.
 */
static bool is_own(struct xfdt_dump *dump, const char *text)
{
	struct xfdt_vmcoreinfo info;
	struct xfdt_error *err = xfdt_vmcoreinfo_init(&info, text);
	bool own;

	if (err) {
		xfdt_error_free(err);
		return false;
	}
	set_up_page_tables(dump, &info);
	own = leads_to_release(dump, &info);
	xfdt_vmcoreinfo_deinit(&info);
	return own;
}

static const char *machine_of(const struct xfdt_dump *dump)
{
	const struct part *part = &dump->parts[0];

	return part->elf ? xfdt_elf_dump_machine(part->elf) : xfdt_kdump_machine(part->kdump);
}

/* The VMCOREINFO to use: @given, that of the notes, or of the memory of a dump that has none. */
static struct xfdt_error *choose_vmcoreinfo(struct xfdt_dump *dump, const char *given)
{
	const char *machine = machine_of(dump);

	if (!given && (dump->notes.vmcoreinfo || (machine && strcmp(machine, "x86_64"))))
		return NULL;
	if (!given)
		return xfdt_lost_note_find(dump, is_own, &dump->notes.vmcoreinfo);
	if (!is_own(dump, given))
		return xfdt_error_new(XFDT_CORRUPT, 0,
				      "the VMCOREINFO that was given is not of this dump's kernel");
	free(dump->notes.vmcoreinfo);
	dump->notes.vmcoreinfo = strdup(given);
	return dump->notes.vmcoreinfo ? NULL : xfdt_no_memory("VMCOREINFO");
}

static struct xfdt_error *use_vmcoreinfo(struct xfdt_dump *dump, const char *given)
{
	struct xfdt_vmcoreinfo info;
	struct xfdt_error *err;

	err = choose_vmcoreinfo(dump, given);
	if (!err)
		err = xfdt_vmcoreinfo_init(&info, dump->notes.vmcoreinfo);
	if (err)
		return err;
	set_up_page_tables(dump, &info);
	xfdt_vmcoreinfo_deinit(&info);
	return NULL;
}

/* What xfdt_check_is_dump() says of a file of this machine. */
static struct xfdt_error *check_remote(struct part *part, size_t count)
{
	uint8_t head[XFDT_PACKING_HEAD];
	struct xfdt_error *err;
	const char *packing;
	size_t got;

	err = xfdt_storage_read(xfdt_dumpfile_storage(part->file), head, sizeof(head), 0, &got);
	if (err)
		return err;
	packing = xfdt_packing_of(head, got);
	if (packing)
		return xfdt_error_new(
			XFDT_NOT_A_DUMP, 0,
			"is packed (%s); download and unpack it, and name the vmcore in it",
			packing);
	if (part->kdump && xfdt_kdump_is_part(part->kdump) && count == 1)
		return xfdt_error_new(
			XFDT_MISSING, 0,
			"is one part of a split set; download all parts, and name them with --split");
	return NULL;
}

static struct xfdt_error *open_file(struct part *part, const char *const *paths, size_t index,
				    const struct xfdt_dump_options *options)
{
	if (options->remote)
		return xfdt_dumpfile_open_remote(&part->file, options->remote, index,
						 options->progress, options->context);
	return xfdt_dumpfile_open(&part->file, paths[index], options->progress, options->context);
}

static struct xfdt_error *not_a_dump(void)
{
	return xfdt_error_new(XFDT_NOT_A_DUMP, 0,
			      "is not a vmcore: neither ELF, kdump-compressed nor flattened");
}

static struct xfdt_error *open_part(struct xfdt_dump *dump, struct part *part)
{
	struct xfdt_error *err;
	uint8_t magic[8];

	if (xfdt_dumpfile_size(part->file) < sizeof(magic))
		return not_a_dump();
	err = xfdt_dumpfile_read(part->file, magic, sizeof(magic), 0);
	if (err)
		return err;
	if (!memcmp(magic, XFDT_KDUMP_SIGNATURE, sizeof(magic)))
		return xfdt_kdump_open(&part->kdump, part->file, &dump->notes);
	if (memcmp(magic, ELFMAG, SELFMAG))
		return not_a_dump();
	return xfdt_elf_dump_open(&part->elf, part->file, &dump->notes);
}

static struct xfdt_error *open_parts(struct xfdt_dump *dump, const char *const *paths, size_t count,
				     const struct xfdt_dump_options *options)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct part *part = &dump->parts[dump->part_count++];
		struct xfdt_error *err;

		err = open_file(part, paths, i, options);
		if (!err)
			err = open_part(dump, part);
		if (part->file && options->remote &&
		    (!err || xfdt_error_code(err) == XFDT_NOT_A_DUMP)) {
			struct xfdt_error *better = check_remote(part, count);

			if (better)
				xfdt_error_free(err);
			err = better ? better : err;
		}
		if (!err && part->elf && count > 1)
			err = xfdt_error_new(XFDT_NOT_A_DUMP, 0,
					     "is ELF, and no part of a split set");
		if (err)
			return xfdt_error_wrap(err, "%s",
					       options->names ? options->names[i] : paths[i]);
	}
	return NULL;
}

struct xfdt_error *xfdt_dump_open(struct xfdt_dump **ret_dump, const char *const *paths,
				  size_t count, const struct xfdt_dump_options *options)
{
	struct xfdt_error *err;
	struct xfdt_dump *dump;

	if (!count || count > PARTS_MAX)
		return xfdt_error_new(XFDT_LIMIT, 0, "a split set has 1 to %d files", PARTS_MAX);
	dump = calloc(1, sizeof(*dump));
	if (dump)
		dump->cache = calloc(CACHED_PAGES, sizeof(*dump->cache));
	if (!dump || !dump->cache) {
		free(dump);
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory");
	}
	dump->reader.read = dump_read;
	dump->reader.read_physical = dump_read_physical;
	dump->reader.traffic = dump_traffic;
	err = open_parts(dump, paths, count, options);
	if (!err)
		err = use_vmcoreinfo(dump, options->vmcoreinfo);
	if (err) {
		xfdt_dump_close(dump);
		return err;
	}
	dump->record = options->record;
	*ret_dump = dump;
	return NULL;
}

void xfdt_dump_close(struct xfdt_dump *dump)
{
	size_t i;

	if (!dump)
		return;
	drop_page_tables(dump);
	for (i = 0; i < dump->part_count; i++) {
		xfdt_kdump_close(dump->parts[i].kdump);
		xfdt_elf_dump_close(dump->parts[i].elf);
		xfdt_dumpfile_close(dump->parts[i].file);
	}
	xfdt_notes_deinit(&dump->notes);
	xfdt_error_free(dump->table_error);
	free(dump->cache);
	free(dump->recording.slots);
	free(dump->recording.frames);
	free(dump);
}

struct xfdt_error *xfdt_dump_check_unchanged(const struct xfdt_dump *dump)
{
	struct xfdt_error *err = NULL;
	size_t i;

	for (i = 0; !err && i < dump->part_count; i++)
		err = xfdt_storage_check_unchanged(xfdt_dumpfile_storage(dump->parts[i].file));
	return err;
}

struct xfdt_source xfdt_dump_source(struct xfdt_dump *dump)
{
	return (struct xfdt_source){
		.reader = &dump->reader,
		.arch = machine_of(dump),
		.vmcoreinfo = dump->notes.vmcoreinfo,
		.notes = dump->notes.cpus,
		.note_count = dump->notes.cpu_count,
		.record = dump->notes.record,
		.record_len = dump->notes.record_len,
		.census = dump->notes.census,
		.census_len = dump->notes.census_len,
	};
}

const char *xfdt_dump_format(const struct xfdt_dump *dump)
{
	return dump->parts[0].elf ? "elf" : "diskdump";
}

const char *xfdt_dump_uts(const struct xfdt_dump *dump, enum xfdt_uts_field field)
{
	const struct part *part = &dump->parts[0];

	return part->kdump ? xfdt_kdump_uts(part->kdump, field) : NULL;
}
