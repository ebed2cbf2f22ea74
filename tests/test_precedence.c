/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two orders of results, and their exit codes. */
#include "unit.h"
#include "verdict/precedence.h"

static void test_precedence__every_kind_has_one_place(void **state)
{
	static const enum xfdt_precedence orders[] = { XFDT_NAMED, XFDT_COLLECTED };
	size_t i, rank;

	for (i = 0; i < COUNT(orders); i++)
		for (rank = 0; rank < XFDT_RESULT_KINDS; rank++)
			assert_int_equal(xfdt_kind_rank(orders[i], xfdt_kind_at(orders[i], rank)),
					 rank);
}

/* docs/verdicts.md: 2, then 0, 3, 4, 5, 1, 6; docs/batch.md: 0, 3, 4, 5, 2, 1, 6 */
static void test_precedence__documented_orders(void **state)
{
	static const int named[] = { 2, 0, 3, 4, 5, 1, 6 }, collected[] = { 0, 3, 4, 5, 2, 1, 6 };
	size_t rank;

	for (rank = 0; rank < XFDT_RESULT_KINDS; rank++) {
		assert_int_equal(xfdt_kind_exit(xfdt_kind_at(XFDT_NAMED, rank)), named[rank]);
		assert_int_equal(xfdt_kind_exit(xfdt_kind_at(XFDT_COLLECTED, rank)),
				 collected[rank]);
	}
}

static void test_precedence__exit_codes(void **state)
{
	int kind;

	for (kind = 0; kind < XFDT_RESULT_KINDS; kind++)
		assert_int_equal(xfdt_exit_kind(xfdt_kind_exit(kind)), kind);
	assert_int_equal(xfdt_exit_kind(7), -1);
	assert_int_equal(xfdt_exit_kind(-1), -1);
}

#include "test_precedence.tests.h"
