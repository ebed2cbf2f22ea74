/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing the kdump-compressed format. */
#include "distill/distill.h"
#include "base/output.h"
#include "distill/redact.h"
#include "dump/kdump_format.h"
#include "image/vmcoreinfo.h"
#include "kernel/oops_log.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <zlib.h>

#define BLOCK XFDT_PAGE_SIZE
#define DUMP_LEVEL 31
#define MAX_PFN (1ull << 40)
#define FLAT_BITMAP_BLOCKS \
	64 /* of one bitmap: from there on, 8 GiB, they are more than all the rest */

/* where the dump does not say; readers know a header by strings in all of these */
static const char *const uts_defaults[XFDT_UTS_FIELDS] = {
	[XFDT_UTS_SYSNAME] = "Linux",	[XFDT_UTS_NODENAME] = "(none)",
	[XFDT_UTS_RELEASE] = "unknown", [XFDT_UTS_VERSION] = "unknown",
	[XFDT_UTS_MACHINE] = "x86_64",	[XFDT_UTS_DOMAINNAME] = "(none)",
};

struct writer {
	const struct xfdt_host *host;
	struct xfdt_dump *dump;
	const struct xfdt_distill_options *options;
	const struct xfdt_frame *frames;
	size_t count;
	FILE *out;
	bool flat; /* in the flattened format: records instead of holes */
	uint64_t sub_hdr_blocks, bitmap_blocks; /* blocks of one bitmap */
};

/* the file as it is, or flattened */

static void put_record(FILE *out, int64_t offset, int64_t size)
{
	const struct xfdt_flat_record record = {
		.offset = (int64_t)htobe64((uint64_t)offset),
		.size = (int64_t)htobe64((uint64_t)size),
	};

	fwrite(&record, sizeof(record), 1, out);
}

static void put_flat_header(FILE *out)
{
	const struct xfdt_flat_header header = {
		.signature = XFDT_FLAT_SIGNATURE,
		.type = (int64_t)htobe64(1),
		.version = (int64_t)htobe64(1),
	};

	fwrite(&header, sizeof(header), 1, out);
	fseeko(out, XFDT_FLAT_HEADER_SIZE, SEEK_SET);
}

/* Bytes that nothing is written to are zero. */
static void put(struct writer *writer, uint64_t offset, const void *bytes, size_t len)
{
	if (writer->flat)
		put_record(writer->out, (int64_t)offset, (int64_t)len);
	else
		fseeko(writer->out, (off_t)offset, SEEK_SET);
	fwrite(bytes, len, 1, writer->out);
}

/* the notes, as the kernel writes them: NT_PRSTATUS by CPU, then VMCOREINFO */

static void put_note(FILE *out, const char *name, uint32_t type, const void *desc, size_t size)
{
	static const char zeros[4];
	Elf64_Nhdr header = {
		.n_namesz = (uint32_t)strlen(name) + 1,
		.n_descsz = (uint32_t)size,
		.n_type = type,
	};

	fwrite(&header, sizeof(header), 1, out);
	fwrite(name, header.n_namesz, 1, out);
	fwrite(zeros, -header.n_namesz & 3, 1, out);
	fwrite(desc, size, 1, out);
	fwrite(zeros, -size & 3, 1, out);
}

struct notes {
	char *bytes;
	size_t size, vmcoreinfo; /* where the latter begins */
};

static void put_vmcoreinfo(const char *vmcoreinfo, FILE *out, struct notes *notes)
{
	size_t len = strlen(vmcoreinfo);

	put_note(out, "VMCOREINFO", 0, vmcoreinfo, len);
	/* before padding */
	notes->vmcoreinfo = (size_t)ftello(out) - ((len + 3) & ~(size_t)3);
}

