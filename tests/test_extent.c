/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pages a kdump-compressed file that was cut off still holds. */
#include "unit.h"
#include "dump/extent.h"
#include "dump/kdump_format.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
#define DESCS (4 * PAGE) /* header, sub header, two bitmaps of a block each */
#define PAGES 8
#define ZERO_SIZE 20
#define PAGE_SIZE 100

static void put(int fd, const void *bytes, size_t size, uint64_t offset)
{
	if (pwrite(fd, bytes, size, (off_t)offset) != (ssize_t)size)
		exit(99);
}

/*
 * A file of frames 0 to 7.  Those in @zeros share the first page in the file,
 * as makedumpfile has it; the others follow in order.  Returns the file's end.
 */
static uint64_t new_dump(uint8_t zeros, int *ret_fd)
{
	struct xfdt_kdump_header header = {
		.header_version = XFDT_KDUMP_VERSION,
		.block_size = PAGE,
		.sub_hdr_size = 1,
		.bitmap_blocks = 2,
		.max_mapnr = PAGES,
	};
	struct xfdt_kdump_sub_header sub = { .max_mapnr_64 = PAGES };
	uint64_t first = DESCS + PAGES * sizeof(struct xfdt_page_desc), end = first + ZERO_SIZE;
	uint8_t bitmap = 0xff;
	unsigned int i;

	*ret_fd = memfd_create("kdump", MFD_CLOEXEC);
	memcpy(header.signature, XFDT_KDUMP_SIGNATURE, sizeof(header.signature));
	put(*ret_fd, &header, sizeof(header), 0);
	put(*ret_fd, &sub, sizeof(sub), PAGE);
	put(*ret_fd, &bitmap, 1, 2 * PAGE);
	put(*ret_fd, &bitmap, 1, 3 * PAGE);
	for (i = 0; i < PAGES; i++) {
		struct xfdt_page_desc desc = { .offset = first, .size = ZERO_SIZE };

		if (!(zeros >> i & 1)) {
			desc = (struct xfdt_page_desc){ .offset = end, .size = PAGE_SIZE };
			end += PAGE_SIZE;
		}
		put(*ret_fd, &desc, sizeof(desc), DESCS + i * sizeof(desc));
	}
	if (ftruncate(*ret_fd, (off_t)end))
		exit(99);
	return end;
}

/* Cut the last @bytes off, and say which frames are cut off then; 0 also if nothing need be checked. */
static uint8_t cut_frames(uint8_t zeros, uint64_t bytes)
{
	struct xfdt_extent *extent;
	uint8_t frames = 0;
	uint64_t end;
	int fd, i;

	end = new_dump(zeros, &fd);
	if (ftruncate(fd, (off_t)(end - bytes)))
		exit(99);
	assert_null(xfdt_extent_new(fd, &extent));
	for (i = 0; extent && i < PAGES; i++)
		if (xfdt_extent_check(extent, (uint64_t)i * PAGE, 8) == XFDT_CUT_OFF)
			frames |= 1u << i;
	xfdt_extent_free(extent);
	close(fd);
	return frames;
}

static void test_extent__whole_file(void **state)
{
	assert_int_equal(cut_frames(0, 0), 0);
	assert_int_equal(cut_frames(0xf0, 0), 0);
	assert_int_equal(cut_frames(0xff, 0), 0);
}

static void test_extent__cut_in_the_last_page(void **state)
{
	assert_int_equal(cut_frames(0, 1), 0x80);
	assert_int_equal(cut_frames(0, PAGE_SIZE), 0x80);
	assert_int_equal(cut_frames(0, PAGE_SIZE + 1), 0xc0);
}

/* the last frames' page is the first in the file: seen with a vmcore of 7.3, cut at 99 percent */
static void test_extent__cut_before_frames_of_zeros(void **state)
{
	assert_int_equal(cut_frames(0x80, 1), 0x40);
	assert_int_equal(cut_frames(0xe0, PAGE_SIZE + 1), 0x18);
	assert_int_equal(cut_frames(0x7f, 1), 0x80);
	/* nothing but zeros, and not even those */
	assert_int_equal(cut_frames(0xff, 1), 0xff);
}

#include "test_extent.tests.h"
