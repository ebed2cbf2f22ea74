/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The XRSTOR that faulted: where its registers come from, and what they say. */
#include "unit.h"
#include "run.h"

#include <stdio.h>
#include <string.h>

/* panic_on_warn: the note is of panic(), and the #NM's frame is on the stack */

static const char *const panic_on_warn[] = {
	"WARNING: CPU: 0 PID: 1404 at arch/x86/kernel/traps.c:1405 exc_device_not_available+0xde/0xf0",
	"Kernel panic - not syncing: kernel: panic_on_warn set ...", NULL
};

/* Returns the frame, at KERNEL_FRAME of the stack of vCPU 0's thread. */
static struct xfdt_regs *die_by_warning_as(struct kernel *kernel,
					   const struct kernel_layout *layout)
{
	struct kernel_vcpu *vcpu;
	struct xfdt_regs regs;

	kernel_init_as(kernel, layout);
	vcpu = &kernel->vcpu[0];
	kernel_panic(kernel, vcpu->task, panic_on_warn);
	kernel->notes[0].regs.sp = vcpu->task->stack + 0x2000;
	regs = kernel_nm_regs(kernel, vcpu->task, vcpu->fpstate);
	return kernel_push_nm(kernel, vcpu->task, KERNEL_FRAME, &regs);
}

static struct xfdt_regs *die_by_warning(struct kernel *kernel)
{
	return die_by_warning_as(kernel, &kernel_6_18);
}

/* The word in front of the frame, and the one behind it. */
static uint64_t *below(struct kernel *kernel)
{
	return kernel_stack(kernel, kernel->vcpu[0].task, KERNEL_FRAME - 8);
}

static uint64_t *behind(struct kernel *kernel)
{
	return kernel_stack(kernel, kernel->vcpu[0].task, KERNEL_FRAME + sizeof(struct xfdt_regs));
}