/* Was the stack that @regs point to searched, or the one below it? */
static bool is_of_searched_stack(const struct xfdt_host *host, const struct xfdt_regs *regs)
{
	const struct xfdt_piece around = xfdt_stack_around(host->image, regs->sp);
	struct xfdt_vcpu_at at = { 0 };
	const struct xfdt_vcpu *vcpu;
	size_t i;

	while ((vcpu = xfdt_next_vcpu(host, &at)))
		if (regs->sp - vcpu->stack.kvaddr < vcpu->stack.len ||
		    (vcpu->note_sp && regs->sp == vcpu->note_sp))
			return true;
	for (i = 0; i < host->panic.fault_count; i++)
		if (host->panic.faults[i].frame - around.kvaddr < around.len)
			return true;
	return false;
}

static struct xfdt_error *make_notes(const struct writer *writer, struct notes *notes)
{
	const struct xfdt_panic *panic = &writer->host->panic;
	struct xfdt_source source = xfdt_dump_source(writer->dump);
	FILE *out = open_memstream(&notes->bytes, &notes->size);
	size_t i;

	if (!out)
		return xfdt_no_memory("notes");
	for (i = 0; i < source.note_count; i++) {
		struct elf_prstatus status = { .pr_pid = source.notes[i].pid };
		struct xfdt_regs regs = { .sp = 0 };

		if ((panic->note_known &&
		     !memcmp(&source.notes[i].regs, &panic->note, sizeof(panic->note))) ||
		    is_of_searched_stack(writer->host, &source.notes[i].regs))
			regs = source.notes[i].regs;
		memcpy(&status.pr_reg, &regs, sizeof(regs));
		put_note(out, "CORE", NT_PRSTATUS, &status, sizeof(status));
	}
	/* ours comes last: crash(8) looks for a flattened dump's OSRELEASE among its first strings */
	if (source.vmcoreinfo)
		put_vmcoreinfo(source.vmcoreinfo, out, notes);
	if (writer->options->record)
		put_note(out, XFDT_EMBEDDED_NAME, XFDT_EMBEDDED_RECORD, writer->options->record,
			 writer->options->record_len);
	if (writer->options->census)
		put_note(out, XFDT_EMBEDDED_NAME, XFDT_EMBEDDED_CENSUS, writer->options->census,
			 writer->options->census_len);
	if (fclose(out)) {
		free(notes->bytes);
		return xfdt_no_memory("notes");
	}
	return NULL;
}

/* the dump */

static uint64_t blocks_of(uint64_t bytes)
{
	return (bytes + BLOCK - 1) / BLOCK;
}

static void fill_header(const struct writer *writer, const struct xfdt_source *source,
			struct xfdt_kdump_header *header)
{
	uint64_t end_pfn = writer->frames[writer->count - 1].pfn + 1;
	size_t i;

	*header = (struct xfdt_kdump_header){
		.header_version = XFDT_KDUMP_VERSION,
		.status = XFDT_KDUMP_ZLIB,
		.block_size = BLOCK,
		.sub_hdr_size = (int32_t)writer->sub_hdr_blocks,
		.bitmap_blocks = (uint32_t)(2 * writer->bitmap_blocks),
		.max_mapnr = end_pfn < UINT32_MAX ? (uint32_t)end_pfn : UINT32_MAX,
		.nr_cpus = (int32_t)source->note_count,
	};
	memcpy(header->signature, XFDT_KDUMP_SIGNATURE, sizeof(header->signature));
	for (i = 0; i < XFDT_UTS_FIELDS; i++) {
		const char *value = xfdt_dump_uts(writer->dump, (enum xfdt_uts_field)i);

		snprintf(header->utsname[i], XFDT_UTS_FIELD, "%s", value ? value : uts_defaults[i]);
	}
	xfdt_vmcoreinfo_get(&writer->host->image->vmcoreinfo, "OSRELEASE",
			    header->utsname[XFDT_UTS_RELEASE], XFDT_UTS_FIELD);
}

