/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk over an XArray, also over broken ones. */
#include "unit.h"
#include "kernel/xarray.h"
#include "memory.h"

#include <string.h>

#define XARRAY 0xffff888000001000ull
#define NODES 0xffff888000010000ull /* one a page */
#define SLOTS 64
#define SLOTS_OFFSET 40
#define NODE_SIZE 0x240
#define ENTRY(n) (0xffff888100000000ull + (uint64_t)(n)*0x1000)

struct fixture {
	struct memory memory;
	struct xfdt_image image;
};

struct seen {
	uint64_t indices[300], pointers[300];
	size_t count;
	size_t stop_at; /* fail at this visit; 0: never */
};

static uint64_t node_at(unsigned int number)
{
	return NODES + 0x1000ull * number;
}

static uint64_t node_entry(unsigned int number)
{
	return node_at(number) | 2;
}

static int setup(void **state)
{
	static struct fixture fixture;

	memory_init(&fixture.memory);
	memory_image(&fixture.image, &fixture.memory);
	/* kernel facts, 1: identical 6.1 to 7.3 */
	set_struct(&fixture.image, XFDT_T_xa_node, NODE_SIZE);
	set_member(&fixture.image, XFDT_M_xarray_xa_head, 8, 8);
	set_member(&fixture.image, XFDT_M_xa_node_shift, 0, 1);
	set_member(&fixture.image, XFDT_M_xa_node_slots, SLOTS_OFFSET, SLOTS * 8);
	memory_add(&fixture.memory, XARRAY, 16);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	memory_deinit(&fixture->memory);
	return 0;
}

static struct xfdt_error *visit(void *context, uint64_t index, uint64_t pointer)
{
	struct seen *seen = context;

	assert_within(seen->count, 0, COUNT(seen->indices) - 1);
	seen->indices[seen->count] = index;
	seen->pointers[seen->count++] = pointer;
	if (seen->count == seen->stop_at)
		return xfdt_error_new(XFDT_SYSTEM, 0, "enough");
	return NULL;
}

static void set_head(struct fixture *fixture, uint64_t entry)
{
	memory_put_u64(&fixture->memory, XARRAY + 8, entry);
}

static void add_node(struct fixture *fixture, unsigned int number, uint8_t shift)
{
	*(uint8_t *)memory_add(&fixture->memory, node_at(number), NODE_SIZE) = shift;
}

static void set_slot(struct fixture *fixture, unsigned int number, unsigned int slot,
		     uint64_t entry)
{
	memory_put_u64(&fixture->memory, node_at(number) + SLOTS_OFFSET + 8 * slot, entry);
}

static struct xfdt_error *walk(struct fixture *fixture, unsigned int nodes_max, struct seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	return xfdt_xarray_walk(&fixture->image, XARRAY, &nodes_max, visit, seen);
}

static void test_xarray__empty(void **state)
{
	struct fixture *fixture;
	struct seen seen;

	setup(state);
	fixture = *state;
	assert_ok(walk(fixture, 10, &seen));
	assert_int_equal(seen.count, 0);
	teardown(state);
}

/* a VM with vCPU 0 only */
static void test_xarray__single_entry_in_the_head(void **state)
{
	struct fixture *fixture;
	struct seen seen;

	setup(state);
	fixture = *state;
	set_head(fixture, ENTRY(0));
	assert_ok(walk(fixture, 10, &seen));
	assert_int_equal(seen.count, 1);
	assert_true(seen.indices[0] == 0 && seen.pointers[0] == ENTRY(0));
	teardown(state);
}

static void test_xarray__one_node(void **state)
{
	struct fixture *fixture;
	struct seen seen;
	unsigned int i;

	setup(state);
	fixture = *state;
	add_node(fixture, 0, 0);
	for (i = 0; i < SLOTS; i++)
		set_slot(fixture, 0, i, ENTRY(i));
	set_head(fixture, node_entry(0));
	assert_ok(walk(fixture, 1, &seen));
	assert_int_equal(seen.count, SLOTS);
	for (i = 0; i < SLOTS; i++)
		assert_true(seen.indices[i] == i && seen.pointers[i] == ENTRY(i));
	teardown(state);
}

static void test_xarray__two_levels(void **state)
{
	struct fixture *fixture;
	struct seen seen;

	setup(state);
	fixture = *state;
	add_node(fixture, 0, 6);
	add_node(fixture, 1, 0);
	add_node(fixture, 2, 0);
	set_slot(fixture, 0, 0, node_entry(1));
	set_slot(fixture, 0, 3, node_entry(2));
	set_slot(fixture, 1, 0, ENTRY(0));
	set_slot(fixture, 1, 63, ENTRY(63));
	set_slot(fixture, 2, 5, ENTRY(197));
	set_head(fixture, node_entry(0));
	assert_ok(walk(fixture, 3, &seen));
	assert_int_equal(seen.count, 3);
	assert_true(seen.indices[0] == 0 && seen.pointers[0] == ENTRY(0));
	assert_true(seen.indices[1] == 63 && seen.pointers[1] == ENTRY(63));
	assert_true(seen.indices[2] == 3 * 64 + 5 && seen.pointers[2] == ENTRY(197));
	teardown(state);
}

