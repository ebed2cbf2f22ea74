/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing the kdump-compressed format. */
#include "distill/distill.h"
#include "base/output.h"
#include "image/carried.h"
#include "image/kdump_format.h"
#include "image/vmcoreinfo.h"

#include <elf.h>
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

/* struct new_utsname, in its order */
static const struct {
	const char *name, *otherwise;
} uts_fields[XFDT_UTS_FIELDS] = {
	{ "sysname", "Linux" }, { "nodename", "(none)" }, { "release", "unknown" },
	{ "version", "unknown" }, { "machine", "x86_64" }, { "domainname", "(none)" },
};

struct writer {
	struct xfdt_dump *dump;
	const struct xfdt_frame *frames;
	size_t count;
	const char *record;	/* NULL: symbols and types are in the pages */
	size_t record_len;
	FILE *out;
	uint64_t sub_hdr_blocks, bitmap_blocks;	/* blocks of one bitmap */
	uint64_t bytes_kept;
};

/* the notes, as the kernel writes them: NT_PRSTATUS by CPU, then VMCOREINFO */

static void put_note(FILE *out, const char *name, uint32_t type, const void *desc, size_t size)
{
	static const char zeros[4];
	Elf64_Nhdr header = {
		.n_namesz = (uint32_t)strlen(name) + 1, .n_descsz = (uint32_t)size, .n_type = type,
	};

	fwrite(&header, sizeof(header), 1, out);
	fwrite(name, header.n_namesz, 1, out);
	fwrite(zeros, -header.n_namesz & 3, 1, out);
	fwrite(desc, size, 1, out);
	fwrite(zeros, -size & 3, 1, out);
}

static struct xfdt_error *make_notes(const struct writer *writer, int keep_pid,
				     char **ret_notes, size_t *ret_size)
{
	struct xfdt_source opened = xfdt_dump_source(writer->dump), *source = &opened;
	FILE *out = open_memstream(ret_notes, ret_size);
	size_t i;

	if (!out)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for notes");
	for (i = 0; i < source->note_count; i++) {
		struct elf_prstatus status = { .pr_pid = source->notes[i].pid };

		if (status.pr_pid == keep_pid)
			memcpy(&status.pr_reg, &source->notes[i].regs, sizeof(source->notes[i].regs));
		put_note(out, "CORE", NT_PRSTATUS, &status, sizeof(status));
	}
	if (writer->record)
		put_note(out, XFDT_CARRIED_NAME, XFDT_CARRIED_TYPE, writer->record, writer->record_len);
	if (source->vmcoreinfo)
		put_note(out, "VMCOREINFO", 0, source->vmcoreinfo, strlen(source->vmcoreinfo));
	if (fclose(out)) {
		free(*ret_notes);
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for notes");
	}
	return NULL;
}

/* the file */

static uint64_t blocks_of(uint64_t bytes)
{
	return (bytes + BLOCK - 1) / BLOCK;
}

static void put_headers(struct writer *writer, const struct xfdt_source *source,
			const char *notes, size_t notes_size)
{
	uint64_t end_pfn = writer->frames[writer->count - 1].pfn + 1, phys_base = 0;
	struct xfdt_kdump_header header = {
		.header_version = XFDT_KDUMP_VERSION,
		.status = XFDT_KDUMP_ZLIB,
		.block_size = BLOCK,
		.sub_hdr_size = (int32_t)writer->sub_hdr_blocks,
		.bitmap_blocks = (uint32_t)(2 * writer->bitmap_blocks),
		.max_mapnr = end_pfn < UINT32_MAX ? (uint32_t)end_pfn : UINT32_MAX,
		.nr_cpus = (int32_t)source->note_count,
	};
	struct xfdt_kdump_sub_header sub = {
		.dump_level = DUMP_LEVEL,
		.offset_note = BLOCK + sizeof(sub),
		.size_note = notes_size,
		.max_mapnr_64 = end_pfn,
	};
	const char *vmcoreinfo = source->vmcoreinfo;
	size_t i;

	memcpy(header.signature, XFDT_KDUMP_SIGNATURE, sizeof(header.signature));
	/* readers know a header by strings in all of these */
	for (i = 0; i < XFDT_UTS_FIELDS; i++) {
		const char *value = xfdt_dump_uts(writer->dump, uts_fields[i].name);

		snprintf(header.utsname[i], XFDT_UTS_FIELD, "%s",
			 value && *value ? value : uts_fields[i].otherwise);
	}
	if (vmcoreinfo) {
		xfdt_vmcoreinfo_get(vmcoreinfo, "OSRELEASE", header.utsname[2], XFDT_UTS_FIELD);
		xfdt_vmcoreinfo_number(vmcoreinfo, "phys_base", &phys_base);
		sub.size_vmcoreinfo = strlen(vmcoreinfo);
		/* the note's descriptor: its last bytes but for padding */
		sub.offset_vmcoreinfo = sub.offset_note + notes_size -
			((sub.size_vmcoreinfo + 3) & ~3ull);
	}
	sub.phys_base = phys_base;
	fwrite(&header, sizeof(header), 1, writer->out);
	fseeko(writer->out, BLOCK, SEEK_SET);
	fwrite(&sub, sizeof(sub), 1, writer->out);
	fwrite(notes, notes_size, 1, writer->out);
}

