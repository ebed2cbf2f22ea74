/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From memory to a verdict. */
#include "unit.h"
#include "run.h"
#include "resolve/resolve.h"

void run_init(struct run *run, struct kernel *kernel)
{
	xfdt_image_init(&run->image, &kernel->source, NULL);
	assert_ok(xfdt_host_init(&run->host, &run->image));
	assert_ok(xfdt_verdict_init(&run->verdict, &run->host));
}

void run_deinit(struct run *run)
{
	xfdt_verdict_deinit(&run->verdict);
	xfdt_host_deinit(&run->host);
	xfdt_image_deinit(&run->image);
}

void assert_kind(const struct run *run, enum xfdt_verdict_kind expected)
{
	if (run->verdict.kind != expected)
		fail_msg("'%s' (%s), not '%s'", xfdt_verdict_name(run->verdict.kind),
			 run->verdict.why.items[run->verdict.why.count - 1].text,
			 xfdt_verdict_name(expected));
}

void assert_verdict(struct kernel *kernel, enum xfdt_verdict_kind expected)
{
	struct run run;

	run_init(&run, kernel);
	assert_kind(&run, expected);
	run_deinit(&run);
}

void run_die_otherwise(struct kernel *kernel)
{
	kernel_panic(kernel, kernel->vcpu[0].task, NULL);
}