/* CONFIG_BASE_SMALL: 16 slots, so that a level is four bits */
static void test_xarray__sixteen_slots(void **state)
{
	struct fixture *fixture;
	struct seen seen;

	setup(state);
	fixture = *state;
	set_member(&fixture->image, XFDT_M_xa_node_slots, SLOTS_OFFSET, 16 * 8);
	add_node(fixture, 0, 4);
	add_node(fixture, 1, 0);
	set_slot(fixture, 0, 2, node_entry(1));
	set_slot(fixture, 1, 15, ENTRY(47));
	set_slot(fixture, 1, 16, ENTRY(99)); /* behind the last slot */
	set_head(fixture, node_entry(0));
	assert_ok(walk(fixture, 10, &seen));
	assert_int_equal(seen.count, 1);
	assert_true(seen.indices[0] == 47 && seen.pointers[0] == ENTRY(47));
	teardown(state);
}

/* XA_ZERO_ENTRY, XA_RETRY_ENTRY, sibling and value entries are no vCPUs. */
static void test_xarray__entries_that_are_no_pointers(void **state)
{
	static const uint64_t skipped[] = { 0x406, 0x402, 2, 6, 0xfe, 1, 3, 0x12345 };
	struct fixture *fixture;
	struct seen seen;
	unsigned int i;

	setup(state);
	fixture = *state;
	for (i = 0; i < COUNT(skipped); i++) {
		set_head(fixture, skipped[i]);
		assert_ok(walk(fixture, 10, &seen));
		assert_int_equal(seen.count, 0);
	}
	add_node(fixture, 0, 0);
	for (i = 0; i < COUNT(skipped); i++)
		set_slot(fixture, 0, i, skipped[i]);
	set_slot(fixture, 0, 40, ENTRY(40));
	set_head(fixture, node_entry(0));
	assert_ok(walk(fixture, 10, &seen));
	assert_int_equal(seen.count, 1);
	assert_true(seen.indices[0] == 40 && seen.pointers[0] == ENTRY(40));
	teardown(state);
}

static void test_xarray__unreadable_node_does_not_hide_the_others(void **state)
{
	struct fixture *fixture;
	struct seen seen;

	setup(state);
	fixture = *state;
	add_node(fixture, 0, 6);
	add_node(fixture, 2, 0);
	add_node(fixture, 3, 0);
	set_slot(fixture, 0, 0, node_entry(1)); /* not in memory */
	set_slot(fixture, 0, 1, node_entry(2));
	set_slot(fixture, 0, 2, node_entry(3));
	set_slot(fixture, 2, 7, ENTRY(71));
	set_slot(fixture, 3, 0, ENTRY(128));
	set_head(fixture, node_entry(0));
	assert_fails(walk(fixture, 10, &seen), XFDT_EXCLUDED);
	assert_int_equal(seen.count, 2);
	assert_true(seen.indices[0] == 71 && seen.indices[1] == 128);
	/* the first such error is the one returned */
	memory_fail(&fixture->memory, node_at(3), XFDT_TRUNCATED);
	assert_fails(walk(fixture, 10, &seen), XFDT_EXCLUDED);
	assert_int_equal(seen.count, 1);
	teardown(state);
}

static void test_xarray__unreadable_head(void **state)
{
	struct fixture *fixture;
	struct seen seen;

	setup(state);
	fixture = *state;
	memory_fail(&fixture->memory, XARRAY, XFDT_TRUNCATED);
	assert_fails(walk(fixture, 10, &seen), XFDT_TRUNCATED);
	assert_int_equal(seen.count, 0);
	teardown(state);
}

static void test_xarray__shift_that_does_not_fall_is_corrupt(void **state)
{
	static const uint8_t shifts[] = { 6, 7, 12, 64, 255 };
	struct fixture *fixture;
	struct seen seen;
	unsigned int i;

	for (i = 0; i < COUNT(shifts); i++) {
		setup(state);
		fixture = *state;
		add_node(fixture, 0, 6);
		add_node(fixture, 1, shifts[i]);
		add_node(fixture, 2, 0);
		set_slot(fixture, 0, 0, node_entry(1));
		set_slot(fixture, 0, 1, node_entry(2));
		set_slot(fixture, 1, 0, ENTRY(1));
		set_slot(fixture, 2, 0, ENTRY(2));
		set_head(fixture, node_entry(0));
		assert_fails(walk(fixture, 10, &seen), XFDT_CORRUPT);
		assert_int_equal(seen.count, 1);
		assert_true(seen.indices[0] == 64);
		teardown(state);
	}
}

