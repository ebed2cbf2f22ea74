/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kdump-compressed format, header version 6, on x86-64 (makedumpfile:
 * IMPLEMENTATION and diskdump_mod.h name the fields).  Little endian.
 */
#ifndef XFDT_DUMP_KDUMP_FORMAT_H
#define XFDT_DUMP_KDUMP_FORMAT_H

#include <stdint.h>

#define XFDT_KDUMP_SIGNATURE "KDUMP   "
#define XFDT_KDUMP_VERSION 6

/* in the header's status and in a page's flags: how it is compressed */
#define XFDT_KDUMP_ZLIB 0x1u
#define XFDT_KDUMP_LZO 0x2u
#define XFDT_KDUMP_SNAPPY 0x4u
#define XFDT_KDUMP_ZSTD 0x20u
#define XFDT_KDUMP_COMPRESSED \
	(XFDT_KDUMP_ZLIB | XFDT_KDUMP_LZO | XFDT_KDUMP_SNAPPY | XFDT_KDUMP_ZSTD)
#define XFDT_KDUMP_INCOMPLETE 0x8u /* in status: the disk was full */

/* struct new_utsname */
enum xfdt_uts_field {
	XFDT_UTS_SYSNAME,
	XFDT_UTS_NODENAME,
	XFDT_UTS_RELEASE,
	XFDT_UTS_VERSION,
	XFDT_UTS_MACHINE,
	XFDT_UTS_DOMAINNAME,
	XFDT_UTS_FIELDS
};
#define XFDT_UTS_FIELD 65

struct xfdt_kdump_header {
	char signature[8];
	int32_t header_version;
	char utsname[XFDT_UTS_FIELDS][XFDT_UTS_FIELD];
	char padding[6];
	int64_t timestamp[2];
	uint32_t status;
	int32_t block_size;
	int32_t sub_hdr_size;	/* in blocks */
	uint32_t bitmap_blocks; /* of both bitmaps */
	uint32_t max_mapnr;
	uint32_t total_ram_blocks, device_blocks, written_blocks;
	uint32_t current_cpu;
	int32_t nr_cpus;
};

/* Follows in block 1. */
struct xfdt_kdump_sub_header {
	uint64_t phys_base;
	int32_t dump_level, split;
	uint64_t start_pfn, end_pfn;
	uint64_t offset_vmcoreinfo, size_vmcoreinfo;
	uint64_t offset_note, size_note;
	uint64_t offset_eraseinfo, size_eraseinfo;
	uint64_t start_pfn_64, end_pfn_64, max_mapnr_64;
};

/* The notes of a distilled vmcore, whose descriptors are text. */
#define XFDT_EMBEDDED_NAME "XFDTRIAGE"
enum xfdt_embedded {
	XFDT_EMBEDDED_RECORD = 1, /* resolved symbols and types (resolve/record.h) */
	XFDT_EMBEDDED_CENSUS = 2, /* of guest FPU states (kernel/census_note.h) */
};
#define XFDT_EMBEDDED_MAX (2u << 20)

/* One for each frame of the second bitmap, in its order, behind the bitmaps. */
struct xfdt_page_desc {
	uint64_t offset;
	uint32_t size, flags;
	uint64_t page_flags;
};

/*
 * The flattened format: a block with the header, then records, all of it big
 * endian.  Each record is followed by its bytes; one with offset -1 is the end.
 */
#define XFDT_FLAT_SIGNATURE "makedumpfile"
#define XFDT_FLAT_HEADER_SIZE 4096
#define XFDT_FLAT_END (-1)

struct xfdt_flat_header {
	char signature[16];
	int64_t type, version; /* both 1 */
};

struct xfdt_flat_record {
	int64_t offset; /* in the dump */
	int64_t size;
};

#endif
