/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that were cut off: ELF, and the kdump-compressed format. */
#include "image/extent.h"
#include "image/kdump_format.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096ull
#define SEGMENTS_MAX 65535u	/* PN_XNUM is the next */
#define BITMAP_MAX (1ull << 32)	/* 512 TiB of memory */

struct xfdt_extent {
	int fd;
	uint64_t file_size;

	/* ELF */
	Elf64_Phdr *segments;
	size_t segment_count;

	/* kdump-compressed: one page descriptor for each bit of the bitmap */
	uint8_t *bitmap;
	uint64_t *descs_before;	/* by page of the bitmap: bits set in all pages before it */
	uint64_t bitmap_size, descs;
};

static bool read_at(int fd, void *buf, size_t len, uint64_t offset)
{
	return pread(fd, buf, len, (off_t)offset) == (ssize_t)len;
}

static struct xfdt_error *too_short(uint64_t size)
{
	return xfdt_error_new(XFDT_TRUNCATED, 0,
			      "the file ends after %llu bytes, within the headers; copy it again",
			      (unsigned long long)size);
}

/* ELF */

static bool segment_is_whole(const Elf64_Phdr *segment, uint64_t file_size)
{
	return segment->p_offset <= file_size && segment->p_filesz <= file_size - segment->p_offset;
}

static struct xfdt_error *init_elf(struct xfdt_extent *extent, bool *ret_whole)
{
	Elf64_Ehdr header;
	size_t i;

	if (!read_at(extent->fd, &header, sizeof(header), 0))
		return too_short(extent->file_size);
	*ret_whole = true;
	/* whatever this is, libkdumpfile says what is wrong with it */
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_phentsize != sizeof(Elf64_Phdr) || !header.e_phnum)
		return NULL;
	extent->segment_count = header.e_phnum;
	if (header.e_phnum == PN_XNUM) {
		Elf64_Shdr section;

		if (!read_at(extent->fd, &section, sizeof(section), header.e_shoff))
			return too_short(extent->file_size);
		extent->segment_count = section.sh_info;
		if (!section.sh_info || section.sh_info > 16 * SEGMENTS_MAX)
			return NULL;
	}
	extent->segments = calloc(extent->segment_count, sizeof(Elf64_Phdr));
	if (!extent->segments)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for ELF segments");
	if (!read_at(extent->fd, extent->segments, extent->segment_count * sizeof(Elf64_Phdr),
		     header.e_phoff))
		return too_short(extent->file_size);
	for (i = 0; i < extent->segment_count; i++)
		if (!segment_is_whole(&extent->segments[i], extent->file_size))
			*ret_whole = false;
	return NULL;
}

static bool elf_holds(const struct xfdt_extent *extent, uint64_t pfn)
{
	uint64_t paddr = pfn * PAGE;
	size_t i;

	for (i = 0; i < extent->segment_count; i++) {
		const Elf64_Phdr *segment = &extent->segments[i];
		uint64_t first = paddr > segment->p_paddr ? paddr - segment->p_paddr : 0;
		uint64_t last = paddr + PAGE - segment->p_paddr;

		/* the part of the frame that this segment's bytes in the file cover */
		if (segment->p_type != PT_LOAD || paddr + PAGE <= segment->p_paddr ||
		    first >= segment->p_filesz)
			continue;
		if (last > segment->p_filesz)
			last = segment->p_filesz;
		if (segment->p_offset > extent->file_size ||
		    last > extent->file_size - segment->p_offset)
			return false;
	}
	return true;
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

static bool desc_is_whole(const struct xfdt_extent *extent, uint64_t index)
{
	struct xfdt_page_desc desc;

	return read_at(extent->fd, &desc, sizeof(desc), extent->descs + index * sizeof(desc)) &&
	       desc.offset <= extent->file_size && desc.size <= extent->file_size - desc.offset;
}

/* Pages are written in the order of their frames, so the last one ends the file. */
static struct xfdt_error *init_kdump(struct xfdt_extent *extent, bool *ret_whole)
{
	struct xfdt_kdump_header header;
	uint64_t blocks, i, total = 0;

	*ret_whole = true;
	if (!read_at(extent->fd, &header, sizeof(header), 0))
		return too_short(extent->file_size);
	if (header.block_size != PAGE || header.sub_hdr_size < 0)
		return NULL;
	/* the second half of the blocks says which frames are in the file */
	blocks = header.bitmap_blocks / 2;
	extent->bitmap_size = blocks * PAGE;
	extent->descs = (1 + (uint64_t)header.sub_hdr_size + 2 * blocks) * PAGE;
	if (!blocks || extent->bitmap_size > BITMAP_MAX)
		return NULL;
	if (extent->descs > extent->file_size)
		return too_short(extent->file_size);
	extent->bitmap = malloc(extent->bitmap_size);
	extent->descs_before = calloc(blocks + 1, sizeof(*extent->descs_before));
	if (!extent->bitmap || !extent->descs_before)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory for the page bitmap");
	if (!read_at(extent->fd, extent->bitmap, extent->bitmap_size,
		     extent->descs - extent->bitmap_size))
		return too_short(extent->file_size);
	for (i = 0; i < blocks; i++) {
		extent->descs_before[i] = total;
		total += count_bits(extent->bitmap + i * PAGE, PAGE);
	}
	*ret_whole = !total || desc_is_whole(extent, total - 1);
	return NULL;
}

static bool kdump_holds(const struct xfdt_extent *extent, uint64_t pfn)
{
	uint64_t byte = pfn / 8, block = byte / PAGE, index;

	if (byte >= extent->bitmap_size || !(extent->bitmap[byte] >> pfn % 8 & 1))
		return true;	/* not in the file in any case */
	index = extent->descs_before[block] +
		count_bits(extent->bitmap + block * PAGE, byte - block * PAGE) +
		(uint64_t)__builtin_popcount(extent->bitmap[byte] & ((1u << pfn % 8) - 1));
	return desc_is_whole(extent, index);
}

struct xfdt_error *xfdt_extent_new(int fd, struct xfdt_extent **ret_extent)
{
	struct xfdt_extent *extent;
	struct xfdt_error *err;
	struct stat status;
	bool whole = true;
	char magic[8];

	*ret_extent = NULL;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode) || !status.st_size)
		return NULL;
	if (!read_at(fd, magic, sizeof(magic), 0))
		return too_short((uint64_t)status.st_size);
	extent = calloc(1, sizeof(*extent));
	if (!extent)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory");
	extent->fd = fd;
	extent->file_size = (uint64_t)status.st_size;
	if (!memcmp(magic, ELFMAG, SELFMAG))
		err = init_elf(extent, &whole);
	else if (!memcmp(magic, XFDT_KDUMP_SIGNATURE, sizeof(magic)))
		err = init_kdump(extent, &whole);
	else
		err = NULL;
	if (err || whole)
		xfdt_extent_free(extent);
	else
		*ret_extent = extent;
	return err;
}

void xfdt_extent_free(struct xfdt_extent *extent)
{
	if (!extent)
		return;
	free(extent->segments);
	free(extent->bitmap);
	free(extent->descs_before);
	free(extent);
}

bool xfdt_extent_holds(const struct xfdt_extent *extent, uint64_t pfn)
{
	return extent->bitmap ? kdump_holds(extent, pfn) : elf_holds(extent, pfn);
}