static void fill_sub_header(const struct writer *writer, const struct xfdt_source *source,
			    const struct notes *notes, struct xfdt_kdump_sub_header *sub)
{
	*sub = (struct xfdt_kdump_sub_header){
		.dump_level = DUMP_LEVEL,
		.offset_note = BLOCK + sizeof(*sub),
		.size_note = notes->size,
		.max_mapnr_64 = writer->frames[writer->count - 1].pfn + 1,
	};
	if (!source->vmcoreinfo)
		return;
	xfdt_vmcoreinfo_number(&writer->host->image->vmcoreinfo, "phys_base", &sub->phys_base);
	sub->size_vmcoreinfo = strlen(source->vmcoreinfo);
	sub->offset_vmcoreinfo = sub->offset_note + notes->vmcoreinfo;
}

/* Both headers and the notes, in one piece: a reader of flattened files finds them there. */
static struct xfdt_error *put_headers(struct writer *writer, const struct notes *notes)
{
	struct xfdt_source source = xfdt_dump_source(writer->dump);
	struct xfdt_kdump_sub_header sub;
	struct xfdt_kdump_header header;
	char *blocks;

	writer->sub_hdr_blocks = blocks_of(sizeof(sub) + notes->size);
	blocks = calloc(1 + writer->sub_hdr_blocks, BLOCK);
	if (!blocks)
		return xfdt_no_memory("notes");
	fill_header(writer, &source, &header);
	fill_sub_header(writer, &source, notes, &sub);
	memcpy(blocks, &header, sizeof(header));
	memcpy(blocks + BLOCK, &sub, sizeof(sub));
	memcpy(blocks + BLOCK + sizeof(sub), notes->bytes, notes->size);
	put(writer, 0, blocks, (1 + writer->sub_hdr_blocks) * BLOCK);
	free(blocks);
	return NULL;
}

/* Two bitmaps: pages that exist, and pages that are in the file.  Here they are the same. */
static void put_bitmaps(struct writer *writer)
{
	uint64_t first = (1 + writer->sub_hdr_blocks) * BLOCK,
		 second = first + writer->bitmap_blocks * BLOCK;
	size_t i = 0;

	while (i < writer->count) {
		uint64_t block = writer->frames[i].pfn / (8 * BLOCK), start = 0, end = 0;
		uint8_t bits[BLOCK] = { 0 };

		/* the bytes of one block, from the first that is not zero to the last */
		for (; i < writer->count && writer->frames[i].pfn / (8 * BLOCK) == block; i++) {
			uint64_t byte = writer->frames[i].pfn / 8 % BLOCK;

			start = end ? start : byte;
			end = byte + 1;
			bits[byte] |= (uint8_t)(1u << writer->frames[i].pfn % 8);
		}
		put(writer, first + block * BLOCK + start, bits + start, end - start);
		put(writer, second + block * BLOCK + start, bits + start, end - start);
	}
}

static void blank(const struct xfdt_frame *frame, uint8_t *page)
{
	size_t i;

	for (i = 0; i < BLOCK; i++)
		if (!(frame->read[i / 8] >> i % 8 & 1))
			page[i] = 0;
}

static struct xfdt_error *put_page(struct writer *writer, size_t i, struct xfdt_page_desc *desc)
{
	uint8_t page[BLOCK], compressed[2 * BLOCK];
	uLongf size = sizeof(compressed);
	const uint8_t *bytes = compressed;
	struct xfdt_error *err;

	err = xfdt_dump_read_frame(writer->dump, writer->frames[i].pfn, page);
	if (err)
		return err;
	blank(&writer->frames[i], page);
	if (compress2(compressed, &size, page, BLOCK, Z_BEST_COMPRESSION) != Z_OK)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "zlib cannot compress a page");
	desc->flags = XFDT_KDUMP_ZLIB;
	if (size >= BLOCK) {
		desc->flags = 0;
		size = BLOCK;
		bytes = page;
	}
	desc->size = (uint32_t)size;
	put(writer, desc->offset, bytes, size);
	return NULL;
}

