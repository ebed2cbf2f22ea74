/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kdump-compressed format (makedumpfile: IMPLEMENTATION, diskdump_mod.h).
 *
 * The second bitmap has one bit for each page frame; each that is set has a page
 * descriptor, in their order.  The bitmap is read once, to count its bits by
 * block: with 12 TiB of memory it has 400 MB, so only the block used last is kept.
 */
#include "dump/kdump_file.h"
#include "base/util.h"
#include "dump/kdump_format.h"
#include "image/reader.h"

#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define BLOCK XFDT_PAGE_SIZE
#define BLOCK_BITS (8ull * BLOCK)
#define VERSION_MIN 1
#define VERSION_MAX 64
#define BITMAP_MAX (1ull << 32) /* bytes; 128 TiB of memory */
#define SUB_HEADER_BLOCKS_MAX 65536
#define BITMAP_PIECE (4u << 20) /* bytes of a large bitmap that are read at once */

struct xfdt_kdump {
	struct xfdt_dumpfile *file;
	struct xfdt_kdump_header header;
	char uts[XFDT_UTS_FIELDS][XFDT_UTS_FIELD + 1];
	uint64_t end_of_notes;
	uint64_t bitmap;	     /* offset of the second one */
	uint64_t bitmap_blocks;	     /* of one */
	uint64_t max_pfn;	     /* frames that the bitmap speaks of */
	bool part;		     /* of a split set */
	uint64_t start_pfn, end_pfn; /* of a part of a split set; else 0 and all */
	uint64_t *before;	     /* by block of the bitmap: bits set in all blocks before it */
	struct counted {
		uint64_t block, byte, bits; /* set before this byte of this block */
	} counted;
	uint64_t first_desc;  /* bits set before start_pfn */
	uint64_t descs, data; /* offsets: of the descriptors, and behind them */
	uint64_t map_block;   /* the block of the bitmap in @map, plus one; 0: none */
	uint8_t map[BLOCK];
	uint8_t packed[BLOCK]; /* a page as the file has it */
	ZSTD_DCtx *zstd;       /* NULL: not needed yet */
};

/* headers */

