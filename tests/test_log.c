/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The printk ring buffer, whole and broken. */
#include "unit.h"
#include "kernel/log.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRB_POINTER 0xffffffff82a4c000ull
#define PRB 0xffffffff82a4d000ull
#define DESCS 0xffffffff90000000ull
#define INFOS 0xffffffffa0000000ull
#define DATA 0xffffffffb0000000ull

/* Linux v6.12: struct printk_ringbuffer and what is in it, x86-64 */
#define DESC_SIZE 24
#define INFO_SIZE 88
#define TEXT_RING 48 /* desc_ring is first */
#define FINALIZED 2ull
#define COMMITTED 1ull
#define RESERVED 0ull
#define REUSABLE 3ull

struct ring {
	struct memory memory;
	struct xfdt_image image;
	unsigned int count_bits, size_bits;
	uint64_t id;	   /* of the next record */
	uint64_t position; /* of the next block; grows for ever */
};

static void set_ids(struct ring *ring, uint64_t tail, uint64_t head)
{
	memory_put_u64(&ring->memory, PRB + 24, head);
	memory_put_u64(&ring->memory, PRB + 32, tail);
}

static void ring_init(struct ring *ring, unsigned int count_bits, unsigned int size_bits)
{
	struct xfdt_image *image = &ring->image;

	memset(ring, 0, sizeof(*ring));
	memory_init(&ring->memory);
	memory_image(image, &ring->memory);
	ring->count_bits = count_bits;
	ring->size_bits = size_bits;
	memory_add(&ring->memory, PRB_POINTER, 8);
	memory_add(&ring->memory, PRB, 88);
	memory_add(&ring->memory, DESCS, (size_t)DESC_SIZE << count_bits);
	memory_add(&ring->memory, INFOS, (size_t)INFO_SIZE << count_bits);
	memory_add(&ring->memory, DATA, (size_t)1 << size_bits);
	memory_put_u64(&ring->memory, PRB_POINTER, PRB);
	/* struct prb_desc_ring: count_bits, descs, infos, head_id, tail_id */
	memory_put_u32(&ring->memory, PRB, count_bits);
	memory_put_u64(&ring->memory, PRB + 8, DESCS);
	memory_put_u64(&ring->memory, PRB + 16, INFOS);
	/* struct prb_data_ring: size_bits, data */
	memory_put_u32(&ring->memory, PRB + TEXT_RING, size_bits);
	memory_put_u64(&ring->memory, PRB + TEXT_RING + 8, DATA);

	set_symbol(image, XFDT_S_prb, PRB_POINTER, 8);
	set_struct(image, XFDT_T_prb_desc, DESC_SIZE);
	set_struct(image, XFDT_T_printk_info, INFO_SIZE);
	set_member(image, XFDT_M_prb_desc_ring, 0, 48);
	set_member(image, XFDT_M_prb_text_data_ring, TEXT_RING, 32);
	set_member(image, XFDT_M_desc_ring_count_bits, 0, 4);
	set_member(image, XFDT_M_desc_ring_descs, 8, 8);
	set_member(image, XFDT_M_desc_ring_infos, 16, 8);
	set_member(image, XFDT_M_desc_ring_head_id, 24, 8);
	set_member(image, XFDT_M_desc_ring_tail_id, 32, 8);
	set_member(image, XFDT_M_prb_desc_state_var, 0, 8);
	set_member(image, XFDT_M_prb_desc_text_blk_lpos, 8, 16);
	set_member(image, XFDT_M_blk_lpos_begin, 0, 8);
	set_member(image, XFDT_M_blk_lpos_next, 8, 8);
	set_member(image, XFDT_M_printk_info_seq, 0, 8);
	set_member(image, XFDT_M_printk_info_ts_nsec, 8, 8);
	set_member(image, XFDT_M_printk_info_text_len, 16, 2);
	set_member(image, XFDT_M_printk_info_facility, 18, 1);
	set_member(image, XFDT_M_printk_info_caller_id, 20, 4);
	set_member(image, XFDT_M_data_ring_size_bits, 0, 4);
	set_member(image, XFDT_M_data_ring_data, 8, 8);
}

static void put_desc(struct ring *ring, uint64_t id, uint64_t state, uint64_t begin, uint64_t next)
{
	uint64_t desc = DESCS + DESC_SIZE * (id & ((1ull << ring->count_bits) - 1));

	memory_put_u64(&ring->memory, desc, id | state << 62);
	memory_put_u64(&ring->memory, desc + 8, begin);
	memory_put_u64(&ring->memory, desc + 16, next);
}