static void test_fault__frame_on_the_stack(void **state)
{
	struct kernel kernel;
	struct xfdt_regs *regs;
	struct run run;

	regs = die_by_warning(&kernel);
	run_init(&run, &kernel);
	assert_kind(&run, XFDT_CONFIRMED);
	assert_int_equal(run.host.panic.fault.source, XFDT_REGS_STACK);
	assert_true(run.host.panic.fault.frame == kernel_kvaddr(&kernel, regs));
	assert_true(run.host.panic.fault.operand ==
		    kernel_kvaddr(&kernel, kernel.vcpu[0].fpstate) + 64);
	assert_int_equal(run.verdict.route, XFDT_ROUTE_SWAP);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* the CPU aligns the stack to 16 bytes before it pushes a frame */
static void test_fault__frame_of_an_unaligned_stack(void **state)
{
	struct kernel kernel;

	die_by_warning(&kernel)->sp += 8;
	assert_verdict(&kernel, XFDT_CONFIRMED);
	kernel_deinit(&kernel);
}

/* each makes it something else than that frame */
static void test_fault__words_that_are_no_frame(void **state)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		struct xfdt_regs *regs;
		struct kernel kernel;
		struct run run;
		uint64_t frame;

		regs = die_by_warning(&kernel);
		frame = kernel_kvaddr(&kernel, regs);
		switch (i) {
		case 0:
			regs->cs = 0x33; /* of user space */
			break;
		case 1:
			regs->orig_ax = 14; /* of another exception, or a system call */
			break;
		case 2:
			regs->ip = KERNEL_RESTORE - 1;
			break;
		case 3:
			regs->ip = KERNEL_TEXT + 0x500; /* behind the function */
			break;
		case 4:
			regs->sp = frame + 0x800; /* pushed elsewhere */
			break;
		case 5:
			regs->sp = frame - 8;
			break;
		case 6:
			*below(&kernel) = KERNEL_TEXT + 0x510; /* entered by another way */
			break;
		case 7:
			/* below the stack pointer: of a call that returned */
			kernel.notes[0].regs.sp = frame + 0x400;
			break;
		}
		run_init(&run, &kernel);
		if (run.host.panic.fault.source != XFDT_REGS_NONE)
			fail_msg("case %u was taken for the frame", i);
		assert_kind(&run, XFDT_INCONCLUSIVE);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* the last words of the stack hold a part of one only */
static void test_fault__frame_that_the_stack_cuts(void **state)
{
	const uint32_t offset = KERNEL_STACK_SIZE - 160;
	struct xfdt_regs *frame, regs;
	struct kernel kernel;
	struct run run;

	frame = die_by_warning(&kernel);
	regs = *frame;
	memset(frame, 0, sizeof(*frame));
	regs.sp = kernel.vcpu[0].task->stack + offset + sizeof(regs);
	memcpy(kernel_stack(&kernel, kernel.vcpu[0].task, offset), &regs, 160);
	*kernel_stack(&kernel, kernel.vcpu[0].task, offset - 8) = KERNEL_NM_RETURN;
	run_init(&run, &kernel);
	assert_int_equal(run.host.panic.fault.source, XFDT_REGS_NONE);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* a return address counts only behind a CALL of restore_fpregs_from_fpstate() */
static void test_fault__caller_needs_its_call(void **state)
{
	struct kernel kernel;
	struct run run;

	die_by_warning(&kernel);
	/* in switch_fpu_return(), which has no such CALL, in front of the real one */
	behind(&kernel)[0] = KERNEL_TEXT + 0x320;
	behind(&kernel)[1] = KERNEL_SWAP_RETURN;
	run_init(&run, &kernel);
	assert_kind(&run, XFDT_CONFIRMED);
	assert_int_equal(run.verdict.route, XFDT_ROUTE_SWAP);
	assert_true(run.host.panic.fault.caller_return == KERNEL_SWAP_RETURN);
	run_deinit(&run);
	/* none at all */
	behind(&kernel)[1] = 0;
	*kernel_stack(&kernel, kernel.vcpu[0].task, KERNEL_STACK_POINTER) = 0;
	run_init(&run, &kernel);
	assert_kind(&run, XFDT_CONFIRMED);
	assert_int_equal(run.verdict.route, XFDT_ROUTE_UNKNOWN);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* CONFIG_KASAN: 32 KiB, where the thread's stack pointer says that there are so many */
static void test_fault__frame_on_a_stack_of_kasan(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct xfdt_regs *frame, regs;
	struct kernel kernel;
	struct run run;

	layout.kasan = true;
	frame = die_by_warning_as(&kernel, &layout);
	regs = *frame;
	memset(frame, 0, sizeof(*frame));
	kernel.notes[0].regs.sp = kernel.vcpu[0].task->stack + 0x5000;
	frame = kernel_push_nm(&kernel, kernel.vcpu[0].task, 0x5f00, &regs);
	run_init(&run, &kernel);
	assert_kind(&run, XFDT_CONFIRMED);
	assert_true(run.host.panic.fault.frame == kernel_kvaddr(&kernel, frame));
	assert_int_equal(run.verdict.route, XFDT_ROUTE_SWAP);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/*
 * FRED: CS has more than the selector above its 16 bits, a dispatcher called the
 * handler, and there is more between the frame and where RSP was.
 */
static void test_fault__frame_of_fred(void **state)
{
	static const struct {
		uint64_t cs, below, gap;
		bool taken;
	} frames[] = {
		{ 0x10, KERNEL_NM_RETURN, 0, true },
		{ 0x10 | 0x103ull << 16, KERNEL_NM_RETURN, 0, true },
		{ 0x10, KERNEL_ASM_FRED + 0x20, 0, true },
		{ 0x10, KERNEL_NM_RETURN, 16 + 64 + 56, true },
		{ 0x10 | 0x103ull << 16, KERNEL_ASM_FRED + 0x20, 16 + 64 + 56, true },
		{ 0x33 | 0x103ull << 16, KERNEL_ASM_FRED + 0x20, 16 + 64 + 56, false },
		{ 0x10, KERNEL_ASM_FRED + 0x100, 16 + 64 + 56, false },
		{ 0x10, KERNEL_ASM_FRED + 0x20, 16 + 64 + 64, false },
	};
	size_t i;

	for (i = 0; i < COUNT(frames); i++) {
		struct xfdt_regs *regs;
		struct kernel kernel;
		struct run run;

		regs = die_by_warning(&kernel);
		regs->cs = frames[i].cs;
		regs->sp += frames[i].gap;
		*below(&kernel) = frames[i].below;
		run_init(&run, &kernel);
		if (run.host.panic.fault.source !=
		    (frames[i].taken ? XFDT_REGS_STACK : XFDT_REGS_NONE))
			fail_msg("case %zu", i);
		assert_kind(&run, frames[i].taken ? XFDT_CONFIRMED : XFDT_INCONCLUSIVE);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* what die() prints, of an oops number @number, and who called */
static void log_fault(struct kernel *kernel, unsigned int number, const struct xfdt_regs *regs)
{
	const uint32_t caller = kernel->caller;

	kernel_log_nm(kernel, number, regs);
	if (!regs)
		return;
	kernel_log_add(kernel, &(struct kernel_record){ .text = "Call Trace:", .caller = caller });
	kernel_log_add(kernel, &(struct kernel_record){ .text = " fpu_swap_kvm_fpstate+0x15/0x100",
							.caller = caller });
}

/* an #NM within an #NM: what die() told of is the inner one's frame, or the outer one's */
static void test_fault__of_several_frames_the_one_in_the_log(void **state)
{
	struct xfdt_regs *frames[2];
	struct kernel kernel;
	struct run run;
	int logged;

	for (logged = -1; logged < 2; logged++) {
		frames[0] = die_by_warning(&kernel);
		frames[1] = kernel_push_nm(&kernel, kernel.vcpu[0].task, KERNEL_FRAME + 0x400,
					   frames[0]);
		log_fault(&kernel, 1, logged < 0 ? NULL : frames[logged]);
		run_init(&run, &kernel);
		assert_int_equal(run.host.panic.fault.source, XFDT_REGS_STACK);
		/* nothing in the log tells: the outermost */
		assert_true(run.host.panic.fault.frame ==
			    kernel_kvaddr(&kernel, frames[logged ? 1 : 0]));
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* exec_summary_regs is written by the first oops, and by no other */
static void test_fault__exec_summary_of_the_first_oops(void **state)
{
	unsigned int number;

	for (number = 1; number < 3; number++) {
		struct kernel kernel;
		struct run run;

		kernel_init(&kernel);
		log_fault(&kernel, number, NULL);
		kernel.source.note_count = 0;
		run_init(&run, &kernel);
		assert_int_equal(run.host.panic.fault.source,
				 number == 1 ? XFDT_REGS_EXEC_SUMMARY : XFDT_REGS_NONE);
		assert_kind(&run, number == 1 ? XFDT_CONFIRMED : XFDT_INCONCLUSIVE);
		run_deinit(&run);
		/* that of another place is of another oops */
		kernel.data->exec_summary_regs.ip = KERNEL_ELSEWHERE;
		run_init(&run, &kernel);
		assert_int_equal(run.host.panic.fault.source, XFDT_REGS_NONE);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

/* a note at the XRSTOR may be of an interrupt there: only an #NM of that very thread makes it the fault's */
static void test_fault__note_is_of_the_thread_of_the_nm(void **state)
{
	static const uint32_t callers[] = { 0, 1404, 1405, 0x80000000 };
	struct kernel kernel;
	struct run run;
	size_t i, line;

	for (i = 0; i < COUNT(callers); i++) {
		kernel_init(&kernel);
		kernel_forget_symbol(&kernel, "exec_summary_regs");
		log_fault(&kernel, 1, NULL);
		for (line = 0; line < 2; line++)
			kernel_log_caller(&kernel, line, callers[i]);
		run_init(&run, &kernel);
		assert_true(run.host.panic.note_is_xrstor);
		assert_int_equal(run.host.panic.fault.source,
				 i < 2 ? XFDT_REGS_PRSTATUS : XFDT_REGS_NONE);
		run_deinit(&run);
		kernel_deinit(&kernel);
	}
}

static void test_fault__note_at_the_restore_without_an_nm(void **state)
{
	struct kernel kernel;
	struct run run;
	uint64_t ip;

	kernel_init(&kernel);
	ip = kernel.notes[0].regs.ip;
	run_die_otherwise(&kernel);
	kernel.notes[0].regs.ip = ip;
	run_init(&run, &kernel);
	assert_true(run.host.panic.note_is_xrstor);
	assert_int_equal(run.host.panic.fault.source, XFDT_REGS_NONE);
	assert_int_not_equal(run.verdict.kind, XFDT_CONFIRMED);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* the mask is EDX:EAX */
static void test_fault__mask_has_32_bits_of_either_register(void **state)
{
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	kernel.notes[0].regs.ax |= 0xabcd000000000000;
	kernel.notes[0].regs.dx = 0x5a;
	run_init(&run, &kernel);
	assert_true(run.host.panic.fault.edx_eax == 0x5a000600ff);
	assert_kind(&run, XFDT_CONFIRMED);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* the state is around the operand: how far in front, types tell */
static void test_fault__fpstate_by_the_offset_of_regs(void **state)
{
	struct kernel_layout layout = kernel_6_18;
	struct kernel kernel;
	struct run run;

	layout.regs = 192;
	kernel_init_as(&kernel, &layout);
	run_init(&run, &kernel);
	assert_true(run.host.panic.fault.operand ==
		    kernel_kvaddr(&kernel, kernel.vcpu[0].fpstate) + 192);
	assert_true(run.host.panic.fault.fpstate == kernel_kvaddr(&kernel, kernel.vcpu[0].fpstate));
	assert_true(run.host.panic.fault.fpstate_is_guest);
	assert_true(run.host.panic.fault.fpstate_header.xstate_bv == 0x602e7);
	assert_kind(&run, XFDT_CONFIRMED);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* the page of the code is not in the dump: the log has its bytes, and who called */
static void test_fault__code_from_the_log(void **state)
{
	const struct xfdt_fault *fault;
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	log_fault(&kernel, 1, &kernel.notes[0].regs);
	memory_fail(&kernel.memory, KERNEL_TEXT, XFDT_EXCLUDED);
	run_init(&run, &kernel);
	fault = &run.host.panic.fault;
	assert_int_equal(fault->source, XFDT_REGS_PRSTATUS);
	assert_true(fault->decoded && fault->bytes_from_log && fault->supervisor);
	assert_true(fault->operand == kernel_kvaddr(&kernel, kernel.vcpu[0].fpstate) + 64);
	assert_string_equal(fault->caller, "fpu_swap_kvm_fpstate");
	assert_true(fault->caller_return == 0);
	assert_kind(&run, XFDT_CONFIRMED);
	run_deinit(&run);
	/* where there is code, it counts */
	memory_fail(&kernel.memory, KERNEL_TEXT, 0);
	memory_put(&kernel.memory, KERNEL_XRSTOR, "\x90\x90\x90\x90\x90", 5);
	run_init(&run, &kernel);
	assert_false(run.host.panic.fault.decoded);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

/* a page that reads as zeros is not what it was: it does not say that the #NM was elsewhere */
static void test_fault__note_at_zeros(void **state)
{
	static const uint8_t zeros[32];
	struct kernel kernel;
	struct run run;

	kernel_init(&kernel);
	kernel_forget_symbol(&kernel, "exec_summary_regs");
	log_fault(&kernel, 1, NULL);
	kernel.notes[0].regs.ip = KERNEL_TEXT + 0xc00;
	run_init(&run, &kernel);
	assert_true(run.host.panic.note_code_known);
	assert_kind(&run, XFDT_NOT_THIS_BUG);
	run_deinit(&run);
	memory_put(&kernel.memory, KERNEL_TEXT + 0xc00, zeros, sizeof(zeros));
	run_init(&run, &kernel);
	assert_false(run.host.panic.note_code_known);
	assert_kind(&run, XFDT_INCONCLUSIVE);
	run_deinit(&run);
	kernel_deinit(&kernel);
}

#include "test_fault.tests.h"
