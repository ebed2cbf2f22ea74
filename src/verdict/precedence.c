/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of several results counts; docs/verdicts.md and docs/batch.md state the same orders. */
#include "verdict/precedence.h"

static const struct {
	size_t rank[2]; /* by enum xfdt_precedence */
} kinds[XFDT_RESULT_KINDS] = {
	/*                        NAMED, COLLECTED */
	[XFDT_NO_VERDICT] = { { 0, 4 } },     [XFDT_CONFIRMED] = { { 1, 0 } },
	[XFDT_ARMED] = { { 2, 1 } },	      [XFDT_PROBABLE] = { { 3, 2 } },
	[XFDT_INCONCLUSIVE] = { { 4, 3 } },   [XFDT_NOT_THIS_BUG] = { { 5, 5 } },
	[XFDT_NOT_APPLICABLE] = { { 6, 6 } },
};

size_t xfdt_kind_rank(enum xfdt_precedence precedence, int kind)
{
	return kinds[kind].rank[precedence];
}

int xfdt_kind_at(enum xfdt_precedence precedence, size_t rank)
{
	int kind;

	for (kind = 0; kind < XFDT_RESULT_KINDS; kind++)
		if (xfdt_kind_rank(precedence, kind) == rank)
			return kind;
	return XFDT_NO_VERDICT;
}

int xfdt_kind_exit(int kind)
{
	return kind == XFDT_NO_VERDICT ? XFDT_EXIT_ERROR :
					 xfdt_verdict_exit((enum xfdt_verdict_kind)kind);
}

int xfdt_exit_kind(int exit_code)
{
	int kind;

	for (kind = 0; kind < XFDT_RESULT_KINDS; kind++)
		if (xfdt_kind_exit(kind) == exit_code)
			return kind;
	return -1;
}
