/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an ELF file holds, and what a kdump-compressed one that was cut off holds. */
#include "dump/extent.h"
#include "dump/kdump_format.h"

#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096ull
#define SEGMENTS_MAX (1u << 20)
#define NOTE_MAX (64u << 20)
#define ZEROS_MAX 65536		/* pages of zeros to look behind for the last other one */
#define BITMAP_MAX (1ull << 32) /* 512 TiB of memory */

/* Physical addresses from @start up to @end. */
struct interval {
	uint64_t start, end;
};

struct intervals {
	struct interval *items; /* after merge(): sorted, apart from each other */
	size_t count;
};

struct xfdt_extent {
	int fd;
	uint64_t file_size; /* UINT64_MAX: unknown */

	/* ELF */
	struct intervals held, cut;

	/* kdump-compressed: one page descriptor for each bit of the bitmap */
	uint8_t *bitmap;
	uint64_t *descs_before; /* by page of the bitmap: bits set in all pages before it */
	uint64_t bitmap_size, descs;
	uint64_t start_pfn, end_pfn; /* of a part of a split set; else 0 and all */
	uint64_t first_desc;	     /* bits set before start_pfn */
};

bool xfdt_read_file(int fd, void *buf, size_t len, uint64_t offset)
{
	return pread(fd, buf, len, (off_t)offset) == (ssize_t)len;
}

static struct xfdt_error *too_short(const struct xfdt_extent *extent)
{
	return xfdt_error_new(XFDT_TRUNCATED, 0,
			      "the file ends after %llu bytes, within the headers; copy it again",
			      (unsigned long long)extent->file_size);
}

/* ELF */

