/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of several results counts: for exit codes, and for the order in which results are listed. */
#ifndef XFDT_VERDICT_PRECEDENCE_H
#define XFDT_VERDICT_PRECEDENCE_H

#include "verdict/verdict.h"

/* A result has a verdict, or none: then the dump could not be read. */
#define XFDT_NO_VERDICT XFDT_VERDICT_KINDS
#define XFDT_RESULT_KINDS (XFDT_VERDICT_KINDS + 1)

enum xfdt_precedence {
	XFDT_NAMED,	/* of dumps named one by one: first that one could not be looked at */
	XFDT_COLLECTED, /* of a batch or report: findings, what could not be looked at, the rest */
};

/* The kind at place @rank, below XFDT_RESULT_KINDS; and the place of @kind. */
int xfdt_kind_at(enum xfdt_precedence precedence, size_t rank);
size_t xfdt_kind_rank(enum xfdt_precedence precedence, int kind);

/* The exit code of a result, and the other way round; -1 if no kind has @exit_code. */
int xfdt_kind_exit(int kind);
int xfdt_exit_kind(int exit_code);

#endif
