/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kdump-compressed files: their pages, and what may be wrong with them. */
#include "unit.h"
#include "dump/kdump_file.h"

#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define PAGE XFDT_PAGE_SIZE
#define DESCS (4 * PAGE) /* header, sub header, two bitmaps of a block each */
#define PAGES 8
#define DATA (DESCS + PAGES * sizeof(struct xfdt_page_desc))
#define STORED 3 /* the frame that is not compressed */

/* Frames 0 to 7, of which number N is filled with N; as a file. */
struct dump {
	struct xfdt_kdump_header header;
	struct xfdt_kdump_sub_header sub;
	uint8_t ram, bitmap; /* the first and the second */
	struct xfdt_page_desc descs[PAGES];
	uint8_t data[2 * PAGES * PAGE];
	size_t data_len;
};

static size_t compress_page(const uint8_t *page, uint32_t flags, uint8_t *to)
{
	static uint8_t work[LZO1X_1_MEM_COMPRESS];
	uLongf zlib_len = 2 * PAGE;
	size_t len = 2 * PAGE;
	lzo_uint lzo_len = 0;

	switch (flags) {
	case XFDT_KDUMP_ZLIB:
		return compress(to, &zlib_len, page, PAGE) == Z_OK ? zlib_len : 0;
	case XFDT_KDUMP_LZO:
		return lzo1x_1_compress(page, PAGE, to, &lzo_len, work) == LZO_E_OK ? lzo_len : 0;
	case XFDT_KDUMP_SNAPPY:
		return snappy_compress((const char *)page, PAGE, (char *)to, &len) == SNAPPY_OK ?
			       len :
			       0;
	case XFDT_KDUMP_ZSTD:
		return ZSTD_compress(to, len, page, PAGE, 1);
	default:
		memcpy(to, page, PAGE);
		return PAGE;
	}
}

static void add_page(struct dump *dump, unsigned int pfn, uint32_t flags)
{
	uint8_t page[PAGE];
	size_t len;

	memset(page, (int)pfn, sizeof(page));
	len = compress_page(page, flags, dump->data + dump->data_len);
	dump->descs[pfn] = (struct xfdt_page_desc){
		.offset = DATA + dump->data_len,
		.size = (uint32_t)len,
		.flags = flags,
	};
	dump->data_len += len;
}

static struct dump *new_dump(uint32_t flags)
{
	static struct dump dump;
	unsigned int i;

	dump = (struct dump){
		.header = {
			.header_version = XFDT_KDUMP_VERSION,
			.status = flags,
			.block_size = PAGE,
			.sub_hdr_size = 1,
			.bitmap_blocks = 2,
			.max_mapnr = PAGES,
		},
		.sub = { .max_mapnr_64 = PAGES, .end_pfn_64 = PAGES },
		.ram = 0xff,
		.bitmap = 0xff,
	};
	memcpy(dump.header.signature, XFDT_KDUMP_SIGNATURE, sizeof(dump.header.signature));
	strcpy(dump.header.utsname[XFDT_UTS_MACHINE], "x86_64");
	for (i = 0; i < PAGES; i++)
		add_page(&dump, i, i == STORED ? 0 : flags);
	return &dump;
}

static void put(int fd, const void *bytes, size_t size, uint64_t offset)
{
	if (pwrite(fd, bytes, size, (off_t)offset) != (ssize_t)size)
		exit(99);
}

static int write_dump(const struct dump *dump, size_t less)
{
	int fd = memfd_create("kdump", MFD_CLOEXEC);

	put(fd, &dump->header, sizeof(dump->header), 0);
	put(fd, &dump->sub, sizeof(dump->sub), PAGE);
	put(fd, &dump->ram, 1, 2 * PAGE);
	put(fd, &dump->bitmap, 1, 3 * PAGE);
	put(fd, dump->descs, sizeof(dump->descs), DESCS);
	put(fd, dump->data, dump->data_len, DATA);
	if (ftruncate(fd, (off_t)(DATA + dump->data_len - less)))
		exit(99);
	return fd;
}

/* A dump that is open. */
struct opened {
	struct xfdt_dumpfile *file;
	struct xfdt_kdump *kdump;
	struct xfdt_notes notes;
};

static struct xfdt_error *open_cut(struct opened *opened, const struct dump *dump, size_t less)
{
	int fd = write_dump(dump, less);
	struct xfdt_error *err;
	char path[40];