static void put_info(struct ring *ring, uint64_t id, uint16_t text_len, uint8_t facility,
		     uint64_t nsec)
{
	uint64_t info = INFOS + INFO_SIZE * (id & ((1ull << ring->count_bits) - 1));

	memory_put_u64(&ring->memory, info, id);
	memory_put_u64(&ring->memory, info + 8, nsec);
	memory_put(&ring->memory, info + 16, &text_len, sizeof(text_len));
	memory_put(&ring->memory, info + 18, &facility, sizeof(facility));
}

/* Where data_alloc() of v6.12 puts a block: not over the end, and not up to it either. */
static void put_block(struct ring *ring, uint64_t id, const char *text, uint64_t *ret_begin,
		      uint64_t *ret_next)
{
	uint64_t size = 1ull << ring->size_bits, block, next;
	uint64_t bytes = (8 + strlen(text) + 7) & ~7ull;

	*ret_begin = ring->position;
	block = ring->position;
	next = ring->position + bytes;
	if (block / size != next / size) {
		block = next / size * size;
		next = block + bytes;
	}
	memory_put_u64(&ring->memory, DATA + block % size, id);
	memory_put(&ring->memory, DATA + block % size + 8, text, strlen(text));
	ring->position = next;
	*ret_next = next;
}

static void print_as(struct ring *ring, uint64_t state, uint8_t facility, const char *text)
{
	uint64_t begin, next, id = ring->id++;

	put_block(ring, id, text, &begin, &next);
	put_desc(ring, id, state, begin, next);
	put_info(ring, id, (uint16_t)strlen(text), facility, 1000 * id);
}

static void print(struct ring *ring, const char *text)
{
	print_as(ring, FINALIZED, 0, text);
}

/* All of the records so far, or as many as fit. */
static struct xfdt_error *read_log(struct ring *ring, struct xfdt_log *log)
{
	uint64_t count = 1ull << ring->count_bits, first = 0;

	if (ring->id > count)
		first = ring->id - count;
	set_ids(ring, first, ring->id - 1);
	memset(log, 0x5a, sizeof(*log));
	return xfdt_log_read(&ring->image, log);
}

static void assert_lines(const struct xfdt_log *log, const char *const *lines, size_t count)
{
	size_t i;

	for (i = 0; i < log->count && i < count; i++)
		assert_string_equal(log->lines[i].text, lines[i]);
	assert_int_equal(log->count, count);
}