static int compare_intervals(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void merge(struct intervals *intervals)
{
	size_t i, last = 0;

	if (!intervals->count)
		return;
	qsort(intervals->items, intervals->count, sizeof(*intervals->items), compare_intervals);
	for (i = 1; i < intervals->count; i++) {
		struct interval *item = &intervals->items[i], *into = &intervals->items[last];

		if (item->start > into->end)
			intervals->items[++last] = *item;
		else if (item->end > into->end)
			into->end = item->end;
	}
	intervals->count = last + 1;
}

static void add_interval(struct intervals *intervals, uint64_t start, uint64_t len)
{
	if (len && len <= UINT64_MAX - start)
		intervals->items[intervals->count++] = (struct interval){ start, start + len };
}

/* The last interval that begins at or before @paddr, or NULL. */
static const struct interval *find_interval(const struct intervals *intervals, uint64_t paddr)
{
	size_t low = 0, high = intervals->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (intervals->items[middle].start <= paddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &intervals->items[low - 1] : NULL;
}

static void add_segment(struct xfdt_extent *extent, const Elf64_Phdr *segment)
{
	uint64_t there = 0;

	if (segment->p_type != PT_LOAD)
		return;
	if (segment->p_offset < extent->file_size)
		there = extent->file_size - segment->p_offset;
	if (there > segment->p_filesz)
		there = segment->p_filesz;
	add_interval(&extent->held, segment->p_paddr, there);
	if (there < segment->p_filesz)
		add_interval(&extent->cut, segment->p_paddr + there, segment->p_filesz - there);
}

/*
 * What libkdumpfile 0.5.1 takes for granted of a 64-bit ELF header, and what
 * kills it if it is not so.
 */
static bool elf_header_is_sane(const Elf64_Ehdr *header, uint64_t file_size)
{
	uint64_t sections = (uint64_t)header->e_shnum * sizeof(Elf64_Shdr);

	if (header->e_phentsize != sizeof(Elf64_Phdr) || !header->e_phnum ||
	    header->e_phoff > file_size)
		return false;
	if (!header->e_shnum)
		return !header->e_shoff || header->e_phnum == PN_XNUM;
	return header->e_shentsize == sizeof(Elf64_Shdr) && header->e_shoff &&
	       header->e_shoff <= file_size && sections <= file_size - header->e_shoff &&
	       header->e_shstrndx < header->e_shnum;
}

static bool note_is_sane(const Elf64_Phdr *segment, uint64_t file_size)
{
	return segment->p_type != PT_NOTE ||
	       (segment->p_filesz <= NOTE_MAX && segment->p_offset <= file_size &&
		segment->p_filesz <= file_size - segment->p_offset);
}

static struct xfdt_error *init_elf(struct xfdt_extent *extent, bool *ret_needed)
{
	Elf64_Phdr *segments;
	Elf64_Ehdr header;
	size_t count, i;

	if (!xfdt_read_file(extent->fd, &header, sizeof(header), 0))
		return too_short(extent);
	/* whatever this is, libkdumpfile says what is wrong with it */
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
		return NULL;
	if (header.e_type != ET_CORE)
		return xfdt_error_new(XFDT_NOT_A_DUMP, 0, "is an ELF file, and no core dump");
	if (!elf_header_is_sane(&header, extent->file_size))
		return xfdt_error_new(XFDT_CORRUPT, 0, "its ELF header contradicts itself");
	count = header.e_phnum;
	if (header.e_phnum == PN_XNUM) {
		Elf64_Shdr section;

		if (!xfdt_read_file(extent->fd, &section, sizeof(section), header.e_shoff))
			return too_short(extent);
		count = section.sh_info;
		if (!count || count > SEGMENTS_MAX)
			return xfdt_error_new(XFDT_LIMIT, 0, "an ELF dump with %zu segments",
					      count);
	}
	segments = calloc(count, sizeof(*segments));
	extent->held.items = calloc(count, sizeof(struct interval));
	extent->cut.items = calloc(count, sizeof(struct interval));
	if (!segments || !extent->held.items || !extent->cut.items) {
		free(segments);
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for ELF segments");
	}
	if (!xfdt_read_file(extent->fd, segments, count * sizeof(*segments), header.e_phoff)) {
		free(segments);
		return too_short(extent);
	}
	for (i = 0; i < count && note_is_sane(&segments[i], extent->file_size); i++)
		add_segment(extent, &segments[i]);
	free(segments);
	if (i < count)
		return xfdt_error_new(XFDT_CORRUPT, 0,
				      "an ELF note lies outside the file, or is too large");
	merge(&extent->held);
	merge(&extent->cut);
	*ret_needed = true;
	return NULL;
}

static enum xfdt_held check_elf(const struct xfdt_extent *extent, uint64_t paddr, size_t len)
{
	const struct interval *interval = find_interval(&extent->cut, paddr + len - 1);

	if (interval && interval->end > paddr)
		return XFDT_CUT_OFF;
	interval = find_interval(&extent->held, paddr);
	return interval && interval->end >= paddr + len ? XFDT_HELD : XFDT_LEFT_OUT;
}

/* kdump-compressed */

static uint64_t count_bits(const uint8_t *bytes, size_t len)
{
	uint64_t count = 0, word;

	for (; len >= sizeof(word); bytes += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		count += (uint64_t)__builtin_popcountll(word);
	}
	for (; len; bytes++, len--)
		count += (uint64_t)__builtin_popcount(*bytes);
	return count;
}

/* Is the page that descriptor @index speaks of in the file, and where? */
static bool desc_is_whole(const struct xfdt_extent *extent, uint64_t index, uint64_t *ret_offset)
{
	struct xfdt_page_desc desc;

	if (!xfdt_read_file(extent->fd, &desc, sizeof(desc),
			    extent->descs + index * sizeof(desc)) ||
	    desc.offset > extent->file_size || desc.size > extent->file_size - desc.offset)
		return false;
	*ret_offset = desc.offset;
	return true;
}

/* How many frames before @pfn the file has by its bitmap. */
static uint64_t count_before(const struct xfdt_extent *extent, uint64_t pfn)
{
	uint64_t byte = pfn / 8, block = byte / PAGE;

	if (byte >= extent->bitmap_size)
		return extent->descs_before[extent->bitmap_size / PAGE];
	return extent->descs_before[block] +
	       count_bits(extent->bitmap + block * PAGE, byte - block * PAGE) +
	       (uint64_t)__builtin_popcount(extent->bitmap[byte] & ((1u << pfn % 8) - 1));
}

static bool range_is_sane(const struct xfdt_extent *extent, uint64_t offset, uint64_t size)
{
	return size <= NOTE_MAX && offset <= extent->file_size &&
	       size <= extent->file_size - offset;
}

/*
 * What libkdumpfile takes for granted of the sub header, and the part of all
 * frames that this file of a split set has; all, for any other.
 */
static struct xfdt_error *read_sub_header(struct xfdt_extent *extent, int32_t version)
{
	struct xfdt_kdump_sub_header sub;

	extent->end_pfn = UINT64_MAX;
	if (version < 2)
		return NULL;
	if (!xfdt_read_file(extent->fd, &sub, sizeof(sub), PAGE))
		return too_short(extent);
	if (version >= 3 && !range_is_sane(extent, sub.offset_vmcoreinfo, sub.size_vmcoreinfo))
		return xfdt_error_new(XFDT_CORRUPT, 0,
				      "VMCOREINFO lies outside the file, or is too large");
	if (version >= 4 && !range_is_sane(extent, sub.offset_note, sub.size_note))
		return xfdt_error_new(XFDT_CORRUPT, 0,
				      "its notes lie outside the file, or are too large");
	if (version >= 5 && !range_is_sane(extent, sub.offset_eraseinfo, sub.size_eraseinfo))
		return xfdt_error_new(XFDT_CORRUPT, 0,
				      "ERASEINFO lies outside the file, or is too large");
	if (!sub.split)
		return NULL;
	extent->start_pfn = version < 6 ? sub.start_pfn : sub.start_pfn_64;
	extent->end_pfn = version < 6 ? sub.end_pfn : sub.end_pfn_64;
	return NULL;
}

/*
 * Pages are written in the order of their frames, so the last one ends the
 * file; but all pages of zeros share one, which comes before all others.
 */
static bool may_be_cut(const struct xfdt_extent *extent, uint64_t count)
{
	uint64_t zeros = extent->descs + count * sizeof(struct xfdt_page_desc), offset, i;

	for (i = 0; i < count && i < ZEROS_MAX; i++) {
		if (!desc_is_whole(extent, count - 1 - i, &offset))
			return true;
		if (offset > zeros)
			return false;
	}
	return count;
}

static struct xfdt_error *init_kdump(struct xfdt_extent *extent, bool *ret_needed)
{
	struct xfdt_kdump_header header;
	struct xfdt_error *err;
	uint64_t blocks, end, i;

	if (!xfdt_read_file(extent->fd, &header, sizeof(header), 0))
		return too_short(extent);
	if (header.block_size != PAGE || header.sub_hdr_size < 0)
		return NULL;
	err = read_sub_header(extent, header.header_version);
	if (err)
		return err;
	/* the second half of the blocks says which frames are in the file */
	blocks = header.bitmap_blocks / 2;
	extent->bitmap_size = blocks * PAGE;
	extent->descs = (1 + (uint64_t)header.sub_hdr_size + 2 * blocks) * PAGE;
	if (!blocks || extent->bitmap_size > BITMAP_MAX)
		return NULL;
	if (extent->descs > extent->file_size)
		return too_short(extent);
	extent->bitmap = malloc(extent->bitmap_size);
	extent->descs_before = calloc(blocks + 1, sizeof(*extent->descs_before));
	if (!extent->bitmap || !extent->descs_before)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for the page bitmap");
	if (!xfdt_read_file(extent->fd, extent->bitmap, extent->bitmap_size,
			    extent->descs - extent->bitmap_size))
		return too_short(extent);
	for (i = 0; i < blocks; i++)
		extent->descs_before[i + 1] = extent->descs_before[i] +
					      count_bits(extent->bitmap + i * PAGE, PAGE);
	extent->first_desc = count_before(extent, extent->start_pfn);
	end = count_before(extent, extent->end_pfn);
	*ret_needed = end > extent->first_desc && may_be_cut(extent, end - extent->first_desc);
	return NULL;
}

static enum xfdt_held check_kdump(const struct xfdt_extent *extent, uint64_t paddr)
{
	uint64_t pfn = paddr / PAGE, byte = pfn / 8, offset;

	if (pfn < extent->start_pfn || pfn >= extent->end_pfn || byte >= extent->bitmap_size ||
	    !(extent->bitmap[byte] >> pfn % 8 & 1))
		return XFDT_LEFT_OUT;
	return desc_is_whole(extent, count_before(extent, pfn) - extent->first_desc, &offset) ?
		       XFDT_HELD :
		       XFDT_CUT_OFF;
}

bool xfdt_kdump_ram(int fd, uint64_t pfn, bool *ret_is_ram)
{
	struct xfdt_kdump_header header;
	uint64_t bits;
	uint8_t byte;

	if (!xfdt_read_file(fd, &header, sizeof(header), 0) ||
	    memcmp(header.signature, XFDT_KDUMP_SIGNATURE, sizeof(header.signature)) ||
	    header.block_size != PAGE || header.sub_hdr_size < 0)
		return false;
	bits = header.bitmap_blocks / 2 * PAGE * 8;
	/* then there is but one, of what the file holds */
	if (header.max_mapnr > bits)
		return false;
	if (pfn >= bits) {
		*ret_is_ram = false;
		return true;
	}
	if (!xfdt_read_file(fd, &byte, sizeof(byte),
			    (1 + (uint64_t)header.sub_hdr_size) * PAGE + pfn / 8))
		return false;
	*ret_is_ram = byte >> pfn % 8 & 1;
	return true;
}

struct xfdt_error *xfdt_extent_new(int fd, struct xfdt_extent **ret_extent)
{
	struct xfdt_error *err = NULL;
	struct xfdt_extent *extent;
	struct stat status;
	bool needed = false;
	char magic[8];

	*ret_extent = NULL;
	extent = calloc(1, sizeof(*extent));
	if (!extent)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory");
	extent->fd = fd;
	extent->file_size = UINT64_MAX;
	/* /proc/vmcore and devices do not tell */
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size)
		extent->file_size = (uint64_t)status.st_size;
	if (!xfdt_read_file(fd, magic, sizeof(magic), 0))
		err = too_short(extent);
	else if (!memcmp(magic, ELFMAG, SELFMAG))
		err = init_elf(extent, &needed);
	else if (!memcmp(magic, XFDT_KDUMP_SIGNATURE, sizeof(magic)) &&
		 extent->file_size != UINT64_MAX)
		err = init_kdump(extent, &needed);
	if (err || !needed)
		xfdt_extent_free(extent);
	else
		*ret_extent = extent;
	return err;
}

void xfdt_extent_free(struct xfdt_extent *extent)
{
	if (!extent)
		return;
	free(extent->held.items);
	free(extent->cut.items);
	free(extent->bitmap);
	free(extent->descs_before);
	free(extent);
}

enum xfdt_held xfdt_extent_check(const struct xfdt_extent *extent, uint64_t paddr, size_t len)
{
	return extent->bitmap ? check_kdump(extent, paddr) : check_elf(extent, paddr, len);
}