	*opened = (struct opened){ 0 };
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = xfdt_dumpfile_open(&opened->file, path, NULL, NULL);
	close(fd);
	assert_null(err);
	return xfdt_kdump_open(&opened->kdump, opened->file, &opened->notes);
}

static void close_dump(struct opened *opened)
{
	xfdt_kdump_close(opened->kdump);
	xfdt_dumpfile_close(opened->file);
	xfdt_notes_deinit(&opened->notes);
}

static void assert_frame(struct opened *opened, unsigned int pfn)
{
	uint8_t page[PAGE], expected[PAGE];

	memset(expected, (int)pfn, sizeof(expected));
	assert_ok(xfdt_kdump_read(opened->kdump, pfn, page));
	assert_memory_equal(page, expected, sizeof(page));
}

static void test_kdump_file__every_compression(void **state)
{
	static const uint32_t flags[] = { 0, XFDT_KDUMP_ZLIB, XFDT_KDUMP_LZO, XFDT_KDUMP_SNAPPY,
					  XFDT_KDUMP_ZSTD };
	struct opened opened;
	uint8_t page[PAGE];
	size_t i;
	int pfn;

	for (i = 0; i < COUNT(flags); i++) {
		struct dump *dump = new_dump(flags[i]);

		assert_ok(open_cut(&opened, dump, 0));
		for (pfn = PAGES - 1; pfn >= 0; pfn--)
			assert_frame(&opened, (unsigned int)pfn);
		assert_fails(xfdt_kdump_read(opened.kdump, PAGES, page), XFDT_NOT_RAM);
		assert_fails(xfdt_kdump_read(opened.kdump, UINT64_MAX / PAGE, page), XFDT_NOT_RAM);
		close_dump(&opened);
	}
}

static void test_kdump_file__frames_left_out(void **state)
{
	struct dump *dump = new_dump(XFDT_KDUMP_LZO);
	struct opened opened;
	uint8_t page[PAGE];

	/* frames 0, 3, 4 and 7 have the first descriptors */
	dump->bitmap = 0x99;
	dump->ram = 0xbf;
	dump->descs[1] = dump->descs[3];
	dump->descs[2] = dump->descs[4];
	dump->descs[3] = dump->descs[7];
	assert_ok(open_cut(&opened, dump, 0));
	assert_frame(&opened, 0);
	assert_frame(&opened, 3);
	assert_frame(&opened, 4);
	assert_frame(&opened, 7);
	assert_fails(xfdt_kdump_read(opened.kdump, 1, page), XFDT_EXCLUDED);
	assert_fails(xfdt_kdump_read(opened.kdump, 6, page), XFDT_NOT_RAM);
	close_dump(&opened);
}

/* Read frame 2 with its descriptor replaced; the message has to name the page. */
static void assert_bad_desc(uint32_t how, struct xfdt_page_desc desc, enum xfdt_code code)
{
	struct dump *dump = new_dump(how);
	struct xfdt_error *err;
	struct opened opened;
	uint8_t page[PAGE];

	dump->descs[2] = desc;
	assert_ok(open_cut(&opened, dump, 0));
	err = xfdt_kdump_read(opened.kdump, 2, page);
	assert_non_null(err);
	assert_int_equal(xfdt_error_code(err), code);
	assert_non_null(strstr(xfdt_error_message(err), "page at physical address 0x2000"));
	xfdt_error_free(err);
	/* and no other page suffers */
	assert_frame(&opened, 1);
	assert_frame(&opened, STORED);
	close_dump(&opened);
}

/* libkdumpfile 0.5.1 reads up to 262144 bytes into a buffer of one page (its e403ac1, 0439875) */
static void test_kdump_file__descriptor_with_a_bad_size(void **state)
{
	static const uint32_t sizes[] = { 0,	  4097,	  8192,	     65536,
					  262144, 262145, INT32_MAX, UINT32_MAX };
	static const uint32_t flags[] = { 0, XFDT_KDUMP_ZLIB, XFDT_KDUMP_LZO, XFDT_KDUMP_SNAPPY,
					  XFDT_KDUMP_ZSTD };
	size_t i, j;

	for (i = 0; i < COUNT(sizes); i++)
		for (j = 0; j < COUNT(flags); j++)
			assert_bad_desc(flags[j],
					(struct xfdt_page_desc){ DATA, sizes[i], flags[j], 0 },
					XFDT_CORRUPT);
	/* one that is not compressed has all of its bytes */
	assert_bad_desc(0, (struct xfdt_page_desc){ DATA, PAGE - 1, 0, 0 }, XFDT_CORRUPT);
}

