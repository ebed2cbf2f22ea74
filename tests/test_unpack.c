/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpacking: formats, names, limits, damage. */
#include "unit.h"
#include "unpack/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE 300000 /* of a dump: more than one block */

static const char *tmp(void)
{
	const char *dir = getenv("TMPDIR");

	return dir ? dir : "/tmp";
}

/* something that begins as a dump does, with zeros in it, and differs by @seed */
static void fill(uint8_t *bytes, size_t len, unsigned int seed)
{
	size_t i;

	for (i = 0; i < len; i++) {
		seed = seed * 1103515245 + 12345;
		bytes[i] = i / 20000 % 2 ? 0 : (uint8_t)(seed >> 16);
	}
	memcpy(bytes, "KDUMP   ", 8);
}

/* Packed files are made in memory. */

typedef int filter(struct archive *);

static struct archive *writer(int format, filter *add, int fd)
{
	struct archive *archive = archive_write_new();

	if (archive_write_set_format(archive, format) || (add && add(archive)) ||
	    archive_write_set_bytes_in_last_block(archive, 1) || archive_write_open_fd(archive, fd))
		fail_msg("%s", archive_error_string(archive));
	return archive;
}

static void add(struct archive *archive, const char *name, const void *bytes, size_t len)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_size(entry, (la_int64_t)len);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	if (archive_write_header(archive, entry) ||
	    archive_write_data(archive, bytes, len) != (la_ssize_t)len)
		fail_msg("%s", archive_error_string(archive));
	archive_entry_free(entry);
}

