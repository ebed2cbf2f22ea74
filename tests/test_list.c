/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of the kernel: next and prev are held against each other. */
#include "unit.h"
#include "image/list.h"
#include "memory.h"

#include <string.h>

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

/* Walk it; the digits are the entries in the order of the walk.  *@ret_broken is where next broke off. */
static unsigned int walk(struct fixture *fixture, uint64_t *ret_broken)
{
	unsigned int order = 0, count = 0;
	struct xfdt_list list;

	for (xfdt_list_begin(&fixture->image, ENTRY(0), &list); !xfdt_list_at_end(&list);
	     xfdt_list_next(&list)) {
		assert_true(count++ < ENTRIES);
		order = 10 * order + (unsigned int)(list.node / 0x1000 % 0x10 - 1);
	}
	*ret_broken = list.broken;
	if (!list.broken)
		assert_ok(xfdt_list_check(&list));
	return order;
}

static void test_list__whole(void **state)
{
	struct fixture fixture;
	uint64_t broken;

	set_up(&fixture);
	assert_int_equal(walk(&fixture, &broken), 123);
	assert_true(!broken);
	memory_deinit(&fixture.memory);
}

static void test_list__empty(void **state)
{
	struct fixture fixture;
	uint64_t broken;

	set_up(&fixture);
	memory_put_u64(&fixture.memory, NEXT(0), ENTRY(0));
	memory_put_u64(&fixture.memory, PREV(0), ENTRY(0));
	assert_int_equal(walk(&fixture, &broken), 0);
	assert_true(!broken);
	memory_deinit(&fixture.memory);
}

/* One link that is damaged: to another entry, to none, to no memory.  No entry is lost. */
static void test_list__one_damaged_link(void **state)
{
	static const unsigned int orders[2][ENTRIES] = { { 321, 132, 123, 123 },
							 { 123, 321, 132, 123 } };
	unsigned int at, prev, to;
	struct fixture fixture;
	struct xfdt_list list;
	uint64_t broken;

	for (prev = 0; prev < 2; prev++) {
		for (at = 0; at < ENTRIES; at++) {
			for (to = 1; to < 7; to++) {
				uint64_t link = prev ? PREV(at) : NEXT(at);
				uint64_t was,
					is = to < 4 ? ENTRY((at + to) % ENTRIES) : 1ull << (4 * to);

				set_up(&fixture);
				memcpy(&was, memory_at(&fixture.memory, link, 8), 8);
				memory_put_u64(&fixture.memory, link, is);
				if (is == was) {
					memory_deinit(&fixture.memory);
					continue;
				}
				assert_int_equal(walk(&fixture, &broken), orders[prev][at]);
				assert_true(broken == (prev ? ENTRY((at + ENTRIES - 1) % ENTRIES) :
							      ENTRY(at)));
				list = (struct xfdt_list){ .image = &fixture.image,
							   .head = ENTRY(0),
							   .node = ENTRY(0),
							   .broken = broken };
				assert_fails(xfdt_list_check(&list),
					     !prev && to > 3 ? XFDT_EXCLUDED : XFDT_CORRUPT);
				memory_deinit(&fixture.memory);
			}
		}
	}
}

/* the page of an entry was left out: both neighbours lead to it, and it does not lead on */
static void test_list__entry_that_is_not_there(void **state)
{
	struct fixture fixture;
	struct xfdt_list list;

	set_up(&fixture);
	memory_fail(&fixture.memory, ENTRY(2), XFDT_EXCLUDED);
	xfdt_list_begin(&fixture.image, ENTRY(0), &list);
	assert_true(list.node == ENTRY(1) && !list.broken);
	xfdt_list_next(&list);
	assert_true(list.node == ENTRY(2) && !list.broken);
	xfdt_list_next(&list);
	assert_true(list.node == ENTRY(3) && list.broken == ENTRY(2));
	xfdt_list_next(&list);
	assert_true(xfdt_list_at_end(&list));
	assert_fails(xfdt_list_check(&list), XFDT_EXCLUDED);
	memory_deinit(&fixture.memory);
}