/* Blocks of zeros become holes: most of a large host's bitmap is. */
static void put_sparse(struct writer *writer, uint64_t block, const uint8_t *bytes, uint64_t blocks)
{
	static const uint8_t zeros[BLOCK];
	uint64_t i;

	for (i = 0; i < blocks; i++) {
		if (!memcmp(bytes + i * BLOCK, zeros, BLOCK))
			continue;
		fseeko(writer->out, (off_t)((block + i) * BLOCK), SEEK_SET);
		fwrite(bytes + i * BLOCK, BLOCK, 1, writer->out);
	}
}

/* Two bitmaps: pages that exist, and pages that are in the file.  Here they are the same. */
static struct xfdt_error *put_bitmaps(struct writer *writer)
{
	uint8_t *bitmap = calloc(writer->bitmap_blocks, BLOCK);
	uint64_t first = 1 + writer->sub_hdr_blocks;
	size_t i;

	if (!bitmap)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for the page bitmap");
	for (i = 0; i < writer->count; i++)
		bitmap[writer->frames[i].pfn / 8] |= (uint8_t)(1u << writer->frames[i].pfn % 8);
	put_sparse(writer, first, bitmap, writer->bitmap_blocks);
	put_sparse(writer, first + writer->bitmap_blocks, bitmap, writer->bitmap_blocks);
	free(bitmap);
	return NULL;
}

static void blank(const struct xfdt_frame *frame, uint8_t *page, uint64_t *kept)
{
	size_t i;

	for (i = 0; i < BLOCK; i++) {
		if (frame->read[i / 8] >> i % 8 & 1)
			++*kept;
		else
			page[i] = 0;
	}
}

static struct xfdt_error *put_pages(struct writer *writer)
{
	off_t descs = (off_t)((1 + writer->sub_hdr_blocks + 2 * writer->bitmap_blocks) * BLOCK);
	uint64_t data = (uint64_t)descs + writer->count * sizeof(struct xfdt_page_desc);
	uint8_t page[BLOCK], compressed[2 * BLOCK];
	size_t i;

	for (i = 0; i < writer->count; i++) {
		struct xfdt_page_desc desc = { .offset = data, .flags = XFDT_KDUMP_ZLIB };
		uLongf size = sizeof(compressed);
		const uint8_t *bytes = compressed;
		struct xfdt_error *err;

		err = xfdt_dump_read_frame(writer->dump, writer->frames[i].pfn, page);
		if (err)
			return err;
		blank(&writer->frames[i], page, &writer->bytes_kept);
		if (compress2(compressed, &size, page, BLOCK, Z_BEST_COMPRESSION) != Z_OK)
			return xfdt_error_new(XFDT_NO_MEMORY, 0, "zlib cannot compress a page");
		if (size >= BLOCK) {
			desc.flags = 0;
			size = BLOCK;
			bytes = page;
		}
		desc.size = (uint32_t)size;
		fseeko(writer->out, descs + (off_t)(i * sizeof(desc)), SEEK_SET);
		fwrite(&desc, sizeof(desc), 1, writer->out);
		fseeko(writer->out, (off_t)data, SEEK_SET);
		fwrite(bytes, size, 1, writer->out);
		data += size;
	}
	return NULL;
}

static struct xfdt_error *put_file(struct writer *writer, int keep_pid)
{
	struct xfdt_source source = xfdt_dump_source(writer->dump);
	struct xfdt_error *err;
	size_t notes_size;
	char *notes;

	err = make_notes(writer, keep_pid, &notes, &notes_size);
	if (err)
		return err;
	writer->sub_hdr_blocks = blocks_of(sizeof(struct xfdt_kdump_sub_header) + notes_size);
	writer->bitmap_blocks = blocks_of(writer->frames[writer->count - 1].pfn / 8 + 1);
	put_headers(writer, &source, notes, notes_size);
	free(notes);
	err = put_bitmaps(writer);
	return err ? err : put_pages(writer);
}

struct xfdt_error *xfdt_distill_write(struct xfdt_dump *dump, int keep_pid,
				      const char *record, size_t record_len,
				      const char *path,
				      struct xfdt_distill_result *ret_result)
{
	struct writer writer = { .dump = dump, .record = record, .record_len = record_len };
	struct xfdt_output output;
	struct xfdt_error *err;
	struct stat status;

	writer.frames = xfdt_dump_frames(dump, &writer.count);
	if (!writer.count)
		return xfdt_error_new(XFDT_MISSING, 0, "nothing of the dump could be read");
	if (writer.frames[writer.count - 1].pfn >= MAX_PFN)
		return xfdt_error_new(XFDT_LIMIT, 0, "a page lies beyond physical memory");
	err = xfdt_output_init(&output, path);
	if (err)
		return err;
	writer.out = output.file;
	err = put_file(&writer, keep_pid);
	if (!err && (fflush(writer.out) || fstat(fileno(writer.out), &status)))
		err = xfdt_error_new(XFDT_SYSTEM, 0, "cannot write %s: %s", path, strerror(errno));
	err = xfdt_output_finish(&output, err);
	if (err)
		return err;
	*ret_result = (struct xfdt_distill_result) {
		.pages = writer.count, .bytes_kept = writer.bytes_kept,
		.file_size = (uint64_t)status.st_size,
	};
	return NULL;
}
