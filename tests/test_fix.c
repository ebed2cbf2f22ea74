/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fix, by the code of a kernel made by hand. */
#include "unit.h"
#include "run.h"

/* either half of the fix, by its code */
static void test_fix__by_its_code(void **state)
{
	static const uint8_t and_bv[] = { 0x48, 0x21, 0x82, 0x40, 0x02, 0x00, 0x00 };
	static const uint8_t and_call[] = {
		0x49, 0x21, 0x86, 0x00, 0x02, 0x00, 0x00,	/* and %rax,0x200(%r14) */
		0xe8, 0xf4, 0xfe, 0xff, 0xff, 0xc3,		/* call -0x10c */
	};
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	memory_put(&kernel.memory, KERNEL_TEXT + 0x610, and_bv, sizeof(and_bv));
	memory_put(&kernel.memory, KERNEL_TEXT + 0x800, and_call, sizeof(and_call));
	run_init(&run, &kernel);
	assert_int_equal(run.host.fix.vmlinux, XFDT_PRESENT);
	assert_int_equal(run.host.fix.kvm, XFDT_PRESENT);
	/* and does not exclude the bug */
	assert_kind(&run, XFDT_CONFIRMED);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

#include "test_fix.tests.h"
