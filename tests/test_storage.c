/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a file in blocks: the same bytes, in few round trips and bounded memory. */
#include "unit.h"
#include "dump/storage.h"
#include "render/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KIB 1024u
#define MIB (1024u * KIB)

static uint64_t seed = 42;

static uint64_t pick(uint64_t bound)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 20) % bound;
}

static uint8_t byte_at(uint64_t offset)
{
	return (uint8_t)(offset * 2654435761u >> 13);
}

/* Open a file of @size bytes; they are byte_at() each, or all zero if @sparse. */
static struct xfdt_storage *new_storage(uint64_t size, bool sparse, int *ret_fd)
{
	int fd = memfd_create("storage", MFD_CLOEXEC);
	struct xfdt_storage *storage;
	char path[40];
	uint8_t *bytes;
	size_t i;

	if (fd < 0 || ftruncate(fd, (off_t)size))
		exit(99);
	bytes = sparse ? NULL : malloc(size);
	for (i = 0; bytes && i < size; i++)
		bytes[i] = byte_at(i);
	if (bytes && write(fd, bytes, size) != (ssize_t)size)
		exit(99);
	free(bytes);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_ok(xfdt_storage_open(&storage, path));
	assert_int_equal(xfdt_storage_size(storage), size);
	*ret_fd = fd;
	return storage;
}

static void assert_bytes(struct xfdt_storage *storage, uint64_t offset, size_t len, size_t expected)
{
	uint8_t *bytes = malloc(len + 1);
	size_t got = 1, i;

	bytes[len] = 0xa5;
	assert_ok(xfdt_storage_read(storage, bytes, len, offset, &got));
	assert_int_equal(got, expected);
	for (i = 0; i < got; i++)
		assert_int_equal(bytes[i], byte_at(offset + i));
	assert_int_equal(bytes[len], 0xa5);
	free(bytes);
}

static uint64_t round_trips(const struct xfdt_storage *storage)
{
	return xfdt_storage_traffic(storage)->round_trips;
}

static void test_storage__any_bytes_in_any_order(void **state)
{
	const uint64_t size = 5 * MIB + 12345;
	struct xfdt_storage *storage;
	int fd, i;

	storage = new_storage(size, false, &fd);
	for (i = 0; i < 3000; i++) {
		uint64_t offset = pick(size);
		size_t len = pick(i % 100 ? 3 * 4096 : 2 * MIB);

		/* little memory, then none, then much again */
		xfdt_storage_set_room(storage, i < 1000 ? XFDT_STORAGE_ROOM :
					       i < 2000 ? 100 * KIB :
							  2 * MIB);
		assert_bytes(storage, offset, len, len < size - offset ? len : size - offset);
	}
	assert_bytes(storage, size - 1, 10, 1);
	assert_bytes(storage, size, 10, 0);
	assert_bytes(storage, UINT64_MAX, 10, 0);
	assert_bytes(storage, INT64_MAX, 10, 0);
	xfdt_storage_close(storage);
	close(fd);
}

/* what a stage took is what was read since the one before */
static void test_storage__stats_add_up(void **state)
{
	struct xfdt_reader reader = { .cost = { .reads = 5, .bytes = 50 } };
	struct xfdt_stats stats;
	char text[1000] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	xfdt_stats_begin(&stats);
	xfdt_stats_end(&stats, XFDT_STAGE_OPEN, &reader);
	reader.cost = (struct xfdt_cost){ .reads = 12, .bytes = 80 };
	usleep(2000);
	xfdt_stats_end(&stats, XFDT_STAGE_RESOLVE, &reader);
	assert_int_equal(stats.stages[XFDT_STAGE_OPEN].reads, 5);
	assert_int_equal(stats.stages[XFDT_STAGE_RESOLVE].reads, 7);
	assert_int_equal(stats.stages[XFDT_STAGE_RESOLVE].read_bytes, 30);
	assert_within(stats.stages[XFDT_STAGE_RESOLVE].microseconds, 2000, 60000000);
	assert_int_equal(stats.total.reads, 12);
	assert_int_equal(stats.total.round_trips, 0);
	xfdt_render_stats(&stats, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text, "\n  resolve           7 "));
}

static void test_storage__near_reads_share_a_round_trip(void **state)
{
	struct xfdt_storage *storage;
	int fd, i;

	storage = new_storage(4 * MIB, false, &fd);
	for (i = 0; i < 1000; i++)
		assert_bytes(storage, 2 * MIB + pick(255 * KIB), 1000, 1000);
	assert_int_equal(round_trips(storage), 1);
	/* what is behind the end is not asked for */
	assert_bytes(storage, 4 * MIB, 1000, 0);
	assert_int_equal(round_trips(storage), 1);
	xfdt_storage_close(storage);
	close(fd);
}

