/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU's thread in the handler of an #NM while another thread takes the
 * kernel down: the flag says that its registers are live, its stack that not.
 */
#include "unit.h"
#include "run.h"

#include <string.h>

#define OTHER_TASK (KERNEL_HEAP + 0xa000)
#define OTHER_PID 999
#define FRAME (KERNEL_STACK + 0x2f00)

struct fixture {
	struct kernel kernel;
	struct xfdt_cpu_note notes[2]; /* of the thread that panics, of vCPU 0's */
	struct xfdt_regs regs;	       /* of the #NM */
};

static void put_frame(struct fixture *fixture)
{
	struct memory *memory = &fixture->kernel.memory;

	memory_put_u64(memory, FRAME - 8, KERNEL_ASM_NM + 0x1a);
	memory_put(memory, FRAME, &fixture->regs, sizeof(fixture->regs));
	memory_put_u64(memory, FRAME + sizeof(fixture->regs), KERNEL_SWAP_RETURN);
}

/* Another thread uses sysrq; vCPU 0's is further down the stack than its #NM. */
static void set_up(struct fixture *fixture)
{
	static const char *const log[] = { "sysrq: Trigger a crash",
					   "Kernel panic - not syncing: sysrq triggered crash",
					   NULL };
	struct kernel *kernel = &fixture->kernel;

	kernel_init(kernel);
	kernel_log(kernel, log);
	kernel_log_caller(kernel, 0, OTHER_PID);
	kernel_log_caller(kernel, 1, OTHER_PID);
	memory_put_u64(&kernel->memory, KERNEL_CURRENT(0), OTHER_TASK);
	memory_put_u64(&kernel->memory, OTHER_TASK + KERNEL_TASK_STACK, KERNEL_HEAP + 0x8000);
	memory_put_u32(&kernel->memory, OTHER_TASK + KERNEL_TASK_ON_CPU, 1);
	memory_put_u32(&kernel->memory, OTHER_TASK + KERNEL_TASK_PID, OTHER_PID);
	memory_put_u32(&kernel->memory, OTHER_TASK + KERNEL_TASK_TGID, OTHER_PID);
	fixture->regs = kernel->note.regs;
	fixture->regs.sp = FRAME + sizeof(fixture->regs);
	fixture->notes[0] = (struct xfdt_cpu_note){ .pid = OTHER_PID };
	fixture->notes[1] = kernel->note;
	fixture->notes[1].regs.ip = KERNEL_TEXT + 0x10;
	fixture->notes[1].regs.sp = KERNEL_STACK + 0x2000;
	kernel->source.notes = fixture->notes;
	kernel->source.note_count = 2;
}

static void check(struct fixture *fixture, enum xfdt_verdict_kind kind, enum xfdt_vcpu_state state)
{
	const struct xfdt_vcpu_verdict *vcpu;
	struct run run;

	run_init(&run, &fixture->kernel);
	assert_int_equal(run.host.panic.pid, OTHER_PID);
	vcpu = &run.verdict.vcpus[0];
	if (vcpu->state != state)
		fail_msg("'%s' (%s), not '%s'", xfdt_vcpu_state_name(vcpu->state), vcpu->why,
			 xfdt_vcpu_state_name(state));
	assert_kind(&run, kind);
	run_deinit(&run);
	kernel_deinit(&fixture->kernel);
}

static void test_handler__frame_on_its_stack(void **state)
{
	struct fixture fixture;

	set_up(&fixture);
	put_frame(&fixture);
	check(&fixture, XFDT_ARMED, XFDT_VCPU_ARMED);
}

static void test_handler__no_frame(void **state)
{
	struct fixture fixture;

	set_up(&fixture);
	check(&fixture, XFDT_NOT_THIS_BUG, XFDT_VCPU_STALE);
}

/* of a call that returned */
static void test_handler__frame_left_over(void **state)
{
	struct fixture fixture;

	set_up(&fixture);
	put_frame(&fixture);
	fixture.notes[1].regs.sp = FRAME + sizeof(fixture.regs);
	check(&fixture, XFDT_NOT_THIS_BUG, XFDT_VCPU_STALE);
}

static void test_handler__frame_of_another_state(void **state)
{
	struct fixture fixture;

	set_up(&fixture);
	fixture.regs.bx = KERNEL_FPSTATE(1);
	put_frame(&fixture);
	check(&fixture, XFDT_NOT_THIS_BUG, XFDT_VCPU_STALE);
}