/* a distilled dump that did not read it, a part that was left out, and a kernel whose types lack it */
static void test_list__prev_is_not_there(void **state)
{
	struct fixture fixture;
	unsigned int i, how;
	uint64_t broken;

	for (how = 0; how < 3; how++) {
		set_up(&fixture);
		for (i = 0; !how && i < ENTRIES; i++)
			memory_put_u64(&fixture.memory, PREV(i), 0);
		if (how == 1)
			fixture.memory.missing = PREV(2);
		if (how == 2)
			fixture.image.layout.members[XFDT_M_list_head_prev].known = false;
		assert_int_equal(walk(&fixture, &broken), 123);
		assert_true(!broken);
		/* and next is not either */
		if (how != 1) {
			memory_put_u64(&fixture.memory, NEXT(1), 8);
			assert_int_equal(walk(&fixture, &broken), 1);
		}
		memory_deinit(&fixture.memory);
	}
}

/* next leads to memory of another kind, which is 0 where prev would be: that is no entry */
static void test_list__prev_of_one_is_0(void **state)
{
	struct fixture fixture;
	uint64_t broken;

	set_up(&fixture);
	memory_add(&fixture.memory, ENTRY(7), 16);
	memory_put_u64(&fixture.memory, NEXT(7), ENTRY(0));
	memory_put_u64(&fixture.memory, NEXT(1), ENTRY(7));
	assert_int_equal(walk(&fixture, &broken), 132);
	assert_true(broken == ENTRY(1));
	memory_deinit(&fixture.memory);
}

/* Links that lead anywhere, also in circles: the walk ends, and does not call whole what does not close. */
static void test_list__links_at_random(void **state)
{
	uint64_t random = 1, to;
	unsigned int round, i;
	struct fixture fixture;
	struct xfdt_list list;

	for (round = 0; round < 20000; round++) {
		set_up(&fixture);
		for (i = 0; i <= round % 8; i++) {
			random = random * 6364136223846793005ull + 1442695040888963407ull;
			to = random >> 40 & 7;
			memory_put_u64(&fixture.memory,
				       ENTRY(random >> 33 & 3) + 8 * (random >> 35 & 1),
				       to < 7 ? ENTRY(to) : 8);
		}
		/* an entry is visited twice at most: by next, and by prev */
		i = 0;
		for (xfdt_list_begin(&fixture.image, ENTRY(0), &list); !xfdt_list_at_end(&list);
		     xfdt_list_next(&list))
			assert_true(++i <= 2 * ENTRIES);
		for (to = ENTRY(0); !list.broken && i != ~0u; i--) {
			uint64_t before = to;

			memcpy(&to, memory_at(&fixture.memory, to, 8), 8);
			assert_memory_equal(memory_at(&fixture.memory, to + 8, 8), &before, 8);
		}
		assert_true(list.broken || to == ENTRY(0));
		memory_deinit(&fixture.memory);
	}
}

/* two that are damaged: the walk ends */
static void test_list__links_that_lead_nowhere(void **state)
{
	struct fixture fixture;
	uint64_t broken;

	set_up(&fixture);
	memory_put_u64(&fixture.memory, NEXT(1), ENTRY(1));
	memory_put_u64(&fixture.memory, PREV(3), ENTRY(3));
	assert_int_equal(walk(&fixture, &broken), 13);
	assert_true(broken == ENTRY(1));
	memory_put_u64(&fixture.memory, NEXT(0), 8);
	memory_put_u64(&fixture.memory, PREV(0), 8);
	assert_int_equal(walk(&fixture, &broken), 0);
	assert_true(broken == ENTRY(0));
	memory_deinit(&fixture.memory);
}

#include "test_list.tests.h"
