/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU's thread in the handler of an #NM while another thread takes the
 * kernel down: the flag says that its registers are live, its stack that not.
 */
#include "unit.h"
#include "run.h"

#include <string.h>

#define OTHER_PID 999

struct fixture {
	struct kernel kernel;
	struct xfdt_regs regs;	    /* of the #NM */
	struct xfdt_cpu_note *note; /* of vCPU 0's thread */
};

static void put_frame(struct fixture *fixture)
{
	struct kernel *kernel = &fixture->kernel;

	kernel_push_nm(kernel, kernel->vcpu[0].task, KERNEL_FRAME, &fixture->regs);
}

/* Another thread uses sysrq; vCPU 0's is further down the stack than its #NM. */
static void set_up(struct fixture *fixture)
{
	struct kernel_layout layout = kernel_6_18;
	struct kernel *kernel = &fixture->kernel;
	struct task_struct *task, *other;

	layout.cpus = 2;
	kernel_boot(kernel, &layout);
	kernel_add_vm(kernel, &(struct kernel_vm){ .vcpus = 2, .armed = 1, .running = 1 });
	task = kernel->vcpu[0].task;
	other = kernel_add_thread(kernel,
				  &(struct kernel_thread){ .comm = "sh", .pid = OTHER_PID });
	kernel_run(kernel, other, 1);
	kernel_panic(kernel, other, NULL);
	fixture->note = kernel_add_note(kernel, (int)task->pid);
	fixture->note->regs.sp = task->stack + 0x2000;
	fixture->regs = kernel_nm_regs(kernel, task, kernel->vcpu[0].fpstate);
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
	fixture.note->regs.sp = fixture.kernel.vcpu[0].task->stack + KERNEL_FRAME +
				sizeof(fixture.regs);
	check(&fixture, XFDT_NOT_THIS_BUG, XFDT_VCPU_STALE);
}

static void test_handler__frame_of_another_state(void **state)
{
	struct fixture fixture;

	set_up(&fixture);
	fixture.regs.bx = kernel_kvaddr(&fixture.kernel, fixture.kernel.vcpu[1].fpstate);
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
	fixture.note->regs.sp = KERNEL_HEAP;
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
	fixture.kernel.vcpu[0].task->stack = 0xffffc90000100000ull;
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
	kernel_forget_symbol(&kernel, "exec_summary_regs");
	kernel_log(&kernel, log);
	for (i = 0; log[i]; i++)
		kernel_log_caller(&kernel, i, 3);
	kernel.vcpu[0].task->pid = 3;
	kernel.notes[0].pid = 3;
	run_init(&run, &kernel);
	assert_true(run.host.panic.note_on_stack);
	assert_int_equal(run.host.panic.fault.source, XFDT_REGS_PRSTATUS);
	assert_kind(&run, XFDT_CONFIRMED);
	run_deinit(&run);
	kernel.notes[0].regs.sp = KERNEL_HEAP;
	run_init(&run, &kernel);
	assert_false(run.host.panic.note_on_stack);
	assert_int_equal(run.host.panic.fault.source, XFDT_REGS_NONE);
	assert_kind(&run, XFDT_INCONCLUSIVE);
	run_deinit(&run);
	kernel.notes[0].regs.ip = KERNEL_ELSEWHERE;
	assert_verdict(&kernel, XFDT_INCONCLUSIVE);
	kernel_deinit(&kernel);
}

/* an oops has ended it within KVM_RUN */
static void test_handler__thread_that_has_ended(void **state)
{
	struct kernel kernel;

	kernel_init(&kernel);
	run_die_otherwise(&kernel);
	kernel.vcpu[0].task->on_cpu = 0;
	assert_verdict(&kernel, XFDT_ARMED);
	kernel.vcpu[0].task->exit_state = 32;
	assert_verdict(&kernel, XFDT_INCONCLUSIVE);
	kernel_deinit(&kernel);
}

/* KVM_RUN of a dead VM loads nothing (vm_dead; vm_bugged alone says nothing where both are there) */
static void test_handler__vm_that_is_dead(void **state)
{
	struct kernel kernel;

	kernel_init(&kernel);
	run_die_otherwise(&kernel);
	kernel.vcpu[0].fpstate->in_use = 0;
	assert_verdict(&kernel, XFDT_ARMED);
	kernel.vms[0].kvm->vm_bugged = 1;
	assert_verdict(&kernel, XFDT_ARMED);
	kernel.vms[0].kvm->vm_dead = 1;
	assert_verdict(&kernel, XFDT_NOT_THIS_BUG);
	kernel_deinit(&kernel);
}

#include "test_handler.tests.h"