/* no note of that thread, or one of an interrupt's stack: the frame may be left over, or not */
static void test_handler__stack_pointer_unknown(void **state)
{
	struct fixture fixture;

	set_up(&fixture);
	put_frame(&fixture);
	fixture.kernel.source.note_count = 1;
	check(&fixture, XFDT_INCONCLUSIVE, XFDT_VCPU_INDETERMINATE);
	set_up(&fixture);
	put_frame(&fixture);
	fixture.notes[1].regs.sp = KERNEL_HEAP;
	check(&fixture, XFDT_INCONCLUSIVE, XFDT_VCPU_INDETERMINATE);
	/* where there is none, it does not matter */
	set_up(&fixture);
	fixture.kernel.source.note_count = 1;
	check(&fixture, XFDT_NOT_THIS_BUG, XFDT_VCPU_STALE);
}

static void test_handler__stack_not_in_the_dump(void **state)
{
	struct fixture fixture;

	set_up(&fixture);
	memory_put_u64(&fixture.kernel.memory, KERNEL_TASK(0) + KERNEL_TASK_STACK,
		       0xffffc90000100000ull);
	check(&fixture, XFDT_INCONCLUSIVE, XFDT_VCPU_INDETERMINATE);
}

/* a small thread id, and the note of another CPU: QEMU numbers notes by CPU */
static void test_handler__note_of_another_cpu(void **state)
{
	static const char *const log[] = {
		"WARNING: CPU: 0 PID: 3 at arch/x86/kernel/traps.c:1405 exc_device_not_available+0xde/0xf0",
		"Oops: unexpected #NM exception: 0000 [#1] SMP NOPTI",
		"RIP: 0010:restore_fpregs_from_fpstate+0x3c/0x90", NULL
	};
	struct kernel kernel;
	struct run run;
	size_t i;

	kernel_init(&kernel);
	kernel_log(&kernel, log);
	for (i = 0; log[i]; i++)
		kernel_log_caller(&kernel, i, 3);
	memory_put_u32(&kernel.memory, KERNEL_TASK(0) + KERNEL_TASK_PID, 3);
	kernel.note.pid = 3;
	run_init(&run, &kernel);
	assert_true(run.host.panic.note_on_stack);
	assert_int_equal(run.host.panic.fault.source, XFDT_REGS_PRSTATUS);
	assert_kind(&run, XFDT_CONFIRMED);
	run_deinit(&run);
	kernel.note.regs.sp = KERNEL_HEAP;
	run_init(&run, &kernel);
	assert_false(run.host.panic.note_on_stack);
	assert_int_equal(run.host.panic.fault.source, XFDT_REGS_NONE);
	assert_kind(&run, XFDT_INCONCLUSIVE);
	run_deinit(&run);
	kernel.note.regs.ip = KERNEL_TEXT + 0x10;
	assert_verdict(&kernel, XFDT_INCONCLUSIVE);
	kernel_deinit(&kernel);
}

/* an oops has ended it within KVM_RUN */
static void test_handler__thread_that_has_ended(void **state)
{
	struct kernel kernel;

	kernel_init(&kernel);
	run_die_otherwise(&kernel);
	memory_put_u32(&kernel.memory, KERNEL_TASK(0) + KERNEL_TASK_ON_CPU, 0);
	assert_verdict(&kernel, XFDT_ARMED);
	memory_put_u32(&kernel.memory, KERNEL_TASK(0) + KERNEL_TASK_EXIT_STATE, 32);
	assert_verdict(&kernel, XFDT_INCONCLUSIVE);
	kernel_deinit(&kernel);
}

/* KVM_RUN of a dead VM loads nothing (vm_dead; vm_bugged alone says nothing where both are there) */
static void test_handler__vm_that_is_dead(void **state)
{
	struct kernel kernel;

	kernel_init(&kernel);
	run_die_otherwise(&kernel);
	memory_put_u32(&kernel.memory, KERNEL_FPSTATE(0) + KERNEL_FPSTATE_BITS, 3); /* not in use */
	assert_verdict(&kernel, XFDT_ARMED);
	memory_put(&kernel.memory, KERNEL_KVM + KERNEL_KVM_BUGGED, "\1", 1);
	assert_verdict(&kernel, XFDT_ARMED);
	memory_put(&kernel.memory, KERNEL_KVM + KERNEL_KVM_DEAD, "\1", 1);
	assert_verdict(&kernel, XFDT_NOT_THIS_BUG);
	kernel_deinit(&kernel);
}

#include "test_handler.tests.h"
