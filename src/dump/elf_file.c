/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF core files (elf(5)). */
#include "dump/elf_file.h"
#include "image/reader.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENTS_MAX (1u << 20)

/* Physical addresses from @start up to @end; their bytes are at @offset of the file. */
struct segment {
	uint64_t start, end, offset;
};

struct segments {
	struct segment *items; /* by rising addresses, apart from each other */
	size_t count;
};

struct xfdt_elf_dump {
	struct xfdt_dumpfile *file;
	uint16_t machine;
	struct segments held; /* what the file has */
	struct segments ram;  /* and what the dumped kernel had */
	uint64_t note_bytes;  /* so far, of all segments: they may overlap */
};

static int compare_segments(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

/*
 * Sort, and take what several segments have out of all but one: /proc/vmcore
 * has the kernel's text twice.
 */
static void separate(struct segments *segments)
{
	uint64_t end = 0;
	size_t i, count = 0;

	if (segments->count)
		qsort(segments->items, segments->count, sizeof(*segments->items), compare_segments);
	for (i = 0; i < segments->count; i++) {
		struct segment segment = segments->items[i];

		if (segment.end <= end)
			continue;
		if (segment.start < end) {
			segment.offset += end - segment.start;
			segment.start = end;
		}
		segments->items[count++] = segment;
		end = segment.end;
	}
	segments->count = count;
}

static void add_segment(struct segments *segments, uint64_t start, uint64_t len, uint64_t offset)
{
	if (len && len <= UINT64_MAX - start && len <= INT64_MAX && offset <= INT64_MAX - len)
		segments->items[segments->count++] = (struct segment){ start, start + len, offset };
}

static struct xfdt_error *add_notes(struct xfdt_elf_dump *elf, const Elf64_Phdr *header,
				    struct xfdt_notes *notes)
{
	uint64_t size = xfdt_dumpfile_size(elf->file), len = header->p_filesz;
	struct xfdt_error *err;
	uint8_t *bytes;

	if (!len)
		return NULL;
	if (len > XFDT_NOTES_MAX || header->p_offset > size || len > size - header->p_offset)
		return xfdt_error_new(XFDT_CORRUPT, 0,
				      "an ELF note lies outside the file, or is too large");
	elf->note_bytes += len;
	if (elf->note_bytes > XFDT_NOTES_MAX)
		return xfdt_error_new(XFDT_LIMIT, 0, "its ELF notes have more than %u bytes",
				      XFDT_NOTES_MAX);
	bytes = malloc(len);
	if (!bytes)
		return xfdt_no_memory("notes");
	err = xfdt_dumpfile_read(elf->file, bytes, len, header->p_offset);
	if (!err)
		err = xfdt_notes_add(notes, bytes, len);
	free(bytes);
	return err;
}

static struct xfdt_error *take_headers(struct xfdt_elf_dump *elf, const Elf64_Phdr *headers,
				       size_t count, struct xfdt_notes *notes)
{
	struct xfdt_error *err = NULL;
	size_t i;

	for (i = 0; !err && i < count; i++) {
		const Elf64_Phdr *header = &headers[i];

		if (header->p_type == PT_LOAD) {
			add_segment(&elf->held, header->p_paddr, header->p_filesz,
				    header->p_offset);
			add_segment(&elf->ram, header->p_paddr,
				    header->p_memsz > header->p_filesz ? header->p_memsz :
									 header->p_filesz,
				    0);
		} else if (header->p_type == PT_NOTE) {
			err = add_notes(elf, header, notes);
		}
	}
	separate(&elf->held);
	separate(&elf->ram);
	return err;
}

static struct xfdt_error *count_headers(struct xfdt_elf_dump *elf, const Elf64_Ehdr *header,
					size_t *ret_count)
{
	struct xfdt_error *err;
	Elf64_Shdr section;

	*ret_count = header->e_phnum;
	if (header->e_phnum == PN_XNUM) {
		err = xfdt_dumpfile_read(elf->file, &section, sizeof(section), header->e_shoff);
		if (err)
			return xfdt_error_wrap(err, "its ELF headers");
		*ret_count = section.sh_info;
	}
	if (!*ret_count || *ret_count > SEGMENTS_MAX)
		return xfdt_error_new(XFDT_LIMIT, 0, "an ELF dump with %zu segments", *ret_count);
	return NULL;
}

static struct xfdt_error *read_headers(struct xfdt_elf_dump *elf, const Elf64_Ehdr *header,
				       struct xfdt_notes *notes)
{
	struct xfdt_error *err;
	Elf64_Phdr *headers;
	size_t count;

	err = count_headers(elf, header, &count);
	if (err)
		return err;
	headers = calloc(count, sizeof(*headers));
	elf->held.items = calloc(count, sizeof(*elf->held.items));
	elf->ram.items = calloc(count, sizeof(*elf->ram.items));
	if (!headers || !elf->held.items || !elf->ram.items) {
		free(headers);
		return xfdt_no_memory("ELF segments");
	}
	err = xfdt_dumpfile_read(elf->file, headers, count * sizeof(*headers), header->e_phoff);
	if (err)
		err = xfdt_error_wrap(err, "its ELF headers");
	else
		err = take_headers(elf, headers, count, notes);
	free(headers);
	return err;
}

static struct xfdt_error *open_elf(struct xfdt_elf_dump *elf, struct xfdt_notes *notes)
{
	struct xfdt_error *err;
	Elf64_Ehdr header;

	err = xfdt_dumpfile_read(elf->file, &header, sizeof(header), 0);
	if (err)
		return err;
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
		return xfdt_error_new(XFDT_NOT_A_DUMP, 0,
				      "is an ELF file of 32 bits, or not little endian");
	if (header.e_type != ET_CORE)
		return xfdt_error_new(XFDT_NOT_A_DUMP, 0, "is an ELF file, and no core dump");
	if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff > INT64_MAX ||
	    header.e_shoff > INT64_MAX)
		return xfdt_error_new(XFDT_CORRUPT, 0, "its ELF header contradicts itself");
	elf->machine = header.e_machine;
	return read_headers(elf, &header, notes);
}