static struct xfdt_error *put_pages(struct writer *writer)
{
	uint64_t at = (1 + writer->sub_hdr_blocks + 2 * writer->bitmap_blocks) * BLOCK;
	struct xfdt_page_desc *descs = calloc(writer->count, sizeof(*descs));
	uint64_t data = at + writer->count * sizeof(*descs);
	struct xfdt_error *err = NULL;
	size_t i;

	if (!descs)
		return xfdt_no_memory("page descriptors");
	for (i = 0; !err && i < writer->count; i++) {
		descs[i].offset = data;
		err = put_page(writer, i, &descs[i]);
		data += descs[i].size;
	}
	put(writer, at, descs, writer->count * sizeof(*descs));
	free(descs);
	return err;
}

static struct xfdt_error *put_file(struct writer *writer)
{
	struct notes notes = { 0 };
	struct xfdt_error *err;

	err = make_notes(writer, &notes);
	if (err)
		return err;
	err = put_headers(writer, &notes);
	free(notes.bytes);
	if (err)
		return err;
	put_bitmaps(writer);
	return put_pages(writer);
}

static struct xfdt_error *redact(struct xfdt_dump *dump, const struct xfdt_host *host,
				 bool keep_log)
{
	bool *lines = NULL;
	struct xfdt_error *err;

	if (!keep_log && host->panic.log.count) {
		lines = calloc(host->panic.log.count, sizeof(*lines));
		if (!lines)
			return xfdt_no_memory("the log");
		xfdt_oops_log_lines(&host->panic.log, &host->panic.events, lines);
	}
	err = xfdt_redact(dump, host, lines);
	free(lines);
	return err;
}

static struct xfdt_error *write_file(struct writer *writer, const struct xfdt_output *output,
				     uint64_t *ret_size)
{
	struct xfdt_error *err;
	struct stat status;

	writer->out = output->file;
	writer->bitmap_blocks = blocks_of(writer->frames[writer->count - 1].pfn / 8 + 1);
	writer->flat = writer->bitmap_blocks > FLAT_BITMAP_BLOCKS;
	if (writer->flat)
		put_flat_header(writer->out);
	err = put_file(writer);
	if (err)
		return err;
	if (writer->flat)
		put_record(writer->out, XFDT_FLAT_END, XFDT_FLAT_END);
	err = xfdt_flush(writer->out, output->path);
	if (err)
		return err;
	if (fstat(fileno(writer->out), &status))
		return xfdt_error_new(XFDT_SYSTEM, 0, "cannot write %s: %s", output->path,
				      strerror(errno));
	*ret_size = (uint64_t)status.st_size;
	return NULL;
}

struct xfdt_error *xfdt_distill_write(struct xfdt_dump *dump, const struct xfdt_host *host,
				      const struct xfdt_distill_options *options,
				      const struct xfdt_output *output,
				      struct xfdt_distill_result *ret_result)
{
	struct writer writer = { .dump = dump, .host = host, .options = options };
	struct xfdt_distill_result result = { 0 };
	struct xfdt_error *err;
	size_t i;

	err = redact(dump, host, options->keep_log);
	if (err)
		return err;
	writer.frames = xfdt_dump_frames(dump, &writer.count);
	if (!writer.count)
		return xfdt_error_new(XFDT_MISSING, 0, "no page of the dump could be read");
	if (writer.frames[writer.count - 1].pfn >= MAX_PFN)
		return xfdt_error_new(XFDT_LIMIT, 0, "a page lies beyond physical memory");
	for (i = 0; i < XFDT_PURPOSES; i++)
		result.kept[i] = xfdt_dump_read_for(dump, (enum xfdt_purpose)i);
	result.pages = writer.count;
	err = write_file(&writer, output, &result.file_size);
	if (err)
		return err;
	result.flattened = writer.flat;
	*ret_result = result;
	return NULL;
}
