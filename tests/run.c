/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole way from memory to a verdict. */
#include "unit.h"
#include "run.h"
#include "resolve/resolve.h"

#include <string.h>

void run_init(struct run *run, struct kernel *kernel)
{
	xfdt_image_init(&run->image, &kernel->source, NULL);
	assert_ok(xfdt_host_init(&run->host, &run->image));
	assert_ok(xfdt_facts_init(&run->facts, &run->host));
	assert_ok(xfdt_verdict_init(&run->verdict, &run->facts));
}

void run_deinit(struct run *run)
{
	xfdt_verdict_deinit(&run->verdict);
	xfdt_facts_deinit(&run->facts);
	xfdt_host_deinit(&run->host);
	xfdt_image_deinit(&run->image);
}

enum xfdt_truth run_fact(const struct run *run, enum xfdt_fact_id id)
{
	return run->facts.items[id].value;
}

/* Show every fact, since the lookup can be redone by them. */
static void fail_with_facts(const struct run *run, const char *expected)
{
	size_t i;

	print_message("rule %s, not %s\n", run->verdict.rule->id, expected);
	for (i = 0; i < run->verdict.why.count; i++)
		print_message("    %s\n", run->verdict.why.items[i].text);
	for (i = 0; i < run->verdict.vcpu_count; i++)
		print_message("    vCPU %zu: %s\n", i, run->verdict.vcpus[i].rule->id);
	fail_msg("'%s', not '%s'", run->verdict.rule->id, expected);
}

void assert_kind(const struct run *run, enum xfdt_verdict_kind expected)
{
	if (run->verdict.kind != expected)
		fail_with_facts(run, xfdt_verdict_name(expected));
}

void assert_rule(const struct run *run, const char *expected)
{
	if (strcmp(run->verdict.rule->id, expected))
		fail_with_facts(run, expected);
}

void assert_vcpu(const struct run *run, size_t vcpu, const char *expected)
{
	assert_true(vcpu < run->verdict.vcpu_count);
	if (strcmp(run->verdict.vcpus[vcpu].rule->id, expected))
		fail_with_facts(run, expected);
}

void assert_verdict(struct kernel *kernel, enum xfdt_verdict_kind expected)
{
	struct run run;

	run_init(&run, kernel);
	assert_kind(&run, expected);
	run_deinit(&run);
}

void assert_rules(struct kernel *kernel, const char *rule, const char *vcpu)
{
	struct run run;

	run_init(&run, kernel);
	assert_rule(&run, rule);
	if (vcpu)
		assert_vcpu(&run, 0, vcpu);
	run_deinit(&run);
}

bool run_says(const struct xfdt_reasons *reasons, const char *words)
{
	size_t i;

	for (i = 0; i < reasons->count; i++)
		if (strstr(reasons->items[i].text, words))
			return true;
	return false;
}

void run_die_otherwise(struct kernel *kernel)
{
	kernel_panic(kernel, kernel->vcpu[0].task, NULL);
}