static int new_file(void)
{
	int fd = memfd_create("packed", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static int pack_one(int format, filter *add_filter, const char *name, const void *bytes, size_t len)
{
	int fd = new_file();
	struct archive *archive = writer(format, add_filter, fd);

	add(archive, name, bytes, len);
	assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
	return fd;
}

/* What comes of it. */

struct haul {
	struct xfdt_unpacked results[20];
	size_t count;
};

static void unpack_wanted(int fd, unsigned int wanted, const struct xfdt_unpack_limits *limits,
			  struct haul *ret_haul)
{
	struct xfdt_unpacker *unpacker = NULL;
	bool more = true;

	ret_haul->count = 0;
	assert_ok(xfdt_unpacker_new(&unpacker, fd, "packed", tmp(), wanted, limits));
	while (more) {
		struct pollfd input = { .fd = xfdt_unpacker_fd(unpacker), .events = POLLIN };

		poll(&input, 1, 100);
		assert_ok(xfdt_unpacker_step(unpacker, &more));
	}
	while (xfdt_unpacker_take(unpacker, &ret_haul->results[ret_haul->count]))
		ret_haul->count++;
	xfdt_unpacker_free(unpacker);
	close(fd);
}

static void unpack(int fd, const struct xfdt_unpack_limits *limits, struct haul *ret_haul)
{
	unpack_wanted(fd, XFDT_UNPACK_DUMPS | XFDT_UNPACK_LOGS, limits, ret_haul);
}

static void release(struct haul *haul)
{
	while (haul->count)
		xfdt_unpacked_deinit(&haul->results[--haul->count]);
}

static void assert_holds(const struct xfdt_unpacked *result, const char *name, const void *bytes,
			 size_t len)
{
	uint8_t *there = malloc(len + 1);

	if (result->problem)
		fail_msg("%s: %s", result->name, result->problem);
	assert_string_equal(result->name, name);
	assert_int_equal(pread(result->fd, there, len + 1, 0), len);
	assert_memory_equal(there, bytes, len);
	free(there);
}

static void assert_problem(const struct haul *haul, const char *name, const char *problem)
{
	assert_int_equal(haul->count, 1);
	assert_string_equal(haul->results[0].name, name);
	assert_int_equal(haul->results[0].fd, -1);
	if (!strstr(haul->results[0].problem, problem))
		fail_msg("'%s' is not in '%s'", problem, haul->results[0].problem);
}

static const struct {
	const char *name;
	filter *add;
} filters[] = {
	{ "gzip", archive_write_add_filter_gzip },
	{ "bzip2", archive_write_add_filter_bzip2 },
	{ "xz", archive_write_add_filter_xz },
	{ "zstd", archive_write_add_filter_zstd },
	{ "lz4", archive_write_add_filter_lz4 },
	{ "lzip", archive_write_add_filter_lzip },
	{ "lzma", archive_write_add_filter_lzma },
	{ "compress", archive_write_add_filter_compress },
};

static const int formats[] = { ARCHIVE_FORMAT_TAR_USTAR,      ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE,
			       ARCHIVE_FORMAT_TAR_GNUTAR,     ARCHIVE_FORMAT_ZIP,
			       ARCHIVE_FORMAT_7ZIP,	      ARCHIVE_FORMAT_CPIO,
			       ARCHIVE_FORMAT_CPIO_SVR4_NOCRC };

static uint8_t dump[SIZE];

static void test_unpack__compressed(void **state)
{
	struct haul haul;
	size_t i;

	fill(dump, SIZE, 1);
	for (i = 0; i < COUNT(filters); i++) {
		int fd = pack_one(ARCHIVE_FORMAT_RAW, filters[i].add, "x", dump, SIZE);
		struct stat status;

		unpack(fd, &xfdt_unpack_defaults, &haul);
		assert_int_equal(haul.count, 1);
		assert_holds(&haul.results[0], "packed", dump, SIZE);
		/* nobody else can reach it, and zeros take no room */
		assert_int_equal(fstat(haul.results[0].fd, &status), 0);
		assert_int_equal(status.st_nlink, 0);
		assert_true(status.st_blocks * 512 < SIZE * 3 / 4);
		release(&haul);
	}
}

static void test_unpack__archives(void **state)
{
	struct haul haul;
	size_t i;

	fill(dump, SIZE, 2);
	for (i = 0; i < COUNT(formats); i++) {
		int fd = new_file();
		struct archive *archive = writer(formats[i], NULL, fd);

		add(archive, "notes.txt", "no dump", 7);
		add(archive, "../../etc/one", dump, SIZE);
		add(archive, "empty", "", 0);
		add(archive, "folder/two", dump, SIZE - 1);
		assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
		unpack(fd, &xfdt_unpack_defaults, &haul);
		if (haul.count != 2)
			fail_msg("format %#x: %zu results", formats[i], haul.count);
		assert_holds(&haul.results[0], "packed!../../etc/one", dump, SIZE);
		assert_holds(&haul.results[1], "packed!folder/two", dump, SIZE - 1);
		release(&haul);
	}
}

/* gzip in a tar in xz: two archives, one in the other */
static void test_unpack__nested(void **state)
{
	struct xfdt_unpack_limits limits = xfdt_unpack_defaults;
	uint8_t *bytes;
	struct haul haul;
	struct stat status;
	int inner, fd;

	fill(dump, SIZE, 3);
	inner = pack_one(ARCHIVE_FORMAT_RAW, archive_write_add_filter_gzip, "x", dump, SIZE);
	assert_int_equal(fstat(inner, &status), 0);
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, inner, 0);
	fd = pack_one(ARCHIVE_FORMAT_TAR_USTAR, archive_write_add_filter_xz, "vmcore.gz", bytes,
		      (size_t)status.st_size);
	unpack(dup(fd), &limits, &haul);
	assert_int_equal(haul.count, 1);
	assert_holds(&haul.results[0], "packed!vmcore.gz", dump, SIZE);
	release(&haul);
	limits.depth = 1;
	unpack(fd, &limits, &haul);
	assert_problem(&haul, "packed!vmcore.gz", "--unpack-depth");
	release(&haul);
	close(inner);
}

static void test_unpack__members_of_one_name(void **state)
{
	struct archive *archive;
	struct haul haul;
	int fd = new_file();

	fill(dump, SIZE, 4);
	archive = writer(ARCHIVE_FORMAT_TAR_USTAR, NULL, fd);
	add(archive, "vmcore", dump, SIZE);
	add(archive, "vmcore", dump, SIZE - 1);
	assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
	unpack(fd, &xfdt_unpack_defaults, &haul);
	assert_int_equal(haul.count, 2);
	assert_holds(&haul.results[0], "packed!vmcore", dump, SIZE);
	assert_holds(&haul.results[1], "packed!vmcore#2", dump, SIZE - 1);
	release(&haul);
}

static void test_unpack__no_dump(void **state)
{
	struct haul haul;

	unpack(pack_one(ARCHIVE_FORMAT_TAR_USTAR, NULL, "x", "text", 4), &xfdt_unpack_defaults,
	       &haul);
	assert_int_equal(haul.count, 0);
	unpack(pack_one(ARCHIVE_FORMAT_RAW, archive_write_add_filter_zstd, "x", "text", 4),
	       &xfdt_unpack_defaults, &haul);
	assert_int_equal(haul.count, 0);
	unpack(pack_one(ARCHIVE_FORMAT_RAW, archive_write_add_filter_gzip, "x", "", 0),
	       &xfdt_unpack_defaults, &haul);
	assert_int_equal(haul.count, 0);
}

static void cut(int fd, off_t by)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(ftruncate(fd, status.st_size - by), 0);
}