static void test_xarray__first_shift_out_of_bounds(void **state)
{
	struct fixture *fixture;
	struct seen seen;

	setup(state);
	fixture = *state;
	add_node(fixture, 0, 64);
	set_slot(fixture, 0, 0, ENTRY(0));
	set_head(fixture, node_entry(0));
	assert_fails(walk(fixture, 10, &seen), XFDT_CORRUPT);
	assert_int_equal(seen.count, 0);
	teardown(state);
}

static void test_xarray__node_below_a_leaf_is_corrupt(void **state)
{
	struct fixture *fixture;
	struct seen seen;

	setup(state);
	fixture = *state;
	add_node(fixture, 0, 0);
	add_node(fixture, 1, 0);
	set_slot(fixture, 0, 0, node_entry(1));
	set_slot(fixture, 0, 1, ENTRY(1));
	set_slot(fixture, 1, 0, ENTRY(9));
	set_head(fixture, node_entry(0));
	assert_fails(walk(fixture, 10, &seen), XFDT_CORRUPT);
	assert_int_equal(seen.count, 1);
	assert_true(seen.indices[0] == 1);
	teardown(state);
}

static void test_xarray__node_that_points_to_itself(void **state)
{
	struct fixture *fixture;
	struct seen seen;
	unsigned int i;

	setup(state);
	fixture = *state;
	add_node(fixture, 0, 6);
	for (i = 0; i < SLOTS; i++)
		set_slot(fixture, 0, i, node_entry(0));
	set_head(fixture, node_entry(0));
	assert_fails(walk(fixture, 100000, &seen), XFDT_CORRUPT);
	assert_int_equal(seen.count, 0);
	/* one read of each slot's target at most */
	assert_within(fixture->memory.reads, 1, 1 + 2 * (1 + SLOTS));
	teardown(state);
}

/* ten levels that share their nodes would be 64^10 leaves */
static void test_xarray__too_many_nodes(void **state)
{
	struct fixture *fixture;
	struct seen seen;
	unsigned int level, i;

	setup(state);
	fixture = *state;
	for (level = 0; level < 10; level++) {
		add_node(fixture, level, (uint8_t)(54 - 6 * level));
		for (i = 0; i < SLOTS && level < 9; i++)
			set_slot(fixture, level, i, node_entry(level + 1));
	}
	set_head(fixture, node_entry(0));
	assert_fails(walk(fixture, 1000, &seen), XFDT_LIMIT);
	assert_int_equal(seen.count, 0);
	/* shift and slots of every node, and the head */
	assert_int_equal(fixture->memory.reads, 1 + 2 * 1000);
	teardown(state);
}

static void test_xarray__error_of_the_visitor_ends_the_walk(void **state)
{
	struct fixture *fixture;
	struct seen seen = { .stop_at = 2 };
	unsigned int i, nodes_left = 10;

	setup(state);
	fixture = *state;
	add_node(fixture, 0, 6);
	add_node(fixture, 2, 0);
	set_slot(fixture, 0, 0, node_entry(1)); /* not in memory: an error of its own */
	set_slot(fixture, 0, 1, node_entry(2));
	for (i = 0; i < 5; i++)
		set_slot(fixture, 2, i, ENTRY(i));
	set_head(fixture, node_entry(0));
	assert_fails(xfdt_xarray_walk(&fixture->image, XARRAY, &nodes_left, visit, &seen),
		     XFDT_SYSTEM);
	assert_int_equal(nodes_left, 10 - 3);
	assert_int_equal(seen.count, 2);
	teardown(state);
}

static void test_xarray__absurd_layout(void **state)
{
	static const uint32_t sizes[] = { 0, 4, 65 * 8, 1u << 20 };
	struct fixture *fixture;
	struct seen seen;
	unsigned int i;

	setup(state);
	fixture = *state;
	add_node(fixture, 0, 0);
	set_head(fixture, node_entry(0));
	for (i = 0; i < COUNT(sizes); i++) {
		set_member(&fixture->image, XFDT_M_xa_node_slots, SLOTS_OFFSET, sizes[i]);
		assert_fails(walk(fixture, 10, &seen), XFDT_CORRUPT);
	}
	fixture->image.layout.members[XFDT_M_xarray_xa_head].known = false;
	assert_fails(walk(fixture, 10, &seen), XFDT_MISSING);
	teardown(state);
}

#include "test_xarray.tests.h"
