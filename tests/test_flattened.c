/* SPDX-License-Identifier: GPL-2.0-or-later */
/* makedumpfile's flattened format, rearranged. */
#include "unit.h"
#include "dump/flattened.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER 4096

static const char *temp_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	return tmp ? tmp : "/tmp";
}

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

static void assert_refused(int fd, enum xfdt_code code)
{
	int to = -77;

	assert_fails(xfdt_rearrange(fd, temp_dir(), NULL, NULL, &to), code);
	assert_int_equal(to, -77);
	close(fd);
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
static void test_flattened__is_rearranged(void **state)
{
	int fd = new_file(), to = -1;
	struct stat status;
	char bytes[16];

	put_record(fd, 8192, "behind", 6);
	put_record(fd, 0, "KDUMP   ", 8);
	put_record(fd, 4, "X", 1);
	put_record_header(fd, -1, -1);
	assert_ok(xfdt_rearrange(fd, temp_dir(), NULL, NULL, &to));
	assert_int_equal(fstat(to, &status), 0);
	assert_int_equal(status.st_size, 8198);
	/* an unnamed file */
	assert_int_equal(status.st_nlink, 0);
	assert_int_equal(pread(to, bytes, 8, 0), 8);
	assert_memory_equal(bytes, "KDUMX   ", 8);
	assert_int_equal(pread(to, bytes, 6, 8192), 6);
	assert_memory_equal(bytes, "behind", 6);
	assert_int_equal(pread(to, bytes, 8, 4000), 8);
	assert_memory_equal(bytes, "\0\0\0\0\0\0\0\0", 8);
	close(to);
	close(fd);
}

/* more than is copied at once */
static void test_flattened__large_record(void **state)
{
	size_t size = (1u << 20) + 12345, i;
	uint8_t *bytes = malloc(size), *back = malloc(size);
	int fd = new_file(), to = -1;

	for (i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	put_record(fd, 777, (const char *)bytes, size);
	put_record_header(fd, -1, -1);
	assert_ok(xfdt_rearrange(fd, temp_dir(), NULL, NULL, &to));
	assert_true(pread(to, back, size, 777) == (ssize_t)size);
	assert_memory_equal(back, bytes, size);
	close(to);
	close(fd);
	free(back);
	free(bytes);
}

static void test_flattened__nothing_but_the_end(void **state)
{
	int fd = new_file(), to = -1;
	struct stat status;

	put_record_header(fd, -1, 0);
	assert_ok(xfdt_rearrange(fd, temp_dir(), NULL, NULL, &to));
	assert_int_equal(fstat(to, &status), 0);
	assert_int_equal(status.st_size, 0);
	close(to);
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

static void test_flattened__temporary_folder_missing(void **state)
{
	int fd = new_file(), to = -77;

	put_record_header(fd, -1, -1);
	assert_fails(xfdt_rearrange(fd, "/nonexistent", NULL, NULL, &to), XFDT_SYSTEM);
	assert_int_equal(to, -77);
	close(fd);
}

#include "test_flattened.tests.h"
