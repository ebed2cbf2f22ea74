/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole way from the memory of a kernel made by hand to its verdict. */
#ifndef TESTS_RUN_H
#define TESTS_RUN_H

#include "kernel.h"
#include "kernel/host.h"
#include "verdict/verdict.h"

struct run {
	struct xfdt_image image;
	struct xfdt_host host;
	struct xfdt_facts facts;
	struct xfdt_verdict verdict;
};

/* Both fail the test if something but the kernel is amiss. */
void run_init(struct run *run, struct kernel *kernel);
void run_deinit(struct run *run);

enum xfdt_truth run_fact(const struct run *run, enum xfdt_fact_id id);
bool run_says(const struct xfdt_reasons *reasons, const char *words);

/* The test fails, and prints all facts, if the verdict, its rule, or the rule of a vCPU is another. */
void assert_kind(const struct run *run, enum xfdt_verdict_kind expected);
void assert_rule(const struct run *run, const char *expected);
void assert_vcpu(const struct run *run, size_t vcpu, const char *expected);
void assert_verdict(struct kernel *kernel, enum xfdt_verdict_kind expected);
/* @vcpu is the rule of the first vCPU; NULL: whatever it is. */
void assert_rules(struct kernel *kernel, const char *rule, const char *vcpu);

/* A panic of another kind, with registers of another place. */
void run_die_otherwise(struct kernel *kernel);

#endif
