/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of the kernel: next and prev are held against each other. */
#include "unit.h"
#include "image/list.h"
#include "memory.h"

#define ENTRIES 4				       /* the head, and three */
#define ENTRY(n) (0xffff888000001000ull + (n)*0x1000u) /* one a page; 0 is the head */
#define NEXT(n) (ENTRY(n))
#define PREV(n) (ENTRY(n) + 8)

struct fixture {
	struct memory memory;
	struct xfdt_image image;
};

static void set_up(struct fixture *fixture)
{
	unsigned int i;

	memory_init(&fixture->memory);
	memory_image(&fixture->image, &fixture->memory);
	set_member(&fixture->image, XFDT_M_list_head_next, 0, 8);
	set_member(&fixture->image, XFDT_M_list_head_prev, 8, 8);
	for (i = 0; i < ENTRIES; i++) {
		memory_add(&fixture->memory, ENTRY(i), 16);
		memory_put_u64(&fixture->memory, NEXT(i), ENTRY((i + 1) % ENTRIES));
		memory_put_u64(&fixture->memory, PREV(i), ENTRY((i + ENTRIES - 1) % ENTRIES));
	}
}

/* Walk it; how many entries it has, and in *@ret_odd which of them is odd. */
static unsigned int walk(struct fixture *fixture, uint64_t *ret_odd)
{
	unsigned int count = 0;
	struct xfdt_list list;

	assert_ok(xfdt_list_begin(&fixture->image, ENTRY(0), &list));
	while (!xfdt_list_at_end(&list)) {
		assert_true(count++ < ENTRIES);
		assert_ok(xfdt_list_next(&list));
	}
	*ret_odd = list.odd;
	if (list.odd)
		assert_fails(xfdt_list_check(&list), XFDT_CORRUPT);
	else
		assert_ok(xfdt_list_check(&list));
	return count;
}

static void test_list__whole(void **state)
{
	struct fixture fixture;
	uint64_t odd;

	set_up(&fixture);
	assert_int_equal(walk(&fixture, &odd), 3);
	assert_true(!odd);
	memory_deinit(&fixture.memory);
}

static void test_list__empty(void **state)
{
	struct fixture fixture;
	uint64_t odd;

	set_up(&fixture);
	memory_put_u64(&fixture.memory, NEXT(0), ENTRY(0));
	assert_int_equal(walk(&fixture, &odd), 0);
	assert_true(odd == ENTRY(0));
	memory_put_u64(&fixture.memory, PREV(0), ENTRY(0));
	assert_int_equal(walk(&fixture, &odd), 0);
	assert_true(!odd);
	memory_deinit(&fixture.memory);
}

/* it closes without the last, or one in the middle */
static void test_list__skips_an_entry(void **state)
{
	struct fixture fixture;
	unsigned int skipped;
	uint64_t odd;

	for (skipped = 1; skipped < ENTRIES; skipped++) {
		set_up(&fixture);
		memory_put_u64(&fixture.memory, NEXT(skipped - 1), ENTRY((skipped + 1) % ENTRIES));
		assert_int_equal(walk(&fixture, &odd), 2);
		assert_true(odd == ENTRY((skipped + 1) % ENTRIES));
		memory_deinit(&fixture.memory);
	}
}

/* a distilled dump that did not read it, a page that was left out, and a kernel without types */
static void test_list__prev_is_not_there(void **state)
{
	struct fixture fixture;
	unsigned int i, how;
	uint64_t odd;

	for (how = 0; how < 3; how++) {
		set_up(&fixture);
		for (i = 0; !how && i < ENTRIES; i++)
			memory_put_u64(&fixture.memory, PREV(i), 0);
		if (how == 1)
			fixture.memory.missing = PREV(2);
		if (how == 2)
			fixture.image.layout.members[XFDT_M_list_head_prev].known = false;
		assert_int_equal(walk(&fixture, &odd), 3);
		assert_true(!odd);
		memory_deinit(&fixture.memory);
	}
}

static void test_list__next_is_not_there(void **state)
{
	struct fixture fixture;
	struct xfdt_list list;

	set_up(&fixture);
	fixture.memory.missing = NEXT(0);
	assert_fails(xfdt_list_begin(&fixture.image, ENTRY(0), &list), XFDT_EXCLUDED);
	fixture.memory.missing = NEXT(1);
	assert_ok(xfdt_list_begin(&fixture.image, ENTRY(0), &list));
	assert_fails(xfdt_list_next(&list), XFDT_EXCLUDED);
	memory_deinit(&fixture.memory);
}

#include "test_list.tests.h"