static void test_kdump_file__descriptor_with_bad_flags(void **state)
{
	uint32_t bit;

	for (bit = 1; bit; bit <<= 1) {
		if (bit & XFDT_KDUMP_COMPRESSED)
			continue;
		assert_bad_desc(0, (struct xfdt_page_desc){ DATA, PAGE, bit, 0 }, XFDT_CORRUPT);
	}
	assert_bad_desc(0,
			(struct xfdt_page_desc){ DATA, 100, XFDT_KDUMP_ZLIB | XFDT_KDUMP_LZO, 0 },
			XFDT_CORRUPT);
}

static void test_kdump_file__descriptor_with_a_bad_offset(void **state)
{
	static const uint64_t inside[] = { 0, 1, PAGE, DESCS, DATA - 1, 1ull << 63, UINT64_MAX };
	size_t i;

	for (i = 0; i < COUNT(inside); i++)
		assert_bad_desc(0, (struct xfdt_page_desc){ inside[i], PAGE, 0, 0 }, XFDT_CORRUPT);
	assert_bad_desc(0, (struct xfdt_page_desc){ DATA + PAGES * PAGE - 1, PAGE, 0, 0 },
			XFDT_TRUNCATED);
	assert_bad_desc(0, (struct xfdt_page_desc){ INT64_MAX - 1, PAGE, 0, 0 }, XFDT_TRUNCATED);
}

/* whatever the bytes are, a page of the wrong length is no page */
static void test_kdump_file__damaged_bytes(void **state)
{
	static const uint32_t flags[] = { XFDT_KDUMP_ZLIB, XFDT_KDUMP_LZO, XFDT_KDUMP_SNAPPY,
					  XFDT_KDUMP_ZSTD };
	size_t i, at;

	for (i = 0; i < COUNT(flags); i++) {
		struct dump *dump = new_dump(flags[i]);
		struct xfdt_page_desc desc = dump->descs[2];

		/* shorter than it is */
		for (at = 1; at < desc.size; at++)
			assert_bad_desc(flags[i],
					(struct xfdt_page_desc){ desc.offset, (uint32_t)at,
								 flags[i], 0 },
					XFDT_CORRUPT);
		/* of another compression */
		assert_bad_desc(flags[i],
				(struct xfdt_page_desc){ desc.offset, desc.size,
							 flags[(i + 1) % COUNT(flags)], 0 },
				XFDT_CORRUPT);
	}
}

/* the disk was full: the descriptors were not written */
static void test_kdump_file__incomplete(void **state)
{
	struct dump *dump = new_dump(XFDT_KDUMP_ZLIB);
	struct opened opened;
	uint8_t page[PAGE];

	dump->header.status |= XFDT_KDUMP_INCOMPLETE;
	dump->descs[7] = (struct xfdt_page_desc){ 0 };
	assert_ok(open_cut(&opened, dump, 0));
	assert_fails(xfdt_kdump_read(opened.kdump, 7, page), XFDT_TRUNCATED);
	assert_frame(&opened, 6);
	close_dump(&opened);
}

static void test_kdump_file__cut_off(void **state)
{
	struct dump *dump = new_dump(0);
	struct opened opened;
	uint8_t page[PAGE];
	size_t less;

	assert_ok(open_cut(&opened, dump, 1));
	assert_fails(xfdt_kdump_read(opened.kdump, 7, page), XFDT_TRUNCATED);
	assert_frame(&opened, 6);
	close_dump(&opened);
	/* in the descriptors: of frame 7 */
	assert_ok(open_cut(&opened, dump, dump->data_len + 1));
	assert_fails(xfdt_kdump_read(opened.kdump, 7, page), XFDT_TRUNCATED);
	assert_fails(xfdt_kdump_read(opened.kdump, 0, page), XFDT_TRUNCATED);
	close_dump(&opened);
	for (less = dump->data_len + PAGES * sizeof(struct xfdt_page_desc) + 1;
	     less < dump->data_len + DATA; less += 99) {
		assert_fails(open_cut(&opened, dump, less), XFDT_TRUNCATED);
		close_dump(&opened);
	}
}