static void test_storage__reads_that_go_forward_grow(void **state)
{
	struct xfdt_storage *storage;
	uint64_t offset;
	int fd;

	storage = new_storage(8 * MIB, false, &fd);
	for (offset = 0; offset < 8 * MIB; offset += 4 * KIB)
		assert_bytes(storage, offset, 4 * KIB, 4 * KIB);
	/* 256 KiB, 512 KiB, and then 1 MiB each */
	assert_int_equal(round_trips(storage), 10);
	assert_int_equal(xfdt_storage_traffic(storage)->bytes, 8 * MIB);
	xfdt_storage_close(storage);
	close(fd);
}

/* a dump of terabytes, of which a page is read here and there */
static void test_storage__reads_far_apart_shrink(void **state)
{
	const uint64_t size = 1ull << 40;
	struct xfdt_storage *storage;
	uint8_t page[4096];
	int fd, i;
	size_t got;

	storage = new_storage(size, true, &fd);
	for (i = 0; i < 2000; i++) {
		assert_ok(xfdt_storage_read(storage, page, sizeof(page),
					    pick(size / sizeof(page)) * sizeof(page), &got));
		assert_int_equal(got, sizeof(page));
	}
	assert_int_equal(round_trips(storage), 2000);
	/* XFDT_STORAGE_ROOM until blocks are dropped, and little more than the pages after that */
	assert_within(xfdt_storage_traffic(storage)->bytes, 2000 * sizeof(page),
		      XFDT_STORAGE_ROOM + 2 * MIB + 2000 * sizeof(page));
	/* and grow again where they lie together */
	for (i = 0; i < 20000; i++)
		assert_ok(xfdt_storage_read(storage, page, 64, pick(8 * MIB / 64) * 64, &got));
	assert_within(round_trips(storage), 2001, 2000 + 2000);
	xfdt_storage_close(storage);
	close(fd);
}

static void test_storage__keeps_no_more_than_its_room(void **state)
{
	struct xfdt_storage *storage;
	uint64_t offset;
	int fd;

	storage = new_storage(4 * MIB, false, &fd);
	xfdt_storage_set_room(storage, MIB);
	/* backward, so that no run begins */
	for (offset = 4 * MIB; offset; offset -= 256 * KIB) {
		assert_bytes(storage, offset - 256 * KIB, 10, 10);
		assert_bytes(storage, offset - 10, 10, 10);
	}
	assert_int_equal(round_trips(storage), 16);
	/* four blocks of 256 KiB are kept */
	assert_bytes(storage, 3 * 256 * KIB, 10, 10);
	assert_int_equal(round_trips(storage), 16);
	assert_bytes(storage, 4 * 256 * KIB, 10, 10);
	assert_int_equal(round_trips(storage), 17);
	xfdt_storage_close(storage);
	close(fd);
}

static void test_storage__alone_reads_no_more(void **state)
{
	struct xfdt_storage *storage;
	uint8_t bytes[16];
	size_t got;
	int fd;

	storage = new_storage(MIB, false, &fd);
	assert_ok(xfdt_storage_read_alone(storage, bytes, sizeof(bytes), 777, &got));
	assert_int_equal(got, sizeof(bytes));
	assert_int_equal(bytes[3], byte_at(780));
	assert_int_equal(xfdt_storage_traffic(storage)->bytes, sizeof(bytes));
	xfdt_storage_close(storage);
	close(fd);
}

/* /proc/vmcore, or a disk, may have places that cannot be read */
static void test_storage__bytes_next_to_unreadable_ones(void **state)
{
	const size_t hole = 64 * KIB;
	uint8_t *map = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		bytes[100];
	uint64_t offset = (uint64_t)(uintptr_t)(map + hole);
	struct xfdt_storage *storage;
	size_t got;

	assert_ptr_not_equal(map, MAP_FAILED);
	memset(map, 'x', MIB);
	/* a block begins in the hole */
	assert_int_equal(munmap(map, hole), 0);
	assert_ok(xfdt_storage_open(&storage, "/proc/self/mem"));
	assert_ok(xfdt_storage_read(storage, bytes, sizeof(bytes), offset, &got));
	assert_int_equal(got, sizeof(bytes));
	assert_int_equal(bytes[99], 'x');
	assert_fails(xfdt_storage_read(storage, bytes, sizeof(bytes), 1, &got), XFDT_SYSTEM);
	xfdt_storage_close(storage);
	munmap(map + hole, MIB - hole);
}

#include "test_storage.tests.h"
