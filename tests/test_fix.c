/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fix, by the code of a kernel made by hand. */
#include "unit.h"
#include "run.h"

#include <string.h>

/* either half of the fix, by its code */
static void test_fix__by_its_code(void **state)
{
	static const uint8_t and_bv[] = { 0x48, 0x21, 0x82, 0x40, 0x02, 0x00, 0x00 };
	static const uint8_t and_call[] = {
		0x49, 0x21, 0x86, 0x00, 0x02, 0x00, 0x00, /* and %rax,0x200(%r14) */
		0xe8, 0xf4, 0xfe, 0xff, 0xff, 0xc3,	  /* call -0x10c */
	};
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	memory_put(&kernel.memory, KERNEL_UPDATE_XFD + 0x10, and_bv, sizeof(and_bv));
	memory_put(&kernel.memory, KERNEL_IOCTL, and_call, sizeof(and_call));
	run_init(&run, &kernel);
	assert_int_equal(run.host.fix.vmlinux, XFDT_PRESENT);
	assert_int_equal(run.host.fix.kvm, XFDT_PRESENT);
	/* and does not exclude the bug */
	assert_kind(&run, XFDT_CONFIRMED);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* nothing is cleared, and yet there is the fix's WARN: other code than is known */
static void test_fix__warning_without_clearing(void **state)
{
	static const uint8_t ud2[] = { 0x0f, 0x0b };
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	memory_put(&kernel.memory, KERNEL_COPY_UABI + 0x20, ud2, sizeof(ud2));
	run_init(&run, &kernel);
	assert_int_equal(run.host.fix.vmlinux, XFDT_UNKNOWN);
	assert_int_equal(run.host.fix.kvm, XFDT_ABSENT);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* KVM_SET_XSAVE is not where it should be */
static void test_fix__no_call_says_nothing(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	memset(memory_at(&kernel.memory, KERNEL_IOCTL, 32), 0x90, 32);
	run_init(&run, &kernel);
	assert_int_equal(run.host.fix.vmlinux, XFDT_ABSENT);
	assert_int_equal(run.host.fix.kvm, XFDT_UNKNOWN);
	assert_string_equal(run.host.fix.kvm_why,
			    "kvm_arch_vcpu_ioctl() has no call of fpu_copy_uabi_to_guest_fpstate()");
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/*
 * KVM_SET_XSAVE has the fix, in code of another shape: gcc's with KASAN clears by an address in a register, and
 * checks another one before the call.  Not known is not absent.
 */
static void test_fix__cleared_in_another_way_is_not_absent(void **state)
{
	static const uint8_t kasan[] = {
		0xf6, 0x40, 0x20, 0x04,	      /* testb $4,0x20(%rax) */
		0x75, 0x1a,		      /* jne */
		0x48, 0x8b, 0x58, 0x18,	      /* mov 0x18(%rax),%rbx: xfd */
		0x48, 0xf7, 0xd3,	      /* not %rbx */
		0x49, 0x21, 0x1f,	      /* and %rbx,(%r15) */
		0x80, 0x39, 0x00,	      /* cmpb $0,(%rcx) */
		0x75, 0x0b,		      /* jne */
		0x49, 0x8b, 0x16,	      /* mov (%r14),%rdx */
		0x4c, 0x89, 0xf6,	      /* mov %r14,%rsi */
		0xe8, 0xe0, 0xfe, 0xff, 0xff, /* call fpu_copy_uabi_to_guest_fpstate */
		0xc3,
	};
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	memory_put(&kernel.memory, KERNEL_IOCTL, kasan, sizeof(kasan));
	run_init(&run, &kernel);
	assert_int_equal(run.host.fix.kvm, XFDT_UNKNOWN);
	assert_string_equal(run.host.fix.kvm_why,
			    "kvm_arch_vcpu_ioctl() has code before its call of "
			    "fpu_copy_uabi_to_guest_fpstate() that is not known");
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* Proxmox's patch of PKRU clears with a constant in the same function; the fix's mask is a register */
static void test_fix__constant_mask_is_another_patch(void **state)
{
	static const uint8_t pkru[] = {
		0x49, 0x81, 0xa6, 0x00, 0x02, 0x00,
		0x00, 0xff, 0xfd, 0xff, 0xff, /* andq $~0x200,0x200(%r14) */
		0xe8, 0xf0, 0xfe, 0xff, 0xff, /* call fpu_copy_uabi_to_guest_fpstate */
		0xc3,
	};
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	memory_put(&kernel.memory, KERNEL_IOCTL, pkru, sizeof(pkru));
	run_init(&run, &kernel);
	assert_int_not_equal(run.host.fix.kvm, XFDT_PRESENT);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* clang ends kvm_vcpu_ioctl_x86_set_xsave() with a jump */
static void test_fix__tail_call(void **state)
{
	static const uint8_t jump[] = {
		0x49, 0x21, 0x86, 0x00, 0x02, 0x00, 0x00, /* and %rax,0x200(%r14) */
		0xe9, 0xf4, 0xfe, 0xff, 0xff,		  /* jmp fpu_copy_uabi_to_guest_fpstate */
	};
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	memory_put(&kernel.memory, KERNEL_IOCTL, jump, sizeof(jump));
	run_init(&run, &kernel);
	assert_int_equal(run.host.fix.kvm, XFDT_PRESENT);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* a livepatch may be the fix, or undo it */
static void test_fix__livepatches(void **state)
{
	struct kernel kernel;
	struct run run;

	/* CONFIG_LIVEPATCH=n */
	kernel_init(&kernel);
	run_init(&run, &kernel);
	assert_false(run.host.fix.livepatched.known);
	run_deinit(&run);

	kernel_add_symbol(&kernel, "klp_patches", KERNEL_SPARE);
	kernel.data->spare[0] = KERNEL_SPARE;
	run_init(&run, &kernel);
	assert_true(run.host.fix.livepatched.known);
	assert_int_equal(run.host.fix.livepatched.value, 0);
	run_deinit(&run);
	kernel.data->spare[0] = 0xffffffffc0a01000ull;
	run_init(&run, &kernel);
	assert_true(run.host.fix.livepatched.known);
	assert_int_equal(run.host.fix.livepatched.value, 1);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

#include "test_fix.tests.h"