/* libkdumpfile asks for 4 GiB where the block size is 65536 */
static void test_kdump_file__bad_headers(void **state)
{
	const struct {
		size_t offset, size;
		uint64_t value;
	} bad[] = {
#define HEADER(field, value) \
	{ offsetof(struct dump, header.field), sizeof(((struct dump *)0)->header.field), value }
#define SUB(field, value) \
	{ \
		offsetof(struct dump, sub.field), sizeof(((struct dump *)0)->sub.field), value \
	}
		HEADER(header_version, 0),
		HEADER(header_version, UINT32_MAX),
		HEADER(header_version, 1u << 24),
		HEADER(block_size, 0),
		HEADER(block_size, 2048),
		HEADER(block_size, 65536),
		HEADER(block_size, UINT32_MAX),
		HEADER(sub_hdr_size, 0),
		HEADER(sub_hdr_size, UINT32_MAX),
		HEADER(sub_hdr_size, INT32_MAX),
		HEADER(bitmap_blocks, 0),
		HEADER(bitmap_blocks, 1),
		HEADER(bitmap_blocks, 3),
		HEADER(bitmap_blocks, UINT32_MAX),
		HEADER(bitmap_blocks, UINT32_MAX - 1),
		SUB(max_mapnr_64, 8 * PAGE + 1),
		SUB(max_mapnr_64, UINT64_MAX),
		SUB(size_note, UINT64_MAX),
		SUB(size_note, (uint64_t)XFDT_NOTES_MAX + 1),
		SUB(size_vmcoreinfo, UINT64_MAX),
#undef HEADER
#undef SUB
	};
	struct opened opened;
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		struct dump *dump = new_dump(0);

		memcpy((uint8_t *)dump + bad[i].offset, &bad[i].value, bad[i].size);
		assert_fails(open_cut(&opened, dump, 0), XFDT_CORRUPT);
		close_dump(&opened);
	}
}

static void test_kdump_file__notes_outside_the_file(void **state)
{
	static const uint64_t offsets[] = { 1u << 30, INT64_MAX, UINT64_MAX - 50, UINT64_MAX };
	struct opened opened;
	size_t i;

	for (i = 0; i < COUNT(offsets); i++) {
		struct dump *dump = new_dump(0);

		dump->sub.offset_note = offsets[i];
		dump->sub.size_note = 100;
		assert_fails(open_cut(&opened, dump, 0), XFDT_CORRUPT);
		close_dump(&opened);
		dump->sub.size_note = 0;
		dump->sub.offset_vmcoreinfo = offsets[i];
		dump->sub.size_vmcoreinfo = 100;
		assert_fails(open_cut(&opened, dump, 0), XFDT_CORRUPT);
		close_dump(&opened);
	}
}

static void test_kdump_file__part_of_a_split_set(void **state)
{
	struct dump *dump = new_dump(XFDT_KDUMP_SNAPPY);
	struct opened opened;
	uint8_t page[PAGE];

	/* descriptors of its own frames only */
	memmove(dump->descs, dump->descs + 3, 3 * sizeof(dump->descs[0]));
	dump->sub.split = 1;
	dump->sub.start_pfn_64 = 3;
	dump->sub.end_pfn_64 = 6;
	assert_ok(open_cut(&opened, dump, 0));
	assert_frame(&opened, 3);
	assert_frame(&opened, 5);
	assert_fails(xfdt_kdump_read(opened.kdump, 2, page), XFDT_EXCLUDED);
	assert_fails(xfdt_kdump_read(opened.kdump, 6, page), XFDT_EXCLUDED);
	close_dump(&opened);
	dump->sub.start_pfn_64 = 7;
	assert_fails(open_cut(&opened, dump, 0), XFDT_CORRUPT);
	close_dump(&opened);
}

/* of a machine with other pages nothing is read, and its name is known */
static void test_kdump_file__another_machine(void **state)
{
	struct dump *dump = new_dump(0);
	struct opened opened;
	uint8_t page[PAGE];

	strcpy(dump->header.utsname[XFDT_UTS_MACHINE], "aarch64");
	dump->header.block_size = 65536;
	assert_ok(open_cut(&opened, dump, 0));
	assert_string_equal(xfdt_kdump_machine(opened.kdump), "aarch64");
	assert_fails(xfdt_kdump_read(opened.kdump, 0, page), XFDT_NOT_RAM);
	close_dump(&opened);
	/* a damaged name is not that of another machine */
	strcpy(dump->header.utsname[XFDT_UTS_MACHINE], "x86^64");
	dump->header.block_size = PAGE;
	assert_ok(open_cut(&opened, dump, 0));
	assert_null(xfdt_kdump_machine(opened.kdump));
	assert_frame(&opened, 0);
	close_dump(&opened);
}

#include "test_kdump_file.tests.h"
