/* SPDX-License-Identifier: GPL-2.0-or-later */
/* makedumpfile's flattened format, read as the dump that it stands for. */
#include "unit.h"
#include "dump/dumpfile.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADER 4096

/* A file with the header: signature, type 1, version 1, big endian. */
static int new_file(void)
{
	int fd = memfd_create("flattened", MFD_CLOEXEC);
	uint8_t header[HEADER] = "makedumpfile";

	header[23] = 1;
	header[31] = 1;
	if (fd < 0 || write(fd, header, sizeof(header)) != sizeof(header))
		exit(99);
	return fd;
}

static void put_record_header(int fd, int64_t offset, int64_t size)
{
	uint64_t header[2] = { htobe64((uint64_t)offset), htobe64((uint64_t)size) };

	if (write(fd, header, sizeof(header)) != sizeof(header))
		exit(99);
}

static void put_record(int fd, int64_t offset, const char *bytes, size_t size)
{
	put_record_header(fd, offset, (int64_t)size);
	if (write(fd, bytes, size) != (ssize_t)size)
		exit(99);
}

static struct xfdt_error *open_file(int fd, struct xfdt_dumpfile **ret_file)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return xfdt_dumpfile_open(ret_file, path, NULL, NULL);
}

static void assert_refused(int fd, enum xfdt_code code)
{
	struct xfdt_dumpfile *file;

	assert_fails(open_file(fd, &file), code);
	close(fd);
}

static void assert_bytes(struct xfdt_dumpfile *file, uint64_t offset, const char *expected,
			 size_t len)
{
	char bytes[64];

	assert_ok(xfdt_dumpfile_read(file, bytes, len, offset));
	assert_memory_equal(bytes, expected, len);
}

static void test_flattened__is_told_by_its_signature(void **state)
{
	int fd = new_file();

	assert_true(xfdt_is_flattened(fd));
	/* wherever the file position is */
	assert_int_equal(lseek(fd, 100, SEEK_SET), 100);
	assert_true(xfdt_is_flattened(fd));
	assert_int_equal(pwrite(fd, "M", 1, 0), 1);
	assert_false(xfdt_is_flattened(fd));
	assert_int_equal(pwrite(fd, "makedumpfileX", 13, 0), 13);
	assert_false(xfdt_is_flattened(fd));
	assert_int_equal(pwrite(fd, "makedumpfile", 13, 0), 13);
	assert_int_equal(ftruncate(fd, 15), 0);
	assert_false(xfdt_is_flattened(fd));
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_false(xfdt_is_flattened(fd));
	close(fd);
}

/* records come in any order and may go back to write over what was there */
static void test_flattened__is_put_in_order(void **state)
{
	struct xfdt_dumpfile *file;
	int fd = new_file();
	char bytes[8];

	put_record(fd, 8192, "behind", 6);
	put_record(fd, 0, "KDUMP   ", 8);
	put_record(fd, 4, "X", 1);
	put_record_header(fd, -1, -1);
	assert_ok(open_file(fd, &file));
	assert_true(xfdt_dumpfile_size(file) == 8198);
	assert_bytes(file, 0, "KDUMX   ", 8);
	assert_bytes(file, 3, "MX ", 3);
	assert_bytes(file, 8192, "behind", 6);
	assert_bytes(file, 4000, "\0\0\0\0\0\0\0\0", 8);
	assert_bytes(file, 8190, "\0\0beh", 5);
	assert_fails(xfdt_dumpfile_read(file, bytes, 7, 8192), XFDT_TRUNCATED);
	assert_fails(xfdt_dumpfile_read(file, bytes, 1, UINT64_MAX), XFDT_TRUNCATED);
	xfdt_dumpfile_close(file);
	close(fd);
}

/* the same as writing them one after the other */
static void test_flattened__records_that_overlap(void **state)
{
	uint8_t expected[512], bytes[512];
	unsigned int seed = 1, round, i;

	for (round = 0; round < 300; round++) {
		struct xfdt_dumpfile *file;
		int fd = new_file();
		size_t end = 0;

		memset(expected, 0, sizeof(expected));
		for (i = 0; i < 12; i++) {
			size_t offset = (size_t)(rand_r(&seed) % 256);
			size_t len = 1 + (size_t)(rand_r(&seed) % 128);

			memset(bytes, (int)(i + 1), len);
			memset(expected + offset, (int)(i + 1), len);
			put_record(fd, (int64_t)offset, (const char *)bytes, len);
			if (offset + len > end)
				end = offset + len;
		}
		put_record_header(fd, -1, -1);
		assert_ok(open_file(fd, &file));
		assert_true(xfdt_dumpfile_size(file) == end);
		assert_ok(xfdt_dumpfile_read(file, bytes, end, 0));
		assert_memory_equal(bytes, expected, end);
		xfdt_dumpfile_close(file);
		close(fd);
	}
}