static void test_unpack__truncated(void **state)
{
	struct haul haul;
	size_t i;

	fill(dump, SIZE, 5);
	for (i = 0; i < COUNT(filters); i++) {
		int fd = pack_one(ARCHIVE_FORMAT_RAW, filters[i].add, "x", dump, SIZE);

		/* has no end to miss */
		if (!strcmp(filters[i].name, "compress")) {
			close(fd);
			continue;
		}
		cut(fd, 1000);
		unpack(fd, &xfdt_unpack_defaults, &haul);
		if (!haul.count || !haul.results[0].problem)
			fail_msg("%s: nothing is wrong", filters[i].name);
		assert_problem(&haul, "packed", "cannot be unpacked");
		release(&haul);
	}
	for (i = 0; i < COUNT(formats); i++) {
		int fd = pack_one(formats[i], NULL, "vmcore", dump, SIZE);

		cut(fd, 100000);
		unpack(fd, &xfdt_unpack_defaults, &haul);
		if (!haul.count || !haul.results[0].problem)
			fail_msg("format %#x: nothing is wrong", formats[i]);
		release(&haul);
	}
}

static void flip(int fd, off_t offset)
{
	uint8_t byte = 0;

	assert_int_equal(pread(fd, &byte, 1, offset), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
}

/* Do files of this filter's here have a sum?  libarchive writes zstd without one, unlike zstd(1). */
static bool has_sum(const char *name)
{
	return strcmp(name, "compress") && strcmp(name, "lzma") && strcmp(name, "zstd");
}

/* one bit is wrong in the middle: never a dump that is another one than was packed */
static void test_unpack__damaged(void **state)
{
	struct haul haul;
	size_t i;

	fill(dump, SIZE, 6);
	for (i = 0; i < COUNT(filters); i++) {
		int fd = pack_one(ARCHIVE_FORMAT_RAW, filters[i].add, "x", dump, SIZE);

		flip(fd, 50000);
		unpack(fd, &xfdt_unpack_defaults, &haul);
		if (has_sum(filters[i].name) && (haul.count != 1 || !haul.results[0].problem))
			fail_msg("%s: nothing is wrong", filters[i].name);
		release(&haul);
	}
	for (i = 0; i < COUNT(formats); i++) {
		int fd = pack_one(formats[i], NULL, "vmcore", dump, SIZE);

		if (formats[i] != ARCHIVE_FORMAT_ZIP && formats[i] != ARCHIVE_FORMAT_7ZIP) {
			close(fd);
			continue;
		}
		flip(fd, 50000);
		unpack(fd, &xfdt_unpack_defaults, &haul);
		if (!haul.count || !haul.results[0].problem)
			fail_msg("format %#x: nothing is wrong", formats[i]);
		release(&haul);
	}
}

static void test_unpack__limits(void **state)
{
	struct xfdt_unpack_limits limits = xfdt_unpack_defaults;
	struct archive *archive;
	struct haul haul;
	int fd;

	fill(dump, SIZE, 7);
	fd = pack_one(ARCHIVE_FORMAT_RAW, archive_write_add_filter_bzip2, "x", dump, SIZE);
	limits.bytes = SIZE;
	unpack(dup(fd), &limits, &haul);
	assert_int_equal(haul.count, 1);
	assert_holds(&haul.results[0], "packed", dump, SIZE);
	release(&haul);
	limits.bytes = SIZE - 1;
	unpack(fd, &limits, &haul);
	assert_problem(&haul, "packed", "--unpack-size allows more");
	release(&haul);
	limits = xfdt_unpack_defaults;
	limits.members = 2;
	fd = new_file();
	archive = writer(ARCHIVE_FORMAT_TAR_USTAR, NULL, fd);
	add(archive, "one", "", 0);
	add(archive, "two", "", 0);
	add(archive, "three", dump, SIZE);
	assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
	unpack(fd, &limits, &haul);
	assert_problem(&haul, "packed", "more than 2 entries; --unpack-members allows more");
	release(&haul);
}

/* megabytes of zeros in a few bytes that begin as a dump does; and in a member that is none */
static void test_unpack__bombs(void **state)
{
	struct xfdt_unpack_limits limits = xfdt_unpack_defaults;
	uint8_t *zeros = calloc(1, 64u << 20);
	struct haul haul;
	int fd;

	limits.bytes = 32u << 20;
	fd = pack_one(ARCHIVE_FORMAT_TAR_USTAR, archive_write_add_filter_zstd, "x", zeros,
		      64u << 20);
	unpack(fd, &limits, &haul);
	assert_problem(&haul, "packed!x", "has more than 32 MiB; --unpack-size allows more");
	release(&haul);
	memcpy(zeros, "KDUMP   ", 8);
	fd = pack_one(ARCHIVE_FORMAT_RAW, archive_write_add_filter_zstd, "x", zeros, 64u << 20);
	unpack(fd, &limits, &haul);
	assert_problem(&haul, "packed", "has more than 32 MiB; --unpack-size allows more");
	release(&haul);
	free(zeros);
}

static void test_unpack__not_supported(void **state)
{
	static const char rar[] = "Rar!\x1a\x07\0 and more";
	struct haul haul;
	int fd = new_file();

	assert_int_equal(write(fd, rar, sizeof(rar)), sizeof(rar));
	unpack(fd, &xfdt_unpack_defaults, &haul);
	assert_problem(&haul, "packed", "is packed with rar, which is not supported");
	release(&haul);
}

static void test_unpack__time(void **state)
{
	struct xfdt_unpack_limits limits = xfdt_unpack_defaults;
	struct xfdt_unpacker *unpacker = NULL;
	struct xfdt_unpacked result;
	bool more = true;
	int fd;

	fill(dump, SIZE, 8);
	fd = pack_one(ARCHIVE_FORMAT_RAW, archive_write_add_filter_gzip, "x", dump, SIZE);
	limits.seconds = 0;
	assert_ok(xfdt_unpacker_new(&unpacker, fd, "packed", tmp(), XFDT_UNPACK_DUMPS, &limits));
	usleep(20000);
	assert_ok(xfdt_unpacker_step(unpacker, &more));
	assert_false(more);
	assert_true(xfdt_unpacker_take(unpacker, &result));
	assert_non_null(strstr(result.problem, "--unpack-time allows more"));
	xfdt_unpacked_deinit(&result);
	xfdt_unpacker_free(unpacker);
	close(fd);
}

/* nowhere to write: said, and not waited for */
static void test_unpack__no_folder(void **state)
{
	struct xfdt_unpacker *unpacker = NULL;
	struct xfdt_unpacked result;
	bool more = true;
	int fd;

	fill(dump, SIZE, 9);
	fd = pack_one(ARCHIVE_FORMAT_RAW, archive_write_add_filter_gzip, "x", dump, SIZE);
	assert_ok(xfdt_unpacker_new(&unpacker, fd, "packed", "/no/such/folder", XFDT_UNPACK_DUMPS,
				    &xfdt_unpack_defaults));
	while (more) {
		assert_ok(xfdt_unpacker_step(unpacker, &more));
		usleep(1000);
	}
	assert_true(xfdt_unpacker_take(unpacker, &result));
	assert_non_null(strstr(result.problem, "cannot write a temporary file: No such file"));
	xfdt_unpacked_deinit(&result);
	xfdt_unpacker_free(unpacker);
	close(fd);
}

/* a kernel log, text that is none, and a dump: what is wanted decides */
static void test_unpack__logs(void **state)
{
	static const char log[] = "[    0.000000] Linux version 6.18.5\n"
				  "[    0.000001] Command line: quiet\n"
				  "[    0.000002] KERNEL supported cpus:\n";
	static const char text[] = "not a log\n";
	static const struct {
		unsigned int wanted;
		const char *names[4];
	} cases[] = {
		{ XFDT_UNPACK_DUMPS, { "packed!core" } },
		{ XFDT_UNPACK_LOGS, { "packed!log" } },
		{ XFDT_UNPACK_LOGS | XFDT_UNPACK_TEXT, { "packed!log" } },
		{ XFDT_UNPACK_DUMPS | XFDT_UNPACK_LOGS, { "packed!core", "packed!log" } },
	};
	struct haul haul;
	size_t i, j;

	fill(dump, SIZE, 10);
	for (i = 0; i < COUNT(cases); i++) {
		int fd = new_file();
		struct archive *archive = writer(ARCHIVE_FORMAT_TAR_USTAR, NULL, fd);

		add(archive, "core", dump, SIZE);
		add(archive, "text", text, sizeof(text) - 1);
		add(archive, "log", log, sizeof(log) - 1);
		assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
		unpack_wanted(fd, cases[i].wanted, &xfdt_unpack_defaults, &haul);
		for (j = 0; cases[i].names[j]; j++) {
			assert_true(j < haul.count);
			assert_string_equal(haul.results[j].name, cases[i].names[j]);
			assert_int_equal(haul.results[j].is_log,
					 !strcmp(cases[i].names[j], "packed!log"));
		}
		assert_int_equal(haul.count, j);
		release(&haul);
	}
	unpack_wanted(pack_one(ARCHIVE_FORMAT_RAW, archive_write_add_filter_gzip, "x", text,
			       sizeof(text) - 1),
		      XFDT_UNPACK_LOGS, &xfdt_unpack_defaults, &haul);
	assert_int_equal(haul.count, 0);
	unpack_wanted(pack_one(ARCHIVE_FORMAT_RAW, archive_write_add_filter_gzip, "x", text,
			       sizeof(text) - 1),
		      XFDT_UNPACK_LOGS | XFDT_UNPACK_TEXT, &xfdt_unpack_defaults, &haul);
	assert_int_equal(haul.count, 1);
	assert_holds(&haul.results[0], "packed", text, sizeof(text) - 1);
	assert_true(haul.results[0].is_log);
	release(&haul);
}

static void test_unpack__spool(void **state)
{
	struct xfdt_unpack_limits limits = xfdt_unpack_defaults;
	int from = new_file(), fd = -1;
	struct stat status;
	uint8_t *there;

	fill(dump, SIZE, 10);
	memset(dump + SIZE - 5000, 0, 5000);
	assert_int_equal(write(from, dump, SIZE), SIZE);
	assert_int_equal(lseek(from, 0, SEEK_SET), 0);
	assert_ok(xfdt_spool(from, tmp(), &limits, &fd));
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_size, SIZE);
	there = malloc(SIZE);
	assert_int_equal(pread(fd, there, SIZE, 0), SIZE);
	assert_memory_equal(there, dump, SIZE);
	free(there);
	close(fd);
	limits.bytes = SIZE - 1;
	assert_int_equal(lseek(from, 0, SEEK_SET), 0);
	assert_fails(xfdt_spool(from, tmp(), &limits, &fd), XFDT_LIMIT);
	close(from);
}

#include "test_unpack.tests.h"
