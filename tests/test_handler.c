/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU's thread in the handler of an #NM while another thread takes the
 * kernel down: the flag says that its registers are live, its stack that not.
 */
#include "unit.h"
#include "kernel.h"
#include "verdict/verdict.h"

#include <string.h>

#define OTHER_TASK (KERNEL_HEAP + 0xa000)
#define OTHER_PID 999
#define FRAME (KERNEL_STACK + 0x2f00)
#define INFO(n) (KERNEL_LOG + 0x400 + 32ull * (n))
#define INFO_CALLER 20
#define TASK_STACK 32
#define TASK_ON_CPU 56
#define TASK_PID 64
#define TASK_TGID 68

struct fixture {
	struct kernel kernel;
	struct xfdt_cpu_note notes[2];	/* of the thread that panics, of vCPU 0's */
	struct xfdt_regs regs;		/* of the #NM */
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
	static const char *const log[] = {
		"sysrq: Trigger a crash", "Kernel panic - not syncing: sysrq triggered crash", NULL
	};
	struct kernel *kernel = &fixture->kernel;

	kernel_init(kernel);
	kernel_log(kernel, log);
	memory_put_u32(&kernel->memory, INFO(0) + INFO_CALLER, OTHER_PID);
	memory_put_u32(&kernel->memory, INFO(1) + INFO_CALLER, OTHER_PID);
	memory_put_u64(&kernel->memory, KERNEL_HEAP, OTHER_TASK);	/* current_task */
	memory_put_u64(&kernel->memory, OTHER_TASK + TASK_STACK, KERNEL_HEAP + 0x8000);
	memory_put_u32(&kernel->memory, OTHER_TASK + TASK_ON_CPU, 1);
	memory_put_u32(&kernel->memory, OTHER_TASK + TASK_PID, OTHER_PID);
	memory_put_u32(&kernel->memory, OTHER_TASK + TASK_TGID, OTHER_PID);
	fixture->regs = kernel->note.regs;
	fixture->regs.sp = FRAME + sizeof(fixture->regs);
	fixture->notes[0] = (struct xfdt_cpu_note) { .pid = OTHER_PID };
	fixture->notes[1] = kernel->note;
	fixture->notes[1].regs.ip = KERNEL_TEXT + 0x10;
	fixture->notes[1].regs.sp = KERNEL_STACK + 0x2000;
	kernel->source.notes = fixture->notes;
	kernel->source.note_count = 2;
}

static void check(struct fixture *fixture, enum xfdt_verdict_kind kind, enum xfdt_vcpu_state state)
{
	struct xfdt_verdict verdict;
	struct xfdt_image image;
	struct xfdt_host host;

	xfdt_image_init(&image, &fixture->kernel.source, NULL, NULL);
	assert_ok(xfdt_host_init(&host, &image));
	assert_int_equal(host.panic.pid, OTHER_PID);
	assert_ok(xfdt_verdict_init(&verdict, &host));
	if (verdict.vcpus[0].state != state)
		fail_msg("'%s' (%s), not '%s'", xfdt_vcpu_state_name(verdict.vcpus[0].state), verdict.vcpus[0].why,
			 xfdt_vcpu_state_name(state));
	assert_int_equal(verdict.kind, kind);
	xfdt_verdict_deinit(&verdict);
	xfdt_host_deinit(&host);
	xfdt_image_deinit(&image);
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
	memory_put_u64(&fixture.kernel.memory, KERNEL_TASK(0) + TASK_STACK, 0xffffc90000100000ull);
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
	struct xfdt_verdict verdict;
	struct xfdt_image image;
	struct kernel kernel;
	struct xfdt_host host;
	size_t i;

	kernel_init(&kernel);
	kernel_log(&kernel, log);
	for (i = 0; log[i]; i++)
		memory_put_u32(&kernel.memory, INFO(i) + INFO_CALLER, 3);
	memory_put_u32(&kernel.memory, KERNEL_TASK(0) + TASK_PID, 3);
	kernel.note.pid = 3;
	kernel.note.regs.ip = KERNEL_TEXT + 0x10;
	kernel.note.regs.sp = KERNEL_HEAP;
	xfdt_image_init(&image, &kernel.source, NULL, NULL);
	assert_ok(xfdt_host_init(&host, &image));
	assert_false(host.panic.note_on_stack);
	assert_ok(xfdt_verdict_init(&verdict, &host));
	assert_int_equal(verdict.kind, XFDT_INCONCLUSIVE);
	xfdt_verdict_deinit(&verdict);
	xfdt_host_deinit(&host);
	xfdt_image_deinit(&image);
	kernel_deinit(&kernel);
}

#include "test_handler.tests.h"