struct xfdt_error *xfdt_elf_dump_open(struct xfdt_elf_dump **ret_elf, struct xfdt_dumpfile *file,
				      struct xfdt_notes *notes)
{
	struct xfdt_elf_dump *elf = calloc(1, sizeof(*elf));
	struct xfdt_error *err;

	if (!elf)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory");
	elf->file = file;
	err = open_elf(elf, notes);
	if (err)
		xfdt_elf_dump_close(elf);
	else
		*ret_elf = elf;
	return err;
}

void xfdt_elf_dump_close(struct xfdt_elf_dump *elf)
{
	if (!elf)
		return;
	free(elf->held.items);
	free(elf->ram.items);
	free(elf);
}

const char *xfdt_elf_dump_machine(const struct xfdt_elf_dump *elf)
{
	switch (elf->machine) {
	case EM_X86_64:
		return "x86_64";
	case EM_AARCH64:
		return "aarch64";
	case EM_PPC64:
		return "ppc64";
	case EM_S390:
		return "s390x";
	case EM_RISCV:
		return "riscv64";
	default:
		return NULL;
	}
}

/* The index of the first segment that ends behind @paddr. */
static size_t find_end(const struct segments *segments, uint64_t paddr)
{
	const struct segment *items = segments->items;
	size_t low = 0, high = segments->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (items[middle].end <= paddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The segment that has @paddr, or NULL. */
static const struct segment *find_segment(const struct segments *segments, uint64_t paddr)
{
	size_t i = find_end(segments, paddr);

	return i < segments->count && segments->items[i].start <= paddr ? &segments->items[i] :
									  NULL;
}

struct xfdt_error *xfdt_elf_dump_read(struct xfdt_elf_dump *elf, uint64_t paddr, void *buf,
				      size_t len)
{
	uint8_t *to = buf;

	while (len) {
		const struct segment *segment = find_segment(&elf->held, paddr);
		struct xfdt_error *err;
		size_t part = len;

		if (!segment)
			return find_segment(&elf->ram, paddr) ? xfdt_page_left_out(paddr) :
								xfdt_page_not_ram(paddr);
		if (part > segment->end - paddr)
			part = (size_t)(segment->end - paddr);
		err = xfdt_dumpfile_read(elf->file, to, part,
					 segment->offset + (paddr - segment->start));
		if (err && xfdt_error_code(err) == XFDT_TRUNCATED) {
			xfdt_error_free(err);
			err = xfdt_page_cut_off(paddr);
		}
		if (err)
			return err;
		to += part;
		paddr += part;
		len -= part;
	}
	return NULL;
}

bool xfdt_elf_dump_next_frame(const struct xfdt_elf_dump *elf, uint64_t pfn, uint64_t *ret_pfn)
{
	size_t i = pfn > UINT64_MAX / XFDT_PAGE_SIZE ? elf->held.count :
						       find_end(&elf->held, pfn * XFDT_PAGE_SIZE);

	for (; i < elf->held.count; i++) {
		const struct segment *segment = &elf->held.items[i];
		uint64_t first = segment->start / XFDT_PAGE_SIZE +
				 (segment->start % XFDT_PAGE_SIZE != 0);

		if (first < pfn)
			first = pfn;
		if (first < segment->end / XFDT_PAGE_SIZE) {
			*ret_pfn = first;
			return true;
		}
	}
	return false;
}
