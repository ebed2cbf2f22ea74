/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole way from the memory of a kernel made by hand to its verdict. */
#ifndef TESTS_RUN_H
#define TESTS_RUN_H

#include "kernel.h"
#include "verdict/verdict.h"

struct run {
	struct xfdt_image image;
	struct xfdt_host host;
	struct xfdt_verdict verdict;
};

/* Both fail the test if something but the kernel is amiss. */
void run_init(struct run *run, struct kernel *kernel);
void run_deinit(struct run *run);

/* The test fails if the verdict is another. */
void assert_kind(const struct run *run, enum xfdt_verdict_kind expected);
void assert_verdict(struct kernel *kernel, enum xfdt_verdict_kind expected);

/* A panic of another kind, with registers of another place. */
void run_die_otherwise(struct kernel *kernel);

#endif