/* a hole of 6 GB takes neither room nor time */
static void test_flattened__large_hole(void **state)
{
	struct xfdt_dumpfile *file;
	int fd = new_file();

	put_record(fd, 0, "here", 4);
	put_record(fd, 6000000000, "there", 5);
	put_record_header(fd, -1, -1);
	assert_ok(open_file(fd, &file));
	assert_true(xfdt_dumpfile_size(file) == 6000000005);
	assert_bytes(file, 6000000000, "there", 5);
	assert_bytes(file, 3000000000, "\0\0\0", 3);
	xfdt_dumpfile_close(file);
	close(fd);
}

static void test_flattened__large_record(void **state)
{
	size_t size = (1u << 20) + 12345, i;
	uint8_t *bytes = malloc(size), *back = malloc(size);
	struct xfdt_dumpfile *file;
	int fd = new_file();

	for (i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	put_record(fd, 777, (const char *)bytes, size);
	put_record_header(fd, -1, -1);
	assert_ok(open_file(fd, &file));
	assert_ok(xfdt_dumpfile_read(file, back, size, 777));
	assert_memory_equal(back, bytes, size);
	/* and in parts: forward, back, and behind the end */
	for (i = 0; i + 1000 <= size; i += 1000) {
		assert_ok(xfdt_dumpfile_read(file, back, 1000, 777 + i));
		assert_memory_equal(back, bytes + i, 1000);
	}
	assert_ok(xfdt_dumpfile_read(file, back, 9, 777 + size - 9));
	assert_memory_equal(back, bytes + size - 9, 9);
	assert_fails(xfdt_dumpfile_read(file, back, 10, 777 + size - 9), XFDT_TRUNCATED);
	assert_ok(xfdt_dumpfile_read(file, back, 9, 777 + 5));
	assert_memory_equal(back, bytes + 5, 9);
	assert_fails(xfdt_dumpfile_read(file, back, 1, UINT64_MAX), XFDT_TRUNCATED);
	xfdt_dumpfile_close(file);
	close(fd);
	free(back);
	free(bytes);
}

static void test_flattened__nothing_but_the_end(void **state)
{
	struct xfdt_dumpfile *file;
	int fd = new_file();

	put_record_header(fd, -1, 0);
	assert_ok(open_file(fd, &file));
	assert_true(xfdt_dumpfile_size(file) == 0);
	xfdt_dumpfile_close(file);
	close(fd);
}

/* cut off anywhere: not the whole dump, and said so */
static void test_flattened__truncated(void **state)
{
	size_t len, whole = 16 + 40 + 16;

	for (len = 0; len < whole; len++) {
		int fd = new_file();

		put_record(fd, 0, "0123456789012345678901234567890123456789", 40);
		put_record_header(fd, -1, -1);
		assert_int_equal(ftruncate(fd, (off_t)(HEADER + len)), 0);
		assert_refused(fd, XFDT_TRUNCATED);
	}
}

static void test_flattened__header_alone_or_less(void **state)
{
	int fd = new_file();

	assert_int_equal(ftruncate(fd, 16), 0);
	assert_refused(fd, XFDT_TRUNCATED);
}

static void test_flattened__records_out_of_bounds(void **state)
{
	static const int64_t bad[][2] = {
		{ -2, 8 }, { INT64_MIN, 8 }, { INT64_MAX, 8 }, { 0, 0 },
		{ 0, -1 }, { 0, INT64_MIN }, { 0, INT64_MAX }, { INT64_MAX, INT64_MAX },
	};
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		int fd = new_file();

		put_record_header(fd, bad[i][0], bad[i][1]);
		put_record_header(fd, -1, -1);
		assert_refused(fd, XFDT_CORRUPT);
	}
}

/* what was read before and after need not fit together */
static void test_flattened__file_that_changes(void **state)
{
	struct xfdt_dumpfile *file;
	int fd = new_file();

	put_record(fd, 0, "here", 4);
	put_record_header(fd, -1, -1);
	assert_ok(open_file(fd, &file));
	assert_ok(xfdt_storage_check_unchanged(xfdt_dumpfile_storage(file)));
	usleep(20000);
	assert_int_equal(pwrite(fd, "H", 1, HEADER + 16), 1);
	assert_fails(xfdt_storage_check_unchanged(xfdt_dumpfile_storage(file)), XFDT_SYSTEM);
	xfdt_dumpfile_close(file);
	close(fd);
}

#include "test_flattened.tests.h"