static void test_log__lines_in_order_with_time(void **state)
{
	static const char *const lines[] = { "first", "second line", "x", "the last one" };
	struct xfdt_log log;
	struct ring ring;
	size_t i;

	ring_init(&ring, 4, 10);
	for (i = 0; i < COUNT(lines); i++)
		print(&ring, lines[i]);
	assert_ok(read_log(&ring, &log));
	assert_lines(&log, lines, COUNT(lines));
	for (i = 0; i < COUNT(lines); i++) {
		assert_true(log.lines[i].nsec == 1000 * i);
		assert_false(log.lines[i].from_user);
	}
	assert_false(log.cut);
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

static void test_log__committed_counts_as_finalized_does(void **state)
{
	static const char *const lines[] = { "finalized", "committed" };
	struct xfdt_log log;
	struct ring ring;

	ring_init(&ring, 4, 10);
	print(&ring, lines[0]);
	print_as(&ring, COMMITTED, 0, lines[1]);
	assert_ok(read_log(&ring, &log));
	assert_lines(&log, lines, 2);
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

static void test_log__reserved_and_reusable_are_skipped(void **state)
{
	static const char *const lines[] = { "one", "two" };
	struct xfdt_log log;
	struct ring ring;

	ring_init(&ring, 4, 10);
	print_as(&ring, REUSABLE, 0, "overwritten");
	print(&ring, "one");
	print_as(&ring, RESERVED, 0, "being written");
	print(&ring, "two");
	print_as(&ring, RESERVED, 0, "being written too");
	assert_ok(read_log(&ring, &log));
	assert_lines(&log, lines, 2);
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

/* A descriptor of another id is of another round of the ring. */
static void test_log__descriptor_of_another_id_is_skipped(void **state)
{
	static const char *const lines[] = { "one", "three" };
	struct xfdt_log log;
	struct ring ring;

	ring_init(&ring, 4, 10);
	print(&ring, "one");
	print(&ring, "two");
	print(&ring, "three");
	put_desc(&ring, 1, FINALIZED, 0, 16);
	memory_put_u64(&ring.memory, DESCS + DESC_SIZE, (1 + 16) | FINALIZED << 62);
	assert_ok(read_log(&ring, &log));
	assert_lines(&log, lines, 2);
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

/* both lpos odd: 1 failed, 3 an empty line */
static void test_log__dataless_records_are_skipped(void **state)
{
	static const char *const lines[] = { "before", "after" };
	struct xfdt_log log;
	struct ring ring;

	ring_init(&ring, 4, 10);
	print(&ring, "before");
	put_desc(&ring, ring.id, FINALIZED, 1, 1);
	put_info(&ring, ring.id++, 40, 0, 0);
	put_desc(&ring, ring.id, FINALIZED, 3, 3);
	put_info(&ring, ring.id++, 0, 0, 0);
	print(&ring, "after");
	assert_ok(read_log(&ring, &log));
	assert_lines(&log, lines, 2);
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

static void test_log__descriptors_wrap(void **state)
{
	struct xfdt_log log;
	struct ring ring;
	char text[16];
	unsigned int i;

	ring_init(&ring, 3, 12);
	for (i = 0; i < 21; i++) {
		sprintf(text, "line %u", i);
		print(&ring, text);
	}
	assert_ok(read_log(&ring, &log));
	assert_int_equal(log.count, 8);
	for (i = 0; i < 8; i++) {
		sprintf(text, "line %u", 13 + i);
		assert_string_equal(log.lines[i].text, text);
		assert_true(log.lines[i].nsec == 1000 * (13 + i));
	}
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

/* Blocks that do not fit before the end are at index 0. */
static void test_log__data_wraps(void **state)
{
	static const char wrapped[] = "this one does not fit in front of the end of the ring";
	static const char *const lines[] = { wrapped, "and this is behind it" };
	struct xfdt_log log;
	struct ring ring;

	ring_init(&ring, 2, 8);
	/* 176 bytes, then 232: the next block of 64 is too long for what is left */
	print(&ring, "0123456789012345678901234567890123456789012345678901234567890123456789"
		     "0123456789012345678901234567890123456789012345678901234567890123456789"
		     "012345678901234567890123456789");
	assert_int_equal(ring.position, 184);
	print(&ring, "012345678901234567890123456789");
	ring.id = 2;
	print(&ring, wrapped);
	assert_int_equal(ring.position, 256 + 64);
	print(&ring, lines[1]);
	/* what they wrote over is gone from the ring */
	put_desc(&ring, 0, REUSABLE, 0, 0);
	put_desc(&ring, 1, REUSABLE, 0, 0);
	assert_ok(read_log(&ring, &log));
	assert_lines(&log, lines, 2);
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

/* Newer kernels let a block end exactly at the ring's end: it is no wrapped one. */
static void test_log__block_that_ends_at_the_end_of_the_ring(void **state)
{
	static const char *const lines[] = { "0123456789abcdef", "0123456789abcdefghij" };
	struct xfdt_log log;
	struct ring ring;

	ring_init(&ring, 2, 6);
	print(&ring, lines[0]);
	assert_int_equal(ring.position, 24);
	/* 40 bytes, at 24 to 64 */
	put_desc(&ring, 1, FINALIZED, 24, 64);
	put_info(&ring, 1, 20, 0, 0);
	memory_put_u64(&ring.memory, DATA + 24, 1);
	memory_put(&ring.memory, DATA + 32, lines[1], 20);
	ring.id = 2;
	assert_ok(read_log(&ring, &log));
	assert_lines(&log, lines, 2);
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

/* positions near the end of unsigned long: prb starts them there, to find such errors */
static void test_log__positions_that_overflow(void **state)
{
	static const char *const lines[] = { "one", "two", "three" };
	struct xfdt_log log;
	struct ring ring;
	size_t i;

	ring_init(&ring, 3, 7);
	ring.position = 0 - 48ull;
	for (i = 0; i < COUNT(lines); i++)
		print(&ring, lines[i]);
	assert_ok(read_log(&ring, &log));
	assert_lines(&log, lines, COUNT(lines));
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

/* ids are 62 bits and start high: DESC0_ID is -(count + 1) */
static void test_log__ids_that_overflow(void **state)
{
	static const char *const lines[] = { "one", "two", "three" };
	const uint64_t mask = ~0ull >> 2;
	struct xfdt_log log;
	struct ring ring;
	size_t i;

	ring_init(&ring, 3, 10);
	for (i = 0; i < COUNT(lines); i++) {
		uint64_t begin, next, id = (mask - 1 + i) & mask;

		put_block(&ring, id, lines[i], &begin, &next);
		put_desc(&ring, id, FINALIZED, begin, next);
		put_info(&ring, id, (uint16_t)strlen(lines[i]), 0, 0);
	}
	set_ids(&ring, mask - 1, 0);
	memset(&log, 0x5a, sizeof(log));
	assert_ok(xfdt_log_read(&ring.image, &log));
	assert_lines(&log, lines, COUNT(lines));
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

static void test_log__facility_tells_user_space(void **state)
{
	struct xfdt_log log;
	struct ring ring;

	ring_init(&ring, 4, 10);
	print(&ring, "kernel");
	print_as(&ring, FINALIZED, 1, "user"); /* LOG_USER */
	print_as(&ring, FINALIZED, 3, "daemon");
	print_as(&ring, FINALIZED, 255, "made up");
	assert_ok(read_log(&ring, &log));
	assert_int_equal(log.count, 4);
	assert_false(log.lines[0].from_user);
	assert_true(log.lines[1].from_user);
	assert_true(log.lines[2].from_user);
	assert_true(log.lines[3].from_user);
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

/* which thread wrote a line, or which CPU in an interrupt */
static void test_log__callers(void **state)
{
	struct xfdt_log log;
	struct ring ring;

	ring_init(&ring, 4, 10);
	print(&ring, "a thread");
	memory_put_u32(&ring.memory, INFOS + 20, 1404);
	print(&ring, "a CPU");
	memory_put_u32(&ring.memory, INFOS + INFO_SIZE + 20, 0x80000003u);
	assert_ok(read_log(&ring, &log));
	assert_true(log.lines[0].caller == 1404);
	assert_true(log.lines[1].caller == 0x80000003u);
	xfdt_log_deinit(&log);
	/* not known: all of one */
	ring.image.layout.members[XFDT_M_printk_info_caller_id].known = false;
	assert_ok(read_log(&ring, &log));
	assert_true(log.lines[0].caller == 0 && log.lines[1].caller == 0);
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

/* A verdict may not rest on what is not in a log that has lost something. */
static void test_log__says_that_something_is_lost(void **state)
{
	struct xfdt_log log;
	struct ring ring;

	/* the first record of all has the number 0; this one is the 6th */
	ring_init(&ring, 4, 10);
	ring.id = 5;
	print(&ring, "x");
	set_ids(&ring, 5, 5);
	memset(&log, 0x5a, sizeof(log));
	assert_ok(xfdt_log_read(&ring.image, &log));
	assert_true(log.cut);
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);

	/* one in the middle is damaged: it says that it is larger than the ring */
	ring_init(&ring, 4, 10);
	print(&ring, "one");
	put_desc(&ring, ring.id++, FINALIZED, 16, 16 + 2000);
	print(&ring, "three");
	assert_ok(read_log(&ring, &log));
	assert_true(log.cut);
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);

	/* an empty line is nothing lost */
	ring_init(&ring, 4, 10);
	print(&ring, "one");
	put_desc(&ring, ring.id++, FINALIZED, 3, 3);
	print(&ring, "three");
	assert_ok(read_log(&ring, &log));
	assert_false(log.cut);
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

/* BLK_LPOS_SPECIAL 1: there was no room for its text, so that is lost */
static void test_log__text_that_found_no_room_is_lost(void **state)
{
	struct xfdt_log log;
	struct ring ring;

	ring_init(&ring, 4, 10);
	print(&ring, "one");
	put_desc(&ring, ring.id++, FINALIZED, 1, 1);
	print(&ring, "three");
	assert_ok(read_log(&ring, &log));
	assert_true(log.cut);
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

/* the text is no longer than its block, whatever its length says */
static void test_log__text_longer_than_its_block(void **state)
{
	struct xfdt_log log;
	struct ring ring;

	ring_init(&ring, 4, 10);
	print(&ring, "12345678");
	print(&ring, "abcdefgh");
	put_info(&ring, 0, 65535, 0, 0);
	put_info(&ring, 1, 65535, 0, 0);
	assert_ok(read_log(&ring, &log));
	assert_int_equal(log.count, 2);
	assert_string_equal(log.lines[0].text, "12345678");
	assert_string_equal(log.lines[1].text, "abcdefgh");
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

static void test_log__text_shorter_than_its_block(void **state)
{
	struct xfdt_log log;
	struct ring ring;

	ring_init(&ring, 4, 10);
	print(&ring, "12345678");
	put_info(&ring, 0, 3, 0, 0);
	assert_ok(read_log(&ring, &log));
	assert_int_equal(log.count, 1);
	assert_string_equal(log.lines[0].text, "123");
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

/* a NUL in the text would hide the rest of the line */
static void test_log__nul_in_the_text(void **state)
{
	struct xfdt_log log;
	struct ring ring;

	ring_init(&ring, 4, 10);
	print(&ring, "ab.cd");
	*(char *)memory_at(&ring.memory, DATA + 8 + 2, 1) = '\0';
	assert_ok(read_log(&ring, &log));
	assert_string_equal(log.lines[0].text, "ab cd");
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

static void test_log__tail_is_head(void **state)
{
	static const char *const lines[] = { "only" };
	struct xfdt_log log;
	struct ring ring;

	ring_init(&ring, 4, 10);
	print(&ring, "only");
	assert_ok(read_log(&ring, &log));
	assert_lines(&log, lines, 1);
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

static void test_log__nothing_in_it(void **state)
{
	struct xfdt_log log, untouched;
	struct ring ring;

	ring_init(&ring, 4, 10);
	put_desc(&ring, 0, REUSABLE, 1, 1);
	set_ids(&ring, 0, 0);
	memset(&log, 0x5a, sizeof(log));
	untouched = log;
	assert_fails(xfdt_log_read(&ring.image, &log), XFDT_CORRUPT);
	assert_memory_equal(&log, &untouched, sizeof(log));
	memory_deinit(&ring.memory);
}

static void test_log__absurd_sizes_are_corrupt(void **state)
{
	static const uint32_t bits[] = { 31, 62, 63, 64, 0x80000000u, UINT32_MAX };
	struct xfdt_log log;
	struct ring ring;
	size_t i;

	ring_init(&ring, 4, 10);
	print(&ring, "line");
	for (i = 0; i < COUNT(bits); i++) {
		memory_put_u32(&ring.memory, PRB, bits[i]);
		assert_fails(read_log(&ring, &log), XFDT_CORRUPT);
	}
	memory_put_u32(&ring.memory, PRB, 4);
	for (i = 1; i < COUNT(bits); i++) {
		memory_put_u32(&ring.memory, PRB + TEXT_RING, bits[i]);
		assert_fails(read_log(&ring, &log), XFDT_CORRUPT);
	}
	memory_deinit(&ring.memory);
}

static void test_log__more_records_than_the_ring_holds(void **state)
{
	struct xfdt_log log;
	struct ring ring;

	ring_init(&ring, 4, 10);
	print(&ring, "line");
	set_ids(&ring, 0, 16);
	assert_fails(xfdt_log_read(&ring.image, &log), XFDT_CORRUPT);
	set_ids(&ring, 5, 3); /* the tail is ahead of the head */
	assert_fails(xfdt_log_read(&ring.image, &log), XFDT_CORRUPT);
	memory_deinit(&ring.memory);
}

static void test_log__block_larger_than_the_ring_is_skipped(void **state)
{
	static const char *const lines[] = { "good" };
	struct xfdt_log log;
	struct ring ring;

	ring_init(&ring, 4, 10);
	put_desc(&ring, ring.id++, FINALIZED, 0, 2000);
	put_desc(&ring, ring.id++, FINALIZED, 2000, 0);
	put_desc(&ring, ring.id++, FINALIZED, 16, 16); /* nothing */
	put_desc(&ring, ring.id++, FINALIZED, 16, 24); /* an id and no text */
	print(&ring, "good");
	assert_ok(read_log(&ring, &log));
	assert_lines(&log, lines, 1);
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

static void test_log__unreadable_parts_keep_their_reason(void **state)
{
	static const uint64_t parts[] = { PRB_POINTER, PRB, DESCS, INFOS, DATA };
	struct xfdt_log log;
	struct ring ring;
	size_t i;

	ring_init(&ring, 4, 10);
	print(&ring, "line");
	for (i = 0; i < COUNT(parts); i++) {
		memory_fail(&ring.memory, parts[i], XFDT_TRUNCATED);
		assert_fails(read_log(&ring, &log), XFDT_TRUNCATED);
		memory_fail(&ring.memory, parts[i], 0);
	}
	assert_ok(read_log(&ring, &log));
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

static void test_log__unknown_layout_is_missing(void **state)
{
	static const enum xfdt_member_id members[] = {
		XFDT_M_prb_desc_ring,	  XFDT_M_prb_text_data_ring,  XFDT_M_desc_ring_count_bits,
		XFDT_M_desc_ring_descs,	  XFDT_M_desc_ring_infos,     XFDT_M_desc_ring_head_id,
		XFDT_M_desc_ring_tail_id, XFDT_M_data_ring_size_bits, XFDT_M_data_ring_data,
	};
	struct xfdt_log log;
	struct ring ring;
	size_t i;

	ring_init(&ring, 4, 10);
	print(&ring, "line");
	for (i = 0; i < COUNT(members); i++) {
		ring.image.layout.members[members[i]].known = false;
		assert_fails(read_log(&ring, &log), XFDT_MISSING);
		ring.image.layout.members[members[i]].known = true;
	}
	ring.image.layout.structs[XFDT_T_printk_info] = 0;
	assert_fails(read_log(&ring, &log), XFDT_MISSING);
	ring.image.layout.structs[XFDT_T_printk_info] = INFO_SIZE;
	ring.image.symtab.symbols[XFDT_S_prb].known = false;
	assert_fails(read_log(&ring, &log), XFDT_MISSING);
	memory_deinit(&ring.memory);
}

/* The newest records are kept where there are more than 32 768. */
static void test_log__older_records_are_cut(void **state)
{
	struct xfdt_log log;
	struct ring ring;
	char text[16];
	unsigned int i;

	ring_init(&ring, 16, 21);
	for (i = 0; i < 40000; i++) {
		sprintf(text, "%u", i);
		print(&ring, text);
	}
	assert_ok(read_log(&ring, &log));
	assert_true(log.cut);
	assert_int_equal(log.count, 32768);
	assert_string_equal(log.lines[0].text, "7232");
	assert_string_equal(log.lines[32767].text, "39999");
	xfdt_log_deinit(&log);
	memory_deinit(&ring.memory);
}

/* A structure's size comes from the dump as well: no allocation of gigabytes. */
static void test_log__absurd_record_sizes_are_not_allocated(void **state)
{
	struct xfdt_log log;
	struct ring ring;
	struct xfdt_error *err;

	ring_init(&ring, 16, 10);
	put_desc(&ring, 0, FINALIZED, 0, 16);
	set_ids(&ring, 0, 65535);
	set_struct(&ring.image, XFDT_T_printk_info, XFDT_STRUCT_MAX);
	alloc_watch();
	err = xfdt_log_read(&ring.image, &log);
	assert_non_null(err);
	xfdt_error_free(err);
	assert_within(alloc_largest(), 0, 256u << 20);
	memory_deinit(&ring.memory);
}

/* Blocks that lie on top of each other make much text out of little. */
static void test_log__overlapping_blocks_are_not_allocated(void **state)
{
	struct xfdt_log log;
	struct xfdt_error *err;
	struct ring ring;
	uint64_t id;

	ring_init(&ring, 13, 20);
	for (id = 0; id < 8192; id++) {
		put_desc(&ring, id, FINALIZED, 0, 1u << 20);
		put_info(&ring, id, 65535, 0, 0);
	}
	set_ids(&ring, 0, 8191);
	alloc_watch();
	memset(&log, 0, sizeof(log));
	err = xfdt_log_read(&ring.image, &log);
	if (!err)
		xfdt_log_deinit(&log);
	xfdt_error_free(err);
	assert_within(alloc_largest(), 0, 256u << 20);
	memory_deinit(&ring.memory);
}

static void test_log__out_of_memory_is_an_error(void **state)
{
	struct ring ring;
	long number;

	ring_init(&ring, 4, 10);
	print(&ring, "line");
	for (number = 0;; number++) {
		struct xfdt_error *err;
		struct xfdt_log log;
		bool failed;

		alloc_watch();
		alloc_fail(number);
		err = read_log(&ring, &log);
		failed = alloc_has_failed();
		alloc_watch();
		if (!failed) {
			assert_ok(err);
			xfdt_log_deinit(&log);
			break;
		}
		assert_fails(err, XFDT_NO_MEMORY);
	}
	assert_within(number, 1, 100);
	memory_deinit(&ring.memory);
}

#include "test_log.tests.h"