static bool is_text(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static void take_uts(struct xfdt_kdump *kdump)
{
	size_t i;

	for (i = 0; i < XFDT_UTS_FIELDS; i++) {
		memcpy(kdump->uts[i], kdump->header.utsname[i], XFDT_UTS_FIELD);
		if (!is_text(kdump->uts[i]))
			kdump->uts[i][0] = '\0';
	}
}

const char *xfdt_kdump_uts(const struct xfdt_kdump *kdump, enum xfdt_uts_field field)
{
	return *kdump->uts[field] ? kdump->uts[field] : NULL;
}

bool xfdt_kdump_is_part(const struct xfdt_kdump *kdump)
{
	return kdump->part;
}

/* A damaged name is not that of another machine. */
const char *xfdt_kdump_machine(const struct xfdt_kdump *kdump)
{
	static const char *const names[] = {
		"x86_64", "i386",    "i586",  "i686",	 "aarch64",	"armv7l",
		"ppc64",  "ppc64le", "s390x", "riscv64", "loongarch64",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(kdump->uts[XFDT_UTS_MACHINE], names[i]))
			return names[i];
	return NULL;
}

/* Its header may have other places for what follows the names, and other pages. */
static bool is_foreign(const struct xfdt_kdump *kdump)
{
	const char *machine = xfdt_kdump_machine(kdump);

	return machine && strcmp(machine, "x86_64") && kdump->header.block_size != (int32_t)BLOCK;
}

static struct xfdt_error *check_header(const struct xfdt_kdump_header *header)
{
	if (header->header_version < VERSION_MIN || header->header_version > VERSION_MAX)
		return xfdt_error_new(XFDT_CORRUPT, 0, "its header has version %d",
				      header->header_version);
	if (header->block_size != (int32_t)BLOCK)
		return xfdt_error_new(XFDT_CORRUPT, 0, "its header has a block size of %d, not %u",
				      header->block_size, BLOCK);
	if (header->sub_hdr_size < 1 || header->sub_hdr_size > SUB_HEADER_BLOCKS_MAX)
		return xfdt_error_new(XFDT_CORRUPT, 0, "its sub header has %d blocks",
				      header->sub_hdr_size);
	if (header->bitmap_blocks < 2 || header->bitmap_blocks % 2 ||
	    header->bitmap_blocks / 2 > BITMAP_MAX / BLOCK)
		return xfdt_error_new(XFDT_CORRUPT, 0, "its page bitmaps have %u blocks",
				      header->bitmap_blocks);
	return NULL;
}

/* Read @len bytes of notes, or the like, at @offset; the caller frees *@ret_bytes. */
static struct xfdt_error *read_range(struct xfdt_kdump *kdump, uint64_t offset, uint64_t len,
				     const char *what, uint8_t **ret_bytes)
{
	uint64_t size = xfdt_dumpfile_size(kdump->file);
	struct xfdt_error *err;
	uint8_t *bytes;

	if (len > XFDT_NOTES_MAX || offset > size || len > size - offset)
		return xfdt_error_new(XFDT_CORRUPT, 0, "%s outside the file, or too large", what);
	bytes = malloc(len);
	if (!bytes)
		return xfdt_no_memory("notes");
	err = xfdt_dumpfile_read(kdump->file, bytes, len, offset);
	if (err)
		free(bytes);
	else
		*ret_bytes = bytes;
	return err;
}

static struct xfdt_error *read_notes(struct xfdt_kdump *kdump,
				     const struct xfdt_kdump_sub_header *sub,
				     struct xfdt_notes *notes)
{
	struct xfdt_error *err = NULL;
	uint8_t *bytes;

	if (kdump->header.header_version >= 4 && sub->size_note) {
		err = read_range(kdump, sub->offset_note, sub->size_note, "its notes lie", &bytes);
		if (err)
			return err;
		err = xfdt_notes_add(notes, bytes, sub->size_note);
		free(bytes);
	}
	if (!err && kdump->header.header_version >= 3 && sub->size_vmcoreinfo) {
		err = read_range(kdump, sub->offset_vmcoreinfo, sub->size_vmcoreinfo,
				 "VMCOREINFO lies", &bytes);
		if (err)
			return err;
		err = xfdt_notes_add_vmcoreinfo(notes, bytes, sub->size_vmcoreinfo);
		free(bytes);
	}
	return err;
}

static struct xfdt_error *read_sub_header(struct xfdt_kdump *kdump, struct xfdt_notes *notes)
{
	const int32_t version = kdump->header.header_version;
	struct xfdt_kdump_sub_header sub;
	struct xfdt_error *err;

	kdump->max_pfn = kdump->header.max_mapnr;
	kdump->end_pfn = UINT64_MAX;
	err = xfdt_dumpfile_read(kdump->file, &sub, sizeof(sub), BLOCK);
	if (err)
		return xfdt_error_wrap(err, "its sub header");
	if (version >= 6)
		kdump->max_pfn = sub.max_mapnr_64;
	kdump->part = version >= 2 && sub.split;
	if (kdump->part) {
		kdump->start_pfn = version < 6 ? (uint32_t)sub.start_pfn : sub.start_pfn_64;
		kdump->end_pfn = version < 6 ? (uint32_t)sub.end_pfn : sub.end_pfn_64;
	}
	return read_notes(kdump, &sub, notes);
}

/* page bitmap */

static uint64_t count_bits(const uint8_t *bytes, size_t len)
{
	uint64_t count = 0, word;

	for (; len >= sizeof(word); bytes += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		if (word)
			count += (uint64_t)__builtin_popcountll(word);
	}
	for (; len; bytes++, len--)
		count += (uint64_t)__builtin_popcount(*bytes);
	return count;
}

/* The block of the bitmap that has @pfn's bit; borrowed until the next call. */
static struct xfdt_error *map_block(struct xfdt_kdump *kdump, uint64_t pfn,
				    const uint8_t **ret_bits)
{
	uint64_t block = pfn / BLOCK_BITS;
	struct xfdt_error *err;

	*ret_bits = kdump->map;
	if (kdump->map_block == block + 1)
		return NULL;
	kdump->map_block = 0;
	err = xfdt_dumpfile_read(kdump->file, kdump->map, BLOCK, kdump->bitmap + block * BLOCK);
	if (!err)
		kdump->map_block = block + 1;
	return err;
}

/* Bits set before @pfn. */
static struct xfdt_error *count_before(struct xfdt_kdump *kdump, uint64_t pfn, uint64_t *ret_count)
{
	uint64_t block = pfn / BLOCK_BITS, byte = pfn % BLOCK_BITS / 8;
	struct counted *counted = &kdump->counted;
	struct xfdt_error *err;
	const uint8_t *bits;

	if (pfn >= kdump->max_pfn) {
		*ret_count = kdump->before[kdump->bitmap_blocks];
		return NULL;
	}
	err = map_block(kdump, pfn, &bits);
	if (err)
		return err;
	/* frames are read one after the other, mostly */
	if (counted->block != block || counted->byte > byte)
		*counted = (struct counted){ block, 0, kdump->before[block] };
	counted->bits += count_bits(bits + counted->byte, byte - counted->byte);
	counted->byte = byte;
	*ret_count = counted->bits +
		     (uint64_t)__builtin_popcount(bits[byte] & ((1u << pfn % 8) - 1));
	return NULL;
}

/* Count the bits of all blocks, with room for @piece bytes at @bits. */
static struct xfdt_error *count_pieces(struct xfdt_kdump *kdump, uint8_t *bits, size_t piece)
{
	uint64_t block = 0, i;

	while (block < kdump->bitmap_blocks) {
		uint64_t left = kdump->bitmap_blocks - block,
			 blocks = left < piece / BLOCK ? left : piece / BLOCK;
		struct xfdt_error *err;

		err = xfdt_dumpfile_read(kdump->file, bits, blocks * BLOCK,
					 kdump->bitmap + block * BLOCK);
		if (err)
			return xfdt_error_wrap(err, "its page bitmap");
		for (i = 0; i < blocks; i++, block++)
			kdump->before[block + 1] = kdump->before[block] +
						   count_bits(bits + i * BLOCK, BLOCK);
	}
	return NULL;
}

static struct xfdt_error *count_blocks(struct xfdt_kdump *kdump)
{
	size_t piece = BITMAP_PIECE;
	struct xfdt_error *err;
	uint8_t *bits;

	if (piece > kdump->bitmap_blocks * BLOCK)
		piece = kdump->bitmap_blocks * BLOCK;
	kdump->before = calloc(kdump->bitmap_blocks + 1, sizeof(*kdump->before));
	bits = malloc(piece);
	if (kdump->before && bits)
		err = count_pieces(kdump, bits, piece);
	else
		err = xfdt_no_memory("the page bitmap");
	free(bits);
	return err;
}

static struct xfdt_error *read_bitmap(struct xfdt_kdump *kdump)
{
	uint64_t headers = (1 + (uint64_t)kdump->header.sub_hdr_size) * BLOCK, end;
	struct xfdt_error *err;

	kdump->bitmap_blocks = kdump->header.bitmap_blocks / 2;
	kdump->bitmap = headers + kdump->bitmap_blocks * BLOCK;
	kdump->descs = kdump->bitmap + kdump->bitmap_blocks * BLOCK;
	if (kdump->max_pfn > kdump->bitmap_blocks * BLOCK_BITS)
		return xfdt_error_new(XFDT_CORRUPT, 0,
				      "its page bitmap is too small for %llu page frames",
				      ull(kdump->max_pfn));
	if (kdump->descs > xfdt_dumpfile_size(kdump->file))
		return xfdt_error_new(XFDT_TRUNCATED, 0,
				      "the file ends after %llu bytes, within the page bitmaps; "
				      "copy it again",
				      ull(xfdt_dumpfile_size(kdump->file)));
	err = count_blocks(kdump);
	if (!err)
		err = count_before(kdump, kdump->start_pfn, &kdump->first_desc);
	if (!err)
		err = count_before(kdump, kdump->end_pfn, &end);
	if (err)
		return err;
	if (end < kdump->first_desc)
		return xfdt_error_new(XFDT_CORRUPT, 0,
				      "a part of a split set ends at page frame "
				      "%#llx, before it starts",
				      ull(kdump->end_pfn));
	kdump->data = kdump->descs + (end - kdump->first_desc) * sizeof(struct xfdt_page_desc);
	return NULL;
}

static struct xfdt_error *open_kdump(struct xfdt_kdump *kdump, struct xfdt_notes *notes)
{
	struct xfdt_error *err;

	err = xfdt_dumpfile_read(kdump->file, &kdump->header, sizeof(kdump->header), 0);
	if (err)
		return err;
	take_uts(kdump);
	/* it has no page frame then */
	if (is_foreign(kdump))
		return NULL;
	err = check_header(&kdump->header);
	if (!err)
		err = read_sub_header(kdump, notes);
	if (!err)
		err = read_bitmap(kdump);
	return err;
}

struct xfdt_error *xfdt_kdump_open(struct xfdt_kdump **ret_kdump, struct xfdt_dumpfile *file,
				   struct xfdt_notes *notes)
{
	struct xfdt_kdump *kdump = calloc(1, sizeof(*kdump));
	struct xfdt_error *err;

	if (!kdump)
		return xfdt_error_new(XFDT_NO_MEMORY, 0, "out of memory");
	kdump->file = file;
	err = open_kdump(kdump, notes);
	if (err) {
		xfdt_kdump_close(kdump);
		return err;
	}
	*ret_kdump = kdump;
	return NULL;
}

void xfdt_kdump_close(struct xfdt_kdump *kdump)
{
	if (!kdump)
		return;
	ZSTD_freeDCtx(kdump->zstd);
	free(kdump->before);
	free(kdump);
}

/* pages */

static struct xfdt_error *has_frame(struct xfdt_kdump *kdump, uint64_t pfn, bool *ret_has)
{
	struct xfdt_error *err;
	const uint8_t *bits;

	*ret_has = false;
	if (pfn >= kdump->max_pfn || pfn < kdump->start_pfn || pfn >= kdump->end_pfn)
		return NULL;
	err = map_block(kdump, pfn, &bits);
	if (!err)
		*ret_has = bits[pfn % BLOCK_BITS / 8] >> pfn % 8 & 1;
	return err;
}

/* Was it memory of the dumped kernel, by the first bitmap?  Assume so where that cannot be read. */
static bool is_ram(struct xfdt_kdump *kdump, uint64_t pfn)
{
	uint64_t map = kdump->bitmap - kdump->bitmap_blocks * BLOCK;
	struct xfdt_error *err;
	uint8_t byte;

	if (pfn >= kdump->max_pfn)
		return false;
	err = xfdt_dumpfile_read(kdump->file, &byte, 1, map + pfn / 8);
	if (err) {
		xfdt_error_free(err);
		return true;
	}
	return byte >> pfn % 8 & 1;
}

/* What can be wrong with a page descriptor; nothing is read by one that is. */
static struct xfdt_error *check_desc(const struct xfdt_kdump *kdump,
				     const struct xfdt_page_desc *desc)
{
	uint32_t how = desc->flags & XFDT_KDUMP_COMPRESSED;
	uint64_t size = xfdt_dumpfile_size(kdump->file);

	/* written when the disk was full; the pages behind are not there */
	if (!desc->offset && !desc->size && kdump->header.status & XFDT_KDUMP_INCOMPLETE)
		return xfdt_error_new(XFDT_TRUNCATED, 0, "the dump was not written to its end");
	if (desc->flags & ~XFDT_KDUMP_COMPRESSED || how & (how - 1))
		return xfdt_error_new(XFDT_CORRUPT, 0, "its page descriptor has flags %#x",
				      desc->flags);
	if (!desc->size || desc->size > BLOCK || (!how && desc->size != BLOCK))
		return xfdt_error_new(XFDT_CORRUPT, 0, "its page descriptor has a size of %u",
				      desc->size);
	if (desc->offset < kdump->data || desc->offset > INT64_MAX)
		return xfdt_error_new(XFDT_CORRUPT, 0, "its page descriptor has offset %#llx",
				      ull(desc->offset));
	if (desc->offset > size || desc->size > size - desc->offset)
		return xfdt_error_new(XFDT_TRUNCATED, 0, "the file ends before it");
	return NULL;
}

/* Returns how many bytes came out; 0: they are damaged. */
static size_t uncompress_page(struct xfdt_kdump *kdump, const struct xfdt_page_desc *desc,
			      uint8_t *page)
{
	const uint8_t *bytes = kdump->packed;
	size_t len = BLOCK;
	lzo_uint lzo_len = BLOCK;
	uLongf zlib_len = BLOCK;

	switch (desc->flags) {
	case XFDT_KDUMP_ZLIB:
		return uncompress(page, &zlib_len, bytes, desc->size) == Z_OK ? zlib_len : 0;
	case XFDT_KDUMP_LZO:
		return lzo1x_decompress_safe(bytes, desc->size, page, &lzo_len, NULL) == LZO_E_OK ?
			       lzo_len :
			       0;
	case XFDT_KDUMP_SNAPPY:
		return snappy_uncompress((const char *)bytes, desc->size, (char *)page, &len) ==
				       SNAPPY_OK ?
			       len :
			       0;
	default:
		if (!kdump->zstd)
			kdump->zstd = ZSTD_createDCtx();
		len = kdump->zstd ?
			      ZSTD_decompressDCtx(kdump->zstd, page, BLOCK, bytes, desc->size) :
			      0;
		return ZSTD_isError(len) ? 0 : len;
	}
}

static struct xfdt_error *read_desc(struct xfdt_kdump *kdump, uint64_t pfn,
				    struct xfdt_page_desc *ret_desc)
{
	struct xfdt_error *err;
	uint64_t index;

	err = count_before(kdump, pfn, &index);
	if (!err)
		err = xfdt_dumpfile_read(kdump->file, ret_desc, sizeof(*ret_desc),
					 kdump->descs +
						 (index - kdump->first_desc) * sizeof(*ret_desc));
	return err ? err : check_desc(kdump, ret_desc);
}

static struct xfdt_error *read_page(struct xfdt_kdump *kdump, uint64_t pfn, uint8_t *ret_page)
{
	struct xfdt_page_desc desc;
	struct xfdt_error *err;

	err = read_desc(kdump, pfn, &desc);
	if (err)
		return err;
	if (!desc.flags)
		return xfdt_dumpfile_read(kdump->file, ret_page, BLOCK, desc.offset);
	err = xfdt_dumpfile_read(kdump->file, kdump->packed, desc.size, desc.offset);
	if (!err && uncompress_page(kdump, &desc, ret_page) != BLOCK)
		err = xfdt_error_new(XFDT_CORRUPT, 0, "its compressed bytes are damaged");
	return err;
}

struct xfdt_error *xfdt_kdump_read(struct xfdt_kdump *kdump, uint64_t pfn, void *ret_page)
{
	struct xfdt_error *err;
	bool has;

	err = has_frame(kdump, pfn, &has);
	if (!err && !has)
		return is_ram(kdump, pfn) ? xfdt_page_left_out(pfn * BLOCK) :
					    xfdt_page_not_ram(pfn * BLOCK);
	if (!err)
		err = read_page(kdump, pfn, ret_page);
	if (err)
		err = xfdt_error_wrap(err, "page at physical address %#llx", ull(pfn * BLOCK));
	return err;
}

struct xfdt_error *xfdt_kdump_next_frame(struct xfdt_kdump *kdump, uint64_t pfn, uint64_t *ret_pfn,
					 bool *ret_found)
{
	uint64_t end = kdump->end_pfn < kdump->max_pfn ? kdump->end_pfn : kdump->max_pfn;
	struct xfdt_error *err = NULL;

	if (pfn < kdump->start_pfn)
		pfn = kdump->start_pfn;
	*ret_found = false;
	while (!err && !*ret_found && pfn < end) {
		uint64_t block = pfn / BLOCK_BITS;

		if (kdump->before[block] == kdump->before[block + 1]) {
			pfn = (block + 1) * BLOCK_BITS;
			continue;
		}
		*ret_pfn = pfn;
		err = has_frame(kdump, pfn++, ret_found);
	}
	return err;
}
